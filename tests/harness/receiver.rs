//! A webhook receiver for tests.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// How a receiver answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    Status(u16),
    /// Elsewhere on the same receiver.
    Redirect,
    /// This status and an endless body.
    Endless(u16),
    /// Never answers.
    Nothing,
}

/// A message as it arrived.
#[derive(Debug, Clone)]
pub struct Message {
    pub path: String,
    pub id: String,
    pub timestamp: i64,
    pub signature: String,
    pub body: String,
}

/// A webhook receiver in this process.
#[derive(Clone)]
pub struct Receiver {
    pub address: SocketAddr,
    answers: Arc<Mutex<Answers>>,
    messages: Arc<Mutex<Vec<Message>>>,
    arrival: Arc<Notify>,
}

impl Receiver {
    pub async fn new() -> Self {
        Receiver::at("127.0.0.1:0".parse().unwrap()).await
    }

    pub async fn at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.expect("the port is free");
        let address = listener.local_addr().expect("it is bound");
        let answers = Arc::new(Mutex::new(Answers::Status(204)));
        let receiver = Receiver { address, answers, messages: Arc::default(), arrival: Arc::default() };
        let routes = axum::Router::new().fallback(receive).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        receiver
    }

    pub fn url(&self) -> String {
        format!("http://{}/alerts", self.address)
    }

    pub fn answer(&self, answers: Answers) {
        *self.answers.lock().unwrap() = answers;
    }

    /// The messages that arrived since the last call, each as the API's document has it.
    pub fn take_messages(&self) -> Vec<Message> {
        let messages = std::mem::take(&mut *self.messages.lock().unwrap());
        messages.iter().for_each(Message::is_documented);
        messages
    }

    /// Waits for the first message.
    pub async fn first_message(&self) -> Message {
        let first = async {
            loop {
                let arrival = self.arrival.notified();
                if let Some(message) = self.messages.lock().unwrap().first() {
                    return message.clone();
                }
                arrival.await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), first).await.expect("a message comes within a minute")
    }
}

async fn receive(State(receiver): State<Receiver>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let header = |name| parts.headers.get(name).map_or(String::new(), |value| value.to_str().unwrap().to_owned());
    let body = axum::body::to_bytes(body, 1 << 20).await.expect("a small body");
    let message = Message {
        path: parts.uri.path().to_owned(),
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp").parse().unwrap_or_default(),
        signature: header("webhook-signature"),
        body: String::from_utf8(body.to_vec()).expect("text"),
    };
    receiver.messages.lock().unwrap().push(message);
    receiver.arrival.notify_waiters();
    let answers = *receiver.answers.lock().unwrap();
    let status = |code| StatusCode::from_u16(code).unwrap();
    match answers {
        Answers::Status(code) => (status(code), "so\x1b[31m be\nit").into_response(),
        Answers::Redirect => (StatusCode::FOUND, [("location", "/elsewhere")]).into_response(),
        Answers::Endless(code) => {
            let chunks = tokio_stream::iter(std::iter::repeat_with(|| Ok::<_, std::io::Error>(vec![b'x'; 1 << 16])));
            (status(code), Body::from_stream(chunks)).into_response()
        }
        Answers::Nothing => std::future::pending().await,
    }
}

impl Message {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// Whether the API's document has this message, with these fields.
    #[track_caller]
    fn is_documented(&self) {
        static DOCUMENT: LazyLock<Value> = LazyLock::new(dialguard_program::web::openapi_document);
        let message = self.json();
        let kind = message["type"].as_str().expect("a type");
        let schema = &DOCUMENT["webhooks"][kind]["post"]["requestBody"]["content"]["application/json"]["schema"];
        assert!(schema.is_object(), "{kind} is not in the document");
        has_shape(&message, schema, &DOCUMENT, kind);
    }

    /// Checked with the specification's own library.
    #[track_caller]
    pub fn is_signed_with(&self, secret: &str) {
        let webhook = standardwebhooks::Webhook::new(secret).expect("a secret of the specification");
        let signed = webhook.sign(&self.id, self.timestamp, self.body.as_bytes()).expect("a signature");
        assert_eq!(self.signature, signed);
    }
}

/// Fails unless a value has the types of its schema, all fields that are required and no others.
#[track_caller]
fn has_shape(value: &Value, schema: &Value, document: &Value, place: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.trim_start_matches('#')).expect("a reference leads somewhere");
        return has_shape(value, target, document, place);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let [choice, null] = &choices[..] else { panic!("{place}: {schema}") };
        assert_eq!(null["type"], "null", "{place}");
        if !value.is_null() {
            has_shape(value, choice, document, place);
        }
        return;
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let is_allowed =
        schema["type"] == kind || schema["type"].as_array().is_some_and(|kinds| kinds.iter().any(|one| one == kind));
    assert!(is_allowed, "{place} is of type {kind}: {schema}");
    for element in value.as_array().into_iter().flatten() {
        has_shape(element, &schema["items"], document, place);
    }
    let Some(fields) = value.as_object() else { return };
    for (name, field) in fields {
        let property = &schema["properties"][name];
        assert!(property.is_object(), "{place} has {name}, which is not in the document");
        has_shape(field, property, document, &format!("{place}.{name}"));
    }
    for required in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        assert!(fields.contains_key(required), "{place} has no {required}");
    }
}
