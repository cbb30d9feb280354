//! `dialguard calls …`

use super::output::{e164, table};
use super::refused::RefusedRows;
use super::serve::stop_signal;
use super::{CommandContext, Done};
use crate::hints::call_import_steps;
use crate::json::{CallsByDay, ImportedCallFile, NumberCalls, ReadCalls};
use crate::parse;
use crate::words::{
    WHOLE_HOURS, answer_rate, call_counts, calls_in_words, incoming_calls, read_calls_in_words, recognized_calls,
    shortened,
};
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use dialguard::calendar::utc;
use dialguard::contract::CallTotals;
use dialguard_dialer::call_file::{CallFile, ImportedCalls, ReadOptions, refused_rows};
use dialguard_dialer::dialguard::CALL_DAYS_READ;
use dialguard_dialer::ledger::{AccountProfile, CALLS_KEPT_DAYS, Ledger};
use dialguard_dialer::zones::Zone;
use indicatif::ProgressBar;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum CallsCommand {
    /// Import how calls went from a file of call detail records or a report by the hour; --dry-run shows what would be
    /// imported
    Import(Import),
    /// Read how calls went from the log of the account's provider, if it is set up with `--calls on`
    Read {
        /// The account
        id: String,
        /// Of so many days up to now, and of the time since the latest reading
        #[arg(long, default_value_t = CALL_DAYS_READ, value_parser = clap::value_parser!(u64).range(1..=CALLS_KEPT_DAYS))]
        days: u64,
    },
    /// List how calls from each number went
    List {
        /// The account
        id: String,
        /// Of so many days up to now
        #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=60))]
        days: u32,
    },
    /// Show how calls from a number went, by date
    Show {
        /// The account
        id: String,
        /// The number
        number: String,
    },
}

#[derive(Args)]
pub struct Import {
    /// The account
    id: String,
    /// The file: CSV with commas, semicolons, tabs or bars, or JSON; the columns are recognized by their names
    file: PathBuf,
    /// The time zone of times that name none; the account's if it is not given
    #[arg(long, value_name = "TZ", value_parser = parse::time_zone)]
    time_zone: Option<Zone>,
    /// Show how the file is read and what would be imported; changes nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    refused: RefusedRows,
}

impl Import {
    fn options(&self, account: &AccountProfile) -> ReadOptions {
        let options = ReadOptions::of(account);
        ReadOptions { file_zone: self.time_zone.unwrap_or(options.file_zone), ..options }
    }
}

pub async fn run(context: &CommandContext, command: CallsCommand) -> Result<Done> {
    match command {
        CallsCommand::Import(options) => import(context, &options),
        CallsCommand::Read { id, days } => read(context, &id, days).await,
        CallsCommand::List { id, days } => list(context, &id, days),
        CallsCommand::Show { id, number } => show(context, &id, &number),
    }
}

fn import(context: &CommandContext, import: &Import) -> Result<Done> {
    let ledger = context.ledger()?;
    let account = ledger.account(&import.id)?;
    import.refused.ensure_new()?;
    let bytes = std::fs::read(&import.file).with_context(|| format!("cannot read {}", import.file.display()))?;
    let bar = ProgressBar::new(0);
    let file = CallFile::read(&bytes, &import.options(&account), |rows_read, rows| {
        bar.set_length(rows as u64);
        bar.set_position(rows_read as u64);
        true
    });
    let file = file.with_context(|| import.file.display().to_string())?;
    let outcome = match import.dry_run {
        true => file.preview(&ledger, &import.id, context.now())?,
        false => take(context, &ledger, import, &file, &bar)?,
    };
    bar.finish_and_clear();
    import.refused.write(&outcome.refused, || refused_rows(&bytes, &outcome.refused))?;
    let done = Done::show(
        context.json,
        || ImportedCallFile::new(&file, &outcome, import.dry_run),
        || import_in_words(import, &account, &file, &outcome),
    );
    Ok(done.refused_if(!outcome.refused.is_empty() || outcome.is_stopped))
}

/// Ctrl-C stops the import between two hours. What has been imported stays.
fn take(
    context: &CommandContext,
    ledger: &Ledger,
    import: &Import,
    file: &CallFile,
    bar: &ProgressBar,
) -> Result<ImportedCalls> {
    bar.reset();
    bar.set_length(file.hours.len() as u64);
    let stop = stop_signal();
    let outcome = file.import_while(ledger, &import.id, context.now(), |done| {
        bar.set_position(done as u64);
        !*stop.borrow()
    });
    Ok(outcome?)
}

fn import_in_words(import: &Import, account: &AccountProfile, file: &CallFile, outcome: &ImportedCalls) -> String {
    let mut text = format!("{}: {}\n", import.file.display(), recognized_calls(file));
    if import.dry_run {
        text += &first_rows(file, account.time_zone);
        text += &format!("{WHOLE_HOURS}\ndry run; nothing was changed\n");
    }
    text += &format!("{}\n", call_counts(outcome, import.dry_run));
    text += &RefusedRows::list(&outcome.refused);
    if let Some(incoming) = incoming_calls(file) {
        text += &format!("{incoming}\n");
    }
    if outcome.is_stopped {
        text += "stopped; import the file again for the rest\n";
    }
    let (written, without_file) = import.refused.in_file(&outcome.refused);
    text += &written;
    let steps = call_import_steps(without_file).into_iter().filter_map(|steps| steps.command);
    steps.for_each(|step| text.push_str(&format!("hint: {step}\n")));
    text
}

/// The first rows of the file and what was read from them, as a table; hours by the account's clock.
fn first_rows(file: &CallFile, zone: Zone) -> String {
    let rows = file.first_rows.iter().map(|read| {
        let fields: Vec<String> = read.fields.iter().map(|field| shortened(field)).collect();
        let [number, hour, calls] = match &read.calls {
            Ok(Some(calls)) => {
                let hour = utc(calls.hour).with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string();
                [e164(calls.number).to_string(), hour, calls_in_words(&calls.calls.into())]
            }
            Ok(None) => ["–", "–", "incoming"].map(str::to_owned),
            Err(_) => ["–", "–", "refused"].map(str::to_owned),
        };
        [read.row.to_string(), number, hour, calls, fields.join(" | ")]
    });
    table(["ROW", "NUMBER", "HOUR", "READ AS", "FIELDS"].map(str::to_owned), rows)
}

const FIGURES: [&str; 5] = ["CALLS", "ANSWERED", "RATE", "SHORT", "BLOCKED"];

fn figures(calls: &CallTotals) -> [String; 5] {
    let [attempts, answered, short, blocked] =
        [calls.attempts, calls.answered, calls.short, calls.blocked].map(|figure| figure.to_string());
    [attempts, answered, answer_rate(calls), short, blocked]
}

async fn read(context: &CommandContext, id: &str, days: u64) -> Result<Done> {
    let read = context.dialguard()?.read_calls(id, days).await?;
    let done = Done::show(
        context.json,
        || ReadCalls::from(&read),
        || read_calls_in_words(&read).iter().map(|line| format!("{line}\n")).collect(),
    );
    Ok(done.refused_if(read.problem.is_some()))
}

fn list(context: &CommandContext, id: &str, days: u32) -> Result<Done> {
    let since = context.now().saturating_sub(u64::from(days) * 86_400);
    let ledger = context.ledger()?;
    let numbers = ledger.calls_by_number(id, since, 0, u32::MAX)?;
    let all = ledger.call_totals(id, since)?;
    Ok(Done::show(
        context.json,
        || numbers.iter().map(NumberCalls::from).collect::<Vec<_>>(),
        || {
            let rows =
                numbers.iter().map(|one| [vec![e164(one.number).to_string()], figures(&one.calls).to_vec()].concat());
            let all = [vec!["all".to_owned()], figures(&all).to_vec()].concat();
            table(["NUMBER"].into_iter().chain(FIGURES).map(str::to_owned), rows.chain([all]))
        },
    ))
}

fn show(context: &CommandContext, id: &str, number: &str) -> Result<Done> {
    let ledger = context.ledger()?;
    let number = super::requests::parse(&ledger, id, &[number.to_owned()])?[0];
    let days = ledger.calls_by_day(id, number)?;
    Ok(Done::show(
        context.json,
        || CallsByDay::new(number, &days),
        || {
            let rows = days.iter().map(|day| [vec![day.date.to_string()], figures(&day.calls).to_vec()].concat());
            table(["DATE"].into_iter().chain(FIGURES).map(str::to_owned), rows)
        },
    ))
}
