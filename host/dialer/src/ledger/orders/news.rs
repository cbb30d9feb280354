//! What is reported about orders: events that people read, and messages to webhooks.

use crate::ledger::accounts::{AccountProfile, touch};
use crate::ledger::actors::Change;
use crate::ledger::alerts::deliveries::enqueue;
use crate::ledger::alerts::message::Message;
use crate::ledger::events::EventKind;
use crate::ledger::orders::{Obstacle, Order, OrderState, append_step, reason_name};
use crate::ledger::{Result, to_sql};
use crate::phone::e164;
use crate::prices::dollars;
use dialguard::calendar::rfc3339;
use dialguard::contract::Timestamp;
use rusqlite::params;
use serde_json::{Value, json};

/// Obstacles of one order that are reported: a provider whose every error reads differently is not reported for ever.
const REPORTED_MAX: usize = 20;

/// The slot has moved. The account may use the old number no longer than until `stops_at`.
pub(super) fn tell_replaced(
    transaction: &Change,
    account: &AccountProfile,
    order: &Order,
    stops_at: Timestamp,
    now: Timestamp,
) -> Result<()> {
    let text = format!("{} replaced by {} in slot {}.", e164(order.number), e164(order.replacement), order.slot);
    enqueue(transaction, Some(account), None, now, || {
        message("number.replaced", order, &text, [("number-stops-at", json!(rfc3339(stops_at)))])
    })
}

/// The slot will not move for this order. `asked_again` if the policy is asked for another candidate.
pub(super) fn tell_abandoned(
    transaction: &Change,
    account: &AccountProfile,
    order: &Order,
    text: &str,
    asked_again: bool,
    now: Timestamp,
) -> Result<()> {
    enqueue(transaction, Some(account), None, now, || {
        message("order.abandoned", order, text, [("asked-again", json!(asked_again))])
    })
}

/// Why the number was not replaced, and what became of its candidate.
pub(super) fn abandoned_in_words(order: &Order, why: &str, is_paid: bool) -> String {
    let (number, candidate) = (e164(order.number), e164(order.replacement));
    match order.price_cents.filter(|_| is_paid) {
        Some(cents) => format!(
            "{number} was not replaced by {candidate}: {why}. {candidate} was bought for {} and stays in the account as a \
             candidate.",
            dollars(cents.into())
        ),
        None => format!("{number} was not replaced by {candidate}, and nothing was spent: {why}."),
    }
}

/// Reports an obstacle that needs an operator, unless this order's same obstacle has been reported.
pub(super) fn report_obstacle(
    transaction: &Change,
    account: &AccountProfile,
    order: &Order,
    obstacle: &Obstacle,
    now: Timestamp,
) -> Result<()> {
    let reported: String = transaction
        .prepare_cached("SELECT reported FROM orders WHERE id = ?1")?
        .query_row([to_sql(order.id)], |row| row.get(0))?;
    let mut reported: Vec<String> = serde_json::from_str(&reported).unwrap_or_default();
    let obstacle_without_figures = without_figures(&obstacle.problem);
    if reported.contains(&obstacle_without_figures) || reported.len() >= REPORTED_MAX {
        return Ok(());
    }
    reported.push(obstacle_without_figures);
    transaction
        .prepare_cached("UPDATE orders SET reported = ?2 WHERE id = ?1")?
        .execute(params![to_sql(order.id), json!(reported).to_string()])?;
    let what = match order.state {
        OrderState::Swapped => format!("{} is not given back yet", e164(order.number)),
        _ => format!("The replacement of {} by {} is held up", e164(order.number), e164(order.replacement)),
    };
    let text = format!("{what}: {}.", obstacle.problem);
    append_step(transaction, (account, order), None, EventKind::OrderStuck, order.number, &text, now)?;
    touch(transaction, account.key, now)?;
    enqueue(transaction, Some(account), None, now, || {
        message("order.stuck", order, &text, [("state", json!(order.state.name()))])
    })
}

/// Amounts, times and counts differ from one attempt to the next; the obstacle is the same.
fn without_figures(problem: &str) -> String {
    problem.chars().filter(|letter| !letter.is_ascii_digit()).collect()
}

fn message<const N: usize>(kind: &str, order: &Order, text: &str, more: [(&str, Value); N]) -> Message {
    let mut data = json!({
        "order": order.id,
        "number": e164(order.number),
        "replacement": e164(order.replacement),
        "slot": order.slot,
        "why": reason_name(order.why),
        "text": text,
    });
    for (name, value) in more {
        data[name] = value;
    }
    Message::new(kind, data, "activity")
}
