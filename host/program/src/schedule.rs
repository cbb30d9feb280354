//! The daily schedule: each account is reviewed once a local date, at its own local time.
//!
//! What has been reviewed stands in the ledger, not here: a restart goes on where it stopped, a second process takes
//! nothing twice, and days that were missed come to one review.
//!
//! [`serve`] does it all; a program with a schedule of its own asks [`due_accounts`] and calls [`review_all`].
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../dialer/src/dialguard/example.rs"));
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dialguard_program::schedule::{Manner, due_accounts, review_all};
//!
//! let folder = tempfile::tempdir()?;
//! let dialguard = small_dialguard(folder.path()).await?;
//! let due = due_accounts(&dialguard, NOW)?; // its review time, six o'clock, has passed
//! assert_eq!(due, ["acme"]);
//!
//! let never = Box::pin(std::future::pending());
//! let mut reviewed = Vec::new();
//! let stopped = review_all(&dialguard, due, Manner::OnceADate, never, |id, outcome| {
//!     reviewed.push((id.to_owned(), outcome.is_ok()));
//! })
//! .await;
//! assert!(!stopped);
//! assert_eq!(reviewed, [("acme".to_owned(), true)]);
//! assert!(due_accounts(&dialguard, NOW)?.is_empty());
//! # Ok(())
//! # }
//! ```

use dialguard::calendar::{instant, rfc3339};
use dialguard::contract::Timestamp;
use dialguard_dialer::dialguard::{Dialguard, DialguardError, ReviewOutcome};
use dialguard_dialer::ledger::AccountProfile;
use dialguard_dialer::phone::e164;
use std::collections::HashMap;
use std::pin::pin;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Accounts under review at the same time; most of that time is spent waiting for carriers.
const ACCOUNTS_AT_ONCE: usize = 16;

/// How often the ledger is looked at for accounts that were added or changed.
const LOOK_EVERY: Duration = Duration::from_secs(20);

/// How long an account whose review failed is left alone, in seconds.
const RETRY_AFTER: u64 = 15 * 60;

/// Reviews every account at its time, until `stop` is ready; reviews under way are finished then. Accounts whose review
/// failed are tried again after 15 minutes. Errors only where the ledger or its policies cannot be read.
pub async fn serve(dialguard: &Dialguard, stop: impl Future<Output = ()>) -> Result<(), DialguardError> {
    let policies = dialguard.policies().clone();
    let comparing = tokio::spawn(async move { policies.keep_following().await });
    let (tell, told) = watch::channel(false);
    let fulfilling = tokio::spawn(keep_fulfilling(dialguard.clone(), told));
    let served = review_daily(dialguard, stop).await;
    comparing.abort();
    // The steps under way are finished.
    tell.send_replace(true);
    let _ = fulfilling.await;
    served
}

async fn review_daily(dialguard: &Dialguard, stop: impl Future<Output = ()>) -> Result<(), DialguardError> {
    let mut stop = pin!(stop);
    let mut failed: HashMap<String, Timestamp> = HashMap::new();
    let mut policy = dialguard.policies().live()?.revision;
    resume_all(dialguard).await?;
    loop {
        let now = dialguard.now();
        let live = dialguard.policies().live()?.revision;
        if std::mem::replace(&mut policy, live) != live {
            // Another policy may well do what the one before failed at.
            failed.clear();
        }
        failed.retain(|_, retry_at| *retry_at > now);
        let mut due = due_accounts(dialguard, now)?;
        due.retain(|id| !failed.contains_key(id));
        let stopped = review_all(dialguard, due, Manner::OnceADate, stop.as_mut(), |id, outcome| {
            if tell(id, outcome).is_err() {
                failed.insert(id.to_owned(), now + RETRY_AFTER);
            }
        })
        .await;
        if stopped {
            return Ok(());
        }
        tokio::select! {
            () = &mut stop => return Ok(()),
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// Takes replacements further as soon as they can be: what was held up, what a provider works on, old numbers that have
/// rested.
async fn keep_fulfilling(dialguard: Dialguard, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        tokio::select! {
            _ = stop.changed() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        match dialguard.ledger().accounts_with_due_orders(dialguard.now()) {
            Ok(due) => {
                for id in due {
                    if *stop.borrow() {
                        return;
                    }
                    resume(&dialguard, &id).await;
                }
            }
            Err(error) => tracing::warn!("replacements under way could not be looked up: {error}"),
        }
    }
}

/// The accounts whose review is due at `now`: their review time has come on a local date without one.
pub fn due_accounts(dialguard: &Dialguard, now: Timestamp) -> Result<Vec<String>, DialguardError> {
    let mut due = Vec::new();
    for account in dialguard.ledger().accounts()? {
        if account.enabled && review_time(&account, now) <= now && !dialguard.ledger().is_reviewed(&account, now)? {
            due.push(account.id);
        }
    }
    Ok(due)
}

/// When the account's review of its local date at `now` is due.
pub fn review_time(account: &AccountProfile, now: Timestamp) -> Timestamp {
    instant(account.local_date(now), account.review_at, account.time_zone)
}

/// How accounts are to be reviewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Unless they have had the review of their local date.
    OnceADate,
    /// In any case; numbers rated on this date already stay as they are.
    Again,
    /// Plan only, and change nothing.
    DryRun,
}

/// Reviews these accounts, several at a time; `on_reviewed` hears of each as it is done, of one that needed no review
/// with none. Answers whether `stop` came first: then no further account was begun, and those begun were finished.
pub async fn review_all(
    dialguard: &Dialguard,
    ids: Vec<String>,
    manner: Manner,
    mut stop: impl Future<Output = ()> + Unpin,
    mut on_reviewed: impl FnMut(&str, Result<Option<ReviewOutcome>, DialguardError>),
) -> bool {
    let mut waiting = ids.into_iter();
    let mut under_way = JoinSet::new();
    let mut accounts = HashMap::new();
    let mut stopped = false;
    loop {
        while under_way.len() < ACCOUNTS_AT_ONCE && !stopped {
            let Some(id) = waiting.next() else { break };
            let task = under_way.spawn(review(dialguard.clone(), id.clone(), manner));
            accounts.insert(task.id(), id);
        }
        if under_way.is_empty() {
            return stopped;
        }
        tokio::select! {
            () = &mut stop, if !stopped => stopped = true,
            Some(done) = under_way.join_next_with_id() => {
                let (task, outcome) = match done {
                    Ok(done) => done,
                    // An invariant was broken: nothing of that review was applied, and the others go on.
                    Err(error) => (error.id(), Err(DialguardError::Internal(error.to_string()))),
                };
                on_reviewed(&accounts.remove(&task).unwrap_or_default(), outcome);
            }
        }
    }
}

async fn review(dialguard: Dialguard, id: String, manner: Manner) -> Result<Option<ReviewOutcome>, DialguardError> {
    match manner {
        Manner::OnceADate => dialguard.review_once(&id).await,
        Manner::Again => dialguard.review(&id).await.map(Some),
        Manner::DryRun => dialguard.try_review(&id).await.map(Some),
    }
}

/// Takes every account's replacements further that a crash interrupted, whether or not its review is due.
pub async fn resume_all(dialguard: &Dialguard) -> Result<(), DialguardError> {
    for account in dialguard.ledger().accounts()? {
        resume(dialguard, &account.id).await;
    }
    Ok(())
}

async fn resume(dialguard: &Dialguard, id: &str) {
    match dialguard.resume(id).await {
        Ok(replaced) => {
            for order in replaced {
                tracing::info!(account = id, "{} replaced by {}", e164(order.number), e164(order.replacement));
            }
        }
        Err(error) => tracing::warn!(account = id, "its replacements under way were not resumed: {error}"),
    }
}

fn tell(id: &str, outcome: Result<Option<ReviewOutcome>, DialguardError>) -> Result<(), ()> {
    match outcome {
        Ok(None) => Ok(()),
        Ok(Some(reviewed)) => {
            let decided_at = rfc3339(reviewed.plan.decided_at);
            let (rated, replaced) = (reviewed.plan.reviews.len(), reviewed.replaced.len());
            tracing::info!(account = id, rated, replaced, "reviewed at {decided_at}");
            for notice in &reviewed.plan.notices {
                tracing::info!(account = id, "{}", notice.text);
            }
            for problem in &reviewed.problems {
                tracing::warn!(account = id, "{problem}");
            }
            Ok(())
        }
        Err(error) => {
            tracing::error!(account = id, "not reviewed, to be tried again in {} minutes: {error}", RETRY_AFTER / 60);
            Err(())
        }
    }
}
