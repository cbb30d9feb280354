//! How an account's numbers were rated on past local dates, and how many of them each source scored.
//!
//! It is counted in the transaction that applies a review, so that no page reads the numbers of an account, or the record of
//! a run, to draw what was.

use crate::ledger::accounts::days::Day;
use crate::ledger::accounts::{AccountProfile, profile};
use crate::ledger::numbers::status::status_to_sql;
use crate::ledger::runs::recordings;
use crate::ledger::{Ledger, Result, from_sql, to_sql};
use chrono::{Days, NaiveDate};
use dialguard::contract::{PhoneNumber, Plan, Review, Status, Timestamp};
use rusqlite::{Row, Transaction, params};
use std::collections::HashMap;

/// Local dates whose ratings are shown, today's included.
pub const RATED_DAYS: u32 = 30;

/// Local dates of which each number's rating is kept.
const PAST_DAYS_MAX: u32 = 31;

/// Bits of a day in [`PastDays`], and those of the newest one.
const BITS: u32 = 2;
const NEWEST: i64 = 0b11;
const ALL: i64 = (1 << (BITS * PAST_DAYS_MAX)) - 1;

/// What a rating does to `past_days`, with `?8` for its date and `?9` for its status. [`PastDays::with`] does the same.
pub(in crate::ledger) const RATE_PAST_DAYS: &str =
    "past_days = ((past_days << (2 * (max(past_days_until, ?8) - past_days_until))) & 4611686018427387900) | ?9,
     past_days_until = max(past_days_until, ?8)";

/// How a number was rated on each of the latest local dates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PastDays {
    packed: i64,
    /// The newest date, in days since 1970-01-01.
    until: i64,
}

impl PastDays {
    /// How the number was rated on this date; none if it was not, or if that is too long ago.
    pub fn on(&self, date: NaiveDate) -> Option<Status> {
        let ago = u32::try_from(self.until - day_number(date)).ok().filter(|ago| *ago < PAST_DAYS_MAX)?;
        match (self.packed >> (BITS * ago)) & NEWEST {
            1 => Some(Status::Clean),
            2 => Some(Status::AtRisk),
            3 => Some(Status::Flagged),
            _ => None,
        }
    }

    /// The columns `past_days` and `past_days_until`.
    pub(in crate::ledger) fn of(row: &Row) -> rusqlite::Result<Self> {
        Ok(PastDays { packed: row.get("past_days")?, until: row.get("past_days_until")? })
    }

    /// With one more rating. One for the same date counts instead of the one before.
    fn with(self, date: NaiveDate, status: Status) -> Self {
        let until = day_number(date).max(self.until);
        let shift = u32::try_from(BITS as i64 * (until - self.until)).ok().filter(|shift| *shift < i64::BITS);
        let earlier = shift.map_or(0, |shift| self.packed << shift) & (ALL - NEWEST);
        PastDays { packed: earlier | i64::from(status_to_sql(status)), until }
    }
}

/// A local date in days since 1970-01-01.
pub(in crate::ledger) fn day_number(date: NaiveDate) -> i64 {
    (date - NaiveDate::default()).num_days()
}

/// How an account's numbers were rated on a local date. A day on which none was rated has zeros only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RatedDay {
    /// The date.
    pub date: NaiveDate,
    /// Numbers that were rated clean.
    pub clean: u32,
    /// Those that were rated at risk.
    pub at_risk: u32,
    /// Those that were rated flagged, before any was replaced.
    pub flagged: u32,
    /// Monitored numbers that were not rated, though others were.
    pub not_rated: u32,
}

impl RatedDay {
    /// Numbers that were rated.
    pub fn rated(&self) -> u32 {
        self.clean + self.at_risk + self.flagged
    }

    fn without_ratings(date: NaiveDate) -> Self {
        RatedDay { date, clean: 0, at_risk: 0, flagged: 0, not_rated: 0 }
    }
}

/// What a source answered when it was asked about numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceAnswers {
    /// The source.
    pub source: String,
    /// Numbers that it was asked about.
    pub asked: u32,
    /// Those of them that it scored.
    pub answered: u32,
}

/// What a source answered on a local date, in the largest check of that date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceDay {
    /// The date.
    pub date: NaiveDate,
    /// Numbers that it was asked about.
    pub asked: u64,
    /// Those of them that it scored.
    pub answered: u64,
}

/// What a source answered on past local dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceDays {
    /// The source.
    pub source: String,
    /// The dates on which it was asked, the oldest first.
    pub days: Vec<SourceDay>,
}

impl SourceDays {
    /// Numbers scored, and numbers asked about, on all dates from this one on.
    pub fn answered_since(&self, first: NaiveDate) -> (u64, u64) {
        let days = self.days.iter().filter(|day| day.date >= first);
        days.fold((0, 0), |(answered, asked), day| (answered + day.answered, asked + day.asked))
    }
}

/// How an account's numbers were rated lately, and what its sources answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatedDays {
    /// [`RATED_DAYS`] local dates, the oldest first and today's last.
    pub days: Vec<RatedDay>,
    /// Every source that was asked, by name.
    pub sources: Vec<SourceDays>,
}

impl Ledger {
    /// How the account's numbers were rated on the latest local dates until `now`, and what its sources answered.
    pub fn rated_days(&self, id: &str, now: Timestamp) -> Result<RatedDays> {
        self.read(|transaction| {
            let account = profile(transaction, id)?;
            let today = account.day(now).date;
            let first = today - Days::new(u64::from(RATED_DAYS) - 1);
            let known = known_days(transaction, account.key, (first, today))?;
            let day = |date: NaiveDate| known.get(&date).copied().unwrap_or_else(|| RatedDay::without_ratings(date));
            let days = first.iter_days().take(RATED_DAYS as usize).map(day).collect();
            let sources = sources_since(transaction, "account = ?2", Some(account.key), first)?;
            Ok(RatedDays { days, sources })
        })
    }

    /// What every source answered since this date, in all accounts.
    pub fn source_days(&self, since: NaiveDate) -> Result<Vec<SourceDays>> {
        self.read(|transaction| sources_since(transaction, "?2 IS NULL", None, since))
    }
}

fn known_days(
    transaction: &Transaction,
    account: i64,
    (first, last): (NaiveDate, NaiveDate),
) -> Result<HashMap<NaiveDate, RatedDay>> {
    let mut statement = transaction.prepare_cached(
        "SELECT date, clean, at_risk, flagged, monitored FROM rated_days
          WHERE account = ?1 AND date BETWEEN ?2 AND ?3",
    )?;
    let mut rows = statement.query(params![account, first.to_string(), last.to_string()])?;
    let mut known = HashMap::new();
    while let Some(row) = rows.next()? {
        let Some(date) = read_date(row, 0)? else { continue };
        let mut day = RatedDay { clean: row.get(1)?, at_risk: row.get(2)?, flagged: row.get(3)?, date, not_rated: 0 };
        day.not_rated = row.get::<_, u32>(4)?.saturating_sub(day.rated());
        known.insert(date, day);
    }
    Ok(known)
}

fn sources_since(
    transaction: &Transaction,
    is_meant: &str,
    account: Option<i64>,
    since: NaiveDate,
) -> Result<Vec<SourceDays>> {
    let mut statement = transaction.prepare_cached(&format!(
        "SELECT source, date, sum(asked), sum(answered) FROM source_days WHERE date >= ?1 AND {is_meant}
          GROUP BY source, date ORDER BY source, date"
    ))?;
    let mut rows = statement.query(params![since.to_string(), account])?;
    let mut sources: Vec<SourceDays> = Vec::new();
    while let Some(row) = rows.next()? {
        let Some(date) = read_date(row, 1)? else { continue };
        let (asked, answered) = (from_sql(row.get(2)?), from_sql(row.get(3)?));
        let (source, day): (String, _) = (row.get(0)?, SourceDay { date, asked, answered });
        match sources.last_mut().filter(|last| last.source == source) {
            Some(last) => last.days.push(day),
            None => sources.push(SourceDays { source, days: vec![day] }),
        }
    }
    Ok(sources)
}

fn read_date(row: &Row, column: usize) -> rusqlite::Result<Option<NaiveDate>> {
    Ok(row.get_ref(column)?.as_str()?.parse().ok())
}

/// Counts the numbers that a plan rates for this day. Each is rated once a day, so they add up.
pub(in crate::ledger) fn note_ratings(
    transaction: &Transaction,
    account: &AccountProfile,
    day: &Day,
    plan: &Plan,
) -> Result<()> {
    let reviews = plan.reviews.rows().into_iter().flatten();
    add(transaction, account.key, &day.date.to_string(), Counts::of(reviews), account.occupied)?;
    Ok(())
}

/// Ratings by status.
#[derive(Default)]
struct Counts {
    clean: u32,
    at_risk: u32,
    flagged: u32,
}

impl Counts {
    fn of(reviews: impl Iterator<Item = Review>) -> Self {
        let mut counts = Counts::default();
        for review in reviews.filter(|review| review.answering > 0) {
            match review.status {
                Status::Clean => counts.clean += 1,
                Status::AtRisk => counts.at_risk += 1,
                Status::Flagged => counts.flagged += 1,
                Status::Pending => {}
            }
        }
        counts
    }
}

fn add(transaction: &Transaction, account: i64, date: &str, counts: Counts, monitored: u32) -> rusqlite::Result<()> {
    let Counts { clean, at_risk, flagged } = counts;
    if clean + at_risk + flagged == 0 {
        return Ok(());
    }
    transaction
        .prepare_cached(
            "INSERT INTO rated_days (account, date, clean, at_risk, flagged, monitored) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (account, date) DO UPDATE
                SET clean = clean + excluded.clean, at_risk = at_risk + excluded.at_risk,
                    flagged = flagged + excluded.flagged, monitored = excluded.monitored",
        )?
        .execute(params![account, date, clean, at_risk, flagged, monitored])?;
    Ok(())
}

/// Notes what sources answered in a check for this day, if it is the day's largest so far, and forgets what is older than a
/// month. A source that was removed meanwhile has no days.
pub(in crate::ledger) fn note_answers(
    transaction: &Transaction,
    account: &AccountProfile,
    day: &Day,
    by_source: &[SourceAnswers],
) -> Result<()> {
    let mut note = transaction.prepare_cached(
        "INSERT INTO source_days (account, source, date, asked, answered)
         SELECT ?1, name, ?3, ?4, ?5 FROM sources WHERE name = ?2
         ON CONFLICT (account, source, date) DO UPDATE SET asked = excluded.asked, answered = excluded.answered
             WHERE (excluded.asked, excluded.answered) > (asked, answered)",
    )?;
    let mut forget =
        transaction.prepare_cached("DELETE FROM source_days WHERE account = ?1 AND source = ?2 AND date < ?3")?;
    let oldest = (day.date - Days::new(u64::from(PAST_DAYS_MAX))).to_string();
    for SourceAnswers { source, asked, answered } in by_source.iter().filter(|answers| answers.asked > 0) {
        note.execute(params![account.key, source, day.date.to_string(), asked, answered.min(asked)])?;
        forget.execute(params![account.key, source, oldest])?;
    }
    Ok(())
}

/// Fills in what the runs on record say about days before there were these counts.
pub(in crate::ledger) fn fill(transaction: &Transaction) -> rusqlite::Result<()> {
    let mut numbers: HashMap<PhoneNumber, (i64, PastDays)> = HashMap::new();
    let mut statement = transaction.prepare(
        "SELECT id, account, local_date, ifnull(monitored, 0) FROM runs
          WHERE kind = 'review' AND id IN (SELECT run FROM recordings) ORDER BY decided_at, id",
    )?;
    let mut bodies = transaction.prepare("SELECT body FROM recordings WHERE run = ?1")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (account, Some(date)) = (row.get(1)?, read_date(row, 2)?) else { continue };
        // One at a time: a body may have megabytes.
        let body: Vec<u8> = bodies.query_row([row.get::<_, i64>(0)?], |row| row.get(0))?;
        let reviews = recordings::reviews(&body);
        let reviews: Vec<Review> = reviews.rows().into_iter().flatten().collect();
        for review in reviews.iter().filter(|review| review.answering > 0) {
            let (owner, days) = numbers.entry(review.number).or_insert((account, PastDays::default()));
            let before = if *owner == account { *days } else { PastDays::default() };
            (*owner, *days) = (account, before.with(date, review.status));
        }
        add(transaction, account, &date.to_string(), Counts::of(reviews.into_iter()), row.get(3)?)?;
    }
    for table in ["numbers", "monitored"] {
        let mut keep = transaction.prepare(&format!(
            "UPDATE {table} SET past_days = ?3, past_days_until = ?4 WHERE account = ?1 AND number = ?2"
        ))?;
        for (number, (account, days)) in &numbers {
            keep.execute(params![account, to_sql(*number), days.packed, days.until])?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rusqlite::Connection;

    const STATUSES: [Status; 3] = [Status::Clean, Status::AtRisk, Status::Flagged];

    fn date(day: i64) -> NaiveDate {
        NaiveDate::default() + Days::new(day as u64)
    }

    proptest! {
        /// Whatever the pauses between ratings are, SQL and Rust pack the same days, and each is read as it was rated.
        #[test]
        fn past_days_are_those_that_were_rated(ratings in prop::collection::vec((0..40_i64, 0..3_usize), 1..60)) {
            let database = Connection::open_in_memory().unwrap();
            database.execute_batch("CREATE TABLE monitored (past_days, past_days_until); INSERT INTO monitored VALUES (0, 0);").unwrap();
            let (mut day, mut days, mut expected) = (20_000, PastDays::default(), HashMap::new());
            for (pause, status) in ratings {
                day += pause;
                days = days.with(date(day), STATUSES[status]);
                expected.insert(day, STATUSES[status]);
                let sql = format!("UPDATE monitored SET {}", RATE_PAST_DAYS.replace("?8", "?1").replace("?9", "?2"));
                database.execute(&sql, params![day, status_to_sql(STATUSES[status])]).unwrap();
            }
            let stored = database.query_row("SELECT * FROM monitored", [], PastDays::of).unwrap();
            prop_assert_eq!(stored, days);
            for ago in -3..60 {
                let known = expected.get(&(day - ago)).copied().filter(|_| ago < i64::from(PAST_DAYS_MAX));
                prop_assert_eq!(days.on(date(day - ago)), known, "{} days ago", ago);
            }
        }
    }
}
