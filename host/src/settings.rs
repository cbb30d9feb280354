//! How an account wants its numbers treated, as long as nobody says otherwise.

use crate::contract::Settings;

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
