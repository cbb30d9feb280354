//! A provider's settings, as an operator set them.

use super::ProviderError;
use crate::http::secret::{Secret, SecretPlace};
use crate::ledger::ProviderKind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A provider's settings. The ledger stores them in the provider's profile, without the secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ProviderSettings {
    /// Its base URL: https, unless it is on this machine.
    pub base_url: String,
    /// Where its secrets are, by name; see [`secrets_of`](Self::secrets_of).
    pub secrets: BTreeMap<String, SecretPlace>,
    /// Whether numbers must support texts as well as calls.
    pub texts: bool,
    /// Whether numbers cost what the provider states, and not the price in its profile. If nothing is set, they do with
    /// Telnyx, which states a price with each number; Twilio's is one more request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_prices: Option<bool>,
    /// Whether it is read from the provider's log how calls went.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub calls: bool,
}

impl ProviderSettings {
    /// The default settings, for numbers that support calls.
    pub fn new(kind: ProviderKind, secrets: impl IntoIterator<Item = (&'static str, SecretPlace)>) -> Self {
        let base_url = match kind {
            ProviderKind::Twilio => "https://api.twilio.com/2010-04-01",
            ProviderKind::Telnyx => "https://api.telnyx.com/v2",
        };
        ProviderSettings {
            base_url: base_url.into(),
            secrets: secrets.into_iter().map(|(name, place)| (name.to_owned(), place)).collect(),
            texts: false,
            read_prices: None,
            calls: false,
        }
    }

    /// The names of a provider's secrets, as on the command line. Of several sets, one is needed.
    pub fn secrets_of(kind: ProviderKind) -> &'static [&'static [&'static str]] {
        match kind {
            ProviderKind::Twilio => &[&["account-sid", "auth-token"], &["account-sid", "api-key", "api-key-secret"]],
            ProviderKind::Telnyx => &[&["api-key"]],
        }
    }

    /// Reads what [`ProviderSettings::to_json`] wrote.
    pub fn from_json(settings: &str) -> Result<Self, ProviderError> {
        serde_json::from_str(settings)
            .map_err(|error| ProviderError::Settings(format!("its settings cannot be read ({error})")))
    }

    /// The settings as a profile stores them.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("plain values are JSON")
    }

    /// A secret as it is now. Errors name the secret and where it should be.
    pub(super) fn secret(&self, name: &str) -> Result<Secret, ProviderError> {
        let words = name.replace('-', " ");
        let place = self
            .secrets
            .get(name)
            .ok_or_else(|| ProviderError::Settings(format!("its settings do not say where its {words} is")))?;
        place.read().map_err(|error| ProviderError::Credentials(format!("its {words}: {error}")))
    }
}
