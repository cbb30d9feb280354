//! Numbers from Telnyx, by its API version 2.
//!
//! Numbers are held for 30 minutes. An order may take a while, and is found again by its `customer_reference`. What
//! Telnyx offers in place of what was asked for (`best_effort`) is left out.

use super::api::{ProviderApi, Purpose, e164, in_words, list_in, text_in};
use super::{Provider, ProviderError, ProviderSettings, Reservation, SearchArea, Standing};
use crate::http::{Answered, Call, Credentials, ServiceError, ServiceLimits};
use crate::ledger::ProviderKind;
use dialguard::contract::PhoneNumber;
use serde_json::{Map, Value, json};

/// Numbers or orders a page: the provider's most.
const PAGE_SIZE: &str = "250";

/// Pages that are followed: a million numbers.
const PAGES_MAX: u64 = 4_000;

/// What is carried over to another number, where the old one has it.
const CARRIED: [&str; 5] = ["connection_id", "billing_group_id", "tags", "customer_reference", "hd_voice_enabled"];

/// What is set elsewhere, and told where the old number has it and the new one has not.
const KEPT: [&str; 6] = [
    "call_forwarding_enabled",
    "call_recording_enabled",
    "caller_id_name_enabled",
    "cnam_listing_enabled",
    "emergency_enabled",
    "t38_fax_gateway_enabled",
];

/// Numbers in these states are not, or no longer, the account's.
const NOT_OWNED: [&str; 6] =
    ["purchase-pending", "purchase-failed", "port-pending", "port-failed", "deleted", "ported-out"];

/// Telnyx, for one account with it.
pub struct TelnyxNumbers {
    service: ProviderApi,
}

/// A number of the account.
struct Held {
    id: String,
    number: PhoneNumber,
    fields: Value,
}

impl Held {
    fn is_owned(&self) -> bool {
        !self.fields["status"].as_str().is_some_and(|status| NOT_OWNED.contains(&status))
    }
}

impl TelnyxNumbers {
    /// Sends nothing yet; an error says what to mend.
    pub fn open(settings: &ProviderSettings, limits: ServiceLimits) -> Result<Self, ProviderError> {
        let credentials = Credentials::Bearer(settings.secret("api-key")?);
        Ok(TelnyxNumbers { service: ProviderApi::open(ProviderKind::Telnyx, settings, credentials, None, limits)? })
    }

    /// Everything of a list, page by page.
    async fn list(&self, path: &str, query: &[(&str, &str)]) -> Result<Vec<Value>, ProviderError> {
        let mut items = Vec::new();
        for page in 1..=PAGES_MAX {
            let call = query.iter().fold(Call::get(&[path]), |call, (name, value)| call.query(name, value));
            let call = call.query("page[number]", &page.to_string()).query("page[size]", PAGE_SIZE);
            let (some, pages) = self.service.ask(Purpose::Read, &call, page_of).await?;
            items.extend(some);
            if page >= pages {
                return Ok(items);
            }
        }
        Err(ProviderError::Later { words: format!("it lists more than {PAGES_MAX} pages"), wait: None })
    }

    /// The number as the account has it, if it does.
    async fn find(&self, number: PhoneNumber) -> Result<Option<Held>, ProviderError> {
        // Digits alone: with a plus nothing would be found. Longer numbers with these digits in them are found too.
        let digits = number.to_string();
        let found = self.list("phone_numbers", &[("filter[phone_number]", digits.as_str())]).await?;
        Ok(found.into_iter().filter_map(|fields| held(fields).ok()).find(|held| held.number == number))
    }

    /// How the orders under a reference for a number stand; the furthest of them.
    async fn ordered(&self, number: PhoneNumber, reference: &str) -> Result<Standing, ProviderError> {
        let orders = self.list("number_orders", &[("filter[customer_reference]", reference)]).await?;
        let ours = orders.iter().filter(|order| is_for(order, number) && order["customer_reference"] == reference);
        let mut standing = Standing::Unknown;
        for order in ours {
            standing = match (order_standing(order), standing) {
                (Ok(Standing::Owned), _) | (_, Standing::Owned) => Standing::Owned,
                (Ok(Standing::Failed), Standing::Unknown | Standing::Failed) => Standing::Failed,
                // Also one whose status is none of those known: it may yet come through.
                _ => Standing::Pending,
            };
        }
        Ok(standing)
    }

    /// Sets fields of a number; answers those that were not taken, in words.
    async fn set(&self, path: &[&str], fields: &Map<String, Value>) -> Result<Vec<String>, ProviderError> {
        let call = Call::patch(path).json(Value::Object(fields.clone()));
        let done = self.service.try_change(&call, |answered| data(&answered).cloned()).await?;
        Ok(match done {
            Ok(changed) => {
                let untaken = fields.iter().filter(|(field, value)| changed[*field] != **value);
                untaken.map(|(field, _)| format!("{}: Telnyx did not take it", in_words(field))).collect()
            }
            Err(words) => fields.keys().map(|field| format!("{}: {words}", in_words(field))).collect(),
        })
    }
}

#[async_trait::async_trait]
impl Provider for TelnyxNumbers {
    async fn search(&self, area: SearchArea, limit: u32) -> Result<Vec<PhoneNumber>, ProviderError> {
        let limit = limit.clamp(1, 1_000);
        let mut call = Call::get(&["available_phone_numbers"])
            .query("filter[country_code]", "US")
            .query("filter[phone_number_type]", "local")
            .query("filter[features][]", "voice")
            .query("filter[best_effort]", "false")
            .query("filter[reservable]", "true")
            .query("filter[exclude_held_numbers]", "true")
            .query("filter[limit]", &limit.to_string());
        if self.service.settings().texts {
            call = call.query("filter[features][]", "sms");
        }
        if let SearchArea::AreaCode(code) = area {
            call = call.query("filter[national_destination_code]", &code.to_string());
        }
        let texts = self.service.settings().texts;
        let offered = self.service.ask(Purpose::Read, &call, |answered| {
            let offered = list_in(&answered.body, "data")?;
            let offered = offered.iter().filter(|offer| fits(offer, texts));
            Ok(offered.filter_map(|offer| e164(&offer["phone_number"])).collect::<Vec<_>>())
        });
        let mut numbers = match offered.await {
            // With this code it says that it has nothing but its best efforts.
            Err(ProviderError::Refused(words)) if words.contains("error 10031") => Vec::new(),
            offered => offered?,
        };
        numbers.retain(|number| area.holds(*number));
        numbers.sort_unstable();
        numbers.dedup();
        numbers.truncate(limit as usize);
        Ok(numbers)
    }

    async fn reserve(&self, number: PhoneNumber) -> Result<Reservation, ProviderError> {
        let call = Call::post(&["number_reservations"])
            .json(json!({"phone_numbers": [{"phone_number": format!("+{number}")}]}));
        let status =
            self.service.ask(Purpose::Obtain, &call, |answered| Ok(text_in(data(&answered)?, "status")?.to_owned()));
        match status.await.as_deref() {
            // One that is pending is held or refused within moments, before anybody else can have the number.
            Ok("success" | "pending") => Ok(Reservation::Held),
            Ok(_) => Err(ProviderError::NoLongerAvailable("it could not be reserved".into())),
            Err(ProviderError::NoLongerAvailable(words)) => match self.is_reserved(number).await? {
                true => Ok(Reservation::Held),
                false => Err(ProviderError::NoLongerAvailable(words.clone())),
            },
            // A lost reservation costs nothing and may be asked for again.
            Err(ProviderError::Lost(words)) => Err(ProviderError::Later { words: words.clone(), wait: None }),
            Err(error) => Err(error.clone()),
        }
    }

    async fn order(&self, number: PhoneNumber, reference: &str) -> Result<Standing, ProviderError> {
        let call = Call::post(&["number_orders"]).json(json!({
            "phone_numbers": [{"phone_number": format!("+{number}")}],
            "customer_reference": reference,
        }));
        let ordered = self.service.ask(Purpose::Obtain, &call, |answered| match data(&answered)? {
            order if is_for(order, number) => order_standing(order),
            _ => Err(ServiceError::Nonsense("about a number that was not ordered".into())),
        });
        match ordered.await {
            // Perhaps an order whose answer was lost has come through meanwhile.
            Err(ProviderError::NoLongerAvailable(words)) => match self.standing(number, reference).await {
                Ok(standing @ (Standing::Owned | Standing::Pending)) => Ok(standing),
                Ok(_) => Err(ProviderError::NoLongerAvailable(words)),
                Err(error) => Err(ProviderError::Lost(format!("{words}, and whether it is owned: {error}"))),
            },
            ordered => ordered,
        }
    }

    async fn standing(&self, number: PhoneNumber, reference: &str) -> Result<Standing, ProviderError> {
        match self.find(number).await? {
            Some(held) if held.is_owned() => return Ok(Standing::Owned),
            Some(held) if held.fields["status"] == "purchase-pending" => return Ok(Standing::Pending),
            _ => {}
        }
        Ok(match self.ordered(number, reference).await? {
            // It is not among the account's numbers yet.
            Standing::Owned => Standing::Pending,
            standing => standing,
        })
    }

    async fn carry_over(&self, from: PhoneNumber, to: PhoneNumber) -> Result<Vec<String>, ProviderError> {
        let Some(new) = self.find(to).await?.filter(Held::is_owned) else {
            return Err(ProviderError::Refused(format!("+{to} is no number of this account with Telnyx")));
        };
        let Some(old) = self.find(from).await? else {
            return Ok(vec![format!("all settings: +{from} is no number of this account with Telnyx")]);
        };
        let mut told = Vec::new();
        let fields = to_carry(&old, &new);
        if !fields.is_empty() {
            told = self.set(&["phone_numbers", &new.id], &fields).await?;
        }
        if told.len() == fields.len() && fields.len() > 1 {
            // One field may have spoilt the others.
            told.clear();
            for (field, value) in fields {
                told.extend(self.set(&["phone_numbers", &new.id], &Map::from_iter([(field, value)])).await?);
            }
        }
        let profile = &old.fields["messaging_profile_id"];
        if is_set(profile) && *profile != new.fields["messaging_profile_id"] {
            let field = Map::from_iter([("messaging_profile_id".to_owned(), profile.clone())]);
            told.extend(self.set(&["phone_numbers", &new.id, "messaging"], &field).await?);
        }
        let kept = KEPT.iter().filter(|field| old.fields[**field] == true && new.fields[**field] != true);
        told.extend(kept.map(|field| format!("{}: set it in Telnyx's portal", in_words(field))));
        Ok(told)
    }

    async fn release(&self, number: PhoneNumber) -> Result<(), ProviderError> {
        let Some(held) = self.find(number).await? else { return Ok(()) };
        let call = Call::delete(&["phone_numbers", &held.id]);
        match self.service.ask(Purpose::Change, &call, |_| Ok(())).await {
            // Somebody else has given it back meanwhile.
            Err(ProviderError::Refused(_)) if self.find(number).await?.is_none() => Ok(()),
            gone => gone,
        }
    }

    async fn owned(&self) -> Result<Vec<PhoneNumber>, ProviderError> {
        let held_numbers = self.list("phone_numbers", &[]).await?.into_iter().filter_map(|fields| held(fields).ok());
        let mut numbers: Vec<_> = held_numbers.filter(Held::is_owned).map(|held| held.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        Ok(numbers)
    }

    async fn test(&self) -> Result<(), ProviderError> {
        let call = Call::get(&["phone_numbers"]).query("page[number]", "1").query("page[size]", "1");
        self.service.ask(Purpose::Read, &call, page_of).await?;
        let balance = Call::get(&["balance"]);
        let credit = self.service.ask(Purpose::Read, &balance, |answered| {
            let credit = text_in(data(&answered)?, "available_credit")?;
            credit.parse::<f64>().map_err(|_| ServiceError::Nonsense("a balance that is no number".into()))
        });
        match credit.await {
            Ok(credit) if credit > 0.0 => Ok(()),
            Ok(credit) => Err(ProviderError::Refused(format!(
                "the account has no credit ({credit:.2}), so nothing can be bought; pay into the account with Telnyx"
            ))),
            // A key of less than full rights may not ask for this, and need not.
            Err(ProviderError::Refused(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl TelnyxNumbers {
    /// Whether this account holds the number already.
    async fn is_reserved(&self, number: PhoneNumber) -> Result<bool, ProviderError> {
        let e164 = format!("+{number}");
        let filter = [("filter[status]", "success"), ("filter[phone_numbers.phone_number]", e164.as_str())];
        let reservations = self.list("number_reservations", &filter).await?;
        Ok(reservations.iter().any(|reservation| reservation["status"] == "success" && is_for(reservation, number)))
    }
}

/// An answer's `data`.
fn data(answered: &Answered) -> Result<&Value, ServiceError> {
    let data = answered.body.get("data").filter(|data| data.is_object());
    data.ok_or_else(|| ServiceError::Nonsense("JSON without `data`".into()))
}

/// A page of a list, and how many there are.
fn page_of(answered: Answered) -> Result<(Vec<Value>, u64), ServiceError> {
    let pages = answered.body["meta"]["total_pages"].as_u64();
    let pages = pages.ok_or_else(|| ServiceError::Nonsense("a list without `meta.total_pages`".into()))?;
    Ok((list_in(&answered.body, "data")?.clone(), pages))
}

/// Whether an offer is what was asked for.
fn fits(offer: &Value, texts: bool) -> bool {
    let has = |wanted: &str| match offer["features"].as_array() {
        Some(features) => features.iter().any(|feature| feature["name"] == wanted || *feature == wanted),
        None => true,
    };
    offer["best_effort"] != true && has("voice") && (!texts || has("sms"))
}

/// Whether an order or a reservation is for this one number.
fn is_for(order: &Value, number: PhoneNumber) -> bool {
    let numbers = order["phone_numbers"].as_array().map_or(&[][..], Vec::as_slice);
    numbers.len() == 1 && e164(&numbers[0]["phone_number"]) == Some(number)
}

fn order_standing(order: &Value) -> Result<Standing, ServiceError> {
    match order["status"].as_str() {
        Some("pending") => Ok(Standing::Pending),
        Some("success") => Ok(Standing::Owned),
        Some("failure") => Ok(Standing::Failed),
        _ => Err(ServiceError::Nonsense("an order whose status is not pending, success or failure".into())),
    }
}

/// What has to be set so that `new` is as `old`.
fn to_carry(old: &Held, new: &Held) -> Map<String, Value> {
    let differs = |field: &&'static str| is_set(&old.fields[*field]) && old.fields[*field] != new.fields[*field];
    let fields = CARRIED.into_iter().filter(differs).filter(|field| !names_its_order(&old.fields[*field]));
    fields.map(|field| (field.to_owned(), old.fields[field].clone())).collect()
}

/// Whether a reference is the one that this host bought the number by, and no name of it.
fn names_its_order(reference: &Value) -> bool {
    reference.as_str().is_some_and(|reference| reference.starts_with("dialguard-"))
}

fn is_set(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => true,
    }
}

fn held(fields: Value) -> Result<Held, ServiceError> {
    let id = text_in(&fields, "id")?.to_owned();
    let number = e164(&fields["phone_number"])
        .ok_or_else(|| ServiceError::Nonsense("an owned number that is no E.164 number".into()))?;
    Ok(Held { id, number, fields })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBER: PhoneNumber = 13_105_550_123;

    fn number(fields: Value) -> Held {
        Held { id: "1".into(), number: NUMBER, fields }
    }

    #[test]
    fn only_what_the_old_number_has_is_carried_over() {
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
    fn best_efforts_and_numbers_that_cannot_do_what_is_needed_do_not_fit() {
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
        assert!(order_standing(&json!({"status": "shipped"})).is_err());
    }

    #[test]
    fn numbers_that_are_not_bought_yet_or_given_back_are_not_owned() {
        for (status, is_owned) in
            [("active", true), ("requirement-info-pending", true), ("purchase-pending", false), ("deleted", false)]
        {
            assert_eq!(number(json!({ "status": status })).is_owned(), is_owned, "{status}");
        }
    }
}
