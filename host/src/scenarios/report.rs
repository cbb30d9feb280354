//! The report of a conformance check, as text and as JSON.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use std::fmt;
use std::time::Duration;

/// All findings about a policy, or about a dialer that embeds one.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CheckReport {
    /// What was checked.
    pub subject: Subject,
    /// SHA-256 of the policy component's bytes, in hexadecimal.
    pub sha256: String,
    /// In the order of the trials.
    pub findings: Vec<Finding>,
}

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Subject {
    /// A policy, in this library's own dialer.
    Policy,
    /// Another dialer, with a policy embedded.
    Dialer,
}

/// The result of one case or hostile input.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The section of the report.
    pub section: Section,
    /// The subject, shared with similar findings.
    pub title: String,
    /// Its unique name.
    pub name: String,
    /// The rule that it checks, in a sentence.
    pub rule: String,
    /// The verdict.
    pub verdict: Verdict,
    /// The difference between what was expected and what the policy did, if there is one; for hostile inputs, what the
    /// policy did.
    pub detail: String,
    /// How long the policy took to answer, if the dialer measured it.
    #[serde(rename = "microseconds", skip_serializing_if = "Option::is_none", serialize_with = "microseconds")]
    pub took: Option<Duration>,
}

fn microseconds<S: Serializer>(took: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    took.map(|took| took.as_micros()).serialize(serializer)
}

/// A section of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Section {
    /// Cases that every policy must pass.
    Contract,
    /// Dialers that return what they must not.
    Hostile,
    /// Rules of Dialguard's own policy.
    Reference,
}

/// The verdict on one case or hostile input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Verdict {
    /// As expected.
    Passed,
    /// A breach of the contract.
    Failed,
    /// Not what Dialguard's own policy does; another policy may differ.
    Differs,
}

impl CheckReport {
    pub(super) fn new(subject: Subject, sha256: &str, findings: Vec<Finding>) -> Self {
        CheckReport { subject, sha256: sha256.into(), findings }
    }

    /// Whether nothing failed: every case of the contract and every hostile input passed, and the policy never trapped or
    /// made a plan that a host would refuse. Differences from Dialguard's own policy are not failures.
    pub fn passed(&self) -> bool {
        self.count(Verdict::Failed) == 0
    }

    /// How many findings have this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.findings.iter().filter(|finding| finding.verdict == verdict).count()
    }

    /// The median of the times that the dialer measured, and the finding that took longest; none if it measured none.
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
            Subject::Policy => "DIALGUARD'S OWN RULES: a difference is not a failure",
            Subject::Dialer => "DIALGUARD'S OWN RULES: the answers of its own policy; another policy may differ",
        };
        for (section, heading) in [
            (Section::Contract, "THE CONTRACT: what every policy must do"),
            (Section::Hostile, "HOSTILE INPUTS: dialers that return what they must not"),
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
            writeln!(f, "Time per answer: median {median:?}, maximum {took:?} for {:?}.", longest.name)?;
        }
        let (failed, differs) = (self.count(Verdict::Failed), self.count(Verdict::Differs));
        let conclusion = match (self.subject, self.passed()) {
            (Subject::Policy, true) => "This policy conforms to the contract.",
            (Subject::Policy, false) => "This policy breaks the contract.",
            (Subject::Dialer, true) => "This dialer embeds the policy correctly.",
            (Subject::Dialer, false) => "This dialer does not embed the policy correctly.",
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
            Verdict::Passed if self.detail.is_empty() => Ok(()),
            Verdict::Passed => write!(f, ": {}", self.detail),
            Verdict::Failed | Verdict::Differs => {
                write!(f, "\n      {}\n      rule: {}", self.detail, self.rule)
            }
        }
    }
}
