//! What happened to an account, newest first: one line for what belongs together, which opens into its steps.

use super::layout::{self, Tab, moment, number_link};
use super::{Failed, page};
use crate::web::Site;
use crate::web::address::account_path;
use crate::web::auth::{OfAccount, Read};
use crate::web::download;
use crate::web::query::Query;
use crate::words::{
    actor_in_words, by_in_words, count, day_in_words, e164, headline, kind_name, sentence, signed_dollars, time_of_day,
};
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::{Datelike, Days, NaiveDate};
use dialguard::calendar::{day_starts_at, rfc3339};
use dialguard::contract::Timestamp;
use dialguard_dialer::ledger::{
    AccountProfile, Event, EventPage, EventQuery, Ledger, LedgerError, Stop, StoryEntry, StoryPage,
};
use dialguard_dialer::phone::PhoneNumber;
use dialguard_dialer::table_file::{csv_of, inert};
use maud::{Markup, html};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Entries of the story per page.
const ENTRIES_A_PAGE: u32 = 50;

/// Who did it, in a CSV file, and the one that it was done for.
const ACTOR_COLUMNS: [&str; 6] = ["actor", "actor-name", "actor-id", "for", "for-name", "for-id"];

/// Events read at a time for a CSV file.
const EVENTS_A_CHUNK: u32 = 1_000;

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/accounts/{account}/activity", get(activity))
        .route("/accounts/{account}/activity.csv", get(activity_csv))
}

/// The filter, as in the query string and in the form. Empty fields do not filter.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Filter {
    #[serde(skip_serializing_if = "String::is_empty")]
    kind: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    number: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    since: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    until: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    run: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    revision: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    before: String,
}

impl Filter {
    /// The ledger's query. The error says which field is invalid.
    fn query(&self, account: &AccountProfile) -> Result<EventQuery, String> {
        let number = given(&self.number, |text| {
            PhoneNumber::parse(text, account.region).map(PhoneNumber::digits).map_err(|error| error.to_string())
        })?;
        let whole = |text: &str| text.parse().map_err(|_| format!("{text:?} is not a whole number"));
        let day = |text: &str| {
            let date = text.parse::<NaiveDate>().ok().filter(|date| (1970..=9999).contains(&date.year()));
            date.ok_or_else(|| format!("{text:?} is not a date such as 2026-03-31"))
        };
        let starts = |date| day_starts_at(date, account.time_zone);
        Ok(EventQuery {
            kind: Some(self.kind.clone()).filter(|kind| !kind.is_empty()),
            number,
            since: given(&self.since, day)?.map(starts),
            until: given(&self.until, day)?.map(|date| starts(date.checked_add_days(Days::new(1)).unwrap_or(date))),
            run: given(&self.run, whole)?,
            revision: given(&self.revision, whole)?,
            before: given(&self.before, whole)?,
            ..EventQuery::default()
        })
    }

    /// The page, or a file, with this filter.
    fn path(&self, account: &str, file: &str) -> String {
        let pairs = serde_json::to_value(self).expect("a filter is a struct of strings");
        let pairs = pairs.as_object().into_iter().flatten();
        let texts = pairs.filter_map(|(name, value)| Some((name, value.as_str()?)));
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(texts).finish();
        format!("{}/{file}?{query}", account_path(account))
    }

    fn older_than(&self, before: Option<u64>) -> Filter {
        Filter { before: before.map_or(String::new(), |before| before.to_string()), ..self.clone() }
    }

    fn is_empty(&self) -> bool {
        let Filter { kind, number, since, until, run, revision, .. } = self;
        [kind, number, since, until, run, revision].iter().all(|field| field.is_empty())
    }
}

fn given<T>(text: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    let text = text.trim();
    (!text.is_empty()).then(|| read(text)).transpose()
}

async fn activity(
    State(site): State<Site>,
    of: OfAccount<Read>,
    Query(filter): Query<Filter>,
) -> Result<Response, Failed> {
    let (ledger, account) = (site.dialguard().ledger().clone(), &of.account);
    let (id, query) = (account.id.clone(), filter.query(account));
    let find = move |_: &Stop| {
        let page = |query: EventQuery| ledger.story_page(&id, &query, ENTRIES_A_PAGE);
        Ok::<_, LedgerError>((ledger.event_kinds(&id)?, query.map(page)))
    };
    let (kinds, found) = site.lists().run(&of.caller, find).await??;
    let (status, found) = match found {
        Ok(found) => (StatusCode::OK, Ok(found?)),
        Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, Err(error)),
    };
    let content = html! {
        h1 { "Activity" }
        (form(account, &filter, &kinds))
        @match found {
            Ok(found) => (story(account, &filter, &found)),
            Err(error) => p.failed role="alert" { (error) "." },
        }
    };
    Ok((status, page(&of.caller, Some((account, Tab::Activity)), "Activity", content)).into_response())
}

fn form(account: &AccountProfile, filter: &Filter, kinds: &[String]) -> Markup {
    html! {
        form.panel.filter method="get" action={ (account_path(&account.id)) "/activity" } role="search" aria-label="Events" {
            label { "Event"
                select name="kind" {
                    option value="" { "All events" }
                    @for kind in kinds {
                        option value=(kind) selected[*kind == filter.kind] { (kind_name(kind)) }
                    }
                }
            }
            label { "Number" input name="number" value=(filter.number) inputmode="tel" autocomplete="off"; }
            label { "From" input type="date" name="since" value=(filter.since); }
            label { "To" input type="date" name="until" value=(filter.until); }
            label.short { "Run" input name="run" value=(filter.run) inputmode="numeric" autocomplete="off"; }
            label.short { "Policy revision" input name="revision" value=(filter.revision) inputmode="numeric" autocomplete="off"; }
            div.buttons {
                button.first { "Filter" }
                @if !filter.is_empty() { a.button href={ (account_path(&account.id)) "/activity" } { "Clear" } }
                a.button href=(filter.older_than(None).path(&account.id, "activity.csv")) { "Export CSV" }
            }
        }
    }
}

fn story(account: &AccountProfile, filter: &Filter, found: &StoryPage) -> Markup {
    let day = |entry: &StoryEntry| day_in_words(entry.at, account.time_zone);
    html! {
        section.story data-live="events" aria-label="Events" {
            @if found.entries.is_empty() {
                p.panel.quiet {
                    @if filter.is_empty() { "No events yet." } @else { "No events match." }
                }
            } @else {
                @for entries in found.entries.chunk_by(|one, next| day(one) == day(next)) {
                    h2 { (day(&entries[0])) }
                    div.panel { @for entry in entries { (told(account, entry)) } }
                }
                nav.paging aria-label="Pages of events" {
                    @if !filter.before.is_empty() {
                        a.button href=(filter.older_than(None).path(&account.id, "activity")) { "Newest" }
                    }
                    @if let Some(next) = found.next {
                        a.button rel="next" href=(filter.older_than(Some(next)).path(&account.id, "activity")) { "Older" }
                    }
                }
            }
        }
    }
}

/// One line, which opens into its steps.
fn told(account: &AccountProfile, entry: &StoryEntry) -> Markup {
    let Some(first) = entry.steps.first() else { return html! { p.entry { (line(account, entry)) } } };
    html! {
        details.entry id={ "event-" (first.id) } {
            summary { (line(account, entry)) }
            @if let untold @ 1.. = entry.untold() {
                p.quiet { "The first " (count(untold, "step")) " are not listed here; the CSV file has them all." }
            }
            table.events {
                thead { tr {
                    th scope="col" { "Time" }
                    th scope="col" { "Event" }
                    th scope="col" { "Number" }
                    th scope="col" { "Reason" }
                    th scope="col" { "By" }
                    th scope="col" { "Decided in" }
                    th.figure scope="col" { "Charged" }
                } }
                tbody { @for event in &entry.steps { (step(account, event)) } }
            }
        }
    }
}

/// When, what, who and how much.
fn line(account: &AccountProfile, entry: &StoryEntry) -> Markup {
    let zone = account.time_zone;
    html! {
        time.when datetime=(rfc3339(entry.at)) { (time_of_day(entry.at, zone)) } " "
        span.told data-kind=[entry.steps.last().filter(|_| entry.steps.len() == 1).map(|step| &step.kind)] { (layout::told(&headline(entry, zone))) } " "
        @if let Some(cents) = entry.cents { span.cents { (signed_dollars(cents)) } " " }
        span.by { (by_in_words(entry.actor.as_ref())) }
    }
}

fn step(account: &AccountProfile, event: &Event) -> Markup {
    html! {
        tr data-kind=(event.kind) {
            td.when { (moment(event.at, account.time_zone)) }
            td.what { span.kind { (kind_name(&event.kind)) } }
            td.number {
                @if let Some(number) = event.number { (number_link(&account.id, number)) }
            }
            td.why { (reason(account, event)) }
            td.by { (actor_in_words(event.actor.as_ref())) }
            td.run {
                @if let Some(run) = event.run {
                    a href={ (account_path(&account.id)) "/activity?run=" (run) } { "run " (run) }
                }
                @if let Some(revision) = event.revision {
                    @if event.run.is_some() { ", " }
                    a href={ (account_path(&account.id)) "/policy#revision-" (revision) } title=[event.policy.as_ref()] { "revision " (revision) }
                }
            }
            td.figure.cents { @if let Some(cents) = event.cents { (signed_dollars(cents)) } }
        }
    }
}

/// Why, in a sentence; the problems of a review unfold.
fn reason(account: &AccountProfile, event: &Event) -> Markup {
    let reason = sentence(event, account.time_zone);
    let lines: Vec<&str> = reason.lines().collect();
    html! {
        @if let [_, _, ..] = lines[..] {
            details {
                summary { (count(lines.len() as u64, "problem")) }
                ul { @for line in &lines { li { (layout::told(line)) } } }
            }
        } @else { (layout::told(&reason)) }
    }
}

/// All matching events for a spreadsheet, streamed.
async fn activity_csv(
    State(site): State<Site>,
    of: OfAccount<Read>,
    Query(filter): Query<Filter>,
) -> Result<Response, Response> {
    let query = filter.query(&of.account).map_err(|error| (StatusCode::UNPROCESSABLE_ENTITY, error).into_response())?;
    let (ledger, id) = (site.dialguard().ledger().clone(), of.account.id.clone());
    let name = format!("attachment; filename=\"activity-{}.csv\"", file_name(&id));
    let headers = [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, download::body(&site, &of.caller, csv_parts(ledger, id, query))).into_response())
}

/// The header, and then the events a page at a time.
fn csv_parts(
    ledger: Arc<Ledger>,
    id: String,
    query: EventQuery,
) -> impl Iterator<Item = Result<Vec<u8>, LedgerError>> + Send {
    let columns = ["id", "at", "kind", "number", "cents", "run", "revision", "policy", "text"];
    let header = csv_of([columns.into_iter().chain(ACTOR_COLUMNS)]);
    let mut next_query = Some(query);
    let pages = std::iter::from_fn(move || {
        let query = next_query.take()?;
        let page = ledger.event_page(&id, &query, EVENTS_A_CHUNK);
        Some(page.map(|EventPage { events, next }| {
            next_query = next.map(|next| EventQuery { before: Some(next), ..query });
            csv_of(events.iter().map(csv_row))
        }))
    });
    std::iter::once(Ok(header)).chain(pages)
}

fn csv_row(event: &Event) -> impl Iterator<Item = String> {
    let or_empty = |value: Option<u64>| value.map_or(String::new(), |value| value.to_string());
    let actor = event.actor.as_ref();
    let (party, acts_for) = (actor.map(|actor| &actor.party), actor.and_then(|actor| actor.acts_for.as_ref()));
    let parts = [party, acts_for].into_iter().flat_map(|party| {
        let party = party.cloned();
        let kind = party.as_ref().map_or("", |party| party.kind.name()).to_owned();
        let (name, id) = party.map_or_else(Default::default, |party| (party.name, party.id.unwrap_or_default()));
        [kind, inert(&name).into_owned(), inert(&id).into_owned()]
    });
    let event = [
        event.id.to_string(),
        rfc3339(event.at as Timestamp),
        event.kind.clone(),
        event.number.map_or(String::new(), e164),
        event.cents.map_or(String::new(), |cents| cents.to_string()),
        or_empty(event.run),
        or_empty(event.revision),
        event.policy.clone().unwrap_or_default(),
        inert(&event.text).into_owned(),
    ];
    event.into_iter().chain(parts)
}

fn file_name(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_has_no_special_characters() {
        assert_eq!(file_name("a\"b/../c d"), "a_b_.._c_d");
    }
}
