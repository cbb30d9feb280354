//! An account's whole history, a page at a time: each function reads on from where the page before ended.
//!
//! Events and runs are read by [`Ledger::event_page`] and [`Ledger::runs`].

use crate::ledger::accounts::profile;
use crate::ledger::numbers::{RATING, known_number};
use crate::ledger::orders::{Order, orders};
use crate::ledger::providers::NumberState;
use crate::ledger::runs::answers::{self, CarrierAnswer};
use crate::ledger::runs::recordings;
use crate::ledger::suspects::SUSPICION;
use crate::ledger::{KnownNumber, Ledger, Result, asked_to_sql, from_sql};
use dialguard::contract::{CarrierId, PhoneNumber, Review, Timestamp};
use rusqlite::{OptionalExtension, params};
use std::collections::HashMap;

/// A number that an account has, or had last.
#[derive(Debug, Clone)]
pub struct RecordedNumber {
    /// The number, and its slot and status if it is monitored.
    pub known: KnownNumber,
    /// Its state.
    pub state: NumberState,
    /// Since when it has that state.
    pub since: Timestamp,
    /// The provider that it was bought from for this account; none if it was imported.
    pub bought_from: Option<String>,
}

/// How a review rated numbers.
#[derive(Debug, Clone)]
pub struct RunRatings {
    /// The run.
    pub run: u64,
    /// When it was made.
    pub at: Timestamp,
    /// One for each number that it rated.
    pub reviews: Vec<Review>,
}

/// Part of what carriers answered in a run, under the names that sources gave them.
#[derive(Debug, Clone)]
pub struct RunAnswers {
    /// The run.
    pub run: u64,
    /// When it was made.
    pub at: Timestamp,
    /// Which part.
    pub part: u64,
    /// The answers.
    pub answers: Vec<CarrierAnswer>,
}

const NUMBER_STATES: [&str; 4] = ["candidate", "ordered", "owned", "released"];

impl Ledger {
    /// The numbers above this one (0: from the start) that the account has, or had last, in ascending order, at most
    /// `limit`. One that another account has taken since is that account's.
    pub fn recorded_numbers(&self, id: &str, above: PhoneNumber, limit: u32) -> Result<Vec<RecordedNumber>> {
        // In each state numbers are in the order of an index.
        let in_state = |state| {
            format!(
                "SELECT * FROM (SELECT number FROM numbers WHERE account = ?1 AND state = '{state}' AND number > ?2
                                 ORDER BY number LIMIT ?3)"
            )
        };
        let page = NUMBER_STATES.map(in_state).join(" UNION ALL ");
        let sql = format!(
            "SELECT page.number, slot, status, status_since,
                    EXISTS (SELECT 1 FROM replacements_under_way AS way WHERE way.number = page.number),
                    state = 'owned', resting_since, ready_since, state, numbers.since,
                    (SELECT provider FROM orders
                      WHERE replacement = page.number AND orders.account = ?1 AND price_cents IS NOT NULL
                        AND spent_on IS NOT NULL AND orders.state <> 'ordering' ORDER BY id DESC LIMIT 1),
                    {RATING}, {SUSPICION}
               FROM ({page}) AS page JOIN numbers ON numbers.number = page.number
                    LEFT JOIN monitored ON monitored.number = page.number
                    LEFT JOIN suspects ON suspects.number = page.number
              ORDER BY page.number LIMIT ?3"
        );
        self.read(|transaction| {
            let account = profile(transaction, id)?;
            let mut statement = transaction.prepare_cached(&sql)?;
            let numbers = statement.query_map(params![account.key, asked_to_sql(above), limit], |row| {
                Ok(RecordedNumber {
                    known: known_number(row)?,
                    state: NumberState::named(row.get_ref(8)?.as_str()?),
                    since: from_sql(row.get(9)?),
                    bought_from: row.get(10)?,
                })
            })?;
            Ok(numbers.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// All of the account's orders after this one, finished ones included, oldest first, at most `limit`.
    pub fn recorded_orders(&self, id: &str, after: u64, limit: u32) -> Result<Vec<Order>> {
        self.read(|transaction| {
            let account = profile(transaction, id)?;
            let page = "orders.id IN (SELECT id FROM orders WHERE account = ?1 AND id > ?2 ORDER BY id LIMIT ?3)";
            orders(transaction, page, params![account.key, asked_to_sql(after), limit])
        })
    }

    /// The ratings of the account's first recorded run after this one, given by its time and id; none after the last.
    /// A run that was no review has no ratings.
    pub fn recorded_ratings(&self, id: &str, after: (Timestamp, u64)) -> Result<Option<RunRatings>> {
        self.read(|transaction| {
            let account = profile(transaction, id)?;
            let mut statement = transaction.prepare_cached(
                "SELECT run, decided_at, body FROM recordings
                  WHERE account = ?1 AND (decided_at, run) > (?2, ?3) ORDER BY decided_at, run LIMIT 1",
            )?;
            let after = params![account.key, asked_to_sql(after.0), asked_to_sql(after.1)];
            let ratings = statement.query_row(after, |row| {
                let reviews = recordings::reviews(row.get_ref(2)?.as_blob().unwrap_or_default());
                Ok(RunRatings {
                    run: from_sql(row.get(0)?),
                    at: from_sql(row.get(1)?),
                    reviews: reviews.rows().into_iter().flatten().collect(),
                })
            });
            Ok(ratings.optional()?)
        })
    }

    /// The first part of carriers' answers after this one, given by its run's time and id and its number; none after the
    /// last.
    pub fn recorded_answers(&self, id: &str, after: Option<(Timestamp, u64, u64)>) -> Result<Option<RunAnswers>> {
        let (at, run, part) = after.map_or((0, 0, -1), |(at, run, part)| (at, run, asked_to_sql(part)));
        self.read(|transaction| {
            let account = profile(transaction, id)?;
            let mut statement = transaction.prepare_cached(
                "SELECT answers.run, decided_at, part, body FROM answers JOIN answer_parts ON answer_parts.run = answers.run
                  WHERE account = ?1 AND decided_at >= ?2 AND (decided_at, answers.run, part) > (?2, ?3, ?4)
                  ORDER BY decided_at, answers.run, part LIMIT 1",
            )?;
            let after = params![account.key, asked_to_sql(at), asked_to_sql(run), part];
            let answers = statement.query_row(after, |row| {
                let answers = answers::unpack(row.get_ref(3)?.as_blob().unwrap_or_default(), |_| true);
                let (run, at, part) = (from_sql(row.get(0)?), from_sql(row.get(1)?), from_sql(row.get(2)?));
                Ok(RunAnswers { run, at, part, answers })
            });
            Ok(answers.optional()?)
        })
    }

    /// The names that sources have given to carriers, by the ids in recorded answers.
    pub fn carrier_names(&self) -> Result<HashMap<CarrierId, String>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached("SELECT id, name FROM carriers")?;
            let names = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(names.collect::<rusqlite::Result<_>>()?)
        })
    }
}
