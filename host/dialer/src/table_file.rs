//! Tables in files: the one reader and writer of CSV.
//!
//! Text is decoded from bytes in one place, which is also where further encodings belong; the delimiter is chosen in
//! one place. Rows come one by one with their line in the file, and columns are found by the names in the header.
//!
//! A row is one line. No column read here needs a line break, and a quote left open by mistake would otherwise swallow
//! the rows after it.
//!
//! ```
//! use dialguard_dialer::table_file::{csv_of, inert};
//!
//! let rows = [["number", "label"], ["+13105550123", &inert("=1+1, or spam")]];
//! assert_eq!(csv_of(rows), b"number,label\n+13105550123,\"'=1+1, or spam\"\n");
//! ```

use csv::StringRecord;
use std::borrow::Cow;
use std::io::{self, Cursor};
use std::path::Path;
use std::time::SystemTime;

const DELIMITER: u8 = b',';
const PROBLEMS_LISTED_MAX: usize = 20;
const PROBLEM_CHARACTERS_MAX: usize = 300;

/// The text of a file, without the byte-order mark that spreadsheets write.
///
/// Bytes that are not text become [`char::REPLACEMENT_CHARACTER`], which [`as_text`] and [`Columns::of`] refuse, so
/// that one of them invalidates only its row.
pub(crate) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes))
}

/// The text, unless the file had other bytes than text in its place.
pub(crate) fn as_text(decoded: &str) -> Result<&str, String> {
    match decoded.contains(char::REPLACEMENT_CHARACTER) {
        true => Err("not UTF-8 text; save the file as UTF-8".into()),
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

/// The rows of a CSV text. Blank lines are skipped.
pub(crate) struct Rows {
    records: csv::StringRecordsIntoIter<Cursor<String>>,
    lines: std::vec::IntoIter<Line>,
}

/// A line of the text that is not blank.
struct Line {
    number: u64,
    is_quote_open: bool,
}

/// A row of the table.
pub(crate) struct Row {
    /// Its line in the file, from 1.
    pub(crate) line: u64,
    pub(crate) fields: StringRecord,
    /// Whether its last field has an opening quote and no closing one, so that the row may be incomplete.
    is_quote_open: bool,
}

impl Rows {
    pub(crate) fn of(text: &str) -> Self {
        // Each line becomes exactly one record: none is blank, and quotes are closed.
        let mut records = String::with_capacity(text.len() + 1);
        let mut known = Vec::new();
        for (number, line) in lines(text) {
            let line = line.trim_ascii();
            if line.is_empty() {
                continue;
            }
            let is_quote_open = leaves_quote_open(line);
            known.push(Line { number, is_quote_open });
            records.push_str(line);
            records.push_str(if is_quote_open { "\"\n" } else { "\n" });
        }
        let reader = csv::ReaderBuilder::new()
            .delimiter(DELIMITER)
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(Cursor::new(records));
        Rows { records: reader.into_records(), lines: known.into_iter() }
    }

    /// Reads the header and finds these columns. An error continues a sentence that begins with the file's name:
    /// `verdicts.csv has no column …`.
    pub(crate) fn header<const N: usize>(&mut self, names: [&'static str; N]) -> Result<Columns<N>, String> {
        let first_line = || format!("its first line must name the columns {}", names.join(","));
        let unreadable = |why: String| format!("has no readable header ({why}); {}", first_line());
        let header = match self.next() {
            Some(row) => row.whole().map_err(unreadable)?.clone(),
            None => StringRecord::new(),
        };
        let mut places = [0; N];
        for (name, place) in names.iter().zip(&mut places) {
            let mut found = header.iter().enumerate().filter(|(_, field)| field == name).map(|(place, _)| place);
            *place = found.next().ok_or_else(|| format!("has no column {name}; {}", first_line()))?;
            if found.next().is_some() {
                return Err(format!("has more than one column {name}; {}", first_line()));
            }
        }
        Ok(Columns { places, width: header.len() })
    }
}

impl Iterator for Rows {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        let Line { number, is_quote_open } = self.lines.next()?;
        let fields = self.records.next().expect("a record a line").expect("text in rows of any length");
        Some(Row { line: number, fields, is_quote_open })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.lines.size_hint()
    }
}

impl ExactSizeIterator for Rows {}

impl Row {
    /// The fields, unless quotes or bytes leave doubt about any of them.
    fn whole(&self) -> Result<&StringRecord, String> {
        if self.is_quote_open {
            return Err("a quote is opened but not closed on the same line; write \" inside quotes as \"\"".into());
        }
        self.fields.iter().try_for_each(|field| as_text(field).map(drop))?;
        Ok(&self.fields)
    }
}

/// Reads quotes as the csv crate does: one opens a field only as its first character, and two inside mean one.
fn leaves_quote_open(line: &str) -> bool {
    if !line.contains('"') {
        return false;
    }
    let mut bytes = line.bytes().peekable();
    let mut is_quoted = false;
    let mut is_field_start = true;
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' if is_quoted => is_quoted = bytes.next_if(|next| *next == b'"').is_some(),
            b'"' if is_field_start => is_quoted = true,
            _ => {}
        }
        is_field_start = !is_quoted && byte == DELIMITER;
    }
    is_quoted
}

/// The places of some columns in a table.
pub(crate) struct Columns<const N: usize> {
    places: [usize; N],
    width: usize,
}

impl<const N: usize> Columns<N> {
    /// The fields of a row in these columns. The row must have as many fields as the header.
    pub(crate) fn of<'r>(&self, row: &'r Row) -> Result<[&'r str; N], RowError> {
        let fields = row.whole().map_err(RowError::Row)?;
        if fields.len() != self.width {
            return Err(RowError::Row(format!(
                "{} fields, but the header has {}; put quotes around a field with commas",
                fields.len(),
                self.width
            )));
        }
        Ok(self.places.map(|place| &fields[place]))
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
            self.listed.push(format!("and {} more in {}", self.unlisted, self.file_name));
        }
        self.listed
    }
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

/// CSV of these rows, as UTF-8.
pub fn csv_of<R>(rows: impl IntoIterator<Item = R>) -> Vec<u8>
where
    R: IntoIterator<Item: AsRef<[u8]>>,
{
    let mut writer = csv::WriterBuilder::new().delimiter(DELIMITER).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).expect("a vector takes every row of the same length");
    }
    writer.into_inner().expect("a vector takes every row")
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

    #[test]
    fn rows_are_numbered_by_line_whatever_ends_the_lines() {
        let rows = |text: &str| {
            Rows::of(text)
                .map(|row| format!("{} {}", row.line, Vec::from_iter(&row.fields).join("|")))
                .collect::<Vec<_>>()
        };
        for end in ["\n", "\r\n", "\r"] {
            let text = ["a,b", "", " \t", "\"1, 2\",\"3 \"\"4\"\"\"", "\"5,6", "7\",8", "", "9"].join(end);
            assert_eq!(rows(&text), ["1 a|b", "4 1, 2|3 \"4\"", "5 5,6", "6 7\"|8", "8 9"], "{end:?}");
        }
        assert_eq!(rows(""), Vec::<String>::new());
        assert_eq!(rows("\"\"\na,\"b\"\""), ["1 ", "2 a|b\""]);
    }

    #[test]
    fn a_row_in_doubt_costs_no_other_row() {
        let text = decode(b"\xEF\xBB\xBFa,b\n1,\xFF\n2,3\n4,\"5\n6\n7,8");
        let mut rows = Rows::of(&text);
        let columns = rows.header(["b", "a"]).map_err(drop).unwrap();
        let rows: Vec<Row> = rows.collect();
        let fields: Vec<_> = rows.iter().map(|row| columns.of(row).map_err(|error| error.to_string())).collect();
        assert_eq!((&fields[1], &fields[4]), (&Ok(["3", "2"]), &Ok(["8", "7"])));
        for (row, problem) in [(0, "not UTF-8 text"), (2, "a quote is opened"), (3, "1 fields, but the header has 2")] {
            assert!(fields[row].as_ref().unwrap_err().contains(problem), "{:?}", fields[row]);
        }
    }

    #[test]
    fn texts_that_begin_as_formulas_are_made_inert() {
        let words = ["=1+1", "@SUM(A1)", " -1", "+13105550100 turned flagged.", "\t1", "Scam Likely"].map(inert);
        assert_eq!(words, ["'=1+1", "'@SUM(A1)", "' -1", "'+13105550100 turned flagged.", "'\t1", "Scam Likely"]);
    }
}
