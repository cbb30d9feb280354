//! What providers' APIs have in common: a client, and the meaning of their errors to a buyer.
//!
//! | error | the buyer's error |
//! |---|---|
//! | rate limit: status 429, code 20429 of Twilio, 10011 of Telnyx | [`ProviderError::Later`] |
//! | not reached, or circuit open | the same |
//! | authentication failed: status 401 | [`ProviderError::Credentials`], with the secrets to check |
//! | any other 4xx | as [`refusal`](super::refusal) says: of the number or of the account, with what to do |
//! | status 5xx, no response, invalid response | [`ProviderError::Lost`]; `Later` if the request only reads |

use super::refusal::{Refusal, refusal};
use super::{ProviderError, ProviderSettings};
use crate::http::secret::Secret;
use crate::http::{Call, Credentials, HttpService, ServiceError, ServiceLimits, ServiceResponse};
use crate::ledger::ProviderKind;
use crate::phone;
use dialguard::contract::PhoneNumber;
use serde_json::Value;
use std::time::Duration;

/// How long a reading of a log waits for a rate limit. Telnyx's is one of a minute.
const LOG_WAIT_MAX: Duration = Duration::from_secs(90);

/// Bytes of a page of a log, at most. 500 calls of Twilio's have 700 KB.
const LOG_PAGE_BYTES_MAX: usize = 4 << 20;

/// A client of a provider's API whose errors are [`ProviderError`]s.
pub struct ProviderApi {
    http: HttpService,
    kind: ProviderKind,
    settings: ProviderSettings,
}

/// The purpose of a request, which decides the meaning of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To read, which never changes anything.
    Read,
    /// To reserve or to buy a number.
    Obtain,
    /// To change something else.
    Change,
}

impl ProviderApi {
    /// Sends nothing yet.
    pub fn open(
        kind: ProviderKind,
        settings: &ProviderSettings,
        credentials: Credentials,
        hidden: Option<Secret>,
        limits: ServiceLimits,
    ) -> Result<Self, ProviderError> {
        let http = HttpService::new(kind.provider(), &settings.base_url, credentials, limits)
            .map_err(|error| ProviderError::Settings(error.to_string()))?;
        let http = hidden.into_iter().fold(http, HttpService::hiding);
        Ok(ProviderApi { http, kind, settings: settings.clone() })
    }

    /// The provider's settings.
    pub fn settings(&self) -> &ProviderSettings {
        &self.settings
    }

    /// Sends a request, repeats it if that is safe, and interprets the response.
    pub async fn send<T>(
        &self,
        purpose: Purpose,
        call: &Call,
        read: impl Fn(ServiceResponse) -> Result<T, ServiceError>,
    ) -> Result<T, ProviderError> {
        self.http.read(call, read).await.map_err(|error| self.meaning(purpose, error))
    }

    /// Sends a change. The inner error is the provider's reason for refusing this change, with any credentials.
    pub async fn try_change<T>(
        &self,
        call: &Call,
        read: impl Fn(ServiceResponse) -> Result<T, ServiceError>,
    ) -> Result<Result<T, String>, ProviderError> {
        match self.http.read(call, read).await {
            Ok(done) => Ok(Ok(done)),
            Err(error @ ServiceError::Refused { status: 400 | 409 | 422, .. }) => Ok(Err(error.to_string())),
            Err(error) => Err(self.meaning(Purpose::Change, error)),
        }
    }

    /// The table above.
    fn meaning(&self, purpose: Purpose, error: ServiceError) -> ProviderError {
        let mut words = error.to_string();
        match error {
            ServiceError::Lost(_) | ServiceError::InvalidResponse(_) if purpose != Purpose::Read => {
                ProviderError::Lost(words)
            }
            ServiceError::NotSent(_) | ServiceError::Lost(_) | ServiceError::InvalidResponse(_) => {
                ProviderError::Later { words, wait: None }
            }
            ServiceError::RateLimited { wait } => ProviderError::Later { words, wait },
            ServiceError::CircuitOpen { wait } => ProviderError::Later { words, wait: Some(wait) },
            ServiceError::Refused { code: Some(code), .. } if matches!(&*code, "20429" | "10011") => {
                ProviderError::Later { words, wait: None }
            }
            ServiceError::Refused { status, code, .. } => {
                let (refusal, advice) = refusal(self.kind, status, code.as_deref());
                let advice = advice.map(|advice| advice.replace("the provider", self.kind.provider()));
                if let Some(advice) = advice.or_else(|| self.advice(status)) {
                    words = format!("{words}; {advice}");
                }
                match refusal {
                    _ if status == 401 => ProviderError::Credentials(words),
                    Refusal::Unavailable if purpose == Purpose::Obtain => ProviderError::NoLongerAvailable(words),
                    Refusal::Number if purpose == Purpose::Obtain => ProviderError::NumberRefused(words),
                    _ => ProviderError::Refused(words),
                }
            }
        }
    }

    fn advice(&self, status: u16) -> Option<String> {
        let provider = self.kind.provider();
        Some(match status {
            402 => format!("add funds to the account with {provider}"),
            401 => {
                let named = |(name, place): (&String, _)| format!("{} ({place})", name.replace('-', " "));
                let secrets = self.settings.secrets.iter().map(named).collect::<Vec<_>>().join(" and ");
                format!("authentication failed: check its {secrets}")
            }
            403 => {
                format!("no permission: check the account and the key's permissions with {provider}")
            }
            404 => {
                format!("nothing at {}: check the base URL", self.settings.base_url)
            }
            _ => return None,
        })
    }
}

/// The limits for reading a log of calls, which has many pages and a rate of its own: it waits until the provider takes
/// more requests, and keeps nothing else waiting meanwhile.
pub fn limits_of_log(limits: &ServiceLimits) -> ServiceLimits {
    ServiceLimits { wait_max: LOG_WAIT_MAX, body_bytes_max: LOG_PAGE_BYTES_MAX, ..limits.clone() }
}

/// The error of a provider whose log of calls is not to be read.
pub fn log_is_off() -> ProviderError {
    ProviderError::Settings("reading its log of calls is off".into())
}

/// Whether a name or reference is that of a purchase by Dialguard, and not one that a user gave.
pub fn names_a_purchase(name: &Value) -> bool {
    name.as_str().is_some_and(|name| name.starts_with("dialguard-"))
}

/// A phone number in a response, if it is E.164 and possible.
pub fn number_in(text: &Value) -> Option<PhoneNumber> {
    Some(phone::PhoneNumber::from_e164(text.as_str()?)?.digits())
}

/// A list in a response, by the name of its field.
pub fn list_in<'a>(body: &'a Value, name: &str) -> Result<&'a Vec<Value>, ServiceError> {
    body[name].as_array().ok_or_else(|| ServiceError::InvalidResponse(format!("JSON without the list `{name}`")))
}

/// A field as text; empty if it is null or missing.
pub fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A text in a response, by the name of its field.
pub fn text_in<'a>(body: &'a Value, name: &str) -> Result<&'a str, ServiceError> {
    let text = body[name].as_str().filter(|text| !text.is_empty());
    text.ok_or_else(|| ServiceError::InvalidResponse(format!("JSON without the text `{name}`")))
}

/// A field's name in words: `voice_url` as `voice url`.
pub fn in_words(field: &str) -> String {
    field.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(kind: ProviderKind) -> ProviderApi {
        let secrets = ProviderSettings::secrets_of(kind)[0].iter().map(|name| (*name, "env:PLACE".parse().unwrap()));
        let settings = ProviderSettings::new(kind, secrets);
        let credentials = Credentials::Bearer(Secret::new("hunter2".into()));
        ProviderApi::open(kind, &settings, credentials, None, ServiceLimits::default()).unwrap()
    }

    fn refused(status: u16, code: &str) -> ServiceError {
        let code = Some(code.to_owned()).filter(|code| !code.is_empty());
        ServiceError::Refused { status, code, message: String::new() }
    }

    /// An error of a purchase, the buyer's error, and a part of its text.
    #[test]
    fn every_row_of_the_table() {
        use ProviderKind::{Telnyx, Twilio};
        let wait = Duration::from_secs(7);
        let rows = [
            (Twilio, refused(400, "21422"), "taken", "error 21422"),
            (Twilio, refused(400, "21421"), "taken", "error 21421"),
            (Telnyx, refused(422, "85001"), "taken", "error 85001"),
            (Telnyx, refused(409, ""), "taken", "409"),
            (Telnyx, refused(422, "85000"), "taken", "error 85000"),
            (Telnyx, refused(422, "10002"), "taken", "error 10002"),
            (Telnyx, refused(422, "10016"), "taken", "error 10016"),
            (Twilio, refused(400, "20429"), "later", "error 20429"),
            (Telnyx, refused(400, "10011"), "later", "error 10011"),
            (Twilio, ServiceError::RateLimited { wait: Some(wait) }, "later", "7 seconds"),
            (Twilio, ServiceError::CircuitOpen { wait }, "later", "7 seconds"),
            (Twilio, ServiceError::NotSent("not reached".into()), "later", "not reached"),
            (Twilio, refused(401, "20003"), "credentials", "account sid (env:PLACE) and auth token (env:PLACE)"),
            (Telnyx, refused(401, "10009"), "credentials", "api key (env:PLACE)"),
            (Twilio, refused(402, ""), "refused", "add funds to the account with Twilio"),
            (Telnyx, refused(403, "20100"), "refused", "add funds to the account with Telnyx"),
            (Telnyx, refused(403, "10010"), "refused", "permissions with Telnyx"),
            (Twilio, refused(404, ""), "refused", "https://api.twilio.com/2010-04-01: check the base URL"),
            (Twilio, refused(400, "21404"), "refused", "upgrade the account"),
            (Twilio, refused(400, "21631"), "number", "add an address"),
            (Telnyx, refused(422, "21422"), "number", "error 21422"),
            (Twilio, ServiceError::Lost("HTTP 500".into()), "lost", "500"),
            (Telnyx, ServiceError::InvalidResponse("not JSON".into()), "lost", "not JSON"),
        ];
        for (kind, error, expected, words) in rows {
            let meaning = api(kind).meaning(Purpose::Obtain, error.clone());
            let (name, said) = match &meaning {
                ProviderError::NoLongerAvailable(said) => ("taken", said),
                ProviderError::NumberRefused(said) => ("number", said),
                ProviderError::Refused(said) => ("refused", said),
                ProviderError::Credentials(said) => ("credentials", said),
                ProviderError::Settings(said) => ("settings", said),
                ProviderError::Later { words, .. } => ("later", words),
                ProviderError::Lost(said) => ("lost", said),
            };
            assert_eq!(name, expected, "{kind:?} {error:?}");
            assert!(said.contains(words), "{said}");
            assert_eq!(meaning.is_without_effect(), error.is_without_effect(), "{error:?}");
        }
        // A request that only reads has no effect, and makes no number unavailable.
        let read = |error| api(Twilio).meaning(Purpose::Read, error);
        assert!(matches!(read(ServiceError::Lost("late".into())), ProviderError::Later { wait: None, .. }));
        assert!(matches!(read(ServiceError::InvalidResponse("not JSON".into())), ProviderError::Later { .. }));
        assert!(matches!(read(refused(400, "21422")), ProviderError::Refused(_)));
        assert!(matches!(read(refused(400, "21631")), ProviderError::Refused(_)));
    }
}
