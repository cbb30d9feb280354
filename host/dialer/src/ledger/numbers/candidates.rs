//! Candidates on hand: numbers that were imported to take another's place.

use crate::ledger::accounts::{open, profile, touch};
use crate::ledger::events::{EventKind, append};
use crate::ledger::{Ledger, Result, asked_to_sql, from_sql};
use dialguard::contract::{PhoneNumber, Timestamp};
use rusqlite::params;

/// A number on hand that could take another's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The number.
    pub number: PhoneNumber,
    /// When it was imported, or became available again after an order was abandoned.
    pub since: Timestamp,
    /// The provider that it was bought from, for an order that was abandoned; none if it was imported.
    pub bought_from: Option<String>,
    /// What it cost then, in US cents.
    pub price_cents: Option<u32>,
}

impl Ledger {
    /// The candidates that an account has on hand above `after` (0: from the start), in ascending order, at most `limit`.
    pub fn candidates(&self, id: &str, after: PhoneNumber, limit: u32) -> Result<Vec<Candidate>> {
        self.read(|transaction| {
            let account = profile(transaction, id)?;
            let mut statement = transaction.prepare_cached(
                "SELECT numbers.number, since, bought.provider, bought.price_cents
                   FROM numbers LEFT JOIN orders AS bought ON bought.id = (
                            SELECT max(id) FROM orders
                             WHERE replacement = numbers.number AND orders.account = ?1 AND price_cents IS NOT NULL
                               AND spent_on IS NOT NULL)
                  WHERE numbers.account = ?1 AND numbers.state = 'candidate' AND numbers.number > ?2
                  ORDER BY numbers.number LIMIT ?3",
            )?;
            let candidates = statement.query_map(params![account.key, asked_to_sql(after), limit], |row| {
                Ok(Candidate {
                    number: from_sql(row.get(0)?),
                    since: from_sql(row.get(1)?),
                    bought_from: row.get(2)?,
                    price_cents: row.get(3)?,
                })
            })?;
            Ok(candidates.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// How many candidates an account has on hand.
    pub fn candidate_count(&self, id: &str) -> Result<u32> {
        self.read(|transaction| {
            let account = profile(transaction, id)?;
            let count = "SELECT count(*) FROM numbers WHERE account = ?1 AND state = 'candidate'";
            Ok(transaction.query_row(count, [account.key], |row| row.get(0))?)
        })
    }

    /// Withdraws candidates, which any account can import from then on. Returns for each number, in the order given,
    /// whether it was a candidate of the account; one that is on order is not a candidate.
    pub fn withdraw_candidates(&self, id: &str, numbers: &[PhoneNumber], now: Timestamp) -> Result<Vec<bool>> {
        self.change(|transaction| {
            let (account, now) = open(transaction, id, now)?;
            let mut withdraw = transaction
                .prepare_cached("DELETE FROM numbers WHERE number = ?1 AND account = ?2 AND state = 'candidate'")?;
            let mut withdrawn = Vec::with_capacity(numbers.len());
            for number in numbers {
                withdrawn.push(withdraw.execute(params![asked_to_sql(*number), account.key])? == 1);
            }
            let count = withdrawn.iter().filter(|withdrawn| **withdrawn).count();
            if count > 0 {
                let text = format!("{count} {} withdrawn.", if count == 1 { "candidate" } else { "candidates" });
                append(transaction, account.key, now, None, EventKind::CandidatesWithdrawn, None, &text)?;
                touch(transaction, account.key, now)?;
            }
            Ok(withdrawn)
        })
    }
}
