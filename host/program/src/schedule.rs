//! The daily schedule: each account is checked once per local date, at its own local time.
//!
//! A date is done when every monitored number is rated. Numbers that could not be rated are asked about again after 5,
//! 10, 20, 40 and 80 minutes and then every two hours, the last time five minutes before the local date ends, and for
//! two hours at least after the review time: a review at 23:59 that is missed by seconds is made late, and counts for
//! the date that it was due on. What is missing after that is reported once, by an event and a message. The ledger
//! records all of it, so a restart continues where the last process stopped, and two processes never repeat a review.
//!
//! A number just added is checked at once, at any time of day. Numbers that were rated the day before are left to the
//! daily review, so that each costs one lookup a date; only a user's own review rates them before it is due.
//!
//! After more than 45 days without a change, all waits until a user confirms the time: `dialguard clock accept`.
//!
//! A change of time zone takes effect with the next day: see [`AccountProfile::day`].
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

use dialguard::calendar::rfc3339;
use dialguard::contract::Timestamp;
use dialguard_dialer::dialguard::{Dialguard, DialguardError, ReviewOutcome};
use dialguard_dialer::ledger::{AccountProfile, LedgerError};
use dialguard_dialer::phone::e164;
use dialguard_dialer::zones;
use std::collections::HashMap;
use std::pin::pin;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{Id, JoinSet};
use tokio::time::{Interval, MissedTickBehavior};

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
    serve_looking_every(LOOK_EVERY, dialguard, stop).await
}

/// The same, with another pause between looks at the ledger than 20 seconds.
pub async fn serve_looking_every(
    pause: Duration,
    dialguard: &Dialguard,
    stop: impl Future<Output = ()>,
) -> Result<(), DialguardError> {
    let policies = dialguard.policies().clone();
    let comparing = tokio::spawn(async move { policies.keep_following().await });
    let (stop_fulfilling, stopped) = watch::channel(false);
    let fulfilling = tokio::spawn(keep_fulfilling(pause, dialguard.clone(), stopped));
    let served = review_daily(pause, dialguard, stop).await;
    comparing.abort();
    // Wait for steps in progress.
    stop_fulfilling.send_replace(true);
    let _ = fulfilling.await;
    served
}

async fn review_daily(
    pause: Duration,
    dialguard: &Dialguard,
    stop: impl Future<Output = ()>,
) -> Result<(), DialguardError> {
    let mut stop = pin!(stop);
    let mut look = looks(pause);
    let mut failed: HashMap<String, Timestamp> = HashMap::new();
    let mut policy = dialguard.policies().live()?.revision;
    let mut waiting = Vec::new().into_iter();
    let mut reviews = AccountTasks::default();
    let mut held = false;
    let ended = loop {
        start_reviews(dialguard, &mut reviews, &mut waiting, ReviewMode::OncePerDate);
        tokio::select! {
            () = &mut stop => break Ok(()),
            _ = look.tick() => {
                follow_time_zones();
                let live = dialguard.policies().live()?.revision;
                if std::mem::replace(&mut policy, live) != live {
                    // A new policy may succeed where the previous one failed.
                    failed.clear();
                }
                failed.retain(|_, retry_at| *retry_at > dialguard.now());
                match is_held(dialguard, &mut held) {
                    Ok(false) => {}
                    Ok(true) => {
                        waiting = Vec::new().into_iter();
                        continue;
                    }
                    Err(error) => break Err(error),
                }
                match close_days(dialguard).and_then(|()| due_accounts(dialguard, dialguard.now())) {
                    Ok(mut due) => {
                        // A number that was just added is checked where it was added.
                        due.retain(|id| !failed.contains_key(id) && !reviews.has(id) && dialguard.progress(id).is_none());
                        waiting = due.into_iter();
                    }
                    Err(error) => break Err(error),
                }
            }
            Some((id, outcome)) = reviews.next() => {
                if log(&id, outcome).is_err() {
                    failed.insert(id, dialguard.now() + RETRY_AFTER);
                }
            }
        }
    };
    while let Some((id, outcome)) = reviews.next().await {
        let _ = log(&id, outcome);
    }
    ended
}

/// A server runs on while the system's time zone data are updated. What is due next follows the new data; days and
/// billing cycles that have begun stay as they are.
fn follow_time_zones() {
    if let Some(database) = zones::refresh() {
        tracing::info!("time zone data changed: {database}");
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

/// Resumes replacements as soon as possible: those that a crash interrupted, those on hold, those a provider is working
/// on, and old numbers at the end of their rest.
async fn keep_fulfilling(pause: Duration, dialguard: Dialguard, mut stop: watch::Receiver<bool>) {
    let mut look = looks(pause);
    let is_held = dialguard.ledger().check_time(dialguard.now()).is_err();
    let every_account = || dialguard.ledger().accounts().map(ids).unwrap_or_default();
    let mut waiting = if is_held { Vec::new() } else { every_account() }.into_iter();
    let mut resumed = AccountTasks::default();
    loop {
        while !resumed.is_full()
            && let Some(id) = waiting.next()
        {
            resumed.start(&id, resume(dialguard.clone(), id.clone()));
        }
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            _ = look.tick() => match accounts_to_resume(&dialguard) {
                Ok(due) => {
                    let rest: Vec<String> = waiting.collect();
                    let more = due.into_iter().filter(|id| !resumed.has(id) && !rest.contains(id)).collect::<Vec<_>>();
                    waiting = [rest, more].concat().into_iter();
                }
                Err(error) => tracing::warn!("cannot read replacements in progress: {error}"),
            },
            Some(_) = resumed.next() => {}
        }
    }
    while resumed.next().await.is_some() {}
}

/// The accounts whose orders are due; none while the time is on hold.
fn accounts_to_resume(dialguard: &Dialguard) -> Result<Vec<String>, LedgerError> {
    match dialguard.ledger().check_time(dialguard.now()) {
        Err(LedgerError::TimeLeap(_)) => Ok(Vec::new()),
        checked => checked.and_then(|()| dialguard.ledger().accounts_with_due_orders(dialguard.now())),
    }
}

/// The first is at once.
fn looks(pause: Duration) -> Interval {
    let mut looks = tokio::time::interval(pause);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    looks
}

fn ids(accounts: Vec<AccountProfile>) -> Vec<String> {
    accounts.into_iter().map(|account| account.id).collect()
}

/// What is done for several accounts at a time. One that is slow holds up no other.
struct AccountTasks<T> {
    tasks: JoinSet<Result<T, DialguardError>>,
    accounts: HashMap<Id, String>,
}

impl<T> Default for AccountTasks<T> {
    fn default() -> Self {
        AccountTasks { tasks: JoinSet::new(), accounts: HashMap::new() }
    }
}

impl<T: Send + 'static> AccountTasks<T> {
    fn start(&mut self, id: &str, task: impl Future<Output = Result<T, DialguardError>> + Send + 'static) {
        self.accounts.insert(self.tasks.spawn(task).id(), id.to_owned());
    }

    fn is_full(&self) -> bool {
        self.tasks.len() >= ACCOUNTS_AT_ONCE
    }

    fn has(&self, id: &str) -> bool {
        self.accounts.values().any(|account| account == id)
    }

    /// The next that ends; none if nothing is in progress.
    async fn next(&mut self) -> Option<(String, Result<T, DialguardError>)> {
        let (task, outcome) = match self.tasks.join_next_with_id().await? {
            Ok(done) => done,
            // It panicked: nothing of it was applied, and the others continue.
            Err(error) => (error.id(), Err(DialguardError::Internal(error.to_string()))),
        };
        Some((self.accounts.remove(&task).unwrap_or_default(), outcome))
    }
}

fn start_reviews(
    dialguard: &Dialguard,
    reviews: &mut AccountTasks<Option<ReviewOutcome>>,
    waiting: &mut impl Iterator<Item = String>,
    mode: ReviewMode,
) {
    while !reviews.is_full()
        && let Some(id) = waiting.next()
    {
        reviews.start(&id, review(dialguard.clone(), id.clone(), mode));
    }
}

/// Closes every account's days that have ended: what was not rated is reported. Billing cycles that end at another time
/// by newer time zone data are planned again.
pub fn close_days(dialguard: &Dialguard) -> Result<(), DialguardError> {
    let now = dialguard.now();
    for account in
        dialguard.ledger().accounts()?.into_iter().filter(|it| it.has_days_to_close(now) || it.is_to_plan_again())
    {
        if let Err(error) = tokio::task::block_in_place(|| dialguard.ledger().close_days(&account.id, now)) {
            tracing::warn!(account = account.id, "its past days were not closed: {error}");
        }
    }
    Ok(())
}

/// The accounts due for a check at `now`: their review time has passed and a number is not rated for the date yet, or a
/// number has never been checked.
pub fn due_accounts(dialguard: &Dialguard, now: Timestamp) -> Result<Vec<String>, DialguardError> {
    let mut due = Vec::new();
    for account in dialguard.ledger().accounts()? {
        if dialguard.ledger().is_check_due(&account, now)? {
            due.push(account.id);
        }
    }
    Ok(due)
}

/// When the review of the account's day at `now` is due.
pub fn review_time(account: &AccountProfile, now: Timestamp) -> Timestamp {
    account.day(now).review_due_at
}

/// How to review accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewMode {
    /// Skip accounts that are not due.
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
    let mut reviews = AccountTasks::default();
    let mut stopped = false;
    loop {
        if !stopped {
            start_reviews(dialguard, &mut reviews, &mut waiting, mode);
        }
        tokio::select! {
            () = &mut stop, if !stopped => stopped = true,
            ended = reviews.next() => match ended {
                Some((id, outcome)) => on_reviewed(&id, outcome),
                None => return stopped,
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
    let mut waiting = ids(dialguard.ledger().accounts()?).into_iter();
    let mut resumed = AccountTasks::default();
    loop {
        while !resumed.is_full()
            && let Some(id) = waiting.next()
        {
            resumed.start(&id, resume(dialguard.clone(), id.clone()));
        }
        if resumed.next().await.is_none() {
            return Ok(());
        }
    }
}

async fn resume(dialguard: Dialguard, id: String) -> Result<(), DialguardError> {
    match dialguard.resume(&id).await {
        Ok(replaced) => {
            for order in replaced {
                tracing::info!(account = id, "{} replaced by {}", e164(order.number), e164(order.replacement));
            }
        }
        Err(error) => tracing::warn!(account = id, "cannot resume replacements in progress: {error}"),
    }
    Ok(())
}

fn log(id: &str, outcome: Result<Option<ReviewOutcome>, DialguardError>) -> Result<(), ()> {
    match outcome {
        Ok(None) => Ok(()),
        Ok(Some(ReviewOutcome { applied: None, .. })) => {
            tracing::info!(account = id, "no source could rate the rest yet");
            Ok(())
        }
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
