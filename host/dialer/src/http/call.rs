//! One request to a service, and its answer.

use super::{ServiceError, WORDS_MAX};
use reqwest::{Client, Method, RequestBuilder};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

/// A request, as often as it is made.
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

/// A service's answer whose status says that it did what was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// The HTTP status, 2xx.
    pub status: u16,
    /// The body; null where it is empty.
    pub body: Value,
}

impl Call {
    /// Reads what lies at these segments of a path, which are escaped, below the base URL.
    pub fn get(path: &[&str]) -> Self {
        Call::new(Method::GET, path)
    }

    /// Posts to that path.
    pub fn post(path: &[&str]) -> Self {
        Call::new(Method::POST, path)
    }

    /// Changes parts of what is there.
    pub fn patch(path: &[&str]) -> Self {
        Call::new(Method::PATCH, path)
    }

    /// Deletes what is there.
    pub fn delete(path: &[&str]) -> Self {
        Call::new(Method::DELETE, path)
    }

    fn new(method: Method, path: &[&str]) -> Self {
        let path = path.iter().map(|segment| (*segment).to_owned()).collect();
        Call { method, path, query: Vec::new(), body: Body::None }
    }

    /// With a parameter in the query.
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.query.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a form.
    pub fn form(mut self, fields: &[(&str, &str)]) -> Self {
        self.body = Body::Form(fields.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect());
        self
    }

    /// With JSON.
    pub fn json(mut self, value: Value) -> Self {
        self.body = Body::Json(value);
        self
    }

    /// Whether it changes nothing, so that it may be made again whatever became of it.
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

impl Answered {
    /// The body in the form that the service's interface gives it; else it is nonsense.
    pub fn read<T: DeserializeOwned>(self) -> Result<T, ServiceError> {
        serde_json::from_value(self.body).map_err(|error| {
            // Bounded, for it quotes what it found.
            let what: String = error.to_string().chars().take(WORDS_MAX).collect();
            ServiceError::Nonsense(format!("JSON of another form than its interface has ({what})"))
        })
    }
}
