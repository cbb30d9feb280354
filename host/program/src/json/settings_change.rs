//! What activating a policy does to settings.

use super::DeclaredSetting;
use dialguard_dialer::ledger::Revision;
use dialguard_dialer::policies::settings_change::{self, SettingsChange};
use serde::Serialize;
use utoipa::ToSchema;

/// What activating a revision of the policy would do to the settings of open accounts. Stored values stay as they are.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct SettingsOnActivation {
    /// The revision.
    revision: u64,
    /// Settings that only this revision's policy has.
    added: Vec<AddedSetting>,
    /// Settings that only the active policy has.
    dropped: Vec<DroppedSetting>,
    /// Settings that both have, with another range or default.
    changed: Vec<ChangedSetting>,
}

/// A setting that a policy brings.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct AddedSetting {
    setting: DeclaredSetting,
    /// Accounts whose stored value counts from then on. All others have the default.
    stored: AffectedAccounts,
    /// Accounts whose stored value does not fit, so that the default counts.
    unfit: AffectedAccounts,
}

/// A setting that a policy does not have.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct DroppedSetting {
    setting: DeclaredSetting,
    /// Accounts with a stored value, which is unused from then on.
    stored: AffectedAccounts,
}

/// A setting that a policy declares with another range or default.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct ChangedSetting {
    /// As the active policy declares it.
    before: DeclaredSetting,
    /// As this revision's policy declares it.
    after: DeclaredSetting,
    /// Accounts without a value of their own, which follow the default.
    unset: u32,
    /// Accounts whose value no longer fits, so that the default counts.
    unfit: AffectedAccounts,
    /// Accounts whose stored value did not fit and counts from then on.
    fit_again: AffectedAccounts,
}

/// Accounts that something happens to.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct AffectedAccounts {
    /// How many they are.
    count: u32,
    /// The first ten.
    first: Vec<StoredValue>,
}

/// A value that an account has stored.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct StoredValue {
    /// The account.
    account: String,
    /// The value as text.
    value: String,
}

impl SettingsOnActivation {
    pub fn new(revision: Revision, change: &SettingsChange) -> Self {
        SettingsOnActivation {
            revision,
            added: change.added.iter().map(AddedSetting::from).collect(),
            dropped: change.dropped.iter().map(DroppedSetting::from).collect(),
            changed: change.changed.iter().map(ChangedSetting::from).collect(),
        }
    }
}

impl From<&settings_change::AddedSetting> for AddedSetting {
    fn from(added: &settings_change::AddedSetting) -> Self {
        let (stored, unfit) = ((&added.stored).into(), (&added.unfit).into());
        AddedSetting { setting: (&added.setting).into(), stored, unfit }
    }
}

impl From<&settings_change::DroppedSetting> for DroppedSetting {
    fn from(dropped: &settings_change::DroppedSetting) -> Self {
        DroppedSetting { setting: (&dropped.setting).into(), stored: (&dropped.stored).into() }
    }
}

impl From<&settings_change::ChangedSetting> for ChangedSetting {
    fn from(changed: &settings_change::ChangedSetting) -> Self {
        ChangedSetting {
            before: (&changed.before).into(),
            after: (&changed.after).into(),
            unset: changed.unset.count,
            unfit: (&changed.unfit).into(),
            fit_again: (&changed.fit_again).into(),
        }
    }
}

impl From<&settings_change::Accounts> for AffectedAccounts {
    fn from(accounts: &settings_change::Accounts) -> Self {
        let stored =
            |(account, value): &(String, String)| StoredValue { account: account.clone(), value: value.clone() };
        AffectedAccounts { count: accounts.count, first: accounts.first.iter().map(stored).collect() }
    }
}
