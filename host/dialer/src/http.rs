//! Clients of other companies' HTTP APIs: with time limits, a few requests at a time, at the pace the service allows,
//! and behind a circuit breaker.
//!
//! [`HttpService`] is the whole of it. `call` is one request, `pace` and `breaker` decide when it may be sent,
//! [`secret`] reads credentials, [`client`] sets up TLS and [`mod@causes`] puts an error's causes in one line.
//!
//! ```
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dialguard_dialer::http::secret::Secret;
//! use dialguard_dialer::http::{Call, Credentials, HttpService, ServiceError, ServiceLimits};
//!
//! let bearer = Credentials::Bearer(Secret::new("KEY0123".into()));
//! # let closed = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?; // closed again, so nothing listens there
//! let base = format!("http://{closed}/v2"); // anywhere but on this machine: https
//! let service = HttpService::new("Telnyx", &base, bearer, ServiceLimits::default())?;
//!
//! let call = Call::get(&["reputation", "numbers", "+13105550123"]).query("fresh", "false");
//! match service.send(&call).await {
//!     Ok(response) => println!("{}", response.body["data"]["reputation_data"]["spam_risk"]),
//!     Err(ServiceError::Refused { status: 404, .. }) => println!("unknown number"),
//!     Err(error) if error.is_without_effect() => println!("nothing happened: {error}"),
//!     Err(error) => println!("check the outcome before retrying: {error}"),
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

pub use call::{Call, ServiceResponse};

use crate::http::causes::causes;
use crate::http::secret::Secret;
use backon::{ExponentialBuilder, Retryable};
use breaker::CircuitBreaker;
use pace::Pace;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Response, StatusCode};
use serde_json::Value;
use std::error::Error;
use std::time::Duration;
use tokio::sync::Semaphore;
use url::{Host, Url};

/// Characters quoted from a service's own error message.
const MESSAGE_CHARACTERS_MAX: usize = 200;

/// A client of one service. Share it between tasks, because limits, pace and circuit breaker hold for all of them.
pub struct HttpService {
    name: String,
    base: Url,
    client: Client,
    authorisation: (HeaderName, HeaderValue),
    /// Removed from every error message of the service.
    secrets: Vec<Secret>,
    limits: ServiceLimits,
    permits: Semaphore,
    breaker: CircuitBreaker,
    pace: Pace,
}

/// How a request is authenticated.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// HTTP Basic: a user, such as an account's or an API key's SID, and its secret.
    Basic(Secret, Secret),
    /// A bearer token.
    Bearer(Secret),
    /// A header that the service defines, by its name in lower case.
    Header(&'static str, Secret),
}

impl Credentials {
    /// The authentication header, marked as sensitive so that it is not logged.
    fn header(&self, client: &Client, base: &Url) -> Result<(HeaderName, HeaderValue), ServiceError> {
        let unfit = || ServiceError::NotSent("the secret contains characters that are not allowed in a header".into());
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

    /// The secrets, plain and as encoded in `header`.
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

/// Limits on time, size and number of requests to a service.
#[derive(Debug, Clone)]
pub struct ServiceLimits {
    /// Time to connect.
    pub connect_time_max: Duration,
    /// Time for one request, its response included.
    pub request_time_max: Duration,
    /// The longest wait for a rate limit; a longer one is an error.
    pub wait_max: Duration,
    /// Requests in flight at a time.
    pub concurrent_max: usize,
    /// Attempts of a request that may be repeated, the first included.
    pub attempts_max: usize,
    /// Failures in a row that open the circuit.
    pub failures_max: u32,
    /// How long the circuit stays open before one request tries the service again.
    pub circuit_open_time: Duration,
    /// Bytes of a response body, whatever its `Content-Length`.
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
            circuit_open_time: Duration::from_secs(60),
            body_bytes_max: 1 << 20,
        }
    }
}

/// Why a request failed. [`ServiceError::is_without_effect`] tells whether it certainly was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServiceError {
    /// It never reached the service.
    #[error("{0}")]
    NotSent(String),
    /// It was sent, but the response is missing: time limit, lost connection, or an error inside the service. It may
    /// have been carried out.
    #[error("{0}")]
    Lost(String),
    /// The service refused it with a status of 4xx.
    #[error("HTTP {status}{}{message}", code.as_ref().map_or(String::new(), |code| format!(", error {code}")))]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The service's own error code, such as `21422`.
        code: Option<String>,
        /// The service's own message after a colon; may be empty.
        message: String,
    },
    /// The response is not one that the service documents. The request may have been carried out.
    #[error("invalid response: {0}")]
    InvalidResponse(String),
    /// The service limits the rate of requests and did nothing.
    #[error("rate limit reached{}", .wait.map_or(String::new(), |wait| format!("; next attempt in {}", seconds(wait))))]
    RateLimited {
        /// How long the service wants no requests, if known.
        wait: Option<Duration>,
    },
    /// The service failed several times in a row, so the request was not sent.
    #[error("circuit open after repeated failures; next attempt in {}", seconds(*.wait))]
    CircuitOpen {
        /// How long the circuit stays open.
        wait: Duration,
    },
}

impl ServiceError {
    /// Whether the service has certainly done nothing. If not, check the outcome before repeating the request.
    pub fn is_without_effect(&self) -> bool {
        !matches!(self, ServiceError::Lost(_) | ServiceError::InvalidResponse(_))
    }

    /// Whether the same request may succeed a moment later.
    fn is_transient(&self) -> bool {
        matches!(self, ServiceError::NotSent(_) | ServiceError::Lost(_) | ServiceError::RateLimited { .. })
    }

    /// Whether it counts towards opening the circuit.
    fn is_failure(&self) -> bool {
        matches!(self, ServiceError::NotSent(_) | ServiceError::Lost(_) | ServiceError::InvalidResponse(_))
    }
}

impl HttpService {
    /// A client of the service called `name`, whose paths are below the URL `base`. Sends nothing yet.
    ///
    /// Errors: a URL that is neither https nor on this machine; a host without root certificates.
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
            breaker: CircuitBreaker::new(limits.failures_max, limits.circuit_open_time),
            pace: Pace::default(),
            limits,
        })
    }

    /// The same, with one more text removed from error messages: one that is not a credential, such as an account's id.
    pub fn hiding(mut self, secret: Secret) -> Self {
        self.secrets.push(secret);
        self
    }

    /// The service's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How long the circuit stays open; none if it is closed.
    pub fn circuit_open_for(&self) -> Option<Duration> {
        self.breaker.open_for()
    }

    /// Sends a request, and repeats it if that is safe: it certainly had no effect, or it only reads (`GET`).
    ///
    /// Each attempt may cost money. To count them, use [`HttpService::retry`] with [`HttpService::read_once`].
    pub async fn send(&self, call: &Call) -> Result<ServiceResponse, ServiceError> {
        self.read(call, Ok).await
    }

    /// The same, and interprets the response; [`ServiceError::InvalidResponse`] counts as a failure of the service.
    pub async fn read<T>(
        &self,
        call: &Call,
        read: impl Fn(ServiceResponse) -> Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        let is_safe = |error: &ServiceError| error.is_without_effect() || call.only_reads();
        self.retry(is_safe, || self.read_once(call, &read)).await
    }

    /// Repeats an attempt after a pause, as long as its error is transient and `may_repeat` allows it.
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
        attempt.retry(pauses).when(|error| error.is_transient() && is_soon(error) && may_repeat(error)).await
    }

    /// Sends a request once, when pace and circuit breaker allow it, and interprets the response as
    /// [`HttpService::read`] does.
    pub async fn read_once<T>(
        &self,
        call: &Call,
        read: impl FnOnce(ServiceResponse) -> Result<T, ServiceError>,
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

    /// One request and its response.
    async fn exchange(&self, call: &Call) -> Result<ServiceResponse, ServiceError> {
        let (name, value) = self.authorisation.clone();
        let request = call.request(&self.client, &self.base).header(name, value);
        let response = request.send().await.map_err(|error| self.transport_error(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let wait = self.pace.note(&headers);
        let body = self.body(response).await;
        match status {
            StatusCode::TOO_MANY_REQUESTS => Err(ServiceError::RateLimited { wait }),
            // 408: the service stopped waiting for the request, and does not say how much of it arrived.
            status if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => {
                Err(ServiceError::Lost(format!("HTTP {}{}", status.as_u16(), self.message(&body.unwrap_or_default()))))
            }
            status if status.is_client_error() => Err(self.refusal(status, &body.unwrap_or_default())),
            status if status.is_success() => Ok(ServiceResponse { status: status.as_u16(), body: json(&body?)? }),
            status => Err(ServiceError::InvalidResponse(unexpected_status(status, &headers, &self.base))),
        }
    }

    /// The body, unless it is too long or incomplete.
    async fn body(&self, mut response: Response) -> Result<Vec<u8>, ServiceError> {
        let too_long = || ServiceError::InvalidResponse(format!("more than {} bytes", self.limits.body_bytes_max));
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.transport_error(&error))? {
            if body.len() + chunk.len() > self.limits.body_bytes_max {
                return Err(too_long());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn refusal(&self, status: StatusCode, body: &[u8]) -> ServiceError {
        let error: Value = serde_json::from_slice(body).unwrap_or_default();
        // Twilio sends one error object, Telnyx a list of them.
        let code = match error.pointer("/code").or(error.pointer("/errors/0/code")) {
            Some(Value::Number(code)) => Some(code.to_string()),
            Some(Value::String(code)) => Some(self.cleaned(code)),
            _ => None,
        };
        ServiceError::Refused { status: status.as_u16(), code, message: self.message(body) }
    }

    /// The message in an error's body, after a colon.
    fn message(&self, body: &[u8]) -> String {
        let error: Value = serde_json::from_slice(body).unwrap_or_default();
        let places = ["/message", "/errors/0/detail", "/errors/0/title", "/Message", "/error"];
        let message = places.into_iter().find_map(|place| error.pointer(place)?.as_str());
        message.map_or(String::new(), |message| format!(": {}", self.cleaned(message)))
    }

    /// One short line without control characters and without secrets.
    fn cleaned(&self, text: &str) -> String {
        let mut text = text.split(|c: char| c.is_whitespace() || c.is_control()).collect::<Vec<_>>().join(" ");
        for secret in &self.secrets {
            text = text.replace(secret.expose(), "[secret]");
        }
        text.chars().take(MESSAGE_CHARACTERS_MAX).collect()
    }

    /// Names the step that failed and what to check. Leaves out the URL's path, which contains phone numbers and
    /// accounts.
    fn transport_error(&self, error: &reqwest::Error) -> ServiceError {
        let host = self.base.host_str().unwrap_or_default();
        let why = error.source().map_or_else(String::new, |cause| format!(": {}", causes(cause)));
        match (error.is_connect(), error.is_timeout()) {
            (true, true) => ServiceError::NotSent(format!(
                "{host} could not be reached within {}; check the network and firewalls",
                seconds(self.limits.connect_time_max)
            )),
            (true, false) => {
                ServiceError::NotSent(format!("{host} could not be reached; {}{why}", what_to_check(&why)))
            }
            (false, true) => {
                ServiceError::Lost(format!("no response within {}", seconds(self.limits.request_time_max)))
            }
            (false, false) if error.is_builder() => {
                ServiceError::NotSent(format!("the request could not be built{why}"))
            }
            (false, false) => ServiceError::Lost(format!("the connection was lost{why}")),
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
        .map_err(|error| format!("{text:?} is not a URL ({error}); expected one like https://api.example.com"))?;
    if url.cannot_be_a_base() || !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
        return Err("a base URL has no credentials and no query, like https://api.example.com/v2".into());
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_this_machine(&url) => Ok(url),
        _ => Err(format!("{text} would send secrets unencrypted; use https, or an address of this machine")),
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
        ServiceError::InvalidResponse(match (is_markup, error.is_eof()) {
            (true, _) => "HTML instead of JSON; check for a proxy that answers in its place".into(),
            (false, true) => "truncated JSON".into(),
            (false, false) => format!("not JSON ({error})"),
        })
    })
}

/// A redirect or another unexpected status. Names only the host, because the rest of a URL may contain anything.
fn unexpected_status(status: StatusCode, headers: &HeaderMap, base: &Url) -> String {
    let location = headers.get(header::LOCATION).and_then(|location| base.join(location.to_str().ok()?).ok());
    let host = location.as_ref().and_then(Url::host_str);
    let host = host.map_or(String::new(), |host| format!(", a redirect to {host}"));
    format!("HTTP {}{host}; redirects are not followed, check the base URL", status.as_u16())
}

fn what_to_check(why: &str) -> &'static str {
    if why.contains("dns error") {
        "name not found (DNS): check the base URL and this machine's name server"
    } else if why.contains("certificate") {
        "certificate not trusted (TLS): check for a proxy that intercepts connections, and the clock"
    } else {
        "check the address and firewalls"
    }
}

fn seconds(time: Duration) -> String {
    match time.as_secs_f64().ceil() as u64 {
        1 => "1 second".into(),
        seconds => format!("{seconds} seconds"),
    }
}
