//! Time moves only as far as a user means it: a wrong clock neither charges an account nor locks it.

use crate::harness::acme::DAY;
use crate::harness::dialer::{Dialer, each, seconds};
use crate::harness::receiver::Receiver;
use crate::harness::server::Server;
use dialguard_dialer::access::Role;
use dialguard_dialer::alerts::{AlertSender, WebhookSpec, add_webhook};
use dialguard_dialer::ledger::EventFilter;
use dialguard_program::schedule::serve;
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::sync::oneshot;

/// One digit too much: a century ahead.
const TYPO: &str = "2126-03-01T10:00:00Z";

/// A hundred years are 1,200 billing cycles of $49.00, and none of them is charged.
#[test]
fn a_typo_in_the_time_charges_nothing_and_says_what_it_would_charge() {
    let dialer = Dialer::monitoring(2, "--auto-replace on");
    dialer.import([150], "");
    dialer.import([190], "--candidates");
    dialer.carriers_say(&[(100, "ooo"), (190, "ooo")]);
    let before = dialer.everything();
    let now = dialguard::calendar::rfc3339(dialer.now());
    dialer.file("more.csv", "number\n+13105550151\n");
    for line in [
        "account set acme --review-at 08:00",
        "account set acme --blocks 2",
        "account set acme --add-on off",
        "account set acme --blocks 2 --dry-run",
        "account credit acme --dollars 1 --reason typo",
        "account add other --blocks 1 --time-zone UTC",
        "numbers import acme more.csv",
        "monitor acme +13105550150",
        "unmonitor acme +13105550100",
        "delete acme +13105550100 --accept-slot-loss",
        "replace acme +13105550100",
        "review acme",
        "review",
        "serve --once",
    ] {
        dialer.it_is(TYPO);
        dialer.run(line).exits(1).says(&["$58,800.00", "1,200 billing cycles of 1 account", "clock accept"]);
        dialer.it_is(&now);
        assert_eq!(dialer.everything(), before, "{line}");
    }
    dialer.run("account set acme --review-at 08:00").exits(0);
}

#[test]
fn reading_at_any_time_charges_nothing() {
    let dialer = Dialer::monitoring(2, "");
    let before = dialer.everything();
    let now = dialguard::calendar::rfc3339(dialer.now());
    dialer.it_is(TYPO);
    let lines =
        ["usage acme", "account show acme", "account list", "events acme", "numbers list acme", "orders", "clock"];
    for line in lines.into_iter().chain(["review acme --dry-run"]) {
        dialer.run(line).exits(0);
    }
    dialer.it_is(&now);
    assert_eq!(dialer.everything(), before);
}

#[test]
fn an_outage_of_45_days_is_no_leap_and_a_longer_one_is_confirmed() {
    let dialer = Dialer::with_account("");
    dialer.pass(45 * DAY);
    dialer
        .run("clock")
        .exits(0)
        .says(&["2026-04-15T09:00:00Z", "the newest time in the ledger is 2026-03-01T09:00:00Z"]);
    dialer.run("review acme").exits(0);
    assert_eq!(dialer.events("charged").len(), 2);

    dialer.pass(45 * DAY + 1);
    dialer.run("review acme").exits(1).says(&["more than 45 days after 2026-04-15T09:00:00Z", "$49.00", "1 account"]);
    let leap = dialer.json("clock");
    assert_eq!(leap["leap"], json!({"accounts": 1, "charges": 1, "cents": 4_900}));
    assert_eq!(dialer.json("clock accept")["leap"], json!(null));
    assert_eq!(dialer.events("charged").len(), 2, "accepting the time charges nothing yet");
    dialer.run("review acme").exits(0);
    assert_eq!(each(&json!(dialer.events("charged")), "at")[2], "2026-05-01T00:00:00Z");
    // What was accepted is not accepted for later.
    dialer.pass(46 * DAY);
    dialer.run("review acme").exits(1);
}

/// An account that is switched off is not changed for months. That is no leap, as long as the ledger has seen time pass.
#[test]
fn a_quiet_account_is_changed_after_months_in_which_others_were() {
    let dialer = Dialer::with_account("");
    dialer.run("account add other --blocks 1 --time-zone UTC").exits(0);
    dialer.run("account set acme --add-on off").exits(0);
    for _ in 0..3 {
        dialer.pass(40 * DAY);
        dialer.run("review other").exits(0);
    }
    dialer.run("account set acme --add-on on").exits(0);
    assert_eq!(dialer.events("charged").len(), 2);
}

/// The server's clock is a year ahead when it starts.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_holds_a_leap_alerts_once_and_goes_on_when_it_is_confirmed() {
    let server = Server::new(Dialer::monitoring(2, "")).await;
    let receiver = Receiver::new().await;
    let webhook = WebhookSpec { url: &receiver.url(), allow_private: true, ..WebhookSpec::default() };
    add_webhook(server.dialguard.ledger(), &webhook, server.dialguard.now()).expect("a webhook");
    server.pass(365 * DAY);
    for _ in 0..2 {
        serve_until(&server, || !deliveries(&server, "clock.held").is_empty()).await;
        assert_eq!(events(&server, "charged").len(), 1);
    }
    AlertSender::new(server.dialguard.clone()).deliver_due().await.expect("the ledger is read");
    let messages = receiver.take_messages();
    let [message] = &messages[..] else { panic!("one alert, not {}", messages.len()) };
    let message = message.json();
    assert_eq!(message["type"], "clock.held");
    assert_eq!([&message["data"]["charges"], &message["data"]["cents"]], [12, 12 * 4_900]);

    // Each surface shows it, and changes nothing.
    let program = server.program(Role::Administer, &[]);
    let refused = program.request(Method::PATCH, "/api/v1/accounts/acme").json(&json!({"blocks": 2}));
    let refused = refused.send().await.expect("an answer");
    assert_eq!(refused.status(), StatusCode::CONFLICT);
    let problem: serde_json::Value = refused.json().await.expect("a problem");
    assert_eq!(problem["type"], "/problems/time-leap");
    assert!(problem["hint"].as_str().is_some_and(|hint| hint.contains("POST /api/v1/clock/accept")), "{problem}");
    assert_eq!(program.json("/api/v1/clock").await["leap"]["charges"], 12);
    let user = server.user(Role::Administer, &[]);
    for path in ["/", "/accounts/acme", "/clock"] {
        assert!(user.page(path).await.contains("$588.00 would be charged"), "{path}");
    }
    assert_eq!(server.user(Role::Administer, &["acme"]).get("/clock").await.status(), StatusCode::FORBIDDEN);
    assert_eq!(events(&server, "charged").len(), 1);

    let accepted = user.send("/clock", &[]).await;
    assert_eq!(accepted.status(), StatusCode::SEE_OTHER);
    assert!(!user.page("/accounts/acme").await.contains("on hold"));
    serve_until(&server, || events(&server, "charged").len() == 13).await;
    assert_eq!(deliveries(&server, "clock.held").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_confirms_the_time_by_the_api() {
    let server = Server::new(Dialer::with_account("")).await;
    server.pass(60 * DAY);
    let program = server.program(Role::Administer, &[]);
    let accepted = program.request(Method::POST, "/api/v1/clock/accept").send().await.expect("an answer");
    assert_eq!(accepted.status(), StatusCode::OK);
    let blocks = program.request(Method::PATCH, "/api/v1/accounts/acme").json(&json!({"blocks": 2}));
    assert_eq!(blocks.send().await.expect("an answer").status(), StatusCode::OK);
}

/// A server that runs sees time pass, even if no account changes.
#[tokio::test(flavor = "multi_thread")]
async fn months_in_which_only_the_server_ran_are_no_leap() {
    let dialer = Dialer::with_account("");
    dialer.run("account set acme --add-on off").exits(0);
    let server = Server::new(dialer).await;
    for _ in 0..3 {
        server.pass(40 * DAY);
        let now = server.dialguard.now();
        serve_until(&server, || server.dialguard.ledger().time_at(now).expect("the time").newest_at == Some(now)).await;
    }
    server.dialer.run("account set acme --add-on on").exits(0);
}

/// Runs the schedule until something has happened.
async fn serve_until(server: &Server, has_happened: impl Fn() -> bool) {
    let (stop, stopped) = oneshot::channel::<()>();
    let dialguard = server.dialguard.clone();
    let serving = tokio::spawn(async move {
        let stopped = async { drop(stopped.await) };
        serve(&dialguard, stopped).await
    });
    while !has_happened() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    stop.send(()).expect("it is serving");
    serving.await.expect("it did not panic").expect("it stopped");
}

fn deliveries(server: &Server, kind: &str) -> Vec<String> {
    let all = server.dialguard.ledger().deliveries(None, false, 100).expect("deliveries");
    all.into_iter().filter(|delivery| delivery.kind == kind).map(|delivery| delivery.id).collect()
}

fn events(server: &Server, kind: &str) -> Vec<String> {
    let events = server.dialguard.ledger().events("acme", EventFilter { number: None, last: 1_000 }).expect("events");
    events.into_iter().filter(|event| event.kind == kind).map(|event| event.text).collect()
}

/// RFC 3339 has four digits for the year. A clock leaves a year for what follows from it, such as the end of a cycle.
#[test]
fn times_beyond_the_year_9999_are_refused_and_none_is_printed() {
    let dialer = Dialer::with_ledger();
    for time in ["9999-01-01T00:00:00Z", "9999-12-31T23:59:59-01:00", "+10000-01-01T00:00:00Z", "1969-12-31T23:59:59Z"]
    {
        let refused = dialer.command(&["account", "list", "--at", time]).output().expect("the program starts");
        assert_eq!(refused.status.code(), Some(2), "{time}");
    }
    // The last moment that a clock may show, in the earliest of all time zones.
    dialer.it_is("9998-12-31T23:59:59Z");
    dialer.run("account add acme --blocks 1 --time-zone Pacific/Kiritimati").exits(0);
    dialer.run("account set acme --blocks 3 --review-at 23:59").exits(0);
    let account = dialer.json("account show acme");
    for time in ["cycle-starts-at", "cycle-ends-at"] {
        let text = account[time].as_str().expect("a time");
        assert_eq!((text.len(), seconds(text) > 0), ("9998-12-31T23:59:59Z".len(), true), "{time} {text}");
    }

    dialer.file(
        "late.csv",
        "number,carrier,score,label,observed_at\n+13105550100,A,95,,9999-12-31T23:59:59-00:01\n\
         +13105550100,B,95,,9998-12-31T23:00:00Z\n",
    );
    dialer.run("sources add late --verdicts late.csv").exits(0).says(&["row 2", "observed_at"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_refuses_times_beyond_the_year_9999() {
    let server = Server::new(Dialer::with_account("")).await;
    let program = server.program(Role::Read, &[]);
    for (since, expected) in [
        ("9999-12-31T23:59:59Z", StatusCode::OK),
        ("9999-12-31T23:59:59-00:01", StatusCode::BAD_REQUEST),
        ("%2B10000-01-01T00:00:00Z", StatusCode::BAD_REQUEST),
    ] {
        let answer = program.get(&format!("/api/v1/accounts/acme/events?since={since}")).await;
        assert_eq!(answer.status(), expected, "{since}");
    }
    let user = server.user(Role::Read, &["acme"]);
    let activity = user.get("/accounts/acme/activity?since=%2B262142-12-31").await;
    assert_eq!(activity.status(), StatusCode::UNPROCESSABLE_ENTITY);
}
