//! Webhooks: the receivers of alerts, and the keys that sign them.

use crate::figures::count;
use crate::ledger::accounts::profile;
use crate::ledger::events::{EventKind, append};
use crate::ledger::program_events::{ProgramSubject, note};
use crate::ledger::{Ledger, LedgerError, Result, ensure_length, from_sql, to_sql};
use dialguard::contract::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, params};

/// A webhook's number, from 1; never used again.
pub type WebhookId = u64;

/// Webhooks of one account, or of every account, at most: each is called after each review.
const WEBHOOKS_MAX: u64 = 20;

/// Bytes of a webhook's URL, and of the dashboard's address in its messages, at most.
pub const URL_BYTES_MAX: usize = 2_048;

/// A webhook that is to be added.
#[derive(Clone)]
pub struct NewWebhook<'a> {
    /// Whose messages go there; none is every account's, and what concerns no single one.
    pub account: Option<&'a str>,
    /// Where messages go.
    pub url: &'a str,
    /// What they are signed with, 24 to 64 random bytes.
    pub key: &'a [u8],
    /// It may be an address of this machine or a private network, and plain http.
    pub allow_private: bool,
    /// The dashboard's address, for links in messages.
    pub page_address: Option<&'a str>,
}

/// An address that messages are sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its number.
    pub id: WebhookId,
    /// Whose messages go there; none is every account's, and what concerns no single one.
    pub account: Option<String>,
    /// Where messages go.
    pub url: String,
    /// It may be an address of this machine or a private network, and plain http.
    pub allow_private: bool,
    /// The dashboard's address, for links in messages.
    pub page_address: Option<String>,
    /// When it was added.
    pub since: Timestamp,
    /// Since when nothing is sent there, and why.
    pub paused: Option<(Timestamp, String)>,
    /// Messages that wait to be delivered.
    pub waiting: u64,
}

impl Ledger {
    /// Adds a webhook; no more than 20 for one account, with addresses of at most 2,048 bytes.
    pub fn add_webhook(&self, new: &NewWebhook, now: Timestamp) -> Result<WebhookId> {
        ensure_length("a webhook's URL", new.url, URL_BYTES_MAX)?;
        new.page_address.map_or(Ok(()), |address| ensure_length("a dashboard's address", address, URL_BYTES_MAX))?;
        self.change(|transaction| {
            let account = new.account.map(|id| profile(transaction, id)).transpose()?;
            account.as_ref().map_or(Ok(()), |account| account.ensure_open())?;
            let key = account.as_ref().map(|account| account.key);
            let count: u64 =
                transaction.query_row("SELECT count(*) FROM webhooks WHERE account IS ?1", [key], |row| {
                    row.get(0).map(from_sql)
                })?;
            if count >= WEBHOOKS_MAX {
                let why = format!("there are {WEBHOOKS_MAX} webhooks already, which is the maximum for an account");
                return Err(LedgerError::Refused(why));
            }
            transaction.execute(
                "INSERT INTO webhooks (account, url, secret, allow_private, page_address, since)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![key, new.url, new.key, new.allow_private, new.page_address, to_sql(now)],
            )?;
            let id = transaction.last_insert_rowid();
            let text = format!("Webhook {id} was added.");
            match account {
                Some(account) => append(transaction, account.key, now, None, EventKind::WebhookAdded, None, &text)?,
                None => note(transaction, now, (ProgramSubject::Webhook, &id.to_string()), "added", &text)?,
            }
            Ok(from_sql(id))
        })
    }

    /// Removes a webhook and its waiting messages; returns how many those were.
    pub fn remove_webhook(&self, id: WebhookId, now: Timestamp) -> Result<u64> {
        self.change(|transaction| {
            let webhook = find(transaction, id)?;
            transaction.execute("DELETE FROM webhooks WHERE id = ?1", [to_sql(id)])?;
            let waiting = count(webhook.waiting, "message");
            let text = format!("Webhook {id} was removed, with {waiting} that waited.");
            match &webhook.account {
                Some(account) => {
                    let account = profile(transaction, account)?.key;
                    append(transaction, account, now, None, EventKind::WebhookRemoved, None, &text)?;
                }
                None => note(transaction, now, (ProgramSubject::Webhook, &id.to_string()), "removed", &text)?,
            }
            Ok(webhook.waiting)
        })
    }

    /// One webhook.
    pub fn webhook(&self, id: WebhookId) -> Result<Webhook> {
        self.read(|transaction| find(transaction, id))
    }

    /// Every webhook, or those that hear of one account only; in the order of adding.
    pub fn webhooks(&self, of: Option<&str>) -> Result<Vec<Webhook>> {
        self.read(|transaction| {
            let key = of.map(|id| profile(transaction, id)).transpose()?.map(|account| account.key);
            let mut statement = transaction
                .prepare_cached(&format!("{SELECT_WEBHOOK} WHERE ?1 IS NULL OR account = ?1 ORDER BY webhooks.id"))?;
            let webhooks = statement.query_map([key], webhook_from_row)?;
            Ok(webhooks.collect::<rusqlite::Result<_>>()?)
        })
    }
}

const SELECT_WEBHOOK: &str = "
    SELECT webhooks.id, (SELECT accounts.id FROM accounts WHERE key = account), url, allow_private, page_address, since,
           paused_at, paused_because,
           (SELECT count(*) FROM deliveries WHERE webhook = webhooks.id AND next_try_at IS NOT NULL)
      FROM webhooks";

pub(in crate::ledger) fn find(transaction: &Transaction, id: WebhookId) -> Result<Webhook> {
    let mut statement = transaction.prepare_cached(&format!("{SELECT_WEBHOOK} WHERE webhooks.id = ?1"))?;
    // A caller may give any id; one beyond SQLite's integers belongs to no webhook.
    let known = statement.query_row([i64::try_from(id).unwrap_or(-1)], webhook_from_row).optional()?;
    known.ok_or_else(|| LedgerError::NoSuchWebhook(id))
}

fn webhook_from_row(row: &Row) -> rusqlite::Result<Webhook> {
    let paused_at: Option<i64> = row.get(6)?;
    let because: Option<String> = row.get(7)?;
    Ok(Webhook {
        id: from_sql(row.get(0)?),
        account: row.get(1)?,
        url: row.get(2)?,
        allow_private: row.get(3)?,
        page_address: row.get(4)?,
        since: from_sql(row.get(5)?),
        paused: paused_at.map(from_sql).zip(because),
        waiting: from_sql(row.get(8)?),
    })
}
