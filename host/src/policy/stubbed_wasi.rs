//! An stubbed WASI, for policies whose language brings one along and which an operator allowed to.
//!
//! There is nothing in it: no files, no environment, no arguments, no network. What is printed is thrown away, the
//! clocks stand at the run's time, and random numbers are the same in every run, so that a run can be repeated.
//! Interfaces that reach outside are there and refuse, since a language's runtime links them whether it uses them or
//! not; `wasi:http` and the like are missing, and a policy that imports them is none.

use crate::contract::Timestamp;
use sha2::{Digest, Sha256};
use std::time::Duration;
use wasmtime::component::{HasSelf, Linker, Resource, ResourceTable};
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock;
use wasmtime_wasi::p2::{self, DynPollable, Pollable};
use wasmtime_wasi::{Deterministic, HostWallClock, WasiCtx, WasiCtxView, WasiView};

/// What a policy finds beside the contract's imports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wasi {
    /// Nothing: a policy that imports WASI is refused.
    None,
    /// A WASI in which there is nothing: no files, no environment, no network, output thrown away, clocks that stand at
    /// the run's time, the same random numbers in every run. For a policy whose operator allowed it.
    Stubbed,
}

/// Packages that an stubbed WASI has.
const PACKAGES: [&str; 6] =
    ["wasi:cli/", "wasi:clocks/", "wasi:filesystem/", "wasi:io/", "wasi:random/", "wasi:sockets/"];

/// Streams, pollables and the like that a policy may hold at once.
const RESOURCES_MAX: usize = 1_000;

/// Random bytes that a policy may ask for at once.
const RANDOM_BYTES_MAX: u64 = 64 << 10;

/// The stubbed WASI of one run.
pub(crate) struct StubbedWasi {
    context: WasiCtx,
    table: ResourceTable,
    now: Timestamp,
}

impl StubbedWasi {
    /// One whose clocks stand at `now`.
    pub(crate) fn new(now: Timestamp) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(RESOURCES_MAX);
        // Whatever is not named here is empty or closed by default; what would be open is closed.
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

    /// The view for the store's state to hand on.
    pub(crate) fn view(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.context, table: &mut self.table }
    }
}

/// Lets policies import it.
pub(crate) fn add_to_linker<T: WasiView>(
    linker: &mut Linker<T>,
    wasi: fn(&mut T) -> &mut StubbedWasi,
) -> wasmtime::Result<()> {
    p2::add_to_linker_async(linker)?;
    // That clock would wait in real time, and for ever if asked to; this one stands.
    linker.allow_shadowing(true);
    monotonic_clock::add_to_linker::<T, HasSelf<StubbedWasi>>(linker, wasi)?;
    linker.allow_shadowing(false);
    Ok(())
}

/// Whether an stubbed WASI has all of these imports.
pub(crate) fn has_all(imports: &[String]) -> bool {
    let has = |name: &String| PACKAGES.iter().any(|package| name.starts_with(package)) && name.contains("@0.2.");
    imports.iter().all(has)
}

/// A clock at which no time passes.
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
        let over = self.table.push(ElapsedWait)?;
        p2::subscribe(&mut self.table, over)
    }

    fn subscribe_duration(&mut self, _: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.subscribe_instant(0)
    }
}

const NANOSECONDS_PER_SECOND: u64 = 1_000_000_000;

/// A wait that is over as soon as it began.
struct ElapsedWait;

#[wasmtime_wasi::async_trait]
impl Pollable for ElapsedWait {
    async fn ready(&mut self) {}
}

/// Bytes that look random and are always the same.
fn random_bytes() -> Vec<u8> {
    (0..32_u8).flat_map(|block| Sha256::digest([block])).collect()
}
