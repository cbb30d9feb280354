//! Requests that bring a key along, and what they were answered: one that is sent again is not done again.

use crate::ledger::{Ledger, LedgerError, Result, from_sql, to_sql};
use dialguard::contract::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};

/// How long a key is known, in seconds: 24 hours.
pub const KEYS_KEPT_SECONDS: u64 = 24 * 60 * 60;

/// Keys of a caller that are known at a time, at most: one every 4 seconds.
const KEYS_OF_CALLER_MAX: u64 = 20_000;

/// Bytes of the answers that are kept for a caller; beyond that the oldest are forgotten, and their keys are not.
const ANSWERS_BYTES_MAX: i64 = 64 << 20;

/// A request by its key, which is the caller's own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KeyedRequest {
    /// Who asks, and what that caller may do.
    pub caller: String,
    /// The caller's key.
    pub key: String,
    /// SHA-256 of the request.
    pub request: [u8; 32],
}

/// What was answered to a request that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    /// The HTTP status, 200 to 299.
    pub status: u16,
    /// The `Location` of the created resource.
    pub location: Option<String>,
    /// The body; none if it contained a secret, or newer answers needed its room.
    pub body: Option<Vec<u8>>,
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyState {
    /// The key is new, and belongs to this request from now on.
    New,
    /// The key belongs to another request.
    AnotherRequest,
    /// This request was begun, and no answer is on record.
    Unfinished,
    /// This request was done.
    Done(StoredAnswer),
}

impl Ledger {
    /// Begins a request with a key, unless the key is known. Forgets keys that are older than [`KEYS_KEPT_SECONDS`].
    /// Refuses a new key of a caller who has 20,000.
    pub fn begin_keyed_request(&self, asked: &KeyedRequest, now: Timestamp) -> Result<KeyState> {
        self.change(|transaction| {
            transaction
                .prepare_cached("DELETE FROM keyed_requests WHERE begun_at <= ?1")?
                .execute([to_sql(now) - to_sql(KEYS_KEPT_SECONDS)])?;
            let known = transaction
                .prepare_cached(
                    "SELECT request, status, location, body FROM keyed_requests WHERE caller = ?1 AND key = ?2",
                )?
                .query_row([&asked.caller, &asked.key], |row| {
                    if row.get::<_, [u8; 32]>(0)? != asked.request {
                        return Ok(KeyState::AnotherRequest);
                    }
                    let status: Option<u16> = row.get(1)?;
                    let (location, body) = (row.get(2)?, row.get(3)?);
                    Ok(status
                        .map_or(KeyState::Unfinished, |status| KeyState::Done(StoredAnswer { status, location, body })))
                })
                .optional()?;
            if let Some(known) = known {
                return Ok(known);
            }
            ensure_room_for_key(transaction, &asked.caller)?;
            transaction
                .prepare_cached("INSERT INTO keyed_requests (caller, key, request, begun_at) VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![asked.caller, asked.key, asked.request, to_sql(now)])?;
            Ok(KeyState::New)
        })
    }

    /// Keeps the answer to a request that was done.
    pub fn keep_answer(&self, asked: &KeyedRequest, answer: &StoredAnswer) -> Result<()> {
        self.change(|transaction| {
            transaction
                .prepare_cached(
                    "UPDATE keyed_requests SET status = ?3, location = ?4, body = ?5 WHERE caller = ?1 AND key = ?2",
                )?
                .execute(params![asked.caller, asked.key, answer.status, answer.location, answer.body])?;
            make_room(transaction, &asked.caller)
        })
    }

    /// The request changed nothing: its key is free again.
    pub fn forget_keyed_request(&self, asked: &KeyedRequest) -> Result<()> {
        self.change(|transaction| {
            transaction
                .prepare_cached("DELETE FROM keyed_requests WHERE caller = ?1 AND key = ?2")?
                .execute([&asked.caller, &asked.key])?;
            Ok(())
        })
    }
}

fn ensure_room_for_key(transaction: &Transaction, caller: &str) -> Result<()> {
    let mut known = transaction.prepare_cached("SELECT keys FROM keyed_callers WHERE caller = ?1")?;
    let keys: Option<i64> = known.query_row([caller], |row| row.get(0)).optional()?;
    if keys.map_or(0, from_sql) < KEYS_OF_CALLER_MAX {
        return Ok(());
    }
    let message = format!("{KEYS_OF_CALLER_MAX} idempotency keys were used within 24 hours, which is the maximum");
    Err(LedgerError::Refused(message))
}

/// Forgets the caller's oldest answers until the others fit.
fn make_room(transaction: &Transaction, caller: &str) -> Result<()> {
    let mut kept = transaction.prepare_cached("SELECT bytes FROM keyed_callers WHERE caller = ?1")?;
    while kept.query_row([caller], |row| row.get::<_, i64>(0)).optional()?.unwrap_or(0) > ANSWERS_BYTES_MAX {
        transaction
            .prepare_cached(
                "UPDATE keyed_requests SET body = NULL
                  WHERE caller = ?1 AND key = (SELECT key FROM keyed_requests WHERE caller = ?1 AND body IS NOT NULL
                                                ORDER BY caller, begun_at LIMIT 1)",
            )?
            .execute([caller])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(caller: &str, key: u64) -> KeyedRequest {
        KeyedRequest { caller: caller.into(), key: key.to_string(), request: [0; 32] }
    }

    fn ledger() -> (tempfile::TempDir, Ledger) {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open_or_create(folder.path()).unwrap();
        (folder, ledger)
    }

    #[test]
    fn a_caller_has_so_many_keys_a_day_and_no_more() {
        let (_folder, ledger) = ledger();
        let fill = format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {KEYS_OF_CALLER_MAX})
             INSERT INTO keyed_requests (caller, key, request, begun_at) SELECT 'one', i, zeroblob(32), 1000 FROM n"
        );
        ledger.change(|transaction| Ok(transaction.execute(&fill, [])?)).unwrap();
        let begin = |caller, key, now| ledger.begin_keyed_request(&asked(caller, key), now);
        let refused = begin("one", KEYS_OF_CALLER_MAX + 1, 1_001).unwrap_err();
        assert!(refused.to_string().contains("20000 idempotency keys"), "{refused}");
        assert_eq!(begin("one", 1, 1_001).unwrap(), KeyState::Unfinished);
        assert_eq!(begin("other", 1, 1_001).unwrap(), KeyState::New);
        assert_eq!(begin("one", KEYS_OF_CALLER_MAX + 1, 1_001 + KEYS_KEPT_SECONDS).unwrap(), KeyState::New);
    }
}
