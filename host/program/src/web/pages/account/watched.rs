//! When an account was checked, when it is next, and how each source does.

use crate::web::pages::layout::{moment, told};
use crate::web::pages::picture;
use crate::words::{Surface, answered_in_days, answered_in_words, source_in_words};
use chrono::NaiveDate;
use dialguard::contract::Timestamp;
use dialguard_dialer::ledger::{AccountProfile, Checks, RatedDays, SourceDays, SourceHealth, SourceState};
use maud::{Markup, html};

pub fn watched(account: &AccountProfile, checks: &Checks, rated: &RatedDays, now: Timestamp) -> Markup {
    let Checks { marks, next_at, sources, .. } = checks;
    let today = account.day(now).date;
    let surface = Surface::Dashboard { zone: account.time_zone, now };
    html! {
        section.watched aria-label="Checks" data-live="watched" {
            p {
                "Last check: " @match marks.last_rated_at { Some(at) => (moment(at, account.time_zone)), None => "none yet" }
                ". Next check: " @match next_at {
                    Some(at) if *at > now => (moment(*at, account.time_zone)),
                    Some(_) => "due now",
                    None => "none, monitoring is off",
                }
                ". " a href="/guide/numbers-and-money#how-numbers-are-checked" { "How numbers are checked" }
            }
            @if sources.is_empty() { p { "No source is configured." } } @else {
                ul aria-label="Sources" {
                    @for source in sources {
                        li class=(class(source)) {
                            strong { (source.name) } " " (told(&source_in_words(source, marks.monitored, surface)))
                            (answered_lately(rated.sources.iter().find(|days| days.source == source.name), today))
                        }
                    }
                }
            }
        }
    }
}

/// A bar with the share of numbers that a source scored lately; nothing if it was not asked.
pub fn answered_lately(days: Option<&SourceDays>, today: NaiveDate) -> Markup {
    let lately = days.and_then(|days| Some((answered_in_words(days, today)?, answered_in_days(days, today))));
    html! {
        @if let Some((words, (answered, asked))) = lately {
            " " span.answered-lately { (picture::share(answered, asked)) " " (words) }
        }
    }
}

fn class(source: &SourceHealth) -> &'static str {
    match source.state {
        SourceState::Answered { .. } => "answers",
        SourceState::Failed { .. } => "fails",
        SourceState::Silent => "silent",
    }
}
