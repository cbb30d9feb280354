//! Every noun has one JSON shape: a command's `--json` equals the API's answer.

use crate::harness::acme::DAY;
use crate::harness::buying::buying_dialer;
use crate::harness::dialer::{Dialer, e164, each};
use crate::harness::server::{PASSWORD, Server};
use crate::harness::services::provider::FakeProvider;
use dialguard_dialer::access::{Accounts, Grant, Role, add_user, begin_session_in};
use dialguard_dialer::ledger::ProviderKind::Twilio;
use serde_json::{Value, json};

/// A day of reviews, a bought replacement that is resting, a webhook with a message that could not be delivered.
async fn busy_server() -> (Server, FakeProvider) {
    let (dialer, fake) = buying_dialer(Twilio, 3, "--rest-days 30").await;
    dialer.run(&format!("replace acme {}", e164(100))).exits(0);
    dialer.pass(DAY);
    dialer.run("review acme").exits(0);
    dialer.run("alerts add --account acme https://localhost:1/alerts").exits(0);
    dialer.run("tokens make dialer --account acme --days 1").exits(0);
    dialer.run("users invite --role operate --account acme").exits(0);
    let (ledger, everything) = (dialer.ledger(), Grant { role: Role::Administer, accounts: Accounts::All });
    add_user(&ledger, "kim", PASSWORD, everything, dialer.now()).expect("a user");
    begin_session_in(&ledger, "kim", "a browser", dialer.now()).expect("a session");
    (Server::new(dialer).await, fake)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_prints_the_json_of_the_api() {
    let (server, _fake) = busy_server().await;
    let api = server.program(Role::Administer, &[]);
    let mut compared = 0;
    for (command, path) in [
        ("account show acme", "/api/v1/accounts/acme"),
        ("account list", "/api/v1/accounts"),
        ("usage acme", "/api/v1/accounts/acme/usage"),
        ("days acme", "/api/v1/accounts/acme/days"),
        ("orders acme", "/api/v1/accounts/acme/orders"),
        ("numbers pool acme", "/api/v1/accounts/acme/pool"),
        ("events acme --last 1000", "/api/v1/accounts/acme/events?limit=1000"),
        ("events --last 1000", "/api/v1/events?limit=1000"),
        ("policy list", "/api/v1/policies"),
        ("alerts list", "/api/v1/webhooks"),
        ("tokens list", "/api/v1/tokens"),
        ("users list", "/api/v1/users"),
        ("users invites", "/api/v1/invites"),
        ("users sessions kim", "/api/v1/users/kim/sessions"),
        ("providers list", "/api/v1/providers"),
    ] {
        let answer = api.json(path).await;
        let answer = answer.get("items").unwrap_or(&answer).clone();
        assert_ne!(answer, json!([]), "{path} has something to compare");
        assert_eq!(server.dialer.json(command), answer, "{command} and {path}");
        compared += 1;
    }
    assert_eq!(compared, 15);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_checks_of_a_number_are_the_same_by_command_and_api() {
    let dialer = Dialer::monitoring(1, "");
    for _ in 0..3 {
        dialer.pass(DAY);
        dialer.carriers_say(&[(100, "xxo")]);
        dialer.run("review acme").exits(0);
    }
    let server = Server::new(dialer).await;
    let api = server.program(Role::Read, &["acme"]);
    let path = "/api/v1/accounts/acme/numbers/+13105550100/history";
    let checks = api.json(path).await["items"].clone();
    assert_eq!(each(&checks, "flagging"), [2, 2, 2]);
    assert_eq!(checks[0]["verdicts"].as_array().map(Vec::len), Some(3));
    assert_eq!(server.dialer.json("numbers history acme +13105550100"), checks);

    let first = api.json(&format!("{path}?limit=2")).await;
    let rest = api.json(&format!("{path}?limit=2&after={}", first["next"].as_str().expect("there is more"))).await;
    assert_eq!([each(&first["items"], "run"), each(&rest["items"], "run")].concat(), each(&checks, "run"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_the_same_by_command_and_api() {
    let (server, _fake) = busy_server().await;
    let api = server.program(Role::Administer, &[]);
    let numbers = server.dialer.json("numbers list acme");
    let numbers = numbers.as_array().expect("a list");
    assert!(!numbers.is_empty());
    for number in numbers {
        let address = number["number"].as_str().expect("a number").replace('+', "%2B");
        assert_eq!(*number, api.json(&format!("/api/v1/accounts/acme/numbers/{address}")).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_and_carriers_are_the_same_by_command_and_api() {
    let (server, _fake) = busy_server().await;
    let api = server.program(Role::Administer, &[]);
    let listed = server.dialer.json("sources list");
    for noun in ["sources", "carriers", "carrier-aliases"] {
        let answer = api.json(&format!("/api/v1/{noun}")).await["items"].clone();
        assert_ne!(answer, json!([]));
        assert_eq!(listed[noun], answer, "{noun}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn previews_and_screenings_are_the_same_by_command_and_api() {
    let (server, _fake) = busy_server().await;
    let api = server.program(Role::Administer, &[]);
    let post = async |path: &str, body: Value| -> Value {
        api.post(&format!("/api/v1/accounts/acme/{path}"), body).await.json().await.expect("JSON")
    };
    let screened = post("screen", json!({"numbers": [e164(101), e164(102)]})).await;
    assert_eq!(server.dialer.json(&format!("screen acme {} {}", e164(101), e164(102))), screened);
    let review = post("reviews/try", json!({})).await;
    assert_eq!(server.dialer.json("review acme --dry-run")[0], review);

    // A refused request changes nothing, so both can be sent.
    let numbers = [e164(101)];
    let refused = post("requests", json!({"request": "start-monitoring", "numbers": numbers})).await;
    assert_eq!(refused["outcomes"][0]["answer"], "already-monitored");
    let ran = server.dialer.run(&format!("monitor acme {} --json", numbers[0]));
    assert_eq!(ran.exits(3).json(), refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_is_the_same_by_command_and_api() {
    let (server, _fake) = busy_server().await;
    server.pass(DAY);
    server.dialer.carriers_say(&[(101, "ooo"), (102, "ooo")]);
    server.dialer.run("review acme").exits(0);
    server.dialer.run("alerts deliver --once").exits(0);
    let api = server.program(Role::Administer, &[]);
    let answer = api.json("/api/v1/webhooks/1/deliveries").await["items"].clone();
    assert_ne!(answer, json!([]), "the review has a message");
    assert_eq!(server.dialer.json("alerts deliveries --all"), answer);
}
