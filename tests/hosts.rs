//! Dialers in other languages: `dialguard conformance` passes the one that is right, and says what is wrong with those
//! that are not.

mod harness;

use harness::{Dialer, Ran};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

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

fn passes_every_case(dialer: &[&str]) {
    let report = conformance(&[], dialer).exits(0);
    println!("{}", report.stdout);
    let report = conformance(&["--json"], dialer).exits(0).json();
    let findings = report["findings"].as_array().expect("a list");
    assert!(findings.len() >= 140, "{}", findings.len());
    assert!(findings.iter().all(|finding| finding["verdict"] == "passed"), "{report:#}");
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
    let output = Dialer::new().command(&arguments).output().expect("the program starts");
    Ran::new(arguments.join(" "), output)
}
