//! The settings of an account, from the table in [`dialguard::settings`].

use crate::parse::Entries;
use crate::words::shortened;
use dialguard::contract;
use dialguard::settings::{SETTINGS, Setting, SettingKind, SettingValue, change_other, setting, settings_by_name};
use dialguard_dialer::ledger::{
    OTHER_SETTINGS_MAX, SETTING_NAME_BYTES_MAX, SETTING_VALUE_BYTES_MAX, SETTINGS_BYTES_MAX,
};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AdditionalProperties, Object, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

/// An account's settings by their names in the contract.
#[derive(Clone, Serialize)]
pub struct Settings(Map<String, Value>);

impl From<&contract::Settings> for Settings {
    fn from(settings: &contract::Settings) -> Self {
        let mut by_name = settings_by_name(settings);
        let other = settings.other.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str())));
        by_name.insert("other".into(), Value::Object(other.collect()));
        Settings(by_name)
    }
}

/// Settings to change; those that are missing or null stay as they are. Of the others, null removes one, as in a JSON
/// merge patch (RFC 7396).
#[derive(Clone, Default)]
pub struct SettingsChange {
    values: Vec<(&'static Setting, SettingValue)>,
    other: BTreeMap<String, Option<String>>,
}

impl SettingsChange {
    /// The settings after this change.
    pub fn applied_to(self, before: &contract::Settings) -> contract::Settings {
        let mut settings = before.clone();
        self.values.iter().for_each(|(setting, value)| setting.set(&mut settings, *value));
        change_other(&mut settings, self.other);
        settings
    }
}

impl<'de> Deserialize<'de> for SettingsChange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ChangeVisitor)
    }
}

/// Reads a setting's value as soon as its name is known, so that none can be larger than its type.
struct ChangeVisitor;

impl<'de> Visitor<'de> for ChangeVisitor {
    type Value = SettingsChange;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("settings by their names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut given: A) -> Result<SettingsChange, A::Error> {
        let mut change = SettingsChange::default();
        let mut seen = HashSet::new();
        while let Some(name) = given.next_key::<String>()? {
            if name == "other" {
                let other = given.next_value::<Entries<String, Option<String>, OTHER_SETTINGS_MAX>>();
                change.other = other.map_err(|why| A::Error::custom(format!("other: {why}")))?.0.into_iter().collect();
            } else {
                let setting = setting(&name)
                    .ok_or_else(|| A::Error::custom(format!("there is no setting {:?}", shortened(&name))))?;
                let Scalar(value) = given.next_value().map_err(|why| A::Error::custom(format!("{name}: {why}")))?;
                if !value.is_null() {
                    change.values.push((setting, setting.from_json(&value).map_err(A::Error::custom)?));
                }
            }
            if !seen.insert(name.clone()) {
                return Err(A::Error::custom(format!("{name} is given twice")));
            }
        }
        Ok(change)
    }
}

/// A JSON value without elements.
struct Scalar(Value);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl Visitor<'_> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a number, true, false or null")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Scalar, E> {
        Ok(Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Scalar, E> {
        Ok(Scalar(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Scalar, E> {
        Ok(Scalar(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Scalar, E> {
        Ok(Scalar(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Scalar, E> {
        Ok(Scalar(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Scalar, E> {
        Ok(Scalar(Value::Null))
    }
}

impl PartialSchema for Settings {
    fn schema() -> RefOr<Schema> {
        let object = ObjectBuilder::new().description(Some(
            "An account's settings. The ranges and defaults are those of the built-in policy; the active policy checks \
             them.",
        ));
        let object = SETTINGS.iter().fold(object, |object, setting| {
            object.property(setting.name, property(setting, Type::from)).required(setting.name)
        });
        object
            .property("other", other_schema("Settings that only some policies know, by name.", Type::String))
            .required("other")
            .into()
    }
}

impl ToSchema for Settings {}

impl PartialSchema for SettingsChange {
    fn schema() -> RefOr<Schema> {
        let object = ObjectBuilder::new()
            .description(Some("Settings to change; those that are missing or null stay as they are, but see `other`."))
            .additional_properties(Some(AdditionalProperties::FreeForm(false)));
        let or_null = |kind| SchemaType::from_iter([kind, Type::Null]);
        let object =
            SETTINGS.iter().fold(object, |object, setting| object.property(setting.name, property(setting, or_null)));
        let other = format!(
            "Settings that only some policies know, by name: those named are set, or removed if they are null, and the \
             others stay. After the change an account has at most {OTHER_SETTINGS_MAX} of them, with names of 1 to \
             {SETTING_NAME_BYTES_MAX} bytes, and {SETTINGS_BYTES_MAX} bytes of names and values in all."
        );
        object.property("other", other_schema(&other, or_null(Type::String))).into()
    }
}

impl ToSchema for SettingsChange {}

fn property<T: Into<SchemaType>>(setting: &Setting, typed: impl Fn(Type) -> T) -> Object {
    let schema = ObjectBuilder::new()
        .description(Some(format!("{} {}.", setting.meaning, capital_range(setting))))
        .examples([setting.default_value().to_json()]);
    match setting.kind {
        SettingKind::Switch { .. } => schema.schema_type(typed(Type::Boolean)).build(),
        SettingKind::Integer { min, max, .. } => {
            schema.schema_type(typed(Type::Integer)).minimum(Some(min)).maximum(Some(max)).build()
        }
    }
}

fn capital_range(setting: &Setting) -> String {
    crate::words::capital(&setting.range_in_words())
}

fn other_schema(description: &str, value: impl Into<SchemaType>) -> Object {
    let value = ObjectBuilder::new().schema_type(value).max_length(Some(SETTING_VALUE_BYTES_MAX));
    ObjectBuilder::new()
        .description(Some(description))
        .max_properties(Some(OTHER_SETTINGS_MAX))
        .additional_properties(Some(AdditionalProperties::RefOr(RefOr::T(Schema::from(value.build())))))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use dialguard::settings::default_settings;
    use serde_json::json;

    #[test]
    fn a_change_sets_what_it_names_and_leaves_the_rest() {
        let change = json!({"checks-to-flag": 3, "auto-replace": true, "mass-flag-percent": null, "other": {"a": "b"}});
        let change: SettingsChange = serde_json::from_value(change).unwrap();
        let settings = change.applied_to(&default_settings());
        let mut expected = default_settings();
        (expected.checks_to_flag, expected.auto_replace) = (3, true);
        expected.other = vec![("a".into(), "b".into())];
        assert_eq!(settings, expected);
        let removal: SettingsChange = serde_json::from_value(json!({"other": {"a": null, "unknown": null}})).unwrap();
        assert_eq!(removal.applied_to(&settings).other, []);
        assert_eq!(serde_json::to_value(Settings::from(&settings)).unwrap()["other"], json!({"a": "b"}));
    }

    #[test]
    fn what_no_policy_could_take_is_refused_by_name() {
        let wrong = [
            (json!({"checks-to-flag": 256}), "checks-to-flag"),
            (json!({"auto-replace": 1}), "auto-replace"),
            (json!({"checks-to-flog": 1}), "checks-to-flog"),
            (json!({"other": {"a": 1}}), "other"),
            (json!({"other": null}), "other"),
            (json!({"checks-to-flag": [1]}), "checks-to-flag"),
        ];
        for (change, name) in wrong {
            let error = serde_json::from_value::<SettingsChange>(change).err().expect(name).to_string();
            assert!(error.contains(name), "{error}");
        }
    }
}
