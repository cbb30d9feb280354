//! Vendors' services that tests ask: a fake that answers as the interface says or fails as it is told, and Prism, which
//! serves a vendor's own OpenAPI document.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_stream::wrappers::ReceiverStream;

/// How a service fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Takes the request and never answers.
    NoAnswer,
    /// Answers once nobody waits any more.
    LateAnswer,
    /// 429, saying no more.
    TooMany,
    /// 429, with the seconds to wait in `Retry-After`.
    TooManyFor(u64),
    /// 429, with the seconds to wait in `x-ratelimit-reset`.
    TooManyUntil(u64),
    /// 500 with JSON.
    ServerError,
    /// Closes the connection in the middle of the body.
    Reset,
    /// The first half of the body, as if that were all.
    HalfABody,
    /// The whole body twice.
    Twice,
    /// A byte of the body at a time, and never the end.
    Drip,
    /// 200 with a page for browsers.
    Html,
    /// What would be right about another number.
    AnotherNumber,
    /// A body of 10 MB.
    TenMegabytes,
    /// 302 to another host.
    Redirect,
    /// A score of 900 where there is none such.
    Score900,
    /// This status, and an error that repeats the secret it was given.
    Status(u16),
}

/// TrustCall, Telnyx and Twilio Lookup at one address. Every number whose last digit is odd is spam.
pub struct FakeVendor {
    pub address: String,
    inside: Arc<Inside>,
    serving: tokio::task::JoinHandle<io::Result<()>>,
}

#[derive(Default)]
struct Inside {
    once: Mutex<VecDeque<Fault>>,
    always: Mutex<Option<Fault>>,
    asked: Mutex<Vec<Vec<u64>>>,
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
}

impl FakeVendor {
    pub async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = format!("http://{}", listener.local_addr().expect("it is bound"));
        let inside = Arc::<Inside>::default();
        let app = Router::new().fallback(answer).with_state(inside.clone());
        let serving = tokio::spawn(async { axum::serve(listener, app).await });
        FakeVendor { address, inside, serving }
    }

    /// Fails like this from now on; not at all where that is none.
    pub fn fails(&self, fault: impl Into<Option<Fault>>) {
        *self.inside.always.lock().unwrap() = fault.into();
    }

    /// Fails once like each of these.
    pub fn fails_once(&self, faults: &[Fault]) {
        self.inside.once.lock().unwrap().extend(faults);
    }

    /// The numbers of each request that came.
    pub fn asked(&self) -> Vec<Vec<u64>> {
        self.inside.asked.lock().unwrap().clone()
    }

    pub fn requests(&self) -> usize {
        self.inside.asked.lock().unwrap().len()
    }

    /// The most requests that were under way at a time.
    pub fn most_under_way(&self) -> usize {
        self.inside.most_under_way.load(SeqCst)
    }
}

impl Drop for FakeVendor {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// One request that is under way, until it is answered or given up.
struct UnderWay<'a>(&'a AtomicUsize);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

async fn answer(State(inside): State<Arc<Inside>>, request: Request) -> Response {
    inside.most_under_way.fetch_max(inside.under_way.fetch_add(1, SeqCst) + 1, SeqCst);
    let _under_way = UnderWay(&inside.under_way);
    let numbers = numbers(request.uri());
    inside.asked.lock().unwrap().push(numbers.clone());
    let fault = inside.once.lock().unwrap().pop_front().or(*inside.always.lock().unwrap());
    // So that requests made at a time are seen at a time.
    tokio::time::sleep(Duration::from_millis(5)).await;
    let path = request.uri().path();
    let whole = match fault {
        Some(Fault::AnotherNumber) => said(path, &[12_125_550_100], true),
        Some(Fault::Score900) => said(path, &numbers, false),
        _ => said(path, &numbers, true),
    };
    spoilt(fault, StatusCode::OK, whole.to_string(), request.headers()).await
}

/// The answer as the fault lets it come; where the fault is in what is said, `whole` has it already.
pub(super) async fn spoilt(fault: Option<Fault>, status: StatusCode, whole: String, asked: &HeaderMap) -> Response {
    let Some(fault) = fault else { return (status, whole).into_response() };
    match fault {
        Fault::NoAnswer => std::future::pending().await,
        Fault::LateAnswer => {
            tokio::time::sleep(Duration::from_secs(5)).await;
            (status, whole).into_response()
        }
        Fault::TooMany => StatusCode::TOO_MANY_REQUESTS.into_response(),
        Fault::TooManyFor(seconds) => {
            (StatusCode::TOO_MANY_REQUESTS, [("retry-after", seconds.to_string())]).into_response()
        }
        Fault::TooManyUntil(seconds) => {
            let headers = [("x-ratelimit-remaining", "0".into()), ("x-ratelimit-reset", seconds.to_string())];
            (StatusCode::TOO_MANY_REQUESTS, headers).into_response()
        }
        Fault::ServerError => (StatusCode::INTERNAL_SERVER_ERROR, r#"{"message":"out of order"}"#).into_response(),
        Fault::Reset => {
            let half = Bytes::from(whole[..whole.len() / 2].to_owned());
            let broken = tokio_stream::iter([Ok(half), Err(io::Error::from(io::ErrorKind::ConnectionReset))]);
            (status, Body::from_stream(broken)).into_response()
        }
        Fault::HalfABody => (status, whole[..whole.len() / 2].to_owned()).into_response(),
        Fault::Twice => (status, format!("{whole}{whole}")).into_response(),
        Fault::Drip => {
            let (pipe, drops) = tokio::sync::mpsc::channel::<io::Result<Bytes>>(1);
            tokio::spawn(async move {
                while pipe.send(Ok(Bytes::from_static(b" "))).await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            });
            (status, Body::from_stream(ReceiverStream::new(drops))).into_response()
        }
        Fault::Html => ([("content-type", "text/html")], "<!DOCTYPE html><title>Welcome</title>").into_response(),
        Fault::AnotherNumber | Fault::Score900 => (status, whole).into_response(),
        Fault::TenMegabytes => " ".repeat(10 << 20).into_response(),
        Fault::Redirect => (StatusCode::FOUND, [("location", "https://elsewhere.example/")]).into_response(),
        Fault::Status(status) => {
            let error = json!({"code": 20_000 + u32::from(status), "message": format!("refused: {}", secrets(asked))});
            (StatusCode::from_u16(status).expect("a status"), error.to_string()).into_response()
        }
    }
}

fn secrets(headers: &HeaderMap) -> String {
    let given = ["authorization", "loginid"].into_iter().filter_map(|name| headers.get(name)?.to_str().ok());
    given.map(|value| value.split(' ').next_back().unwrap_or(value)).collect()
}

/// The numbers that a request is about.
fn numbers(uri: &Uri) -> Vec<u64> {
    match uri.query().and_then(|query| query.strip_prefix("phoneList=")) {
        Some(list) => {
            list.split("%2C").map(|digits| 10_000_000_000 + digits.parse::<u64>().expect("ten digits")).collect()
        }
        None => vec![
            uri.path()
                .rsplit('/')
                .next()
                .expect("a path")
                .trim_start_matches("%2B")
                .trim_start_matches('+')
                .parse()
                .expect("a number"),
        ],
    }
}

fn said(path: &str, numbers: &[u64], is_sane: bool) -> Value {
    let is_spam = |number: &u64| !number.is_multiple_of(2);
    if path.starts_with("/TrustCall/") {
        let status = |number: &u64| match (is_sane, is_spam(number)) {
            (false, _) => json!(900),
            (true, true) => json!("Flagged"),
            (true, false) => json!("Clean"),
        };
        let object = |number: &u64| {
            json!({
                "Phone": (number - 10_000_000_000).to_string(), "CurrScore": "", "HistoricalScore": "",
                "VerizonScore": status(number), "ATTScore": status(number), "TMobileScore": status(number),
                "RoboKillerStatus": status(number), "NomoroboStatus": status(number),
            })
        };
        return numbers.iter().map(object).collect();
    }
    let number = &numbers[0];
    if path.starts_with("/reputation/") {
        let risk = if is_spam(number) { "high" } else { "low" };
        let maturity = if is_sane { 40 } else { 900 };
        let reputation = json!({"spam_risk": risk, "spam_category": "Telemarketing", "maturity_score": maturity});
        return json!({"data": {"phone_number": format!("+{number}"), "reputation_data": reputation}});
    }
    let score = if is_sane { u32::from(is_spam(number)) } else { 900 };
    let outcome = json!({"status": "successful", "result": {"status": "success", "score": score}});
    let add_ons = json!({"status": "successful", "results": {"nomorobo_spamscore": outcome}});
    json!({"phone_number": format!("+{number}"), "add_ons": add_ons})
}

/// Prism, serving a vendor's own OpenAPI document until this is dropped.
pub struct Prism {
    pub address: String,
    serving: Child,
}

impl Prism {
    /// Serves a document of tests/vendors/openapi/; none where Prism is not installed, which is printed.
    pub fn serve(document: &str) -> Option<Prism> {
        Prism::start(document, &["--errors"])
    }

    /// The same for a document whose own examples break it, which `--errors` would not let through: requests are held
    /// against it as before.
    pub fn serve_with_its_examples(document: &str) -> Option<Prism> {
        Prism::start(document, &[])
    }

    fn start(document: &str, options: &[&str]) -> Option<Prism> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vendors");
        let prism = folder.join("node_modules/@stoplight/prism-cli/dist/index.js");
        if !prism.is_file() {
            println!("not tried: npm ci in tests/vendors");
            return None;
        }
        let free =
            std::net::TcpListener::bind("127.0.0.1:0").and_then(|port| port.local_addr()).expect("a port is free");
        let mut node = Command::new("node");
        node.arg(prism).args(["mock", "--port", &free.port().to_string()]).args(options);
        let serving =
            node.arg(folder.join("openapi").join(document)).stdout(Stdio::null()).spawn().expect("node starts");
        let mut prism = Prism { address: format!("http://{free}"), serving };
        while TcpStream::connect(free).is_err() {
            assert!(prism.serving.try_wait().expect("it can be asked").is_none(), "Prism ended by itself");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(prism)
    }
}

impl Drop for Prism {
    fn drop(&mut self) {
        let _ = self.serving.kill();
        let _ = self.serving.wait();
    }
}
