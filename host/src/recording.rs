//! What a run was told, so that it can be repeated, by the same policy or by another.
//!
//! Every answer of a policy brings its [`Recording`] along. Kept (it has serde's traits), it answers 'why was this number
//! replaced?' months later, and 'what would another policy have done?' before that one decides about anything.
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialer/example.rs"));
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dialguard::policy::{Limits, Policy};
//! use dialguard::recording::{Recording, Replay};
//! use dialguard::settings::default_settings;
//!
//! let policy = Policy::reference(Limits::default());
//! let reviewed = policy.review_account(&small_dialer(default_settings()), "acme").await?;
//! let kept = serde_json::to_string(&reviewed.recording)?;
//!
//! // Later, and far from the dialer:
//! let recording: Recording = serde_json::from_str(&kept)?;
//! let replay = Replay::new(recording, reviewed.answer.decided_at);
//! let again = policy.review_account(&replay.dialer(), "acme").await?;
//! assert_eq!(again.answer, reviewed.answer);
//! assert_eq!(replay.unknown(), 0);
//! # Ok(())
//! # }
//! ```

use crate::clock::FixedClock;
use crate::contract::*;
use crate::dialer::{CarrierLookup, Dialer, NumberInventory};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// Everything that a policy asked in one run and what it was answered, in order.
///
/// What a run refuses by itself (another account's id, a number that cannot be, a budget used up) is not in here: a
/// run that is repeated refuses it again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Recording {
    /// The calls, in the order in which they were made.
    pub calls: Vec<Call>,
}

impl From<Vec<Call>> for Recording {
    fn from(calls: Vec<Call>) -> Self {
        Recording { calls }
    }
}

/// A call to an import, and its answer. A number-inventory's is about the account of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Call {
    /// `clock.now`
    Now(Timestamp),
    /// `carrier-lookup.carriers`
    Carriers(Vec<Carrier>),
    /// `carrier-lookup.look-up`
    LookUp(Vec<PhoneNumber>, Result<Vec<Observation>, Error>),
    /// `number-inventory.get-account`
    Account(Result<Account, Error>),
    /// `number-inventory.monitored`: after which number, and how many at most
    Monitored(PhoneNumber, u32, Result<Vec<MonitoredNumber>, Error>),
    /// `number-inventory.owned`
    Owned(Vec<PhoneNumber>, Result<Vec<PhoneNumber>, Error>),
    /// `number-inventory.candidates`: like which number, and how many at most
    Candidates(PhoneNumber, u32, Result<Vec<PhoneNumber>, Error>),
    /// `number-inventory.flag-events`: since when
    FlagEvents(Timestamp, Result<Vec<FlagEvent>, Error>),
}

impl Call {
    /// How many items were asked about and answered: what a recording grows by.
    pub(crate) fn items(&self) -> usize {
        fn answered<T>(answer: &Result<Vec<T>, Error>) -> usize {
            answer.as_ref().map_or(0, Vec::len)
        }
        1 + match self {
            Call::Now(_) => 0,
            Call::Carriers(carriers) => carriers.len(),
            Call::LookUp(numbers, answer) => numbers.len() + answered(answer),
            Call::Account(answer) => answer.as_ref().map_or(0, |account| account.locked_slots.len()),
            Call::Monitored(_, _, answer) => answered(answer),
            Call::Owned(numbers, answer) => numbers.len() + answered(answer),
            Call::Candidates(_, _, answer) => answered(answer),
            Call::FlagEvents(_, answer) => answered(answer),
        }
    }
}

/// A dialer that answers from a recording.
///
/// The policy that was recorded asks the same in the same order and hears the same. Another policy may ask otherwise:
/// it hears what the record says of the numbers that it asks about, and what is not on record counts as [`unknown`].
/// A number about which nobody was asked has no observation; where no candidates were asked for, a placeholder is
/// offered that every carrier calls clean, so that it can be seen *whether* a policy would replace a number.
///
/// [`unknown`]: Replay::unknown
pub struct Replay {
    now: Timestamp,
    state: Mutex<State>,
}

struct State {
    calls: Vec<Call>,
    /// The call that the recorded policy made next.
    next: usize,
    known: Option<RecordedFacts>,
    unknown: u32,
    placeholders: u64,
}

/// The lowest number that is a placeholder for a candidate nobody asked for. No country code begins with it.
pub const PLACEHOLDER_FIRST: PhoneNumber = 999_000_000_000_000;

/// The recorded answers by what they are about.
#[derive(Default)]
struct RecordedFacts {
    observations: HashMap<PhoneNumber, Vec<Observation>>,
    carriers: Vec<Carrier>,
    carriers_heard: BTreeSet<CarrierId>,
    account: Option<Account>,
    monitored: Vec<MonitoredNumber>,
    /// Every monitored number is in it.
    monitored_whole: bool,
    owned: HashMap<PhoneNumber, bool>,
    candidates: HashMap<PhoneNumber, (u32, Vec<PhoneNumber>)>,
    flag_events: Option<(Timestamp, Vec<FlagEvent>)>,
}

impl Replay {
    /// A dialer at the time `now` that knows what was recorded. Give it the run's own time, `plan.decided_at`.
    pub fn new(recording: Recording, now: Timestamp) -> Arc<Self> {
        let state = State { calls: recording.calls, next: 0, known: None, unknown: 0, placeholders: 0 };
        Arc::new(Replay { now, state: Mutex::new(state) })
    }

    /// The dialer as a policy takes it.
    pub fn dialer(self: &Arc<Self>) -> Dialer {
        Dialer { clock: Arc::new(FixedClock(self.now)), carriers: self.clone(), inventory: self.clone() }
    }

    /// How much was asked so far that is not on record: numbers, and questions. 0 where the recorded policy itself asks.
    pub fn unknown(&self) -> u32 {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).unknown
    }

    /// The recorded answer where this is the very question that was recorded next; else one from what is known.
    fn answer<T>(
        &self,
        recorded: impl Fn(&Call) -> Option<&T>,
        known: impl FnOnce(&RecordedFacts, &mut State) -> T,
    ) -> T
    where
        T: Clone,
    {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // The run keeps the clock's answer and asks no second time, so a recording may have it anywhere.
        while matches!(state.calls.get(state.next), Some(Call::Now(_))) {
            state.next += 1;
        }
        if let Some(answer) = state.calls.get(state.next).and_then(recorded).cloned() {
            state.next += 1;
            return answer;
        }
        let facts = state.known.take().unwrap_or_else(|| RecordedFacts::of(&state.calls));
        let answer = known(&facts, &mut state);
        state.known = Some(facts);
        answer
    }
}

impl RecordedFacts {
    fn of(calls: &[Call]) -> Self {
        let mut known = RecordedFacts::default();
        for call in calls {
            known.learn(call);
        }
        known
    }

    fn learn(&mut self, call: &Call) {
        match call {
            Call::Carriers(carriers) => self.carriers.clone_from(carriers),
            Call::LookUp(numbers, Ok(observations)) => {
                for number in numbers {
                    self.observations.entry(*number).or_default();
                }
                for observation in observations {
                    self.carriers_heard.insert(observation.carrier);
                    self.observations.entry(observation.number).or_default().push(*observation);
                }
            }
            Call::Account(Ok(account)) => self.account = Some(account.clone()),
            Call::Monitored(after, limit, Ok(page)) => {
                // Pages follow one another; one that was read again says nothing new.
                if self.monitored.last().map_or(0, |last| last.number) == *after && !self.monitored_whole {
                    self.monitored.extend_from_slice(page);
                    self.monitored_whole = page.len() < *limit as usize;
                }
            }
            Call::Owned(numbers, Ok(owned)) => {
                self.owned.extend(numbers.iter().map(|number| (*number, owned.binary_search(number).is_ok())));
            }
            Call::Candidates(like, limit, Ok(offered)) => {
                self.candidates.insert(*like, (*limit, offered.clone()));
            }
            Call::FlagEvents(since, Ok(events)) => self.flag_events = Some((*since, events.clone())),
            Call::Now(_)
            | Call::LookUp(_, Err(_))
            | Call::Account(Err(_))
            | Call::Monitored(_, _, Err(_))
            | Call::Owned(_, Err(_))
            | Call::Candidates(_, _, Err(_))
            | Call::FlagEvents(_, Err(_)) => {}
        }
    }
}

fn not_on_record<T>(state: &mut State) -> Result<T, Error> {
    state.unknown += 1;
    Err(Error::unavailable("The run on record did not ask this, so its answer is not known."))
}

#[async_trait::async_trait]
impl CarrierLookup for Replay {
    async fn carriers(&self) -> Vec<Carrier> {
        // Just the names of whom `look-up` quotes: those heard are known by their ids at least.
        self.answer(
            |call| match call {
                Call::Carriers(carriers) => Some(carriers),
                _ => None,
            },
            |known, _| match &known.carriers[..] {
                [] => {
                    known.carriers_heard.iter().map(|id| Carrier { id: *id, name: format!("carrier {id}") }).collect()
                }
                carriers => carriers.to_vec(),
            },
        )
    }

    async fn look_up(&self, numbers: Vec<PhoneNumber>) -> Result<Vec<Observation>, Error> {
        let now = self.now;
        self.answer(
            |call| match call {
                Call::LookUp(asked, answer) if *asked == numbers => Some(answer),
                _ => None,
            },
            |known, state| {
                let mut observations = Vec::new();
                for number in &numbers {
                    match known.observations.get(number) {
                        Some(heard) => observations.extend(heard),
                        None if *number >= PLACEHOLDER_FIRST => {
                            observations.extend(known.carriers_heard.iter().map(|carrier| Observation {
                                number: *number,
                                carrier: *carrier,
                                spam_score: Some(0),
                                observed_at: now,
                            }));
                        }
                        None => state.unknown += 1,
                    }
                }
                Ok(observations)
            },
        )
    }
}

#[async_trait::async_trait]
impl NumberInventory for Replay {
    async fn account(&self, _: &str) -> Result<Account, Error> {
        self.answer(
            |call| match call {
                Call::Account(answer) => Some(answer),
                _ => None,
            },
            |known, state| known.account.clone().map_or_else(|| not_on_record(state), Ok),
        )
    }

    async fn monitored(&self, _: &str, after: PhoneNumber, limit: u32) -> Result<Vec<MonitoredNumber>, Error> {
        self.answer(
            |call| match call {
                Call::Monitored(asked_after, asked_limit, answer) if (*asked_after, *asked_limit) == (after, limit) => {
                    Some(answer)
                }
                _ => None,
            },
            |known, state| {
                let from = known.monitored.partition_point(|number| number.number <= after);
                let page: Vec<_> = known.monitored[from..].iter().take(limit as usize).copied().collect();
                if page.len() < limit as usize && !known.monitored_whole { not_on_record(state) } else { Ok(page) }
            },
        )
    }

    async fn owned(&self, _: &str, numbers: Vec<PhoneNumber>) -> Result<Vec<PhoneNumber>, Error> {
        self.answer(
            |call| match call {
                Call::Owned(asked, answer) if *asked == numbers => Some(answer),
                _ => None,
            },
            |known, state| {
                if numbers.iter().any(|number| !known.owned.contains_key(number)) {
                    return not_on_record(state);
                }
                let owned: BTreeSet<_> = numbers.iter().filter(|number| known.owned[number]).copied().collect();
                Ok(owned.into_iter().collect())
            },
        )
    }

    async fn candidates(&self, _: &str, like: PhoneNumber, limit: u32) -> Result<Vec<PhoneNumber>, Error> {
        self.answer(
            |call| match call {
                Call::Candidates(asked_like, asked_limit, answer) if (*asked_like, *asked_limit) == (like, limit) => {
                    Some(answer)
                }
                _ => None,
            },
            |known, state| match known.candidates.get(&like) {
                Some((asked, offered)) if limit <= *asked || offered.len() < *asked as usize => {
                    Ok(offered.iter().take(limit as usize).copied().collect())
                }
                _ => {
                    state.unknown += 1;
                    state.placeholders += 1;
                    Ok(vec![PLACEHOLDER_FIRST + state.placeholders])
                }
            },
        )
    }

    async fn flag_events(&self, _: &str, since: Timestamp) -> Result<Vec<FlagEvent>, Error> {
        self.answer(
            |call| match call {
                Call::FlagEvents(asked, answer) if *asked == since => Some(answer),
                _ => None,
            },
            |known, state| match &known.flag_events {
                Some((recorded_since, events)) if *recorded_since <= since => {
                    Ok(events.iter().filter(|event| event.at >= since).copied().collect())
                }
                _ => not_on_record(state),
            },
        )
    }
}
