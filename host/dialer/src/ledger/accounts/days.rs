//! An account's days, and the check that each of them owes: every monitored number is rated once.
//!
//! A day is an interval between instants. It usually lasts from one local midnight to the next. After a change of time
//! zone, or of its data, the day under way ends when it would have ended anyway, and the next one at the first midnight
//! by the new rules that is at least half a day later. So days never overlap, what counts today still does after the
//! change, and no two reviews are more than a day and a half apart. For that, each change of an account puts its day
//! under way on record.

use crate::figures::count;
use crate::ledger::accounts::rated_days::{self, SourceAnswers};
use crate::ledger::accounts::{AccountProfile, open, profile};
use crate::ledger::actors::Change;
use crate::ledger::alerts::deliveries::enqueue;
use crate::ledger::alerts::message::Message;
use crate::ledger::events::{EventKind, append};
use crate::ledger::runs::proposals;
use crate::ledger::{Ledger, Result, from_sql, to_sql};
use crate::prices::dollars;
use crate::zones::Zone;
use chrono::{Days, NaiveDate};
use dialguard::calendar::{cycle_starts_on, day_starts_at, instant, local_date};
use dialguard::contract::Timestamp;
use rusqlite::{Transaction, params};
use serde::{Deserialize, Serialize};

const HOUR: u64 = 60 * 60;

/// The shortest day after a change of time zone.
const DAY_MIN: u64 = 12 * HOUR;

/// The check of a day is open for this long after its review time, even if the day ends before.
const OPEN_MIN: u64 = 2 * HOUR;

/// Seconds until numbers that could not be rated are asked about again; twice as long after each further try.
const PAUSE_MIN: u64 = 5 * 60;

/// The longest of these pauses.
const PAUSE_MAX: u64 = 2 * HOUR;

/// How old the ratings of an account's monitored numbers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RatingAges {
    /// Monitored numbers.
    pub monitored: u32,
    /// Those of them that were never rated.
    pub never_rated: u32,
    /// When the one was rated whose rating is the oldest; none if none was rated.
    pub oldest_rated_at: Option<Timestamp>,
    /// Numbers looked up for reviews today, as often as each was.
    pub looked_up_today: u32,
}

/// A day of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// Its local date. After a move to the west two days may have the same.
    pub date: NaiveDate,
    /// Its first instant.
    pub starts_at: Timestamp,
    /// The first instant of the next day.
    pub ends_at: Timestamp,
    /// When its review is due.
    pub review_due_at: Timestamp,
}

/// A day as it is put on record. Its review time is not: that is what the zone's clock shows, by the newest data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::ledger) struct PlannedDay {
    date: NaiveDate,
    starts_at: Timestamp,
    ends_at: Timestamp,
    /// None in older ledgers: the account's present one.
    #[serde(default)]
    zone: Option<Zone>,
}

impl PlannedDay {
    fn contains(&self, at: Timestamp) -> bool {
        (self.starts_at..self.ends_at).contains(&at)
    }
}

/// Days that have closed with numbers not rated, and what was charged meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ledger) struct MissedDays {
    /// At least one: its date, and how many numbers were not rated.
    pub days: Vec<(NaiveDate, u32)>,
    /// The first date of each billing cycle that began on them and was charged, and US cents.
    pub cycles: Vec<(NaiveDate, u64)>,
}

impl MissedDays {
    pub fn cents(&self) -> u64 {
        self.cycles.iter().map(|(_, cents)| cents).sum()
    }

    /// In words.
    pub fn text(&self) -> String {
        let most = self.days.iter().map(|(_, numbers)| *numbers).max().unwrap_or_default();
        let numbers = format!("{} {}", count(most.into(), "number"), if most == 1 { "was" } else { "were" });
        let missed = match &self.days[..] {
            [(date, _)] => format!("On {date}, {numbers} not rated."),
            [(first, _), .., (last, _)] => {
                format!("On {} dates from {first} to {last}, up to {numbers} not rated.", self.days.len())
            }
            [] => String::new(),
        };
        let starts: Vec<_> = self.cycles.iter().map(|(starts_on, _)| starts_on.to_string()).collect();
        let cents = dollars(self.cents());
        match &starts[..] {
            [] => missed,
            [only] => format!("{missed} Charged meanwhile: {cents} for the billing cycle from {only}."),
            [others @ .., last] => {
                let others = others.join(", ");
                format!("{missed} Charged meanwhile: {cents} for the billing cycles from {others} and {last}.")
            }
        }
    }
}

impl AccountProfile {
    /// The account's day at `at`.
    pub fn day(&self, at: Timestamp) -> Day {
        let PlannedDay { date, starts_at, ends_at, zone } = self.planned_day(at);
        let review_at = instant(date, self.review_at, zone.unwrap_or(self.time_zone));
        Day { date, starts_at, ends_at, review_due_at: review_at.clamp(starts_at, ends_at - 1) }
    }

    /// The day before it.
    pub fn day_before(&self, day: &Day) -> Day {
        Day { ends_at: day.starts_at, ..self.day(day.starts_at.saturating_sub(1)) }
    }

    /// Whether days that have ended are to be closed.
    pub fn has_days_to_close(&self, now: Timestamp) -> bool {
        self.closed_at.is_none() && self.closes_at(&self.day(self.days_closed_until)) <= now
    }

    /// When a scheduled check may be made, of numbers that have no rating since then.
    fn next_try_at(&self, rates_since: Timestamp) -> Timestamp {
        if self.check_since == rates_since { self.check_next_at } else { 0 }
    }

    /// How often numbers without a rating since then were asked about.
    pub(crate) fn check_tries(&self, rates_since: Timestamp) -> u32 {
        if self.check_since == rates_since { self.check_tries } else { 0 }
    }

    /// Distinct numbers rated since the beginning of a day.
    pub(in crate::ledger) fn rated_since(&self, day_starts_at: Timestamp) -> u32 {
        if self.rated_day >= day_starts_at { self.rated_count } else { 0 }
    }

    /// Numbers looked up for reviews since the beginning of a day, as often as each was.
    pub(in crate::ledger) fn looked_up_since(&self, day_starts_at: Timestamp) -> u32 {
        if self.looked_up_day >= day_starts_at { self.looked_up_count } else { 0 }
    }

    /// The day under way at `now` and the one before, for the record: they stay, whatever the rules say later.
    pub(in crate::ledger) fn days_kept_at(&self, now: Timestamp) -> Vec<PlannedDay> {
        let today = self.planned_day(now);
        let before = self.planned_day(today.starts_at.saturating_sub(1));
        vec![PlannedDay { ends_at: today.starts_at, ..before }, today]
    }

    fn planned_day(&self, at: Timestamp) -> PlannedDay {
        if let Some(kept) = self.kept_days.iter().find(|day| day.contains(at)) {
            return *kept;
        }
        let first = self.kept_days.last().map(|kept| self.first_day(kept.ends_at));
        first.filter(|day| day.contains(at)).unwrap_or_else(|| self.ordinary_day(at))
    }

    fn ordinary_day(&self, at: Timestamp) -> PlannedDay {
        let starts_at = |date| day_starts_at(date, self.time_zone);
        let mut date = local_date(at, self.time_zone);
        // A clock that goes back over midnight shows the end of the previous date again.
        while starts_at(date + Days::new(1)) <= at {
            date = date + Days::new(1);
        }
        let (starts_at, ends_at) = (starts_at(date), starts_at(date + Days::new(1)));
        PlannedDay { date, starts_at, ends_at, zone: Some(self.time_zone) }
    }

    /// The first day by the present rules.
    fn first_day(&self, starts_at: Timestamp) -> PlannedDay {
        let mut last = self.ordinary_day(starts_at);
        while last.ends_at < starts_at + DAY_MIN {
            last = self.ordinary_day(last.ends_at);
        }
        PlannedDay { starts_at, ..last }
    }

    fn closes_at(&self, day: &Day) -> Timestamp {
        match self.enabled {
            true => day.ends_at.max(day.review_due_at + OPEN_MIN),
            false => day.ends_at,
        }
    }
}

impl Ledger {
    /// A review at `now` rates numbers that have no rating for a day that began then or later. That is the day before if
    /// its check is late, and until today's review is due: before that, only a user's own review rates the numbers that
    /// were rated yesterday.
    pub(crate) fn rates_since(&self, account: &AccountProfile, now: Timestamp, by_user: bool) -> Result<Timestamp> {
        self.read(|transaction| {
            let day = account.day(now);
            let before = account.day_before(&day);
            let is_late = is_late(transaction, account, &before, now)?;
            let is_early = !by_user && now < day.review_due_at;
            Ok(if is_late || is_early { before.starts_at } else { day.starts_at })
        })
    }

    /// Whether the schedule is to check the account at `now`: its day, or the day before, is not done, or a number has
    /// never been checked; and the pause since the latest try is over. A check by a user leaves its replacements to the
    /// day's review, which is then due even if every number is rated.
    pub fn is_check_due(&self, account: &AccountProfile, now: Timestamp) -> Result<bool> {
        if !account.enabled {
            return Ok(false);
        }
        let day = account.day(now);
        let before = account.day_before(&day);
        let has_begun = day.review_due_at <= now;
        self.read(|transaction| {
            if is_late(transaction, account, &before, now)? {
                return Ok(account.next_try_at(before.starts_at) <= now);
            }
            let rates_since = if has_begun { day.starts_at } else { before.starts_at };
            if account.next_try_at(rates_since) > now {
                return Ok(false);
            }
            match has_begun {
                true => {
                    Ok(!is_done(transaction, account, &day)? || proposals::wait_for_review(transaction, account, &day)?)
                }
                false => has_unchecked(transaction, account),
            }
        })
    }

    /// Whether a check that is due is only the first one of numbers just added: the day's review is not due yet or was
    /// made, and every number that had been rated before it is rated.
    pub(crate) fn is_first_check(&self, account: &AccountProfile, now: Timestamp) -> Result<bool> {
        let day = account.day(now);
        let before = account.day_before(&day);
        self.read(|transaction| {
            if is_late(transaction, account, &before, now)? {
                return Ok(false);
            }
            if now < day.review_due_at {
                return Ok(true);
            }
            if proposals::wait_for_review(transaction, account, &day)? {
                return Ok(false);
            }
            let rates_others = "SELECT EXISTS (SELECT 1 FROM monitored WHERE account = ?1 AND rated_day < ?2)";
            let rates_others: bool = transaction
                .prepare_cached(rates_others)?
                .query_row(params![account.key, to_sql(day.starts_at)], |row| row.get(0))?;
            Ok(!rates_others && proposals::has_acted(transaction, account, &day)?)
        })
    }

    /// Whether a monitored number of the account has never been rated.
    pub fn has_unchecked(&self, account: &AccountProfile) -> Result<bool> {
        self.read(|transaction| has_unchecked(transaction, account))
    }

    /// How many of the account's numbers have no rating for a day that began then or later.
    pub(crate) fn unrated_since(&self, account: &AccountProfile, since: Timestamp) -> Result<u32> {
        self.read(|transaction| unrated(transaction, account, since, Timestamp::MAX >> 1))
    }

    /// How old the account's ratings are at `now`.
    pub fn rating_ages(&self, id: &str, now: Timestamp) -> Result<RatingAges> {
        self.read(|transaction| {
            let account = profile(transaction, id)?;
            let mut statement = transaction.prepare_cached(
                "SELECT count(*) - count(last_rated_at), min(last_rated_at) FROM monitored WHERE account = ?1",
            )?;
            let looked_up_today = account.looked_up_since(account.day(now).starts_at);
            Ok(statement.query_row([account.key], |row| {
                let oldest_rated_at = row.get::<_, Option<i64>>(1)?.map(from_sql);
                let (monitored, never_rated) = (account.occupied, row.get(0)?);
                Ok(RatingAges { monitored, never_rated, oldest_rated_at, looked_up_today })
            })?)
        })
    }

    /// Notes that numbers were asked about again without an answer, which was so many look-ups; that is not a run.
    pub(crate) fn note_try(
        &self,
        id: &str,
        rates_since: Timestamp,
        (looked_up, by_source): (u32, &[SourceAnswers]),
        now: Timestamp,
    ) -> Result<()> {
        self.change(|transaction| {
            let account = profile(transaction, id)?;
            account.ensure_open()?;
            note_look_ups(transaction, &account, rates_since, looked_up)?;
            let day = day_of_run(transaction, &account, now, rates_since)?;
            rated_days::note_answers(transaction, &account, &day, by_source)?;
            note_try(transaction, &account, rates_since, now)
        })
    }

    /// Closes the days that have ended. What they missed is reported, in one event and one message.
    pub fn close_days(&self, id: &str, now: Timestamp) -> Result<()> {
        self.change(|transaction| open(transaction, id, now).map(drop))
    }
}

/// There is a pause before numbers are asked about again. The last time is shortly before the day ends: a paid answer
/// of yesterday may be fresh until then.
pub(in crate::ledger) fn note_try(
    transaction: &Transaction,
    account: &AccountProfile,
    rates_since: Timestamp,
    now: Timestamp,
) -> Result<()> {
    let before = account.check_tries(rates_since);
    let next = now + PAUSE_MAX.min(PAUSE_MIN << before.min(16));
    let last = account.day(now).ends_at - PAUSE_MIN;
    let next = if now < last { next.min(last) } else { next };
    transaction
        .prepare_cached("UPDATE accounts SET check_since = ?2, check_tries = ?3, check_next_at = ?4 WHERE key = ?1")?
        .execute(params![account.key, to_sql(rates_since), before + 1, to_sql(next)])?;
    Ok(())
}

/// Counts look-ups for the day that began then.
pub(in crate::ledger) fn note_look_ups(
    transaction: &Transaction,
    account: &AccountProfile,
    day_starts_at: Timestamp,
    count: u32,
) -> Result<()> {
    let counted = account.looked_up_since(day_starts_at).saturating_add(count);
    // A late check of the day before counts together with the day under way.
    let day = account.looked_up_day.max(day_starts_at);
    transaction
        .prepare_cached("UPDATE accounts SET looked_up_day = ?2, looked_up_count = ?3 WHERE key = ?1")?
        .execute(params![account.key, to_sql(day), counted])?;
    Ok(())
}

/// The day that a run's ratings count for, by the beginning of the day that it was shown.
pub(in crate::ledger) fn day_of_run(
    transaction: &Transaction,
    account: &AccountProfile,
    now: Timestamp,
    rates_since: Timestamp,
) -> Result<Day> {
    let day = account.day(now);
    let before = account.day_before(&day);
    let counts_before = rates_since < day.starts_at && is_late(transaction, account, &before, now)?;
    Ok(if counts_before { before } else { day })
}

/// Closes the days that have ended by `now`, or that end early because the add-on is switched off. The others stay
/// open.
pub(in crate::ledger) fn close(
    transaction: &Change,
    account: &mut AccountProfile,
    now: Timestamp,
    switches_off: bool,
) -> Result<()> {
    let mut missed: Vec<(Day, u32)> = Vec::new();
    let begun_at = account.days_closed_until;
    loop {
        let day = account.day(account.days_closed_until);
        let closes_at = if switches_off { day.ends_at } else { account.closes_at(&day) };
        if closes_at > now {
            break;
        }
        let numbers = if account.enabled { missing(transaction, account, &day)? } else { 0 };
        missed.extend((numbers > 0).then_some((day, numbers)));
        account.days_closed_until = day.ends_at;
    }
    if account.days_closed_until > begun_at {
        transaction
            .prepare_cached("UPDATE accounts SET days_closed_until = ?2 WHERE key = ?1")?
            .execute(params![account.key, to_sql(account.days_closed_until)])?;
    }
    report(transaction, account, &missed, now)
}

/// Puts the day under way on record, and the one before.
pub(in crate::ledger) fn keep(transaction: &Transaction, account: &mut AccountProfile, now: Timestamp) -> Result<()> {
    let kept = account.days_kept_at(now);
    if account.kept_days != kept {
        let json = serde_json::to_string(&kept).expect("days are plain values");
        transaction
            .prepare_cached("UPDATE accounts SET kept_days = ?2 WHERE key = ?1")?
            .execute(params![account.key, json])?;
        account.kept_days = kept;
    }
    Ok(())
}

fn report(transaction: &Change, account: &AccountProfile, missed: &[(Day, u32)], now: Timestamp) -> Result<()> {
    let Some((first, _)) = missed.first() else { return Ok(()) };
    let missed = MissedDays {
        days: missed.iter().map(|(day, numbers)| (day.date, *numbers)).collect(),
        cycles: cycles_charged(transaction, account, first.starts_at, now)?,
    };
    append(transaction, account.key, now, None, EventKind::ReviewsMissed, None, &missed.text())?;
    enqueue(transaction, Some(account), None, now, || Message::reviews_missed(&missed))
}

/// Cycles that began and were charged since then. Blocks that a user added are no cycle.
fn cycles_charged(
    transaction: &Transaction,
    account: &AccountProfile,
    since: Timestamp,
    now: Timestamp,
) -> Result<Vec<(NaiveDate, u64)>> {
    let mut statement = transaction
        .prepare_cached("SELECT at, cents FROM events WHERE account = ?1 AND kind = ?2 AND at >= ?3 AND at <= ?4")?;
    let charges = statement
        .query_map(params![account.key, EventKind::Charged.name(), to_sql(since), to_sql(now)], |row| {
            Ok((local_date(from_sql(row.get(0)?), account.time_zone), from_sql(row.get(1)?)))
        })?;
    let mut charges: Vec<(NaiveDate, u64)> = charges.collect::<rusqlite::Result<_>>()?;
    charges.retain(|(date, _)| (0..=account.cycle_index).any(|i| cycle_starts_on(account.added_on, i) == *date));
    Ok(charges)
}

/// When the account's next check is due, which is `now` if one is due already; none while nothing is checked.
pub(in crate::ledger) fn next_check_at(
    transaction: &Transaction,
    account: &AccountProfile,
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    if !account.enabled || account.closed_at.is_some() {
        return Ok(None);
    }
    let day = account.day(now);
    let before = account.day_before(&day);
    let tried_since = |starts_at| account.next_try_at(starts_at).max(now);
    if is_late(transaction, account, &before, now)? {
        return Ok(Some(tried_since(before.starts_at)));
    }
    if day.review_due_at > now {
        let first = has_unchecked(transaction, account)?.then(|| tried_since(before.starts_at));
        return Ok(Some(first.unwrap_or(day.review_due_at).min(day.review_due_at)));
    }
    let tomorrow = account.day(day.ends_at).review_due_at;
    Ok(Some(if is_done(transaction, account, &day)? { tomorrow } else { tried_since(day.starts_at).min(tomorrow) }))
}

/// Whether the day has ended, and is still to be checked.
fn is_late(transaction: &Transaction, account: &AccountProfile, day: &Day, now: Timestamp) -> Result<bool> {
    let is_open = account.enabled && account.days_closed_until < day.ends_at && now < account.closes_at(day);
    Ok(is_open && !is_done(transaction, account, day)?)
}

/// A day is done when its monitored numbers are rated. Without any, it is done after a review.
fn is_done(transaction: &Transaction, account: &AccountProfile, day: &Day) -> Result<bool> {
    if account.occupied > 0 {
        return Ok(missing(transaction, account, day)? == 0);
    }
    has_daily_review(transaction, account, day)
}

/// Whether a review counts as the one of this day.
pub(in crate::ledger) fn has_daily_review(
    transaction: &Transaction,
    account: &AccountProfile,
    day: &Day,
) -> Result<bool> {
    let mut statement = transaction.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM runs WHERE account = ?1 AND day >= ?2 AND day < ?3 AND daily = 1)",
    )?;
    Ok(statement.query_row(params![account.key, to_sql(day.starts_at), to_sql(day.ends_at)], |row| row.get(0))?)
}

/// How many numbers that were monitored on this day have no rating for it.
pub(in crate::ledger) fn missing(transaction: &Transaction, account: &AccountProfile, day: &Day) -> Result<u32> {
    // Nothing was rated since the latest change.
    if account.changed_at < day.starts_at {
        return Ok(account.occupied);
    }
    unrated(transaction, account, day.starts_at, day.ends_at)
}

fn unrated(transaction: &Transaction, account: &AccountProfile, since: Timestamp, until: Timestamp) -> Result<u32> {
    let mut statement = transaction.prepare_cached(
        "SELECT count(*) FROM monitored
          WHERE account = ?1 AND ifnull(rated_day, 0) < ?2 AND monitored_since < ?3",
    )?;
    Ok(statement.query_row(params![account.key, to_sql(since), to_sql(until)], |row| row.get(0))?)
}

fn has_unchecked(transaction: &Transaction, account: &AccountProfile) -> Result<bool> {
    let mut statement = transaction
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM monitored WHERE account = ?1 AND rated_day IS NULL)")?;
    Ok(statement.query_row([account.key], |row| row.get(0))?)
}

/// Numbers rated for a day that began then or later.
pub(in crate::ledger) fn rated_since(
    transaction: &Transaction,
    account: &AccountProfile,
    since: Timestamp,
) -> Result<u32> {
    let mut statement =
        transaction.prepare_cached("SELECT count(*) FROM monitored WHERE account = ?1 AND rated_day >= ?2")?;
    let present: u32 = statement.query_row(params![account.key, to_sql(since)], |row| row.get(0))?;
    // Some may have left since.
    Ok(present.max(account.rated_since(since)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{AccountSettings, EventFilter, NewAccount};
    use crate::phone::Region;
    use crate::zones;
    use chrono::NaiveTime;
    use dialguard::calendar::rfc3339;
    use proptest::prelude::*;

    const NOON: Timestamp = 1_772_366_400; // of 1 March 2026, in UTC

    fn account(time_zone: Zone, review_at: &str) -> AccountProfile {
        ledger_of(time_zone, review_at).1.account("acme").expect("it was added")
    }

    fn ledger_of(time_zone: Zone, review_at: &str) -> (tempfile::TempDir, Ledger) {
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a folder for the test");
        let ledger = Ledger::open_or_create(folder.path()).expect("a ledger");
        let new = NewAccount {
            id: "acme".into(),
            blocks: 1,
            time_zone,
            region: Region::US,
            review_at: NaiveTime::parse_from_str(review_at, "%H:%M").expect("a time of day"),
            settings: AccountSettings::default(),
        };
        ledger.add_account(&new, NOON).expect("an account");
        (folder, ledger)
    }

    fn moved(account: &AccountProfile, time_zone: Zone, now: Timestamp) -> AccountProfile {
        AccountProfile { time_zone, kept_days: account.days_kept_at(now), ..account.clone() }
    }

    fn zone(name: &str) -> Zone {
        name.parse().expect("a time zone")
    }

    fn contains(day: &Day, at: Timestamp) -> bool {
        (day.starts_at..day.ends_at).contains(&at)
    }

    fn words(day: Day) -> String {
        format!("{}: {} to {}", day.date, rfc3339(day.starts_at), rfc3339(day.ends_at))
    }

    #[test]
    fn the_day_under_way_ends_as_planned_and_the_next_at_a_midnight_of_the_new_zone() {
        let auckland = account(zone("Pacific/Auckland"), "06:00");
        let now = NOON;
        assert_eq!(words(auckland.day(now)), "2026-03-02: 2026-03-01T11:00:00Z to 2026-03-02T11:00:00Z");
        let west = moved(&auckland, zone("America/Los_Angeles"), now);
        assert_eq!(west.day(now), auckland.day(now));
        let first = west.day(west.day(now).ends_at);
        assert_eq!(words(first), "2026-03-02: 2026-03-02T11:00:00Z to 2026-03-03T08:00:00Z");
        assert_eq!(rfc3339(first.review_due_at), "2026-03-02T14:00:00Z");
        // Kathmandu's next midnight is 7 hours and a quarter after that, which is too soon.
        let kathmandu = moved(&auckland, zone("Asia/Kathmandu"), now);
        let first = kathmandu.day(kathmandu.day(now).ends_at);
        assert_eq!(words(first), "2026-03-03: 2026-03-02T11:00:00Z to 2026-03-03T18:15:00Z");
    }

    #[test]
    fn a_review_time_that_a_day_does_not_have_is_when_it_begins() {
        let auckland = account(zone("Pacific/Auckland"), "02:00");
        let west = moved(&auckland, zone("America/Los_Angeles"), NOON);
        let first = west.day(west.day(NOON).ends_at);
        assert_eq!(rfc3339(first.review_due_at), "2026-03-02T11:00:00Z", "it begins at three");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn days_follow_each_other_whatever_the_moves(
            moves in proptest::collection::vec((proptest::sample::select(zones::names()), 0..50u64), 1..12),
            review_at in proptest::sample::select(&["00:00", "02:30", "06:00", "12:00", "23:59"][..]),
        ) {
            let mut account = account(Zone::utc(), review_at);
            let mut now = NOON;
            let mut last = account.day(now);
            for (name, hours) in moves {
                for _ in 0..hours {
                    now += HOUR;
                    let day = account.day(now);
                    prop_assert!(contains(&day, now));
                    if day == last {
                        continue;
                    }
                    prop_assert_eq!(day.starts_at, last.ends_at);
                    prop_assert_eq!(account.day_before(&day), last);
                    prop_assert!((DAY_MIN..=37 * HOUR).contains(&(day.ends_at - day.starts_at)), "{}", words(day));
                    prop_assert!(contains(&day, day.review_due_at), "{}", words(day));
                    prop_assert!(day.review_due_at - last.review_due_at <= 37 * HOUR, "{}", words(day));
                    last = day;
                }
                account = moved(&account, zone(&name), now);
                prop_assert_eq!(account.day(now), last, "a move does not change the day under way");
            }
        }
    }

    /// Rules that follow each other as a government's do, and the hours between looks at the account.
    const RULES: [&str; 4] = ["<-08>8", "<-07>7", "PST8PDT,M3.2.0,M11.1.0", "<-0730>7:30"];

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn newer_time_zone_data_neither_repeat_a_date_nor_a_charge(
            looks in proptest::collection::vec((proptest::option::of(0..RULES.len()), 1..30u64), 60..120),
            review_at in proptest::sample::select(&["00:00", "06:00", "23:59"][..]),
        ) {
            zones::pretend("Test/Changing", RULES[0]);
            let (_folder, ledger) = ledger_of(zone("Test/Changing"), review_at);
            let mut now = NOON;
            let mut last = ledger.account("acme").expect("it was added");
            for (rules, hours) in looks {
                rules.inspect(|rules| zones::pretend("Test/Changing", RULES[*rules]));
                now += hours * HOUR;
                ledger.close_days("acme", now).expect("the account is opened");
                let account = ledger.account("acme").expect("it is there");
                let (day, before) = (account.day(now), last.day(now - hours * HOUR));
                prop_assert!(contains(&day, now) && contains(&day, day.review_due_at), "{}", words(day));
                match day.starts_at == before.starts_at {
                    true => prop_assert_eq!((day.date, day.ends_at), (before.date, before.ends_at)),
                    false => prop_assert!(day.starts_at >= before.ends_at && day.date > before.date),
                }
                prop_assert!(account.cycle_index == last.cycle_index || account.cycle_index == last.cycle_index + 1);
                if account.cycle_index == last.cycle_index {
                    prop_assert_eq!(account.cycle_starts_at, last.cycle_starts_at);
                }
                last = account;
            }
            let events = ledger.events("acme", EventFilter { number: None, last: u32::MAX }).expect("events");
            let charges = events.iter().filter(|event| event.kind == EventKind::Charged.name()).count();
            prop_assert_eq!(charges, last.cycle_index as usize + 1);
        }
    }
}
