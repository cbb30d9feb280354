//! `dialguard numbers …`

use super::output::{e164, status_mark, status_name, table};
use super::{Desk, Done};
use anyhow::{Context, Result, bail};
use clap::Subcommand;
use dialguard::calendar::rfc3339;
use dialguard::contract::Carrier;
use dialguard::ledger::{CarrierAnswer, ImportOutcome, ImportedAs, KnownAnswer, KnownNumber, Ledger};
use dialguard::phone::{PhoneNumber, Region};
use indicatif::ProgressBar;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum NumbersCommand {
    /// Take numbers from a CSV file; of a file without a header, the first column counts
    Import {
        /// The account
        id: String,
        /// The file, with a column `number`
        file: PathBuf,
        /// These are numbers on hand to replace others with, not numbers that the account uses
        #[arg(long)]
        candidates: bool,
    },
    /// List the account's numbers, with what each carrier says of those that were looked up
    List {
        /// The account
        id: String,
    },
}

pub async fn run(desk: &Desk, command: NumbersCommand) -> Result<Done> {
    match command {
        NumbersCommand::Import { id, file, candidates } => {
            let imported_as = if candidates { ImportedAs::Candidate } else { ImportedAs::Owned };
            import(desk, &id, &file, imported_as)
        }
        NumbersCommand::List { id } => list(desk, &id),
    }
}

/// A row of the file that could not be taken, and why.
struct BadRow {
    row: u64,
    why: String,
}

fn import(desk: &Desk, id: &str, file: &Path, imported_as: ImportedAs) -> Result<Done> {
    let ledger = desk.ledger()?;
    let region = ledger.account(id)?.region;
    let (rows, mut bad_rows) = read_numbers(file, region)?;
    let numbers: Vec<u64> = rows.iter().map(|(_, number)| number.digits()).collect();
    let outcomes = ledger.import_numbers(id, &numbers, imported_as, desk.clock().now())?;
    let count = |wanted| outcomes.iter().filter(|outcome| **outcome == wanted).count();
    for ((row, number), outcome) in rows.iter().zip(&outcomes) {
        let why = match outcome {
            ImportOutcome::OtherAccounts => "belongs to another account",
            ImportOutcome::NoCandidate => "cannot be a candidate: the account owns it, or has given it up",
            ImportOutcome::Imported | ImportOutcome::KnownBefore => continue,
        };
        bad_rows.push(BadRow { row: *row, why: format!("{number} {why}") });
    }
    bad_rows.sort_by_key(|bad| bad.row);
    let (imported, known) = (count(ImportOutcome::Imported), count(ImportOutcome::KnownBefore));
    let done = Done::show(
        desk.json,
        || {
            let bad: Vec<_> = bad_rows.iter().map(|bad| json!({"row": bad.row, "why": bad.why})).collect();
            json!({"imported": imported, "known-before": known, "refused": bad})
        },
        || {
            let what = if imported_as == ImportedAs::Candidate { "candidates" } else { "numbers" };
            let mut text = format!("{imported} {what} imported, {known} known before, {} refused\n", bad_rows.len());
            bad_rows.iter().for_each(|bad| text.push_str(&format!("  row {}: {}\n", bad.row, bad.why)));
            text
        },
    );
    Ok(done.refused_if(!bad_rows.is_empty()))
}

type NumberedRows = Vec<(u64, PhoneNumber)>;

/// Reads the numbers of a CSV file, each with its row in the file; rows that cannot be read are told apart.
///
/// A row is one line: a number needs no line break, and a quote that somebody forgot to close would otherwise swallow
/// the rows after it.
fn read_numbers(file: &Path, region: Region) -> Result<(NumberedRows, Vec<BadRow>)> {
    let bytes = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let progress = ProgressBar::new(bytes.len() as u64);
    let (mut numbers, mut bad_rows) = (Vec::new(), Vec::new());
    let mut column = None;
    for (row, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        progress.inc(line.len() as u64 + 1);
        let Some(record) = record_of(line) else { continue };
        let index = match column {
            Some(index) => index,
            None => {
                let (index, is_header) = number_column(&record, region)
                    .with_context(|| format!("{}: row {row} has no column `number`", file.display()))?;
                column = Some(index);
                if is_header {
                    continue;
                }
                index
            }
        };
        match number_at(&record, index, region) {
            Ok(number) => numbers.push((row, number)),
            Err(why) => bad_rows.push(BadRow { row, why: format!("column number: {why}") }),
        }
    }
    progress.finish_and_clear();
    if column.is_none() {
        bail!("{} is empty; give a CSV file with a column `number`", file.display());
    }
    Ok((numbers, bad_rows))
}

/// The fields of one line; none where it is blank.
fn record_of(line: &[u8]) -> Option<csv::ByteRecord> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .buffer_capacity(line.len().max(1))
        .from_reader(line.trim_ascii());
    let mut record = csv::ByteRecord::new();
    reader.read_byte_record(&mut record).is_ok_and(|is_row| is_row).then_some(record)
}

fn number_at(record: &csv::ByteRecord, index: usize, region: Region) -> Result<PhoneNumber, String> {
    let field = record.get(index).ok_or("it is missing")?;
    let text = std::str::from_utf8(field).map_err(|_| "it is no UTF-8 text")?;
    PhoneNumber::parse(text, region).map_err(|error| error.to_string())
}

/// Where the numbers are, and whether the first row says so or is a number itself.
fn number_column(first: &csv::ByteRecord, region: Region) -> Option<(usize, bool)> {
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

fn list(desk: &Desk, id: &str) -> Result<Done> {
    let ledger = desk.ledger()?;
    let listing = Listing::read(&ledger, id)?;
    Ok(Done::show(desk.json, || listing.json(), || listing.text()))
}

/// An account's numbers with what carriers say of them.
pub struct Listing {
    numbers: Vec<KnownNumber>,
    carriers: Vec<Carrier>,
    answers: KnownAnswer,
    spam_score_min: u8,
}

impl Listing {
    pub fn read(ledger: &Ledger, id: &str) -> Result<Self> {
        let numbers = ledger.numbers(id)?;
        let digits: Vec<_> = numbers.iter().map(|number| number.number).collect();
        let answers = ledger.latest_answers(id, &digits)?;
        let mut carriers = ledger.carriers()?;
        carriers.retain(|carrier| answers.values().flatten().any(|answer| answer.carrier == carrier.id));
        let spam_score_min = ledger.account(id)?.settings.spam_score_min;
        Ok(Listing { numbers, carriers, answers, spam_score_min })
    }

    fn answer(&self, number: u64, carrier: &Carrier) -> Option<&CarrierAnswer> {
        self.answers.get(&number)?.iter().find(|answer| answer.carrier == carrier.id)
    }

    pub fn json(&self) -> Value {
        let carrier_json = |number: u64, carrier: &Carrier| {
            self.answer(number, carrier).map(|answer| {
                json!({
                    "carrier": carrier.name,
                    "score": answer.score,
                    "label": answer.label.as_deref(),
                    "observed-at": rfc3339(answer.observed_at),
                })
            })
        };
        let numbers = self.numbers.iter().map(|known| {
            let carriers: Vec<_> =
                self.carriers.iter().filter_map(|carrier| carrier_json(known.number, carrier)).collect();
            json!({
                "number": e164(known.number),
                "slot": known.monitored.map(|(slot, ..)| slot),
                "status": known.monitored.map(|(_, status, _)| status_name(status)),
                "status-since": known.monitored.map(|(.., since)| rfc3339(since)),
                "replacement-pending": known.replacement_pending,
                "carriers": carriers,
            })
        });
        numbers.collect()
    }

    /// A row a number: where it stands, and what each carrier shows for it.
    pub fn text(&self) -> String {
        let header = ["NUMBER", "SLOT", "STATUS"].into_iter().chain(self.carriers.iter().map(|c| c.name.as_str()));
        let rows = self.numbers.iter().map(|known| {
            let slot = known.monitored.map_or("–".to_owned(), |(slot, ..)| slot.to_string());
            let status = known.monitored.map_or("–", |(_, status, _)| status_mark(status)).to_owned();
            let marks = self.carriers.iter().map(|carrier| self.mark(self.answer(known.number, carrier)));
            [e164(known.number).to_string(), slot, status].into_iter().chain(marks)
        });
        table(header.map(str::to_owned), rows)
    }

    /// What a carrier shows: its score, and its label where it has one; a cross from the account's spam score up.
    fn mark(&self, answer: Option<&CarrierAnswer>) -> String {
        let Some(answer) = answer else { return "no answer".into() };
        let Some(score) = answer.score else { return "no data".into() };
        let mark = if score >= self.spam_score_min { '✖' } else { ' ' };
        let label = answer.label.as_deref().unwrap_or_default();
        format!("{mark} {score:>3} {label}")
    }
}
