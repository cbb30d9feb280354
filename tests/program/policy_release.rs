//! Policies as they are handed on: released as a folder, and composed of several.

// Not every suite exchanges texts in it.
#[allow(dead_code)]
#[path = "policies/first-contract/mod.rs"]
mod first_contract;
#[path = "harness/mod.rs"]
mod harness;
#[path = "in-memory/mod.rs"]
mod in_memory;
#[path = "policies/no-friday.rs"]
mod no_friday;
#[path = "policies/renamed.rs"]
mod renamed;

use dialguard::contract::{Action, VERSIONS};
use dialguard::inspection::inspect;
use dialguard::policy::{Limits, Policy, PolicyError, PolicyFault, REFERENCE_POLICY, digest};
use dialguard::scenarios::{self, Section, Verdict};
use dialguard_policy::contract::Status;
use dialguard_policy::model::{AccountModel, DAY, HOUR};
use first_contract::first_contract;
use harness::{Dialer, each};
use in_memory::ModelDialer;
use no_friday::{composed, wrapped};
use renamed::renamed;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// What a folder holds, folders within included, in the order of paths.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().to_string_lossy().into_owned();
        match entry.path() {
            path if path.is_dir() => found.extend(files(&path).iter().map(|file| format!("{name}/{file}"))),
            _ => found.push(name),
        }
    }
    found.sort();
    found
}

fn text(dialer: &Dialer, file: &str) -> String {
    std::fs::read_to_string(dialer.path(file)).expect("a text")
}

#[test]
fn a_release_is_whole_and_says_what_it_is() {
    let dialer = Dialer::new();
    let manifest = dialer.json("component --release out");
    let expected = [
        "SHA256SUMS",
        "contract.html",
        "contract.md",
        "manifest.json",
        "policy.wasm",
        "wit/carrier-lookup.wit",
        "wit/clock.wit",
        "wit/number-inventory.wit",
        "wit/policy.wit",
        "wit/types.wit",
        "wit/world.wit",
    ];
    assert_eq!(files(&dialer.path("out")), expected);
    assert_eq!(files(&dialer.path(".")).len(), expected.len(), "nothing beside it");

    assert_eq!(serde_json::from_str::<Value>(&text(&dialer, "out/manifest.json")).expect("JSON"), manifest);
    let facts = ["package", "contract", "world"].map(|fact| manifest[fact].as_str().expect("a text"));
    assert_eq!(facts, ["dialguard:reputation", "0.2.0", "reputation-policy"]);
    let policy = &manifest["policy"];
    assert_eq!((&policy["name"], &policy["version"]), (&json!("dialguard-reference"), &json!("0.1.0")));
    assert_eq!(policy["sha256"], digest(REFERENCE_POLICY));
    assert_eq!(manifest["exports"], json!(["dialguard:reputation/policy@0.2.0"]));
    assert_eq!(manifest["imports"].as_array().expect("a list").len(), 4);
    assert_eq!(manifest["host"], json!({"name": "dialguard", "version": env!("CARGO_PKG_VERSION")}));

    assert!(std::fs::read(dialer.path("out/policy.wasm")).expect("the component") == REFERENCE_POLICY);
    for file in expected.iter().filter(|file| file.starts_with("wit/")) {
        let published = concat!(env!("CARGO_MANIFEST_DIR"), "/../wit/0.2.0");
        let published = Path::new(published).join(file.trim_start_matches("wit/"));
        assert_eq!(text(&dialer, &format!("out/{file}")), std::fs::read_to_string(published).expect("a text"));
    }
    the_sums_are_right(&dialer);
    assert_eq!(dialer.everything(), Value::Null, "it needs no ledger");
}

/// By our own count everywhere, and by `sha256sum` where it is.
fn the_sums_are_right(dialer: &Dialer) {
    let sums = text(dialer, "out/SHA256SUMS");
    let mut expected: Vec<String> = files(&dialer.path("out"));
    expected.retain(|file| file != "SHA256SUMS");
    let summed: Vec<&str> = sums.lines().filter_map(|line| line.split_once("  ")).map(|(_, file)| file).collect();
    assert_eq!(summed, expected);
    for (sum, file) in sums.lines().filter_map(|line| line.split_once("  ")) {
        assert_eq!(sum, digest(&std::fs::read(dialer.path(&format!("out/{file}"))).expect("a file")), "{file}");
    }
    let check =
        || Command::new("sha256sum").args(["-c", "--quiet", "SHA256SUMS"]).current_dir(dialer.path("out")).output();
    let Ok(checked) = check() else { return println!("not checked: sha256sum is not installed") };
    assert!(checked.status.success(), "{checked:?}");
    dialer.file("out/manifest.json", "{}");
    assert!(!check().expect("it was there").status.success(), "a changed file goes unnoticed");
}

/// Every interface, type, field, case and function with its words, and no link that leads nowhere.
#[test]
fn the_documentation_tells_all_that_the_contract_says() {
    let dialer = Dialer::new();
    dialer.run("component --release out").exits(0);
    let (markdown, html) = (text(&dialer, "out/contract.md"), text(&dialer, "out/contract.html"));
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let told = words(&markdown);
    let wit = files(&dialer.path("out/wit")).into_iter().map(|file| text(&dialer, &format!("out/wit/{file}")));
    let wit: Vec<String> = wit.collect();
    let comments = wit.iter().flat_map(|text| text.lines()).filter_map(|line| line.trim().strip_prefix("///"));
    let mut lines = 0;
    for line in comments {
        assert!(told.contains(&words(line)), "the documentation does not say: {line}");
        lines += 1;
    }
    assert!(lines > 200, "{lines} lines are not the contract's comments");
    let explained = [
        "World `reputation-policy`",
        "Interface `number-inventory`",
        "type `phone-number`",
        "record `account`",
        "variant `action`",
        "enum `answer`",
        "function `review-account`",
        "<code>spam-score: option&lt;u8&gt;</code>: 0 (clean) to 100 (certain spam)",
        "<code>lock-slot(<a href=\"#types.slot-closing\">slot-closing</a>)</code>: The number leaves monitoring",
        "<code>at-risk</code>: A carrier flags it, though not most of them",
        "<code>check-settings: func(settings: <a href=\"#types.settings\">settings</a>) -&gt; result&lt;_, <a \
         href=\"#types.error\">error</a>&gt;</code>",
    ];
    for explained in explained {
        assert!(told.contains(&words(explained)), "the documentation has no {explained}");
    }
    for page in [&markdown, &html] {
        let mut links = 0;
        for target in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert_eq!(page.matches(&format!("id=\"{target}\"")).count(), 1, "{target}");
            links += 1;
        }
        assert!(links > 100, "{links} links");
    }
    assert!(html.contains("<title>dialguard:reputation@0.2.0</title>"), "{}", &html[..200]);
    assert!(html.contains("<strong>What counts as a breaking change:</strong>"), "its Markdown is made HTML");
}

#[test]
fn a_release_goes_into_an_empty_folder_or_a_new_one() {
    let dialer = Dialer::new();
    dialer.file("taken/notes.txt", "mine");
    dialer.file("file", "mine");
    std::fs::create_dir(dialer.path("empty")).expect("a folder");
    let refused = [
        ("component --release taken", 1, "is not empty"),
        ("component --release file", 1, "is a file; name a folder"),
        ("component --release nowhere/out", 1, "cannot be written"),
        ("component --release out --component missing.wasm", 1, "missing.wasm cannot be read"),
        ("component --release out --component file", 1, "the file is no WebAssembly"),
        ("component", 2, "--output"),
        ("component -o policy.wasm --release out", 2, "cannot be used with"),
        ("component -o policy.wasm --component file", 2, "cannot be used with"),
    ];
    for (line, code, words) in refused {
        dialer.run(line).exits(code).says(&[words]);
        assert_eq!(files(&dialer.path(".")), ["file", "taken/notes.txt"], "after {line}");
    }
    dialer.run("component --release empty").exits(0).says(&["11 files", "sha256sum -c SHA256SUMS"]);
    dialer.run("component --release empty").exits(1).says(&["is not empty"]);
}

#[test]
fn only_what_targets_the_world_is_released() {
    let dialer = Dialer::new();
    let scenarios = [
        ("another import", renamed(REFERENCE_POLICY, "reputation/clock@0.2.0", "reputation/clack@0.2.0"), "clack"),
        ("a function that the contract has not", renamed(REFERENCE_POLICY, "look-up", "look-it"), "look-it"),
        ("a missing export", renamed(REFERENCE_POLICY, "get-usage", "got-usage"), "get-usage"),
        ("a changed type", renamed(REFERENCE_POLICY, "summary", "summery"), "summary"),
        ("another version", renamed(REFERENCE_POLICY, "@0.2.0", "@0.9.0"), "one for version 0.9.0"),
    ];
    for (what, component, words) in scenarios {
        dialer.file("policy.wasm", component);
        let refused = dialer.run("component --release out --component policy.wasm").exits(1);
        refused.says(&["policy.wasm was not released", words]);
        assert_eq!(files(&dialer.path(".")), ["policy.wasm"], "after {what}");
    }
}

/// With its own version of the contract, though a newer one is there.
#[test]
fn a_policy_for_an_older_contract_is_released_with_that() {
    let dialer = Dialer::new();
    dialer.file("policy.wasm", first_contract());
    let manifest = dialer.json("component --release out --component policy.wasm");
    assert_eq!(manifest["contract"], VERSIONS[0]);
    assert!(text(&dialer, "out/wit/world.wit").contains("package dialguard:reputation@0.1.0;"));
    assert!(text(&dialer, "out/contract.md").starts_with("# dialguard:reputation@0.1.0"));
}

/// What the README tells to do before publishing. Where wkg is not installed nothing is tried, and the test says so.
#[test]
fn wkg_builds_the_package_from_a_release() {
    if !Command::new("wkg").arg("--version").output().is_ok_and(|done| done.status.success()) {
        return println!("not tried: wkg is not installed (cargo install wkg)");
    }
    let dialer = Dialer::new();
    dialer.run("component --release out").exits(0);
    let built =
        Command::new("wkg").args(["wit", "build"]).current_dir(dialer.path("out")).output().expect("wkg starts");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let package = std::fs::read(dialer.path("out/dialguard:reputation@0.2.0.wasm")).expect("the package");
    let decoded = wit_component::decode(&package).expect("a WIT package");
    let name = &decoded.resolve().packages[decoded.package()].name;
    assert_eq!(name.to_string(), "dialguard:reputation@0.2.0");
}

/// Its crates are there then, wherever the workspace was built.
#[test]
fn the_wrapping_policy_is_built_from_the_workspaces_crates() {
    let packages = |lock: &str| -> BTreeSet<String> {
        let stanzas = lock.split("[[package]]").filter(|stanza| stanza.contains("checksum"));
        stanzas.map(|stanza| stanza.trim().lines().take(2).collect::<Vec<_>>().join(", ")).collect()
    };
    let (own, workspace) = (include_str!("policies/no-friday/Cargo.lock"), include_str!("../Cargo.lock"));
    let others: Vec<String> = packages(own).difference(&packages(workspace)).cloned().collect();
    assert!(packages(own).len() > 10 && others.is_empty(), "`cargo update --precise` in no-friday/: {others:?}");
}

#[test]
fn a_wrapped_policy_is_a_policy_like_any_other() {
    let seen = inspect(&wrapped()).expect("a component");
    assert_eq!((seen.contract.as_deref(), &seen.beyond_contract[..]), (Some("0.2.0"), &[][..]));
    assert_eq!(seen.exports, ["dialguard:reputation/policy@0.2.0"]);
    // What it says of itself is what the outermost policy says, wherever the composer put it.
    assert!(seen.description.is_some_and(|said| said.starts_with("Wraps any Dialguard policy")), "its own words");
    let twice = inspect(&composed(&wrapped())).expect("a component");
    assert!(twice.description.is_some_and(|said| said.starts_with("Wraps any Dialguard policy")), "its own words");
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

/// Two weeks at the dialer's desk: installed, activated, and the days of a week.
#[test]
fn on_a_friday_nothing_is_replaced_unless_a_person_asks() {
    let dialer = Dialer::monitoring(4, "--checks-to-flag 1 --auto-replace on");
    dialer.import(140..144, "--candidates");
    dialer.file("policy.wasm", wrapped());
    dialer.run("policy install policy.wasm").exits(0).says(&["dialguard-reference-no-friday"]);
    dialer.run("policy activate 2").exits(0);
    let review = |time: &str, marks: &[(u64, &str)]| {
        dialer.it_is(time);
        let clean = (140..144).map(|candidate| (candidate, "ooo"));
        dialer.carriers_say(&marks.iter().copied().chain(clean).collect::<Vec<_>>());
        dialer.run("review acme").exits(0);
    };
    let replaced = || dialer.events("replaced").len();
    let put_off =
        || dialer.events("replacement-deferred").iter().map(|event| event["text"].clone()).collect::<Vec<_>>();

    review("2026-03-05T09:00:00Z", &[(100, "xxx"), (101, "ooo"), (102, "ooo"), (103, "ooo")]);
    assert_eq!((replaced(), put_off()), (1, vec![]), "a Thursday like any other");

    review("2026-03-06T09:00:00Z", &[(101, "xxx"), (102, "xxx"), (103, "ooo")]);
    assert_eq!((replaced(), dialer.standing(101)), (1, "2 flagged".into()));
    assert_eq!(put_off(), [json!("2 flagged numbers not replaced today: it is Friday.")]);
    dialer.run("replace acme +13105550103").exits(0);
    assert_eq!((replaced(), dialer.standing(103)), (2, "gone".into()), "a person asked");

    review("2026-03-07T09:00:00Z", &[(101, "xxx"), (102, "ooo")]);
    assert_eq!((replaced(), put_off().len()), (4, 1), "what waited is replaced, though one looks better already");
    assert_eq!([101, 102].map(|last| dialer.standing(last)), ["gone", "gone"]);
    let runs = dialer.json("events acme --last 100000");
    let last = each(&runs, "run").iter().filter_map(Value::as_u64).max().expect("runs");
    assert_eq!(dialer.json(&format!("replay {last}"))["same"], true);
}

/// The account's Friday, from Honolulu to Auckland, not the one in UTC.
#[tokio::test]
async fn friday_is_the_accounts() {
    let policy = Policy::compile(&wrapped(), Limits::default()).expect("a policy");
    // 2026-01-01, when the model begins, was a Thursday.
    let days = [("Thursday", 0, true), ("Friday", 1, false), ("Saturday", 2, true), ("Friday again", 8, false)];
    for (day, days, replaces) in days {
        for hours_ahead_of_utc in -10..=13_i64 {
            let mut model = AccountModel::new(1);
            model.account.day_starts_at =
                (model.account.day_starts_at + days * DAY).wrapping_add_signed(-hours_ahead_of_utc * HOUR as i64);
            model.now = model.account.day_starts_at + HOUR;
            model.account.settings.auto_replace = true;
            model.own_and_monitor(&[13_105_550_100]);
            model.offer(13_105_550_140);
            model.observe(13_105_550_140, &[Some(5), Some(5)]);
            let flagged = model.monitored.get_mut(&13_105_550_100).expect("it is monitored");
            (flagged.status, flagged.last_rated_at) = (Status::Flagged, Some(model.now));
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
    let refused = Policy::compile(&composed(&thrice), Limits::default()).err().expect("five memories are not");
    assert!(refused.to_string().contains("5 Wasm linear memories"), "{refused}");
}

/// Each policy brings a memory, and what a run may use is counted over all of them.
#[tokio::test]
async fn policies_in_one_share_its_memory() {
    let around_one = wrapped();
    let [one, two, three] = [REFERENCE_POLICY, &around_one, &composed(&around_one)]
        .map(|component| Policy::compile(component, Limits::default()).expect("a policy"));
    let (one, around_two, three) = (starts_in(&one).await, starts_in(&two).await, starts_in(&three).await);
    assert!(one < around_two && around_two - one == three - around_two, "{one}, {around_two}, {three}");

    // The policy within may not have what the one around it has.
    let tight = limits(around_two);
    let mut model = AccountModel::new(700);
    model.own_and_monitor(&(0..10_000).map(|last| 13_105_550_000 + last).collect::<Vec<_>>());
    let told = two.with_limits(tight).review_account(&ModelDialer::new(model).dialer(), "acme").await;
    let expected = PolicyFault::OutOfMemory(tight.memory_bytes_max);
    assert!(matches!(&told, Err(PolicyError::Fault(fault)) if *fault == expected), "{:?}", told.err());
}

/// The pages of memory that a policy needs to say who it is.
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
