//! An account's bill, cycle by cycle, and its file.

use super::layout::{Tab, moment, number_link, told};
use super::{Failed, page};
use crate::bill_file;
use crate::web::Site;
use crate::web::address::account_path;
use crate::web::auth::{OfAccount, Read, now_of};
use crate::web::download;
use crate::web::problem::Problem;
use crate::web::query::Query;
use crate::words::{bill_line_in_words, bill_rows, date, dollars, kind_name, signed_dollars};
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use dialguard::contract::Timestamp;
use dialguard_dialer::access::Role;
use dialguard_dialer::ledger::{AccountProfile, BillLine, BillPlace, Billing, Cycle, LedgerError};
use maud::{Markup, html};
use serde::Deserialize;

/// Lines on a page.
const PER_PAGE: u32 = 100;

/// Cycles to choose from: five years.
const CYCLES_MAX: usize = 60;

pub fn routes() -> Router<Site> {
    Router::new().route("/accounts/{account}/billing", get(show)).route("/accounts/{account}/billing.csv", get(file))
}

/// Which cycle, and which of its lines. Empty fields are those of a form that says nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// The index of the cycle; the present one if empty.
    #[serde(default)]
    cycle: String,
    /// The last line of the page before.
    #[serde(default)]
    after: String,
}

impl Wanted {
    fn read(&self) -> Result<(Option<u32>, Option<BillPlace>), Problem> {
        let wrong = |what: &str| Problem::new(StatusCode::BAD_REQUEST, format!("{what} is not one"));
        let cycle = match self.cycle.as_str() {
            "" => None,
            text => Some(text.parse().map_err(|_| wrong("the cycle"))?),
        };
        let after = match self.after.as_str() {
            "" => None,
            text => Some(text.parse().map_err(|_| wrong("the place in the bill"))?),
        };
        Ok((cycle, after))
    }
}

async fn show(State(site): State<Site>, of: OfAccount<Read>, Query(wanted): Query<Wanted>) -> Result<Markup, Failed> {
    let (cycle, after) = wanted.read()?;
    let (account, now) = (&of.account, now_of(&site, &of.account));
    let (ledger, id) = (site.dialguard().ledger().clone(), account.id.clone());
    let read = move |_: &_| {
        let bill = ledger.billing(&id, cycle, now)?;
        let cycles = ledger.cycles(&id, CYCLES_MAX, now)?;
        let lines = ledger.bill_lines(&id, Some(bill.cycle.index), after, PER_PAGE + 1, now)?;
        Ok::<_, LedgerError>((bill, cycles, lines))
    };
    let (bill, cycles, lines) = site.lists().run(&of.caller, read).await??;
    let content = html! {
        h1 { "Billing" }
        (choice(account, &cycles, &bill, now))
        section.panel aria-labelledby="sums" data-live="bill" { (sums(account, &bill, now)) }
        section aria-labelledby="lines" {
            div.above {
                h2 #lines { "Charges, credits and numbers" }
                p.files { a href={ (path(account)) ".csv?cycle=" (bill.cycle.index) } { "Export CSV" } }
            }
            (line_table(account, &bill.cycle, &lines))
        }
        @if of.caller.grant.role >= Role::Administer {
            p { "A charge is wrong? " a href={ (account_path(&account.id)) "/credit" } data-ask { "Credit it…" } }
        }
    };
    Ok(page(&of.caller, Some((account, Tab::Billing)), "Billing", content))
}

/// The cycle's lines as a file.
async fn file(
    State(site): State<Site>,
    of: OfAccount<Read>,
    Query(wanted): Query<Wanted>,
) -> Result<impl IntoResponse, Failed> {
    let (cycle, _) = wanted.read()?;
    let (ledger, id, now) = (site.dialguard().ledger().clone(), of.account.id.clone(), now_of(&site, &of.account));
    let bill = ledger.billing(&id, cycle, now)?;
    let name = id.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
    let disposition = format!("attachment; filename=\"{name}-bill-{}.csv\"", bill.cycle.index);
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    let parts = bill_file::parts(ledger, id, bill.cycle.index, now);
    Ok((headers, download::body(&site, &of.caller, parts)))
}

fn path(account: &AccountProfile) -> String {
    account_path(&account.id) + "/billing"
}

fn days(account: &AccountProfile, cycle: &Cycle, now: Timestamp) -> String {
    let date = |at| date(at, account.time_zone, now);
    format!("{} to {}", date(cycle.starts_at), date(cycle.ends_at))
}

/// A list of the cycles, the newest first.
fn choice(account: &AccountProfile, cycles: &[Cycle], bill: &Billing, now: Timestamp) -> Markup {
    html! {
        form.inline.cycle method="get" action=(path(account)) {
            label { "Billing cycle"
                select name="cycle" {
                    @for cycle in cycles.iter().rev() {
                        option value=(cycle.index) selected[cycle.index == bill.cycle.index] {
                            (days(account, cycle, now)) @if cycle.is_present { " (present)" }
                        }
                    }
                }
            }
            button { "Show" }
        }
    }
}

/// What the cycle comes to: the ledger's own charges first, and the numbers beside them.
fn sums(account: &AccountProfile, bill: &Billing, now: Timestamp) -> Markup {
    let rows = bill_rows(bill);
    let is_sum = |place: usize| place == 3 || place + 1 == rows.len();
    html! {
        h2 #sums { (days(account, &bill.cycle, now)) }
        table.bill {
            tbody {
                @for (place, (what, cents)) in rows.iter().enumerate() {
                    tr.sum[is_sum(place)] { th scope="row" { (what) } td.figure { (signed_dollars(*cents)) } }
                }
            }
        }
        @if bill.cycle.due_cents > 0 {
            p.quiet { (dollars(bill.cycle.due_cents)) " of it is recorded with the account's next change." }
        }
        @if let Some(before) = bill.before {
            p { a href={ (path(account)) "?cycle=" (before) } { "The cycle before" } }
        }
    }
}

fn line_table(account: &AccountProfile, cycle: &Cycle, lines: &[BillLine]) -> Markup {
    let shown = &lines[..lines.len().min(PER_PAGE as usize)];
    html! {
        @if shown.is_empty() { p.quiet { "Nothing was charged or credited." } }
        @else {
            div.wide role="region" aria-label="Charges, credits and numbers" tabindex="0" data-live="lines" {
                table {
                    thead { tr { th { "When" } th { "What" } th { "Number" } th { "Why" } th.figure { "Amount" } } }
                    tbody {
                        @for line in shown {
                            tr {
                                td { (moment(line.at, account.time_zone)) }
                                td { (kind_name(line.kind.name())) }
                                td { @if let Some(number) = line.number { (number_link(&account.id, number)) } }
                                td { (told(&bill_line_in_words(line, account.time_zone))) }
                                td.figure { (signed_dollars(line.cents)) }
                            }
                        }
                    }
                }
            }
        }
        @if lines.len() > shown.len() && let Some(last) = shown.last() {
            p.pager { a.button rel="next" href={ (path(account)) "?cycle=" (cycle.index) "&after=" (last.place) } { "Next page" } }
        }
    }
}
