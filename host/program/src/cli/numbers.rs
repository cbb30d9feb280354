//! `dialguard numbers …`

use super::output::{e164, status_mark, table};
use super::requests::{Numbers, parse};
use super::serve::stop_signal;
use super::{CommandContext, Done};
use crate::json::{Candidate, ImportedFile, NumberInFull};
use anyhow::{Context, Result};
use clap::Subcommand;
use dialguard::calendar::rfc3339;
use dialguard::contract::Carrier;
use dialguard_dialer::ledger::{CarrierAnswer, ImportedAs, KnownNumber, LatestAnswers, Ledger};
use dialguard_dialer::number_file::{self, NumberFile, ReadOptions};
use indicatif::ProgressBar;
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum NumbersCommand {
    /// Import numbers from a CSV file; without a header, the first column is used
    Import {
        /// The account
        id: String,
        /// The file, with a `number` column
        file: PathBuf,
        /// Import them as candidates on hand to replace others, not as numbers the account uses
        #[arg(long)]
        candidates: bool,
    },
    /// List the account's numbers and what each carrier says about them
    List {
        /// The account
        id: String,
    },
    /// List the candidates on hand to replace others
    Candidates {
        /// The account
        id: String,
    },
    /// Withdraw candidates, which any account can import from then on
    Withdraw(Numbers),
}

pub async fn run(context: &CommandContext, command: NumbersCommand) -> Result<Done> {
    match command {
        NumbersCommand::Import { id, file, candidates } => {
            let imported_as = if candidates { ImportedAs::Candidate } else { ImportedAs::Owned };
            import(context, &id, &file, imported_as)
        }
        NumbersCommand::List { id } => list(context, &id),
        NumbersCommand::Candidates { id } => candidates(context, &id),
        NumbersCommand::Withdraw(Numbers { id, numbers }) => withdraw(context, &id, &numbers),
    }
}

/// Ctrl-C stops the import between two rows. What has been imported stays.
fn import(context: &CommandContext, id: &str, file: &Path, imported_as: ImportedAs) -> Result<Done> {
    let ledger = context.ledger()?;
    let region = ledger.account(id)?.region;
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let bar = ProgressBar::new(0);
    let read = NumberFile::read(&bytes, &ReadOptions::new(region), |rows_read, rows| {
        bar.set_length(rows as u64);
        bar.set_position(rows_read as u64);
    });
    let read = read.with_context(|| file.display().to_string())?;
    bar.reset();
    bar.set_length(read.numbers.len() as u64);
    let stop = stop_signal();
    let file_import = read.import_while(&ledger, id, imported_as, context.now(), |done| {
        bar.set_position(done as u64);
        !*stop.borrow()
    })?;
    bar.finish_and_clear();
    let done =
        Done::show(context.json, || ImportedFile::from(&file_import), || import_in_words(&file_import, imported_as));
    Ok(done.refused_if(!file_import.refused.is_empty() || file_import.stopped_before.is_some()))
}

fn import_in_words(file_import: &number_file::ImportedFile, imported_as: ImportedAs) -> String {
    let number_file::ImportedFile { imported, known_before, refused, stopped_before } = file_import;
    let what = if imported_as == ImportedAs::Candidate { "candidates" } else { "numbers" };
    let mut text = format!("{imported} {what} imported, {known_before} already known, {} refused\n", refused.len());
    refused.iter().for_each(|bad| text.push_str(&format!("  row {}: {}\n", bad.row, bad.why)));
    if let Some(row) = stopped_before {
        text.push_str(&format!("stopped before row {row}; import the file again for the rest\n"));
    }
    text
}

fn list(context: &CommandContext, id: &str) -> Result<Done> {
    let ledger = context.ledger()?;
    let listing = Listing::read(&ledger, id)?;
    Ok(Done::show(context.json, || listing.json(), || listing.text()))
}

fn candidates(context: &CommandContext, id: &str) -> Result<Done> {
    let candidates = context.ledger()?.candidates(id, 0, u32::MAX)?;
    Ok(Done::show(
        context.json,
        || candidates.iter().map(Candidate::from).collect::<Vec<_>>(),
        || {
            let rows = candidates.iter().map(|one| [e164(one.number).to_string(), rfc3339(one.since)]);
            table(["NUMBER", "SINCE"].map(str::to_owned), rows)
        },
    ))
}

fn withdraw(context: &CommandContext, id: &str, numbers: &[String]) -> Result<Done> {
    let ledger = context.ledger()?;
    let numbers = parse(&ledger, id, numbers)?;
    let outcomes = ledger.withdraw_candidates(id, &numbers, context.clock().now())?;
    let outcomes: Vec<_> = numbers.into_iter().zip(outcomes).collect();
    let is_complete = outcomes.iter().all(|(_, is_withdrawn)| *is_withdrawn);
    let done = Done::show(
        context.json,
        || {
            let withdrawn =
                |(number, withdrawn): &(u64, bool)| json!({"number": e164(*number), "withdrawn": withdrawn});
            outcomes.iter().map(withdrawn).collect::<Vec<_>>()
        },
        || {
            let rows = outcomes.iter().map(|(number, is_withdrawn)| {
                [e164(*number).to_string(), if *is_withdrawn { "withdrawn" } else { "not a candidate" }.into()]
            });
            table(["NUMBER", "RESULT"].map(str::to_owned), rows)
        },
    );
    Ok(done.refused_if(!is_complete))
}

/// An account's numbers and what carriers say about them.
pub struct Listing {
    numbers: Vec<KnownNumber>,
    carriers: Vec<Carrier>,
    answers: LatestAnswers,
    spam_score_min: u8,
}

impl Listing {
    pub fn read(ledger: &Ledger, id: &str) -> Result<Self> {
        let numbers = ledger.numbers(id)?;
        let digits: Vec<_> = numbers.iter().map(|number| number.number).collect();
        let answers = ledger.latest_answers(id, &digits)?;
        let carriers = ledger.carriers()?;
        let spam_score_min = ledger.account(id)?.settings.spam_score_min;
        Ok(Listing { numbers, carriers, answers, spam_score_min })
    }

    fn answer(&self, number: u64, carrier: &Carrier) -> Option<&CarrierAnswer> {
        self.answers.get(&number)?.iter().find(|answer| answer.carrier == carrier.id)
    }

    pub fn json(&self) -> Vec<NumberInFull> {
        let number = |known: &KnownNumber| {
            let answers = self.answers.get(&known.number).map_or(&[][..], Vec::as_slice);
            NumberInFull::new(known, &self.carriers, answers)
        };
        self.numbers.iter().map(number).collect()
    }

    /// A row for each number: its slot, its status, and what each carrier shows for it.
    pub fn text(&self) -> String {
        let answered = |carrier: &&Carrier| self.answers.values().flatten().any(|answer| answer.carrier == carrier.id);
        let carriers: Vec<_> = self.carriers.iter().filter(answered).collect();
        let header = ["NUMBER", "SLOT", "STATUS"].into_iter().chain(carriers.iter().map(|c| c.name.as_str()));
        let rows = self.numbers.iter().map(|known| {
            let slot = known.monitored.map_or("–".to_owned(), |(slot, ..)| slot.to_string());
            let status = known.monitored.map_or("–", |(_, status, _)| status_mark(status)).to_owned();
            let marks = carriers.iter().map(|carrier| self.mark(self.answer(known.number, carrier)));
            [e164(known.number).to_string(), slot, status].into_iter().chain(marks)
        });
        table(header.map(str::to_owned), rows)
    }

    /// What a carrier shows: its score and its label; a cross from the account's spam score up.
    fn mark(&self, answer: Option<&CarrierAnswer>) -> String {
        let Some(answer) = answer else { return "no answer".into() };
        let Some(score) = answer.score else { return "no data".into() };
        let mark = if score >= self.spam_score_min { '✖' } else { ' ' };
        let label = answer.label.as_deref().unwrap_or_default();
        format!("{mark} {score:>3} {label}")
    }
}
