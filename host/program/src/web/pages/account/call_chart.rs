//! How calls from a number went: a bar for each day's calls, the answered part of it filled, and the answer rate as a line.

use super::chart::{LEFT, RIGHT, WIDTH, tenths};
use crate::words::{answer_rate, calls_in_words, thousands};
use chrono::NaiveDate;
use dialguard::contract::CallTotals;
use dialguard_dialer::ledger::CallDay;
use maud::{Markup, html};

/// The vertical range of the bars: the most calls of a day at the top, none at the bottom.
const TOP: f64 = 12.0;
const BOTTOM: f64 = 112.0;
const HEIGHT: f64 = 132.0;

/// Days with a label, at most.
const LABELS_MAX: i64 = 6;

/// The section about calls of a number's page.
pub fn calls(days: &[CallDay], recent: &CallTotals, account: &CallTotals, import: Option<&str>) -> Markup {
    html! {
        section.panel.history aria-labelledby="calls" {
            h2 #calls { "Calls" }
            @if days.is_empty() {
                p.quiet { "Nothing is known of its calls. " @if let Some(import) = import { a href=(import) { "Import calls" } "." } }
            } @else {
                p { "Past 3 days: " (calls_in_words(recent)) ". The account: " (answer_rate(account)) " answered." }
                (chart(days))
                (table(days))
            }
        }
    }
}

fn chart(days: &[CallDay]) -> Markup {
    let (Some(first), Some(last)) = (days.first(), days.last()) else { return html! {} };
    let most = days.iter().map(|day| day.calls.attempts).max().unwrap_or(0).max(1);
    let scale = Scale { first: first.date, days: (last.date - first.date).num_days() + 1, most };
    let label = format!(
        "Calls of each day from {} to {}, at most {}, and the part that was answered. The table has the same data.",
        first.date.format("%-d %B"),
        last.date.format("%-d %B"),
        thousands(most)
    );
    html! {
        svg.picture viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label=(label) {
            @for (y, label) in [(TOP, most), (BOTTOM, 0)] {
                path.grid d={ "M" (LEFT) " " (y) "H" (RIGHT) } {}
                text.scale x=(LEFT - 6.0) y=(y + 4.0) text-anchor="end" { (thousands(label)) }
            }
            @for day in days { (scale.bar(day)) }
            path class="line line-1" d=(scale.rates(days)) {}
            (scale.labels())
        }
        ul.legend {
            li { svg width="14" height="14" aria-hidden="true" { rect.called width="14" height="14" {} } "calls" }
            li { svg width="14" height="14" aria-hidden="true" { rect.answered width="14" height="14" {} } "answered" }
            li { svg width="34" height="14" aria-hidden="true" { path class="line line-1" d="M0 7h34" {} } "answer rate, 100 % at the top" }
        }
    }
}

/// Days from left to right, calls from the bottom up.
struct Scale {
    first: NaiveDate,
    days: i64,
    most: u64,
}

impl Scale {
    fn width(&self) -> f64 {
        (RIGHT - LEFT) / self.days as f64
    }

    fn x(&self, date: NaiveDate) -> f64 {
        LEFT + (date - self.first).num_days() as f64 * self.width()
    }

    fn bar(&self, CallDay { date, calls }: &CallDay) -> Markup {
        let (x, width) = (tenths(self.x(*date) + self.width() * 0.1), tenths(self.width() * 0.8));
        let height = |calls: u64| tenths(calls as f64 / self.most as f64 * (BOTTOM - TOP));
        let (made, answered) = (height(calls.attempts), height(calls.answered));
        html! {
            g {
                title { (date.format("%-d %B")) ": " (calls_in_words(calls)) }
                rect.called x=(x) y=(BOTTOM - made) width=(width) height=(made) {}
                rect.answered x=(x) y=(BOTTOM - answered) width=(width) height=(answered) {}
            }
        }
    }

    /// The line breaks where a day has no calls.
    fn rates(&self, days: &[CallDay]) -> String {
        let (mut path, mut drawn) = (String::new(), None);
        for CallDay { date, calls } in days.iter().filter(|day| day.calls.attempts > 0) {
            let rate = calls.answered as f64 / calls.attempts as f64;
            let (x, y) = (tenths(self.x(*date) + self.width() / 2.0), tenths(BOTTOM - rate * (BOTTOM - TOP)));
            let follows = drawn.is_some_and(|before: NaiveDate| before.succ_opt() == Some(*date));
            path += &format!("{}{x} {y}", if follows { "L" } else { "M" });
            if !follows {
                path += "h0.1";
            }
            drawn = Some(*date);
        }
        path
    }

    fn labels(&self) -> Markup {
        let step = (self.days + LABELS_MAX - 1) / LABELS_MAX;
        let dates = self.first.iter_days().take(self.days as usize).step_by(step.max(1) as usize);
        html! {
            @for date in dates {
                text.scale x=(tenths(self.x(date) + self.width() / 2.0)) y=(HEIGHT - 6.0) text-anchor="middle" { (date.format("%-d %b")) }
            }
        }
    }
}

/// The chart's data, for exact values and for users who cannot see the chart.
fn table(days: &[CallDay]) -> Markup {
    html! {
        details {
            summary { "Show as a table" }
            div.wide { table {
                thead { tr {
                    th { "Date" }
                    @for title in ["Calls", "Answered", "Answer rate", "Short", "Blocked"] { th.figure { (title) } }
                } }
                tbody { @for CallDay { date, calls } in days.iter().rev() {
                    tr {
                        td { (date) }
                        @for figure in [calls.attempts, calls.answered] { td.figure { (thousands(figure)) } }
                        td.figure { (answer_rate(calls)) }
                        @for figure in [calls.short, calls.blocked] { td.figure { (thousands(figure)) } }
                    }
                } }
            } }
        }
    }
}
