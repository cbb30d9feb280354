//! How well an account is watched: last and next check, sources, stale marks, and the first verdict of new numbers.

use crate::harness::acme::DAY;
use crate::harness::dialer::{Dialer, e164, each};
use crate::harness::server::Server;
use dialguard_dialer::access::Role;
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::fs::remove_file;

/// What `checks` and `numbers list` say at a time.
#[derive(Debug, PartialEq)]
struct Said {
    trouble: Value,
    stale: Value,
    source: Value,
    mark: String,
}

impl Said {
    fn by(dialer: &Dialer) -> Self {
        let checks = dialer.json("checks acme");
        let listing = dialer.run("numbers list acme").exits(0).stdout;
        let row = listing.lines().find(|line| line.contains(&e164(100))).expect("the first number");
        let mark = row.split("   ").map(str::trim).find(|cell| cell.contains("clean") || cell.contains("pending"));
        Said {
            trouble: checks["trouble"]["kind"].clone(),
            stale: checks["stale"].clone(),
            source: checks["sources"][0]["text"].clone(),
            mark: mark.unwrap_or(row).to_owned(),
        }
    }
}

/// What the carriers say on a day, if their file is there, and whether a review is made.
enum Morning {
    Sleep,
    Review(Option<&'static str>),
}

/// Four numbers, reviewed at six in the morning. Each line: a time, what happens, and what is said afterwards.
#[test]
fn an_outage_of_days_is_told_and_its_marks_are_stale() {
    use Morning::{Review, Sleep};
    let dialer = Dialer::monitoring(4, "");
    let (rated, failed) = ("answered, 4 of 4 numbers rated", "failed since 2026-03-02T09:00:00Z: ");
    let lines = [
        ("2026-03-01T09:00:00Z", Review(Some("ooo")), Value::Null, 0, rated, "● clean"),
        ("2026-03-02T07:59:59Z", Sleep, Value::Null, 0, rated, "● clean"),
        ("2026-03-02T08:00:00Z", Sleep, json!("not-made"), 4, "no answer so far", "● clean, 23 hours old"),
        ("2026-03-02T09:00:00Z", Review(None), json!("no-answer"), 4, failed, "● clean, 24 hours old"),
        ("2026-03-03T09:00:00Z", Review(None), json!("no-answer"), 4, failed, "● clean, 2 days old"),
        ("2026-03-05T09:00:00Z", Review(None), json!("no-answer"), 4, failed, "● clean, 4 days old"),
        ("2026-03-06T09:00:00Z", Review(Some("o..")), json!("too-few-opinions"), 4, rated, "● clean, 5 days old"),
        ("2026-03-07T09:00:00Z", Review(Some("ooo")), Value::Null, 0, rated, "● clean"),
    ];
    for (time, morning, trouble, stale, source, mark) in lines {
        dialer.it_is(time);
        if let Review(says) = morning {
            match says {
                Some(marks) => dialer.carriers_say(&[100, 101, 102, 103].map(|last| (last, marks))),
                None => drop(remove_file(dialer.path("verdicts.csv"))),
            }
            dialer.run("review acme").exits(0);
        }
        let said = Said::by(&dialer);
        let text = said.source.as_str().expect("words");
        assert!(text.starts_with(source), "{time}: {text}");
        let expected = Said { trouble, stale: json!(stale), source: said.source.clone(), mark: mark.into() };
        assert_eq!(said, expected, "{time}");
    }
    assert_eq!(dialer.json("checks acme")["next-at"], "2026-03-08T06:00:00Z");

    // Half of the numbers are rated; then there is no source; then the add-on is off.
    dialer.pass(DAY);
    dialer.carriers_say(&[(100, "ooo"), (101, "ooo")]);
    dialer.run("review acme").exits(0);
    dialer.run("checks acme").exits(0).says(&["2 of 4 monitored numbers have no rating of the latest check."]);
    assert_eq!(dialer.field_of_each("numbers list acme", "stale"), [false, false, true, true]);
    assert_eq!(dialer.field_of_each("numbers list acme", "last-rated-at")[3], "2026-03-07T09:00:00Z");
    let usage = dialer.json("usage acme");
    assert_eq!((&usage["clean"], &usage["stale-clean"], &usage["stale"]), (&json!(4), &json!(2), &json!(2)));
    dialer.run("usage acme").exits(0).says(&["4 clean (2 of them stale)"]);
    dialer.run("sources remove carriers").exits(0);
    dialer.pass(DAY);
    dialer
        .run("account show acme")
        .exits(0)
        .says(&["Not checked since 2026-03-08T09:00:00Z: no source is configured.", "dialguard sources add"]);
    dialer.run("account set acme --add-on off").exits(0);
    let checks = dialer.json("checks acme");
    assert_eq!((&checks["trouble"], &checks["next-at"], &checks["stale"]), (&Value::Null, &Value::Null, &json!(4)));
}

/// The grace of a review shortly before midnight ends on the next date.
#[test]
fn a_rating_is_stale_two_hours_after_the_next_check_was_due() {
    let dialer = Dialer::monitoring(1, "--review-at 23:59");
    dialer.it_is("2026-03-01T23:59:00Z");
    dialer.carriers_say(&[(100, "ooo")]);
    dialer.run("review acme").exits(0);
    for (time, stale) in
        [("2026-03-02T23:59:30Z", false), ("2026-03-03T01:58:59Z", false), ("2026-03-03T01:59:00Z", true)]
    {
        dialer.it_is(time);
        assert_eq!(dialer.field_of_each("numbers list acme", "stale"), [stale], "{time}");
    }
}

/// One source fails for days while another answers; a failure ends with an answer.
#[test]
fn the_health_of_each_source_is_its_own() {
    let dialer = Dialer::monitoring(2, "");
    let others = |dialer: &Dialer| {
        let at = dialguard::calendar::rfc3339(dialer.now());
        let row = |last| format!("{},D,5,,{at}\n{},E,5,,{at}\n", e164(last), e164(last));
        dialer.file("others.csv", format!("number,carrier,score,label,observed_at\n{}{}", row(100), row(101)));
    };
    others(&dialer);
    dialer.run("sources add others --verdicts others.csv").exits(0);
    let states = |dialer: &Dialer| {
        let sources = dialer.json("checks acme")["sources"].clone();
        (each(&sources, "state"), each(&sources, "failed-since"), each(&sources, "rated"))
    };
    let first = "2026-03-02T09:00:00Z";
    for (day, others_answer) in [true, false, false, true, false].into_iter().enumerate() {
        dialer.carriers_say(&[(100, "ooo"), (101, "oo.")]);
        if others_answer {
            others(&dialer)
        } else {
            drop(remove_file(dialer.path("others.csv")))
        }
        dialer.run("review acme").exits(0);
        let (state, since) = match day {
            0 | 3 => ("answered", Value::Null),
            1 | 2 => ("failed", json!(first)),
            _ => ("failed", json!("2026-03-05T09:00:00Z")),
        };
        let rated = if others_answer { 2 } else { 0 };
        let expected = (vec![json!("answered"), json!(state)], vec![Value::Null, since], vec![json!(2), json!(rated)]);
        assert_eq!(states(&dialer), expected, "day {day}");
        assert_eq!(dialer.json("checks acme")["trouble"], Value::Null, "every number is rated");
        dialer.pass(DAY);
    }
}

#[test]
fn a_new_number_is_being_checked_and_then_has_its_verdict() {
    let dialer = Dialer::with_account("");
    dialer.import([100], "");
    dialer.import([140], "--candidates");
    dialer.carriers_say(&[(100, "xxx"), (140, "ooo")]);
    dialer.run(&format!("monitor acme {} --no-check", e164(100))).exits(0);
    assert_eq!(dialer.field_of_each("numbers list acme", "checking"), [true]);
    dialer.run("numbers list acme").exits(0).says(&["○ checking"]);
    dialer.pass(600);
    assert_eq!(dialer.field_of_each("numbers list acme", "checking"), [false], "nobody checks it");
    dialer.run("review acme").exits(0);
    assert_eq!(dialer.standing(100), "1 flagged", "red at once");
    // Its replacement was screened for the order, and shows that at once.
    dialer.run(&format!("replace acme {}", e164(100))).exits(0);
    assert_eq!(dialer.standing(140), "1 clean");
}

#[test]
fn a_replacement_by_a_review_has_its_verdict_at_once() {
    let dialer = Dialer::monitoring(1, "--checks-to-replace 1 --auto-replace on");
    dialer.import([140], "--candidates");
    dialer.carriers_say(&[(100, "xxx"), (140, "ooo")]);
    dialer.run("review acme").exits(0);
    assert_eq!(dialer.standing(140), "1 clean");
}

#[test]
fn the_legend_has_the_figures_of_the_settings() {
    let dialer = Dialer::monitoring(1, "--rating-carriers-min 3 --checks-to-flag 2");
    dialer.run("numbers list acme --legend").exits(0).says(&[
        "Fewer than 3 carriers have a recent opinion",
        "flag it, in 2 checks in a row",
        "Nobody checks it",
        "A stale mark",
    ]);
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_and_api_tell_the_same_and_the_guide_is_for_everybody() {
    let dialer = Dialer::monitoring(2, "");
    dialer.carriers_say(&[(100, "ooo"), (101, "ooo")]);
    dialer.run("review acme").exits(0);
    let server = Server::new(dialer).await;
    let checks: Value =
        server.program(Role::Read, &["acme"]).get("/api/v1/accounts/acme/checks").await.json().await.expect("JSON");
    assert_eq!(checks, server.dialer.json("checks acme"));
    for visitor in [server.stranger(), server.user(Role::Read, &["acme"])] {
        let page = visitor.page("/guide/operating").await;
        assert!(page.contains("<h2 id=\"sources\">") && page.contains("/guide/numbers-and-money#credits"), "{page}");
        assert!(visitor.page("/guide").await.contains("/guide/numbers-and-money#what-the-marks-mean"));
        assert_eq!(visitor.get("/guide/dashboard.png").await.headers()["content-type"], "image/png");
        assert_eq!(visitor.get("/guide/nothing").await.status(), StatusCode::NOT_FOUND);
    }
}
