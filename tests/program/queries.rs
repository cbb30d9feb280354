//! Queries: what is not understood is refused, and a search finds what was meant or nothing.

use crate::harness::dialer::{Dialer, each};
use crate::harness::server::{Server, Visitor};
use crate::program::permissions::routes;
use dialguard_dialer::access::Role;
use reqwest::StatusCode;
use serde_json::Value;

/// A query that the route refuses, and words of its answer.
async fn refused_by_api(program: &Visitor<'_>, method: &reqwest::Method, path: &str, words: &str) {
    let answer = program.request(method.clone(), path).send().await.expect("an answer");
    let (status, kind) = (answer.status(), answer.headers()["content-type"].clone());
    let problem: Value = answer.json().await.unwrap_or_default();
    let what = format!("{method} {path}: {problem}");
    assert_eq!((status, kind.as_bytes()), (StatusCode::BAD_REQUEST, &b"application/problem+json"[..]), "{what}");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(words)), "{what}");
}

/// The routes come from the document, so none is forgotten.
#[tokio::test(flavor = "multi_thread")]
async fn every_route_of_the_api_refuses_what_it_does_not_understand() {
    let server = Server::new(Dialer::monitoring(1, "")).await;
    let program = server.program(Role::Administer, &[]);
    let (routes, _) = routes(&server).await;
    let mut with_query = 0;
    for route in routes {
        let path = route.of("acme");
        for (query, words) in [
            ("unknown=1", "\"unknown\""),
            ("unknown", "\"unknown\""),
            ("=1", "\"\""),
            ("%75nknown=1", "\"unknown\""),
            ("limit=%FF", "percent-encoded UTF-8"),
            ("%FF=1", "percent-encoded UTF-8"),
            ("limit=1%", "percent-encoded UTF-8"),
        ] {
            refused_by_api(&program, &route.method, &format!("{path}?{query}"), words).await;
        }
        let parameters = route.operation["parameters"].as_array().cloned().unwrap_or_default();
        for parameter in parameters.iter().filter(|parameter| parameter["in"] == "query") {
            let name = parameter["name"].as_str().expect("a name");
            refused_by_api(&program, &route.method, &format!("{path}?{name}=1&{name}=1"), "").await;
            with_query += 1;
        }
    }
    assert!(with_query > 20, "{with_query} parameters");
    refused_by_api(&program, &reqwest::Method::GET, "/api/openapi.json?unknown=1", "\"unknown\"").await;
}

const PAGES: [&str; 25] = [
    "/",
    "/add-source",
    "/join",
    "/sources",
    "/users",
    "/welcome",
    "/you",
    "/clock",
    "/sign-in",
    "/accounts/acme",
    "/accounts/acme/activity",
    "/accounts/acme/activity.csv",
    "/accounts/acme/add-on",
    "/accounts/acme/alerts",
    "/accounts/acme/ask",
    "/accounts/acme/buying",
    "/accounts/acme/calls",
    "/accounts/acme/candidates",
    "/accounts/acme/credit",
    "/accounts/acme/import",
    "/accounts/acme/live",
    "/accounts/acme/numbers.csv",
    "/accounts/acme/numbers/13105550100",
    "/accounts/acme/orders",
    "/accounts/acme/settings",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_page_refuses_what_it_does_not_understand() {
    let server = Server::new(Dialer::monitoring(1, "")).await;
    let user = server.user(Role::Administer, &[]);
    let refuses = async |address: &str| {
        let answer = user.get(address).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{address}");
        let page = answer.text().await.expect("a page");
        assert!(page.contains("<h1>Not understood</h1>"), "{address}");
    };
    for page in PAGES {
        for query in ["unknown=1", "%FF=1", "page=%FF", "%"] {
            refuses(&format!("{page}?{query}")).await;
        }
    }
    for query in [
        "accounts/acme?q=%FF",
        "accounts/acme?q=1&q=2",
        "accounts/acme?show=flaged",
        "accounts/acme?page=0",
        "accounts/acme/numbers.csv?show=flaged",
        "accounts/acme/activity?kind=charged&kind=credited",
        "accounts/acme/policy/activate?revision=1&revision=2",
        "accounts/acme/candidates?after=x",
        "sign-in?next=/&next=/clock",
    ] {
        refuses(&format!("/{query}")).await;
    }
    // What a form refuses is neither asked nor done.
    for page in ["ask", "act", "numbers/13105550100/ask"] {
        for form in [
            [("action", "delete"), ("all", "1"), ("shwo", "flagged")],
            [("action", "delete"), ("all", "1"), ("show", "flaged")],
            [("action", "delete"), ("all", "yes"), ("show", "")],
            [("action", "remove"), ("all", "1"), ("show", "")],
        ] {
            let sent = user.send(&format!("/accounts/acme/{page}"), &form).await.status();
            assert_eq!(sent, StatusCode::UNPROCESSABLE_ENTITY, "{page} {form:?}");
        }
    }
    assert!(user.send("/accounts/acme/review?unknown=1", &[]).await.status().is_client_error());
    assert_eq!(server.dialer.standing(100), "1 pending");
}

/// Row X07 of the table of real-world cases, and its siblings.
#[tokio::test(flavor = "multi_thread")]
async fn a_search_finds_digits_as_people_write_them_and_letters_find_nothing() {
    let dialer = Dialer::monitoring(2, "");
    dialer.import(200..203, "");
    let server = Server::new(dialer).await;
    let (user, program) = (server.user(Role::Administer, &["acme"]), server.program(Role::Administer, &["acme"]));
    let scenarios = [
        ("", 5),
        (" ", 5),
        ("+", 5),
        ("310-555", 5),
        ("(310) 555", 5),
        ("(310) 555-02", 3),
        ("310.555.0100", 1),
        ("+1 310 555 01", 2),
        ("+310", 0),
        ("\u{202a}+1\u{a0}310\u{2011}555\u{2011}0100\u{202c}", 1),
        ("zzz", 0),
        ("310-555-O1", 0),
        ("0100 or so", 0),
        ("%", 0),
        ("*", 0),
        ("-", 0),
        ("(", 0),
    ];
    for (search, count) in scenarios {
        let query = |name: &str| url(&[(name, search)]);
        let listed = program.json(&format!("/api/v1/accounts/acme/numbers?{}", query("search"))).await;
        assert_eq!(each(&listed["items"], "number").len(), count, "{search:?} by the API");
        let page = user.page(&format!("/accounts/acme?{}", query("q"))).await;
        assert_eq!(page.matches("name=\"number\"").count(), count, "{search:?} on the page");
        let file = user.page(&format!("/accounts/acme/numbers.csv?{}", query("q"))).await;
        assert_eq!(file.lines().count(), count + 1, "{search:?} in the file");
        // All that match.
        let form = [("action", "delete"), ("all", "1"), ("q", search)];
        let asked = user.send("/accounts/acme/ask", &form).await;
        let status = if count == 0 { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        assert_eq!(asked.status(), status, "{search:?}");
        if count > 1 {
            assert!(asked.text().await.expect("a page").contains(&format!("Delete {count} numbers?")), "{search:?}");
        }
    }
    refused_by_api(&program, &reqwest::Method::GET, "/api/v1/accounts/acme/numbers?search=%FF", "UTF-8").await;
    let form = [("action", "delete"), ("all", "1"), ("q", "zzz")];
    assert_eq!(user.send("/accounts/acme/act", &form).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(server.dialer.json("numbers list acme").as_array().map(Vec::len), Some(5));
}

fn url(pairs: &[(&str, &str)]) -> String {
    let url = reqwest::Url::parse_with_params("http://dialer.example/", pairs).expect("an address");
    url.query().unwrap_or_default().to_owned()
}
