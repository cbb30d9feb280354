//! What changed settings would have done in the past 30 days: the policy replays the recorded reviews.

use crate::web::Site;
use crate::web::auth::{Administer, OfAccount};
use crate::web::pages::layout::{number_link, told};
use crate::web::pages::picture;
use crate::web::problem::Problem;
use crate::words::{count, date, dollars, thousands};
use dialguard::contract::Timestamp;
use dialguard_dialer::dialguard::DialguardError;
use dialguard_dialer::ledger::{AccountProfile, AccountSettings};
use dialguard_dialer::policies::effect::{EFFECT_DAYS, Effect, NumberEffect, Tally};
use dialguard_dialer::prices::REPLACEMENT_PRICE_CENTS;
use dialguard_dialer::zones::Zone;
use maud::{Markup, html};

/// Numbers listed, at most. The figures include all of them.
const LISTED_MAX: usize = 20;

/// What these settings would have done. An error if the policy refuses them.
pub async fn effect_of(
    site: &Site,
    of: &OfAccount<Administer>,
    settings: AccountSettings,
) -> Result<Result<Effect, DialguardError>, Problem> {
    let (dialguard, id) = (site.dialguard().clone(), of.account.id.clone());
    let effect = async move {
        let since = dialguard.now().saturating_sub(EFFECT_DAYS * 86_400);
        dialguard.effect_of_settings(&id, &settings, since).await
    };
    site.effects().run_future(&of.caller, effect).await
}

pub fn result(account: &AccountProfile, effect: &Effect, now: Timestamp) -> Markup {
    let (Some(since), Some(until)) = (effect.since, effect.until) else {
        return html! { p { "No reviews recorded in the past " (EFFECT_DAYS) " days." } };
    };
    html! {
        p { strong { (summary(effect)) } }
        table {
            thead { tr {
                th scope="col" { "Numbers" }
                th.figure scope="col" { (bar_key("before", "Before")) } th.figure scope="col" { (bar_key("after", "With")) " these settings" }
            } }
            tbody {
                @let most = most(&[effect.flagged, effect.cleared, effect.replaced]);
                (row("Flagged", &effect.flagged, most))
                (row("Cleared", &effect.cleared, most))
                (row("Replaced", &effect.replaced, most))
                tr {
                    th scope="row" { "Cost" br; small.quiet { (dollars(REPLACEMENT_PRICE_CENTS)) " per replacement" } }
                    td.figure { (dollars(u64::from(effect.replaced.as_it_was) * REPLACEMENT_PRICE_CENTS)) }
                    td.figure { (dollars(u64::from(effect.replaced.with_these) * REPLACEMENT_PRICE_CENTS)) }
                }
            }
        }
        (number_list(account, effect, now))
        p.quiet {
            "Based on " (count(effect.reviews.into(), "recorded review")) " of " (count(effect.numbers.into(), "number")) ", "
            (date(since, account.time_zone, now)) " to " (date(until, account.time_zone, now)) "."
            @if !effect.is_whole { " Some recorded reviews were skipped: time limit reached." }
            @if effect.unknown > 0 { " Candidates and other data that was not recorded is assumed to be clean." }
        }
        @if let Some((_, why)) = effect.failures.first() {
            p.failed { "The policy would have failed in " (count(effect.failures.len() as u64, "review")) ": " (told(why)) }
        }
    }
}

fn summary(effect: &Effect) -> String {
    if effect.differences.is_empty() {
        return "No difference.".into();
    }
    let cents = effect.cents(REPLACEMENT_PRICE_CENTS);
    let money = match cents {
        0 => "at the same cost".to_owned(),
        more if more > 0 => format!("for {} more", dollars(more.unsigned_abs())),
        less => format!("for {} less", dollars(less.unsigned_abs())),
    };
    format!("{} would have had a different outcome, {money}.", count(effect.differences.len() as u64, "number"))
}

/// The colour of a column's bars, before the first word of its title.
fn bar_key(class: &str, word: &str) -> Markup {
    html! { span.key { svg width="10" height="10" aria-hidden="true" { rect class=(class) width="10" height="10" rx="2" {} } " " (word) } }
}

/// What fills the width of the bars, so that they can be compared.
fn most(tallies: &[Tally]) -> u64 {
    tallies.iter().map(|tally| tally.as_it_was.max(tally.with_these)).max().unwrap_or(0).into()
}

fn row(what: &str, tally: &Tally, most: u64) -> Markup {
    let parts = [(tally.sooner, "sooner"), (tally.later, "later")];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(numbers, _)| *numbers > 0)
        .map(|(numbers, when)| format!("{} {when}", thousands((*numbers).into())))
        .collect();
    let with_these = thousands(tally.with_these.into());
    html! {
        tr {
            th scope="row" { (what) (picture::pair_of_bars(tally.as_it_was.into(), tally.with_these.into(), most)) }
            td.figure { (thousands(tally.as_it_was.into())) }
            td.figure {
                @if tally.with_these == tally.as_it_was { (with_these) } @else { strong { (with_these) } }
                @for part in parts { br; small.quiet { (part) } }
            }
        }
    }
}

fn number_list(account: &AccountProfile, effect: &Effect, now: Timestamp) -> Markup {
    html! {
        @if !effect.differences.is_empty() {
            details id="effect-numbers" {
                summary { "Show numbers" }
                ul { @for difference in effect.differences.iter().take(LISTED_MAX) { li { (number_changes(account, difference, now)) } } }
                @if effect.differences.len() > LISTED_MAX {
                    p.quiet { "And " (thousands((effect.differences.len() - LISTED_MAX) as u64)) " more. For all of them, run " code { "dialguard account set … --dry-run --json" } "." }
                }
            }
        }
    }
}

fn number_changes(account: &AccountProfile, difference: &NumberEffect, now: Timestamp) -> Markup {
    let (was, with) = (&difference.as_it_was, &difference.with_these);
    let changes = [
        ("flagged", was.flagged_at, with.flagged_at),
        ("cleared", was.cleared_at, with.cleared_at),
        ("replaced", was.replaced_at, with.replaced_at),
    ];
    html! {
        (number_link(&account.id, difference.number)) ": "
        @for (place, (what, was, with)) in changes.into_iter().filter(|(_, was, with)| was != with).enumerate() {
            @if place > 0 { "; " }
            (what) " " (change(was, with, account.time_zone, now))
        }
    }
}

fn change(was: Option<Timestamp>, with: Option<Timestamp>, zone: Zone, now: Timestamp) -> Markup {
    html! {
        @match (was, with) {
            (Some(was), Some(with)) => { (date(with, zone, now)) " instead of " (date(was, zone, now)) },
            (None, Some(with)) => { (date(with, zone, now)) " instead of never" },
            (Some(was), None) => { "never instead of " (date(was, zone, now)) },
            (None, None) => {},
        }
    }
}
