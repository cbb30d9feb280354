//! The dialers in other languages: where they are, and whether the tools for them are.

use super::dialer::{Dialer, Outcome};
use super::repository::repository;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The folder of the dialer in a language.
pub fn folder(language: &str) -> PathBuf {
    repository("tests/hosts").join(language)
}

/// A file of it, as an argument.
pub fn file(language: &str, name: &str) -> String {
    folder(language).join(name).display().to_string()
}

/// The dialer in Rust, which cargo builds with the tests.
pub fn dialer_in_rust() -> PathBuf {
    let tests = std::env::current_exe().expect("a test has a path");
    let dialer = tests.ancestors().nth(2).expect("tests lie in deps/").join("examples/dialer");
    assert!(dialer.exists(), "`cargo test` builds it; for one suite alone, `cargo build --example dialer` does");
    dialer
}

/// Python with the dialer's packages, from its own environment or the machine's; none if they are not installed.
pub fn python() -> Option<String> {
    let found = [file("python", ".venv/bin/python"), "python3".into()]
        .into_iter()
        .find(|python| runs(python, "import wasmtime.component"));
    if found.is_none() {
        println!("not tried: python3 -m venv .venv && .venv/bin/pip install -r requirements.txt in tests/hosts/python");
    }
    found
}

/// Whether this Python exists and runs the code successfully.
pub fn runs(python: &str, code: &str) -> bool {
    let quiet = Command::new(python).args(["-c", code]).stderr(Stdio::null()).status();
    quiet.is_ok_and(|status| status.success())
}

/// Whether `npm ci` was run for it.
pub fn has_packages(language: &str) -> bool {
    are_installed(&folder(language), &format!("tests/hosts/{language}"))
}

/// Whether the packages of scripts in this folder are installed; `name` is the folder's path in the repository.
pub fn are_installed(folder: &Path, name: &str) -> bool {
    let installed = folder.join("node_modules").is_dir();
    if !installed {
        println!("not tried: npm ci --prefix {name}");
    }
    installed
}

/// The command that runs a TypeScript file with the packages of its folder.
pub fn typescript(language: &str, name: &str) -> [String; 4] {
    ["node".into(), "--import".into(), file(language, "node_modules/tsx/dist/loader.mjs"), file(language, name)]
}

/// Chromium at its usual path or at `CHROMIUM`; none if it is not installed.
pub fn chromium() -> Option<String> {
    let chromium = std::env::var("CHROMIUM").unwrap_or("/usr/bin/chromium".into());
    let installed = Path::new(&chromium).is_file();
    if !installed {
        println!("not tried: there is no {chromium}; apt-get install --no-install-recommends chromium");
    }
    installed.then_some(chromium)
}

/// Whether the dialer's page can be opened: its packages, those that it shares, and Chromium.
pub fn has_browser() -> bool {
    chromium().is_some() && has_packages("browser") && has_packages("node")
}

/// `dialguard conformance` with a dialer's command.
pub fn conformance(options: &[&str], dialer: &[&str]) -> Outcome {
    let arguments = [&["conformance"], options, &["--"], dialer].concat();
    let dialguard = Dialer::new();
    let mut command = dialguard.command(&arguments);
    let output = command.env("PYTHONPATH", folder("python")).output().expect("the program starts");
    Outcome::new(arguments.join(" "), output)
}

/// The dialer that `make` builds; none if a dependency is missing, which `make` would fetch.
pub fn dialer_in_c() -> Option<&'static str> {
    static BUILT: OnceLock<Option<String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let folder = folder("c");
        let mut compiler = Command::new("cc");
        compiler.args(["-fsyntax-only", "-include", "jansson.h", "-x", "c", "/dev/null"]).stderr(Stdio::null());
        let is_fetched = |file| folder.join("wasmtime").join(file).exists();
        let missing = if !compiler.status().is_ok_and(|status| status.success()) {
            "a C compiler and jansson (libjansson-dev)"
        } else if Command::new("make").arg("--version").output().is_err() {
            "make"
        } else if !is_fetched("lib/libwasmtime.so") || !is_fetched("include/wasmtime/conf.h") {
            "`make fetch` in tests/hosts/c"
        } else {
            let made = Command::new("make").arg("-C").arg(&folder).output().expect("make starts");
            Outcome::new("make".into(), made).exits(0);
            return Some(folder.join("dialer").display().to_string());
        };
        println!("not tried: {missing}");
        None
    });
    built.as_deref()
}
