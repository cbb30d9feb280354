//! How an account wants its numbers treated, as long as nobody says otherwise, and by the contract's names.
//!
//! ```
//! use dialguard::settings::{default_settings, settings_by_name};
//!
//! let mut settings = default_settings();
//! settings.auto_replace = true; // a person turned it on
//! settings.other.push(("quiet-hours".into(), "22-6".into())); // for a policy that knows it
//!
//! let by_name = settings_by_name(&settings);
//! assert_eq!(by_name["spam-score-min"], 80);
//! assert_eq!(by_name["auto-replace"], true);
//! assert_eq!(by_name["other"][0][0], "quiet-hours");
//! ```

use crate::contract::Settings;
use serde_json::{Map, Value};

/// The defaults that the contract names for its settings; automatic replacement is off. The ranges that stand at the
/// fields are the policy's to check, with [`Policy::check_settings`](crate::policy::Policy::check_settings).
pub fn default_settings() -> Settings {
    Settings {
        spam_score_min: 80,
        rating_carriers_min: 2,
        checks_to_flag: 2,
        checks_to_clear: 2,
        observation_age_max_hours: 48,
        auto_replace: false,
        replacements_per_day_max: 3,
        new_number_grace_days: 0,
        mass_flag_percent: 30,
        other: Vec::new(),
    }
}

/// The settings by their names in the contract (`spam-score-min`) and in its order: numbers, booleans, and `other` as a
/// list of pairs of strings.
pub fn settings_by_name(settings: &Settings) -> Map<String, Value> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(fields)) => {
            fields.into_iter().map(|(field, value)| (field.replace('_', "-"), value)).collect()
        }
        other => unreachable!("settings are a record of plain values: {other:?}"),
    }
}
