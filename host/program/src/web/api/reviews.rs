//! Reviews, runs and events of an account.

use super::failures::{ChangeFailures, Failures};
use super::input::{InAccount, Limit, NumberedPart, Page, QueryParams, SerialNumber, number_in_query};
use crate::json::{E164, Event, Review, Run, Time};
use crate::web::Site;
use crate::web::auth::{OfAccount, Operate, Read};
use crate::web::problem::Problem;
use axum::Json;
use axum::extract::State;
use dialguard_dialer::ledger::EventQuery;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(review))
        .routes(routes!(try_review))
        .routes(routes!(runs))
        .routes(routes!(events))
}

/// Check the account's numbers now
///
/// Requires the role `operate`. A check rates numbers and spends nothing: what automatic replacement would do is
/// `proposed`, and a program that agrees requests `replace-numbers`. The next daily review replaces what is left. Another
/// check on the same local date rates only numbers not yet rated on it, and leaves nothing behind if it changes nothing.
#[utoipa::path(
    post,
    path = "/accounts/{account}/reviews",
    operation_id = "review-account",
    tag = "reviews",
    params(InAccount),
    responses((status = 200, description = "The check", body = Review), ChangeFailures)
)]
async fn review(State(site): State<Site>, of: OfAccount<Operate>) -> Result<Json<Review>, Problem> {
    Ok(Json(Review::new(&of.account.id, &site.acting_as(&of.caller).check(&of.account.id).await?)))
}

/// Preview a check
///
/// Requires the role `operate`, because carriers are asked. Changes nothing.
#[utoipa::path(
    post,
    path = "/accounts/{account}/reviews/try",
    operation_id = "try-review",
    tag = "reviews",
    params(InAccount),
    responses((status = 200, description = "What the check would be", body = Review), ChangeFailures)
)]
async fn try_review(State(site): State<Site>, of: OfAccount<Operate>) -> Result<Json<Review>, Problem> {
    Ok(Json(Review::new(&of.account.id, &site.dialguard().try_review(&of.account.id).await?)))
}

/// List the account's runs, oldest first
///
/// Requires the role `read`. Every review is a run, and every request that was accepted at least in part.
#[utoipa::path(
    get,
    path = "/accounts/{account}/runs",
    operation_id = "list-runs",
    tag = "reviews",
    params(InAccount, NumberedPart),
    responses((status = 200, description = "Part of the list", body = Page<Run>), Failures)
)]
async fn runs(
    State(site): State<Site>,
    of: OfAccount<Read>,
    QueryParams(NumberedPart { limit, after }): QueryParams<NumberedPart>,
) -> Result<Json<Page<Run>>, Problem> {
    let runs = site.dialguard().ledger().runs(&of.account.id, after.0, limit.0 + 1)?;
    Ok(Json(Page::of(runs, limit, |run| run.id.to_string()).map(Run::from)))
}

/// Which events to list.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EventFilter {
    /// The most to list.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 1000, default = 100)]
    limit: Limit,
    /// Only those that follow the event with this id. A client that keeps the id of the last event it saw can ask for
    /// what is new.
    #[param(value_type = Option<i64>, minimum = 0)]
    after: Option<SerialNumber>,
    /// Only those of this number. In an address, write the `+` as `%2B`.
    #[serde(default, deserialize_with = "number_in_query")]
    #[param(value_type = Option<E164>)]
    number: Option<E164>,
    /// Only those of this kind.
    #[param(example = "turned-flagged")]
    kind: Option<String>,
    /// Only those that this run caused.
    #[param(value_type = Option<i64>, minimum = 0)]
    run: Option<SerialNumber>,
    /// Only those at this time or later.
    since: Option<Time>,
    /// Newest first instead of oldest first.
    #[serde(default)]
    #[param(default = false)]
    newest_first: bool,
}

/// List what happened to the account and its numbers
///
/// Requires the role `read`. Events are never changed or deleted.
#[utoipa::path(
    get,
    path = "/accounts/{account}/events",
    operation_id = "list-events",
    tag = "reviews",
    params(InAccount, EventFilter),
    responses((status = 200, description = "Part of the list", body = Page<Event>), Failures)
)]
async fn events(
    State(site): State<Site>,
    of: OfAccount<Read>,
    QueryParams(filter): QueryParams<EventFilter>,
) -> Result<Json<Page<Event>>, Problem> {
    let follows = filter.after.map(|SerialNumber(after)| after);
    let (before, after) = if filter.newest_first { (follows, None) } else { (None, follows) };
    let query = EventQuery {
        number: filter.number.map(E164::digits),
        kind: filter.kind,
        since: filter.since.map(|Time(since)| since),
        run: filter.run.map(|SerialNumber(run)| run),
        before,
        after,
        oldest_first: !filter.newest_first,
        ..EventQuery::default()
    };
    let (ledger, id, limit) = (site.dialguard().ledger().clone(), of.account.id, filter.limit.0);
    let page = site.lists().run(&of.caller, move |_| ledger.event_page(&id, &query, limit)).await??;
    let next = page.next.map(|next| next.to_string());
    Ok(Json(Page { items: page.events.iter().map(Event::from).collect(), next }))
}
