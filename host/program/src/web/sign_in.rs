//! Signing in and out.

use super::Site;
use super::caller::{SESSION_COOKIE, session_cookie};
use super::pages::{Failed, bare};
use super::problem::Problem;
use axum::Router;
use axum::extract::{ConnectInfo, Form, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum_extra::extract::cookie::{Cookie, CookieJar};
use dialguard_dialer::access::{begin_session, secret_hash, sign_in};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use maud::{Markup, html};
use serde::Deserialize;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;

pub fn routes() -> Router<Site> {
    Router::new().route("/sign-in", get(ask).post(answer)).route("/sign-out", post(sign_out))
}

/// How often a name or an address may be tried: ten at once, and then one each half minute.
pub struct Limits {
    of_name: DefaultKeyedRateLimiter<String>,
    of_address: DefaultKeyedRateLimiter<IpAddr>,
}

impl Default for Limits {
    fn default() -> Self {
        let quota = Quota::per_minute(const { NonZeroU32::new(2).unwrap() })
            .allow_burst(const { NonZeroU32::new(10).unwrap() });
        Limits { of_name: RateLimiter::keyed(quota), of_address: RateLimiter::keyed(quota) }
    }
}

impl Limits {
    fn allow(&self, name: &str, address: IpAddr) -> bool {
        // Those that have not been tried for long are as good as new: nothing grows without end.
        if self.of_name.len() + self.of_address.len() > 10_000 {
            self.of_name.retain_recent();
            self.of_address.retain_recent();
        }
        self.of_address.check_key(&address).is_ok() && self.of_name.check_key(&name.to_lowercase()).is_ok()
    }
}

#[derive(Deserialize)]
struct Asked {
    /// Where to go afterwards.
    #[serde(default)]
    next: String,
    /// Signs somebody in once without a password.
    ticket: Option<String>,
}

async fn ask(State(site): State<Site>, jar: CookieJar, Query(asked): Query<Asked>) -> Result<Response, Failed> {
    let Some(ticket) = asked.ticket else { return Ok(form(&asked.next, None).into_response()) };
    let user = site.0.tickets.lock().remove(&secret_hash(&ticket));
    let Some(user) = user else {
        return Ok((StatusCode::UNAUTHORIZED, form("", Some("This link has been used already."))).into_response());
    };
    let secret = begin_session(site.dialguard().ledger(), &user, site.dialguard().now())?;
    Ok((jar.add(session_cookie(&site, secret)), Redirect::to("/")).into_response())
}

#[derive(Deserialize)]
struct Answer {
    name: String,
    password: String,
    #[serde(default)]
    next: String,
}

async fn answer(
    State(site): State<Site>,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    jar: CookieJar,
    Form(Answer { name, password, next }): Form<Answer>,
) -> Result<Response, Failed> {
    if !site.0.sign_ins.allow(&name, address.ip()) {
        let told = form(&next, Some("Too many tries. Wait half a minute and try again."));
        return Ok((StatusCode::TOO_MANY_REQUESTS, told).into_response());
    }
    let (ledger, now) = (site.dialguard().ledger(), site.dialguard().now());
    // Hashing takes its time on purpose.
    match tokio::task::block_in_place(|| sign_in(ledger, &name, &password, now))? {
        Some(secret) => Ok((jar.add(session_cookie(&site, secret)), Redirect::to(&within(&next))).into_response()),
        None => {
            let told = form(&next, Some("Name or password is wrong."));
            Ok((StatusCode::UNAUTHORIZED, told).into_response())
        }
    }
}

async fn sign_out(State(site): State<Site>, jar: CookieJar) -> Result<Response, Failed> {
    if let Some(cookie) = jar.get(SESSION_COOKIE) {
        site.dialguard().ledger().end_session(&secret_hash(cookie.value())).map_err(Problem::from)?;
    }
    let gone = Cookie::build((SESSION_COOKIE, "")).path("/");
    Ok((jar.remove(gone), Redirect::to("/sign-in")).into_response())
}

/// A path of this site, whatever was asked for: nobody is sent elsewhere.
fn within(next: &str) -> String {
    let is_path = next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n']);
    if is_path { next.to_owned() } else { "/".into() }
}

fn form(next: &str, told: Option<&str>) -> Markup {
    bare(
        "Sign in",
        html! {
            form.sign-in method="post" action="/sign-in" {
                h1 { "Sign in" }
                @if let Some(told) = told { p.failed role="alert" { (told) } }
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
    fn nobody_is_sent_to_another_site() {
        for (next, goes_to) in [
            ("/accounts/acme?page=2", "/accounts/acme?page=2"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("", "/"),
        ] {
            assert_eq!(within(next), goes_to);
        }
    }

    #[test]
    fn a_name_and_an_address_can_be_tried_so_often() {
        let limits = Limits::default();
        let here: IpAddr = [127, 0, 0, 1].into();
        assert!((0..10).all(|_| limits.allow("ann", here)));
        assert!(!limits.allow("ben", here), "the address is spent");
        assert!(!limits.allow("Ann", [127, 0, 0, 2].into()), "and so is the name");
    }
}
