//! What one request may take: every route has a limit, and says so before it has read what is beyond it.

use crate::harness::acme::DAY;
use crate::harness::dialer::Dialer;
use crate::harness::page_routes::page_routes;
use crate::harness::server::Server;
use crate::program::permissions::routes;
use dialguard_dialer::access::{Role, make_token};
use dialguard_program::web::{ConnectionLimits, WebSettings};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Pages whose bodies may have more than a form of fields.
const LARGER_PAGES: [(&str, usize); 11] = [
    ("/invites", 256 << 10),
    ("/tokens", 256 << 10),
    ("/users", 256 << 10),
    ("/users/{user}", 256 << 10),
    ("/accounts/{account}/act", 256 << 10),
    ("/accounts/{account}/ask", 256 << 10),
    ("/accounts/{account}/settings", 256 << 10),
    ("/accounts/{account}/settings/effect", 256 << 10),
    ("/accounts/{account}/calls", (8 << 20) + (16 << 10)),
    ("/accounts/{account}/import", (8 << 20) + (16 << 10)),
    ("/accounts/{account}/screen", (8 << 20) + (16 << 10)),
];

const SIGN_IN_BYTES_MAX: usize = 6 << 10;

/// What strangers may send.
const OF_STRANGERS: [(&str, usize); 3] =
    [("/sign-in", SIGN_IN_BYTES_MAX), ("/welcome", SIGN_IN_BYTES_MAX), ("/join", SIGN_IN_BYTES_MAX)];

const OTHERS: usize = 16 << 10;

/// A server that waits for a body only for a moment.
async fn impatient() -> Server {
    let connections = ConnectionLimits { stall_time: Duration::from_millis(50), ..ConnectionLimits::default() };
    let settings = WebSettings { connections, ..WebSettings::default() };
    Server::with(Dialer::monitoring(1, ""), settings, None).await
}

/// A connection of its own: what the answer says while the body is still due.
async fn answer(server: &Server, head: &str, body: &[u8]) -> String {
    let address = server.address.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    stream.write_all(format!("{head}\r\n\r\n").as_bytes()).await.expect("the head is sent");
    // It may have answered and closed by now.
    let _ = stream.write_all(body).await;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") && stream.read_buf(&mut answer).await.is_ok_and(|bytes| bytes > 0) {
        if answer.windows(4).any(|end| end == b"\r\n\r\n") {
            break;
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// The status of an answer to a request that announces a body of this size and sends none of it.
async fn status(server: &Server, method: &str, path: &str, credentials: &str, bytes: usize) -> u16 {
    let kind = if path.starts_with("/api/") { "application/json" } else { "application/x-www-form-urlencoded" };
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: dialguard\r\n{credentials}content-type: {kind}\r\ncontent-length: {bytes}"
    );
    let answer = answer(server, &head, b"").await;
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    status.unwrap_or_else(|| panic!("{head}: {answer:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_refuses_a_larger_body_before_it_is_read() {
    let server = impatient().await;
    let cookie = format!("cookie: dialguard_session={}\r\n", server.session(Role::Administer, &[]));
    let pages = page_routes();
    for (larger, _) in LARGER_PAGES.iter().chain(&OF_STRANGERS) {
        assert!(pages.iter().any(|page| page.pattern == *larger && page.has_post), "there is no {larger}");
    }
    for page in pages {
        let path = page.path();
        for method in [page.has_get.then_some("GET"), page.has_post.then_some("POST")].into_iter().flatten() {
            let what = format!("{method} {path}");
            let other = LARGER_PAGES.iter().chain(&OF_STRANGERS).find(|(pattern, _)| page.pattern == *pattern);
            let bytes_max = other.filter(|_| method == "POST").map_or(OTHERS, |(_, bytes)| *bytes);
            for credentials in ["", &cookie] {
                assert_eq!(status(&server, method, &path, credentials, bytes_max + 1).await, 413, "{what}");
            }
            if page.pattern.ends_with("/live") {
                continue;
            }
            assert_ne!(status(&server, method, &path, &cookie, bytes_max).await, 413, "{what} with a byte less");
            let is_of_strangers = OF_STRANGERS.iter().any(|(pattern, _)| *pattern == path) || path == "/sign-out";
            if !is_of_strangers && method == "POST" {
                let stranger = status(&server, method, &path, "", bytes_max).await;
                assert_eq!(stranger, 303, "{what} by a stranger is refused before the body is read");
            }
        }
    }
    assert_eq!(status(&server, "POST", "/nowhere", "", OTHERS + 1).await, 413);
}

/// The limits are those of the document.
#[tokio::test(flavor = "multi_thread")]
async fn every_route_of_the_api_refuses_a_larger_body_before_it_is_read() {
    let server = impatient().await;
    let grant =
        dialguard_dialer::access::Grant { role: Role::Administer, accounts: dialguard_dialer::access::Accounts::All };
    let (ledger, now) = (server.dialguard.ledger(), server.dialguard.now());
    let token = make_token(ledger, "walker", grant, now, Some(now + DAY)).expect("a token");
    let bearer = format!("authorization: Bearer {token}\r\n");
    let (routes, _) = routes(&server).await;
    let (mut larger, mut slow) = (0, 0);
    for route in routes {
        let (method, path) = (route.method.as_str(), route.of("acme"));
        let documented = &route.operation["responses"]["413"]["description"];
        let bytes_max = match documented.as_str() {
            Some(text) => text.split(' ').find_map(|word| word.parse().ok()).expect("a number of bytes"),
            None => {
                assert_eq!(method, "GET", "{path} does not say how large a body may be");
                OTHERS
            }
        };
        let what = format!("{method} {path}");
        for credentials in ["", &bearer] {
            assert_eq!(status(&server, method, &path, credentials, bytes_max + 1).await, 413, "{what}");
        }
        assert_eq!(status(&server, method, &path, "", bytes_max).await, 401, "{what} by a stranger");
        // The token that asks is not withdrawn, and what has no body is done without it.
        if route.operation.get("requestBody").is_some() && method != "GET" {
            let waited = status(&server, method, &path, &bearer, bytes_max).await;
            assert!(![413, 500].contains(&waited), "{what}: {waited}");
            slow += u32::from(waited == 408);
        }
        larger += u32::from(bytes_max != OTHERS);
    }
    assert_eq!(larger, 11, "routes that take numbers, calls or settings");
    assert!(slow > 8, "only {slow} routes waited for their body");
}

/// A client that sends the whole body before it reads must find the refusal, not a connection that was reset.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_on_sending_after_the_refusal_is_not_cut_off() {
    let server = Server::new(Dialer::with_ledger()).await;
    let body = vec![b'x'; (8 << 20) + 1];
    let mut stream = TcpStream::connect(server.address.trim_start_matches("http://")).await.expect("it listens");
    let head = format!(
        "POST /api/v1/accounts/acme/numbers HTTP/1.1\r\nhost: dialguard\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.expect("the head is sent");
    let mut refused = String::new();
    stream.read_to_string(&mut refused).await.expect("the server says that it is done");
    assert!(refused.starts_with("HTTP/1.1 413 "), "{refused}");
    stream.write_all(&body).await.expect("the server takes what comes after its refusal");
    stream.shutdown().await.expect("the connection is still there");
}

/// A body of unknown size is read up to the limit.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_say_its_size_is_refused_at_the_limit() {
    let server = Server::new(Dialer::with_ledger()).await;
    let head = "POST /sign-in HTTP/1.1\r\nhost: dialguard\r\n\
                content-type: application/x-www-form-urlencoded\r\ntransfer-encoding: chunked";
    let chunk = format!("{:x}\r\nname={}\r\n", SIGN_IN_BYTES_MAX + 1, "a".repeat(SIGN_IN_BYTES_MAX - 4));
    let refused = answer(&server, head, chunk.as_bytes()).await;
    assert!(refused.starts_with("HTTP/1.1 413 "), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_and_headers_have_limits_too() {
    let server = Server::new(Dialer::with_ledger()).await;
    let get = async |path: &str, headers: &str| {
        answer(&server, &format!("GET {path} HTTP/1.1\r\nhost: dialguard{headers}"), b"").await
    };
    let status = |answer: String| answer.split(' ').nth(1).unwrap_or_default().to_owned();
    assert_eq!(status(get("/healthz", "").await), "200");
    assert_eq!(status(get(&format!("/healthz?{}", "a".repeat(4 << 10)), "").await), "414");
    assert_eq!(status(get("/healthz", &format!("\r\nx-large: {}", "a".repeat(16 << 10))).await), "431");
    assert_eq!(status(get("/healthz", &"\r\nx-many: 1".repeat(100)).await), "431");
}
