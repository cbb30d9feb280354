//! A policy of any supported version, called with the newest version's types.

use super::bindings::ReputationPolicy;
use super::*;
use crate::settings::{Settings, check_declared};
use std::sync::Arc;
use wasmtime::Store;
use wasmtime::component::{Component, Linker};

/// A compiled policy with the imports of its own version linked.
pub(crate) enum Template<T: 'static> {
    V0_1(v0_1::ReputationPolicyPre<T>),
    V0_2(v0_2::ReputationPolicyPre<T>),
    V0_3(v0_3::Pre<T>),
}

/// An instantiated policy, ready to call.
pub(crate) enum Instance {
    V0_1(v0_1::ReputationPolicy),
    V0_2(v0_2::ReputationPolicy),
    V0_3(ReputationPolicy),
}

/// What a call returns: a trap, the error, or the answer.
pub(crate) type CallResult<T> = wasmtime::Result<Result<T, Error>>;

/// What a run answers to its policy, in the newest version's types. Each version's imports are translated to it.
pub(crate) trait Imports: Send + 'static {
    /// The settings that the policy declares.
    fn declared(&self) -> &[Setting];
    fn now(&mut self) -> impl Future<Output = wasmtime::Result<Timestamp>> + Send;
    fn carriers(&mut self) -> impl Future<Output = wasmtime::Result<Vec<Carrier>>> + Send;
    fn sources(&mut self) -> impl Future<Output = wasmtime::Result<Vec<Source>>> + Send;
    fn look_up(
        &mut self,
        numbers: Vec<PhoneNumber>,
        sources: Vec<SourceId>,
    ) -> impl Future<Output = CallResult<Arc<VerdictTable>>> + Send;
    fn account(&mut self, id: AccountId) -> impl Future<Output = CallResult<Account>> + Send;
    fn monitored(
        &mut self,
        id: AccountId,
        after: PhoneNumber,
        limit: u32,
    ) -> impl Future<Output = CallResult<Arc<MonitoredTable>>> + Send;
    fn owned(
        &mut self,
        id: AccountId,
        numbers: Vec<PhoneNumber>,
    ) -> impl Future<Output = CallResult<Vec<PhoneNumber>>> + Send;
    fn candidates(
        &mut self,
        id: AccountId,
        like: PhoneNumber,
        limit: u32,
    ) -> impl Future<Output = CallResult<CandidateTable>> + Send;
    fn flag_events(&mut self, id: AccountId, since: Timestamp) -> impl Future<Output = CallResult<FlagTable>> + Send;
    fn calls(
        &mut self,
        id: AccountId,
        numbers: Vec<PhoneNumber>,
        since: Timestamp,
    ) -> impl Future<Output = CallResult<CallTable>> + Send;
    fn calls_in_all(&mut self, id: AccountId, since: Timestamp) -> impl Future<Output = CallResult<CallTotals>> + Send;
    fn rested(&mut self, id: AccountId) -> impl Future<Output = CallResult<RestedTable>> + Send;
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
                v0_2::add_to_linker(&mut linker)?;
                linker.instantiate_pre(component).and_then(v0_2::ReputationPolicyPre::new).map(Template::V0_2)
            }
            "0.3.0" => {
                v0_3::add_to_linker(&mut linker)?;
                linker.instantiate_pre(component).and_then(v0_3::Pre::new).map(Template::V0_3)
            }
            other => unreachable!("{other} is not a version that this host supports"),
        }
    }

    /// The component that the template was made from.
    pub(crate) fn component(&self) -> &Component {
        match self {
            Template::V0_1(template) => template.instance_pre().component(),
            Template::V0_2(template) => template.instance_pre().component(),
            Template::V0_3(template) => template.instance_pre().component(),
        }
    }

    pub(crate) fn version(&self) -> &'static str {
        match self {
            Template::V0_1(_) => "0.1.0",
            Template::V0_2(_) => "0.2.0",
            Template::V0_3(_) => "0.3.0",
        }
    }

    pub(crate) async fn instantiate(&self, store: &mut Store<T>) -> wasmtime::Result<Instance> {
        match self {
            Template::V0_1(template) => template.instantiate_async(store).await.map(Instance::V0_1),
            Template::V0_2(template) => template.instantiate_async(store).await.map(Instance::V0_2),
            Template::V0_3(template) => template.instantiate_async(store).await.map(Instance::V0_3),
        }
    }
}

/// An answer of an older version in the newest version's types.
fn newest<O, N: From<O>>(answer: Result<O, v0_2::types::Error>) -> Result<N, Error> {
    answer.map(N::from).map_err(Error::from)
}

impl Instance {
    /// The policy's description of itself, whose settings can be shown and stored.
    pub(crate) async fn describe<T: Send>(&self, store: &mut Store<T>) -> wasmtime::Result<Description> {
        let description = match self {
            Instance::V0_1(policy) => policy.answers().call_describe(store).await?.into(),
            Instance::V0_2(policy) => policy.answers().call_describe(store).await?.into(),
            Instance::V0_3(policy) => policy.answers().call_describe(store).await?,
        };
        check_declared(&description.settings).map_err(wasmtime::Error::msg)?;
        Ok(description)
    }

    pub(crate) async fn check_settings<T: Send>(
        &self,
        store: &mut Store<T>,
        declared: &[Setting],
        guard_rails: GuardRails,
        settings: &Settings,
    ) -> CallResult<()> {
        let fixed = || v0_2::settings(guard_rails, settings);
        match self {
            Instance::V0_1(policy) => Ok(newest(policy.answers().call_check_settings(store, &fixed()).await?)),
            Instance::V0_2(policy) => Ok(newest(policy.answers().call_check_settings(store, &fixed()).await?)),
            Instance::V0_3(policy) => policy.check_settings(store, declared, settings).await,
        }
    }

    pub(crate) async fn review_account<T: Send>(&self, store: &mut Store<T>, id: &AccountId) -> CallResult<Plan> {
        match self {
            Instance::V0_1(policy) => Ok(newest(policy.answers().call_review_account(store, id).await?)),
            Instance::V0_2(policy) => Ok(newest(policy.answers().call_review_account(store, id).await?)),
            Instance::V0_3(policy) => {
                let plan = policy.answers().call_review_account(store, id).await?;
                plan.iter().try_for_each(ensure_tables)?;
                Ok(plan)
            }
        }
    }

    pub(crate) async fn decide<T: Send>(
        &self,
        store: &mut Store<T>,
        id: &AccountId,
        request: &Request,
    ) -> CallResult<Decision> {
        match self {
            Instance::V0_1(policy) => {
                Ok(newest(policy.answers().call_decide(store, id, &request.clone().into()).await?))
            }
            Instance::V0_2(policy) => {
                Ok(newest(policy.answers().call_decide(store, id, &request.clone().into()).await?))
            }
            Instance::V0_3(policy) => {
                let decision = policy.answers().call_decide(store, id, request).await?;
                decision.iter().try_for_each(|decision| ensure_tables(&decision.plan))?;
                Ok(decision)
            }
        }
    }

    pub(crate) async fn screen<T: Send>(
        &self,
        store: &mut Store<T>,
        id: &AccountId,
        numbers: &[PhoneNumber],
    ) -> CallResult<Vec<Screening>> {
        match self {
            Instance::V0_1(policy) => Ok(all(policy.answers().call_screen(store, id, numbers).await?)),
            Instance::V0_2(policy) => Ok(all(policy.answers().call_screen(store, id, numbers).await?)),
            Instance::V0_3(policy) => policy.answers().call_screen(store, id, numbers).await,
        }
    }

    pub(crate) async fn usage<T: Send>(&self, store: &mut Store<T>, id: &AccountId) -> CallResult<Usage> {
        match self {
            Instance::V0_1(policy) => Ok(newest(policy.answers().call_get_usage(store, id).await?)),
            Instance::V0_2(policy) => Ok(newest(policy.answers().call_get_usage(store, id).await?)),
            Instance::V0_3(policy) => policy.answers().call_get_usage(store, id).await,
        }
    }
}

fn all<O, N: From<O>>(answer: Result<Vec<O>, v0_2::types::Error>) -> Result<Vec<N>, Error> {
    answer.map(|all| all.into_iter().map(N::from).collect()).map_err(Error::from)
}

/// An error that names the table and the column if a plan's tables are none.
fn ensure_tables(plan: &Plan) -> wasmtime::Result<()> {
    let tables = plan.reviews.check().and_then(|()| plan.suspects.iter().try_for_each(SuspectTable::check));
    tables.map_err(|fault| wasmtime::Error::msg(fault.to_string()))
}

/// Translates the answers of a version whose interface `policy` is as in 0.2.0. Bindgen generates these types for each
/// version again.
macro_rules! translate_answers {
    () => {
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

        impl From<exports::Screening> for Screening {
            fn from(exports::Screening { number, status, flagging, answering }: exports::Screening) -> Self {
                Screening { number, status: status.into(), flagging, answering }
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
                    suspect: 0,
                    resting: 0,
                    flagged_past_day: usage.flagged_past_day,
                    flagged_past_week: usage.flagged_past_week,
                }
            }
        }

        impl From<exports::Description> for Description {
            fn from(exports::Description { name, version, summary }: exports::Description) -> Self {
                let settings = crate::settings::settings_before_0_3();
                Description { name, version, summary, settings }
            }
        }
    };
}

pub(super) use translate_answers;

/// A broken table is the dialer's fault. The policy sees it as an outage.
pub(crate) fn unreadable(fault: TableFault) -> Error {
    Error::unavailable(format!("The dialer's answer is not a valid table: {fault}."))
}
