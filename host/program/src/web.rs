//! The page and the API over HTTP: what an operator sees and does, and what dialers call that would rather not embed.
//!
//! Both go through [`Dialguard`] as the command line does, and decide nothing themselves. Start reading at [`router`].
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../dialer/src/dialguard/example.rs"));
//! use dialguard_program::web::{Site, WebSettings, serve};
//! use tokio::net::TcpListener;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! let dialguard = small_dialguard(folder.path()).await?; // `dialguard_dialer::dialguard` shows this one
//! let site = Site::new(dialguard, WebSettings::default());
//! let listener = TcpListener::bind("127.0.0.1:0").await?; // any port that is free, and for this machine alone
//! serve(listener, site, std::future::ready(())).await?; // until the future is ready
//! # Ok(())
//! # }
//! ```

mod api;
mod assets;
mod caller;
mod live;
mod pages;
mod problem;
mod same_origin;
mod sign_in;
mod watch;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::HeaderValue;
use axum::http::header::{self, HeaderName};
use dialguard_dialer::access::{self, AccessError};
use dialguard_dialer::dialguard::Dialguard;
use dialguard_dialer::ledger::SecretHash;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::net::TcpListener;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::set_header::SetResponseHeaderLayer;

/// Bytes in a request's body, at most: a file of 100,000 numbers has 2 MB.
const BODY_BYTES_MAX: usize = 8 << 20;

/// How a site is reached.
#[derive(Debug, Clone, Default)]
pub struct WebSettings {
    /// Whether browsers reach it by https, through a proxy: cookies are then sent by no other way.
    pub is_https: bool,
}

/// What the page and the API have in common. Cheap to clone.
#[derive(Clone)]
pub struct Site(Arc<Inside>);

struct Inside {
    dialguard: Dialguard,
    settings: WebSettings,
    sign_ins: sign_in::Limits,
    figures: pages::Figures,
    /// Who may sign in once without a password, by the digest of what the link has.
    tickets: Mutex<HashMap<SecretHash, String>>,
    live: live::Live,
}

impl Site {
    /// A site on this dialer.
    pub fn new(dialguard: Dialguard, settings: WebSettings) -> Self {
        let sign_ins = sign_in::Limits::default();
        Site(Arc::new(Inside {
            dialguard,
            settings,
            sign_ins,
            figures: pages::Figures::default(),
            tickets: Mutex::default(),
            live: live::Live::default(),
        }))
    }

    /// A path that signs this user in, once. For whoever started the program and sees what it prints.
    pub fn sign_in_path(&self, user: &str) -> Result<String, AccessError> {
        let ticket = access::random_secret()?;
        self.0.tickets.lock().insert(access::secret_hash(&ticket), user.to_owned());
        Ok(format!("/sign-in?ticket={ticket}"))
    }

    fn dialguard(&self) -> &Dialguard {
        &self.0.dialguard
    }

    fn figures(&self) -> &pages::Figures {
        &self.0.figures
    }
}

/// Serves a site until `stop` is ready; requests under way are finished then.
pub async fn serve(
    listener: TcpListener,
    site: Site,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let ends = site.clone();
    let stop = async move {
        stop.await;
        ends.0.live.close();
    };
    let service = router(site).into_make_service_with_connect_info::<std::net::SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(stop).await
}

/// Every route, with what holds for all of them.
pub fn router(site: Site) -> Router {
    let always =
        |name: HeaderName, value| SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value));
    Router::new()
        .merge(pages::routes())
        .merge(live::routes())
        .merge(sign_in::routes())
        .merge(api::routes(&site))
        .merge(assets::routes())
        .merge(watch::routes())
        .fallback(pages::nothing_here)
        .layer(axum::middleware::from_fn(same_origin::ensure))
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(CompressionLayer::new())
        .layer(axum::middleware::from_fn_with_state(site.clone(), watch::count))
        .layer(always(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .layer(always(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(always(header::REFERRER_POLICY, "same-origin"))
        .layer(always(header::CACHE_CONTROL, "no-store"))
        .with_state(site)
}

/// Nothing comes from elsewhere, nothing in a page's text runs, and nobody frames a page.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
