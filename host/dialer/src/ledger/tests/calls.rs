//! How calls went: what is stored of them, replaced, refused, forgotten and summed.

use super::*;
use crate::ledger::calls::{forget, sums, totals};
use CallOutcome::{Ahead, Changed, Known, New, NoHour, NotOwned, TooOld};

/// A Monday, 14:00 in New York.
const NOON: &str = "2026-06-01T18:00:00Z";

fn hour(number: PhoneNumber, hour: &str, counts: [u32; 4]) -> CallHour {
    let [attempts, answered, short, blocked] = counts;
    CallHour { number, hour: at(hour), calls: CallCounts::new(attempts, answered, short, blocked).unwrap() }
}

impl Fixture {
    /// The sums of these numbers, and of all, as attempts, answered, short and blocked.
    fn called(&self, numbers: &[PhoneNumber], since: &str) -> (Vec<[u64; 4]>, [u64; 4]) {
        let figures = |calls: CallTotals| [calls.attempts, calls.answered, calls.short, calls.blocked];
        let read = |transaction: &rusqlite::Transaction| {
            let key = accounts::profile(transaction, ACME)?.key;
            let of_each = sums(transaction, key, numbers, at(since))?;
            Ok((of_each.into_iter().map(figures).collect(), figures(totals(transaction, key, at(since))?)))
        };
        self.ledger.read(read).unwrap()
    }

    fn hours_kept(&self) -> i64 {
        self.ledger
            .read(|transaction| Ok(transaction.query_row("SELECT count(*) FROM calls", [], |row| row.get(0))?))
            .unwrap()
    }

    fn is_sound(&self) -> bool {
        let report = Ledger::check(self.ledger.folder()).unwrap();
        report.is_sound()
    }
}

#[test]
fn a_report_states_the_whole_hour_and_a_later_one_replaces_it() {
    let fixture = Fixture::new(NOON);
    let ledger = &fixture.ledger;
    let import =
        |counts| ledger.import_calls(ACME, &[hour(NUMBER, "2026-06-01T17:00:00Z", counts)], fixture.now).unwrap();
    assert_eq!(import([10, 4, 1, 0]), [New]);
    assert_eq!(import([10, 4, 1, 0]), [Known], "sent twice, it changes nothing");
    assert_eq!(fixture.called(&[NUMBER], NOON), (vec![[0; 4]], [0; 4]), "the hour was over by then");
    assert_eq!(import([12, 5, 1, 2]), [Changed]);
    assert_eq!(fixture.called(&[NUMBER], "2026-06-01T17:59:59Z"), (vec![[12, 5, 1, 2]], [12, 5, 1, 2]));
    assert_eq!(fixture.hours_kept(), 1);
    assert!(fixture.is_sound());
}

#[test]
fn an_hour_is_refused_for_its_number_or_its_time() {
    let fixture = Fixture::new(NOON);
    fixture.execute("UPDATE numbers SET state = 'released' WHERE number = 13105550109").unwrap();
    let counts = [1, 0, 0, 0];
    let scenarios = [
        (NUMBER, "2026-06-01T18:00:00Z", New, "the hour under way"),
        (NUMBER, "2026-06-01T19:00:00Z", Ahead, "has not begun"),
        (NUMBER, "2026-04-02T18:00:00Z", New, "60 days ago"),
        (NUMBER, "2026-04-02T17:00:00Z", TooOld, "61 days ago"),
        (NUMBER, "2026-06-01T17:30:00Z", NoHour, "13:30 in New York"),
        (NUMBER + 9, "2026-06-01T17:00:00Z", New, "left the account"),
        (NUMBER + 10, "2026-06-01T17:00:00Z", NotOwned, "nobody's"),
        (NUMBER + 50, "2026-06-01T17:00:00Z", NotOwned, "a candidate"),
        (PhoneNumber::MAX, "2026-06-01T17:00:00Z", NotOwned, "no number"),
    ];
    let hours: Vec<CallHour> = scenarios.iter().map(|(number, at, ..)| hour(*number, at, counts)).collect();
    let expected: Vec<CallOutcome> = scenarios.iter().map(|(_, _, outcome, _)| *outcome).collect();
    assert_eq!(fixture.ledger.preview_calls(ACME, &hours, fixture.now).unwrap(), expected);
    assert_eq!(fixture.hours_kept(), 0, "a preview changes nothing");
    let revision = fixture.ledger.account(ACME).unwrap().revision;
    assert_eq!(fixture.ledger.import_calls(ACME, &hours, fixture.now).unwrap(), expected);
    assert_eq!(fixture.hours_kept(), 3);
    assert_eq!(fixture.ledger.account(ACME).unwrap().revision, revision, "a run under way goes on");
}

#[test]
fn an_hour_begins_when_the_account_s_clock_strikes() {
    for (zone, at_utc, begins) in [
        ("America/New_York", "2026-06-01T17:59:59Z", "2026-06-01T17:00:00Z"),
        ("Asia/Kolkata", "2026-06-01T17:29:59Z", "2026-06-01T16:30:00Z"),
        ("Asia/Kathmandu", "2026-06-01T17:15:00Z", "2026-06-01T17:15:00Z"),
        ("America/St_Johns", "2026-06-01T17:00:00Z", "2026-06-01T16:30:00Z"),
        // Clocks go back from 2:00 to 1:30.
        ("Australia/Lord_Howe", "2026-04-04T14:59:00Z", "2026-04-04T14:00:00Z"),
        ("Australia/Lord_Howe", "2026-04-04T15:00:00Z", "2026-04-04T14:30:00Z"),
    ] {
        assert_eq!(rfc3339(hour_of(at(at_utc), zone.parse().unwrap())), begins, "{zone}");
    }
}

#[test]
fn after_a_change_of_zone_no_call_counts_twice() {
    let fixture = Fixture::new(NOON);
    let ledger = &fixture.ledger;
    let hours = ["2026-06-01T15:00:00Z", "2026-06-01T16:00:00Z"].map(|at| hour(NUMBER, at, [10, 5, 0, 0]));
    ledger.import_calls(ACME, &hours, fixture.now).unwrap();
    let zone = AccountChange { time_zone: Some("Asia/Kolkata".parse().unwrap()), ..AccountChange::default() };
    ledger.change_account(ACME, &zone, fixture.now).unwrap();
    ledger.import_calls(ACME, &[hour(NUMBER, "2026-06-01T15:30:00Z", [8, 3, 0, 0])], fixture.now).unwrap();
    assert_eq!(fixture.called(&[NUMBER], "2026-06-01T00:00:00Z").1, [8, 3, 0, 0], "it overlaps both");
    assert!(fixture.is_sound());
}

#[test]
fn sums_are_of_each_number_asked_and_totals_of_those_too_that_left() {
    let fixture = Fixture::new(NOON);
    let hours = [
        hour(NUMBER, "2026-05-29T17:00:00Z", [100, 50, 5, 1]),
        hour(NUMBER, "2026-05-29T18:00:00Z", [10, 4, 1, 0]),
        hour(NUMBER, "2026-06-01T17:00:00Z", [20, 2, 0, 3]),
        hour(NUMBER + 1, "2026-06-01T17:00:00Z", [7, 7, 7, 0]),
        hour(NUMBER + 2, "2026-06-01T17:00:00Z", [1, 0, 0, 1]),
    ];
    fixture.ledger.import_calls(ACME, &hours, fixture.now).unwrap();
    fixture.execute("UPDATE numbers SET state = 'released' WHERE number = 13105550102").unwrap();
    let asked = [NUMBER + 1, NUMBER, NUMBER + 5, 7];
    let three_days = "2026-05-29T18:00:00Z";
    let expected = (vec![[7, 7, 7, 0], [30, 6, 1, 3], [0; 4], [0; 4]], [38, 13, 8, 4]);
    assert_eq!(fixture.called(&asked, three_days), expected);
    assert_eq!(fixture.called(&asked, "2026-05-29T18:59:59Z"), expected, "an hour counts from its beginning");
    let by_day = fixture.ledger.calls_by_day(ACME, NUMBER).unwrap();
    let by_day: Vec<_> = by_day.iter().map(|day| (day.date.to_string(), day.calls.attempts)).collect();
    assert_eq!(by_day, [("2026-05-29".to_owned(), 110), ("2026-06-01".to_owned(), 20)]);
    let by_number = fixture.ledger.calls_by_number(ACME, at(three_days), NUMBER, 1).unwrap();
    assert_eq!(
        by_number,
        [NumberTotals { number: NUMBER + 1, calls: CallTotals { attempts: 7, answered: 7, short: 7, blocked: 0 } }]
    );
}

#[test]
fn hours_are_forgotten_after_sixty_days() {
    let fixture = Fixture::new(NOON);
    let hours = ["2026-04-02T18:00:00Z", "2026-04-02T19:00:00Z"].map(|at| hour(NUMBER, at, [1, 0, 0, 0]));
    fixture.ledger.import_calls(ACME, &hours, fixture.now).unwrap();
    let later = [hour(NUMBER + 1, "2026-06-01T18:00:00Z", [1, 0, 0, 0])];
    fixture.ledger.import_calls(ACME, &later, at("2026-06-01T18:00:01Z")).unwrap();
    assert_eq!(fixture.hours_kept(), 2);
    let forget_at = |now: &str| fixture.ledger.change(|transaction| forget(transaction, 1, at(now))).unwrap();
    forget_at("2026-06-01T19:00:00Z");
    assert_eq!(fixture.hours_kept(), 2, "the hour of 60 days ago is kept");
    forget_at("2026-09-01T00:00:00Z");
    assert_eq!(fixture.hours_kept(), 0);
    assert!(fixture.is_sound());
}

#[test]
fn a_change_forgets_a_part_and_the_next_one_more() {
    let fixture = Fixture::new(NOON);
    let fill = format!(
        "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 59999)
         INSERT INTO calls SELECT 1, {NUMBER} + i / 100, {} + i % 100 * 3600, 1, 0, 0, 0 FROM n",
        at("2026-01-01T05:00:00Z")
    );
    fixture.execute(&fill).unwrap();
    for left in [10_000, 0] {
        fixture.ledger.change(|transaction| forget(transaction, 1, fixture.now)).unwrap();
        assert_eq!(fixture.hours_kept(), left);
    }
}

#[test]
fn the_database_keeps_no_counts_that_cannot_be() {
    assert_eq!(CallCounts::new(1_000_001, 0, 0, 0), Err(ImpossibleCounts::Attempts));
    assert_eq!(CallCounts::new(1, 2, 0, 0), Err(ImpossibleCounts::Answered));
    assert_eq!(CallCounts::new(2, 1, 2, 0), Err(ImpossibleCounts::Short));
    assert_eq!(CallCounts::new(1, 1, 0, 2), Err(ImpossibleCounts::Blocked));
    let fixture = Fixture::new(NOON);
    let insert = |row: &str| fixture.execute(&format!("INSERT INTO calls VALUES (1, {NUMBER}, {row})"));
    insert("3600, 2, 1, 1, 2").unwrap();
    for row in [
        "3600, 1, 0, 0, 0",
        "3601, 1, 0, 0, 0",
        "7200, 1000001, 0, 0, 0",
        "7200, 1, 2, 0, 0",
        "7200, 2, 1, 2, 0",
        "7200, 1, 0, 0, 2",
    ] {
        assert!(insert(row).is_err(), "{row}");
    }
    assert!(fixture.execute("UPDATE calls SET attempts = 3").is_err());
}
