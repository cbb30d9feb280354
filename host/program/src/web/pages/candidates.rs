//! The candidates that an account has on hand to replace others, and what carriers said last about each.

use super::layout::{Tab, moment, shown};
use super::{Failed, page};
use crate::candidates::{self, CandidateRating, RatedCandidate};
use crate::web::Site;
use crate::web::address::account_path;
use crate::web::auth::{OfAccount, Operate, Read, now_of};
use crate::web::query::Query;
use crate::words::{candidate_in_words, capital, count, dollars, origin_in_words, readable};
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Redirect;
use axum::routing::{get, post};
use dialguard::contract::PhoneNumber;
use dialguard_dialer::access::Role;
use dialguard_dialer::dialguard::DialguardError;
use dialguard_dialer::phone::area_code;
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
    let account = &of.account;
    let (dialguard, read_account, now) = (site.dialguard().clone(), account.clone(), now_of(&site, account));
    let read = move |_: &_| {
        let rated = candidates::rated(&dialguard, &read_account, after, PER_PAGE, now)?;
        let ledger = dialguard.ledger();
        let total = ledger.candidate_count(&read_account.id)?;
        let provider = read_account.buying.provider.as_deref().map(|name| ledger.provider(name)).transpose()?;
        Ok::<_, DialguardError>((rated, total, provider, ledger.pool(&read_account.id, now)?))
    };
    let (rated, total, provider, pool) = site.lists().run(&of.caller, read).await??;
    let path = account_path(&account.id);
    let content = html! {
        h1 { "Candidates" }
        section.panel {
            p {
                (count(total.into(), "candidate")) " on hand to replace other numbers. Withdraw one to use it elsewhere: "
                "any account can import it then."
            }
            p {
                @if pool.ready > 0 { (count(pool.ready.into(), "number")) " of your own " @if pool.ready == 1 { "has" } @else { "have" } " rested and may replace others too, at no price. " }
                @match &provider {
                    Some(provider) => { "Other numbers are bought from " strong { (provider.name) } " for " (dollars(provider.price_cents.into())) " each." },
                    None => "No provider is chosen, so nothing is bought.",
                }
            }
            p.buttons data-commands="Candidates" {
                @if of.may(Role::Operate) { a.button href={ (path) "/import" } { "Add candidates" } }
                a.button href={ (path) "/pool" } { "Resting and ready: " (pool.resting + pool.ready) }
            }
        }
        @if !rated.is_empty() { div.wide role="region" aria-label="Candidates" tabindex="0" { (list(&of, &rated)) } }
        @if rated.len() == PER_PAGE as usize && let Some(last) = rated.last() {
            p { a href={ (path) "/candidates?after=" (last.candidate.number) } { "Next page" } }
        }
    };
    Ok(page(&of.caller, Some((account, Tab::Candidates)), "Candidates", content))
}

fn list(of: &OfAccount<Read>, rated: &[RatedCandidate]) -> Markup {
    let (account, may_act) = (&of.account, of.may(Role::Operate));
    let path = format!("{}/candidates", account_path(&account.id));
    html! {
        table {
            thead { tr {
                th { "Number" } th { "Area code" } th { "Last rated" } th { "From" } th.figure { "Price" } th { "Since" }
                @if may_act { th { "Actions" } }
            } }
            tbody {
                @for one in rated {
                    @let candidate = &one.candidate;
                    tr data-row=(candidate.number) {
                        td { strong { (shown(candidate.number)) } }
                        td { @if let Some(code) = area_code(candidate.number) { (code) } @else { "–" } }
                        td { span class=(class(one)) { (capital(&candidate_in_words(one))) } }
                        td { (origin_in_words(one)) }
                        td.figure { @if let Some(cents) = candidate.price_cents { (dollars(cents.into())) } @else { "–" } }
                        td { (moment(candidate.since, account.time_zone)) }
                        @if may_act { td {
                            form.buttons method="post" action={ (path) "/" (candidate.number) "/withdraw" } {
                                button aria-label={ "Withdraw " (readable(candidate.number)) } { "Withdraw" }
                            }
                        } }
                    }
                }
            }
        }
    }
}

fn class(one: &RatedCandidate) -> &'static str {
    match one.rating() {
        CandidateRating::Clean => "clean",
        CandidateRating::Flagged => "flagged",
        CandidateRating::Unrated => "pending",
    }
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
