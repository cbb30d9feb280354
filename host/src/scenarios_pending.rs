//! Stands in for `scenarios/` until that is on contract 0.3.0. Never released.
#![allow(missing_docs)]
#[path = "scenarios/report.rs"]
mod report;
use crate::policy::Policy;
pub use report::{CheckReport, Finding, Section, Subject, Verdict};
use std::{
    ffi::{OsStr, OsString},
    path::Path,
    time::Duration,
};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the policy breaks the contract in the case {case:?}: {detail}. The rule: {rule}")]
#[non_exhaustive]
pub struct SmokeCheckFailure {
    pub case: String,
    pub detail: String,
    pub rule: String,
}
pub async fn smoke_check(_: &Policy) -> Result<(), SmokeCheckFailure> {
    Ok(())
}
pub async fn check(policy: &Policy) -> CheckReport {
    CheckReport::new(Subject::Policy, policy.sha256(), Vec::new())
}
pub fn check_dialer(_: &OsStr, _: &[OsString], _: &Path, _: Duration) -> anyhow::Result<CheckReport> {
    anyhow::bail!("pending")
}
