//! Requests with an `Idempotency-Key`: one that is sent again is not done again, and answered as it was.
//!
//! After draft-ietf-httpapi-idempotency-key-header. What is promised: within 24 hours a request of the same caller with
//! the same key is done once, also where the connection breaks or the program is started again. Only what was done is
//! remembered: a request that was refused, or failed, changed nothing and may be tried again with its key. Where the
//! program ends between doing it and keeping the answer, nobody can tell any more which of the two it was; it is not
//! done again, and the answer says to look.

use crate::web::Site;
use crate::web::caller::Caller;
use crate::web::problem::Problem;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use dialguard_dialer::ledger::{KeyState, KeyedRequest, Ledger, StoredAnswer};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::sync::Arc;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{OpenApi, Required};

const KEY: &str = "idempotency-key";

/// Says that an answer is one from before.
const REPLAYED: &str = "idempotency-replayed";

/// Characters of a key, at most.
const KEY_LENGTH_MAX: usize = 255;

/// Marks an answer that has a secret in it and is kept nowhere.
#[derive(Debug, Clone, Copy)]
pub struct Secret;

/// The requests with a key that this process is at.
#[derive(Clone, Default)]
pub struct UnderWay(Arc<Mutex<HashSet<(String, String)>>>);

/// Does a request with a key once.
pub async fn once(State((site, under_way)): State<(Site, UnderWay)>, request: Request, next: Next) -> Response {
    if request.method().is_safe() || !request.headers().contains_key(KEY) {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    // Whoever is not let in is told so where the others are.
    let Ok(caller) = Caller::from_request_parts(&mut parts, &site).await else {
        return next.run(Request::from_parts(parts, body)).await;
    };
    match read(parts, body, &caller).await {
        Ok((asked, request)) => under_way.run(site, asked, request, next).await.unwrap_or_else(Problem::into_response),
        Err(problem) => problem.into_response(),
    }
}

/// The request by its key, and the request itself with its body read.
async fn read(parts: Parts, body: Body, caller: &Caller) -> Result<(KeyedRequest, Request), Problem> {
    let key = key(&parts.headers)?;
    let refused = |error: axum::extract::rejection::BytesRejection| Problem::new(error.status(), error.body_text());
    let body = Bytes::from_request(Request::from_parts(parts.clone(), body), &()).await.map_err(refused)?;
    let asked = KeyedRequest {
        // What a caller may see of an answer is what he was allowed when he asked.
        caller: format!("{} {} {:?}", if caller.is_program { "token" } else { "person" }, caller.name, caller.grant),
        key,
        request: sha256(&parts, &body),
    };
    Ok((asked, Request::from_parts(parts, Body::from(body))))
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
        return Err(Problem::new(StatusCode::BAD_REQUEST, detail));
    }
    Ok(key.to_owned())
}

fn sha256(parts: &Parts, body: &[u8]) -> [u8; 32] {
    let path = parts.uri.path_and_query().map_or("", |path| path.as_str());
    let head = format!("{} {path}\n", parts.method);
    Sha256::new().chain_update(head.as_bytes()).chain_update(body).finalize().into()
}

impl UnderWay {
    async fn run(&self, site: Site, asked: KeyedRequest, request: Request, next: Next) -> Result<Response, Problem> {
        let Some(place) = self.enter(&asked) else { return Err(still_under_way()) };
        let ledger = site.dialguard().ledger().clone();
        match ledger.begin_keyed_request(&asked, site.dialguard().now())? {
            KeyState::AnotherRequest => Err(another_request()),
            KeyState::Unfinished => Err(outcome_unknown()),
            KeyState::Done(answer) => replay(answer),
            // It is finished though the caller may have gone: he will ask again.
            KeyState::New => tokio::spawn(async move {
                let _place = place;
                finish(&ledger, asked, tokio::spawn(next.run(request))).await
            })
            .await
            .map_err(|_| failed_inside())?,
        }
    }

    fn enter(&self, asked: &KeyedRequest) -> Option<Place> {
        let name = (asked.caller.clone(), asked.key.clone());
        self.0.lock().insert(name.clone()).then(|| Place { of: self.clone(), name })
    }
}

/// Among the requests that are under way, until it is dropped.
struct Place {
    of: UnderWay,
    name: (String, String),
}

impl Drop for Place {
    fn drop(&mut self) {
        self.of.0.lock().remove(&self.name);
    }
}

/// Keeps the answer of what was done, and forgets the key of what was not.
async fn finish(
    ledger: &Ledger,
    asked: KeyedRequest,
    doing: tokio::task::JoinHandle<Response>,
) -> Result<Response, Problem> {
    let response = doing.await;
    let Ok(response) = response else {
        // It panicked, and changed nothing.
        ledger.forget_keyed_request(&asked)?;
        return Err(failed_inside());
    };
    if !response.status().is_success() {
        ledger.forget_keyed_request(&asked)?;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.map_err(|_| failed_inside())?;
    let location = parts.headers.get(header::LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let is_secret = parts.extensions.get::<Secret>().is_some();
    let kept = (!is_secret).then(|| body.to_vec());
    ledger.keep_answer(&asked, &StoredAnswer { status: parts.status.as_u16(), location, body: kept })?;
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
    let detail = "the first request with this Idempotency-Key is still under way; ask again in a moment";
    Problem::of_kind(StatusCode::CONFLICT, "request-under-way", "Still under way", detail)
}

fn another_request() -> Problem {
    let detail = "this Idempotency-Key stands for another request of yours; give each request a key of its own";
    Problem::of_kind(StatusCode::UNPROCESSABLE_ENTITY, "key-of-another-request", "Key of another request", detail)
}

fn outcome_unknown() -> Problem {
    let detail = "a request with this Idempotency-Key was begun by a process that ended before it answered, or that is \
                  still at it: it was done or it was not, and is not done again. Look how the account stands, and use \
                  another key for what is missing";
    Problem::of_kind(StatusCode::CONFLICT, "outcome-unknown", "Begun, and no answer on record", detail)
}

fn answer_not_kept() -> Problem {
    let detail = "this was done; its answer had a secret in it that is shown once. Withdraw what was made, and make \
                  another with another key";
    Problem::of_kind(StatusCode::CONFLICT, "answer-not-kept", "Done, and the answer is not kept", detail)
}

fn failed_inside() -> Problem {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "Dialguard failed inside; its log says more")
}

/// Says in the document which requests take a key.
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
    let description = "Your own name for this request, such as a UUID. A request that is sent again with its key within \
                       24 hours is not done again, and answered as it was (with `Idempotency-ReplayOutcome: true`). The same \
                       key for another request is refused (422), and so is one whose first request is under way (409). \
                       What was refused or failed may be tried again with its key.";
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

    /// A site with one route, which does something as often as it is let.
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

        /// Until a request is under way, whose key is on disk by then.
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
            .layer(axum::middleware::from_fn_with_state((site.clone(), UnderWay::default()), once))
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn while_the_first_is_under_way_the_second_has_to_wait() {
        let slow = Slow::new().await;
        let first = tokio::spawn(slow.asking("/slow"));
        slow.begun().await;
        assert_eq!(slow.ask("/slow").await, StatusCode::CONFLICT);
        slow.may.add_permits(1);
        assert_eq!(first.await.unwrap().status(), StatusCode::OK);
        assert_eq!((slow.ask("/slow").await, slow.done.load(SeqCst)), (StatusCode::OK, 1));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_goes_before_the_answer_finds_it_when_he_comes_back() {
        let slow = Slow::new().await;
        let first = tokio::spawn(slow.asking("/slow"));
        slow.begun().await;
        // As a connection is that breaks.
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
    async fn what_a_process_left_without_an_answer_is_not_done_again() {
        let mut slow = Slow::new().await;
        let first = tokio::spawn(slow.asking("/slow"));
        slow.begun().await;
        slow.restart();
        let told = slow.asking("/slow").await;
        assert_eq!(told.status(), StatusCode::CONFLICT);
        slow.may.add_permits(1);
        let told = axum::body::to_bytes(told.into_body(), 10_000).await.unwrap();
        assert!(String::from_utf8_lossy(&told).contains("outcome-unknown"), "{told:?}");
        assert_eq!(first.await.unwrap().status(), StatusCode::OK);
        assert_eq!(slow.done.load(SeqCst), 1);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_key_is_forgotten_after_a_day() {
        let slow = Slow::new().await;
        let asked = KeyedRequest { caller: "token dialer".into(), key: "one".into(), request: [7; 32] };
        let known = |now| slow.site.dialguard().ledger().begin_keyed_request(&asked, now).unwrap();
        assert_eq!([NOW, NOW + DAY - 1, NOW + DAY].map(known), [KeyState::New, KeyState::Unfinished, KeyState::New]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_request_that_panicked_frees_its_key() {
        let slow = Slow::new().await;
        assert_eq!(slow.ask("/panics").await, StatusCode::INTERNAL_SERVER_ERROR);
        slow.may.add_permits(1);
        assert_eq!(slow.ask("/slow").await, StatusCode::OK);
    }
}
