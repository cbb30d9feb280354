//! What is on record of a run for a time: its recording and the carriers' answers. Both are forgotten by their age and by
//! their bytes, so that no policy and no user fills the disk.
//!
//! A recording that is too large is not kept, because the run itself is good: the review of a million numbers is applied,
//! and cannot be replayed. If an account's records take more room than it has, requests and extra reviews are forgotten
//! before the daily reviews, and the oldest of each first. The run says what became of its recording.

use crate::ledger::runs::answers::{self, AnswerParts};
use crate::ledger::runs::plans::RunRecord;
use crate::ledger::runs::recordings;
use crate::ledger::{Result, to_sql};
use dialguard::contract::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};

/// How much of an account's runs stays on record, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordLimits {
    /// Days for which recordings and carriers' answers are kept. 1 and up.
    pub days: u32,
    /// Bytes of one recording, packed.
    pub recording_bytes_max: u64,
    /// Bytes of all recordings and answers of an account, packed.
    pub account_bytes_max: u64,
}

impl Default for RecordLimits {
    fn default() -> Self {
        RecordLimits {
            // A month to look back on, and some.
            days: 35,
            // A review of 500,000 numbers; one of 15 has less than 2 kB.
            recording_bytes_max: 8 << 20,
            // 35 days of 100,000 numbers with three carriers, and some.
            account_bytes_max: 256 << 20,
        }
    }
}

/// A run's recording and answers, packed. What is too large is none.
pub(in crate::ledger) struct PackedRecord {
    recording: Option<Vec<u8>>,
    answers: Option<AnswerParts>,
}

impl PackedRecord {
    pub fn of(record: &RunRecord) -> Self {
        let RecordLimits { recording_bytes_max, account_bytes_max, .. } = record.kept;
        // A recording refers to the answers, so that it is nothing without them.
        let Some(answers) = AnswerParts::pack(record.answers, account_bytes_max) else {
            return PackedRecord { recording: None, answers: None };
        };
        let bytes_max = recording_bytes_max.min(account_bytes_max - answers.bytes());
        let recording = recordings::pack(record.limits, record.outcome, record.recording, record.answers, bytes_max);
        PackedRecord { recording, answers: Some(answers) }
    }

    fn bytes(&self) -> u64 {
        let recording = self.recording.as_ref().map_or(0, |body| body.len() as u64);
        recording + self.answers.as_ref().map_or(0, AnswerParts::bytes)
    }
}

/// Stores what is kept of a run, and forgets what is too old, or has no room beside it.
pub(in crate::ledger) fn keep(
    transaction: &Transaction,
    account: i64,
    (run, daily): (i64, bool),
    now: Timestamp,
    limits: RecordLimits,
    packed: &PackedRecord,
) -> Result<()> {
    forget_expired(transaction, account, now.saturating_sub(u64::from(limits.days) * 86_400))?;
    match &packed.recording {
        Some(body) => recordings::keep(transaction, account, run, now, body)?,
        None => note_lost(transaction, run, "too-large")?,
    }
    if let Some(answers) = &packed.answers {
        answers::keep(transaction, account, run, now, answers)?;
    }
    transaction
        .prepare_cached("INSERT INTO records (run, account, daily, bytes) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![run, account, daily, to_sql(packed.bytes())])?;
    make_room(transaction, account, run, limits.account_bytes_max)
}

fn forget_expired(transaction: &Transaction, account: i64, before: Timestamp) -> Result<()> {
    let expired = [
        "DELETE FROM records WHERE run IN (SELECT run FROM recordings WHERE account = ?1 AND decided_at < ?2
                                           UNION SELECT run FROM answers WHERE account = ?1 AND decided_at < ?2)",
        "DELETE FROM recordings WHERE account = ?1 AND decided_at < ?2",
        "DELETE FROM answers WHERE account = ?1 AND decided_at < ?2",
    ];
    for sql in expired {
        transaction.prepare_cached(sql)?.execute(params![account, to_sql(before)])?;
    }
    Ok(())
}

/// Forgets other runs of the account until its records fit.
fn make_room(transaction: &Transaction, account: i64, run: i64, bytes_max: u64) -> Result<()> {
    let mut recorded = transaction.prepare_cached("SELECT recorded_bytes FROM accounts WHERE key = ?1")?;
    let mut next = transaction.prepare_cached(
        "SELECT run FROM records WHERE account = ?1 AND run <> ?2 ORDER BY account, daily, run LIMIT 1",
    )?;
    while recorded.query_row([account], |row| row.get::<_, i64>(0))? > to_sql(bytes_max) {
        let Some(forgotten) = next.query_row([account, run], |row| row.get(0)).optional()? else { break };
        for table in ["recordings", "answers", "records"] {
            transaction.prepare_cached(&format!("DELETE FROM {table} WHERE run = ?1"))?.execute([forgotten])?;
        }
        note_lost(transaction, forgotten, "no-room")?;
    }
    Ok(())
}

/// Why a run's recording is not there; the first reason counts.
fn note_lost(transaction: &Transaction, run: i64, why: &str) -> Result<()> {
    transaction
        .prepare_cached("UPDATE runs SET recording_lost = ?2 WHERE id = ?1 AND recording_lost IS NULL")?
        .execute(params![run, why])?;
    Ok(())
}
