//! The notation of cases: numbers as E.164, times in RFC 3339, and names as the contract writes them.

use crate::calendar::rfc3339;
use crate::contract::{PhoneNumber, Timestamp};
use serde::de::{Error, IntoDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// One number, such as `+13105550100`, or a range, such as `+13105550100 to +13105550114`, including both ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Numbers {
    from: PhoneNumber,
    to: PhoneNumber,
}

impl Numbers {
    /// Each number of the range, in ascending order.
    pub fn each(self) -> impl Iterator<Item = PhoneNumber> {
        self.from..=self.to
    }

    /// Each number of all ranges, in the given order.
    pub fn of_all(ranges: &[Numbers]) -> Vec<PhoneNumber> {
        ranges.iter().flat_map(|numbers| numbers.each()).collect()
    }
}

impl From<PhoneNumber> for Numbers {
    fn from(number: PhoneNumber) -> Self {
        Numbers { from: number, to: number }
    }
}

impl<'de> Deserialize<'de> for Numbers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let number = |text: &str| text.strip_prefix('+').and_then(|digits| digits.parse::<PhoneNumber>().ok());
        let (from, to) = text.split_once(" to ").unwrap_or((&text, &text));
        match (number(from), number(to)) {
            (Some(from), Some(to)) if from <= to => Ok(Numbers { from, to }),
            _ => Err(Error::custom(format!("{text:?} is not a number such as +13105550100 or a range of them"))),
        }
    }
}

impl Serialize for Numbers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Numbers { from, to } if from == to => serializer.collect_str(&format_args!("+{from}")),
            Numbers { from, to } => serializer.collect_str(&format_args!("+{from} to +{to}")),
        }
    }
}

/// An instant in RFC 3339, such as `2026-01-15T09:00:00Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub Timestamp);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let time = chrono::DateTime::<chrono::Utc>::deserialize(deserializer)?;
        Timestamp::try_from(time.timestamp()).map(Time).map_err(|_| Error::custom("the time is before 1970"))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&rfc3339(self.0))
    }
}

/// A case of one of the contract's enums by its name in the contract: `at-risk` for `Status::AtRisk`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Name<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let words = String::deserialize(deserializer)?;
        T::deserialize(capitalised(&words).into_deserializer()).map(Name)
    }
}

impl<T: Serialize> Serialize for Name<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&name(&self.0))
    }
}

/// The Rust name of a case of one of the contract's enums or variants: `AtRisk` for `at-risk`.
pub fn capitalised(name: &str) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at_checked(1).unwrap_or(("", word));
        first.to_ascii_uppercase() + rest
    };
    name.split('-').map(word).collect()
}

/// The contract's name of a case of one of its enums.
pub fn name<T: Serialize>(case: &T) -> String {
    let capitalised = match serde_json::to_value(case) {
        Ok(Value::String(name)) => name,
        other => unreachable!("an enum without fields serializes as its name, not as {other:?}"),
    };
    let mut name = String::new();
    for letter in capitalised.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Answer, Status};
    use serde_json::{from_value, json, to_value};

    #[test]
    fn values_are_written_as_they_were_read() {
        let numbers: Vec<Numbers> = from_value(json!(["+1", "+13105550100 to +13105550102"])).unwrap();
        assert_eq!(Numbers::of_all(&numbers), [1, 13_105_550_100, 13_105_550_101, 13_105_550_102]);
        assert_eq!(to_value(&numbers).unwrap(), json!(["+1", "+13105550100 to +13105550102"]));
        let time: Time = from_value(json!("1970-01-01T00:01:00Z")).unwrap();
        assert_eq!((time, to_value(time).unwrap()), (Time(60), json!("1970-01-01T00:01:00Z")));
        let status: Name<Status> = from_value(json!("at-risk")).unwrap();
        assert_eq!((status, to_value(status).unwrap()), (Name(Status::AtRisk), json!("at-risk")));
        assert_eq!(name(&Answer::AddOnOff), "add-on-off");
    }

    #[test]
    fn malformed_values_are_refused() {
        for text in ["13105550100", "+", "+1 310", "+2 to +1", "+1..+2", ""] {
            assert!(from_value::<Numbers>(json!(text)).is_err(), "{text}");
        }
        assert!(from_value::<Time>(json!("1969-12-31T23:59:59Z")).is_err());
        assert!(from_value::<Name<Status>>(json!("spam")).is_err());
    }
}
