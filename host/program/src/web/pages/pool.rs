//! The account's pool: how many of its numbers are in use, which ones rest until when, and which are ready.

use super::layout::{Tab, moment, number_link};
use super::{Failed, page};
use crate::web::Site;
use crate::web::address::account_path;
use crate::web::auth::{OfAccount, Read, now_of};
use crate::web::query::Query;
use crate::words::{after_last_rest, saving_in_words, thousands};
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use dialguard::contract::PhoneNumber;
use dialguard_dialer::ledger::{AccountProfile, Pool, PoolStanding, PooledNumber};
use maud::{Markup, html};
use serde::Deserialize;

/// Numbers on a page.
const PER_PAGE: u32 = 100;

pub fn routes() -> Router<Site> {
    Router::new().route("/accounts/{account}/pool", get(show))
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
    let pool = ledger.pool(&account.id, now_of(&site, account))?;
    let numbers = ledger.pooled_numbers(&account.id, after, PER_PAGE)?;
    let content = html! {
        h1 { "Pool" }
        (figures(account, &pool))
        section.panel aria-labelledby="resting" {
            h2 #resting { "Resting and ready" }
            p {
                "A replaced number keeps taking calls back while it rests. After its rest it is checked: a clean one is ready to \
                 replace another, at no charge by a provider; others rest on or " (after_last_rest(account)) "."
            }
            @if numbers.is_empty() { p.quiet { "None here." } }
            ul.orders { @for number in &numbers { li data-row=(number.number) { (pooled(account, number)) } } }
            @if numbers.len() == PER_PAGE as usize && let Some(last) = numbers.last() {
                p { a href={ (account_path(&account.id)) "/pool?after=" (last.number) } { "Next page" } }
            }
        }
    };
    Ok(page(&of.caller, Some((account, Tab::Candidates)), "Pool", content))
}

fn figures(account: &AccountProfile, pool: &Pool) -> Markup {
    let figure = |figure: u32, what: &str| html! { li { p { strong { (thousands(figure.into())) } " " (what) } } };
    html! {
        section.panel aria-labelledby="figures" data-live="pool" {
            h2 #figures { "Numbers" }
            ul.orders {
                (figure(pool.in_use, "in use"))
                @if pool.out_of_use > 0 {
                    li { p {
                        a href={ (account_path(&account.id)) "?show=resting" } { strong { (thousands(pool.out_of_use.into())) } " out of use" }
                    } }
                }
                (figure(pool.resting, "resting"))
                (figure(pool.ready, "ready to replace others"))
            }
            p { (saving_in_words(&pool.saving)) }
        }
    }
}

fn pooled(account: &AccountProfile, PooledNumber { number, standing, since }: &PooledNumber) -> Markup {
    let moment = |at| moment(at, account.time_zone);
    html! {
        p { strong { (number_link(&account.id, *number)) } }
        p {
            @match standing {
                PoolStanding::Resting { until, rests: 0 } => { "Rests until " (moment(*until)) "." },
                PoolStanding::Resting { until, rests } => { "Rests until " (moment(*until)) ", after " (crate::words::count((*rests).into(), "rest")) "." },
                PoolStanding::GivenBack => "Has rested, and is being given back.",
                PoolStanding::Ready => { "Ready since " (moment(*since)) "." },
            }
        }
    }
}
