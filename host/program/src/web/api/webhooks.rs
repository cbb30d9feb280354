//! Webhooks, which receive messages about what happens. They have this host call others, so they are for administrators
//! over every account.

use super::created;
use super::failures::{ChangeFailures, Failures};
use super::input::{Body, NumberedPart, Page, PathParams, QueryParams, SerialNumber};
use super::keyed::Secret;
use crate::json::{Delivery, NewWebhook, TestedWebhook, Webhook};
use crate::web::Site;
use crate::web::auth::Administrator;
use crate::web::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use dialguard_dialer::alerts::{AlertSender, WebhookSpec, add_webhook};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(one, remove))
        .routes(routes!(test))
        .routes(routes!(deliveries))
}

/// A webhook to add.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct WebhookRequest {
    /// The account whose messages it receives; every account's if missing.
    account: Option<String>,
    /// Where messages are sent.
    #[schema(example = "https://dialer.example/alerts")]
    url: String,
    /// Allow an address of this machine or of a private network, and plain http.
    #[serde(default)]
    allow_private: bool,
    /// The dashboard's address, for links in messages.
    page_address: Option<String>,
}

/// A webhook in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct InWebhook {
    /// Its number.
    #[param(example = 1)]
    webhook: u64,
}

/// List the webhooks, oldest first
///
/// Requires the role `administer` over every account.
#[utoipa::path(
    get,
    path = "/webhooks",
    operation_id = "list-webhooks",
    tag = "webhooks",
    params(NumberedPart),
    responses((status = 200, description = "Part of the list", body = Page<Webhook>), Failures)
)]
async fn list(
    State(site): State<Site>,
    _: Administrator,
    QueryParams(NumberedPart { limit, after }): QueryParams<NumberedPart>,
) -> Result<Json<Page<Webhook>>, Problem> {
    let known = site.dialguard().ledger().webhooks(None)?;
    let following = known.into_iter().filter(|webhook| webhook.id > after.0);
    Ok(Json(Page::of(following, limit, |webhook| webhook.id.to_string()).map(|webhook| Webhook::from(&webhook))))
}

/// Add a webhook
///
/// Requires the role `administer` over every account. Only this answer contains the secret: repeating the request with
/// the same `Idempotency-Key` does not return it again.
#[utoipa::path(
    post,
    path = "/webhooks",
    operation_id = "add-webhook",
    tag = "webhooks",
    request_body = WebhookRequest,
    responses(
        (status = 201, description = "The webhook's number and secret", body = NewWebhook,
         headers(("Location" = String, description = "Its address, without the secret"))),
        ChangeFailures
    )
)]
async fn add(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    Body(new): Body<WebhookRequest>,
) -> Result<impl IntoResponse, Problem> {
    let dialguard = site.acting_as(&caller);
    let spec = WebhookSpec {
        account: new.account.as_deref(),
        url: &new.url,
        allow_private: new.allow_private,
        page_address: new.page_address.as_deref(),
    };
    let (id, secret) = add_webhook(dialguard.ledger(), &spec, dialguard.now())?;
    Ok((Extension(Secret), created(format!("/api/v1/webhooks/{id}"), NewWebhook { id, secret })))
}

/// Get a webhook
///
/// Requires the role `administer` over every account.
#[utoipa::path(
    get,
    path = "/webhooks/{webhook}",
    operation_id = "get-webhook",
    tag = "webhooks",
    params(InWebhook),
    responses((status = 200, description = "The webhook", body = Webhook), Failures)
)]
async fn one(
    State(site): State<Site>,
    _: Administrator,
    PathParams(InWebhook { webhook }): PathParams<InWebhook>,
) -> Result<Json<Webhook>, Problem> {
    Ok(Json(Webhook::from(&site.dialguard().ledger().webhook(webhook)?)))
}

/// Remove a webhook and the messages waiting for it
///
/// Requires the role `administer` over every account.
#[utoipa::path(
    delete,
    path = "/webhooks/{webhook}",
    operation_id = "remove-webhook",
    tag = "webhooks",
    params(InWebhook),
    responses((status = 204, description = "It is removed"), ChangeFailures)
)]
async fn remove(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    PathParams(InWebhook { webhook }): PathParams<InWebhook>,
) -> Result<StatusCode, Problem> {
    let dialguard = site.acting_as(&caller);
    dialguard.ledger().remove_webhook(webhook, dialguard.now())?;
    Ok(StatusCode::NO_CONTENT)
}

/// Send a test message now
///
/// Requires the role `administer` over every account. If the receiver accepts it, a pause ends, and waiting messages
/// are due at once. If it does not, 422 says why and what to do.
#[utoipa::path(
    post,
    path = "/webhooks/{webhook}/test",
    operation_id = "test-webhook",
    tag = "webhooks",
    params(InWebhook),
    responses((status = 200, description = "The receiver accepted it", body = TestedWebhook), ChangeFailures)
)]
async fn test(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    PathParams(InWebhook { webhook }): PathParams<InWebhook>,
) -> Result<Json<TestedWebhook>, Problem> {
    let answered = AlertSender::new(site.acting_as(&caller)).test(webhook).await?;
    Ok(Json(TestedWebhook { answered }))
}

/// List a webhook's messages: those waiting and those of the past 35 days, oldest first
///
/// Requires the role `administer` over every account.
#[utoipa::path(
    get,
    path = "/webhooks/{webhook}/deliveries",
    operation_id = "list-deliveries",
    tag = "webhooks",
    params(InWebhook, NumberedPart),
    responses((status = 200, description = "Part of the list", body = Page<Delivery>), Failures)
)]
async fn deliveries(
    State(site): State<Site>,
    _: Administrator,
    PathParams(InWebhook { webhook }): PathParams<InWebhook>,
    QueryParams(NumberedPart { limit, after: SerialNumber(after) }): QueryParams<NumberedPart>,
) -> Result<Json<Page<Delivery>>, Problem> {
    let ledger = site.dialguard().ledger();
    ledger.webhook(webhook)?;
    let page = Page::of(ledger.delivery_page(webhook, after, limit.0 + 1)?, limit, |(place, _)| place.to_string());
    Ok(Json(page.map(|(_, delivery)| Delivery::from(&delivery))))
}
