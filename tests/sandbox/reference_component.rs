//! The reference component and the contract, as published.

use crate::harness::policies::reference::reference;
use crate::harness::repository::repository;
use dialguard::contract::VERSIONS;
use dialguard::inspection::inspect;
use dialguard::policy::REFERENCE_POLICY;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;
use wasmtime::{Config, Engine};

/// The interfaces a policy may import, and those it exports.
const IMPORTS: [&str; 3] = [
    "dialguard:reputation/carrier-lookup@0.3.0",
    "dialguard:reputation/clock@0.3.0",
    "dialguard:reputation/number-inventory@0.3.0",
];
/// Only names of types, no functions.
const TYPES: &str = "dialguard:reputation/types@0.3.0";
const EXPORT: &str = "dialguard:reputation/policy@0.3.0";

const COMPONENT_BYTES_MAX: usize = 96 << 10;

#[test]
fn the_reference_component_imports_the_contract_and_nothing_else() {
    assert_eq!(beyond_contract(REFERENCE_POLICY), Vec::<String>::new());
    let imports = imports(&component(REFERENCE_POLICY));
    let called: Vec<&str> = imports.keys().map(String::as_str).filter(|name| *name != TYPES).collect();
    assert_eq!(called, IMPORTS);
}

/// Proves that the test above can fail.
#[test]
fn an_import_beyond_the_contract_is_found() {
    let scenarios = [
        ("(import \"wasi:cli/environment@0.2.0\" (instance))", "wasi:cli/environment@0.2.0"),
        ("(import \"dialguard:reputation/clock@0.1.0\" (instance))", "dialguard:reputation/clock@0.1.0"),
        ("(import \"help\" (func))", "help"),
        (
            "(import \"dialguard:reputation/types@0.3.0\" (instance (export \"now\" (func (result u64)))))",
            "dialguard:reputation/types@0.3.0#now",
        ),
        ("(import \"dialguard:reputation/clock@0.3.0\" (instance))", ""),
    ];
    for (import, expected) in scenarios {
        let component = wat::parse_str(format!("(component {import})")).expect("a component");
        assert_eq!(beyond_contract(&component).join(" "), expected, "{import}");
    }
}

#[test]
fn the_reference_component_exports_the_policy_and_nothing_else() {
    let engine = engine();
    let component = Component::from_binary(&engine, REFERENCE_POLICY).expect("a component");
    let exports = component.component_type();
    let names: Vec<&str> = exports.exports(&engine).map(|(name, _)| name).collect();
    assert_eq!(names, [EXPORT]);
}

#[test]
fn the_reference_component_is_small() {
    let size = REFERENCE_POLICY.len();
    assert!(size <= COMPONENT_BYTES_MAX, "{size} bytes are more than {COMPONENT_BYTES_MAX}");
}

#[tokio::test]
async fn the_reference_component_identifies_itself() {
    let policy = reference();
    let description = policy.describe().await.expect("a description");
    assert_eq!(description.name, "dialguard-reference");
    assert_eq!(description.version, env!("CARGO_PKG_VERSION"));
    assert!(description.summary.ends_with('.'), "{}", description.summary);
    let seen = inspect(REFERENCE_POLICY).expect("a component");
    assert_eq!((seen.description, seen.version), (Some(description.summary), Some(description.version)));
    let sha256: String = Sha256::digest(REFERENCE_POLICY).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(policy.sha256(), sha256);
}

#[test]
fn the_contract_is_one_interface_a_file() {
    let expected = ["carrier-lookup.wit", "clock.wit", "number-inventory.wit", "policy.wit", "types.wit", "world.wit"];
    for version in VERSIONS {
        assert_eq!(contract(version).into_keys().collect::<Vec<_>>(), expected, "{version}");
    }
}

#[test]
fn every_item_of_the_contract_is_explained() {
    for version in VERSIONS {
        let unexplained: Vec<String> = contract(version)
            .iter()
            .flat_map(|(name, text)| unexplained(text).map(move |line| format!("{name}: {line}")))
            .collect();
        assert_eq!(unexplained, Vec::<String>::new(), "{version}");
    }
    assert_eq!(unexplained_in("/// It.\nrecord a {\n  /// One.\n  b: u8,\n  c: u8,\n}"), ["c: u8,"]);
    assert_eq!(unexplained_in("/// It.\nenum a {\n  b,\n}\nd: func();"), ["b,", "d: func();"]);
}

#[test]
fn the_contract_says_what_would_break_it_and_what_changed() {
    for version in VERSIONS {
        let world = &contract(version)["world.wit"];
        assert!(world.contains("**What counts as a breaking change:**"), "{world}");
    }
    for (before, version) in VERSIONS.iter().zip(&VERSIONS[1..]) {
        let world = &contract(version)["world.wit"];
        assert!(world.contains(&format!("**Since {before}:**")), "{world}");
    }
}

/// Imports that a policy may not have, in the order of their names.
fn beyond_contract(bytes: &[u8]) -> Vec<String> {
    let found = imports(&component(bytes)).into_iter().flat_map(|(name, functions)| match name.as_str() {
        TYPES => functions.into_iter().map(|function| format!("{name}#{function}")).collect(),
        _ if IMPORTS.contains(&name.as_str()) => Vec::new(),
        _ => vec![name],
    });
    found.collect()
}

/// A component's imports: everything in each imported instance except its types.
fn imports(component: &Component) -> BTreeMap<String, Vec<String>> {
    let engine = component.engine();
    let functions = |item: ComponentItem| match item {
        ComponentItem::ComponentInstance(instance) => {
            let exports = instance.exports(engine);
            let called = exports.filter(|(_, export)| !matches!(export.ty, ComponentItem::Type(_)));
            called.map(|(name, _)| name.to_owned()).collect()
        }
        _ => Vec::new(),
    };
    component.component_type().imports(engine).map(|(name, import)| (name.to_owned(), functions(import.ty))).collect()
}

fn component(bytes: &[u8]) -> Component {
    Component::from_binary(&engine(), bytes).expect("a component")
}

fn engine() -> Engine {
    Engine::new(&Config::new()).expect("an engine")
}

/// The files of one version's folder in `wit/`, by name.
fn contract(version: &str) -> BTreeMap<String, String> {
    let folder = repository("wit").join(version);
    let files = std::fs::read_dir(folder).expect("a folder of wit/").map(|entry| {
        let path = entry.expect("an entry of wit/").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        (name, std::fs::read_to_string(&path).expect("text"))
    });
    files.collect()
}

/// Declarations without a line of documentation before them.
fn unexplained(text: &str) -> impl Iterator<Item = &str> {
    let mut before = "";
    text.lines().map(str::trim).filter(move |line| {
        let explained = std::mem::replace(&mut before, line).starts_with("///");
        declares(line) && !explained
    })
}

fn unexplained_in(text: &str) -> Vec<&str> {
    unexplained(text).collect()
}

/// Everything but documentation, brackets, and what the world imports or exports.
fn declares(line: &str) -> bool {
    let elsewhere = ["///", "use ", "import ", "export "];
    line.bytes().any(|byte| byte.is_ascii_alphanumeric()) && !elsewhere.iter().any(|start| line.starts_with(start))
}
