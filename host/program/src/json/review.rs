//! Reviews and runs of an account.

use super::{Action, Completion, E164, Notice, PlannedReplacement, Replaced, Status, Time};
use crate::words::check_in_words;
use dialguard::contract;
use dialguard_dialer::dialguard::{ReplacementCost, ReviewOutcome};
use dialguard_dialer::ledger::{self, RunProfile};
use serde::Serialize;
use utoipa::ToSchema;

/// A review, or what it would be.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Review {
    /// The account.
    #[schema(example = "acme")]
    account: String,
    /// Whether its plan was applied; false if it was only tried, or found nothing new on a date that was tried before.
    applied: bool,
    /// The run, as events name it; null if it was not applied.
    run: Option<u64>,
    /// Whether it counts as the daily review of its local date: the first that rated numbers. Others on that date are
    /// extra. Null if it was not applied.
    daily: Option<bool>,
    /// The account's revision it was made from.
    based_on: u64,
    decided_at: Time,
    /// One for each number that was rated.
    reviews: Vec<Rating>,
    /// What the policy planned. Of its replacements, those in `proposed` are not made.
    actions: Vec<Action>,
    notices: Vec<Notice>,
    /// Replacements that automatic replacement would make, left to a user: a check spends nothing. Request
    /// `replace-numbers` to make them; otherwise the next daily review decides.
    proposed: Vec<PlannedReplacement>,
    /// What they would cost: the fees and the numbers that must be bought.
    proposed_cents: u64,
    /// Replacements that are complete, planned by this review or before.
    replaced: Vec<Replaced>,
    /// The latest order of each number whose replacement this review planned.
    orders: Vec<PlannedOrder>,
    /// What went wrong at the carriers and the provider.
    problems: Vec<String>,
    /// Numbers that were not rated because an earlier check has counted their observations. They keep their status, and
    /// the next review asks about them again.
    counted_before: usize,
    /// Monitored numbers that had no rating for the date yet.
    due: u32,
    /// What came of it, in a sentence.
    #[schema(example = "12 of 12 numbers rated, 1 turned flagged.")]
    summary: String,
}

/// What became of a replacement that a review planned.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct PlannedOrder {
    /// The order, at `/accounts/{account}/orders/{order}`.
    order: u64,
    number: E164,
    /// The number that takes its slot, or was to.
    replacement: E164,
    slot: u32,
    result: Completion,
}

impl From<&ledger::Order> for PlannedOrder {
    fn from(order: &ledger::Order) -> Self {
        PlannedOrder {
            order: order.id,
            number: order.number.into(),
            replacement: order.replacement.into(),
            slot: order.slot,
            result: dialguard_dialer::dialguard::Completion::from(order).into(),
        }
    }
}

/// How a review rated a number.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Rating {
    number: E164,
    status: Status,
    /// Consecutive daily checks that called it spam.
    flagging_checks: u8,
    /// Consecutive daily checks that did not.
    clearing_checks: u8,
    /// Carriers that flag it, of the `answering`.
    flagging: u16,
    /// Carriers that have an opinion about it.
    answering: u16,
}

impl From<&contract::Review> for Rating {
    fn from(review: &contract::Review) -> Self {
        Rating {
            number: review.number.into(),
            status: review.status.into(),
            flagging_checks: review.flagging_checks,
            clearing_checks: review.clearing_checks,
            flagging: review.flagging,
            answering: review.answering,
        }
    }
}

impl Review {
    pub fn new(account: &str, reviewed: &ReviewOutcome) -> Self {
        let plan = &reviewed.plan;
        Review {
            account: account.to_owned(),
            applied: reviewed.applied.is_some(),
            run: reviewed.applied.map(|applied| applied.run),
            daily: reviewed.applied.map(|applied| applied.daily),
            based_on: plan.based_on,
            decided_at: Time(plan.decided_at),
            reviews: plan.reviews.rows().into_iter().flatten().map(|review| Rating::from(&review)).collect(),
            actions: plan.actions.iter().map(Action::from).collect(),
            notices: plan.notices.iter().map(Notice::from).collect(),
            proposed: reviewed.proposed.iter().map(PlannedReplacement::from).collect(),
            proposed_cents: ReplacementCost::of(&reviewed.proposed).total_cents(),
            replaced: reviewed.replaced.iter().map(Replaced::from).collect(),
            orders: reviewed.orders.iter().map(PlannedOrder::from).collect(),
            problems: reviewed.problems.clone(),
            counted_before: reviewed.counted_before,
            due: reviewed.due,
            summary: check_in_words(reviewed),
        }
    }
}

/// A run whose plan was applied.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Run {
    /// Rises with every run.
    pub id: u64,
    kind: RunKind,
    /// The local date that it counts for.
    #[schema(format = Date)]
    local_date: String,
    decided_at: Time,
    /// The account's revision it was made from.
    based_on: u64,
    /// SHA-256 of the policy that decided, in hexadecimal.
    policy: String,
    /// That policy's revision; null if the program used its own policy.
    revision: Option<u64>,
    /// The version of the contract that the policy spoke.
    #[schema(example = "0.3.0")]
    contract: String,
    recording: RecordingState,
}

/// What became of a run's recording, with which it can be replayed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum RecordingState {
    /// It is kept.
    Kept,
    /// It was deleted because of its age.
    Expired,
    /// It was too large to keep.
    TooLarge,
    /// It was deleted before its time to make room for newer ones.
    MadeRoom,
}

/// The purpose of a run.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum RunKind {
    /// The review that counts as the daily one of its local date: the first that rated numbers.
    DailyReview,
    /// Another review on the same date.
    ExtraReview,
    /// A request.
    Request,
}

impl From<RunProfile> for Run {
    fn from(run: RunProfile) -> Self {
        Run {
            id: run.id,
            kind: match run.kind {
                ledger::RunKind::DailyReview => RunKind::DailyReview,
                ledger::RunKind::ExtraReview => RunKind::ExtraReview,
                ledger::RunKind::Request => RunKind::Request,
            },
            local_date: run.local_date,
            decided_at: Time(run.decided_at),
            based_on: run.based_on,
            policy: run.policy,
            revision: run.revision,
            contract: run.contract,
            recording: match run.recording {
                ledger::RecordingState::Kept => RecordingState::Kept,
                ledger::RecordingState::Expired => RecordingState::Expired,
                ledger::RecordingState::TooLarge => RecordingState::TooLarge,
                ledger::RecordingState::MadeRoom => RecordingState::MadeRoom,
            },
        }
    }
}
