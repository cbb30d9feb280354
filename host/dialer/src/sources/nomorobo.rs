//! Nomorobo's spam score, an add-on of Twilio Lookup v1.
//!
//! The score counts only if three levels succeeded: `add_ons.status` and
//! `add_ons.results.nomorobo_spamscore.status` are `successful`, and `….result.status` is `success`.
//!
//! | `add_ons.results.nomorobo_spamscore.result.score` | score | handset |
//! |---|---|---|
//! | 0 | 0 | |
//! | 1 | 100 | |
//! | null or missing | 'no data' | |
//! | anything else | no answer, and a problem | |
//! | a level without success | no answer, and a problem with Twilio's code | |
//!
//! Status 404 with a code of Twilio's means that the number does not exist: no answer, and no problem. The time of the
//! opinion is that of the lookup.
//!
//! ```
//! use dialguard_dialer::sources::lookups::LookupService;
//! use dialguard_dialer::sources::nomorobo::Nomorobo;
//!
//! let answer = serde_json::json!({
//!     "phone_number": "+13105550123",
//!     "add_ons": {"status": "successful", "results": {"nomorobo_spamscore": {
//!         "status": "successful", "result": {"status": "success", "score": 1},
//!     }}},
//! });
//! let report = Nomorobo::read(&[13_105_550_123], answer, 1_768_467_600)?;
//! assert_eq!(report.opinions[&13_105_550_123][0].score, Some(100));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use super::lookups::{LookupReport, LookupService, about_another};
use crate::http::secret::Secret;
use crate::http::{Call, Credentials, ServiceError};
use crate::ledger::Opinion;
use crate::phone::e164;
use dialguard::contract::{PhoneNumber, Timestamp};
use serde_json::Value;

/// The lookup service.
pub struct Nomorobo;

const ADD_ON: &str = "nomorobo_spamscore";

impl LookupService for Nomorobo {
    const NAME: &'static str = "Twilio Lookup";
    const BASE_URL: &'static str = "https://lookups.twilio.com/v1";
    const SECRETS: &'static [&'static [&'static str]] =
        &[&["account-sid", "auth-token"], &["api-key", "api-key-secret"]];
    const PRODUCT: &'static str = "Lookup and the add-on Nomorobo Spam Score (in Twilio's console)";
    const NUMBERS_PER_CALL_MAX: usize = 1;
    const CARRIERS: &'static [&'static str] = &["Nomorobo"];

    fn credentials(mut secrets: Vec<Secret>) -> Credentials {
        let user = secrets.remove(0);
        Credentials::Basic(user, secrets.remove(0))
    }

    fn covers(_: PhoneNumber) -> bool {
        true
    }

    fn call(numbers: &[PhoneNumber]) -> Call {
        Call::get(&["PhoneNumbers", &e164(numbers[0]).to_string()]).query("AddOns", ADD_ON)
    }

    fn read(numbers: &[PhoneNumber], response: Value, now: Timestamp) -> Result<LookupReport, ServiceError> {
        if about_another(&response["phone_number"], numbers[0]) {
            return Err(ServiceError::InvalidResponse("about a number that was not requested".into()));
        }
        let add_ons = &response["add_ons"];
        let outcome = &add_ons["results"][ADD_ON];
        let levels = [(add_ons, "successful"), (outcome, "successful"), (&outcome["result"], "success")];
        if let Some((level, _)) = levels.iter().find(|(level, success)| level["status"] != *success) {
            return Ok(LookupReport { problems: vec![without_success(level)], ..LookupReport::default() });
        }
        let score = match &outcome["result"]["score"] {
            Value::Null => None,
            score if score.as_u64() == Some(0) => Some(0),
            score if score.as_u64() == Some(1) => Some(100),
            _ => return Err(ServiceError::InvalidResponse("a score that is not 0 or 1".into())),
        };
        let opinion = Opinion { carrier: Self::CARRIERS[0].into(), score, label: None, observed_at: now };
        Ok(LookupReport { opinions: [(numbers[0], vec![opinion])].into(), ..LookupReport::default() })
    }
}

/// Quotes Twilio's code, and nothing that the add-on wrote.
fn without_success(level: &Value) -> String {
    let code = level["code"].as_u64().map_or(String::new(), |code| format!(" (error {code})"));
    format!("no score from the add-on{code}; check that Nomorobo Spam Score is installed in Twilio's console")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: Timestamp = 1_768_467_600;
    const NUMBER: PhoneNumber = 13_105_550_123;

    fn answer(levels: [&str; 3], score: Value) -> Value {
        let result = json!({"status": levels[2], "score": score});
        let results = json!({ADD_ON: {"status": levels[1], "code": 61001, "result": result}});
        json!({"phone_number": "+13105550123", "add_ons": {"status": levels[0], "results": results}})
    }

    #[test]
    fn every_row_of_the_table() {
        let success = ["successful", "successful", "success"];
        for (value, score) in [(json!(0), Some(0)), (json!(1), Some(100)), (json!(null), None)] {
            let report = Nomorobo::read(&[NUMBER], answer(success, value), NOW).unwrap();
            let opinion = Opinion { carrier: "Nomorobo".into(), score, label: None, observed_at: NOW };
            assert_eq!((report.opinions, report.problems), ([(NUMBER, vec![opinion])].into(), vec![]));
        }
        for value in [json!(900), json!(2), json!(-1), json!(0.5), json!("1"), json!(true)] {
            let read = Nomorobo::read(&[NUMBER], answer(success, value.clone()), NOW);
            assert!(matches!(read, Err(ServiceError::InvalidResponse(_))), "{value}");
        }
    }

    #[test]
    fn every_level_must_succeed() {
        for levels in [
            ["failed", "successful", "success"],
            ["successful", "failed", "success"],
            ["successful", "successful", "failed"],
            ["successful", "successful", "successful"],
            ["success", "successful", "success"],
        ] {
            let report = Nomorobo::read(&[NUMBER], answer(levels, json!(1)), NOW).unwrap();
            assert_eq!((report.opinions.len(), report.problems.len()), (0, 1), "{levels:?}");
        }
        for lacking in
            [json!({}), json!({"add_ons": null}), json!({"add_ons": {"status": "successful", "results": {}}})]
        {
            let report = Nomorobo::read(&[NUMBER], lacking, NOW).unwrap();
            assert_eq!((report.opinions.len(), report.problems.len()), (0, 1));
        }
    }

    #[test]
    fn a_response_about_another_number_is_invalid() {
        let read = Nomorobo::read(&[NUMBER + 1], answer(["successful", "successful", "success"], json!(1)), NOW);
        assert!(matches!(read, Err(ServiceError::InvalidResponse(_))));
    }
}
