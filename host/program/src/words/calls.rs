//! How calls went, in words.

use super::{column_name, count, delimited, thousands};
use dialguard::calendar::rfc3339;
use dialguard::contract::CallTotals;
use dialguard_dialer::call_file::{CallColumn, CallFile, ImportedCalls, RowKind};
use dialguard_dialer::dialguard::ReadCalls;

/// How a file of calls was read: `UTF-8, separated by commas; single calls; number in column "src", …`.
pub fn recognized_calls(file: &CallFile) -> String {
    let delimiter = match file.format.delimiter {
        Some(delimiter) => format!("{}{}", file.format.encoding, delimited(delimiter)),
        None => format!("{}, JSON", file.format.encoding),
    };
    let rows = match file.kind {
        RowKind::Calls => "single calls, summed to hours",
        RowKind::Hours => "calls by number and hour",
    };
    let columns = file.column_names().into_iter();
    let columns: Vec<String> =
        columns.map(|(what, name)| format!("{} in {}", column(what), column_name(name))).collect();
    format!("{delimiter}; {rows}; {}", columns.join(", "))
}

/// What a column says.
pub fn column(column: CallColumn) -> &'static str {
    match column {
        CallColumn::Number => "number",
        CallColumn::Time => "time",
        CallColumn::Date => "date",
        CallColumn::Hour => "hour",
        CallColumn::Direction => "direction",
        CallColumn::Outcome => "outcome",
        CallColumn::SipCode => "SIP code",
        CallColumn::SipReason => "SIP reason",
        CallColumn::Seconds => "seconds",
        CallColumn::Attempts => "attempts",
        CallColumn::Answered => "answered",
        CallColumn::Short => "short",
        CallColumn::Blocked => "blocked",
    }
}

/// What an import replaces, so that a user gives whole hours.
pub const WHOLE_HOURS: &str =
    "each hour of a number in the file replaces what was known of it; give whole hours, such as a file a day";

/// Calls that came in are not counted; empty if the file has none.
pub fn incoming_calls(file: &CallFile) -> Option<String> {
    let rows = file.incoming_rows as u64;
    (rows > 0).then(|| {
        format!("{} of incoming calls {} not counted", count(rows, "row"), if rows == 1 { "is" } else { "are" })
    })
}

/// How many hours of numbers an import took or, if it was only tried, would take.
pub fn call_counts(outcome: &ImportedCalls, dry_run: bool) -> String {
    let ImportedCalls { new, changed, known, refused, .. } = outcome;
    let taken = count(*new as u64, "new hour");
    let [changed, known] = [*changed, *known].map(|count| thousands(count as u64));
    let refused = count(refused.len() as u64, "row");
    let verb = if dry_run { " would be imported" } else { " imported" };
    format!("{taken}{verb}, {changed} changed, {known} already known; {refused} refused")
}

/// What came of reading a provider's log, in sentences.
pub fn read_calls_in_words(read: &ReadCalls) -> Vec<String> {
    let ReadCalls { provider, new, changed, known, others, unreadable, read_until, problem } = read;
    let [changed, known] = [*changed, *known].map(|count| thousands(count as u64));
    let new = count(*new as u64, "new hour");
    let mut lines = vec![format!("{new} read from {provider}, {changed} changed, {known} already known")];
    lines.extend(read_until.map(|until| format!("calls are known until {}", rfc3339(until))));
    lines.extend((*others > 0).then(|| {
        let are = if *others == 1 { "is" } else { "are" };
        format!("{} from numbers of no account {are} not counted", count(*others, "call"))
    }));
    lines.extend((*unreadable > 0).then(|| {
        let are = if *unreadable == 1 { "is" } else { "are" };
        format!("{} whose time or ending {provider} does not tell {are} not counted", count(*unreadable, "call"))
    }));
    lines.extend(problem.as_ref().map(|problem| format!("ended early: {problem}")));
    lines
}

/// The part of the calls that somebody answered, such as `31.3 %`; a dash without calls.
pub fn answer_rate(calls: &CallTotals) -> String {
    match calls.attempts {
        0 => "–".into(),
        attempts => format!("{:.1} %", calls.answered as f64 * 100.0 / attempts as f64),
    }
}

/// `412 calls, 31.3 % answered, 12 short, 3 blocked`.
pub fn calls_in_words(calls: &CallTotals) -> String {
    if calls.attempts == 0 {
        return "no calls".into();
    }
    let [short, blocked] = [calls.short, calls.blocked].map(thousands);
    format!("{}, {} answered, {short} short, {blocked} blocked", count(calls.attempts, "call"), answer_rate(calls))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_told_by_their_answer_rate() {
        let totals = |attempts, answered| CallTotals { attempts, answered, short: 12, blocked: 3 };
        assert_eq!(calls_in_words(&totals(412, 129)), "412 calls, 31.3 % answered, 12 short, 3 blocked");
        assert_eq!(calls_in_words(&totals(1_000, 1_000)), "1,000 calls, 100.0 % answered, 12 short, 3 blocked");
        assert_eq!((calls_in_words(&totals(0, 0)), answer_rate(&totals(0, 0))), ("no calls".into(), "–".into()));
    }
}
