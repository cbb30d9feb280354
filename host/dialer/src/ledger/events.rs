//! What happened, in order.

use crate::ledger::accounts::profile;
use crate::ledger::actors::{ACTOR_COLUMNS, Actor, Change, actor_from_row, join_actors};
use crate::ledger::policies::Revision;
use crate::ledger::{Ledger, Result, asked_to_sql, from_sql, to_sql};
use dialguard::contract::{Notice, PhoneNumber, Timestamp};
use rusqlite::{OptionalExtension, Transaction, params};

/// Something that happened to an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Rises with every event.
    pub id: u64,
    /// When it happened.
    pub at: Timestamp,
    /// The run whose plan caused it; none if a user or the calendar did.
    pub run: Option<u64>,
    /// SHA-256 of the policy that made the plan, or failed to.
    pub policy: Option<String>,
    /// That policy's revision; none for a policy of the program's own.
    pub revision: Option<Revision>,
    /// Kebab-case name of the kind.
    pub kind: String,
    /// The number it happened to.
    pub number: Option<PhoneNumber>,
    /// What was charged, in US cents; negative if it was credited.
    pub cents: Option<i64>,
    /// The event in words.
    pub text: String,
    /// Who did it; none for an event of an earlier version, which recorded no actors.
    pub actor: Option<Actor>,
    /// The order of the replacement that it is a step of.
    pub order: Option<u64>,
}

/// A selection of events.
#[derive(Debug, Clone, Copy)]
pub struct EventFilter {
    /// Only those of this number.
    pub number: Option<PhoneNumber>,
    /// The latest so many, oldest first.
    pub last: u32,
}

/// Which of an account's events to find; a field that is none matches all.
#[derive(Debug, Clone, Default)]
pub struct EventQuery {
    /// Only of this kind.
    pub kind: Option<String>,
    /// Only those of this number.
    pub number: Option<PhoneNumber>,
    /// Only at this time or later.
    pub since: Option<Timestamp>,
    /// Only before this time.
    pub until: Option<Timestamp>,
    /// Only those that this run caused.
    pub run: Option<u64>,
    /// Only those that this revision of the policy caused.
    pub revision: Option<Revision>,
    /// Only those before this event.
    pub before: Option<u64>,
    /// Only those after this event.
    pub after: Option<u64>,
    /// Only charges and credits.
    pub money: bool,
    /// The oldest first, not the newest.
    pub oldest_first: bool,
}

/// A page of events, in the order of the query.
#[derive(Debug, Clone)]
pub struct EventPage {
    /// The events.
    pub events: Vec<Event>,
    /// The [`EventQuery::before`], or [`EventQuery::after`] if the oldest come first, of the next page; none on the
    /// last.
    pub next: Option<u64>,
}

impl Ledger {
    /// The account's events, oldest first.
    pub fn events(&self, id: &str, filter: EventFilter) -> Result<Vec<Event>> {
        self.read(|transaction| {
            let account = profile(transaction, id)?;
            let mut statement = transaction.prepare_cached(&format!(
                "{} WHERE events.account = ?1 AND (?2 IS NULL OR number = ?2) ORDER BY events.id DESC LIMIT ?3",
                select_event()
            ))?;
            let number = filter.number.map(to_sql);
            let events = statement.query_map(params![account.key, number, filter.last], event_from_row)?;
            let mut events: Vec<Event> = events.collect::<rusqlite::Result<_>>()?;
            events.reverse();
            Ok(events)
        })
    }

    /// The account's events, at most `limit`, the newest first unless [`EventQuery::oldest_first`].
    pub fn event_page(&self, id: &str, query: &EventQuery, limit: u32) -> Result<EventPage> {
        self.read(|transaction| {
            let account = profile(transaction, id)?;
            events_page(transaction, account.key, query, limit)
        })
    }

    /// The kinds of the account's events, in the order of their names.
    pub fn event_kinds(&self, id: &str) -> Result<Vec<String>> {
        self.read(|transaction| {
            let account = profile(transaction, id)?;
            let mut statement =
                transaction.prepare_cached("SELECT DISTINCT kind FROM events WHERE account = ?1 ORDER BY kind")?;
            let kinds = statement.query_map([account.key], |row| row.get(0))?;
            Ok(kinds.collect::<rusqlite::Result<_>>()?)
        })
    }
}

/// A page of the account's events.
pub(super) fn events_page(
    transaction: &Transaction,
    account: i64,
    query: &EventQuery,
    limit: u32,
) -> Result<EventPage> {
    let order = if query.oldest_first { "ASC" } else { "DESC" };
    let mut statement = transaction.prepare_cached(&format!(
        "{}
          WHERE events.account = ?1 AND (?2 IS NULL OR events.kind = ?2) AND (?3 IS NULL OR number = ?3)
                AND (?4 IS NULL OR at >= ?4) AND (?5 IS NULL OR at < ?5) AND (?6 IS NULL OR run = ?6)
                AND (?7 IS NULL OR ifnull(runs.revision, events.revision) = ?7)
                AND (?8 IS NULL OR events.id < ?8) AND (?9 IS NULL OR events.id > ?9)
                AND (NOT ?10 OR cents IS NOT NULL)
          ORDER BY events.id {order} LIMIT ?11",
        select_event()
    ))?;
    let asked = |value: Option<u64>| value.map(asked_to_sql);
    let EventQuery { kind, number, since, until, run, revision, before, after, money, oldest_first: _ } = query;
    let found = statement.query_map(
        params![
            account,
            kind,
            asked(*number),
            asked(*since),
            asked(*until),
            asked(*run),
            asked(*revision),
            asked(*before),
            asked(*after),
            money,
            i64::from(limit) + 1
        ],
        event_from_row,
    )?;
    let mut events: Vec<Event> = found.collect::<rusqlite::Result<_>>()?;
    let is_more = events.len() > limit as usize;
    events.truncate(limit as usize);
    let next = events.last().filter(|_| is_more).map(|event| event.id);
    Ok(EventPage { events, next })
}

/// All events that are steps of an order, oldest first.
pub(super) fn events_of_order(transaction: &Transaction, order: u64) -> Result<Vec<Event>> {
    let mut statement =
        transaction.prepare_cached(&format!("{} WHERE order_id = ?1 ORDER BY events.id", select_event()))?;
    let events = statement.query_map([to_sql(order)], event_from_row)?;
    Ok(events.collect::<rusqlite::Result<_>>()?)
}

/// The number's latest event of one of these kinds before that event.
pub(super) fn latest_of_kinds(
    transaction: &Transaction,
    account: i64,
    number: PhoneNumber,
    kinds: &[EventKind; 2],
    before: u64,
) -> Result<Option<Event>> {
    let mut statement = transaction.prepare_cached(&format!(
        "{} WHERE events.account = ?1 AND number = ?2 AND events.id < ?3 AND events.kind IN (?4, ?5)
           ORDER BY events.id DESC LIMIT 1",
        select_event()
    ))?;
    let [one, other] = kinds.map(EventKind::name);
    let found = statement.query_row(params![account, to_sql(number), to_sql(before), one, other], event_from_row);
    Ok(found.optional()?)
}

/// The beginning of a query of events, as [`event_from_row`] reads them.
fn select_event() -> String {
    format!(
        "SELECT events.id, at, events.run, ifnull(runs.policy, revisions.policy), events.kind, number, cents, text,
                ifnull(runs.revision, events.revision), order_id, {ACTOR_COLUMNS}
           FROM events LEFT JOIN runs ON runs.id = events.run
                LEFT JOIN revisions ON revisions.revision = events.revision
                {}",
        join_actors("events")
    )
}

fn event_from_row(row: &rusqlite::Row) -> rusqlite::Result<Event> {
    Ok(Event {
        id: from_sql(row.get(0)?),
        at: from_sql(row.get(1)?),
        run: row.get::<_, Option<i64>>(2)?.map(from_sql),
        policy: row.get(3)?,
        kind: row.get(4)?,
        number: row.get::<_, Option<i64>>(5)?.map(from_sql),
        cents: row.get(6)?,
        text: row.get(7)?,
        revision: row.get::<_, Option<i64>>(8)?.map(from_sql),
        order: row.get::<_, Option<i64>>(9)?.map(from_sql),
        actor: actor_from_row(row, 10)?,
    })
}

/// One enum with the name of each variant beside it, and all names in an array.
macro_rules! named_kinds {
    ($(#[$about:meta])* $kind:ident { $($(#[$doc:meta])* $variant:ident = $name:literal,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $kind {
            $($(#[$doc])* $variant,)*
        }

        impl $kind {
            /// Every kind, in the order of their names.
            pub const ALL: [$kind; [$($name),*].len()] = [$($kind::$variant),*];

            /// Every name, in the same order.
            pub const NAMES: [&str; Self::ALL.len()] = [$($name),*];
        }
    };
}

named_kinds! {
    /// The ledger's own events. A policy's notices are events too, but must not have these names: that would forge
    /// history, and the figures counted from it, such as charges and numbers that turned flagged.
    EventKind {
        /// The account was added.
        AccountAdded = "account-added",
        /// The account's settings, switch or purchasing changed.
        AccountChanged = "account-changed",
        /// The account was closed.
        AccountClosed = "account-closed",
        /// A message to a webhook was abandoned after three days.
        AlertAbandoned = "alert-abandoned",
        /// The number of blocks changed, or will from the next billing cycle on.
        BlocksChanged = "blocks-changed",
        /// Candidates were withdrawn.
        CandidatesWithdrawn = "candidates-withdrawn",
        /// A source failed during a run.
        CarrierProblem = "carrier-problem",
        /// Blocks were charged.
        Charged = "charged",
        /// A charge was put right.
        Credited = "credited",
        /// A number took a slot.
        MonitoringStarted = "monitoring-started",
        /// Numbers were not rated because an earlier check has counted their observations.
        NoNewObservations = "no-new-observations",
        /// Settings of a replaced number could not be carried over to its replacement.
        NotCarriedOver = "not-carried-over",
        /// Notices of the policy were not recorded, because the day had no room for more.
        NoticesDropped = "notices-dropped",
        /// A number was bought.
        NumberBought = "number-bought",
        /// A number that was not in use is used again.
        NumberInUse = "number-in-use",
        /// A replaced number is not given back: it was imported again, or its account was closed.
        NumberKept = "number-kept",
        /// A number's calls no longer fare so badly that it is suspect.
        NumberNotSuspect = "number-not-suspect",
        /// A flagged number is not used for now, because there is no clean one in its place.
        NumberResting = "number-resting",
        /// A number's calls fare so badly that it is suspect.
        NumberSuspect = "number-suspect",
        /// Numbers were imported.
        NumbersImported = "numbers-imported",
        /// A number has rested, and may take another's place.
        OfferedAgain = "offered-again",
        /// An order ended without a purchase.
        OrderAbandoned = "order-abandoned",
        /// A user had an order tried again.
        OrderResumed = "order-resumed",
        /// An order needs an operator.
        OrderStuck = "order-stuck",
        /// The policy failed, and its run was thrown away.
        PolicyFailed = "policy-failed",
        /// The provider failed during a run.
        ProviderProblem = "provider-problem",
        /// A number left the account.
        Released = "released",
        /// A number's slot went to its replacement.
        Replaced = "replaced",
        /// A replacement was charged.
        ReplacementCharged = "replacement-charged",
        /// A replacement was planned.
        ReplacementIntended = "replacement-intended",
        /// A check found replacements that automatic replacement would make, and left them to a user.
        ReplacementsProposed = "replacements-proposed",
        /// A number has rested, and rests once more.
        RestContinued = "rest-continued",
        /// A number has rested, and is given back to its provider.
        RestEnded = "rest-ended",
        /// A replaced number rests.
        Resting = "resting",
        /// Local dates ended with monitored numbers not rated.
        ReviewsMissed = "reviews-missed",
        /// A number left its slot, which is locked.
        SlotLocked = "slot-locked",
        /// A number turned at risk.
        TurnedAtRisk = "turned-at-risk",
        /// A number turned clean.
        TurnedClean = "turned-clean",
        /// A number turned flagged.
        TurnedFlagged = "turned-flagged",
        /// A webhook was added.
        WebhookAdded = "webhook-added",
        /// A webhook wants no more messages.
        WebhookPaused = "webhook-paused",
        /// A webhook was removed.
        WebhookRemoved = "webhook-removed",
    }
}

impl EventKind {
    /// Its kebab-case name, as in the database and in JSON.
    ///
    /// ```
    /// use dialguard_dialer::ledger::EventKind;
    /// assert_eq!(EventKind::TurnedAtRisk.name(), "turned-at-risk");
    /// ```
    pub const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// The kind of that name; none if it is not one of the ledger's own.
    ///
    /// ```
    /// use dialguard_dialer::ledger::EventKind;
    /// assert_eq!(EventKind::named("charged"), Some(EventKind::Charged));
    /// assert_eq!(EventKind::named("newly-flagged"), None); // a policy's notice
    /// ```
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// An event to record.
pub(super) struct NewEvent<'a> {
    pub account: i64,
    pub at: Timestamp,
    pub kind: &'a str,
    pub text: &'a str,
    pub run: Option<i64>,
    pub number: Option<PhoneNumber>,
    /// What is charged, or credited if it is negative.
    pub cents: Option<i64>,
    /// What blocks are charged for.
    pub cause: Option<String>,
    /// The order of the replacement that it is a step of.
    pub order: Option<u64>,
    /// The revision of the policy that it is about, if no run caused it.
    pub revision: Option<Revision>,
}

impl<'a> NewEvent<'a> {
    pub fn new(account: i64, at: Timestamp, kind: EventKind, text: &'a str) -> Self {
        Self::named(account, at, kind.name(), text)
    }

    fn named(account: i64, at: Timestamp, kind: &'a str, text: &'a str) -> Self {
        NewEvent {
            account,
            at,
            kind,
            text,
            run: None,
            number: None,
            cents: None,
            cause: None,
            order: None,
            revision: None,
        }
    }

    /// Records it as what the change's actor did.
    pub fn append(self, change: &Change) -> Result<()> {
        let NewEvent { account, at, kind, text, run, number, cents, cause, order, revision } = self;
        let actor = change.actor_key()?;
        change
            .prepare_cached(
                "INSERT INTO events (account, at, run, kind, number, cents, text, cause, order_id, revision, actor)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?
            .execute(params![
                account,
                to_sql(at),
                run,
                kind,
                number.map(to_sql),
                cents,
                text,
                cause,
                order.map(to_sql),
                revision.map(to_sql),
                actor
            ])?;
        Ok(())
    }
}

/// Records what the ledger itself did or saw.
pub(super) fn append(
    change: &Change,
    account: i64,
    at: Timestamp,
    run: Option<i64>,
    kind: EventKind,
    number: Option<PhoneNumber>,
    text: &str,
) -> Result<()> {
    NewEvent { run, number, ..NewEvent::new(account, at, kind, text) }.append(change)
}

/// Records a policy's notice, whose kind has been checked.
pub(super) fn append_notice(change: &Change, account: i64, at: Timestamp, run: i64, notice: &Notice) -> Result<()> {
    let event = NewEvent::named(account, at, &notice.kind, &notice.text);
    NewEvent { run: Some(run), number: notice.number, ..event }.append(change)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_own_name_in_kebab_case() {
        for kind in EventKind::ALL {
            let variant = format!("{kind:?}");
            let words = variant.split_inclusive(|_: char| true).map(|letter| match letter {
                upper if upper.chars().all(char::is_uppercase) => format!("-{}", upper.to_lowercase()),
                lower => lower.to_owned(),
            });
            assert_eq!(words.collect::<String>().trim_start_matches('-'), kind.name());
            assert_eq!(EventKind::named(kind.name()), Some(kind));
        }
        assert!(EventKind::NAMES.is_sorted());
    }
}
