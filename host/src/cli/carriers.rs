//! `dialguard carriers …`

use super::output::table;
use super::{Desk, Done};
use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand};
use dialguard::carriers::inspect;
use dialguard::ledger::{SourceKind, SourceProfile};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum CarriersCommand {
    /// Add a source of verdicts; it is asked from the next review on
    Add {
        /// Its name; for --ftc and --simulated also the carrier's
        name: String,
        #[command(flatten)]
        source: Source,
    },
    /// Remove a source of verdicts; what it said before stays on record
    Remove {
        /// Its name
        name: String,
    },
    /// List the sources of verdicts and the carriers heard of
    List,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct Source {
    /// A folder of the FTC's daily complaint files
    #[arg(long, value_name = "DIR")]
    ftc: Option<PathBuf>,
    /// A file that your dialer writes: CSV with number,carrier,score,label,observed_at, or the same as JSON lines
    #[arg(long, value_name = "FILE")]
    verdicts: Option<PathBuf>,
    /// Made up from a seed, for demos and tests
    #[arg(long, value_name = "SEED")]
    simulated: Option<u64>,
}

pub async fn run(desk: &Desk, command: CarriersCommand) -> Result<Done> {
    match command {
        CarriersCommand::Add { name, source } => add(desk, name, source),
        CarriersCommand::Remove { name } => {
            desk.ledger()?.remove_source(&name)?;
            Ok(Done::say(format!("{name} is not asked any more.")))
        }
        CarriersCommand::List => list(desk),
    }
}

fn add(desk: &Desk, name: String, source: Source) -> Result<Done> {
    let named_well = !name.trim().is_empty() && name.len() <= 64 && !name.chars().any(char::is_control);
    ensure!(named_well, "give the source a name of 1 to 64 characters");
    let (kind, location) = match source {
        Source { ftc: Some(dir), .. } => (SourceKind::Ftc, full_path(&dir)?),
        Source { verdicts: Some(file), .. } => (SourceKind::Verdicts, full_path(&file)?),
        Source { simulated, .. } => (SourceKind::Simulated, simulated.unwrap_or_default().to_string()),
    };
    let profile = SourceProfile { name, kind, location };
    let holds =
        inspect(&profile).map_err(anyhow::Error::msg).with_context(|| format!("{} was not added", profile.name))?;
    desk.new_ledger()?.add_source(&profile)?;
    Ok(Done::show(
        desk.json,
        || json!({"name": profile.name, "kind": kind.name(), "location": profile.location, "holds": holds}),
        || format!("{} is asked from the next review on: {holds}", profile.name),
    ))
}

/// Commands may be given from any folder later on.
fn full_path(path: &Path) -> Result<String> {
    let full = std::fs::canonicalize(path).with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(full.to_str().context("the path is no valid UTF-8")?.to_owned())
}

fn list(desk: &Desk) -> Result<Done> {
    let ledger = desk.ledger()?;
    let sources = ledger.sources()?;
    let carriers = ledger.carriers()?;
    Ok(Done::show(
        desk.json,
        || {
            let source = |s: &SourceProfile| json!({"name": s.name, "kind": s.kind.name(), "location": s.location});
            json!({
                "sources": sources.iter().map(source).collect::<Vec<_>>(),
                "carriers": carriers.iter().map(|c| json!({"id": c.id, "name": c.name})).collect::<Vec<_>>(),
            })
        },
        || {
            let rows = sources.iter().map(|s| [s.name.clone(), s.kind.name().to_owned(), s.location.clone()]);
            let heard_of: Vec<_> = carriers.iter().map(|carrier| carrier.name.as_str()).collect();
            let heard_of = if heard_of.is_empty() { "none yet".to_owned() } else { heard_of.join(", ") };
            format!("{}\nCarriers heard of: {heard_of}", table(["SOURCE", "KIND", "LOCATION"].map(str::to_owned), rows))
        },
    ))
}
