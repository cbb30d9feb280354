//! Webhooks and the messages to them.

use super::Time;
use dialguard_dialer::alerts::DeliveryCounts;
use dialguard_dialer::ledger::{self, DeliveryState};
use serde::Serialize;
use utoipa::ToSchema;

/// An address that receives signed messages, as the Standard Webhooks specification describes.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Webhook {
    /// Its number.
    id: u64,
    /// The account whose messages it receives; null for every account and for what concerns none.
    #[schema(example = "acme")]
    account: Option<String>,
    /// Where messages are sent.
    #[schema(example = "https://dialer.example/alerts")]
    url: String,
    /// Whether it may be an address of this machine or of a private network, and plain http.
    allow_private: bool,
    /// The dashboard's address, for links in messages.
    page_address: Option<String>,
    /// When it was added.
    since: Time,
    /// When sending was paused; a successful test resumes it.
    paused_at: Option<Time>,
    /// Why it was paused.
    paused_because: Option<String>,
    /// Messages waiting for delivery.
    waiting: u64,
}

impl From<&ledger::Webhook> for Webhook {
    fn from(webhook: &ledger::Webhook) -> Self {
        let (paused_at, paused_because) = webhook.paused.clone().map(|(at, because)| (Time(at), because)).unzip();
        Webhook {
            id: webhook.id,
            account: webhook.account.clone(),
            url: webhook.url.clone(),
            allow_private: webhook.allow_private,
            page_address: webhook.page_address.clone(),
            since: Time(webhook.since),
            paused_at,
            paused_because,
            waiting: webhook.waiting,
        }
    }
}

/// A webhook that was just added, with its secret.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct NewWebhook {
    /// Its number.
    pub id: u64,
    /// The receiver checks signatures with it. It is shown only once.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    pub secret: String,
}

/// The result of a test.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct TestedWebhook {
    /// The receiver's HTTP status.
    #[schema(example = "204 No Content")]
    pub answered: String,
}

/// A message to a webhook.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Delivery {
    /// Its `webhook-id`, the same for each try.
    id: String,
    /// The webhook.
    webhook: u64,
    /// The account it is about.
    account: Option<String>,
    /// The run it reports.
    run: Option<u64>,
    /// What it reports: `review.completed`, `review.failed`, `number.replaced` (a slot has moved), `order.abandoned` (a
    /// slot will not move to an order's candidate), `order.stuck`, `policy.rolled-back`, `policy.failing` or
    /// `webhook.test`.
    #[serde(rename = "type")]
    #[schema(example = "number.replaced")]
    kind: String,
    /// When it was made.
    made_at: Time,
    /// When it is tried next; null if it was delivered or abandoned.
    next_try_at: Option<Time>,
    /// When the receiver accepted it.
    delivered_at: Option<Time>,
    /// When delivery was abandoned.
    abandoned_at: Option<Time>,
    /// How often it was tried.
    tries: u32,
    /// Why the last try failed.
    last_problem: Option<String>,
}

impl From<&ledger::Delivery> for Delivery {
    fn from(delivery: &ledger::Delivery) -> Self {
        let (next_try_at, delivered_at, abandoned_at) = match delivery.state {
            DeliveryState::Waiting(at) => (Some(Time(at)), None, None),
            DeliveryState::Delivered(at) => (None, Some(Time(at)), None),
            DeliveryState::Abandoned(at) => (None, None, Some(Time(at))),
        };
        Delivery {
            id: delivery.id.clone(),
            webhook: delivery.webhook,
            account: delivery.account.clone(),
            run: delivery.run,
            kind: delivery.kind.clone(),
            made_at: Time(delivery.made_at),
            next_try_at,
            delivered_at,
            abandoned_at,
            tries: delivery.tries,
            last_problem: delivery.last_problem.clone(),
        }
    }
}

/// What one round of delivering came to.
#[derive(Serialize)]
pub struct DeliveryRound {
    delivered: u32,
    failed: u32,
    abandoned: u32,
    paused: u32,
}

impl From<&DeliveryCounts> for DeliveryRound {
    fn from(sent: &DeliveryCounts) -> Self {
        let DeliveryCounts { delivered, failed, abandoned, paused, .. } = *sent;
        DeliveryRound { delivered, failed, abandoned, paused }
    }
}
