//! Policies: their revisions, which of them decides, and what another one would have done.

use super::input::{Asked, Body, Counted, Named, NumberedPart, Page};
use super::nouns::{E164, Status, Time};
use super::refused::{ChangeRefused, Refused};
use crate::web::Site;
use crate::web::caller::Administrator;
use crate::web::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use dialguard::contract;
use dialguard::policy::Wasi;
use dialguard::recording::PLACEHOLDER_FIRST;
use dialguard_dialer::ledger::{Cause, Difference, PolicyRevision, PolicyState, RunComparison};
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
        .routes(routes!(differences))
}

/// A policy as it was installed. Going back to an older one is a new revision.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Revision {
    /// Its number.
    revision: u64,
    /// It decides.
    live: bool,
    /// It is compared with every review.
    shadow: bool,
    /// What the policy calls itself.
    name: String,
    /// Its own version.
    #[schema(example = "0.1.0")]
    version: String,
    /// What it does, in a sentence.
    summary: String,
    /// The version of the contract that it speaks.
    #[schema(example = "0.2.0")]
    contract: String,
    /// SHA-256 of the component, in hexadecimal.
    sha256: String,
    /// Size of the component.
    bytes: u64,
    /// It came with the program.
    built_in: bool,
    /// It was given a WASI in which there is nothing.
    stubbed_wasi: bool,
    made_at: Time,
    /// When it began to decide; none where it never did.
    activated_at: Option<Time>,
    /// Why it began to decide.
    cause: Option<Why>,
    /// The earlier revision whose policy this is again.
    restores: Option<u64>,
}

/// Why a revision began to decide.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Why {
    /// There was none before.
    First,
    /// Somebody activated it.
    Operator,
    /// Somebody went back to it.
    Rollback,
    /// The one before failed several times in a row.
    Faults,
}

impl Revision {
    fn new(revision: PolicyRevision, state: &PolicyState) -> Self {
        Revision {
            live: state.live == Some(revision.revision),
            shadow: state.shadow.is_some_and(|shadow| shadow.revision == revision.revision),
            revision: revision.revision,
            name: revision.name,
            version: revision.version,
            summary: revision.summary,
            contract: revision.contract,
            sha256: revision.sha256,
            bytes: revision.bytes,
            built_in: revision.built_in,
            stubbed_wasi: revision.wasi == Wasi::Stubbed,
            made_at: Time(revision.made_at),
            activated_at: revision.activated_at.map(Time),
            cause: revision.cause.map(|cause| match cause {
                Cause::First => Why::First,
                Cause::Operator => Why::Operator,
                Cause::Rollback => Why::Rollback,
                Cause::Faults => Why::Faults,
            }),
            restores: revision.restores,
        }
    }
}

/// Every revision of the policy, oldest first
///
/// Takes the role `administer` over every account.
#[utoipa::path(
    get,
    path = "/policies",
    operation_id = "list-policies",
    tag = "policies",
    params(NumberedPart),
    responses((status = 200, description = "Part of them", body = Page<Revision>), Refused)
)]
async fn list(
    State(site): State<Site>,
    _: Administrator,
    Asked(NumberedPart { limit, after }): Asked<NumberedPart>,
) -> Result<Json<Page<Revision>>, Problem> {
    let ledger = site.dialguard().ledger();
    let state = ledger.policy_state()?;
    let revisions = ledger.revisions()?.into_iter().filter(|revision| revision.revision > after.0);
    let page = Page::of(revisions, limit, |revision| revision.revision.to_string());
    Ok(Json(page.map(|revision| Revision::new(revision, &state))))
}

/// The revision that decides
///
/// Takes the role `administer` over every account.
#[utoipa::path(
    get,
    path = "/policies/live",
    operation_id = "get-live-policy",
    tag = "policies",
    responses((status = 200, description = "The revision", body = Revision), Refused)
)]
async fn live(State(site): State<Site>, _: Administrator) -> Result<Json<Revision>, Problem> {
    Ok(Json(that_decides(&site)?))
}

fn that_decides(site: &Site) -> Result<Revision, Problem> {
    let dialguard = site.dialguard();
    Ok(Revision::new(dialguard.policies().live_revision()?, &dialguard.ledger().policy_state()?))
}

/// A revision in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct InRevision {
    /// Its number.
    #[param(example = 1, value_type = i64, minimum = 0)]
    revision: Counted,
}

fn find(site: &Site, revision: u64) -> Result<PolicyRevision, Problem> {
    let known = site.dialguard().ledger().revisions()?.into_iter().find(|known| known.revision == revision);
    known.ok_or_else(|| {
        let detail = format!("there is no revision {revision}; `GET /api/v1/policies` has those there are");
        Problem::of_kind(StatusCode::NOT_FOUND, "no-such-revision", "No such revision", detail)
    })
}

/// Have a revision's policy decide from now on
///
/// Takes the role `administer` over every account. Answers the revision that decides: a new one where that policy has
/// decided before.
#[utoipa::path(
    post,
    path = "/policies/{revision}/activate",
    operation_id = "activate-policy",
    tag = "policies",
    params(InRevision),
    responses((status = 200, description = "The revision that decides", body = Revision), ChangeRefused)
)]
async fn activate(
    State(site): State<Site>,
    _: Administrator,
    Named(InRevision { revision: Counted(revision) }): Named<InRevision>,
) -> Result<Json<Revision>, Problem> {
    let dialguard = site.dialguard();
    find(&site, revision)?;
    if dialguard.policies().live_revision()?.revision == revision {
        return Err(Problem::new(StatusCode::CONFLICT, format!("revision {revision} decides already")));
    }
    tokio::task::block_in_place(|| dialguard.policies().activate(revision, dialguard.now()))?;
    Ok(Json(that_decides(&site)?))
}

/// Go back to the policy that decided before
///
/// Takes the role `administer` over every account. Answers the revision that decides, which is a new one.
#[utoipa::path(
    post,
    path = "/policies/roll-back",
    operation_id = "roll-back-policy",
    tag = "policies",
    responses((status = 200, description = "The revision that decides", body = Revision), ChangeRefused)
)]
async fn roll_back(State(site): State<Site>, _: Administrator) -> Result<Json<Revision>, Problem> {
    let dialguard = site.dialguard();
    tokio::task::block_in_place(|| dialguard.policies().roll_back(dialguard.now()))?;
    Ok(Json(that_decides(&site)?))
}

/// Which candidate is compared with every review.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Candidate {
    /// Its revision; none where nothing is compared.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(example = 2, required = true, value_type = Option<i64>, minimum = 0)]
    revision: Option<Counted>,
}

/// Compare a revision's policy with every review from now on, or none
///
/// Takes the role `administer` over every account. A policy that is compared decides nothing.
#[utoipa::path(
    put,
    path = "/policies/shadow",
    operation_id = "set-shadow-policy",
    tag = "policies",
    request_body = Candidate,
    responses((status = 200, description = "What is compared", body = Candidate), ChangeRefused)
)]
async fn shadow(
    State(site): State<Site>,
    _: Administrator,
    Body(candidate): Body<Candidate>,
) -> Result<Json<Candidate>, Problem> {
    let dialguard = site.dialguard();
    let revision = candidate.revision.map(|Counted(revision)| revision);
    if let Some(revision) = revision {
        find(&site, revision)?;
    }
    tokio::task::block_in_place(|| dialguard.policies().shadow(revision, dialguard.now()))?;
    Ok(Json(candidate))
}

/// A run as another policy would have made it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Comparison {
    /// The run.
    run: u64,
    /// The account.
    account: String,
    decided_at: Time,
    /// Numbers and questions that the run on record did not ask about.
    unknown: u32,
    /// Why it would have done nothing: a fault, an error, or a plan that breaks the ledger.
    failure: Option<String>,
    /// The numbers that it would have treated otherwise.
    differences: Vec<NumberDiffers>,
}

/// A number that another policy would have treated otherwise.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct NumberDiffers {
    number: E164,
    /// What the policy did that decides.
    live: Treated,
    /// What the other would have done.
    candidate: Treated,
}

/// What a policy does with a number.
#[derive(Serialize, ToSchema)]
struct Treated {
    status: Status,
    /// Whether it replaces the number.
    replaced: bool,
    /// The replacement, as far as it is known.
    by: Option<E164>,
}

impl From<RunComparison> for Comparison {
    fn from(compared: RunComparison) -> Self {
        let comparison = compared.comparison;
        Comparison {
            run: comparison.run,
            account: compared.account,
            decided_at: Time(compared.decided_at),
            unknown: comparison.unknown,
            failure: comparison.failure,
            differences: comparison.differences.iter().map(NumberDiffers::from).collect(),
        }
    }
}

impl From<&Difference> for NumberDiffers {
    fn from(difference: &Difference) -> Self {
        let treated = |status: contract::Status, by: Option<contract::PhoneNumber>| Treated {
            status: status.into(),
            replaced: by.is_some(),
            by: by.filter(|number| *number < PLACEHOLDER_FIRST).map(E164::from),
        };
        NumberDiffers {
            number: difference.number.into(),
            live: treated(difference.live_status, difference.live_replacement),
            candidate: treated(difference.candidate_status, difference.candidate_replacement),
        }
    }
}

/// What a revision's policy would have done otherwise, run by run
///
/// Takes the role `administer` over every account. Runs are compared while the revision is the shadow, and by
/// `dialguard policy backtest`.
#[utoipa::path(
    get,
    path = "/policies/{revision}/differences",
    operation_id = "list-policy-differences",
    tag = "policies",
    params(InRevision, NumberedPart),
    responses((status = 200, description = "Part of the runs", body = Page<Comparison>), Refused)
)]
async fn differences(
    State(site): State<Site>,
    _: Administrator,
    Named(InRevision { revision: Counted(revision) }): Named<InRevision>,
    Asked(NumberedPart { limit, after }): Asked<NumberedPart>,
) -> Result<Json<Page<Comparison>>, Problem> {
    find(&site, revision)?;
    let compared = site.dialguard().ledger().comparisons(revision, 0)?;
    let compared = compared.into_iter().filter(|compared| compared.comparison.run > after.0);
    let page = Page::of(compared, limit, |compared| compared.comparison.run.to_string());
    Ok(Json(page.map(Comparison::from)))
}
