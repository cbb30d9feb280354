//! How far time may go. Every change of an account charges the billing cycles due by its time, so a wrong clock costs
//! money: a leap past the newest time that the ledger has seen is refused until a user accepts it.

use crate::figures::count;
use crate::ledger::accounts::every_account;
use crate::ledger::alerts::deliveries::enqueue;
use crate::ledger::alerts::message::Message;
use crate::ledger::{Ledger, LedgerError, Result, from_sql, to_sql};
use crate::prices::{dollars, price_cents};
use dialguard::calendar::{CLOCK_MAX, rfc3339};
use dialguard::contract::Timestamp;
use rusqlite::{Transaction, params};
use std::fmt;

/// Days that may pass without a change: what an outage explains.
pub const LEAP_DAYS_MAX: u64 = 45;

const DAY: u64 = 86_400;

/// The time, the newest time of the ledger, and whether the first is a leap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerTime {
    /// The time that is asked about.
    pub now: Timestamp,
    /// The newest time that the ledger has seen: of a change, of a running server, or accepted by a user. None before
    /// the first account was added.
    pub newest_at: Option<Timestamp>,
    /// The leap from the newest time to now; none if that is at most 45 days.
    pub leap: Option<Leap>,
}

/// A time more than 45 days past the newest one of the ledger, and what it would charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leap {
    /// The time.
    pub now: Timestamp,
    /// The newest time that the ledger has seen.
    pub newest_at: Timestamp,
    /// Accounts that would be charged.
    pub accounts: u64,
    /// Billing cycles that would be charged, of all accounts.
    pub charges: u64,
    /// What they cost, in US cents.
    pub cents: u64,
}

impl fmt::Display for Leap {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let (now, newest_at) = (rfc3339(self.now), rfc3339(self.newest_at));
        write!(
            f,
            "the time is {now}, more than {LEAP_DAYS_MAX} days after {newest_at}, the newest time in the ledger; "
        )?;
        if self.charges == 0 {
            return f.write_str("nothing would be charged");
        }
        write!(
            f,
            "{} would be charged for {} of {}",
            dollars(self.cents),
            count(self.charges, "billing cycle"),
            count(self.accounts, "account")
        )
    }
}

impl Ledger {
    /// `now`, the newest time in the ledger, and what a leap between them would charge. Nothing is written.
    pub fn time_at(&self, now: Timestamp) -> Result<LedgerTime> {
        self.read(|transaction| {
            let newest_at = newest_at(transaction)?;
            Ok(LedgerTime { now, newest_at: (newest_at > 0).then_some(newest_at), leap: leap(transaction, now)? })
        })
    }

    /// An error if `now` may not be the time of a change.
    pub fn check_time(&self, now: Timestamp) -> Result<()> {
        self.read(|transaction| check(transaction, now))
    }

    /// A user says that `now` is the time, although it is a leap: changes at that time are no longer refused. Nothing is
    /// charged yet; each account is with its next change. Returns the leap; none if `now` is not one.
    pub fn accept_time(&self, now: Timestamp) -> Result<Option<Leap>> {
        ensure_printable(now)?;
        self.change(|transaction| {
            let Some(leap) = leap(transaction, now)? else { return Ok(None) };
            transaction.execute(
                "INSERT INTO accepted_leaps (newest_at, accepted_at, actor) VALUES (?1, ?2, ?3)",
                params![to_sql(leap.newest_at), to_sql(now), transaction.actor_key()?],
            )?;
            Ok(Some(leap))
        })
    }

    /// Notes that a running server has seen this time, unless it is a leap. A leap is returned, with whether it is new;
    /// then webhooks for every account receive a message, once.
    pub fn pass_time(&self, now: Timestamp) -> Result<Option<(Leap, bool)>> {
        let (newest_at, told_after, leap) = self.read(|transaction| {
            let told_after: Option<i64> =
                transaction.query_row("SELECT told_after FROM ledger_time", [], |row| row.get(0))?;
            Ok((newest_at(transaction)?, told_after.map(from_sql), leap(transaction, now)?))
        })?;
        match leap {
            Some(leap) if told_after == Some(leap.newest_at) => Ok(Some((leap, false))),
            Some(leap) => self.tell_leap(leap),
            // Once a day is enough to know what an outage explains.
            None if newest_at == 0 || now < newest_at + DAY => Ok(None),
            None => self.change(|transaction| {
                check(transaction, now)?;
                transaction.execute("UPDATE ledger_time SET newest_at = max(newest_at, ?1)", [to_sql(now)])?;
                Ok(None)
            }),
        }
    }

    fn tell_leap(&self, leap: Leap) -> Result<Option<(Leap, bool)>> {
        let is_new = self.change(|transaction| {
            let told = transaction.execute(
                "UPDATE ledger_time SET told_after = newest_at WHERE newest_at = ?1 AND told_after IS NOT newest_at",
                [to_sql(leap.newest_at)],
            )?;
            if told == 1 {
                enqueue(transaction, None, None, leap.now, || Message::clock_held(&leap))?;
            }
            Ok(told == 1)
        })?;
        Ok(Some((leap, is_new)))
    }
}

/// An error if `now` may not be the time of a change: it is a leap that no user has accepted, or so late that what is
/// computed from it could not be printed. Every change of an account passes here.
pub(in crate::ledger) fn check(transaction: &Transaction, now: Timestamp) -> Result<()> {
    ensure_printable(now)?;
    match leap(transaction, now)? {
        None => Ok(()),
        Some(leap) => Err(LedgerError::TimeLeap(Box::new(leap))),
    }
}

fn ensure_printable(now: Timestamp) -> Result<()> {
    if now <= CLOCK_MAX {
        return Ok(());
    }
    Err(LedgerError::Refused(format!("the time is {}, and the last possible one {}", rfc3339(now), rfc3339(CLOCK_MAX))))
}

fn newest_at(transaction: &Transaction) -> Result<Timestamp> {
    let mut statement = transaction.prepare_cached("SELECT newest_at FROM ledger_time")?;
    Ok(statement.query_row([], |row| row.get(0).map(from_sql))?)
}

fn leap(transaction: &Transaction, now: Timestamp) -> Result<Option<Leap>> {
    let newest_at = newest_at(transaction)?;
    // An empty ledger begins at any time.
    if newest_at == 0 || now <= newest_at + LEAP_DAYS_MAX * DAY {
        return Ok(None);
    }
    let mut leap = Leap { now, newest_at, accounts: 0, charges: 0, cents: 0 };
    for account in every_account(transaction)? {
        let due: Vec<u32> = account.due_blocks(now).collect();
        leap.accounts += u64::from(!due.is_empty());
        leap.charges += due.len() as u64;
        leap.cents += due.into_iter().map(price_cents).sum::<u64>();
    }
    Ok(Some(leap))
}
