//! The time, and leaps that a user confirms.

use super::failures::{ChangeFailures, Failures};
use crate::json::Clock;
use crate::web::Site;
use crate::web::auth::Administrator;
use crate::web::problem::Problem;
use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(show)).routes(routes!(accept))
}

/// Get the time, and how far it has come in the ledger
///
/// Requires the role `administer` over every account. A change more than 45 days past the newest time in the ledger is
/// refused, because it would charge every billing cycle in between.
#[utoipa::path(
    get,
    path = "/clock",
    operation_id = "get-clock",
    tag = "clock",
    responses((status = 200, description = "The time", body = Clock), Failures)
)]
async fn show(State(site): State<Site>, _: Administrator) -> Result<Json<Clock>, Problem> {
    let dialguard = site.dialguard();
    Ok(Json(Clock::from(&dialguard.ledger().time_at(dialguard.now())?)))
}

/// Confirm that the time is right, though it is a leap
///
/// Requires the role `administer` over every account. Changes are accepted again, and charge what the leap says.
#[utoipa::path(
    post,
    path = "/clock/accept",
    operation_id = "accept-clock",
    tag = "clock",
    responses((status = 200, description = "The time, which is no longer a leap", body = Clock), ChangeFailures)
)]
async fn accept(State(site): State<Site>, caller: Administrator) -> Result<Json<Clock>, Problem> {
    let dialguard = site.acting_as(&caller.0);
    tokio::task::block_in_place(|| dialguard.ledger().accept_time(dialguard.now()))?;
    show(State(site.clone()), caller).await
}
