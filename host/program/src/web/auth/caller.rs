//! The caller and their role. A route under an account takes an [`OfAccount`], so no route can forget the check.

use crate::web::Site;
use crate::web::problem::plain::wrong_path;
use crate::web::problem::{Kind, Problem};
use axum::RequestPartsExt;
use axum::extract::{FromRequestParts, OriginalUri, Path};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, Uri, header};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use dialguard::contract::Timestamp;
use dialguard_dialer::access::{self, Grant, Role, secret_hash};
use dialguard_dialer::ledger::{AccountProfile, Actor, Inviter, SecretHash};
use serde::Deserialize;
use std::marker::PhantomData;

/// An authenticated caller: a user with a session or a program with a token.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The name of the user or of the token.
    pub name: String,
    /// The actor that their changes are recorded as.
    pub actor: Actor,
    /// What they may see and do.
    pub grant: Grant,
    /// Whether it is a program.
    pub is_program: bool,
}

impl Caller {
    /// Whether it is the user of this name.
    pub fn is_user(&self, name: &str) -> bool {
        !self.is_program && self.name == name
    }

    /// Who makes an invite.
    pub fn inviter(&self) -> Inviter {
        let name = self.name.clone();
        if self.is_program { Inviter::Token(name) } else { Inviter::User(name) }
    }
}

/// A caller who administers all accounts, and so may change what no single account owns.
pub struct Administrator(pub Caller);

/// A user, and the hash of the secret of the session that the request belongs to.
pub struct SignedIn {
    pub caller: Caller,
    pub session: SecretHash,
}

/// A caller with the role `R` in an account, and that account.
pub struct OfAccount<R> {
    pub caller: Caller,
    pub account: AccountProfile,
    role: PhantomData<R>,
}

impl<R> OfAccount<R> {
    /// Whether a page offers what takes this role. A closed account is not changed.
    pub fn may(&self, role: Role) -> bool {
        self.caller.grant.role >= role && self.account.closed_at.is_none()
    }
}

/// A role that a route requires.
pub trait RequiredRole {
    const ROLE: Role;
}
pub struct Read;
pub struct Operate;
pub struct Administer;
impl RequiredRole for Read {
    const ROLE: Role = Role::Read;
}
impl RequiredRole for Operate {
    const ROLE: Role = Role::Operate;
}
impl RequiredRole for Administer {
    const ROLE: Role = Role::Administer;
}

impl FromRequestParts<Site> for Caller {
    type Rejection = Denied;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Denied> {
        let deny = |problem| Denied::new(problem, parts);
        let (ledger, now) = (site.dialguard().ledger(), site.dialguard().now());
        if let Some(token) = bearer(parts) {
            let known = ledger.token(&secret_hash(token), now).map_err(|error| deny(error.into()))?;
            let token = known.ok_or_else(|| deny(unauthorized("invalid or expired token")))?;
            let actor = Actor::token(&token.name, token.made_at);
            return Ok(Caller { name: token.name, actor, grant: token.grant, is_program: true });
        }
        let jar = CookieJar::from_headers(&parts.headers);
        let secret = jar.get(SESSION_COOKIE).map(|cookie| secret_hash(cookie.value()));
        let known = secret.map(|secret| ledger.session(&secret, now)).transpose();
        let user = known.map_err(|error| deny(error.into()))?.flatten();
        let user = user.ok_or_else(|| deny(unauthorized("sign in, or send a token as `Authorization: Bearer …`")))?;
        let actor = Actor::user(&user.name, user.added_at);
        Ok(Caller { name: user.name, actor, grant: user.grant, is_program: false })
    }
}

impl FromRequestParts<Site> for Administrator {
    type Rejection = Denied;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Denied> {
        let caller = Caller::from_request_parts(parts, site).await?;
        if caller.grant.is_over_everything() {
            return Ok(Administrator(caller));
        }
        let detail = "only administrators of all accounts can do this";
        Err(Denied::new(Problem::new(StatusCode::FORBIDDEN, detail), parts))
    }
}

/// Programs have neither passwords nor sessions.
impl FromRequestParts<Site> for SignedIn {
    type Rejection = Denied;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Denied> {
        let caller = Caller::from_request_parts(parts, site).await?;
        let jar = CookieJar::from_headers(&parts.headers);
        match jar.get(SESSION_COOKIE).filter(|_| !caller.is_program) {
            Some(cookie) => Ok(SignedIn { caller, session: secret_hash(cookie.value()) }),
            None => Err(Denied::new(Problem::new(StatusCode::FORBIDDEN, "only users can do this"), parts)),
        }
    }
}

/// An account the caller may not see gets the same answer as an account that does not exist.
impl<R: RequiredRole> FromRequestParts<Site> for OfAccount<R> {
    type Rejection = Denied;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Denied> {
        #[derive(Deserialize)]
        struct AccountPath {
            account: String,
        }
        let caller = Caller::from_request_parts(parts, site).await?;
        let path = parts.extract::<Path<AccountPath>>().await;
        let deny = |problem| Denied::new(problem, parts);
        let Path(AccountPath { account: id }) =
            path.map_err(|error| deny(Problem::unreadable(Kind::InvalidParameter, wrong_path(&error))))?;
        if !caller.grant.covers(&id) {
            return Err(deny(Problem::no_such_account(&id)));
        }
        if caller.grant.role < R::ROLE {
            let detail = format!("this requires the role {}; yours is {}", R::ROLE, caller.grant.role);
            return Err(deny(Problem::new(StatusCode::FORBIDDEN, detail)));
        }
        let account = as_of_now(site, &id).map_err(deny)?;
        Ok(OfAccount { caller, account, role: PhantomData })
    }
}

/// The account in its current billing cycle. If the clock went back, the account as of its latest change.
pub fn as_of_now(site: &Site, id: &str) -> Result<AccountProfile, Problem> {
    Ok(site.dialguard().ledger().account(id)?.as_of(site.dialguard().now()))
}

/// The account's current time. If the clock went back, the time of its latest change.
pub fn now_of(site: &Site, account: &AccountProfile) -> Timestamp {
    site.dialguard().now().max(account.changed_at)
}

/// Why a request was denied. `pages::denied` renders it: a problem for programs, a page or the sign-in form for users.
#[derive(Debug)]
pub struct Denied {
    pub problem: Problem,
    pub method: Method,
    pub uri: Uri,
}

impl Denied {
    fn new(problem: Problem, parts: &Parts) -> Self {
        Denied { problem, method: parts.method.clone(), uri: requested_uri(parts) }
    }
}

/// The whole URI: nested routes only see the rest of it.
fn requested_uri(parts: &Parts) -> Uri {
    parts.extensions.get::<OriginalUri>().map_or_else(|| parts.uri.clone(), |OriginalUri(uri)| uri.clone())
}

fn unauthorized(detail: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, detail)
}

fn bearer(parts: &Parts) -> Option<&str> {
    let value = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The name of the session cookie.
pub const SESSION_COOKIE: &str = "dialguard_session";

/// A session cookie that neither scripts nor other sites can use.
pub fn session_cookie(site: &Site, secret: String) -> Cookie<'static> {
    Cookie::build((SESSION_COOKIE, secret))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(site.0.settings.is_https)
        .max_age(time::Duration::seconds(access::SESSION_SECONDS as i64))
        .build()
}
