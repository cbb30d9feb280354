//! Dialers that answer what they should not, or what lies at the very edge.
//!
//! A policy may make of it what it likes, an answer or an error, as long as its run does not end in a fault.

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
use std::time::Instant;

const SCENE: &str = include_str!("hostile/scene.json");

/// The first number that the scene's account monitors, owns besides, and is offered.
const MONITORED: PhoneNumber = 13_105_550_100;
const OWNED: PhoneNumber = 13_105_550_120;
const CANDIDATE: PhoneNumber = 13_105_550_190;

/// Tries every hostile input with every call.
pub(super) async fn try_all(policy: &Policy, until: Instant, findings: &mut Vec<Finding>) {
    for input in inputs().take_while(|_| Instant::now() < until) {
        findings.push(input.try_with(policy).await);
    }
}

/// One thing that is wrong with a dialer.
struct HostileInput {
    title: &'static str,
    name: String,
    what: &'static str,
    /// Changes what the dialer knows.
    knows: Box<dyn Fn(&mut Fixture) + Send + Sync>,
    /// Changes what it answers.
    answers: Tampering,
    /// What it shows contradicts itself, so that a plan made from it cannot be right: a host refuses it.
    contradicts_itself: bool,
}

/// What becomes of an import's answer on its way to the policy.
#[derive(Clone, Copy)]
struct Tampering {
    observations: fn(&mut Vec<Observation>),
    page: fn(&mut Vec<MonitoredNumber>),
    owned: fn(&mut Vec<PhoneNumber>),
    candidates: fn(&mut Vec<PhoneNumber>),
}

const HONEST: Tampering = Tampering { observations: |_| {}, page: |_| {}, owned: |_| {}, candidates: |_| {} };

/// An honest dialer, whose answers are tampered with.
struct TamperedDialer {
    honest: Fixture,
    tampering: Tampering,
}

impl HostileInput {
    /// The dialer knows something that it should not.
    fn knowing(name: &str, what: &'static str, knows: fn(&mut Fixture)) -> Self {
        HostileInput {
            title: "",
            name: name.into(),
            what,
            knows: Box::new(knows),
            answers: HONEST,
            contradicts_itself: false,
        }
    }

    /// The dialer answers what it should not.
    fn answering(name: &str, what: &'static str, answers: Tampering) -> Self {
        HostileInput { answers, ..HostileInput::knowing(name, what, |_| {}) }
    }

    /// An import fails.
    fn failing(import: Import, code: ErrorCode) -> Self {
        let name = format!("{} answers {}", name(&import), name(&code));
        let knows = Box::new(move |dialer: &mut Fixture| dialer.failures.extend([(import, failure(code))]));
        let what = "Every import may fail at any time.";
        HostileInput { knows, ..HostileInput::knowing(&name, what, |_| {}) }
    }

    fn contradicting_itself(self) -> Self {
        HostileInput { contradicts_itself: true, ..self }
    }

    /// Stops at the first fault: who loops once may loop each time.
    async fn try_with(self, policy: &Policy) -> Finding {
        let mut answers = BTreeMap::<String, Vec<&str>>::new();
        let mut fault = None;
        for (call_name, call) in calls() {
            let dialer = self.tampered_dialer();
            let (id, settings) = (&dialer.honest.account.id, &dialer.honest.account.settings);
            let answer = match ask(policy, &dialer.dialer(), id, &call, settings).await {
                Ok(answer) => answer.in_a_word(),
                Err(Breach::Refused(_)) if self.contradicts_itself => "a plan that is refused".into(),
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
            rule: self.what.into(),
            verdict: if fault.is_none() { Verdict::Passed } else { Verdict::Failed },
            told: fault.unwrap_or_else(|| in_words(&answers)),
            took: None,
        }
    }

    fn tampered_dialer(&self) -> Arc<TamperedDialer> {
        let scene: Case = serde_json::from_str(SCENE).expect("the scene is a case");
        let mut honest = scene.fixture();
        (self.knows)(&mut honest);
        Arc::new(TamperedDialer { honest, tampering: self.answers })
    }
}

/// Which answer to which calls.
fn in_words(answers: &BTreeMap<String, Vec<&str>>) -> String {
    if let (1, Some(answer)) = (answers.len(), answers.keys().next()) {
        return format!("{answer} to every call");
    }
    let each = answers.iter().map(|(answer, calls)| format!("{answer} to {}", calls.join(", ")));
    each.collect::<Vec<_>>().join("; ")
}

/// Every call there is that reads anything.
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
        ("what carriers say", observations()),
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

/// What carriers are said to have said.
fn observations() -> Vec<HostileInput> {
    let answering =
        |name, what, observations| HostileInput::answering(name, what, Tampering { observations, ..HONEST });
    vec![
        answering("carriers that were never listed", "An observation's carrier is one of those listed.", |said| {
            (u16::MAX - 40_000..).zip(said).for_each(|(carrier, observation)| observation.carrier = carrier)
        }),
        answering("groups out of order", "Observations come in the order asked.", |said| said.reverse()),
        answering("a number that nobody asked about", "Observations are about the numbers asked.", |said| {
            said.iter_mut().for_each(|observation| observation.number += 1_000)
        }),
        answering("every observation twice", "There is one observation a number and carrier.", |said| {
            *said = said.iter().flat_map(|observation| [*observation; 2]).collect()
        }),
        answering("70,000 carriers about one number", "A dialer has a handful of carriers.", |said| {
            let first: Vec<_> = said.first().into_iter().flat_map(|first| vec![*first; 70_000]).collect();
            said.splice(0..0, first);
        }),
        answering("a score above 100", "Scores are 0 to 100.", |said| {
            said.iter_mut().for_each(|observation| observation.spam_score = Some(u8::MAX))
        }),
        answering("observed at the end of time", "What lies after the clock counts as formed now.", |said| {
            said.iter_mut().for_each(|observation| observation.observed_at = Timestamp::MAX)
        }),
        answering("observed in 1970", "What is too old does not count.", |said| {
            said.iter_mut().for_each(|observation| observation.observed_at = 0)
        }),
        HostileInput::knowing("no carriers at all", "A host may have nobody to ask.", |dialer| {
            dialer.carriers.clear();
            dialer.observations.clear();
        }),
    ]
}

/// Pages, numbers owned, and candidates.
fn lists_of_numbers() -> Vec<HostileInput> {
    let page = |name, what, page| HostileInput::answering(name, what, Tampering { page, ..HONEST });
    let candidates = |name, what, candidates| HostileInput::answering(name, what, Tampering { candidates, ..HONEST });
    vec![
        page("an empty page of a full account", "Fewer than asked for are the last.", |page| page.clear())
            .contradicting_itself(),
        page("a page that descends", "Pages ascend by number.", |page| page.reverse()).contradicting_itself(),
        page("the same full page again and again", "A page holds numbers above `after`.", |page| {
            *page = (0..10_000).map(|place| at_the_edge(MONITORED + place, place as SlotId + 1)).collect()
        })
        .contradicting_itself(),
        page("a page longer than asked for", "A page holds at most `limit` numbers.", |page| {
            *page = (0..20_000).map(|place| at_the_edge(MONITORED + place, place as SlotId + 1)).collect()
        })
        .contradicting_itself(),
        page("a number twice on a page", "One account monitors a number in one slot.", |page| {
            *page = page.iter().flat_map(|number| [*number; 2]).collect()
        })
        .contradicting_itself(),
        HostileInput::answering(
            "owned numbers that nobody asked about",
            "Of the numbers asked, those that the account owns.",
            Tampering { owned: |owned| owned.extend([1, 0, PhoneNumber::MAX]), ..HONEST },
        ),
        candidates("a candidate that is monitored", "None is offered that the account owns.", |offered| {
            offered.insert(0, MONITORED + 5)
        }),
        candidates("one candidate many times", "Each candidate is offered once.", |offered| {
            *offered = vec![CANDIDATE; 50]
        }),
        candidates("a candidate that cannot be a number", "Numbers have 1 to 15 digits.", |offered| {
            offered.splice(0..0, [0, PhoneNumber::MAX]);
        }),
        HostileInput::knowing("10,000 candidates, none of them clean", "A search ends.", |dialer| {
            dialer.candidates = (0..10_000).map(|place| 13_107_000_000 + place).collect();
        }),
    ]
}

fn accounts() -> Vec<HostileInput> {
    let knowing = HostileInput::knowing;
    vec![
        knowing("every setting 0", "An account's settings may be out of range.", |dialer| {
            dialer.account.settings = settings_of(0, 0)
        }),
        knowing("every setting at its largest", "An account's settings may be out of range.", |dialer| {
            dialer.account.settings = settings_of(u8::MAX, u16::MAX)
        }),
        knowing("a thousand settings that nobody knows", "A policy ignores names it does not know.", |dialer| {
            dialer.account.settings.other = (0..1_000).map(|n| (format!("setting-{n}"), "é".repeat(1_000))).collect()
        }),
        knowing("an id of 40,000 bytes, none of them ASCII", "An id is handed back as it is.", |dialer| {
            dialer.account.id = "ключ🂡\u{301}".repeat(2_500)
        }),
        knowing("an account that counts no numbers", "Counts agree with the numbers shown.", |dialer| {
            dialer.account.monitored_count = 0
        })
        .contradicting_itself(),
        knowing("an account that counts more numbers than there are", "Counts agree with the numbers.", |dialer| {
            dialer.account.monitored_count = u32::MAX;
            dialer.account.rated_today = u32::MAX;
            dialer.account.replacements_today = u32::MAX;
        })
        .contradicting_itself(),
        knowing("fewer slots than numbers", "Occupied and locked slots never exceed those bought.", |dialer| {
            (dialer.account.slot_count, dialer.account.slot_count_next) = (0, 0)
        })
        .contradicting_itself(),
        knowing("as many slots as can be bought", "An account has up to 100,000 blocks.", |dialer| {
            (dialer.account.slot_count, dialer.account.slot_count_next) = (BLOCKS_MAX * 15, BLOCKS_MAX * 15)
        }),
        knowing("blocks without a slot in them", "A block has 1 slot or more.", |dialer| {
            dialer.account.slots_per_block = 0
        }),
        knowing("blocks of more slots than can be counted", "Slots are counted in 32 bits.", |dialer| {
            dialer.account.slots_per_block = u32::MAX
        }),
        knowing("locks of slots that there are not", "A lock is on a slot of the account.", |dialer| {
            let until = dialer.account.cycle_ends_at;
            dialer.account.locked_slots = [u32::MAX, 0, 1, 1].map(|slot| SlotLock { slot, until }).to_vec()
        })
        .contradicting_itself(),
        knowing("100,000 numbers that turned flagged", "Numbers that have left count too.", |dialer| {
            let event = FlagEvent { number: MONITORED, at: dialer.now };
            dialer.flag_events = vec![event; 100_000]
        }),
    ]
}

fn monitored_numbers() -> Vec<HostileInput> {
    let knowing = HostileInput::knowing;
    vec![
        knowing("10,000 numbers at the edge of 15 digits", "A number has at most 15 digits.", |dialer| {
            monitor_only(dialer, (1..=10_000).map(|slot| at_the_edge(NUMBER_MAX - 10_000 + u64::from(slot), slot)))
        }),
        knowing("numbers of more than 15 digits", "A number has at most 15 digits.", |dialer| {
            monitor_only(dialer, (1..=10).map(|slot| at_the_edge(u64::MAX - 10 + u64::from(slot), slot)))
        }),
        knowing("all numbers in one slot", "A slot has one number.", |dialer| {
            dialer.monitored.iter_mut().for_each(|number| number.slot = 1)
        })
        .contradicting_itself(),
        knowing("slots that there are not", "Slots count from 1 to those bought.", |dialer| {
            dialer.monitored.iter_mut().step_by(2).for_each(|number| number.slot = 0);
            dialer.monitored.iter_mut().skip(1).step_by(2).for_each(|number| number.slot = u32::MAX);
        })
        .contradicting_itself(),
        knowing("an account without numbers", "There may be nothing to do.", |dialer| {
            monitor_only(dialer, std::iter::empty())
        }),
    ]
}

fn times() -> Vec<HostileInput> {
    let knowing = HostileInput::knowing;
    vec![
        knowing("a clock at 0", "Time is data.", |dialer| dialer.now = 0),
        knowing("a clock at the end of time", "Time is data.", |dialer| dialer.now = Timestamp::MAX),
        knowing("a cycle that has ended", "The current cycle ends after now.", |dialer| {
            dialer.account.cycle_ends_at = 0
        }),
        knowing("a day that begins at the end of time", "A day begins before now.", |dialer| {
            dialer.account.day_starts_at = Timestamp::MAX
        }),
    ]
}

/// A monitored number with everything at its largest or smallest.
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

/// Numbers of which every carrier says the worst.
fn monitor_only(dialer: &mut Fixture, monitored: impl Iterator<Item = MonitoredNumber>) {
    dialer.monitored = monitored.collect();
    dialer.owned.extend(dialer.monitored.iter().map(|number| number.number));
    for MonitoredNumber { number, .. } in &dialer.monitored {
        let says = |carrier| Observation { number: *number, carrier, spam_score: Some(100), observed_at: dialer.now };
        dialer.observations.insert(*number, [1, 2, 3].map(says).to_vec());
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
