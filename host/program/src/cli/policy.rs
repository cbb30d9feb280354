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
    /// Write a folder with a policy of your own to begin with: a crate with its tests
    New {
        /// The policy's name and the folder's, such as my-policy
        name: String,
    },
    /// Say what a policy component is, without running any of it
    Inspect {
        /// The component
        file: PathBuf,
    },
    /// Make a key to sign policies with: FILE keeps secret, FILE.pub is for operators to trust
    Keygen {
        /// Where the secret key goes
        file: PathBuf,
    },
    /// Sign a policy; the signature goes into a file beside it, FILE.sig
    Sign {
        /// The component
        file: PathBuf,
        /// The secret key
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
    },
    /// Trust a key; from the first one on, policies that no trusted key signed are refused
    Trust {
        /// The public key
        file: PathBuf,
        /// Your name for it; else the file's
        #[arg(long)]
        name: Option<String>,
    },
    /// Trust a key no more
    Distrust {
        /// Your name for it
        name: String,
    },
    /// List the keys that are trusted
    Keys,
    /// Try a policy with every built-in scenario and hostile inputs, and tell of all of it
    Check(author::PolicyFile),
    /// Measure what a policy costs: time, memory, and fuel, which is the same on every machine
    Bench(author::PolicyFile),
    /// Verify, compile and try a policy, and keep it as a new revision; it decides nothing before `activate`
    Install(life::Install),
    /// List the revisions: which decides, which is compared, which there were
    List,
    /// Let this revision decide from now on; runs under way finish on theirs
    Activate {
        /// The revision
        revision: Revision,
    },
    /// Go back to the policy that decided before
    Rollback,
    /// Compare every review from now on with what this revision would have done
    Shadow(comparison::Shadow),
    /// Sum up what a compared revision would have done otherwise
    Diff(comparison::Diff),
    /// Compare a revision with the reviews on record
    Backtest(comparison::Backtest),
    /// Say what happened to policies
    History {
        /// The latest so many
        #[arg(long, value_name = "N", default_value_t = 100)]
        last: u32,
    },
    /// Show or set what policies may use, when they are given up, and how long runs stay on record
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
        PolicyCommand::Activate { revision } => life::activate(context, revision),
        PolicyCommand::Rollback => life::roll_back(context),
        PolicyCommand::Shadow(shadow) => comparison::shadow(context, shadow),
        PolicyCommand::Diff(diff) => comparison::diff(context, diff),
        PolicyCommand::Backtest(backtest) => comparison::backtest(context, backtest).await,
        PolicyCommand::History { last } => life::history(context, last),
        PolicyCommand::Limits(change) => limits::limits(context, change),
    }
}

fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))
}

/// The file beside a policy that has its signature.
fn signature_file(component: &Path) -> PathBuf {
    let mut name = component.as_os_str().to_owned();
    name.push(".sig");
    name.into()
}

/// The signature beside a policy; none only where there is no such file.
fn read_signature(component: &Path) -> Result<Option<Vec<u8>>> {
    let file = signature_file(component);
    match std::fs::read(&file) {
        Ok(signature) => Ok(Some(signature)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("{} cannot be read", file.display())),
    }
}
