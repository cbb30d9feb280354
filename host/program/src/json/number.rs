//! Numbers of an account, and imports of numbers.

use super::{E164, Status, Time};
use dialguard::contract;
use dialguard_dialer::ledger::{self, ImportOutcome, KnownNumber};
use dialguard_dialer::number_file;
use serde::Serialize;
use utoipa::ToSchema;

/// A number that an account owns.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Number {
    number: E164,
    /// Its slot; null if it is not monitored.
    slot: Option<u32>,
    /// Its status; null if it is not monitored.
    status: Option<Status>,
    /// Since when it has that status.
    status_since: Option<Time>,
    /// Whether a replacement for it is in progress.
    replacement_pending: bool,
}

impl From<&KnownNumber> for Number {
    fn from(known: &KnownNumber) -> Self {
        Number {
            number: known.number.into(),
            slot: known.monitored.map(|(slot, ..)| slot),
            status: known.monitored.map(|(_, status, _)| status.into()),
            status_since: known.monitored.map(|(.., since)| Time(since)),
            replacement_pending: known.replacement_pending,
        }
    }
}

/// A number and what each carrier last answered about it.
#[derive(Serialize, ToSchema)]
pub struct NumberInFull {
    #[serde(flatten)]
    number: Number,
    /// One for each carrier that a source has ever reported.
    carriers: Vec<Verdict>,
}

impl NumberInFull {
    pub fn new(known: &KnownNumber, carriers: &[contract::Carrier], answers: &[ledger::CarrierAnswer]) -> Self {
        let verdict = |carrier: &contract::Carrier| {
            Verdict::new(carrier, answers.iter().find(|answer| answer.carrier == carrier.id))
        };
        NumberInFull { number: Number::from(known), carriers: carriers.iter().map(verdict).collect() }
    }
}

/// What a carrier last answered about a number, as far as that is still kept.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Verdict {
    /// The carrier's name.
    #[schema(example = "AT&T (Hiya)")]
    carrier: String,
    answer: CarrierAnswer,
    /// 0 (clean) to 100 (certain spam); null unless the carrier has scored the number.
    #[schema(maximum = 100)]
    score: Option<u8>,
    /// The call label that a handset displays.
    #[schema(example = "Scam Likely")]
    label: Option<String>,
    /// When the carrier formed this opinion, if known, otherwise when it was looked up.
    observed_at: Option<Time>,
}

impl Verdict {
    fn new(carrier: &contract::Carrier, answer: Option<&ledger::CarrierAnswer>) -> Self {
        Verdict {
            carrier: carrier.name.clone(),
            answer: match answer.map(|answer| answer.score) {
                None => CarrierAnswer::NoAnswer,
                Some(None) => CarrierAnswer::NoData,
                Some(Some(_)) => CarrierAnswer::Scored,
            },
            score: answer.and_then(|answer| answer.score),
            label: answer.and_then(|answer| answer.label.as_deref().map(str::to_owned)),
            observed_at: answer.map(|answer| Time(answer.observed_at)),
        }
    }
}

/// The kind of a carrier's answer.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum CarrierAnswer {
    /// The carrier has an opinion.
    Scored,
    /// The carrier says that it has none.
    NoData,
    /// The carrier was not asked, or did not answer. No answer is not a verdict.
    NoAnswer,
}

/// A number on hand to replace another.
#[derive(Serialize, ToSchema)]
pub struct Candidate {
    number: E164,
    /// Since when it is on hand.
    since: Time,
}

impl From<&ledger::Candidate> for Candidate {
    fn from(candidate: &ledger::Candidate) -> Self {
        Candidate { number: candidate.number.into(), since: Time(candidate.since) }
    }
}

/// The result of an import.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ImportedNumbers {
    /// How many numbers are new to the account.
    pub imported: usize,
    /// One for each number, in the order given.
    pub outcomes: Vec<Import>,
}

/// The result for one number of an import.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Import {
    /// As it was given.
    pub given: String,
    /// As E.164; null if it is not a phone number.
    pub number: Option<E164>,
    pub outcome: ImportResult,
}

/// The result for a number.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ImportResult {
    /// New to the account.
    Imported,
    /// The account already had it.
    KnownBefore,
    /// Another account has it, as its own or as a candidate.
    OtherAccounts,
    /// It was replaced, and rests until it is given back to its provider.
    Resting,
    /// It cannot be a candidate: the account owns it, has ordered it, or has released it.
    NoCandidate,
    /// Not a possible phone number.
    NoPhoneNumber,
}

impl From<ImportOutcome> for ImportResult {
    fn from(outcome: ImportOutcome) -> Self {
        match outcome {
            ImportOutcome::Imported => ImportResult::Imported,
            ImportOutcome::KnownBefore => ImportResult::KnownBefore,
            ImportOutcome::OtherAccounts => ImportResult::OtherAccounts,
            ImportOutcome::Resting => ImportResult::Resting,
            ImportOutcome::NoCandidate => ImportResult::NoCandidate,
        }
    }
}

/// The result of importing a file, in which rows that were taken are only counted: files are long.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ImportedFile {
    imported: usize,
    known_before: usize,
    refused: Vec<RefusedRow>,
    /// The row before which the import was stopped; null if it was not.
    stopped_before_row: Option<u64>,
}

#[derive(Serialize)]
struct RefusedRow {
    row: usize,
    why: String,
}

impl From<&number_file::ImportedFile> for ImportedFile {
    fn from(file: &number_file::ImportedFile) -> Self {
        let refused = file.refused.iter().map(|bad| RefusedRow { row: bad.row as usize, why: bad.why.to_string() });
        ImportedFile {
            imported: file.imported,
            known_before: file.known_before,
            refused: refused.collect(),
            stopped_before_row: file.stopped_before,
        }
    }
}
