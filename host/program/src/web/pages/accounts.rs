//! The accounts a user may see.

use super::layout::Place;
use super::{Failed, clock, demo, page_at, setup};
use crate::web::Site;
use crate::web::address::account_path;
use crate::web::auth::Caller;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use dialguard_dialer::access::Accounts;
use dialguard_dialer::ledger::AccountProfile;
use maud::{Markup, html};

pub fn routes() -> Router<Site> {
    Router::new().route("/", get(accounts))
}

/// Users with a single account go straight to it.
async fn accounts(State(site): State<Site>, caller: Caller) -> Result<Response, Failed> {
    let accounts = visible_to(&site, &caller)?;
    match &accounts[..] {
        [only] if caller.grant.accounts != Accounts::All => Ok(Redirect::to(&account_path(&only.id)).into_response()),
        _ => {
            let content = html! {
                (clock::notice(&site, &caller)?)
                (demo::story(&site, None))
                (setup::checklist(&site, &caller, None)?)
                (list(&caller, &accounts))
            };
            Ok(page_at(&caller, Place::Accounts, "Accounts", content).into_response())
        }
    }
}

/// In the order of their ids.
fn visible_to(site: &Site, caller: &Caller) -> Result<Vec<AccountProfile>, Failed> {
    let (all, now) = (site.dialguard().ledger().accounts()?, site.dialguard().now());
    let visible = all.into_iter().filter(|account| caller.grant.covers(&account.id));
    Ok(visible.map(|account| account.as_of(now)).collect())
}

fn list(caller: &Caller, accounts: &[AccountProfile]) -> Markup {
    html! {
        h1 { "Accounts" }
        @if !accounts.is_empty() {
            table {
                thead { tr { th { "Account" } th { "Reputation monitoring" } th.figure { "Slots used" } th.figure { "Slots locked" } } }
                tbody {
                    @for account in accounts {
                        tr {
                            td { a href=(account_path(&account.id)) { (account.id) } }
                            td {
                                @match account.closed_on() {
                                    Some(on) => { strong { "Closed" } " on " (on) },
                                    None => @if account.enabled { "on" } @else { "off" },
                                }
                            }
                            td.figure { (account.occupied) " of " (account.slot_count) }
                            td.figure { (account.locked) }
                        }
                    }
                }
            }
        } @else if caller.grant.accounts == Accounts::All {
            p { "No accounts yet." }
        } @else {
            p { "You have no accounts yet. Ask an administrator for access." }
        }
        @if caller.grant.is_over_everything() { p { a.button href="/add-account" { "Add an account" } } }
    }
}
