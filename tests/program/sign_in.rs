//! Authentication and access: sign-in, sessions, tokens and accounts a caller may not see.

use crate::harness::acme::DAY;
use crate::harness::dialer::{Dialer, each};
use crate::harness::server::{PASSWORD, Server};
use dialguard_dialer::access::Role;
use dialguard_program::web::WebSettings;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::json;
use tokio::task::JoinSet;

/// Two accounts; most callers see one of them.
async fn two_accounts() -> Server {
    let dialer = Dialer::monitoring(3, "");
    dialer.run("account add other --blocks 1 --time-zone UTC").exits(0);
    Server::new(dialer).await
}

#[tokio::test(flavor = "multi_thread")]
async fn unauthenticated_requests_are_denied() {
    let server = two_accounts().await;
    let refused = server.stranger().get("/api/v1/accounts").await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(refused.headers()["content-type"], "application/problem+json");
    assert_eq!(refused.headers()["www-authenticate"], "Bearer");
    let sent = server.stranger().get("/accounts/acme?page=2").await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    assert_eq!(sent.headers()["location"], "/sign-in?next=%2Faccounts%2Facme%3Fpage%3D2");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inaccessible_account_looks_like_one_that_does_not_exist() {
    let server = two_accounts().await;
    let program = server.program(Role::Administer, &["acme"]);
    assert_eq!(each(&program.json("/api/v1/accounts").await["items"], "id"), [json!("acme")]);
    let (foreign, unknown) =
        (program.get("/api/v1/accounts/other").await, program.get("/api/v1/accounts/nobody").await);
    assert_eq!((foreign.status(), unknown.status()), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
    let without_id = |body: String, id| body.replace(id, "ID");
    let (foreign, unknown) = (foreign.text().await.unwrap(), unknown.text().await.unwrap());
    assert_eq!(without_id(foreign, "other"), without_id(unknown, "nobody"));
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_and_other_sites_cannot_read_a_session_cookie() {
    let server = two_accounts().await;
    let grant = dialguard_dialer::access::Grant { role: Role::Read, accounts: dialguard_dialer::access::Accounts::All };
    dialguard_dialer::access::add_user(server.dialguard.ledger(), "ann", PASSWORD, grant, server.dialguard.now())
        .unwrap();
    let sign_in = async |password: &str| {
        let form = [("name", "ann"), ("password", password), ("next", "/\t/evil.example")];
        server.stranger().request(Method::POST, "/sign-in").form(&form).send().await.unwrap()
    };
    assert_eq!(sign_in("a wrong password of words").await.status(), StatusCode::UNAUTHORIZED);
    let signed_in = sign_in(PASSWORD).await;
    assert_eq!((signed_in.status(), &signed_in.headers()["location"]), (StatusCode::SEE_OTHER, &"/".parse().unwrap()));
    let cookie = signed_in.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let accounts = async || {
        let asked = server.stranger().request(Method::GET, "/api/v1/accounts").header("cookie", &cookie);
        asked.send().await.unwrap().status()
    };
    assert_eq!(accounts().await, StatusCode::OK);
    let sign_out = async |origin| {
        let asked = server.stranger().request(Method::POST, "/sign-out").header("cookie", &cookie);
        asked.header("sec-fetch-site", origin).send().await.unwrap().status()
    };
    assert_eq!(sign_out("cross-site").await, StatusCode::FORBIDDEN);
    assert_eq!(accounts().await, StatusCode::OK);
    assert_eq!(sign_out("same-origin").await, StatusCode::SEE_OTHER);
    assert_eq!(accounts().await, StatusCode::UNAUTHORIZED);
}

/// An attempt to sign in, at one of many clients behind a proxy.
fn attempt(server: &Server, client: &str, name: &str, password: &str) -> RequestBuilder {
    let asked = server.stranger().request(Method::POST, "/sign-in").header("x-forwarded-for", client);
    asked.form(&[("name", name), ("password", password)])
}

/// A server that trusts the proxy on this machine, with the user `ann`.
async fn behind_a_proxy() -> Server {
    let proxies = vec!["127.0.0.1".parse().expect("an address")].into();
    let settings = WebSettings { trusted_proxies: proxies, ..WebSettings::default() };
    let server = Server::with(Dialer::with_ledger(), settings, None).await;
    let grant = dialguard_dialer::access::Grant { role: Role::Read, accounts: dialguard_dialer::access::Accounts::All };
    dialguard_dialer::access::add_user(server.dialguard.ledger(), "ann", PASSWORD, grant, server.dialguard.now())
        .unwrap();
    server
}

/// Wrong for anyone without being hashed.
fn too_long() -> String {
    "a".repeat(2_000)
}

/// Sends wrong passwords at the same time until one is refused; most of the others wait.
async fn guess_until_refused(server: &Server, client: &str, name: impl Fn(u32) -> String) {
    let mut guesses = JoinSet::new();
    for number in 0..200 {
        let guess = attempt(server, client, &name(number), &too_long());
        guesses.spawn(async move { guess.send().await.unwrap().status() });
    }
    while let Some(status) = guesses.join_next().await {
        match status.unwrap() {
            StatusCode::UNAUTHORIZED => {}
            refused => return assert_eq!(refused, StatusCode::TOO_MANY_REQUESTS),
        }
    }
    panic!("none is refused");
}

/// Behind a proxy, each client has its own attempts.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_locked_out_by_others() {
    let server = behind_a_proxy().await;
    let sign_in = async |client: &str, password: &str| attempt(&server, client, "ann", password).send().await.unwrap();
    for other in 0..10 {
        guess_until_refused(&server, &format!("198.51.100.{other}"), |_| "ann".into()).await;
    }
    guess_until_refused(&server, "203.0.113.9", |number| number.to_string()).await;
    assert_eq!(sign_in("192.0.2.1", "a wrong password of words").await.status(), StatusCode::UNAUTHORIZED);
    // However often: a right password is no failure.
    for _ in 0..3 {
        assert_eq!(sign_in("192.0.2.1", PASSWORD).await.status(), StatusCode::SEE_OTHER);
    }
}

/// At the user's own address too: a right password waits, and is accepted.
#[tokio::test(flavor = "multi_thread")]
async fn a_right_password_is_not_refused_because_others_tried_wrong_ones() {
    let server = behind_a_proxy().await;
    for _ in 0..11 {
        let wrong = attempt(&server, "192.0.2.1", "ann", &too_long()).send().await.unwrap();
        assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    }
    let right = attempt(&server, "192.0.2.1", "ann", PASSWORD).send().await.unwrap();
    assert_eq!(right.status(), StatusCode::SEE_OTHER);
}

/// Signing in leads back to a page, and not to what was submitted.
#[tokio::test(flavor = "multi_thread")]
async fn signing_in_leads_to_a_page() {
    let server = two_accounts().await;
    let location = async |method: Method, path: &str| {
        let sent = server.stranger().request(method, path).send().await.unwrap();
        assert_eq!(sent.status(), StatusCode::SEE_OTHER);
        sent.headers()["location"].to_str().unwrap().to_owned()
    };
    assert_eq!(location(Method::POST, "/accounts/acme/review").await, "/sign-in?next=%2F");
    assert_eq!(location(Method::GET, "/accounts/acme/ask").await, "/sign-in?next=%2Faccounts%2Facme%2Fask");
    let long = format!("/accounts/acme?q={}", "1".repeat(1_000));
    assert_eq!(location(Method::GET, &long).await, "/sign-in?next=%2F");
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_and_tokens_expire() {
    let server = two_accounts().await;
    let user = server.user(Role::Read, &[]);
    assert_eq!(user.get("/api/v1/accounts").await.status(), StatusCode::OK);
    server.pass(dialguard_dialer::access::SESSION_SECONDS);
    assert_eq!(user.get("/api/v1/accounts").await.status(), StatusCode::UNAUTHORIZED);
    let token = server.dialer.json("tokens make dialer --account acme --days 1");
    let token = format!("Bearer {}", token["token"].as_str().unwrap());
    let asked = async || {
        let asked = server.stranger().request(Method::GET, "/api/v1/accounts/acme").header("authorization", &token);
        asked.send().await.unwrap().status()
    };
    assert_eq!(asked().await, StatusCode::OK);
    server.pass(DAY);
    assert_eq!(asked().await, StatusCode::UNAUTHORIZED);
}
