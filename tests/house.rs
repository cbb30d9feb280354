//! The house's own rules, so that `cargo test` is the one command for everything: formatting, lints, documentation,
//! and the licences and versions of dependencies.

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

/// A release is built twice when a macro or a build script uses it with other features than the program does. Name the
/// missing features under `build-dependencies` in `host/Cargo.toml`.
#[test]
fn no_release_of_a_dependency_is_built_twice() {
    let edges = ["--package", "dialguard", "--edges", "normal,build", "--prefix", "none", "--depth", "0"];
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
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let done = Command::new(env!("CARGO"))
        .arg(command)
        .args(arguments)
        .current_dir(root)
        .env("RUSTDOCFLAGS", "--deny warnings")
        .output()
        .unwrap_or_else(|error| panic!("cargo {command} cannot be run: {error}"));
    let stdout = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{hint}:\n{stdout}{}", String::from_utf8_lossy(&done.stderr));
    stdout
}
