//! How well an account is watched: when it was checked and when it is next, which sources answer, and whether the mark of
//! a number is still true.
//!
//! **The rule of stale marks.** Each day has a check, due at the account's review time. A rating counts for one day. Two
//! hours ([`GRACE_SECONDS`]) after a day's check was due, its ratings are expected: from then on, the mark of a number
//! whose latest rating is for an earlier day is *stale*. It is what carriers said then, and nobody knows what they say
//! now. A number that was never rated has no mark that could be stale: it is pending, or *checking* as long as its first
//! check is awaited. Nothing else depends on this: to a policy, a status is a status.

pub(in crate::ledger) mod sources;

use crate::ledger::accounts::days::next_check_at;
use crate::ledger::accounts::{AccountProfile, profile};
use crate::ledger::numbers::KnownNumber;
use crate::ledger::numbers::status::status_from_sql;
use crate::ledger::{Ledger, Result, from_sql, to_sql};
use dialguard::contract::{Status, Timestamp};
use rusqlite::{OptionalExtension, Transaction, params};
use sources::SourceHealth;

/// How long after a check was due its ratings are expected, in seconds. The check is open for at least as long.
pub const GRACE_SECONDS: u64 = 2 * 60 * 60;

/// How long the first check of a number is awaited, in seconds. No run takes longer.
const CHECKING_SECONDS: u64 = 10 * 60;

/// Of this many numbers one may be without a rating before that is trouble: a carrier need not know every number.
const UNRATED_ONE_OF: u32 = 10;

/// What the mark of a monitored number rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// A rating of the latest check that is due.
    Current,
    /// An older rating.
    Stale,
    /// Nothing yet: its first check is about to be made, or is under way.
    Checking,
    /// Nothing: it could not be rated so far.
    Unrated,
}

/// Monitored numbers by what their marks rest on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MarkCounts {
    /// All of them.
    pub monitored: u32,
    /// Those with a rating of the latest check that is due.
    pub current: u32,
    /// Those with an older rating.
    pub stale: u32,
    /// Of the stale ones, those whose status is clean.
    pub stale_clean: u32,
    /// Those whose first check is awaited.
    pub checking: u32,
    /// When one of them was last rated; none if none ever was.
    pub last_rated_at: Option<Timestamp>,
}

impl MarkCounts {
    /// Those without a rating that counts, the ones that are being checked left aside.
    pub fn unrated(&self) -> u32 {
        self.monitored - self.current - self.checking
    }
}

/// How well an account is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checks {
    /// Its numbers.
    pub marks: MarkCounts,
    /// When its next check is due, which is the present if one is due; none while the add-on is off.
    pub next_at: Option<Timestamp>,
    /// Every source, in the order of their names.
    pub sources: Vec<SourceHealth>,
    /// What keeps numbers from being rated; none if nothing does.
    pub trouble: Option<Trouble>,
}

/// What keeps an account's numbers from being rated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// There is no source.
    NoSource,
    /// No number was rated, because no source answers.
    NoAnswer {
        /// When the first source is asked again that is not called for a while after repeated failures; none if all are.
        circuit_open_until: Option<Timestamp>,
    },
    /// No number was rated, because the check was not made: nothing runs the schedule.
    NotMade,
    /// Sources answered, and no number was rated: too few carriers have a recent opinion.
    TooFewOpinions,
    /// Some numbers were rated, and at least a tenth was not.
    PartlyRated,
}

impl AccountProfile {
    /// The first instant of the latest day whose ratings are expected at `now`: see the rule of stale marks.
    pub fn rated_if_since(&self, now: Timestamp) -> Timestamp {
        let mut day = self.day(now);
        while day.review_due_at + GRACE_SECONDS > now && day.starts_at > 0 {
            day = self.day_before(&day);
        }
        day.starts_at
    }

    /// What a number's mark rests on at `now`; none if it is not monitored.
    pub fn freshness(&self, known: &KnownNumber, now: Timestamp) -> Option<Freshness> {
        let since = known.monitored_since?;
        Some(match known.rated_day {
            Some(day) if day < self.rated_if_since(now) => Freshness::Stale,
            Some(_) => Freshness::Current,
            None if self.awaits_first_checks(now) && since + CHECKING_SECONDS > now => Freshness::Checking,
            None => Freshness::Unrated,
        })
    }

    /// Whether first checks are due and may be made: there is no pause after a try in vain.
    fn awaits_first_checks(&self, now: Timestamp) -> bool {
        self.enabled && self.closed_at.is_none() && self.check_next_at <= now
    }
}

impl Ledger {
    /// The account's monitored numbers at `now`, by what their marks rest on.
    pub fn mark_counts(&self, id: &str, now: Timestamp) -> Result<MarkCounts> {
        self.read(|transaction| mark_counts(transaction, &profile(transaction, id)?, now))
    }

    /// How well the account is watched at `now`, by what its runs have left behind.
    pub fn checks(&self, id: &str, now: Timestamp) -> Result<Checks> {
        self.read(|transaction| {
            let account = profile(transaction, id)?;
            let marks = mark_counts(transaction, &account, now)?;
            let next_at = next_check_at(transaction, &account, now)?;
            let sources = sources::health(transaction, &account, now)?;
            let trouble = trouble(transaction, &account, (&marks, &sources), now)?;
            Ok(Checks { marks, next_at, sources, trouble })
        })
    }
}

fn mark_counts(transaction: &Transaction, account: &AccountProfile, now: Timestamp) -> Result<MarkCounts> {
    let awaited_since = if account.awaits_first_checks(now) { now.saturating_sub(CHECKING_SECONDS) } else { now };
    let mut statement = transaction.prepare_cached(
        "SELECT status, count(*), ifnull(sum(rated_day >= ?2), 0), ifnull(sum(rated_day < ?2), 0),
                ifnull(sum(rated_day IS NULL AND monitored_since > ?3), 0), max(last_rated_at)
           FROM monitored WHERE account = ?1 GROUP BY status",
    )?;
    let mut rows = statement.query(params![account.key, to_sql(account.rated_if_since(now)), to_sql(awaited_since)])?;
    let mut marks = MarkCounts::default();
    while let Some(row) = rows.next()? {
        let stale: u32 = row.get(3)?;
        marks.monitored += row.get::<_, u32>(1)?;
        marks.current += row.get::<_, u32>(2)?;
        marks.stale += stale;
        marks.stale_clean += if status_from_sql(row.get(0)?) == Status::Clean { stale } else { 0 };
        marks.checking += row.get::<_, u32>(4)?;
        marks.last_rated_at = marks.last_rated_at.max(row.get::<_, Option<i64>>(5)?.map(from_sql));
    }
    Ok(marks)
}

fn trouble(
    transaction: &Transaction,
    account: &AccountProfile,
    (marks, sources): (&MarkCounts, &[SourceHealth]),
    now: Timestamp,
) -> Result<Option<Trouble>> {
    if !account.enabled || account.closed_at.is_some() || marks.monitored == 0 {
        return Ok(None);
    }
    if sources.is_empty() {
        return Ok(Some(Trouble::NoSource));
    }
    if marks.unrated() == 0 {
        return Ok(None);
    }
    if marks.current > 0 {
        let is_much = marks.unrated().saturating_mul(UNRATED_ONE_OF) >= marks.monitored;
        return Ok(is_much.then_some(Trouble::PartlyRated));
    }
    Ok(Some(if !was_tried(transaction, account, now)? {
        Trouble::NotMade
    } else if sources.iter().any(SourceHealth::answers) {
        Trouble::TooFewOpinions
    } else {
        Trouble::NoAnswer { circuit_open_until: sources.iter().filter_map(|source| source.circuit_open_until).min() }
    }))
}

/// Whether a check was tried since the latest day began whose ratings are expected. A try in vain is no run.
fn was_tried(transaction: &Transaction, account: &AccountProfile, now: Timestamp) -> Result<bool> {
    let since = account.rated_if_since(now);
    let latest: Option<i64> = transaction
        .prepare_cached(
            "SELECT decided_at FROM runs WHERE account = ?1 AND kind = 'review' ORDER BY based_on DESC LIMIT 1",
        )?
        .query_row([account.key], |row| row.get(0))
        .optional()?;
    let is_noted = account.check_tries > 0 && account.check_since >= since;
    Ok(is_noted || latest.is_some_and(|at| from_sql(at) >= since))
}
