//! Sources of verdicts, and the carriers they report.

use super::created;
use super::failures::{ChangeFailures, Failures};
use super::input::{Body, Page, Part, PathParams, QueryParams};
use super::services::SourceFields;
use crate::json::{Carrier, CarrierAlias, E164, Source, TestedSource};
use crate::parse::WrittenService;
use crate::web::Site;
use crate::web::address::path_of;
use crate::web::auth::{Administrator, Caller};
use crate::web::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use dialguard_dialer::ledger::{self, SourceProfile};
use dialguard_dialer::sources::inquiry::{Sources, inspect};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(carriers))
        .routes(routes!(sources, add))
        .routes(routes!(one, change, remove))
        .routes(routes!(test))
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

/// A source to add.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct SourceRequest {
    /// Unique; of the FTC and of a simulated source also the carrier's.
    #[schema(example = "made-up", min_length = 1, max_length = 64)]
    name: String,
    /// What it is: `verdicts`, `ftc`, `trustcall`, `telnyx`, `nomorobo` or `simulated`.
    #[schema(example = "simulated", max_length = 16)]
    kind: String,
    /// How it is asked.
    #[serde(default)]
    settings: SourceFields,
}

/// A source in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct InSource {
    /// Its name.
    #[param(example = "made-up")]
    source: String,
}

/// Add a source of verdicts, which reviews ask from the next one on
///
/// Requires the role `administer` over every account. It is refused if its file or its secrets cannot be read; a service is
/// not asked.
#[utoipa::path(
    post,
    path = "/sources",
    operation_id = "add-source",
    tag = "sources",
    request_body = SourceRequest,
    responses(
        (status = 201, description = "The source", body = Source,
         headers(("Location" = String, description = "Its address"))),
        ChangeFailures
    )
)]
async fn add(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    Body(SourceRequest { name, kind, settings }): Body<SourceRequest>,
) -> Result<impl IntoResponse, Problem> {
    let kind = WrittenService { kind, ..WrittenService::default() }.source_kind()?;
    let profile = settings.spec()?.profile(&name, kind)?;
    ensure_usable(&site, &caller, &profile).await?;
    site.acting_as(&caller).ledger().add_source(&profile, site.dialguard().now())?;
    Ok(created(path_of(&["api", "v1", "sources", &name]), read(&site, &profile)?))
}

async fn ensure_usable(site: &Site, caller: &Caller, profile: &SourceProfile) -> Result<(), Problem> {
    let (profile, now) = (profile.clone(), site.dialguard().now());
    site.work().run(caller, move |_| inspect(&profile, now)).await??;
    Ok(())
}

fn read(site: &Site, profile: &SourceProfile) -> Result<Source, Problem> {
    Ok(Source::read(site.dialguard().ledger(), profile, site.dialguard().now())?)
}

/// Get a source
///
/// Requires the role `administer` over every account.
#[utoipa::path(
    get,
    path = "/sources/{source}",
    operation_id = "get-source",
    tag = "sources",
    params(InSource),
    responses((status = 200, description = "The source", body = Source), Failures)
)]
async fn one(
    State(site): State<Site>,
    _: Administrator,
    PathParams(InSource { source }): PathParams<InSource>,
) -> Result<Json<Source>, Problem> {
    Ok(Json(read(&site, &site.dialguard().ledger().source(&source)?)?))
}

/// Change how a source is asked
///
/// Requires the role `administer` over every account. Its kind stays.
#[utoipa::path(
    patch,
    path = "/sources/{source}",
    operation_id = "change-source",
    tag = "sources",
    params(InSource),
    request_body = SourceFields,
    responses((status = 200, description = "The source", body = Source), ChangeFailures)
)]
async fn change(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    PathParams(InSource { source }): PathParams<InSource>,
    Body(settings): Body<SourceFields>,
) -> Result<Json<Source>, Problem> {
    let profile = settings.spec()?.onto(&site.dialguard().ledger().source(&source)?)?;
    ensure_usable(&site, &caller, &profile).await?;
    site.acting_as(&caller).ledger().change_source(&profile, site.dialguard().now())?;
    Ok(Json(read(&site, &profile)?))
}

/// Remove a source; its past verdicts stay on record
///
/// Requires the role `administer` over every account.
#[utoipa::path(
    delete,
    path = "/sources/{source}",
    operation_id = "remove-source",
    tag = "sources",
    params(InSource),
    responses((status = 204, description = "It is removed"), ChangeFailures)
)]
async fn remove(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    PathParams(InSource { source }): PathParams<InSource>,
) -> Result<StatusCode, Problem> {
    site.acting_as(&caller).ledger().remove_source(&source, site.dialguard().now())?;
    Ok(StatusCode::NO_CONTENT)
}

/// A number to ask a source about.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TestRequest {
    number: E164,
}

/// Test a source by asking it about a number
///
/// Requires the role `administer` over every account. A paid lookup is charged, and counts in the budget.
#[utoipa::path(
    post,
    path = "/sources/{source}/test",
    operation_id = "test-source",
    tag = "sources",
    params(InSource),
    request_body = TestRequest,
    responses((status = 200, description = "What it says", body = TestedSource), ChangeFailures)
)]
async fn test(
    State(site): State<Site>,
    _: Administrator,
    PathParams(InSource { source }): PathParams<InSource>,
    Body(TestRequest { number }): Body<TestRequest>,
) -> Result<Json<TestedSource>, Problem> {
    let ledger = site.dialguard().ledger().clone();
    ledger.source(&source)?;
    let report = Sources::new(ledger).test(&source, number.digits(), site.dialguard().now()).await?;
    Ok(Json(TestedSource::of(number.digits(), &report)))
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
    Administrator(caller): Administrator,
    PathParams(InAlias { alias }): PathParams<InAlias>,
    Body(AliasRequest { carrier }): Body<AliasRequest>,
) -> Result<Json<CarrierAlias>, Problem> {
    let alias = ledger::CarrierAlias { alias, carrier };
    site.acting_as(&caller).ledger().set_carrier_alias(&alias, site.dialguard().now())?;
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
    Administrator(caller): Administrator,
    PathParams(InAlias { alias }): PathParams<InAlias>,
) -> Result<StatusCode, Problem> {
    site.acting_as(&caller).ledger().remove_carrier_alias(&alias, site.dialguard().now())?;
    Ok(StatusCode::NO_CONTENT)
}
