//! Runs that can be replayed: the inputs and the plan of each, packed.
//!
//! Carriers' answers are most of it and are stored with the run's answers, labels included; a recording says
//! only how many of them each lookup got.

use crate::ledger::accounts::profile;
use crate::ledger::policies::Revision;
use crate::ledger::runs::answers::{self, CarrierAnswer};
use crate::ledger::{Ledger, LedgerError, Result, asked_to_sql, from_sql, to_sql};
use dialguard::contract::*;
use dialguard::policy::Limits;
use dialguard::recording::{Call, Recording};
use rusqlite::{Transaction, params};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::time::Duration;

/// A run as it was made.
#[derive(Debug, Clone)]
pub struct RecordedRun {
    /// Its id.
    pub run: u64,
    /// The account.
    pub account: AccountId,
    /// Its clock.
    pub decided_at: Timestamp,
    /// SHA-256 of the policy.
    pub policy: String,
    /// The policy's revision; none for a policy of the program's own.
    pub revision: Option<Revision>,
    /// The version of the contract that the policy spoke.
    pub contract: String,
    /// The version of Dialguard that made the run.
    pub host_version: String,
    /// What the policy was allowed.
    pub limits: Limits,
    /// The call and its answer.
    pub outcome: RunOutcome,
    /// The policy's imports and their answers.
    pub recording: Recording,
}

/// The outcome of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunOutcome {
    /// The daily review.
    Review(Plan),
    /// An answer to a user's request.
    Request(Request, Decision),
}

impl RunOutcome {
    /// What was planned.
    pub fn plan(&self) -> &Plan {
        match self {
            RunOutcome::Review(plan) => plan,
            RunOutcome::Request(_, decision) => &decision.plan,
        }
    }

    /// The bytes that must be the same if a run is repeated.
    pub fn to_bytes(&self) -> Vec<u8> {
        postcard::to_stdvec(self).expect("plain values can be packed")
    }
}

/// The packed form. It changes with the contract; its first byte is its version.
#[derive(Serialize, Deserialize)]
struct Packed<'a> {
    limits: PackedLimits,
    outcome: Cow<'a, RunOutcome>,
    calls: Vec<PackedCall<'a>>,
}

const FORM: u8 = 1;

/// The limits that another run with the same inputs reaches too. How long a run may take in all is not among them: when a
/// recording is played, nothing is waited for.
#[derive(Serialize, Deserialize)]
struct PackedLimits {
    compute_time_max: Duration,
    memory_bytes_max: usize,
    answer_bytes_max: usize,
    lookups_max: u32,
    import_calls_max: u32,
    answer_items_max: u64,
    import_time_max: Duration,
}

impl From<Limits> for PackedLimits {
    fn from(limits: Limits) -> Self {
        PackedLimits {
            compute_time_max: limits.compute_time_max,
            memory_bytes_max: limits.memory_bytes_max,
            answer_bytes_max: limits.answer_bytes_max,
            lookups_max: limits.lookups_max,
            import_calls_max: limits.import_calls_max,
            answer_items_max: limits.answer_items_max,
            import_time_max: limits.import_time_max,
        }
    }
}

impl From<PackedLimits> for Limits {
    fn from(packed: PackedLimits) -> Self {
        Limits {
            compute_time_max: packed.compute_time_max,
            memory_bytes_max: packed.memory_bytes_max,
            answer_bytes_max: packed.answer_bytes_max,
            lookups_max: packed.lookups_max,
            import_calls_max: packed.import_calls_max,
            answer_items_max: packed.answer_items_max,
            import_time_max: packed.import_time_max,
            ..Limits::default()
        }
    }
}

#[derive(Serialize, Deserialize)]
enum PackedCall<'a> {
    Whole(Cow<'a, Call>),
    /// Numbers as the difference to the one before, and how many of the run's answers came back.
    LookUp(Vec<i64>, usize),
}

impl Ledger {
    /// A run, to be repeated.
    pub fn recorded_run(&self, run: u64) -> Result<RecordedRun> {
        self.read(|transaction| recorded(transaction, run))
    }

    /// Reviews after the run `after` and decided at `since` or later that are still on record, in the order in which
    /// they were made; at most `limit`.
    pub fn recorded_reviews(&self, after: u64, since: Timestamp, limit: u32) -> Result<Vec<u64>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT id FROM runs JOIN recordings ON run = id
                  WHERE id > ?1 AND kind = 'review' AND runs.decided_at >= ?2 ORDER BY id LIMIT ?3",
            )?;
            let runs =
                statement.query_map(params![to_sql(after), to_sql(since), limit], |row| Ok(from_sql(row.get(0)?)))?;
            Ok(runs.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The same of one account: the latest `limit`, in the order in which they were made, and whether that is all.
    pub(crate) fn recorded_reviews_of(&self, id: &str, since: Timestamp, limit: u32) -> Result<(Vec<u64>, bool)> {
        self.read(|transaction| {
            let account = profile(transaction, id)?;
            let mut statement = transaction.prepare_cached(
                "SELECT run FROM recordings JOIN runs ON runs.id = run
                  WHERE recordings.account = ?1 AND recordings.decided_at >= ?2 AND kind = 'review'
                  ORDER BY recordings.decided_at DESC, run DESC LIMIT ?3",
            )?;
            let runs =
                statement.query_map(params![account.key, to_sql(since), limit + 1], |row| Ok(from_sql(row.get(0)?)))?;
            let mut runs: Vec<u64> = runs.collect::<rusqlite::Result<_>>()?;
            let is_all = runs.len() <= limit as usize;
            runs.truncate(limit as usize);
            runs.reverse();
            Ok((runs, is_all))
        })
    }
}

fn recorded(transaction: &Transaction, run: u64) -> Result<RecordedRun> {
    let mut statement = transaction.prepare_cached(
        "SELECT accounts.id, runs.decided_at, policy, runs.revision, contract, host_version, recordings.body
           FROM runs JOIN accounts ON accounts.key = runs.account
                LEFT JOIN recordings ON recordings.run = runs.id
          WHERE runs.id = ?1",
    )?;
    let mut rows = statement.query([asked_to_sql(run)])?;
    let row = rows.next()?.ok_or_else(|| LedgerError::NoSuchRun(run))?;
    let body: Option<Vec<u8>> = row.get(6)?;
    let answers = answers::of_run(transaction, asked_to_sql(run))?;
    let (limits, outcome, recording) =
        body.and_then(|body| unpack(&body, answers)).ok_or_else(|| LedgerError::RunExpired(run))?;
    Ok(RecordedRun {
        run,
        account: row.get(0)?,
        decided_at: from_sql(row.get(1)?),
        policy: row.get(2)?,
        revision: row.get::<_, Option<i64>>(3)?.map(from_sql),
        contract: row.get(4)?,
        host_version: row.get(5)?,
        limits,
        outcome,
        recording,
    })
}

/// Stores what replaying a run needs, and deletes expired recordings.
pub(in crate::ledger) fn keep(
    transaction: &Transaction,
    account: i64,
    run: i64,
    now: Timestamp,
    kept_days: u32,
    body: &[u8],
) -> Result<()> {
    transaction
        .prepare_cached("DELETE FROM recordings WHERE account = ?1 AND decided_at < ?2")?
        .execute(params![account, to_sql(now.saturating_sub(u64::from(kept_days) * 86_400))])?;
    transaction
        .prepare_cached("INSERT INTO recordings (run, account, decided_at, body) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![run, account, to_sql(now), body])?;
    Ok(())
}

/// Packs a run whose carriers gave these answers.
pub(in crate::ledger) fn pack(
    limits: Limits,
    outcome: &RunOutcome,
    recording: &Recording,
    answers: &[CarrierAnswer],
) -> Vec<u8> {
    let mut left = answers;
    let calls = recording.calls.iter().map(|call| pack_call(call, &mut left)).collect();
    let packed = Packed { limits: limits.into(), outcome: Cow::Borrowed(outcome), calls };
    let bytes = postcard::to_stdvec(&packed).expect("plain values can be packed");
    let mut body = vec![FORM];
    body.extend(lz4_flex::block::compress_prepend_size(&bytes));
    body
}

fn pack_call<'a>(call: &'a Call, answers: &mut &[CarrierAnswer]) -> PackedCall<'a> {
    let Call::LookUp(numbers, Ok(observations)) = call else { return PackedCall::Whole(Cow::Borrowed(call)) };
    match answers.split_at_checked(observations.len()) {
        Some((these, rest)) if these.iter().map(observation).eq(observations.iter().copied()) => {
            *answers = rest;
            let mut before = 0;
            let differences =
                numbers.iter().map(|number| to_sql(*number) - std::mem::replace(&mut before, to_sql(*number)));
            PackedCall::LookUp(differences.collect(), observations.len())
        }
        _ => PackedCall::Whole(Cow::Borrowed(call)),
    }
}

fn unpack(body: &[u8], answers: Vec<CarrierAnswer>) -> Option<(Limits, RunOutcome, Recording)> {
    let (&FORM, compressed) = body.split_first()? else { return None };
    let bytes = lz4_flex::block::decompress_size_prepended(compressed).ok()?;
    let packed: Packed = postcard::from_bytes(&bytes).ok()?;
    let mut left = &answers[..];
    let calls = packed.calls.into_iter().map(|call| unpack_call(call, &mut left)).collect::<Option<Vec<Call>>>()?;
    Some((packed.limits.into(), packed.outcome.into_owned(), Recording::from(calls)))
}

/// How a run's review rated the numbers; none if it was not a review or cannot be read. Reads no more than it must.
pub(in crate::ledger) fn reviews(body: &[u8]) -> Vec<Review> {
    let Some((&FORM, compressed)) = body.split_first() else { return Vec::new() };
    let Ok(bytes) = lz4_flex::block::decompress_size_prepended(compressed) else { return Vec::new() };
    // The fields of `Packed` before the calls.
    match postcard::take_from_bytes::<(PackedLimits, RunOutcome)>(&bytes) {
        Ok(((_, RunOutcome::Review(plan)), _)) => plan.reviews,
        _ => Vec::new(),
    }
}

fn unpack_call(call: PackedCall<'_>, answers: &mut &[CarrierAnswer]) -> Option<Call> {
    let (differences, count) = match call {
        PackedCall::Whole(call) => return Some(call.into_owned()),
        PackedCall::LookUp(differences, count) => (differences, count),
    };
    let (these, rest) = answers.split_at_checked(count)?;
    *answers = rest;
    let mut before = 0_i64;
    let numbers = differences.into_iter().map(|difference| {
        before = before.wrapping_add(difference);
        before as u64
    });
    Some(Call::LookUp(numbers.collect(), Ok(these.iter().map(observation).collect())))
}

fn observation(answer: &CarrierAnswer) -> Observation {
    Observation {
        number: answer.number,
        carrier: answer.carrier,
        spam_score: answer.score,
        observed_at: answer.observed_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn made() -> RunOutcome {
        let plan = Plan {
            account: "acme".into(),
            based_on: 7,
            decided_at: 9,
            reviews: Vec::new(),
            actions: Vec::new(),
            notices: Vec::new(),
        };
        RunOutcome::Review(plan)
    }

    proptest! {
        /// With the answers stored or not, what is packed is unpacked.
        #[test]
        fn what_is_packed_is_unpacked(
            numbers in prop::collection::vec(1..999_999_999_999_999_u64, 0..20),
            heard in any::<bool>(),
            asked_twice in any::<bool>(),
        ) {
            let answers: Vec<CarrierAnswer> = numbers.iter().map(|number| CarrierAnswer {
                number: *number, carrier: 3, score: Some(90), label: None, observed_at: 5,
            }).collect();
            let observations: Vec<Observation> = answers.iter().map(observation).collect();
            let mut calls = vec![Call::Now(9), Call::LookUp(numbers.clone(), Ok(observations))];
            if asked_twice {
                calls.push(Call::LookUp(numbers, Err(Error::unavailable("later"))));
            }
            let recording = Recording::from(calls);
            let kept = if heard { answers } else { Vec::new() };
            let body = pack(Limits::default(), &made(), &recording, &kept);
            prop_assert_eq!(unpack(&body, kept), Some((Limits::default(), made(), recording)));
        }

        #[test]
        fn what_an_earlier_version_packed_is_unpacked(compute_ms in any::<u32>(), lookups_max in any::<u32>()) {
            let limits = Limits {
                compute_time_max: Duration::from_millis(compute_ms.into()),
                lookups_max,
                ..Limits::default()
            };
            // The fields of `Limits` as they were before a run was limited in time, and no calls.
            let seven = (
                (limits.compute_time_max, limits.memory_bytes_max, limits.answer_bytes_max, limits.lookups_max),
                (limits.import_calls_max, limits.answer_items_max, limits.import_time_max),
            );
            let bytes = postcard::to_stdvec(&(seven, made(), Vec::<u8>::new())).expect("plain values can be packed");
            let body = [&[1][..], &lz4_flex::block::compress_prepend_size(&bytes)].concat();
            prop_assert_eq!(unpack(&body, Vec::new()), Some((limits, made(), Recording::default())));
        }

        #[test]
        fn a_damaged_body_is_no_recording(body in prop::collection::vec(any::<u8>(), 0..200)) {
            // Nothing random is a recording; what matters is that it does no harm.
            let _ = unpack(&body, Vec::new());
            prop_assert_eq!(unpack(&[&[0], &body[..]].concat(), Vec::new()), None);
        }
    }
}
