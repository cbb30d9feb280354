//! The policy's cost per number, native against component, in one run: `cargo bench --bench policy`.
//!
//! Three carriers a number, and two kinds of imports. *Keyed*: both sides read the same in-memory dialer, which finds
//! numbers and observations by key as a dialer does. *Ready*: the answers only need to be copied, so that only
//! the policy and its boundary are measured. The table of ratios comes first: its samples alternate between the two
//! sides, so that a noisy machine is noisy for both.

#[expect(dead_code, reason = "the suites use the rest")]
#[path = "../harness/model_dialer.rs"]
mod model_dialer;

use dialguard::contract as host;
use dialguard::dialer::{CarrierLookup, Dialer, NumberInventory};
use dialguard::policy::{Limits, Policy};
use dialguard_policy::contract::*;
use dialguard_policy::model::AccountModel;
use dialguard_policy::review::review_account;
use divan::counter::ItemsCount;
use model_dialer::ModelDialer;
use std::sync::{Arc, LazyLock};
use std::time::Instant;

const BATCHES: [usize; 3] = [15, 1_000, 10_000];
const CARRIERS: u16 = 3;

static POLICY: LazyLock<Policy> = LazyLock::new(|| Policy::reference(Limits::default()));
static RUNTIME: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime can be built")
});

fn main() {
    print_ratios();
    divan::main();
}

#[divan::bench(args = BATCHES)]
fn native_review(bencher: divan::Bencher, numbers: usize) {
    let facts = Facts::new(numbers);
    bencher.counter(ItemsCount::new(numbers)).bench_local(|| facts.review_natively());
}

#[divan::bench(args = BATCHES)]
fn component_review(bencher: divan::Bencher, numbers: usize) {
    let dialer = Facts::new(numbers).dialer();
    bencher.counter(ItemsCount::new(numbers)).bench_local(|| review_by_component(&dialer));
}

/// A fresh instance in its own store, and the shortest possible call.
#[divan::bench]
fn fresh_instance(bencher: divan::Bencher) {
    let settings = dialguard::settings::default_settings();
    bencher.bench_local(|| RUNTIME.block_on(POLICY.check_settings(&settings)).expect("the defaults are in range"));
}

fn review_by_component(dialer: &Dialer) -> usize {
    let answered = RUNTIME.block_on(POLICY.review_account(dialer, "acme")).expect("the account can be reviewed");
    answered.answer.reviews.len()
}

fn print_ratios() {
    println!("imports  numbers  native/s     component/s  component : native");
    for numbers in BATCHES {
        let facts = Facts::new(numbers);
        let model = facts.model();
        let keyed = ModelDialer::new(model.clone()).dialer();
        let natively = || review_account(&model, "acme").expect("the account can be reviewed").reviews.len();
        print_ratio("keyed", numbers, natively, || review_by_component(&keyed));
        let ready = Facts::new(numbers).dialer();
        print_ratio("ready", numbers, || facts.review_natively(), || review_by_component(&ready));
    }
}

/// Medians of alternating samples.
fn print_ratio(imports: &str, numbers: usize, native: impl Fn() -> usize, component: impl Fn() -> usize) {
    let repeats = (100_000 / numbers).max(1);
    let samples: Vec<_> = (0..41).map(|_| (time(repeats, &native), time(repeats, &component))).collect();
    let median = |figure: fn(&(f64, f64)) -> f64| {
        let mut figures: Vec<f64> = samples.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        figures[figures.len() / 2]
    };
    let total = (numbers * repeats) as f64;
    let (native, component) = (total / median(|sample| sample.0), total / median(|sample| sample.1));
    let ratio = median(|(native, component)| component / native);
    println!("{imports:<7}  {numbers:>7}  {native:>11.0}  {component:>11.0}  {ratio:.2} : 1");
}

fn time(repeats: usize, run: impl Fn() -> usize) -> f64 {
    let begun = Instant::now();
    for _ in 0..repeats {
        divan::black_box(run());
    }
    begun.elapsed().as_secs_f64()
}

/// An account whose facts are precomputed, to measure the policy and its boundary but no database.
struct Facts {
    now: Timestamp,
    account: Account,
    monitored: Vec<MonitoredNumber>,
    observations: Vec<Observation>,
}

impl Facts {
    fn new(numbers: usize) -> Self {
        let model = AccountModel::new(numbers.div_ceil(15) as u32);
        let first = 13_100_000_000_u64;
        let monitored = |place: u64| MonitoredNumber {
            number: first + place,
            slot: place as u32 + 1,
            status: Status::Clean,
            status_since: model.now - 90_000,
            monitored_since: model.now - 900_000,
            flagging_checks: 0,
            clearing_checks: 5,
            last_rated_at: Some(model.now - 86_400),
            replacement_pending: false,
        };
        // About one number in fifty is spam, a realistic rate.
        let score = |number: u64| if number.is_multiple_of(50) { 90 } else { (number % 30) as u8 };
        let observations = (0..numbers as u64).flat_map(|place| {
            (0..CARRIERS).map(move |carrier| Observation {
                number: first + place,
                carrier,
                spam_score: Some(score(place)),
                observed_at: model.now - 600,
            })
        });
        Facts {
            now: model.now,
            account: model.account.clone(),
            observations: observations.collect(),
            monitored: (0..numbers as u64).map(monitored).collect(),
        }
    }

    /// The same facts in a dialer that finds them by key.
    fn model(&self) -> AccountModel {
        let mut model = AccountModel::new(self.account.slot_count / 15);
        model.account = self.account.clone();
        model.owned = self.monitored.iter().map(|number| number.number).collect();
        model.monitored = self.monitored.iter().map(|number| (number.number, *number)).collect();
        for observation in &self.observations {
            model.observe_at(observation.carrier, observation.number, observation.spam_score, observation.observed_at);
        }
        model
    }

    fn review_natively(&self) -> usize {
        review_account(self, "acme").expect("the account can be reviewed").reviews.len()
    }

    fn dialer(self) -> Dialer {
        let facts = Arc::new(HostFacts {
            account: model_dialer::account(self.account.clone()),
            monitored: self.monitored.iter().map(model_dialer::monitored).collect(),
            observations: self.observations.iter().map(model_dialer::observation).collect(),
        });
        Dialer { clock: Arc::new(dialguard::clock::FixedClock(self.now)), carriers: facts.clone(), inventory: facts }
    }
}

impl dialguard_policy::Dialer for Facts {
    fn now(&self) -> Timestamp {
        self.now
    }
    fn look_up(&self, numbers: &[PhoneNumber]) -> Result<Vec<Observation>, Error> {
        Ok(answers_about(&self.observations, numbers))
    }
    fn account(&self, _: &str) -> Result<Account, Error> {
        Ok(self.account.clone())
    }
    fn monitored(&self, _: &str, after: PhoneNumber, limit: u32) -> Result<Vec<MonitoredNumber>, Error> {
        let from = self.monitored.partition_point(|number| number.number <= after);
        Ok(self.monitored[from..].iter().take(limit as usize).copied().collect())
    }
    fn owned(&self, _: &str, _: &[PhoneNumber]) -> Result<Vec<PhoneNumber>, Error> {
        Ok(Vec::new())
    }
    fn candidates(&self, _: &str, _: PhoneNumber, _: u32) -> Result<Vec<PhoneNumber>, Error> {
        Ok(Vec::new())
    }
    fn flag_events(&self, _: &str, _: Timestamp) -> Result<Vec<FlagEvent>, Error> {
        Ok(Vec::new())
    }
}

/// The same facts in the host's types.
struct HostFacts {
    account: host::Account,
    monitored: Vec<host::MonitoredNumber>,
    observations: Vec<host::Observation>,
}

/// The policy looks up all numbers of a page, whose answers are adjacent.
fn answers_about<T: Copy>(observations: &[T], numbers: &[PhoneNumber]) -> Vec<T> {
    let first = (numbers[0] - 13_100_000_000) as usize * usize::from(CARRIERS);
    observations[first..first + numbers.len() * usize::from(CARRIERS)].to_vec()
}

#[async_trait::async_trait]
impl CarrierLookup for HostFacts {
    async fn carriers(&self) -> Vec<host::Carrier> {
        Vec::new()
    }
    async fn look_up(&self, numbers: Vec<PhoneNumber>) -> Result<Vec<host::Observation>, host::Error> {
        Ok(answers_about(&self.observations, &numbers))
    }
}

#[async_trait::async_trait]
impl NumberInventory for HostFacts {
    async fn account(&self, _: &str) -> Result<host::Account, host::Error> {
        Ok(self.account.clone())
    }
    async fn monitored(&self, _: &str, after: u64, limit: u32) -> Result<Vec<host::MonitoredNumber>, host::Error> {
        let from = self.monitored.partition_point(|number| number.number <= after);
        Ok(self.monitored[from..].iter().take(limit as usize).copied().collect())
    }
    async fn owned(&self, _: &str, _: Vec<u64>) -> Result<Vec<u64>, host::Error> {
        Ok(Vec::new())
    }
    async fn candidates(&self, _: &str, _: u64, _: u32) -> Result<Vec<u64>, host::Error> {
        Ok(Vec::new())
    }
    async fn flag_events(&self, _: &str, _: Timestamp) -> Result<Vec<host::FlagEvent>, host::Error> {
        Ok(Vec::new())
    }
}
