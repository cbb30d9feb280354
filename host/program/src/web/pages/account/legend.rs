//! The panel behind the question mark beside 'Reputation': what each mark means.

use crate::web::pages::layout::icon;
use crate::words::{MarkMeaning, legend};
use dialguard_dialer::ledger::AccountProfile;
use dialguard_dialer::policies::Live;
use maud::{Markup, html};

/// The question mark, which opens the panel and closes it. Escape closes it too.
pub fn question_mark() -> Markup {
    html! { button.help type="button" popovertarget="marks" aria-label="What the marks mean" { "?" } }
}

/// The panel.
pub fn panel(live: &Live, account: &AccountProfile) -> Markup {
    html! {
        div #marks.marks popover aria-labelledby="marks-title" role="dialog" {
            h3 #marks-title { "What the marks mean" }
            dl {
                @for mark in legend(live, account) {
                    dt { (sign(&mark)) }
                    dd { (mark.meaning) }
                }
            }
            p { "'Status since' is when the number got its status. Figures are those of this account's settings and the active policy." }
            p { a href="/guide/numbers-and-money#what-the-marks-mean" { "More in the guide" } }
        }
    }
}

fn sign(mark: &MarkMeaning) -> Markup {
    html! {
        @match mark.name {
            "dash" => { span.quiet { "– " span { (mark.label) } } }
            "suspect" | "resting" => span.quiet { (mark.label) },
            "stale" => span.mark.stale { (icon("clean")) span { "clean" } " " small { (mark.label) } },
            "checking" => span.mark.pending.checking { (icon("pending")) span { (mark.label) } },
            name => span class={ "mark " (name) } { (icon(name)) span { (mark.label) } },
        }
    }
}
