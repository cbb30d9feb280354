//! Bought replacements: what users see and do with commands, on the dashboard and through the API.

use crate::harness::acme::{DAY, number};
use crate::harness::buying::buying_dialer;
use crate::harness::dialer::{Dialer, e164, each};
use crate::harness::server::{Server, Visitor};
use crate::harness::services::fault::Fault;
use crate::harness::services::provider::Deed;
use crate::harness::services::provider::When::Before;
use dialguard_dialer::access::Role;
use dialguard_dialer::ledger::ProviderKind::Twilio;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// Submits a form of a page; returns the status and the page that follows.
async fn send(visitor: &Visitor<'_>, path: &str, form: &[(&str, &str)]) -> (StatusCode, String) {
    let answer = visitor.send(path, form).await;
    (answer.status(), answer.text().await.expect("a page"))
}

async fn call(visitor: &Visitor<'_>, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
    let path = format!("/api/v1/accounts/acme{path}");
    let answer = visitor.request(method, &path).json(&body).send().await.expect("the server answers");
    (answer.status(), answer.json().await.expect("JSON"))
}

fn kinds(orders: &Value, field: &str) -> Vec<String> {
    each(orders, field).iter().map(|value| value.as_str().unwrap_or_default().to_owned()).collect()
}

/// What a user sees when funds are missing, and can do about it.
#[tokio::test(flavor = "multi_thread")]
async fn commands_list_retry_and_abandon_a_stuck_order() {
    let (dialer, fake) = buying_dialer(Twilio, 3, "--rest-days 1").await;
    fake.fails(Deed::Order, Fault::Status(402), Before);
    let (first, second) = (e164(100), e164(101));
    dialer.run(&format!("replace acme {first} {second}")).exits(4).says(&[
        "its replacement is in progress: order 1",
        "order 2",
        "orders acme",
    ]);
    dialer.run("orders").exits(0).says(&["stuck", "orders retry 1", "orders abandon 1"]);
    let orders = dialer.json("orders acme");
    assert_eq!(each(&orders, "stuck"), [true, true]);
    assert_eq!(kinds(&orders, "state"), ["intended", "intended"], "nothing was bought, so it starts again");
    assert_eq!(dialer.events("order-stuck").len(), 2);
    dialer.run("orders abandon 2").exits(0).says(&["nothing was bought"]);
    dialer.run("orders retry 1").exits(4).says(&["stuck"]);
    fake.works();
    dialer.run("orders retry 1").exits(0).says(&["replaced", "rests until"]);
    assert_eq!((fake.purchases().len(), dialer.standing(101)), (1, "2 pending".into()));
    dialer.run("orders abandon 1").exits(1).says(&["already belongs to the account"]);
    dialer.run("orders abandon 2").exits(1).says(&["already finished"]);
    dialer.run("orders retry 9").exits(1).says(&["no order 9", "dialguard orders"]);
    dialer.run("orders nobody").exits(1).says(&["no account", "account list"]);
    dialer.run("account show acme").exits(0).says(&["bought from shop", "$1.15 of $100.00 today", "rest-days: 1"]);
    assert_eq!(dialer.json("account show acme")["charged-in-cycle-cents"], 4_900 + 400);
    dialer.run("account set acme --provider none --rests-max 0").exits(0);
    dialer.carriers_say(&[(100, "xxx")]);
    dialer.pass(DAY);
    dialer.run("serve --once").exits(0);
    assert_eq!(fake.releases(), [number(100)], "what rests is given back all the same");
    dialer.run("providers remove shop").exits(1).says(&["in use"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn unusable_buying_settings_are_refused_before_any_change() {
    let (dialer, _fake) = buying_dialer(Twilio, 1, "").await;
    let before = dialer.json("account list");
    for (options, words) in [
        ("--provider nowhere", "providers list"),
        ("--areas 31", "not an area code"),
        ("--areas 310,,213", "not an area code"),
        ("--rest-days 366", "from 0 to 365"),
        ("--day-cap ten", "such as 10 or 12.50"),
        ("--day-cap 1.5", "such as 10 or 12.50"),
        ("--cycle-cap=-1", "such as 10 or 12.50"),
    ] {
        let ran = dialer.run(&format!("account set acme --review-at 07:00 {options}"));
        assert!(matches!(ran.code, Some(1 | 2)), "{options}");
        ran.says(&[words]);
        assert_eq!(dialer.json("account list"), before, "{options}");
    }
}

/// A request has three outcomes, which the status, the body and a repeated request say alike.
#[tokio::test(flavor = "multi_thread")]
async fn a_requests_answer_says_done_not_done_or_under_way() {
    let (dialer, fake) = buying_dialer(Twilio, 3, "--rest-days 1").await;
    let server = Server::new(dialer).await;
    let program = server.program(Role::Operate, &["acme"]);
    let replace = |last_digits: u64| json!({"request": "replace-numbers", "numbers": [e164(last_digits)]});
    let results =
        |decision: &Value| (decision["outcomes"][0]["result"].clone(), decision["outcomes"][0]["order"].clone());

    let (status, tried) = call(&program, Method::POST, "/requests/try", replace(100)).await;
    assert_eq!((status, results(&tried)), (StatusCode::OK, (Value::Null, Value::Null)), "nothing was done");
    let preview = &tried["preview"];
    assert_eq!((&preview["fee-cents"], &preview["number-cents"]), (&json!(400), &json!(115)), "it is bought");
    let (status, done) = call(&program, Method::POST, "/requests", replace(100)).await;
    assert_eq!((status, results(&done)), (StatusCode::OK, (json!("done"), Value::Null)));
    let (status, again) = call(&program, Method::POST, "/requests", replace(100)).await;
    assert_eq!((status, results(&again)), (StatusCode::OK, (json!("not-done"), Value::Null)));

    fake.fails(Deed::Order, Fault::Status(402), Before);
    let keyed = || async {
        let request = program.request(Method::POST, "/api/v1/accounts/acme/requests").header("idempotency-key", "one");
        let answer = request.json(&replace(101)).send().await.expect("the server answers");
        (answer.status(), answer.json::<Value>().await.expect("JSON"))
    };
    let first = keyed().await;
    assert_eq!((first.0, results(&first.1)), (StatusCode::ACCEPTED, (json!("under-way"), json!(2))));
    fake.works();
    assert_eq!(keyed().await, first, "a repeated request gets the first answer");
    let (status, order) = call(&program, Method::POST, "/orders/2/retry", json!({})).await;
    assert_eq!((status, &order["state"]), (StatusCode::OK, &json!("swapped")), "the order is followed");
    assert_eq!(keyed().await, first);
    assert_eq!(fake.purchases().len(), 2);
}

/// The page says the same three words.
#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_says_done_not_done_or_under_way() {
    let (dialer, fake) = buying_dialer(Twilio, 3, "--rest-days 1").await;
    let server = Server::new(dialer).await;
    let operator = server.user(Role::Operate, &["acme"]);
    let replace = async |last_digits: u64| {
        let number = e164(last_digits);
        send(&operator, "/accounts/acme/act", &[("action", "replace"), ("number", &number)]).await.1
    };
    let asked = send(&operator, "/accounts/acme/ask", &[("action", "replace"), ("number", &e164(100))]).await.1;
    for words in
        ["$4.00 will be charged", "1 new number is bought from shop for $1.15", "$100.00 a day", "Replace for $5.15"]
    {
        assert!(asked.contains(words), "{words}: {asked}");
    }
    let page = replace(100).await;
    assert!(page.contains("1 done") && page.contains("replaced by"), "{page}");
    fake.fails(Deed::Order, Fault::Status(402), Before);
    let page = replace(101).await;
    assert!(page.contains("0 done, 1 under way") && page.contains("Replacements</a> shows its progress"), "{page}");
    let page = replace(101).await;
    assert!(page.contains("0 done, 1 not done"), "{page}");
}

/// Two replacements that the provider refuses because funds are missing.
#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_shows_retries_and_abandons_a_stuck_order() {
    let (dialer, fake) = buying_dialer(Twilio, 3, "--rest-days 1").await;
    fake.fails(Deed::Order, Fault::Status(402), Before);
    dialer.run(&format!("replace acme {} {}", e164(100), e164(101))).exits(4);
    dialer.run("account add other --blocks 1 --time-zone UTC").exits(0);
    let server = Server::new(dialer).await;
    let (reader, operator) = (server.user(Role::Read, &["acme"]), server.user(Role::Operate, &["acme"]));
    let abandoning = ["+13105550101 keeps slot 2 and is not replaced", "Nothing was changed."];
    server.dialer.run("orders abandon 2 --dry-run").exits(0).says(&abandoning);

    let seen = reader.page("/accounts/acme/orders").await;
    for words in ["Stuck: ", "+13105550100", "+13105550101", "$1.15", "bought from", "$0.00", "$100.00"] {
        assert!(seen.contains(words), "{words}: {seen}");
    }
    assert!(!seen.contains("Retry now"), "readers have no actions: {seen}");
    assert_eq!(send(&reader, "/accounts/acme/orders/1/retry", &[]).await.0, StatusCode::FORBIDDEN);
    assert!(reader.page("/accounts/acme/numbers/+13105550100").await.contains("/accounts/acme/orders"));
    assert!(operator.page("/accounts/acme/orders").await.contains("Abandon"));

    // It asks first, in the words of the command.
    let asked = operator.page("/accounts/acme/orders/2/abandon").await;
    for words in ["Abandon replacing ", "(310) 555-0101</data> keeps slot 2 and is not replaced", "Go on replacing it"]
    {
        assert!(asked.contains(words), "{words}: {asked}");
    }
    let (status, page) = send(&operator, "/accounts/acme/orders/2/abandon", &[]).await;
    assert!(status.is_success() && page.contains("(310) 555-0101</data> keeps slot 2"), "{page}");
    let (status, page) = send(&operator, "/accounts/acme/orders/2/abandon", &[]).await;
    assert!(status == StatusCode::CONFLICT && page.contains("already finished"), "{page}");
    let (status, page) = send(&operator, "/accounts/acme/orders/1/retry", &[]).await;
    assert!(status.is_success() && page.contains("Still on hold"), "{page}");

    let program = server.program(Role::Operate, &["acme"]);
    let orders = program.json("/api/v1/accounts/acme/orders").await;
    assert_eq!(each(&orders["items"], "stuck"), [true]);
    assert_eq!(each(&orders["items"], "state"), ["intended"]);
    fake.works();
    let (status, order) = call(&program, Method::POST, "/orders/1/retry", json!({})).await;
    assert_eq!(
        (status, &order["state"], &order["stuck"]),
        (StatusCode::OK, &json!("swapped"), &json!(false)),
        "{order}"
    );
    assert_eq!(order["problem"], Value::Null);
    assert_eq!(order["rests-until"], "2026-03-02T09:00:00Z");
    let (status, problem) = call(&program, Method::POST, "/orders/1/abandon", json!({})).await;
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    assert_eq!(program.json("/api/v1/accounts/acme/orders/2").await["state"], "abandoned");
    let spent = program.json("/api/v1/accounts/acme/spending").await;
    assert_eq!(
        spent,
        json!({
            "charged-in-cycle-cents": 4_900 + 400,
            "due-in-cycle-cents": 0,
            "credited-in-cycle-cents": 0,
            "balance-in-cycle-cents": 4_900 + 400,
            "spent-today-cents": 115,
            "spent-in-cycle-cents": 115,
        })
    );
    let rests = reader.page("/accounts/acme/orders").await;
    assert!(rests.contains("Resting") && rests.contains("2 Mar 2026, 09:00"), "{rests}");
}

/// The answer about another account's order equals that about a nonexistent one, and the order is unchanged.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_of_another_account_looks_nonexistent() {
    let (dialer, fake) = buying_dialer(Twilio, 1, "").await;
    fake.fails(Deed::Order, Fault::Status(402), Before);
    dialer.run(&format!("replace acme {}", e164(100))).exits(4);
    dialer.run("account add other --blocks 1 --time-zone UTC").exits(0);
    let server = Server::new(dialer).await;
    let (user, program) = (server.user(Role::Administer, &["other"]), server.program(Role::Administer, &["other"]));
    let before = server.dialer.everything();
    let surfaces = [
        (&user, "", "The orders in progress are listed in Replacements."),
        (&program, "/api/v1", "`GET /api/v1/accounts/{account}/orders` lists the orders in progress"),
    ];
    for (visitor, base, next_step) in surfaces {
        for deed in ["retry", "abandon"] {
            let answer = async |id: u64| {
                let (status, answer) = send(visitor, &format!("{base}/accounts/other/orders/{id}/{deed}"), &[]).await;
                assert_eq!(status, StatusCode::NOT_FOUND, "{base} {deed} {id}");
                answer.replace(&format!("no order {id}"), "no order ID")
            };
            let of_another = answer(1).await;
            assert_eq!(of_another, answer(9).await);
            assert!(of_another.contains(next_step), "{base} {deed}: {of_another}");
        }
    }
    assert_eq!(program.get("/api/v1/accounts/other/orders/1").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(program.json("/api/v1/accounts/other/orders").await["items"], json!([]));
    assert_eq!(server.dialer.everything(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_buying_settings_are_changed_on_the_dashboard() {
    let (dialer, _fake) = buying_dialer(Twilio, 1, "").await;
    dialer.run("account set acme --provider none").exits(0);
    let server = Server::new(dialer).await;
    let (operator, administrator) = (server.user(Role::Operate, &["acme"]), server.user(Role::Administer, &["acme"]));
    let right = [("provider", "shop"), ("areas", "213, 424"), ("day-cap", "$12.50"), ("cycle-cap", "60")];
    assert_eq!(send(&operator, "/accounts/acme/buying", &right).await.0, StatusCode::FORBIDDEN);
    let asked = administrator.page("/accounts/acme/buying").await;
    assert!(
        asked.contains("shop (Twilio, $1.15 per number unless Twilio states another price)")
            && asked.contains("value=\"100.00\""),
        "{asked}"
    );
    let before = server.dialer.json("account show acme");
    for (field, typed, why) in [
        ("provider", "nowhere", "no provider"),
        ("areas", "31", "not an area code"),
        ("day-cap", "1.5", "such as 10 or 12.50"),
        ("cycle-cap", "-1", "such as 10 or 12.50"),
        ("cycle-cap", "99999999999", "such as 10 or 12.50"),
    ] {
        let form = right.map(|(name, value)| (name, if name == field { typed } else { value }));
        let (status, page) = send(&administrator, "/accounts/acme/buying", &form).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{field} {typed}");
        assert!(page.contains(why) && page.contains(&format!("href=\"#{field}\"")), "{field} {typed}: {page}");
        assert!(page.contains("value=\"213, 424\"") || field == "areas", "the input is kept: {page}");
        assert_eq!(server.dialer.json("account show acme"), before, "{field} {typed}");
    }
    let (status, _) = send(&administrator, "/accounts/acme/buying", &right).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let after = server.dialer.json("account show acme");
    let bought = ["provider", "areas", "day-cap-cents", "cycle-cap-cents"].map(|name| &after[name]);
    assert_eq!(json!(bought), json!(["shop", "213,424", 1_250, 6_000]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_buying_settings_are_changed_through_the_api() {
    let (dialer, _fake) = buying_dialer(Twilio, 1, "").await;
    dialer.run("account set acme --provider none").exits(0);
    let server = Server::new(dialer).await;
    let program = server.program(Role::Administer, &["acme"]);
    let before = program.json("/api/v1/accounts/acme").await;
    assert_eq!((&before["provider"], &before["replacement-price-cents"]), (&Value::Null, &json!(400)));
    for (change, expected) in [
        (json!({"provider": "nowhere"}), StatusCode::CONFLICT),
        // Nothing is charged for a change that is refused.
        (json!({"provider": "nowhere", "blocks": 2}), StatusCode::CONFLICT),
        (json!({"areas": "31"}), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({"settings": {"rest-days": 366}}), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({"day-cap-cents": 100_000_001}), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({"cycle-cap-cents": -1}), StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let (status, problem) = call(&program, Method::PATCH, "", change.clone()).await;
        assert_eq!(status, expected, "{change}: {problem}");
        assert_eq!(program.json("/api/v1/accounts/acme").await, before, "{change}");
    }
    let wanted = json!({"provider": "shop", "areas": "anywhere", "day-cap-cents": 0});
    let (status, account) = call(&program, Method::PATCH, "", wanted.clone()).await;
    assert_eq!(status, StatusCode::OK, "{account}");
    for (name, value) in wanted.as_object().expect("an object") {
        assert_eq!(&account[name], value, "{name}");
    }
    let (status, account) = call(&program, Method::PATCH, "", json!({"provider": "none"})).await;
    assert_eq!((status, &account["provider"], &account["areas"]), (StatusCode::OK, &Value::Null, &json!("anywhere")));
}

/// Another provider cannot take over open orders, and a refused change charges no blocks.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_charged_for_a_change_that_is_refused() {
    let (dialer, fake) = buying_dialer(Twilio, 1, "").await;
    fake.fails(Deed::Order, Fault::Status(402), Before);
    dialer.run(&format!("replace acme {}", e164(100))).exits(4);
    let before = charged(&dialer);
    dialer
        .run("account set acme --blocks 2 --provider none")
        .exits(1)
        .says(&["replacements from shop are in progress", "dialguard orders"]);
    assert_eq!(charged(&dialer), before);
}

fn charged(dialer: &Dialer) -> Value {
    dialer.json("account show acme")["charged-in-cycle-cents"].clone()
}

/// A replaced number rests for a day, is ready, and replaces another one for nothing at the provider.
#[tokio::test(flavor = "multi_thread")]
async fn the_pool_shows_which_numbers_rest_and_are_ready_and_what_that_saves() {
    let (dialer, fake) = buying_dialer(Twilio, 2, "--rest-days 1").await;
    dialer.run("numbers pool acme").exits(0).says(&["2 in use, 0 out of use, 0 resting, 0 ready"]);
    dialer.run(&format!("replace acme {}", e164(100))).exits(0);
    dialer.run("numbers pool acme").exits(0).says(&["1 resting", "rests until 2026-03-02T09:00:00Z"]);
    dialer.pass(DAY);
    dialer.carriers_say(&[(100, "ooo"), (101, "ooo"), (150, "ooo")]);
    dialer.run("review acme").exits(0);
    dialer.run("numbers pool acme").exits(0).says(&["0 resting, 1 ready", "+13105550100"]);
    assert_eq!(dialer.standing(100), "–", "it is the account's, without a slot");
    dialer.run(&format!("replace acme {}", e164(101))).exits(0);
    assert_eq!((fake.purchases(), dialer.standing(100)), (vec![number(150)], "2 clean".into()));
    dialer.run("numbers pool acme").exits(0).says(&["$1.15 saved in the past 365 days", "1 was bought for $1.15"]);

    let server = Server::new(dialer).await;
    let reader = server.user(Role::Read, &["acme"]);
    let page = reader.page("/accounts/acme/pool").await;
    for words in ["$1.15 saved", "Rests until", &e164(101)] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let pool = server.program(Role::Read, &["acme"]).json("/api/v1/accounts/acme/pool").await;
    assert_eq!((&pool["saving-cents"], &pool["resting"], &pool["in-use"]), (&json!(115), &json!(1), &json!(2)));
    assert_eq!(each(&pool["numbers"], "state"), ["resting"]);
}

/// The same without a provider: candidates are on hand, and in the end a person releases what stays flagged.
#[tokio::test(flavor = "multi_thread")]
async fn the_pool_of_an_account_without_a_provider_shows_the_same() {
    let dialer = Dialer::monitoring(2, "--rest-days 1 --rests-max 0");
    dialer.import([150], "--candidates");
    let pool = |words: &[&str]| drop(dialer.run("numbers pool acme").exits(0).says(words));
    let review = |marks: &str| {
        dialer.pass(DAY);
        dialer.carriers_say(&[(100, "ooo"), (101, marks), (150, "ooo")]);
        dialer.run("review acme").exits(0);
    };
    dialer.carriers_say(&[(150, "ooo")]);
    dialer.run(&format!("replace acme {}", e164(100))).exits(0);
    dialer.run("orders acme").exits(0).says(&["on hand", "rests until 2026-03-02T09:00:00Z"]);
    pool(&["1 resting, 0 ready", "rests until 2026-03-02T09:00:00Z"]);
    review("ooo");
    pool(&["0 resting, 1 ready", "+13105550100"]);
    dialer.run(&format!("replace acme {}", e164(101))).exits(0);
    assert_eq!(dialer.standing(100), "2 clean");
    pool(&["1 resting, 0 ready", "Replacements by 1 number of the account's own", "None was bought"]);
    assert_eq!(charged(&dialer), 4_900 + 2 * 400, "nothing but the fees");
    review("xxx");
    pool(&["0 resting, 0 ready"]);
    let released = dialer.events("released");
    assert_eq!(each(&json!(released), "number"), [e164(101)]);
    assert!(released[0]["text"].as_str().unwrap().ends_with("Release it where you rent it."), "{released:?}");

    let server = Server::new(dialer).await;
    let page = server.user(Role::Read, &["acme"]).page("/accounts/acme/pool").await;
    for words in ["yours to release", "Replacements by 1 number of the account"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let pool = server.program(Role::Read, &["acme"]).json("/api/v1/accounts/acme/pool").await;
    assert_eq!((&pool["replaced-by-own"], &pool["saving-cents"], &pool["numbers"]), (&json!(1), &json!(0), &json!([])));
}
