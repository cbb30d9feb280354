//! What closing an account would do.

use super::{Order, Time};
use dialguard_dialer::ledger;
use serde::Serialize;
use utoipa::ToSchema;

/// What closing an account would do. It takes effect at once, and cannot be taken back.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Closing {
    /// When the account would be closed.
    closes_at: Time,
    /// Monitored numbers, which are no longer checked from then on.
    monitored: u32,
    /// Slots that are locked until the cycle ends, and are released.
    locked: u32,
    /// Numbers that leave the account. Nothing is released: their provider keeps them, and keeps charging for them. Any
    /// account can import them.
    numbers: u32,
    /// Replaced numbers that rest at their provider, and are not given back.
    resting: u32,
    /// Candidates that are withdrawn. Any account can import them.
    candidates: u32,
    /// Replacements in progress that are abandoned.
    abandoned: Vec<Order>,
    /// What their numbers would have cost, in US cents. Nothing of it was spent.
    unspent_cents: u64,
    /// Orders that must end first: a number may be bought or given back for them at this moment. Until then, the account
    /// cannot be closed.
    held_up_by: Vec<Order>,
    /// What is set aside for the numbers of these orders, in US cents.
    set_aside_cents: u64,
    /// What is charged at closing, in US cents: billing cycles that have begun and were not recorded yet.
    charged_now_cents: u64,
    /// Charged in this billing cycle, including that, in US cents. Nothing is refunded; an administrator can credit it.
    charged_in_cycle_cents: u64,
    /// Credited in this billing cycle, in US cents.
    credited_in_cycle_cents: u64,
    /// When the billing cycle ends. Nothing is charged for another.
    cycle_ends_at: Time,
    /// What the next cycle would have cost, in US cents.
    next_cycle_cents: u64,
}

impl From<&ledger::Closing> for Closing {
    fn from(closing: &ledger::Closing) -> Self {
        Closing {
            closes_at: Time(closing.at),
            monitored: closing.monitored,
            locked: closing.locked,
            numbers: closing.owned,
            resting: closing.resting,
            candidates: closing.candidates,
            abandoned: closing.abandoned.iter().map(Order::from).collect(),
            unspent_cents: closing.unspent_cents(),
            held_up_by: closing.held_up_by.iter().map(Order::from).collect(),
            set_aside_cents: closing.set_aside_cents(),
            charged_now_cents: closing.charged_now_cents,
            charged_in_cycle_cents: closing.bill.charged_cents,
            credited_in_cycle_cents: closing.bill.credited_cents,
            cycle_ends_at: Time(closing.cycle_ends_at),
            next_cycle_cents: closing.next_cents,
        }
    }
}
