//! Whether a policy keeps the contract: scenarios and hostile inputs, each in an instance that is thrown away.
//!
//! [`check`] tries everything and tells of all of it, and [`smoke_check`] stops at the first thing that no policy may do.
//! The same cases tell whether a dialer embeds a policy rightly: [`check_embedding`] asks one in Rust, and
//! [`check_dialer`] one in any language. The scenarios are data in `tests/cases/`, so that hosts
//! in other languages can try them; the file `README.md` beside them is their manual.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dialguard::policy::{Limits, Policy};
//! use dialguard::scenarios::{CaseFile, Verdict, smoke_check, check, try_case};
//!
//! let policy = Policy::reference(Limits::default());
//! smoke_check(&policy).await?; // what every policy must do
//! let report = check(&policy).await; // everything there is
//! assert!(report.passed());
//!
//! // A rule of your own, in the notation of the cases that come along.
//! let file = CaseFile::read(
//!     r#"{
//!       "title": "our own thresholds",
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
pub use fake_dialer::{Fixture, Import};
pub use report::{CheckReport, Finding, Section, Subject, Verdict};

use crate::dialer::Dialer;
use crate::policy::{Policy, REFERENCE_POLICY};
use crate::sha256::sha256;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The cases that come with this library: the name of each file and its text.
pub const CASE_FILES: [(&str, &str); 13] = [
    ("description.json", include_str!("../../tests/cases/description.json")),
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
    ("automatic-replacement.json", include_str!("../../tests/cases/automatic-replacement.json")),
    ("many.json", include_str!("../../tests/cases/many.json")),
];

/// What a policy did that no policy may do, in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the policy breaks the contract where {case:?} is tried: {told}. The rule: {rule}")]
#[non_exhaustive]
pub struct SmokeCheckFailure {
    /// The name of the case.
    pub case: String,
    /// What it should have answered and what it did.
    pub told: String,
    /// The rule of the contract that the case shows.
    pub rule: String,
}

/// A policy that has taken this long is not tried any further: one that loops would take its limit of time in each of
/// hundreds of calls. An interpreter needs half a minute for all of them.
const CHECK_TIME_MAX: Duration = Duration::from_secs(300);

/// Tries everything there is to try, for five minutes at most. Takes a second or so for a compiled policy. Needs a
/// Tokio runtime with its timers enabled, as all here does.
pub async fn check(policy: &Policy) -> CheckReport {
    let until = Instant::now() + CHECK_TIME_MAX;
    let mut findings = Vec::new();
    for file in case_files() {
        for case in file.cases.iter().take_while(|_| Instant::now() < until) {
            findings.push(try_case(policy, &file.title, case).await);
        }
    }
    hostile::try_all(policy, until, &mut findings).await;
    if Instant::now() >= until {
        findings.push(not_tried_further());
    }
    CheckReport::new(Subject::Policy, policy.sha256(), findings)
}

fn not_tried_further() -> Finding {
    Finding {
        section: Section::Contract,
        title: "time".into(),
        name: "the rest".into(),
        rule: "A policy answers in time.".into(),
        verdict: Verdict::Failed,
        told: format!("not tried: what was tried took {CHECK_TIME_MAX:?} already"),
        took: None,
    }
}

/// Tries what every policy must do, and stops at the first failure: the last look at a policy before it decides
/// about real numbers.
///
/// Errors with that failure: the case, what the policy answered, and the rule.
pub async fn smoke_check(policy: &Policy) -> Result<(), SmokeCheckFailure> {
    for file in case_files() {
        for case in file.cases.iter().filter(|case| case.tier() == Tier::Contract) {
            let finding = try_case(policy, &file.title, case).await;
            if finding.verdict != Verdict::Passed {
                return Err(SmokeCheckFailure { case: finding.name, told: finding.told, rule: finding.rule });
            }
        }
    }
    Ok(())
}

/// Tries one case. `title` is the title of its file.
///
/// A case of the tier `reference` that is answered otherwise differs, which is no failure; a trap, or a plan that
/// breaks the ledger, is one in either tier.
pub async fn try_case(policy: &Policy, title: &str, case: &Case) -> Finding {
    let tried = trial::try_case(policy, case, &|fixture| fixture.dialer()).await;
    finding(title, case, true, tried.map(|tried| tried.difference))
}

/// Asks a policy every case that comes with this library in a dialer of your own. `embedding` makes one that knows what
/// it is given and nothing else; each case is tried in a new one.
///
/// With the reference policy every case has to be answered as expected; with another, cases of the tier `reference`
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
/// #     async fn look_up(&self, _: Vec<PhoneNumber>) -> Result<Vec<Observation>, Error> { Ok(vec![]) }
/// # }
/// # #[async_trait]
/// # impl NumberInventory for MyDialer {
/// #     async fn account(&self, _: &str) -> Result<Account, Error> { Ok(self.0.account.clone()) }
/// #     async fn monitored(&self, _: &str, _: PhoneNumber, _: u32) -> Result<Vec<MonitoredNumber>, Error> { Ok(vec![]) }
/// #     async fn owned(&self, _: &str, _: Vec<PhoneNumber>) -> Result<Vec<PhoneNumber>, Error> { Ok(vec![]) }
/// #     async fn candidates(&self, _: &str, _: PhoneNumber, _: u32) -> Result<Vec<PhoneNumber>, Error> { Ok(vec![]) }
/// #     async fn flag_events(&self, _: &str, _: Timestamp) -> Result<Vec<FlagEvent>, Error> { Ok(vec![]) }
/// # }
/// # fn my_dialer(fixture: Arc<Fixture>) -> Dialer {
/// #     let mine = Arc::new(MyDialer(fixture.clone()));
/// #     Dialer { clock: Arc::new(FixedClock(fixture.now)), carriers: mine.clone(), inventory: mine }
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
///
/// // A dialer that forgets its numbers, where `tests/hosts/rust` has one that is right.
/// let report = check_embedding(&Policy::reference(Limits::default()), my_dialer).await;
/// assert!(!report.passed());
/// assert!(report.to_string().contains("✗ numbers beyond a page are reviewed too"));
/// # }
/// ```
pub async fn check_embedding(policy: &Policy, embedding: impl Fn(Arc<Fixture>) -> Dialer + Sync) -> CheckReport {
    let may_differ = policy.sha256() != sha256(REFERENCE_POLICY);
    let mut findings = Vec::new();
    for file in case_files() {
        for case in &file.cases {
            let tried = trial::try_case(policy, case, &embedding).await;
            let took = tried.as_ref().ok().map(|tried| tried.took);
            let finding = finding(&file.title, case, may_differ, tried.map(|tried| tried.difference));
            findings.push(Finding { took, ..finding });
        }
    }
    CheckReport::new(Subject::Dialer, policy.sha256(), findings)
}

/// `may_differ` says whether a case of the tier `reference` may be answered otherwise.
fn finding<E: ToString>(title: &str, case: &Case, may_differ: bool, difference: Result<Option<String>, E>) -> Finding {
    let (verdict, told) = match difference {
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
    Finding { section, title, name, rule, verdict, told, took: None }
}

/// The cases that come with this library, in the order to read them.
///
/// ```
/// use dialguard::scenarios::{Tier, case_files};
///
/// let files = case_files();
/// let cases = || files.iter().flat_map(|file| &file.cases);
/// assert!(cases().count() > 150);
/// assert!(cases().any(|case| case.tier() == Tier::Contract && case.rule().contains("slot")));
/// ```
pub fn case_files() -> Vec<CaseFile> {
    let read = |(name, text): &(&str, &str)| CaseFile::read(text).unwrap_or_else(|error| panic!("{name}: {error}"));
    CASE_FILES.iter().map(read).collect()
}
