//! A policy component: compiled once, and a fresh sandboxed instance for every call.

use crate::contract::*;
use crate::dialer::Dialer;
use crate::run::{Run, Shown};
use sha2::{Digest, Sha256};
use std::sync::{Arc, Weak};
use std::time::Duration;
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store, Trap};

/// The reference policy's component, as built from `plugin/`.
pub const REFERENCE_POLICY: &[u8] = include_bytes!(env!("DIALGUARD_POLICY"));

/// How often a computing policy is looked at: the unit of its time.
const TICK: Duration = Duration::from_millis(10);

/// Runs that may be under way at once in one engine.
const RUNS_MAX: u32 = 256;

/// What one run of a policy may use. A policy that wants more loses the run, and nobody else anything.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Time that the policy itself computes, waiting for the dialer not counted. Measured in ticks of 10 ms.
    pub compute_time_max: Duration,
    /// Bytes of its memory. At most 256 MiB, which is also what an engine sets aside address space for.
    pub memory_bytes_max: usize,
    /// Bytes that one call hands to the host, as parameters or as its answer.
    pub answer_bytes_max: usize,
    /// Numbers that it looks up with the carriers.
    pub look_ups_max: u32,
    /// Calls to its imports.
    pub import_calls_max: u32,
    /// Time that the dialer may take for one import call before the policy hears `unavailable`.
    pub import_time_max: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            compute_time_max: Duration::from_secs(5),
            memory_bytes_max: 128 << 20,
            answer_bytes_max: 64 << 20,
            look_ups_max: 2_000_000,
            import_calls_max: 10_000,
            import_time_max: Duration::from_secs(120),
        }
    }
}

/// A policy that can be called any number of times, from any number of tasks at once. Cheap to clone.
#[derive(Clone)]
pub struct Policy {
    template: PolicyTemplate<Run>,
    limits: Limits,
    digest: Arc<str>,
    _ticker: Arc<Engine>,
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

/// What a policy did that ended its run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyFault {
    /// It computed longer than it may.
    #[error("it computed for more than {0:?}")]
    OutOfTime(Duration),
    /// It wanted more memory than it may have.
    #[error("it wanted more than {} MiB of memory", .0 >> 20)]
    OutOfMemory(usize),
    /// It called its imports more often than it may.
    #[error("it called its imports more than {0} times")]
    TooManyCalls(u32),
    /// It called an import where the contract says it has none to call.
    #[error("it called an import in a function that may call none")]
    UnexpectedImport,
    /// It trapped, or what it handed over was too large or not of the contract's form.
    #[error("{0}")]
    Trapped(String),
}

/// Why a file is no policy that this host can run.
#[derive(Debug, thiserror::Error)]
#[error("this is no policy component for the contract dialguard:reputation@0.1.0: {0}")]
pub struct NotAPolicy(String);

impl Policy {
    /// The policy that comes with this library.
    pub fn reference(limits: Limits) -> Self {
        Self::compile(REFERENCE_POLICY, limits).expect("the reference policy is a policy")
    }

    /// Compiles a component that implements the world `reputation-policy` and imports nothing besides.
    ///
    /// Takes a tenth of a second or so; a compiled policy serves for as long as the program runs.
    pub fn compile(component: &[u8], limits: Limits) -> Result<Self, NotAPolicy> {
        let refused = |error: wasmtime::Error| NotAPolicy(format!("{error:#}"));
        let engine = engine(&limits).map_err(refused)?;
        let component_compiled = Component::from_binary(&engine, component).map_err(refused)?;
        let mut linker = Linker::<Run>::new(&engine);
        PolicyInstance::add_to_linker::<_, HasSelf<Run>>(&mut linker, |run| run).map_err(refused)?;
        let template = linker.instantiate_pre(&component_compiled).and_then(PolicyTemplate::new).map_err(refused)?;
        let digest = Sha256::digest(component).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        Ok(Policy { template, limits, digest: digest.into(), _ticker: tick(engine) })
    }

    /// SHA-256 of the component's bytes, in hexadecimal.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Who this policy is.
    pub async fn describe(&self) -> Result<Description, PolicyError> {
        let (mut store, instance) = self.instance(None).await?;
        let answer = instance.dialguard_reputation_policy().call_describe(&mut store).await;
        Ok(answer.map_err(blame)?)
    }

    /// Whether an account may have these settings.
    pub async fn check_settings(&self, settings: &Settings) -> Result<(), PolicyError> {
        let (mut store, instance) = self.instance(None).await?;
        let answer = instance.dialguard_reputation_policy().call_check_settings(&mut store, settings).await;
        answer.map_err(blame)?.map_err(PolicyError::Answered)
    }

    /// Plans the daily review of one account.
    pub async fn review_account(&self, dialer: &Dialer, id: &str) -> Result<Answered<Plan>, PolicyError> {
        let (mut store, instance) = self.instance(Some(dialer)).await?;
        let answer = instance.dialguard_reputation_policy().call_review_account(&mut store, &id.to_owned()).await;
        answered(answer, store)
    }

    /// Answers a person's request.
    pub async fn decide(
        &self,
        dialer: &Dialer,
        id: &str,
        request: &Request,
    ) -> Result<Answered<Decision>, PolicyError> {
        let (mut store, instance) = self.instance(Some(dialer)).await?;
        let answer = instance.dialguard_reputation_policy().call_decide(&mut store, &id.to_owned(), request).await;
        answered(answer, store)
    }

    /// Says how these numbers stand right now, one answer for each, in the order asked.
    pub async fn screen(
        &self,
        dialer: &Dialer,
        id: &str,
        numbers: &[PhoneNumber],
    ) -> Result<Vec<Screening>, PolicyError> {
        let (mut store, instance) = self.instance(Some(dialer)).await?;
        let answer = instance.dialguard_reputation_policy().call_screen(&mut store, &id.to_owned(), numbers).await;
        let answer = answered(answer, store)?.answer;
        if !answer.iter().map(|screening| &screening.number).eq(numbers) {
            return Err(PolicyFault::Trapped("it did not answer every number in the order asked".into()).into());
        }
        Ok(answer)
    }

    /// Counts the account's slots and numbers.
    pub async fn usage(&self, dialer: &Dialer, id: &str) -> Result<Usage, PolicyError> {
        let (mut store, instance) = self.instance(Some(dialer)).await?;
        let answer = instance.dialguard_reputation_policy().call_get_usage(&mut store, &id.to_owned()).await;
        Ok(answered(answer, store)?.answer)
    }

    /// A fresh instance in a store of its own. Dropping the store ends the run, whatever state it is in.
    async fn instance(&self, dialer: Option<&Dialer>) -> Result<(Store<Run>, PolicyInstance), PolicyFault> {
        let ticks = self.limits.compute_time_max.as_millis().div_ceil(TICK.as_millis()) as u32;
        let run = Run::new(dialer.cloned(), self.limits, ticks);
        let mut store = Store::new(self.template.engine(), run);
        store.limiter(|run| run);
        store.set_hostcall_fuel(self.limits.answer_bytes_max);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|mut store| store.data_mut().tick());
        let instance = self.template.instantiate_async(&mut store).await.map_err(blame)?;
        Ok((store, instance))
    }
}

fn answered<T>(answer: wasmtime::Result<Result<T, Error>>, store: Store<Run>) -> Result<Answered<T>, PolicyError> {
    let answer = answer.map_err(blame)?.map_err(PolicyError::Answered)?;
    Ok(Answered { answer, shown: store.into_data().shown })
}

/// Everything that ends a run from within is the policy's fault; this says which.
fn blame(error: wasmtime::Error) -> PolicyFault {
    match (error.downcast_ref::<PolicyFault>(), error.downcast_ref::<Trap>()) {
        (Some(fault), _) => fault.clone(),
        (None, Some(trap)) => PolicyFault::Trapped(trap.to_string()),
        (None, None) => PolicyFault::Trapped(format!("{error:#}")),
    }
}

/// An engine for one policy: a sandbox in which nothing works that policies do not need.
fn engine(limits: &Limits) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config.epoch_interruption(true);
    // Imports are synchronous to the guest, so calls need none of the bookkeeping of concurrent ones.
    config.concurrency_support(false);
    config.max_wasm_stack(512 << 10).async_stack_size(1 << 20);
    config.wasm_backtrace_max_frames(None).generate_address_map(false);
    config.wasm_relaxed_simd(false).wasm_memory64(false).wasm_multi_memory(false).wasm_tail_call(false);
    config.wasm_wide_arithmetic(false).wasm_custom_page_sizes(false);

    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(RUNS_MAX).total_stacks(RUNS_MAX);
    pool.total_core_instances(RUNS_MAX * 4).total_memories(RUNS_MAX).total_tables(RUNS_MAX * 4);
    pool.max_memory_size(limits.memory_bytes_max.min(256 << 20));
    // Reused memory stays mapped and is cleared by hand: quicker than the kernel for the few pages a policy touches.
    pool.linear_memory_keep_resident(2 << 20).table_keep_resident(64 << 10).async_stack_keep_resident(0);
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
