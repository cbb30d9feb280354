//! The contract's settings as form fields, and the values submitted for them.

use crate::parse::{self, Entries};
use crate::words::shortened;
use dialguard::contract::Settings;
use dialguard::settings::{SETTINGS, Setting, SettingKind, SettingValue, default_settings, setting};
use dialguard_dialer::ledger::LedgerError;
use std::collections::{HashMap, HashSet};

/// A setting that is a whole number, and its label. The rest is in the table of settings.
pub struct Field {
    /// Its name in the contract.
    pub name: &'static str,
    /// Its label on the dashboard.
    pub title: &'static str,
}

pub const RATING: [Field; 5] = [
    Field { name: "spam-score-min", title: "Spam score" },
    Field { name: "rating-carriers-min", title: "Minimum carriers" },
    Field { name: "checks-to-flag", title: "Checks to flag" },
    Field { name: "checks-to-clear", title: "Checks to clear" },
    Field { name: "observation-age-max-hours", title: "Maximum answer age" },
];

pub const REPLACING: [Field; 3] = [
    Field { name: "replacements-per-day-max", title: "Daily cap" },
    Field { name: "new-number-grace-days", title: "Grace period" },
    Field { name: "mass-flag-percent", title: "Mass-flag threshold" },
];

impl Field {
    /// Its range, default and meaning.
    pub fn setting(&self) -> &'static Setting {
        setting(self.name).expect("every field is a setting of the contract")
    }

    /// What it counts, unless its label says so.
    pub fn unit(&self) -> &'static str {
        match self.setting().kind {
            SettingKind::Integer { unit: "score", .. } | SettingKind::Switch { .. } => "",
            SettingKind::Integer { unit, .. } => unit,
        }
    }
}

/// Fields of the form, at most: more than it has.
const FIELDS_MAX: usize = 32;

/// Submitted values by the contract's names.
pub type FormValues = HashMap<String, String>;

/// The form as it is submitted.
pub type SubmittedForm = Entries<String, String, FIELDS_MAX>;

/// An invalid field: the setting's name, and why it is invalid.
#[derive(Debug, PartialEq, Eq)]
pub struct FieldError {
    pub name: String,
    pub why: String,
}

/// The settings as form values. A switch that is off has none, as in a form.
pub fn values_of(settings: &Settings) -> FormValues {
    let value = |setting: &Setting| {
        let value = setting.get(settings);
        (value != SettingValue::Switch(false)).then(|| (setting.name.to_owned(), value.to_string()))
    };
    let mut values: FormValues = SETTINGS.iter().filter_map(value).collect();
    let other = settings.other.iter().map(|(name, value)| format!("{name}={value}\n"));
    values.insert("other".into(), other.collect());
    values
}

/// The submitted settings. Only values that no policy could accept are rejected here; policies enforce ranges.
pub fn read(values: &FormValues) -> Result<Settings, FieldError> {
    let mut settings = default_settings();
    for setting in &SETTINGS {
        let value = match (setting.kind, values.get(setting.name)) {
            (SettingKind::Switch { .. }, checked) => Ok(SettingValue::Switch(checked.is_some())),
            (SettingKind::Integer { .. }, text) => setting.parse(text.map_or("", |text| text.trim())),
        };
        setting.set(&mut settings, value.map_err(|why| FieldError { name: setting.name.into(), why })?);
    }
    settings.other = read_other(values.get("other").map_or("", String::as_str))?;
    Ok(settings)
}

fn read_other(text: &str) -> Result<Vec<(String, String)>, FieldError> {
    let invalid = |why: String| FieldError { name: "other".into(), why };
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let (mut pairs, mut names) = (Vec::new(), HashSet::new());
    for line in lines {
        let (name, value) =
            parse::other_setting(line).map_err(|why| invalid(format!("{:?}: {why}", shortened(line))))?;
        if !names.insert(name.clone()) {
            return Err(invalid(format!("{:?} is set twice", shortened(&name))));
        }
        pairs.push((name, value));
    }
    Ok(pairs)
}

/// The ledger's refusal, at the field of what only some policies know.
pub fn too_large(why: &LedgerError) -> FieldError {
    FieldError { name: "other".into(), why: why.to_string() }
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

    /// A look at each line before, for each line, would take days.
    #[test]
    fn doubled_settings_are_found_in_any_number_of_lines() {
        let mut values = values_of(&default_settings());
        let mut lines: String = (0..1_000_000).map(|i| format!("{i}=\n")).collect();
        values.insert("other".into(), lines.clone());
        assert_eq!(read(&values).map(|settings| settings.other.len()), Ok(1_000_000));
        lines.push_str("7=\n");
        values.insert("other".into(), lines);
        assert_eq!(read(&values).expect_err("it is doubled").why, "\"7\" is set twice");
    }

    /// Automatic replacement is a switch with its own markup.
    #[test]
    fn every_setting_of_the_contract_has_a_field() {
        let fields = RATING.iter().chain(&REPLACING).map(|field| field.setting().name).chain(["auto-replace"]);
        let mut fields: Vec<_> = fields.collect();
        let mut settings: Vec<_> = SETTINGS.iter().map(|setting| setting.name).collect();
        fields.sort_unstable();
        settings.sort_unstable();
        assert_eq!(fields, settings);
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
