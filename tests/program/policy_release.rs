//! Releasing a policy: a folder with the component, the contract and its documentation.

use crate::harness::dialer::Dialer;
use crate::harness::policies::first_contract::first_contract;
use crate::harness::policies::renamed::renamed;
use crate::harness::repository::repository;
use dialguard::contract::VERSIONS;
use dialguard::policy::REFERENCE_POLICY;
use dialguard::sha256;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// The files below a folder, in the order of their paths.
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
fn a_release_is_complete_and_describes_itself() {
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
    assert_eq!(files(&dialer.path(".")).len(), expected.len(), "no other files");

    assert_eq!(serde_json::from_str::<Value>(&text(&dialer, "out/manifest.json")).expect("JSON"), manifest);
    let facts = ["package", "contract", "world"].map(|fact| manifest[fact].as_str().expect("a text"));
    assert_eq!(facts, ["dialguard:reputation", "0.3.0", "reputation-policy"]);
    let policy = &manifest["policy"];
    assert_eq!((&policy["name"], &policy["version"]), (&json!("dialguard-reference"), &json!("0.1.0")));
    assert_eq!(policy["sha256"], sha256(REFERENCE_POLICY));
    assert_eq!(manifest["exports"], json!(["dialguard:reputation/policy@0.3.0"]));
    assert_eq!(manifest["imports"].as_array().expect("a list").len(), 4);
    assert_eq!(manifest["host"], json!({"name": "dialguard", "version": env!("CARGO_PKG_VERSION")}));

    assert!(std::fs::read(dialer.path("out/policy.wasm")).expect("the component") == REFERENCE_POLICY);
    for file in expected.iter().filter(|file| file.starts_with("wit/")) {
        let published = repository("wit/0.3.0").join(file.trim_start_matches("wit/"));
        assert_eq!(text(&dialer, &format!("out/{file}")), std::fs::read_to_string(published).expect("a text"));
    }
    the_sums_are_right(&dialer);
    assert_eq!(dialer.everything(), Value::Null, "it needs no ledger");
}

/// Checked with our own function, and with `sha256sum` if it is installed.
fn the_sums_are_right(dialer: &Dialer) {
    let sums = text(dialer, "out/SHA256SUMS");
    let mut expected: Vec<String> = files(&dialer.path("out"));
    expected.retain(|file| file != "SHA256SUMS");
    let summed: Vec<&str> = sums.lines().filter_map(|line| line.split_once("  ")).map(|(_, file)| file).collect();
    assert_eq!(summed, expected);
    for (sum, file) in sums.lines().filter_map(|line| line.split_once("  ")) {
        assert_eq!(sum, sha256(&std::fs::read(dialer.path(&format!("out/{file}"))).expect("a file")), "{file}");
    }
    let check =
        || Command::new("sha256sum").args(["-c", "--quiet", "SHA256SUMS"]).current_dir(dialer.path("out")).output();
    let Ok(checked) = check() else { return println!("not checked: sha256sum is not installed") };
    assert!(checked.status.success(), "{checked:?}");
    dialer.file("out/manifest.json", "{}");
    assert!(!check().expect("it was there").status.success(), "a changed file goes unnoticed");
}

/// Every interface, type, field, case and function with its comment, and no broken link.
#[test]
fn the_documentation_contains_the_whole_contract() {
    let dialer = Dialer::new();
    dialer.run("component --release out").exits(0);
    let (markdown, html) = (text(&dialer, "out/contract.md"), text(&dialer, "out/contract.html"));
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let documented = words(&markdown);
    let wit = files(&dialer.path("out/wit")).into_iter().map(|file| text(&dialer, &format!("out/wit/{file}")));
    let wit: Vec<String> = wit.collect();
    let comments = wit.iter().flat_map(|text| text.lines()).filter_map(|line| line.trim().strip_prefix("///"));
    let mut lines = 0;
    for line in comments {
        assert!(documented.contains(&words(line)), "the documentation does not say: {line}");
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
        "<code>scores: list&lt;u8&gt;</code>: Row after row,",
        "<code>lock-slot(<a href=\"#types.slot-closing\">slot-closing</a>)</code>: The number leaves monitoring",
        "<code>at-risk</code>: A carrier flags it, though not most of them",
        "<code>check-settings: func(settings: list&lt;s64&gt;) -&gt; result&lt;_, <a href=\"#types.error\">error</a>&gt;</code>",
    ];
    for explained in explained {
        assert!(documented.contains(&words(explained)), "the documentation has no {explained}");
    }
    for page in [&markdown, &html] {
        let mut links = 0;
        for target in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert_eq!(page.matches(&format!("id=\"{target}\"")).count(), 1, "{target}");
            links += 1;
        }
        assert!(links > 100, "{links} links");
    }
    assert!(html.contains("<title>dialguard:reputation@0.3.0</title>"), "{}", &html[..200]);
    assert!(html.contains("<strong>What counts as a breaking change:</strong>"), "its Markdown is made HTML");
}

#[test]
fn a_release_needs_a_new_or_empty_folder() {
    let dialer = Dialer::new();
    dialer.file("taken/notes.txt", "mine");
    dialer.file("file", "mine");
    std::fs::create_dir(dialer.path("empty")).expect("a folder");
    let refused = [
        ("component --release taken", 1, "is not empty"),
        ("component --release file", 1, "is a file; name a folder"),
        ("component --release nowhere/out", 1, "cannot write nowhere/out"),
        ("component --release out --component missing.wasm", 1, "cannot read missing.wasm"),
        ("component --release out --component file", 1, "the file is not WebAssembly"),
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
fn only_components_of_the_world_are_released() {
    let dialer = Dialer::new();
    let scenarios = [
        ("another import", renamed(REFERENCE_POLICY, "reputation/clock@0.3.0", "reputation/clack@0.3.0"), "clack"),
        ("a function that the contract has not", renamed(REFERENCE_POLICY, "look-up", "look-it"), "look-it"),
        ("a missing export", renamed(REFERENCE_POLICY, "get-usage", "got-usage"), "get-usage"),
        ("a changed type", renamed(REFERENCE_POLICY, "summary", "summery"), "summary"),
        ("another version", renamed(REFERENCE_POLICY, "@0.3.0", "@0.9.0"), "for version 0.9.0"),
    ];
    for (what, component, words) in scenarios {
        dialer.file("policy.wasm", component);
        let refused = dialer.run("component --release out --component policy.wasm").exits(1);
        refused.says(&["cannot release policy.wasm", words]);
        assert_eq!(files(&dialer.path(".")), ["policy.wasm"], "after {what}");
    }
}

/// Released with its own version of the contract, although a newer one exists.
#[test]
fn a_policy_for_an_older_contract_is_released_with_that_contract() {
    let dialer = Dialer::new();
    dialer.file("policy.wasm", first_contract());
    let manifest = dialer.json("component --release out --component policy.wasm");
    assert_eq!(manifest["contract"], VERSIONS[0]);
    assert!(text(&dialer, "out/wit/world.wit").contains("package dialguard:reputation@0.1.0;"));
    assert!(text(&dialer, "out/contract.md").starts_with("# dialguard:reputation@0.1.0"));
}

/// The step before publishing in the guide to embedding. If wkg is not installed, the test says so and does nothing.
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
    let package = std::fs::read(dialer.path("out/dialguard:reputation@0.3.0.wasm")).expect("the package");
    let decoded = wit_component::decode(&package).expect("a WIT package");
    let name = &decoded.resolve().packages[decoded.package()].name;
    assert_eq!(name.to_string(), "dialguard:reputation@0.3.0");
}
