//! An honest dialer whose answers are changed on their way to the policy.

use crate::clock::FixedClock;
use crate::contract::*;
use crate::dialer::{CarrierLookup, Dialer, NumberInventory};
use crate::scenarios::fake_dialer::Fixture;
use std::sync::Arc;

/// Changes to an import's answer on its way to the policy.
#[derive(Clone, Copy)]
pub(super) struct Tampering {
    pub verdicts: fn(&mut VerdictTable),
    pub page: fn(&mut MonitoredTable),
    pub owned: fn(&mut Vec<PhoneNumber>),
    pub candidates: fn(&mut CandidateTable),
    pub flag_events: fn(&mut FlagTable),
    pub calls: fn(&mut CallTable),
    pub calls_in_all: fn(&mut CallTotals),
    pub rested: fn(&mut RestedTable),
    pub sources: fn(&mut Vec<Source>),
}

pub(super) const HONEST: Tampering = Tampering {
    verdicts: |_| {},
    page: |_| {},
    owned: |_| {},
    candidates: |_| {},
    flag_events: |_| {},
    calls: |_| {},
    calls_in_all: |_| {},
    rested: |_| {},
    sources: |_| {},
};

/// An honest dialer whose answers are tampered with.
pub(super) struct TamperedDialer {
    pub honest: Fixture,
    pub tampering: Tampering,
}

impl TamperedDialer {
    pub fn dialer(self: &Arc<Self>) -> Dialer {
        Dialer { clock: Arc::new(FixedClock(self.honest.now)), carriers: self.clone(), inventory: self.clone() }
    }
}

fn tampered<T>(mut answer: T, tampering: fn(&mut T)) -> T {
    tampering(&mut answer);
    answer
}

#[async_trait::async_trait]
impl CarrierLookup for TamperedDialer {
    async fn carriers(&self) -> Vec<Carrier> {
        self.honest.carriers().await
    }

    async fn sources(&self) -> Vec<Source> {
        tampered(self.honest.sources().await, self.tampering.sources)
    }

    async fn look_up(&self, numbers: Vec<PhoneNumber>, sources: Vec<SourceId>) -> Result<VerdictTable, Error> {
        Ok(tampered(self.honest.look_up(numbers, sources).await?, self.tampering.verdicts))
    }
}

#[async_trait::async_trait]
impl NumberInventory for TamperedDialer {
    async fn account(&self, id: &str) -> Result<Account, Error> {
        self.honest.account(id).await
    }

    async fn monitored(&self, id: &str, after: PhoneNumber, limit: u32) -> Result<MonitoredTable, Error> {
        Ok(tampered(self.honest.monitored(id, after, limit).await?, self.tampering.page))
    }

    async fn owned(&self, id: &str, numbers: Vec<PhoneNumber>) -> Result<Vec<PhoneNumber>, Error> {
        Ok(tampered(self.honest.owned(id, numbers).await?, self.tampering.owned))
    }

    async fn candidates(&self, id: &str, like: PhoneNumber, limit: u32) -> Result<CandidateTable, Error> {
        Ok(tampered(self.honest.candidates(id, like, limit).await?, self.tampering.candidates))
    }

    async fn flag_events(&self, id: &str, since: Timestamp) -> Result<FlagTable, Error> {
        Ok(tampered(self.honest.flag_events(id, since).await?, self.tampering.flag_events))
    }

    async fn calls(&self, id: &str, numbers: Vec<PhoneNumber>, since: Timestamp) -> Result<CallTable, Error> {
        Ok(tampered(NumberInventory::calls(&self.honest, id, numbers, since).await?, self.tampering.calls))
    }

    async fn calls_in_all(&self, id: &str, since: Timestamp) -> Result<CallTotals, Error> {
        Ok(tampered(self.honest.calls_in_all(id, since).await?, self.tampering.calls_in_all))
    }

    async fn rested(&self, id: &str) -> Result<RestedTable, Error> {
        Ok(tampered(NumberInventory::rested(&self.honest, id).await?, self.tampering.rested))
    }
}
