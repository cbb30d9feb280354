//! Numbers from Twilio, by its API of 2010-04-01.
//!
//! A number is ordered by itself and never by its area code, which would buy one that nobody has screened. There is no
//! key by which an order is known again, and no reservation: after a lost answer one looks whether the number is owned.

use super::api::{ProviderApi, Purpose, e164, in_words, list_in, text_in};
use super::{Provider, ProviderError, ProviderSettings, Reservation, SearchArea, Standing};
use crate::http::secret::Secret;
use crate::http::{Answered, Call, Credentials, ServiceError, ServiceLimits};
use crate::ledger::ProviderKind;
use dialguard::contract::PhoneNumber;
use serde_json::Value;
use url::Url;

/// Numbers a page; an answer of that many stays well within a client's limit.
const PAGE_SIZE: u32 = 200;

/// Pages that are followed: a million numbers.
const PAGES_MAX: usize = 5_000;

/// What is carried over to another number: the field of an answer, and that of a form.
const CARRIED: [(&str, &str); 16] = [
    ("friendly_name", "FriendlyName"),
    ("trunk_sid", "TrunkSid"),
    ("voice_application_sid", "VoiceApplicationSid"),
    ("voice_url", "VoiceUrl"),
    ("voice_method", "VoiceMethod"),
    ("voice_fallback_url", "VoiceFallbackUrl"),
    ("voice_fallback_method", "VoiceFallbackMethod"),
    ("voice_caller_id_lookup", "VoiceCallerIdLookup"),
    ("voice_receive_mode", "VoiceReceiveMode"),
    ("sms_application_sid", "SmsApplicationSid"),
    ("sms_url", "SmsUrl"),
    ("sms_method", "SmsMethod"),
    ("sms_fallback_url", "SmsFallbackUrl"),
    ("sms_fallback_method", "SmsFallbackMethod"),
    ("status_callback", "StatusCallback"),
    ("status_callback_method", "StatusCallbackMethod"),
];

/// What belongs to one number by law or contract, and is told where the other has none like it.
const KEPT: [&str; 4] = ["emergency_address_sid", "address_sid", "identity_sid", "bundle_sid"];

/// Twilio, for one account with it.
pub struct TwilioNumbers {
    service: ProviderApi,
    base: Url,
    account: Secret,
}

/// An owned number.
struct Owned {
    sid: String,
    number: PhoneNumber,
    fields: Value,
}

impl TwilioNumbers {
    /// Sends nothing yet; an error says what to mend.
    pub fn open(settings: &ProviderSettings, limits: ServiceLimits) -> Result<Self, ProviderError> {
        let account = settings.secret("account-sid")?;
        if !is_account_sid(account.expose()) {
            return Err(ProviderError::Refused(
                "its account sid is not AC and 32 digits of base 16; copy it from the head of Twilio's console".into(),
            ));
        }
        let credentials = match settings.secrets.contains_key("api-key") {
            true => Credentials::Basic(settings.secret("api-key")?, settings.secret("api-key-secret")?),
            false => Credentials::Basic(account.clone(), settings.secret("auth-token")?),
        };
        let service = ProviderApi::open(ProviderKind::Twilio, settings, credentials, Some(account.clone()), limits)?;
        let base = Url::parse(&settings.base_url).map_err(|error| ProviderError::Refused(error.to_string()))?;
        Ok(TwilioNumbers { service, base, account })
    }

    /// A request about the account.
    fn call(&self, method: fn(&[&str]) -> Call, path: &[&str]) -> Call {
        method(&[&["Accounts", self.account.expose()], path].concat())
    }

    /// Everything of a list, page by page, until there is enough.
    async fn list(
        &self,
        path: &[&str],
        name: &str,
        query: &[(&str, &str)],
        enough: usize,
    ) -> Result<Vec<Value>, ProviderError> {
        let mut items = Vec::new();
        let mut query: Vec<_> = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        for _ in 0..PAGES_MAX {
            let call = query.iter().fold(self.call(Call::get, path), |call, (name, value)| call.query(name, value));
            let (page, next) = self.service.ask(Purpose::Read, &call, |answered| self.page(answered, name)).await?;
            items.extend(page);
            match next {
                Some(next) if items.len() < enough => query = next,
                _ => return Ok(items),
            }
        }
        Err(ProviderError::Later { words: format!("it lists more than {PAGES_MAX} pages"), wait: None })
    }

    fn page(&self, answered: Answered, name: &str) -> Result<(Vec<Value>, Option<Query>), ServiceError> {
        let next = next_page(&self.base, &answered.body["next_page_uri"])?;
        Ok((list_in(&answered.body, name)?.clone(), next))
    }

    /// The number as it is owned, if it is.
    async fn find(&self, number: PhoneNumber) -> Result<Option<Owned>, ProviderError> {
        let e164 = format!("+{number}");
        let found = self
            .list(&["IncomingPhoneNumbers.json"], "incoming_phone_numbers", &[("PhoneNumber", &e164)], usize::MAX)
            .await?;
        // The provider takes patterns too, and may answer more than was asked for.
        Ok(found.into_iter().filter_map(|fields| owned(fields).ok()).find(|owned| owned.number == number))
    }

    async fn is_owned(&self, number: PhoneNumber) -> Result<bool, ProviderError> {
        Ok(self.find(number).await?.is_some())
    }

    /// Sets fields of a number; answers those that were not taken, in words.
    async fn set(&self, number: &Owned, form: &[(&str, &str, String)]) -> Result<Vec<String>, ProviderError> {
        let fields: Vec<_> = form.iter().map(|(_, name, value)| (*name, value.as_str())).collect();
        let path = ["IncomingPhoneNumbers", &format!("{}.json", number.sid)];
        let call = self.call(Call::post, &path).form(&fields);
        let done = self.service.try_change(&call, |answered| owned(answered.body)).await?;
        Ok(match done {
            Ok(changed) => {
                let untaken = form.iter().filter(|(field, _, value)| text(&changed.fields[*field]) != *value);
                untaken.map(|(field, ..)| format!("{}: Twilio did not take it", in_words(field))).collect()
            }
            Err(words) => form.iter().map(|(field, ..)| format!("{}: {words}", in_words(field))).collect(),
        })
    }
}

#[async_trait::async_trait]
impl Provider for TwilioNumbers {
    async fn search(&self, area: SearchArea, limit: u32) -> Result<Vec<PhoneNumber>, ProviderError> {
        let limit = limit.clamp(1, 1_000);
        let page_size = limit.min(PAGE_SIZE).to_string();
        let texts = self.service.settings().texts;
        let area_code = match area {
            SearchArea::AreaCode(code) => Some(code.to_string()),
            SearchArea::Anywhere => None,
        };
        // A number that needs an address cannot be ordered without one.
        let mut query = vec![("VoiceEnabled", "true"), ("ExcludeAllAddressRequired", "true"), ("PageSize", &page_size)];
        query.extend(area_code.iter().map(|code| ("AreaCode", code.as_str())));
        query.extend(texts.then_some(("SmsEnabled", "true")));
        let path = ["AvailablePhoneNumbers", "US", "Local.json"];
        let offered = self.list(&path, "available_phone_numbers", &query, limit as usize).await?;
        let can = |offer: &Value, what: &str| offer["capabilities"][what] != Value::Bool(false);
        let fits = |offer: &&Value| can(offer, "voice") && (!texts || can(offer, "SMS") && can(offer, "sms"));
        let mut numbers: Vec<_> =
            offered.iter().filter(fits).filter_map(|offer| e164(&offer["phone_number"])).collect();
        numbers.retain(|number| area.holds(*number));
        numbers.sort_unstable();
        numbers.dedup();
        numbers.truncate(limit as usize);
        Ok(numbers)
    }

    async fn reserve(&self, _: PhoneNumber) -> Result<Reservation, ProviderError> {
        Ok(Reservation::NotOffered)
    }

    async fn order(&self, number: PhoneNumber, _: &str) -> Result<Standing, ProviderError> {
        let call =
            self.call(Call::post, &["IncomingPhoneNumbers.json"]).form(&[("PhoneNumber", &format!("+{number}"))]);
        let bought = self.service.ask(Purpose::Obtain, &call, |answered| match owned(answered.body)?.number {
            bought if bought == number => Ok(Standing::Owned),
            _ => Err(ServiceError::Nonsense("about a number that was not ordered".into())),
        });
        match bought.await {
            // Perhaps an order whose answer was lost has come through meanwhile.
            Err(ProviderError::NoLongerAvailable(words)) => match self.is_owned(number).await {
                Ok(true) => Ok(Standing::Owned),
                Ok(false) => Err(ProviderError::NoLongerAvailable(words)),
                Err(error) => Err(ProviderError::Lost(format!("{words}, and whether it is owned: {error}"))),
            },
            bought => bought,
        }
    }

    async fn standing(&self, number: PhoneNumber, _: &str) -> Result<Standing, ProviderError> {
        Ok(if self.is_owned(number).await? { Standing::Owned } else { Standing::Unknown })
    }

    async fn carry_over(&self, from: PhoneNumber, to: PhoneNumber) -> Result<Vec<String>, ProviderError> {
        let Some(new) = self.find(to).await? else {
            return Err(ProviderError::Refused(format!("+{to} is no number of this account with Twilio")));
        };
        let Some(old) = self.find(from).await? else {
            return Ok(vec![format!("all settings: +{from} is no number of this account with Twilio")]);
        };
        let form = to_carry(&old, &new);
        let mut told = Vec::new();
        if !form.is_empty() {
            told = self.set(&new, &form).await?;
        }
        if told.len() == form.len() && form.len() > 1 {
            // One field may have spoilt the others.
            told.clear();
            for field in form {
                told.extend(self.set(&new, &[field]).await?);
            }
        }
        told.extend(left_over(&old, &new).iter().map(|field| {
            format!("{}: +{from} has none, and the one of +{to} stays; empty it in Twilio's console", in_words(field))
        }));
        let kept = KEPT.iter().filter(|field| !text(&old.fields[**field]).is_empty());
        let kept = kept.filter(|field| text(&new.fields[**field]) != text(&old.fields[**field]));
        told.extend(kept.map(|field| format!("{}: set it in Twilio's console", in_words(field))));
        let can_text = |owned: &Owned| owned.fields["capabilities"]["sms"] == Value::Bool(true);
        if can_text(&old) && !can_text(&new) {
            told.push(format!("texts: +{to} cannot send or receive any"));
        }
        Ok(told)
    }

    async fn release(&self, number: PhoneNumber) -> Result<(), ProviderError> {
        let Some(owned) = self.find(number).await? else { return Ok(()) };
        let call = self.call(Call::delete, &["IncomingPhoneNumbers", &format!("{}.json", owned.sid)]);
        let gone = self.service.ask(Purpose::Change, &call, |_| Ok(())).await;
        match gone {
            // Somebody else has given it back meanwhile.
            Err(ProviderError::Refused(_)) if !self.is_owned(number).await? => Ok(()),
            gone => gone,
        }
    }

    async fn owned(&self) -> Result<Vec<PhoneNumber>, ProviderError> {
        let page_size = PAGE_SIZE.to_string();
        let query = [("PageSize", page_size.as_str())];
        let owned = self.list(&["IncomingPhoneNumbers.json"], "incoming_phone_numbers", &query, usize::MAX).await?;
        let mut numbers: Vec<_> = owned.iter().filter_map(|fields| e164(&fields["phone_number"])).collect();
        numbers.sort_unstable();
        numbers.dedup();
        Ok(numbers)
    }

    async fn test(&self) -> Result<(), ProviderError> {
        let list = self.call(Call::get, &["IncomingPhoneNumbers.json"]).query("PageSize", "1");
        self.service.ask(Purpose::Read, &list, |answered| self.page(answered, "incoming_phone_numbers")).await?;
        // An API key of less than full rights may not ask for this, and need not.
        let account = Call::get(&["Accounts", &format!("{}.json", self.account.expose())]);
        let status =
            self.service.ask(Purpose::Read, &account, |answered| Ok(text_in(&answered.body, "status")?.to_owned()));
        match status.await.as_deref() {
            Ok("active") | Err(ProviderError::Refused(_)) => Ok(()),
            Ok("suspended") => Err(ProviderError::Refused(
                "the account is suspended; look in Twilio's console, mostly it is out of funds".into(),
            )),
            Ok(_) => Err(ProviderError::Refused("the account is closed; name another one".into())),
            Err(error) => Err(error.clone()),
        }
    }
}

/// What has to be set so that `new` is as `old`: the answer's field, the form's, and the value.
fn to_carry(old: &Owned, new: &Owned) -> Vec<(&'static str, &'static str, String)> {
    let set = carried(old).filter(|(field, _)| !text(&old.fields[*field]).is_empty());
    let set = set.map(|(field, form)| (field, form, text(&old.fields[field])));
    set.filter(|(field, _, value)| text(&new.fields[*field]) != *value).collect()
}

/// What `new` has of its own where `old` has nothing. By its description the API takes no empty values.
fn left_over(old: &Owned, new: &Owned) -> Vec<&'static str> {
    // A method says nothing without its URL.
    let fields = carried(old).map(|(field, _)| field).filter(|field| !field.ends_with("_method"));
    let unset = fields.filter(|field| text(&old.fields[*field]).is_empty());
    unset.filter(|field| !text(&new.fields[*field]).is_empty()).collect()
}

fn carried(old: &Owned) -> impl Iterator<Item = (&'static str, &'static str)> {
    let is_carried = |field: &str| match field {
        "friendly_name" => !names_itself(old),
        // A trunk takes the place of an application and of every URL for calls.
        "trunk_sid" => true,
        _ if field.starts_with("voice_") => text(&old.fields["trunk_sid"]).is_empty(),
        _ => true,
    };
    CARRIED.into_iter().filter(move |(field, _)| is_carried(field))
}

/// Whether a number has no other name than itself, such as `(310) 555-0123`.
fn names_itself(owned: &Owned) -> bool {
    let name = text(&owned.fields["friendly_name"]);
    let digits: String = name.chars().filter(char::is_ascii_digit).collect();
    let has_words = name.chars().any(char::is_alphabetic);
    !has_words && owned.number.to_string().ends_with(&digits)
}

/// A field as a form has it; empty where it is null or missing.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn owned(fields: Value) -> Result<Owned, ServiceError> {
    let sid = text_in(&fields, "sid")?.to_owned();
    let number = e164(&fields["phone_number"])
        .ok_or_else(|| ServiceError::Nonsense("an owned number that is no E.164 number".into()))?;
    Ok(Owned { sid, number, fields })
}

fn is_account_sid(sid: &str) -> bool {
    sid.strip_prefix("AC").is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

type Query = Vec<(String, String)>;

/// The query of the next page. Of the provider's address nothing else is followed, and it has to be the provider's own.
fn next_page(base: &Url, uri: &Value) -> Result<Option<Query>, ServiceError> {
    let Some(uri) = uri.as_str().filter(|uri| !uri.is_empty()) else { return Ok(None) };
    match base.join(uri) {
        Ok(next) if next.origin() == base.origin() => Ok(Some(next.query_pairs().into_owned().collect())),
        _ => Err(ServiceError::Nonsense("a next page that lies elsewhere".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn number(fields: Value) -> Owned {
        Owned { sid: "PN1".into(), number: 13_105_550_123, fields }
    }

    #[test]
    fn a_next_page_is_followed_on_the_same_host_only() {
        let base = Url::parse("https://api.twilio.com/2010-04-01").unwrap();
        let next = |uri: &str| next_page(&base, &json!(uri));
        let query = vec![("Page".to_owned(), "1".to_owned()), ("PageToken".to_owned(), "PA1".to_owned())];
        let path = "/2010-04-01/Accounts/AC1/IncomingPhoneNumbers.json?Page=1&PageToken=PA1";
        assert_eq!(next(path), Ok(Some(query.clone())));
        assert_eq!(next(&format!("https://api.twilio.com{path}")), Ok(Some(query)));
        assert_eq!((next(""), next_page(&base, &Value::Null)), (Ok(None), Ok(None)));
        for elsewhere in ["https://elsewhere.example/?Page=1", "//elsewhere.example/", "http://api.twilio.com/"] {
            assert!(matches!(next(elsewhere), Err(ServiceError::Nonsense(_))), "{elsewhere}");
        }
    }

    #[test]
    fn only_what_differs_is_carried_over() {
        let old = number(json!({
            "friendly_name": "Sales, west", "voice_url": "https://dialer.example/voice", "voice_method": "POST",
            "sms_url": "", "voice_caller_id_lookup": true, "trunk_sid": null, "voice_application_sid": "AP1",
        }));
        let new = number(json!({
            "friendly_name": "(310) 555-0123", "voice_url": "https://demo.twilio.com/", "voice_method": "POST",
            "sms_url": "https://demo.twilio.com/", "voice_caller_id_lookup": false, "trunk_sid": null,
        }));
        let carried = to_carry(&old, &new);
        let carried: Vec<_> = carried.iter().map(|(_, form, value)| (*form, value.as_str())).collect();
        assert_eq!(
            carried,
            [
                ("FriendlyName", "Sales, west"),
                ("VoiceApplicationSid", "AP1"),
                ("VoiceUrl", "https://dialer.example/voice"),
                ("VoiceCallerIdLookup", "true"),
            ]
        );
        assert_eq!(left_over(&old, &new), ["sms_url"]);
        assert!(to_carry(&old, &old).is_empty() && left_over(&old, &old).is_empty());
        let trunked =
            number(json!({"trunk_sid": "TK1", "voice_application_sid": "AP1", "sms_url": "https://a.example/"}));
        let carried = to_carry(&trunked, &new);
        let carried: Vec<_> = carried.iter().map(|(_, form, value)| (*form, value.as_str())).collect();
        assert_eq!(carried, [("TrunkSid", "TK1"), ("SmsUrl", "https://a.example/")]);
        assert!(left_over(&trunked, &new).is_empty());
    }

    #[test]
    fn a_number_that_is_named_after_itself_has_no_name_to_carry() {
        let named = |name: &str| names_itself(&number(json!({ "friendly_name": name })));
        for name in ["(310) 555-0123", "+13105550123", "3105550123", ""] {
            assert!(named(name), "{name}");
        }
        for name in ["Sales", "Sales 0123", "310"] {
            assert!(!named(name), "{name}");
        }
    }

    #[test]
    fn account_sids_have_a_form() {
        assert!(is_account_sid("AC0123456789abcdef0123456789ABCDEF"));
        for sid in ["", "AC", "AC0123456789abcdef0123456789ABCDE", "SK0123456789abcdef0123456789ABCDEF", "hunter2"] {
            assert!(!is_account_sid(sid), "{sid}");
        }
    }
}
