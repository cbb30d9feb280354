//! The API as a dialer's program uses it.

use crate::harness::acme::DAY;
use crate::harness::dialer::{Dialer, e164, each};
use crate::harness::repository::repository;
use crate::harness::server::{Server, Visitor};
use dialguard_dialer::access::Role;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use std::process::Command;
use std::time::Duration;

/// A server with two carriers and this many monitored numbers.
async fn server(monitored: u64) -> Server {
    Server::new(Dialer::monitoring(monitored, "")).await
}

/// The answer as JSON; it must have this status.
async fn answered(status: u16, answer: Response) -> Value {
    let (answered_with, body) = (answer.status(), answer.text().await.expect("a body"));
    assert_eq!(answered_with.as_u16(), status, "{body}");
    serde_json::from_str(&body).unwrap_or(Value::Null)
}

impl Caller<'_> {
    async fn post(&self, path: &str, body: Value) -> Value {
        answered(200, self.0.post(&format!("/api/v1/accounts/acme/{path}"), body).await).await
    }

    async fn get(&self, path: &str) -> Value {
        self.0.json(&format!("/api/v1/accounts/acme/{path}")).await
    }
}

/// A program that uses the account `acme`.
struct Caller<'a>(Visitor<'a>);

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_turns_flagged_is_replaced() {
    let server = Server::new(Dialer::with_account("")).await;
    let dialer = Caller(server.program(Role::Operate, &["acme"]));
    let imported = dialer.post("numbers", json!({"numbers": [e164(100), e164(101)]})).await;
    assert_eq!(
        (&imported["imported"], each(&imported["outcomes"], "outcome")),
        (&json!(2), vec![json!("imported"); 2])
    );
    dialer.post("numbers", json!({"numbers": ["(310) 555-0199"], "as": "candidate"})).await;
    assert_eq!(each(&dialer.get("candidates").await["items"], "number"), [json!(e164(199))]);
    server.dialer.carriers_say(&[(100, "ooo"), (101, "xx."), (199, "ooo")]);
    let request = json!({"request": "start-monitoring", "numbers": [e164(100), e164(101)]});
    assert_eq!(
        each(&dialer.post("requests", request).await["outcomes"], "answer"),
        [json!("accepted"), json!("accepted")]
    );

    // Their first check is made in the background.
    while !dialer.get("numbers?status=pending").await["items"].as_array().expect("a list").is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    server.pass(DAY);
    server.dialer.carriers_say(&[(100, "ooo"), (101, "xx."), (199, "ooo")]);
    let reviewed = dialer.post("reviews", json!(null)).await;
    assert_eq!(reviewed["daily"], true);
    server.pass(DAY);
    let flagged = dialer.get("numbers?status=flagged").await;
    assert_eq!(each(&flagged["items"], "number"), [json!(e164(101))]);
    let number = dialer.get(&format!("numbers/{}", e164(101))).await;
    assert_eq!((&number["slot"], &number["status"]), (&json!(2), &json!("flagged")));
    assert_eq!(each(&number["carriers"], "answer"), [json!("scored"), json!("scored"), json!("no-answer")]);
    assert_eq!(number["carriers"][0]["label"], "Scam Likely");
    assert_eq!(dialer.get("usage").await["flagged"], 1);

    server.dialer.carriers_say(&[(100, "ooo"), (101, "xx."), (199, "ooo")]);
    let request = json!({"request": "replace-numbers", "numbers": [e164(101)]});
    let tried = dialer.post("requests/try", request.clone()).await;
    assert_eq!(tried["actions"][0]["replacement"], e164(199));
    assert_eq!((&tried["replaced"], server.dialer.standing(101).as_str()), (&json!([]), "2 flagged"));
    let decided = dialer.post("requests", request).await;
    let replaced = json!([{"number": e164(101), "replacement": e164(199), "slot": 2}]);
    assert_eq!(decided["replaced"], replaced);
    assert_eq!(server.dialer.standing(101), "gone");
    // Its replacement is checked in the background too: it was screened a moment ago.
    while dialer.get("usage").await["pending"] != 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(server.dialer.standing(199), "2 clean");
    let events = dialer.get(&format!("events?number={}", e164(101))).await;
    let kinds = each(&events["items"], "kind");
    assert_eq!(kinds.iter().filter(|kind| *kind == "turned-flagged").count(), 1, "{events}");
    assert!(kinds.contains(&json!("replaced")), "{events}");
    let runs = dialer.get("runs").await;
    let of_run = dialer.get(&format!("events?run={}&kind=turned-flagged", runs["items"][1]["id"])).await;
    assert_eq!(each(&of_run["items"], "number"), [json!(e164(101))]);
    let kinds = ["request", "daily-review", "daily-review", "request", "daily-review"].map(|kind| json!(kind));
    assert_eq!(each(&runs["items"], "kind"), kinds);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_number_gets_its_own_answer() {
    let server = server(1).await;
    let dialer = Caller(server.program(Role::Operate, &["acme"]));
    let given = json!({"numbers": [e164(100), "no number", e164(101)]});
    let imported = dialer.post("numbers", given).await;
    let outcomes = [json!("known-before"), json!("no-phone-number"), json!("imported")];
    assert_eq!((&imported["imported"], each(&imported["outcomes"], "outcome")), (&json!(1), outcomes.to_vec()));

    let delete = |accept: bool| {
        json!({"request": "delete-numbers", "numbers": [e164(100), e164(101), e164(777)],
               "accept-slot-loss": accept})
    };
    let refused = dialer.post("requests/try", delete(false)).await;
    let answers = [json!("slot-would-lock"), json!("accepted"), json!("not-owned")];
    assert_eq!(each(&refused["outcomes"], "answer"), answers);
    assert_eq!(refused["outcomes"][0]["until"], "2026-04-01T00:00:00Z");
    let accepted = dialer.post("requests", delete(true)).await;
    assert_eq!(each(&accepted["outcomes"], "answer"), [json!("accepted"), json!("accepted"), json!("not-owned")]);
    assert_eq!(each(&accepted["actions"], "action")[..1], [json!("lock-slot")]);
    assert_eq!(dialer.get("usage").await["locked"], 1);
    server.dialer.carriers_say(&[(102, "xxo"), (103, "ooo")]);
    let screened = dialer.post("screen", json!({"numbers": [e164(102), e164(103)]})).await;
    assert_eq!(each(&screened["screenings"], "status"), [json!("flagged"), json!("clean")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_may_have_10_000_numbers() {
    let server = server(1).await;
    let dialer = Caller(server.program(Role::Operate, &["acme"]));
    let request = |count: usize| json!({"request": "replace-numbers", "numbers": vec![e164(100); count]});
    let decided = dialer.post("requests", request(10_000)).await;
    assert_eq!(each(&decided["outcomes"], "answer"), vec![json!("no-clean-candidate"); 10_000]);
    let too_many = dialer.0.post("/api/v1/accounts/acme/requests", request(10_001)).await;
    let problem = answered(422, too_many).await;
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("give at most 10000")), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_added_and_changed_as_a_whole_or_not_at_all() {
    let server = server(1).await;
    let administrator = server.program(Role::Administer, &[]);
    let new = json!({"id": "new", "blocks": 2, "time-zone": "America/New_York", "settings": {"auto-replace": true}});
    let added = administrator.post("/api/v1/accounts", new.clone()).await;
    assert_eq!(added.headers()["location"], "/api/v1/accounts/new");
    let added = answered(201, added).await;
    assert_eq!((&added["slot-count"], &added["price-cents"]), (&json!(30), &json!(9_800)));
    assert_eq!(
        (&added["settings"]["auto-replace"], &added["settings"]["checks-to-replace"]),
        (&json!(true), &json!(2))
    );
    assert_eq!(administrator.json("/api/v1/accounts/new").await, added);
    answered(409, administrator.post("/api/v1/accounts", new).await).await;

    let change = async |id: &str, body: Value| {
        administrator.request(Method::PATCH, &format!("/api/v1/accounts/{id}")).json(&body).send().await.unwrap()
    };
    let changed = json!({"blocks": 3, "review-at": "07:30", "settings": {"checks-to-flag": 3}});
    let changed = answered(200, change("new", changed).await).await;
    let fields = (&changed["blocks"], &changed["review-at"], &changed["settings"]["checks-to-flag"]);
    assert_eq!(fields, (&json!(3), &json!("07:30"), &json!(3)));
    assert_eq!(changed["settings"]["auto-replace"], true);

    let before = administrator.json("/api/v1/accounts/acme").await;
    for (body, status, kind, field) in [
        (
            json!({"blocks": 5, "settings": {"checks-to-flag": 31}}),
            422,
            "invalid-settings",
            json!("settings.checks-to-flag"),
        ),
        (json!({"blocks": 0, "review-at": "07:30"}), 409, "slots-in-use", Value::Null),
        (json!({"blocks": 100_001, "review-at": "07:30"}), 422, "invalid-field", json!("blocks")),
        (json!({"blocks": "two"}), 422, "invalid-field", json!("blocks")),
        (json!({"review-at": "7:30"}), 422, "invalid-field", json!("review-at")),
        (json!({"time-zone": "Mars/Olympus"}), 422, "invalid-field", json!("time-zone")),
        (json!({"auto-replace": true}), 422, "invalid-field", json!("auto-replace")),
    ] {
        let problem = answered(status, change("acme", body.clone()).await).await;
        assert_eq!(problem["type"], format!("/problems/{kind}"), "{body}: {problem}");
        assert_eq!(problem["field"], field, "{body}: {problem}");
        let detail = problem["detail"].as_str().expect("a detail");
        assert!(
            !["expected u", "line ", "deserialize"].iter().any(|word| detail.contains(word)),
            "a parser's words: {detail}"
        );
        assert_eq!(administrator.json("/api/v1/accounts/acme").await, before, "{body}");
    }

    answered(200, change("acme", json!({"enabled": false})).await).await;
    let problem = answered(409, change("acme", json!({"blocks": 2, "review-at": "07:30"})).await).await;
    assert_eq!(problem["type"], "/problems/add-on-off");
    let account = answered(200, change("acme", json!({"enabled": true, "blocks": 2})).await).await;
    assert_eq!(
        (&account["enabled"], &account["blocks"], &account["review-at"]),
        (&json!(true), &json!(2), &before["review-at"])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_paginated() {
    let server = server(5).await;
    let dialer = server.program(Role::Read, &["acme"]);
    let whole = async |path: &str| {
        let (mut items, mut after) = (Vec::new(), String::new());
        loop {
            let page = dialer.json(&format!("/api/v1/accounts/acme/{path}limit=2{after}")).await;
            let part = page["items"].as_array().expect("items").clone();
            assert!(part.len() <= 2 && !part.is_empty(), "{page}");
            items.extend(part);
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return items,
            }
        }
    };
    let ascending: Vec<Value> = (100..105).map(|last| json!(e164(last))).collect();
    let descending: Vec<Value> = ascending.iter().rev().cloned().collect();
    for (path, expected) in [
        ("numbers?", &ascending),
        ("numbers?sort=slot&", &ascending),
        ("numbers?descending=true&", &descending),
        ("numbers?sort=slot&descending=true&monitored=true&", &descending),
    ] {
        assert_eq!(each(&json!(whole(path).await), "number"), *expected, "{path}");
    }
    let oldest_first = whole("events?").await;
    let mut newest_first = whole("events?newest-first=true&").await;
    newest_first.reverse();
    assert_eq!(oldest_first, newest_first);
    assert_eq!(each(&json!(oldest_first), "kind")[..2], [json!("account-added"), json!("charged")]);
    let last = oldest_first.last().expect("an event")["id"].as_u64().expect("a number");
    let news = dialer.json(&format!("/api/v1/accounts/acme/events?after={last}")).await;
    assert_eq!(news, json!({"items": [], "next": null}));
}

#[tokio::test(flavor = "multi_thread")]
async fn unreadable_answers_are_reported_as_problems() {
    let server = server(1).await;
    let dialer = server.program(Role::Operate, &["acme"]);
    let path = |rest: &str| format!("/api/v1/accounts/acme/{rest}");
    let json = "application/json";
    let large = "x".repeat((8 << 20) + 1);
    for (method, rest, kind, body, status) in [
        (Method::GET, "numbers?limit=0", json, "", 400),
        (Method::GET, "numbers?limit=many", json, "", 400),
        (Method::GET, "numbers?colour=red", json, "", 400),
        (Method::GET, "numbers?after=somewhere", json, "", 400),
        (Method::GET, "numbers?monitored=false&status=clean", json, "", 400),
        (Method::GET, "numbers/%FF", json, "", 400),
        (Method::GET, "numbers/13105550100", json, "", 400),
        (Method::GET, "numbers/+13105550777", json, "", 404),
        (Method::GET, "events?since=yesterday", json, "", 400),
        (Method::GET, "nothing", json, "", 404),
        (Method::DELETE, "numbers", json, "", 405),
        (Method::POST, "requests", json, "{", 400),
        (Method::POST, "requests", json, "", 400),
        (Method::POST, "requests", "text/plain", "{}", 415),
        (Method::POST, "requests", json, "{}", 422),
        (Method::POST, "requests", json, r#"{"request": "start-monitoring", "numbers": ["310"]}"#, 422),
        (Method::POST, "requests", json, r#"{"request": "start-monitoring", "numbers": [], "soon": true}"#, 422),
        (Method::POST, "numbers", json, &large, 413),
    ] {
        let asked = dialer.request(method.clone(), &path(rest)).header("content-type", kind).body(body.to_owned());
        let answer = asked.send().await.expect("the server answers");
        let what = format!("{method} {rest} {}", &body[..body.len().min(40)]);
        assert_eq!(answer.status().as_u16(), status, "{what}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{what}");
        let allowed = answer.headers().get("allow").map(|allowed| allowed.to_str().unwrap().to_owned());
        assert_eq!(allowed, (status == 405).then(|| "GET,HEAD,POST".to_owned()));
        let problem: Value = answer.json().await.expect("a problem");
        assert_eq!(problem["status"], status, "{what}");
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_repeated_with_its_key_is_carried_out_once() {
    let mut server = server(0).await;
    let token = server.dialer.json("tokens make keyed --role administer");
    let token = format!("Bearer {}", token["token"].as_str().expect("a token"));
    let send = async |server: &Server, key: &str, id: &str| {
        let body = json!({"id": id, "blocks": 1, "time-zone": "UTC"});
        let asked = server.stranger().request(Method::POST, "/api/v1/accounts").header("authorization", &token);
        asked.header("idempotency-key", key).json(&body).send().await.expect("the server answers")
    };
    let first = send(&server, "one", "new").await;
    assert!(!first.headers().contains_key("idempotency-replayed"));
    let first = answered(201, first).await;
    let again = async |server: &Server| {
        let again = send(server, "\"one\"", "new").await;
        assert_eq!(again.headers()["idempotency-replayed"], "true");
        assert_eq!(again.headers()["location"], "/api/v1/accounts/new");
        assert_eq!(answered(201, again).await, first);
    };
    again(&server).await;
    let other = answered(422, send(&server, "one", "another").await).await;
    assert_eq!(other["type"], "/problems/key-of-another-request");
    server.restart().await;
    again(&server).await;
    server.pass(DAY);
    answered(409, send(&server, "one", "new").await).await;
    answered(400, send(&server, "", "new").await).await;
    assert_eq!(server.dialer.field_of_each("account list", "id"), [json!("acme"), json!("new")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_may_be_retried_with_its_key() {
    let server = server(0).await;
    let administrator = server.program(Role::Administer, &[]);
    let make = async |days: u64| {
        let body = json!({"name": "dialer", "role": "read", "accounts": ["acme"], "days": days});
        let asked = administrator.request(Method::POST, "/api/v1/tokens").header("idempotency-key", "one").json(&body);
        asked.send().await.expect("the server answers")
    };
    answered(422, make(0).await).await;
    let made = answered(201, make(1).await).await;
    let token = format!("Bearer {}", made["token"].as_str().expect("a token"));
    let asked = server.stranger().request(Method::GET, "/api/v1/accounts/acme").header("authorization", token);
    assert_eq!(asked.send().await.expect("the server answers").status(), StatusCode::OK);
    // A token is shown once, whatever key its request had.
    let again = answered(409, make(1).await).await;
    assert_eq!(again["type"], "/problems/answer-not-kept");
    let listed = administrator.json("/api/v1/tokens/dialer").await;
    assert_eq!((&listed["accounts"], &listed["ends-at"]), (&json!(["acme"]), &json!("2026-03-02T09:00:00Z")));
    let withdrawn = administrator.request(Method::DELETE, "/api/v1/tokens/dialer").send().await.unwrap();
    assert_eq!(withdrawn.status(), StatusCode::NO_CONTENT);
    answered(404, administrator.get("/api/v1/tokens/dialer").await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_idempotency_key_is_refused() {
    let server = server(0).await;
    let caller = server.program(Role::Operate, &["acme"]);
    let long = "k".repeat(256);
    let scenarios: [&[&str]; 7] = [&[""], &["  "], &["\"\""], &["one two"], &["one, two"], &[&long], &["one", "two"]];
    for keys in scenarios {
        let mut asked = caller.request(Method::POST, "/api/v1/accounts/acme/numbers");
        for key in keys {
            asked = asked.header("idempotency-key", *key);
        }
        let answer = asked.json(&json!({"numbers": [e164(100)]})).send().await.expect("the server answers");
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{keys:?}");
        answered(400, answer).await;
    }
    assert_eq!(server.dialer.json("numbers list acme"), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idempotency_key_belongs_to_its_caller() {
    let server = server(0).await;
    let (one, other) = (server.program(Role::Operate, &["acme"]), server.program(Role::Operate, &["acme"]));
    let import = async |caller: &Visitor<'_>| {
        let asked = caller.request(Method::POST, "/api/v1/accounts/acme/numbers").header("idempotency-key", "one");
        let answer = asked.json(&json!({"numbers": [e164(100)]})).send().await.expect("the server answers");
        answered(200, answer).await["imported"].clone()
    };
    assert_eq!((import(&one).await, import(&other).await, import(&one).await), (json!(1), json!(0), json!(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_are_activated_rolled_back_and_compared() {
    let server = server(1).await;
    let administrator = server.program(Role::Administer, &[]);
    let mut candidate = dialguard_dialer::policies::Candidate::built_in();
    candidate.component.extend(b"\0\x05\x04note");
    server.dialguard.policies().install(candidate, server.dialguard.now()).await.expect("a policy");
    let post = async |path: &str| administrator.post(&format!("/api/v1/policies/{path}"), json!(null)).await;
    let shadow = administrator.request(Method::PUT, "/api/v1/policies/shadow").json(&json!({"revision": 2}));
    answered(200, shadow.send().await.unwrap()).await;
    server.dialer.carriers_say(&[(100, "ooo")]);
    answered(200, administrator.post("/api/v1/accounts/acme/reviews", json!(null)).await).await;
    server.dialguard.policies().follow_shadow().await.expect("it is compared");
    let compared = administrator.json("/api/v1/policies/2/differences").await;
    assert_eq!(each(&compared["items"], "differences"), [json!([])]);

    answered(409, post("1/activate").await).await;
    answered(404, post("7/activate").await).await;
    assert_eq!(answered(200, post("2/activate").await).await["revision"], 2);
    assert_eq!(administrator.json("/api/v1/policies/live").await["cause"], "operator");
    let back = answered(200, post("roll-back").await).await;
    assert_eq!((&back["revision"], &back["restores"], &back["built-in"]), (&json!(3), &json!(1), &json!(true)));
    let known = administrator.json("/api/v1/policies").await;
    assert_eq!(each(&known["items"], "live"), [json!(false), json!(false), json!(true)]);
}

/// Each operation of the document, as method, path and description.
async fn operations(server: &Server) -> Vec<(String, String, Value)> {
    let document = server.stranger().json("/api/openapi.json").await;
    let paths = document["paths"].as_object().expect("paths").clone();
    let each = paths.into_iter().flat_map(|(path, item)| {
        let item = item.as_object().expect("operations").clone();
        item.into_iter().map(move |(method, operation)| (method, path.clone(), operation))
    });
    each.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_openapi_document_describes_every_route_and_its_failures() {
    let server = server(0).await;
    let document = server.stranger().json("/api/openapi.json").await;
    assert_eq!((&document["openapi"], &document["security"]), (&json!("3.1.0"), &json!([{"token": []}])));
    assert_eq!(document["components"]["securitySchemes"]["token"]["scheme"], "bearer");
    let operations = operations(&server).await;
    let mut ids: Vec<&str> =
        operations.iter().filter_map(|(.., operation)| operation["operationId"].as_str()).collect();
    assert!(ids.len() == operations.len() && ids.len() > 20, "{ids:?}");
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), operations.len(), "an operationId is there twice");
    for (method, path, operation) in operations {
        let what = format!("{method} {path}");
        assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{what} has no summary");
        assert!(operation["description"].as_str().is_some_and(|text| text.contains("role")), "{what} names no role");
        assert!(operation.get("security").is_none(), "{what} makes an exception of who is let in");
        let mut refusals = vec!["400", "401", "403", "404", "409", "500", "503"];
        if method != "get" {
            refusals.extend(["413", "415", "422"]);
            let parameters = each(&operation["parameters"], "name");
            assert!(parameters.contains(&json!("Idempotency-Key")), "{what} takes no key");
        }
        for status in refusals {
            let content = &operation["responses"][status]["content"]["application/problem+json"]["schema"]["$ref"];
            assert_eq!(content, "#/components/schemas/Problem", "{what} does not say how it fails with {status}");
        }
    }
    ensure_references(&document, &document);
}

/// Every reference has a target.
fn ensure_references(document: &Value, part: &Value) {
    match part {
        Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                let pointer = reference.trim_start_matches('#');
                assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
            }
            fields.values().for_each(|field| ensure_references(document, field));
        }
        Value::Array(items) => items.iter().for_each(|item| ensure_references(document, item)),
        _ => {}
    }
}

/// Validates the document as OpenAPI 3.1, if the validator is installed (`.ci/run` installs it).
#[tokio::test(flavor = "multi_thread")]
async fn the_document_is_valid() {
    let program = repository("tests/api/.venv/bin/openapi-spec-validator");
    if !program.exists() {
        println!("openapi-spec-validator is not installed in tests/api/.venv; the document was not validated");
        return;
    }
    let server = server(0).await;
    server.dialer.file("openapi.json", server.stranger().json("/api/openapi.json").await.to_string());
    let validated =
        Command::new(program).arg(server.dialer.path("openapi.json")).output().expect("the validator starts");
    assert!(validated.status.success(), "{}", String::from_utf8_lossy(&validated.stdout));
}

/// Fuzzes the API from its own document, if schemathesis is installed (`.ci/run` installs it).
#[tokio::test(flavor = "multi_thread")]
async fn fuzzing_finds_no_fault_and_no_undocumented_answer() {
    let folder = repository("tests/api");
    let program = folder.join(".venv/bin/schemathesis");
    if !program.exists() {
        println!("schemathesis is not installed in tests/api/.venv; the API was not fuzzed");
        return;
    }
    let server = server(3).await;
    server.dialer.run("account add other --blocks 1 --time-zone UTC").exits(0);
    server.dialer.import([199], "--candidates");
    server.dialer.carriers_say(&[(100, "ooo"), (101, "xxo"), (102, "xxx"), (199, "ooo")]);
    let token = server.dialer.json("tokens make the-fuzz-itself --role administer");
    let fuzz = Command::new(program)
        .args(["--config-file", folder.join("schemathesis.toml").to_str().expect("a path")])
        .args(["run", &format!("{}/api/openapi.json", server.address), "--no-color", "--warnings", "off"])
        .args(["--seed", "1", "--max-examples", "20", "--phases", "examples,coverage,fuzzing", "--continue-on-failure"])
        .arg("--header")
        .arg(format!("Authorization: Bearer {}", token["token"].as_str().expect("a token")))
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .env("PYTHONPATH", &folder)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(server.dialer.path(""))
        .output();
    let fuzzed = tokio::task::block_in_place(|| fuzz).expect("the fuzz starts");
    let output = String::from_utf8_lossy(&fuzzed.stdout);
    assert!(fuzzed.status.success(), "{output}{}", String::from_utf8_lossy(&fuzzed.stderr));
    assert!(output.contains("No issues found"), "{output}");
    println!("{output}");
}
