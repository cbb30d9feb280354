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
    /// All numbers offered as candidates.
    pub candidates: BTreeSet<PhoneNumber>,
    /// The carriers.
    pub carriers: Vec<Carrier>,
    /// The carriers' observations, by number.
    pub observations: BTreeMap<PhoneNumber, Vec<Observation>>,
    /// Which numbers became flagged and when, oldest first.
    pub flag_events: Vec<FlagEvent>,
    /// Imports that always return an error.
    pub failures: BTreeMap<Import, Error>,
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
            monitored: self.monitored.clone(),
            owned: self.owned.clone(),
            offered: self.candidates.clone(),
        }
    }

    fn ensure_answers(&self, import: Import) -> Result<(), Error> {
        self.failures.get(&import).cloned().map_or(Ok(()), Err)
    }

    fn ensure_account(&self, id: &str) -> Result<(), Error> {
        if id == self.account.id { Ok(()) } else { Err(Error::no_such_account(id)) }
    }
}

#[async_trait::async_trait]
impl CarrierLookup for Fixture {
    async fn carriers(&self) -> Vec<Carrier> {
        self.carriers.clone()
    }

    async fn look_up(&self, numbers: Vec<PhoneNumber>) -> Result<Vec<Observation>, Error> {
        self.ensure_answers(Import::LookUp)?;
        Ok(numbers.iter().filter_map(|number| self.observations.get(number)).flatten().copied().collect())
    }
}

#[async_trait::async_trait]
impl NumberInventory for Fixture {
    async fn account(&self, id: &str) -> Result<Account, Error> {
        self.ensure_answers(Import::GetAccount)?;
        self.ensure_account(id)?;
        Ok(self.account.clone())
    }

    async fn monitored(&self, id: &str, after: PhoneNumber, limit: u32) -> Result<Vec<MonitoredNumber>, Error> {
        self.ensure_answers(Import::Monitored)?;
        self.ensure_account(id)?;
        let from = self.monitored.partition_point(|number| number.number <= after);
        Ok(self.monitored[from..].iter().take(limit as usize).copied().collect())
    }

    async fn owned(&self, id: &str, numbers: Vec<PhoneNumber>) -> Result<Vec<PhoneNumber>, Error> {
        self.ensure_answers(Import::Owned)?;
        self.ensure_account(id)?;
        let numbers: BTreeSet<PhoneNumber> = numbers.into_iter().collect();
        Ok(self.owned.intersection(&numbers).copied().collect())
    }

    async fn candidates(&self, id: &str, like: PhoneNumber, limit: u32) -> Result<Vec<PhoneNumber>, Error> {
        self.ensure_answers(Import::Candidates)?;
        self.ensure_account(id)?;
        let mut offered: Vec<PhoneNumber> = self.candidates.iter().copied().collect();
        offered.sort_by_cached_key(|number| (Reverse(leading_digits_shared(like, *number)), *number));
        offered.truncate(limit as usize);
        Ok(offered)
    }

    async fn flag_events(&self, id: &str, since: Timestamp) -> Result<Vec<FlagEvent>, Error> {
        self.ensure_answers(Import::FlagEvents)?;
        self.ensure_account(id)?;
        Ok(self.flag_events.iter().filter(|event| event.at >= since).copied().collect())
    }
}

fn leading_digits_shared(one: PhoneNumber, other: PhoneNumber) -> usize {
    let (one, other) = (one.to_string(), other.to_string());
    one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count()
}
