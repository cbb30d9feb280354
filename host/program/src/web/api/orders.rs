//! Orders: replacements in progress, what holds them up, and what to do about it; those that were made or abandoned.

use super::failures::{ChangeFailures, Failures};
use super::input::{InAccount, Limit, Page, PathParams, QueryParams, SerialNumber, number_in_query};
use crate::json::{E164, Order};
use crate::web::Site;
use crate::web::auth::{OfAccount, Operate, Read};
use crate::web::problem::Problem;
use axum::Json;
use axum::extract::State;
use dialguard_dialer::ledger::{OrderQuery, OrdersShown};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
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

/// Which orders to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct OrderFilter {
    /// The most to list.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 1000, default = 100)]
    limit: Limit,
    /// `next` of the part before; the start of the list if missing.
    #[serde(default)]
    #[param(value_type = i64, minimum = 0)]
    after: SerialNumber,
    /// How far they are.
    #[serde(default)]
    #[param(inline)]
    show: Show,
    /// Only those in which this number is replaced, or replaces another. In an address, write the `+` as `%2B`.
    #[serde(default, deserialize_with = "number_in_query")]
    #[param(value_type = Option<E164>)]
    number: Option<E164>,
}

/// How far orders are.
#[derive(Default, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Show {
    /// In progress, or the old number rests, or the policy will be asked for another candidate.
    #[default]
    Open,
    /// The slot has moved.
    Made,
    /// Ended, and the slot did not move.
    Abandoned,
    /// All of them.
    All,
}

impl From<Show> for OrdersShown {
    fn from(show: Show) -> Self {
        match show {
            Show::Open => OrdersShown::Open,
            Show::Made => OrdersShown::Made,
            Show::Abandoned => OrdersShown::Abandoned,
            Show::All => OrdersShown::All,
        }
    }
}

/// List replacements, oldest first: those in progress and those whose old number rests, or others
///
/// Requires the role `read`.
#[utoipa::path(
    get,
    path = "/accounts/{account}/orders",
    operation_id = "list-orders",
    tag = "orders",
    params(InAccount, OrderFilter),
    responses((status = 200, description = "Part of the list", body = Page<Order>), Failures)
)]
async fn list(
    State(site): State<Site>,
    of: OfAccount<Read>,
    QueryParams(filter): QueryParams<OrderFilter>,
) -> Result<Json<Page<Order>>, Problem> {
    let query = OrderQuery {
        shown: filter.show.into(),
        number: filter.number.map(E164::digits),
        after: Some(filter.after.0),
        oldest_first: true,
        ..OrderQuery::default()
    };
    let (ledger, id, limit) = (site.dialguard().ledger().clone(), of.account.id, filter.limit.0);
    let page = site.lists().run(&of.caller, move |_| ledger.order_page(&id, &query, limit)).await??;
    let next = page.next.map(|next| next.to_string());
    Ok(Json(Page { items: page.orders.iter().map(Order::from).collect(), next }))
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
