//! Bills: of the present billing cycle, and of past ones.

use super::failures::Failures;
use super::input::{InAccount, Limit, Page, QueryParams};
use crate::json::{BillLine, Billing};
use crate::web::Site;
use crate::web::auth::{OfAccount, Read, now_of};
use crate::web::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use dialguard_dialer::ledger::BillPlace;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(bill)).routes(routes!(lines))
}

/// Which cycle.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct OfCycle {
    /// The index of the billing cycle; the present one if missing.
    cycle: Option<u32>,
}

/// Which lines of which bill.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct LinesOfCycle {
    /// The index of the billing cycle; the present one if missing.
    cycle: Option<u32>,
    /// The most to list.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 1000, default = 100)]
    limit: Limit,
    /// `next` of the part before; the start of the list if missing.
    after: Option<String>,
}

/// Get what a billing cycle comes to: blocks, replacements, credits, and numbers that were bought
///
/// Requires the role `read`. Dialguard charges blocks and replacements; a number is billed by its provider. `before` is
/// the cycle before. Of the cycles of a ledger of an older version, only those are known in which blocks were charged.
#[utoipa::path(
    get,
    path = "/accounts/{account}/billing",
    operation_id = "get-bill",
    tag = "accounts",
    params(InAccount, OfCycle),
    responses((status = 200, description = "The bill", body = Billing), Failures)
)]
async fn bill(
    State(site): State<Site>,
    of: OfAccount<Read>,
    QueryParams(OfCycle { cycle }): QueryParams<OfCycle>,
) -> Result<Json<Billing>, Problem> {
    let (ledger, now) = (site.dialguard().ledger(), now_of(&site, &of.account));
    Ok(Json(Billing::from(&ledger.billing(&of.account.id, cycle, now)?)))
}

/// List the charges, credits and numbers of a billing cycle, oldest first
///
/// Requires the role `read`. They add up to the bill's `total-cents`.
#[utoipa::path(
    get,
    path = "/accounts/{account}/billing/lines",
    operation_id = "list-bill",
    tag = "accounts",
    params(InAccount, LinesOfCycle),
    responses((status = 200, description = "Part of the list", body = Page<BillLine>), Failures)
)]
async fn lines(
    State(site): State<Site>,
    of: OfAccount<Read>,
    QueryParams(LinesOfCycle { cycle, limit, after }): QueryParams<LinesOfCycle>,
) -> Result<Json<Page<BillLine>>, Problem> {
    let after = after.map(|text| text.parse::<BillPlace>()).transpose();
    let after = after.map_err(|why| Problem::new(StatusCode::BAD_REQUEST, format!("after: {why}")))?;
    let (ledger, id, now) = (site.dialguard().ledger().clone(), of.account.id.clone(), now_of(&site, &of.account));
    let lines = move |_: &_| ledger.bill_lines(&id, cycle, after, limit.0 + 1, now);
    let lines = site.lists().run(&of.caller, lines).await??;
    Ok(Json(Page::of(lines, limit, |line| line.place.to_string()).map(|line| BillLine::from(&line))))
}
