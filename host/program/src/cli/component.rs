//! `dialguard component`: a policy's component, on its own or as a release.

mod documentation;
mod release;
pub mod wit;

use super::files::write_new;
use super::{CommandContext, Done};
use anyhow::Result;
use clap::Args;
use dialguard::inspection::inspect;
use dialguard::policy::REFERENCE_POLICY;
use dialguard::sha256;
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Args)]
pub struct Component {
    /// Write the built-in component to this file, which must not exist
    #[arg(short, long, value_name = "FILE", required_unless_present = "release", conflicts_with = "component")]
    output: Option<PathBuf>,
    /// Write a release to this folder: the component, the contract it was made for (WIT and documentation), a manifest,
    /// and checksums
    #[arg(long, value_name = "DIR", conflicts_with = "output")]
    release: Option<PathBuf>,
    /// Release this component instead of the built-in one
    #[arg(long, value_name = "FILE", requires = "release")]
    component: Option<PathBuf>,
}

pub async fn write(context: &CommandContext, Component { output, release, component }: Component) -> Result<Done> {
    match (output, release) {
        (Some(file), _) => built_in(context, &file),
        (None, Some(folder)) => release::release(context, &folder, component.as_deref()).await,
        (None, None) => unreachable!("the command line asks for one of them"),
    }
}

/// Writes the built-in policy.
fn built_in(context: &CommandContext, output: &Path) -> Result<Done> {
    write_new(output, REFERENCE_POLICY)?;
    let (contract, sha256) = (inspect(REFERENCE_POLICY)?.contract, sha256(REFERENCE_POLICY));
    let contract = contract.unwrap_or_default();
    Ok(Done::show(
        context.json,
        || json!({"file": output, "contract": contract, "bytes": REFERENCE_POLICY.len(), "sha256": sha256}),
        || format!("{}: contract {contract}, {} bytes, SHA-256 {sha256}", output.display(), REFERENCE_POLICY.len()),
    ))
}
