//! What another policy would have done in runs that were made: each difference, kept.

use crate::ledger::numbers::status::{status_from_sql, status_to_sql};
use crate::ledger::policies::Revision;
use crate::ledger::{Ledger, Result, from_sql, to_sql};
use dialguard::contract::{AccountId, PhoneNumber, Status, Timestamp};
use rusqlite::params;

/// One run as a candidate would have made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The run that was made.
    pub run: u64,
    /// Numbers and questions of the candidate that the run on record did not ask about.
    pub unknown: u32,
    /// Why the candidate would have done nothing: a fault, an error, or a plan that breaks the ledger.
    pub failure: Option<String>,
    /// The numbers that it would have treated differently, in ascending order.
    pub differences: Vec<Difference>,
}

/// A number that a candidate would have treated differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference {
    /// The number.
    pub number: PhoneNumber,
    /// Its status after the live policy's run.
    pub live_status: Status,
    /// Its status after the candidate's run.
    pub candidate_status: Status,
    /// What the live policy replaced it by.
    pub live_replacement: Option<PhoneNumber>,
    /// What the candidate would have replaced it by; a placeholder if no candidates were on record.
    pub candidate_replacement: Option<PhoneNumber>,
}

/// A comparison with the run that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunComparison {
    /// The account.
    pub account: AccountId,
    /// When the run was made.
    pub decided_at: Timestamp,
    /// The comparison.
    pub comparison: Comparison,
}

impl Ledger {
    /// Keeps what a candidate would have done in these runs. A run that was compared already stays as it was.
    pub(crate) fn keep_comparisons(&self, candidate: Revision, comparisons: &[Comparison]) -> Result<()> {
        self.change(|transaction| {
            let mut insert = transaction.prepare_cached(
                "INSERT OR IGNORE INTO comparisons (revision, run, unknown, failure) VALUES (?1, ?2, ?3, ?4)",
            )?;
            let mut insert_difference = transaction.prepare_cached(
                "INSERT INTO differences (revision, run, number, live_status, candidate_status, live_replacement,
                     candidate_replacement) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?;
            for Comparison { run, unknown, failure, differences } in comparisons {
                if insert.execute(params![to_sql(candidate), to_sql(*run), unknown, failure])? == 0 {
                    continue;
                }
                for difference in differences {
                    insert_difference.execute(params![
                        to_sql(candidate),
                        to_sql(*run),
                        to_sql(difference.number),
                        status_to_sql(difference.live_status),
                        status_to_sql(difference.candidate_status),
                        difference.live_replacement.map(to_sql),
                        difference.candidate_replacement.map(to_sql)
                    ])?;
                }
            }
            Ok(())
        })
    }

    /// The last run that was compared with a candidate; 0 if none was.
    pub(crate) fn compared_until(&self, candidate: Revision) -> Result<u64> {
        self.read(|transaction| {
            let mut statement =
                transaction.prepare_cached("SELECT ifnull(max(run), 0) FROM comparisons WHERE revision = ?1")?;
            Ok(statement.query_row([to_sql(candidate)], |row| Ok(from_sql(row.get(0)?)))?)
        })
    }

    /// Every comparison of a candidate with a run decided at `since` or later, in the order of the runs.
    pub fn comparisons(&self, candidate: Revision, since: Timestamp) -> Result<Vec<RunComparison>> {
        self.compared(None, candidate, since)
    }

    /// The same of one account's runs.
    pub fn comparisons_of(&self, id: &str, candidate: Revision, since: Timestamp) -> Result<Vec<RunComparison>> {
        self.compared(Some(id), candidate, since)
    }

    fn compared(&self, id: Option<&str>, candidate: Revision, since: Timestamp) -> Result<Vec<RunComparison>> {
        self.read(|transaction| {
            let mut differences = transaction.prepare_cached(
                "SELECT number, live_status, candidate_status, live_replacement, candidate_replacement
                   FROM differences WHERE revision = ?1 AND run = ?2 ORDER BY number",
            )?;
            let mut statement = transaction.prepare_cached(
                "SELECT accounts.id, runs.decided_at, run, unknown, failure
                   FROM comparisons JOIN runs ON runs.id = run JOIN accounts ON accounts.key = runs.account
                  WHERE comparisons.revision = ?1 AND runs.decided_at >= ?2 AND (?3 IS NULL OR accounts.id = ?3) ORDER BY run",
            )?;
            let mut rows = statement.query(params![to_sql(candidate), to_sql(since), id])?;
            let mut compared = Vec::new();
            while let Some(row) = rows.next()? {
                let run: i64 = row.get(2)?;
                let differences = differences.query_map(params![to_sql(candidate), run], difference_from_row)?;
                let comparison = Comparison {
                    run: from_sql(run),
                    unknown: row.get(3)?,
                    failure: row.get(4)?,
                    differences: differences.collect::<rusqlite::Result<_>>()?,
                };
                compared.push(RunComparison { account: row.get(0)?, decided_at: from_sql(row.get(1)?), comparison });
            }
            Ok(compared)
        })
    }
}

fn difference_from_row(row: &rusqlite::Row) -> rusqlite::Result<Difference> {
    Ok(Difference {
        number: from_sql(row.get(0)?),
        live_status: status_from_sql(row.get(1)?),
        candidate_status: status_from_sql(row.get(2)?),
        live_replacement: row.get::<_, Option<i64>>(3)?.map(from_sql),
        candidate_replacement: row.get::<_, Option<i64>>(4)?.map(from_sql),
    })
}
