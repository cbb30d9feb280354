//! What happened outside accounts: to policies, users, tokens, invites, sources, providers, webhooks for every account and
//! names of carriers. Who removed a user has an answer here, as who deleted a number has one among its account's events.

use crate::ledger::access::{Accounts, Grant};
use crate::ledger::actors::{ACTOR_COLUMNS, Actor, Change, actor_from_row, join_actors};
use crate::ledger::policies::Revision;
use crate::ledger::{Ledger, Result, asked_to_sql, from_sql, to_sql};
use dialguard::contract::Timestamp;
use rusqlite::params;

/// What an event outside accounts is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProgramSubject {
    /// Policies, their limits, and keys that sign them.
    Policy,
    /// A user.
    User,
    /// A program's token.
    Token,
    /// An invite.
    Invite,
    /// A source of verdicts.
    Source,
    /// A provider of numbers.
    Provider,
    /// A webhook for every account.
    Webhook,
    /// A name of a carrier.
    Carrier,
}

impl ProgramSubject {
    /// Every subject.
    pub const ALL: [ProgramSubject; 8] = [
        ProgramSubject::Policy,
        ProgramSubject::User,
        ProgramSubject::Token,
        ProgramSubject::Invite,
        ProgramSubject::Source,
        ProgramSubject::Provider,
        ProgramSubject::Webhook,
        ProgramSubject::Carrier,
    ];

    /// Its name, as in the database and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            ProgramSubject::Policy => "policy",
            ProgramSubject::User => "user",
            ProgramSubject::Token => "token",
            ProgramSubject::Invite => "invite",
            ProgramSubject::Source => "source",
            ProgramSubject::Provider => "provider",
            ProgramSubject::Webhook => "webhook",
            ProgramSubject::Carrier => "carrier",
        }
    }

    /// The subject of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|subject| subject.name() == name)
    }
}

/// Something that happened outside accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramEvent {
    /// Rises with every event.
    pub id: u64,
    /// When it happened.
    pub at: Timestamp,
    /// What it is about.
    pub subject: ProgramSubject,
    /// Which one: the name of the user, the token, the source or the provider, the id of the invite or the webhook; none
    /// of a policy.
    pub name: Option<String>,
    /// The policy's revision.
    pub revision: Option<Revision>,
    /// Kebab-case name of the kind.
    pub kind: String,
    /// The event in words.
    pub text: String,
    /// Who did it; none for an event of an earlier version, which recorded no actors.
    pub actor: Option<Actor>,
}

/// Which events outside accounts to find; a field that is none matches all.
#[derive(Debug, Clone, Default)]
pub struct ProgramEventQuery {
    /// Only those about this.
    pub subject: Option<ProgramSubject>,
    /// Only those about the one of this name.
    pub name: Option<String>,
    /// Only those that an actor of this name did.
    pub actor: Option<String>,
    /// Only those before this event.
    pub before: Option<u64>,
    /// Only those after this event.
    pub after: Option<u64>,
    /// The oldest first, not the newest.
    pub oldest_first: bool,
}

/// A page of events outside accounts.
#[derive(Debug, Clone)]
pub struct ProgramEventPage {
    /// The events, in the order of the query.
    pub events: Vec<ProgramEvent>,
    /// The [`ProgramEventQuery::before`], or [`ProgramEventQuery::after`] if the oldest come first, of the next page;
    /// none on the last.
    pub next: Option<u64>,
}

impl Ledger {
    /// What happened outside accounts, at most `limit` events, the newest first unless
    /// [`ProgramEventQuery::oldest_first`].
    pub fn program_events(&self, query: &ProgramEventQuery, limit: u32) -> Result<ProgramEventPage> {
        let ProgramEventQuery { subject, name, actor, before, after, oldest_first } = query;
        let order = if *oldest_first { "ASC" } else { "DESC" };
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(&format!(
                "SELECT program_events.id, at, subject, program_events.name, revision, program_events.kind, text,
                        {ACTOR_COLUMNS}
                   FROM program_events {}
                  WHERE (?1 IS NULL OR subject = ?1) AND (?2 IS NULL OR program_events.name = ?2)
                    AND (?3 IS NULL OR ?3 IN (actors.name, askers.name)) AND (?4 IS NULL OR program_events.id < ?4)
                    AND (?5 IS NULL OR program_events.id > ?5)
                  ORDER BY program_events.id {order} LIMIT ?6",
                join_actors("program_events")
            ))?;
            let subject = subject.map(ProgramSubject::name);
            let (before, after) = (before.map(asked_to_sql), after.map(asked_to_sql));
            let parameters = params![subject, name, actor, before, after, i64::from(limit) + 1];
            let found = statement.query_map(parameters, event_from_row)?;
            let mut events: Vec<ProgramEvent> = found.collect::<rusqlite::Result<_>>()?;
            let is_more = events.len() > limit as usize;
            events.truncate(limit as usize);
            let next = events.last().filter(|_| is_more).map(|event| event.id);
            Ok(ProgramEventPage { events, next })
        })
    }
}

fn event_from_row(row: &rusqlite::Row) -> rusqlite::Result<ProgramEvent> {
    let subject: String = row.get(2)?;
    Ok(ProgramEvent {
        id: from_sql(row.get(0)?),
        at: from_sql(row.get(1)?),
        subject: ProgramSubject::named(&subject).expect("the schema has no other subjects"),
        name: row.get(3)?,
        revision: row.get::<_, Option<i64>>(4)?.map(from_sql),
        kind: row.get(5)?,
        text: row.get(6)?,
        actor: actor_from_row(row, 7)?,
    })
}

/// Records what the change's actor did outside accounts, as an event of the kind `user-removed` or the like.
pub(in crate::ledger) fn note(
    change: &Change,
    at: Timestamp,
    (subject, name): (ProgramSubject, &str),
    did: &str,
    text: &str,
) -> Result<()> {
    let (kind, actor) = (format!("{}-{did}", subject.name()), change.actor_key()?);
    change
        .prepare_cached(
            "INSERT INTO program_events (at, subject, name, severity, kind, text, actor)
             VALUES (?1, ?2, ?3, 'info', ?4, ?5, ?6)",
        )?
        .execute(params![to_sql(at), subject.name(), name, kind, text, actor])?;
    Ok(())
}

/// What a grant allows, in words: `operate, accounts acme and bolt`.
pub(in crate::ledger) fn grant_in_words(grant: &Grant) -> String {
    const LISTED_MAX: usize = 5;
    let accounts = match &grant.accounts {
        Accounts::All => "every account".to_owned(),
        Accounts::Only(ids) if ids.len() > LISTED_MAX => format!("{} accounts", ids.len()),
        Accounts::Only(ids) => ids.iter().map(String::as_str).collect::<Vec<_>>().join(", "),
    };
    format!("{}, {accounts}", grant.role)
}
