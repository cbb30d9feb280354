//! What a zone's clock shows, for chrono. The rules are read and applied by jiff.

use crate::zones::Zone;
use chrono::{Datelike, FixedOffset, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Timelike};
use jiff::tz::AmbiguousOffset;
use jiff::{Timestamp, civil};
use std::fmt;

/// How far a zone's clock is ahead of UTC at a time.
#[derive(Clone, Copy)]
pub struct ZoneOffset {
    zone: Zone,
    offset: FixedOffset,
}

impl Offset for ZoneOffset {
    fn fix(&self) -> FixedOffset {
        self.offset
    }
}

impl fmt::Display for ZoneOffset {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.offset.fmt(f)
    }
}

impl fmt::Debug for ZoneOffset {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} in {}", self.offset, self.zone)
    }
}

impl Zone {
    fn offset(self, offset: jiff::tz::Offset) -> ZoneOffset {
        let offset = FixedOffset::east_opt(offset.seconds()).unwrap_or_else(|| FixedOffset::east_opt(0).expect("UTC"));
        ZoneOffset { zone: self, offset }
    }
}

impl TimeZone for Zone {
    type Offset = ZoneOffset;

    fn from_offset(offset: &ZoneOffset) -> Self {
        offset.zone
    }

    fn offset_from_local_date(&self, local: &NaiveDate) -> LocalResult<ZoneOffset> {
        self.offset_from_local_datetime(&local.and_time(NaiveTime::MIN))
    }

    fn offset_from_local_datetime(&self, local: &NaiveDateTime) -> LocalResult<ZoneOffset> {
        match self.0.rules.to_ambiguous_timestamp(to_jiff(local)).offset() {
            AmbiguousOffset::Unambiguous { offset } => LocalResult::Single(self.offset(offset)),
            AmbiguousOffset::Fold { before, after } => LocalResult::Ambiguous(self.offset(before), self.offset(after)),
            AmbiguousOffset::Gap { .. } => LocalResult::None,
        }
    }

    fn offset_from_utc_date(&self, utc: &NaiveDate) -> ZoneOffset {
        self.offset_from_utc_datetime(&utc.and_time(NaiveTime::MIN))
    }

    fn offset_from_utc_datetime(&self, utc: &NaiveDateTime) -> ZoneOffset {
        let (first, last) = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
        let at = Timestamp::from_second(utc.and_utc().timestamp().clamp(first, last)).expect("it is in jiff's range");
        self.offset(self.0.rules.to_offset(at))
    }
}

/// The same local time; beyond jiff's years, which end with 9999, the last of them.
fn to_jiff(local: &NaiveDateTime) -> civil::DateTime {
    let last = if local.year() > 0 { civil::DateTime::MAX } else { civil::DateTime::MIN };
    let small = |part: u32| i8::try_from(part).expect("months, days, hours, minutes and seconds are small");
    let (month, day) = (small(local.month()), small(local.day()));
    let (hour, minute, second) = (small(local.hour()), small(local.minute()), small(local.second()));
    let year = i16::try_from(local.year()).ok();
    year.and_then(|year| civil::DateTime::new(year, month, day, hour, minute, second, 0).ok()).unwrap_or(last)
}
