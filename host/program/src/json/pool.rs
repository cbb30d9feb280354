//! An account's pool: numbers in use, those that rest, and those that are ready to replace others.

use super::{E164, Time};
use dialguard_dialer::ledger::{self, PoolStanding, PooledNumber};
use serde::Serialize;
use utoipa::ToSchema;

/// How many numbers an account has in its pool, what that saves, and those without a slot.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Pool {
    /// Monitored numbers that the dialer uses.
    in_use: u32,
    /// Monitored numbers that it does not use for now: flagged, without a clean number to take their place.
    out_of_use: u32,
    /// Replaced numbers that rest, or are being given back to their provider.
    resting: u32,
    /// Numbers that have rested and may replace others, for $0.00 at the provider.
    ready: u32,
    /// Replacements of the past 365 days by numbers of the account's own that had rested.
    replaced_by_own: u32,
    /// Replacements of the past 365 days by numbers that were bought.
    replaced_by_bought: u32,
    /// What those numbers cost together, in US cents.
    bought_cents: u64,
    /// What buying a number each time would have cost in addition, in US cents: `replaced-by-own` times the average price
    /// of the numbers that were bought. 0 if none was bought.
    saving_cents: u64,
    /// Those that rest or are ready, in the order of the number.
    numbers: Vec<RestingNumber>,
    /// `after` of the request for the next part; null if this is the last.
    next: Option<String>,
}

impl Pool {
    pub fn new(pool: &ledger::Pool, numbers: &[PooledNumber], next: Option<String>) -> Self {
        Pool {
            in_use: pool.in_use,
            out_of_use: pool.out_of_use,
            resting: pool.resting,
            ready: pool.ready,
            replaced_by_own: pool.saving.by_own,
            replaced_by_bought: pool.saving.by_bought,
            bought_cents: pool.saving.bought_cents,
            saving_cents: pool.saving.cents(),
            numbers: numbers.iter().map(RestingNumber::from).collect(),
            next,
        }
    }
}

/// A number of the pool that has no slot.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct RestingNumber {
    number: E164,
    state: PoolState,
    /// Since when.
    since: Time,
    /// Until when it rests, under the account's present settings; null unless it rests.
    until: Option<Time>,
    /// The rests that it had ended before this one; null unless it rests.
    rests: Option<u8>,
}

/// How a number stands in the pool.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum PoolState {
    /// It rests. After that the policy offers it again, lets it rest on, or gives it back.
    Resting,
    /// It has rested, and is being given back to its provider; without one, it leaves the account.
    GivenBack,
    /// It has rested, and may replace another number.
    Ready,
}

impl From<&PooledNumber> for RestingNumber {
    fn from(pooled: &PooledNumber) -> Self {
        let (state, until, rests) = match pooled.standing {
            PoolStanding::Resting { until, rests } => (PoolState::Resting, Some(Time(until)), Some(rests)),
            PoolStanding::GivenBack => (PoolState::GivenBack, None, None),
            PoolStanding::Ready => (PoolState::Ready, None, None),
        };
        RestingNumber { number: pooled.number.into(), state, since: Time(pooled.since), until, rests }
    }
}
