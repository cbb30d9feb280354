//! What users and programs write for an account: read once for the command line, the API and the dashboard.

mod access;
mod bounded;
mod services;
mod time_zones;
mod windows_zones;

pub use access::grant;
pub use bounded::{Entries, List};
use chrono::NaiveTime;
use dialguard::calendar::{CLOCK_MAX, DateTime, instant_of, rfc3339};
use dialguard::contract::Timestamp;
use dialguard_dialer::ledger::NewAccount;
pub use services::{FieldError, NamedSecret, ProviderSpec, SourceSpec, WrittenService, micros};
pub use time_zones::{new_time_zone, time_zone};

/// The id of a new account.
pub fn account_id(text: &str) -> Result<String, String> {
    if NewAccount::is_id(text) {
        return Ok(text.to_owned());
    }
    Err("give 1 to 64 letters, digits, `.`, `_` or `-`, a letter or digit first".into())
}

/// A local time of day to the minute.
pub fn time_of_day(text: &str) -> Result<NaiveTime, String> {
    NaiveTime::parse_from_str(text, "%H:%M").map_err(|_| "give a time of day from 00:00 to 23:59".into())
}

/// An instant in RFC 3339, which has its own time zone. Times before 1970 become 1970: nothing happened before.
pub fn time(text: &str) -> Result<Timestamp, String> {
    let before_1970 = || {
        let time = DateTime::parse_from_rfc3339(text).ok()?;
        (time.timestamp() < 0).then_some(0)
    };
    instant_of(text).or_else(before_1970).ok_or_else(|| {
        format!("{text:?} is not a time with its zone, up to the year 9999; write it like 2026-03-31T09:00:00-05:00")
    })
}

/// What a clock may show: time that is left in RFC 3339 for what follows from it, such as the end of a cycle.
pub fn clock(text: &str) -> Result<Timestamp, String> {
    instant_of(text).filter(|at| *at <= CLOCK_MAX).ok_or_else(|| {
        let (first, last) = (rfc3339(0), rfc3339(CLOCK_MAX));
        format!("give a time from {first} to {last}, with its zone, such as 2026-03-31T09:00:00Z")
    })
}

/// A setting and its value. How long both may be is the ledger's to say.
pub fn named_value(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("give NAME=VALUE")?;
    match name.trim() {
        "" => Err("give NAME=VALUE, with a name".into()),
        name => Ok((name.to_owned(), value.trim().to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_understood_is_answered_with_what_to_give() {
        assert_eq!(time_of_day("07:30").map(|time| time.to_string()), Ok("07:30:00".into()));
        assert!(["24:00", "7", "noon"].map(time_of_day).iter().all(Result::is_err));
        assert_eq!(named_value("greeting=a=b"), Ok(("greeting".into(), "a=b".into())));
        assert!(["loose", "=1"].map(named_value).iter().all(Result::is_err));
        assert_eq!(time("1969-12-31T23:59:59Z"), Ok(0));
        assert_eq!(time("9999-12-31T23:59:59Z").map(rfc3339), Ok("9999-12-31T23:59:59Z".into()));
        assert!(["9999-12-31T23:59:59-00:01", "+10000-01-01T00:00:00Z", "soon"].map(time).iter().all(Result::is_err));
        assert_eq!(clock("9998-12-31T23:59:59Z"), Ok(CLOCK_MAX));
        for beyond in ["9999-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "+10000-01-01T00:00:00Z", "soon"] {
            let why = clock(beyond).unwrap_err();
            assert!(why.contains("from 1970-01-01T00:00:00Z to 9998-12-31T23:59:59Z"), "{beyond}: {why}");
        }
        assert!(["", "-acme", "a b"].map(account_id).iter().all(Result::is_err));
    }
}
