//! Clients that common generators make from the API's OpenAPI document, two in TypeScript and two in Python: they are made,
//! compile, and play the same day (`tests/api/days/`).

use crate::harness::dialer::Dialer;
use crate::harness::repository::repository;
use crate::harness::server::Server;
use dialguard_dialer::access::Role;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A server whose carriers flag one of two numbers, and its document in a folder with the day of a client.
struct Day {
    server: Server,
    folder: TempDir,
    file: &'static str,
}

impl Day {
    async fn of(file: &'static str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let dialer = Dialer::with_account("");
        dialer.carriers_say(&[(100, "xxx"), (101, "ooo"), (190, "ooo")]);
        let server = Server::new(dialer).await;
        let document = server.stranger().json("/api/openapi.json").await;
        std::fs::write(folder.path().join("openapi.json"), document.to_string()).expect("it is written");
        let day = std::fs::read(repository("tests/api/days").join(file)).expect("the day");
        std::fs::write(folder.path().join(file), day).expect("it is written");
        Day { server, folder, file }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Compiles a day in TypeScript, and plays it.
    fn plays_in_node(&self, compiler: &Path) {
        let modules = repository("tests/api/node_modules");
        std::os::unix::fs::symlink(modules, self.path().join("node_modules")).expect("a link");
        std::fs::write(self.path().join("package.json"), r#"{"type": "commonjs"}"#).expect("it is written");
        let options = ["--strict", "--target", "es2022", "--module", "commonjs", "--moduleResolution", "node10"];
        let target = ["--lib", "es2022,dom,dom.iterable", "--skipLibCheck", "--outDir", "out", self.file];
        runs(self.path(), compiler, &[&options[..], &target].concat());
        self.plays(Path::new("node"), &[&format!("out/{}", self.file.replace(".ts", ".js"))]);
    }

    /// Runs the day's program, which has to come to what the rules say: the flagged number is replaced by the candidate,
    /// a block and a replacement are charged, and problems tell apart what failed and where.
    fn plays(&self, program: &Path, arguments: &[&str]) {
        let token = self.server.token(Role::Administer);
        let said = runs(self.path(), program, &[arguments, &[&self.server.address, &token]].concat());
        let line = said.lines().find(|line| line.starts_with('{')).unwrap_or_else(|| panic!("no result: {said}"));
        let expected = json!({
            "flagged": ["+13105550100"],
            "replaced": ["+13105550190"],
            "charged-cents": 4_900 + 400,
            "problems": ["/problems/no-such-account", "/problems/invalid-settings", "settings.no-such-setting"],
        });
        assert_eq!(serde_json::from_str::<Value>(line).expect("JSON"), expected);
    }
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
    let said = succeeds(folder, program, arguments);
    assert!(!said.to_lowercase().contains("warn"), "{} {arguments:?}: {said}", program.display());
    said
}

/// What a program said, which has to succeed.
fn succeeds(folder: &Path, program: &Path, arguments: &[&str]) -> String {
    let path = format!("{}:{}", repository("tests/api/.venv/bin").display(), std::env::var("PATH").unwrap_or_default());
    let ran = Command::new(program).args(arguments).env("PATH", path).env("NO_COLOR", "1").current_dir(folder).output();
    let ran = ran.expect("it starts");
    let said = [ran.stdout, ran.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(ran.status.success(), "{} {arguments:?}: {said}", program.display());
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_with_openapi_typescript_and_openapi_fetch() {
    let (Some(generator), Some(compiler)) =
        (installed("node_modules/.bin/openapi-typescript"), installed("node_modules/.bin/tsc"))
    else {
        return;
    };
    let day = Day::of("openapi_fetch.ts").await;
    runs(day.path(), &generator, &["openapi.json", "-o", "client.d.ts"]);
    day.plays_in_node(&compiler);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_with_hey_api() {
    let (Some(generator), Some(compiler)) =
        (installed("node_modules/.bin/openapi-ts"), installed("node_modules/.bin/tsc"))
    else {
        return;
    };
    let day = Day::of("hey_api.ts").await;
    let options = ["-i", "openapi.json", "-o", "client", "-c", "@hey-api/client-fetch", "--no-log-file"];
    runs(day.path(), &generator, &options);
    day.plays_in_node(&compiler);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_with_openapi_python_client() {
    let (Some(generator), Some(python)) = (installed(".venv/bin/openapi-python-client"), installed(".venv/bin/python"))
    else {
        return;
    };
    let day = Day::of("openapi_python_client.py").await;
    let options = ["generate", "--path", "openapi.json", "--output-path", "made", "--fail-on-warning"];
    runs(day.path(), &generator, &options);
    std::fs::rename(day.path().join("made/dialguard_client"), day.path().join("dialguard_client")).expect("a package");
    runs(day.path(), &python, &["-m", "compileall", "-q", "dialguard_client"]);
    day.plays(&python, &["openapi_python_client.py"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_with_openapi_generator() {
    let (Some(generator), Some(python)) = (installed(".venv/bin/openapi-generator-cli"), installed(".venv/bin/python"))
    else {
        return;
    };
    let day = Day::of("openapi_generator.py").await;
    let options =
        ["generate", "-i", "openapi.json", "-g", "python", "-o", "made", "--package-name", "dialguard_client"];
    // It warns that its support of OpenAPI 3.1 is young.
    let said = succeeds(day.path(), &generator, &options);
    assert!(!said.contains("collision"), "{said}");
    std::fs::rename(day.path().join("made/dialguard_client"), day.path().join("dialguard_client")).expect("a package");
    day.plays(&python, &["openapi_generator.py"]);
}
