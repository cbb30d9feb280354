//! Sending waiting messages: a webhook's one after another, by one process at a time.
//!
//! A message is delivered at least once: a process claims its webhook first, for a minute, and records the outcome after. If
//! it is killed in between, another one takes over after that minute.

use crate::ledger::actors::Change;
use crate::ledger::alerts::webhooks::{WebhookId, find};
use crate::ledger::events::{EventKind, append};
use crate::ledger::{Ledger, Result, from_sql, to_sql};
use dialguard::contract::Timestamp;
use rusqlite::{OptionalExtension, params};

/// How long a process may take for one try before another one takes over, in seconds; a try takes 15 at most.
const LEASE_SECONDS: u64 = 60;

/// A message that this process has claimed to send, for a minute.
#[derive(Clone)]
pub(crate) struct ClaimedDelivery {
    pub id: String,
    pub webhook: WebhookId,
    pub url: String,
    pub key: Vec<u8>,
    pub allow_private: bool,
    pub body: String,
    /// Tries before this one.
    pub tries: u32,
    lease: String,
}

/// The outcome of a try.
#[derive(Debug, Clone)]
pub(crate) enum Attempt {
    /// The receiver accepted it.
    Delivered,
    /// It failed, and is tried again then.
    Again { problem: String, at: Timestamp },
    /// It failed, and was tried often enough.
    Abandoned { problem: String },
    /// The receiver wants no more messages.
    Gone { problem: String },
}

impl Ledger {
    /// Webhooks whose next message is due.
    pub(crate) fn due_webhooks(&self, now: Timestamp) -> Result<Vec<WebhookId>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT webhooks.id FROM webhooks
                  WHERE paused_at IS NULL AND leased_until <= ?1
                    AND (SELECT next_try_at FROM deliveries WHERE webhook = webhooks.id AND next_try_at IS NOT NULL
                          ORDER BY ordinal LIMIT 1) <= ?1",
            )?;
            let due = statement.query_map([to_sql(now)], |row| row.get(0).map(from_sql))?;
            Ok(due.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Claims a webhook's next message if it is due and no other process has it. `lease` is the caller's own.
    pub(crate) fn claim_delivery(
        &self,
        webhook: WebhookId,
        lease: &str,
        now: Timestamp,
    ) -> Result<Option<ClaimedDelivery>> {
        self.change(|transaction| {
            let claimed = transaction.execute(
                "UPDATE webhooks SET lease = ?2, leased_until = ?3
                  WHERE id = ?1 AND paused_at IS NULL AND leased_until <= ?4
                    AND (SELECT next_try_at FROM deliveries WHERE webhook = ?1 AND next_try_at IS NOT NULL
                          ORDER BY ordinal LIMIT 1) <= ?4",
                params![to_sql(webhook), lease, to_sql(now + LEASE_SECONDS), to_sql(now)],
            )?;
            if claimed == 0 {
                return Ok(None);
            }
            let mut statement = transaction.prepare_cached(
                "SELECT deliveries.id, url, secret, allow_private, body, tries
                   FROM deliveries JOIN webhooks ON webhooks.id = webhook
                  WHERE webhook = ?1 AND next_try_at IS NOT NULL ORDER BY ordinal LIMIT 1",
            )?;
            let claimed = statement.query_row([to_sql(webhook)], |row| {
                Ok(ClaimedDelivery {
                    id: row.get(0)?,
                    webhook,
                    url: row.get(1)?,
                    key: row.get(2)?,
                    allow_private: row.get(3)?,
                    body: row.get(4)?,
                    tries: row.get(5)?,
                    lease: lease.to_owned(),
                })
            })?;
            Ok(Some(claimed))
        })
    }

    /// Records the outcome of a try, and releases the webhook. If another process has taken over meanwhile, nothing is
    /// recorded.
    pub(crate) fn settle_delivery(&self, claimed: &ClaimedDelivery, tried: &Attempt, now: Timestamp) -> Result<()> {
        self.change(|transaction| {
            let held = transaction.execute(
                "UPDATE webhooks SET lease = NULL, leased_until = 0 WHERE id = ?1 AND lease = ?2",
                params![to_sql(claimed.webhook), claimed.lease],
            )?;
            if held == 0 {
                return Ok(());
            }
            let (next_try_at, delivered_at, abandoned_at, problem) = match tried {
                Attempt::Delivered => (None, Some(now), None, None),
                Attempt::Again { problem, at } => (Some(*at), None, None, Some(problem)),
                Attempt::Abandoned { problem } => (None, None, Some(now), Some(problem)),
                Attempt::Gone { problem } => (Some(now), None, None, Some(problem)),
            };
            transaction.execute(
                "UPDATE deliveries
                    SET next_try_at = ?2, delivered_at = ?3, abandoned_at = ?4, last_problem = ?5, tries = tries + 1,
                        body = iif(?2 IS NULL, '', body)
                  WHERE id = ?1",
                params![
                    claimed.id,
                    next_try_at.map(to_sql),
                    delivered_at.map(to_sql),
                    abandoned_at.map(to_sql),
                    problem
                ],
            )?;
            match tried {
                Attempt::Gone { problem } => pause(transaction, claimed, problem, now),
                Attempt::Abandoned { problem } => {
                    let text = format!(
                        "Webhook {} did not accept message {} in {} tries, and it was abandoned: {problem}",
                        claimed.webhook,
                        claimed.id,
                        claimed.tries + 1
                    );
                    tell_accounts(transaction, claimed, EventKind::AlertAbandoned, &text, now)
                }
                Attempt::Delivered | Attempt::Again { .. } => Ok(()),
            }
        })
    }

    /// The key that a webhook's messages are signed with.
    pub(crate) fn webhook_key(&self, id: WebhookId) -> Result<Vec<u8>> {
        self.read(|transaction| {
            find(transaction, id)?;
            Ok(transaction.query_row("SELECT secret FROM webhooks WHERE id = ?1", [to_sql(id)], |row| row.get(0))?)
        })
    }

    /// Resumes a webhook that answers: it is no longer paused, and its messages are due.
    pub(crate) fn resume_webhook(&self, id: WebhookId, now: Timestamp) -> Result<()> {
        self.change(|transaction| {
            transaction
                .execute("UPDATE webhooks SET paused_at = NULL, paused_because = NULL WHERE id = ?1", [to_sql(id)])?;
            transaction.execute(
                "UPDATE deliveries SET next_try_at = ?2 WHERE webhook = ?1 AND next_try_at > ?2",
                params![to_sql(id), to_sql(now)],
            )?;
            Ok(())
        })
    }
}

fn pause(transaction: &Change, claimed: &ClaimedDelivery, problem: &str, now: Timestamp) -> Result<()> {
    transaction.execute(
        "UPDATE webhooks SET paused_at = ?2, paused_because = ?3 WHERE id = ?1",
        params![to_sql(claimed.webhook), to_sql(now), problem],
    )?;
    let text = format!("Webhook {} is paused until a test message is accepted: {problem}", claimed.webhook);
    tell_accounts(transaction, claimed, EventKind::WebhookPaused, &text, now)
}

/// An event of the account that the message is about; else of the webhook's own. What concerns no account has none, and
/// stays with the message.
fn tell_accounts(
    transaction: &Change,
    claimed: &ClaimedDelivery,
    kind: EventKind,
    text: &str,
    now: Timestamp,
) -> Result<()> {
    let account: Option<i64> = transaction
        .query_row("SELECT account FROM deliveries WHERE id = ?1", [&claimed.id], |row| row.get(0))
        .optional()?
        .flatten();
    account.map_or(Ok(()), |account| append(transaction, account, now, None, kind, None, text))
}
