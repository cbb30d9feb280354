//! Calls a policy for one case and returns its answer, or its breach of the contract.

use super::answer::{Answer, LookUp};
use super::case::{Call, Case, RequestNotation};
use super::fake_dialer::Fixture;
use super::notation::Numbers;
use super::promises::{self, Breach};
use crate::contract::*;
use crate::dialer::{CarrierLookup, Dialer};
use crate::policy::{Policy, PolicyError};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// The outcome of a case.
pub(super) struct CaseOutcome {
    /// The first difference between the policy's answer and the expected one, if any.
    pub difference: Option<String>,
    /// How long the call took.
    pub took: Duration,
}

/// Creates a dialer with exactly the facts of a case.
pub(super) type Embedding<'a> = &'a (dyn Fn(Arc<Fixture>) -> Dialer + Sync);

pub(super) async fn try_case(policy: &Policy, case: &Case, embedding: Embedding<'_>) -> Result<CaseOutcome, Breach> {
    let fixture = Arc::new(case.fixture());
    let dialer = embedding(fixture.clone());
    let carriers = Arc::new(LookUpLog { carriers: dialer.carriers.clone(), look_ups: Mutex::default() });
    let dialer = Dialer { carriers: carriers.clone(), ..dialer };
    let account = &fixture.account;
    let begun = Instant::now();
    let answer = ask(policy, &dialer, case.id(), case.call(), account).await?;
    let took = begun.elapsed();
    let answer = answer.with_look_ups(&carriers.look_ups(), &fixture.sources);
    let again = ask(policy, &dialer, case.id(), case.call(), account).await?;
    if let Some(difference) = again.difference(&answer) {
        return Err(Breach::Promise(format!("its second answer to the same call differs: {difference}")));
    }
    Ok(CaseOutcome { difference: case.expect().difference(&answer), took })
}

/// Carriers, and what was looked up without failure.
struct LookUpLog {
    carriers: Arc<dyn CarrierLookup>,
    look_ups: Mutex<Vec<LookUp>>,
}

impl LookUpLog {
    fn look_ups(&self) -> MutexGuard<'_, Vec<LookUp>> {
        self.look_ups.lock().expect("nothing panics with the lock")
    }
}

#[async_trait::async_trait]
impl CarrierLookup for LookUpLog {
    async fn carriers(&self) -> Vec<Carrier> {
        self.carriers.carriers().await
    }

    async fn sources(&self) -> Vec<Source> {
        self.carriers.sources().await
    }

    async fn look_up(&self, numbers: Vec<PhoneNumber>, sources: Vec<SourceId>) -> Result<VerdictTable, Error> {
        let verdicts = self.carriers.look_up(numbers.clone(), sources.clone()).await?;
        self.look_ups().push(LookUp { numbers, sources });
        Ok(verdicts)
    }
}

/// The policy's answer to one call, in the notation of cases.
pub(super) async fn ask(
    policy: &Policy,
    dialer: &Dialer,
    id: &str,
    call: &Call,
    account: &Account,
) -> Result<Answer, Breach> {
    let result = match call {
        Call::Describe => describe(policy).await,
        Call::CheckSettings => {
            policy.check_settings(account.guard_rails, &account.settings).await.map(|()| Ok(Answer::default()))
        }
        Call::ReviewAccount => review(policy, dialer, id).await,
        Call::Decide(request) => decide(policy, dialer, id, request).await,
        Call::Screen(numbers) => screen(policy, dialer, id, numbers).await,
        Call::GetUsage => usage(policy, dialer, id).await,
    };
    result.unwrap_or_else(refused)
}

fn refused(error: PolicyError) -> Result<Answer, Breach> {
    match error {
        PolicyError::Fault(fault) => Err(Breach::Fault(format!("its run was ended: {fault}"))),
        PolicyError::Answered(error) => promises::error(&error),
        PolicyError::SourcesTooSlow(_) => promises::error(&Error::unavailable(error.to_string())),
    }
}

/// The result of one call: an error, or an answer or breach of the contract.
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
