//! Requests about numbers: start, stop, delete, replace and screen.

use super::failures::ChangeFailures;
use super::input::{Body, InAccount};
use crate::json::{Decision, E164, Screened, ScreeningTried};
use crate::parse::List;
use crate::web::Site;
use crate::web::auth::{OfAccount, Operate};
use crate::web::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use dialguard::contract::{self, NUMBERS_PER_CALL_MAX};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(make))
        .routes(routes!(try_out))
        .routes(routes!(screen))
        .routes(routes!(try_screening))
}

/// A change of numbers. A number given twice is answered the second time as if the first were already done.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "request", rename_all = "kebab-case", deny_unknown_fields, try_from = "RequestFields")]
enum Request {
    /// Start checking these numbers: now, in the background, and then daily. They take free slots in the order given, the
    /// lowest slot first.
    StartMonitoring {
        #[schema(max_items = 10000, example = json!(["+13105550100"]))]
        numbers: Vec<E164>,
    },
    /// Stop checking these numbers and keep them. Locks their slots until the cycle ends.
    StopMonitoring {
        #[schema(max_items = 10000, example = json!(["+13105550100"]))]
        numbers: Vec<E164>,
    },
    /// Release these numbers, monitored or not. Locks the slots of those that are.
    DeleteNumbers {
        #[schema(max_items = 10000, example = json!(["+13105550100"]))]
        numbers: Vec<E164>,
        /// Also delete monitored numbers, which loses their slots for the rest of the cycle.
        #[serde(rename = "accept-slot-loss", default)]
        accept_slot_loss: bool,
    },
    /// Replace these monitored numbers with clean ones. Keeps their slots.
    ReplaceNumbers {
        #[schema(max_items = 10000, example = json!(["+13105550100"]))]
        numbers: Vec<E164>,
    },
}

/// The fields of every request. An enum with a tag would keep the whole body before it reads the numbers.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct RequestFields {
    request: RequestKind,
    numbers: List<E164, NUMBERS_PER_CALL_MAX>,
    #[serde(default, deserialize_with = "given")]
    accept_slot_loss: Option<bool>,
}

/// A value that is there is not null.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    bool::deserialize(deserializer).map(Some)
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RequestKind {
    StartMonitoring,
    StopMonitoring,
    DeleteNumbers,
    ReplaceNumbers,
}

impl TryFrom<RequestFields> for Request {
    type Error = &'static str;

    fn try_from(fields: RequestFields) -> Result<Self, &'static str> {
        let RequestFields { request, numbers: List(numbers), accept_slot_loss } = fields;
        if accept_slot_loss.is_some() && request != RequestKind::DeleteNumbers {
            return Err("accept-slot-loss: only `delete-numbers` takes it");
        }
        Ok(match request {
            RequestKind::StartMonitoring => Request::StartMonitoring { numbers },
            RequestKind::StopMonitoring => Request::StopMonitoring { numbers },
            RequestKind::DeleteNumbers => {
                Request::DeleteNumbers { numbers, accept_slot_loss: accept_slot_loss.unwrap_or_default() }
            }
            RequestKind::ReplaceNumbers => Request::ReplaceNumbers { numbers },
        })
    }
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

    fn digits(&self) -> Vec<contract::PhoneNumber> {
        self.numbers().iter().map(|number| number.digits()).collect()
    }
}

impl From<&Request> for contract::Request {
    fn from(request: &Request) -> Self {
        let numbers = request.digits();
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

/// Start, stop, delete or replace numbers
///
/// Requires the role `operate`. Each number has its own answer; a refusal is an answer and does not stop the rest. `result`
/// says what became of it, and `summary` counts that. A replacement whose number must be bought may be `under-way`, and so
/// are all of more than 50: follow the `order` of each, or wait for the message `number.replaced` or `order.abandoned`.
#[utoipa::path(
    post,
    path = "/accounts/{account}/requests",
    operation_id = "make-request",
    tag = "requests",
    params(InAccount),
    request_body = Request,
    responses(
        (status = 200, description = "The answer for each number; nothing is under way", body = Decision),
        (status = 202, description = "The answer for each number; some replacements are under way", body = Decision),
        ChangeFailures
    )
)]
async fn make(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    Body(request): Body<Request>,
) -> Result<(StatusCode, Json<Decision>), Problem> {
    let decided = site.acting_as(&of.caller).decide_promptly(&of.account.id, &(&request).into()).await?;
    if decided.has_filled_slots() {
        site.check_added(&of.caller, &of.account.id);
    }
    let decision = Decision::of_all(&request.digits(), &decided);
    let status = if decision.is_under_way() { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok((status, Json(decision)))
}

/// Preview a request: what it would do, cost and lose
///
/// Requires the role `operate`, because carriers are asked about candidates. Changes nothing. `preview` has the figures
/// that the dashboard shows before a click; a program compares them and asks its own user.
#[utoipa::path(
    post,
    path = "/accounts/{account}/requests/try",
    operation_id = "try-request",
    tag = "requests",
    params(InAccount),
    request_body = Request,
    responses((status = 200, description = "What the answer for each number would be", body = Decision), ChangeFailures)
)]
async fn try_out(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    Body(request): Body<Request>,
) -> Result<Json<Decision>, Problem> {
    let preview = site.dialguard().preview(&of.account.id, (&request).into()).await?;
    let count_to_type = site.dialguard().count_to_type(&of.account, &preview.request)?;
    Ok(Json(Decision::previewed(&preview, count_to_type)))
}

/// Numbers to screen.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ScreenRequest {
    /// They need not belong to the account.
    #[schema(value_type = Vec<E164>, max_items = 10000, example = json!(["+13105550100"]))]
    numbers: List<E164, NUMBERS_PER_CALL_MAX>,
}

/// Screen numbers: ask the carriers about them before they are bought or monitored
///
/// Requires the role `operate`, because carriers may charge for answers. Changes nothing.
#[utoipa::path(
    post,
    path = "/accounts/{account}/screen",
    operation_id = "screen-numbers",
    tag = "requests",
    params(InAccount),
    request_body = ScreenRequest,
    responses((status = 200, description = "How each is rated", body = Screened), ChangeFailures)
)]
async fn screen(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    Body(ScreenRequest { numbers: List(numbers) }): Body<ScreenRequest>,
) -> Result<Json<Screened>, Problem> {
    let digits: Vec<_> = numbers.into_iter().map(E164::digits).collect();
    let screened = site.dialguard().screen(&of.account.id, &digits).await?;
    Ok(Json(Screened::new(&screened, site.dialguard().ledger().carriers()?)))
}

/// Try a screening: what it would ask of which source, and what that would cost
///
/// Requires the role `operate`. Asks nobody and changes nothing.
#[utoipa::path(
    post,
    path = "/accounts/{account}/screen/try",
    operation_id = "try-screening",
    tag = "requests",
    params(InAccount),
    request_body = ScreenRequest,
    responses((status = 200, description = "What it would cost, at most", body = ScreeningTried), ChangeFailures)
)]
async fn try_screening(
    State(site): State<Site>,
    of: OfAccount<Operate>,
    Body(ScreenRequest { numbers: List(numbers) }): Body<ScreenRequest>,
) -> Result<Json<ScreeningTried>, Problem> {
    let digits: Vec<_> = numbers.into_iter().map(E164::digits).collect();
    let cost = tokio::task::block_in_place(|| site.dialguard().screening_cost(&of.account.id, &digits))?;
    Ok(Json(ScreeningTried::from(&cost)))
}
