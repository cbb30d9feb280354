//! Becoming a user by a link: the link for the first user, and invites. Each works once.

use super::form::{Form, again, credentials, field_of, not_done, repeated};
use super::{Failed, bare};
use crate::parse::FieldError;
use crate::web::Site;
use crate::web::auth::{Browser, session_cookie};
use crate::web::query::Query;
use crate::words::grant_in_words;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum_extra::extract::cookie::CookieJar;
use dialguard::contract::Timestamp;
use dialguard_dialer::access::{AccessError, accept_invite, add_first_user, begin_session_in, secret_hash};
use dialguard_dialer::ledger::{Ledger, LedgerError};
use maud::{Markup, html};
use serde::Deserialize;

pub fn routes() -> Router<Site> {
    Router::new().route("/welcome", get(welcome).post(first_user)).route("/join", get(invited).post(join))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FirstLink {
    #[serde(default)]
    link: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InviteLink {
    #[serde(default)]
    invite: String,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewUser {
    secret: String,
    name: String,
    password: String,
    again: String,
}

/// Adds a user by the secret of a link.
type AddByLink = fn(&Ledger, &str, &str, &str, Timestamp) -> Result<(), AccessError>;

impl NewUser {
    /// What is wrong with the form; none if the user was added.
    async fn add(&self, site: &Site, by_link: AddByLink) -> Result<Option<FieldError>, Failed> {
        let NewUser { secret, name, password, again: repetition } = self.clone();
        let password = match repeated(password, &repetition) {
            Ok(password) => password,
            Err(error) => return Ok(Some(error)),
        };
        let (ledger, now) = (site.dialguard().ledger().clone(), site.dialguard().now());
        let added = site.0.passwords.hash(move || by_link(&ledger, &secret, &name, &password, now)).await;
        Ok(added.map_or_else(|error| field_of(error).map(Some), |()| Ok(None))?)
    }

    /// Signs the new user in.
    fn sign_in(&self, site: &Site, jar: CookieJar, browser: &Browser, next: &str) -> Result<Response, Failed> {
        let secret = begin_session_in(site.dialguard().ledger(), &self.name, &browser.0, site.dialguard().now())?;
        Ok((jar.add(session_cookie(site, secret)), Redirect::to(next)).into_response())
    }
}

/// Opening the link changes nothing, so it survives a reload and whatever else opens links.
async fn welcome(State(site): State<Site>, Query(FirstLink { link }): Query<FirstLink>) -> Result<Markup, Failed> {
    match site.dialguard().ledger().is_first_user_link(&secret_hash(&link))? {
        true => Ok(first_form(&link, "", None)),
        false => Err(LedgerError::LinkGone.into()),
    }
}

async fn first_user(
    State(site): State<Site>,
    jar: CookieJar,
    browser: Browser,
    Form(new): Form<NewUser>,
) -> Result<Response, Failed> {
    match new.add(&site, add_first_user).await? {
        None => new.sign_in(&site, jar, &browser, "/add-account"),
        Some(error) => {
            let form = first_form(&new.secret, &new.name, Some(&error));
            Ok(again(form))
        }
    }
}

fn first_form(link: &str, name: &str, error: Option<&FieldError>) -> Markup {
    bare(
        "Welcome",
        html! {
            (not_done(error))
            form.sign-in method="post" action="/welcome" {
                h1 { "Welcome to Dialguard" }
                p { "Add the first user. You then administer every account, and can invite others." }
                input type="hidden" name="secret" value=(link);
                (credentials(name, error))
                button.first { "Add the first user" }
                p.quiet { "Then come an account, a source of verdicts, numbers, and the first check." }
            }
        },
    )
}

async fn invited(State(site): State<Site>, Query(InviteLink { invite }): Query<InviteLink>) -> Result<Markup, Failed> {
    invite_form(&site, &invite, "", None)
}

async fn join(
    State(site): State<Site>,
    jar: CookieJar,
    browser: Browser,
    Form(new): Form<NewUser>,
) -> Result<Response, Failed> {
    match new.add(&site, accept_invite).await? {
        None => new.sign_in(&site, jar, &browser, "/"),
        Some(error) => {
            let form = invite_form(&site, &new.secret, &new.name, Some(&error))?;
            Ok(again(form))
        }
    }
}

fn invite_form(site: &Site, secret: &str, name: &str, error: Option<&FieldError>) -> Result<Markup, Failed> {
    let (ledger, now) = (site.dialguard().ledger(), site.dialguard().now());
    let invite = ledger.invite(&secret_hash(secret), now)?.ok_or(LedgerError::LinkGone)?;
    let form = html! {
        (not_done(error))
        form.sign-in method="post" action="/join" {
            h1 { "Join Dialguard" }
            p { "Choose a name and a password. Your role: " strong { (grant_in_words(&invite.grant)) } "." }
            input type="hidden" name="secret" value=(secret);
            (credentials(name, error))
            button.first { "Join" }
        }
    };
    Ok(bare("Join", form))
}
