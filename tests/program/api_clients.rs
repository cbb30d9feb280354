//! Clients that common generators make from the API's OpenAPI document: made without a warning, and they compile.

use crate::harness::dialer::Dialer;
use crate::harness::repository::repository;
use crate::harness::server::Server;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// The document, alone in a folder.
async fn document() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::new(Dialer::monitoring(0, "")).await;
    let document = server.stranger().json("/api/openapi.json").await;
    std::fs::write(folder.path().join("openapi.json"), document.to_string()).expect("it is written");
    folder
}

/// A program of `tests/api`; none if it is not installed (`.ci/run` installs it).
fn installed(path: &str) -> Option<PathBuf> {
    let program = repository("tests/api").join(path);
    if !program.exists() {
        println!("tests/api/{path} is not installed; no client was made with it");
        return None;
    }
    Some(program)
}

/// What a program said, which has to succeed and must not warn.
fn runs(folder: &Path, program: &Path, arguments: &[&str]) -> String {
    let path = format!("{}:{}", repository("tests/api/.venv/bin").display(), std::env::var("PATH").unwrap_or_default());
    let ran = Command::new(program).args(arguments).env("PATH", path).env("NO_COLOR", "1").current_dir(folder).output();
    let ran = ran.expect("it starts");
    let said = [ran.stdout, ran.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(
        ran.status.success() && !said.to_lowercase().contains("warn"),
        "{} {arguments:?}: {said}",
        program.display()
    );
    said
}

fn compiles(folder: &Path, compiler: &Path, files: &[&str]) {
    let options =
        ["--strict", "--noEmit", "--target", "es2022", "--module", "preserve", "--moduleResolution", "bundler"];
    runs(folder, compiler, &[&options[..], &["--lib", "es2022,dom,dom.iterable"], files].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn openapi_typescript_makes_types_that_compile() {
    let (Some(generator), Some(compiler)) =
        (installed("node_modules/.bin/openapi-typescript"), installed("node_modules/.bin/tsc"))
    else {
        return;
    };
    let folder = document().await;
    runs(folder.path(), &generator, &["openapi.json", "-o", "client.d.ts"]);
    let used = "import type { paths } from \"./client\";\n\
        export type Numbers = paths[\"/api/v1/accounts/{account}/numbers\"][\"get\"][\"responses\"][200][\"content\"];\n";
    std::fs::write(folder.path().join("use.ts"), used).expect("it is written");
    compiles(folder.path(), &compiler, &["client.d.ts", "use.ts"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn hey_api_makes_a_client_that_compiles() {
    let (Some(generator), Some(compiler)) =
        (installed("node_modules/.bin/openapi-ts"), installed("node_modules/.bin/tsc"))
    else {
        return;
    };
    let folder = document().await;
    runs(
        folder.path(),
        &generator,
        &["-i", "openapi.json", "-o", "client", "-c", "@hey-api/client-fetch", "--no-log-file"],
    );
    compiles(folder.path(), &compiler, &["client/index.ts"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn openapi_python_client_makes_a_client_that_imports() {
    let (Some(generator), Some(python)) = (installed(".venv/bin/openapi-python-client"), installed(".venv/bin/python"))
    else {
        return;
    };
    let folder = document().await;
    runs(
        folder.path(),
        &generator,
        &["generate", "--path", "openapi.json", "--output-path", "client", "--fail-on-warning"],
    );
    let import_all = "import compileall, dialguard_client, sys; sys.exit(not compileall.compile_dir('.', quiet=1))";
    runs(&folder.path().join("client"), &python, &["-c", import_all]);
}
