//! The dashboard: HTML rendered on the server. Scripts add convenience; every page works without them.

mod account;
mod accounts;
mod activity;
mod alerts;
mod candidates;
mod clock;
mod denied;
mod layout;
mod orders;
mod policy;
mod review;
mod settings;
mod sign_in;

pub use account::Figures;
pub use layout::{bare, page};

use super::Site;
use super::problem::Problem;
use crate::web::address::ensure_text;
use crate::words::capital;
use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Query;
use maud::html;
use serde::de::DeserializeOwned;

pub fn routes() -> Router<Site> {
    Router::new()
        .merge(accounts::routes())
        .merge(account::routes())
        .merge(candidates::routes())
        .merge(activity::routes())
        .merge(clock::routes())
        .merge(policy::routes())
        .merge(settings::routes())
        .merge(review::routes())
        .merge(alerts::routes())
        .merge(orders::routes())
        .merge(sign_in::routes())
}

/// A problem, shown as a page.
pub struct Failed(pub Problem);

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let Failed(problem) = self;
        let content = html! {
            h1 { (problem.title()) }
            p { (problem.detail) }
            @if let Some(hint) = problem.dashboard_hint() {
                p { (capital(hint)) "." }
            }
            p { a href="/" { "Back to accounts" } }
        };
        (problem.status(), bare(problem.title(), content)).into_response()
    }
}

impl<E: Into<Problem>> From<E> for Failed {
    fn from(error: E) -> Self {
        Failed(error.into())
    }
}

/// The query of a page. What is misspelled is a problem, because a filter that is ignored shows everything.
pub struct PageQuery<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for PageQuery<T> {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failed> {
        ensure_text(parts.uri.query())?;
        let read = Query::<T>::from_request_parts(parts, state).await;
        read.map(|Query(query)| PageQuery(query))
            .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, error.to_string()).into())
    }
}

/// The fallback for unknown paths.
pub async fn not_found() -> Failed {
    Failed(Problem::new(StatusCode::NOT_FOUND, "This page does not exist."))
}
