//! The API: REST and JSON, under `/api/v1`, described by an OpenAPI document that is made from this code.

mod accounts;
mod carriers;
mod input;
mod keyed;
mod nouns;
mod numbers;
mod orders;
mod policies;
mod refused;
mod requests;
mod reviews;
mod tokens;
mod webhooks;

use super::Site;
use super::problem::Problem;
use axum::http::{HeaderName, Method, StatusCode, Uri, header};
use axum::response::IntoResponse;
use axum::{Json, Router, middleware, routing};
use serde::Serialize;
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Dialguard",
        description = "Keeps a dialer's phone numbers clean.\n\nNames are the contract's, in kebab-case; numbers are \
                       E.164 strings (`+13105550100`), times RFC 3339, money US cents. A list is answered in parts: \
                       `limit` says how long, `next` in the answer where the rest begins, to be given as `after`. What \
                       cannot be done is told as problem details (RFC 9457), and then nothing was changed. Every request \
                       that changes something takes an `Idempotency-Key`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(Problem)),
    tags(
        (name = "accounts", description = "Accounts: the add-on, blocks, settings, figures"),
        (name = "numbers", description = "The numbers of an account, and what carriers say of them"),
        (name = "requests", description = "Start, stop, delete, replace and screen numbers"),
        (name = "orders", description = "Replacements under way, and those that are stuck"),
        (name = "reviews", description = "Reviews, runs and events"),
        (name = "policies", description = "What decides: revisions of the policy"),
        (name = "carriers", description = "Carriers, and where their verdicts come from"),
        (name = "tokens", description = "What programs identify themselves with"),
    ),
    modifiers(&ByToken),
    security(("token" = []))
)]
struct Described;

/// Programs send their token as `Authorization: Bearer …`.
struct ByToken;

impl Modify for ByToken {
    fn modify(&self, document: &mut Document) {
        let token =
            HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("`dialguard tokens make` makes one"));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(token.build()));
    }
}

pub fn routes(site: &Site) -> Router<Site> {
    let (routes, document) = described();
    let once = middleware::from_fn_with_state((site.clone(), keyed::UnderWay::default()), keyed::once);
    routes
        .route_layer(once)
        .route("/api/openapi.json", routing::get(async || Json(document)))
        .method_not_allowed_fallback(no_such_method)
        .route("/api/{*rest}", routing::any(nothing_here))
}

/// The routes and what describes them, made from one another.
fn described() -> (Router<Site>, Document) {
    let routes = OpenApiRouter::new()
        .merge(accounts::routes())
        .merge(numbers::routes())
        .merge(requests::routes())
        .merge(orders::routes())
        .merge(reviews::routes())
        .merge(policies::routes())
        .merge(carriers::routes())
        .merge(tokens::routes())
        .merge(webhooks::routes());
    let (routes, mut document) =
        OpenApiRouter::with_openapi(Described::openapi()).nest("/api/v1", routes).split_for_parts();
    keyed::describe(&mut document);
    (routes, document)
}

/// Something that was made, and where it is found.
fn created<T: Serialize>(location: String, made: T) -> (StatusCode, [(HeaderName, String); 1], Json<T>) {
    (StatusCode::CREATED, [(header::LOCATION, location)], Json(made))
}

async fn no_such_method(method: Method, uri: Uri) -> impl IntoResponse {
    let detail = format!("{method} means nothing at {}; `Allow` says what does", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail)
}

async fn nothing_here(uri: Uri) -> impl IntoResponse {
    let detail = format!("there is nothing at {}; `/api/openapi.json` describes what there is", uri.path());
    Problem::new(StatusCode::NOT_FOUND, detail)
}
