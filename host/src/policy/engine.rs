//! The engine that runs policies: one for all policies of a program, so that a new policy can be loaded while others
//! run, and so that all of them share one pool of instances.

use super::limits::{MEMORY_BYTES_MAX, TICK};
use super::run::TABLE_ENTRIES_MAX;
use crate::sha256::sha256;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock, Weak};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, WasmFeatures};

/// Runs that may be active at once; further ones wait.
const RUNS_MAX: u32 = 256;

/// Memories in one component. A policy has one, and so does each policy wrapped around it.
pub(super) const MEMORIES_MAX: u32 = 4;

/// Core instances and tables in one component. An interpreter is linked from a few dozen modules that share one memory
/// and one table; the adapters that compilers put between a module and its imports have a table each.
pub(super) const CORE_INSTANCES_MAX: u32 = 64;
pub(super) const TABLES_MAX: u32 = 2 * MEMORIES_MAX;

/// What a memory keeps of the process's own memory after its run, if the run used as much: enough for a review of 10,000
/// numbers by the reference policy, which takes 1.4 MiB.
const MEMORY_BYTES_KEPT: usize = 2 << 20;

/// Memories that idle policies keep ready for their next run. Beyond that, a run takes over the one that was idle longest
/// instead of one that was never used.
const MEMORIES_KEPT_WARM: u32 = 16;

/// An engine and the permits for its runs. Cheap to clone.
#[derive(Clone)]
pub(crate) struct PolicyEngine {
    engine: Arc<Engine>,
    permits: Arc<Semaphore>,
}

impl PolicyEngine {
    /// The program's engine, created on first use.
    pub(crate) fn shared() -> Self {
        static SHARED: OnceLock<PolicyEngine> = OnceLock::new();
        SHARED.get_or_init(|| PolicyEngine::new().expect("the engine's settings are compatible")).clone()
    }

    fn new() -> wasmtime::Result<Self> {
        let engine = tick(Engine::new(&config())?);
        Ok(PolicyEngine { engine, permits: Arc::new(Semaphore::new(RUNS_MAX as usize)) })
    }

    pub(crate) fn wasm(&self) -> &Engine {
        &self.engine
    }

    /// A permit for one run; waits while all are taken.
    pub(crate) async fn permit(&self) -> OwnedSemaphorePermit {
        self.permits.clone().acquire_owned().await.expect("the semaphore is never closed")
    }
}

/// Identifies what compiled code must match to run in this process: wasmtime's release, its settings and the processor. 32
/// hexadecimal digits.
///
/// ```
/// assert_eq!(dialguard::policy::code_compatibility().len(), 32);
/// ```
pub fn code_compatibility() -> String {
    let mut input = HashInput::default();
    PolicyEngine::shared().wasm().precompile_compatibility_hash().hash(&mut input);
    sha256(&input.0)[..32].to_owned()
}

/// Collects the bytes to hash, because the standard library's hashers may change between releases.
#[derive(Default)]
struct HashInput(Vec<u8>);

impl Hasher for HashInput {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn finish(&self) -> u64 {
        unreachable!("the bytes are hashed as a whole")
    }
}

/// WebAssembly proposals that compiled policies do not need. Most are off already because wasmtime's cargo features are
/// off; listing them keeps them off if another crate of the program turns those features on.
///
/// Several memories in a module are not listed: wasmtime generates such modules itself when components inside a component
/// call each other, and panics if it may not. The pool has no room for a policy's own module with two memories.
const PROPOSALS_OFF: WasmFeatures = WasmFeatures::THREADS
    .union(WasmFeatures::SHARED_EVERYTHING_THREADS)
    .union(WasmFeatures::MEMORY64)
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

/// Enables only what policies need.
fn config() -> Config {
    let mut config = Config::new();
    config.epoch_interruption(true);
    // Imports are synchronous to the guest, so calls do not need the bookkeeping of concurrent ones.
    config.concurrency_support(false);
    config.max_wasm_stack(512 << 10).async_stack_size(1 << 20);
    config.wasm_backtrace_max_frames(None).generate_address_map(false);
    config.wasm_features(PROPOSALS_OFF, false);

    // Enough of everything that a component within the bounds can always be instantiated once it has a permit.
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(RUNS_MAX).total_stacks(RUNS_MAX);
    pool.total_core_instances(RUNS_MAX * CORE_INSTANCES_MAX).max_core_instances_per_component(CORE_INSTANCES_MAX);
    pool.total_tables(RUNS_MAX * TABLES_MAX).max_tables_per_component(TABLES_MAX).max_tables_per_module(TABLES_MAX);
    pool.total_memories(RUNS_MAX * MEMORIES_MAX).max_memories_per_component(MEMORIES_MAX);
    // Address space only; each run's own limit bounds what all its memories use together.
    pool.table_elements(TABLE_ENTRIES_MAX).max_memory_size(MEMORY_BYTES_MAX);
    // Reused memory stays mapped and is cleared here, which is faster than a page fault for every page that a run touches.
    pool.linear_memory_keep_resident(MEMORY_BYTES_KEPT).table_keep_resident(64 << 10).async_stack_keep_resident(0);
    pool.max_unused_warm_slots(MEMORIES_KEPT_WARM);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

/// Advances the engine's epoch until the returned engine is dropped.
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
        .expect("the system can start a thread");
    engine
}
