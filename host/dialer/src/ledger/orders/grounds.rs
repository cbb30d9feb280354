//! What an order's grounds are checked against, and how replacements count in a day's limit.

use crate::ledger::accounts::{AccountProfile, profile};
use crate::ledger::events::EventKind;
use crate::ledger::orders::{Order, orders};
use crate::ledger::{Ledger, Result, to_sql};
use dialguard::contract::Timestamp;
use rusqlite::{Transaction, params};

/// An account's latest run and latest change, and the live policy. Grounds that were found to hold do so as long as none
/// is superseded: statuses change only in runs, settings and the switch only in changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Basis {
    run: Option<i64>,
    change: Option<i64>,
    policy: Option<i64>,
}

impl Basis {
    /// Whether the account has had no run and no change since.
    pub(super) fn still_holds(self, transaction: &Transaction, account: &AccountProfile) -> Result<bool> {
        Ok(basis(transaction, account.key)? == self)
    }
}

/// An account and its orders under way, all at one moment.
pub(crate) struct UnderWay {
    pub account: AccountProfile,
    pub basis: Basis,
    pub orders: Vec<Order>,
}

impl Ledger {
    /// The account's basis now.
    pub(crate) fn basis(&self, id: &str) -> Result<Basis> {
        self.read(|transaction| basis(transaction, profile(transaction, id)?.key))
    }

    /// The account's orders whose slot may still move.
    pub(crate) fn orders_under_way(&self, id: &str) -> Result<UnderWay> {
        self.read(|transaction| {
            let account = profile(transaction, id)?;
            let basis = basis(transaction, account.key)?;
            let is_under_way = "account = ?1 AND state NOT IN ('swapped', 'done', 'abandoned')";
            Ok(UnderWay { basis, orders: orders(transaction, is_under_way, [account.key])?, account })
        })
    }
}

fn basis(transaction: &Transaction, account: i64) -> Result<Basis> {
    let mut statement = transaction.prepare_cached(
        "SELECT (SELECT max(based_on) FROM runs WHERE account = ?1),
                (SELECT max(id) FROM events WHERE account = ?1 AND kind = ?2),
                (SELECT max(revision) FROM activations)",
    )?;
    let found = statement.query_row(params![account, EventKind::AccountChanged.name()], |row| {
        Ok(Basis { run: row.get(0)?, change: row.get(1)?, policy: row.get(2)? })
    });
    Ok(found?)
}

/// Automatic replacements that count in the limit of the local day that began then: those whose slot moved on it, and
/// those under way, whose slot may.
pub(in crate::ledger) fn replacements_counted(
    transaction: &Transaction,
    account: i64,
    day_starts_at: Timestamp,
) -> Result<u32> {
    let mut statement = transaction.prepare_cached(
        "SELECT (SELECT count(*) FROM orders WHERE account = ?1 AND why = 'flagged' AND swapped_at >= ?2)
              + (SELECT count(*) FROM orders
                  WHERE account = ?1 AND why = 'flagged' AND state NOT IN ('swapped', 'done', 'abandoned'))",
    )?;
    Ok(statement.query_row(params![account, to_sql(day_starts_at)], |row| row.get(0))?)
}
