//! How many blocks an account has: the figures before the click.

use super::super::layout::Tab;
use super::super::words::{count, date, dollars};
use super::super::{Failed, page};
use crate::contract::{Answer, BLOCKS_MAX, Outcome, Request};
use crate::ledger::{AccountProfile, BLOCK_PRICE_CENTS, SLOTS_PER_BLOCK};
use crate::web::Site;
use crate::web::caller::{Administer, OfAccount};
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;

#[derive(Deserialize)]
pub struct Wanted {
    blocks: u32,
}

/// What the account has, with the way to have more or fewer.
pub fn section(account: &AccountProfile, may_change: bool) -> Markup {
    let (now, next) = (account.slot_count / SLOTS_PER_BLOCK, account.slot_count_next / SLOTS_PER_BLOCK);
    html! {
        section.panel aria-label="Blocks" data-live="blocks" {
            h2 { "Blocks" }
            p {
                strong { (count(now, "block")) } " of " (SLOTS_PER_BLOCK) " slots, "
                strong { (price(now)) } " a month; the cycle ends on " (date(account.cycle_ends_at, account.time_zone)) "."
                @if next != now { " From then on " (count(next, "block")) ", " (price(next)) " a month." }
            }
            @if may_change {
                form.inline method="get" action={ "/accounts/" (account.id) "/settings/blocks" } {
                    label { "Blocks wanted" input type="number" name="blocks" min="0" max=(BLOCKS_MAX) value=(next) required; }
                    button { "See what it comes to…" }
                }
            }
        }
    }
}

fn price(blocks: u32) -> String {
    dollars(u64::from(blocks) * u64::from(BLOCK_PRICE_CENTS))
}

pub async fn ask(of: OfAccount<Administer>, Query(Wanted { blocks }): Query<Wanted>) -> Markup {
    page(&of.caller, Some((&of.account, Tab::Settings)), "Blocks", question(&of.account, blocks, None))
}

pub async fn change(
    State(site): State<Site>,
    of: OfAccount<Administer>,
    Form(Wanted { blocks }): Form<Wanted>,
) -> Result<Response, Failed> {
    let decided = site.dialguard().decide(&of.account.id, &Request::SetBlocks(blocks)).await?;
    match decided.decision.outcomes.first() {
        Some(Outcome { answer: Answer::Accepted, .. }) => {
            Ok(Redirect::to(&format!("/accounts/{}/settings", of.account.id)).into_response())
        }
        outcome => {
            let why = refusal(outcome.map(|outcome| outcome.answer));
            let told = question(&of.account, blocks, Some(why));
            let told = page(&of.caller, Some((&of.account, Tab::Settings)), "Blocks", told);
            Ok((StatusCode::CONFLICT, told).into_response())
        }
    }
}

fn refusal(answer: Option<Answer>) -> &'static str {
    match answer {
        Some(Answer::SlotsInUse) => {
            "More numbers are monitored than that many blocks hold. Stop some first, or keep more blocks."
        }
        Some(Answer::AddOnOff) => "The add-on is off. Turn it on first.",
        _ => "The policy refused it.",
    }
}

fn question(account: &AccountProfile, blocks: u32, refused: Option<&str>) -> Markup {
    let (now, next) = (account.slot_count / SLOTS_PER_BLOCK, account.slot_count_next / SLOTS_PER_BLOCK);
    let more = blocks.saturating_sub(now);
    let ends = date(account.cycle_ends_at, account.time_zone);
    html! {
        form.panel.confirm method="post" {
            h1 { "Have " (count(blocks, "block")) " instead of " (next) "?" }
            @if let Some(refused) = refused { p.failed role="alert" { (refused) } }
            @if blocks == next {
                p { "That is what the account has. Nothing changes." }
            } @else if more > 0 {
                p { strong { (price(more)) " is charged at once" } ", for " (count(more, "block")) " more until the cycle ends on " (ends) "." }
                p { (more * SLOTS_PER_BLOCK) " more slots are free right away. From " (ends) " on it is " strong { (price(blocks)) " a month" } "." }
            } @else {
                p { "Nothing is charged now. From " (ends) " on it is " strong { (count(blocks, "block")) ", " (price(blocks)) " a month" } "." }
                @if blocks < now {
                    p { "Until then all " (now * SLOTS_PER_BLOCK) " slots stay; what was paid for this cycle is not paid back." }
                }
            }
            input type="hidden" name="blocks" value=(blocks);
            p.buttons {
                @if blocks != next {
                    button.first { @if more > 0 { "Buy for " (price(more)) } @else { "Change from the next cycle on" } }
                }
                a.button href={ "/accounts/" (account.id) "/settings" } { "Cancel" }
            }
        }
    }
}
