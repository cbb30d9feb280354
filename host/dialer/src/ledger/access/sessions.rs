//! Sessions of users: begun, listed, ended.

use super::{SecretHash, User, user};
use crate::ledger::actors::Change;
use crate::ledger::program_events::{ProgramSubject, note};
use crate::ledger::{Ledger, LedgerError, Result, from_sql, to_sql};
use dialguard::contract::Timestamp;
use rusqlite::{OptionalExtension, params};

/// Sessions of a user, at most: the oldest ends when another begins.
const SESSIONS_OF_USER_MAX: u32 = 100;

/// Bytes of a browser's name, at most; the rest of a longer one is left out.
const BROWSER_BYTES_MAX: usize = 200;

/// A session, as its user sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Names it among the user's, and opens nothing: part of the hash of its secret.
    pub id: String,
    /// When the user signed in.
    pub began_at: Timestamp,
    /// When it ends by itself.
    pub ends_at: Timestamp,
    /// What the browser said of itself; empty if nothing.
    pub browser: String,
}

impl Session {
    /// The id of the session with this secret.
    pub fn id_of(secret: &SecretHash) -> String {
        secret[..8].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Ledger {
    /// Begins a session, and forgets those that have ended, and the user's oldest beyond 100.
    pub fn begin_session(
        &self,
        secret: &SecretHash,
        user: &str,
        browser: &str,
        now: Timestamp,
        ends_at: Timestamp,
    ) -> Result<()> {
        let browser = &browser[..browser.floor_char_boundary(BROWSER_BYTES_MAX)];
        self.change(|transaction| {
            transaction.execute("DELETE FROM sessions WHERE ends_at <= ?1", [to_sql(now)])?;
            transaction.execute(
                "INSERT INTO sessions (secret, user, browser, began_at, ends_at) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![secret, user, browser, to_sql(now), to_sql(ends_at)],
            )?;
            transaction.execute(
                "DELETE FROM sessions WHERE secret IN (
                     SELECT secret FROM sessions WHERE user = ?1 ORDER BY ends_at DESC LIMIT -1 OFFSET ?2)",
                params![user, SESSIONS_OF_USER_MAX],
            )?;
            Ok(())
        })
    }

    /// The user of a session; none if it has ended or never existed.
    pub fn session(&self, secret: &SecretHash, now: Timestamp) -> Result<Option<User>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT name, role, accounts, added_at FROM sessions JOIN users ON name = user
                  WHERE secret = ?1 AND ends_at > ?2",
            )?;
            Ok(statement.query_row(params![secret, to_sql(now)], user).optional()?)
        })
    }

    /// A user's sessions that have not ended, the newest first.
    pub fn sessions_of(&self, user: &str, now: Timestamp) -> Result<Vec<Session>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT secret, began_at, ends_at, browser FROM sessions
                  WHERE user = ?1 AND ends_at > ?2 ORDER BY began_at DESC, secret",
            )?;
            let sessions = statement.query_map(params![user, to_sql(now)], |row| {
                Ok(Session {
                    id: Session::id_of(&row.get(0)?),
                    began_at: from_sql(row.get(1)?),
                    ends_at: from_sql(row.get(2)?),
                    browser: row.get(3)?,
                })
            })?;
            Ok(sessions.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Ends a session.
    pub fn end_session(&self, secret: &SecretHash) -> Result<()> {
        self.change(|transaction| {
            transaction.execute("DELETE FROM sessions WHERE secret = ?1", [secret])?;
            Ok(())
        })
    }

    /// Ends a session of a user by its id.
    pub fn end_session_of(&self, user: &str, id: &str, now: Timestamp) -> Result<()> {
        self.change(|transaction| {
            let ended = transaction.execute(
                "DELETE FROM sessions WHERE user = ?1 AND lower(hex(substr(secret, 1, 8))) = ?2",
                [user, id],
            )?;
            if ended == 0 {
                return Err(LedgerError::NoSuchSession(id.to_owned()));
            }
            note_ended(transaction, user, ended, now)
        })
    }

    /// Ends a user's sessions, all but `kept`; how many.
    pub fn end_sessions_of(&self, user: &str, kept: Option<&SecretHash>, now: Timestamp) -> Result<usize> {
        self.change(|transaction| {
            let ended = transaction
                .execute("DELETE FROM sessions WHERE user = ?1 AND secret IS NOT ?2", params![user, kept])?;
            note_ended(transaction, user, ended, now)?;
            Ok(ended)
        })
    }
}

fn note_ended(change: &Change, user: &str, sessions: usize, now: Timestamp) -> Result<()> {
    if sessions == 0 {
        return Ok(());
    }
    let several = if sessions == 1 { "A session".to_owned() } else { format!("{sessions} sessions") };
    note(change, now, (ProgramSubject::User, user), "signed-out", &format!("{several} of {user} ended."))
}
