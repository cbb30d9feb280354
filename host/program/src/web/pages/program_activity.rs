//! What happened outside accounts, newest first: who added, changed and removed users, tokens, sources and the like.

use super::layout::Place;
use super::{Failed, page_at};
use crate::web::Site;
use crate::web::auth::Administrator;
use crate::web::query::Query;
use crate::words::{by_in_words, capital, day_in_words, time_of_day};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use dialguard::calendar::rfc3339;
use dialguard_dialer::ledger::{ProgramEvent, ProgramEventPage, ProgramEventQuery, ProgramSubject};
use dialguard_dialer::zones::Zone;
use maud::{Markup, html};
use serde::{Deserialize, Serialize};

/// Events per page.
const EVENTS_A_PAGE: u32 = 50;

pub fn routes() -> Router<Site> {
    Router::new().route("/activity", get(show))
}

/// The filter, as in the query string and in the form. Empty fields do not filter.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Filter {
    subject: String,
    name: String,
    actor: String,
    before: String,
}

impl Filter {
    /// The ledger's query. The error says which field is invalid.
    fn query(&self) -> Result<ProgramEventQuery, String> {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let subject = given(&self.subject);
        let subject = subject.map(|name| ProgramSubject::named(&name).ok_or_else(|| format!("{name:?} is not known")));
        let before = given(&self.before);
        let before = before.map(|text| text.parse().map_err(|_| format!("{text:?} is not a whole number")));
        Ok(ProgramEventQuery {
            subject: subject.transpose()?,
            name: given(&self.name),
            actor: given(&self.actor),
            before: before.transpose()?,
            ..ProgramEventQuery::default()
        })
    }

    fn is_empty(&self) -> bool {
        let Filter { subject, name, actor, .. } = self;
        [subject, name, actor].iter().all(|field| field.is_empty())
    }

    fn older_than(&self, before: u64) -> String {
        let Filter { subject, name, actor, .. } = self;
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let fields = [("subject", subject), ("name", name), ("actor", actor)];
        query.extend_pairs(fields.into_iter().filter(|(_, value)| !value.is_empty()));
        format!("/activity?{}", query.append_pair("before", &before.to_string()).finish())
    }
}

async fn show(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    Query(filter): Query<Filter>,
) -> Result<Response, Failed> {
    let (status, found) = match filter.query() {
        Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, Err(error)),
        Ok(query) => {
            let ledger = site.dialguard().ledger().clone();
            let page = site.lists().run(&caller, move |_| ledger.program_events(&query, EVENTS_A_PAGE)).await??;
            (StatusCode::OK, Ok(page))
        }
    };
    let content = html! {
        h1 { "Activity" }
        p.quiet { "What happened to users, tokens, sources and everything else outside accounts. Times are UTC." }
        (form(&filter))
        @match found {
            Ok(page) => (story(&filter, &page)),
            Err(error) => p.failed role="alert" { (error) "." },
        }
    };
    Ok((status, page_at(&caller, Place::Activity, "Activity", content)).into_response())
}

fn form(filter: &Filter) -> Markup {
    html! {
        form.panel.filter method="get" action="/activity" role="search" aria-label="Events" {
            label { "About"
                select name="subject" {
                    option value="" { "Everything" }
                    @for subject in ProgramSubject::ALL {
                        option value=(subject.name()) selected[subject.name() == filter.subject] { (capital(subject.name())) }
                    }
                }
            }
            label { "Its name" input name="name" value=(filter.name) autocomplete="off"; }
            label { "By" input name="actor" value=(filter.actor) autocomplete="off"; }
            div.buttons {
                button.first { "Filter" }
                @if !filter.is_empty() { a.button href="/activity" { "Clear" } }
            }
        }
    }
}

fn story(filter: &Filter, page: &ProgramEventPage) -> Markup {
    let day = |event: &ProgramEvent| day_in_words(event.at, Zone::utc());
    html! {
        section.story data-live="events" aria-label="Events" {
            @if page.events.is_empty() {
                p.panel.quiet { @if filter.is_empty() { "No events yet." } @else { "No events match." } }
            }
            @for events in page.events.chunk_by(|one, next| day(one) == day(next)) {
                h2 { (day(&events[0])) }
                div.panel { @for event in events { (line(event)) } }
            }
            nav.paging aria-label="Pages of events" {
                @if !filter.before.is_empty() { a.button href="/activity" { "Newest" } }
                @if let Some(next) = page.next { a.button rel="next" href=(filter.older_than(next)) { "Older" } }
            }
        }
    }
}

fn line(event: &ProgramEvent) -> Markup {
    html! {
        p.entry {
            time.when datetime=(rfc3339(event.at)) { (time_of_day(event.at, Zone::utc())) } " "
            span.told data-kind=(event.kind) { (event.text) } " "
            span.by { (by_in_words(event.actor.as_ref())) }
        }
    }
}
