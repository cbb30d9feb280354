//! Requests about numbers, and how numbers are rated right now.

use super::number::Verdict;
use super::{Action, Answer, E164, Notice, Status, Time};
use crate::screened::ScreenedNumbers;
use crate::words::{Surface, why_not_in_words};
use ::dialguard::contract;
use dialguard_dialer::dialguard::{self, BulkOutcome, Preview, ScreeningCost, WhyNot, slots_cents};
use dialguard_dialer::ledger::Order;
use serde::Serialize;
use utoipa::ToSchema;

/// The result of a request, or what it would be.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Decision {
    /// One for each number, in the order given.
    outcomes: Vec<Outcome>,
    /// The total of the accepted part of the request.
    actions: Vec<Action>,
    notices: Vec<Notice>,
    /// Replacements that are complete.
    replaced: Vec<Replaced>,
    /// What went wrong at the carriers and the provider.
    problems: Vec<String>,
    /// The outcomes, counted; null if it was only tried.
    summary: Option<Summary>,
    /// What it would cost and lose; null if it was made.
    preview: Option<Consequences>,
}

/// What became of a request, counted.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Summary {
    /// Numbers for which it is done.
    done: usize,
    /// Numbers for which it is accepted and not complete.
    under_way: usize,
    /// Numbers for which it is not done, by reason; the reason with the most numbers first.
    not_done: Vec<NotDone>,
}

/// Numbers for which a request is not done, for one reason.
#[derive(Serialize, ToSchema)]
struct NotDone {
    /// What the policy answered: `accepted` if the order was abandoned later; null if it was not asked.
    answer: Option<Answer>,
    /// The reason in words.
    reason: String,
    /// How many numbers.
    numbers: usize,
}

impl From<&dialguard::Summary> for Summary {
    fn from(summary: &dialguard::Summary) -> Self {
        let not_done = |group: &dialguard::NotDone| NotDone {
            answer: match group.why {
                WhyNot::Refused(outcome) => Some(outcome.answer.into()),
                WhyNot::Abandoned => Some(Answer::Accepted),
                WhyNot::NotAsked => None,
            },
            reason: why_not_in_words(group.why, Surface::Api),
            numbers: group.numbers.len(),
        };
        Summary {
            done: summary.done.len(),
            under_way: summary.under_way.len(),
            not_done: summary.not_done.iter().map(not_done).collect(),
        }
    }
}

/// What a request would cost and lose.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Consequences {
    /// Fees for replacements, charged in this billing cycle.
    fee_cents: u64,
    /// What the provider charges for the numbers that are bought.
    number_cents: u64,
    /// What is replaced by what.
    replacements: Vec<PlannedReplacement>,
    /// Slots that are locked.
    locked: usize,
    /// Until when; null if none is.
    locked_until: Option<Time>,
    /// What the locked slots cost in a billing cycle. Nothing of it is refunded.
    locked_cents: u64,
    /// Numbers that leave the account for good.
    leaving: usize,
    /// How many of those their providers go on billing, as far as they were bought for the account.
    billed_on: Vec<Billed>,
    /// The count that the dashboard and the command line have a user type before it; null if they ask for none.
    count_to_type: Option<usize>,
}

/// Numbers that a provider goes on billing.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Billed {
    /// The provider.
    provider: String,
    /// How many numbers.
    numbers: usize,
}

/// A replacement that was planned and not made.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct PlannedReplacement {
    number: E164,
    /// The number that would take its slot.
    replacement: E164,
    slot: u32,
    /// Whether callers see another area code than before.
    other_area: bool,
    /// What the provider charges for the new number; null if it is on hand.
    number_cents: Option<u32>,
    /// Why this number is replaced, and why by that one.
    because: String,
}

impl From<&dialguard::PlannedReplacement> for PlannedReplacement {
    fn from(planned: &dialguard::PlannedReplacement) -> Self {
        let it = &planned.replacement;
        PlannedReplacement {
            number: it.number.into(),
            replacement: it.replacement.into(),
            slot: it.slot,
            other_area: planned.is_other_area(),
            number_cents: planned.number_cents,
            because: it.because.clone(),
        }
    }
}

impl Consequences {
    fn of(preview: &Preview, count_to_type: Option<usize>) -> Self {
        let cost = preview.cost();
        let billed = |(provider, numbers): (&String, &usize)| Billed { provider: provider.clone(), numbers: *numbers };
        Consequences {
            fee_cents: cost.fee_cents,
            number_cents: cost.number_cents,
            replacements: preview.replacements.iter().map(PlannedReplacement::from).collect(),
            locked: preview.locked.len(),
            locked_until: preview.locked.first().map(|closing| Time(closing.until)),
            locked_cents: slots_cents(preview.locked.len()),
            leaving: preview.leaving.len(),
            billed_on: preview.billed_on.iter().map(billed).collect(),
            count_to_type,
        }
    }
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Completion {
    /// It is done.
    Done,
    /// It is not done and will not be: it was refused, or its order was abandoned.
    NotDone,
    /// It was accepted and is not complete; `order` is the order to follow.
    UnderWay,
}

impl From<dialguard::Completion> for Completion {
    fn from(completion: dialguard::Completion) -> Self {
        match completion {
            dialguard::Completion::Done => Completion::Done,
            dialguard::Completion::NotDone => Completion::NotDone,
            dialguard::Completion::UnderWay(_) => Completion::UnderWay,
        }
    }
}

/// The answer for one number.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Outcome {
    number: E164,
    /// What the policy decided.
    answer: Answer,
    /// What became of it; null if it was only tried.
    result: Option<Completion>,
    /// The order that is under way for it, at `/accounts/{account}/orders/{order}`; otherwise null.
    order: Option<u64>,
    /// When a lock ends: for `no-free-slot` the next one (null if no slot is locked), for `slot-would-lock` the one
    /// that deleting would start; otherwise null.
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
    /// What would be decided, and what it would cost and lose.
    pub fn previewed(preview: &Preview, count_to_type: Option<usize>) -> Self {
        let BulkOutcome { outcomes, actions, notices, replaced, problems, orders: _, offered_cents: _ } =
            &preview.outcome;
        let decided = Decision::of((preview.numbers(), outcomes), actions, notices, replaced, problems);
        Decision { preview: Some(Consequences::of(preview, count_to_type)), ..decided }
    }

    /// What was decided about these numbers, and what became of it.
    pub fn of_all(numbers: &[contract::PhoneNumber], outcome: &BulkOutcome) -> Self {
        let BulkOutcome { outcomes, actions, notices, replaced, problems, orders: _, offered_cents: _ } = outcome;
        let decided = Decision::of((numbers, outcomes), actions, notices, replaced, problems);
        let summary = Some((&dialguard::Summary::of(numbers, outcome)).into());
        Decision { summary, ..decided.with_results(&outcome.completions(numbers)) }
    }

    /// Whether some of it is accepted and not complete.
    pub fn is_under_way(&self) -> bool {
        self.outcomes.iter().any(|outcome| outcome.result == Some(Completion::UnderWay))
    }

    fn with_results(mut self, completions: &[dialguard::Completion]) -> Self {
        for (outcome, completion) in self.outcomes.iter_mut().zip(completions) {
            outcome.result = Some((*completion).into());
            outcome.order = match completion {
                dialguard::Completion::UnderWay(order) => Some(*order),
                _ => None,
            };
        }
        self
    }

    fn of(
        (numbers, outcomes): (&[contract::PhoneNumber], &[contract::Outcome]),
        actions: &[contract::Action],
        notices: &[contract::Notice],
        replaced: &[Order],
        problems: &[String],
    ) -> Self {
        let outcome = |(number, outcome): (&contract::PhoneNumber, &contract::Outcome)| Outcome {
            number: (*number).into(),
            answer: outcome.answer.into(),
            result: None,
            order: None,
            until: outcome.until.map(Time),
        };
        Decision {
            outcomes: numbers.iter().zip(outcomes).map(outcome).collect(),
            actions: actions.iter().map(Action::from).collect(),
            notices: notices.iter().map(Notice::from).collect(),
            replaced: replaced.iter().map(Replaced::from).collect(),
            problems: problems.to_vec(),
            summary: None,
            preview: None,
        }
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
    /// `carriers` are all that any source has ever reported.
    pub fn new(screened: &dialguard::Screened, carriers: Vec<contract::Carrier>) -> Self {
        let numbers = ScreenedNumbers::new(screened, carriers);
        let screening = |screening: &contract::Screening| {
            let verdict = |carrier: &contract::Carrier| {
                Some(Verdict::new(carrier, Some(numbers.answer(screening.number, carrier)?)))
            };
            Screening {
                number: screening.number.into(),
                status: screening.status.into(),
                flagging: screening.flagging,
                answering: screening.answering,
                verdicts: numbers.carriers.iter().filter_map(verdict).collect(),
            }
        };
        let screenings = screened.screenings.iter().map(screening).collect();
        Screened { screenings, problems: screened.problems.clone() }
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
    /// What each carrier that was asked says about it.
    verdicts: Vec<Verdict>,
}

/// What screening numbers would ask and cost, at most: answers that are still fresh are not counted.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ScreeningTried {
    /// How many numbers there are, each counted once.
    numbers: usize,
    /// What all sources would charge, in US cents with up to four decimals.
    cents: f64,
    /// What each source would be asked.
    sources: Vec<AskedSource>,
}

/// What one source would be asked in a screening.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct AskedSource {
    /// The source.
    source: String,
    /// Numbers that it would be asked about.
    numbers: usize,
    /// Numbers that the rest of its budget of the day does not cover.
    beyond_budget: usize,
    /// What it charges for a number, in US cents with up to four decimals.
    price_cents: f64,
    /// What it would charge, in US cents with up to four decimals.
    cents: f64,
}

impl From<&ScreeningCost> for ScreeningTried {
    fn from(cost: &ScreeningCost) -> Self {
        let cents = |micros: u64| micros as f64 / 10_000.0;
        let asked = |asked: &dialguard::SourceCost| AskedSource {
            source: asked.source.name.clone(),
            numbers: asked.within_budget,
            beyond_budget: asked.asked - asked.within_budget,
            price_cents: cents(asked.price_micros),
            cents: cents(asked.micros()),
        };
        ScreeningTried {
            numbers: cost.numbers,
            cents: cents(cost.micros()),
            sources: cost.sources.iter().map(asked).collect(),
        }
    }
}
