//! What the dialer of a case knows, and this library's own dialer around it.

use crate::clock::FixedClock;
use crate::contract::*;
use crate::dialer::{CarrierLookup, Dialer, NumberInventory};
use crate::policy::Inputs;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One account and what is known around it: all that the dialer of a case knows.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Fixture {
    /// What the clock says.
    pub now: Timestamp,
    /// The account; there is no other.
    pub account: Account,
    /// Its monitored numbers, in ascending order.
    pub monitored: Vec<MonitoredNumber>,
    /// Every number that it owns.
    pub owned: BTreeSet<PhoneNumber>,
    /// Every number on offer.
    pub candidates: BTreeSet<PhoneNumber>,
    /// Everyone who may be quoted.
    pub carriers: Vec<Carrier>,
    /// What carriers say, by number.
    pub observations: BTreeMap<PhoneNumber, Vec<Observation>>,
    /// Who turned flagged and when, oldest first.
    pub flag_events: Vec<FlagEvent>,
    /// Imports that answer nothing but an error.
    pub failures: BTreeMap<Import, Error>,
}

/// What a policy imports that may fail: the contract's functions that answer a `result`.
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

/// What an import that fails answers in a case.
pub(super) fn failure(code: ErrorCode) -> Error {
    Error { code, message: "The case has this import fail; try again later.".into() }
}

impl Fixture {
    /// This library's dialer around it, as policies see it.
    pub(super) fn dialer(self: &Arc<Self>) -> Dialer {
        Dialer { clock: Arc::new(FixedClock(self.now)), carriers: self.clone(), inventory: self.clone() }
    }

    /// Everything that a policy could be shown of it.
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
        let asked: BTreeSet<PhoneNumber> = numbers.into_iter().collect();
        Ok(self.owned.intersection(&asked).copied().collect())
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
