//! The add-on's switch and its blocks: what would be charged, and then the change.

use super::address;
use crate::web::Site;
use crate::web::caller::{Administer, OfAccount, now_of};
use crate::web::pages::layout::Tab;
use crate::web::pages::{Failed, page};
use crate::web::problem::Problem;
use crate::words::{Surface, count, date, dollars, price, refusal, thousands};
use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::Redirect;
use axum::routing::get;
use dialguard::contract::{Answer, Request};
use dialguard_dialer::dialguard::ChangeOutcome;
use dialguard_dialer::ledger::{AccountChange, AccountProfile, SLOTS_PER_BLOCK};
use maud::{Markup, html};
use serde::Deserialize;

pub fn routes() -> Router<Site> {
    Router::new().route("/accounts/{account}/add-on", get(ask).post(change))
}

#[derive(Debug, Deserialize)]
struct Wanted {
    change: Change,
    blocks: Option<u32>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Change {
    On,
    Off,
    Blocks,
}

impl Wanted {
    fn blocks(&self) -> Result<u32, Problem> {
        self.blocks
            .ok_or_else(|| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "Say how many blocks there are to be."))
    }
}

async fn ask(
    State(site): State<Site>,
    of: OfAccount<Administer>,
    Query(wanted): Query<Wanted>,
) -> Result<Markup, Failed> {
    let account = &of.account;
    let ends = date(account.cycle_ends_at, account.time_zone, now_of(&site, account));
    let (title, told, label) = match wanted.change {
        Change::On => {
            let cents = site.dialguard().ledger().switch_on_cents(&account.id, now_of(&site, account))?;
            ("Switch reputation monitoring on?".into(), switched_on(account, cents, &ends), Some("Switch on".into()))
        }
        Change::Off => {
            ("Switch reputation monitoring off?".into(), switched_off(account, &ends), Some("Switch off".into()))
        }
        Change::Blocks => blocks(&site, account, wanted.blocks()?, &ends).await?,
    };
    let value = match wanted.change {
        Change::On => "on",
        Change::Off => "off",
        Change::Blocks => "blocks",
    };
    let content = html! {
        section.panel.question data-dialog {
            h1 { (title) }
            (told)
            form.choices method="post" action={ (address(&account.id)) "/add-on" } {
                @if let Some(blocks) = wanted.blocks { input type="hidden" name="blocks" value=(blocks); }
                @if let Some(label) = label { button.first name="change" value=(value) { (label) } }
                a.button.back href=(address(&account.id)) data-close { "Cancel" }
            }
        }
    };
    Ok(page(&of.caller, Some((account, Tab::Numbers)), "Add-on", content))
}

fn switched_on(account: &AccountProfile, cents: u64, ends: &str) -> Markup {
    let next = account.blocks_next();
    html! {
        @if cents > 0 {
            p.warning { strong { (dollars(cents)) } " is charged now, for " (count(account.blocks().into(), "block")) " until " (ends) "." }
        } @else if account.slot_count > 0 {
            p { "Nothing is charged now: this billing cycle is paid." }
        } @else {
            p { "Nothing is charged now: the account has no blocks. Add one afterwards, for " (price(1)) " a month and " (SLOTS_PER_BLOCK) " numbers." }
        }
        p { "From " (ends) " on it is " strong { (price(next)) } " a month: " (price(1)) " for each " (SLOTS_PER_BLOCK) " numbers." }
        p.quiet { "Every monitored number is checked with the carriers daily. None is monitored that nobody chose." }
    }
}

fn switched_off(account: &AccountProfile, ends: &str) -> Markup {
    html! {
        p { "No number is checked or replaced any more from now on. Numbers keep their slots." }
        p {
            @if account.slot_count > 0 { "What was paid until " (ends) " is not paid back. From then on nothing is charged" }
            @else { "Nothing is charged" }
            " as long as it is off."
        }
    }
}

async fn blocks(
    site: &Site,
    account: &AccountProfile,
    wanted: u32,
    ends: &str,
) -> Result<(String, Markup, Option<String>), Failed> {
    let tried = site.dialguard().try_decide(&account.id, &Request::SetBlocks(wanted)).await?;
    let (now, had) = (wanted, account.blocks());
    let title = format!("Have {}?", count(now.into(), "block"));
    let label = format!("Have {}", count(now.into(), "block"));
    let outcome = tried.decision.outcomes.first();
    if let Some(refused) = outcome.filter(|outcome| outcome.answer != Answer::Accepted) {
        let why = refusal(refused, Surface::Dashboard { zone: account.time_zone, now: now_of(site, account) });
        return Ok((title, html! { p.warning { "The number of blocks can't be changed: " (why) "." } }, None));
    }
    let slots = thousands(u64::from(now) * u64::from(SLOTS_PER_BLOCK));
    let told = html! {
        @if now > had {
            p.warning { strong { (price(now - had)) } " is charged now, for " (count((now - had).into(), "block")) " more until " (ends) "." }
            p { "From then on it is " strong { (price(now)) } " a month for " (slots) " numbers." }
        } @else {
            p { "Nothing is charged now. From " (ends) " on it is " strong { (price(now)) } " a month for " (slots) " numbers; until then it stays at " (count(had.into(), "block")) "." }
        }
    };
    Ok((title, told, Some(label)))
}

async fn change(
    State(site): State<Site>,
    of: OfAccount<Administer>,
    Form(wanted): Form<Wanted>,
) -> Result<Redirect, Failed> {
    let (dialguard, account) = (site.dialguard(), &of.account);
    let change = match wanted.change {
        Change::On => AccountChange { enabled: Some(true), ..AccountChange::default() },
        Change::Off => AccountChange { enabled: Some(false), ..AccountChange::default() },
        Change::Blocks => AccountChange { blocks: Some(wanted.blocks()?), ..AccountChange::default() },
    };
    match dialguard.change_account(&account.id, &change).await? {
        ChangeOutcome::Changed => Ok(Redirect::to(&address(&account.id))),
        ChangeOutcome::BlocksRefused(outcome) => {
            let why = refusal(&outcome, Surface::Dashboard { zone: account.time_zone, now: now_of(&site, account) });
            Err(Problem::new(StatusCode::CONFLICT, format!("The number of blocks can't be changed: {why}.")).into())
        }
    }
}
