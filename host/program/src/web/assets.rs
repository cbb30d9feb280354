//! Styles, scripts and images. Their URLs have a hash of the content, so that browsers can cache them forever. The hash
//! is a folder: a script imports others of its own version.

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

const ASSETS: [Asset; 11] = [
    Asset { path: "/assets/page.css", media_type: "text/css", content: include_str!("assets/page.css") },
    Asset { path: "/assets/pictures.css", media_type: "text/css", content: include_str!("assets/pictures.css") },
    Asset { path: "/assets/account.css", media_type: "text/css", content: include_str!("assets/account.css") },
    Asset { path: "/assets/keys.css", media_type: "text/css", content: include_str!("assets/keys.css") },
    Asset { path: "/assets/page.js", media_type: "text/javascript", content: include_str!("assets/page.js") },
    Asset { path: "/assets/live.js", media_type: "text/javascript", content: include_str!("assets/live.js") },
    Asset { path: "/assets/focus.js", media_type: "text/javascript", content: include_str!("assets/focus.js") },
    Asset { path: "/assets/keys.js", media_type: "text/javascript", content: include_str!("assets/keys.js") },
    Asset { path: "/assets/commands.js", media_type: "text/javascript", content: include_str!("assets/commands.js") },
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
    below(&VERSION, path)
}

pub fn routes() -> Router<Site> {
    ASSETS.iter().fold(Router::new(), |routes, asset| {
        routes.route(&below("{version}", asset.path), get(async || asset.response()))
    })
}

fn below(version: &str, path: &str) -> String {
    path.replacen("/assets/", &format!("/assets/{version}/"), 1)
}

impl Asset {
    fn response(&self) -> impl IntoResponse + use<> {
        let headers: [(HeaderName, &str); 2] =
            [(header::CONTENT_TYPE, self.media_type), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
        (headers, self.content)
    }
}
