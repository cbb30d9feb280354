//! The contract's settings as form fields, and the values submitted for them.

use dialguard::contract::Settings;
use dialguard::settings::settings_by_name;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// A setting that is a whole number.
pub struct Field {
    /// Its name in the contract.
    pub name: &'static str,
    /// Its label on the dashboard.
    pub title: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// Its range in the contract. Policies enforce it, or a narrower one.
    pub range: &'static str,
    /// Its default.
    pub default: u16,
}

pub const RATING: [Field; 5] = [
    Field {
        name: "spam-score-min",
        title: "Spam score",
        unit: "of 100",
        meaning: "A carrier flags a number from this score up. Lower finds spam labels earlier, and more that are none.",
        range: "1 to 100",
        default: 80,
    },
    Field {
        name: "rating-carriers-min",
        title: "Carriers needed",
        unit: "carriers",
        meaning: "A check counts only where at least this many carriers have an opinion.",
        range: "1 to 255",
        default: 2,
    },
    Field {
        name: "checks-to-flag",
        title: "Checks to flag",
        unit: "days in a row",
        meaning: "Most carriers have to call a number spam on so many days in a row before it is flagged.",
        range: "1 to 30",
        default: 2,
    },
    Field {
        name: "checks-to-clear",
        title: "Checks to clear",
        unit: "days in a row",
        meaning: "They have to call a flagged number clean on so many days in a row before it is not.",
        range: "1 to 30",
        default: 2,
    },
    Field {
        name: "observation-age-max-hours",
        title: "Age of a verdict",
        unit: "hours at most",
        meaning: "What a carrier said longer ago does not count. The FTC publishes on business days: 96 takes it over a weekend.",
        range: "1 to 8,760, a year",
        default: 48,
    },
];

pub const REPLACING: [Field; 3] = [
    Field {
        name: "replacements-per-day-max",
        title: "Cap",
        unit: "replacements a day",
        meaning: "Automatic replacements on one date, at most. Those flagged longest go first.",
        range: "0 to 1,000",
        default: 3,
    },
    Field {
        name: "new-number-grace-days",
        title: "Grace for new numbers",
        unit: "days",
        meaning: "A number monitored for a shorter time is never replaced automatically: carriers distrust what has no history.",
        range: "0 to 365",
        default: 0,
    },
    Field {
        name: "mass-flag-percent",
        title: "Hold when many turn",
        unit: "% in one day",
        meaning: "Where this share of ten or more numbers turns flagged on one date, none is replaced on it: more likely a carrier's fault than theirs.",
        range: "1 to 100",
        default: 30,
    },
];

/// Submitted values by the contract's names.
pub type FormValues = HashMap<String, String>;

/// An invalid field: the setting's name, and why it is invalid.
#[derive(Debug, PartialEq, Eq)]
pub struct FieldError {
    pub name: String,
    pub why: String,
}

/// The settings as form values.
pub fn values_of(settings: &Settings) -> FormValues {
    let mut values: FormValues = settings_by_name(settings)
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_u64()?.to_string())))
        .collect();
    if settings.auto_replace {
        values.insert("auto-replace".into(), "on".into());
    }
    let other = settings.other.iter().map(|(name, value)| format!("{name}={value}\n"));
    values.insert("other".into(), other.collect());
    values
}

/// The submitted settings. Only values that no policy could accept are rejected here; policies enforce ranges.
pub fn read(values: &FormValues) -> Result<Settings, FieldError> {
    let mut record = Map::new();
    for field in RATING.iter().chain(&REPLACING) {
        let number = whole_number(field, values.get(field.name).map_or("", String::as_str))?;
        record.insert(field.name.replace('-', "_"), number.into());
    }
    record.insert("auto_replace".into(), values.contains_key("auto-replace").into());
    record.insert("other".into(), read_other(values.get("other").map_or("", String::as_str))?);
    serde_json::from_value(Value::Object(record))
        .map_err(|error| FieldError { name: String::new(), why: format!("invalid settings: {error}") })
}

fn whole_number(field: &Field, text: &str) -> Result<u16, FieldError> {
    // Values outside the contract's types cannot be passed to a policy.
    let is_byte =
        !matches!(field.name, "observation-age-max-hours" | "replacements-per-day-max" | "new-number-grace-days");
    let max = if is_byte { u16::from(u8::MAX) } else { u16::MAX };
    let number = text.trim().parse::<u16>().ok().filter(|number| *number <= max);
    number.ok_or_else(|| FieldError { name: field.name.into(), why: format!("enter a whole number, {}", field.range) })
}

fn read_other(text: &str) -> Result<Value, FieldError> {
    let invalid = |why: String| FieldError { name: "other".into(), why };
    let mut pairs: Vec<(String, String)> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, value) =
            line.split_once('=').ok_or_else(|| invalid(format!("{line:?} has no `=`; write name=value")))?;
        let (name, value) = (name.trim(), value.trim());
        if name.is_empty() || name.len() > 100 || value.len() > 1_000 {
            return Err(invalid(format!("{line:?} is not name=value, or is too long")));
        }
        if pairs.iter().any(|(known, _)| known == name) {
            return Err(invalid(format!("{name:?} is set twice")));
        }
        pairs.push((name.to_owned(), value.to_owned()));
    }
    Ok(serde_json::to_value(pairs).expect("pairs of texts"))
}

/// A policy's refusal at the field it is about, with the field's label instead of the contract's name.
pub fn refused_by_policy(message: String) -> FieldError {
    match RATING.iter().chain(&REPLACING).find(|field| message.contains(field.name)) {
        Some(field) => FieldError { name: field.name.into(), why: message.replace(field.name, field.title) },
        None => FieldError { name: String::new(), why: message },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dialguard::settings::default_settings;

    #[test]
    fn displayed_values_read_back_unchanged() {
        let mut settings = default_settings();
        settings.other = vec![("quiet-hours".into(), "22-6".into()), ("greeting".into(), "a=b".into())];
        for auto_replace in [false, true] {
            settings.auto_replace = auto_replace;
            assert_eq!(read(&values_of(&settings)), Ok(settings.clone()));
        }
    }

    #[test]
    fn defaults_are_the_contracts() {
        let defaults = values_of(&default_settings());
        for field in RATING.iter().chain(&REPLACING) {
            assert_eq!(defaults[field.name], field.default.to_string(), "{}", field.name);
        }
        assert!(!defaults.contains_key("auto-replace"));
    }

    #[test]
    fn values_outside_the_contracts_types_are_rejected_at_their_field() {
        let cases =
            [("spam-score-min", "300"), ("checks-to-flag", "two"), ("new-number-grace-days", "-1"), ("other", "loose")];
        for (name, text) in cases {
            let mut values = values_of(&default_settings());
            values.insert(name.into(), text.into());
            assert_eq!(read(&values).expect_err("it is rejected").name, name);
        }
    }
}
