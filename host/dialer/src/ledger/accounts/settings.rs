//! An account's settings as the ledger keeps them: how large they may be, and what its history says of a change.

use crate::ledger::{LedgerError, Result};
use dialguard::contract::GuardRails;
use dialguard::settings::{Settings, guard_rails};
use serde::{Deserialize, Serialize};

/// Values of settings that an account has, at most, whatever policies they are for.
pub const OTHER_SETTINGS_MAX: usize = 256;

/// Bytes of the name of a setting, at most; at least one.
pub const SETTING_NAME_BYTES_MAX: usize = 100;

/// Bytes of its value, at most.
pub const SETTING_VALUE_BYTES_MAX: usize = 1_000;

/// Bytes of the names and values of all of them, at most: a policy may read them in every run.
pub const SETTINGS_BYTES_MAX: usize = 64 << 10;

/// Changed settings that an event tells, at most. Events are kept for good.
const TOLD_MAX: usize = 50;

/// Characters of a name or a value that an event tells, at most.
const TOLD_CHARACTERS_MAX: usize = 60;

/// What people have set for an account: the guard rails, which this dialer enforces, and values for policies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountSettings {
    /// What limits a policy, whatever it plans.
    #[serde(flatten)]
    pub guard_rails: GuardRails,
    /// Values by name, for whatever policy. What is not set has the policy's default.
    pub values: Settings,
}

/// [`LedgerError::SettingsTooLarge`] if a change makes the values larger than an account may have them. What an older
/// version has let in may stay, so that the rest of the account can be changed.
pub(crate) fn ensure_fits(before: &Settings, after: &Settings) -> Result<()> {
    let fits = |(name, value): (&str, &str)| {
        (1..=SETTING_NAME_BYTES_MAX).contains(&name.len()) && value.len() <= SETTING_VALUE_BYTES_MAX
    };
    let bytes: usize = after.iter().map(|(name, value)| name.len() + value.len()).sum();
    let all_fit = after.iter().len() <= OTHER_SETTINGS_MAX && bytes <= SETTINGS_BYTES_MAX && after.iter().all(fits);
    if all_fit || before == after { Ok(()) } else { Err(LedgerError::SettingsTooLarge) }
}

/// Each setting that differs, by its name, with its values before and after. `defaults` are the active policy's.
pub(super) fn differences(before: &AccountSettings, after: &AccountSettings, defaults: &Settings) -> Vec<String> {
    let mut told: Vec<String> = guard_rail_differences(before.guard_rails, after.guard_rails).collect();
    told.extend(value_differences(&before.values, &after.values, defaults));
    let untold = told.len().saturating_sub(TOLD_MAX);
    if untold > 0 {
        told.truncate(TOLD_MAX);
        told.push(format!("{untold} more settings"));
    }
    told
}

fn guard_rail_differences(before: GuardRails, after: GuardRails) -> impl Iterator<Item = String> {
    guard_rails().into_iter().filter_map(move |rail| {
        let (before, after) = (before.get(&rail.name)?, after.get(&rail.name)?);
        (before != after).then(|| format!("{} from {} to {}", rail.name, rail.text(before), rail.text(after)))
    })
}

fn value_differences<'a>(
    before: &'a Settings,
    after: &'a Settings,
    defaults: &'a Settings,
) -> impl Iterator<Item = String> + 'a {
    let set = after.iter().filter_map(|(name, value)| match (before.get(name), defaults.get(name)) {
        (Some(before), _) if before == value => None,
        (Some(before), _) => Some(format!("{} from {} to {}", told(name), told(before), told(value))),
        (None, Some(default)) => {
            Some(format!("{} from its default ({}) to {}", told(name), told(default), told(value)))
        }
        (None, None) => Some(format!("{} set to {}", told(name), told(value))),
    });
    let unset = before.iter().filter(|(name, _)| after.get(name).is_none());
    set.chain(unset.map(|(name, before)| match defaults.get(name) {
        Some(default) => format!("{} from {} back to its default ({})", told(name), told(before), told(default)),
        None => format!("{} {} removed", told(name), told(before)),
    }))
}

/// As it is where it is a plain word or number; else in quotes, and shortened.
fn told(text: &str) -> String {
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    match text.char_indices().nth(TOLD_CHARACTERS_MAX) {
        Some((end, _)) => format!("{:?}", format!("{}…", &text[..end])),
        None if is_plain => text.to_owned(),
        None => format!("{text:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(values: impl IntoIterator<Item = (String, String)>) -> AccountSettings {
        AccountSettings { values: values.into_iter().collect(), ..AccountSettings::default() }
    }

    #[test]
    fn a_history_tells_what_changed_with_both_values_and_nothing_else() {
        let setting = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let before = [("checks-to-flag", "2"), ("greeting", "good day"), ("kept", "1"), ("rests-max", "5")];
        let before = with(before.map(|(name, value)| setting(name, value)));
        let after = [("checks-to-flag", "3"), ("kept", "1"), ("new", ""), ("spam-score-min", "70")];
        let mut after = with(after.map(|(name, value)| setting(name, value)));
        after.guard_rails.auto_replace = true;
        let defaults = Settings::from_iter([("rests-max", "2"), ("spam-score-min", "80"), ("checks-to-flag", "1")]);
        let expected = [
            "auto-replace from off to on",
            "checks-to-flag from 2 to 3",
            r#"new set to """#,
            "spam-score-min from its default (80) to 70",
            r#"greeting "good day" removed"#,
            "rests-max from 5 back to its default (2)",
        ];
        assert_eq!(differences(&before, &after, &defaults), expected);
        assert!(differences(&after, &after, &defaults).is_empty());
    }

    #[test]
    fn an_event_stays_small_however_much_changed() {
        let all = |value: &str| with((0..OTHER_SETTINGS_MAX).map(|i| (format!("{i:03}"), value.repeat(200))));
        let told = differences(&all("a"), &all("ü"), &Settings::default());
        assert_eq!((told.len(), told[TOLD_MAX].as_str()), (TOLD_MAX + 1, "206 more settings"));
        assert!(told.join(", ").len() < 20_000);
    }

    #[test]
    fn settings_of_any_size_are_refused_beyond_their_bounds_and_what_was_let_in_before_may_stay() {
        let one = |name: usize, value: usize| Settings::from_iter([("n".repeat(name), "v".repeat(value))]);
        let many = |count: usize, value: usize| -> Settings {
            (0..count).map(|i| (format!("{i:04}"), "v".repeat(value))).collect()
        };
        let fits = |after: &Settings| ensure_fits(&Settings::default(), after).is_ok();
        assert!(fits(&one(SETTING_NAME_BYTES_MAX, SETTING_VALUE_BYTES_MAX)) && fits(&one(1, 0)));
        assert!(!fits(&one(0, 1)) && !fits(&one(SETTING_NAME_BYTES_MAX + 1, 0)));
        assert!(!fits(&one(1, SETTING_VALUE_BYTES_MAX + 1)));
        assert!(fits(&many(OTHER_SETTINGS_MAX, 100)) && !fits(&many(OTHER_SETTINGS_MAX + 1, 100)));
        assert!(fits(&many(64, 1_000)) && !fits(&many(66, 1_000)));
        let large = many(300, 1_000);
        assert!(ensure_fits(&large, &large).is_ok() && ensure_fits(&large, &many(299, 1_000)).is_err());
    }
}
