//! The contract's versions: published ones never change, and policies made for them run as before.

#[path = "policies/first-contract/mod.rs"]
mod first_contract;
#[path = "policies/renamed.rs"]
mod renamed;
// Not every suite lets slow dialers loose.
#[allow(dead_code)]
#[path = "hostile/scene.rs"]
mod scene;

use dialguard::contract::*;
use dialguard::dialguard::DialguardError;
use dialguard::inspection::{Inspection, inspect};
use dialguard::ledger::{EventFilter, LedgerError};
use dialguard::policy::{Limits, Policy, PolicyError, PolicyFault, REFERENCE_POLICY};
use first_contract::{first_contract, first_contract_with};
use renamed::renamed;
use scene::{ACME, Scene, reference};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// SHA-256 of each published version: of its files' names and texts, in the order of names.
const PUBLISHED: [(&str, &str); 2] = [
    ("0.1.0", "d85b10b584d3f3c54513f55a2c1da7618a9671634809f0076465c1cdeb2f3857"),
    ("0.2.0", "dbac47bb8bed91259b331a11d0b676f037c6c2c94a3db5ab420a052d9fec7f00"),
];

#[test]
fn published_versions_never_change() {
    for (version, digest) in PUBLISHED {
        assert_eq!(
            digest_of(&wit().join(version)),
            digest,
            "wit/{version}/ is published and policies are made for it: leave it as it was, and put what is new into \
             the folder of a new version"
        );
    }
}

#[test]
fn every_version_in_the_folder_is_published_and_spoken() {
    let folders: BTreeSet<String> = entries(&wit()).into_iter().map(|path| name(&path)).collect();
    assert_eq!(folders, VERSIONS.map(String::from).into());
    assert_eq!(VERSIONS, PUBLISHED.map(|(version, _)| version));
    let spoken = [first_contract(), REFERENCE_POLICY.to_vec()].map(|policy| compiled(&policy).contract_version());
    assert_eq!(spoken, VERSIONS, "a policy made for each");
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_of_two_versions_work_on_one_ledger() {
    let scene = Scene::new().await;
    let (first, newest) = (scene.dialguard(compiled(&first_contract())), scene.dialguard(reference()));
    let numbers = [ACME, ACME + 1, ACME + 90, ACME + 999];
    let (screened, _) = first.screen("acme", &numbers).await.expect("a screening");
    assert_eq!(screened, newest.screen("acme", &numbers).await.expect("a screening").0);

    let (acme, other) = tokio::join!(first.review("acme"), newest.review("other"));
    let (acme, other) = (acme.expect("a review"), other.expect("a review"));
    assert_eq!((acme.plan.reviews.len(), acme.replaced.len()), (4, 1));
    assert_eq!((other.plan.reviews.len(), other.replaced.len()), (4, 0));

    // What the one applied is what the other goes on from.
    let asked = Request::ReplaceNumbers(vec![ACME + 1, ACME]);
    let decided = first.decide("acme", &asked).await.expect("an answer");
    let answers: Vec<Answer> = decided.decision.outcomes.iter().map(|outcome| outcome.answer).collect();
    assert_eq!(answers, [Answer::Accepted, Answer::NotMonitored]);
    let followed = newest.review("acme").await.expect("a review").plan;
    assert_eq!(followed.reviews.iter().map(|review| review.number).collect::<Vec<_>>(), [ACME + 90, ACME + 91]);
    for usage in [first.usage("acme").await, newest.usage("acme").await] {
        let usage = usage.expect("counts");
        assert_eq!((usage.slots, usage.occupied, usage.clean, usage.flagged_past_day), (15, 4, 4, 1));
    }

    let told = events(&scene, "replacement-intended");
    let expected = [
        "+13105550100 is to be replaced by +13105550190: The policy flagged it.",
        "+13105550101 is to be replaced by +13105550191: A person asked for it.",
    ];
    assert_eq!(told, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_version_says_in_its_own_words_why_a_number_is_replaced() {
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
            "+13105550105 was not on offer",
        ),
        ("(i32.const 0x2018) (call $now)", "(i32.const 0x2018) (i64.const 5)", "not now"),
        (
            "(i32.store8 offset=28 (local.get $at) (local.get $why))",
            "(i32.store8 offset=28 (local.get $at) (i32.const 1))",
            "it replaces +13105550100 though nobody asked",
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
        let plan = "(i64.store (i32.const 0x2018) (call $now))";
        let harmful = first_contract_with(plan, &format!("{plan} {harm}"));
        let policy = Policy::compile(&harmful, limits).expect("it looks like a policy");
        match scene.dialguard(policy).review("acme").await.expect_err(harm) {
            DialguardError::Policy(PolicyError::Fault(fault)) => assert_eq!(fault, expected, "{harm}"),
            other => panic!("not blamed on the policy: {other}"),
        }
    }
    let asking = first_contract_with(
        "(result i32)\n    (i32.const 0x3000))",
        "(result i32)\n    (drop (call $now)) (i32.const 0x3000))",
    );
    let told = compiled(&asking).describe().await;
    assert!(matches!(told, Err(PolicyError::Fault(PolicyFault::UnexpectedImport))), "{told:?}");
}

#[test]
fn other_versions_and_mixes_are_refused_by_name() {
    let (first, newest) = (first_contract(), REFERENCE_POLICY.to_vec());
    let scenarios = [
        (renamed(&first, "@0.1.0", "@0.9.0"), "speaks 0.1.0 and 0.2.0: it is one for version 0.9.0"),
        (renamed(&newest, "@0.2.0", "@1.0.0"), "speaks 0.1.0 and 0.2.0: it is one for version 1.0.0"),
        (renamed(&first, "reputation/policy", "reputation/polish"), "it exports no dialguard:reputation/policy"),
        (renamed(&first, "/clock@0.1.0", "/clock@0.2.0"), "it imports dialguard:reputation/clock@0.2.0, beyond"),
        (renamed(&newest, "/clock@0.2.0", "/clock@0.1.0"), "it imports dialguard:reputation/clock@0.1.0, beyond"),
        (renamed(&first, "/types@0.1.0", "/types@0.2.0"), "it imports dialguard:reputation/types@0.2.0, beyond"),
        (renamed(&first, "/policy@0.1.0", "/policy@0.2.0"), "beyond the contract"),
        (
            renamed(&first, "dialguard:reputation/clock@0.1.0", "wasi:http/outgoing-handler@0.2.0"),
            "it imports wasi:http",
        ),
    ];
    for (component, expected) in scenarios {
        let told = Policy::compile(&component, Limits::default()).err().expect(expected).to_string();
        assert!(told.contains(expected), "{told}, not {expected}");
    }
}

#[test]
fn a_component_is_inspected_without_running_it() {
    let names = |version: &str| {
        let interfaces = ["types", "clock", "carrier-lookup", "number-inventory"];
        interfaces.map(|interface| format!("dialguard:reputation/{interface}@{version}")).into()
    };
    for (component, version) in [(first_contract(), "0.1.0"), (REFERENCE_POLICY.to_vec(), "0.2.0")] {
        let seen = inspect(&component).expect("a component");
        assert_eq!((seen.contract.as_deref(), seen.size), (Some(version), component.len()));
        assert_eq!(seen.exports, [format!("dialguard:reputation/policy@{version}")]);
        assert_eq!(seen.imports.into_iter().collect::<BTreeSet<_>>(), names(version));
        assert_eq!((seen.beyond_contract, seen.wasi), (vec![], vec![]));
    }
    let text = r#"(component
        (import "wasi:cli/environment@0.2.0" (instance))
        (import "dialguard:reputation/types@0.2.0" (instance (export "now" (func (result u64)))))
        (import "help" (func $help))
        (export "greet" (func $help))
        (core module (@custom "description" "what a part says") (@custom "version" "1.2.3"))
        (@custom "description" "turns\1b[2J the screen blank"))"#;
    let seen = inspect(&wat::parse_str(text).expect("a component")).expect("a component");
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let expected = Inspection {
        contract: None,
        imports: names(&["wasi:cli/environment@0.2.0", "dialguard:reputation/types@0.2.0", "help"]),
        exports: names(&["greet"]),
        beyond_contract: names(&["wasi:cli/environment@0.2.0", "dialguard:reputation/types@0.2.0#now", "help"]),
        wasi: names(&["wasi:cli/environment@0.2.0"]),
        description: Some("turns\u{fffd}[2J the screen blank".into()),
        version: Some("1.2.3".into()),
        size: seen.size,
    };
    assert_eq!(seen, expected);
}

#[test]
fn whatever_a_file_holds_it_is_seen_or_refused() {
    for cut in (0..REFERENCE_POLICY.len()).step_by(251) {
        // Some damage goes unseen until the component is compiled; none makes the look panic.
        let _ = inspect(&REFERENCE_POLICY[..cut]);
        let mut damaged = REFERENCE_POLICY.to_vec();
        damaged[cut] ^= 0x41;
        let _ = inspect(&damaged);
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

fn wit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit")
}

fn digest_of(folder: &Path) -> String {
    let mut digest = Sha256::new();
    for file in entries(folder) {
        digest.update(name(&file));
        digest.update(std::fs::read(&file).expect("a file of the contract"));
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a folder holds, in the order of names.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let read = std::fs::read_dir(folder).expect("a folder of the contract");
    let mut entries: Vec<PathBuf> = read.map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    entries
}

fn name(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}
