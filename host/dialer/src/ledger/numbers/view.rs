//! The ledger as a policy reads it: the contract's `number-inventory` for one run.

use crate::ledger::accounts::AccountProfile;
use crate::ledger::accounts::days::rated_since;
use crate::ledger::accounts::slots::locked_slots;
use crate::ledger::calls::{sums, totals};
use crate::ledger::numbers::status::status_from_sql;
use crate::ledger::orders::grounds::replacements_counted;
use crate::ledger::orders::{rest, unknown};
use crate::ledger::{Ledger, LedgerError, Result, SLOTS_PER_BLOCK, asked_to_sql, from_sql, to_sql};
use crate::prices::BLOCK_PRICE_CENTS;
use dialguard::contract::{
    Account, CallTable, CallTotals, Candidate, CandidateTable, Error, FlagEvent, FlagTable, MonitoredNumber,
    MonitoredTable, NumberCalls, PhoneNumber, RestedTable, Timestamp,
};
use dialguard::dialer::NumberInventory;
use rusqlite::{Transaction, params};
use std::cmp::Reverse;
use std::sync::Arc;

/// The ledger at one revision of one account, for one run. If the account has changed, reads fail rather than mix two
/// revisions; the run is then made again.
pub struct AccountView {
    ledger: Arc<Ledger>,
    account: Arc<AccountProfile>,
    now: Timestamp,
    day_starts_at: Timestamp,
}

impl AccountView {
    /// The account at this revision; `now` is the run's clock.
    pub fn new(ledger: Arc<Ledger>, account: AccountProfile, now: Timestamp) -> Self {
        let day_starts_at = account.day(now).starts_at;
        AccountView { ledger, account: Arc::new(account), now, day_starts_at }
    }

    /// The same, as if today had begun at another time.
    pub(crate) fn with_day(self, day_starts_at: Timestamp) -> Self {
        AccountView { day_starts_at, ..self }
    }

    /// The account's candidates on hand in place of `like`, at most `limit`, closest first: imported ones, and its own that
    /// have rested.
    pub(crate) async fn on_hand(
        &self,
        id: &str,
        like: PhoneNumber,
        limit: usize,
    ) -> std::result::Result<Vec<Candidate>, Error> {
        self.read(id, move |transaction, key| {
            let mut statement = transaction.prepare_cached(
                "SELECT number, 0 FROM numbers WHERE account = ?1 AND state = 'candidate'
                 UNION ALL
                 SELECT number, 1 FROM numbers WHERE account = ?1 AND ready_since IS NOT NULL",
            )?;
            let candidates = statement.query_map([key], |row| {
                Ok(Candidate { number: from_sql(row.get(0)?), price_cents: 0, rested: row.get(1)? })
            })?;
            let mut candidates = candidates.collect::<rusqlite::Result<Vec<_>>>()?;
            closest_first(&mut candidates, like);
            candidates.truncate(limit);
            Ok(candidates)
        })
        .await
    }

    /// Of numbers on offer those that may be offered to the policy: no account has them, this one never released them, and
    /// they have not been unavailable in the past 30 days.
    pub(crate) async fn unknown(
        &self,
        id: &str,
        numbers: Vec<PhoneNumber>,
    ) -> std::result::Result<Vec<PhoneNumber>, Error> {
        let now = self.now;
        self.read(id, move |transaction, key| unknown(transaction, key, &numbers, now)).await
    }

    async fn read<T: Send + 'static>(
        &self,
        id: &str,
        read: impl FnOnce(&Transaction, i64) -> Result<T> + Send + 'static,
    ) -> std::result::Result<T, Error> {
        if id != self.account.id {
            return Err(Error::no_such_account(id));
        }
        let account = self.account.clone();
        let read = move |transaction: &Transaction| {
            let revision: i64 = transaction
                .prepare_cached("SELECT revision FROM accounts WHERE key = ?1")?
                .query_row([account.key], |row| row.get(0))?;
            if from_sql(revision) != account.revision {
                return Err(LedgerError::Stale(account.id.clone()));
            }
            read(transaction, account.key)
        };
        self.ledger.read_for_policy(read).await.map_err(|error| Error::unavailable(error.to_string()))
    }
}

#[async_trait::async_trait]
impl NumberInventory for AccountView {
    async fn account(&self, id: &str) -> std::result::Result<Account, Error> {
        let (account, day_starts_at) = (self.account.clone(), self.day_starts_at);
        self.read(id, move |transaction, key| {
            let replacements_today = replacements_counted(transaction, key, day_starts_at)?;
            Ok(Account {
                id: account.id.clone(),
                revision: account.revision,
                enabled: account.enabled,
                slot_count: account.slot_count,
                slot_count_next: account.slot_count_next,
                slots_per_block: SLOTS_PER_BLOCK,
                block_price_cents: BLOCK_PRICE_CENTS,
                cycle_starts_at: account.cycle_starts_at,
                cycle_ends_at: account.cycle_ends_at,
                day_starts_at,
                locked_slots: locked_slots(transaction, key)?,
                monitored_count: account.occupied,
                rated_today: rated_since(transaction, &account, day_starts_at)?,
                look_ups_today: account.looked_up_since(day_starts_at),
                replacements_today,
                guard_rails: account.settings.guard_rails,
                settings: account.settings.values.clone(),
            })
        })
        .await
    }

    async fn monitored(&self, id: &str, after: PhoneNumber, limit: u32) -> std::result::Result<MonitoredTable, Error> {
        let day_starts_at = self.day_starts_at;
        self.read(id, move |transaction, key| monitored(transaction, key, day_starts_at, after, limit)).await
    }

    async fn owned(&self, id: &str, mut numbers: Vec<PhoneNumber>) -> std::result::Result<Vec<PhoneNumber>, Error> {
        self.read(id, move |transaction, key| {
            numbers.sort_unstable();
            numbers.dedup();
            // A number that was acquired for an order is the order's until its slot has moved.
            let mut statement = transaction.prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM numbers WHERE number = ?2 AND account = ?1 AND state = 'owned')
                    AND NOT EXISTS (SELECT 1 FROM orders WHERE replacement = ?2 AND state <> 'abandoned'
                                       AND state NOT IN ('swapped', 'done'))",
            )?;
            let mut owned = Vec::new();
            for number in numbers.into_iter().filter(|number| i64::try_from(*number).is_ok()) {
                if statement.query_row(params![key, to_sql(number)], |row| row.get(0))? {
                    owned.push(number);
                }
            }
            Ok(owned)
        })
        .await
    }

    async fn candidates(&self, id: &str, like: PhoneNumber, limit: u32) -> std::result::Result<CandidateTable, Error> {
        Ok(self.on_hand(id, like, limit as usize).await?.into_iter().collect())
    }

    async fn rested(&self, id: &str) -> std::result::Result<RestedTable, Error> {
        let now = self.now;
        self.read(id, move |transaction, key| rest::rested(transaction, key, now)).await
    }

    /// Empty columns as long as nothing is known of any number's calls.
    async fn calls(
        &self,
        id: &str,
        numbers: Vec<PhoneNumber>,
        since: Timestamp,
    ) -> std::result::Result<CallTable, Error> {
        self.read(id, move |transaction, key| match totals(transaction, key, since)?.attempts {
            0 => Ok(CallTable::new()),
            _ => Ok(sums(transaction, key, &numbers, since)?.into_iter().map(number_calls).collect()),
        })
        .await
    }

    async fn calls_in_all(&self, id: &str, since: Timestamp) -> std::result::Result<CallTotals, Error> {
        self.read(id, move |transaction, key| totals(transaction, key, since)).await
    }

    async fn flag_events(&self, id: &str, since: Timestamp) -> std::result::Result<FlagTable, Error> {
        self.read(id, move |transaction, key| {
            let mut statement = transaction.prepare_cached(
                "SELECT number, at FROM events
                  WHERE account = ?1 AND kind = 'turned-flagged' AND at >= ?2 ORDER BY at, id",
            )?;
            let events = statement.query_map(params![key, to_sql(since)], |row| {
                Ok(FlagEvent { number: from_sql(row.get(0)?), at: from_sql(row.get(1)?) })
            })?;
            Ok(events.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }
}

/// A number makes at most a million calls an hour, and the hours of 60 days are kept.
fn number_calls(CallTotals { attempts, answered, short, blocked }: CallTotals) -> NumberCalls {
    let [attempts, answered, short, blocked] =
        [attempts, answered, short, blocked].map(|calls| u32::try_from(calls).unwrap_or(u32::MAX));
    NumberCalls { attempts, answered, short, blocked }
}

/// A late rating counts for the day before, so it is shown as made before the day began.
fn monitored(
    transaction: &Transaction,
    key: i64,
    day_starts_at: Timestamp,
    after: PhoneNumber,
    limit: u32,
) -> Result<MonitoredTable> {
    let mut statement = transaction.prepare_cached(
        "SELECT number, slot, status, status_since, monitored_since, flagging_checks, clearing_checks,
                iif(rated_day < ?4, min(last_rated_at, ?4 - 1), last_rated_at),
                EXISTS (SELECT 1 FROM replacements_under_way AS way WHERE way.number = monitored.number), evidence_until,
                resting_since, (SELECT since FROM suspects WHERE suspects.number = monitored.number)
           FROM monitored WHERE account = ?1 AND number > ?2 ORDER BY number LIMIT ?3",
    )?;
    let after = asked_to_sql(after);
    let numbers = statement.query_map(params![key, after, limit, to_sql(day_starts_at)], |row| {
        Ok(MonitoredNumber {
            number: from_sql(row.get(0)?),
            slot: row.get(1)?,
            status: status_from_sql(row.get(2)?),
            status_since: from_sql(row.get(3)?),
            monitored_since: from_sql(row.get(4)?),
            flagging_checks: row.get(5)?,
            clearing_checks: row.get(6)?,
            last_rated_at: row.get::<_, Option<i64>>(7)?.map(from_sql),
            evidence_until: row.get::<_, Option<i64>>(9)?.map(from_sql),
            suspect_since: row.get::<_, Option<i64>>(11)?.map(from_sql),
            resting_since: row.get::<_, Option<i64>>(10)?.map(from_sql),
            replacement_pending: row.get(8)?,
        })
    })?;
    Ok(numbers.collect::<rusqlite::Result<_>>()?)
}

/// The contract's order of candidates: most leading digits shared with `like`, then the account's own, then the lower price,
/// then the lower number.
pub(crate) fn closest_first(candidates: &mut [Candidate], like: PhoneNumber) {
    let like = like.to_string();
    candidates.sort_by_cached_key(|Candidate { number, price_cents, rested }| {
        let shared = number.to_string().bytes().zip(like.bytes()).take_while(|(a, b)| a == b).count();
        (Reverse(shared), !rested, *price_cents, *number)
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_come_closest_first_then_own_then_cheaper_then_lower_ones() {
        let in_order = [
            (13_105_550_199, 115, false),
            (13_105_559_999, 0, true),
            (13_105_558_888, 0, false),
            (13_105_557_777, 100, false),
            (13_105_557_778, 100, false),
            (13_105_556_666, 115, false),
            (12_125_550_100, 0, true),
            (442_071_234_567, 0, true),
        ];
        let candidate = |(number, price_cents, rested)| Candidate { number, price_cents, rested };
        let expected: Vec<_> = in_order.into_iter().map(candidate).collect();
        for turned in 0..expected.len() {
            let mut offered = expected.clone();
            offered.rotate_left(turned);
            offered.reverse();
            closest_first(&mut offered, 13_105_550_100);
            assert_eq!(offered, expected);
        }
    }
}
