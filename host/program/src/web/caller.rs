//! Who asks, and whether he may: every route of an account takes an [`OfAccount`], so none can forget to look.

use super::Site;
use super::pages;
use super::problem::Problem;
use super::watch;
use axum::RequestPartsExt;
use axum::extract::{FromRequestParts, OriginalUri, Path};
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use dialguard::contract::Timestamp;
use dialguard_dialer::access::{self, Grant, Role, secret_hash};
use dialguard_dialer::ledger::AccountProfile;
use serde::Deserialize;
use std::marker::PhantomData;

/// Somebody who has shown who he is: a user by a session, or a program by a token.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The user's name, or the token's.
    pub name: String,
    /// What he may see and do.
    pub grant: Grant,
    /// Whether it is a program.
    pub is_program: bool,
}

/// Somebody who may do over everything what concerns no single account.
pub struct Administrator(pub Caller);

/// Somebody who may do in an account what `R` says, and the account as it stands.
pub struct OfAccount<R> {
    pub caller: Caller,
    pub account: AccountProfile,
    role: PhantomData<R>,
}

/// A role that a route asks for.
pub trait Needs {
    const ROLE: Role;
}
pub struct Read;
pub struct Operate;
pub struct Administer;
impl Needs for Read {
    const ROLE: Role = Role::Read;
}
impl Needs for Operate {
    const ROLE: Role = Role::Operate;
}
impl Needs for Administer {
    const ROLE: Role = Role::Administer;
}

impl FromRequestParts<Site> for Caller {
    type Rejection = NotLetIn;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, NotLetIn> {
        let refuse = |problem| NotLetIn { problem, uri: asked_for(parts) };
        let (ledger, now) = (site.dialguard().ledger(), site.dialguard().now());
        if let Some(token) = bearer(parts) {
            let known = ledger.token(&secret_hash(token), now).map_err(|error| refuse(error.into()))?;
            let token = known.ok_or_else(|| refuse(signed_out("there is no such token, or it has ended")))?;
            return Ok(Caller { name: token.name, grant: token.grant, is_program: true });
        }
        let jar = CookieJar::from_headers(&parts.headers);
        let secret = jar.get(SESSION_COOKIE).map(|cookie| secret_hash(cookie.value()));
        let known = secret.map(|secret| ledger.session(&secret, now)).transpose();
        let user = known.map_err(|error| refuse(error.into()))?.flatten();
        let user = user.ok_or_else(|| refuse(signed_out("sign in, or send a token as `Authorization: Bearer …`")))?;
        Ok(Caller { name: user.name, grant: user.grant, is_program: false })
    }
}

impl FromRequestParts<Site> for Administrator {
    type Rejection = NotLetIn;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, NotLetIn> {
        let caller = Caller::from_request_parts(parts, site).await?;
        if caller.grant.is_over_everything() {
            return Ok(Administrator(caller));
        }
        let detail = "this takes the role `administer` over every account; ask somebody who has it";
        Err(NotLetIn { problem: Problem::new(StatusCode::FORBIDDEN, detail), uri: asked_for(parts) })
    }
}

/// An account that the caller may not know of is told from none by nothing.
impl<R: Needs> FromRequestParts<Site> for OfAccount<R> {
    type Rejection = NotLetIn;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, NotLetIn> {
        #[derive(Deserialize)]
        struct Named {
            account: String,
        }
        let caller = Caller::from_request_parts(parts, site).await?;
        let named = parts.extract::<Path<Named>>().await;
        let refuse = |problem| NotLetIn { problem, uri: asked_for(parts) };
        let Path(Named { account: id }) =
            named.map_err(|error| refuse(Problem::new(StatusCode::BAD_REQUEST, error.body_text())))?;
        if !caller.grant.covers(&id) {
            return Err(refuse(Problem::no_such_account(&id)));
        }
        if caller.grant.role < R::ROLE {
            let detail = format!("this takes the role `{}`, and yours is `{}`", R::ROLE, caller.grant.role);
            return Err(refuse(Problem::new(StatusCode::FORBIDDEN, detail)));
        }
        let account = as_of_now(site, &id).map_err(refuse)?;
        Ok(OfAccount { caller, account, role: PhantomData })
    }
}

/// The account in its present billing cycle. Where the clock went back it is shown as it was left.
pub fn as_of_now(site: &Site, id: &str) -> Result<AccountProfile, Problem> {
    Ok(site.dialguard().ledger().account(id)?.as_of(site.dialguard().now()))
}

/// The time to go by in an account; where the clock went back, that of its latest change.
pub fn now_of(site: &Site, account: &AccountProfile) -> Timestamp {
    site.dialguard().now().max(account.changed_at)
}

/// Why somebody was not let in: a problem for programs, the sign-in page or a page with the reason for users.
#[derive(Debug)]
pub struct NotLetIn {
    problem: Problem,
    uri: Uri,
}

impl IntoResponse for NotLetIn {
    fn into_response(self) -> Response {
        if self.uri.path().starts_with("/api/") || watch::is_for_programs(self.uri.path()) {
            return self.problem.into_response();
        }
        if self.problem.status() != StatusCode::UNAUTHORIZED {
            return pages::Failed(self.problem).into_response();
        }
        let next = self.uri.path_and_query().map_or("/", |path| path.as_str());
        Redirect::to(&format!("/sign-in?next={}", urlencoded(next))).into_response()
    }
}

/// The whole address: routes in a nest see the rest of it only.
fn asked_for(parts: &Parts) -> Uri {
    parts.extensions.get::<OriginalUri>().map_or_else(|| parts.uri.clone(), |OriginalUri(uri)| uri.clone())
}

fn signed_out(detail: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, detail)
}

fn bearer(parts: &Parts) -> Option<&str> {
    let value = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn urlencoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// What a browser keeps of a session.
pub const SESSION_COOKIE: &str = "dialguard_session";

/// The cookie of a session, out of reach of scripts and of other sites.
pub fn session_cookie(site: &Site, secret: String) -> Cookie<'static> {
    Cookie::build((SESSION_COOKIE, secret))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(site.0.settings.is_https)
        .max_age(time::Duration::seconds(access::SESSION_SECONDS as i64))
        .build()
}
