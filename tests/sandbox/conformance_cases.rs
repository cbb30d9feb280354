//! Tests of the conformance check: the reference policy passes every case, wrong policies do not, and every expectation
//! can fail.

use crate::harness::policies::first_contract::first_contract;
use crate::harness::policies::hostile::Hostile;
use crate::harness::policies::hostile_plans::hostile_plans;
use crate::harness::policies::hostile_rests::{hostile_rests, policy_of};
use crate::harness::policies::reference::reference;
use crate::harness::policies::renamed::renamed;
use crate::harness::policies::second_contract::SECOND_CONTRACT;
use crate::harness::repository::repository;
use dialguard::bench::bench;
use dialguard::calendar::rfc3339;
use dialguard::contract::Request;
use dialguard::policy::{Limits, Policy, REFERENCE_POLICY, Wasi};
use dialguard::scenarios::{CASE_FILES, CaseFile, Section, Tier, Verdict, case_files, check, smoke_check, try_case};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

/// Stops a loop soon.
fn short() -> Limits {
    Limits { compute_time_max: Duration::from_millis(20), ..Limits::default() }
}

fn compiled(component: &[u8], limits: Limits) -> Policy {
    Policy::compile(component, limits).expect("it looks like a policy")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reference_policy_passes_every_case_and_every_hostile_input() {
    let report = check(&reference()).await;
    println!("{report}");
    assert_eq!(report.count(Verdict::Passed), report.findings.len(), "{report}");
    assert!(report.passed());
    let tried = |section| report.findings.iter().filter(|finding| finding.section == section).count();
    assert!(tried(Section::Contract) >= 100, "{}", tried(Section::Contract));
    assert!(tried(Section::Reference) >= 100, "{}", tried(Section::Reference));
    assert!(tried(Section::Hostile) >= 80, "{}", tried(Section::Hostile));
    assert_eq!(smoke_check(&reference()).await, Ok(()));
}

/// A policy for an older version passes what it passed, and is not tried with what came later.
#[tokio::test(flavor = "multi_thread")]
async fn a_policy_for_an_older_contract_passes_the_cases_of_its_time() {
    let policy = compiled(SECOND_CONTRACT, Limits::default());
    let report = check(&policy).await;
    println!("{report}");
    assert_eq!(report.count(Verdict::Passed), report.findings.len(), "{report}");
    assert_eq!(smoke_check(&policy).await, Ok(()));
    let tried = report.findings.iter().filter(|finding| finding.section != Section::Hostile).count();
    let all: Vec<CaseFile> = case_files();
    let later = all.iter().flat_map(|file| &file.cases).filter(|case| !case.applies_to("0.2.0")).count();
    assert_eq!(tried + later, all.iter().map(|file| file.cases.len()).sum::<usize>());
    assert!(later >= 60, "{later}");
}

/// The fault of a wrong policy, and words that its report must contain.
#[tokio::test(flavor = "multi_thread")]
async fn the_report_names_the_rule_a_wrong_policy_breaks() {
    // The policy's own error, with the contract's third code and the message `1.0.0`.
    const INVALID_SETTINGS: &str = "(i32.store8 (global.get $answer) (i32.const 1))
         (i32.store8 (global.get $error.code) (i32.const 3))
         (i32.store (global.get $error.message) (global.get $version))
         (i32.store offset=4 (global.get $error.message) (i32.const 5))";
    const LOOK: &str = "(call $look-around (local.get $id) (local.get $id-len))";
    let rate_twice = format!(
        "{LOOK} (call $rate (i64.const 13105550100) (i32.const 1)) (call $rate (i64.const 13105550100) (i32.const 1))"
    );
    let scenarios: Vec<(&str, Hostile, Limits, &str)> = vec![
        (
            "accepts everything and plans nothing",
            Hostile::default(),
            Limits::default(),
            "it accepts +13105550120, and no action is about it",
        ),
        (
            "rates no number",
            Hostile::default(),
            Limits::default(),
            "reviews: expected 3 of them, got 0; {\"number\":\"+12125550177\",\"status\":\"clean\",",
        ),
        (
            "traps",
            Hostile::review("(unreachable)"),
            Limits::default(),
            "its run was ended: wasm trap: wasm `unreachable` instruction executed",
        ),
        (
            "loops",
            Hostile::review("(loop $again (br $again))"),
            short(),
            "its run was ended: it used more than 20ms of CPU time",
        ),
        (
            "refuses settings that it declares",
            Hostile::review(INVALID_SETTINGS),
            Limits::default(),
            "expected an answer, got the error \"invalid-settings\"",
        ),
        (
            "rates a number twice",
            Hostile::review(rate_twice.leak()),
            Limits::default(),
            "it reviews +13105550100, which is out of order or not monitored",
        ),
        (
            "releases a number without a request",
            Hostile::decide("(call $release (i64.const 13105550120))"),
            Limits::default(),
            "it releases +13105550120 without a request",
        ),
    ];
    for (what, policy, limits, expected) in scenarios {
        let policy = compiled(&policy.component(), limits);
        let report = check(&policy).await;
        assert!(!report.passed(), "{what}: {report}");
        let text = report.to_string();
        let line = text.lines().find(|line| line.contains(expected));
        assert!(line.is_some(), "{what}: nowhere in {text}");
        assert!(text.ends_with("This policy breaks the contract."), "{text}");
        let failure = smoke_check(&policy).await.expect_err(what).to_string();
        assert!(failure.starts_with("the policy breaks the contract in the case"), "{failure}");
    }
}

/// Its settings are asked for when it is compiled, so this one is no policy at all.
#[test]
fn a_policy_that_asks_the_time_when_it_should_say_what_it_is_is_refused() {
    let asks = Hostile { describe: "(drop (call $now))", ..Hostile::default() };
    let refused = Policy::compile(&asks.component(), Limits::default()).err().expect("it is refused").to_string();
    assert!(refused.contains("it called an import in a function that must not call any"), "{refused}");
}

/// The facts of the plans below, in the notation of cases: what the dialers' tests have in a ledger.
const SCENE: &str = r#"{
    "name": "a hostile plan",
    "tier": "contract",
    "rule": "A plan keeps the ledger's rules.",
    "account": { "guard-rails": { "auto-replace": true } },
    "monitored": [{ "number": "+13105550100 to +13105550103" }],
    "owned": ["+13105550104", "+13105550105"],
    "candidates": ["+13105550190", "+13105550191"],
    "call": "review-account",
    "expect": {}
}"#;

/// The same for plans about rests and use.
const SCENE_WITH_RESTS: &str = r#"{
    "name": "a hostile plan",
    "tier": "contract",
    "rule": "A plan keeps the ledger's rules.",
    "account": { "guard-rails": { "auto-replace": true } },
    "monitored": [
        { "number": "+13105550100", "status": "flagged" },
        { "number": "+13105550101" },
        { "number": "+13105550102", "status": "flagged", "resting-since": "2026-02-20T14:00:00Z" },
        { "number": "+13105550103" }
    ],
    "owned": ["+13105550104", "+13105550105"],
    "rested": [{ "number": "+13105550110" }, { "number": "+13105550111", "rests": 255 }],
    "candidates": ["+13105550190", "+13105550191"],
    "call": "review-account",
    "expect": {}
}"#;

/// Every kind of plan that the ledger refuses fails the conformance check too, in the same words.
#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_plan_fails_its_case() {
    for plan in hostile_plans() {
        let case: Value = serde_json::from_str(SCENE).expect("JSON");
        let policy = compiled(&plan.policy().component(), Limits::default());
        assert_fails(case, &policy, plan.request.as_ref(), plan.refusal).await;
    }
}

/// The same for what is new in version 0.3.0.
#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_plan_about_rests_fails_its_case() {
    let plans = hostile_rests();
    let policy = compiled(&policy_of(&plans), Limits::default());
    for plan in plans {
        let mut case: Value = serde_json::from_str(SCENE_WITH_RESTS).expect("JSON");
        case["now"] = json!(rfc3339(plan.at));
        assert_fails(case, &policy, plan.request.as_ref(), plan.refusal).await;
    }
}

async fn assert_fails(mut case: Value, policy: &Policy, request: Option<&Request>, refusal: &str) {
    if let Some(request) = request {
        case["call"] = json!({ "decide": request_as_notation(request) });
    }
    let file = CaseFile::read(&json!({ "title": "hostile", "cases": [case] }).to_string()).expect("a case");
    let finding = try_case(policy, &file.title, &file.cases[0]).await;
    assert_eq!(finding.verdict, Verdict::Failed, "{refusal}: {finding}");
    assert!(finding.detail.contains(refusal), "{refusal}: {finding}");
}

fn request_as_notation(request: &Request) -> Value {
    let e164 = |numbers: &[u64]| numbers.iter().map(|number| format!("+{number}")).collect::<Vec<_>>();
    match request {
        Request::StartMonitoring(numbers) => json!({ "start-monitoring": e164(numbers) }),
        Request::StopMonitoring(numbers) => json!({ "stop-monitoring": e164(numbers) }),
        Request::DeleteNumbers(deletion) => json!({
            "delete-numbers": { "numbers": e164(&deletion.numbers), "accept-slot-loss": deletion.accept_slot_loss }
        }),
        Request::ReplaceNumbers(numbers) => json!({ "replace-numbers": e164(numbers) }),
        Request::SetBlocks(blocks) => json!({ "set-blocks": blocks }),
    }
}

/// A policy with another kind of notice conforms to the contract, and differs from Dialguard's own.
#[tokio::test(flavor = "multi_thread")]
async fn a_policy_may_differ_from_the_reference_policy() {
    let policy = compiled(&renamed(REFERENCE_POLICY, "newly-flagged", "newly-flogged"), Limits::default());
    let report = check(&policy).await;
    assert!(report.passed() && smoke_check(&policy).await.is_ok(), "{report}");
    assert!(report.count(Verdict::Differs) > 0, "{report}");
    let text = report.to_string();
    let line = "notices[0].kind: expected \"newly-flagged\", got \"newly-flogged\"";
    assert!(text.contains(line) && text.contains("≠"), "{text}");
    let json = serde_json::to_value(&report).expect("a report is JSON");
    assert_eq!((&json["passed"], &json["sha256"]), (&json!(true), &json!(policy.sha256())));
    let differs = json["findings"].as_array().expect("findings").iter().filter(|f| f["verdict"] == "differs");
    assert_eq!(differs.count(), report.count(Verdict::Differs));
}

/// Each expected value is replaced by another, one at a time, and the case must fail each time.
#[tokio::test(flavor = "multi_thread")]
async fn every_expectation_of_a_case_can_fail() {
    let policy = reference();
    let mut tried = 0;
    let mut kinds = BTreeSet::new();
    // The cases with many numbers expect nothing that smaller ones do not.
    for (file_name, text) in CASE_FILES.iter().filter(|(name, _)| *name != "many.json") {
        let file: Value = serde_json::from_str(text).expect("JSON");
        for case in file["cases"].as_array().expect("cases") {
            kinds.extend(case["expect"].as_object().expect("an object").keys().cloned());
            for expect in otherwise("expect", &case["expect"]) {
                let mut case = case.clone();
                case["expect"] = expect;
                let problems = try_changed(&policy, &case).await;
                assert!(!problems.is_empty(), "{file_name}: passes where it expects {:#}", case["expect"]);
                tried += 1;
            }
        }
    }
    let every = [
        "actions",
        "asked",
        "error",
        "notices",
        "numbers-looked-up",
        "outcomes",
        "reviews",
        "screenings",
        "settings",
        "statuses-unchanged",
        "suspects",
        "usage",
    ];
    assert_eq!(kinds.iter().map(String::as_str).collect::<Vec<_>>(), every);
    println!("{tried} expectations exchanged");
}

/// The problems of a changed case; empty if it passes.
async fn try_changed(policy: &Policy, case: &Value) -> String {
    let text = json!({"title": "changed", "cases": [case]}).to_string();
    let file = CaseFile::read(&text).unwrap_or_else(|error| panic!("{error}: {case:#}"));
    let case = &file.cases[0];
    let finding = try_case(policy, &file.title, case).await;
    let expected = if case.tier() == Tier::Contract { Verdict::Failed } else { Verdict::Differs };
    assert!(finding.verdict == Verdict::Passed || finding.verdict == expected, "{finding}");
    finding.detail
}

/// The same expectation with one value changed, for each value in it.
fn otherwise(key: &str, expected: &Value) -> Vec<Value> {
    match expected {
        Value::Object(fields) => {
            let changed = fields.iter().flat_map(|(name, field)| {
                let changed = otherwise(name, field).into_iter();
                changed.map(move |field| {
                    let mut fields = fields.clone();
                    fields[name] = field;
                    Value::Object(fields)
                })
            });
            let without_error = fields.get("error").map(|_| json!({}));
            changed.chain(without_error).collect()
        }
        Value::Array(elements) => {
            let changed = elements.iter().enumerate().flat_map(|(index, element)| {
                let changed = otherwise(key, element).into_iter();
                changed.map(move |element| [&elements[..index], &[element], &elements[index + 1..]].concat())
            });
            let shorter = elements.split_last().map(|(_, rest)| rest.to_vec());
            let longer = [elements.as_slice(), &[surplus(key)]].concat();
            changed.chain(shorter).chain([longer]).map(Value::Array).collect()
        }
        Value::Number(number) => vec![json!(number.as_u64().expect("a whole number") ^ 1)],
        Value::Bool(holds) => vec![json!(!holds)],
        Value::Null => vec![json!("2000-01-01T00:00:00Z")],
        Value::String(text) if text == "as-before" => vec![json!([])],
        Value::String(text) => vec![json!(other_text(key, text))],
    }
}

/// One more than expected.
fn surplus(list: &str) -> Value {
    match list {
        "outcomes" => json!("accepted"),
        "settings" => json!({"name": "surplus"}),
        name if name.starts_with("source") || ["file", "service", "cheap", "dear"].contains(&name) => json!("+1"),
        "actions" => json!({"release-number": "+13105550100"}),
        "notices" => json!("surplus"),
        _ => json!({"number": "+13105550100"}),
    }
}

fn other_text(key: &str, text: &str) -> &'static str {
    match (key, text) {
        (_, text) if text.starts_with('+') => "+19",
        ("until" | "starting" | "evidence-until", _) => "2000-01-01T00:00:00Z",
        ("name", _) => "another-name",
        ("unit", _) => "other units",
        ("error", "unavailable") => "over-budget",
        ("error", _) => "unavailable",
        ("outcomes" | "answer", "accepted") => "not-owned",
        ("outcomes" | "answer", _) => "accepted",
        ("status", "pending") => "clean",
        ("status", _) => "pending",
        ("severity", "alert") => "info",
        ("severity", _) => "alert",
        ("why", "flagged") => "requested",
        ("why", "requested") => "flagged",
        ("why", "number-deleted") => "monitoring-stopped",
        ("why", _) => "number-deleted",
        ("notices" | "kind", _) => "another-kind",
        other => panic!("no other text for {other:?}"),
    }
}

#[test]
fn every_case_file_is_tried_and_every_case_has_its_own_name_and_rule() {
    let folder = repository("tests/cases");
    let names = std::fs::read_dir(folder).expect("the folder of cases").map(|entry| {
        let name = entry.expect("an entry").file_name();
        name.into_string().expect("text")
    });
    let in_folder: BTreeSet<String> = names.filter(|name| name.ends_with(".json")).collect();
    let listed: BTreeSet<String> = CASE_FILES.iter().map(|(name, _)| name.to_string()).collect();
    assert_eq!(in_folder, listed);
    let mut names = BTreeSet::new();
    for file in case_files() {
        for case in &file.cases {
            assert!(names.insert(case.name().to_owned()), "{:?} is there twice", case.name());
            assert!(!case.rule().is_empty(), "{:?} shows no rule", case.name());
        }
    }
}

#[test]
fn an_impossible_case_is_refused() {
    let scenarios = [
        (json!({"observation": {}}), "unknown field `observation`"),
        (json!({"account": {"slots": 1}}), "unknown field `slots`"),
        (json!({"account": {"guard-rails": {"auto-buy": true}}}), "unknown field `auto-buy`"),
        (json!({"account": {"settings": {"auto-buy": []}}}), "auto-buy"),
        (json!({"since": "0.2.9"}), "there is no version \"0.2.9\" of the contract"),
        (json!({"sources": [{"name": "file", "carriers": ["carrier 9"]}]}), "\"carrier 9\" is not one of its carriers"),
        (json!({"rested": [{"number": "+1", "since": "2026-01-15T09:00:00Z"}]}), "unknown field `since`"),
        (json!({"calls": [{"number": "+1", "attempts": 1}]}), "missing field `answered`"),
        (json!({"expect": {"outcome": []}}), "unknown field `outcome`"),
        (json!({"call": {"decide": {"buy": 1}}}), "unknown variant `buy`"),
        (json!({"monitored": [{"number": "13105550100"}]}), "is not a number"),
        (json!({"monitored": [{"number": "+1"}, {"number": "+1"}]}), "twice"),
        (json!({"monitored": [{"number": "+1"}, {"number": "+2", "slot": 1}]}), "twice"),
        (json!({"observations": {"+1": {"carrier 9": 1}}}), "\"carrier 9\" is not one of its carriers"),
        (json!({"observations": {"1": {"carrier 1": 1}}}), "is not a number"),
        (json!({"failures": {"now": "unavailable"}}), "unknown variant `now`"),
    ];
    for (changes, expected) in scenarios {
        let mut case = json!({"name": "n", "tier": "contract", "rule": "r", "call": "review-account", "expect": {}});
        let fields = case.as_object_mut().expect("an object");
        fields.extend(changes.as_object().expect("an object").clone());
        let error = CaseFile::read(&json!({"title": "t", "cases": [case]}).to_string()).err();
        let error = error.unwrap_or_else(|| panic!("read in spite of {changes}")).to_string();
        assert!(error.contains(expected), "{error}, not {expected}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_benchmark_measures_a_policy_and_its_fuel_is_reproducible() {
    let report = bench(REFERENCE_POLICY, Limits::default(), Wasi::None).await.expect("figures");
    let again = bench(REFERENCE_POLICY, Limits::default(), Wasi::None).await.expect("figures");
    println!("{report}");
    assert!(report.instantiation_nanoseconds > 0);
    assert_eq!(report.reviews.iter().map(|cost| cost.numbers).collect::<Vec<_>>(), [15, 1_000, 10_000]);
    for (cost, again) in report.reviews.iter().zip(&again.reviews) {
        assert!(cost.nanoseconds_per_number > 0.0 && cost.fuel_per_number > 0.0, "{cost:?}");
        assert!(cost.memory_bytes >= 64 << 10 && cost.memory_bytes <= 128 << 20, "{cost:?}");
        assert_eq!((cost.fuel, cost.memory_bytes), (again.fuel, again.memory_bytes));
    }
    let fuel: Vec<u64> = report.reviews.iter().map(|cost| cost.fuel).collect();
    assert!(fuel.is_sorted() && fuel[2] < fuel[1] * 20, "fuel grows with the numbers, and no faster: {fuel:?}");
    assert!(report.to_string().contains("10000"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_of_the_first_contract_is_measured_too() {
    let report = bench(&first_contract(), Limits::default(), Wasi::None).await.expect("figures");
    assert!(report.reviews.iter().all(|cost| cost.fuel > 0 && cost.memory_bytes > 0), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_benchmark_that_cannot_measure_says_why() {
    let looping = Hostile::review("(loop $again (br $again))").component();
    let error = bench(&looping, short(), Wasi::None).await.expect_err("it loops");
    assert!(format!("{error:#}").contains("reviewing 15 numbers: the policy failed"), "{error:#}");
    assert!(bench(b"garbage", short(), Wasi::None).await.is_err());
}
