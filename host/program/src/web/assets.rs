//! Styles, scripts and images. Their URLs have a hash of the content, so that browsers can cache them forever.

use super::Site;
use axum::Router;
use axum::http::{HeaderName, header};
use axum::response::IntoResponse;
use axum::routing::get;
use std::sync::LazyLock;

struct Asset {
    path: &'static str,
    media_type: &'static str,
    content: &'static str,
}

const ASSETS: [Asset; 6] = [
    Asset { path: "/assets/page.css", media_type: "text/css", content: include_str!("assets/page.css") },
    Asset { path: "/assets/pictures.css", media_type: "text/css", content: include_str!("assets/pictures.css") },
    Asset { path: "/assets/page.js", media_type: "text/javascript", content: include_str!("assets/page.js") },
    Asset { path: "/assets/live.js", media_type: "text/javascript", content: include_str!("assets/live.js") },
    Asset { path: "/assets/mark.svg", media_type: "image/svg+xml", content: include_str!("assets/mark.svg") },
    Asset { path: "/assets/marks.svg", media_type: "image/svg+xml", content: include_str!("assets/marks.svg") },
];

/// Changes whenever any asset does.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let everything: String = ASSETS.iter().map(|asset| asset.content).collect();
    dialguard::sha256(everything.as_bytes())[..12].to_owned()
});

/// The URL of an asset.
pub fn address(path: &str) -> String {
    format!("{path}?v={}", *VERSION)
}

pub fn routes() -> Router<Site> {
    ASSETS.iter().fold(Router::new(), |routes, asset| routes.route(asset.path, get(async || asset.response())))
}

impl Asset {
    fn response(&self) -> impl IntoResponse + use<> {
        let headers: [(HeaderName, &str); 2] =
            [(header::CONTENT_TYPE, self.media_type), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
        (headers, self.content)
    }
}
