//! Clients that stop in the middle: they are in nobody's way.

use crate::harness::dialer::Dialer;
use crate::harness::server::Server;
use dialguard_program::web::{ConnectionLimits, Site, WebSettings, serve};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Long enough for any machine.
const HANG: Duration = Duration::from_secs(120);

const SOON: Duration = Duration::from_millis(50);

/// Times that no test waits for.
fn patient() -> ConnectionLimits {
    ConnectionLimits {
        connections_max: 8,
        connections_of_client_max: 8,
        header_time: HANG * 10,
        stall_time: HANG * 10,
        idle_time: HANG * 10,
        stopping_time: HANG * 10,
    }
}

async fn server(connections: ConnectionLimits) -> Server {
    let settings = WebSettings { connections, ..WebSettings::default() };
    Server::with(Dialer::with_ledger(), settings, None).await
}

/// A new connection on which this was sent, unless the server has closed it meanwhile.
async fn connection(server: &Server, sent: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address.trim_start_matches("http://")).await.expect("it listens");
    let _ = stream.write_all(sent.as_bytes()).await;
    stream
}

/// Everything that the server sends until it closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let read = timeout(HANG, stream.read_to_end(&mut text)).await.expect("the connection ends");
    // A connection that is closed with something unread is reset.
    let _ = read;
    String::from_utf8_lossy(&text).into_owned()
}

/// A new client is served, whatever the others do. On a slow machine it may itself be too slow, and tries again.
async fn serves(server: &Server) {
    let request = "GET /healthz HTTP/1.1\r\nhost: dialguard\r\nconnection: close\r\n\r\n";
    let served = async {
        loop {
            let answer = rest(&mut connection(server, request).await).await;
            if !answer.is_empty() {
                return answer;
            }
        }
    };
    let answer = timeout(HANG, served).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("ok\n"), "{answer:?}");
}

const HALF_A_HEAD: &str = "GET /healthz HTTP/1.1\r\nhost: dialg";

const HALF_A_BODY: &str = "POST /sign-in HTTP/1.1\r\nhost: dialguard\r\n\
     content-type: application/x-www-form-urlencoded\r\ncontent-length: 100\r\n\r\nname=ann&";

#[tokio::test(flavor = "multi_thread")]
async fn half_sent_requests_end_and_others_are_served() {
    let of_heads = ConnectionLimits { header_time: SOON, ..patient() };
    let of_bodies = ConnectionLimits { stall_time: SOON, ..patient() };
    for (limits, half, expected) in
        [(&of_heads, "", None), (&of_heads, HALF_A_HEAD, None), (&of_bodies, HALF_A_BODY, Some("HTTP/1.1 408 "))]
    {
        let server = server(limits.clone()).await;
        let mut halves = Vec::new();
        for _ in 0..8 {
            halves.push(connection(&server, half).await);
        }
        serves(&server).await;
        for mut half_sent in halves {
            let answer = rest(&mut half_sent).await;
            let is_expected = expected.map_or(answer.is_empty(), |expected| answer.starts_with(expected));
            assert!(is_expected, "{half:?}: {answer:?}");
        }
    }
}

/// A byte now and then is not enough.
#[tokio::test(flavor = "multi_thread")]
async fn a_head_has_a_time_as_a_whole() {
    let server = server(ConnectionLimits { header_time: SOON * 4, ..patient() }).await;
    let mut stream = connection(&server, HALF_A_HEAD).await;
    let dripped = async {
        while stream.write_all(b"a").await.is_ok() {
            tokio::time::sleep(SOON).await;
        }
    };
    timeout(HANG, dripped).await.expect("the connection ends");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_asks_nothing_more_ends() {
    const GET: &str = "GET /healthz HTTP/1.1\r\nhost: dialguard\r\n\r\n";
    let kept = server(ConnectionLimits { idle_time: SOON, ..patient() }).await;
    let answer = rest(&mut connection(&kept, GET).await).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && !answer.contains("connection: close"), "{answer}");
    // If others wait for it, it is not kept at all.
    let full = server(ConnectionLimits { connections_max: 1, ..patient() }).await;
    let idle = connection(&full, GET).await;
    serves(&full).await;
    drop(idle);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_reads_its_answers_ends() {
    let server = server(ConnectionLimits { connections_max: 1, stall_time: SOON, ..patient() }).await;
    // Far more than the sockets of both sides hold.
    let mut deaf = connection(&server, "").await;
    let ask =
        async { while deaf.write_all(b"GET /api/openapi.json HTTP/1.1\r\nhost: dialguard\r\n\r\n").await.is_ok() {} };
    tokio::select! {
        () = ask => {}
        () = serves(&server) => {}
    }
    serves(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_client_does_not_take_all_connections() {
    let limits = ConnectionLimits { connections_of_client_max: 2, ..patient() };
    let server = server(limits.clone()).await;
    let held = [connection(&server, HALF_A_HEAD).await, connection(&server, HALF_A_HEAD).await];
    let mut third = TcpStream::connect(server.address.trim_start_matches("http://")).await.expect("it listens");
    assert_eq!(rest(&mut third).await, "");
    drop(held);
    // A proxy has many clients.
    let proxies = vec!["127.0.0.0/8".parse().expect("a network")].into();
    let settings = WebSettings { connections: limits, trusted_proxies: proxies, ..WebSettings::default() };
    let server = Server::with(Dialer::with_ledger(), settings, None).await;
    let mut held = Vec::new();
    for _ in 0..7 {
        held.push(connection(&server, HALF_A_HEAD).await);
    }
    serves(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_client_does_not_hold_up_stopping() {
    let server = server(patient()).await;
    for half in [HALF_A_HEAD, HALF_A_BODY] {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let connections = ConnectionLimits { stopping_time: SOON, ..patient() };
        let site = Site::new(server.dialguard.clone(), WebSettings { connections, ..WebSettings::default() });
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let serving = tokio::spawn(serve(listener, site, async {
            let _ = stopped.await;
        }));
        let mut slow = TcpStream::connect(address).await.expect("it listens");
        slow.write_all(half.as_bytes()).await.expect("it is sent");
        // Another request shows that the first was accepted.
        let other = reqwest::Client::builder().no_proxy().build().expect("a client");
        assert!(other.get(format!("http://{address}/healthz")).send().await.expect("an answer").status().is_success());
        stop.send(()).expect("it is served");
        timeout(HANG, serving).await.expect("it stops").expect("no panic").expect("no error");
    }
}
