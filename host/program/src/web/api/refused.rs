//! How requests can fail, said once for every route.

use crate::web::problem::Problem;
use std::collections::BTreeMap;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{IntoResponses, ToSchema};

/// How any request can fail.
pub struct Refused;

/// How one can fail that brings a body along, or changes something.
pub struct ChangeRefused;

const REFUSED: [(u16, &str); 7] = [
    (400, "Something in the path, the query, a header or the body cannot be read"),
    (401, "No token and no session, or one that has ended"),
    (403, "The caller's role does not reach so far, or the request comes from another site's page"),
    (404, "There is no such thing, or none that the caller may know of"),
    (409, "Something stands against it as things are now; the detail says what"),
    (500, "Dialguard failed inside; nothing of this was done"),
    (503, "Not possible right now, and worth another try: what is asked for does not answer"),
];

const CHANGE_REFUSED: [(u16, &str); 3] = [
    (413, "The body is larger than 8 MiB"),
    (415, "The body is no `application/json`"),
    (422, "The body does not have the fields that it should, or a value that is refused"),
];

impl IntoResponses for Refused {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        REFUSED.into_iter().map(problem).collect()
    }
}

impl IntoResponses for ChangeRefused {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        REFUSED.into_iter().chain(CHANGE_REFUSED).map(problem).collect()
    }
}

fn problem((status, description): (u16, &str)) -> (String, RefOr<Response>) {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(Problem::name()))).build();
    let response = ResponseBuilder::new().description(description).content("application/problem+json", content);
    (status.to_string(), response.build().into())
}
