//! Settings as form fields, as the active policy declares them, and the values submitted for them.

use crate::parse::{self, Entries, FieldError};
use crate::words::{capital, shortened};
use dialguard::contract::{Setting, SettingKind};
use dialguard_dialer::ledger::{AccountSettings, LedgerError};
use dialguard_dialer::settings::{Declaration, SettingError};
use std::collections::{BTreeMap, HashMap};

/// Fields of the form, at most: more than it has with as many settings as a policy may declare.
const FIELDS_MAX: usize = 96;

/// The names of the switches in the form: one that is off is not submitted.
pub const SWITCHES: &str = "switches";

/// Values that no setting of the active policy uses, one a line.
pub const OTHER: &str = "other";

/// Submitted values by the names of their fields.
pub type FormValues = HashMap<String, String>;

/// The form as it is submitted.
pub type SubmittedForm = Entries<String, String, FIELDS_MAX>;

/// The name of a setting's field. The form has other fields too, and a policy names its settings as it likes.
pub fn field(setting: &str) -> String {
    format!("setting-{setting}")
}

/// The label of a setting's field.
pub fn title(setting: &str) -> String {
    capital(&setting.replace('-', " "))
}

/// What counts for the account, as form values. A switch that is off has none, as in a form.
pub fn values_of(declaration: &Declaration, settings: &AccountSettings) -> FormValues {
    let value = |setting: &Setting| {
        let value = declaration.value(&setting.name, settings)?;
        (!is_switch(setting) || value != 0).then(|| (field(&setting.name), setting.text(value)))
    };
    let mut values: FormValues = declaration.settings().iter().filter_map(value).collect();
    let unused = declaration.unused(settings).map(|(name, value)| format!("{name}={value}\n"));
    values.insert(OTHER.into(), unused.collect());
    values.insert(SWITCHES.into(), switches(declaration));
    values
}

/// The names of all switches, with spaces between them.
pub fn switches(declaration: &Declaration) -> String {
    let switches = declaration.settings().iter().filter(|setting| is_switch(setting));
    switches.map(|setting| setting.name.as_str()).collect::<Vec<_>>().join(" ")
}

fn is_switch(setting: &Setting) -> bool {
    matches!(setting.kind, SettingKind::Switch(_))
}

/// The settings after the form. What it does not have stays as it is: another policy may have been activated since it
/// was shown.
pub fn read(
    values: &FormValues,
    declaration: &Declaration,
    before: &AccountSettings,
) -> Result<AccountSettings, FieldError> {
    let mut settings = before.clone();
    let shown: Vec<_> = values.get(SWITCHES).map_or("", String::as_str).split(' ').collect();
    for setting in declaration.settings() {
        let text = match values.get(&field(&setting.name)) {
            Some(text) => text.trim(),
            None if is_switch(setting) && shown.contains(&setting.name.as_str()) => "off",
            None => continue,
        };
        let invalid = |why: String| FieldError::new(field(&setting.name), why);
        change(declaration, &mut settings, setting, text).map_err(invalid)?;
    }
    if let Some(text) = values.get(OTHER) {
        change_unused(declaration, &mut settings, text).map_err(|why| FieldError::new(OTHER, why))?;
    }
    Ok(settings)
}

/// A value that counts already changes nothing, so that saving a form stores no defaults. Nothing, or the default, puts
/// the setting back.
fn change(
    declaration: &Declaration,
    settings: &mut AccountSettings,
    setting: &Setting,
    text: &str,
) -> Result<(), String> {
    let value = if text.is_empty() { setting.default_value() } else { setting.parse(text)? };
    if declaration.value(&setting.name, settings) == Some(value) {
        return Ok(());
    }
    declaration.set_value(settings, setting, value);
    if value == setting.default_value() {
        settings.values.remove(&setting.name);
    }
    Ok(())
}

fn change_unused(declaration: &Declaration, settings: &mut AccountSettings, text: &str) -> Result<(), String> {
    let mut given = BTreeMap::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, value) = parse::named_value(line).map_err(|why| format!("{:?}: {why}", shortened(line)))?;
        if given.insert(name.clone(), value).is_some() {
            return Err(format!("{:?} is set twice", shortened(&name)));
        }
    }
    let stored: BTreeMap<_, _> =
        declaration.unused(settings).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let in_words = |error: SettingError| error.to_string();
    for name in stored.keys().filter(|name| !given.contains_key(*name)) {
        declaration.unset(settings, name).map_err(in_words)?;
    }
    for (name, value) in given.iter().filter(|(name, value)| stored.get(*name) != Some(*value)) {
        declaration.set(settings, name, value).map_err(in_words)?;
    }
    Ok(())
}

/// The ledger's refusal, at the field of what no setting uses.
pub fn too_large(why: &LedgerError) -> FieldError {
    FieldError::new(OTHER, why)
}

/// A policy's refusal at the field it is about, with the field's label instead of the setting's name.
pub fn refused_by_policy(declaration: &Declaration, message: String) -> FieldError {
    let named = declaration.settings().iter().filter(|setting| message.contains(&setting.name));
    // The longest name: others may be part of it.
    match named.max_by_key(|setting| setting.name.len()) {
        Some(Setting { name, .. }) => FieldError::new(field(name), message.replace(name.as_str(), &title(name))),
        None => FieldError::new("", message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dialguard::policy::{Limits, Policy};

    fn declaration() -> Declaration {
        Declaration::of(&Policy::reference(Limits::default()))
    }

    #[test]
    fn a_form_that_was_not_edited_changes_nothing() {
        let declaration = declaration();
        let mut settings = AccountSettings::default();
        // One at its default, one that does not fit, and two for other policies.
        for (name, value) in
            [("spam-score-min", "80"), ("rests-max", "900"), ("quiet-hours", "22-6"), ("greeting", "a=b")]
        {
            settings.values.set(name, value);
        }
        for auto_replace in [false, true] {
            settings.guard_rails.auto_replace = auto_replace;
            assert_eq!(read(&values_of(&declaration, &settings), &declaration, &settings), Ok(settings.clone()));
        }
    }

    #[test]
    fn an_edited_field_sets_its_setting_and_the_default_puts_it_back() {
        let declaration = declaration();
        let mut before = AccountSettings::default();
        before.values.set("spam-score-min", "70");
        before.values.set("replace-on-calls", "on");
        let edited = |edits: &[(&str, &str)]| {
            let mut values = values_of(&declaration, &before);
            values.extend(edits.iter().map(|(name, value)| (field(name), value.to_string())));
            let settings = read(&values, &declaration, &before).expect("it is valid");
            settings.values.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(edited(&[("rests-max", "5")]), "replace-on-calls=on rests-max=5 spam-score-min=70");
        assert_eq!(edited(&[("spam-score-min", "80")]), "replace-on-calls=on");
        assert_eq!(edited(&[("spam-score-min", "")]), "replace-on-calls=on");
        let mut off = values_of(&declaration, &before);
        off.remove("setting-replace-on-calls");
        assert_eq!(read(&off, &declaration, &before).unwrap().values.get("replace-on-calls"), None);
        // A form from before the policy had this switch does not turn it off.
        off.insert(SWITCHES.into(), "auto-replace".into());
        assert_eq!(read(&off, &declaration, &before), Ok(before.clone()));
    }

    /// A look at each line before, for each line, would take days.
    #[test]
    fn doubled_settings_are_found_in_any_number_of_lines() {
        let (declaration, before) = (declaration(), AccountSettings::default());
        let mut lines: String = (0..1_000_000).map(|i| format!("{i}=\n")).collect();
        lines.push_str("7=\n");
        let values = FormValues::from([(OTHER.into(), lines)]);
        assert_eq!(read(&values, &declaration, &before).expect_err("it is doubled").why, "\"7\" is set twice");
    }

    #[test]
    fn a_wrong_value_is_rejected_at_its_field() {
        let (declaration, before) = (declaration(), AccountSettings::default());
        let cases = [
            ("setting-spam-score-min", "300"),
            ("setting-checks-to-flag", "two"),
            ("setting-new-number-grace-days", "-1"),
            ("setting-replace-on-calls", "perhaps"),
            (OTHER, "loose"),
            (OTHER, "quiet-hours=22-6"),
        ];
        for (name, text) in cases {
            let mut values = values_of(&declaration, &before);
            values.insert(name.into(), text.into());
            assert_eq!(read(&values, &declaration, &before).expect_err("it is rejected").field, name);
        }
    }
}
