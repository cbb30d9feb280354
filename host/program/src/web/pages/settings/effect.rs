//! What changed settings would have done in the past 30 days, by the policy itself.

use crate::web::Site;
use crate::web::pages::account::address;
use crate::words::{count, date, dollars, e164};
use dialguard::calendar::Tz;
use dialguard::contract::Timestamp;
use dialguard_dialer::dialguard::DialguardError;
use dialguard_dialer::ledger::AccountProfile;
use dialguard_dialer::policies::effect::{EFFECT_DAYS, Effect, NumberEffect, Tally};
use dialguard_dialer::prices::REPLACEMENT_PRICE_CENTS;
use maud::{Markup, html};
use tokio::sync::Semaphore;

/// Numbers that are named; the rest is in the figures.
const NAMED_MAX: usize = 20;

/// Reviews are made again for so many people at a time: the day's own reviews need the processors too.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// What these settings would have done. Errors: what the policy refuses.
pub async fn effect_of(
    site: &Site,
    account: &AccountProfile,
    settings: &dialguard::contract::Settings,
) -> Result<Effect, DialguardError> {
    let _turn = AT_ONCE.acquire().await.map_err(|error| DialguardError::Internal(error.to_string()))?;
    let dialguard = site.dialguard();
    let since = dialguard.now().saturating_sub(EFFECT_DAYS * 86_400);
    dialguard.effect_of_settings(&account.id, settings, since).await
}

pub fn inputs(account: &AccountProfile, effect: &Effect, now: Timestamp) -> Markup {
    let (Some(since), Some(until)) = (effect.since, effect.until) else {
        return html! { p { "No review of the past " (EFFECT_DAYS) " days is on record, so nothing can be said yet." } };
    };
    html! {
        p { strong { (in_short(effect)) } }
        table {
            thead { tr {
                th scope="col" { "Numbers" } th.figure scope="col" { "As it was" } th.figure scope="col" { "With these" }
            } }
            tbody {
                (row("flagged", &effect.flagged))
                (row("cleared again", &effect.cleared))
                (row("replaced", &effect.replaced))
                tr {
                    th scope="row" { "Replacements" br; "at " (dollars(REPLACEMENT_PRICE_CENTS)) }
                    td.figure { (dollars(u64::from(effect.replaced.as_it_was) * REPLACEMENT_PRICE_CENTS)) }
                    td.figure { (dollars(u64::from(effect.replaced.with_these) * REPLACEMENT_PRICE_CENTS)) }
                }
            }
        }
        (named(account, effect, now))
        p.quiet {
            "The policy made " (count(effect.reviews.into(), "review")) " of " (count(effect.numbers.into(), "number")) " again, from "
            (date(since, account.time_zone, now)) " to " (date(until, account.time_zone, now)) "."
            @if !effect.is_whole { " There was more on record than could be made again in time." }
            @if effect.unknown > 0 { " Some of what it asked was not on record, such as candidates: those are taken as clean." }
        }
        @if let Some((_, why)) = effect.failures.first() {
            p.failed { "In " (count(effect.failures.len() as u64, "review")) " it would have done nothing: " (why) }
        }
    }
}

fn in_short(effect: &Effect) -> String {
    if effect.differences.is_empty() {
        return "Nothing would have been otherwise.".into();
    }
    let cents = effect.cents(REPLACEMENT_PRICE_CENTS);
    let money = match cents {
        0 => "for the same money".to_owned(),
        more if more > 0 => format!("for {} more", dollars(more.unsigned_abs())),
        less => format!("for {} less", dollars(less.unsigned_abs())),
    };
    format!("{} would have fared otherwise, {money}.", count(effect.differences.len() as u64, "number"))
}

fn row(what: &str, tally: &Tally) -> Markup {
    let parts = [(tally.sooner, "sooner"), (tally.later, "later")];
    let parts: Vec<String> =
        parts.iter().filter(|(numbers, _)| *numbers > 0).map(|(numbers, when)| format!("{numbers} {when}")).collect();
    html! {
        tr {
            th scope="row" { (what) }
            td.figure { (tally.as_it_was) }
            td.figure {
                @if tally.with_these == tally.as_it_was { (tally.with_these) } @else { strong { (tally.with_these) } }
                @for part in parts { br; small.quiet { (part) } }
            }
        }
    }
}

fn named(account: &AccountProfile, effect: &Effect, now: Timestamp) -> Markup {
    html! {
        @if !effect.differences.is_empty() {
            details id="effect-numbers" {
                summary { "Number by number" }
                ul { @for fared in effect.differences.iter().take(NAMED_MAX) { li { (one(account, fared, now)) } } }
                @if effect.differences.len() > NAMED_MAX {
                    p.quiet { "And " (effect.differences.len() - NAMED_MAX) " more; `dialguard account set … --dry-run --json` names each." }
                }
            }
        }
    }
}

fn one(account: &AccountProfile, fared: &NumberEffect, now: Timestamp) -> Markup {
    let number = e164(fared.number);
    let (was, with) = (&fared.as_it_was, &fared.with_these);
    let changes = [
        ("flagged", was.flagged_at, with.flagged_at),
        ("cleared", was.cleared_at, with.cleared_at),
        ("replaced", was.replaced_at, with.replaced_at),
    ];
    html! {
        a href={ (address(&account.id)) "/numbers/" (number) } { (number) } ": "
        @for (place, (what, was, with)) in changes.into_iter().filter(|(_, was, with)| was != with).enumerate() {
            @if place > 0 { "; " }
            (what) " " (turn(was, with, account.time_zone, now))
        }
    }
}

fn turn(was: Option<Timestamp>, with: Option<Timestamp>, zone: Tz, now: Timestamp) -> Markup {
    html! {
        @match (was, with) {
            (Some(was), Some(with)) => { (date(with, zone, now)) " instead of " (date(was, zone, now)) },
            (None, Some(with)) => { (date(with, zone, now)) " instead of not at all" },
            (Some(was), None) => { "not, instead of " (date(was, zone, now)) },
            (None, None) => {},
        }
    }
}
