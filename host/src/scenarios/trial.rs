//! One question to a policy: its answer, or what it did that no policy may do.

use super::answer::Answer;
use super::case::{Call, Case, RequestNotation};
use super::fake_dialer::Fixture;
use super::notation::Numbers;
use super::promises::{self, Breach};
use crate::contract::*;
use crate::dialer::{CarrierLookup, Dialer};
use crate::policy::{Policy, PolicyError};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// What came of a case.
pub(super) struct CaseOutcome {
    /// Where the policy's answer differs from what the case expects; none where it does not.
    pub difference: Option<String>,
    /// How long it took.
    pub took: Duration,
}

/// A dialer that knows what the case states, and nothing else.
pub(super) type Embedding<'a> = &'a (dyn Fn(Arc<Fixture>) -> Dialer + Sync);

pub(super) async fn try_case(policy: &Policy, case: &Case, embedding: Embedding<'_>) -> Result<CaseOutcome, Breach> {
    let dialer = embedding(Arc::new(case.fixture()));
    let numbers_looked_up = Arc::new(AtomicUsize::new(0));
    let carriers = Arc::new(LookupCounter { carriers: dialer.carriers.clone(), numbers: numbers_looked_up.clone() });
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
        return Err(Breach::Promise(format!("it answers the same question differently the second time: {difference}")));
    }
    Ok(CaseOutcome { difference: case.expect().difference(&answer), took })
}

/// Carriers, and about how many numbers they were asked without failing.
struct LookupCounter {
    carriers: Arc<dyn CarrierLookup>,
    numbers: Arc<AtomicUsize>,
}

#[async_trait::async_trait]
impl CarrierLookup for LookupCounter {
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
) -> Result<Answer, Breach> {
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

fn refused(error: PolicyError) -> Result<Answer, Breach> {
    match error {
        PolicyError::Fault(fault) => Err(Breach::Fault(format!("its run was ended: {fault}"))),
        PolicyError::Answered(error) => promises::error(&error),
    }
}

/// What one call comes to: an answer or a broken promise, where the policy did not answer an error.
type CallResult = Result<Result<Answer, Breach>, PolicyError>;

async fn describe(policy: &Policy) -> CallResult {
    Ok(promises::description(&policy.describe().await?))
}

async fn review(policy: &Policy, dialer: &Dialer, id: &str) -> CallResult {
    let reviewed = policy.review_account(dialer, id).await?;
    Ok(promises::review(id, &reviewed.answer, &reviewed.inputs))
}

async fn decide(policy: &Policy, dialer: &Dialer, id: &str, request: &RequestNotation) -> CallResult {
    let request = request.request();
    let decided = policy.decide(dialer, id, &request).await?;
    Ok(promises::decision(id, &request, &decided.answer, &decided.inputs))
}

async fn screen(policy: &Policy, dialer: &Dialer, id: &str, numbers: &[Numbers]) -> CallResult {
    let numbers = Numbers::of_all(numbers);
    Ok(promises::screenings(&numbers, &policy.screen(dialer, id, &numbers).await?))
}

async fn usage(policy: &Policy, dialer: &Dialer, id: &str) -> CallResult {
    Ok(promises::usage(&policy.usage(dialer, id).await?))
}
