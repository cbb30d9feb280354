//! Alerts: signed messages to webhooks, after the [Standard Webhooks] specification.
//!
//! A message is written to the ledger in the transaction that it reports, one a review. An [`AlertSender`] delivers it at
//! least once, in order for each webhook, and keeps trying for three days while a receiver is down. Receivers recognize a
//! repeated message by its `webhook-id`.
//!
//! | `type` | when | sent to |
//! |---|---|---|
//! | `review.completed` | a review turned numbers flagged or clean, planned replacements, or has a warning or an alert | webhooks of the account and of every account |
//! | `number.suspect` | numbers are suspect since a review, for how their calls went; one message a review | the same |
//! | `review.failed` | a review failed; once a local date, however often it is tried again | the same |
//! | `reviews.missed` | local dates ended with numbers not rated; once a date, several dates in one message | the same |
//! | `number.replaced` | a slot has moved from a number to its replacement | the same |
//! | `number.resting`, `number.in-use` | the dialer is not to use a flagged number for now; it uses it again | the same |
//! | `order.abandoned` | a slot will not move to an order's candidate | the same |
//! | `order.stuck` | a replacement is held up and needs an operator; once for each obstacle of an order | the same |
//! | `reviews.missed` | after an outage, before the first review: which local dates had none, and what was charged meanwhile | the same |
//! | `account.closed` | the account was closed | the same |
//! | `policy.rolled-back`, `policy.failing` | a policy that kept failing was rolled back; there is none to go back to | webhooks of every account |
//! | `clock.held` | the time leaps past the newest one in the ledger, and waits for a user; once | webhooks of every account |
//! | `webhook.test` | a user tests a webhook; sent at once and never again | that webhook |
//!
//! Results of users' own requests are not sent, but for replacements, which may take days, and the closing of an account.
//! Neither is a number that turned at risk, which a second day confirms or not.
//!
//! [Standard Webhooks]: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialguard/example.rs"));
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dialguard_dialer::alerts::{AlertSender, WebhookSpec, add_webhook};
//! use dialguard_dialer::ledger::DeliveryState;
//!
//! let folder = tempfile::tempdir()?;
//! let dialguard = small_dialguard(folder.path()).await?;
//! let spec = WebhookSpec { account: Some("acme"), url: "https://dialer.invalid/alerts", ..WebhookSpec::default() };
//! let (webhook, secret) = add_webhook(dialguard.ledger(), &spec, NOW)?;
//! assert!(secret.starts_with("whsec_"));
//!
//! dialguard.review("acme").await?;
//! dialguard.at(NOW + DAY).review("acme").await?; // +13105550123 turns flagged and is replaced
//! let sent = AlertSender::new(dialguard.at(NOW + DAY)).deliver_due().await?;
//! assert_eq!((sent.delivered, sent.failed), (0, 1)); // there is no such host
//!
//! let waiting = dialguard.ledger().deliveries(Some(webhook), true, 10)?;
//! assert_eq!(waiting[0].kind, "review.completed");
//! assert!(matches!(waiting[0].state, DeliveryState::Waiting(at) if at > NOW + DAY));
//! # Ok(())
//! # }
//! ```

mod address;
mod outbound;

use address::is_public;

use crate::access::random_secret;
use crate::dialguard::Dialguard;
use crate::ledger::{Attempt, ClaimedDelivery, Ledger, LedgerError, Message, NewWebhook, URL_BYTES_MAX, WebhookId};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use dialguard::calendar::rfc3339;
use dialguard::contract::Timestamp;
use outbound::{Outbound, Post, Refusal};
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;
use tokio::task::JoinSet;

/// Bytes of a secret: the specification asks for 24 to 64.
const KEY_BYTES: usize = 32;

/// The prefix of a secret, after the specification.
const SECRET_PREFIX: &str = "whsec_";

/// Seconds between one try and the next: the specification's schedule, three days in all.
const RETRY_AFTER: [u64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// Webhooks that are sent to at the same time.
const WEBHOOKS_AT_ONCE: usize = 16;

/// How often the ledger is checked for due messages.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// A webhook to add.
#[derive(Debug, Clone, Copy, Default)]
pub struct WebhookSpec<'a> {
    /// The account whose messages go there; none for those of every account, and those about no single account.
    pub account: Option<&'a str>,
    /// Where they go: an https URL without a name and password.
    pub url: &'a str,
    /// Allows an address of this machine or a private network, and plain http. Only for operators: such a webhook has this
    /// host call services on its own network.
    pub allow_private: bool,
    /// The dashboard's address, for links in messages.
    pub page_address: Option<&'a str>,
}

/// Why a webhook was not added or tested.
#[derive(Debug, thiserror::Error)]
pub enum AlertsError {
    /// The ledger refused or failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The URL is an address of this machine or a private network.
    #[error("{0} is an address of this machine or a private network, where messages are not sent")]
    NotPublic(IpAddr),
    /// Messages cannot be sent to the URL; says why.
    #[error("{0}")]
    Address(String),
    /// The system has no random numbers.
    #[error("the system has no random numbers: {0}")]
    Random(String),
}

/// Adds a webhook; returns its id, and the secret with which its receiver verifies messages. The secret cannot be shown
/// again.
pub fn add_webhook(ledger: &Ledger, spec: &WebhookSpec, now: Timestamp) -> Result<(WebhookId, String), AlertsError> {
    let url = checked(spec.url, spec.allow_private)?;
    if let Some(address) = spec.page_address {
        let is_web = url::Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if !is_web {
            let why =
                format!("{address:?} is not an address of a dashboard; give one such as https://dialguard.example");
            return Err(AlertsError::Address(why));
        }
    }
    let mut key = [0_u8; KEY_BYTES];
    getrandom::fill(&mut key).map_err(|error| AlertsError::Random(error.to_string()))?;
    let WebhookSpec { account, allow_private, page_address, .. } = *spec;
    let id =
        ledger.add_webhook(&NewWebhook { account, url: url.as_str(), key: &key, allow_private, page_address }, now)?;
    Ok((id, format!("{SECRET_PREFIX}{}", BASE64_STANDARD.encode(key))))
}

/// The URL, if messages may be sent there. Names are resolved, and the addresses checked, at each try.
fn checked(text: &str, allow_private: bool) -> Result<url::Url, AlertsError> {
    let wanted = "give one such as https://dialer.example/alerts";
    let refused = |why: String| Err(AlertsError::Address(why));
    if text.len() > URL_BYTES_MAX {
        return refused(format!("a URL has at most {URL_BYTES_MAX} bytes"));
    }
    let url = match url::Url::parse(text) {
        Ok(url) => url,
        Err(error) => return refused(format!("{text:?} is not a URL ({error}); {wanted}")),
    };
    match url.scheme() {
        "https" => {}
        "http" if allow_private => {}
        "http" => return refused(format!("http would send messages unencrypted; {wanted}")),
        other => return refused(format!("messages cannot be sent by {other:?}; {wanted}")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refused("a URL may not have a name and password; messages are signed instead".into());
    }
    if !allow_private {
        outbound::ensure_public(&url).map_err(AlertsError::NotPublic)?;
    }
    Ok(url)
}

/// How many messages were delivered, and how many were not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeliveryCounts {
    /// Messages that receivers accepted.
    pub delivered: u32,
    /// Messages that failed and will be tried again.
    pub failed: u32,
    /// Messages that were abandoned after three days.
    pub abandoned: u32,
    /// Webhooks that were paused because they want no more messages.
    pub paused: u32,
}

/// Delivers waiting messages. Cheap to clone; several may work on one ledger, in several processes.
#[derive(Clone)]
pub struct AlertSender {
    dialguard: Dialguard,
    outbound: Arc<Outbound>,
}

impl AlertSender {
    /// Delivers the messages of this dialer's ledger, by its clock.
    pub fn new(dialguard: Dialguard) -> Self {
        AlertSender { dialguard, outbound: Arc::default() }
    }

    /// Delivers messages as they become due, until `stop` is ready; tries in progress are finished.
    pub async fn keep_delivering(&self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        let stopping = Arc::<AtomicBool>::default();
        loop {
            let mut delivering = pin!(self.deliver_until(&stopping));
            let delivered = tokio::select! {
                delivered = &mut delivering => delivered,
                () = &mut stop => {
                    stopping.store(true, SeqCst);
                    if let Err(error) = delivering.await {
                        tracing::error!("alerts wait: {error}");
                    }
                    return;
                }
            };
            if let Err(error) = delivered {
                tracing::error!("alerts wait: {error}");
            }
            tokio::select! {
                () = &mut stop => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// Delivers what is due now, each webhook's messages one after another. Errors only if the ledger cannot be read.
    pub async fn deliver_due(&self) -> Result<DeliveryCounts, LedgerError> {
        self.deliver_until(&Arc::default()).await
    }

    /// The same, and begins no new try once it is stopping.
    async fn deliver_until(&self, stopping: &Arc<AtomicBool>) -> Result<DeliveryCounts, LedgerError> {
        let due = tokio::task::block_in_place(|| self.dialguard.ledger().due_webhooks(self.dialguard.now()))?;
        let mut waiting = due.into_iter();
        let mut under_way = JoinSet::new();
        let mut sent = DeliveryCounts::default();
        loop {
            while under_way.len() < WEBHOOKS_AT_ONCE
                && let Some(webhook) = waiting.next()
            {
                let (courier, stopping) = (self.clone(), stopping.clone());
                under_way.spawn(async move { courier.deliver_to(webhook, &stopping).await });
            }
            let Some(done) = under_way.join_next().await else { return Ok(sent) };
            match done {
                Ok(Ok(more)) => sent.add(more),
                Ok(Err(error)) => tracing::error!("a webhook's alerts wait: {error}"),
                Err(error) => tracing::error!("a webhook's alerts wait, because sending failed: {error}"),
            }
        }
    }

    /// Delivers a webhook's due messages, oldest first, up to the first that fails.
    async fn deliver_to(&self, webhook: WebhookId, stopping: &AtomicBool) -> Result<DeliveryCounts, LedgerError> {
        let ledger = self.dialguard.ledger();
        // Another process may hold the webhook: then this one stops.
        let lease = random_secret().unwrap_or_default();
        let mut sent = DeliveryCounts::default();
        while !stopping.load(SeqCst)
            && let Some(claimed) =
                tokio::task::block_in_place(|| ledger.claim_delivery(webhook, &lease, self.dialguard.now()))?
        {
            let tried = self.try_once(&claimed).await;
            self.tell(&claimed, &tried, &mut sent);
            tokio::task::block_in_place(|| ledger.settle_delivery(&claimed, &tried, self.dialguard.now()))?;
        }
        Ok(sent)
    }

    async fn try_once(&self, claimed: &ClaimedDelivery) -> Attempt {
        let ClaimedDelivery { id, url, key, allow_private, body, tries, .. } = claimed;
        let post = Post { id, url, key, allow_private: *allow_private, body, now: self.dialguard.now() };
        let refusal = match self.outbound.post(&post).await {
            Ok(_) => return Attempt::Delivered,
            Err(refusal) => refusal,
        };
        let problem = refusal.to_string();
        match (refusal, RETRY_AFTER.get(*tries as usize)) {
            (Refusal::Gone, _) => Attempt::Gone { problem },
            (_, Some(seconds)) => Attempt::Again { problem, at: self.dialguard.now() + with_jitter(*seconds) },
            (_, None) => Attempt::Abandoned { problem },
        }
    }

    fn tell(&self, claimed: &ClaimedDelivery, tried: &Attempt, sent: &mut DeliveryCounts) {
        let (webhook, delivery) = (claimed.webhook, claimed.id.as_str());
        let outcome = match tried {
            Attempt::Delivered => {
                sent.delivered += 1;
                "delivered"
            }
            Attempt::Again { problem, at } => {
                sent.failed += 1;
                tracing::warn!(webhook, delivery, "not delivered; the next try is at {}: {problem}", rfc3339(*at));
                "failed"
            }
            Attempt::Abandoned { problem } => {
                sent.abandoned += 1;
                tracing::error!(webhook, delivery, "not delivered in three days, and abandoned: {problem}");
                "abandoned"
            }
            Attempt::Gone { problem } => {
                sent.paused += 1;
                tracing::error!(webhook, delivery, "not delivered, and the webhook is paused: {problem}");
                "paused"
            }
        };
        self.dialguard.metrics().tried_delivery(outcome);
    }

    /// Sends a test message now, and returns the receiver's answer. If it accepted the message, a paused webhook is
    /// resumed, and waiting messages are due at once. Errors: no such webhook, or why the message was not accepted.
    pub async fn test(&self, webhook: WebhookId) -> Result<String, AlertsError> {
        let (ledger, now) = (self.dialguard.ledger(), self.dialguard.now());
        let known = ledger.webhook(webhook)?;
        let key = ledger.webhook_key(webhook)?;
        let id = format!("msg_{}", &random_secret().map_err(|error| AlertsError::Random(error.to_string()))?[..32]);
        let body = Message::test().body(&rfc3339(now), None, known.account.as_deref());
        let post = Post { id: &id, url: &known.url, key: &key, allow_private: known.allow_private, body: &body, now };
        let answered = self.outbound.post(&post).await.map_err(|refusal| AlertsError::Address(refusal.to_string()))?;
        ledger.resume_webhook(webhook, now)?;
        Ok(answered)
    }
}

impl DeliveryCounts {
    fn add(&mut self, more: DeliveryCounts) {
        self.delivered += more.delivered;
        self.failed += more.failed;
        self.abandoned += more.abandoned;
        self.paused += more.paused;
    }
}

/// Up to a tenth more, so that messages that failed together are not all tried again together.
fn with_jitter(seconds: u64) -> u64 {
    let random = getrandom::u64().unwrap_or_default();
    seconds + random % (seconds / 10 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_tried_for_about_three_days() {
        let days = RETRY_AFTER.iter().sum::<u64>() as f64 / 86_400.0;
        assert!((2.9..3.3).contains(&days), "{days}");
        assert!(RETRY_AFTER.is_sorted());
        for seconds in RETRY_AFTER {
            assert!((seconds..=seconds + seconds / 10).contains(&with_jitter(seconds)));
        }
    }

    #[test]
    fn messages_go_to_public_https_addresses_unless_private_ones_are_allowed() {
        let cases = [
            ("https://dialer.example/alerts?key=1", true, true),
            ("https://dialer.example:8443", true, true),
            ("https://93.184.215.14/", true, true),
            ("https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/", true, true),
            ("http://dialer.example/alerts", false, true),
            ("https://127.0.0.1/", false, true),
            ("https://localhost./", true, true), // a name, which is resolved at each try
            ("https://2130706433/", false, true),
            ("https://0x7f.1/", false, true),
            ("https://0177.0.0.1/", false, true),
            ("https://169.254.169.254/latest/meta-data", false, true),
            ("https://[::1]/", false, true),
            ("https://[::ffff:10.0.0.1]/", false, true),
            ("https://[fd00:ec2::254]/", false, true),
            ("https://ann:secret@dialer.example/", false, false),
            ("ftp://dialer.example/", false, false),
            ("file:///etc/passwd", false, false),
            ("dialer.example", false, false),
            ("https://", false, false),
        ];
        for (url, public, private) in cases {
            assert_eq!(checked(url, false).is_ok(), public, "{url}");
            assert_eq!(checked(url, true).is_ok(), private, "{url}, with private ones allowed");
        }
    }
}
