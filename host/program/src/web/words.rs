//! Figures, times and answers as the pages say them.

use chrono::Datelike;
use dialguard::calendar::{Tz, rfc3339, utc};
use dialguard::contract::{Answer, Outcome, PhoneNumber, SlotId, Status, Timestamp};
pub use dialguard_dialer::prices::dollars;
use dialguard_dialer::prices::price_cents;
use maud::{Markup, html};

/// What so many blocks cost a month.
pub fn price(blocks: u32) -> String {
    dollars(price_cents(blocks))
}

/// 100,000 rather than 100000.
pub fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut told = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            told.push(',');
        }
        told.push(digit);
    }
    told
}

/// `1 number`, `3 numbers`.
pub fn count(count: u64, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{} {one}s", thousands(count)) }
}

/// The local date, such as `1 December`; with its year where that is not the present one.
pub fn date(at: Timestamp, zone: Tz, now: Timestamp) -> String {
    let [at, now] = [at, now].map(|instant| utc(instant).with_timezone(&zone));
    let format = if at.year() == now.year() { "%-d %B" } else { "%-d %B %Y" };
    at.format(format).to_string()
}

/// The local time to the minute, readable for programs too.
pub fn moment(at: Timestamp, zone: Tz) -> Markup {
    let local = utc(at).with_timezone(&zone);
    html! { time datetime=(rfc3339(at)) { (local.format("%-d %b %Y, %H:%M")) } }
}

/// Days that begin until then, the one under way included.
pub fn days_until(until: Timestamp, now: Timestamp) -> u64 {
    until.saturating_sub(now).div_ceil(86_400)
}

/// A number in E.164.
pub fn e164(number: PhoneNumber) -> String {
    format!("+{number}")
}

/// `slot 7`, `slots 2, 4 and 7`, or how many where they are too many to name.
pub fn slots(slots: &[SlotId]) -> String {
    match slots {
        [only] => format!("slot {only}"),
        [others @ .., last] if others.len() < 10 => {
            let others: Vec<_> = others.iter().map(SlotId::to_string).collect();
            format!("slots {} and {last}", others.join(", "))
        }
        _ => count(slots.len() as u64, "slot"),
    }
}

/// The name of an event's kind or of a state, `turned-flagged` as `Turned flagged`.
pub fn kind_name(kind: &str) -> String {
    capital(&kind.replace('-', " "))
}

/// With a capital letter first.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// The status of that name.
pub fn status_of_name(name: &str) -> Option<Status> {
    Status::ALL.into_iter().find(|status| status.name() == name)
}

/// Why a number was refused, and what to do next.
pub fn refusal(outcome: &Outcome, zone: Tz, now: Timestamp) -> String {
    let until = outcome.until.map(|until| date(until, zone, now));
    match (outcome.answer, until) {
        (Answer::Accepted, _) => "done".into(),
        (Answer::AddOnOff, _) => "the add-on is off; switch it on first".into(),
        (Answer::NotOwned, _) => "not a number of this account; import it first".into(),
        (Answer::AlreadyMonitored, _) => "monitored already".into(),
        (Answer::NotMonitored, _) => "not monitored".into(),
        (Answer::NoFreeSlot, Some(until)) => format!("no free slot; one frees on {until}, or add a block"),
        (Answer::NoFreeSlot, None) => "no free slot; add a block".into(),
        (Answer::SlotWouldLock, until) => {
            format!("its slot would stay locked until {}; replacing keeps it", until.unwrap_or_default())
        }
        (Answer::NoCleanCandidate, _) => "no candidate is rated clean; import more candidates".into(),
        (Answer::ReplacementPending, _) => "its replacement is under way".into(),
        (Answer::SlotsInUse, _) => "more numbers are monitored than that many blocks hold; stop some first".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_easily() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(dollars(4_900), "$49.00");
        assert_eq!(dollars(123_456_705), "$1,234,567.05");
        assert_eq!(slots(&[7]), "slot 7");
        assert_eq!(slots(&[2, 4, 7]), "slots 2, 4 and 7");
        assert_eq!(slots(&(1..=12).collect::<Vec<_>>()), "12 slots");
    }

    #[test]
    fn a_lock_ends_on_a_local_date() {
        // 2026-12-01T05:00:00Z is midnight in New York; it is eight days later, the first of them under way.
        let (now, until) = (1_795_500_000, 1_796_101_200);
        assert_eq!(date(until, chrono_tz::America::New_York, now), "1 December");
        assert_eq!(date(until, chrono_tz::America::New_York, now + 86_400 * 60), "1 December 2026");
        assert_eq!(days_until(until, now), 7);
        assert_eq!(days_until(until, until), 0);
    }
}
