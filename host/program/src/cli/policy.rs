//! `dialguard policy …`: the life of policies, one file for each part of it.

mod author;
mod comparison;
mod keys;
mod life;
mod limits;
mod new;

use super::{CommandContext, Done};
use anyhow::{Context, Result};
use clap::Subcommand;
pub use comparison::{Replay, replay};
use dialguard_dialer::ledger::Revision;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum PolicyCommand {
    /// Create a crate for your own policy, with tests
    New {
        /// Name of the policy and of its folder, such as my-policy
        name: String,
    },
    /// Describe a policy component without running it
    Inspect {
        /// The component
        file: PathBuf,
    },
    /// Make a key for signing policies: FILE is secret, FILE.pub is for operators to trust
    Keygen {
        /// File for the secret key
        file: PathBuf,
    },
    /// Sign a policy; writes the signature to FILE.sig
    Sign {
        /// The component
        file: PathBuf,
        /// The secret key
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
    },
    /// Trust a key; once any key is trusted, policies not signed by a trusted key are refused
    Trust {
        /// The public key
        file: PathBuf,
        /// Your name for it [default: the file's]
        #[arg(long)]
        name: Option<String>,
    },
    /// Remove a trusted key
    Distrust {
        /// Your name for it
        name: String,
    },
    /// List the trusted keys
    Keys,
    /// Run a policy against every built-in scenario and hostile inputs
    Check(author::PolicyFile),
    /// Measure a policy's time, memory and fuel (fuel is the same on every machine)
    Bench(author::PolicyFile),
    /// Verify, compile and check a policy, and keep it as a new revision; `activate` makes it active
    Install(life::Install),
    /// List the revisions and their states
    List,
    /// Make a revision the active policy; runs in progress finish with the old one
    Activate {
        /// The revision
        revision: Revision,
        /// Change nothing; show what becomes of the settings of accounts
        #[arg(long)]
        dry_run: bool,
    },
    /// Roll back to the policy that was active before
    Rollback {
        /// Change nothing; show what becomes of the settings of accounts
        #[arg(long)]
        dry_run: bool,
    },
    /// Compare every future review with what a revision would have done
    Shadow(comparison::Shadow),
    /// Summarize what the shadow revision would have done differently, and what it would do to settings
    Diff(comparison::Diff),
    /// Compare a revision with the reviews on record
    Backtest(comparison::Backtest),
    /// Show the event log of policies
    History {
        /// How many of the latest to list
        #[arg(long, value_name = "N", default_value_t = 100)]
        last: u32,
    },
    /// Show or set the resource limits of policies, and how long runs stay on record
    Limits(limits::LimitsChange),
}

pub async fn run(context: &CommandContext, command: PolicyCommand) -> Result<Done> {
    match command {
        PolicyCommand::New { name } => new::new(&name),
        PolicyCommand::Inspect { file } => life::inspect(context, &file),
        PolicyCommand::Keygen { file } => keys::keygen(context, &file),
        PolicyCommand::Sign { file, key } => keys::sign(context, &file, &key),
        PolicyCommand::Trust { file, name } => keys::trust(context, &file, name),
        PolicyCommand::Distrust { name } => keys::distrust(context, &name),
        PolicyCommand::Keys => keys::list(context),
        PolicyCommand::Check(file) => author::check(context, file).await,
        PolicyCommand::Bench(file) => author::bench(context, file).await,
        PolicyCommand::Install(install) => life::install(context, install).await,
        PolicyCommand::List => life::list(context),
        PolicyCommand::Activate { revision, dry_run } => life::activate(context, revision, dry_run),
        PolicyCommand::Rollback { dry_run } => life::roll_back(context, dry_run),
        PolicyCommand::Shadow(shadow) => comparison::shadow(context, shadow),
        PolicyCommand::Diff(diff) => comparison::diff(context, diff),
        PolicyCommand::Backtest(backtest) => comparison::backtest(context, backtest).await,
        PolicyCommand::History { last } => life::history(context, last),
        PolicyCommand::Limits(change) => limits::limits(context, change),
    }
}

fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}

/// The file beside a policy that has its signature.
fn signature_file(component: &Path) -> PathBuf {
    let mut name = component.as_os_str().to_owned();
    name.push(".sig");
    name.into()
}

/// The signature next to a policy; none only if the file does not exist.
fn read_signature(component: &Path) -> Result<Option<Vec<u8>>> {
    let file = signature_file(component);
    match std::fs::read(&file) {
        Ok(signature) => Ok(Some(signature)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
    }
}
