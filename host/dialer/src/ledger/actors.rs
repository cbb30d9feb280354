//! Who does what is recorded: by value, so that an event names its actor when the user or token is gone.
//!
//! A [`Ledger`] acts as the system's user who runs the program, until [`Ledger::acting_as`] says who else has
//! authenticated. One that acts as nobody only reads: what would be recorded is refused.

use crate::ledger::{Ledger, LedgerError, Result, to_sql};
use crate::system_user;
use dialguard::calendar::rfc3339;
use dialguard::contract::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use std::cell::Cell;
use std::ops::Deref;

/// What sort of actor it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActorKind {
    /// A user of the dashboard.
    User,
    /// A program, by its token.
    Token,
    /// The dialer itself, when something is due.
    Schedule,
    /// A revision of the policy.
    Policy,
    /// A user of the operating system, who ran a command or the program that embeds the dialer.
    SystemUser,
}

impl ActorKind {
    /// Every kind.
    pub const ALL: [ActorKind; 5] =
        [ActorKind::User, ActorKind::Token, ActorKind::Schedule, ActorKind::Policy, ActorKind::SystemUser];

    /// Its name, as in the database and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            ActorKind::User => "user",
            ActorKind::Token => "token",
            ActorKind::Schedule => "schedule",
            ActorKind::Policy => "policy",
            ActorKind::SystemUser => "system-user",
        }
    }
}

/// One that can act, or have others act for it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Party {
    /// What sort of actor it is.
    pub kind: ActorKind,
    /// The name of the user, the token or the system's user; of a policy its revision in words.
    pub name: String,
    /// What tells it from others of that name: when the user or token was added, the policy's revision, the system
    /// user's number (uid); none for the schedule, and where the system has no such numbers.
    pub id: Option<String>,
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Actor {
    /// The one who did it.
    pub party: Party,
    /// The one who asked for it, if that is another: the user whose replacement the schedule carries out, or who started
    /// the review in which a policy decided.
    pub acts_for: Option<Party>,
}

impl Actor {
    fn new(kind: ActorKind, name: impl Into<String>, id: Option<String>) -> Self {
        Actor { party: Party { kind, name: name.into(), id }, acts_for: None }
    }

    /// The user of that name who was added then.
    pub fn user(name: &str, added_at: Timestamp) -> Self {
        Self::new(ActorKind::User, name, Some(rfc3339(added_at)))
    }

    /// The program whose token has that name and was made then.
    pub fn token(name: &str, made_at: Timestamp) -> Self {
        Self::new(ActorKind::Token, name, Some(rfc3339(made_at)))
    }

    /// The dialer itself, when something is due.
    pub fn schedule() -> Self {
        Self::new(ActorKind::Schedule, "schedule", None)
    }

    /// The operating-system user that this process runs as. Taken from the process itself, and not from its
    /// environment, which anybody can set.
    pub fn system_user() -> Self {
        let system_user::SystemUser { name, uid } = system_user::current();
        Self::new(ActorKind::SystemUser, name, uid.map(|uid| uid.to_string()))
    }

    /// A revision of the policy; none for a policy of the program's own.
    pub fn policy(revision: Option<u64>) -> Self {
        let name = revision.map_or("the program's own policy".into(), |revision| format!("revision {revision}"));
        Self::new(ActorKind::Policy, name, revision.map(|revision| revision.to_string()))
    }

    /// The same, acting for another that asked for it. What one does for itself it does alone, and so does what already
    /// acts for it.
    #[must_use]
    pub fn acting_for(&self, other: &Actor) -> Self {
        if *self == *other {
            return self.clone();
        }
        if self.acts_for.is_none() && other.acts_for.as_ref() == Some(&self.party) {
            return other.clone();
        }
        Actor { party: self.party.clone(), acts_for: Some(other.party.clone()) }
    }
}

impl Ledger {
    /// The same ledger, whose changes are recorded as this actor's; as nobody's, it refuses those that are recorded.
    #[must_use]
    pub fn acting_as(&self, actor: impl Into<Option<Actor>>) -> Self {
        Ledger { open: self.open.clone(), actor: actor.into() }
    }

    /// Who makes its changes.
    pub fn actor(&self) -> Option<&Actor> {
        self.actor.as_ref()
    }
}

/// A change of the ledger: its transaction, and who makes it. Only a change appends events.
pub(in crate::ledger) struct Change<'a> {
    transaction: &'a Transaction<'a>,
    actor: Option<Actor>,
    /// The actor's row, once it is known.
    key: Cell<Option<i64>>,
}

impl<'a> Change<'a> {
    pub fn new(transaction: &'a Transaction<'a>, actor: Option<Actor>) -> Self {
        Change { transaction, actor, key: Cell::new(None) }
    }

    /// What of this change another does.
    pub fn by(&self, actor: Actor) -> Change<'_> {
        Change::new(self.transaction, Some(actor))
    }

    /// What the dialer does by itself when an account is changed by anybody, such as charging a cycle that is due.
    pub fn by_schedule(&self) -> Change<'_> {
        self.by(Actor::schedule())
    }

    /// A step of an order: done by this actor, for the one that asked for the replacement.
    pub fn of_order(&self, order: u64) -> Result<Change<'_>> {
        let asked_by = self
            .transaction
            .prepare_cached(&format!(
                "SELECT {ACTOR_COLUMNS} FROM orders {} WHERE orders.id = ?1",
                join_actors("orders")
            ))?
            .query_row([to_sql(order)], |row| actor_from_row(row, 0))?;
        let actor = self.actor()?;
        Ok(self.by(asked_by.map_or(actor.clone(), |asked_by| actor.acting_for(&asked_by))))
    }

    pub fn actor(&self) -> Result<&Actor> {
        self.actor.as_ref().ok_or(LedgerError::NoActor)
    }

    /// The row that says who makes it.
    pub fn actor_key(&self) -> Result<i64> {
        if let Some(key) = self.key.get() {
            return Ok(key);
        }
        let Actor { party, acts_for } = self.actor()?;
        let acts_for = acts_for.as_ref().map(|party| self.key_of(party, None)).transpose()?;
        let key = self.key_of(party, acts_for)?;
        self.key.set(Some(key));
        Ok(key)
    }

    fn key_of(&self, Party { kind, name, id }: &Party, acts_for: Option<i64>) -> Result<i64> {
        let known = self
            .transaction
            .prepare_cached(
                "SELECT key FROM actors
                  WHERE kind = ?1 AND name = ?2 AND ifnull(id, '') = ifnull(?3, '') AND ifnull(acts_for, 0) = ifnull(?4, 0)",
            )?
            .query_row(params![kind.name(), name, id, acts_for], |row| row.get(0))
            .optional()?;
        if let Some(key) = known {
            return Ok(key);
        }
        self.transaction
            .prepare_cached("INSERT INTO actors (kind, name, id, acts_for) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![kind.name(), name, id, acts_for])?;
        Ok(self.transaction.last_insert_rowid())
    }
}

impl<'a> Deref for Change<'a> {
    type Target = Transaction<'a>;

    fn deref(&self) -> &Transaction<'a> {
        self.transaction
    }
}

/// What [`actor_from_row`] reads, of a table with [its actors](join_actors).
pub(in crate::ledger) const ACTOR_COLUMNS: &str =
    "actors.kind, actors.name, actors.id, askers.kind, askers.name, askers.id";

/// Joins the actors of a table that has the column `actor`.
pub(in crate::ledger) fn join_actors(table: &str) -> String {
    format!("LEFT JOIN actors ON actors.key = {table}.actor LEFT JOIN actors AS askers ON askers.key = actors.acts_for")
}

/// The actor in the six columns from this one on; none if it was not recorded.
pub(in crate::ledger) fn actor_from_row(row: &Row, column: usize) -> rusqlite::Result<Option<Actor>> {
    let Some(party) = party_from_row(row, column)? else { return Ok(None) };
    Ok(Some(Actor { party, acts_for: party_from_row(row, column + 3)? }))
}

fn party_from_row(row: &Row, column: usize) -> rusqlite::Result<Option<Party>> {
    let Some(kind) = row.get::<_, Option<String>>(column)? else { return Ok(None) };
    let kind = ActorKind::ALL.into_iter().find(|known| known.name() == kind);
    let kind = kind.expect("the schema has no other kinds");
    Ok(Some(Party { kind, name: row.get(column + 1)?, id: row.get(column + 2)? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_acts_for_another_but_not_for_itself() {
        let (ann, schedule, policy) = (Actor::user("ann", 1), Actor::schedule(), Actor::policy(Some(3)));
        assert_eq!(ann.acting_for(&ann), ann);
        let for_ann = schedule.acting_for(&ann);
        assert_eq!((for_ann.party.kind, for_ann.acts_for.as_ref()), (ActorKind::Schedule, Some(&ann.party)));
        // The policy decided in the schedule's review; the schedule carries it out.
        let planned = policy.acting_for(&schedule);
        assert_eq!(schedule.acting_for(&planned), planned);
        // It decided in a review that ann had made: the schedule acts for the policy.
        assert_eq!(schedule.acting_for(&policy.acting_for(&ann)).acts_for, Some(policy.party));
    }

    #[test]
    fn a_user_of_the_same_name_who_was_added_later_is_another() {
        assert_ne!(Actor::user("ann", 1), Actor::user("ann", 2));
        assert_ne!(Actor::user("ann", 1), Actor::token("ann", 1));
    }
}
