//! Phone numbers: parsed once at the border from the way people write them. Programs get E.164, people what they read best.
//!
//! What is known of the North American Numbering Plan (NANP: country code 1, ten digits) is here too.
//!
//! ```
//! use dialguard_dialer::phone::{Doubt, PhoneNumber, Region, area_code, e164};
//!
//! let number = PhoneNumber::parse("(310) 555-0123", Region::US)?;
//! assert_eq!(number.to_string(), "+13105550123");
//! assert_eq!(number.digits(), 13_105_550_123); // the contract's integer
//! assert_eq!(e164(13_105_550_123), number);
//! assert_eq!(area_code(13_105_550_123), Some(310));
//!
//! let gb: Region = "GB".parse()?;
//! assert_eq!(PhoneNumber::parse("020 7946 0958", gb)?.digits(), 442_079_460_958);
//!
//! let refused = PhoneNumber::parse("31O-555-0123", Region::US).unwrap_err();
//! assert_eq!(refused.why, Doubt::Letters); // an O is not a zero
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod readable;
mod text;

pub use readable::{Part, readable, split_at_numbers};
#[cfg(test)]
pub(crate) use text::decimal_digit;
pub(crate) use text::is_invisible;
pub use text::{Doubt, Letters, NotAPhoneNumber};

use dialguard::contract;
use phonenumber::metadata::DATABASE;
use serde::{Serialize, Serializer};
use std::fmt;

/// A possible E.164 number: its country code exists, and the country has numbers of this length.
///
/// A possible number need not be assigned: a dialer's own numbers must not be refused because the phone library's list
/// of number blocks is older than they are. Of the North American plan's numbers those are possible whose area code and
/// exchange the plan can ever assign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneNumber(u64);

/// A country in whose national format numbers may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region(phonenumber::country::Id);

impl Region {
    /// The United States.
    pub const US: Region = Region(phonenumber::country::Id::US);

    /// The country calling code, such as 1 or 44.
    pub(crate) fn country_code(self) -> u16 {
        DATABASE.by_id(self.0.as_ref()).map_or(0, phonenumber::Metadata::country_code)
    }

    /// The main country of a calling code: the United States for 1.
    pub(crate) fn of_country_code(code: u16) -> Option<Self> {
        let main_country_first = DATABASE.by_code(&code)?;
        main_country_first.first()?.id().parse().ok().map(Region)
    }
}

impl std::str::FromStr for Region {
    type Err = String;

    /// Takes an ISO 3166-1 code of two letters, such as `US`.
    fn from_str(code: &str) -> Result<Self, String> {
        let unknown = |_| format!("{code:?} is not a country code; expected two letters, such as US or GB");
        code.to_ascii_uppercase().parse().map(Region).map_err(unknown)
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.as_ref())
    }
}

impl PhoneNumber {
    /// Parses a number as people and their programs write it: `+1 310-555-0123`, or `(310) 555-0123` if `region` is the
    /// US. A text that leaves any doubt about the number is refused; see [`Doubt`].
    pub fn parse(text: &str, region: Region) -> Result<Self, NotAPhoneNumber> {
        text::read(text, region, Letters::Refused)
    }

    /// The same, and vanity numbers such as `1-800-FLOWERS` if `letters` allows them.
    pub fn parse_with(text: &str, region: Region, letters: Letters) -> Result<Self, NotAPhoneNumber> {
        text::read(text, region, letters)
    }

    /// Parses a number that a program wrote: E.164 with its `+` and nothing else.
    pub fn from_e164(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('+')?;
        text::international(digits).ok().filter(|number| !text::lost_country(digits) || number.is_assigned())
    }

    /// Whether the phone library knows the block of numbers that this one is in.
    fn is_assigned(self) -> bool {
        phonenumber::parse(None, self.to_string()).is_ok_and(|number| number.is_valid())
    }

    /// The contract's integer.
    pub fn digits(self) -> contract::PhoneNumber {
        self.0
    }
}

/// A number of the contract in E.164, for display and for JSON. It was parsed when it came in and is not checked again.
pub fn e164(digits: contract::PhoneNumber) -> PhoneNumber {
    PhoneNumber(digits)
}

/// The country code before the ten digits of a NANP number.
pub(crate) const NANP_COUNTRY_CODE: contract::PhoneNumber = 10_000_000_000;

/// The area code of a NANP number, 200 to 999; none for other numbers.
pub fn area_code(number: contract::PhoneNumber) -> Option<u16> {
    let code = (number / 10_000_000 % 1_000) as u16;
    (number / NANP_COUNTRY_CODE == 1 && code >= 200).then_some(code)
}

/// Whether callers see another area code in place of a number: another area of the United States, or another country.
///
/// ```
/// use dialguard_dialer::phone::is_other_area;
/// assert!(is_other_area(13_105_550_100, 12_135_550_100));
/// assert!(!is_other_area(13_105_550_100, 13_105_550_199));
/// ```
pub fn is_other_area(number: contract::PhoneNumber, replacement: contract::PhoneNumber) -> bool {
    area_code(number) != area_code(replacement)
}

/// Whether a number is in the United States: a NANP number whose area code is not another country's.
pub(crate) fn is_us(number: contract::PhoneNumber) -> bool {
    if area_code(number).is_none() {
        return false;
    }
    let country = phonenumber::parse(None, e164(number).to_string()).ok().and_then(|number| number.country().id());
    country.is_none_or(|country| country == phonenumber::country::Id::US)
}

/// Parses ten digits, or eleven beginning with 1, whose area code and exchange begin with 2 to 9 (NXX-NXX-XXXX).
///
/// A hundred times as fast as [`PhoneNumber::parse`], and enough to find numbers that were parsed already among the
/// 14,000 rows of a file.
pub(crate) fn nanp_number(text: &str) -> Option<contract::PhoneNumber> {
    let national = if text.len() == 11 { text.strip_prefix('1')? } else { text };
    let digits = national.as_bytes();
    let is_possible =
        digits.len() == 10 && digits.iter().all(u8::is_ascii_digit) && digits[0] >= b'2' && digits[3] >= b'2';
    let national: Option<contract::PhoneNumber> = national.parse().ok().filter(|_| is_possible);
    national.map(|number| NANP_COUNTRY_CODE + number)
}

/// Whether the country assigns numbers of this many digits after its code, of any kind that can call.
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
    fn programs_write_e164_and_nothing_else() {
        assert_eq!(PhoneNumber::from_e164("+13105550123").map(PhoneNumber::digits), Some(13_105_550_123));
        for text in
            ["3105550123", "+1310555012", "+1 310 555 0123", "+1310555012345678", "", "+", "12345", "+1310555O123"]
        {
            assert_eq!(PhoneNumber::from_e164(text), None, "{text}");
        }
    }

    #[test]
    fn only_numbers_of_north_america_have_area_codes() {
        let codes = [13_105_550_100, 12_125_550_100, 442_071_234_567, 3_105_550_100, 11_005_550_100].map(area_code);
        assert_eq!(codes, [Some(310), Some(212), None, None, None]);
    }

    #[test]
    fn nanp_numbers_are_parsed_as_the_phone_library_parses_them() {
        let scenarios = [
            ("3152328257", Some(13_152_328_257)),
            ("13152328257", Some(13_152_328_257)),
            ("8005078317", Some(18_005_078_317)),
            ("23152328257", None),
            ("1315232825", None),
            ("0152328257", None),
            ("3151328257", None),
            ("3150328257", None),
            ("315232825", None),
            ("70611454600144", None),
            ("951677xxxx", None),
            ("+315232825", None),
            ("3152328257 ext 1", None),
            ("١٢٣٤٥", None),
            ("none", None),
        ];
        for (text, expected) in scenarios {
            assert_eq!(nanp_number(text), expected, "{text}");
            let parsed = PhoneNumber::parse(text, Region::US).map(PhoneNumber::digits);
            assert!(expected.is_none() || parsed.ok() == expected, "{text}");
        }
    }
}
