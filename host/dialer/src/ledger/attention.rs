//! What the tables say about whether an account needs a person. Everything is counted by an index or was counted
//! before: the list of accounts shows it for each of them, and an account may have 100,000 numbers.

use crate::ledger::accounts::checks::sources;
use crate::ledger::accounts::{AccountProfile, profile};
use crate::ledger::events::EventKind;
use crate::ledger::policies::Revision;
use crate::ledger::{Ledger, Result, from_sql};
use dialguard::contract::{Status, Timestamp};
use rusqlite::{OptionalExtension, Transaction, params};

/// Unread alerts that are counted; there may be more.
pub const UNREAD_COUNTED_MAX: u32 = 100;

/// A review's notice that a number was not replaced because no candidate is rated clean. The contract has named it
/// since 0.1.
const NO_CLEAN_CANDIDATE: &str = "no-clean-candidate";

/// Kinds of events that a person should read: what went wrong, what was not done, and the notices of the contract with
/// the severity `warning` or `alert`. A review has at most one of most kinds, however many numbers it is about; what
/// has one for each number, such as `turned-flagged`, is not among them.
const ALERTS: [&str; 15] = [
    "mass-flag-held",
    "newly-flagged",
    "newly-suspect",
    NO_CLEAN_CANDIDATE,
    "unrated",
    EventKind::AlertAbandoned.name(),
    EventKind::CarrierProblem.name(),
    EventKind::NotCarriedOver.name(),
    EventKind::NoticesDropped.name(),
    EventKind::OrderAbandoned.name(),
    EventKind::OrderStuck.name(),
    EventKind::PolicyFailed.name(),
    EventKind::ProviderProblem.name(),
    EventKind::ReviewsMissed.name(),
    EventKind::WebhookPaused.name(),
];

/// An account in figures that show at a glance whether it needs a person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AccountFigures {
    /// Monitored numbers that were not rated yet.
    pub pending: u32,
    /// Monitored numbers that no carrier flags.
    pub clean: u32,
    /// Monitored numbers that some carrier flags.
    pub at_risk: u32,
    /// Monitored numbers that most carriers flag.
    pub flagged: u32,
    /// Monitored numbers whose calls fare badly.
    pub suspect: u32,
    /// Flagged numbers that are not being replaced.
    pub flagged_waiting: u32,
    /// Replacements that need a person.
    pub stuck_orders: u32,
    /// Webhooks of the account that are paused.
    pub paused_webhooks: u32,
    /// Messages to the account's webhooks of which at least one try failed.
    pub undelivered: u32,
    /// Whether a number may be had to replace another: on hand, ready after its rest, or from a provider.
    pub has_candidates: bool,
    /// Whether the latest review found no clean candidate for a number.
    pub found_no_candidate: bool,
}

/// The live policy, as far as it needs a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PolicyHealth {
    /// The live revision.
    pub live: Revision,
    /// The revision that was rolled back to it for its faults; none unless that is why it is live.
    pub rolled_back: Option<Revision>,
    /// Runs in a row that failed since its last good one.
    pub faults: u32,
}

/// Webhooks for every account, and what concerns no single one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct WebhookHealth {
    pub paused: u32,
    pub undelivered: u32,
}

impl Ledger {
    /// The account in figures.
    pub fn account_figures(&self, id: &str) -> Result<AccountFigures> {
        self.read(|transaction| figures(transaction, &profile(transaction, id)?))
    }

    /// The sources that fail for the account, by name, each with what went wrong the last time.
    pub(crate) fn failing_sources(&self, id: &str) -> Result<Vec<(String, String)>> {
        self.read(|transaction| sources::failing(transaction, &profile(transaction, id)?))
    }

    /// Sources whose circuit is open, by name, with until when.
    pub(crate) fn open_circuits(&self, now: Timestamp) -> Result<Vec<(String, Timestamp)>> {
        self.read(|transaction| sources::open_circuits(transaction, now))
    }

    /// Whether numbers are monitored though there is no source of verdicts.
    pub(crate) fn lacks_sources(&self) -> Result<bool> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT NOT EXISTS (SELECT 1 FROM sources)
                    AND EXISTS (SELECT 1 FROM accounts WHERE enabled AND occupied > 0)",
            )?;
            Ok(statement.query_row([], |row| row.get(0))?)
        })
    }

    /// The live policy; none before the first one.
    pub(crate) fn policy_health(&self) -> Result<Option<PolicyHealth>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT revision, iif(cause = 'faults', replaces, NULL),
                        (SELECT count(*) FROM policy_faults
                          WHERE policy_faults.revision = activations.revision
                            AND after_run = (SELECT ifnull(max(id), 0) FROM runs
                                              WHERE runs.revision = activations.revision))
                   FROM activations ORDER BY revision DESC LIMIT 1",
            )?;
            let live = statement.query_row([], |row| {
                let rolled_back = row.get::<_, Option<i64>>(1)?.map(from_sql);
                Ok(PolicyHealth { live: from_sql(row.get(0)?), rolled_back, faults: row.get(2)? })
            });
            Ok(live.optional()?)
        })
    }

    /// Webhooks for every account.
    pub(crate) fn webhook_health(&self) -> Result<WebhookHealth> {
        self.read(|transaction| webhooks(transaction, None))
    }

    /// The account's alerts that the user has not had the chance to read: those since the user last opened the
    /// account's activity or, before that, since the user was added. Counted up to [`UNREAD_COUNTED_MAX`].
    pub fn unread_alerts(&self, user: &str, id: &str) -> Result<u32> {
        self.read(|transaction| {
            let account = profile(transaction, id)?;
            let Some(read) = read_until(transaction, user, account.key)? else { return Ok(0) };
            let mut statement = transaction.prepare_cached(&format!(
                "SELECT count(*) FROM (SELECT 1 FROM events WHERE account = ?1 AND kind IN ({}) AND id > ?2 LIMIT ?3)",
                listed(&ALERTS)
            ))?;
            Ok(statement.query_row(params![account.key, read, UNREAD_COUNTED_MAX], |row| row.get(0))?)
        })
    }

    /// Notes that the user has opened the account's activity, and had the chance to read all of it.
    pub fn read_alerts(&self, user: &str, id: &str) -> Result<()> {
        self.change(|transaction| {
            let account = profile(transaction, id)?;
            transaction
                .prepare_cached(
                    "INSERT INTO alerts_read (user, account, event)
                     SELECT name, ?2, (SELECT ifnull(max(id), 0) FROM events WHERE account = ?2) FROM users WHERE name = ?1
                     ON CONFLICT (user, account) DO UPDATE SET event = max(event, excluded.event)",
                )?
                .execute(params![user, account.key])?;
            Ok(())
        })
    }
}

fn figures(transaction: &Transaction, account: &AccountProfile) -> Result<AccountFigures> {
    let mut counts = [0; Status::ALL.len()];
    let mut statement = transaction.prepare_cached("SELECT status, numbers FROM status_counts WHERE account = ?1")?;
    let mut rows = statement.query([account.key])?;
    while let Some(row) = rows.next()? {
        counts[usize::from(row.get::<_, u8>(0)?)] = row.get(1)?;
    }
    let [pending, clean, at_risk, flagged] = counts;
    let count =
        |sql: &str| -> Result<u32> { Ok(transaction.prepare_cached(sql)?.query_row([account.key], |row| row.get(0))?) };
    let is_so = |sql: &str| -> Result<bool> {
        Ok(transaction.prepare_cached(sql)?.query_row([account.key], |row| row.get(0))?)
    };
    let replaced = match flagged {
        0 => 0,
        _ => count(
            "SELECT count(*) FROM orders
              WHERE account = ?1 AND state NOT IN ('done', 'abandoned') AND state <> 'swapped'
                AND (SELECT status FROM monitored WHERE monitored.number = orders.number) = 3",
        )?,
    };
    let is_on_hand = "SELECT EXISTS (SELECT 1 FROM numbers WHERE account = ?1 AND state = 'candidate')
                          OR EXISTS (SELECT 1 FROM numbers WHERE account = ?1 AND ready_since IS NOT NULL)";
    let WebhookHealth { paused, undelivered } = webhooks(transaction, Some(account.key))?;
    Ok(AccountFigures {
        pending,
        clean,
        at_risk,
        flagged,
        suspect: count("SELECT count(*) FROM suspects WHERE account = ?1")?,
        flagged_waiting: flagged.saturating_sub(replaced),
        stuck_orders: count(
            "SELECT count(*) FROM orders WHERE account = ?1 AND is_stuck = 1 AND state NOT IN ('done', 'abandoned')",
        )?,
        paused_webhooks: paused,
        undelivered,
        has_candidates: account.buying.provider.is_some() || is_so(is_on_hand)?,
        found_no_candidate: found_no_candidate(transaction, account.key)?,
    })
}

fn found_no_candidate(transaction: &Transaction, account: i64) -> Result<bool> {
    let Some(run) = latest_review(transaction, account)? else { return Ok(false) };
    let mut statement = transaction
        .prepare_cached("SELECT run FROM events WHERE account = ?1 AND kind = ?2 ORDER BY id DESC LIMIT 1")?;
    let latest: Option<Option<i64>> =
        statement.query_row(params![account, NO_CLEAN_CANDIDATE], |row| row.get(0)).optional()?;
    Ok(latest.flatten() == Some(run))
}

fn latest_review(transaction: &Transaction, account: i64) -> Result<Option<i64>> {
    let mut statement = transaction
        .prepare_cached("SELECT id FROM runs WHERE account = ?1 AND kind = 'review' ORDER BY id DESC LIMIT 1")?;
    Ok(statement.query_row([account], |row| row.get(0)).optional()?)
}

/// The webhooks of an account, or those for every account.
fn webhooks(transaction: &Transaction, account: Option<i64>) -> Result<WebhookHealth> {
    let mut statement = transaction.prepare_cached(
        "SELECT count(paused_at),
                ifnull(sum((SELECT count(*) FROM deliveries
                             WHERE webhook = webhooks.id AND next_try_at IS NOT NULL AND tries > 0)), 0)
           FROM webhooks WHERE account IS ?1",
    )?;
    Ok(statement.query_row([account], |row| Ok(WebhookHealth { paused: row.get(0)?, undelivered: row.get(1)? }))?)
}

/// The event up to which the user has read; none if there is no such user.
fn read_until(transaction: &Transaction, user: &str, account: i64) -> Result<Option<i64>> {
    let mut statement = transaction.prepare_cached(
        "SELECT ifnull((SELECT event FROM alerts_read WHERE user = name AND account = ?2), alerts_from)
           FROM users WHERE name = ?1",
    )?;
    Ok(statement.query_row(params![user, account], |row| row.get(0)).optional()?)
}

/// Constant names, as SQL lists them.
fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ")
}
