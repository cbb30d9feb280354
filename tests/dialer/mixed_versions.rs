//! Policies made for several versions of the contract, side by side on one ledger.

use super::scene::{ACME, Scene};
use crate::harness::policies::first_contract::{first_contract, first_contract_with};
use crate::harness::policies::reference::reference;
use dialguard::contract::*;
use dialguard::policy::{Limits, Policy, PolicyError, PolicyFault};
use dialguard_dialer::dialguard::DialguardError;
use dialguard_dialer::ledger::{EventFilter, LedgerError};

/// Where the policy for 0.1.0 puts the time of its plan.
const DECIDED_NOW: &str = "(i64.store (i32.const 0x2018) (call $now))";

#[tokio::test(flavor = "multi_thread")]
async fn policies_of_two_versions_work_on_one_ledger() {
    let scene = Scene::new().await;
    let (first, newest) = (scene.dialguard(compiled(&first_contract())), scene.dialguard(reference()));
    let numbers = [ACME, ACME + 1, ACME + 90, ACME + 999];
    let screened = first.screen("acme", &numbers).await.expect("a screening");
    assert_eq!(screened, newest.screen("acme", &numbers).await.expect("a screening"));

    let (acme, other) = tokio::join!(first.review("acme"), newest.review("other"));
    let (acme, other) = (acme.expect("a review"), other.expect("a review"));
    assert_eq!((acme.plan.reviews.len(), acme.replaced.len()), (4, 1));
    assert_eq!((other.plan.reviews.len(), other.replaced.len()), (4, 0));

    // Each continues from what the other applied.
    let asked = Request::ReplaceNumbers(vec![ACME + 1, ACME]);
    let decided = first.decide("acme", &asked).await.expect("an answer");
    let answers: Vec<Answer> = decided.decision.outcomes.iter().map(|outcome| outcome.answer).collect();
    assert_eq!(answers, [Answer::Accepted, Answer::NotMonitored]);
    let followed = newest.review("acme").await.expect("a review").plan;
    assert_eq!(followed.reviews.numbers, [ACME + 90, ACME + 91]);
    for usage in [first.usage("acme").await, newest.usage("acme").await] {
        let usage = usage.expect("counts");
        assert_eq!((usage.slots, usage.occupied, usage.clean, usage.flagged_past_day), (15, 4, 4, 1));
    }

    let intended = events(&scene, "replacement-intended");
    let expected = [
        "+13105550100 is to be replaced by +13105550190: The policy flagged it.",
        "+13105550101 is to be replaced by +13105550191: A user requested it.",
    ];
    assert_eq!(intended, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_version_states_why_a_number_is_replaced() {
    let scene = Scene::new().await;
    scene.dialguard(reference()).review("acme").await.expect("a review");
    let expected = "+13105550100 is to be replaced by +13105550190: Flagged by 2 of 2 carriers; +13105550190 is the \
                    closest candidate that none of 2 carriers flags.";
    assert_eq!(events(&scene, "replacement-intended"), [expected]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_version_escapes_a_check() {
    let scenarios = [
        (
            "(i32.load offset=8 (local.get $monitored)))\n    (i32.store8 offset=28",
            "(i32.const 3))\n    (i32.store8 offset=28",
            "+13105550100 does not occupy slot 3",
        ),
        (
            "(i64.store offset=16 (local.get $at) (local.get $candidate))",
            "(i64.store offset=16 (local.get $at) (i64.const 13105550105))",
            "+13105550105 was not offered",
        ),
        (DECIDED_NOW, "(i64.store (i32.const 0x2018) (i64.const 5))", "is not the time of the run"),
        (
            "(i32.store8 offset=28 (local.get $at) (local.get $why))",
            "(i32.store8 offset=28 (local.get $at) (i32.const 1))",
            "it replaces +13105550100 without a request",
        ),
        (
            "(i32.store8 (local.get $at) (i32.const 3))",
            "(i32.store8 (local.get $at) (i32.const 0))",
            "it starts to monitor +13105550100",
        ),
    ];
    for (before, after, expected) in scenarios {
        let scene = Scene::new().await;
        let ledger = scene.snapshot();
        let broken = scene.dialguard(compiled(&first_contract_with(before, after)));
        match broken.review("acme").await.expect_err("a plan that breaks the ledger") {
            DialguardError::Ledger(LedgerError::Plan(fault)) => {
                assert!(fault.to_string().contains(expected), "{after}: {fault}, not {expected}");
            }
            other => panic!("not blamed on the plan: {other}"),
        }
        assert_eq!(scene.snapshot(), ledger, "{after}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_version_escapes_a_limit() {
    let limits = Limits { import_calls_max: 50, ..Limits::default() };
    let scenarios = [
        ("(loop $again (drop (call $now)) (br $again))", PolicyFault::TooManyCalls(50)),
        ("(drop (memory.grow (i32.const 4000)))", PolicyFault::OutOfMemory(limits.memory_bytes_max)),
    ];
    let scene = Scene::new().await;
    for (harm, expected) in scenarios {
        let harmful = first_contract_with(DECIDED_NOW, &format!("{DECIDED_NOW} {harm}"));
        let policy = Policy::compile(&harmful, limits).expect("it looks like a policy");
        match scene.dialguard(policy).review("acme").await.expect_err(harm) {
            DialguardError::Policy(PolicyError::Fault(fault)) => assert_eq!(fault, expected, "{harm}"),
            other => panic!("not blamed on the policy: {other}"),
        }
    }
}

fn compiled(component: &[u8]) -> Policy {
    Policy::compile(component, Limits::default()).expect("a policy")
}

/// The texts of one kind of `acme`'s events, oldest first.
fn events(scene: &Scene, kind: &str) -> Vec<String> {
    let ledger = scene.dialguard(reference()).ledger().clone();
    let events = ledger.events("acme", EventFilter { number: None, last: u32::MAX }).expect("events");
    events.into_iter().filter(|event| event.kind == kind).map(|event| event.text).collect()
}
