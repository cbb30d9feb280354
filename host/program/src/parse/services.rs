//! Sources and providers as users describe them: read once for the command line, the API and the dashboard. The fields
//! have the names of the command line's options.

use dialguard_dialer::http::secret::SecretPlace;
use dialguard_dialer::ledger::{NO_PROVIDER, ProviderKind, ProviderProfile, SourceKind, SourceProfile};
use dialguard_dialer::providers::ProviderSettings;
use dialguard_dialer::sources::ftc::{ComplaintScores, FtcSettings};
use dialguard_dialer::sources::lookups::{LookupService, LookupSettings};
use dialguard_dialer::sources::nomorobo::Nomorobo;
use dialguard_dialer::sources::telnyx::Telnyx;
use dialguard_dialer::sources::trustcall::TrustCall;
use serde::Deserialize;
use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// A secret's name, which is also its option's, and its place.
pub type NamedSecret = (&'static str, SecretPlace);

/// A field that is missing or refused, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Its name; empty if the whole form is refused.
    pub field: Cow<'static, str>,
    pub why: String,
}

impl FieldError {
    pub fn new(field: impl Into<Cow<'static, str>>, why: impl ToString) -> Self {
        FieldError { field: field.into(), why: why.to_string() }
    }
}

fn refused<T>(field: &'static str, why: impl Into<String>) -> Result<T, FieldError> {
    Err(FieldError::new(field, why.into()))
}

/// What a user gives for a source. What is not given stays as it is; a new source needs what has no default.
#[derive(Debug, Default)]
pub struct SourceSpec {
    /// The file of verdicts, or the folder of the FTC's files.
    pub path: Option<PathBuf>,
    /// Of a simulated source.
    pub seed: Option<u64>,
    pub complaint_scores: Option<ComplaintScores>,
    pub secrets: Vec<NamedSecret>,
    /// The price of a lookup, in millionths of a dollar.
    pub price_micros: Option<u64>,
    /// The most that a day's lookups may cost, in millionths of a dollar.
    pub budget_micros: Option<u64>,
    pub fresh_hours: Option<u32>,
    pub base_url: Option<String>,
}

impl SourceSpec {
    /// A new source.
    pub fn profile(self, name: &str, kind: SourceKind) -> Result<SourceProfile, FieldError> {
        ensure_name(name, "source")?;
        Ok(SourceProfile { name: name.to_owned(), kind, location: self.location(kind, None)? })
    }

    /// The source with what was given.
    pub fn onto(self, before: &SourceProfile) -> Result<SourceProfile, FieldError> {
        Ok(SourceProfile { location: self.location(before.kind, Some(&before.location))?, ..before.clone() })
    }

    fn location(self, kind: SourceKind, before: Option<&str>) -> Result<String, FieldError> {
        let is_service = matches!(kind, SourceKind::TrustCall | SourceKind::Telnyx | SourceKind::Nomorobo);
        if !is_service && self.is_of_service() {
            return refused("kind", "secrets, prices and a URL are for trustcall, telnyx and nomorobo");
        }
        if kind != SourceKind::Ftc && self.complaint_scores.is_some() {
            return refused("complaint-scores", "these are for a folder of the FTC's files");
        }
        match kind {
            SourceKind::TrustCall => self.lookups::<TrustCall>(before),
            SourceKind::Telnyx => self.lookups::<Telnyx>(before),
            SourceKind::Nomorobo => self.lookups::<Nomorobo>(before),
            SourceKind::Ftc => {
                let before = before.and_then(|location| FtcSettings::from_location(location).ok());
                let folder = match (self.path, &before) {
                    (Some(folder), _) => full_path(&folder)?.into(),
                    (None, Some(before)) => before.folder.clone(),
                    (None, None) => return refused("path", "give the folder with the FTC's files"),
                };
                let scores = self.complaint_scores.or(before.map(|before| before.complaint_scores));
                Ok(FtcSettings { folder, complaint_scores: scores.unwrap_or_default() }.location())
            }
            SourceKind::Verdicts => match (self.path, before) {
                (Some(file), _) => full_path(&file),
                (None, Some(before)) => Ok(before.to_owned()),
                (None, None) => refused("path", "give the file that your dialer writes"),
            },
            SourceKind::Simulated => {
                Ok(self.seed.map(|seed| seed.to_string()).or(before.map(str::to_owned)).unwrap_or_else(|| "1".into()))
            }
        }
    }

    fn is_of_service(&self) -> bool {
        !self.secrets.is_empty()
            || self.price_micros.is_some()
            || self.budget_micros.is_some()
            || self.fresh_hours.is_some()
            || self.base_url.is_some()
    }

    fn lookups<S: LookupService>(self, before: Option<&str>) -> Result<String, FieldError> {
        let before = before.and_then(|location| LookupSettings::from_location(location).ok());
        let is_new = before.is_none();
        // A new set of secrets replaces the whole set.
        let mut settings = match before {
            Some(before) if self.secrets.is_empty() => before,
            before => {
                let new = LookupSettings::new::<S>(complete(S::NAME, S::SECRETS, self.secrets)?);
                before.map_or(new.clone(), |before| LookupSettings { secrets: new.secrets, ..before })
            }
        };
        if is_new && self.price_micros.is_none() {
            return refused("price-cents", "give the price of a lookup; 0 if it is free");
        }
        if is_new && self.budget_micros.is_none() {
            return refused("budget-cents", "give the most a day's lookups may cost");
        }
        settings.price_micros = self.price_micros.unwrap_or(settings.price_micros);
        settings.budget_micros = self.budget_micros.unwrap_or(settings.budget_micros);
        settings.fresh_hours = self.fresh_hours.unwrap_or(settings.fresh_hours);
        settings.base_url = self.base_url.unwrap_or(settings.base_url);
        Ok(settings.location())
    }
}

/// What a user gives for a provider. What is not given stays as it is.
#[derive(Debug, Default)]
pub struct ProviderSpec {
    pub secrets: Vec<NamedSecret>,
    /// The price of a number.
    pub price_cents: Option<u32>,
    /// Whether only numbers are bought that support texts as well as calls.
    pub texts: Option<bool>,
    /// Whether numbers are bought at the price that the provider states for each.
    pub read_prices: Option<bool>,
    /// Whether its log says how calls went.
    pub calls: Option<bool>,
    pub base_url: Option<String>,
}

impl ProviderSpec {
    /// A new provider.
    pub fn profile(self, name: &str, kind: ProviderKind) -> Result<ProviderProfile, FieldError> {
        ensure_name(name, "provider")?;
        if name == NO_PROVIDER {
            return refused("name", "give the provider another name than `none`");
        }
        let Some(price_cents) = self.price_cents else {
            return refused("price-cents", "give the price of a number");
        };
        let new = ProviderProfile { name: name.to_owned(), kind, price_cents, settings: String::new() };
        let secrets = complete(kind.provider(), ProviderSettings::secrets_of(kind), self.secrets)?;
        let settings = ProviderSettings::new(kind, secrets);
        ProviderSpec { secrets: Vec::new(), ..self }.onto_settings(&new, settings)
    }

    /// The provider with what was given.
    pub fn onto(self, before: &ProviderProfile) -> Result<ProviderProfile, FieldError> {
        let kind = before.kind;
        let settings =
            ProviderSettings::from_json(&before.settings).unwrap_or_else(|_| ProviderSettings::new(kind, []));
        self.onto_settings(before, settings)
    }

    fn onto_settings(
        self,
        before: &ProviderProfile,
        mut settings: ProviderSettings,
    ) -> Result<ProviderProfile, FieldError> {
        let kind = before.kind;
        // A new set of secrets replaces the whole set.
        if !self.secrets.is_empty() {
            let secrets = complete(kind.provider(), ProviderSettings::secrets_of(kind), self.secrets)?;
            settings.secrets = ProviderSettings::new(kind, secrets).secrets;
        }
        settings.texts = self.texts.unwrap_or(settings.texts);
        settings.read_prices = self.read_prices.or(settings.read_prices);
        settings.calls = self.calls.unwrap_or(settings.calls);
        settings.base_url = self.base_url.unwrap_or(settings.base_url);
        let price_cents = self.price_cents.unwrap_or(before.price_cents);
        Ok(ProviderProfile { price_cents, settings: settings.to_json(), ..before.clone() })
    }
}

/// The fields of a form or of a request as they were written; empty ones are not given.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct WrittenService {
    pub name: String,
    pub kind: String,
    pub path: String,
    pub seed: String,
    pub complaint_scores: String,
    pub login_id: String,
    pub api_key: String,
    pub api_key_secret: String,
    pub account_sid: String,
    pub auth_token: String,
    pub price_cents: String,
    pub budget_cents: String,
    pub fresh_hours: String,
    pub texts: String,
    pub read_prices: String,
    pub calls: String,
}

impl WrittenService {
    pub fn source(&self) -> Result<SourceSpec, FieldError> {
        Ok(SourceSpec {
            path: given(&self.path).map(PathBuf::from),
            seed: read("seed", &self.seed, |text| text.parse().map_err(|_| "give a whole number, such as 1"))?,
            complaint_scores: read("complaint-scores", &self.complaint_scores, str::parse)?,
            secrets: self.secrets()?,
            price_micros: read("price-cents", &self.price_cents, micros)?,
            budget_micros: read("budget-cents", &self.budget_cents, micros)?,
            fresh_hours: read("fresh-hours", &self.fresh_hours, fresh_hours)?,
            base_url: None,
        })
    }

    pub fn provider(&self) -> Result<ProviderSpec, FieldError> {
        Ok(ProviderSpec {
            secrets: self.secrets()?,
            price_cents: read("price-cents", &self.price_cents, number_cents)?,
            texts: given(&self.texts).map(|texts| texts == "on"),
            read_prices: given(&self.read_prices).map(|read| read == "on"),
            calls: given(&self.calls).map(|calls| calls == "on"),
            base_url: None,
        })
    }

    /// The kind of a source.
    pub fn source_kind(&self) -> Result<SourceKind, FieldError> {
        let kind = SourceKind::ALL.into_iter().find(|kind| kind.name() == self.kind);
        kind.map_or_else(|| refused("kind", "give verdicts, ftc, trustcall, telnyx, nomorobo or simulated"), Ok)
    }

    /// The kind of a provider.
    pub fn provider_kind(&self) -> Result<ProviderKind, FieldError> {
        match self.kind.as_str() {
            "twilio" => Ok(ProviderKind::Twilio),
            "telnyx" => Ok(ProviderKind::Telnyx),
            _ => refused("kind", "give twilio or telnyx"),
        }
    }

    /// The text of a field, as a form shows it again. What is no place of a secret may be the secret itself, and is not.
    pub fn text(&self, field: &str) -> &str {
        if let Some(place) = self.places().into_iter().find_map(|(name, text)| (name == field).then_some(text)) {
            return if place.parse::<SecretPlace>().is_ok() { place } else { "" };
        }
        match field {
            "name" => &self.name,
            "path" => &self.path,
            "seed" => &self.seed,
            "complaint-scores" => &self.complaint_scores,
            "price-cents" => &self.price_cents,
            "budget-cents" => &self.budget_cents,
            "fresh-hours" => &self.fresh_hours,
            "texts" => &self.texts,
            _ => "",
        }
    }

    fn places(&self) -> [(&'static str, &str); 5] {
        [
            ("login-id", &self.login_id),
            ("api-key", &self.api_key),
            ("api-key-secret", &self.api_key_secret),
            ("account-sid", &self.account_sid),
            ("auth-token", &self.auth_token),
        ]
    }

    fn secrets(&self) -> Result<Vec<NamedSecret>, FieldError> {
        let given = self.places().into_iter().filter_map(|(name, text)| Some((name, given(text)?)));
        given.map(|(name, text)| Ok((name, read_one(name, text, str::parse)?))).collect()
    }
}

fn given(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

fn read<T, E: ToString>(
    field: &'static str,
    text: &str,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<Option<T>, FieldError> {
    given(text).map(|text| read_one(field, text, parse)).transpose()
}

fn read_one<T, E: ToString>(
    field: &'static str,
    text: &str,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<T, FieldError> {
    parse(text).or_else(|error| refused(field, error.to_string()))
}

/// Cents, possibly with decimals, as millionths of a dollar.
pub fn micros(text: &str) -> Result<u64, String> {
    const MICROS_PER_CENT: f64 = 10_000.0;
    let cents = text.parse::<f64>().map_err(|_| "give US cents, such as 0.3 or 500")?;
    let micros = cents * MICROS_PER_CENT;
    if !(0.0..=1e15).contains(&micros) {
        return Err("give US cents from 0 to 100000000000".into());
    }
    if (micros - micros.round()).abs() >= 1e-6 * micros.max(1.0) {
        return Err("give at most four decimals".into());
    }
    Ok(micros.round() as u64)
}

/// Hours that an answer counts.
fn fresh_hours(text: &str) -> Result<u32, &'static str> {
    text.parse().ok().filter(|hours| *hours <= 8_760).ok_or("give hours from 0 to 8760")
}

/// The price of a number.
fn number_cents(text: &str) -> Result<u32, &'static str> {
    text.parse().ok().filter(|cents| (1..=10_000).contains(cents)).ok_or("give whole US cents from 1 to 10000")
}

fn ensure_name(name: &str, what: &str) -> Result<(), FieldError> {
    let named_well = !name.trim().is_empty() && name.len() <= 64 && !name.chars().any(char::is_control);
    if named_well { Ok(()) } else { refused("name", format!("give the {what} a name of 1 to 64 characters")) }
}

/// The secrets that were given, if they are one of the sets that the service takes; files by their full paths.
fn complete(
    service: &str,
    sets: &'static [&'static [&'static str]],
    mut secrets: Vec<NamedSecret>,
) -> Result<Vec<NamedSecret>, FieldError> {
    let given: Vec<_> = secrets.iter().map(|(name, _)| *name).collect();
    let takes = |names: &&[&str]| names.len() == given.len() && names.iter().all(|name| given.contains(name));
    if !sets.iter().any(takes) {
        let wanted: Vec<_> = sets.iter().map(|names| names.join(" and ")).collect();
        let why =
            format!("{service} takes {}, each as env:NAME or file:PATH, and no other secrets", wanted.join(", or "));
        let missing = sets[0].iter().find(|name| !given.contains(*name));
        return refused(missing.unwrap_or(&sets[0][0]), why);
    }
    for (name, place) in &mut secrets {
        if let SecretPlace::File(path) = place {
            *path = full_path(path).map_err(|error| FieldError::new(*name, error.why))?.into();
        }
    }
    Ok(secrets)
}

/// The program may run in another folder later.
fn full_path(path: &Path) -> Result<String, FieldError> {
    let full = std::fs::canonicalize(path)
        .or_else(|error| refused("path", format!("cannot read {}: {error}", path.display())))?;
    full.into_os_string().into_string().or_else(|_| refused("path", "the path is not valid UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_was_written_instead_of_its_place_is_not_shown_again() {
        let written = WrittenService { name: "hiya".into(), api_key: "hunter2".into(), ..WrittenService::default() };
        assert_eq!((written.text("name"), written.text("api-key")), ("hiya", ""));
        let error = written.source().unwrap_err();
        assert!(error.field == "api-key" && !error.why.contains("hunter2"), "{error:?}");
        let written = WrittenService { api_key: "env:KEY".into(), ..written };
        assert_eq!(written.text("api-key"), "env:KEY");
    }

    #[test]
    fn a_change_keeps_what_is_not_given() {
        let spec = |price: &str, budget: &str, key: &str| {
            let [price_cents, budget_cents, api_key] = [price, budget, key].map(str::to_owned);
            WrittenService { price_cents, budget_cents, api_key, ..WrittenService::default() }.source().unwrap()
        };
        let before = spec("0.3", "500", "env:OLD").profile("hiya", SourceKind::Telnyx).unwrap();
        let changed = spec("", "100", "").onto(&before).unwrap();
        let settings = LookupSettings::from_location(&changed.location).unwrap();
        assert_eq!((settings.price_micros, settings.budget_micros), (3_000, 1_000_000));
        assert_eq!(settings.secrets["api-key"], SecretPlace::Env("OLD".into()));
        let changed = spec("", "", "env:NEW").onto(&before).unwrap();
        let settings = LookupSettings::from_location(&changed.location).unwrap();
        assert_eq!(settings.secrets["api-key"], SecretPlace::Env("NEW".into()));
        assert_eq!(settings.budget_micros, 5_000_000);
        assert_eq!(spec("", "1", "env:A").profile("hiya", SourceKind::Telnyx).unwrap_err().field, "price-cents");
        assert_eq!(spec("1", "1", "").profile("hiya", SourceKind::Telnyx).unwrap_err().field, "api-key");
        assert_eq!(spec("1", "", "").profile("file", SourceKind::Verdicts).unwrap_err().field, "kind");
    }
}
