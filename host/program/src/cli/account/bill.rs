//! `dialguard account bill`: what a billing cycle comes to.

use crate::bill_file;
use crate::cli::output::{dollars, table};
use crate::cli::terminal::print_data;
use crate::cli::{CommandContext, Done};
use crate::json;
use crate::words::bill_rows;
use anyhow::Result;
use clap::Args;
use dialguard::calendar::rfc3339;
use dialguard::contract::Timestamp;
use dialguard_dialer::ledger::{BillLine, Billing, Cycle, Ledger};
use dialguard_dialer::prices::signed_dollars;

/// Cycles that are listed: ten years.
const CYCLES_LISTED_MAX: usize = 120;

/// Lines that are read at a time.
const PAGE: u32 = 1_000;

#[derive(Args)]
pub struct BillOptions {
    /// The account
    id: String,
    /// The billing cycle, as `--cycles` numbers them [default: the present one]
    #[arg(long, value_name = "N")]
    cycle: Option<u32>,
    /// List the billing cycles instead
    #[arg(long, conflicts_with = "cycle")]
    cycles: bool,
    /// List its charges, credits and numbers too; with `--json`, only them
    #[arg(long, conflicts_with = "cycles")]
    lines: bool,
    /// Print its charges, credits and numbers as CSV
    #[arg(long, conflicts_with_all = ["cycles", "lines"])]
    csv: bool,
}

pub fn bill(context: &CommandContext, options: BillOptions) -> Result<Done> {
    let BillOptions { id, cycle, cycles, lines, csv } = options;
    let ledger = context.ledger()?;
    let now = context.now().max(ledger.account(&id)?.changed_at);
    if cycles {
        let cycles = ledger.cycles(&id, CYCLES_LISTED_MAX, now)?;
        let shapes = || cycles.iter().map(json::Cycle::from).collect::<Vec<_>>();
        return Ok(Done::show(context.json, shapes, || cycles_in_words(&cycles)));
    }
    let bill = ledger.billing(&id, cycle, now)?;
    if csv {
        for part in bill_file::parts(ledger, id, bill.cycle.index, now) {
            print_data(&part?)?;
        }
        return Ok(Done::say(""));
    }
    if !lines {
        return Ok(Done::show(context.json, || json::Billing::from(&bill), || in_words(&bill)));
    }
    let lines = all_lines(&ledger, &id, bill.cycle.index, now)?;
    let shapes = || lines.iter().map(json::BillLine::from).collect::<Vec<_>>();
    Ok(Done::show(context.json, shapes, || format!("{}\n{}", in_words(&bill), lines_in_words(&lines))))
}

fn all_lines(ledger: &Ledger, id: &str, cycle: u32, now: Timestamp) -> Result<Vec<BillLine>> {
    let mut lines: Vec<BillLine> = Vec::new();
    loop {
        let after = lines.last().map(|line| line.place);
        let page = ledger.bill_lines(id, Some(cycle), after, PAGE, now)?;
        let is_last = page.len() < PAGE as usize;
        lines.extend(page);
        if is_last {
            return Ok(lines);
        }
    }
}

fn in_words(bill: &Billing) -> String {
    let Cycle { index, starts_at, ends_at, .. } = bill.cycle;
    let rows = bill_rows(bill).into_iter().map(|(what, cents)| [what, signed_dollars(cents)]);
    let due = match bill.cycle.due_cents {
        0 => String::new(),
        cents => format!("{} of it is recorded with the account's next change.\n", dollars(cents)),
    };
    let (from, until) = (rfc3339(starts_at), rfc3339(ends_at));
    format!("Cycle {index}, from {from} to {until}\n{}{due}", table(["WHAT", "AMOUNT"].map(str::to_owned), rows))
}

fn lines_in_words(lines: &[BillLine]) -> String {
    let rows = lines
        .iter()
        .map(|line| [rfc3339(line.at), line.kind.name().to_owned(), signed_dollars(line.cents), line.text.clone()]);
    table(["AT", "KIND", "AMOUNT", "WHAT"].map(str::to_owned), rows)
}

fn cycles_in_words(cycles: &[Cycle]) -> String {
    let rows = cycles.iter().map(|cycle| [cycle.index.to_string(), rfc3339(cycle.starts_at), rfc3339(cycle.ends_at)]);
    table(["CYCLE", "FROM", "TO"].map(str::to_owned), rows)
}
