//! Requests with an `Idempotency-Key`: a repeated request is not executed again and gets the first answer.
//!
//! Follows draft-ietf-httpapi-idempotency-key-header. Within 24 hours, a request of the same caller with the same key is
//! executed once, even if the connection breaks or the program restarts. Only executed requests are remembered: one that
//! was refused or failed changed nothing and may be repeated with its key. A request that was accepted and is still under
//! way was executed: a repetition gets the first answer, whose order can be followed. If the program ends or panics
//! between executing a request and keeping its answer, the outcome is unknown; the request is not executed again, and the
//! answer says so.

use super::input::BODY_LOST;
use crate::web::Site;
use crate::web::auth::Caller;
use crate::web::problem::{Kind, Problem};
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use dialguard::sha256;
use dialguard_dialer::ledger::{KeyState, KeyedRequest, Ledger, StoredAnswer};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::sync::Arc;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{OpenApi, Required};

const KEY: &str = "idempotency-key";

/// Marks an answer that is repeated.
const REPLAYED: &str = "idempotency-replayed";

/// The most characters of a key.
const KEY_LENGTH_MAX: usize = 255;

/// Marks an answer that contains a secret and must not be kept.
#[derive(Debug, Clone, Copy)]
pub struct Secret;

/// Marks an answer of a request that changed nothing, which may be executed again and is not kept.
#[derive(Debug, Clone, Copy)]
pub struct ChangedNothing;

/// The requests with a key that this process is executing.
#[derive(Clone, Default)]
pub struct RunningRequests(Arc<Mutex<HashSet<(String, String)>>>);

/// Executes a request with a key once.
pub async fn once(State((site, under_way)): State<(Site, RunningRequests)>, request: Request, next: Next) -> Response {
    if request.method().is_safe() || !request.headers().contains_key(KEY) {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    // A caller without access is refused where all others are.
    let Ok(caller) = Caller::from_request_parts(&mut parts, &site).await else {
        return next.run(Request::from_parts(parts, body)).await;
    };
    match read(parts, body, &caller).await {
        Ok((keyed, request)) => under_way.run(site, keyed, request, next).await.unwrap_or_else(Problem::into_response),
        Err(problem) => problem.into_response(),
    }
}

/// The request by its key, and the request itself with its body read.
async fn read(parts: Parts, body: Body, caller: &Caller) -> Result<(KeyedRequest, Request), Problem> {
    let key = key(&parts.headers)?;
    let refused = |error: axum::extract::rejection::BytesRejection| Problem::new(error.status(), BODY_LOST);
    let body = Bytes::from_request(Request::from_parts(parts.clone(), body), &()).await.map_err(refused)?;
    let keyed = KeyedRequest { caller: in_words(caller), key, request: fingerprint(&parts, &body) };
    Ok((keyed, Request::from_parts(parts, Body::from(body))))
}

/// The caller with the grant: the kept answer contains what the caller was allowed to see at that time. A long grant is
/// known by its hash, because it is kept with each key.
fn in_words(caller: &Caller) -> String {
    const BYTES_MAX: usize = 1_024;
    let kind = if caller.is_program { "token" } else { "person" };
    let text = format!("{kind} {} {:?}", caller.name, caller.grant);
    match text.len() {
        ..=BYTES_MAX => text,
        _ => format!("{kind} {} {}", caller.name, sha256(text.as_bytes())),
    }
}

/// A string of the header's own notation (`"8e03978e"`), or the bare text that most clients send.
fn key(headers: &HeaderMap) -> Result<String, Problem> {
    let mut given = headers.get_all(KEY).iter();
    let text = given.next().and_then(|value| value.to_str().ok()).unwrap_or_default().trim();
    let key = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    let fits = (1..=KEY_LENGTH_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    if !fits || given.next().is_some() {
        let detail =
            format!("Idempotency-Key: give one of 1 to {KEY_LENGTH_MAX} visible ASCII characters, such as a UUID");
        return Err(Problem::of(Kind::BadRequest, detail).at("Idempotency-Key"));
    }
    Ok(key.to_owned())
}

fn fingerprint(parts: &Parts, body: &[u8]) -> [u8; 32] {
    let path = parts.uri.path_and_query().map_or("", |path| path.as_str());
    let head = format!("{} {path}\n", parts.method);
    Sha256::new().chain_update(head.as_bytes()).chain_update(body).finalize().into()
}

impl RunningRequests {
    async fn run(&self, site: Site, keyed: KeyedRequest, request: Request, next: Next) -> Result<Response, Problem> {
        let Some(place) = self.enter(&keyed) else { return Err(still_under_way()) };
        let ledger = site.dialguard().ledger().clone();
        match ledger.begin_keyed_request(&keyed, site.dialguard().now())? {
            KeyState::AnotherRequest => Err(another_request()),
            KeyState::Unfinished => Err(outcome_unknown()),
            KeyState::Done(answer) => replay(answer),
            // The request is finished even if the caller disconnects, because it will be repeated.
            KeyState::New => tokio::spawn(async move {
                let _place = place;
                finish(&ledger, keyed, tokio::spawn(next.run(request))).await
            })
            .await
            .map_err(|_| failed_inside())?,
        }
    }

    fn enter(&self, keyed: &KeyedRequest) -> Option<Place> {
        let name = (keyed.caller.clone(), keyed.key.clone());
        self.0.lock().insert(name.clone()).then(|| Place { of: self.clone(), name })
    }
}

/// A place among the requests in progress, until it is dropped.
struct Place {
    of: RunningRequests,
    name: (String, String),
}

impl Drop for Place {
    fn drop(&mut self) {
        self.of.0.lock().remove(&self.name);
    }
}

/// Keeps the answer of an executed request, and forgets the key of one that failed or changed nothing.
async fn finish(
    ledger: &Ledger,
    keyed: KeyedRequest,
    doing: tokio::task::JoinHandle<Response>,
) -> Result<Response, Problem> {
    let response = doing.await;
    let Ok(response) = response else {
        // It panicked, perhaps after it took effect: its key stays taken, and the outcome is unknown.
        return Err(failed_inside());
    };
    if !response.status().is_success() || response.extensions().get::<ChangedNothing>().is_some() {
        ledger.forget_keyed_request(&keyed)?;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.map_err(|_| failed_inside())?;
    let location = parts.headers.get(header::LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let is_secret = parts.extensions.get::<Secret>().is_some();
    let kept = (!is_secret).then(|| body.to_vec());
    ledger.keep_answer(&keyed, &StoredAnswer { status: parts.status.as_u16(), location, body: kept })?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn replay(StoredAnswer { status, location, body }: StoredAnswer) -> Result<Response, Problem> {
    let Some(body) = body else { return Err(answer_not_kept()) };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let has_body = !body.is_empty();
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    if has_body {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    if let Some(location) = location.and_then(|location| location.parse().ok()) {
        headers.insert(header::LOCATION, location);
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

fn still_under_way() -> Problem {
    let detail = "the first request with this Idempotency-Key is still in progress; try again in a moment";
    Problem::of(Kind::RequestUnderWay, detail)
}

fn another_request() -> Problem {
    let detail = "this Idempotency-Key belongs to another of your requests; give each request its own key";
    Problem::of(Kind::KeyOfAnotherRequest, detail)
}

fn outcome_unknown() -> Problem {
    let detail = "a request with this Idempotency-Key was started and not answered: its process ended, failed inside, or \
                  is still executing it; whether it took effect is unknown, and it is not executed again";
    Problem::of(Kind::OutcomeUnknown, detail)
        .with_hint("read the account's current state, and use another key for what is missing")
}

fn answer_not_kept() -> Problem {
    let detail =
        "the request was executed, but its answer is not kept: it contained a secret, or newer answers needed its room";
    Problem::of(Kind::AnswerNotKept, detail).with_hint(
        "read the account's current state; if a secret was made, withdraw it and make another with another key",
    )
}

fn failed_inside() -> Problem {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal error; see the server log")
}

/// Adds the key to every request in the document that takes one.
pub fn describe(document: &mut OpenApi) {
    for path in document.paths.paths.values_mut() {
        let changing = [&mut path.post, &mut path.put, &mut path.patch, &mut path.delete];
        changing.into_iter().flatten().for_each(take_a_key);
    }
}

fn take_a_key(operation: &mut Operation) {
    operation.parameters.get_or_insert_default().push(parameter().into());
}

fn parameter() -> Parameter {
    let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(KEY_LENGTH_MAX));
    let description = "Your own name for this request, such as a UUID. A request repeated with its key within 24 hours is \
                       not executed again and gets the first answer (with `Idempotency-Replayed: true`). The same key \
                       for another request is refused (422), and so is a repetition while the first is in progress \
                       (409). A request that was refused or failed, and the preview of an import, may be repeated \
                       with its key.";
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(text.pattern(Some("^[!-~]+$"))))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::WebSettings;
    use axum::Router;
    use axum::routing::post;
    use dialguard_dialer::access::{Accounts, Grant, Role, make_token};
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
    use tokio::sync::Semaphore;
    use tower::ServiceExt;

    include!("../../../../dialer/src/dialguard/example.rs");

    /// A site with one route, which counts its executions and waits for permits.
    struct Slow {
        _folder: tempfile::TempDir,
        site: Site,
        token: String,
        done: Arc<AtomicU32>,
        begun: Arc<Semaphore>,
        may: Arc<Semaphore>,
        routes: Router,
    }

    impl Slow {
        async fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let dialguard = small_dialguard(folder.path()).await.unwrap();
            let grant = Grant { role: Role::Operate, accounts: Accounts::All };
            let token = make_token(dialguard.ledger(), "dialer", grant, NOW, None).unwrap();
            let site = Site::new(dialguard, WebSettings::default());
            let (done, begun, may) = (Arc::default(), Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
            let routes = routes(&site, &done, &begun, &may);
            Slow { _folder: folder, site, token, done, begun, may, routes }
        }

        /// Another process on the same ledger.
        fn restart(&mut self) {
            self.routes = routes(&self.site, &self.done, &self.begun, &self.may);
        }

        /// Waits until a request is in progress, whose key is on disk by then.
        async fn begun(&self) {
            self.begun.acquire().await.unwrap().forget();
        }

        async fn ask(&self, path: &str) -> StatusCode {
            self.asking(path).await.status()
        }

        fn asking(&self, path: &str) -> impl Future<Output = Response> + use<> {
            let request = axum::http::Request::post(path)
                .header("authorization", format!("Bearer {}", self.token))
                .header(KEY, "one")
                .body(Body::empty());
            let routes = self.routes.clone();
            async move { routes.oneshot(request.unwrap()).await.unwrap() }
        }
    }

    fn routes(site: &Site, done: &Arc<AtomicU32>, begun: &Arc<Semaphore>, may: &Arc<Semaphore>) -> Router {
        let (done, begun, may) = (done.clone(), begun.clone(), may.clone());
        let slowly = async move || {
            begun.add_permits(1);
            may.acquire().await.unwrap().forget();
            done.fetch_add(1, SeqCst);
        };
        Router::new()
            .route("/slow", post(slowly))
            .route("/panics", post(async || -> () { panic!("a test's own") }))
            .layer(axum::middleware::from_fn_with_state((site.clone(), RunningRequests::default()), once))
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_second_request_conflicts_while_the_first_is_in_progress() {
        let slow = Slow::new().await;
        let first = tokio::spawn(slow.asking("/slow"));
        slow.begun().await;
        assert_eq!(slow.ask("/slow").await, StatusCode::CONFLICT);
        slow.may.add_permits(1);
        assert_eq!(first.await.unwrap().status(), StatusCode::OK);
        assert_eq!((slow.ask("/slow").await, slow.done.load(SeqCst)), (StatusCode::OK, 1));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_caller_that_disconnects_gets_the_answer_when_it_repeats_the_request() {
        let slow = Slow::new().await;
        let first = tokio::spawn(slow.asking("/slow"));
        slow.begun().await;
        // The connection breaks.
        first.abort();
        slow.may.add_permits(1);
        let mut again = slow.ask("/slow").await;
        while again == StatusCode::CONFLICT {
            tokio::task::yield_now().await;
            again = slow.ask("/slow").await;
        }
        assert_eq!((again, slow.done.load(SeqCst)), (StatusCode::OK, 1));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_request_left_without_an_answer_by_another_process_is_not_executed_again() {
        let mut slow = Slow::new().await;
        let first = tokio::spawn(slow.asking("/slow"));
        slow.begun().await;
        slow.restart();
        let answer = slow.asking("/slow").await;
        assert_eq!(answer.status(), StatusCode::CONFLICT);
        slow.may.add_permits(1);
        let answer = axum::body::to_bytes(answer.into_body(), 10_000).await.unwrap();
        assert!(String::from_utf8_lossy(&answer).contains("outcome-unknown"), "{answer:?}");
        assert_eq!(first.await.unwrap().status(), StatusCode::OK);
        assert_eq!(slow.done.load(SeqCst), 1);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_key_is_forgotten_after_a_day() {
        let slow = Slow::new().await;
        let keyed = KeyedRequest { caller: "token dialer".into(), key: "one".into(), request: [7; 32] };
        let known = |now| slow.site.dialguard().ledger().begin_keyed_request(&keyed, now).unwrap();
        assert_eq!([NOW, NOW + DAY - 1, NOW + DAY].map(known), [KeyState::New, KeyState::Unfinished, KeyState::New]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_request_that_panicked_is_not_executed_again() {
        let slow = Slow::new().await;
        assert_eq!(slow.ask("/panics").await, StatusCode::INTERNAL_SERVER_ERROR);
        let answer = slow.asking("/panics").await;
        assert_eq!(answer.status(), StatusCode::CONFLICT);
        let answer = axum::body::to_bytes(answer.into_body(), 10_000).await.unwrap();
        assert!(String::from_utf8_lossy(&answer).contains("outcome-unknown"), "{answer:?}");
    }
}
