//! Secrets on the command line, which are given by their places.

use anyhow::{Context, Result, ensure};
use dialguard_dialer::http::secret::SecretPlace;
use std::path::Path;

/// A secret's name, which is also its option's, and its place.
pub type NamedSecret = (&'static str, SecretPlace);

/// The secrets that were given, if they are one of the sets that the provider takes; files by their full paths.
pub fn complete(provider: &str, sets: &[&[&str]], mut secrets: Vec<NamedSecret>) -> Result<Vec<NamedSecret>> {
    let given: Vec<_> = secrets.iter().map(|(name, _)| *name).collect();
    let takes = |names: &&[&str]| names.len() == given.len() && names.iter().all(|name| given.contains(name));
    let wanted =
        sets.iter().map(|names| names.iter().map(|name| format!("--{name} env:NAME")).collect::<Vec<_>>().join(" "));
    ensure!(
        sets.iter().any(takes),
        "{provider} takes {}, each as env:NAME or file:PATH, and no other secrets",
        wanted.collect::<Vec<_>>().join(", or ")
    );
    for (_, place) in &mut secrets {
        if let SecretPlace::File(path) = place {
            *path = full_path(path)?.into();
        }
    }
    Ok(secrets)
}

/// Later commands may run in another folder.
pub fn full_path(path: &Path) -> Result<String> {
    let full = std::fs::canonicalize(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(full.to_str().context("the path is not valid UTF-8")?.to_owned())
}
