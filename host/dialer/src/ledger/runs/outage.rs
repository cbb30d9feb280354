//! After an outage: which local dates had no review, and what was charged meanwhile.

use crate::ledger::accounts::AccountProfile;
use crate::ledger::alerts::deliveries::enqueue;
use crate::ledger::alerts::message::Message;
use crate::ledger::events::{EventKind, append};
use crate::ledger::{Result, from_sql, to_sql};
use crate::prices::dollars;
use dialguard::calendar::{NaiveDate, cycle_starts_on, local_date};
use dialguard::contract::Timestamp;
use rusqlite::{Transaction, params};

/// Local dates without a review while numbers were to be reviewed, and the billing cycles that began on them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outage {
    pub first_date: NaiveDate,
    pub last_date: NaiveDate,
    /// The first date of each cycle that began and was charged, and US cents.
    pub cycles: Vec<(NaiveDate, u64)>,
}

impl Outage {
    pub fn dates(&self) -> u64 {
        (self.last_date - self.first_date).num_days().unsigned_abs() + 1
    }

    pub fn cents(&self) -> u64 {
        self.cycles.iter().map(|(_, cents)| cents).sum()
    }

    /// In words.
    pub fn text(&self) -> String {
        let Outage { first_date, last_date, cycles } = self;
        let missed = match self.dates() {
            1 => format!("Not reviewed on {first_date}."),
            dates => format!("Not reviewed on {dates} dates, {first_date} to {last_date}."),
        };
        let starts: Vec<_> = cycles.iter().map(|(starts_on, _)| starts_on.to_string()).collect();
        match &starts[..] {
            [] => format!("{missed} No billing cycle was charged meanwhile."),
            [only] => {
                format!("{missed} Charged meanwhile: {} for the billing cycle from {only}.", dollars(self.cents()))
            }
            [others @ .., last] => format!(
                "{missed} Charged meanwhile: {} for the billing cycles from {} and {last}.",
                dollars(self.cents()),
                others.join(", ")
            ),
        }
    }
}

/// Records the dates that had no review before the one at `now`, and tells webhooks.
pub(super) fn tell(transaction: &Transaction, account: &AccountProfile, now: Timestamp) -> Result<()> {
    let Some(outage) = outage(transaction, account, now)? else { return Ok(()) };
    append(transaction, account.key, now, None, EventKind::ReviewsMissed, None, &outage.text())?;
    enqueue(transaction, Some(account), None, now, || Message::reviews_missed(&outage))
}

/// None if no whole date was missed, or nothing was to be reviewed.
fn outage(transaction: &Transaction, account: &AccountProfile, now: Timestamp) -> Result<Option<Outage>> {
    let Some(since) = reviewed_or_begun(transaction, account)?.filter(|_| account.enabled) else { return Ok(None) };
    let (before, today) = (account.local_date(since), account.local_date(now));
    let (Some(first_date), Some(last_date)) = (before.succ_opt(), today.pred_opt()) else { return Ok(None) };
    if first_date > last_date {
        return Ok(None);
    }
    Ok(Some(Outage { first_date, last_date, cycles: cycles_charged(transaction, account, since, now)? }))
}

/// From when on reviews were missing: the latest one, or when the first number was monitored or the add-on switched on,
/// whichever is last. Instants, so that a change of the time zone neither adds a date nor loses one.
fn reviewed_or_begun(transaction: &Transaction, account: &AccountProfile) -> Result<Option<Timestamp>> {
    let reviewed_at: Option<i64> = transaction
        .prepare_cached(
            "SELECT (SELECT decided_at FROM runs WHERE account = ?1 AND kind = 'review' ORDER BY based_on DESC LIMIT 1)",
        )?
        .query_row([account.key], |row| row.get(0))?;
    let (monitored_since, on_since): (Option<i64>, i64) = transaction
        .prepare_cached(
            "SELECT (SELECT min(monitored_since) FROM monitored WHERE account = key), on_since FROM accounts
              WHERE key = ?1",
        )?
        .query_row([account.key], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(monitored_since.map(|since| from_sql(since.max(on_since).max(reviewed_at.unwrap_or(0)))))
}

/// Cycles that began after `since`, by now, and were charged.
fn cycles_charged(
    transaction: &Transaction,
    account: &AccountProfile,
    since: Timestamp,
    now: Timestamp,
) -> Result<Vec<(NaiveDate, u64)>> {
    let mut statement = transaction.prepare_cached(
        "SELECT at, cents FROM events WHERE account = ?1 AND kind = ?2 AND at > ?3 AND at <= ?4 ORDER BY at",
    )?;
    let charges = statement
        .query_map(params![account.key, EventKind::Charged.name(), to_sql(since), to_sql(now)], |row| {
            Ok((from_sql(row.get(0)?), from_sql(row.get(1)?)))
        })?;
    let charges: Vec<(Timestamp, u64)> = charges.collect::<rusqlite::Result<_>>()?;
    // A cycle is charged on the local date on which it begins; blocks that a user added are no cycle.
    let dated = charges.into_iter().map(|(at, cents)| (local_date(at, account.time_zone), cents));
    Ok(dated
        .filter(|(date, _)| (0..=account.cycle_index).any(|i| cycle_starts_on(account.added_on, i) == *date))
        .collect())
}
