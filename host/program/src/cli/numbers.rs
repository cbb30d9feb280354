//! `dialguard numbers …`

use super::output::{e164, status_mark, table};
use super::refused::RefusedRows;
use super::requests::{Numbers, parse};
use super::serve::stop_signal;
use super::{CommandContext, Done};
use crate::candidates;
use crate::hints::import_steps;
use crate::json::{Candidate, ImportedFile, Number, NumberCheck, NumberInFull, Pool};
use crate::words::{
    MarkMeaning, age_in_words, candidate_in_words, dollars, import_counts, legend, origin_in_words, other_columns,
    recognized, saving_in_words, shortened, spam_score_min, thousands,
};
use anyhow::{Context, Result, anyhow};
use clap::{Args, Subcommand};
use dialguard::calendar::rfc3339;
use dialguard::contract::{Carrier, Status, Timestamp};
use dialguard_dialer::Dialguard;
use dialguard_dialer::ledger::{
    self, AccountProfile, CarrierAnswer, Freshness, ImportedAs, KnownNumber, LatestAnswers, Ledger, PoolStanding,
    PooledNumber,
};
use dialguard_dialer::number_file::{self, NumberFile, ReadOptions, refused_rows};
use dialguard_dialer::phone::{Letters, Region};
use indicatif::ProgressBar;
use serde_json::json;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum NumbersCommand {
    /// Import numbers from a CSV file or the like; --dry-run shows what would be imported
    Import(Import),
    /// List the account's numbers and what each carrier says about them
    List {
        /// The account
        id: String,
        /// Say what the marks mean
        #[arg(long)]
        legend: bool,
    },
    /// List the checks of a number: what each carrier answered, and how it was rated
    History {
        /// The account
        id: String,
        /// The number
        number: String,
    },
    /// List the candidates on hand to replace others
    Candidates {
        /// The account
        id: String,
    },
    /// Show the pool: numbers in use, those that rest until when, those ready to replace others, and what that saves
    Pool {
        /// The account
        id: String,
    },
    /// Withdraw candidates, which any account can import from then on
    Withdraw(Numbers),
}

#[derive(Args)]
pub struct Import {
    /// The account
    id: String,
    /// The file: CSV with commas, semicolons, tabs or bars; the encoding and the column are recognized
    file: PathBuf,
    /// Import them as candidates on hand to replace others, not as numbers the account uses
    #[arg(long)]
    candidates: bool,
    /// The column with the numbers, by its name in the header or its place from 1, if another was recognized
    #[arg(long, value_name = "NAME")]
    column: Option<String>,
    /// Read vanity numbers such as 1-800-FLOWERS, which are refused otherwise
    #[arg(long)]
    vanity: bool,
    /// Show how the file is read and what would be imported; changes nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    refused: RefusedRows,
}

impl Import {
    fn imported_as(&self) -> ImportedAs {
        if self.candidates { ImportedAs::Candidate } else { ImportedAs::Owned }
    }

    fn options(&self, region: Region) -> ReadOptions {
        ReadOptions { region, column: self.column.clone(), letters: Letters::vanity_if(self.vanity) }
    }
}

pub async fn run(context: &CommandContext, command: NumbersCommand) -> Result<Done> {
    match command {
        NumbersCommand::Import(options) => import(context, &options),
        NumbersCommand::List { id, legend } => list(context, &id, legend),
        NumbersCommand::History { id, number } => history(context, &id, &number),
        NumbersCommand::Candidates { id } => candidates(context, &id),
        NumbersCommand::Pool { id } => pool(context, &id),
        NumbersCommand::Withdraw(Numbers { id, numbers }) => withdraw(context, &id, &numbers),
    }
}

fn import(context: &CommandContext, import: &Import) -> Result<Done> {
    let ledger = context.ledger()?;
    let options = import.options(ledger.account(&import.id)?.region);
    import.refused.ensure_new()?;
    let bytes = std::fs::read(&import.file).with_context(|| format!("cannot read {}", import.file.display()))?;
    let bar = ProgressBar::new(0);
    let file = NumberFile::read(&bytes, &options, |rows_read, rows| {
        bar.set_length(rows as u64);
        bar.set_position(rows_read as u64);
        true
    });
    let file = file.with_context(|| import.file.display().to_string())?;
    let outcome = match import.dry_run {
        true => file.preview(&ledger, &import.id, import.imported_as(), context.now())?,
        false => take(context, &ledger, import, &file, &bar)?,
    };
    bar.finish_and_clear();
    import.refused.write(&outcome.refused, || refused_rows(&bytes, &options, &outcome.refused))?;
    let done = Done::show(
        context.json,
        || ImportedFile::new(&file, &outcome, import.dry_run),
        || import_in_words(import, &file, &outcome),
    );
    Ok(done.refused_if(!outcome.refused.is_empty() || outcome.stopped_before.is_some()))
}

/// Ctrl-C stops the import between two rows. What has been imported stays.
fn take(
    context: &CommandContext,
    ledger: &Ledger,
    import: &Import,
    file: &NumberFile,
    bar: &ProgressBar,
) -> Result<number_file::ImportedFile> {
    bar.reset();
    bar.set_length(file.numbers.len() as u64);
    let stop = stop_signal();
    let outcome = file.import_while(ledger, &import.id, import.imported_as(), context.now(), |done| {
        bar.set_position(done as u64);
        !*stop.borrow()
    });
    Ok(outcome?)
}

fn import_in_words(import: &Import, file: &NumberFile, outcome: &number_file::ImportedFile) -> String {
    let mut text = format!("{}: {}\n", import.file.display(), recognized(file));
    if import.dry_run {
        text += &first_rows(file);
        text += "dry run; nothing was changed\n";
    }
    text += &format!("{}\n", import_counts(outcome, import.imported_as(), import.dry_run));
    text += &RefusedRows::list(&outcome.refused);
    if let Some(row) = outcome.stopped_before {
        text += &format!("stopped before row {row}; import the file again for the rest\n");
    }
    if let Some(others) = other_columns(file) {
        text += &format!("{others}\n");
    }
    let (written, without_file) = import.refused.in_file(&outcome.refused);
    text += &written;
    let steps = import_steps(file, without_file).into_iter().filter_map(|steps| steps.command);
    steps.for_each(|step| text.push_str(&format!("hint: {step}\n")));
    text
}

/// The first rows of the file and what was read from them, as a table.
fn first_rows(file: &NumberFile) -> String {
    let rows = file.first_rows.iter().map(|read| {
        let number = read.number.as_ref().map_or("–".to_owned(), ToString::to_string);
        let fields: Vec<String> = read.fields.iter().map(|field| shortened(field)).collect();
        [read.row.to_string(), number, fields.join(" | ")]
    });
    table(["ROW", "NUMBER", "FIELDS"].map(str::to_owned), rows)
}

fn list(context: &CommandContext, id: &str, with_legend: bool) -> Result<Done> {
    let dialguard = context.dialguard()?;
    let listing = Listing::read(&dialguard, id)?;
    let legend = match with_legend {
        true => legend_in_words(&legend(&*dialguard.policies().live()?, &listing.account)),
        false => String::new(),
    };
    Ok(Done::show(context.json, || listing.json(), || listing.text() + &legend))
}

fn legend_in_words(marks: &[MarkMeaning]) -> String {
    let rows = marks.iter().map(|it| [it.sign.to_owned(), it.label.to_owned(), it.meaning.clone()]);
    format!("\n{}", table(["", "MARK", "MEANING"].map(str::to_owned), rows))
}

fn history(context: &CommandContext, id: &str, number: &str) -> Result<Done> {
    let ledger = context.ledger()?;
    let number = parse(&ledger, id, std::slice::from_ref(&number.to_owned()))?[0];
    let no_such = || anyhow!("account {id:?} does not own {}, and never did", e164(number));
    let history = ledger.number_history(id, number)?.ok_or_else(no_such)?;
    let carriers = ledger.carriers()?;
    Ok(Done::show(
        context.json,
        || history.checks.iter().map(|check| NumberCheck::new(check, &carriers)).collect::<Vec<_>>(),
        || {
            let rows = history.checks.iter().map(|check| {
                let rated = check.review.as_ref();
                let carriers = rated.map_or("not rated".into(), |it| format!("{} of {}", it.flagging, it.answering));
                let status = rated.map_or("–", |it| status_mark(it.status));
                [check.run.to_string(), rfc3339(check.at), status.to_owned(), carriers]
            });
            table(["RUN", "AT", "STATUS", "FLAGGING"].map(str::to_owned), rows)
        },
    ))
}

fn candidates(context: &CommandContext, id: &str) -> Result<Done> {
    let dialguard = context.dialguard()?;
    let account = dialguard.ledger().account(id)?;
    let now = context.now().max(account.changed_at);
    let rated = candidates::rated(&dialguard, &account, 0, u32::MAX, now)?;
    Ok(Done::show(
        context.json,
        || rated.iter().map(Candidate::from).collect::<Vec<_>>(),
        || {
            let rows = rated.iter().map(|one| {
                let ledger::Candidate { number, since, price_cents, .. } = &one.candidate;
                let price = price_cents.map_or("–".into(), |cents| dollars(cents.into()));
                [e164(*number).to_string(), rfc3339(*since), candidate_in_words(one), origin_in_words(one), price]
            });
            table(["NUMBER", "SINCE", "STATE", "FROM", "PRICE"].map(str::to_owned), rows)
        },
    ))
}

fn pool(context: &CommandContext, id: &str) -> Result<Done> {
    let ledger = context.ledger()?;
    let pool = ledger.pool(id, context.now())?;
    let numbers = ledger.pooled_numbers(id, 0, u32::MAX)?;
    Ok(Done::show(context.json, || Pool::new(&pool, &numbers, None), || pool_in_words(&pool, &numbers)))
}

fn pool_in_words(pool: &ledger::Pool, numbers: &[PooledNumber]) -> String {
    let rows = numbers.iter().map(|PooledNumber { number, standing, since }| {
        let standing = match standing {
            PoolStanding::Resting { until, .. } => format!("rests until {}", rfc3339(*until)),
            PoolStanding::GivenBack => "is given back".into(),
            PoolStanding::Ready => "ready".into(),
        };
        [e164(*number).to_string(), rfc3339(*since), standing]
    });
    format!(
        "{} in use, {} out of use, {} resting, {} ready\n{}\n{}",
        thousands(pool.in_use.into()),
        thousands(pool.out_of_use.into()),
        thousands(pool.resting.into()),
        thousands(pool.ready.into()),
        saving_in_words(&pool.saving),
        table(["NUMBER", "SINCE", "STATE"].map(str::to_owned), rows)
    )
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
    account: AccountProfile,
    now: Timestamp,
    numbers: Vec<KnownNumber>,
    carriers: Vec<Carrier>,
    answers: LatestAnswers,
    spam_score_min: Option<u8>,
}

impl Listing {
    pub fn read(dialguard: &Dialguard, id: &str) -> Result<Self> {
        let ledger = dialguard.ledger();
        let account = ledger.account(id)?;
        let now = dialguard.now().max(account.changed_at);
        let numbers = ledger.numbers(id)?;
        let digits: Vec<_> = numbers.iter().map(|number| number.number).collect();
        let answers = ledger.latest_answers(id, &digits)?;
        let carriers = ledger.carriers()?;
        let live = dialguard.policies().live()?;
        let spam_score_min = spam_score_min(&live, &account);
        Ok(Listing { account, now, numbers, carriers, answers, spam_score_min })
    }

    fn answer(&self, number: u64, carrier: &Carrier) -> Option<&CarrierAnswer> {
        self.answers.get(&number)?.iter().find(|answer| answer.carrier == carrier.id)
    }

    pub fn json(&self) -> Vec<NumberInFull> {
        let number = |known: &KnownNumber| {
            let answers = self.answers.get(&known.number).map_or(&[][..], Vec::as_slice);
            NumberInFull::new(Number::new(known, &self.account, self.now), known, &self.carriers, answers)
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
            let status = match (known.monitored, known.ready_since) {
                (Some((_, status, _)), _) if known.resting_since.is_some() => {
                    format!("{}, out of use", self.status(known, status))
                }
                (Some((_, status, _)), _) => self.status(known, status),
                (None, Some(_)) => "ready".into(),
                (None, None) => "–".into(),
            };
            let status = format!("{status}{}", if known.suspect.is_some() { ", suspect" } else { "" });
            let marks = carriers.iter().map(|carrier| self.mark(self.answer(known.number, carrier)));
            [e164(known.number).to_string(), slot, status].into_iter().chain(marks)
        });
        table(header.map(str::to_owned), rows)
    }

    /// The mark of a status, with its age if it is stale.
    fn status(&self, known: &KnownNumber, status: Status) -> String {
        match (self.account.freshness(known, self.now), known.last_rated_at) {
            (Some(Freshness::Checking), _) => "○ checking".into(),
            (Some(Freshness::Stale), Some(at)) => format!("{}, {}", status_mark(status), age_in_words(at, self.now)),
            _ => status_mark(status).to_owned(),
        }
    }

    /// What a carrier shows: its score and its label; a cross from the account's spam score up.
    fn mark(&self, answer: Option<&CarrierAnswer>) -> String {
        let Some(answer) = answer else { return "no answer".into() };
        let Some(score) = answer.score else { return "no data".into() };
        let mark = if self.spam_score_min.is_some_and(|min| score >= min) { '✖' } else { ' ' };
        let label = answer.label.as_deref().unwrap_or_default();
        format!("{mark} {score:>3} {label}")
    }
}
