//! Verdicts from a file that the operator or another program writes, for carriers that Dialguard cannot ask itself.
//!
//! The file is a table whose header names its columns (see [`table_file`] for encodings and delimiters), or JSON: an array of
//! objects, one object a line, objects one after the other, or an object around an array. Names are the same whatever their
//! case, spaces and underscores. One file may have verdicts of several carriers. Columns come in any order, and others are
//! ignored.
//!
//! | column | contents |
//! |---|---|
//! | `number` | a phone number as people write it, `+13105550123` or `(310) 555-0123`; in JSON also a number |
//! | `carrier` | the carrier's name, 1 to 64 characters |
//! | `score` | a whole number from 0 (clean) to 100 (certain spam), also as `95.0` or `95%`; empty, `null`, `NaN` or `N/A` for 'no data' |
//! | `label` | the call label on handsets, such as Scam Likely; may be empty or missing |
//! | `observed_at` | when the carrier formed this opinion, RFC 3339, such as `2026-01-31T09:00:00Z`; the zone must be there |
//!
//! Carriers' names are the same if their letters and digits are: `AT&T`, `at&t` and `ATT` are one carrier.
//!
//! If several rows have the same number and carrier, the newest `observed_at` wins, and of equal times the later row. A row
//! that cannot be read, or whose `observed_at` is more than five minutes in the future, is named in the report and costs
//! no other row. A label that cannot be read is named too, and does not cost its row. A fraction is never rounded; where a
//! score is between 0 and 1, the file may mean probabilities, and its scores of 0 and 1 do not count either.
//!
//! A file without a verdict gives no opinion, and the report says so.
//!
//! [`table_file`]: crate::table_file
//!
//! ```
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dialguard_dialer::sources::Source;
//! use dialguard_dialer::sources::verdicts::VerdictFile;
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("verdicts.csv");
//! let rows = "+13105550123,AT&T,95,Scam Likely,2026-01-15T08:00:00Z\n(310) 555-0100,AT&T,high,,2026-01-15T08:00:00Z\n";
//! std::fs::write(&path, format!("number,carrier,score,label,observed_at\n{rows}"))?;
//!
//! let report = VerdictFile::new(path).look_up(&[13_105_550_100, 13_105_550_123], 1_768_467_600).await?;
//! assert_eq!((report.answers.len(), report.answers[0].score), (1, Some(95)));
//! assert_eq!(report.problems.len(), 1); // "high" is not a score
//! # Ok(())
//! # }
//! ```

use super::{AHEAD_SECONDS_MAX, Answer, Report, Source, SourceError, is_ahead};
use crate::ledger::{CARRIER_CHARACTERS_MAX, carrier_key};
use crate::phone::{self, Region, is_invisible};
use crate::table_file::json_rows::{self, Fields};
use crate::table_file::{FileVersion, RowError, RowProblems, Table, as_text, column_key, read_file};
use crate::written_time::{TimeDoubt, instant};
use dialguard::calendar::rfc3339;
use dialguard::contract::{PhoneNumber, Timestamp};
use parking_lot::Mutex;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const COLUMNS: [&str; 5] = ["number", "carrier", "score", "label", "observed_at"];
const NUMBER_BYTES_MAX: usize = 64;
/// The longest label that is kept.
const LABEL_CHARACTERS_MAX: usize = 200;

/// A file of verdicts. Read again only if its time of modification or its length has changed, or a row is no longer in the
/// future.
#[derive(Debug)]
pub struct VerdictFile {
    path: PathBuf,
    last_read: Mutex<Option<(FileVersion, Arc<Verdicts>)>>,
}

impl VerdictFile {
    /// A source that reads `path`. The file need not exist yet.
    pub fn new(path: PathBuf) -> Self {
        VerdictFile { path, last_read: Mutex::default() }
    }

    /// Reads the whole file at the time `now`: every answer, the carriers in it, and what is wrong with its rows.
    ///
    /// An error means that the file or a column is missing or unreadable.
    pub fn check(&self, now: Timestamp) -> Result<Report, SourceError> {
        let verdicts = self.current(now)?;
        Ok(verdicts.report(verdicts.answers.clone()))
    }

    fn current(&self, now: Timestamp) -> Result<Arc<Verdicts>, SourceError> {
        let mut last_read = self.last_read.lock();
        // The version before the content: a file that changes in between is then read once too often, never once too few.
        let version = FileVersion::of(&self.path).map_err(|error| self.unreadable(error))?;
        match &*last_read {
            Some((known, verdicts)) if *known == version && verdicts.holds_at.contains(&now) => Ok(verdicts.clone()),
            _ => {
                let bytes = read_file(&self.path).map_err(|error| self.unreadable(error))?;
                let verdicts = Arc::new(Verdicts::read(&self.path, &bytes, now)?);
                *last_read = Some((version, verdicts.clone()));
                Ok(verdicts)
            }
        }
    }

    fn unreadable(&self, error: io::Error) -> SourceError {
        let problem = match error.kind() {
            io::ErrorKind::NotFound => "does not exist".into(),
            _ => format!("cannot be read: {error}"),
        };
        SourceError::File { path: self.path.clone(), problem }
    }
}

#[async_trait::async_trait]
impl Source for VerdictFile {
    async fn look_up(&self, numbers: &[PhoneNumber], now: Timestamp) -> Result<Report, SourceError> {
        let verdicts = self.current(now)?;
        let answers = numbers.iter().flat_map(|number| verdicts.about(*number)).cloned().collect();
        Ok(verdicts.report(answers))
    }
}

/// The verdicts in one version of the file.
#[derive(Debug)]
struct Verdicts {
    carriers: Vec<Arc<str>>,
    /// In ascending order of number, then carrier.
    answers: Vec<Answer>,
    problems: Vec<String>,
    /// At these times the same rows are in the future as when the file was read.
    holds_at: Range<Timestamp>,
}

impl Verdicts {
    fn read(path: &Path, bytes: &[u8], now: Timestamp) -> Result<Self, SourceError> {
        let unreadable = |problem: String| SourceError::File { path: path.to_owned(), problem };
        let table = Table::read(bytes).map_err(|error| unreadable(error.to_string()))?;
        let mut merged = MergedRows::new(path, now);
        if table.text().trim().is_empty() {
            return Err(unreadable(format!("is empty; one line must name the columns {}", COLUMNS.join(","))));
        }
        match is_json(path, table.text()) {
            true => json_rows::each_row(table.text(), is_column, |line, row| {
                merged.take(line, row.and_then(|fields| VerdictRow::of_json(&fields)));
            }),
            false => merged.take_table(&table).map_err(unreadable)?,
        }
        Ok(merged.finish())
    }

    fn about(&self, number: PhoneNumber) -> &[Answer] {
        let start = self.answers.partition_point(|answer| answer.number < number);
        let length = self.answers[start..].partition_point(|answer| answer.number == number);
        &self.answers[start..start + length]
    }

    fn report(&self, answers: Vec<Answer>) -> Report {
        Report { carriers: self.carriers.clone(), answers, problems: self.problems.clone() }
    }
}

/// Whether the text is JSON by its first character, or else by the file's name.
fn is_json(path: &Path, text: &str) -> bool {
    let is_ending =
        |ending: &std::ffi::OsStr| ["jsonl", "ndjson", "json"].iter().any(|json| ending.eq_ignore_ascii_case(json));
    text.trim_start().starts_with(['{', '[']) || path.extension().is_some_and(is_ending)
}

/// Whether a column or a field of JSON has this name.
fn is_column(name: &str) -> bool {
    COLUMNS.iter().any(|column| column_key(column) == column_key(name))
}

/// The texts of one row.
struct VerdictRow<'t> {
    number: Cow<'t, str>,
    carrier: Cow<'t, str>,
    score: Cow<'t, str>,
    /// Or why it is no text.
    label: Result<Cow<'t, str>, String>,
    observed_at: Cow<'t, str>,
}

impl<'t> VerdictRow<'t> {
    /// From fields in the order of [`COLUMNS`].
    fn new(fields: [&'t str; 5]) -> Self {
        let [number, carrier, score, label, observed_at] = fields.map(Cow::from);
        VerdictRow { number, carrier, score, label: Ok(label), observed_at }
    }

    fn of_json(fields: &Fields<'t>) -> Result<Self, RowError> {
        let label = fields.text("label", false).map_err(|error| match error {
            RowError::Column(_, why) | RowError::Row(why) => why,
        });
        let (number, carrier) = (fields.text("number", true)?, fields.text("carrier", false)?);
        let (score, observed_at) = (fields.text("score", true)?, fields.text("observed_at", true)?);
        Ok(VerdictRow { number, carrier, score, label, observed_at })
    }

    fn unlabeled([number, carrier, score, observed_at]: [&'t str; 4]) -> Self {
        VerdictRow::new([number, carrier, score, "", observed_at])
    }
}

/// The newest verdict of each number and carrier in the rows read so far.
struct MergedRows {
    carriers: Vec<Arc<str>>,
    /// By what makes names the same.
    carrier_indexes: HashMap<String, u16>,
    labels: HashSet<Arc<str>>,
    newest: HashMap<(PhoneNumber, u16), Answer>,
    problems: RowProblems,
    has_fractions: bool,
    now: Timestamp,
    holds_at: Range<Timestamp>,
}

impl MergedRows {
    fn new(path: &Path, now: Timestamp) -> Self {
        MergedRows {
            has_fractions: false,
            carriers: Vec::new(),
            carrier_indexes: HashMap::new(),
            labels: HashSet::new(),
            newest: HashMap::new(),
            problems: RowProblems::of(path),
            now,
            holds_at: 0..Timestamp::MAX,
        }
    }

    /// An error continues a sentence that begins with the file's name. A table may lack the column `label`.
    fn take_table(&mut self, table: &Table) -> Result<(), String> {
        let mut rows = table.rows();
        match rows.header(COLUMNS) {
            Ok(columns) => rows.for_each(|row| self.take(row.line, columns.of(&row).map(VerdictRow::new))),
            Err(problem) => {
                let mut rows = table.rows();
                let columns = rows.header(["number", "carrier", "score", "observed_at"]).map_err(|_| problem)?;
                rows.for_each(|row| self.take(row.line, columns.of(&row).map(VerdictRow::unlabeled)));
            }
        }
        Ok(())
    }

    fn take(&mut self, line: u64, row: Result<VerdictRow, RowError>) {
        let added = row.and_then(|row| {
            self.add(&row)?;
            row.label
                .map_or_else(Err, |label| checked_label(&label).map(drop))
                .map_err(|what| RowError::Column("label", what))
        });
        added.unwrap_or_else(|error| self.problems.add(line, error));
    }

    /// A row counts whole or not at all but for its label, so every column is read before anything is stored.
    fn add(&mut self, row: &VerdictRow) -> Result<(), RowError> {
        self.has_fractions |= is_fraction(&row.score);
        let number = number(row.number.trim()).map_err(|what| RowError::Column("number", what))?;
        let score = score(row.score.trim()).map_err(|what| RowError::Column("score", what))?;
        let observed_at = time(row.observed_at.trim()).map_err(|what| RowError::Column("observed_at", what))?;
        self.ensure_not_ahead(observed_at).map_err(|what| RowError::Column("observed_at", what))?;
        let carrier = self.carrier(&visible(&row.carrier)).map_err(|what| RowError::Column("carrier", what))?;
        let label = row.label.as_ref().ok().and_then(|label| self.label(&usable_label(label)));
        let answer = Answer { number, carrier, score, label, observed_at };
        let kept = self.newest.entry((number, carrier)).or_insert_with(|| answer.clone());
        if kept.observed_at <= observed_at {
            *kept = answer;
        }
        Ok(())
    }

    fn ensure_not_ahead(&mut self, observed_at: Timestamp) -> Result<(), String> {
        let may_count_from = observed_at.saturating_sub(AHEAD_SECONDS_MAX);
        if is_ahead(observed_at, self.now) {
            self.holds_at.end = self.holds_at.end.min(may_count_from);
            return Err(format!("{} is in the future; the time is {}", rfc3339(observed_at), rfc3339(self.now)));
        }
        self.holds_at.start = self.holds_at.start.max(may_count_from);
        Ok(())
    }

    fn carrier(&mut self, name: &str) -> Result<u16, String> {
        let key = carrier_key(as_text(name)?);
        if let Some(index) = self.carrier_indexes.get(&key) {
            return Ok(*index);
        }
        if name.is_empty() {
            return Err("empty; the carrier's name is missing".into());
        }
        if name.chars().count() > CARRIER_CHARACTERS_MAX {
            return Err(format!("a name of more than {CARRIER_CHARACTERS_MAX} characters"));
        }
        let index = u16::try_from(self.carriers.len()).map_err(|_| "more than 65,536 carriers in one file")?;
        self.carriers.push(name.into());
        self.carrier_indexes.insert(key, index);
        Ok(index)
    }

    fn label(&mut self, text: &str) -> Option<Arc<str>> {
        if text.is_empty() {
            return None;
        }
        let known = self.labels.get(text).cloned();
        Some(known.unwrap_or_else(|| {
            let label: Arc<str> = text.into();
            self.labels.insert(label.clone());
            label
        }))
    }

    fn finish(mut self) -> Verdicts {
        if self.has_fractions {
            self.newest.retain(|_, answer| !matches!(answer.score, Some(0 | 1)));
        }
        let mut answers: Vec<Answer> = self.newest.into_values().collect();
        answers.sort_unstable_by_key(|answer| (answer.number, answer.carrier));
        let file_name = self.problems.file_name().to_owned();
        let mut problems = Vec::new();
        if answers.is_empty() {
            problems.push(format!(
                "{file_name} has no verdict that can be used: an empty file, or no good row below its header"
            ));
        }
        if self.has_fractions {
            problems.push(format!(
                "{file_name} has scores between 0 and 1, so its scores of 0 and 1 are in doubt and do not count; write whole \
                 numbers from 0 (clean) to 100 (certain spam)"
            ));
        }
        problems.extend(self.problems.into_sentences());
        Verdicts { carriers: self.carriers, answers, problems, holds_at: self.holds_at }
    }
}

fn number(text: &str) -> Result<PhoneNumber, String> {
    if text.len() > NUMBER_BYTES_MAX {
        return Err(format!("longer than any phone number ({} bytes); write it like +13105550123", text.len()));
    }
    if text.starts_with('-') {
        return Err(format!("{text:?} is a negative number; write it like +13105550123"));
    }
    phone::PhoneNumber::parse(text, Region::US).map(|number| number.digits()).map_err(|error| error.to_string())
}

/// The digits before and after the decimal point or comma of a score, which may be a percentage.
fn decimal(text: &str) -> Option<(&str, &str)> {
    let text = text.trim();
    let text = text.strip_suffix('%').map_or(text, str::trim_end);
    let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (is_digits(whole) && is_digits(fraction) && !text.is_empty()).then_some((whole, fraction))
}

fn is_zeros(digits: &str) -> bool {
    digits.bytes().all(|digit| digit == b'0')
}

/// Whether the text is between 0 and 1, as a probability is.
fn is_fraction(score: &str) -> bool {
    decimal(score).is_some_and(|(whole, fraction)| is_zeros(whole) && !is_zeros(fraction))
}

/// What programs write where they have nothing.
const NO_DATA: [&str; 6] = ["", "nan", "null", "none", "n/a", "na"];

fn score(text: &str) -> Result<Option<u8>, String> {
    if NO_DATA.iter().any(|nothing| text.eq_ignore_ascii_case(nothing)) {
        return Ok(None);
    }
    let whole = decimal(text).filter(|(_, fraction)| is_zeros(fraction)).map(|(whole, _)| whole);
    let score = whole.and_then(|whole| whole.parse().ok()).filter(|score| *score <= 100);
    score.map(Some).ok_or_else(|| format!("{text:?} is not a whole number from 0 to 100; leave it empty for 'no data'"))
}

fn time(text: &str) -> Result<Timestamp, String> {
    instant(text).map_err(|doubt| match doubt {
        TimeDoubt::NoZone => format!("{text:?} has no time zone; write it like 2026-01-31T09:00:00Z"),
        TimeDoubt::Unreadable => {
            format!("{text:?} is not a time from 1970 to 9999 in RFC 3339; write it like 2026-01-31T09:00:00Z")
        }
    })
}

/// The text without invisible characters, and with plain spaces.
fn visible(text: &str) -> String {
    let is_shown = |character: &char| !character.is_control() && !is_invisible(*character);
    let spaced = text.chars().map(|character| if character.is_whitespace() { ' ' } else { character });
    spaced.filter(is_shown).collect::<String>().trim().to_owned()
}

fn checked_label(text: &str) -> Result<&str, String> {
    if text.contains(char::REPLACEMENT_CHARACTER) {
        return Err("some of it is not text in the file's encoding; the score counts without those characters".into());
    }
    match text.chars().count() > LABEL_CHARACTERS_MAX {
        true => {
            Err(format!("longer than {LABEL_CHARACTERS_MAX} characters; the score counts with the start of the label"))
        }
        false => Ok(text),
    }
}

/// As much of a label as can be shown.
fn usable_label(text: &str) -> String {
    visible(&text.replace(char::REPLACEMENT_CHARACTER, "")).chars().take(LABEL_CHARACTERS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::random_files::{cases, file, names};
    use proptest::prelude::*;

    const HEADER: &str = "number,carrier,score,label,observed_at\n";
    const NUMBER: PhoneNumber = 13_105_550_123;
    /// Noon of 31 January 2026, UTC.
    const NOW: Timestamp = 1_769_860_800;

    /// A temporary folder, and a source that reads the file in it.
    fn source(file_name: &str, content: impl AsRef<[u8]>) -> (tempfile::TempDir, VerdictFile) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(file_name);
        std::fs::write(&path, content).unwrap();
        (dir, VerdictFile::new(path))
    }

    fn check(file_name: &str, content: impl AsRef<[u8]>) -> Result<Report, SourceError> {
        source(file_name, content).1.check(NOW)
    }

    /// Answers as a person would note them: `13105550123 Hiya 90 Scam Likely @1769850000`.
    fn notes(report: &Report) -> Vec<String> {
        let note = |answer: &Answer| {
            let score = answer.score.map_or("no data".into(), |score| score.to_string());
            let label = answer.label.as_deref().map_or(String::new(), |label| format!(" {label}"));
            let carrier = &report.carriers[usize::from(answer.carrier)];
            format!("{} {carrier} {score}{label} @{}", answer.number, answer.observed_at)
        };
        report.answers.iter().map(note).collect()
    }

    #[test]
    fn a_row_is_a_verdict_or_a_problem_that_names_it() {
        let long = "x".repeat(65);
        let scenarios = [
            ("+13105550123,Hiya,90,Scam Likely,2026-01-31T09:00:00Z", "13105550123 Hiya 90 Scam Likely @1769850000"),
            (" (310) 555-0123 , Hiya , 0 ,, 2026-01-31T10:00:00+01:00 ", "13105550123 Hiya 0 @1769850000"),
            ("+442079460958,First Orion,100,,2026-01-31T09:00:00.9Z", "442079460958 First Orion 100 @1769850000"),
            ("3105550123,Hiya,,,2026-01-31T09:00:00Z", "13105550123 Hiya no data @1769850000"),
            (
                "3105550123,\"Hiya, Inc.\",7,\"a \"\"scam\"\"\",2026-01-31T09:00:00Z",
                "13105550123 Hiya, Inc. 7 a \"scam\" @1769850000",
            ),
            (
                "310555012,Hiya,90,,2026-01-31T09:00:00Z",
                "row 2, column number: \"310555012\" is not a possible phone number",
            ),
            (",Hiya,90,,2026-01-31T09:00:00Z", "row 2, column number: \"\" is not a possible phone number"),
            (&format!("{long},Hiya,90,,2026-01-31T09:00:00Z"), "row 2, column number: longer than any phone number"),
            ("3105550123, ,90,,2026-01-31T09:00:00Z", "row 2, column carrier: empty"),
            (&format!("3105550123,{long},90,,2026-01-31T09:00:00Z"), "row 2, column carrier: a name of more than 64"),
            (
                "3105550123,Hiya,high,,2026-01-31T09:00:00Z",
                "row 2, column score: \"high\" is not a whole number from 0 to 100",
            ),
            ("3105550123,Hiya,101,,2026-01-31T09:00:00Z", "row 2, column score: \"101\" is not a whole number"),
            ("3105550123,Hiya,-1,,2026-01-31T09:00:00Z", "row 2, column score: \"-1\" is not a whole number"),
            ("3105550123,Hiya,8.5,,2026-01-31T09:00:00Z", "row 2, column score: \"8.5\" is not a whole number"),
            ("3105550123,Hiya,90,,31 January", "row 2, column observed_at: \"31 January\" is not a time"),
            (
                "3105550123,Hiya,90,,1969-12-31T23:59:59Z",
                "row 2, column observed_at: \"1969-12-31T23:59:59Z\" is not a time",
            ),
            ("3105550123,Hiya,90,,2026-01-31T12:05:00Z", "13105550123 Hiya 90 @1769861100"),
            (
                "3105550123,Hiya,90,,2026-01-31T12:05:01Z",
                "row 2, column observed_at: 2026-01-31T12:05:01Z is in the future; the time is 2026-01-31T12:00:00Z",
            ),
            ("3105550123,Hiya,90,,2096-01-31T09:00:00Z", "row 2, column observed_at: 2096-01-31T09:00:00Z is in the"),
            ("3105550123,Hiya,90", "row 2: 3 fields, but the header has 5"),
            ("3105550123,Hiya,90,Scam, Likely,2026-01-31T09:00:00Z", "row 2: 6 fields, but the header has 5"),
            ("3105550123,\"Hiya,90,,2026-01-31T09:00:00Z", "row 2: a quote is opened and not closed"),
        ];
        for (row, expected) in scenarios {
            let report = check("verdicts.csv", format!("{HEADER}{row}\n")).unwrap();
            match expected.strip_prefix("row") {
                None => assert_eq!((notes(&report), report.problems), (vec![expected.into()], vec![]), "{row}"),
                Some(_) => {
                    assert_eq!((report.answers.len(), report.problems.len()), (0, 2), "{row}");
                    let problem = &report.problems[1];
                    assert!(problem.starts_with(&format!("verdicts.csv {expected}")), "{problem}");
                }
            }
        }
    }

    #[test]
    fn of_several_verdicts_the_newest_counts_and_the_later_row_on_ties() {
        let scenarios = [
            ("the newer is below", [("10", "T08"), ("20", "T09")], "20"),
            ("the newer is above", [("10", "T09"), ("20", "T08")], "10"),
            ("both are equally new", [("10", "T09"), ("20", "T09")], "20"),
            ("the newest says 'no data'", [("10", "T08"), ("", "T09")], "no data"),
        ];
        for (name, rows, expected) in scenarios {
            let row = |(score, hour): (&str, &str)| format!("3105550123,Hiya,{score},,2026-01-31{hour}:00:00Z\n");
            let report = check("v.csv", HEADER.to_owned() + &rows.map(row).concat()).unwrap();
            let [note] = &notes(&report)[..] else { panic!("{name}: {report:?}") };
            assert!(note.starts_with(&format!("13105550123 Hiya {expected} @")), "{name}: {note}");
        }
    }

    #[test]
    fn json_lines_mean_the_same_as_csv() {
        let content = r#"
{"number": "+13105550123", "carrier": "Hiya", "score": 90, "label": "Scam", "observed_at": "2026-01-31T09:00:00Z"}
{"number": "+13105550124", "carrier": "Hiya", "score": null, "label": null, "observed_at": "2026-01-31T09:00:00Z"}

{"number": "+13105550125", "carrier": "TNS", "observed_at": "2026-01-31T09:00:00Z", "region": "CA"}
{"Number": 13105550126, "CARRIER": "Hiya", "score": 90.0, "observedAt": 1769850000000}
{"number": 3105550127.0, "carrier": "Hiya", "score": "90", "label": 7, "observed_at": "2026-01-31 09:00:00+00:00"}
{"number": "+13105550128", "carrier": "Hiya", "score": 90, "label": "\ud83d", "observed_at": "2026-01-31T09:00:00Z"}
{"number": 3.10555012E9, "carrier": "Hiya", "score": 90, "observed_at": "2026-01-31T09:00:00Z"}
{"number": -3105550123, "carrier": "Hiya", "score": 90, "observed_at": "2026-01-31T09:00:00Z"}
{"number": "+13105550123", "carrier": "Hiya", "score": 90.5, "observed_at": "2026-01-31T09:00:00Z"}
{"number": "+13105550123", "carrier": "Hiya", "score": true, "observed_at": "2026-01-31T09:00:00Z"}
{"number": "+13105550123", "carrier": "Hiya", "score": 90, "Score": 5, "observed_at": "2026-01-31T09:00:00Z"}
{"number": "+13105550123", "carrier": 7, "score": 90, "observed_at": "2026-01-31T09:00:00Z"}
{"number": "+13105550123", "carrier": "Hiya", "score": 90}
["+13105550123", "Hiya", 90]
{"number": "+1310"#;
        for file_name in ["v.jsonl", "v.ndjson", "V.JSON", "verdicts.txt"] {
            let report = check(file_name, content).unwrap();
            let expected = [
                "13105550123 Hiya 90 Scam @1769850000",
                "13105550124 Hiya no data @1769850000",
                "13105550125 TNS no data @1769850000",
                "13105550126 Hiya 90 @1769850000",
                "13105550127 Hiya 90 @1769850000",
                "13105550128 Hiya 90 @1769850000",
            ];
            assert_eq!(notes(&report), expected);
            let expected = [
                "row 7, column label: 7 is not text",
                "row 8, column label: ",
                "row 9, column number: \"3.10555012E9\" is not a possible phone number: its last digits are lost",
                "row 10, column number: \"-3105550123\" is a negative number",
                "row 11, column score: \"90.5\" is not a whole number",
                "row 12, column score: true is not text",
                "row 13, column score: it is there twice",
                "row 14, column carrier: 7 is not text",
                "row 15, column observed_at: \"\" is not a time",
                "row 16: a list without names",
                "row 17: EOF while parsing a string",
            ];
            assert_eq!(report.problems.len(), expected.len(), "{:#?}", report.problems);
            for (problem, expected) in report.problems.iter().zip(expected) {
                assert!(problem.starts_with(&format!("{file_name} {expected}")), "{problem}");
            }
        }
    }

    #[test]
    fn json_comes_in_many_shapes() {
        let one = r#"{"number": "3105550101", "carrier": "A", "score": 9, "observed_at": "2026-01-31T09:00:00Z"}"#;
        let two = one.replace("101", "102").replace(", ", ",\n  ").replace('{', "{\n  ").replace('}', "\n}");
        let bad = one.replace("9,", "99.5,");
        let scenarios: [(&str, String, &[&str]); 12] = [
            ("lines", format!("{one}\n{one}\n{bad}\n"), &["row 3, column score"]),
            ("an array", format!("[{one},{two},{bad}]"), &["row 6, column score"]),
            ("a pretty array", format!("[\n  {one},\n  {two},\n  {bad}\n]\n"), &["row 9, column score"]),
            ("objects one after the other", format!("{two}{one}\n{bad}"), &["row 7, column score"]),
            ("an array a line", format!("[{one}]\n[{bad}]"), &["row 2, column score"]),
            (
                "around an array",
                format!("{{\"count\": 2, \"data\": [{one}, {bad}], \"schema\": {{}}}}"),
                &["row 1, column score"],
            ),
            ("a broken array, one object a line", format!("[{one},\n{one},\n{{\"number\": "), &["row 3: EOF"]),
            ("NaN in a line", format!("{one}\n{}\n", one.replace("9,", "NaN,")), &["row 2: expected value"]),
            ("two arrays", format!("{one}\n{{\"a\": [{one}], \"b\": [{one}]}}"), &["row 2, column number: \"\""]),
            (
                "columns",
                format!("{one}\n{{\"number\": {{\"0\": \"3105550102\"}}}}"),
                &["row 2, column number: it is not one value"],
            ),
            (
                "lists without end",
                format!("{one}\n{}{}", "[".repeat(100_000), "]".repeat(100_000)),
                &["row 2: nested more than 8 times"],
            ),
            ("an object, and more", format!("{one}\n7"), &["row 2: 7 is not an object"]),
        ];
        for (name, content, problems) in scenarios {
            let report = check("v.json", content).unwrap();
            assert_eq!(notes(&report)[0], "13105550101 A 9 @1769850000", "{name}");
            assert_eq!(report.problems.len(), problems.len(), "{name}: {:?}", report.problems);
            for (problem, expected) in report.problems.iter().zip(problems) {
                assert!(problem.starts_with(&format!("v.json {expected}")), "{name}: {problem}");
            }
        }
    }

    #[test]
    fn scores_are_whole_numbers_in_every_writing() {
        for (text, expected) in
            [("95", 95), ("95.0", 95), ("95,00", 95), ("95.", 95), ("95%", 95), ("95 %", 95), ("100.0", 100), ("0", 0)]
        {
            assert_eq!(score(text), Ok(Some(expected)), "{text}");
        }
        for text in ["", "NaN", "null", "None", "N/A"] {
            assert_eq!(score(text), Ok(None), "{text}");
        }
        for text in ["95.5", "0.95", ".5", "-1", "-0", "+95", "1e2", "101", "950", "95.0.0", "high", "%", ".", "1/2"] {
            assert!(score(text).is_err(), "{text}");
        }
    }

    /// On a scale from 0 to 1, a 1 is not nearly clean.
    #[test]
    fn a_file_of_probabilities_is_no_verdict() {
        let row = |last: u32, score: &str| format!("310555010{last},Hiya,{score},,2026-01-31T09:00:00Z\n");
        let rows = [row(1, "0.97"), row(2, "1.0"), row(3, "0"), row(4, "2"), row(5, "")];
        let report = check("v.csv", HEADER.to_owned() + &rows.concat()).unwrap();
        assert_eq!(notes(&report), ["13105550104 Hiya 2 @1769850000", "13105550105 Hiya no data @1769850000"]);
        assert!(report.problems[0].starts_with("v.csv has scores between 0 and 1"), "{:?}", report.problems);
    }

    #[test]
    fn a_bad_label_costs_no_score() {
        let scenarios: [(&[u8], &str, Option<&str>); 5] = [
            (b"Spam \x96 likely", "Spam – likely", None),
            ("Spam\u{200E}\u{A0}likely".as_bytes(), "Spam likely", None),
            ("é é Spam \u{FFFD}".as_bytes(), "é é Spam", Some("column label: some of it is not text")),
            (&[b'x'; 201], &"x".repeat(200), Some("column label: longer than 200 characters")),
            (b" \t", "", None),
        ];
        for (label, expected, problem) in scenarios {
            let row = [HEADER.as_bytes(), b"3105550123,Hiya,90,", label, b",2026-01-31T09:00:00Z\n"].concat();
            let report = check("v.csv", row).unwrap();
            let [answer] = &report.answers[..] else { panic!("{label:?}: {report:?}") };
            assert_eq!((answer.score, answer.label.as_deref().unwrap_or_default()), (Some(90), expected));
            assert_eq!(report.problems.len(), usize::from(problem.is_some()), "{:?}", report.problems);
            assert!(
                report.problems.iter().all(|told| told.contains(problem.unwrap_or_default())),
                "{:?}",
                report.problems
            );
        }
    }

    #[test]
    fn a_file_without_a_verdict_says_so() {
        for content in [HEADER, "[]", "{}", &format!("{HEADER}3105550123,Hiya,90,,yesterday\n")] {
            let report = check("v.csv", content).unwrap();
            assert_eq!(report.answers, [], "{content:?}");
            assert!(report.problems[0].starts_with("v.csv has no verdict that can be used"), "{:?}", report.problems);
        }
        for content in ["", "\n \n", "\u{FEFF}"] {
            assert!(check("v.csv", content).unwrap_err().to_string().contains("v.csv is empty"), "{content:?}");
        }
    }

    #[test]
    fn columns_are_found_by_name_and_missing_ones_are_named() {
        let good = "2026-01-31T09:00:00Z,x,,90,Hiya,3105550123\n";
        let scenarios = [
            ("observed_at,region,label,score,carrier,number\n", Ok("13105550123 Hiya 90 @1769850000")),
            ("\u{feff}observed_at,region,label,score,carrier,number\r\n", Ok("13105550123 Hiya 90 @1769850000")),
            (
                "\u{feff}\"observed_at\", region, label, score, carrier, number \n",
                Ok("13105550123 Hiya 90 @1769850000"),
            ),
            ("observed_at,region,label,rating,carrier,number\n", Err("has no column score")),
            ("observed_at,score,label,score,carrier,number\n", Err("has more than one column score")),
            ("", Err("has no column number")),
        ];
        for (header, expected) in scenarios {
            match (check("v.csv", format!("{header}{good}")), expected) {
                (Ok(report), Ok(expected)) => {
                    assert_eq!((notes(&report), report.problems), (vec![expected.into()], vec![]))
                }
                (Err(error), Err(expected)) => {
                    assert!(error.to_string().contains(expected) && error.to_string().contains("v.csv"), "{error}")
                }
                (other, _) => panic!("{header:?}: {other:?}"),
            }
        }
        let utf_16 = check("v.csv", b"\xFF\xFEn\0u\0m\0b\0e\0r\0").unwrap_err().to_string();
        assert!(utf_16.contains("has no column carrier"), "{utf_16}");
        let unlabeled = "Number;Carrier;Score;Observed_At\n3105550123;Hiya;90;2026-01-31T09:00:00Z\n";
        assert_eq!(notes(&check("v.csv", unlabeled).unwrap()), ["13105550123 Hiya 90 @1769850000"]);
    }

    #[test]
    fn rows_are_counted_as_an_editor_counts_lines_and_bad_ones_cost_no_good_ones() {
        let lines: [&[u8]; 11] = [
            b"number,carrier,score,label,observed_at",
            b"",
            b"3105550101,Hiya,bad,,2026-01-31T09:00:00Z",
            b" \t",
            b"3105550102,\"Hiya,5,,2026-01-31T09:00:00Z",
            b"3105550103,Hiya,5,,2026-01-31T09:00:00Z",
            b"3105550104,Hiya\xFF,5,,2026-01-31T09:00:00Z",
            b"",
            b"3105550105,Hiya,5,,2026-01-31T09:00:00Z",
            b"3105550106,Hiya,5",
            b"3105550107,Hiya\"x,\"5,,",
        ];
        for line_break in ["\n", "\r\n"] {
            let report = check("v.csv", lines.join(line_break.as_bytes())).unwrap();
            assert_eq!(
                report.answers.iter().map(|a| a.number).collect::<Vec<_>>(),
                [103, 104, 105].map(|last| 13_105_550_000 + last)
            );
            let rows = report.problems.iter().map(|problem| problem.split([',', ':']).next().unwrap());
            let expected = ["v.csv row 3", "v.csv row 5", "v.csv row 10", "v.csv row 11"];
            assert!(rows.eq(expected), "{line_break:?} {:?}", report.problems);
        }
    }

    #[test]
    fn the_first_twenty_problems_are_listed_and_shortened() {
        for (bad_rows, expected_last) in
            [(20, None), (21, Some("and 1 more in v.csv")), (500, Some("and 480 more in v.csv"))]
        {
            let row = format!("3105550123,Hiya,{},,2026-01-31T09:00:00Z\n", "é".repeat(9000));
            let report = check("v.csv", HEADER.to_owned() + &row.repeat(bad_rows)).unwrap();
            // The first one says that no verdict is left.
            let problems = &report.problems[1..];
            assert!(problems.iter().all(|problem| problem.chars().count() <= 301));
            assert!(problems[19].starts_with("v.csv row 21, column score"));
            assert_eq!(problems.get(20).map(String::as_str), expected_last);
        }
    }

    #[tokio::test]
    async fn a_lookup_answers_only_about_the_numbers_requested() {
        let rows = "3105550123,Hiya,90,,2026-01-31T09:00:00Z\n3105550123,TNS,10,,2026-01-31T09:00:00Z\n\
                    3105550124,TNS,20,,2026-01-31T09:00:00Z\n3105550199,First Orion,x,,2026-01-31T09:00:00Z\n";
        let (_dir, source) = source("v.csv", HEADER.to_owned() + rows);
        let scenarios: [(&[u64], &[&str]); 4] = [
            (&[NUMBER], &["13105550123 Hiya 90 @1769850000", "13105550123 TNS 10 @1769850000"]),
            (&[NUMBER + 1, 1], &["13105550124 TNS 20 @1769850000"]),
            (&[u64::MAX], &[]),
            (&[], &[]),
        ];
        for (numbers, expected) in scenarios {
            let report = source.look_up(numbers, NOW).await.unwrap();
            assert_eq!(notes(&report), expected);
            // The carriers and the file's problems do not depend on the numbers.
            assert_eq!(report.carriers, ["Hiya".into(), "TNS".into()]);
            assert_eq!(report.problems.len(), 1);
        }
    }

    #[tokio::test]
    async fn labels_are_shared_between_answers() {
        let row = |number| format!("310555012{number},Hiya,90,Scam Likely,2026-01-31T09:00:00Z\n");
        let report = check("v.csv", format!("{HEADER}{}{}", row(1), row(2))).unwrap();
        let labels: Vec<_> = report.answers.iter().map(|answer| answer.label.as_ref().unwrap()).collect();
        assert!(Arc::ptr_eq(labels[0], labels[1]));
    }

    #[tokio::test]
    async fn the_file_is_read_again_when_its_time_or_length_changes() {
        let row = |score: &str| format!("{HEADER}3105550123,Hiya,{score},,2026-01-31T09:00:00Z\n");
        let (dir, source) = source("v.csv", row("10"));
        let path = dir.path().join("v.csv");
        let written = std::fs::metadata(&path).unwrap().modified().unwrap();
        let second = std::time::Duration::from_secs(1);
        let scenarios = [
            ("nothing changed", "10", written, 10),
            ("other content, same time and length", "20", written, 10),
            ("other content, later", "30", written + second, 30),
            ("other content, earlier, as from a backup", "40", written - second, 40),
            ("other length", "5", written - second, 5),
        ];
        for (name, score, modified, expected) in scenarios {
            std::fs::write(&path, row(score)).unwrap();
            std::fs::File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
            let report = source.look_up(&[NUMBER], NOW).await.unwrap();
            assert_eq!(report.answers[0].score, Some(expected), "{name}");
        }
        std::fs::remove_file(&path).unwrap();
        let error = source.look_up(&[NUMBER], NOW).await.unwrap_err();
        assert!(matches!(error, SourceError::File { .. }) && error.to_string().ends_with("v.csv does not exist"));
        std::fs::create_dir(&path).unwrap();
        assert!(source.check(NOW).unwrap_err().to_string().contains("v.csv cannot be read"));
    }

    /// One of 2096 does not hide the one of today, and a file is read again once a row is no longer in the future.
    #[tokio::test]
    async fn an_observation_in_the_future_counts_when_its_time_has_come() {
        let row = |score: &str, time: &str| format!("3105550123,Hiya,{score},,{time}\n");
        let rows =
            [row("90", "2026-01-31T09:00:00Z"), row("5", "2026-01-31T14:00:00Z"), row("7", "2096-01-31T09:00:00Z")];
        let (_dir, source) = source("v.csv", HEADER.to_owned() + &rows.concat());
        let at_two = NOW + 2 * 60 * 60;
        for (now, score, problems) in
            [(NOW, 90, 2), (at_two - 301, 90, 2), (at_two - 300, 5, 1), (at_two, 5, 1), (NOW, 90, 2)]
        {
            let report = source.look_up(&[NUMBER], now).await.unwrap();
            let scores: Vec<_> = report.answers.iter().map(|answer| answer.score).collect();
            assert_eq!((scores, report.problems.len()), (vec![Some(score)], problems), "{now}");
        }
    }

    const STARTS: [&str; 6] = [
        HEADER,
        "Observed At;Label;Score;Carrier;Number\r\n",
        "number\tcarrier\tscore\tobserved_at\r",
        "[",
        "{\"verdicts\": [",
        "",
    ];
    const PIECES: [&str; 22] = [
        "+13105550123,Hiya,90,Scam,2026-01-31T09:00:00Z\n",
        "2026-01-31T09:00:00Z;\"a \"\"b\"\"\";95.0;TNS;(310) 555-0123\r\n",
        "3105550123\tHiya\t0.5\t1769850000\r",
        "{\"number\": \"+13105550123\", \"carrier\": \"Hiya\", \"score\": 95.0, \"observed_at\": \"2026-01-31T09:00:00Z\"}\n",
        "{\"Number\": 13105550123, \"CARRIER\": \"é\", \"score\": null, \"label\": 7, \"observedAt\": 1769850000000},",
        "\"number\": 3.105550123E9",
        "\"number\":",
        "\"score\": 9",
        "tel:+1-310-555-0123;ext=2",
        "３１０５５５０１２３",
        "3105550123.0",
        "3.10555E+09",
        "31O5550123",
        "+442079460958",
        "95%",
        "1e2",
        "-1",
        "Hiya",
        "\\ud83d",
        "2026-01-31 09:00:00+00:00",
        "2026-01-31T09:00:00",
        "null",
    ];

    proptest! {
        #![proptest_config(cases(1_000))]

        /// Every verdict is about a number in the file; nothing panics, and what is kept is no longer than the file.
        #[test]
        fn random_files_give_no_verdict_that_is_not_in_them(bytes in file(&STARTS, &PIECES), ending in 0..2_usize) {
            let path = Path::new(["v.csv", "v.jsonl"][ending]);
            if let Ok(verdicts) = Verdicts::read(path, &bytes, NOW) {
                for Answer { number, score, observed_at, .. } in &verdicts.answers {
                    prop_assert!(names(&bytes, *number), "{number} of {:?}", String::from_utf8_lossy(&bytes));
                    prop_assert!(score.is_none_or(|score| score <= 100) && *observed_at <= NOW + AHEAD_SECONDS_MAX);
                }
                let labels = verdicts.answers.iter().filter_map(|answer| answer.label.as_deref());
                let texts: usize = labels.chain(verdicts.carriers.iter().map(|name| &**name)).map(str::len).sum();
                prop_assert!(verdicts.answers.len() <= bytes.len() / 10 && texts <= 3 * bytes.len());
                prop_assert!(verdicts.problems.iter().map(String::len).sum::<usize>() <= 24 * 1_300);
            }
        }
    }
}
