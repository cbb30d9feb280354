//! `dialguard account close`

use crate::cli::terminal::tell;
use crate::cli::{CommandContext, Done};
use crate::json::{Account, Closing};
use crate::words::{Surface, closing_in_words};
use anyhow::{Result, bail};
use clap::Args;
use dialguard_dialer::ledger::{self, Ledger};
use std::io::{BufRead, IsTerminal};
use std::sync::Arc;

#[derive(Args)]
pub struct CloseOptions {
    /// The account
    id: String,
    /// Close it without asking
    #[arg(long)]
    yes: bool,
    /// Change nothing; show what closing would do
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
}

pub fn close(context: &CommandContext, CloseOptions { id, yes, dry_run }: CloseOptions) -> Result<Done> {
    let ledger = context.ledger()?;
    if dry_run {
        let closing = ledger.try_close_account(&id, context.now())?;
        return Ok(Done::show(context.json, || Closing::from(&closing), || in_words(&closing, "nothing was changed")));
    }
    if !yes && ledger.account(&id)?.closed_at.is_none() {
        let closing = ledger.try_close_account(&id, context.now())?;
        // Orders that must end first are an error.
        if closing.held_up_by.is_empty() {
            confirm(&closing, &id)?;
        }
    }
    let closing = ledger.close_account(&id, context.now())?;
    let told = if yes { closing.as_ref().map(|closing| in_words(closing, "")) } else { None };
    done(context, &ledger, &id, closing.is_some(), &told.unwrap_or_default())
}

/// `told` is what closing did, unless the user has read it before.
fn done(context: &CommandContext, ledger: &Arc<Ledger>, id: &str, is_new: bool, told: &str) -> Result<Done> {
    let account = ledger.account(id)?;
    let live = context.policies(ledger.clone())?.live()?;
    let shape = Account::read(ledger, &account, &live.declaration, context.now().max(account.changed_at))?;
    let closed_on = account.closed_on().map(|on| on.to_string()).unwrap_or_default();
    Ok(Done::show(
        context.json,
        || shape,
        || match is_new {
            true => format!("{told}account {id} is closed"),
            false => format!("account {id} was closed on {closed_on}; nothing was changed"),
        },
    ))
}

fn in_words(closing: &ledger::Closing, end: &str) -> String {
    let sentences = closing_in_words(closing, Surface::CommandLine);
    sentences.iter().map(|sentence| format!("- {sentence}\n")).collect::<String>() + end
}

/// Asks on a terminal. Closing cannot be taken back, so that the user types the account's id.
fn confirm(closing: &ledger::Closing, id: &str) -> Result<()> {
    tell(in_words(closing, ""));
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        bail!("account {id} was not closed: add `--yes` to close it");
    }
    tell(format_args!("Type {id} to close the account: "));
    let mut typed = String::new();
    stdin.lock().read_line(&mut typed)?;
    if typed.trim() != id {
        bail!("account {id} was not closed");
    }
    Ok(())
}
