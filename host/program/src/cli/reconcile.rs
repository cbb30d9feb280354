//! `dialguard reconcile …`

use super::output::{e164, table};
use super::{CommandContext, Done};
use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use dialguard_dialer::ledger::Ledger;
use dialguard_dialer::providers::open_provider;
use dialguard_dialer::providers::reconciliation::{self, Difference, Finding, Resolution, compare};
use serde_json::json;
use std::collections::BTreeMap;

/// Compares what a provider has with what the database says of it. Nothing is changed without --apply.
#[derive(Args)]
pub struct Reconcile {
    /// The provider's name; `dialguard providers list` shows them
    provider: String,
    /// What to do about the differences; nothing unless told
    #[arg(long, value_name = "WHAT")]
    apply: Option<Apply>,
    /// The account that takes what `--apply import` finds; needed where there are several
    #[arg(long, value_name = "ID")]
    account: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Apply {
    /// Take numbers that are unknown here into an account, not monitored
    Import,
    /// Give back numbers that were released here and are still there
    Release,
}

pub async fn reconcile(context: &CommandContext, reconcile: Reconcile) -> Result<Done> {
    let Reconcile { provider: name, apply, account } = reconcile;
    ensure!(account.is_none() || apply == Some(Apply::Import), "--account goes with --apply import");
    let ledger = context.ledger()?;
    let provider = open_provider(&ledger.provider(&name)?).with_context(|| format!("{name} cannot be asked"))?;
    let taker = match apply {
        Some(Apply::Import) => Some(taker(&ledger, account)?),
        _ => None,
    };
    // The ledger last: what is bought meanwhile is known here, and not taken for unknown.
    let there = provider.owned().await.with_context(|| format!("{name} did not say which numbers it has"))?;
    let found = compare(&there, &ledger.held_numbers(&name)?);
    let applied = match apply {
        None => Vec::new(),
        Some(Apply::Import) => reconciliation::import(&ledger, &taker.unwrap_or_default(), &found, context.now())?,
        Some(Apply::Release) => reconciliation::release(&ledger, (&name, &*provider), &found, context.now()).await?,
    };
    Ok(show(context, &name, there.len(), &found, &applied))
}

/// The account that takes unknown numbers.
fn taker(ledger: &Ledger, account: Option<String>) -> Result<String> {
    match account {
        Some(id) => Ok(ledger.account(&id)?.id),
        None => {
            let mut accounts = ledger.accounts()?;
            ensure!(accounts.len() == 1, "say with --account which account takes the numbers");
            Ok(accounts.remove(0).id)
        }
    }
}

fn show(context: &CommandContext, name: &str, count: usize, found: &[Difference], applied: &[Resolution]) -> Done {
    let done: BTreeMap<_, _> = applied.iter().map(|(number, outcome)| (*number, outcome)).collect();
    let has_failed = applied.iter().any(|(_, outcome)| outcome.is_err());
    let inputs = Done::show(
        context.json,
        || {
            let differences = found.iter().map(|found| {
                let outcome = done.get(&found.number);
                json!({
                    "number": e164(found.number),
                    "account": found.account,
                    "finding": found.finding.name(),
                    "done": outcome.is_some_and(|outcome| outcome.is_ok()),
                    "why-not": outcome.and_then(|outcome| outcome.as_ref().err()),
                })
            });
            json!({"provider": name, "numbers-there": count, "differences": differences.collect::<Vec<_>>()})
        },
        || {
            if found.is_empty() {
                return format!("{name} and the database agree on {count} numbers.");
            }
            let rows = found.iter().map(|found| {
                let account = found.account.clone().unwrap_or_else(|| "–".into());
                let next = match done.get(&found.number) {
                    Some(Ok(())) => "done".into(),
                    Some(Err(why)) => why.clone(),
                    None => what_next(found.finding).into(),
                };
                [e164(found.number).to_string(), account, in_words(found.finding).into(), next]
            });
            table(["NUMBER", "ACCOUNT", "DIFFERENCE", "WHAT TO DO"].map(str::to_owned), rows)
        },
    );
    inputs.refused_if(has_failed)
}

fn in_words(finding: Finding) -> &'static str {
    match finding {
        Finding::UnknownHere => "there, and unknown here",
        Finding::MissingThere => "owned here, and not there",
        Finding::StillThere => "released here, and still there",
        Finding::UnderWay => "under way",
    }
}

fn what_next(finding: Finding) -> &'static str {
    match finding {
        Finding::UnknownHere => "--apply import takes it in, not monitored",
        Finding::MissingThere => "replace it, or give it up with `delete`",
        Finding::StillThere => "--apply release gives it back",
        Finding::UnderWay => "wait; `orders` shows how far it is",
    }
}
