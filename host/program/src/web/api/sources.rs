//! Sources of verdicts, and the carriers they report.

use super::failures::{ChangeFailures, Failures};
use super::input::{Body, Page, Part, PathParams, QueryParams};
use crate::json::{Carrier, CarrierAlias, Source};
use crate::web::Site;
use crate::web::auth::Administrator;
use crate::web::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use dialguard_dialer::ledger;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(carriers))
        .routes(routes!(sources))
        .routes(routes!(aliases))
        .routes(routes!(set_alias, remove_alias))
}

/// List every carrier that a source has ever reported, by name
///
/// Requires the role `administer` over every account.
#[utoipa::path(
    get,
    path = "/carriers",
    operation_id = "list-carriers",
    tag = "sources",
    params(Part),
    responses((status = 200, description = "Part of the list", body = Page<Carrier>), Failures)
)]
async fn carriers(
    State(site): State<Site>,
    _: Administrator,
    QueryParams(Part { limit, after }): QueryParams<Part>,
) -> Result<Json<Page<Carrier>>, Problem> {
    let mut known = site.dialguard().ledger().carriers()?;
    known.sort_by(|one, other| one.name.cmp(&other.name));
    let following = known.into_iter().filter(|carrier| after.as_ref().is_none_or(|after| carrier.name > *after));
    Ok(Json(Page::of(following.map(Carrier::from), limit, |carrier| carrier.name.clone())))
}

/// List the sources of verdicts, by name
///
/// Requires the role `administer` over every account.
#[utoipa::path(
    get,
    path = "/sources",
    operation_id = "list-sources",
    tag = "sources",
    params(Part),
    responses((status = 200, description = "Part of the list", body = Page<Source>), Failures)
)]
async fn sources(
    State(site): State<Site>,
    _: Administrator,
    QueryParams(Part { limit, after }): QueryParams<Part>,
) -> Result<Json<Page<Source>>, Problem> {
    let (ledger, now) = (site.dialguard().ledger(), site.dialguard().now());
    let known = ledger.sources()?;
    let following = known.into_iter().filter(|source| after.as_ref().is_none_or(|after| source.name > *after));
    let Page { items, next } = Page::of(following, limit, |source| source.name.clone());
    let items = items.iter().map(|source| Source::read(ledger, source, now)).collect::<Result<_, _>>()?;
    Ok(Json(Page { items, next }))
}

/// A name in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct InAlias {
    /// The name that sources use.
    #[param(example = "AT&T Mobility")]
    alias: String,
}

/// The carrier that a name means.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AliasRequest {
    /// One of its names.
    #[schema(example = "AT&T")]
    carrier: String,
}

/// List other names of carriers
///
/// Requires the role `administer` over every account.
#[utoipa::path(
    get,
    path = "/carrier-aliases",
    operation_id = "list-carrier-aliases",
    tag = "sources",
    params(Part),
    responses((status = 200, description = "Part of the list", body = Page<CarrierAlias>), Failures)
)]
async fn aliases(
    State(site): State<Site>,
    _: Administrator,
    QueryParams(Part { limit, after }): QueryParams<Part>,
) -> Result<Json<Page<CarrierAlias>>, Problem> {
    let known = site.dialguard().ledger().carrier_aliases()?;
    let following = known.into_iter().filter(|it| after.as_ref().is_none_or(|after| it.alias > *after));
    Ok(Json(Page::of(following.map(CarrierAlias::from), limit, |it| it.alias.clone())))
}

/// Make a name another name of a carrier
///
/// Requires the role `administer` over every account. The votes of both names are one from the next run on. Upper and
/// lower case and punctuation never matter in names.
#[utoipa::path(
    put,
    path = "/carrier-aliases/{alias}",
    operation_id = "set-carrier-alias",
    tag = "sources",
    params(InAlias),
    request_body = AliasRequest,
    responses((status = 200, description = "The alias", body = CarrierAlias), ChangeFailures)
)]
async fn set_alias(
    State(site): State<Site>,
    _: Administrator,
    PathParams(InAlias { alias }): PathParams<InAlias>,
    Body(AliasRequest { carrier }): Body<AliasRequest>,
) -> Result<Json<CarrierAlias>, Problem> {
    let alias = ledger::CarrierAlias { alias, carrier };
    site.dialguard().ledger().set_carrier_alias(&alias)?;
    Ok(Json(alias.into()))
}

/// Make a name a carrier of its own again
///
/// Requires the role `administer` over every account.
#[utoipa::path(
    delete,
    path = "/carrier-aliases/{alias}",
    operation_id = "remove-carrier-alias",
    tag = "sources",
    params(InAlias),
    responses((status = 204, description = "It is removed"), ChangeFailures)
)]
async fn remove_alias(
    State(site): State<Site>,
    _: Administrator,
    PathParams(InAlias { alias }): PathParams<InAlias>,
) -> Result<StatusCode, Problem> {
    site.dialguard().ledger().remove_carrier_alias(&alias)?;
    Ok(StatusCode::NO_CONTENT)
}
