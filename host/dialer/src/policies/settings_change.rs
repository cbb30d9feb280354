//! What activating another policy does to the settings of accounts.
//!
//! No stored value is changed by it, so that a rollback finds everything as it was: a value that the other policy does
//! not declare is unused, and where one does not fit its range, its default counts.
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialguard/example.rs"));
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let dialguard = small_dialguard(folder.path()).await?;
//! let change = dialguard.policies().settings_change(1)?; // the policy that is active
//! assert!(change.is_empty());
//! # Ok(())
//! # }
//! ```

use crate::ledger::AccountProfile;
use crate::settings::Declaration;
use dialguard::contract::{AccountId, Setting};

/// Accounts named, at most.
const NAMED_MAX: usize = 10;

/// What activating a policy does to settings.
#[derive(Debug, Default)]
pub struct SettingsChange {
    /// Settings that only the new policy declares.
    pub added: Vec<AddedSetting>,
    /// Settings that only the live policy declares.
    pub dropped: Vec<DroppedSetting>,
    /// Settings that both declare, with another range or default.
    pub changed: Vec<ChangedSetting>,
}

/// A setting that the new policy brings.
#[derive(Debug)]
pub struct AddedSetting {
    /// As the new policy declares it.
    pub setting: Setting,
    /// Accounts whose stored value counts from then on; all others have the default.
    pub stored: Accounts,
    /// Accounts whose stored value does not fit, so that the default counts.
    pub unfit: Accounts,
}

/// A setting that the new policy does not have.
#[derive(Debug)]
pub struct DroppedSetting {
    /// As the live policy declares it.
    pub setting: Setting,
    /// Accounts with a stored value, which is unused from then on.
    pub stored: Accounts,
}

/// A setting with another range or default.
#[derive(Debug)]
pub struct ChangedSetting {
    /// As the live policy declares it.
    pub before: Setting,
    /// As the new policy declares it.
    pub after: Setting,
    /// Accounts without a value of their own: they go from the one default to the other.
    pub unset: Accounts,
    /// Accounts whose value counts now and no longer fits, so that the new default counts.
    pub unfit: Accounts,
    /// Accounts whose stored value did not fit and counts from then on.
    pub fit_again: Accounts,
}

/// Some accounts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accounts {
    /// How many they are.
    pub count: u32,
    /// The first ones by id, with the value stored for each.
    pub first: Vec<(AccountId, String)>,
}

impl Accounts {
    fn add(&mut self, account: &AccountProfile, name: &str) {
        self.count += 1;
        if self.first.len() < NAMED_MAX {
            let value = account.settings.values.get(name).unwrap_or_default();
            self.first.push((account.id.clone(), value.to_owned()));
        }
    }

    fn of<'a>(accounts: &'a [AccountProfile], name: &str, belongs: impl Fn(&'a AccountProfile) -> bool) -> Self {
        let mut found = Accounts::default();
        accounts.iter().filter(|account| belongs(account)).for_each(|account| found.add(account, name));
        found
    }
}

impl SettingsChange {
    /// Whether the two policies declare the same settings with the same ranges and defaults.
    pub fn is_empty(&self) -> bool {
        let SettingsChange { added, dropped, changed } = self;
        added.is_empty() && dropped.is_empty() && changed.is_empty()
    }

    /// What it does to these accounts, in the order of their ids.
    pub(crate) fn between(before: &Declaration, after: &Declaration, accounts: &[AccountProfile]) -> Self {
        let mut change = SettingsChange::default();
        for setting in after.settings() {
            match before.setting(&setting.name) {
                None => change.added.push(AddedSetting::new(setting, after, accounts)),
                Some(known) if known.kind != setting.kind => {
                    change.changed.push(ChangedSetting::new(before, known, after, setting, accounts));
                }
                Some(_) => {}
            }
        }
        for setting in before.settings().iter().filter(|setting| after.setting(&setting.name).is_none()) {
            let stored = Accounts::of(accounts, &setting.name, |account| is_stored(account, setting));
            change.dropped.push(DroppedSetting { setting: setting.clone(), stored });
        }
        change
    }
}

impl AddedSetting {
    fn new(setting: &Setting, after: &Declaration, accounts: &[AccountProfile]) -> Self {
        let is_unfit = |account: &AccountProfile| after.unfit(setting, &account.settings).is_some();
        let counts = |account: &AccountProfile| is_stored(account, setting) && !is_unfit(account);
        AddedSetting {
            setting: setting.clone(),
            stored: Accounts::of(accounts, &setting.name, counts),
            unfit: Accounts::of(accounts, &setting.name, is_unfit),
        }
    }
}

impl ChangedSetting {
    fn new(
        before: &Declaration,
        known: &Setting,
        after: &Declaration,
        setting: &Setting,
        accounts: &[AccountProfile],
    ) -> Self {
        let was_unfit = |account: &AccountProfile| before.unfit(known, &account.settings).is_some();
        let is_unfit = |account: &AccountProfile| after.unfit(setting, &account.settings).is_some();
        let unset = |account: &AccountProfile| !is_stored(account, setting);
        ChangedSetting {
            before: known.clone(),
            after: setting.clone(),
            unset: Accounts::of(accounts, &setting.name, unset),
            unfit: Accounts::of(accounts, &setting.name, |account| is_unfit(account) && !was_unfit(account)),
            fit_again: Accounts::of(accounts, &setting.name, |account| was_unfit(account) && !is_unfit(account)),
        }
    }
}

fn is_stored(account: &AccountProfile, setting: &Setting) -> bool {
    account.settings.values.get(&setting.name).is_some()
}
