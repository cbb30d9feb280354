//! The accounts that somebody may see.

use super::account::address;
use super::{Failed, page};
use crate::web::Site;
use crate::web::caller::Caller;
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

/// Who has one account is there already.
async fn accounts(State(site): State<Site>, caller: Caller) -> Result<Response, Failed> {
    let accounts = seen_by(&site, &caller)?;
    match &accounts[..] {
        [only] if caller.grant.accounts != Accounts::All => Ok(Redirect::to(&address(&only.id)).into_response()),
        _ => Ok(page(&caller, None, "Accounts", list(&accounts)).into_response()),
    }
}

/// In the order of their ids.
pub fn seen_by(site: &Site, caller: &Caller) -> Result<Vec<AccountProfile>, Failed> {
    let (known, now) = (site.dialguard().ledger().accounts()?, site.dialguard().now());
    let seen = known.into_iter().filter(|account| caller.grant.covers(&account.id));
    Ok(seen.map(|account| account.as_of(now)).collect())
}

fn list(accounts: &[AccountProfile]) -> Markup {
    html! {
        h1 { "Accounts" }
        @if accounts.is_empty() {
            p { "There is no account yet. Add one with " code { "dialguard account add" } "." }
        } @else {
            table {
                thead { tr { th { "Account" } th { "Add-on" } th.figure { "Slots used" } th.figure { "Locked" } } }
                tbody {
                    @for account in accounts {
                        tr {
                            td { a href=(address(&account.id)) { (account.id) } }
                            td { @if account.enabled { "on" } @else { "off" } }
                            td.figure { (account.occupied) " of " (account.slot_count) }
                            td.figure { (account.locked) }
                        }
                    }
                }
            }
        }
    }
}
