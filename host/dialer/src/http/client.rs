//! How this host sends over HTTP, whoever to: by TLS of its own, and never where an answer redirects it.

use crate::http::causes::causes;
use reqwest::{Client, ClientBuilder, redirect};
use rustls::crypto::ring;
use rustls_platform_verifier::BuilderVerifierExt;
use std::error::Error;
use std::sync::Arc;

/// A client with time limits and whatever else its user gives it; an error says what to do.
pub fn client(change: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Result<Client, String> {
    let built = builder().and_then(|builder| Ok(change(builder).build()?));
    built.map_err(|error| {
        format!("this host cannot send; see that it has root certificates (ca-certificates): {}", causes(&*error))
    })
}

fn builder() -> Result<ClientBuilder, Box<dyn Error + Send + Sync>> {
    // A provider of its own: the process may have none, or another's.
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth();
    Ok(Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(concat!("dialguard/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none()))
}
