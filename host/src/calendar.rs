//! Local dates, review times and billing cycles of accounts in their own time zones.
//!
//! A dialer needs this for three fields of an account: `day-starts-at`, `cycle-starts-at` and `cycle-ends-at`. The types of
//! chrono in its signatures are exported here. A zone is whatever implements chrono's [`TimeZone`]: this crate has no time
//! zone data, which a dialer has to keep up to date anyway.
//!
//! ```
//! use dialguard::calendar::{FixedOffset, NaiveDate, cycle_starts_on, day_starts_at, local_date, rfc3339};
//!
//! let zone = FixedOffset::west_opt(5 * 60 * 60).expect("an offset of less than a day");
//! let added_on: NaiveDate = "2026-01-31".parse()?;
//! let now = 1_772_337_600; // 2026-03-01T04:00:00Z, still February there
//!
//! assert_eq!(local_date(now, zone).to_string(), "2026-02-28");
//! assert_eq!(rfc3339(day_starts_at(local_date(now, zone), zone)), "2026-02-28T05:00:00Z");
//!
//! // The second cycle begins on the last day of February, the third on 31 March.
//! assert_eq!(rfc3339(day_starts_at(cycle_starts_on(added_on, 1), zone)), "2026-02-28T05:00:00Z");
//! assert_eq!(rfc3339(day_starts_at(cycle_starts_on(added_on, 2), zone)), "2026-03-31T05:00:00Z");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::contract::Timestamp;
use chrono::{LocalResult, Months, NaiveDateTime};

pub use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, TimeZone, Utc};

/// Seconds within which a zone's clock differs from UTC, and skips or repeats time. Samoa skipped a whole day in 2011.
const SHIFT_MAX: i64 = 2 * 24 * 60 * 60;

/// The local date at `at`.
pub fn local_date(at: Timestamp, zone: impl TimeZone) -> NaiveDate {
    utc(at).with_timezone(&zone).date_naive()
}

/// When the local date begins: at midnight, or at the first instant after it if a clock change skips midnight.
pub fn day_starts_at(date: NaiveDate, zone: impl TimeZone) -> Timestamp {
    instant(date, NaiveTime::MIN, zone)
}

/// When the local clock shows `time` on `date`. If a clock change skips that time, the next instant that exists; if it
/// repeats that time, the first of the two. Times before 1970 become 0.
pub fn instant(date: NaiveDate, time: NaiveTime, zone: impl TimeZone) -> Timestamp {
    let local = date.and_time(time);
    let at = match zone.from_local_datetime(&local) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.timestamp(),
        LocalResult::None => gap_ends_at(local, &zone),
    };
    at.max(0) as Timestamp
}

/// When the zone's clock, which never shows `local`, skips it.
fn gap_ends_at(local: NaiveDateTime, zone: &impl TimeZone) -> i64 {
    let as_utc = local.and_utc();
    let shows_later = |at: i64| {
        let utc = DateTime::from_timestamp(at, 0).expect("it is within two days of a date");
        utc.with_timezone(zone).naive_local() > local
    };
    let (mut before, mut after) = (as_utc.timestamp() - SHIFT_MAX, as_utc.timestamp() + SHIFT_MAX);
    while after - before > 1 {
        let middle = before + (after - before) / 2;
        *if shows_later(middle) { &mut after } else { &mut before } = middle;
    }
    after
}

/// The local date on which cycle number `index` (from 0) of an account begins. Cycles are a month long and begin on the
/// day of the month on which the account was added, or on the last day of a shorter month.
///
/// # Panics
///
/// If that date lies beyond the year 262142.
pub fn cycle_starts_on(added_on: NaiveDate, index: u32) -> NaiveDate {
    added_on.checked_add_months(Months::new(index)).expect("the date of a cycle lies before the year 262142")
}

/// The last instant that RFC 3339 can hold: the end of the year 9999.
pub const TIME_MAX: Timestamp = 253_402_300_799;

/// The last instant that a clock may show: the end of the year 9998. What is computed from it, such as the end of a
/// cycle or of a rest, is up to a year later and has to be printed too.
pub const CLOCK_MAX: Timestamp = TIME_MAX - 365 * 86_400;

/// The instant in UTC, for display and logs. Instants after [`TIME_MAX`] become that one.
pub fn utc(at: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp(at.min(TIME_MAX) as i64, 0).expect("chrono's years go on after 9999")
}

/// The instant that a text in RFC 3339 names, from 1970 to [`TIME_MAX`]; none if it is another text or another time.
///
/// ```
/// use dialguard::calendar::{TIME_MAX, instant_of};
/// assert_eq!(instant_of("2026-03-01T04:00:00-05:00"), Some(1_772_355_600));
/// assert_eq!(instant_of("9999-12-31T23:59:59Z"), Some(TIME_MAX));
/// assert_eq!(instant_of("9999-12-31T23:59:59-00:01"), None); // the year 10000 in UTC
/// ```
pub fn instant_of(text: &str) -> Option<Timestamp> {
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    u64::try_from(time.timestamp()).ok().filter(|at| *at <= TIME_MAX)
}

/// The instant in RFC 3339 format, such as `2026-01-31T14:00:00Z`.
pub fn rfc3339(at: Timestamp) -> String {
    utc(at).to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn cycles_keep_the_day_of_the_month() {
        let starts: Vec<_> = (0..5).map(|index| cycle_starts_on(date("2026-01-31"), index).to_string()).collect();
        assert_eq!(starts, ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]);
    }

    #[test]
    fn the_local_date_is_that_of_the_zone() {
        let hours = |east: i32| FixedOffset::east_opt(east * 3_600).unwrap();
        let at = instant(date("2026-01-15"), NaiveTime::MIN, Utc);
        assert_eq!(local_date(at, hours(-8)), date("2026-01-14"));
        assert_eq!(local_date(at, hours(13)), date("2026-01-15"));
    }
}
