//! Reviews, runs and events of an account: what happened, and having it happen now.

use super::input::{Asked, Counted, InAccount, Limit, NumberedPart, Page};
use super::nouns::{Action, E164, Notice, Status, Time};
use super::refused::{ChangeRefused, Refused};
use super::requests::Replaced;
use crate::web::Site;
use crate::web::caller::{OfAccount, Operate, Read};
use crate::web::problem::Problem;
use axum::Json;
use axum::extract::State;
use dialguard::contract;
use dialguard_dialer::dialguard::ReviewOutcome;
use dialguard_dialer::ledger::{self, EventQuery, RunProfile};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(review))
        .routes(routes!(try_review))
        .routes(routes!(runs))
        .routes(routes!(events))
}

/// A review that was made, or would be.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Review {
    /// The run, as events name it; none where the review was only tried.
    run: Option<u64>,
    /// It is the one review of this local date; others on the same date are extra. None where it was only tried.
    daily: Option<bool>,
    /// The account's revision that it was made from.
    based_on: u64,
    decided_at: Time,
    /// One for each number that was rated.
    reviews: Vec<Rating>,
    actions: Vec<Action>,
    notices: Vec<Notice>,
    /// Replacements that were carried out; the others are under way.
    replaced: Vec<Replaced>,
    /// What went wrong at the carriers, in words.
    problems: Vec<String>,
}

/// How a review rated a number.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Rating {
    number: E164,
    status: Status,
    /// Daily checks in a row that called it spam.
    flagging_checks: u8,
    /// Daily checks in a row that did not.
    clearing_checks: u8,
    /// Carriers that flag it, of the `answering`.
    flagging: u16,
    /// Carriers that have an opinion about it.
    answering: u16,
}

impl From<&contract::Review> for Rating {
    fn from(review: &contract::Review) -> Self {
        Rating {
            number: review.number.into(),
            status: review.status.into(),
            flagging_checks: review.flagging_checks,
            clearing_checks: review.clearing_checks,
            flagging: review.flagging,
            answering: review.answering,
        }
    }
}

impl From<ReviewOutcome> for Review {
    fn from(reviewed: ReviewOutcome) -> Self {
        let plan = &reviewed.plan;
        Review {
            run: reviewed.applied.map(|applied| applied.run),
            daily: reviewed.applied.map(|applied| applied.daily),
            based_on: plan.based_on,
            decided_at: Time(plan.decided_at),
            reviews: plan.reviews.iter().map(Rating::from).collect(),
            actions: plan.actions.iter().map(Action::from).collect(),
            notices: plan.notices.iter().map(Notice::from).collect(),
            replaced: reviewed.replaced.iter().map(Replaced::from).collect(),
            problems: reviewed.problems,
        }
    }
}

/// Review the account now
///
/// Takes the role `operate`. Another review on the same local date rates only numbers that were not rated on it yet.
#[utoipa::path(
    post,
    path = "/accounts/{account}/reviews",
    operation_id = "review-account",
    tag = "reviews",
    params(InAccount),
    responses((status = 200, description = "The review", body = Review), ChangeRefused)
)]
async fn review(State(site): State<Site>, of: OfAccount<Operate>) -> Result<Json<Review>, Problem> {
    Ok(Json(site.dialguard().review(&of.account.id).await?.into()))
}

/// What a review would do now
///
/// Takes the role `operate`: carriers are asked. Nothing is changed.
#[utoipa::path(
    post,
    path = "/accounts/{account}/reviews/try",
    operation_id = "try-review",
    tag = "reviews",
    params(InAccount),
    responses((status = 200, description = "The review as it would be", body = Review), ChangeRefused)
)]
async fn try_review(State(site): State<Site>, of: OfAccount<Operate>) -> Result<Json<Review>, Problem> {
    Ok(Json(site.dialguard().try_review(&of.account.id).await?.into()))
}

/// A run whose plan was applied.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Run {
    /// Rises with every run.
    id: u64,
    kind: RunKind,
    /// The account's local date.
    #[schema(format = Date)]
    local_date: String,
    decided_at: Time,
    /// The account's revision that it was made from.
    based_on: u64,
    /// SHA-256 of the policy that decided, in hexadecimal.
    policy: String,
    /// That policy's revision; none where the program brought its own policy along.
    revision: Option<u64>,
    /// The version of the contract that the policy spoke.
    #[schema(example = "0.2.0")]
    contract: String,
}

/// What a run was for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum RunKind {
    /// The one review of its local date.
    DailyReview,
    /// Another review on the same date.
    ExtraReview,
    /// A request.
    Request,
}

impl From<RunProfile> for Run {
    fn from(run: RunProfile) -> Self {
        Run {
            id: run.id,
            kind: match run.kind {
                ledger::RunKind::DailyReview => RunKind::DailyReview,
                ledger::RunKind::ExtraReview => RunKind::ExtraReview,
                ledger::RunKind::Request => RunKind::Request,
            },
            local_date: run.local_date,
            decided_at: Time(run.decided_at),
            based_on: run.based_on,
            policy: run.policy,
            revision: run.revision,
            contract: run.contract,
        }
    }
}

/// The runs of the account, oldest first
///
/// Takes the role `read`. Every review and every request of which something was accepted is a run.
#[utoipa::path(
    get,
    path = "/accounts/{account}/runs",
    operation_id = "list-runs",
    tag = "reviews",
    params(InAccount, NumberedPart),
    responses((status = 200, description = "Part of them", body = Page<Run>), Refused)
)]
async fn runs(
    State(site): State<Site>,
    of: OfAccount<Read>,
    Asked(NumberedPart { limit, after }): Asked<NumberedPart>,
) -> Result<Json<Page<Run>>, Problem> {
    let runs = site.dialguard().ledger().runs(&of.account.id, after.0, limit.0 + 1)?;
    Ok(Json(Page::of(runs, limit, |run| run.id.to_string()).map(Run::from)))
}

/// Something that happened to the account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Event {
    /// Rises with every event.
    id: u64,
    at: Time,
    /// Kebab-case name of the kind.
    #[schema(example = "turned-flagged")]
    kind: String,
    /// The number it happened to.
    number: Option<E164>,
    /// What was charged, in US cents.
    cents: Option<u64>,
    /// The event in words.
    text: String,
    /// The run that caused it; none where a person or the calendar did.
    run: Option<u64>,
    /// SHA-256 of the policy that decided, in hexadecimal.
    policy: Option<String>,
    /// That policy's revision.
    revision: Option<u64>,
}

impl From<ledger::Event> for Event {
    fn from(event: ledger::Event) -> Self {
        Event {
            id: event.id,
            at: Time(event.at),
            kind: event.kind,
            number: event.number.map(E164::from),
            cents: event.cents,
            text: event.text,
            run: event.run,
            policy: event.policy,
            revision: event.revision,
        }
    }
}

/// Which events are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EventsWanted {
    /// At most so many.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 1000, default = 100)]
    limit: Limit,
    /// Those that follow the event of this id. Whoever keeps the id of the last event he has seen can ask for what is new.
    #[param(value_type = Option<i64>, minimum = 0)]
    after: Option<Counted>,
    /// Only those of this number. In an address the `+` is written `%2B`.
    #[serde(default, deserialize_with = "number_in_query")]
    #[param(value_type = Option<E164>)]
    number: Option<E164>,
    /// Only those of this kind.
    #[param(example = "turned-flagged")]
    kind: Option<String>,
    /// Only those that this run caused.
    #[param(value_type = Option<i64>, minimum = 0)]
    run: Option<Counted>,
    /// Only those that happened then or later.
    since: Option<Time>,
    /// The newest first, not the oldest.
    #[serde(default)]
    #[param(default = false)]
    newest_first: bool,
}

/// A `+` that somebody forgot to write as `%2B` has become a blank.
fn number_in_query<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<E164>, D::Error> {
    let text = String::deserialize(deserializer)?;
    E164::try_from(text.replacen(' ', "+", 1)).map(Some).map_err(serde::de::Error::custom)
}

/// What happened to the account and its numbers
///
/// Takes the role `read`. Events are never changed and never lost.
#[utoipa::path(
    get,
    path = "/accounts/{account}/events",
    operation_id = "list-events",
    tag = "reviews",
    params(InAccount, EventsWanted),
    responses((status = 200, description = "Part of them", body = Page<Event>), Refused)
)]
async fn events(
    State(site): State<Site>,
    of: OfAccount<Read>,
    Asked(wanted): Asked<EventsWanted>,
) -> Result<Json<Page<Event>>, Problem> {
    let follows = wanted.after.map(|Counted(after)| after);
    let (before, after) = if wanted.newest_first { (follows, None) } else { (None, follows) };
    let query = EventQuery {
        number: wanted.number.map(E164::digits),
        kind: wanted.kind,
        since: wanted.since.map(|Time(since)| since),
        run: wanted.run.map(|Counted(run)| run),
        before,
        after,
        oldest_first: !wanted.newest_first,
        ..EventQuery::default()
    };
    let page = site.dialguard().ledger().event_page(&of.account.id, &query, wanted.limit.0)?;
    let next = page.next.map(|next| next.to_string());
    Ok(Json(Page { items: page.events.into_iter().map(Event::from).collect(), next }))
}
