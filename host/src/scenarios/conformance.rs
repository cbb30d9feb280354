//! Checks whether a dialer in any language embeds a policy correctly: each case is a line to its stdin, and the policy's
//! answer a line from its stdout. `tests/cases/README.md` describes the lines.

mod program;
mod question;
mod reply;

use super::answer::Answer;
use super::case::{Call, Case};
use super::fake_dialer::Fixture;
use super::notation::Numbers;
use super::promises::{self, Breach};
use super::report::{CheckReport, Finding, Section, Subject, Verdict};
use super::{case_files, finding};
use crate::policy::REFERENCE_POLICY;
use crate::sha256::sha256;
use program::{Interruption, Program};
use question::question;
use reply::{Outcome, Reply, read, reply};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The check stops after this many interruptions, because a dialer that hangs would hang in every case.
const INTERRUPTIONS_MAX: usize = 3;

/// Tries every built-in case with a dialer. The path of the policy component is added as the last of its arguments; each
/// answer may take `answer_time_max`.
///
/// With the reference policy, every case must be answered as expected; with another policy, cases of the tier `reference`
/// may differ. Errors: the component cannot be read, or the dialer cannot be started.
///
/// ```
/// use dialguard::scenarios::check_dialer;
/// use std::{path::Path, time::Duration};
///
/// // For a dialer in Python: the program `python3`, the arguments `dialer.py` and `conformance`, and `policy.wasm`.
/// let report = check_dialer("true".as_ref(), &[], Path::new("Cargo.toml"), Duration::from_secs(60))?;
/// assert!(!report.passed(), "`true` ends before it answers anything");
/// assert!(report.to_string().contains("it exited before it answered"));
/// # Ok::<(), dialguard::scenarios::ConformanceError>(())
/// ```
pub fn check_dialer(
    program: &OsStr,
    arguments: &[OsString],
    component: &Path,
    answer_time_max: Duration,
) -> Result<CheckReport, ConformanceError> {
    let bytes = std::fs::read(component).map_err(|error| ConformanceError::Component(component.to_owned(), error))?;
    let may_differ = bytes != REFERENCE_POLICY;
    let mut dialer = Program::start(program, arguments, component, answer_time_max)
        .map_err(|error| ConformanceError::Dialer(program.to_owned(), error))?;
    let (mut findings, mut interruptions) = (Vec::new(), 0);
    for file in case_files() {
        for case in &file.cases {
            let outcome = try_case(&mut dialer, case);
            interruptions += usize::from(matches!(outcome, Err(Failure::Interrupted(_))));
            let took = outcome.as_ref().map_or(None, |outcome| outcome.took);
            let finding = finding(&file.title, case, may_differ, outcome.map(|outcome| outcome.difference));
            findings.push(Finding { took, ..finding });
            if interruptions == INTERRUPTIONS_MAX {
                findings.push(too_many_interruptions());
                return Ok(CheckReport::new(Subject::Dialer, &sha256(&bytes), findings));
            }
        }
    }
    Ok(CheckReport::new(Subject::Dialer, &sha256(&bytes), findings))
}

/// Why a dialer could not be checked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConformanceError {
    /// The policy component.
    #[error("{} cannot be read", .0.display())]
    Component(PathBuf, #[source] std::io::Error),
    /// The dialer's program.
    #[error("{} cannot be started", .0.display())]
    Dialer(OsString, #[source] std::io::Error),
}

fn too_many_interruptions() -> Finding {
    Finding {
        section: Section::Contract,
        title: "the dialer".into(),
        name: "the remaining cases".into(),
        rule: "A dialer answers every line with a line.".into(),
        verdict: Verdict::Failed,
        detail: format!("not tried: the dialer was interrupted {INTERRUPTIONS_MAX} times already"),
        took: None,
    }
}

/// Why a case has no answer to compare.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Breach(#[from] Breach),
    #[error(transparent)]
    Interrupted(#[from] Interruption),
}

/// The outcome of a case that the dialer answered.
struct CaseOutcome {
    /// The first difference between its answer and the expected one, if any.
    difference: Option<String>,
    took: Option<Duration>,
}

fn try_case(dialer: &mut Program, case: &Case) -> Result<CaseOutcome, Failure> {
    let fixture = case.fixture();
    let Reply { outcome, look_ups, took } = reply(dialer.ask(&question(case, &fixture))?)?;
    let answer = match outcome {
        Outcome::Ok(value) => answer(case, &fixture, value)?,
        Outcome::Err(error) => promises::error(&error)?,
        Outcome::Fault(words) => return Err(Breach::Fault(format!("it could not call the policy: {words}")).into()),
    };
    let answer = answer.with_look_ups(&look_ups, &fixture.sources);
    Ok(CaseOutcome { difference: case.expect().difference(&answer), took })
}

/// The policy's answer as the dialer reports it, checked against the contract's promises.
fn answer(case: &Case, fixture: &Fixture, value: serde_json::Value) -> Result<Answer, Breach> {
    match case.call() {
        Call::Describe => promises::description(&read(value)?),
        Call::CheckSettings => Ok(Answer::default()),
        Call::ReviewAccount => promises::review(case.id(), &read(value)?, &fixture.inputs()),
        Call::Decide(request) => promises::decision(case.id(), &request.request(), &read(value)?, &fixture.inputs()),
        Call::Screen(numbers) => promises::screenings(&Numbers::of_all(numbers), &read::<Vec<_>>(value)?),
        Call::GetUsage => promises::usage(&read(value)?),
    }
}
