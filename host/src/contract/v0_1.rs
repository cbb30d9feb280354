//! Version 0.1.0, in which a replacement has no reason in words. Everything else is as in the newest version.

use super::imports::{self, types as newest};
use super::versions::Imports;
use super::*;
use bindings::dialguard::reputation::{carrier_lookup, clock, number_inventory};
use bindings::exports::dialguard::reputation::policy as exports;
use std::marker::PhantomData;
use wasmtime::Store;
use wasmtime::component::{HasData, Linker};

#[allow(missing_docs)]
mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit/0.1.0",
        world: "reputation-policy",
        imports: { default: async | trappable },
        exports: { default: async },
        with: { "dialguard:reputation/types@0.1.0": super::types },
    });
}

pub(crate) use bindings::{ReputationPolicy, ReputationPolicyPre};

/// This version's types: the newest version's, except for a replacement and the types that contain one. Bindgen's
/// assertions check their layout against the frozen WIT, and wasmtime checks their fields and cases against every policy.
pub mod types {
    pub use super::newest::*;
    use wasmtime::component::{ComponentType, Lift, Lower};

    #[derive(Debug, Clone, ComponentType, Lift, Lower)]
    #[component(record)]
    pub struct Replacement {
        pub number: PhoneNumber,
        pub replacement: PhoneNumber,
        pub slot: SlotId,
        pub why: ReplacementReason,
    }

    #[derive(Debug, Clone, ComponentType, Lift, Lower)]
    #[component(variant)]
    pub enum Action {
        #[component(name = "occupy-slot")]
        OccupySlot(Occupancy),
        #[component(name = "lock-slot")]
        LockSlot(SlotClosing),
        #[component(name = "release-number")]
        ReleaseNumber(PhoneNumber),
        #[component(name = "replace-number")]
        ReplaceNumber(Replacement),
        #[component(name = "set-blocks")]
        SetBlocks(BlockChange),
    }

    #[derive(Debug, Clone, ComponentType, Lift, Lower)]
    #[component(record)]
    pub struct Plan {
        pub account: AccountId,
        #[component(name = "based-on")]
        pub based_on: u64,
        #[component(name = "decided-at")]
        pub decided_at: Timestamp,
        pub reviews: Vec<Review>,
        pub actions: Vec<Action>,
        pub notices: Vec<Notice>,
    }
}

impl From<types::Replacement> for Replacement {
    fn from(types::Replacement { number, replacement, slot, why }: types::Replacement) -> Self {
        let because = match why {
            ReplacementReason::Flagged => "The policy flagged it.",
            ReplacementReason::Requested => "A user requested it.",
        };
        Replacement { number, replacement, slot, why, because: because.into() }
    }
}

impl From<types::Action> for Action {
    fn from(action: types::Action) -> Self {
        match action {
            types::Action::OccupySlot(occupancy) => Action::OccupySlot(occupancy),
            types::Action::LockSlot(closing) => Action::LockSlot(closing),
            types::Action::ReleaseNumber(number) => Action::ReleaseNumber(number),
            types::Action::ReplaceNumber(replacement) => Action::ReplaceNumber(replacement.into()),
            types::Action::SetBlocks(change) => Action::SetBlocks(change),
        }
    }
}

impl From<types::Plan> for Plan {
    fn from(types::Plan { account, based_on, decided_at, reviews, actions, notices }: types::Plan) -> Self {
        let actions = actions.into_iter().map(Action::from).collect();
        Plan { account, based_on, decided_at, reviews, actions, notices }
    }
}

/// Calls this version's exports with the newest version's types.
impl ReputationPolicy {
    pub(super) async fn describe<T: Send>(&self, store: &mut Store<T>) -> wasmtime::Result<Description> {
        Ok(self.dialguard_reputation_policy().call_describe(store).await?.into())
    }

    pub(super) async fn check_settings<T: Send>(
        &self,
        store: &mut Store<T>,
        settings: &Settings,
    ) -> wasmtime::Result<Result<(), Error>> {
        self.dialguard_reputation_policy().call_check_settings(store, settings).await
    }

    pub(super) async fn review_account<T: Send>(
        &self,
        store: &mut Store<T>,
        id: &AccountId,
    ) -> wasmtime::Result<Result<Plan, Error>> {
        Ok(self.dialguard_reputation_policy().call_review_account(store, id).await?.map(Plan::from))
    }

    pub(super) async fn decide<T: Send>(
        &self,
        store: &mut Store<T>,
        id: &AccountId,
        request: &Request,
    ) -> wasmtime::Result<Result<Decision, Error>> {
        let request = exports::Request::from(request.clone());
        Ok(self.dialguard_reputation_policy().call_decide(store, id, &request).await?.map(Decision::from))
    }

    pub(super) async fn screen<T: Send>(
        &self,
        store: &mut Store<T>,
        id: &AccountId,
        numbers: &[PhoneNumber],
    ) -> wasmtime::Result<Result<Vec<Screening>, Error>> {
        let answer = self.dialguard_reputation_policy().call_screen(store, id, numbers).await?;
        Ok(answer.map(|screenings| screenings.into_iter().map(Screening::from).collect()))
    }

    pub(super) async fn usage<T: Send>(
        &self,
        store: &mut Store<T>,
        id: &AccountId,
    ) -> wasmtime::Result<Result<Usage, Error>> {
        Ok(self.dialguard_reputation_policy().call_get_usage(store, id).await?.map(Usage::from))
    }
}

/// Links this version's imports to the newest version's.
pub(super) fn add_to_linker<T: Imports>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    ReputationPolicy::add_to_linker::<_, HasNewestImports<T>>(linker, |newest| NewestImports(newest))
}

struct NewestImports<'a, T>(&'a mut T);

struct HasNewestImports<T>(PhantomData<T>);

impl<T: 'static> HasData for HasNewestImports<T> {
    type Data<'a> = NewestImports<'a, T>;
}

impl<T: Imports> newest::Host for NewestImports<'_, T> {}

impl<T: Imports> clock::Host for NewestImports<'_, T> {
    async fn now(&mut self) -> wasmtime::Result<Timestamp> {
        imports::clock::Host::now(self.0).await
    }
}

impl<T: Imports> carrier_lookup::Host for NewestImports<'_, T> {
    async fn carriers(&mut self) -> wasmtime::Result<Vec<carrier_lookup::Carrier>> {
        let carriers = imports::carrier_lookup::Host::carriers(self.0).await?;
        Ok(carriers.into_iter().map(|Carrier { id, name }| carrier_lookup::Carrier { id, name }).collect())
    }

    async fn look_up(&mut self, numbers: Vec<PhoneNumber>) -> wasmtime::Result<Result<Vec<Observation>, Error>> {
        imports::carrier_lookup::Host::look_up(self.0, numbers).await
    }
}

impl<T: Imports> number_inventory::Host for NewestImports<'_, T> {
    async fn get_account(&mut self, id: AccountId) -> wasmtime::Result<Result<Account, Error>> {
        imports::number_inventory::Host::get_account(self.0, id).await
    }

    async fn monitored(
        &mut self,
        id: AccountId,
        after: PhoneNumber,
        limit: u32,
    ) -> wasmtime::Result<Result<Vec<MonitoredNumber>, Error>> {
        imports::number_inventory::Host::monitored(self.0, id, after, limit).await
    }

    async fn owned(
        &mut self,
        id: AccountId,
        numbers: Vec<PhoneNumber>,
    ) -> wasmtime::Result<Result<Vec<PhoneNumber>, Error>> {
        imports::number_inventory::Host::owned(self.0, id, numbers).await
    }

    async fn candidates(
        &mut self,
        id: AccountId,
        like: PhoneNumber,
        limit: u32,
    ) -> wasmtime::Result<Result<Vec<PhoneNumber>, Error>> {
        imports::number_inventory::Host::candidates(self.0, id, like, limit).await
    }

    async fn flag_events(
        &mut self,
        id: AccountId,
        since: Timestamp,
    ) -> wasmtime::Result<Result<Vec<number_inventory::FlagEvent>, Error>> {
        let answer = imports::number_inventory::Host::flag_events(self.0, id, since).await?;
        let translated = |FlagEvent { number, at }| number_inventory::FlagEvent { number, at };
        Ok(answer.map(|events| events.into_iter().map(translated).collect()))
    }
}

// Bindgen generates the exported interface's own types again for each version, although they did not change.

impl From<Request> for exports::Request {
    fn from(request: Request) -> Self {
        match request {
            Request::StartMonitoring(numbers) => exports::Request::StartMonitoring(numbers),
            Request::StopMonitoring(numbers) => exports::Request::StopMonitoring(numbers),
            Request::DeleteNumbers(Deletion { numbers, accept_slot_loss }) => {
                exports::Request::DeleteNumbers(exports::Deletion { numbers, accept_slot_loss })
            }
            Request::ReplaceNumbers(numbers) => exports::Request::ReplaceNumbers(numbers),
            Request::SetBlocks(blocks) => exports::Request::SetBlocks(blocks),
        }
    }
}

impl From<exports::Decision> for Decision {
    fn from(exports::Decision { plan, outcomes }: exports::Decision) -> Self {
        Decision { plan: plan.into(), outcomes: outcomes.into_iter().map(Outcome::from).collect() }
    }
}

impl From<exports::Outcome> for Outcome {
    fn from(exports::Outcome { answer, until }: exports::Outcome) -> Self {
        let answer = match answer {
            exports::Answer::Accepted => Answer::Accepted,
            exports::Answer::AddOnOff => Answer::AddOnOff,
            exports::Answer::NotOwned => Answer::NotOwned,
            exports::Answer::AlreadyMonitored => Answer::AlreadyMonitored,
            exports::Answer::NotMonitored => Answer::NotMonitored,
            exports::Answer::NoFreeSlot => Answer::NoFreeSlot,
            exports::Answer::SlotWouldLock => Answer::SlotWouldLock,
            exports::Answer::NoCleanCandidate => Answer::NoCleanCandidate,
            exports::Answer::ReplacementPending => Answer::ReplacementPending,
            exports::Answer::SlotsInUse => Answer::SlotsInUse,
        };
        Outcome { answer, until }
    }
}

impl From<exports::Description> for Description {
    fn from(exports::Description { name, version, summary }: exports::Description) -> Self {
        Description { name, version, summary }
    }
}

impl From<exports::Screening> for Screening {
    fn from(exports::Screening { number, status, flagging, answering }: exports::Screening) -> Self {
        Screening { number, status, flagging, answering }
    }
}

impl From<exports::Usage> for Usage {
    fn from(usage: exports::Usage) -> Self {
        Usage {
            slots: usage.slots,
            occupied: usage.occupied,
            locked: usage.locked,
            pending: usage.pending,
            clean: usage.clean,
            at_risk: usage.at_risk,
            flagged: usage.flagged,
            flagged_past_day: usage.flagged_past_day,
            flagged_past_week: usage.flagged_past_week,
        }
    }
}
