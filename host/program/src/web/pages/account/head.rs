//! The top of an account's page: slots, the add-on with its price, and figures that link to their numbers.

use super::Filter;
use super::banner::{self, banner};
use super::watched::watched;
use crate::web::Site;
use crate::web::address::account_path;
use crate::web::auth::{OfAccount, Read, now_of};
use crate::web::pages::layout::icon;
use crate::web::pages::picture;
use crate::web::pages::{Failed, demo};
use crate::words::{REMOVING_LOCKS, Surface, bill_in_words, count, date, look_ups_in_words, price, slots, thousands};
use dialguard::contract::{SlotLock, Usage};
use dialguard_dialer::access::Role;
use dialguard_dialer::ledger::{AccountProfile, Bill, Checks, MarkCounts, SLOTS_PER_BLOCK};
use dialguard_dialer::sources::costs::LookUpCosts;
use maud::{Markup, html};

/// What an account's page has beside its table.
pub struct Head {
    /// Above the table: what needs a person, and the figures.
    pub top: Markup,
    /// Beside it, on a narrow screen below: slots, the past days, the add-on, and how numbers are checked.
    pub beside: Markup,
}

pub async fn head(site: &Site, of: &OfAccount<Read>, filter: &Filter) -> Result<Head, Failed> {
    let (dialguard, account) = (site.dialguard(), &of.account);
    let (usage, checks) = site.figures().of(dialguard, account).await?;
    let now = now_of(site, account);
    let mut locks = dialguard.ledger().locked_slots(&account.id)?;
    locks.retain(|lock| lock.until > now);
    let bill = dialguard.ledger().bill(&account.id, now)?;
    let rated = dialguard.ledger().rated_days(&account.id, now)?;
    let look_ups = LookUpCosts::of(dialguard.ledger(), &account.id, now)?;
    let surface = Surface::Dashboard { zone: account.time_zone, now };
    let top = html! {
        @if let Some(at) = account.closed_at {
            p.warning role="status" {
                "This account was closed on " (date(at, account.time_zone, now)) ". It can only be read: nothing is checked, \
                 bought or charged. " a href={ (account_path(&account.id)) "/settings#export" } { "Export it" } "."
            }
        }
        div data-live="banner" { (banner(banner::trouble(account, &checks, now).as_slice())) }
        (figures(account, &usage, &checks.marks, filter))
    };
    let beside = html! {
        aside #beside.beside aria-label="The account" {
            (demo::story(site, Some(&account.id)))
            div.head data-live="head" {
                section.panel.use aria-labelledby="use" {
                    h2 #use { a href=(showing(account, "monitored")) { (in_use(&usage)) } " slots in use" }
                    (slot_bar(&usage))
                    (locked(account, &locks, now))
                }
                (picture::rated_days(&rated.days))
                (add_on(of, &bill, (&checks, now)))
            }
            div.panel.about-checks {
                (watched(account, &checks, &rated, now))
                p.quiet data-live="look-ups" { (look_ups_in_words(&look_ups, surface).join(" ")) }
            }
        }
    };
    Ok(Head { top, beside })
}

fn in_use(usage: &Usage) -> String {
    format!("{} of {}", thousands(usage.occupied.into()), thousands(usage.slots.into()))
}

/// Occupied, locked and free slots, drawn and in words.
fn slot_bar(usage: &Usage) -> Markup {
    let part = |slots: u32| f64::from(slots) * 300.0 / f64::from(usage.slots.max(1));
    let (occupied, locked) = (part(usage.occupied), part(usage.locked));
    let free = usage.slots.saturating_sub(usage.occupied + usage.locked);
    html! {
        svg.slots viewBox="0 0 300 10" preserveAspectRatio="none" aria-hidden="true" {
            rect.free width="300" height="10" {}
            rect.occupied width=(occupied) height="10" {}
            rect.locked x=(occupied) width=(locked) height="10" {}
        }
        p.quiet { (thousands(free.into())) " free, " (thousands(usage.locked.into())) " locked" }
    }
}

/// All locks end with the billing cycle.
fn locked(account: &AccountProfile, locks: &[SlotLock], now: u64) -> Markup {
    let numbers: Vec<_> = locks.iter().map(|lock| lock.slot).collect();
    html! {
        @if let Some(first) = locks.first() {
            p.locked {
                (icon("lock")) " " span.capital { (slots(&numbers)) }
                @if numbers.len() == 1 { " is" } @else { " are" }
                " locked until " (date(first.until, account.time_zone, now)) "."
            }
        }
    }
}

fn add_on(of: &OfAccount<Read>, bill: &Bill, (checks, now): (&Checks, u64)) -> Markup {
    let (account, may_change) = (&of.account, of.may(Role::Administer));
    let blocks = account.blocks();
    let ends = date(account.cycle_ends_at, account.time_zone, now);
    let (state, change, label) = match account.enabled {
        true => ("on", "off", "Switch off"),
        false => ("off", "on", "Switch on"),
    };
    html! {
        section.panel.add-on aria-labelledby="add-on" {
            div.switch data-commands="Reputation monitoring" {
                h2 #add-on {
                    "Reputation monitoring is " strong { (state) }
                    @if checks.trouble.is_some() && checks.marks.current == 0 { ", " strong.failed { "but nothing is checked" } }
                }
                @if may_change {
                    form method="get" action={ (account_path(&account.id)) "/add-on" } data-ask {
                        button.toggle.on[account.enabled] name="change" value=(change) { (label) }
                    }
                }
            }
            p {
                (count(blocks.into(), "block")) " of " (SLOTS_PER_BLOCK) " slots: " strong { (price(blocks)) } " a month" @if blocks != 1 { ", " (price(1)) " per block" } ". "
                "The billing cycle ends on " (ends) "."
            }
            @if account.closed_at.is_none() { p.quiet { (REMOVING_LOCKS) } }
            @if account.slot_count_next < account.slot_count {
                p { "After that: " (count(account.blocks_next().into(), "block")) "." }
            }
            p {
                "Charged in this cycle: " (bill_in_words(bill)) ". "
                // Also of a closed account: a credit puts its charges right.
                @if of.caller.grant.role >= Role::Administer {
                    a href={ (account_path(&account.id)) "/credit" } data-ask data-commands="Account" { "Credit…" }
                }
            }
            @if may_change && account.enabled {
                form.blocks method="get" action={ (account_path(&account.id)) "/add-on" } data-ask {
                    label for="blocks" { "Blocks" }
                    input #blocks type="number" name="blocks" min="0" max="100000" required value=(account.blocks_next());
                    button name="change" value="blocks" { "Change…" }
                }
            }
        }
    }
}

/// The one whose numbers the table shows is marked.
fn figures(account: &AccountProfile, usage: &Usage, marks: &MarkCounts, filter: &Filter) -> Markup {
    let id = &account.id;
    let shown = filter.is_any().then(|| filter.unsorted().path(id, ""));
    let flagged = |period: &str| Filter { flagged: period.into(), ..Filter::default() }.path(id, "");
    let figure = |class: &str, figure: u32, what: &str, path: String| {
        let stale = if class == "clean" { marks.stale_clean } else { 0 };
        html! {
            li { a class={ (class) @if stale > 0 && stale == figure { " stale" } } href=(path) aria-current=[(shown.as_ref() == Some(&path)).then_some("true")] {
                strong { (thousands(figure.into())) }
                span { @if class != "lately" { (icon(class)) } (what) @if stale > 0 { small { (thousands(stale.into())) " of them stale" } } }
            } }
        }
    };
    html! {
        @let monitored = showing(account, "monitored");
        ul.figures data-live="figures" data-commands="Show" aria-label="Slots in use, and monitored numbers by status" {
            li { a.lately href=(monitored) aria-current=[(shown.as_ref() == Some(&monitored)).then_some("true")] { strong { (in_use(usage)) } span { "slots" } } }
            (figure("clean", usage.clean, "clean", showing(account, "clean")))
            (figure("flagged", usage.flagged, "flagged", showing(account, "flagged")))
            (figure("at-risk", usage.at_risk, "at risk", showing(account, "at-risk")))
            (figure("lately", usage.suspect, "suspect", showing(account, "suspect")))
            (figure("pending", usage.pending, "pending", showing(account, "pending")))
            @if usage.resting > 0 { (figure("lately", usage.resting, "out of use", showing(account, "resting"))) }
            (figure("lately", usage.flagged_past_day, "flagged in the past 24 hours", flagged("day")))
            (figure("lately", usage.flagged_past_week, "flagged in the past 7 days", flagged("week")))
        }
    }
}

fn showing(account: &AccountProfile, show: &str) -> String {
    Filter { show: show.into(), ..Filter::default() }.path(&account.id, "")
}
