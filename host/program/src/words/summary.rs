//! What came of a request, in words: counted, and why something was not done.

use super::{Surface, refusal, thousands};
use dialguard_dialer::dialguard::{Summary, WhyNot};

/// `120 done, 14 not done, 3 under way`.
pub fn summary_in_words(summary: &Summary) -> String {
    let counts =
        [(summary.done.len(), "done"), (summary.not_done_count(), "not done"), (summary.under_way.len(), "under way")];
    let said = counts.into_iter().filter(|(count, what)| *count > 0 || *what == "done");
    said.map(|(count, what)| format!("{} {what}", thousands(count as u64))).collect::<Vec<_>>().join(", ")
}

/// Why a request was not done for a number, and the next step if there is one.
pub fn why_not_in_words(why: WhyNot, surface: Surface) -> String {
    match (why, surface) {
        (WhyNot::Refused(outcome), _) => refusal(&outcome, surface),
        (WhyNot::NotAsked, _) => "not asked about".into(),
        (WhyNot::Abandoned, Surface::Dashboard { .. }) => "its order was abandoned, and Activity says why".into(),
        (WhyNot::Abandoned, Surface::CommandLine) => {
            "its order was abandoned, and `dialguard events ID` says why".into()
        }
        (WhyNot::Abandoned, Surface::Api) => "its order was abandoned, and its events say why".into(),
    }
}
