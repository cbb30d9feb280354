//! Messages to webhooks: a durable queue. A message is written in the transaction that it reports.

use crate::ledger::accounts::{AccountProfile, profile};
use crate::ledger::actors::Change;
use crate::ledger::alerts::message::Message;
use crate::ledger::alerts::webhooks::WebhookId;
use crate::ledger::events::{EventKind, append};
use crate::ledger::{Ledger, Result, asked_to_sql, from_sql, to_sql};
use dialguard::calendar::rfc3339;
use dialguard::contract::Timestamp;
use rusqlite::{Row, params};

/// Days for which delivered and abandoned messages are kept, without their bodies.
const KEPT_DAYS: u64 = 35;

/// Bytes of the messages that wait for a webhook; beyond that the oldest are abandoned. Three days of more than 10,000
/// accounts.
const WAITING_BYTES_MAX: i64 = 64 << 20;

/// A message to a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The header `webhook-id`, the same at each try.
    pub id: String,
    /// The webhook that it goes to.
    pub webhook: WebhookId,
    /// The account that it is about; none if it is about no single one.
    pub account: Option<String>,
    /// The run that it reports.
    pub run: Option<u64>,
    /// Its type, such as `review.completed`.
    pub kind: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// Its state.
    pub state: DeliveryState,
    /// How often it was tried.
    pub tries: u32,
    /// What went wrong at the last try.
    pub last_problem: Option<String>,
}

/// The state of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// To be tried then, and after those that were made before it.
    Waiting(Timestamp),
    /// The receiver took it then.
    Delivered(Timestamp),
    /// The receiver did not take it in three days.
    Abandoned(Timestamp),
}

impl Ledger {
    /// A webhook's messages, the latest `last`, oldest first; of every webhook if none is given. `waiting` leaves out
    /// those that were delivered.
    pub fn deliveries(&self, webhook: Option<WebhookId>, waiting: bool, last: u32) -> Result<Vec<Delivery>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT * FROM (
                     SELECT ordinal, deliveries.id, webhook, accounts.id, run, kind, made_at, next_try_at, delivered_at,
                            abandoned_at, tries, last_problem
                       FROM deliveries LEFT JOIN accounts ON key = account
                      WHERE (?1 IS NULL OR webhook = ?1) AND (NOT ?2 OR delivered_at IS NULL)
                      ORDER BY ordinal DESC LIMIT ?3
                 ) ORDER BY ordinal",
            )?;
            let deliveries = statement.query_map(params![webhook.map(to_sql), waiting, last], delivery_from_row)?;
            Ok(deliveries.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// A webhook's messages after one of them, oldest first, each with its place in the queue.
    pub fn delivery_page(&self, webhook: WebhookId, after: u64, limit: u32) -> Result<Vec<(u64, Delivery)>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT ordinal, deliveries.id, webhook, accounts.id, run, kind, made_at, next_try_at, delivered_at,
                        abandoned_at, tries, last_problem
                   FROM deliveries LEFT JOIN accounts ON key = account
                  WHERE webhook = ?1 AND ordinal > ?2 ORDER BY ordinal LIMIT ?3",
            )?;
            let deliveries = statement.query_map(params![to_sql(webhook), asked_to_sql(after), limit], |row| {
                Ok((from_sql(row.get(0)?), delivery_from_row(row)?))
            })?;
            Ok(deliveries.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Queues an alert that a review of this account failed. Once a local date, because a failed review is tried again
    /// every few minutes.
    pub(crate) fn tell_review_failed(&self, id: &str, now: Timestamp, why: &str) -> Result<()> {
        self.change(|transaction| {
            let account = profile(transaction, id)?;
            account.ensure_open()?;
            let today = account.day(now);
            let is_queued: bool = transaction.query_row(
                "SELECT EXISTS (SELECT 1 FROM deliveries WHERE account = ?1 AND kind = ?2 AND made_at >= ?3)",
                params![account.key, Message::REVIEW_FAILED, to_sql(today.starts_at)],
                |row| row.get(0),
            )?;
            if is_queued {
                return Ok(());
            }
            enqueue(transaction, Some(&account), None, now, || Message::review_failed(id, &today.date.to_string(), why))
        })
    }
}

/// Queues a message for every webhook that receives it: the account's own, and those of every account. The message is
/// made only if there is one.
pub(in crate::ledger) fn enqueue(
    transaction: &Change,
    account: Option<&AccountProfile>,
    run: Option<i64>,
    now: Timestamp,
    message: impl FnOnce() -> Message,
) -> Result<()> {
    let key = account.map(|account| account.key);
    let mut receivers = transaction.prepare_cached(
        "SELECT id, page_address FROM webhooks WHERE (account IS NULL OR account = ?1) AND paused_at IS NULL ORDER BY id",
    )?;
    let receivers = receivers.query_map([key], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let receivers: Vec<(i64, Option<String>)> = receivers.collect::<rusqlite::Result<_>>()?;
    if receivers.is_empty() {
        return Ok(());
    }
    let message = message();
    for (webhook, page_address) in receivers {
        transaction
            .prepare_cached("DELETE FROM deliveries WHERE webhook = ?1 AND made_at < ?2 AND next_try_at IS NULL")?
            .execute(params![webhook, to_sql(now.saturating_sub(KEPT_DAYS * 86_400))])?;
        let body = message.body(&rfc3339(now), page_address.as_deref(), account.map(|account| account.id.as_str()));
        transaction
            .prepare_cached(
                "INSERT INTO deliveries (id, webhook, account, run, kind, body, made_at, next_try_at)
                 VALUES ('msg_' || lower(hex(randomblob(16))), ?1, ?2, ?3, ?4, ?5, ?6, ?6)",
            )?
            .execute(params![webhook, key, run, message.kind(), body, to_sql(now)])?;
        make_room(transaction, webhook, now)?;
    }
    Ok(())
}

/// Abandons the oldest messages that wait for a webhook until the others have room.
fn make_room(transaction: &Change, webhook: i64, now: Timestamp) -> Result<()> {
    let mut waiting = transaction.prepare_cached("SELECT waiting_bytes FROM webhooks WHERE id = ?1")?;
    while waiting.query_row([webhook], |row| row.get::<_, i64>(0))? > WAITING_BYTES_MAX {
        let (id, account): (String, Option<i64>) = transaction
            .prepare_cached(
                "UPDATE deliveries
                    SET next_try_at = NULL, abandoned_at = ?2, body = '', last_problem = 'newer messages needed its room'
                  WHERE ordinal = (SELECT ordinal FROM deliveries WHERE webhook = ?1 AND next_try_at IS NOT NULL
                                    ORDER BY ordinal LIMIT 1)
                  RETURNING id, account",
            )?
            .query_row(params![webhook, to_sql(now)], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if let Some(account) = account {
            let text = format!("Message {id} to webhook {webhook} was abandoned: newer messages needed its room.");
            append(&transaction.by_schedule(), account, now, None, EventKind::AlertAbandoned, None, &text)?;
        }
    }
    Ok(())
}

fn delivery_from_row(row: &Row) -> rusqlite::Result<Delivery> {
    let time = |column| row.get::<_, Option<i64>>(column).map(|at| at.map(from_sql));
    let state = match (time(7)?, time(8)?, time(9)?) {
        (Some(at), ..) => DeliveryState::Waiting(at),
        (_, Some(at), _) => DeliveryState::Delivered(at),
        (.., at) => DeliveryState::Abandoned(at.unwrap_or_default()),
    };
    Ok(Delivery {
        id: row.get(1)?,
        webhook: from_sql(row.get(2)?),
        account: row.get(3)?,
        run: time(4)?,
        kind: row.get(5)?,
        made_at: from_sql(row.get(6)?),
        state,
        tries: row.get(10)?,
        last_problem: row.get(11)?,
    })
}
