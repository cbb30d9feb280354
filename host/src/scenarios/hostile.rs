//! Dialers that return what they must not, or extreme values.
//!
//! A policy may respond with an answer or an error, as long as its run does not end in a fault.

use super::case::{Call, Case, RequestNotation};
use super::fake_dialer::{Fixture, Import, failure};
use super::notation::{Numbers, name};
use super::promises::Breach;
use super::report::{Finding, Section, Verdict};
use super::trial::ask;
use crate::clock::FixedClock;
use crate::contract::*;
use crate::dialer::{CarrierLookup, Dialer, NumberInventory};
use crate::policy::Policy;
use std::collections::BTreeMap;
use std::sync::Arc;

const SCENE: &str = include_str!("hostile/scene.json");

/// The first number that the scene's account monitors, the first it owns unmonitored, and the first candidate.
const MONITORED: PhoneNumber = 13_105_550_100;
const OWNED: PhoneNumber = 13_105_550_120;
const CANDIDATE: PhoneNumber = 13_105_550_190;

/// Tries every hostile input with every call.
pub(super) async fn try_all(policy: &Policy, findings: &mut Vec<Finding>) {
    for input in inputs() {
        findings.push(input.try_with(policy).await);
    }
}

/// One fault of a dialer.
struct HostileInput {
    title: &'static str,
    name: String,
    rule: &'static str,
    /// Changes the dialer's facts.
    facts: Box<dyn Fn(&mut Fixture) + Send + Sync>,
    /// Changes the dialer's answers.
    answers: Tampering,
    /// The inputs contradict each other, so that no plan made from them can pass the check.
    contradicts_itself: bool,
}

/// Changes to an import's answer on its way to the policy.
#[derive(Clone, Copy)]
struct Tampering {
    observations: fn(&mut Vec<Observation>),
    page: fn(&mut Vec<MonitoredNumber>),
    owned: fn(&mut Vec<PhoneNumber>),
    candidates: fn(&mut Vec<PhoneNumber>),
}

const HONEST: Tampering = Tampering { observations: |_| {}, page: |_| {}, owned: |_| {}, candidates: |_| {} };

/// An honest dialer whose answers are tampered with.
struct TamperedDialer {
    honest: Fixture,
    tampering: Tampering,
}

impl HostileInput {
    /// The dialer has impossible or extreme facts.
    fn with_facts(name: &str, rule: &'static str, facts: fn(&mut Fixture)) -> Self {
        HostileInput {
            title: "",
            name: name.into(),
            rule,
            facts: Box::new(facts),
            answers: HONEST,
            contradicts_itself: false,
        }
    }

    /// The dialer returns what it must not.
    fn answering(name: &str, rule: &'static str, answers: Tampering) -> Self {
        HostileInput { answers, ..HostileInput::with_facts(name, rule, |_| {}) }
    }

    /// An import fails.
    fn failing(import: Import, code: ErrorCode) -> Self {
        let name = format!("{} fails with {}", name(&import), name(&code));
        let facts = Box::new(move |dialer: &mut Fixture| dialer.failures.extend([(import, failure(code))]));
        let rule = "Any import may fail at any time.";
        HostileInput { facts, ..HostileInput::with_facts(&name, rule, |_| {}) }
    }

    fn contradicting_itself(self) -> Self {
        HostileInput { contradicts_itself: true, ..self }
    }

    /// Stops at the first fault, because a policy that loops once may loop in every call.
    async fn try_with(self, policy: &Policy) -> Finding {
        let mut answers = BTreeMap::<String, Vec<&str>>::new();
        let mut fault = None;
        for (call_name, call) in calls() {
            let dialer = self.tampered_dialer();
            let (id, settings) = (&dialer.honest.account.id, &dialer.honest.account.settings);
            let answer = match ask(policy, &dialer.dialer(), id, &call, settings).await {
                Ok(answer) => answer.in_a_word(),
                Err(Breach::Refused(_)) if self.contradicts_itself => "a refused plan".into(),
                Err(broken) => {
                    fault = Some(format!("{call_name}: {broken}"));
                    break;
                }
            };
            answers.entry(answer).or_default().push(call_name);
        }
        Finding {
            section: Section::Hostile,
            title: self.title.into(),
            name: self.name,
            rule: self.rule.into(),
            verdict: if fault.is_none() { Verdict::Passed } else { Verdict::Failed },
            detail: fault.unwrap_or_else(|| in_words(&answers)),
            took: None,
        }
    }

    fn tampered_dialer(&self) -> Arc<TamperedDialer> {
        let scene: Case = serde_json::from_str(SCENE).expect("the scene is a case");
        let mut honest = scene.fixture();
        (self.facts)(&mut honest);
        Arc::new(TamperedDialer { honest, tampering: self.answers })
    }
}

/// The answers with the calls that got each.
fn in_words(answers: &BTreeMap<String, Vec<&str>>) -> String {
    if let (1, Some(answer)) = (answers.len(), answers.keys().next()) {
        return format!("{answer} to every call");
    }
    let each = answers.iter().map(|(answer, calls)| format!("{answer} to {}", calls.join(", ")));
    each.collect::<Vec<_>>().join("; ")
}

/// Every call that reads from the dialer.
fn calls() -> [(&'static str, Call); 8] {
    let numbers = |first: PhoneNumber| vec![Numbers::from(first), Numbers::from(first + 1)];
    let deletion = RequestNotation::DeleteNumbers { numbers: numbers(MONITORED), accept_slot_loss: true };
    [
        ("review-account", Call::ReviewAccount),
        ("start-monitoring", Call::Decide(RequestNotation::StartMonitoring(numbers(OWNED)))),
        ("stop-monitoring", Call::Decide(RequestNotation::StopMonitoring(numbers(MONITORED)))),
        ("delete-numbers", Call::Decide(deletion)),
        ("replace-numbers", Call::Decide(RequestNotation::ReplaceNumbers(numbers(MONITORED)))),
        ("set-blocks", Call::Decide(RequestNotation::SetBlocks(2))),
        ("screen", Call::Screen(numbers(MONITORED))),
        ("get-usage", Call::GetUsage),
    ]
}

fn inputs() -> impl Iterator<Item = HostileInput> {
    let about = [
        ("imports that fail", failing_imports()),
        ("observations", observations()),
        ("lists of numbers", lists_of_numbers()),
        ("accounts", accounts()),
        ("monitored numbers", monitored_numbers()),
        ("times", times()),
    ];
    about.into_iter().flat_map(|(title, inputs)| inputs.into_iter().map(move |input| HostileInput { title, ..input }))
}

fn failing_imports() -> Vec<HostileInput> {
    let imports =
        [Import::LookUp, Import::GetAccount, Import::Monitored, Import::Owned, Import::Candidates, Import::FlagEvents];
    let codes = [ErrorCode::Unavailable, ErrorCode::OverBudget];
    codes.iter().flat_map(|code| imports.map(|import| HostileInput::failing(import, *code))).collect()
}

/// Observations that carriers cannot have made.
fn observations() -> Vec<HostileInput> {
    let answering =
        |name, rule, observations| HostileInput::answering(name, rule, Tampering { observations, ..HONEST });
    vec![
        answering("carriers that are not listed", "An observation's carrier is one of those listed.", |observations| {
            (u16::MAX - 40_000..).zip(observations).for_each(|(carrier, observation)| observation.carrier = carrier)
        }),
        answering("groups out of order", "Observations are grouped in the order of the numbers.", |observations| {
            observations.reverse()
        }),
        answering("numbers that were not looked up", "Observations are about the numbers looked up.", |observations| {
            observations.iter_mut().for_each(|observation| observation.number += 1_000)
        }),
        answering("every observation twice", "There is one observation per number and carrier.", |observations| {
            *observations = observations.iter().flat_map(|observation| [*observation; 2]).collect()
        }),
        answering("70,000 observations of one number", "A dialer has a handful of carriers.", |observations| {
            let first: Vec<_> = observations.first().into_iter().flat_map(|first| vec![*first; 70_000]).collect();
            observations.splice(0..0, first);
        }),
        answering("a score above 100", "Scores are 0 to 100.", |observations| {
            observations.iter_mut().for_each(|observation| observation.spam_score = Some(u8::MAX))
        }),
        answering("observed at the end of time", "An observation later than now counts as made now.", |observations| {
            observations.iter_mut().for_each(|observation| observation.observed_at = Timestamp::MAX)
        }),
        answering("observed in 1970", "An observation that is too old does not count.", |observations| {
            observations.iter_mut().for_each(|observation| observation.observed_at = 0)
        }),
        HostileInput::with_facts("no carriers at all", "A host may have no carriers.", |dialer| {
            dialer.carriers.clear();
            dialer.observations.clear();
        }),
    ]
}

/// Pages, numbers owned, and candidates.
fn lists_of_numbers() -> Vec<HostileInput> {
    let page = |name, rule, page| HostileInput::answering(name, rule, Tampering { page, ..HONEST });
    let candidates = |name, rule, candidates| HostileInput::answering(name, rule, Tampering { candidates, ..HONEST });
    vec![
        page(
            "an empty page for an account with numbers",
            "A page with fewer than `limit` numbers is the last.",
            |page| page.clear(),
        )
        .contradicting_itself(),
        page("a page in descending order", "Pages are in ascending order.", |page| page.reverse())
            .contradicting_itself(),
        page("the same full page again and again", "A page holds numbers above `after`.", |page| {
            *page = (0..10_000).map(|place| at_the_edge(MONITORED + place, place as SlotId + 1)).collect()
        })
        .contradicting_itself(),
        page("a page with more than `limit` numbers", "A page holds at most `limit` numbers.", |page| {
            *page = (0..20_000).map(|place| at_the_edge(MONITORED + place, place as SlotId + 1)).collect()
        })
        .contradicting_itself(),
        page("a number twice on a page", "A number occupies one slot.", |page| {
            *page = page.iter().flat_map(|number| [*number; 2]).collect()
        })
        .contradicting_itself(),
        HostileInput::answering(
            "owned numbers that were not asked about",
            "`owned` returns only numbers that it was given.",
            Tampering { owned: |owned| owned.extend([1, 0, PhoneNumber::MAX]), ..HONEST },
        ),
        candidates("a candidate that is monitored", "The account owns none of the candidates.", |offered| {
            offered.insert(0, MONITORED + 5)
        })
        .contradicting_itself(),
        candidates("the same candidate many times", "Each candidate is offered once.", |offered| {
            *offered = vec![CANDIDATE; 50]
        }),
        candidates("candidates that are not numbers", "Numbers have 1 to 15 digits.", |offered| {
            offered.splice(0..0, [0, PhoneNumber::MAX]);
        }),
        HostileInput::with_facts(
            "10,000 candidates, none of them clean",
            "A search for a clean candidate ends.",
            |dialer| {
                dialer.candidates = (0..10_000).map(|place| 13_107_000_000 + place).collect();
            },
        ),
    ]
}

fn accounts() -> Vec<HostileInput> {
    let with_facts = HostileInput::with_facts;
    vec![
        with_facts("every setting at 0", "An account's settings may be out of range.", |dialer| {
            dialer.account.settings = settings_of(0, 0)
        }),
        with_facts("every setting at its maximum", "An account's settings may be out of range.", |dialer| {
            dialer.account.settings = settings_of(u8::MAX, u16::MAX)
        }),
        with_facts("a thousand unknown settings", "A policy ignores settings that it does not know.", |dialer| {
            dialer.account.settings.other = (0..1_000).map(|n| (format!("setting-{n}"), "é".repeat(1_000))).collect()
        }),
        with_facts("an id of 40,000 bytes, none of them ASCII", "An id is passed back unchanged.", |dialer| {
            dialer.account.id = "ключ🂡\u{301}".repeat(2_500)
        }),
        with_facts("a count of no numbers", "Counts agree with the numbers.", |dialer| {
            dialer.account.monitored_count = 0
        })
        .contradicting_itself(),
        with_facts("a count of more numbers than there are", "Counts agree with the numbers.", |dialer| {
            dialer.account.monitored_count = u32::MAX;
            dialer.account.rated_today = u32::MAX;
            dialer.account.replacements_today = u32::MAX;
        })
        .contradicting_itself(),
        with_facts(
            "fewer slots than numbers",
            "Occupied and locked slots never exceed those the account has.",
            |dialer| (dialer.account.slot_count, dialer.account.slot_count_next) = (0, 0),
        )
        .contradicting_itself(),
        with_facts("the most slots that can be bought", "An account has up to 100,000 blocks.", |dialer| {
            (dialer.account.slot_count, dialer.account.slot_count_next) = (BLOCKS_MAX * 15, BLOCKS_MAX * 15)
        }),
        with_facts("blocks without slots", "A block has at least 1 slot.", |dialer| dialer.account.slots_per_block = 0),
        with_facts("blocks with the most slots", "Slots are counted in 32 bits.", |dialer| {
            dialer.account.slots_per_block = u32::MAX
        }),
        with_facts("locks of slots that do not exist", "A lock is on a slot of the account.", |dialer| {
            let until = dialer.account.cycle_ends_at;
            dialer.account.locked_slots = [u32::MAX, 0, 1, 1].map(|slot| SlotLock { slot, until }).to_vec()
        })
        .contradicting_itself(),
        with_facts(
            "100,000 numbers that became flagged",
            "Numbers that the account no longer has count too.",
            |dialer| {
                let event = FlagEvent { number: MONITORED, at: dialer.now };
                dialer.flag_events = vec![event; 100_000]
            },
        ),
    ]
}

fn monitored_numbers() -> Vec<HostileInput> {
    let with_facts = HostileInput::with_facts;
    vec![
        with_facts("10,000 of the highest 15-digit numbers", "A number has at most 15 digits.", |dialer| {
            monitor_only(dialer, (1..=10_000).map(|slot| at_the_edge(NUMBER_MAX - 10_000 + u64::from(slot), slot)))
        }),
        with_facts("numbers of more than 15 digits", "A number has at most 15 digits.", |dialer| {
            monitor_only(dialer, (1..=10).map(|slot| at_the_edge(u64::MAX - 10 + u64::from(slot), slot)))
        }),
        with_facts("all numbers in one slot", "A slot has one number.", |dialer| {
            dialer.monitored.iter_mut().for_each(|number| number.slot = 1)
        })
        .contradicting_itself(),
        with_facts("slots that do not exist", "Slots are numbered from 1 to the account's slot count.", |dialer| {
            dialer.monitored.iter_mut().step_by(2).for_each(|number| number.slot = 0);
            dialer.monitored.iter_mut().skip(1).step_by(2).for_each(|number| number.slot = u32::MAX);
        })
        .contradicting_itself(),
        with_facts("an account without numbers", "An account may have no numbers.", |dialer| {
            monitor_only(dialer, std::iter::empty())
        }),
    ]
}

fn times() -> Vec<HostileInput> {
    let with_facts = HostileInput::with_facts;
    vec![
        with_facts("a clock at 0", "The clock may show any time.", |dialer| dialer.now = 0),
        with_facts("a clock at the end of time", "The clock may show any time.", |dialer| dialer.now = Timestamp::MAX),
        with_facts("a cycle that has ended", "The current cycle ends after now.", |dialer| {
            dialer.account.cycle_ends_at = 0
        }),
        with_facts("a day that begins at the end of time", "A day begins no later than now.", |dialer| {
            dialer.account.day_starts_at = Timestamp::MAX
        }),
    ]
}

/// A monitored number with every field at its maximum or minimum.
fn at_the_edge(number: PhoneNumber, slot: SlotId) -> MonitoredNumber {
    MonitoredNumber {
        number,
        slot,
        status: Status::Flagged,
        status_since: Timestamp::MAX,
        monitored_since: Timestamp::MAX,
        flagging_checks: u8::MAX,
        clearing_checks: u8::MAX,
        last_rated_at: Some(0),
        replacement_pending: false,
    }
}

/// Monitors only these numbers, which every carrier rates 100.
fn monitor_only(dialer: &mut Fixture, monitored: impl Iterator<Item = MonitoredNumber>) {
    dialer.monitored = monitored.collect();
    dialer.owned.extend(dialer.monitored.iter().map(|number| number.number));
    for MonitoredNumber { number, .. } in &dialer.monitored {
        let observation =
            |carrier| Observation { number: *number, carrier, spam_score: Some(100), observed_at: dialer.now };
        dialer.observations.insert(*number, [1, 2, 3].map(observation).to_vec());
    }
    let count = dialer.monitored.len() as u32;
    dialer.account.monitored_count = count;
    dialer.account.locked_slots.clear();
    let slots = count.div_ceil(15) * 15 + 15;
    (dialer.account.slot_count, dialer.account.slot_count_next) = (slots, slots);
}

fn settings_of(byte: u8, number: u16) -> Settings {
    Settings {
        spam_score_min: byte,
        rating_carriers_min: byte,
        checks_to_flag: byte,
        checks_to_clear: byte,
        observation_age_max_hours: number,
        auto_replace: true,
        replacements_per_day_max: number,
        new_number_grace_days: number,
        mass_flag_percent: byte,
        other: Vec::new(),
    }
}

impl TamperedDialer {
    fn dialer(self: &Arc<Self>) -> Dialer {
        Dialer { clock: Arc::new(FixedClock(self.honest.now)), carriers: self.clone(), inventory: self.clone() }
    }
}

fn tampered<T>(mut answer: T, tampering: fn(&mut T)) -> T {
    tampering(&mut answer);
    answer
}

#[async_trait::async_trait]
impl CarrierLookup for TamperedDialer {
    async fn carriers(&self) -> Vec<Carrier> {
        self.honest.carriers().await
    }

    async fn look_up(&self, numbers: Vec<PhoneNumber>) -> Result<Vec<Observation>, Error> {
        Ok(tampered(self.honest.look_up(numbers).await?, self.tampering.observations))
    }
}

#[async_trait::async_trait]
impl NumberInventory for TamperedDialer {
    async fn account(&self, id: &str) -> Result<Account, Error> {
        self.honest.account(id).await
    }

    async fn monitored(&self, id: &str, after: PhoneNumber, limit: u32) -> Result<Vec<MonitoredNumber>, Error> {
        Ok(tampered(self.honest.monitored(id, after, limit).await?, self.tampering.page))
    }

    async fn owned(&self, id: &str, numbers: Vec<PhoneNumber>) -> Result<Vec<PhoneNumber>, Error> {
        Ok(tampered(self.honest.owned(id, numbers).await?, self.tampering.owned))
    }

    async fn candidates(&self, id: &str, like: PhoneNumber, limit: u32) -> Result<Vec<PhoneNumber>, Error> {
        Ok(tampered(self.honest.candidates(id, like, limit).await?, self.tampering.candidates))
    }

    async fn flag_events(&self, id: &str, since: Timestamp) -> Result<Vec<FlagEvent>, Error> {
        self.honest.flag_events(id, since).await
    }
}
