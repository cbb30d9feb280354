//! The daily schedule: each account is reviewed once per local date, at its own local time.
//!
//! The ledger records which reviews have been done. So a restart continues where the last process stopped, two processes
//! never repeat a review, and several missed days lead to one review, whose account is told which dates had none. After
//! more than 45 days, all waits until a user confirms the time: `dialguard clock accept`.
//!
//! [`serve`] runs the schedule; a program with its own schedule calls [`due_accounts`] and [`review_all`].
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../dialer/src/dialguard/example.rs"));
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dialguard_program::schedule::{ReviewMode, due_accounts, review_all};
//!
//! let folder = tempfile::tempdir()?;
//! let dialguard = small_dialguard(folder.path()).await?;
//! let due = due_accounts(&dialguard, NOW)?; // its review time, 06:00, has passed
//! assert_eq!(due, ["acme"]);
//!
//! let never = Box::pin(std::future::pending());
//! let mut reviewed = Vec::new();
//! let stopped = review_all(&dialguard, due, ReviewMode::OncePerDate, never, |id, outcome| {
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
use dialguard_dialer::ledger::{AccountProfile, LedgerError};
use dialguard_dialer::phone::e164;
use std::collections::HashMap;
use std::pin::pin;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Local time of an account's daily review unless another is chosen, as users write it.
pub const REVIEW_AT_DEFAULT: &str = "06:00";

/// Accounts reviewed at a time. Most of a review's time is spent waiting for carriers.
const ACCOUNTS_AT_ONCE: usize = 16;

/// How often the ledger is polled for accounts that were added or changed.
const LOOK_EVERY: Duration = Duration::from_secs(20);

/// Seconds until a failed review is retried.
const RETRY_AFTER: u64 = 15 * 60;

/// Reviews every account at its time until `stop` is ready, then finishes reviews in progress. Failed reviews are retried
/// after 15 minutes. Returns an error only if the ledger or its policies cannot be read.
pub async fn serve(dialguard: &Dialguard, stop: impl Future<Output = ()>) -> Result<(), DialguardError> {
    let policies = dialguard.policies().clone();
    let comparing = tokio::spawn(async move { policies.keep_following().await });
    let (stop_fulfilling, stopped) = watch::channel(false);
    let fulfilling = tokio::spawn(keep_fulfilling(dialguard.clone(), stopped));
    let served = review_daily(dialguard, stop).await;
    comparing.abort();
    // Wait for steps in progress.
    stop_fulfilling.send_replace(true);
    let _ = fulfilling.await;
    served
}

async fn review_daily(dialguard: &Dialguard, stop: impl Future<Output = ()>) -> Result<(), DialguardError> {
    let mut stop = pin!(stop);
    let mut failed: HashMap<String, Timestamp> = HashMap::new();
    let mut policy = dialguard.policies().live()?.revision;
    let mut held = false;
    if !is_held(dialguard, &mut held)? {
        resume_all(dialguard).await?;
    }
    loop {
        let now = dialguard.now();
        if is_held(dialguard, &mut held)? {
            tokio::select! {
                () = &mut stop => return Ok(()),
                () = tokio::time::sleep(LOOK_EVERY) => continue,
            }
        }
        let live = dialguard.policies().live()?.revision;
        if std::mem::replace(&mut policy, live) != live {
            // A new policy may succeed where the previous one failed.
            failed.clear();
        }
        failed.retain(|_, retry_at| *retry_at > now);
        let mut due = due_accounts(dialguard, now)?;
        due.retain(|id| !failed.contains_key(id));
        let stopped = review_all(dialguard, due, ReviewMode::OncePerDate, stop.as_mut(), |id, outcome| {
            if log(id, outcome).is_err() {
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

/// Whether time is a leap that no user has confirmed. Nothing is done then; `held` is whether it was so before, so that the
/// log says it once.
fn is_held(dialguard: &Dialguard, held: &mut bool) -> Result<bool, DialguardError> {
    let leap = dialguard.ledger().pass_time(dialguard.now())?;
    let was_held = std::mem::replace(held, leap.is_some());
    match leap {
        Some((leap, _)) if !was_held => {
            tracing::error!("on hold until `dialguard clock accept` confirms the time: {leap}");
        }
        None if was_held => tracing::info!("no longer on hold: the time was confirmed or corrected"),
        _ => {}
    }
    Ok(*held)
}

/// Resumes replacements as soon as possible: those on hold, those a provider is working on, and old numbers at the end of
/// their rest.
async fn keep_fulfilling(dialguard: Dialguard, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        tokio::select! {
            _ = stop.changed() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        if matches!(dialguard.ledger().check_time(dialguard.now()), Err(LedgerError::TimeLeap(_))) {
            continue;
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
            Err(error) => tracing::warn!("cannot read replacements in progress: {error}"),
        }
    }
}

/// The accounts due for review at `now`: their review time has passed on a local date without a review.
pub fn due_accounts(dialguard: &Dialguard, now: Timestamp) -> Result<Vec<String>, DialguardError> {
    let mut due = Vec::new();
    for account in dialguard.ledger().accounts()? {
        if account.enabled && review_time(&account, now) <= now && !dialguard.ledger().is_reviewed(&account, now)? {
            due.push(account.id);
        }
    }
    Ok(due)
}

/// When the review of the account's local date at `now` is due.
pub fn review_time(account: &AccountProfile, now: Timestamp) -> Timestamp {
    instant(account.local_date(now), account.review_at, account.time_zone)
}

/// How to review accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewMode {
    /// Skip accounts that have been reviewed on their local date.
    OncePerDate,
    /// Review regardless. Numbers already rated on this date keep their status.
    Again,
    /// Plan only; change nothing.
    DryRun,
}

/// Reviews these accounts, several at a time, and calls `on_reviewed` as each finishes, with `None` if it needed no review.
/// Returns whether `stop` came first: then reviews in progress were finished and no others were started.
pub async fn review_all(
    dialguard: &Dialguard,
    ids: Vec<String>,
    mode: ReviewMode,
    mut stop: impl Future<Output = ()> + Unpin,
    mut on_reviewed: impl FnMut(&str, Result<Option<ReviewOutcome>, DialguardError>),
) -> bool {
    let mut waiting = ids.into_iter();
    let mut in_progress = JoinSet::new();
    let mut accounts = HashMap::new();
    let mut stopped = false;
    loop {
        while in_progress.len() < ACCOUNTS_AT_ONCE && !stopped {
            let Some(id) = waiting.next() else { break };
            let task = in_progress.spawn(review(dialguard.clone(), id.clone(), mode));
            accounts.insert(task.id(), id);
        }
        if in_progress.is_empty() {
            return stopped;
        }
        tokio::select! {
            () = &mut stop, if !stopped => stopped = true,
            Some(done) = in_progress.join_next_with_id() => {
                let (task, outcome) = match done {
                    Ok(done) => done,
                    // The review panicked: nothing of it was applied, and the other reviews continue.
                    Err(error) => (error.id(), Err(DialguardError::Internal(error.to_string()))),
                };
                on_reviewed(&accounts.remove(&task).unwrap_or_default(), outcome);
            }
        }
    }
}

async fn review(dialguard: Dialguard, id: String, mode: ReviewMode) -> Result<Option<ReviewOutcome>, DialguardError> {
    match mode {
        ReviewMode::OncePerDate => dialguard.review_once(&id).await,
        ReviewMode::Again => dialguard.review(&id).await.map(Some),
        ReviewMode::DryRun => dialguard.try_review(&id).await.map(Some),
    }
}

/// Resumes every account's replacements that a crash interrupted, whether or not a review is due.
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
        Err(error) => tracing::warn!(account = id, "cannot resume replacements in progress: {error}"),
    }
}

fn log(id: &str, outcome: Result<Option<ReviewOutcome>, DialguardError>) -> Result<(), ()> {
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
            tracing::error!(account = id, "review failed, next attempt in {} minutes: {error}", RETRY_AFTER / 60);
            Err(())
        }
    }
}
