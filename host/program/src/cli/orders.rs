//! `dialguard orders …`

use super::output::{dollars, e164, table};
use super::{CommandContext, Done};
use anyhow::Result;
use clap::{Args, Subcommand};
use dialguard::calendar::rfc3339;
use dialguard::contract::Timestamp;
use dialguard_dialer::ledger::{Order, OrderState};
use serde_json::{Value, json};

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Orders {
    /// The account; without one, all
    account: Option<String>,
    #[command(subcommand)]
    command: Option<OrdersCommand>,
}

#[derive(Subcommand)]
pub enum OrdersCommand {
    /// Try an order now, whatever holds it up
    Retry {
        /// The order
        id: u64,
    },
    /// End an order for which certainly nothing was bought; the number keeps its slot
    Abandon {
        /// The order
        id: u64,
    },
}

pub async fn run(context: &CommandContext, Orders { account, command }: Orders) -> Result<Done> {
    match command {
        None => list(context, account),
        Some(OrdersCommand::Retry { id }) => try_now(context, id).await,
        Some(OrdersCommand::Abandon { id }) => {
            context.dialguard()?.abandon_order(id).await?;
            Ok(Done::show(
                context.json,
                || json!({"id": id, "state": OrderState::Abandoned.name()}),
                || format!("Order {id} is given up; nothing was bought for it."),
            ))
        }
    }
}

async fn try_now(context: &CommandContext, id: u64) -> Result<Done> {
    let order = context.dialguard()?.retry_order(id).await?;
    let is_held = order.hold.is_some();
    Ok(inputs(context, &[order]).refused_if(is_held))
}

fn list(context: &CommandContext, account: Option<String>) -> Result<Done> {
    let ledger = context.ledger()?;
    let accounts = match account {
        Some(account) => vec![account],
        None => ledger.accounts()?.into_iter().map(|account| account.id).collect(),
    };
    let mut orders = Vec::new();
    for account in accounts {
        orders.extend(ledger.open_orders(&account)?);
    }
    Ok(inputs(context, &orders))
}

fn inputs(context: &CommandContext, orders: &[Order]) -> Done {
    let now = context.now();
    Done::show(
        context.json,
        || orders.iter().map(|order| order_json(order, now)).collect(),
        || match orders {
            [] => "No replacement is under way, and no number rests.".into(),
            orders => in_words(orders, now),
        },
    )
}

fn order_json(order: &Order, now: Timestamp) -> Value {
    json!({
        "id": order.id,
        "account": order.account,
        "number": e164(order.number),
        "replacement": e164(order.replacement),
        "slot": order.slot,
        "state": order.state.name(),
        "since": rfc3339(order.state_since),
        "intended-at": rfc3339(order.intended_at),
        "provider": order.provider,
        "price-cents": order.price_cents,
        "reference": order.reference,
        "rests-until": order.rests_until.map(rfc3339),
        "stuck": order.hold.as_ref().is_some_and(|hold| hold.is_stuck),
        "problem": order.hold.as_ref().map(|hold| &hold.problem),
        "held-since": order.hold.as_ref().map(|hold| rfc3339(hold.since)),
        "next-try-at": (order.next_try_at > now).then(|| rfc3339(order.next_try_at)),
    })
}

fn in_words(orders: &[Order], now: Timestamp) -> String {
    let rows = orders.iter().map(|order| {
        [
            order.id.to_string(),
            order.account.clone(),
            format!("{} → {}", e164(order.number), e164(order.replacement)),
            order.slot.to_string(),
            order.price_cents.map_or("on hand".into(), |cents| dollars(cents.into())),
            stands(order, now),
        ]
    });
    let mut text = table(["ORDER", "ACCOUNT", "REPLACES", "SLOT", "PRICE", "STANDS"].map(str::to_owned), rows);
    for (order, hold) in orders.iter().filter_map(|order| Some((order, order.hold.as_ref()?))) {
        let (id, since) = (order.id, rfc3339(hold.since));
        text += &format!("! order {id} is held up since {since}: {}\n", hold.problem);
        let again = match order.next_try_at > now {
            true => format!("tried again at {}", rfc3339(order.next_try_at)),
            false => "tried again with the next run".into(),
        };
        text += &format!("  {again}; `dialguard orders retry {id}` tries now");
        if order.state <= OrderState::Ordering {
            text += &format!(", `dialguard orders abandon {id}` ends it where nothing was bought");
        }
        text.push('\n');
    }
    text
}

fn stands(order: &Order, now: Timestamp) -> String {
    let stuck = if order.hold.as_ref().is_some_and(|hold| hold.is_stuck) { "stuck, " } else { "" };
    match (order.state, order.rests_until) {
        (OrderState::Swapped, Some(until)) if until > now => {
            format!("replaced; {} rests until {}", e164(order.number), rfc3339(until))
        }
        (OrderState::Swapped, _) => format!("{stuck}replaced; {} is to be given back", e164(order.number)),
        (OrderState::Abandoned, _) => "given up; the policy is to be asked again".into(),
        (state, _) => format!("{stuck}{} since {}", state.name(), rfc3339(order.state_since)),
    }
}
