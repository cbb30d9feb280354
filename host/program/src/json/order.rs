//! Orders: replacements in progress, made and abandoned.

use super::{Actor, E164, ReplacementReason, Time};
use dialguard_dialer::ledger;
use serde::Serialize;
use utoipa::ToSchema;

/// A planned replacement and its progress.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Order {
    /// Its number, unique over all accounts.
    id: u64,
    /// The account.
    #[schema(example = "acme")]
    account: String,
    /// The number that is replaced.
    number: E164,
    /// The number that takes its slot.
    replacement: E164,
    /// The slot.
    slot: u32,
    /// Who requested it: the review, or a user or program.
    why: ReplacementReason,
    state: OrderState,
    /// When it entered that state.
    since: Time,
    /// When it was decided.
    intended_at: Time,
    /// The provider that has the old number, and that the new one is bought from if `price-cents` is set; null without one.
    provider: Option<String>,
    /// The provider's price of the new number, in US cents; null if it was on hand.
    price_cents: Option<u32>,
    /// Whether the new number is one of the account's own that had rested.
    replaced_by_own: bool,
    /// The id that the provider knows the order by.
    reference: String,
    /// Until when the old number rests, under the account's present settings; null unless it rests.
    rests_until: Option<Time>,
    /// Whether it needs a user's attention.
    stuck: bool,
    /// What holds it up, and what to do; null if nothing does.
    problem: Option<String>,
    /// Since when it is held up.
    held_since: Option<Time>,
    /// When it is tried again, if it is held up.
    next_try_at: Option<Time>,
    /// Who asked for it.
    asked_by: Actor,
    /// When the slot moved; null if it has not.
    swapped_at: Option<Time>,
    /// Spent on the new number, or set aside for it, in US cents; null if it was on hand, and before that.
    spent_cents: Option<u32>,
    /// Charged for the replacement, in US cents; null unless the slot has moved.
    charged_cents: Option<u64>,
    /// Why it was planned, in the policy's words.
    because: String,
}

/// The progress of an order.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum OrderState {
    /// Recorded, not yet started.
    Intended,
    /// The provider holds the number, or has no reservations.
    Reserved,
    /// The policy still chooses the number.
    Screened,
    /// It may have been bought: the order was sent, or is about to be.
    Ordering,
    /// The account owns the replacement.
    Acquired,
    /// The old number's settings were copied to it.
    CarriedOver,
    /// The replacement has the slot; the old number rests, or is being given back.
    Swapped,
    /// Complete.
    Done,
    /// Ended, and the slot stays with its number; an event says why.
    Abandoned,
}

impl From<ledger::OrderState> for OrderState {
    fn from(state: ledger::OrderState) -> Self {
        match state {
            ledger::OrderState::Intended => OrderState::Intended,
            ledger::OrderState::Reserved => OrderState::Reserved,
            ledger::OrderState::Screened => OrderState::Screened,
            ledger::OrderState::Ordering => OrderState::Ordering,
            ledger::OrderState::Acquired => OrderState::Acquired,
            ledger::OrderState::CarriedOver => OrderState::CarriedOver,
            ledger::OrderState::Swapped => OrderState::Swapped,
            ledger::OrderState::Done => OrderState::Done,
            ledger::OrderState::Abandoned => OrderState::Abandoned,
        }
    }
}

impl From<&ledger::Order> for Order {
    fn from(order: &ledger::Order) -> Self {
        let hold = order.hold.as_ref();
        Order {
            id: order.id,
            account: order.account.clone(),
            number: order.number.into(),
            replacement: order.replacement.into(),
            slot: order.slot,
            why: order.why.into(),
            state: order.state.into(),
            since: Time(order.state_since),
            intended_at: Time(order.intended_at),
            rests_until: order.rests_until.map(Time),
            stuck: hold.is_some_and(|hold| hold.is_stuck),
            problem: hold.map(|hold| hold.problem.clone()),
            held_since: hold.map(|hold| Time(hold.since)),
            next_try_at: hold.map(|_| Time(order.next_try_at)),
            provider: order.provider.clone(),
            price_cents: order.price_cents,
            replaced_by_own: order.has_rested,
            reference: order.reference.clone(),
            asked_by: Actor::from(order.asked_by.as_ref()),
            swapped_at: order.swapped_at.map(Time),
            spent_cents: order.spent_cents,
            charged_cents: order.charged_cents,
            because: order.because.clone(),
        }
    }
}
