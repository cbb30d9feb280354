//! The settings of an account, as the active policy declares them.

use crate::parse::Entries;
use dialguard::contract::{ChoiceSetting, IntegerSetting, Setting, SettingKind, SwitchSetting};
use dialguard::settings::{DECLARED_MAX, guard_rails};
use dialguard_dialer::ledger::{
    self, OTHER_SETTINGS_MAX, SETTING_NAME_BYTES_MAX, SETTING_VALUE_BYTES_MAX, SETTINGS_BYTES_MAX,
};
use dialguard_dialer::settings::{Declaration, SettingError};
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use std::fmt;
use utoipa::openapi::schema::{AdditionalProperties, Object, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{OpenApi, RefOr};
use utoipa::{PartialSchema, ToSchema};

/// Settings that a change can name, at most: all that a policy can declare, and all that can be stored besides.
const CHANGED_MAX: usize = 512;

const _: () = assert!(CHANGED_MAX >= DECLARED_MAX + OTHER_SETTINGS_MAX + 2);

/// The value of each setting by its name.
#[derive(Clone, Serialize)]
pub struct Settings(Map<String, Value>);

impl Settings {
    /// What counts under the live policy, and then what is stored for other policies, as text.
    pub fn new(declaration: &Declaration, settings: &ledger::AccountSettings) -> Self {
        let declared = declaration.settings().iter().filter_map(|setting| {
            Some((setting.name.clone(), setting.to_json(declaration.value(&setting.name, settings)?)))
        });
        let unused = declaration.unused(settings).map(|(name, text)| (name.to_owned(), text.into()));
        Settings(declared.chain(unused).collect())
    }
}

/// Settings to change, by name. Those that are missing stay as they are; null puts one back to its default.
#[derive(Clone, Default)]
pub struct SettingsChange(Vec<(String, Value)>);

impl SettingsChange {
    /// The settings after this change.
    pub fn applied_to(
        self,
        declaration: &Declaration,
        before: &ledger::AccountSettings,
    ) -> Result<ledger::AccountSettings, SettingError> {
        let mut settings = before.clone();
        for (name, value) in self.0 {
            match (declaration.setting(&name), value) {
                (_, Value::Null) => declaration.unset(&mut settings, &name)?,
                (Some(setting), value) => {
                    let value = setting.from_json(&value).map_err(|why| SettingError::Invalid { name, why })?;
                    declaration.set_value(&mut settings, setting, value);
                }
                (None, Value::String(text)) => declaration.set(&mut settings, &name, &text)?,
                (None, _) => {
                    let why = "give a text, or null to remove it".into();
                    declaration.set(&mut settings.clone(), &name, "")?;
                    return Err(SettingError::Invalid { name, why });
                }
            }
        }
        Ok(settings)
    }
}

impl<'de> Deserialize<'de> for SettingsChange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Entries(named) = Entries::<String, Scalar, CHANGED_MAX>::deserialize(deserializer)?;
        let mut named: Vec<_> = named.into_iter().map(|(name, Scalar(value))| (name, value)).collect();
        // The same mistake is told first, however the names were ordered.
        named.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(SettingsChange(named))
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
        f.write_str("a number, a text, true, false or null")
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
    /// What every policy has. [`describe`] adds what the active one declares.
    fn schema() -> RefOr<Schema> {
        settings_schema(&guard_rails()).into()
    }
}

impl ToSchema for Settings {}

impl PartialSchema for SettingsChange {
    /// What every policy has. [`describe`] adds what the active one declares.
    fn schema() -> RefOr<Schema> {
        change_schema(&guard_rails()).into()
    }
}

impl ToSchema for SettingsChange {}

/// Adds the settings of the active policy to the document.
pub fn describe(document: &mut OpenApi, declaration: &Declaration) {
    let schemas = &mut document.components.get_or_insert_default().schemas;
    schemas.insert(Settings::name().into(), settings_schema(declaration.settings()).into());
    schemas.insert(SettingsChange::name().into(), change_schema(declaration.settings()).into());
}

fn settings_schema(settings: &[Setting]) -> Schema {
    let object = ObjectBuilder::new().description(Some(
        "The settings that the active policy declares, and `auto-replace` and `replacements-per-day-max`, which every \
         policy has. Under other names follows what is stored for other policies, as text.",
    ));
    let object = settings.iter().fold(object, |object, setting| {
        object.property(&setting.name, property(setting, SchemaType::from)).required(&setting.name)
    });
    object.additional_properties(Some(stored(SchemaType::from(Type::String)))).into()
}

fn change_schema(settings: &[Setting]) -> Schema {
    let object = ObjectBuilder::new().description(Some(format!(
        "Settings to change; those that are missing stay as they are, and null puts one back to its default. \
         A name that the active policy does not declare is refused, but null removes what is stored for other \
         policies. (Policies for contracts before 0.3.0 declare nothing of their own and take any names, with \
         texts.) After the change an account has at most {OTHER_SETTINGS_MAX} values, with names of 1 to \
         {SETTING_NAME_BYTES_MAX} bytes, and {SETTINGS_BYTES_MAX} bytes of names and values in all."
    )));
    let object =
        settings.iter().fold(object, |object, setting| object.property(&setting.name, property(setting, or_null)));
    object.max_properties(Some(CHANGED_MAX)).additional_properties(Some(stored(or_null(Type::String)))).into()
}

fn or_null(kind: Type) -> SchemaType {
    SchemaType::from_iter([kind, Type::Null])
}

fn property(setting: &Setting, typed: fn(Type) -> SchemaType) -> Object {
    let schema = ObjectBuilder::new()
        .description(Some(format!("{} {}.", setting.meaning, crate::words::capital(&setting.range_in_words()))))
        .examples([setting.to_json(setting.default_value())]);
    match &setting.kind {
        SettingKind::Switch(_) => schema.schema_type(typed(Type::Boolean)).build(),
        SettingKind::Integer(IntegerSetting { min, max, .. }) => {
            schema.schema_type(typed(Type::Integer)).minimum(Some(*min)).maximum(Some(*max)).build()
        }
        SettingKind::Choice(ChoiceSetting { names, .. }) => {
            let kind = typed(Type::String);
            let null = (kind == or_null(Type::String)).then_some(Value::Null);
            let names = names.iter().map(|name| Value::from(name.as_str()));
            schema.schema_type(kind).enum_values(Some(names.chain(null))).build()
        }
    }
}

/// A value that no declared setting describes.
fn stored(kind: SchemaType) -> AdditionalProperties<Schema> {
    let value = ObjectBuilder::new().schema_type(kind).max_length(Some(SETTING_VALUE_BYTES_MAX));
    AdditionalProperties::RefOr(RefOr::T(value.build().into()))
}

/// A setting that accounts have while the active policy is active.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct DeclaredSetting {
    /// Its name in an account's `settings`.
    #[schema(example = "spam-score-min")]
    name: String,
    /// What it does.
    meaning: String,
    /// Who acts on it.
    of: SettingOwner,
    kind: DeclaredKind,
    /// Its value unless it is set.
    default: DeclaredValue,
    /// The least whole number; null for other kinds.
    #[schema(example = 1)]
    min: Option<i64>,
    /// The most; null for other kinds.
    #[schema(example = 100)]
    max: Option<i64>,
    /// What a whole number counts; null for other kinds.
    #[schema(example = "points")]
    unit: Option<String>,
    /// The names to choose from; null for other kinds.
    choices: Option<Vec<String>>,
}

/// Who acts on a setting.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum SettingOwner {
    /// The dialer, whatever the policy.
    Dialer,
    /// The active policy.
    Policy,
}

/// What a setting may be: on or off, a whole number, or one of several names.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum DeclaredKind {
    Switch,
    Integer,
    Choice,
}

/// A value of a setting: true or false, a whole number, or a name.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum DeclaredValue {
    Switch(bool),
    Integer(i64),
    Choice(String),
}

impl DeclaredSetting {
    /// All settings of a declaration.
    pub fn all(declaration: &Declaration) -> Vec<Self> {
        declaration.settings().iter().map(DeclaredSetting::from).collect()
    }
}

impl From<&Setting> for DeclaredSetting {
    fn from(setting: &Setting) -> Self {
        let is_rail = guard_rails().iter().any(|rail| rail.name == setting.name);
        let declared = |kind, default| DeclaredSetting {
            name: setting.name.clone(),
            meaning: setting.meaning.clone(),
            of: if is_rail { SettingOwner::Dialer } else { SettingOwner::Policy },
            kind,
            default,
            min: None,
            max: None,
            unit: None,
            choices: None,
        };
        match &setting.kind {
            SettingKind::Switch(SwitchSetting { default }) => {
                declared(DeclaredKind::Switch, DeclaredValue::Switch(*default))
            }
            SettingKind::Integer(IntegerSetting { min, max, default, unit }) => DeclaredSetting {
                min: Some(*min),
                max: Some(*max),
                unit: Some(unit.clone()),
                ..declared(DeclaredKind::Integer, DeclaredValue::Integer(*default))
            },
            SettingKind::Choice(ChoiceSetting { names, .. }) => DeclaredSetting {
                choices: Some(names.clone()),
                ..declared(DeclaredKind::Choice, DeclaredValue::Choice(setting.text(setting.default_value())))
            },
        }
    }
}

/// The settings of an account, and what is stored besides.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct AccountSettings {
    settings: Vec<AccountSetting>,
    /// Values that no setting of the active policy uses.
    unused: Map<String, Value>,
}

/// A setting with the account's value.
#[derive(Serialize)]
struct AccountSetting {
    #[serde(flatten)]
    declared: DeclaredSetting,
    /// What counts.
    value: Value,
    /// What is stored; null if nothing is.
    stored: Option<String>,
}

impl AccountSettings {
    pub fn new(declaration: &Declaration, settings: &ledger::AccountSettings) -> Self {
        let of = |setting: &Setting| {
            let value = declaration.value(&setting.name, settings)?;
            let stored = settings.values.get(&setting.name).map(str::to_owned);
            Some(AccountSetting { declared: setting.into(), value: setting.to_json(value), stored })
        };
        let unused = declaration.unused(settings).map(|(name, text)| (name.to_owned(), text.into()));
        AccountSettings { settings: declaration.settings().iter().filter_map(of).collect(), unused: unused.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dialguard::policy::{Limits, Policy};
    use serde_json::json;

    fn changed(before: &ledger::AccountSettings, change: Value) -> Result<ledger::AccountSettings, String> {
        let declaration = Declaration::of(&Policy::reference(Limits::default()));
        let change: SettingsChange = serde_json::from_value(change).map_err(|error| error.to_string())?;
        change.applied_to(&declaration, before).map_err(|error| error.to_string())
    }

    #[test]
    fn a_change_sets_what_it_names_null_puts_back_and_the_rest_stays() {
        let mut before = ledger::AccountSettings::default();
        before.guard_rails.replacements_per_day_max = 9;
        before.values =
            [("checks-to-flag", "3"), ("mass-flag-percent", "50"), ("quiet-hours", "22-6")].into_iter().collect();
        let change = json!({"checks-to-flag": 4, "auto-replace": true, "replace-on-calls": true,
                            "mass-flag-percent": null, "replacements-per-day-max": null, "quiet-hours": null,
                            "rests-max": null});
        let after = changed(&before, change).unwrap();
        let mut expected = ledger::AccountSettings::default();
        expected.guard_rails.auto_replace = true;
        expected.values = [("checks-to-flag", "4"), ("replace-on-calls", "on")].into_iter().collect();
        assert_eq!(after, expected);
    }

    #[test]
    fn what_no_policy_could_take_is_refused_by_name() {
        let mut before = ledger::AccountSettings::default();
        before.values.set("quiet-hours", "22-6");
        let wrong = [
            (json!({"checks-to-flag": 31}), "checks-to-flag: give a whole number from 1 to 30"),
            (json!({"checks-to-flag": "3"}), "checks-to-flag: give a whole number from 1 to 30"),
            (json!({"checks-to-flag": 1.5}), "checks-to-flag: give a whole number from 1 to 30"),
            (json!({"checks-to-flag": [1]}), "a number, a text, true, false or null"),
            (json!({"auto-replace": 1}), "auto-replace: give on or off"),
            (json!({"replacements-per-day-max": 1001}), "replacements-per-day-max: give a whole number from 0 to 1000"),
            (json!({"checks-to-flog": 1}), "no setting \"checks-to-flog\""),
            (json!({"checks-to-flog": null}), "no setting \"checks-to-flog\""),
            (json!({"quiet-hours": "23-6"}), "can only be removed"),
        ];
        for (change, expected) in wrong {
            let error = changed(&before, change).expect_err(expected);
            assert!(error.contains(expected), "{error}");
        }
    }
}
