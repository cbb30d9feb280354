//! Whether orders are still right, asked of the policy.
//!
//! The policy is asked again what it was asked when the order was made, for the account as if there were no order:
//! its number has no pending replacement, and the order's candidate is the only one on offer for it. If the policy makes
//! the same replacement again, the grounds hold and the candidate is accepted. So no rule about numbers lives here: when
//! a number is to be replaced, how many a day, what holds replacements back and which rating a candidate needs are the
//! policy's to say, for numbers that are bought and for numbers on hand alike.
//!
//! Statuses are the latest review's. The account is shown as rated today, so that the question costs no lookups of
//! monitored numbers; the candidate is looked up. Nothing is applied and no run is recorded. If a policy replaces numbers
//! only in the review that rates them, an order that waits is abandoned, and its next review plans another.

use super::inventory::RunInventory;
use super::requests::decision;
use super::run::Run;
use super::{Dialguard, Result};
use crate::fulfilment::{Finding, Grounds};
use crate::ledger::{AccountProfile, EventKind, LedgerError, Order};
use crate::phone::e164;
use dialguard::check::{Purpose, check};
use dialguard::contract::{
    Account, Action, CallTable, CallTotals, Candidate, CandidateTable, Error, FlagTable, MonitoredTable,
    NUMBERS_PER_CALL_MAX, Notice, PhoneNumber, Plan, ReplacementReason, Request, Status, Timestamp,
};
use dialguard::dialer::{Dialer, NumberInventory};
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Asks this dialer's live policy.
pub(super) struct SecondLook {
    dialguard: Dialguard,
    /// The run that was made a moment ago, and the account's revision since: while that is the account's, the run's plan
    /// is the policy's word.
    planned: Option<(u64, u64)>,
}

impl SecondLook {
    pub fn new(dialguard: &Dialguard, planned: Option<(u64, u64)>) -> Self {
        SecondLook { dialguard: dialguard.clone(), planned }
    }
}

#[async_trait::async_trait]
impl Grounds for SecondLook {
    async fn check(&self, id: &str, revision: u64, orders: &[Order]) -> Vec<Finding> {
        let is_planned = |order: &&Order| self.planned == Some((order.run, revision));
        let asked: Vec<&Order> = orders.iter().filter(|order| !is_planned(order)).collect();
        let found = match self.dialguard.look_again(id, &asked).await {
            Ok(found) => found,
            Err(error) => {
                let unknown = Finding::Unknown(format!("the policy could not be asked about it again: {error}"));
                asked.iter().map(|order| (order.id, unknown.clone())).collect()
            }
        };
        orders.iter().map(|order| found.get(&order.id).cloned().unwrap_or(Finding::Holds)).collect()
    }
}

/// Findings by order.
type Found = HashMap<u64, Finding>;

impl Dialguard {
    /// Asks about orders.
    async fn look_again(&self, id: &str, orders: &[&Order]) -> Result<Found> {
        self.question(|| self.begin(id, None), |run| async move { self.blame(&run, self.look(&run, orders).await) })
            .await
    }

    async fn look(&self, run: &Run, orders: &[&Order]) -> Result<Found> {
        let (mut found, mut flagged, mut requested) = (Found::new(), Vec::new(), Vec::new());
        for order in orders {
            match (switched_off(&run.account, order), order.why) {
                (Some(why), _) => drop(found.insert(order.id, Finding::Gone(why.into()))),
                (None, ReplacementReason::Flagged) => flagged.push(*order),
                (None, ReplacementReason::Requested) => requested.push(*order),
            }
        }
        found.extend(self.look_at_flagged(run, &flagged).await?);
        found.extend(self.look_at_requested(run, &requested).await?);
        Ok(found)
    }

    async fn look_at_flagged(&self, run: &Run, orders: &[&Order]) -> Result<Found> {
        if orders.is_empty() {
            return Ok(Found::new());
        }
        let id = &run.account.id;
        let inventory = Arc::new(UndoneOrders::new(run, orders, true));
        let dialer = Dialer { inventory: inventory.clone(), ..run.dialer.clone() };
        let reviewed = run.live.policy.review_account(&dialer, id).await?;
        check(id, Purpose::Review, &reviewed.answer, &reviewed.inputs, &EventKind::NAMES).map_err(LedgerError::from)?;
        self.findings(run, orders, &reviewed.answer, &inventory).await
    }

    async fn look_at_requested(&self, run: &Run, orders: &[&Order]) -> Result<Found> {
        let inventory = Arc::new(UndoneOrders::new(run, orders, false));
        let dialer = Dialer { inventory: inventory.clone(), ..run.dialer.clone() };
        let mut found = Found::new();
        for orders in orders.chunks(NUMBERS_PER_CALL_MAX) {
            let request = Request::ReplaceNumbers(orders.iter().map(|order| order.number).collect());
            let decided = decision(run.decide(&dialer, &request).await?.answer);
            found.extend(self.findings(run, orders, &decided.plan, &inventory).await?);
        }
        Ok(found)
    }

    async fn findings(&self, run: &Run, orders: &[&Order], plan: &Plan, inventory: &UndoneOrders) -> Result<Found> {
        let problems = run.take_observations().problems();
        let made: HashSet<_> = plan.actions.iter().filter_map(replacement).collect();
        let mut found = Found::new();
        for order in orders {
            let finding = match made.contains(&(order.number, order.replacement)) {
                true => Finding::Holds,
                false if inventory.was_asked_about(order) => self.why_not_by_this(run, order, &problems).await?,
                false if problems.is_empty() => Finding::Gone(self.why_not(order, &plan.notices)?),
                false => Finding::Unknown(format!("sources failed: {}", problems.join("; "))),
            };
            found.insert(order.id, finding);
        }
        Ok(found)
    }

    /// The policy wanted a candidate and did not take this one. Without an answer about it, an outage is not a verdict.
    async fn why_not_by_this(&self, run: &Run, order: &Order, problems: &[String]) -> Result<Finding> {
        let screened = run.live.policy.screen(&run.dialer, &run.account.id, &[order.replacement]).await?;
        let more_problems = run.take_observations().problems();
        let problem = problems.iter().chain(&more_problems).next();
        let candidate = e164(order.replacement);
        Ok(match (screened.first(), problem) {
            (Some(rated), _) if rated.status != Status::Pending => Finding::CandidateRefused(format!(
                "the policy no longer chooses {candidate}, which {} of {} carriers flag",
                rated.flagging, rated.answering,
            )),
            (_, Some(problem)) => Finding::Unknown(format!("{candidate} could not be screened: {problem}")),
            (_, None) => Finding::CandidateRefused(format!("too few carriers have data on {candidate}")),
        })
    }

    /// The policy did not want a candidate: the number's status, and what the policy remarks about the account.
    fn why_not(&self, order: &Order, notices: &[Notice]) -> Result<String> {
        let history = self.ledger.number_history(&order.account, order.number)?;
        let Some((_, status, _)) = history.and_then(|history| history.known.monitored) else {
            return Ok("it is no longer monitored".into());
        };
        let mut words = format!("its status is {}, and the policy does not replace it now", status.name());
        for notice in notices.iter().filter(|notice| notice.number.is_none()) {
            words += &format!("; {}", notice.text.trim_end_matches('.'));
        }
        Ok(words)
    }
}

/// The switch that is off, in words; none if the account still wants such orders.
fn switched_off(account: &AccountProfile, order: &Order) -> Option<&'static str> {
    match order.why {
        _ if !account.enabled => Some("the add-on is off"),
        ReplacementReason::Flagged if !account.settings.guard_rails.auto_replace => {
            Some("automatic replacement is off")
        }
        _ => None,
    }
}

fn replacement(action: &Action) -> Option<(PhoneNumber, PhoneNumber)> {
    match action {
        Action::ReplaceNumber(replacement) => Some((replacement.number, replacement.replacement)),
        _ => None,
    }
}

/// The account as if some of its orders had not been made. No number rests in it: what becomes of those is not asked.
struct UndoneOrders {
    inner: Arc<RunInventory>,
    now: Timestamp,
    /// The candidate for each number, as it was offered.
    candidates: HashMap<PhoneNumber, Candidate>,
    /// The orders are a review's: they count in the day's limit, and their account counts as rated today.
    is_review: bool,
    asked_about: Mutex<HashSet<PhoneNumber>>,
}

impl UndoneOrders {
    fn new(run: &Run, orders: &[&Order], is_review: bool) -> Self {
        UndoneOrders {
            inner: run.inventory.clone(),
            now: run.now,
            candidates: orders.iter().map(|order| (order.number, order.candidate())).collect(),
            is_review,
            asked_about: Mutex::default(),
        }
    }

    /// Whether the policy wanted a candidate in place of the order's number.
    fn was_asked_about(&self, order: &Order) -> bool {
        self.asked_about.lock().contains(&order.number)
    }
}

#[async_trait::async_trait]
impl NumberInventory for UndoneOrders {
    async fn account(&self, id: &str) -> std::result::Result<Account, Error> {
        let mut account = self.inner.account(id).await?;
        if self.is_review {
            account.replacements_today = account.replacements_today.saturating_sub(self.candidates.len() as u32);
        }
        Ok(account)
    }

    async fn monitored(&self, id: &str, after: PhoneNumber, limit: u32) -> std::result::Result<MonitoredTable, Error> {
        let mut page = self.inner.monitored(id, after, limit).await?;
        for (number, pending) in page.numbers.iter().zip(&mut page.replacement_pending) {
            *pending &= u8::from(!self.candidates.contains_key(number));
        }
        if self.is_review {
            page.last_rated_at.fill(self.now);
        }
        Ok(page)
    }

    async fn owned(&self, id: &str, numbers: Vec<PhoneNumber>) -> std::result::Result<Vec<PhoneNumber>, Error> {
        self.inner.owned(id, numbers).await
    }

    async fn candidates(&self, _: &str, like: PhoneNumber, limit: u32) -> std::result::Result<CandidateTable, Error> {
        self.asked_about.lock().insert(like);
        Ok(self.candidates.get(&like).copied().into_iter().take(limit as usize).collect())
    }

    async fn flag_events(&self, id: &str, since: Timestamp) -> std::result::Result<FlagTable, Error> {
        self.inner.flag_events(id, since).await
    }

    async fn calls(
        &self,
        id: &str,
        numbers: Vec<PhoneNumber>,
        since: Timestamp,
    ) -> std::result::Result<CallTable, Error> {
        self.inner.calls(id, numbers, since).await
    }

    async fn calls_in_all(&self, id: &str, since: Timestamp) -> std::result::Result<CallTotals, Error> {
        self.inner.calls_in_all(id, since).await
    }
}
