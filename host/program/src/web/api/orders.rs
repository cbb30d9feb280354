//! Orders: replacements under way, what holds them up, and what a person does about it.

use super::input::{Asked, Counted, InAccount, Named, NumberedPart, Page};
use super::nouns::{E164, ReplacementReason, Time};
use super::refused::{ChangeRefused, Refused};
use crate::web::Site;
use crate::web::caller::{OfAccount, Operate, Read};
use crate::web::problem::Problem;
use axum::Json;
use axum::extract::State;
use dialguard_dialer::ledger;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(one)).routes(routes!(retry)).routes(routes!(abandon))
}

/// A replacement that was planned, and how far it is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Order {
    /// Its number among the orders of all accounts.
    id: u64,
    /// The number that goes.
    number: E164,
    /// The one that takes its slot.
    replacement: E164,
    /// The slot.
    slot: u32,
    /// Who wanted it: the review, or a person.
    why: ReplacementReason,
    state: OrderState,
    /// Since when it is that far.
    since: Time,
    /// When it was decided.
    intended_at: Time,
    /// The provider whose numbers these are, by the name that it has here; none where there is nobody to ask.
    provider: Option<String>,
    /// What the new number costs there, in US cents; none where it was on hand.
    price_cents: Option<u32>,
    /// The id that the provider knows the order by.
    reference: String,
    /// Until when the old number rests before it is given back; none before it was replaced.
    rests_until: Option<Time>,
    /// Whether a person has to see to it.
    stuck: bool,
    /// What holds it up and what to do, in words; none where nothing does.
    problem: Option<String>,
    /// Since when something holds it up.
    held_since: Option<Time>,
    /// When it is tried again, where something holds it up.
    next_try_at: Option<Time>,
}

/// How far an order is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum OrderState {
    /// On disk, and nothing was done yet.
    Intended,
    /// The provider holds the number, or has no reservations.
    Reserved,
    /// No carrier flags the number.
    Screened,
    /// It may have been bought: the order was sent, or is about to be.
    Ordering,
    /// The account owns the replacement.
    Acquired,
    /// The old number's settings were carried over to it.
    CarriedOver,
    /// The replacement has the slot; the old number rests until it is given back.
    Swapped,
    /// Over.
    Done,
    /// The number could not be had, and nothing was spent.
    Abandoned,
}

impl From<ledger::OrderState> for OrderState {
    fn from(state: ledger::OrderState) -> Self {
        match state {
            ledger::OrderState::Intended => OrderState::Intended,
            ledger::OrderState::Reserved => OrderState::Reserved,
            ledger::OrderState::Screened => OrderState::Screened,
            ledger::OrderState::Ordering => OrderState::Ordering,
            ledger::OrderState::Acquired => OrderState::Acquired,
            ledger::OrderState::CarriedOver => OrderState::CarriedOver,
            ledger::OrderState::Swapped => OrderState::Swapped,
            ledger::OrderState::Done => OrderState::Done,
            ledger::OrderState::Abandoned => OrderState::Abandoned,
        }
    }
}

impl From<ledger::Order> for Order {
    fn from(order: ledger::Order) -> Self {
        let hold = order.hold.as_ref();
        Order {
            id: order.id,
            number: order.number.into(),
            replacement: order.replacement.into(),
            slot: order.slot,
            why: order.why.into(),
            state: order.state.into(),
            since: Time(order.state_since),
            intended_at: Time(order.intended_at),
            rests_until: order.rests_until.map(Time),
            stuck: hold.is_some_and(|hold| hold.is_stuck),
            problem: hold.map(|hold| hold.problem.clone()),
            held_since: hold.map(|hold| Time(hold.since)),
            next_try_at: hold.map(|_| Time(order.next_try_at)),
            provider: order.provider,
            price_cents: order.price_cents,
            reference: order.reference,
        }
    }
}

/// An order in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct InOrder {
    /// Its number.
    #[param(example = 1, value_type = i64, minimum = 0)]
    order: Counted,
}

/// Replacements under way, and those whose old number rests, in the order of deciding
///
/// Takes the role `read`.
#[utoipa::path(
    get,
    path = "/accounts/{account}/orders",
    operation_id = "list-orders",
    tag = "orders",
    params(InAccount, NumberedPart),
    responses((status = 200, description = "Part of them", body = Page<Order>), Refused)
)]
async fn list(
    State(site): State<Site>,
    of: OfAccount<Read>,
    Asked(NumberedPart { limit, after }): Asked<NumberedPart>,
) -> Result<Json<Page<Order>>, Problem> {
    let open = site.dialguard().ledger().open_orders(&of.account.id)?;
    let wanted = open.into_iter().filter(|order| order.id > after.0);
    Ok(Json(Page::of(wanted, limit, |order| order.id.to_string()).map(Order::from)))
}

/// One order, also where it is over
///
/// Takes the role `read`.
#[utoipa::path(
    get,
    path = "/accounts/{account}/orders/{order}",
    operation_id = "get-order",
    tag = "orders",
    params(InAccount, InOrder),
    responses((status = 200, description = "The order", body = Order), Refused)
)]
async fn one(
    State(site): State<Site>,
    of: OfAccount<Read>,
    Named(InOrder { order: Counted(order) }): Named<InOrder>,
) -> Result<Json<Order>, Problem> {
    Ok(Json(site.dialguard().ledger().order_of(&of.account.id, order)?.into()))
}

/// Try an order now, whatever holds it up
///
/// Takes the role `operate`. The answer says how it stands after that; it may still be held up.
#[utoipa::path(
    post,
    path = "/accounts/{account}/orders/{order}/retry",
    operation_id = "retry-order",
    tag = "orders",
    params(InAccount, InOrder),
    responses((status = 200, description = "The order after that", body = Order), ChangeRefused)
)]
async fn retry(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    Named(InOrder { order: Counted(order) }): Named<InOrder>,
) -> Result<Json<Order>, Problem> {
    site.dialguard().ledger().order_of(&of.account.id, order)?;
    Ok(Json(site.dialguard().retry_order(order).await?.into()))
}

/// End an order for which certainly nothing was bought
///
/// Takes the role `operate`. The number keeps its slot, and its price is free again. 409 where something may have been
/// bought.
#[utoipa::path(
    post,
    path = "/accounts/{account}/orders/{order}/abandon",
    operation_id = "abandon-order",
    tag = "orders",
    params(InAccount, InOrder),
    responses((status = 200, description = "The order after that", body = Order), ChangeRefused)
)]
async fn abandon(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    Named(InOrder { order: Counted(order) }): Named<InOrder>,
) -> Result<Json<Order>, Problem> {
    let ledger = site.dialguard().ledger();
    ledger.order_of(&of.account.id, order)?;
    site.dialguard().abandon_order(order).await?;
    Ok(Json(ledger.order_of(&of.account.id, order)?.into()))
}
