//! What an account's look-ups cost, and how old its ratings are.

use super::lookups::look_up_budget;
use crate::ledger::{Ledger, LedgerError, RatingAges};
use dialguard::contract::Timestamp;

/// Days of a month, in what look-ups of a month would cost.
const MONTH_DAYS: u64 = 30;

/// What it costs to look up an account's monitored numbers, and how far behind that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookUpCosts {
    /// How old the account's ratings are.
    pub ages: RatingAges,
    /// What asking every source about one number costs, in millionths of a US dollar, fresh answers left aside.
    pub number_micros: u64,
}

impl LookUpCosts {
    /// What the account's look-ups cost at `now`.
    pub fn of(ledger: &Ledger, id: &str, now: Timestamp) -> Result<Self, LedgerError> {
        let prices = ledger.sources()?.into_iter().filter_map(|source| look_up_budget(&source));
        let number_micros = prices.fold(0_u64, |sum, budget| sum.saturating_add(budget.price_micros));
        Ok(LookUpCosts { ages: ledger.rating_ages(id, now)?, number_micros })
    }

    /// What it would cost to look up every monitored number with every source in a day.
    pub fn day_micros(&self) -> u64 {
        self.number_micros.saturating_mul(self.ages.monitored.into())
    }

    /// The same for each of 30 days.
    ///
    /// ```
    /// use dialguard_dialer::ledger::RatingAges;
    /// use dialguard_dialer::sources::costs::LookUpCosts;
    ///
    /// let ages = RatingAges { monitored: 15, never_rated: 0, oldest_rated_at: None, looked_up_today: 0 };
    /// let costs = LookUpCosts { ages, number_micros: 100_000 }; // $0.10 a number
    /// assert_eq!((costs.day_micros(), costs.month_micros()), (1_500_000, 45_000_000));
    /// ```
    pub fn month_micros(&self) -> u64 {
        self.day_micros().saturating_mul(MONTH_DAYS)
    }
}
