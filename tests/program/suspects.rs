//! Numbers whose calls fare badly: suspect, looked up first, at risk at least, and shown with the figures that say so.

use crate::harness::acme::DAY;
use crate::harness::dialer::{Dialer, e164, each};
use crate::harness::receiver::Receiver;
use crate::harness::server::Server;
use dialguard_dialer::access::Role;
use serde_json::{Value, json};

/// How many of a hundred calls of 0100, 0101 and 0102 were answered and blocked, in the hour before now.
fn called(dialer: &Dialer, answered_and_blocked: [(u32, u32); 3]) {
    let hour = dialguard::calendar::rfc3339(dialer.now() / 3_600 * 3_600 - 3_600);
    let rows = (100..)
        .zip(answered_and_blocked)
        .map(|(last_digits, (answered, blocked))| format!("{},{hour},100,{answered},0,{blocked}\n", e164(last_digits)));
    dialer.file("report.csv", format!("number,hour,attempts,answered,short,blocked\n{}", rows.collect::<String>()));
    dialer.run("calls import acme report.csv").exits(0);
}

/// All carriers call the three numbers clean.
fn all_clean(dialer: &Dialer) {
    dialer.carriers_say(&[(100, "ooo"), (101, "ooo"), (102, "ooo")]);
}

/// 0100 was answered too rarely, and 0102 was blocked.
fn two_suspects() -> Dialer {
    let dialer = Dialer::monitoring(3, "");
    called(&dialer, [(5, 0), (40, 0), (35, 6)]);
    all_clean(&dialer);
    dialer.run("review acme").exits(0);
    dialer
}

#[test]
fn a_number_turns_suspect_and_at_risk_for_its_calls_and_clean_again() {
    let dialer = two_suspects();
    let since = json!("2026-03-01T09:00:00Z");
    assert_eq!(dialer.field_of_each("numbers list acme", "suspect-since"), [since.clone(), Value::Null, since.clone()]);
    let suspicions = [
        json!({"attempts": 100, "answered": 5, "blocked": 0}),
        Value::Null,
        json!({"attempts": 100, "answered": 35, "blocked": 6}),
    ];
    assert_eq!(dialer.field_of_each("numbers list acme", "suspicion"), suspicions);
    assert_eq!(dialer.field_of_each("numbers list acme", "status"), ["at-risk", "clean", "at-risk"]);
    assert_eq!(
        each(&json!(dialer.events("number-suspect")), "text"),
        [
            "+13105550100 is suspect: 5 of 100 calls were answered, and 0 were blocked.",
            "+13105550102 is suspect: 35 of 100 calls were answered, and 6 were blocked.",
        ]
    );
    assert_eq!(dialer.json("usage acme")["suspect"], 2);
    dialer.run("usage acme").says(&["1 clean, 2 at-risk, 0 flagged, 0 pending; 2 suspect"]);
    dialer.run("numbers list acme").says(&["at-risk, suspect"]);
    dialer.run("account export acme --to record").exits(0);

    // The same calls again are no news, and the figures change with the calls.
    dialer.pass(DAY);
    called(&dialer, [(7, 0), (40, 0), (40, 0)]);
    all_clean(&dialer);
    dialer.run("review acme").exits(0);
    assert_eq!(dialer.events("number-suspect").len(), 2);
    let first = &dialer.json("numbers list acme")[0];
    assert_eq!(first["suspect-since"], since);
    assert_eq!(first["suspicion"], json!({"attempts": 200, "answered": 12, "blocked": 0}));
    assert_eq!(each(&json!(dialer.events("number-not-suspect")), "text"), ["+13105550102 is no longer suspect."]);
    assert_eq!(dialer.field_of_each("numbers list acme", "status"), ["at-risk", "clean", "clean"]);

    // Four days later the bad days no longer count.
    dialer.pass(4 * DAY);
    all_clean(&dialer);
    dialer.run("review acme").exits(0);
    assert_eq!(dialer.field_of_each("numbers list acme", "suspect-since"), [Value::Null, Value::Null, Value::Null]);
    assert_eq!(dialer.field_of_each("numbers list acme", "status"), ["clean", "clean", "clean"]);
    dialer.run("ledger check").exits(0);
}

/// No answer is not a verdict: the calls change where it stands, and the number is still to be rated.
#[test]
fn a_suspect_that_no_source_rates_changes_its_status_and_counts_as_unrated() {
    let dialer = Dialer::monitoring(3, "");
    all_clean(&dialer);
    dialer.run("review acme").exits(0);
    dialer.pass(DAY);
    called(&dialer, [(5, 0), (40, 0), (40, 0)]);
    dialer.carriers_say(&[(101, "ooo"), (102, "ooo")]);
    dialer.run("review acme").exits(0).says(&["2 numbers rated"]);
    assert_eq!(dialer.standing(100), "1 at-risk");
    let turned = dialer.events("turned-at-risk");
    assert_eq!(turned[0]["text"], "+13105550100 turned at-risk: its calls fare badly.");
    dialer.pass(3_600);
    all_clean(&dialer);
    dialer.run("review acme").exits(0).says(&["1 number rated"]);
}

#[test]
fn a_number_that_leaves_its_slot_is_no_longer_suspect() {
    let dialer = two_suspects();
    dialer.run(&format!("unmonitor acme {}", e164(100))).exits(0);
    assert_eq!(dialer.json("numbers list acme")[0]["suspect-since"], Value::Null);
    assert_eq!(dialer.json("usage acme")["suspect"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn suspects_are_found_on_the_dashboard_and_by_the_api() {
    let server = Server::new(tokio::task::spawn_blocking(two_suspects).await.expect("two suspects")).await;
    let (user, program) = (server.user(Role::Operate, &["acme"]), server.program(Role::Read, &["acme"]));
    let listed = program.json("/api/v1/accounts/acme/numbers?suspect=true").await;
    assert_eq!(each(&listed["items"], "number"), [e164(100), e164(102)]);
    assert_eq!(program.json("/api/v1/accounts/acme/usage").await["suspect"], 2);
    let page = async |path: &str| user.get(path).await.text().await.expect("a page");
    let head = page("/accounts/acme").await;
    assert!(head.contains("href=\"/accounts/acme?show=suspect\"><strong>2</strong><span>suspect</span>"), "{head}");
    let suspects = page("/accounts/acme?show=suspect").await;
    assert!(suspects.contains(&e164(102)) && !suspects.contains(&e164(101)), "{suspects}");
    let number = page("/accounts/acme/numbers/+13105550100").await;
    assert!(number.contains("5 of 100 calls were answered, and 0 were blocked."), "{number}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_sends_one_message_about_all_new_suspects() {
    let receiver = Receiver::new().await;
    let dialer = tokio::task::spawn_blocking({
        let url = receiver.url();
        move || {
            let dialer = Dialer::monitoring(3, "");
            dialer.run(&format!("alerts add --account acme --allow-private {url}")).exits(0);
            called(&dialer, [(5, 0), (40, 0), (35, 6)]);
            all_clean(&dialer);
            dialer.run("review acme").exits(0);
            dialer.run("alerts deliver --once").exits(0);
            dialer
        }
    });
    let dialer = dialer.await.expect("a review");
    let messages = receiver.take_messages();
    let suspects: Vec<Value> = messages
        .iter()
        .map(|message| serde_json::from_slice::<Value>(message.body.as_ref()).expect("JSON"))
        .filter(|message| message["type"] == "number.suspect")
        .collect();
    let [message] = &suspects[..] else { panic!("{} messages", suspects.len()) };
    let data = &message["data"];
    assert_eq!(
        (&data["account"], &data["local-date"], &data["suspects"]["count"]),
        (&json!("acme"), &json!("2026-03-01"), &json!(2))
    );
    assert_eq!(
        data["suspects"]["first"][0],
        json!({"number": e164(100), "attempts": 100, "answered": 5, "blocked": 0})
    );
    drop(dialer);
}
