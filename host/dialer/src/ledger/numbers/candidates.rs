//! Candidates on hand: numbers that were imported to take another's place.

use crate::ledger::accounts::{open, profile, touch};
use crate::ledger::events::{EventKind, append};
use crate::ledger::{Ledger, Result, asked_to_sql, from_sql};
use dialguard::contract::{PhoneNumber, Timestamp};
use rusqlite::params;

/// A number on hand that could take another's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// The number.
    pub number: PhoneNumber,
    /// When it was imported, or became available again after an order was abandoned.
    pub since: Timestamp,
}

impl Ledger {
    /// The candidates that an account has on hand above `after` (0: from the start), in ascending order, at most `limit`.
    pub fn candidates(&self, id: &str, after: PhoneNumber, limit: u32) -> Result<Vec<Candidate>> {
        self.read(|transaction| {
            let account = profile(transaction, id)?;
            let mut statement = transaction.prepare_cached(
                "SELECT number, since FROM numbers
                  WHERE account = ?1 AND state = 'candidate' AND number > ?2 ORDER BY number LIMIT ?3",
            )?;
            let candidates = statement.query_map(params![account.key, asked_to_sql(after), limit], |row| {
                Ok(Candidate { number: from_sql(row.get(0)?), since: from_sql(row.get(1)?) })
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
