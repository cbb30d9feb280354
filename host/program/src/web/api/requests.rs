//! What a dialer asks for: start, stop, delete, replace and screen numbers.

use super::input::{Body, InAccount};
use super::nouns::{Action, Answer, E164, Notice, Status, Time};
use super::refused::ChangeRefused;
use crate::web::Site;
use crate::web::caller::{OfAccount, Operate};
use crate::web::problem::Problem;
use axum::Json;
use axum::extract::State;
use dialguard::contract;
use dialguard_dialer::dialguard::RequestOutcome;
use dialguard_dialer::ledger::Order;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(make)).routes(routes!(try_out)).routes(routes!(screen))
}

/// A change of numbers. A number asked for twice is answered as if the first had been done already.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "request", rename_all = "kebab-case", deny_unknown_fields)]
enum Request {
    /// Start to check these numbers daily. They take free slots in the order asked, the lowest slot first.
    StartMonitoring {
        #[schema(max_items = 10000, example = json!(["+13105550100"]))]
        numbers: Vec<E164>,
    },
    /// Stop checking these numbers and keep them. Locks their slots until the cycle ends.
    StopMonitoring {
        #[schema(max_items = 10000, example = json!(["+13105550100"]))]
        numbers: Vec<E164>,
    },
    /// Give these numbers up, monitored or not. Locks the slots of those that are.
    DeleteNumbers {
        #[schema(max_items = 10000, example = json!(["+13105550100"]))]
        numbers: Vec<E164>,
        /// Delete monitored numbers too, though their slots are lost for the rest of the cycle.
        #[serde(rename = "accept-slot-loss", default)]
        accept_slot_loss: bool,
    },
    /// Swap these monitored numbers for clean ones. Keeps their slots.
    ReplaceNumbers {
        #[schema(max_items = 10000, example = json!(["+13105550100"]))]
        numbers: Vec<E164>,
    },
}

impl Request {
    fn numbers(&self) -> &[E164] {
        match self {
            Request::StartMonitoring { numbers }
            | Request::StopMonitoring { numbers }
            | Request::DeleteNumbers { numbers, .. }
            | Request::ReplaceNumbers { numbers } => numbers,
        }
    }
}

impl From<&Request> for contract::Request {
    fn from(request: &Request) -> Self {
        let numbers = request.numbers().iter().map(|number| number.digits()).collect();
        match request {
            Request::StartMonitoring { .. } => contract::Request::StartMonitoring(numbers),
            Request::StopMonitoring { .. } => contract::Request::StopMonitoring(numbers),
            Request::DeleteNumbers { accept_slot_loss, .. } => {
                contract::Request::DeleteNumbers(contract::Deletion { numbers, accept_slot_loss: *accept_slot_loss })
            }
            Request::ReplaceNumbers { .. } => contract::Request::ReplaceNumbers(numbers),
        }
    }
}

/// What became of a request, or would become of it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Decision {
    /// One for each number asked about, in the order asked.
    outcomes: Vec<Outcome>,
    /// What the accepted part of the request comes to.
    actions: Vec<Action>,
    notices: Vec<Notice>,
    /// Replacements that were carried out; the others are under way.
    replaced: Vec<Replaced>,
    /// What went wrong at the carriers, in words.
    problems: Vec<String>,
}

/// The answer for one number.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Outcome {
    number: E164,
    answer: Answer,
    /// When a lock ends: for `no-free-slot` the next one (none where no slot is locked), for `slot-would-lock` the one
    /// that deleting would start; else none.
    until: Option<Time>,
}

/// A replacement that was carried out.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Replaced {
    /// The number that has left.
    number: E164,
    /// The one that has its slot.
    replacement: E164,
    slot: u32,
}

impl From<&Order> for Replaced {
    fn from(order: &Order) -> Self {
        Replaced { number: order.number.into(), replacement: order.replacement.into(), slot: order.slot }
    }
}

impl Decision {
    fn new(request: &Request, decided: RequestOutcome) -> Self {
        let outcomes = request.numbers().iter().zip(&decided.decision.outcomes);
        let outcome = |(number, outcome): (&E164, &contract::Outcome)| Outcome {
            number: *number,
            answer: outcome.answer.into(),
            until: outcome.until.map(Time),
        };
        Decision {
            outcomes: outcomes.map(outcome).collect(),
            actions: decided.decision.plan.actions.iter().map(Action::from).collect(),
            notices: decided.decision.plan.notices.iter().map(Notice::from).collect(),
            replaced: decided.replaced.iter().map(Replaced::from).collect(),
            problems: decided.problems,
        }
    }
}

/// Start, stop, delete or replace numbers
///
/// Takes the role `operate`. Every number is answered for itself: that one is refused is an answer and holds up no other.
#[utoipa::path(
    post,
    path = "/accounts/{account}/requests",
    operation_id = "make-request",
    tag = "requests",
    params(InAccount),
    request_body = Request,
    responses((status = 200, description = "What became of each number", body = Decision), ChangeRefused)
)]
async fn make(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    Body(request): Body<Request>,
) -> Result<Json<Decision>, Problem> {
    let decided = site.dialguard().decide(&of.account.id, &(&request).into()).await?;
    Ok(Json(Decision::new(&request, decided)))
}

/// What would become of a request
///
/// Takes the role `operate`: carriers are asked about candidates. Nothing is changed.
#[utoipa::path(
    post,
    path = "/accounts/{account}/requests/try",
    operation_id = "try-request",
    tag = "requests",
    params(InAccount),
    request_body = Request,
    responses((status = 200, description = "What would become of each number", body = Decision), ChangeRefused)
)]
async fn try_out(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    Body(request): Body<Request>,
) -> Result<Json<Decision>, Problem> {
    let decided = site.dialguard().try_decide(&of.account.id, &(&request).into()).await?;
    Ok(Json(Decision::new(&request, decided)))
}

/// Numbers to screen.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ToScreen {
    /// They need not be the account's.
    #[schema(max_items = 10000, example = json!(["+13105550100"]))]
    numbers: Vec<E164>,
}

/// How numbers stand right now.
#[derive(Serialize, ToSchema)]
struct Screened {
    /// One for each number, in the order asked.
    screenings: Vec<Screening>,
    /// What went wrong at the carriers, in words.
    problems: Vec<String>,
}

/// How a number stands with the carriers right now.
#[derive(Serialize, ToSchema)]
struct Screening {
    number: E164,
    /// `pending` where too few carriers have an opinion, `flagged` where most flag it, `at-risk` where any does.
    status: Status,
    /// Carriers that flag it, of the `answering`.
    flagging: u16,
    /// Carriers that have an opinion about it.
    answering: u16,
}

/// Ask the carriers about numbers before they are bought or monitored
///
/// Takes the role `operate`: carriers may charge for answers. Nothing is changed.
#[utoipa::path(
    post,
    path = "/accounts/{account}/screen",
    operation_id = "screen-numbers",
    tag = "requests",
    params(InAccount),
    request_body = ToScreen,
    responses((status = 200, description = "How each stands", body = Screened), ChangeRefused)
)]
async fn screen(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    Body(ToScreen { numbers }): Body<ToScreen>,
) -> Result<Json<Screened>, Problem> {
    let digits: Vec<_> = numbers.into_iter().map(E164::digits).collect();
    let (screenings, problems) = site.dialguard().screen(&of.account.id, &digits).await?;
    let told = |screening: contract::Screening| Screening {
        number: screening.number.into(),
        status: screening.status.into(),
        flagging: screening.flagging,
        answering: screening.answering,
    };
    Ok(Json(Screened { screenings: screenings.into_iter().map(told).collect(), problems }))
}
