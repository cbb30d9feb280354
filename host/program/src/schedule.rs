//! The daily schedule: each account is checked once per local date, at its own local time.
//!
//! A date is done when every monitored number is rated. Numbers that could not be rated are asked about again after 5,
//! 10, 20, 40 and 80 minutes and then every two hours, the last time five minutes before the local date ends, and for
//! two hours at least after the review time: a review at 23:59 that is missed by seconds is made late, and counts for
//! the date that it was due on. What is missing after that is reported once, by an event and a message. The ledger
//! records all of it, so a restart continues where the last process stopped, and two processes never repeat a review.
//!
//! A number just added is checked at once, at any time of day, and so is one that took another's slot. Numbers that were rated the day before are left to the
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
use dialguard_dialer::ledger::{AccountProfile, Actor, Leap, LedgerError, Order, Revision, rated_count};
use dialguard_dialer::phone::e164;
use dialguard_dialer::zones;
use std::collections::HashMap;
use std::pin::pin;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::{Id, JoinSet, block_in_place};
use tokio::time::{Instant, Interval, MissedTickBehavior, timeout};

/// Local time of an account's daily review unless another is chosen, as users write it.
pub const REVIEW_AT_DEFAULT: &str = "06:00";

/// Accounts at work at a time. Most of a review's time is spent waiting for carriers.
const ACCOUNTS_AT_ONCE: usize = 16;

/// Accounts in progress at a time, slow ones included, in reviews and again in replacements. That leaves half of the
/// sandbox's 256 runs to users. None is in a run for longer than ten minutes.
const ACCOUNTS_MAX: usize = 64;

/// How often the clock is read for the next review that is due.
const READ_CLOCK_EVERY: Duration = Duration::from_millis(200);

/// Seconds until a failed review is retried.
const RETRY_AFTER: u64 = 15 * 60;

/// How long what is in progress may go on once the program is stopped; then runs are dropped.
pub(crate) const FINISH_TIME_MAX: Duration = Duration::from_secs(2);

/// How long a step at a provider may go on after that. It is taken up at the next start if it did not end.
pub(crate) const STEP_TIME_MAX: Duration = Duration::from_secs(5);

/// When the schedule looks at the ledger, and which accounts it no longer waits for.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How often the ledger is looked at for accounts that were added or changed, and what is to be tried
    /// again; and besides whenever a daily review is due. Default: 20 seconds.
    pub look_every: Duration,
    /// An account that has been in progress for so long does not count among the 16 at work, so that slow ones keep no
    /// other from its review. Default: 1 minute.
    pub slow_after: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Pace { look_every: Duration::from_secs(20), slow_after: Duration::from_secs(60) }
    }
}

/// Reviews every account at its time until `stop` is ready. Reviews in progress then have two seconds to finish; after
/// that their runs are dropped, with nothing of them applied, and orders are taken no further than the step they are at,
/// which has five seconds more. The next start goes on from there. Failed reviews are retried after 15 minutes.
///
/// Returns an error only if the ledger or its policies cannot be read.
pub async fn serve(dialguard: &Dialguard, stop: impl Future<Output = ()>) -> Result<(), DialguardError> {
    serve_at(Pace::default(), dialguard, stop).await
}

/// The same at another pace.
pub async fn serve_at(pace: Pace, dialguard: &Dialguard, stop: impl Future<Output = ()>) -> Result<(), DialguardError> {
    let dialguard = &dialguard.acting_as(Actor::schedule());
    let policies = dialguard.policies().clone();
    let mut comparing = JoinSet::new();
    comparing.spawn(async move { policies.keep_following().await });
    let (stopping, stopped) = watch::channel(false);
    let mut work = pin!(async {
        let reviewing = async {
            let reviewed = review_daily(pace, dialguard, stopped.clone()).await;
            stopping.send_replace(true);
            reviewed
        };
        tokio::join!(reviewing, keep_fulfilling(pace, dialguard, stopped.clone())).0
    });
    tokio::select! {
        served = &mut work => return served,
        () = stop => drop(stopping.send_replace(true)),
    }
    drop(comparing);
    if let Ok(served) = timeout(FINISH_TIME_MAX, &mut work).await {
        return served;
    }
    dialguard.stop();
    timeout(STEP_TIME_MAX, work).await.unwrap_or(Ok(()))
}

async fn review_daily(
    pace: Pace,
    dialguard: &Dialguard,
    mut stop: watch::Receiver<bool>,
) -> Result<(), DialguardError> {
    let mut looks = keep_looking(pace, dialguard);
    let mut failed: HashMap<String, Timestamp> = HashMap::new();
    let mut policy = None;
    let mut waiting = Vec::new().into_iter();
    let mut reviews = AccountTasks::new(pace);
    let mut held = false;
    let ended = loop {
        start_reviews(dialguard, &mut reviews, &mut waiting, ReviewMode::OncePerDate);
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break Ok(()),
            Some(look) = looks.recv() => {
                let Look { live, leap, mut due, .. } = match look {
                    Ok(look) => look,
                    Err(error) => break Err(error),
                };
                if policy.replace(live) != Some(live) {
                    // A new policy may succeed where the previous one failed.
                    failed.clear();
                }
                failed.retain(|_, retry_at| *retry_at > dialguard.now());
                log_hold(leap.as_deref(), &mut held);
                // A number that was just added is checked where it was added.
                due.retain(|id| !failed.contains_key(id) && !reviews.has(id) && dialguard.progress(id).is_none());
                waiting = due.into_iter();
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

/// What is to be done by the ledger.
struct Look {
    /// The live revision of the policy.
    live: Option<Revision>,
    /// A leap of time that no user has confirmed. Nothing is due then.
    leap: Option<Box<Leap>>,
    due: Vec<String>,
    /// When the next daily review is due; none if no account has one.
    next_due_at: Option<Timestamp>,
}

/// Looks at the ledger again and again until the receiver is dropped: at the pace, and when a review is due. That may take
/// seconds with many accounts, so it is done away from the threads that serve everybody.
fn keep_looking(pace: Pace, dialguard: &Dialguard) -> mpsc::Receiver<Result<Look, DialguardError>> {
    let (sender, looks) = mpsc::channel(1);
    let dialguard = dialguard.clone();
    tokio::spawn(async move {
        let mut ticks = ticks(pace);
        let mut next_due_at = None;
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = is_reached(&dialguard, next_due_at) => {}
                () = sender.closed() => return,
            }
            let dialguard = dialguard.clone();
            let looked = tokio::task::spawn_blocking(move || look(&dialguard)).await;
            let looked = looked.unwrap_or_else(|error| Err(DialguardError::Internal(error.to_string())));
            next_due_at = looked.as_ref().ok().and_then(|look| look.next_due_at);
            if sender.send(looked).await.is_err() {
                return;
            }
        }
    });
    looks
}

fn look(dialguard: &Dialguard) -> Result<Look, DialguardError> {
    follow_time_zones();
    let live = dialguard.policies().live()?.revision;
    if let Some((leap, _)) = dialguard.ledger().pass_time(dialguard.now())? {
        return Ok(Look { live, leap: Some(Box::new(leap)), due: Vec::new(), next_due_at: None });
    }
    close_days(dialguard)?;
    let now = dialguard.now();
    let next_due_at = next_due_at(&dialguard.ledger().accounts()?, now);
    Ok(Look { live, leap: None, due: due_accounts(dialguard, now)?, next_due_at })
}

/// When the first daily review after `now` is due.
fn next_due_at(accounts: &[AccountProfile], now: Timestamp) -> Option<Timestamp> {
    let due = accounts.iter().filter(|account| account.enabled && account.closed_at.is_none()).map(|account| {
        let today = account.day(now);
        match today.review_due_at > now {
            true => today.review_due_at,
            false => account.day(today.ends_at).review_due_at,
        }
    });
    due.min()
}

/// Ready when the clock shows this time. It is read again and again, because clocks are set and machines sleep.
async fn is_reached(dialguard: &Dialguard, time: Option<Timestamp>) {
    let Some(time) = time else { return std::future::pending().await };
    while dialguard.now() < time {
        tokio::time::sleep(READ_CLOCK_EVERY).await;
    }
}

/// A server runs on while the system's time zone data are updated. What is due next follows the new data; days and
/// billing cycles that have begun stay as they are.
fn follow_time_zones() {
    if let Some(database) = zones::refresh() {
        tracing::info!("time zone data changed: {database}");
    }
}

/// Says that nothing is done because time is a leap that no user has confirmed; `held` is whether it was so before, so that
/// the log says it once.
fn log_hold(leap: Option<&Leap>, held: &mut bool) {
    let was_held = std::mem::replace(held, leap.is_some());
    match leap {
        Some(leap) if !was_held => {
            tracing::error!("on hold until `dialguard clock accept` confirms the time: {leap}");
        }
        None if was_held => tracing::info!("no longer on hold: the time was confirmed or corrected"),
        _ => {}
    }
}

/// Resumes replacements as soon as possible: those that a crash interrupted, those on hold, those a provider is working
/// on, and old numbers at the end of their rest.
async fn keep_fulfilling(pace: Pace, dialguard: &Dialguard, mut stop: watch::Receiver<bool>) {
    let mut ticks = ticks(pace);
    let is_held = dialguard.ledger().check_time(dialguard.now()).is_err();
    let every_account = || block_in_place(|| dialguard.ledger().accounts()).map(ids).unwrap_or_default();
    let mut waiting = if is_held { Vec::new() } else { every_account() }.into_iter();
    let mut resumed = AccountTasks::new(pace);
    loop {
        start_resuming(dialguard, &mut resumed, &mut waiting);
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            _ = ticks.tick() => match block_in_place(|| accounts_to_resume(dialguard)) {
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
        checked => checked.and_then(|()| dialguard.accounts_with_due_orders()),
    }
}

/// The first is at once.
fn ticks(pace: Pace) -> Interval {
    let mut ticks = tokio::time::interval(pace.look_every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

fn ids(accounts: Vec<AccountProfile>) -> Vec<String> {
    accounts.into_iter().map(|account| account.id).collect()
}

/// What is done for several accounts at a time. Those that are slow hold up no other: they count no longer.
struct AccountTasks<T> {
    pace: Pace,
    tasks: JoinSet<Result<T, DialguardError>>,
    /// The account of each task, and when it counts as slow.
    accounts: HashMap<Id, (String, Instant)>,
}

impl<T: Send + 'static> AccountTasks<T> {
    fn new(pace: Pace) -> Self {
        AccountTasks { pace, tasks: JoinSet::new(), accounts: HashMap::new() }
    }

    fn start(&mut self, id: &str, task: impl Future<Output = Result<T, DialguardError>> + Send + 'static) {
        let slow_at = Instant::now() + self.pace.slow_after;
        self.accounts.insert(self.tasks.spawn(task).id(), (id.to_owned(), slow_at));
    }

    fn is_full(&self) -> bool {
        self.at_work().count() >= ACCOUNTS_AT_ONCE || self.tasks.len() >= ACCOUNTS_MAX
    }

    /// Ready when the next account counts as slow, which makes room for another. Never if none will.
    fn makes_room(&self) -> impl Future<Output = ()> + use<T> {
        let slow_at = self.at_work().min();
        async move {
            match slow_at {
                Some(slow_at) => tokio::time::sleep_until(slow_at).await,
                None => std::future::pending().await,
            }
        }
    }

    /// When each account that is not slow yet will be.
    fn at_work(&self) -> impl Iterator<Item = Instant> {
        let now = Instant::now();
        self.accounts.values().map(|(_, slow_at)| *slow_at).filter(move |slow_at| *slow_at > now)
    }

    fn has(&self, id: &str) -> bool {
        self.accounts.values().any(|(account, _)| account == id)
    }

    /// The next that ends; none if nothing is in progress.
    async fn next(&mut self) -> Option<(String, Result<T, DialguardError>)> {
        let (task, outcome) = match self.tasks.join_next_with_id().await? {
            Ok(done) => done,
            // It panicked: nothing of it was applied, and the others continue.
            Err(error) => (error.id(), Err(DialguardError::Internal(error.to_string()))),
        };
        let (account, _) = self.accounts.remove(&task)?;
        Some((account, outcome))
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
        tracing::debug!(account = id, "its review begins");
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
        if let Err(error) = block_in_place(|| dialguard.ledger().close_days(&account.id, now)) {
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
    /// The same, and replace nothing.
    Check,
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
    let mut reviews = AccountTasks::new(Pace::default());
    let mut stopped = false;
    loop {
        if !stopped {
            start_reviews(dialguard, &mut reviews, &mut waiting, mode);
        }
        let room = reviews.makes_room();
        tokio::select! {
            () = &mut stop, if !stopped => stopped = true,
            () = room => {}
            ended = reviews.next() => match ended {
                Some((id, outcome)) => on_reviewed(&id, outcome),
                None => return stopped,
            }
        }
    }
}

async fn review(dialguard: Dialguard, id: String, mode: ReviewMode) -> Result<Option<ReviewOutcome>, DialguardError> {
    let reviewed = match mode {
        ReviewMode::OncePerDate => dialguard.review_once(&id).await,
        ReviewMode::Again => dialguard.review(&id).await.map(Some),
        ReviewMode::Check => dialguard.check(&id).await.map(Some),
        ReviewMode::DryRun => dialguard.try_review(&id).await.map(Some),
    };
    if let Ok(Some(review)) = &reviewed {
        check_replacements(&dialguard, &id, &review.replaced).await;
    }
    reviewed
}

/// Numbers that took others' slots were screened a moment ago: their first check shows their verdict at once.
async fn check_replacements(dialguard: &Dialguard, id: &str, replaced: &[Order]) {
    if replaced.is_empty() {
        return;
    }
    if let Err(error) = dialguard.check_added(id).await {
        tracing::warn!(account = id, "the first check of replacements failed and is made later: {error}");
    }
}

/// Resumes every account's replacements that a crash interrupted, whether or not a review is due.
pub async fn resume_all(dialguard: &Dialguard) -> Result<(), DialguardError> {
    let mut waiting = ids(dialguard.ledger().accounts()?).into_iter();
    let mut resumed = AccountTasks::new(Pace::default());
    loop {
        start_resuming(dialguard, &mut resumed, &mut waiting);
        let room = resumed.makes_room();
        tokio::select! {
            () = room => {}
            ended = resumed.next() => if ended.is_none() {
                return Ok(());
            }
        }
    }
}

fn start_resuming(dialguard: &Dialguard, resumed: &mut AccountTasks<()>, waiting: &mut impl Iterator<Item = String>) {
    while !resumed.is_full()
        && let Some(id) = waiting.next()
    {
        resumed.start(&id, resume(dialguard.clone(), id.clone()));
    }
}

async fn resume(dialguard: Dialguard, id: String) -> Result<(), DialguardError> {
    match dialguard.resume(&id).await {
        Ok(replaced) => {
            check_replacements(&dialguard, &id, &replaced).await;
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
            let (rated, replaced) = (rated_count(&reviewed.plan), reviewed.replaced.len());
            tracing::info!(account = id, rated, replaced, "reviewed at {decided_at}");
            for notice in &reviewed.plan.notices {
                tracing::info!(account = id, "{}", notice.text);
            }
            for problem in &reviewed.problems {
                tracing::warn!(account = id, "{problem}");
            }
            Ok(())
        }
        Err(DialguardError::Stopped) => {
            tracing::warn!(account = id, "its review was dropped, and is made at the next start");
            Ok(())
        }
        Err(error) => {
            tracing::error!(account = id, "review failed, next attempt in {} minutes: {error}", RETRY_AFTER / 60);
            Err(())
        }
    }
}
