//! What is told of reviews, to whom, and that none of it is lost; and what whoever watches the program can see.

use crate::harness::acme::DAY;
use crate::harness::desk::{Dialer, e164, each};
use crate::harness::policies::hostile::Hostile;
use crate::harness::receiver::{Answers, Receiver};
use crate::harness::server::Server;
use dialguard::clock::FixedClock;
use dialguard::policy::Wasi;
use dialguard::sha256;
use dialguard_dialer::Dialguard;
use dialguard_dialer::access::Role;
use dialguard_dialer::alerts::{AlertSender, WebhookSpec, add_webhook};
use dialguard_dialer::ledger::{DeliveryState, EventFilter, NewPolicy};
use dialguard_dialer::policies::Policies;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::net::TcpListener;

/// A site whose account `acme` monitors three numbers that one bad day flags, after a first day on which all are clean;
/// and an account `other`.
async fn after_a_clean_day() -> Server {
    let desk = Dialer::monitoring(3, "--checks-to-flag 1");
    desk.run("account add other --blocks 1 --time-zone UTC").exits(0);
    let site = Server::new(desk).await;
    site.desk.carriers_say(&[(100, "ooo"), (101, "ooo"), (102, "ooo")]);
    site.dialguard.review("acme").await.expect("a review");
    site
}

/// A day passes, and the carriers flag the first `count` numbers and no others.
async fn a_day_that_flags(site: &Server, count: u64) {
    site.pass(DAY);
    let verdicts: Vec<_> = (0..3).map(|last| (100 + last, if last < count { "xxx" } else { "ooo" })).collect();
    site.desk.carriers_say(&verdicts);
    site.dialguard.review("acme").await.expect("a review");
}

/// Adds a webhook; answers its number and secret.
fn add(site: &Server, account: Option<&str>, url: &str) -> (u64, String) {
    let wish = WebhookSpec { account, url, allow_private: true, ..WebhookSpec::default() };
    add_webhook(site.dialguard.ledger(), &wish, site.dialguard.now()).expect("a webhook")
}

async fn deliver(site: &Server) -> (u32, u32) {
    let sent = AlertSender::new(site.dialguard.clone()).deliver_due().await.expect("the ledger is read");
    (sent.delivered, sent.failed)
}

fn events(site: &Server, kind: &str) -> Vec<String> {
    let events = site.dialguard.ledger().events("acme", EventFilter { number: None, last: 1_000 }).expect("events");
    events.into_iter().filter(|event| event.kind == kind).map(|event| event.text).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_is_told_in_one_signed_message_however_many_numbers_it_is_about() {
    let site = after_a_clean_day().await;
    let receiver = Receiver::new().await;
    let wish = WebhookSpec {
        account: Some("acme"),
        url: &receiver.url(),
        allow_private: true,
        page_address: Some("https://dialguard.example/"),
    };
    let (_, secret) = add_webhook(site.dialguard.ledger(), &wish, site.dialguard.now()).expect("a webhook");
    a_day_that_flags(&site, 0).await;
    assert_eq!(deliver(&site).await, (0, 0), "a day without news");

    a_day_that_flags(&site, 2).await;
    site.pass(60);
    assert_eq!(deliver(&site).await, (1, 0));
    assert_eq!(deliver(&site).await, (0, 0), "nothing is told twice");
    let heard = receiver.heard();
    let [told] = &heard[..] else { panic!("{heard:?}") };
    told.is_signed_with(&secret);
    assert_eq!((told.path.as_str(), told.timestamp as u64), ("/alerts", site.dialguard.now()), "the time of the try");
    assert!(told.id.starts_with("msg_"), "{}", told.id);

    let message = told.json();
    assert_eq!((&message["type"], &message["timestamp"]), (&json!("review.completed"), &json!("2026-03-03T09:00:00Z")));
    let data = &message["data"];
    assert_eq!(
        (&data["account"], &data["local-date"], &data["rated"], &data["daily"]),
        (&json!("acme"), &json!("2026-03-03"), &json!(3), &json!(true))
    );
    let flagged = json!({"count": 2, "more": 0, "first": [e164(100), e164(101)]});
    assert_eq!(data["turned-flagged"], flagged);
    assert_eq!(data["turned-clean"]["count"], 0);
    assert_eq!(data["notices"]["first"][0]["kind"], "newly-flagged");
    assert_eq!(data["page"], "https://dialguard.example/accounts/acme/activity");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_digest_names_fifty_numbers_and_counts_the_others() {
    let desk = Dialer::with_account("--checks-to-flag 1 --mass-flag-percent 100");
    desk.run("account set acme --blocks 5").exits(0);
    // One is clean: that all turn flagged at once is told in other words.
    desk.import(100..161, "");
    desk.run("monitor acme --all").exits(0);
    let site = Server::new(desk).await;
    let receiver = Receiver::new().await;
    add(&site, Some("acme"), &receiver.url());
    site.desk.carriers_say(&(100..161).map(|last| (last, if last < 160 { "xxx" } else { "ooo" })).collect::<Vec<_>>());
    site.dialguard.review("acme").await.expect("a review");
    assert_eq!(deliver(&site).await, (1, 0));
    let data = receiver.heard()[0].json()["data"].clone();
    assert_eq!(data["turned-flagged"]["count"], 60);
    assert_eq!(data["turned-flagged"]["more"], 10);
    assert_eq!(data["turned-flagged"]["first"].as_array().map(Vec::len), Some(50));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_down_for_days_is_told_everything_in_order() {
    let site = after_a_clean_day().await;
    // A port that nobody listens on.
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let (webhook, secret) = add(&site, Some("acme"), &format!("http://{address}/alerts"));
    for flagged in [1, 2, 3] {
        a_day_that_flags(&site, flagged).await;
        assert_eq!(deliver(&site).await, (0, 1), "one try, for the others wait behind it");
    }
    let waiting = site.dialguard.ledger().deliveries(Some(webhook), true, 10).unwrap();
    assert_eq!(waiting.iter().map(|delivery| delivery.tries).collect::<Vec<_>>(), [3, 0, 0]);
    let problem = waiting[0].last_problem.as_deref().unwrap();
    assert!(problem.starts_with("the receiver could not be reached"), "{problem}");
    assert!(!problem.contains("/alerts"), "a receiver's path may be its secret: {problem}");

    let receiver = Receiver::at(address).await;
    site.pass(60);
    assert_eq!(deliver(&site).await, (0, 0), "its next try is not due");
    site.pass(DAY);
    assert_eq!(deliver(&site).await, (3, 0));
    let heard = receiver.heard();
    let dates = heard.iter().map(|heard| heard.json()["data"]["local-date"].clone());
    assert_eq!(dates.collect::<Vec<_>>(), ["2026-03-02", "2026-03-03", "2026-03-04"]);
    heard.iter().for_each(|heard| heard.is_signed_with(&secret));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_2xx_counts_as_taken_and_no_answer_leads_elsewhere_or_takes_memory() {
    let site = after_a_clean_day().await;
    let receiver = Receiver::new().await;
    let (webhook, _) = add(&site, Some("acme"), &receiver.url());
    a_day_that_flags(&site, 1).await;
    let refusals = [
        (Answers::Status(500), "answered 500 Internal Server Error, and only 2xx counts as taken: so [31m be it"),
        (Answers::Status(401), "another secret"),
        (Answers::Redirect, "answered 302 Found, and only 2xx counts as taken; give the address that it leads to"),
        (Answers::Endless(503), "answered 503 Service Unavailable"),
    ];
    for (answers, problem) in refusals {
        receiver.answer(answers);
        assert_eq!(deliver(&site).await, (0, 1), "{answers:?}");
        let waiting = &site.dialguard.ledger().deliveries(Some(webhook), true, 1).unwrap()[0];
        let told = waiting.last_problem.as_deref().unwrap();
        assert!(told.contains(problem) && told.len() < 500, "{answers:?}: {told}");
        site.pass(DAY + DAY / 10);
    }
    assert!(receiver.heard().iter().all(|heard| heard.path == "/alerts"), "a redirect was followed");
    receiver.answer(Answers::Endless(200));
    assert_eq!(deliver(&site).await, (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_gone_is_left_alone_until_a_test_of_it_is_answered() {
    let site = after_a_clean_day().await;
    let receiver = Receiver::new().await;
    let (webhook, _) = add(&site, Some("acme"), &receiver.url());
    a_day_that_flags(&site, 1).await;
    receiver.answer(Answers::Status(410));
    let courier = AlertSender::new(site.dialguard.clone());
    assert_eq!(courier.deliver_due().await.unwrap().paused, 1);
    assert_eq!(events(&site, "webhook-paused").len(), 1);
    a_day_that_flags(&site, 2).await;
    site.pass(7 * DAY);
    assert_eq!(deliver(&site).await, (0, 0));
    assert_eq!(receiver.heard().len(), 1, "it is asked once and not again");

    let refused = courier.test(webhook).await.expect_err("still gone").to_string();
    assert!(refused.contains("410 Gone"), "{refused}");
    receiver.answer(Answers::Status(200));
    assert_eq!(courier.test(webhook).await.unwrap(), "200 OK");
    assert_eq!(deliver(&site).await, (1, 0), "what waited is told; what happened in the pause is not");
    let kinds: Vec<_> = receiver.heard().iter().map(|heard| heard.json()["type"].clone()).collect();
    assert_eq!(kinds, ["webhook.test", "webhook.test", "review.completed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_nobody_takes_for_three_days_is_abandoned_and_the_account_is_told() {
    let site = after_a_clean_day().await;
    let receiver = Receiver::new().await;
    let (webhook, _) = add(&site, Some("acme"), &receiver.url());
    a_day_that_flags(&site, 1).await;
    let made_at = site.dialguard.now();
    a_day_that_flags(&site, 2).await;
    receiver.answer(Answers::Status(500));
    let first = || site.dialguard.ledger().deliveries(Some(webhook), false, 10).unwrap().remove(0);
    while let DeliveryState::Waiting(at) = first().state {
        site.pass(at.saturating_sub(site.dialguard.now()));
        AlertSender::new(site.dialguard.clone()).deliver_due().await.unwrap();
    }
    let DeliveryState::Abandoned(at) = first().state else { panic!("{:?}", first()) };
    let days = (at - made_at) as f64 / DAY as f64;
    assert!((3.0..5.0).contains(&days), "given up after {days} days");
    assert_eq!(first().tries, 10);
    assert_eq!(events(&site, "alert-abandoned").len(), 1);
    receiver.answer(Answers::Status(200));
    site.pass(60);
    assert_eq!(deliver(&site).await, (1, 0), "the next one is not lost with it");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_couriers_on_one_ledger_deliver_each_message_once() {
    let site = after_a_clean_day().await;
    let receiver = Receiver::new().await;
    add(&site, Some("acme"), &receiver.url());
    add(&site, None, &receiver.url());
    for flagged in [1, 2, 3] {
        a_day_that_flags(&site, flagged).await;
    }
    let couriers = [0; 4].map(|_| {
        // As another process would.
        let ledger = Arc::new(site.desk.ledger());
        let policies = Policies::open(ledger.clone(), site.desk.now()).expect("a policy decides");
        AlertSender::new(Dialguard::new(ledger, policies, Arc::new(FixedClock(site.desk.now()))))
    });
    let [a, b, c, d] = &couriers;
    tokio::try_join!(a.deliver_due(), b.deliver_due(), c.deliver_due(), d.deliver_due()).expect("the ledger is read");
    deliver(&site).await;
    let ids: Vec<_> = receiver.heard().into_iter().map(|heard| heard.id).collect();
    let different: std::collections::HashSet<_> = ids.iter().collect();
    assert_eq!((ids.len(), different.len()), (6, 6));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_s_webhook_hears_of_that_account_only() {
    let site = after_a_clean_day().await;
    let [own, foreign, all] = [Receiver::new().await, Receiver::new().await, Receiver::new().await];
    let (webhook, _) = add(&site, Some("acme"), &own.url());
    add(&site, Some("other"), &foreign.url());
    add(&site, None, &all.url());
    a_day_that_flags(&site, 2).await;
    assert_eq!(deliver(&site).await, (2, 0));
    assert_eq!((own.heard().len(), foreign.heard().len(), all.heard().len()), (1, 0, 1));

    // Who administers one account neither sees nor changes what is another's or everybody's.
    let person = site.person(Role::Administer, &["other"]);
    assert!(!person.get("/accounts/other/alerts").await.text().await.unwrap().contains(&own.url()));
    for account in ["acme", "other"] {
        let page = format!("/accounts/{account}/alerts/{webhook}");
        assert_eq!(person.get(&format!("{page}/remove")).await.status(), 404, "{page}");
        for action in ["test", "remove"] {
            assert_eq!(person.post(&format!("{page}/{action}"), json!({})).await.status(), 404, "{page}/{action}");
        }
    }
    for role in [Role::Read, Role::Operate] {
        assert_eq!(site.person(role, &["acme"]).get("/accounts/acme/alerts").await.status(), 403);
    }
    let program = site.program(Role::Administer, &["acme"]);
    assert_eq!(program.get("/api/v1/webhooks").await.status(), 403);
    assert_eq!(program.post("/api/v1/webhooks", json!({"url": "https://dialer.example/"})).await.status(), 403);
    assert_eq!(site.stranger().get("/api/v1/webhooks").await.status(), 401);
    assert!(own.heard().is_empty() && foreign.heard().is_empty() && all.heard().is_empty());
}

/// A policy that fails is told once a day, however often the review is tried again; that it is given up concerns who
/// runs all accounts.
#[tokio::test(flavor = "multi_thread")]
async fn lost_reviews_and_a_policy_abandoned_are_told() {
    let site = after_a_clean_day().await;
    let [own, all] = [Receiver::new().await, Receiver::new().await];
    add(&site, Some("acme"), &own.url());
    add(&site, None, &all.url());
    let component = Hostile::review("(unreachable)").component();
    let policy = NewPolicy {
        sha256: &sha256(&component),
        component: &component,
        signature: None,
        name: "hostile",
        version: "0.1.0",
        summary: "Harm.",
        contract: "0.2.0",
        built_in: false,
        wasi: Wasi::None,
    };
    let bad = site.dialguard.ledger().install_policy(&policy, site.dialguard.now()).expect("a revision");
    site.pass(DAY);
    site.desk.run(&format!("policy activate {bad}")).exits(0);
    for _ in 0..3 {
        site.dialguard.review("acme").await.expect_err("the policy fails");
    }
    deliver(&site).await;
    let told = |receiver: &Receiver| {
        let kinds: Vec<_> = receiver.heard().iter().map(|heard| heard.json()["type"].clone()).collect();
        kinds.into_iter().map(|kind| kind.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(told(&own), ["review.failed"]);
    assert_eq!(told(&all), ["review.failed", "policy.rolled-back"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn private_addresses_are_refused_unless_they_are_allowed() {
    let site = after_a_clean_day().await;
    let receiver = Receiver::new().await;
    let port = receiver.address.port();
    for url in
        ["https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/", "https://2130706433/", "https://10.1/"]
    {
        let line = format!("alerts add --account acme {url}");
        site.desk.run(&line).exits(1).says(&["of this machine or a private network", "--allow-private"]);
    }
    site.desk.run(&format!("alerts add http://dialer.example:{port}/")).exits(1).says(&["https://"]);
    // A name can lead anywhere, and is looked at when it is used.
    let added = site.desk.json(&format!("alerts add --account acme https://localhost:{port}/alerts"));
    let refused = site.desk.run(&format!("alerts test {}", added["id"])).exits(1);
    refused.says(&["localhost (", "of this machine or a private network"]);
    a_day_that_flags(&site, 1).await;
    assert_eq!(deliver(&site).await, (0, 1));
    assert!(receiver.heard().is_empty());

    // Not even an administrator of the account may allow it at the page; the API is for who runs everything.
    let person = site.person(Role::Administer, &["acme"]);
    let form = [("url", receiver.url()), ("allow-private", "true".into()), ("allow_private", "true".into())];
    let page = person.request(Method::POST, "/accounts/acme/alerts").form(&form).send().await.unwrap();
    assert!(page.text().await.unwrap().contains("Not added"));
    let everything = site.program(Role::Administer, &[]);
    let refused = everything.post("/api/v1/webhooks", json!({"url": receiver.url()})).await;
    assert_eq!(
        (refused.status(), &refused.headers()["content-type"]),
        (422.try_into().unwrap(), &"application/problem+json".parse().unwrap())
    );
    let allowed = everything.post("/api/v1/webhooks", json!({"url": receiver.url(), "allow-private": true})).await;
    assert_eq!(allowed.status(), 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_are_kept_by_the_command_line_the_api_and_the_page() {
    let site = after_a_clean_day().await;
    let receiver = Receiver::new().await;
    let desk = &site.desk;
    let added = desk.json(&format!("alerts add --account acme --allow-private {}", receiver.url()));
    let secret = added["secret"].as_str().expect("a secret");
    desk.run("alerts test 1").exits(0).says(&["accepted the test: 204 No Content"]);
    receiver.heard()[0].is_signed_with(secret);
    assert!(!desk.json("alerts list").to_string().contains(secret), "it is shown once");
    desk.run("alerts test 9").exits(1).says(&["no webhook 9", "alerts list"]);

    let program = site.program(Role::Administer, &[]);
    assert_eq!(program.json("/api/v1/webhooks").await["items"][0]["url"], json!(receiver.url()));
    assert_eq!(program.post("/api/v1/webhooks/1/test", json!({})).await.status(), 200);
    receiver.heard();
    receiver.answer(Answers::Status(500));
    a_day_that_flags(&site, 1).await;
    desk.run("alerts deliver --once").exits(0).says(&["0 messages delivered"]);
    let waiting = program.json("/api/v1/webhooks/1/deliveries").await;
    assert_eq!((&waiting[0]["type"], &waiting[0]["tries"]), (&json!("review.completed"), &json!(1)));
    let [next_try] = &each(&desk.json("alerts deliveries"), "next-try-at")[..] else { panic!("one message waits") };
    assert!(next_try.is_string());
    assert_eq!(program.get("/api/v1/webhooks/7").await.status(), 404);
    assert_eq!(program.get("/api/v1/webhooks/x").await.status(), 400);
    assert_eq!(program.get("/api/v1/webhooks/18446744073709551615").await.status(), 404);

    let person = site.person(Role::Administer, &["acme"]);
    let page = person.get("/accounts/acme/alerts").await.text().await.unwrap();
    assert!(page.contains(&receiver.url()) && page.contains("1 attempt, next"), "{page}");
    let asked = person.get("/accounts/acme/alerts/1/remove").await.text().await.unwrap();
    assert!(asked.contains("1 waiting message will not be delivered"), "{asked}");
    let told = person.post("/accounts/acme/alerts/1/test", json!({})).await.text().await.unwrap();
    assert!(told.contains("did not accept the test message"), "{told}");
    let form = [("url", "https://dialer.example/alerts")];
    let told = person.request(Method::POST, "/accounts/acme/alerts").form(&form).send().await.unwrap();
    assert!(told.text().await.unwrap().contains("whsec_"));
    assert_eq!(person.post("/accounts/acme/alerts/1/remove", json!({})).await.status(), 303);
    assert_eq!(each(&desk.json("alerts list"), "id"), [json!(2)]);
    let removed = program.request(Method::DELETE, "/api/v1/webhooks/2").send().await.unwrap();
    assert_eq!(removed.status(), 204);
    assert_eq!(events(&site, "webhook-removed").len(), 2);
}

/// Samples by name and labels, as they stand in the text.
fn samples(text: &str) -> HashMap<String, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no sample: {line}"));
            (name.to_owned(), value.parse().unwrap_or_else(|_| panic!("no number: {line}")))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_sees_what_happened_and_of_nobody_in_particular() {
    let site = after_a_clean_day().await;
    let receiver = Receiver::new().await;
    add(&site, Some("acme"), &receiver.url());
    a_day_that_flags(&site, 1).await;
    assert_eq!(deliver(&site).await, (1, 0));
    receiver.answer(Answers::Status(500));
    site.desk.carriers_say(&[]);
    a_day_that_flags(&site, 2).await;
    assert_eq!(deliver(&site).await, (0, 1));
    let program = site.program(Role::Read, &[]);
    program.json("/api/v1/accounts/acme").await;
    program.json("/api/v1/accounts/other").await;
    assert_eq!(program.get("/api/v1/accounts/nobody").await.status(), 404);
    site.stranger().request(Method::from_bytes(b"BREW").unwrap(), "/healthz").send().await.unwrap();

    let answer = program.get("/metrics").await;
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let text = answer.text().await.unwrap();
    let samples = samples(&text);
    let expected = [
        (r#"dialguard_reviews_total{outcome="made"}"#, 3.0),
        (r#"dialguard_reviews_total{outcome="failed"}"#, 0.0),
        ("dialguard_review_seconds_count", 3.0),
        ("dialguard_numbers_rated_total", 9.0),
        (r#"dialguard_lookups_total{carrier="A",answer="score"}"#, 9.0),
        (r#"dialguard_lookups_total{carrier="A",answer="none"}"#, 0.0),
        ("dialguard_replacements_total", 0.0),
        ("dialguard_policy_faults_total", 0.0),
        ("dialguard_policy_revision", 1.0),
        (r#"dialguard_accounts{add_on="on"}"#, 2.0),
        (r#"dialguard_monitored_numbers{status="flagged"}"#, 2.0),
        (r#"dialguard_monitored_numbers{status="clean"}"#, 1.0),
        (r#"dialguard_monitored_numbers{status="pending"}"#, 0.0),
        (r#"dialguard_deliveries_total{outcome="delivered"}"#, 1.0),
        (r#"dialguard_deliveries_total{outcome="failed"}"#, 1.0),
        ("dialguard_deliveries_waiting", 1.0),
        (r#"dialguard_webhooks{state="on"}"#, 1.0),
        (r#"dialguard_http_requests_total{route="/api/v1/accounts/{account}",method="GET",status="200"}"#, 2.0),
        (r#"dialguard_http_requests_total{route="/api/v1/accounts/{account}",method="GET",status="404"}"#, 1.0),
        (r#"dialguard_http_requests_total{route="/healthz",method="other",status="405"}"#, 1.0),
        (r#"dialguard_http_request_seconds_count{route="/api/v1/accounts/{account}",method="GET"}"#, 3.0),
    ];
    for (name, value) in expected {
        assert_eq!(samples.get(name), Some(&value), "{name} in\n{text}");
    }
    assert!(!text.contains("acme") && !text.contains("+1310"), "{text}");

    // What was counted is counted again once it has changed, by another process as well.
    site.desk.run(&format!("unmonitor acme {}", e164(102))).exits(0);
    let text = program.get("/metrics").await.text().await.unwrap();
    assert_eq!(self::samples(&text).get(r#"dialguard_monitored_numbers{status="clean"}"#), Some(&0.0), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_for_who_may_see_every_account_and_health_is_for_anybody() {
    let site = after_a_clean_day().await;
    assert_eq!(site.stranger().get("/metrics").await.status(), 401, "and not led to a sign-in page");
    assert_eq!(site.program(Role::Administer, &["acme"]).get("/metrics").await.status(), 403);
    assert_eq!(site.program(Role::Read, &[]).get("/metrics").await.status(), 200);
    assert_eq!(site.stranger().get("/healthz").await.text().await.unwrap(), "ok\n");
    let ready = site.stranger().get("/readyz").await;
    assert_eq!(ready.status(), 200);
    let told: Value = serde_json::from_str(&ready.text().await.unwrap()).unwrap();
    assert_eq!(told, json!({"ready": true, "ledger": "ok", "policy": "ok"}));
}
