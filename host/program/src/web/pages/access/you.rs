//! What users change about themselves: their password, and where they are signed in.

use super::session_table;
use crate::parse::FieldError;
use crate::web::Site;
use crate::web::auth::{Credentials, SignedIn};
use crate::web::client::ClientAddress;
use crate::web::pages::form::{Form, TextField, again, field_of, new_password, not_done, repeated};
use crate::web::pages::layout::Place;
use crate::web::pages::{Failed, page_at};
use crate::web::problem::Problem;
use crate::words::{count, grant_in_words};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use dialguard_dialer::access::change_password;
use dialguard_dialer::ledger::Session;
use maud::{Markup, html};
use serde::Deserialize;

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/you", get(show))
        .route("/you/password", get(to_you).post(change))
        .route("/you/sessions/end-others", post(end_others))
        .route("/you/sessions/{session}/end", post(end))
}

async fn show(State(site): State<Site>, you: SignedIn) -> Result<Markup, Failed> {
    you_page(&site, &you, None, html! {})
}

/// After a form was refused, its address is that of the form.
async fn to_you(_: SignedIn) -> Redirect {
    Redirect::to("/you")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    current: String,
    password: String,
    again: String,
}

async fn change(
    State(site): State<Site>,
    ClientAddress(address): ClientAddress,
    you: SignedIn,
    Form(NewPassword { current, password, again: repetition }): Form<NewPassword>,
) -> Result<Response, Failed> {
    let name = you.caller.name.clone();
    let refuse = |error: FieldError| Ok(again(you_page(&site, &you, Some(&error), html! {})?));
    // At an open browser nobody guesses faster than a stranger.
    let Some(attempt) = site.0.sign_in_attempts.begin(&name, address) else {
        let detail = "Too many attempts. Wait 20 seconds, then try again.";
        return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).into());
    };
    tokio::time::sleep_until(attempt.turn).await;
    let (ledger, now) = (site.acting_as(&you.caller).ledger().clone(), site.dialguard().now());
    let is_right = match Credentials::new(name.clone(), current) {
        Some(credentials) => site.0.passwords.are_right(ledger.clone(), credentials).await?,
        None => false,
    };
    if !is_right {
        return refuse(FieldError::new("current", "this is not your password"));
    }
    site.0.sign_in_attempts.take_back(attempt);
    let password = match repeated(password, &repetition) {
        Ok(password) => password,
        Err(error) => return refuse(error),
    };
    let kept = you.session;
    let changed = site.0.passwords.hash(move || change_password(&ledger, &name, &password, Some(&kept), now)).await;
    if let Err(error) = changed {
        return refuse(field_of(error)?);
    }
    let result = html! { p.saved role="status" { "Your password is changed. All your other sessions have ended." } };
    Ok(you_page(&site, &you, None, result)?.into_response())
}

async fn end(State(site): State<Site>, you: SignedIn, Path(session): Path<String>) -> Result<Redirect, Failed> {
    site.acting_as(&you.caller).ledger().end_session_of(&you.caller.name, &session, site.dialguard().now())?;
    Ok(Redirect::to("/you"))
}

async fn end_others(State(site): State<Site>, you: SignedIn) -> Result<Redirect, Failed> {
    site.acting_as(&you.caller).ledger().end_sessions_of(
        &you.caller.name,
        Some(&you.session),
        site.dialguard().now(),
    )?;
    Ok(Redirect::to("/you"))
}

fn you_page(site: &Site, you: &SignedIn, error: Option<&FieldError>, result: Markup) -> Result<Markup, Failed> {
    let (ledger, now) = (site.dialguard().ledger(), site.dialguard().now());
    let sessions = ledger.sessions_of(&you.caller.name, now)?;
    let own = Session::id_of(&you.session);
    let current = TextField {
        name: "current",
        label: "Present password",
        kind: "password",
        autocomplete: "current-password",
        ..TextField::default()
    };
    let content = html! {
        h1 { (you.caller.name) }
        (result)
        (not_done(error))
        p { "Your role: " strong { (grant_in_words(&you.caller.grant)) } "." }
        section.panel aria-labelledby="password-of" {
            h2 #password-of { "Change your password" }
            form method="post" action="/you/password" {
                input type="hidden" autocomplete="username" value=(you.caller.name);
                div.fields { (current.render(error)) (new_password(error)) }
                p.buttons { button.first { "Change the password" } }
                p.quiet { "Your other sessions end." }
            }
        }
        section.panel aria-labelledby="sessions" {
            h2 #sessions { (count(sessions.len() as u64, "session")) }
            (session_table(&sessions, Some(&own), |id| format!("/you/sessions/{id}/end")))
            @if sessions.len() > 1 {
                form.buttons method="post" action="/you/sessions/end-others" { button { "End all others" } }
            }
        }
    };
    Ok(page_at(&you.caller, Place::You, "You", content))
}
