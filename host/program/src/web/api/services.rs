//! What a program gives for a source or a provider. A secret is given by its place on the server, never itself. Where a
//! service is reached is for the command line alone: nobody else has secrets sent elsewhere.

use crate::parse::{FieldError, ProviderSpec, SourceSpec, WrittenService, micros};
use serde::Deserialize;
use utoipa::ToSchema;

/// Where a service's secrets are: `env:NAME` or `file:PATH` on the server.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SecretPlaces {
    /// TrustCall's login id.
    #[schema(example = "env:TRUSTCALL_LOGIN_ID")]
    login_id: Option<String>,
    /// Telnyx's API key, or the SID of Twilio's API key.
    #[schema(example = "env:TELNYX_API_KEY")]
    api_key: Option<String>,
    /// The secret of Twilio's API key.
    #[schema(example = "env:TWILIO_API_SECRET")]
    api_key_secret: Option<String>,
    /// Twilio's account SID.
    #[schema(example = "env:TWILIO_SID")]
    account_sid: Option<String>,
    /// Twilio's auth token.
    #[schema(example = "env:TWILIO_TOKEN")]
    auth_token: Option<String>,
}

impl SecretPlaces {
    fn written(self) -> WrittenService {
        WrittenService {
            login_id: self.login_id.unwrap_or_default(),
            api_key: self.api_key.unwrap_or_default(),
            api_key_secret: self.api_key_secret.unwrap_or_default(),
            account_sid: self.account_sid.unwrap_or_default(),
            auth_token: self.auth_token.unwrap_or_default(),
            ..WrittenService::default()
        }
    }
}

/// How a source is to be asked; what is missing stays as it is.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SourceFields {
    /// The file of verdicts, or the folder of the FTC's files, on the server.
    #[schema(example = "/var/lib/dialer/verdicts.csv", max_length = 4096)]
    path: Option<String>,
    /// Of a simulated source.
    #[schema(example = 1)]
    seed: Option<u32>,
    /// Of a folder of the FTC's files: the scores of 1, 2, 3 and more complaints in 7 days.
    #[schema(example = "40,60,80,90,100", max_length = 64)]
    complaint_scores: Option<String>,
    /// Where a service's secrets are; they replace all of its former ones.
    secrets: Option<SecretPlaces>,
    /// Price of a lookup, in US cents with up to four decimals.
    #[schema(example = 0.3, minimum = 0)]
    price_cents: Option<f64>,
    /// The most that the lookups of a UTC date may cost, in US cents with up to four decimals.
    #[schema(example = 500, minimum = 0)]
    budget_cents: Option<f64>,
    /// Hours an answer counts before the number is looked up again.
    #[schema(example = 23, maximum = 8760)]
    fresh_hours: Option<u32>,
}

impl SourceFields {
    pub fn spec(self) -> Result<SourceSpec, FieldError> {
        let cents = |field, cents: Option<f64>| {
            let read = cents.map(|cents| micros(&cents.to_string()).map_err(|why| FieldError::new(field, why)));
            read.transpose()
        };
        let (price_micros, budget_micros) =
            (cents("price-cents", self.price_cents)?, cents("budget-cents", self.budget_cents)?);
        let written = WrittenService {
            path: self.path.unwrap_or_default(),
            seed: self.seed.map_or(String::new(), |seed| seed.to_string()),
            complaint_scores: self.complaint_scores.unwrap_or_default(),
            fresh_hours: self.fresh_hours.map_or(String::new(), |hours| hours.to_string()),
            ..self.secrets.unwrap_or_default().written()
        };
        Ok(SourceSpec { price_micros, budget_micros, ..written.source()? })
    }
}

/// How a provider is to be called; what is missing stays as it is.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ProviderFields {
    /// Where its secrets are; they replace all of its former ones.
    secrets: Option<SecretPlaces>,
    /// Price of a number, in whole US cents.
    #[schema(example = 115, minimum = 1, maximum = 10000)]
    price_cents: Option<u32>,
    /// Whether only numbers are bought that support texts as well as calls.
    #[schema(example = false)]
    texts: Option<bool>,
    /// Whether numbers are bought at the price that the provider states for each, and not at `price-cents`.
    #[schema(example = true)]
    read_prices: Option<bool>,
    /// Whether the provider's log is read for how calls went, before each daily review.
    #[schema(example = true)]
    calls: Option<bool>,
}

impl ProviderFields {
    pub fn spec(self) -> Result<ProviderSpec, FieldError> {
        let written = WrittenService {
            price_cents: self.price_cents.map_or(String::new(), |cents| cents.to_string()),
            ..self.secrets.unwrap_or_default().written()
        };
        let ProviderFields { texts, read_prices, calls, .. } = self;
        Ok(ProviderSpec { texts, read_prices, calls, ..written.provider()? })
    }
}
