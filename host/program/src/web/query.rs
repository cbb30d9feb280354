//! Query strings. Nothing in them is ignored: what the server does not understand may be the very part that limits a
//! request, such as a filter whose name is misspelled before everything that matches is deleted.

use super::pages::Failed;
use super::problem::Problem;
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
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

/// What is wrong with a query, in the words of its types.
pub fn unreadable(error: &str) -> Problem {
    bad_request(error.strip_prefix("Failed to deserialize query string: ").unwrap_or(error))
}

/// The pages that read a query, each with [`Query`].
const PAGES: [&str; 13] = [
    "/accounts/{account}",
    "/accounts/{account}/activity",
    "/accounts/{account}/activity.csv",
    "/accounts/{account}/add-on",
    "/accounts/{account}/ask",
    "/accounts/{account}/buying",
    "/accounts/{account}/candidates",
    "/accounts/{account}/import/{upload}",
    "/accounts/{account}/import/{upload}/refused.csv",
    "/accounts/{account}/numbers.csv",
    "/accounts/{account}/policy/{act}",
    "/accounts/{account}/settings",
    "/sign-in",
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
    let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.map(|(name, value)| decoded(value).and_then(|_| decoded(name))).collect()
}

/// As in a form: percent-encoded UTF-8, with `+` for a blank.
fn decoded(text: &str) -> Result<String, Problem> {
    let wrong = || bad_request(format!("the query has {text:?}, which is not percent-encoded UTF-8"));
    let blanks = text.replace('+', " ");
    let (first, rest) = blanks.split_once('%').map_or((blanks.as_str(), None), |(first, rest)| (first, Some(rest)));
    let mut bytes = first.as_bytes().to_vec();
    for encoded in rest.into_iter().flat_map(|rest| rest.split('%')) {
        let (code, plain) = encoded.split_at_checked(2).ok_or_else(wrong)?;
        let is_hex = code.bytes().all(|digit| digit.is_ascii_hexdigit());
        bytes.push(u8::from_str_radix(code, 16).ok().filter(|_| is_hex).ok_or_else(wrong)?);
        bytes.extend(plain.bytes());
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}

fn unknown(name: &str) -> Problem {
    bad_request(format!("there is no parameter {name:?} here"))
}

fn bad_request(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_percent_encoded_utf_8() {
        for (text, plain) in [("", ""), ("310-555", "310-555"), ("%2B1+310", "+1 310"), ("%C3%A9", "é"), ("é", "é")]
        {
            assert_eq!(decoded(text).unwrap(), plain, "{text}");
        }
        for text in ["%FF", "%", "%2", "%zz", "%+1", "%C3", "%C3%28", "a%ED%A0%80", "%é"] {
            assert!(decoded(text).is_err(), "{text}");
        }
    }
}
