//! A policy that is not written in Rust: it conforms to the contract, needs no WASI, and plans the same as the reference.
//!
//! It is built and run if its tools are installed (`npm ci --prefix tests/policies/javascript`); otherwise the tests print
//! that they were skipped.

use crate::harness::acme::{DAY, number};
use crate::harness::model_dialer::{self, ModelDialer};
use crate::harness::policies::reference::reference;
use crate::harness::repository::repository;
use dialguard::contract::{Action, Plan};
use dialguard::inspection::inspect;
use dialguard::policy::{Limits, Policy};
use dialguard::scenarios::{self, CaseFile, Verdict, try_case};
use dialguard_policy::contract::{Deletion, PhoneNumber, Request};
use dialguard_policy::model::AccountModel;
use serde_json::json;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_in_javascript_keeps_the_contract() {
    let Some(policy) = javascript() else { return };
    let report = scenarios::check(&policy).await;
    assert!(report.passed(), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_in_javascript_plans_what_the_reference_plans() {
    let Some(policy) = javascript() else { return };
    let reference = reference();
    let dialer = ModelDialer::new(three_days_of_a_dialer());
    let read = dialer.dialer();

    let [plan, expected] = [&policy, &reference].map(|policy| policy.review_account(&read, "acme"));
    let (plan, expected) = (plan.await.expect("a plan").answer, expected.await.expect("a plan").answer);
    assert!(matches!(plan.actions[..], [Action::ReplaceNumber(_)]), "{:?}", plan.actions);
    assert_alike(plan, expected);

    let deletion = Deletion { numbers: vec![NUMBER + 5, NUMBER + 9], accept_slot_loss: true };
    let requests = [
        Request::StartMonitoring(vec![NUMBER + 8, NUMBER + 8, NUMBER, 1]),
        Request::StopMonitoring(vec![NUMBER + 4, NUMBER + 4]),
        Request::DeleteNumbers(deletion),
        Request::ReplaceNumbers(vec![NUMBER + 3, NUMBER + 2, NUMBER + 8]),
        Request::SetBlocks(3),
    ];
    for request in requests.iter().map(model_dialer::request) {
        let [decision, expected] = [&policy, &reference].map(|policy| policy.decide(&read, "acme", &request));
        let (decision, expected) =
            (decision.await.expect("an answer").answer, expected.await.expect("an answer").answer);
        assert_eq!(decision.outcomes, expected.outcomes, "{request:?}");
        assert_alike(decision.plan, expected.plan);
    }

    let numbers = [NUMBER + 2, NUMBER + 20, 1];
    let [screened, expected] = [&policy, &reference].map(|policy| policy.screen(&read, "acme", &numbers));
    assert_eq!(screened.await.expect("a screening"), expected.await.expect("a screening"));
    let [usage, expected] = [&policy, &reference].map(|policy| policy.usage(&read, "acme"));
    assert_eq!(usage.await.expect("figures"), expected.await.expect("figures"));
}

/// Equal plans, except that notices need only the same kinds: their text is up to each policy. The one in JavaScript does
/// not look at calls.
fn assert_alike(plan: Plan, expected: Plan) {
    let kinds = |plan: &Plan| plan.notices.iter().map(|notice| notice.kind.clone()).collect::<Vec<_>>();
    assert_eq!(kinds(&plan), kinds(&expected));
    assert_eq!(plan.suspects, None);
    assert_eq!(Plan { notices: expected.notices.clone(), suspects: expected.suspects.clone(), ..plan }, expected);
}

/// A setting that no other policy has, in the notation of cases: which candidate is taken.
#[tokio::test(flavor = "multi_thread")]
async fn the_policy_in_javascript_heeds_its_own_setting() {
    let Some(policy) = javascript() else { return };
    let own = policy.settings().iter().find(|setting| setting.name == "candidate-order").expect("it declares it");
    assert_eq!(own.range_in_words(), "closest or cheapest, default closest");
    for (settings, replacement) in [
        (json!({}), "+13105550190"),
        (json!({ "candidate-order": "closest" }), "+13105550190"),
        (json!({ "candidate-order": "cheapest" }), "+12125550177"),
        (json!({ "candidate-order": "nearest" }), "+13105550190"),
    ] {
        let case = json!({
            "name": settings.to_string(),
            "tier": "contract",
            "rule": "The account's setting says which clean candidate replaces a number.",
            "account": { "settings": settings },
            "monitored": [{ "number": "+13105550100", "status": "flagged" }],
            "candidates": [
                { "number": "+13105550190", "price-cents": 200 },
                { "number": "+13105550191", "price-cents": 90 },
                { "number": "+12125550177", "price-cents": 115 },
            ],
            "observations": {
                "+13105550190": { "carrier 1": 0, "carrier 2": 0 },
                "+13105550191": { "carrier 1": 95, "carrier 2": 0 },
                "+12125550177": { "carrier 1": 0, "carrier 2": 0 },
            },
            "call": { "decide": { "replace-numbers": ["+13105550100"] } },
            "expect": { "actions": [{ "replace-number": {
                "number": "+13105550100", "replacement": replacement, "slot": 1, "why": "requested",
            } }] },
        });
        let file = CaseFile::read(&json!({ "title": "its own setting", "cases": [case] }).to_string()).expect("a case");
        let finding = try_case(&policy, &file.title, &file.cases[0]).await;
        assert_eq!(finding.verdict, Verdict::Passed, "{finding}");
    }
}

const NUMBER: PhoneNumber = number(100);

/// Eight monitored numbers, one of which is flagged for the second day and replaced; one number that could be monitored;
/// two candidates, the closer of which is spam.
fn three_days_of_a_dialer() -> AccountModel {
    let mut model = AccountModel::new(1);
    model.account.guard_rails.auto_replace = true;
    model.own_and_monitor(&(NUMBER..NUMBER + 8).collect::<Vec<_>>());
    model.own(&[NUMBER + 8, NUMBER + 9]);
    model.offer(NUMBER + 10);
    model.offer(NUMBER + 20);
    for day in 0..3 {
        for number in NUMBER..NUMBER + 30 {
            model.observe(number, &[Some(0), Some(10), Some(20)]);
        }
        model.observe(NUMBER + 10, &[Some(0), Some(95), Some(95)]);
        model.observe(NUMBER + 6, &[Some(90)]);
        model.observe(NUMBER + 7, &[Some(90), Some(0), None]);
        if day > 0 {
            model.observe(NUMBER + 2, &[Some(95), Some(80), Some(0)]);
        }
        if day < 2 {
            model.review();
            model.pass(DAY);
        }
    }
    model
}

/// The policy, built and compiled once for all tests; none if its tools are not installed.
fn javascript() -> Option<Policy> {
    static POLICY: OnceLock<Option<Policy>> = OnceLock::new();
    POLICY.get_or_init(|| Some(compiled(&component()?))).clone()
}

fn compiled(component: &[u8]) -> Policy {
    let imports = inspect(component).expect("a component").beyond_contract;
    assert_eq!(imports, Vec::<String>::new(), "what it imports beyond the contract");
    Policy::compile(component, Limits::default()).expect("a policy")
}

/// Rebuilt only if one of its sources is newer, because the tools take half a minute.
fn component() -> Option<Vec<u8>> {
    let folder = repository("tests/policies/javascript");
    let tools = folder.join("node_modules");
    if !tools.exists() {
        println!("not tried: npm ci --prefix tests/policies/javascript");
        return None;
    }
    let component = folder.join("policy.wasm");
    let sources =
        ["policy.js", "table.js", "build.mjs", "package.json", "package-lock.json"].map(|name| folder.join(name));
    if sources.iter().any(|source| changed_at(source) > changed_at(&component)) {
        let built = Command::new("npm").args(["run", "build"]).current_dir(&folder).output().expect("npm starts");
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    }
    Some(std::fs::read(component).expect("the component"))
}

/// Long ago if the file does not exist.
fn changed_at(path: &Path) -> SystemTime {
    path.metadata().and_then(|metadata| metadata.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
}
