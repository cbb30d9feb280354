//! Dialers that return what they must not, or extreme values.
//!
//! A policy may respond with an answer or an error, as long as its run does not end in a fault.

mod tampered_dialer;

use super::case::{Call, Case, RequestNotation};
use super::fake_dialer::{Fixture, Import, failure};
use super::notation::{Numbers, name};
use super::promises::Breach;
use super::report::{Finding, Section, Verdict};
use super::trial::ask;
use crate::contract::*;
use crate::policy::Policy;
use std::collections::BTreeMap;
use std::sync::Arc;
use tampered_dialer::{HONEST, TamperedDialer, Tampering};

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

/// Changes the facts of a dialer whose policy declares these settings.
type Facts = Box<dyn Fn(&mut Fixture, &[Setting]) + Send + Sync>;

/// One fault of a dialer.
struct HostileInput {
    title: &'static str,
    name: String,
    rule: &'static str,
    /// Changes the dialer's facts.
    facts: Facts,
    /// Changes the dialer's answers.
    answers: Tampering,
    /// The inputs contradict each other, so that no plan made from them can pass the check.
    contradicts_itself: bool,
}

impl HostileInput {
    /// The dialer has impossible or extreme facts.
    fn with_facts(name: &str, rule: &'static str, facts: fn(&mut Fixture)) -> Self {
        HostileInput {
            title: "",
            name: name.into(),
            rule,
            facts: Box::new(move |dialer, _| facts(dialer)),
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
        let facts =
            Box::new(move |dialer: &mut Fixture, _: &[Setting]| dialer.failures.extend([(import, failure(code))]));
        let rule = "Any import may fail at any time.";
        HostileInput { facts, ..HostileInput::with_facts(&name, rule, |_| {}) }
    }

    /// Every setting has the value that is chosen for its kind.
    fn with_settings(name: &str, rule: &'static str, value: fn(&SettingKind) -> i64) -> Self {
        let facts = Box::new(move |dialer: &mut Fixture, declared: &[Setting]| {
            let text = |setting: &Setting| (setting.name.clone(), setting.text(value(&setting.kind)));
            dialer.account.settings = declared.iter().map(text).collect();
        });
        HostileInput { facts, ..HostileInput::with_facts(name, rule, |_| {}) }
    }

    fn contradicting_itself(self) -> Self {
        HostileInput { contradicts_itself: true, ..self }
    }

    /// Stops at the first fault, because a policy that loops once may loop in every call.
    async fn try_with(self, policy: &Policy) -> Finding {
        let mut answers = BTreeMap::<String, Vec<&str>>::new();
        let mut fault = None;
        for (call_name, call) in calls() {
            let dialer = self.tampered_dialer(policy.settings());
            let account = &dialer.honest.account;
            let answer = match ask(policy, &dialer.dialer(), &account.id, &call, account).await {
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

    fn tampered_dialer(&self, declared: &[Setting]) -> Arc<TamperedDialer> {
        let scene: Case = serde_json::from_str(SCENE).expect("the scene is a case");
        let mut honest = scene.fixture();
        (self.facts)(&mut honest, declared);
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
        ("verdicts", verdicts()),
        ("broken tables", broken_tables()),
        ("lists of numbers", lists_of_numbers()),
        ("calls and rests", calls_and_rests()),
        ("accounts", accounts()),
        ("monitored numbers", monitored_numbers()),
        ("times", times()),
    ];
    about.into_iter().flat_map(|(title, inputs)| inputs.into_iter().map(move |input| HostileInput { title, ..input }))
}

fn failing_imports() -> Vec<HostileInput> {
    let imports = [
        Import::LookUp,
        Import::GetAccount,
        Import::Monitored,
        Import::Owned,
        Import::Candidates,
        Import::FlagEvents,
        Import::Calls,
        Import::CallsInAll,
        Import::Rested,
    ];
    let codes = [ErrorCode::Unavailable, ErrorCode::OverBudget];
    codes.iter().flat_map(|code| imports.map(|import| HostileInput::failing(import, *code))).collect()
}

/// Verdicts that carriers cannot have given.
fn verdicts() -> Vec<HostileInput> {
    let answering = |name, rule, verdicts| HostileInput::answering(name, rule, Tampering { verdicts, ..HONEST });
    let sources = |name, rule, sources| HostileInput::answering(name, rule, Tampering { sources, ..HONEST });
    vec![
        answering("carriers that are not listed", "A verdict's carrier is one of those listed.", |verdicts| {
            (u16::MAX - 40_000..).zip(&mut verdicts.carriers).for_each(|(unknown, carrier)| *carrier = unknown)
        }),
        answering("carriers that nobody asked", "An answer has the carriers of the sources asked.", |verdicts| {
            let rows = verdicts.scores.len() / verdicts.carriers.len().max(1);
            *verdicts = VerdictTable::of((1..=200).collect());
            verdicts.scores = vec![100; rows * 200];
            verdicts.observed_at = vec![0; rows * 200];
        }),
        answering(
            "no carriers in an answer",
            "A source that fails leaves its carriers without an answer.",
            |verdicts| *verdicts = VerdictTable::of(Vec::new()),
        ),
        answering("no answer from anybody", "255 stands for no answer.", |verdicts| verdicts.scores.fill(NO_ANSWER)),
        answering("no data from anybody", "254 stands for no data.", |verdicts| verdicts.scores.fill(NO_DATA)),
        answering("observed at the end of time", "An observation later than now counts as made now.", |verdicts| {
            verdicts.observed_at.fill(Timestamp::MAX)
        }),
        answering("observed in 1970", "An observation that is too old does not count.", |verdicts| {
            verdicts.observed_at.fill(0)
        }),
        HostileInput::with_facts("no carriers at all", "A host may have no carriers.", |dialer| {
            dialer.carriers.clear();
            dialer.sources.clear();
            dialer.verdicts.clear();
        }),
        sources("no sources", "A host may have no sources.", |sources| sources.clear()),
        sources("sources that are used up", "Nothing may be left of a source.", |sources| {
            sources.iter_mut().for_each(|source| source.look_ups_left = Some(0))
        }),
        sources("a thousand sources at the highest price", "A price has 32 bits.", |sources| {
            let source = |id| Source { id, price: u32::MAX, carriers: vec![u16::MAX], ..sources[0].clone() };
            *sources = (1..=1_000).map(source).collect()
        }),
    ]
}

/// Tables whose columns differ in length, or that have values that do not exist.
fn broken_tables() -> Vec<HostileInput> {
    let named = |name: &str, answers| {
        HostileInput::answering(name, "Columns have the same length, and only codes that exist.", answers)
    };
    let verdicts = |name, verdicts| named(name, Tampering { verdicts, ..HONEST });
    let page = |name, page| named(name, Tampering { page, ..HONEST });
    let candidates = |name, candidates| named(name, Tampering { candidates, ..HONEST });
    vec![
        verdicts("a score above 100", |verdicts| verdicts.scores.fill(101)),
        verdicts("a score below 254", |verdicts| verdicts.scores.fill(253)),
        verdicts("a row of verdicts too few", |verdicts| {
            verdicts.scores.pop();
        }),
        verdicts("a row of verdicts too many", |verdicts| verdicts.push([])),
        verdicts("verdicts without times", |verdicts| verdicts.observed_at.clear()),
        verdicts("carriers in descending order", |verdicts| verdicts.carriers.reverse()),
        verdicts("a carrier twice", |verdicts| verdicts.carriers.fill(1)),
        page("a page without slots", |page| page.slots.clear()),
        page("a page with a status too many", |page| page.statuses.push(0)),
        page("a status that does not exist", |page| page.statuses.fill(4)),
        page("neither a yes nor a no", |page| page.replacement_pending.fill(2)),
        candidates("candidates without prices", |offered| offered.price_cents.clear()),
        candidates("candidates that may have rested", |offered| offered.rested.fill(u8::MAX)),
        named("flags without times", Tampering { flag_events: |events| events.at.clear(), ..HONEST }),
        named("calls that are shorter than asked", Tampering { calls: |calls| calls.blocked.clear(), ..HONEST }),
        named(
            "calls from too few numbers",
            Tampering { calls: |calls| *calls = calls.rows().expect("a table").skip(1).collect(), ..HONEST },
        ),
        named("rests without a count", Tampering { rested: |rested| rested.rests.clear(), ..HONEST }),
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
            |page| *page = MonitoredTable::new(),
        )
        .contradicting_itself(),
        page("a page in descending order", "Pages are in ascending order.", |page| {
            let mut rows: Vec<_> = page.rows().expect("a table").collect();
            rows.reverse();
            *page = rows.into_iter().collect();
        })
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
            *page = page.rows().expect("a table").flat_map(|number| [number; 2]).collect()
        })
        .contradicting_itself(),
        HostileInput::answering(
            "owned numbers that were not asked about",
            "`owned` returns only numbers that it was given.",
            Tampering { owned: |owned| owned.extend([1, 0, PhoneNumber::MAX]), ..HONEST },
        ),
        candidates("a candidate that is monitored", "The account owns none of the candidates.", |offered| {
            let first = offered_number(MONITORED + 5);
            *offered = [first].into_iter().chain(offered.rows().expect("a table")).collect()
        })
        .contradicting_itself(),
        candidates("the same candidate many times", "Each candidate is offered once.", |offered| {
            *offered = [offered_number(CANDIDATE); 50].into_iter().collect()
        }),
        candidates("candidates that are not numbers", "Numbers have 1 to 15 digits.", |offered| {
            *offered = [0, PhoneNumber::MAX].map(offered_number).into_iter().collect()
        }),
        HostileInput::with_facts(
            "10,000 candidates, none of them clean",
            "A search for a clean candidate ends.",
            |dialer| {
                dialer.candidates = (0..10_000).map(|place| offered_number(13_107_000_000 + place)).collect();
            },
        ),
        HostileInput::with_facts("candidates at the highest price", "A price has 32 bits.", |dialer| {
            dialer.candidates.iter_mut().for_each(|candidate| candidate.price_cents = u32::MAX)
        }),
        HostileInput::with_facts("candidates that all are its own", "Rested numbers may be offered again.", |dialer| {
            dialer.candidates.iter_mut().for_each(|candidate| candidate.rested = true)
        }),
    ]
}

/// Calls and rests that cannot be, or that are extreme.
fn calls_and_rests() -> Vec<HostileInput> {
    let with_facts = HostileInput::with_facts;
    let totals = |name, calls_in_all| {
        let rule = "The account's calls are at least those of its numbers.";
        HostileInput::answering(name, rule, Tampering { calls_in_all, ..HONEST })
    };
    vec![
        with_facts("every count of calls at its maximum", "Counts have 32 bits.", |dialer| {
            for hour in &mut dialer.calls {
                hour.calls = NumberCalls { attempts: u32::MAX, answered: u32::MAX, short: u32::MAX, blocked: u32::MAX };
            }
            dialer.calls.dedup_by_key(|hour| hour.number);
        }),
        with_facts("more calls answered than made", "Answered calls are among the attempts.", |dialer| {
            dialer.calls.iter_mut().for_each(|hour| hour.calls.answered = hour.calls.attempts + 1)
        })
        .contradicting_itself(),
        with_facts("blocked calls and no attempts", "Blocked calls are among the attempts.", |dialer| {
            dialer.calls.iter_mut().for_each(|hour| hour.calls.attempts = 0)
        }),
        totals("fewer calls in all than of one number", |totals| totals.attempts = 0),
        totals("every total at its maximum", |totals| {
            (totals.attempts, totals.answered, totals.short, totals.blocked) = (u64::MAX, u64::MAX, u64::MAX, u64::MAX)
        }),
        with_facts("rests that begin at the end of time", "A rest began before now.", |dialer| {
            dialer.rested.iter_mut().for_each(|number| number.resting_since = Timestamp::MAX)
        }),
        with_facts("255 rests", "A number rests again and again.", |dialer| {
            dialer.rested.iter_mut().for_each(|number| number.rests = u8::MAX)
        }),
        with_facts("10,000 numbers that have rested", "At most 10,000 numbers rest.", |dialer| {
            let number = |place: u64| RestedNumber { number: 13_108_000_000 + place, resting_since: 0, rests: 0 };
            dialer.rested = (0..10_000).map(number).collect()
        }),
        HostileInput::answering(
            "the same rested number many times",
            "A number rests once.",
            Tampering {
                rested: |rested| {
                    let Some(first) = rested.rows().expect("a table").next() else { return };
                    *rested = [first; 50].into_iter().collect()
                },
                ..HONEST
            },
        )
        .contradicting_itself(),
        with_facts("a monitored number that rests", "A number that rests is not monitored.", |dialer| {
            dialer.rested.iter_mut().for_each(|rested| rested.number = MONITORED)
        })
        .contradicting_itself(),
    ]
}

fn offered_number(number: PhoneNumber) -> Candidate {
    Candidate { number, price_cents: 0, rested: false }
}

fn accounts() -> Vec<HostileInput> {
    let with_facts = HostileInput::with_facts;
    vec![
        HostileInput::with_settings("every setting at its least", "A setting has any value in its range.", least),
        HostileInput::with_settings("every setting at its most", "A setting has any value in its range.", most),
        with_facts("a thousand unknown settings", "A host keeps settings that a policy does not know.", |dialer| {
            dialer.account.settings = (0..1_000).map(|n| (format!("setting-{n}"), "é".repeat(1_000))).collect()
        }),
        with_facts("the most automatic replacements", "Guard rails have their ranges.", |dialer| {
            dialer.account.guard_rails.replacements_per_day_max = u16::MAX
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
            dialer.account.look_ups_today = u32::MAX;
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
        evidence_until: Some(Timestamp::MAX),
        suspect_since: Some(Timestamp::MAX),
        resting_since: Some(Timestamp::MAX),
        replacement_pending: false,
    }
}

/// Monitors only these numbers, which every carrier rates 100.
fn monitor_only(dialer: &mut Fixture, monitored: impl Iterator<Item = MonitoredNumber>) {
    dialer.monitored = monitored.collect();
    dialer.owned.extend(dialer.monitored.iter().map(|number| number.number));
    for MonitoredNumber { number, .. } in &dialer.monitored {
        let verdict = |carrier| CarrierVerdict { carrier, score: Some(100), observed_at: dialer.now };
        dialer.verdicts.insert(*number, [1, 2, 3].map(verdict).to_vec());
    }
    let count = dialer.monitored.len() as u32;
    dialer.account.monitored_count = count;
    dialer.account.locked_slots.clear();
    let slots = count.div_ceil(15) * 15 + 15;
    (dialer.account.slot_count, dialer.account.slot_count_next) = (slots, slots);
}

fn least(kind: &SettingKind) -> i64 {
    match kind {
        SettingKind::Switch(_) | SettingKind::Choice(_) => 0,
        SettingKind::Integer(range) => range.min,
    }
}

fn most(kind: &SettingKind) -> i64 {
    match kind {
        SettingKind::Switch(_) => 1,
        SettingKind::Integer(range) => range.max,
        SettingKind::Choice(choice) => choice.names.len() as i64 - 1,
    }
}
