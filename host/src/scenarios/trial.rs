//! One question to a policy: its answer, or what it did that no policy may do.

use super::answer::Answer;
use super::case::{Call, Case, RequestGiven};
use super::notation::{Numbers, name};
use crate::check::{Asked, check, check_decision};
use crate::contract::{self, *};
use crate::dialer::Dialer;
use crate::policy::{Policy, PolicyError};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// What no policy may do, whatever it is asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Broken {
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

/// Where the policy's answer differs from what the case expects; none where it does not.
pub(super) async fn try_case(policy: &Policy, case: &Case) -> Result<Option<String>, Broken> {
    let known = Arc::new(case.dialer());
    let dialer = known.around();
    let mut answer = ask(policy, &dialer, case.id(), case.call(), case.settings()).await?;
    answer.numbers_looked_up = Some(known.numbers_looked_up.load(Relaxed));
    if case.expect().settings_as_checked.is_some() {
        let checked = ask(policy, &dialer, case.id(), &Call::CheckSettings, case.settings()).await?;
        let refuses = |answer: &Answer| answer.is_error(ErrorCode::InvalidSettings);
        answer.settings_as_checked = Some(refuses(&checked) == refuses(&answer));
    }
    let again = ask(policy, &dialer, case.id(), case.call(), case.settings()).await?;
    if let Some(difference) = again.difference(&answer) {
        return Err(Broken::Promise(format!("it answers the same question differently the second time: {difference}")));
    }
    Ok(case.expect().difference(&answer))
}

/// The policy's answer to one call, in the notation of cases.
pub(super) async fn ask(
    policy: &Policy,
    dialer: &Dialer,
    id: &str,
    call: &Call,
    settings: &Settings,
) -> Result<Answer, Broken> {
    let answered = match call {
        Call::Describe => describe(policy).await,
        Call::CheckSettings => policy.check_settings(settings).await.map(|()| Ok(Answer::default())),
        Call::ReviewAccount => review(policy, dialer, id).await,
        Call::Decide(request) => decide(policy, dialer, id, request).await,
        Call::Screen(numbers) => screen(policy, dialer, id, numbers).await,
        Call::GetUsage => usage(policy, dialer, id).await,
    };
    answered.unwrap_or_else(refused)
}

fn refused(error: PolicyError) -> Result<Answer, Broken> {
    match error {
        PolicyError::Fault(fault) => Err(Broken::Fault(format!("its run was ended: {fault}"))),
        PolicyError::Answered(error) if error.message.trim().is_empty() => {
            Err(Broken::Promise(format!("its error {} says nothing to people", name(&error.code))))
        }
        PolicyError::Answered(error) => Ok(Answer::of_error(error.code)),
    }
}

/// What one call comes to: an answer or a broken promise, where the policy did not answer an error.
type Asking = Result<Result<Answer, Broken>, PolicyError>;

async fn describe(policy: &Policy) -> Asking {
    let Description { name, version, summary } = policy.describe().await?;
    let is_kebab_case = name
        .split('-')
        .all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
    Ok(match () {
        () if !is_kebab_case => promise(format!("its name {name:?} is not in kebab-case")),
        () if semver::Version::parse(&version).is_err() => promise(format!("its version {version:?} is no SemVer")),
        () if summary.trim().is_empty() => promise("its summary says nothing".into()),
        () => Ok(Answer::default()),
    })
}

async fn review(policy: &Policy, dialer: &Dialer, id: &str) -> Asking {
    let reviewed = policy.review_account(dialer, id).await?;
    let checked = check(id, Asked::Review, &reviewed.answer, &reviewed.shown);
    Ok(match checked {
        Ok(()) => Ok(Answer::of_plan(&reviewed.answer, &reviewed.shown.monitored)),
        Err(fault) => Err(Broken::Refused(fault.to_string())),
    })
}

async fn decide(policy: &Policy, dialer: &Dialer, id: &str, request: &RequestGiven) -> Asking {
    let request = request.request();
    let decided = policy.decide(dialer, id, &request).await?;
    let checked = check_decision(id, &request, &decided.answer, &decided.shown);
    Ok(match checked {
        Ok(()) => ensure_kept(&request, &decided.answer)
            .map(|()| Answer::of_decision(&decided.answer, &decided.shown.monitored)),
        Err(fault) => Err(Broken::Refused(fault.to_string())),
    })
}

async fn screen(policy: &Policy, dialer: &Dialer, id: &str, numbers: &[Numbers]) -> Asking {
    let screenings = policy.screen(dialer, id, &Numbers::of_all(numbers)).await?;
    let too_many = screenings.iter().find(|screening| screening.flagging > screening.answering);
    Ok(match too_many {
        Some(Screening { number, flagging, answering, .. }) => {
            promise(format!("it counts {flagging} of {answering} carriers for +{number}"))
        }
        None => Ok(Answer::of_screenings(&screenings)),
    })
}

async fn usage(policy: &Policy, dialer: &Dialer, id: &str) -> Asking {
    let usage = policy.usage(dialer, id).await?;
    let statuses = [usage.pending, usage.clean, usage.at_risk, usage.flagged];
    let counted = statuses.into_iter().map(u64::from).sum::<u64>();
    let Usage { occupied, flagged_past_day, flagged_past_week, .. } = usage;
    Ok(match () {
        () if counted != u64::from(occupied) => {
            promise(format!("it counts {occupied} numbers, and {counted} by their status"))
        }
        () if flagged_past_day > flagged_past_week => {
            promise(format!("it counts {flagged_past_day} flagged in a day, {flagged_past_week} in a week"))
        }
        () => Ok(Answer::of_usage(&usage)),
    })
}

/// What is accepted is in the plan, what is refused is not, and only two refusals say until when.
fn ensure_kept(request: &Request, decision: &Decision) -> Result<(), Broken> {
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

fn promise<T>(what: String) -> Result<T, Broken> {
    Err(Broken::Promise(what))
}
