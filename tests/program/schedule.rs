//! The daily schedule: each account at its own local time, once per local date, whatever clocks and processes do.

use crate::harness::acme::DAY;
use crate::harness::dialer::{Dialer, each, seconds};
use crate::harness::policies::hostile::Hostile;
use crate::harness::policies::reference::reference;
use chrono::NaiveTime;
use dialguard::calendar::rfc3339;
use dialguard::clock::Clock;
use dialguard::contract::Request;
use dialguard::policy::{Limits, Policy, Wasi};
use dialguard_dialer::dialguard::{Dialguard, DialguardError, ReviewOutcome};
use dialguard_dialer::ledger::{
    AccountChange, AccountSettings, Buying, ImportedAs, Ledger, NewAccount, NewPolicy, ProviderKind, ProviderProfile,
    SourceKind, SourceProfile,
};
use dialguard_dialer::phone::Region;
use dialguard_dialer::providers::{Offer, Provider, ProviderError, PurchaseStatus, Reservation, SearchArea};
use dialguard_program::schedule::{Pace, ReviewMode, due_accounts, review_all, review_time, serve, serve_at};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::sync::Notify;

/// A clock that a test sets.
#[derive(Clone)]
struct TestClock(Arc<AtomicU64>);

impl Clock for TestClock {
    fn now(&self) -> u64 {
        self.0.load(SeqCst)
    }
}

/// A ledger, and the clock that all its processes share.
struct Fixture {
    folder: TempDir,
    clock: TestClock,
}

impl Fixture {
    fn at(time: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        Fixture { folder, clock: TestClock(Arc::new(AtomicU64::new(seconds(time)))) }
    }

    /// A Dialguard with its own connection, like another process.
    fn start(&self) -> Dialguard {
        let ledger = Ledger::open_or_create(self.folder.path()).expect("the ledger opens");
        Dialguard::new(Arc::new(ledger), reference(), Arc::new(self.clock.clone()))
    }

    fn it_is(&self, time: u64) {
        self.clock.0.store(time, SeqCst);
    }

    async fn add_accounts(&self, accounts: &[(&str, &str, &str)]) {
        let dialguard = self.start();
        for (id, zone, review_at) in accounts {
            let new = NewAccount {
                id: (*id).into(),
                blocks: 1,
                time_zone: zone.parse().expect("a time zone"),
                region: Region::US,
                review_at: NaiveTime::parse_from_str(review_at, "%H:%M").expect("a time of day"),
                settings: AccountSettings::default(),
            };
            dialguard.add_account(&new).await.expect("the account is added");
        }
    }

    /// Accounts called `a00` and so on, all due at six in the morning UTC.
    async fn add_many(&self, count: usize) {
        let ids: Vec<String> = (0..count).map(|place| format!("a{place:02}")).collect();
        let accounts: Vec<_> = ids.iter().map(|id| (id.as_str(), "UTC", "06:00")).collect();
        self.add_accounts(&accounts).await;
    }

    /// Every recorded review, including those not made by the schedule.
    fn reviews(&self) -> BTreeMap<(String, String), u32> {
        let database = rusqlite::Connection::open(self.folder.path().join("dialguard.db")).expect("the database opens");
        let mut statement = database
            .prepare(
                "SELECT accounts.id, local_date, count(*) FROM runs JOIN accounts ON accounts.key = runs.account
                  WHERE kind = 'review' GROUP BY accounts.id, local_date",
            )
            .expect("the ledger keeps its runs");
        let rows = statement.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?))).expect("rows");
        rows.collect::<Result<_, _>>().expect("rows that can be read")
    }
}

/// Reviews the accounts that are due now, and returns those that this call reviewed.
async fn review_due(dialguard: &Dialguard) -> Vec<String> {
    let due = due_accounts(dialguard, dialguard.now()).expect("the ledger tells who is due");
    let mut reviewed = Vec::new();
    review_all(dialguard, due, ReviewMode::OncePerDate, std::future::pending(), |id, outcome| {
        if was_reviewed(&outcome) {
            reviewed.push(id.to_owned());
        }
    })
    .await;
    reviewed.sort();
    reviewed
}

fn was_reviewed(outcome: &Result<Option<ReviewOutcome>, DialguardError>) -> bool {
    outcome.as_ref().expect("a review either is made or has been made").is_some()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_account_is_reviewed_at_its_own_local_time() {
    // Time zone, review time, and the matching UTC hour of 15 January 2026.
    let accounts = [
        ("kolkata", "Asia/Kolkata", "06:30", "01:00"),
        ("kathmandu", "Asia/Kathmandu", "07:15", "01:30"),
        ("london", "Europe/London", "06:00", "06:00"),
        ("new-york", "America/New_York", "06:00", "11:00"),
        ("los-angeles", "America/Los_Angeles", "06:00", "14:00"),
        ("auckland", "Pacific/Auckland", "06:00", "17:00"),
        ("tokyo", "Asia/Tokyo", "00:00", "15:00"),
        ("utc", "UTC", "23:45", "23:45"),
    ];
    let fixture = Fixture::at("2026-01-15T00:00:00Z");
    fixture.add_accounts(&accounts.map(|(id, zone, review_at, _)| (id, zone, review_at))).await;
    let dialguard = fixture.start();
    // The accounts whose local time has passed.
    review_due(&dialguard).await;
    let mut reviewed = BTreeMap::new();
    for quarter in 1..96 {
        fixture.it_is(seconds("2026-01-15T00:00:00Z") + quarter * 15 * 60);
        for id in review_due(&dialguard).await {
            let time = rfc3339(dialguard.now())[11..16].to_owned();
            assert_eq!(reviewed.insert(id.clone(), time), None, "{id} is reviewed once");
        }
    }
    let expected = accounts.map(|(id, _, _, time)| (id.to_owned(), time.to_owned()));
    assert_eq!(reviewed, BTreeMap::from(expected));
}

/// A review time in New York, successive times, and whether the review is made at each.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_hour_that_is_skipped_or_comes_twice_has_one_review() {
    type Times = &'static [(&'static str, bool)];
    let scenarios: [(&str, &str, Times); 3] = [
        (
            // On 8 March 2026 the clock goes from 02:00 to 03:00, which is 07:00 UTC.
            "in the skipped hour",
            "02:30",
            &[
                ("2026-03-07T07:29:59Z", false),
                ("2026-03-07T07:30:00Z", true),
                ("2026-03-08T06:59:59Z", false),
                ("2026-03-08T07:00:00Z", true),
                ("2026-03-08T07:30:00Z", false),
                ("2026-03-09T06:29:59Z", false),
                ("2026-03-09T06:30:00Z", true),
            ],
        ),
        (
            // On 1 November 2026 the clock goes from 02:00 back to 01:00, which is 06:00 UTC.
            "in the hour that comes twice",
            "01:30",
            &[
                ("2026-10-31T05:30:00Z", true),
                ("2026-11-01T05:29:59Z", false),
                ("2026-11-01T05:30:00Z", true),
                ("2026-11-01T06:30:00Z", false),
                ("2026-11-02T06:29:59Z", false),
                ("2026-11-02T06:30:00Z", true),
            ],
        ),
        (
            "at midnight, on the day that has 23 hours and the one after",
            "00:00",
            &[
                ("2026-03-08T05:00:00Z", true),
                ("2026-03-09T03:59:59Z", false),
                ("2026-03-09T04:00:00Z", true),
                ("2026-03-09T05:00:00Z", false),
            ],
        ),
    ];
    for (what, review_at, times) in scenarios {
        let fixture = Fixture::at(times[0].0);
        fixture.add_accounts(&[("acme", "America/New_York", review_at)]).await;
        let dialguard = fixture.start();
        for (time, expected) in times {
            fixture.it_is(seconds(time));
            let reviewed = review_due(&dialguard).await;
            assert_eq!(!reviewed.is_empty(), *expected, "{what}: {time}");
        }
        assert!(fixture.reviews().values().all(|count| *count == 1), "{what}: {:?}", fixture.reviews());
    }
}

/// A whole year of each zone in steps of ten minutes would take too long; three days around each clock change suffice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_local_date_has_exactly_one_review_time() {
    let scenarios = [
        ("America/New_York", "2026-03-07T05:00:00Z"),
        ("America/New_York", "2026-10-31T04:00:00Z"),
        ("Asia/Beirut", "2026-03-27T22:00:00Z"),
        ("Australia/Lord_Howe", "2026-04-03T13:00:00Z"),
    ];
    for (zone, first_midnight) in scenarios {
        for review_at in ["00:00", "00:30", "01:45", "02:15", "23:59"] {
            let fixture = Fixture::at(first_midnight);
            fixture.add_accounts(&[("acme", zone, review_at)]).await;
            let account = fixture.start().ledger().account("acme").expect("the account is there");
            let mut times: BTreeMap<_, Vec<_>> = BTreeMap::new();
            for now in (seconds(first_midnight)..).step_by(600).take(3 * 144) {
                times.entry(account.local_date(now)).or_default().push(review_time(&account, now));
            }
            for (date, times) in times {
                assert!(times.windows(2).all(|pair| pair[0] == pair[1]), "{zone} {review_at} {date}: {times:?}");
                assert_eq!(account.local_date(times[0]), date, "{zone} {review_at}: it lies on its own date");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missed_days_get_one_review() {
    let fixture = Fixture::at("2026-03-01T06:00:00Z");
    fixture.add_accounts(&[("acme", "UTC", "06:00")]).await;
    let steps = [
        ("2026-03-01T06:00:00Z", true),
        ("2026-03-11T05:00:00Z", false),
        ("2026-03-11T06:00:00Z", true),
        ("2026-03-11T23:59:59Z", false),
        // Down since then, and started in the middle of a day.
        ("2026-03-20T13:00:00Z", true),
        ("2026-03-21T05:59:59Z", false),
        ("2026-03-21T06:00:00Z", true),
    ];
    for (time, expected) in steps {
        fixture.it_is(seconds(time));
        // Restarted each time, as after a crash.
        assert_eq!(!review_due(&fixture.start()).await.is_empty(), expected, "{time}");
    }
    assert_eq!(fixture.reviews().len(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_on_one_ledger_make_each_review_once() {
    const ACCOUNTS: usize = 40;
    const DAYS: usize = 3;
    let fixture = Fixture::at("2026-03-01T06:00:00Z");
    fixture.add_many(ACCOUNTS).await;
    let processes = [fixture.start(), fixture.start()];
    for day in 0..DAYS {
        fixture.it_is(seconds("2026-03-01T06:00:00Z") + day as u64 * DAY);
        let [one, other] = processes.clone().map(|dialguard| tokio::spawn(async move { review_due(&dialguard).await }));
        let (one, other) = (one.await.expect("no panic"), other.await.expect("no panic"));
        assert_eq!(one.len() + other.len(), ACCOUNTS, "day {day}: {one:?} {other:?}");
    }
    let reviews = fixture.reviews();
    assert_eq!(reviews.len(), ACCOUNTS * DAYS);
    assert!(reviews.values().all(|count| *count == 1), "{reviews:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_sweep_finishes_started_reviews_and_a_restart_does_the_rest() {
    const ACCOUNTS: usize = 40;
    let fixture = Fixture::at("2026-03-01T06:00:00Z");
    fixture.add_many(ACCOUNTS).await;
    let dialguard = fixture.start();
    let due = due_accounts(&dialguard, dialguard.now()).expect("the ledger tells who is due");
    assert_eq!(due.len(), ACCOUNTS);
    let (stop, reviewed) = (Notify::new(), AtomicUsize::new(0));
    let stopped =
        review_all(&dialguard, due, ReviewMode::OncePerDate, std::pin::pin!(stop.notified()), |_, outcome| {
            assert!(was_reviewed(&outcome));
            reviewed.fetch_add(1, SeqCst);
            stop.notify_one();
        })
        .await;
    let reviewed = reviewed.into_inner();
    assert!(stopped && reviewed < ACCOUNTS, "{reviewed} reviewed");
    assert_eq!(fixture.reviews().len(), reviewed, "started reviews were reported");

    drop(dialguard);
    assert_eq!(review_due(&fixture.start()).await.len(), ACCOUNTS - reviewed);
    assert!(fixture.reviews().values().all(|count| *count == 1), "{:?}", fixture.reviews());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serve_reviews_due_accounts_until_it_is_stopped() {
    let fixture = Fixture::at("2026-03-01T06:00:00Z");
    fixture.add_many(3).await;
    fixture.add_accounts(&[("later", "UTC", "07:00")]).await;
    let dialguard = fixture.start();
    let all_reviewed = async {
        while fixture.reviews().len() < 3 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let served = tokio::time::timeout(Duration::from_secs(60), serve(&dialguard, all_reviewed)).await;
    served.expect("it stops on request").expect("nothing fails");
    assert_eq!(fixture.reviews().len(), 3, "and no account before its time");
}

/// A provider that does not answer a search until it may.
struct SlowProvider {
    is_asked: Notify,
    may_answer: Notify,
}

#[async_trait::async_trait]
impl Provider for SlowProvider {
    async fn search(&self, _: SearchArea, _: u32) -> Result<Vec<Offer>, ProviderError> {
        self.is_asked.notify_one();
        self.may_answer.notified().await;
        Ok(Vec::new())
    }

    async fn reserve(&self, _: u64) -> Result<Reservation, ProviderError> {
        unreachable!("nothing is on offer")
    }

    async fn has(&self, _: u64) -> Result<bool, ProviderError> {
        unreachable!("nothing is on offer")
    }

    async fn order(&self, _: u64, _: &str) -> Result<PurchaseStatus, ProviderError> {
        unreachable!("nothing is on offer")
    }

    async fn purchase_status(&self, _: u64, _: &str) -> Result<PurchaseStatus, ProviderError> {
        unreachable!("nothing is bought")
    }

    async fn carry_over(&self, _: u64, _: u64) -> Result<Vec<String>, ProviderError> {
        unreachable!("nothing is bought")
    }

    async fn release(&self, _: u64) -> Result<(), ProviderError> {
        unreachable!("nothing is released")
    }

    async fn owned(&self) -> Result<Vec<u64>, ProviderError> {
        unreachable!("nobody asks")
    }

    async fn test(&self) -> Result<Vec<String>, ProviderError> {
        Ok(Vec::new())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_account_does_not_hold_up_one_that_is_due_later() {
    let fixture = Fixture::at("2026-03-01T05:00:00Z");
    fixture.add_accounts(&[("slow", "UTC", "06:00"), ("later", "UTC", "07:00")]).await;
    let provider = Arc::new(SlowProvider { is_asked: Notify::new(), may_answer: Notify::new() });
    let dialguard = fixture.start().with_provider("them", provider.clone());
    let (ledger, now) = (dialguard.ledger(), dialguard.now());
    let flags = |carrier| format!("+13105550100,{carrier},95,,{}\n", rfc3339(now));
    let verdicts = fixture.folder.path().join("verdicts.csv");
    std::fs::write(&verdicts, format!("number,carrier,score,label,observed_at\n{}{}", flags("A"), flags("B"))).unwrap();
    let location = verdicts.to_string_lossy().into_owned();
    ledger.add_source(&SourceProfile { name: "carriers".into(), kind: SourceKind::Verdicts, location }, 0).unwrap();
    let (name, kind) = ("them".to_owned(), ProviderKind::Telnyx);
    ledger.add_provider(&ProviderProfile { name, kind, price_cents: 115, settings: "{}".into() }, 0).unwrap();
    let mut settings = AccountSettings::default();
    settings.guard_rails.auto_replace = true;
    settings.values.set("checks-to-replace", "1");
    let buying = Buying { provider: Some("them".into()), ..Buying::default() };
    let change = AccountChange { settings: Some(settings), buying: Some(buying), ..AccountChange::default() };
    dialguard.change_account("slow", &change).await.unwrap();
    ledger.import_numbers("slow", &[13_105_550_100], ImportedAs::Owned, now).unwrap();
    dialguard.decide("slow", &Request::StartMonitoring(vec![13_105_550_100])).await.unwrap();

    let meanwhile = async {
        provider.is_asked.notified().await;
        fixture.it_is(seconds("2026-03-01T07:00:00Z"));
        while fixture.reviews().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let reviews = fixture.reviews();
        assert!(reviews.keys().all(|(id, _)| id == "later"), "the slow one is still in progress: {reviews:?}");
        provider.may_answer.notify_one();
        while fixture.reviews().len() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let pace = Pace { look_every: Duration::from_millis(5), ..Pace::default() };
    let served = serve_at(pace, &dialguard, meanwhile);
    tokio::time::timeout(Duration::from_secs(60), served).await.expect("nothing hangs").expect("nothing fails");
}

/// A review does not wait for the next look at the ledger.
#[tokio::test(flavor = "multi_thread")]
async fn a_review_begins_when_it_is_due() {
    let fixture = Fixture::at("2026-03-01T06:00:00Z");
    fixture.add_accounts(&[("first", "UTC", "06:00"), ("later", "UTC", "07:00")]).await;
    let dialguard = fixture.start();
    let meanwhile = async {
        for (reviewed, time) in [(1, "2026-03-01T07:00:00Z"), (2, "2026-03-02T06:00:00Z"), (3, "2026-03-02T06:00:00Z")]
        {
            while fixture.reviews().len() < reviewed {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            fixture.it_is(seconds(time));
        }
    };
    let pace = Pace { look_every: Duration::from_secs(3_600), ..Pace::default() };
    let served = serve_at(pace, &dialguard, meanwhile);
    tokio::time::timeout(Duration::from_secs(60), served).await.expect("nothing hangs").expect("nothing fails");
}

/// Asks for candidates without end if the account's name begins with an `s`, and throws the answers away.
const HOG_SLOW: &str = "(if (i32.eq (i32.load8_u (local.get $id)) (i32.const 0x73)) (then
      (loop $again
        (call $candidates (local.get $id) (local.get $id-len) (i64.const 13105550100) (i32.const 9) (global.get $asked))
        (global.set $free (i32.const 0x20000))
        (br $again))))";

/// As many accounts as are at work at a time have runs that do not end, and then another falls due. Its review is made;
/// and the schedule stops, though the runs would go on for an hour.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_that_do_not_end_hold_up_neither_other_accounts_nor_the_end() {
    let fixture = Fixture::at("2026-03-01T05:00:00Z");
    let slow: Vec<String> = (0..16).map(|place| format!("slow-{place}")).collect();
    let mut accounts: Vec<_> = slow.iter().map(|id| (id.as_str(), "UTC", "06:00")).collect();
    accounts.push(("later", "UTC", "07:00"));
    fixture.add_accounts(&accounts).await;
    let hour = Duration::from_secs(3_600);
    let limits = Limits {
        compute_time_max: hour,
        run_time_max: hour,
        import_calls_max: u32::MAX,
        held_bytes_max: u64::MAX,
        ..Limits::default()
    };
    let policy = Policy::compile(&Hostile::review(HOG_SLOW).component(), limits).expect("it looks like a policy");
    let ledger = Ledger::open_or_create(fixture.folder.path()).expect("the ledger opens");
    let dialguard = Dialguard::new(Arc::new(ledger), policy, Arc::new(fixture.clock.clone()));
    let meanwhile = async {
        fixture.it_is(seconds("2026-03-01T06:00:00Z"));
        while slow.iter().any(|id| dialguard.progress(id).is_none()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        fixture.it_is(seconds("2026-03-01T07:00:00Z"));
        while fixture.reviews().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let pace = Pace { look_every: Duration::from_millis(20), slow_after: Duration::from_millis(200) };
    let served = serve_at(pace, &dialguard, meanwhile);
    tokio::time::timeout(Duration::from_secs(120), served).await.expect("nothing hangs").expect("nothing fails");
    let reviewed: Vec<_> = fixture.reviews().into_keys().map(|(id, _)| id).collect();
    assert_eq!(reviewed, ["later"]);
}

// The program

#[test]
fn serve_once_reviews_due_accounts_and_exits() {
    let dialer = Dialer::with_account("--review-at 09:00");
    for (id, options) in [("later", "--review-at 09:01"), ("off", ""), ("tokyo", "--time-zone Asia/Tokyo")] {
        let zone = if options.contains("--time-zone") { "" } else { "--time-zone UTC" };
        dialer.run(&format!("account add {id} --blocks 1 {zone} {options}")).exits(0);
    }
    dialer.run("account set off --add-on off").exits(0);
    for (seconds, words) in [(0, "2 accounts reviewed"), (0, "0 accounts"), (60, "1 account "), (DAY, "3 accounts")] {
        dialer.pass(seconds);
        dialer.run("serve --once").exits(0).says(&[words]);
    }
}

#[test]
fn a_failing_account_does_not_keep_others_from_their_review() {
    let dialer = Dialer::with_account("");
    dialer.run("account add broken --blocks 1 --time-zone UTC").exits(0);
    let database = rusqlite::Connection::open(dialer.path("ledger/dialguard.db")).expect("the database opens");
    let broken = "CREATE TRIGGER broken BEFORE INSERT ON runs
                      WHEN NEW.account = (SELECT key FROM accounts WHERE id = 'broken') BEGIN
                      SELECT RAISE(ABORT, 'its disk is full');
                  END";
    database.execute_batch(broken).expect("its runs fail");
    dialer.run("serve --once").exits(1).says(&["1 account reviewed", "broken: ", "its disk is full"]);
    dialer.run("serve --once").exits(1).says(&["0 accounts reviewed", "broken: "]);
}

/// Stopped by the signals of a service manager and of a terminal, after a review.
#[test]
fn serve_stops_cleanly_on_a_signal() {
    for signal in ["-INT", "-TERM"] {
        let dialer = Dialer::with_ledger();
        let add = ["account", "add", "acme", "--blocks", "1", "--time-zone", "UTC", "--review-at", "00:00"];
        assert!(dialer.command(&add).status().expect("the program starts").success());
        let mut serving = dialer.command(&["serve"]).stderr(Stdio::piped()).spawn().expect("the program starts");
        let mut log = BufReader::new(serving.stderr.take().expect("a pipe")).lines();
        let mut logs = |words: &str| log.any(|line| line.expect("a line").contains(words));
        assert!(logs("watching 1 accounts") && logs("reviewed at"), "it says what it does");
        let pid = serving.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().expect("kill runs").success());
        assert!(logs("stopped"), "it says that it was stopped by {signal}");
        assert_eq!(exit_code(&mut serving), Some(0), "{signal}");
    }
}

/// Stopped in the middle of a run that would go on for ten minutes.
#[test]
fn serve_stops_in_the_middle_of_a_run() {
    let dialer = Dialer::with_ledger();
    let add = ["account", "add", "slow", "--blocks", "1", "--time-zone", "UTC", "--review-at", "00:00"];
    assert!(dialer.command(&add).output().expect("the program starts").status.success());
    let component = Hostile::review(HOG_SLOW).component();
    let policy = NewPolicy {
        sha256: &dialguard::sha256(&component),
        component: &component,
        signature: None,
        name: "hostile",
        version: "1.0.0",
        summary: "Means harm.",
        contract: "0.2.0",
        built_in: false,
        wasi: Wasi::None,
    };
    let revision = dialer.ledger().install_policy(&policy, 0).expect("a revision").to_string();
    let limits = ["policy", "limits", "--compute-ms-max", "600000", "--import-calls-max", "4000000000"];
    for command in [&["policy", "activate", &revision][..], &limits] {
        assert!(dialer.command(command).output().expect("the program starts").status.success());
    }
    let mut command = dialer.command(&["serve", "--no-page"]);
    let mut serving = command.env("RUST_LOG", "debug").stderr(Stdio::piped()).spawn().expect("the program starts");
    let mut log = BufReader::new(serving.stderr.take().expect("a pipe")).lines();
    let mut logs = |words: &str| log.any(|line| line.expect("a line").contains(words));
    assert!(logs("its review begins"), "it says what it does");
    let pid = serving.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs").success());
    assert!(logs("its review was dropped"), "it says what it leaves");
    assert_eq!(exit_code(&mut serving), Some(0));
    let events = dialer.json("events slow");
    assert!(each(&events, "kind").iter().all(|kind| kind != "policy-failed"), "{events}");
}

fn exit_code(child: &mut Child) -> Option<i32> {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        if let Some(status) = child.try_wait().expect("the child can be waited for") {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    None
}
