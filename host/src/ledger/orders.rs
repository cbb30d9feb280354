//! Replacements under way: intent, order, swap, release, each a step that is there after a crash or not at all.

use super::accounts::{profile, touch};
use super::events::append;
use super::numbers::change_state;
use super::slots::occupy;
use super::{Ledger, Result, from_sql, to_sql};
use crate::contract::{PhoneNumber, Replacement, ReplacementReason, SlotId, Timestamp};
use rusqlite::{Transaction, params};

/// A replacement that was planned and is not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Order {
    /// Its own id, for a vendor's reference.
    pub id: u64,
    /// The number that goes.
    pub number: PhoneNumber,
    /// The one that takes its slot.
    pub replacement: PhoneNumber,
    /// The slot.
    pub slot: SlotId,
    /// How far it is.
    pub state: OrderState,
}

/// How far a replacement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OrderState {
    /// On disk, and nothing bought yet.
    Intended,
    /// The account owns the replacement.
    Acquired,
    /// The replacement has the slot; the old number is still owned.
    Swapped,
}

impl Ledger {
    /// The account's replacements under way, oldest first.
    pub fn open_orders(&self, id: &str) -> Result<Vec<Order>> {
        self.read(|transaction| {
            let account = profile(transaction, id)?;
            let mut statement = transaction.prepare_cached(
                "SELECT id, number, replacement, slot, state FROM orders
                  WHERE account = ?1 AND state <> 'done' ORDER BY id",
            )?;
            let orders = statement.query_map([account.key], |row| {
                let state: String = row.get(4)?;
                Ok(Order {
                    id: from_sql(row.get(0)?),
                    number: from_sql(row.get(1)?),
                    replacement: from_sql(row.get(2)?),
                    slot: row.get(3)?,
                    state: match state.as_str() {
                        "intended" => OrderState::Intended,
                        "acquired" => OrderState::Acquired,
                        _ => OrderState::Swapped,
                    },
                })
            })?;
            Ok(orders.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The replacement is the account's now.
    pub(crate) fn acquired(&self, id: &str, order: &Order, now: Timestamp) -> Result<()> {
        self.step(id, order, ("intended", "acquired"), now, |transaction, account| {
            change_state(transaction, account, order.replacement, ("ordered", "owned"), now)
        })
    }

    /// The slot moves from the old number to its replacement, which starts pending. It is never free in between.
    pub(crate) fn swap(&self, id: &str, order: &Order, now: Timestamp) -> Result<()> {
        self.step(id, order, ("acquired", "swapped"), now, |transaction, account| {
            let left = transaction.execute(
                "DELETE FROM monitored WHERE account = ?1 AND number = ?2 AND slot = ?3",
                params![account, to_sql(order.number), order.slot],
            )?;
            assert_eq!(left, 1, "+{} left slot {} though its replacement is under way", order.number, order.slot);
            occupy(transaction, account, order.replacement, order.slot, now)?;
            let (run, because) = cause(transaction, order)?;
            let (number, successor, slot) = (order.number, order.replacement, order.slot);
            let text = format!("+{number} replaced by +{successor} in slot {slot}: {because}");
            append(transaction, account, now, run, "replaced", Some(number), &text)
        })
    }

    /// The old number leaves the account, and is not on offer again.
    pub(crate) fn released(&self, id: &str, order: &Order, now: Timestamp) -> Result<()> {
        self.step(id, order, ("swapped", "done"), now, |transaction, account| {
            change_state(transaction, account, order.number, ("owned", "released"), now)?;
            let (run, _) = cause(transaction, order)?;
            let text = format!("+{} left the account, replaced by +{}.", order.number, order.replacement);
            append(transaction, account, now, run, "released", Some(order.number), &text)
        })
    }

    /// One step of an order, in one transaction. Where another process has taken it already, nothing is done.
    fn step(
        &self,
        id: &str,
        order: &Order,
        (from, to): (&str, &str),
        now: Timestamp,
        take: impl FnOnce(&Transaction, i64) -> Result<()>,
    ) -> Result<()> {
        self.change(|transaction| {
            let account = profile(transaction, id)?;
            let moved = transaction.execute(
                "UPDATE orders SET state = ?3 WHERE id = ?1 AND state = ?2",
                params![to_sql(order.id), from, to],
            )?;
            if moved == 1 {
                take(transaction, account.key)?;
                touch(transaction, account.key, now)?;
            }
            Ok(())
        })
    }
}

/// The run that planned an order, and why in the policy's words.
fn cause(transaction: &Transaction, order: &Order) -> Result<(Option<i64>, String)> {
    let mut statement = transaction.prepare_cached("SELECT run, because FROM orders WHERE id = ?1")?;
    Ok(statement.query_row([to_sql(order.id)], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// Puts a replacement on disk as an intent, before anything is bought.
pub(super) fn intend(
    transaction: &Transaction,
    (account, run): (i64, i64),
    replacement: &Replacement,
    now: Timestamp,
) -> Result<()> {
    let why = match replacement.why {
        ReplacementReason::Flagged => "flagged",
        ReplacementReason::Requested => "requested",
    };
    transaction
        .prepare_cached(
            "INSERT INTO orders (account, run, number, replacement, slot, why, state, intended_at, because)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'intended', ?7, ?8)",
        )?
        .execute(params![
            account,
            run,
            to_sql(replacement.number),
            to_sql(replacement.replacement),
            replacement.slot,
            why,
            to_sql(now),
            replacement.because
        ])?;
    change_state(transaction, account, replacement.replacement, ("candidate", "ordered"), now)?;
    let Replacement { number, replacement: successor, because, .. } = replacement;
    let text = format!("+{number} is to be replaced by +{successor}: {because}");
    append(transaction, account, now, Some(run), "replacement-intended", Some(*number), &text)
}
