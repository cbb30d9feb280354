//! How a provider of numbers is asked, as an operator set it up.

use super::ProviderError;
use crate::http::secret::{Secret, SecretPlace};
use crate::ledger::ProviderKind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a provider of numbers is asked. The ledger keeps it as a profile's settings, without the secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ProviderSettings {
    /// Where the provider is: https, but for this machine.
    pub base_url: String,
    /// Where its secrets are, by what they are called; see [`secrets_of`](Self::secrets_of).
    pub secrets: BTreeMap<String, SecretPlace>,
    /// Whether only numbers are taken that can send texts as well as call.
    pub texts: bool,
}

impl ProviderSettings {
    /// The provider as it offers itself, for numbers that can call.
    pub fn new(kind: ProviderKind, secrets: impl IntoIterator<Item = (&'static str, SecretPlace)>) -> Self {
        let base_url = match kind {
            ProviderKind::Twilio => "https://api.twilio.com/2010-04-01",
            ProviderKind::Telnyx => "https://api.telnyx.com/v2",
        };
        ProviderSettings {
            base_url: base_url.into(),
            secrets: secrets.into_iter().map(|(name, place)| (name.to_owned(), place)).collect(),
            texts: false,
        }
    }

    /// A provider's secrets, as they are called on the command line; where there are several sets, any of them will do.
    pub fn secrets_of(kind: ProviderKind) -> &'static [&'static [&'static str]] {
        match kind {
            ProviderKind::Twilio => &[&["account-sid", "auth-token"], &["account-sid", "api-key", "api-key-secret"]],
            ProviderKind::Telnyx => &[&["api-key"]],
        }
    }

    /// Reads what [`ProviderSettings::to_json`] wrote.
    pub fn from_json(settings: &str) -> Result<Self, ProviderError> {
        serde_json::from_str(settings).map_err(|error| {
            ProviderError::Refused(format!(
                "its settings cannot be read ({error}); set them anew with `dialguard inventory change`"
            ))
        })
    }

    /// The settings as a profile has them.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("plain values are JSON")
    }

    /// A secret as it is now; an error says which is missing and where it should be.
    pub(super) fn secret(&self, name: &str) -> Result<Secret, ProviderError> {
        let words = name.replace('-', " ");
        let place = self.secrets.get(name).ok_or_else(|| {
            ProviderError::Refused(format!("its {words} is not named; name it with `dialguard inventory change`"))
        })?;
        place.read().map_err(|error| ProviderError::Refused(format!("its {words}: {error}")))
    }
}
