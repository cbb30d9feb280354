//! Switching the add-on and changing its blocks: what it costs, then the change.

use super::actions::typed_count;
use crate::parse::FieldError;
use crate::web::Site;
use crate::web::address::account_path;
use crate::web::auth::{Administer, OfAccount, now_of};
use crate::web::pages::form::{Form, again, not_done, wrong};
use crate::web::pages::layout::{Tab, no_default};
use crate::web::pages::{Failed, page};
use crate::web::problem::Problem;
use crate::web::query::Query;
use crate::words::{REMOVING_LOCKS, Surface, count, date, dollars, is_count, monitored_are, price, refusal, thousands};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use dialguard::contract::{Answer, BLOCKS_MAX, Outcome};
use dialguard_dialer::dialguard::{ChangeOutcome, ChangePreview, count_to_type};
use dialguard_dialer::ledger::{AccountChange, AccountProfile, ChangePrice, SLOTS_PER_BLOCK};
use maud::{Markup, html};
use serde::Deserialize;

pub fn routes() -> Router<Site> {
    Router::new().route("/accounts/{account}/add-on", get(ask).post(change))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AddOnForm {
    change: Change,
    /// As they were typed.
    blocks: Option<String>,
    /// The blocks again, as the user typed them.
    #[serde(default)]
    confirm: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Change {
    On,
    Off,
    Blocks,
}

impl Change {
    fn name(self) -> &'static str {
        match self {
            Change::On => "on",
            Change::Off => "off",
            Change::Blocks => "blocks",
        }
    }
}

impl AddOnForm {
    fn blocks(&self) -> Result<Option<u32>, FieldError> {
        let why = || format!("give a number of blocks, up to {}", thousands(BLOCKS_MAX.into()));
        let read = |text: &String| text.trim().replace(',', "").parse().ok().filter(|blocks| *blocks <= BLOCKS_MAX);
        self.blocks.as_ref().map(|text| read(text).ok_or_else(|| FieldError::new("blocks", why()))).transpose()
    }

    fn change(&self) -> Result<AccountChange, FieldError> {
        let no_blocks = || FieldError::new("blocks", "enter the number of blocks");
        Ok(match self.change {
            Change::On => AccountChange { enabled: Some(true), blocks: self.blocks()?, ..AccountChange::default() },
            Change::Off => AccountChange { enabled: Some(false), ..AccountChange::default() },
            Change::Blocks => {
                AccountChange { blocks: Some(self.blocks()?.ok_or_else(no_blocks)?), ..AccountChange::default() }
            }
        })
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
) -> Result<Response, Failed> {
    match form.change() {
        Ok(change) => Ok(question(&site, &of, (&form, &change), None).await?.into_response()),
        Err(error) => Ok(again(ask_again(&of, &form, &error))),
    }
}

/// The form for the blocks, as they were typed.
fn ask_again(of: &OfAccount<Administer>, form: &AddOnForm, error: &FieldError) -> Markup {
    let account = &of.account;
    let typed = form.blocks.as_deref().unwrap_or_default();
    let content = html! {
        section.panel.question data-dialog {
            h1 { "Change blocks?" }
            (not_done(Some(error)))
            (other_blocks(account, form.change, typed, Some(error)))
            p.choices { a.button.back href=(account_path(&account.id)) data-close { "Cancel" } }
        }
    };
    page(&of.caller, Some((account, Tab::Numbers)), "Add-on", content)
}

async fn question(
    site: &Site,
    of: &OfAccount<Administer>,
    (form, change): (&AddOnForm, &AccountChange),
    error: Option<&FieldError>,
) -> Result<Markup, Failed> {
    let account = &of.account;
    let ends = date(account.cycle_ends_at, account.time_zone, now_of(site, account));
    let preview = site.dialguard().try_change_account(&account.id, change).await?;
    let count = count_of(&preview);
    let Question { title, content, label } = match (&preview, form.change) {
        (ChangePreview::BlocksRefused(outcome), _) => refused(site, account, form, outcome),
        (ChangePreview::Price(price), Change::On) => switch_on(account, price, &ends),
        (ChangePreview::Price(price), Change::Off) => switch_off(account, price, &ends),
        (ChangePreview::Price(price), Change::Blocks) => set_blocks(account, price, &ends),
    };
    let content = html! {
        section.panel.question data-dialog {
            h1 { (title) }
            (content)
            form method="post" action={ (account_path(&account.id)) "/add-on" } {
                (no_default())
                @if let Some(blocks) = &form.blocks { input type="hidden" name="blocks" value=(blocks); }
                @if let Some(count) = count { (typed_count(count, (&form.confirm, error))) }
                p.choices {
                    @if let Some(label) = label { button.costs name="change" value=(form.change.name()) { (label) } }
                    a.button.back href=(account_path(&account.id)) data-close autofocus[error.is_none()] { "Cancel" }
                }
            }
        }
    };
    Ok(page(&of.caller, Some((account, Tab::Numbers)), "Add-on", content))
}

/// The blocks that a user types before they cost so much; none if a click is enough.
fn count_of(preview: &ChangePreview) -> Option<usize> {
    match preview {
        ChangePreview::Price(price) => count_to_type(0, price.now_cents).map(|_| price.blocks as usize),
        ChangePreview::BlocksRefused(_) => None,
    }
}

fn switch_on(account: &AccountProfile, price_of: &ChangePrice, ends: &str) -> Question {
    let content = html! {
        @if price_of.now_cents > 0 {
            p.warning { strong { (dollars(price_of.now_cents)) } " will be charged now for " (count(price_of.blocks.into(), "block")) ", until " (ends) "." }
        } @else if price_of.blocks > 0 {
            p { "No charge now: this billing cycle is already paid." }
        } @else {
            p { "No charge now: the account has no blocks. A block of " (SLOTS_PER_BLOCK) " slots costs " (price(1)) " a month." }
        }
        p { "From " (ends) ": " strong { (dollars(price_of.next_cents)) } " a month (" (price(1)) " per block of " (SLOTS_PER_BLOCK) " slots)." }
        p.quiet { "Monitored numbers are checked daily. Only numbers you select are monitored. " (REMOVING_LOCKS) }
        (other_blocks(account, Change::On, &price_of.blocks_next.to_string(), None))
    };
    Question { title: "Switch reputation monitoring on?".into(), content, label: Some("Switch on".into()) }
}

/// The same question with another number of blocks, which may be smaller: what was not charged is not owed.
fn other_blocks(account: &AccountProfile, change: Change, blocks: &str, error: Option<&FieldError>) -> Markup {
    let why = wrong(error, "blocks");
    html! {
        form.blocks method="get" action={ (account_path(&account.id)) "/add-on" } data-ask {
            label for="blocks-on" { "Blocks" }
            input #blocks-on type="number" name="blocks" min="0" max=(BLOCKS_MAX) required value=(blocks)
                aria-describedby=[why.map(|_| "blocks-means")] aria-invalid=[why.map(|_| "true")] autofocus[why.is_some()];
            button name="change" value=(change.name()) { "Preview cost…" }
        }
        @if let Some(why) = why { p.hint #blocks-means { strong.failed { (why) "." } } }
    }
}

fn switch_off(account: &AccountProfile, price_of: &ChangePrice, ends: &str) -> Question {
    let content = html! {
        @if account.occupied > 0 {
            p.warning { (monitored_are(account.occupied)) " no longer checked or replaced. Slots stay taken." }
        } @else { p { "No number is monitored." } }
        p {
            @if account.slot_count > 0 {
                (count(account.blocks().into(), "block")) " stay paid until " (ends) ", and nothing is refunded. After that, nothing is charged"
            } @else { "Nothing is charged" }
            " while it is off. Switching it on again costs " (price(price_of.blocks_next)) " a month."
        }
    };
    Question { title: "Switch reputation monitoring off?".into(), content, label: Some("Switch off".into()) }
}

fn set_blocks(account: &AccountProfile, price_of: &ChangePrice, ends: &str) -> Question {
    let (before, after) = (account.blocks(), price_of.blocks_next);
    let label = format!("Change to {}", count(after.into(), "block"));
    let slots = thousands(u64::from(after) * u64::from(SLOTS_PER_BLOCK));
    let content = html! {
        @if price_of.now_cents > 0 {
            p.warning { strong { (dollars(price_of.now_cents)) } " will be charged now for " (count(after.saturating_sub(before).into(), "more block")) ", until " (ends) "." }
            p { "From then on: " strong { (dollars(price_of.next_cents)) } " a month for " (slots) " slots." }
        } @else {
            p { "No charge now. From " (ends) ": " strong { (dollars(price_of.next_cents)) } " a month for " (slots) " slots. Until then the account keeps " (count(before.into(), "block")) "." }
        }
    };
    Question { title: format!("{label}?"), content, label: Some(label) }
}

fn refused(site: &Site, account: &AccountProfile, form: &AddOnForm, outcome: &Outcome) -> Question {
    let surface = Surface::Dashboard { zone: account.time_zone, now: now_of(site, account) };
    let blocks = form.blocks().ok().flatten().unwrap_or_default();
    let content = html! {
        p.warning { "Can't change blocks: " (refusal(outcome, surface)) "." }
        @if outcome.answer == Answer::AddOnOff {
            p { "Or switch it on with this number of blocks:" }
            (other_blocks(account, Change::On, &blocks.to_string(), None))
        }
    };
    Question { title: format!("Change to {}?", count(blocks.into(), "block")), content, label: None }
}

async fn change(
    State(site): State<Site>,
    of: OfAccount<Administer>,
    Form(form): Form<AddOnForm>,
) -> Result<Response, Failed> {
    let (dialguard, account) = (site.acting_as(&of.caller), &of.account);
    let change = match form.change() {
        Ok(change) => change,
        Err(error) => return Ok(again(ask_again(&of, &form, &error))),
    };
    if let Some(count) = count_of(&dialguard.try_change_account(&account.id, &change).await?)
        && !is_count(&form.confirm, count)
    {
        let why = format!("type {}, the number of blocks", thousands(count as u64));
        let error = FieldError::new("confirm", why);
        return Ok(again(question(&site, &of, (&form, &change), Some(&error)).await?));
    }
    match dialguard.change_account(&account.id, &change).await? {
        ChangeOutcome::Changed => Ok(Redirect::to(&account_path(&account.id)).into_response()),
        ChangeOutcome::BlocksRefused(outcome) => {
            let surface = Surface::Dashboard { zone: account.time_zone, now: now_of(&site, account) };
            let detail = format!("Can't change blocks: {}.", refusal(&outcome, surface));
            Err(Problem::new(StatusCode::CONFLICT, detail).into())
        }
    }
}
