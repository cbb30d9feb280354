//! Tokens of programs: made, listed, withdrawn.

use super::created;
use super::failures::{ChangeFailures, Failures};
use super::input::{Body, Page, Part, PathParams, QueryParams};
use super::keyed::Secret;
use crate::json::{NewToken, Role, Token};
use crate::parse::{self, List};
use crate::web::Site;
use crate::web::auth::Administrator;
use crate::web::problem::{Kind, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use dialguard_dialer::access::make_token;
use dialguard_dialer::ledger::{self, GRANTED_ACCOUNTS_MAX};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const DAY: u64 = 24 * 60 * 60;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(list, make)).routes(routes!(one, withdraw))
}

/// A token to make.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct TokenRequest {
    /// Unique.
    #[schema(example = "dialer", pattern = "^[A-Za-z0-9._@-]{1,64}$")]
    name: String,
    role: Role,
    /// The accounts the role covers; every account if missing.
    #[schema(value_type = Option<Vec<String>>, example = json!(["acme"]), min_items = 1, max_items = 1000)]
    accounts: Option<List<String, GRANTED_ACCOUNTS_MAX>>,
    /// Days after which it expires.
    #[schema(example = 90, minimum = 1, maximum = 3650)]
    days: Option<u64>,
}

/// List the tokens, by name, without their secrets
///
/// Requires the role `administer` over every account.
#[utoipa::path(
    get,
    path = "/tokens",
    operation_id = "list-tokens",
    tag = "tokens",
    params(Part),
    responses((status = 200, description = "Part of the list", body = Page<Token>), Failures)
)]
async fn list(
    State(site): State<Site>,
    _: Administrator,
    QueryParams(Part { limit, after }): QueryParams<Part>,
) -> Result<Json<Page<Token>>, Problem> {
    let known = site.dialguard().ledger().tokens()?;
    let following = known.into_iter().filter(|token| after.as_ref().is_none_or(|after| token.name > *after));
    Ok(Json(Page::of(following, limit, |token| token.name.clone()).map(|token| Token::from(&token))))
}

/// Make a token for a program
///
/// Requires the role `administer` over every account. Only this answer contains the token: repeating the request with
/// the same `Idempotency-Key` does not return it again.
#[utoipa::path(
    post,
    path = "/tokens",
    operation_id = "make-token",
    tag = "tokens",
    request_body = TokenRequest,
    responses(
        (status = 201, description = "The token", body = NewToken,
         headers(("Location" = String, description = "Its address, without the secret"))),
        ChangeFailures
    )
)]
async fn make(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    Body(TokenRequest { name, role, accounts, days }): Body<TokenRequest>,
) -> Result<impl IntoResponse, Problem> {
    let (dialguard, now) = (site.acting_as(&caller), site.dialguard().now());
    let ledger = dialguard.ledger();
    if days.is_some_and(|days| !(1..=3_650).contains(&days)) {
        return Err(Problem::in_field("days", "give 1 to 3650"));
    }
    let grant = parse::grant(ledger, role.into(), accounts.map(|List(ids)| ids))?;
    let ends_at = days.map(|days| now + days * DAY);
    let token = make_token(ledger, &name, grant, now, ends_at)?;
    Ok((Extension(Secret), created(format!("/api/v1/tokens/{name}"), NewToken { name, token })))
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
        let detail = format!("there is no token {name:?}");
        Problem::of(Kind::NoSuchToken, detail).with_hint("`GET /api/v1/tokens` lists the tokens")
    })
}

/// Get a token, without its secret
///
/// Requires the role `administer` over every account.
#[utoipa::path(
    get,
    path = "/tokens/{token}",
    operation_id = "get-token",
    tag = "tokens",
    params(InToken),
    responses((status = 200, description = "The token", body = Token), Failures)
)]
async fn one(
    State(site): State<Site>,
    _: Administrator,
    PathParams(InToken { token }): PathParams<InToken>,
) -> Result<Json<Token>, Problem> {
    Ok(Json(Token::from(&find(&site, &token)?)))
}

/// Withdraw a token, which ends its access
///
/// Requires the role `administer` over every account.
#[utoipa::path(
    delete,
    path = "/tokens/{token}",
    operation_id = "withdraw-token",
    tag = "tokens",
    params(InToken),
    responses((status = 204, description = "It is withdrawn"), ChangeFailures)
)]
async fn withdraw(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    PathParams(InToken { token }): PathParams<InToken>,
) -> Result<StatusCode, Problem> {
    find(&site, &token)?;
    site.acting_as(&caller).ledger().withdraw_token(&token, site.dialguard().now())?;
    Ok(StatusCode::NO_CONTENT)
}
