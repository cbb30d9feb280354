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
        let (title, sentences) = failure_in_words(&problem);
        let content = html! {
            h1 { (title) }
            @for sentence in &sentences { p { (layout::told(sentence)) } }
            p { a.button.first href="/" { "Go to accounts" } " " a href="/guide" { "Guide" } }
        };
        (problem.status(), bare(title, content)).into_response()
    }
}

/// What happened, and what to do, for a person: the words that programs get name fields, paths and requests.
fn failure_in_words(problem: &Problem) -> (&'static str, Vec<String>) {
    let detail = problem.detail.trim_end_matches('.');
    let why = |field: &str| detail.strip_prefix(field).and_then(|rest| rest.strip_prefix(": "));
    let said = || match problem.field.as_deref().and_then(|field| Some((field, why(field)?))) {
        Some((field, why)) => format!("“{field}” does not fit: {why}."),
        None => format!("{}.", capital(detail)),
    };
    let next = problem.dashboard_hint().map(|hint| format!("{}.", capital(hint)));
    let (title, mut sentences): (_, Vec<String>) = match problem.status() {
        StatusCode::NOT_FOUND => {
            ("Not found", vec![said(), "It may have been removed, or the address has a mistake.".into()])
        }
        StatusCode::FORBIDDEN => {
            ("Not allowed", vec![said(), "An administrator of Dialguard can give you a role that allows it.".into()])
        }
        StatusCode::TOO_MANY_REQUESTS => ("Too many requests", vec![said(), "Wait a minute and try again.".into()]),
        StatusCode::SERVICE_UNAVAILABLE => ("Not available now", vec![said(), "Try again in a minute.".into()]),
        status if status.is_server_error() => {
            ("Something went wrong", vec![said(), "If it happens again, the log of the server says more.".into()])
        }
        StatusCode::CONFLICT => ("Not possible now", vec![said()]),
        _ => ("Not understood", vec![said(), "Nothing was changed. Go back, correct it and try again.".into()]),
    };
    sentences.extend(next);
    (title, sentences)
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
