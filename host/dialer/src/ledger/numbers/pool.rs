//! The account's pool: numbers in use, those that rest, and those that have rested and are ready to replace another.

use crate::ledger::accounts::profile;
use crate::ledger::orders::rest::rests_until;
use crate::ledger::{Ledger, Result, asked_to_sql, from_sql, to_sql};
use dialguard::contract::{PhoneNumber, Timestamp};
use rusqlite::params;

/// How far back the saving looks, in seconds: 365 days.
const SAVING_SECONDS: u64 = 365 * 86_400;

/// How many numbers an account has in its pool, and what it saves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool {
    /// Monitored numbers that the dialer uses.
    pub in_use: u32,
    /// Monitored numbers that it does not use for now.
    pub out_of_use: u32,
    /// Replaced numbers that rest, or are being given back.
    pub resting: u32,
    /// Numbers that have rested and may take another's place.
    pub ready: u32,
    /// What the past 365 days saved.
    pub saving: Saving,
}

/// Replacements of the past 365 days, by where the new number came from. Those imported as candidates are neither.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Saving {
    /// Replacements by numbers of the account's own, which had rested.
    pub by_own: u32,
    /// Replacements by numbers that were bought.
    pub by_bought: u32,
    /// What those cost together, in US cents.
    pub bought_cents: u64,
}

impl Saving {
    /// What the account would have paid in addition, in US cents, if it had bought a number each time: the replacements by
    /// its own numbers at what bought ones cost on average. Nothing if none was bought, because then no price is known.
    ///
    /// ```
    /// use dialguard_dialer::ledger::Saving;
    /// let saving = Saving { by_own: 3, by_bought: 2, bought_cents: 230 };
    /// assert_eq!(saving.cents(), 3 * 115);
    /// assert_eq!(Saving { by_bought: 0, bought_cents: 0, ..saving }.cents(), 0);
    /// ```
    pub fn cents(&self) -> u64 {
        (u64::from(self.by_own) * self.bought_cents).checked_div(self.by_bought.into()).unwrap_or(0)
    }
}

/// A number of the pool that has no slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PooledNumber {
    /// The number.
    pub number: PhoneNumber,
    /// Whether it rests or is ready.
    pub standing: PoolStanding,
    /// Since when.
    pub since: Timestamp,
}

/// How a number without a slot stands in the pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoolStanding {
    /// It rests. What becomes of it after that is the policy's to say.
    Resting {
        /// Until when, as long as the account's settings stay as they are.
        until: Timestamp,
        /// Rests that it has ended before.
        rests: u8,
    },
    /// It has rested, and is being given back to its provider; without one, it leaves the account.
    GivenBack,
    /// It has rested, and may take another's place.
    Ready,
}

impl Ledger {
    /// How many numbers the account has in its pool, and what that saves.
    pub fn pool(&self, id: &str, now: Timestamp) -> Result<Pool> {
        self.read(|transaction| {
            let account = profile(transaction, id)?;
            let count = |sql: &str| -> Result<u32> {
                Ok(transaction.prepare_cached(sql)?.query_row([account.key], |row| row.get(0))?)
            };
            let out_of_use = count("SELECT count(*) FROM monitored WHERE account = ?1 AND resting_since IS NOT NULL")?;
            let saving = transaction
                .prepare_cached(
                    "SELECT count(*) FILTER (WHERE has_rested), count(price_cents), ifnull(sum(price_cents), 0)
                       FROM orders WHERE account = ?1 AND swapped_at > ?2",
                )?
                .query_row(params![account.key, to_sql(now.saturating_sub(SAVING_SECONDS))], |row| {
                    Ok(Saving { by_own: row.get(0)?, by_bought: row.get(1)?, bought_cents: from_sql(row.get(2)?) })
                })?;
            Ok(Pool {
                in_use: account.occupied - out_of_use,
                out_of_use,
                resting: count("SELECT count(*) FROM orders WHERE account = ?1 AND state = 'swapped'")?,
                ready: count("SELECT count(*) FROM numbers WHERE account = ?1 AND ready_since IS NOT NULL")?,
                saving,
            })
        })
    }

    /// The account's numbers above `above` (0: from the start) that rest or are ready, in ascending order, at most `limit`.
    pub fn pooled_numbers(&self, id: &str, above: PhoneNumber, limit: u32) -> Result<Vec<PooledNumber>> {
        self.read(|transaction| {
            let account = profile(transaction, id)?;
            let mut statement = transaction.prepare_cached(
                "SELECT number, resting_since, rests, gives_back, 0 FROM orders
                  WHERE account = ?1 AND state = 'swapped' AND number > ?2
                 UNION ALL
                 SELECT number, ready_since, 0, 0, 1 FROM numbers
                  WHERE account = ?1 AND ready_since IS NOT NULL AND number > ?2
                  ORDER BY number LIMIT ?3",
            )?;
            let numbers = statement.query_map(params![account.key, asked_to_sql(above), limit], |row| {
                let since = from_sql(row.get(1)?);
                let standing = match (row.get(4)?, row.get(3)?) {
                    (true, _) => PoolStanding::Ready,
                    (false, true) => PoolStanding::GivenBack,
                    (false, false) => {
                        PoolStanding::Resting { until: rests_until(since, &account.settings), rests: row.get(2)? }
                    }
                };
                Ok(PooledNumber { number: from_sql(row.get(0)?), standing, since })
            })?;
            Ok(numbers.collect::<rusqlite::Result<_>>()?)
        })
    }
}
