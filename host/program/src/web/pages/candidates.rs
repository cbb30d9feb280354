//! The candidates that an account has on hand to replace others.

use super::layout::{Tab, moment};
use super::{Failed, page};
use crate::web::Site;
use crate::web::address::account_path;
use crate::web::auth::{OfAccount, Operate, Read};
use crate::web::query::Query;
use crate::words::{count, e164};
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Redirect;
use axum::routing::{get, post};
use dialguard::contract::PhoneNumber;
use dialguard_dialer::access::Role;
use maud::{Markup, html};
use serde::Deserialize;

/// Candidates on a page.
const PER_PAGE: u32 = 100;

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/accounts/{account}/candidates", get(show))
        .route("/accounts/{account}/candidates/{number}/withdraw", post(withdraw))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct After {
    /// The last number of the page before.
    #[serde(default)]
    after: PhoneNumber,
}

async fn show(
    State(site): State<Site>,
    of: OfAccount<Read>,
    Query(After { after }): Query<After>,
) -> Result<Markup, Failed> {
    let (ledger, account) = (site.dialguard().ledger(), &of.account);
    let candidates = ledger.candidates(&account.id, after, PER_PAGE)?;
    let total = ledger.candidate_count(&account.id)?;
    let path = format!("{}/candidates", account_path(&account.id));
    let may_act = of.may(Role::Operate);
    let content = html! {
        h1 { "Numbers on hand" }
        section.panel {
            p {
                (count(total.into(), "candidate")) " on hand to replace other numbers. Withdraw one to use it elsewhere: "
                "any account can import it then."
            }
            @if candidates.is_empty() { p.quiet { "None here." } }
            ul.orders {
                @for candidate in &candidates {
                    li {
                        p { strong { (e164(candidate.number)) } span.quiet { " since " (moment(candidate.since, account.time_zone)) } }
                        @if may_act {
                            form.buttons method="post" action={ (path) "/" (candidate.number) "/withdraw" } {
                                button aria-label={ "Withdraw " (e164(candidate.number)) } { "Withdraw" }
                            }
                        }
                    }
                }
            }
            @if candidates.len() == PER_PAGE as usize && let Some(last) = candidates.last() {
                p { a href={ (path) "?after=" (last.number) } { "Next page" } }
            }
        }
    };
    Ok(page(&of.caller, Some((account, Tab::Orders)), "Numbers on hand", content))
}

/// One that was withdrawn or ordered meanwhile is no longer on the page either.
async fn withdraw(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    Path((_, number)): Path<(String, PhoneNumber)>,
) -> Result<Redirect, Failed> {
    let dialguard = site.acting_as(&of.caller);
    dialguard.ledger().withdraw_candidates(&of.account.id, &[number], dialguard.now())?;
    Ok(Redirect::to(&format!("{}/candidates", account_path(&of.account.id))))
}
