//! How calls from an account's numbers went, by number and hour.
//!
//! A report of an hour states all of a number's calls in it and replaces what was known, so that sending it again changes
//! nothing. Calls are observations, like what carriers answer: they do not change the account, and a run that is under
//! way goes on.

use crate::ledger::accounts::{AccountProfile, profile};
use crate::ledger::{Ledger, Result, asked_to_sql, from_sql, never_back, stop, time, to_sql};
use crate::zones::Zone;
use chrono::Offset;
use dialguard::calendar::{NaiveDate, utc};
use dialguard::contract::{CallTotals, PhoneNumber, Timestamp};
use rusqlite::{OptionalExtension, Row, Transaction, params};
use std::collections::BTreeMap;

/// How long the calls of an hour are kept, in days.
pub const CALLS_KEPT_DAYS: u64 = 60;

/// Calls from a number in an hour, at most: a thousand lines at a time, each for a few seconds.
pub const CALLS_OF_HOUR_MAX: u32 = 1_000_000;

/// Hours of numbers that an account has, at most, which take 256 MiB. With more the oldest are forgotten: 5,000 numbers
/// that call all day have 60 days, and 70,000 the three that a policy looks at.
const HOURS_MAX: u64 = 5_000_000;

/// Hours of numbers that are forgotten in one change, so that others wait for a fraction of a second.
const FORGOTTEN_MAX: u64 = 50_000;

const HOUR: u64 = 3_600;

/// How a number's calls in an hour went. More calls are never answered than made, nor short ones than answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallCounts {
    attempts: u32,
    answered: u32,
    short: u32,
    blocked: u32,
}

/// Counts of calls that cannot be: says which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ImpossibleCounts {
    /// More than can be made.
    #[error("an hour has at most {CALLS_OF_HOUR_MAX} calls of a number")]
    Attempts,
    /// More calls answered than made.
    #[error("more calls are answered than made")]
    Answered,
    /// More short calls than answered ones.
    #[error("more calls are short than answered")]
    Short,
    /// More calls blocked than made.
    #[error("more calls are blocked than made")]
    Blocked,
}

impl CallCounts {
    /// Calls made; of those the ones that somebody answered; of these the ones over within 6 seconds; and of those made
    /// the ones that an analytics engine refused on the way.
    pub fn new(attempts: u32, answered: u32, short: u32, blocked: u32) -> std::result::Result<Self, ImpossibleCounts> {
        match () {
            () if attempts > CALLS_OF_HOUR_MAX => Err(ImpossibleCounts::Attempts),
            () if answered > attempts => Err(ImpossibleCounts::Answered),
            () if short > answered => Err(ImpossibleCounts::Short),
            () if blocked > attempts => Err(ImpossibleCounts::Blocked),
            () => Ok(CallCounts { attempts, answered, short, blocked }),
        }
    }

    /// These and more calls of the same hour, at most as many as an hour can have.
    pub(crate) fn with(self, more: CallCounts) -> Self {
        let sum = |one: u32, other: u32| (one + other).min(CALLS_OF_HOUR_MAX);
        CallCounts {
            attempts: sum(self.attempts, more.attempts),
            answered: sum(self.answered, more.answered),
            short: sum(self.short, more.short),
            blocked: sum(self.blocked, more.blocked),
        }
    }
}

impl From<CallCounts> for CallTotals {
    fn from(CallCounts { attempts, answered, short, blocked }: CallCounts) -> Self {
        CallTotals {
            attempts: attempts.into(),
            answered: answered.into(),
            short: short.into(),
            blocked: blocked.into(),
        }
    }
}

const NO_CALLS: CallTotals = CallTotals { attempts: 0, answered: 0, short: 0, blocked: 0 };

fn sum(one: CallTotals, other: CallTotals) -> CallTotals {
    CallTotals {
        attempts: one.attempts + other.attempts,
        answered: one.answered + other.answered,
        short: one.short + other.short,
        blocked: one.blocked + other.blocked,
    }
}

/// From four columns, the first of which is at `place`.
fn totals_from_row(row: &Row, place: usize) -> rusqlite::Result<CallTotals> {
    let sum = |place: usize| Ok::<_, rusqlite::Error>(from_sql(row.get(place)?));
    Ok(CallTotals {
        attempts: sum(place)?,
        answered: sum(place + 1)?,
        short: sum(place + 2)?,
        blocked: sum(place + 3)?,
    })
}

/// All of a number's calls in an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallHour {
    /// The number that called.
    pub number: PhoneNumber,
    /// When the hour begins, by [`hour_of`] the account's zone.
    pub hour: Timestamp,
    /// How the calls went.
    pub calls: CallCounts,
}

/// The outcome for one hour of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallOutcome {
    /// Nothing was known of this number in this hour.
    New,
    /// Something else was known.
    Changed,
    /// The same was known.
    Known,
    /// The number is not, and was not, the account's.
    NotOwned,
    /// The account's clock does not strike at that time.
    NoHour,
    /// The hour has not begun.
    Ahead,
    /// It would be forgotten at once.
    TooOld,
}

impl CallOutcome {
    /// Why the hour was refused, to follow the number in a sentence; none if it is known from now on.
    pub fn refusal(self) -> Option<&'static str> {
        match self {
            CallOutcome::New | CallOutcome::Changed | CallOutcome::Known => None,
            CallOutcome::NotOwned => Some("is not a number of this account"),
            CallOutcome::NoHour => Some("has calls of an hour that does not begin on the hour of the account's clock"),
            CallOutcome::Ahead => Some("has calls in the future"),
            CallOutcome::TooOld => Some("has calls more than 60 days old, which are not kept"),
        }
    }
}

/// When the hour of `at` began: when a clock in this zone last struck. Where clocks move by half an hour, as on Lord Howe
/// Island, the two hours around that overlap, and the later one counts.
pub fn hour_of(at: Timestamp, zone: Zone) -> Timestamp {
    let offset = i64::from(utc(at).with_timezone(&zone).offset().fix().local_minus_utc());
    let since = (at as i64 + offset).rem_euclid(HOUR as i64);
    at.saturating_sub(since as u64)
}

/// A number and how its calls went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberTotals {
    /// The number.
    pub number: PhoneNumber,
    /// How its calls went.
    pub calls: CallTotals,
}

/// A local date and how calls went on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallDay {
    /// The account's date.
    pub date: NaiveDate,
    /// How the calls went.
    pub calls: CallTotals,
}

impl Ledger {
    /// Imports how calls went; returns the outcome for each hour, in the order given. Of several with the same number and
    /// hour the last counts. Many are imported in parts, see [`Ledger::import_calls_while`].
    pub fn import_calls(&self, id: &str, hours: &[CallHour], now: Timestamp) -> Result<Vec<CallOutcome>> {
        self.import_calls_while(id, hours, now, |_| true)
    }

    /// The same for as long as `go_on` returns true, which is called with the number of outcomes so far. Each part is one
    /// transaction of a fraction of a second. Importing the same hours again imports the rest.
    ///
    /// Fails with [`LedgerError::Stopped`](crate::ledger::LedgerError::Stopped) if any part has been imported before the
    /// failure.
    pub fn import_calls_while(
        &self,
        id: &str,
        hours: &[CallHour],
        now: Timestamp,
        mut go_on: impl FnMut(usize) -> bool,
    ) -> Result<Vec<CallOutcome>> {
        self.change_in_parts(
            hours,
            |transaction, part| {
                let mut import = CallImport::new(transaction, id, now)?;
                let outcomes = part.items().map(|hour| import.take(hour)).collect::<Result<Vec<_>>>()?;
                forget(transaction, import.account.key, import.now)?;
                Ok(outcomes)
            },
            &mut go_on,
        )
    }

    /// The outcomes that [`Ledger::import_calls`] would return now for hours of which each is given once. Nothing is
    /// changed.
    pub fn preview_calls(&self, id: &str, hours: &[CallHour], now: Timestamp) -> Result<Vec<CallOutcome>> {
        self.read(|transaction| {
            let mut import = CallImport::new(transaction, id, now)?;
            let outcome = |hour| {
                stop::check()?;
                import.outcome(hour)
            };
            hours.iter().map(outcome).collect()
        })
    }

    /// How the account's calls went altogether in the hours that ended after `since`.
    pub fn call_totals(&self, id: &str, since: Timestamp) -> Result<CallTotals> {
        self.read(|transaction| totals(transaction, profile(transaction, id)?.key, since))
    }

    /// How calls from each of these numbers went in the hours that ended after `since`, in the order asked.
    pub fn call_sums(&self, id: &str, numbers: &[PhoneNumber], since: Timestamp) -> Result<Vec<CallTotals>> {
        self.read(|transaction| sums(transaction, profile(transaction, id)?.key, numbers, since))
    }

    /// The numbers above `after` that made calls in the hours that ended after `since`, in ascending order, at most
    /// `limit`, and how they went.
    pub fn calls_by_number(
        &self,
        id: &str,
        since: Timestamp,
        after: PhoneNumber,
        limit: u32,
    ) -> Result<Vec<NumberTotals>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT number, sum(attempts), sum(answered), sum(short), sum(blocked) FROM calls
                  WHERE account = ?1 AND number > ?2 AND hour > ?3 GROUP BY number ORDER BY number LIMIT ?4",
            )?;
            let key = profile(transaction, id)?.key;
            let numbers = statement
                .query_map(params![key, asked_to_sql(after), beginning_after(since), limit], |row| {
                    Ok(NumberTotals { number: from_sql(row.get(0)?), calls: totals_from_row(row, 1)? })
                })?;
            Ok(numbers.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// How a number's calls went on each local date of which calls are known, oldest first.
    pub fn calls_by_day(&self, id: &str, number: PhoneNumber) -> Result<Vec<CallDay>> {
        self.read(|transaction| {
            let account = profile(transaction, id)?;
            let mut statement = transaction.prepare_cached(
                "SELECT hour, attempts, answered, short, blocked FROM calls WHERE account = ?1 AND number = ?2",
            )?;
            let mut hours = statement.query(params![account.key, asked_to_sql(number)])?;
            let mut days: BTreeMap<NaiveDate, CallTotals> = BTreeMap::new();
            while let Some(hour) = hours.next()? {
                let day = days.entry(account.local_date(from_sql(hour.get(0)?))).or_insert(NO_CALLS);
                *day = sum(*day, totals_from_row(hour, 1)?);
            }
            Ok(days.into_iter().map(|(date, calls)| CallDay { date, calls }).collect())
        })
    }
}

/// What is known of an account while an import looks at hour after hour.
struct CallImport<'t> {
    transaction: &'t Transaction<'t>,
    account: AccountProfile,
    now: Timestamp,
    /// The number of the hour before, and whether it is the account's: files have many hours of one number.
    last: Option<(PhoneNumber, bool)>,
}

impl<'t> CallImport<'t> {
    fn new(transaction: &'t Transaction<'t>, id: &str, now: Timestamp) -> Result<Self> {
        let account = profile(transaction, id)?;
        account.ensure_open()?;
        let now = never_back(id, now, account.changed_at)?;
        time::check(transaction, now)?;
        Ok(CallImport { transaction, account, now, last: None })
    }

    fn take(&mut self, hour: &CallHour) -> Result<CallOutcome> {
        let outcome = self.outcome(hour)?;
        if matches!(outcome, CallOutcome::New | CallOutcome::Changed) {
            store(self.transaction, self.account.key, hour)?;
        }
        Ok(outcome)
    }

    fn outcome(&mut self, hour: &CallHour) -> Result<CallOutcome> {
        Ok(match hour.hour {
            _ if !self.is_ours(hour.number)? => CallOutcome::NotOwned,
            at if at > self.now => CallOutcome::Ahead,
            at if at < kept_since(self.now) => CallOutcome::TooOld,
            at if at != hour_of(at, self.account.time_zone) => CallOutcome::NoHour,
            _ => match self.known(hour)? {
                None => CallOutcome::New,
                Some(calls) if calls == hour.calls => CallOutcome::Known,
                Some(_) => CallOutcome::Changed,
            },
        })
    }

    /// Calls of a number that was replaced yesterday are still the account's.
    fn is_ours(&mut self, number: PhoneNumber) -> Result<bool> {
        if let Some((last, is_ours)) = self.last
            && last == number
        {
            return Ok(is_ours);
        }
        let sql = "SELECT EXISTS (SELECT 1 FROM numbers
                                   WHERE number = ?2 AND account = ?1 AND state IN ('owned', 'released'))";
        let is_ours = self
            .transaction
            .prepare_cached(sql)?
            .query_row(params![self.account.key, asked_to_sql(number)], |row| row.get(0))?;
        self.last = Some((number, is_ours));
        Ok(is_ours)
    }

    fn known(&self, hour: &CallHour) -> Result<Option<CallCounts>> {
        let sql =
            "SELECT attempts, answered, short, blocked FROM calls WHERE account = ?1 AND number = ?2 AND hour = ?3";
        let key = params![self.account.key, to_sql(hour.number), to_sql(hour.hour)];
        let known = self.transaction.prepare_cached(sql)?.query_row(key, |row| {
            Ok(CallCounts { attempts: row.get(0)?, answered: row.get(1)?, short: row.get(2)?, blocked: row.get(3)? })
        });
        Ok(known.optional()?)
    }
}

/// Replaces what is known of the hour. After a change of time zone, an hour of the old clock may overlap it.
fn store(transaction: &Transaction, account: i64, hour: &CallHour) -> Result<()> {
    let CallHour { number, hour, calls } = hour;
    let (number, hour) = (to_sql(*number), to_sql(*hour));
    transaction
        .prepare_cached(
            "DELETE FROM calls WHERE account = ?1 AND number = ?2 AND hour > ?3 - 3600 AND hour < ?3 + 3600",
        )?
        .execute(params![account, number, hour])?;
    transaction
        .prepare_cached(
            "INSERT INTO calls (account, number, hour, attempts, answered, short, blocked)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![account, number, hour, calls.attempts, calls.answered, calls.short, calls.blocked])?;
    Ok(())
}

/// Forgets the oldest hours: those past their time and those that have no room, though not more than a change has time
/// for.
pub(in crate::ledger) fn forget(transaction: &Transaction, account: i64, now: Timestamp) -> Result<()> {
    let (hours, expired): (i64, i64) = transaction
        .prepare_cached(
            "SELECT ifnull(sum(numbers), 0), ifnull(sum(numbers) FILTER (WHERE hour < ?2), 0)
               FROM call_hours WHERE account = ?1",
        )?
        .query_row(params![account, to_sql(kept_since(now))], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let excess = from_sql(hours).saturating_sub(HOURS_MAX).max(from_sql(expired)).min(FORGOTTEN_MAX);
    if excess > 0 {
        transaction
            .prepare_cached(
                "DELETE FROM calls WHERE account = ?1 AND (number, hour) IN
                        (SELECT number, hour FROM calls WHERE account = ?1 ORDER BY hour LIMIT ?2)",
            )?
            .execute(params![account, to_sql(excess)])?;
    }
    Ok(())
}

fn kept_since(now: Timestamp) -> Timestamp {
    now.saturating_sub(CALLS_KEPT_DAYS * 86_400)
}

/// Hours that begin after this one end after `since`.
fn beginning_after(since: Timestamp) -> i64 {
    asked_to_sql(since).saturating_sub(HOUR as i64)
}

/// How calls from each of these numbers went in the hours that ended after `since`, in the order asked.
pub(in crate::ledger) fn sums(
    transaction: &Transaction,
    account: i64,
    numbers: &[PhoneNumber],
    since: Timestamp,
) -> Result<Vec<CallTotals>> {
    let numbers: Vec<i64> = numbers.iter().map(|number| asked_to_sql(*number)).collect();
    let numbers = serde_json::to_string(&numbers).expect("numbers are plain values");
    let mut statement = transaction.prepare_cached(
        "SELECT ifnull(sum(attempts), 0), ifnull(sum(answered), 0), ifnull(sum(short), 0), ifnull(sum(blocked), 0)
           FROM json_each(?2) AS asked
                LEFT JOIN calls ON calls.account = ?1 AND calls.number = asked.value AND hour > ?3
          GROUP BY asked.key ORDER BY asked.key",
    )?;
    let sums = statement.query_map(params![account, numbers, beginning_after(since)], |row| totals_from_row(row, 0))?;
    Ok(sums.collect::<rusqlite::Result<_>>()?)
}

/// How the account's calls went altogether in the hours that ended after `since`.
pub(in crate::ledger) fn totals(transaction: &Transaction, account: i64, since: Timestamp) -> Result<CallTotals> {
    let mut statement = transaction.prepare_cached(
        "SELECT ifnull(sum(attempts), 0), ifnull(sum(answered), 0), ifnull(sum(short), 0), ifnull(sum(blocked), 0)
           FROM call_hours WHERE account = ?1 AND hour > ?2",
    )?;
    Ok(statement.query_row(params![account, beginning_after(since)], |row| totals_from_row(row, 0))?)
}
