//! The settings of an account as data: each with its name, range, default and meaning. The command line, the API, the
//! dashboard and the defaults are all made from [`SETTINGS`].
//!
//! ```
//! use dialguard::settings::{SettingValue, default_settings, setting, settings_by_name};
//!
//! let mut settings = default_settings();
//! let auto_replace = setting("auto-replace").ok_or("no such setting")?;
//! auto_replace.set(&mut settings, auto_replace.parse("on")?);
//! settings.other.push(("quiet-hours".into(), "22-6".into())); // for a policy that knows it
//!
//! assert_eq!(auto_replace.get(&settings), SettingValue::Switch(true));
//! let by_name = settings_by_name(&settings);
//! assert_eq!(by_name["spam-score-min"], 80);
//! assert_eq!(by_name["other"][0][0], "quiet-hours");
//! # Ok::<(), String>(())
//! ```

use crate::contract::Settings;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::fmt;

/// The contract's settings, in its order.
pub const SETTINGS: [Setting; 9] = [
    Setting {
        name: "spam-score-min",
        kind: SettingKind::Integer { min: 1, max: 100, default: 80, type_max: 255, unit: "score" },
        meaning: "A carrier flags a number from this spam score up. A lower score finds spam labels earlier, with more \
                  false alarms.",
        read: |settings| SettingValue::Integer(settings.spam_score_min.into()),
        write: |settings, value| settings.spam_score_min = value.byte(),
    },
    Setting {
        name: "rating-carriers-min",
        kind: SettingKind::Integer { min: 1, max: 255, default: 2, type_max: 255, unit: "carriers" },
        meaning: "A check rates a number only if at least this many carriers have an opinion.",
        read: |settings| SettingValue::Integer(settings.rating_carriers_min.into()),
        write: |settings, value| settings.rating_carriers_min = value.byte(),
    },
    Setting {
        name: "checks-to-flag",
        kind: SettingKind::Integer { min: 1, max: 30, default: 2, type_max: 255, unit: "days" },
        meaning: "A number is flagged after most carriers have called it spam on this many consecutive daily checks.",
        read: |settings| SettingValue::Integer(settings.checks_to_flag.into()),
        write: |settings, value| settings.checks_to_flag = value.byte(),
    },
    Setting {
        name: "checks-to-clear",
        kind: SettingKind::Integer { min: 1, max: 30, default: 2, type_max: 255, unit: "days" },
        meaning: "A flagged number is cleared after this many consecutive daily checks without a majority for spam.",
        read: |settings| SettingValue::Integer(settings.checks_to_clear.into()),
        write: |settings, value| settings.checks_to_clear = value.byte(),
    },
    Setting {
        name: "observation-age-max-hours",
        kind: SettingKind::Integer { min: 1, max: 8_760, default: 48, type_max: u16::MAX, unit: "hours" },
        meaning: "Older observations do not count. The FTC publishes on business days: 96 covers a weekend.",
        read: |settings| SettingValue::Integer(settings.observation_age_max_hours),
        write: |settings, value| settings.observation_age_max_hours = value.integer(),
    },
    Setting {
        name: "auto-replace",
        kind: SettingKind::Switch { default: false },
        meaning: "Replace flagged numbers automatically.",
        read: |settings| SettingValue::Switch(settings.auto_replace),
        write: |settings, value| settings.auto_replace = value == SettingValue::Switch(true),
    },
    Setting {
        name: "replacements-per-day-max",
        kind: SettingKind::Integer { min: 0, max: 1_000, default: 3, type_max: u16::MAX, unit: "replacements" },
        meaning: "At most this many automatic replacements on one local date. Numbers flagged longest go first.",
        read: |settings| SettingValue::Integer(settings.replacements_per_day_max),
        write: |settings, value| settings.replacements_per_day_max = value.integer(),
    },
    Setting {
        name: "new-number-grace-days",
        kind: SettingKind::Integer { min: 0, max: 365, default: 0, type_max: u16::MAX, unit: "days" },
        meaning: "A number monitored for fewer days is never replaced automatically: carriers distrust numbers without \
                  a history.",
        read: |settings| SettingValue::Integer(settings.new_number_grace_days),
        write: |settings, value| settings.new_number_grace_days = value.integer(),
    },
    Setting {
        name: "mass-flag-percent",
        kind: SettingKind::Integer { min: 1, max: 100, default: 30, type_max: 255, unit: "percent" },
        meaning: "If this share of ten or more numbers turns flagged on one local date, none is replaced on that date: \
                  a carrier's error is likelier.",
        read: |settings| SettingValue::Integer(settings.mass_flag_percent.into()),
        write: |settings, value| settings.mass_flag_percent = value.byte(),
    },
];

/// A setting that the contract names.
pub struct Setting {
    /// Its name in the contract.
    pub name: &'static str,
    /// What it is, and its default.
    pub kind: SettingKind,
    /// What it does, in one or two sentences.
    pub meaning: &'static str,
    read: fn(&Settings) -> SettingValue,
    write: fn(&mut Settings, SettingValue),
}

/// What a setting is, and its default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingKind {
    /// On or off.
    Switch {
        /// Unless it is set.
        default: bool,
    },
    /// A whole number.
    Integer {
        /// The least that the reference policy accepts.
        min: u16,
        /// The most that the reference policy accepts.
        max: u16,
        /// Unless it is set.
        default: u16,
        /// The most that the contract's type holds. Another policy may have a wider range than the reference policy.
        type_max: u16,
        /// What it counts.
        unit: &'static str,
    },
}

/// The value of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingValue {
    /// On or off.
    Switch(bool),
    /// A whole number.
    Integer(u16),
}

/// The setting of that name.
pub fn setting(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

/// The defaults that the contract names for its settings. Automatic replacement is off.
pub fn default_settings() -> Settings {
    let mut settings = Settings {
        spam_score_min: 0,
        rating_carriers_min: 0,
        checks_to_flag: 0,
        checks_to_clear: 0,
        observation_age_max_hours: 0,
        auto_replace: false,
        replacements_per_day_max: 0,
        new_number_grace_days: 0,
        mass_flag_percent: 0,
        other: Vec::new(),
    };
    SETTINGS.iter().for_each(|setting| setting.set(&mut settings, setting.default_value()));
    settings
}

/// The settings by their names in the contract (`spam-score-min`) and in its order: numbers, booleans, and `other` as a
/// list of pairs of strings.
pub fn settings_by_name(settings: &Settings) -> Map<String, Value> {
    let named = SETTINGS.iter().map(|setting| (setting.name.to_owned(), setting.get(settings).to_json()));
    let other = settings.other.iter().map(|(name, value)| Value::from(vec![name.as_str(), value.as_str()]));
    named.chain([("other".to_owned(), Value::Array(other.collect()))]).collect()
}

/// Changes settings that the contract does not name: each with a value is set, in its place if it is known, and each
/// without one is removed.
///
/// ```
/// use dialguard::settings::{change_other, default_settings};
///
/// let mut settings = default_settings();
/// let change = |name: &str, value: Option<&str>| (name.to_owned(), value.map(str::to_owned));
/// change_other(&mut settings, [change("quiet-hours", Some("22-6")), change("greeting", Some("hi"))]);
/// change_other(&mut settings, [change("greeting", None), change("unknown", None)]);
/// assert_eq!(settings.other, [("quiet-hours".to_owned(), "22-6".to_owned())]);
/// ```
pub fn change_other(settings: &mut Settings, changes: impl IntoIterator<Item = (String, Option<String>)>) {
    let known = std::mem::take(&mut settings.other).into_iter().map(|(name, value)| (name, Some(value)));
    let mut all: Vec<(String, Option<String>)> = known.collect();
    let mut places: HashMap<String, usize> = (0..).zip(&all).map(|(place, (name, _))| (name.clone(), place)).collect();
    for (name, value) in changes {
        match places.get(&name) {
            Some(place) => all[*place].1 = value,
            None => {
                places.insert(name.clone(), all.len());
                all.push((name, value));
            }
        }
    }
    settings.other = all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
}

impl Setting {
    /// Its value in these settings.
    pub fn get(&self, settings: &Settings) -> SettingValue {
        (self.read)(settings)
    }

    /// Changes it in these settings. The range is the policy's to check, with
    /// [`Policy::check_settings`](crate::policy::Policy::check_settings).
    pub fn set(&self, settings: &mut Settings, value: SettingValue) {
        (self.write)(settings, value);
    }

    /// Its value unless it is set.
    pub fn default_value(&self) -> SettingValue {
        match self.kind {
            SettingKind::Switch { default } => SettingValue::Switch(default),
            SettingKind::Integer { default, .. } => SettingValue::Integer(default),
        }
    }

    /// The value from text: `on` or `off`, or a whole number that the contract's type holds.
    pub fn parse(&self, text: &str) -> Result<SettingValue, String> {
        let value = match (self.kind, text) {
            (SettingKind::Switch { .. }, "on") => Some(SettingValue::Switch(true)),
            (SettingKind::Switch { .. }, "off") => Some(SettingValue::Switch(false)),
            (SettingKind::Switch { .. }, _) => None,
            (SettingKind::Integer { type_max, .. }, text) => {
                text.parse().ok().filter(|number| *number <= type_max).map(SettingValue::Integer)
            }
        };
        value.ok_or_else(|| format!("give {}", self.values_in_words()))
    }

    /// The value from JSON: a boolean, or a whole number that the contract's type holds.
    pub fn from_json(&self, value: &Value) -> Result<SettingValue, String> {
        let read = match self.kind {
            SettingKind::Switch { .. } => value.as_bool().map(SettingValue::Switch),
            SettingKind::Integer { type_max, .. } => {
                let number = value.as_u64().and_then(|number| u16::try_from(number).ok());
                number.filter(|number| *number <= type_max).map(SettingValue::Integer)
            }
        };
        read.ok_or_else(|| format!("{}: give {}", self.name, self.values_in_words()))
    }

    /// `on or off`, or `a whole number from 1 to 8760`.
    pub fn values_in_words(&self) -> String {
        match self.kind {
            SettingKind::Switch { .. } => "on or off".into(),
            SettingKind::Integer { min, max, .. } => format!("a whole number from {min} to {max}"),
        }
    }

    /// The range and the default, such as `1 to 100, default 80`.
    pub fn range_in_words(&self) -> String {
        match self.kind {
            SettingKind::Switch { .. } => format!("default {}", self.default_value()),
            SettingKind::Integer { min, max, default, .. } => format!("{min} to {max}, default {default}"),
        }
    }
}

impl SettingValue {
    /// As JSON.
    pub fn to_json(self) -> Value {
        match self {
            SettingValue::Switch(on) => on.into(),
            SettingValue::Integer(number) => number.into(),
        }
    }

    fn integer(self) -> u16 {
        match self {
            SettingValue::Switch(on) => on.into(),
            SettingValue::Integer(number) => number,
        }
    }

    /// Of a setting that is a byte in the contract. What it cannot hold becomes its highest value, which
    /// [`Setting::parse`] and [`Setting::from_json`] refuse before it gets here.
    fn byte(self) -> u8 {
        u8::try_from(self.integer()).unwrap_or(u8::MAX)
    }
}

impl fmt::Display for SettingValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SettingValue::Switch(true) => f.write_str("on"),
            SettingValue::Switch(false) => f.write_str("off"),
            SettingValue::Integer(number) => number.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The record as serde writes it, so that no setting is missing from the table or misnamed in it.
    #[test]
    fn the_table_has_every_setting_of_the_contract_under_its_name_and_in_its_order() {
        let Ok(Value::Object(record)) = serde_json::to_value(default_settings()) else { panic!("a record") };
        let fields: Map<_, _> = record.into_iter().map(|(field, value)| (field.replace('_', "-"), value)).collect();
        assert_eq!(settings_by_name(&default_settings()), fields);
        assert!(settings_by_name(&default_settings()).keys().eq(fields.keys()));
    }

    #[test]
    fn a_value_that_is_set_is_read_back_and_changes_no_other_setting() {
        for setting in &SETTINGS {
            let values = match setting.kind {
                SettingKind::Switch { .. } => vec![SettingValue::Switch(true), SettingValue::Switch(false)],
                SettingKind::Integer { min, type_max, .. } => [min, type_max].map(SettingValue::Integer).into(),
            };
            for value in values {
                let mut settings = default_settings();
                setting.set(&mut settings, value);
                assert_eq!(setting.get(&settings), value, "{}", setting.name);
                assert_eq!(setting.parse(&value.to_string()), Ok(value), "{}", setting.name);
                assert_eq!(setting.from_json(&value.to_json()), Ok(value), "{}", setting.name);
                setting.set(&mut settings, setting.default_value());
                assert_eq!(settings, default_settings(), "{}", setting.name);
            }
        }
    }

    #[test]
    fn what_the_contracts_type_cannot_hold_is_refused_with_the_range() {
        let refused = [("spam-score-min", "256"), ("checks-to-flag", "-1"), ("new-number-grace-days", "65536")];
        for (name, text) in refused {
            let error = setting(name).unwrap().parse(text).unwrap_err();
            assert!(error.starts_with("give a whole number from "), "{error}");
        }
        assert_eq!(setting("auto-replace").unwrap().parse("yes"), Err("give on or off".into()));
        assert!(setting("auto-replace").unwrap().from_json(&Value::from(1)).is_err());
    }
}
