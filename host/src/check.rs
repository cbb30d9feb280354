//! Checks a plan against the ledger's invariants, whichever policy made it.
//!
//! At the revision that a plan is based on, the account is exactly what the policy read ([`Inputs`]). So the check needs
//! nothing else, and a plan for something the policy did not read is refused.
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialer/example.rs"));
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dialguard::check::{Purpose, check};
//! use dialguard::policy::{Limits, Policy};
//!
//! let policy = Policy::reference(Limits::default());
//! let reviewed = policy.review_account(&small_dialer(GuardRails::default()), "acme").await?;
//! check("acme", Purpose::Review, &reviewed.answer, &reviewed.inputs, &[])?; // no fault found: apply the plan
//!
//! let mut plan = reviewed.answer;
//! plan.actions.push(Action::ReleaseNumber(13_105_550_123));
//! let fault = check("acme", Purpose::Review, &plan, &reviewed.inputs, &[]).unwrap_err();
//! assert!(fault.to_string().ends_with("it releases +13105550123 without a request"));
//! # Ok(())
//! # }
//! ```

use crate::contract::*;
use crate::inspection::one_line;
use crate::policy::Inputs;
use std::collections::{BTreeMap, BTreeSet};

/// The purpose of a run. A plan may do nothing beyond it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Purpose<'a> {
    /// The daily review: rate numbers, and replace flagged ones if the account has automatic replacement on.
    Review,
    /// A change that a user requested.
    Request(&'a Request),
}

/// What is wrong with a plan, in one sentence for the operator. The policy is at fault; apply no part of the plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the policy's plan breaks the ledger's rules, and none of it was applied: {0}")]
pub struct PlanFault(String);

/// The most notices that a plan may have. Each is an event for good, which takes about 100 bytes besides its texts.
const NOTICES_MAX: usize = 2_000;

/// The most bytes in the kinds and texts of a plan's notices together: more than 1,000 sentences.
const NOTICES_BYTES_MAX: usize = 256 << 10;

/// The most bytes in a notice's kind or text.
const NOTICE_BYTES_MAX: usize = 2_000;

/// The most bytes in the reason for replacing a number.
const BECAUSE_BYTES_MAX: usize = 500;

/// Checks the whole plan. `account_id` is the account of the run, `inputs` what the policy read in it. `reserved` are the
/// kinds of event that your ledger records itself: a policy's notices appear among them, and one of the same kind would
/// forge history.
///
/// Errors with the first fault: the plan is for another account, revision or time; it rates a number twice on one date,
/// out of order, or unmonitored, or calls one suspect that had no calls; it occupies a slot twice, a locked one, or one the
/// account does not have; it does something the run is not for, or does it twice; it locks a slot for a deletion and keeps
/// the number; it replaces a number automatically, or takes one out of use, although the account has that off, the number is
/// neither flagged nor suspect, or the day's cap is reached; a replacement was not offered or has no reason; it
/// decides about a number that does not rest, or twice whether one is used; a notice has a reserved kind, is too long,
/// or contains control characters; there are too many notices, or they are too long together. A fault quotes at most a
/// few hundred characters of the plan.
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
    ensure(plan.account == account.id, || format!("it is for account {:?}", one_line(&plan.account)))?;
    ensure(plan.based_on == account.revision, || {
        format!("it is based on revision {} of the account, which is at revision {}", plan.based_on, account.revision)
    })?;
    ensure(inputs.now == Some(plan.decided_at), || format!("its time {} is not the time of the run", plan.decided_at))?;
    check_notices(&plan.notices, reserved)?;
    check_reviews(purpose, plan, account, inputs)?;
    let mut ledger = Ledger::new(account, inputs, plan, purpose);
    plan.actions.iter().try_for_each(|action| ledger.take(action))?;
    ledger.close()
}

/// Checks a decision: its plan as [`check`] does, that it answers every number, and that its plan does exactly what it
/// accepts. A number accepted twice is a fault, because the second answer is given as if the first had been carried out.
/// A number of blocks that the account has already may be accepted without an action.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialer/example.rs"));
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use dialguard::check::check_decision;
/// use dialguard::policy::{Limits, Policy};
///
/// let policy = Policy::reference(Limits::default());
/// let request = Request::StartMonitoring(vec![13_105_550_150]);
/// let decided = policy.decide(&small_dialer(GuardRails::default()), "acme", &request).await?;
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
    let expected = requested_numbers(request).map_or(1, <[_]>::len);
    ensure(decision.outcomes.len() == expected, || {
        format!("it has {} answers for {expected} questions", decision.outcomes.len())
    })?;
    check(account_id, Purpose::Request(request), &decision.plan, inputs, reserved)?;
    match (request, &inputs.account) {
        (Request::SetBlocks(blocks), Some(account)) => check_blocks_kept(*blocks, decision, account),
        _ => check_kept(request, decision),
    }
}

/// Every accepted number has its action, and every action its accepted number.
fn check_kept(request: &Request, decision: &Decision) -> Result<(), PlanFault> {
    let numbers = requested_numbers(request).unwrap_or_default().iter().zip(&decision.outcomes);
    let is_accepted = |(_, outcome): &(_, &Outcome)| outcome.answer == Answer::Accepted;
    let mut accepted = BTreeSet::new();
    for (number, _) in numbers.filter(is_accepted) {
        ensure(accepted.insert(*number), || format!("it accepts +{number} twice"))?;
    }
    let done: BTreeSet<_> = decision.plan.actions.iter().filter_map(|action| carried_out(request, action)).collect();
    if let Some(number) = accepted.difference(&done).next() {
        return fault(format!("it accepts +{number}, and no action is about it"));
    }
    match done.difference(&accepted).next() {
        Some(number) => fault(format!("it has an action for +{number}, which it does not accept")),
        None => Ok(()),
    }
}

/// The number whose request the action carries out. The check of the plan has seen to it that no two actions do so for
/// the same number.
fn carried_out(request: &Request, action: &Action) -> Option<PhoneNumber> {
    match (request, action) {
        (Request::StartMonitoring(_), Action::OccupySlot(occupancy)) => Some(occupancy.number),
        (Request::StopMonitoring(_), Action::LockSlot(closing)) => Some(closing.number),
        (Request::DeleteNumbers(_), Action::ReleaseNumber(number)) => Some(*number),
        (Request::ReplaceNumbers(_), Action::ReplaceNumber(replacement)) => Some(replacement.number),
        _ => None,
    }
}

fn check_blocks_kept(blocks: u32, decision: &Decision, account: &Account) -> Result<(), PlanFault> {
    let is_accepted = decision.outcomes.iter().any(|outcome| outcome.answer == Answer::Accepted);
    let is_set = !decision.plan.actions.is_empty();
    let has_them = u64::from(blocks) * u64::from(account.slots_per_block) == u64::from(account.slot_count_next);
    ensure(is_accepted || !is_set, || format!("it sets {blocks} blocks, which it does not accept"))?;
    ensure(is_set || !is_accepted || has_them, || format!("it accepts {blocks} blocks, and no action sets them"))
}

fn check_notices(notices: &[Notice], reserved: &[&str]) -> Result<(), PlanFault> {
    ensure(notices.len() <= NOTICES_MAX, || format!("it has {} notices, more than {NOTICES_MAX}", notices.len()))?;
    let bytes: usize = notices.iter().map(|notice| notice.kind.len() + notice.text.len()).sum();
    ensure(bytes <= NOTICES_BYTES_MAX, || format!("its notices have {bytes} bytes, more than {NOTICES_BYTES_MAX}"))?;
    notices.iter().try_for_each(|notice| check_notice(notice, reserved))
}

fn check_notice(notice: &Notice, reserved: &[&str]) -> Result<(), PlanFault> {
    ensure(notice.kind.len().max(notice.text.len()) <= NOTICE_BYTES_MAX, || {
        format!("a notice has more than {NOTICE_BYTES_MAX} bytes")
    })?;
    let kebab_case = !notice.kind.is_empty()
        && notice.kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    ensure(kebab_case, || format!("the notice kind {:?} is not kebab-case", one_line(&notice.kind)))?;
    ensure(!reserved.contains(&notice.kind.as_str()), || {
        format!("the notice kind {:?} is reserved for the ledger's own events", notice.kind)
    })?;
    ensure(!notice.text.contains(char::is_control), || "a notice contains control characters".into())?;
    ensure(notice.number.is_none_or(|number| (1..=NUMBER_MAX).contains(&number)), || {
        "a notice names a number that is not E.164".into()
    })
}

/// The reason goes into the dialer's history, which users read in a terminal.
fn check_because(number: PhoneNumber, because: &str) -> Result<(), PlanFault> {
    ensure(!because.trim().is_empty(), || format!("it gives no reason for replacing +{number}"))?;
    ensure(because.len() <= BECAUSE_BYTES_MAX, || {
        format!("its reason for replacing +{number} has more than {BECAUSE_BYTES_MAX} bytes")
    })?;
    ensure(!because.contains(char::is_control), || {
        format!("its reason for replacing +{number} contains control characters")
    })
}

/// Reviews, suspects and inputs are all in ascending order, so one pass compares them.
fn check_reviews(purpose: Purpose, plan: &Plan, account: &Account, inputs: &Inputs) -> Result<(), PlanFault> {
    let may_review = matches!(purpose, Purpose::Review) && account.enabled;
    ensure(may_review || plan.reviews.is_empty(), || "it reviews numbers without a request".into())?;
    ensure(may_review || plan.suspects.is_none(), || "it looks at calls without a request".into())?;
    let mut monitored = inputs.monitored();
    let mut suspects = plan.suspects.as_ref().map_or(&[][..], |suspects| &suspects.numbers[..]).iter().peekable();
    for review in plan.reviews.rows().map_err(|fault| PlanFault(fault.to_string()))? {
        let number = monitored.find(|number| number.number >= review.number);
        let Some(number) = number.filter(|number| number.number == review.number) else {
            return fault(format!("it reviews +{}, which is out of order or not monitored", review.number));
        };
        while suspects.next_if(|suspect| **suspect < review.number).is_some() {}
        let is_suspect = suspects.peek() == Some(&&review.number);
        check_review(&review, &number, is_suspect, account, plan.decided_at)?;
    }
    check_suspects(plan, inputs)
}

fn check_review(
    review: &Review,
    number: &MonitoredNumber,
    is_suspect: bool,
    account: &Account,
    decided_at: Timestamp,
) -> Result<(), PlanFault> {
    let is_rated = review.answering > 0;
    ensure(!is_rated || number.last_rated_at.is_none_or(|at| at < account.day_starts_at), || {
        format!("it rates +{} twice on one date", review.number)
    })?;
    ensure(review.flagging <= review.answering && (is_rated || is_suspect), || {
        format!("it counts {} of {} carriers as flagging +{}", review.flagging, review.answering, review.number)
    })?;
    // Where a clock was set back, the evidence of an earlier rating may lie after it.
    let is_kept = review.evidence_until == number.evidence_until;
    ensure(is_kept || review.evidence_until.is_none_or(|until| until <= decided_at), || {
        format!("it rates +{} by what is not known yet", review.number)
    })?;
    ensure(review.status != Status::Pending, || format!("it rates +{} as pending", review.number))
}

fn check_suspects(plan: &Plan, inputs: &Inputs) -> Result<(), PlanFault> {
    let Some(suspects) = &plan.suspects else { return Ok(()) };
    let mut monitored = inputs.monitored();
    for suspect in suspects.rows().map_err(|fault| PlanFault(fault.to_string()))? {
        let number = monitored.find(|number| number.number >= suspect.number);
        ensure(number.is_some_and(|number| number.number == suspect.number), || {
            format!("it calls +{} suspect, which is out of order or not monitored", suspect.number)
        })?;
        ensure(suspect.attempts > 0 && suspect.answered.max(suspect.blocked) <= suspect.attempts, || {
            let Suspect { number, attempts, answered, blocked } = suspect;
            format!("it counts {answered} answered and {blocked} blocked of {attempts} calls from +{number}")
        })?;
    }
    Ok(())
}

/// The account while the plan's actions are applied to it one after the other.
struct Ledger<'a> {
    account: &'a Account,
    /// Whether the policy read every monitored number, so that any other number is known to be unmonitored.
    monitored_all_read: bool,
    purpose: Purpose<'a>,
    requested_numbers: BTreeSet<PhoneNumber>,
    decided_at: Timestamp,
    owned: BTreeSet<PhoneNumber>,
    /// Whether each is one of the account's own.
    offered: BTreeMap<PhoneNumber, bool>,
    monitored: BTreeMap<PhoneNumber, (SlotId, bool)>,
    taken_slots: BTreeSet<SlotId>,
    /// Flagged or suspect.
    spam: BTreeSet<PhoneNumber>,
    /// Monitored numbers that are not in use.
    unused: BTreeSet<PhoneNumber>,
    /// Monitored numbers that the plan takes out of use or uses again.
    use_changed: BTreeSet<PhoneNumber>,
    /// Numbers that rest and about which nothing is decided yet, and the rests that each has ended.
    rested: BTreeMap<PhoneNumber, u8>,
    /// Numbers that have left their slots to be released, and have not been.
    leaving: BTreeSet<PhoneNumber>,
    blocks_are_set: bool,
    replacements_left: u32,
}

impl<'a> Ledger<'a> {
    fn new(account: &'a Account, inputs: &Inputs, plan: &Plan, purpose: Purpose<'a>) -> Self {
        let mut ledger = Ledger {
            account,
            monitored_all_read: inputs.monitored_count() == account.monitored_count as usize,
            purpose,
            requested_numbers: BTreeSet::new(),
            decided_at: plan.decided_at,
            owned: BTreeSet::new(),
            offered: BTreeMap::new(),
            monitored: BTreeMap::new(),
            taken_slots: BTreeSet::new(),
            spam: BTreeSet::new(),
            unused: BTreeSet::new(),
            use_changed: BTreeSet::new(),
            rested: BTreeMap::new(),
            leaving: BTreeSet::new(),
            blocks_are_set: false,
            replacements_left: u32::from(account.guard_rails.replacements_per_day_max)
                .saturating_sub(account.replacements_today),
        };
        // Most reviews take no action; the books below are needed only for actions.
        if !plan.actions.is_empty() {
            ledger.open(inputs, plan);
        }
        ledger
    }

    fn open(&mut self, inputs: &Inputs, plan: &Plan) {
        if let Purpose::Request(request) = self.purpose {
            self.requested_numbers = requested_numbers(request).unwrap_or_default().iter().copied().collect();
        }
        let now = self.decided_at;
        self.taken_slots = self.account.locked_slots.iter().filter(|l| l.until > now).map(|l| l.slot).collect();
        self.taken_slots.extend(inputs.monitored().map(|number| number.slot));
        self.owned = inputs.owned.iter().copied().chain(inputs.monitored().map(|number| number.number)).collect();
        self.offered = inputs.offered.clone();
        self.rested = inputs.rested.clone();
        self.monitored =
            inputs.monitored().map(|number| (number.number, (number.slot, number.replacement_pending))).collect();
        let is_unused = |number: &MonitoredNumber| number.resting_since.is_some();
        self.unused = inputs.monitored().filter(is_unused).map(|number| number.number).collect();
        let mut statuses: BTreeMap<_, _> = inputs.monitored().map(|number| (number.number, number.status)).collect();
        statuses.extend(plan.reviews.rows().into_iter().flatten().map(|review| (review.number, review.status)));
        self.spam = statuses.into_iter().filter(|(_, status)| *status == Status::Flagged).map(|(n, _)| n).collect();
        match &plan.suspects {
            Some(suspects) => self.spam.extend(&suspects.numbers),
            None => self.spam.extend(inputs.monitored().filter(|n| n.suspect_since.is_some()).map(|n| n.number)),
        }
    }

    fn take(&mut self, action: &Action) -> Result<(), PlanFault> {
        match action {
            Action::OccupySlot(occupancy) => self.occupy(occupancy),
            Action::LockSlot(closing) => self.lock(closing),
            Action::ReleaseNumber(number) => self.release(*number),
            Action::ReplaceNumber(replacement) => self.replace(replacement),
            Action::SetBlocks(change) => self.set_blocks(change),
            Action::StopUsing(number) => self.stop_using(*number),
            Action::UseAgain(number) => self.use_again(*number),
            Action::OfferAgain(number) | Action::GiveBack(number) => self.decide_rest(*number).map(drop),
            Action::RestOn(number) => self.rest_on(*number),
        }
    }

    /// After the last action.
    fn close(&self) -> Result<(), PlanFault> {
        match self.leaving.first() {
            Some(number) => fault(format!("it locks the slot of +{number} for a deletion, and does not release it")),
            None => Ok(()),
        }
    }

    fn occupy(&mut self, Occupancy { number, slot }: &Occupancy) -> Result<(), PlanFault> {
        let requested = matches!(self.purpose, Purpose::Request(Request::StartMonitoring(_)));
        self.ensure_requested(requested, *number, "starts to monitor")?;
        ensure(self.account.enabled, || "it starts monitoring while the add-on is off".into())?;
        self.ensure_all_read()?;
        ensure(self.owned.contains(number), || format!("the account does not own +{number}"))?;
        ensure(!self.monitored.contains_key(number), || format!("+{number} already has a slot"))?;
        ensure((1..=self.account.slot_count).contains(slot), || format!("slot {slot} does not exist"))?;
        ensure(self.taken_slots.insert(*slot), || format!("slot {slot} is occupied or locked"))?;
        self.monitored.insert(*number, (*slot, false));
        ensure(self.taken_slots.len() <= self.account.slot_count as usize, || {
            "it fills more slots than the account has".into()
        })?;
        ensure(self.monitored.len() <= self.account.slot_count_next as usize, || {
            "it fills slots that end with this cycle".into()
        })
    }

    fn lock(&mut self, closing: &SlotClosing) -> Result<(), PlanFault> {
        let requested = match (self.purpose, closing.why) {
            (Purpose::Request(Request::StopMonitoring(_)), ClosingReason::MonitoringStopped) => true,
            (Purpose::Request(Request::DeleteNumbers(deletion)), ClosingReason::NumberDeleted) => {
                deletion.accept_slot_loss
            }
            _ => false,
        };
        self.ensure_requested(requested, closing.number, "locks the slot of")?;
        self.ensure_settled_in(closing.number, closing.slot)?;
        ensure(closing.until == self.account.cycle_ends_at, || {
            format!("it locks slot {} until {}, which is not the end of the cycle", closing.slot, closing.until)
        })?;
        self.monitored.remove(&closing.number);
        if closing.why == ClosingReason::NumberDeleted {
            self.leaving.insert(closing.number);
        }
        Ok(())
    }

    fn release(&mut self, number: PhoneNumber) -> Result<(), PlanFault> {
        let requested = matches!(self.purpose, Purpose::Request(Request::DeleteNumbers(_)));
        self.ensure_requested(requested, number, "releases")?;
        self.ensure_all_read()?;
        ensure(!self.monitored.contains_key(&number), || format!("+{number} still has its slot"))?;
        self.leaving.remove(&number);
        ensure(self.owned.remove(&number), || format!("the account does not own +{number}"))
    }

    fn replace(&mut self, replacement: &Replacement) -> Result<(), PlanFault> {
        let Replacement { number, replacement: successor, slot, why, because } = replacement;
        ensure(self.account.enabled, || "it replaces a number while the add-on is off".into())?;
        match why {
            ReplacementReason::Requested => {
                let requested = matches!(self.purpose, Purpose::Request(Request::ReplaceNumbers(_)));
                self.ensure_requested(requested, *number, "replaces")?;
            }
            ReplacementReason::Flagged => self.ensure_automatic(*number)?,
        }
        self.ensure_settled_in(*number, *slot)?;
        ensure(!self.use_changed.contains(number) || !self.unused.contains(number), || {
            format!("it takes +{number} out of use and replaces it")
        })?;
        check_because(*number, because)?;
        let Some(has_rested) = self.offered.remove(successor) else {
            return fault(format!("+{successor} was not offered, or is used twice"));
        };
        ensure(has_rested || !self.owned.contains(successor), || {
            format!("+{successor} is one of the account's own numbers")
        })?;
        ensure(!self.monitored.contains_key(successor), || format!("+{successor} already has a slot"))?;
        self.monitored.insert(*number, (*slot, true));
        Ok(())
    }

    /// Automatic replacement spends money unasked: it needs the account's guard rail, a number with bad marks, and room under
    /// the daily cap.
    fn ensure_automatic(&mut self, number: PhoneNumber) -> Result<(), PlanFault> {
        self.ensure_unasked("replaces a number")?;
        ensure(self.spam.contains(&number), || format!("it replaces +{number}, which is neither flagged nor suspect"))?;
        ensure(self.replacements_left > 0, || "it replaces more numbers than the account allows in a day".into())?;
        self.replacements_left -= 1;
        Ok(())
    }

    fn stop_using(&mut self, number: PhoneNumber) -> Result<(), PlanFault> {
        self.ensure_unasked("takes a number out of use")?;
        ensure(self.monitored.get(&number).is_some_and(|(_, pending)| !pending), || {
            format!("it takes +{number} out of use, which is not monitored or is being replaced")
        })?;
        ensure(self.spam.contains(&number), || {
            format!("it takes +{number} out of use, which is neither flagged nor suspect")
        })?;
        ensure(self.unused.insert(number), || format!("+{number} is out of use already"))?;
        self.change_use(number)
    }

    fn use_again(&mut self, number: PhoneNumber) -> Result<(), PlanFault> {
        ensure(matches!(self.purpose, Purpose::Review), || format!("it uses +{number} again without a request"))?;
        ensure(self.unused.remove(&number), || format!("it uses +{number} again, which is in use"))?;
        self.change_use(number)
    }

    fn change_use(&mut self, number: PhoneNumber) -> Result<(), PlanFault> {
        ensure(self.use_changed.insert(number), || format!("it both takes +{number} out of use and uses it again"))
    }

    /// Rests are counted up to 255. How many are enough is the policy's to say.
    fn rest_on(&mut self, number: PhoneNumber) -> Result<(), PlanFault> {
        let rests = self.decide_rest(number)?;
        ensure(rests < u8::MAX, || format!("it lets +{number} rest on, which has ended {rests} rests"))
    }

    /// The rests that the number has ended. After this, the plan may not decide about it again.
    fn decide_rest(&mut self, number: PhoneNumber) -> Result<u8, PlanFault> {
        ensure(matches!(self.purpose, Purpose::Review) && self.account.enabled, || {
            format!("it decides about the rest of +{number} without a request")
        })?;
        match self.rested.remove(&number) {
            Some(rests) => Ok(rests),
            None => fault(format!("+{number} does not rest, or is decided about twice")),
        }
    }

    /// What a review may do only while automatic replacement is on.
    fn ensure_unasked(&self, does: &str) -> Result<(), PlanFault> {
        let allowed =
            matches!(self.purpose, Purpose::Review) && self.account.enabled && self.account.guard_rails.auto_replace;
        ensure(allowed, || format!("it {does} automatically, which the account has turned off"))
    }

    fn set_blocks(&mut self, change: &BlockChange) -> Result<(), PlanFault> {
        let requested =
            matches!(self.purpose, Purpose::Request(Request::SetBlocks(blocks)) if *blocks == change.blocks);
        ensure(requested && self.account.enabled, || format!("it sets {} blocks without a request", change.blocks))?;
        ensure(change.blocks <= BLOCKS_MAX, || format!("{} blocks are more than {BLOCKS_MAX}", change.blocks))?;
        let slots = u64::from(change.blocks) * u64::from(self.account.slots_per_block);
        ensure(slots >= u64::from(self.account.monitored_count), || "it removes slots that are in use".into())?;
        let starting =
            if slots > u64::from(self.account.slot_count) { self.decided_at } else { self.account.cycle_ends_at };
        ensure(change.starting == starting, || format!("it changes blocks at {}, not {starting}", change.starting))?;
        let is_second = std::mem::replace(&mut self.blocks_are_set, true);
        ensure(!is_second, || format!("it sets {} blocks more than once", change.blocks))
    }

    fn ensure_requested(&self, requested: bool, number: PhoneNumber, does: &str) -> Result<(), PlanFault> {
        let requested = requested && self.requested_numbers.contains(&number);
        ensure(requested, || format!("it {does} +{number} without a request"))
    }

    /// A policy that read only some monitored numbers cannot know that a slot is free or that a number has none.
    fn ensure_all_read(&self) -> Result<(), PlanFault> {
        ensure(self.monitored_all_read, || "it was made without reading every monitored number".into())
    }

    fn ensure_settled_in(&self, number: PhoneNumber, slot: SlotId) -> Result<(), PlanFault> {
        match self.monitored.get(&number) {
            Some((_, true)) => fault(format!("+{number} is already being replaced")),
            Some((own, false)) if *own == slot => Ok(()),
            _ => fault(format!("+{number} does not occupy slot {slot}")),
        }
    }
}

fn requested_numbers(request: &Request) -> Option<&[PhoneNumber]> {
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
