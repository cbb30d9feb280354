//! Slots: occupied by a number, locked until an instant, or free.

use crate::ledger::accounts::profile;
use crate::ledger::{Ledger, Result, from_sql, to_sql};
use crate::phone::e164;
use dialguard::contract::{PhoneNumber, SlotClosing, SlotId, SlotLock, Timestamp};
use rusqlite::{Transaction, params};

impl Ledger {
    /// The account's locked slots, in ascending order.
    pub fn locked_slots(&self, id: &str) -> Result<Vec<SlotLock>> {
        self.read(|transaction| {
            let account = profile(transaction, id)?;
            locked_slots(transaction, account.key)
        })
    }
}

pub(in crate::ledger) fn locked_slots(transaction: &Transaction, key: i64) -> Result<Vec<SlotLock>> {
    let mut statement =
        transaction.prepare_cached("SELECT slot, until FROM slot_locks WHERE account = ?1 ORDER BY slot")?;
    let locks = statement.query_map([key], |row| Ok(SlotLock { slot: row.get(0)?, until: from_sql(row.get(1)?) }))?;
    Ok(locks.collect::<rusqlite::Result<_>>()?)
}

/// The number takes the slot and starts pending.
pub(in crate::ledger) fn occupy(
    transaction: &Transaction,
    account: i64,
    number: PhoneNumber,
    slot: SlotId,
    now: Timestamp,
) -> Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO monitored (account, number, slot, status, status_since, monitored_since, flagging_checks,
                                    clearing_checks)
             VALUES (?1, ?2, ?3, 0, ?4, ?4, 0, 0)",
        )?
        .execute(params![account, to_sql(number), slot, to_sql(now)])?;
    // Its first check is due.
    transaction.prepare_cached("UPDATE accounts SET check_next_at = 0 WHERE key = ?1")?.execute([account])?;
    Ok(())
}

/// The number leaves its slot, which stays locked.
pub(in crate::ledger) fn lock(transaction: &Transaction, account: i64, closing: &SlotClosing) -> Result<()> {
    let left = transaction
        .prepare_cached("DELETE FROM monitored WHERE account = ?1 AND number = ?2 AND slot = ?3")?
        .execute(params![account, to_sql(closing.number), closing.slot])?;
    assert_eq!(left, 1, "{} is not in slot {}, though the account did not change", e164(closing.number), closing.slot);
    transaction
        .prepare_cached("INSERT INTO slot_locks (account, slot, until, number) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![account, closing.slot, to_sql(closing.until), to_sql(closing.number)])?;
    Ok(())
}
