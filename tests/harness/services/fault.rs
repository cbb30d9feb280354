//! The faults of fake services.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::io;
use std::time::Duration;
use tokio_stream::wrappers::ReceiverStream;

/// A fault of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Accepts the request and never responds.
    NoAnswer,
    /// Responds after the client's time limit.
    LateAnswer,
    /// 429 without headers.
    TooMany,
    /// 429, with the seconds to wait in `Retry-After`.
    TooManyFor(u64),
    /// 429, with the seconds to wait in `x-ratelimit-reset`.
    TooManyUntil(u64),
    /// 500 with JSON.
    ServerError,
    /// Closes the connection in the middle of the body.
    Reset,
    /// The first half of the body, as a complete response.
    HalfABody,
    /// The whole body twice.
    Twice,
    /// One byte of the body at a time, without end.
    Drip,
    /// 200 with an HTML page.
    Html,
    /// 503 with an HTML page.
    HtmlUnavailable,
    /// A valid response about another number.
    AnotherNumber,
    /// A body of 10 MB.
    TenMegabytes,
    /// 302 to another host.
    Redirect,
    /// A score of 900, which is not documented.
    Score900,
    /// This status, and an error that quotes the secret of the request.
    Status(u16),
}

/// The response with the fault. If the fault is in the contents, `whole` has it already.
pub async fn spoilt(fault: Option<Fault>, status: StatusCode, whole: String, asked: &HeaderMap) -> Response {
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
        Fault::HtmlUnavailable => {
            (StatusCode::SERVICE_UNAVAILABLE, [("content-type", "text/html")], "<!DOCTYPE html><h1>503</h1>")
                .into_response()
        }
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
