//! How a denied request is answered.

use super::Failed;
use crate::web::address::is_for_programs;
use crate::web::auth::Denied;
use crate::web::limits::NEXT_BYTES_MAX;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

impl IntoResponse for Denied {
    fn into_response(self) -> Response {
        let Denied { problem, method, uri } = self;
        if is_for_programs(uri.path()) {
            return problem.into_response();
        }
        if problem.status() != StatusCode::UNAUTHORIZED {
            return Failed(problem).into_response();
        }
        let next = uri.path_and_query().map_or("/", |path| path.as_str());
        // Signing in leads to a page, and does not repeat what was submitted.
        let next = if method.is_safe() && next.len() <= NEXT_BYTES_MAX { next } else { "/" };
        let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
        Redirect::to(&format!("/sign-in?next={next}")).into_response()
    }
}
