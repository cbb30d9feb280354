//! The dashboard: HTML rendered on the server. Scripts add convenience; every page works without them.

mod access;
mod account;
mod accounts;
mod activity;
mod alerts;
mod attention;
mod billing;
mod candidates;
mod clock;
mod close;
mod demo;
mod denied;
mod export;
mod form;
mod guide;
mod layout;
mod new_account;
mod orders;
mod picture;
mod policy;
mod pool;
mod program_activity;
mod review;
mod services;
mod settings;
mod setup;
mod sign_in;
mod welcome;

pub use account::Figures;
pub use demo::in_demo;
pub use layout::{bare, page, page_at, reading};

use super::Site;
use super::problem::Problem;
use super::query;
use crate::words::capital;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Router, middleware};
use maud::html;

pub fn routes(site: &Site) -> Router<Site> {
    Router::new()
        .merge(access::routes())
        .merge(accounts::routes())
        .merge(billing::routes())
        .merge(account::routes())
        .merge(candidates::routes())
        .merge(activity::routes())
        .merge(clock::routes())
        .merge(close::routes())
        .merge(export::routes())
        .merge(new_account::routes())
        .merge(guide::routes())
        .merge(policy::routes())
        .merge(pool::routes())
        .merge(program_activity::routes())
        .merge(settings::routes())
        .merge(review::routes())
        .merge(services::routes())
        .merge(alerts::routes())
        .merge(orders::routes())
        .merge(sign_in::routes())
        .merge(welcome::routes())
        .route_layer(middleware::from_fn(query::ensure_of_page))
        .route_layer(middleware::from_fn_with_state(site.clone(), attention::within))
}

/// A problem, shown as a page.
pub struct Failed(pub Problem);

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let Failed(problem) = self;
        let content = html! {
            h1 { (problem.title()) }
            p { (layout::told(&problem.detail)) }
            @if let Some(hint) = problem.dashboard_hint() {
                p { (capital(hint)) "." }
            }
            p { a href="/" { "Back to accounts" } }
        };
        (problem.status(), bare(&problem.title(), content)).into_response()
    }
}

impl<E: Into<Problem>> From<E> for Failed {
    fn from(error: E) -> Self {
        Failed(error.into())
    }
}

/// The fallback for unknown paths.
pub async fn not_found() -> Failed {
    Failed(Problem::new(StatusCode::NOT_FOUND, "This page does not exist."))
}
