//! Which columns of a table say how calls went.
//!
//! The names decide, in the vocabulary of VICIdial, Asterisk, FreePBX, FreeSWITCH, FusionPBX, Twilio and of reports by the
//! hour. A dialer's content would not tell: a call has two numbers, and only its name says which one called.

use crate::table_file::column_key;

/// What a column says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallColumn {
    /// The number that called.
    Number,
    /// When a call began.
    Time,
    /// The date, where time or hour stand alone.
    Date,
    /// The hour that a row sums.
    Hour,
    /// Whether a call went out or came in.
    Direction,
    /// How a call ended, in a word.
    Outcome,
    /// How it ended, as a code of SIP.
    SipCode,
    /// The words beside that code.
    SipReason,
    /// For how many seconds it was answered.
    Seconds,
    /// Calls made in the hour.
    Attempts,
    /// Calls answered in the hour.
    Answered,
    /// Answered calls over within 6 seconds.
    Short,
    /// Calls blocked on the way.
    Blocked,
}

/// How many there are.
const COLUMNS: usize = 13;

/// Their names by [`column_key`], in the order of preference.
const NAMES: [(CallColumn, &[&str]); COLUMNS] = [
    (
        CallColumn::Number,
        &[
            "outboundcnum",
            "outboundcid",
            "outboundcallerid",
            "calleridnumber",
            "calleridnum",
            "callerid",
            "callernumber",
            "callernum",
            "cidnumber",
            "cidnum",
            "cid",
            "ani",
            "fromnumber",
            "fromformatted",
            "from",
            "src",
            "source",
            "cnum",
            "clid",
            "number",
            "phonenumber",
            "numbere164",
            "phonenumbere164",
            "e164",
            "did",
            "didnumber",
            "tn",
        ],
    ),
    (
        CallColumn::Time,
        &[
            "starttime",
            "startstamp",
            "startepoch",
            "calldate",
            "callstart",
            "callstarttime",
            "callstarted",
            "startedat",
            "start",
            "calltime",
            "datetime",
            "timestamp",
            "datecreated",
            "initiatedat",
            "time",
        ],
    ),
    (CallColumn::Date, &["date", "day", "localdate"]),
    (CallColumn::Hour, &["hour", "hourstart", "hourstartsat", "hourbeginning", "localhour"]),
    (CallColumn::Direction, &["direction", "calldirection"]),
    (CallColumn::Outcome, &["disposition", "dialstatus", "callstatus", "status", "hangupcause", "result", "outcome"]),
    (
        CallColumn::SipCode,
        &[
            "siphangupcause",
            "sipcode",
            "sipresponsecode",
            "lastsipresponse",
            "siptermstatus",
            "sipinvitefailurestatus",
            "sipstatus",
            "responsecode",
            "protospecifichangupcause",
        ],
    ),
    (CallColumn::SipReason, &["siphangupreason", "sipreason", "sipinvitefailurephrase", "reasonphrase"]),
    (
        CallColumn::Seconds,
        &[
            "billsec",
            "answeredtime",
            "talktime",
            "talksec",
            "talkseconds",
            "callduration",
            "durationseconds",
            "duration",
            "lengthinsec",
            "seconds",
        ],
    ),
    (CallColumn::Attempts, &["attempts", "calls", "callattempts", "totalcalls", "dials", "dialed", "outboundcalls"]),
    (CallColumn::Answered, &["answered", "answeredcalls", "answers", "connected", "connects", "connections"]),
    (CallColumn::Short, &["short", "shortcalls", "shortduration"]),
    (CallColumn::Blocked, &["blocked", "blockedcalls", "networkblocked"]),
];

/// What the rows of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowKind {
    /// A call each, as in call detail records.
    Calls,
    /// All of a number's calls in an hour each.
    Hours,
}

/// The places of the columns that were recognized.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) kind: RowKind,
    places: [Option<usize>; COLUMNS],
}

impl Layout {
    /// From the names of a header, or what it lacks to be one.
    pub(super) fn of<'n>(names: impl Iterator<Item = &'n str>) -> Result<Self, &'static str> {
        let keys: Vec<String> = names.map(column_key).collect();
        let place = |known: &[&str]| known.iter().find_map(|name| keys.iter().position(|key| key == name));
        let places = NAMES.map(|(_, known)| place(known));
        let has = |column: CallColumn| places[column as usize].is_some();
        let has_time = has(CallColumn::Time) || has(CallColumn::Hour) || has(CallColumn::Date);
        let says_end = [CallColumn::Outcome, CallColumn::SipCode, CallColumn::Seconds].into_iter().any(has);
        let kind = if has(CallColumn::Attempts) { RowKind::Hours } else { RowKind::Calls };
        match kind {
            _ if !has(CallColumn::Number) => Err("of the number that called, such as number, src or from"),
            RowKind::Hours if !has_time => Err("of the hour, such as hour"),
            RowKind::Hours if !has(CallColumn::Answered) => Err("of answered calls, such as answered"),
            RowKind::Calls if !has_time => Err("of when a call began, such as calldate or start_time"),
            RowKind::Calls if !says_end => Err("of how a call ended, such as disposition, status or sip_code"),
            _ => Ok(Layout { kind, places }),
        }
    }

    pub(super) fn place(&self, column: CallColumn) -> Option<usize> {
        self.places[column as usize]
    }

    /// The columns that are read, in the order of the enum, each with its place.
    pub(super) fn read(&self) -> impl Iterator<Item = (CallColumn, usize)> {
        use CallColumn::{Answered, Attempts, Blocked, Direction, Outcome, Seconds, Short, SipCode, SipReason};
        let of_calls = [Direction, Outcome, SipCode, SipReason, Seconds];
        let of_hours = [Attempts, Answered, Short, Blocked];
        let kind = self.kind;
        let is_read = move |column: &CallColumn| match kind {
            RowKind::Calls => !of_hours.contains(column),
            RowKind::Hours => !of_calls.contains(column),
        };
        let places = NAMES.map(|(column, _)| column).into_iter().zip(self.places);
        places.filter_map(|(column, place)| Some((column, place?))).filter(move |(column, _)| is_read(column))
    }
}

/// Whether a field of JSON has the number that called: then the object is a row.
pub(super) fn is_number(name: &str) -> bool {
    NAMES[CallColumn::Number as usize].1.contains(&column_key(name).as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_the_order_of_the_columns_and_each_once() {
        let places: Vec<usize> = NAMES.iter().map(|(column, _)| *column as usize).collect();
        assert_eq!(places, (0..COLUMNS).collect::<Vec<_>>());
        let mut names: Vec<&str> = NAMES.iter().flat_map(|(_, names)| *names).copied().collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(names.iter().all(|name| column_key(name) == *name));
    }
}
