//! The daily check is a promise: each monitored number is rated once per local date, or the date is reported as missed.

use crate::harness::acme::number;
use crate::harness::dialer::seconds;
use crate::harness::policies::reference::reference;
use chrono::NaiveTime;
use dialguard::calendar::rfc3339;
use dialguard::clock::FixedClock;
use dialguard::contract::{GuardRails, PhoneNumber, Request};
use dialguard_dialer::dialguard::{Dialguard, ReviewOutcome};
use dialguard_dialer::ledger::{
    AccountChange, AccountProfile, AccountSettings, Day, EventFilter, ImportedAs, Ledger, NewAccount, NewWebhook,
    RunKind, SourceKind, SourceProfile,
};
use dialguard_dialer::phone::Region;
use dialguard_program::schedule::{ReviewMode, close_days, due_accounts, review_all};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// The account `acme`, whose carriers answer from a verdict file, and a schedule that looks when a test says so.
struct Daily {
    folder: TempDir,
    dialguard: Dialguard,
    now: u64,
    flagged: bool,
}

impl Daily {
    /// The account reviews at this local time and monitors this many numbers, which the carriers call clean.
    async fn new(zone: &str, review_at: &str, (begins_at, count): (&str, u64), settings: AccountSettings) -> Self {
        // In memory if there is such a folder: random histories wait for the disk thousands of times.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a folder for the test");
        let now = seconds(begins_at);
        let dialguard = start(&folder);
        let daily = Daily { folder, dialguard, now, flagged: false };
        let new = NewAccount {
            id: "acme".into(),
            blocks: 2,
            time_zone: zone.parse().expect("a time zone"),
            region: Region::US,
            review_at: NaiveTime::parse_from_str(review_at, "%H:%M").expect("a time of day"),
            settings,
        };
        daily.dialguard().add_account(&new).await.expect("the account is added");
        let location = daily.verdicts().to_str().expect("a path of text").to_owned();
        let source = SourceProfile { name: "carriers".into(), kind: SourceKind::Verdicts, location };
        daily.ledger().add_source(&source, 0).expect("a source");
        let webhook = NewWebhook {
            account: Some("acme"),
            url: "https://dialer.example/alerts",
            key: &[7; 24],
            allow_private: false,
            page_address: None,
        };
        daily.ledger().add_webhook(&webhook, now).expect("a webhook");
        daily.take_on(100..100 + count).await;
        daily
    }

    fn dialguard(&self) -> Dialguard {
        self.dialguard.at(self.now)
    }

    fn ledger(&self) -> &Ledger {
        self.dialguard.ledger()
    }

    fn account(&self) -> AccountProfile {
        self.ledger().account("acme").expect("the account is there")
    }

    fn verdicts(&self) -> PathBuf {
        self.folder.path().join("verdicts.csv")
    }

    /// The carriers answer, as of now.
    fn carriers_answer(&self) {
        let mut rows = "number,carrier,score,label,observed_at\n".to_owned();
        for last_digits in 100..130 {
            for carrier in ["A", "B", "C"] {
                let score = if self.flagged && last_digits < 120 { 95 } else { 5 };
                writeln!(rows, "+{},{carrier},{score},,{}", number(last_digits), rfc3339(self.now))
                    .expect("text grows");
            }
        }
        std::fs::write(self.verdicts(), rows).expect("the verdict file is written");
    }

    fn carriers_are_down(&self) {
        let _ = std::fs::remove_file(self.verdicts());
    }

    async fn take_on(&self, last_digits: std::ops::Range<u64>) {
        let numbers: Vec<_> = last_digits.map(number).collect();
        self.ledger().import_numbers("acme", &numbers, ImportedAs::Owned, self.now).expect("numbers");
        let decided = self.dialguard().decide("acme", &Request::StartMonitoring(numbers)).await.expect("an answer");
        assert!(
            decided.decision.outcomes.iter().all(|outcome| outcome.answer == dialguard::contract::Answer::Accepted)
        );
    }

    async fn change(&self, change: AccountChange) {
        self.dialguard().change_account("acme", &change).await.expect("the account changes");
    }

    async fn move_to(&self, zone: &str) {
        let time_zone = Some(zone.parse().expect("a time zone"));
        self.change(AccountChange { time_zone, ..AccountChange::default() }).await;
    }

    async fn switch(&self, enabled: bool) {
        self.change(AccountChange { enabled: Some(enabled), ..AccountChange::default() }).await;
    }

    /// The schedule looks at a time, with the carriers' answers as of then; returns what it reviewed.
    async fn look_at(&mut self, time: &str) -> Option<usize> {
        self.now = seconds(time);
        if self.verdicts().exists() {
            self.carriers_answer();
        }
        self.look().await.map(|review| review.plan.reviews.len())
    }

    async fn look(&self) -> Option<ReviewOutcome> {
        let dialguard = self.dialguard();
        close_days(&dialguard).expect("days are closed");
        let due = due_accounts(&dialguard, self.now).expect("the ledger tells who is due");
        let mut reviewed = None;
        review_all(&dialguard, due, ReviewMode::OncePerDate, std::future::pending(), |_, outcome| {
            reviewed = outcome.expect("the review is made");
        })
        .await;
        reviewed
    }

    /// A user's own review; how many it rated.
    async fn review_at(&mut self, time: &str) -> usize {
        self.now = seconds(time);
        if self.verdicts().exists() {
            self.carriers_answer();
        }
        self.dialguard().review("acme").await.expect("the review is made").plan.reviews.len()
    }

    fn events(&self, kind: &str) -> Vec<String> {
        let events = self.ledger().events("acme", EventFilter { number: None, last: u32::MAX }).expect("events");
        events.into_iter().filter(|event| event.kind == kind).map(|event| event.text).collect()
    }

    fn messages(&self, kind: &str) -> usize {
        let deliveries = self.ledger().deliveries(None, false, 10_000).expect("messages");
        deliveries.iter().filter(|delivery| delivery.kind == kind).count()
    }

    /// The local dates of daily reviews.
    fn daily_reviews(&self) -> Vec<String> {
        let runs = self.ledger().runs("acme", 0, 10_000).expect("runs");
        runs.into_iter().filter(|run| run.kind == RunKind::DailyReview).map(|run| run.local_date).collect()
    }
}

/// Another process on the same ledger.
fn start(folder: &TempDir) -> Dialguard {
    let ledger = Ledger::open_or_create(folder.path()).expect("the ledger opens");
    Dialguard::new(Arc::new(ledger), reference(), Arc::new(FixedClock(0)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_that_could_not_be_rated_are_asked_about_again_on_the_same_date() {
    let mut daily = Daily::new("UTC", "06:00", ("2026-03-01T12:00:00Z", 15), AccountSettings::default()).await;
    daily.carriers_answer();
    assert_eq!(daily.look().await.unwrap().plan.reviews.len(), 15, "their first check");
    daily.carriers_are_down();
    assert_eq!(daily.look_at("2026-03-02T05:59:59Z").await, None);
    assert_eq!(daily.look_at("2026-03-02T06:00:00Z").await, Some(0), "the file is missing");
    let runs = daily.ledger().runs("acme", 0, 100).unwrap().len();
    assert_eq!(daily.look_at("2026-03-02T06:04:59Z").await, None);
    assert_eq!(daily.look_at("2026-03-02T06:05:00Z").await, Some(0));
    assert_eq!(daily.ledger().runs("acme", 0, 100).unwrap().len(), runs, "asking again without an answer is not a run");
    daily.carriers_answer();
    assert_eq!(daily.look_at("2026-03-02T06:10:00Z").await, None);
    assert_eq!(daily.look_at("2026-03-02T06:15:00Z").await, Some(15));
    assert_eq!(daily.look_at("2026-03-02T23:59:59Z").await, None, "the date is done");
    assert_eq!(daily.daily_reviews(), ["2026-03-01", "2026-03-02"]);
    assert_eq!(daily.look_at("2026-03-03T06:00:00Z").await, Some(15));
    assert!(daily.events("reviews-missed").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pauses_grow_until_the_local_date_ends_and_what_is_missing_is_reported_once() {
    let mut daily = Daily::new("UTC", "06:00", ("2026-03-01T05:00:00Z", 3), AccountSettings::default()).await;
    daily.carriers_answer();
    assert_eq!(daily.look_at("2026-03-01T06:00:00Z").await, Some(3));
    daily.carriers_are_down();
    let mut tried = Vec::new();
    for minute in 0..36 * 60 {
        daily.now = seconds("2026-03-02T00:00:00Z") + minute * MINUTE;
        if daily.look().await.is_some() {
            tried.push(rfc3339(daily.now)[8..16].to_owned());
        }
    }
    let first_day = [
        "02T06:00", "02T06:05", "02T06:15", "02T06:35", "02T07:15", "02T08:35", "02T10:35", "02T12:35", "02T14:35",
        "02T16:35", "02T18:35", "02T20:35", "02T22:35", "02T23:55",
    ];
    let second_day = ["03T06:00", "03T06:05", "03T06:15", "03T06:35", "03T07:15", "03T08:35", "03T10:35"];
    assert_eq!(tried, [&first_day[..], &second_day[..]].concat());
    assert_eq!(daily.events("reviews-missed"), ["On 2026-03-02, 3 numbers were not rated."]);
    assert_eq!(daily.events("unrated").len(), 2, "one event a date, not one a try");
    assert_eq!(daily.messages("reviews.missed"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dates_without_a_running_program_are_reported_in_one_event_and_one_message() {
    let mut daily = Daily::new("UTC", "06:00", ("2026-03-01T05:00:00Z", 3), AccountSettings::default()).await;
    daily.carriers_answer();
    assert_eq!(daily.look_at("2026-03-01T06:00:00Z").await, Some(3));
    assert_eq!(daily.look_at("2026-03-05T08:00:00Z").await, Some(3));
    let report = "On 3 dates from 2026-03-02 to 2026-03-04, up to 3 numbers were not rated.";
    assert_eq!((daily.events("reviews-missed"), daily.messages("reviews.missed")), (vec![report.to_owned()], 1));

    assert_eq!(daily.look_at("2026-03-31T08:00:00Z").await, Some(3));
    assert_eq!(daily.look_at("2026-04-03T08:00:00Z").await, Some(3));
    let report = "On 2 dates from 2026-04-01 to 2026-04-02, up to 3 numbers were not rated. Charged meanwhile: $98.00 \
                  for the billing cycle from 2026-04-01.";
    assert_eq!(daily.events("reviews-missed").last().map(String::as_str), Some(report));
}

/// While the add-on is off, and when nothing can be rated, a user's review at ten past midnight is not the day's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_review_that_rates_nothing_is_not_the_daily_one() {
    let mut daily = Daily::new("UTC", "06:00", ("2026-03-01T05:00:00Z", 3), AccountSettings::default()).await;
    daily.carriers_answer();
    assert_eq!(daily.look_at("2026-03-01T06:00:00Z").await, Some(3));
    daily.switch(false).await;
    assert_eq!(daily.review_at("2026-03-02T00:10:00Z").await, 0);
    daily.switch(true).await;
    assert_eq!(daily.look_at("2026-03-02T06:00:00Z").await, Some(3));
    daily.carriers_are_down();
    assert_eq!(daily.review_at("2026-03-03T00:10:00Z").await, 0);
    daily.carriers_answer();
    assert_eq!(daily.look_at("2026-03-03T06:00:00Z").await, Some(3));
    assert_eq!(daily.daily_reviews(), ["2026-03-01", "2026-03-02", "2026-03-03"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_date_is_done_when_a_user_had_its_numbers_rated_early() {
    let mut daily = Daily::new("UTC", "06:00", ("2026-03-01T05:00:00Z", 3), AccountSettings::default()).await;
    daily.carriers_answer();
    assert_eq!(daily.look_at("2026-03-01T06:00:00Z").await, Some(3));
    assert_eq!(daily.review_at("2026-03-02T00:10:00Z").await, 3);
    assert_eq!(daily.look_at("2026-03-02T06:00:00Z").await, None);
    assert_eq!(daily.look_at("2026-03-03T06:00:00Z").await, Some(3));
    assert!(daily.events("reviews-missed").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_review_that_is_missed_by_seconds_is_made_late_and_counts_for_its_date() {
    let mut daily = Daily::new("UTC", "23:59", ("2026-03-01T05:00:00Z", 3), AccountSettings::default()).await;
    daily.carriers_answer();
    assert_eq!(daily.look_at("2026-03-01T05:00:00Z").await, Some(3));
    assert_eq!(daily.look_at("2026-03-02T23:58:59Z").await, None);
    assert_eq!(daily.look_at("2026-03-03T00:00:10Z").await, Some(3));
    assert_eq!(daily.daily_reviews(), ["2026-03-02"]);
    assert_eq!(daily.look_at("2026-03-03T23:58:59Z").await, None);
    assert_eq!(daily.look_at("2026-03-03T23:59:00Z").await, Some(3));
    assert!(daily.events("reviews-missed").is_empty());
    // Two hours after the review time it is too late.
    assert_eq!(daily.look_at("2026-03-05T01:59:00Z").await, None);
    assert_eq!(daily.events("reviews-missed"), ["On 2026-03-04, 3 numbers were not rated."]);
    assert_eq!(daily.look_at("2026-03-05T23:59:00Z").await, Some(3));
}

/// Each move happens an hour after the review that held replacements back.
/// Flagged numbers are replaced at the check that flags them.
fn replacing_at_once() -> AccountSettings {
    AccountSettings {
        guard_rails: GuardRails { auto_replace: true, ..GuardRails::default() },
        values: [("checks-to-replace", "1")].into_iter().collect(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_move_neither_lifts_a_hold_nor_leaves_two_days_between_reviews() {
    let moves = [
        ("Pacific/Auckland", "2026-02-28T17:00:00Z", "America/Los_Angeles", "2026-03-01T14:00:00Z"),
        ("America/Los_Angeles", "2026-02-28T14:00:00Z", "Pacific/Auckland", "2026-03-01T17:00:00Z"),
    ];
    for (from, reviewed_at, to, next) in moves {
        let settings = replacing_at_once();
        let mut daily = Daily::new(from, "06:00", ("2026-02-26T12:00:00Z", 12), settings).await;
        let candidates: Vec<_> = (120..125).map(number).collect();
        daily.ledger().import_numbers("acme", &candidates, ImportedAs::Candidate, daily.now).unwrap();
        daily.carriers_answer();
        daily.look().await;
        daily.flagged = true;
        assert_eq!(daily.look_at(reviewed_at).await, Some(12));
        assert_eq!(daily.events("mass-flag-held").len(), 1);
        daily.now += HOUR;
        daily.move_to(to).await;
        let again = daily.dialguard().review("acme").await.unwrap();
        assert_eq!((again.plan.reviews.len(), again.replaced.len()), (0, 0), "{from}: rated today, and still held");
        assert_eq!(again.plan.notices[0].kind, "mass-flag-held");
        assert_eq!(daily.events("mass-flag-held").len(), 1, "said again, and recorded once");
        daily.now = seconds(next) - 1;
        assert!(daily.look().await.is_none(), "{from}: before {next}");
        assert_eq!(daily.look_at(next).await, Some(12), "{from}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_move_frees_no_room_under_the_days_limits() {
    let moves = [("Pacific/Auckland", "America/Los_Angeles"), ("America/Los_Angeles", "Pacific/Auckland")];
    for (from, to) in moves {
        let settings = replacing_at_once();
        let mut daily = Daily::new(from, "06:00", ("2026-02-26T18:00:00Z", 5), settings).await;
        let candidates: Vec<_> = (120..130).map(number).collect();
        daily.ledger().import_numbers("acme", &candidates, ImportedAs::Candidate, daily.now).unwrap();
        daily.flagged = true;
        daily.carriers_answer();
        let reviewed = daily.look().await.unwrap();
        assert_eq!(reviewed.replaced.len(), 3, "the limit of a day");
        for hour in 0..4 {
            daily.now += HOUR;
            let zone = if hour % 2 == 0 { to } else { from };
            daily.move_to(zone).await;
            let again = daily.dialguard().review("acme").await.unwrap();
            assert_eq!(again.replaced.len(), 0, "{zone}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_just_added_is_checked_at_once_and_alone() {
    let mut daily = Daily::new("UTC", "06:00", ("2026-03-01T05:00:00Z", 3), AccountSettings::default()).await;
    daily.carriers_answer();
    assert_eq!(daily.look_at("2026-03-01T06:00:00Z").await, Some(3));
    daily.now = seconds("2026-03-02T00:10:00Z");
    daily.take_on(110..111).await;
    daily.carriers_answer();
    let checked = daily.dialguard().check_added("acme").await.unwrap().expect("one number is new");
    let rated: Vec<PhoneNumber> = checked.plan.reviews.rows().unwrap().map(|review| review.number).collect();
    assert_eq!(rated, [number(110)]);
    assert!(!checked.applied.unwrap().daily);
    assert_eq!(daily.look_at("2026-03-02T06:00:00Z").await, Some(3), "the others, at their time");
    // Later in the day, and without a surface that starts the check.
    daily.now = seconds("2026-03-02T15:00:00Z");
    daily.take_on(111..112).await;
    assert_eq!(daily.look_at("2026-03-02T15:00:20Z").await, Some(1));
    assert_eq!(daily.look_at("2026-03-03T06:00:00Z").await, Some(5));
    assert!(daily.dialguard().check_added("acme").await.unwrap().is_none());
}

/// What happens to an account, its carriers and its program.
#[derive(Debug, Clone)]
enum Step {
    /// This many minutes pass, and the schedule looks.
    Pass(u64),
    /// The program is down for hours.
    Down(u64),
    Restart,
    CarriersAnswer,
    CarriersAreDown,
    MoveTo(&'static str),
    ReviewAt(u32, u32),
    Switch(bool),
    Review,
    /// A number is added, and checked by the surface or not.
    TakeOn(bool),
}

fn step() -> impl Strategy<Value = Step> {
    const ZONES: &[&str] = &[
        "UTC",
        "Pacific/Auckland",
        "America/Los_Angeles",
        "Asia/Kathmandu",
        "Pacific/Kiritimati",
        "Pacific/Pago_Pago",
    ];
    const TIMES: &[(u32, u32)] = &[(0, 0), (6, 0), (12, 30), (23, 59)];
    prop_oneof![
        8 => (1..60u64).prop_map(Step::Pass),
        12 => (60..600u64).prop_map(Step::Pass),
        1 => (1..80u64).prop_map(Step::Down),
        1 => Just(Step::Restart),
        3 => Just(Step::CarriersAnswer),
        2 => Just(Step::CarriersAreDown),
        3 => proptest::sample::select(ZONES).prop_map(Step::MoveTo),
        1 => proptest::sample::select(TIMES).prop_map(|(hour, minute)| Step::ReviewAt(hour, minute)),
        1 => any::<bool>().prop_map(Step::Switch),
        1 => Just(Step::Review),
        1 => any::<bool>().prop_map(Step::TakeOn),
    ]
}

/// What a history must add up to.
#[derive(Default)]
struct Books {
    /// By their beginnings; and whether the add-on was on when the day ended, once it has.
    days: BTreeMap<u64, (Day, Option<bool>)>,
    sampled_until: u64,
    monitored_since: BTreeMap<PhoneNumber, u64>,
    /// Numbers, and the days that they were rated for.
    rated: BTreeSet<(PhoneNumber, u64)>,
}

impl Books {
    /// Notes the days until now; the account has not changed since the last call.
    fn note_days(&mut self, account: &AccountProfile, now: u64) {
        let from = if self.sampled_until == 0 { now } else { self.sampled_until };
        for at in (from..now).step_by(HOUR as usize).chain([now]) {
            let day = account.day(at);
            let known = self.days.entry(day.starts_at).or_insert((day, None));
            let bounds = |day: Day| (day.date, day.starts_at, day.ends_at);
            assert_eq!(bounds(known.0), bounds(day), "a day stays as it is");
        }
        for (day, was_on) in self.days.values_mut().filter(|(day, _)| day.ends_at <= now) {
            was_on.get_or_insert(account.enabled);
            assert!((12 * HOUR..=37 * HOUR).contains(&(day.ends_at - day.starts_at)), "{day:?}");
        }
        self.sampled_until = now;
    }

    fn note_review(&mut self, daily: &Daily, review: Option<ReviewOutcome>) {
        let Some(ReviewOutcome { plan, applied: Some(applied), .. }) = review else { return };
        let day = daily.sql("SELECT day FROM runs WHERE id = ?1", applied.run);
        for review in plan.reviews.rows().unwrap() {
            assert!(self.rated.insert((review.number, day)), "+{} is rated once for a day", review.number);
            let (day, _) = self.days[&day];
            assert!((day.starts_at..day.ends_at + 2 * HOUR).contains(&plan.decided_at), "{day:?} {}", plan.decided_at);
        }
    }

    /// Each date on which the add-on was on is done or reported, by date.
    fn missed(&self) -> BTreeMap<String, usize> {
        let mut missed = BTreeMap::new();
        for (day, was_on) in self.days.values() {
            let mut members = self.monitored_since.iter().filter(|(_, since)| **since < day.ends_at);
            let is_done = members.all(|(number, _)| self.rated.contains(&(*number, day.starts_at)));
            if *was_on == Some(true) && !is_done {
                *missed.entry(day.date.to_string()).or_default() += 1;
            }
        }
        missed
    }
}

impl Daily {
    fn sql(&self, query: &str, parameter: u64) -> u64 {
        let database = rusqlite::Connection::open(self.folder.path().join("dialguard.db")).expect("the database opens");
        database.query_row(query, [parameter as i64], |row| row.get::<_, i64>(0)).expect("a row") as u64
    }

    /// The dates that messages report as missed, and how often.
    fn reported(&self) -> BTreeMap<String, usize> {
        let database = rusqlite::Connection::open(self.folder.path().join("dialguard.db")).expect("the database opens");
        let mut bodies =
            database.prepare("SELECT body FROM deliveries WHERE kind = 'reviews.missed'").expect("messages");
        let mut reported = BTreeMap::new();
        for body in bodies.query_map([], |row| row.get::<_, String>(0)).expect("rows") {
            let body: serde_json::Value = serde_json::from_str(&body.expect("text")).expect("JSON");
            for date in body["data"]["dates"]["first"].as_array().expect("dates") {
                *reported.entry(date["local-date"].as_str().expect("a date").to_owned()).or_default() += 1;
            }
        }
        reported
    }

    async fn live_through(&mut self, books: &mut Books, step: &Step) {
        if let Step::Pass(minutes) = step {
            self.now += minutes * MINUTE;
        }
        if let Step::Down(hours) = step {
            self.now += hours * HOUR;
        }
        books.note_days(&self.account(), self.now);
        if self.verdicts().exists() {
            self.carriers_answer();
        }
        match step {
            Step::Pass(_) => {
                let review = self.look().await;
                books.note_review(self, review);
            }
            Step::Down(_) => {}
            Step::Restart => self.dialguard = start(&self.folder),
            Step::CarriersAnswer => self.carriers_answer(),
            Step::CarriersAreDown => self.carriers_are_down(),
            Step::MoveTo(zone) => self.move_to(zone).await,
            Step::ReviewAt(hour, minute) => {
                let review_at = NaiveTime::from_hms_opt(*hour, *minute, 0);
                self.change(AccountChange { review_at, ..AccountChange::default() }).await;
            }
            Step::Switch(enabled) => self.switch(*enabled).await,
            Step::Review => {
                let review = self.dialguard().review("acme").await.expect("the review is made");
                books.note_review(self, Some(review));
            }
            Step::TakeOn(is_checked) => {
                let next = 100 + books.monitored_since.len() as u64;
                if next < 120 && self.account().enabled {
                    self.take_on(next..next + 1).await;
                    books.monitored_since.insert(number(next), self.now);
                }
                if *is_checked {
                    let review = self.dialguard().check_added("acme").await.expect("the check is made");
                    books.note_review(self, review);
                }
            }
        }
    }
}

async fn live_through(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let mut daily = Daily::new("UTC", "06:00", ("2026-03-01T05:00:00Z", 2), AccountSettings::default()).await;
    daily.carriers_answer();
    let mut books = Books::default();
    books.note_days(&daily.account(), daily.now);
    books.monitored_since.extend([number(100), number(101)].map(|number| (number, daily.now)));
    for step in &steps {
        daily.live_through(&mut books, step).await;
    }
    // Until every day is closed that began before.
    daily.live_through(&mut books, &Step::Down(2)).await;
    let last_end = daily.account().day(daily.now).starts_at;
    books.days.retain(|_, (day, _)| day.ends_at <= last_end);
    daily.now = daily.now.max(last_end + 2 * HOUR);
    close_days(&daily.dialguard()).expect("days are closed");
    prop_assert_eq!(daily.reported(), books.missed());
    Ok(())
}

#[test]
fn in_random_histories_each_date_is_done_or_reported_once_and_no_number_is_rated_twice() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let config = ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(steps in proptest::collection::vec(step(), 40..90))| {
        runtime.block_on(live_through(steps))?;
    });
}
