//! Hostile policies, each stopped by one limit. Afterwards the process still runs, the ledger is unchanged, and the next
//! run of an honest policy is correct.

use super::scene::{ACME, Scene};
use crate::harness::policies::hostile::Hostile;
use crate::harness::policies::hostile_plans::hostile_plans;
use crate::harness::policies::limits::{LIMITS, OUT_OF_TIME, ROOMY, SPIN, compiled};
use crate::harness::policies::reference::reference;
use dialguard::contract::*;
use dialguard::policy::{Limits, Policy, PolicyError, PolicyFault};
use dialguard_dialer::dialguard::DialguardError;
use dialguard_dialer::ledger::{AccountChange, EventFilter, LedgerError};
use std::collections::BTreeSet;
use std::time::Duration;

const OUT_OF_MEMORY: PolicyFault = PolicyFault::OutOfMemory(LIMITS.memory_bytes_max);

const TOO_LARGE: PolicyFault = PolicyFault::TooLarge(LIMITS.answer_bytes_max);

fn trapped(why: &str) -> PolicyFault {
    PolicyFault::Trapped(why.into())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_policy_loses_its_run_and_affects_nothing_else() {
    let scenarios: Vec<(&str, Hostile, PolicyFault)> = vec![
        ("an endless loop", Hostile::review(SPIN), OUT_OF_TIME),
        (
            "a memory bomb",
            Hostile::review("(loop $again (drop (memory.grow (i32.const 1))) (br $again))"),
            OUT_OF_MEMORY,
        ),
        (
            "a memory bomb with impossible requests in between",
            Hostile::review(
                "(loop $again
                   (drop (memory.grow (i32.const 1)))
                   (drop (memory.grow (i32.const 65535)))
                   (br $again))",
            ),
            OUT_OF_MEMORY,
        ),
        (
            "a storm of copies",
            Hostile::review(
                "(drop (memory.grow (i32.const 56)))
                 (loop $again
                   (memory.copy (i32.const 0x200000) (i32.const 0x20000) (i32.const 0x1a0000))
                   (br $again))",
            ),
            OUT_OF_TIME,
        ),
        (
            "a storm of fills",
            Hostile::review(
                "(drop (memory.grow (i32.const 56)))
                 (loop $again
                   (memory.fill (i32.const 0x20000) (i32.const 7) (i32.const 0x390000))
                   (br $again))",
            ),
            OUT_OF_TIME,
        ),
        (
            "a recursion without end",
            Hostile {
                items: "(func $deeper (result i32) (i32.add (call $deeper) (i32.const 1)))",
                review: "(drop (call $deeper))",
                ..Hostile::default()
            },
            trapped("wasm trap: call stack exhausted"),
        ),
        (
            "a flood of import calls",
            Hostile::review("(loop $again (drop (call $now)) (br $again))"),
            PolicyFault::TooManyCalls(LIMITS.import_calls_max),
        ),
        (
            "questions that are answered at length, again and again",
            Hostile::review(
                "(local.set $id-len (i32.const 0x24000))
                 (drop (memory.grow (i32.const 4)))
                 (loop $fill
                   (i64.store (local.get $id-len) (i64.const 13105550100))
                   (local.set $id-len (i32.add (local.get $id-len) (i32.const 8)))
                   (br_if $fill (i32.lt_u (local.get $id-len) (i32.const 0x36000))))
                 (loop $again
                   (call $owned (local.get $id) (i32.const 4) (i32.const 0x24000) (i32.const 9000) (global.get $asked))
                   (br $again))",
            ),
            PolicyFault::HoldsTooMuch(LIMITS.held_bytes_max),
        ),
        (
            "a lookup of more bytes than it may hand over",
            Hostile::review(
                "(drop (memory.grow (i32.const 56)))
                 (call $look-up (i32.const 0) (i32.const 200000) (global.get $asked))",
            ),
            TOO_LARGE,
        ),
        (
            "a trap in the middle",
            Hostile::review("(unreachable)"),
            trapped("wasm trap: wasm `unreachable` instruction executed"),
        ),
        (
            "a look beyond its memory",
            Hostile::review("(drop (i32.load (i32.const -8)))"),
            trapped("wasm trap: out of bounds memory access"),
        ),
        ("a loop where the host hands it data", Hostile { alloc: SPIN, ..Hostile::default() }, OUT_OF_TIME),
        (
            "an import called where the host hands it data",
            Hostile { alloc: "(drop (call $now))", ..Hostile::default() },
            trapped("wasm trap: cannot leave component instance"),
        ),
        (
            "a plan of a million actions",
            Hostile::review("(i32.store offset=4 (global.get $plan.actions) (i32.const 1000000))"),
            trapped("list pointer/length out of bounds of memory"),
        ),
        (
            "a plan of 90,000 actions",
            Hostile::review(
                "(drop (memory.grow (i32.const 56)))
                 (i32.store (global.get $plan.actions) (i32.const 0x10000))
                 (i32.store offset=4 (global.get $plan.actions) (i32.const 90000))",
            ),
            TOO_LARGE,
        ),
        (
            "an error that is a novel",
            Hostile::review(
                "(memory.fill (global.get $scratch) (i32.const 0x78) (i32.const 5000))
                 (i32.store8 (global.get $answer) (i32.const 1))
                 (i32.store (global.get $error.message) (global.get $scratch))
                 (i32.store offset=4 (global.get $error.message) (i32.const 5000))",
            ),
            PolicyFault::TooLarge(2_000),
        ),
        (
            "an action that the contract does not know",
            Hostile::review("(drop (call $act (i32.const 9)))"),
            trapped("unexpected discriminant: 9"),
        ),
        (
            "a string that is not UTF-8",
            Hostile::review("(i32.store8 (local.get $id) (i32.const 0xff))"),
            trapped("invalid utf-8 sequence of 1 bytes from index 0"),
        ),
    ];
    let scene = Scene::new().await;
    let unharmed = Unharmed::of(&scene).await;
    for (what, policy, expected) in scenarios {
        let error = scene.dialguard(compiled(policy, LIMITS)).review("acme").await.expect_err(what);
        let event = scene.faults().pop().expect("an event that blames the policy");
        assert!(event.contains(&expected.to_string()), "{what}: {event}");
        assert_eq!(fault(error), expected, "{what}");
        unharmed.still(&scene, what).await;
    }
    unharmed.reviews_correctly(&scene).await;
}

/// A policy is asked for its settings when it is compiled.
#[test]
fn a_policy_that_loops_when_it_describes_itself_is_refused() {
    for (what, policy) in [
        ("a loop in its description", Hostile { describe: SPIN, ..Hostile::default() }),
        ("a loop once its answer was read", Hostile { post: SPIN, ..Hostile::default() }),
    ] {
        let refused = Policy::compile(&policy.component(), LIMITS).err().expect(what).to_string();
        assert!(refused.ends_with(&OUT_OF_TIME.to_string()), "{what}: {refused}");
    }
}

fn fault(error: DialguardError) -> PolicyFault {
    match error {
        DialguardError::Policy(PolicyError::Fault(fault)) => fault,
        other => panic!("not blamed on the policy: {other}"),
    }
}

/// The ledger's contents, and the plan of an honest policy.
struct Unharmed {
    ledger: String,
    plan: Plan,
}

impl Unharmed {
    async fn of(scene: &Scene) -> Self {
        let plan = scene.dialguard(reference()).try_review("acme").await.expect("a plan").plan;
        let replacement = Replacement {
            number: ACME,
            replacement: ACME + 90,
            slot: 1,
            why: ReplacementReason::Flagged,
            because: "Flagged by 2 of 2 carriers; +13105550190 is the closest candidate that none of 2 carriers flags."
                .into(),
        };
        assert_eq!(plan.actions, [Action::ReplaceNumber(replacement)]);
        Unharmed { ledger: scene.snapshot(), plan }
    }

    async fn still(&self, scene: &Scene, after: &str) {
        assert_eq!(scene.snapshot(), self.ledger, "the ledger after {after}");
        let plan = scene.dialguard(reference()).try_review("acme").await.expect("a plan").plan;
        assert_eq!(plan, self.plan, "an honest plan after {after}");
    }

    async fn reviews_correctly(&self, scene: &Scene) {
        let reviewed = scene.dialguard(reference()).review("acme").await.expect("a review");
        assert_eq!(reviewed.plan, self.plan);
        assert_eq!(reviewed.replaced.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_breaks_the_ledgers_rules_is_refused_as_a_whole() {
    let scene = Scene::new().await;
    let unharmed = Unharmed::of(&scene).await;
    for plan in hostile_plans() {
        let refusal = refused(&scene, plan.policy(), plan.request.clone()).await;
        assert!(refusal.contains(plan.refusal), "{plan:?}: {refusal}");
        assert!(scene.faults().pop().is_some_and(|event| event.contains(&refusal)), "no event says {refusal}");
        unharmed.still(&scene, plan.actions).await;
    }
    unharmed.reviews_correctly(&scene).await;
}

/// Six blocks more for $294.00, which three actions would have charged as $882.00.
#[tokio::test(flavor = "multi_thread")]
async fn blocks_set_three_times_in_one_plan_are_not_charged() {
    let scene = Scene::new().await;
    let plan = hostile_plans().into_iter().find(|plan| plan.refusal == "it sets 7 blocks more than once");
    let plan = plan.expect("it is among the hostile plans");
    refused(&scene, plan.policy(), plan.request).await;
    assert_eq!(scene.charged_cents("acme"), 4_900, "the block that the account was added with");
    let request = Request::SetBlocks(7);
    scene.dialguard(reference()).decide("acme", &request).await.expect("an honest policy sets them once");
    assert_eq!(scene.charged_cents("acme"), 4_900 + 6 * 4_900);
}

/// The ledger's refusal of a policy's plan.
async fn refused(scene: &Scene, policy: Hostile, request: Option<Request>) -> String {
    let dialguard = scene.dialguard(compiled(policy, ROOMY));
    let error = match request {
        None => dialguard.review("acme").await.map(|_| ()),
        Some(request) => dialguard.decide("acme", &request).await.map(|_| ()),
    };
    match error.expect_err("a plan that breaks the ledger") {
        DialguardError::Ledger(LedgerError::Plan(fault)) => fault.to_string(),
        other => panic!("not blamed on the plan: {other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_is_too_large_is_refused() {
    const GROW: &str = "(drop (memory.grow (i32.const 900)))";
    let scenarios = [
        (
            "GROW (i32.store (global.get $plan.actions) (global.get $large)) (i32.store offset=4 (global.get $plan.actions) (i32.const 1000000))",
            "without a request",
        ),
        (
            "GROW (i32.store (global.get $plan.reviews) (global.get $large)) (i32.store offset=4 (global.get $plan.reviews) (i32.const 1000000))",
            "not monitored",
        ),
        (
            "GROW (i32.store (global.get $plan.notices) (global.get $large)) (i32.store offset=4 (global.get $plan.notices) (i32.const 100000))",
            "it has 100000 notices",
        ),
        (
            "GROW (memory.fill (global.get $large) (i32.const 0x78) (i32.const 10000000))
             (call $notice (i32.const 4) (i64.const 0) (global.get $large) (i32.const 10000000))",
            "its notices have 10000004 bytes, more than 262144",
        ),
    ];
    let scene = Scene::new().await;
    let unharmed = Unharmed::of(&scene).await;
    for (plans, expected) in scenarios {
        let refusal = refused(&scene, Hostile::review(plans.replace("GROW", GROW).leak()), None).await;
        assert!(refusal.contains(expected), "{plans}: {refusal}, not {expected}");
        unharmed.still(&scene, plans).await;
    }
}

/// Notices are events of the ledger for good, so none may pass for an event that the ledger recorded itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_policy_cannot_forge_history() {
    const TEXT: &str = "(global.get $texts) (i32.const 7)";
    let scene = Scene::new().await;
    let unharmed = Unharmed::of(&scene).await;
    for kind in kinds_that_the_ledger_records().await {
        let kind: &str = kind.leak();
        let review =
            format!("(call $notice (i32.const {}) (i64.const 0) TEXT)", kind.len()).replace("TEXT", TEXT).leak();
        let refusal = refused(&scene, Hostile { scratch: kind, ..Hostile::review(review) }, None).await;
        assert!(refusal.contains("is reserved for the ledger's own events"), "{kind}: {refusal}");
    }
    let scenarios = [
        ("Charged", "(call $notice (i32.const 7) (i64.const 0) TEXT)", "is not kebab-case"),
        ("", "(call $notice (i32.const 0) (i64.const 0) TEXT)", "is not kebab-case"),
        ("ok", "(call $notice (i32.const 2) (i64.const -1) TEXT)", "is not E.164"),
        (
            "ok\\1b[2J",
            "(call $notice (i32.const 2) (i64.const 0) (global.get $scratch) (i32.const 6))",
            "control characters",
        ),
    ];
    for (scratch, review, expected) in scenarios {
        let review = review.replace("TEXT", TEXT).leak();
        let refusal = refused(&scene, Hostile { scratch, ..Hostile::review(review) }, None).await;
        assert!(refusal.contains(expected), "{review}: {refusal}, not {expected}");
    }
    unharmed.still(&scene, "forged notices").await;
}

/// The kinds of events of an account to which everything happens, without its policy's notices.
async fn kinds_that_the_ledger_records() -> BTreeSet<String> {
    let scene = Scene::new().await;
    let honest = scene.dialguard(reference());
    honest.review("acme").await.expect("a review");
    let deletion = Deletion { numbers: vec![ACME + 1], accept_slot_loss: true };
    for request in [Request::DeleteNumbers(deletion), Request::SetBlocks(2)] {
        honest.decide("acme", &request).await.expect("a request");
    }
    let off = AccountChange { enabled: Some(false), ..AccountChange::default() };
    honest.change_account("acme", &off).await.expect("a change");
    let events = honest.ledger().events("acme", EventFilter { number: None, last: u32::MAX }).expect("events");
    let remarks = ["newly-flagged", "newly-clean", "unrated", "mass-flag-held", "no-clean-candidate"];
    let kinds: BTreeSet<String> = events.into_iter().map(|event| event.kind).collect();
    assert!(kinds.len() > 10, "{kinds:?}");
    kinds.into_iter().filter(|kind| !remarks.contains(&kind.as_str())).collect()
}

/// Numbers that a database cannot hold must not reach one.
#[tokio::test(flavor = "multi_thread")]
async fn impossible_parameters_do_no_harm() {
    let asks = [
        "(call $flag-events (local.get $id) (local.get $id-len) (i64.const -1) (global.get $asked))",
        "(call $monitored (local.get $id) (local.get $id-len) (i64.const -1) (i32.const -1) (global.get $asked))",
        "(call $monitored (local.get $id) (local.get $id-len) (i64.const 0) (i32.const 0) (global.get $asked))",
        "(call $candidates (local.get $id) (local.get $id-len) (i64.const -1) (i32.const -1) (global.get $asked))",
    ];
    for ask in asks {
        let scene = Scene::new().await;
        let reviewed = scene.dialguard(compiled(Hostile::review(ask), LIMITS)).review("acme").await;
        assert!(reviewed.expect(ask).plan.actions.is_empty(), "{ask}");
    }
}

/// One thread for all: a run that does not yield would stop the others.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn while_policies_loop_other_accounts_are_reviewed() {
    let scene = Scene::new().await;
    let looping = compiled(Hostile::review(SPIN), Limits { compute_time_max: Duration::from_secs(60), ..LIMITS });
    let hostile = scene.dialguard(looping);
    let loops: Vec<_> = (0..3)
        .map(|_| {
            let hostile = hostile.clone();
            tokio::spawn(async move { hostile.review("acme").await.map(|_| ()) })
        })
        .collect();
    let honest = scene.dialguard(reference());
    let reviewed = tokio::spawn(async move { honest.review("other").await }).await.expect("no panic");
    assert_eq!(reviewed.expect("a review").plan.reviews.len(), 4);
    assert!(loops.iter().all(|looping| !looping.is_finished()), "the loops ended too soon to disturb anybody");
    loops.iter().for_each(tokio::task::JoinHandle::abort);
}

/// Asks for candidates without end if the account is `acme`, and throws the answers away.
const HOG_ACME: &str = "(if (i32.eq (i32.load8_u (local.get $id)) (i32.const 0x61)) (then
      (loop $again
        (call $candidates (local.get $id) (local.get $id-len) (i64.const 13105550100) (i32.const 9) (global.get $asked))
        (global.set $free (i32.const 0x20000))
        (br $again))))";

/// Neither a fault of time in the policy nor too many calls.
const ENDLESS: Limits = Limits {
    compute_time_max: Duration::from_secs(3_600),
    run_time_max: Duration::from_secs(3_600),
    import_calls_max: u32::MAX,
    held_bytes_max: u64::MAX,
    ..LIMITS
};

/// One thread for all, and another for the ledger: what a policy asks of the inventory is work of the host.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn while_a_policy_asks_without_end_other_accounts_are_reviewed() {
    let scene = Scene::new().await;
    let hostile = scene.dialguard(compiled(Hostile::review(HOG_ACME), ENDLESS));
    let asking = {
        let hostile = hostile.clone();
        tokio::spawn(async move { hostile.review("acme").await.map(|_| ()) })
    };
    while hostile.progress("acme").is_none() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    hostile.review("other").await.expect("a review by the same policy");
    let reviewed = scene.dialguard(reference()).review("other").await.expect("a review by an honest one");
    assert_eq!(reviewed.plan.reviews.len(), 4);
    assert!(!asking.is_finished(), "it asks on");
    asking.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_asks_without_end_is_at_fault() {
    let scene = Scene::new().await;
    let unharmed = Unharmed::of(&scene).await;
    let limits = Limits { run_time_max: Duration::from_millis(200), ..ENDLESS };
    let error = scene.dialguard(compiled(Hostile::review(HOG_ACME), limits)).review("acme").await.expect_err("no end");
    assert_eq!(fault(error), PolicyFault::TooSlow(limits.run_time_max));
    let event = scene.faults().pop().expect("an event that blames the policy");
    assert!(event.contains("it did not finish within 200ms"), "{event}");
    unharmed.still(&scene, "asking without end").await;
}

/// A stopped dialer ends its runs and begins no others.
#[tokio::test(flavor = "multi_thread")]
async fn a_dialer_that_is_stopped_drops_its_runs() {
    let scene = Scene::new().await;
    let before = scene.snapshot();
    let hostile = scene.dialguard(compiled(Hostile::review(HOG_ACME), ENDLESS));
    let stop = async {
        while hostile.progress("acme").is_none() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        hostile.stop();
    };
    let (reviewed, ()) = tokio::join!(hostile.review("acme"), stop);
    assert!(matches!(reviewed, Err(DialguardError::Stopped)), "{reviewed:?}");
    assert!(matches!(hostile.usage("other").await, Err(DialguardError::Stopped)));
    assert_eq!(scene.snapshot(), before);
    assert_eq!(scene.faults(), Vec::<String>::new());
}
