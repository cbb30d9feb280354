//! `dialguard ledger …`: backups, checks and restoring.

use super::{CommandContext, Done};
use crate::json;
use crate::words::count;
use anyhow::{Result, bail};
use clap::Subcommand;
use dialguard_dialer::ledger::{CheckedRule, Ledger, LedgerReport, RestoreOptions, RestoredLedger};
use indicatif::ProgressBar;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum LedgerCommand {
    /// Copy the ledger to a new file, also while it is in use, and check the copy
    Backup {
        /// The file; it must not exist
        file: PathBuf,
    },
    /// Check the ledger, or a copy of it, for damage and broken invariants; changes nothing
    ///
    /// Exits with 1 if anything is broken.
    Check {
        /// The copy to check
        file: Option<PathBuf>,
    },
    /// Check a copy and put it in place as the ledger
    ///
    /// What happened after the copy was made is missing then: compare with the provider with `dialguard reconcile`.
    Restore {
        /// The copy
        file: PathBuf,
        /// Set aside a ledger that is there, under a name with the current time
        #[arg(long)]
        replace: bool,
        /// Take a copy although the -wal file with its latest changes is missing
        #[arg(long)]
        without_wal: bool,
    },
}

pub fn run(context: &CommandContext, command: LedgerCommand) -> Result<Done> {
    match command {
        LedgerCommand::Backup { file } => backup(context, &file),
        LedgerCommand::Check { file } => check(context, file.as_deref()),
        LedgerCommand::Restore { file, replace, without_wal } => {
            restore(context, &file, RestoreOptions { replace, without_wal })
        }
    }
}

fn backup(context: &CommandContext, file: &Path) -> Result<Done> {
    let report = with_progress(|progress| Ledger::back_up(&context.data, file, progress))?;
    let done = Done::show(
        context.json,
        || json::LedgerReport::from(&report),
        || format!("{} is a complete copy of the ledger.\n{}", file.display(), broken_in_words(&report)),
    );
    Ok(done.refused_if(!report.is_sound()))
}

fn check(context: &CommandContext, file: Option<&Path>) -> Result<Done> {
    if let Some(file) = file.filter(|file| !file.exists()) {
        bail!("{} does not exist", file.display());
    }
    let report = Ledger::check(file.unwrap_or(&context.data))?;
    let done = Done::show(context.json, || json::LedgerReport::from(&report), || in_words(&report));
    let broken = report.broken().map(|rule| format!("{} is broken", rule.name));
    Ok(done.failed_for(broken.collect()))
}

fn restore(context: &CommandContext, file: &Path, options: RestoreOptions) -> Result<Done> {
    let now = context.now();
    let restored = with_progress(|progress| Ledger::restore(&context.data, file, options, now, progress))?;
    let RestoredLedger { report, set_aside } = &restored;
    let done = Done::show(
        context.json,
        || json::Restored::from(&restored),
        || {
            let mut text = format!("{} is the ledger in {} now.\n", file.display(), context.data.display());
            if let Some(set_aside) = set_aside {
                text.push_str(&format!("The one before is {}.\n", set_aside.display()));
            }
            text + &broken_in_words(report)
        },
    );
    Ok(done.refused_if(!report.is_sound()))
}

/// Shows how many pages are copied.
fn with_progress<T>(copy: impl FnOnce(&mut dyn FnMut(u32, u32)) -> T) -> T {
    let bar = ProgressBar::new(0);
    let copied = copy(&mut |pages, all| {
        bar.set_length(all.into());
        bar.set_position(pages.into());
    });
    bar.finish_and_clear();
    copied
}

/// Every rule, and what breaks it.
fn in_words(report: &LedgerReport) -> String {
    let mut text = format!("{}, schema {}\n", report.file.display(), report.schema);
    for rule in &report.rules {
        let mark = if rule.broken_count == 0 { "ok    " } else { "BROKEN" };
        text.push_str(&format!("{mark} {}: {}\n", rule.name, rule.rule));
        text.push_str(&rows(rule));
    }
    text
}

/// The rules that do not hold.
fn broken_in_words(report: &LedgerReport) -> String {
    report.broken().map(|rule| format!("! {} is broken: {}\n{}", rule.name, rule.rule, rows(rule))).collect()
}

fn rows(rule: &CheckedRule) -> String {
    let mut text: String = rule.broken.iter().map(|broken| format!("  {broken}\n")).collect();
    let more = rule.broken_count - rule.broken.len();
    if more > 0 {
        text.push_str(&format!("  and {}\n", count(more as u64, "more row")));
    }
    text
}
