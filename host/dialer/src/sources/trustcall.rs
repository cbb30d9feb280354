//! DNCScrub TrustCall: the verdicts of Verizon, AT&T, T-Mobile, RoboKiller and Nomorobo, up to 200 US numbers a request.
//!
//! | `VerizonScore`, `ATTScore`, `TMobileScore`, `RoboKillerStatus`, `NomoroboStatus` | score | handset |
//! |---|---|---|
//! | `Clean` | 0 | |
//! | `Flagged` | 100 | |
//! | `Processing`, null | 'no data' | |
//! | missing | no answer | |
//! | anything else | no answer, and a problem | |
//!
//! TrustCall gives neither call labels nor the times of opinions, so an opinion's time is that of the lookup. `CurrScore`
//! and `HistoricalScore` are its own sums of these and not used. An object about a number that was not requested is a
//! problem; of two that differ about one number, neither counts.
//!
//! ```
//! use dialguard_dialer::sources::lookups::LookupService;
//! use dialguard_dialer::sources::trustcall::TrustCall;
//!
//! let answer = serde_json::json!([{"Phone": "3105550123", "VerizonScore": "Flagged", "ATTScore": "Processing"}]);
//! let report = TrustCall::read(&[13_105_550_123], answer, 1_768_467_600)?;
//! let opinions = &report.opinions[&13_105_550_123];
//! assert_eq!((&*opinions[0].carrier, opinions[0].score), ("Verizon", Some(100)));
//! assert_eq!((&*opinions[1].carrier, opinions[1].score), ("AT&T", None));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use super::lookups::{LookupReport, LookupService};
use crate::figures::grouped;
use crate::http::secret::Secret;
use crate::http::{Call, Credentials, ServiceError};
use crate::ledger::Opinion;
use crate::phone::{NANP_COUNTRY_CODE, is_us};
use dialguard::contract::{PhoneNumber, Timestamp};
use serde_json::Value;

/// The lookup service.
pub struct TrustCall;

/// The field of each carrier, in the order of [`LookupService::CARRIERS`].
const FIELDS: [&str; 5] = ["VerizonScore", "ATTScore", "TMobileScore", "RoboKillerStatus", "NomoroboStatus"];

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

    fn covers(number: PhoneNumber) -> bool {
        is_us(number)
    }

    fn call(numbers: &[PhoneNumber]) -> Call {
        let numbers: Vec<_> = numbers.iter().map(|number| (number - NANP_COUNTRY_CODE).to_string()).collect();
        Call::get(&["TrustCall", "Get"]).query("phoneList", &numbers.join(","))
    }

    fn read(numbers: &[PhoneNumber], response: Value, now: Timestamp) -> Result<LookupReport, ServiceError> {
        let Value::Array(objects) = response else {
            return Err(ServiceError::InvalidResponse("JSON that is not a list of numbers".into()));
        };
        let mut report = LookupReport::default();
        let mut contradicted = Vec::new();
        for object in objects {
            let Some(number) = number_of(&object).filter(|number| numbers.contains(number)) else {
                report.problems.push("invalid response: about a number that was not requested".into());
                continue;
            };
            let problems_before = report.problems.len();
            let opinions = opinions(&object, now, &mut report.problems);
            if opinions.is_empty() && report.problems.len() > problems_before {
                continue; // no field of it is usable
            }
            if report.opinions.get(&number).is_some_and(|known| *known != opinions) {
                contradicted.push(number);
            }
            report.opinions.insert(number, opinions);
        }
        for number in contradicted {
            if report.opinions.remove(&number).is_some() {
                report.problems.push("invalid response: two different answers about one number".into());
            }
        }
        if report.opinions.is_empty() {
            let problem = report.problems.into_iter().next();
            let problem = problem.map(|problem| problem.trim_start_matches("invalid response: ").to_owned());
            return Err(ServiceError::InvalidResponse(problem.unwrap_or("no number in it".into())));
        }
        let missing = numbers.iter().filter(|number| !report.opinions.contains_key(number)).count();
        if missing > 0 {
            let asked = grouped(numbers.len() as u64);
            report
                .problems
                .push(format!("{} of {asked} numbers are missing from the response", grouped(missing as u64)));
        }
        Ok(report)
    }
}

/// Ten digits, as text or as a number.
fn number_of(object: &Value) -> Option<PhoneNumber> {
    let ten_digits: u64 = match &object["Phone"] {
        Value::String(text) => text.trim_start_matches("+1").parse().ok()?,
        Value::Number(number) => number.as_u64()?,
        _ => return None,
    };
    (ten_digits < NANP_COUNTRY_CODE).then_some(NANP_COUNTRY_CODE + ten_digits)
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
                problems.push(format!("invalid response: a {field} that is not Clean, Flagged or Processing"));
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

    /// A field's value; the score, or none if there is no answer; whether there is a problem.
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
        for (value, score, is_problem) in rows {
            for (place, field) in FIELDS.iter().enumerate() {
                let another = TrustCall::CARRIERS[(place + 1) % 5];
                let object = json!({"Phone": "3105550123", *field: value, FIELDS[(place + 1) % 5]: "Clean"});
                let report = TrustCall::read(&[NUMBER], json!([object]), NOW).unwrap();
                let opinion =
                    |carrier: &str, score| Opinion { carrier: carrier.into(), score, label: None, observed_at: NOW };
                let of_this = score.map(|score| opinion(TrustCall::CARRIERS[place], score));
                let mut expected: Vec<_> = of_this.into_iter().chain([opinion(another, Some(0))]).collect();
                let in_order =
                    |opinion: &Opinion| TrustCall::CARRIERS.iter().position(|known| *known == opinion.carrier);
                expected.sort_by_key(in_order);
                assert_eq!(report.opinions[&NUMBER], expected, "{field} {value}");
                assert_eq!(report.problems.len(), usize::from(is_problem), "{field} {value}");
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
        let report = TrustCall::read(&[NUMBER, NUMBER + 1, NUMBER + 2], answer, NOW).unwrap();
        assert_eq!(report.opinions.keys().collect::<Vec<_>>(), [&NUMBER]);
        let count = |words: &str| report.problems.iter().filter(|problem| problem.contains(words)).count();
        let words = ["not requested", "two different answers", "2 of 3 numbers are missing"];
        assert_eq!(words.map(count), [4, 1, 1], "{:?}", report.problems);
    }

    #[test]
    fn a_response_without_the_numbers_requested_is_invalid() {
        for answer in [
            json!([]),
            json!({}),
            json!(null),
            json!([{"Phone": "2125550100"}]),
            json!([{"Phone": "3105550123", "ATTScore": 900}]),
        ] {
            assert!(matches!(TrustCall::read(&[NUMBER], answer, NOW), Err(ServiceError::InvalidResponse(_))));
        }
    }

    #[test]
    fn only_numbers_in_the_united_states_are_covered() {
        let asked = [13_105_550_100, 14_165_550_100, 18_765_550_100, 442_079_460_958, 1_310_555_010, 17_872_550_100];
        assert_eq!(asked.map(TrustCall::covers), [true, false, false, false, false, false]);
    }
}
