//! The accounts a user may see, and which of them need a person.

use super::attention::{badge, unread};
use super::layout::Place;
use super::{Failed, demo, page_at, setup};
use crate::web::Site;
use crate::web::address::account_path;
use crate::web::auth::Caller;
use crate::words::{concern_in_words, thousands};
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use dialguard_dialer::access::Accounts;
use dialguard_dialer::attention::{AccountAttention, Concern, of_account};
use dialguard_dialer::ledger::{AccountProfile, LedgerError};
use maud::{Markup, html};

pub fn routes() -> Router<Site> {
    Router::new().route("/", get(accounts))
}

/// An account, and whether it needs a person.
struct Row {
    account: AccountProfile,
    attention: AccountAttention,
    unread: u32,
}

/// Users with a single account go straight to it.
async fn accounts(State(site): State<Site>, caller: Caller) -> Result<Response, Failed> {
    let accounts = visible_to(&site, &caller)?;
    match &accounts[..] {
        [only] if caller.grant.accounts != Accounts::All => Ok(Redirect::to(&account_path(&only.id)).into_response()),
        _ => {
            let read = {
                let (site, caller) = (site.clone(), caller.clone());
                move |_: &_| rows(&site, &caller, accounts)
            };
            let rows = site.lists().run(&caller, read).await??;
            let content = html! {
                (demo::story(&site, None))
                (setup::checklist(&site, &caller, None)?)
                (list(&caller, &rows))
            };
            Ok(page_at(&caller, Place::Accounts, "Accounts", content).into_response())
        }
    }
}

/// In the order of their ids.
fn visible_to(site: &Site, caller: &Caller) -> Result<Vec<AccountProfile>, Failed> {
    let (all, now) = (site.dialguard().ledger().accounts()?, site.dialguard().now());
    let visible = all.into_iter().filter(|account| caller.grant.covers(&account.id));
    Ok(visible.map(|account| account.as_of(now)).collect())
}

fn rows(site: &Site, caller: &Caller, accounts: Vec<AccountProfile>) -> Result<Vec<Row>, LedgerError> {
    let ledger = site.dialguard().ledger();
    let row = |account: AccountProfile| {
        let attention = of_account(ledger, &account.id)?;
        let unread = unread(ledger, caller, &account.id)?;
        Ok(Row { account, attention, unread })
    };
    accounts.into_iter().map(row).collect()
}

fn list(caller: &Caller, rows: &[Row]) -> Markup {
    html! {
        h1 { "Accounts" }
        @if !rows.is_empty() {
            div.wide role="region" aria-label="Accounts" tabindex="0" {
                table.accounts {
                    thead { tr {
                        th { "Account" } th { "Reputation monitoring" } th.figure { "Clean" } th.figure { "Flagged" }
                        th.figure { "Suspect" } th { "Needs you" } th.figure { "Slots used" } th.figure { "Slots locked" }
                    } }
                    tbody { @for row in rows { (table_row(row)) } }
                }
            }
        } @else if caller.grant.accounts == Accounts::All {
            p { "No accounts yet." }
        } @else {
            p { "You have no accounts yet. Ask an administrator for access." }
        }
        @if caller.grant.is_over_everything() { p data-commands="Accounts" { a.button href="/add-account" { "Add an account" } } }
    }
}

fn table_row(Row { account, attention, unread }: &Row) -> Markup {
    let path = account_path(&account.id);
    let figures = attention.figures;
    let showing = |show: &str| format!("{path}?show={show}");
    html! {
        tr data-row=(account.id) {
            td { a href=(path) data-commands="Account" { (account.id) } }
            td {
                @match account.closed_on() {
                    Some(on) => { strong { "Closed" } " on " (on) },
                    None => @if account.enabled { "on" } @else { "off" },
                }
            }
            td.figure { (thousands(figures.clean.into())) }
            td.figure { @if figures.flagged > 0 { a.flagged href=(showing("flagged")) { (thousands(figures.flagged.into())) } } @else { "0" } }
            td.figure { @if figures.suspect > 0 { a.at-risk href=(showing("suspect")) { (thousands(figures.suspect.into())) } } @else { "0" } }
            td {
                @for concern in &attention.concerns {
                    a.badge.urgent href=(path) title=(concern_in_words(concern)) { (short(concern)) } " "
                }
                @if *unread > 0 { a href={ (path) "/activity" } { (badge(*unread, "unread")) } }
            }
            td.figure { (thousands(account.occupied.into())) " of " (thousands(account.slot_count.into())) }
            td.figure { (thousands(account.locked.into())) }
        }
    }
}

/// In two or three words; the account's page has the sentence and the remedy.
fn short(concern: &Concern) -> String {
    let count = concern.count();
    match concern {
        Concern::FlaggedWithoutCandidate { .. } => format!("{count} without candidate"),
        Concern::FlaggedNotReplaced { .. } => format!("{count} not replaced"),
        Concern::OrdersStuck { .. } => format!("{count} stuck"),
        Concern::SourcesFailing { .. } => format!("{count} failing {}", if count == 1 { "source" } else { "sources" }),
        Concern::WebhooksPaused { .. } => format!("{count} paused {}", if count == 1 { "webhook" } else { "webhooks" }),
        Concern::MessagesUndelivered { .. } => format!("{count} undelivered"),
        other => other.kind().replace('-', " "),
    }
}
