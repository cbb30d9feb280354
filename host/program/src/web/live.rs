//! Server-sent events for pages that are open: that their account changed, and how far its review is.
//!
//! Whoever changes the ledger, this process or another, is noticed by asking it once a second for all who listen.

use super::Site;
use super::caller::{OfAccount, Read};
use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::get;
use dialguard_dialer::dialguard::{Dialguard, Progress};
use parking_lot::Mutex;
use serde_json::json;
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_stream::wrappers::ReceiverStream;

/// How often the ledger is asked what has changed.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often a listener is told how far a review is.
const PROGRESS_EVERY: Duration = Duration::from_millis(300);

/// How long one listens before he has to show again that he may: his browser does so by itself.
const LISTENING_MAX: Duration = Duration::from_secs(300);

pub fn routes() -> Router<Site> {
    Router::new().route("/accounts/{account}/live", get(live))
}

/// What has been seen of the ledger, for all who listen.
pub struct Live {
    seen: watch::Sender<Arc<Seen>>,
    /// Whether somebody looks already.
    looking: Mutex<bool>,
    closed: watch::Sender<bool>,
}

/// What changes where anything does.
#[derive(Default, PartialEq, Eq)]
struct Seen {
    accounts: HashMap<String, u64>,
    policies: u64,
}

impl Default for Live {
    fn default() -> Self {
        Live { seen: watch::Sender::default(), looking: Mutex::new(false), closed: watch::Sender::new(false) }
    }
}

impl Live {
    /// Lets go of all who listen, for a site that stops waits for them.
    pub fn close(&self) {
        self.closed.send_replace(true);
    }
}

/// Looks as long as somebody listens.
fn look(site: &Site) -> watch::Receiver<Arc<Seen>> {
    let live = &site.0.live;
    let mut looking = live.looking.lock();
    let seen = live.seen.subscribe();
    if !std::mem::replace(&mut *looking, true) {
        tokio::spawn(keep_looking(site.clone()));
    }
    seen
}

async fn keep_looking(site: Site) {
    let live = &site.0.live;
    loop {
        match tokio::task::block_in_place(|| see(site.dialguard())) {
            Ok(now) => {
                live.seen.send_if_modified(|seen| {
                    let changed = **seen != now;
                    *seen = Arc::new(now);
                    changed
                });
            }
            Err(error) => tracing::warn!("open pages are not told of changes: {error}"),
        }
        sleep(LOOK_EVERY).await;
        let mut looking = live.looking.lock();
        if live.seen.receiver_count() == 0 || *live.closed.borrow() {
            *looking = false;
            return;
        }
    }
}

fn see(dialguard: &Dialguard) -> dialguard_dialer::ledger::Result<Seen> {
    let ledger = dialguard.ledger();
    Ok(Seen { accounts: ledger.account_revisions()?, policies: ledger.policy_change()? })
}

async fn live(State(site): State<Site>, of: OfAccount<Read>) -> impl IntoResponse {
    let (tell, told) = mpsc::channel(4);
    tokio::spawn(async move {
        let mut closed = site.0.live.closed.subscribe();
        let gone = tell.clone();
        tokio::select! {
            _ = timeout_at(Instant::now() + LISTENING_MAX, tell_changes(&site, &of.account.id, tell)) => {}
            _ = closed.wait_for(|closed| *closed) => {}
            () = gone.closed() => {}
        }
    });
    Sse::new(ReceiverStream::new(told)).keep_alive(KeepAlive::default())
}

type Teller = mpsc::Sender<Result<Event, Infallible>>;

/// Tells of one account until nobody hears it.
async fn tell_changes(site: &Site, id: &str, tell: Teller) {
    let mut seen = look(site);
    let (mut known, mut progress) = (None, None);
    loop {
        let now = standing(&seen.borrow_and_update(), id);
        if now.is_some() && known != now {
            known = now;
            let (revision, policies) = now.unwrap_or_default();
            let changed = json!({"revision": revision, "policies": policies});
            if tell.send(Ok(Event::default().event("changed").data(changed.to_string()))).await.is_err() {
                return;
            }
        }
        let far = site.dialguard().progress(id);
        if std::mem::replace(&mut progress, far) != far && tell.send(Ok(review_event(far))).await.is_err() {
            return;
        }
        tokio::select! {
            changed = seen.changed() => if changed.is_err() { return },
            () = sleep(PROGRESS_EVERY) => {}
        }
    }
}

fn standing(seen: &Seen, id: &str) -> Option<(u64, u64)> {
    seen.accounts.get(id).map(|revision| (*revision, seen.policies))
}

/// How far the review is; null where it has ended.
fn review_event(far: Option<Progress>) -> Event {
    let far = far.map(|Progress { asked, of }| json!({"asked": asked, "of": of}));
    Event::default().event("review").data(json!(far).to_string())
}
