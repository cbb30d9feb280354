//! The monitored numbers that are suspect: as the latest plan says that looked at calls.

use crate::figures::grouped;
use crate::ledger::actors::Change;
use crate::ledger::events::{EventKind, append};
use crate::ledger::{Result, from_sql, to_sql};
use crate::phone::e164;
use dialguard::contract::{PhoneNumber, Suspect, SuspectTable, Timestamp};
use rusqlite::{Row, Transaction, params};
use std::collections::BTreeSet;

/// Since when a number is suspect, and the calls that say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suspicion {
    /// When a plan first called it suspect.
    pub since: Timestamp,
    /// Calls made in the days that the policy looked at.
    pub attempts: u32,
    /// Of those, the ones that somebody answered.
    pub answered: u32,
    /// Of the attempts, those that an analytics engine refused on the way.
    pub blocked: u32,
}

/// The columns of a number's suspicion, in a query that joins `suspects`.
pub(in crate::ledger) const SUSPICION: &str = "suspects.since AS suspect_since, suspects.attempts AS suspect_attempts, \
                                               suspects.answered AS suspect_answered, suspects.blocked AS suspect_blocked";

/// Of a row that has [`SUSPICION`].
pub(in crate::ledger) fn suspicion(row: &Row) -> rusqlite::Result<Option<Suspicion>> {
    let since: Option<i64> = row.get("suspect_since")?;
    let Some(since) = since.map(from_sql) else { return Ok(None) };
    let (attempts, answered) = (row.get("suspect_attempts")?, row.get("suspect_answered")?);
    Ok(Some(Suspicion { since, attempts, answered, blocked: row.get("suspect_blocked")? }))
}

/// These are suspect from now on, and no others. Returns those that were not before. The check has seen to it that all
/// are monitored.
pub(in crate::ledger) fn replace(
    transaction: &Change,
    (account, run): (i64, i64),
    suspects: &SuspectTable,
    now: Timestamp,
) -> Result<Vec<Suspect>> {
    let mut before = known(transaction, account)?;
    let mut keep = transaction.prepare_cached(
        "INSERT INTO suspects (number, account, since, attempts, answered, blocked) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (number) DO UPDATE
            SET attempts = excluded.attempts, answered = excluded.answered, blocked = excluded.blocked",
    )?;
    let mut newly = Vec::new();
    for suspect in suspects.rows().expect("the plan was checked") {
        let Suspect { number, attempts, answered, blocked } = suspect;
        keep.execute(params![to_sql(number), account, to_sql(now), attempts, answered, blocked])?;
        if !before.remove(&number) {
            let text = format!("{} is suspect: {}.", e164(number), in_words(attempts, answered, blocked));
            append(transaction, account, now, Some(run), EventKind::NumberSuspect, Some(number), &text)?;
            newly.push(suspect);
        }
    }
    for number in before {
        transaction.prepare_cached("DELETE FROM suspects WHERE number = ?1")?.execute([to_sql(number)])?;
        let text = format!("{} is no longer suspect.", e164(number));
        append(transaction, account, now, Some(run), EventKind::NumberNotSuspect, Some(number), &text)?;
    }
    Ok(newly)
}

fn known(transaction: &Transaction, account: i64) -> Result<BTreeSet<PhoneNumber>> {
    let mut statement = transaction.prepare_cached("SELECT number FROM suspects WHERE account = ?1")?;
    let numbers = statement.query_map([account], |row| Ok(from_sql(row.get(0)?)))?;
    Ok(numbers.collect::<rusqlite::Result<_>>()?)
}

fn in_words(attempts: u32, answered: u32, blocked: u32) -> String {
    let [attempts, answered, blocked] = [attempts, answered, blocked].map(|calls| grouped(calls.into()));
    format!("{answered} of {attempts} calls were answered, and {blocked} were blocked")
}

impl std::fmt::Display for Suspicion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&in_words(self.attempts, self.answered, self.blocked))
    }
}
