//! Every route of the API, called without permission. The routes come from the document, so none is forgotten.

use crate::harness::dialer::Dialer;
use crate::harness::page_routes::page_routes;
use crate::harness::server::{PASSWORD, Server, Visitor};
use dialguard_dialer::access::{Accounts, Grant, Role, add_user};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

/// A route as the document has it.
pub struct Route {
    pub method: Method,
    /// With its parameters, such as `{account}`.
    path: String,
    pub operation: Value,
}

impl Route {
    /// The path for this account.
    pub fn of(&self, account: &str) -> String {
        let path = self.path.replace("{account}", account).replace("{number}", OTHERS_NUMBER);
        path.replace("{revision}", "1")
            .replace("{order}", "1")
            .replace("{token}", "others-program")
            .replace("{file}", "events.csv")
            .replace("{source}", "carriers")
            .replace("{provider}", "shop")
            .replace("{user}", "others-user")
            .replace("{session}", "0123456789abcdef")
            .replace("{invite}", "1")
    }

    fn is_of_an_account(&self) -> bool {
        self.path.contains("{account}")
    }

    /// The least role that the description names, and whether it must cover every account.
    fn takes(&self) -> (Role, bool) {
        let description = self.operation["description"].as_str().expect("a description");
        if description.starts_with("Requires any role") {
            return (Role::Read, false);
        }
        let role = Role::ALL.into_iter().find(|role| description.contains(&format!("Requires the role `{role}`")));
        (
            role.unwrap_or_else(|| panic!("{} names no role: {description}", self.path)),
            description.contains("over every account"),
        )
    }

    /// A request with the document's own example in the body.
    async fn ask(&self, visitor: &Visitor<'_>, account: &str, document: &Value) -> Response {
        let request = visitor.request(self.method.clone(), &self.of(account));
        let schema = &self.operation["requestBody"]["content"]["application/json"]["schema"];
        let request = if schema.is_null() { request } else { request.json(&example(schema, document)) };
        request.send().await.expect("the server answers")
    }
}

/// The example values of a schema.
fn example(schema: &Value, document: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        return example(document.pointer(reference.trim_start_matches('#')).expect("it is there"), document);
    }
    if let Some(example) = schema.get("example").or_else(|| schema["examples"].get(0)).or_else(|| schema["enum"].get(0))
    {
        return example.clone();
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

pub async fn routes(server: &Server) -> (Vec<Route>, Value) {
    let document = server.stranger().json("/api/openapi.json").await;
    let paths = document["paths"].as_object().expect("paths").iter();
    let routes = paths.flat_map(|(path, item)| {
        item.as_object().expect("operations").iter().map(|(method, operation)| Route {
            method: method.to_uppercase().parse().expect("a method"),
            path: path.clone(),
            operation: operation.clone(),
        })
    });
    let mut routes: Vec<Route> = routes.collect();
    // Others would be refused afterwards.
    routes.sort_by_key(|route| route.path.ends_with("/close"));
    assert!(routes.len() > 20, "the document has no routes");
    (routes, document)
}

const OTHERS_NUMBER: &str = "+442079460958";

/// The account `acme`, and another one with its own number, candidate and program.
async fn two_accounts() -> Server {
    let dialer = Dialer::monitoring(2, "");
    dialer.run("account add other --blocks 1 --time-zone Pacific/Apia").exits(0);
    dialer.file("others.csv", format!("number\n{OTHERS_NUMBER}\n"));
    dialer.run("numbers import other others.csv").exits(0);
    dialer.run("monitor other --all").exits(0);
    dialer.run("tokens make others-program --account other").exits(0);
    dialer.run("users invite --role operate --account other").exits(0);
    let other = Grant { role: Role::Read, accounts: Accounts::Only(["other".to_owned()].into()) };
    add_user(&dialer.ledger(), "others-user", PASSWORD, other, dialer.now()).expect("a user");
    Server::new(dialer).await
}

/// Everything that could have changed.
fn everything(server: &Server) -> Value {
    let listed = ["tokens list", "users list", "users invites", "policy list", "policy history"]
        .map(|line| server.dialer.json(line));
    json!([server.dialer.everything(), listed])
}

/// Nothing of the other account may appear; its id may, since the request contains it.
fn assert_reveals_nothing_of_the_other(what: &str, text: &str) {
    for secret in
        [OTHERS_NUMBER, OTHERS_NUMBER.trim_start_matches('+'), "Pacific/Apia", "others-program", "others-user"]
    {
        assert!(!text.contains(secret), "{what} reveals the other account: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_requires_authentication() {
    let server = two_accounts().await;
    let before = everything(&server);
    let (routes, document) = routes(&server).await;
    for route in routes {
        for account in ["acme", "nobody"] {
            let refused = route.ask(&server.stranger(), account, &document).await;
            let what = format!("{} {}", route.method, route.of(account));
            assert_eq!(refused.status(), StatusCode::UNAUTHORIZED, "{what}");
            assert_reveals_nothing_of_the_other(&what, &refused.text().await.expect("a body"));
        }
    }
    assert_eq!(everything(&server), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_exposes_one_account_to_another() {
    let server = two_accounts().await;
    let (routes, document) = routes(&server).await;
    let foreign = server.program(Role::Administer, &["acme"]);
    let before = everything(&server);
    for route in routes {
        let refused = route.ask(&foreign, "other", &document).await;
        let what = format!("{} {}", route.method, route.of("other"));
        let expected = match (route.is_of_an_account(), route.takes()) {
            (true, _) => StatusCode::NOT_FOUND,
            (false, (_, true)) => StatusCode::FORBIDDEN,
            (false, (_, false)) => StatusCode::OK,
        };
        assert_eq!(refused.status(), expected, "{what}");
        let text = refused.text().await.expect("a body");
        assert_reveals_nothing_of_the_other(&what, &text);
        if expected == StatusCode::NOT_FOUND {
            let unknown = route.ask(&foreign, "nobody", &document).await.text().await.expect("a body");
            assert_eq!(text.replace("other", "ID"), unknown.replace("nobody", "ID"), "{what}");
        }
    }
    assert_eq!(everything(&server), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_takes_the_role_that_it_says_and_no_less() {
    let server = two_accounts().await;
    let (routes, document) = routes(&server).await;
    for route in routes {
        let (least, over_everything) = route.takes();
        for role in Role::ALL {
            for accounts in [&["acme"][..], &[]] {
                let asked = route.ask(&server.program(role, accounts), "acme", &document).await;
                let may = role >= least && (accounts.is_empty() || !over_everything);
                let what = format!("{} {} as `{role}` of {accounts:?}: {}", route.method, route.path, asked.status());
                assert_eq!(asked.status() != StatusCode::FORBIDDEN, may, "{what}");
                let documented = &route.operation["responses"][asked.status().as_str()];
                assert!(!documented.is_null() && !asked.status().is_server_error(), "{what}");
            }
        }
    }
}

/// Pages of no account that need no more than what they are given (a link, a password, a session), and what tells that the
/// program runs.
const OPEN_PAGES: [&str; 13] = [
    "/",
    "/guide",
    "/guide/dashboard.png",
    "/guide/{page}",
    "/healthz",
    "/join",
    "/readyz",
    "/sign-in",
    "/sign-out",
    "/welcome",
    "/you",
    "/you/password",
    "/you/sessions/end-others",
];

/// Every page outside accounts: what it shows and changes is of all of them.
#[tokio::test(flavor = "multi_thread")]
async fn pages_outside_accounts_are_for_administrators_of_all() {
    let server = two_accounts().await;
    let before = everything(&server);
    let own = |pattern: &str| OPEN_PAGES.contains(&pattern) || pattern == "/you/sessions/{session}/end";
    let pages = page_routes().into_iter().filter(|page| !page.pattern.contains("{account}") && !own(&page.pattern));
    let (limited, operator) = (server.user(Role::Administer, &["acme"]), server.user(Role::Operate, &[]));
    let mut walked = 0;
    for page in pages {
        let path = page.path();
        for (method, has) in [(Method::GET, page.has_get), (Method::POST, page.has_post)] {
            for user in [&limited, &operator].into_iter().filter(|_| has) {
                let refused = user.request(method.clone(), &path).send().await.expect("an answer");
                assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{method} {path}");
                walked += 1;
            }
        }
    }
    assert!(walked > 60, "only {walked} requests");
    assert_eq!(everything(&server)[0], before[0]);
}
