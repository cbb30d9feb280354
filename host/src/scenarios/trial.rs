//! One question to a policy: its answer, or what it did that no policy may do.

use super::answer::Answer;
use super::case::{Call, Case, RequestGiven};
use super::dialer::Known;
use super::notation::Numbers;
use super::promises::{self, Broken};
use crate::contract::*;
use crate::dialer::{CarrierLookup, Dialer};
use crate::policy::{Policy, PolicyError};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// What came of a case.
pub(super) struct Tried {
    /// Where the policy's answer differs from what the case expects; none where it does not.
    pub difference: Option<String>,
    /// How long it took.
    pub took: Duration,
}

/// A dialer that knows what the case states, and nothing else.
pub(super) type Embedding<'a> = &'a (dyn Fn(Arc<Known>) -> Dialer + Sync);

pub(super) async fn try_case(policy: &Policy, case: &Case, embedding: Embedding<'_>) -> Result<Tried, Broken> {
    let dialer = embedding(Arc::new(case.known()));
    let numbers_looked_up = Arc::new(AtomicUsize::new(0));
    let carriers = Arc::new(Counting { carriers: dialer.carriers.clone(), numbers: numbers_looked_up.clone() });
    let dialer = Dialer { carriers, ..dialer };
    let begun = Instant::now();
    let mut answer = ask(policy, &dialer, case.id(), case.call(), case.settings()).await?;
    let took = begun.elapsed();
    answer.numbers_looked_up = Some(numbers_looked_up.load(Relaxed));
    if case.expect().settings_as_checked.is_some() {
        let checked = ask(policy, &dialer, case.id(), &Call::CheckSettings, case.settings()).await?;
        answer.settings_as_checked = Some(checked.refuses_settings() == answer.refuses_settings());
    }
    let again = ask(policy, &dialer, case.id(), case.call(), case.settings()).await?;
    if let Some(difference) = again.difference(&answer) {
        return Err(Broken::Promise(format!("it answers the same question differently the second time: {difference}")));
    }
    Ok(Tried { difference: case.expect().difference(&answer), took })
}

/// Carriers, and about how many numbers they were asked without failing.
struct Counting {
    carriers: Arc<dyn CarrierLookup>,
    numbers: Arc<AtomicUsize>,
}

#[async_trait::async_trait]
impl CarrierLookup for Counting {
    async fn carriers(&self) -> Vec<Carrier> {
        self.carriers.carriers().await
    }

    async fn look_up(&self, numbers: Vec<PhoneNumber>) -> Result<Vec<Observation>, Error> {
        let asked = numbers.len();
        let answered = self.carriers.look_up(numbers).await?;
        self.numbers.fetch_add(asked, Relaxed);
        Ok(answered)
    }
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
        PolicyError::Answered(error) => promises::error(&error),
    }
}

/// What one call comes to: an answer or a broken promise, where the policy did not answer an error.
type Asking = Result<Result<Answer, Broken>, PolicyError>;

async fn describe(policy: &Policy) -> Asking {
    Ok(promises::description(&policy.describe().await?))
}

async fn review(policy: &Policy, dialer: &Dialer, id: &str) -> Asking {
    let reviewed = policy.review_account(dialer, id).await?;
    Ok(promises::review(id, &reviewed.answer, &reviewed.inputs))
}

async fn decide(policy: &Policy, dialer: &Dialer, id: &str, request: &RequestGiven) -> Asking {
    let request = request.request();
    let decided = policy.decide(dialer, id, &request).await?;
    Ok(promises::decision(id, &request, &decided.answer, &decided.inputs))
}

async fn screen(policy: &Policy, dialer: &Dialer, id: &str, numbers: &[Numbers]) -> Asking {
    let numbers = Numbers::of_all(numbers);
    Ok(promises::screenings(&numbers, &policy.screen(dialer, id, &numbers).await?))
}

async fn usage(policy: &Policy, dialer: &Dialer, id: &str) -> Asking {
    Ok(promises::usage(&policy.usage(dialer, id).await?))
}
