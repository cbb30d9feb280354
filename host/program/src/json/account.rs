//! Accounts, their figures and what they cost.

use super::{Settings, Time};
use dialguard::contract;
use dialguard_dialer::ledger::{self, AccountProfile, Ledger, LedgerError, MarkCounts, SLOTS_PER_BLOCK};
use dialguard_dialer::prices::{BLOCK_PRICE_CENTS, REPLACEMENT_PRICE_CENTS, price_cents};
use dialguard_dialer::settings::Declaration;
use dialguard_dialer::sources::costs::LookUpCosts;
use serde::Serialize;
use utoipa::ToSchema;

/// An account in its current billing cycle.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Account {
    /// The dialer's own name for it.
    #[schema(example = "acme")]
    id: String,
    /// Whether the reputation add-on is on. While it is off, nothing is checked, started or bought.
    enabled: bool,
    /// When the account was closed; null if it is not. A closed account can only be read.
    closed_at: Option<Time>,
    /// Rises with every change.
    revision: u64,
    /// Time zone of its dates and billing cycles, from the tz database.
    #[schema(example = "America/New_York")]
    time_zone: String,
    /// Country whose national format its numbers may be written in: ISO 3166-1.
    #[schema(example = "US")]
    region: String,
    /// Local time of its daily review.
    #[schema(example = "06:00")]
    review_at: String,
    /// Blocks bought for the current cycle.
    blocks: u32,
    /// Slots bought for the current cycle: `blocks` times `slots-per-block`.
    slot_count: u32,
    /// Slots from the next cycle on.
    slot_count_next: u32,
    /// Slots in a block.
    #[schema(example = 15)]
    slots_per_block: u32,
    /// Monthly price of a block, in US cents.
    #[schema(example = 4900)]
    block_price_cents: u32,
    /// Monthly price of the account's blocks, in US cents.
    #[schema(example = 4900)]
    price_cents: u64,
    /// Slots with a number.
    occupied: u32,
    /// Slots locked until the cycle ends.
    locked: u32,
    /// When the current cycle began.
    cycle_starts_at: Time,
    /// When it ends: locked slots become free, and a smaller number of blocks takes effect.
    cycle_ends_at: Time,
    /// The provider that replacements are bought from; null if they are candidates on hand.
    provider: Option<String>,
    /// Area codes for a replacement if the number's own has too few: `none`, `anywhere`, or a list.
    #[schema(example = "213,424")]
    areas: String,
    /// Most that may be spent on numbers in a local day, in US cents.
    day_cap_cents: u32,
    /// Most that may be spent on numbers in a billing cycle, in US cents.
    cycle_cap_cents: u32,
    /// Price of a replacement in addition to the number, in US cents.
    #[schema(example = 400)]
    replacement_price_cents: u64,
    #[serde(flatten)]
    spending: Spending,
    look_ups: LookUps,
    /// What counts for it under the active policy.
    settings: Settings,
}

impl Account {
    /// The account as of this time.
    pub fn read(
        ledger: &Ledger,
        account: &AccountProfile,
        declaration: &Declaration,
        now: contract::Timestamp,
    ) -> Result<Self, LedgerError> {
        Ok(Account {
            id: account.id.clone(),
            enabled: account.enabled,
            closed_at: account.closed_at.map(Time),
            revision: account.revision,
            time_zone: account.time_zone.name().into(),
            region: account.region.to_string(),
            review_at: account.review_at.format("%H:%M").to_string(),
            blocks: account.blocks(),
            slot_count: account.slot_count,
            slot_count_next: account.slot_count_next,
            slots_per_block: SLOTS_PER_BLOCK,
            block_price_cents: BLOCK_PRICE_CENTS,
            price_cents: price_cents(account.blocks()),
            occupied: account.occupied,
            locked: account.locked,
            cycle_starts_at: Time(account.cycle_starts_at),
            cycle_ends_at: Time(account.cycle_ends_at),
            provider: account.buying.provider.clone(),
            areas: account.buying.areas.to_string(),
            day_cap_cents: account.buying.day_cents_max,
            cycle_cap_cents: account.buying.cycle_cents_max,
            replacement_price_cents: REPLACEMENT_PRICE_CENTS,
            spending: Spending::read(ledger, account, now)?,
            look_ups: LookUps::from(&LookUpCosts::of(ledger, &account.id, now)?),
            settings: Settings::new(declaration, &account.settings),
        })
    }

    /// What it has cost.
    pub fn spending(&self) -> Spending {
        self.spending
    }
}

/// What an account has cost.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Spending {
    /// Charged in this billing cycle, in US cents: blocks, and replacements at `replacement-price-cents` each.
    pub charged_in_cycle_cents: u64,
    /// Of that, the blocks of a cycle that has begun since the account was last changed: recorded with its next change.
    pub due_in_cycle_cents: u64,
    /// Credited in this billing cycle, in US cents.
    pub credited_in_cycle_cents: u64,
    /// Charged less credited in this billing cycle, in US cents; negative if a credit is for an earlier one.
    pub balance_in_cycle_cents: i64,
    /// Spent on numbers in the local day, in US cents; at most `day-cap-cents`.
    pub spent_today_cents: u64,
    /// Spent on numbers in this billing cycle, in US cents; at most `cycle-cap-cents`.
    pub spent_in_cycle_cents: u64,
}

impl Spending {
    /// As of this time.
    pub fn read(ledger: &Ledger, account: &AccountProfile, now: contract::Timestamp) -> Result<Self, LedgerError> {
        Spending::after(ledger, account, now, &ledger.bill(&account.id, now)?)
    }

    /// The same with this bill.
    pub fn after(
        ledger: &Ledger,
        account: &AccountProfile,
        now: contract::Timestamp,
        bill: &ledger::Bill,
    ) -> Result<Self, LedgerError> {
        let ledger::Spending { day_cents, cycle_cents } = ledger.spending(&account.id, now)?;
        Ok(Spending {
            charged_in_cycle_cents: bill.charged_cents,
            due_in_cycle_cents: bill.due_cents,
            credited_in_cycle_cents: bill.credited_cents,
            balance_in_cycle_cents: bill.balance_cents(),
            spent_today_cents: day_cents,
            spent_in_cycle_cents: cycle_cents,
        })
    }
}

/// How old the account's ratings are, and what it costs to look its numbers up.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct LookUps {
    /// Numbers looked up for reviews on the account's present date, as often as each was.
    today: u32,
    /// Monitored numbers that were never rated.
    never_rated: u32,
    /// When the number was rated whose rating is the oldest; null if none was rated.
    oldest_rated_at: Option<Time>,
    /// What asking every source about one number costs, in millionths of a US dollar. Answers that are still fresh cost
    /// nothing, which is left aside here.
    #[schema(example = 100000)]
    number_micros: u64,
    /// What asking every source about every monitored number in a day would cost, in millionths of a US dollar.
    #[schema(example = 1500000)]
    day_micros: u64,
    /// The same for each of 30 days.
    #[schema(example = 45000000)]
    month_micros: u64,
}

impl From<&LookUpCosts> for LookUps {
    fn from(costs: &LookUpCosts) -> Self {
        LookUps {
            today: costs.ages.looked_up_today,
            never_rated: costs.ages.never_rated,
            oldest_rated_at: costs.ages.oldest_rated_at.map(Time),
            number_micros: costs.number_micros,
            day_micros: costs.day_micros(),
            month_micros: costs.month_micros(),
        }
    }
}

/// What a change of an account would cost.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ChangePrice {
    /// Charged at once, in US cents.
    charged_now_cents: u64,
    /// Charged for each billing cycle from the next one on, in US cents.
    charged_per_cycle_cents: u64,
    /// Whether the reputation add-on would be on.
    enabled: bool,
    /// Blocks for the current cycle.
    blocks: u32,
    /// Blocks from the next cycle on.
    blocks_next: u32,
    /// When the current cycle ends.
    cycle_ends_at: Time,
}

impl From<&ledger::ChangePrice> for ChangePrice {
    fn from(price: &ledger::ChangePrice) -> Self {
        ChangePrice {
            charged_now_cents: price.now_cents,
            charged_per_cycle_cents: price.next_cents,
            enabled: price.enabled,
            blocks: price.blocks,
            blocks_next: price.blocks_next,
            cycle_ends_at: Time(price.cycle_ends_at),
        }
    }
}

/// An account's slots and numbers, counted by the policy.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Usage {
    /// Slots bought for the current cycle.
    slots: u32,
    /// Slots with a number: the sum of the four statuses.
    occupied: u32,
    /// Slots locked until the cycle ends.
    locked: u32,
    /// Monitored numbers not yet rated.
    pending: u32,
    /// Monitored numbers that no carrier flags.
    clean: u32,
    /// Of the clean ones, those with an older rating: the latest check that is due has not rated them.
    stale_clean: u32,
    /// Monitored numbers that some carrier flags.
    at_risk: u32,
    /// Monitored numbers that most carriers flag.
    flagged: u32,
    /// Monitored numbers with an older rating, whatever their status.
    stale: u32,
    /// Monitored numbers that are suspect for how their calls went.
    suspect: u32,
    /// Monitored numbers that the dialer does not use for now.
    resting: u32,
    /// Numbers that turned flagged in the past 24 hours, including those replaced or deleted since.
    flagged_past_day: u32,
    /// The same for the past 7 days.
    flagged_past_week: u32,
}

impl Usage {
    /// The policy's figures, and what the marks rest on.
    pub fn new(usage: &contract::Usage, marks: &MarkCounts) -> Self {
        Usage {
            slots: usage.slots,
            occupied: usage.occupied,
            locked: usage.locked,
            pending: usage.pending,
            clean: usage.clean,
            stale_clean: marks.stale_clean,
            at_risk: usage.at_risk,
            flagged: usage.flagged,
            stale: marks.stale,
            suspect: usage.suspect,
            resting: usage.resting,
            flagged_past_day: usage.flagged_past_day,
            flagged_past_week: usage.flagged_past_week,
        }
    }
}
