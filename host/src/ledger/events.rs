//! What happened, in order.

use super::accounts::profile;
use super::policies::Revision;
use super::{Ledger, Result, from_sql, to_sql};
use crate::check::LEDGER_KINDS;
use crate::contract::{Notice, PhoneNumber, Timestamp};
use rusqlite::{Row, Transaction, params};

/// Something that happened to an account.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// Rises with every event.
    pub id: u64,
    /// When it happened.
    pub at: Timestamp,
    /// The run whose plan caused it; none where a person or the calendar did.
    pub run: Option<u64>,
    /// SHA-256 of the policy that made the plan, or failed to.
    pub policy: Option<String>,
    /// That policy's revision; none where the program brought its own policy along.
    pub revision: Option<Revision>,
    /// Kebab-case name of the kind.
    pub kind: String,
    /// The number it happened to.
    pub number: Option<PhoneNumber>,
    /// What was charged, in US cents.
    pub cents: Option<u64>,
    /// The event in words.
    pub text: String,
}

/// Which events are wanted.
#[derive(Debug, Clone, Copy)]
pub struct EventFilter {
    /// Only those of this number.
    pub number: Option<PhoneNumber>,
    /// The latest so many; the answer is in the order of time all the same.
    pub last: u32,
}

/// Which events are wanted, a page at a time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventQuery {
    /// Only those of this number.
    pub number: Option<PhoneNumber>,
    /// Only those of this kind.
    pub kind: Option<String>,
    /// Only those that happened then or later.
    pub since: Timestamp,
    /// Those that follow this event, in the order wanted.
    pub after: Option<u64>,
    /// The newest first, not the oldest.
    pub newest_first: bool,
    /// At most so many.
    pub limit: u32,
}

impl Ledger {
    /// Part of the account's events, in the order wanted.
    pub fn event_page(&self, id: &str, query: &EventQuery) -> Result<Vec<Event>> {
        self.read(|transaction| {
            let account = profile(transaction, id)?;
            let (follows, order) = if query.newest_first { ("<", "DESC") } else { (">", "ASC") };
            let mut statement = transaction.prepare_cached(&format!(
                "{SELECT_EVENT}
                  WHERE events.account = ?1 AND (?2 IS NULL OR number = ?2) AND (?3 IS NULL OR events.kind = ?3)
                    AND at >= ?4 AND (?5 IS NULL OR events.id {follows} ?5)
                  ORDER BY events.id {order} LIMIT ?6"
            ))?;
            let after = query.after.map(|after| i64::try_from(after).unwrap_or(i64::MAX));
            let number = query.number.map(to_sql);
            let since = i64::try_from(query.since).unwrap_or(i64::MAX);
            let values = params![account.key, number, query.kind, since, after, query.limit];
            let events = statement.query_map(values, event)?;
            Ok(events.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The account's events, oldest first.
    pub fn events(&self, id: &str, filter: EventFilter) -> Result<Vec<Event>> {
        self.read(|transaction| {
            let account = profile(transaction, id)?;
            let mut statement = transaction.prepare_cached(&format!(
                "SELECT * FROM ({SELECT_EVENT}
                      WHERE events.account = ?1 AND (?2 IS NULL OR number = ?2) ORDER BY events.id DESC LIMIT ?3
                 ) ORDER BY id"
            ))?;
            let events = statement.query_map(params![account.key, filter.number.map(to_sql), filter.last], event)?;
            Ok(events.collect::<rusqlite::Result<_>>()?)
        })
    }
}

const SELECT_EVENT: &str = "SELECT events.id, at, run, ifnull(runs.policy, revisions.policy), events.kind, number, cents, \
     text, ifnull(runs.revision, events.revision) FROM events LEFT JOIN runs ON runs.id = events.run \
     LEFT JOIN revisions ON revisions.revision = events.revision";

fn event(row: &Row) -> rusqlite::Result<Event> {
    Ok(Event {
        id: from_sql(row.get(0)?),
        at: from_sql(row.get(1)?),
        run: row.get::<_, Option<i64>>(2)?.map(from_sql),
        policy: row.get(3)?,
        kind: row.get(4)?,
        number: row.get::<_, Option<i64>>(5)?.map(from_sql),
        cents: row.get::<_, Option<i64>>(6)?.map(from_sql),
        text: row.get(7)?,
        revision: row.get::<_, Option<i64>>(8)?.map(from_sql),
    })
}

/// Records what the ledger itself did or saw. Its kinds are those that no notice may borrow.
pub(super) fn append(
    transaction: &Transaction,
    account: i64,
    at: Timestamp,
    run: Option<i64>,
    kind: &str,
    number: Option<PhoneNumber>,
    text: &str,
) -> Result<()> {
    assert!(LEDGER_KINDS.contains(&kind), "{kind} is missing among the kinds that are the ledger's own");
    insert(transaction, account, at, run, kind, number, text)
}

/// Records that a policy lost a run, which leaves nothing else behind.
pub(super) fn append_fault(
    transaction: &Transaction,
    account: i64,
    at: Timestamp,
    revision: Option<Revision>,
    text: &str,
) -> Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO events (account, at, kind, text, revision) VALUES (?1, ?2, 'policy-failed', ?3, ?4)",
        )?
        .execute(params![account, to_sql(at), text, revision.map(to_sql)])?;
    Ok(())
}

/// Records a policy's notice, whose kind has been checked.
pub(super) fn append_notice(
    transaction: &Transaction,
    account: i64,
    at: Timestamp,
    run: i64,
    notice: &Notice,
) -> Result<()> {
    insert(transaction, account, at, Some(run), &notice.kind, notice.number, &notice.text)
}

fn insert(
    transaction: &Transaction,
    account: i64,
    at: Timestamp,
    run: Option<i64>,
    kind: &str,
    number: Option<PhoneNumber>,
    text: &str,
) -> Result<()> {
    transaction
        .prepare_cached("INSERT INTO events (account, at, run, kind, number, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
        .execute(params![account, to_sql(at), run, kind, number.map(to_sql), text])?;
    Ok(())
}
