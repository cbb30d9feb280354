//! The billing cycles that were charged between two times.

use crate::ledger::accounts::AccountProfile;
use crate::ledger::events::EventKind;
use crate::ledger::{Result, from_sql, to_sql};
use crate::prices::dollars;
use dialguard::calendar::{NaiveDate, cycle_starts_on};
use dialguard::contract::Timestamp;
use rusqlite::{Transaction, params};

/// The first date of each cycle, and US cents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChargedCycles(pub Vec<(NaiveDate, u64)>);

impl ChargedCycles {
    /// Those that began after `since`, by `now`.
    pub fn between(
        transaction: &Transaction,
        account: &AccountProfile,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Self> {
        let mut statement = transaction.prepare_cached(
            "SELECT at, cents FROM events WHERE account = ?1 AND kind = ?2 AND at > ?3 AND at <= ?4 ORDER BY at",
        )?;
        let charges = statement
            .query_map(params![account.key, EventKind::Charged.name(), to_sql(since), to_sql(now)], |row| {
                Ok((from_sql(row.get(0)?), from_sql(row.get(1)?)))
            })?;
        let charges: Vec<(Timestamp, u64)> = charges.collect::<rusqlite::Result<_>>()?;
        // A cycle is charged on the local date on which it begins; blocks that a user added are no cycle.
        let begins_a_cycle =
            |date: NaiveDate| (0..=account.cycle_index).any(|i| cycle_starts_on(account.added_on, i) == date);
        let dated = charges.into_iter().map(|(at, cents)| (account.local_date(at), cents));
        Ok(ChargedCycles(dated.filter(|(date, _)| begins_a_cycle(*date)).collect()))
    }

    pub fn cents(&self) -> u64 {
        self.0.iter().map(|(_, cents)| cents).sum()
    }

    /// In words.
    pub fn text(&self) -> String {
        let starts: Vec<_> = self.0.iter().map(|(starts_on, _)| starts_on.to_string()).collect();
        let cents = dollars(self.cents());
        match &starts[..] {
            [] => "No billing cycle was charged meanwhile.".into(),
            [only] => format!("Charged meanwhile: {cents} for the billing cycle from {only}."),
            [others @ .., last] => {
                format!("Charged meanwhile: {cents} for the billing cycles from {} and {last}.", others.join(", "))
            }
        }
    }
}
