//! How an answer differs from the expected one, in words.

use serde_json::Value;

/// The value without the fields that are left open.
pub(super) fn stated(answer: Value) -> Value {
    match answer {
        Value::Object(fields) => {
            let fields = fields.into_iter().filter(|(_, field)| !field.is_null());
            Value::Object(fields.map(|(name, field)| (name, stated(field))).collect())
        }
        Value::Array(elements) => Value::Array(elements.into_iter().map(stated).collect()),
        value => value,
    }
}

/// The first place where `got` differs. An object may have more fields than expected; a list may not be longer.
pub(super) fn difference(place: &str, expected: &Value, got: &Value) -> Option<String> {
    match (expected, got) {
        (Value::Object(expected), Value::Object(got)) => expected.iter().find_map(|(key, expected)| {
            let place = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
            difference(&place, expected, got.get(key).unwrap_or(&Value::Null))
        }),
        (Value::Array(expected), Value::Array(got)) => {
            let pairs = expected.iter().zip(got).enumerate();
            let first = pairs
                .into_iter()
                .find_map(|(index, (expected, got))| difference(&format!("{place}[{index}]"), expected, got));
            let lengths = || format!("{place}: expected {} of them, got {}", expected.len(), got.len());
            let surplus = || match (expected.get(got.len()), got.get(expected.len())) {
                (Some(missing), _) => format!("; {} is missing", shortened(missing)),
                (_, Some(surplus)) => format!("; {} is not expected", shortened(surplus)),
                (None, None) => String::new(),
            };
            first.or_else(|| (expected.len() != got.len()).then(|| lengths() + &surplus()))
        }
        _ if expected == got => None,
        _ => Some(format!("{place}: expected {}, got {}", shortened(expected), shortened(got))),
    }
}

/// The beginning of a value as JSON.
fn shortened(value: &Value) -> String {
    const LETTERS_MAX: usize = 300;
    let text = if value.is_null() { "none".to_owned() } else { value.to_string() };
    match text.char_indices().nth(LETTERS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
