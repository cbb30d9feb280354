//! Policies: their revisions, which of them is active, and what another would have done.

use super::failures::{ChangeFailures, Failures};
use super::input::{Body, NumberedPart, Page, PathParams, QueryParams, SerialNumber};
use crate::json::{Comparison, PolicyRevision, SettingsOnActivation};
use crate::web::Site;
use crate::web::auth::Administrator;
use crate::web::problem::{Kind, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use dialguard_dialer::ledger;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(live))
        .routes(routes!(roll_back))
        .routes(routes!(shadow))
        .routes(routes!(activate))
        .routes(routes!(settings_change))
        .routes(routes!(differences))
}

/// List the revisions of the policy, oldest first
///
/// Requires the role `administer` over every account.
#[utoipa::path(
    get,
    path = "/policies",
    operation_id = "list-policies",
    tag = "policies",
    params(NumberedPart),
    responses((status = 200, description = "Part of the list", body = Page<PolicyRevision>), Failures)
)]
async fn list(
    State(site): State<Site>,
    _: Administrator,
    QueryParams(NumberedPart { limit, after }): QueryParams<NumberedPart>,
) -> Result<Json<Page<PolicyRevision>>, Problem> {
    let ledger = site.dialguard().ledger();
    let state = ledger.policy_state()?;
    let revisions = ledger.revisions()?.into_iter().filter(|revision| revision.revision > after.0);
    let page = Page::of(revisions, limit, |revision| revision.revision.to_string());
    Ok(Json(page.map(|revision| PolicyRevision::new(&revision, &state))))
}

/// Get the active revision
///
/// Requires the role `administer` over every account.
#[utoipa::path(
    get,
    path = "/policies/live",
    operation_id = "get-live-policy",
    tag = "policies",
    responses((status = 200, description = "The revision", body = PolicyRevision), Failures)
)]
async fn live(State(site): State<Site>, _: Administrator) -> Result<Json<PolicyRevision>, Problem> {
    Ok(Json(active(&site)?))
}

fn active(site: &Site) -> Result<PolicyRevision, Problem> {
    let dialguard = site.dialguard();
    Ok(PolicyRevision::new(&dialguard.policies().live_revision()?, &dialguard.ledger().policy_state()?))
}

/// A revision in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct InRevision {
    /// Its number.
    #[param(example = 1, value_type = i64, minimum = 0)]
    revision: SerialNumber,
}

fn find(site: &Site, revision: u64) -> Result<ledger::PolicyRevision, Problem> {
    let known = site.dialguard().ledger().revisions()?.into_iter().find(|known| known.revision == revision);
    known.ok_or_else(|| {
        let detail = format!("there is no revision {revision}");
        Problem::of(Kind::NoSuchRevision, detail).with_hint("`GET /api/v1/policies` lists the revisions")
    })
}

/// Activate a revision
///
/// Requires the role `administer` over every account. Returns the active revision: a new one if that policy has been
/// active before.
#[utoipa::path(
    post,
    path = "/policies/{revision}/activate",
    operation_id = "activate-policy",
    tag = "policies",
    params(InRevision),
    responses((status = 200, description = "The active revision", body = PolicyRevision), ChangeFailures)
)]
async fn activate(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    PathParams(InRevision { revision: SerialNumber(revision) }): PathParams<InRevision>,
) -> Result<Json<PolicyRevision>, Problem> {
    let dialguard = site.acting_as(&caller);
    find(&site, revision)?;
    if dialguard.policies().live_revision()?.revision == revision {
        return Err(Problem::new(StatusCode::CONFLICT, format!("revision {revision} is already active")));
    }
    tokio::task::block_in_place(|| dialguard.policies().activate(revision, dialguard.now()))?;
    Ok(Json(active(&site)?))
}

/// Preview what activating a revision would do to the settings of accounts
///
/// Requires the role `administer` over every account. Changes nothing. It is the same for a rollback: give the revision that
/// was active before.
#[utoipa::path(
    get,
    path = "/policies/{revision}/settings",
    operation_id = "preview-policy-settings",
    tag = "policies",
    params(InRevision),
    responses((status = 200, description = "What it would do", body = SettingsOnActivation), Failures)
)]
async fn settings_change(
    State(site): State<Site>,
    _: Administrator,
    PathParams(InRevision { revision: SerialNumber(revision) }): PathParams<InRevision>,
) -> Result<Json<SettingsOnActivation>, Problem> {
    find(&site, revision)?;
    // Loading a policy takes CPU time.
    let change = tokio::task::block_in_place(|| site.dialguard().policies().settings_change(revision))?;
    Ok(Json(SettingsOnActivation::new(revision, &change)))
}

/// Roll back to the policy that was active before
///
/// Requires the role `administer` over every account. Returns the active revision, which is a new one.
#[utoipa::path(
    post,
    path = "/policies/roll-back",
    operation_id = "roll-back-policy",
    tag = "policies",
    responses((status = 200, description = "The active revision", body = PolicyRevision), ChangeFailures)
)]
async fn roll_back(
    State(site): State<Site>,
    Administrator(caller): Administrator,
) -> Result<Json<PolicyRevision>, Problem> {
    let dialguard = site.acting_as(&caller);
    tokio::task::block_in_place(|| dialguard.policies().roll_back(dialguard.now()))?;
    Ok(Json(active(&site)?))
}

/// The candidate that is compared with every review.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Candidate {
    /// Its revision; null if nothing is compared.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(example = 2, required = true, value_type = Option<i64>, minimum = 0)]
    revision: Option<SerialNumber>,
}

/// Start or stop comparing a revision with every review
///
/// Requires the role `administer` over every account. A policy that is compared changes nothing.
#[utoipa::path(
    put,
    path = "/policies/shadow",
    operation_id = "set-shadow-policy",
    tag = "policies",
    request_body = Candidate,
    responses((status = 200, description = "The candidate", body = Candidate), ChangeFailures)
)]
async fn shadow(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    Body(candidate): Body<Candidate>,
) -> Result<Json<Candidate>, Problem> {
    let dialguard = site.acting_as(&caller);
    let revision = candidate.revision.map(|SerialNumber(revision)| revision);
    if let Some(revision) = revision {
        find(&site, revision)?;
    }
    tokio::task::block_in_place(|| dialguard.policies().shadow(revision, dialguard.now()))?;
    Ok(Json(candidate))
}

/// List what a revision would have done differently, run by run
///
/// Requires the role `administer` over every account. Runs are compared while the revision is the shadow, and by
/// `dialguard policy backtest`.
#[utoipa::path(
    get,
    path = "/policies/{revision}/differences",
    operation_id = "list-policy-differences",
    tag = "policies",
    params(InRevision, NumberedPart),
    responses((status = 200, description = "Part of the list", body = Page<Comparison>), Failures)
)]
async fn differences(
    State(site): State<Site>,
    _: Administrator,
    PathParams(InRevision { revision: SerialNumber(revision) }): PathParams<InRevision>,
    QueryParams(NumberedPart { limit, after }): QueryParams<NumberedPart>,
) -> Result<Json<Page<Comparison>>, Problem> {
    find(&site, revision)?;
    let compared = site.dialguard().ledger().comparisons(revision, 0)?;
    let compared = compared.into_iter().filter(|compared| compared.comparison.run > after.0);
    let page = Page::of(compared, limit, |compared| compared.comparison.run.to_string());
    Ok(Json(page.map(|compared| Comparison::from(&compared))))
}
