//! What a billing cycle of an account comes to, present or past, line by line.
//!
//! Blocks, replacements and credits are the ledger's charges. Numbers are bought from a provider, who bills them
//! itself; they are added up beside them.

use crate::ledger::accounts::{AccountProfile, profile};
use crate::ledger::events::EventKind;
use crate::ledger::{Ledger, LedgerError, Result, from_sql, to_sql};
use crate::phone::e164;
use crate::prices::{dollars, price_cents};
use dialguard::contract::{PhoneNumber, Timestamp};
use rusqlite::{Row, Transaction, params};
use std::fmt;
use std::str::FromStr;

/// A billing cycle of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cycle {
    /// Its index, from 0. Of those before Dialguard recorded cycles, only some are known.
    pub index: u32,
    /// When it began.
    pub starts_at: Timestamp,
    /// When the next known one begins.
    pub ends_at: Timestamp,
    /// Whether it is the present one.
    pub is_present: bool,
    /// The blocks of a cycle that has begun since the account was last changed, in US cents. They are recorded with its
    /// next change.
    pub due_cents: u64,
}

/// What a billing cycle comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Billing {
    /// The cycle.
    pub cycle: Cycle,
    /// The known cycle before; none before the first.
    pub before: Option<u32>,
    /// Charged for blocks, [what is due](Cycle::due_cents) included, in US cents.
    pub blocks_cents: u64,
    /// Replacements that were charged.
    pub replacements: u32,
    /// What they were charged, in US cents.
    pub replacements_cents: u64,
    /// Numbers that were bought.
    pub numbers: u32,
    /// What their providers charge for them, in US cents.
    pub numbers_cents: u64,
    /// Credits that were given.
    pub credits: u32,
    /// Credited, in US cents.
    pub credited_cents: u64,
}

impl Billing {
    /// Charged for blocks and replacements, in US cents.
    pub fn charged_cents(&self) -> u64 {
        self.blocks_cents + self.replacements_cents
    }

    /// What was charged less what was credited, in US cents; negative if a credit is for an earlier cycle.
    pub fn balance_cents(&self) -> i64 {
        self.charged_cents().cast_signed() - self.credited_cents.cast_signed()
    }

    /// The balance, and what the providers charge for the numbers, in US cents.
    pub fn total_cents(&self) -> i64 {
        self.balance_cents() + self.numbers_cents.cast_signed()
    }
}

/// One charge, credit or number of a cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillLine {
    /// Its place in the bill.
    pub place: BillPlace,
    /// When.
    pub at: Timestamp,
    /// What for.
    pub kind: BillLineKind,
    /// The number that was replaced or bought.
    pub number: Option<PhoneNumber>,
    /// In US cents; negative for a credit.
    pub cents: i64,
    /// In words.
    pub text: String,
    /// The order of a replacement or a number.
    pub order: Option<u64>,
}

/// What a line of a bill is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BillLineKind {
    /// Blocks of slots.
    Blocks,
    /// A replacement.
    Replacement,
    /// A number that was bought, which its provider bills.
    Number,
    /// A credit.
    Credit,
}

impl BillLineKind {
    /// Its name, as in JSON and in CSV.
    pub fn name(self) -> &'static str {
        match self {
            BillLineKind::Blocks => "blocks",
            BillLineKind::Replacement => "replacement",
            BillLineKind::Number => "number",
            BillLineKind::Credit => "credit",
        }
    }
}

/// Where a line stands in a bill: by time, charges before numbers, and then in the order of recording. Written
/// `1768467600-0-15`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct BillPlace {
    at: Timestamp,
    is_number: bool,
    id: u64,
}

impl fmt::Display for BillPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.at, u8::from(self.is_number), self.id)
    }
}

impl FromStr for BillPlace {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let figures: Vec<Option<u64>> = text.split('-').map(|part| part.parse().ok()).collect();
        match figures[..] {
            [Some(at), Some(kind @ 0..=1), Some(id)] if at.max(id) <= i64::MAX as u64 => {
                Ok(BillPlace { at, is_number: kind == 1, id })
            }
            _ => Err(format!("{text:?} is not a place in a bill")),
        }
    }
}

impl Ledger {
    /// The account's known billing cycles by `now`, the present one last, at most the `last` so many.
    pub fn cycles(&self, id: &str, last: usize, now: Timestamp) -> Result<Vec<Cycle>> {
        self.read(|transaction| {
            let mut cycles = cycles(transaction, profile(transaction, id)?, now)?;
            Ok(cycles.split_off(cycles.len().saturating_sub(last)))
        })
    }

    /// What this billing cycle comes to, or the present one. [`LedgerError::NoSuchCycle`] if it is not known.
    pub fn billing(&self, id: &str, cycle: Option<u32>, now: Timestamp) -> Result<Billing> {
        self.read(|transaction| billing(transaction, id, cycle, now))
    }

    /// The lines of that bill after `after` (none: from the start), at most `limit`. They add up to its
    /// [total](Billing::total_cents).
    pub fn bill_lines(
        &self,
        id: &str,
        cycle: Option<u32>,
        after: Option<BillPlace>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<BillLine>> {
        self.read(|transaction| {
            let account = profile(transaction, id)?;
            let Found { cycle: found, span, .. } = find(transaction, account.clone(), cycle, now)?;
            let mut lines = Vec::new();
            if after.is_none() && found.due_cents > 0 {
                lines.push(due(&found));
            }
            let BillPlace { at, is_number, id } = after.unwrap_or_default();
            let mut statement = transaction.prepare_cached(
                "SELECT at, 0 AS is_number, id, kind, number, cents, text, order_id FROM events
                  WHERE account = ?1 AND at >= ?2 AND at < ?3 AND cents IS NOT NULL AND (at, 0, id) > (?4, ?5, ?6)
                 UNION ALL
                 SELECT ifnull(sent_at, state_since), 1, id, NULL, replacement, price_cents, provider, id FROM orders
                  WHERE account = ?1 AND spent_cycle >= ?2 AND spent_cycle < ?3 AND state <> 'ordering' AND price_cents IS NOT NULL
                    AND (ifnull(sent_at, state_since), 1, id) > (?4, ?5, ?6)
                  ORDER BY 1, 2, 3 LIMIT ?7",
            )?;
            let wanted = limit.saturating_sub(lines.len() as u32);
            let place = params![account.key, span.0, span.1, to_sql(at), is_number, to_sql(id), wanted];
            for line in statement.query_map(place, line_from_row)? {
                lines.push(line?);
            }
            Ok(lines)
        })
    }
}

fn billing(transaction: &Transaction, id: &str, cycle: Option<u32>, now: Timestamp) -> Result<Billing> {
    let account = profile(transaction, id)?;
    let Found { cycle, before, span } = find(transaction, account.clone(), cycle, now)?;
    let mut statement = transaction.prepare_cached(
        "SELECT ifnull(sum(cents) FILTER (WHERE kind = 'charged'), 0),
                count(*) FILTER (WHERE kind = 'replacement-charged'),
                ifnull(sum(cents) FILTER (WHERE kind = 'replacement-charged'), 0),
                count(*) FILTER (WHERE kind = 'credited'),
                ifnull(-sum(cents) FILTER (WHERE kind = 'credited'), 0),
                ifnull(sum(cents), 0)
           FROM events WHERE account = ?1 AND at >= ?2 AND at < ?3 AND cents IS NOT NULL",
    )?;
    let (mut billing, recorded) = statement.query_row(params![account.key, span.0, span.1], |row| {
        let billing = Billing {
            cycle,
            before,
            blocks_cents: from_sql(row.get(0)?),
            replacements: row.get(1)?,
            replacements_cents: from_sql(row.get(2)?),
            numbers: 0,
            numbers_cents: 0,
            credits: row.get(3)?,
            credited_cents: from_sql(row.get(4)?),
        };
        Ok((billing, row.get::<_, i64>(5)?))
    })?;
    assert_eq!(billing.balance_cents(), recorded, "the bill of {id} is not what the ledger charged");
    billing.blocks_cents += cycle.due_cents;
    let mut bought = transaction.prepare_cached(
        "SELECT count(*), ifnull(sum(price_cents), 0) FROM orders
          WHERE account = ?1 AND spent_cycle >= ?2 AND spent_cycle < ?3 AND state <> 'ordering'",
    )?;
    (billing.numbers, billing.numbers_cents) =
        bought.query_row(params![account.key, span.0, span.1], |row| Ok((row.get(0)?, from_sql(row.get(1)?))))?;
    Ok(billing)
}

/// A known cycle.
struct Found {
    cycle: Cycle,
    /// The index of the known one before.
    before: Option<u32>,
    /// From when until when events belong to it: each event belongs to one cycle, whatever is recorded.
    span: (i64, i64),
}

fn find(transaction: &Transaction, account: AccountProfile, wanted: Option<u32>, now: Timestamp) -> Result<Found> {
    let (id, cycles) = (account.id.clone(), cycles(transaction, account, now)?);
    let place = match wanted {
        None => cycles.len() - 1,
        Some(index) => cycles
            .binary_search_by_key(&index, |cycle| cycle.index)
            .map_err(|_| LedgerError::NoSuchCycle { account: id, cycle: index })?,
    };
    let from = if place == 0 { 0 } else { to_sql(cycles[place].starts_at) };
    let until = if place == cycles.len() - 1 { i64::MAX } else { to_sql(cycles[place].ends_at) };
    let before = place.checked_sub(1).map(|before| cycles[before].index);
    Ok(Found { cycle: cycles[place], before, span: (from, until) })
}

/// The cycles on record, and those that have begun since.
fn cycles(transaction: &Transaction, mut account: AccountProfile, now: Timestamp) -> Result<Vec<Cycle>> {
    let mut statement =
        transaction.prepare_cached("SELECT cycle, starts_at FROM cycles WHERE account = ?1 ORDER BY cycle")?;
    let recorded = statement.query_map([account.key], |row| {
        let starts_at = from_sql(row.get(1)?);
        Ok(Cycle { index: row.get(0)?, starts_at, ends_at: starts_at, is_present: false, due_cents: 0 })
    })?;
    let mut cycles: Vec<Cycle> = recorded.collect::<rusqlite::Result<_>>()?;
    while account.cycle_ends_at <= now && account.closed_at.is_none() {
        account.turn_cycle();
        let due_cents = if account.enabled { price_cents(account.blocks()) } else { 0 };
        let (index, starts_at) = (account.cycle_index, account.cycle_starts_at);
        cycles.push(Cycle { index, starts_at, ends_at: starts_at, is_present: false, due_cents });
    }
    let starts: Vec<_> = cycles.iter().skip(1).map(|cycle| cycle.starts_at).collect();
    for (cycle, next) in cycles.iter_mut().zip(starts.into_iter().chain([account.cycle_ends_at])) {
        cycle.ends_at = next;
    }
    cycles.last_mut().expect("an account has a cycle").is_present = true;
    Ok(cycles)
}

/// Stands first: nothing of the cycle is recorded yet.
fn due(cycle: &Cycle) -> BillLine {
    BillLine {
        place: BillPlace { at: cycle.starts_at, is_number: false, id: 0 },
        at: cycle.starts_at,
        kind: BillLineKind::Blocks,
        number: None,
        cents: cycle.due_cents.cast_signed(),
        text: format!("{} for blocks, recorded with the account's next change.", dollars(cycle.due_cents)),
        order: None,
    }
}

fn line_from_row(row: &Row) -> rusqlite::Result<BillLine> {
    let (at, is_number, id) = (from_sql(row.get(0)?), row.get(1)?, from_sql(row.get(2)?));
    let number = row.get::<_, Option<i64>>(4)?.map(from_sql);
    let text: Option<String> = row.get(6)?;
    let kind = match row.get::<_, Option<String>>(3)?.as_deref().and_then(EventKind::named) {
        None => BillLineKind::Number,
        Some(EventKind::Credited) => BillLineKind::Credit,
        Some(EventKind::ReplacementCharged) => BillLineKind::Replacement,
        Some(_) => BillLineKind::Blocks,
    };
    let text = match (kind, number) {
        (BillLineKind::Number, Some(number)) => {
            format!("{} was bought from {}.", e164(number), text.unwrap_or_default())
        }
        _ => text.unwrap_or_default(),
    };
    Ok(BillLine {
        place: BillPlace { at, is_number, id },
        at,
        kind,
        number,
        cents: row.get(5)?,
        text,
        order: row.get::<_, Option<i64>>(7)?.map(from_sql),
    })
}
