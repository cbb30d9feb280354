//! Local dates, review times and billing cycles of accounts in their own time zones.
//!
//! A dialer needs this for three fields of an account: `day-starts-at`, `cycle-starts-at` and `cycle-ends-at`. The types of
//! chrono and chrono-tz in its signatures are exported here.
//!
//! ```
//! use dialguard::calendar::{NaiveDate, Tz, cycle_starts_on, day_starts_at, local_date, rfc3339};
//!
//! let zone: Tz = "America/New_York".parse()?;
//! let added_on: NaiveDate = "2026-01-31".parse()?;
//! let now = 1_772_337_600; // 2026-03-01T04:00:00Z, still February in New York
//!
//! assert_eq!(local_date(now, zone).to_string(), "2026-02-28");
//! assert_eq!(rfc3339(day_starts_at(local_date(now, zone), zone)), "2026-02-28T05:00:00Z");
//!
//! // The second cycle begins on the last day of February, the third on 31 March, in daylight saving time.
//! assert_eq!(rfc3339(day_starts_at(cycle_starts_on(added_on, 1), zone)), "2026-02-28T05:00:00Z");
//! assert_eq!(rfc3339(day_starts_at(cycle_starts_on(added_on, 2), zone)), "2026-03-31T04:00:00Z");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::contract::Timestamp;
use chrono::{LocalResult, Months, TimeZone};
use chrono_tz::GapInfo;

pub use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
pub use chrono_tz::Tz;

/// The local date at `at`.
pub fn local_date(at: Timestamp, zone: Tz) -> NaiveDate {
    utc(at).with_timezone(&zone).date_naive()
}

/// When the local date begins: at midnight, or at the first instant after it if a clock change skips midnight.
pub fn day_starts_at(date: NaiveDate, zone: Tz) -> Timestamp {
    instant(date, NaiveTime::MIN, zone)
}

/// When the local clock shows `time` on `date`. If a clock change skips that time, the next instant that exists; if it
/// repeats that time, the first of the two. Times before 1970 become 0.
///
/// ```
/// use dialguard::calendar::{NaiveDate, NaiveTime, Tz, instant, rfc3339};
///
/// let zone: Tz = "America/New_York".parse()?;
/// let half_past_two = NaiveTime::from_hms_opt(2, 30, 0).expect("a time");
/// let springs_forward: NaiveDate = "2026-03-08".parse()?; // from 2:00 to 3:00
/// assert_eq!(rfc3339(instant(springs_forward, half_past_two, zone)), "2026-03-08T07:00:00Z");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn instant(date: NaiveDate, time: NaiveTime, zone: Tz) -> Timestamp {
    let local = date.and_time(time);
    let at = match zone.from_local_datetime(&local) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at,
        LocalResult::None => {
            GapInfo::new(&local, &zone).and_then(|gap| gap.end).expect("a local time that does not exist lies in a gap")
        }
    };
    at.timestamp().max(0) as Timestamp
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

    /// Zone, local date and time, and the instant in UTC.
    #[test]
    fn skipped_and_repeated_local_times_have_one_instant() {
        let scenarios = [
            ("America/New_York", "2026-01-15", "06:00", "2026-01-15T11:00:00Z"),
            // 2:00 to 3:00 is skipped on 8 March 2026
            ("America/New_York", "2026-03-08", "02:30", "2026-03-08T07:00:00Z"),
            ("America/New_York", "2026-03-08", "03:00", "2026-03-08T07:00:00Z"),
            // 1:00 to 2:00 comes twice on 1 November 2026
            ("America/New_York", "2026-11-01", "01:30", "2026-11-01T05:30:00Z"),
            // Midnight itself is skipped in Beirut
            ("Asia/Beirut", "2026-03-29", "00:00", "2026-03-28T22:00:00Z"),
            // Samoa skipped all of 30 December 2011
            ("Pacific/Apia", "2011-12-30", "12:00", "2011-12-30T10:00:00Z"),
            ("UTC", "2026-02-28", "23:59", "2026-02-28T23:59:00Z"),
        ];
        for (zone, day, time, expected) in scenarios {
            let time = NaiveTime::parse_from_str(time, "%H:%M").unwrap();
            assert_eq!(rfc3339(instant(date(day), time, zone.parse().unwrap())), expected, "{zone} {day} {time}");
        }
    }

    #[test]
    fn cycles_keep_the_day_of_the_month() {
        let starts: Vec<_> = (0..5).map(|index| cycle_starts_on(date("2026-01-31"), index).to_string()).collect();
        assert_eq!(starts, ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]);
    }

    #[test]
    fn the_local_date_is_that_of_the_zone() {
        let at = instant(date("2026-01-15"), NaiveTime::MIN, Tz::UTC);
        assert_eq!(local_date(at, chrono_tz::America::Los_Angeles), date("2026-01-14"));
        assert_eq!(local_date(at, chrono_tz::Pacific::Auckland), date("2026-01-15"));
    }
}
