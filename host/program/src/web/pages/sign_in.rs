//! Signing in and out.

use super::form::Form;
use super::{Failed, bare};
use crate::web::Site;
use crate::web::address::account_path;
use crate::web::auth::{Browser, Credentials, SESSION_COOKIE, session_cookie};
use crate::web::client::ClientAddress;
use crate::web::limits::NEXT_BYTES_MAX;
use crate::web::problem::Problem;
use crate::web::query::Query;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum_extra::extract::cookie::{Cookie, CookieJar};
use dialguard_dialer::access::{begin_session_in, secret_hash};
use maud::{Markup, html};
use serde::Deserialize;
use url::{Position, Url};

pub fn routes() -> Router<Site> {
    Router::new().route("/sign-in", get(show).post(submit)).route("/sign-out", post(sign_out))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignInQuery {
    /// Where to go after signing in.
    #[serde(default)]
    next: String,
    /// Signs the visitor of a demo in, as often as it is opened.
    ticket: Option<String>,
}

async fn show(
    State(site): State<Site>,
    jar: CookieJar,
    Browser(browser): Browser,
    Query(query): Query<SignInQuery>,
) -> Result<Response, Failed> {
    let Some(ticket) = query.ticket else { return Ok(form(&site, &query.next, "", None).into_response()) };
    let demo = site.0.demo.as_ref();
    let Some((visitor, demo)) = demo.and_then(|it| Some((it.visitor(&ticket)?, &it.demo))) else {
        let page = form(&site, "", "", Some("This link does not work here."));
        return Ok((StatusCode::UNAUTHORIZED, page).into_response());
    };
    let secret = begin_session_in(site.dialguard().ledger(), visitor, &browser, site.dialguard().now())?;
    let next = Redirect::to(&account_path(&demo.account));
    Ok((jar.add(session_cookie(&site, secret)), next).into_response())
}

#[derive(Deserialize)]
struct SignInForm {
    name: String,
    password: String,
    #[serde(default)]
    next: String,
}

async fn submit(
    State(site): State<Site>,
    ClientAddress(address): ClientAddress,
    jar: CookieJar,
    Browser(browser): Browser,
    Form(SignInForm { name, password, next }): Form<SignInForm>,
) -> Result<Response, Failed> {
    let Some(attempt) = site.0.sign_in_attempts.begin(&name, address) else {
        return Ok(too_many_attempts(&site, &next, &name));
    };
    tokio::time::sleep_until(attempt.turn).await;
    let ledger = site.dialguard().ledger();
    let is_right = match Credentials::new(name.clone(), password) {
        Some(credentials) => site.0.passwords.are_right(ledger.clone(), credentials).await?,
        None => false,
    };
    if !is_right {
        let page = form(&site, &next, &name, Some("Incorrect name or password."));
        return Ok((StatusCode::UNAUTHORIZED, page).into_response());
    }
    site.0.sign_in_attempts.take_back(attempt);
    let secret = begin_session_in(ledger, &name, &browser, site.dialguard().now())?;
    Ok((jar.add(session_cookie(&site, secret)), Redirect::to(&local_address(&next))).into_response())
}

fn too_many_attempts(site: &Site, next: &str, name: &str) -> Response {
    let page = form(site, next, name, Some("Too many attempts. Wait 20 seconds, then try again."));
    (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, HeaderValue::from_static("20"))], page).into_response()
}

async fn sign_out(State(site): State<Site>, jar: CookieJar) -> Result<Response, Failed> {
    if let Some(cookie) = jar.get(SESSION_COOKIE) {
        site.dialguard().ledger().end_session(&secret_hash(cookie.value())).map_err(Problem::from)?;
    }
    let expired = Cookie::build((SESSION_COOKIE, "")).path("/");
    Ok((jar.remove(expired), Redirect::to("/sign-in")).into_response())
}

/// `next` if it is an address of this site, else `/`: an open redirect would help phishing.
///
/// Browsers do not read an address as it is written: they drop tabs and line ends, and take `\` for `/`. So it is resolved
/// as they do it, and its origin compared.
fn local_address(next: &str) -> String {
    let site = Url::parse("http://dashboard.invalid/").expect("a constant address is one");
    let resolved = Some(next).filter(|next| is_address(next)).and_then(|next| site.join(next).ok());
    let resolved = resolved.filter(|address| address.origin() == site.origin());
    let path = resolved.as_ref().map_or("/", |address| &address[Position::BeforePath..]);
    // What `..` leaves may begin like the address of another site.
    if path.starts_with("//") { "/".into() } else { path.to_owned() }
}

/// Begins with a path and has no characters that browsers change.
fn is_address(next: &str) -> bool {
    next.starts_with('/')
        && next.len() <= NEXT_BYTES_MAX
        && !next.chars().any(|letter| letter.is_control() || letter == '\\')
}

/// Which of name and password is wrong is not said.
fn form(site: &Site, next: &str, name: &str, error: Option<&str>) -> Markup {
    let is_wrong = error.is_some() && !name.is_empty();
    bare(
        "Sign in",
        html! {
            form.sign-in method="post" action="/sign-in" {
                h1 { "Sign in" }
                @if let Some(error) = error { p.failed #sign-in-means role="alert" { (error) } }
                label { "Name" input name="name" value=(name) autocomplete="username" required autofocus[!is_wrong]; }
                label { "Password" input name="password" type="password" autocomplete="current-password" required autofocus[is_wrong]
                    aria-describedby=[is_wrong.then_some("sign-in-means")] aria-invalid=[is_wrong.then_some("true")]; }
                input type="hidden" name="next" value=(next);
                button.first { "Sign in" }
                @if !site.dialguard().ledger().has_users().unwrap_or(true) {
                    p.quiet { "There are no users yet. Open the link that the program has printed when it started." }
                }
                @if site.is_demo() {
                    p.quiet { "This is the demo: to get in again, open the link that the program has printed. It works until the demo is stopped, because only this machine can open it." }
                }
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
            ("/", "/"),
            ("/accounts/acme?page=2", "/accounts/acme?page=2"),
            ("/accounts/a%20b/numbers/+13105550100#history", "/accounts/a%20b/numbers/+13105550100#history"),
            ("/accounts/acme?q=%09//evil.example", "/accounts/acme?q=%09//evil.example"),
            ("", "/"),
            ("accounts/acme", "/"),
            ("//evil.example", "/"),
            ("///evil.example", "/"),
            ("/\t/evil.example", "/"),
            ("/\n/evil.example", "/"),
            ("\t//evil.example", "/"),
            (" //evil.example", "/"),
            ("/\u{0}/evil.example", "/"),
            ("/\\evil.example", "/"),
            ("\\\\evil.example", "/"),
            ("/accounts\r\nset-cookie: a=b", "/"),
            ("https://evil.example", "/"),
            ("http:evil.example", "/"),
            ("javascript:alert(1)", "/"),
            ("@evil.example", "/"),
            ("//dashboard.invalid@evil.example/", "/"),
        ] {
            let address = local_address(next);
            assert_eq!(address, expected, "{next:?}");
            assert!(HeaderValue::from_str(&address).is_ok());
        }
        assert_eq!(local_address("/./..//evil.example"), "/", "a path that becomes another site's address");
        assert_eq!(local_address(&format!("/{}", "a".repeat(NEXT_BYTES_MAX))), "/");
    }
}
