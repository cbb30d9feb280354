//! `dialguard status`: what needs a person.

use super::output::table;
use super::{CommandContext, Done};
use crate::json::StatusReport;
use crate::words::{Surface, concern_in_words, remedy, thousands};
use anyhow::Result;
use clap::Args;
use dialguard_dialer::attention::{AccountAttention, Concern, of_account, of_program};

#[derive(Args)]
pub struct StatusOptions {
    /// The account [default: all that are not closed]
    account: Option<String>,
}

pub fn status(context: &CommandContext, StatusOptions { account }: StatusOptions) -> Result<Done> {
    let ledger = context.ledger()?;
    let ids: Vec<String> = match account {
        Some(account) => vec![account],
        None => {
            let open = ledger.accounts()?.into_iter().filter(|account| account.closed_at.is_none());
            open.map(|account| account.id).collect()
        }
    };
    let accounts = ids.into_iter().map(|id| of_account(&ledger, &id).map(|attention| (id, attention)));
    let accounts: Vec<(String, AccountAttention)> = accounts.collect::<Result<_, _>>()?;
    let program = of_program(&ledger, context.now())?;
    let is_well = program.is_empty() && accounts.iter().all(|(_, attention)| attention.concerns.is_empty());
    let done = Done::show(
        context.json,
        || StatusReport::new(&program, &accounts, Surface::CommandLine),
        || in_words(&program, &accounts),
    );
    Ok(done.needs_attention_if(!is_well))
}

/// What needs a person, each with its remedy, and then the accounts at a glance.
fn in_words(program: &[Concern], accounts: &[(String, AccountAttention)]) -> String {
    let mut text: String = program.iter().map(|concern| said(None, concern)).collect();
    for (id, attention) in accounts {
        text.extend(attention.concerns.iter().map(|concern| said(Some(id), concern)));
    }
    if text.is_empty() {
        text.push_str("Nothing needs you.\n");
    }
    if accounts.is_empty() {
        return text;
    }
    let rows = accounts.iter().map(|(id, attention)| {
        let figures = attention.figures;
        let counted = [
            figures.clean,
            figures.at_risk,
            figures.flagged,
            figures.pending,
            figures.suspect,
            figures.stuck_orders,
            attention.failing_sources() as u32,
            figures.undelivered,
        ];
        std::iter::once(id.clone()).chain(counted.map(|figure| thousands(figure.into()))).collect::<Vec<_>>()
    });
    let header = [
        "ACCOUNT",
        "CLEAN",
        "AT RISK",
        "FLAGGED",
        "PENDING",
        "SUSPECT",
        "STUCK ORDERS",
        "FAILING SOURCES",
        "UNDELIVERED",
    ];
    text + "\n" + &table(header.map(str::to_owned), rows)
}

fn said(account: Option<&String>, concern: &Concern) -> String {
    let account = account.map_or(String::new(), |id| format!("{id}: "));
    let remedy = remedy(concern).command.map_or(String::new(), |step| format!("  {step}\n"));
    format!("! {account}{}\n{remedy}", concern_in_words(concern))
}
