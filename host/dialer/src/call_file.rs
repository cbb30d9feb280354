//! How calls went, as files have it: call detail records and reports by the hour, recognized, read row by row, and imported
//! into an account.
//!
//! A file is a table or JSON, see [`table_file`](crate::table_file). Its columns are found by their names. Single calls are
//! summed to hours; in a report each row states the whole hour of a number, and of several the last one counts. Either
//! way what the file says of an hour replaces what was known of it.
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialguard/example.rs"));
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dialguard_dialer::call_file::{CallFile, ReadOptions};
//!
//! let folder = tempfile::tempdir()?;
//! let dialguard = small_dialguard(folder.path()).await?;
//! let (ledger, account) = (dialguard.ledger(), dialguard.ledger().account("acme")?);
//! let bytes = b"calldate,src,dst,disposition,billsec\n\
//!     2026-01-15 00:05:00,13105550123,12125550100,ANSWERED,31\n\
//!     2026-01-15 00:07:00,13105550123,12125550101,NO ANSWER,0\n\
//!     2026-01-15 00:09:00,13105559999,12125550101,NO ANSWER,0\n";
//! let file = CallFile::read(bytes, &ReadOptions::of(&account), |_, _| true)?;
//! assert_eq!((file.hours.len(), file.column_names()[0].1), (2, "src"));
//! let outcome = file.import(ledger, "acme", dialguard.now())?;
//! assert_eq!((outcome.new, outcome.refused.len()), (1, 1)); // one number is not the account's
//! # Ok(())
//! # }
//! ```

mod columns;
pub(crate) mod ending;
mod rows;

pub use crate::table_file::refused::{BadRow, REFUSED_ROWS_MAX};
pub use columns::{CallColumn, RowKind};

use crate::ledger::{
    AccountProfile, CALLS_OF_HOUR_MAX, CallCounts, CallHour, CallOutcome, Ledger, Result as LedgerResult, hour_of,
};
use crate::phone::{Letters, PhoneNumber, Region};
use crate::table_file::refused::{Reasons, RefusedRows, fields_without_reason};
use crate::table_file::{NotATable, Table, first_columns};
use crate::written_time::{TimeDoubt, instant_in};
use crate::zones::Zone;
use columns::Layout;
use csv::StringRecord;
use dialguard::contract::{self, Timestamp};
use ending::{Ended, is_incoming, one_call};
use std::collections::{BTreeMap, HashMap};

/// Rows of the file that a preview shows, and fields of each.
const PREVIEW_ROWS: usize = 5;
const PREVIEW_FIELDS: usize = 50;

/// Rows of a file, at most: a day of a thousand agents.
const ROWS_MAX: usize = 1_000_000;

/// Fields of a row, at most: Asterisk's have 30, and FreeSWITCH's 100.
const FIELDS_MAX: usize = 300;

/// Texts of numbers that are kept, so that none is read twice: an account has fewer numbers than calls.
const NUMBERS_KEPT_MAX: usize = 1 << 16;

/// How a file of calls is to be read.
#[derive(Debug, Clone, Copy)]
pub struct ReadOptions {
    /// The country in whose national format numbers without a country code are.
    pub region: Region,
    /// The account's zone, by whose clock hours begin.
    pub account_zone: Zone,
    /// The zone of times that name none.
    pub file_zone: Zone,
}

impl ReadOptions {
    /// Times that name no zone are the account's.
    pub fn of(account: &AccountProfile) -> Self {
        ReadOptions { region: account.region, account_zone: account.time_zone, file_zone: account.time_zone }
    }
}

/// How a file of calls is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallFormat {
    /// The encoding by its name in the WHATWG standard, such as `UTF-8`.
    pub encoding: &'static str,
    /// What separates the fields of a row; none in JSON.
    pub delimiter: Option<char>,
}

/// The calls in a file, and how they were found.
#[derive(Debug, Clone)]
pub struct CallFile {
    /// How it is written.
    pub format: CallFormat,
    /// What its rows are.
    pub kind: RowKind,
    /// The names of the columns, in their order.
    pub columns: Vec<String>,
    /// The first rows and what was read from them.
    pub first_rows: Vec<ReadRow>,
    /// Every number and hour once, in ascending order.
    pub hours: Vec<CallHour>,
    /// Rows that were read, each with the place of its hour in `hours`.
    rows: Vec<(u64, u32)>,
    /// Rows that could not be read.
    pub bad_rows: Vec<BadRow>,
    /// How many rows are of calls that came in.
    pub incoming_rows: usize,
    layout: Layout,
}

/// A row of the file and what was read from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadRow {
    /// The row's line in the file, from 1.
    pub row: u64,
    /// Its fields, the first 50.
    pub fields: Vec<String>,
    /// Its calls, or why it has none; none for a call that came in.
    pub calls: Result<Option<CallHour>, String>,
}

/// Why a file cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallFileError {
    /// It is not a table.
    #[error("the file {0}")]
    NotATable(NotATable),
    /// A column is missing.
    #[error("the file has no column {lacking}; it has {}", first_columns(.columns))]
    NoColumn {
        /// What such a column says, with examples.
        lacking: &'static str,
        /// The names in the row that is most like a header.
        columns: Vec<String>,
    },
    /// It has no rows.
    #[error("the file is empty")]
    Empty,
    /// It has too many rows, or too many fields in one.
    #[error("the file has more than {ROWS_MAX} rows, or more than {FIELDS_MAX} fields in one row")]
    TooLarge,
    /// Nobody waited for the rest.
    #[error("reading the file was stopped")]
    Stopped,
}

/// The outcome of an import, or of one that was only tried.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportedCalls {
    /// Hours of numbers of which nothing was known.
    pub new: usize,
    /// Hours of numbers of which something else was known.
    pub changed: usize,
    /// Hours of numbers of which the same was known.
    pub known: usize,
    /// Rows that were not imported, in ascending order.
    pub refused: Vec<BadRow>,
    /// Whether the import was stopped; importing the file again imports the rest.
    pub is_stopped: bool,
}

impl CallFile {
    /// Recognizes how a file is written and reads its calls, for as long as `go_on` returns true, which is called before
    /// each row with the number of rows read and of all rows; then [`CallFileError::Stopped`].
    pub fn read(
        bytes: &[u8],
        options: &ReadOptions,
        mut go_on: impl FnMut(usize, usize) -> bool,
    ) -> Result<Self, CallFileError> {
        let table = Table::read(bytes).map_err(CallFileError::NotATable)?;
        let source = rows::Source::of(&table)?;
        let (mut reader, mut rows_read) = (Reader::new(source.layout, *options), 0);
        source.each_row(&table, |line, fields| {
            if !go_on(rows_read, source.rows_max) {
                return Err(CallFileError::Stopped);
            }
            rows_read += 1;
            match rows_read > ROWS_MAX {
                true => Err(CallFileError::TooLarge),
                false => {
                    reader.take(line, &fields);
                    Ok(())
                }
            }
        })?;
        let format = CallFormat { encoding: table.format.encoding, delimiter: source.delimiter };
        Ok(reader.finish(format, source.columns))
    }

    /// What the columns that are read say, and their names.
    pub fn column_names(&self) -> Vec<(CallColumn, &str)> {
        self.layout.read().map(|(column, place)| (column, self.columns[place].as_str())).collect()
    }

    /// Imports the calls into an account. Errors are the ledger's.
    pub fn import(&self, ledger: &Ledger, id: &str, now: Timestamp) -> LedgerResult<ImportedCalls> {
        self.import_while(ledger, id, now, |_| true)
    }

    /// The same for as long as `go_on` returns true, which is called now and then with how many of [`CallFile::hours`] are
    /// done.
    pub fn import_while(
        &self,
        ledger: &Ledger,
        id: &str,
        now: Timestamp,
        go_on: impl FnMut(usize) -> bool,
    ) -> LedgerResult<ImportedCalls> {
        Ok(self.with_outcomes(&ledger.import_calls_while(id, &self.hours, now, go_on)?))
    }

    /// What [`CallFile::import`] would return now. Nothing is changed.
    pub fn preview(&self, ledger: &Ledger, id: &str, now: Timestamp) -> LedgerResult<ImportedCalls> {
        Ok(self.with_outcomes(&ledger.preview_calls(id, &self.hours, now)?))
    }

    /// The outcomes of the first hours, and the rows without one.
    fn with_outcomes(&self, outcomes: &[CallOutcome]) -> ImportedCalls {
        let count = |counted: CallOutcome| outcomes.iter().filter(|outcome| **outcome == counted).count();
        let mut reasons = Reasons::default();
        let refused = self.rows.iter().filter_map(|(row, hour)| {
            let hour = *hour as usize;
            let why = outcomes.get(hour)?.refusal()?;
            let number = crate::phone::e164(self.hours[hour].number);
            Some(BadRow { row: *row, why: reasons.shared(format!("{number} {why}")) })
        });
        let mut refused: Vec<BadRow> = self.bad_rows.iter().cloned().chain(refused).collect();
        refused.sort_by_key(|bad| bad.row);
        ImportedCalls {
            new: count(CallOutcome::New),
            changed: count(CallOutcome::Changed),
            known: count(CallOutcome::Known),
            refused,
            is_stopped: outcomes.len() < self.hours.len(),
        }
    }
}

/// Reads rows, one after the other.
struct Reader {
    layout: Layout,
    options: ReadOptions,
    numbers: HashMap<String, Result<contract::PhoneNumber, String>>,
    hours: BTreeMap<(contract::PhoneNumber, Timestamp), CallCounts>,
    rows: Vec<(u64, (contract::PhoneNumber, Timestamp))>,
    first_rows: Vec<ReadRow>,
    bad_rows: Vec<BadRow>,
    incoming_rows: usize,
    reasons: Reasons,
}

impl Reader {
    fn new(layout: Layout, options: ReadOptions) -> Self {
        Reader {
            layout,
            options,
            numbers: HashMap::new(),
            hours: BTreeMap::new(),
            rows: Vec::new(),
            first_rows: Vec::new(),
            bad_rows: Vec::new(),
            incoming_rows: 0,
            reasons: Reasons::default(),
        }
    }

    fn take(&mut self, line: u64, fields: &Result<StringRecord, String>) {
        let calls = fields.as_ref().map_err(String::clone).and_then(|fields| self.calls(fields));
        if self.first_rows.len() < PREVIEW_ROWS {
            let shown = fields.iter().flatten().take(PREVIEW_FIELDS).map(str::to_owned).collect();
            self.first_rows.push(ReadRow { row: line, fields: shown, calls: calls.clone() });
        }
        match calls {
            Ok(Some(hour)) => self.add(line, hour),
            Ok(None) => self.incoming_rows += 1,
            Err(why) => self.bad_rows.push(BadRow { row: line, why: self.reasons.shared(why) }),
        }
    }

    /// Single calls of an hour are summed; of several reports of an hour the last one counts.
    fn add(&mut self, line: u64, CallHour { number, hour, calls }: CallHour) {
        self.rows.push((line, (number, hour)));
        let kind = self.layout.kind;
        let known = self.hours.entry((number, hour)).and_modify(|known| {
            *known = match kind {
                RowKind::Calls => known.with(calls),
                RowKind::Hours => calls,
            }
        });
        known.or_insert(calls);
    }

    /// A row's calls; none if it came in.
    fn calls(&mut self, fields: &StringRecord) -> Result<Option<CallHour>, String> {
        let layout = self.layout;
        let text = |column| layout.place(column).and_then(|place| fields.get(place)).unwrap_or_default().trim();
        if layout.kind == RowKind::Calls && is_incoming(text(CallColumn::Direction), text(CallColumn::Number)) {
            return Ok(None);
        }
        let number = self.number(text(CallColumn::Number))?;
        let at = self.time(text)?;
        Ok(Some(match layout.kind {
            RowKind::Calls => {
                let (sip_code, sip_reason) = (text(CallColumn::SipCode), text(CallColumn::SipReason));
                let ended = Ended {
                    outcome: text(CallColumn::Outcome),
                    sip_code,
                    sip_reason,
                    seconds: text(CallColumn::Seconds),
                };
                let calls = one_call(ended.ending()?);
                CallHour { number, hour: hour_of(at, self.options.account_zone), calls }
            }
            RowKind::Hours => CallHour { number, hour: at, calls: counts(text)? },
        }))
    }

    fn number(&mut self, text: &str) -> Result<contract::PhoneNumber, String> {
        if let Some(known) = self.numbers.get(text) {
            return known.clone();
        }
        let number = PhoneNumber::parse_with(text, self.options.region, Letters::Refused);
        let number = number.map(PhoneNumber::digits).map_err(|error| error.to_string());
        if self.numbers.len() < NUMBERS_KEPT_MAX {
            self.numbers.insert(text.to_owned(), number.clone());
        }
        number
    }

    /// When a call or an hour began. Date and time may stand in two columns.
    fn time<'f>(&self, text: impl Fn(CallColumn) -> &'f str) -> Result<Timestamp, String> {
        let clock = match self.layout.kind {
            RowKind::Hours if self.layout.place(CallColumn::Hour).is_some() => text(CallColumn::Hour),
            _ => text(CallColumn::Time),
        };
        let written = match text(CallColumn::Date) {
            date if !date.is_empty() && is_clock_alone(clock) => with_minutes(&format!("{date} {clock}")),
            date if clock.is_empty() => with_minutes(date),
            _ => with_minutes(clock),
        };
        instant_in(&written, self.options.file_zone).map_err(|doubt| match doubt {
            TimeDoubt::NoZone => format!("{written:?} has no time of day; write it like 2026-01-31 09:00:00"),
            TimeDoubt::Unreadable => {
                format!("{written:?} is not a time from 1970 to 9999; write it like 2026-01-31 09:00:00")
            }
        })
    }

    fn finish(self, format: CallFormat, columns: Vec<String>) -> CallFile {
        let places: HashMap<_, _> = self.hours.keys().copied().zip(0..).collect();
        let hour = |((number, hour), calls)| CallHour { number, hour, calls };
        CallFile {
            format,
            kind: self.layout.kind,
            columns,
            first_rows: self.first_rows,
            rows: self.rows.into_iter().map(|(line, key)| (line, places[&key])).collect(),
            hours: self.hours.into_iter().map(hour).collect(),
            bad_rows: self.bad_rows,
            incoming_rows: self.incoming_rows,
            layout: self.layout,
        }
    }
}

/// The counts of a report's row. Where it has no column of short or blocked calls, there were none.
fn counts<'f>(text: impl Fn(CallColumn) -> &'f str) -> Result<CallCounts, String> {
    let count = |column, name: &str| match text(column) {
        "" => Ok(0),
        text => text.parse().map_err(|_| {
            format!("{name}: {text:?} is not a number of calls; write a whole number up to {CALLS_OF_HOUR_MAX}")
        }),
    };
    let attempts = count(CallColumn::Attempts, "attempts")?;
    let (answered, short) = (count(CallColumn::Answered, "answered")?, count(CallColumn::Short, "short")?);
    CallCounts::new(attempts, answered, short, count(CallColumn::Blocked, "blocked")?)
        .map_err(|error| error.to_string())
}

/// Whether the text is a time of day or an hour from 0 to 23, and no date.
fn is_clock_alone(text: &str) -> bool {
    let is_hour = || matches!(text.len(), 1..=2) && text.parse::<u8>().is_ok_and(|hour| hour < 24);
    text.len() <= 8 && !text.contains('-') && (text.contains(':') || is_hour())
}

/// `2026-01-31 9` and `2026-01-31T09` with their minutes.
fn with_minutes(text: &str) -> String {
    match text.rsplit_once([' ', 'T']) {
        Some((date, hour)) if is_clock_alone(hour) && !hour.contains(':') => format!("{date} {hour:0>2}:00"),
        _ => text.to_owned(),
    }
}

/// The refused rows of a file as a CSV file of their own: all fields, and the reason as the last one. To be corrected and
/// imported again.
pub fn refused_rows(bytes: &[u8], refused: &[BadRow]) -> Result<Vec<u8>, CallFileError> {
    let table = Table::read(bytes).map_err(CallFileError::NotATable)?;
    let source = rows::Source::of(&table)?;
    let own = |fields: usize| fields_without_reason(&source.columns, fields);
    let names = source.columns[..own(source.columns.len())].to_vec();
    let mut lines = RefusedRows::of(bytes.len(), names);
    let mut reasons = refused.iter().peekable();
    source.each_row_as_it_is(&table, |line, fields| {
        while let Some(bad) = reasons.next_if(|bad| bad.row <= line) {
            lines.push(fields.iter().take(own(fields.len())), &bad.why);
        }
    });
    Ok(lines.into_csv())
}
