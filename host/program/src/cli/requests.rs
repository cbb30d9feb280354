//! Requests about numbers: `monitor`, `unmonitor`, `delete` and `replace`.

use super::consent::{Consent, Question};
use super::output::{answer_in_words, e164, problems_in_words, status_mark, table};
use super::{CommandContext, Done};
use crate::json::Decision;
use crate::words::{
    REPLACEMENTS_LISTED_MAX, Surface, count, preview_in_words, refused_in_words, replacement_in_words,
    replacing_instead_in_words, request_in_words, summary_in_words, thousands, why_not_in_words,
};
use anyhow::Result;
use clap::Args;
use dialguard::contract::{Answer, Deletion, Outcome, Request, Status};
use dialguard_dialer::Dialguard;
use dialguard_dialer::dialguard::{BulkOutcome, Completion, Preview, Summary};
use dialguard_dialer::ledger::{Ledger, Order};
use dialguard_dialer::phone::PhoneNumber;
use std::collections::HashMap;

/// Numbers whose results are listed one by one, at most; more are counted, and grouped by reason.
const LISTED_MAX: usize = 50;

/// Numbers of a group that are named.
const FIRST_MAX: usize = 3;

#[derive(Args)]
pub struct Numbers {
    /// The account
    pub id: String,
    /// Numbers such as +13105550123 or, in the account's national format, "(310) 555-0123"
    #[arg(required = true, value_name = "NUMBER")]
    pub numbers: Vec<String>,
}

#[derive(Args)]
pub struct Monitor {
    /// The account
    id: String,
    /// Numbers such as +13105550123 or, in the account's national format, "(310) 555-0123"
    #[arg(required_unless_present = "all", value_name = "NUMBER")]
    numbers: Vec<String>,
    /// Every number of the account that is not yet monitored, in ascending order
    #[arg(long, conflicts_with = "numbers")]
    all: bool,
    /// Do not check them now; `serve` does, or the next review
    #[arg(long)]
    no_check: bool,
    #[command(flatten)]
    consent: Consent,
}

#[derive(Args)]
pub struct Change {
    #[command(flatten)]
    numbers: Numbers,
    #[command(flatten)]
    consent: Consent,
}

#[derive(Args)]
pub struct Delete {
    #[command(flatten)]
    numbers: Numbers,
    /// Also delete monitored numbers, whose slots then stay locked for the rest of the cycle
    #[arg(long)]
    accept_slot_loss: bool,
    #[command(flatten)]
    consent: Consent,
}

pub async fn monitor(
    context: &CommandContext,
    Monitor { id, numbers, all, no_check, consent }: Monitor,
) -> Result<Done> {
    let dialguard = context.dialguard()?;
    let numbers = if all {
        let known = dialguard.ledger().numbers(&id)?;
        known.iter().filter(|known| known.monitored.is_none()).map(|known| known.number).collect()
    } else {
        parse(dialguard.ledger(), &id, &numbers)?
    };
    let request = Request::StartMonitoring(numbers.clone());
    // A few numbers cost nothing to monitor.
    let needs_count = dialguard.count_to_type(&dialguard.ledger().account(&id)?, &request)?.is_some();
    if (consent.dry_run || needs_count)
        && let Some(done) = consult(context, &dialguard, &id, &request, consent).await?
    {
        return Ok(done);
    }
    let mut outcome = dialguard.decide_all(&id, &request).await?;
    let ratings = match outcome.has_filled_slots() && !no_check {
        true => first_check(&dialguard, &id, &mut outcome).await,
        false => HashMap::new(),
    };
    show(context, &id, numbers, (outcome, ratings))
}

/// Checks the numbers just added, and returns how they rate. The request is done even if that fails.
async fn first_check(dialguard: &Dialguard, id: &str, outcome: &mut BulkOutcome) -> HashMap<u64, Status> {
    let checked = dialguard.check_added(id).await;
    if let Err(error) = dialguard.policies().follow_shadow().await {
        outcome.problems.push(format!("The first check was not compared with the shadow policy: {error}"));
    }
    match checked {
        Ok(Some(review)) => {
            outcome.problems.extend(review.problems);
            review.plan.reviews.rows().into_iter().flatten().map(|review| (review.number, review.status)).collect()
        }
        Ok(None) => HashMap::new(),
        Err(error) => {
            outcome.problems.push(format!("The first check failed and is made later: {error}"));
            HashMap::new()
        }
    }
}

pub async fn unmonitor(context: &CommandContext, Change { numbers, consent }: Change) -> Result<Done> {
    ask_for(context, numbers, consent, Request::StopMonitoring).await
}

pub async fn delete(context: &CommandContext, deletion: Delete) -> Result<Done> {
    let Delete { numbers, accept_slot_loss, consent } = deletion;
    ask_for(context, numbers, consent, |numbers| Request::DeleteNumbers(Deletion { numbers, accept_slot_loss })).await
}

pub async fn replace(context: &CommandContext, Change { numbers, consent }: Change) -> Result<Done> {
    ask_for(context, numbers, consent, Request::ReplaceNumbers).await
}

/// Requests a change of numbers, once the user has agreed to what it costs and loses.
async fn ask_for(
    context: &CommandContext,
    Numbers { id, numbers }: Numbers,
    consent: Consent,
    request: impl Fn(Vec<u64>) -> Request,
) -> Result<Done> {
    let dialguard = context.dialguard()?;
    let numbers = parse(dialguard.ledger(), &id, &numbers)?;
    let request = request(numbers.clone());
    match consult(context, &dialguard, &id, &request, consent).await? {
        Some(done) => Ok(done),
        None => {
            let mut outcome = dialguard.decide_all(&id, &request).await?;
            // A replacement was screened a moment ago, so its first check shows its verdict at once.
            if outcome.has_filled_slots() {
                first_check(&dialguard, &id, &mut outcome).await;
            }
            show(context, &id, numbers, (outcome, HashMap::new()))
        }
    }
}

/// The preview, if that is all that is wanted; none if the request is to be made. Sources are asked for it only if
/// somebody reads it.
async fn consult(
    context: &CommandContext,
    dialguard: &Dialguard,
    id: &str,
    request: &Request,
    consent: Consent,
) -> Result<Option<Done>> {
    if !consent.dry_run && !consent.asks() {
        return Ok(None);
    }
    let preview = dialguard.preview(id, request.clone()).await?;
    let instead = dialguard.preview_instead(&preview).await?;
    let count = dialguard.count_to_type(&preview.account, request)?;
    if consent.dry_run {
        let is_refused = preview.refused().next().is_some();
        let text = || told(&preview, instead.as_ref(), usize::MAX) + "Nothing was changed.";
        let done = Done::show(context.json, || Decision::previewed(&preview, count), text);
        return Ok(Some(done.refused_if(is_refused)));
    }
    if !preview.is_idle() {
        let told = || told(&preview, instead.as_ref(), REPLACEMENTS_LISTED_MAX);
        consent.ask(|| Question { told: told(), act: request_in_words(request), count })?;
    }
    Ok(None)
}

/// What a request would do: its replacements, at most so many, what it costs and loses, and what would be refused.
fn told(preview: &Preview, instead: Option<&Preview>, listed_max: usize) -> String {
    let listed = preview.replacements.iter().take(listed_max).map(replacement_in_words);
    let unlisted = match preview.replacements.len().saturating_sub(listed_max) {
        0 => None,
        more => Some(format!("and {} more; `--dry-run` lists all", thousands(more as u64))),
    };
    let sentences = preview_in_words(preview, Surface::CommandLine);
    let instead = instead.map(|instead| replacing_instead_in_words(instead, preview.locked.len())).unwrap_or_default();
    let refused = refused_in_words(preview, Surface::CommandLine);
    let refused = refused.into_iter().map(|line| format!("would be refused: {line}"));
    let lines = listed.chain(unlisted).chain(sentences).chain(instead).chain(refused);
    lines.map(|line| line + "\n").collect::<String>() + &problems_in_words(&preview.outcome.problems)
}

/// All of the numbers, or an error before anything is done.
pub fn parse(ledger: &Ledger, id: &str, texts: &[String]) -> Result<Vec<u64>> {
    let region = ledger.account(id)?.region;
    texts.iter().map(|text| Ok(PhoneNumber::parse(text, region)?.digits())).collect()
}

/// Shows the answer for each number, and how it rates if it was checked.
fn show(
    context: &CommandContext,
    id: &str,
    numbers: Vec<u64>,
    (outcome, ratings): (BulkOutcome, HashMap<u64, Status>),
) -> Result<Done> {
    let decision = Decision::of_all(&numbers, &outcome);
    let completions = outcome.completions(&numbers);
    let text = || {
        if numbers.len() > LISTED_MAX {
            return summed_up(&Summary::of(&numbers, &outcome)) + &problems_in_words(&outcome.problems);
        }
        let rows = numbers.iter().zip(&completions).enumerate().map(|(place, (number, completion))| {
            let answer = outcome.outcomes.get(place);
            let rated = ratings.get(number).map(|status| format!("done, {}", status_mark(*status)));
            let result = || result_in_words(id, *number, *completion, answer, &outcome.orders);
            [e164(*number).to_string(), rated.unwrap_or_else(result)]
        });
        let rows = if numbers.is_empty() {
            "No numbers.".into()
        } else {
            table(["NUMBER", "RESULT"].map(str::to_owned), rows)
        };
        rows + &problems_in_words(&outcome.problems)
    };
    let is_refused = completions.contains(&Completion::NotDone);
    let is_under_way = completions.iter().any(|completion| matches!(completion, Completion::UnderWay(_)));
    Ok(Done::show(context.json, || decision, text).refused_if(is_refused).under_way_if(is_under_way))
}

/// The counts, and a line for each reason with the first of its numbers.
fn summed_up(summary: &Summary) -> String {
    let mut text = summary_in_words(summary) + "\n";
    for group in &summary.not_done {
        let first: Vec<_> = group.numbers.iter().take(FIRST_MAX).map(|number| e164(*number).to_string()).collect();
        let more = if group.numbers.len() > FIRST_MAX { " …" } else { "" };
        let why = why_not_in_words(group.why, Surface::CommandLine);
        text +=
            &format!("not done, {}: {why}: {}{more}\n", count(group.numbers.len() as u64, "number"), first.join(" "));
    }
    text + "--json lists each number\n"
}

fn result_in_words(
    id: &str,
    number: u64,
    completion: Completion,
    answer: Option<&Outcome>,
    orders: &[Order],
) -> String {
    let order = orders.iter().find(|order| order.number == number);
    match (completion, answer, order) {
        (Completion::UnderWay(order), ..) => {
            format!("its replacement is in progress: order {order}; `dialguard orders {id}` shows its progress")
        }
        (Completion::Done, _, Some(order)) => {
            format!("replaced by {} in slot {}", e164(order.replacement), order.slot)
        }
        (Completion::NotDone, Some(Outcome { answer: Answer::Accepted, .. }), Some(order)) => {
            format!("not replaced: order {} was abandoned; `dialguard events {id}` says why", order.id)
        }
        (_, Some(answer), _) => answer_in_words(answer),
        (_, None, _) => "not asked about".into(),
    }
}
