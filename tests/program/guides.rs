//! Every command and every code block of the README and the guides, run as printed.
//!
//! Each document is a story that runs from top to bottom in its own folder, in one shell. Those about an account
//! continue the README's first day. Providers, reputation services and receivers of messages are fakes on this machine
//! (`guides/stage.rs`). Lines that do not run as printed are listed in [`EXCEPTIONS`] with the reason; a block
//! that neither runs nor is listed fails.

mod commands;
mod document;
mod shell;
mod stage;

use crate::harness::repository::repository;
use document::{Block, Document};
use serde_json::Value;
use stage::Stage;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

const README: &str = "README.md";
const EMBEDDING: &str = "host/docs/embedding.md";
const POLICIES: &str = "host/program/docs/policies.md";
const SPEED: &str = "host/program/docs/speed.md";

const DOCUMENTS: [&str; 9] = [
    README,
    "host/ARCHITECTURE.md",
    EMBEDDING,
    "host/program/docs/dashboard.md",
    "host/program/docs/operating.md",
    "host/program/docs/numbers-and-money.md",
    POLICIES,
    "host/program/docs/api.md",
    SPEED,
];

/// A line that does not run as printed.
struct Exception {
    document: &'static str,
    line: &'static str,
    reason: &'static str,
    /// Runs in its place.
    instead: &'static str,
}

const EXCEPTIONS: [Exception; 14] = [
    cargo_run("cargo run -- demo", "dialguard demo"),
    cargo_run("cargo run -- demo --serve", "dialguard demo --serve"),
    Exception {
        document: README,
        line: "cargo test",
        reason: "it is the command that runs this test",
        instead: "true",
    },
    Exception {
        document: POLICIES,
        line: "cargo test",
        reason: "new_policy.rs runs it in the folder of a new policy; it compiles for a minute",
        instead: "test -f Cargo.toml",
    },
    Exception {
        document: POLICIES,
        line: "cargo build --release --target wasm32-wasip2",
        reason: "new_policy.rs runs it in the folder of a new policy; it compiles for a minute",
        instead: "mkdir -p target/wasm32-wasip2/release && cp ../my.wasm target/wasm32-wasip2/release/my_policy.wasm",
    },
    Exception {
        document: EMBEDDING,
        line: "dialguard conformance -- python3 dialer.py conformance",
        reason: "browser/host_comparison.rs runs it where the dialer's packages are installed",
        instead: "test -f \"$REPOSITORY/tests/hosts/python/dialer.py\"",
    },
    Exception {
        document: EMBEDDING,
        line: "wkg wit build",
        reason: "policy_release.rs runs it where wkg is installed",
        instead: "test -d wit",
    },
    Exception {
        document: EMBEDDING,
        line: "wkg oci push ghcr.io/OWNER/dialguard/reputation:0.3.0 dialguard:reputation@0.3.0.wasm",
        reason: "it publishes to a registry",
        instead: "true",
    },
    Exception {
        document: EMBEDDING,
        line: "wkg oci push ghcr.io/OWNER/dialguard/policy:0.1.0 policy.wasm",
        reason: "it publishes to a registry",
        instead: "test -f policy.wasm",
    },
    benchmark("cargo bench --bench policy"),
    benchmark("cargo bench --bench sweep"),
    benchmark("cargo bench --bench page"),
    benchmark("cargo bench --bench activation"),
    benchmark("cargo bench --bench load"),
];

/// Cargo would build the program a second time, without the features that tests add to its dependencies.
const fn cargo_run(line: &'static str, instead: &'static str) -> Exception {
    let reason = "it builds the program a second time; `cargo_finds_the_program_and_the_benchmarks` covers the rest";
    Exception { document: README, line, reason, instead }
}

const fn benchmark(line: &'static str) -> Exception {
    let reason =
        "it builds and measures for many minutes; `cargo_finds_the_program_and_the_benchmarks` covers the name";
    Exception { document: SPEED, line, reason, instead: "true" }
}

#[test]
fn the_readme_works_as_printed() {
    let readme = Document::read(README);
    assert!(readme.text.lines().count() <= 200, "the README fits on a few screens");
    play(&readme, &mut Stage::empty());
}

#[test]
fn operating_works_as_printed() {
    continue_the_first_day("host/program/docs/operating.md");
}

#[test]
fn numbers_and_money_works_as_printed() {
    continue_the_first_day("host/program/docs/numbers-and-money.md");
}

#[test]
fn policies_works_as_printed() {
    continue_the_first_day(POLICIES);
}

#[test]
fn the_api_works_as_printed() {
    continue_the_first_day("host/program/docs/api.md");
}

#[test]
fn embedding_works_as_printed() {
    play(&Document::read(EMBEDDING), &mut Stage::empty());
}

#[test]
fn speed_and_architecture_work_as_printed() {
    play(&Document::read(SPEED), &mut Stage::empty());
    play(&Document::read("host/ARCHITECTURE.md"), &mut Stage::empty());
}

fn continue_the_first_day(path: &str) {
    let mut stage = Stage::empty();
    let readme = Document::read(README);
    let is_first_day = |block: &&Block| block.language == "sh" && block.heading == "A dialer's first day";
    let first_day = readme.blocks.iter().find(is_first_day).expect("the README has a first day");
    for line in first_day.lines().iter().filter(|line| !stage::is_server(line)) {
        stage.run(line, &format!("{README}, before {path}"));
    }
    play(&Document::read(path), &mut stage);
}

/// Runs a document's blocks in order, each by its language.
fn play(document: &Document, stage: &mut Stage) {
    // Output of the latest shell block in this section.
    let mut printed: Option<(&str, String)> = None;
    for block in &document.blocks {
        let place = format!("{}:{}", document.path, block.line);
        let output = printed.as_ref().filter(|(heading, _)| *heading == block.heading).map(|(_, text)| text.as_str());
        match block.language.as_str() {
            "sh" => printed = Some((&block.heading, run_lines(document, block, stage))),
            "text" => assert_printed(block, output, &place),
            "json" => assert_answered(block, output, &place),
            "toml" => assert_manifest(block, &place),
            "rust" => assert_documentation_test(document, block, &place),
            other => panic!("{place}: no test runs a block of {other:?}"),
        }
    }
}

fn run_lines(document: &Document, block: &Block, stage: &mut Stage) -> String {
    let mut output = String::new();
    for line in block.lines() {
        let exception = EXCEPTIONS.iter().find(|known| known.document == document.path && known.line == line);
        let line = exception.map_or(line.as_str(), |exception| exception.instead);
        output += &stage.run(line, &format!("{}:{}", document.path, block.line));
    }
    output
}

/// Each line of the block is in the output, where `…` matches anything. Without output the block is a drawing.
fn assert_printed(block: &Block, output: Option<&str>, place: &str) {
    let Some(output) = output else { return };
    let one_blank = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let output = one_blank(output);
    for line in block.text.lines() {
        for part in line.split('…').map(one_blank) {
            assert!(output.contains(&part), "{place}: the commands do not print {part:?}:\n{output}");
        }
    }
}

/// The block is JSON. If commands precede it, one of them printed it, perhaps with more fields.
fn assert_answered(block: &Block, output: Option<&str>, place: &str) {
    let shape: Value = serde_json::from_str(&block.text).unwrap_or_else(|error| panic!("{place}: {error}"));
    let Some(output) = output else { return };
    let answers = output.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    assert!(answers.into_iter().any(|answer| contains(&answer, &shape)), "{place}: no command prints this:\n{output}");
}

/// Whether a value has everything in the shape, where `…` matches any value.
fn contains(value: &Value, shape: &Value) -> bool {
    match (value, shape) {
        (_, Value::String(text)) if text == "…" => !value.is_null(),
        (Value::Object(fields), Value::Object(wanted)) => {
            wanted.iter().all(|(name, shape)| fields.get(name).is_some_and(|value| contains(value, shape)))
        }
        (Value::Array(items), Value::Array(wanted)) => {
            items.len() >= wanted.len() && items.iter().zip(wanted).all(|(value, shape)| contains(value, shape))
        }
        _ => value == shape,
    }
}

/// Cargo accepts the block as part of a manifest, and finds the package it names in `host/`.
fn assert_manifest(block: &Block, place: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let host = repository("host");
    let text = block.text.replace("../dialguard/host", host.to_str().expect("a path in UTF-8"));
    let package = "[package]\nname = \"my-dialer\"\nedition = \"2024\"\n\n";
    std::fs::write(folder.path().join("Cargo.toml"), format!("{package}{text}")).expect("a manifest");
    std::fs::create_dir(folder.path().join("src")).expect("a folder");
    std::fs::write(folder.path().join("src/lib.rs"), "").expect("a library");
    let read = packages(folder.path(), place);
    let mut dependencies = read[0]["dependencies"].as_array().expect("a list").iter();
    assert!(dependencies.any(|dependency| dependency["name"] == "dialguard"), "{place}");
    assert!(packages(&host, place).iter().any(|package| package["name"] == "dialguard"), "{place}");
}

/// The packages of the workspace at a folder, as cargo describes them.
fn packages(folder: &Path, place: &str) -> Vec<Value> {
    let read = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(folder)
        .output()
        .expect("cargo starts");
    assert!(read.status.success(), "{place}: {}", String::from_utf8_lossy(&read.stderr));
    let metadata: Value = serde_json::from_slice(&read.stdout).expect("metadata");
    metadata["packages"].as_array().expect("a list").clone()
}

/// `cargo run` needs one binary to choose, and `cargo bench --bench` the name of a benchmark.
#[test]
fn cargo_finds_the_program_and_the_benchmarks() {
    let packages = packages(&repository(""), README);
    let targets = packages.iter().flat_map(|package| package["targets"].as_array().expect("a list"));
    let targets: BTreeSet<(&str, &str)> = targets
        .map(|target| (target["kind"][0].as_str().expect("a kind"), target["name"].as_str().expect("a name")))
        .collect();
    let programs: Vec<_> = targets.iter().filter(|(kind, _)| *kind == "bin").collect();
    assert_eq!(programs, [&("bin", "dialguard")]);
    for exception in EXCEPTIONS.iter().filter(|exception| exception.document == SPEED) {
        let name = exception.line.rsplit(' ').next().expect("a name");
        assert!(targets.contains(&("bench", name)), "no benchmark is called {name}");
    }
}

/// The README shows the example on the library's first page; a guide is a documentation test itself.
fn assert_documentation_test(document: &Document, block: &Block, place: &str) {
    let library = std::fs::read_to_string(repository("host/src/lib.rs")).expect("the library");
    if document.path == README {
        let page = library.lines().filter_map(|line| line.strip_prefix("//!")).map(|line| line.trim_start_matches(' '));
        let page: Vec<&str> = page.filter(|line| !line.starts_with("# ")).collect();
        let shown: Vec<&str> = block.text.lines().collect();
        let is_there = page.windows(shown.len()).any(|lines| lines == shown);
        assert!(is_there, "{place}: host/src/lib.rs has a different example");
    } else {
        let name = document.path.strip_prefix("host/").expect("a guide of the library");
        let included = format!("#[doc = include_str!(\"../{name}\")]");
        assert!(library.contains(&included), "{place}: host/src/lib.rs has no {included}");
    }
}

#[test]
fn every_exception_is_for_a_printed_line() {
    for Exception { document, line, reason, .. } in EXCEPTIONS {
        let blocks = Document::read(document).blocks;
        let is_printed = blocks.iter().any(|block| block.language == "sh" && block.lines().iter().any(|it| it == line));
        assert!(is_printed, "{document} has no `{line}`, an exception because {reason}");
    }
}

/// In the text and in tables: blocks are run.
#[test]
fn every_command_and_option_in_the_text_exists() {
    for path in DOCUMENTS {
        for named in Document::read(path).quoted() {
            if let Err(problem) = commands::check(&named) {
                panic!("{path} names `{named}`: {problem}");
            }
        }
    }
}

#[test]
fn no_guide_is_forgotten() {
    let folders = ["host", "host/docs", "host/dialer", "host/dialer/docs", "host/program", "host/program/docs"];
    let files = folders.into_iter().filter_map(|folder| Some((folder, std::fs::read_dir(repository(folder)).ok()?)));
    let guides = files.flat_map(|(folder, files)| {
        files.map(move |file| format!("{folder}/{}", file.expect("a file").file_name().to_string_lossy()))
    });
    let guides: BTreeSet<String> = guides.filter(|path| path.ends_with(".md")).collect();
    let known = DOCUMENTS.into_iter().filter(|path| *path != README).map(str::to_owned).collect();
    assert_eq!(guides, known);
}

#[test]
fn every_guide_states_its_readers_and_purpose_first() {
    for path in DOCUMENTS.into_iter().filter(|path| *path != README) {
        let text = Document::read(path).text;
        let head: Vec<&str> = text.lines().take(4).collect();
        assert!(head[2].starts_with("*For "), "{path} begins with its reader");
        assert!(head[2..].iter().any(|line| line.contains("The question:")), "{path} begins with its question");
    }
}

#[test]
fn every_link_has_a_target() {
    for path in DOCUMENTS {
        let document = Document::read(path);
        for link in document.links() {
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let folder = std::path::Path::new(path).parent().expect("a folder");
            let target = if file.is_empty() { path.into() } else { folder.join(file) };
            let place = repository(target.to_str().expect("a path in UTF-8"));
            assert!(place.exists(), "{path} links to {link}, which does not exist");
            if !anchor.is_empty() {
                let text = std::fs::read_to_string(&place).expect("a document");
                let headings = document::headings(&text);
                assert!(headings.iter().any(|heading| heading == anchor), "{path}: no heading {link}: {headings:?}");
            }
        }
    }
}

/// A table below a folder in bold names files of that folder, and each file and folder directly in it.
#[test]
fn the_code_map_matches_the_tree() {
    let text = Document::read("host/ARCHITECTURE.md").text;
    let folders: Vec<_> = text.split("\n**`").skip(1).filter_map(|rest| rest.split_once('`')).collect();
    assert_eq!(folders.len(), 5, "{folders:?}");
    for (folder, rest) in folders {
        let rows = rest.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
        let cells = rows.filter_map(|row| row.split('|').nth(1));
        let named: BTreeSet<&str> = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
        for name in &named {
            assert!(repository(folder).join(name).exists(), "the code map names {folder}{name}, which does not exist");
        }
        for entry in std::fs::read_dir(repository(folder)).expect("a folder") {
            let entry = entry.expect("an entry").file_name().to_string_lossy().into_owned();
            let is_named = named.iter().any(|name| *name == entry || name.starts_with(&format!("{entry}/")));
            assert!(is_named || ["lib.rs", "main.rs"].contains(&entry.as_str()), "the code map lacks {folder}{entry}");
        }
    }
}

/// Mostly in the table of invariants.
#[test]
fn every_file_in_the_text_exists() {
    const FOLDERS: [&str; 5] = ["host/", "plugin/", "tests/", "wit/", ".ci/"];
    for path in DOCUMENTS {
        for named in Document::read(path).quoted() {
            let is_path = FOLDERS.iter().any(|folder| named.starts_with(folder)) && !named.contains(' ');
            assert!(!is_path || repository(&named).exists(), "{path} names `{named}`, which does not exist");
        }
    }
}
