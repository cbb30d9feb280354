//! Query strings. Nothing in them is ignored: what the server does not understand may be the very part that limits a
//! request, such as a filter whose name is misspelled before everything that matches is deleted.

use super::pages::Failed;
use super::problem::plain::wrong_query;
use super::problem::{Kind, Problem};
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::Method;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::sync::Arc;
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::{OpenApi, RefOr};

/// The query of a page. `T` denies unknown fields; its handler's path is one of [`PAGES`].
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failed> {
        let read = axum_extra::extract::Query::<T>::from_request_parts(parts, state).await;
        read.map(|query| Query(query.0)).map_err(|error| Failed(unreadable(&error.body_text())))
    }
}

/// What is wrong with a query, by the text of its parser.
pub fn unreadable(error: &str) -> Problem {
    Problem::unreadable(Kind::InvalidParameter, wrong_query(error))
}

/// The pages that read a query, each with [`Query`].
const PAGES: [&str; 25] = [
    "/accounts/{account}",
    "/accounts/{account}/activity",
    "/accounts/{account}/activity.csv",
    "/accounts/{account}/add-on",
    "/accounts/{account}/billing",
    "/accounts/{account}/billing.csv",
    "/accounts/{account}/buying",
    "/accounts/{account}/calls/{upload}",
    "/accounts/{account}/calls/{upload}/refused.csv",
    "/accounts/{account}/candidates",
    "/accounts/{account}/import/{upload}",
    "/accounts/{account}/import/{upload}/refused.csv",
    "/accounts/{account}/numbers.csv",
    "/accounts/{account}/orders",
    "/accounts/{account}/policy/{act}",
    "/accounts/{account}/pool",
    "/accounts/{account}/screen/{upload}",
    "/accounts/{account}/screen/{upload}/refused.csv",
    "/accounts/{account}/settings",
    "/activity",
    "/add-provider",
    "/add-source",
    "/join",
    "/sign-in",
    "/welcome",
];

/// Refuses a query that cannot be decoded, and any for a page that reads none.
pub async fn ensure_of_page(path: MatchedPath, request: Request, next: Next) -> Response {
    let reads = *request.method() == Method::GET && PAGES.contains(&path.as_str());
    let checked = names(&request).and_then(|names| match names.first() {
        Some(name) if !reads => Err(unknown(name)),
        _ => Ok(()),
    });
    match checked {
        Ok(()) => next.run(request).await,
        Err(problem) => Failed(problem).into_response(),
    }
}

/// The parameters of each operation of the API, as its document has them.
#[derive(Clone)]
pub struct Documented(Arc<HashMap<(String, Method), Vec<String>>>);

impl Documented {
    pub fn of(document: &OpenApi) -> Self {
        let operations = document.paths.paths.iter().flat_map(|(path, item)| {
            operations(item).into_iter().map(|(method, operation)| ((path.clone(), method), parameters(operation)))
        });
        Documented(Arc::new(operations.collect()))
    }

    fn check(&self, path: MatchedPath, request: &Request) -> Result<(), Problem> {
        let method = if request.method() == Method::HEAD { Method::GET } else { request.method().clone() };
        let known = self.0.get(&(path.as_str().to_owned(), method)).map_or(&[][..], Vec::as_slice);
        names(request)?.into_iter().find(|name| !known.contains(name)).map_or(Ok(()), |name| Err(unknown(&name)))
    }
}

fn operations(item: &PathItem) -> Vec<(Method, &Operation)> {
    let all = [
        (Method::GET, &item.get),
        (Method::POST, &item.post),
        (Method::PUT, &item.put),
        (Method::PATCH, &item.patch),
        (Method::DELETE, &item.delete),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_ref()?))).collect()
}

fn parameters(operation: &Operation) -> Vec<String> {
    let all = operation.parameters.iter().flatten();
    let in_query = all.filter_map(|parameter| match parameter {
        RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query => Some(parameter.name.clone()),
        _ => None,
    });
    in_query.collect()
}

/// Refuses a query that cannot be decoded, and parameters that the document does not have.
pub async fn ensure_documented(
    State(documented): State<Documented>,
    path: MatchedPath,
    request: Request,
    next: Next,
) -> Response {
    match documented.check(path, &request) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// The names in a request's query, whose values can be decoded too.
fn names(request: &Request) -> Result<Vec<String>, Problem> {
    let query = request.uri().query().unwrap_or_default();
    let decoded: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).collect();
    let is_text = |text: &str| !text.contains(char::REPLACEMENT_CHARACTER);
    match is_percent_encoded(query) && decoded.iter().all(|(name, value)| is_text(name) && is_text(value)) {
        true => Ok(decoded.into_iter().map(|(name, _)| name.into_owned()).collect()),
        false => Err(Problem::of(Kind::BadRequest, "the query is not percent-encoded UTF-8")),
    }
}

/// Whether two hexadecimal digits follow each percent sign: the url crate takes others for plain text.
fn is_percent_encoded(query: &str) -> bool {
    let is_code = |code: &[u8]| code.iter().all(u8::is_ascii_hexdigit);
    query.split('%').skip(1).all(|after| after.as_bytes().get(..2).is_some_and(is_code))
}

fn unknown(name: &str) -> Problem {
    Problem::of(Kind::InvalidParameter, format!("there is no parameter {name:?} here")).at(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_percent_encoded_utf_8() {
        let names = |query: &str| {
            let request = Request::builder().uri(format!("/?{query}")).body(axum::body::Body::empty()).unwrap();
            super::names(&request)
        };
        for (query, expected) in
            [("", &[][..]), ("a=1&b", &["a", "b"]), ("%2B1+310=", &["+1 310"]), ("q=%C3%A9", &["q"])]
        {
            assert_eq!(names(query).unwrap(), expected, "{query}");
        }
        for text in ["%FF", "%", "%2", "%zz", "%+1", "%C3", "%C3%28", "a%ED%A0%80"] {
            assert!(names(text).is_err() && names(&format!("q={text}")).is_err(), "{text}");
        }
    }
}
