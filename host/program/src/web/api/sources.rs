//! Sources of verdicts, and the carriers they report.

use super::failures::Failures;
use super::input::{Page, Part, QueryParams};
use crate::json::{Carrier, Source};
use crate::web::Site;
use crate::web::auth::Administrator;
use crate::web::problem::Problem;
use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(carriers)).routes(routes!(sources))
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
