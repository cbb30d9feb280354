//! A release: everything needed to run a policy, or to write another for the same contract.

use super::super::{CommandContext, Done};
use super::{documentation, wit};
use anyhow::{Context, Result, anyhow, bail, ensure};
use dialguard::contract::Description;
use dialguard::inspection::{Inspection, inspect};
use dialguard::policy::{Limits, Policy, REFERENCE_POLICY, Wasi};
use dialguard::sha256;
use serde_json::{Value, json};
use std::io::ErrorKind;
use std::path::Path;

const PACKAGE: &str = "dialguard:reputation";

/// The world that a policy targets.
const WORLD: &str = "reputation-policy";

const COMPONENT: &str = "policy.wasm";
const DOCUMENTATION: [&str; 2] = ["contract.md", "contract.html"];
const MANIFEST: &str = "manifest.json";
const SUMS: &str = "SHA256SUMS";

/// A file of the release: its path in the folder and its contents.
type File = (String, Vec<u8>);

pub async fn release(context: &CommandContext, folder: &Path, component: Option<&Path>) -> Result<Done> {
    ensure_free(folder)?;
    let (component, what) = match component {
        Some(file) => (std::fs::read(file), file.display().to_string()),
        None => (Ok(REFERENCE_POLICY.to_vec()), "the built-in policy".into()),
    };
    let component = component.with_context(|| format!("cannot read {what}"))?;
    let (manifest, files) = contents(component).await.with_context(|| format!("cannot release {what}"))?;
    write(folder, &files).with_context(|| format!("cannot write {}", folder.display()))?;
    Ok(Done::show(
        context.json,
        || manifest.clone(),
        || {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let policy = &manifest["policy"];
            format!(
                "{}: {} {}, contract {}, {} files.\nVerify them with `sha256sum -c {SUMS}` in that folder.",
                folder.display(),
                text(&policy["name"]),
                text(&policy["version"]),
                text(&manifest["contract"]),
                files.len()
            )
        },
    ))
}

/// A release never mixes with existing files.
fn ensure_free(folder: &Path) -> Result<()> {
    let folder_name = folder.display();
    match std::fs::read_dir(folder) {
        Ok(mut entries) => ensure!(entries.next().is_none(), "{folder_name} is not empty; name another folder"),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) if error.kind() == ErrorKind::NotADirectory => bail!("{folder_name} is a file; name a folder"),
        Err(error) => return Err(error).with_context(|| format!("cannot read {folder_name}")),
    }
    Ok(())
}

/// The manifest, and all files with it, in the order of paths.
async fn contents(component: Vec<u8>) -> Result<(Value, Vec<File>)> {
    let seen = inspect(&component)?;
    let contract = seen.contract_spoken(Wasi::None)?;
    let (resolve, package) = wit::package(contract)?;
    let world = resolve.select_world(&[package], Some(WORLD))?;
    // Compiled first, because that refuses a component which would exhaust what reads it next.
    let policy = Policy::compile(&component, Limits::default())?;
    wit_component::targets(&resolve, world, &component)
        .map_err(|error| anyhow!("it does not target the world {WORLD} of {PACKAGE}@{contract}: {error:#}"))?;
    let description = policy.describe().await?;

    let manifest = manifest(contract, &seen, &description, &sha256(&component));
    let documentation = documentation::markdown(&resolve, package);
    let html = documentation::html(&documentation);
    let mut files: Vec<File> = vec![(COMPONENT.into(), component), (MANIFEST.into(), format!("{manifest:#}\n").into())];
    files.extend(DOCUMENTATION.map(String::from).into_iter().zip([documentation.into(), html.into()]));
    files.extend(wit::files(contract)?.iter().map(|(name, text)| (format!("wit/{name}"), (*text).into())));
    files.push((SUMS.into(), sums(&files).into()));
    files.sort();
    Ok((manifest, files))
}

fn manifest(contract: &str, seen: &Inspection, description: &Description, sha256: &str) -> Value {
    let Description { name, version, summary, .. } = description;
    json!({
        "package": PACKAGE,
        "contract": contract,
        "world": WORLD,
        "policy": {
            "file": COMPONENT,
            "name": name,
            "version": version,
            "summary": summary,
            "bytes": seen.size,
            "sha256": sha256,
        },
        "imports": seen.imports,
        "exports": seen.exports,
        "wit": "wit",
        "documentation": DOCUMENTATION,
        "host": {"name": "dialguard", "version": env!("CARGO_PKG_VERSION")},
    })
}

/// The file that `sha256sum -c` reads.
fn sums(files: &[File]) -> String {
    let mut lines: Vec<_> = files.iter().map(|(path, bytes)| (path, sha256(bytes))).collect();
    lines.sort();
    lines.into_iter().map(|(path, sum)| format!("{sum}  {path}\n")).collect()
}

/// Written beside and then moved, so that the folder is there as a whole or not at all.
fn write(folder: &Path, files: &[File]) -> std::io::Result<()> {
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let beside = tempfile::tempdir_in(parent)?;
    let written = beside.path().join("release");
    for (path, bytes) in files {
        let file = written.join(path);
        std::fs::create_dir_all(file.parent().unwrap_or(&written))?;
        std::fs::write(file, bytes)?;
    }
    std::fs::rename(written, folder)
}
