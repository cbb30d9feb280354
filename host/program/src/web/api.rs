//! The API: REST and JSON, under `/api/v1`, described by an OpenAPI document that is made from this code.

mod accounts;
mod attention;
mod billing;
mod calls;
mod clock;
mod export;
mod failures;
mod input;
mod keyed;
mod number_files;
mod numbers;
mod orders;
mod policies;
mod program_events;
mod providers;
mod requests;
mod reviews;
mod services;
mod settings;
mod sources;
mod tokens;
mod users;
mod webhooks;

use super::Site;
use super::limits;
use super::problem::Problem;
use super::query::{self, Documented};
use crate::json::{describe_messages, describe_settings};
use axum::extract::State;
use axum::http::{HeaderName, Method, StatusCode, Uri, header};
use axum::response::IntoResponse;
use axum::{Json, Router, middleware, routing};
use serde::Serialize;
use std::sync::OnceLock;
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Dialguard",
        description = "Keeps a dialer's phone numbers clean.\n\nNames are in kebab-case, as in the contract; numbers are \
                       E.164 strings (`+13105550100`), times RFC 3339, money US cents. Lists are returned in parts: \
                       `limit` sets their length, and `next` in the answer is `after` of the next request. Errors are \
                       problem details (RFC 9457), and mean that nothing was changed. Every request that changes \
                       something takes an `Idempotency-Key`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(Problem)),
    tags(
        (name = "accounts", description = "The add-on, blocks, settings and figures of accounts"),
        (name = "clock", description = "The time, and leaps that a user confirms"),
        (name = "numbers", description = "The numbers of an account, and what carriers say about them"),
        (name = "calls", description = "How calls from an account's numbers went"),
        (name = "requests", description = "Start, stop, delete, replace and screen numbers"),
        (name = "orders", description = "Replacements: in progress, made and abandoned"),
        (name = "reviews", description = "Reviews, runs and events of an account"),
        (name = "policies", description = "Revisions of the policy, and comparing them"),
        (name = "sources", description = "Sources of verdicts, and the carriers they report"),
        (name = "providers", description = "Providers, which numbers are bought from"),
        (name = "users", description = "Users of the dashboard, their sessions, and invites"),
        (name = "tokens", description = "Tokens of programs that call the API"),
        (name = "webhooks", description = "Addresses that receive messages"),
        (name = "messages", description = "What webhooks receive"),
    ),
    servers((url = "/", description = "The server that this document came from")),
    modifiers(&TokenSecurity),
    security(("token" = []))
)]
struct ApiDocument;

/// Programs send their token as `Authorization: Bearer …`.
struct TokenSecurity;

impl Modify for TokenSecurity {
    fn modify(&self, document: &mut Document) {
        let token =
            HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("Made by `dialguard tokens make`"));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(token.build()));
    }
}

pub fn routes(site: &Site) -> Router<Site> {
    let (routes, made) = documented();
    let checked = Documented::of(DOCUMENT.get_or_init(|| made));
    let once = middleware::from_fn_with_state((site.clone(), keyed::RunningRequests::default()), keyed::once);
    let known_parameters = middleware::from_fn_with_state(checked, query::ensure_documented);
    routes
        .route_layer(once)
        .route("/api/openapi.json", routing::get(async |State(site): State<Site>| Json(document(&site))))
        .route_layer(known_parameters)
        .method_not_allowed_fallback(no_such_method)
        .route("/api/{*rest}", routing::any(nothing_here))
}

/// Made once, with the routes of the first server: it is the same for every one.
static DOCUMENT: OnceLock<Document> = OnceLock::new();

/// The document without the settings of a policy.
pub fn base_document() -> &'static Document {
    DOCUMENT.get_or_init(|| documented().1)
}

/// The document, with the settings of the policy that is active now. A policy that cannot be loaded declares none.
pub fn document(site: &Site) -> Document {
    let mut document = base_document().clone();
    if let Ok(live) = site.dialguard().policies().live() {
        describe_settings(&mut document, &live.declaration);
    }
    document
}

/// The routes, and the document made from them.
fn documented() -> (Router<Site>, Document) {
    let routes = OpenApiRouter::new()
        .merge(accounts::routes())
        .merge(attention::routes())
        .merge(billing::routes())
        .merge(clock::routes())
        .merge(export::routes())
        .merge(numbers::routes())
        .merge(number_files::routes())
        .merge(calls::routes())
        .merge(requests::routes())
        .merge(orders::routes())
        .merge(reviews::routes())
        .merge(policies::routes())
        .merge(settings::routes())
        .merge(sources::routes())
        .merge(program_events::routes())
        .merge(providers::routes())
        .merge(users::routes())
        .merge(tokens::routes())
        .merge(webhooks::routes());
    let (routes, mut document) =
        OpenApiRouter::with_openapi(ApiDocument::openapi()).nest("/api/v1", routes).split_for_parts();
    keyed::describe(&mut document);
    limits::describe(&mut document);
    describe_messages(&mut document);
    (routes, document)
}

/// Something new, and its address.
fn created<T: Serialize>(location: String, made: T) -> (StatusCode, [(HeaderName, String); 1], Json<T>) {
    (StatusCode::CREATED, [(header::LOCATION, location)], Json(made))
}

async fn no_such_method(method: Method, uri: Uri) -> impl IntoResponse {
    let detail = format!("{method} is not allowed on {}; see the `Allow` header", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail)
}

async fn nothing_here(uri: Uri) -> impl IntoResponse {
    let detail = format!("there is nothing at {}", uri.path());
    Problem::new(StatusCode::NOT_FOUND, detail)
        .with_hint("`/api` describes the API, and `/api/openapi.json` for programs")
}
