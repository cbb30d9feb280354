//! The bill of a cycle, present or past.

use super::{E164, Time};
use dialguard_dialer::ledger;
use serde::Serialize;
use utoipa::ToSchema;

/// What a billing cycle comes to.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Billing {
    #[serde(flatten)]
    cycle: Cycle,
    /// The cycle before; null before the first.
    before: Option<u32>,
    /// Charged for blocks, in US cents.
    blocks_cents: u64,
    /// Of that, the blocks of a cycle that has begun since the account was last changed: recorded with its next change.
    due_cents: u64,
    /// Replacements that were charged.
    replacements: u32,
    /// What they were charged, in US cents.
    replacements_cents: u64,
    /// Charged for blocks and replacements, in US cents.
    charged_cents: u64,
    /// Credits that were given.
    credits: u32,
    /// Credited, in US cents.
    credited_cents: u64,
    /// Charged less credited, in US cents; negative if a credit is for an earlier cycle.
    balance_cents: i64,
    /// Numbers that were bought.
    numbers: u32,
    /// What their providers charge for them, in US cents.
    numbers_cents: u64,
    /// The balance, and what the providers charge for the numbers, in US cents.
    total_cents: i64,
}

impl From<&ledger::Billing> for Billing {
    fn from(billing: &ledger::Billing) -> Self {
        Billing {
            cycle: Cycle::from(&billing.cycle),
            before: billing.before,
            blocks_cents: billing.blocks_cents,
            due_cents: billing.cycle.due_cents,
            replacements: billing.replacements,
            replacements_cents: billing.replacements_cents,
            charged_cents: billing.charged_cents(),
            credits: billing.credits,
            credited_cents: billing.credited_cents,
            balance_cents: billing.balance_cents(),
            numbers: billing.numbers,
            numbers_cents: billing.numbers_cents,
            total_cents: billing.total_cents(),
        }
    }
}

/// A billing cycle.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Cycle {
    /// Its index, from 0.
    #[schema(example = 0)]
    cycle: u32,
    /// When it began.
    starts_at: Time,
    /// When it ends.
    ends_at: Time,
    /// Whether it is the present one.
    present: bool,
}

impl From<&ledger::Cycle> for Cycle {
    fn from(cycle: &ledger::Cycle) -> Self {
        Cycle {
            cycle: cycle.index,
            starts_at: Time(cycle.starts_at),
            ends_at: Time(cycle.ends_at),
            present: cycle.is_present,
        }
    }
}

/// One charge, credit or number of a cycle.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct BillLine {
    at: Time,
    kind: BillLineKind,
    /// The number that was replaced or bought; null for blocks and credits.
    number: Option<E164>,
    /// In US cents; negative for a credit.
    cents: i64,
    /// In words.
    text: String,
    /// The order of a replacement or a number; null for blocks and credits.
    order: Option<u64>,
}

/// What a line of a bill is for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum BillLineKind {
    /// Blocks of slots.
    Blocks,
    /// A replacement.
    Replacement,
    /// A number that was bought, which its provider bills.
    Number,
    /// A credit.
    Credit,
}

impl From<ledger::BillLineKind> for BillLineKind {
    fn from(kind: ledger::BillLineKind) -> Self {
        match kind {
            ledger::BillLineKind::Blocks => BillLineKind::Blocks,
            ledger::BillLineKind::Replacement => BillLineKind::Replacement,
            ledger::BillLineKind::Number => BillLineKind::Number,
            ledger::BillLineKind::Credit => BillLineKind::Credit,
        }
    }
}

impl From<&ledger::BillLine> for BillLine {
    fn from(line: &ledger::BillLine) -> Self {
        BillLine {
            at: Time(line.at),
            kind: line.kind.into(),
            number: line.number.map(E164::from),
            cents: line.cents,
            text: line.text.clone(),
            order: line.order,
        }
    }
}
