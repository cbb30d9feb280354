//! Alerts: signed messages to webhooks, after the [Standard Webhooks] specification.
//!
//! What is told stands in the ledger as soon as what it tells does, one message a review. A [`Courier`] delivers it at
//! least once, in the order of making for each webhook, and goes on trying for three days where a receiver is down.
//! Receivers know a message that they have had already by its `webhook-id`.
//!
//! | `type` | when | sent to |
//! |---|---|---|
//! | `review.completed` | a review turned numbers flagged or clean, replaced some, or has a warning or an alert | webhooks of the account and of every account |
//! | `review.failed` | a review failed; once a local date, however often it is tried again | the same |
//! | `order.stuck` | a replacement is held up and needs an operator; once an order | the same |
//! | `policy.rolled-back`, `policy.failing` | a policy that kept failing was rolled back; there is none to go back to | webhooks of every account |
//! | `webhook.test` | a user tests a webhook; sent at once and never again | that webhook |
//!
//! Results of users' own requests are not sent. Neither is a number that turned at risk, which a second day confirms or
//! not.
//!
//! [Standard Webhooks]: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialguard/example.rs"));
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dialguard_dialer::alerts::{Courier, WebhookWish, add_webhook};
//! use dialguard_dialer::ledger::DeliveryState;
//!
//! let folder = tempfile::tempdir()?;
//! let dialguard = small_dialguard(folder.path()).await?;
//! let wish = WebhookWish { account: Some("acme"), url: "https://dialer.invalid/alerts", ..WebhookWish::default() };
//! let (webhook, secret) = add_webhook(dialguard.ledger(), &wish, NOW)?;
//! assert!(secret.starts_with("whsec_"));
//!
//! dialguard.review("acme").await?;
//! dialguard.at(NOW + DAY).review("acme").await?; // +13105550123 turns flagged and is replaced
//! let sent = Courier::new(dialguard.at(NOW + DAY)).deliver_due().await?;
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
use crate::ledger::{Claimed, Ledger, LedgerError, Message, NewWebhook, Tried, WebhookId};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use dialguard::calendar::rfc3339;
use dialguard::contract::Timestamp;
use outbound::{Outbound, Post, Refusal};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;
use tokio::task::JoinSet;

/// Bytes of a secret: the specification asks for 24 to 64.
const KEY_BYTES: usize = 32;

/// What a secret begins with, after the specification.
const SECRET_PREFIX: &str = "whsec_";

/// How long after a try the next one follows, in seconds: the specification's schedule, three days in all.
const RETRY_AFTER: [u64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// Webhooks that are sent to at the same time.
const WEBHOOKS_AT_ONCE: usize = 16;

/// How often the ledger is looked at for messages that are due.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Bytes of a URL, at most.
const URL_BYTES_MAX: usize = 2_048;

/// A webhook as somebody wants it.
#[derive(Debug, Clone, Copy, Default)]
pub struct WebhookWish<'a> {
    /// Whose messages go there; none is every account's, and what concerns no single one.
    pub account: Option<&'a str>,
    /// Where they go: an https address, without a name and password in it.
    pub url: &'a str,
    /// It may be an address of this machine or a private network, and plain http. Only for who runs Dialguard: whoever
    /// may add such a webhook can have this host call what stands beside it.
    pub allow_private: bool,
    /// Where people reach the page, for links in messages.
    pub page_address: Option<&'a str>,
}

/// Why a webhook was not added or tested.
#[derive(Debug, thiserror::Error)]
pub enum AlertsError {
    /// The ledger refused or failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Not an address that messages may be sent to; says why.
    #[error("{0}")]
    Address(String),
    /// The system has no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(String),
}

/// Adds a webhook; answers its number, and the secret by which its receiver tells a message of this host from any other.
/// This is the only time that it can be shown.
pub fn add_webhook(ledger: &Ledger, wish: &WebhookWish, now: Timestamp) -> Result<(WebhookId, String), AlertsError> {
    let url = checked(wish.url, wish.allow_private).map_err(AlertsError::Address)?;
    if let Some(address) = wish.page_address {
        let is_web = url::Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if !is_web {
            let why = format!("{address:?} is no address of a page; give one such as https://dialguard.example");
            return Err(AlertsError::Address(why));
        }
    }
    let mut key = [0_u8; KEY_BYTES];
    getrandom::fill(&mut key).map_err(|error| AlertsError::Random(error.to_string()))?;
    let WebhookWish { account, allow_private, page_address, .. } = *wish;
    let id =
        ledger.add_webhook(&NewWebhook { account, url: url.as_str(), key: &key, allow_private, page_address }, now)?;
    Ok((id, format!("{SECRET_PREFIX}{}", BASE64_STANDARD.encode(key))))
}

/// The URL, where messages may be sent there. Names are looked up, and where they lead is checked, at each try.
fn checked(text: &str, allow_private: bool) -> Result<url::Url, String> {
    let wanted = "give one such as https://dialer.example/alerts";
    let url = url::Url::parse(text).map_err(|error| format!("{text:?} is no URL ({error}); {wanted}"))?;
    if text.len() > URL_BYTES_MAX {
        return Err(format!("a URL has {URL_BYTES_MAX} bytes at most"));
    }
    match url.scheme() {
        "https" => {}
        "http" if allow_private => {}
        "http" => return Err(format!("messages would cross the network as they are; {wanted}")),
        other => return Err(format!("{other:?} is no way to send messages; {wanted}")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "leave name and password out of the URL; messages are signed, which tells where they are from".into()
        );
    }
    if !allow_private {
        outbound::ensure_public(&url)?;
    }
    Ok(url)
}

/// What a courier did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sent {
    /// Messages that were taken.
    pub delivered: u32,
    /// Tries that failed and will be made again.
    pub failed: u32,
    /// Messages that were given up after three days.
    pub abandoned: u32,
    /// Webhooks that want no messages any more.
    pub paused: u32,
}

/// Delivers what waits. Cheap to clone; several may work on one ledger, in several processes.
#[derive(Clone)]
pub struct Courier {
    dialguard: Dialguard,
    outbound: Arc<Outbound>,
}

impl Courier {
    /// A courier for this dialer's ledger, by its clock.
    pub fn new(dialguard: Dialguard) -> Self {
        Courier { dialguard, outbound: Arc::default() }
    }

    /// Delivers as messages become due, until `stop` is ready; tries under way are finished then.
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

    /// Delivers what is due now, each webhook's messages one after another. Errors only where the ledger cannot be read.
    pub async fn deliver_due(&self) -> Result<Sent, LedgerError> {
        self.deliver_until(&Arc::default()).await
    }

    /// The same, and begins no further try once it is stopping.
    async fn deliver_until(&self, stopping: &Arc<AtomicBool>) -> Result<Sent, LedgerError> {
        let due = tokio::task::block_in_place(|| self.dialguard.ledger().due_webhooks(self.dialguard.now()))?;
        let mut waiting = due.into_iter();
        let mut under_way = JoinSet::new();
        let mut sent = Sent::default();
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
                Err(error) => tracing::error!("a webhook's alerts wait, for sending failed inside: {error}"),
            }
        }
    }

    /// Delivers a webhook's due messages, oldest first, up to the first that it does not take.
    async fn deliver_to(&self, webhook: WebhookId, stopping: &AtomicBool) -> Result<Sent, LedgerError> {
        let ledger = self.dialguard.ledger();
        // Another process may hold the webhook: then this one's turn is over.
        let lease = random_secret().unwrap_or_default();
        let mut sent = Sent::default();
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

    async fn try_once(&self, claimed: &Claimed) -> Tried {
        let Claimed { id, url, key, allow_private, body, tries, .. } = claimed;
        let post = Post { id, url, key, allow_private: *allow_private, body, now: self.dialguard.now() };
        let refusal = match self.outbound.post(&post).await {
            Ok(_) => return Tried::Delivered,
            Err(refusal) => refusal,
        };
        let problem = refusal.to_string();
        match (refusal, RETRY_AFTER.get(*tries as usize)) {
            (Refusal::Gone, _) => Tried::Gone { problem },
            (_, Some(seconds)) => Tried::Again { problem, at: self.dialguard.now() + with_jitter(*seconds) },
            (_, None) => Tried::Abandoned { problem },
        }
    }

    fn tell(&self, claimed: &Claimed, tried: &Tried, sent: &mut Sent) {
        let (webhook, delivery) = (claimed.webhook, claimed.id.as_str());
        let outcome = match tried {
            Tried::Delivered => {
                sent.delivered += 1;
                "delivered"
            }
            Tried::Again { problem, at } => {
                sent.failed += 1;
                tracing::warn!(webhook, delivery, "not delivered, to be tried again at {}: {problem}", rfc3339(*at));
                "failed"
            }
            Tried::Abandoned { problem } => {
                sent.abandoned += 1;
                tracing::error!(webhook, delivery, "not delivered in three days, and given up: {problem}");
                "abandoned"
            }
            Tried::Gone { problem } => {
                sent.paused += 1;
                tracing::error!(webhook, delivery, "not delivered, and the webhook is paused: {problem}");
                "paused"
            }
        };
        self.dialguard.metrics().tried_delivery(outcome);
    }

    /// Sends a test message now, and says what was answered. Where it was taken, a webhook that was paused goes on, and
    /// what waits is due at once. Errors: no such webhook, or why it was not taken and what to do.
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

impl Sent {
    fn add(&mut self, more: Sent) {
        self.delivered += more.delivered;
        self.failed += more.failed;
        self.abandoned += more.abandoned;
        self.paused += more.paused;
    }
}

/// Up to a tenth more, so that those who failed together do not come back together.
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
            ("https://localhost./", true, true), // a name; where it leads is seen at each try
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
