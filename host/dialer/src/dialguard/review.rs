//! The daily review.

use super::preview::PlannedReplacement;
use super::run::{ReviewKind, Run, Task};
use super::{Dialguard, DialguardError, Progress, Result};
use crate::ledger::{AppliedRun, EventKind, LedgerError, Order, RunOutcome, offered_cents, rated_count, replacements};
use dialguard::check::{Purpose, check};
use dialguard::contract::{PhoneNumber, Plan, Status};
use dialguard::policy::Inputs;
use std::collections::HashMap;
use std::time::Instant;

/// What came of a daily review.
#[derive(Debug)]
pub struct ReviewOutcome {
    /// What the policy planned.
    pub plan: Plan,
    /// How it was applied; none if it was only tried, or found nothing new on a date that was tried before.
    pub applied: Option<AppliedRun>,
    /// Replacements of the plan that were not made: a check leaves them to a user, and a try makes none.
    pub proposed: Vec<PlannedReplacement>,
    /// Replacements that were carried out, planned by this review or before.
    pub replaced: Vec<Order>,
    /// The latest order of each number whose replacement this review planned: done, under way, or abandoned.
    pub orders: Vec<Order>,
    /// What went wrong at sources and providers, in words.
    pub problems: Vec<String>,
    /// Numbers that were not rated because an earlier check has counted their observations. They keep their status, and
    /// the next review asks about them again.
    pub counted_before: usize,
    /// Monitored numbers that had no rating for the date yet.
    pub due: u32,
    /// Numbers with another status than before.
    pub turned: Turned,
}

/// How many numbers turned in a review. A first check that finds nothing is no turn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Turned {
    /// Numbers that are flagged and were not.
    pub flagged: u32,
    /// Numbers that are at risk and were not.
    pub at_risk: u32,
    /// Numbers that are clean again.
    pub clean: u32,
}

impl Turned {
    /// Reviews and monitored numbers ascend.
    pub(super) fn of(plan: &Plan, inputs: &Inputs) -> Self {
        let (mut turned, mut monitored) = (Turned::default(), inputs.monitored());
        for review in plan.reviews.rows().into_iter().flatten() {
            let Some(before) = monitored.find(|number| number.number == review.number) else { break };
            match (before.status, review.status) {
                (before, after) if before == after => {}
                (Status::Pending, Status::Clean) | (_, Status::Pending) => {}
                (_, Status::Flagged) => turned.flagged += 1,
                (_, Status::AtRisk) => turned.at_risk += 1,
                (_, Status::Clean) => turned.clean += 1,
            }
        }
        turned
    }
}

impl Dialguard {
    /// Reviews an account now, as its schedule does: rates its numbers, and replaces flagged ones if the account has that
    /// turned on. Another review on the same local date rates only numbers that have not been rated on it yet, and leaves
    /// nothing behind if it changes nothing.
    ///
    /// A source that fails is not an error but one of the [`ReviewOutcome::problems`]. Errors: no such account; a clock
    /// that went back; an account that changed ten times during its review; a fault of the policy, or a plan that breaks
    /// the ledger. Nothing was changed then.
    pub async fn review(&self, id: &str) -> Result<ReviewOutcome> {
        let reviewed = self.review_unless(id, Task::review(ReviewKind::ByUser), |_| Ok(false)).await?;
        Ok(reviewed.expect("nothing held the review back"))
    }

    /// Checks an account because a user wants it: [`Dialguard::review`] without spending anything. Replacements that
    /// automatic replacement would make are [`ReviewOutcome::proposed`]; [`Dialguard::decide`] makes them, and otherwise
    /// the next daily review. No open order is taken further either.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialguard/example.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let folder = tempfile::tempdir()?;
    /// let dialguard = small_dialguard(folder.path()).await?;
    /// dialguard.check("acme").await?;
    ///
    /// // +13105550123 is flagged a second time.
    /// let next_day = VERDICTS.replace("2026-01-15", "2026-01-16");
    /// std::fs::write(folder.path().join("verdicts.csv"), next_day)?;
    /// let tomorrow = dialguard.at(NOW + DAY);
    /// let checked = tomorrow.check("acme").await?;
    /// assert_eq!(checked.proposed[0].replacement.replacement, 13_105_550_199);
    /// assert!(checked.replaced.is_empty() && dialguard.ledger().open_orders("acme")?.is_empty());
    ///
    /// tomorrow.decide("acme", &Request::ReplaceNumbers(vec![13_105_550_123])).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn check(&self, id: &str) -> Result<ReviewOutcome> {
        let checked = self.review_unless(id, Task::check(ReviewKind::ByUser), |_| Ok(false)).await?;
        Ok(checked.expect("nothing held the check back"))
    }

    /// Reviews an account if it is due, as [`Ledger::is_check_due`](crate::ledger::Ledger::is_check_due) says; none if it
    /// is not, perhaps because another process was quicker. How calls went is read before, where the account's provider is set
    /// up for it. A check that is only the first one of numbers just added replaces nothing. Errors are those of
    /// [`Dialguard::review`].
    pub async fn review_once(&self, id: &str) -> Result<Option<ReviewOutcome>> {
        let calls_unread = self.read_calls_before_review(id).await;
        let (account, now) = self.ledger.account_at(id, self.clock.now())?;
        let task = match self.ledger.is_first_check(&account, now)? {
            true => Task::check(ReviewKind::Scheduled),
            false => Task::review(ReviewKind::Scheduled),
        };
        let held_back = |run: &Run| Ok(!self.ledger.is_check_due(&run.account, run.now)?);
        let reviewed = self.review_unless(id, task, held_back).await?;
        Ok(reviewed.map(|mut reviewed| {
            reviewed.problems.extend(calls_unread);
            reviewed
        }))
    }

    /// Checks the account's numbers that have never been checked; none if every number has been, or the add-on is off.
    /// Numbers that were rated in the latest daily review are left to the next one, and so are replacements: they are
    /// proposed. Errors are those of [`Dialguard::review`].
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialguard/example.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let folder = tempfile::tempdir()?;
    /// let dialguard = small_dialguard(folder.path()).await?;
    /// let first = dialguard.check_added("acme").await?.ok_or("two numbers were just added")?;
    /// assert_eq!(first.plan.reviews.len(), 2);
    /// assert!(dialguard.check_added("acme").await?.is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn check_added(&self, id: &str) -> Result<Option<ReviewOutcome>> {
        let held_back = |run: &Run| Ok(!run.account.enabled || !self.ledger.has_unchecked(&run.account)?);
        self.review_unless(id, Task::check(ReviewKind::FirstCheck), held_back).await
    }

    async fn review_unless(
        &self,
        id: &str,
        task: Task<'_>,
        held_back: impl Fn(&Run) -> std::result::Result<bool, LedgerError>,
    ) -> Result<Option<ReviewOutcome>> {
        let begun = Instant::now();
        let run = self.run_unless(id, task, held_back).await;
        let Some(run) = run.inspect_err(|error| self.report_failure(id, error))? else { return Ok(None) };
        self.policies.note_review();
        self.metrics().review_made(rated_count(run.outcome.plan()) as usize, begun.elapsed());
        let mut fulfilment_problems = Vec::new();
        let (replaced, orders, proposed) = match task.proposes() {
            true => (Vec::new(), Vec::new(), self.proposed(id, run.outcome.plan(), &run.offered_cents)?),
            false => {
                let replaced = self.carry_out(id, &run, &mut fulfilment_problems).await;
                (replaced, self.orders_of(id, &run)?, Vec::new())
            }
        };
        let counted_before = run.observations.counted_before();
        let mut problems = run.observations.problems();
        problems.append(&mut fulfilment_problems);
        let (applied, due, turned) = (run.applied, run.due, run.turned);
        let RunOutcome::Review(plan) = run.outcome else { unreachable!("a review was made") };
        Ok(Some(ReviewOutcome { plan, applied, proposed, replaced, orders, problems, counted_before, due, turned }))
    }

    /// A plan's replacements, which were not made.
    fn proposed(
        &self,
        id: &str,
        plan: &Plan,
        offered_cents: &HashMap<PhoneNumber, u32>,
    ) -> Result<Vec<PlannedReplacement>> {
        let planned: Vec<_> = replacements(plan).cloned().collect();
        PlannedReplacement::priced(&self.ledger, &self.ledger.account(id)?, planned, offered_cents)
    }

    /// How far the account's review is that this dialer or a clone of it is making right now; none if there is none.
    pub fn progress(&self, id: &str) -> Option<Progress> {
        self.reviews.progress(id)
    }

    /// Plans a review and applies nothing.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialguard/example.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let folder = tempfile::tempdir()?;
    /// let dialguard = small_dialguard(folder.path()).await?;
    /// let preview = dialguard.try_review("acme").await?;
    /// assert_eq!(preview.plan.reviews.len(), 2);
    /// assert!(preview.applied.is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn try_review(&self, id: &str) -> Result<ReviewOutcome> {
        self.question(
            || self.begin(id, Some(Task::review(ReviewKind::ByUser))),
            |run| async move {
                let answered = run.live.policy.review_account(&run.dialer, id).await?;
                let plan = answered.answer;
                check(id, Purpose::Review, &plan, &answered.inputs, &EventKind::NAMES).map_err(LedgerError::from)?;
                let observations = run.take_observations();
                let counted_before = observations.counted_before();
                let problems = observations.problems();
                let proposed = self.proposed(id, &plan, &offered_cents(&plan, &answered.recording))?;
                let (replaced, orders) = (Vec::new(), Vec::new());
                let (applied, due) = (None, self.ledger.unrated_since(&run.account, run.rates_since)?);
                let turned = Turned::of(&plan, &answered.inputs);
                Ok(ReviewOutcome { plan, applied, proposed, replaced, orders, problems, counted_before, due, turned })
            },
        )
        .await
    }

    /// Queues an alert that a review failed.
    fn report_failure(&self, id: &str, error: &DialguardError) {
        use LedgerError::{AccountClosed, NoSuchAccount, TimeLeap};
        if matches!(
            error,
            DialguardError::Ledger(NoSuchAccount(_) | TimeLeap(_) | AccountClosed { .. }) | DialguardError::Stopped
        ) {
            return;
        }
        self.metrics().review_failed();
        let why = error.to_string();
        let queued = tokio::task::block_in_place(|| self.ledger.tell_review_failed(id, self.now(), &why));
        if let Err(error) = queued {
            tracing::error!(account = id, "no alert was queued for its failed review: {error}");
        }
    }
}
