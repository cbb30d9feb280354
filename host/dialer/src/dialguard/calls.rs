//! Reading how calls went from the log of an account's provider.
//!
//! A provider's log is read once for all of the accounts that have it, span by span from the oldest on, and each call goes to
//! the account that its number belongs to. Only whole hours are stored: an hour that is not over, or of which a part could not
//! be read, waits for the next reading. A reading that ends early keeps the hours that it has, and the next one goes on from
//! there. Records that come late still count, because the latest hours are read again.

use super::{Dialguard, Result};
use crate::ledger::{
    AccountProfile, CALLS_KEPT_DAYS, CallCounts, CallHour, CallOutcome, LedgerError, LoggedAccount, hour_of,
};
use crate::providers::{CallLog, Provider, ProviderSettings};
use dialguard::contract::{PhoneNumber, Timestamp};
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::{Instant, timeout_at};

/// Days that the first reading goes back: those that a review looks at.
pub const CALL_DAYS_READ: u64 = 3;

/// How long a reading may take.
const READING_TIME_MAX: Duration = Duration::from_secs(10 * 60);

/// How long a review waits for the reading before it.
const REVIEW_WAIT_MAX: Duration = Duration::from_secs(5 * 60);

const HOUR: u64 = 3_600;

/// For how long an hour is over before it is not read again by itself: calls last, and records come late.
const SETTLES_SECONDS: u64 = 6 * HOUR;

/// Readings under way, one at a time for each provider.
#[derive(Clone, Default)]
pub(super) struct Readings(Arc<Mutex<HashMap<String, Arc<AsyncMutex<()>>>>>);

impl Readings {
    fn of(&self, provider: &str) -> Arc<AsyncMutex<()>> {
        self.0.lock().entry(provider.to_owned()).or_default().clone()
    }
}

/// What came of a reading, as far as it is about one account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadCalls {
    /// The provider.
    pub provider: String,
    /// Hours of numbers of which nothing was known.
    pub new: usize,
    /// Hours of numbers of which something else was known.
    pub changed: usize,
    /// Hours of numbers of which the same was known.
    pub known: usize,
    /// Calls from what is no number of an account with this provider.
    pub others: u64,
    /// Calls whose time or ending the provider does not tell.
    pub unreadable: u64,
    /// Hours that began before are known; none if nothing could be read.
    pub read_until: Option<Timestamp>,
    /// Why it ended early, in words; none if it did not.
    pub problem: Option<String>,
}

impl Dialguard {
    /// Whether the account's provider is set up to read how calls went from its log.
    pub fn reads_calls(&self, account: &AccountProfile) -> std::result::Result<bool, LedgerError> {
        let Some(name) = &account.buying.provider else { return Ok(false) };
        let settings = ProviderSettings::from_json(&self.ledger.provider(name)?.settings);
        Ok(settings.is_ok_and(|settings| settings.calls))
    }

    /// Reads how the account's calls went in so many days up to now, 60 at most, and since the latest reading, from the log of
    /// its provider. What the provider cannot tell now is [`ReadCalls::problem`]. Errors: an account without a provider that is set up for it, or one
    /// that is closed; the ledger fails.
    pub async fn read_calls(&self, id: &str, days: u64) -> Result<ReadCalls> {
        let (account, now) = self.ledger.account_at(id, self.clock.now())?;
        account.ensure_open()?;
        self.ledger.check_time(now)?;
        let name = match &account.buying.provider {
            Some(name) if self.reads_calls(&account)? => name.clone(),
            other => return Err(LedgerError::CallsNotRead(other.clone()).into()),
        };
        let readings = self.readings.of(&name);
        let _turn = readings.lock().await;
        let asked = hour_of(now.saturating_sub(days.min(CALLS_KEPT_DAYS) * 24 * HOUR), account.time_zone);
        let accounts = self.ledger.logged_accounts(&name)?;
        let needed = accounts.iter().find(|account| account.id == id).map(|account| needed_since(account, now));
        let since = needed.map_or(asked, |needed| needed.min(asked));
        self.unless_stopped(self.read_log(&name, id, since, READING_TIME_MAX)).await
    }

    /// Reads how calls went before the account's daily review, once. Never an error: what is wrong is returned in words, and
    /// the review is made with what is known.
    pub(super) async fn read_calls_before_review(&self, id: &str) -> Option<String> {
        match self.unless_stopped(self.try_read_before_review(id)).await {
            Ok(read) => read.and_then(|read| read.problem),
            Err(error) => Some(format!("how calls went was not read: {error}")),
        }
    }

    async fn try_read_before_review(&self, id: &str) -> Result<Option<ReadCalls>> {
        let (account, now) = self.ledger.account_at(id, self.clock.now())?;
        if !self.is_reading_due(&account, now)? {
            return Ok(None);
        }
        let name = account.buying.provider.clone().unwrap_or_default();
        let readings = self.readings.of(&name);
        let _turn = readings.lock().await;
        // Another account's review may have read the same log.
        if !self.is_reading_due(&account, now)? {
            return Ok(None);
        }
        let accounts = self.ledger.logged_accounts(&name)?;
        let since = accounts.iter().map(|account| needed_since(account, now)).min().unwrap_or(now);
        self.read_log(&name, id, since, REVIEW_WAIT_MAX).await.map(Some)
    }

    /// Whether a daily review is due that the latest reading was not made for.
    fn is_reading_due(&self, account: &AccountProfile, now: Timestamp) -> std::result::Result<bool, LedgerError> {
        let due_at = account.day(now).review_due_at;
        if due_at > now || account.closed_at.is_some() || !self.reads_calls(account)? {
            return Ok(false);
        }
        let read_until = self.ledger.call_reading(&account.id)?.read_until;
        Ok(read_until.is_none_or(|until| until + HOUR <= due_at) && self.ledger.is_check_due(account, now)?)
    }

    /// Reads a provider's log since then, for every account that has it.
    async fn read_log(&self, name: &str, id: &str, since: Timestamp, time_max: Duration) -> Result<ReadCalls> {
        let accounts = self.ledger.logged_accounts(name)?;
        let mut hours = WholeHours::new(&accounts, since);
        let mut read = ReadCalls { provider: name.to_owned(), ..ReadCalls::default() };
        let ended = match self.providers.named(name) {
            Ok(provider) => self.read_spans(&*provider, &mut hours, (id, &mut read), time_max).await?,
            Err(error) => Err(error.to_string()),
        };
        let problem = ended.err().map(|words| format!("{name}: calls could not be read: {words}"));
        for account in &accounts {
            tokio::task::block_in_place(|| self.ledger.note_call_problem(&account.id, name, problem.as_deref()))?;
        }
        read.read_until = self.ledger.call_reading(id)?.read_until;
        Ok(ReadCalls { problem, others: hours.others, unreadable: hours.unreadable, ..read })
    }

    /// Span after span, each stored when it is complete. The inner error says why it ended early.
    async fn read_spans(
        &self,
        provider: &dyn Provider,
        hours: &mut WholeHours<'_>,
        (id, read): (&str, &mut ReadCalls),
        time_max: Duration,
    ) -> Result<std::result::Result<(), String>> {
        let (until, deadline) = (self.clock.now(), Instant::now() + time_max);
        let span = provider.hours_of_calls_at_a_time().clamp(1, 24) * HOUR;
        let mut from = hours.since;
        while from < until {
            let to = (from / span * span + span).min(until);
            let log = match timeout_at(deadline, provider.calls(from..to)).await {
                Ok(Ok(log)) => log,
                Ok(Err(error)) => return Ok(Err(error.to_string())),
                Err(_) => return Ok(Err(format!("it took longer than {} minutes", time_max.as_secs() / 60))),
            };
            hours.add(log);
            tokio::task::block_in_place(|| self.store(hours, to, until, (id, read)))?;
            from = to;
        }
        Ok(Ok(()))
    }

    /// Stores the hours that are whole by now. An account that was closed meanwhile is passed over.
    fn store(
        &self,
        hours: &mut WholeHours,
        until: Timestamp,
        now: Timestamp,
        (id, read): (&str, &mut ReadCalls),
    ) -> Result<()> {
        for place in 0..hours.accounts.len() {
            let account = &hours.accounts[place];
            let whole = hours.sums[place].take_whole(until);
            // The account may have changed while its calls were read.
            let outcomes = match self.ledger.import_calls(&account.id, &whole, self.clock.now()) {
                Ok(outcomes) => outcomes,
                Err(LedgerError::AccountClosed { .. }) => continue,
                Err(error) => return Err(error.into()),
            };
            if account.id == id {
                let count = |counted| outcomes.iter().filter(|outcome| **outcome == counted).count();
                read.new += count(CallOutcome::New);
                read.changed += count(CallOutcome::Changed);
                read.known += count(CallOutcome::Known);
            }
            // A reading that began later than this account needs leaves a gap, which the next one fills.
            if hours.since <= needed_since(account, now) {
                let settled = hour_of(until.min(now.saturating_sub(SETTLES_SECONDS)), account.zone);
                let read_until = hour_of(until, account.zone);
                self.ledger.note_calls_read(&account.id, &read.provider, (read_until, settled))?;
            }
        }
        Ok(())
    }
}

/// From when on the account's calls are not known for good.
fn needed_since(account: &LoggedAccount, now: Timestamp) -> Timestamp {
    let days_ago = |days: u64| {
        let since = now.saturating_sub(days * 24 * HOUR);
        // The first hour that is whole.
        hour_of(since + HOUR - 1, account.zone)
    };
    match account.reading.settled_until {
        Some(settled) => hour_of(settled, account.zone).max(days_ago(CALLS_KEPT_DAYS - 1)),
        None => days_ago(CALL_DAYS_READ),
    }
}

/// Calls summed to the hours of their accounts, until those are whole.
struct WholeHours<'a> {
    accounts: &'a [LoggedAccount],
    since: Timestamp,
    /// The place of the account that has each number.
    places: HashMap<PhoneNumber, usize>,
    sums: Vec<Sums>,
    others: u64,
    unreadable: u64,
}

/// The hours of one account that are not stored yet.
#[derive(Default)]
struct Sums(BTreeMap<(Timestamp, PhoneNumber), CallCounts>);

impl<'a> WholeHours<'a> {
    fn new(accounts: &'a [LoggedAccount], since: Timestamp) -> Self {
        let of = |(place, account): (usize, &'a LoggedAccount)| account.numbers.iter().map(move |one| (*one, place));
        WholeHours {
            accounts,
            since,
            places: accounts.iter().enumerate().flat_map(of).collect(),
            sums: accounts.iter().map(|_| Sums::default()).collect(),
            others: 0,
            unreadable: 0,
        }
    }

    /// Adds the calls of the next span.
    fn add(&mut self, log: CallLog) {
        self.others += log.without_number;
        self.unreadable += log.unreadable;
        for call in log.calls {
            let Some(place) = self.places.get(&call.number) else {
                self.others += 1;
                continue;
            };
            let hour = hour_of(call.began_at, self.accounts[*place].zone);
            // Its beginning was not read.
            if hour >= self.since {
                let known = self.sums[*place].0.entry((hour, call.number));
                known.and_modify(|known| *known = known.with(call.calls)).or_insert(call.calls);
            }
        }
    }
}

impl Sums {
    /// The hours that were over by then.
    fn take_whole(&mut self, until: Timestamp) -> Vec<CallHour> {
        let rest = self.0.split_off(&((until + 1).saturating_sub(HOUR), 0));
        let whole = std::mem::replace(&mut self.0, rest);
        whole.into_iter().map(|((hour, number), calls)| CallHour { number, hour, calls }).collect()
    }
}
