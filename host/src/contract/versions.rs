//! A policy of any supported version, called with the newest version's types.

use super::bindings::{ReputationPolicy, ReputationPolicyPre};
use super::*;
use wasmtime::Store;
use wasmtime::component::{Component, HasSelf, Linker};

/// A compiled policy with the imports of its own version linked.
pub(crate) enum Template<T: 'static> {
    V0_1(v0_1::ReputationPolicyPre<T>),
    V0_2(ReputationPolicyPre<T>),
}

/// An instantiated policy, ready to call.
pub(crate) enum Instance {
    V0_1(v0_1::ReputationPolicy),
    V0_2(ReputationPolicy),
}

/// Implements the newest version's imports; older versions' imports are forwarded to them.
pub(crate) trait Imports:
    imports::clock::Host + imports::carrier_lookup::Host + imports::number_inventory::Host + imports::types::Host + Send
{
}

impl<T> Imports for T where
    T: imports::clock::Host
        + imports::carrier_lookup::Host
        + imports::number_inventory::Host
        + imports::types::Host
        + Send
{
}

impl<T: Imports> Template<T> {
    /// `version` is one of [`VERSIONS`]; `linker` already has the other imports that the policy may use.
    pub(crate) fn new(version: &str, mut linker: Linker<T>, component: &Component) -> wasmtime::Result<Self> {
        match version {
            "0.1.0" => {
                v0_1::add_to_linker(&mut linker)?;
                linker.instantiate_pre(component).and_then(v0_1::ReputationPolicyPre::new).map(Template::V0_1)
            }
            "0.2.0" => {
                ReputationPolicy::add_to_linker::<_, HasSelf<T>>(&mut linker, |imports| imports)?;
                linker.instantiate_pre(component).and_then(ReputationPolicyPre::new).map(Template::V0_2)
            }
            other => unreachable!("{other} is not a version that this host supports"),
        }
    }

    /// The component that the template was made from.
    pub(crate) fn component(&self) -> &Component {
        match self {
            Template::V0_1(template) => template.instance_pre().component(),
            Template::V0_2(template) => template.instance_pre().component(),
        }
    }

    pub(crate) fn version(&self) -> &'static str {
        match self {
            Template::V0_1(_) => "0.1.0",
            Template::V0_2(_) => "0.2.0",
        }
    }

    pub(crate) async fn instantiate(&self, store: &mut Store<T>) -> wasmtime::Result<Instance> {
        match self {
            Template::V0_1(template) => template.instantiate_async(store).await.map(Instance::V0_1),
            Template::V0_2(template) => template.instantiate_async(store).await.map(Instance::V0_2),
        }
    }
}

/// What a call returns: a trap, the policy's error, or its answer.
type CallResult<T> = wasmtime::Result<Result<T, Error>>;

impl Instance {
    pub(crate) async fn describe<T: Send>(&self, store: &mut Store<T>) -> wasmtime::Result<Description> {
        match self {
            Instance::V0_1(policy) => policy.describe(store).await,
            Instance::V0_2(policy) => policy.dialguard_reputation_policy().call_describe(store).await,
        }
    }

    pub(crate) async fn check_settings<T: Send>(&self, store: &mut Store<T>, settings: &Settings) -> CallResult<()> {
        match self {
            Instance::V0_1(policy) => policy.check_settings(store, settings).await,
            Instance::V0_2(policy) => policy.dialguard_reputation_policy().call_check_settings(store, settings).await,
        }
    }

    pub(crate) async fn review_account<T: Send>(&self, store: &mut Store<T>, id: &AccountId) -> CallResult<Plan> {
        match self {
            Instance::V0_1(policy) => policy.review_account(store, id).await,
            Instance::V0_2(policy) => policy.dialguard_reputation_policy().call_review_account(store, id).await,
        }
    }

    pub(crate) async fn decide<T: Send>(
        &self,
        store: &mut Store<T>,
        id: &AccountId,
        request: &Request,
    ) -> CallResult<Decision> {
        match self {
            Instance::V0_1(policy) => policy.decide(store, id, request).await,
            Instance::V0_2(policy) => policy.dialguard_reputation_policy().call_decide(store, id, request).await,
        }
    }

    pub(crate) async fn screen<T: Send>(
        &self,
        store: &mut Store<T>,
        id: &AccountId,
        numbers: &[PhoneNumber],
    ) -> CallResult<Vec<Screening>> {
        match self {
            Instance::V0_1(policy) => policy.screen(store, id, numbers).await,
            Instance::V0_2(policy) => policy.dialguard_reputation_policy().call_screen(store, id, numbers).await,
        }
    }

    pub(crate) async fn usage<T: Send>(&self, store: &mut Store<T>, id: &AccountId) -> CallResult<Usage> {
        match self {
            Instance::V0_1(policy) => policy.usage(store, id).await,
            Instance::V0_2(policy) => policy.dialguard_reputation_policy().call_get_usage(store, id).await,
        }
    }
}
