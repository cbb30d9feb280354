//! A first custom policy: created by the program, changed as its README says, tested, built and activated.

use crate::harness::dialer::{Dialer, Outcome, each};
use crate::harness::repository::repository;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the policy is created and built. The same for every run, so that its dependencies are compiled once.
const WORKSHOP: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/policy-new");

const POLICY: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/policy-new/target/wasm32-wasip2/release/my_policy.wasm");

/// A folder that `dialguard policy new` created.
struct Project(PathBuf);

impl Project {
    fn new(name: &str) -> Self {
        let folder = Path::new(WORKSHOP).join(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).expect("the folder of an earlier run is removed");
        }
        std::fs::create_dir_all(WORKSHOP).expect("a workshop");
        let dialer = Dialer::new();
        let output = dialer.command(&["policy", "new", name]).current_dir(WORKSHOP).output().expect("the program");
        Outcome::new(format!("policy new {name}"), output).exits(0).says(&[&format!("cd {name} && cargo test")]);
        Project(folder)
    }

    fn text(&self, file: &str) -> String {
        std::fs::read_to_string(self.0.join(file)).expect("a text")
    }

    fn change(&self, file: &str, before: &str, after: &str) {
        let text = self.text(file);
        assert_eq!(text.matches(before).count(), 1, "{before} must occur once in {file}");
        std::fs::write(self.0.join(file), text.replace(before, after)).expect("the file is written");
    }

    fn cargo(&self, line: &str) -> Outcome {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(&self.0).args(line.split_whitespace()).arg("--offline");
        cargo.args(["--target-dir", concat!(env!("CARGO_TARGET_TMPDIR"), "/policy-new/target")]);
        // The outer build's settings are not meant for this one.
        for outer in ["CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS", "RUSTC_WORKSPACE_WRAPPER", "CARGO_BUILD_TARGET"] {
            cargo.env_remove(outer);
        }
        Outcome::new(format!("cargo {line}"), cargo.output().expect("cargo starts"))
    }

    fn succeeds(&self, line: &str) {
        let done = self.cargo(line).exits(0);
        assert!(!done.stderr.contains("warning"), "{}", done.stderr);
    }

    fn fails(&self, line: &str, words: &[&str]) {
        self.cargo(line).exits(101).says(words);
    }
}

#[test]
fn a_newcomer_changes_a_rule_and_activates_the_policy() {
    let policy = Project::new("my-policy");
    policy.succeeds("test");
    rows_of_scenarios_are_live(&policy);
    the_readme_leads_to_a_first_change(&policy);
    policy.succeeds("build --release --target wasm32-wasip2");
    it_decides(&Dialer::monitoring(2, ""));
    a_new_policy_has_the_dependencies_of_the_reference_policy(&policy);
}

fn rows_of_scenarios_are_live(policy: &Project) {
    let row = "(\"80 is\", &[(Some(80), 1), (Some(80), 1)], Flagged, 2, 2)";
    let other = "(\"80 is\", &[(Some(80), 1), (Some(79), 1)], Flagged, 2, 2)";
    policy.change("src/rating.rs", row, other);
    policy.fails("test rating", &["80 is", "left: (1, 2)", "right: (2, 2)"]);
    policy.change("src/rating.rs", other, row);
    policy.change("src/replacing.rs", "MASS_FLAG_NUMBERS_MIN: u64 = 10;", "MASS_FLAG_NUMBERS_MIN: u64 = 11;");
    policy.fails("test review", &["30 % of ten is"]);
    policy.change("src/replacing.rs", "MASS_FLAG_NUMBERS_MIN: u64 = 11;", "MASS_FLAG_NUMBERS_MIN: u64 = 10;");
}

/// Makes every change that the README prints: a range, and a setting in five lines.
fn the_readme_leads_to_a_first_change(policy: &Project) {
    let readme = policy.text("README.md");
    let shows = |line: &str| assert!(readme.contains(line), "the README lacks {line}");
    let change = |file: &str, before: &str, lines: &[&str]| {
        lines.iter().for_each(|line| shows(line.trim()));
        policy.change(file, before, &lines.join("\n"));
    };
    change(
        "src/settings.rs",
        "    spam_score_min: u32 = integer(1..=100, 80, \"points\"),",
        &["    spam_score_min: u32 = integer(60..=100, 80, \"points\"),"],
    );
    let last = "\"Stop using a flagged number while there is no clean one to replace it.\";";
    let entry = [
        "    flagging_carriers_min: u32 = integer(1..=20, 1, \"carriers\"),",
        "        \"A number becomes flagged only if at least this many carriers flag it.\";",
    ];
    entry.iter().for_each(|line| shows(line.trim()));
    policy.change("src/settings.rs", last, &format!("{last}\n{}", entry.join("\n")));
    change(
        "src/rating.rs",
        "        _ => u32::from(flagging_checks) >= settings.checks_to_flag,",
        &[
            "        _ if u32::from(rating.flagging) < settings.flagging_carriers_min => false,",
            "        _ => u32::from(flagging_checks) >= settings.checks_to_flag,",
        ],
    );
    policy.succeeds("test");
    shows("target/wasm32-wasip2/release/my_policy.wasm");
}

fn it_decides(dialer: &Dialer) {
    let seen = dialer.json(&format!("policy inspect {POLICY}"));
    let facts = ["contract", "beyond-the-contract", "verdict"].map(|fact| &seen[fact]);
    assert_eq!(facts, [&json!("0.3.0"), &json!([]), &json!("this host can run it")]);
    dialer.run(&format!("policy check {POLICY}")).exits(0).says(&["0 failed", "This policy conforms to the contract"]);
    let installed = dialer.json(&format!("policy install {POLICY}"));
    let facts = ["name", "version", "revision"].map(|fact| &installed[fact]);
    assert_eq!(facts, [&json!("my-policy"), &json!("0.1.0"), &json!(2)]);
    dialer.run("policy activate 2").exits(0);
    dialer.run("account set acme --spam-score-min 50").exits(1).says(&["from 60 to 100"]);
    dialer.run("account set acme --setting flagging-carriers-min=3").exits(0);
    dialer.carriers_say(&[(100, "xxx"), (101, "xxo")]);
    dialer.run("review acme").exits(0);
    assert_eq!([100, 101].map(|number| dialer.standing(number)), ["1 flagged", "2 at-risk"]);
    let revisions = each(&dialer.json("events acme"), "revision");
    assert!(revisions.contains(&json!(2)), "revision 2 made the review: {revisions:?}");
}

/// Cargo.toml is the only file that is not shared.
fn a_new_policy_has_the_dependencies_of_the_reference_policy(policy: &Project) {
    let shared = |manifest: &str| -> Vec<String> {
        let is_shared = |line: &&str| line.contains("{ version =") || line.contains("-type =");
        manifest.lines().filter(is_shared).map(str::to_owned).collect()
    };
    let reference = repository("plugin/Cargo.toml");
    let reference = std::fs::read_to_string(reference).expect("the reference policy's manifest");
    assert_eq!(shared(&policy.text("Cargo.toml")), shared(&reference));
}

/// The files in the dialer's working folder.
fn files(dialer: &Dialer) -> Vec<String> {
    let files = std::fs::read_dir(dialer.path(".")).expect("the working folder");
    files.map(|file| file.expect("a file").file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn a_name_that_no_policy_can_have_leaves_nothing_behind() {
    let dialer = Dialer::new();
    let long = "a".repeat(65);
    let names = [
        "",
        "My-policy",
        "my_policy",
        "my policy",
        "my--policy",
        "my-",
        "2-policies",
        "naïve",
        "a/b",
        "../policy",
        ".",
        "/",
        "my.policy",
        &long,
    ];
    for name in names {
        let refused = dialer.run_arguments(&["policy", "new", name]).exits(1);
        refused.says(&["cannot name a policy", "such as my-policy"]);
        assert_eq!(files(&dialer), Vec::<String>::new(), "after {name:?}");
    }
    dialer.run_arguments(&["policy", "new", "-my"]).exits(2);
}

#[test]
fn existing_files_are_not_overwritten() {
    let dialer = Dialer::new();
    dialer.file("my-policy/notes.txt", "mine");
    dialer.file("another", "mine");
    for name in ["my-policy", "another"] {
        dialer.run(&format!("policy new {name}")).exits(1).says(&["already exists", "another name"]);
    }
    assert_eq!(std::fs::read_dir(dialer.path("my-policy")).expect("the folder").count(), 1);
    dialer.run("policy new a-2nd-policy").exits(0);
    let mut files = files(&dialer);
    files.sort();
    assert_eq!(files, ["a-2nd-policy", "another", "my-policy"], "no other files are left");
    assert_eq!(dialer.everything(), Value::Null, "it needs no ledger");
}
