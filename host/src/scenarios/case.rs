//! One case: an account and the facts around it, a call of the policy, and the expected answer.
//!
//! The files in `tests/cases/` are the same for every language; `README.md` there is their manual.

mod facts;

use super::answer::Answer;
use super::fake_dialer::{Fixture, Import};
use super::notation::{Name, Numbers, Time};
use crate::contract::*;
pub(super) use facts::Given;
use facts::{
    AccountNotation, CallsNotation, CandidateNotation, FlagEventNotation, MonitoredNotation, Observations,
    RestedNotation, SourceNotation,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One call of a policy with all facts that its dialer has. Read with [`CaseFile::read`].
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Case {
    name: String,
    tier: Tier,
    rule: String,
    /// The first version of the contract that has what the case is about.
    #[serde(default = "first_version")]
    since: String,
    #[serde(default = "facts::default_time")]
    now: Time,
    /// The id passed to the call; by default the account's.
    id: Option<String>,
    #[serde(default)]
    account: AccountNotation,
    #[serde(default)]
    monitored: Vec<MonitoredNotation>,
    /// Numbers that the account owns in addition to those it monitors, that rest, or that are offered again.
    #[serde(default)]
    owned: Vec<Numbers>,
    #[serde(default)]
    candidates: Vec<CandidateNotation>,
    #[serde(default)]
    rested: Vec<RestedNotation>,
    /// The carriers that the host can ask; the first has the id 1.
    #[serde(default = "facts::default_carriers")]
    carriers: Vec<String>,
    /// Where it asks them; the first has the id 1. By default one source that speaks for all of them.
    sources: Option<Vec<SourceNotation>>,
    #[serde(default)]
    observations: Observations,
    #[serde(default)]
    calls: Vec<CallsNotation>,
    #[serde(default)]
    flag_events: Vec<FlagEventNotation>,
    /// Imports that fail, and the error of each.
    #[serde(default)]
    failures: BTreeMap<Import, Name<ErrorCode>>,
    call: Call,
    expect: Answer,
}

/// Which policies a case applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Tier {
    /// Every policy must pass it, whatever its thresholds.
    Contract,
    /// A rule of Dialguard's own policy; another policy may differ.
    Reference,
}

/// A file of cases about one subject.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct CaseFile {
    /// The subject of the cases.
    pub title: String,
    /// The cases, in reading order.
    pub cases: Vec<Case>,
}

/// The call of the policy.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Call {
    Describe,
    /// With the settings of the case's account.
    CheckSettings,
    ReviewAccount,
    Decide(RequestNotation),
    Screen(Vec<Numbers>),
    GetUsage,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub(super) enum RequestNotation {
    StartMonitoring(Vec<Numbers>),
    StopMonitoring(Vec<Numbers>),
    DeleteNumbers { numbers: Vec<Numbers>, accept_slot_loss: bool },
    ReplaceNumbers(Vec<Numbers>),
    SetBlocks(u32),
}

fn first_version() -> String {
    VERSIONS[0].into()
}

impl CaseFile {
    /// Reads a file of cases from its text. Errors: the text is not such JSON, or a case states something impossible, such
    /// as an unknown field or carrier, or a number in two slots.
    ///
    /// ```
    /// use dialguard::scenarios::CaseFile;
    ///
    /// let text = r#"{"title": "description", "cases": [
    ///   {"name": "describes itself", "tier": "contract", "rule": "A policy describes itself.", "call": "describe", "expect": {}}
    /// ]}"#;
    /// assert_eq!(CaseFile::read(text)?.cases[0].name(), "describes itself");
    /// assert!(CaseFile::read(&text.replace("describe", "guess")).is_err());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn read(text: &str) -> Result<Self, serde_json::Error> {
        let file: CaseFile = serde_json::from_str(text)?;
        file.cases.iter().try_for_each(Case::ensure_sound)?;
        Ok(file)
    }
}

impl Case {
    /// Its unique name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Which policies it applies to.
    pub fn tier(&self) -> Tier {
        self.tier
    }

    /// The rule that it checks, in a sentence.
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// Whether a policy for this version of the contract can know what the case is about.
    pub fn applies_to(&self, contract_version: &str) -> bool {
        let place = |version: &str| VERSIONS.iter().position(|known| *known == version);
        place(&self.since) <= place(contract_version)
    }

    /// The expected answer.
    pub(super) fn expect(&self) -> &Answer {
        &self.expect
    }

    /// The account id passed to the call.
    pub(super) fn id(&self) -> &str {
        self.id.as_ref().unwrap_or(&self.account.id)
    }

    /// The account's settings as the case states them.
    pub(super) fn settings(&self) -> &Given {
        &self.account.settings
    }

    pub(super) fn call(&self) -> &Call {
        &self.call
    }
}

impl RequestNotation {
    pub(super) fn request(&self) -> Request {
        match self {
            RequestNotation::StartMonitoring(numbers) => Request::StartMonitoring(Numbers::of_all(numbers)),
            RequestNotation::StopMonitoring(numbers) => Request::StopMonitoring(Numbers::of_all(numbers)),
            RequestNotation::DeleteNumbers { numbers, accept_slot_loss } => Request::DeleteNumbers(Deletion {
                numbers: Numbers::of_all(numbers),
                accept_slot_loss: *accept_slot_loss,
            }),
            RequestNotation::ReplaceNumbers(numbers) => Request::ReplaceNumbers(Numbers::of_all(numbers)),
            RequestNotation::SetBlocks(blocks) => Request::SetBlocks(*blocks),
        }
    }
}
