//! The HTTP client for every outgoing request: its own TLS configuration, and no redirects.

use crate::http::causes::causes;
use reqwest::{Client, ClientBuilder, redirect};
use rustls::crypto::ring;
use rustls_platform_verifier::BuilderVerifierExt;
use std::error::Error;
use std::sync::Arc;

/// A client with what `change` sets, such as time limits.
pub fn client(change: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Result<Client, String> {
    let built = builder().and_then(|builder| Ok(change(builder).build()?));
    built.map_err(|error| {
        format!("no HTTP client; check that root certificates (ca-certificates) are installed: {}", causes(&*error))
    })
}

fn builder() -> Result<ClientBuilder, Box<dyn Error + Send + Sync>> {
    // Set explicitly, because the process may have no default provider or another one.
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth();
    Ok(Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(concat!("dialguard/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none()))
}
