//! The API: REST and JSON, under `/api/v1`, described by an OpenAPI document that is made from this code.

mod accounts;
mod webhooks;

use super::Site;
use super::problem::Problem;
use axum::http::{StatusCode, Uri};
use axum::response::IntoResponse;
use axum::{Json, Router, routing};
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;

#[derive(OpenApi)]
#[openapi(
    info(title = "Dialguard", description = "Keeps a dialer's phone numbers clean.", license(name = "Apache-2.0")),
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

pub fn routes() -> Router<Site> {
    let (routes, document) = described();
    routes
        .route("/api/openapi.json", routing::get(async || Json(document)))
        .route("/api/{*rest}", routing::any(nothing_here))
}

/// The routes and what describes them, made from one another.
fn described() -> (Router<Site>, Document) {
    OpenApiRouter::with_openapi(Described::openapi())
        .nest("/api/v1", accounts::routes().merge(webhooks::routes()))
        .split_for_parts()
}

async fn nothing_here(uri: Uri) -> impl IntoResponse {
    let detail = format!("there is nothing at {}; `/api/openapi.json` describes what there is", uri.path());
    Problem::new(StatusCode::NOT_FOUND, detail)
}
