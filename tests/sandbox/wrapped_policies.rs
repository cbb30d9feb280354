//! Policies composed of several: `tests/policies/no-friday`, wrapped around others.

use crate::harness::acme::{DAY, number};
use crate::harness::model_dialer::ModelDialer;
use crate::harness::policies::no_friday::{composed, wrapped};
use dialguard::contract::Action;
use dialguard::inspection::inspect;
use dialguard::policy::{Limits, Policy, PolicyError, PolicyFault, REFERENCE_POLICY};
use dialguard::scenarios::{self, Section, Verdict};
use dialguard_policy::contract::Status;
use dialguard_policy::model::{AccountModel, HOUR};
use std::collections::BTreeSet;

/// Then its crates are available wherever the workspace was built.
#[test]
fn the_wrapping_policy_is_built_from_the_workspaces_crates() {
    let packages = |lock: &str| -> BTreeSet<String> {
        let stanzas = lock.split("[[package]]").filter(|stanza| stanza.contains("checksum"));
        stanzas.map(|stanza| stanza.trim().lines().take(2).collect::<Vec<_>>().join(", ")).collect()
    };
    let (own, workspace) = (include_str!("../policies/no-friday/Cargo.lock"), include_str!("../../Cargo.lock"));
    let others: Vec<String> = packages(own).difference(&packages(workspace)).cloned().collect();
    assert!(packages(own).len() > 10 && others.is_empty(), "`cargo update --precise` in no-friday/: {others:?}");
}

#[test]
fn a_wrapped_policy_is_a_policy_like_any_other() {
    let seen = inspect(&wrapped()).expect("a component");
    assert_eq!((seen.contract.as_deref(), &seen.beyond_contract[..]), (Some("0.3.0"), &[][..]));
    assert_eq!(seen.exports, ["dialguard:reputation/policy@0.3.0"]);
    // Its description is the outermost policy's, wherever the composer put it.
    assert!(seen.description.is_some_and(|text| text.starts_with("Wraps any Dialguard policy")), "its own words");
    let twice = inspect(&composed(&wrapped())).expect("a component");
    assert!(twice.description.is_some_and(|text| text.starts_with("Wraps any Dialguard policy")), "its own words");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrapped_policy_keeps_the_contract() {
    let policy = Policy::compile(&wrapped(), Limits::default()).expect("a policy");
    let description = policy.describe().await.expect("a description");
    assert_eq!(description.name, "dialguard-reference-no-friday");
    assert_eq!(description.version, "0.1.0+no-friday.0.1.0");
    let report = scenarios::check(&policy).await;
    assert!(report.passed(), "{report}");
    let in_contract = report.findings.iter().filter(|finding| finding.section == Section::Contract);
    assert!(in_contract.clone().count() > 50 && in_contract.clone().all(|found| found.verdict == Verdict::Passed));
}

/// The account's Friday, from Honolulu to Auckland, not the one in UTC.
#[tokio::test]
async fn friday_is_a_local_date_of_the_account() {
    let policy = Policy::compile(&wrapped(), Limits::default()).expect("a policy");
    // 2026-01-01, when the model begins, was a Thursday.
    let days = [("Thursday", 0, true), ("Friday", 1, false), ("Saturday", 2, true), ("Friday again", 8, false)];
    for (day, days, replaces) in days {
        for hours_ahead_of_utc in -10..=13_i64 {
            let mut model = AccountModel::new(1);
            model.account.day_starts_at =
                (model.account.day_starts_at + days * DAY).wrapping_add_signed(-hours_ahead_of_utc * HOUR as i64);
            model.now = model.account.day_starts_at + HOUR;
            model.account.guard_rails.auto_replace = true;
            model.own_and_monitor(&[number(100)]);
            model.offer(number(140));
            model.observe(number(140), &[Some(5), Some(5)]);
            let flagged = model.monitored.get_mut(&number(100)).expect("it is monitored");
            (flagged.status, flagged.flagging_checks, flagged.last_rated_at) = (Status::Flagged, 2, Some(model.now));
            let reviewed = policy.review_account(&ModelDialer::new(model).dialer(), "acme").await.expect("a plan");
            let replaced = matches!(reviewed.answer.actions[..], [Action::ReplaceNumber(_)]);
            assert_eq!(replaced, replaces, "{day}, {hours_ahead_of_utc} hours ahead of UTC");
            assert_eq!(reviewed.answer.notices.is_empty(), replaces);
        }
    }
}

#[tokio::test]
async fn three_policies_can_be_around_one() {
    let thrice = composed(&composed(&wrapped()));
    let policy = Policy::compile(&thrice, Limits::default()).expect("four memories are allowed");
    let description = policy.describe().await.expect("a description");
    assert_eq!(description.name, "dialguard-reference-no-friday-no-friday-no-friday");
    assert_eq!(description.version, "0.1.0+no-friday.0.1.0.no-friday.0.1.0.no-friday.0.1.0");
    let refused = Policy::compile(&composed(&thrice), Limits::default()).err().expect("five are not");
    assert!(refused.to_string().ends_with("more than 8 tables"), "each has a memory and two tables: {refused}");
}

/// Each policy has its own memory, and the limit of a run covers all of them.
#[tokio::test]
async fn policies_in_one_share_its_memory() {
    let around_one = wrapped();
    let [one, two, three] = [REFERENCE_POLICY, &around_one, &composed(&around_one)]
        .map(|component| Policy::compile(component, Limits::default()).expect("a policy"));
    let (one, around_two, three) = (starts_in(&one).await, starts_in(&two).await, starts_in(&three).await);
    assert!(one < around_two && around_two - one == three - around_two, "{one}, {around_two}, {three}");

    // The inner policy may not use memory that the outer one uses.
    let tight = limits(around_two);
    let mut model = AccountModel::new(700);
    model.own_and_monitor(&(0..10_000).map(number).collect::<Vec<_>>());
    let outcome = two.with_limits(tight).review_account(&ModelDialer::new(model).dialer(), "acme").await;
    let expected = PolicyFault::OutOfMemory(tight.memory_bytes_max);
    assert!(matches!(&outcome, Err(PolicyError::Fault(fault)) if *fault == expected), "{:?}", outcome.err());
}

/// The pages of memory that a policy needs for `describe`.
async fn starts_in(policy: &Policy) -> usize {
    for pages in 1..100 {
        if policy.with_limits(limits(pages)).describe().await.is_ok() {
            return pages;
        }
    }
    panic!("it starts in no memory");
}

fn limits(pages: usize) -> Limits {
    Limits { memory_bytes_max: pages << 16, ..Limits::default() }
}
