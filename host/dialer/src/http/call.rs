//! One request to a service, and its response.

use super::{MESSAGE_CHARACTERS_MAX, ServiceError};
use reqwest::{Client, Method, RequestBuilder};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

/// A request, which may be sent several times.
#[derive(Debug, Clone)]
pub struct Call {
    method: Method,
    path: Vec<String>,
    query: Vec<(String, String)>,
    body: Body,
}

#[derive(Debug, Clone)]
enum Body {
    None,
    Form(Vec<(String, String)>),
    Json(Value),
}

/// A successful response.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceResponse {
    /// The HTTP status, 2xx.
    pub status: u16,
    /// The body; null if it is empty.
    pub body: Value,
}

impl Call {
    /// A `GET` of these path segments below the base URL. They are escaped.
    pub fn get(path: &[&str]) -> Self {
        Call::new(Method::GET, path)
    }

    /// A `POST` to that path.
    pub fn post(path: &[&str]) -> Self {
        Call::new(Method::POST, path)
    }

    /// A `PATCH` of that path.
    pub fn patch(path: &[&str]) -> Self {
        Call::new(Method::PATCH, path)
    }

    /// A `DELETE` of that path.
    pub fn delete(path: &[&str]) -> Self {
        Call::new(Method::DELETE, path)
    }

    fn new(method: Method, path: &[&str]) -> Self {
        let path = path.iter().map(|segment| (*segment).to_owned()).collect();
        Call { method, path, query: Vec::new(), body: Body::None }
    }

    /// Adds a query parameter.
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.query.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets a form as the body.
    pub fn form(mut self, fields: &[(&str, &str)]) -> Self {
        self.body = Body::Form(fields.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect());
        self
    }

    /// Sets JSON as the body.
    pub fn json(mut self, value: Value) -> Self {
        self.body = Body::Json(value);
        self
    }

    /// Whether it changes nothing, so that it may be repeated whatever the outcome.
    pub fn only_reads(&self) -> bool {
        self.method == Method::GET
    }

    pub(super) fn request(&self, client: &Client, base: &Url) -> RequestBuilder {
        let mut url = base.clone();
        url.path_segments_mut().expect("a base URL has a path").pop_if_empty().extend(&self.path);
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        let request = client.request(self.method.clone(), url);
        match &self.body {
            Body::None => request,
            Body::Form(fields) => request.form(fields),
            Body::Json(value) => request.json(value),
        }
    }
}

impl ServiceResponse {
    /// The body as the type that the service documents.
    pub fn read<T: DeserializeOwned>(self) -> Result<T, ServiceError> {
        serde_json::from_value(self.body).map_err(|error| {
            // Bounded, because the error quotes the body.
            let what: String = error.to_string().chars().take(MESSAGE_CHARACTERS_MAX).collect();
            ServiceError::InvalidResponse(format!("unexpected JSON ({what})"))
        })
    }
}
