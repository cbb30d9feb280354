//! An account's runs, without their inputs.

pub(in crate::ledger) mod answers;
pub(in crate::ledger) mod evidence;
pub(in crate::ledger) mod plans;
pub(in crate::ledger) mod proposals;
pub(in crate::ledger) mod recordings;
pub(in crate::ledger) mod records;

use crate::ledger::accounts::profile;
use crate::ledger::policies::Revision;
use crate::ledger::{Ledger, Result, asked_to_sql, from_sql};
use dialguard::contract::Timestamp;
use rusqlite::params;

/// A run whose plan was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunProfile {
    /// Rises with every run.
    pub id: u64,
    /// What it was for.
    pub kind: RunKind,
    /// The local date that it counts for.
    pub local_date: String,
    /// When it was made.
    pub decided_at: Timestamp,
    /// The revision of the account that it was made from.
    pub based_on: u64,
    /// SHA-256 of the policy, in hexadecimal.
    pub policy: String,
    /// The policy's revision; none for a policy of the program's own.
    pub revision: Option<Revision>,
    /// The version of the contract that the policy spoke.
    pub contract: String,
    /// Whether it can be replayed.
    pub recording: RecordingState,
}

/// What became of a run's recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordingState {
    /// It is kept, and the run can be replayed.
    Kept,
    /// It was deleted because of its age.
    Expired,
    /// It was too large to keep.
    TooLarge,
    /// It was deleted before its time, because the account's records took more room than it has.
    MadeRoom,
}

/// What a run was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunKind {
    /// The review that counts as the one of its local date.
    DailyReview,
    /// Another review on the same date.
    ExtraReview,
    /// A user's or a program's request.
    Request,
}

impl Ledger {
    /// The account's runs after this one, oldest first; at most `limit`.
    pub fn runs(&self, id: &str, after: u64, limit: u32) -> Result<Vec<RunProfile>> {
        self.read(|transaction| {
            let account = profile(transaction, id)?;
            let mut statement = transaction.prepare_cached(
                "SELECT id, kind, daily, local_date, decided_at, based_on, policy, revision, contract, recording_lost,
                        EXISTS (SELECT 1 FROM recordings WHERE run = runs.id)
                   FROM runs WHERE account = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
            )?;
            let after = asked_to_sql(after);
            let runs = statement.query_map(params![account.key, after, limit], |row| {
                let kind: String = row.get(1)?;
                Ok(RunProfile {
                    id: from_sql(row.get(0)?),
                    kind: match (kind.as_str(), row.get(2)?) {
                        ("review", true) => RunKind::DailyReview,
                        ("review", false) => RunKind::ExtraReview,
                        _ => RunKind::Request,
                    },
                    local_date: row.get(3)?,
                    decided_at: from_sql(row.get(4)?),
                    based_on: from_sql(row.get(5)?),
                    policy: row.get(6)?,
                    revision: row.get::<_, Option<i64>>(7)?.map(from_sql),
                    contract: row.get(8)?,
                    recording: match (row.get(10)?, row.get::<_, Option<String>>(9)?.as_deref()) {
                        (true, _) => RecordingState::Kept,
                        (false, None) => RecordingState::Expired,
                        (false, Some("too-large")) => RecordingState::TooLarge,
                        (false, Some(_)) => RecordingState::MadeRoom,
                    },
                })
            })?;
            Ok(runs.collect::<rusqlite::Result<_>>()?)
        })
    }
}
