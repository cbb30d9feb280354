//! The settings that an account has under the live policy, for every surface: what each may be, which value counts, and
//! what a change by name does.
//!
//! An account stores the values that people have set, by name, whatever policy is live. What the live policy does not
//! declare stays stored and unused. A value that does not fit the live policy's range stays stored too, and the default
//! counts. So a rollback finds everything as it was.
//!
//! ```
//! use dialguard::policy::{Limits, Policy};
//! use dialguard_dialer::ledger::AccountSettings;
//! use dialguard_dialer::settings::{Declaration, SettingError};
//!
//! let declaration = Declaration::of(&Policy::reference(Limits::default()));
//! let mut settings = AccountSettings::default();
//! declaration.set(&mut settings, "spam-score-min", "70")?;
//! assert_eq!(declaration.value("spam-score-min", &settings), Some(70));
//! assert_eq!(
//!     declaration.set(&mut settings, "spam-score-min", "700").unwrap_err().to_string(),
//!     "spam-score-min: give a whole number from 1 to 100"
//! );
//! declaration.unset(&mut settings, "spam-score-min")?;
//! assert_eq!(declaration.value("spam-score-min", &settings), Some(80)); // the policy's default
//! # Ok::<(), SettingError>(())
//! ```

use crate::ledger::AccountSettings;
use dialguard::contract::Setting;
use dialguard::policy::Policy;
use dialguard::settings::{Settings, guard_rails};
use std::collections::HashMap;

/// The settings of accounts while a policy is live: the guard rails, which the dialer enforces, and what the policy
/// declares.
#[derive(Debug, Clone)]
pub struct Declaration {
    settings: Vec<Setting>,
    /// Places in `settings`, so that a change of many settings takes no time.
    places: HashMap<String, usize>,
    takes_others: bool,
}

/// Why a setting cannot be changed in this way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// The value is out of range.
    #[error("{name}: {why}")]
    Invalid {
        /// The setting.
        name: String,
        /// What to give instead.
        why: String,
    },
    /// The live policy does not declare it, and no value is stored.
    #[error("the active policy has no setting {name:?}, and no value is stored for it")]
    Unknown {
        /// What was named.
        name: String,
    },
    /// The live policy does not declare it, so that nothing says what it may be.
    #[error("the active policy has no setting {name:?}; the value stored for it can only be removed")]
    Unused {
        /// The setting.
        name: String,
    },
}

impl SettingError {
    /// The setting that it is about.
    pub fn name(&self) -> &str {
        match self {
            SettingError::Invalid { name, .. } | SettingError::Unknown { name } | SettingError::Unused { name } => name,
        }
    }
}

/// Characters of a name in an error, at most.
const NAME_SHOWN_MAX: usize = 60;

impl Declaration {
    /// What accounts can set while this policy is live.
    pub fn of(policy: &Policy) -> Self {
        let settings: Vec<_> = guard_rails().into_iter().chain(policy.settings().iter().cloned()).collect();
        let places = settings.iter().enumerate().map(|(place, setting)| (setting.name.clone(), place)).collect();
        Declaration { settings, places, takes_others: !policy.declares_settings() }
    }

    /// The guard rails, and then what the policy declares, in its order.
    pub fn settings(&self) -> &[Setting] {
        &self.settings
    }

    /// The setting of that name.
    pub fn setting(&self, name: &str) -> Option<&Setting> {
        self.places.get(name).map(|place| &self.settings[*place])
    }

    /// The default of each setting, as text.
    pub fn defaults(&self) -> Settings {
        self.settings.iter().map(|setting| (setting.name.clone(), setting.text(setting.default_value()))).collect()
    }

    /// Whether the policy may know settings besides these: policies for contracts before 0.3.0 declare none of their
    /// own.
    pub fn takes_others(&self) -> bool {
        self.takes_others
    }

    /// The value that counts: what is set if that is in range, else the default. None if there is no such setting.
    pub fn value(&self, name: &str, settings: &AccountSettings) -> Option<i64> {
        let rail = settings.guard_rails.get(name);
        rail.or_else(|| self.setting(name).map(|setting| setting.value_in(&settings.values)))
    }

    /// The stored value that does not fit the setting's range, so that the default counts.
    pub fn unfit<'a>(&self, setting: &Setting, settings: &'a AccountSettings) -> Option<&'a str> {
        settings.values.get(&setting.name).filter(|text| setting.parse(text).is_err())
    }

    /// What a policy has to accept of a change: all values but those that did not fit before and stay as they are.
    pub(crate) fn changed_to(&self, before: &AccountSettings, after: &AccountSettings) -> Settings {
        let stays_unfit = |name: &str, value: &str| {
            let is_unfit = self.setting(name).is_some_and(|setting| setting.parse(value).is_err());
            is_unfit && before.values.get(name) == Some(value)
        };
        after.values.iter().filter(|(name, value)| !stays_unfit(name, value)).collect()
    }

    /// The stored values that no setting uses, by name.
    pub fn unused<'a>(&'a self, settings: &'a AccountSettings) -> impl Iterator<Item = (&'a str, &'a str)> {
        settings.values.iter().filter(|(name, _)| !self.places.contains_key(*name))
    }

    /// Sets a setting from text: `on` or `off`, a whole number, or the name of a choice.
    pub fn set(&self, settings: &mut AccountSettings, name: &str, text: &str) -> Result<(), SettingError> {
        let Some(setting) = self.setting(name) else {
            self.ensure_taken(settings, name)?;
            settings.values.set(name, text);
            return Ok(());
        };
        let value = setting.parse(text).map_err(|why| SettingError::Invalid { name: name.into(), why })?;
        self.set_value(settings, setting, value);
        Ok(())
    }

    /// Sets a declared setting to a value in its range.
    pub fn set_value(&self, settings: &mut AccountSettings, setting: &Setting, value: i64) {
        if !settings.guard_rails.set(&setting.name, value) {
            settings.values.set(&setting.name, setting.text(value));
        }
    }

    /// Puts a setting back to its default, or removes a stored value that no setting uses.
    pub fn unset(&self, settings: &mut AccountSettings, name: &str) -> Result<(), SettingError> {
        match self.setting(name) {
            Some(setting) => {
                settings.guard_rails.set(name, setting.default_value());
                settings.values.remove(name);
                Ok(())
            }
            None if settings.values.remove(name) || self.takes_others => Ok(()),
            None => Err(SettingError::Unknown { name: shown(name) }),
        }
    }

    /// Whether a value can be set that no declared setting describes.
    fn ensure_taken(&self, settings: &AccountSettings, name: &str) -> Result<(), SettingError> {
        match (self.takes_others, settings.values.get(name)) {
            (true, _) => Ok(()),
            (false, Some(_)) => Err(SettingError::Unused { name: shown(name) }),
            (false, None) => Err(SettingError::Unknown { name: shown(name) }),
        }
    }
}

fn shown(name: &str) -> String {
    match name.char_indices().nth(NAME_SHOWN_MAX) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}
