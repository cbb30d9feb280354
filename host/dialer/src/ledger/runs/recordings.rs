//! Runs that can be replayed: the inputs and the plan of each, packed.
//!
//! Carriers' answers are most of it and are stored with the run's answers, labels included; a recording says
//! only how many of them each lookup got.

mod earlier_forms;

use crate::ledger::accounts::profile;
use crate::ledger::policies::Revision;
use crate::ledger::runs::answers::{self, CarrierAnswer};
use crate::ledger::runs::proposals;
use crate::ledger::{Ledger, LedgerError, Result, asked_to_sql, from_sql, to_sql};
use crate::sources::inquiry::verdicts;
use dialguard::contract::*;
use dialguard::policy::Limits;
use dialguard::recording::{Call, Recording};
use postcard::ser_flavors::Flavor;
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
    /// Its replacements were proposed to a user, and not made.
    pub proposes: bool,
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

/// The packed form, after the limits as JSON, to which fields may be added. It changes with the contract; its first byte is
/// its version.
#[derive(Serialize, Deserialize)]
struct Packed<'a> {
    outcome: Cow<'a, RunOutcome>,
    calls: Vec<PackedCall<'a>>,
}

const FORM: u8 = 3;

/// The form of contract 0.2.0: see [`earlier_forms`].
const SECOND_FORM: u8 = 2;

/// The same, in which the limits were packed field by field.
const FIRST_FORM: u8 = 1;

/// The limits of that form. One of them counted items; what replaced it has its default.
#[derive(Deserialize)]
struct FirstLimits {
    compute_time_max: Duration,
    memory_bytes_max: usize,
    answer_bytes_max: usize,
    lookups_max: u32,
    import_calls_max: u32,
    _answer_items_max: u64,
    import_time_max: Duration,
}

/// Bytes before they are packed, at most, for each byte that may be packed. An honest recording has two to four; one that
/// packs far better would have to be unpacked by everyone who reads it.
const UNPACKED_PER_PACKED: u64 = 8;

/// The most that LZ4 can make of a byte, so that a damaged body does not ask for memory without end.
const LZ4_RATIO_MAX: usize = 255;

#[derive(Serialize, Deserialize)]
enum PackedCall<'a> {
    Whole(Cow<'a, Call>),
    /// Numbers as the difference to the one before, the sources, and how many of the run's answers came back.
    LookUp(Vec<i64>, Cow<'a, [SourceId]>, usize),
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

    /// How many reviews decided at `since` or later have no recording although they are young.
    pub fn reviews_not_recorded(&self, since: Timestamp) -> Result<u64> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT count(*) FROM runs WHERE kind = 'review' AND decided_at >= ?1 AND recording_lost IS NOT NULL",
            )?;
            Ok(statement.query_row([to_sql(since)], |row| row.get(0).map(from_sql))?)
        })
    }

    /// The reviews that are still on record of one account: the latest `limit`, in the order in which they were made, and
    /// whether that is all.
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
        "SELECT accounts.id, runs.decided_at, policy, runs.revision, contract, host_version, recordings.body, recording_lost,
                runs.account
           FROM runs JOIN accounts ON accounts.key = runs.account
                LEFT JOIN recordings ON recordings.run = runs.id
          WHERE runs.id = ?1",
    )?;
    let mut rows = statement.query([asked_to_sql(run)])?;
    let row = rows.next()?.ok_or_else(|| LedgerError::NoSuchRun(run))?;
    let body: Option<Vec<u8>> = row.get(6)?;
    let answers = answers::of_run(transaction, asked_to_sql(run))?;
    let lost: Option<String> = row.get(7)?;
    let (limits, outcome, recording) =
        body.and_then(|body| unpack(&body, answers)).ok_or_else(|| match lost.as_deref() {
            Some("too-large") => LedgerError::RecordingTooLarge(run),
            Some(_) => LedgerError::RecordingMadeRoom(run),
            None => LedgerError::RunExpired(run),
        })?;
    Ok(RecordedRun {
        run,
        account: row.get(0)?,
        decided_at: from_sql(row.get(1)?),
        policy: row.get(2)?,
        revision: row.get::<_, Option<i64>>(3)?.map(from_sql),
        contract: row.get(4)?,
        host_version: row.get(5)?,
        limits,
        proposes: proposals::were_proposed(transaction, row.get(8)?, asked_to_sql(run))?,
        outcome,
        recording,
    })
}

/// Stores what replaying a run needs.
pub(in crate::ledger) fn keep(
    transaction: &Transaction,
    account: i64,
    run: i64,
    now: Timestamp,
    body: &[u8],
) -> Result<()> {
    transaction
        .prepare_cached("INSERT INTO recordings (run, account, decided_at, body) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![run, account, to_sql(now), body])?;
    Ok(())
}

/// Packs a run whose carriers gave these answers; none if it has more bytes than this.
pub(in crate::ledger) fn pack(
    limits: Limits,
    outcome: &RunOutcome,
    recording: &Recording,
    answers: &[CarrierAnswer],
    bytes_max: u64,
) -> Option<Vec<u8>> {
    let mut left = answers;
    let calls = recording.calls.iter().map(|call| pack_call(call, &mut left)).collect();
    let limits = serde_json::to_string(&limits).expect("plain values are JSON");
    let packed = (limits, Packed { outcome: Cow::Borrowed(outcome), calls });
    let unpacked_max = bytes_max.saturating_mul(UNPACKED_PER_PACKED);
    let bytes = postcard::serialize_with_flavor(&packed, Bounded { bytes: Vec::new(), left: unpacked_max }).ok()?;
    let mut body = vec![FORM];
    body.extend(lz4_flex::block::compress_prepend_size(&bytes));
    (body.len() as u64 <= bytes_max).then_some(body)
}

/// Takes so many bytes and no more: what is too large is noticed before all of it was packed.
struct Bounded {
    bytes: Vec<u8>,
    left: u64,
}

impl Flavor for Bounded {
    type Output = Vec<u8>;

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.try_extend(&[byte])
    }

    fn try_extend(&mut self, more: &[u8]) -> postcard::Result<()> {
        self.left = self.left.checked_sub(more.len() as u64).ok_or(postcard::Error::SerializeBufferFull)?;
        self.bytes.extend_from_slice(more);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<Vec<u8>> {
        Ok(self.bytes)
    }
}

fn pack_call<'a>(call: &'a Call, answers: &mut &[CarrierAnswer]) -> PackedCall<'a> {
    let Call::LookUp(numbers, sources, Ok(table)) = call else { return PackedCall::Whole(Cow::Borrowed(call)) };
    let count = table.scores.iter().filter(|score| **score != NO_ANSWER).count();
    match answers.split_at_checked(count) {
        Some((these, rest)) if verdicts(numbers, these) == **table => {
            *answers = rest;
            let mut before = 0;
            let differences =
                numbers.iter().map(|number| to_sql(*number) - std::mem::replace(&mut before, to_sql(*number)));
            PackedCall::LookUp(differences.collect(), Cow::Borrowed(sources), count)
        }
        _ => PackedCall::Whole(Cow::Borrowed(call)),
    }
}

fn unpack(body: &[u8], answers: Vec<CarrierAnswer>) -> Option<(Limits, RunOutcome, Recording)> {
    let (form, bytes) = decompress(body)?;
    let (limits, rest) = take_limits(form, &bytes)?;
    if form != FORM {
        let (outcome, recording) = earlier_forms::unpack(rest, &answers)?;
        return Some((limits, outcome, recording));
    }
    let packed: Packed = postcard::from_bytes(rest).ok()?;
    let mut left = &answers[..];
    let calls = packed.calls.into_iter().map(|call| unpack_call(call, &mut left)).collect::<Option<Vec<Call>>>()?;
    Some((limits, packed.outcome.into_owned(), Recording::from(calls)))
}

/// The form of a body, and what it holds.
fn decompress(body: &[u8]) -> Option<(u8, Vec<u8>)> {
    let (form, compressed) = body.split_first()?;
    let (size, packed) = lz4_flex::block::uncompressed_size(compressed).ok()?;
    let is_possible = size <= packed.len().saturating_mul(LZ4_RATIO_MAX);
    Some((*form, lz4_flex::block::decompress(packed, is_possible.then_some(size)?).ok()?))
}

/// The limits of the run, and what follows them.
fn take_limits(form: u8, bytes: &[u8]) -> Option<(Limits, &[u8])> {
    match form {
        FORM | SECOND_FORM => {
            let (limits, rest) = postcard::take_from_bytes::<Cow<str>>(bytes).ok()?;
            Some((serde_json::from_str(&limits).ok()?, rest))
        }
        FIRST_FORM => {
            let (limits, rest) = postcard::take_from_bytes::<FirstLimits>(bytes).ok()?;
            Some((limits.into(), rest))
        }
        _ => None,
    }
}

impl From<FirstLimits> for Limits {
    fn from(first: FirstLimits) -> Self {
        Limits {
            compute_time_max: first.compute_time_max,
            memory_bytes_max: first.memory_bytes_max,
            answer_bytes_max: first.answer_bytes_max,
            lookups_max: first.lookups_max,
            import_calls_max: first.import_calls_max,
            import_time_max: first.import_time_max,
            ..Limits::default()
        }
    }
}

/// How a run's review rated the numbers; none if it was not a review or cannot be read. Reads no more than it must.
pub(in crate::ledger) fn reviews(body: &[u8]) -> ReviewTable {
    match outcome(body) {
        Some(RunOutcome::Review(plan)) => plan.reviews,
        _ => ReviewTable::new(),
    }
}

/// The field of a recording before the calls.
fn outcome(body: &[u8]) -> Option<RunOutcome> {
    let (form, bytes) = decompress(body)?;
    let (_, rest) = take_limits(form, &bytes)?;
    match form {
        FORM => postcard::take_from_bytes::<RunOutcome>(rest).ok().map(|(outcome, _)| outcome),
        _ => earlier_forms::outcome(rest),
    }
}

fn unpack_call(call: PackedCall<'_>, answers: &mut &[CarrierAnswer]) -> Option<Call> {
    let (differences, sources, count) = match call {
        PackedCall::Whole(call) => return Some(call.into_owned()),
        PackedCall::LookUp(differences, sources, count) => (differences, sources, count),
    };
    let (these, rest) = answers.split_at_checked(count)?;
    *answers = rest;
    let numbers = numbers_of(differences);
    let verdicts = verdicts(&numbers, these);
    Some(Call::LookUp(numbers, sources.into_owned(), Ok(verdicts.into())))
}

/// Numbers from the difference of each to the one before.
fn numbers_of(differences: Vec<i64>) -> Vec<PhoneNumber> {
    let mut before = 0_i64;
    let number = |difference| {
        before = before.wrapping_add(difference);
        before as u64
    };
    differences.into_iter().map(number).collect()
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
            reviews: ReviewTable::new(),
            suspects: None,
            actions: Vec::new(),
            notices: Vec::new(),
        };
        RunOutcome::Review(plan)
    }

    proptest! {
        /// With the answers stored or not, what is packed is unpacked.
        #[test]
        fn what_is_packed_is_unpacked(
            numbers in prop::collection::btree_set(1..999_999_999_999_999_u64, 0..20),
            heard in any::<bool>(),
            asked_twice in any::<bool>(),
        ) {
            let numbers: Vec<PhoneNumber> = numbers.into_iter().collect();
            let answers: Vec<CarrierAnswer> = numbers.iter().map(|number| CarrierAnswer {
                number: *number, carrier: 3, score: Some(90), label: None, observed_at: 5,
            }).collect();
            let table = verdicts(&numbers, &answers);
            let mut calls = vec![Call::Now(9), Call::LookUp(numbers.clone(), vec![2], Ok(table.into()))];
            if asked_twice {
                calls.push(Call::LookUp(numbers, vec![], Err(Error::unavailable("later"))));
            }
            let recording = Recording::from(calls);
            let kept = if heard { answers } else { Vec::new() };
            let body = pack(Limits::default(), &made(), &recording, &kept, 1 << 20).expect("it is small");
            prop_assert_eq!(unpack(&body, kept), Some((Limits::default(), made(), recording)));
        }

        #[test]
        fn a_damaged_body_is_no_recording(body in prop::collection::vec(any::<u8>(), 0..200)) {
            // Nothing random is a recording; what matters is that it does no harm.
            let _ = unpack(&body, Vec::new());
            prop_assert_eq!(unpack(&[&[0], &body[..]].concat(), Vec::new()), None);
        }
    }

    #[test]
    fn a_recording_that_is_too_large_is_not_packed() {
        let owned = |first: u64, step: u64| {
            let numbers: Vec<PhoneNumber> = (0..10_000).map(|place| first + step * place).collect();
            Recording::from(vec![Call::Owned(numbers, Ok(Vec::new()))])
        };
        let packs = |recording: &Recording, bytes_max| pack(Limits::default(), &made(), recording, &[], bytes_max);
        let body = packs(&owned(10_000_000_000_000, 77_777_777), 1 << 20).expect("it is small");
        assert!(packs(&owned(10_000_000_000_000, 77_777_777), body.len() as u64).is_some());
        assert!(packs(&owned(10_000_000_000_000, 77_777_777), body.len() as u64 - 1).is_none());
        // The same number again and again packs well, and is as long as others if it is read.
        let body = packs(&owned(10_000_000_000_000, 0), 1 << 20).expect("it is small");
        assert!(body.len() < 2_000, "{} bytes", body.len());
        assert!(packs(&owned(10_000_000_000_000, 0), body.len() as u64).is_none());
    }

    #[test]
    fn a_damaged_body_does_not_ask_for_gigabytes() {
        assert_eq!(unpack(&[FORM, 0xff, 0xff, 0xff, 0xff, 0x00], Vec::new()), None);
    }
}
