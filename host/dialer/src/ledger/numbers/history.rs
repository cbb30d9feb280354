//! What became of one number: its checks and its replacements.

use crate::ledger::accounts::profile;
use crate::ledger::numbers::{KnownNumber, RATING, known_number};
use crate::ledger::runs::answers::{CarrierAnswer, about};
use crate::ledger::runs::recordings;
use crate::ledger::sources::carriers::Carriers;
use crate::ledger::suspects::SUSPICION;
use crate::ledger::{Ledger, Result, from_sql};
use dialguard::contract::{PhoneNumber, Review, SlotId, Timestamp};
use rusqlite::{OptionalExtension, Transaction};
use std::collections::BTreeSet;

/// A number of an account, one that it owned once included.
#[derive(Debug, Clone)]
pub struct NumberHistory {
    /// The number now.
    pub known: KnownNumber,
    /// The replacement by which it came, if any.
    pub came_by: Option<PastReplacement>,
    /// The replacement by which it left or is to leave, if any.
    pub left_by: Option<PastReplacement>,
    /// The runs on record with answers about it, oldest first.
    pub checks: Vec<NumberCheck>,
}

/// A number that took another's slot, or is about to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastReplacement {
    /// The number that went.
    pub number: PhoneNumber,
    /// The one that came.
    pub replacement: PhoneNumber,
    /// The slot.
    pub slot: SlotId,
    /// When it was decided.
    pub intended_at: Timestamp,
    /// Why, in the policy's words.
    pub because: String,
    /// Whether it is over.
    pub is_done: bool,
}

/// What a run was answered about a number, and how it rated it.
#[derive(Debug, Clone)]
pub struct NumberCheck {
    /// The run.
    pub run: u64,
    /// When it was made.
    pub at: Timestamp,
    /// How the policy rated the number; none if it did not.
    pub review: Option<Review>,
    /// What the carriers said of it.
    pub answers: Vec<CarrierAnswer>,
}

impl Ledger {
    /// A number's history; none if the account neither owns it nor ever did.
    pub fn number_history(&self, id: &str, number: PhoneNumber) -> Result<Option<NumberHistory>> {
        let Ok(digits) = i64::try_from(number) else { return Ok(None) };
        self.read(|transaction| {
            let key = profile(transaction, id)?.key;
            let known = transaction
                .prepare_cached(&format!(
                    "SELECT numbers.number, slot, status, status_since,
                            EXISTS (SELECT 1 FROM replacements_under_way AS way WHERE way.number = numbers.number),
                            state = 'owned', resting_since, ready_since, {RATING}, {SUSPICION}
                       FROM numbers LEFT JOIN monitored ON monitored.number = numbers.number
                            LEFT JOIN suspects ON suspects.number = numbers.number
                      WHERE numbers.number = ?2 AND numbers.account = ?1 AND state IN ('owned', 'released')"
                ))?
                .query_row([key, digits], known_number)
                .optional()?;
            let Some(known) = known else { return Ok(None) };
            Ok(Some(NumberHistory {
                known,
                came_by: replacement(transaction, "replacement = ?2", key, digits)?,
                left_by: replacement(transaction, "number = ?2", key, digits)?,
                checks: checks(transaction, key, number)?,
            }))
        })
    }
}

/// The latest one that is so.
fn replacement(transaction: &Transaction, is_so: &str, account: i64, number: i64) -> Result<Option<PastReplacement>> {
    let sql = format!(
        "SELECT number, replacement, slot, intended_at, because, state IN ('swapped', 'done') FROM orders
          WHERE account = ?1 AND {is_so} AND state <> 'abandoned' ORDER BY id DESC LIMIT 1"
    );
    let replacement = transaction.prepare_cached(&sql)?.query_row([account, number], |row| {
        Ok(PastReplacement {
            number: from_sql(row.get(0)?),
            replacement: from_sql(row.get(1)?),
            slot: row.get(2)?,
            intended_at: from_sql(row.get(3)?),
            because: row.get(4)?,
            is_done: row.get(5)?,
        })
    });
    Ok(replacement.optional()?)
}

fn checks(transaction: &Transaction, account: i64, number: PhoneNumber) -> Result<Vec<NumberCheck>> {
    let mut statement = transaction.prepare_cached(
        "SELECT answers.run, answers.decided_at, recordings.body
           FROM answers LEFT JOIN recordings ON recordings.run = answers.run
          WHERE answers.account = ?1 ORDER BY answers.decided_at, answers.run",
    )?;
    let mut rows = statement.query([account])?;
    let (carriers, wanted) = (Carriers::read(transaction)?, BTreeSet::from([number]));
    let mut checks = Vec::new();
    while let Some(row) = rows.next()? {
        let answers = about(transaction, &carriers, row.get(0)?, &wanted)?;
        let recording = row.get_ref(2)?.as_blob().unwrap_or_default();
        let review = recordings::reviews(recording).rows().into_iter().flatten().find(|review| review.number == number);
        if review.is_some() || !answers.is_empty() {
            checks.push(NumberCheck { run: from_sql(row.get(0)?), at: from_sql(row.get(1)?), review, answers });
        }
    }
    Ok(checks)
}
