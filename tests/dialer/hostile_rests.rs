//! Hostile plans about rests, use and suspects: each is refused by name, as a whole, and the ledger stays as it was.

use super::scene::Scene;
use crate::harness::acme::{NOW, number};
use crate::harness::policies::hostile_rests::{hostile_rests, policy_of, returning_tables};
use crate::harness::policies::limits::ROOMY;
use crate::harness::policies::reference::reference;
use dialguard::contract::Request;
use dialguard::policy::Policy;
use dialguard_dialer::Dialguard;
use dialguard_dialer::dialguard::DialguardError;
use dialguard_dialer::ledger::{ImportedAs, LedgerError, PoolStanding};

/// The scene with numbers that rest in both accounts, and one that is out of use.
async fn scene() -> Scene {
    let scene = Scene::new().await;
    let honest = scene.dialguard(reference());
    for (id, resting, successor) in [("acme", 110, 112), ("acme", 111, 113), ("other", 160, 162)] {
        let [resting, successor] = [resting, successor].map(number);
        honest.ledger().import_numbers(id, &[resting], ImportedAs::Owned, NOW).expect("it is imported");
        honest.decide(id, &Request::StartMonitoring(vec![resting])).await.expect("it is monitored");
        honest.ledger().import_numbers(id, &[successor], ImportedAs::Candidate, NOW).expect("a candidate");
        let replaced =
            honest.decide(id, &Request::ReplaceNumbers(vec![resting])).await.expect("it is replaced").replaced;
        assert!(replaced[0].is_resting() && replaced[0].replacement == successor, "{replaced:?}");
    }
    scene.execute(&format!(
        "UPDATE orders SET rests = 255 WHERE number = {0};
         UPDATE monitored SET status = 3, resting_since = {NOW} WHERE number = {1};
         UPDATE monitored SET status = 3 WHERE number = {2};",
        number(111),
        number(102),
        number(100)
    ));
    scene
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_about_rests_and_use_that_breaks_the_ledgers_rules_is_refused_as_a_whole() {
    let scene = scene().await;
    let before = scene.snapshot();
    let plans = hostile_rests();
    let hostile = dialguard(&scene, &policy_of(&plans));
    for plan in plans {
        let refusal = refused(&hostile.at(plan.at), plan.request.as_ref()).await;
        assert!(refusal.contains(plan.refusal), "{plan:?}: {refusal}");
        assert!(scene.faults().pop().is_some_and(|event| event.contains(&refusal)), "no event says {refusal}");
        assert_eq!(scene.snapshot(), before, "the ledger after {plan:?}");
    }
    let honest = scene.dialguard(reference());
    honest.review("acme").await.expect("an honest review");
    let pooled = honest.ledger().pooled_numbers("acme", 0, 10).expect("the pool");
    assert!(pooled.iter().all(|one| matches!(one.standing, PoolStanding::Resting { .. })), "{pooled:?}");
}

/// The same skeleton without a fault is applied: what is refused above is refused for what it does.
#[tokio::test(flavor = "multi_thread")]
async fn a_plan_about_rests_and_use_that_keeps_them_is_applied() {
    let scene = scene().await;
    let does = "(call $look-around (local.get $id) (local.get $id-len))
                (call $offer-again (i64.const 13105550110)) (call $give-back (i64.const 13105550111))
                (call $stop-using (i64.const 13105550100)) (call $use-again (i64.const 13105550102))";
    let dialguard = dialguard(&scene, &returning_tables(does, ""));
    let plan = dialguard.review("acme").await.expect("it is applied").plan;
    assert_eq!((plan.reviews.len(), plan.actions.len()), (1, 4));
    let pooled = dialguard.ledger().pooled_numbers("acme", 0, 10).expect("the pool");
    let standing: Vec<_> = pooled.iter().map(|one| (one.number, one.standing)).collect();
    assert_eq!(standing, [(number(110), PoolStanding::Ready)], "the other one has left");
    let pool = dialguard.ledger().pool("acme", NOW).expect("the pool");
    assert_eq!((pool.in_use, pool.out_of_use), (5, 1));
}

/// What no look-up can mean is answered with an error, and the run goes on.
#[tokio::test(flavor = "multi_thread")]
async fn impossible_look_ups_do_no_harm() {
    for asks in [
        // A source that nobody named, the same number twice, more numbers than a call takes, and what is no number.
        "(call $look-up (global.get $number) (i32.const 1) (global.get $one) (i32.const 1) (global.get $page))",
        "(call $look-up (global.get $several) (i32.const 2) (i32.const 0) (i32.const 0) (global.get $page))",
        "(call $look-up (global.get $zeros) (i32.const 10001) (i32.const 0) (i32.const 0) (global.get $page))",
        "(call $look-up (global.get $zeros) (i32.const 1) (i32.const 0) (i32.const 0) (global.get $page))",
    ] {
        let scene = scene().await;
        let reviewed = dialguard(&scene, &returning_tables(asks, "")).review("acme").await;
        assert!(reviewed.expect(asks).plan.actions.is_empty(), "{asks}");
    }
}

fn dialguard(scene: &Scene, component: &[u8]) -> Dialguard {
    scene.dialguard(Policy::compile(component, ROOMY).expect("it looks like a policy"))
}

/// The ledger's refusal of a policy's plan.
async fn refused(dialguard: &Dialguard, request: Option<&Request>) -> String {
    let error = match request {
        None => dialguard.review("acme").await.map(|_| ()),
        Some(request) => dialguard.decide("acme", request).await.map(|_| ()),
    };
    match error.expect_err("a plan that breaks the ledger") {
        DialguardError::Ledger(LedgerError::Plan(fault)) => fault.to_string(),
        other => panic!("not blamed on the plan: {other}"),
    }
}
