//! Requests about numbers: `monitor`, `unmonitor`, `delete`, `replace` and `screen`.

use super::output::{answer_in_words, e164, problems_in_words, status_mark, table};
use super::{CommandContext, Done};
use crate::json::{Decision, Screened};
use anyhow::Result;
use clap::Args;
use dialguard::contract::{Answer, Deletion, Outcome, Request};
use dialguard_dialer::Dialguard;
use dialguard_dialer::dialguard::BulkOutcome;
use dialguard_dialer::ledger::{Ledger, Order};
use dialguard_dialer::phone::PhoneNumber;

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
}

#[derive(Args)]
pub struct Delete {
    #[command(flatten)]
    numbers: Numbers,
    /// Also delete monitored numbers, whose slots then stay locked for the rest of the cycle
    #[arg(long)]
    accept_slot_loss: bool,
}

pub async fn monitor(context: &CommandContext, Monitor { id, numbers, all }: Monitor) -> Result<Done> {
    let dialguard = context.dialguard()?;
    let numbers = if all {
        let known = dialguard.ledger().numbers(&id)?;
        known.iter().filter(|known| known.monitored.is_none()).map(|known| known.number).collect()
    } else {
        parse(dialguard.ledger(), &id, &numbers)?
    };
    ask(context, &dialguard, &id, numbers, Request::StartMonitoring).await
}

pub async fn unmonitor(context: &CommandContext, numbers: Numbers) -> Result<Done> {
    ask_for(context, numbers, Request::StopMonitoring).await
}

pub async fn delete(context: &CommandContext, Delete { numbers, accept_slot_loss }: Delete) -> Result<Done> {
    ask_for(context, numbers, |numbers| Request::DeleteNumbers(Deletion { numbers, accept_slot_loss })).await
}

pub async fn replace(context: &CommandContext, numbers: Numbers) -> Result<Done> {
    ask_for(context, numbers, Request::ReplaceNumbers).await
}

async fn ask_for(
    context: &CommandContext,
    Numbers { id, numbers }: Numbers,
    request: impl Fn(Vec<u64>) -> Request,
) -> Result<Done> {
    let dialguard = context.dialguard()?;
    let numbers = parse(dialguard.ledger(), &id, &numbers)?;
    ask(context, &dialguard, &id, numbers, request).await
}

pub async fn screen(context: &CommandContext, Numbers { id, numbers }: Numbers) -> Result<Done> {
    let dialguard = context.dialguard()?;
    let numbers = parse(dialguard.ledger(), &id, &numbers)?;
    let (screenings, problems) = dialguard.screen_all(&id, &numbers).await?;
    Ok(Done::show(
        context.json,
        || Screened::new(&screenings, &problems),
        || {
            let rows = screenings.iter().map(|s| {
                let carriers = format!("{} of {} flag it", s.flagging, s.answering);
                [e164(s.number).to_string(), status_mark(s.status).to_owned(), carriers]
            });
            table(["NUMBER", "STATUS", "CARRIERS"].map(str::to_owned), rows) + &problems_in_words(&problems)
        },
    ))
}

/// All of the numbers, or an error before anything is done.
pub fn parse(ledger: &Ledger, id: &str, texts: &[String]) -> Result<Vec<u64>> {
    let region = ledger.account(id)?.region;
    texts.iter().map(|text| Ok(PhoneNumber::parse(text, region)?.digits())).collect()
}

/// Requests a change of numbers, and shows the answer for each.
async fn ask(
    context: &CommandContext,
    dialguard: &Dialguard,
    id: &str,
    numbers: Vec<u64>,
    request: impl Fn(Vec<u64>) -> Request,
) -> Result<Done> {
    let outcome = dialguard.decide_all(id, &request(numbers.clone())).await?;
    let decision = Decision::of_all(&numbers, &outcome);
    let BulkOutcome { outcomes, replaced, problems, .. } = outcome;
    let under_way: Vec<_> = dialguard.ledger().open_orders(id)?.into_iter().map(|order| order.number).collect();
    let answered: Vec<_> = numbers.into_iter().zip(outcomes).collect();
    let refused = answered.iter().any(|(_, outcome)| outcome.answer != Answer::Accepted);
    let text = || {
        let rows = answered.iter().map(|(number, outcome)| {
            [
                e164(*number).to_string(),
                success_in_words(*number, &replaced)
                    .unwrap_or_else(|| not_replaced_yet(id, *number, outcome, &under_way)),
            ]
        });
        let rows = if answered.is_empty() {
            "No numbers.".into()
        } else {
            table(["NUMBER", "RESULT"].map(str::to_owned), rows)
        };
        rows + &problems_in_words(&problems)
    };
    Ok(Done::show(context.json, || decision, text).refused_if(refused))
}

/// A purchase may take a while.
fn not_replaced_yet(id: &str, number: u64, outcome: &Outcome, under_way: &[u64]) -> String {
    match outcome.answer {
        Answer::Accepted if under_way.contains(&number) => {
            format!("its replacement is in progress; `dialguard orders {id}` shows its progress")
        }
        _ => answer_in_words(outcome),
    }
}

fn success_in_words(number: u64, replaced: &[Order]) -> Option<String> {
    let order = replaced.iter().find(|order| order.number == number)?;
    Some(format!("replaced by {} in slot {}", e164(order.replacement), order.slot))
}
