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

/// Compare the numbers a provider has with those in the ledger; changes nothing without --apply
#[derive(Args)]
pub struct Reconcile {
    /// The provider's name (see `dialguard providers list`)
    provider: String,
    /// What to do about the differences [default: nothing]
    #[arg(long, value_name = "WHAT")]
    apply: Option<Apply>,
    /// The account to import numbers into; required if there are several
    #[arg(long, value_name = "ID")]
    account: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Apply {
    /// Import numbers that are unknown here into an account, not monitored
    Import,
    /// Return numbers that were released here and are still there
    Release,
}

pub async fn reconcile(context: &CommandContext, reconcile: Reconcile) -> Result<Done> {
    let Reconcile { provider: name, apply, account } = reconcile;
    ensure!(account.is_none() || apply == Some(Apply::Import), "--account requires --apply import");
    let ledger = context.ledger()?;
    let provider = open_provider(&ledger.provider(&name)?).with_context(|| format!("cannot call {name}"))?;
    let taker = match apply {
        Some(Apply::Import) => Some(taker(&ledger, account)?),
        _ => None,
    };
    // The ledger is read last, so that a number bought meanwhile is not taken for unknown.
    let there = provider.owned().await.with_context(|| format!("{name} did not list its numbers"))?;
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
            accounts.retain(|account| account.closed_at.is_none());
            ensure!(accounts.len() == 1, "give the account to import the numbers into with --account");
            Ok(accounts.remove(0).id)
        }
    }
}

fn show(context: &CommandContext, name: &str, count: usize, found: &[Difference], applied: &[Resolution]) -> Done {
    let done: BTreeMap<_, _> = applied.iter().map(|(number, outcome)| (*number, outcome)).collect();
    let has_failed = applied.iter().any(|(_, outcome)| outcome.is_err());
    let shown = Done::show(
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
                return format!("{name} and the ledger agree on {}.", crate::words::count(count as u64, "number"));
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
    shown.refused_if(has_failed)
}

fn in_words(finding: Finding) -> &'static str {
    match finding {
        Finding::UnknownHere => "there, unknown here",
        Finding::MissingThere => "owned here, not there",
        Finding::StillThere => "released here, still there",
        Finding::BackThere => "given back, there again",
        Finding::UnderWay => "order in progress",
    }
}

fn what_next(finding: Finding) -> &'static str {
    match finding {
        Finding::UnknownHere => "import it with --apply import",
        Finding::MissingThere => "replace it, or release it with `dialguard delete`",
        Finding::StillThere => "return it with --apply release",
        Finding::BackThere => {
            "nothing, if another system uses it; if it is yours, import it with `dialguard numbers import`"
        }
        Finding::UnderWay => "wait; `dialguard orders` shows its progress",
    }
}
