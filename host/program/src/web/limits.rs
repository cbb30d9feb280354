//! What one request may take: the bytes of its address, its headers and its body, and how long its sender may keep the
//! server waiting. Every route has a limit: those that [`body_bytes_max`] does not name have the smallest.

use super::Site;
use super::address::is_for_programs;
use super::pages::Failed;
use super::problem::Problem;
use super::server::patience::Patience;
use crate::words::capital;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hyper::body::{Frame, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll};
use utoipa::openapi::{OpenApi, RefOr};

/// The body of any route that says nothing else, in bytes: a form of a page or a JSON object, each with a few dozen
/// fields. The longest is a list of all area codes to buy in, which has 5 KiB.
pub const BODY_BYTES_MAX: usize = 16 << 10;

/// Signing in, which strangers may do: a name, a password and an address to go to, percent-encoded, have 5 KiB.
pub const SIGN_IN_BYTES_MAX: usize = 6 << 10;

/// An account's settings, of which the policy's own may have 64 KiB: in JSON with some of it escaped, or in the form that
/// has them as lines.
pub const SETTINGS_BYTES_MAX: usize = 256 << 10;

/// Numbers selected on a page, or the accounts of a user. A page has 50 numbers, and a form of another program may have
/// thousands; a user may have 1,000 accounts.
pub const SELECTION_BYTES_MAX: usize = 256 << 10;

/// The 10,000 numbers of one request to the policy, in JSON: 21 bytes each, and 52 if it is indented.
pub const NUMBERS_BYTES_MAX: usize = 512 << 10;

/// How calls went in 10,000 hours of numbers, in JSON: 110 bytes each, and 200 if it is indented.
pub const CALLS_BYTES_MAX: usize = 2 << 20;

/// A file of numbers or of calls, or a list of numbers to import. 100,000 rows have 2 MB.
pub const FILE_BYTES_MAX: usize = 8 << 20;

/// A file in a form with its other fields, whose boundaries are the browser's.
pub const UPLOAD_BYTES_MAX: usize = FILE_BYTES_MAX + BODY_BYTES_MAX;

/// The path and the query of a request. A search with all filters has less than 200 bytes.
pub const ADDRESS_BYTES_MAX: usize = 4 << 10;

/// How to read an uploaded file, as a query: the name of a column, above all.
pub const READING_BYTES_MAX: usize = 2 << 10;

/// Where to go after signing in. Longer addresses of pages are forgotten.
pub const NEXT_BYTES_MAX: usize = 512;

/// The first line and the headers of a request together. Proxies allow 8 KiB to 32 KiB.
pub const HEADER_BYTES_MAX: usize = 16 << 10;

/// The headers of a request. Browsers send about 20, and proxies add a few.
pub const HEADERS_MAX: usize = 64;

/// The bytes of a body that a route takes, at most, by its pattern in the router.
pub fn body_bytes_max(method: &Method, route: &str) -> usize {
    match route {
        "/api/v1/accounts/{account}" if *method == Method::PATCH => SETTINGS_BYTES_MAX,
        _ if *method != Method::POST => BODY_BYTES_MAX,
        "/sign-in" | "/welcome" | "/join" => SIGN_IN_BYTES_MAX,
        "/api/v1/accounts"
        | "/api/v1/accounts/{account}/try"
        | "/accounts/{account}/settings"
        | "/accounts/{account}/settings/effect" => SETTINGS_BYTES_MAX,
        "/accounts/{account}/ask" | "/accounts/{account}/act" => SELECTION_BYTES_MAX,
        "/users" | "/users/{user}" | "/invites" | "/tokens" => SELECTION_BYTES_MAX,
        "/accounts/{account}/import" | "/accounts/{account}/calls" | "/accounts/{account}/screen" => UPLOAD_BYTES_MAX,
        "/api/v1/accounts/{account}/calls" => CALLS_BYTES_MAX,
        "/api/v1/accounts/{account}/requests"
        | "/api/v1/accounts/{account}/requests/try"
        | "/api/v1/accounts/{account}/screen"
        | "/api/v1/accounts/{account}/screen/try" => NUMBERS_BYTES_MAX,
        "/api/v1/accounts/{account}/numbers"
        | "/api/v1/accounts/{account}/numbers/import"
        | "/api/v1/accounts/{account}/numbers/import/refused" => FILE_BYTES_MAX,
        _ => BODY_BYTES_MAX,
    }
}

/// Says in the document how large the body of each request may be.
pub fn describe(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        let changing = [
            (Method::POST, &mut item.post),
            (Method::PUT, &mut item.put),
            (Method::PATCH, &mut item.patch),
            (Method::DELETE, &mut item.delete),
        ];
        for (method, operation) in changing {
            let Some(operation) = operation else { continue };
            if let Some(RefOr::T(response)) = operation.responses.responses.get_mut("413") {
                response.description = capital(&too_large(body_bytes_max(&method, path)).detail);
            }
        }
    }
}

/// Refuses what is too large, before anything is read of it if its size is known, and what stops arriving.
pub async fn ensure(
    State(site): State<Site>,
    route: Option<MatchedPath>,
    mut request: Request,
    next: Next,
) -> Response {
    let is_program = is_for_programs(request.uri().path());
    if request.uri().path_and_query().is_some_and(|address| address.as_str().len() > ADDRESS_BYTES_MAX) {
        let detail = format!("the path and the query have more than {ADDRESS_BYTES_MAX} bytes");
        return refused(Problem::new(StatusCode::URI_TOO_LONG, detail), is_program);
    }
    let bytes_max = body_bytes_max(request.method(), route.as_ref().map_or("", MatchedPath::as_str));
    if request.body().size_hint().lower() > bytes_max as u64 {
        return refused(too_large(bytes_max), is_program);
    }
    DefaultBodyLimit::max(bytes_max).apply(&mut request);
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let has_stopped = Arc::new(AtomicBool::new(false));
    let patience = Patience::new(site.0.settings.connections.stall_time);
    let request = request.map(|body| Body::new(Arriving { body, patience, has_stopped: has_stopped.clone() }));
    let response = next.run(request).await;
    if has_stopped.load(Relaxed) {
        return refused(too_slow(), is_program);
    }
    if response.status() == StatusCode::PAYLOAD_TOO_LARGE && is_plain(&response) {
        return refused(too_large(bytes_max), is_program);
    }
    response
}

/// Whether it comes from a reader of the body, and not from a page or a route.
fn is_plain(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"))
}

fn refused(problem: Problem, is_program: bool) -> Response {
    let mut response = if is_program { problem.into_response() } else { Failed(problem).into_response() };
    // What is left of the body is not read.
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

fn too_large(bytes_max: usize) -> Problem {
    let detail = format!("the body has more than {bytes_max} bytes");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
}

fn too_slow() -> Problem {
    Problem::new(StatusCode::REQUEST_TIMEOUT, "the body stopped arriving, or arrived too slowly")
}

/// A body that fails once its sender has had enough time.
struct Arriving {
    body: Body,
    patience: Patience,
    has_stopped: Arc<AtomicBool>,
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(frame) => {
                let data = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref());
                self.patience.moved(data.map_or(0, Bytes::len));
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
            Poll::Pending => self.patience.poll_exhausted(cx).map(|()| {
                self.has_stopped.store(true, Relaxed);
                Some(Err("the body stopped arriving".into()))
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
