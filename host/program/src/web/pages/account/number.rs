//! One number's own page: what became of it, as a picture and in words.

use super::address;
use super::head::icon;
use super::picture::picture;
use super::table::{ACTIONS, link, says};
use crate::web::Site;
use crate::web::caller::{OfAccount, Read, now_of};
use crate::web::pages::layout::Tab;
use crate::web::pages::layout::moment;
use crate::web::pages::orders::orders_of;
use crate::web::pages::{Failed, page};
use crate::web::problem::Problem;
use crate::words::e164;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use dialguard::contract::{Carrier, PhoneNumber};
use dialguard_dialer::access::Role;
use dialguard_dialer::ledger::{AccountProfile, Event, EventFilter, NumberHistory, PastReplacement};
use maud::{Markup, html};
use serde::Deserialize;

/// Events that are told, at most: the latest.
const EVENTS_MAX: u32 = 500;

pub fn routes() -> Router<Site> {
    Router::new().route("/accounts/{account}/numbers/{number}", get(one))
}

#[derive(Deserialize)]
struct Named {
    number: String,
}

async fn one(
    State(site): State<Site>,
    of: OfAccount<Read>,
    Path(Named { number: text }): Path<Named>,
) -> Result<Markup, Failed> {
    let (ledger, account) = (site.dialguard().ledger(), &of.account);
    let number: Option<PhoneNumber> = text.trim_start_matches('+').parse().ok();
    let history = tokio::task::block_in_place(|| match number {
        Some(number) => ledger.number_history(&account.id, number),
        None => Ok(None),
    })?;
    let Some(history) = history else {
        let detail = format!("{text} is no number of this account, and never was.");
        return Err(Problem::of_kind(StatusCode::NOT_FOUND, "no-such-number", "No such number", detail).into());
    };
    let number = history.known.number;
    let events = ledger.events(&account.id, EventFilter { number: Some(number), last: EVENTS_MAX })?;
    let carriers = heard_of(&ledger.carriers()?, &history);
    let content = html! {
        div data-live="number" {
            (head(account, &history, of.caller.grant.role >= Role::Operate))
            (says_now(account, &history, &carriers))
            section.panel.history aria-labelledby="history" {
                h2 #history { "History" }
                (picture(account, &history, &carriers, now_of(&site, account)))
                (checks(account, &history, &carriers))
            }
            (decisions(account, &events))
        }
    };
    Ok(page(&of.caller, Some((account, Tab::Numbers)), &e164(number), content))
}

/// Those that ever said something of the number.
fn heard_of(carriers: &[Carrier], history: &NumberHistory) -> Vec<Carrier> {
    let has_answered = |carrier: &&Carrier| {
        history.checks.iter().flat_map(|check| &check.answers).any(|answer| answer.carrier == carrier.id)
    };
    carriers.iter().filter(has_answered).cloned().collect()
}

fn head(account: &AccountProfile, history: &NumberHistory, may_act: bool) -> Markup {
    let known = &history.known;
    let number = known.number;
    html! {
        section.panel.one-number {
            h1 { (e164(number)) }
            p {
                @match known.monitored {
                    Some((slot, status, since)) => {
                        span class={ "mark " (status.name()) } { (icon(status.name())) span { (status.name()) } }
                        " in slot " strong { (slot) } ", since " (moment(since, account.time_zone)) "."
                    }
                    None if known.is_owned => "Not monitored.",
                    None => "It left the account.",
                }
                @if known.replacement_pending { " Its " a href=(orders_of(&account.id)) { "replacement" } " is under way." }
            }
            @if let Some(it) = &history.came_by { (replaced(account, it, &html! { "It took slot " (it.slot) " from " (link(&account.id, it.number)) })) }
            @if let Some(it) = &history.left_by {
                (replaced(account, it, &html! {
                    @if it.is_done { "It made way for " } @else { "It is to make way for " }
                    (link(&account.id, it.replacement)) " in slot " (it.slot)
                }))
            }
            @if may_act && known.is_owned {
                p.choices {
                    @for (action, words) in ACTIONS.iter().filter(|(action, _)| match *action {
                        "monitor" => known.monitored.is_none(),
                        "stop" | "replace" => known.monitored.is_some(),
                        _ => true,
                    }) {
                        a.button href={ (address(&account.id)) "/ask?action=" (action) "&number=" (number) } data-ask { (words) }
                    }
                }
            }
        }
    }
}

fn replaced(account: &AccountProfile, it: &PastReplacement, what: &Markup) -> Markup {
    html! { p { (what) " on " (moment(it.intended_at, account.time_zone)) ". " span.quiet { (it.because) } } }
}

fn says_now(account: &AccountProfile, history: &NumberHistory, carriers: &[Carrier]) -> Markup {
    html! {
        @if let Some(check) = history.checks.last() {
            section.panel aria-labelledby="says" {
                h2 #says { "What carriers say" }
                div.wide { (says("At the latest check", carriers, &check.answers, account)) }
            }
        }
    }
}

/// The picture in words, for whoever does not see it or wants to know exactly.
fn checks(account: &AccountProfile, history: &NumberHistory, carriers: &[Carrier]) -> Markup {
    html! {
        @if !history.checks.is_empty() {
            details {
                summary { "The same as a table" }
                div.wide { table {
                    thead { tr { th { "Checked" } th { "Status" } @for carrier in carriers { th.figure { (carrier.name) } } } }
                    tbody {
                        @for check in history.checks.iter().rev() {
                            tr {
                                td { (moment(check.at, account.time_zone)) }
                                td { @match &check.review { Some(review) => (review.status.name()), None => "–" } }
                                @for carrier in carriers {
                                    td.figure {
                                        @match check.answers.iter().find(|answer| answer.carrier == carrier.id).map(|answer| answer.score) {
                                            Some(Some(score)) => (score),
                                            Some(None) => span.quiet { "no data" },
                                            None => span.quiet { "no answer" },
                                        }
                                    }
                                }
                            }
                        }
                    }
                } }
            }
        }
    }
}

fn decisions(account: &AccountProfile, events: &[Event]) -> Markup {
    html! {
        section.panel aria-labelledby="decisions" {
            h2 #decisions { "Every decision" }
            @if events.is_empty() { p.quiet { "Nothing was decided about it yet." } }
            @else {
                ol.decisions {
                    @for event in events.iter().rev() {
                        li {
                            (moment(event.at, account.time_zone))
                            p { (event.text) }
                            p.quiet {
                                @if let Some(run) = event.run { "run " (run) }
                                @if let Some(revision) = event.revision { ", revision " (revision) " of the policy" }
                                @if let Some(policy) = &event.policy { " (" code { (policy.get(..12).unwrap_or(policy)) } ")" }
                                @if event.run.is_none() && event.policy.is_none() { "by a person or the calendar" }
                            }
                        }
                    }
                }
            }
        }
    }
}
