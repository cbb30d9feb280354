//! Time zones and billing cycles as they are in the wild: rows of the table of real-world cases, and time zone data that
//! change while a dialer is in business.

use crate::harness::acme::DAY;
use crate::harness::cases::{all_hold, case};
use crate::harness::dialer::{Dialer, seconds};
use crate::harness::server::Server;
use crate::program::dashboard::form_of;
use chrono::NaiveTime;
use dialguard::calendar::rfc3339;
use dialguard_dialer::access::Role;
use dialguard_dialer::ledger::{AccountSettings, Ledger, NewAccount};
use dialguard_dialer::phone::Region;
use dialguard_dialer::zones::{self, Zone};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A row of the table: its id, the situation, and the check that it comes out right.
type Row = (&'static str, &'static str, fn());

const ROWS: [Row; 18] = [
    ("S01", "review at 02:30, which 14 March 2027 does not have", a_skipped_review_time),
    ("S02", "review at 01:30, which 1 November 2026 has twice", a_repeated_review_time),
    ("S03", "the program was down for four days", four_days_down),
    ("S04b", "Vancouver's billing cycle over the end of its clock changes", vancouver_stays_on_summer_time),
    ("S05", "zones whose rules changed in 2022 to 2025", rules_of_2022_to_2025),
    ("S06", "links and old names of zones", links_and_old_names),
    ("S08", "a zone change after which the local date goes back", a_local_date_that_goes_back),
    ("S09", "four programs make the due review at the same time", four_programs_at_once),
    ("S10", "every zone, in winter 2026 and summer 2027", every_zone),
    ("B01", "added on 31 January", added_on_31_january),
    ("B02", "added on 29 February", added_on_29_february),
    ("B03", "added on 30 January", added_on_30_january),
    ("B05", "UTC+13: the billing day begins on the UTC day before", added_in_auckland),
    ("B06", "touched around the local and the UTC midnight of its billing day", touched_around_midnight),
    ("B07", "moved west on its billing day", || moved_on_its_billing_day("Pacific/Auckland", "America/Los_Angeles")),
    ("B07b", "moved east on its billing day", || moved_on_its_billing_day("America/Los_Angeles", "Pacific/Auckland")),
    ("B08", "blocks asked for while the add-on is off", blocks_while_off),
    ("B08b", "off over the cycle start, on, off, on", switched_four_times),
];

#[test]
fn every_row_about_clocks_comes_out_right() {
    all_hold(&ROWS.map(|(id, situation, check)| case(id, situation, check)));
}

/// A ledger, in memory if there is such a folder.
fn ledger() -> (TempDir, Ledger) {
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a folder for the test");
    let ledger = Ledger::open_or_create(folder.path()).expect("a ledger");
    (folder, ledger)
}

fn add(ledger: &Ledger, zone: &str, at: &str) {
    let new = NewAccount {
        id: zone.into(),
        blocks: 0,
        time_zone: zone.parse().expect("a time zone"),
        region: Region::US,
        review_at: NaiveTime::from_hms_opt(6, 0, 0).expect("a time"),
        settings: AccountSettings::default(),
    };
    ledger.add_account(&new, seconds(at)).expect("the account is added");
}

/// When the billing cycle of an account begins that is added then.
fn cycle_begins(zone: &str, at: &str) -> String {
    let (_folder, ledger) = ledger();
    add(&ledger, zone, at);
    rfc3339(ledger.account(zone).expect("it was added").cycle_starts_at)
}

/// The ends of the first billing cycles, each looked at when the one before has ended.
fn cycle_ends(zone: &str, added_at: &str, count: usize) -> Vec<String> {
    let (_folder, ledger) = ledger();
    add(&ledger, zone, added_at);
    let mut now = seconds(added_at);
    let mut ends = Vec::new();
    for _ in 0..count {
        let (account, _) = ledger.account_at(zone, now).expect("it was added");
        ends.push(rfc3339(account.cycle_ends_at));
        now = account.cycle_ends_at;
    }
    ends
}

/// An account with three clean numbers, checked on the day before `first`, and the times at which `serve --once` made a
/// review. It runs at each of them.
fn reviews(account: &str, first: &str, times: &[&str]) -> Vec<String> {
    let dialer = business(account, first);
    let mut made = Vec::new();
    for time in times {
        if reviewed(&dialer, time) {
            made.push((*time).to_owned());
        }
    }
    made
}

fn business(account: &str, at: &str) -> Dialer {
    let dialer = Dialer::with_ledger();
    dialer.it_is(at);
    open(&dialer, account);
    dialer
}

fn open(dialer: &Dialer, account: &str) {
    dialer.run(&format!("account add acme --blocks 1 {account}")).exits(0);
    dialer.carriers_say(&[]);
    dialer.run("sources add carriers --verdicts verdicts.csv").exits(0);
    dialer.import(100..103, "");
    dialer.run("monitor acme --all --no-check").exits(0);
    assert!(reviewed(dialer, &rfc3339(dialer.now())), "their first check");
}

/// Whether the schedule made a review then.
fn reviewed(dialer: &Dialer, time: &str) -> bool {
    dialer.it_is(time);
    dialer.carriers_say(&[(100, "ooo"), (101, "ooo"), (102, "ooo")]);
    !dialer.run("serve --once").exits(0).stdout.starts_with("0 accounts")
}

fn charges(dialer: &Dialer) -> Vec<i64> {
    dialer.events("charged").iter().filter_map(|event| event["cents"].as_i64()).collect()
}

fn a_skipped_review_time() {
    let times = ["2027-03-14T06:30:00Z", "2027-03-14T07:00:00Z", "2027-03-14T07:30:00Z", "2027-03-15T03:30:00Z"];
    let made = reviews("--time-zone America/New_York --review-at 02:30", "2027-03-13T08:00:00Z", &times);
    assert_eq!(made, ["2027-03-14T07:00:00Z"]);
}

fn a_repeated_review_time() {
    let times = ["2026-11-01T05:00:00Z", "2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z", "2026-11-02T04:30:00Z"];
    let made = reviews("--time-zone America/New_York --review-at 01:30", "2026-10-31T08:00:00Z", &times);
    assert_eq!(made, ["2026-11-01T05:30:00Z"]);
}

fn four_days_down() {
    let times = ["2027-05-02T12:00:00Z", "2027-05-06T12:00:00Z", "2027-05-06T13:00:00Z", "2027-05-07T12:00:00Z"];
    let made = reviews("--time-zone America/New_York", "2027-05-01T12:00:00Z", &times);
    assert_eq!(made, ["2027-05-02T12:00:00Z", "2027-05-06T12:00:00Z", "2027-05-07T12:00:00Z"]);
}

fn vancouver_stays_on_summer_time() {
    let dialer = Dialer::with_ledger();
    dialer.it_is("2026-12-01T20:00:00Z");
    dialer.run("account add acme --blocks 1 --time-zone America/Vancouver").exits(0);
    let account = dialer.json("account show acme");
    assert_eq!(account["cycle-starts-at"], "2026-12-01T07:00:00Z");
    assert_eq!(account["cycle-ends-at"], "2027-01-01T07:00:00Z");
}

/// Local midnight of 15 January and 15 July 2026, in UTC.
fn rules_of_2022_to_2025() {
    let scenarios = [
        ("America/Mexico_City", "15T06:00", "15T06:00"),
        ("America/Ciudad_Juarez", "15T07:00", "15T06:00"),
        ("America/Ojinaga", "15T06:00", "15T05:00"),
        ("America/Asuncion", "15T03:00", "15T03:00"),
        ("America/Santiago", "15T03:00", "15T04:00"),
        ("America/Coyhaique", "15T03:00", "15T03:00"),
        ("America/Nuuk", "15T02:00", "15T01:00"),
        ("America/Scoresbysund", "15T02:00", "15T01:00"),
        ("Asia/Almaty", "14T19:00", "14T19:00"),
        ("Asia/Amman", "14T21:00", "14T21:00"),
        ("Asia/Damascus", "14T21:00", "14T21:00"),
        ("Africa/Cairo", "14T22:00", "14T21:00"),
    ];
    for (zone, winter, summer) in scenarios {
        assert_eq!(cycle_begins(zone, "2026-01-15T12:00:00Z"), format!("2026-01-{winter}:00Z"), "{zone}");
        assert_eq!(cycle_begins(zone, "2026-07-15T12:00:00Z"), format!("2026-07-{summer}:00Z"), "{zone}");
    }
}

fn links_and_old_names() {
    let dialer = Dialer::with_ledger();
    let names = [
        ("US/Eastern", "05:00"),
        ("EST5EDT", "05:00"),
        ("Canada/Atlantic", "04:00"),
        ("America/Buenos_Aires", "03:00"),
        ("GB", "00:00"),
        ("Zulu", "00:00"),
        ("Etc/GMT+5", "05:00"),
        ("Europe/Kiev", "22:00"),
        ("Asia/Calcutta", "18:30"),
        ("Asia/Saigon", "17:00"),
        ("NZ", "11:00"),
    ];
    dialer.it_is("2026-01-15T12:00:00Z");
    for (name, midnight) in names {
        let id = name.replace(['/', '+'], "-");
        let account = dialer.json(&format!("account add {id} --blocks 0 --time-zone {name}"));
        assert_eq!(account["time-zone"], name);
        assert_eq!(&account["cycle-starts-at"].as_str().expect("a time")[11..16], midnight, "{name}");
    }
}

fn a_local_date_that_goes_back() {
    let dialer = Dialer::with_account("--checks-to-flag 2");
    dialer.run("account set acme --time-zone Pacific/Auckland").exits(0);
    dialer.import(100..101, "");
    dialer.run("monitor acme --all --no-check").exits(0);
    // The day in UTC and the first in Auckland are over.
    dialer.it_is("2026-03-04T20:00:00Z");
    dialer.carriers_say(&[(100, "xxx")]);
    dialer.run("review acme").exits(0);
    dialer.run("account set acme --time-zone America/Los_Angeles").exits(0);
    dialer.pass(15 * 60);
    dialer.carriers_say(&[(100, "xxx")]);
    dialer.run("review acme").exits(0);
    assert_eq!(dialer.standing(100), "1 at-risk");
}

fn four_programs_at_once() {
    let dialer = business("--time-zone UTC", "2026-03-01T12:00:00Z");
    dialer.it_is("2026-03-02T06:00:00Z");
    dialer.carriers_say(&[(100, "ooo"), (101, "ooo"), (102, "ooo")]);
    let codes = std::thread::scope(|scope| {
        let programs: Vec<_> = (0..4).map(|_| scope.spawn(|| dialer.run("serve --once").code)).collect();
        programs.into_iter().map(|program| program.join().expect("it ends")).collect::<Vec<_>>()
    });
    assert_eq!(codes, [Some(0); 4]);
    let runs = dialer.ledger().runs("acme", 0, 100).expect("runs");
    let days: Vec<_> = runs.iter().filter(|run| run.kind == dialguard_dialer::ledger::RunKind::DailyReview).collect();
    assert_eq!(days.iter().filter(|run| run.local_date == "2026-03-02").count(), 1);
}

/// Those that an older database had wrong, by their offsets in hours from then on; and each other zone is taken.
fn every_zone() {
    let permanent = [
        (0, ["Africa/Casablanca", "Africa/El_Aaiun"].as_slice()),
        (-4, &["America/Havana", "Cuba"]),
        (-5, &["America/Winnipeg", "America/Rainy_River", "Canada/Central"]),
        (-6, &["America/Edmonton", "America/Inuvik", "America/Yellowknife", "Canada/Mountain"]),
        (-7, &["America/Vancouver", "Canada/Pacific"]),
    ];
    for (hours, names) in permanent {
        for name in names {
            let midnight = format!("T{:02}:00:00Z", -hours);
            for day in ["2026-12-01", "2027-07-01"] {
                assert_eq!(cycle_begins(name, &format!("{day}T12:00:00Z")), format!("{day}{midnight}"), "{name}");
            }
        }
    }
    let (_folder, ledger) = ledger();
    let names = zones::names();
    for name in &names {
        add(&ledger, name, "2026-12-01T12:00:00Z");
    }
    assert_eq!(ledger.accounts().expect("accounts").len(), names.len());
}

fn added_on_31_january() {
    let ends = cycle_ends("America/New_York", "2027-01-31T15:00:00Z", 6);
    let expected = [
        "2027-02-28T05:00:00Z",
        "2027-03-31T04:00:00Z",
        "2027-04-30T04:00:00Z",
        "2027-05-31T04:00:00Z",
        "2027-06-30T04:00:00Z",
        "2027-07-31T04:00:00Z",
    ];
    assert_eq!(ends, expected);
}

fn added_on_29_february() {
    let ends = cycle_ends("America/Los_Angeles", "2028-02-29T15:00:00Z", 3);
    assert_eq!(ends, ["2028-03-29T07:00:00Z", "2028-04-29T07:00:00Z", "2028-05-29T07:00:00Z"]);
}

fn added_on_30_january() {
    let ends = cycle_ends("UTC", "2027-01-30T15:00:00Z", 3);
    assert_eq!(ends, ["2027-02-28T00:00:00Z", "2027-03-30T00:00:00Z", "2027-04-30T00:00:00Z"]);
}

/// It is 1 January in Auckland, where clocks go back on 4 April.
fn added_in_auckland() {
    let ends = cycle_ends("Pacific/Auckland", "2026-12-31T12:00:00Z", 4);
    let expected = ["2027-01-31T11:00:00Z", "2027-02-28T11:00:00Z", "2027-03-31T11:00:00Z", "2027-04-30T12:00:00Z"];
    assert_eq!(ends, expected);
}

fn touched_around_midnight() {
    let dialer = Dialer::with_ledger();
    dialer.it_is("2027-01-01T20:00:00Z");
    dialer.run("account add acme --blocks 1 --time-zone America/Los_Angeles").exits(0);
    let touches = [
        ("2027-01-31T23:59:59Z", 1),
        ("2027-02-01T00:00:00Z", 1),
        ("2027-02-01T07:59:59Z", 1),
        ("2027-02-01T08:00:00Z", 2),
        ("2027-02-01T08:00:01Z", 2),
        ("2027-03-01T07:59:59Z", 2),
        ("2027-03-01T08:00:00Z", 3),
    ];
    for (touch, (time, count)) in touches.into_iter().enumerate() {
        dialer.it_is(time);
        dialer.run(&format!("account set acme --spam-score-min {}", 60 + touch)).exits(0);
        assert_eq!(charges(&dialer), vec![4_900; count], "{time}");
    }
}

/// Each cycle is charged once, though its end lies in another zone than its beginning.
fn moved_on_its_billing_day(from: &str, to: &str) {
    let dialer = Dialer::with_ledger();
    dialer.it_is("2027-01-01T12:00:00Z");
    dialer.run(&format!("account add acme --blocks 1 --time-zone {from}")).exits(0);
    let ends = |dialer: &Dialer| seconds(dialer.json("account show acme")["cycle-ends-at"].as_str().expect("a time"));
    for (zone, count) in [(to, 2), (from, 3), (to, 4)] {
        let end = ends(&dialer);
        for time in [end - 1, end, end + 1, end + 18 * 3_600] {
            dialer.it_is(&rfc3339(time));
            dialer.run(&format!("account set acme --time-zone {zone}")).exits(0);
        }
        assert_eq!(charges(&dialer), vec![4_900; count], "{zone}");
        let length = ends(&dialer) - end;
        assert!((26 * DAY..=33 * DAY).contains(&length), "{zone}: a cycle of {length} s");
    }
}

/// A cycle that began while the add-on was off was not charged. A block asked for then is refused; asked for again when it
/// is on, all three are paid for.
fn blocks_while_off() {
    let dialer = Dialer::with_ledger();
    dialer.it_is("2027-01-01T12:00:00Z");
    dialer.run("account add acme --blocks 2 --time-zone UTC").exits(0);
    dialer.it_is("2027-01-20T12:00:00Z");
    dialer.run("account set acme --add-on off").exits(0);
    dialer.it_is("2027-02-10T12:00:00Z");
    dialer.run("account set acme --blocks 3").exits(1).says(&["the reputation add-on is off"]);
    dialer.it_is("2027-02-11T12:00:00Z");
    dialer.run("account set acme --add-on on").exits(0);
    dialer.it_is("2027-02-12T12:00:00Z");
    dialer.run("account set acme --blocks 3").exits(0);
    assert_eq!(charges(&dialer), [9_800, 9_800, 4_900]);
}

fn switched_four_times() {
    let dialer = Dialer::with_ledger();
    dialer.it_is("2027-01-01T12:00:00Z");
    dialer.run("account add acme --blocks 2 --time-zone UTC").exits(0);
    for (time, switch) in [
        ("2027-01-31T12:00:00Z", "off"),
        ("2027-02-02T12:00:00Z", "on"),
        ("2027-02-03T12:00:00Z", "off"),
        ("2027-02-04T12:00:00Z", "on"),
    ] {
        dialer.it_is(time);
        dialer.run(&format!("account set acme --add-on {switch}")).exits(0);
    }
    assert_eq!(charges(&dialer), [9_800, 9_800], "one for January, one for February");
}

const CHANGES: &str = "PST8PDT,M3.2.0,M11.1.0";
const PERMANENT: &str = "<-07>7";

/// The account `acme` in Vancouver, opened and checked by these rules on 1 December 2026.
fn vancouver(rules: &str) -> Dialer {
    let dialer = Dialer::with_ledger();
    dialer.it_is("2026-12-01T15:00:00Z");
    dialer.has_zones("2099a", &[("America/Vancouver", rules)]);
    open(&dialer, "--time-zone America/Vancouver");
    dialer
}

fn cycle(dialer: &Dialer) -> [Value; 2] {
    let account = dialer.json("account show acme");
    ["cycle-starts-at", "cycle-ends-at"].map(|name| account[name].clone())
}

#[test]
fn newer_time_zone_data_move_what_is_due_next_and_repeat_nothing() {
    // The rules before and after, the midnights of 1 January, and whether reviews are made at these times of December.
    let scenarios = [
        (
            (CHANGES, PERMANENT),
            ("2027-01-01T08:00:00Z", "2027-01-01T07:00:00Z"),
            [
                ("2026-12-01T20:00:00Z", false),
                ("2026-12-02T07:30:00Z", false),
                ("2026-12-02T12:59:00Z", false),
                ("2026-12-02T13:00:00Z", true),
                ("2026-12-02T14:00:00Z", false),
                ("2026-12-03T12:59:00Z", false),
                ("2026-12-03T13:00:00Z", true),
            ],
        ),
        (
            (PERMANENT, CHANGES),
            ("2027-01-01T07:00:00Z", "2027-01-01T08:00:00Z"),
            [
                ("2026-12-01T20:00:00Z", false),
                ("2026-12-02T07:30:00Z", false),
                ("2026-12-02T13:59:00Z", false),
                ("2026-12-02T14:00:00Z", true),
                ("2026-12-02T15:00:00Z", false),
                ("2026-12-03T13:59:00Z", false),
                ("2026-12-03T14:00:00Z", true),
            ],
        ),
    ];
    for ((before, after), (old_end, new_end), times) in scenarios {
        let dialer = vancouver(before);
        let [start, end] = cycle(&dialer);
        assert_eq!(end, old_end);
        dialer.run("unmonitor acme +13105550102").exits(0);
        dialer.has_zones("2099b", &[("America/Vancouver", after)]);
        assert_eq!(cycle(&dialer), [start, Value::from(new_end)], "the cycle began when it began");
        for (time, expected) in times {
            assert_eq!(reviewed(&dialer, time), expected, "{before} to {after}: {time}");
        }
        let planned = dialer.events("account-changed");
        let text = format!("The billing cycle ends at {new_end} instead of {old_end}: time zone data 2099b.");
        assert_eq!(planned.iter().map(|event| &event["text"]).collect::<Vec<_>>(), [&text]);
        // The slot is free again, and the next cycle charged, with the new midnight.
        dialer.it_is(&rfc3339(seconds(new_end) - 1));
        dialer.run("monitor acme +13105550102 --no-check").exits(0);
        assert_eq!(dialer.standing(102), "4 pending", "its slot is locked");
        assert_eq!(charges(&dialer), [4_900]);
        dialer.it_is(new_end);
        dialer.import(103..104, "");
        dialer.run("monitor acme +13105550103 --no-check").exits(0);
        assert_eq!(dialer.standing(103), "3 pending");
        dialer.it_is(&rfc3339(seconds(new_end) + 3_600));
        dialer.run("account set acme --spam-score-min 70").exits(0);
        assert_eq!(charges(&dialer), [4_900, 4_900]);
        let missed = dialer.events("reviews-missed");
        let text = missed[0]["text"].as_str().expect("words");
        assert!(text.starts_with("On 27 dates from 2026-12-04 to 2026-12-30,"), "{text}");
        dialer.run("ledger check").exits(0);
    }
}

/// What was bought after the new midnight, before the data came, stays in the cycle in which it was charged.
#[test]
fn a_cycle_does_not_end_before_what_was_charged_in_it() {
    let dialer = vancouver(CHANGES);
    dialer.it_is("2027-01-01T07:30:00Z");
    dialer.run("account set acme --blocks 2").exits(0);
    dialer.has_zones("2099b", &[("America/Vancouver", PERMANENT)]);
    dialer.it_is("2027-01-01T07:45:00Z");
    assert_eq!(cycle(&dialer)[1], "2027-01-01T08:00:00Z");
    dialer.run("account set acme --spam-score-min 71").exits(0);
    assert_eq!(charges(&dialer), [4_900, 4_900]);
    dialer.it_is("2027-01-01T08:00:00Z");
    dialer.run("account set acme --spam-score-min 72").exits(0);
    assert_eq!(charges(&dialer), [4_900, 4_900, 9_800]);
    assert_eq!(cycle(&dialer), ["2027-01-01T08:00:00Z", "2027-02-01T07:00:00Z"]);
}

#[test]
fn the_program_says_which_time_zone_data_it_uses() {
    let dialer = Dialer::with_ledger();
    let folder = dialer.path("zoneinfo").display().to_string();
    let version = || dialer.run_arguments(&["--version"]).exits(0).stdout;
    assert!(version().contains(&format!("dialguard {}", env!("CARGO_PKG_VERSION"))));
    assert!(version().contains("included in the program"), "{}", version());
    assert_eq!(dialer.json("clock")["time-zone-data"]["folder"], Value::Null);
    dialer.has_zones("2020a", &[("America/Vancouver", CHANGES)]);
    assert!(version().contains("included in the program"), "an older one is not used: {}", version());
    dialer.has_zones("2099a", &[("America/Vancouver", CHANGES)]);
    assert!(version().contains(&format!("time zone data 2099a from {folder}")), "{}", version());
    assert_eq!(dialer.json("clock")["time-zone-data"], json!({"version": "2099a", "folder": folder}));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_surface_answers_a_name_that_is_no_zone_with_the_same_words() {
    let server = Server::new(Dialer::with_account("")).await;
    let program = server.program(Role::Administer, &[]);
    let user = server.user(Role::Administer, &["acme"]);
    let page = user.page("/accounts/acme/settings").await;
    let typed = form_of(&page);
    assert!(page.contains(&format!("Time zone data: {}", zones::database().version)));
    let answers = [
        ("Eastern Standard Time", "no time zone is called \"Eastern Standard Time\"; did you mean America/New_York?"),
        ("new york", "no time zone is called \"new york\"; did you mean America/New_York?"),
        ("EST", "EST is UTC-5 all year, without daylight saving time."),
        ("EST", "Give America/New_York for local time in the eastern US, or Etc/GMT+5 for UTC-5 all year"),
    ];
    for (text, answer) in answers {
        let refused = server.dialer.run_arguments(&["account", "set", "acme", "--time-zone", text]);
        refused.exits(2).says(&[answer]);
        let requests = [
            program.request(Method::PATCH, "/api/v1/accounts/acme").json(&json!({"time-zone": text})),
            program
                .request(Method::POST, "/api/v1/accounts")
                .json(&json!({"id": "new", "blocks": 1, "time-zone": text})),
        ];
        for request in requests {
            let refused = request.send().await.expect("an answer");
            assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
            let problem: Value = refused.json().await.expect("a problem");
            assert!(problem["detail"].as_str().expect("a detail").contains(answer), "{problem}");
        }
        let mut form: Vec<_> = typed.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        form.retain(|(name, _)| *name != "time-zone");
        form.extend([("time-zone", text), ("do", "save")]);
        let refused = user.send("/accounts/acme/settings", &form).await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let shown = refused.text().await.expect("a page").replace("&quot;", "\"");
        assert!(shown.contains(answer), "{shown}");
    }
}

/// An account that had such a zone before the question was asked keeps it, on each surface.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_in_est_keeps_working() {
    let dialer = Dialer::with_ledger();
    let zone: Zone = "EST".parse().expect("a zone of the database");
    let new = NewAccount {
        id: "acme".into(),
        blocks: 1,
        time_zone: zone,
        region: Region::US,
        review_at: NaiveTime::from_hms_opt(6, 0, 0).expect("a time"),
        settings: AccountSettings::default(),
    };
    dialer.ledger().add_account(&new, dialer.now()).expect("the account is added");
    dialer.run("account set acme --review-at 07:00").exits(0);
    assert_eq!(dialer.json("account show acme")["time-zone"], "EST");
    let server = Server::new(dialer).await;
    let patch = json!({"time-zone": "EST", "review-at": "08:00"});
    let changed = server.program(Role::Administer, &[]).request(Method::PATCH, "/api/v1/accounts/acme").json(&patch);
    assert_eq!(changed.send().await.expect("an answer").status(), StatusCode::OK);
    assert_eq!(server.dialer.json("account show acme")["review-at"], "08:00");
}
