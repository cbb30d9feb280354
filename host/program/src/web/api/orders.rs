//! Orders: replacements in progress, what holds them up, and what to do about it.

use super::failures::{ChangeFailures, Failures};
use super::input::{InAccount, NumberedPart, Page, PathParams, QueryParams, SerialNumber};
use crate::json::Order;
use crate::web::Site;
use crate::web::auth::{OfAccount, Operate, Read};
use crate::web::problem::Problem;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(one)).routes(routes!(retry)).routes(routes!(abandon))
}

/// An order in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct InOrder {
    /// Its number.
    #[param(example = 1, value_type = i64, minimum = 0)]
    order: SerialNumber,
}

/// List replacements in progress and those whose old number rests, oldest first
///
/// Requires the role `read`.
#[utoipa::path(
    get,
    path = "/accounts/{account}/orders",
    operation_id = "list-orders",
    tag = "orders",
    params(InAccount, NumberedPart),
    responses((status = 200, description = "Part of the list", body = Page<Order>), Failures)
)]
async fn list(
    State(site): State<Site>,
    of: OfAccount<Read>,
    QueryParams(NumberedPart { limit, after }): QueryParams<NumberedPart>,
) -> Result<Json<Page<Order>>, Problem> {
    let open = site.dialguard().ledger().open_orders(&of.account.id)?;
    let following = open.into_iter().filter(|order| order.id > after.0);
    Ok(Json(Page::of(following, limit, |order| order.id.to_string()).map(|order| Order::from(&order))))
}

/// Get an order, including a finished one
///
/// Requires the role `read`.
#[utoipa::path(
    get,
    path = "/accounts/{account}/orders/{order}",
    operation_id = "get-order",
    tag = "orders",
    params(InAccount, InOrder),
    responses((status = 200, description = "The order", body = Order), Failures)
)]
async fn one(
    State(site): State<Site>,
    of: OfAccount<Read>,
    PathParams(InOrder { order: SerialNumber(order) }): PathParams<InOrder>,
) -> Result<Json<Order>, Problem> {
    Ok(Json(Order::from(&site.dialguard().ledger().order_of(&of.account.id, order)?)))
}

/// Retry an order now, whatever holds it up
///
/// Requires the role `operate`. The answer is the order after the try; it may still be held up.
#[utoipa::path(
    post,
    path = "/accounts/{account}/orders/{order}/retry",
    operation_id = "retry-order",
    tag = "orders",
    params(InAccount, InOrder),
    responses((status = 200, description = "The order after this", body = Order), ChangeFailures)
)]
async fn retry(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    PathParams(InOrder { order: SerialNumber(order) }): PathParams<InOrder>,
) -> Result<Json<Order>, Problem> {
    site.dialguard().ledger().order_of(&of.account.id, order)?;
    Ok(Json(Order::from(&site.acting_as(&of.caller).retry_order(order).await?)))
}

/// Abandon an order for which certainly nothing was bought
///
/// Requires the role `operate`. The number keeps its slot, and its price no longer counts as spent. 409 if something may
/// have been bought.
#[utoipa::path(
    post,
    path = "/accounts/{account}/orders/{order}/abandon",
    operation_id = "abandon-order",
    tag = "orders",
    params(InAccount, InOrder),
    responses((status = 200, description = "The order after this", body = Order), ChangeFailures)
)]
async fn abandon(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    PathParams(InOrder { order: SerialNumber(order) }): PathParams<InOrder>,
) -> Result<Json<Order>, Problem> {
    let ledger = site.dialguard().ledger();
    ledger.order_of(&of.account.id, order)?;
    site.acting_as(&of.caller).abandon_order(order).await?;
    Ok(Json(Order::from(&ledger.order_of(&of.account.id, order)?)))
}
