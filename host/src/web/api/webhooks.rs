//! Webhooks: who is told of what happens. For administrators over everything, since they have this host call others.

use crate::alerts::{Courier, WebhookWish, add_webhook};
use crate::calendar::rfc3339;
use crate::ledger::{self, DeliveryState};
use crate::web::Site;
use crate::web::caller::Administrator;
use crate::web::problem::Problem;
use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Messages that a webhook's list has, at most.
const LISTED_MAX: u32 = 1_000;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(one, remove))
        .routes(routes!(test))
        .routes(routes!(deliveries))
}

/// An address that signed messages are sent to, after the Standard Webhooks specification.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Webhook {
    /// Its number.
    id: u64,
    /// Whose messages go there; none is every account's, and what concerns no single one.
    #[schema(example = "acme")]
    account: Option<String>,
    /// Where they go.
    #[schema(example = "https://dialer.example/alerts")]
    url: String,
    /// It may be an address of this machine or a private network, and plain http.
    allow_private: bool,
    /// Where people reach the page, for links in messages.
    page_address: Option<String>,
    /// When it was added.
    #[schema(format = DateTime)]
    since: String,
    /// Since when nothing is sent there; a test that is answered ends it.
    #[schema(format = DateTime)]
    paused_at: Option<String>,
    /// Why nothing is.
    paused_because: Option<String>,
    /// Messages that wait to be delivered.
    waiting: u64,
}

/// A webhook that is to be added.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct NewWebhook {
    /// Whose messages go there; every account's where it is missing.
    account: Option<String>,
    /// Where they go.
    #[schema(example = "https://dialer.example/alerts")]
    url: String,
    /// It may be an address of this machine or a private network, and plain http.
    #[serde(default)]
    allow_private: bool,
    /// Where people reach the page, for links in messages.
    page_address: Option<String>,
}

/// A webhook and its secret.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Added {
    /// Its number.
    id: u64,
    /// By which the receiver checks signatures. It is shown this once.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    secret: String,
}

/// What a test came to.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Tested {
    /// The status that was answered, in words.
    #[schema(example = "204 No Content")]
    answered: String,
}

/// A message to a webhook.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Delivery {
    /// Its `webhook-id`, the same at each try.
    id: String,
    /// Which account it is about.
    account: Option<String>,
    /// The run that it tells.
    run: Option<u64>,
    /// What it tells.
    #[serde(rename = "type")]
    #[schema(example = "review.completed")]
    kind: String,
    /// When it was made.
    #[schema(format = DateTime)]
    made_at: String,
    /// When it is tried next; none where it was delivered or given up.
    #[schema(format = DateTime)]
    next_try_at: Option<String>,
    /// When the receiver took it.
    #[schema(format = DateTime)]
    delivered_at: Option<String>,
    /// When it was given up.
    #[schema(format = DateTime)]
    given_up_at: Option<String>,
    /// How often it was tried.
    tries: u32,
    /// What went wrong at the last try.
    last_problem: Option<String>,
}

impl From<ledger::Webhook> for Webhook {
    fn from(webhook: ledger::Webhook) -> Self {
        let (paused_at, paused_because) = webhook.paused.map(|(at, because)| (rfc3339(at), because)).unzip();
        Webhook {
            id: webhook.id,
            account: webhook.account,
            url: webhook.url,
            allow_private: webhook.allow_private,
            page_address: webhook.page_address,
            since: rfc3339(webhook.since),
            paused_at,
            paused_because,
            waiting: webhook.waiting,
        }
    }
}

impl From<ledger::Delivery> for Delivery {
    fn from(delivery: ledger::Delivery) -> Self {
        let (next_try_at, delivered_at, given_up_at) = match delivery.state {
            DeliveryState::Waiting(at) => (Some(rfc3339(at)), None, None),
            DeliveryState::Delivered(at) => (None, Some(rfc3339(at)), None),
            DeliveryState::GivenUp(at) => (None, None, Some(rfc3339(at))),
        };
        Delivery {
            id: delivery.id,
            account: delivery.account,
            run: delivery.run,
            kind: delivery.kind,
            made_at: rfc3339(delivery.made_at),
            next_try_at,
            delivered_at,
            given_up_at,
            tries: delivery.tries,
            last_problem: delivery.last_problem,
        }
    }
}

/// The webhooks, in the order of adding.
#[utoipa::path(
    get,
    path = "/webhooks",
    tag = "webhooks",
    responses((status = 200, body = Vec<Webhook>), (status = 403, body = Problem))
)]
async fn list(State(site): State<Site>, _: Administrator) -> Result<Json<Vec<Webhook>>, Problem> {
    Ok(Json(site.dialguard().ledger().webhooks(None)?.into_iter().map(Webhook::from).collect()))
}

/// Adds a webhook, and shows its secret this once.
#[utoipa::path(
    post,
    path = "/webhooks",
    tag = "webhooks",
    request_body = NewWebhook,
    responses(
        (status = 201, body = Added),
        (status = 400, description = "The body is no JSON", body = Problem),
        (status = 403, body = Problem),
        (status = 404, description = "There is no such account", body = Problem),
        (status = 413, description = "The body is too large", body = Problem),
        (status = 415, description = "The body is no `application/json`", body = Problem),
        (status = 422, description = "Not an address that messages may be sent to", body = Problem)
    )
)]
async fn add(
    State(site): State<Site>,
    _: Administrator,
    new: Result<Json<NewWebhook>, JsonRejection>,
) -> Result<(StatusCode, Json<Added>), Problem> {
    let Json(new) = new.map_err(|error| Problem::new(error.status(), error.body_text()))?;
    let wish = WebhookWish {
        account: new.account.as_deref(),
        url: &new.url,
        allow_private: new.allow_private,
        page_address: new.page_address.as_deref(),
    };
    let (id, secret) = add_webhook(site.dialguard().ledger(), &wish, site.dialguard().now())?;
    Ok((StatusCode::CREATED, Json(Added { id, secret })))
}

/// One webhook.
#[utoipa::path(
    get,
    path = "/webhooks/{webhook}",
    tag = "webhooks",
    params(("webhook" = u64, Path, description = "Its number")),
    responses(
        (status = 200, body = Webhook),
        (status = 400, description = "Not a number", body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem)
    )
)]
async fn one(
    State(site): State<Site>,
    _: Administrator,
    id: Result<Path<u64>, PathRejection>,
) -> Result<Json<Webhook>, Problem> {
    Ok(Json(Webhook::from(site.dialguard().ledger().webhook(named(id)?)?)))
}

/// Removes a webhook; what waits to be told there is lost.
#[utoipa::path(
    delete,
    path = "/webhooks/{webhook}",
    tag = "webhooks",
    params(("webhook" = u64, Path, description = "Its number")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 400, description = "Not a number", body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem)
    )
)]
async fn remove(
    State(site): State<Site>,
    _: Administrator,
    id: Result<Path<u64>, PathRejection>,
) -> Result<StatusCode, Problem> {
    site.dialguard().ledger().remove_webhook(named(id)?, site.dialguard().now())?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends a test message now. One that is taken ends a pause, and what waits is due at once.
#[utoipa::path(
    post,
    path = "/webhooks/{webhook}/test",
    tag = "webhooks",
    params(("webhook" = u64, Path, description = "Its number")),
    responses(
        (status = 200, body = Tested),
        (status = 400, description = "Not a number", body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 422, description = "The receiver did not take it; says why and what to do", body = Problem)
    )
)]
async fn test(
    State(site): State<Site>,
    _: Administrator,
    id: Result<Path<u64>, PathRejection>,
) -> Result<Json<Tested>, Problem> {
    let answered = Courier::new(site.dialguard().clone()).test(named(id)?).await?;
    Ok(Json(Tested { answered }))
}

/// A webhook's latest 1,000 messages of the past 35 days and those that wait, oldest first.
#[utoipa::path(
    get,
    path = "/webhooks/{webhook}/deliveries",
    tag = "webhooks",
    params(("webhook" = u64, Path, description = "Its number")),
    responses(
        (status = 200, body = Vec<Delivery>),
        (status = 400, description = "Not a number", body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem)
    )
)]
async fn deliveries(
    State(site): State<Site>,
    _: Administrator,
    id: Result<Path<u64>, PathRejection>,
) -> Result<Json<Vec<Delivery>>, Problem> {
    let (ledger, id) = (site.dialguard().ledger(), named(id)?);
    ledger.webhook(id)?;
    Ok(Json(ledger.deliveries(Some(id), false, LISTED_MAX)?.into_iter().map(Delivery::from).collect()))
}

fn named(id: Result<Path<u64>, PathRejection>) -> Result<u64, Problem> {
    id.map(|Path(id)| id).map_err(|error| Problem::new(StatusCode::BAD_REQUEST, error.body_text()))
}
