//! How calls from a number went, in words and by day. Its history has the picture.

use crate::words::{answer_rate, calls_in_words, thousands};
use dialguard::contract::CallTotals;
use dialguard_dialer::ledger::CallDay;
use maud::{Markup, html};

/// The section about calls of a number's page.
pub fn calls(days: &[CallDay], recent: &CallTotals, account: &CallTotals, import: Option<&str>) -> Markup {
    html! {
        section.panel.history aria-labelledby="calls" {
            h2 #calls { "Calls" }
            @if days.is_empty() {
                p.quiet { "Nothing is known of its calls. " @if let Some(import) = import { a href=(import) { "Import calls" } "." } }
            } @else {
                p { "Past 3 days: " (calls_in_words(recent)) ". The account: " (answer_rate(account)) " answered." }
                (table(days))
            }
        }
    }
}

/// The picture's data, for exact values and for users who cannot see it.
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
