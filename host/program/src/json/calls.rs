//! How calls went, and imports of that.

use super::number::{RefusedRow, as_given};
use super::{E164, Time};
use crate::words::{REFUSED_LISTED_MAX, column};
use dialguard::contract::CallTotals;
use dialguard_dialer::call_file::{self, CallFile, ReadRow, RowKind};
use dialguard_dialer::dialguard as dialer;
use dialguard_dialer::ledger::{self, CallHour, CallOutcome};
use dialguard_dialer::phone::e164;
use serde::Serialize;
use utoipa::ToSchema;

/// How calls went in a span of time.
#[derive(Serialize, ToSchema)]
pub struct Calls {
    /// Calls made.
    attempts: u64,
    /// Of those, the ones that somebody answered.
    answered: u64,
    /// Of the answered ones, those that were over within 6 seconds.
    short: u64,
    /// Of the attempts, those that an analytics engine refused on the way.
    blocked: u64,
}

impl From<CallTotals> for Calls {
    fn from(CallTotals { attempts, answered, short, blocked }: CallTotals) -> Self {
        Calls { attempts, answered, short, blocked }
    }
}

/// How calls from a number went.
#[derive(Serialize, ToSchema)]
pub struct NumberCalls {
    pub number: E164,
    #[serde(flatten)]
    calls: Calls,
}

impl From<&ledger::NumberTotals> for NumberCalls {
    fn from(totals: &ledger::NumberTotals) -> Self {
        NumberCalls { number: totals.number.into(), calls: totals.calls.into() }
    }
}

/// How calls went on a date.
#[derive(Serialize, ToSchema)]
pub struct CallDay {
    /// The account's local date.
    #[schema(format = Date)]
    date: String,
    #[serde(flatten)]
    calls: Calls,
}

impl From<&ledger::CallDay> for CallDay {
    fn from(day: &ledger::CallDay) -> Self {
        CallDay { date: day.date.to_string(), calls: day.calls.into() }
    }
}

/// How calls from a number went, by date.
#[derive(Serialize, ToSchema)]
pub struct CallsByDay {
    number: E164,
    /// The dates on which calls are known, oldest first; of the past 60 days.
    days: Vec<CallDay>,
}

impl CallsByDay {
    pub fn new(number: u64, days: &[ledger::CallDay]) -> Self {
        CallsByDay { number: number.into(), days: days.iter().map(CallDay::from).collect() }
    }
}

/// The result of a report of calls.
#[derive(Default, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ReportedCalls {
    /// How many hours are new.
    new: usize,
    /// How many hours had other figures before.
    changed: usize,
    /// How many hours had the same figures before.
    known: usize,
    /// How many hours were refused.
    refused_count: usize,
    /// The first 100 of them.
    refused: Vec<RefusedHour>,
}

/// An hour that was refused.
#[derive(Serialize, ToSchema)]
pub struct RefusedHour {
    /// As it was given; shortened if it is longer than any number.
    number: String,
    hour: Time,
    /// Why, and what to do about it.
    #[schema(example = "+13105550199 is not a number of this account")]
    why: String,
}

impl RefusedHour {
    pub fn new(given: &str, hour: Time, why: String) -> Self {
        RefusedHour { number: as_given(given), hour, why }
    }
}

impl ReportedCalls {
    /// Counts the outcomes of these hours.
    pub fn add(&mut self, hours: &[CallHour], outcomes: &[CallOutcome]) {
        for (hour, outcome) in hours.iter().zip(outcomes) {
            let number = || e164(hour.number).to_string();
            match outcome.refusal() {
                Some(why) => self.refuse(RefusedHour::new(&number(), Time(hour.hour), format!("{} {why}", number()))),
                None if *outcome == CallOutcome::New => self.new += 1,
                None if *outcome == CallOutcome::Changed => self.changed += 1,
                None => self.known += 1,
            }
        }
    }

    pub fn refuse(&mut self, refused: RefusedHour) {
        self.refused_count += 1;
        if self.refused.len() < REFUSED_LISTED_MAX {
            self.refused.push(refused);
        }
    }
}

/// The result of reading calls from the log of the account's provider.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ReadCalls {
    /// The provider's name.
    provider: String,
    /// How many hours of numbers are new.
    new: usize,
    /// How many had other figures before.
    changed: usize,
    /// How many had the same figures before.
    known: usize,
    /// Calls from what is no number of an account with this provider, which are not counted.
    others: u64,
    /// Calls whose time or ending the provider does not tell, which are not counted.
    unreadable: u64,
    /// Hours that began before are known; null if nothing could be read.
    read_until: Option<Time>,
    /// Why the reading ended early; null if it did not. Hours that were read whole stay, and the next reading goes on from
    /// there.
    problem: Option<String>,
}

impl From<&dialer::ReadCalls> for ReadCalls {
    fn from(read: &dialer::ReadCalls) -> Self {
        ReadCalls {
            provider: read.provider.clone(),
            new: read.new,
            changed: read.changed,
            known: read.known,
            others: read.others,
            unreadable: read.unreadable,
            read_until: read.read_until.map(Time),
            problem: read.problem.clone(),
        }
    }
}

/// The result of importing a file of calls. Hours that were taken are only counted: files are long.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ImportedCallFile {
    /// Whether nothing was changed: then the counts say what an import would do.
    dry_run: bool,
    recognized: RecognizedCalls,
    /// How many hours of numbers are new, had other figures before, or the same.
    new: usize,
    changed: usize,
    known: usize,
    refused_count: usize,
    /// The first 100 refused rows.
    refused: Vec<RefusedRow>,
    /// Whether the import was stopped; importing the file again imports the rest.
    stopped: bool,
}

/// How a file of calls was read.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct RecognizedCalls {
    encoding: &'static str,
    /// Null in JSON.
    delimiter: Option<char>,
    /// `calls` or `hours`.
    rows: &'static str,
    columns: Vec<RecognizedColumn>,
    incoming_rows: usize,
    first_rows: Vec<FirstCalls>,
}

#[derive(Serialize)]
struct RecognizedColumn {
    /// What it says.
    says: &'static str,
    column: String,
}

/// A row, and what was read from it.
#[derive(Serialize)]
struct FirstCalls {
    row: u64,
    fields: Vec<String>,
    number: Option<E164>,
    hour: Option<Time>,
    calls: Option<Calls>,
    /// Why it was refused.
    why: Option<String>,
}

impl ImportedCallFile {
    pub fn new(file: &CallFile, outcome: &call_file::ImportedCalls, dry_run: bool) -> Self {
        ImportedCallFile {
            dry_run,
            recognized: RecognizedCalls::from(file),
            new: outcome.new,
            changed: outcome.changed,
            known: outcome.known,
            refused_count: outcome.refused.len(),
            refused: outcome.refused.iter().take(REFUSED_LISTED_MAX).map(RefusedRow::from).collect(),
            stopped: outcome.is_stopped,
        }
    }
}

impl From<&CallFile> for RecognizedCalls {
    fn from(file: &CallFile) -> Self {
        let columns = file.column_names().into_iter();
        let columns = columns.map(|(what, name)| RecognizedColumn { says: column(what), column: name.to_owned() });
        RecognizedCalls {
            encoding: file.format.encoding,
            delimiter: file.format.delimiter,
            rows: if file.kind == RowKind::Calls { "calls" } else { "hours" },
            columns: columns.collect(),
            incoming_rows: file.incoming_rows,
            first_rows: file.first_rows.iter().map(FirstCalls::from).collect(),
        }
    }
}

impl From<&ReadRow> for FirstCalls {
    fn from(read: &ReadRow) -> Self {
        let calls = read.calls.as_ref().ok().copied().flatten();
        FirstCalls {
            row: read.row,
            fields: read.fields.clone(),
            number: calls.map(|calls| calls.number.into()),
            hour: calls.map(|calls| Time(calls.hour)),
            calls: calls.map(|calls| CallTotals::from(calls.calls).into()),
            why: read.calls.as_ref().err().cloned(),
        }
    }
}
