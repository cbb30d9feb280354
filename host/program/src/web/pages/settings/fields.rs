//! The contract's settings in words, and what a person typed for them.

use dialguard::contract::Settings;
use dialguard::settings::settings_by_name;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// A setting that is a whole number.
pub struct Field {
    /// Its name in the contract.
    pub name: &'static str,
    /// What it is called on the page.
    pub title: &'static str,
    /// What it is counted in.
    pub unit: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// Its range, in the contract's words; the policy holds settings to it, or to one of its own.
    pub range: &'static str,
    /// Unless somebody says otherwise.
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

/// What was typed for the settings, by the contract's names.
pub type Typed = HashMap<String, String>;

/// What could not be taken: the setting, and why.
#[derive(Debug, PartialEq, Eq)]
pub struct Refused {
    pub name: String,
    pub why: String,
}

/// The settings as somebody would type them.
pub fn as_typed(settings: &Settings) -> Typed {
    let mut typed: Typed = settings_by_name(settings)
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_u64()?.to_string())))
        .collect();
    if settings.auto_replace {
        typed.insert("auto-replace".into(), "on".into());
    }
    let other = settings.other.iter().map(|(name, value)| format!("{name}={value}\n"));
    typed.insert("other".into(), other.collect());
    typed
}

/// The settings that were typed. Only what no policy could take is refused here; ranges are the policy's.
pub fn read(typed: &Typed) -> Result<Settings, Refused> {
    let mut record = Map::new();
    for field in RATING.iter().chain(&REPLACING) {
        let number = whole_number(field, typed.get(field.name).map_or("", String::as_str))?;
        record.insert(field.name.replace('-', "_"), number.into());
    }
    record.insert("auto_replace".into(), typed.contains_key("auto-replace").into());
    record.insert("other".into(), read_other(typed.get("other").map_or("", String::as_str))?);
    serde_json::from_value(Value::Object(record))
        .map_err(|error| Refused { name: String::new(), why: format!("these are no settings: {error}") })
}

fn whole_number(field: &Field, text: &str) -> Result<u16, Refused> {
    // The contract's types: what does not fit cannot even be asked about.
    let is_byte =
        !matches!(field.name, "observation-age-max-hours" | "replacements-per-day-max" | "new-number-grace-days");
    let max = if is_byte { u16::from(u8::MAX) } else { u16::MAX };
    let number = text.trim().parse::<u16>().ok().filter(|number| *number <= max);
    number.ok_or_else(|| Refused { name: field.name.into(), why: format!("give a whole number, {}", field.range) })
}

fn read_other(text: &str) -> Result<Value, Refused> {
    let refused = |why: String| Refused { name: "other".into(), why };
    let mut pairs: Vec<(String, String)> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, value) =
            line.split_once('=').ok_or_else(|| refused(format!("{line:?} has no `=`; write name=value")))?;
        let (name, value) = (name.trim(), value.trim());
        if name.is_empty() || name.len() > 100 || value.len() > 1_000 {
            return Err(refused(format!("{line:?} is no short name=value")));
        }
        if pairs.iter().any(|(known, _)| known == name) {
            return Err(refused(format!("{name:?} stands there twice")));
        }
        pairs.push((name.to_owned(), value.to_owned()));
    }
    Ok(serde_json::to_value(pairs).expect("pairs of texts"))
}

/// The setting that a policy's refusal is about, for its words to stand there, under the setting's name on the page.
pub fn refused_by_policy(message: String) -> Refused {
    match RATING.iter().chain(&REPLACING).find(|field| message.contains(field.name)) {
        Some(field) => Refused { name: field.name.into(), why: message.replace(field.name, field.title) },
        None => Refused { name: String::new(), why: message },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dialguard::settings::default_settings;

    #[test]
    fn what_is_shown_is_read_back() {
        let mut settings = default_settings();
        settings.other = vec![("quiet-hours".into(), "22-6".into()), ("greeting".into(), "a=b".into())];
        for auto_replace in [false, true] {
            settings.auto_replace = auto_replace;
            assert_eq!(read(&as_typed(&settings)), Ok(settings.clone()));
        }
    }

    #[test]
    fn the_page_tells_the_contracts_defaults() {
        let defaults = as_typed(&default_settings());
        for field in RATING.iter().chain(&REPLACING) {
            assert_eq!(defaults[field.name], field.default.to_string(), "{}", field.name);
        }
        assert!(!defaults.contains_key("auto-replace"));
    }

    #[test]
    fn what_no_policy_could_take_is_told_at_its_field() {
        let cases =
            [("spam-score-min", "300"), ("checks-to-flag", "two"), ("new-number-grace-days", "-1"), ("other", "loose")];
        for (name, text) in cases {
            let mut typed = as_typed(&default_settings());
            typed.insert(name.into(), text.into());
            assert_eq!(read(&typed).expect_err("it is refused").name, name);
        }
    }
}
