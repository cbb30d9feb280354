//! What the vendors of numbers have in common: a client, and what their refusals mean to whoever buys.
//!
//! | answer | Twilio | Telnyx | the buyer's error |
//! |---|---|---|---|
//! | the number is taken | 21422 | 85001, status 409 | [`SupplierError::NoLongerAvailable`] |
//! | the number is not to be had: invalid, or not searched for of late | 21421 | 10002, 10016, 85000 | the same |
//! | ask less often | 20429, status 429 | 10011, status 429 | [`SupplierError::Later`] |
//! | not reached, or left alone after failures | | | the same |
//! | who asks? | status 401 | status 401 | [`SupplierError::Refused`], and which secrets to look at |
//! | no funds | status 402 | 20100, status 402 | the same, and to pay in |
//! | may not | status 403 | status 403 | the same, and where to look |
//! | no such thing, or a page for browsers | status 404 | status 404 | the same, and the base URL |
//! | anything else of 4xx | | | the same, in the vendor's words |
//! | status 5xx, too late, broken off, nonsense | | | [`SupplierError::Lost`]; `Later` where it was only read |

use super::{SupplierError, SupplierSettings};
use crate::http::secret::Secret;
use crate::http::{Answered, Call, Credentials, Vendor, VendorError, VendorLimits};
use crate::ledger::SupplierKind;
use crate::phone;
use dialguard::contract::PhoneNumber;
use serde_json::Value;

/// A vendor, and what is needed to say what to mend.
pub struct Service {
    vendor: Vendor,
    kind: SupplierKind,
    settings: SupplierSettings,
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

impl Service {
    /// Sends nothing yet. An error says what to mend.
    pub fn open(
        kind: SupplierKind,
        settings: &SupplierSettings,
        credentials: Credentials,
        hidden: Option<Secret>,
        limits: VendorLimits,
    ) -> Result<Self, SupplierError> {
        let vendor = Vendor::new(kind.vendor(), &settings.base_url, credentials, limits)
            .map_err(|error| SupplierError::Refused(error.to_string()))?;
        let vendor = hidden.into_iter().fold(vendor, Vendor::hiding);
        Ok(Service { vendor, kind, settings: settings.clone() })
    }

    /// How it is asked.
    pub fn settings(&self) -> &SupplierSettings {
        &self.settings
    }

    /// Asks, again where that is safe, and makes something of the answer.
    pub async fn ask<T>(
        &self,
        purpose: Purpose,
        call: &Call,
        read: impl Fn(Answered) -> Result<T, VendorError>,
    ) -> Result<T, SupplierError> {
        self.vendor.read(call, read).await.map_err(|error| self.meaning(purpose, error))
    }

    /// Asks for a change that the vendor may refuse in itself, whoever asks: then why, in words.
    pub async fn try_change<T>(
        &self,
        call: &Call,
        read: impl Fn(Answered) -> Result<T, VendorError>,
    ) -> Result<Result<T, String>, SupplierError> {
        match self.vendor.read(call, read).await {
            Ok(done) => Ok(Ok(done)),
            Err(error @ VendorError::Refused { status: 400 | 409 | 422, .. }) => Ok(Err(error.to_string())),
            Err(error) => Err(self.meaning(Purpose::Change, error)),
        }
    }

    /// The table above.
    fn meaning(&self, purpose: Purpose, error: VendorError) -> SupplierError {
        let mut words = error.to_string();
        match error {
            VendorError::Lost(_) | VendorError::Nonsense(_) if purpose != Purpose::Read => SupplierError::Lost(words),
            VendorError::NotSent(_) | VendorError::Lost(_) | VendorError::Nonsense(_) => {
                SupplierError::Later { words, wait: None }
            }
            VendorError::RateLimited { wait } => SupplierError::Later { words, wait },
            VendorError::CircuitOpen { wait } => SupplierError::Later { words, wait: Some(wait) },
            VendorError::Refused { status, code, .. } => {
                let code = code.as_deref();
                if purpose == Purpose::Obtain && self.is_unavailable(status, code) {
                    return SupplierError::NoLongerAvailable(words);
                }
                if matches!(code, Some("20429" | "10011")) {
                    return SupplierError::Later { words, wait: None };
                }
                if let Some(hint) = self.what_to_mend(status, code) {
                    words = format!("{words}; {hint}");
                }
                SupplierError::Refused(words)
            }
        }
    }

    fn is_unavailable(&self, status: u16, code: Option<&str>) -> bool {
        match self.kind {
            SupplierKind::Twilio => matches!(code, Some("21421" | "21422")),
            SupplierKind::Telnyx => status == 409 || matches!(code, Some("10002" | "10016" | "85000" | "85001")),
        }
    }

    fn what_to_mend(&self, status: u16, code: Option<&str>) -> Option<String> {
        let vendor = self.kind.vendor();
        Some(match (status, code) {
            (402, _) | (_, Some("20100")) => format!("pay into the account with {vendor}"),
            (401, _) => {
                let named = |(name, place): (&String, _)| format!("{} ({place})", name.replace('-', " "));
                let secrets = self.settings.secrets.iter().map(named).collect::<Vec<_>>().join(" and ");
                format!("it does not know who asks: see that its {secrets} is right, and restart what runs")
            }
            (403, _) => format!("this account may not do that: look at it and at the key's permissions with {vendor}"),
            (404, _) => {
                format!("there is no such thing at {}: look at its base URL", self.settings.base_url)
            }
            _ => return None,
        })
    }
}

/// A vendor's number, where it is E.164 and possible.
pub fn e164(text: &Value) -> Option<PhoneNumber> {
    let text = text.as_str().filter(|text| text.starts_with('+'))?;
    let number = phone::PhoneNumber::parse(text, phone::Region::US).ok()?;
    (number.to_string() == text).then(|| number.digits())
}

/// A list in an answer, by the name of its field.
pub fn list_in<'a>(body: &'a Value, name: &str) -> Result<&'a Vec<Value>, VendorError> {
    body[name].as_array().ok_or_else(|| VendorError::Nonsense(format!("JSON without the list `{name}`")))
}

/// A text in an answer, by the name of its field.
pub fn text_in<'a>(body: &'a Value, name: &str) -> Result<&'a str, VendorError> {
    let text = body[name].as_str().filter(|text| !text.is_empty());
    text.ok_or_else(|| VendorError::Nonsense(format!("JSON without the text `{name}`")))
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

    fn service(kind: SupplierKind) -> Service {
        let secrets = SupplierSettings::secrets_of(kind)[0].iter().map(|name| (*name, "env:PLACE".parse().unwrap()));
        let settings = SupplierSettings::new(kind, secrets);
        let credentials = Credentials::Bearer(Secret::new("hunter2".into()));
        Service::open(kind, &settings, credentials, None, VendorLimits::default()).unwrap()
    }

    fn refused(status: u16, code: &str) -> VendorError {
        let code = Some(code.to_owned()).filter(|code| !code.is_empty());
        VendorError::Refused { status, code, words: String::new() }
    }

    /// What was answered to a purchase, which error that is, and what it says.
    #[test]
    fn every_row_of_the_table() {
        use SupplierKind::{Telnyx, Twilio};
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
            (Twilio, VendorError::RateLimited { wait: Some(wait) }, "later", "7 seconds"),
            (Twilio, VendorError::CircuitOpen { wait }, "later", "7 seconds"),
            (Twilio, VendorError::NotSent("not reached".into()), "later", "not reached"),
            (Twilio, refused(401, "20003"), "refused", "account sid (env:PLACE) and auth token (env:PLACE)"),
            (Telnyx, refused(401, "10009"), "refused", "api key (env:PLACE)"),
            (Twilio, refused(402, ""), "refused", "pay into the account with Twilio"),
            (Telnyx, refused(403, "20100"), "refused", "pay into the account with Telnyx"),
            (Telnyx, refused(403, "10010"), "refused", "permissions with Telnyx"),
            (Twilio, refused(404, ""), "refused", "https://api.twilio.com/2010-04-01: look at its base URL"),
            (Twilio, refused(400, "21631"), "refused", "error 21631"),
            (Telnyx, refused(422, "21422"), "refused", "error 21422"),
            (Twilio, VendorError::Lost("it answered 500".into()), "lost", "500"),
            (Telnyx, VendorError::Nonsense("no JSON".into()), "lost", "no JSON"),
        ];
        for (kind, error, expected, words) in rows {
            let meaning = service(kind).meaning(Purpose::Obtain, error.clone());
            let (name, said) = match &meaning {
                SupplierError::NoLongerAvailable(said) => ("taken", said),
                SupplierError::Refused(said) => ("refused", said),
                SupplierError::Later { words, .. } => ("later", words),
                SupplierError::Lost(said) => ("lost", said),
            };
            assert_eq!(name, expected, "{kind:?} {error:?}");
            assert!(said.contains(words), "{said}");
            assert_eq!(meaning.is_without_effect(), error.is_without_effect(), "{error:?}");
        }
        // What was only read has done nothing, and no number is taken by it.
        let read = |error| service(Twilio).meaning(Purpose::Read, error);
        assert!(matches!(read(VendorError::Lost("late".into())), SupplierError::Later { wait: None, .. }));
        assert!(matches!(read(VendorError::Nonsense("no JSON".into())), SupplierError::Later { .. }));
        assert!(matches!(read(refused(400, "21422")), SupplierError::Refused(_)));
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
