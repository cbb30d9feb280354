//! Times as people's programs write them: RFC 3339 and its many neighbors.

use crate::zones::Zone;
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime};
use dialguard::calendar::{self, TIME_MAX};
use dialguard::contract::Timestamp;

/// The longest text that is looked at: RFC 3339 with nanoseconds and the name of a zone.
const TEXT_BYTES_MAX: usize = 80;

/// A text taken apart into its date, time of day and distance from UTC. The date is as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WrittenTime<'t> {
    pub(crate) date: &'t str,
    pub(crate) time: Option<NaiveTime>,
    pub(crate) offset: Option<FixedOffset>,
}

/// Why a text does not say when something was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeDoubt {
    /// It has a date and no zone, or no time of day.
    NoZone,
    /// It is not a time from 1970 to [`TIME_MAX`] in a form that leaves no doubt.
    Unreadable,
}

impl<'t> WrittenTime<'t> {
    pub(crate) fn read(text: &'t str) -> Option<Self> {
        let text = text.trim();
        if text.len() > TEXT_BYTES_MAX {
            return None;
        }
        let Some(colon) = text.find(':') else { return Some(WrittenTime { date: text, time: None, offset: None }) };
        let start = text[..colon].rfind(['T', 't', ' '])?;
        let date = text[..start].trim_end_matches([' ', ',']);
        let after = &text[start + 1..];
        let is_clock = |character: char| character.is_ascii_digit() || matches!(character, ':' | '.' | ',');
        let (clock, rest) = after.split_at(after.find(|character| !is_clock(character)).unwrap_or(after.len()));
        let (half, zone) = half_of_day(rest.trim_start());
        let offset = if zone.is_empty() { None } else { Some(offset(zone)?) };
        Some(WrittenTime { date, time: Some(time_of_day(clock, half)?), offset })
    }
}

/// The instant that a text names together with its zone: RFC 3339, also with a space for the `T`, without seconds, with a
/// zone such as `+0000`, `+00`, `UTC` or `Z[UTC]`; or the time since 1970 in 10 digits of seconds, 13 of milliseconds, 16 of
/// microseconds or 19 of nanoseconds, which no two units can mean in this century.
pub(crate) fn instant(text: &str) -> Result<Timestamp, TimeDoubt> {
    if let Some(at) = since_1970(text) {
        return Ok(at);
    }
    let WrittenTime { date, time, offset } = WrittenTime::read(text).ok_or(TimeDoubt::Unreadable)?;
    let date = iso_date(date).ok_or(TimeDoubt::Unreadable)?;
    let (Some(time), Some(offset)) = (time, offset) else { return Err(TimeDoubt::NoZone) };
    at_offset(date.and_time(time), offset).ok_or(TimeDoubt::Unreadable)
}

/// The same, and a time without a zone as a clock in `zone` shows it; also RFC 2822, such as `Mon, 30 Nov 2026 05:00:00
/// +0000`.
pub(crate) fn instant_in(text: &str, zone: Zone) -> Result<Timestamp, TimeDoubt> {
    match instant(text) {
        Err(TimeDoubt::NoZone) => {
            local(text).map(|(date, time)| calendar::instant(date, time, zone)).ok_or(TimeDoubt::NoZone)
        }
        Err(TimeDoubt::Unreadable) => rfc2822(text).ok_or(TimeDoubt::Unreadable),
        at => at,
    }
}

fn local(text: &str) -> Option<(NaiveDate, NaiveTime)> {
    let WrittenTime { date, time, .. } = WrittenTime::read(text)?;
    Some((iso_date(date)?, time?))
}

fn rfc2822(text: &str) -> Option<Timestamp> {
    let at = DateTime::parse_from_rfc2822(text.trim()).ok()?.timestamp();
    Timestamp::try_from(at).ok().filter(|at| *at <= TIME_MAX)
}

/// A date as `2026-11-30` or `2026/11/30`.
pub(crate) fn iso_date(text: &str) -> Option<NaiveDate> {
    let forms = ["%Y-%m-%d", "%Y/%m/%d"];
    let is_ten = text.len() == 10 && text.starts_with(|first: char| first.is_ascii_digit());
    forms.iter().find_map(|form| NaiveDate::parse_from_str(text, form).ok()).filter(|_| is_ten)
}

pub(crate) fn at_offset(local: NaiveDateTime, offset: FixedOffset) -> Option<Timestamp> {
    let utc = local.checked_sub_offset(offset)?.and_utc().timestamp();
    Timestamp::try_from(utc).ok().filter(|at| *at <= TIME_MAX)
}

fn since_1970(text: &str) -> Option<Timestamp> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let units_a_second: u64 = match whole.len() {
        10 => 1,
        13 => 1_000,
        16 => 1_000_000,
        19 => 1_000_000_000,
        _ => return None,
    };
    let units: u64 = whole.parse().ok().filter(|_| is_digits(whole) && is_digits(fraction))?;
    Some(units / units_a_second)
}

/// `AM` or `PM` before the zone, in one writing.
fn half_of_day(text: &str) -> (Option<&'static str>, &str) {
    let half = |known: &str| text.get(..2).is_some_and(|start| start.eq_ignore_ascii_case(known));
    match (half("AM"), half("PM")) {
        (true, _) => (Some("AM"), text[2..].trim_start()),
        (_, true) => (Some("PM"), text[2..].trim_start()),
        _ => (None, text),
    }
}

fn time_of_day(clock: &str, half: Option<&str>) -> Option<NaiveTime> {
    let clock = clock.replace(',', ".");
    let forms = |forms: [&str; 2], text: &str| forms.iter().find_map(|form| NaiveTime::parse_from_str(text, form).ok());
    match half {
        Some(half) => forms(["%I:%M:%S%.f %p", "%I:%M %p"], &format!("{clock} {half}")),
        None => forms(["%H:%M:%S%.f", "%H:%M"], &clock),
    }
}

/// `Z`, `UTC`, `+01:00`, `+0100`, `+01`; a name in brackets may follow, as Java writes it.
fn offset(zone: &str) -> Option<FixedOffset> {
    let zone = zone.split_once('[').map_or(zone, |(offset, _name)| offset).trim_end();
    if ["Z", "UTC", "GMT"].iter().any(|utc| zone.eq_ignore_ascii_case(utc)) {
        return FixedOffset::east_opt(0);
    }
    let (sign, digits) = match zone.strip_prefix('+') {
        Some(digits) => (1, digits),
        None => (-1, zone.strip_prefix(['-', '\u{2212}'])?),
    };
    let digits = match digits.len() {
        5 => digits.replacen(':', "", 1),
        _ => digits.to_owned(),
    };
    let is_known = matches!(digits.len(), 2 | 4) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = |digits: &str| digits.parse::<i32>().ok().filter(|_| is_known);
    let (hours, minutes) = (number(digits.get(..2)?)?, digits.get(2..).filter(|minutes| !minutes.is_empty()));
    let minutes = minutes.map_or(Some(0), number).filter(|minutes| *minutes < 60)?;
    FixedOffset::east_opt(sign * (hours * 60 + minutes) * 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dialguard::calendar::instant_of;

    #[test]
    fn an_instant_is_read_in_every_form_that_has_a_zone() {
        let five = instant_of("2026-11-30T05:00:00Z").unwrap();
        for text in [
            "2026-11-30T05:00:00Z",
            "2026-11-30t05:00:00z",
            " 2026-11-30 05:00:00+00:00 ",
            "2026-11-30 05:00:00+00",
            "2026-11-30 05:00:00 +0000",
            "2026-11-30T05:00:00.000Z",
            "2026-11-30T05:00:00.123456789+00:00",
            "2026-11-30T05:00:00,5Z",
            "2026-11-30 05:00:00 UTC",
            "2026-11-30 05:00:00.123456 UTC",
            "2026-11-30T05:00Z",
            "2026-11-30T05:00Z[UTC]",
            "2026-11-30T06:00:00+01:00[Europe/Berlin]",
            "2026-11-30T00:00:00-0500",
            "2026-11-30T00:00:00\u{2212}05:00",
            "2026/11/30 05:00:00Z",
            "1796014800",
            "1796014800.25",
            "1796014800000",
            "1796014800000000",
            "1796014800000000000",
        ] {
            assert_eq!(instant(text), Ok(five), "{text}");
        }
    }

    #[test]
    fn a_time_without_a_zone_is_a_clock_s_if_it_is_known_whose() {
        let new_york = "America/New_York".parse().unwrap();
        let five = instant_of("2026-11-30T05:00:00Z").unwrap();
        for text in
            ["2026-11-30 00:00:00", "2026-11-30T00:00", "2026-11-30T05:00:00Z", "Mon, 30 Nov 2026 05:00:00 +0000"]
        {
            assert_eq!(instant_in(text, new_york), Ok(five), "{text}");
        }
        assert_eq!(instant_in("2026-11-30", new_york), Err(TimeDoubt::NoZone));
        assert_eq!(instant_in("11/30/2026 5:00", new_york), Err(TimeDoubt::Unreadable));
    }

    #[test]
    fn a_time_without_a_zone_is_told_from_what_is_no_time() {
        for text in ["2026-11-30T05:00:00", "2026-11-30 05:00:00.123456", "2026-11-30 05:00", "2026-11-30"] {
            assert_eq!(instant(text), Err(TimeDoubt::NoZone), "{text}");
        }
        let long = format!("2026-11-30T05:00:00.{}Z", "0".repeat(99));
        for text in [
            "",
            "31 January",
            "11/30/2026 5:00",
            "46356.2083333333",
            "1969-12-31T23:59:59Z",
            "9999-12-31T23:59:59-00:01",
            "2026-02-30T05:00:00Z",
            "2026-11-30T25:00:00Z",
            "2026-11-30T05:00:00 EST",
            "2026-11-30T05:00:00+1",
            "2026-11-30T05:00:00+01:60",
            "+2026-11-3T05:00:00Z",
            "2026-11-30:05:00:00Z",
            "17960148000",
            "1.796014800E9",
            long.as_str(),
        ] {
            assert_eq!(instant(text), Err(TimeDoubt::Unreadable), "{text}");
        }
    }
}
