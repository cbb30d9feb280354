//! An account's settings as the ledger keeps them: how large they may be, and what its history says of a change.

use crate::ledger::{LedgerError, Result};
use dialguard::contract::Settings;
use dialguard::settings::SETTINGS;
use std::collections::HashMap;

/// Settings of an account that only some policies know, at most.
pub const OTHER_SETTINGS_MAX: usize = 256;

/// Bytes of the name of such a setting, at most; at least one.
pub const SETTING_NAME_BYTES_MAX: usize = 100;

/// Bytes of its value, at most.
pub const SETTING_VALUE_BYTES_MAX: usize = 1_000;

/// Bytes of the names and values of all of them, at most: a policy reads them in every run.
pub const SETTINGS_BYTES_MAX: usize = 64 << 10;

/// Changed settings that an event tells, at most. Events are kept for good.
const TOLD_MAX: usize = 50;

/// Characters of a name or a value that an event tells, at most.
const TOLD_CHARACTERS_MAX: usize = 60;

/// [`LedgerError::SettingsTooLarge`] if a change makes the other settings larger than an account may have them. What an
/// older version has let in may stay, so that the rest of the account can be changed.
pub(crate) fn ensure_other_fits(before: &[(String, String)], after: &[(String, String)]) -> Result<()> {
    let fits = |(name, value): &(String, String)| {
        (1..=SETTING_NAME_BYTES_MAX).contains(&name.len()) && value.len() <= SETTING_VALUE_BYTES_MAX
    };
    let bytes: usize = after.iter().map(|(name, value)| name.len() + value.len()).sum();
    let all_fit = after.len() <= OTHER_SETTINGS_MAX && bytes <= SETTINGS_BYTES_MAX && after.iter().all(fits);
    if all_fit || before == after { Ok(()) } else { Err(LedgerError::SettingsTooLarge) }
}

/// Each setting that differs, by its name in the contract, with its values before and after.
pub(super) fn differences(before: &Settings, after: &Settings) -> Vec<String> {
    let named = SETTINGS.iter().filter_map(|setting| {
        let (before, after) = (setting.get(before), setting.get(after));
        (before != after).then(|| format!("{} from {before} to {after}", setting.name))
    });
    let mut told: Vec<String> = named.chain(other_differences(&before.other, &after.other)).collect();
    let untold = told.len().saturating_sub(TOLD_MAX);
    if untold > 0 {
        told.truncate(TOLD_MAX);
        told.push(format!("{untold} more settings"));
    }
    told
}

fn other_differences(before: &[(String, String)], after: &[(String, String)]) -> impl Iterator<Item = String> {
    let by_name = |settings: &'_ [(String, String)]| -> HashMap<String, String> { settings.iter().cloned().collect() };
    let (known, kept) = (by_name(before), by_name(after));
    let removed = before.iter().filter(move |(name, _)| !kept.contains_key(name));
    let removed: Vec<String> = removed.map(|(name, _)| format!("other setting {} removed", quoted(name))).collect();
    let set = after.iter().filter_map(move |(name, value)| match known.get(name) {
        Some(before) if before == value => None,
        Some(before) => Some(format!("other setting {} from {} to {}", quoted(name), quoted(before), quoted(value))),
        None => Some(format!("other setting {} set to {}", quoted(name), quoted(value))),
    });
    set.collect::<Vec<_>>().into_iter().chain(removed)
}

/// In quotes, and shortened.
fn quoted(text: &str) -> String {
    match text.char_indices().nth(TOLD_CHARACTERS_MAX) {
        Some((end, _)) => format!("{:?}", format!("{}…", &text[..end])),
        None => format!("{text:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dialguard::settings::default_settings;

    fn others(settings: impl IntoIterator<Item = (String, String)>) -> Settings {
        Settings { other: settings.into_iter().collect(), ..default_settings() }
    }

    #[test]
    fn a_history_tells_what_changed_with_both_values_and_nothing_else() {
        let setting = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let before = others([setting("quiet-hours", "22-6"), setting("greeting", "hi"), setting("kept", "1")]);
        let mut after = others([setting("quiet-hours", "21-6"), setting("kept", "1"), setting("new", "")]);
        (after.checks_to_flag, after.auto_replace) = (3, true);
        let expected = [
            "checks-to-flag from 2 to 3",
            "auto-replace from off to on",
            r#"other setting "quiet-hours" from "22-6" to "21-6""#,
            r#"other setting "new" set to """#,
            r#"other setting "greeting" removed"#,
        ];
        assert_eq!(differences(&before, &after), expected);
        assert!(differences(&after, &after).is_empty());
    }

    #[test]
    fn an_event_stays_small_however_much_changed() {
        let all = |value: &str| others((0..OTHER_SETTINGS_MAX).map(|i| (i.to_string(), value.repeat(200))));
        let told = differences(&all("a"), &all("ü"));
        assert_eq!((told.len(), told[TOLD_MAX].as_str()), (TOLD_MAX + 1, "206 more settings"));
        assert!(told.join(", ").len() < 20_000);
    }

    #[test]
    fn settings_of_any_size_are_refused_beyond_their_bounds_and_what_was_let_in_before_may_stay() {
        let one = |name: usize, value: usize| vec![("n".repeat(name), "v".repeat(value))];
        let many = |count: usize, value: usize| -> Vec<(String, String)> {
            (0..count).map(|i| (format!("{i:04}"), "v".repeat(value))).collect()
        };
        let fits = |after: &[(String, String)]| ensure_other_fits(&[], after).is_ok();
        assert!(fits(&one(SETTING_NAME_BYTES_MAX, SETTING_VALUE_BYTES_MAX)) && fits(&one(1, 0)));
        assert!(!fits(&one(0, 1)) && !fits(&one(SETTING_NAME_BYTES_MAX + 1, 0)));
        assert!(!fits(&one(1, SETTING_VALUE_BYTES_MAX + 1)));
        assert!(fits(&many(OTHER_SETTINGS_MAX, 100)) && !fits(&many(OTHER_SETTINGS_MAX + 1, 100)));
        assert!(fits(&many(64, 1_000)) && !fits(&many(66, 1_000)));
        let large = many(300, 1_000);
        assert!(ensure_other_fits(&large, &large).is_ok() && ensure_other_fits(&large, &large[1..]).is_err());
    }
}
