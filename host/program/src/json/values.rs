//! Values that many nouns have: phone numbers, times, statuses.

use crate::parse;
use dialguard::calendar::rfc3339;
use dialguard::contract;
use dialguard_dialer::phone::{PhoneNumber, Region, e164};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

/// A phone number, such as `+13105550100`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct E164(PhoneNumber);

impl E164 {
    /// The contract's integer.
    pub fn digits(self) -> contract::PhoneNumber {
        self.0.digits()
    }
}

impl From<contract::PhoneNumber> for E164 {
    fn from(digits: contract::PhoneNumber) -> Self {
        E164(e164(digits))
    }
}

impl TryFrom<String> for E164 {
    type Error = String;

    /// The API takes numbers in one spelling only.
    fn try_from(text: String) -> Result<Self, String> {
        let refused = || match PhoneNumber::parse(&text, Region::US) {
            Ok(_) => format!("{text:?} is not in E.164; write it like +13105550123"),
            Err(error) => error.to_string(),
        };
        PhoneNumber::from_e164(&text).map(E164).ok_or_else(refused)
    }
}

impl PartialSchema for E164 {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(r"^\+[1-9][0-9]{0,14}$"));
        text.description(Some("A phone number as E.164")).examples(["+13105550100"]).into()
    }
}

impl ToSchema for E164 {
    fn name() -> Cow<'static, str> {
        "PhoneNumber".into()
    }
}

/// An instant, such as `2026-03-01T14:00:00Z`; in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Time(pub contract::Timestamp);

impl Serialize for Time {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&rfc3339(self.0))
    }
}

impl TryFrom<String> for Time {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        parse::time(&text).map(Time)
    }
}

impl PartialSchema for Time {
    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
        let text = ObjectBuilder::new().schema_type(Type::String).format(Some(format));
        text.description(Some("An instant in RFC 3339")).examples(["2026-03-01T14:00:00Z"]).into()
    }
}

impl ToSchema for Time {
    fn name() -> Cow<'static, str> {
        "Time".into()
    }
}

/// The status of a monitored number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Not yet rated by enough carriers.
    Pending,
    /// No carrier flags it.
    Clean,
    /// Some carrier flags it, but not a confirmed majority.
    AtRisk,
    /// A confirmed majority of carriers flags it.
    Flagged,
}

impl From<contract::Status> for Status {
    fn from(status: contract::Status) -> Self {
        match status {
            contract::Status::Pending => Status::Pending,
            contract::Status::Clean => Status::Clean,
            contract::Status::AtRisk => Status::AtRisk,
            contract::Status::Flagged => Status::Flagged,
        }
    }
}

impl From<Status> for contract::Status {
    fn from(status: Status) -> Self {
        match status {
            Status::Pending => contract::Status::Pending,
            Status::Clean => contract::Status::Clean,
            Status::AtRisk => contract::Status::AtRisk,
            Status::Flagged => contract::Status::Flagged,
        }
    }
}
