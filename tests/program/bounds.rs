//! What a person with rights on one account may send and store: every list, form and setting has a bound, and what is
//! beyond it is refused at once, on every surface alike.

use crate::harness::dialer::{Dialer, e164, each};
use crate::harness::policies::second_contract::SECOND_CONTRACT;
use crate::harness::server::{Server, Visitor};
use dialguard_dialer::access::Role;
use reqwest::{Method, Response};
use serde_json::{Map, Value, json};

async fn server() -> Server {
    Server::new(Dialer::monitoring(1, "")).await
}

/// One whose policy takes settings of any name, as those for older versions of the contract do.
async fn server_that_takes_any() -> Server {
    let dialer = Dialer::monitoring(1, "");
    dialer.file("second.wasm", SECOND_CONTRACT);
    dialer.run("policy install second.wasm").exits(0);
    dialer.run("policy activate 2").exits(0);
    Server::new(dialer).await
}

async fn answered(status: u16, answer: Response) -> String {
    let (answered_with, body) = (answer.status(), answer.text().await.expect("a body"));
    assert_eq!(answered_with.as_u16(), status, "{body}");
    body
}

/// The settings form with these other settings.
fn settings_form(other: &str) -> Vec<(&'static str, String)> {
    let fields = [("time-zone", "UTC"), ("review-at", "06:00"), ("region", "US"), ("do", "save"), ("other", other)];
    fields.map(|(name, value)| (name, value.to_owned())).into()
}

async fn save(visitor: &Visitor<'_>, form: &[(&str, String)]) -> Response {
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    visitor.send("/accounts/acme/settings", &form).await
}

async fn patch(visitor: &Visitor<'_>, body: Value) -> Response {
    visitor.request(Method::PATCH, "/api/v1/accounts/acme").json(&body).send().await.expect("the server answers")
}

const TOO_LARGE: &str = "an account has at most 256 values of settings, with names of 1 to 100 bytes, values of at most 1000 \
                         bytes and 65536 bytes in all";

#[tokio::test(flavor = "multi_thread")]
async fn settings_beyond_their_bounds_are_refused_alike_on_every_surface() {
    let server = server_that_takes_any().await;
    let (user, program) = (server.user(Role::Administer, &["acme"]), server.program(Role::Administer, &["acme"]));
    let long = |count: usize, bytes: usize| (0..count).map(move |i| (format!("n{i}"), "v".repeat(bytes)));
    for other in [long(1, 1_001).collect::<Vec<_>>(), long(70, 1_000).collect(), vec![("n".repeat(101), "v".into())]] {
        let lines: String = other.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
        let page = answered(422, save(&user, &settings_form(&lines)).await).await;
        assert!(page.contains(TOO_LARGE), "{page}");
        let settings: Map<String, Value> = other.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        let problem = answered(422, patch(&program, json!({"settings": settings})).await).await;
        assert!(problem.contains(TOO_LARGE) && problem.contains("/problems/settings-too-large"), "{problem}");
        let mut arguments = vec!["account".to_owned(), "set".into(), "acme".into()];
        arguments.extend(other.iter().flat_map(|(name, value)| ["--setting".into(), format!("{name}={value}")]));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        server.dialer.run_arguments(&arguments).exits(1).says(&[TOO_LARGE]);
    }
    let account = program.json("/api/v1/accounts/acme").await;
    assert!(account["settings"].get("n0").is_none(), "{account}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_settings_leaves_an_event_of_what_changed_and_nothing_else() {
    let server = server_that_takes_any().await;
    let program = server.program(Role::Administer, &["acme"]);
    let many: Map<String, Value> = (0..60).map(|i| (format!("n{i}"), json!("v".repeat(1_000)))).collect();
    answered(200, patch(&program, json!({"settings": many})).await).await;
    answered(200, patch(&program, json!({"settings": {"n7": "w", "checks-to-flag": 3}})).await).await;
    let events = program.json("/api/v1/accounts/acme/events?kind=account-changed").await;
    let texts = each(&events["items"], "text");
    assert!(texts[0].as_str().is_some_and(|text| text.len() < 20_000), "{}", texts[0]);
    let expected = format!("Changed: checks-to-flag from its default (2) to 3, n7 from \"{}…\" to w.", "v".repeat(60));
    assert_eq!(texts[1], expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_that_only_some_policies_know_can_be_removed() {
    let server = server_that_takes_any().await;
    let (user, program) = (server.user(Role::Administer, &["acme"]), server.program(Role::Administer, &["acme"]));
    let stored = || {
        let settings = server.dialguard.ledger().account("acme").expect("the account").settings;
        settings.values.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
    };
    answered(200, patch(&program, json!({"settings": {"a": "1", "b": "2", "c": "3"}})).await).await;
    answered(200, patch(&program, json!({"settings": {"a": null, "c": "4"}})).await).await;
    assert_eq!(stored(), "b=2 c=4");
    server.dialer.run("account set acme --unset b --unset unknown").exits(0);
    assert_eq!(stored(), "c=4");
    answered(303, save(&user, &settings_form("d=5")).await).await;
    assert_eq!(stored(), "d=5");
    let events = program.json("/api/v1/accounts/acme/events?kind=account-changed&newest-first=true&limit=1").await;
    assert_eq!(events["items"][0]["text"], "Changed: d set to 5, c 4 removed.");

    // Under a policy that declares its settings, it can be removed and not changed.
    tokio::task::block_in_place(|| server.dialer.run("policy activate 1").exits(0));
    answered(422, patch(&program, json!({"settings": {"d": "6"}})).await).await;
    answered(200, patch(&program, json!({"settings": {"d": null}})).await).await;
    assert_eq!(stored(), "");
}

/// A list or a map in a request's body.
struct Bounded {
    /// Its fields from the outermost to itself.
    path: Vec<String>,
    /// The body around it, which is sound apart from it.
    body: Value,
    /// One element of the list.
    element: Value,
    max: u64,
    is_map: bool,
}

/// Every list and map within a schema, each with a body of examples around it. One without a bound fails the test.
fn bounded(document: &Value, schema: &Value, path: &[String], body: &Value, what: &str) -> Vec<Bounded> {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.trim_start_matches('#')).expect("a target");
        return bounded(document, target, path, body, what);
    }
    let alternatives = ["oneOf", "anyOf", "allOf"].iter().filter_map(|name| schema[*name].as_array()).flatten();
    let mut all: Vec<Bounded> = alternatives
        .flat_map(|schema| bounded(document, schema, path, &example(document, schema, body), what))
        .collect();
    let is = |kind: &str| {
        schema["type"] == kind || schema["type"].as_array().is_some_and(|kinds| kinds.contains(&json!(kind)))
    };
    if is("array") {
        let max = schema["maxItems"].as_u64().unwrap_or_else(|| panic!("{what}: the list {path:?} has no maxItems"));
        let element = example(document, &schema["items"], &json!(e164(100)));
        all.push(Bounded { path: path.to_vec(), body: body.clone(), element, max, is_map: false });
    }
    if schema["additionalProperties"].is_object() {
        let max = schema["maxProperties"].as_u64().unwrap_or_else(|| panic!("{what}: {path:?} has no maxProperties"));
        all.push(Bounded { path: path.to_vec(), body: body.clone(), element: json!("v"), max, is_map: true });
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let path = [path, std::slice::from_ref(name)].concat();
        all.extend(bounded(document, property, &path, body, what));
    }
    all
}

/// A body with the example, or the only value, of each required property.
fn example(document: &Value, schema: &Value, otherwise: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        return example(document, document.pointer(reference.trim_start_matches('#')).expect("a target"), otherwise);
    }
    let Some(required) = schema["required"].as_array() else { return otherwise.clone() };
    let of = |property: &Value| match (&property["example"], &property["examples"][0], &property["enum"][0]) {
        (Value::Null, Value::Null, one) => one.clone(),
        (Value::Null, one, _) => one.clone(),
        (one, ..) => one.clone(),
    };
    let properties = required.iter().filter_map(Value::as_str).map(|name| {
        let property = &schema["properties"][name];
        let target = property["$ref"].as_str().and_then(|it| document.pointer(it.trim_start_matches('#')));
        (name.to_owned(), of(target.unwrap_or(property)))
    });
    Value::Object(properties.collect())
}

impl Bounded {
    /// The body with so many elements.
    fn with(&self, count: u64) -> Value {
        let value = match self.is_map {
            true => Value::Object((0..count).map(|i| (format!("n{i}"), self.element.clone())).collect()),
            false => json!(vec![self.element.clone(); count as usize]),
        };
        let mut body = if self.body.is_object() { self.body.clone() } else { json!({}) };
        let (last, outer) = self.path.split_last().expect("a field");
        let place = outer.iter().fold(&mut body, |body, name| {
            let fields = body.as_object_mut().expect("an object");
            fields.entry(name.clone()).or_insert_with(|| json!({}))
        });
        place[last] = value;
        body
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_of_the_api_with_one_element_too_many_is_refused() {
    let server = server().await;
    let administrator = server.program(Role::Administer, &[]);
    let document = server.stranger().json("/api/openapi.json").await;
    let before = tokio::task::block_in_place(|| server.dialer.everything());
    let mut refused = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            let what = format!("{method} {path}");
            for list in bounded(&document, schema, &[], &example(&document, schema, &json!({})), &what) {
                let method: Method = method.to_uppercase().parse().expect("a method");
                let asked = administrator.request(method, &path.replace("{account}", "acme"));
                let answer = asked.json(&list.with(list.max + 1)).send().await.expect("the server answers");
                let problem: Value = serde_json::from_str(&answered(422, answer).await).expect("a problem");
                let detail = problem["detail"].as_str().expect("a detail");
                assert!(detail.contains(&format!("give at most {}", list.max)), "{what} {:?}: {detail}", list.path);
                refused.push(format!("{what} {}", list.path.join(".")));
            }
        }
    }
    assert_eq!(tokio::task::block_in_place(|| server.dialer.everything()), before);
    for expected in [
        "post /api/v1/accounts settings",
        "patch /api/v1/accounts/{account} settings",
        "post /api/v1/accounts/{account}/calls calls",
        "post /api/v1/accounts/{account}/numbers numbers",
        "post /api/v1/accounts/{account}/requests numbers",
        "post /api/v1/accounts/{account}/screen numbers",
        "post /api/v1/tokens accounts",
    ] {
        assert!(refused.iter().any(|it| it == expected), "{expected} is not among {refused:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_with_one_field_too_many_is_refused() {
    let server = server_that_takes_any().await;
    let user = server.user(Role::Administer, &["acme"]);
    let numbers = vec![("number", "1"); 10_001];
    let mut form = numbers.clone();
    form.push(("action", "screen"));
    let refused = answered(422, user.send("/accounts/acme/ask", &form).await).await;
    assert!(refused.contains("give at most 10000"), "{refused}");

    let names: Vec<String> = (0..97).map(|i| format!("n{i}")).collect();
    let fields: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    let refused = answered(422, user.send("/accounts/acme/settings", &fields).await).await;
    assert!(refused.contains("give at most 96"), "{refused}");

    let others: String = (0..257).map(|i| format!("n{i}=\n")).collect();
    let refused = answered(422, save(&user, &settings_form(&others)).await).await;
    assert!(refused.contains(TOO_LARGE), "{refused}");
    let twice = answered(422, save(&user, &settings_form("a=1\na=2\n")).await).await;
    assert!(twice.contains("is set twice"), "{twice}");

    let upload = async |fields: &[(&str, &str)]| {
        let field = |(name, value): &(&str, &str)| {
            format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let body = fields.iter().map(field).collect::<String>() + "--edge--\r\n";
        let asked = user.request(Method::POST, "/accounts/acme/import").body(body);
        let asked = asked.header("content-type", "multipart/form-data; boundary=edge");
        answered(422, asked.send().await.expect("the server answers")).await
    };
    assert!(upload(&[("as", "owned"); 17]).await.contains("more than 16 fields"));
    assert!(upload(&[("column", &"c".repeat(257))]).await.contains("give at most 256 bytes"));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_numbers_that_an_import_refuses_the_first_hundred_are_listed_and_all_are_counted() {
    let server = server().await;
    let program = server.program(Role::Operate, &["acme"]);
    let numbers: Vec<String> = (0..9_998).map(|i| format!("no {i}")).chain([e164(100), e164(101)]).collect();
    let answer = program.post("/api/v1/accounts/acme/numbers", json!({"numbers": numbers})).await;
    let imported: Value = serde_json::from_str(&answered(200, answer).await).expect("JSON");
    assert_eq!((&imported["imported"], &imported["refused-count"]), (&json!(1), &json!(9_998)));
    let outcomes = each(&imported["outcomes"], "outcome");
    assert_eq!(
        (outcomes.len(), &outcomes[99], &outcomes[100]),
        (102, &json!("no-phone-number"), &json!("known-before"))
    );
    let long = json!({"numbers": ["9".repeat(1 << 20)]});
    let answer = answered(200, program.post("/api/v1/accounts/acme/numbers", long).await).await;
    assert!(answer.len() < 2_000, "{} bytes", answer.len());
}
