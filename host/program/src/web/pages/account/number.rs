//! One number: its status, its history as a chart and a table, and every event about it.

use super::call_chart::calls;
use super::chart::{Shown, chart};
use super::mark::Mark;
use super::table::{ACTIONS, applies, carrier_card};
use crate::web::Site;
use crate::web::address::{account_path, number_path, orders_path};
use crate::web::auth::{OfAccount, Read, now_of};
use crate::web::pages::layout::{Tab, moment, number_link, shown, status_label, told};
use crate::web::pages::{Failed, page};
use crate::web::problem::{Kind, Problem};
use crate::words::{by_in_words, capital, e164, rating_in_words, readable, sentence, spam_score_min};
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use dialguard::contract::{Carrier, PhoneNumber, Timestamp};
use dialguard_dialer::access::Role;
use dialguard_dialer::ledger::{AccountProfile, CallDay, Event, EventFilter, NumberHistory, PastReplacement};
use maud::{Markup, html};
use serde::Deserialize;

/// Events shown, at most: the latest.
const EVENTS_MAX: u32 = 500;

pub fn routes() -> Router<Site> {
    Router::new().route("/accounts/{account}/numbers/{number}", get(one))
}

#[derive(Deserialize)]
struct NumberPath {
    number: String,
}

async fn one(
    State(site): State<Site>,
    of: OfAccount<Read>,
    Path(NumberPath { number: text }): Path<NumberPath>,
) -> Result<Markup, Failed> {
    let (ledger, account) = (site.dialguard().ledger(), &of.account);
    let number: Option<PhoneNumber> = text.trim_start_matches('+').parse().ok();
    let history = match number {
        Some(number) => {
            let (ledger, id) = (ledger.clone(), account.id.clone());
            site.lists().run(&of.caller, move |_| ledger.number_history(&id, number)).await??
        }
        None => None,
    };
    let Some(history) = history else {
        let detail = format!("{text} does not belong to this account, and never did.");
        return Err(Problem::of(Kind::NoSuchNumber, detail).into());
    };
    let number = history.known.number;
    let events = ledger.events(&account.id, EventFilter { number: Some(number), last: EVENTS_MAX })?;
    let days = ledger.calls_by_day(&account.id, number)?;
    let calls = call_section(&site, &of, number, &days)?;
    let carriers = answering(&ledger.carriers()?, &history);
    let live = site.dialguard().policies().live()?;
    let spam_score_min = spam_score_min(&live, account);
    let (checks, now) = (&history.checks[..], now_of(&site, account));
    let shown = Shown { account, spam_score_min, checks, carriers: &carriers, calls: &days, now };
    let content = html! {
        div data-live="number" {
            (head(account, &history, of.may(Role::Operate), now))
            (latest_check(account, spam_score_min, &history, &carriers))
            section.panel.history aria-labelledby="history" {
                h2 #history { "History" }
                (chart(&shown))
                (check_table(account, &history, &carriers))
            }
            (calls)
            (events_list(account, &events))
        }
    };
    Ok(page(&of.caller, Some((account, Tab::Numbers)), &readable(number), content))
}

/// How its calls went, beside those of the account in the days that a policy looks at.
fn call_section(site: &Site, of: &OfAccount<Read>, number: PhoneNumber, days: &[CallDay]) -> Result<Markup, Problem> {
    let (ledger, account) = (site.dialguard().ledger(), &of.account);
    let since = now_of(site, account).saturating_sub(3 * 86_400);
    let recent = ledger.call_sums(&account.id, &[number], since)?[0];
    let import = of.may(Role::Operate).then(|| account_path(&account.id) + "/calls");
    Ok(calls(days, &recent, &ledger.call_totals(&account.id, since)?, import.as_deref()))
}

/// The carriers that ever answered about the number.
fn answering(carriers: &[Carrier], history: &NumberHistory) -> Vec<Carrier> {
    let has_answered = |carrier: &&Carrier| {
        history.checks.iter().flat_map(|check| &check.answers).any(|answer| answer.carrier == carrier.id)
    };
    carriers.iter().filter(has_answered).cloned().collect()
}

fn head(account: &AccountProfile, history: &NumberHistory, may_act: bool, now: Timestamp) -> Markup {
    let known = &history.known;
    let number = known.number;
    html! {
        section.panel.one-number {
            h1 { (shown(number)) } " " code { (e164(number)) }
            p {
                @match Mark::of(account, known, now).zip(known.monitored) {
                    Some((mark, (slot, _, since))) => {
                        span class=(mark.class) { (mark.content()) }
                        " in slot " strong { (slot) } ", since " (moment(since, account.time_zone)) ". "
                        (basis(account, history))
                    }
                    None if known.is_owned => "Not monitored.",
                    None => "No longer in this account.",
                }
                @if let Some(suspicion) = &known.suspect {
                    " Suspect since " (moment(suspicion.since, account.time_zone)) ": " (suspicion.to_string()) "."
                }
                @if known.replacement_pending { " A " a href=(orders_path(&account.id)) { "replacement" } " is in progress." }
            }
            @if let Some(it) = &history.came_by { (replacement(account, it, &html! { "Replaced " (number_link(&account.id, it.number)) " in slot " (it.slot) })) }
            @if let Some(it) = &history.left_by {
                (replacement(account, it, &html! {
                    @if it.is_done { "Replaced by " } @else { "Being replaced by " }
                    (number_link(&account.id, it.replacement)) " in slot " (it.slot)
                }))
            }
            @if may_act && known.is_owned {
                form.choices method="post" action={ (number_path(&account.id, number)) "/ask" } data-ask data-commands=(readable(number)) {
                    @for (action, label) in ACTIONS.iter().filter(|(action, _)| applies(action, known)) {
                        button name="action" value=(action) { (label) }
                    }
                }
            }
        }
    }
}

/// What a monitored number's status rests on: the latest rating on record.
fn basis(account: &AccountProfile, history: &NumberHistory) -> Markup {
    let rated = history.checks.iter().rev().find_map(|check| Some((check.at, check.review?)));
    html! {
        @match rated.filter(|(_, review)| review.answering > 0) {
            Some((at, review)) => { (capital(&rating_in_words(&review))) ", as of " (moment(at, account.time_zone)) "." }
            None => "No rating of it is on record.",
        }
    }
}

fn replacement(account: &AccountProfile, it: &PastReplacement, what: &Markup) -> Markup {
    html! { p { (what) ", " (moment(it.intended_at, account.time_zone)) ". " span.quiet { (told(&it.because)) } } }
}

fn latest_check(
    account: &AccountProfile,
    spam_score_min: Option<u8>,
    history: &NumberHistory,
    carriers: &[Carrier],
) -> Markup {
    html! {
        @if let Some(check) = history.checks.last() {
            section.panel aria-labelledby="answers" {
                h2 #answers { "Carrier answers" }
                div.wide { (carrier_card(&html! { "Latest check" }, carriers, &check.answers, account, spam_score_min)) }
            }
        }
    }
}

/// The chart's data as a table, for exact values and for users who cannot see the chart.
fn check_table(account: &AccountProfile, history: &NumberHistory, carriers: &[Carrier]) -> Markup {
    html! {
        @if !history.checks.is_empty() {
            details {
                summary { "Show as a table" }
                div.wide { table {
                    thead { tr { th { "Checked" } th { "Status" } @for carrier in carriers { th.figure { (carrier.name) } } } }
                    tbody {
                        @for check in history.checks.iter().rev() {
                            tr {
                                td { (moment(check.at, account.time_zone)) }
                                td { @match &check.review { Some(review) => (status_label(review.status)), None => "–" } }
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

fn events_list(account: &AccountProfile, events: &[Event]) -> Markup {
    html! {
        section.panel aria-labelledby="decisions" {
            h2 #decisions { "Events" }
            @if events.is_empty() { p.quiet { "No events yet." } }
            @else {
                ol.decisions {
                    @for event in events.iter().rev() {
                        li {
                            (moment(event.at, account.time_zone))
                            p { (told(&sentence(event, account.time_zone))) }
                            p.quiet {
                                (by_in_words(event.actor.as_ref()))
                                @if let Some(run) = event.run {
                                    ", " a href={ (account_path(&account.id)) "/activity?run=" (run) } { "run " (run) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
