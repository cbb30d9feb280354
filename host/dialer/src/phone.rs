//! Phone numbers as people write them, parsed at the border and passed on as E.164.
//!
//! ```
//! use dialguard_dialer::phone::{PhoneNumber, Region};
//!
//! let number = PhoneNumber::parse("(310) 555-0123", Region::US)?;
//! assert_eq!(number.to_string(), "+13105550123");
//! assert_eq!(number.digits(), 13_105_550_123); // as the contract has it
//!
//! let gb: Region = "GB".parse()?;
//! assert_eq!(PhoneNumber::parse("020 7946 0958", gb)?.digits(), 442_079_460_958);
//!
//! let refused = PhoneNumber::parse("555-0123", Region::US).unwrap_err();
//! assert!(refused.to_string().ends_with("write it like +13105550123"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use dialguard::contract;
use phonenumber::metadata::DATABASE;
use serde::{Serialize, Serializer};
use std::fmt;

/// An E.164 number that is possible: its country code exists and its length is one of that country's.
///
/// Possible is not the same as assigned: a dialer's own numbers are not refused because the library's list of
/// number blocks is older than they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneNumber(u64);

/// Why a text is no phone number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no possible phone number{hint}; write it like +13105550123")]
pub struct NotAPhoneNumber {
    text: String,
    hint: String,
}

/// The country whose national format numbers may be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region(phonenumber::country::Id);

impl Region {
    /// The United States, where the product began.
    pub const US: Region = Region(phonenumber::country::Id::US);
}

impl std::str::FromStr for Region {
    type Err = String;

    /// Takes an ISO 3166-1 code of two letters, such as `US`.
    fn from_str(code: &str) -> Result<Self, String> {
        let unknown = |_| format!("{code:?} is no country code; give two letters, such as US or GB");
        code.to_ascii_uppercase().parse().map(Region).map_err(unknown)
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.as_ref())
    }
}

impl PhoneNumber {
    /// Reads a number as people write it: `+1 310-555-0123`, or `(310) 555-0123` where `region` is that of the US.
    /// Errors where no number could be meant: no digits, too few or too many for its country, or an extension.
    pub fn parse(text: &str, region: Region) -> Result<Self, NotAPhoneNumber> {
        let refused = |hint: String| NotAPhoneNumber { text: text.to_owned(), hint };
        let parsed = phonenumber::parse(Some(region.0), text.trim()).map_err(|error| refused(format!(" ({error})")))?;
        if parsed.extension().is_some() {
            return Err(refused(" (it has an extension)".into()));
        }
        let e164 = parsed.format().mode(phonenumber::Mode::E164).to_string();
        let national_length = (e164.len() - 1 - parsed.code().value().to_string().len()) as u16;
        let is_possible = is_possible_length(parsed.code().value(), national_length);
        match e164.trim_start_matches('+').parse() {
            Ok(digits) if is_possible => Ok(PhoneNumber(digits)),
            _ => Err(refused(format!(" ({national_length} digits after +{})", parsed.code().value()))),
        }
    }

    /// The contract's integer, which came from a phone number once: it is not looked at again.
    pub fn from_digits(digits: contract::PhoneNumber) -> Self {
        PhoneNumber(digits)
    }

    /// The contract's integer.
    pub fn digits(self) -> contract::PhoneNumber {
        self.0
    }
}

/// Whether a number is one of the United States: +1 and ten digits, and no area code of another country that has +1.
pub(crate) fn is_us(digits: contract::PhoneNumber) -> bool {
    if !(12_000_000_000..=19_999_999_999).contains(&digits) {
        return false;
    }
    let country = phonenumber::parse(None, format!("+{digits}")).ok().and_then(|number| number.country().id());
    country.is_none_or(|country| country == phonenumber::country::Id::US)
}

/// The area code of a number in the North American numbering plan; none of any other number.
pub(crate) fn area_code(digits: contract::PhoneNumber) -> Option<u16> {
    let code = (digits / 10_000_000 % 1_000) as u16;
    (digits / 10_000_000_000 == 1 && code >= 200).then_some(code)
}

/// Whether numbers of that many digits after the country code are given out there, of any kind that can call.
fn is_possible_length(country_code: u16, national_length: u16) -> bool {
    use phonenumber::Type::{FixedLine, Mobile, Pager, PersonalNumber, PremiumRate, SharedCost, TollFree, Voip};
    let kinds = [FixedLine, Mobile, TollFree, PremiumRate, SharedCost, PersonalNumber, Voip, Pager];
    let countries = DATABASE.by_code(&country_code).unwrap_or_default();
    countries.iter().any(|country| {
        let descriptors = kinds.iter().filter_map(|kind| country.descriptors().get(*kind));
        descriptors.into_iter().any(|descriptor| descriptor.possible_length().contains(&national_length))
    })
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("+{}", self.0))
    }
}

impl Serialize for PhoneNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them_and_printed_as_e164() {
        let scenarios = [
            ("+1 310-555-0123", "US", "+13105550123"),
            ("(310) 555-0123", "US", "+13105550123"),
            ("310.555.0123", "US", "+13105550123"),
            ("3105550123", "US", "+13105550123"),
            ("13105550123", "US", "+13105550123"),
            ("  +13105550123 ", "GB", "+13105550123"),
            ("020 7946 0958", "GB", "+442079460958"),
            ("+39 06 698 12345", "US", "+390669812345"),
            ("+49 30 123456", "US", "+4930123456"),
        ];
        for (text, region, expected) in scenarios {
            assert_eq!(PhoneNumber::parse(text, region.parse().unwrap()).unwrap().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn impossible_numbers_are_refused_by_name() {
        for text in [
            "",
            "abc",
            "12",
            "555-0123",
            "+1310555012",
            "+131055501234",
            "+999123456789",
            "70611454600144",
            "+1 310 555 0123 ext. 9",
        ] {
            let error = PhoneNumber::parse(text, Region::US).expect_err(text).to_string();
            assert!(error.contains(&format!("{text:?}")), "{error}");
        }
        assert!("XX".parse::<Region>().is_err());
    }
}
