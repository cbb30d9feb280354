//! `review`, `usage` and `events`.

use super::output::{action_json, dollars, e164, problems_in_words, table};
use super::{CommandContext, Done};
use crate::schedule::{self, Manner};
use anyhow::Result;
use clap::Args;
use dialguard::calendar::rfc3339;
use dialguard::contract::{Action, Usage};
use dialguard_dialer::Dialguard;
use dialguard_dialer::dialguard::ReviewOutcome;
use dialguard_dialer::ledger::{EventFilter, Ledger};
use dialguard_dialer::phone::PhoneNumber;
use dialguard_dialer::prices::price_cents;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

#[derive(Args)]
pub struct OneAccount {
    /// The account
    id: String,
}

#[derive(Args)]
pub struct Review {
    /// The accounts; without any, all that have the add-on on
    ids: Vec<String>,
    /// Show what would be done and do nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Args)]
pub struct Events {
    /// The account
    id: String,
    /// Only what happened to this number
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    number: Option<String>,
    /// The latest so many
    #[arg(long, value_name = "N", default_value_t = 100)]
    last: u32,
}

pub async fn review(context: &CommandContext, Review { ids, dry_run }: Review) -> Result<Done> {
    let dialguard = context.dialguard()?;
    let ids = if ids.is_empty() {
        dialguard.ledger().accounts()?.into_iter().filter(|account| account.enabled).map(|account| account.id).collect()
    } else {
        // An unknown account is an error before any review is made.
        ids.iter().try_for_each(|id| dialguard.ledger().account(id).map(|_| ()))?;
        ids
    };
    let manner = if dry_run { Manner::DryRun } else { Manner::Again };
    let (mut reviewed, mut failed) = review_these(&dialguard, ids.clone(), manner).await;
    let place = |id: &String| ids.iter().position(|asked| asked == id);
    reviewed.sort_by_key(|(id, _)| place(id));
    failed.sort();
    let done = Done::show(
        context.json,
        || reviewed.iter().map(|(id, review)| review_json(id, review)).collect(),
        || reviewed.iter().map(|(id, review)| review_in_words(id, review)).collect(),
    );
    Ok(done.failed_for(failed))
}

/// The reviews that were made, and of the others why not.
pub async fn review_these(
    dialguard: &Dialguard,
    ids: Vec<String>,
    manner: Manner,
) -> (Vec<(String, ReviewOutcome)>, Vec<String>) {
    let progress = progress_bar(ids.len());
    let (mut reviewed, mut failed) = (Vec::new(), Vec::new());
    schedule::review_all(dialguard, ids, manner, std::future::pending(), |id, outcome| {
        progress.inc(1);
        match outcome {
            Ok(review) => reviewed.extend(review.map(|review| (id.to_owned(), review))),
            Err(error) => failed.push(format!("{id}: {error}")),
        }
    })
    .await;
    progress.finish_and_clear();
    // The candidate that is compared has its turn after the reviews, and loses nobody theirs.
    if let Err(error) = dialguard.policies().follow_shadow().await {
        eprintln!("the reviews were not compared: {error}");
    }
    (reviewed, failed)
}

fn progress_bar(length: usize) -> ProgressBar {
    if length < 2 {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len} accounts reviewed, {eta} to go");
    ProgressBar::new(length as u64).with_style(style.expect("the template is one"))
}

pub async fn usage(context: &CommandContext, OneAccount { id }: OneAccount) -> Result<Done> {
    let dialguard = context.dialguard()?;
    let usage = dialguard.usage(&id).await?;
    let in_words = usage_in_words(&dialguard, &id, &usage)?;
    Ok(Done::show(context.json, || usage_json(&usage), || in_words))
}

pub async fn events(context: &CommandContext, Events { id, number, last }: Events) -> Result<Done> {
    let ledger = context.ledger()?;
    let region = ledger.account(&id)?.region;
    let number = number.map(|text| PhoneNumber::parse(&text, region)).transpose()?.map(PhoneNumber::digits);
    let events = ledger.events(&id, EventFilter { number, last })?;
    Ok(Done::show(
        context.json,
        || {
            let event = |event: &dialguard_dialer::ledger::Event| {
                json!({
                    "id": event.id,
                    "at": rfc3339(event.at),
                    "kind": event.kind,
                    "number": event.number.map(e164),
                    "cents": event.cents,
                    "text": event.text,
                    "run": event.run,
                    "policy": event.policy,
                    "revision": event.revision,
                })
            };
            events.iter().map(event).collect()
        },
        || {
            let rows = events.iter().map(|event| {
                let run = event.run.map(|run| format!("run {run}"));
                let revision = event.revision.map(|revision| format!("revision {revision}"));
                let cause = run.into_iter().chain(revision).collect::<Vec<_>>().join(", ");
                let cause = if cause.is_empty() { "–".to_owned() } else { cause };
                [rfc3339(event.at), event.kind.clone(), cause, event.text.clone()]
            });
            table(["AT", "KIND", "BY", "WHAT"].map(str::to_owned), rows)
        },
    ))
}

fn review_json(id: &str, review: &ReviewOutcome) -> Value {
    let plan = &review.plan;
    let reviews = plan.reviews.iter().map(|review| {
        json!({
            "number": e164(review.number),
            "status": review.status.name(),
            "flagging-checks": review.flagging_checks,
            "clearing-checks": review.clearing_checks,
            "flagging": review.flagging,
            "answering": review.answering,
        })
    });
    let notices = plan.notices.iter().map(|notice| {
        json!({
            "severity": notice.severity.name(),
            "kind": notice.kind,
            "number": notice.number.map(e164),
            "text": notice.text,
        })
    });
    json!({
        "account": id,
        "based-on": plan.based_on,
        "decided-at": rfc3339(plan.decided_at),
        "applied": review.applied.is_some(),
        "run": review.applied.map(|applied| applied.run),
        "reviews": reviews.collect::<Vec<_>>(),
        "actions": plan.actions.iter().map(action_json).collect::<Vec<_>>(),
        "notices": notices.collect::<Vec<_>>(),
        "problems": review.problems,
    })
}

fn review_in_words(id: &str, review: &ReviewOutcome) -> String {
    let plan = &review.plan;
    let tried = if review.applied.is_some() { "" } else { ", dry run: nothing was changed" };
    let mut text = format!("{id}: {} numbers rated at {}{tried}\n", plan.reviews.len(), rfc3339(plan.decided_at));
    for notice in &plan.notices {
        text.push_str(&format!("  {}: {}\n", notice.severity.name(), notice.text));
    }
    for action in &plan.actions {
        if let Action::ReplaceNumber(replacement) = action {
            let (old, new) = (e164(replacement.number), e164(replacement.replacement));
            let is_replaced = review.replaced.iter().any(|order| order.number == replacement.number);
            match (review.applied, is_replaced) {
                (None, _) => text += &format!("  {old} would be replaced by {new} in slot {}\n", replacement.slot),
                (Some(_), true) => {}
                (Some(_), false) => {
                    text += &format!("  {old} is to be replaced; `dialguard orders {id}` says how far it is\n")
                }
            }
        }
    }
    for order in &review.replaced {
        let (old, new) = (e164(order.number), e164(order.replacement));
        text.push_str(&format!("  {old} replaced by {new} in slot {}\n", order.slot));
    }
    text + &problems_in_words(&review.problems)
}

pub fn usage_json(usage: &Usage) -> Value {
    json!({
        "slots": usage.slots,
        "occupied": usage.occupied,
        "locked": usage.locked,
        "pending": usage.pending,
        "clean": usage.clean,
        "at-risk": usage.at_risk,
        "flagged": usage.flagged,
        "flagged-past-day": usage.flagged_past_day,
        "flagged-past-week": usage.flagged_past_week,
    })
}

/// The head of the page, in lines.
pub fn usage_in_words(dialguard: &Dialguard, id: &str, usage: &Usage) -> Result<String> {
    let ledger: &Ledger = dialguard.ledger();
    let (account, now) = ledger.account_at(id, dialguard.now())?;
    let price = price_cents(account.blocks());
    let locked = match ledger.locked_slots(id)?.iter().find(|lock| lock.until > now) {
        Some(lock) => format!(", {} locked until {}", usage.locked, rfc3339(lock.until)),
        None => String::new(),
    };
    Ok(format!(
        "{} of {} slots used{locked}; {} a month, cycle ends at {}\n\
         {} clean, {} at-risk, {} flagged, {} pending; turned flagged: {} in the past 24 hours, {} in the past 7 days\n",
        usage.occupied,
        usage.slots,
        dollars(price),
        rfc3339(account.cycle_ends_at),
        usage.clean,
        usage.at_risk,
        usage.flagged,
        usage.pending,
        usage.flagged_past_day,
        usage.flagged_past_week,
    ))
}
