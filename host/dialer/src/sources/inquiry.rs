//! Inquiry every source at once, and putting their answers into the contract's order.
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
//! let asking = Sources::new(dialguard.ledger().clone()).ask(NOW);
//! let observations = asking.look_up(vec![13_105_550_123]).await.map_err(|error| error.message)?;
//! assert_eq!(observations.len(), 2);
//!
//! let heard = asking.take_observations(); // what handsets show stays with the host
//! assert_eq!(heard.answers[0].label.as_deref(), Some("Suspected Spam"));
//! assert!(heard.problems.is_empty());
//! # Ok(())
//! # }
//! ```

use crate::ledger::{CarrierAnswer, Ledger, LedgerError, SourceKind, SourceProfile};
use crate::metrics::Metrics;
use crate::sources::ftc::FtcComplaints;
use crate::sources::lookups::{inspect_service, open_service};
use crate::sources::simulated::SimulatedCarrier;
use crate::sources::verdicts::VerdictFile;
use crate::sources::{Report, Source, SourceError};
use dialguard::calendar::rfc3339;
use dialguard::contract::{Carrier, CarrierId, Error, Observation, PhoneNumber, Timestamp};
use dialguard::dialer::CarrierLookup;
use parking_lot::Mutex;
use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use tokio::task::JoinSet;

/// Problems of one run that are recorded; the rest is only counted.
const PROBLEMS_MAX: usize = 20;

/// Every source of verdicts that the ledger names. Cheap to clone; sources added or removed meanwhile are noticed.
#[derive(Clone)]
pub struct Sources {
    ledger: Arc<Ledger>,
    open: Arc<Mutex<Open>>,
    metrics: Metrics,
}

type OpenSource = (SourceProfile, Arc<dyn Source>);

/// What a source answered, or why it did not, by the source's name.
type Reported = (String, Result<Report, String>);

/// Sources stay open between runs, for the sake of what they have read already.
#[derive(Default)]
struct Open {
    sources: Vec<OpenSource>,
    ids: HashMap<Arc<str>, CarrierId>,
}

impl Sources {
    /// The ledger's sources.
    pub fn new(ledger: Arc<Ledger>) -> Self {
        Sources { ledger, open: Arc::default(), metrics: Metrics::default() }
    }

    /// Where it is counted what they answer.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Begins to ask for one run at the time `now`, in seconds since 1970. A source has 30 seconds a batch, a
    /// service 100; one that fails or takes longer costs its own answers and no others.
    pub fn ask(&self, now: Timestamp) -> Arc<Inquiry> {
        Arc::new(Inquiry { carriers: self.clone(), now, heard: Mutex::default(), asked: AtomicU32::new(0) })
    }

    /// Asks one source about one number, to see whether it works; what a service costs counts in its budget. An error says
    /// what to mend.
    pub async fn test(&self, source: &str, number: PhoneNumber, now: Timestamp) -> Result<Report, SourceError> {
        let sources = self.sources().map_err(|error| SourceError(error.to_string()))?;
        let Some((_, source)) = sources.into_iter().find(|(profile, _)| profile.name == source) else {
            return Err(SourceError(format!(
                "there is no source {source:?}; `dialguard sources list` shows those there are"
            )));
        };
        source.test(number, now).await
    }

    fn sources(&self) -> Result<Vec<OpenSource>, LedgerError> {
        let profiles = self.ledger.sources()?;
        let mut open = self.open.lock();
        open.sources.retain(|(profile, _)| profiles.contains(profile));
        for profile in profiles {
            if !open.sources.iter().any(|(known, _)| *known == profile) {
                let source = open_source(&self.ledger, &profile);
                open.sources.push((profile, source));
            }
        }
        Ok(open.sources.clone())
    }

    fn id(&self, name: &Arc<str>) -> Result<CarrierId, LedgerError> {
        let known = self.open.lock().ids.get(name).copied();
        match known {
            Some(id) => Ok(id),
            None => {
                let id = self.ledger.carrier_id(name)?;
                self.open.lock().ids.insert(name.clone(), id);
                Ok(id)
            }
        }
    }
}

/// The source that a profile describes.
fn open_source(ledger: &Arc<Ledger>, profile: &SourceProfile) -> Arc<dyn Source> {
    let name: Arc<str> = profile.name.as_str().into();
    match profile.kind {
        SourceKind::Ftc => Arc::new(FtcComplaints::new(name, profile.location.as_str().into())),
        SourceKind::Verdicts => Arc::new(VerdictFile::new(profile.location.as_str().into())),
        SourceKind::Simulated => Arc::new(SimulatedCarrier::new(name, profile.location.parse().unwrap_or_default())),
        SourceKind::TrustCall | SourceKind::Telnyx | SourceKind::Nomorobo => {
            open_service(ledger, profile).unwrap_or_else(|error| Arc::new(Unusable(error.0)))
        }
    }
}

/// A source whose settings cannot be used; it says so each time.
struct Unusable(String);

#[async_trait::async_trait]
impl Source for Unusable {
    async fn look_up(&self, _: &[PhoneNumber], _: Timestamp) -> Result<Report, SourceError> {
        Err(SourceError(self.0.clone()))
    }
}

/// Every source, asked for one run.
pub struct Inquiry {
    carriers: Sources,
    now: Timestamp,
    heard: Mutex<Observations>,
    /// Numbers asked about so far.
    asked: AtomicU32,
}

/// What a run heard from the carriers.
#[derive(Debug, Default)]
pub struct Observations {
    /// Every answer, labels included.
    pub answers: Vec<CarrierAnswer>,
    /// What went wrong, in words.
    pub problems: Vec<String>,
}

impl Inquiry {
    /// How many numbers every source has been asked about so far, and has answered or failed to.
    pub fn asked(&self) -> u32 {
        self.asked.load(Relaxed)
    }

    /// What was heard so far; the next call has only what came after.
    pub fn take_observations(&self) -> Observations {
        let mut heard = std::mem::take(&mut *self.heard.lock());
        let mut told = HashSet::new();
        heard.problems.retain(|problem| told.insert(problem.clone()));
        let more = heard.problems.len().saturating_sub(PROBLEMS_MAX);
        if more > 0 {
            heard.problems.truncate(PROBLEMS_MAX);
            heard.problems.push(format!("And {more} more problems with carriers."));
        }
        heard
    }

    /// Asks all sources at the same time. One that fails, hangs or panics costs its own answers and no others.
    async fn ask_all(&self, numbers: &Arc<[PhoneNumber]>) -> Result<Vec<Reported>, LedgerError> {
        let mut asked = JoinSet::new();
        let mut names = HashMap::new();
        for (profile, source) in self.carriers.sources()? {
            let (numbers, now) = (numbers.clone(), self.now);
            let task = asked.spawn(async move {
                let time_max = source.time_max();
                tokio::time::timeout(time_max, source.look_up(&numbers, now)).await.map_err(|_| time_max)
            });
            names.insert(task.id(), profile.name);
        }
        let mut reports = Vec::new();
        while let Some(answer) = asked.join_next_with_id().await {
            let (task, report) = match answer {
                Ok((task, Ok(Ok(report)))) => (task, Ok(report)),
                Ok((task, Ok(Err(error)))) => (task, Err(error.to_string())),
                Ok((task, Err(time_max))) => (task, Err(format!("no answer within {} seconds", time_max.as_secs()))),
                Err(error) => (error.id(), Err("it failed inside; please report this".to_owned())),
            };
            reports.push((names.remove(&task).unwrap_or_default(), report));
        }
        // In the order of their names, so that a run can be repeated.
        reports.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(reports)
    }

    fn merge(&self, numbers: &[PhoneNumber], reports: Vec<Reported>) -> Result<Vec<CarrierAnswer>, LedgerError> {
        let places: HashMap<PhoneNumber, u32> =
            numbers.iter().enumerate().map(|(place, number)| (*number, place as u32)).collect();
        let mut placed: Vec<(u32, CarrierAnswer)> = Vec::with_capacity(numbers.len() * reports.len());
        let mut problems = Vec::new();
        let mut named: HashMap<CarrierId, (Arc<str>, (u64, u64))> = HashMap::new();
        for (name, report) in reports {
            let report = match report {
                Ok(report) => report,
                Err(problem) => {
                    self.carriers.metrics.source_failed(&name);
                    problems.push(format!("{name}: {problem}"));
                    continue;
                }
            };
            let ids = report.carriers.iter().map(|carrier| self.carriers.id(carrier)).collect::<Result<Vec<_>, _>>()?;
            named.extend(ids.iter().zip(&report.carriers).map(|(id, carrier)| (*id, (carrier.clone(), (0, 0)))));
            problems.extend(report.problems.iter().map(|problem| format!("{name}: {problem}")));
            for answer in report.answers {
                match (places.get(&answer.number), ids.get(usize::from(answer.carrier)), answer.score) {
                    (Some(place), Some(id), None | Some(0..=100)) => placed.push((
                        *place,
                        CarrierAnswer {
                            number: answer.number,
                            carrier: *id,
                            score: answer.score,
                            label: answer.label,
                            observed_at: answer.observed_at,
                        },
                    )),
                    _ => problems.push(format!("{name}: it answered what it was not asked, about +{}", answer.number)),
                }
            }
        }
        // Two sources may quote the same carrier: what it said last counts.
        placed.sort_unstable_by_key(|(place, answer)| (*place, answer.carrier, Reverse(answer.observed_at)));
        placed.dedup_by_key(|(place, answer)| (*place, answer.carrier));
        for (_, answer) in &placed {
            if let Some((_, (scores, no_data))) = named.get_mut(&answer.carrier) {
                *(if answer.score.is_some() { scores } else { no_data }) += 1;
            }
        }
        self.carriers.metrics.looked_up(numbers.len(), named.values().map(|(carrier, counts)| (&**carrier, *counts)));
        self.heard.lock().problems.extend(problems);
        Ok(placed.into_iter().map(|(_, answer)| answer).collect())
    }
}

#[async_trait::async_trait]
impl CarrierLookup for Inquiry {
    async fn carriers(&self) -> Vec<Carrier> {
        self.carriers.ledger.carriers().unwrap_or_default()
    }

    async fn look_up(&self, numbers: Vec<PhoneNumber>) -> Result<Vec<Observation>, Error> {
        let numbers: Arc<[PhoneNumber]> = numbers.into();
        let unavailable = |error: LedgerError| Error::unavailable(error.to_string());
        let reports = self.ask_all(&numbers).await.map_err(unavailable)?;
        self.asked.fetch_add(numbers.len() as u32, Relaxed);
        let answers = self.merge(&numbers, reports).map_err(unavailable)?;
        let observation = |answer: &CarrierAnswer| Observation {
            number: answer.number,
            carrier: answer.carrier,
            spam_score: answer.score,
            observed_at: answer.observed_at,
        };
        let observations = answers.iter().map(observation).collect();
        self.heard.lock().answers.extend(answers);
        Ok(observations)
    }
}

/// Says what a source holds, for the operator who adds it; an error where it cannot be used.
pub fn inspect(profile: &SourceProfile) -> Result<String, String> {
    match profile.kind {
        SourceKind::Ftc => {
            let summary = FtcComplaints::new(profile.name.as_str().into(), profile.location.as_str().into())
                .summary()
                .map_err(|error| error.to_string())?;
            Ok(format!(
                "{} files, {} complaints, the newest of {}; skipped {} rows without a number and {} with an impossible one",
                summary.files,
                summary.complaints,
                summary.newest.map_or("no date".into(), |date| date.to_string()),
                summary.rows_without_number,
                summary.rows_with_impossible_number,
            ))
        }
        SourceKind::Verdicts => {
            let report =
                VerdictFile::new(profile.location.as_str().into()).check().map_err(|error| error.to_string())?;
            let newest = report.answers.iter().map(|answer| answer.observed_at).max();
            let mut said = format!(
                "{} verdicts of {} carriers{}",
                report.answers.len(),
                report.carriers.len(),
                newest.map_or(String::new(), |at| format!(", the newest of {}", rfc3339(at))),
            );
            for problem in &report.problems {
                said.push_str("\n  ");
                said.push_str(problem);
            }
            Ok(said)
        }
        SourceKind::Simulated => match profile.location.parse::<u64>() {
            Ok(_) => Ok("made up; not for real numbers".into()),
            Err(_) => Err(format!("{:?} is no seed; give a whole number", profile.location)),
        },
        SourceKind::TrustCall | SourceKind::Telnyx | SourceKind::Nomorobo => {
            inspect_service(profile).map_err(|error| error.to_string())
        }
    }
}
