//! What a policy costs: time, memory, and fuel. Fuel is the same on every machine and in every run.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dialguard::bench::bench;
//! use dialguard::policy::{Limits, REFERENCE_POLICY, Wasi};
//!
//! let report = bench(REFERENCE_POLICY, Limits::default(), Wasi::None).await?;
//! let sizes: Vec<u32> = report.reviews.iter().map(|review| review.numbers).collect();
//! assert_eq!(sizes, [15, 1_000, 10_000]);
//! let large = &report.reviews[2];
//! assert!(large.fuel_per_number < report.reviews[0].fuel_per_number); // more numbers share the fixed cost of a run
//! println!("{report}");
//! # Ok(())
//! # }
//! ```

use crate::clock::FixedClock;
use crate::contract::versions::Template;
use crate::contract::*;
use crate::dialer::{CarrierLookup, Dialer, NumberInventory};
use crate::policy::{Limits, Policy, Run, Wasi};
use crate::settings::Settings;
use anyhow::{Context, anyhow};
use serde::Serialize;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;
use wasmtime::component::Component;
use wasmtime::{Config, Engine, Store};

/// Numbers in the accounts reviewed: a block, a large account, and a full page.
const ACCOUNT_SIZES: [u32; 3] = [15, 1_000, 10_000];

/// Fresh instances created to find the median.
const INSTANCES: usize = 101;

/// Numbers reviewed to find a median, and the bounds on the number of runs.
const NUMBERS_REVIEWED: usize = 50_000;
const RUNS_MIN: usize = 11;
const RUNS_MAX: usize = 501;

/// What a policy costs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct BenchReport {
    /// Nanoseconds for a fresh instance and the shortest call, `describe`: the median.
    pub instantiation_nanoseconds: u64,
    /// Reviews of accounts of 15, 1,000 and 10,000 numbers with three carriers.
    pub reviews: Vec<ReviewCost>,
}

/// The cost of reviewing one account.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ReviewCost {
    /// Numbers that the account monitors, all of them due.
    pub numbers: u32,
    /// Nanoseconds per number, including instantiation: the median of many reviews.
    pub nanoseconds_per_number: f64,
    /// Fuel of the whole review, including instantiation: about one unit per WebAssembly instruction. It depends only on
    /// the component and its input.
    pub fuel: u64,
    /// Fuel per number.
    pub fuel_per_number: f64,
    /// Bytes of the policy's memory at the end, which is the maximum.
    pub memory_bytes: usize,
}

/// Measures a policy component. Takes seconds. The dialer has every answer prepared, so that only the policy and its
/// boundary are measured.
///
/// Errors: the component is not a policy, exceeds `limits`, or returns an error from a review.
pub async fn bench(component: &[u8], limits: Limits, wasi: Wasi) -> anyhow::Result<BenchReport> {
    let policy = Policy::compile_with(component, limits, wasi)?;
    let metered = MeteredPolicy::compile(component, &policy, wasi)?;
    let instantiation_nanoseconds = instantiation_nanoseconds(&policy).await?;
    let mut reviews = Vec::new();
    for numbers in ACCOUNT_SIZES {
        reviews.push(review_cost(&policy, &metered, numbers).await?);
    }
    Ok(BenchReport { instantiation_nanoseconds, reviews })
}

async fn instantiation_nanoseconds(policy: &Policy) -> anyhow::Result<u64> {
    let mut samples = Vec::new();
    for _ in 0..INSTANCES {
        let begun = Instant::now();
        policy.describe().await?;
        samples.push(begun.elapsed().as_nanos() as u64);
    }
    Ok(median(samples))
}

async fn review_cost(policy: &Policy, metered: &MeteredPolicy, numbers: u32) -> anyhow::Result<ReviewCost> {
    let dialer = ReadyDialer::new(numbers).dialer();
    let mut samples = Vec::new();
    for _ in 0..(NUMBERS_REVIEWED / numbers as usize).clamp(RUNS_MIN, RUNS_MAX) {
        let begun = Instant::now();
        policy.review_account(&dialer, ACCOUNT).await.with_context(|| format!("reviewing {numbers} numbers"))?;
        samples.push(begun.elapsed().as_nanos() as u64);
    }
    let Measurement { fuel, memory_bytes } = metered.review(&dialer).await?;
    Ok(ReviewCost {
        numbers,
        nanoseconds_per_number: median(samples) as f64 / f64::from(numbers),
        fuel,
        fuel_per_number: fuel as f64 / f64::from(numbers),
        memory_bytes,
    })
}

fn median(mut samples: Vec<u64>) -> u64 {
    samples.sort_unstable();
    samples[samples.len() / 2]
}

impl fmt::Display for BenchReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let microseconds = self.instantiation_nanoseconds as f64 / 1_000.0;
        writeln!(f, "a fresh instance  {microseconds:.1} µs")?;
        write!(f, "numbers   ns/number   numbers/s   fuel/number   memory")?;
        for ReviewCost { numbers, nanoseconds_per_number, fuel_per_number, memory_bytes, .. } in &self.reviews {
            let numbers_per_second = 1e9 / nanoseconds_per_number;
            let memory_kib = memory_bytes >> 10;
            write!(
                f,
                "\n{numbers:>7}   {nanoseconds_per_number:>9.0}   {numbers_per_second:>9.0}   {fuel_per_number:>11.0}   \
                 {memory_kib} KiB"
            )?;
        }
        Ok(())
    }
}

/// The policy in its own engine, which counts fuel. That engine does not limit CPU time: the ordinary engine, which runs
/// the policy first, has stopped one that takes too long.
struct MeteredPolicy {
    engine: Engine,
    template: Template<Run>,
    declared: Arc<[Setting]>,
    limits: Limits,
    wasi: Wasi,
}

struct Measurement {
    fuel: u64,
    memory_bytes: usize,
}

impl MeteredPolicy {
    fn compile(component: &[u8], policy: &Policy, wasi: Wasi) -> anyhow::Result<Self> {
        let mut config = Config::new();
        config.consume_fuel(true).concurrency_support(false);
        let engine = Engine::new(&config)?;
        let component = Component::from_binary(&engine, component)?;
        let template = Template::new(policy.contract_version(), Run::linker(&engine, wasi)?, &component)?;
        Ok(MeteredPolicy { engine, template, declared: policy.settings().into(), limits: policy.limits(), wasi })
    }

    async fn review(&self, dialer: &Dialer) -> anyhow::Result<Measurement> {
        const FULL: u64 = u64::MAX;
        let subject = Some((dialer.clone(), ACCOUNT.into()));
        let run = Run::new(subject, self.declared.clone(), self.limits, self.wasi);
        let mut store = Store::new(&self.engine, run);
        store.limiter(|run| run);
        store.set_hostcall_fuel(self.limits.answer_bytes_max);
        store.set_fuel(FULL)?;
        let policy = self.template.instantiate(&mut store).await?;
        let answer = policy.review_account(&mut store, &ACCOUNT.to_owned()).await;
        answer?.map_err(|error| anyhow!(error.message))?;
        Ok(Measurement { fuel: FULL - store.get_fuel()?, memory_bytes: store.data().memory_bytes })
    }
}

const ACCOUNT: &str = "bench";
const CARRIERS: u16 = 3;
const FIRST: PhoneNumber = 13_100_000_000;
/// 2026-01-15T09:00:00Z
const NOW: Timestamp = 1_768_467_600;
const DAY: u64 = 86_400;

/// A dialer whose answers are prepared and only copied.
struct ReadyDialer {
    account: Account,
    pages: Vec<Page>,
}

/// A page of numbers and what carriers say about them.
struct Page {
    monitored: MonitoredTable,
    verdicts: VerdictTable,
}

fn pages(numbers: u32) -> Vec<Page> {
    let page = |from: u32| {
        let places = from..numbers.min(from + NUMBERS_PER_CALL_MAX as u32);
        let mut verdicts = VerdictTable::of((1..=CARRIERS).collect());
        places.clone().for_each(|place| verdicts.push((1..=CARRIERS).map(|carrier| verdict(place, carrier))));
        Page { monitored: places.map(monitored).collect(), verdicts }
    };
    (0..numbers).step_by(NUMBERS_PER_CALL_MAX).map(page).collect()
}

impl ReadyDialer {
    fn new(numbers: u32) -> Self {
        let slots = numbers.next_multiple_of(15);
        ReadyDialer {
            account: Account {
                id: ACCOUNT.into(),
                revision: 1,
                enabled: true,
                slot_count: slots,
                slot_count_next: slots,
                slots_per_block: 15,
                block_price_cents: 4_900,
                cycle_starts_at: NOW - 15 * DAY,
                cycle_ends_at: NOW + 15 * DAY,
                day_starts_at: NOW - NOW % DAY,
                locked_slots: Vec::new(),
                monitored_count: numbers,
                rated_today: 0,
                look_ups_today: 0,
                replacements_today: 0,
                guard_rails: GuardRails::default(),
                settings: Settings::default(),
            },
            pages: pages(numbers),
        }
    }

    fn dialer(self) -> Dialer {
        let ready = Arc::new(self);
        Dialer { clock: Arc::new(FixedClock(NOW)), carriers: ready.clone(), inventory: ready }
    }
}

fn monitored(place: u32) -> MonitoredNumber {
    MonitoredNumber {
        number: FIRST + u64::from(place),
        slot: place + 1,
        status: Status::Clean,
        status_since: NOW - 10 * DAY,
        monitored_since: NOW - 10 * DAY,
        flagging_checks: 0,
        clearing_checks: 5,
        last_rated_at: Some(NOW - DAY),
        evidence_until: Some(NOW - DAY),
        suspect_since: None,
        resting_since: None,
        replacement_pending: false,
    }
}

/// Carriers rate one number in fifty as spam, as for a typical dialer.
fn verdict(place: u32, carrier: CarrierId) -> CarrierVerdict {
    let score = if place.is_multiple_of(50) { 90 } else { (place % 30) as u8 };
    CarrierVerdict { carrier, score: Some(score), observed_at: NOW - 600 }
}

#[async_trait::async_trait]
impl CarrierLookup for ReadyDialer {
    async fn carriers(&self) -> Vec<Carrier> {
        (1..=CARRIERS).map(|id| Carrier { id, name: format!("carrier {id}") }).collect()
    }

    async fn sources(&self) -> Vec<Source> {
        vec![Source { id: 1, name: "ready".into(), price: 0, look_ups_left: None, carriers: (1..=CARRIERS).collect() }]
    }

    /// The numbers of a page, as the reference policy asks.
    async fn look_up(&self, numbers: Vec<PhoneNumber>, _: Vec<SourceId>) -> Result<VerdictTable, Error> {
        match self.pages.iter().find(|page| page.monitored.numbers == numbers) {
            Some(page) => Ok(page.verdicts.clone()),
            None => {
                let mut verdicts = VerdictTable::of((1..=CARRIERS).collect());
                for number in numbers {
                    let place = number.saturating_sub(FIRST) as u32;
                    verdicts.push((1..=CARRIERS).map(|carrier| verdict(place, carrier)));
                }
                Ok(verdicts)
            }
        }
    }
}

#[async_trait::async_trait]
impl NumberInventory for ReadyDialer {
    async fn account(&self, _: &str) -> Result<Account, Error> {
        Ok(self.account.clone())
    }

    async fn monitored(&self, _: &str, after: PhoneNumber, limit: u32) -> Result<MonitoredTable, Error> {
        let numbers = || self.pages.iter().flat_map(|page| page.monitored.rows().expect("it is a table"));
        match self.pages.iter().find(|page| page.monitored.numbers.first().is_some_and(|first| *first > after)) {
            Some(page) if limit as usize == NUMBERS_PER_CALL_MAX => Ok(page.monitored.clone()),
            _ => Ok(numbers().filter(|number| number.number > after).take(limit as usize).collect()),
        }
    }

    async fn owned(&self, _: &str, _: Vec<PhoneNumber>) -> Result<Vec<PhoneNumber>, Error> {
        Ok(Vec::new())
    }

    async fn candidates(&self, _: &str, _: PhoneNumber, _: u32) -> Result<CandidateTable, Error> {
        Ok(CandidateTable::new())
    }

    async fn flag_events(&self, _: &str, _: Timestamp) -> Result<FlagTable, Error> {
        Ok(FlagTable::new())
    }
}
