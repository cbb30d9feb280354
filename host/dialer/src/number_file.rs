//! Numbers as a spreadsheet has them: a CSV file, read row by row and imported into an account.
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialguard/example.rs"));
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dialguard_dialer::ledger::ImportedAs;
//! use dialguard_dialer::number_file::NumberFile;
//! use dialguard_dialer::phone::Region;
//!
//! let folder = tempfile::tempdir()?;
//! let dialguard = small_dialguard(folder.path()).await?;
//! let file = b"name,phone\nAnn,(310) 555-0150\nBen,555-0151\nCem,+13105550123\n";
//! let file = NumberFile::read(file, Region::US, |_, _| {})?;
//! let outcome = file.import(dialguard.ledger(), "acme", ImportedAs::Owned, dialguard.now())?;
//! assert_eq!((outcome.imported, outcome.known_before), (1, 1));
//! assert_eq!(outcome.refused[0].row, 3);
//! # Ok(())
//! # }
//! ```

use crate::ledger::{ImportOutcome, ImportedAs, Ledger, Result as LedgerResult};
use crate::phone::{PhoneNumber, Region};
use crate::table_file::{Rows, as_text, decode};
use csv::StringRecord;
use dialguard::contract::Timestamp;

/// Headers of the column with the numbers, in lower case.
const NUMBER_HEADERS: [&str; 4] = ["number", "phone", "phone_number", "phone number"];

/// The numbers in a file.
#[derive(Debug, Clone, Default)]
pub struct NumberFile {
    /// The numbers, each with its row in the file, from 1.
    pub numbers: Vec<(u64, PhoneNumber)>,
    /// Rows without a readable number.
    pub bad_rows: Vec<BadRow>,
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
    /// Its first row neither names a column of numbers nor begins with one.
    #[error("row {0} has no column `number`")]
    NoColumn(u64),
    /// It has no rows.
    #[error("the file is empty; it needs a column `number`")]
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
    /// Reads a CSV file: the column `number` or `phone`, or the first column if the file has no header. `progress` is
    /// called before each row with the number of rows read and of all rows.
    pub fn read(bytes: &[u8], region: Region, mut progress: impl FnMut(usize, usize)) -> Result<Self, NumberFileError> {
        let mut rows = Rows::of(&decode(bytes)).peekable();
        let total = rows.len();
        let first = rows.peek().ok_or(NumberFileError::Empty)?;
        let column = NumberColumn::find(&first.fields, region).ok_or(NumberFileError::NoColumn(first.line))?;
        let mut file = NumberFile::default();
        for (rows_read, row) in rows.enumerate().skip(usize::from(column.has_header)) {
            progress(rows_read, total);
            match column.number(&row.fields, region) {
                Ok(number) => file.numbers.push((row.line, number)),
                Err(why) => file.bad_rows.push(BadRow { row: row.line, why: format!("column number: {why}") }),
            }
        }
        Ok(file)
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

/// The column with the numbers.
struct NumberColumn {
    place: usize,
    /// Whether the first row names the column rather than holding a number.
    has_header: bool,
}

impl NumberColumn {
    fn find(first: &StringRecord, region: Region) -> Option<Self> {
        let is_named = |field: &str| NUMBER_HEADERS.iter().any(|name| field.eq_ignore_ascii_case(name));
        match first.iter().position(is_named) {
            Some(place) => Some(NumberColumn { place, has_header: true }),
            None => {
                let column = NumberColumn { place: 0, has_header: false };
                column.number(first, region).is_ok().then_some(column)
            }
        }
    }

    fn number(&self, fields: &StringRecord, region: Region) -> Result<PhoneNumber, String> {
        let text = as_text(fields.get(self.place).ok_or("missing")?)?;
        PhoneNumber::parse(text, region).map_err(|error| error.to_string())
    }
}
