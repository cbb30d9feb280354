//! Telnyx number reputation: Hiya's verdict, which is AT&T's, on numbers that are registered with Telnyx for it.
//!
//! | `data.reputation_data` | score | handset |
//! |---|---|---|
//! | `spam_risk` is `low` | 10 | |
//! | `spam_risk` is `medium` | 50 | `spam_category` |
//! | `spam_risk` is `high` | 95 | `spam_category` |
//! | `spam_risk` is null or missing | 'no data' | |
//! | null: not refreshed yet | no answer | |
//! | `spam_risk` is anything else | no answer, and a problem | |
//! | a `…_score` that is not null or 0 to 100 | no answer, and a problem | |
//!
//! Status 404 with a code of Telnyx's means that the number is not registered there: no answer, and no problem. So this
//! source cannot screen candidates. The time of the opinion is `last_refreshed_at`, or that of the lookup. Telnyx refreshes
//! at the interval set in its portal, which must be shorter than the account's `observation-age-max-hours`.
//!
//! ```
//! use dialguard_dialer::sources::lookups::LookupService;
//! use dialguard_dialer::sources::telnyx::Telnyx;
//!
//! let reputation = serde_json::json!({
//!     "spam_risk": "high", "spam_category": "Telemarketing", "last_refreshed_at": "2026-01-15T08:00:00Z",
//! });
//! let answer = serde_json::json!({"data": {"phone_number": "+13105550123", "reputation_data": reputation}});
//! let report = Telnyx::read(&[13_105_550_123], answer, 1_768_467_600)?;
//! let opinion = &report.opinions[&13_105_550_123][0];
//! assert_eq!((opinion.score, opinion.label.as_deref()), (Some(95), Some("Telemarketing")));
//! assert_eq!(opinion.observed_at, 1_768_464_000);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use super::lookups::{LookupReport, LookupService, about_another, label, observed_at};
use crate::http::secret::Secret;
use crate::http::{Call, Credentials, ServiceError};
use crate::ledger::Opinion;
use crate::phone::e164;
use dialguard::contract::{PhoneNumber, Timestamp};
use serde_json::Value;

/// The lookup service.
pub struct Telnyx;

const SCORES: [&str; 4] = ["maturity_score", "connection_score", "engagement_score", "sentiment_score"];

impl LookupService for Telnyx {
    const NAME: &'static str = "Telnyx";
    const BASE_URL: &'static str = "https://api.telnyx.com/v2";
    const SECRETS: &'static [&'static [&'static str]] = &[&["api-key"]];
    const PRODUCT: &'static str = "number reputation (in Telnyx's portal)";
    const NUMBERS_PER_CALL_MAX: usize = 1;
    const CARRIERS: &'static [&'static str] = &["Hiya"];

    fn credentials(mut secrets: Vec<Secret>) -> Credentials {
        Credentials::Bearer(secrets.remove(0))
    }

    fn covers(_: PhoneNumber) -> bool {
        true
    }

    fn call(numbers: &[PhoneNumber]) -> Call {
        Call::get(&["reputation", "numbers", &e164(numbers[0]).to_string()]).query("fresh", "false")
    }

    fn read(numbers: &[PhoneNumber], response: Value, now: Timestamp) -> Result<LookupReport, ServiceError> {
        let invalid = |what: &str| Err(ServiceError::InvalidResponse(what.to_owned()));
        let Some(data) = response.get("data").filter(|data| data.is_object()) else {
            return invalid("JSON without `data`");
        };
        if about_another(&data["phone_number"], numbers[0]) {
            return invalid("about a number that was not requested");
        }
        let reputation = match data.get("reputation_data") {
            Some(Value::Null) => {
                return Ok(LookupReport { opinions: [(numbers[0], vec![])].into(), ..LookupReport::default() });
            }
            Some(reputation) if reputation.is_object() => reputation,
            _ => return invalid("`data` without `reputation_data`"),
        };
        let is_score =
            |value: &Value| value.is_null() || value.as_f64().is_some_and(|score| (0.0..=100.0).contains(&score));
        if let Some(score) = SCORES.iter().find(|score| !is_score(&reputation[**score])) {
            return invalid(&format!("a {score} that is not 0 to 100"));
        }
        let score = match &reputation["spam_risk"] {
            Value::Null => None,
            Value::String(risk) if risk == "low" => Some(10),
            Value::String(risk) if risk == "medium" => Some(50),
            Value::String(risk) if risk == "high" => Some(95),
            _ => return invalid("a spam_risk that is not low, medium or high"),
        };
        let label = if score > Some(10) { label(&reputation["spam_category"]) } else { None };
        let observed_at = observed_at(&reputation["last_refreshed_at"], now)?;
        let opinion = Opinion { carrier: Self::CARRIERS[0].into(), score, label, observed_at };
        Ok(LookupReport { opinions: [(numbers[0], vec![opinion])].into(), ..LookupReport::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: Timestamp = 1_768_467_600;
    const NUMBER: PhoneNumber = 13_105_550_123;

    fn read(reputation: Value) -> Result<Vec<Opinion>, ServiceError> {
        let answer = json!({"data": {"phone_number": "+13105550123", "reputation_data": reputation}});
        Telnyx::read(&[NUMBER], answer, NOW)
            .map(|mut report| report.opinions.remove(&NUMBER).expect("an entry for the number"))
    }

    fn opinion(score: Option<u8>, label: Option<&str>, observed_at: Timestamp) -> Vec<Opinion> {
        vec![Opinion { carrier: "Hiya".into(), score, label: label.map(Into::into), observed_at }]
    }

    #[test]
    fn every_row_of_the_table() {
        let rows = [
            (json!({"spam_risk": "low", "spam_category": "Debt Collector"}), opinion(Some(10), None, NOW)),
            (json!({"spam_risk": "medium", "spam_category": "Survey"}), opinion(Some(50), Some("Survey"), NOW)),
            (json!({"spam_risk": "high", "spam_category": "Fraud"}), opinion(Some(95), Some("Fraud"), NOW)),
            (json!({"spam_risk": "high", "spam_category": null}), opinion(Some(95), None, NOW)),
            (json!({"spam_risk": "high", "spam_category": "\u{1b}[2J"}), opinion(Some(95), None, NOW)),
            (json!({"spam_risk": null, "maturity_score": null}), opinion(None, None, NOW)),
            (json!({}), opinion(None, None, NOW)),
            (json!(null), vec![]),
            (json!({"last_refreshed_at": "2026-01-15T08:00:00Z"}), opinion(None, None, 1_768_464_000)),
            (json!({"last_refreshed_at": "2026-01-15T09:05:00Z"}), opinion(None, None, NOW + 300)),
            (json!({"spam_risk": "low", "maturity_score": 0, "sentiment_score": 100}), opinion(Some(10), None, NOW)),
        ];
        for (value, opinions) in rows {
            assert_eq!(read(value.clone()).unwrap(), opinions, "{value}");
        }
    }

    #[test]
    fn what_telnyx_does_not_document_is_invalid() {
        for value in [
            json!({"spam_risk": "extreme"}),
            json!({"spam_risk": 900}),
            json!({"spam_risk": "low", "maturity_score": 900}),
            json!({"spam_risk": "low", "engagement_score": "high"}),
            json!({"spam_risk": "low", "last_refreshed_at": "yesterday"}),
            json!({"spam_risk": "low", "last_refreshed_at": "2026-01-15T09:05:01Z"}),
            json!({"spam_risk": "low", "last_refreshed_at": "2096-01-15T08:00:00Z"}),
            json!("low"),
        ] {
            assert!(matches!(read(value.clone()), Err(ServiceError::InvalidResponse(_))), "{value}");
        }
        let null = json!({"data": {"phone_number": "+12125550100", "reputation_data": null}});
        for answer in [json!({}), json!([]), json!({"data": null}), json!({"data": {}}), null] {
            assert!(matches!(Telnyx::read(&[NUMBER], answer, NOW), Err(ServiceError::InvalidResponse(_))));
        }
    }
}
