//! A service's service over HTTP, asked with care: in time, a few requests at a time, as often as the service allows, and
//! not at all for a while after it failed several times in a row.
//!
//! ```
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dialguard_dialer::http::secret::Secret;
//! use dialguard_dialer::http::{Call, Credentials, HttpService, ServiceError, ServiceLimits};
//!
//! let bearer = Credentials::Bearer(Secret::new("KEY0123".into()));
//! # let nobody = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?; // closed again, so nobody listens there
//! let base = format!("http://{nobody}/v2"); // https anywhere but on this machine
//! let service = HttpService::new("Telnyx", &base, bearer, ServiceLimits::default())?;
//!
//! let call = Call::get(&["reputation", "numbers", "+13105550123"]).query("fresh", "false");
//! match service.send(&call).await {
//!     Ok(answered) => println!("{}", answered.body["data"]["reputation_data"]["spam_risk"]),
//!     Err(ServiceError::Refused { status: 404, .. }) => println!("it does not know the number"),
//!     Err(error) if error.is_without_effect() => println!("nothing happened: {error}"),
//!     Err(error) => println!("look before trying again: {error}"),
//! }
//! # Ok(())
//! # }
//! ```

pub mod causes;
pub mod client;
pub mod secret;

mod breaker;
mod call;
mod pace;

pub use call::{Answered, Call};

use crate::http::causes::causes;
use crate::http::secret::Secret;
use backon::{ExponentialBuilder, Retryable};
use breaker::Breaker;
use pace::Pace;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Response, StatusCode};
use serde_json::Value;
use std::error::Error;
use std::time::Duration;
use tokio::sync::Semaphore;
use url::{Host, Url};

/// Characters of a service's own words that are told.
const WORDS_MAX: usize = 200;

/// A service. Share it between tasks: it counts them all together.
pub struct HttpService {
    name: String,
    base: Url,
    client: Client,
    authorisation: (HeaderName, HeaderValue),
    /// What no words of the service may repeat to anybody.
    secrets: Vec<Secret>,
    limits: ServiceLimits,
    permits: Semaphore,
    breaker: Breaker,
    pace: Pace,
}

/// How a service knows who asks.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// HTTP Basic: a user, such as an account's or an API key's SID, and its secret.
    Basic(Secret, Secret),
    /// A bearer token.
    Bearer(Secret),
    /// A header of the service's own, by its name in lower case.
    Header(&'static str, Secret),
}

impl Credentials {
    /// The header that says who asks. It is marked as not to be logged.
    fn header(&self, client: &Client, base: &Url) -> Result<(HeaderName, HeaderValue), ServiceError> {
        let unfit = || ServiceError::NotSent("its secret has characters that no header may have".into());
        let request = client.get(base.clone());
        let (name, request) = match self {
            Credentials::Basic(user, secret) => {
                (header::AUTHORIZATION, request.basic_auth(user.expose(), Some(secret.expose())))
            }
            Credentials::Bearer(secret) => (header::AUTHORIZATION, request.bearer_auth(secret.expose())),
            Credentials::Header(name, secret) => {
                (HeaderName::from_static(name), request.header(*name, secret.expose()))
            }
        };
        let mut value =
            request.build().ok().and_then(|mut request| request.headers_mut().remove(&name)).ok_or_else(unfit)?;
        value.set_sensitive(true);
        Ok((name, value))
    }

    /// The secrets, and what `header` makes of them.
    fn secrets(&self, header: &HeaderValue) -> Vec<Secret> {
        let encoded = header.to_str().ok().and_then(|value| value.split(' ').next_back());
        let encoded = encoded.map(|word| Secret::new(word.to_owned()));
        let plain = match self {
            Credentials::Basic(user, secret) => vec![user.clone(), secret.clone()],
            Credentials::Bearer(secret) | Credentials::Header(_, secret) => vec![secret.clone()],
        };
        encoded.into_iter().chain(plain).collect()
    }
}

/// How much a service is asked, and how long it may take.
#[derive(Debug, Clone)]
pub struct ServiceLimits {
    /// How long it may take to reach it.
    pub connect_time_max: Duration,
    /// How long one request may take in all.
    pub request_time_max: Duration,
    /// How long to wait where the service asks for it; where it asks for more, that is a failure.
    pub wait_max: Duration,
    /// Requests under way at a time.
    pub concurrent_max: usize,
    /// How often a request is made in all, where it may be made again.
    pub attempts_max: usize,
    /// The service is left alone after so many failures in a row,
    pub failures_max: u32,
    /// for so long; then one request tries whether it works again.
    pub rest: Duration,
    /// Bytes of an answer, whatever it says of its own length.
    pub body_bytes_max: usize,
}

impl Default for ServiceLimits {
    fn default() -> Self {
        ServiceLimits {
            connect_time_max: Duration::from_secs(5),
            request_time_max: Duration::from_secs(10),
            wait_max: Duration::from_secs(10),
            concurrent_max: 8,
            attempts_max: 3,
            failures_max: 5,
            rest: Duration::from_secs(60),
            body_bytes_max: 1 << 20,
        }
    }
}

/// Why a request did not succeed. [`ServiceError::is_without_effect`] says whether it may have been carried out all the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServiceError {
    /// It never reached the service; says why and what to look at.
    #[error("{0}")]
    NotSent(String),
    /// It was sent and no usable answer came: too late, broken off, or an error of the service's own. It may have been
    /// carried out.
    #[error("{0}")]
    Lost(String),
    /// The service refused it, with a status of 4xx.
    #[error("it answered {status}{}{words}", code.as_ref().map_or(String::new(), |code| format!(", error {code}")))]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The service's own code of the error, such as `21422`.
        code: Option<String>,
        /// What it says besides, after a colon; may be empty.
        words: String,
    },
    /// It answered what its interface does not allow. A request may have been carried out.
    #[error("it answered nonsense: {0}")]
    Nonsense(String),
    /// It wants to be asked later, and did nothing.
    #[error("it wants to be asked less often{}", .wait.map_or(String::new(), |wait| format!("; ask again in {}", seconds(wait))))]
    RateLimited {
        /// How long it wants to be left alone, where it says so.
        wait: Option<Duration>,
    },
    /// It failed too often just now and was not asked.
    #[error("it failed several times in a row and is left alone; it is tried again in {}", seconds(*.wait))]
    CircuitOpen {
        /// How long it is still left alone.
        wait: Duration,
    },
}

impl ServiceError {
    /// Whether the service has certainly done nothing. Else look before asking for the same thing again.
    pub fn is_without_effect(&self) -> bool {
        !matches!(self, ServiceError::Lost(_) | ServiceError::Nonsense(_))
    }

    /// Whether the same request may succeed a moment later.
    fn is_passing(&self) -> bool {
        matches!(self, ServiceError::NotSent(_) | ServiceError::Lost(_) | ServiceError::RateLimited { .. })
    }

    /// Whether it speaks against the service's health.
    fn is_failure(&self) -> bool {
        matches!(self, ServiceError::NotSent(_) | ServiceError::Lost(_) | ServiceError::Nonsense(_))
    }
}

impl HttpService {
    /// The service called `name` at the URL `base`, below which its paths lie. Nothing is sent yet.
    ///
    /// Errors, which say what to do: a URL that is not https, but for this machine; a host without root certificates.
    pub fn new(name: &str, base: &str, credentials: Credentials, limits: ServiceLimits) -> Result<Self, ServiceError> {
        let base = base_url(base).map_err(ServiceError::NotSent)?;
        let client = client_for(&base, &limits).map_err(ServiceError::NotSent)?;
        let authorisation = credentials.header(&client, &base)?;
        Ok(HttpService {
            name: name.to_owned(),
            client,
            base,
            secrets: credentials.secrets(&authorisation.1),
            authorisation,
            permits: Semaphore::new(limits.concurrent_max),
            breaker: Breaker::new(limits.failures_max, limits.rest),
            pace: Pace::default(),
            limits,
        })
    }

    /// The same, which repeats this to nobody either: what the service could say that is no credential, such as an
    /// account's id.
    pub fn hiding(mut self, secret: Secret) -> Self {
        self.secrets.push(secret);
        self
    }

    /// The service's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How long the service is still left alone after failures; none where it is asked.
    pub fn resting(&self) -> Option<Duration> {
        self.breaker.resting()
    }

    /// Asks, and asks again where that is safe: what was not carried out, and what only reads (`GET`) in any case.
    ///
    /// Each further attempt may be paid for; where that matters, [`HttpService::retry`] is what this is made of.
    pub async fn send(&self, call: &Call) -> Result<Answered, ServiceError> {
        self.read(call, Ok).await
    }

    /// The same, and makes something of the answer; where that is nonsense it counts against the service.
    pub async fn read<T>(
        &self,
        call: &Call,
        read: impl Fn(Answered) -> Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        let is_safe = |error: &ServiceError| error.is_without_effect() || call.only_reads();
        self.retry(is_safe, || self.read_once(call, &read)).await
    }

    /// Makes an attempt, and another after a while, as long as its failure passes and `may_repeat` it.
    pub async fn retry<T, F>(
        &self,
        may_repeat: impl Fn(&ServiceError) -> bool,
        attempt: impl FnMut() -> F,
    ) -> Result<T, ServiceError>
    where
        F: Future<Output = Result<T, ServiceError>>,
    {
        let pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(200))
            .with_max_delay(Duration::from_secs(2))
            .with_max_times(self.limits.attempts_max.saturating_sub(1))
            .with_jitter();
        let is_soon = |error: &ServiceError| match error {
            ServiceError::RateLimited { wait } => wait.is_none_or(|wait| wait <= self.limits.wait_max),
            _ => true,
        };
        attempt.retry(pauses).when(|error| error.is_passing() && is_soon(error) && may_repeat(error)).await
    }

    /// Asks once, when it is the request's turn and the service wants to be asked.
    pub async fn send_once(&self, call: &Call) -> Result<Answered, ServiceError> {
        self.read_once(call, Ok).await
    }

    /// The same, and makes something of the answer; where that is nonsense it counts against the service.
    pub async fn read_once<T>(
        &self,
        call: &Call,
        read: impl FnOnce(Answered) -> Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        let _permit = self.permits.acquire().await.expect("the semaphore is never closed");
        self.pace
            .wait_for_turn(self.limits.wait_max)
            .await
            .map_err(|wait| ServiceError::RateLimited { wait: Some(wait) })?;
        self.breaker.admit().map_err(|wait| ServiceError::CircuitOpen { wait })?;
        let outcome = self.exchange(call).await.and_then(read);
        self.breaker.note(outcome.as_ref().is_err_and(ServiceError::is_failure));
        outcome
    }

    /// One request and its answer. The status comes first, the body after it.
    async fn exchange(&self, call: &Call) -> Result<Answered, ServiceError> {
        let (name, value) = self.authorisation.clone();
        let request = call.request(&self.client, &self.base).header(name, value);
        let answer = request.send().await.map_err(|error| self.no_answer(&error))?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let wait = self.pace.note(&headers);
        let body = self.body(answer).await;
        match status {
            StatusCode::TOO_MANY_REQUESTS => Err(ServiceError::RateLimited { wait }),
            // The service gave up waiting for the request; how far it came is not said.
            status if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => Err(ServiceError::Lost(
                format!("it answered {}{}", status.as_u16(), self.words(&body.unwrap_or_default())),
            )),
            status if status.is_client_error() => Err(self.refusal(status, &body.unwrap_or_default())),
            status if status.is_success() => Ok(Answered { status: status.as_u16(), body: json(&body?)? }),
            status => Err(ServiceError::Nonsense(elsewhere(status, &headers, &self.base))),
        }
    }

    /// The body, unless it is too long or breaks off.
    async fn body(&self, mut answer: Response) -> Result<Vec<u8>, ServiceError> {
        let too_long = || ServiceError::Nonsense(format!("more than {} bytes", self.limits.body_bytes_max));
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| self.no_answer(&error))? {
            if body.len() + chunk.len() > self.limits.body_bytes_max {
                return Err(too_long());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn refusal(&self, status: StatusCode, body: &[u8]) -> ServiceError {
        let said: Value = serde_json::from_slice(body).unwrap_or_default();
        // Twilio's errors are one object, Telnyx's a list of them.
        let code = match said.pointer("/code").or(said.pointer("/errors/0/code")) {
            Some(Value::Number(code)) => Some(code.to_string()),
            Some(Value::String(code)) => Some(self.cleaned(code)),
            _ => None,
        };
        ServiceError::Refused { status: status.as_u16(), code, words: self.words(body) }
    }

    /// What an error's body says to people, after a colon.
    fn words(&self, body: &[u8]) -> String {
        let said: Value = serde_json::from_slice(body).unwrap_or_default();
        let words = ["/message", "/errors/0/detail", "/errors/0/title", "/Message", "/error"];
        let words = words.into_iter().find_map(|place| said.pointer(place)?.as_str());
        words.map_or(String::new(), |words| format!(": {}", self.cleaned(words)))
    }

    /// One short line, without what a terminal would act on, and without the secrets should they be in it.
    fn cleaned(&self, words: &str) -> String {
        let mut words = words.split(|c: char| c.is_whitespace() || c.is_control()).collect::<Vec<_>>().join(" ");
        for secret in &self.secrets {
            words = words.replace(secret.expose(), "[secret]");
        }
        words.chars().take(WORDS_MAX).collect()
    }

    /// Says which step failed and what to look at. Never with the URL's path, which has phone numbers and accounts in it.
    fn no_answer(&self, error: &reqwest::Error) -> ServiceError {
        let host = self.base.host_str().unwrap_or_default();
        let why = error.source().map_or_else(String::new, |cause| format!(": {}", causes(cause)));
        match (error.is_connect(), error.is_timeout()) {
            (true, true) => ServiceError::NotSent(format!(
                "{host} could not be reached within {}; look at the network and firewalls",
                seconds(self.limits.connect_time_max)
            )),
            (true, false) => {
                ServiceError::NotSent(format!("{host} could not be reached; {}{why}", what_to_look_at(&why)))
            }
            (false, true) => ServiceError::Lost(format!("no answer within {}", seconds(self.limits.request_time_max))),
            (false, false) if error.is_builder() => ServiceError::NotSent(format!("the request cannot be made{why}")),
            (false, false) => ServiceError::Lost(format!("the connection broke off{why}")),
        }
    }
}

fn client_for(base: &Url, limits: &ServiceLimits) -> Result<Client, String> {
    client::client(|builder| {
        let builder = builder.connect_timeout(limits.connect_time_max).timeout(limits.request_time_max);
        if is_this_machine(base) { builder.no_proxy() } else { builder }
    })
}

fn base_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text)
        .map_err(|error| format!("{text:?} is no URL ({error}); give one like https://api.example.com"))?;
    if url.cannot_be_a_base() || !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
        return Err("give a base URL without credentials and query, like https://api.example.com/v2".into());
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_this_machine(&url) => Ok(url),
        _ => Err(format!("{text} would carry secrets in the clear; give https, or an address of this machine")),
    }
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// An empty body, as after a deletion, is null.
fn json(body: &[u8]) -> Result<Value, ServiceError> {
    if body.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(body).map_err(|error| {
        let is_markup = body.trim_ascii_start().starts_with(b"<");
        ServiceError::Nonsense(match (is_markup, error.is_eof()) {
            (true, _) => "a page for browsers where JSON should be; see whether a proxy answers in its place".into(),
            (false, true) => "JSON that ends in the middle".into(),
            (false, false) => format!("no JSON ({error})"),
        })
    })
}

/// Where an answer that is neither yes nor no leads; only the host, for a URL may have anything in it.
fn elsewhere(status: StatusCode, headers: &HeaderMap, base: &Url) -> String {
    let location = headers.get(header::LOCATION).and_then(|location| base.join(location.to_str().ok()?).ok());
    let host = location.as_ref().and_then(Url::host_str);
    let host = host.map_or(String::new(), |host| format!(", which leads to {host}"));
    format!("{}{host}; nothing is followed, so see that its base URL is right", status.as_u16())
}

fn what_to_look_at(why: &str) -> &'static str {
    if why.contains("dns error") {
        "its name was not found: look at the base URL and at this machine's name server (DNS)"
    } else if why.contains("certificate") {
        "its certificate is not trusted (TLS): look for a proxy that opens connections, and at the clock"
    } else {
        "see that its address is right, and that no firewall stands between"
    }
}

fn seconds(time: Duration) -> String {
    match time.as_secs_f64().ceil() as u64 {
        1 => "1 second".into(),
        seconds => format!("{seconds} seconds"),
    }
}
