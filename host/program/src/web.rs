//! The dashboard for users and the API for dialers that do not embed Dialguard, over HTTP.
//!
//! Both use [`Dialguard`] as the command line does, and decide nothing themselves. Start reading at [`router`].
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../dialer/src/dialguard/example.rs"));
//! use dialguard_program::web::{Site, WebSettings, serve};
//! use tokio::net::TcpListener;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! let dialguard = small_dialguard(folder.path()).await?; // see `dialguard_dialer::dialguard`
//! let site = Site::new(dialguard, WebSettings::default());
//! let listener = TcpListener::bind("127.0.0.1:0").await?; // any free port, on this machine only
//! serve(listener, site, std::future::ready(())).await?; // until the future is ready
//! # Ok(())
//! # }
//! ```

mod address;
mod api;
mod assets;
mod auth;
mod client;
mod demo;
mod download;
mod limits;
mod live;
mod pages;
mod problem;
mod query;
mod reference;
mod server;
mod uploads;
mod watch;
mod work;

pub use client::{TrustedProxies, TrustedProxy};
pub use demo::{Demo, StoryLine};
pub use server::{ConnectionLimits, serve};

use auth::Caller;
use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{self, HeaderName};
use dialguard_dialer::access::{self, AccessError};
use dialguard_dialer::dialguard::Dialguard;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::set_header::SetResponseHeaderLayer;

/// How the server is reached.
#[derive(Debug, Clone, Default)]
pub struct WebSettings {
    /// Whether browsers reach it by https, through a proxy. Cookies are then only sent over https.
    pub is_https: bool,
    /// The proxies in front of it. Without them everybody who comes through a proxy counts as one client.
    pub trusted_proxies: TrustedProxies,
    /// How many connections it has, and how long it waits for their clients.
    pub connections: ConnectionLimits,
}

/// The state shared by the dashboard and the API. Cheap to clone.
#[derive(Clone)]
pub struct Site(Arc<SiteState>);

struct SiteState {
    dialguard: Dialguard,
    settings: WebSettings,
    sign_in_attempts: auth::SignInAttempts,
    passwords: auth::Passwords,
    /// Whether the log says that a proxy is not trusted.
    has_warned_of_proxy: AtomicBool,
    figures: pages::Figures,
    /// Of a demo only.
    demo: Option<demo::RunningDemo>,
    live: live::Live,
    uploads: uploads::Uploads,
    /// Files and exports.
    work: work::Work,
    /// What other settings would have done.
    effects: work::Work,
    /// Lists of bounded length, which wait for no file.
    lists: work::Work,
}

impl Site {
    /// Serves this dialer. What is changed is recorded as the caller's who changes it.
    pub fn new(dialguard: Dialguard, settings: WebSettings) -> Self {
        Site::with(dialguard, settings, None)
    }

    /// Serves a demo, whose link signs its visitor in as often as it is opened: only this machine may reach it.
    pub fn of_demo(dialguard: Dialguard, settings: WebSettings, demo: Demo) -> Result<Self, AccessError> {
        Ok(Site::with(dialguard, settings, Some(demo::RunningDemo::new(demo)?)))
    }

    fn with(dialguard: Dialguard, settings: WebSettings, demo: Option<demo::RunningDemo>) -> Self {
        Site(Arc::new(SiteState {
            dialguard: dialguard.acting_as(None),
            settings,
            sign_in_attempts: auth::SignInAttempts::default(),
            passwords: auth::Passwords::default(),
            has_warned_of_proxy: AtomicBool::new(false),
            figures: pages::Figures::default(),
            demo,
            live: live::Live::default(),
            uploads: uploads::Uploads::default(),
            work: work::Work::long(),
            effects: work::Work::computing(),
            lists: work::Work::short(),
        }))
    }

    /// The path of the link that leads in, for the operator who started the program and sees its output: that of a demo, or
    /// a new one that adds the first user. None if there are users.
    pub fn link(&self) -> Result<Option<String>, AccessError> {
        if let Some(demo) = &self.0.demo {
            return Ok(Some(demo.path()));
        }
        if self.dialguard().ledger().has_users()? {
            return Ok(None);
        }
        Ok(Some(format!("/welcome?link={}", access::make_first_user_link(self.dialguard().ledger())?)))
    }

    /// Whether it is a demo.
    pub fn is_demo(&self) -> bool {
        self.0.demo.is_some()
    }

    /// Checks the numbers that were just added to an account, or took others' slots, in the background. Pages show its
    /// progress. If it fails, the schedule makes it.
    fn check_added(&self, caller: &Caller, id: &str) {
        let (dialguard, id) = (self.acting_as(caller), id.to_owned());
        tokio::spawn(async move {
            if let Err(error) = dialguard.check_added(&id).await {
                tracing::warn!(account = id, "the first check of its new numbers failed and is made later: {error}");
            }
        });
    }

    /// The dialer, to read from: it acts as nobody, so that no route changes an account without saying who asks.
    fn dialguard(&self) -> &Dialguard {
        &self.0.dialguard
    }

    /// The dialer, for what this caller changes.
    fn acting_as(&self, caller: &Caller) -> Dialguard {
        self.0.dialguard.acting_as(caller.actor.clone())
    }

    fn uploads(&self) -> &uploads::Uploads {
        &self.0.uploads
    }

    fn work(&self) -> &work::Work {
        &self.0.work
    }

    fn effects(&self) -> &work::Work {
        &self.0.effects
    }

    fn lists(&self) -> &work::Work {
        &self.0.lists
    }

    /// Whether browsers reach it by https.
    fn is_https(&self) -> bool {
        self.0.settings.is_https
    }

    fn figures(&self) -> &pages::Figures {
        &self.0.figures
    }
}

/// The OpenAPI document of the API, for programs that make a client of it. The document of a running server also has the
/// settings of its active policy.
pub fn openapi_document() -> serde_json::Value {
    serde_json::to_value(api::base_document()).expect("a document is JSON")
}

/// All routes, with the layers that apply to each.
pub fn router(site: Site) -> Router {
    let always =
        |name: HeaderName, value| SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value));
    Router::new()
        .merge(pages::routes(&site))
        .merge(live::routes())
        .merge(api::routes(&site))
        .merge(reference::routes())
        .merge(assets::routes())
        .merge(watch::routes())
        .fallback(pages::not_found)
        .layer(axum::middleware::from_fn(auth::same_origin::ensure))
        .layer(axum::middleware::from_fn_with_state(site.clone(), pages::in_demo))
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(axum::middleware::from_fn_with_state(site.clone(), limits::ensure))
        .layer(CompressionLayer::new())
        .layer(axum::middleware::from_fn_with_state(site.clone(), watch::count))
        .layer(always(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .layer(always(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(always(header::REFERRER_POLICY, "same-origin"))
        .layer(always(header::CACHE_CONTROL, "no-store"))
        .with_state(site)
}

/// Nothing is loaded from other sites, no inline script runs, and no site may frame a page.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
