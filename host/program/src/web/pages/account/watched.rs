//! When an account was checked, when it is next, and how each source does.

use crate::web::pages::layout::{moment, told};
use crate::words::{Surface, source_in_words};
use dialguard::contract::Timestamp;
use dialguard_dialer::ledger::{AccountProfile, Checks, SourceHealth, SourceState};
use maud::{Markup, html};

pub fn watched(account: &AccountProfile, checks: &Checks, now: Timestamp) -> Markup {
    let Checks { marks, next_at, sources, .. } = checks;
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
                        li class=(class(source)) { strong { (source.name) } " " (told(&source_in_words(source, marks.monitored, surface))) }
                    }
                }
            }
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
