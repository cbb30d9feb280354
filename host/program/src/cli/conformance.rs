//! `dialguard conformance`: for embedding policies in other dialers, in any language.

use super::{CommandContext, Done};
use anyhow::{Context, Result};
use clap::Args;
use dialguard::policy::REFERENCE_POLICY;
use dialguard::scenarios::check_dialer;
use serde_json::json;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Args)]
pub struct Conformance {
    /// The policy component [default: the built-in one]
    #[arg(long, value_name = "FILE")]
    component: Option<PathBuf>,
    /// Seconds the dialer may take for one answer
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    answer_seconds_max: u64,
    /// The dialer's command line, split at blanks; if an argument has blanks, give the command after `--` instead
    #[arg(long, value_name = "CMD", required_unless_present = "dialer", conflicts_with = "dialer")]
    host_command: Option<String>,
    /// The dialer's program and its arguments
    #[arg(last = true)]
    dialer: Vec<OsString>,
}

pub fn check(context: &CommandContext, conformance: Conformance) -> Result<Done> {
    let command: Vec<OsString> = match conformance.host_command {
        Some(command) => command.split_whitespace().map(OsString::from).collect(),
        None => conformance.dialer,
    };
    let (program, arguments) = command.split_first().context("give the dialer's program")?;
    let folder = tempfile::tempdir().context("cannot create a temporary folder")?;
    let component = match conformance.component {
        Some(file) => std::path::absolute(&file)?,
        None => {
            let file = folder.path().join("policy.wasm");
            std::fs::write(&file, REFERENCE_POLICY).context("cannot write the policy to a temporary folder")?;
            file
        }
    };
    let report = check_dialer(program, arguments, &component, Duration::from_secs(conformance.answer_seconds_max))?;
    let failed = if report.passed() { vec![] } else { vec!["the dialer failed; see the report's ✗".into()] };
    Ok(Done::show(context.json, || json!(report), || report.to_string()).failed_for(failed))
}
