//! An account's whole record as tables: CSV for spreadsheets, JSON lines for programs.
//!
//! A table is read from the ledger and written page by page, so that none is ever in memory as a whole. A row is on
//! record once. While others change the account, a page shows it as it is when the page is read.

use crate::json::{Account, Event, ExportedAnswer, ExportedNumber, ExportedRating, Order, Run};
use dialguard::contract::Timestamp;
use dialguard_dialer::ledger::{EventQuery, Ledger, LedgerError};
use dialguard_dialer::settings::Declaration;
use dialguard_dialer::table_file::{csv_of, inert};
use serde::Serialize;
use serde_json::Value;
use std::str::FromStr;
use std::sync::Arc;

/// Rows that are read at a time, where the ledger leaves that open.
const PAGE: u32 = 1_000;

/// A table of an account's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Table {
    /// The account: its settings, slots and figures, in one row
    Account,
    /// Numbers that it has, or had last: state, slot, status, where they were bought
    Numbers,
    /// Everything that happened
    Events,
    /// Charges and credits, which are events too
    Money,
    /// Replacements: their state, and what their numbers cost
    Orders,
    /// Reviews and requests that were decided
    Runs,
    /// How each review on record rated each number
    Ratings,
    /// What each carrier answered about each number in the runs on record
    Answers,
}

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Comma-separated, with a header
    Csv,
    /// One JSON object a line
    Jsonl,
}

impl Table {
    /// Every table.
    pub const ALL: [Table; 8] = [
        Table::Account,
        Table::Numbers,
        Table::Events,
        Table::Money,
        Table::Orders,
        Table::Runs,
        Table::Ratings,
        Table::Answers,
    ];

    /// Its name, as in file names.
    pub fn name(self) -> &'static str {
        match self {
            Table::Account => "account",
            Table::Numbers => "numbers",
            Table::Events => "events",
            Table::Money => "money",
            Table::Orders => "orders",
            Table::Runs => "runs",
            Table::Ratings => "ratings",
            Table::Answers => "answers",
        }
    }

    /// What it has, in words.
    pub fn about(self) -> &'static str {
        match self {
            Table::Account => "settings, slots and figures, in one row",
            Table::Numbers => "state, slot, status, and where each was bought",
            Table::Events => "everything that happened",
            Table::Money => "charges and credits",
            Table::Orders => "replacements, and what their numbers cost",
            Table::Runs => "reviews and requests that were decided",
            Table::Ratings => "how each review on record rated each number",
            Table::Answers => "what each carrier answered, in the runs on record",
        }
    }

    /// Its columns, for a table without rows.
    fn columns(self) -> &'static str {
        match self {
            // It always has a row.
            Table::Account => "",
            Table::Numbers => {
                "number,slot,status,status-since,last-rated-at,stale,checking,suspect-since,replacement-pending,resting,\
                 resting-since,ready-since,state,since,monitored-since,bought-from"
            }
            Table::Events | Table::Money => {
                "id,at,kind,number,cents,text,run,policy,revision,actor.kind,actor.name,actor.id,actor.for-kind,\
                 actor.for-name,actor.for-id"
            }
            Table::Orders => {
                "id,account,number,replacement,slot,why,state,since,intended-at,provider,price-cents,\
                 replaced-by-own,reference,rests-until,stuck,problem,held-since,next-try-at,asked-by.kind,asked-by.name,\
                 asked-by.id,asked-by.for-kind,asked-by.for-name,asked-by.for-id,swapped-at,spent-cents,charged-cents,\
                 because"
            }
            Table::Runs => "id,kind,local-date,decided-at,based-on,policy,revision,contract,recording",
            Table::Ratings => "run,at,number,status,flagging-checks,clearing-checks,flagging,answering",
            Table::Answers => "run,at,number,carrier,score,label,observed-at",
        }
    }
}

impl Format {
    /// Both formats.
    pub const ALL: [Format; 2] = [Format::Csv, Format::Jsonl];

    /// Its name, which is the ending of its files.
    pub fn name(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Jsonl => "jsonl",
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Csv => "text/csv; charset=utf-8",
            Format::Jsonl => "application/x-ndjson",
        }
    }
}

/// A table in a format, named like `events.csv`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableFile {
    /// The table.
    pub table: Table,
    /// The format.
    pub format: Format,
}

impl TableFile {
    /// Every file.
    pub fn all() -> impl Iterator<Item = TableFile> {
        Table::ALL.into_iter().flat_map(|table| Format::ALL.map(|format| TableFile { table, format }))
    }

    /// Its name.
    pub fn name(self) -> String {
        format!("{}.{}", self.table.name(), self.format.name())
    }
}

impl FromStr for TableFile {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        TableFile::all().find(|file| file.name() == name).ok_or_else(|| {
            let tables = Table::ALL.map(Table::name).join(", ");
            format!("{name:?} is no exported file; give one of {tables}, with .csv or .jsonl")
        })
    }
}

/// Rows of a page; none after the last page.
type Pages = Box<dyn FnMut() -> Result<Option<Vec<Value>>, LedgerError> + Send>;

/// An exported table, part by part.
pub struct Export {
    file: TableFile,
    pages: Pages,
    has_header: bool,
    is_over: bool,
}

impl Export {
    /// The account's table in this format. `now` is the time as of which the account itself is shown.
    pub fn new(
        ledger: &Arc<Ledger>,
        declaration: &Declaration,
        account: &str,
        file: TableFile,
        now: Timestamp,
    ) -> Self {
        let pages = pages(ledger.clone(), declaration.clone(), account.to_owned(), file.table, now);
        Export { file, pages, has_header: file.format == Format::Csv, is_over: false }
    }

    fn part(&mut self) -> Result<Option<Vec<u8>>, LedgerError> {
        let page = (self.pages)()?;
        self.is_over = page.is_none();
        let has_header = std::mem::take(&mut self.has_header);
        Ok(match (page, self.file.format) {
            (Some(rows), Format::Jsonl) => Some(json_lines(&rows)),
            (Some(rows), Format::Csv) => Some(csv(&rows, has_header)),
            (None, _) if has_header => Some(format!("{}\n", self.file.table.columns()).into_bytes()),
            (None, _) => None,
        })
    }
}

impl Iterator for Export {
    type Item = Result<Vec<u8>, LedgerError>;

    /// The next part, of a thousand rows or so. After an error there are no more.
    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let part = self.part();
        self.is_over |= part.is_err();
        part.transpose()
    }
}

fn json_lines(rows: &[Value]) -> Vec<u8> {
    rows.iter().map(|row| format!("{row}\n")).collect::<String>().into_bytes()
}

fn csv(rows: &[Value], with_header: bool) -> Vec<u8> {
    let header =
        rows.first().filter(|_| with_header).map(|row| cells(row, "").into_iter().map(|(name, _)| name).collect());
    let rows = rows.iter().map(|row| cells(row, "").into_iter().map(|(_, cell)| cell).collect::<Vec<String>>());
    csv_of(header.into_iter().chain(rows))
}

/// The cells of a row with the names of their columns. An object within the row has a column for each of its fields.
fn cells(row: &Value, within: &str) -> Vec<(String, String)> {
    let fields = row.as_object().expect("a row is an object");
    let cells = fields.iter().flat_map(|(name, value)| {
        let name = inert(&format!("{within}{name}")).into_owned();
        match value {
            Value::Object(_) => cells(value, &format!("{name}.")),
            value => vec![(name, cell(value))],
        }
    });
    cells.collect()
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        // A phone number is no formula.
        Value::String(text) if is_e164(text) => text.clone(),
        Value::String(text) => inert(text).into_owned(),
        value => value.to_string(),
    }
}

fn is_e164(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

fn pages(ledger: Arc<Ledger>, declaration: Declaration, id: String, table: Table, now: Timestamp) -> Pages {
    match table {
        Table::Account => Box::new(account(ledger, declaration, id, now)),
        Table::Numbers => Box::new(numbers(ledger, id, now)),
        Table::Events | Table::Money => {
            let query = EventQuery { money: table == Table::Money, oldest_first: true, ..EventQuery::default() };
            paged(
                move |after| {
                    let query = EventQuery { after: Some(after), ..query.clone() };
                    Ok(ledger.event_page(&id, &query, PAGE)?.events)
                },
                |event| event.id,
                |event| row(Event::from(event)),
            )
        }
        Table::Orders => paged(
            move |after| ledger.recorded_orders(&id, after, PAGE),
            |order| order.id,
            |order| row(Order::from(order)),
        ),
        Table::Runs => {
            paged(move |after| ledger.runs(&id, after, PAGE), |run| run.id, |run| row(Run::from(run.clone())))
        }
        Table::Ratings => Box::new(ratings(ledger, id)),
        Table::Answers => Box::new(answers(ledger, id)),
    }
}

/// Pages of what is read in the order of its ids.
fn paged<T: 'static>(
    mut read: impl FnMut(u64) -> Result<Vec<T>, LedgerError> + Send + 'static,
    id: fn(&T) -> u64,
    row: fn(&T) -> Value,
) -> Pages {
    let mut after = 0;
    Box::new(move || {
        let page = read(after)?;
        let Some(last) = page.last() else { return Ok(None) };
        after = id(last);
        Ok(Some(page.iter().map(row).collect()))
    })
}

fn account(
    ledger: Arc<Ledger>,
    declaration: Declaration,
    id: String,
    now: Timestamp,
) -> impl FnMut() -> Result<Option<Vec<Value>>, LedgerError> {
    let mut is_read = false;
    move || {
        if std::mem::replace(&mut is_read, true) {
            return Ok(None);
        }
        let account = ledger.account(&id)?;
        let now = now.max(account.changed_at);
        Ok(Some(vec![row(Account::read(&ledger, &account.as_of(now), &declaration, now)?)]))
    }
}

/// Each page beside the account as it is when the page is read.
fn numbers(ledger: Arc<Ledger>, id: String, now: Timestamp) -> impl FnMut() -> Result<Option<Vec<Value>>, LedgerError> {
    let mut above = 0;
    move || {
        let (account, page) = (ledger.account(&id)?, ledger.recorded_numbers(&id, above, PAGE)?);
        let Some(last) = page.last() else { return Ok(None) };
        above = last.known.number;
        let now = now.max(account.changed_at);
        Ok(Some(page.iter().map(|recorded| row(ExportedNumber::new(recorded, &account, now))).collect()))
    }
}

/// A page for each run.
fn ratings(ledger: Arc<Ledger>, id: String) -> impl FnMut() -> Result<Option<Vec<Value>>, LedgerError> {
    let mut after = (0, 0);
    move || {
        // Runs without ratings make no page.
        while let Some(of) = ledger.recorded_ratings(&id, after)? {
            after = (of.at, of.run);
            if !of.reviews.is_empty() {
                let rows = of.reviews.iter().map(|review| row(ExportedRating::new(&of, review)));
                return Ok(Some(rows.collect()));
            }
        }
        Ok(None)
    }
}

/// A page for each part of a run's answers.
fn answers(ledger: Arc<Ledger>, id: String) -> impl FnMut() -> Result<Option<Vec<Value>>, LedgerError> {
    let (mut after, mut carriers) = (None, None);
    move || {
        let names = match &mut carriers {
            Some(names) => names,
            unread => unread.insert(ledger.carrier_names()?),
        };
        let Some(of) = ledger.recorded_answers(&id, after)? else { return Ok(None) };
        after = Some((of.at, of.run, of.part));
        Ok(Some(of.answers.iter().map(|answer| row(ExportedAnswer::new(&of, answer, names))).collect()))
    }
}

fn row(shape: impl Serialize) -> Value {
    serde_json::to_value(shape).expect("every shape is JSON")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cells_are_flat_and_no_text_is_a_formula() {
        let row = json!({"number": "+13105550100", "text": "+1 turned flagged, \"again\"", "cents": -400, "label": null,
                         "settings": {"auto-replace": true, "other": {"=x": "=1+1"}}});
        let file = String::from_utf8(csv(std::slice::from_ref(&row), true)).unwrap();
        assert_eq!(
            file,
            "number,text,cents,label,settings.auto-replace,settings.other.=x\n\
             +13105550100,\"'+1 turned flagged, \"\"again\"\"\",-400,,true,'=1+1\n"
        );
        assert_eq!(csv(&[row], false).split(|byte| *byte == b'\n').count(), 2);
    }

    #[test]
    fn every_file_is_found_by_its_name() {
        assert_eq!(TableFile::all().count(), 16);
        assert!(TableFile::all().all(|file| file.name().parse() == Ok(file)));
        assert!(["events", "events.xml", "Events.csv", ""].iter().all(|name| name.parse::<TableFile>().is_err()));
    }
}
