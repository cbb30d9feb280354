//! The house's own rules, so that `cargo test` is the one command for everything: formatting, lints, documentation,
//! and the licences and versions of dependencies.

#[path = "harness"]
mod harness {
    pub mod repository;
}

use harness::repository::repository;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn the_code_is_formatted() {
    cargo("fmt", &["--all", "--check"], "run `cargo fmt`");
}

#[test]
fn clippy_has_nothing_to_say() {
    cargo("clippy", &["--workspace", "--all-targets", "--", "--deny", "warnings"], "mend what clippy says");
}

#[test]
fn the_documentation_is_whole() {
    cargo("doc", &["--workspace", "--no-deps", "--document-private-items"], "mend the documentation");
    // An embedding's pages have no links to what it left out.
    let embedding = ["--package", "dialguard", "--lib", "--no-default-features", "--no-deps"];
    cargo("doc", &embedding, "mend the documentation of the library without its features");
}

/// The examples themselves are run as documentation tests.
#[test]
fn every_module_of_the_library_begins_with_an_example() {
    let sources = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let read = |file: String| std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let library = read(format!("{sources}/lib.rs"));
    let modules = library.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    let without = modules.filter(|module| {
        let text = read(format!("{sources}/{module}.rs"));
        let mut head = text.lines().take_while(|line| line.starts_with("//!") || line.starts_with("#![doc"));
        head.find(|line| line.starts_with("//! ```")) != Some("//! ```")
    });
    assert_eq!(without.collect::<Vec<_>>(), Vec::<&str>::new(), "these begin without an example");
}

/// Who embeds a policy wants the sandbox and its checks, and brings carriers, numbers and a database of his own.
#[test]
fn an_embedding_brings_no_database_and_no_program() {
    let embedding = ["--package", "dialguard", "--no-default-features"];
    let tree = cargo("tree", &[&embedding[..], &["--edges", "normal", "--prefix", "none"]].concat(), "see Cargo.toml");
    let brought: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(brought.contains(&"wasmtime"), "{tree}");
    for unwanted in ["rusqlite", "libsqlite3-sys", "clap", "indicatif", "reqwest", "hyper", "phonenumber"] {
        assert!(!brought.contains(&unwanted), "an embedding brings {unwanted}");
    }
    cargo("clippy", &[&embedding[..], &["--lib", "--", "--deny", "warnings"]].concat(), "mend what clippy says");
}

#[test]
fn the_reference_dialer_needs_no_program() {
    let arguments = ["--package", "dialguard", "--lib", "--no-default-features", "--features", "ledger"];
    cargo("clippy", &[&arguments[..], &["--", "--deny", "warnings"]].concat(), "the feature `ledger` lacks something");
    let tree = ["--package", "dialguard", "--no-default-features", "--features", "ledger", "--edges", "normal"];
    let tree = cargo("tree", &[&tree[..], &["--prefix", "none"]].concat(), "see Cargo.toml");
    assert!(
        !tree.lines().any(|line| line.starts_with("reqwest ") || line.starts_with("hyper ")),
        "it asks nobody:\n{tree}"
    );
    let vendors = ["--package", "dialguard", "--lib", "--no-default-features", "--features", "vendors"];
    cargo("clippy", &[&vendors[..], &["--", "--deny", "warnings"]].concat(), "the feature `vendors` lacks something");
}

/// What no runner includes is never run, and nothing else would say so. A runner's modules have a `#[path]` for rustfmt,
/// which would look for them in the folder of the runner's own name.
#[test]
fn no_test_file_is_forgotten() {
    const OF_THEIR_OWN: [&str; 3] = ["benches", "hosts", "policies"];
    let tests = repository("tests");
    let manifests: String = files(&repository("host"), "Cargo.toml").iter().map(|file| text(file)).collect();
    let (mut included, mut written) = (BTreeSet::new(), BTreeSet::new());
    for entry in entries(&tests) {
        let name = entry.file_name().expect("a name").to_string_lossy().into_owned();
        if entry.is_file() && name.ends_with(".rs") {
            assert!(manifests.contains(&format!("tests/{name}\"")), "no package has the runner tests/{name}");
            include(&entry, &tests, &mut included);
        } else if entry.is_dir() && !OF_THEIR_OWN.contains(&name.as_str()) {
            written.extend(files(&entry, ".rs"));
        }
    }
    assert!(included.len() > 40, "{included:?}");
    assert_eq!(written.difference(&included).collect::<Vec<_>>(), Vec::<&PathBuf>::new(), "no runner includes these");
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

/// Where cargo-deny is not installed nothing is checked, and the test says so. Advisories need the network and are
/// left out.
#[test]
fn dependencies_are_allowed() {
    let is_there = Command::new("cargo").args(["deny", "--version"]).output().is_ok_and(|done| done.status.success());
    if is_there {
        cargo("deny", &["--offline", "check", "licenses", "bans", "sources"], "see deny.toml");
    } else {
        println!("not checked: cargo-deny is not installed (cargo install cargo-deny)");
    }
}

/// What cargo says on standard output; it has to succeed.
fn cargo(command: &str, arguments: &[&str], hint: &str) -> String {
    let done = Command::new(env!("CARGO"))
        .arg(command)
        .args(arguments)
        .current_dir(repository(""))
        .env("RUSTDOCFLAGS", "--deny warnings")
        .output()
        .unwrap_or_else(|error| panic!("cargo {command} cannot be run: {error}"));
    let stdout = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{hint}:\n{stdout}{}", String::from_utf8_lossy(&done.stderr));
    stdout
}
