//! The program killed at any moment, and several processes at once on one ledger: nothing is half done, lost or paid twice.

use crate::harness::acme::{DAY, number};
use crate::harness::dialer::{Dialer, e164, each};
use crate::harness::killing::{Moments, kill_when};
use crate::harness::policies::reference::reference;
use crate::harness::policies::renamed::renamed;
use dialguard::clock::FixedClock;
use dialguard::contract::{Answer, PhoneNumber, Request};
use dialguard::policy::{PolicyAnswer, REFERENCE_POLICY};
use dialguard_dialer::Dialguard;
use dialguard_dialer::ledger::{
    AccountView, Event, EventFilter, Ledger, Order, OrderState, RecordLimits, RunOutcome, RunRecord,
};
use dialguard_dialer::sources::inquiry::Sources;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

/// A large account whose simulated carriers flag numbers every day; all of those are replaced.
fn large_account(numbers: u64, candidates: u64) -> Dialer {
    let dialer = Dialer::with_ledger();
    let blocks = numbers.div_ceil(15);
    let settings = "--auto-replace on --checks-to-replace 1 --replacements-per-day-max 1000 --mass-flag-percent 100";
    dialer.run(&format!("account add acme --blocks {blocks} --time-zone UTC {settings}")).exits(0);
    for (carrier, seed) in [("Hiya", 1), ("TNS", 2), ("First-Orion", 3)] {
        dialer.run(&format!("sources add {carrier} --simulated {seed}")).exits(0);
    }
    dialer.import(0..numbers, "");
    dialer.import(numbers..numbers + candidates, "--candidates");
    dialer
}

fn events(ledger: &Ledger, kind: &str) -> Vec<Event> {
    let filter = EventFilter { number: None, last: u32::MAX };
    let events = ledger.events("acme", filter).expect("the events are read");
    events.into_iter().filter(|event| event.kind == kind).collect()
}

fn is_each_once<T: std::hash::Hash + Eq>(all: impl IntoIterator<Item = T>) -> bool {
    let mut seen = HashSet::new();
    all.into_iter().all(|one| seen.insert(one))
}

/// The invariants after every command and every crash. `imported` counts imported numbers and candidates.
#[track_caller]
fn assert_invariants(ledger: &Ledger, imported: u64) {
    let account = ledger.account("acme").expect("the account is read");
    let numbers = ledger.numbers("acme").expect("the numbers are read");
    let locked = ledger.locked_slots("acme").expect("the locks are read");
    let occupied: Vec<_> = numbers.iter().filter_map(|known| known.monitored).map(|(slot, ..)| slot).collect();
    // Only numbers that the account owns are listed.
    assert_eq!(occupied.len(), account.occupied as usize, "every monitored number is owned");
    assert_eq!(locked.len(), account.locked as usize);
    assert!(account.occupied + account.locked <= account.slot_count, "{account:?}");
    assert!(is_each_once(occupied.iter().copied().chain(locked.iter().map(|lock| lock.slot))), "a slot is used once");

    let orders = ledger.open_orders("acme").expect("the orders are read");
    let ordered = orders.iter().filter(|order| order.state == OrderState::Intended).count();
    let candidates = ledger.candidate_count("acme").expect("the candidates are counted") as usize;
    let released = events(ledger, "released");
    let resting = orders.iter().filter(|order| order.state == OrderState::Swapped).count();
    let kept = numbers.len() + candidates + ordered + resting;
    assert_eq!((kept + released.len()) as u64, imported, "no number is lost");
    assert!(is_each_once(released.iter().map(|event| event.number)), "a number leaves once");

    let replaced = events(ledger, "replaced");
    let unswapped = orders.iter().filter(|order| order.state != OrderState::Swapped).count();
    assert_eq!(
        replaced.len() + unswapped,
        events(ledger, "replacement-intended").len(),
        "each intent is carried out once"
    );
    assert!(is_each_once(replaced.iter().map(|event| event.number)), "a number is replaced at most once");
    assert!(is_each_once(events(ledger, "charged").iter().map(|event| event.at)), "a cycle is charged once");
}

/// Replacements whose slot has not moved.
fn under_way(ledger: &Ledger) -> Vec<Order> {
    let orders = ledger.open_orders("acme").expect("the orders are read");
    orders.into_iter().filter(Order::is_under_way).collect()
}

/// Kills a command at the next moment. False if it had ended by then, which must be with success.
fn kill(moments: &mut Moments, dialer: &Dialer, line: &str) -> bool {
    let ended = moments.kill(dialer, line);
    assert_sound(dialer);
    let Some(ended) = ended else { return true };
    assert_eq!(ended.status.code(), Some(0), "{line}: {}", String::from_utf8_lossy(&ended.stderr));
    false
}

/// The program's own check of the file finds nothing.
#[track_caller]
pub fn assert_sound(dialer: &Dialer) {
    let report = Ledger::check(&dialer.path("ledger")).expect("the ledger is checked");
    assert!(report.is_sound(), "{:?}", report.broken().collect::<Vec<_>>());
}

/// Closed as a whole, or not at all.
#[test]
fn a_killed_closing_closes_all_of_the_account_or_nothing() {
    const NUMBERS: u64 = 1_500;
    let dialer = large_account(NUMBERS, 20);
    dialer.run("monitor acme --all --no-check").exits(0);
    let begun = Instant::now();
    dialer.run("account close acme --dry-run").exits(0);
    // Closing takes longer than its preview.
    let mut moments = Moments::within(begun.elapsed() * 10);
    let ledger = dialer.ledger();
    let mut kills = 0;
    while kills < 20 && kill(&mut moments, &dialer, "account close acme --yes") {
        kills += 1;
        let account = ledger.account("acme").expect("the account is read");
        let closed = account.closed_at.is_some();
        let left = if closed { 0 } else { NUMBERS as u32 };
        assert_eq!((account.occupied, account.enabled), (left, !closed), "after {kills} kills");
        assert_eq!(ledger.numbers("acme").expect("the numbers are read").len() as u32, left);
        assert_eq!(events(&ledger, "released").len() as u32, NUMBERS as u32 - left);
        assert_eq!(events(&ledger, "account-closed").len(), usize::from(closed));
        if closed {
            break;
        }
    }
    dialer.run("account close acme --yes").exits(0).says(&["acme was closed on 2026-03-01"]);
    assert_sound(&dialer);
}

/// What was imported before stays, and the same command imports the rest.
#[test]
fn a_killed_import_is_completed_by_the_next_one() {
    const NUMBERS: u64 = 20_000;
    let dialer = large_account(0, 0);
    let rows: String = (0..NUMBERS).map(|last| e164(last) + "\n").collect();
    dialer.file("numbers.csv", format!("number\n{rows}"));
    let ledger = dialer.ledger();
    let imported = || ledger.numbers("acme").expect("the numbers are read").len() as u64;
    kill_when(&dialer, "numbers import acme numbers.csv", || imported() > 0);
    let before = imported();
    assert_sound(&dialer);
    assert_invariants(&ledger, before);
    let again = dialer.json("numbers import acme numbers.csv");
    assert_eq!((&again["imported"], &again["known-before"]), (&(NUMBERS - before).into(), &before.into()));
    assert_invariants(&ledger, NUMBERS);
    assert_sound(&dialer);
}

/// Whenever a policy change is killed, one policy stays live, no revision is lost, and compiled code left behind is valid
/// or is compiled again.
#[test]
fn a_killed_policy_change_leaves_a_working_policy() {
    let dialer = large_account(10, 0);
    dialer.run("monitor acme --all --no-check").exits(0);
    let lookalike = renamed(REFERENCE_POLICY, "dialguard-reference", "dialguard-lookalike");
    dialer.file("lookalike.wasm", lookalike);
    let begun = Instant::now();
    dialer.run("policy install lookalike.wasm").exits(0);
    let mut moments = Moments::within(begun.elapsed());
    let changes = ["policy activate 2", "policy rollback", "policy install lookalike.wasm", "policy shadow 2"];
    let (mut killed, mut known) = (0, 2);
    // Each change three times, unless it would be refused.
    for round in 0..3 * changes.len() {
        // Compile again: it is the longest part of a change, and the one that writes files.
        let _ = std::fs::remove_dir_all(dialer.path("ledger/compiled"));
        let (live, name) = live_policy(&dialer);
        let change = changes[round % changes.len()];
        let is_refused = match change {
            "policy rollback" => live == 1,
            "policy activate 2" => live == 2,
            "policy shadow 2" => name == "dialguard-lookalike",
            _ => false,
        };
        if is_refused {
            continue;
        }
        killed += u32::from(kill(&mut moments, &dialer, change));
        assert!(live_policy(&dialer).0 >= live, "revisions only rise");
        let revisions = dialer.json("policy list").as_array().expect("a list").len();
        assert!(revisions >= known, "none is lost");
        known = revisions;
        dialer.pass(DAY);
        dialer.run("review acme").exits(0);
        dialer.run("policy shadow --off").exits(0);
    }
    assert!(killed > 0, "every change ended before it was killed");
    assert_invariants(&dialer.ledger(), 10);
}

/// The live revision, and the name of its policy.
fn live_policy(dialer: &Dialer) -> (u64, String) {
    let revisions = dialer.json("policy list");
    let live = revisions.as_array().expect("a list").iter().filter(|revision| revision["live"] == true);
    let live: Vec<_> = live.map(|live| (live["revision"].as_u64(), live["name"].as_str())).collect();
    match live[..] {
        [(Some(revision), Some(name))] => (revision, name.to_owned()),
        _ => panic!("exactly one policy is live: {revisions}"),
    }
}

#[test]
fn a_killed_request_is_carried_out_completely_or_not_at_all() {
    const NUMBERS: u64 = 2_000;
    let dialer = large_account(NUMBERS, 0);
    let begun = Instant::now();
    dialer.run("account set acme --checks-to-flag 2").exits(0);
    // A request takes a little longer than a command without work.
    let whole = begun.elapsed() * 3 / 2;
    let (mut moments, mut killed) = (Moments::within(whole), 0);
    for _ in 0..20 {
        killed += u32::from(kill(&mut moments, &dialer, "monitor acme --all --no-check"));
        let ledger = dialer.ledger();
        assert_invariants(&ledger, NUMBERS);
        let occupied = ledger.account("acme").expect("the account is read").occupied;
        assert!([0, NUMBERS as u32].contains(&occupied), "{occupied} of {NUMBERS} are monitored");
        if occupied > 0 {
            assert_eq!(ledger.account("acme").expect("the account is read").locked, 0);
            // Undo everything: the slots are locked now, and free again in the next cycle.
            let all: String = (0..NUMBERS).map(|last| e164(last) + " ").collect();
            dialer.run(&format!("unmonitor acme {all}")).exits(0);
            dialer.pass(31 * DAY);
        }
        dialer.run("usage acme").exits(0);
    }
    assert!(killed > 0, "every request ended before it was killed");
    dialer.run("monitor acme --all --no-check").exits(0);
    assert_invariants(&dialer.ledger(), NUMBERS);
}

#[test]
fn a_killed_review_is_finished_by_the_next_one() {
    const NUMBERS: u64 = 2_000;
    const CANDIDATES: u64 = 1_500;
    let dialer = large_account(NUMBERS, CANDIDATES);
    dialer.it_is("2026-03-25T09:00:00Z");
    dialer.run("monitor acme --all --no-check").exits(0);
    // On the first day every bad number is flagged; the second day is an ordinary one.
    dialer.run("review acme").exits(0);
    let replaced_before = events(&dialer.ledger(), "replaced").len();
    dialer.pass(DAY);
    let begun = Instant::now();
    dialer.run("review acme").exits(0);
    let whole = begun.elapsed();
    let replaced = events(&dialer.ledger(), "replaced").len() - replaced_before;
    assert!(replaced > 5, "a day on which there is something to kill: {replaced} replaced");

    let (mut moments, mut killed, mut left_open) = (Moments::within(whole), 0, 0);
    for _ in 0..20 {
        dialer.pass(DAY);
        killed += u32::from(kill(&mut moments, &dialer, "review acme"));
        assert_invariants(&dialer.ledger(), NUMBERS + CANDIDATES);
        left_open += under_way(&dialer.ledger()).len();
        dialer.run("review acme").exits(0);
        assert_invariants(&dialer.ledger(), NUMBERS + CANDIDATES);
        assert_eq!(under_way(&dialer.ledger()), [], "the open order is finished");
        let account = dialer.ledger().account("acme").expect("the account is read");
        assert_eq!((account.occupied, account.locked), (NUMBERS as u32, 0), "replacing keeps the slots");
    }
    assert!(killed > 0, "every review ended before it was killed");
    eprintln!("{killed} reviews were killed, {left_open} replacements finished by the next; a review takes {whole:?}");
    let usage = dialer.json("usage acme");
    assert_eq!(usage["occupied"], NUMBERS);
}

/// Stores a replacement as an intent and stops there, like a crash at that moment.
async fn intend(ledger: Arc<Ledger>, number: PhoneNumber, now: u64) {
    let policy = reference();
    let (account, now) = ledger.account_at("acme", now).expect("the account is read");
    let dialer = dialguard::dialer::Dialer {
        clock: Arc::new(FixedClock(now)),
        carriers: Sources::new(ledger.clone()).inquiry(now),
        inventory: Arc::new(AccountView::new(ledger.clone(), account, now)),
    };
    let request = Request::ReplaceNumbers(vec![number]);
    let PolicyAnswer { answer, inputs, recording, .. } =
        policy.decide(&dialer, "acme", &request).await.expect("the policy answers");
    let record = RunRecord {
        policy: policy.sha256(),
        revision: None,
        contract: policy.contract_version(),
        limits: policy.limits(),
        kept: RecordLimits::default(),
        outcome: &RunOutcome::Request(request, answer),
        inputs: &inputs,
        recording: &recording,
        answers: &[],
        by_source: &[],
        problems: &[],
        provider_problems: &[],
        counted_before: 0,
    };
    ledger.apply("acme", record).expect("the plan is applied");
}

/// Any next command answers about the number that is being replaced, continues the replacement, and checks the new number.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_with_an_open_order_is_not_changed() {
    let scenarios = [
        ("unmonitor acme +13105550100", Some("replacement-pending")),
        ("delete acme +13105550100 --accept-slot-loss", Some("replacement-pending")),
        ("replace acme +13105550100", Some("replacement-pending")),
        ("monitor acme +13105550100", Some("already-monitored")),
        ("review acme", None),
        // Today's review was made already; the command still continues the replacement.
        ("serve --once", None),
    ];
    for (line, expected) in scenarios {
        let dialer = Dialer::monitoring(2, "");
        dialer.import([140, 141], "--candidates");
        dialer.carriers_say(&[(100, "xxx"), (101, "ooo"), (140, "ooo"), (141, "ooo")]);
        dialer.run("review acme").exits(0);
        intend(Arc::new(dialer.ledger()), number(100), dialer.now()).await;
        assert_eq!([100, 140].map(|last| dialer.standing(last)), ["1 flagged", "gone"]);
        assert_eq!(dialer.field_of_each("numbers list acme", "replacement-pending"), [true, false]);
        let ran = dialer.run(&format!("{line} --json")).exits(if expected.is_some() { 3 } else { 0 });
        if let Some(answer) = expected {
            assert_eq!(each(&ran.json()["outcomes"], "answer"), [answer], "{line}");
        }
        assert_eq!([100, 140, 141].map(|last| dialer.standing(last)), ["gone", "1 clean", "gone"], "{line}");
        assert_eq!(dialer.events("replaced").len(), 1, "{line}");
        assert_invariants(&dialer.ledger(), 4);
    }
}

/// Everything that a user or the schedule may request, by several processes at the same time.
#[test]
fn processes_that_race_for_one_account_answer_as_documented() {
    const NUMBERS: u64 = 60;
    const CANDIDATES: u64 = 200;
    let dialer = large_account(NUMBERS, CANDIDATES);
    dialer.run("account set acme --blocks 3").exits(0);
    let numbers = |from: u64, to: u64| (from..to).map(|last| e164(last) + " ").collect::<String>();
    let lines = [
        [format!("monitor acme {}", numbers(0, 40)), format!("unmonitor acme {}", numbers(10, 12))],
        ["monitor acme --all --no-check".to_owned(), format!("replace acme {}", numbers(20, 24))],
        ["review acme".to_owned(), format!("delete acme {} --accept-slot-loss", numbers(50, 52))],
    ];
    std::thread::scope(|scope| {
        for lines in &lines {
            scope.spawn(|| {
                for line in lines.iter().cycle().take(10 * lines.len()) {
                    assert_documented(&dialer, line);
                    // Few enough that the slowest process is never minutes behind the quickest.
                    dialer.pass(1);
                }
            });
        }
    });
    assert_invariants(&dialer.ledger(), NUMBERS + CANDIDATES);
    dialer.run("review acme").exits(0);
    assert_eq!(under_way(&dialer.ledger()), []);
    assert_invariants(&dialer.ledger(), NUMBERS + CANDIDATES);
}

/// No program start separates these requests, so nearly every plan is outdated at first.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_requests_for_one_account_are_all_answered() {
    let dialer = Dialer::monitoring(0, "");
    dialer.import(0..4, "");
    let policy = reference();
    let racing: Vec<_> = (0..4)
        .map(|place| {
            let clock = Arc::new(FixedClock(dialer.now()));
            let dialguard = Dialguard::new(Arc::new(dialer.ledger()), policy.clone(), clock);
            tokio::spawn(async move {
                let own = vec![number(place)];
                for _ in 0..3 {
                    let start = Request::StartMonitoring(own.clone());
                    let decided = dialguard.decide("acme", &start).await.expect("an answer");
                    assert_eq!(decided.decision.outcomes[0].answer, Answer::Accepted);
                    let stop = Request::StopMonitoring(own.clone());
                    let decided = dialguard.decide("acme", &stop).await.expect("an answer");
                    assert_eq!(decided.decision.outcomes[0].answer, Answer::Accepted);
                }
            })
        })
        .collect();
    for task in racing {
        task.await.expect("no request failed");
    }
    let account = dialer.ledger().account("acme").expect("the account is read");
    assert_eq!((account.occupied, account.locked), (0, 12), "each of them locked three slots");
    assert_invariants(&dialer.ledger(), 4);
}

const REFUSALS: [&str; 7] = [
    "accepted",
    "not-owned",
    "already-monitored",
    "not-monitored",
    "no-free-slot",
    "no-clean-candidate",
    "replacement-pending",
];

#[track_caller]
fn assert_documented(dialer: &Dialer, line: &str) {
    let ran = dialer.run(&format!("{line} --json"));
    assert!(matches!(ran.code, Some(0 | 3)), "{line}: {:?} {}", ran.code, ran.stderr);
    if line.starts_with("review") {
        ran.exits(0);
        return;
    }
    for answer in each(&ran.json()["outcomes"], "answer") {
        assert!(REFUSALS.contains(&answer.as_str().expect("an answer")), "{line}: {answer}");
    }
}
