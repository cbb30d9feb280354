//! Figures of the whole ledger, counted on request.

use crate::ledger::numbers::status::status_from_sql;
use crate::ledger::{Ledger, Result, from_sql};
use dialguard::contract::Status;
use rusqlite::Transaction;

/// Messages that are not delivered yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub messages: u64,
    pub webhooks: u64,
    pub paused_webhooks: u64,
}

/// Figures of the whole ledger.
#[derive(Debug, Clone)]
pub(crate) struct Totals {
    /// Accounts with the add-on on, and off; none that is closed.
    pub accounts: (u64, u64),
    /// Monitored numbers by status.
    pub monitored: [(Status, u64); 4],
    /// The live revision of the policy; 0 before the first one.
    pub revision: u64,
    pub waiting: Waiting,
}

impl Ledger {
    /// One pass over the accounts: numbers are counted as they come, turn and go.
    pub(crate) fn totals(&self) -> Result<Totals> {
        self.read(|transaction| {
            let waiting = waiting(transaction)?;
            let (on, off, revision): (u64, u64, u64) = transaction
                .prepare_cached(
                    "SELECT ifnull(sum(enabled), 0), ifnull(sum(1 - enabled) FILTER (WHERE closed_at IS NULL), 0),
                            (SELECT ifnull(max(revision), 0) FROM activations)
                       FROM accounts",
                )?
                .query_row([], |row| Ok((from_sql(row.get(0)?), from_sql(row.get(1)?), from_sql(row.get(2)?))))?;
            Ok(Totals { accounts: (on, off), monitored: monitored(transaction)?, revision, waiting })
        })
    }
}

fn monitored(transaction: &Transaction) -> Result<[(Status, u64); 4]> {
    // Zeros too: there can be no alert on a series that comes and goes.
    let statuses = [Status::Pending, Status::Clean, Status::AtRisk, Status::Flagged];
    let mut monitored = statuses.map(|status| (status, 0));
    let mut statement = transaction.prepare_cached("SELECT status, sum(numbers) FROM status_counts GROUP BY status")?;
    let counted = statement.query_map([], |row| Ok((status_from_sql(row.get(0)?), from_sql(row.get(1)?))))?;
    for counted in counted {
        let (status, count) = counted?;
        monitored.iter_mut().filter(|(known, _)| *known == status).for_each(|(_, counted)| *counted = count);
    }
    Ok(monitored)
}

fn waiting(transaction: &Transaction) -> Result<Waiting> {
    let mut statement = transaction.prepare_cached(
        "SELECT (SELECT count(*) FROM deliveries WHERE next_try_at IS NOT NULL), count(*), count(paused_at)
           FROM webhooks",
    )?;
    Ok(statement.query_row([], |row| {
        Ok(Waiting {
            messages: from_sql(row.get(0)?),
            webhooks: from_sql(row.get(1)?),
            paused_webhooks: from_sql(row.get(2)?),
        })
    })?)
}
