//! Stubbed WASI as a policy sees it: it reveals nothing of the machine.

use crate::harness::acme::NOW;
use crate::harness::policies::looks_around::{policy_that, policy_that_looks_around};
use crate::harness::slow_dialer::slow_dialer;
use dialguard::clock::FixedClock;
use dialguard::contract::Timestamp;
use dialguard::policy::{Limits, Policy, PolicyError, PolicyFault, Wasi};
use std::sync::Arc;
use std::time::Duration;

#[test]
fn a_policy_that_imports_wasi_is_refused_unless_it_is_allowed() {
    let Err(refusal) = Policy::compile(&policy_that_looks_around(), Limits::default()) else {
        panic!("a policy that imports WASI was compiled");
    };
    let reason = "it imports wasi:cli/environment@0.2.0, which only stubbed WASI provides";
    assert!(refusal.to_string().ends_with(reason) && refusal.needs_stubbed_wasi(), "{refusal}");
}

#[tokio::test]
async fn a_policy_sees_only_the_time_of_the_run_and_the_same_random_numbers_in_each() {
    let policy = compiled(&policy_that_looks_around());
    let seen = look_around(&policy, NOW).await;
    let [random, another] = [seen[5].1, seen[6].1];
    assert_ne!(random, another, "random numbers within a run");
    let expected = [
        ("variables", 0),
        ("arguments", 0),
        ("directories", 0),
        ("seconds", NOW),
        ("nanoseconds", NOW * 1_000_000_000),
        ("random", random),
        ("random", another),
        // Refused, and the reason is `access-denied`.
        ("socket", 101),
    ];
    assert_eq!(seen, expected.map(|(what, value)| (what.to_owned(), value)));

    assert_eq!(look_around(&policy, NOW).await, seen, "the same run again");
    let later = look_around(&policy, NOW + 60).await;
    assert_eq!(later[3], ("seconds".into(), NOW + 60));
    assert_eq!(later[5..], seen[5..], "random numbers in another run");
}

#[tokio::test]
async fn a_policy_that_hoards_wasi_resources_loses_its_run() {
    let hoards = policy_that("(loop $again (drop (call $subscribe (i64.const 0))) (br $again))");
    match compiled(&hoards).review_account(&slow_dialer(Some(Duration::ZERO)), "acme").await {
        Err(PolicyError::Fault(PolicyFault::Trapped(why))) => assert!(why.contains("resource table"), "{why}"),
        other => panic!("{other:?}"),
    }
}

fn compiled(component: &[u8]) -> Policy {
    Policy::compile_with(component, Limits::default(), Wasi::Stubbed).expect("a policy that may import stubbed WASI")
}

/// What the policy reports about a run at that time.
async fn look_around(policy: &Policy, now: Timestamp) -> Vec<(String, u64)> {
    let mut dialer = slow_dialer(Some(Duration::ZERO));
    dialer.clock = Arc::new(FixedClock(now));
    let plan = policy.review_account(&dialer, "acme").await.expect("a plan").answer;
    assert_eq!(plan.decided_at, now);
    plan.notices.into_iter().map(|notice| (notice.kind, notice.number.expect("what there was"))).collect()
}
