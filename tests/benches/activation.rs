//! The cost of changing the policy of a running dialer: 100 activations while reviews run at full speed, the time of one
//! activation, and the time a shadow adds to a review.
//!
//! `cargo bench --bench activation` prints the table in `host/program/docs/speed.md`. Each pair of figures comes from one
//! run, side by side, because the machine is shared.

#[path = "../harness/policies/renamed.rs"]
mod renamed;

use dialguard::clock::FixedClock;
use dialguard::contract::{PhoneNumber, Request, Timestamp};
use dialguard::policy::{REFERENCE_POLICY, Wasi};
use dialguard_dialer::Dialguard;
use dialguard_dialer::ledger::{
    AccountSettings, EventFilter, ImportedAs, Ledger, NewAccount, SourceKind, SourceProfile,
};
use dialguard_dialer::phone::Region;
use dialguard_dialer::policies::{Candidate, Policies};
use dialguard_dialer::zones::Zone;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const DAY: u64 = 86_400;
const FIRST_DAY: Timestamp = 1_772_366_400;
const ACCOUNTS: u64 = 200;
const NUMBERS: u64 = 15;
const ACTIVATIONS: u32 = 100;
/// Days in a phase: each account has one review a day.
const DAYS: u64 = 20;
/// Reviews at the same time.
const AT_ONCE: u64 = 2;

#[tokio::main]
async fn main() {
    let scene = Scene::new().await;
    scene.days(DAYS / 2).await;

    println!("| 100 activations while {ACCOUNTS} accounts of {NUMBERS} numbers are reviewed, {AT_ONCE} at once | |");
    println!("|---|---|");
    let usual = scene.days(DAYS).await;
    let (changing, activations) = scene.days_with_activations(DAYS).await;
    println!(
        "| reviews in the undisturbed phase, and in the one with activations | {}, {} |",
        usual.len(),
        changing.len()
    );
    println!("| refused or lost | {} |", scene.lost(usual.len() + changing.len()).await);
    println!(
        "| a review, median, undisturbed and with activations | {} and {} |",
        ms(usual.at(0.5)),
        ms(changing.at(0.5))
    );
    let (usual_99, changing_99) = (usual.at(0.99), changing.at(0.99));
    println!("| a review, 99th percentile | {} and {} |", ms(usual_99), ms(changing_99));
    println!("| beyond its usual time, 99th percentile | {} |", signed_ms(changing_99, usual_99));
    println!(
        "| an activation under that load, median and 99th percentile | {} and {} |",
        ms(activations.at(0.5)),
        ms(activations.at(0.99))
    );

    let (cached, loaded) = scene.activations_at_rest();
    println!(
        "| an activation at rest: compiled code on disk, median and 99th percentile | {} and {} |",
        ms(cached.at(0.5)),
        ms(cached.at(0.99))
    );
    println!("| the same with the policy in memory | {} and {} |", ms(loaded.at(0.5)), ms(loaded.at(0.99)));

    let (alone, shadowed, compared) = scene.shadowed().await;
    println!("| a review without a shadow, median of {} | {} |", alone.len(), ms(alone.at(0.5)));
    println!("| a review with one, median of {} | {} |", shadowed.len(), ms(shadowed.at(0.5)));
    println!(
        "| what the shadow adds to it | {:+.1} % |",
        (shadowed.at(0.5).as_secs_f64() / alone.at(0.5).as_secs_f64() - 1.0) * 100.0
    );
    println!("| reviews compared in that time | {compared} |");

    let begun = Instant::now();
    let compared = scene.dialguard.policies().backtest(scene.other, 0, |_| {}).await.expect("a backtest").len();
    println!(
        "| a backtest, reviews a second | {:.0} ({compared} reviews) |",
        compared as f64 / begun.elapsed().as_secs_f64()
    );
}

/// A dialer with two policies that behave identically.
struct Scene {
    folder: TempDir,
    dialguard: Dialguard,
    other: u64,
    day: AtomicU64,
}

impl Scene {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let ledger = Arc::new(Ledger::open_or_create(folder.path()).expect("a ledger"));
        let policies = Policies::open(ledger.clone(), FIRST_DAY).expect("policies");
        let component = renamed::renamed(REFERENCE_POLICY, "dialguard-reference", "dialguard-lookalike");
        let candidate = Candidate { component, signature: None, wasi: Wasi::None };
        let other = policies.install(candidate, FIRST_DAY).await.expect("another policy").revision;
        let dialguard = Dialguard::new(ledger.clone(), policies, Arc::new(FixedClock(FIRST_DAY)));
        for carrier in 1..=3 {
            let source = SourceProfile {
                name: format!("carrier {carrier}"),
                kind: SourceKind::Simulated,
                location: carrier.to_string(),
            };
            ledger.add_source(&source, 0).expect("a source");
        }
        for account in 0..ACCOUNTS {
            add_account(&dialguard, account).await;
        }
        Scene { folder, dialguard, other, day: AtomicU64::new(1) }
    }

    /// Reviews every account on this many days as fast as possible; returns the time of each review.
    async fn days(&self, days: u64) -> Times {
        let mut times = Vec::new();
        for _ in 0..days {
            let now = FIRST_DAY + self.day.fetch_add(1, Relaxed) * DAY;
            let reviews = (0..AT_ONCE).map(|part| {
                let dialguard = self.dialguard.at(now);
                tokio::spawn(async move {
                    let mut times = Vec::new();
                    for account in (part..ACCOUNTS).step_by(AT_ONCE as usize) {
                        let begun = Instant::now();
                        let reviewed = dialguard.review_once(&id(account)).await.expect("every review runs");
                        assert!(reviewed.is_some(), "each day has its review");
                        times.push(begun.elapsed());
                    }
                    times
                })
            });
            for review in reviews.collect::<Vec<_>>() {
                times.extend(review.await.expect("no panic"));
            }
        }
        Times::of(times)
    }

    /// The same while the policy changes 100 times, evenly spread; returns the time of each activation.
    async fn days_with_activations(&self, days: u64) -> (Times, Times) {
        let expected = self.days(1).await.total() * days as u32 / AT_ONCE as u32;
        let policies = self.dialguard.policies().clone();
        let (first, other) = (1, self.other);
        let activating = tokio::spawn(async move {
            let mut times = Vec::new();
            for turn in 0..ACTIVATIONS {
                tokio::time::sleep(expected / ACTIVATIONS / 2).await;
                let revision = if turn % 2 == 0 { other } else { first };
                let begun = Instant::now();
                tokio::task::block_in_place(|| policies.activate(revision, FIRST_DAY)).expect("an activation");
                times.push(begun.elapsed());
            }
            times
        });
        let mut times = self.days(days).await;
        while !activating.is_finished() {
            times.0.extend(self.days(1).await.0);
        }
        let activations = activating.await.expect("no panic");
        (Times::of(times.0), Times::of(activations))
    }

    /// Reviews without an event, or whose event names no policy; and runs that a policy lost.
    async fn lost(&self, _: usize) -> usize {
        let mut lost = 0;
        let days = self.day.load(Relaxed) - 1;
        for account in 0..ACCOUNTS {
            let everything = EventFilter { number: None, last: u32::MAX };
            let events = self.dialguard.ledger().events(&id(account), everything).expect("events");
            lost += events.iter().filter(|event| event.kind == "policy-failed").count();
            let runs: HashSet<_> = events.iter().filter_map(|event| event.run).collect();
            assert!(!runs.is_empty());
        }
        let recorded = self.dialguard.ledger().recorded_reviews(0, 0, u32::MAX).expect("recordings").len() as u64;
        // Expired recordings are deleted; the others must exist, one per account and day.
        let kept = days.min(36);
        lost + (ACCOUNTS * kept).abs_diff(recorded) as usize
    }

    fn activations_at_rest(&self) -> (Times, Times) {
        let (mut cached, mut loaded) = (Vec::new(), Vec::new());
        for turn in 0..ACTIVATIONS {
            // A new process has only the live policy in memory.
            let fresh = Policies::open(self.dialguard.ledger().clone(), FIRST_DAY).expect("policies");
            let revision = if turn % 2 == 0 { self.other } else { 1 };
            for (policies, times) in [(&fresh, &mut cached), (self.dialguard.policies(), &mut loaded)] {
                let begun = Instant::now();
                policies.activate(revision, FIRST_DAY).expect("an activation");
                times.push(begun.elapsed());
                policies.activate(if turn % 2 == 0 { 1 } else { self.other }, FIRST_DAY).expect("an activation");
            }
        }
        (Times::of(cached), Times::of(loaded))
    }

    /// Days without and with a shadow by turns, so that both meet the same noise.
    async fn shadowed(&self) -> (Times, Times, usize) {
        let policies = self.dialguard.policies();
        policies.activate(1, FIRST_DAY).expect("an activation");
        let (mut alone, mut shadowed) = (Vec::new(), Vec::new());
        let following = tokio::spawn({
            let policies = policies.clone();
            async move { policies.keep_following().await }
        });
        let mut compared = 0;
        for _ in 0..DAYS {
            alone.extend(self.days(1).await.0);
            policies.shadow(Some(self.other), FIRST_DAY).expect("a shadow");
            shadowed.extend(self.days(1).await.0);
            // Finish the comparisons, so that they do not disturb the next days without a shadow.
            policies.follow_shadow().await.expect("comparisons");
            compared = self.dialguard.ledger().comparisons(self.other, 0).expect("comparisons").len();
            policies.shadow(None, FIRST_DAY).expect("no shadow");
        }
        following.abort();
        let _ = &self.folder;
        (Times::of(alone), Times::of(shadowed), compared)
    }
}

async fn add_account(dialguard: &Dialguard, account: u64) {
    let new = NewAccount {
        id: id(account),
        blocks: 1,
        time_zone: Zone::utc(),
        region: Region::US,
        review_at: chrono::NaiveTime::MIN,
        settings: AccountSettings::default(),
    };
    dialguard.add_account(&new).await.expect("an account");
    let first: PhoneNumber = 12_120_000_000 + account * 100;
    let numbers: Vec<_> = (first..first + NUMBERS).collect();
    dialguard.ledger().import_numbers(&id(account), &numbers, ImportedAs::Owned, FIRST_DAY).expect("numbers");
    dialguard.decide(&id(account), &Request::StartMonitoring(numbers)).await.expect("monitored");
}

fn id(account: u64) -> String {
    format!("account-{account}")
}

/// Durations in ascending order.
struct Times(Vec<Duration>);

impl Times {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Times(times)
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn at(&self, share: f64) -> Duration {
        self.0[((self.0.len() - 1) as f64 * share) as usize]
    }

    fn total(&self) -> Duration {
        self.0.iter().sum()
    }
}

fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1_000.0)
}

fn signed_ms(time: Duration, than: Duration) -> String {
    format!("{:+.2} ms", (time.as_secs_f64() - than.as_secs_f64()) * 1_000.0)
}
