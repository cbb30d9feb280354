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
//! let file = NumberFile::read(bytes, &ReadOptions::new(Region::US), |_, _| {})?;
//! assert_eq!((file.format.delimiter, file.column.as_deref()), (';', Some("Phone #")));
//! let outcome = file.import(dialguard.ledger(), "acme", ImportedAs::Owned, dialguard.now())?;
//! assert_eq!((outcome.imported, outcome.known_before), (1, 1));
//! assert_eq!(outcome.refused[0].row, 3);
//! # Ok(())
//! # }
//! ```

mod column;

use crate::ledger::{ImportOutcome, ImportedAs, Ledger, Result as LedgerResult};
use crate::phone::{Letters, PhoneNumber, Region};
use crate::table_file::{NotATable, Row, Table, TableFormat, csv_of, inert};
use column::{Layout, Numbers};
use dialguard::contract::Timestamp;

/// Rows of the file that a preview shows.
const PREVIEW_ROWS: usize = 5;

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
    /// The name of the column that was read; its place, as in `column 2`, if the file has no header. None if every field
    /// is a number.
    pub column: Option<String>,
    /// Other columns that have numbers and were not read.
    pub other_columns: Vec<String>,
    /// The first rows and what was read from them.
    pub first_rows: Vec<ReadRow>,
    /// The numbers, each with its row in the file, from 1.
    pub numbers: Vec<(u64, PhoneNumber)>,
    /// Rows without a readable number.
    pub bad_rows: Vec<BadRow>,
}

/// A row of the file and the number in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadRow {
    /// The row's line in the file, from 1.
    pub row: u64,
    /// All of its fields.
    pub fields: Vec<String>,
    /// Its number, or why it has none.
    pub number: Result<PhoneNumber, String>,
}

/// A row of the file that was not imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// The row's line in the file, from 1.
    pub row: u64,
    /// Why it was not imported.
    pub why: String,
}

/// Why a file cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberFileError {
    /// It is no table.
    #[error("the file {0}")]
    NotATable(#[from] NotATable),
    /// Neither a header nor a row has phone numbers.
    #[error("row {0} and those after it have no column of phone numbers")]
    NoColumn(u64),
    /// The column that was asked for is not there.
    #[error("the file has no column {asked:?}; it has {}", .columns.join(", "))]
    NoSuchColumn {
        /// The name that was asked for.
        asked: String,
        /// The fields of the first row.
        columns: Vec<String>,
    },
    /// It has no rows.
    #[error("the file is empty")]
    Empty,
}

/// The outcome of an import, by row.
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
    /// Recognizes how a file is written and reads its numbers. `progress` is called before each row with the number of rows
    /// read and of all rows, blank ones included.
    pub fn read(
        bytes: &[u8],
        options: &ReadOptions,
        mut progress: impl FnMut(usize, usize),
    ) -> Result<Self, NumberFileError> {
        let table = Table::read(bytes)?;
        let layout = Layout::of(table.rows(), options)?;
        let mut file = NumberFile::empty(table.format, &layout);
        let rows = table.rows();
        let total = rows.len_max();
        for (rows_read, row) in rows.enumerate().skip(layout.rows_before) {
            progress(rows_read, total);
            file.add(&row, &layout, options);
        }
        Ok(file)
    }

    fn empty(format: TableFormat, layout: &Layout) -> Self {
        NumberFile {
            format,
            column: layout.numbers_name(),
            other_columns: layout.others.iter().map(|place| layout.name(*place)).collect(),
            first_rows: Vec::new(),
            numbers: Vec::new(),
            bad_rows: Vec::new(),
        }
    }

    fn add(&mut self, row: &Row, layout: &Layout, options: &ReadOptions) {
        for number in layout.numbers_in(row, options) {
            if self.first_rows.len() < PREVIEW_ROWS {
                let fields = row.fields.iter().map(str::to_owned).collect();
                self.first_rows.push(ReadRow { row: row.line, fields, number: number.clone() });
            }
            match number {
                Ok(number) => self.numbers.push((row.line, number)),
                Err(why) => self.bad_rows.push(BadRow { row: row.line, why }),
            }
        }
    }

    /// Imports the numbers into an account. Errors are the ledger's.
    pub fn import(
        self,
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
        self,
        ledger: &Ledger,
        id: &str,
        imported_as: ImportedAs,
        now: Timestamp,
        go_on: impl FnMut(usize) -> bool,
    ) -> LedgerResult<ImportedFile> {
        let digits: Vec<u64> = self.numbers.iter().map(|(_, number)| number.digits()).collect();
        let outcomes = ledger.import_numbers_while(id, &digits, imported_as, now, go_on)?;
        let stopped_before = self.numbers.get(outcomes.len()).map(|(row, _)| *row);
        let mut file = ImportedFile { refused: self.bad_rows, stopped_before, ..ImportedFile::default() };
        for ((row, number), outcome) in self.numbers.iter().zip(outcomes) {
            let why = match outcome {
                ImportOutcome::Imported => {
                    file.imported += 1;
                    continue;
                }
                ImportOutcome::KnownBefore => {
                    file.known_before += 1;
                    continue;
                }
                ImportOutcome::OtherAccounts => "belongs to another account",
                ImportOutcome::Resting => "rests until it is given back to its provider",
                ImportOutcome::NoCandidate => "cannot be a candidate: the account owns it or has released it",
            };
            file.refused.push(BadRow { row: *row, why: format!("{number} {why}") });
        }
        file.refused.sort_by_key(|bad| bad.row);
        Ok(file)
    }
}

impl Layout {
    fn name(&self, place: usize) -> String {
        let name = self.header.as_ref().and_then(|names| names.get(place)).filter(|name| !name.is_empty());
        name.cloned().unwrap_or_else(|| format!("column {}", place + 1))
    }

    fn numbers_name(&self) -> Option<String> {
        match self.numbers {
            Numbers::Column(place) => Some(self.name(place)),
            Numbers::EveryField => None,
        }
    }

    /// What a row says, once for each number in it or why it has none.
    fn numbers_in(&self, row: &Row, options: &ReadOptions) -> Vec<Result<PhoneNumber, String>> {
        let fields = match row.whole() {
            Ok(fields) => fields,
            Err(why) => return vec![Err(why)],
        };
        match self.numbers {
            Numbers::EveryField => {
                let filled = fields.iter().filter(|field| !field.is_empty());
                filled.map(|field| number(field, options, None)).collect()
            }
            Numbers::Column(place) => {
                let country = self.country.and_then(|country| fields.get(country)).filter(|field| !field.is_empty());
                vec![match fields.get(place) {
                    Some(field) => number(field, options, country),
                    None => Err(format!("it has no {}", self.name(place))),
                }]
            }
        }
    }
}

/// A number, in the national format of the country that stands beside it.
fn number(text: &str, options: &ReadOptions, country: Option<&str>) -> Result<PhoneNumber, String> {
    let country = match country.map(column::region) {
        Some(Err(why)) if !text.contains('+') => return Err(why),
        Some(region) => region.ok(),
        None => None,
    };
    let region = country.unwrap_or(options.region);
    let number = PhoneNumber::parse_with(text, region, options.letters);
    let number = number.or_else(|error| column::with_code(text, region).ok_or(error));
    let number = number.map_err(|error| error.to_string())?;
    match country {
        Some(country) if !column::is_of(number, country) => {
            Err(format!("{number} is not a number of {country}, the country beside it; correct one of them"))
        }
        _ => Ok(number),
    }
}

/// The refused rows of a file as a CSV file of their own: all fields, and the reason as the last one. To be corrected and
/// imported again.
pub fn refused_rows(bytes: &[u8], options: &ReadOptions, refused: &[BadRow]) -> Result<Vec<u8>, NumberFileError> {
    let table = Table::read(bytes)?;
    let layout = Layout::of(table.rows(), options)?;
    let width = table.rows().map(|row| row.fields.len()).max().unwrap_or(0);
    let line = |fields: &mut dyn Iterator<Item = &str>, reason: &str| {
        let mut line: Vec<String> = fields.map(|field| inert(field).into_owned()).collect();
        line.resize(width, String::new());
        line.push(reason.to_owned());
        line
    };
    let header = layout.header.iter().map(|names| line(&mut names.iter().map(String::as_str), "reason"));
    let mut reasons = refused.iter().peekable();
    let rows = table.rows().flat_map(|row| {
        let mut lines = Vec::new();
        while let Some(bad) = reasons.next_if(|bad| bad.row <= row.line) {
            lines.push(line(&mut row.fields.iter(), &bad.why));
        }
        lines
    });
    Ok(csv_of(header.chain(rows)))
}
