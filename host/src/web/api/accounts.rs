//! Accounts: how they stand.

use crate::calendar::rfc3339;
use crate::ledger::AccountProfile;
use crate::web::Site;
use crate::web::caller::{Caller, OfAccount, Read, as_of_now};
use crate::web::problem::Problem;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(one))
}

/// An account as it stands in its present billing cycle.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Account {
    /// The dialer's own name for it.
    #[schema(example = "acme")]
    id: String,
    /// Whether the reputation add-on is on.
    enabled: bool,
    /// Rises with every change.
    revision: u64,
    /// Slots bought for the present cycle: 15 a block.
    slot_count: u32,
    /// Slots from the next cycle on.
    slot_count_next: u32,
    /// Slots with a number.
    occupied: u32,
    /// Slots locked until the cycle ends.
    locked: u32,
    /// When the present cycle began.
    #[schema(format = DateTime)]
    cycle_starts_at: String,
    /// When it ends.
    #[schema(format = DateTime)]
    cycle_ends_at: String,
}

impl From<&AccountProfile> for Account {
    fn from(account: &AccountProfile) -> Self {
        Account {
            id: account.id.clone(),
            enabled: account.enabled,
            revision: account.revision,
            slot_count: account.slot_count,
            slot_count_next: account.slot_count_next,
            occupied: account.occupied,
            locked: account.locked,
            cycle_starts_at: rfc3339(account.cycle_starts_at),
            cycle_ends_at: rfc3339(account.cycle_ends_at),
        }
    }
}

/// The accounts that the caller may see, in the order of their ids.
#[utoipa::path(get, path = "/accounts", tag = "accounts", responses((status = 200, body = Vec<Account>)))]
async fn list(State(site): State<Site>, caller: Caller) -> Result<Json<Vec<Account>>, Problem> {
    let known = site.dialguard().ledger().accounts()?;
    let seen = known.iter().filter(|account| caller.grant.covers(&account.id));
    seen.map(|account| Ok(Account::from(&as_of_now(&site, &account.id)?))).collect::<Result<_, _>>().map(Json)
}

/// One account.
#[utoipa::path(
    get,
    path = "/accounts/{account}",
    tag = "accounts",
    params(("account" = String, Path, description = "The dialer's own name for it")),
    responses((status = 200, body = Account), (status = 404, body = Problem))
)]
async fn one(of: OfAccount<Read>) -> Json<Account> {
    Json(Account::from(&of.account))
}
