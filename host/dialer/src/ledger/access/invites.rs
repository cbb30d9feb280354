//! Links by which people become users: the link for the first user, and invites. Each works once.

use super::{Grant, SecretHash, User, accounts_to_sql, ensure_fits, grant, insert_user};
use crate::ledger::actors::Actor;
use crate::ledger::program_events::{ProgramSubject, grant_in_words, note};
use crate::ledger::{Ledger, LedgerError, Result, ensure_room, from_sql, to_sql};
use dialguard::contract::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

/// Invites of a ledger, at most.
const INVITES_MAX: u64 = 1_000;

/// An invite that has not been accepted yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invite {
    /// Names it when it is revoked.
    pub id: u64,
    /// What the new user may see and do.
    pub grant: Grant,
    /// Who made it.
    pub inviter: Inviter,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it expires.
    pub ends_at: Timestamp,
}

/// Who made an invite. It ends when the user or the token is removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inviter {
    /// A user of this name.
    User(String),
    /// A program with the token of this name.
    Token(String),
    /// An operator on the command line.
    CommandLine,
}

impl Inviter {
    fn user(&self) -> Option<&str> {
        if let Inviter::User(name) = self { Some(name) } else { None }
    }

    fn token(&self) -> Option<&str> {
        if let Inviter::Token(name) = self { Some(name) } else { None }
    }
}

impl Ledger {
    /// Makes the link with this secret the one that adds the first user, in place of the one before.
    ///
    /// Errors: [`LedgerError::LinkGone`] if there are users.
    pub fn set_first_user_link(&self, secret: &SecretHash) -> Result<()> {
        self.change(|transaction| {
            let set = transaction.execute(
                "INSERT OR REPLACE INTO first_user_link (one, secret)
                 SELECT 1, ?1 WHERE NOT EXISTS (SELECT 1 FROM users)",
                [secret],
            )?;
            if set == 0 { Err(LedgerError::LinkGone) } else { Ok(()) }
        })
    }

    /// Whether the link with this secret adds the first user.
    pub fn is_first_user_link(&self, secret: &SecretHash) -> Result<bool> {
        self.read(|transaction| {
            let known = "SELECT EXISTS (SELECT 1 FROM first_user_link WHERE secret = ?1)";
            Ok(transaction.query_row(known, [secret], |row| row.get(0))?)
        })
    }

    /// Adds the first user, which ends the link.
    ///
    /// Errors: [`LedgerError::LinkGone`] if it has ended before.
    pub fn add_first_user(&self, secret: &SecretHash, user: &User, password: &str) -> Result<()> {
        ensure_fits(&user.name, &user.grant)?;
        self.change(|transaction| {
            // The schema lets no link outlive the first user.
            if transaction.execute("DELETE FROM first_user_link WHERE secret = ?1", [secret])? == 0 {
                return Err(LedgerError::LinkGone);
            }
            insert_user(transaction, user, password)?;
            let text = format!("{} became the first user, by the link.", user.name);
            let themselves = transaction.by(Actor::user(&user.name, user.added_at));
            note(&themselves, user.added_at, (ProgramSubject::User, &user.name), "added", &text)
        })
    }

    /// Keeps an invite's hash and forgets those that have expired; the new one's id.
    pub fn add_invite(&self, invite: &Invite, secret: &SecretHash) -> Result<u64> {
        ensure_fits("invite", &invite.grant)?;
        self.change(|transaction| {
            transaction.execute("DELETE FROM invites WHERE ends_at <= ?1", [to_sql(invite.made_at)])?;
            ensure_room(transaction, "invites", INVITES_MAX)?;
            transaction.execute(
                "INSERT INTO invites (secret, role, accounts, user, token, made_at, ends_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    secret,
                    invite.grant.role.name(),
                    accounts_to_sql(&invite.grant.accounts),
                    invite.inviter.user(),
                    invite.inviter.token(),
                    to_sql(invite.made_at),
                    to_sql(invite.ends_at)
                ],
            )?;
            let id = transaction.last_insert_rowid();
            let text = format!("Invite {id} was made: {}.", grant_in_words(&invite.grant));
            note(transaction, invite.made_at, (ProgramSubject::Invite, &id.to_string()), "made", &text)?;
            Ok(from_sql(id))
        })
    }

    /// The invites that can be accepted, the oldest first.
    pub fn invites(&self, now: Timestamp) -> Result<Vec<Invite>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT id, role, accounts, user, token, made_at, ends_at FROM invites WHERE ends_at > ?1 ORDER BY id",
            )?;
            let invites = statement.query_map([to_sql(now)], invite)?;
            Ok(invites.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The invite with this secret; none if it was accepted or revoked, or has expired.
    pub fn invite(&self, secret: &SecretHash, now: Timestamp) -> Result<Option<Invite>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT id, role, accounts, user, token, made_at, ends_at FROM invites
                  WHERE secret = ?1 AND ends_at > ?2",
            )?;
            Ok(statement.query_row(params![secret, to_sql(now)], invite).optional()?)
        })
    }

    /// Revokes an invite: its link opens nothing from now on.
    pub fn revoke_invite(&self, id: u64, now: Timestamp) -> Result<()> {
        self.change(|transaction| {
            let revoked =
                transaction.execute("DELETE FROM invites WHERE id = ?1", [i64::try_from(id).unwrap_or(-1)])?;
            if revoked == 0 {
                return Err(LedgerError::NoSuchInvite(id));
            }
            let text = format!("Invite {id} was revoked.");
            note(transaction, now, (ProgramSubject::Invite, &id.to_string()), "revoked", &text)
        })
    }

    /// Adds the user who accepts the invite with this secret, which ends it. What the user may do is the invite's.
    ///
    /// Errors: [`LedgerError::LinkGone`] if it has ended before.
    pub fn accept_invite(&self, secret: &SecretHash, name: &str, password: &str, now: Timestamp) -> Result<()> {
        self.change(|transaction| {
            let accepted = transaction
                .query_row(
                    "DELETE FROM invites WHERE secret = ?1 AND ends_at > ?2
                     RETURNING id, role, accounts, user, token, made_at, ends_at",
                    params![secret, to_sql(now)],
                    invite,
                )
                .optional()?
                .ok_or(LedgerError::LinkGone)?;
            ensure_fits(name, &accepted.grant)?;
            let user = User { name: name.into(), grant: accepted.grant, added_at: now };
            insert_user(transaction, &user, password)?;
            let (id, grant) = (accepted.id, grant_in_words(&user.grant));
            let text = format!("{name} accepted invite {id} and became a user: {grant}.");
            let themselves = transaction.by(Actor::user(name, now));
            note(&themselves, now, (ProgramSubject::User, name), "added", &text)
        })
    }
}

fn invite(row: &Row) -> rusqlite::Result<Invite> {
    let (user, token): (Option<String>, Option<String>) = (row.get(3)?, row.get(4)?);
    let inviter = user.map(Inviter::User).or(token.map(Inviter::Token)).unwrap_or(Inviter::CommandLine);
    let (made_at, ends_at) = (from_sql(row.get(5)?), from_sql(row.get(6)?));
    Ok(Invite { id: from_sql(row.get(0)?), grant: grant(row, 1)?, inviter, made_at, ends_at })
}
