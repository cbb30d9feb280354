//! The settings of an account: those that a policy declares, and the values that people have set.
//!
//! A policy says in [`describe`](crate::policy::Policy::settings) which settings it understands. A dialer stores values by
//! name, for each account, whatever policy is live: what the live policy does not declare stays stored and is not passed, and
//! what it declares with another range than before has its default while the stored value does not fit. So a rollback finds
//! everything as it was.
//!
//! ```
//! use dialguard::policy::{Limits, Policy};
//! use dialguard::settings::{Settings, values};
//!
//! let policy = Policy::reference(Limits::default());
//! let spam_score_min = policy.settings().iter().find(|setting| setting.name == "spam-score-min").ok_or("not declared")?;
//! assert_eq!(spam_score_min.range_in_words(), "1 to 100, default 80");
//!
//! let mut settings = Settings::default();
//! settings.set("spam-score-min", spam_score_min.parse("70")?.to_string());
//! settings.set("quiet-hours", "22-6"); // for a policy that knows it
//! assert_eq!(spam_score_min.value_in(&settings), 70);
//! assert_eq!(values(policy.settings(), &settings)[0], 70);
//! # Ok::<(), String>(())
//! ```

use crate::contract::{ChoiceSetting, GuardRails, IntegerSetting, Setting, SettingKind, SwitchSetting};
use crate::inspection::one_line;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The most settings that a policy may declare.
pub const DECLARED_MAX: usize = 64;

/// The most bytes in the name of a setting or of a choice.
pub const NAME_BYTES_MAX: usize = 40;

const MEANING_BYTES_MAX: usize = 300;
const UNIT_BYTES_MAX: usize = 30;
const CHOICES_MAX: usize = 50;

/// The integers that JSON and JavaScript hold exactly lie between this and its negative.
pub const INTEGER_MAX: i64 = (1 << 53) - 1;

/// The values that people have set, by the name of the setting. What is not set has the policy's default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Settings(BTreeMap<String, String>);

impl Settings {
    /// The value of a setting, if it is set.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Sets a setting. The value is [`Setting::text`] of one that the live policy declares.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.insert(name.into(), value.into());
    }

    /// Forgets what was set. Returns whether it was.
    pub fn remove(&mut self, name: &str) -> bool {
        self.0.remove(name).is_some()
    }

    /// All that is set, by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// What is set and not among these declared settings: for other policies.
    pub fn undeclared<'a>(&'a self, declared: &'a [Setting]) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.iter().filter(|(name, _)| declared.iter().all(|setting| setting.name != *name))
    }

    /// Bytes of memory that the names and values take, besides the map's own.
    pub(crate) fn bytes(&self) -> usize {
        self.iter().map(|(name, value)| size_of::<(String, String)>() + name.len() + value.len()).sum()
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Settings {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(set: I) -> Self {
        Settings(set.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

/// The value of each declared setting, in the order of the declaration.
pub fn values(declared: &[Setting], settings: &Settings) -> Vec<i64> {
    declared.iter().map(|setting| setting.value_in(settings)).collect()
}

impl Setting {
    /// Its value: what is set if that is in range, else its default.
    pub fn value_in(&self, settings: &Settings) -> i64 {
        settings.get(&self.name).and_then(|text| self.parse(text).ok()).unwrap_or_else(|| self.default_value())
    }

    /// Its value unless it is set.
    pub fn default_value(&self) -> i64 {
        match &self.kind {
            SettingKind::Switch(SwitchSetting { default }) => (*default).into(),
            SettingKind::Integer(IntegerSetting { default, .. }) => *default,
            SettingKind::Choice(ChoiceSetting { default, .. }) => (*default).into(),
        }
    }

    /// The value from text: `on` or `off`, a whole number in range, or the name of a choice.
    pub fn parse(&self, text: &str) -> Result<i64, String> {
        let value = match (&self.kind, text) {
            (SettingKind::Switch(_), "on") => Some(1),
            (SettingKind::Switch(_), "off") => Some(0),
            (SettingKind::Switch(_), _) => None,
            (SettingKind::Integer(range), text) => text.parse().ok().filter(|value| range.has(*value)),
            (SettingKind::Choice(choice), text) => {
                choice.names.iter().position(|name| name == text).map(|at| at as i64)
            }
        };
        value.ok_or_else(|| format!("give {}", self.values_in_words()))
    }

    /// A value as text, which [`Setting::parse`] reads.
    pub fn text(&self, value: i64) -> String {
        match &self.kind {
            SettingKind::Switch(_) => if value == 0 { "off" } else { "on" }.into(),
            SettingKind::Integer(_) => value.to_string(),
            SettingKind::Choice(choice) => {
                let name = usize::try_from(value).ok().and_then(|at| choice.names.get(at));
                name.cloned().unwrap_or_else(|| value.to_string())
            }
        }
    }

    /// The value from JSON: a boolean, a whole number in range, or the name of a choice.
    pub fn from_json(&self, value: &Value) -> Result<i64, String> {
        let read = match (&self.kind, value) {
            (SettingKind::Switch(_), Value::Bool(on)) => Some((*on).into()),
            (SettingKind::Integer(range), Value::Number(number)) => number.as_i64().filter(|value| range.has(*value)),
            (SettingKind::Choice(_), Value::String(name)) => self.parse(name).ok(),
            _ => None,
        };
        read.ok_or_else(|| format!("{}: give {}", self.name, self.values_in_words()))
    }

    /// A value as JSON.
    pub fn to_json(&self, value: i64) -> Value {
        match &self.kind {
            SettingKind::Switch(_) => (value != 0).into(),
            SettingKind::Integer(_) => value.into(),
            SettingKind::Choice(_) => self.text(value).into(),
        }
    }

    /// `on or off`, `a whole number from 1 to 8760`, or `near, far or none`.
    pub fn values_in_words(&self) -> String {
        match &self.kind {
            SettingKind::Switch(_) => "on or off".into(),
            SettingKind::Integer(IntegerSetting { min, max, .. }) => format!("a whole number from {min} to {max}"),
            SettingKind::Choice(ChoiceSetting { names, .. }) => match names.split_last() {
                Some((last, [])) => last.clone(),
                Some((last, others)) => format!("{} or {last}", others.join(", ")),
                None => String::new(),
            },
        }
    }

    /// The range and the default, such as `1 to 100, default 80`.
    pub fn range_in_words(&self) -> String {
        let default = self.text(self.default_value());
        match &self.kind {
            SettingKind::Switch(_) => format!("default {default}"),
            SettingKind::Integer(IntegerSetting { min, max, .. }) => format!("{min} to {max}, default {default}"),
            SettingKind::Choice(_) => format!("{}, default {default}", self.values_in_words()),
        }
    }

    fn new(name: &str, meaning: &str, kind: SettingKind) -> Self {
        Setting { name: name.into(), meaning: meaning.into(), kind }
    }
}

impl IntegerSetting {
    fn has(&self, value: i64) -> bool {
        (self.min..=self.max).contains(&value)
    }
}

fn integer(min: i64, max: i64, default: i64, unit: &str) -> SettingKind {
    SettingKind::Integer(IntegerSetting { min, max, default, unit: unit.into() })
}

/// The name of the switch for automatic replacement.
pub const AUTO_REPLACE: &str = "auto-replace";

/// The name of its daily limit.
pub const REPLACEMENTS_PER_DAY_MAX: &str = "replacements-per-day-max";

/// The guard rails in the form of settings, for help and forms.
pub fn guard_rails() -> [Setting; 2] {
    let off = SettingKind::Switch(SwitchSetting { default: false });
    [
        Setting::new(AUTO_REPLACE, "Replace flagged numbers automatically.", off),
        Setting::new(
            REPLACEMENTS_PER_DAY_MAX,
            "At most this many automatic replacements on one local date. Numbers flagged longest go first.",
            integer(0, 1_000, 3, "replacements"),
        ),
    ]
}

impl GuardRails {
    /// The value of the guard rail of that name, one of [`guard_rails`].
    pub fn get(&self, name: &str) -> Option<i64> {
        match name {
            AUTO_REPLACE => Some(self.auto_replace.into()),
            REPLACEMENTS_PER_DAY_MAX => Some(self.replacements_per_day_max.into()),
            _ => None,
        }
    }

    /// Changes the guard rail of that name, one of [`guard_rails`], to a value in its range. Returns whether there is one.
    pub fn set(&mut self, name: &str, value: i64) -> bool {
        match name {
            AUTO_REPLACE => self.auto_replace = value != 0,
            REPLACEMENTS_PER_DAY_MAX => self.replacements_per_day_max = u16::try_from(value).unwrap_or(u16::MAX),
            _ => return false,
        }
        true
    }
}

impl Default for GuardRails {
    /// Automatic replacement off, and 3 a day once it is on.
    fn default() -> Self {
        GuardRails { auto_replace: false, replacements_per_day_max: 3 }
    }
}

/// The settings of policies for the versions 0.1.0 and 0.2.0 of the contract, whose record was fixed.
pub(crate) fn settings_before_0_3() -> Vec<Setting> {
    vec![
        Setting::new(
            "spam-score-min",
            "A carrier flags a number from this spam score up. A lower score finds spam labels earlier, with more false \
             alarms.",
            integer(1, 100, 80, "points"),
        ),
        Setting::new(
            "rating-carriers-min",
            "A check rates a number only if at least this many carriers have an opinion.",
            integer(1, 255, 2, "carriers"),
        ),
        Setting::new(
            "checks-to-flag",
            "A number is flagged after most carriers have called it spam on this many consecutive daily checks.",
            integer(1, 30, 2, "checks"),
        ),
        Setting::new(
            "checks-to-clear",
            "A flagged number is cleared after this many consecutive daily checks without a majority for spam.",
            integer(1, 30, 2, "checks"),
        ),
        Setting::new(
            "observation-age-max-hours",
            "Older observations do not count. The FTC publishes on business days: 96 covers a weekend.",
            integer(1, 8_760, 48, "hours"),
        ),
        Setting::new(
            "new-number-grace-days",
            "A number monitored for fewer days is never replaced automatically: carriers distrust numbers without a \
             history.",
            integer(0, 365, 0, "days"),
        ),
        Setting::new(
            "mass-flag-percent",
            "If this share of ten or more numbers turns flagged on one local date, none is replaced on that date: a \
             carrier's error is likelier.",
            integer(1, 100, 30, "percent"),
        ),
    ]
}

/// Why a policy may not declare these settings; `Ok` if it may.
pub(crate) fn check_declared(declared: &[Setting]) -> Result<(), String> {
    if declared.len() > DECLARED_MAX {
        return Err(format!("it declares {} settings, more than {DECLARED_MAX}", declared.len()));
    }
    let mut names: BTreeSet<&str> = [AUTO_REPLACE, REPLACEMENTS_PER_DAY_MAX].into();
    for setting in declared {
        let name = one_line(&setting.name);
        if !is_name(&setting.name) {
            return Err(format!(
                "it declares a setting {name:?}, which is not kebab-case of 1 to {NAME_BYTES_MAX} bytes"
            ));
        }
        if !names.insert(&setting.name) {
            return Err(format!("it declares the setting {name} twice, or it is the host's own"));
        }
        if !is_text(&setting.meaning, MEANING_BYTES_MAX) {
            return Err(format!("the meaning of its setting {name} is not a text of 1 to {MEANING_BYTES_MAX} bytes"));
        }
        check_kind(&setting.kind).map_err(|why| format!("its setting {name} {why}"))?;
    }
    Ok(())
}

fn check_kind(kind: &SettingKind) -> Result<(), &'static str> {
    match kind {
        SettingKind::Switch(_) => Ok(()),
        SettingKind::Integer(range) => {
            let bounds = -INTEGER_MAX..=INTEGER_MAX;
            if !range.has(range.default) || !bounds.contains(&range.min) || !bounds.contains(&range.max) {
                return Err("has no range with a default in it");
            }
            if is_text(&range.unit, UNIT_BYTES_MAX) { Ok(()) } else { Err("has no unit of 1 to 30 bytes") }
        }
        SettingKind::Choice(ChoiceSetting { names, default }) => {
            let each_once: BTreeSet<_> = names.iter().collect();
            if !(2..=CHOICES_MAX).contains(&names.len()) || each_once.len() < names.len() {
                return Err("does not have 2 to 50 choices, each once");
            }
            if !names.iter().all(|name| is_name(name)) {
                return Err("has a choice that is not kebab-case of 1 to 40 bytes");
            }
            if (*default as usize) < names.len() { Ok(()) } else { Err("has a default that is none of its choices") }
        }
    }
}

/// Kebab-case, and short enough for an option.
fn is_name(name: &str) -> bool {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    (1..=NAME_BYTES_MAX).contains(&name.len()) && name.split('-').all(is_word)
}

fn is_text(text: &str, bytes_max: usize) -> bool {
    !text.trim().is_empty() && text.len() <= bytes_max && !text.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(names: &[&str], default: u32) -> SettingKind {
        SettingKind::Choice(ChoiceSetting { names: names.iter().map(|name| name.to_string()).collect(), default })
    }

    fn all_kinds() -> [Setting; 3] {
        [
            Setting::new("loud", "Whether it is loud.", SettingKind::Switch(SwitchSetting { default: true })),
            Setting::new("count", "How many.", integer(-5, 5, 0, "things")),
            Setting::new("reach", "How far.", choice(&["near", "far"], 1)),
        ]
    }

    #[test]
    fn values_read_back_from_text_and_json() {
        for (setting, values) in all_kinds().into_iter().zip([&[0, 1][..], &[-5, 0, 5], &[0, 1]]) {
            for value in values {
                assert_eq!(setting.parse(&setting.text(*value)), Ok(*value), "{}", setting.name);
                assert_eq!(setting.from_json(&setting.to_json(*value)), Ok(*value), "{}", setting.name);
            }
        }
    }

    #[test]
    fn what_is_not_in_range_is_refused_in_words_and_has_the_default_where_it_was_stored() {
        let scenarios = [
            (0, "yes", "give on or off", 1),
            (1, "6", "give a whole number from -5 to 5", 0),
            (2, "up", "give near or far", 1),
        ];
        for (place, text, refusal, default) in scenarios {
            let setting = &all_kinds()[place];
            assert_eq!(setting.parse(text), Err(refusal.into()));
            assert_eq!(setting.value_in(&[(setting.name.as_str(), text)].into_iter().collect()), default);
        }
        assert!(all_kinds()[0].from_json(&Value::from(1)).is_err());
    }

    #[test]
    fn a_declaration_that_no_form_could_show_is_refused() {
        let meaning = "What it does.";
        let scenarios = [
            ("kebab-case", Setting::new("Loud", meaning, integer(0, 1, 0, "x"))),
            ("kebab-case", Setting::new("a--b", meaning, integer(0, 1, 0, "x"))),
            ("kebab-case", Setting::new(&"a".repeat(41), meaning, integer(0, 1, 0, "x"))),
            ("host's own", Setting::new("auto-replace", meaning, integer(0, 1, 0, "x"))),
            ("meaning", Setting::new("a", "", integer(0, 1, 0, "x"))),
            ("meaning", Setting::new("a", "\u{1b}[2J", integer(0, 1, 0, "x"))),
            ("range", Setting::new("a", meaning, integer(1, 0, 0, "x"))),
            ("range", Setting::new("a", meaning, integer(0, 1, 2, "x"))),
            ("range", Setting::new("a", meaning, integer(0, i64::MAX, 0, "x"))),
            ("unit", Setting::new("a", meaning, integer(0, 1, 0, ""))),
            ("choices", Setting::new("a", meaning, choice(&["one"], 0))),
            ("choices", Setting::new("a", meaning, choice(&["one", "one"], 0))),
            ("choice", Setting::new("a", meaning, choice(&["one", "Two"], 0))),
            ("default", Setting::new("a", meaning, choice(&["one", "two"], 2))),
        ];
        for (what, setting) in scenarios {
            let refusal = check_declared(&[setting]).expect_err(what);
            assert!(refusal.contains(what), "{refusal}");
        }
        assert_eq!(check_declared(&all_kinds()), Ok(()));
        assert_eq!(check_declared(&settings_before_0_3()), Ok(()));
        assert!(check_declared(&[all_kinds(), all_kinds()].concat()).is_err(), "each twice");
        let many = (0..65).map(|place| Setting::new(&format!("a{place}"), meaning, integer(0, 1, 0, "x")));
        assert!(check_declared(&many.collect::<Vec<_>>()).is_err());
    }
}
