//! The account as a policy reads it in one run: what the ledger says, and what the account's provider has on offer.

use crate::ledger::{AccountView, closest_first};
use crate::phone::area_code;
use crate::providers::Offers;
use dialguard::contract::{
    Account, Action, CallTable, CallTotals, Candidate, CandidateTable, Error, FlagTable, MonitoredNumber,
    MonitoredTable, Occupancy, PhoneNumber, RestedTable, SlotLock, Status, Timestamp,
};
use dialguard::dialer::NumberInventory;
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashSet};
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::Arc;

/// Monitored numbers that are read at a time.
const PAGE: u32 = 10_000;

/// An account's inventory for one run.
pub(super) struct RunInventory {
    view: Arc<AccountView>,
    offers: Option<Arc<Offers>>,
}

impl RunInventory {
    pub fn new(view: AccountView, offers: Option<Arc<Offers>>) -> Self {
        RunInventory { view: Arc::new(view), offers }
    }

    /// The same without what the provider has on offer, which is asked for that.
    pub fn without_offers(&self) -> Self {
        RunInventory { view: self.view.clone(), offers: None }
    }

    /// Candidates on hand and on offer in place of `like`, without those taken already.
    async fn candidates_besides(
        &self,
        id: &str,
        like: PhoneNumber,
        limit: u32,
        taken: &HashSet<PhoneNumber>,
    ) -> Result<CandidateTable, Error> {
        let limit = limit as usize;
        let mut candidates = self.view.on_hand(id, like, limit + taken.len()).await?;
        candidates.retain(|candidate| !taken.contains(&candidate.number));
        candidates.truncate(limit);
        candidates.extend(self.on_offer(id, like, (&candidates, limit), taken).await?);
        closest_first(&mut candidates, like);
        candidates.truncate(limit);
        Ok(candidates.into_iter().collect())
    }

    /// What the provider offers in place of `like`. The number's own area code comes first, and others only if that has
    /// too few, numbers on hand included.
    async fn on_offer(
        &self,
        id: &str,
        like: PhoneNumber,
        (on_hand, limit): (&[Candidate], usize),
        taken: &HashSet<PhoneNumber>,
    ) -> Result<Vec<Candidate>, Error> {
        let Some(offers) = &self.offers else { return Ok(Vec::new()) };
        let near = on_hand.iter().filter(|on_hand| area_code(on_hand.number) == area_code(like)).count();
        let mut found = BTreeMap::new();
        for area in offers.areas(like) {
            if near + found.len() >= limit {
                break;
            }
            let priced = offers.search(area).await;
            let unknown = self.view.unknown(id, priced.keys().copied().collect()).await?;
            let untaken = unknown.into_iter().filter(|number| !taken.contains(number));
            found.extend(untaken.map(|number| (number, priced[&number])));
        }
        let on_offer = |(number, price_cents)| Candidate { number, price_cents, rested: false };
        Ok(found.into_iter().map(on_offer).collect())
    }
}

#[async_trait::async_trait]
impl NumberInventory for RunInventory {
    async fn account(&self, id: &str) -> Result<Account, Error> {
        self.view.account(id).await
    }

    async fn monitored(&self, id: &str, after: PhoneNumber, limit: u32) -> Result<MonitoredTable, Error> {
        self.view.monitored(id, after, limit).await
    }

    async fn owned(&self, id: &str, numbers: Vec<PhoneNumber>) -> Result<Vec<PhoneNumber>, Error> {
        self.view.owned(id, numbers).await
    }

    async fn candidates(&self, id: &str, like: PhoneNumber, limit: u32) -> Result<CandidateTable, Error> {
        self.candidates_besides(id, like, limit, &HashSet::new()).await
    }

    async fn flag_events(&self, id: &str, since: Timestamp) -> Result<FlagTable, Error> {
        self.view.flag_events(id, since).await
    }

    async fn calls(&self, id: &str, numbers: Vec<PhoneNumber>, since: Timestamp) -> Result<CallTable, Error> {
        self.view.calls(id, numbers, since).await
    }

    async fn calls_in_all(&self, id: &str, since: Timestamp) -> Result<CallTotals, Error> {
        self.view.calls_in_all(id, since).await
    }

    async fn rested(&self, id: &str) -> Result<RestedTable, Error> {
        self.view.rested(id).await
    }
}

/// The account as it would be after plans that were not applied: the next batch of a preview is decided from it.
pub(super) struct PreviewInventory {
    inner: Arc<RunInventory>,
    now: Timestamp,
    state: Mutex<Arc<Preview>>,
}

#[derive(Clone)]
struct Preview {
    account: Account,
    monitored: BTreeMap<PhoneNumber, MonitoredNumber>,
    released: HashSet<PhoneNumber>,
    /// Candidates that are to replace a number.
    taken: HashSet<PhoneNumber>,
}

impl PreviewInventory {
    /// The account as it is.
    pub async fn new(inner: Arc<RunInventory>, id: &str, now: Timestamp) -> Result<Self, Error> {
        let account = inner.account(id).await?;
        let mut monitored = BTreeMap::new();
        loop {
            let after = monitored.last_key_value().map_or(0, |(number, _)| *number);
            let page = inner.monitored(id, after, PAGE).await?;
            let is_last = page.len() < PAGE as usize;
            let rows = page.rows().map_err(|fault| Error::unavailable(fault.to_string()))?;
            monitored.extend(rows.map(|number| (number.number, number)));
            if is_last {
                break;
            }
        }
        let preview = Preview { account, monitored, released: HashSet::new(), taken: HashSet::new() };
        Ok(PreviewInventory { inner, now, state: Mutex::new(Arc::new(preview)) })
    }

    /// Does a plan's actions.
    pub fn take(&self, actions: &[Action]) {
        let mut state = self.state.lock();
        let preview = Arc::make_mut(&mut state);
        actions.iter().for_each(|action| preview.take(action, self.now));
        preview.account.monitored_count = preview.monitored.len() as u32;
        preview.account.locked_slots.sort_unstable_by_key(|lock| lock.slot);
    }

    fn state(&self) -> Arc<Preview> {
        self.state.lock().clone()
    }
}

impl Preview {
    fn take(&mut self, action: &Action, now: Timestamp) {
        match action {
            Action::OccupySlot(occupancy) => {
                self.monitored.insert(occupancy.number, newly_monitored(occupancy, now));
            }
            Action::LockSlot(closing) => {
                self.monitored.remove(&closing.number);
                self.account.locked_slots.push(SlotLock { slot: closing.slot, until: closing.until });
            }
            Action::ReleaseNumber(number) => {
                self.released.insert(*number);
            }
            Action::ReplaceNumber(replacement) => {
                self.taken.insert(replacement.replacement);
                if let Some(number) = self.monitored.get_mut(&replacement.number) {
                    number.replacement_pending = true;
                }
            }
            // A request for blocks is one batch: none comes after it. The others are a review's.
            Action::SetBlocks(_)
            | Action::StopUsing(_)
            | Action::UseAgain(_)
            | Action::OfferAgain(_)
            | Action::RestOn(_)
            | Action::GiveBack(_) => {}
        }
    }
}

fn newly_monitored(Occupancy { number, slot }: &Occupancy, now: Timestamp) -> MonitoredNumber {
    MonitoredNumber {
        number: *number,
        slot: *slot,
        status: Status::Pending,
        status_since: now,
        monitored_since: now,
        flagging_checks: 0,
        clearing_checks: 0,
        last_rated_at: None,
        evidence_until: None,
        suspect_since: None,
        resting_since: None,
        replacement_pending: false,
    }
}

#[async_trait::async_trait]
impl NumberInventory for PreviewInventory {
    async fn account(&self, id: &str) -> Result<Account, Error> {
        // It fails if the account has changed meanwhile, as every read does.
        self.inner.account(id).await?;
        Ok(self.state().account.clone())
    }

    async fn monitored(&self, _: &str, after: PhoneNumber, limit: u32) -> Result<MonitoredTable, Error> {
        let state = self.state();
        let above = state.monitored.range((Excluded(after), Unbounded));
        Ok(above.take(limit as usize).map(|(_, number)| *number).collect())
    }

    async fn owned(&self, id: &str, numbers: Vec<PhoneNumber>) -> Result<Vec<PhoneNumber>, Error> {
        let mut owned = self.inner.owned(id, numbers).await?;
        let state = self.state();
        owned.retain(|number| !state.released.contains(number));
        Ok(owned)
    }

    async fn candidates(&self, id: &str, like: PhoneNumber, limit: u32) -> Result<CandidateTable, Error> {
        self.inner.candidates_besides(id, like, limit, &self.state().taken).await
    }

    async fn flag_events(&self, id: &str, since: Timestamp) -> Result<FlagTable, Error> {
        self.inner.flag_events(id, since).await
    }

    async fn calls(&self, id: &str, numbers: Vec<PhoneNumber>, since: Timestamp) -> Result<CallTable, Error> {
        self.inner.calls(id, numbers, since).await
    }

    async fn calls_in_all(&self, id: &str, since: Timestamp) -> Result<CallTotals, Error> {
        self.inner.calls_in_all(id, since).await
    }

    async fn rested(&self, id: &str) -> Result<RestedTable, Error> {
        self.inner.rested(id).await
    }
}
