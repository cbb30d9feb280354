//! The settings that accounts have while the active policy is active.

use super::failures::Failures;
use crate::json::DeclaredSetting;
use crate::web::Site;
use crate::web::auth::Caller;
use crate::web::problem::Problem;
use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(list))
}

/// List the settings that accounts have: their names, meanings, ranges and defaults
///
/// Requires any role. The first ones are the dialer's own; the others are declared by the active policy, in its order.
#[utoipa::path(
    get,
    path = "/settings",
    operation_id = "list-settings",
    tag = "accounts",
    responses((status = 200, description = "The settings", body = Vec<DeclaredSetting>), Failures)
)]
async fn list(State(site): State<Site>, _: Caller) -> Result<Json<Vec<DeclaredSetting>>, Problem> {
    Ok(Json(DeclaredSetting::all(&site.dialguard().policies().live()?.declaration)))
}
