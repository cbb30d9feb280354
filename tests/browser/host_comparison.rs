//! Every host runs every case through the same component and gives the same answers; the table in `host/docs/embedding.md` says so.
//!
//! `DIALGUARD_TABLE=write cargo test --release --test browser` rewrites the table with this machine's times.

use crate::harness::dialer::{Dialer, Outcome};
use crate::harness::host_tools::{self, conformance, dialer_in_rust, file, has_browser, has_packages, typescript};
use crate::harness::repository::repository;
use dialguard::policy::REFERENCE_POLICY;
use dialguard::scenarios::{CaseFile, case_files};
use serde_json::Value;
use std::process::Command;
use std::time::Duration;

/// The only case whose time has its own row.
const LARGEST_CASE: &str = "numbers beyond a page are reviewed too";

struct Host {
    name: &'static str,
    /// What that case took with contract 0.2.0, whose lists of records were converted field by field: the least of four
    /// reviews, on the machine and in the minute in which the dialers with tables took 6 ms (Node), 341 ms (Python) and
    /// 20 ms (C) at least. Not measured again, because no dialer speaks that version any longer.
    with_records: &'static str,
    /// The report of `dialguard conformance`; `None` if its tools are not installed.
    report: Option<Value>,
}

#[test]
fn every_host_passes_every_case_and_the_guide_says_so() {
    let hosts = [
        Host { name: "Rust, wasmtime", with_records: "–", report: Some(rust()) },
        Host { name: "Node, jco", with_records: "50 ms", report: node() },
        Host { name: "Chromium, jco", with_records: "–", report: browser() },
        Host { name: "Python, wasmtime-py", with_records: "3668 ms", report: python() },
        Host { name: "C, wasmtime", with_records: "110 ms", report: c() },
    ];
    let cases: usize = case_files().iter().map(|file| file.cases.len()).sum();
    for Host { name, report, .. } in &hosts {
        let Some(report) = report else { continue };
        assert_eq!(findings(report).len(), cases, "{name} ran every case");
        assert!(findings(report).iter().all(|finding| finding["verdict"] == "passed"), "{name}: {report:#}");
    }
    let guide = repository("host/docs/embedding.md");
    let text = std::fs::read_to_string(&guide).expect("the guide exists");
    let (before, rest) = text.split_once(MARK).expect("a mark before the table");
    let (table, after) = rest.split_once(MARK).expect("a mark after the table");
    if std::env::var_os("DIALGUARD_TABLE").is_some_and(|what| what == "write") {
        let made = in_a_table(&hosts);
        std::fs::write(guide, format!("{before}{MARK}\n{made}{MARK}{after}")).expect("the guide can be written");
    } else {
        assert_same_results(table, &hosts);
    }
}

const MARK: &str = "<!-- made by tests/browser/host_comparison.rs -->";

fn in_a_table(hosts: &[Host]) -> String {
    let row = |title: &str, cell: &dyn Fn(&Value) -> String| {
        let cells = hosts.iter().map(|host| host.report.as_ref().map_or("not tried".into(), cell));
        format!("| {title} | {} |\n", cells.collect::<Vec<_>>().join(" | "))
    };
    let names: Vec<_> = hosts.iter().map(|host| host.name).collect();
    let mut table = format!("| cases | {} |\n|---|{}\n", names.join(" | "), "---|".repeat(names.len()));
    for file in case_files() {
        table += &row(&file.title, &|report| passed(&file, report));
    }
    table += &row("time for an answer, median of all", &|report| in_words(median(report)));
    table += &row("time for 20,001 numbers reviewed", &|report| in_words(largest(report)));
    let before: Vec<_> = hosts.iter().map(|host| host.with_records).collect();
    table += &format!("| the same with contract 0.2.0, without tables | {} |\n", before.join(" | "));
    table
}

/// Times depend on day and machine; which cases pass must not.
fn assert_same_results(table: &str, hosts: &[Host]) {
    let mut rows = table.lines().filter(|line| line.starts_with('|')).map(cells);
    let header = rows.next().expect("the table has a header");
    let rows: Vec<_> = rows.collect();
    for host in hosts {
        let Some(report) = &host.report else { continue };
        let column = header.iter().position(|name| *name == host.name);
        let column = column.unwrap_or_else(|| panic!("the table has no column {}", host.name));
        for file in case_files() {
            let row = rows.iter().find(|row| row[0] == file.title);
            let row = row.unwrap_or_else(|| panic!("the table has no row {}", file.title));
            assert_eq!(row[column], passed(&file, report), "{} of {} in the table", file.title, host.name);
        }
    }
}

fn cells(line: &str) -> Vec<&str> {
    line.trim_matches('|').split('|').map(str::trim).collect()
}

fn passed(file: &CaseFile, report: &Value) -> String {
    let of_file = findings(report).iter().filter(|finding| finding["title"] == file.title.as_str());
    let passed = of_file.filter(|finding| finding["verdict"] == "passed").count();
    format!("{passed} of {}", file.cases.len())
}

fn median(report: &Value) -> Duration {
    let mut times: Vec<u64> = findings(report).iter().map(microseconds).collect();
    times.sort_unstable();
    Duration::from_micros(times[times.len() / 2])
}

fn largest(report: &Value) -> Duration {
    let found = findings(report).iter().find(|finding| finding["name"] == LARGEST_CASE);
    Duration::from_micros(microseconds(found.expect("there is such a case")))
}

fn microseconds(finding: &Value) -> u64 {
    finding["microseconds"].as_u64().expect("every host reports how long an answer took")
}

fn in_words(took: Duration) -> String {
    let milliseconds = took.as_secs_f64() * 1_000.0;
    if milliseconds < 10.0 { format!("{milliseconds:.2} ms") } else { format!("{milliseconds:.0} ms") }
}

fn findings(report: &Value) -> &[Value] {
    report["findings"].as_array().expect("a list")
}

/// Runs in its own process, because a dialer in Rust needs no JSON lines.
fn rust() -> Value {
    let dialguard = Dialer::new();
    dialguard.file("policy.wasm", REFERENCE_POLICY);
    let output = Command::new(dialer_in_rust()).arg("conformance").arg(dialguard.path("policy.wasm")).output();
    Outcome::new("the dialer in Rust".into(), output.expect("it starts")).exits(0).json()
}

fn node() -> Option<Value> {
    let [node, import, tsx, main] = typescript("node", "main.ts");
    has_packages("node").then(|| asked(&[&node, &import, &tsx, &main, "conformance"]))
}

fn browser() -> Option<Value> {
    has_browser().then(|| asked(&typescript("browser", "conformance.ts").each_ref().map(String::as_str)))
}

fn python() -> Option<Value> {
    Some(asked(&[&host_tools::python()?, &file("python", "dialer.py"), "conformance"]))
}

fn c() -> Option<Value> {
    Some(asked(&[host_tools::dialer_in_c()?, "conformance"]))
}

fn asked(dialer: &[&str]) -> Value {
    conformance(&["--json"], dialer).exits(0).json()
}
