//! Which sources answer, by what an account's reviews have left behind: answers, and problems in words.
//!
//! A run's answers name carriers, not sources. A source is known by the carriers that it alone speaks for, and by all of
//! its carriers if it shares each with another source.

use crate::ledger::accounts::AccountProfile;
use crate::ledger::events::EventKind;
use crate::ledger::runs::answers::unpack;
use crate::ledger::sources::SourceKind;
use crate::ledger::sources::carriers::Carriers;
use crate::ledger::{Result, from_sql, to_sql};
use dialguard::contract::{CarrierId, Timestamp};
use rusqlite::{Transaction, params};
use std::collections::{BTreeMap, HashMap};

/// Runs and problems that are looked at for the beginning of an outage, at most: more than a year of days.
const LOOKED_AT_MAX: u32 = 1_000;

/// Events that are looked at for the sources that fail now: an earlier version recorded up to 22 for a run.
const PROBLEMS_OF_LATEST_MAX: u32 = 30;

/// How a source does for one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceHealth {
    /// The source's name.
    pub name: String,
    /// What it is.
    pub kind: SourceKind,
    /// Monitored numbers that a carrier of this source has scored since the latest day began whose ratings are expected.
    pub rated: u32,
    /// What came of asking it.
    pub state: SourceState,
    /// Until when it is not called, after repeated failures; none if it is.
    pub circuit_open_until: Option<Timestamp>,
}

impl SourceHealth {
    /// Whether it answered when it was last asked.
    pub fn answers(&self) -> bool {
        matches!(self.state, SourceState::Answered { .. })
    }
}

/// What came of asking a source about an account's numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceState {
    /// It has an opinion on none of the numbers, or was not asked yet.
    Silent,
    /// It answered.
    Answered {
        /// When it last did.
        at: Timestamp,
    },
    /// It failed.
    Failed {
        /// When it first did, without an answer since.
        since: Timestamp,
        /// What went wrong the last time, in words.
        why: String,
    },
}

/// The health of every source, in the order of their names.
pub(super) fn health(transaction: &Transaction, account: &AccountProfile, now: Timestamp) -> Result<Vec<SourceHealth>> {
    let mut sources = known(transaction, now)?;
    if sources.is_empty() {
        return Ok(Vec::new());
    }
    let problems = problems(transaction, account, LOOKED_AT_MAX)?;
    let answered = answered_runs(transaction, account)?;
    count_answers(transaction, account, &mut sources, account.rated_if_since(now))?;
    let mut health = Vec::with_capacity(sources.len());
    for source in sources {
        let of_source: Vec<_> = problems.iter().filter_map(|problem| problem.of(&source.name)).collect();
        let state = state(transaction, &source, &of_source, &answered)?;
        let Known { name, kind, rated, circuit_open_until, .. } = source;
        let rated = rated.iter().filter(|is_rated| **is_rated).count() as u32;
        health.push(SourceHealth { name, kind, rated, state, circuit_open_until });
    }
    Ok(health)
}

/// The sources that fail for the account, by name, each with what went wrong the last time: those whose state
/// [`health`] finds to be [`SourceState::Failed`], without counting what they rated. Reads no more than the account's
/// latest problems and the runs since.
pub(in crate::ledger) fn failing(transaction: &Transaction, account: &AccountProfile) -> Result<Vec<(String, String)>> {
    let problems = problems(transaction, account, PROBLEMS_OF_LATEST_MAX)?;
    if problems.is_empty() {
        return Ok(Vec::new());
    }
    let (sources, answered) = (known(transaction, account.changed_at)?, answered_runs(transaction, account)?);
    let mut failing = Vec::new();
    for source in sources {
        let of_source: Vec<_> = problems.iter().filter_map(|problem| problem.of(&source.name)).collect();
        if let Some((_, _, why)) = of_source.first()
            && failing_since(transaction, &source, &of_source[..1], &answered)?.is_some()
        {
            failing.push((source.name.clone(), (*why).to_owned()));
        }
    }
    Ok(failing)
}

/// Sources that are not called after repeated failures, by name, with until when.
pub(in crate::ledger) fn open_circuits(transaction: &Transaction, now: Timestamp) -> Result<Vec<(String, Timestamp)>> {
    let sources = known(transaction, now)?.into_iter();
    Ok(sources.filter_map(|source| Some((source.name, source.circuit_open_until?))).collect())
}

/// A source, and what is being found out about it.
struct Known {
    name: String,
    kind: SourceKind,
    /// Its carriers, and whether it is known by them.
    carriers: BTreeMap<CarrierId, bool>,
    /// Whether another source speaks for each of its carriers.
    shares_all: bool,
    circuit_open_until: Option<Timestamp>,
    /// Which of the account's monitored numbers, in their order, it has scored.
    rated: Vec<bool>,
    /// Its latest run with answers, and when that was.
    answered: Option<(i64, Timestamp)>,
}

fn known(transaction: &Transaction, now: Timestamp) -> Result<Vec<Known>> {
    let carriers = Carriers::read(transaction)?;
    let mut named = transaction.prepare_cached("SELECT carrier FROM source_carriers WHERE source = ?1")?;
    let mut statement = transaction.prepare_cached(
        "SELECT name, kind, (SELECT until FROM resting_sources WHERE source = name AND until > ?1)
           FROM sources ORDER BY name",
    )?;
    let mut rows = statement.query([to_sql(now)])?;
    let (mut sources, mut speakers) = (Vec::new(), HashMap::<CarrierId, u32>::new());
    while let Some(row) = rows.next()? {
        let (name, kind): (String, String) = (row.get(0)?, row.get(1)?);
        let ids = named.query_map([&name], |row| row.get(0))?;
        let ids = carriers.in_use(ids.collect::<rusqlite::Result<Vec<_>>>()?);
        ids.iter().for_each(|id| *speakers.entry(*id).or_default() += 1);
        sources.push(Known {
            name,
            kind: SourceKind::named(&kind),
            carriers: ids.into_iter().map(|id| (id, true)).collect(),
            shares_all: false,
            circuit_open_until: row.get::<_, Option<i64>>(2)?.map(from_sql),
            rated: Vec::new(),
            answered: None,
        });
    }
    for source in &mut sources {
        source.shares_all = source.carriers.keys().all(|id| speakers[id] > 1);
        if !source.shares_all {
            source.carriers.iter_mut().for_each(|(id, is_own)| *is_own = speakers[id] == 1);
        }
    }
    Ok(sources)
}

/// A problem of a run.
struct Problem {
    run: i64,
    at: Timestamp,
    text: String,
}

impl Problem {
    /// The problem without the source's name, if it is that source's.
    fn of(&self, source: &str) -> Option<(i64, Timestamp, &str)> {
        Some((self.run, self.at, self.text.strip_prefix(source)?.strip_prefix(": ")?))
    }
}

/// The latest first.
fn problems(transaction: &Transaction, account: &AccountProfile, events_max: u32) -> Result<Vec<Problem>> {
    let mut statement = transaction.prepare_cached(
        "SELECT events.run, events.at, text FROM events JOIN runs ON runs.id = events.run AND runs.kind = 'review'
          WHERE events.account = ?1 AND events.kind = ?2 ORDER BY events.id DESC LIMIT ?3",
    )?;
    let parameters = params![account.key, EventKind::CarrierProblem.name(), events_max];
    let mut rows = statement.query(parameters)?;
    let mut problems = Vec::new();
    while let Some(row) = rows.next()? {
        let (run, at) = (row.get(0)?, from_sql(row.get(1)?));
        // An event has all problems of its run, each on a line; those of earlier versions had one each.
        let text: String = row.get(2)?;
        problems.extend(text.lines().map(|line| Problem { run, at, text: line.to_owned() }));
    }
    Ok(problems)
}

/// The reviews with answers, the latest first.
fn answered_runs(transaction: &Transaction, account: &AccountProfile) -> Result<Vec<i64>> {
    let mut statement = transaction.prepare_cached(
        "SELECT run FROM answers JOIN runs ON runs.id = run AND kind = 'review'
          WHERE answers.account = ?1 ORDER BY answers.decided_at DESC, run DESC LIMIT ?2",
    )?;
    let runs = statement.query_map(params![account.key, LOOKED_AT_MAX], |row| row.get(0))?;
    Ok(runs.collect::<rusqlite::Result<_>>()?)
}

/// Notes which numbers each source has scored since then, and its latest run with answers.
fn count_answers(
    transaction: &Transaction,
    account: &AccountProfile,
    sources: &mut [Known],
    since: Timestamp,
) -> Result<()> {
    let mut monitored =
        transaction.prepare_cached("SELECT number FROM monitored WHERE account = ?1 ORDER BY number")?;
    let monitored = monitored.query_map([account.key], |row| Ok(from_sql(row.get(0)?)))?;
    let monitored: Vec<u64> = monitored.collect::<rusqlite::Result<_>>()?;
    sources.iter_mut().for_each(|source| source.rated = vec![false; monitored.len()]);
    let carriers = Carriers::read(transaction)?;
    let mut statement = transaction.prepare_cached(
        "SELECT answers.run, answers.decided_at, body
           FROM answers JOIN runs ON runs.id = answers.run AND kind = 'review'
                JOIN answer_parts ON answer_parts.run = answers.run
          WHERE answers.account = ?1 AND answers.decided_at >= ?2",
    )?;
    let mut parts = statement.query(params![account.key, to_sql(since)])?;
    while let Some(part) = parts.next()? {
        let (run, at) = (part.get(0)?, from_sql(part.get(1)?));
        for answer in carriers.merge(unpack(part.get_ref(2)?.as_blob().unwrap_or_default(), |_| true)) {
            for source in sources.iter_mut() {
                let Some(is_own) = source.carriers.get(&answer.carrier) else { continue };
                if *is_own && source.answered.is_none_or(|(known, _)| known < run) {
                    source.answered = Some((run, at));
                }
                if let (Some(_), Ok(place)) = (answer.score, monitored.binary_search(&answer.number)) {
                    source.rated[place] = true;
                }
            }
        }
    }
    Ok(())
}

/// Of a source with these problems, the latest first. Runs have rising ids.
fn state(
    transaction: &Transaction,
    source: &Known,
    problems: &[(i64, Timestamp, &str)],
    answered: &[i64],
) -> Result<SourceState> {
    let failed = problems.first().map(|(run, ..)| *run);
    // A problem beside answers is not a failure, unless the answers may be another source's.
    let is_later = |run| failed.is_none_or(|failed| run > failed || run == failed && !source.shares_all);
    if let Some((_, at)) = source.answered.filter(|(run, _)| is_later(*run)) {
        return Ok(SourceState::Answered { at });
    }
    let since = failing_since(transaction, source, problems, answered)?;
    let why = problems.first().map(|(_, _, why)| (*why).to_owned());
    Ok(match since.zip(why) {
        Some((since, why)) => SourceState::Failed { since, why },
        None => SourceState::Silent,
    })
}

/// When the first of the latest failures was that have no answer of the source between or after them; none if it has
/// answered since.
fn failing_since(
    transaction: &Transaction,
    source: &Known,
    problems: &[(i64, Timestamp, &str)],
    answered: &[i64],
) -> Result<Option<Timestamp>> {
    let mut runs = answered.iter().copied().peekable();
    let mut since = None;
    for (failed, at, _) in problems {
        let is_answer = |run: i64| if source.shares_all { run > *failed } else { run >= *failed };
        while let Some(run) = runs.next_if(|run| is_answer(*run)) {
            if has_answered(transaction, source, run)? {
                return Ok(since);
            }
        }
        since = Some(*at);
    }
    Ok(since)
}

/// Whether the source has answers in this run. Those about the first numbers show it.
fn has_answered(transaction: &Transaction, source: &Known, run: i64) -> Result<bool> {
    let carriers = Carriers::read(transaction)?;
    let mut statement =
        transaction.prepare_cached("SELECT body FROM answer_parts WHERE run = ?1 ORDER BY part LIMIT 1")?;
    let mut parts = statement.query([run])?;
    let Some(part) = parts.next()? else { return Ok(false) };
    let answers = carriers.merge(unpack(part.get_ref(0)?.as_blob().unwrap_or_default(), |_| true));
    Ok(answers.iter().any(|answer| source.carriers.get(&answer.carrier) == Some(&true)))
}
