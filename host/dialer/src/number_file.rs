//! Numbers as people's files have them: recognized, read row by row, and imported into an account.
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialguard/example.rs"));
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dialguard_dialer::ledger::ImportedAs;
//! use dialguard_dialer::number_file::{NumberFile, ReadOptions};
//! use dialguard_dialer::phone::Region;
//!
//! let folder = tempfile::tempdir()?;
//! let dialguard = small_dialguard(folder.path()).await?;
//! let bytes = b"name;Phone #\nAnn;(310) 555-0150\nBen;555-0151\nCem;+13105550123\n";
//! let file = NumberFile::read(bytes, &ReadOptions::new(Region::US), |_, _| true)?;
//! assert_eq!((file.format.delimiter, file.column()), (';', Some("Phone #")));
//! let outcome = file.import(dialguard.ledger(), "acme", ImportedAs::Owned, dialguard.now())?;
//! assert_eq!((outcome.imported, outcome.known_before), (1, 1));
//! assert_eq!(outcome.refused[0].row, 3);
//! # Ok(())
//! # }
//! ```

mod column;

use crate::ledger::{ImportOutcome, ImportedAs, Ledger, NUMBERS_OF_ACCOUNT_MAX, Result as LedgerResult};
use crate::phone::{Doubt, Letters, NotAPhoneNumber, PhoneNumber, Region};
use crate::table_file::refused::{Reasons, RefusedRows, fields_without_reason};
use crate::table_file::{NotATable, Row, Table, TableFormat, first_columns};
use column::{Layout, Numbers};
use csv::StringRecord;
use dialguard::contract::Timestamp;
use std::collections::HashMap;

pub use crate::table_file::refused::{BadRow, REFUSED_ROWS_MAX};

/// Rows of the file that a preview shows, and fields of each.
const PREVIEW_ROWS: usize = 5;
const PREVIEW_FIELDS: usize = 50;

/// Rows of a file, and numbers in it, at most: as many as an account can have.
const ROWS_MAX: usize = NUMBERS_OF_ACCOUNT_MAX as usize;

/// Fields of a row, at most: numbers may be pasted in one line.
const FIELDS_MAX: usize = ROWS_MAX;

/// How a file of numbers is to be read.
#[derive(Debug, Clone)]
pub struct ReadOptions {
    /// The country in whose national format numbers without a country code are.
    pub region: Region,
    /// The column with the numbers, by its name or, from 1, by its place. Recognized if there is none.
    pub column: Option<String>,
    /// Whether vanity numbers are read.
    pub letters: Letters,
}

impl ReadOptions {
    /// Recognizes the column and reads no vanity numbers.
    pub fn new(region: Region) -> Self {
        ReadOptions { region, column: None, letters: Letters::Refused }
    }
}

/// The numbers in a file, and how they were found.
#[derive(Debug, Clone)]
pub struct NumberFile {
    /// The encoding and delimiter.
    pub format: TableFormat,
    /// The place of the column that was read, from 1. None if every field is a number.
    pub place: Option<usize>,
    /// The names of the columns, in their order; places, as in `column 2`, of columns without a name.
    pub columns: Vec<String>,
    /// Other columns that have numbers and were not read.
    pub other_columns: Vec<String>,
    /// The first rows and what was read from them.
    pub first_rows: Vec<ReadRow>,
    /// The numbers, each with its row in the file, from 1.
    pub numbers: Vec<(u64, PhoneNumber)>,
    /// Rows without a readable number.
    pub bad_rows: Vec<BadRow>,
    /// How many of them have a vanity number, which [`ReadOptions::letters`] can allow.
    pub vanity_rows: usize,
}

/// A row of the file and the number in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadRow {
    /// The row's line in the file, from 1.
    pub row: u64,
    /// Its fields, the first 50.
    pub fields: Vec<String>,
    /// Its number, or why it has none.
    pub number: Result<PhoneNumber, String>,
}

/// Why a file cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberFileError {
    /// It is not a table.
    #[error("the file {0}")]
    NotATable(NotATable),
    /// JSON, as programs exchange it.
    #[error("the file is JSON, not a table; write a number in each line")]
    Json,
    /// Neither a header nor a row has phone numbers.
    #[error("row {0} and those after it have no column of phone numbers")]
    NoColumn(u64),
    /// The column that was asked for is not there.
    #[error("the file has no column {asked:?}; it has {}", first_columns(.columns))]
    NoSuchColumn {
        /// The name that was asked for.
        asked: String,
        /// The names in the header; the fields of the first row if there is none.
        columns: Vec<String>,
    },
    /// It has no rows.
    #[error("the file is empty")]
    Empty,
    /// It has too many rows, or too many fields in one.
    #[error("the file has more than {ROWS_MAX} rows or numbers, or more than {FIELDS_MAX} fields in one row")]
    TooLarge,
    /// Nobody waited for the rest.
    #[error("reading the file was stopped")]
    Stopped,
}

/// The outcome of an import, or of one that was only tried, by row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportedFile {
    /// Numbers that are new in the account.
    pub imported: usize,
    /// Numbers that the account had before.
    pub known_before: usize,
    /// Rows that were not imported, in ascending order.
    pub refused: Vec<BadRow>,
    /// The row before which the import was stopped, if it was; importing the file again imports the rest.
    pub stopped_before: Option<u64>,
}

impl NumberFile {
    /// Recognizes how a file is written and reads its numbers, for as long as `go_on` returns true, which is called before
    /// each row with the number of rows read and of all rows, blank ones included; then [`NumberFileError::Stopped`].
    pub fn read(
        bytes: &[u8],
        options: &ReadOptions,
        mut go_on: impl FnMut(usize, usize) -> bool,
    ) -> Result<Self, NumberFileError> {
        let table = Table::read(bytes).map_err(NumberFileError::NotATable)?;
        if ["{", "[{", "[\""].iter().any(|start| table.text().trim_start().starts_with(start)) {
            return Err(NumberFileError::Json);
        }
        if !table.is_within(ROWS_MAX, FIELDS_MAX) {
            return Err(NumberFileError::TooLarge);
        }
        let layout = Layout::of(table.rows(), options)?;
        let mut file = NumberFile::empty(table.format, &layout);
        let rows = table.rows();
        let total = rows.len_max();
        let mut reasons = Reasons::default();
        for (rows_read, row) in rows.enumerate().skip(layout.rows_before) {
            if !go_on(rows_read, total) {
                return Err(NumberFileError::Stopped);
            }
            file.add(&row, &layout, options, &mut reasons);
            if file.numbers.len() + file.bad_rows.len() > ROWS_MAX {
                return Err(NumberFileError::TooLarge);
            }
        }
        Ok(file)
    }

    fn empty(format: TableFormat, layout: &Layout) -> Self {
        NumberFile {
            format,
            place: layout.numbers_place().map(|place| place + 1),
            columns: (0..layout.width).map(|place| layout.name(place)).collect(),
            other_columns: layout.others.iter().map(|place| layout.name(*place)).collect(),
            first_rows: Vec::new(),
            numbers: Vec::new(),
            bad_rows: Vec::new(),
            vanity_rows: 0,
        }
    }

    /// The name of the column that was read. None if every field is a number.
    pub fn column(&self) -> Option<&str> {
        self.place.map(|place| self.columns[place - 1].as_str())
    }

    fn add(&mut self, row: &Row, layout: &Layout, options: &ReadOptions, reasons: &mut Reasons) {
        for number in layout.numbers_in(row, options) {
            self.vanity_rows += usize::from(number.as_ref().is_err_and(|unread| unread.doubt == Some(Doubt::Vanity)));
            let number = number.map_err(|unread| unread.why);
            if self.first_rows.len() < PREVIEW_ROWS {
                let fields = row.fields.iter().take(PREVIEW_FIELDS).map(str::to_owned).collect();
                self.first_rows.push(ReadRow { row: row.line, fields, number: number.clone() });
            }
            match number {
                Ok(number) => self.numbers.push((row.line, number)),
                Err(why) => self.bad_rows.push(BadRow { row: row.line, why: reasons.shared(why) }),
            }
        }
    }

    /// Imports the numbers into an account. Errors are the ledger's.
    pub fn import(
        &self,
        ledger: &Ledger,
        id: &str,
        imported_as: ImportedAs,
        now: Timestamp,
    ) -> LedgerResult<ImportedFile> {
        self.import_while(ledger, id, imported_as, now, |_| true)
    }

    /// The same for as long as `go_on` returns true, which is called now and then with how many of
    /// [`NumberFile::numbers`] are done.
    pub fn import_while(
        &self,
        ledger: &Ledger,
        id: &str,
        imported_as: ImportedAs,
        now: Timestamp,
        go_on: impl FnMut(usize) -> bool,
    ) -> LedgerResult<ImportedFile> {
        let outcomes = ledger.import_numbers_while(id, &self.digits(), imported_as, now, go_on)?;
        Ok(self.with_outcomes(&outcomes))
    }

    /// What [`NumberFile::import`] would return now. Nothing is changed.
    pub fn preview(
        &self,
        ledger: &Ledger,
        id: &str,
        imported_as: ImportedAs,
        now: Timestamp,
    ) -> LedgerResult<ImportedFile> {
        Ok(self.with_outcomes(&ledger.preview_import(id, &self.digits(), imported_as, now)?))
    }

    fn digits(&self) -> Vec<u64> {
        self.numbers.iter().map(|(_, number)| number.digits()).collect()
    }

    /// The outcomes of the first numbers, and the rows without one.
    fn with_outcomes(&self, outcomes: &[ImportOutcome]) -> ImportedFile {
        let stopped_before = self.numbers.get(outcomes.len()).map(|(row, _)| *row);
        let mut file = ImportedFile { refused: self.bad_rows.clone(), stopped_before, ..ImportedFile::default() };
        for ((row, number), outcome) in self.numbers.iter().zip(outcomes) {
            match outcome.refusal() {
                Some(why) => file.refused.push(BadRow { row: *row, why: format!("{number} {why}").into() }),
                None if *outcome == ImportOutcome::Imported => file.imported += 1,
                None => file.known_before += 1,
            }
        }
        file.refused.sort_by_key(|bad| bad.row);
        file
    }
}

/// Why a row has no number.
struct Unread {
    why: String,
    /// What the phone parser says, unless the number itself is not the reason.
    doubt: Option<Doubt>,
}

impl From<String> for Unread {
    fn from(why: String) -> Self {
        Unread { why, doubt: None }
    }
}

impl From<NotAPhoneNumber> for Unread {
    fn from(error: NotAPhoneNumber) -> Self {
        Unread { why: error.to_string(), doubt: Some(error.why) }
    }
}

impl Layout {
    /// Whether a field that no header names, after the number, may be another number, as in numbers pasted in a line.
    fn has_unnamed_number(&self, fields: &StringRecord, numbers: usize) -> bool {
        let names = self.header.as_deref().unwrap_or_default();
        let is_unnamed = |place: &usize| names.get(*place).is_none_or(String::is_empty);
        (numbers + 1..fields.len()).filter(is_unnamed).any(|place| column::may_be_number(&fields[place]))
    }

    fn name(&self, place: usize) -> String {
        let name = self.header.as_ref().and_then(|names| names.get(place)).filter(|name| !name.is_empty());
        name.cloned().unwrap_or_else(|| format!("column {}", place + 1))
    }

    fn numbers_place(&self) -> Option<usize> {
        match self.numbers {
            Numbers::Column(place) => Some(place),
            Numbers::EveryField => None,
        }
    }

    /// What a row says, once for each number in it or why it has none.
    fn numbers_in(&self, row: &Row, options: &ReadOptions) -> Vec<Result<PhoneNumber, Unread>> {
        let fields = match row.whole() {
            Ok(fields) => fields,
            Err(why) => return vec![Err(why.into())],
        };
        match self.numbers {
            Numbers::EveryField => {
                let filled = fields.iter().filter(|field| !field.is_empty());
                filled.map(|field| number(field, options, None)).collect()
            }
            Numbers::Column(place) => {
                let country = self.country.and_then(|country| fields.get(country)).filter(|field| !field.is_empty());
                vec![match fields.get(place) {
                    Some(_) if self.header.is_some() && self.has_unnamed_number(fields, place) => {
                        Err("the row has several numbers; put each on a row of its own".to_owned().into())
                    }
                    Some(field) => number(field, options, country),
                    None => Err(format!("it has no {}", self.name(place)).into()),
                }]
            }
        }
    }
}

/// A number, in the national format of the country that stands beside it.
fn number(text: &str, options: &ReadOptions, country: Option<&str>) -> Result<PhoneNumber, Unread> {
    let country = match country.map(column::region) {
        Some(Err(why)) if !text.contains('+') => return Err(why.into()),
        Some(region) => region.ok(),
        None => None,
    };
    let region = country.unwrap_or(options.region);
    let number = PhoneNumber::parse_with(text, region, options.letters);
    let number = number.or_else(|error| column::with_code(text, region).ok_or(error))?;
    match country {
        Some(country) if !column::is_of(number, country) => {
            Err(format!("{number} is not a number of {country}, the country beside it; correct one of them").into())
        }
        _ => Ok(number),
    }
}

/// The column of numbers in [`refused_rows`] of a file without a header.
const NUMBER: &str = "number";

/// The refused rows of a file as a CSV file of their own: all fields, and the reason as the last one. To be corrected and
/// imported again. It has a header, and of numbers that were given in a line each refused one is a row.
pub fn refused_rows(bytes: &[u8], options: &ReadOptions, refused: &[BadRow]) -> Result<Vec<u8>, NumberFileError> {
    let table = Table::read(bytes).map_err(NumberFileError::NotATable)?;
    let layout = Layout::of(table.rows(), options)?;
    let mut lines = RefusedRows::of(bytes.len(), layout.names_of_refused(&table));
    let mut reasons = refused.iter().peekable();
    let last = refused.last().map_or(0, |bad| bad.row);
    for row in table.rows().take_while(|row| row.line <= last) {
        let of_row: Vec<&BadRow> = std::iter::from_fn(|| reasons.next_if(|bad| bad.row <= row.line)).collect();
        match layout.numbers {
            Numbers::Column(_) => {
                let own = layout.without_reason(row.fields.len());
                of_row.iter().for_each(|bad| lines.push(row.fields.iter().take(own), &bad.why));
            }
            Numbers::EveryField => {
                let refused = refused_fields(&row, options, &of_row);
                refused.into_iter().for_each(|(field, why)| lines.push(std::iter::once(field), why));
            }
        }
    }
    Ok(lines.into_csv())
}

/// Of a row of numbers those that were refused, each with the reason.
fn refused_fields<'r>(row: &'r Row, options: &ReadOptions, refused: &[&'r BadRow]) -> Vec<(&'r str, &'r str)> {
    if refused.is_empty() {
        return Vec::new();
    }
    // A reason of the ledger begins with the number; one of the reader is the same for the same text.
    let key = |why: &'r str| if why.starts_with('+') { why.split(' ').next().unwrap_or(why) } else { why };
    let reasons: HashMap<&str, &str> = refused.iter().map(|bad| (key(&bad.why), &*bad.why)).collect();
    let why = |field: &str| match number(field, options, None) {
        Ok(number) => reasons.get(number.to_string().as_str()).copied(),
        Err(unread) => reasons.get(unread.why.as_str()).copied(),
    };
    row.fields.iter().filter_map(|field| Some((field, why(field)?))).collect()
}

impl Layout {
    /// The columns of the refused rows. Those of fields beyond the header have no name.
    fn names_of_refused(&self, table: &Table) -> Vec<String> {
        let Some(numbers) = self.numbers_place() else { return vec![NUMBER.to_owned()] };
        let width = table.rows().map(|row| self.without_reason(row.fields.len())).max().unwrap_or(0);
        let mut names: Vec<String> = match &self.header {
            Some(names) => names.iter().take(self.without_reason(names.len())).cloned().collect(),
            None => {
                (0..self.width).map(|place| if place == numbers { NUMBER.into() } else { self.name(place) }).collect()
            }
        };
        names.resize(width.max(names.len()), String::new());
        names
    }

    fn without_reason(&self, fields: usize) -> usize {
        fields_without_reason(self.header.as_deref().unwrap_or_default(), fields)
    }
}
