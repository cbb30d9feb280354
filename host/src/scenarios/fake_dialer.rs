//! The facts of a case, and a fake dialer that serves them to policies.

use crate::clock::FixedClock;
use crate::contract::*;
use crate::dialer::{CarrierLookup, Dialer, NumberInventory};
use crate::policy::Inputs;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The facts of a case: one account, and everything that its dialer knows.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Fixture {
    /// The clock's time.
    pub now: Timestamp,
    /// The only account.
    pub account: Account,
    /// Its monitored numbers, in ascending order.
    pub monitored: Vec<MonitoredNumber>,
    /// All numbers that it owns.
    pub owned: BTreeSet<PhoneNumber>,
    /// All numbers offered as candidates, in ascending order.
    pub candidates: Vec<Candidate>,
    /// Its numbers that rest, longest first.
    pub rested: Vec<RestedNumber>,
    /// The carriers.
    pub carriers: Vec<Carrier>,
    /// Where they are asked.
    pub sources: Vec<Source>,
    /// What the carriers say, by number. A carrier that does not answer is left out.
    pub verdicts: BTreeMap<PhoneNumber, Vec<CarrierVerdict>>,
    /// How calls went, by number and time. If there are none, the dialer does not know how calls went.
    pub calls: Vec<HourOfCalls>,
    /// Which numbers became flagged and when, oldest first.
    pub flag_events: Vec<FlagEvent>,
    /// Imports that always return an error.
    pub failures: BTreeMap<Import, Error>,
}

/// Calls from a number that began within an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HourOfCalls {
    /// The number.
    pub number: PhoneNumber,
    /// The hour.
    pub at: Timestamp,
    /// How they went.
    pub calls: NumberCalls,
}

/// An import that may fail: a function of the contract that returns a `result`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Import {
    /// `carrier-lookup.look-up`.
    LookUp,
    /// `number-inventory.get-account`.
    GetAccount,
    /// `number-inventory.monitored`.
    Monitored,
    /// `number-inventory.owned`.
    Owned,
    /// `number-inventory.candidates`.
    Candidates,
    /// `number-inventory.flag-events`.
    FlagEvents,
    /// `number-inventory.calls`.
    Calls,
    /// `number-inventory.calls-in-all`.
    CallsInAll,
    /// `number-inventory.rested`.
    Rested,
}

/// The error of an import that fails.
pub(super) fn failure(code: ErrorCode) -> Error {
    Error { code, message: "This case makes the import fail; try again later.".into() }
}

impl Fixture {
    /// The fake dialer with these facts.
    pub(super) fn dialer(self: &Arc<Self>) -> Dialer {
        Dialer { clock: Arc::new(FixedClock(self.now)), carriers: self.clone(), inventory: self.clone() }
    }

    /// Everything that a policy could read of it.
    pub(super) fn inputs(&self) -> Inputs {
        Inputs {
            now: Some(self.now),
            account: Some(self.account.clone()),
            monitored: vec![Arc::new(self.monitored.iter().copied().collect())],
            owned: self.owned.clone(),
            offered: self.candidates.iter().map(|candidate| (candidate.number, candidate.rested)).collect(),
            rested: self.rested.iter().map(|rested| (rested.number, rested.rests)).collect(),
        }
    }

    /// What is known of calls at `since` or later.
    fn hours(&self, since: Timestamp) -> impl Iterator<Item = &HourOfCalls> {
        self.calls.iter().filter(move |hour| hour.at >= since)
    }

    fn ensure_answers(&self, import: Import) -> Result<(), Error> {
        self.failures.get(&import).cloned().map_or(Ok(()), Err)
    }

    fn ensure_account(&self, id: &str) -> Result<(), Error> {
        if id == self.account.id { Ok(()) } else { Err(Error::no_such_account(id)) }
    }

    /// Whether the import may answer about the account.
    fn ensure(&self, import: Import, id: &str) -> Result<(), Error> {
        self.ensure_answers(import)?;
        self.ensure_account(id)
    }
}

#[async_trait::async_trait]
impl CarrierLookup for Fixture {
    async fn carriers(&self) -> Vec<Carrier> {
        self.carriers.clone()
    }

    async fn sources(&self) -> Vec<Source> {
        self.sources.clone()
    }

    async fn look_up(&self, numbers: Vec<PhoneNumber>, sources: Vec<SourceId>) -> Result<VerdictTable, Error> {
        self.ensure_answers(Import::LookUp)?;
        let asked = self.sources.iter().filter(|source| sources.is_empty() || sources.contains(&source.id));
        let carriers: BTreeSet<CarrierId> = asked.flat_map(|source| &source.carriers).copied().collect();
        let mut verdicts = VerdictTable::of(carriers.into_iter().collect());
        for number in numbers {
            verdicts.push(self.verdicts.get(&number).into_iter().flatten().copied());
        }
        Ok(verdicts)
    }
}

#[async_trait::async_trait]
impl NumberInventory for Fixture {
    async fn account(&self, id: &str) -> Result<Account, Error> {
        self.ensure(Import::GetAccount, id)?;
        Ok(self.account.clone())
    }

    async fn monitored(&self, id: &str, after: PhoneNumber, limit: u32) -> Result<MonitoredTable, Error> {
        self.ensure(Import::Monitored, id)?;
        let from = self.monitored.partition_point(|number| number.number <= after);
        Ok(self.monitored[from..].iter().take(limit as usize).copied().collect())
    }

    async fn owned(&self, id: &str, numbers: Vec<PhoneNumber>) -> Result<Vec<PhoneNumber>, Error> {
        self.ensure(Import::Owned, id)?;
        let numbers: BTreeSet<PhoneNumber> = numbers.into_iter().collect();
        Ok(self.owned.intersection(&numbers).copied().collect())
    }

    async fn candidates(&self, id: &str, like: PhoneNumber, limit: u32) -> Result<CandidateTable, Error> {
        self.ensure(Import::Candidates, id)?;
        let mut offered = self.candidates.clone();
        offered.sort_by_cached_key(|candidate| {
            let Candidate { number, price_cents, rested } = *candidate;
            (Reverse(leading_digits_shared(like, number)), !rested, price_cents, number)
        });
        Ok(offered.into_iter().take(limit as usize).collect())
    }

    async fn flag_events(&self, id: &str, since: Timestamp) -> Result<FlagTable, Error> {
        self.ensure(Import::FlagEvents, id)?;
        Ok(self.flag_events.iter().filter(|event| event.at >= since).copied().collect())
    }

    async fn calls(&self, id: &str, numbers: Vec<PhoneNumber>, since: Timestamp) -> Result<CallTable, Error> {
        self.ensure(Import::Calls, id)?;
        if self.calls.is_empty() {
            return Ok(CallTable::new());
        }
        let mut sums = BTreeMap::<PhoneNumber, NumberCalls>::new();
        for hour in self.hours(since) {
            let sum = sums.entry(hour.number).or_insert(NO_CALLS);
            sum.attempts += hour.calls.attempts;
            sum.answered += hour.calls.answered;
            sum.short += hour.calls.short;
            sum.blocked += hour.calls.blocked;
        }
        Ok(numbers.iter().map(|number| sums.get(number).copied().unwrap_or(NO_CALLS)).collect())
    }

    async fn calls_in_all(&self, id: &str, since: Timestamp) -> Result<CallTotals, Error> {
        self.ensure(Import::CallsInAll, id)?;
        let sum = |part: fn(&NumberCalls) -> u32| self.hours(since).map(|hour| u64::from(part(&hour.calls))).sum();
        Ok(CallTotals {
            attempts: sum(|calls| calls.attempts),
            answered: sum(|calls| calls.answered),
            short: sum(|calls| calls.short),
            blocked: sum(|calls| calls.blocked),
        })
    }

    async fn rested(&self, id: &str) -> Result<RestedTable, Error> {
        self.ensure(Import::Rested, id)?;
        Ok(self.rested.iter().copied().collect())
    }
}

const NO_CALLS: NumberCalls = NumberCalls { attempts: 0, answered: 0, short: 0, blocked: 0 };

fn leading_digits_shared(one: PhoneNumber, other: PhoneNumber) -> usize {
    let (one, other) = (one.to_string(), other.to_string());
    one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count()
}
