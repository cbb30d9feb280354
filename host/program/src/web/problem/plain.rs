//! What serde's parsers say about a body or a query, for people: the field, and what to give instead. Their own words name
//! types of Rust, and change with their releases.

use axum::extract::path::ErrorKind;
use axum::extract::rejection::{JsonRejection, PathRejection};

/// What is wrong with what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Where: a field's path or a parameter's name.
    pub field: Option<String>,
    /// What is wrong, and what to give instead.
    pub why: String,
}

/// What is wrong with a body that should be JSON.
pub fn wrong_body(error: &JsonRejection) -> Wrong {
    match error {
        JsonRejection::JsonDataError(error) => {
            wrong_value(after(&error.body_text(), "Failed to deserialize the JSON body into the target type: "))
        }
        JsonRejection::JsonSyntaxError(error) => Wrong { field: None, why: not_json(&error.body_text()) },
        JsonRejection::MissingJsonContentType(_) => {
            Wrong { field: None, why: "the body needs `Content-Type: application/json`".into() }
        }
        _ => Wrong { field: None, why: "the body could not be read to its end".into() },
    }
}

/// What is wrong with a query, by the text of its parser.
pub fn wrong_query(text: &str) -> Wrong {
    wrong_value(after(text, "Failed to deserialize query string: "))
}

/// What is wrong with a form, by the text of its parser.
pub fn wrong_form(text: &str) -> Wrong {
    wrong_value(after(text, "Failed to deserialize form body: "))
}

/// What is wrong with the path.
pub fn wrong_path(error: &PathRejection) -> Wrong {
    let PathRejection::FailedToDeserializePathParams(error) = error else {
        return Wrong { field: None, why: "the path cannot be read".into() };
    };
    let (field, why) = match error.kind() {
        ErrorKind::ParseErrorAtKey { key, value, expected_type } => {
            (Some(key), format!("{value:?} is not {}", expected(expected_type)))
        }
        ErrorKind::DeserializeError { key, message, .. } => (Some(key), plain(message)),
        ErrorKind::InvalidUtf8InPathParam { key } => (Some(key), "it is not percent-encoded UTF-8".into()),
        ErrorKind::Message(text) => (None, plain(text)),
        _ => (None, "the path cannot be read".into()),
    };
    Wrong { field: field.cloned(), why }
}

/// `settings.checks-to-flag: invalid type: string "x", expected u32 at line 1 column 9`, the first and the last part of
/// which may be missing.
fn wrong_value(text: &str) -> Wrong {
    let text = text.rfind(" at line ").map_or(text, |end| &text[..end]);
    let (path, said) = match text.split_once(": ") {
        Some((path, said)) if is_path(path) => (Some(path), said),
        _ => (None, text),
    };
    let inside = quoted(said).first().copied().filter(|_| {
        ["missing field ", "unknown field ", "duplicate field "].iter().any(|start| said.starts_with(start))
    });
    let field = match (path.filter(|path| *path != "."), inside) {
        // The path of an unknown field ends with its name, that of a missing one does not.
        (Some(path), Some(inside)) if path == inside || path.ends_with(&format!(".{inside}")) => Some(path.to_owned()),
        (Some(path), Some(inside)) => Some(format!("{path}.{inside}")),
        (path, inside) => path.or(inside).map(str::to_owned),
    };
    Wrong { field, why: plain(said) }
}

/// Whether it can be a path of serde's, such as `numbers[3].label`, and not the begin of a sentence.
fn is_path(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.[]?".contains(&byte))
}

/// One message of serde or of one of the types here, whose own words are passed on.
fn plain(said: &str) -> String {
    let names = quoted(said);
    let known = |names: &[&str]| match names {
        [] => String::new(),
        names => format!("; known are {}", names.join(", ")),
    };
    match (said, &names[..]) {
        (said, _) if said.starts_with("missing field") => "it is missing".into(),
        (said, [_, rest @ ..]) if said.starts_with("unknown field") => format!("there is no such field{}", known(rest)),
        (said, [given, rest @ ..]) if said.starts_with("unknown variant") => {
            format!("{given:?} is not one of {}", rest.join(", "))
        }
        (said, _) if said.starts_with("duplicate field") => "it is given twice".into(),
        ("invalid digit found in string" | "cannot parse integer from empty string", _) => "give a whole number".into(),
        ("number too large to fit in target type" | "number too small to fit in target type", _) => {
            "the number is out of range".into()
        }
        ("provided string was not `true` or `false`", _) => "give true or false".into(),
        (said, _) => match mismatch(said) {
            Some((found, wanted)) => format!("give {wanted}, not {found}"),
            None => said.into(),
        },
    }
}

/// What `invalid type: string "x", expected u32` found and wants.
fn mismatch(said: &str) -> Option<(String, String)> {
    let rest =
        ["invalid type: ", "invalid value: ", "invalid length "].iter().find_map(|start| said.strip_prefix(start))?;
    let (found, wanted) = rest.rsplit_once(", expected ")?;
    Some((self::found(found), expected(wanted)))
}

fn found(text: &str) -> String {
    let (kind, value) = text.split_once(' ').unwrap_or((text, ""));
    let value = value.trim_matches('`');
    match kind {
        "string" => format!("the text {value}"),
        "integer" | "floating" => value.rsplit('`').next().unwrap_or(value).to_owned(),
        "boolean" => value.into(),
        "sequence" => "a list".into(),
        "map" => "an object".into(),
        "null" | "unit" | "Option" => "null".into(),
        other if other.parse::<u64>().is_ok() => format!("{other} of them"),
        _ => "this".into(),
    }
}

fn expected(wanted: &str) -> String {
    let range = |max: u64| format!("a whole number from 0 to {max}");
    match wanted {
        "u8" => range(u8::MAX.into()),
        "u16" => range(u16::MAX.into()),
        "u32" => range(u32::MAX.into()),
        "u64" | "u128" | "usize" | "i8" | "i16" | "i32" | "i64" => "a whole number".into(),
        "f32" | "f64" => "a number".into(),
        "a boolean" | "bool" => "true or false".into(),
        "a string" | "String" | "a borrowed string" | "string or map" => "text".into(),
        "a sequence" => "a list".into(),
        "a map" => "an object".into(),
        wanted if wanted.starts_with("struct ") || wanted.starts_with("internally tagged enum ") => "an object".into(),
        wanted if wanted.starts_with("variant identifier") || wanted.starts_with("enum ") => {
            "one of the values documented".into()
        }
        wanted => wanted.into(),
    }
}

/// Where the body stops being JSON.
fn not_json(text: &str) -> String {
    let ends = if text.contains("EOF") { "the body ends in the middle" } else { "the body is not JSON" };
    match text.rsplit_once(" at line ").and_then(|(_, place)| place.split_once(" column ")) {
        Some((line, column)) => format!("{ends}: see line {line}, column {column}"),
        None => ends.into(),
    }
}

fn after<'a>(text: &'a str, start: &str) -> &'a str {
    text.strip_prefix(start).unwrap_or(text)
}

/// The names between backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::List;
    use serde::Deserialize;
    use serde::de::DeserializeOwned;
    use std::collections::HashMap;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "kebab-case", deny_unknown_fields)]
    #[allow(dead_code)]
    struct Request {
        id: String,
        blocks: Option<u32>,
        on: Option<bool>,
        kind: Option<Choice>,
        settings: Option<HashMap<String, u8>>,
        numbers: Option<List<Named, 2>>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Named {
        name: String,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Choice {
        Read,
        Operate,
    }

    fn body<T: DeserializeOwned>(text: &'static str) -> Result<T, JsonRejection> {
        axum::Json::<T>::from_bytes(text.as_bytes()).map(|axum::Json(body)| body)
    }

    #[test]
    fn a_wrong_field_is_named_and_says_what_to_give() {
        for (sent, field, why) in [
            ("{}", Some("id"), "it is missing"),
            (
                r#"{"id": "a", "bloks": 1}"#,
                Some("bloks"),
                "there is no such field; known are id, blocks, on, kind, settings, numbers",
            ),
            (r#"{"id": "a", "id": "b"}"#, Some("id"), "it is given twice"),
            (r#"{"id": 5}"#, Some("id"), "give text, not 5"),
            (r#"{"id": null}"#, Some("id"), "give text, not null"),
            (
                r#"{"id": "a", "blocks": "2"}"#,
                Some("blocks"),
                "give a whole number from 0 to 4294967295, not the text \"2\"",
            ),
            (r#"{"id": "a", "blocks": -1}"#, Some("blocks"), "give a whole number from 0 to 4294967295, not -1"),
            (r#"{"id": "a", "blocks": 1.5}"#, Some("blocks"), "give a whole number from 0 to 4294967295, not 1.5"),
            (r#"{"id": "a", "on": "yes"}"#, Some("on"), "give true or false, not the text \"yes\""),
            (r#"{"id": "a", "kind": "own"}"#, Some("kind"), "\"own\" is not one of read, operate"),
            (
                r#"{"id": "a", "settings": {"x": 300}}"#,
                Some("settings.x"),
                "give a whole number from 0 to 255, not 300",
            ),
            (r#"{"id": "a", "settings": []}"#, Some("settings"), "give an object, not a list"),
            (r#"{"id": "a", "numbers": [{"name": "a"}, {}]}"#, Some("numbers[1].name"), "it is missing"),
            (
                r#"{"id": "a", "numbers": [{"name": "a", "x": 1}]}"#,
                Some("numbers[0].x"),
                "there is no such field; known are name",
            ),
            (
                r#"{"id": "a", "numbers": [{"name": "a"}, {"name": "b"}, {"name": "c"}]}"#,
                Some("numbers"),
                "a list has more than 2 elements; give at most 2",
            ),
            (r#"[1]"#, Some("[0]"), "give text, not 1"),
            (r#"{"id": "a""#, None, "the body ends in the middle: see line 1, column 10"),
            ("", None, "the body ends in the middle: see line 1, column 0"),
            ("id=a", None, "the body is not JSON: see line 1, column 1"),
        ] {
            let wrong = wrong_body(&body::<Request>(sent).expect_err(sent));
            assert_eq!((wrong.field.as_deref(), wrong.why.as_str()), (field, why), "{sent}");
        }
    }
}
