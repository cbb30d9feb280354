//! Closing an account: what it would do, then a form that takes the account's id.

use super::layout::{Tab, no_default, told};
use super::{Failed, page};
use crate::web::Site;
use crate::web::address::account_path;
use crate::web::auth::{Administer, OfAccount};
use crate::web::problem::Problem;
use crate::words::{Surface, closing_in_words};
use axum::Router;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::Redirect;
use axum::routing::get;
use dialguard_dialer::ledger::AccountProfile;
use maud::{Markup, html};
use serde::Deserialize;

pub fn routes() -> Router<Site> {
    Router::new().route("/accounts/{account}/close", get(ask).post(close))
}

fn close_path(account: &str) -> String {
    account_path(account) + "/close"
}

/// The closing section of the settings page.
pub fn section(account: &AccountProfile) -> Markup {
    html! {
        section.panel aria-labelledby="close-account" {
            h2 #close-account { "Close account" }
            p { "Ends the account for good. First you see what becomes of its numbers, replacements and bill." }
            p { a.button href=(close_path(&account.id)) { "Close account…" } }
        }
    }
}

async fn ask(State(site): State<Site>, of: OfAccount<Administer>) -> Result<Markup, Failed> {
    let (account, now) = (&of.account, site.dialguard().now());
    let closing = tokio::task::block_in_place(|| site.dialguard().ledger().try_close_account(&account.id, now))?;
    let surface = Surface::Dashboard { zone: account.time_zone, now: closing.at };
    let content = html! {
        section.panel.question {
            h1 { "Close account " (account.id) "?" }
            ul { @for sentence in closing_in_words(&closing, surface) { li { (told(&sentence)) } } }
            form.import method="post" action=(close_path(&account.id)) {
                (no_default())
                @if closing.held_up_by.is_empty() {
                    label { span { "Type " strong { (account.id) } " to close it" } input name="id" required autocomplete="off" spellcheck="false"; }
                }
                p.choices {
                    @if closing.held_up_by.is_empty() { button.costs { "Close account" } }
                    @else { a.button.first href={ (account_path(&account.id)) "/orders" } { "Show replacements" } }
                    a.button.back href={ (account_path(&account.id)) "/settings" } autofocus { "Cancel" }
                }
            }
        }
    };
    Ok(page(&of.caller, Some((account, Tab::Settings)), "Close account", content))
}

#[derive(Deserialize)]
struct CloseForm {
    id: String,
}

async fn close(
    State(site): State<Site>,
    of: OfAccount<Administer>,
    Form(form): Form<CloseForm>,
) -> Result<Redirect, Failed> {
    let (dialguard, id) = (site.acting_as(&of.caller), &of.account.id);
    if form.id.trim() != id {
        let detail = format!("The account was not closed: type its id, {id}, to close it.");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail).into());
    }
    tokio::task::block_in_place(|| dialguard.ledger().close_account(id, dialguard.now()))?;
    Ok(Redirect::to(&account_path(id)))
}
