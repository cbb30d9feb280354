//! `dialguard account close`

use crate::cli::{CommandContext, Done};
use crate::json::{Account, Closing};
use crate::words::{Surface, closing_in_words};
use anyhow::{Result, bail};
use clap::Args;
use dialguard_dialer::ledger::{self, Ledger};
use std::io::{BufRead, IsTerminal};

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
    let is_closed = ledger.account(&id)?.closed_at.is_some();
    if !yes && !is_closed {
        confirm(&ledger.try_close_account(&id, context.now())?, &id)?;
    }
    let closing = ledger.close_account(&id, context.now())?;
    done(context, &ledger, &id, closing.as_ref())
}

fn done(context: &CommandContext, ledger: &Ledger, id: &str, closing: Option<&ledger::Closing>) -> Result<Done> {
    let account = ledger.account(id)?;
    let shape = Account::read(ledger, &account, context.now().max(account.changed_at))?;
    let closed_on = account.closed_on().map(|on| on.to_string()).unwrap_or_default();
    Ok(Done::show(
        context.json,
        || shape,
        || match closing {
            Some(closing) => in_words(closing, &format!("account {id} is closed")),
            None => format!("account {id} was closed on {closed_on}; nothing was changed"),
        },
    ))
}

fn in_words(closing: &ledger::Closing, end: &str) -> String {
    let sentences = closing_in_words(closing, Surface::CommandLine);
    sentences.iter().map(|sentence| format!("- {sentence}\n")).collect::<String>() + end + "\n"
}

/// Asks on a terminal. Closing cannot be taken back, so that the user types the account's id.
fn confirm(closing: &ledger::Closing, id: &str) -> Result<()> {
    eprint!("{}", in_words(closing, ""));
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        bail!("account {id} was not closed: add `--yes` to close it");
    }
    eprint!("Type {id} to close the account: ");
    let mut typed = String::new();
    stdin.lock().read_line(&mut typed)?;
    if typed.trim() != id {
        bail!("account {id} was not closed");
    }
    Ok(())
}
