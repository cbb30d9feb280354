//! Stubbed (deny-all) WASI, for policies whose language runtime imports WASI, if an operator allows it.
//!
//! It gives access to nothing: no files, environment, arguments or network. Output is discarded, the clocks always show
//! the run's time, and random numbers are the same in every run, so that a run can be repeated. Interfaces that reach
//! outside exist but refuse every call, because a language's runtime links them whether it uses them or not. `wasi:http`
//! and the like do not exist here, and a policy that imports them is refused.

use crate::contract::Timestamp;
use sha2::{Digest, Sha256};
use std::time::Duration;
use wasmtime::component::{HasSelf, Linker, Resource, ResourceTable};
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock;
use wasmtime_wasi::p2::{self, DynPollable, Pollable};
use wasmtime_wasi::{Deterministic, HostWallClock, WasiCtx, WasiCtxView, WasiView};

/// The most streams, pollables and other resources that a policy may hold at once.
const RESOURCES_MAX: usize = 1_000;

/// The most random bytes that a policy may request at once.
const RANDOM_BYTES_MAX: u64 = 64 << 10;

/// The stubbed WASI of one run.
pub(crate) struct StubbedWasi {
    context: WasiCtx,
    table: ResourceTable,
    now: Timestamp,
}

impl StubbedWasi {
    /// Creates one whose clocks always show `now`.
    pub(crate) fn new(now: Timestamp) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(RESOURCES_MAX);
        // Everything not listed here is empty or closed by default.
        let context = WasiCtx::builder()
            .wall_clock(StoppedClock(now))
            .secure_random(Deterministic::new(random_bytes()))
            .insecure_random(Deterministic::new(random_bytes()))
            .insecure_random_seed(0)
            .max_random_size(RANDOM_BYTES_MAX)
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .build();
        StubbedWasi { context, table, now }
    }

    /// The view that the store's state returns to wasmtime.
    pub(crate) fn view(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.context, table: &mut self.table }
    }
}

/// Adds stubbed WASI to a linker.
pub(crate) fn add_to_linker<T: WasiView>(
    linker: &mut Linker<T>,
    wasi: fn(&mut T) -> &mut StubbedWasi,
) -> wasmtime::Result<()> {
    p2::add_to_linker_async(linker)?;
    // The clock added above waits in real time, for ever if asked to. This one never waits.
    linker.allow_shadowing(true);
    monotonic_clock::add_to_linker::<T, HasSelf<StubbedWasi>>(linker, wasi)?;
    linker.allow_shadowing(false);
    Ok(())
}

/// A clock that always shows the same time.
struct StoppedClock(Timestamp);

impl HostWallClock for StoppedClock {
    fn resolution(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn now(&self) -> Duration {
        Duration::from_secs(self.0)
    }
}

impl monotonic_clock::Host for StubbedWasi {
    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(self.now.saturating_mul(NANOSECONDS_PER_SECOND))
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        Ok(NANOSECONDS_PER_SECOND)
    }

    fn subscribe_instant(&mut self, _: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let wait = self.table.push(ElapsedWait)?;
        p2::subscribe(&mut self.table, wait)
    }

    fn subscribe_duration(&mut self, _: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.subscribe_instant(0)
    }
}

const NANOSECONDS_PER_SECOND: u64 = 1_000_000_000;

/// A wait that is over at once.
struct ElapsedWait;

#[wasmtime_wasi::async_trait]
impl Pollable for ElapsedWait {
    async fn ready(&mut self) {}
}

/// Bytes that look random and are the same every time.
fn random_bytes() -> Vec<u8> {
    (0..32_u8).flat_map(|block| Sha256::digest([block])).collect()
}
