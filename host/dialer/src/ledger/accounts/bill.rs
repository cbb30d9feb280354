//! An account's bill for a billing cycle, and credits, which put wrong charges right.

use crate::ledger::accounts::{AccountProfile, open_even_closed, profile, touch};
use crate::ledger::actors::Change;
use crate::ledger::events::{EventKind, NewEvent};
use crate::ledger::{Ledger, LedgerError, Result, from_sql, to_sql};
use crate::prices::{dollars, price_cents};
use dialguard::contract::Timestamp;
use rusqlite::{Transaction, params};

/// Bytes of a credit's reason, at most.
pub const REASON_BYTES_MAX: usize = 500;

/// What a billing cycle costs, in US cents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bill {
    /// Charged: blocks and replacements, including what is due.
    pub charged_cents: u64,
    /// Of that, the blocks of a cycle that has begun since the account was last changed. They are recorded with its next
    /// change.
    pub due_cents: u64,
    /// Credited.
    pub credited_cents: u64,
}

impl Bill {
    /// What was charged less what was credited; negative if a credit is for an earlier cycle.
    pub fn balance_cents(&self) -> i64 {
        self.charged_cents.cast_signed() - self.credited_cents.cast_signed()
    }
}

impl Ledger {
    /// The account's bill for the billing cycle of `now`. Nothing is written: blocks that the cycle's first change will
    /// charge are [due](Bill::due_cents).
    pub fn bill(&self, id: &str, now: Timestamp) -> Result<Bill> {
        self.read(|transaction| {
            let account = profile(transaction, id)?;
            let recorded_from = account.cycle_starts_at;
            bill(transaction, &account.as_of(now), recorded_from)
        })
    }

    /// Credits an account, for a reason that its history tells. A credit puts charges right, so that all credits together
    /// are never more than all charges: [`LedgerError::Refused`]. A closed account can be credited too. If the clock is
    /// behind the account's latest change, as after a clock was wrong, the credit is recorded at that change.
    pub fn credit(&self, id: &str, cents: u64, reason: &str, now: Timestamp) -> Result<()> {
        self.change(|transaction| credit(transaction, id, cents, reason, now).map(drop))
    }

    /// The bill of the cycle after [`Ledger::credit`]; nothing is changed. Errors are the same.
    pub fn try_credit(&self, id: &str, cents: u64, reason: &str, now: Timestamp) -> Result<Bill> {
        self.try_change(|transaction| {
            let now = credit(transaction, id, cents, reason, now)?;
            let account = profile(transaction, id)?;
            let recorded_from = account.cycle_starts_at;
            bill(transaction, &account.as_of(now), recorded_from)
        })
    }
}

/// Returns the time of the credit.
fn credit(transaction: &Change, id: &str, cents: u64, reason: &str, now: Timestamp) -> Result<Timestamp> {
    let reason = reason.trim();
    check_reason(reason)?;
    let now = now.max(profile(transaction, id)?.changed_at);
    let (account, now) = open_even_closed(transaction, id, now)?;
    let left = charged_less_credited(transaction, account.key)?;
    if cents == 0 || cents > left {
        let (cents, left) = (dollars(cents), dollars(left));
        return Err(LedgerError::Refused(format!(
            "{cents} cannot be credited: a credit is at least $0.01, and at most what was charged and not credited yet, \
             {left}"
        )));
    }
    let text = format!("{} credited: {reason}", dollars(cents));
    let event = NewEvent::new(account.key, now, EventKind::Credited, &text);
    NewEvent { cents: Some(-to_sql(cents)), ..event }.append(transaction)?;
    touch(transaction, account.key, now)?;
    Ok(now)
}

/// Whether a credit may have this reason, without what is blank around it.
pub fn is_reason(reason: &str) -> bool {
    (1..=REASON_BYTES_MAX).contains(&reason.len()) && !reason.contains(char::is_control)
}

fn check_reason(reason: &str) -> Result<()> {
    if is_reason(reason) {
        return Ok(());
    }
    Err(LedgerError::Refused(format!("a credit has a reason of 1 to {REASON_BYTES_MAX} bytes on one line")))
}

/// `account` is in its present cycle, `recorded_from` the beginning of the latest one that the ledger has opened.
pub(super) fn bill(transaction: &Transaction, account: &AccountProfile, recorded_from: Timestamp) -> Result<Bill> {
    let is_due = account.enabled && account.cycle_starts_at > recorded_from;
    let due_cents = if is_due { price_cents(account.blocks()) } else { 0 };
    let mut statement = transaction.prepare_cached(
        "SELECT ifnull(sum(cents) FILTER (WHERE cents > 0), 0), ifnull(-sum(cents) FILTER (WHERE cents < 0), 0)
           FROM events WHERE account = ?1 AND at >= ?2 AND cents IS NOT NULL",
    )?;
    Ok(statement.query_row(params![account.key, to_sql(account.cycle_starts_at)], |row| {
        let (charged, credited) = (from_sql(row.get(0)?), from_sql(row.get(1)?));
        Ok(Bill { charged_cents: charged + due_cents, due_cents, credited_cents: credited })
    })?)
}

fn charged_less_credited(transaction: &Transaction, account: i64) -> Result<u64> {
    let mut statement = transaction
        .prepare_cached("SELECT ifnull(sum(cents), 0) FROM events WHERE account = ?1 AND cents IS NOT NULL")?;
    Ok(statement.query_row([account], |row| row.get(0).map(from_sql))?)
}
