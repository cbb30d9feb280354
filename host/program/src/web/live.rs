//! Server-sent events for open pages: that their account has changed or its marks have become stale, and a review's
//! progress.
//!
//! Other processes may change the ledger too, so it is polled once a second on behalf of all listeners.

use super::Site;
use super::auth::{OfAccount, Read};
use super::query;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::get;
use axum::{Router, middleware};
use dialguard_dialer::dialguard::{Dialguard, Progress};
use dialguard_dialer::ledger::AccountProfile;
use parking_lot::Mutex;
use serde_json::json;
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_stream::wrappers::ReceiverStream;

/// How often the ledger is polled.
const POLL_EVERY: Duration = Duration::from_secs(1);

/// How often listeners get a review's progress.
const PROGRESS_EVERY: Duration = Duration::from_millis(300);

/// A stream ends after this time. The browser reconnects by itself, and its access is checked again.
const STREAM_MAX: Duration = Duration::from_secs(300);

pub fn routes() -> Router<Site> {
    Router::new().route("/accounts/{account}/live", get(live)).route_layer(middleware::from_fn(query::ensure_of_page))
}

/// The ledger's latest revisions, for all listeners.
pub struct Live {
    revisions: watch::Sender<Arc<Revisions>>,
    /// Whether a task is polling.
    is_polling: Mutex<bool>,
    closed: watch::Sender<bool>,
}

/// Counters that change with the ledger.
#[derive(Default, PartialEq, Eq)]
struct Revisions {
    accounts: HashMap<String, u64>,
    policies: u64,
}

impl Default for Live {
    fn default() -> Self {
        Live { revisions: watch::Sender::default(), is_polling: Mutex::new(false), closed: watch::Sender::new(false) }
    }
}

impl Live {
    /// Ends all streams, because a server that stops waits for them.
    pub fn close(&self) {
        self.closed.send_replace(true);
    }
}

/// Subscribes to the ledger's revisions. Polling runs while there are subscribers.
fn subscribe(site: &Site) -> watch::Receiver<Arc<Revisions>> {
    let live = &site.0.live;
    let mut is_polling = live.is_polling.lock();
    let revisions = live.revisions.subscribe();
    if !std::mem::replace(&mut *is_polling, true) {
        tokio::spawn(poll(site.clone()));
    }
    revisions
}

async fn poll(site: Site) {
    let live = &site.0.live;
    loop {
        match tokio::task::block_in_place(|| current_revisions(site.dialguard())) {
            Ok(current) => {
                live.revisions.send_if_modified(|known| {
                    let has_changed = **known != current;
                    *known = Arc::new(current);
                    has_changed
                });
            }
            Err(error) => tracing::warn!("open pages are not updated: {error}"),
        }
        sleep(POLL_EVERY).await;
        let mut is_polling = live.is_polling.lock();
        if live.revisions.receiver_count() == 0 || *live.closed.borrow() {
            *is_polling = false;
            return;
        }
    }
}

fn current_revisions(dialguard: &Dialguard) -> dialguard_dialer::ledger::Result<Revisions> {
    let ledger = dialguard.ledger();
    Ok(Revisions { accounts: ledger.account_revisions()?, policies: ledger.policy_change()? })
}

async fn live(State(site): State<Site>, of: OfAccount<Read>) -> impl IntoResponse {
    let (sender, events) = mpsc::channel(4);
    tokio::spawn(async move {
        let mut closed = site.0.live.closed.subscribe();
        let disconnected = sender.clone();
        tokio::select! {
            _ = timeout_at(Instant::now() + STREAM_MAX, send_events(&site, &of.account, sender)) => {}
            _ = closed.wait_for(|closed| *closed) => {}
            () = disconnected.closed() => {}
        }
    });
    Sse::new(ReceiverStream::new(events)).keep_alive(KeepAlive::default())
}

type EventSender = mpsc::Sender<Result<Event, Infallible>>;

/// Sends one account's events until the listener disconnects.
async fn send_events(site: &Site, account: &AccountProfile, sender: EventSender) {
    let mut revisions = subscribe(site);
    let (mut last, mut last_progress) = (None, None);
    loop {
        let current = revisions_of(&revisions.borrow_and_update(), account);
        // Marks become stale as time passes, without a change.
        let current = current.map(|current| (current, account.rated_if_since(site.dialguard().now())));
        if current.is_some() && last != current {
            last = current;
            let ((revision, policies), day) = current.unwrap_or_default();
            let changed = json!({"revision": revision, "policies": policies, "day": day});
            if sender.send(Ok(Event::default().event("changed").data(changed.to_string()))).await.is_err() {
                return;
            }
        }
        let progress = site.dialguard().progress(&account.id);
        let has_progressed = std::mem::replace(&mut last_progress, progress) != progress;
        if has_progressed && sender.send(Ok(review_event(progress))).await.is_err() {
            return;
        }
        tokio::select! {
            changed = revisions.changed() => if changed.is_err() { return },
            () = sleep(PROGRESS_EVERY) => {}
        }
    }
}

fn revisions_of(revisions: &Revisions, account: &AccountProfile) -> Option<(u64, u64)> {
    revisions.accounts.get(&account.id).map(|revision| (*revision, revisions.policies))
}

/// A review's progress; null once it has ended.
fn review_event(progress: Option<Progress>) -> Event {
    let progress = progress.map(|Progress { asked, of }| json!({"asked": asked, "of": of}));
    Event::default().event("review").data(json!(progress).to_string())
}
