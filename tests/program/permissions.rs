//! Every route of the API, as those find it who may not go there: none can be added and forgotten here.

use crate::harness::desk::Dialer;
use crate::harness::server::{Server, Visitor};
use dialguard_dialer::access::Role;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

/// A route as the document has it.
struct Route {
    method: Method,
    /// With the names of what stands in it, such as `{account}`.
    path: String,
    operation: Value,
}

impl Route {
    /// The path about something of this account.
    fn of(&self, account: &str) -> String {
        let path = self.path.replace("{account}", account).replace("{number}", OTHERS_NUMBER);
        path.replace("{revision}", "1").replace("{order}", "1").replace("{token}", "others-program")
    }

    fn is_of_an_account(&self) -> bool {
        self.path.contains("{account}")
    }

    /// The least role that the description says it takes, and whether it has to be over every account.
    fn takes(&self) -> (Role, bool) {
        let told = self.operation["description"].as_str().expect("a description");
        if told.starts_with("Requires any role") {
            return (Role::Read, false);
        }
        let role = Role::ALL.into_iter().find(|role| told.contains(&format!("Requires the role `{role}`")));
        (role.unwrap_or_else(|| panic!("{} names no role: {told}", self.path)), told.contains("over every account"))
    }

    /// A request with the document's own example in the body.
    async fn ask(&self, visitor: &Visitor<'_>, account: &str, document: &Value) -> Response {
        let request = visitor.request(self.method.clone(), &self.of(account));
        let schema = &self.operation["requestBody"]["content"]["application/json"]["schema"];
        let request = if schema.is_null() { request } else { request.json(&example(schema, document)) };
        request.send().await.expect("the site answers")
    }
}

/// What stands in the examples of a schema.
fn example(schema: &Value, document: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        return example(document.pointer(reference.trim_start_matches('#')).expect("it is there"), document);
    }
    if let Some(said) = schema.get("example").or_else(|| schema["examples"].get(0)).or_else(|| schema["enum"].get(0)) {
        return said.clone();
    }
    if let Some(first) = ["oneOf", "anyOf", "allOf"].iter().find_map(|of| schema[of].get(0)) {
        return example(first, document);
    }
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let field = |name: Value| {
        let name = name.as_str().expect("a name").to_owned();
        let value = example(&schema["properties"][&name], document);
        (name, value)
    };
    Value::Object(required.into_iter().map(field).collect())
}

async fn routes(site: &Server) -> (Vec<Route>, Value) {
    let document = site.stranger().json("/api/openapi.json").await;
    let paths = document["paths"].as_object().expect("paths").iter();
    let routes = paths.flat_map(|(path, item)| {
        item.as_object().expect("operations").iter().map(|(method, operation)| Route {
            method: method.to_uppercase().parse().expect("a method"),
            path: path.clone(),
            operation: operation.clone(),
        })
    });
    let routes: Vec<Route> = routes.collect();
    assert!(routes.len() > 20, "the document has no routes");
    (routes, document)
}

const OTHERS_NUMBER: &str = "+442079460958";

/// The account `acme`, and another one with a number, a candidate and a program of its own.
async fn two_accounts() -> Server {
    let desk = Dialer::monitoring(2, "");
    desk.run("account add other --blocks 1 --time-zone Pacific/Apia").exits(0);
    desk.file("others.csv", format!("number\n{OTHERS_NUMBER}\n"));
    desk.run("numbers import other others.csv").exits(0);
    desk.run("monitor other --all").exits(0);
    desk.run("tokens make others-program --account other").exits(0);
    Server::new(desk).await
}

/// All that could have been changed.
fn everything(site: &Server) -> Value {
    let listed = ["tokens list", "policy list", "policy history"].map(|line| site.desk.json(line));
    json!([site.desk.everything(), listed])
}

/// What nobody may read who is not of the other account. That there is an id of that name, only he says who asks.
fn ensure_nothing_of_the_other(what: &str, told: &str) {
    for secret in [OTHERS_NUMBER, OTHERS_NUMBER.trim_start_matches('+'), "Pacific/Apia", "others-program"] {
        assert!(!told.contains(secret), "{what} tells of the other account: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_lets_a_stranger_in() {
    let site = two_accounts().await;
    let before = everything(&site);
    let (routes, document) = routes(&site).await;
    for route in routes {
        for account in ["acme", "nobody"] {
            let refused = route.ask(&site.stranger(), account, &document).await;
            let what = format!("{} {}", route.method, route.of(account));
            assert_eq!(refused.status(), StatusCode::UNAUTHORIZED, "{what}");
            ensure_nothing_of_the_other(&what, &refused.text().await.expect("a body"));
        }
    }
    assert_eq!(everything(&site), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_tells_one_account_of_another_or_lets_it_change_anything() {
    let site = two_accounts().await;
    let (routes, document) = routes(&site).await;
    let foreign = site.program(Role::Administer, &["acme"]);
    let before = everything(&site);
    for route in routes {
        let refused = route.ask(&foreign, "other", &document).await;
        let what = format!("{} {}", route.method, route.of("other"));
        let expected = match (route.is_of_an_account(), route.takes()) {
            (true, _) => StatusCode::NOT_FOUND,
            (false, (_, true)) => StatusCode::FORBIDDEN,
            (false, (_, false)) => StatusCode::OK,
        };
        assert_eq!(refused.status(), expected, "{what}");
        let told = refused.text().await.expect("a body");
        ensure_nothing_of_the_other(&what, &told);
        if expected == StatusCode::NOT_FOUND {
            let unknown = route.ask(&foreign, "nobody", &document).await.text().await.expect("a body");
            assert_eq!(told.replace("other", "ID"), unknown.replace("nobody", "ID"), "{what}");
        }
    }
    assert_eq!(everything(&site), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_takes_the_role_that_it_says_and_no_less() {
    let site = two_accounts().await;
    let (routes, document) = routes(&site).await;
    for route in routes {
        let (least, over_everything) = route.takes();
        for role in Role::ALL {
            for accounts in [&["acme"][..], &[]] {
                let asked = route.ask(&site.program(role, accounts), "acme", &document).await;
                let may = role >= least && (accounts.is_empty() || !over_everything);
                let what = format!("{} {} as `{role}` of {accounts:?}: {}", route.method, route.path, asked.status());
                assert_eq!(asked.status() != StatusCode::FORBIDDEN, may, "{what}");
                let documented = &route.operation["responses"][asked.status().as_str()];
                assert!(!documented.is_null() && !asked.status().is_server_error(), "{what}");
            }
        }
    }
}
