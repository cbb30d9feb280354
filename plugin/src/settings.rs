//! The ranges of an account's settings. A host offers the defaults; `wit/0.2.0/types.wit` has both.

use crate::contract::{Error, ErrorCode, Settings};

/// Checks that every setting is in range; the error names the first that is not.
pub fn check(settings: &Settings) -> Result<(), Error> {
    let ranges: [(&str, u16, u16, u16); 8] = [
        ("spam-score-min", settings.spam_score_min.into(), 1, 100),
        ("rating-carriers-min", settings.rating_carriers_min.into(), 1, 255),
        ("checks-to-flag", settings.checks_to_flag.into(), 1, 30),
        ("checks-to-clear", settings.checks_to_clear.into(), 1, 30),
        ("observation-age-max-hours", settings.observation_age_max_hours, 1, 8_760),
        ("replacements-per-day-max", settings.replacements_per_day_max, 0, 1_000),
        ("new-number-grace-days", settings.new_number_grace_days, 0, 365),
        ("mass-flag-percent", settings.mass_flag_percent.into(), 1, 100),
    ];
    match ranges.iter().find(|(_, value, min, max)| value < min || value > max) {
        None => Ok(()),
        Some((name, value, min, max)) => Err(Error {
            code: ErrorCode::InvalidSettings,
            message: alloc::format!("{name} is {value}; set it to a whole number from {min} to {max}."),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::default_settings;

    /// Each setting just outside its range, on both sides if the type allows.
    #[test]
    fn a_setting_out_of_range_is_named_with_its_range() {
        type Change = fn(&mut Settings);
        let scenarios: [(&str, &str, Change); 14] = [
            ("spam-score-min", "1 to 100", |s| s.spam_score_min = 0),
            ("spam-score-min", "1 to 100", |s| s.spam_score_min = 101),
            ("rating-carriers-min", "1 to 255", |s| s.rating_carriers_min = 0),
            ("checks-to-flag", "1 to 30", |s| s.checks_to_flag = 0),
            ("checks-to-flag", "1 to 30", |s| s.checks_to_flag = 31),
            ("checks-to-clear", "1 to 30", |s| s.checks_to_clear = 0),
            ("checks-to-clear", "1 to 30", |s| s.checks_to_clear = 31),
            ("observation-age-max-hours", "1 to 8760", |s| s.observation_age_max_hours = 0),
            ("observation-age-max-hours", "1 to 8760", |s| s.observation_age_max_hours = 8_761),
            ("replacements-per-day-max", "0 to 1000", |s| s.replacements_per_day_max = 1_001),
            ("new-number-grace-days", "0 to 365", |s| s.new_number_grace_days = 366),
            ("mass-flag-percent", "1 to 100", |s| s.mass_flag_percent = 0),
            ("mass-flag-percent", "1 to 100", |s| s.mass_flag_percent = 101),
            ("mass-flag-percent", "1 to 100", |s| s.mass_flag_percent = 255),
        ];
        assert_eq!(check(&default_settings()), Ok(()));
        for (name, range, change) in scenarios {
            let mut settings = default_settings();
            change(&mut settings);
            let error = check(&settings).expect_err(name);
            assert_eq!(error.code, ErrorCode::InvalidSettings);
            assert!(error.message.contains(name) && error.message.contains(range), "{}", error.message);
        }
    }
}
