//! Dialers in other languages: `dialguard conformance` passes a correct one and reports the faults of wrong ones.

use crate::harness::dialer::{Dialer, Outcome};
use crate::harness::host_tools::{
    self, conformance, dialer_in_rust, file, has_browser, has_packages, runs, typescript,
};
use dialguard::policy::REFERENCE_POLICY;
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

#[test]
fn the_dialer_in_rust_reports_failures_and_applies_no_partial_plan() {
    let dialguard = Dialer::new();
    dialguard.file("policy.wasm", REFERENCE_POLICY);
    let output =
        Command::new(dialer_in_rust()).arg("days").arg(dialguard.path("policy.wasm")).output().expect("it starts");
    Outcome::new("days".into(), output).exits(0).says(&[
        "+13105550101 replaced: Flagged by 2 of 3 carriers",
        "the inventory: The database is down; try again later. Nothing was changed.",
        "every carrier: No carrier answered in time; try again later. Nothing was changed.",
        "one carrier of three: 2 numbers rated all the same",
        "the account is unknown: There is no account \"nobody\". Nothing was changed.",
        "a table has a short column: the column flagging of its review-table has another length than the first. Nothing",
        "the component is of another version: not a policy component for the contract dialguard:reputation",
    ]);
}

#[test]
fn the_dialer_in_c_reports_failures_and_applies_no_partial_plan() {
    let Some(dialer) = host_tools::dialer_in_c() else { return };
    let dialguard = Dialer::new();
    dialguard.file("policy.wasm", REFERENCE_POLICY);
    dialguard.file("text.wasm", "no component");
    let run = |file| Command::new(dialer).arg("days").arg(dialguard.path(file)).output().expect("the dialer starts");
    Outcome::new("days".into(), run("policy.wasm")).exits(0).says(&[
        "+13105550101 replaced: Flagged by 2 of 3 carriers",
        "Day 3: +13105550100 clean, +13105550141 clean",
        "the inventory: unavailable: The database is down. Nothing was changed.",
        "every carrier: unavailable: No carrier answered. Nothing was changed.",
        "one carrier of three: 2 numbers rated all the same",
        "the account is unknown: no-such-account: The dialer has no such account. Nothing was changed.",
        "a table has a short column: unavailable: The column flagging of the review-table has another length than the",
        "no policy for version 0.3.0 of the contract: it exports dialguard:reputation/policy@0.9.0",
        "component imports instance `wasi:random/random@0.2.0`, but a matching implementation was not found",
        "the policy hoards memory: memory minimum size of 5000 pages exceeds memory limits",
        "the policy loops: it computed for longer than it may, and was ended. Nothing was changed.",
    ]);
    Outcome::new("days".into(), run("text.wasm")).exits(1).says(&["error:", "text.wasm: expected"]);
    Outcome::new("days".into(), run("missing.wasm")).exits(1).says(&["missing.wasm: No such file"]);
}

#[test]
fn the_dialer_in_python_reports_failures_and_applies_no_partial_plan() {
    let Some(python) = host_tools::python() else { return };
    let dialguard = Dialer::new();
    dialguard.file("policy.wasm", REFERENCE_POLICY);
    let component = dialguard.path("policy.wasm");
    let output = Command::new(python)
        .arg(file("python", "dialer.py"))
        .arg("days")
        .arg(component)
        .output()
        .expect("Python starts");
    Outcome::new("days".into(), output).exits(0).says(&[
        "+13105550101 replaced: Flagged by 2 of 3 carriers",
        "the inventory: unavailable: The dialer could not be asked: the database is down. Try again later. Nothing was",
        "every carrier: unavailable: The dialer could not be asked: no carrier answered in time.",
        "one carrier of three: 2 numbers rated all the same",
        "the account is unknown: no-such-account: There is no account 'nobody'. Nothing was changed.",
        "a table has a short column: the column flagging of the review-table has another length than the first. Nothing",
        "no policy for version 0.3.0 of the contract: it has dialguard:reputation/clock@0.9.0",
    ]);
}

#[test]
fn the_dialer_in_node_reports_failures_and_applies_no_partial_plan() {
    if !has_packages("node") {
        return;
    }
    in_typescript("node", "main.ts", &["days"]).exits(0).says(&[
        "+13105550101 replaced: Flagged by 2 of 3 carriers",
        "Day 3: +13105550100 clean, +13105550141 clean",
        "the inventory: unavailable: The dialer could not be asked: the database is down. Try again later. Nothing was",
        "every carrier: unavailable: The dialer could not be asked: no carrier answered in time.",
        "one carrier of three: 2 numbers rated all the same",
        "the account is unknown: no-such-account: There is no account 'nobody'. Nothing was changed.",
        "a table has a short column: the column flagging of the review-table has another length than the first. Nothing",
        "no policy for version 0.3.0 of the contract: it has dialguard:reputation/policy@0.9.0",
    ]);
}

#[test]
fn a_user_enters_an_account_and_sees_the_policys_plan() {
    let Some(page) = page() else { return };
    assert_eq!(page.part("WRONG ENTRY"), "Another number has this slot.");
    let review = page.part("NOTHING FAILS");
    for words in [
        "+13105550150 is still ● clean: 0 of 3 carriers flag it.",
        "+13105550151 is still ✖ flagged: 2 of 3 carriers flag it.",
        "+13105550152 turned ▲ at-risk: 0 of 3 carriers flag it. Suspect: 1 of 100 calls were answered.",
        "Replace +13105550151 by +13105550191 in slot 2. Flagged by 2 of 3 carriers",
        "+13105550152 is now suspect",
    ] {
        assert!(review.contains(words), "the page does not say {words:?}:\n{review}");
    }
}

#[test]
fn the_page_shows_the_failure_and_no_partial_plan() {
    let Some(page) = page() else { return };
    for (what, words) in [
        ("THE INVENTORY", "no plan: unavailable The dialer could not be asked: the database is down. Try again later."),
        ("EVERY CARRIER", "no plan: unavailable The dialer could not be asked: no carrier answered in time."),
        ("THE ACCOUNT IS UNKNOWN", "no plan: no-such-account There is no account 'nobody'."),
        (
            "THE POLICY IS OF ANOTHER VERSION",
            "no policy for version 0.3.0 of the contract: it has dialguard:reputation",
        ),
        ("A POLICY THAT LOOPS", "did not answer in 10 seconds and was ended."),
    ] {
        let text = page.part(what);
        assert!(text.contains(words) && text.ends_with("Nothing was changed."), "{what}: {text}");
        assert!(!text.contains("+1310555"), "{what}: {text}");
    }
    let rated = page.part("ONE CARRIER OF THREE");
    assert!(rated.contains("+13105550151 is still ✖ flagged: 2 of 2 carriers flag it, 1 did not answer."), "{rated}");
}

#[test]
fn the_dialers_in_typescript_keep_the_types_of_the_contract() {
    for language in ["node", "browser"] {
        if !has_packages("node") || !has_packages(language) {
            continue;
        }
        let checked = Command::new("npm").args(["run", "check"]).current_dir(host_tools::folder(language)).output();
        Outcome::new(format!("npm run check in {language}"), checked.expect("npm starts")).exits(0);
    }
}

/// The page after a user tried everything once, for all tests; none without a browser.
fn page() -> Option<&'static Page> {
    static PAGE: OnceLock<Option<Page>> = OnceLock::new();
    let visit = || {
        let visited = in_typescript("browser", "user.ts", &[]).exits(0);
        assert_eq!(visited.stderr, "", "what the browser complains of");
        Page(visited.stdout)
    };
    PAGE.get_or_init(|| has_browser().then(visit)).as_ref()
}

struct Page(String);

impl Page {
    /// The text under a title, on one line.
    fn part(&self, title: &str) -> String {
        let lines = self.0.lines().skip_while(|line| *line != title).skip(1);
        let words = lines.take_while(|line| *line != "=").flat_map(str::split_whitespace);
        words.collect::<Vec<_>>().join(" ")
    }
}

/// A program in TypeScript, given these arguments and the reference policy.
fn in_typescript(language: &str, name: &str, arguments: &[&str]) -> Outcome {
    let dialguard = Dialer::new();
    dialguard.file("policy.wasm", REFERENCE_POLICY);
    let [node, options @ ..] = typescript(language, name);
    let mut command = Command::new(node);
    let output =
        command.args(options).args(arguments).arg(dialguard.path("policy.wasm")).output().expect("Node starts");
    Outcome::new(name.into(), output)
}

/// Faults put into the correct dialer, in Python, each with a case that detects it. One dialer has all of them, because
/// a run of every case takes Python several seconds.
#[test]
fn the_report_names_the_cases_a_wrong_dialer_fails() {
    let Some(python) = host_tools::python() else { return };
    let wrongs = [
        (
            "read_candidates = lambda self, id, like, limit: self.candidates.part(0, limit)",
            "the same area code comes before any",
        ),
        (
            "read_monitored = lambda self, id, after, limit: self.monitored.part(0, limit if after == 0 else 0)",
            "numbers beyond a page",
        ),
        (
            "read_owned = lambda self, id, numbers: sorted(set(numbers))",
            "a number that the account does not own is not",
        ),
        ("read_flag_events = lambda self, id, since: self.flag_events", "yesterday's mass is replaced today"),
        (
            "read_account = lambda self, id, policy: replace(self.account, settings=in_order({}, policy.settings))",
            "an account that there is not cannot be reviewed",
        ),
        ("calls_since = lambda self, since: {}", "a number whose calls are blocked on the way is suspect"),
        ("read_rested = lambda self, id: Rested.of()", "a number that has rested and screens clean is offered again"),
    ];
    let wrong: String = wrongs.iter().map(|(wrong, _)| format!("Dialer.{wrong}\n")).collect();
    let program = format!(
        "import sys\nfrom dataclasses import replace\nfrom conformance import *\nfrom policy import Policy\n{wrong}\
         answer_cases(Policy(open(sys.argv[1], 'rb').read()))"
    );
    let failures = wrongs.map(|(_, case)| format!("✗ {case}"));
    conformance(&[], &[&python, "-c", &program]).exits(1).says(&failures.each_ref().map(String::as_str));
}

/// Programs that are not dialers, in Python, and the words that the report must contain.
#[test]
fn a_program_that_is_not_a_dialer_gets_a_clear_error_in_time() {
    let python = "python3";
    if !runs(python, "") {
        return println!("not tried: there is no {python}");
    }
    let programs = [
        ("raise SystemExit(3)", "it exited before it answered (exit status: 3); see its stderr"),
        ("import time; time.sleep(600)", "it did not answer within 1s"),
        ("import sys\nfor line in sys.stdin: print('hello', flush=True)", "it answered \"hello\", which is not JSON"),
        ("import os\nwhile True: os.write(1, b'x' * 65536)", "its answer has more than 33554432 bytes"),
        ("import os\nwhile True: os.write(1, b'{}\\n')", "it printed an extra line: \"{}\""),
        ("import sys\nfor line in sys.stdin: print('[]', flush=True)", "its line cannot be read: it is not an object"),
        (
            "import sys\nfor line in sys.stdin: print('{\"ok\": {}, \"err\": {}}', flush=True)",
            "it must have exactly one of `ok`, `err` and `fault`",
        ),
        (
            "import sys\nfor line in sys.stdin: print('{\"ok\": {\"name\": 1}}', flush=True)",
            "its line cannot be read: invalid type: integer `1`, expected a string",
        ),
        (
            "import sys\nfor line in sys.stdin: print('{\"err\": {\"code\": \"no\", \"message\": \"\"}}', flush=True)",
            "unknown variant `No`",
        ),
        (
            "import sys\nfor line in sys.stdin: print('{\"fault\": \"there is no wasmtime\"}', flush=True)",
            "it could not call the policy: there is no wasmtime",
        ),
    ];
    for (program, words) in programs {
        let begun = Instant::now();
        // Long enough for the slowest machine to answer.
        let seconds_max = if program.contains("sleep") { "1" } else { "60" };
        let report = conformance(&["--answer-seconds-max", seconds_max], &[python, "-c", program]).exits(1);
        let report = report.says(&[words, "✗ a policy says who it is"]);
        assert!(begun.elapsed() < Duration::from_secs(300), "{program}: {:?}\n{}", begun.elapsed(), report.stdout);
    }
}

#[test]
fn a_dialer_that_exits_is_restarted_a_limited_number_of_times() {
    if !runs("python3", "") {
        return println!("not tried: there is no python3");
    }
    let dies_at_once = ["python3", "-c", "raise SystemExit(1)"];
    let report = conformance(&["--json"], &dies_at_once).exits(1).json();
    let findings = report["findings"].as_array().expect("a list");
    assert_eq!(findings.len(), 4, "{report:#}");
    assert_eq!(findings[3]["detail"], "not tried: the dialer was interrupted 3 times already");
    conformance(&[], &["./no-such-dialer"]).exits(1).says(&["./no-such-dialer cannot be started"]);
    conformance(&["--component", "no-such.wasm"], &dies_at_once).exits(1).says(&["no-such.wasm cannot be read"]);
}

#[test]
fn a_dialer_may_clean_up_before_it_exits() {
    if !runs("python3", "") {
        return println!("not tried: there is no python3");
    }
    let dialguard = Dialer::new();
    let left = dialguard.path("left");
    let program = format!(
        "import sys\nfor line in sys.stdin: print('{{\"fault\": \"no policy\"}}', flush=True)\nopen({left:?}, 'w')"
    );
    conformance(&[], &["python3", "-c", &program]).exits(1).says(&["no policy"]);
    assert!(left.is_file());
}

#[test]
fn the_command_may_be_one_text() {
    let dialguard = Dialer::new();
    dialguard.run("conformance --host-command").exits(2);
    dialguard.run("conformance").exits(2).says(&["--host-command <CMD>"]);
    dialguard
        .run_arguments(&["conformance", "--host-command", "./no-such-dialer it"])
        .exits(1)
        .says(&["./no-such-dialer cannot be started"]);
}
