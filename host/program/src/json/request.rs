//! Requests about numbers, and how numbers are rated right now.

use super::{Action, Answer, E164, Notice, Status, Time};
use dialguard::contract;
use dialguard_dialer::dialguard::Decided;
use dialguard_dialer::ledger::Order;
use serde::Serialize;
use utoipa::ToSchema;

/// The result of a request, or what it would be.
#[derive(Default, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Decision {
    /// One for each number, in the order given.
    outcomes: Vec<Outcome>,
    /// What the accepted part of the request comes to.
    actions: Vec<Action>,
    notices: Vec<Notice>,
    /// Replacements that are complete; the others are in progress.
    replaced: Vec<Replaced>,
    /// What went wrong at the carriers.
    problems: Vec<String>,
}

/// The answer for one number.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Outcome {
    number: E164,
    answer: Answer,
    /// When a lock ends: for `no-free-slot` the next one (null if no slot is locked), for `slot-would-lock` the one that
    /// deleting would start; otherwise null.
    until: Option<Time>,
}

/// A replacement that is complete.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Replaced {
    /// The number that was replaced.
    number: E164,
    /// The number that has its slot.
    replacement: E164,
    slot: u32,
}

impl From<&Order> for Replaced {
    fn from(order: &Order) -> Self {
        Replaced { number: order.number.into(), replacement: order.replacement.into(), slot: order.slot }
    }
}

impl Decision {
    /// What was decided about these numbers.
    pub fn of(numbers: impl IntoIterator<Item = contract::PhoneNumber>, decided: &Decided) -> Self {
        let mut decision = Decision::default();
        decision.add(numbers, decided);
        decision
    }

    /// The next batch of the same request.
    pub fn add(&mut self, numbers: impl IntoIterator<Item = contract::PhoneNumber>, decided: &Decided) {
        let outcomes = numbers.into_iter().zip(&decided.decision.outcomes);
        self.outcomes.extend(outcomes.map(|(number, outcome)| Outcome {
            number: number.into(),
            answer: outcome.answer.into(),
            until: outcome.until.map(Time),
        }));
        self.actions.extend(decided.decision.plan.actions.iter().map(Action::from));
        self.notices.extend(decided.decision.plan.notices.iter().map(Notice::from));
        self.replaced.extend(decided.replaced.iter().map(Replaced::from));
        self.problems.extend(decided.problems.iter().cloned());
    }
}

/// How numbers are rated right now.
#[derive(Serialize, ToSchema)]
pub struct Screened {
    /// One for each number, in the order given.
    screenings: Vec<Screening>,
    /// What went wrong at the carriers.
    problems: Vec<String>,
}

impl Screened {
    pub fn new(screenings: &[contract::Screening], problems: &[String]) -> Self {
        let screening = |screening: &contract::Screening| Screening {
            number: screening.number.into(),
            status: screening.status.into(),
            flagging: screening.flagging,
            answering: screening.answering,
        };
        Screened { screenings: screenings.iter().map(screening).collect(), problems: problems.to_vec() }
    }
}

/// How carriers rate a number right now.
#[derive(Serialize, ToSchema)]
struct Screening {
    number: E164,
    /// `pending` if too few carriers have an opinion, `flagged` if most flag it, `at-risk` if any does.
    status: Status,
    /// Carriers that flag it, of the `answering`.
    flagging: u16,
    /// Carriers that have an opinion about it.
    answering: u16,
}
