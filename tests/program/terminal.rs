//! Nothing that the program prints steers a terminal or hides text, whatever file, policy or argument it came from.

use crate::harness::dialer::{Dialer, e164};
use crate::harness::policies::hostile::parse;
use crate::harness::policies::renamed::renamed;
use dialguard::policy::REFERENCE_POLICY;
use serde_json::Value;
use std::process::Output;

/// Clears the screen in two ways, sets the title, writes from right to left, and goes back to the start of the line.
const HOSTILE: &str = "\u{1b}[2J\u{9b}2J\u{1b}]0;title\u{7}\u{202e}\u{2066}\u{200b}\u{7f}\r";

/// As long as the name of the reference policy, and as the start of its summary.
const HOSTILE_NAME: &str = "\u{1b}[2J\u{9b}2J\u{202e}nicename";
const HOSTILE_SUMMARY: &str = "\u{1b}[2J\u{9b}\u{202e}Flags";

#[test]
fn names_and_texts_of_a_policy_are_printable() {
    let dialer = Dialer::monitoring(2, "");
    let named = renamed(REFERENCE_POLICY, "dialguard-reference", HOSTILE_NAME);
    dialer.file("named.wasm", [&named[..], &custom_section("description"), &custom_section("version")].concat());
    dialer.file("described.wasm", renamed(REFERENCE_POLICY, "Flags a number", HOSTILE_SUMMARY));
    let importing = format!("(component (import \"{}\" (func)))", escaped(HOSTILE));
    dialer.file("importing.wasm", parse(&importing));
    let exporting = format!("(component (component $c) (export \"{}\" (component $c)))", escaped(HOSTILE));
    dialer.file("exporting.wasm", parse(&exporting));

    for file in ["named", "described", "importing", "exporting"] {
        for verb in ["inspect", "check", "install", "sign --key missing"] {
            is_printable(&dialer, &format!("policy {verb} {file}.wasm"));
        }
        is_printable(&dialer, &format!("component --release release-of-{file} --component {file}.wasm"));
    }
    let lines =
        ["policy activate 2", "policy list", "policy history", "policy shadow 1", "review acme --now", "events acme"];
    for line in lines.into_iter().chain(["serve --once", "policy diff"]) {
        is_printable(&dialer, line);
    }
}

#[test]
fn texts_of_files_and_names_of_files_are_printable() {
    let dialer = Dialer::monitoring(2, "");
    let number = e164(100);
    dialer.file(
        "verdicts.csv",
        format!(
            "number,carrier,score,label,observed_at\n{number},A,95,{HOSTILE},2026-03-01T08:00:00Z\n\
             {number},{HOSTILE},95,x,2026-03-01T08:00:00Z\n{number},B,{HOSTILE},x,2026-03-01T08:00:00Z\n"
        ),
    );
    let json_rows = serde_json::json!([{"number": number, "carrier": HOSTILE, "score": HOSTILE, "label": HOSTILE}]);
    dialer.file("verdicts.json", json_rows.to_string());
    dialer.file("numbers.csv", format!("number,{HOSTILE}\n{HOSTILE},{HOSTILE}\n"));
    for line in [
        "review acme",
        "screen acme +13105550100",
        "numbers list acme",
        "events acme",
        "sources list",
        "sources add json --verdicts verdicts.json",
        "numbers import acme numbers.csv",
        "numbers import acme numbers.csv --dry-run",
        "numbers import acme numbers.csv --column 2",
        "orders",
        "usage acme",
    ] {
        is_printable(&dialer, line);
    }
}

#[test]
fn arguments_are_printable() {
    let dialer = Dialer::monitoring(1, "");
    // A user who completes names of files passes on what somebody else has named them.
    for arguments in [
        &["policy", "inspect", HOSTILE][..],
        &["policy", "install", HOSTILE],
        &["numbers", "import", "acme", HOSTILE],
        &["sources", "add", "more", "--verdicts", HOSTILE],
        &["sources", "add", HOSTILE, "--verdicts", "verdicts.csv"],
        &["account", "add", HOSTILE, "--blocks", "1", "--time-zone", "UTC"],
        &["account", "add", "other", "--blocks", HOSTILE, "--time-zone", HOSTILE],
        &["usage", HOSTILE],
        &["monitor", "acme", HOSTILE],
        &["ledger", "backup", HOSTILE],
        &["ledger", "restore", HOSTILE],
        &["--data", HOSTILE, "account", "list"],
        &["conformance", HOSTILE],
        &[HOSTILE],
    ] {
        let ran = dialer.command(arguments).output().expect("the program starts");
        assert_printable(&arguments.join(" "), &ran);
    }
}

/// Runs the command twice, for a user and for a program.
#[track_caller]
fn is_printable(dialer: &Dialer, line: &str) {
    let arguments: Vec<&str> = line.split_whitespace().collect();
    for json in [&[][..], &["--json"]] {
        let timed = [&arguments, json, &["--at", "2026-03-01T10:00:00Z"]].concat();
        let ran = dialer.command(&timed).output().expect("the program starts");
        assert_printable(line, &ran);
        if matches!(ran.stdout.first(), Some(b'{' | b'[')) {
            serde_json::from_slice::<Value>(&ran.stdout).unwrap_or_else(|error| panic!("{line}: {error}"));
        }
    }
}

#[track_caller]
fn assert_printable(line: &str, ran: &Output) {
    assert!(!ran.stdout.is_empty() || !ran.stderr.is_empty() || ran.status.success(), "{line} says nothing");
    for printed in [&ran.stdout, &ran.stderr] {
        let text = std::str::from_utf8(printed).unwrap_or_else(|error| panic!("{line}: {error}"));
        let steers = |character: &char| {
            matches!(character, '\u{200b}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
                || (character.is_control() && !matches!(character, '\n' | '\t'))
        };
        let found: String = text.chars().filter(steers).collect();
        assert!(found.is_empty(), "{line} prints {found:?} in {text:?}");
    }
}

/// A custom section of a component, with the hostile text.
fn custom_section(name: &str) -> Vec<u8> {
    let body = [&[name.len() as u8], name.as_bytes(), HOSTILE.as_bytes()].concat();
    [&[0, body.len() as u8][..], &body].concat()
}

/// The text as a string of WAT.
fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("\\{byte:02x}")).collect()
}
