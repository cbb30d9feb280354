//! Webhook messages about reviews, none of which is lost; metrics and health checks.

use crate::harness::acme::DAY;
use crate::harness::dialer::{Dialer, e164, each};
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

/// A server with an account `acme`, which monitors three numbers that one bad day flags, after a day on which all were
/// clean; and an account `other`.
async fn after_a_clean_day() -> Server {
    let dialer = Dialer::monitoring(3, "--checks-to-flag 1");
    dialer.run("account add other --blocks 1 --time-zone UTC").exits(0);
    let server = Server::new(dialer).await;
    server.dialer.carriers_say(&[(100, "ooo"), (101, "ooo"), (102, "ooo")]);
    server.dialguard.review("acme").await.expect("a review");
    server
}

/// A day passes, and the carriers flag the first `count` numbers only.
async fn a_day_that_flags(server: &Server, count: u64) {
    server.pass(DAY);
    let verdicts: Vec<_> = (0..3).map(|last| (100 + last, if last < count { "xxx" } else { "ooo" })).collect();
    server.dialer.carriers_say(&verdicts);
    server.dialguard.review("acme").await.expect("a review");
}

/// Adds a webhook; returns its number and secret.
fn add(server: &Server, account: Option<&str>, url: &str) -> (u64, String) {
    let wish = WebhookSpec { account, url, allow_private: true, ..WebhookSpec::default() };
    add_webhook(server.dialguard.ledger(), &wish, server.dialguard.now()).expect("a webhook")
}

async fn deliver(server: &Server) -> (u32, u32) {
    let sent = AlertSender::new(server.dialguard.clone()).deliver_due().await.expect("the ledger is read");
    (sent.delivered, sent.failed)
}

fn events(server: &Server, kind: &str) -> Vec<String> {
    let events = server.dialguard.ledger().events("acme", EventFilter { number: None, last: 1_000 }).expect("events");
    events.into_iter().filter(|event| event.kind == kind).map(|event| event.text).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_sends_one_signed_message_for_all_its_numbers() {
    let server = after_a_clean_day().await;
    let receiver = Receiver::new().await;
    let wish = WebhookSpec {
        account: Some("acme"),
        url: &receiver.url(),
        allow_private: true,
        page_address: Some("https://dialguard.example/"),
    };
    let (_, secret) = add_webhook(server.dialguard.ledger(), &wish, server.dialguard.now()).expect("a webhook");
    a_day_that_flags(&server, 0).await;
    assert_eq!(deliver(&server).await, (0, 0), "a day without news");

    a_day_that_flags(&server, 2).await;
    server.pass(60);
    assert_eq!(deliver(&server).await, (1, 0));
    assert_eq!(deliver(&server).await, (0, 0), "nothing is sent twice");
    let messages = receiver.take_messages();
    let [request] = &messages[..] else { panic!("{messages:?}") };
    request.is_signed_with(&secret);
    assert_eq!(
        (request.path.as_str(), request.timestamp as u64),
        ("/alerts", server.dialguard.now()),
        "the time of the attempt"
    );
    assert!(request.id.starts_with("msg_"), "{}", request.id);

    let message = request.json();
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
async fn a_long_message_names_fifty_numbers_and_counts_the_others() {
    let dialer = Dialer::with_account("--checks-to-flag 1 --mass-flag-percent 100");
    dialer.run("account set acme --blocks 5").exits(0);
    // One is clean, because a message about all numbers turning flagged at once reads differently.
    dialer.import(100..161, "");
    dialer.run("monitor acme --all").exits(0);
    let server = Server::new(dialer).await;
    let receiver = Receiver::new().await;
    add(&server, Some("acme"), &receiver.url());
    server
        .dialer
        .carriers_say(&(100..161).map(|last| (last, if last < 160 { "xxx" } else { "ooo" })).collect::<Vec<_>>());
    server.dialguard.review("acme").await.expect("a review");
    assert_eq!(deliver(&server).await, (1, 0));
    let data = receiver.take_messages()[0].json()["data"].clone();
    assert_eq!(data["turned-flagged"]["count"], 60);
    assert_eq!(data["turned-flagged"]["more"], 10);
    assert_eq!(data["turned-flagged"]["first"].as_array().map(Vec::len), Some(50));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_was_down_for_days_gets_every_message_in_order() {
    let server = after_a_clean_day().await;
    // A port without a listener.
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let (webhook, secret) = add(&server, Some("acme"), &format!("http://{address}/alerts"));
    for flagged in [1, 2, 3] {
        a_day_that_flags(&server, flagged).await;
        assert_eq!(deliver(&server).await, (0, 1), "one attempt; the others wait behind it");
    }
    let waiting = server.dialguard.ledger().deliveries(Some(webhook), true, 10).unwrap();
    assert_eq!(waiting.iter().map(|delivery| delivery.tries).collect::<Vec<_>>(), [3, 0, 0]);
    let problem = waiting[0].last_problem.as_deref().unwrap();
    assert!(problem.starts_with("the receiver could not be reached"), "{problem}");
    assert!(!problem.contains("/alerts"), "a receiver's path may be its secret: {problem}");

    let receiver = Receiver::at(address).await;
    server.pass(60);
    assert_eq!(deliver(&server).await, (0, 0), "its next attempt is not due");
    server.pass(DAY);
    assert_eq!(deliver(&server).await, (3, 0));
    let messages = receiver.take_messages();
    let dates = messages.iter().map(|message| message.json()["data"]["local-date"].clone());
    assert_eq!(dates.collect::<Vec<_>>(), ["2026-03-02", "2026-03-03", "2026-03-04"]);
    messages.iter().for_each(|message| message.is_signed_with(&secret));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_2xx_is_accepted_redirects_are_not_followed_and_answers_are_limited() {
    let server = after_a_clean_day().await;
    let receiver = Receiver::new().await;
    let (webhook, _) = add(&server, Some("acme"), &receiver.url());
    a_day_that_flags(&server, 1).await;
    let refusals = [
        (Answers::Status(500), "answered 500 Internal Server Error instead of 2xx: so [31m be it"),
        (Answers::Status(401), "another secret"),
        (Answers::Redirect, "answered 302 Found instead of 2xx; give the address that it leads to"),
        (Answers::Endless(503), "answered 503 Service Unavailable"),
    ];
    for (answers, problem) in refusals {
        receiver.answer(answers);
        assert_eq!(deliver(&server).await, (0, 1), "{answers:?}");
        let waiting = &server.dialguard.ledger().deliveries(Some(webhook), true, 1).unwrap()[0];
        let problem_text = waiting.last_problem.as_deref().unwrap();
        assert!(problem_text.contains(problem) && problem_text.len() < 500, "{answers:?}: {problem_text}");
        server.pass(DAY + DAY / 10);
    }
    assert!(receiver.take_messages().iter().all(|message| message.path == "/alerts"), "a redirect was followed");
    receiver.answer(Answers::Endless(200));
    assert_eq!(deliver(&server).await, (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_receiver_is_paused_until_a_test_succeeds() {
    let server = after_a_clean_day().await;
    let receiver = Receiver::new().await;
    let (webhook, _) = add(&server, Some("acme"), &receiver.url());
    a_day_that_flags(&server, 1).await;
    receiver.answer(Answers::Status(410));
    let courier = AlertSender::new(server.dialguard.clone());
    assert_eq!(courier.deliver_due().await.unwrap().paused, 1);
    assert_eq!(events(&server, "webhook-paused").len(), 1);
    a_day_that_flags(&server, 2).await;
    server.pass(7 * DAY);
    assert_eq!(deliver(&server).await, (0, 0));
    assert_eq!(receiver.take_messages().len(), 1, "it gets one request");

    let refused = courier.test(webhook).await.expect_err("still gone").to_string();
    assert!(refused.contains("410 Gone"), "{refused}");
    receiver.answer(Answers::Status(200));
    assert_eq!(courier.test(webhook).await.unwrap(), "200 OK");
    assert_eq!(deliver(&server).await, (1, 0), "the waiting message is sent; what happened during the pause is not");
    let kinds: Vec<_> = receiver.take_messages().iter().map(|message| message.json()["type"].clone()).collect();
    assert_eq!(kinds, ["webhook.test", "webhook.test", "review.completed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undelivered_message_is_abandoned_after_three_days_and_recorded() {
    let server = after_a_clean_day().await;
    let receiver = Receiver::new().await;
    let (webhook, _) = add(&server, Some("acme"), &receiver.url());
    a_day_that_flags(&server, 1).await;
    let made_at = server.dialguard.now();
    a_day_that_flags(&server, 2).await;
    receiver.answer(Answers::Status(500));
    let first = || server.dialguard.ledger().deliveries(Some(webhook), false, 10).unwrap().remove(0);
    while let DeliveryState::Waiting(at) = first().state {
        server.pass(at.saturating_sub(server.dialguard.now()));
        AlertSender::new(server.dialguard.clone()).deliver_due().await.unwrap();
    }
    let DeliveryState::Abandoned(at) = first().state else { panic!("{:?}", first()) };
    let days = (at - made_at) as f64 / DAY as f64;
    assert!((3.0..5.0).contains(&days), "abandoned after {days} days");
    assert_eq!(first().tries, 10);
    assert_eq!(events(&server, "alert-abandoned").len(), 1);
    receiver.answer(Answers::Status(200));
    server.pass(60);
    assert_eq!(deliver(&server).await, (1, 0), "the next one is not lost with it");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_senders_on_one_ledger_deliver_each_message_once() {
    let server = after_a_clean_day().await;
    let receiver = Receiver::new().await;
    add(&server, Some("acme"), &receiver.url());
    add(&server, None, &receiver.url());
    for flagged in [1, 2, 3] {
        a_day_that_flags(&server, flagged).await;
    }
    let couriers = [0; 4].map(|_| {
        // Like another process.
        let ledger = Arc::new(server.dialer.ledger());
        let policies = Policies::open(ledger.clone(), server.dialer.now()).expect("a policy decides");
        AlertSender::new(Dialguard::new(ledger, policies, Arc::new(FixedClock(server.dialer.now()))))
    });
    let [a, b, c, d] = &couriers;
    tokio::try_join!(a.deliver_due(), b.deliver_due(), c.deliver_due(), d.deliver_due()).expect("the ledger is read");
    deliver(&server).await;
    let ids: Vec<_> = receiver.take_messages().into_iter().map(|message| message.id).collect();
    let different: std::collections::HashSet<_> = ids.iter().collect();
    assert_eq!((ids.len(), different.len()), (6, 6));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accounts_webhook_gets_only_its_messages() {
    let server = after_a_clean_day().await;
    let [own, foreign, all] = [Receiver::new().await, Receiver::new().await, Receiver::new().await];
    let (webhook, _) = add(&server, Some("acme"), &own.url());
    add(&server, Some("other"), &foreign.url());
    add(&server, None, &all.url());
    a_day_that_flags(&server, 2).await;
    assert_eq!(deliver(&server).await, (2, 0));
    assert_eq!((own.take_messages().len(), foreign.take_messages().len(), all.take_messages().len()), (1, 0, 1));

    // An administrator of one account neither sees nor changes webhooks of others or of all accounts.
    let user = server.user(Role::Administer, &["other"]);
    assert!(!user.get("/accounts/other/alerts").await.text().await.unwrap().contains(&own.url()));
    for account in ["acme", "other"] {
        let page = format!("/accounts/{account}/alerts/{webhook}");
        assert_eq!(user.get(&format!("{page}/remove")).await.status(), 404, "{page}");
        for action in ["test", "remove"] {
            assert_eq!(user.post(&format!("{page}/{action}"), json!({})).await.status(), 404, "{page}/{action}");
        }
    }
    for role in [Role::Read, Role::Operate] {
        assert_eq!(server.user(role, &["acme"]).get("/accounts/acme/alerts").await.status(), 403);
    }
    let program = server.program(Role::Administer, &["acme"]);
    assert_eq!(program.get("/api/v1/webhooks").await.status(), 403);
    assert_eq!(program.post("/api/v1/webhooks", json!({"url": "https://dialer.example/"})).await.status(), 403);
    assert_eq!(server.stranger().get("/api/v1/webhooks").await.status(), 401);
    assert!(own.take_messages().is_empty() && foreign.take_messages().is_empty() && all.take_messages().is_empty());
}

/// A failing policy is reported once a day, however often the review is retried. Its rollback is sent to webhooks for
/// all accounts only.
#[tokio::test(flavor = "multi_thread")]
async fn failed_reviews_and_a_policy_rollback_are_reported() {
    let server = after_a_clean_day().await;
    let [own, all] = [Receiver::new().await, Receiver::new().await];
    add(&server, Some("acme"), &own.url());
    add(&server, None, &all.url());
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
    let bad = server.dialguard.ledger().install_policy(&policy, server.dialguard.now()).expect("a revision");
    server.pass(DAY);
    server.dialer.run(&format!("policy activate {bad}")).exits(0);
    // The account `other` has its add-on on too, so that both have to show that the policy fails.
    for account in ["acme", "acme", "acme", "other"] {
        server.dialguard.review(account).await.expect_err("the policy fails");
    }
    deliver(&server).await;
    let kinds_at = |receiver: &Receiver| {
        let kinds: Vec<_> = receiver.take_messages().iter().map(|message| message.json()["type"].clone()).collect();
        kinds.into_iter().map(|kind| kind.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(kinds_at(&own), ["review.failed"]);
    assert_eq!(kinds_at(&all), ["review.failed", "policy.rolled-back", "review.failed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn private_addresses_are_refused_unless_they_are_allowed() {
    let server = after_a_clean_day().await;
    let receiver = Receiver::new().await;
    let port = receiver.address.port();
    for url in
        ["https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/", "https://2130706433/", "https://10.1/"]
    {
        let line = format!("alerts add --account acme {url}");
        server.dialer.run(&line).exits(1).says(&["of this machine or a private network", "--allow-private"]);
    }
    server.dialer.run(&format!("alerts add http://dialer.example:{port}/")).exits(1).says(&["https://"]);
    // A name can resolve to any address, so it is checked when it is used.
    let added = server.dialer.json(&format!("alerts add --account acme https://localhost:{port}/alerts"));
    let refused = server.dialer.run(&format!("alerts test {}", added["id"])).exits(1);
    refused.says(&["localhost (", "of this machine or a private network"]);
    a_day_that_flags(&server, 1).await;
    assert_eq!(deliver(&server).await, (0, 1));
    assert!(receiver.take_messages().is_empty());

    // Not even an administrator of the account may allow it on the dashboard; the API takes one of all accounts.
    let user = server.user(Role::Administer, &["acme"]);
    let form = [("url", receiver.url()), ("allow-private", "true".into()), ("allow_private", "true".into())];
    let page = user.request(Method::POST, "/accounts/acme/alerts").form(&form).send().await.unwrap();
    assert!(page.text().await.unwrap().contains("Nothing was changed"));
    let everything = server.program(Role::Administer, &[]);
    let refused = everything.post("/api/v1/webhooks", json!({"url": receiver.url()})).await;
    assert_eq!(
        (refused.status(), &refused.headers()["content-type"]),
        (422.try_into().unwrap(), &"application/problem+json".parse().unwrap())
    );
    let allowed = everything.post("/api/v1/webhooks", json!({"url": receiver.url(), "allow-private": true})).await;
    assert_eq!(allowed.status(), 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_are_managed_by_command_api_and_dashboard() {
    let server = after_a_clean_day().await;
    let receiver = Receiver::new().await;
    let dialer = &server.dialer;
    let added = dialer.json(&format!("alerts add --account acme --allow-private {}", receiver.url()));
    let secret = added["secret"].as_str().expect("a secret");
    // As the Standard Webhooks specification has it: 24 to 64 bytes in base64.
    let key = secret.strip_prefix("whsec_").expect("whsec_").trim_end_matches('=');
    let is_base64 = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte));
    assert!(is_base64 && (24..=64).contains(&(key.len() * 3 / 4)), "{secret}");
    dialer.run("alerts test 1").exits(0).says(&["accepted the test: 204 No Content"]);
    receiver.take_messages()[0].is_signed_with(secret);
    assert!(!dialer.json("alerts list").to_string().contains(secret), "it is shown once");
    dialer.run("alerts test 9").exits(1).says(&["no webhook 9", "alerts list"]);

    let program = server.program(Role::Administer, &[]);
    assert_eq!(program.json("/api/v1/webhooks").await["items"][0]["url"], json!(receiver.url()));
    assert_eq!(program.post("/api/v1/webhooks/1/test", json!({})).await.status(), 200);
    receiver.take_messages();
    receiver.answer(Answers::Status(500));
    a_day_that_flags(&server, 1).await;
    dialer.run("alerts deliver --once").exits(0).says(&["0 messages delivered"]);
    let waiting = program.json("/api/v1/webhooks/1/deliveries").await["items"].clone();
    assert_eq!((&waiting[0]["type"], &waiting[0]["tries"]), (&json!("review.completed"), &json!(1)));
    let [next_try] = &each(&dialer.json("alerts deliveries"), "next-try-at")[..] else { panic!("one message waits") };
    assert!(next_try.is_string());
    assert_eq!(program.get("/api/v1/webhooks/7").await.status(), 404);
    assert_eq!(program.get("/api/v1/webhooks/x").await.status(), 400);
    assert_eq!(program.get("/api/v1/webhooks/18446744073709551615").await.status(), 404);

    let user = server.user(Role::Administer, &["acme"]);
    let page = user.get("/accounts/acme/alerts").await.text().await.unwrap();
    assert!(page.contains(&receiver.url()) && page.contains("1 attempt, next"), "{page}");
    let asked = user.get("/accounts/acme/alerts/1/remove").await.text().await.unwrap();
    assert!(asked.contains("1 waiting message will not be delivered"), "{asked}");
    let answer = user.post("/accounts/acme/alerts/1/test", json!({})).await.text().await.unwrap();
    assert!(answer.contains("did not accept the test message"), "{answer}");
    let form = [("url", "https://dialer.example/alerts")];
    let answer = user.request(Method::POST, "/accounts/acme/alerts").form(&form).send().await.unwrap();
    assert!(answer.text().await.unwrap().contains("whsec_"));
    assert_eq!(user.post("/accounts/acme/alerts/1/remove", json!({})).await.status(), 303);
    assert_eq!(each(&dialer.json("alerts list"), "id"), [json!(2)]);
    let removed = program.request(Method::DELETE, "/api/v1/webhooks/2").send().await.unwrap();
    assert_eq!(removed.status(), 204);
    assert_eq!(events(&server, "webhook-removed").len(), 2);
}

/// Samples by name and labels, as in the text.
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
async fn metrics_count_what_happened_and_name_no_account() {
    let server = after_a_clean_day().await;
    let receiver = Receiver::new().await;
    add(&server, Some("acme"), &receiver.url());
    a_day_that_flags(&server, 1).await;
    assert_eq!(deliver(&server).await, (1, 0));
    receiver.answer(Answers::Status(500));
    server.dialer.carriers_say(&[]);
    a_day_that_flags(&server, 2).await;
    assert_eq!(deliver(&server).await, (0, 1));
    let program = server.program(Role::Read, &[]);
    program.json("/api/v1/accounts/acme").await;
    program.json("/api/v1/accounts/other").await;
    assert_eq!(program.get("/api/v1/accounts/nobody").await.status(), 404);
    server.stranger().request(Method::from_bytes(b"BREW").unwrap(), "/healthz").send().await.unwrap();

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

    // Counts are refreshed after a change, also by another process.
    server.dialer.run(&format!("unmonitor acme {}", e164(102))).exits(0);
    let text = program.get("/metrics").await.text().await.unwrap();
    assert_eq!(self::samples(&text).get(r#"dialguard_monitored_numbers{status="clean"}"#), Some(&0.0), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_need_access_to_every_account_and_health_checks_need_none() {
    let server = after_a_clean_day().await;
    assert_eq!(server.stranger().get("/metrics").await.status(), 401, "not redirected to the sign-in page");
    assert_eq!(server.program(Role::Administer, &["acme"]).get("/metrics").await.status(), 403);
    assert_eq!(server.program(Role::Read, &[]).get("/metrics").await.status(), 200);
    assert_eq!(server.stranger().get("/healthz").await.text().await.unwrap(), "ok\n");
    let ready = server.stranger().get("/readyz").await;
    assert_eq!(ready.status(), 200);
    let health: Value = serde_json::from_str(&ready.text().await.unwrap()).unwrap();
    assert_eq!(health, json!({"ready": true, "ledger": "ok", "policy": "ok"}));
}
