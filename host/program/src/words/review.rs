//! What a check found.

use super::{count, thousands};
use dialguard_dialer::dialguard::{Completion, ReviewOutcome};
use dialguard_dialer::ledger::rated_count;

/// One line: `12 of 12 numbers rated, 1 turned flagged.`, or why none was.
pub fn check_in_words(checked: &ReviewOutcome) -> String {
    let rated = u64::from(rated_count(&checked.plan));
    let due = u64::from(checked.due).max(rated);
    if due == 0 {
        return with_replacements("No number was due for a check: each is rated for today".into(), checked);
    }
    let mut text = format!("{} of {} rated", thousands(rated), count(due, "number"));
    let turned = checked.turned;
    for (numbers, how) in [(turned.flagged, "flagged"), (turned.at_risk, "at risk"), (turned.clean, "clean")] {
        if numbers > 0 {
            text += &format!(", {} turned {how}", thousands(numbers.into()));
        }
    }
    match (rated < due, checked.problems.first()) {
        (true, Some(problem)) => text + &format!(": {}", problem.trim_end_matches('.')) + &more(checked),
        (true, None) if checked.counted_before > 0 => {
            text + ": no source has new observations of the others. They keep their status" + &replaced(checked) + "."
        }
        (true, None) => text + ": too few carriers have an opinion about the others" + &replaced(checked) + ".",
        (false, _) => with_replacements(text, checked),
    }
}

fn more(checked: &ReviewOutcome) -> String {
    match checked.problems.len() {
        0 | 1 => format!("{}.", replaced(checked)),
        problems => format!("{}; {} in all.", replaced(checked), count(problems as u64, "problem")),
    }
}

fn with_replacements(text: String, checked: &ReviewOutcome) -> String {
    let problems = match checked.problems.len() as u64 {
        0 => String::new(),
        problems => format!(" {}; see Activity.", count(problems, "source error")),
    };
    format!("{text}{}.{problems}", replaced(checked))
}

/// What came of replacements that were planned.
fn replaced(checked: &ReviewOutcome) -> String {
    let is_under_way = |order: &&_| matches!(Completion::from(*order), Completion::UnderWay(_));
    let under_way = checked.orders.iter().filter(is_under_way).count() as u64;
    let done = checked.replaced.len() as u64;
    let mut text = String::new();
    if done > 0 {
        text += &format!(", {} replaced", count(done, "number"));
    }
    if under_way > 0 {
        text += &format!(", {} under way", count(under_way, "replacement"));
    }
    text
}
