//! What was tried and what came of it, for people and for programs.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use std::fmt;
use std::time::Duration;

/// Everything that was tried with a policy, or with a dialer around one.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CheckReport {
    /// Who was tried.
    pub subject: Subject,
    /// SHA-256 of the component's bytes, in hexadecimal.
    pub sha256: String,
    /// In the order tried.
    pub findings: Vec<Finding>,
}

/// Who is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Subject {
    /// A policy, in this library's dialer.
    Policy,
    /// Somebody else's dialer, around a policy.
    Dialer,
}

/// One thing that was tried.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// What kind of thing it is.
    pub section: Section,
    /// What it is about, with its likes.
    pub title: String,
    /// Its name, by which it is told from all others.
    pub name: String,
    /// The rule that it shows, in a sentence.
    pub rule: String,
    /// What came of it.
    pub verdict: Verdict,
    /// What was expected and what was got, where that is not the same; of hostile inputs what the policy did.
    pub told: String,
    /// How long the policy took to answer, where a dialer measured it.
    #[serde(rename = "microseconds", skip_serializing_if = "Option::is_none", serialize_with = "microseconds")]
    pub took: Option<Duration>,
}

fn microseconds<S: Serializer>(took: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    took.map(|took| took.as_micros()).serialize(serializer)
}

/// What kind of thing is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Section {
    /// Cases that every policy must answer so.
    Contract,
    /// Dialers that answer what they should not.
    Hostile,
    /// Cases that Dialguard's own policy answers so.
    Reference,
}

/// What came of something that was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Verdict {
    /// All as it must be.
    Passed,
    /// What no policy may do.
    Failed,
    /// Not what Dialguard's own policy would do, which another may.
    Differs,
}

impl CheckReport {
    pub(super) fn new(subject: Subject, sha256: &str, findings: Vec<Finding>) -> Self {
        CheckReport { subject, sha256: sha256.into(), findings }
    }

    /// Whether nothing failed: every case of the contract and every hostile input passed, and nowhere did the policy
    /// trap or plan what a host would refuse. Where it only differs from Dialguard's own policy, it has passed.
    pub fn passed(&self) -> bool {
        self.count(Verdict::Failed) == 0
    }

    /// How many things had this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.findings.iter().filter(|finding| finding.verdict == verdict).count()
    }

    /// The median of the times that a dialer measured, and the finding that took longest; none where it measured none.
    pub fn times(&self) -> Option<(Duration, &Finding)> {
        let mut timed: Vec<_> = self.findings.iter().filter(|finding| finding.took.is_some()).collect();
        timed.sort_by_key(|finding| finding.took);
        Some((timed.get(timed.len() / 2)?.took?, timed.last()?))
    }
}

impl Serialize for CheckReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut report = serializer.serialize_struct("CheckReport", 3)?;
        report.serialize_field("sha256", &self.sha256)?;
        report.serialize_field("passed", &self.passed())?;
        report.serialize_field("findings", &self.findings)?;
        report.end()
    }
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own_rules = match self.subject {
            Subject::Policy => "DIALGUARD'S OWN RULES: to differ is no failure",
            Subject::Dialer => "DIALGUARD'S OWN RULES: what its own policy answers; another may differ",
        };
        for (section, heading) in [
            (Section::Contract, "THE CONTRACT: what every policy must do"),
            (Section::Hostile, "HOSTILE INPUTS: dialers that answer what they should not"),
            (Section::Reference, own_rules),
        ] {
            let mut findings = self.findings.iter().filter(|finding| finding.section == section).peekable();
            if findings.peek().is_none() {
                continue;
            }
            let mut title = "";
            writeln!(f, "{heading}")?;
            for finding in findings {
                if finding.title != title {
                    title = &finding.title;
                    writeln!(f, "  {title}")?;
                }
                writeln!(f, "{finding}")?;
            }
            writeln!(f)?;
        }
        if let Some((median, longest)) = self.times() {
            let took = longest.took.unwrap_or_default();
            writeln!(f, "Time for an answer: {median:?} (median), {took:?} at most, for {:?}.", longest.name)?;
        }
        let (failed, differs) = (self.count(Verdict::Failed), self.count(Verdict::Differs));
        let conclusion = match (self.subject, self.passed()) {
            (Subject::Policy, true) => "This policy keeps the contract.",
            (Subject::Policy, false) => "This policy breaks the contract.",
            (Subject::Dialer, true) => "This dialer embeds the policy as the contract says.",
            (Subject::Dialer, false) => "This dialer does not embed the policy as the contract says.",
        };
        write!(
            f,
            "{} tried: {} passed, {failed} failed, {differs} differ. {conclusion}",
            self.findings.len(),
            self.count(Verdict::Passed),
        )
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.verdict {
            Verdict::Passed => '✓',
            Verdict::Failed => '✗',
            Verdict::Differs => '≠',
        };
        write!(f, "  {mark} {}", self.name)?;
        match self.verdict {
            Verdict::Passed if self.told.is_empty() => Ok(()),
            Verdict::Passed => write!(f, ": {}", self.told),
            Verdict::Failed | Verdict::Differs => {
                write!(f, "\n      {}\n      the rule: {}", self.told, self.rule)
            }
        }
    }
}
