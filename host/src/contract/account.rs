//! An account as a dialer gives it: its settings by name, for whatever policy.

use super::*;
use crate::settings::{Settings, values};
use serde::{Deserialize, Serialize};

/// One customer of the dialer, as of `revision`. The contract's record, except that it has the settings by name: the sandbox
/// passes each policy the values of those that it declares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The id that was asked for.
    pub id: AccountId,
    /// Rises with every change to the account, its numbers or its settings; a plan names the one it was made from.
    pub revision: u64,
    /// Whether the reputation add-on is on. While it is off nothing is checked, started or bought.
    pub enabled: bool,
    /// Slots bought for the current billing cycle: a whole number of blocks.
    pub slot_count: u32,
    /// Slots from the next cycle on; below `slot_count` if the account gives up blocks, else the same.
    pub slot_count_next: u32,
    /// Slots in a block, 1 and up (15 in the product).
    pub slots_per_block: u32,
    /// Price of a block for a cycle, in US cents (4,900 in the product).
    pub block_price_cents: u32,
    /// When the current cycle began.
    pub cycle_starts_at: Timestamp,
    /// When the current cycle ends, after now: locked slots become free and fewer blocks take effect.
    pub cycle_ends_at: Timestamp,
    /// When the account's current local date began. What was rated or replaced since then was so today.
    pub day_starts_at: Timestamp,
    /// Slots whose number was removed, in ascending order of slot, each once. A lock whose time has come counts as free.
    pub locked_slots: Vec<SlotLock>,
    /// Slots that a number occupies.
    pub monitored_count: u32,
    /// Distinct numbers rated since `day_starts_at`, those that have left since included.
    pub rated_today: u32,
    /// Numbers looked up for reviews of the account since `day_starts_at`, as often as each was.
    pub look_ups_today: u32,
    /// Automatic replacements ordered since `day_starts_at`.
    pub replacements_today: u32,
    /// What limits a policy; [`check`](crate::check::check) enforces it.
    pub guard_rails: GuardRails,
    /// What people have set.
    pub settings: Settings,
}

impl Account {
    /// As a policy reads it that declares these settings.
    pub(crate) fn for_policy(&self, declared: &[Setting]) -> imports::types::Account {
        let settings = values(declared, &self.settings);
        let Account {
            id,
            revision,
            enabled,
            slot_count,
            slot_count_next,
            slots_per_block,
            block_price_cents,
            cycle_starts_at,
            cycle_ends_at,
            day_starts_at,
            locked_slots,
            monitored_count,
            rated_today,
            look_ups_today,
            replacements_today,
            guard_rails,
            settings: _,
        } = self.clone();
        imports::types::Account {
            id,
            revision,
            enabled,
            slot_count,
            slot_count_next,
            slots_per_block,
            block_price_cents,
            cycle_starts_at,
            cycle_ends_at,
            day_starts_at,
            locked_slots,
            monitored_count,
            rated_today,
            look_ups_today,
            replacements_today,
            guard_rails,
            settings,
        }
    }
}
