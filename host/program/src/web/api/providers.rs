//! Providers that numbers are bought from.

use super::created;
use super::failures::{ChangeFailures, Failures};
use super::input::{Body, Page, Part, PathParams, QueryParams};
use super::services::ProviderFields;
use crate::json::{Provider, TestedProvider};
use crate::parse::WrittenService;
use crate::web::Site;
use crate::web::address::path_of;
use crate::web::auth::Administrator;
use crate::web::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use dialguard_dialer::providers::{open_provider, try_out};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(list, add)).routes(routes!(one, change, remove)).routes(routes!(test))
}

/// A provider to add.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct ProviderRequest {
    /// Unique.
    #[schema(example = "shop", min_length = 1, max_length = 64)]
    name: String,
    /// Which one it is: `twilio` or `telnyx`.
    #[schema(example = "telnyx", max_length = 16)]
    kind: String,
    /// How it is called.
    #[serde(default)]
    settings: ProviderFields,
}

/// A provider in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct InProvider {
    /// Its name.
    #[param(example = "shop")]
    provider: String,
}

/// List the providers, by name
///
/// Requires the role `administer` over every account.
#[utoipa::path(
    get,
    path = "/providers",
    operation_id = "list-providers",
    tag = "providers",
    params(Part),
    responses((status = 200, description = "Part of the list", body = Page<Provider>), Failures)
)]
async fn list(
    State(site): State<Site>,
    _: Administrator,
    QueryParams(Part { limit, after }): QueryParams<Part>,
) -> Result<Json<Page<Provider>>, Problem> {
    let known = site.dialguard().ledger().providers()?;
    let following = known.into_iter().filter(|provider| after.as_ref().is_none_or(|after| provider.name > *after));
    Ok(Json(Page::of(following, limit, |provider| provider.name.clone()).map(|provider| Provider::from(&provider))))
}

/// Add a provider; nothing is bought there until an account is set to use it
///
/// Requires the role `administer` over every account. It is refused if its secrets cannot be read; it is not asked.
#[utoipa::path(
    post,
    path = "/providers",
    operation_id = "add-provider",
    tag = "providers",
    request_body = ProviderRequest,
    responses(
        (status = 201, description = "The provider", body = Provider,
         headers(("Location" = String, description = "Its address"))),
        ChangeFailures
    )
)]
async fn add(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    Body(ProviderRequest { name, kind, settings }): Body<ProviderRequest>,
) -> Result<impl IntoResponse, Problem> {
    let kind = WrittenService { kind, ..WrittenService::default() }.provider_kind()?;
    let profile = settings.spec()?.profile(&name, kind)?;
    open_provider(&profile)?;
    site.acting_as(&caller).ledger().add_provider(&profile, site.dialguard().now())?;
    Ok(created(path_of(&["api", "v1", "providers", &name]), Provider::from(&profile)))
}

/// Get a provider
///
/// Requires the role `administer` over every account.
#[utoipa::path(
    get,
    path = "/providers/{provider}",
    operation_id = "get-provider",
    tag = "providers",
    params(InProvider),
    responses((status = 200, description = "The provider", body = Provider), Failures)
)]
async fn one(
    State(site): State<Site>,
    _: Administrator,
    PathParams(InProvider { provider }): PathParams<InProvider>,
) -> Result<Json<Provider>, Problem> {
    Ok(Json(Provider::from(&site.dialguard().ledger().provider(&provider)?)))
}

/// Change a provider's secrets, options or price; everything else stays
///
/// Requires the role `administer` over every account.
#[utoipa::path(
    patch,
    path = "/providers/{provider}",
    operation_id = "change-provider",
    tag = "providers",
    params(InProvider),
    request_body = ProviderFields,
    responses((status = 200, description = "The provider", body = Provider), ChangeFailures)
)]
async fn change(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    PathParams(InProvider { provider }): PathParams<InProvider>,
    Body(settings): Body<ProviderFields>,
) -> Result<Json<Provider>, Problem> {
    let profile = settings.spec()?.onto(&site.dialguard().ledger().provider(&provider)?)?;
    open_provider(&profile)?;
    site.acting_as(&caller).ledger().change_provider(&profile, site.dialguard().now())?;
    Ok(Json(Provider::from(&profile)))
}

/// Remove a provider that no account uses
///
/// Requires the role `administer` over every account.
#[utoipa::path(
    delete,
    path = "/providers/{provider}",
    operation_id = "remove-provider",
    tag = "providers",
    params(InProvider),
    responses((status = 204, description = "It is removed"), ChangeFailures)
)]
async fn remove(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    PathParams(InProvider { provider }): PathParams<InProvider>,
) -> Result<StatusCode, Problem> {
    site.acting_as(&caller).ledger().remove_provider(&provider, site.dialguard().now())?;
    Ok(StatusCode::NO_CONTENT)
}

/// Test a provider with requests that cost nothing
///
/// Requires the role `administer` over every account.
#[utoipa::path(
    post,
    path = "/providers/{provider}/test",
    operation_id = "test-provider",
    tag = "providers",
    params(InProvider),
    responses((status = 200, description = "It works", body = TestedProvider), ChangeFailures)
)]
async fn test(
    State(site): State<Site>,
    _: Administrator,
    PathParams(InProvider { provider }): PathParams<InProvider>,
) -> Result<Json<TestedProvider>, Problem> {
    let found = try_out(&site.dialguard().ledger().provider(&provider)?, site.dialguard().now()).await?;
    Ok(Json(TestedProvider { name: provider, works: true, numbers: found.owned, limits: found.limits }))
}
