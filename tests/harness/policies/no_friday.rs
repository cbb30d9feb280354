//! The policy in `tests/policies/no-friday/`, built as its README says, and wrapped around others as `wac plug` does it.

use crate::harness::repository::repository;
use dialguard::policy::REFERENCE_POLICY;
use std::process::Command;
use std::sync::OnceLock;
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, plug};

/// The same for every run, so that its dependencies are compiled once.
const TARGET: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/no-friday");

/// The reference policy, which replaces nothing on a Friday.
pub fn wrapped() -> Vec<u8> {
    composed(REFERENCE_POLICY)
}

/// `wac plug no_friday.wasm --plug POLICY`
pub fn composed(policy: &[u8]) -> Vec<u8> {
    let mut graph = CompositionGraph::new();
    let mut register = |name, component: &[u8]| {
        let package = Package::from_bytes(name, None, component, graph.types_mut()).expect("a component");
        graph.register_package(package).expect("a name of its own")
    };
    let (policy, around) = (register("test:policy", policy), register("test:no-friday", no_friday()));
    plug(&mut graph, vec![policy], around).expect("a policy for this version of the contract");
    graph.encode(EncodeOptions::default()).expect("a component")
}

/// `cargo build --release --target wasm32-wasip2`, once.
fn no_friday() -> &'static [u8] {
    static BUILT: OnceLock<Vec<u8>> = OnceLock::new();
    BUILT.get_or_init(|| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(repository("tests/policies/no-friday")).args([
            "build",
            "--release",
            "--target",
            "wasm32-wasip2",
        ]);
        cargo.args(["--offline", "--locked", "--target-dir", TARGET]);
        // The outer build's settings are not meant for this one.
        for outer in ["CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS", "RUSTC_WORKSPACE_WRAPPER", "CARGO_BUILD_TARGET"] {
            cargo.env_remove(outer);
        }
        let built = cargo.output().expect("cargo starts");
        let log = String::from_utf8_lossy(&built.stderr);
        assert!(built.status.success() && !log.contains("warning"), "{log}");
        std::fs::read(format!("{TARGET}/wasm32-wasip2/release/no_friday.wasm")).expect("the component")
    })
}
