//! Numbers as a spreadsheet has them: a CSV file, read row by row and taken into an account.
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
//! let read = NumberFile::read(file, Region::US, |_| {})?;
//! let imported = read.import(dialguard.ledger(), "acme", ImportedAs::Owned, dialguard.now())?;
//! assert_eq!((imported.imported, imported.known_before), (1, 1));
//! assert_eq!(imported.refused[0].row, 3);
//! # Ok(())
//! # }
//! ```

use crate::ledger::{ImportOutcome, ImportedAs, Ledger, Result as LedgerResult};
use crate::phone::{PhoneNumber, Region};
use csv::ByteRecord;
use dialguard::contract::Timestamp;

/// What a file says.
#[derive(Debug, Clone, Default)]
pub struct NumberFile {
    /// The numbers, each with its row in the file, from 1.
    pub numbers: Vec<(u64, PhoneNumber)>,
    /// Rows without a number that could be read.
    pub bad_rows: Vec<BadRow>,
}

/// A row of the file that could not be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// From 1.
    pub row: u64,
    /// Why not.
    pub why: String,
}

/// Why nothing of a file can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotANumberFile {
    /// Its first row neither names a column of numbers nor begins with one.
    #[error("row {0} has no column `number`")]
    NoColumn(u64),
    /// It has no rows.
    #[error("it is empty; give a CSV file with a column `number`")]
    Empty,
}

/// What became of a file's rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// Numbers that the account has from now on.
    pub imported: usize,
    /// Numbers that it had before.
    pub known_before: usize,
    /// Rows that were not taken, in ascending order.
    pub refused: Vec<BadRow>,
}

impl NumberFile {
    /// Reads a CSV file: the column `number` or `phone`, or where no header names one the first. `read_bytes` is told of
    /// each line how long it is, for whoever shows how far it is.
    ///
    /// A row is one line: a number needs no line break, and a quote that somebody forgot to close would otherwise
    /// swallow the rows after it.
    pub fn read(bytes: &[u8], region: Region, mut read_bytes: impl FnMut(u64)) -> Result<Self, NotANumberFile> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut file = NumberFile::default();
        let mut column = None;
        for (row, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
            read_bytes(line.len() as u64 + 1);
            let Some(record) = record_of(line) else { continue };
            let index = match column {
                Some(index) => index,
                None => {
                    let (index, is_header) = number_column(&record, region).ok_or(NotANumberFile::NoColumn(row))?;
                    column = Some(index);
                    if is_header {
                        continue;
                    }
                    index
                }
            };
            match number_at(&record, index, region) {
                Ok(number) => file.numbers.push((row, number)),
                Err(why) => file.bad_rows.push(BadRow { row, why: format!("column number: {why}") }),
            }
        }
        column.map(|_| file).ok_or(NotANumberFile::Empty)
    }

    /// Takes the numbers into an account. Errors are the ledger's.
    pub fn import(self, ledger: &Ledger, id: &str, imported_as: ImportedAs, now: Timestamp) -> LedgerResult<Imported> {
        let digits: Vec<u64> = self.numbers.iter().map(|(_, number)| number.digits()).collect();
        let outcomes = ledger.import_numbers(id, &digits, imported_as, now)?;
        let mut done = Imported { refused: self.bad_rows, ..Imported::default() };
        for ((row, number), outcome) in self.numbers.iter().zip(outcomes) {
            let why = match outcome {
                ImportOutcome::Imported => {
                    done.imported += 1;
                    continue;
                }
                ImportOutcome::KnownBefore => {
                    done.known_before += 1;
                    continue;
                }
                ImportOutcome::OtherAccounts => "belongs to another account",
                ImportOutcome::NoCandidate => "cannot be a candidate: the account owns it, or has given it up",
            };
            done.refused.push(BadRow { row: *row, why: format!("{number} {why}") });
        }
        done.refused.sort_by_key(|bad| bad.row);
        Ok(done)
    }
}

/// The fields of one line; none where it is blank.
fn record_of(line: &[u8]) -> Option<ByteRecord> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .buffer_capacity(line.len().max(1))
        .from_reader(line.trim_ascii());
    let mut record = ByteRecord::new();
    reader.read_byte_record(&mut record).is_ok_and(|is_row| is_row).then_some(record)
}

fn number_at(record: &ByteRecord, index: usize, region: Region) -> Result<PhoneNumber, String> {
    let field = record.get(index).ok_or("it is missing")?;
    let text = std::str::from_utf8(field).map_err(|_| "it is no UTF-8 text")?;
    PhoneNumber::parse(text, region).map_err(|error| error.to_string())
}

/// Where the numbers are, and whether the first row says so or is a number itself.
fn number_column(first: &ByteRecord, region: Region) -> Option<(usize, bool)> {
    let named = |field: &[u8]| {
        ["number", "phone", "phone_number", "phone number"]
            .iter()
            .any(|name| field.eq_ignore_ascii_case(name.as_bytes()))
    };
    match first.iter().position(named) {
        Some(index) => Some((index, true)),
        None => number_at(first, 0, region).ok().map(|_| (0, false)),
    }
}
