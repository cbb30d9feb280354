//! The promises that the contract makes about every answer. Each function returns the answer in the notation of cases, or
//! the promise that it breaks.

use super::answer::Answer;
use super::notation::name;
use crate::check::{Purpose, check, check_decision};
use crate::contract::{self, *};
use crate::policy::Inputs;
use crate::settings::check_declared;

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

/// A breach of the contract, whatever the call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Breach {
    /// The run was ended.
    #[error("{0}")]
    Fault(String),
    /// A host would refuse the plan.
    #[error("{0}")]
    Refused(String),
    /// The answer breaks a promise of the contract.
    #[error("{0}")]
    Promise(String),
}

/// A description has a name in kebab-case, a SemVer version, a summary, and settings that can be shown and stored.
pub(super) fn description(description: &Description) -> Result<Answer, Breach> {
    let Description { name, version, summary, settings } = description;
    let is_kebab_case = name
        .split('-')
        .all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
    match check_declared(settings) {
        _ if !is_kebab_case => promise(format!("its name {name:?} is not in kebab-case")),
        _ if semver::Version::parse(version).is_err() => promise(format!("its version {version:?} is not SemVer")),
        _ if summary.trim().is_empty() => promise("its summary is empty".into()),
        Err(why) => promise(why),
        Ok(()) => Ok(Answer::of_description(description)),
    }
}

/// A review's plan passes the check.
pub(super) fn review(id: &str, plan: &Plan, inputs: &Inputs) -> Result<Answer, Breach> {
    match check(id, Purpose::Review, plan, inputs, &RESERVED_EVENTS) {
        Ok(()) => Ok(Answer::of_plan(plan, inputs)),
        Err(fault) => Err(Breach::Refused(fault.to_string())),
    }
}

/// A decision passes the check.
pub(super) fn decision(id: &str, request: &Request, decision: &Decision, inputs: &Inputs) -> Result<Answer, Breach> {
    match check_decision(id, request, decision, inputs, &RESERVED_EVENTS) {
        Ok(()) => ensure_timed(decision).map(|()| Answer::of_decision(decision, inputs)),
        Err(fault) => Err(Breach::Refused(fault.to_string())),
    }
}

/// There is one screening for each number, in the order given.
pub(super) fn screenings(numbers: &[PhoneNumber], screenings: &[Screening]) -> Result<Answer, Breach> {
    if !screenings.iter().map(|screening| &screening.number).eq(numbers) {
        return promise("it did not answer every number in the order given".into());
    }
    match screenings.iter().find(|screening| screening.flagging > screening.answering) {
        Some(Screening { number, flagging, answering, .. }) => {
            promise(format!("it counts {flagging} of {answering} carriers as flagging +{number}"))
        }
        None => Ok(Answer::of_screenings(screenings)),
    }
}

/// The figures add up.
pub(super) fn usage(usage: &Usage) -> Result<Answer, Breach> {
    let statuses = [usage.pending, usage.clean, usage.at_risk, usage.flagged];
    let counted = statuses.into_iter().map(u64::from).sum::<u64>();
    let Usage { occupied, suspect, resting, flagged_past_day, flagged_past_week, .. } = *usage;
    match () {
        () if counted != u64::from(occupied) => {
            promise(format!("it counts {occupied} numbers, but {counted} by status"))
        }
        () if suspect.max(resting) > occupied => {
            promise(format!("it counts {suspect} suspect and {resting} resting numbers of {occupied}"))
        }
        () if flagged_past_day > flagged_past_week => promise(format!(
            "it counts {flagged_past_day} numbers flagged in the past day, but {flagged_past_week} in the past week"
        )),
        () => Ok(Answer::of_usage(usage)),
    }
}

/// An error has a message.
pub(super) fn error(error: &Error) -> Result<Answer, Breach> {
    if error.message.trim().is_empty() {
        return promise(format!("its error {} has no message", name(&error.code)));
    }
    Ok(Answer::of_error(error.code))
}

/// Only two refusals have an `until`.
fn ensure_timed(decision: &Decision) -> Result<(), Breach> {
    let may_wait = [contract::Answer::NoFreeSlot, contract::Answer::SlotWouldLock];
    let timed = decision.outcomes.iter().find(|outcome| outcome.until.is_some() && !may_wait.contains(&outcome.answer));
    match timed {
        Some(Outcome { answer, .. }) => promise(format!("its answer {} must not have an `until`", name(answer))),
        None => Ok(()),
    }
}

fn promise<T>(what: String) -> Result<T, Breach> {
    Err(Breach::Promise(what))
}
