//! Version 0.1.0, in which a replacement has no reason in words. Everything else is as in 0.2.0.

use super::v0_2::types as second;
use super::versions::{Imports, translate_answers};
use super::{v0_2, *};
use bindings::dialguard::reputation::{carrier_lookup, clock, number_inventory};
use bindings::exports::dialguard::reputation::policy as exports;
use std::marker::PhantomData;
use v0_2::Asked as AskedSecond;
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

/// This version's types: those of 0.2.0, except for a replacement and the types that contain one. Bindgen's assertions check
/// their layout against the frozen WIT, and wasmtime checks their fields and cases against every policy.
pub mod types {
    pub use super::second::*;
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

translate_answers!();

impl ReputationPolicy {
    pub(super) fn answers(&self) -> &exports::Guest {
        self.dialguard_reputation_policy()
    }
}

impl From<types::Replacement> for second::Replacement {
    fn from(types::Replacement { number, replacement, slot, why }: types::Replacement) -> Self {
        let because = match why {
            second::ReplacementReason::Flagged => "The policy flagged it.",
            second::ReplacementReason::Requested => "A user requested it.",
        };
        second::Replacement { number, replacement, slot, why, because: because.into() }
    }
}

impl From<types::Action> for second::Action {
    fn from(action: types::Action) -> Self {
        match action {
            types::Action::OccupySlot(occupancy) => second::Action::OccupySlot(occupancy),
            types::Action::LockSlot(closing) => second::Action::LockSlot(closing),
            types::Action::ReleaseNumber(number) => second::Action::ReleaseNumber(number),
            types::Action::ReplaceNumber(replacement) => second::Action::ReplaceNumber(replacement.into()),
            types::Action::SetBlocks(change) => second::Action::SetBlocks(change),
        }
    }
}

impl From<types::Plan> for Plan {
    fn from(types::Plan { account, based_on, decided_at, reviews, actions, notices }: types::Plan) -> Self {
        let actions = actions.into_iter().map(second::Action::from).collect();
        Plan::from(second::Plan { account, based_on, decided_at, reviews, actions, notices })
    }
}

/// Links this version's imports to a run's.
pub(super) fn add_to_linker<T: Imports>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    ReputationPolicy::add_to_linker::<_, HasAsked<T>>(linker, |run| Asked(AskedSecond(run)))
}

/// What a policy asks a run, as in 0.2.0.
struct Asked<'a, T>(AskedSecond<'a, T>);

struct HasAsked<T>(PhantomData<T>);

impl<T: 'static> HasData for HasAsked<T> {
    type Data<'a> = Asked<'a, T>;
}

type Answered<T> = wasmtime::Result<Result<T, second::Error>>;

impl<T: Imports> second::Host for Asked<'_, T> {}

impl<T: Imports> clock::Host for Asked<'_, T> {
    async fn now(&mut self) -> wasmtime::Result<Timestamp> {
        v0_2::clock::Host::now(&mut self.0).await
    }
}

impl<T: Imports> carrier_lookup::Host for Asked<'_, T> {
    async fn carriers(&mut self) -> wasmtime::Result<Vec<carrier_lookup::Carrier>> {
        let carriers = v0_2::carrier_lookup::Host::carriers(&mut self.0).await?;
        Ok(carriers.into_iter().map(|it| carrier_lookup::Carrier { id: it.id, name: it.name }).collect())
    }

    async fn look_up(&mut self, numbers: Vec<PhoneNumber>) -> Answered<Vec<second::Observation>> {
        v0_2::carrier_lookup::Host::look_up(&mut self.0, numbers).await
    }
}

impl<T: Imports> number_inventory::Host for Asked<'_, T> {
    async fn get_account(&mut self, id: AccountId) -> Answered<second::Account> {
        v0_2::number_inventory::Host::get_account(&mut self.0, id).await
    }

    async fn monitored(
        &mut self,
        id: AccountId,
        after: PhoneNumber,
        limit: u32,
    ) -> Answered<Vec<second::MonitoredNumber>> {
        v0_2::number_inventory::Host::monitored(&mut self.0, id, after, limit).await
    }

    async fn owned(&mut self, id: AccountId, numbers: Vec<PhoneNumber>) -> Answered<Vec<PhoneNumber>> {
        v0_2::number_inventory::Host::owned(&mut self.0, id, numbers).await
    }

    async fn candidates(&mut self, id: AccountId, like: PhoneNumber, limit: u32) -> Answered<Vec<PhoneNumber>> {
        v0_2::number_inventory::Host::candidates(&mut self.0, id, like, limit).await
    }

    async fn flag_events(&mut self, id: AccountId, since: Timestamp) -> Answered<Vec<number_inventory::FlagEvent>> {
        let answer = v0_2::number_inventory::Host::flag_events(&mut self.0, id, since).await?;
        let translated =
            |it: v0_2::number_inventory::FlagEvent| number_inventory::FlagEvent { number: it.number, at: it.at };
        Ok(answer.map(|events| events.into_iter().map(translated).collect()))
    }
}
