//! How requests can fail, described once for every route.

use crate::web::problem::Problem;
use std::collections::BTreeMap;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{IntoResponses, ToSchema};

/// How any request can fail.
pub struct Failures;

/// How a request with a body, or one that changes something, can fail.
pub struct ChangeFailures;

const FAILURES: [(u16, &str); 7] = [
    (400, "The path, the query, a header or the body is malformed"),
    (401, "No token or session, or an invalid or expired one"),
    (403, "The caller's role does not allow this, or the request comes from another site's page"),
    (404, "It does not exist, or the caller may not see it"),
    (409, "The current state does not allow this; the detail says why"),
    (500, "Internal error; nothing was changed"),
    (503, "Not available right now, or too many requests of the caller are in progress; try again later"),
];

const CHANGE_FAILURES: [(u16, &str); 4] = [
    (408, "The body stopped arriving, or arrived too slowly"),
    (413, "The body is too large"), // `limits::describe` says how large it may be.
    (415, "The body is not of the media type above"),
    (422, "A field of the body is missing, unknown or has a value that is refused, such as a list that is too long"),
];

impl IntoResponses for Failures {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        FAILURES.into_iter().map(problem).collect()
    }
}

impl IntoResponses for ChangeFailures {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        FAILURES.into_iter().chain(CHANGE_FAILURES).map(problem).collect()
    }
}

fn problem((status, description): (u16, &str)) -> (String, RefOr<Response>) {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(Problem::name()))).build();
    let response = ResponseBuilder::new().description(description).content("application/problem+json", content);
    (status.to_string(), response.build().into())
}
