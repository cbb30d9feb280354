//! DNCScrub TrustCall: what Verizon, AT&T, T-Mobile, RoboKiller and Nomorobo show, up to 200 US numbers a request.
//!
//! | `VerizonScore`, `ATTScore`, `TMobileScore`, `RoboKillerStatus`, `NomoroboStatus` | score | handset |
//! |---|---|---|
//! | `Clean` | 0 | |
//! | `Flagged` | 100 | |
//! | `Processing`, null | 'no data' | |
//! | missing | no answer | |
//! | anything else | no answer, and told | |
//!
//! TrustCall says neither what a handset shows nor when a carrier formed its opinion, so it counts as of when it was
//! asked. `CurrScore` and `HistoricalScore` are its own sums of these, and not used. Objects about numbers that were not
//! asked about are told; where two about one number differ, neither counts.
//!
//! ```
//! use dialguard_dialer::sources::lookups::LookupService;
//! use dialguard_dialer::sources::trustcall::TrustCall;
//!
//! let answer = serde_json::json!([{"Phone": "3105550123", "VerizonScore": "Flagged", "ATTScore": "Processing"}]);
//! let reading = TrustCall::read(&[13_105_550_123], answer, 1_768_467_600)?;
//! let opinions = &reading.opinions[&13_105_550_123];
//! assert_eq!((&*opinions[0].carrier, opinions[0].score), ("Verizon", Some(100)));
//! assert_eq!((&*opinions[1].carrier, opinions[1].score), ("AT&T", None));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use super::lookups::{LookupService, Reading};
use crate::http::secret::Secret;
use crate::http::{Call, Credentials, ServiceError};
use crate::ledger::Opinion;
use crate::phone;
use dialguard::contract::{PhoneNumber, Timestamp};
use serde_json::Value;

/// The service.
pub struct TrustCall;

/// The field of each carrier, in the order of [`LookupService::CARRIERS`].
const FIELDS: [&str; 5] = ["VerizonScore", "ATTScore", "TMobileScore", "RoboKillerStatus", "NomoroboStatus"];

/// +1 before the ten digits.
const US: u64 = 10_000_000_000;

impl LookupService for TrustCall {
    const NAME: &'static str = "DNCScrub TrustCall";
    const BASE_URL: &'static str = "https://dataapi.dncscrub.com/v1.5";
    const SECRETS: &'static [&'static [&'static str]] = &[&["login-id"]];
    const PRODUCT: &'static str = "TrustCall and its data API (DNCScrub's support)";
    const NUMBERS_PER_CALL_MAX: usize = 200;
    const CARRIERS: &'static [&'static str] = &["Verizon", "AT&T", "T-Mobile", "RoboKiller", "Nomorobo"];

    fn credentials(mut secrets: Vec<Secret>) -> Credentials {
        Credentials::Header("loginid", secrets.remove(0))
    }

    fn knows_of(number: PhoneNumber) -> bool {
        phone::is_us(number)
    }

    fn call(numbers: &[PhoneNumber]) -> Call {
        let numbers: Vec<_> = numbers.iter().map(|number| (number - US).to_string()).collect();
        Call::get(&["TrustCall", "Get"]).query("phoneList", &numbers.join(","))
    }

    fn read(numbers: &[PhoneNumber], answer: Value, now: Timestamp) -> Result<Reading, ServiceError> {
        let Value::Array(objects) = answer else {
            return Err(ServiceError::Nonsense("JSON that is no list of numbers".into()));
        };
        let mut reading = Reading::default();
        let mut contradicted = Vec::new();
        for object in objects {
            let Some(number) = number_of(&object).filter(|number| numbers.contains(number)) else {
                reading.problems.push("it answered nonsense: about a number that it was not asked about".into());
                continue;
            };
            let told = reading.problems.len();
            let opinions = opinions(&object, now, &mut reading.problems);
            if opinions.is_empty() && reading.problems.len() > told {
                continue; // nothing in it is an answer
            }
            if reading.opinions.get(&number).is_some_and(|known| *known != opinions) {
                contradicted.push(number);
            }
            reading.opinions.insert(number, opinions);
        }
        for number in contradicted {
            if reading.opinions.remove(&number).is_some() {
                reading.problems.push("it answered nonsense: twice about one number, and not the same".into());
            }
        }
        if reading.opinions.is_empty() {
            let told = reading.problems.into_iter().next();
            let told = told.map(|told| told.trim_start_matches("it answered nonsense: ").to_owned());
            return Err(ServiceError::Nonsense(told.unwrap_or("nothing about any number".into())));
        }
        let missing = numbers.iter().filter(|number| !reading.opinions.contains_key(number)).count();
        if missing > 0 {
            reading.problems.push(format!("it left out {missing} of {} numbers", numbers.len()));
        }
        Ok(reading)
    }
}

/// Ten digits, as text or as a number.
fn number_of(object: &Value) -> Option<PhoneNumber> {
    let ten_digits: u64 = match &object["Phone"] {
        Value::String(text) => text.trim_start_matches("+1").parse().ok()?,
        Value::Number(number) => number.as_u64()?,
        _ => return None,
    };
    (ten_digits < US).then_some(ten_digits + US)
}

fn opinions(object: &Value, now: Timestamp, problems: &mut Vec<String>) -> Vec<Opinion> {
    let mut opinions = Vec::new();
    for (field, carrier) in FIELDS.iter().zip(TrustCall::CARRIERS) {
        let score = match object.get(field) {
            None => continue,
            Some(Value::Null) => None,
            Some(Value::String(status)) if status == "Processing" => None,
            Some(Value::String(status)) if status == "Clean" => Some(0),
            Some(Value::String(status)) if status == "Flagged" => Some(100),
            Some(_) => {
                problems.push(format!("it answered nonsense: a {field} that is not Clean, Flagged or Processing"));
                continue;
            }
        };
        opinions.push(Opinion { carrier: (*carrier).into(), score, label: None, observed_at: now });
    }
    opinions
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: Timestamp = 1_768_467_600;
    const NUMBER: PhoneNumber = 13_105_550_123;

    /// What stands in a field; the score, or none where there is no answer; whether something is told.
    #[test]
    fn every_row_of_the_table() {
        let rows = [
            (json!("Clean"), Some(Some(0)), false),
            (json!("Flagged"), Some(Some(100)), false),
            (json!("Processing"), Some(None), false),
            (json!(null), Some(None), false),
            (json!("flagged"), None, true),
            (json!("Suspicious"), None, true),
            (json!(900), None, true),
            (json!({}), None, true),
        ];
        for (said, score, told) in rows {
            for (place, field) in FIELDS.iter().enumerate() {
                let another = TrustCall::CARRIERS[(place + 1) % 5];
                let object = json!({"Phone": "3105550123", *field: said, FIELDS[(place + 1) % 5]: "Clean"});
                let reading = TrustCall::read(&[NUMBER], json!([object]), NOW).unwrap();
                let opinion =
                    |carrier: &str, score| Opinion { carrier: carrier.into(), score, label: None, observed_at: NOW };
                let of_this = score.map(|score| opinion(TrustCall::CARRIERS[place], score));
                let mut expected: Vec<_> = of_this.into_iter().chain([opinion(another, Some(0))]).collect();
                let in_order =
                    |opinion: &Opinion| TrustCall::CARRIERS.iter().position(|known| *known == opinion.carrier);
                expected.sort_by_key(in_order);
                assert_eq!(reading.opinions[&NUMBER], expected, "{field} {said}");
                assert_eq!(reading.problems.len(), usize::from(told), "{field} {said}");
            }
        }
        let missing = TrustCall::read(&[NUMBER], json!([{"Phone": 3_105_550_123_u64}]), NOW).unwrap();
        assert_eq!((missing.opinions[&NUMBER].as_slice(), missing.problems.len()), (&[][..], 0));
    }

    #[test]
    fn good_parts_of_a_batch_count() {
        let answer = json!([
            {"Phone": "3105550123", "ATTScore": "Flagged"},
            {"Phone": "3105550123", "ATTScore": "Flagged"},
            {"Phone": "3105550124", "ATTScore": "Flagged"},
            {"Phone": "3105550124", "ATTScore": "Clean"},
            {"Phone": "2125550100", "ATTScore": "Flagged"},
            {"Phone": "", "ATTScore": "Flagged"},
            {"Phone": "99999999999999999999", "ATTScore": "Flagged"},
            "3105550125",
        ]);
        let reading = TrustCall::read(&[NUMBER, NUMBER + 1, NUMBER + 2], answer, NOW).unwrap();
        assert_eq!(reading.opinions.keys().collect::<Vec<_>>(), [&NUMBER]);
        let told = |words: &str| reading.problems.iter().filter(|problem| problem.contains(words)).count();
        let words = ["not asked about", "not the same", "left out 2 of 3"];
        assert_eq!(words.map(told), [4, 1, 1], "{:?}", reading.problems);
    }

    #[test]
    fn nothing_about_what_was_asked_is_nonsense() {
        for answer in [
            json!([]),
            json!({}),
            json!(null),
            json!([{"Phone": "2125550100"}]),
            json!([{"Phone": "3105550123", "ATTScore": 900}]),
        ] {
            assert!(matches!(TrustCall::read(&[NUMBER], answer, NOW), Err(ServiceError::Nonsense(_))));
        }
    }

    #[test]
    fn only_numbers_of_the_united_states_are_asked_about() {
        let asked = [13_105_550_100, 14_165_550_100, 18_765_550_100, 442_079_460_958, 1_310_555_010, 17_872_550_100];
        assert_eq!(asked.map(TrustCall::knows_of), [true, false, false, false, false, false]);
    }
}
