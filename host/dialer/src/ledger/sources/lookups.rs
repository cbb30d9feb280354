//! What asking carriers' services costs, within a budget a day, and what they answered.

use crate::ledger::{Ledger, Result, from_sql, to_sql};
use dialguard::calendar::utc;
use dialguard::contract::{PhoneNumber, Timestamp};
use rusqlite::{OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// What one lookup costs and what all of a day may, in millionths of a US dollar. A day is a date in UTC, for a source
/// serves accounts in many time zones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LookupBudget {
    /// The price of asking about one number.
    pub(crate) price_micros: u64,
    /// What all lookups of a day may cost.
    pub(crate) budget_micros: u64,
}

/// The lookups at a source on a date.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LookupsSpent {
    /// Numbers asked about, or about to be.
    pub count: u64,
    /// Their price, in millionths of a US dollar.
    pub micros: u64,
}

/// What one carrier says about a number, by a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opinion {
    /// The carrier's name.
    pub carrier: String,
    /// 0 (clean) to 100 (certain spam); none is 'no data'.
    pub score: Option<u8>,
    /// What a handset shows.
    pub label: Option<String>,
    /// When the carrier formed it.
    pub observed_at: Timestamp,
}

/// What a service answered about numbers; no opinions is an answer too.
pub type Opinions = HashMap<PhoneNumber, Vec<Opinion>>;

impl Ledger {
    /// Counts up to `wanted` lookups as spent before they are made, and returns how many the day's budget allows.
    pub(crate) fn reserve_lookups(
        &self,
        source: &str,
        budget: LookupBudget,
        wanted: u64,
        now: Timestamp,
    ) -> Result<u64> {
        self.change(|transaction| {
            let spent = spent_on(transaction, source, now)?;
            let left = budget.budget_micros.saturating_sub(spent.micros);
            let granted = left.checked_div(budget.price_micros).map_or(wanted, |affordable| wanted.min(affordable));
            let micros = granted * budget.price_micros;
            transaction
                .prepare_cached(
                    "INSERT INTO lookups (source, date, count, micros) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT DO UPDATE SET count = count + excluded.count, micros = micros + excluded.micros",
                )?
                .execute(params![source, date(now), to_sql(granted), to_sql(micros)])?;
            Ok(granted)
        })
    }

    /// Ends what [`Ledger::reserve_lookups`] began at the same time: keeps the answers, and gives back what certainly
    /// was not asked. Answers older than `fresh_seconds` are dropped.
    pub(crate) fn settle_lookups(
        &self,
        source: &str,
        budget: LookupBudget,
        unasked: u64,
        answers: &Opinions,
        fresh_seconds: u64,
        now: Timestamp,
    ) -> Result<()> {
        self.change(|transaction| {
            transaction
                .prepare_cached(
                    "UPDATE lookups SET count = count - ?3, micros = micros - ?4 WHERE source = ?1 AND date = ?2",
                )?
                .execute(params![source, date(now), to_sql(unasked), to_sql(unasked * budget.price_micros)])?;
            transaction
                .prepare_cached("DELETE FROM lookup_answers WHERE source = ?1 AND asked_at <= ?2")?
                .execute(params![source, to_sql(now.saturating_sub(fresh_seconds))])?;
            // The source may have been removed while it was asked.
            let mut keep = transaction.prepare_cached(
                "INSERT OR REPLACE INTO lookup_answers (source, number, asked_at, opinions)
                 SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM sources WHERE name = ?1)",
            )?;
            for (number, opinions) in answers {
                let opinions = serde_json::to_string(opinions).expect("plain values are JSON");
                keep.execute(params![source, to_sql(*number), to_sql(now), opinions])?;
            }
            Ok(())
        })
    }

    /// What the source answered about these numbers after `since` and not after `now`.
    pub(crate) fn fresh_answers(
        &self,
        source: &str,
        numbers: &[PhoneNumber],
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Opinions> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT opinions FROM lookup_answers
                  WHERE source = ?1 AND number = ?2 AND asked_at > ?3 AND asked_at <= ?4",
            )?;
            let mut known = Opinions::new();
            for number in numbers {
                let place = params![source, to_sql(*number), to_sql(since), to_sql(now)];
                let opinions: Option<String> = statement.query_row(place, |row| row.get(0)).optional()?;
                // What cannot be read is looked up again.
                if let Some(opinions) = opinions.and_then(|text| serde_json::from_str(&text).ok()) {
                    known.insert(*number, opinions);
                }
            }
            Ok(known)
        })
    }

    /// The lookups at the source on the date of `now`.
    pub fn lookups_spent(&self, source: &str, now: Timestamp) -> Result<LookupsSpent> {
        self.read(|transaction| spent_on(transaction, source, now))
    }

    /// Notes until when the source's circuit is open; none if it is closed.
    pub(crate) fn note_open_circuit(&self, source: &str, until: Option<Timestamp>) -> Result<()> {
        self.change(|transaction| {
            match until {
                Some(until) => transaction.execute(
                    "INSERT OR REPLACE INTO resting_sources (source, until)
                     SELECT ?1, ?2 WHERE EXISTS (SELECT 1 FROM sources WHERE name = ?1)",
                    params![source, to_sql(until)],
                )?,
                None => transaction.execute("DELETE FROM resting_sources WHERE source = ?1", [source])?,
            };
            Ok(())
        })
    }

    /// Until when the source's circuit is open, as the last process that asked it noted; none if it is closed.
    pub fn circuit_open_until(&self, source: &str, now: Timestamp) -> Result<Option<Timestamp>> {
        self.read(|transaction| {
            let mut statement =
                transaction.prepare_cached("SELECT until FROM resting_sources WHERE source = ?1 AND until > ?2")?;
            let until: Option<i64> = statement.query_row(params![source, to_sql(now)], |row| row.get(0)).optional()?;
            Ok(until.map(from_sql))
        })
    }
}

fn spent_on(transaction: &Transaction, source: &str, now: Timestamp) -> Result<LookupsSpent> {
    let mut statement =
        transaction.prepare_cached("SELECT count, micros FROM lookups WHERE source = ?1 AND date = ?2")?;
    let spent = statement
        .query_row(params![source, date(now)], |row| {
            Ok(LookupsSpent { count: from_sql(row.get(0)?), micros: from_sql(row.get(1)?) })
        })
        .optional()?;
    Ok(spent.unwrap_or_default())
}

fn date(now: Timestamp) -> String {
    utc(now).date_naive().to_string()
}
