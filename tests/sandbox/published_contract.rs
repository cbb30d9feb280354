//! The contract's versions: published ones never change, and policies made for them are still policies.

use crate::harness::policies::first_contract::{first_contract, first_contract_with};
use crate::harness::policies::renamed::renamed;
use crate::harness::policies::second_contract::SECOND_CONTRACT;
use crate::harness::repository::repository;
use dialguard::contract::VERSIONS;
use dialguard::inspection::inspect;
use dialguard::policy::{Limits, Policy, PolicyFault, REFERENCE_POLICY};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use wit_component::semver_check;
use wit_parser::{Resolve, SourceMap};

/// SHA-256 of each published version: of its files' names and texts, in the order of names.
const PUBLISHED: [(&str, &str); 3] = [
    ("0.1.0", "d85b10b584d3f3c54513f55a2c1da7618a9671634809f0076465c1cdeb2f3857"),
    ("0.2.0", "dbac47bb8bed91259b331a11d0b676f037c6c2c94a3db5ab420a052d9fec7f00"),
    ("0.3.0", "24f2b31004cba4a4b0041fdebd842cf8136fb4e76427473008ed9304046f5f32"),
];

#[test]
fn published_versions_never_change() {
    for (version, sha256) in PUBLISHED {
        assert_eq!(
            sha256_of(&wit().join(version)),
            sha256,
            "wit/{version}/ is published and policies are made for it: leave it as it was, and put what is new into \
             the folder of a new version"
        );
    }
}

#[test]
fn every_version_in_the_folder_is_published_and_spoken() {
    let folders: BTreeSet<String> = entries(&wit()).into_iter().map(|path| name(&path)).collect();
    assert_eq!(folders, VERSIONS.map(String::from).into());
    assert_eq!(VERSIONS, PUBLISHED.map(|(version, _)| version));
    let policies = [first_contract(), SECOND_CONTRACT.to_vec(), REFERENCE_POLICY.to_vec()];
    let spoken = policies.map(|policy| compiled(&policy).contract_version());
    assert_eq!(spoken, VERSIONS, "a policy made for each");
}

/// Every version of one line must work for a policy made for any other version of it.
#[test]
fn versions_of_one_line_are_compatible() {
    let versions = VERSIONS.map(|version| semver::Version::parse(version).expect("SemVer"));
    for (at, newer) in versions.iter().enumerate() {
        let on_its_line =
            |older: &&semver::Version| semver::VersionReq::parse(&older.to_string()).unwrap().matches(newer);
        for older in versions[..at].iter().filter(on_its_line) {
            let verdict = compatible(&published(&older.to_string()), &published(&newer.to_string()));
            assert!(verdict.is_ok(), "{newer} cannot replace {older}: {verdict:?}");
        }
    }
    for (older, newer) in [("0.1.0", "0.2.0"), ("0.2.0", "0.3.0")] {
        let verdict = compatible(&published(older), &published(newer));
        assert!(verdict.is_err(), "{newer} changed records, and so began its own line");
    }
}

/// Proves that the check above can fail, with possible next versions of the newest line.
#[test]
fn breaking_contract_changes_are_distinguished_from_additions() {
    let breaking = [
        ("a field taken away", "types.wit", "    rated-today: u32,", ""),
        ("a field renamed", "types.wit", "    rated-today: u32,", "    rated-this-day: u32,"),
        ("a field retyped", "types.wit", "    rated-today: u32,", "    rated-today: u64,"),
        ("a field added", "types.wit", "    rated-today: u32,", "    rated-today: u32,\n    rated-ever: u32,"),
        ("a case added", "types.wit", "    clean,\n", "    clean,\n    unknown,\n"),
        ("a case renamed", "types.wit", "    pending,\n", "    approved,\n"),
        ("another unit", "types.wit", "type timestamp = u64", "type timestamp = u32"),
        ("a parameter more", "clock.wit", "now: func()", "now: func(zone: string)"),
        ("what is read, renamed", "clock.wit", "now: func()", "time: func()"),
        ("an answer taken away", "policy.wit", "get-usage: func(id: account-id) -> result<usage, error>;", ""),
        ("an answer renamed", "policy.wit", "decide: func", "answer-request: func"),
        ("an answer that no policy has yet", "policy.wit", "decide: func", "ping: func();\n  decide: func"),
        ("an import of the world taken away", "world.wit", "  import clock;\n", ""),
        ("an import added to the world", "world.wit", "  import clock;\n", "  import clock;\n  import zones;\n"),
    ];
    let adding = [
        ("nothing but words", "clock.wit", "The time of this run.", "When this run is."),
        ("something else to read", "clock.wit", "now: func()", "zone: func() -> string;\n  now: func()"),
        (
            "an interface that no policy need import",
            "world.wit",
            "world rep",
            "interface news { latest: func(); }\nworld rep",
        ),
    ];
    let changed = |file: &str, before: &str, after: &str| {
        let mut texts = published("0.3.0");
        texts.get_mut("clock.wit").expect("a file").push_str("interface zones {}\n");
        let text = texts.get_mut(file).expect("a file");
        assert!(text.contains(before), "{file} has no {before}");
        *text = text.replacen(before, after, 1);
        texts.values_mut().for_each(|text| *text = text.replace("@0.3.0", "@0.3.1"));
        compatible(&published("0.3.0"), &texts)
    };
    for (what, file, before, after) in breaking {
        assert!(changed(file, before, after).is_err(), "{what} goes unnoticed");
    }
    for (what, file, before, after) in adding {
        assert!(changed(file, before, after).is_ok(), "{what}: {:#}", changed(file, before, after).unwrap_err());
    }
}

/// Files of a version by name.
type Texts = BTreeMap<String, String>;

fn published(version: &str) -> Texts {
    let text = |path: &PathBuf| std::fs::read_to_string(path).expect("a text");
    entries(&wit().join(version)).iter().map(|path| (name(path), text(path))).collect()
}

/// Whether policies made for `old` are policies for `new`, according to wasm-tools. It would allow `new` to call fewer
/// functions and to offer more imports, so the exports are also compared with `old`, and the imports must be equal.
fn compatible(old: &Texts, new: &Texts) -> anyhow::Result<()> {
    let mut resolve = Resolve::default();
    let mut parsed = |texts: &Texts| {
        let mut sources = SourceMap::default();
        texts.iter().for_each(|(file, text)| sources.push_str(file, text.as_str()));
        sources.push_str("answers.wit", "world answers { export policy; }");
        let group = sources.parse().unwrap_or_else(|(sources, error)| panic!("{}", error.render(&sources)));
        resolve.push_group(group).expect("a contract")
    };
    let (old, new) = (parsed(old), parsed(new));
    let world = |package, name| resolve.select_world(&[package], Some(name));
    let imports = |world| {
        let imported = resolve.worlds[world].imports.keys();
        imported.map(|key| resolve.name_world_key(key).split('@').next().map(str::to_owned)).collect::<BTreeSet<_>>()
    };
    let (old_world, new_world) = (world(old, "reputation-policy")?, world(new, "reputation-policy")?);
    anyhow::ensure!(imports(old_world) == imports(new_world), "the world imports something else");
    semver_check(resolve.clone(), old_world, new_world)?;
    let (old_answers, new_answers) = (world(old, "answers")?, world(new, "answers")?);
    semver_check(resolve, new_answers, old_answers)
}

#[test]
fn describe_of_an_older_version_may_call_no_import() {
    let asking = first_contract_with(
        "(result i32)\n    (i32.const 0x3000))",
        "(result i32)\n    (drop (call $now)) (i32.const 0x3000))",
    );
    let refused = Policy::compile(&asking, Limits::default()).err().expect("it is refused").to_string();
    assert!(refused.ends_with(&PolicyFault::UnexpectedImport.to_string()), "{refused}");
}

#[test]
fn other_and_mixed_versions_are_refused_by_name() {
    let (first, newest) = (first_contract(), REFERENCE_POLICY.to_vec());
    let scenarios = [
        (renamed(&first, "@0.1.0", "@0.9.0"), "dialguard:reputation 0.1.0, 0.2.0 or 0.3.0: it is for version 0.9.0"),
        (renamed(&newest, "@0.3.0", "@1.0.0"), "dialguard:reputation 0.1.0, 0.2.0 or 0.3.0: it is for version 1.0.0"),
        (renamed(&first, "reputation/policy", "reputation/polish"), "it does not export dialguard:reputation/policy"),
        (renamed(&first, "/clock@0.1.0", "/clock@0.2.0"), "it imports dialguard:reputation/clock@0.2.0, beyond"),
        (renamed(&newest, "/clock@0.3.0", "/clock@0.1.0"), "it imports dialguard:reputation/clock@0.1.0, beyond"),
        (renamed(&first, "/types@0.1.0", "/types@0.2.0"), "it imports dialguard:reputation/types@0.2.0, beyond"),
        (renamed(&first, "/policy@0.1.0", "/policy@0.2.0"), "beyond the contract"),
        (
            renamed(&first, "dialguard:reputation/clock@0.1.0", "wasi:http/outgoing-handler@0.2.0"),
            "it imports wasi:http",
        ),
    ];
    for (component, expected) in scenarios {
        let error = Policy::compile(&component, Limits::default()).err().expect(expected).to_string();
        assert!(error.contains(expected), "{error}, not {expected}");
    }
}

#[test]
fn a_component_is_inspected_without_running_it() {
    let names = |version: &str| {
        let interfaces = ["types", "clock", "carrier-lookup", "number-inventory"];
        interfaces.map(|interface| format!("dialguard:reputation/{interface}@{version}")).into()
    };
    let made_for =
        [(first_contract(), "0.1.0"), (SECOND_CONTRACT.to_vec(), "0.2.0"), (REFERENCE_POLICY.to_vec(), "0.3.0")];
    for (component, version) in made_for {
        let seen = inspect(&component).expect("a component");
        assert_eq!((seen.contract.as_deref(), seen.size), (Some(version), component.len()));
        assert_eq!(seen.exports, [format!("dialguard:reputation/policy@{version}")]);
        assert_eq!(seen.imports.into_iter().collect::<BTreeSet<_>>(), names(version));
        assert_eq!((seen.beyond_contract, seen.wasi), (vec![], vec![]));
    }
    let text = r#"(component
        (import "wasi:cli/environment@0.2.0" (instance))
        (import "dialguard:reputation/types@0.2.0" (instance (export "now" (func (result u64)))))
        (import "help" (func $help))
        (export "greet" (func $help))
        (core module (@custom "description" "what a part says") (@custom "version" "1.2.3"))
        (@custom "description" "turns\1b[2J the screen blank"))"#;
    let seen = inspect(&wat::parse_str(text).expect("a component")).expect("a component");
    assert_eq!(seen.contract, None);
    assert_eq!(seen.imports, ["wasi:cli/environment@0.2.0", "dialguard:reputation/types@0.2.0", "help"]);
    assert_eq!(seen.exports, ["greet"]);
    let beyond = ["wasi:cli/environment@0.2.0", "dialguard:reputation/types@0.2.0#now", "help"];
    assert_eq!(seen.beyond_contract, beyond);
    assert_eq!(seen.wasi, ["wasi:cli/environment@0.2.0"]);
    assert_eq!(seen.description.as_deref(), Some("turns\u{fffd}[2J the screen blank"));
    assert_eq!(seen.version.as_deref(), Some("1.2.3"));
}

#[test]
fn any_file_is_shown_or_refused() {
    for cut in (0..REFERENCE_POLICY.len()).step_by(251) {
        // Some damage is found only when the component is compiled; none makes the inspection panic.
        let _ = inspect(&REFERENCE_POLICY[..cut]);
        let mut damaged = REFERENCE_POLICY.to_vec();
        damaged[cut] ^= 0x41;
        let _ = inspect(&damaged);
    }
}

fn compiled(component: &[u8]) -> Policy {
    Policy::compile(component, Limits::default()).expect("a policy")
}

fn wit() -> PathBuf {
    repository("wit")
}

fn sha256_of(folder: &Path) -> String {
    let mut sha256 = Sha256::new();
    for file in entries(folder) {
        sha256.update(name(&file));
        sha256.update(std::fs::read(&file).expect("a file of the contract"));
    }
    sha256.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The files in a folder, in the order of their names.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let read = std::fs::read_dir(folder).expect("a folder of the contract");
    let mut entries: Vec<PathBuf> = read.map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    entries
}

fn name(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}
