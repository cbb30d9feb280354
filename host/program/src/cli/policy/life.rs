//! Installing, listing and activating policies.

use super::super::output::table;
use super::super::{CommandContext, Done};
use super::{read, read_signature};
use crate::json;
use crate::words::{VALUES_STAY, actor_in_words, settings_change_in_words};
use anyhow::{Context, Result, ensure};
use clap::Args;
use dialguard::calendar::rfc3339;
use dialguard::contract::VERSIONS;
use dialguard::inspection;
use dialguard::policy::Wasi;
use dialguard_dialer::ledger::{PolicyRevision, Revision};
use dialguard_dialer::policies::settings_change::SettingsChange;
use dialguard_dialer::policies::signature::verify;
use dialguard_dialer::policies::{Candidate, trusted_keys};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Args)]
pub struct Install {
    /// The component; its signature is read from FILE.sig
    #[arg(required_unless_present = "built_in")]
    file: Option<PathBuf>,
    /// Install the policy that comes with this program
    #[arg(long, conflicts_with = "file")]
    built_in: bool,
    /// Give it a stubbed WASI, whose calls do nothing, for languages whose components need one
    #[arg(long, conflicts_with = "built_in")]
    allow_stubbed_wasi: bool,
}

pub fn inspect(context: &CommandContext, file: &Path) -> Result<Done> {
    let component = read(file)?;
    let inspection = inspection::inspect(&component).with_context(|| format!("{} is not a policy", file.display()))?;
    let verdict = inspection.contract_spoken(Wasi::None).map(|_| "this host can run it".to_owned());
    let verdict = verdict.unwrap_or_else(|error| error.to_string());
    let signature = signature_in_words(context, &component, read_signature(file)?.as_deref());
    let sha256 = dialguard::sha256(&component);
    let unknown = || "–".to_owned();
    let (contract, description) =
        (inspection.contract.clone().unwrap_or_else(unknown), inspection.description.clone().unwrap_or_else(unknown));
    Ok(Done::show(
        context.json,
        || {
            json!({
                "contract": inspection.contract,
                "contracts-spoken-here": VERSIONS,
                "imports": inspection.imports,
                "exports": inspection.exports,
                "beyond-the-contract": inspection.beyond_contract,
                "bytes": inspection.size,
                "sha256": sha256,
                "signature": signature,
                "description": inspection.description,
                "version": inspection.version,
                "verdict": verdict,
            })
        },
        || {
            let beyond = match &inspection.beyond_contract[..] {
                [] => "none beyond the contract".to_owned(),
                names => format!("beyond the contract: {}", names.join(", ")),
            };
            let rows = [
                ("contract", format!("{contract} (this host speaks {})", VERSIONS.join(" and "))),
                ("imports", format!("{}; {beyond}", inspection.imports.join(", "))),
                ("size", format!("{} bytes", inspection.size)),
                ("sha256", sha256.clone()),
                ("signature", signature.clone()),
                ("version", inspection.version.clone().unwrap_or_else(unknown)),
                ("description", description),
                ("verdict", verdict.clone()),
            ];
            rows.map(|(name, value)| format!("{name:<12} {value}\n")).concat()
        },
    ))
}

/// Whether the signature beside a policy is trusted here. This needs no ledger.
fn signature_in_words(context: &CommandContext, component: &[u8], signature: Option<&[u8]>) -> String {
    let trusted = context.ledger().and_then(|ledger| Ok(trusted_keys(&ledger)?)).unwrap_or_default();
    match (verify(&trusted, component, signature), signature) {
        (Ok(Some(name)), _) => format!("by the trusted key {name}"),
        (Ok(None), None) => "none (no trusted keys here)".into(),
        (Ok(None), Some(_)) => "present, but there are no trusted keys to check it with".into(),
        (Err(error), _) => error.to_string(),
    }
}

pub async fn install(context: &CommandContext, install: Install) -> Result<Done> {
    let (candidate, what) = match &install.file {
        None => (Candidate::built_in(), "the built-in policy".to_owned()),
        Some(file) => {
            let component = read(file)?;
            let signature = read_signature(file)?;
            let wasi = if install.allow_stubbed_wasi { Wasi::Stubbed } else { Wasi::None };
            (Candidate { component, signature, wasi }, file.display().to_string())
        }
    };
    let policies = context.policies(context.new_ledger()?)?;
    let installed =
        policies.install(candidate, context.now()).await.with_context(|| format!("cannot install {what}"))?;
    let state = context.ledger()?.policy_state()?;
    Ok(Done::show(
        context.json,
        || json::PolicyRevision::new(&installed, &state),
        || {
            format!(
                "Revision {0}: {1} {2}, contract {3}.\nCompare it with `dialguard policy backtest {0} --since DATE` or \
                 `dialguard policy shadow {0}`; make it active with `dialguard policy activate {0}`.",
                installed.revision, installed.name, installed.version, installed.contract
            )
        },
    ))
}

pub fn list(context: &CommandContext) -> Result<Done> {
    let ledger = context.ledger()?;
    context.policies(ledger.clone())?;
    let (state, revisions) = (ledger.policy_state()?, ledger.revisions()?);
    let is_live = |revision: &PolicyRevision| state.live == Some(revision.revision);
    let is_shadow = |revision: &PolicyRevision| state.shadow.is_some_and(|shadow| shadow.revision == revision.revision);
    Ok(Done::show(
        context.json,
        || revisions.iter().map(|revision| json::PolicyRevision::new(revision, &state)).collect::<Vec<_>>(),
        || {
            let rows = revisions.iter().map(|revision| {
                let state = match (is_live(revision), is_shadow(revision), revision.activated_at) {
                    (true, _, _) => "active",
                    (_, true, _) => "shadow",
                    (_, _, Some(_)) => "was active",
                    (_, _, None) => "–",
                };
                [
                    revision.revision.to_string(),
                    state.to_owned(),
                    format!("{} {}", revision.name, revision.version),
                    revision.contract.clone(),
                    revision.sha256[..12].to_owned(),
                    rfc3339(revision.made_at),
                    revision.activated_at.map_or("–".into(), rfc3339),
                    revision.because(),
                ]
            });
            let header = ["REVISION", "STATE", "POLICY", "CONTRACT", "SHA256", "MADE AT", "ACTIVATED AT", "CAUSE"];
            table(header.map(str::to_owned), rows)
        },
    ))
}

pub fn activate(context: &CommandContext, revision: Revision, dry_run: bool) -> Result<Done> {
    let policies = context.policies(context.ledger()?)?;
    ensure!(
        policies.live_revision()?.revision != revision,
        "revision {revision} is already active; `dialguard policy list` shows the others"
    );
    // Another policy can be activated even if the live one cannot be loaded; then nothing is known of its settings.
    let change = policies.settings_change(revision);
    if dry_run {
        return Ok(preview(context, revision, &change?));
    }
    let activated = policies.activate(revision, context.now())?;
    activated_as(context, activated, revision, &change.unwrap_or_default())
}

pub fn roll_back(context: &CommandContext, dry_run: bool) -> Result<Done> {
    let policies = context.policies(context.ledger()?)?;
    let before = policies.last_good_revision()?.revision;
    let change = policies.settings_change(before);
    if dry_run {
        return Ok(preview(context, before, &change?));
    }
    let activated = policies.roll_back(context.now())?;
    let restored = context.ledger()?.revision(activated)?.restores.unwrap_or(activated);
    activated_as(context, activated, restored, &change.unwrap_or_default())
}

fn preview(context: &CommandContext, revision: Revision, change: &SettingsChange) -> Done {
    Done::show(
        context.json,
        || json::SettingsOnActivation::new(revision, change),
        || format!("{}Nothing was changed.\n", settings_in_words(revision, change)),
    )
}

/// What becomes of the settings of accounts when the revision is activated.
pub fn settings_in_words(revision: Revision, change: &SettingsChange) -> String {
    if change.is_empty() {
        return format!("Revision {revision} has the same settings as the active policy.\n");
    }
    let settings = settings_change_in_words(change);
    let settings: String = settings.iter().map(|paragraph| format!("- {paragraph}\n")).collect();
    format!("Settings with revision {revision}:\n{settings}{VALUES_STAY}\n")
}

fn activated_as(
    context: &CommandContext,
    activated: Revision,
    requested: Revision,
    change: &SettingsChange,
) -> Result<Done> {
    let settings =
        if change.is_empty() { String::new() } else { format!("\n{}", settings_in_words(activated, change)) };
    let ledger = context.ledger()?;
    let (revision, state) = (ledger.revision(activated)?, ledger.policy_state()?);
    Ok(Done::show(
        context.json,
        || json::PolicyRevision::new(&revision, &state),
        || match activated == requested {
            true => format!("Revision {activated} is active.{settings}"),
            false => format!("Revision {activated} is active: the policy of revision {requested} again.{settings}"),
        },
    ))
}

pub fn history(context: &CommandContext, last: u32) -> Result<Done> {
    let events = context.ledger()?.policy_events(last)?;
    Ok(Done::show(
        context.json,
        || events.iter().map(json::PolicyEvent::from).collect::<Vec<_>>(),
        || {
            let rows = events.iter().map(|event| {
                let revision = event.revision.map_or("–".into(), |revision| revision.to_string());
                let severity = event.severity.name().to_owned();
                let by = actor_in_words(event.actor.as_ref());
                [rfc3339(event.at), severity, revision, event.kind.clone(), by, event.text.clone()]
            });
            table(["AT", "SEVERITY", "REVISION", "KIND", "BY", "EVENT"].map(str::to_owned), rows)
        },
    ))
}
