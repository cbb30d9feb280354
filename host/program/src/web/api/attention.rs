//! What needs a person.

use super::failures::Failures;
use super::input::InAccount;
use crate::json::{Attention, AttentionOfAccount};
use crate::web::Site;
use crate::web::auth::{Caller, OfAccount, Read};
use crate::web::problem::Problem;
use crate::words::Surface;
use axum::Json;
use axum::extract::State;
use dialguard_dialer::attention;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(of_program)).routes(routes!(of_account))
}

/// Get what needs a person and is about no single account
///
/// Requires any role. What is about the machine, or about webhooks for every account, is shown to administrators of all
/// accounts only.
#[utoipa::path(
    get,
    path = "/attention",
    operation_id = "get-attention",
    tag = "accounts",
    responses((status = 200, description = "Empty if all is well", body = Attention), Failures)
)]
async fn of_program(State(site): State<Site>, caller: Caller) -> Result<Json<Attention>, Problem> {
    let dialguard = site.dialguard();
    let mut concerns = attention::of_program(dialguard.ledger(), dialguard.now())?;
    concerns.retain(|concern| caller.grant.is_over_everything() || !concern.is_of_machine());
    Ok(Json(Attention::new(&concerns, Surface::Api)))
}

/// Get an account at a glance, and what in it needs a person
///
/// Requires the role `read`. The answer is made of what is known already: nobody is asked, and no number is counted.
#[utoipa::path(
    get,
    path = "/accounts/{account}/attention",
    operation_id = "get-attention-of-account",
    tag = "accounts",
    params(InAccount),
    responses((status = 200, description = "The figures, and what needs a person", body = AttentionOfAccount), Failures)
)]
async fn of_account(State(site): State<Site>, of: OfAccount<Read>) -> Result<Json<AttentionOfAccount>, Problem> {
    let attention = attention::of_account(site.dialguard().ledger(), &of.account.id)?;
    Ok(Json(AttentionOfAccount::new(&of.account.id, &attention, Surface::Api)))
}
