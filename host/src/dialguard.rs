//! The reference dialer: gather, decide, apply.
//!
//! The CLI, the schedule and whatever else drives Dialguard go through here. A run reads the account at one revision,
//! the policy decides from what it is shown, and the ledger checks and applies the plan; where the account moved on
//! meanwhile, the run is made again.

use crate::carriers::{Asking, Carriers, Heard};
use crate::check::{Asked, check, check_decision};
use crate::clock::{Clock, FixedClock};
use crate::contract::*;
use crate::dialer::Dialer;
use crate::fulfilment::fulfil;
use crate::ledger::{
    AccountChange, AccountProfile, AccountView, Applied, Ledger, LedgerError, NewAccount, Order, RunRecord,
};
use crate::policy::{Answered, Policy, PolicyError};
use std::sync::Arc;

/// How often a run is made again because the account changed meanwhile.
const ATTEMPTS_MAX: u32 = 10;

/// A dialer with a ledger, carriers and a policy. Cheap to clone.
#[derive(Clone)]
pub struct Dialguard {
    ledger: Arc<Ledger>,
    policy: Policy,
    carriers: Carriers,
    clock: Arc<dyn Clock>,
}

/// Why Dialguard did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum DialguardError {
    /// The ledger refused or failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The policy refused or failed.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// An invariant was broken, and nothing of what was asked was done.
    #[error("Dialguard failed inside and did nothing; please report this: {0}")]
    Inside(String),
}

/// A daily review.
#[derive(Debug)]
pub struct Reviewed {
    /// What the policy planned.
    pub plan: Plan,
    /// How it was applied; none where it was only tried.
    pub applied: Option<Applied>,
    /// Replacements that were carried out.
    pub replaced: Vec<Order>,
    /// What went wrong at the carriers, in words.
    pub problems: Vec<String>,
}

/// A request that was answered.
#[derive(Debug)]
pub struct Decided {
    /// One answer for each number asked about.
    pub decision: Decision,
    /// Replacements that were carried out.
    pub replaced: Vec<Order>,
    /// What went wrong at the carriers, in words.
    pub problems: Vec<String>,
}

type Result<T> = std::result::Result<T, DialguardError>;

impl Dialguard {
    /// A dialer on this ledger.
    pub fn new(ledger: Arc<Ledger>, policy: Policy, clock: Arc<dyn Clock>) -> Self {
        Dialguard { carriers: Carriers::new(ledger.clone()), ledger, policy, clock }
    }

    /// The same dialer at another time.
    pub fn at(&self, now: Timestamp) -> Self {
        Dialguard { clock: Arc::new(FixedClock(now)), ..self.clone() }
    }

    /// The ledger, to read from.
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// What the clock says.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Adds an account whose settings the policy agrees with.
    pub async fn add_account(&self, new: &NewAccount) -> Result<()> {
        self.policy.check_settings(&new.settings).await?;
        Ok(self.ledger.add_account(new, self.clock.now())?)
    }

    /// Whether the policy would take these settings.
    pub async fn check_settings(&self, settings: &Settings) -> Result<()> {
        Ok(self.policy.check_settings(settings).await?)
    }

    /// Changes an account; the policy has to agree with its new settings.
    pub async fn change_account(&self, id: &str, change: &AccountChange) -> Result<()> {
        if let Some(settings) = &change.settings {
            self.policy.check_settings(settings).await?;
        }
        Ok(self.ledger.change_account(id, change, self.clock.now())?)
    }

    /// Reviews an account: rates its numbers, and replaces flagged ones where it has that turned on. Another review on
    /// the same local date rates only numbers that were not rated on it yet.
    pub async fn review(&self, id: &str) -> Result<Reviewed> {
        let reviewed = self.review_unless(id, |_| Ok(false)).await?;
        Ok(reviewed.expect("nothing held the review back"))
    }

    /// Reviews an account unless it has had the review of its local date, from another process perhaps.
    pub async fn review_once(&self, id: &str) -> Result<Option<Reviewed>> {
        self.review_unless(id, |run| self.ledger.is_reviewed(&run.account, run.now)).await
    }

    async fn review_unless(
        &self,
        id: &str,
        held_back: impl Fn(&Run) -> std::result::Result<bool, LedgerError>,
    ) -> Result<Option<Reviewed>> {
        let made = self
            .run(
                id,
                held_back,
                |dialer| async move { self.policy.review_account(&dialer, id).await },
                |answered, record| self.ledger.apply(id, Asked::Review, &answered.answer, &answered.shown, record),
            )
            .await?;
        let Some((run, answered, heard, applied)) = made else { return Ok(None) };
        let replaced = self.fulfil(id, run.now)?;
        Ok(Some(Reviewed { plan: answered.answer, applied: Some(applied), replaced, problems: heard.problems }))
    }

    /// Plans a review and applies nothing.
    pub async fn try_review(&self, id: &str) -> Result<Reviewed> {
        let run = self.begin(id)?;
        let Answered { answer: plan, shown, .. } = self.policy.review_account(&run.dialer, id).await?;
        check(id, Asked::Review, &plan, &shown).map_err(LedgerError::from)?;
        Ok(Reviewed { plan, applied: None, replaced: Vec::new(), problems: run.asking.take_heard().problems })
    }

    /// Answers a person's request and does what is accepted of it.
    pub async fn decide(&self, id: &str, request: &Request) -> Result<Decided> {
        let made = self
            .run(
                id,
                |_| Ok(false),
                |dialer| async move { self.policy.decide(&dialer, id, request).await },
                |answered: &Answered<Decision>, record| {
                    let Answered { answer: decision, shown, .. } = answered;
                    check_decision(id, request, decision, shown)?;
                    if decision.plan.actions.is_empty() && decision.plan.notices.is_empty() {
                        return Ok(());
                    }
                    self.ledger.apply(id, Asked::Request(request), &decision.plan, shown, record).map(|_| ())
                },
            )
            .await?;
        let (run, answered, heard, ()) = made.expect("nothing held the request back");
        let replaced = self.fulfil(id, run.now)?;
        Ok(Decided { decision: answered.answer, replaced, problems: heard.problems })
    }

    /// Says how numbers stand with the carriers right now, and what went wrong at the carriers.
    pub async fn screen(&self, id: &str, numbers: &[PhoneNumber]) -> Result<(Vec<Screening>, Vec<String>)> {
        let run = self.begin(id)?;
        let screenings = self.policy.screen(&run.dialer, id, numbers).await?;
        Ok((screenings, run.asking.take_heard().problems))
    }

    /// Counts the account's slots and numbers.
    pub async fn usage(&self, id: &str) -> Result<Usage> {
        let run = self.begin(id)?;
        Ok(self.policy.usage(&run.dialer, id).await?)
    }

    /// Takes the account's open orders further, such as those that a crash interrupted.
    pub async fn resume(&self, id: &str) -> Result<Vec<Order>> {
        let (_, now) = self.ledger.account_at(id, self.clock.now())?;
        self.fulfil(id, now)
    }

    /// Makes a run, again where the account changed meanwhile, and applies what comes of it. None where it was held
    /// back; that is looked at after the account's revision was read, so what changes later makes the run stale.
    async fn run<T, A, F>(
        &self,
        id: &str,
        held_back: impl Fn(&Run) -> std::result::Result<bool, LedgerError>,
        ask: impl Fn(Dialer) -> F,
        apply: impl Fn(&Answered<T>, RunRecord) -> std::result::Result<A, LedgerError>,
    ) -> Result<Option<(Run, Answered<T>, Heard, A)>>
    where
        F: Future<Output = std::result::Result<Answered<T>, PolicyError>>,
    {
        let mut attempt = 1;
        loop {
            let run = self.begin(id)?;
            if held_back(&run)? {
                return Ok(None);
            }
            let outcome = match ask(run.dialer.clone()).await {
                Ok(answered) => {
                    let heard = run.asking.take_heard();
                    let record =
                        RunRecord { policy: self.policy.digest(), answers: &heard.answers, problems: &heard.problems };
                    match tokio::task::block_in_place(|| apply(&answered, record)) {
                        Ok(applied) => return Ok(Some((run, answered, heard, applied))),
                        Err(error) => DialguardError::from(error),
                    }
                }
                Err(error) => error.into(),
            };
            let moved_on = self.ledger.account(id)?.revision != run.account.revision;
            if !moved_on || attempt == ATTEMPTS_MAX {
                return Err(outcome);
            }
            attempt += 1;
        }
    }

    /// Opens the account for one run.
    fn begin(&self, id: &str) -> Result<Run> {
        let (account, now) = self.ledger.account_at(id, self.clock.now())?;
        let asking = self.carriers.ask(now);
        let view = AccountView::new(self.ledger.clone(), account.clone(), now);
        let dialer = Dialer { clock: Arc::new(FixedClock(now)), carriers: asking.clone(), inventory: Arc::new(view) };
        Ok(Run { account, now, asking, dialer })
    }

    fn fulfil(&self, id: &str, now: Timestamp) -> Result<Vec<Order>> {
        Ok(tokio::task::block_in_place(|| fulfil(&self.ledger, id, now))?)
    }
}

/// One run: the account at one revision, one time, and the carriers as asked for it.
struct Run {
    account: AccountProfile,
    now: Timestamp,
    asking: Arc<Asking>,
    dialer: Dialer,
}
