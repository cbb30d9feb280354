//! For whoever watches that Dialguard runs: figures for Prometheus, and whether it is up and ready.
//!
//! `/metrics` takes a token (or a session) with the role `read` over every account, for its figures are about all of
//! them: `dialguard tokens make prometheus`. `/healthz` and `/readyz` take none and tell nothing that is secret.

use super::Site;
use super::caller::Caller;
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
    Router::new().route("/metrics", get(metrics)).route("/healthz", get(healthz)).route("/readyz", get(readyz))
}

/// Whether programs ask here, who want a status and no sign-in page.
pub fn is_for_programs(path: &str) -> bool {
    path == "/metrics"
}

async fn metrics(State(site): State<Site>, caller: Caller) -> Result<Response, Problem> {
    if caller.grant.accounts != Accounts::All {
        let detail = "figures are about every account, and yours is a role over some; ask for a token over all";
        return Err(Problem::new(StatusCode::FORBIDDEN, detail));
    }
    Ok(([(header::CONTENT_TYPE, MEDIA_TYPE)], site.dialguard().figures()?).into_response())
}

/// The process answers.
async fn healthz() -> &'static str {
    "ok\n"
}

/// The ledger can be read, and a policy is there to decide; says which of them is not.
async fn readyz(State(site): State<Site>) -> Response {
    let dialguard = site.dialguard();
    tokio::task::block_in_place(|| {
        let ledger = dialguard.ledger().policy_state().map(|_| ()).map_err(|error| error.to_string());
        let policy = dialguard.policies().live().map(|_| ()).map_err(|error| error.to_string());
        readiness(ledger, policy)
    })
}

/// Why a part is not ready is for the log: such errors name folders of this machine.
fn readiness(ledger: Result<(), String>, policy: Result<(), String>) -> Response {
    let told = |part: &str, outcome: Result<(), String>| match outcome {
        Ok(()) => "ok",
        Err(error) => {
            tracing::warn!("not ready, for want of the {part}: {error}");
            "failed"
        }
    };
    let (ledger, policy) = (told("ledger", ledger), told("policy", policy));
    let ready = (ledger, policy) == ("ok", "ok");
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({"ready": ready, "ledger": ledger, "policy": policy}))).into_response()
}

/// Counts every request by the route that it took, whose parameters are left as they are: an account's id is no label.
pub async fn count(State(site): State<Site>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let route = request.extensions().get::<MatchedPath>().map_or("none".into(), |path| path.as_str().to_owned());
    let method = name(request.method());
    let answer = next.run(request).await;
    site.dialguard().metrics().answered(&route, method, answer.status().as_u16(), begun.elapsed());
    answer
}

/// Anybody can make up methods, and each would be a series.
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
    async fn what_is_not_ready_is_named_and_why_is_not_told() {
        let answer = readiness(Ok(()), Err("/var/lib/dialguard cannot be read".into()));
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        let body = axum::body::to_bytes(answer.into_body(), 1_000).await.unwrap();
        assert_eq!(body, r#"{"ready":false,"ledger":"ok","policy":"failed"}"#);
    }
}
