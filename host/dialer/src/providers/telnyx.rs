//! Numbers from Telnyx, by its API version 2.
//!
//! Reservations last 30 minutes. An order may take a while, and is found again by its `customer_reference`, which is the
//! buyer's own: a number that no order with this reference brought was bought by someone else. What an order comes to is
//! the state of its number (`delivery`). Offers instead of what was requested (`best_effort`) are left out.

use super::api::{
    ProviderApi, Purpose, in_words, limits_of_log, list_in, log_is_off, names_a_purchase, number_in, text, text_in,
};
use super::call_log::{CallLog, CallRecord, LogReader, time_in};
use super::delivery::{self, Delivery};
use super::{Offer, OfferPrice, Provider, ProviderError, ProviderSettings, PurchaseStatus, Reservation, SearchArea};
use crate::http::{Call, Credentials, ServiceError, ServiceLimits, ServiceResponse};
use crate::ledger::ProviderKind;
use crate::phone::e164;
use dialguard::calendar::rfc3339;
use dialguard::contract::{PhoneNumber, Timestamp};
use serde_json::{Map, Value, json};
use std::ops::Range;

/// Numbers or orders a page: Telnyx's maximum.
const PAGE_SIZE: &str = "250";

/// Pages read at most: a million numbers.
const PAGES_MAX: u64 = 4_000;

/// Detail records a page, which is Telnyx's maximum for them, and pages of a span, at most: 200,000 calls.
const RECORDS_PAGE_SIZE: &str = "50";
const LOG_PAGES_MAX: u64 = 4_000;

/// Telnyx answers 40 requests of detail records a minute, so that a day of many calls takes long. Hours that were read
/// stay read.
const HOURS_AT_A_TIME: u64 = 3;

/// Settings that are copied to another number if the old one has them.
const CARRIED: [&str; 5] = ["connection_id", "billing_group_id", "tags", "customer_reference", "hd_voice_enabled"];

/// Settings that are not copied, but reported if the old number has them and the new one has not.
const KEPT: [&str; 6] = [
    "call_forwarding_enabled",
    "call_recording_enabled",
    "caller_id_name_enabled",
    "cnam_listing_enabled",
    "emergency_enabled",
    "t38_fax_gateway_enabled",
];

/// Numbers in these states are not owned yet, or no longer.
const NOT_OWNED: [&str; 7] = [
    "purchase-pending",
    "provision-pending",
    "purchase-failed",
    "port-pending",
    "port-failed",
    "deleted",
    "ported-out",
];

/// One account with Telnyx.
pub struct TelnyxNumbers {
    api: ProviderApi,
    /// The same, for detail records; none unless they are read.
    log: Option<ProviderApi>,
}

/// A number in the account's list, which need not be owned.
struct AccountNumber {
    id: String,
    number: PhoneNumber,
    fields: Value,
}

impl AccountNumber {
    fn is_owned(&self) -> bool {
        !self.fields["status"].as_str().is_some_and(|status| NOT_OWNED.contains(&status))
    }

    /// Whether the account has it, or will have it unless something goes wrong.
    fn is_had(&self) -> bool {
        self.fields["status"].as_str().and_then(delivery::of_status) != Some(Delivery::Over)
    }
}

impl TelnyxNumbers {
    /// Sends nothing yet.
    pub fn open(settings: &ProviderSettings, limits: ServiceLimits) -> Result<Self, ProviderError> {
        let credentials = Credentials::Bearer(settings.secret("api-key")?);
        let open = |limits| ProviderApi::open(ProviderKind::Telnyx, settings, credentials.clone(), None, limits);
        let log = settings.calls.then(|| open(limits_of_log(&limits))).transpose()?;
        Ok(TelnyxNumbers { api: open(limits)?, log })
    }

    /// The items of a list, page by page.
    async fn list(&self, path: &str, query: &[(&str, &str)]) -> Result<Vec<Value>, ProviderError> {
        let mut items = Vec::new();
        for page in 1..=PAGES_MAX {
            let call = query.iter().fold(Call::get(&[path]), |call, (name, value)| call.query(name, value));
            let call = call.query("page[number]", &page.to_string()).query("page[size]", PAGE_SIZE);
            let (some, pages) = self.api.send(Purpose::Read, &call, page_of).await?;
            items.extend(some);
            if page >= pages {
                return Ok(items);
            }
        }
        Err(ProviderError::Later { words: format!("more than {PAGES_MAX} pages in a list"), wait: None })
    }

    /// The number in the account's list, if it is there.
    async fn find(&self, number: PhoneNumber) -> Result<Option<AccountNumber>, ProviderError> {
        // Digits only: the filter finds nothing with a plus. It also finds longer numbers with these digits in them.
        let digits = number.to_string();
        let found = self.list("phone_numbers", &[("filter[phone_number]", digits.as_str())]).await?;
        Ok(found.into_iter().filter_map(|fields| held(fields).ok()).find(|held| held.number == number))
    }

    /// Sets fields of a number; returns those that were not accepted, as sentences.
    async fn set(&self, path: &[&str], fields: &Map<String, Value>) -> Result<Vec<String>, ProviderError> {
        let call = Call::patch(path).json(Value::Object(fields.clone()));
        let done = self.api.try_change(&call, |response| data(&response).cloned()).await?;
        Ok(match done {
            Ok(changed) => {
                let untaken = fields.iter().filter(|(field, value)| changed[*field] != **value);
                untaken.map(|(field, _)| format!("{}: Telnyx did not accept it", in_words(field))).collect()
            }
            Err(words) => fields.keys().map(|field| format!("{}: {words}", in_words(field))).collect(),
        })
    }
}

#[async_trait::async_trait]
impl Provider for TelnyxNumbers {
    async fn search(&self, area: SearchArea, limit: u32) -> Result<Vec<Offer>, ProviderError> {
        let code = match area {
            SearchArea::AreaCode(code) => vec![("filter[national_destination_code]", code.to_string())],
            SearchArea::Anywhere => Vec::new(),
        };
        let mut offers = self.offers(&code, limit.clamp(1, 1_000)).await?;
        offers.retain(|offer| area.contains(offer.number));
        Ok(offers)
    }

    async fn price(&self, number: PhoneNumber) -> Result<Option<OfferPrice>, ProviderError> {
        let digits = number.to_string();
        let Some((code, rest)) = digits.get(1..4).zip(digits.get(4..)) else { return Ok(None) };
        let exactly =
            [("filter[national_destination_code]", code.into()), ("filter[phone_number][ends_with]", rest.into())];
        let offers = self.offers(&exactly, 10).await?;
        Ok(offers.into_iter().find(|offer| offer.number == number).map(|offer| offer.price))
    }

    async fn reserve(&self, number: PhoneNumber) -> Result<Reservation, ProviderError> {
        let call = Call::post(&["number_reservations"])
            .json(json!({"phone_numbers": [{"phone_number": e164(number).to_string()}]}));
        let status =
            self.api.send(Purpose::Obtain, &call, |response| Ok(text_in(data(&response)?, "status")?.to_owned()));
        match status.await.as_deref() {
            // A pending reservation is granted or refused within moments, before anyone else can get the number.
            Ok("success" | "pending") => Ok(Reservation::Reserved),
            Ok(_) => Err(ProviderError::NoLongerAvailable("it could not be reserved".into())),
            Err(ProviderError::NoLongerAvailable(words)) => match self.is_reserved(number).await? {
                true => Ok(Reservation::Reserved),
                false => Err(ProviderError::NoLongerAvailable(words.clone())),
            },
            // A reservation costs nothing and may be repeated.
            Err(ProviderError::Lost(words)) => Err(ProviderError::Later { words: words.clone(), wait: None }),
            Err(error) => Err(error.clone()),
        }
    }

    async fn has(&self, number: PhoneNumber) -> Result<bool, ProviderError> {
        Ok(self.find(number).await?.is_some_and(|held| held.is_had()))
    }

    async fn order(&self, number: PhoneNumber, reference: &str) -> Result<PurchaseStatus, ProviderError> {
        let call = Call::post(&["number_orders"]).json(json!({
            "phone_numbers": [{"phone_number": e164(number).to_string()}],
            "customer_reference": reference,
        }));
        let ordered = self.api.send(Purpose::Obtain, &call, |response| match data(&response)? {
            order if is_for(order, number) => Ok(delivery::of_order(order, number)),
            _ => Err(ServiceError::InvalidResponse("about a number that was not ordered".into())),
        });
        match ordered.await? {
            // It is in the account's list in a moment.
            Delivery::Done => match self.find(number).await {
                Ok(Some(held)) if held.is_owned() && !needs_user(&held) => Ok(PurchaseStatus::Owned),
                _ => Ok(PurchaseStatus::Pending),
            },
            delivery => Ok(status_of(delivery, number)),
        }
    }

    async fn purchase_status(&self, number: PhoneNumber, reference: &str) -> Result<PurchaseStatus, ProviderError> {
        let held = self.find(number).await?.filter(AccountNumber::is_owned);
        let delivery = self.delivery_of(number, reference).await?;
        Ok(match (held, delivery) {
            (Some(held), _) if held.fields["customer_reference"] == reference => PurchaseStatus::Owned,
            (Some(held), Some(Delivery::Done)) if needs_user(&held) => status_of(Delivery::NeedsUser, number),
            (Some(_), Some(Delivery::Done)) => PurchaseStatus::Owned,
            (Some(_), None) => PurchaseStatus::OwnedOtherwise,
            // It is not in the account's list yet.
            (None, Some(Delivery::Done)) => PurchaseStatus::Pending,
            (_, Some(delivery)) => status_of(delivery, number),
            (None, None) => PurchaseStatus::Unknown,
        })
    }

    async fn carry_over(&self, from: PhoneNumber, to: PhoneNumber) -> Result<Vec<String>, ProviderError> {
        let Some(new) = self.find(to).await?.filter(AccountNumber::is_owned) else {
            return Err(ProviderError::Refused(format!("{} is not a number of this account with Telnyx", e164(to))));
        };
        let Some(old) = self.find(from).await? else {
            return Ok(vec![format!("all settings: {} is not a number of this account with Telnyx", e164(from))]);
        };
        let mut left_out = Vec::new();
        let fields = to_carry(&old, &new);
        if !fields.is_empty() {
            left_out = self.set(&["phone_numbers", &new.id], &fields).await?;
        }
        if left_out.len() == fields.len() && fields.len() > 1 {
            // One field may have caused the refusal of all.
            left_out.clear();
            for (field, value) in fields {
                left_out.extend(self.set(&["phone_numbers", &new.id], &Map::from_iter([(field, value)])).await?);
            }
        }
        let profile = &old.fields["messaging_profile_id"];
        if is_set(profile) && *profile != new.fields["messaging_profile_id"] {
            let field = Map::from_iter([("messaging_profile_id".to_owned(), profile.clone())]);
            left_out.extend(self.set(&["phone_numbers", &new.id, "messaging"], &field).await?);
        }
        let kept = KEPT.iter().filter(|field| old.fields[**field] == true && new.fields[**field] != true);
        left_out.extend(kept.map(|field| format!("{}: set it in Telnyx's portal", in_words(field))));
        Ok(left_out)
    }

    async fn release(&self, number: PhoneNumber) -> Result<(), ProviderError> {
        let Some(held) = self.find(number).await? else { return Ok(()) };
        let call = Call::delete(&["phone_numbers", &held.id]);
        match self.api.send(Purpose::Change, &call, |_| Ok(())).await {
            // It may have been released by now.
            Err(ProviderError::Refused(_)) if self.find(number).await?.is_none() => Ok(()),
            gone => gone,
        }
    }

    async fn owned(&self) -> Result<Vec<PhoneNumber>, ProviderError> {
        let held_numbers = self.list("phone_numbers", &[]).await?.into_iter().filter_map(|fields| held(fields).ok());
        let mut numbers: Vec<_> = held_numbers.filter(AccountNumber::is_owned).map(|held| held.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        Ok(numbers)
    }

    /// Every call to the phone network has one record of a trunk, whether a trunk, Call Control or WebRTC made it; the others'
    /// own records are of what they cost besides. The newest come first, so that one that is added meanwhile moves others to
    /// later pages, where they come again.
    async fn calls(&self, span: Range<Timestamp>) -> Result<CallLog, ProviderError> {
        let log = self.log.as_ref().ok_or_else(log_is_off)?;
        let (since, until) = (rfc3339(span.start), rfc3339(span.end));
        let mut reader = LogReader::new(span);
        let mut total = None;
        let mut read = 0;
        for page in 1..=LOG_PAGES_MAX {
            let call = Call::get(&["detail_records"])
                .query("filter[record_type]", "sip-trunking")
                .query("filter[started_at][gte]", &since)
                .query("filter[started_at][lt]", &until)
                .query("page[number]", &page.to_string())
                .query("page[size]", RECORDS_PAGE_SIZE);
            let read_page = |response: ServiceResponse| {
                let results = response.body["meta"]["total_results"].as_u64();
                Ok((page_of(response)?, results))
            };
            let ((records, pages), results) = log.send(Purpose::Read, &call, read_page).await?;
            records.iter().for_each(|record| take_call(&mut reader, record));
            (read, total) = (read + records.len() as u64, total.or(results));
            match page >= pages {
                true if total.is_some_and(|total| read < total) => {
                    let words = "its log of calls changed while it was read".into();
                    return Err(ProviderError::Later { words, wait: None });
                }
                true => return Ok(reader.finish()),
                false => {}
            }
        }
        Err(ProviderError::Refused(format!("more than {LOG_PAGES_MAX} pages of calls in {HOURS_AT_A_TIME} hours")))
    }

    fn hours_of_calls_at_a_time(&self) -> u64 {
        HOURS_AT_A_TIME
    }

    async fn test(&self) -> Result<Vec<String>, ProviderError> {
        let call = Call::get(&["phone_numbers"]).query("page[number]", "1").query("page[size]", "1");
        self.api.send(Purpose::Read, &call, page_of).await?;
        let balance = Call::get(&["balance"]);
        let credit = self.api.send(Purpose::Read, &balance, |response| {
            let credit = text_in(data(&response)?, "available_credit")?;
            credit.parse::<f64>().map_err(|_| ServiceError::InvalidResponse("a balance that is not a number".into()))
        });
        match credit.await {
            Ok(credit) if credit > 0.0 => Ok(Vec::new()),
            Ok(credit) => Err(ProviderError::Refused(format!(
                "the account has no credit ({credit:.2}); add funds to the account with Telnyx"
            ))),
            // A restricted key may lack this permission and does not need it.
            Err(ProviderError::Refused(_) | ProviderError::Credentials(_)) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

impl TelnyxNumbers {
    /// The numbers on offer that these filters find, at most `limit`, in ascending order.
    async fn offers(&self, filters: &[(&str, String)], limit: u32) -> Result<Vec<Offer>, ProviderError> {
        let mut call = Call::get(&["available_phone_numbers"])
            .query("filter[country_code]", "US")
            .query("filter[phone_number_type]", "local")
            .query("filter[features][]", "voice")
            .query("filter[best_effort]", "false")
            .query("filter[reservable]", "true")
            .query("filter[exclude_held_numbers]", "true")
            .query("filter[limit]", &limit.to_string());
        let texts = self.api.settings().texts;
        if texts {
            call = call.query("filter[features][]", "sms");
        }
        call = filters.iter().fold(call, |call, (name, value)| call.query(name, value));
        let states_prices = self.api.settings().read_prices != Some(false);
        let offered = self.api.send(Purpose::Read, &call, |response| {
            let offered = list_in(&response.body, "data")?.iter().filter(|offer| fits(offer, texts));
            let read = |offer: &Value| {
                let price = if states_prices { price_of(offer) } else { OfferPrice::Flat };
                Some(Offer { number: number_in(&offer["phone_number"])?, price })
            };
            Ok(offered.filter_map(read).collect::<Vec<_>>())
        });
        let mut offers = match offered.await {
            // The code for 'only best-effort numbers are available'.
            Err(ProviderError::Refused(words)) if words.contains("error 10031") => Vec::new(),
            offered => offered?,
        };
        offers.sort_unstable_by_key(|offer| offer.number);
        offers.dedup_by_key(|offer| offer.number);
        offers.truncate(limit as usize);
        Ok(offers)
    }

    /// What became of the number in the orders with this reference: the most that one of them brings; none without one.
    async fn delivery_of(&self, number: PhoneNumber, reference: &str) -> Result<Option<Delivery>, ProviderError> {
        let orders = self.list("number_orders", &[("filter[customer_reference]", reference)]).await?;
        let ours = orders.iter().filter(|order| order["customer_reference"] == reference);
        Ok(ours.map(|order| delivery::of_order(order, number)).max())
    }

    /// Whether this account has reserved the number.
    async fn is_reserved(&self, number: PhoneNumber) -> Result<bool, ProviderError> {
        let wanted = e164(number).to_string();
        let filter = [("filter[status]", "success"), ("filter[phone_numbers.phone_number]", wanted.as_str())];
        let reservations = self.list("number_reservations", &filter).await?;
        Ok(reservations.iter().any(|reservation| reservation["status"] == "success" && is_for(reservation, number)))
    }
}

/// A response's `data`.
fn data(response: &ServiceResponse) -> Result<&Value, ServiceError> {
    let data = response.body.get("data").filter(|data| data.is_object());
    data.ok_or_else(|| ServiceError::InvalidResponse("JSON without `data`".into()))
}

/// A page of a list, and the number of pages.
fn page_of(response: ServiceResponse) -> Result<(Vec<Value>, u64), ServiceError> {
    let pages = response.body["meta"]["total_pages"].as_u64();
    let pages = pages.ok_or_else(|| ServiceError::InvalidResponse("a list without `meta.total_pages`".into()))?;
    Ok((list_in(&response.body, "data")?.clone(), pages))
}

/// Whether an offer is what was requested.
fn fits(offer: &Value, texts: bool) -> bool {
    let has = |wanted: &str| match offer["features"].as_array() {
        Some(features) => features.iter().any(|feature| feature["name"] == wanted || *feature == wanted),
        None => true,
    };
    offer["best_effort"] != true && has("voice") && (!texts || has("sms"))
}

fn take_call(reader: &mut LogReader, record: &Value) {
    let fields = ["direction", "hangup_cause", "sip_response_code", "hangup_details", "call_sec"];
    let [direction, cause, sip_code, sip_reason, seconds] = fields.map(|field| text(&record[field]));
    // A call that was answered says so, whatever ended it.
    let outcome = if record["answered_at"].is_null() { &cause } else { "answered" };
    reader.take(
        record,
        &CallRecord {
            from: &record["cli"],
            direction: &direction,
            began_at: time_in(&record["started_at"]),
            is_over: !record["finished_at"].is_null(),
            outcome,
            sip_code: &sip_code,
            sip_reason: &sip_reason,
            seconds: &seconds,
        },
    );
}

/// What is due when the number is bought: its setup and its first month.
fn price_of(offer: &Value) -> OfferPrice {
    let cost = &offer["cost_information"];
    OfferPrice::stated(&[&cost["upfront_cost"], &cost["monthly_cost"]], &cost["currency"])
}

/// Whether an order or a reservation is for this one number.
fn is_for(order: &Value, number: PhoneNumber) -> bool {
    let numbers = order["phone_numbers"].as_array().map_or(&[][..], Vec::as_slice);
    numbers.len() == 1 && number_in(&numbers[0]["phone_number"]) == Some(number)
}

fn status_of(delivery: Delivery, number: PhoneNumber) -> PurchaseStatus {
    match delivery {
        Delivery::Done => PurchaseStatus::Owned,
        Delivery::Working => PurchaseStatus::Pending,
        Delivery::NeedsUser => PurchaseStatus::NeedsUser(format!(
            "Telnyx wants information before it delivers {}: give it in Telnyx's portal, under Orders, or cancel the order \
             there",
            e164(number)
        )),
        Delivery::Over => PurchaseStatus::Failed("the order failed or was cancelled at Telnyx".into()),
        Delivery::OtherNumber => PurchaseStatus::Failed(format!(
            "the order at Telnyx is for another number than {}; see Telnyx's portal, under Orders",
            e164(number)
        )),
    }
}

/// Whether the account has the number, but cannot use it before a user acts.
fn needs_user(held: &AccountNumber) -> bool {
    held.fields["status"].as_str().and_then(delivery::of_status) == Some(Delivery::NeedsUser)
}

/// The settings to copy so that `new` is like `old`.
fn to_carry(old: &AccountNumber, new: &AccountNumber) -> Map<String, Value> {
    let differs = |field: &&'static str| is_set(&old.fields[*field]) && old.fields[*field] != new.fields[*field];
    let fields = CARRIED.into_iter().filter(differs).filter(|field| !names_a_purchase(&old.fields[*field]));
    fields.map(|field| (field.to_owned(), old.fields[field].clone())).collect()
}

fn is_set(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => true,
    }
}

fn held(fields: Value) -> Result<AccountNumber, ServiceError> {
    let id = text_in(&fields, "id")?.to_owned();
    let number = number_in(&fields["phone_number"])
        .ok_or_else(|| ServiceError::InvalidResponse("a number that is not E.164".into()))?;
    Ok(AccountNumber { id, number, fields })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBER: PhoneNumber = 13_105_550_123;

    fn number(fields: Value) -> AccountNumber {
        AccountNumber { id: "1".into(), number: NUMBER, fields }
    }

    #[test]
    fn only_settings_of_the_old_number_are_copied() {
        let old = number(json!({
            "connection_id": "7", "tags": ["west"], "customer_reference": "Sales", "billing_group_id": null,
            "hd_voice_enabled": false,
        }));
        let new = number(json!({
            "connection_id": null, "tags": [], "customer_reference": "order-1", "billing_group_id": "9",
            "hd_voice_enabled": false,
        }));
        let carried = to_carry(&old, &new);
        assert_eq!(
            Value::Object(carried),
            json!({"connection_id": "7", "tags": ["west"], "customer_reference": "Sales"})
        );
        assert!(to_carry(&old, &old).is_empty());
        let bought_here = number(json!({"customer_reference": "dialguard-0123456789abcdef01234567"}));
        assert!(to_carry(&bought_here, &new).is_empty());
    }

    #[test]
    fn best_efforts_and_numbers_without_the_features_do_not_fit() {
        let offer = |best_effort: Value, features: Value| json!({"best_effort": best_effort, "features": features});
        let voice = json!([{"name": "voice"}]);
        let both = json!([{"name": "sms"}, {"name": "voice"}]);
        let rows = [
            (offer(json!(false), both.clone()), true, true),
            (offer(json!(null), both.clone()), true, true),
            (offer(json!(true), both), false, false),
            (offer(json!(false), voice), true, false),
            (offer(json!(false), json!([])), false, false),
            (offer(json!(false), json!(null)), true, true),
        ];
        for (offer, calls, texts) in rows {
            assert_eq!((fits(&offer, false), fits(&offer, true)), (calls, texts), "{offer}");
        }
    }

    #[test]
    fn an_order_is_for_one_number() {
        let order = |numbers: Value| json!({"status": "success", "phone_numbers": numbers});
        assert!(is_for(&order(json!([{"phone_number": "+13105550123"}])), NUMBER));
        for numbers in [json!([]), json!(null), json!([{"phone_number": "+13105550124"}])] {
            assert!(!is_for(&order(numbers.clone()), NUMBER), "{numbers}");
        }
        let two = json!([{"phone_number": "+13105550123"}, {"phone_number": "+13105550124"}]);
        assert!(!is_for(&order(two), NUMBER));
    }

    #[test]
    fn pending_and_deleted_numbers_are_not_owned() {
        for (status, is_owned) in
            [("active", true), ("requirement-info-pending", true), ("purchase-pending", false), ("deleted", false)]
        {
            assert_eq!(number(json!({ "status": status })).is_owned(), is_owned, "{status}");
        }
    }
}
