//! Version 0.3.0, the newest.

use super::bindings::exports::dialguard::reputation::policy::Guest;
use super::bindings::{ReputationPolicy, ReputationPolicyPre};
use super::imports::{carrier_lookup, clock, number_inventory, types};
use super::versions::{CallResult, Imports};
use super::*;
use crate::settings::{Settings, values};
use std::marker::PhantomData;
use std::sync::Arc;
use wasmtime::component::{HasData, Linker};
use wasmtime::{Store, StoreContextMut};

pub(super) type Pre<T> = ReputationPolicyPre<T>;

impl ReputationPolicy {
    pub(super) fn answers(&self) -> &Guest {
        self.dialguard_reputation_policy()
    }

    pub(super) async fn check_settings<T: Send>(
        &self,
        store: &mut Store<T>,
        declared: &[Setting],
        settings: &Settings,
    ) -> CallResult<()> {
        self.answers().call_check_settings(store, &values(declared, settings)).await
    }
}

/// Links this version's imports to a run's.
pub(super) fn add_to_linker<T: Imports>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    ReputationPolicy::add_to_linker::<_, HasAsked<T>>(linker, |run| Asked(run))?;
    // The large tables again, because bindgen would have them copied before they are copied into the policy's memory.
    linker.allow_shadowing(true);
    linker.instance("dialguard:reputation/carrier-lookup@0.3.0")?.func_wrap_async(
        "look-up",
        |mut run: StoreContextMut<'_, T>, (numbers, sources): (Vec<PhoneNumber>, Vec<SourceId>)| {
            Box::new(async move { Ok((run.data_mut().look_up(numbers, sources).await?,)) })
        },
    )?;
    linker.instance("dialguard:reputation/number-inventory@0.3.0")?.func_wrap_async(
        "monitored",
        |mut run: StoreContextMut<'_, T>, (id, after, limit): (AccountId, PhoneNumber, u32)| {
            Box::new(async move { Ok((run.data_mut().monitored(id, after, limit).await?,)) })
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

/// What a policy asks a run.
struct Asked<'a, T>(&'a mut T);

struct HasAsked<T>(PhantomData<T>);

impl<T: 'static> HasData for HasAsked<T> {
    type Data<'a> = Asked<'a, T>;
}

impl<T: Imports> types::Host for Asked<'_, T> {}

impl<T: Imports> clock::Host for Asked<'_, T> {
    async fn now(&mut self) -> wasmtime::Result<Timestamp> {
        self.0.now().await
    }
}

impl<T: Imports> carrier_lookup::Host for Asked<'_, T> {
    async fn carriers(&mut self) -> wasmtime::Result<Vec<Carrier>> {
        self.0.carriers().await
    }

    async fn sources(&mut self) -> wasmtime::Result<Vec<Source>> {
        self.0.sources().await
    }

    async fn look_up(&mut self, numbers: Vec<PhoneNumber>, sources: Vec<SourceId>) -> CallResult<VerdictTable> {
        Ok(self.0.look_up(numbers, sources).await?.map(Arc::unwrap_or_clone))
    }
}

impl<T: Imports> number_inventory::Host for Asked<'_, T> {
    async fn get_account(&mut self, id: AccountId) -> CallResult<types::Account> {
        let account = self.0.account(id).await?;
        Ok(account.map(|account| account.for_policy(self.0.declared())))
    }

    async fn monitored(&mut self, id: AccountId, after: PhoneNumber, limit: u32) -> CallResult<MonitoredTable> {
        Ok(self.0.monitored(id, after, limit).await?.map(Arc::unwrap_or_clone))
    }

    async fn owned(&mut self, id: AccountId, numbers: Vec<PhoneNumber>) -> CallResult<Vec<PhoneNumber>> {
        self.0.owned(id, numbers).await
    }

    async fn candidates(&mut self, id: AccountId, like: PhoneNumber, limit: u32) -> CallResult<CandidateTable> {
        self.0.candidates(id, like, limit).await
    }

    async fn flag_events(&mut self, id: AccountId, since: Timestamp) -> CallResult<FlagTable> {
        self.0.flag_events(id, since).await
    }

    async fn calls(&mut self, id: AccountId, numbers: Vec<PhoneNumber>, since: Timestamp) -> CallResult<CallTable> {
        self.0.calls(id, numbers, since).await
    }

    async fn calls_in_all(&mut self, id: AccountId, since: Timestamp) -> CallResult<CallTotals> {
        self.0.calls_in_all(id, since).await
    }

    async fn rested(&mut self, id: AccountId) -> CallResult<RestedTable> {
        self.0.rested(id).await
    }
}
