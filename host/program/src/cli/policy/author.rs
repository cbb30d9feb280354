//! For policy authors: checking a policy, and measuring what it costs.

use super::super::{CommandContext, Done};
use super::read;
use anyhow::{Context, Result};
use clap::Args;
use dialguard::policy::{Limits, Policy, Wasi};
use dialguard::{bench, scenarios};
use dialguard_dialer::policies::PolicySettings;
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;

/// CPU time a policy may use in one scenario.
const COMPUTE_TIME_MAX: Duration = Duration::from_secs(3);

#[derive(Args)]
pub struct PolicyFile {
    /// The component
    file: PathBuf,
    /// Give it a stubbed WASI, whose calls do nothing, for languages whose components need one
    #[arg(long)]
    allow_stubbed_wasi: bool,
}

impl PolicyFile {
    fn wasi(&self) -> Wasi {
        if self.allow_stubbed_wasi { Wasi::Stubbed } else { Wasi::None }
    }
}

pub async fn check(context: &CommandContext, file: PolicyFile) -> Result<Done> {
    let component = read(&file.file)?;
    // A policy that loops does so in one scenario after another.
    let limits = limits(context)?;
    let limits = Limits { compute_time_max: limits.compute_time_max.min(COMPUTE_TIME_MAX), ..limits };
    let policy = Policy::compile_with(&component, limits, file.wasi())
        .with_context(|| format!("cannot check {}", file.file.display()))?;
    let report = scenarios::check(&policy).await;
    let failed =
        if report.passed() { vec![] } else { vec!["the policy breaks the contract; see the report's ✗".into()] };
    Ok(Done::show(context.json, || json!(report), || report.to_string()).failed_for(failed))
}

pub async fn bench(context: &CommandContext, file: PolicyFile) -> Result<Done> {
    let component = read(&file.file)?;
    let report = bench::bench(&component, limits(context)?, file.wasi())
        .await
        .with_context(|| format!("cannot measure {}", file.file.display()))?;
    Ok(Done::show(context.json, || json!(report), || report.to_string()))
}

/// Those of the ledger, if there is one, so that a policy is checked as it would run.
fn limits(context: &CommandContext) -> Result<Limits> {
    let settings =
        if context.has_ledger() { context.ledger()?.policy_state()?.settings } else { PolicySettings::default() };
    Ok(settings.limits)
}
