//! A policy component: compiled once, and a fresh sandboxed instance for every call.

use crate::contract::versions::{Instance, Template};
use crate::contract::*;
use crate::dialer::Dialer;
pub use crate::inspection::NotAPolicy;
use crate::inspection::inspect;
use crate::limits::TICK;
pub use crate::limits::{Limits, PolicyFault};
use crate::run::{Run, Shown, TABLE_ENTRIES_MAX};
use sha2::{Digest, Sha256};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::component::Component;
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store, Trap, WasmFeatures};

/// The reference policy's component, as built from `plugin/`.
pub const REFERENCE_POLICY: &[u8] = include_bytes!(env!("DIALGUARD_POLICY"));

/// Runs that may be under way at once in one engine; further ones wait for their turn.
const RUNS_MAX: u32 = 256;

/// Core instances and tables in one component. An interpreter is linked from a few dozen modules, which share a
/// memory and a table.
const CORE_INSTANCES_MAX: u32 = 64;
const TABLES_MAX: u32 = 4;

/// Bytes in the message of an error that a policy answers.
const MESSAGE_BYTES_MAX: usize = 2_000;

/// A policy that can be called any number of times, from any number of tasks at once. Cheap to clone.
#[derive(Clone)]
pub struct Policy {
    template: Arc<Template<Run>>,
    limits: Limits,
    digest: Arc<str>,
    places: Arc<Semaphore>,
    engine: Arc<Engine>,
}

/// What a policy answered, and what it had been shown when it did.
#[derive(Debug)]
pub struct Answered<T> {
    /// The policy's answer.
    pub answer: T,
    /// What it read.
    pub shown: Shown,
}

/// Why a policy gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The policy itself answered with an error, its own or one of the dialer's.
    #[error("{}", .0.message)]
    Answered(Error),
    /// The policy is at fault; its run was thrown away.
    #[error("the policy failed and its run was thrown away: {0}")]
    Fault(#[from] PolicyFault),
}

impl Policy {
    /// The policy that comes with this library.
    pub fn reference(limits: Limits) -> Self {
        Self::compile(REFERENCE_POLICY, limits).expect("the reference policy is a policy")
    }

    /// Compiles a component that implements the world `reputation-policy`, in any of the [`VERSIONS`] of the contract,
    /// and imports nothing besides.
    ///
    /// Takes a tenth of a second or so; a compiled policy serves for as long as the program runs. It is instantiated
    /// once, within its limits and with nothing to import: the types of its exports are compared only then.
    pub fn compile(component: &[u8], limits: Limits) -> Result<Self, NotAPolicy> {
        let refused = |error: wasmtime::Error| NotAPolicy(format!("{error:#}"));
        let version = inspect(component)?.contract_spoken()?;
        let engine = engine(&limits).map_err(refused)?;
        let compiled = Component::from_binary(&engine, component).map_err(refused)?;
        let template = Arc::new(Template::new(version, &compiled).map_err(refused)?);
        let digest = Sha256::digest(component).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let places = Arc::new(Semaphore::new(RUNS_MAX as usize));
        let policy = Policy { template, limits, digest: digest.into(), places, engine: tick(engine) };
        policy.try_out().map_err(|fault| NotAPolicy(fault.to_string()))?;
        Ok(policy)
    }

    /// SHA-256 of the component's bytes, in hexadecimal.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The version of the contract that it was made for, one of [`VERSIONS`].
    pub fn contract_version(&self) -> &'static str {
        self.template.version()
    }

    /// Who this policy is.
    pub async fn describe(&self) -> Result<Description, PolicyError> {
        let mut run = self.begin(None).await?;
        let answer = run.policy.describe(&mut run.store).await;
        Ok(answer.map_err(|error| self.blame(error))?)
    }

    /// Whether an account may have these settings.
    pub async fn check_settings(&self, settings: &Settings) -> Result<(), PolicyError> {
        let mut run = self.begin(None).await?;
        let answer = run.policy.check_settings(&mut run.store, settings).await;
        self.answered(answer, run).map(|answered| answered.answer)
    }

    /// Plans the daily review of one account.
    pub async fn review_account(&self, dialer: &Dialer, id: &str) -> Result<Answered<Plan>, PolicyError> {
        let mut run = self.begin(Some((dialer.clone(), id.to_owned()))).await?;
        let answer = run.policy.review_account(&mut run.store, &id.to_owned()).await;
        self.answered(answer, run)
    }

    /// Answers a person's request.
    pub async fn decide(
        &self,
        dialer: &Dialer,
        id: &str,
        request: &Request,
    ) -> Result<Answered<Decision>, PolicyError> {
        let mut run = self.begin(Some((dialer.clone(), id.to_owned()))).await?;
        let answer = run.policy.decide(&mut run.store, &id.to_owned(), request).await;
        self.answered(answer, run)
    }

    /// Says how these numbers stand right now, one answer for each, in the order asked.
    pub async fn screen(
        &self,
        dialer: &Dialer,
        id: &str,
        numbers: &[PhoneNumber],
    ) -> Result<Vec<Screening>, PolicyError> {
        let mut run = self.begin(Some((dialer.clone(), id.to_owned()))).await?;
        let answer = run.policy.screen(&mut run.store, &id.to_owned(), numbers).await;
        let answer = self.answered(answer, run)?.answer;
        if !answer.iter().map(|screening| &screening.number).eq(numbers) {
            return Err(PolicyFault::Trapped("it did not answer every number in the order asked".into()).into());
        }
        Ok(answer)
    }

    /// Counts the account's slots and numbers.
    pub async fn usage(&self, dialer: &Dialer, id: &str) -> Result<Usage, PolicyError> {
        let mut run = self.begin(Some((dialer.clone(), id.to_owned()))).await?;
        let answer = run.policy.usage(&mut run.store, &id.to_owned()).await;
        Ok(self.answered(answer, run)?.answer)
    }

    /// A fresh instance in a store of its own. Dropping it ends the run, whatever state it is in.
    async fn begin(&self, asked: Option<(Dialer, AccountId)>) -> Result<Sandbox, PolicyFault> {
        let place = self.places.clone().acquire_owned().await.expect("nobody closes the semaphore");
        let mut store = Store::new(&self.engine, Run::new(asked, self.limits));
        store.limiter(|run| run);
        store.set_hostcall_fuel(self.limits.answer_bytes_max);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|mut store| store.data_mut().tick());
        let policy = self.template.instantiate(&mut store).await.map_err(|error| self.blame(error))?;
        Ok(Sandbox { policy, store, _place: place })
    }

    /// Instantiates it for nobody. There is nothing to wait for but its own start function, so this needs no runtime.
    fn try_out(&self) -> Result<(), PolicyFault> {
        let mut trial = std::pin::pin!(self.begin(None));
        let mut context = Context::from_waker(Waker::noop());
        loop {
            if let Poll::Ready(begun) = trial.as_mut().poll(&mut context) {
                return begun.map(|_| ());
            }
        }
    }

    fn answered<T>(
        &self,
        answer: wasmtime::Result<Result<T, Error>>,
        run: Sandbox,
    ) -> Result<Answered<T>, PolicyError> {
        match answer.map_err(|error| self.blame(error))? {
            Ok(answer) => Ok(Answered { answer, shown: run.store.into_data().shown }),
            Err(error) if error.message.len() > MESSAGE_BYTES_MAX => {
                Err(PolicyFault::TooLarge(MESSAGE_BYTES_MAX).into())
            }
            Err(error) => Err(PolicyError::Answered(error)),
        }
    }

    /// Everything that ends a run from within is the policy's fault; this says which.
    fn blame(&self, error: wasmtime::Error) -> PolicyFault {
        if let Some(fault) = error.downcast_ref::<PolicyFault>() {
            return fault.clone();
        }
        match error.downcast_ref::<Trap>() {
            Some(trap) => PolicyFault::Trapped(trap.to_string()),
            // The error's type is private to wasmtime; a hostile policy in tests/ sees to it that its words stay.
            None if error.root_cause().to_string().contains("fuel allocated for hostcalls") => {
                PolicyFault::TooLarge(self.limits.answer_bytes_max)
            }
            None => PolicyFault::Trapped(format!("{error:#}")),
        }
    }
}

/// One run of a policy. The store goes before the place that it holds in the engine's pool.
struct Sandbox {
    policy: Instance,
    store: Store<Run>,
    _place: OwnedSemaphorePermit,
}

/// WebAssembly proposals that no compiler's output for policies needs. Most are off already, for want of wasmtime's
/// features; they stay off where another crate of the program switches those on.
const PROPOSALS_OFF: WasmFeatures = WasmFeatures::THREADS
    .union(WasmFeatures::SHARED_EVERYTHING_THREADS)
    .union(WasmFeatures::MEMORY64)
    .union(WasmFeatures::MULTI_MEMORY)
    .union(WasmFeatures::CUSTOM_PAGE_SIZES)
    .union(WasmFeatures::GC)
    .union(WasmFeatures::GC_TYPES)
    .union(WasmFeatures::FUNCTION_REFERENCES)
    .union(WasmFeatures::EXCEPTIONS)
    .union(WasmFeatures::STACK_SWITCHING)
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::RELAXED_SIMD)
    .union(WasmFeatures::WIDE_ARITHMETIC)
    .union(WasmFeatures::CM_ASYNC);

/// An engine for one policy: a sandbox in which nothing works that policies do not need.
fn engine(limits: &Limits) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config.epoch_interruption(true);
    // Imports are synchronous to the guest, so calls need none of the bookkeeping of concurrent ones.
    config.concurrency_support(false);
    config.max_wasm_stack(512 << 10).async_stack_size(1 << 20);
    config.wasm_backtrace_max_frames(None).generate_address_map(false);
    config.wasm_features(PROPOSALS_OFF, false);

    // So many of each that a component within its share can always be instantiated in its place.
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(RUNS_MAX).total_stacks(RUNS_MAX);
    pool.total_core_instances(RUNS_MAX * CORE_INSTANCES_MAX).max_core_instances_per_component(CORE_INSTANCES_MAX);
    pool.total_tables(RUNS_MAX * TABLES_MAX).max_tables_per_component(TABLES_MAX).max_tables_per_module(TABLES_MAX);
    pool.total_memories(RUNS_MAX).max_memories_per_component(1);
    pool.table_elements(TABLE_ENTRIES_MAX).max_memory_size(limits.memory_bytes_max.min(256 << 20));
    // Reused memory stays mapped and is cleared by hand: quicker than the kernel for the few pages a policy touches.
    pool.linear_memory_keep_resident(256 << 10).table_keep_resident(64 << 10).async_stack_keep_resident(0);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Engine::new(&config)
}

/// Advances the engine's epoch for as long as somebody holds what this returns.
fn tick(engine: Engine) -> Arc<Engine> {
    let engine = Arc::new(engine);
    let watched: Weak<Engine> = Arc::downgrade(&engine);
    std::thread::Builder::new()
        .name("policy-ticker".into())
        .spawn(move || {
            while let Some(engine) = watched.upgrade() {
                engine.increment_epoch();
                std::thread::sleep(TICK);
            }
        })
        .expect("a thread can be started");
    engine
}
