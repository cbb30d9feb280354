//! A plan held against the ledger's invariants, whatever policy made it.
//!
//! At the revision that a plan was made from, the account stands as the policy was shown it ([`Inputs`]); so a plan
//! can be checked without asking anybody again. What a policy was not shown it cannot plan for.
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialer/example.rs"));
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dialguard::check::{Purpose, check};
//! use dialguard::contract::Action;
//! use dialguard::policy::{Limits, Policy};
//! use dialguard::settings::default_settings;
//!
//! let policy = Policy::reference(Limits::default());
//! let reviewed = policy.review_account(&small_dialer(default_settings()), "acme").await?;
//! check("acme", Purpose::Review, &reviewed.answer, &reviewed.inputs, &[])?; // nothing is wrong with it: apply it
//!
//! let mut plan = reviewed.answer;
//! plan.actions.push(Action::ReleaseNumber(13_105_550_123));
//! let fault = check("acme", Purpose::Review, &plan, &reviewed.inputs, &[]).unwrap_err();
//! assert!(fault.to_string().ends_with("it releases +13105550123 though nobody asked for that"));
//! # Ok(())
//! # }
//! ```

use crate::contract::*;
use crate::policy::Inputs;
use std::collections::{BTreeMap, BTreeSet};

/// What a policy was asked for. A plan may do no more than that.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Purpose<'a> {
    /// The daily review: rate numbers, and replace them where the account turned that on.
    Review,
    /// A change that a person asked for.
    Request(&'a Request),
}

/// What is wrong with a plan, in a sentence for the operator. The policy is to blame; apply nothing of the plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the policy's plan breaks the ledger and nothing of it was applied: {0}")]
pub struct PlanFault(String);

/// Notices in a plan, at most.
const NOTICES_MAX: usize = 10_000;

/// Bytes in a notice's kind or text, at most.
const NOTICE_BYTES_MAX: usize = 2_000;

/// Bytes in the sentence that says why a number is replaced, at most.
const BECAUSE_BYTES_MAX: usize = 500;

/// Checks the whole plan. `account_id` is the account that was asked about, `shown` what the policy read in that run.
///
/// Errors with the first thing that is wrong: the plan is for another account, revision or time; a number is rated
/// twice on one date, out of order or though it is not monitored; a slot would be occupied twice, while it is locked, or
/// beyond those bought; something is done that was not asked for; a number is replaced automatically where nobody turned
/// that on, though it is not flagged, or beyond the day's cap; a replacement was not on offer or is not explained; a
/// notice passes for one of the ledger's own events, is too long, or has control characters in it.
pub fn check(
    account_id: &str,
    purpose: Purpose,
    plan: &Plan,
    inputs: &Inputs,
    reserved: &[&str],
) -> Result<(), PlanFault> {
    let Some(account) = inputs.account.as_ref().filter(|account| account.id == account_id) else {
        return fault("it was made without reading the account");
    };
    ensure(plan.account == account.id, || format!("it is for account {:?}", plan.account))?;
    ensure(plan.based_on == account.revision, || {
        format!("it is based on revision {} of the account, which stands at {}", plan.based_on, account.revision)
    })?;
    ensure(inputs.now == Some(plan.decided_at), || format!("it was decided at {}, not now", plan.decided_at))?;
    check_notices(&plan.notices, reserved)?;
    check_reviews(purpose, plan, account, inputs)?;
    let mut ledger = Ledger::new(account, inputs, plan, purpose);
    plan.actions.iter().try_for_each(|action| ledger.take(action))
}

/// Checks that a decision answers every number, and holds its plan against the ledger, as [`check`] does.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialer/example.rs"));
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use dialguard::check::check_decision;
/// use dialguard::contract::Request;
/// use dialguard::policy::{Limits, Policy};
/// use dialguard::settings::default_settings;
///
/// let policy = Policy::reference(Limits::default());
/// let request = Request::StartMonitoring(vec![13_105_550_150]);
/// let decided = policy.decide(&small_dialer(default_settings()), "acme", &request).await?;
/// check_decision("acme", &request, &decided.answer, &decided.inputs, &[])?;
///
/// let other = Request::StopMonitoring(vec![13_105_550_100]);
/// assert!(check_decision("acme", &other, &decided.answer, &decided.inputs, &[]).is_err());
/// # Ok(())
/// # }
/// ```
pub fn check_decision(
    account_id: &str,
    request: &Request,
    decision: &Decision,
    inputs: &Inputs,
    reserved: &[&str],
) -> Result<(), PlanFault> {
    let asked = numbers_asked(request).map_or(1, <[_]>::len);
    ensure(decision.outcomes.len() == asked, || {
        format!("it has {} answers for {asked} questions", decision.outcomes.len())
    })?;
    check(account_id, Purpose::Request(request), &decision.plan, inputs, reserved)
}

fn check_notices(notices: &[Notice], reserved: &[&str]) -> Result<(), PlanFault> {
    ensure(notices.len() <= NOTICES_MAX, || format!("it has {} notices", notices.len()))?;
    notices.iter().try_for_each(|notice| check_notice(notice, reserved))
}

fn check_notice(notice: &Notice, reserved: &[&str]) -> Result<(), PlanFault> {
    ensure(notice.kind.len().max(notice.text.len()) <= NOTICE_BYTES_MAX, || {
        format!("a notice has more than {NOTICE_BYTES_MAX} bytes")
    })?;
    let kebab_case = !notice.kind.is_empty()
        && notice.kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    ensure(kebab_case, || format!("{:?} is no kind of notice", notice.kind))?;
    ensure(!reserved.contains(&notice.kind.as_str()), || {
        format!("a notice of the kind {:?} would pass for what the ledger records", notice.kind)
    })?;
    ensure(!notice.text.contains(char::is_control), || "a notice has control characters in it".into())?;
    ensure(notice.number.is_none_or(|number| (1..=NUMBER_MAX).contains(&number)), || {
        "a notice is about a number that cannot be E.164".into()
    })
}

/// It stands in the dialer's history, which people read in a terminal.
fn check_because(number: PhoneNumber, because: &str) -> Result<(), PlanFault> {
    ensure(!because.trim().is_empty(), || format!("it does not say why it replaces +{number}"))?;
    ensure(because.len() <= BECAUSE_BYTES_MAX, || {
        format!("it takes more than {BECAUSE_BYTES_MAX} bytes to say why it replaces +{number}")
    })?;
    ensure(!because.contains(char::is_control), || format!("it says with control characters why it replaces +{number}"))
}

/// Both the reviews and what was shown ascend, so one walk compares them.
fn check_reviews(purpose: Purpose, plan: &Plan, account: &Account, inputs: &Inputs) -> Result<(), PlanFault> {
    let may_review = matches!(purpose, Purpose::Review) && account.enabled;
    ensure(may_review || plan.reviews.is_empty(), || "it reviews numbers though nobody asked for that".into())?;
    let mut monitored = inputs.monitored.iter();
    for review in &plan.reviews {
        let Some(number) = monitored.find(|number| number.number >= review.number) else {
            return fault(format!("it reviews +{} out of order or unmonitored", review.number));
        };
        ensure(number.number == review.number, || {
            format!("it reviews +{} out of order or unmonitored", review.number)
        })?;
        ensure(number.last_rated_at.is_none_or(|at| at < account.day_starts_at), || {
            format!("it rates +{} a second time on one date", review.number)
        })?;
        ensure(review.flagging <= review.answering && review.answering > 0, || {
            format!("it counts {} of {} carriers for +{}", review.flagging, review.answering, review.number)
        })?;
        ensure(review.status != Status::Pending, || format!("it rates +{} as pending", review.number))?;
    }
    Ok(())
}

/// The account as it becomes while the plan's actions are taken one after the other.
struct Ledger<'a> {
    account: &'a Account,
    /// Every monitored number was shown, so what is not among them is not monitored.
    monitored_all_shown: bool,
    purpose: Purpose<'a>,
    numbers_asked: BTreeSet<PhoneNumber>,
    decided_at: Timestamp,
    owned: BTreeSet<PhoneNumber>,
    offered: BTreeSet<PhoneNumber>,
    monitored: BTreeMap<PhoneNumber, (SlotId, bool)>,
    taken_slots: BTreeSet<SlotId>,
    flagged: BTreeSet<PhoneNumber>,
    replacements_left: u32,
}

impl<'a> Ledger<'a> {
    fn new(account: &'a Account, inputs: &Inputs, plan: &Plan, purpose: Purpose<'a>) -> Self {
        let mut ledger = Ledger {
            account,
            monitored_all_shown: inputs.monitored.len() == account.monitored_count as usize,
            purpose,
            numbers_asked: BTreeSet::new(),
            decided_at: plan.decided_at,
            owned: BTreeSet::new(),
            offered: BTreeSet::new(),
            monitored: BTreeMap::new(),
            taken_slots: BTreeSet::new(),
            flagged: BTreeSet::new(),
            replacements_left: u32::from(account.settings.replacements_per_day_max)
                .saturating_sub(account.replacements_today),
        };
        // Most reviews do nothing; then there is nothing to keep books of.
        if !plan.actions.is_empty() {
            ledger.open(inputs, plan);
        }
        ledger
    }

    fn open(&mut self, inputs: &Inputs, plan: &Plan) {
        if let Purpose::Request(request) = self.purpose {
            self.numbers_asked = numbers_asked(request).unwrap_or_default().iter().copied().collect();
        }
        let now = self.decided_at;
        self.taken_slots = self.account.locked_slots.iter().filter(|l| l.until > now).map(|l| l.slot).collect();
        self.taken_slots.extend(inputs.monitored.iter().map(|number| number.slot));
        self.owned = inputs.owned.iter().copied().chain(inputs.monitored.iter().map(|number| number.number)).collect();
        self.offered = inputs.offered.clone();
        self.monitored =
            inputs.monitored.iter().map(|number| (number.number, (number.slot, number.replacement_pending))).collect();
        let mut statuses: BTreeMap<_, _> =
            inputs.monitored.iter().map(|number| (number.number, number.status)).collect();
        statuses.extend(plan.reviews.iter().map(|review| (review.number, review.status)));
        self.flagged = statuses.into_iter().filter(|(_, status)| *status == Status::Flagged).map(|(n, _)| n).collect();
    }

    fn take(&mut self, action: &Action) -> Result<(), PlanFault> {
        match action {
            Action::OccupySlot(occupancy) => self.occupy(occupancy),
            Action::LockSlot(closing) => self.lock(closing),
            Action::ReleaseNumber(number) => self.release(*number),
            Action::ReplaceNumber(replacement) => self.replace(replacement),
            Action::SetBlocks(change) => self.set_blocks(change),
        }
    }

    fn occupy(&mut self, Occupancy { number, slot }: &Occupancy) -> Result<(), PlanFault> {
        let wanted = matches!(self.purpose, Purpose::Request(Request::StartMonitoring(_)));
        self.ensure_wanted(wanted, *number, "starts to monitor")?;
        ensure(self.account.enabled, || "it starts monitoring while the add-on is off".into())?;
        self.ensure_all_read()?;
        ensure(self.owned.contains(number), || format!("+{number} is not the account's"))?;
        ensure(!self.monitored.contains_key(number), || format!("+{number} has a slot already"))?;
        ensure((1..=self.account.slot_count).contains(slot), || format!("there is no slot {slot}"))?;
        ensure(self.taken_slots.insert(*slot), || format!("slot {slot} is occupied or locked"))?;
        self.monitored.insert(*number, (*slot, false));
        ensure(self.taken_slots.len() <= self.account.slot_count as usize, || {
            "it fills more slots than bought".into()
        })?;
        ensure(self.monitored.len() <= self.account.slot_count_next as usize, || {
            "it fills slots that are given up from the next cycle on".into()
        })
    }

    fn lock(&mut self, closing: &SlotClosing) -> Result<(), PlanFault> {
        let wanted = match (self.purpose, closing.why) {
            (Purpose::Request(Request::StopMonitoring(_)), ClosingReason::MonitoringStopped) => true,
            (Purpose::Request(Request::DeleteNumbers(deletion)), ClosingReason::NumberDeleted) => {
                deletion.accept_slot_loss
            }
            _ => false,
        };
        self.ensure_wanted(wanted, closing.number, "locks the slot of")?;
        self.ensure_settled_in(closing.number, closing.slot)?;
        ensure(closing.until == self.account.cycle_ends_at, || {
            format!("it locks slot {} until {}, which is not the cycle's end", closing.slot, closing.until)
        })?;
        self.monitored.remove(&closing.number);
        Ok(())
    }

    fn release(&mut self, number: PhoneNumber) -> Result<(), PlanFault> {
        let wanted = matches!(self.purpose, Purpose::Request(Request::DeleteNumbers(_)));
        self.ensure_wanted(wanted, number, "releases")?;
        self.ensure_all_read()?;
        ensure(!self.monitored.contains_key(&number), || format!("+{number} still has its slot"))?;
        ensure(self.owned.remove(&number), || format!("+{number} is not the account's"))
    }

    fn replace(&mut self, replacement: &Replacement) -> Result<(), PlanFault> {
        let Replacement { number, replacement: successor, slot, why, because } = replacement;
        ensure(self.account.enabled, || "it replaces while the add-on is off".into())?;
        match why {
            ReplacementReason::Requested => {
                let wanted = matches!(self.purpose, Purpose::Request(Request::ReplaceNumbers(_)));
                self.ensure_wanted(wanted, *number, "replaces")?;
            }
            ReplacementReason::Flagged => self.ensure_automatic(*number)?,
        }
        self.ensure_settled_in(*number, *slot)?;
        check_because(*number, because)?;
        ensure(self.offered.remove(successor), || format!("+{successor} was not on offer, or is used twice"))?;
        self.monitored.insert(*number, (*slot, true));
        Ok(())
    }

    /// Spending without being asked takes a person's setting, a flagged number, and room under the daily cap.
    fn ensure_automatic(&mut self, number: PhoneNumber) -> Result<(), PlanFault> {
        let allowed = matches!(self.purpose, Purpose::Review) && self.account.settings.auto_replace;
        ensure(allowed, || "it replaces automatically though nobody turned that on".into())?;
        ensure(self.flagged.contains(&number), || format!("it replaces +{number}, which is not flagged"))?;
        ensure(self.replacements_left > 0, || "it replaces more numbers than the account allows in a day".into())?;
        self.replacements_left -= 1;
        Ok(())
    }

    fn set_blocks(&self, change: &BlockChange) -> Result<(), PlanFault> {
        let wanted = matches!(self.purpose, Purpose::Request(Request::SetBlocks(blocks)) if *blocks == change.blocks);
        ensure(wanted && self.account.enabled, || format!("it buys {} blocks that nobody asked for", change.blocks))?;
        ensure(change.blocks <= BLOCKS_MAX, || format!("{} blocks are too many", change.blocks))?;
        let slots = u64::from(change.blocks) * u64::from(self.account.slots_per_block);
        ensure(slots >= u64::from(self.account.monitored_count), || "it gives up slots that are in use".into())?;
        let starting =
            if slots > u64::from(self.account.slot_count) { self.decided_at } else { self.account.cycle_ends_at };
        ensure(change.starting == starting, || format!("it changes blocks at {}, not {starting}", change.starting))
    }

    fn ensure_wanted(&self, wanted: bool, number: PhoneNumber, does: &str) -> Result<(), PlanFault> {
        let asked = wanted && self.numbers_asked.contains(&number);
        ensure(asked, || format!("it {does} +{number} though nobody asked for that"))
    }

    /// Who looked at some monitored numbers only cannot know that a slot is free, or that a number has none.
    fn ensure_all_read(&self) -> Result<(), PlanFault> {
        ensure(self.monitored_all_shown, || "it was made without reading every monitored number".into())
    }

    fn ensure_settled_in(&self, number: PhoneNumber, slot: SlotId) -> Result<(), PlanFault> {
        match self.monitored.get(&number) {
            Some((_, true)) => fault(format!("+{number} is being replaced already")),
            Some((own, false)) if *own == slot => Ok(()),
            _ => fault(format!("+{number} does not occupy slot {slot}")),
        }
    }
}

fn numbers_asked(request: &Request) -> Option<&[PhoneNumber]> {
    match request {
        Request::StartMonitoring(numbers) | Request::StopMonitoring(numbers) | Request::ReplaceNumbers(numbers) => {
            Some(numbers)
        }
        Request::DeleteNumbers(deletion) => Some(&deletion.numbers),
        Request::SetBlocks(_) => None,
    }
}

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Result<(), PlanFault> {
    if holds { Ok(()) } else { fault(what()) }
}

fn fault<T>(what: impl Into<String>) -> Result<T, PlanFault> {
    Err(PlanFault(what.into()))
}

#[cfg(test)]
mod tests;
