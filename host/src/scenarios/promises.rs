//! What the contract promises about every answer, whatever was asked: an answer in the notation of cases, or which
//! promise it breaks.

use super::answer::Answer;
use super::notation::name;
use crate::check::{Purpose, check, check_decision};
use crate::contract::{self, *};
use crate::policy::Inputs;

/// Events that every ledger records itself, under the names that Dialguard's own ledger has for them. A policy whose
/// notices borrow one would forge what happened.
const RESERVED_EVENTS: [&str; 12] = [
    "account-changed",
    "blocks-changed",
    "charged",
    "monitoring-started",
    "number-bought",
    "released",
    "replaced",
    "resting",
    "slot-locked",
    "turned-at-risk",
    "turned-clean",
    "turned-flagged",
];

/// What no policy may do, whatever it is asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Breach {
    /// Its run came to a bad end.
    #[error("{0}")]
    Fault(String),
    /// The host would refuse its plan.
    #[error("{0}")]
    Refused(String),
    /// It broke a promise that the contract makes about every answer.
    #[error("{0}")]
    Promise(String),
}

/// Who a policy is, which is told in a form of its own.
pub(super) fn description(Description { name, version, summary }: &Description) -> Result<Answer, Breach> {
    let is_kebab_case = name
        .split('-')
        .all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
    match () {
        () if !is_kebab_case => promise(format!("its name {name:?} is not in kebab-case")),
        () if semver::Version::parse(version).is_err() => promise(format!("its version {version:?} is no SemVer")),
        () if summary.trim().is_empty() => promise("its summary says nothing".into()),
        () => Ok(Answer::default()),
    }
}

/// A review's plan, which the ledger can take.
pub(super) fn review(id: &str, plan: &Plan, inputs: &Inputs) -> Result<Answer, Breach> {
    match check(id, Purpose::Review, plan, inputs, &RESERVED_EVENTS) {
        Ok(()) => Ok(Answer::of_plan(plan, &inputs.monitored)),
        Err(fault) => Err(Breach::Refused(fault.to_string())),
    }
}

/// A decision, whose plan the ledger can take and does what is accepted.
pub(super) fn decision(id: &str, request: &Request, decision: &Decision, inputs: &Inputs) -> Result<Answer, Breach> {
    match check_decision(id, request, decision, inputs, &RESERVED_EVENTS) {
        Ok(()) => ensure_kept(request, decision).map(|()| Answer::of_decision(decision, &inputs.monitored)),
        Err(fault) => Err(Breach::Refused(fault.to_string())),
    }
}

/// One screening for each number, in the order asked.
pub(super) fn screenings(numbers: &[PhoneNumber], screenings: &[Screening]) -> Result<Answer, Breach> {
    if !screenings.iter().map(|screening| &screening.number).eq(numbers) {
        return promise("it did not answer every number in the order asked".into());
    }
    match screenings.iter().find(|screening| screening.flagging > screening.answering) {
        Some(Screening { number, flagging, answering, .. }) => {
            promise(format!("it counts {flagging} of {answering} carriers for +{number}"))
        }
        None => Ok(Answer::of_screenings(screenings)),
    }
}

/// Figures that add up.
pub(super) fn usage(usage: &Usage) -> Result<Answer, Breach> {
    let statuses = [usage.pending, usage.clean, usage.at_risk, usage.flagged];
    let counted = statuses.into_iter().map(u64::from).sum::<u64>();
    let Usage { occupied, flagged_past_day, flagged_past_week, .. } = *usage;
    match () {
        () if counted != u64::from(occupied) => {
            promise(format!("it counts {occupied} numbers, and {counted} by their status"))
        }
        () if flagged_past_day > flagged_past_week => {
            promise(format!("it counts {flagged_past_day} flagged in a day, {flagged_past_week} in a week"))
        }
        () => Ok(Answer::of_usage(usage)),
    }
}

/// An error that says something to people.
pub(super) fn error(error: &Error) -> Result<Answer, Breach> {
    if error.message.trim().is_empty() {
        return promise(format!("its error {} says nothing to people", name(&error.code)));
    }
    Ok(Answer::of_error(error.code))
}

/// What is accepted is in the plan, what is refused is not, and only two refusals say until when.
fn ensure_kept(request: &Request, decision: &Decision) -> Result<(), Breach> {
    let may_wait = [contract::Answer::NoFreeSlot, contract::Answer::SlotWouldLock];
    let timed = decision.outcomes.iter().find(|outcome| outcome.until.is_some() && !may_wait.contains(&outcome.answer));
    if let Some(Outcome { answer, .. }) = timed {
        return promise(format!("its answer {} has a time until which nothing lasts", name(answer)));
    }
    let mut done: Vec<_> = decision.plan.actions.iter().filter_map(|action| done(request, action)).collect();
    let mut accepted = accepted(request, &decision.outcomes);
    done.sort_unstable();
    accepted.sort_unstable();
    match accepted.iter().find(|number| done.binary_search(number).is_err()) {
        Some(number) => promise(format!("it accepted +{number}, and its plan does nothing about it")),
        None if done != accepted => promise("its plan does more than it accepted".into()),
        None => Ok(()),
    }
}

/// The numbers whose wishes are granted. Blocks are no number's: what they were before may do without an action.
fn accepted(request: &Request, outcomes: &[Outcome]) -> Vec<PhoneNumber> {
    let numbers = match request {
        Request::StartMonitoring(numbers) | Request::StopMonitoring(numbers) | Request::ReplaceNumbers(numbers) => {
            numbers
        }
        Request::DeleteNumbers(deletion) => &deletion.numbers,
        Request::SetBlocks(_) => return Vec::new(),
    };
    let answered = numbers.iter().zip(outcomes);
    answered.filter(|(_, outcome)| outcome.answer == contract::Answer::Accepted).map(|(number, _)| *number).collect()
}

/// The number whose wish the action grants.
fn done(request: &Request, action: &Action) -> Option<PhoneNumber> {
    match (request, action) {
        (Request::StartMonitoring(_), Action::OccupySlot(occupancy)) => Some(occupancy.number),
        (Request::StopMonitoring(_), Action::LockSlot(closing)) => Some(closing.number),
        (Request::DeleteNumbers(_), Action::ReleaseNumber(number)) => Some(*number),
        (Request::ReplaceNumbers(_), Action::ReplaceNumber(replacement)) => Some(replacement.number),
        _ => None,
    }
}

fn promise<T>(what: String) -> Result<T, Breach> {
    Err(Breach::Promise(what))
}
