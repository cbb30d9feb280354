//! Calls as a provider has logged them.

use super::api::number_in;
use crate::call_file::ending::{Ended, is_incoming, one_call};
use crate::ledger::CallCounts;
use crate::phone::{self, Region};
use crate::written_time::instant;
use dialguard::contract::{PhoneNumber, Timestamp};
use serde_json::Value;
use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;

/// A call that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoggedCall {
    /// The number that called.
    pub number: PhoneNumber,
    /// When it began.
    pub began_at: Timestamp,
    /// How it went: one attempt.
    pub calls: CallCounts,
}

/// The calls that were made in a span of time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallLog {
    /// Those that are over, from phone numbers.
    pub calls: Vec<LoggedCall>,
    /// Calls from what is no phone number, such as a client of the provider's own.
    pub without_number: u64,
    /// Records whose time or ending cannot be told.
    pub unreadable: u64,
}

/// A record of a call; empty texts where it does not say.
pub(super) struct CallRecord<'r> {
    pub from: &'r Value,
    pub direction: &'r str,
    pub began_at: Result<Timestamp, ()>,
    pub is_over: bool,
    pub outcome: &'r str,
    pub sip_code: &'r str,
    pub sip_reason: &'r str,
    pub seconds: &'r str,
}

/// Reads the records of a span, page by page. A record that comes again, because the pages have moved, counts once.
pub(super) struct LogReader {
    span: Range<Timestamp>,
    log: CallLog,
    seen: HashSet<u64>,
    hasher: RandomState,
}

impl LogReader {
    pub fn new(span: Range<Timestamp>) -> Self {
        LogReader { span, log: CallLog::default(), seen: HashSet::new(), hasher: RandomState::new() }
    }

    /// Takes a record, which is `whole` in the provider's words.
    pub fn take(&mut self, whole: &Value, record: &CallRecord) {
        let CallRecord { from, direction, began_at, is_over, outcome, sip_code, sip_reason, seconds } = *record;
        let is_ours = !is_incoming(direction, from.as_str().unwrap_or_default()) && is_over;
        if !is_ours || !self.seen.insert(self.hasher.hash_one(whole.to_string())) {
            return;
        }
        let Ok(began_at) = began_at else {
            self.log.unreadable += 1;
            return;
        };
        if !self.span.contains(&began_at) {
            return;
        }
        match (number_of(from), (Ended { outcome, sip_code, sip_reason, seconds }).ending()) {
            (None, _) => self.log.without_number += 1,
            (_, Err(_)) => self.log.unreadable += 1,
            (Some(number), Ok(ending)) => {
                self.log.calls.push(LoggedCall { number, began_at, calls: one_call(ending) });
            }
        }
    }

    pub fn finish(self) -> CallLog {
        self.log
    }
}

/// A number as a trunk or a client has sent it: E.164, or as it is written in the United States.
fn number_of(from: &Value) -> Option<PhoneNumber> {
    let as_written = || Some(phone::PhoneNumber::parse(from.as_str()?, Region::US).ok()?.digits());
    number_in(from).or_else(as_written)
}

/// A time in a record, by RFC 3339 or RFC 2822.
pub(super) fn time_in(value: &Value) -> Result<Timestamp, ()> {
    let text = value.as_str().ok_or(())?;
    let rfc2822 = || chrono::DateTime::parse_from_rfc2822(text.trim()).ok()?.timestamp().try_into().ok();
    instant(text).ok().or_else(rfc2822).ok_or(())
}
