//! What the providers of numbers have in common: a client, and what their refusals mean to whoever buys.
//!
//! | answer | Twilio | Telnyx | the buyer's error |
//! |---|---|---|---|
//! | the number is taken | 21422 | 85001, status 409 | [`ProviderError::NoLongerAvailable`] |
//! | the number is not to be had: invalid, or not searched for of late | 21421 | 10002, 10016, 85000 | the same |
//! | ask less often | 20429, status 429 | 10011, status 429 | [`ProviderError::Later`] |
//! | not reached, or left alone after failures | | | the same |
//! | who asks? | status 401 | status 401 | [`ProviderError::Refused`], and which secrets to look at |
//! | no funds | status 402 | 20100, status 402 | the same, and to pay in |
//! | may not | status 403 | status 403 | the same, and where to look |
//! | no such thing, or a page for browsers | status 404 | status 404 | the same, and the base URL |
//! | anything else of 4xx | | | the same, in the provider's words |
//! | status 5xx, too late, broken off, nonsense | | | [`ProviderError::Lost`]; `Later` where it was only read |

use super::{ProviderError, ProviderSettings};
use crate::http::secret::Secret;
use crate::http::{Answered, Call, Credentials, HttpService, ServiceError, ServiceLimits};
use crate::ledger::ProviderKind;
use crate::phone;
use dialguard::contract::PhoneNumber;
use serde_json::Value;

/// A provider, and what is needed to say what to mend.
pub struct ProviderApi {
    http: HttpService,
    kind: ProviderKind,
    settings: ProviderSettings,
}

/// What a request is for, by which a failure of it is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To read, which changes nothing however it ends.
    Read,
    /// To hold a number or to buy it.
    Obtain,
    /// To change something else.
    Change,
}

impl ProviderApi {
    /// Sends nothing yet. An error says what to mend.
    pub fn open(
        kind: ProviderKind,
        settings: &ProviderSettings,
        credentials: Credentials,
        hidden: Option<Secret>,
        limits: ServiceLimits,
    ) -> Result<Self, ProviderError> {
        let http = HttpService::new(kind.provider(), &settings.base_url, credentials, limits)
            .map_err(|error| ProviderError::Refused(error.to_string()))?;
        let http = hidden.into_iter().fold(http, HttpService::hiding);
        Ok(ProviderApi { http, kind, settings: settings.clone() })
    }

    /// How it is asked.
    pub fn settings(&self) -> &ProviderSettings {
        &self.settings
    }

    /// Asks, again where that is safe, and makes something of the answer.
    pub async fn ask<T>(
        &self,
        purpose: Purpose,
        call: &Call,
        read: impl Fn(Answered) -> Result<T, ServiceError>,
    ) -> Result<T, ProviderError> {
        self.http.read(call, read).await.map_err(|error| self.meaning(purpose, error))
    }

    /// Asks for a change that the provider may refuse in itself, whoever asks: then why, in words.
    pub async fn try_change<T>(
        &self,
        call: &Call,
        read: impl Fn(Answered) -> Result<T, ServiceError>,
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
            ServiceError::Lost(_) | ServiceError::Nonsense(_) if purpose != Purpose::Read => ProviderError::Lost(words),
            ServiceError::NotSent(_) | ServiceError::Lost(_) | ServiceError::Nonsense(_) => {
                ProviderError::Later { words, wait: None }
            }
            ServiceError::RateLimited { wait } => ProviderError::Later { words, wait },
            ServiceError::CircuitOpen { wait } => ProviderError::Later { words, wait: Some(wait) },
            ServiceError::Refused { status, code, .. } => {
                let code = code.as_deref();
                if purpose == Purpose::Obtain && self.is_unavailable(status, code) {
                    return ProviderError::NoLongerAvailable(words);
                }
                if matches!(code, Some("20429" | "10011")) {
                    return ProviderError::Later { words, wait: None };
                }
                if let Some(hint) = self.what_to_mend(status, code) {
                    words = format!("{words}; {hint}");
                }
                ProviderError::Refused(words)
            }
        }
    }

    fn is_unavailable(&self, status: u16, code: Option<&str>) -> bool {
        match self.kind {
            ProviderKind::Twilio => matches!(code, Some("21421" | "21422")),
            ProviderKind::Telnyx => status == 409 || matches!(code, Some("10002" | "10016" | "85000" | "85001")),
        }
    }

    fn what_to_mend(&self, status: u16, code: Option<&str>) -> Option<String> {
        let provider = self.kind.provider();
        Some(match (status, code) {
            (402, _) | (_, Some("20100")) => format!("pay into the account with {provider}"),
            (401, _) => {
                let named = |(name, place): (&String, _)| format!("{} ({place})", name.replace('-', " "));
                let secrets = self.settings.secrets.iter().map(named).collect::<Vec<_>>().join(" and ");
                format!("it does not know who asks: see that its {secrets} is right, and restart what runs")
            }
            (403, _) => {
                format!("this account may not do that: look at it and at the key's permissions with {provider}")
            }
            (404, _) => {
                format!("there is no such thing at {}: look at its base URL", self.settings.base_url)
            }
            _ => return None,
        })
    }
}

/// A provider's number, where it is E.164 and possible.
pub fn e164(text: &Value) -> Option<PhoneNumber> {
    let text = text.as_str().filter(|text| text.starts_with('+'))?;
    let number = phone::PhoneNumber::parse(text, phone::Region::US).ok()?;
    (number.to_string() == text).then(|| number.digits())
}

/// A list in an answer, by the name of its field.
pub fn list_in<'a>(body: &'a Value, name: &str) -> Result<&'a Vec<Value>, ServiceError> {
    body[name].as_array().ok_or_else(|| ServiceError::Nonsense(format!("JSON without the list `{name}`")))
}

/// A text in an answer, by the name of its field.
pub fn text_in<'a>(body: &'a Value, name: &str) -> Result<&'a str, ServiceError> {
    let text = body[name].as_str().filter(|text| !text.is_empty());
    text.ok_or_else(|| ServiceError::Nonsense(format!("JSON without the text `{name}`")))
}

/// A field in words: `voice_url` as `voice url`.
pub fn in_words(field: &str) -> String {
    field.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::time::Duration;

    fn service(kind: ProviderKind) -> ProviderApi {
        let secrets = ProviderSettings::secrets_of(kind)[0].iter().map(|name| (*name, "env:PLACE".parse().unwrap()));
        let settings = ProviderSettings::new(kind, secrets);
        let credentials = Credentials::Bearer(Secret::new("hunter2".into()));
        ProviderApi::open(kind, &settings, credentials, None, ServiceLimits::default()).unwrap()
    }

    fn refused(status: u16, code: &str) -> ServiceError {
        let code = Some(code.to_owned()).filter(|code| !code.is_empty());
        ServiceError::Refused { status, code, words: String::new() }
    }

    /// What was answered to a purchase, which error that is, and what it says.
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
            (Twilio, refused(401, "20003"), "refused", "account sid (env:PLACE) and auth token (env:PLACE)"),
            (Telnyx, refused(401, "10009"), "refused", "api key (env:PLACE)"),
            (Twilio, refused(402, ""), "refused", "pay into the account with Twilio"),
            (Telnyx, refused(403, "20100"), "refused", "pay into the account with Telnyx"),
            (Telnyx, refused(403, "10010"), "refused", "permissions with Telnyx"),
            (Twilio, refused(404, ""), "refused", "https://api.twilio.com/2010-04-01: look at its base URL"),
            (Twilio, refused(400, "21631"), "refused", "error 21631"),
            (Telnyx, refused(422, "21422"), "refused", "error 21422"),
            (Twilio, ServiceError::Lost("it answered 500".into()), "lost", "500"),
            (Telnyx, ServiceError::Nonsense("no JSON".into()), "lost", "no JSON"),
        ];
        for (kind, error, expected, words) in rows {
            let meaning = service(kind).meaning(Purpose::Obtain, error.clone());
            let (name, said) = match &meaning {
                ProviderError::NoLongerAvailable(said) => ("taken", said),
                ProviderError::Refused(said) => ("refused", said),
                ProviderError::Later { words, .. } => ("later", words),
                ProviderError::Lost(said) => ("lost", said),
            };
            assert_eq!(name, expected, "{kind:?} {error:?}");
            assert!(said.contains(words), "{said}");
            assert_eq!(meaning.is_without_effect(), error.is_without_effect(), "{error:?}");
        }
        // What was only read has done nothing, and no number is taken by it.
        let read = |error| service(Twilio).meaning(Purpose::Read, error);
        assert!(matches!(read(ServiceError::Lost("late".into())), ProviderError::Later { wait: None, .. }));
        assert!(matches!(read(ServiceError::Nonsense("no JSON".into())), ProviderError::Later { .. }));
        assert!(matches!(read(refused(400, "21422")), ProviderError::Refused(_)));
    }

    #[test]
    fn numbers_that_are_no_e164_are_refused_at_the_border() {
        assert_eq!(e164(&json!("+13105550123")), Some(13_105_550_123));
        for text in
            ["3105550123", "+1310555012", "+1 310 555 0123", "+1310555012345678", "", "+", "12345", "+1310555O123"]
        {
            assert_eq!(e164(&json!(text)), None, "{text}");
        }
        assert_eq!(e164(&json!(13_105_550_123_u64)), None);
    }
}
