//! Replacements after a run: they are carried out, and the policy is asked again about numbers that were not replaced
//! because their candidate could not be bought.

use super::grounds::SecondLook;
use super::requests::{batches, decision};
use super::run::{FinishedRun, ReviewKind, Task};
use super::{Dialguard, Result};
use crate::fulfilment::Fulfilment;
use crate::ledger::{LedgerError, Order};
use crate::phone::e164;
use dialguard::contract::{Answer, ReplacementReason, Request, Timestamp};
use std::sync::Arc;

/// How often the policy is asked again in one go.
const ASKED_AGAIN_MAX: u32 = 3;

/// How many unavailable candidates are enough for one number and 24 hours.
const ABANDONED_A_DAY_MAX: u32 = 5;

impl Dialguard {
    /// What carries out this dialer's replacements, step by step.
    pub fn fulfilment(&self) -> Fulfilment {
        self.fulfilment_after(None)
    }

    /// The same after a run of that id, which left the account at that revision.
    fn fulfilment_after(&self, planned: Option<(u64, u64)>) -> Fulfilment {
        let grounds = Arc::new(SecondLook::new(self, planned));
        Fulfilment::new(self.ledger.clone(), self.providers.clone(), self.clock.clone(), grounds)
            .giving_back_rested(self.gives_back_rested())
            .until(self.stop.subscribe())
    }

    /// Whether numbers that have rested are given back: the live policy is of a contract that knows no rests.
    fn gives_back_rested(&self) -> bool {
        self.policies.live().is_ok_and(|live| !live.policy.declares_settings())
    }

    /// Accounts with orders that can be taken further now.
    pub fn accounts_with_due_orders(&self) -> std::result::Result<Vec<String>, LedgerError> {
        self.ledger.accounts_with_due_orders(self.now(), self.gives_back_rested())
    }

    /// Takes the account's open orders further: those that a crash interrupted, that were held up, or whose old number
    /// has rested. Returns those whose slot has moved.
    pub async fn resume(&self, id: &str) -> Result<Vec<Order>> {
        self.try_to_carry_out(id, None, &mut Vec::new()).await
    }

    /// Tries an order now on a user's wish, even if it is held up; returns the order after that. Errors: no such order
    /// under way; the ledger fails; a clock that went back.
    pub async fn retry_order(&self, order: u64) -> Result<Order> {
        let account = self.ledger.retry_order(order, self.now())?.account;
        self.resume(&account).await?;
        Ok(self.ledger.order_of(&account, order)?)
    }

    /// Abandons an order at a user's request; the policy is not asked again. Errors are those of
    /// [`Fulfilment::abandon`].
    pub async fn abandon_order(&self, order: u64) -> Result<()> {
        Ok(self.fulfilment().abandon(order).await?)
    }

    /// Takes the account's open orders further after a run whose plan was applied. What goes wrong is one of the problems
    /// and no error: the plan stays applied, and its orders are taken further later.
    pub(super) async fn carry_out(&self, id: &str, run: &FinishedRun, problems: &mut Vec<String>) -> Vec<Order> {
        match self.try_to_carry_out(id, run.left_behind(), problems).await {
            Ok(replaced) => replaced,
            Err(error) => {
                problems.push(format!("Replacements were planned and could not be carried out yet: {error}"));
                Vec::new()
            }
        }
    }

    /// Takes the account's open orders further in the background, for as long as that moves slots, and then checks the
    /// numbers that took them. What goes wrong is logged; the schedule takes the orders further.
    pub(super) fn carry_out_later(&self, id: &str, mut planned: Option<(u64, u64)>) {
        let (dialguard, id) = (self.clone(), id.to_owned());
        tokio::spawn(async move {
            let mut problems = Vec::new();
            loop {
                match dialguard.try_to_carry_out(&id, planned.take(), &mut problems).await {
                    Ok(replaced) if replaced.is_empty() => break,
                    // Carrying out ends after a while, however many are left.
                    Ok(_) => {}
                    Err(error) => {
                        problems.push(error.to_string());
                        break;
                    }
                }
            }
            if let Err(error) = dialguard.check_added(&id).await {
                problems.push(format!("the first check of the new numbers failed and is made later: {error}"));
            }
            problems.iter().for_each(|problem| tracing::warn!(account = id, "while replacements were made: {problem}"));
        });
    }

    /// Takes the account's open orders further. If a candidate could not be bought the policy is asked again, a few
    /// times, and what it decides is carried out as well.
    async fn try_to_carry_out(
        &self,
        id: &str,
        planned: Option<(u64, u64)>,
        problems: &mut Vec<String>,
    ) -> Result<Vec<Order>> {
        let mut fulfilled = self.fulfilment_after(planned).carry_out(id).await?;
        for _ in 0..ASKED_AGAIN_MAX {
            if fulfilled.abandoned.is_empty() {
                break;
            }
            let planned = match self.ask_again(id, std::mem::take(&mut fulfilled.abandoned), problems).await {
                Ok(planned) => planned,
                Err(error) => {
                    // The orders stay marked, and the next resume asks about them.
                    problems.push(format!("The policy could not be asked again about unavailable candidates: {error}"));
                    break;
                }
            };
            let more = self.fulfilment_after(planned).carry_out(id).await?;
            fulfilled.replaced.extend(more.replaced);
            fulfilled.abandoned = more.abandoned;
        }
        self.metrics().replaced(fulfilled.replaced.len());
        Ok(fulfilled.replaced)
    }

    /// Asks the policy again about the numbers of abandoned orders, as it was asked the first time. Returns what the last
    /// run left behind.
    async fn ask_again(
        &self,
        id: &str,
        abandoned: Vec<Order>,
        problems: &mut Vec<String>,
    ) -> Result<Option<(u64, u64)>> {
        let (_, now) = self.ledger.account_at(id, self.now())?;
        let again = self.without_exhausted(abandoned, now)?;
        let (flagged, requested): (Vec<_>, Vec<_>) =
            again.into_iter().partition(|order| order.why == ReplacementReason::Flagged);
        let reviewed = self.review_again(id, &flagged, now, problems).await?;
        Ok(self.request_again(id, &requested, now, problems).await?.or(reviewed))
    }

    /// The stop rule: enough candidates of one number were unavailable in the past 24 hours.
    fn without_exhausted(&self, abandoned: Vec<Order>, now: Timestamp) -> Result<Vec<Order>> {
        let mut again = Vec::with_capacity(abandoned.len());
        for order in abandoned {
            let times = self.ledger.abandoned_since(&order, now.saturating_sub(24 * 60 * 60))?;
            if times < ABANDONED_A_DAY_MAX {
                again.push(order);
                continue;
            }
            let words = format!(
                "{} was not replaced: {times} candidates were unavailable. It keeps its slot.",
                e164(order.number)
            );
            self.ledger.asked_again(&order, Some(&words), now)?;
        }
        Ok(again)
    }

    async fn review_again(
        &self,
        id: &str,
        flagged: &[Order],
        now: Timestamp,
        problems: &mut Vec<String>,
    ) -> Result<Option<(u64, u64)>> {
        if flagged.is_empty() {
            return Ok(None);
        }
        let run = self.run(id, Task::review(ReviewKind::AskAgain)).await?;
        let left_behind = run.left_behind();
        problems.extend(run.observations.problems());
        for order in flagged {
            self.ledger.asked_again(order, None, now)?;
        }
        Ok(left_behind)
    }

    async fn request_again(
        &self,
        id: &str,
        requested: &[Order],
        now: Timestamp,
        problems: &mut Vec<String>,
    ) -> Result<Option<(u64, u64)>> {
        let (mut orders, mut left_behind) = (requested.iter(), None);
        for request in batches(&Request::ReplaceNumbers(requested.iter().map(|order| order.number).collect())) {
            let run = self.run(id, Task::request(&request)).await?;
            left_behind = run.left_behind();
            problems.extend(run.observations.problems());
            for (outcome, order) in decision(run.outcome).outcomes.iter().zip(orders.by_ref()) {
                self.ledger.asked_again(order, not_replaced(order, outcome.answer).as_deref(), now)?;
            }
        }
        Ok(left_behind)
    }
}

/// Why a number is not replaced after all, in words; none if it is.
fn not_replaced(order: &Order, answer: Answer) -> Option<String> {
    let why = match answer {
        Answer::Accepted => return None,
        Answer::NoCleanCandidate => "no other candidate is rated clean",
        _ => "it can no longer be replaced",
    };
    Some(format!("{} was not replaced: {why}.", e164(order.number)))
}
