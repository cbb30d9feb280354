//! The settings of an account, from the table in [`dialguard::settings`].

use dialguard::contract;
use dialguard::settings::{SETTINGS, Setting, SettingKind, SettingValue, setting, settings_by_name};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AdditionalProperties, Object, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

/// Settings that only some policies know: at most so many, with names and values of at most so many bytes. A policy
/// reads them in every run.
const OTHER_MAX: usize = 100;
const OTHER_NAME_BYTES_MAX: usize = 100;
const OTHER_VALUE_BYTES_MAX: usize = 1_000;

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

/// Settings to change; those that are missing or null stay as they are.
#[derive(Clone, Default)]
pub struct SettingsChange {
    values: Vec<(&'static Setting, SettingValue)>,
    other: BTreeMap<String, String>,
}

impl SettingsChange {
    /// The settings after this change.
    pub fn applied_to(self, before: &contract::Settings) -> contract::Settings {
        let mut settings = before.clone();
        self.values.iter().for_each(|(setting, value)| setting.set(&mut settings, *value));
        for (name, value) in self.other {
            settings.other.retain(|(known, _)| *known != name);
            settings.other.push((name, value));
        }
        settings
    }
}

impl<'de> Deserialize<'de> for SettingsChange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut change = SettingsChange::default();
        for (name, value) in Map::<String, Value>::deserialize(deserializer)? {
            match setting(&name) {
                Some(_) if value.is_null() => {}
                Some(setting) => {
                    change.values.push((setting, setting.from_json(&value).map_err(D::Error::custom)?));
                }
                None if name == "other" => change.other = other(value).map_err(D::Error::custom)?,
                None => return Err(D::Error::custom(format!("there is no setting {name:?}"))),
            }
        }
        Ok(change)
    }
}

fn other(value: Value) -> Result<BTreeMap<String, String>, String> {
    let other: BTreeMap<String, String> =
        serde_json::from_value(value).map_err(|error| format!("other: give names with text values: {error}"))?;
    let fits = |(name, value): (&String, &String)| {
        (1..=OTHER_NAME_BYTES_MAX).contains(&name.len()) && value.len() <= OTHER_VALUE_BYTES_MAX
    };
    if other.len() > OTHER_MAX || !other.iter().all(fits) {
        return Err(format!(
            "other: give at most {OTHER_MAX} settings, with names of 1 to {OTHER_NAME_BYTES_MAX} and values of 0 to \
             {OTHER_VALUE_BYTES_MAX} bytes"
        ));
    }
    Ok(other)
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
            .property("other", other_schema("Settings that only some policies know, by name."))
            .required("other")
            .into()
    }
}

impl ToSchema for Settings {}

impl PartialSchema for SettingsChange {
    fn schema() -> RefOr<Schema> {
        let object = ObjectBuilder::new()
            .description(Some("Settings to change; those that are missing or null stay as they are."))
            .additional_properties(Some(AdditionalProperties::FreeForm(false)));
        let or_null = |kind| SchemaType::from_iter([kind, Type::Null]);
        let object =
            SETTINGS.iter().fold(object, |object, setting| object.property(setting.name, property(setting, or_null)));
        let other = "Settings that only some policies know, by name; those named are set and the others stay.";
        object.property("other", other_schema(other)).into()
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

fn other_schema(description: &str) -> Object {
    let value = ObjectBuilder::new().schema_type(Type::String).max_length(Some(OTHER_VALUE_BYTES_MAX));
    ObjectBuilder::new()
        .description(Some(description))
        .max_properties(Some(OTHER_MAX))
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
        assert_eq!(serde_json::to_value(Settings::from(&settings)).unwrap()["other"], json!({"a": "b"}));
    }

    #[test]
    fn what_no_policy_could_take_is_refused_by_name() {
        let wrong = [
            (json!({"checks-to-flag": 256}), "checks-to-flag"),
            (json!({"auto-replace": 1}), "auto-replace"),
            (json!({"checks-to-flog": 1}), "checks-to-flog"),
            (json!({"other": {"": "x"}}), "other"),
        ];
        for (change, name) in wrong {
            let error = serde_json::from_value::<SettingsChange>(change).err().expect(name).to_string();
            assert!(error.contains(name), "{error}");
        }
    }
}
