//! Recordings of runs, to repeat a run with the same policy or another.
//!
//! Every answer of a policy comes with its [`Recording`]. Store it (it implements serde's traits) and you can answer 'why
//! was this number replaced?' months later, and 'what would another policy have done?' before that policy decides anything.
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialer/example.rs"));
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dialguard::policy::{Limits, Policy};
//! use dialguard::recording::{Recording, Replay};
//!
//! let policy = Policy::reference(Limits::default());
//! let reviewed = policy.review_account(&small_dialer(GuardRails::default()), "acme").await?;
//! let stored = serde_json::to_string(&reviewed.recording)?;
//!
//! // Later, without the dialer:
//! let recording: Recording = serde_json::from_str(&stored)?;
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
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// Every import call of one run with its answer, in order.
///
/// Calls that the sandbox itself refuses (another account's id, an impossible number, a used-up budget) are not recorded,
/// because a repeated run refuses them again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Recording {
    /// The calls, in order.
    pub calls: Vec<Call>,
}

impl From<Vec<Call>> for Recording {
    fn from(calls: Vec<Call>) -> Self {
        Recording { calls }
    }
}

/// A call of an import and its answer. A call of `number-inventory` is about the account of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Call {
    /// `clock.now`
    Now(Timestamp),
    /// `carrier-lookup.carriers`
    Carriers(Vec<Carrier>),
    /// `carrier-lookup.sources`
    Sources(Vec<Source>),
    /// `carrier-lookup.look-up`: the numbers, the sources and the answer
    LookUp(Vec<PhoneNumber>, Vec<SourceId>, #[serde(with = "shared_table")] Result<Arc<VerdictTable>, Error>),
    /// `number-inventory.get-account`
    Account(Result<Account, Error>),
    /// `number-inventory.monitored`: `after`, `limit` and the answer
    Monitored(PhoneNumber, u32, #[serde(with = "shared_table")] Result<Arc<MonitoredTable>, Error>),
    /// `number-inventory.owned`: the numbers and the answer
    Owned(Vec<PhoneNumber>, Result<Vec<PhoneNumber>, Error>),
    /// `number-inventory.candidates`: `like`, `limit` and the answer
    Candidates(PhoneNumber, u32, Result<CandidateTable, Error>),
    /// `number-inventory.flag-events`: `since` and the answer
    FlagEvents(Timestamp, Result<FlagTable, Error>),
    /// `number-inventory.calls`: the numbers, `since` and the answer
    Calls(Vec<PhoneNumber>, Timestamp, Result<CallTable, Error>),
    /// `number-inventory.calls-in-all`: `since` and the answer
    CallsInAll(Timestamp, Result<CallTotals, Error>),
    /// `number-inventory.rested`
    Rested(Result<RestedTable, Error>),
}

/// A table that the recording shares with the run, so that it is copied once, into the policy's memory. Stored as the
/// table alone.
mod shared_table {
    use super::*;
    use serde::{Deserializer, Serializer};

    type Answer<T> = Result<Arc<T>, Error>;

    pub fn serialize<T: Serialize, S: Serializer>(answer: &Answer<T>, serializer: S) -> Result<S::Ok, S::Error> {
        answer.as_deref().serialize(serializer)
    }

    pub fn deserialize<'de, T, D>(deserializer: D) -> Result<Answer<T>, D::Error>
    where
        T: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Ok(Result::<T, Error>::deserialize(deserializer)?.map(Arc::new))
    }
}

impl Call {
    /// Bytes of memory that the call and its answer take in a recording.
    pub(crate) fn bytes(&self) -> usize {
        fn list<T>(items: &[T]) -> usize {
            size_of_val(items)
        }
        fn returned<T>(answer: &Result<T, Error>, bytes: impl FnOnce(&T) -> usize) -> usize {
            answer.as_ref().map_or_else(|error| error.message.len(), bytes)
        }
        let named = |name: &String| name.len();
        size_of::<Call>()
            + match self {
                Call::Now(_) | Call::CallsInAll(_, Ok(_)) => 0,
                Call::CallsInAll(_, Err(error)) => error.message.len(),
                Call::Carriers(carriers) => list(carriers) + carriers.iter().map(|it| named(&it.name)).sum::<usize>(),
                Call::Sources(sources) => {
                    list(sources) + sources.iter().map(|it| named(&it.name) + list(&it.carriers)).sum::<usize>()
                }
                Call::LookUp(numbers, sources, answer) => {
                    let cells = |it: &Arc<VerdictTable>| list(&it.carriers) + list(&it.scores) + list(&it.observed_at);
                    list(numbers) + list(sources) + returned(answer, cells)
                }
                Call::Account(answer) => returned(answer, |account| {
                    account.id.len() + list(&account.locked_slots) + account.settings.bytes()
                }),
                Call::Monitored(_, _, answer) => returned(answer, |page| page.bytes()),
                Call::Owned(numbers, answer) => list(numbers) + returned(answer, |owned| list(owned)),
                Call::Candidates(_, _, answer) => returned(answer, CandidateTable::bytes),
                Call::FlagEvents(_, answer) => returned(answer, FlagTable::bytes),
                Call::Calls(numbers, _, answer) => list(numbers) + returned(answer, CallTable::bytes),
                Call::Rested(answer) => returned(answer, RestedTable::bytes),
            }
    }
}

/// A dialer that answers from a recording.
///
/// The recorded policy makes the same calls in the same order and gets the same answers. Another policy may make other
/// calls: it gets what the recording has about the numbers in question, and everything missing counts as [`unknown`]. A
/// number that was not looked up has no observations. If candidates were not recorded, the replay offers a placeholder
/// that every carrier calls clean, to show *whether* a policy would replace a number.
///
/// [`unknown`]: Replay::unknown
pub struct Replay {
    now: Timestamp,
    state: Mutex<State>,
}

struct State {
    calls: Vec<Call>,
    /// Index of the recorded call that comes next.
    next: usize,
    facts: Option<RecordedFacts>,
    unknown: u32,
    placeholders: u64,
}

/// The lowest placeholder for a candidate that was not recorded. No country code begins with it.
pub const PLACEHOLDER_FIRST: PhoneNumber = 999_000_000_000_000;

/// The recorded answers, by subject.
#[derive(Default)]
struct RecordedFacts {
    verdicts: HashMap<PhoneNumber, BTreeMap<CarrierId, CarrierVerdict>>,
    carriers: Vec<Carrier>,
    carriers_quoted: BTreeSet<CarrierId>,
    sources: Option<Vec<Source>>,
    account: Option<Account>,
    monitored: Vec<MonitoredNumber>,
    /// Whether `monitored` has every monitored number.
    monitored_complete: bool,
    owned: HashMap<PhoneNumber, bool>,
    candidates: HashMap<PhoneNumber, (u32, Vec<Candidate>)>,
    flag_events: Option<(Timestamp, Vec<FlagEvent>)>,
}

impl Replay {
    /// Replays a recording at the time `now`. Pass the run's own time, `plan.decided_at`.
    pub fn new(recording: Recording, now: Timestamp) -> Arc<Self> {
        let state = State { calls: recording.calls, next: 0, facts: None, unknown: 0, placeholders: 0 };
        Arc::new(Replay { now, state: Mutex::new(state) })
    }

    /// The replay as a dialer, to pass to a policy.
    pub fn dialer(self: &Arc<Self>) -> Dialer {
        Dialer { clock: Arc::new(FixedClock(self.now)), carriers: self.clone(), inventory: self.clone() }
    }

    /// How many numbers and other questions so far were not in the recording. 0 for the recorded policy itself.
    pub fn unknown(&self) -> u32 {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).unknown
    }

    /// The recorded answer if this is the next recorded call; otherwise an answer from the recorded facts.
    fn answer<T>(
        &self,
        recorded: impl Fn(&Call) -> Option<&T>,
        deduced: impl FnOnce(&RecordedFacts, &mut State) -> T,
    ) -> T
    where
        T: Clone,
    {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // A run keeps the clock's answer and does not ask again, so a recording may have it anywhere.
        while matches!(state.calls.get(state.next), Some(Call::Now(_))) {
            state.next += 1;
        }
        if let Some(answer) = state.calls.get(state.next).and_then(recorded).cloned() {
            state.next += 1;
            return answer;
        }
        let facts = state.facts.take().unwrap_or_else(|| RecordedFacts::of(&state.calls));
        let answer = deduced(&facts, &mut state);
        state.facts = Some(facts);
        answer
    }
}

impl RecordedFacts {
    fn of(calls: &[Call]) -> Self {
        let mut facts = RecordedFacts::default();
        for call in calls {
            facts.add(call);
        }
        facts
    }

    fn add(&mut self, call: &Call) {
        match call {
            Call::Carriers(carriers) => self.carriers.clone_from(carriers),
            Call::Sources(sources) => self.sources = Some(sources.clone()),
            Call::LookUp(numbers, _, Ok(verdicts)) => {
                self.carriers_quoted.extend(&verdicts.carriers);
                let rows = verdicts.rows(numbers.len()).into_iter().flatten();
                for (number, row) in numbers.iter().zip(rows) {
                    let known = self.verdicts.entry(*number).or_default();
                    known.extend(row.map(|verdict| (verdict.carrier, verdict)));
                }
            }
            Call::Account(Ok(account)) => self.account = Some(account.clone()),
            Call::Monitored(after, limit, Ok(page)) => {
                // Pages follow one another; a page that was read again adds nothing.
                if self.monitored.last().map_or(0, |last| last.number) == *after && !self.monitored_complete {
                    self.monitored.extend(page.rows().into_iter().flatten());
                    self.monitored_complete = page.len() < *limit as usize;
                }
            }
            Call::Owned(numbers, Ok(owned)) => {
                self.owned.extend(numbers.iter().map(|number| (*number, owned.binary_search(number).is_ok())));
            }
            Call::Candidates(like, limit, Ok(offered)) => {
                self.candidates.insert(*like, (*limit, offered.rows().into_iter().flatten().collect()));
            }
            Call::FlagEvents(since, Ok(events)) => {
                self.flag_events = Some((*since, events.rows().into_iter().flatten().collect()));
            }
            // Asked in the same way by whatever policy, or not at all.
            Call::Calls(..) | Call::CallsInAll(..) | Call::Rested(_) => {}
            Call::Now(_)
            | Call::LookUp(_, _, Err(_))
            | Call::Account(Err(_))
            | Call::Monitored(_, _, Err(_))
            | Call::Owned(_, Err(_))
            | Call::Candidates(_, _, Err(_))
            | Call::FlagEvents(_, Err(_)) => {}
        }
    }
}

fn unknown<T>(state: &mut State) -> Result<T, Error> {
    state.unknown += 1;
    Err(Error::unavailable("The recorded run did not ask this, so the answer is unknown."))
}

#[async_trait::async_trait]
impl CarrierLookup for Replay {
    async fn carriers(&self) -> Vec<Carrier> {
        // If the names were not recorded, the ids of the carriers that `look-up` quoted are.
        self.answer(
            |call| match call {
                Call::Carriers(carriers) => Some(carriers),
                _ => None,
            },
            |facts, _| match &facts.carriers[..] {
                [] => {
                    facts.carriers_quoted.iter().map(|id| Carrier { id: *id, name: format!("carrier {id}") }).collect()
                }
                carriers => carriers.to_vec(),
            },
        )
    }

    async fn sources(&self) -> Vec<Source> {
        self.answer(
            |call| match call {
                Call::Sources(sources) => Some(sources),
                _ => None,
            },
            |facts, _| facts.sources.clone().unwrap_or_default(),
        )
    }

    async fn look_up(&self, numbers: Vec<PhoneNumber>, sources: Vec<SourceId>) -> Result<VerdictTable, Error> {
        let now = self.now;
        let verdicts = self.answer(
            |call| match call {
                Call::LookUp(recorded, asked, answer) if *recorded == numbers && *asked == sources => Some(answer),
                _ => None,
            },
            |facts, state| {
                let mut verdicts = VerdictTable::of(facts.carriers_quoted.iter().copied().collect());
                for number in &numbers {
                    let placeholder =
                        |carrier: &CarrierId| CarrierVerdict { carrier: *carrier, score: Some(0), observed_at: now };
                    match facts.verdicts.get(number) {
                        Some(recorded) => verdicts.push(recorded.values().copied()),
                        None if *number >= PLACEHOLDER_FIRST => {
                            verdicts.push(facts.carriers_quoted.iter().map(placeholder));
                        }
                        None => {
                            state.unknown += 1;
                            verdicts.push([]);
                        }
                    }
                }
                Ok(verdicts.into())
            },
        );
        verdicts.map(Arc::unwrap_or_clone)
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
            |facts, state| facts.account.clone().map_or_else(|| unknown(state), Ok),
        )
    }

    async fn monitored(&self, _: &str, after: PhoneNumber, limit: u32) -> Result<MonitoredTable, Error> {
        let page = self.answer(
            |call| match call {
                Call::Monitored(asked_after, asked_limit, answer) if (*asked_after, *asked_limit) == (after, limit) => {
                    Some(answer)
                }
                _ => None,
            },
            |facts, state| {
                let from = facts.monitored.partition_point(|number| number.number <= after);
                let page: MonitoredTable = facts.monitored[from..].iter().take(limit as usize).copied().collect();
                if page.len() < limit as usize && !facts.monitored_complete { unknown(state) } else { Ok(page.into()) }
            },
        );
        page.map(Arc::unwrap_or_clone)
    }

    async fn owned(&self, _: &str, numbers: Vec<PhoneNumber>) -> Result<Vec<PhoneNumber>, Error> {
        self.answer(
            |call| match call {
                Call::Owned(recorded, answer) if *recorded == numbers => Some(answer),
                _ => None,
            },
            |facts, state| {
                if numbers.iter().any(|number| !facts.owned.contains_key(number)) {
                    return unknown(state);
                }
                let owned: BTreeSet<_> = numbers.iter().filter(|number| facts.owned[number]).copied().collect();
                Ok(owned.into_iter().collect())
            },
        )
    }

    async fn candidates(&self, _: &str, like: PhoneNumber, limit: u32) -> Result<CandidateTable, Error> {
        self.answer(
            |call| match call {
                Call::Candidates(recorded_like, recorded_limit, answer)
                    if (*recorded_like, *recorded_limit) == (like, limit) =>
                {
                    Some(answer)
                }
                _ => None,
            },
            |facts, state| match facts.candidates.get(&like) {
                Some((recorded_limit, offered))
                    if limit <= *recorded_limit || offered.len() < *recorded_limit as usize =>
                {
                    Ok(offered.iter().take(limit as usize).copied().collect())
                }
                _ => {
                    state.unknown += 1;
                    state.placeholders += 1;
                    let number = PLACEHOLDER_FIRST + state.placeholders;
                    Ok([Candidate { number, price_cents: 0, rested: false }].into_iter().collect())
                }
            },
        )
    }

    async fn flag_events(&self, _: &str, since: Timestamp) -> Result<FlagTable, Error> {
        self.answer(
            |call| match call {
                Call::FlagEvents(recorded, answer) if *recorded == since => Some(answer),
                _ => None,
            },
            |facts, state| match &facts.flag_events {
                Some((recorded_since, events)) if *recorded_since <= since => {
                    Ok(events.iter().filter(|event| event.at >= since).copied().collect())
                }
                _ => unknown(state),
            },
        )
    }

    /// What a run did not ask about calls reads as if the dialer did not know: a policy that knows no calls asks nothing.
    async fn calls(&self, _: &str, numbers: Vec<PhoneNumber>, since: Timestamp) -> Result<CallTable, Error> {
        self.answer(
            |call| match call {
                Call::Calls(recorded, asked_since, answer) if *recorded == numbers && *asked_since == since => {
                    Some(answer)
                }
                _ => None,
            },
            |_, _| Ok(CallTable::new()),
        )
    }

    async fn calls_in_all(&self, _: &str, since: Timestamp) -> Result<CallTotals, Error> {
        self.answer(
            |call| match call {
                Call::CallsInAll(recorded, answer) if *recorded == since => Some(answer),
                _ => None,
            },
            |_, _| Ok(CallTotals { attempts: 0, answered: 0, short: 0, blocked: 0 }),
        )
    }

    async fn rested(&self, _: &str) -> Result<RestedTable, Error> {
        self.answer(
            |call| match call {
                Call::Rested(answer) => Some(answer),
                _ => None,
            },
            |_, _| Ok(RestedTable::new()),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Limits;

    /// Numbers in pages, looked up page by page, as the reference policy does.
    #[test]
    fn a_million_numbers_with_three_carriers_are_held_within_the_default_limit() {
        const PAGE: usize = 10_000;
        let monitored = MonitoredNumber {
            number: NUMBER_MAX,
            slot: 1,
            status: Status::Clean,
            status_since: 0,
            monitored_since: 0,
            flagging_checks: 0,
            clearing_checks: 0,
            last_rated_at: None,
            evidence_until: None,
            suspect_since: None,
            resting_since: None,
            replacement_pending: false,
        };
        let mut verdicts = VerdictTable::of(vec![1, 2, 3]);
        (0..PAGE).for_each(|_| verdicts.push([]));
        let page: MonitoredTable = std::iter::repeat_n(monitored, PAGE).collect();
        let page = Call::Monitored(0, PAGE as u32, Ok(page.into()));
        let answers = Call::LookUp(vec![NUMBER_MAX; PAGE], Vec::new(), Ok(verdicts.into()));
        let held = 100 * (page.bytes() + answers.bytes()) as u64;
        // 64 bytes a row; 8 bytes a number asked, and 9 for each answer.
        assert_eq!(held >> 20, 94, "{held} bytes");
        assert!(held < Limits::default().held_bytes_max);
    }

    #[test]
    fn texts_count_with_their_bytes() {
        let carriers = |name: &str| Call::Carriers(vec![Carrier { id: 1, name: name.into() }; 100]).bytes();
        assert_eq!(carriers("Verizon") - carriers(""), 700);
        let refused = |message: &str| Call::Account(Err(Error::unavailable(message))).bytes();
        assert_eq!(refused("later") - refused(""), 5);
    }
}
