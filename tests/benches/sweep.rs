//! A day's sweep over many accounts, everything on disk: `cargo bench --bench sweep`.
//!
//! 1,000 accounts with 1,000 monitored numbers each, three simulated carriers, the reference policy as a component,
//! and the ledger in a temporary folder. Measures the first day and an ordinary one after it, with the peak of the
//! process's memory; a tenth of the accounts first, to see whether memory grows with numbers.

use chrono::NaiveTime;
use dialguard::clock::FixedClock;
use dialguard::contract::{Answer, Request};
use dialguard::policy::{Limits, Policy};
use dialguard_dialer::Dialguard;
use dialguard_dialer::ledger::{AccountSettings, ImportedAs, Ledger, NewAccount, SourceKind, SourceProfile};
use dialguard_dialer::phone::Region;
use dialguard_program::schedule::{ReviewMode, review_all};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

const NUMBERS_PER_ACCOUNT: u64 = 1_000;
const DAY: u64 = 86_400;
/// 2026-03-02T12:00:00Z
const FIRST_DAY: u64 = 1_772_452_800;

#[tokio::main(worker_threads = 2)]
async fn main() {
    println!("accounts    numbers  day       numbers/s  seconds  peak memory");
    for accounts in [100, 1_000] {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let dialguard = set_up(folder.path(), accounts).await;
        for (day, name) in [(1, "first"), (2, "ordinary"), (3, "ordinary")] {
            sweep(&dialguard.at(FIRST_DAY + day * DAY), accounts, name).await;
        }
        println!("the ledger takes {} MiB on disk", size_of(folder.path()) >> 20);
    }
}

async fn set_up(folder: &Path, accounts: u64) -> Dialguard {
    let ledger = Arc::new(Ledger::open_or_create(folder).expect("the ledger can be made"));
    for seed in 1..=3 {
        let name = format!("carrier-{seed}");
        let source = SourceProfile { name, kind: SourceKind::Simulated, location: seed.to_string() };
        ledger.add_source(&source, 0).expect("the source can be added");
    }
    let policy = Policy::reference(Limits::default());
    let dialguard = Dialguard::new(ledger, policy, Arc::new(FixedClock(FIRST_DAY)));
    for account in 0..accounts {
        add_account(&dialguard, account).await;
    }
    dialguard
}

async fn add_account(dialguard: &Dialguard, account: u64) {
    let id = format!("account-{account}");
    let new = NewAccount {
        id: id.clone(),
        blocks: NUMBERS_PER_ACCOUNT.div_ceil(15) as u32,
        time_zone: "America/Chicago".parse().expect("a time zone"),
        region: Region::US,
        review_at: NaiveTime::MIN,
        settings: AccountSettings::default(),
    };
    dialguard.add_account(&new).await.expect("the account can be added");
    let first = 12_000_000_000 + account * NUMBERS_PER_ACCOUNT;
    let numbers: Vec<u64> = (first..first + NUMBERS_PER_ACCOUNT).collect();
    let ledger = dialguard.ledger();
    ledger.import_numbers(&id, &numbers, ImportedAs::Owned, FIRST_DAY).expect("the numbers can be imported");
    let decided = dialguard.decide(&id, &Request::StartMonitoring(numbers)).await.expect("monitoring can start");
    assert!(decided.decision.outcomes.iter().all(|outcome| outcome.answer == Answer::Accepted));
}

async fn sweep(dialguard: &Dialguard, accounts: u64, day: &str) {
    forget_peak_memory();
    let ids = (0..accounts).map(|account| format!("account-{account}")).collect();
    let mut rated = 0;
    let begun = Instant::now();
    review_all(dialguard, ids, ReviewMode::OncePerDate, std::future::pending(), |id, outcome| {
        let reviewed = outcome.unwrap_or_else(|error| panic!("{id}: {error}")).expect("it was not reviewed before");
        rated += reviewed.plan.reviews.len();
    })
    .await;
    let seconds = begun.elapsed().as_secs_f64();
    let numbers = accounts * NUMBERS_PER_ACCOUNT;
    // A simulated carrier occasionally fails to answer; two at once rarely do.
    assert!(rated as u64 * 100 > numbers * 99, "only {rated} of {numbers} numbers were rated");
    println!(
        "{accounts:>8}  {numbers:>9}  {day:<8}  {:>9.0}  {seconds:>7.2}  {}",
        numbers as f64 / seconds,
        peak_memory(),
    );
}

/// Linux forgets the peak on request; elsewhere it stays unknown.
fn forget_peak_memory() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
    peak.and_then(|kib| kib.trim().parse::<u64>().ok()).map_or("unknown".into(), |kib| format!("{} MiB", kib >> 10))
}

fn size_of(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    files.filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum()
}
