//! How an account's numbers were rated on past local dates: a column for each, stacked by status.

use super::{Columns, key, label, stacked};
use crate::words::thousands;
use chrono::NaiveDate;
use dialguard_dialer::ledger::RatedDay;
use maud::{Markup, html};

/// The vertical range of the columns, and the height of the picture, in pixels.
const TOP: f64 = 4.0;
const BOTTOM: f64 = 84.0;
const HEIGHT: f64 = 100.0;

/// Columns between labels.
const LABEL_EVERY: usize = 8;

/// Nothing if none of these days has a rating. Today is the last.
pub fn rated_days(days: &[RatedDay]) -> Markup {
    let most = days.iter().map(total).max().unwrap_or(0);
    if most == 0 {
        return html! {};
    }
    let columns = Columns(days.len());
    html! {
        section.panel.rated-days aria-labelledby="past-days" {
            h2 #past-days { "Past " (days.len()) " days" }
            svg.picture width="100%" height=(HEIGHT) role="img" aria-label=(in_short(days)) {
                line.grid x1="0" x2="100%" y1=(BOTTOM) y2=(BOTTOM) {}
                @for (place, day) in days.iter().enumerate() { (column(columns, place, day, most)) }
                @for place in (0..days.len()).rev().step_by(LABEL_EVERY) {
                    (label(columns.middle(place), HEIGHT - 3.0, &labelled(days, place)))
                }
            }
            ul.legend {
                (key("flagged", "flagged")) (key("at-risk", "at risk")) (key("clean", "clean"))
                @if days.iter().any(|day| day.not_rated > 0) { (key("not-rated", "not rated")) }
            }
            div.unseen { (table(days)) }
        }
    }
}

fn total(day: &RatedDay) -> u64 {
    u64::from(day.rated()) + u64::from(day.not_rated)
}

/// What needs attention stands on the ground line, where days can be compared.
fn column(columns: Columns, place: usize, day: &RatedDay, most: u64) -> Markup {
    let parts = [day.flagged, day.at_risk, day.clean, day.not_rated].map(u64::from);
    let stack = stacked(parts, most, (TOP, BOTTOM));
    let ((x, width), (left, whole)) = (columns.bar(place), columns.whole(place));
    html! {
        g {
            title { (in_words(day)) }
            rect.hit x=(left) width=(whole) y="0" height=(BOTTOM) {}
            @for (class, (y, height)) in ["flagged", "at-risk", "clean", "not-rated"].into_iter().zip(stack) {
                @if height > 0.0 { rect class=(class) x=(x) width=(width) y=(y) height=(height) {} }
            }
        }
    }
}

fn labelled(days: &[RatedDay], place: usize) -> String {
    if place + 1 == days.len() { "today".into() } else { short(days[place].date) }
}

fn short(date: NaiveDate) -> String {
    date.format("%-d %b").to_string()
}

/// `3 March: 2 flagged, 1 at risk, 12 clean`.
fn in_words(day: &RatedDay) -> String {
    let date = day.date.format("%-d %B");
    if day.rated() == 0 {
        return format!("{date}: no number was rated");
    }
    let counts =
        [(day.flagged, "flagged"), (day.at_risk, "at risk"), (day.clean, "clean"), (day.not_rated, "not rated")];
    let counts = counts.into_iter().filter(|(count, what)| *count > 0 || ["flagged", "clean"].contains(what));
    let counts: Vec<String> = counts.map(|(count, what)| format!("{} {what}", thousands(count.into()))).collect();
    format!("{date}: {}", counts.join(", "))
}

fn in_short(days: &[RatedDay]) -> String {
    let rated: Vec<&RatedDay> = days.iter().filter(|day| day.rated() > 0).collect();
    let latest = rated.last().map(|day| in_words(day)).unwrap_or_default();
    format!(
        "How numbers were rated on each of the past {} days, {} of them with ratings. The latest is {latest}. A table has the \
         figures.",
        days.len(),
        rated.len()
    )
}

fn table(days: &[RatedDay]) -> Markup {
    html! {
        table {
            caption { "Numbers as they were rated on each day" }
            thead { tr { @for title in ["Date", "Clean", "At risk", "Flagged", "Not rated"] { th scope="col" { (title) } } } }
            tbody { @for day in days {
                tr {
                    th scope="row" { (day.date) }
                    @if day.rated() == 0 { td colspan="4" { "no number was rated" } }
                    @else { @for count in [day.clean, day.at_risk, day.flagged, day.not_rated] { td { (thousands(count.into())) } } }
                }
            } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(date: &str, clean: u32, at_risk: u32, flagged: u32, not_rated: u32) -> RatedDay {
        RatedDay { date: date.parse().expect("a date"), clean, at_risk, flagged, not_rated }
    }

    #[test]
    fn a_day_is_said_in_words() {
        for (day, expected) in [
            (day("2026-03-01", 12, 0, 0, 0), "1 March: 0 flagged, 12 clean"),
            (day("2026-03-02", 1_200, 3, 2, 4), "2 March: 2 flagged, 3 at risk, 1,200 clean, 4 not rated"),
            (day("2026-03-03", 0, 0, 0, 0), "3 March: no number was rated"),
        ] {
            assert_eq!(in_words(&day), expected);
        }
    }

    /// Each status of each day with a rating is drawn once, and a day without is a gap.
    #[test]
    fn every_figure_is_drawn_and_in_the_table() {
        let days = [day("2026-03-01", 12, 0, 0, 0), day("2026-03-02", 0, 0, 0, 0), day("2026-03-03", 9, 1, 2, 3)];
        let drawn = rated_days(&days).into_string();
        for (class, times) in [("clean", 2), ("at-risk", 1), ("flagged", 1), ("not-rated", 1), ("hit", 3)] {
            let found = drawn.matches(&format!("<rect class=\"{class}\" x=\"")).count();
            // The legend has one of each, at a place of its own.
            let in_legend = usize::from(class != "hit");
            assert_eq!(found, times + in_legend, "{class}");
        }
        assert!(drawn.contains("<th scope=\"row\">2026-03-03</th><td>9</td><td>1</td><td>2</td><td>3</td>"));
        assert!(drawn.contains("<th scope=\"row\">2026-03-02</th><td colspan=\"4\">no number was rated</td>"));
        assert_eq!(rated_days(&days[1..2]).into_string(), "");
    }
}
