//! A chart of a number's history: one line of spam scores per carrier, and the status as a band below.

use crate::web::pages::layout::status_label;
use crate::words::date;
use dialguard::calendar::utc;
use dialguard::contract::{Carrier, Status, Timestamp};
use dialguard_dialer::ledger::{AccountProfile, NumberCheck, NumberHistory};
use dialguard_dialer::zones::Zone;
use maud::{Markup, html};

pub(super) const WIDTH: f64 = 720.0;
/// The vertical range of the scores: 100 at the top, 0 at the bottom.
const SCORES: (f64, f64) = (12.0, 172.0);
pub(super) const LEFT: f64 = 34.0;
pub(super) const RIGHT: f64 = WIDTH - 12.0;
const BAND: f64 = 186.0;
const BAND_HEIGHT: f64 = 20.0;
const HEIGHT: f64 = 232.0;

/// Distinct combinations of line and marker, so that carriers differ by more than colour. Further carriers repeat them.
const LINES: usize = 6;

/// `spam_score_min` is the score that is marked.
pub fn chart(
    account: &AccountProfile,
    spam_score_min: Option<u8>,
    history: &NumberHistory,
    carriers: &[Carrier],
    now: Timestamp,
) -> Markup {
    let checks = &history.checks[..];
    let (Some(first), Some(last)) = (checks.first(), checks.last()) else {
        return html! { p.quiet { "No checks yet." } };
    };
    let scale = Scale { from: first.at, to: last.at.max(first.at + 86_400) };
    let label = format!(
        "Spam scores (0 to 100) of {} from {} to {}, with the status below. The table has the same data.",
        carriers.iter().map(|carrier| carrier.name.as_str()).collect::<Vec<_>>().join(", "),
        date(first.at, account.time_zone, now),
        date(last.at, account.time_zone, now)
    );
    html! {
        svg.picture viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label=(label) {
            (grid(spam_score_min))
            @for (place, carrier) in carriers.iter().enumerate() { (line(&scale, checks, carrier, place % LINES)) }
            (band(&scale, checks))
            (days(&scale, account.time_zone))
        }
        ul.legend {
            @for (place, carrier) in carriers.iter().enumerate() {
                li { svg width="34" height="14" aria-hidden="true" {
                    path class={ "line line-" (place % LINES) } d="M0 7h34" {}
                    (marker(place % LINES, 17.0, 7.0))
                } (carrier.name) }
            }
            @if let Some(score) = spam_score_min {
                li { svg width="34" height="14" aria-hidden="true" { path.spam d="M0 7h34" {} } "spam from " (score) " up" }
            }
        }
    }
}

/// Time from left to right.
struct Scale {
    from: Timestamp,
    to: Timestamp,
}

impl Scale {
    fn x(&self, at: Timestamp) -> f64 {
        let part = (at.saturating_sub(self.from)) as f64 / (self.to - self.from) as f64;
        tenths(LEFT + part.min(1.0) * (RIGHT - LEFT))
    }
}

fn y(score: u8) -> f64 {
    tenths(SCORES.1 - f64::from(score) / 100.0 * (SCORES.1 - SCORES.0))
}

/// Rounded to a tenth, which is finer than any screen.
pub(super) fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn grid(spam_score_min: Option<u8>) -> Markup {
    html! {
        @for score in [0, 50, 100] {
            path.grid d={ "M" (LEFT) " " (y(score)) "H" (RIGHT) } {}
            text.scale x=(LEFT - 6.0) y=(y(score) + 4.0) text-anchor="end" { (score) }
        }
        @if let Some(score) = spam_score_min { path.spam d={ "M" (LEFT) " " (y(score)) "H" (RIGHT) } {} }
    }
}

/// The line breaks where the carrier did not answer or had no data.
fn line(scale: &Scale, checks: &[NumberCheck], carrier: &Carrier, place: usize) -> Markup {
    let score = |check: &NumberCheck| {
        let answer = check.answers.iter().find(|answer| answer.carrier == carrier.id)?;
        Some((scale.x(check.at), y(answer.score?), answer.score?, answer.label.clone()))
    };
    let scores: Vec<_> = checks.iter().map(score).collect();
    let (mut path, mut is_drawing) = (String::new(), false);
    for point in &scores {
        if let Some((x, y, ..)) = point {
            path += &format!("{}{x} {y}", if is_drawing { "L" } else { "M" });
        }
        is_drawing = point.is_some();
    }
    html! {
        path class={ "line line-" (place) } d=(path) {}
        @for (x, y, score, label) in scores.into_iter().flatten() {
            g { title { (carrier.name) ": " (score) @if let Some(label) = &label { " " (label) } } (marker(place, x, y)) }
        }
    }
}

fn marker(place: usize, x: f64, y: f64) -> Markup {
    let class = format!("marker marker-{place}");
    let translate = format!("translate({x} {y})");
    html! {
        @match place % 3 {
            0 => circle class=(class) transform=(translate) r="3.2" {},
            1 => rect class=(class) transform=(translate) x="-3" y="-3" width="6" height="6" {},
            _ => path class=(class) transform=(translate) d="M0-4 3.800 2.800h-7.600z" {},
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
    let ends = spans.iter().skip(1).map(|(at, _)| *at).chain([scale.to]).collect::<Vec<_>>();
    html! {
        @for ((from, status), to) in spans.iter().zip(ends) {
            @let (x, width, label) = (scale.x(*from), tenths(scale.x(to) - scale.x(*from)).max(2.0), status_label(*status));
            g {
                title { (label) }
                rect class={ "band " (status.name()) } x=(x) y=(BAND) width=(width) height=(BAND_HEIGHT) {}
                @if width > 7.0 * label.len() as f64 + 8.0 { text.on-band x=(x + 5.0) y=(BAND + 14.0) { (label) } }
            }
        }
    }
}

/// Day labels, six at most.
fn days(scale: &Scale, zone: Zone) -> Markup {
    let days = (scale.to - scale.from).div_ceil(86_400);
    let step = days.div_ceil(5).max(1) * 86_400;
    let labels = (0..).map(|place| scale.from + place * step).take_while(|at| *at <= scale.to);
    html! {
        @for at in labels {
            @let x = scale.x(at);
            path.grid d={ "M" (x) " " (BAND + BAND_HEIGHT) "v5" } {}
            text.scale x=(x) y=(HEIGHT - 6.0) text-anchor=(if x > RIGHT - 20.0 { "end" } else if x < LEFT + 20.0 { "start" } else { "middle" }) {
                (utc(at).with_timezone(&zone).format("%-d %b"))
            }
        }
    }
}
