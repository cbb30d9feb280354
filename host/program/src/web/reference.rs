//! The reference of the API, made from its OpenAPI document, and the pages that the types of problems lead to. Both are
//! public, as the document is.

mod example;
mod operation;

use super::Site;
use super::api;
use super::pages::{Failed, reading};
use super::problem::{Kind, Problem};
use super::query;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::routing::get;
use axum::{Router, middleware};
use maud::{Markup, html};
use operation::{Operation, operations};
use serde_json::Value;

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/api", get(reference))
        .route("/problems", get(problems))
        .route("/problems/{kind}", get(problem))
        .route_layer(middleware::from_fn(query::ensure_of_page))
}

/// Every call with its parameters, its body, its answers and a command that makes it.
async fn reference(State(site): State<Site>, headers: HeaderMap) -> Markup {
    let document = serde_json::to_value(api::document(&site)).expect("a document is JSON");
    let server = address(&site, &headers);
    let tags: Vec<_> = document["tags"].as_array().into_iter().flatten().collect();
    let (operations, messages) = (operations(&document, "paths"), operations(&document, "webhooks"));
    let content = html! {
            h1 { "The API of Dialguard" }
            p {
                "For programs. Each call needs a token, which " code { "dialguard tokens make" } " prints. The same as an "
                a href="/api/openapi.json" { "OpenAPI document" } ". What a call can fail with: " a href="/problems" { "problems" } "."
            }
            pre { code { "export TOKEN=…      # dialguard tokens make dialer --role operate --account acme" } }
            nav.contents aria-label="Calls" {
                @for tag in &tags {
                    @let name = tag["name"].as_str().unwrap_or_default();
                    @let here: Vec<_> = operations.iter().filter(|operation| operation.tag() == name).collect();
                    @if !here.is_empty() {
                        section {
                            h2 { a href={ "#" (name) } { (name) } }
                            ul { @for operation in here { li { a href={ "#" (operation.id()) } { (operation.summary()) } } } }
                        }
                    }
                }
                section {
                    h2 { a href="#messages" { "messages" } }
                    ul { @for message in &messages { li { a href={ "#" (message.id()) } { (message.path()) } } } }
                }
            }
            @for tag in tags.iter().filter(|tag| tag["name"] != "messages") { (of_tag(tag, &operations, &document, &server)) }
            h2.tag #messages { "Messages" }
            p { "What webhooks receive, signed as the Standard Webhooks specification says. Answer with any status from 200 to 299." }
            @for message in &messages { (message.received(&document)) }
    };
    reading("API", &content)
}

fn of_tag(tag: &Value, operations: &[Operation], document: &Value, server: &str) -> Markup {
    let name = tag["name"].as_str().unwrap_or_default();
    html! {
        h2.tag id=(name) { (crate::words::capital(name)) }
        p { (operation::text(tag["description"].as_str().unwrap_or_default())) }
        @for operation in operations.iter().filter(|operation| operation.tag() == name) {
            (operation.called(document, server))
        }
    }
}

/// Where the reader reaches this server, for commands to copy.
fn address(site: &Site, headers: &HeaderMap) -> String {
    let is_host = |host: &&str| host.parse::<axum::http::uri::Authority>().is_ok();
    let host =
        headers.get(header::HOST).and_then(|host| host.to_str().ok()).filter(is_host).unwrap_or("localhost:3425");
    let scheme = if site.is_https() { "https" } else { "http" };
    format!("{scheme}://{host}")
}

async fn problems() -> Markup {
    let content = html! {
        h1 { "Problems" }
        p {
            "What a request of the API can fail with. Nothing was changed then. " code { "type" } " tells problems apart; "
            code { "field" } " names the field or parameter that is wrong, if one is."
        }
        div.wide { table {
            thead { tr { th { "Type" } th.figure { "Status" } th { "When, and what to do" } } }
            tbody {
                @for kind in Kind::all() {
                    tr {
                        th scope="row" { a href={ "/problems/" (kind.name()) } { code { (kind.name()) } } }
                        td.figure { (kind.status().as_u16()) }
                        td { (operation::text(&kind.meaning())) }
                    }
                }
            }
        } }
    };
    reading("Problems", &content)
}

async fn problem(Path(name): Path<String>) -> Result<Markup, Failed> {
    let unknown = || Problem::of(Kind::NotFound, "There is no problem of this type.");
    let kind = Kind::named(&name).ok_or_else(unknown)?;
    let content = html! {
        h1 { (kind.title()) }
        p { code { "/problems/" (kind.name()) } ", status " (kind.status().as_u16()) }
        p { (operation::text(&kind.meaning())) }
        p { a href="/problems" { "All problems" } " · " a href="/api" { "API" } }
    };
    Ok(reading(&kind.title(), &content))
}
