//! Signing in and out.

use super::{Failed, bare};
use crate::web::Site;
use crate::web::auth::{SESSION_COOKIE, session_cookie};
use crate::web::problem::Problem;
use crate::web::query::Query;
use axum::Router;
use axum::extract::{ConnectInfo, Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum_extra::extract::cookie::{Cookie, CookieJar};
use dialguard_dialer::access::{begin_session, secret_hash, sign_in};
use maud::{Markup, html};
use serde::Deserialize;
use std::net::SocketAddr;

pub fn routes() -> Router<Site> {
    Router::new().route("/sign-in", get(show).post(submit)).route("/sign-out", post(sign_out))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignInQuery {
    /// Where to go after signing in.
    #[serde(default)]
    next: String,
    /// Signs a user in once without a password.
    ticket: Option<String>,
}

async fn show(State(site): State<Site>, jar: CookieJar, Query(query): Query<SignInQuery>) -> Result<Response, Failed> {
    let Some(ticket) = query.ticket else { return Ok(form(&query.next, None).into_response()) };
    let user = site.0.tickets.lock().remove(&secret_hash(&ticket));
    let Some(user) = user else {
        let page = form("", Some("This sign-in link has already been used."));
        return Ok((StatusCode::UNAUTHORIZED, page).into_response());
    };
    let secret = begin_session(site.dialguard().ledger(), &user, site.dialguard().now())?;
    Ok((jar.add(session_cookie(&site, secret)), Redirect::to("/")).into_response())
}

#[derive(Deserialize)]
struct Credentials {
    name: String,
    password: String,
    #[serde(default)]
    next: String,
}

async fn submit(
    State(site): State<Site>,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    jar: CookieJar,
    Form(Credentials { name, password, next }): Form<Credentials>,
) -> Result<Response, Failed> {
    if !site.0.sign_in_attempts.allow(&name, address.ip()) {
        let page = form(&next, Some("Too many attempts. Wait 30 seconds, then try again."));
        return Ok((StatusCode::TOO_MANY_REQUESTS, page).into_response());
    }
    let (ledger, now) = (site.dialguard().ledger(), site.dialguard().now());
    // Password hashing is slow by design.
    match tokio::task::block_in_place(|| sign_in(ledger, &name, &password, now))? {
        Some(secret) => Ok((jar.add(session_cookie(&site, secret)), Redirect::to(&local_path(&next))).into_response()),
        None => Ok((StatusCode::UNAUTHORIZED, form(&next, Some("Incorrect name or password."))).into_response()),
    }
}

async fn sign_out(State(site): State<Site>, jar: CookieJar) -> Result<Response, Failed> {
    if let Some(cookie) = jar.get(SESSION_COOKIE) {
        site.dialguard().ledger().end_session(&secret_hash(cookie.value())).map_err(Problem::from)?;
    }
    let expired = Cookie::build((SESSION_COOKIE, "")).path("/");
    Ok((jar.remove(expired), Redirect::to("/sign-in")).into_response())
}

/// `next` if it is a path of this site, else `/`: an open redirect would help phishing.
fn local_path(next: &str) -> String {
    let is_path = next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n']);
    if is_path { next.to_owned() } else { "/".into() }
}

fn form(next: &str, error: Option<&str>) -> Markup {
    bare(
        "Sign in",
        html! {
            form.sign-in method="post" action="/sign-in" {
                h1 { "Sign in" }
                @if let Some(error) = error { p.failed role="alert" { (error) } }
                label { "Name" input name="name" autocomplete="username" required autofocus; }
                label { "Password" input name="password" type="password" autocomplete="current-password" required; }
                input type="hidden" name="next" value=(next);
                button.first { "Sign in" }
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sign_in_redirects_only_within_this_site() {
        for (next, expected) in [
            ("/accounts/acme?page=2", "/accounts/acme?page=2"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("", "/"),
        ] {
            assert_eq!(local_path(next), expected);
        }
    }
}
