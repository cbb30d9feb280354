//! The engine in which policies run: one for all policies of a program, so that another one can be swapped in beside
//! those at work, and so that they share its places.

use super::limits::{MEMORY_BYTES_MAX, TICK};
use super::run::TABLE_ENTRIES_MAX;
use crate::sha256::sha256;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock, Weak};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, WasmFeatures};

/// Runs that may be under way at once; further ones wait for their turn.
const RUNS_MAX: u32 = 256;

/// Memories in one component. A policy has one, and so has each policy that is wrapped around it.
const MEMORIES_MAX: u32 = 4;

/// Core instances and tables in one component. An interpreter is linked from a few dozen modules, which share a
/// memory and a table; what compilers put between a module and its imports has a table of its own.
const CORE_INSTANCES_MAX: u32 = 64;
const TABLES_MAX: u32 = 2 * MEMORIES_MAX;

/// An engine with places for runs. Cheap to clone.
#[derive(Clone)]
pub(crate) struct PolicyEngine {
    engine: Arc<Engine>,
    places: Arc<Semaphore>,
}

impl PolicyEngine {
    /// The engine of this program, made when it is first asked for.
    pub(crate) fn shared() -> Self {
        static SHARED: OnceLock<PolicyEngine> = OnceLock::new();
        SHARED.get_or_init(|| PolicyEngine::new().expect("the engine's settings go together")).clone()
    }

    fn new() -> wasmtime::Result<Self> {
        let engine = tick(Engine::new(&config())?);
        Ok(PolicyEngine { engine, places: Arc::new(Semaphore::new(RUNS_MAX as usize)) })
    }

    pub(crate) fn wasm(&self) -> &Engine {
        &self.engine
    }

    /// A place for one run; waits for one where all are taken.
    pub(crate) async fn place(&self) -> OwnedSemaphorePermit {
        self.places.clone().acquire_owned().await.expect("nobody closes the semaphore")
    }
}

/// What code has to have been compiled for to run in this process, in 32 hexadecimal digits: the release of wasmtime, its
/// settings and the processor.
///
/// ```
/// assert_eq!(dialguard::policy::code_compatibility().len(), 32);
/// ```
pub fn code_compatibility() -> String {
    let mut read = HashInput::default();
    PolicyEngine::shared().wasm().precompile_compatibility_hash().hash(&mut read);
    sha256(&read.0)[..32].to_owned()
}

/// What is hashed, as bytes: the standard library has no hasher that is the same in every release.
#[derive(Default)]
struct HashInput(Vec<u8>);

impl Hasher for HashInput {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn finish(&self) -> u64 {
        unreachable!("the bytes are read as a whole")
    }
}

/// WebAssembly proposals that no compiler's output for policies needs. Most are off already, for want of wasmtime's
/// features; they stay off where another crate of the program switches those on.
///
/// Several memories in a module are not among them: wasmtime makes such modules itself where components in a component
/// call each other, and panics where it may not. The pool has no place for a module with two of its own.
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

/// A sandbox in which nothing works that policies do not need.
fn config() -> Config {
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
    pool.total_memories(RUNS_MAX * MEMORIES_MAX).max_memories_per_component(MEMORIES_MAX);
    // Address space only: what a run may use of it, in all its memories together, is its own limit.
    pool.table_elements(TABLE_ENTRIES_MAX).max_memory_size(MEMORY_BYTES_MAX);
    // Reused memory stays mapped and is cleared by hand: quicker than the kernel for the few pages a policy touches.
    pool.linear_memory_keep_resident(256 << 10).table_keep_resident(64 << 10).async_stack_keep_resident(0);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
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
