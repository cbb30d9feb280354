//! A number's history on one time axis: spam scores as a line per carrier, the status as a band below, and its calls under
//! that.

use crate::web::pages::layout::status_label;
use crate::web::pages::picture::{Across, grid_line, hundredths, label};
use crate::words::{calls_in_words, date, thousands};
use chrono::{Days, NaiveDate};
use dialguard::calendar::{day_starts_at, local_date};
use dialguard::contract::{Carrier, Status, Timestamp};
use dialguard_dialer::ledger::{AccountProfile, CallDay, NumberCheck};
use dialguard_dialer::zones::Zone;
use maud::{Markup, html};

/// The vertical range of the scores, from 0 to 100, in pixels.
const SCORES: (f64, f64) = (154.0, 18.0);
/// The upper edge of the band, and its height.
const BAND: f64 = 164.0;
const BAND_HEIGHT: f64 = 18.0;
/// The vertical range of the calls, from none to the most of a day.
const CALLS: (f64, f64) = (266.0, 206.0);
/// Room for the labels of days.
const LABELS: f64 = 20.0;

/// Room at both ends, as a part of the width, so that no marker is cut off.
const MARGIN: f64 = 0.012;

/// Lines are drawn in a frame that is so wide and is stretched to the picture's width.
const FRAME: f64 = 1_000.0;

/// Labels of days, at most.
const DAY_LABELS_MAX: usize = 5;

/// The narrowest a band may be to be labelled, for each letter, as a part of the width: on a phone, and elsewhere.
const LETTER_ON_PHONE: f64 = 0.027;
const LETTER: f64 = 0.011;

/// Distinct combinations of line and marker, so that carriers differ by more than colour. Further carriers repeat them.
const LINES: usize = 6;

/// What a picture of a number's history shows.
pub struct Shown<'a> {
    pub account: &'a AccountProfile,
    /// The score that is marked.
    pub spam_score_min: Option<u8>,
    /// The oldest first.
    pub checks: &'a [NumberCheck],
    /// Those that answered.
    pub carriers: &'a [Carrier],
    /// The oldest first.
    pub calls: &'a [CallDay],
    pub now: Timestamp,
}

pub fn chart(shown: &Shown) -> Markup {
    let Some(scale) = Scale::of(shown) else { return html! { p.quiet { "No checks yet." } } };
    let has_checks = !shown.checks.is_empty();
    let shift = if has_checks { 0.0 } else { CALLS.1 - SCORES.1 };
    let end = if shown.calls.is_empty() { BAND + BAND_HEIGHT } else { CALLS.0 - shift };
    let lines = shown.carriers.iter().enumerate().map(|(place, carrier)| (place % LINES, carrier));
    html! {
        svg.picture.history width="100%" height=(end + LABELS) role="img" aria-label=(in_words(shown, &scale)) {
            @if has_checks {
                (score_lines(shown.spam_score_min))
                @for (line, carrier) in lines.clone() { (scores(&scale, shown.checks, carrier, line)) }
                (band(&scale, shown.checks))
            }
            @if !shown.calls.is_empty() { g transform={ "translate(0 -" (shift) ")" } { (calls(&scale, shown.calls)) } }
            (days(&scale, end))
        }
        ul.legend {
            @for (line, carrier) in lines {
                li { svg width="34" height="14" aria-hidden="true" {
                    path class={ "line line-" (line) } d="M0 7h34" {}
                    svg.at x="17" y="7" { (marker(line)) }
                } (carrier.name) }
            }
            @if let Some(score) = shown.spam_score_min.filter(|_| has_checks) {
                li { svg width="34" height="14" aria-hidden="true" { path.spam d="M0 7h34" {} } "spam from " (score) " up" }
            }
            @if !shown.calls.is_empty() {
                li { svg width="14" height="14" aria-hidden="true" { rect.called width="14" height="14" rx="2" {} } "calls" }
                li { svg width="14" height="14" aria-hidden="true" { rect.answered width="14" height="14" rx="2" {} } "answered" }
                li { svg width="34" height="14" aria-hidden="true" { path.rate d="M0 7h34" {} } "answer rate, 100 % at the top" }
            }
        }
    }
}

fn in_words(shown: &Shown, scale: &Scale) -> String {
    let [from, to] = [scale.from, scale.to.min(shown.now)].map(|at| date(at, shown.account.time_zone, shown.now));
    let carriers: Vec<&str> = shown.carriers.iter().map(|carrier| carrier.name.as_str()).collect();
    let mut parts = Vec::new();
    if !shown.checks.is_empty() {
        let of = if carriers.is_empty() { String::new() } else { format!(" of {}", carriers.join(", ")) };
        parts.push(format!("spam scores (0 to 100){of}, the status below"));
    }
    if let Some(most) = shown.calls.iter().map(|day| day.calls.attempts).max() {
        parts.push(format!("the calls of each day, at most {}, and how many were answered", thousands(most)));
    }
    format!("From {from} to {to}: {}. The tables have the same data.", parts.join("; "))
}

/// Time from left to right.
struct Scale {
    from: Timestamp,
    to: Timestamp,
    zone: Zone,
}

impl Scale {
    /// From the first check or day of calls to the last; none without either.
    fn of(shown: &Shown) -> Option<Self> {
        let (zone, checks) = (shown.account.time_zone, shown.checks.iter().map(|check| check.at));
        let begins = shown.calls.iter().map(|day| day_starts_at(day.date, zone));
        let ends = shown.calls.iter().map(|day| day_starts_at(day.date + Days::new(1), zone));
        let (from, to) = (checks.clone().chain(begins).min()?, checks.chain(ends).max()?);
        Some(Scale { from, to: to.max(from + 86_400), zone })
    }

    fn x(&self, at: Timestamp) -> Across {
        Across::new(MARGIN + Across::between(at, self.from, self.to).part() * (1.0 - 2.0 * MARGIN))
    }

    /// The same in the frame of the lines.
    fn in_frame(&self, at: Timestamp) -> f64 {
        hundredths(self.x(at).part() * FRAME)
    }

    /// Where a local date begins, and how wide it is.
    fn day(&self, date: NaiveDate) -> (Across, Across) {
        let x = self.x(day_starts_at(date, self.zone));
        (x, x.to(self.x(day_starts_at(date + Days::new(1), self.zone))))
    }
}

fn y(score: u8) -> f64 {
    hundredths(SCORES.0 - f64::from(score.min(100)) / 100.0 * (SCORES.0 - SCORES.1))
}

fn score_lines(spam_score_min: Option<u8>) -> Markup {
    html! {
        @for score in [0, 50, 100] { (grid_line(y(score), &score.to_string())) }
        @if let Some(score) = spam_score_min { line.spam x1="0" x2="100%" y1=(y(score)) y2=(y(score)) {} }
    }
}

/// Lines whose strokes keep their width although the frame is stretched.
fn stretched(lines: &Markup) -> Markup {
    html! {
        svg x="0" y="0" width="100%" height=(CALLS.0) viewBox={ "0 0 " (FRAME) " " (CALLS.0) } preserveAspectRatio="none" { (lines) }
    }
}

/// The line breaks where the carrier did not answer or had no data.
fn scores(scale: &Scale, checks: &[NumberCheck], carrier: &Carrier, line: usize) -> Markup {
    let score = |check: &NumberCheck| {
        let answer = check.answers.iter().find(|answer| answer.carrier == carrier.id)?;
        Some((check.at, answer.score?, answer.label.clone()))
    };
    let scores: Vec<_> = checks.iter().map(score).collect();
    let (mut path, mut is_drawing) = (String::new(), false);
    for point in &scores {
        if let Some((at, score, _)) = point {
            path += &format!("{}{} {}", if is_drawing { "L" } else { "M" }, scale.in_frame(*at), y(*score));
        }
        is_drawing = point.is_some();
    }
    html! {
        (stretched(&html! { path class={ "line line-" (line) } d=(path) {} }))
        @for (at, score, label) in scores.into_iter().flatten() {
            g {
                title { (carrier.name) ": " (score) @if let Some(label) = &label { " " (label) } }
                svg.at x=(scale.x(at)) y=(y(score)) { (marker(line)) }
            }
        }
    }
}

fn marker(line: usize) -> Markup {
    let class = format!("marker marker-{line}");
    html! {
        @match line % 3 {
            0 => circle class=(class) r="3.2" {},
            1 => rect class=(class) x="-3" y="-3" width="6" height="6" {},
            _ => path class=(class) d="M0-4 4 3h-8z" {},
        }
    }
}

/// One span per status, labelled if there is room.
fn band(scale: &Scale, checks: &[NumberCheck]) -> Markup {
    let rated = checks.iter().filter_map(|check| Some((check.at, check.review.as_ref()?.status)));
    let mut spans: Vec<(Timestamp, Status)> = Vec::new();
    for (at, status) in rated {
        if spans.last().is_none_or(|(_, before)| *before != status) {
            spans.push((at, status));
        }
    }
    let end = checks.last().map_or(scale.to, |check| check.at.max(scale.from + 86_400));
    let ends = spans.iter().skip(1).map(|(at, _)| *at).chain([end]).collect::<Vec<_>>();
    html! {
        @for ((from, status), to) in spans.iter().zip(ends) {
            @let (x, label) = (scale.x(*from), status_label(*status));
            @let width = Across::new(x.to(scale.x(to)).part().max(0.004));
            g {
                title { (label) }
                rect class={ "band " (status.name()) } x=(x) y=(BAND) width=(width) height=(BAND_HEIGHT) rx="2" {}
                @let letter = width.part() / (label.len() + 1) as f64;
                @if letter > LETTER {
                    text.on-band.roomy[letter <= LETTER_ON_PHONE] x=(x) dx="6" y=(BAND + 13.0) { (label) }
                }
            }
        }
    }
}

/// A bar for each day's calls, the answered part of it filled, and the answer rate as a line.
fn calls(scale: &Scale, days: &[CallDay]) -> Markup {
    let most = days.iter().map(|day| day.calls.attempts).max().unwrap_or(0).max(1);
    let height = |calls: u64| hundredths(calls as f64 / most as f64 * (CALLS.0 - CALLS.1));
    html! {
        (grid_line(CALLS.1, &format!("{} calls", thousands(most))))
        line.grid x1="0" x2="100%" y1=(CALLS.0) y2=(CALLS.0) {}
        @for CallDay { date, calls } in days {
            @let ((x, whole), made, answered) = (scale.day(*date), height(calls.attempts), height(calls.answered));
            @let (x, width) = (Across::new(x.part() + whole.part() * 0.1), Across::new(whole.part() * 0.8));
            g {
                title { (date.format("%-d %B")) ": " (calls_in_words(calls)) }
                rect.called x=(x) y=(CALLS.0 - made) width=(width) height=(made) {}
                rect.answered x=(x) y=(CALLS.0 - answered) width=(width) height=(answered) {}
            }
        }
        (stretched(&html! { path.rate d=(rates(scale, days)) {} }))
    }
}

/// The line breaks where a day has no calls.
fn rates(scale: &Scale, days: &[CallDay]) -> String {
    let (mut path, mut drawn) = (String::new(), None);
    for CallDay { date, calls } in days.iter().filter(|day| day.calls.attempts > 0) {
        let rate = calls.answered.min(calls.attempts) as f64 / calls.attempts as f64;
        let (x, whole) = scale.day(*date);
        let x = hundredths((x.part() + whole.part() / 2.0) * FRAME);
        let y = hundredths(CALLS.0 - rate * (CALLS.0 - CALLS.1));
        let follows = drawn.is_some_and(|before: NaiveDate| before.succ_opt() == Some(*date));
        path += &format!("{}{x} {y}", if follows { "L" } else { "M" });
        if !follows {
            path += "h0.1";
        }
        drawn = Some(*date);
    }
    path
}

/// Labels of local dates, where they begin.
fn days(scale: &Scale, y: f64) -> Markup {
    let (first, last) = (local_date(scale.from, scale.zone), local_date(scale.to - 1, scale.zone));
    let days = (last - first).num_days().max(0) as usize + 1;
    let dates = first.iter_days().take(days).step_by(days.div_ceil(DAY_LABELS_MAX));
    html! {
        @for date in dates {
            @let x = scale.x(day_starts_at(date, scale.zone));
            line.grid x1=(x) x2=(x) y1=(y) y2=(y + 4.0) {}
            (label(x, y + LABELS - 4.0, &date.format("%-d %b").to_string()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever times a picture shows, days and checks are in it, in their order.
        #[test]
        fn times_are_in_the_picture_in_order(from in 1_700_000_000_u64..1_800_000_000, length in 0..8_000_000_u64, at in prop::collection::vec(0..8_000_000_u64, 1..20)) {
            let scale = Scale { from, to: from + length.max(86_400), zone: "America/New_York".parse().expect("a zone") };
            let mut times: Vec<_> = at.into_iter().map(|after| from + after).collect();
            times.sort_unstable();
            let places: Vec<f64> = times.iter().map(|at| scale.x(*at).part()).collect();
            prop_assert!(places.is_sorted() && places.iter().all(|x| (MARGIN..=1.0 - MARGIN + 1e-9).contains(x)));
            for at in times {
                let (x, width) = scale.day(local_date(at, scale.zone));
                prop_assert!(x.part() + width.part() <= 1.0 - MARGIN + 1e-9);
            }
        }
    }

    #[test]
    fn scores_are_between_their_lines() {
        for score in 0..=u8::MAX {
            assert!((SCORES.1..=SCORES.0).contains(&y(score)), "{score}");
        }
    }
}
