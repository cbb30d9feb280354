//! How an account wants its numbers treated, as long as nobody says otherwise, and by the contract's names.

use crate::contract::Settings;
use serde_json::{Map, Value};

/// The defaults that the contract names for its settings. Their ranges are the policy's to check.
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

/// The settings by their names in the contract and in its order; `other` is a list of pairs.
pub fn settings_by_name(settings: &Settings) -> Map<String, Value> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(fields)) => {
            fields.into_iter().map(|(field, value)| (field.replace('_', "-"), value)).collect()
        }
        other => unreachable!("settings are a record of plain values: {other:?}"),
    }
}
