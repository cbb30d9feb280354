//! What the marks of numbers mean.

use dialguard_dialer::ledger::AccountProfile;
use dialguard_dialer::policies::Live;

/// A mark and its meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkMeaning {
    /// Its name in the style sheet.
    pub name: &'static str,
    /// As users read it.
    pub label: &'static str,
    /// The sign beside it on a terminal.
    pub sign: &'static str,
    /// What it says of a number.
    pub meaning: String,
}

/// Every mark, with the figures of the account's settings under the active policy.
pub fn legend(live: &Live, account: &AccountProfile) -> Vec<MarkMeaning> {
    let setting = |name: &str| live.declaration.value(name, &account.settings);
    let at_least =
        setting("rating-carriers-min").map_or("Too few carriers".into(), |min| format!("Fewer than {min} carriers"));
    let score = setting("spam-score-min")
        .map_or(String::new(), |min| format!(" A carrier flags a number from a score of {min}."));
    let in_a_row = |name: &str| match setting(name) {
        None | Some(1) => String::new(),
        Some(checks) => format!(", in {checks} checks in a row"),
    };
    let mark = |name, label, sign, meaning: String| MarkMeaning { name, label, sign, meaning };
    vec![
        mark("dash", "not monitored", "–", "Nobody checks it. Select it and choose Monitor.".into()),
        mark("checking", "checking", "○", "It was just added, and its first check is under way.".into()),
        mark("pending", "pending", "○", format!("Not rated yet. {at_least} have a recent opinion about it.")),
        mark("clean", "clean", "●", format!("No carrier flags it.{score}")),
        mark("at-risk", "at risk", "▲", "A carrier flags it, though not most of them, or its calls fare badly.".into()),
        mark(
            "flagged",
            "flagged",
            "✖",
            format!(
                "More than half of the carriers with a recent opinion flag it{}. It is cleared once most do not{}.",
                in_a_row("checks-to-flag"),
                in_a_row("checks-to-clear")
            ),
        ),
        mark("suspect", "suspect", " ", "Its calls fare badly: few are answered, or many are blocked on the way.".into()),
        mark("resting", "out of use", " ", "It rests: it is flagged, no clean number is to be had, and the dialer does not use it.".into()),
        mark(
            "stale",
            "3 days old",
            " ",
            "A stale mark: the latest daily check has not rated the number. It says what carriers showed then, not now.".into(),
        ),
    ]
}
