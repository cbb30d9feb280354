//! How far accounts' calls were read from the logs of their providers.

use crate::ledger::accounts::{every_account, profile};
use crate::ledger::{Ledger, Result, from_sql, to_sql};
use crate::zones::Zone;
use dialguard::contract::{PhoneNumber, Timestamp};
use rusqlite::{OptionalExtension, Transaction, params};

/// Characters of a problem that are kept.
const PROBLEM_CHARACTERS_MAX: usize = 500;

/// How far an account's calls were read from the log of its provider.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallReading {
    /// Hours that began before are known; none if none was read.
    pub read_until: Option<Timestamp>,
    /// The next reading by itself begins with the hour that begins then; none if none was read.
    pub settled_until: Option<Timestamp>,
    /// Why the latest reading ended early, in words; none if it did not.
    pub problem: Option<String>,
}

/// An account whose calls are in a provider's log.
#[derive(Debug, Clone)]
pub(crate) struct LoggedAccount {
    pub id: String,
    pub zone: Zone,
    pub reading: CallReading,
    /// The numbers that it has or had.
    pub numbers: Vec<PhoneNumber>,
}

impl Ledger {
    /// How far the account's calls were read from the log of the provider that it has now.
    pub fn call_reading(&self, id: &str) -> Result<CallReading> {
        self.read(|transaction| {
            let account = profile(transaction, id)?;
            match &account.buying.provider {
                Some(provider) => reading(transaction, account.key, provider),
                None => Ok(CallReading::default()),
            }
        })
    }

    /// The open accounts that have this provider, in the order of their ids.
    pub(crate) fn logged_accounts(&self, provider: &str) -> Result<Vec<LoggedAccount>> {
        self.read(|transaction| {
            let accounts = every_account(transaction)?.into_iter();
            let ours = accounts.filter(|it| it.closed_at.is_none() && it.buying.provider.as_deref() == Some(provider));
            ours.map(|account| {
                Ok(LoggedAccount {
                    reading: reading(transaction, account.key, provider)?,
                    numbers: numbers(transaction, account.key)?,
                    id: account.id,
                    zone: account.time_zone,
                })
            })
            .collect()
        })
    }

    /// Notes that the account's calls were read. What was read before stays read.
    pub(crate) fn note_calls_read(
        &self,
        id: &str,
        provider: &str,
        (read_until, settled_until): (Timestamp, Timestamp),
    ) -> Result<()> {
        self.change(|transaction| {
            let key = profile(transaction, id)?.key;
            transaction
                .prepare_cached(
                    "INSERT INTO call_readings (account, provider, read_until, settled_until) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (account) DO UPDATE
                        SET read_until = iif(provider = ?2, max(read_until, ?3), ?3),
                            settled_until = iif(provider = ?2, max(settled_until, ?4), ?4), provider = ?2",
                )?
                .execute(params![key, provider, to_sql(read_until), to_sql(settled_until.min(read_until))])?;
            Ok(())
        })
    }

    /// Notes how the latest reading ended.
    pub(crate) fn note_call_problem(&self, id: &str, provider: &str, problem: Option<&str>) -> Result<()> {
        let problem = problem.map(|words| words.chars().take(PROBLEM_CHARACTERS_MAX).collect::<String>());
        self.change(|transaction| {
            let key = profile(transaction, id)?.key;
            transaction
                .prepare_cached(
                    "INSERT INTO call_readings (account, provider, problem) VALUES (?1, ?2, ?3)
                     ON CONFLICT (account) DO UPDATE
                        SET read_until = iif(provider = ?2, read_until, 0),
                            settled_until = iif(provider = ?2, settled_until, 0), provider = ?2, problem = ?3",
                )?
                .execute(params![key, provider, problem])?;
            Ok(())
        })
    }
}

fn reading(transaction: &Transaction, account: i64, provider: &str) -> Result<CallReading> {
    let mut statement = transaction.prepare_cached(
        "SELECT read_until, settled_until, problem FROM call_readings WHERE account = ?1 AND provider = ?2",
    )?;
    let time = |at: i64| Some(from_sql(at)).filter(|at| *at > 0);
    let reading = statement.query_row(params![account, provider], |row| {
        Ok(CallReading { read_until: time(row.get(0)?), settled_until: time(row.get(1)?), problem: row.get(2)? })
    });
    Ok(reading.optional()?.unwrap_or_default())
}

/// Those whose calls may be imported.
fn numbers(transaction: &Transaction, account: i64) -> Result<Vec<PhoneNumber>> {
    let mut statement = transaction
        .prepare_cached("SELECT number FROM numbers WHERE account = ?1 AND state IN ('owned', 'released')")?;
    let numbers = statement.query_map([account], |row| Ok(from_sql(row.get(0)?)))?;
    Ok(numbers.collect::<rusqlite::Result<_>>()?)
}
