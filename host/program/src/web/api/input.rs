//! The parts of a request, parsed at the border: what cannot be parsed is a problem that says where.

use crate::json::E164;
use crate::web::problem::plain::{wrong_body, wrong_path};
use crate::web::problem::{Kind, Problem};
use crate::web::query;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Why a body that fits cannot be read.
pub(super) const BODY_LOST: &str = "the body could not be read to its end";

/// The body, as JSON.
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let read = Json::<T>::from_request(request, state).await;
        read.map(|Json(body)| Body(body)).map_err(|error| {
            // JSON that says something else than the route expects is a field's problem, the rest is HTTP's.
            Problem::unreadable(Kind::from(error.status()), wrong_body(&error))
        })
    }
}

/// The body as a file of any type but those that wrap a file.
pub struct FileBody(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for FileBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if kind == "multipart/form-data" || kind == "application/json" {
            let detail = format!("the body is {kind}, and not a file such as text/csv");
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail).with_hint(
                "send the file itself: `curl --data-binary @numbers.csv`; a list of numbers in JSON goes to \
                 `POST /api/v1/accounts/{account}/numbers`",
            ));
        }
        let read = Bytes::from_request(request, state).await;
        read.map(FileBody).map_err(|error| Problem::new(error.status(), BODY_LOST))
    }
}

/// The query.
pub struct QueryParams<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for QueryParams<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        // Unlike a page's form, a program leaves out what it has no value for: an empty one is refused.
        let read = Query::<T>::from_request_parts(parts, state).await;
        read.map(|Query(params)| QueryParams(params)).map_err(|error| query::unreadable(&error.body_text()))
    }
}

/// The parameters in the path.
pub struct PathParams<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for PathParams<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = Path::<T>::from_request_parts(parts, state).await;
        read.map(|Path(params)| PathParams(params))
            .map_err(|error| Problem::unreadable(Kind::InvalidParameter, wrong_path(&error)))
    }
}

/// The account in the path, for the OpenAPI document; the handler reads it by [`OfAccount`](crate::web::auth::OfAccount).
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code)]
pub struct InAccount {
    /// The dialer's own name for the account.
    #[param(example = "acme")]
    account: String,
}

/// The most elements of a page.
pub const LIMIT_MAX: u32 = 1_000;

/// How many elements to list: 1 to 1,000, default 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u32")]
pub struct Limit(pub u32);

impl Default for Limit {
    fn default() -> Self {
        Limit(100)
    }
}

impl TryFrom<u32> for Limit {
    type Error = String;

    fn try_from(limit: u32) -> Result<Self, String> {
        if (1..=LIMIT_MAX).contains(&limit) {
            Ok(Limit(limit))
        } else {
            Err(format!("give a limit of 1 to {LIMIT_MAX}"))
        }
    }
}

/// A `+` that was not written as `%2B` arrives as a blank.
pub fn number_in_query<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<E164>, D::Error> {
    let text = String::deserialize(deserializer)?;
    E164::try_from(text.replacen(' ', "+", 1)).map(Some).map_err(serde::de::Error::custom)
}

/// The number of a run, an event or a revision, as the database assigns them: up to 2^63 - 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "u64")]
pub struct SerialNumber(pub u64);

impl TryFrom<u64> for SerialNumber {
    type Error = String;

    fn try_from(number: u64) -> Result<Self, String> {
        if i64::try_from(number).is_ok() { Ok(SerialNumber(number)) } else { Err(format!("{number} is out of range")) }
    }
}

/// Which part of a list to return.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Part {
    /// The most to list.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 1000, default = 100)]
    pub limit: Limit,
    /// `next` of the part before; the start of the list if missing.
    pub after: Option<String>,
}

/// Which part of a list of numbered elements to return.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NumberedPart {
    /// The most to list.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 1000, default = 100)]
    pub limit: Limit,
    /// `next` of the part before; the start of the list if missing.
    #[serde(default)]
    #[param(value_type = i64, minimum = 0)]
    pub after: SerialNumber,
}

/// Part of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// At most `limit` elements.
    pub items: Vec<T>,
    /// To be given as `after` for the rest; null at the end of the list.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// The first of these, and the name of the last of them if there are more.
    pub fn of(all: impl IntoIterator<Item = T>, limit: Limit, name: impl Fn(&T) -> String) -> Self {
        let mut all = all.into_iter();
        let items: Vec<T> = all.by_ref().take(limit.0 as usize).collect();
        let next = all.next().and_then(|_| items.last().map(name));
        Page { items, next }
    }

    /// Each element as something else.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), next: self.next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_but_the_last_says_where_the_rest_begins() {
        let page = |count: u32| Page::of(1..=count, Limit(3), u32::to_string);
        assert_eq!((page(2).items, page(2).next), (vec![1, 2], None));
        assert_eq!((page(3).items, page(3).next), (vec![1, 2, 3], None));
        assert_eq!((page(4).items, page(4).next), (vec![1, 2, 3], Some("3".into())));
        assert_eq!((page(0).items, page(0).next), (vec![], None));
    }
}
