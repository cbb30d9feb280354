//! A dialer in memory that knows what a case states, and nothing else.

use super::case::Import;
use crate::clock::FixedClock;
use crate::contract::*;
use crate::dialer::{CarrierLookup, Dialer, NumberInventory};
use crate::run::Shown;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// One account, and what is known around it.
#[derive(Debug)]
pub(super) struct CaseDialer {
    pub now: Timestamp,
    pub account: Account,
    /// In ascending order of number.
    pub monitored: Vec<MonitoredNumber>,
    pub owned: BTreeSet<PhoneNumber>,
    pub candidates: BTreeSet<PhoneNumber>,
    pub carriers: Vec<Carrier>,
    pub observations: BTreeMap<PhoneNumber, Vec<Observation>>,
    pub flag_events: Vec<FlagEvent>,
    /// Imports that answer nothing but an error.
    pub failures: BTreeMap<Import, ErrorCode>,
    /// Numbers that carriers were asked about, as often as they were.
    pub numbers_looked_up: AtomicUsize,
}

impl CaseDialer {
    /// The dialer as policies see it.
    pub fn around(self: &Arc<Self>) -> Dialer {
        Dialer { clock: Arc::new(FixedClock(self.now)), carriers: self.clone(), inventory: self.clone() }
    }

    /// Everything that a policy could be shown of it.
    pub fn shown(&self) -> Shown {
        Shown {
            now: Some(self.now),
            account: Some(self.account.clone()),
            monitored: self.monitored.clone(),
            owned: self.owned.clone(),
            offered: self.candidates.clone(),
        }
    }

    /// What an import that fails answers.
    pub fn failure(code: ErrorCode) -> Error {
        Error { code, message: "The case has this import fail; try again later.".into() }
    }

    fn ensure_answers(&self, import: Import) -> Result<(), Error> {
        match self.failures.get(&import) {
            None => Ok(()),
            Some(code) => Err(Self::failure(*code)),
        }
    }

    fn ensure_account(&self, id: &str) -> Result<(), Error> {
        if id == self.account.id { Ok(()) } else { Err(Error::no_such_account(id)) }
    }
}

#[async_trait::async_trait]
impl CarrierLookup for CaseDialer {
    async fn carriers(&self) -> Vec<Carrier> {
        self.carriers.clone()
    }

    async fn look_up(&self, numbers: Vec<PhoneNumber>) -> Result<Vec<Observation>, Error> {
        self.ensure_answers(Import::LookUp)?;
        self.numbers_looked_up.fetch_add(numbers.len(), Relaxed);
        Ok(numbers.iter().filter_map(|number| self.observations.get(number)).flatten().copied().collect())
    }
}

#[async_trait::async_trait]
impl NumberInventory for CaseDialer {
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
