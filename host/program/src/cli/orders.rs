//! `dialguard orders …`

use super::consent::{Consent, Question};
use super::output::{dollars, e164, table};
use super::{CommandContext, Done};
use crate::json::Order;
use crate::words::{OTHER_AREA, abandoning_in_words, actor_in_words, reason_in_words as reason};
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use dialguard::calendar::rfc3339;
use dialguard::contract::{PhoneNumber, Timestamp};
use dialguard_dialer::dialguard::Completion;
use dialguard_dialer::ledger::{self, LedgerError, OrderQuery, OrderState, OrdersShown};
use dialguard_dialer::phone::{self, Region, is_other_area};
use serde_json::json;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Orders {
    /// The account [default: all]
    account: Option<String>,
    /// Which: open (in progress, or the old number rests), made, abandoned, all
    #[arg(long, value_name = "WHICH", default_value = "open", value_parser = shown)]
    show: OrdersShown,
    /// Only those in which this number is replaced, or replaces another
    #[arg(long, value_name = "NUMBER", value_parser = number)]
    number: Option<PhoneNumber>,
    /// The latest so many of each account
    #[arg(long, value_name = "N", default_value_t = LAST_DEFAULT, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    last: u32,
    #[command(subcommand)]
    command: Option<OrdersCommand>,
}

#[derive(Subcommand)]
pub enum OrdersCommand {
    /// Retry an order now, whatever holds it up
    Retry {
        /// The order
        id: u64,
    },
    /// Abandon an order for which certainly nothing was bought; the number keeps its slot
    Abandon {
        /// The order
        id: u64,
        #[command(flatten)]
        consent: Consent,
    },
}

/// Orders that are listed unless more are asked for.
const LAST_DEFAULT: u32 = 1_000;

fn shown(name: &str) -> Result<OrdersShown, String> {
    OrdersShown::named(name).ok_or_else(|| "give open, made, abandoned or all".into())
}

fn number(text: &str) -> Result<PhoneNumber> {
    Ok(phone::PhoneNumber::parse(text, Region::US)?.digits())
}

pub async fn run(context: &CommandContext, orders: Orders) -> Result<Done> {
    let Orders { account, show, number, last, command } = orders;
    match command {
        None => list(context, account, &OrderQuery { shown: show, number, ..OrderQuery::default() }, last),
        Some(OrdersCommand::Retry { id }) => try_now(context, id).await,
        Some(OrdersCommand::Abandon { id, consent }) => {
            let dialguard = context.dialguard()?;
            let order = dialguard.ledger().order(id)?.ok_or(LedgerError::NoOpenOrder(id))?;
            let told = abandoning_in_words(&order);
            if consent.dry_run {
                return Ok(Done::show(context.json, || Order::from(&order), || told + " Nothing was changed."));
            }
            consent.ask(|| Question { told: told + "\n", act: format!("abandon order {id}"), count: None })?;
            dialguard.abandon_order(id).await?;
            let order = dialguard.ledger().order(id)?.with_context(|| format!("order {id} is not in the ledger"))?;
            Ok(Done::show(
                context.json,
                || Order::from(&order),
                || format!("Order {id} is abandoned; nothing was bought."),
            ))
        }
    }
}

async fn try_now(context: &CommandContext, id: u64) -> Result<Done> {
    let order = context.dialguard()?.retry_order(id).await?;
    let completion = Completion::from(&order);
    let done = show(context, &[order]).refused_if(completion == Completion::NotDone);
    Ok(done.under_way_if(matches!(completion, Completion::UnderWay(_))))
}

/// Oldest first.
fn list(context: &CommandContext, account: Option<String>, query: &OrderQuery, last: u32) -> Result<Done> {
    let ledger = context.ledger()?;
    let accounts = match account {
        Some(account) => vec![account],
        None => ledger.accounts()?.into_iter().map(|account| account.id).collect(),
    };
    let mut orders = Vec::new();
    for account in accounts {
        orders.extend(ledger.order_page(&account, query, last)?.orders.into_iter().rev());
    }
    if orders.is_empty() && query.shown != OrdersShown::Open {
        return Ok(Done::show(context.json, || json!([]), || "No such replacements.".into()));
    }
    Ok(show(context, &orders))
}

fn show(context: &CommandContext, orders: &[ledger::Order]) -> Done {
    let now = context.now();
    Done::show(
        context.json,
        || orders.iter().map(Order::from).collect::<Vec<_>>(),
        || match orders {
            [] => "No replacements in progress and no resting numbers.".into(),
            orders => in_words(orders, now),
        },
    )
}

const HEADER: [&str; 10] =
    ["ORDER", "ACCOUNT", "REPLACES", "SLOT", "PRICE", "CHARGED", "WHY", "BY", "REPLACED AT", "STATUS"];

fn in_words(orders: &[ledger::Order], now: Timestamp) -> String {
    let rows = orders.iter().map(|order| {
        [
            order.id.to_string(),
            order.account.clone(),
            replaces(order),
            order.slot.to_string(),
            match order.price_cents {
                Some(cents) => dollars(cents.into()),
                None => if order.has_rested { "own" } else { "on hand" }.into(),
            },
            order.charged_cents.map_or("–".into(), dollars),
            reason(order.why).into(),
            actor_in_words(order.asked_by.as_ref()),
            order.swapped_at.map_or("–".into(), rfc3339),
            status(order, now),
        ]
    });
    let mut text = table(HEADER.map(str::to_owned), rows);
    for (order, hold) in orders.iter().filter_map(|order| Some((order, order.hold.as_ref()?))) {
        let (id, since) = (order.id, rfc3339(hold.since));
        text += &format!("! order {id} has been held up since {since}: {}\n", hold.problem);
        let again = match order.next_try_at > now {
            true => format!("next try at {}", rfc3339(order.next_try_at)),
            false => "next try with the next run".into(),
        };
        text += &format!("  {again}; `dialguard orders retry {id}` tries now");
        if order.state <= OrderState::Ordering {
            text += &format!(", `dialguard orders abandon {id}` abandons it if nothing was bought");
        }
        text.push('\n');
    }
    text
}

/// `+13105550100 → +12135550150 (another area code)`.
fn replaces(order: &ledger::Order) -> String {
    let area = if is_other_area(order.number, order.replacement) { format!(" ({OTHER_AREA})") } else { String::new() };
    format!("{} → {}{area}", e164(order.number), e164(order.replacement))
}

fn status(order: &ledger::Order, now: Timestamp) -> String {
    let stuck = if order.hold.as_ref().is_some_and(|hold| hold.is_stuck) { "stuck, " } else { "" };
    match (order.state, order.rests_until) {
        (OrderState::Swapped, Some(until)) if until > now && !order.gives_back => {
            format!("replaced; {} rests until {}", e164(order.number), rfc3339(until))
        }
        (OrderState::Swapped, _) if !order.gives_back => format!("replaced; {} has rested", e164(order.number)),
        (OrderState::Swapped, _) => format!("{stuck}replaced; {} is to be returned", e164(order.number)),
        (OrderState::Done, _) => "done".into(),
        (OrderState::Abandoned, _) if Completion::from(order) == Completion::NotDone => {
            format!("abandoned; `dialguard events {}` says why", order.account)
        }
        (OrderState::Abandoned, _) => "abandoned; the policy will be asked again".into(),
        (state, _) => format!("{stuck}{} since {}", state.name(), rfc3339(order.state_since)),
    }
}
