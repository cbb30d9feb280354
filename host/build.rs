//! Builds the reference policy as a component, so that the library carries it inside.

use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "wasm32-wasip2";

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("host/ lies in the workspace").to_owned();
    for input in
        ["plugin/src", "plugin/build.rs", "plugin/Cargo.toml", "Cargo.toml", "Cargo.lock", "rust-toolchain.toml"]
    {
        println!("cargo::rerun-if-changed={}", root.join(input).display());
    }
    // Its own target directory, because the outer cargo holds the lock of the other one.
    let target_dir = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("policy");
    if !build(&root, &target_dir) {
        add_target();
        assert!(
            build(&root, &target_dir),
            "the policy component could not be built; if the target is missing, run: rustup target add {TARGET}"
        );
    }
    let component = target_dir.join(TARGET).join("policy").join("dialguard_policy.wasm");
    println!("cargo::rustc-env=DIALGUARD_POLICY={}", component.display());
}

fn build(root: &Path, target_dir: &Path) -> bool {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.current_dir(root).args(["build", "--package", "dialguard-policy", "--lib", "--profile", "policy"]);
    cargo.args(["--target", TARGET, "--target-dir"]).arg(target_dir);
    // The outer build's target, lints and flags are not meant for this one.
    for outer in ["CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS", "RUSTC_WORKSPACE_WRAPPER", "CARGO_BUILD_TARGET"] {
        cargo.env_remove(outer);
    }
    cargo.status().is_ok_and(|status| status.success())
}

/// rustup installs the target in rust-toolchain.toml with a new toolchain, but not into an existing one.
fn add_target() {
    let _ = Command::new("rustup").args(["target", "add", TARGET]).status();
}
