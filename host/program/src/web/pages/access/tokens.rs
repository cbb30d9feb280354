//! Tokens of programs: made, shown once, withdrawn.

use super::grant::{ChosenGrant, GrantForm};
use super::{account_ids, utc_moment};
use crate::parse::FieldError;
use crate::web::Site;
use crate::web::auth::{Administrator, Caller};
use crate::web::pages::form::{EndQuestion, Form, TextField, again, choice, field_of, not_done};
use crate::web::pages::layout::Place;
use crate::web::pages::{Failed, page_at};
use crate::words::{capital, grant_in_words};
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use dialguard_dialer::access::make_token;
use dialguard_dialer::ledger::{LedgerError, Token};
use maud::{Markup, html};

const DAY: u64 = 24 * 60 * 60;

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/tokens", get(show).post(make))
        .route("/tokens/{token}/withdraw", get(ask_to_withdraw).post(withdraw))
}

async fn show(State(site): State<Site>, Administrator(caller): Administrator) -> Result<Markup, Failed> {
    tokens_page(&site, &caller, &WrittenToken::default(), None, html! {})
}

#[derive(Default)]
struct WrittenToken {
    name: String,
    days: String,
    grant: ChosenGrant,
}

async fn make(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    Form(mut sent): Form<GrantForm>,
) -> Result<Response, Failed> {
    let grant = sent.take_grant();
    let written = WrittenToken { name: sent.name, days: sent.days, grant };
    let (dialguard, now) = (site.acting_as(&caller), site.dialguard().now());
    let ledger = dialguard.ledger();
    let read = written.grant.read(ledger).and_then(|grant| Ok((grant, days_of(&written.days)?)));
    let error = match read {
        Err(error) => error,
        Ok((grant, days)) => match make_token(ledger, &written.name, grant, now, days.map(|days| now + days * DAY)) {
            Ok(token) => {
                let result = html! {
                    section.panel role="status" {
                        p { "Copy the token of " strong { (written.name) } " now; it is not shown again:" }
                        p { code { (token) } }
                        p.quiet { "Programs send it as " code { "Authorization: Bearer …" } "." }
                    }
                };
                return Ok(tokens_page(&site, &caller, &WrittenToken::default(), None, result)?.into_response());
            }
            Err(error) => field_of(error)?,
        },
    };
    let page = tokens_page(&site, &caller, &written, Some(&error), html! {})?;
    Ok(again(page))
}

/// None if it does not expire.
fn days_of(text: &str) -> Result<Option<u64>, FieldError> {
    let refused = || FieldError::new("days", "give 1 to 3650 days");
    match text.trim() {
        "" => Ok(None),
        text => text.parse().ok().filter(|days| (1..=3_650).contains(days)).map(Some).ok_or_else(refused),
    }
}

fn find(site: &Site, name: &str) -> Result<Token, LedgerError> {
    let found = site.dialguard().ledger().tokens()?.into_iter().find(|token| token.name == name);
    found.ok_or_else(|| LedgerError::NoSuchToken(name.to_owned()))
}

async fn ask_to_withdraw(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    Path(name): Path<String>,
) -> Result<Markup, Failed> {
    let token = find(&site, &name)?;
    let content = html! {
        p { "The program that sends it has no access from then on, and the invites it has made end." }
    };
    let (title, action) = (format!("Withdraw the token {}?", token.name), format!("/tokens/{name}/withdraw"));
    let content = EndQuestion { title, content, action, back: "/tokens", keep: "Keep", end: "Withdraw" }.render();
    Ok(page_at(&caller, Place::Tokens, "Tokens", content))
}

async fn withdraw(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    Path(name): Path<String>,
) -> Result<Redirect, Failed> {
    site.acting_as(&caller).ledger().withdraw_token(&name, site.dialguard().now())?;
    Ok(Redirect::to("/tokens"))
}

fn tokens_page(
    site: &Site,
    caller: &Caller,
    written: &WrittenToken,
    error: Option<&FieldError>,
    result: Markup,
) -> Result<Markup, Failed> {
    let tokens = site.dialguard().ledger().tokens()?;
    let name = TextField {
        name: "name",
        label: "Name",
        value: &written.name,
        hint: "Which program it is for: letters, digits, and . _ @ -",
        ..TextField::default()
    };
    let ends = [("", "never"), ("30", "after 30 days"), ("90", "after 90 days"), ("365", "after a year")];
    let ends = ends.map(|(value, label)| (value.to_owned(), label.to_owned()));
    let content = html! {
        h1 { "Tokens" }
        (result)
        (not_done(error))
        p { "A program that calls the API has a token. What it may do is decided here, once." }
        @if !tokens.is_empty() { div.wide { (token_table(&tokens)) } }
        section.panel aria-labelledby="make" {
            h2 #make { "Make a token" }
            form method="post" action="/tokens" {
                div.fields { (name.render(error)) (choice("days", "Expires", &ends, &written.days, "", error)) }
                (written.grant.fields(&account_ids(site)?, error))
                p.buttons { button.first { "Make the token" } }
            }
        }
    };
    Ok(page_at(caller, Place::Tokens, "Tokens", content))
}

fn token_table(tokens: &[Token]) -> Markup {
    html! {
        table {
            thead { tr { th { "Token" } th { "Role" } th { "Made" } th { "Expires" } th { "Action" } } }
            tbody {
                @for token in tokens {
                    tr data-row=(token.name) {
                        td { (token.name) }
                        td { (capital(&grant_in_words(&token.grant))) }
                        td { (utc_moment(token.made_at)) }
                        td { @match token.ends_at { Some(at) => (utc_moment(at)), None => "never" } }
                        td { a.button href={ "/tokens/" (token.name) "/withdraw" } aria-label={ "Withdraw " (token.name) } { "Withdraw…" } }
                    }
                }
            }
        }
    }
}
