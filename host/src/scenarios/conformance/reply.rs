//! Reads a dialer's reply as the contract's types: names in kebab-case, and 64-bit integers as numbers or as text.

use crate::contract::Error;
use crate::scenarios::answer::LookUp;
use crate::scenarios::notation::capitalised;
use crate::scenarios::promises::Breach;
use serde::de::value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};
use std::time::Duration;

/// The outcome of the call.
pub(super) enum Outcome {
    /// The policy answered.
    Ok(Value),
    /// The policy returned an error.
    Err(Error),
    /// The policy gave no answer; the text says why.
    Fault(String),
}

/// The content of a reply.
pub(super) struct Reply {
    pub outcome: Outcome,
    /// What was looked up with carriers.
    pub look_ups: Vec<LookUp>,
    /// How long the policy took to answer, as measured by the dialer.
    pub took: Option<Duration>,
}

pub(super) fn reply(line: Value) -> Result<Reply, Breach> {
    let Value::Object(mut line) = line else { return unreadable("it is not an object") };
    let look_ups = line.remove("look-ups").map(read).transpose()?.unwrap_or_default();
    let took = line.remove("microseconds").map(read).transpose()?.map(Duration::from_micros);
    let outcome = match sole(line) {
        Some(("ok", value)) => Outcome::Ok(value),
        Some(("err", error)) => Outcome::Err(read(error)?),
        Some(("fault", words)) => Outcome::Fault(read(words)?),
        _ => {
            return unreadable(
                "it must have exactly one of `ok`, `err` and `fault`; `look-ups` and `microseconds` are optional",
            );
        }
    };
    Ok(Reply { outcome, look_ups, took })
}

/// A value of one of the contract's types.
pub(super) fn read<T: DeserializeOwned>(value: Value) -> Result<T, Breach> {
    T::deserialize(ContractValue(value)).or_else(|error| unreadable(&error.to_string()))
}

fn sole(line: Map<String, Value>) -> Option<(&'static str, Value)> {
    let mut fields = line.into_iter();
    let (name, value) = fields.next().filter(|_| fields.len() == 0)?;
    let known = ["ok", "err", "fault"].into_iter().find(|known| *known == name)?;
    Some((known, value))
}

fn unreadable<T>(why: &str) -> Result<T, Breach> {
    Err(Breach::Promise(format!("its line cannot be read: {why}")))
}

/// A value with the contract's names, deserialized into types with Rust's names.
struct ContractValue(Value);

impl<'de> IntoDeserializer<'de, serde_json::Error> for ContractValue {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for ContractValue {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.0 {
            Value::Array(elements) => visitor.visit_seq(SeqDeserializer::new(elements.into_iter().map(ContractValue))),
            Value::Object(fields) => {
                let fields = fields.into_iter().map(|(name, field)| (name.replace('-', "_"), ContractValue(field)));
                visitor.visit_map(MapDeserializer::new(fields))
            }
            plain => plain.deserialize_any(visitor),
        }
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        let digits = self.0.as_str().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        match digits.and_then(|digits| digits.parse().ok()) {
            Some(value) => visitor.visit_u64(value),
            None => self.deserialize_any(visitor),
        }
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.0.as_str().and_then(|digits| digits.parse().ok()) {
            Some(value) => visitor.visit_i64(value),
            None => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    /// `"at-risk"` for a case without a payload, otherwise `{"lock-slot": …}`.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        cases: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        match self.0 {
            Value::String(case) => capitalised(&case).into_deserializer().deserialize_enum(name, cases, visitor),
            Value::Object(case) => {
                let case = case.into_iter().map(|(case, value)| (capitalised(&case), ContractValue(value)));
                MapAccessDeserializer::new(MapDeserializer::new(case)).deserialize_enum(name, cases, visitor)
            }
            other => other.deserialize_enum(name, cases, visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i128 u8 u16 u32 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Action, ClosingReason, Notice, Plan, Severity, SlotClosing};
    use serde_json::json;

    #[test]
    fn integers_of_64_bits_are_read_from_text_or_numbers() {
        for (number, until) in [(json!("13105550100"), json!(60)), (json!(13_105_550_100_u64), json!("60"))] {
            let closing = json!({ "number": number, "slot": 1, "until": until, "why": "number-deleted" });
            let why = ClosingReason::NumberDeleted;
            let expected = Action::LockSlot(SlotClosing { number: 13_105_550_100, slot: 1, until: 60, why });
            assert_eq!(read::<Action>(json!({ "lock-slot": closing })).unwrap(), expected);
        }
        let notice = json!({ "severity": "alert", "kind": "at-risk", "number": null, "text": "7" });
        let expected = Notice { severity: Severity::Alert, kind: "at-risk".into(), number: None, text: "7".into() };
        assert_eq!(read::<Notice>(notice).unwrap(), expected);
    }

    #[test]
    fn malformed_replies_are_refused() {
        let refused = |line| reply(line).err().unwrap().to_string();
        assert!(refused(json!("ok")).contains("not an object"));
        assert!(refused(json!({ "microseconds": 1 })).contains("one of `ok`, `err` and `fault`"));
        assert!(refused(json!({ "ok": null, "more": 1 })).contains("one of `ok`, `err` and `fault`"));
        assert!(refused(json!({ "err": { "code": "unavailable" } })).contains("missing field `message`"));
        assert!(
            read::<u64>(json!("+1")).is_err() && read::<u64>(json!(-1)).is_err() && read::<u8>(json!("1")).is_err()
        );
        let plan = json!({ "account": "acme", "based-on": 1.5 });
        assert!(read::<Plan>(plan).unwrap_err().to_string().contains("1.5"));
    }
}
