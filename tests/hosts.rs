//! Dialers in other languages: `dialguard conformance` passes the one that is right, and says what is wrong with those
//! that are not.

mod harness;

use dialguard::policy::REFERENCE_POLICY;
use dialguard::scenarios::case_files;
use harness::{Dialer, Ran};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

#[test]
fn the_dialer_in_python_passes_every_case() {
    let Some(python) = python_with_wasmtime() else { return };
    passes_every_case(&[&python, &dialer_in_python(), "conformance"]);
}

#[test]
fn the_dialer_in_node_passes_every_case() {
    let folder = folder("node");
    if !folder.join("node_modules").is_dir() {
        println!("not tried: npm ci in tests/hosts/node");
        return;
    }
    passes_every_case(&["node", &folder.join("dialer.js").display().to_string(), "conformance"]);
}

#[test]
fn the_dialer_in_c_passes_every_case() {
    let Some(dialer) = dialer_in_c() else { return };
    passes_every_case(&[dialer, "conformance"]);
}

#[test]
fn the_dialer_in_c_fails_clearly_and_does_nothing_by_halves() {
    let Some(dialer) = dialer_in_c() else { return };
    let desk = Dialer::new();
    desk.file("policy.wasm", REFERENCE_POLICY);
    desk.file("text.wasm", "no component");
    let run = |file| Command::new(dialer).arg("days").arg(desk.path(file)).output().expect("the dialer starts");
    Ran::new("days".into(), run("policy.wasm")).exits(0).says(&[
        "+13105550101 replaced: Flagged by 2 of 3 carriers",
        "Day 3: +13105550100 clean, +13105550141 clean",
        "the inventory: unavailable: The database is down. Nothing was changed.",
        "every carrier: unavailable: No carrier answered. Nothing was changed.",
        "one carrier of three: 2 numbers rated all the same",
        "the account is unknown: no-such-account: The dialer has no such account. Nothing was changed.",
        "no policy for version 0.2.0 of the contract: it exports dialguard:reputation/policy@0.9.0",
        "component imports instance `wasi:random/random@0.2.0`, but a matching implementation was not found",
        "the policy hoards memory: memory minimum size of 5000 pages exceeds memory limits",
        "the policy loops: it computed for longer than it may, and was ended. Nothing was changed.",
    ]);
    Ran::new("days".into(), run("text.wasm")).exits(1).says(&["error:", "text.wasm: expected"]);
    Ran::new("days".into(), run("missing.wasm")).exits(1).says(&["missing.wasm: No such file"]);
}

/// The dialer as `make` builds it; none where a piece is missing, which `make` would fetch.
fn dialer_in_c() -> Option<&'static str> {
    static BUILT: OnceLock<Option<String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let folder = folder("c");
        let mut compiler = Command::new("cc");
        compiler.args(["-fsyntax-only", "-include", "jansson.h", "-x", "c", "/dev/null"]).stderr(Stdio::null());
        let is_fetched = |file| folder.join("wasmtime").join(file).exists();
        let missing = if !compiler.status().is_ok_and(|status| status.success()) {
            "a C compiler and jansson (libjansson-dev)"
        } else if Command::new("make").arg("--version").output().is_err() {
            "make"
        } else if !is_fetched("lib/libwasmtime.so") || !is_fetched("include/wasmtime/conf.h") {
            "`make fetch` in tests/hosts/c"
        } else {
            let made = Command::new("make").arg("-C").arg(&folder).output().expect("make starts");
            Ran::new("make".into(), made).exits(0);
            return Some(folder.join("dialer").display().to_string());
        };
        println!("not tried: {missing}");
        None
    });
    built.as_deref()
}

fn passes_every_case(dialer: &[&str]) {
    let report = conformance(&["--json"], dialer).exits(0).json();
    let findings = report["findings"].as_array().expect("a list");
    let cases: usize = case_files().iter().map(|file| file.cases.len()).sum();
    assert_eq!(findings.len(), cases, "every case was asked");
    assert!(findings.iter().all(|finding| finding["verdict"] == "passed"), "{report:#}");
}

#[test]
fn the_dialer_in_python_fails_clearly_and_does_nothing_by_halves() {
    let Some(python) = python_with_wasmtime() else { return };
    let desk = Dialer::new();
    desk.file("policy.wasm", REFERENCE_POLICY);
    let component = desk.path("policy.wasm");
    let told = Command::new(python).arg(dialer_in_python()).arg("days").arg(component).output().expect("Python starts");
    Ran::new("days".into(), told).exits(0).says(&[
        "+13105550101 replaced: Flagged by 2 of 3 carriers",
        "the inventory: unavailable: The dialer could not be asked: the database is down. Try again later. Nothing was",
        "every carrier: unavailable: The dialer could not be asked: no carrier answered in time.",
        "one carrier of three: 2 numbers rated all the same",
        "the account is unknown: no-such-account: There is no account 'nobody'. Nothing was changed.",
        "no policy for version 0.2.0 of the contract: it has dialguard:reputation/clock@0.9.0",
    ]);
}

/// What the right dialer is made to do wrongly, in Python, and a case that tells. One dialer does it all: a run of
/// every case takes Python several seconds.
#[test]
fn a_dialer_that_embeds_the_policy_wrongly_is_told_at_which_cases() {
    let Some(python) = python_with_wasmtime() else { return };
    let wrongs = [
        (
            "read_candidates = lambda self, id, like, limit: self.candidates[:limit]",
            "the same area code comes before any",
        ),
        (
            "read_monitored = lambda self, id, after, limit: self.monitored if after == 0 else []",
            "numbers beyond a page",
        ),
        (
            "read_owned = lambda self, id, numbers: sorted(set(numbers))",
            "a number that the account does not own is not",
        ),
        ("read_flag_events = lambda self, id, since: self.flag_events", "yesterday's mass is replaced today"),
        ("read_account = lambda self, id: self.account", "an account that there is not cannot be reviewed"),
    ];
    let wrong: String = wrongs.iter().map(|(wrong, _)| format!("Dialer.{wrong}\n")).collect();
    let program = format!(
        "import sys\nfrom conformance import *\nfrom policy import Policy\n{wrong}\
         answer_cases(Policy(open(sys.argv[1], 'rb').read()))"
    );
    let told = wrongs.map(|(_, case)| format!("✗ {case}"));
    conformance(&[], &[&python, "-c", &program]).exits(1).says(&told.each_ref().map(String::as_str));
}

/// What a program does that is no dialer, in Python, and the words that the report has to have.
#[test]
fn a_program_that_is_no_dialer_is_told_why_and_in_time() {
    let python = "python3";
    if !runs(python, "") {
        return println!("not tried: there is no {python}");
    }
    let programs = [
        ("raise SystemExit(3)", "it ended before it answered (exit status: 3); what it had to say stands on stderr"),
        ("import time; time.sleep(600)", "it did not answer in 1s"),
        ("import sys\nfor line in sys.stdin: print('hello', flush=True)", "it answered \"hello\", which is no JSON"),
        ("import os\nwhile True: os.write(1, b'x' * 65536)", "its answer has more than 33554432 bytes"),
        ("import os\nwhile True: os.write(1, b'{}\\n')", "it printed a line that nobody asked for: \"{}\""),
        ("import sys\nfor line in sys.stdin: print('[]', flush=True)", "its line cannot be read: it is no object"),
        (
            "import sys\nfor line in sys.stdin: print('{\"ok\": {}, \"err\": {}}', flush=True)",
            "it has to have one of `ok`, `err` and `fault`",
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
            "it could not ask the policy: there is no wasmtime",
        ),
    ];
    for (program, words) in programs {
        let begun = Instant::now();
        let report = conformance(&["--answer-seconds-max", "1"], &[python, "-c", program]).exits(1);
        let report = report.says(&[words, "✗ a policy says who it is"]);
        assert!(begun.elapsed() < Duration::from_secs(20), "{program}: {:?}\n{}", begun.elapsed(), report.stdout);
    }
}

#[test]
fn a_dialer_that_breaks_off_is_started_anew_and_not_for_ever() {
    if !runs("python3", "") {
        return println!("not tried: there is no python3");
    }
    let dies_at_once = ["python3", "-c", "raise SystemExit(1)"];
    let report = conformance(&["--json"], &dies_at_once).exits(1).json();
    let findings = report["findings"].as_array().expect("a list");
    assert_eq!(findings.len(), 4, "{report:#}");
    assert_eq!(findings[3]["told"], "not tried: the dialer broke off 3 times already");
    conformance(&[], &["./no-such-dialer"]).exits(1).says(&["./no-such-dialer cannot be started"]);
    conformance(&["--component", "no-such.wasm"], &dies_at_once).exits(1).says(&["no-such.wasm cannot be read"]);
}

#[test]
fn the_command_may_be_one_text() {
    let desk = Dialer::new();
    desk.run("conformance --host-command").exits(2);
    desk.run("conformance").exits(2).says(&["--host-command <CMD>"]);
    desk.run_arguments(&["conformance", "--host-command", "./no-such-dialer it"])
        .exits(1)
        .says(&["./no-such-dialer cannot be started"]);
}

fn dialer_in_python() -> String {
    folder("python").join("dialer.py").display().to_string()
}

fn folder(dialer: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/hosts").join(dialer)
}

/// Python with the dialer's tools, its own or the machine's; none where they are not installed.
fn python_with_wasmtime() -> Option<String> {
    let own = folder("python").join(".venv/bin/python").display().to_string();
    let found = [own, "python3".into()].into_iter().find(|python| runs(python, "import wasmtime.component"));
    if found.is_none() {
        println!("not tried: python3 -m venv .venv && .venv/bin/pip install -r requirements.txt in tests/hosts/python");
    }
    found
}

fn runs(python: &str, code: &str) -> bool {
    let quiet = Command::new(python).args(["-c", code]).stderr(Stdio::null()).status();
    quiet.is_ok_and(|status| status.success())
}

fn conformance(options: &[&str], dialer: &[&str]) -> Ran {
    let arguments = [&["conformance"], options, &["--"], dialer].concat();
    let output =
        Dialer::new().command(&arguments).env("PYTHONPATH", folder("python")).output().expect("the program starts");
    Ran::new(arguments.join(" "), output)
}
