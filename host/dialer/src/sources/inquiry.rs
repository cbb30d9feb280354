//! Asking every source at once, and merging the answers into the contract's order.
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialguard/example.rs"));
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dialguard_dialer::sources::inquiry::Sources;
//! use dialguard::dialer::CarrierLookup;
//!
//! let folder = tempfile::tempdir()?;
//! let dialguard = small_dialguard(folder.path()).await?;
//! let inquiry = Sources::new(dialguard.ledger().clone()).inquiry(NOW);
//! let for_the_policy = inquiry.look_up(vec![13_105_550_123], vec![]).await.map_err(|error| error.message)?;
//! assert_eq!(for_the_policy.scores.len(), 2);
//!
//! let observations = inquiry.take_observations(); // labels stay with the host
//! assert_eq!(observations.answers[0].label.as_deref(), Some("Suspected Spam"));
//! assert!(observations.problems.is_empty());
//! # Ok(())
//! # }
//! ```

use crate::aside::Aside;
use crate::figures::{count, grouped};
use crate::ledger::{CarrierAnswer, Ledger, LedgerError, NumberedSource, SourceAnswers, SourceKind, SourceProfile};
use crate::metrics::Metrics;
use crate::phone::e164;
use crate::sources::ftc::{FtcComplaints, FtcSettings};
use crate::sources::lookups::{LookupService, inspect_service, open_service, terms};
use crate::sources::nomorobo::Nomorobo;
use crate::sources::simulated::SimulatedCarrier;
use crate::sources::telnyx::Telnyx;
use crate::sources::trustcall::TrustCall;
use crate::sources::verdicts::VerdictFile;
use crate::sources::{Answer, Report, Source, SourceError, is_ahead};
use dialguard::calendar::rfc3339;
use dialguard::contract::{
    Carrier, CarrierId, CarrierVerdict, Error, PhoneNumber, Source as ContractSource, SourceId, Timestamp, VerdictTable,
};
use dialguard::dialer::CarrierLookup;
use parking_lot::Mutex;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

/// Problems of one run that are recorded; the others are counted.
const PROBLEMS_MAX: usize = 20;

/// Characters of a problem that are recorded.
const PROBLEM_CHARACTERS_MAX: usize = 500;

/// The ledger's sources of verdicts. Cheap to clone; follows sources that are added or removed.
#[derive(Clone)]
pub struct Sources {
    ledger: Arc<Ledger>,
    cache: Arc<Mutex<Cache>>,
    metrics: Metrics,
}

/// A source with its id.
#[derive(Clone)]
struct OpenSource {
    id: SourceId,
    profile: SourceProfile,
    source: Arc<dyn Source>,
}

/// What stays open between runs, so that files that have not changed are not read again.
#[derive(Default)]
struct Cache {
    sources: Vec<OpenSource>,
}

impl Sources {
    /// The ledger's sources.
    pub fn new(ledger: Arc<Ledger>) -> Self {
        Sources { ledger, cache: Arc::default(), metrics: Metrics::default() }
    }

    /// The counters of lookups and failures.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// An inquiry for one run at the time `now`, in seconds since 1970. A source has 30 seconds a batch, a service 100; one
    /// that fails or takes longer costs its own answers and no others.
    pub fn inquiry(&self, now: Timestamp) -> Arc<Inquiry> {
        let (observed, numbers_asked) = (Mutex::default(), AtomicU32::new(0));
        Arc::new(Inquiry { sources: self.clone(), now, observed, numbers_asked })
    }

    /// Looks up one number with one source, to see whether it works. What a service charges counts in its budget.
    pub async fn test(&self, source: &str, number: PhoneNumber, now: Timestamp) -> Result<Report, SourceError> {
        let sources = self.open()?;
        let found = sources.into_iter().find(|open| open.profile.name == source);
        let found = found.ok_or_else(|| SourceError::Unknown(source.to_owned()))?;
        found.source.test(number, now).await
    }

    fn open(&self) -> Result<Vec<OpenSource>, LedgerError> {
        let sources = self.ledger.numbered_sources()?;
        let mut cache = self.cache.lock();
        cache.sources.retain(|open| sources.iter().any(|source| source.profile == open.profile));
        for NumberedSource { id, profile, .. } in sources {
            if !cache.sources.iter().any(|open| open.profile == profile) {
                let source = open_source(&self.ledger, &profile);
                cache.sources.push(OpenSource { id, profile, source });
            }
        }
        Ok(cache.sources.clone())
    }
}

fn open_source(ledger: &Arc<Ledger>, profile: &SourceProfile) -> Arc<dyn Source> {
    let name: Arc<str> = profile.name.as_str().into();
    match profile.kind {
        SourceKind::Ftc => match FtcSettings::from_location(&profile.location) {
            Ok(settings) => FileSource::open(FtcComplaints::new(name, settings.folder, settings.complaint_scores)),
            Err(error) => Arc::new(MisconfiguredSource(error)),
        },
        SourceKind::Verdicts => FileSource::open(VerdictFile::new(profile.location.as_str().into())),
        SourceKind::Simulated => Arc::new(SimulatedCarrier::new(name, profile.location.parse().unwrap_or_default())),
        SourceKind::TrustCall | SourceKind::Telnyx | SourceKind::Nomorobo => {
            open_service(ledger, profile).unwrap_or_else(|error| Arc::new(MisconfiguredSource(error)))
        }
    }
}

/// A source that reads files in the thread that asks. It is asked away from the threads that serve everybody, one lookup
/// at a time: while a disk does not answer, one thread waits for it.
struct FileSource<S> {
    source: Arc<S>,
    reader: Aside,
}

impl<S: Source + 'static> FileSource<S> {
    fn open(source: S) -> Arc<dyn Source> {
        Arc::new(FileSource { source: Arc::new(source), reader: Aside::new(1) })
    }
}

#[async_trait::async_trait]
impl<S: Source + 'static> Source for FileSource<S> {
    fn time_max(&self) -> Duration {
        self.source.time_max()
    }

    async fn look_up(&self, numbers: &[PhoneNumber], now: Timestamp) -> Result<Report, SourceError> {
        let (source, numbers, runtime) = (self.source.clone(), numbers.to_vec(), Handle::current());
        self.reader.run(move || runtime.block_on(source.look_up(&numbers, now))).await
    }
}

/// A source whose settings cannot be used. Every lookup is that error.
struct MisconfiguredSource(SourceError);

#[async_trait::async_trait]
impl Source for MisconfiguredSource {
    async fn look_up(&self, _: &[PhoneNumber], _: Timestamp) -> Result<Report, SourceError> {
        Err(self.0.clone())
    }
}

/// One run's lookups with every source.
pub struct Inquiry {
    sources: Sources,
    now: Timestamp,
    observed: Mutex<Observed>,
    numbers_asked: AtomicU32,
}

/// What the sources answered in a run.
#[derive(Debug, Default)]
pub struct Observations {
    /// Every answer, labels included.
    pub answers: Vec<CarrierAnswer>,
    /// How many numbers each source was asked about, and how many it scored.
    pub by_source: Vec<SourceAnswers>,
    /// What went wrong, as sentences.
    pub problems: Vec<String>,
}

/// The observations so far. A policy may look up two million numbers, so texts are held once each.
#[derive(Default)]
struct Observed {
    answers: Vec<CarrierAnswer>,
    by_source: BTreeMap<String, (u32, u32)>,
    labels: HashSet<Arc<str>>,
    problems: ProblemList,
}

impl Observed {
    /// A source scored so many of the numbers that it was asked about.
    fn count(&mut self, source: &str, asked: u32, scored: u32) {
        let (asked_before, scored_before) = self.by_source.entry(source.to_owned()).or_default();
        *asked_before += asked;
        *scored_before += scored;
    }

    fn add(&mut self, answers: Vec<CarrierAnswer>) {
        self.answers.reserve(answers.len());
        for mut answer in answers {
            answer.label = answer.label.map(|label| match self.labels.get(&label) {
                Some(known) => known.clone(),
                None => {
                    self.labels.insert(label.clone());
                    label
                }
            });
            self.answers.push(answer);
        }
    }
}

/// Problems in words, each once and shortened; those beyond the first few are only counted.
#[derive(Default)]
struct ProblemList {
    listed: Vec<String>,
    more: usize,
}

impl ProblemList {
    fn add(&mut self, problem: &str) {
        let problem: String = problem.chars().take(PROBLEM_CHARACTERS_MAX).collect();
        if self.listed.contains(&problem) {
            return;
        }
        match self.listed.len() < PROBLEMS_MAX {
            true => self.listed.push(problem),
            false => self.more += 1,
        }
    }

    fn append(&mut self, other: ProblemList) {
        other.listed.iter().for_each(|problem| self.add(problem));
        self.more += other.more;
    }

    fn into_sentences(mut self) -> Vec<String> {
        if self.more > 0 {
            self.listed.push(format!("And {} more problems with sources.", grouped(self.more as u64)));
        }
        self.listed
    }
}

/// A source's name and its report, or why it has none.
type SourceOutcome = (String, Result<Report, String>);

impl Inquiry {
    /// How many numbers were looked up so far, as often as each was, successfully or not.
    pub fn numbers_asked(&self) -> u32 {
        self.numbers_asked.load(Relaxed)
    }

    /// The observations since the last call.
    pub fn take_observations(&self) -> Observations {
        let Observed { answers, by_source, problems, .. } = std::mem::take(&mut *self.observed.lock());
        let by_source = by_source.into_iter();
        let by_source =
            by_source.map(|(source, (asked, answered))| SourceAnswers { source, asked, answered }).collect();
        Observations { answers, by_source, problems: problems.into_sentences() }
    }

    /// Asks these sources, or all if none is named, at the same time. One that fails, hangs or panics costs its own answers
    /// and no others.
    async fn ask(&self, numbers: &Arc<[PhoneNumber]>, sources: &[SourceId]) -> Result<Vec<SourceOutcome>, LedgerError> {
        let mut lookups = JoinSet::new();
        let mut names = HashMap::new();
        let is_asked = |open: &OpenSource| sources.is_empty() || sources.contains(&open.id);
        for OpenSource { profile, source, .. } in self.sources.open()?.into_iter().filter(is_asked) {
            let (numbers, now) = (numbers.clone(), self.now);
            let task = lookups.spawn(async move {
                let time_max = source.time_max();
                tokio::time::timeout(time_max, source.look_up(&numbers, now)).await.map_err(|_| time_max)
            });
            names.insert(task.id(), profile.name);
        }
        let mut outcomes = Vec::new();
        while let Some(lookup) = lookups.join_next_with_id().await {
            let (task, report) = match lookup {
                Ok((task, Ok(Ok(report)))) => (task, Ok(report)),
                Ok((task, Ok(Err(error)))) => (task, Err(error.to_string())),
                Ok((task, Err(time_max))) => (task, Err(format!("no answer within {} seconds", time_max.as_secs()))),
                Err(error) => (error.id(), Err("internal error; please report it".to_owned())),
            };
            outcomes.push((names.remove(&task).unwrap_or_default(), report));
        }
        // In the order of their names, so that a run can be repeated.
        outcomes.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(outcomes)
    }

    /// The answers in the order of the numbers, then of the carriers' ids. Of several by one carrier the newest counts.
    fn merge(&self, numbers: &[PhoneNumber], outcomes: Vec<SourceOutcome>) -> Result<Vec<CarrierAnswer>, LedgerError> {
        let mut merged = MergedAnswers::new(numbers, self.now);
        for (source, report) in outcomes {
            let scored = report.as_ref().map_or(0, |report| merged.scored_by(report));
            self.observed.lock().count(&source, numbers.len() as u32, scored);
            match report {
                Ok(report) => {
                    let carriers = self.sources.ledger.carriers_named(&report.carriers)?;
                    let ids: Vec<_> = carriers.iter().map(|carrier| carrier.id).collect();
                    self.sources.ledger.note_carriers_of(&source, &ids)?;
                    merged.add(&source, report, &carriers);
                }
                Err(problem) => {
                    self.sources.metrics.source_failed(&source);
                    merged.problems.add(&format!("{source}: {problem}"));
                }
            }
        }
        merged.keep_newest();
        let counts = merged.counts();
        let counts = merged.carriers.iter().map(|(id, name)| (&**name, counts.get(id).copied().unwrap_or_default()));
        self.sources.metrics.looked_up(numbers.len(), counts);
        self.observed.lock().problems.append(merged.problems);
        Ok(merged.answers.into_iter().map(|(_, answer)| answer).collect())
    }
}

/// The answers of several sources about the same numbers.
struct MergedAnswers {
    /// When the sources were asked.
    now: Timestamp,
    /// Where each number is in the order asked.
    places: HashMap<PhoneNumber, u32>,
    /// Each answer with its number's place.
    answers: Vec<(u32, CarrierAnswer)>,
    carriers: HashMap<CarrierId, String>,
    problems: ProblemList,
}

impl MergedAnswers {
    fn new(numbers: &[PhoneNumber], now: Timestamp) -> Self {
        let places = numbers.iter().enumerate().map(|(place, number)| (*number, place as u32)).collect();
        let answers = Vec::with_capacity(numbers.len());
        MergedAnswers { now, places, answers, carriers: HashMap::new(), problems: ProblemList::default() }
    }

    /// How many of the numbers a report has a score of.
    fn scored_by(&self, report: &Report) -> u32 {
        let counts =
            |answer: &&Answer| matches!(answer.score, Some(0..=100)) && !is_ahead(answer.observed_at, self.now);
        let scored = report.answers.iter().filter(counts);
        let mut places: Vec<u32> = scored.filter_map(|answer| self.places.get(&answer.number).copied()).collect();
        places.sort_unstable();
        places.dedup();
        places.len() as u32
    }

    /// Adds a source's report, whose carriers are these, in the same order. Two of its names may be one carrier.
    fn add(&mut self, source: &str, report: Report, carriers: &[Carrier]) {
        self.carriers.extend(carriers.iter().map(|carrier| (carrier.id, carrier.name.clone())));
        report.problems.iter().for_each(|problem| self.problems.add(&format!("{source}: {problem}")));
        self.answers.reserve(report.answers.len());
        for Answer { number, carrier, score, label, observed_at } in report.answers {
            if is_ahead(observed_at, self.now) {
                let (number, at) = (e164(number), rfc3339(observed_at));
                self.problems.add(&format!("{source}: an observation of {number} at {at}, which is in the future"));
                continue;
            }
            match (self.places.get(&number), carriers.get(usize::from(carrier)), score) {
                (Some(place), Some(carrier), None | Some(0..=100)) => {
                    self.answers
                        .push((*place, CarrierAnswer { number, carrier: carrier.id, score, label, observed_at }));
                }
                _ => self.problems.add(&format!("{source}: an unexpected answer, about {}", e164(number))),
            }
        }
    }

    /// Two sources may quote the same carrier, which has one vote. Of equal times the source that comes first counts.
    fn keep_newest(&mut self) {
        self.answers.sort_by_key(|(place, answer)| (*place, answer.carrier, Reverse(answer.observed_at)));
        self.answers.dedup_by_key(|(place, answer)| (*place, answer.carrier));
    }

    /// How many answers of each carrier have a score, and how many have none.
    fn counts(&self) -> HashMap<CarrierId, (u64, u64)> {
        let mut counts: HashMap<CarrierId, (u64, u64)> = HashMap::new();
        for (_, answer) in &self.answers {
            let (scores, no_data) = counts.entry(answer.carrier).or_default();
            *(if answer.score.is_some() { scores } else { no_data }) += 1;
        }
        counts
    }
}

#[async_trait::async_trait]
impl CarrierLookup for Inquiry {
    async fn carriers(&self) -> Vec<Carrier> {
        self.sources.ledger.carriers().unwrap_or_default()
    }

    async fn sources(&self) -> Vec<ContractSource> {
        let ledger = &self.sources.ledger;
        let sources = ledger.numbered_sources().unwrap_or_default();
        let source = |NumberedSource { id, profile, carriers }| {
            let (price, look_ups_left) = terms(ledger, &profile, self.now);
            ContractSource { id, name: profile.name, price, look_ups_left, carriers }
        };
        sources.into_iter().map(source).collect()
    }

    async fn look_up(&self, numbers: Vec<PhoneNumber>, sources: Vec<SourceId>) -> Result<VerdictTable, Error> {
        let numbers: Arc<[PhoneNumber]> = numbers.into();
        let unavailable = |error: LedgerError| Error::unavailable(error.to_string());
        let outcomes = self.ask(&numbers, &sources).await.map_err(unavailable)?;
        self.numbers_asked.fetch_add(numbers.len() as u32, Relaxed);
        let answers = self.merge(&numbers, outcomes).map_err(unavailable)?;
        let verdicts = verdicts(&numbers, &answers);
        self.observed.lock().add(answers);
        Ok(verdicts)
    }
}

/// The answers, which are in the order of the numbers, as the contract's table.
pub(crate) fn verdicts(numbers: &[PhoneNumber], answers: &[CarrierAnswer]) -> VerdictTable {
    let carriers: BTreeSet<CarrierId> = answers.iter().map(|answer| answer.carrier).collect();
    let mut verdicts = VerdictTable::of(carriers.into_iter().collect());
    let mut groups = answers.chunk_by(|one, next| one.number == next.number).peekable();
    for number in numbers {
        let group = groups.next_if(|group| group[0].number == *number).unwrap_or_default();
        verdicts.push(group.iter().map(|answer| CarrierVerdict {
            carrier: answer.carrier,
            score: answer.score,
            observed_at: answer.observed_at,
        }));
    }
    verdicts
}

/// How many carriers a source speaks for; none if its file says.
pub fn carrier_count(kind: SourceKind) -> Option<usize> {
    match kind {
        SourceKind::Verdicts => None,
        SourceKind::Ftc | SourceKind::Simulated => Some(1),
        SourceKind::TrustCall => Some(TrustCall::CARRIERS.len()),
        SourceKind::Telnyx => Some(Telnyx::CARRIERS.len()),
        SourceKind::Nomorobo => Some(Nomorobo::CARRIERS.len()),
    }
}

/// Describes what a source has at the time `now`, for the operator who adds it. An error if it cannot be used.
pub fn inspect(profile: &SourceProfile, now: Timestamp) -> Result<String, SourceError> {
    match profile.kind {
        SourceKind::Ftc => {
            let FtcSettings { folder, complaint_scores } = FtcSettings::from_location(&profile.location)?;
            let complaints = FtcComplaints::new(profile.name.as_str().into(), folder, complaint_scores);
            let summary = complaints.summary()?;
            let mut lines = vec![format!(
                "{}, {}, newest file {}; skipped {} without a number and {} with an impossible one",
                count(summary.files as u64, "file"),
                count(summary.complaints as u64, "complaint"),
                summary.newest.map_or("none".into(), |date| date.to_string()),
                count(summary.rows_without_number as u64, "row"),
                grouped(summary.rows_with_impossible_number as u64),
            )];
            lines.extend(complaints.problems(now)?);
            Ok(lines.join("\n  "))
        }
        SourceKind::Verdicts => {
            let report = VerdictFile::new(profile.location.as_str().into()).check(now)?;
            let newest = report.answers.iter().map(|answer| answer.observed_at).max();
            let mut lines = vec![format!(
                "{} of {}{}",
                count(report.answers.len() as u64, "verdict"),
                count(report.carriers.len() as u64, "carrier"),
                newest.map_or(String::new(), |at| format!(", the newest of {}", rfc3339(at))),
            )];
            lines.extend(report.problems);
            Ok(lines.join("\n  "))
        }
        SourceKind::Simulated => match profile.location.parse::<u64>() {
            Ok(_) => Ok("simulated; not for real numbers".into()),
            Err(_) => Err(SourceError::Settings(format!("{:?} is not a seed, a whole number", profile.location))),
        },
        SourceKind::TrustCall | SourceKind::Telnyx | SourceKind::Nomorobo => inspect_service(profile),
    }
}
