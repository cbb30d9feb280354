//! Sources of verdicts, and the carriers they report.

use super::{E164, Time};
use dialguard::contract;
use dialguard_dialer::ledger::{self, Ledger, LedgerError, LookupsSpent, SourceProfile};
use dialguard_dialer::prices::dollars_of_micros;
use dialguard_dialer::sources::Report;
use dialguard_dialer::sources::ftc::FtcSettings;
use dialguard_dialer::sources::lookups::LookupSettings;
use serde::{Serialize, Serializer};
use serde_json::Value;
use utoipa::ToSchema;

/// A carrier or analytics engine that a source has reported.
#[derive(Serialize, ToSchema)]
pub struct Carrier {
    /// Never reused.
    id: u16,
    #[schema(example = "AT&T (Hiya)")]
    pub name: String,
}

impl From<contract::Carrier> for Carrier {
    fn from(carrier: contract::Carrier) -> Self {
        Carrier { id: carrier.id, name: carrier.name }
    }
}

/// Another name of a carrier. The votes of both names are one.
#[derive(Serialize, ToSchema)]
pub struct CarrierAlias {
    /// The name that sources may use.
    #[schema(example = "AT&T Mobility")]
    pub alias: String,
    /// The carrier that it means.
    #[schema(example = "AT&T")]
    pub carrier: String,
}

impl From<ledger::CarrierAlias> for CarrierAlias {
    fn from(alias: ledger::CarrierAlias) -> Self {
        CarrierAlias { alias: alias.alias, carrier: alias.carrier }
    }
}

/// A source of verdicts.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Source {
    name: String,
    kind: SourceKind,
    /// The folder, file or seed; for a paid service its settings, which say where its secrets are and never what they
    /// are.
    location: Value,
    /// The spam scores of 1, 2, 3 and more complaints to the FTC in 7 days; the last is also that of more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!([40, 60, 80, 90, 100]))]
    complaint_scores: Option<Vec<u8>>,
    /// The lookups at a paid service today (UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    today: Option<SourceToday>,
}

/// The lookups at a paid service today.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct SourceToday {
    /// Numbers looked up.
    lookups: u64,
    /// Their price in dollars.
    #[serde(serialize_with = "without_separators")]
    #[schema(example = "$0.30")]
    pub spent: String,
    /// The most a day's lookups may cost, in dollars.
    #[serde(serialize_with = "without_separators")]
    #[schema(example = "$5.00")]
    pub budget: String,
    /// After repeated failures the service is not called before this time.
    pub circuit_open_until: Option<Time>,
}

/// As programs read sums.
fn without_separators<S: Serializer>(dollars: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&dollars.replace(',', ""))
}

/// What a source says about a number.
#[derive(Serialize, ToSchema)]
pub struct TestedSource {
    number: E164,
    /// Empty if it has no opinion.
    answers: Vec<TestAnswer>,
    /// What could not be used, as sentences.
    problems: Vec<String>,
}

/// What one carrier says.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct TestAnswer {
    #[schema(example = "AT&T (Hiya)")]
    carrier: String,
    /// 0 (clean) to 100 (certain spam); null is 'no data'.
    score: Option<u8>,
    /// The call label on handsets; null if there is none.
    label: Option<String>,
    /// When the carrier formed this opinion.
    observed_at: Time,
}

impl TestedSource {
    pub fn of(number: contract::PhoneNumber, report: &Report) -> Self {
        let answers = report.answers.iter().map(|answer| TestAnswer {
            carrier: report.carriers[usize::from(answer.carrier)].to_string(),
            score: answer.score,
            label: answer.label.as_deref().map(str::to_owned),
            observed_at: Time(answer.observed_at),
        });
        TestedSource { number: number.into(), answers: answers.collect(), problems: report.problems.clone() }
    }
}

/// The kind of a source.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum SourceKind {
    /// A folder of the FTC's daily complaint files.
    Ftc,
    /// A file that a dialer writes.
    Verdicts,
    /// Made up from a seed.
    Simulated,
    /// DNCScrub TrustCall.
    #[serde(rename = "trustcall")]
    TrustCall,
    /// Telnyx number reputation.
    Telnyx,
    /// Nomorobo's spam score, through Twilio Lookup.
    Nomorobo,
}

impl From<ledger::SourceKind> for SourceKind {
    fn from(kind: ledger::SourceKind) -> Self {
        match kind {
            ledger::SourceKind::Ftc => SourceKind::Ftc,
            ledger::SourceKind::Verdicts => SourceKind::Verdicts,
            ledger::SourceKind::Simulated => SourceKind::Simulated,
            ledger::SourceKind::TrustCall => SourceKind::TrustCall,
            ledger::SourceKind::Telnyx => SourceKind::Telnyx,
            ledger::SourceKind::Nomorobo => SourceKind::Nomorobo,
        }
    }
}

impl Source {
    /// A source, and its lookups on the day of `now`.
    pub fn read(ledger: &Ledger, source: &SourceProfile, now: contract::Timestamp) -> Result<Self, LedgerError> {
        let settings = lookup_settings(source);
        let today = match &settings {
            None => None,
            Some(settings) => {
                let spent: LookupsSpent = ledger.lookups_spent(&source.name, now)?;
                Some(SourceToday {
                    lookups: spent.count,
                    spent: dollars_of_micros(spent.micros),
                    budget: dollars_of_micros(settings.budget_micros),
                    circuit_open_until: ledger.circuit_open_until(&source.name, now)?.map(Time),
                })
            }
        };
        let ftc = ftc_settings(source);
        let location = match (settings, &ftc) {
            (Some(_), _) => serde_json::from_str(&source.location).unwrap_or_default(),
            (None, Some(ftc)) => Value::from(ftc.folder.to_string_lossy()),
            (None, None) => Value::from(source.location.as_str()),
        };
        let complaint_scores = ftc.map(|ftc| ftc.complaint_scores.into());
        Ok(Source { name: source.name.clone(), kind: source.kind.into(), location, complaint_scores, today })
    }

    /// Its lookups today, if it is a paid service.
    pub fn today(&self) -> Option<&SourceToday> {
        self.today.as_ref()
    }
}

/// The settings of a folder of the FTC's files.
pub fn ftc_settings(source: &SourceProfile) -> Option<FtcSettings> {
    let is_ftc = matches!(source.kind, ledger::SourceKind::Ftc);
    is_ftc.then(|| FtcSettings::from_location(&source.location).ok()).flatten()
}

/// The settings of a paid service.
pub fn lookup_settings(source: &SourceProfile) -> Option<LookupSettings> {
    let is_service = matches!(
        source.kind,
        ledger::SourceKind::TrustCall | ledger::SourceKind::Telnyx | ledger::SourceKind::Nomorobo
    );
    is_service.then(|| LookupSettings::from_location(&source.location).ok()).flatten()
}
