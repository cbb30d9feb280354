//! The lines of a billing cycle as CSV, page by page, for every surface.

use crate::words::e164;
use dialguard::calendar::rfc3339;
use dialguard::contract::Timestamp;
use dialguard_dialer::ledger::{BillLine, BillPlace, Ledger, LedgerError};
use dialguard_dialer::table_file::{csv_of, inert};
use std::sync::Arc;

/// Lines that are read at a time.
const PAGE: u32 = 1_000;

/// The header, and then the lines of the cycle of that index, which add up to its total.
pub fn parts(
    ledger: Arc<Ledger>,
    id: String,
    cycle: u32,
    now: Timestamp,
) -> impl Iterator<Item = Result<Vec<u8>, LedgerError>> + Send {
    let header = csv_of([["cycle", "at", "kind", "number", "cents", "text", "order"]]);
    let mut next: Option<Option<BillPlace>> = Some(None);
    let pages = std::iter::from_fn(move || {
        let page = ledger.bill_lines(&id, Some(cycle), next?, PAGE, now);
        let is_last = page.as_ref().is_ok_and(|lines| lines.len() < PAGE as usize);
        next = page.as_ref().ok().and_then(|lines| lines.last()).map(|line| Some(line.place)).filter(|_| !is_last);
        Some(page.map(|lines| csv_of(lines.iter().map(|line| row(cycle, line)))))
    });
    std::iter::once(Ok(header)).chain(pages)
}

fn row(cycle: u32, line: &BillLine) -> [String; 7] {
    [
        cycle.to_string(),
        rfc3339(line.at),
        line.kind.name().to_owned(),
        line.number.map_or(String::new(), e164),
        line.cents.to_string(),
        inert(&line.text).into_owned(),
        line.order.map_or(String::new(), |order| order.to_string()),
    ]
}
