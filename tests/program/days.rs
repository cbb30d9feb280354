//! How numbers were rated on past days, and what sources answered: counted by the checks, and the same on every surface.

use crate::harness::acme::DAY;
use crate::harness::dialer::{Dialer, e164};
use crate::harness::server::Server;
use dialguard_dialer::access::Role;
use serde_json::{Value, json};
use std::fs::remove_file;

/// The days of the command that have ratings: clean, at risk, flagged, not rated.
fn rated(dialer: &Dialer) -> Vec<(String, [u64; 4])> {
    let days = dialer.json("days acme")["days"].as_array().expect("days").clone();
    assert_eq!(days.len(), 30);
    let count = |day: &Value, name: &str| day[name].as_u64().expect("a count");
    let day = |day: &Value| {
        let date = day["date"].as_str().expect("a date").to_owned();
        (date, ["clean", "at-risk", "flagged", "not-rated"].map(|name| count(day, name)))
    };
    days.iter().map(day).filter(|(_, counts)| *counts != [0; 4]).collect()
}

/// Four numbers for four mornings. On the second no source answers; on the third one carrier knows the last number, which
/// is too few to rate it.
fn four_mornings() -> Dialer {
    let dialer = Dialer::monitoring(4, "");
    let mornings = [
        Some(["ooo", "ooo", "ooo", "ooo"]),
        None,
        Some(["ooo", "xoo", "xxo", "o"]),
        Some(["ooo", "xoo", "xxo", "ooo"]),
    ];
    for (day, says) in (1..).zip(mornings) {
        dialer.it_is(&format!("2026-03-0{day}T09:00:00Z"));
        match says {
            Some(says) => dialer.carriers_say(&[(100, says[0]), (101, says[1]), (102, says[2]), (103, says[3])]),
            None => remove_file(dialer.path("verdicts.csv")).expect("yesterday's file"),
        }
        dialer.run("review acme").exits(0);
    }
    dialer
}

const FOUR_DAYS: [(&str, [u64; 4]); 3] =
    [("2026-03-01", [4, 0, 0, 0]), ("2026-03-03", [1, 1, 1, 1]), ("2026-03-04", [2, 1, 1, 0])];

fn said(days: &[(&str, [u64; 4])]) -> Vec<(String, [u64; 4])> {
    days.iter().map(|(date, counts)| ((*date).to_owned(), *counts)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_surface_shows_the_days_as_their_checks_rated_them() {
    let dialer = four_mornings();
    assert_eq!(rated(&dialer), said(&FOUR_DAYS));
    let source = |date: &str, answered: u64| json!({"date": date, "asked": 4, "answered": answered});
    let answered = [("2026-03-01", 4), ("2026-03-02", 0), ("2026-03-03", 4), ("2026-03-04", 4)];
    let answered: Vec<Value> = answered.into_iter().map(|(date, numbers)| source(date, numbers)).collect();
    assert_eq!(dialer.json("days acme")["sources"], json!([{"source": "carriers", "days": answered}]));
    dialer.run("days acme").exits(0).says(&["2026-03-02 – –", "carriers answered 75 % in 14 days"]);

    let server = Server::new(dialer).await;
    let reader = server.user(Role::Read, &["acme"]);
    let page = reader.page("/accounts/acme").await;
    for (date, counts) in FOUR_DAYS {
        let cells: String = counts.iter().map(|count| format!("<td>{count}</td>")).collect();
        assert!(page.contains(&format!("<th scope=\"row\">{date}</th>{cells}")), "{date} is not in {page}");
    }
    assert!(page.contains("<th scope=\"row\">2026-03-02</th><td colspan=\"4\">no number was rated</td>"));
    assert!(page.contains("<title>3 March: 1 flagged, 1 at risk, 1 clean, 1 not rated</title>"));
    assert!(page.contains("75 % in 14 days"));
    for (last, past) in [
        (100, "1 day clean, then 1 day not rated, then 2 days clean"),
        (101, "1 day clean, then 1 day not rated, then 2 days at risk"),
        (102, "1 day clean, then 1 day not rated, then 2 days flagged"),
        (103, "1 day clean, then 2 days not rated, then 1 day clean"),
    ] {
        // Beside the mark, after its card.
        let card = format!("id=\"carriers-{}\"", &e164(last)[1..]);
        let drawn = page.split(&card).nth(1).and_then(|after| after.split("<title>").nth(1)).expect("a picture");
        let says = drawn.split("</title>").next().expect("its title");
        assert_eq!(says, format!("Past 14 days: 10 days not rated, then {past}"));
    }
    let everything = server.user(Role::Administer, &[]);
    assert!(everything.page("/sources").await.contains("75 % in 14 days"));
}

/// A number that is replaced counts as it was rated that day, and so does the one that takes its place.
#[test]
fn numbers_that_come_and_go_count_as_they_were_rated() {
    let dialer = four_mornings();
    dialer.import([150], "--candidates");
    dialer.carriers_say(&[(150, "ooo")]);
    dialer.run(&format!("replace acme {}", e164(102))).exits(0);
    dialer.run("review acme").exits(0);
    assert_eq!(rated(&dialer).last(), said(&[("2026-03-04", [3, 1, 1, 0])]).last());
    dialer.run("ledger check").exits(0);

    // The next day is one of its own.
    dialer.pass(DAY);
    dialer.carriers_say(&[(100, "ooo"), (101, "ooo"), (103, "ooo"), (150, "ooo")]);
    dialer.run("review acme").exits(0);
    let (date, counts) = rated(&dialer).pop().expect("a day");
    assert_eq!((date.as_str(), counts.iter().sum::<u64>()), ("2026-03-05", 4));
}

/// A number's past days stay with it when it leaves its slot and comes back, and not when another account has it.
#[tokio::test(flavor = "multi_thread")]
async fn past_days_stay_with_a_number_in_its_account() {
    let dialer = four_mornings();
    let number = e164(102);
    dialer.run(&format!("unmonitor acme {number} --yes")).exits(0);
    let past = "10 days not rated, then 1 day clean, then 1 day not rated, then 2 days flagged";
    let server = Server::new(dialer).await;
    let shows = async |account: &str, past: &str| {
        let page = server.user(Role::Read, &[account]).page(&format!("/accounts/{account}?q=0102")).await;
        assert!(page.contains(&format!("<title>Past 14 days: {past}</title>")), "{past} is not in {page}");
    };
    shows("acme", past).await;
    server.dialer.run(&format!("monitor acme {number} --no-check")).exits(0);
    shows("acme", past).await;
    server.dialer.run(&format!("delete acme {number} --accept-slot-loss --yes")).exits(0);
    server.dialer.run("account add zed --blocks 1 --time-zone UTC").exits(0);
    server.dialer.file("moved.csv", format!("{number}\n"));
    server.dialer.run("numbers import zed moved.csv").exits(0);
    shows("zed", "14 days not rated").await;
}

/// A replacement that was made without a provider, and its steps.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_shows_its_steps() {
    let dialer = four_mornings();
    dialer.import([150], "--candidates");
    dialer.carriers_say(&[(150, "ooo")]);
    dialer.run(&format!("replace acme {}", e164(102))).exits(0);
    let server = Server::new(dialer).await;
    let page = server.user(Role::Read, &["acme"]).page("/accounts/acme/orders").await;
    let steps = page.split("<ol class=\"steps\"").nth(1).and_then(|rest| rest.split("</ol>").next()).expect("steps");
    let steps: Vec<(&str, &str)> = steps
        .split("<li class=\"")
        .skip(1)
        .map(|step| {
            let stage = step.split('"').next().expect("a class");
            (step.split("<span>").nth(1).and_then(|name| name.split('<').next()).expect("a name"), stage)
        })
        .collect();
    assert_eq!(steps, [("planned", "done"), ("owned", "done"), ("swapped", "done"), ("resting", "current")]);
}
