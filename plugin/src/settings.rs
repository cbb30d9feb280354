//! What an account can set. The list below is all there is to a setting but its rule: to add one, add its entry and use its
//! field of [`Settings`].

use crate::contract::*;
use crate::text::text;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::RangeInclusive;

macro_rules! settings {
    ($($name:ident: $type:ty = $kind:expr, $meaning:literal;)+) => {
        /// An account's settings. All are in range.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct Settings {
            $(#[doc = $meaning] pub $name: $type,)+
        }

        /// In the order in which a host passes their values.
        const DECLARED: &[Declared] =
            &[$(Declared { name: stringify!($name), meaning: $meaning, kind: $kind }),+];

        impl Settings {
            /// Reads the values that a host passes; the error names the first that is out of range.
            pub fn read(values: &[i64]) -> Result<Self, Error> {
                check(values)?;
                let [$($name),+] = values else { return Err(wrong_count(values)) };
                Ok(Settings { $($name: <$type>::read(*$name)),+ })
            }
        }
    };
}

settings! {
    spam_score_min: u32 = integer(1..=100, 80, "points"),
        "A carrier flags a number to which it gives this score or more, from 0 (clean) to 100 (certain spam).";
    rating_carriers_min: u32 = integer(1..=255, 2, "carriers"),
        "A number is rated only if this many carriers have a recent opinion about it.";
    checks_to_flag: u32 = integer(1..=30, 1, "checks"),
        "A number becomes flagged after this many consecutive checks in which most carriers flag it.";
    checks_to_clear: u32 = integer(1..=30, 1, "checks"),
        "A flagged number is cleared after this many consecutive checks in which most carriers do not flag it.";
    checks_to_replace: u32 = integer(1..=30, 2, "checks"),
        "A flagged number is replaced automatically only after this many consecutive checks in which most carriers flag \
         it, each with newer opinions than the one before.";
    observation_age_max_hours: u32 = integer(1..=8_760, 48, "hours"),
        "An older opinion of a carrier does not count.";
    new_number_grace_days: u32 = integer(0..=365, 0, "days"),
        "How long a newly monitored number is never replaced automatically.";
    mass_flag_percent: u32 = integer(1..=100, 30, "percent"),
        "If this share of the numbers rated on one day becomes flagged, a carrier's error is more likely, and none is \
         replaced automatically on that day.";
    calls_min: u32 = integer(1..=1_000_000, 50, "calls"),
        "Calls from a number say something about it only if there were this many in 3 days.";
    answer_rate_drop_percent: u32 = integer(1..=100, 40, "percent"),
        "A number is suspect if its answer rate lies this far below the whole account's: at 40, if it is 12 % or less \
         where the account has 20 %.";
    blocked_percent: u32 = integer(1..=100, 5, "percent"),
        "A number is suspect if this share of its calls is blocked on the way.";
    replace_on_calls: bool = switch(false),
        "Replace suspect numbers automatically too, as if they were flagged.";
    look_ups_per_day_max: u32 = integer(0..=1_000_000, 0, "numbers"),
        "The most monitored numbers that reviews look up on one day, the most urgent first; 0 for no limit. Candidates and \
         rested numbers are screened besides.";
    cheapest_first: bool = switch(false),
        "Ask free sources first, then the cheapest, and a dearer one only about numbers for which its answer still matters.";
    rest_days: u32 = integer(0..=365, 30, "days"),
        "How long a replaced number rests before it is screened again.";
    rests_max: u32 = integer(0..=250, 2, "rests"),
        "How often a number that is still flagged after its rest rests once more before it is given back.";
    rest_when_none: bool = switch(false),
        "Stop using a flagged number while there is no clean one to replace it.";
}

/// A setting as `describe` lists it.
struct Declared {
    /// In snake case, as its field is called.
    name: &'static str,
    meaning: &'static str,
    kind: Kind,
}

enum Kind {
    Switch { default: bool },
    Integer { range: RangeInclusive<u32>, default: u32, unit: &'static str },
}

const fn integer(range: RangeInclusive<u32>, default: u32, unit: &'static str) -> Kind {
    Kind::Integer { range, default, unit }
}

const fn switch(default: bool) -> Kind {
    Kind::Switch { default }
}

/// What a policy's author sees in `describe`, in the same order.
pub fn declaration() -> Vec<Setting> {
    let settings = DECLARED.iter().map(|declared| Setting {
        name: declared.kebab_name(),
        meaning: declared.meaning.into(),
        kind: match &declared.kind {
            Kind::Switch { default } => SettingKind::Switch(SwitchSetting { default: *default }),
            Kind::Integer { range, default, unit } => SettingKind::Integer(IntegerSetting {
                min: (*range.start()).into(),
                max: (*range.end()).into(),
                default: (*default).into(),
                unit: (*unit).into(),
            }),
        },
    });
    settings.collect()
}

fn check(values: &[i64]) -> Result<(), Error> {
    for (declared, value) in DECLARED.iter().zip(values) {
        let (min, max) = declared.range();
        if !(min..=max).contains(value) {
            let name = declared.kebab_name();
            let range = text!["; set it to a whole number from ", min, " to ", max, "."];
            return Err(invalid(text![name, " is ", *value, range]));
        }
    }
    Ok(())
}

fn wrong_count(values: &[i64]) -> Error {
    let (count, declared) = (values.len() as u64, DECLARED.len() as u64);
    invalid(text!["There are ", count, " settings; pass ", declared, ", one for each that the policy declares."])
}

fn invalid(message: String) -> Error {
    Error { code: ErrorCode::InvalidSettings, message }
}

impl Declared {
    fn kebab_name(&self) -> String {
        let mut name = String::with_capacity(self.name.len());
        for byte in self.name.bytes() {
            name.push(if byte == b'_' { '-' } else { byte as char });
        }
        name
    }

    fn range(&self) -> (i64, i64) {
        match &self.kind {
            Kind::Switch { .. } => (0, 1),
            Kind::Integer { range, .. } => ((*range.start()).into(), (*range.end()).into()),
        }
    }
}

/// A value that was checked, as its field has it.
trait Read {
    fn read(value: i64) -> Self;
}

impl Read for u32 {
    fn read(value: i64) -> Self {
        value as u32
    }
}

impl Read for bool {
    fn read(value: i64) -> Self {
        value != 0
    }
}

/// What each is unless a person sets it.
#[cfg(any(test, feature = "model"))]
pub fn defaults() -> Vec<i64> {
    let default = |declared: &Declared| match declared.kind {
        Kind::Switch { default } => default.into(),
        Kind::Integer { default, .. } => default.into(),
    };
    DECLARED.iter().map(default).collect()
}

/// The place of a setting's value, by the name that a host shows.
#[cfg(any(test, feature = "model"))]
pub fn place(name: &str) -> usize {
    let found = DECLARED.iter().position(|declared| declared.kebab_name() == name);
    found.unwrap_or_else(|| panic!("{name} is not a setting"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_out_of_range_is_named_with_its_range() {
        assert!(Settings::read(&defaults()).is_ok());
        for (place, setting) in declaration().iter().enumerate() {
            let (min, max) = DECLARED[place].range();
            for (value, is_allowed) in [(min - 1, false), (min, true), (max, true), (max + 1, false)] {
                let mut values = defaults();
                values[place] = value;
                match Settings::read(&values) {
                    Ok(_) => assert!(is_allowed, "{} of {value}", setting.name),
                    Err(error) => {
                        let range =
                            format!("{} is {value}; set it to a whole number from {min} to {max}.", setting.name);
                        assert_eq!((error.code, error.message), (ErrorCode::InvalidSettings, range));
                        assert!(!is_allowed);
                    }
                }
            }
        }
    }

    #[test]
    fn values_are_read_in_the_order_of_the_declaration() {
        let mut values = defaults();
        values[place("rating-carriers-min")] = 3;
        values[place("rest-when-none")] = 1;
        let settings = Settings::read(&values).expect("in range");
        assert_eq!((settings.spam_score_min, settings.rating_carriers_min), (80, 3));
        assert_eq!((settings.rests_max, settings.rest_when_none), (2, true));
        values.pop();
        assert_eq!(Settings::read(&values).expect_err("one is missing").code, ErrorCode::InvalidSettings);
    }

    /// The limits of `describe` in the contract.
    #[test]
    fn the_declaration_is_as_the_contract_wants_it() {
        let settings = declaration();
        assert!(settings.len() <= 64);
        for Setting { name, meaning, kind } in settings {
            assert!((1..=40).contains(&name.len()) && (1..=300).contains(&meaning.len()), "{name}: {meaning}");
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{name}");
            if let SettingKind::Integer(IntegerSetting { min, max, default, unit }) = kind {
                assert!((min..=max).contains(&default) && (1..=30).contains(&unit.len()), "{name}");
            }
        }
    }
}
