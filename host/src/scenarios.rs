//! Conformance checks for policies and dialers: cases and hostile inputs, each in a fresh instance.
//!
//! [`check`] tries everything and reports all findings; [`smoke_check`] stops at the first breach of the contract. The same
//! cases show whether a dialer embeds a policy correctly: [`check_embedding`] checks a dialer in Rust, [`check_dialer`] one
//! in any language. The cases are data in `tests/cases/`, so that hosts in other languages can use them; `README.md` in that
//! folder is their manual.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dialguard::policy::{Limits, Policy};
//! use dialguard::scenarios::{CaseFile, Verdict, smoke_check, check, try_case};
//!
//! let policy = Policy::reference(Limits::default());
//! smoke_check(&policy).await?; // what every policy must do
//! let report = check(&policy).await; // everything
//! assert!(report.passed());
//!
//! // Your own rule, in the notation of the built-in cases.
//! let file = CaseFile::read(
//!     r#"{
//!       "title": "our thresholds",
//!       "cases": [{
//!         "name": "one carrier of three puts a number at risk",
//!         "tier": "reference",
//!         "rule": "A number that any carrier flags is at risk.",
//!         "monitored": [{ "number": "+13105550100" }],
//!         "observations": { "+13105550100": { "carrier 1": 95, "carrier 2": 5, "carrier 3": 5 } },
//!         "call": "review-account",
//!         "expect": { "reviews": [{ "number": "+13105550100", "status": "at-risk", "flagging": 1 }], "actions": [] }
//!       }]
//!     }"#,
//! )?;
//! let finding = try_case(&policy, &file.title, &file.cases[0]).await;
//! assert_eq!(finding.verdict, Verdict::Passed, "{finding}");
//! # Ok(())
//! # }
//! ```

mod answer;
mod case;
mod conformance;
mod fake_dialer;
mod hostile;
mod notation;
mod promises;
mod report;
mod trial;

pub use case::{Case, CaseFile, Tier};
pub use conformance::{ConformanceError, check_dialer};
pub use fake_dialer::{Fixture, HourOfCalls, Import};
pub use report::{CheckReport, Finding, Section, Subject, Verdict};

use crate::dialer::Dialer;
use crate::policy::{Policy, REFERENCE_POLICY};
use crate::sha256::sha256;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// The built-in cases: the name and text of each file.
pub const CASE_FILES: [(&str, &str); 18] = [
    ("description.json", include_str!("../../tests/cases/description.json")),
    ("tables.json", include_str!("../../tests/cases/tables.json")),
    ("reviewing.json", include_str!("../../tests/cases/reviewing.json")),
    ("starting.json", include_str!("../../tests/cases/starting.json")),
    ("stopping.json", include_str!("../../tests/cases/stopping.json")),
    ("replacing.json", include_str!("../../tests/cases/replacing.json")),
    ("blocks.json", include_str!("../../tests/cases/blocks.json")),
    ("screening.json", include_str!("../../tests/cases/screening.json")),
    ("usage.json", include_str!("../../tests/cases/usage.json")),
    ("errors.json", include_str!("../../tests/cases/errors.json")),
    ("rating.json", include_str!("../../tests/cases/rating.json")),
    ("days.json", include_str!("../../tests/cases/days.json")),
    ("evidence.json", include_str!("../../tests/cases/evidence.json")),
    ("calls.json", include_str!("../../tests/cases/calls.json")),
    ("look-ups.json", include_str!("../../tests/cases/look-ups.json")),
    ("rests.json", include_str!("../../tests/cases/rests.json")),
    ("automatic-replacement.json", include_str!("../../tests/cases/automatic-replacement.json")),
    ("many.json", include_str!("../../tests/cases/many.json")),
];

/// How a policy breaks the contract.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the policy breaks the contract in the case {case:?}: {detail}. The rule: {rule}")]
#[non_exhaustive]
pub struct SmokeCheckFailure {
    /// The name of the case.
    pub case: String,
    /// What was expected and what the policy did.
    pub detail: String,
    /// The rule of the contract that the case shows.
    pub rule: String,
}

/// The checks stop after this time, because a policy that loops would use up its CPU time in each of hundreds of calls. An
/// interpreter needs half a minute for all of them.
const CHECK_TIME_MAX: Duration = Duration::from_secs(300);

/// Tries all cases and hostile inputs, for at most five minutes. A policy for an older version of the contract is not tried
/// with cases about what came later. Takes about a second for a compiled policy. Like
/// everything in this module it needs a Tokio runtime with timers enabled.
pub async fn check(policy: &Policy) -> CheckReport {
    let mut findings = Vec::new();
    if timeout(CHECK_TIME_MAX, try_everything(policy, &mut findings)).await.is_err() {
        findings.push(out_of_time());
    }
    CheckReport::new(Subject::Policy, policy.sha256(), findings)
}

async fn try_everything(policy: &Policy, findings: &mut Vec<Finding>) {
    for file in case_files() {
        for case in cases_for(policy, &file) {
            findings.push(try_case(policy, &file.title, case).await);
        }
    }
    hostile::try_all(policy, findings).await;
}

/// The cases about what the policy's version of the contract has.
fn cases_for<'a>(policy: &'a Policy, file: &'a CaseFile) -> impl Iterator<Item = &'a Case> {
    file.cases.iter().filter(|case| case.applies_to(policy.contract_version()))
}

fn out_of_time() -> Finding {
    Finding {
        section: Section::Contract,
        title: "time".into(),
        name: "the remaining cases".into(),
        rule: "A policy answers in time.".into(),
        verdict: Verdict::Failed,
        detail: format!("not tried: the check took {CHECK_TIME_MAX:?} already"),
        took: None,
    }
}

/// Tries the cases that every policy must pass and stops at the first failure: the last check before a policy decides about
/// real numbers.
///
/// Errors with that failure: the case, the policy's answer, and the rule. All cases together may take five minutes.
pub async fn smoke_check(policy: &Policy) -> Result<(), SmokeCheckFailure> {
    timeout(CHECK_TIME_MAX, try_contract(policy)).await.unwrap_or_else(|_| Err(failure(out_of_time())))
}

async fn try_contract(policy: &Policy) -> Result<(), SmokeCheckFailure> {
    for file in case_files() {
        for case in cases_for(policy, &file).filter(|case| case.tier() == Tier::Contract) {
            let finding = try_case(policy, &file.title, case).await;
            if finding.verdict != Verdict::Passed {
                return Err(failure(finding));
            }
        }
    }
    Ok(())
}

fn failure(Finding { name, detail, rule, .. }: Finding) -> SmokeCheckFailure {
    SmokeCheckFailure { case: name, detail, rule }
}

/// Tries one case. `title` is the title of its file.
///
/// A different answer to a case of the tier `reference` counts as a difference, not as a failure. A trap, or a plan that
/// breaks the ledger's rules, is a failure in either tier.
pub async fn try_case(policy: &Policy, title: &str, case: &Case) -> Finding {
    let outcome = trial::try_case(policy, case, &|fixture| fixture.dialer()).await;
    finding(title, case, true, outcome.map(|outcome| outcome.difference))
}

/// Tries every built-in case with a policy in your own dialer. `embedding` creates a dialer that knows exactly the fixture
/// it is given; each case gets a new one.
///
/// With the reference policy, every case must be answered as expected; with another policy, cases of the tier `reference`
/// may differ.
///
/// ```
/// use dialguard::policy::{Limits, Policy};
/// use dialguard::scenarios::{Fixture, check_embedding};
/// # use dialguard::{async_trait, clock::FixedClock, contract::*, dialer::*};
/// # use std::sync::Arc;
/// # struct MyDialer(Arc<Fixture>);
/// # #[async_trait]
/// # impl CarrierLookup for MyDialer {
/// #     async fn carriers(&self) -> Vec<Carrier> { self.0.carriers.clone() }
/// #     async fn sources(&self) -> Vec<Source> { self.0.sources.clone() }
/// #     async fn look_up(&self, numbers: Vec<PhoneNumber>, _: Vec<SourceId>) -> Result<VerdictTable, Error> {
/// #         Ok(VerdictTable::of(vec![]))
/// #     }
/// # }
/// # #[async_trait]
/// # impl NumberInventory for MyDialer {
/// #     async fn account(&self, _: &str) -> Result<Account, Error> { Ok(self.0.account.clone()) }
/// #     async fn monitored(&self, _: &str, _: PhoneNumber, _: u32) -> Result<MonitoredTable, Error> { Ok(MonitoredTable::new()) }
/// #     async fn owned(&self, _: &str, _: Vec<PhoneNumber>) -> Result<Vec<PhoneNumber>, Error> { Ok(vec![]) }
/// #     async fn candidates(&self, _: &str, _: PhoneNumber, _: u32) -> Result<CandidateTable, Error> { Ok(CandidateTable::new()) }
/// #     async fn flag_events(&self, _: &str, _: Timestamp) -> Result<FlagTable, Error> { Ok(FlagTable::new()) }
/// # }
/// # fn my_dialer(fixture: Arc<Fixture>) -> Dialer {
/// #     let mine = Arc::new(MyDialer(fixture.clone()));
/// #     Dialer { clock: Arc::new(FixedClock(fixture.now)), carriers: mine.clone(), inventory: mine }
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
///
/// // This dialer forgets its numbers; `tests/hosts/rust` has a correct one.
/// let report = check_embedding(&Policy::reference(Limits::default()), my_dialer).await;
/// assert!(!report.passed());
/// assert!(report.to_string().contains("✗ numbers beyond a page are reviewed too"));
/// # }
/// ```
pub async fn check_embedding(policy: &Policy, embedding: impl Fn(Arc<Fixture>) -> Dialer + Sync) -> CheckReport {
    let may_differ = policy.sha256() != sha256(REFERENCE_POLICY);
    let mut findings = Vec::new();
    for file in case_files() {
        for case in cases_for(policy, &file) {
            let outcome = trial::try_case(policy, case, &embedding).await;
            let took = outcome.as_ref().ok().map(|outcome| outcome.took);
            let finding = finding(&file.title, case, may_differ, outcome.map(|outcome| outcome.difference));
            findings.push(Finding { took, ..finding });
        }
    }
    CheckReport::new(Subject::Dialer, policy.sha256(), findings)
}

/// `may_differ` says whether another answer to a case of the tier `reference` is allowed.
fn finding<E: ToString>(title: &str, case: &Case, may_differ: bool, difference: Result<Option<String>, E>) -> Finding {
    let (verdict, detail) = match difference {
        Ok(None) => (Verdict::Passed, String::new()),
        Ok(Some(difference)) if may_differ && case.tier() == Tier::Reference => (Verdict::Differs, difference),
        Ok(Some(difference)) => (Verdict::Failed, difference),
        Err(failure) => (Verdict::Failed, failure.to_string()),
    };
    let section = match case.tier() {
        Tier::Contract => Section::Contract,
        Tier::Reference => Section::Reference,
    };
    let (title, name, rule) = (title.into(), case.name().into(), case.rule().into());
    Finding { section, title, name, rule, verdict, detail, took: None }
}

/// The built-in cases, in reading order.
///
/// ```
/// use dialguard::scenarios::{Tier, case_files};
///
/// let files = case_files();
/// let cases = || files.iter().flat_map(|file| &file.cases);
/// assert!(cases().count() > 200);
/// assert!(cases().any(|case| case.tier() == Tier::Contract && case.rule().contains("slot")));
/// ```
pub fn case_files() -> Vec<CaseFile> {
    let read = |(name, text): &(&str, &str)| CaseFile::read(text).unwrap_or_else(|error| panic!("{name}: {error}"));
    CASE_FILES.iter().map(read).collect()
}
