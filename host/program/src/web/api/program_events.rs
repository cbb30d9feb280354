//! What happened outside accounts.

use super::failures::Failures;
use super::input::{Limit, Page, QueryParams, SerialNumber};
use crate::json::{EventSubject, ProgramEvent};
use crate::web::Site;
use crate::web::auth::Administrator;
use crate::web::problem::Problem;
use axum::Json;
use axum::extract::State;
use dialguard_dialer::ledger::ProgramEventQuery;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Which events outside accounts to list.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ProgramEventFilter {
    /// The most to list.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 1000, default = 100)]
    limit: Limit,
    /// Only those that follow the event with this id.
    #[param(value_type = Option<i64>, minimum = 0)]
    after: Option<SerialNumber>,
    /// Only those about this.
    subject: Option<EventSubject>,
    /// Only those about the one of this name.
    #[param(example = "ann")]
    name: Option<String>,
    /// Only those that an actor of this name did.
    #[param(example = "ann")]
    actor: Option<String>,
    /// Newest first instead of oldest first.
    #[serde(default)]
    #[param(default = false)]
    newest_first: bool,
}

/// List what happened outside accounts
///
/// Requires the role `administer` over every account. Users, tokens, invites, sources, providers, webhooks for every
/// account, names of carriers and policies: who added, changed and removed them. Events are never changed or deleted.
#[utoipa::path(
    get,
    path = "/events",
    operation_id = "list-program-events",
    tag = "users",
    params(ProgramEventFilter),
    responses((status = 200, description = "Part of the list", body = Page<ProgramEvent>), Failures)
)]
async fn list(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    QueryParams(filter): QueryParams<ProgramEventFilter>,
) -> Result<Json<Page<ProgramEvent>>, Problem> {
    let follows = filter.after.map(|SerialNumber(after)| after);
    let (before, after) = if filter.newest_first { (follows, None) } else { (None, follows) };
    let query = ProgramEventQuery {
        subject: filter.subject.map(Into::into),
        name: filter.name,
        actor: filter.actor,
        before,
        after,
        oldest_first: !filter.newest_first,
    };
    let (ledger, limit) = (site.dialguard().ledger().clone(), filter.limit.0);
    let page = site.lists().run(&caller, move |_| ledger.program_events(&query, limit)).await??;
    let next = page.next.map(|next| next.to_string());
    Ok(Json(Page { items: page.events.iter().map(ProgramEvent::from).collect(), next }))
}
