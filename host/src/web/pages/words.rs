//! Figures and times as people read them.

use crate::calendar::{Tz, rfc3339, utc};
use crate::contract::Timestamp;
use maud::{Markup, html};

/// Cents as dollars.
pub fn dollars(cents: u64) -> String {
    format!("${}.{:02}", cents / 100, cents % 100)
}

/// `1 number`, `2 numbers`.
pub fn count(count: impl Into<u64>, what: &str) -> String {
    let count = count.into();
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// A time at the account's place, and in full for whoever asks.
pub fn time(at: Timestamp, zone: Tz) -> Markup {
    let there = utc(at).with_timezone(&zone);
    html! { time datetime=(rfc3339(at)) title=(rfc3339(at)) { (there.format("%-d %b %Y, %H:%M").to_string()) } }
}

/// The date of it.
pub fn date(at: Timestamp, zone: Tz) -> Markup {
    let there = utc(at).with_timezone(&zone);
    html! { time datetime=(rfc3339(at)) title=(rfc3339(at)) { (there.format("%-d %b %Y").to_string()) } }
}

/// The date of it, of this month or the one before.
pub fn day(at: Timestamp, zone: Tz) -> Markup {
    let there = utc(at).with_timezone(&zone);
    html! { time datetime=(rfc3339(at)) title=(rfc3339(at)) { (there.format("%-d %b").to_string()) } }
}

/// `turned-flagged` as `Turned flagged`.
pub fn name(kebab: &str) -> String {
    let words = kebab.replace('-', " ");
    let mut letters = words.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
