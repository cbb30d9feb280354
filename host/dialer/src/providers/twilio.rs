//! Numbers from Twilio, by its API of 2010-04-01.
//!
//! An order names the number, never its area code, which would buy a number that was not screened. Twilio has
//! neither idempotency keys nor reservations, and a purchase of a number that the account has already changes its
//! settings and succeeds. So a number is looked for before it is ordered, and the order gives it a name, the buyer's
//! reference: after a lost response, a number with this name was bought by this order, and any other was not. The name
//! is replaced when the old number's settings are copied.

use super::api::{
    ProviderApi, Purpose, in_words, limits_of_log, list_in, log_is_off, names_a_purchase, number_in, text, text_in,
};
use super::call_log::{CallLog, CallRecord, LogReader, time_in};
use super::{Offer, OfferPrice, Provider, ProviderError, ProviderSettings, PurchaseStatus, Reservation, SearchArea};
use crate::http::secret::Secret;
use crate::http::{Call, Credentials, ServiceError, ServiceLimits, ServiceResponse};
use crate::ledger::ProviderKind;
use crate::phone::e164;
use dialguard::calendar::rfc3339;
use dialguard::contract::{PhoneNumber, Timestamp};
use serde_json::Value;
use std::ops::Range;
use url::Url;

/// Numbers a page. A response of this many is well within the client's size limit.
const PAGE_SIZE: u32 = 200;

/// Pages read at most: a million numbers.
const PAGES_MAX: usize = 5_000;

/// Calls a page, and pages of a day's log, at most: half a million calls.
const CALLS_PAGE_SIZE: &str = "500";
const LOG_PAGES_MAX: usize = 1_000;

const DAY: u64 = 86_400;

/// How long Twilio may take to make a number the account's, in seconds.
const PURCHASE_SECONDS_MAX: i64 = 60;

/// Settings that are copied to another number: the field in a response, and that in a form.
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

/// Settings that belong to one number by law or contract. Not copied, but reported if they differ.
const KEPT: [&str; 4] = ["emergency_address_sid", "address_sid", "identity_sid", "bundle_sid"];

/// One account with Twilio.
pub struct TwilioNumbers {
    api: ProviderApi,
    /// Twilio's API of regulatory compliance, which is apart.
    regulations: ProviderApi,
    /// Its API of prices, which is apart too; none unless they are read.
    prices: Option<ProviderApi>,
    /// The same API as `api`, for its log of calls; none unless it is read.
    log: Option<ProviderApi>,
    base: Url,
    account: Secret,
}

/// An owned number with its settings.
struct OwnedNumber {
    sid: String,
    number: PhoneNumber,
    fields: Value,
}

impl OwnedNumber {
    /// Whether the purchase with this reference brought the number, which the account did not have just before. Twilio
    /// gives every number the name that its purchase asks for, and a time. Of a service with neither, a number counts
    /// as bought if it has no settings of its own.
    fn is_bought_as(&self, reference: &str) -> bool {
        self.fields["friendly_name"] == reference || self.fields["date_created"].is_null() && self.is_untouched()
    }

    /// Whether it is as Twilio sells it.
    fn is_untouched(&self) -> bool {
        let is_new = |value: String| value.is_empty() || value.starts_with("https://demo.twilio.com/");
        let settings = CARRIED.iter().filter(|(field, _)| field.ends_with("_url") || field.ends_with("_sid"));
        names_itself(self) && settings.into_iter().all(|(field, _)| is_new(text(&self.fields[*field])))
    }

    /// Whether this response to a purchase shows a number that the account had before.
    fn was_there_before(&self, reference: &str) -> bool {
        let time = |field: &str| chrono::DateTime::parse_from_rfc2822(self.fields[field].as_str()?).ok();
        let name = &self.fields["friendly_name"];
        let is_changed = time("date_created")
            .zip(time("date_updated"))
            .is_some_and(|(created, updated)| (updated - created).num_seconds() > PURCHASE_SECONDS_MAX);
        is_changed || *name != reference && (has_name(self) || names_a_purchase(name))
    }
}

impl TwilioNumbers {
    /// Sends nothing yet.
    pub fn open(settings: &ProviderSettings, limits: ServiceLimits) -> Result<Self, ProviderError> {
        let account = settings.secret("account-sid")?;
        if !is_account_sid(account.expose()) {
            return Err(ProviderError::Credentials(
                "its account sid is not AC and 32 hexadecimal digits, as shown in Twilio's console".into(),
            ));
        }
        let credentials = match settings.secrets.contains_key("api-key") {
            true => Credentials::Basic(settings.secret("api-key")?, settings.secret("api-key-secret")?),
            false => Credentials::Basic(account.clone(), settings.secret("auth-token")?),
        };
        let base = Url::parse(&settings.base_url).map_err(|error| ProviderError::Settings(error.to_string()))?;
        let open_within = |settings: &ProviderSettings, limits| {
            let (credentials, account) = (credentials.clone(), Some(account.clone()));
            ProviderApi::open(ProviderKind::Twilio, settings, credentials, account, limits)
        };
        let open = |settings: &ProviderSettings| open_within(settings, limits.clone());
        let apart = |host, path| ProviderSettings { base_url: url_of(&base, host, path), ..settings.clone() };
        let regulations = open(&apart("numbers.twilio.com", "/v2"))?;
        let reads_prices = settings.read_prices == Some(true);
        let prices = reads_prices.then(|| open(&apart("pricing.twilio.com", "/v1"))).transpose()?;
        let log = settings.calls.then(|| open_within(settings, limits_of_log(&limits))).transpose()?;
        Ok(TwilioNumbers { api: open(settings)?, regulations, prices, log, base, account })
    }

    /// A request below the account's path.
    fn call(&self, method: fn(&[&str]) -> Call, path: &[&str]) -> Call {
        method(&[&["Accounts", self.account.expose()], path].concat())
    }

    /// The items of a list, page by page, until there are enough.
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
            let (page, next) = self.api.send(Purpose::Read, &call, |response| self.page(response, name)).await?;
            items.extend(page);
            match next {
                Some(next) if items.len() < enough => query = next,
                _ => return Ok(items),
            }
        }
        Err(ProviderError::Later { words: format!("more than {PAGES_MAX} pages in a list"), wait: None })
    }

    fn page(&self, response: ServiceResponse, name: &str) -> Result<(Vec<Value>, Option<Query>), ServiceError> {
        let next = next_page(&self.base, &response.body["next_page_uri"])?;
        Ok((list_in(&response.body, name)?.clone(), next))
    }

    /// The number with its settings, if it is owned.
    async fn find(&self, number: PhoneNumber) -> Result<Option<OwnedNumber>, ProviderError> {
        let wanted = e164(number).to_string();
        let found = self
            .list(&["IncomingPhoneNumbers.json"], "incoming_phone_numbers", &[("PhoneNumber", &wanted)], usize::MAX)
            .await?;
        // Twilio treats the number as a pattern, so the list may have others.
        Ok(found.into_iter().filter_map(|fields| owned(fields).ok()).find(|owned| owned.number == number))
    }

    /// A number with this name.
    async fn named(&self, name: &str) -> Result<Option<OwnedNumber>, ProviderError> {
        let query = [("FriendlyName", name)];
        let found = self.list(&["IncomingPhoneNumbers.json"], "incoming_phone_numbers", &query, usize::MAX).await?;
        let found = found.into_iter().filter_map(|fields| owned(fields).ok());
        Ok(found.into_iter().find(|owned| owned.fields["friendly_name"] == name))
    }

    /// Sets fields of a number; returns those that were not accepted, as sentences.
    async fn set(&self, number: &OwnedNumber, form: &[(&str, &str, String)]) -> Result<Vec<String>, ProviderError> {
        let fields: Vec<_> = form.iter().map(|(_, name, value)| (*name, value.as_str())).collect();
        let path = ["IncomingPhoneNumbers", &format!("{}.json", number.sid)];
        let call = self.call(Call::post, &path).form(&fields);
        let done = self.api.try_change(&call, |response| owned(response.body)).await?;
        Ok(match done {
            Ok(changed) => {
                let untaken = form.iter().filter(|(field, _, value)| text(&changed.fields[*field]) != *value);
                untaken.map(|(field, ..)| format!("{}: Twilio did not accept it", in_words(field))).collect()
            }
            Err(words) => form.iter().map(|(field, ..)| format!("{}: {words}", in_words(field))).collect(),
        })
    }
}

#[async_trait::async_trait]
impl Provider for TwilioNumbers {
    async fn search(&self, area: SearchArea, limit: u32) -> Result<Vec<Offer>, ProviderError> {
        let limit = limit.clamp(1, 1_000);
        let price = self.price_now().await?;
        let page_size = limit.min(PAGE_SIZE).to_string();
        let texts = self.api.settings().texts;
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
            offered.iter().filter(fits).filter_map(|offer| number_in(&offer["phone_number"])).collect();
        numbers.retain(|number| area.contains(*number));
        numbers.sort_unstable();
        numbers.dedup();
        numbers.truncate(limit as usize);
        Ok(numbers.into_iter().map(|number| Offer { number, price: price.clone() }).collect())
    }

    async fn price(&self, _: PhoneNumber) -> Result<Option<OfferPrice>, ProviderError> {
        self.price_now().await.map(Some)
    }

    async fn reserve(&self, _: PhoneNumber) -> Result<Reservation, ProviderError> {
        Ok(Reservation::NotOffered)
    }

    async fn has(&self, number: PhoneNumber) -> Result<bool, ProviderError> {
        Ok(self.find(number).await?.is_some())
    }

    async fn order(&self, number: PhoneNumber, reference: &str) -> Result<PurchaseStatus, ProviderError> {
        let form = [("PhoneNumber", &*e164(number).to_string()), ("FriendlyName", reference)];
        let call = self.call(Call::post, &["IncomingPhoneNumbers.json"]).form(&form);
        let bought = self.api.send(Purpose::Obtain, &call, |response| match owned(response.body)? {
            bought if bought.number == number => Ok(bought),
            _ => Err(ServiceError::InvalidResponse("about a number that was not ordered".into())),
        });
        match bought.await {
            Ok(bought) if bought.was_there_before(reference) => {
                Err(ProviderError::NoLongerAvailable("the account has it already".into()))
            }
            Ok(_) => Ok(PurchaseStatus::Owned),
            Err(error) => Err(error),
        }
    }

    async fn purchase_status(&self, number: PhoneNumber, reference: &str) -> Result<PurchaseStatus, ProviderError> {
        Ok(match self.find(number).await? {
            Some(owned) if owned.is_bought_as(reference) => PurchaseStatus::Owned,
            Some(_) => PurchaseStatus::OwnedOtherwise,
            None => match self.named(reference).await? {
                Some(other) => PurchaseStatus::Failed(format!(
                    "the order brought {} instead, which is now in the account with Twilio",
                    e164(other.number)
                )),
                None => PurchaseStatus::Unknown,
            },
        })
    }

    async fn carry_over(&self, from: PhoneNumber, to: PhoneNumber) -> Result<Vec<String>, ProviderError> {
        let Some(new) = self.find(to).await? else {
            return Err(ProviderError::Refused(format!("{} is not a number of this account with Twilio", e164(to))));
        };
        let Some(old) = self.find(from).await? else {
            let mut left_out =
                vec![format!("all settings: {} is not a number of this account with Twilio", e164(from))];
            if names_a_purchase(&new.fields["friendly_name"]) {
                left_out.extend(self.set(&new, &[("friendly_name", "FriendlyName", own_name(to))]).await?);
            }
            return Ok(left_out);
        };
        let form = to_carry(&old, &new);
        let mut left_out = Vec::new();
        if !form.is_empty() {
            left_out = self.set(&new, &form).await?;
        }
        if left_out.len() == form.len() && form.len() > 1 {
            // One field may have caused the refusal of all.
            left_out.clear();
            for field in form {
                left_out.extend(self.set(&new, &[field]).await?);
            }
        }
        left_out.extend(left_over(&old, &new).iter().map(|field| {
            let (from, to, field) = (e164(from), e164(to), in_words(field));
            format!("{field}: {from} has none, and {to} keeps its own; clear it in Twilio's console")
        }));
        let kept = KEPT.iter().filter(|field| !text(&old.fields[**field]).is_empty());
        let kept = kept.filter(|field| text(&new.fields[**field]) != text(&old.fields[**field]));
        left_out.extend(kept.map(|field| format!("{}: set it in Twilio's console", in_words(field))));
        let can_text = |owned: &OwnedNumber| owned.fields["capabilities"]["sms"] == Value::Bool(true);
        if can_text(&old) && !can_text(&new) {
            left_out.push(format!("texts: {} does not support them", e164(to)));
        }
        Ok(left_out)
    }

    async fn release(&self, number: PhoneNumber) -> Result<(), ProviderError> {
        let Some(owned) = self.find(number).await? else { return Ok(()) };
        let call = self.call(Call::delete, &["IncomingPhoneNumbers", &format!("{}.json", owned.sid)]);
        let gone = self.api.send(Purpose::Change, &call, |_| Ok(())).await;
        match gone {
            // It may have been released by now.
            Err(ProviderError::Refused(_)) if !self.has(number).await? => Ok(()),
            gone => gone,
        }
    }

    async fn owned(&self) -> Result<Vec<PhoneNumber>, ProviderError> {
        let page_size = PAGE_SIZE.to_string();
        let query = [("PageSize", page_size.as_str())];
        let owned = self.list(&["IncomingPhoneNumbers.json"], "incoming_phone_numbers", &query, usize::MAX).await?;
        let mut numbers: Vec<_> = owned.iter().filter_map(|fields| number_in(&fields["phone_number"])).collect();
        numbers.sort_unstable();
        numbers.dedup();
        Ok(numbers)
    }

    /// Twilio documents the filters as dates, so that whole days are asked for: at midnight it does not matter whether it
    /// heeds the time of day, nor whether the end is included.
    async fn calls(&self, span: Range<Timestamp>) -> Result<CallLog, ProviderError> {
        let log = self.log.as_ref().ok_or_else(log_is_off)?;
        let (since, until) = (span.start / DAY * DAY, span.end.next_multiple_of(DAY));
        let query =
            [("StartTime>", rfc3339(since)), ("StartTime<", rfc3339(until)), ("PageSize", CALLS_PAGE_SIZE.into())];
        let mut query: Query = query.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let mut reader = LogReader::new(span);
        for _ in 0..LOG_PAGES_MAX {
            let call = self.call(Call::get, &["Calls.json"]);
            let call = query.iter().fold(call, |call, (name, value)| call.query(name, value));
            let (page, next) = log.send(Purpose::Read, &call, |response| self.page(response, "calls")).await?;
            page.iter().for_each(|record| take_call(&mut reader, record));
            match next {
                Some(next) => query = next,
                None => return Ok(reader.finish()),
            }
        }
        Err(ProviderError::Refused(format!("more than {LOG_PAGES_MAX} pages of calls in a day")))
    }

    async fn test(&self) -> Result<Vec<String>, ProviderError> {
        let list = self.call(Call::get, &["IncomingPhoneNumbers.json"]).query("PageSize", "1");
        self.api.send(Purpose::Read, &list, |response| self.page(response, "incoming_phone_numbers")).await?;
        let mut limits = self.account_limits().await?;
        limits.extend(self.missing("Addresses.json", "addresses").await.then(|| {
            "it has no address, so numbers that need one are passed over; add one in Twilio's console".to_owned()
        }));
        limits.extend(self.has_no_bundle().await.then(|| {
            "it has no approved regulatory bundle, so numbers that need one are passed over; add one in Twilio's console"
                .to_owned()
        }));
        limits.extend(self.balance().await.filter(|balance| *balance <= 0.0).map(|balance| {
            format!("its balance is {balance:.2}, so it may not be able to buy; add funds to the account with Twilio")
        }));
        Ok(limits)
    }
}

impl TwilioNumbers {
    /// What local numbers in the United States cost, which is all that Twilio states.
    async fn price_now(&self) -> Result<OfferPrice, ProviderError> {
        let Some(prices) = &self.prices else { return Ok(OfferPrice::Flat) };
        let country = Call::get(&["PhoneNumbers", "Countries", "US"]);
        let price = prices.send(Purpose::Read, &country, |response| {
            let kinds = list_in(&response.body, "phone_number_prices")?;
            let local = kinds.iter().find(|kind| kind["number_type"] == "local");
            Ok(local.map(|local| OfferPrice::stated(&[&local["current_price"]], &response.body["price_unit"])))
        });
        let unstated = || OfferPrice::Refused("Twilio states no price of local numbers".into());
        Ok(price.await?.filter(|price| *price != OfferPrice::Flat).unwrap_or_else(unstated))
    }

    /// What the account cannot do because of its type. Errors: it is suspended or closed.
    async fn account_limits(&self) -> Result<Vec<String>, ProviderError> {
        let account = Call::get(&["Accounts", &format!("{}.json", self.account.expose())]);
        let account = self.api.send(Purpose::Read, &account, |response| {
            Ok((text_in(&response.body, "status")?.to_owned(), text(&response.body["type"])))
        });
        match account.await {
            Ok((status, kind)) if status == "active" && kind == "Trial" => {
                Ok(vec!["it is a trial account, which may have one number; upgrade it in Twilio's console".into()])
            }
            Ok((status, _)) if status == "active" => Ok(Vec::new()),
            Ok((status, _)) if status == "suspended" => Err(ProviderError::Refused(
                "the account is suspended, usually for lack of funds; see Twilio's console".into(),
            )),
            Ok(_) => Err(ProviderError::Refused("the account is closed".into())),
            // A restricted API key may lack this permission and does not need it.
            Err(ProviderError::Refused(_) | ProviderError::Credentials(_)) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Whether a list of the account is certainly empty. Not being able to read it says nothing.
    async fn missing(&self, path: &str, name: &str) -> bool {
        let list = self.call(Call::get, &[path]).query("PageSize", "1");
        let page = self.api.send(Purpose::Read, &list, |response| self.page(response, name)).await;
        page.is_ok_and(|(items, _)| items.is_empty())
    }

    /// The same for approved bundles.
    async fn has_no_bundle(&self) -> bool {
        let path = ["RegulatoryCompliance", "Bundles"];
        let approved = Call::get(&path).query("Status", "twilio-approved").query("PageSize", "1");
        let bundles = self
            .regulations
            .send(Purpose::Read, &approved, |response| Ok(list_in(&response.body, "results")?.is_empty()));
        bundles.await.unwrap_or(false)
    }

    /// The account's balance, if it can be read.
    async fn balance(&self) -> Option<f64> {
        let balance = self.call(Call::get, &["Balance.json"]);
        let read = |response: ServiceResponse| Ok(text_in(&response.body, "balance")?.to_owned());
        self.api.send(Purpose::Read, &balance, read).await.ok()?.parse().ok()
    }
}

/// The log has no codes of SIP, so that it does not tell which calls were blocked.
fn take_call(reader: &mut LogReader, call: &Value) {
    let (direction, outcome, seconds) = (text(&call["direction"]), text(&call["status"]), text(&call["duration"]));
    reader.take(
        call,
        &CallRecord {
            from: &call["from"],
            // Calls to the phone network from a trunk are 'terminating', and those from there are 'originating'.
            direction: if direction == "trunking-originating" { "inbound" } else { &direction },
            began_at: time_in(&call["start_time"]).or_else(|()| time_in(&call["date_created"])),
            is_over: !matches!(&*outcome, "queued" | "initiated" | "ringing" | "in-progress"),
            outcome: &outcome,
            sip_code: "",
            sip_reason: "",
            seconds: &seconds,
        },
    );
}

/// The settings to copy so that `new` is like `old`: the field in a response, that in a form, and the value.
fn to_carry(old: &OwnedNumber, new: &OwnedNumber) -> Vec<(&'static str, &'static str, String)> {
    let set = carried(old).filter(|(field, _)| !text(&old.fields[*field]).is_empty());
    let set = set.map(|(field, form)| (field, form, text(&old.fields[field])));
    // The name that the purchase gave it makes way for one that says something.
    let is_unnamed = !has_name(old) && names_a_purchase(&new.fields["friendly_name"]);
    let own = is_unnamed.then(|| ("friendly_name", "FriendlyName", own_name(new.number)));
    set.filter(|(field, _, value)| text(&new.fields[*field]) != *value).chain(own).collect()
}

/// Settings that `new` has and `old` has not. They stay, because the API accepts no empty values.
fn left_over(old: &OwnedNumber, new: &OwnedNumber) -> Vec<&'static str> {
    // A method has no meaning without its URL.
    let fields = carried(old).map(|(field, _)| field).filter(|field| !field.ends_with("_method"));
    let unset = fields.filter(|field| text(&old.fields[*field]).is_empty());
    unset.filter(|field| !text(&new.fields[*field]).is_empty()).collect()
}

fn carried(old: &OwnedNumber) -> impl Iterator<Item = (&'static str, &'static str)> {
    let is_carried = |field: &str| match field {
        "friendly_name" => has_name(old),
        // A trunk replaces an application and every URL for calls.
        "trunk_sid" => true,
        _ if field.starts_with("voice_") => text(&old.fields["trunk_sid"]).is_empty(),
        _ => true,
    };
    CARRIED.into_iter().filter(move |(field, _)| is_carried(field))
}

/// Whether a number has a name that a user gave it.
fn has_name(owned: &OwnedNumber) -> bool {
    !names_itself(owned) && !names_a_purchase(&owned.fields["friendly_name"])
}

/// The name that Twilio gives a number, such as `(310) 555-0123`.
fn own_name(number: PhoneNumber) -> String {
    let digits = number.to_string();
    match digits.len() {
        11 => format!("({}) {}-{}", &digits[1..4], &digits[4..7], &digits[7..]),
        _ => e164(number).to_string(),
    }
}

/// Whether a number's name is the number itself, such as `(310) 555-0123`.
fn names_itself(owned: &OwnedNumber) -> bool {
    let name = text(&owned.fields["friendly_name"]);
    let digits: String = name.chars().filter(char::is_ascii_digit).collect();
    let has_words = name.chars().any(char::is_alphabetic);
    !has_words && owned.number.to_string().ends_with(&digits)
}

fn owned(fields: Value) -> Result<OwnedNumber, ServiceError> {
    let sid = text_in(&fields, "sid")?.to_owned();
    let number = number_in(&fields["phone_number"])
        .ok_or_else(|| ServiceError::InvalidResponse("a number that is not E.164".into()))?;
    Ok(OwnedNumber { sid, number, fields })
}

/// Where another of Twilio's APIs is, for the base URL of this one.
fn url_of(base: &Url, host: &str, path: &str) -> String {
    let mut url = base.clone();
    url.set_path(path);
    if url.host_str() == Some("api.twilio.com") && url.set_host(Some(host)).is_err() {
        return base.to_string();
    }
    url.to_string()
}

fn is_account_sid(sid: &str) -> bool {
    sid.strip_prefix("AC").is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

type Query = Vec<(String, String)>;

/// The query of the next page. Nothing else of its URL is used, and the URL must be on the same host.
fn next_page(base: &Url, uri: &Value) -> Result<Option<Query>, ServiceError> {
    let Some(uri) = uri.as_str().filter(|uri| !uri.is_empty()) else { return Ok(None) };
    match base.join(uri) {
        Ok(next) if next.origin() == base.origin() => Ok(Some(next.query_pairs().into_owned().collect())),
        _ => Err(ServiceError::InvalidResponse("a next page on another host".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn number(fields: Value) -> OwnedNumber {
        OwnedNumber { sid: "PN1".into(), number: 13_105_550_123, fields }
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
            assert!(matches!(next(elsewhere), Err(ServiceError::InvalidResponse(_))), "{elsewhere}");
        }
    }

    #[test]
    fn only_differing_settings_are_copied() {
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
    fn a_number_named_after_itself_has_no_name_to_copy() {
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
