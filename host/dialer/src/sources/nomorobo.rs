//! Nomorobo's spam score, an add-on of Twilio Lookup v1.
//!
//! Three levels have to succeed before the score counts: `add_ons.status` and
//! `add_ons.results.nomorobo_spamscore.status` are `successful`, and `….result.status` is `success`.
//!
//! | `add_ons.results.nomorobo_spamscore.result.score` | score | handset |
//! |---|---|---|
//! | 0 | 0 | |
//! | 1 | 100 | |
//! | null or missing | 'no data' | |
//! | anything else | no answer, and told | |
//! | any level without success | no answer, and told with Twilio's code | |
//!
//! Status 404, with a code of Twilio's, means that there is no such number: no answer, and nothing is told. The opinion is
//! as of when it was asked.
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
//! let reading = Nomorobo::read(&[13_105_550_123], answer, 1_768_467_600)?;
//! assert_eq!(reading.opinions[&13_105_550_123][0].score, Some(100));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use super::lookups::{LookupService, Reading, about_another};
use crate::http::secret::Secret;
use crate::http::{Call, Credentials, ServiceError};
use crate::ledger::Opinion;
use dialguard::contract::{PhoneNumber, Timestamp};
use serde_json::Value;

/// The service.
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

    fn knows_of(_: PhoneNumber) -> bool {
        true
    }

    fn call(numbers: &[PhoneNumber]) -> Call {
        Call::get(&["PhoneNumbers", &format!("+{}", numbers[0])]).query("AddOns", ADD_ON)
    }

    fn read(numbers: &[PhoneNumber], answer: Value, now: Timestamp) -> Result<Reading, ServiceError> {
        if about_another(&answer["phone_number"], numbers[0]) {
            return Err(ServiceError::Nonsense("about a number that it was not asked about".into()));
        }
        let add_ons = &answer["add_ons"];
        let outcome = &add_ons["results"][ADD_ON];
        let levels = [(add_ons, "successful"), (outcome, "successful"), (&outcome["result"], "success")];
        if let Some((level, _)) = levels.iter().find(|(level, success)| level["status"] != *success) {
            return Ok(Reading { problems: vec![without_success(level)], ..Reading::default() });
        }
        let score = match &outcome["result"]["score"] {
            Value::Null => None,
            score if score.as_u64() == Some(0) => Some(0),
            score if score.as_u64() == Some(1) => Some(100),
            _ => return Err(ServiceError::Nonsense("a score that is not 0 or 1".into())),
        };
        let opinion = Opinion { carrier: Self::CARRIERS[0].into(), score, label: None, observed_at: now };
        Ok(Reading { opinions: [(numbers[0], vec![opinion])].into(), ..Reading::default() })
    }
}

/// The code is a number; what else stands there is the add-on's and not repeated.
fn without_success(level: &Value) -> String {
    let code = level["code"].as_u64().map_or(String::new(), |code| format!(" (error {code})"));
    format!("its add-on gave no score{code}; see that Nomorobo Spam Score is installed in Twilio's console")
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
        for (said, score) in [(json!(0), Some(0)), (json!(1), Some(100)), (json!(null), None)] {
            let reading = Nomorobo::read(&[NUMBER], answer(success, said), NOW).unwrap();
            let opinion = Opinion { carrier: "Nomorobo".into(), score, label: None, observed_at: NOW };
            assert_eq!((reading.opinions, reading.problems), ([(NUMBER, vec![opinion])].into(), vec![]));
        }
        for said in [json!(900), json!(2), json!(-1), json!(0.5), json!("1"), json!(true)] {
            let read = Nomorobo::read(&[NUMBER], answer(success, said.clone()), NOW);
            assert!(matches!(read, Err(ServiceError::Nonsense(_))), "{said}");
        }
    }

    #[test]
    fn every_level_has_to_succeed() {
        for levels in [
            ["failed", "successful", "success"],
            ["successful", "failed", "success"],
            ["successful", "successful", "failed"],
            ["successful", "successful", "successful"],
            ["success", "successful", "success"],
        ] {
            let reading = Nomorobo::read(&[NUMBER], answer(levels, json!(1)), NOW).unwrap();
            assert_eq!((reading.opinions.len(), reading.problems.len()), (0, 1), "{levels:?}");
        }
        for lacking in
            [json!({}), json!({"add_ons": null}), json!({"add_ons": {"status": "successful", "results": {}}})]
        {
            let reading = Nomorobo::read(&[NUMBER], lacking, NOW).unwrap();
            assert_eq!((reading.opinions.len(), reading.problems.len()), (0, 1));
        }
    }

    #[test]
    fn an_answer_about_another_number_is_nonsense() {
        let read = Nomorobo::read(&[NUMBER + 1], answer(["successful", "successful", "success"], json!(1)), NOW);
        assert!(matches!(read, Err(ServiceError::Nonsense(_))));
    }
}
