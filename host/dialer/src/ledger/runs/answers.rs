//! What carriers answered, packed by run: three answers for each of a million numbers a day are a few dozen megabytes
//! this way, and would be gigabytes as rows. A run's answers are stored in parts, so that those about a page of
//! numbers are found without reading the others.

use crate::ledger::accounts::{AccountProfile, profile};
use crate::ledger::runs::evidence::newest_score;
use crate::ledger::sources::carriers::Carriers;
use crate::ledger::{Ledger, Result, asked_to_sql, from_sql, to_sql};
use dialguard::contract::{CarrierId, PhoneNumber, Timestamp};
use rusqlite::{Transaction, params};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// What one carrier answered about one number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarrierAnswer {
    /// The number.
    pub number: PhoneNumber,
    /// The carrier.
    pub carrier: CarrierId,
    /// 0 (clean) to 100 (certain spam); none is 'no data'.
    pub score: Option<u8>,
    /// What a handset shows.
    pub label: Option<Arc<str>>,
    /// When the carrier formed this opinion.
    pub observed_at: Timestamp,
}

/// The latest answers about a number, one a carrier.
pub type LatestAnswers = HashMap<PhoneNumber, Vec<CarrierAnswer>>;

/// The packed form. Fields are only ever added in a new one, beside this.
#[derive(Serialize)]
struct Packed {
    labels: Vec<String>,
    rows: Vec<PackedRow>,
}

/// Number and time as the difference to the row before, the label as its place among the labels, from 1.
#[derive(Serialize, Deserialize)]
struct PackedRow(i64, CarrierId, Option<u8>, u32, i64);

/// Answers in a part: about as many as fit a page of the database.
const PART_LENGTH: usize = 512;

impl Ledger {
    /// When the newest observation was made that the last check of each of these numbers was given. Only of numbers that
    /// are monitored, have been checked, and have no rating for a day that began at `rates_since` or later.
    pub(crate) async fn evidence(
        self: &Arc<Self>,
        account: &AccountProfile,
        numbers: &[PhoneNumber],
        rates_since: Timestamp,
    ) -> Result<HashMap<PhoneNumber, Timestamp>> {
        let (Some(&first), Some(&last)) = (numbers.iter().min(), numbers.iter().max()) else {
            return Ok(HashMap::new());
        };
        let account = account.key;
        self.read_for_policy(move |transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT number, evidence_until FROM monitored
                  WHERE account = ?1 AND number BETWEEN ?2 AND ?3 AND evidence_until IS NOT NULL AND rated_day < ?4",
            )?;
            let bounds = params![account, asked_to_sql(first), asked_to_sql(last), to_sql(rates_since)];
            let known = statement.query_map(bounds, |row| Ok((from_sql(row.get(0)?), from_sql(row.get(1)?))))?;
            Ok(known.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    /// The latest answers about the account's numbers, as far as they are kept: for each number those of the last run
    /// with answers about it.
    pub fn latest_answers(&self, id: &str, numbers: &[PhoneNumber]) -> Result<LatestAnswers> {
        self.latest_answers_since(id, numbers, 0)
    }

    /// The same from runs at `since` or later only. A number without recent answers costs a scan of all that is kept,
    /// which
    /// `since` bounds.
    pub fn latest_answers_since(&self, id: &str, numbers: &[PhoneNumber], since: Timestamp) -> Result<LatestAnswers> {
        let mut wanted: BTreeSet<PhoneNumber> = numbers.iter().copied().collect();
        let mut known = LatestAnswers::new();
        self.read(|transaction| {
            let (account, carriers) = (profile(transaction, id)?, Carriers::read(transaction)?);
            let mut statement = transaction.prepare_cached(
                "SELECT run FROM answers WHERE account = ?1 AND decided_at >= ?2 ORDER BY decided_at DESC, run DESC",
            )?;
            let mut runs = statement.query(params![account.key, to_sql(since)])?;
            while !wanted.is_empty()
                && let Some(run) = runs.next()?
            {
                for answer in about(transaction, &carriers, run.get(0)?, &wanted)? {
                    known.entry(answer.number).or_default().push(answer);
                }
                wanted.retain(|number| !known.contains_key(number));
            }
            Ok(())
        })?;
        Ok(known)
    }
}

/// When the newest answer with a score about each number was observed.
pub(in crate::ledger) fn newest_scores(answers: &[CarrierAnswer]) -> HashMap<PhoneNumber, Timestamp> {
    let groups = answers.chunk_by(|one, next| one.number == next.number);
    let newest = groups.filter_map(|group| {
        let newest = newest_score(group.iter().map(|answer| (answer.score, answer.observed_at)))?;
        Some((group[0].number, newest.min(i64::MAX as u64)))
    });
    let mut scores = HashMap::new();
    newest.for_each(|(number, at)| {
        let known = scores.entry(number).or_insert(at);
        *known = at.max(*known);
    });
    scores
}

/// A run's answers about these numbers. Only parts that one of them may be in are read.
pub(in crate::ledger) fn about(
    transaction: &Transaction,
    carriers: &Carriers,
    run: i64,
    wanted: &BTreeSet<PhoneNumber>,
) -> Result<Vec<CarrierAnswer>> {
    let mut parts =
        transaction.prepare_cached("SELECT part, first, last FROM answer_parts WHERE run = ?1 ORDER BY part")?;
    let mut body = transaction.prepare_cached("SELECT body FROM answer_parts WHERE run = ?1 AND part = ?2")?;
    let (mut parts, mut heard) = (parts.query([run])?, Vec::new());
    while let Some(part) = parts.next()? {
        let range = from_sql(part.get(1)?)..=from_sql(part.get(2)?);
        if wanted.range(range).next().is_some() {
            let body: Vec<u8> = body.query_row(params![run, part.get::<_, i64>(0)?], |row| row.get(0))?;
            heard.extend(unpack(&body, |number| wanted.contains(&number)));
        }
    }
    Ok(carriers.merge(heard))
}

/// All answers of a run, in their order, with the ids that carriers had then.
pub(in crate::ledger) fn of_run(transaction: &Transaction, run: i64) -> Result<Vec<CarrierAnswer>> {
    let mut statement = transaction.prepare_cached("SELECT body FROM answer_parts WHERE run = ?1 ORDER BY part")?;
    let (mut parts, mut heard) = (statement.query([run])?, Vec::new());
    while let Some(part) = parts.next()? {
        heard.extend(unpack(part.get_ref(0)?.as_blob().unwrap_or_default(), |_| true));
    }
    Ok(heard)
}

/// A run's answers, packed in parts.
pub(in crate::ledger) struct AnswerParts(Vec<AnswerPart>);

struct AnswerPart {
    /// The lowest and the highest number.
    numbers: (PhoneNumber, PhoneNumber),
    body: Vec<u8>,
}

impl AnswerParts {
    /// None if they have more bytes than this.
    pub fn pack(answers: &[CarrierAnswer], bytes_max: u64) -> Option<Self> {
        let (mut parts, mut left) = (Vec::new(), bytes_max);
        for answers in answers.chunks(PART_LENGTH) {
            let (first, last) = answers.iter().fold((PhoneNumber::MAX, 0), |(first, last), answer| {
                (answer.number.min(first), answer.number.max(last))
            });
            let body = pack(answers);
            left = left.checked_sub(body.len() as u64)?;
            parts.push(AnswerPart { numbers: (first, last), body });
        }
        Some(AnswerParts(parts))
    }

    pub fn bytes(&self) -> u64 {
        self.0.iter().map(|part| part.body.len() as u64).sum()
    }
}

/// Stores a run's answers.
pub(in crate::ledger) fn keep(
    transaction: &Transaction,
    account: i64,
    run: i64,
    now: Timestamp,
    AnswerParts(parts): &AnswerParts,
) -> Result<()> {
    if parts.is_empty() {
        return Ok(());
    }
    transaction
        .prepare_cached("INSERT INTO answers (run, account, decided_at) VALUES (?1, ?2, ?3)")?
        .execute(params![run, account, to_sql(now)])?;
    let mut keep = transaction
        .prepare_cached("INSERT INTO answer_parts (run, part, first, last, body) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for (part, AnswerPart { numbers: (first, last), body }) in (0_i64..).zip(parts) {
        keep.execute(params![run, part, to_sql(*first), to_sql(*last), body])?;
    }
    Ok(())
}

pub(in crate::ledger) fn pack(answers: &[CarrierAnswer]) -> Vec<u8> {
    let mut labels: Vec<String> = Vec::new();
    let mut places: HashMap<&str, u32> = HashMap::new();
    let mut before = (0_i64, 0_i64);
    let mut rows = Vec::with_capacity(answers.len());
    for answer in answers {
        let label = answer.label.as_deref().map_or(0, |label| {
            *places.entry(label).or_insert_with(|| {
                labels.push(label.to_owned());
                labels.len() as u32
            })
        });
        let (number, observed_at) = (to_sql(answer.number), answer.observed_at.min(i64::MAX as u64) as i64);
        rows.push(PackedRow(number - before.0, answer.carrier, answer.score, label, observed_at - before.1));
        before = (number, observed_at);
    }
    postcard::to_stdvec(&Packed { labels, rows }).expect("plain values can be packed")
}

/// What is packed about the wanted numbers. A body that cannot be read has no answers: it is a record for users, and no
/// decision depends on it.
pub(in crate::ledger) fn unpack(body: &[u8], is_wanted: impl FnMut(PhoneNumber) -> bool) -> Vec<CarrierAnswer> {
    unpacked(body, is_wanted).unwrap_or_default()
}

fn unpacked(body: &[u8], mut is_wanted: impl FnMut(PhoneNumber) -> bool) -> postcard::Result<Vec<CarrierAnswer>> {
    // Reads the fields of `Packed` one by one, so that unwanted elements are skipped without being kept. A list is its
    // length and its elements.
    let (labels, rest) = postcard::take_from_bytes::<Vec<String>>(body)?;
    let (count, mut rest) = postcard::take_from_bytes::<usize>(rest)?;
    let labels: Vec<Arc<str>> = labels.into_iter().map(Arc::from).collect();
    let (mut answers, mut before) = (Vec::new(), (0_i64, 0_i64));
    for _ in 0..count {
        let (PackedRow(number, carrier, score, label, observed_at), others) = postcard::take_from_bytes(rest)?;
        rest = others;
        before = (before.0.wrapping_add(number), before.1.wrapping_add(observed_at));
        if is_wanted(before.0 as u64) {
            answers.push(CarrierAnswer {
                number: before.0 as u64,
                carrier,
                score,
                label: (label as usize).checked_sub(1).and_then(|place| labels.get(place).cloned()),
                observed_at: before.1 as u64,
            });
        }
    }
    Ok(answers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(rows in prop::collection::vec(
            (1..999_999_999_999_999_u64, any::<u16>(), prop::option::of(0..=100_u8),
             prop::option::of("[a-z]{0,3}"), 0..10_000_000_000_u64), 0..50))
        {
            let answers: Vec<_> = rows.into_iter().map(|(number, carrier, score, label, observed_at)| {
                CarrierAnswer { number, carrier, score, label: label.map(Arc::from), observed_at }
            }).collect();
            prop_assert_eq!(unpack(&pack(&answers), |_| true), answers);
        }
    }

    #[test]
    fn a_damaged_body_holds_no_answers() {
        assert_eq!(unpack(b"\xff\xff\xff", |_| true), []);
    }
}
