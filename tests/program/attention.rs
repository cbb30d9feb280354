//! What needs a person: said the same by `dialguard status`, by the API and on the dashboard; and what `doctor` finds.

use crate::harness::acme::DAY;
use crate::harness::buying::buying_dialer;
use crate::harness::dialer::{Dialer, e164, each};
use crate::harness::server::{Server, Visitor};
use crate::harness::services::fault::Fault;
use crate::harness::services::provider::Deed;
use crate::harness::services::provider::When::Before;
use dialguard_dialer::access::Role;
use dialguard_dialer::ledger::ProviderKind::Twilio;
use serde_json::{Value, json};

/// What is said of the account on all three surfaces: each item's kind and count.
async fn items(server: &Server) -> Vec<(String, u64)> {
    let status = server.dialer.run("status acme --json");
    let told = status.json();
    let account = &told["accounts"][0];
    let needs = told["needs-attention"] == true;
    assert_eq!(status.code, Some(if needs { 5 } else { 0 }), "{told:#}");
    let by_api = server.program(Role::Read, &["acme"]).json("/api/v1/accounts/acme/attention").await;
    for (name, value) in by_api.as_object().expect("an object").iter().filter(|(name, _)| *name != "items") {
        assert_eq!(&account[name], value, "{name}");
    }
    assert_eq!(each(&by_api["items"], "text"), each(&account["items"], "text"));

    let page = server.user(Role::Operate, &["acme"]).page("/accounts/acme/policy").await;
    assert_eq!(page.contains("class=\"attention\""), needs, "{page}");
    for text in each(&by_api["items"], "text") {
        let text = text.as_str().expect("a text").replace('"', "&quot;");
        assert!(page.contains(&text), "the strip does not say {text}: {page}");
    }
    let item =
        |item: &Value| (item["kind"].as_str().expect("a kind").to_owned(), item["count"].as_u64().expect("a count"));
    account["items"].as_array().expect("items").iter().map(item).collect()
}

fn one(kind: &str, count: u64) -> Vec<(String, u64)> {
    vec![(kind.to_owned(), count)]
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_that_wait_are_one_item_with_its_remedy() {
    let dialer = Dialer::monitoring(6, "");
    let server = Server::new(dialer).await;
    let dialer = &server.dialer;
    let review = |verdicts: &[(u64, &str)]| {
        server.pass(DAY);
        dialer.carriers_say(verdicts);
        dialer.run("review acme").exits(0);
    };
    assert_eq!(items(&server).await, [], "nothing is said while nothing needs a person");
    dialer.run("status").exits(0).says(&["Nothing needs you."]);

    let three = [(100, "xxx"), (101, "xxx"), (102, "xxx"), (103, "ooo"), (104, "ooo"), (105, "xoo")];
    review(&three);
    assert_eq!(items(&server).await, one("flagged-without-candidate", 3));
    dialer.run("status").exits(5).says(&["acme: 3 flagged numbers wait for a candidate", "numbers import ID FILE"]);
    let user = server.user(Role::Operate, &["acme"]);
    let page = user.page("/accounts/acme").await;
    assert!(page.contains("/accounts/acme/import\">Add candidates</a>"), "{page}");
    let reader = server.user(Role::Read, &["acme"]).page("/accounts/acme").await;
    assert!(!reader.contains(">Add candidates</a>"), "a reader cannot");

    dialer.import([150], "--candidates");
    assert_eq!(items(&server).await, one("flagged-not-replaced", 3), "automatic replacement is off");
    dialer.run("account set acme --auto-replace on").exits(0);
    assert_eq!(items(&server).await, [], "the next review replaces them");

    // The candidate is not clean, which one notice says for all three.
    review(&[&three[..], &[(150, "xoo")]].concat());
    assert_eq!(items(&server).await, one("flagged-without-candidate", 3));
    let notices = dialer.events("no-clean-candidate");
    assert_eq!(each(&json!(notices), "number"), [Value::Null]);
    let candidates = dialer.json("numbers candidates acme");
    assert_eq!([&candidates[0]["state"], &candidates[0]["area-code"]], [&json!("flagged"), &json!(310)]);
    assert_eq!(server.program(Role::Read, &[]).json("/api/v1/accounts/acme/candidates").await["items"], candidates);
    let page = server.user(Role::Operate, &["acme"]).page("/accounts/acme/candidates").await;
    assert!(page.contains("Flagged by 1 of 3 carriers"), "{page}");

    // Once a clean one comes, each goes away by itself.
    dialer.import([151, 152, 153], "--candidates");
    review(&[&three[..], &[(150, "xoo"), (151, "ooo"), (152, "ooo"), (153, "ooo")]].concat());
    assert_eq!(items(&server).await, []);
    dialer.run("account set acme --add-on off").exits(0);
    assert_eq!(items(&server).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_messages_and_alerts_are_told_until_they_are_seen_to() {
    let dialer = Dialer::monitoring(3, "");
    dialer.run("alerts add --account acme https://localhost:1/alerts").exits(0);
    let server = Server::new(dialer).await;
    server.pass(DAY);
    server.dialer.carriers_say(&[(100, "xoo"), (101, "ooo"), (102, "ooo")]);
    server.dialer.run("review acme").exits(0);
    assert_eq!(items(&server).await, []);

    server.pass(DAY);
    let user = server.user(Role::Operate, &["acme"]);
    std::fs::remove_file(server.dialer.path("verdicts.csv")).expect("the file is there");
    server.dialer.run("review acme").exits(0);
    server.dialer.run("alerts deliver --once");
    let told = items(&server).await;
    assert_eq!(told, [("sources-failing".into(), 1), ("messages-undelivered".into(), 1)]);
    server.dialer.run("status acme").exits(5).says(&["carriers", "sources test", "alerts deliveries"]);

    // The source's problem and the numbers that were not rated, until this user opens the account's activity.
    let unread = || async { user.page("/accounts/acme").await.contains("<span class=\"unseen\"> unread</span>") };
    assert!(unread().await);
    assert!(user.page("/accounts/acme/activity").await.contains("Activity"));
    while unread().await {
        tokio::task::yield_now().await;
    }

    // An account is on the list with what it needs.
    let list = server.user(Role::Administer, &[]).page("/").await;
    for words in ["1 failing source", "1 undelivered"] {
        assert!(list.contains(words), "{words}: {list}");
    }
    server.dialer.run("doctor").exits(5).says(&["! source: carriers:", "ok ledger: sound", "ok clock", "ok policy"]);
    server.dialer.carriers_say(&[(100, "xoo"), (101, "ooo"), (102, "ooo")]);
    let doctor = server.dialer.run("doctor --json").exits(0).json();
    let checks = each(&doctor["checks"], "check");
    let expected = ["ledger", "disk", "folder", "clock", "time zones", "policy", "source", "webhooks"];
    assert_eq!((&doctor["healthy"], checks), (&json!(true), expected.map(Value::from).to_vec()));
    Dialer::new().run("doctor").exits(1).says(&["no ledger"]);
    Dialer::new().run("status").exits(1).says(&["no ledger"]);
    server.dialer.run("status nobody").exits(1).says(&["no account"]);
}

/// The page of the replacements, with this query.
async fn made(user: &Visitor<'_>, query: &str) -> String {
    let page = user.page(&format!("/accounts/acme/orders{query}")).await;
    page.split("id=\"made\"").nth(1).expect("the part about those that were made").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn replacements_are_listed_when_they_are_stuck_and_when_they_are_made() {
    let (dialer, fake) = buying_dialer(Twilio, 3, "--rest-days 30").await;
    fake.fails(Deed::Order, Fault::Status(402), Before);
    dialer.run(&format!("replace acme {} {}", e164(100), e164(101))).exits(4);
    let server = Server::new(dialer).await;
    assert_eq!(items(&server).await, one("orders-stuck", 2));
    server.dialer.run("status acme").exits(5).says(&["acme: 2 replacements are stuck.", "dialguard orders ID"]);
    let user = server.user(Role::Operate, &["acme"]);
    let page = user.page("/accounts/acme").await;
    assert!(page.contains("/accounts/acme/orders\">See what holds them up</a>"), "{page}");
    server.dialer.run("orders abandon 2").exits(0);
    fake.works();
    server.dialer.run("orders retry 1").exits(0);
    assert_eq!(items(&server).await, []);

    let orders = |query: &str| server.dialer.json(&format!("orders acme {query}"));
    let ids = |query: &str| each(&orders(query), "id");
    let api = server.program(Role::Read, &["acme"]);
    for (show, expected) in [("open", &[1][..]), ("made", &[1]), ("abandoned", &[2]), ("all", &[1, 2])] {
        assert_eq!(ids(&format!("--show {show}")), expected, "{show}");
        let answer = api.json(&format!("/api/v1/accounts/acme/orders?show={show}")).await;
        assert_eq!(answer["items"], orders(&format!("--show {show}")), "{show}");
    }
    assert_eq!(ids(&format!("--show all --number {}", e164(101))), [2]);
    assert_eq!(ids("--show all --last 1"), [2], "the latest");
    let order = &orders("--show made")[0];
    assert_eq!([&order["charged-cents"], &order["spent-cents"]], [400, 115]);
    let part = api.json("/api/v1/accounts/acme/orders?show=all&limit=1").await;
    assert_eq!((each(&part["items"], "id"), &part["next"]), (vec![json!(1)], &json!("1")));
    server.dialer.run("orders acme --show made").exits(0).says(&["$1.15", "$4.00", "on request", "(system user)"]);
    server.dialer.run("orders --show sold").exits(2);

    let (old, new) = (e164(100), e164(150));
    let page = made(&user, "").await;
    for words in [&old, &new, "from shop", "On request</strong>, by ", "(system user)", "$5.15", "$1.15 for the number"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains(&e164(101)), "it was not made");
    assert!(made(&user, "?show=abandoned").await.contains("kept its slot"));
    for (query, is_there) in [("?number=0150", false), ("?number=%2B13105550150", true), ("?why=flagged", false)] {
        let page = made(&user, query).await;
        assert_eq!(page.contains("from shop"), is_there, "{query}: {page}");
    }
    assert!(made(&user, "?since=soon").await.contains("is not a date"));
}
