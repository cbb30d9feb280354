//! The stubbed WASI from within: what a policy sees of the machine that it runs on, which is nothing.

use crate::harness::acme::NOW;
use crate::harness::policies::looks_around::{policy_that, policy_that_looks_around};
use crate::harness::slow_dialer::slow_dialer;
use dialguard::clock::FixedClock;
use dialguard::contract::Timestamp;
use dialguard::policy::{Limits, Policy, PolicyError, PolicyFault, Wasi};
use std::sync::Arc;
use std::time::Duration;

#[test]
fn a_policy_that_imports_wasi_is_refused_with_what_to_do_where_nobody_allowed_it() {
    let Err(refusal) = Policy::compile(&policy_that_looks_around(), Limits::default()) else {
        panic!("a policy that imports WASI was compiled");
    };
    let hint = "it imports wasi:cli/environment@0.2.0; install it with --allow-stubbed-wasi if that is meant";
    assert!(refusal.to_string().ends_with(hint), "{refusal}");
}

#[tokio::test]
async fn a_policy_sees_nothing_but_the_run_s_time_and_numbers_that_are_the_same_in_each_run() {
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
async fn a_policy_that_hoards_what_wasi_gives_out_loses_its_run() {
    let hoards = policy_that("(loop $again (drop (call $subscribe (i64.const 0))) (br $again))");
    match compiled(&hoards).review_account(&slow_dialer(Some(Duration::ZERO)), "acme").await {
        Err(PolicyError::Fault(PolicyFault::Trapped(why))) => assert!(why.contains("resource table"), "{why}"),
        other => panic!("{other:?}"),
    }
}

fn compiled(component: &[u8]) -> Policy {
    Policy::compile_with(component, Limits::default(), Wasi::Stubbed).expect("a policy with an stubbed WASI")
}

/// What the policy tells about a run at that time.
async fn look_around(policy: &Policy, now: Timestamp) -> Vec<(String, u64)> {
    let mut dialer = slow_dialer(Some(Duration::ZERO));
    dialer.clock = Arc::new(FixedClock(now));
    let plan = policy.review_account(&dialer, "acme").await.expect("a plan").answer;
    assert_eq!(plan.decided_at, now);
    plan.notices.into_iter().map(|notice| (notice.kind, notice.number.expect("what there was"))).collect()
}
