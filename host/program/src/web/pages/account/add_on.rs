//! Switching the add-on and changing its blocks: what it costs, then the change.

use crate::web::Site;
use crate::web::address::account_path;
use crate::web::auth::{Administer, OfAccount, now_of};
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
struct AddOnForm {
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

impl AddOnForm {
    fn blocks(&self) -> Result<u32, Problem> {
        self.blocks.ok_or_else(|| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "Enter the number of blocks."))
    }
}

/// What the user confirms.
struct Question {
    title: String,
    content: Markup,
    /// The button's label; none if the change would be refused.
    label: Option<String>,
}

async fn ask(
    State(site): State<Site>,
    of: OfAccount<Administer>,
    Query(form): Query<AddOnForm>,
) -> Result<Markup, Failed> {
    let account = &of.account;
    let now = now_of(&site, account);
    let ends = date(account.cycle_ends_at, account.time_zone, now);
    let (value, question) = match form.change {
        Change::On => ("on", switch_on(account, site.dialguard().ledger().switch_on_cents(&account.id, now)?, &ends)),
        Change::Off => ("off", switch_off(account, &ends)),
        Change::Blocks => ("blocks", set_blocks(&site, account, form.blocks()?, &ends).await?),
    };
    let Question { title, content, label } = question;
    let content = html! {
        section.panel.question data-dialog {
            h1 { (title) }
            (content)
            form.choices method="post" action={ (account_path(&account.id)) "/add-on" } {
                @if let Some(blocks) = form.blocks { input type="hidden" name="blocks" value=(blocks); }
                @if let Some(label) = label { button.first name="change" value=(value) { (label) } }
                a.button.back href=(account_path(&account.id)) data-close { "Cancel" }
            }
        }
    };
    Ok(page(&of.caller, Some((account, Tab::Numbers)), "Add-on", content))
}

fn switch_on(account: &AccountProfile, cents: u64, ends: &str) -> Question {
    let next = account.blocks_next();
    let content = html! {
        @if cents > 0 {
            p.warning { strong { (dollars(cents)) } " will be charged now for " (count(account.blocks().into(), "block")) ", until " (ends) "." }
        } @else if account.slot_count > 0 {
            p { "No charge now: this billing cycle is already paid." }
        } @else {
            p { "No charge now: the account has no blocks. A block of " (SLOTS_PER_BLOCK) " slots costs " (price(1)) " a month." }
        }
        p { "From " (ends) ": " strong { (price(next)) } " a month (" (price(1)) " per block of " (SLOTS_PER_BLOCK) " slots)." }
        p.quiet { "Monitored numbers are checked daily. Only numbers you select are monitored." }
    };
    Question { title: "Switch reputation monitoring on?".into(), content, label: Some("Switch on".into()) }
}

fn switch_off(account: &AccountProfile, ends: &str) -> Question {
    let content = html! {
        p { "Numbers will no longer be checked or replaced. They keep their slots." }
        p {
            @if account.slot_count > 0 { "There is no refund for the time until " (ends) ". After that, nothing is charged" }
            @else { "Nothing is charged" }
            " while it is off."
        }
    };
    Question { title: "Switch reputation monitoring off?".into(), content, label: Some("Switch off".into()) }
}

async fn set_blocks(site: &Site, account: &AccountProfile, blocks: u32, ends: &str) -> Result<Question, Failed> {
    let preview = site.dialguard().try_decide(&account.id, &Request::SetBlocks(blocks)).await?;
    let before = account.blocks();
    let label = format!("Change to {}", count(blocks.into(), "block"));
    let title = format!("{label}?");
    let outcome = preview.decision.outcomes.first();
    if let Some(refused) = outcome.filter(|outcome| outcome.answer != Answer::Accepted) {
        let surface = Surface::Dashboard { zone: account.time_zone, now: now_of(site, account) };
        let content = html! { p.warning { "Can't change blocks: " (refusal(refused, surface)) "." } };
        return Ok(Question { title, content, label: None });
    }
    let slots = thousands(u64::from(blocks) * u64::from(SLOTS_PER_BLOCK));
    let content = html! {
        @if blocks > before {
            p.warning { strong { (price(blocks - before)) } " will be charged now for " (count((blocks - before).into(), "more block")) ", until " (ends) "." }
            p { "From then on: " strong { (price(blocks)) } " a month for " (slots) " slots." }
        } @else {
            p { "No charge now. From " (ends) ": " strong { (price(blocks)) } " a month for " (slots) " slots. Until then the account keeps " (count(before.into(), "block")) "." }
        }
    };
    Ok(Question { title, content, label: Some(label) })
}

async fn change(
    State(site): State<Site>,
    of: OfAccount<Administer>,
    Form(form): Form<AddOnForm>,
) -> Result<Redirect, Failed> {
    let (dialguard, account) = (site.dialguard(), &of.account);
    let change = match form.change {
        Change::On => AccountChange { enabled: Some(true), ..AccountChange::default() },
        Change::Off => AccountChange { enabled: Some(false), ..AccountChange::default() },
        Change::Blocks => AccountChange { blocks: Some(form.blocks()?), ..AccountChange::default() },
    };
    match dialguard.change_account(&account.id, &change).await? {
        ChangeOutcome::Changed => Ok(Redirect::to(&account_path(&account.id))),
        ChangeOutcome::BlocksRefused(outcome) => {
            let surface = Surface::Dashboard { zone: account.time_zone, now: now_of(&site, account) };
            let detail = format!("Can't change blocks: {}.", refusal(&outcome, surface));
            Err(Problem::new(StatusCode::CONFLICT, detail).into())
        }
    }
}
