//! Closing an account: what is told before, who may do it and how, and that it can only be read afterwards.

use crate::harness::acme::DAY;
use crate::harness::buying::buying_dialer;
use crate::harness::dialer::{Dialer, e164, each};
use crate::harness::server::Server;
use dialguard_dialer::access::Role;
use dialguard_dialer::ledger::ProviderKind::Twilio;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// Three numbers, two of them monitored, a locked slot, and two candidates.
fn acme() -> Dialer {
    let dialer = Dialer::monitoring(3, "");
    dialer.run(&format!("unmonitor acme {}", e164(102))).exits(0);
    dialer.import([140, 141], "--candidates");
    dialer
}

// The command line

#[test]
fn what_closing_does_is_told_before_and_it_needs_a_yes() {
    let dialer = acme();
    let before = dialer.everything();
    let told = [
        "2 monitored numbers are no longer checked from now on.",
        "3 numbers leave the account. Nothing is released: providers keep their numbers, and keep charging for them.",
        "2 candidates are withdrawn.",
        "1 locked slot is released.",
        "Charged in this billing cycle: $49.00. Nothing of it is refunded, but it can be credited.",
        "The cycle ends on 2026-04-01T00:00:00Z. Nothing more is charged; the next cycle would have cost $49.00.",
        "It cannot be changed or opened again",
    ];
    dialer.run("account close acme --dry-run").exits(0).says(&told).says(&["nothing was changed"]);
    dialer.run("account close acme").exits(1).says(&told).says(&["acme was not closed: add `--yes`"]);
    let preview = dialer.json("account close acme --dry-run");
    for (figure, expected) in [
        ("monitored", json!(2)),
        ("numbers", json!(3)),
        ("locked", json!(1)),
        ("candidates", json!(2)),
        ("resting", json!(0)),
        ("abandoned", json!([])),
        ("held-up-by", json!([])),
        ("charged-now-cents", json!(0)),
        ("charged-in-cycle-cents", json!(4_900)),
        ("next-cycle-cents", json!(4_900)),
        ("cycle-ends-at", json!("2026-04-01T00:00:00Z")),
    ] {
        assert_eq!(preview[figure], expected, "{figure}");
    }
    assert_eq!(dialer.everything(), before, "nothing has changed");
    dialer.run("account close nobody --yes").exits(1).says(&["no account"]);

    dialer.run("account close acme --yes").exits(0).says(&told).says(&["account acme is closed"]);
    dialer.run("account close acme --yes").exits(0).says(&["acme was closed on 2026-03-01; nothing was changed"]);
    dialer.run("account close acme").exits(0).says(&["acme was closed on 2026-03-01"]);
    let closed = dialer.events("account-closed");
    assert_eq!(closed.len(), 1);
    assert!(closed[0]["text"].as_str().unwrap().contains("Numbers that left it: 3 (2 monitored)"), "{closed:?}");
    dialer.run("ledger check").exits(0).says(&["ok closed-is-over"]);
}

/// A cycle that has begun is charged with the account's next change, which is its closing.
#[test]
fn a_cycle_that_has_begun_is_charged_at_closing_and_told_before() {
    let dialer = acme();
    dialer.pass(31 * DAY);
    dialer.run("account close acme --dry-run").exits(0).says(&["$49.00 is charged now, for what has begun already."]);
    assert_eq!(dialer.json("account close acme --dry-run")["charged-now-cents"], 4_900);
    assert_eq!(dialer.events("charged").len(), 1);
    dialer.run("account close acme --yes").exits(0);
    assert_eq!(dialer.events("charged").len(), 2);
    dialer.pass(31 * DAY);
    let account = dialer.json("account show acme");
    assert_eq!([&account["charged-in-cycle-cents"], &account["price-cents"]], [0, 0]);
}

#[test]
fn a_closed_account_is_read_only() {
    let dialer = acme();
    dialer.run("account add other --blocks 1 --time-zone UTC").exits(0);
    dialer.run("account close acme --yes").exits(0);
    dialer.file("one.csv", e164(100));
    for line in [
        "account set acme --add-on on",
        "account set acme --blocks 2 --add-on on",
        "account set acme --checks-to-flag 1",
        "account set acme --checks-to-flag 1 --dry-run",
        "account add acme --blocks 1 --time-zone UTC",
        "account close acme --dry-run",
        "numbers import acme one.csv",
        "numbers import acme one.csv --candidates",
        "numbers import acme one.csv --dry-run",
        "monitor acme +13105550100",
        "unmonitor acme +13105550100",
        "replace acme +13105550100",
        "delete acme +13105550100 --accept-slot-loss",
        "screen acme +13105550100",
        "review acme",
        "review acme --dry-run",
        "alerts add --account acme https://dialer.example/alerts",
    ] {
        dialer.run(line).exits(1).says(&["account acme was closed on 2026-03-01", "it can only be read"]);
    }
    for line in ["usage acme", "events acme", "numbers list acme", "orders acme", "account show acme", "account list"] {
        dialer.run(line).exits(0);
    }
    dialer.run("account list").says(&["closed"]);
    dialer.run("account show acme").says(&["Account acme was closed on 2026-03-01."]);
    assert_eq!(dialer.json("account show acme")["closed-at"], "2026-03-01T09:00:00Z");
    assert_eq!(dialer.json("account show other")["closed-at"], Value::Null);

    // The schedule and `review` of all accounts leave it alone, for months.
    dialer.run("review").exits(0);
    for _ in 0..3 {
        dialer.pass(30 * DAY);
        dialer.run("serve --once").exits(0);
    }
    assert_eq!((dialer.events("charged").len(), dialer.events("reviews-missed").len()), (1, 0));
    dialer.run("numbers import other one.csv").exits(0).says(&["1 number imported"]);
    let credit = ["account", "credit", "acme", "--dollars", "49", "--reason", "It was closed on its first day"];
    dialer.run_arguments(&credit).exits(0);
    dialer.run("ledger check").exits(0);
}

/// A provider's own numbers are found by `reconcile`, which gives them back only if a user wants that.
#[tokio::test(flavor = "multi_thread")]
async fn numbers_of_a_closed_account_are_released_at_the_provider_by_reconcile() {
    let (dialer, fake) = buying_dialer(Twilio, 2, "--rest-days 30").await;
    dialer.run(&format!("replace acme {}", e164(100))).exits(0);
    let told = ["2 monitored numbers", "1 replaced number that rests is not given back to a provider."];
    dialer.run("account close acme --yes").exits(0).says(&told);
    dialer.pass(40 * DAY);
    dialer.run("serve --once").exits(0);
    assert_eq!(fake.releases(), Vec::<u64>::new());
    dialer.run("reconcile shop").exits(0).says(&["released here, still there"]);
    dialer.run("reconcile shop --apply import").exits(1).says(&["--account"]);
    dialer.run("reconcile shop --apply release").exits(0);
    assert_eq!(fake.releases().len(), 3);
}

// The API

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_closes_an_account_by_the_api_once() {
    let server = Server::new(acme()).await;
    let api = server.program(Role::Administer, &["acme"]);
    let preview = api.post("/api/v1/accounts/acme/close/try", json!({})).await;
    assert_eq!(preview.status(), StatusCode::OK);
    let preview: Value = preview.json().await.expect("JSON");
    assert_eq!(preview, server.dialer.json("account close acme --dry-run"));
    for role in [Role::Read, Role::Operate] {
        for path in ["close", "close/try"] {
            let refused =
                server.program(role, &["acme"]).post(&format!("/api/v1/accounts/acme/{path}"), json!({})).await;
            assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{role} {path}");
        }
    }
    let close = async || {
        let request = api.request(Method::POST, "/api/v1/accounts/acme/close").header("idempotency-key", "close-acme");
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
        answer.json::<Value>().await.expect("JSON")
    };
    let closed = close().await;
    assert_eq!((&closed["closed-at"], &closed["enabled"]), (&json!("2026-03-01T09:00:00Z"), &json!(false)));
    assert_eq!(close().await, closed, "the key's answer");
    assert_eq!(
        api.post("/api/v1/accounts/acme/close", json!({})).await.status(),
        StatusCode::OK,
        "it is closed already"
    );
    assert_eq!(server.dialer.events("account-closed").len(), 1);

    for (method, path, body) in [
        (Method::PATCH, "", json!({"enabled": true})),
        (Method::POST, "/try", json!({"blocks": 2})),
        (Method::POST, "/close/try", json!({})),
        (Method::POST, "/numbers", json!({"numbers": [e164(100)]})),
        (Method::POST, "/requests", json!({"request": "start-monitoring", "numbers": [e164(100)]})),
        (Method::POST, "/requests/try", json!({"request": "start-monitoring", "numbers": [e164(100)]})),
        (Method::POST, "/screen", json!({"numbers": [e164(100)]})),
        (Method::POST, "/reviews", json!({})),
    ] {
        let refused = api.request(method, &format!("/api/v1/accounts/acme{path}")).json(&body).send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::CONFLICT, "{path}");
        let problem: Value = refused.json().await.expect("a problem");
        assert_eq!(problem["type"], "/problems/account-closed", "{path}");
        assert_eq!(problem["detail"], "account acme was closed on 2026-03-01", "{path}");
    }
    for path in ["", "/usage", "/spending", "/numbers", "/events", "/runs", "/orders", "/candidates"] {
        api.json(&format!("/api/v1/accounts/acme{path}")).await;
    }
}

// The dashboard

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_shows_what_closing_does_and_takes_the_accounts_id() {
    let server = Server::new(acme()).await;
    let administrator = server.user(Role::Administer, &["acme"]);
    assert!(administrator.page("/accounts/acme/settings").await.contains("/accounts/acme/close"));
    let operator = server.user(Role::Operate, &["acme"]);
    assert!(!operator.page("/accounts/acme/settings").await.contains("/accounts/acme/close"));
    assert_eq!(operator.get("/accounts/acme/close").await.status(), StatusCode::FORBIDDEN);
    assert_eq!(operator.send("/accounts/acme/close", &[("id", "acme")]).await.status(), StatusCode::FORBIDDEN);

    let question = administrator.page("/accounts/acme/close").await;
    for told in ["3 numbers leave the account", "The cycle ends on 1 April.", "name=\"id\""] {
        assert!(question.contains(told), "{told}: {question}");
    }
    for wrong in ["", "other", "ACME"] {
        let refused = administrator.send("/accounts/acme/close", &[("id", wrong)]).await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY, "{wrong:?}");
    }
    assert_eq!(server.dialer.json("account show acme")["closed-at"], Value::Null);
    let closed = administrator.send("/accounts/acme/close", &[("id", "acme")]).await;
    assert_eq!(closed.status(), StatusCode::SEE_OTHER);

    let page = administrator.page("/accounts/acme").await;
    assert!(page.contains("This account was closed on 1 March"), "{page}");
    for offered in ["Check now", "/accounts/acme/import", "Switch on", "name=\"blocks\""] {
        assert!(!page.contains(offered), "{offered}: {page}");
    }
    assert!(page.contains("/accounts/acme/credit"), "a credit can still be given");
    let settings = administrator.page("/accounts/acme/settings").await;
    assert!(settings.contains("The account is closed") && !settings.contains("/accounts/acme/close"), "{settings}");
    assert!(server.user(Role::Read, &[]).page("/").await.contains("Closed"));
    for tab in ["activity", "orders", "policy", "candidates"] {
        assert!(administrator.page(&format!("/accounts/acme/{tab}")).await.contains("Closed"), "{tab}");
    }
    let refused = administrator.send("/accounts/acme/add-on", &[("change", "on")]).await;
    assert_eq!(refused.status(), StatusCode::CONFLICT);
    assert!(refused.text().await.unwrap().contains("was closed on 2026-03-01"));
}

/// A process is working on an order at its provider; what comes of that must have its account.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_with_an_order_at_its_provider_is_closed_after_it() {
    let (dialer, _fake) = buying_dialer(Twilio, 2, "--rest-days 30").await;
    dialer.run(&format!("replace acme {}", e164(100))).exits(0);
    let database = rusqlite::Connection::open(dialer.path("ledger/dialguard.db")).expect("the database");
    let leased = format!("UPDATE orders SET lease = 'another', leased_until = {}", dialer.now() + 60);
    database.execute(&leased, []).expect("a lease");
    dialer.run("account close acme --dry-run").exits(0).says(&["Order 1 must end first", "nothing was changed"]);
    let why = "a number may be bought or given back at this moment for order 1";
    for line in ["account close acme --yes", "account close acme"] {
        dialer.run(line).exits(1).says(&["account acme cannot be closed yet", why, "dialguard orders retry"]);
    }
    let server = Server::new(dialer).await;
    let api = server.program(Role::Administer, &["acme"]);
    let refused = api.post("/api/v1/accounts/acme/close", json!({})).await;
    assert_eq!(refused.status(), StatusCode::CONFLICT);
    let problem: Value = refused.json().await.expect("a problem");
    assert_eq!(problem["type"], "/problems/replacements-in-progress");
    let user = server.user(Role::Administer, &["acme"]);
    let page = user.page("/accounts/acme/close").await;
    assert!(page.contains("Order 1 must end first") && !page.contains("name=\"id\""), "{page}");
    let refused = user.send("/accounts/acme/close", &[("id", "acme")]).await;
    assert_eq!(refused.status(), StatusCode::CONFLICT);
    server.pass(60);
    assert_eq!(api.post("/api/v1/accounts/acme/close", json!({})).await.status(), StatusCode::OK);
}

/// Webhooks of the account hear of it, though it can have no new ones.
#[tokio::test(flavor = "multi_thread")]
async fn webhooks_receive_that_an_account_was_closed() {
    let server = Server::new(acme()).await;
    server.dialer.run("alerts add --account acme https://localhost:1/alerts").exits(0);
    server.dialer.run("account close acme --yes").exits(0);
    let waiting = server.program(Role::Administer, &[]).json("/api/v1/webhooks/1/deliveries").await;
    assert_eq!(each(&waiting["items"], "type"), ["account.closed"]);
}
