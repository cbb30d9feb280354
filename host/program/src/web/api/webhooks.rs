//! Webhooks: who is told of what happens. For administrators over everything, since they have this host call others.

use super::created;
use super::input::{Asked, Body, Named, NumberedPart, Page};
use super::keyed::Secret;
use super::nouns::Time;
use super::refused::{ChangeRefused, Refused};
use crate::web::Site;
use crate::web::caller::Administrator;
use crate::web::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use dialguard_dialer::alerts::{AlertSender, WebhookRequest, add_webhook};
use dialguard_dialer::ledger::{self, DeliveryState};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
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
    since: Time,
    /// Since when nothing is sent there; a test that is answered ends it.
    paused_at: Option<Time>,
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
    made_at: Time,
    /// When it is tried next; none where it was delivered or given up.
    next_try_at: Option<Time>,
    /// When the receiver took it.
    delivered_at: Option<Time>,
    /// When it was given up.
    abandoned_at: Option<Time>,
    /// How often it was tried.
    tries: u32,
    /// What went wrong at the last try.
    last_problem: Option<String>,
}

impl From<ledger::Webhook> for Webhook {
    fn from(webhook: ledger::Webhook) -> Self {
        let (paused_at, paused_because) = webhook.paused.map(|(at, because)| (Time(at), because)).unzip();
        Webhook {
            id: webhook.id,
            account: webhook.account,
            url: webhook.url,
            allow_private: webhook.allow_private,
            page_address: webhook.page_address,
            since: Time(webhook.since),
            paused_at,
            paused_because,
            waiting: webhook.waiting,
        }
    }
}

impl From<ledger::Delivery> for Delivery {
    fn from(delivery: ledger::Delivery) -> Self {
        let (next_try_at, delivered_at, abandoned_at) = match delivery.state {
            DeliveryState::Waiting(at) => (Some(Time(at)), None, None),
            DeliveryState::Delivered(at) => (None, Some(Time(at)), None),
            DeliveryState::Abandoned(at) => (None, None, Some(Time(at))),
        };
        Delivery {
            id: delivery.id,
            account: delivery.account,
            run: delivery.run,
            kind: delivery.kind,
            made_at: Time(delivery.made_at),
            next_try_at,
            delivered_at,
            abandoned_at,
            tries: delivery.tries,
            last_problem: delivery.last_problem,
        }
    }
}

/// A webhook in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct InWebhook {
    /// Its number.
    #[param(example = 1)]
    webhook: u64,
}

/// The webhooks, in the order of adding
///
/// Takes the role `administer` over every account.
#[utoipa::path(
    get,
    path = "/webhooks",
    operation_id = "list-webhooks",
    tag = "webhooks",
    params(NumberedPart),
    responses((status = 200, description = "Part of them", body = Page<Webhook>), Refused)
)]
async fn list(
    State(site): State<Site>,
    _: Administrator,
    Asked(NumberedPart { limit, after }): Asked<NumberedPart>,
) -> Result<Json<Page<Webhook>>, Problem> {
    let known = site.dialguard().ledger().webhooks(None)?;
    let wanted = known.into_iter().filter(|webhook| webhook.id > after.0);
    Ok(Json(Page::of(wanted, limit, |webhook| webhook.id.to_string()).map(Webhook::from)))
}

/// Add a webhook
///
/// Takes the role `administer` over every account. The answer is the only one that has the secret in it: it is not given
/// again where the request is repeated with the same `Idempotency-Key`.
#[utoipa::path(
    post,
    path = "/webhooks",
    operation_id = "add-webhook",
    tag = "webhooks",
    request_body = NewWebhook,
    responses(
        (status = 201, description = "The webhook's number and secret", body = Added,
         headers(("Location" = String, description = "Where it is found, without its secret"))),
        ChangeRefused
    )
)]
async fn add(
    State(site): State<Site>,
    _: Administrator,
    Body(new): Body<NewWebhook>,
) -> Result<impl IntoResponse, Problem> {
    let wish = WebhookRequest {
        account: new.account.as_deref(),
        url: &new.url,
        allow_private: new.allow_private,
        page_address: new.page_address.as_deref(),
    };
    let (id, secret) = add_webhook(site.dialguard().ledger(), &wish, site.dialguard().now())?;
    Ok((Extension(Secret), created(format!("/api/v1/webhooks/{id}"), Added { id, secret })))
}

/// One webhook
///
/// Takes the role `administer` over every account.
#[utoipa::path(
    get,
    path = "/webhooks/{webhook}",
    operation_id = "get-webhook",
    tag = "webhooks",
    params(InWebhook),
    responses((status = 200, description = "The webhook", body = Webhook), Refused)
)]
async fn one(
    State(site): State<Site>,
    _: Administrator,
    Named(InWebhook { webhook }): Named<InWebhook>,
) -> Result<Json<Webhook>, Problem> {
    Ok(Json(site.dialguard().ledger().webhook(webhook)?.into()))
}

/// Remove a webhook; what waits to be told there is lost
///
/// Takes the role `administer` over every account.
#[utoipa::path(
    delete,
    path = "/webhooks/{webhook}",
    operation_id = "remove-webhook",
    tag = "webhooks",
    params(InWebhook),
    responses((status = 204, description = "It is gone"), ChangeRefused)
)]
async fn remove(
    State(site): State<Site>,
    _: Administrator,
    Named(InWebhook { webhook }): Named<InWebhook>,
) -> Result<StatusCode, Problem> {
    site.dialguard().ledger().remove_webhook(webhook, site.dialguard().now())?;
    Ok(StatusCode::NO_CONTENT)
}

/// Send a test message now
///
/// Takes the role `administer` over every account. A message that is taken ends a pause, and what waits is due at once.
/// Where the receiver does not take it, 422 says why and what to do.
#[utoipa::path(
    post,
    path = "/webhooks/{webhook}/test",
    operation_id = "test-webhook",
    tag = "webhooks",
    params(InWebhook),
    responses((status = 200, description = "It was taken", body = Tested), ChangeRefused)
)]
async fn test(
    State(site): State<Site>,
    _: Administrator,
    Named(InWebhook { webhook }): Named<InWebhook>,
) -> Result<Json<Tested>, Problem> {
    let answered = AlertSender::new(site.dialguard().clone()).test(webhook).await?;
    Ok(Json(Tested { answered }))
}

/// A webhook's latest 1,000 messages of the past 35 days and those that wait, oldest first
///
/// Takes the role `administer` over every account.
#[utoipa::path(
    get,
    path = "/webhooks/{webhook}/deliveries",
    operation_id = "list-deliveries",
    tag = "webhooks",
    params(InWebhook),
    responses((status = 200, description = "The messages", body = Vec<Delivery>), Refused)
)]
async fn deliveries(
    State(site): State<Site>,
    _: Administrator,
    Named(InWebhook { webhook }): Named<InWebhook>,
) -> Result<Json<Vec<Delivery>>, Problem> {
    let ledger = site.dialguard().ledger();
    ledger.webhook(webhook)?;
    Ok(Json(ledger.deliveries(Some(webhook), false, LISTED_MAX)?.into_iter().map(Delivery::from).collect()))
}
