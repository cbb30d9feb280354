//! How well an account is watched, in words.

use super::{Steps, Surface, count, thousands};
use chrono::{Days, NaiveDate};
use dialguard::calendar::rfc3339;
use dialguard::contract::Timestamp;
use dialguard_dialer::ledger::{Checks, MarkCounts, RatedDay, SourceDays, SourceHealth, SourceState, Trouble};

/// What keeps numbers from being rated: `Not checked since 24 November: no source answers.`
pub fn trouble_in_words(trouble: Trouble, marks: &MarkCounts, surface: Surface) -> String {
    let unchecked = match marks.last_rated_at {
        Some(at) => format!("Not checked since {}", surface.until(at)),
        None => "Not checked yet".into(),
    };
    match trouble {
        Trouble::NoSource if marks.unrated() == 0 => "No source is configured: nothing is checked any more.".into(),
        Trouble::NoSource => format!("{unchecked}: no source is configured."),
        Trouble::NoAnswer { circuit_open_until: None } => format!("{unchecked}: no source answers."),
        Trouble::NoAnswer { circuit_open_until: Some(until) } => {
            format!("{unchecked}: no source answers. After repeated failures one is asked again at {}.", rfc3339(until))
        }
        Trouble::NotMade => format!("{unchecked}: no check was made."),
        Trouble::TooFewOpinions => format!("{unchecked}: too few carriers have a recent opinion."),
        Trouble::PartlyRated => format!(
            "{} of {} monitored numbers have no rating of the latest check.",
            thousands(marks.unrated().into()),
            thousands(marks.monitored.into())
        ),
    }
}

/// What to do about it.
pub fn trouble_steps(trouble: Trouble) -> Steps {
    let (command, dashboard) = match trouble {
        Trouble::NoSource => ("add one with `dialguard sources add`", "How to add a source"),
        Trouble::NoAnswer { .. } | Trouble::PartlyRated => (
            "`dialguard events ID` says what went wrong, `dialguard sources test NAME NUMBER` tries one",
            "What went wrong",
        ),
        Trouble::NotMade => ("start `dialguard serve`, or run `dialguard review`", "How checks are made"),
        Trouble::TooFewOpinions => ("add sources, or change `rating-carriers-min`", "Settings"),
    };
    Steps { command: Some(command), dashboard: Some(dashboard), request: None }
}

/// How a source does: `answered, 12 of 12 numbers rated`.
pub fn source_in_words(source: &SourceHealth, monitored: u32, surface: Surface) -> String {
    let of = count(monitored.into(), "number");
    let state = match &source.state {
        SourceState::Answered { .. } => format!("answered, {} of {of} rated", thousands(source.rated.into())),
        SourceState::Failed { since, why } => format!("failed since {}: {why}", surface.until(*since)),
        SourceState::Silent => "no answer so far".into(),
    };
    match source.circuit_open_until {
        Some(until) => format!("{state}; not asked again before {}", rfc3339(until)),
        None => state,
    }
}

/// Local dates, today's included, of which it is said how many numbers a source scored.
const ANSWERED_DAYS: u64 = 14;

/// How many numbers a source scored lately, and how many it was asked about.
pub fn answered_in_days(days: &SourceDays, today: NaiveDate) -> (u64, u64) {
    days.answered_since(today - Days::new(ANSWERED_DAYS - 1))
}

/// The same: `98.5 % in 14 days`; none if it was not asked.
pub fn answered_in_words(days: &SourceDays, today: NaiveDate) -> Option<String> {
    let (answered, asked) = answered_in_days(days, today);
    // Rounded down: what is not all is not 100 %.
    let tenths = answered.saturating_mul(1_000).checked_div(asked)?;
    let percent = if tenths % 10 == 0 { (tenths / 10).to_string() } else { format!("{}.{}", tenths / 10, tenths % 10) };
    Some(format!("{percent} % in {ANSWERED_DAYS} days"))
}

/// The days as rows of a table for a terminal, with a dash where nothing was rated.
pub fn rated_days_in_rows(days: &[RatedDay]) -> impl Iterator<Item = [String; 5]> {
    days.iter().map(|day| {
        let counts = [day.clean, day.at_risk, day.flagged, day.not_rated];
        let [clean, at_risk, flagged, not_rated] = counts.map(|count| match day.rated() {
            0 => "–".to_owned(),
            _ => thousands(count.into()),
        });
        [day.date.to_string(), clean, at_risk, flagged, not_rated]
    })
}

/// The checks as lines for a terminal.
pub fn checks_in_words(checks: &Checks, now: Timestamp) -> String {
    let Checks { marks, next_at, sources, trouble } = checks;
    let last = marks.last_rated_at.map_or("never".into(), rfc3339);
    let next = match next_at {
        None => "none, the add-on is off".into(),
        Some(at) if *at <= now => "due now".into(),
        Some(at) => rfc3339(*at),
    };
    let mut text = format!("Last check: {last}; next check: {next}\n");
    for source in sources {
        text += &format!("  {}: {}\n", source.name, source_in_words(source, marks.monitored, Surface::CommandLine));
    }
    if marks.stale > 0 {
        text +=
            &format!("{} of {} marks are stale\n", thousands(marks.stale.into()), thousands(marks.monitored.into()));
    }
    if let Some(trouble) = trouble {
        text += &format!("! {}\n", trouble_in_words(*trouble, marks, Surface::CommandLine));
        text += &trouble_steps(*trouble).command.map_or(String::new(), |step| format!("hint: {step}\n"));
    }
    text
}

/// How old something of `at` is: `3 days old`; `30 hours old` within the first two days.
pub fn age_in_words(at: Timestamp, now: Timestamp) -> String {
    const HOUR: u64 = 60 * 60;
    let age = now.saturating_sub(at);
    match age / HOUR {
        hours @ ..48 => format!("{} old", count(hours, "hour")),
        hours => format!("{} old", count(hours / 24, "day")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Trouble::*;

    #[test]
    fn trouble_says_since_when_and_why() {
        let (never, marks) = (
            MarkCounts { monitored: 12, ..MarkCounts::default() },
            MarkCounts { monitored: 12, stale: 12, last_rated_at: Some(0), ..MarkCounts::default() },
        );
        let half = MarkCounts { monitored: 12, current: 6, stale: 6, last_rated_at: Some(0), ..MarkCounts::default() };
        let all = MarkCounts { monitored: 12, current: 12, last_rated_at: Some(0), ..MarkCounts::default() };
        let dashboard = Surface::Dashboard { zone: "UTC".parse().expect("a zone"), now: 0 };
        for (trouble, marks, expected) in [
            (NoSource, &never, "Not checked yet: no source is configured."),
            (NoSource, &marks, "Not checked since 1 January: no source is configured."),
            (NoSource, &all, "No source is configured: nothing is checked any more."),
            (NoAnswer { circuit_open_until: None }, &marks, "Not checked since 1 January: no source answers."),
            (NotMade, &marks, "Not checked since 1 January: no check was made."),
            (TooFewOpinions, &marks, "Not checked since 1 January: too few carriers have a recent opinion."),
            (PartlyRated, &half, "6 of 12 monitored numbers have no rating of the latest check."),
        ] {
            assert_eq!(trouble_in_words(trouble, marks, dashboard), expected);
        }
    }

    #[test]
    fn ages_are_in_hours_and_then_in_days() {
        const HOUR: u64 = 3_600;
        for (hours, expected) in
            [(0, "0 hours old"), (1, "1 hour old"), (47, "47 hours old"), (48, "2 days old"), (95, "3 days old")]
        {
            assert_eq!(age_in_words(5, 5 + hours * HOUR), expected);
        }
    }
}
