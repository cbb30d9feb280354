//! For monitoring: metrics for Prometheus, liveness and readiness.
//!
//! `/metrics` requires a token (or a session) with the role `read` for all accounts, because it covers all of them:
//! `dialguard tokens make prometheus`. `/healthz` and `/readyz` are public and reveal nothing secret.

use super::Site;
use super::address::METRICS_PATH;
use super::auth::Caller;
use super::problem::Problem;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use dialguard_dialer::access::Accounts;
use dialguard_dialer::metrics::MEDIA_TYPE;
use serde_json::json;
use std::time::Instant;

pub fn routes() -> Router<Site> {
    Router::new().route(METRICS_PATH, get(metrics)).route("/healthz", get(healthz)).route("/readyz", get(readyz))
}

async fn metrics(State(site): State<Site>, caller: Caller) -> Result<Response, Problem> {
    if caller.grant.accounts != Accounts::All {
        let detail = "metrics cover all accounts; use a token with the role `read` for all accounts";
        return Err(Problem::new(StatusCode::FORBIDDEN, detail));
    }
    Ok(([(header::CONTENT_TYPE, MEDIA_TYPE)], site.dialguard().figures()?).into_response())
}

/// The process responds.
async fn healthz() -> &'static str {
    "ok\n"
}

/// The ledger is readable and a policy is active. Names the part that is not ready.
async fn readyz(State(site): State<Site>) -> Response {
    let dialguard = site.dialguard();
    tokio::task::block_in_place(|| {
        let ledger = dialguard.ledger().policy_state().map(|_| ()).map_err(|error| error.to_string());
        let policy = dialguard.policies().live().map(|_| ()).map_err(|error| error.to_string());
        readiness(ledger, policy)
    })
}

/// The cause goes to the log only: such errors name directories of this machine.
fn readiness(ledger: Result<(), String>, policy: Result<(), String>) -> Response {
    let state = |part: &str, outcome: Result<(), String>| match outcome {
        Ok(()) => "ok",
        Err(error) => {
            tracing::warn!("not ready: {part}: {error}");
            "failed"
        }
    };
    let (ledger, policy) = (state("ledger", ledger), state("policy", policy));
    let ready = (ledger, policy) == ("ok", "ok");
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({"ready": ready, "ledger": ledger, "policy": policy}))).into_response()
}

/// Counts every request by its route pattern: account ids as labels would make a time series each.
pub async fn count(State(site): State<Site>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let route = request.extensions().get::<MatchedPath>().map_or("none".into(), |path| path.as_str().to_owned());
    let method = name(request.method());
    let response = next.run(request).await;
    site.dialguard().metrics().answered(&route, method, response.status().as_u16(), started.elapsed());
    response
}

/// Clients can invent methods, and each would be a time series.
fn name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn readiness_names_the_failed_part_but_not_the_cause() {
        let answer = readiness(Ok(()), Err("/var/lib/dialguard cannot be read".into()));
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        let body = axum::body::to_bytes(answer.into_body(), 1_000).await.unwrap();
        assert_eq!(body, r#"{"ready":false,"ledger":"ok","policy":"failed"}"#);
    }
}
