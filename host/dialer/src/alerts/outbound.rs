//! Sending one message: signed, to a public address, in time.

use super::is_public;
use crate::http;
use crate::http::causes::causes;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use dialguard::contract::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, ClientBuilder, Response, StatusCode, header};
use sha2::Sha256;
use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::sync::OnceLock;
use std::time::Duration;
use url::{Host, Url};

/// How long it may take to reach a receiver.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);

/// How long a try may take in all; the specification asks for 15 to 30 seconds.
const TRY_TIME_MAX: Duration = Duration::from_secs(15);

/// Bytes of an answer that are read, at most.
const ANSWER_BYTES_MAX: usize = 4_096;

/// Characters of an answer that are quoted.
const ANSWER_QUOTED_MAX: usize = 200;

/// The clients that send, made when they are first needed: without webhooks, `serve` works without root certificates.
pub struct Outbound {
    try_time_max: Duration,
    to_public: OnceLock<Result<Client, String>>,
    to_any: OnceLock<Result<Client, String>>,
}

/// A message to send.
pub struct Post<'a> {
    pub id: &'a str,
    pub url: &'a str,
    pub key: &'a [u8],
    pub allow_private: bool,
    pub body: &'a str,
    /// The time of this try.
    pub now: Timestamp,
}

/// Why a message was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The receiver wants no more messages.
    #[error("the receiver answered 410 Gone: it wants no more messages")]
    Gone,
    /// The receiver did not accept it.
    #[error("the receiver answered {0} instead of 2xx{1}")]
    Answered(StatusCode, String),
    /// The receiver could not be reached, or did not answer in time.
    #[error("{0}")]
    NotReached(String),
}

impl Default for Outbound {
    fn default() -> Self {
        Outbound { try_time_max: TRY_TIME_MAX, to_public: OnceLock::new(), to_any: OnceLock::new() }
    }
}

impl Outbound {
    /// Sends a message once. Returns the receiver's answer if it accepted the message.
    pub async fn post(&self, post: &Post<'_>) -> Result<String, Refusal> {
        let not_reached = |why: String| Refusal::NotReached(why);
        let url = Url::parse(post.url).map_err(|error| not_reached(format!("its URL cannot be read: {error}")))?;
        if !post.allow_private {
            // An address in the URL is not resolved, so [`PublicOnly`] does not see it.
            ensure_public(&url).map_err(|address| not_reached(not_public(&address.to_string())))?;
        }
        let request = self
            .client(post.allow_private)
            .map_err(not_reached)?
            .post(url)
            .header("webhook-id", post.id)
            .header("webhook-timestamp", post.now.to_string())
            .header("webhook-signature", signature(post.key, post.id, post.now, post.body))
            .header(header::CONTENT_TYPE, "application/json")
            .timeout(self.try_time_max)
            .body(post.body.to_owned());
        let answer = request.send().await.map_err(|error| not_reached(in_words(&error)))?;
        let status = answer.status();
        match status {
            StatusCode::GONE => Err(Refusal::Gone),
            status if status.is_success() => Ok(status.to_string()),
            status => Err(Refusal::Answered(status, hint(status, &beginning(answer).await))),
        }
    }

    fn client(&self, allow_private: bool) -> Result<&Client, String> {
        let made = match allow_private {
            true => self.to_any.get_or_init(|| client(|builder| builder)),
            false => self.to_public.get_or_init(|| client(|builder| builder.dns_resolver(PublicOnly(System)))),
        };
        made.as_ref().map_err(Clone::clone)
    }
}

/// `v1` of the specification: HMAC-SHA256 over id, time and body.
fn signature(key: &[u8], id: &str, now: Timestamp, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(format!("{id}.{now}.{body}").as_bytes());
    format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
}

/// Refuses a URL with an address in it that is not public. [`PublicOnly`] checks names.
pub fn ensure_public(url: &Url) -> Result<(), IpAddr> {
    let address = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::from(address),
        Some(Host::Ipv6(address)) => IpAddr::from(address),
        _ => return Ok(()),
    };
    if is_public(address) { Ok(()) } else { Err(address) }
}

fn not_public(what: &str) -> String {
    format!("{what} is an address of this machine or a private network")
}

/// Resolves names, and leaves out addresses that are not public. It is used when a connection is made, so a name that
/// resolves differently the next moment gains nothing.
struct PublicOnly<R>(R);

impl<R: Resolve> Resolve for PublicOnly<R> {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        let found = self.0.resolve(name);
        Box::pin(async move {
            let found: Vec<SocketAddr> = found.await?.collect();
            let public: Vec<_> = found.iter().copied().filter(|found| is_public(found.ip())).collect();
            if public.is_empty() && !found.is_empty() {
                return Err(not_public(&format!("{host} ({})", found[0].ip())).into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// The system's own names.
struct System;

impl Resolve for System {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(Box::new(found.collect::<Vec<_>>().into_iter()) as Addrs)
        })
    }
}

/// No proxy: it would resolve names itself.
fn client(change: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Result<Client, String> {
    http::client::client(|builder| {
        change(builder.no_proxy().connect_timeout(CONNECT_TIME_MAX).pool_max_idle_per_host(0))
    })
}

/// The beginning of an answer as one line, without what a terminal would act on.
async fn beginning(mut answer: Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < ANSWER_BYTES_MAX
        && let Ok(Some(chunk)) = answer.chunk().await
    {
        bytes.extend_from_slice(&chunk[..chunk.len().min(ANSWER_BYTES_MAX - bytes.len())]);
    }
    let text = String::from_utf8_lossy(&bytes);
    let words: Vec<_> = text.split(|character: char| character.is_whitespace() || character.is_control()).collect();
    words
        .into_iter()
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(ANSWER_QUOTED_MAX)
        .collect()
}

fn hint(status: StatusCode, said: &str) -> String {
    let hint = match status {
        status if status.is_redirection() => "; give the address that it leads to",
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "; it may check signatures with another secret",
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => "; look at the URL's path",
        _ => "",
    };
    if said.is_empty() { hint.into() } else { format!("{hint}: {said}") }
}

/// Says which step failed and what to look at.
fn in_words(error: &reqwest::Error) -> String {
    if error.is_timeout() && !error.is_connect() {
        return format!(
            "the receiver did not answer within {} seconds; have it answer first and work afterwards",
            TRY_TIME_MAX.as_secs()
        );
    }
    if error.is_timeout() {
        let seconds = CONNECT_TIME_MAX.as_secs();
        return format!(
            "the receiver could not be reached within {seconds} seconds; look at the address and firewalls"
        );
    }
    // Without the URL, whose path may be a secret of the receiver's.
    let why = causes(error.source().unwrap_or(error));
    format!("the receiver could not be reached; see that its address is right and that it runs: {why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name service with fixed answers.
    struct FixedAnswers(&'static [&'static str]);

    impl Resolve for FixedAnswers {
        fn resolve(&self, _: Name) -> Resolving {
            let found: Vec<SocketAddr> = self.0.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 0)).collect();
            Box::pin(async move { Ok(Box::new(found.into_iter()) as Addrs) })
        }
    }

    async fn found(answers: &'static [&'static str]) -> Result<Vec<String>, String> {
        let found = PublicOnly(FixedAnswers(answers)).resolve("dialer.example".parse().unwrap()).await;
        found.map(|found| found.map(|found| found.ip().to_string()).collect()).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_name_resolves_to_public_addresses_only() {
        assert_eq!(found(&["127.0.0.1", "8.8.8.8", "::1"]).await, Ok(vec!["8.8.8.8".into()]));
        let refused = found(&["10.0.0.1"]).await.unwrap_err();
        assert!(
            refused.starts_with("dialer.example (10.0.0.1) is an address of this machine or a private network"),
            "{refused}"
        );
        assert_eq!(found(&[]).await, Ok(vec![]));
    }

    /// It accepts the connection and the request, and does not answer.
    #[tokio::test]
    async fn a_receiver_that_does_not_answer_in_time_has_not_accepted_the_message() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let outbound = Outbound { try_time_max: Duration::from_millis(200), ..Outbound::default() };
        let post = Post { id: "msg_1", url: &url, key: b"key", allow_private: true, body: "{}", now: 1 };
        let (refused, held) = tokio::join!(outbound.post(&post), listener.accept());
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("did not answer within"), "{refused}");
        drop(held);
    }

    /// The example in the specification's own libraries.
    #[test]
    fn a_signature_is_that_of_the_specification() {
        let key = BASE64_STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed = signature(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
