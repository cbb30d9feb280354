//! Providers of numbers.

use dialguard_dialer::ledger::ProviderProfile;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A provider that numbers are bought from.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Provider {
    /// Unique.
    name: String,
    /// Which one it is.
    #[schema(example = "twilio")]
    kind: &'static str,
    /// Price of a number, in US cents.
    price_cents: u32,
    /// How it is called, and where its secrets are; never the secrets themselves.
    settings: Value,
}

impl From<&ProviderProfile> for Provider {
    fn from(provider: &ProviderProfile) -> Self {
        Provider {
            name: provider.name.clone(),
            kind: provider.kind.name(),
            price_cents: provider.price_cents,
            settings: serde_json::from_str(&provider.settings).unwrap_or_default(),
        }
    }
}

/// The result of a test.
#[derive(Serialize, ToSchema)]
pub struct TestedProvider {
    pub name: String,
    pub works: bool,
    /// Numbers the provider's account owns.
    pub numbers: usize,
    /// What the provider's account cannot do, as sentences, such as being a trial account. Left out if there is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<String>,
}
