//! The scenarios that any policy is checked with, checked themselves: the reference policy passes them all, wrong
//! policies do not, and whatever a case expects can fail.

#[path = "hostile/policies.rs"]
#[allow(dead_code)]
mod policies;

use dialguard::bench::{BenchReport, bench};
use dialguard::policy::{Limits, Policy, REFERENCE_POLICY};
use dialguard::scenarios::{
    CASE_FILES, CaseFile, CheckReport, Finding, Section, Tier, Verdict, canary, case_files, check, try_case,
};
use policies::Hostile;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

const CASES_MIN: usize = 60;

fn reference() -> Policy {
    Policy::reference(Limits::default())
}

/// A policy that does only what its text says.
fn wrong(policy: Hostile) -> Policy {
    Policy::compile(&policy.component(), Limits::default()).expect("it looks like a policy")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reference_policy_passes_every_case_and_every_hostile_input() {
    let report = check(&reference()).await;
    assert!(report.findings.iter().all(|finding| finding.verdict == Verdict::Passed), "{report}");
    assert!(report.passed());
    let sections = [Section::Contract, Section::Hostile, Section::Reference];
    let counts = sections.map(|section| report.findings.iter().filter(|finding| finding.section == section).count());
    println!("{counts:?}\n{report}");
    assert!(counts.iter().all(|count| *count > 0) && counts[0] + counts[2] >= CASES_MIN, "{counts:?}");
    assert_eq!(canary(&reference()).await, Ok(()));
}
