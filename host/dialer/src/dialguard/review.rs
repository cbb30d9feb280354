//! The daily review.

use super::run::{ReviewKind, Run, Task};
use super::{Dialguard, DialguardError, Progress, Result};
use crate::ledger::{AppliedRun, EventKind, LedgerError, Order, RunOutcome, rated_count};
use dialguard::check::{Purpose, check};
use dialguard::contract::Plan;
use std::time::Instant;

/// What came of a daily review.
#[derive(Debug)]
pub struct ReviewOutcome {
    /// What the policy planned.
    pub plan: Plan,
    /// How it was applied; none if it was only tried, or found nothing new on a date that was tried before.
    pub applied: Option<AppliedRun>,
    /// Replacements that were carried out, planned by this review or before.
    pub replaced: Vec<Order>,
    /// The latest order of each number whose replacement this review planned: done, under way, or abandoned.
    pub orders: Vec<Order>,
    /// What went wrong at sources and providers, in words.
    pub problems: Vec<String>,
    /// Numbers that were not rated because an earlier check has counted their observations. They keep their status, and
    /// the next review asks about them again.
    pub counted_before: usize,
}

impl Dialguard {
    /// Reviews an account because a user wants it: rates its numbers, and replaces flagged ones if the account has that
    /// turned on. Another review on the same local date rates only numbers that have not been rated on it yet, and leaves
    /// nothing behind if it changes nothing.
    ///
    /// A source that fails is not an error but one of the [`ReviewOutcome::problems`]. Errors: no such account; a clock
    /// that went back; an account that changed ten times during its review; a fault of the policy, or a plan that breaks
    /// the ledger. Nothing was changed then.
    pub async fn review(&self, id: &str) -> Result<ReviewOutcome> {
        let reviewed = self.review_unless(id, ReviewKind::ByUser, |_| Ok(false)).await?;
        Ok(reviewed.expect("nothing held the review back"))
    }

    /// Reviews an account if it is due, as [`Ledger::is_check_due`](crate::ledger::Ledger::is_check_due) says; none if it
    /// is not, perhaps because another process was quicker. How calls went is read before, where the account's provider is set
    /// up for it. Errors are those of [`Dialguard::review`].
    pub async fn review_once(&self, id: &str) -> Result<Option<ReviewOutcome>> {
        let calls_unread = self.read_calls_before_review(id).await;
        let held_back = |run: &Run| Ok(!self.ledger.is_check_due(&run.account, run.now)?);
        let reviewed = self.review_unless(id, ReviewKind::Scheduled, held_back).await?;
        Ok(reviewed.map(|mut reviewed| {
            reviewed.problems.extend(calls_unread);
            reviewed
        }))
    }

    /// Checks the account's numbers that have never been checked; none if every number has been, or the add-on is off.
    /// Numbers that were rated in the latest daily review are left to the next one. Errors are those of
    /// [`Dialguard::review`].
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
        self.review_unless(id, ReviewKind::FirstCheck, held_back).await
    }

    async fn review_unless(
        &self,
        id: &str,
        kind: ReviewKind,
        held_back: impl Fn(&Run) -> std::result::Result<bool, LedgerError>,
    ) -> Result<Option<ReviewOutcome>> {
        let begun = Instant::now();
        let run = self.run_unless(id, Task::review(kind), held_back).await;
        let Some(run) = run.inspect_err(|error| self.report_failure(id, error))? else { return Ok(None) };
        self.policies.note_review();
        self.metrics().review_made(rated_count(run.outcome.plan()) as usize, begun.elapsed());
        let mut fulfilment_problems = Vec::new();
        let replaced = self.carry_out(id, &run, &mut fulfilment_problems).await;
        let orders = self.orders_of(id, &run)?;
        let counted_before = run.observations.counted_before();
        let mut problems = run.observations.problems();
        problems.append(&mut fulfilment_problems);
        let RunOutcome::Review(plan) = run.outcome else { unreachable!("a review was made") };
        Ok(Some(ReviewOutcome { plan, applied: run.applied, replaced, orders, problems, counted_before }))
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
                let (replaced, orders) = (Vec::new(), Vec::new());
                Ok(ReviewOutcome { plan, applied: None, replaced, orders, problems, counted_before })
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
