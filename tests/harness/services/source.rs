//! A fake of the lookup services TrustCall, Telnyx and Twilio Lookup, with faults on request.

use super::fault::{Fault, spoilt};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use dialguard_dialer::phone::e164;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;

/// TrustCall, Telnyx and Twilio Lookup at one address. Odd numbers are spam.
pub struct FakeSource {
    pub address: String,
    inside: Arc<Inside>,
    serving: tokio::task::JoinHandle<io::Result<()>>,
}

#[derive(Default)]
struct Inside {
    once: Mutex<VecDeque<Fault>>,
    always: Mutex<Option<Fault>>,
    /// The status and the body of every response.
    said: Mutex<Option<(u16, Value)>>,
    asked: Mutex<Vec<Vec<u64>>>,
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
}

impl FakeSource {
    pub async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = format!("http://{}", listener.local_addr().expect("it is bound"));
        let inside = Arc::<Inside>::default();
        let app = Router::new().fallback(answer).with_state(inside.clone());
        let serving = tokio::spawn(async { axum::serve(listener, app).await });
        FakeSource { address, inside, serving }
    }

    /// Has this fault from now on, or none.
    pub fn fails(&self, fault: impl Into<Option<Fault>>) {
        *self.inside.always.lock().unwrap() = fault.into();
    }

    /// Gives this response to everything from now on.
    pub fn says(&self, status: u16, body: Value) {
        *self.inside.said.lock().unwrap() = Some((status, body));
    }

    /// Has each of these faults once.
    pub fn fails_once(&self, faults: &[Fault]) {
        self.inside.once.lock().unwrap().extend(faults);
    }

    /// The numbers of each request.
    pub fn asked(&self) -> Vec<Vec<u64>> {
        self.inside.asked.lock().unwrap().clone()
    }

    pub fn requests(&self) -> usize {
        self.inside.asked.lock().unwrap().len()
    }

    /// The most requests in flight at a time.
    pub fn most_under_way(&self) -> usize {
        self.inside.most_under_way.load(SeqCst)
    }
}

impl Drop for FakeSource {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// A request in flight, until it is answered or cancelled.
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
    // Long enough for concurrent requests to overlap.
    tokio::time::sleep(Duration::from_millis(5)).await;
    let path = request.uri().path();
    if let Some((status, body)) = inside.said.lock().unwrap().clone() {
        return (StatusCode::from_u16(status).expect("a status"), body.to_string()).into_response();
    }
    let whole = match fault {
        Some(Fault::AnotherNumber) => body(path, &[12_125_550_100], true),
        Some(Fault::Score900) => body(path, &numbers, false),
        _ => body(path, &numbers, true),
    };
    spoilt(fault, StatusCode::OK, whole.to_string(), request.headers()).await
}

/// The numbers in a request.
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

fn body(path: &str, numbers: &[u64], is_sane: bool) -> Value {
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
        return json!({"data": {"phone_number": e164(*number), "reputation_data": reputation}});
    }
    let score = if is_sane { u32::from(is_spam(number)) } else { 900 };
    let outcome = json!({"status": "successful", "result": {"status": "success", "score": score}});
    let add_ons = json!({"status": "successful", "results": {"nomorobo_spamscore": outcome}});
    json!({"phone_number": e164(*number), "add_ons": add_ons})
}
