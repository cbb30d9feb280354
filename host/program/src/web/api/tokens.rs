//! Tokens of programs: made, listed, withdrawn.

use super::created;
use super::input::{Asked, Body, Named, Page, Part};
use super::keyed::Secret;
use super::nouns::Time;
use super::refused::{ChangeRefused, Refused};
use crate::web::Site;
use crate::web::auth::Administrator;
use crate::web::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use dialguard_dialer::access::{self, Accounts, Grant, make_token};
use dialguard_dialer::ledger;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const DAY: u64 = 24 * 60 * 60;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(list, make)).routes(routes!(one, withdraw))
}

/// What a token's holder may do; each role may do what those before it may.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Role {
    /// See everything of an account.
    Read,
    /// Besides: monitor, stop, replace, delete and screen numbers, and have an account reviewed.
    Operate,
    /// Besides: the add-on, blocks and settings of an account. With every account also accounts, carriers, policies and
    /// tokens.
    Administer,
}

impl From<access::Role> for Role {
    fn from(role: access::Role) -> Self {
        match role {
            access::Role::Read => Role::Read,
            access::Role::Operate => Role::Operate,
            access::Role::Administer => Role::Administer,
        }
    }
}

impl From<Role> for access::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Read => access::Role::Read,
            Role::Operate => access::Role::Operate,
            Role::Administer => access::Role::Administer,
        }
    }
}

/// What a program identifies itself with, without its secret.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Token {
    /// By which it is told from others and withdrawn.
    #[schema(example = "dialer")]
    name: String,
    role: Role,
    /// Of which accounts; none is every one.
    accounts: Option<Vec<String>>,
    made_at: Time,
    /// When it ends by itself; none where it does not.
    ends_at: Option<Time>,
}

impl From<ledger::Token> for Token {
    fn from(token: ledger::Token) -> Self {
        let accounts = match token.grant.accounts {
            Accounts::All => None,
            Accounts::Only(ids) => Some(ids.into_iter().collect()),
        };
        let (made_at, ends_at) = (Time(token.made_at), token.ends_at.map(Time));
        Token { name: token.name, role: token.grant.role.into(), accounts, made_at, ends_at }
    }
}

/// A token that is to be made.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct TokenToMake {
    /// By which it is told from others.
    #[schema(example = "dialer", pattern = "^[A-Za-z0-9._@-]{1,64}$")]
    name: String,
    role: Role,
    /// Of which accounts; every one where it is missing.
    #[schema(example = json!(["acme"]), min_items = 1)]
    accounts: Option<Vec<String>>,
    /// It ends by itself after as many days.
    #[schema(example = 90, minimum = 1, maximum = 3650)]
    days: Option<u64>,
}

/// A token that was made.
#[derive(Serialize, ToSchema)]
struct MadeToken {
    /// Its name.
    #[schema(example = "dialer")]
    name: String,
    /// To send as `Authorization: Bearer …`. It is shown this once and kept nowhere.
    token: String,
}

/// Every token, by name, without its secret
///
/// Takes the role `administer` over every account.
#[utoipa::path(
    get,
    path = "/tokens",
    operation_id = "list-tokens",
    tag = "tokens",
    params(Part),
    responses((status = 200, description = "Part of them", body = Page<Token>), Refused)
)]
async fn list(
    State(site): State<Site>,
    _: Administrator,
    Asked(Part { limit, after }): Asked<Part>,
) -> Result<Json<Page<Token>>, Problem> {
    let known = site.dialguard().ledger().tokens()?;
    let wanted = known.into_iter().filter(|token| after.as_ref().is_none_or(|after| token.name > *after));
    Ok(Json(Page::of(wanted, limit, |token| token.name.clone()).map(Token::from)))
}

/// Make a token for a program
///
/// Takes the role `administer` over every account. The answer is the only one that has the token in it: it is not given
/// again where the request is repeated with the same `Idempotency-Key`.
#[utoipa::path(
    post,
    path = "/tokens",
    operation_id = "make-token",
    tag = "tokens",
    request_body = TokenToMake,
    responses(
        (status = 201, description = "The token", body = MadeToken,
         headers(("Location" = String, description = "Where it is found, without its secret"))),
        ChangeRefused
    )
)]
async fn make(
    State(site): State<Site>,
    _: Administrator,
    Body(TokenToMake { name, role, accounts, days }): Body<TokenToMake>,
) -> Result<impl IntoResponse, Problem> {
    let (ledger, now) = (site.dialguard().ledger(), site.dialguard().now());
    let refused = |detail: &str| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail);
    if days.is_some_and(|days| !(1..=3_650).contains(&days)) {
        return Err(refused("days: give 1 to 3650"));
    }
    let accounts = match accounts {
        None => Accounts::All,
        Some(ids) if ids.is_empty() => {
            return Err(refused("accounts: name one at least, or leave it out for every one"));
        }
        Some(ids) => {
            let unknown = ids.iter().find(|id| ledger.account(id).is_err());
            if let Some(id) = unknown {
                return Err(refused(&format!("accounts: there is no account {id:?}")));
            }
            Accounts::Only(ids.into_iter().collect())
        }
    };
    let ends_at = days.map(|days| now + days * DAY);
    let token = make_token(ledger, &name, Grant { role: role.into(), accounts }, now, ends_at)?;
    Ok((Extension(Secret), created(format!("/api/v1/tokens/{name}"), MadeToken { name, token })))
}

/// A token in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct InToken {
    /// Its name.
    #[param(example = "dialer")]
    token: String,
}

fn find(site: &Site, name: &str) -> Result<ledger::Token, Problem> {
    let known = site.dialguard().ledger().tokens()?.into_iter().find(|known| known.name == name);
    known.ok_or_else(|| {
        let detail = format!("there is no token {name:?}; `GET /api/v1/tokens` has those there are");
        Problem::of_kind(StatusCode::NOT_FOUND, "no-such-token", "No such token", detail)
    })
}

/// One token, without its secret
///
/// Takes the role `administer` over every account.
#[utoipa::path(
    get,
    path = "/tokens/{token}",
    operation_id = "get-token",
    tag = "tokens",
    params(InToken),
    responses((status = 200, description = "The token", body = Token), Refused)
)]
async fn one(
    State(site): State<Site>,
    _: Administrator,
    Named(InToken { token }): Named<InToken>,
) -> Result<Json<Token>, Problem> {
    Ok(Json(find(&site, &token)?.into()))
}

/// Withdraw a token: it opens nothing from now on
///
/// Takes the role `administer` over every account.
#[utoipa::path(
    delete,
    path = "/tokens/{token}",
    operation_id = "withdraw-token",
    tag = "tokens",
    params(InToken),
    responses((status = 204, description = "It is withdrawn"), ChangeRefused)
)]
async fn withdraw(
    State(site): State<Site>,
    _: Administrator,
    Named(InToken { token }): Named<InToken>,
) -> Result<StatusCode, Problem> {
    find(&site, &token)?;
    site.dialguard().ledger().withdraw_token(&token)?;
    Ok(StatusCode::NO_CONTENT)
}
