//! Users of the dashboard, their sessions, and the links by which people become users.

use super::created;
use super::failures::{ChangeFailures, Failures};
use super::input::{Body, NumberedPart, Page, Part, PathParams, QueryParams, SerialNumber};
use super::keyed::Secret;
use crate::json::{Invite, NewInvite, Role, Session, User};
use crate::parse::{self, List};
use crate::web::Site;
use crate::web::auth::{Administrator, Caller};
use crate::web::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use dialguard_dialer::access::{Grant, invite};
use dialguard_dialer::ledger::{self, GRANTED_ACCOUNTS_MAX, LedgerError};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(one, change, remove))
        .routes(routes!(sessions, end_sessions))
        .routes(routes!(end_session))
        .routes(routes!(invites, make_invite))
        .routes(routes!(revoke_invite))
}

/// What a user may do.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct GrantRequest {
    role: Role,
    /// The accounts the role covers; every account if missing.
    #[schema(value_type = Option<Vec<String>>, example = json!(["acme"]), min_items = 1, max_items = 1000)]
    accounts: Option<List<String, GRANTED_ACCOUNTS_MAX>>,
}

impl GrantRequest {
    fn read(self, site: &Site) -> Result<Grant, Problem> {
        let accounts = self.accounts.map(|List(ids)| ids);
        Ok(parse::grant(site.dialguard().ledger(), self.role.into(), accounts)?)
    }
}

/// A user in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct InUser {
    /// The user's name.
    #[param(example = "kim")]
    user: String,
}

/// A session of a user in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct InSession {
    /// The user's name.
    #[param(example = "kim")]
    user: String,
    /// The session's id.
    #[param(example = "8e03978e4f6c1d2a")]
    session: String,
}

/// An invite in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct InInvite {
    /// Its id.
    #[param(value_type = i64, minimum = 1, example = 1)]
    invite: SerialNumber,
}

fn find(site: &Site, name: &str) -> Result<ledger::User, Problem> {
    let known = site.dialguard().ledger().user(name)?;
    Ok(known.map(|(user, _)| user).ok_or_else(|| LedgerError::NoSuchUser(name.to_owned()))?)
}

/// Another user than the caller: nobody takes their own rights away.
fn another(site: &Site, caller: &Caller, name: &str) -> Result<ledger::User, Problem> {
    let user = find(site, name)?;
    if caller.is_user(&user.name) {
        let detail = "another administrator can change or remove you; you cannot do it yourself";
        return Err(Problem::new(StatusCode::CONFLICT, detail));
    }
    Ok(user)
}

/// List the users of the dashboard, by name
///
/// Requires the role `administer` over every account. Users are added by invites, and choose their own passwords.
#[utoipa::path(
    get,
    path = "/users",
    operation_id = "list-users",
    tag = "users",
    params(Part),
    responses((status = 200, description = "Part of the list", body = Page<User>), Failures)
)]
async fn list(
    State(site): State<Site>,
    _: Administrator,
    QueryParams(Part { limit, after }): QueryParams<Part>,
) -> Result<Json<Page<User>>, Problem> {
    let known = site.dialguard().ledger().users()?;
    let following = known.into_iter().filter(|user| after.as_ref().is_none_or(|after| user.name > *after));
    Ok(Json(Page::of(following, limit, |user| user.name.clone()).map(|user| User::from(&user))))
}

/// Get a user
///
/// Requires the role `administer` over every account.
#[utoipa::path(
    get,
    path = "/users/{user}",
    operation_id = "get-user",
    tag = "users",
    params(InUser),
    responses((status = 200, description = "The user", body = User), Failures)
)]
async fn one(
    State(site): State<Site>,
    _: Administrator,
    PathParams(InUser { user }): PathParams<InUser>,
) -> Result<Json<User>, Problem> {
    Ok(Json(User::from(&find(&site, &user)?)))
}

/// Change what a user may see and do
///
/// Requires the role `administer` over every account. It counts from the user's next request on.
#[utoipa::path(
    put,
    path = "/users/{user}",
    operation_id = "change-user",
    tag = "users",
    params(InUser),
    request_body = GrantRequest,
    responses((status = 200, description = "The user", body = User), ChangeFailures)
)]
async fn change(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    PathParams(InUser { user }): PathParams<InUser>,
    Body(grant): Body<GrantRequest>,
) -> Result<Json<User>, Problem> {
    another(&site, &caller, &user)?;
    site.acting_as(&caller).ledger().change_grant(&user, &grant.read(&site)?, site.dialguard().now())?;
    Ok(Json(User::from(&find(&site, &user)?)))
}

/// Remove a user, which ends the user's sessions and invites
///
/// Requires the role `administer` over every account.
#[utoipa::path(
    delete,
    path = "/users/{user}",
    operation_id = "remove-user",
    tag = "users",
    params(InUser),
    responses((status = 204, description = "The user is removed"), ChangeFailures)
)]
async fn remove(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    PathParams(InUser { user }): PathParams<InUser>,
) -> Result<StatusCode, Problem> {
    another(&site, &caller, &user)?;
    site.acting_as(&caller).ledger().remove_user(&user, site.dialguard().now())?;
    Ok(StatusCode::NO_CONTENT)
}

/// List where a user is signed in, the newest session first
///
/// Requires the role `administer` over every account. A user has at most 100 sessions.
#[utoipa::path(
    get,
    path = "/users/{user}/sessions",
    operation_id = "list-sessions",
    tag = "users",
    params(InUser),
    responses((status = 200, description = "The sessions", body = Page<Session>), Failures)
)]
async fn sessions(
    State(site): State<Site>,
    _: Administrator,
    PathParams(InUser { user }): PathParams<InUser>,
) -> Result<Json<Page<Session>>, Problem> {
    find(&site, &user)?;
    let sessions = site.dialguard().ledger().sessions_of(&user, site.dialguard().now())?;
    Ok(Json(Page { items: sessions.iter().map(Session::from).collect(), next: None }))
}

/// End all sessions of a user
///
/// Requires the role `administer` over every account.
#[utoipa::path(
    delete,
    path = "/users/{user}/sessions",
    operation_id = "end-sessions",
    tag = "users",
    params(InUser),
    responses((status = 204, description = "They have ended"), ChangeFailures)
)]
async fn end_sessions(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    PathParams(InUser { user }): PathParams<InUser>,
) -> Result<StatusCode, Problem> {
    find(&site, &user)?;
    site.acting_as(&caller).ledger().end_sessions_of(&user, None, site.dialguard().now())?;
    Ok(StatusCode::NO_CONTENT)
}

/// End a session of a user
///
/// Requires the role `administer` over every account.
#[utoipa::path(
    delete,
    path = "/users/{user}/sessions/{session}",
    operation_id = "end-session",
    tag = "users",
    params(InSession),
    responses((status = 204, description = "It has ended"), ChangeFailures)
)]
async fn end_session(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    PathParams(InSession { user, session }): PathParams<InSession>,
) -> Result<StatusCode, Problem> {
    site.acting_as(&caller).ledger().end_session_of(&user, &session, site.dialguard().now())?;
    Ok(StatusCode::NO_CONTENT)
}

/// List the invites that nobody has accepted yet, the oldest first
///
/// Requires the role `administer` over every account.
#[utoipa::path(
    get,
    path = "/invites",
    operation_id = "list-invites",
    tag = "users",
    params(NumberedPart),
    responses((status = 200, description = "Part of the list", body = Page<Invite>), Failures)
)]
async fn invites(
    State(site): State<Site>,
    _: Administrator,
    QueryParams(NumberedPart { limit, after }): QueryParams<NumberedPart>,
) -> Result<Json<Page<Invite>>, Problem> {
    let known = site.dialguard().ledger().invites(site.dialguard().now())?;
    let following = known.into_iter().filter(|invite| invite.id > after.0);
    Ok(Json(Page::of(following, limit, |invite| invite.id.to_string()).map(|invite| Invite::from(&invite))))
}

/// Make a link by which one person becomes a user
///
/// Requires the role `administer` over every account. The link works once, for 7 days, and as long as the token that made
/// it. Only this answer contains it: repeating the request with the same `Idempotency-Key` does not return it again.
#[utoipa::path(
    post,
    path = "/invites",
    operation_id = "make-invite",
    tag = "users",
    request_body = GrantRequest,
    responses((status = 201, description = "The invite", body = NewInvite,
        headers(("Location" = String, description = "The list of invites"))), ChangeFailures)
)]
async fn make_invite(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    Body(grant): Body<GrantRequest>,
) -> Result<impl IntoResponse, Problem> {
    let (dialguard, now) = (site.acting_as(&caller), site.dialguard().now());
    let (invite, secret) = invite(dialguard.ledger(), grant.read(&site)?, caller.inviter(), now)?;
    let made = NewInvite { invite: Invite::from(&invite), path: format!("/join?invite={secret}") };
    Ok((Extension(Secret), created("/api/v1/invites".to_owned(), made)))
}

/// Revoke an invite, whose link then opens nothing
///
/// Requires the role `administer` over every account.
#[utoipa::path(
    delete,
    path = "/invites/{invite}",
    operation_id = "revoke-invite",
    tag = "users",
    params(InInvite),
    responses((status = 204, description = "It is revoked"), ChangeFailures)
)]
async fn revoke_invite(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    PathParams(InInvite { invite }): PathParams<InInvite>,
) -> Result<StatusCode, Problem> {
    site.acting_as(&caller).ledger().revoke_invite(invite.0, site.dialguard().now())?;
    Ok(StatusCode::NO_CONTENT)
}
