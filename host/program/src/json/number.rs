//! Numbers of an account, and imports of numbers.

use super::{E164, Status, Time};
use crate::candidates::{CandidateRating, RatedCandidate};
use crate::hints::vanity_steps;
use crate::words::REFUSED_LISTED_MAX;
use dialguard::contract;
use dialguard_dialer::ledger::{self, AccountProfile, Freshness, ImportOutcome, KnownNumber};
use dialguard_dialer::number_file::{self, BadRow, NumberFile, ReadRow};
use dialguard_dialer::phone::{Doubt, NotAPhoneNumber, area_code};
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
    /// When it was last rated; null if it never was since it is monitored.
    last_rated_at: Option<Time>,
    /// Whether its status is of an older rating: the latest check that is due has not rated it.
    stale: bool,
    /// Whether it was just added and its first check is under way.
    checking: bool,
    /// Since when it is suspect for how its calls went; null if it is not.
    suspect_since: Option<Time>,
    /// Whether a replacement for it is in progress.
    replacement_pending: bool,
    /// Whether the dialer is not to use it for now: it is flagged, and there is no clean number to take its place. It is
    /// checked on, and keeps its slot and its status.
    resting: bool,
    /// Since when; null if it is in use.
    resting_since: Option<Time>,
    /// Since when it may replace another number, because it has rested; null if it may not.
    ready_since: Option<Time>,
}

impl Number {
    /// A number of this account, at this time.
    pub fn new(known: &KnownNumber, account: &AccountProfile, now: contract::Timestamp) -> Self {
        let freshness = account.freshness(known, now);
        Number {
            number: known.number.into(),
            slot: known.monitored.map(|(slot, ..)| slot),
            status: known.monitored.map(|(_, status, _)| status.into()),
            status_since: known.monitored.map(|(.., since)| Time(since)),
            last_rated_at: known.last_rated_at.map(Time),
            stale: freshness == Some(Freshness::Stale),
            checking: freshness == Some(Freshness::Checking),
            suspect_since: known.suspect.map(|suspicion| Time(suspicion.since)),
            replacement_pending: known.replacement_pending,
            resting: known.resting_since.is_some(),
            resting_since: known.resting_since.map(Time),
            ready_since: known.ready_since.map(Time),
        }
    }
}

/// The calls for which a number is suspect.
#[derive(Serialize, ToSchema)]
pub struct Suspicion {
    /// Calls made in the days that the policy looked at.
    attempts: u32,
    /// Of those, the ones that somebody answered.
    answered: u32,
    /// Of the attempts, those that an analytics engine refused on the way.
    blocked: u32,
}

impl From<ledger::Suspicion> for Suspicion {
    fn from(ledger::Suspicion { attempts, answered, blocked, .. }: ledger::Suspicion) -> Self {
        Suspicion { attempts, answered, blocked }
    }
}

/// A number and what each carrier last answered about it.
#[derive(Serialize, ToSchema)]
pub struct NumberInFull {
    #[serde(flatten)]
    number: Number,
    /// Why it is suspect; null if it is not.
    suspicion: Option<Suspicion>,
    /// One for each carrier that a source has ever reported.
    carriers: Vec<Verdict>,
}

impl NumberInFull {
    pub fn new(
        number: Number,
        known: &KnownNumber,
        carriers: &[contract::Carrier],
        answers: &[ledger::CarrierAnswer],
    ) -> Self {
        let verdict = |carrier: &contract::Carrier| {
            Verdict::new(carrier, answers.iter().find(|answer| answer.carrier == carrier.id))
        };
        let suspicion = known.suspect.map(Suspicion::from);
        NumberInFull { number, suspicion, carriers: carriers.iter().map(verdict).collect() }
    }
}

/// What a carrier last answered about a number, as far as that is still kept.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Verdict {
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
    pub fn new(carrier: &contract::Carrier, answer: Option<&ledger::CarrierAnswer>) -> Self {
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

/// A check of a number: what carriers answered in a run, and how the policy rated it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct NumberCheck {
    /// The run.
    run: u64,
    /// When it was made.
    at: Time,
    /// The status since this check; null if the number was not rated.
    status: Option<Status>,
    /// Carriers that flagged it; null if it was not rated.
    flagging: Option<u16>,
    /// Carriers that had an opinion; null if it was not rated.
    answering: Option<u16>,
    /// What each carrier answered.
    verdicts: Vec<Verdict>,
}

impl NumberCheck {
    pub fn new(check: &ledger::NumberCheck, carriers: &[contract::Carrier]) -> Self {
        let review = check.review.as_ref();
        let verdict = |answer: &ledger::CarrierAnswer| {
            let carrier = carriers.iter().find(|carrier| carrier.id == answer.carrier)?;
            Some(Verdict::new(carrier, Some(answer)))
        };
        NumberCheck {
            run: check.run,
            at: Time(check.at),
            status: review.map(|review| review.status.into()),
            flagging: review.map(|review| review.flagging),
            answering: review.map(|review| review.answering),
            verdicts: check.answers.iter().filter_map(verdict).collect(),
        }
    }
}

/// A number on hand to replace another.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Candidate {
    number: E164,
    /// Since when it is on hand.
    since: Time,
    /// Its area code; null outside the North American Numbering Plan.
    area_code: Option<u16>,
    state: CandidateState,
    /// Carriers that flag it, as far as they answered in a run of the past 7 days.
    flagging: usize,
    /// Carriers that have an opinion about it, in the same run.
    answering: usize,
    /// The provider that it was bought from, for an order that was abandoned; null if it was imported.
    bought_from: Option<String>,
    /// What it cost then, in US cents.
    price_cents: Option<u32>,
}

/// What carriers said last about a candidate. Before it replaces a number, the policy asks them again.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum CandidateState {
    /// No carrier flags it.
    Clean,
    /// A carrier flags it.
    Flagged,
    /// Too few carriers answered about it in the past 7 days.
    Unrated,
}

impl From<&RatedCandidate> for Candidate {
    fn from(rated: &RatedCandidate) -> Self {
        let ledger::Candidate { number, since, bought_from, price_cents } = &rated.candidate;
        Candidate {
            number: (*number).into(),
            since: Time(*since),
            area_code: area_code(*number),
            state: match rated.rating() {
                CandidateRating::Clean => CandidateState::Clean,
                CandidateRating::Flagged => CandidateState::Flagged,
                CandidateRating::Unrated => CandidateState::Unrated,
            },
            flagging: rated.flagging,
            answering: rated.answering,
            bought_from: bought_from.clone(),
            price_cents: *price_cents,
        }
    }
}

/// The result of an import.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ImportedNumbers {
    /// How many numbers are new to the account.
    pub imported: usize,
    /// How many numbers were refused.
    pub refused_count: usize,
    /// One for each number, in the order given; of those that were refused, the first 100.
    pub outcomes: Vec<Import>,
}

impl FromIterator<Import> for ImportedNumbers {
    fn from_iter<I: IntoIterator<Item = Import>>(imports: I) -> Self {
        let mut all = ImportedNumbers { imported: 0, refused_count: 0, outcomes: Vec::new() };
        for import in imports {
            match import.outcome {
                ImportResult::Imported => all.imported += 1,
                ImportResult::KnownBefore => {}
                _ => all.refused_count += 1,
            }
            if import.why.is_none() || all.refused_count <= REFUSED_LISTED_MAX {
                all.outcomes.push(import);
            }
        }
        all
    }
}

/// The result for one number of an import.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Import {
    /// As it was given; shortened if it is longer than any number.
    pub given: String,
    /// As E.164; null if it is not a phone number.
    pub number: Option<E164>,
    pub outcome: ImportResult,
    /// Why it was refused; null if the account has it.
    #[schema(example = "it has letters, which are never read as digits; check it and write it in digits")]
    pub why: Option<String>,
}

impl Import {
    pub fn of(given: &str, number: contract::PhoneNumber, outcome: ImportOutcome) -> Self {
        let (given, why) = (as_given(given), outcome.refusal().map(str::to_owned));
        Import { given, number: Some(number.into()), outcome: outcome.into(), why }
    }

    pub fn unreadable(given: &str, error: &NotAPhoneNumber) -> Self {
        let step = vanity_steps().request.filter(|_| error.why == Doubt::Vanity);
        let why = step.map_or(error.why.to_string(), |step| format!("{}; {step}", error.why));
        Import { given: as_given(given), number: None, outcome: ImportResult::NoPhoneNumber, why: Some(why) }
    }
}

/// A text that was given for a number, which may be of any length.
pub(super) fn as_given(text: &str) -> String {
    const CHARACTERS_MAX: usize = 256;
    match text.char_indices().nth(CHARACTERS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
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
    /// It was replaced, and rests.
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

/// The result of importing a file. Numbers that were taken are only counted: files are long.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ImportedFile {
    /// Whether nothing was changed: then the counts say what an import would do.
    dry_run: bool,
    recognized: RecognizedFile,
    /// How many numbers are new to the account.
    imported: usize,
    /// How many numbers the account already had, or the file has twice.
    known_before: usize,
    /// How many rows were refused.
    refused_count: usize,
    /// The first 100 refused rows.
    refused: Vec<RefusedRow>,
    /// The row before which the import was stopped; null if it was not.
    stopped_before_row: Option<u64>,
}

/// How a file of numbers was read.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct RecognizedFile {
    /// The encoding by its name in the WHATWG standard.
    #[schema(example = "UTF-8")]
    encoding: &'static str,
    /// What separates the fields of a row.
    #[schema(example = ";")]
    delimiter: char,
    /// The column with the numbers; null if every field is one.
    #[schema(example = "Phone #")]
    column: Option<String>,
    /// Other columns that have numbers, the first 100.
    other_columns: Vec<String>,
    /// The first five rows, and what was read from them.
    first_rows: Vec<FirstRow>,
}

/// A row, and what was read from it.
#[derive(Serialize, ToSchema)]
struct FirstRow {
    /// Its line in the file, from 1.
    row: u64,
    fields: Vec<String>,
    /// Null if it has none that can be read.
    number: Option<E164>,
    /// Why it has none.
    why: Option<String>,
}

/// A row that was refused.
#[derive(Serialize, ToSchema)]
pub(super) struct RefusedRow {
    /// Its line in the file, from 1.
    row: u64,
    /// Why, and what to do about it.
    why: String,
}

impl ImportedFile {
    pub fn new(file: &NumberFile, outcome: &number_file::ImportedFile, dry_run: bool) -> Self {
        let refused = outcome.refused.iter().take(REFUSED_LISTED_MAX);
        ImportedFile {
            dry_run,
            recognized: RecognizedFile::from(file),
            imported: outcome.imported,
            known_before: outcome.known_before,
            refused_count: outcome.refused.len(),
            refused: refused.map(RefusedRow::from).collect(),
            stopped_before_row: outcome.stopped_before,
        }
    }
}

impl From<&BadRow> for RefusedRow {
    fn from(bad: &BadRow) -> Self {
        RefusedRow { row: bad.row, why: bad.why.to_string() }
    }
}

impl From<&NumberFile> for RecognizedFile {
    fn from(file: &NumberFile) -> Self {
        let first_row = |read: &ReadRow| FirstRow {
            row: read.row,
            fields: read.fields.clone(),
            number: read.number.as_ref().ok().map(|number| number.digits().into()),
            why: read.number.as_ref().err().cloned(),
        };
        RecognizedFile {
            encoding: file.format.encoding,
            delimiter: file.format.delimiter,
            column: file.column().map(str::to_owned),
            other_columns: file.other_columns.iter().take(REFUSED_LISTED_MAX).cloned().collect(),
            first_rows: file.first_rows.iter().map(first_row).collect(),
        }
    }
}
