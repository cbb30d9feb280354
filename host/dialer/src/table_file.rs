//! Tables in files: the one reader and writer of CSV and its kin.
//!
//! The reader recognizes the encoding (UTF-8, UTF-16, Windows-1252), the delimiter (comma, semicolon, tab, bar, or what a
//! first line such as `sep=;` says) and the line ends. Rows come one by one with their line in the file, and columns are
//! found by the names in the header, which may follow title rows. Quoted fields may have line breaks, but a quote that is
//! left open costs only its own line: see the module `records`.
//!
//! ```
//! use dialguard_dialer::table_file::{csv_of, inert};
//!
//! let rows = [["number", "label"], ["+13105550123", &inert("=1+1, or spam")]];
//! assert_eq!(csv_of(rows), b"number,label\n+13105550123,\"'=1+1, or spam\"\n");
//! ```

mod decoding;
pub(crate) mod json_rows;
mod records;
pub(crate) mod refused;

pub use decoding::NotATable;

use crate::figures::grouped;
use csv::StringRecord;
use records::{Division, Record, Records, separator_line};
use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::Path;
use std::time::SystemTime;

const DELIMITER_WRITTEN: u8 = b',';
/// Rows in which a header is looked for: titles and notes may precede it.
pub(crate) const HEADER_ROWS_MAX: usize = 20;
/// The most bytes of a source's file: ten million verdicts or so.
const FILE_BYTES_MAX: u64 = 1 << 30;
const PROBLEMS_LISTED_MAX: usize = 20;
const PROBLEM_CHARACTERS_MAX: usize = 300;
/// Columns that an error names, at most.
const COLUMNS_NAMED_MAX: usize = 20;

/// The text of a file and how it is written.
pub(crate) struct Table<'b> {
    text: Cow<'b, str>,
    pub(crate) format: TableFormat,
    division: Division,
    separator_line: Option<u64>,
}

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableFormat {
    /// The encoding by its name in the WHATWG standard, such as `UTF-8` or `windows-1252`.
    pub encoding: &'static str,
    /// What separates the fields of a row.
    pub delimiter: char,
}

impl<'b> Table<'b> {
    pub(crate) fn read(bytes: &'b [u8]) -> Result<Self, NotATable> {
        let (text, encoding) = decoding::decode(bytes)?;
        let (separator_line, division) = match separator_line(&text) {
            Some((line, delimiter)) => (Some(line), Division::with(&text, delimiter)),
            None => (None, Division::of(&text)),
        };
        let format = TableFormat { encoding, delimiter: division.delimiter.into() };
        Ok(Table { text, format, division, separator_line })
    }

    /// The text as it stands, for formats other than tables.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether it has at most so many rows, and each at most so many fields; told without keeping any.
    pub(crate) fn is_within(&self, rows_max: usize, fields_max: usize) -> bool {
        let fields = |row: Record| row.text.bytes().filter(|byte| *byte == self.division.delimiter).count() + 1;
        let fits = |(place, row): (usize, Record)| place < rows_max && fields(row) <= fields_max;
        Records::of(&self.text, self.division).enumerate().all(fits)
    }

    pub(crate) fn rows(&self) -> Rows {
        Rows::of(&self.text, self.division, self.separator_line)
    }
}

/// The text, unless the file had other bytes than text in its place.
pub(crate) fn as_text(decoded: &str) -> Result<&str, String> {
    match decoded.contains(char::REPLACEMENT_CHARACTER) {
        true => Err("not text in the file's encoding; save the file as UTF-8".into()),
        false => Ok(decoded),
    }
}

/// The lines of a text, each with its number from 1, as an editor counts them: they end in `\n`, `\r\n` or `\r`.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = (u64, &str)> {
    let mut rest = Some(text);
    let line = move || {
        let text = rest?;
        let Some(end) = text.find(['\n', '\r']) else { return rest.take() };
        let length = if text[end..].starts_with("\r\n") { 2 } else { 1 };
        rest = Some(&text[end + length..]);
        Some(&text[..end])
    };
    (1..).zip(std::iter::from_fn(line))
}

/// The rows of a table that have any text.
pub(crate) struct Rows {
    records: csv::StringRecordsIntoIter<Cursor<String>>,
    places: std::vec::IntoIter<Place>,
}

/// Where a row is in the text.
struct Place {
    line: u64,
    is_quote_open: bool,
}

/// A row of the table.
#[derive(Debug)]
pub(crate) struct Row {
    /// Its first line in the file, from 1.
    pub(crate) line: u64,
    pub(crate) fields: StringRecord,
    /// Whether its last field has an opening quote and no closing one, so that the row may be incomplete.
    is_quote_open: bool,
}

impl Rows {
    fn of(text: &str, division: Division, separator_line: Option<u64>) -> Self {
        // Each record stays one for the csv crate: none is blank, and quotes are closed. It skips the empty line, and would
        // take a second byte-order mark off the first record, whose quotes then meant something else.
        let mut whole = String::with_capacity(text.len() + 2);
        whole.push('\n');
        let mut places = Vec::new();
        let is_content = |record: &Record| Some(record.line) != separator_line;
        for Record { line, text, is_quote_open } in Records::of(text, division).filter(is_content) {
            places.push(Place { line, is_quote_open });
            whole.push_str(text);
            whole.push_str(if is_quote_open { "\"\n" } else { "\n" });
        }
        let reader = csv::ReaderBuilder::new()
            .delimiter(division.delimiter)
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(Cursor::new(whole));
        Rows { records: reader.into_records(), places: places.into_iter() }
    }

    /// How many rows may still come.
    pub(crate) fn len_max(&self) -> usize {
        self.places.len()
    }

    /// Reads up to the header and finds these columns in it, whatever the case, spaces and underscores of their names. An
    /// error continues a sentence that begins with the file's name: `verdicts.csv has no column …`.
    pub(crate) fn header<const N: usize>(&mut self, names: [&'static str; N]) -> Result<Columns<N>, String> {
        let mut problem = None;
        for row in self.take(HEADER_ROWS_MAX) {
            match Columns::find(names, &row) {
                Ok(columns) => return Ok(columns),
                Err(why) => problem = problem.or(Some(why)),
            }
        }
        let why = problem.unwrap_or_else(|| format!("has no column {}", names[0]));
        Err(format!("{why}; one line must name the columns {}", names.join(",")))
    }
}

impl Iterator for Rows {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        loop {
            let Place { line, is_quote_open } = self.places.next()?;
            let fields = self.records.next().expect("a record a place").expect("text in rows of any length");
            if fields.iter().any(|field| !field.is_empty()) {
                return Some(Row { line, fields, is_quote_open });
            }
        }
    }
}

impl Row {
    /// The fields, unless a quote leaves doubt about where they end.
    pub(crate) fn whole(&self) -> Result<&StringRecord, String> {
        match self.is_quote_open {
            true => Err("a quote is opened and not closed; write \" inside quotes as \"\"".into()),
            false => Ok(&self.fields),
        }
    }

    /// The same if they are as many as the header has.
    pub(crate) fn whole_of(&self, width: usize) -> Result<&StringRecord, String> {
        let fields = self.whole()?;
        match fields.len() == width {
            true => Ok(fields),
            false => Err(format!(
                "{} fields, but the header has {width}; put quotes around a field that has the delimiter in it",
                fields.len()
            )),
        }
    }
}

/// What makes names of columns the same: their letters and digits.
pub(crate) fn column_key(name: &str) -> String {
    name.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The first names of columns, for an error.
pub(crate) fn first_columns(columns: &[String]) -> String {
    let named = columns.iter().take(COLUMNS_NAMED_MAX).map(String::as_str).collect::<Vec<_>>().join(", ");
    match columns.len().saturating_sub(COLUMNS_NAMED_MAX) {
        0 => named,
        unnamed => format!("{named} and {} more", grouped(unnamed as u64)),
    }
}

/// The places of some columns in a table.
pub(crate) struct Columns<const N: usize> {
    places: [usize; N],
    width: usize,
}

impl<const N: usize> Columns<N> {
    fn find(names: [&'static str; N], row: &Row) -> Result<Self, String> {
        let header: Vec<String> = row.fields.iter().map(column_key).collect();
        let mut places = [0; N];
        for (name, place) in names.iter().zip(&mut places) {
            let key = column_key(name);
            let mut found = header.iter().enumerate().filter(|(_, field)| **field == key).map(|(place, _)| place);
            *place = found.next().ok_or_else(|| format!("has no column {name}"))?;
            if found.next().is_some() {
                return Err(format!("has more than one column {name}"));
            }
        }
        Ok(Columns { places, width: header.len() })
    }

    /// The fields of a row in these columns. The row must have as many fields as the header.
    pub(crate) fn of<'r>(&self, row: &'r Row) -> Result<[&'r str; N], RowError> {
        let fields = row.whole_of(self.width).map_err(RowError::Row)?;
        Ok(self.places.map(|place| &fields[place]))
    }

    /// The same if these columns are the first ones; then later fields may be too many or in doubt, because of a delimiter or
    /// a quote in one of them.
    pub(crate) fn leading_of<'r>(&self, row: &'r Row) -> Result<[&'r str; N], RowError> {
        let are_first = self.places.iter().all(|place| *place < N);
        let is_doubt_later = row.fields.len() > self.width || (row.is_quote_open && row.fields.len() > N);
        match are_first && is_doubt_later {
            true => Ok(self.places.map(|place| &row.fields[place])),
            false => self.of(row),
        }
    }

    /// Whether a row has fewer fields than the header.
    pub(crate) fn is_short(&self, row: &Row) -> bool {
        row.fields.len() < self.width
    }
}

/// Why a row cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RowError {
    /// One column has another text than belongs there.
    #[error(", column {0}: {1}")]
    Column(&'static str, String),
    /// The row cannot be taken apart into columns.
    #[error(": {0}")]
    Row(String),
}

/// What is wrong with a file's rows: the first few in words, the others as a count.
pub(crate) struct RowProblems {
    file_name: String,
    listed: Vec<String>,
    unlisted: usize,
}

impl RowProblems {
    pub(crate) fn of(path: &Path) -> Self {
        let file_name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        RowProblems { file_name, listed: Vec::new(), unlisted: 0 }
    }

    pub(crate) fn file_name(&self) -> &str {
        &self.file_name
    }

    /// Names the file and the row by its line. Shortened, because the error quotes the file.
    pub(crate) fn add(&mut self, line: u64, error: RowError) {
        if self.listed.len() == PROBLEMS_LISTED_MAX {
            self.unlisted += 1;
            return;
        }
        let problem = format!("{} row {line}{error}", self.file_name);
        self.listed.push(match problem.char_indices().nth(PROBLEM_CHARACTERS_MAX) {
            Some((end, _)) => format!("{}…", &problem[..end]),
            None => problem,
        });
    }

    pub(crate) fn into_sentences(mut self) -> Vec<String> {
        if self.unlisted > 0 {
            self.listed.push(format!("and {} more in {}", grouped(self.unlisted as u64), self.file_name));
        }
        self.listed
    }
}

/// The content of a source's file, unless it is too large.
pub(crate) fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let too_large = || io::Error::other(format!("it has more than {} GiB", FILE_BYTES_MAX >> 30));
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    if length > FILE_BYTES_MAX {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(length as usize);
    // It may grow meanwhile, and a device or a pipe does not say how long it is.
    (&mut file).take(FILE_BYTES_MAX).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == FILE_BYTES_MAX && file.read(&mut [0])? > 0 { Err(too_large()) } else { Ok(bytes) }
}

/// Tells one content of a file from the next without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileVersion {
    modified: SystemTime,
    bytes: u64,
}

impl FileVersion {
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let metadata = std::fs::metadata(path)?;
        Ok(FileVersion { modified: metadata.modified()?, bytes: metadata.len() })
    }
}

/// CSV of these rows, as UTF-8. They may differ in length.
pub fn csv_of<R>(rows: impl IntoIterator<Item = R>) -> Vec<u8>
where
    R: IntoIterator<Item: AsRef<[u8]>>,
{
    let mut writer = csv_writer();
    for row in rows {
        writer.write_record(row).expect("a vector takes every row");
    }
    writer.into_inner().expect("a vector takes every row")
}

fn csv_writer() -> csv::Writer<Vec<u8>> {
    csv::WriterBuilder::new().delimiter(DELIMITER_WRITTEN).flexible(true).from_writer(Vec::new())
}

/// A text from outside, such as a label, so that no spreadsheet computes it as a formula.
pub fn inert(text: &str) -> Cow<'_, str> {
    match text.trim_start().starts_with(['=', '+', '-', '@']) || text.starts_with(['\t', '\r']) {
        true => format!("'{text}").into(),
        false => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(bytes: &[u8]) -> Vec<String> {
        let table = Table::read(bytes).unwrap();
        table.rows().map(|row| format!("{} {}", row.line, Vec::from_iter(&row.fields).join("|"))).collect()
    }

    #[test]
    fn rows_have_the_line_that_they_begin_on() {
        assert_eq!(rows(b"a,b\n\n \"1\n"), ["1 a|b", "3 \"1"]);
        assert_eq!(rows(b"a;b\r\r\"1\r2\"; 3\r;;\r4;\r"), ["1 a|b", "3 1\r2|3", "6 4|"]);
        assert_eq!(rows(b"\nsep=|\na|b,c\n"), ["3 a|b,c"]);
        assert_eq!(rows(b"\t\t1\n2\t3\t4"), ["1 ||1", "2 2|3|4"]);
        assert_eq!(rows(b""), Vec::<String>::new());
        assert_eq!(rows(b"\xEF\xBB\xBF\xEF\xBB\xBF\"a,b\n1,2"), ["1 \u{FEFF}\"a|b", "2 1|2"]);
        assert_eq!(rows(b"\xFF\xFE\xFF\xFE"), ["1 \u{FEFF}"]);
    }

    #[test]
    fn a_file_that_is_too_large_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("verdicts.csv");
        std::fs::write(&path, "number").unwrap();
        assert_eq!(read_file(&path).unwrap(), b"number");
        File::options().write(true).open(&path).unwrap().set_len(FILE_BYTES_MAX + 1).unwrap();
        assert_eq!(read_file(&path).unwrap_err().to_string(), "it has more than 1 GiB");
    }

    #[test]
    fn a_row_in_doubt_costs_no_other_row() {
        let table = Table::read(b"\xEF\xBB\xBFmy numbers\n\nA ,_b\n1,\xFF\n2,3\n4,\"5\n6\n7,8").unwrap();
        let mut rows = table.rows();
        let columns = rows.header(["b", "a"]).map_err(drop).unwrap();
        let rows: Vec<Row> = rows.collect();
        let fields: Vec<_> = rows.iter().map(|row| columns.of(row).map_err(|error| error.to_string())).collect();
        assert_eq!((&fields[1], &fields[4]), (&Ok(["3", "2"]), &Ok(["8", "7"])));
        assert!(as_text(fields[0].as_ref().unwrap()[0]).is_err());
        for (row, problem) in [(2, "a quote is opened"), (3, "1 fields, but the header has 2")] {
            assert!(fields[row].as_ref().unwrap_err().contains(problem), "{:?}", fields[row]);
        }
    }

    #[test]
    fn texts_that_begin_as_formulas_are_made_inert() {
        let words = ["=1+1", "@SUM(A1)", " -1", "+13105550100 turned flagged.", "\t1", "Scam Likely"].map(inert);
        assert_eq!(words, ["'=1+1", "'@SUM(A1)", "' -1", "'+13105550100 turned flagged.", "'\t1", "Scam Likely"]);
    }
}
