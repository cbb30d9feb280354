//! The policy's cost per number, native against component, in one run: `cargo bench --bench policy`.
//!
//! Three carriers a number, and two kinds of imports. *Keyed*: both sides read the same in-memory dialer, which finds
//! numbers and opinions by key as a dialer does. *Ready*: the answers only need to be copied, so that only
//! the policy and its boundary are measured. The table of ratios comes first: its samples alternate between the two
//! sides, so that a noisy machine is noisy for both.

#[expect(dead_code, reason = "the suites use the rest")]
#[path = "../harness/model_dialer.rs"]
mod model_dialer;

use dialguard::contract as host;
use dialguard::dialer::{CarrierLookup, Dialer, NumberInventory};
use dialguard::policy::{Limits, Policy};
use dialguard::settings::Settings;
use dialguard_policy::contract::*;
use dialguard_policy::dialer::NUMBERS_PER_CALL_MAX;
use dialguard_policy::model::AccountModel;
use dialguard_policy::review::review_account;
use dialguard_policy::table::{CarrierVerdict, MonitoredNumber};
use divan::counter::ItemsCount;
use model_dialer::ModelDialer;
use std::sync::{Arc, LazyLock};
use std::time::Instant;

const BATCHES: [usize; 3] = [15, 1_000, 10_000];
const CARRIERS: u16 = 3;
const FIRST: PhoneNumber = 13_100_000_000;

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
    let (guard_rails, settings) = (host::GuardRails::default(), Settings::default());
    let check = || RUNTIME.block_on(POLICY.check_settings(guard_rails, &settings));
    bencher.bench_local(|| check().expect("the defaults are in range"));
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
    numbers: Vec<MonitoredNumber>,
    pages: Vec<(MonitoredTable, VerdictTable)>,
}

impl Facts {
    fn new(numbers: usize) -> Self {
        let model = AccountModel::new(numbers.div_ceil(15) as u32);
        let monitored = |place: u64| MonitoredNumber {
            number: FIRST + place,
            slot: place as u32 + 1,
            status: Status::Clean,
            status_since: model.now - 90_000,
            monitored_since: model.now - 900_000,
            flagging_checks: 0,
            clearing_checks: 5,
            last_rated_at: Some(model.now - 86_400),
            evidence_until: Some(model.now - 86_400),
            suspect_since: None,
            resting_since: None,
            replacement_pending: false,
        };
        let numbers: Vec<MonitoredNumber> = (0..numbers as u64).map(monitored).collect();
        let page = |numbers: &[MonitoredNumber]| {
            let mut verdicts = VerdictTable::of((0..CARRIERS).collect());
            numbers.iter().for_each(|number| verdicts.push(opinions(number.number, model.now)));
            (numbers.iter().copied().collect(), verdicts)
        };
        let pages = numbers.chunks(NUMBERS_PER_CALL_MAX).map(page).collect();
        Facts { now: model.now, account: model.account, numbers, pages }
    }

    /// The same facts in a dialer that finds them by key.
    fn model(&self) -> AccountModel {
        let mut model = AccountModel::new(self.account.slot_count / 15);
        model.account = self.account.clone();
        model.owned = self.numbers.iter().map(|number| number.number).collect();
        model.monitored = self.numbers.iter().map(|number| (number.number, *number)).collect();
        for number in &self.numbers {
            for CarrierVerdict { carrier, score, observed_at } in opinions(number.number, self.now) {
                model.observe_at(carrier, number.number, score, observed_at);
            }
        }
        model
    }

    fn review_natively(&self) -> usize {
        review_account(self, "acme").expect("the account can be reviewed").reviews.len()
    }

    fn dialer(self) -> Dialer {
        let page = |(monitored, verdicts)| (model_dialer::monitored(monitored), model_dialer::verdicts(verdicts));
        let facts = Arc::new(HostFacts {
            account: model_dialer::account(self.account),
            pages: self.pages.into_iter().map(page).collect(),
        });
        Dialer { clock: Arc::new(dialguard::clock::FixedClock(self.now)), carriers: facts.clone(), inventory: facts }
    }
}

/// About one number in fifty is spam, a realistic rate.
fn opinions(number: PhoneNumber, now: Timestamp) -> impl Iterator<Item = CarrierVerdict> {
    let place = number - FIRST;
    let score = if place.is_multiple_of(50) { 90 } else { (place % 30) as u8 };
    (0..CARRIERS).map(move |carrier| CarrierVerdict { carrier, score: Some(score), observed_at: now - 600 })
}

/// The page that begins above this number; the policy reads pages as large as these.
fn page_after<T>(pages: &[T], after: PhoneNumber) -> Option<&T> {
    pages.get(((after + 1).saturating_sub(FIRST)) as usize / NUMBERS_PER_CALL_MAX)
}

impl dialguard_policy::Dialer for Facts {
    fn now(&self) -> Timestamp {
        self.now
    }
    fn sources(&self) -> Vec<Source> {
        vec![Source { id: 0, name: "ready".into(), price: 0, look_ups_left: None, carriers: (0..CARRIERS).collect() }]
    }
    fn look_up(&self, numbers: &[PhoneNumber], _: &[SourceId]) -> Result<VerdictTable, Error> {
        let (_, verdicts) = page_after(&self.pages, numbers[0] - 1).expect("a page that was read");
        Ok(verdicts.clone())
    }
    fn account(&self, _: &str) -> Result<Account, Error> {
        Ok(self.account.clone())
    }
    fn monitored(&self, _: &str, after: PhoneNumber, _: u32) -> Result<MonitoredTable, Error> {
        Ok(page_after(&self.pages, after).map_or_else(MonitoredTable::new, |(monitored, _)| monitored.clone()))
    }
    fn owned(&self, _: &str, _: &[PhoneNumber]) -> Result<Vec<PhoneNumber>, Error> {
        Ok(Vec::new())
    }
    fn candidates(&self, _: &str, _: PhoneNumber, _: u32) -> Result<CandidateTable, Error> {
        Ok(CandidateTable::new())
    }
    fn flag_events(&self, _: &str, _: Timestamp) -> Result<FlagTable, Error> {
        Ok(FlagTable::new())
    }
    fn calls(&self, _: &str, _: &[PhoneNumber], _: Timestamp) -> Result<CallTable, Error> {
        Ok(CallTable::new())
    }
    fn calls_in_all(&self, _: &str, _: Timestamp) -> Result<CallTotals, Error> {
        Ok(CallTotals { attempts: 0, answered: 0, short: 0, blocked: 0 })
    }
    fn rested(&self, _: &str) -> Result<RestedTable, Error> {
        Ok(RestedTable::new())
    }
}

/// The same facts in the host's types.
struct HostFacts {
    account: host::Account,
    pages: Vec<(host::MonitoredTable, host::VerdictTable)>,
}

#[async_trait::async_trait]
impl CarrierLookup for HostFacts {
    async fn carriers(&self) -> Vec<host::Carrier> {
        Vec::new()
    }
    async fn sources(&self) -> Vec<host::Source> {
        let carriers = (0..CARRIERS).collect();
        vec![host::Source { id: 0, name: "ready".into(), price: 0, look_ups_left: None, carriers }]
    }
    async fn look_up(&self, numbers: Vec<PhoneNumber>, _: Vec<u16>) -> Result<host::VerdictTable, host::Error> {
        let (_, verdicts) = page_after(&self.pages, numbers[0] - 1).expect("a page that was read");
        Ok(verdicts.clone())
    }
}

#[async_trait::async_trait]
impl NumberInventory for HostFacts {
    async fn account(&self, _: &str) -> Result<host::Account, host::Error> {
        Ok(self.account.clone())
    }
    async fn monitored(&self, _: &str, after: u64, _: u32) -> Result<host::MonitoredTable, host::Error> {
        Ok(page_after(&self.pages, after).map_or_else(host::MonitoredTable::new, |(monitored, _)| monitored.clone()))
    }
    async fn owned(&self, _: &str, _: Vec<u64>) -> Result<Vec<u64>, host::Error> {
        Ok(Vec::new())
    }
    async fn candidates(&self, _: &str, _: u64, _: u32) -> Result<host::CandidateTable, host::Error> {
        Ok(host::CandidateTable::new())
    }
    async fn flag_events(&self, _: &str, _: Timestamp) -> Result<host::FlagTable, host::Error> {
        Ok(host::FlagTable::new())
    }
}
