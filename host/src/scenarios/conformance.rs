//! Whether a dialer in any language embeds a policy rightly: each case is a line to its stdin, and a line from its
//! stdout says what the policy answered. `tests/cases/README.md` describes the lines.

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

/// A dialer that broke off this often is asked nothing more: one that hangs would do so in case after case.
const INTERRUPTIONS_MAX: usize = 3;

/// Asks a dialer every case that comes with this library. The path of the policy component becomes the last
/// of its arguments; each answer may take `answer_time_max`.
///
/// With the reference policy every case has to be answered as expected; with another, cases of the tier `reference`
/// may differ. Errors where the component cannot be read or the dialer not be started.
///
/// ```
/// use dialguard::scenarios::check_dialer;
/// use std::{path::Path, time::Duration};
///
/// // For a dialer in Python: the program `python3`, the arguments `dialer.py` and `conformance`, and `policy.wasm`.
/// let report = check_dialer("true".as_ref(), &[], Path::new("Cargo.toml"), Duration::from_secs(60))?;
/// assert!(!report.passed(), "`true` ends before it answers anything");
/// assert!(report.to_string().contains("it ended before it answered"));
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
            let tried = try_case(&mut dialer, case);
            interruptions += usize::from(matches!(tried, Err(Failure::Interrupted(_))));
            let took = tried.as_ref().map_or(None, |tried| tried.took);
            let finding = finding(&file.title, case, may_differ, tried.map(|tried| tried.difference));
            findings.push(Finding { took, ..finding });
            if interruptions == INTERRUPTIONS_MAX {
                findings.push(not_asked_further());
                return Ok(CheckReport::new(Subject::Dialer, &sha256(&bytes), findings));
            }
        }
    }
    Ok(CheckReport::new(Subject::Dialer, &sha256(&bytes), findings))
}

/// Why a dialer could not be asked anything.
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

fn not_asked_further() -> Finding {
    Finding {
        section: Section::Contract,
        title: "the dialer".into(),
        name: "the rest".into(),
        rule: "A dialer answers every line with a line.".into(),
        verdict: Verdict::Failed,
        told: format!("not tried: the dialer broke off {INTERRUPTIONS_MAX} times already"),
        took: None,
    }
}

/// Why a case has no answer that could be compared.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Breach(#[from] Breach),
    #[error(transparent)]
    Interrupted(#[from] Interruption),
}

/// What came of a case that the dialer answered.
struct CaseOutcome {
    /// Where its answer differs from what the case expects; none where it does not.
    difference: Option<String>,
    took: Option<Duration>,
}

fn try_case(dialer: &mut Program, case: &Case) -> Result<CaseOutcome, Failure> {
    let fixture = case.fixture();
    let (mut answer, took) = ask(dialer, case, &fixture, case.call())?;
    if case.expect().settings_as_checked.is_some() {
        let (checked, _) = ask(dialer, case, &fixture, &Call::CheckSettings)?;
        answer.settings_as_checked = Some(checked.refuses_settings() == answer.refuses_settings());
    }
    Ok(CaseOutcome { difference: case.expect().difference(&answer), took })
}

/// The policy's answer, and how long it took.
fn ask(
    dialer: &mut Program,
    case: &Case,
    fixture: &Fixture,
    call: &Call,
) -> Result<(Answer, Option<Duration>), Failure> {
    let Reply { outcome, numbers_looked_up, took } = reply(dialer.ask(&question(case, fixture, call))?)?;
    let answer = match outcome {
        Outcome::Ok(value) => answer(case, fixture, call, value)?,
        Outcome::Err(error) => promises::error(&error)?,
        Outcome::Fault(words) => return Err(Breach::Fault(format!("it could not ask the policy: {words}")).into()),
    };
    Ok((Answer { numbers_looked_up, ..answer }, took))
}

/// What the policy answered, as the dialer tells it, held against what the contract promises.
fn answer(case: &Case, fixture: &Fixture, call: &Call, told: serde_json::Value) -> Result<Answer, Breach> {
    match call {
        Call::Describe => promises::description(&read(told)?),
        Call::CheckSettings => Ok(Answer::default()),
        Call::ReviewAccount => promises::review(case.id(), &read(told)?, &fixture.inputs()),
        Call::Decide(request) => promises::decision(case.id(), &request.request(), &read(told)?, &fixture.inputs()),
        Call::Screen(numbers) => promises::screenings(&Numbers::of_all(numbers), &read::<Vec<_>>(told)?),
        Call::GetUsage => promises::usage(&read(told)?),
    }
}
