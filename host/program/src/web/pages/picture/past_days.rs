//! How one number was rated on the past local dates, small enough for a row of a table.

use crate::web::pages::layout::status_label;
use crate::words::count;
use chrono::{Days, NaiveDate};
use dialguard::contract::Status;
use dialguard_dialer::ledger::PastDays;
use maud::{Markup, html};
use std::fmt::Write;

/// Days that are drawn, today's included.
const DAYS: u64 = 14;

/// The title of a column with them.
pub const PAST_DAYS_TITLE: &str = "Past 14 days";

/// The height of the picture, and the width of a bar and of a bar with its gap.
const HEIGHT: u32 = 18;
const BAR: u32 = 4;
const STEP: u32 = 6;

/// A bar for each day, with a height for each status. Bars of one status are one path, because there is one picture a row.
pub fn past_days(past: &PastDays, today: NaiveDate) -> Markup {
    let days: Vec<Option<Status>> =
        (0..DAYS).rev().map(|ago| past.on(today.checked_sub_days(Days::new(ago))?)).collect();
    let width = STEP * DAYS as u32 - (STEP - BAR);
    html! {
        svg.past-days viewBox={ "0 0 " (width) " " (HEIGHT) } width=(width) height=(HEIGHT) role="img" {
            title { (in_words(&days)) }
            @for status in [None, Some(Status::Clean), Some(Status::AtRisk), Some(Status::Flagged)] {
                @let path = bars(&days, status);
                @if !path.is_empty() { path class=(class(status)) d=(path) {} }
            }
        }
    }
}

fn class(status: Option<Status>) -> &'static str {
    status.map_or("not-rated", Status::name)
}

fn height(status: Option<Status>) -> u32 {
    match status {
        None | Some(Status::Pending) => 2,
        Some(Status::Clean) => 6,
        Some(Status::AtRisk) => 12,
        Some(Status::Flagged) => HEIGHT,
    }
}

fn bars(days: &[Option<Status>], status: Option<Status>) -> String {
    let mut path = String::new();
    for (x, _) in (0..).step_by(STEP as usize).zip(days).filter(|(_, day)| **day == status) {
        write!(path, "M{x} {HEIGHT}v-{}h{BAR}v{}z", height(status), height(status)).expect("text grows");
    }
    path
}

/// The oldest first: `Past 14 days: 12 days clean, then 2 days flagged`.
fn in_words(days: &[Option<Status>]) -> String {
    let spans: Vec<String> = days
        .chunk_by(|one, next| one == next)
        .map(|span| format!("{} {}", count(span.len() as u64, "day"), span[0].map_or("not rated", status_label)))
        .collect();
    format!("Past {} days: {}", days.len(), spans.join(", then "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const C: Option<Status> = Some(Status::Clean);
    const R: Option<Status> = Some(Status::AtRisk);
    const F: Option<Status> = Some(Status::Flagged);

    #[test]
    fn days_are_said_in_spans() {
        for (days, expected) in [
            (&[None; 14][..], "Past 14 days: 14 days not rated"),
            (
                &[None, C, C, R, F, F],
                "Past 6 days: 1 day not rated, then 2 days clean, then 1 day at risk, then 2 days flagged",
            ),
        ] {
            assert_eq!(in_words(days), expected);
        }
    }

    #[test]
    fn statuses_differ_by_height_and_stay_in_the_picture() {
        let days = [None, C, R, F];
        let mut heights = days.map(height).to_vec();
        assert!(heights.iter().all(|height| *height <= HEIGHT));
        heights.dedup();
        assert_eq!(heights.len(), days.len());
        assert_eq!(bars(&[F, C, F], F), "M0 18v-18h4v18zM12 18v-18h4v18z");
    }
}
