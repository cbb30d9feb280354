//! What happened to an account, in sentences: one for each entry of its story, and one for each step.

use super::{capital, count, date, dollars, e164, kind_name, thousands};
use chrono::{DateTime, NaiveDate};
use dialguard::calendar::utc;
use dialguard::contract::{PhoneNumber, ReplacementReason, Timestamp};
use dialguard_dialer::ledger::{BillLine, Event, EventKind, Order, OrderState, ReviewFigures, StoryEntry, Subject};
use dialguard_dialer::zones::Zone;
use std::fmt::Write;

/// What an entry is about, in a sentence without its actor.
pub fn headline(entry: &StoryEntry, zone: Zone) -> String {
    match &entry.subject {
        Subject::Replacement(order) => replacement_in_words(order, &entry.steps),
        Subject::Review(review) => review_in_words(review, entry, zone),
        Subject::Request | Subject::Alike => match number_of_all(&entry.steps) {
            Some(number) => {
                let counts = counts_in_words(entry);
                let said: Vec<&str> = counts.iter().map(|counted| of_one(counted)).collect();
                format!("{}: {}", e164(number), said.join(", "))
            }
            None => capital(&counts_in_words(entry).join(", ")),
        },
        Subject::Single => entry.steps.first().map_or(String::new(), |event| sentence(event, zone)),
    }
}

/// The number that all of these happened to, if it is one.
fn number_of_all(steps: &[Event]) -> Option<PhoneNumber> {
    let number = steps.first()?.number?;
    steps.iter().all(|step| step.number == Some(number)).then_some(number)
}

/// What is said of a count of 1, behind the number itself.
fn of_one(counted: &str) -> &str {
    counted.strip_prefix("1 number ").or_else(|| counted.strip_prefix("1 ")).unwrap_or(counted)
}

/// `flagged → ordered → swapped`, behind what was replaced by what.
fn replacement_in_words(order: &Order, steps: &[Event]) -> String {
    let [number, replacement] = [order.number, order.replacement].map(e164);
    let happened = |kind: EventKind| steps.iter().any(|step| step.kind == kind.name());
    let mut stages = vec![match order.why {
        ReplacementReason::Requested => "asked for".to_owned(),
        ReplacementReason::Flagged if happened(EventKind::NumberSuspect) => "suspect".to_owned(),
        ReplacementReason::Flagged => "flagged".to_owned(),
    }];
    stages.push("ordered".into());
    if let (Some(cents), true) = (order.price_cents, happened(EventKind::NumberBought)) {
        stages.push(format!("bought for {}", dollars(cents.into())));
    }
    let (became, last) = match order.state {
        _ if order.has_slot() => ("replaced by", "swapped"),
        OrderState::Abandoned => ("not replaced by", "abandoned"),
        _ if order.hold.is_some() => ("to be replaced by", "held up"),
        _ => ("to be replaced by", "under way"),
    };
    stages.push(last.into());
    format!("{number} {became} {replacement} in slot {}: {}", order.slot, stages.join(" → "))
}

/// `Daily check: 12 of 12 rated, 1 turned flagged`.
fn review_in_words(review: &ReviewFigures, entry: &StoryEntry, zone: Zone) -> String {
    let ReviewFigures { run: _, is_daily, local_date, rated, replacements } = review;
    let mut said = if *is_daily { "Daily check".to_owned() } else { "Extra check".to_owned() };
    if utc(entry.at).with_timezone(&zone).date_naive() != *local_date {
        write!(said, " of {}", local_date.format("%-d %B")).expect("text grows");
    }
    let rated = rated.map(|(rated, monitored)| {
        format!("{} of {} rated", thousands(rated.into()), thousands(monitored.max(rated).into()))
    });
    let mut counts = counts_in_words(entry);
    counts.extend((*replacements > 0).then(|| format!("{} ordered", count((*replacements).into(), "replacement"))));
    let nothing = counts.is_empty().then(|| "nothing changed".to_owned());
    let figures: Vec<String> = rated.into_iter().chain(counts).chain(nothing).collect();
    format!("{said}: {}", figures.join(", "))
}

/// What an entry has several of, the news first.
fn counts_in_words(entry: &StoryEntry) -> Vec<String> {
    const FIRST: [EventKind; 3] = [EventKind::TurnedFlagged, EventKind::TurnedAtRisk, EventKind::TurnedClean];
    let own = |kind: &str| EventKind::named(kind);
    let mut counts: Vec<(&String, u64)> = entry.counts.iter().map(|(kind, count)| (kind, *count)).collect();
    counts.retain(|(kind, _)| own(kind).is_some());
    counts.sort_by_key(|(kind, _)| FIRST.iter().position(|first| Some(*first) == own(kind)).unwrap_or(FIRST.len()));
    let problems_of = |kind: &str| {
        let texts = entry.steps.iter().filter(|step| step.kind == kind).map(|step| step.text.lines().count());
        texts.sum::<usize>() as u64
    };
    let said = counts.into_iter().map(|(kind, many)| match own(kind) {
        // One event has all problems of a review.
        Some(EventKind::CarrierProblem | EventKind::ProviderProblem) => counted(kind, many.max(problems_of(kind))),
        _ => counted(kind, many),
    });
    // A policy's remarks have names of its own.
    let remarks: u64 = entry.counts.iter().filter(|(kind, _)| own(kind).is_none()).map(|(_, count)| count).sum();
    said.chain((remarks > 0).then(|| count(remarks, "notice"))).collect()
}

fn counted(kind: &str, many: u64) -> String {
    let number = || count(many, "number");
    let figure = thousands(many);
    match EventKind::named(kind) {
        Some(EventKind::MonitoringStarted) => format!("{} monitored", number()),
        Some(EventKind::SlotLocked) => format!("{} locked", count(many, "slot")),
        Some(EventKind::Released) => format!("{} left the account", number()),
        Some(EventKind::TurnedFlagged) => format!("{figure} turned flagged"),
        Some(EventKind::TurnedAtRisk) => format!("{figure} turned at risk"),
        Some(EventKind::TurnedClean) => format!("{figure} turned clean"),
        Some(EventKind::NumberSuspect) => format!("{figure} suspect"),
        Some(EventKind::NumberNotSuspect) => format!("{figure} no longer suspect"),
        Some(EventKind::NumberResting) => format!("{figure} out of use"),
        Some(EventKind::NumberInUse) => format!("{figure} used again"),
        Some(EventKind::OfferedAgain) => format!("{figure} ready again"),
        Some(EventKind::RestContinued) => format!("{figure} resting on"),
        Some(EventKind::RestEnded) => format!("{figure} to be given back"),
        Some(EventKind::CarrierProblem) => count(many, "source problem"),
        Some(EventKind::ProviderProblem) => count(many, "provider problem"),
        _ if many == 1 => kind_name(kind).to_lowercase(),
        _ => format!("{figure} × {}", kind_name(kind).to_lowercase()),
    }
}

/// An event in words, with local times, and names of settings as people say them.
pub fn sentence(event: &Event, zone: Zone) -> String {
    spoken_words(&event.text, zone, event.kind == EventKind::AccountChanged.name())
}

/// A line of a bill in words, with local times.
pub fn bill_line_in_words(line: &BillLine, zone: Zone) -> String {
    spoken_words(&line.text, zone, false)
}

fn spoken_words(text: &str, zone: Zone, is_of_settings: bool) -> String {
    let mut is_name = false;
    let words = text.split(' ').map(|word| {
        let spoken = spoken(word, zone, is_of_settings && is_name);
        is_name = word.ends_with([',', ':']);
        spoken
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A word of an event, between the marks around it.
fn spoken(word: &str, zone: Zone, is_name: bool) -> String {
    const MARKS: [char; 6] = ['.', ',', ';', ':', '(', ')'];
    let core = word.trim_matches(MARKS);
    let said = if is_name && core != "add-on" {
        core.replace('-', " ")
    } else if let (true, Ok(time)) = (core.ends_with('Z'), DateTime::parse_from_rfc3339(core)) {
        time.with_timezone(&zone).format("%-d %b %Y, %H:%M").to_string()
    } else if let (10, Ok(date)) = (core.len(), core.parse::<NaiveDate>()) {
        date.format("%-d %b %Y").to_string()
    } else if let Some(number) = core.strip_prefix('+').filter(|digits| digits.len() > 6).and_then(|it| it.parse().ok())
    {
        e164(number)
    } else if core.len() == 64 && core.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        format!("{}…", &core[..8])
    } else {
        return word.to_owned();
    };
    let before = &word[..word.len() - word.trim_start_matches(MARKS).len()];
    format!("{before}{said}{}", &word[before.len() + core.len()..])
}

/// A local time of day.
pub fn time_of_day(at: Timestamp, zone: Zone) -> String {
    utc(at).with_timezone(&zone).format("%H:%M").to_string()
}

/// The same, with its date unless that is the one of the entry it is a step of.
pub fn time_of_step(at: Timestamp, of_entry: Timestamp, zone: Zone) -> String {
    let [at, of_entry] = [at, of_entry].map(|instant| utc(instant).with_timezone(&zone));
    let format = if at.date_naive() == of_entry.date_naive() { "%H:%M" } else { "%-d %b, %H:%M" };
    at.format(format).to_string()
}

/// A local date, such as `Monday, 2 March 2026`.
pub fn day_in_words(at: Timestamp, zone: Zone) -> String {
    format!("{}, {}", utc(at).with_timezone(&zone).format("%A"), date(at, zone, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: &str, text: &str) -> Event {
        Event {
            id: 1,
            at: 0,
            run: None,
            policy: None,
            revision: None,
            kind: kind.into(),
            number: None,
            cents: None,
            text: text.into(),
            actor: None,
            order: None,
        }
    }

    #[test]
    fn an_event_is_told_in_local_times_and_without_ids() {
        let zone: Zone = "America/New_York".parse().expect("a time zone");
        let sha256 = "ab".repeat(32);
        for (kind, text, told) in [
            (
                "slot-locked",
                "+13105550101 left slot 2, which is locked until 2026-04-01T04:00:00Z: monitoring was to stop.",
                "+13105550101 left slot 2, which is locked until 1 Apr 2026, 00:00: monitoring was to stop.",
            ),
            (
                "account-changed",
                "Changed: checks-to-flag from its default (1) to 2, add-on off, review at 06:30.",
                "Changed: checks to flag from its default (1) to 2, add-on off, review at 06:30.",
            ),
            ("reviews-missed", "On 2026-03-09, 1 number was not rated.", "On 9 Mar 2026, 1 number was not rated."),
            ("noted", &format!("The policy ({sha256}) said a-b."), "The policy (abababab…) said a-b."),
        ] {
            assert_eq!(sentence(&event(kind, text), zone), told);
        }
    }

    #[test]
    fn an_entry_counts_what_it_has_several_of() {
        let counts = [("turned-clean", 1_200), ("turned-flagged", 1), ("newly-flagged", 1), ("no-clean-candidate", 2)];
        let entry = StoryEntry {
            subject: Subject::Review(ReviewFigures {
                run: 3,
                is_daily: true,
                local_date: "1970-01-01".parse().expect("a date"),
                rated: Some((1_500, 1_501)),
                replacements: 2,
            }),
            at: 3_600,
            actor: None,
            steps: Vec::new(),
            counts: counts.map(|(kind, many)| (kind.to_owned(), many)).into(),
            cents: None,
        };
        let told = "Daily check: 1,500 of 1,501 rated, 1 turned flagged, 1,200 turned clean, 3 notices, 2 replacements ordered";
        assert_eq!(headline(&entry, Zone::utc()), told);
        let Subject::Review(figures) = &entry.subject else { unreachable!("it is a review") };
        let subject = Subject::Review(ReviewFigures { replacements: 0, ..*figures });
        let quiet = StoryEntry { subject, counts: [].into(), at: 90_000, ..entry };
        assert_eq!(headline(&quiet, Zone::utc()), "Daily check of 1 January: 1,500 of 1,501 rated, nothing changed");
    }
}
