//! Adding an account and changing it.

use super::run::{Run, Task, refusal};
use super::{Dialguard, Result};
use crate::ledger::{AccountChange, AccountSettings, ChangePrice, LedgerError, NewAccount, ensure_fits};
use crate::policies::effect::{Effect, effect_of};
use dialguard::contract::{Outcome, Request, Timestamp};
use dialguard::settings::Settings;

/// What came of changing an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeOutcome {
    /// All of it was done.
    Changed,
    /// The policy refused the number of blocks, and nothing was changed.
    BlocksRefused(Outcome),
}

/// What a change of an account would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangePreview {
    /// It would be done, for this price.
    Price(ChangePrice),
    /// The policy would refuse the number of blocks.
    BlocksRefused(Outcome),
}

impl Dialguard {
    /// Adds an account whose settings the policy accepts, and charges its blocks.
    ///
    /// Errors: settings out of range; an account of that id; too many blocks.
    pub async fn add_account(&self, new: &NewAccount) -> Result<()> {
        ensure_fits(&Settings::default(), &new.settings.values)?;
        self.check_settings(&AccountSettings::default(), &new.settings).await?;
        Ok(self.ledger.add_account(new, self.clock.now())?)
    }

    /// Whether the policy accepts this change of settings; an error says which is out of range. What is stored and has not
    /// fitted since another policy was activated may stay.
    async fn check_settings(&self, before: &AccountSettings, after: &AccountSettings) -> Result<()> {
        let live = self.policies.live()?;
        let values = live.declaration.changed_to(before, after);
        Ok(live.policy.check_settings(after.guard_rails, &values).await?)
    }

    /// Changes an account, all of it in one transaction. A number of blocks is the policy's to decide, which sees the
    /// account as the rest of the change makes it: an add-on that is off is switched on first, and one that is on is
    /// switched off last. If it is switched on in a cycle that was not charged, only the blocks of the change are charged,
    /// even if they are fewer than before. If the policy refuses the blocks, nothing is changed.
    ///
    /// Errors, and then nothing was changed either: no such account; settings out of range; an unknown provider, or one
    /// that cannot be changed while replacements are under way; a clock that went back; and with blocks those of
    /// [`Dialguard::decide`].
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialguard/example.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use dialguard::contract::Answer;
    /// use dialguard_dialer::dialguard::ChangeOutcome;
    /// use dialguard_dialer::ledger::AccountChange;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let dialguard = small_dialguard(folder.path()).await?;
    /// let off = AccountChange { enabled: Some(false), ..AccountChange::default() };
    /// assert_eq!(dialguard.change_account("acme", &off).await?, ChangeOutcome::Changed);
    ///
    /// let more = AccountChange { blocks: Some(2), ..AccountChange::default() };
    /// let ChangeOutcome::BlocksRefused(why) = dialguard.change_account("acme", &more).await? else {
    ///     return Err("blocks were changed while the add-on was off".into());
    /// };
    /// assert_eq!(why.answer, Answer::AddOnOff);
    ///
    /// let more_and_on = AccountChange { enabled: Some(true), ..more };
    /// assert_eq!(dialguard.change_account("acme", &more_and_on).await?, ChangeOutcome::Changed);
    /// assert_eq!(dialguard.ledger().account("acme")?.blocks(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn change_account(&self, id: &str, change: &AccountChange) -> Result<ChangeOutcome> {
        self.check_account_change(id, change).await?;
        let change = &AccountChange { defaults: self.policies.live()?.declaration.defaults(), ..change.clone() };
        let Some(blocks) = change.blocks else {
            self.ledger.change_account(id, change, self.clock.now())?;
            return Ok(ChangeOutcome::Changed);
        };
        let run = self.run(id, Task::change(change, &Request::SetBlocks(blocks))).await?;
        Ok(match refusal(&run.outcome) {
            Some(outcome) => ChangeOutcome::BlocksRefused(outcome),
            None => ChangeOutcome::Changed,
        })
    }

    /// What [`Dialguard::change_account`] would do and charge now; nothing is changed, and no source is asked.
    /// Errors are the same.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialguard/example.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use dialguard_dialer::dialguard::ChangePreview;
    /// use dialguard_dialer::ledger::AccountChange;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let dialguard = small_dialguard(folder.path()).await?;
    /// let two = AccountChange { blocks: Some(2), ..AccountChange::default() };
    /// let ChangePreview::Price(price) = dialguard.try_change_account("acme", &two).await? else {
    ///     return Err("it would be refused".into());
    /// };
    /// assert_eq!((price.now_cents, price.next_cents), (4_900, 9_800));
    /// assert_eq!(dialguard.ledger().account("acme")?.blocks(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn try_change_account(&self, id: &str, change: &AccountChange) -> Result<ChangePreview> {
        self.check_account_change(id, change).await?;
        let Some(blocks) = change.blocks else {
            return Ok(ChangePreview::Price(self.ledger.price_of_change(id, change, self.clock.now())?));
        };
        let request = Request::SetBlocks(blocks);
        let task = Task::change(change, &request);
        self.question(
            || self.begin(id, Some(task)).map(Run::asking_nobody),
            |run| async move {
                let answered = run.ask(task).await?;
                if let Some(outcome) = refusal(&answered.answer) {
                    return Ok(ChangePreview::BlocksRefused(outcome));
                }
                let observations = run.take_observations();
                let record = run.record(&answered, &observations);
                Ok(ChangePreview::Price(self.ledger.price_of_change_and_blocks(id, change, record)?))
            },
        )
        .await
    }

    async fn check_account_change(&self, id: &str, change: &AccountChange) -> Result<()> {
        if let Some(settings) = &change.settings {
            // The ledger checks it again when it changes the account, but no policy is given what is too large.
            let before = self.ledger.account(id)?.settings;
            ensure_fits(&before.values, &settings.values)?;
            self.check_settings(&before, settings).await?;
        }
        if let Some(buying) = &change.buying {
            self.ledger.check_buying(id, buying)?;
            let before = self.ledger.account(id)?.buying.provider;
            if let Some(name) = buying.provider.as_ref().filter(|name| before.as_ref() != Some(name)) {
                self.provider(name).map_err(|error| LedgerError::Refused(error.to_string()))?;
            }
        }
        Ok(())
    }

    /// What these settings would have done in the account's reviews since then that are on record, at most 100, compared
    /// with what was done. It takes 20 seconds at most, and says how far it came. Nothing is changed.
    ///
    /// Errors: no such account; settings out of range, whose message says which.
    pub async fn effect_of_settings(&self, id: &str, settings: &AccountSettings, since: Timestamp) -> Result<Effect> {
        let account = self.ledger.account(id)?;
        account.ensure_open()?;
        ensure_fits(&account.settings.values, &settings.values)?;
        self.check_settings(&account.settings, settings).await?;
        Ok(effect_of(&self.ledger, &self.policies.live()?.policy, id, settings, since).await?)
    }
}
