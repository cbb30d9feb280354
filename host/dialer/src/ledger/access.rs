//! Users, and programs' tokens. Only hashes of secrets are stored.

pub(in crate::ledger) mod invites;
pub(in crate::ledger) mod keyed_requests;
pub(in crate::ledger) mod sessions;

use crate::ledger::program_events::{ProgramSubject, grant_in_words, note};
use crate::ledger::{Ledger, LedgerError, Result, ensure_room, from_sql, to_sql};
use dialguard::contract::Timestamp;
use rusqlite::types::Type;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// Bytes of the name of a user or a token, at most.
pub const NAME_BYTES_MAX: usize = 64;

/// Users, and tokens, of a ledger, at most.
const USERS_MAX: u64 = 10_000;
const TOKENS_MAX: u64 = 10_000;

/// Accounts that a grant names, at most; one for every account names none.
pub const GRANTED_ACCOUNTS_MAX: usize = 1_000;

/// SHA-256 of a secret that is itself random.
pub type SecretHash = [u8; 32];

/// A user who may sign in to the dashboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Unique; by which the user signs in.
    pub name: String,
    /// What the user may see and do.
    pub grant: Grant,
    /// When the user was added.
    pub added_at: Timestamp,
}

/// What a program authenticates with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Unique; names it when it is withdrawn.
    pub name: String,
    /// What the program may see and do.
    pub grant: Grant,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it expires; none if it does not.
    pub ends_at: Option<Timestamp>,
}

/// What a user or program may do. Each role includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// See everything of an account.
    Read,
    /// Also monitor, stop, replace, delete and screen numbers, and review an account.
    Operate,
    /// Also change the add-on, blocks and settings of an account. With [`Accounts::All`] also add accounts, and manage
    /// sources, policies and tokens.
    Administer,
}

/// The accounts that a grant covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accounts {
    /// Every account, including those added later.
    All,
    /// These.
    Only(BTreeSet<String>),
}

/// What a user or program may do, and with which accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// What is allowed.
    pub role: Role,
    /// With which accounts.
    pub accounts: Accounts,
}

impl Grant {
    /// Whether it covers this account, in any role.
    pub fn covers(&self, account: &str) -> bool {
        match &self.accounts {
            Accounts::All => true,
            Accounts::Only(ids) => ids.contains(account),
        }
    }

    /// Whether it allows requests not about one account: sources, policies, tokens, new accounts.
    pub fn is_over_everything(&self) -> bool {
        self.role == Role::Administer && self.accounts == Accounts::All
    }
}

impl Role {
    /// Every role, in ascending order of rights.
    pub const ALL: [Role; 3] = [Role::Read, Role::Operate, Role::Administer];

    /// Its name, as on the command line and in the API.
    pub fn name(self) -> &'static str {
        match self {
            Role::Read => "read",
            Role::Operate => "operate",
            Role::Administer => "administer",
        }
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let role = Role::ALL.into_iter().find(|role| role.name() == text);
        role.ok_or_else(|| format!("{text:?} is not a role; give read, operate or administer"))
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Ledger {
    /// Every user, by name.
    pub fn users(&self) -> Result<Vec<User>> {
        self.read(|transaction| {
            let mut statement =
                transaction.prepare_cached("SELECT name, role, accounts, added_at FROM users ORDER BY name")?;
            let users = statement.query_map([], user)?;
            Ok(users.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Whether there is a user.
    pub fn has_users(&self) -> Result<bool> {
        self.read(|transaction| Ok(transaction.query_row("SELECT EXISTS (SELECT 1 FROM users)", [], |row| row.get(0))?))
    }

    /// Adds a user, with the argon2id hash of the password in PHC notation.
    pub fn add_user(&self, user: &User, password: &str) -> Result<()> {
        ensure_fits(&user.name, &user.grant)?;
        self.change(|change| {
            insert_user(change, user, password)?;
            let text = format!("{} was added as a user: {}.", user.name, grant_in_words(&user.grant));
            note(change, user.added_at, (ProgramSubject::User, &user.name), "added", &text)
        })
    }

    /// Changes what a user may see and do, from the next request on.
    pub fn change_grant(&self, name: &str, grant: &Grant, now: Timestamp) -> Result<()> {
        ensure_fits(name, grant)?;
        self.change(|transaction| {
            let changed = transaction.execute(
                "UPDATE users SET role = ?2, accounts = ?3 WHERE name = ?1",
                params![name, grant.role.name(), accounts_to_sql(&grant.accounts)],
            )?;
            if changed == 0 {
                return Err(LedgerError::NoSuchUser(name.to_owned()));
            }
            let text = format!("{name} may now do this: {}.", grant_in_words(grant));
            note(transaction, now, (ProgramSubject::User, name), "changed", &text)
        })
    }

    /// Changes a user's password, and ends all of the user's sessions but `kept`.
    pub fn change_password(&self, name: &str, password: &str, kept: Option<&SecretHash>, now: Timestamp) -> Result<()> {
        self.change(|transaction| {
            if transaction.execute("UPDATE users SET password = ?2 WHERE name = ?1", [name, password])? == 0 {
                return Err(LedgerError::NoSuchUser(name.to_owned()));
            }
            transaction.execute("DELETE FROM sessions WHERE user = ?1 AND secret IS NOT ?2", params![name, kept])?;
            let text = format!("{name} has another password.");
            note(transaction, now, (ProgramSubject::User, name), "password-changed", &text)
        })
    }

    /// Removes a user, and ends the user's sessions.
    pub fn remove_user(&self, name: &str, now: Timestamp) -> Result<()> {
        self.change(|transaction| match transaction.execute("DELETE FROM users WHERE name = ?1", [name])? {
            0 => Err(LedgerError::NoSuchUser(name.to_owned())),
            _ => note(transaction, now, (ProgramSubject::User, name), "removed", &format!("{name} was removed.")),
        })
    }

    /// A user and the hash of the password; none if there is no such user.
    pub fn user(&self, name: &str) -> Result<Option<(User, String)>> {
        self.read(|transaction| {
            let mut statement = transaction
                .prepare_cached("SELECT name, role, accounts, added_at, password FROM users WHERE name = ?1")?;
            Ok(statement.query_row([name], |row| Ok((user(row)?, row.get(4)?))).optional()?)
        })
    }

    /// Every token, by name.
    pub fn tokens(&self) -> Result<Vec<Token>> {
        self.read(|transaction| {
            let mut statement = transaction
                .prepare_cached("SELECT name, role, accounts, made_at, ends_at FROM tokens ORDER BY name")?;
            let tokens = statement.query_map([], token)?;
            Ok(tokens.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Keeps a token's hash.
    pub fn add_token(&self, token: &Token, secret: &SecretHash) -> Result<()> {
        ensure_fits(&token.name, &token.grant)?;
        self.change(|transaction| {
            ensure_room(transaction, "tokens", TOKENS_MAX)?;
            let added = transaction.execute(
                "INSERT INTO tokens (name, secret, role, accounts, made_at, ends_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (name) DO NOTHING",
                params![
                    token.name,
                    secret,
                    token.grant.role.name(),
                    accounts_to_sql(&token.grant.accounts),
                    to_sql(token.made_at),
                    token.ends_at.map(to_sql)
                ],
            )?;
            if added == 0 {
                return Err(LedgerError::TokenExists(token.name.clone()));
            }
            let text = format!("Token {} was made: {}.", token.name, grant_in_words(&token.grant));
            note(transaction, token.made_at, (ProgramSubject::Token, &token.name), "made", &text)
        })
    }

    /// Withdraws a token: it opens nothing from now on.
    pub fn withdraw_token(&self, name: &str, now: Timestamp) -> Result<()> {
        self.change(|transaction| match transaction.execute("DELETE FROM tokens WHERE name = ?1", [name])? {
            0 => Err(LedgerError::NoSuchToken(name.to_owned())),
            _ => {
                let text = format!("Token {name} was withdrawn.");
                note(transaction, now, (ProgramSubject::Token, name), "withdrawn", &text)
            }
        })
    }

    /// The token with this hash; none if it has expired or never existed.
    pub fn token(&self, secret: &SecretHash, now: Timestamp) -> Result<Option<Token>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT name, role, accounts, made_at, ends_at FROM tokens
                  WHERE secret = ?1 AND (ends_at IS NULL OR ends_at > ?2)",
            )?;
            Ok(statement.query_row(params![secret, to_sql(now)], token).optional()?)
        })
    }
}

fn ensure_fits(name: &str, grant: &Grant) -> Result<()> {
    if !(1..=NAME_BYTES_MAX).contains(&name.len()) {
        return Err(LedgerError::Refused(format!("a name has 1 to {NAME_BYTES_MAX} bytes")));
    }
    match &grant.accounts {
        Accounts::Only(ids) if ids.len() > GRANTED_ACCOUNTS_MAX => {
            Err(LedgerError::Refused(format!("a grant names at most {GRANTED_ACCOUNTS_MAX} accounts")))
        }
        _ => Ok(()),
    }
}

fn insert_user(transaction: &Transaction, user: &User, password: &str) -> Result<()> {
    ensure_room(transaction, "users", USERS_MAX)?;
    let added = transaction.execute(
        "INSERT INTO users (name, password, role, accounts, added_at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (name) DO NOTHING",
        params![
            user.name,
            password,
            user.grant.role.name(),
            accounts_to_sql(&user.grant.accounts),
            to_sql(user.added_at)
        ],
    )?;
    if added == 0 { Err(LedgerError::UserExists(user.name.clone())) } else { Ok(()) }
}

fn user(row: &Row) -> rusqlite::Result<User> {
    Ok(User { name: row.get(0)?, grant: grant(row, 1)?, added_at: from_sql(row.get(3)?) })
}

fn token(row: &Row) -> rusqlite::Result<Token> {
    let ends_at: Option<i64> = row.get(4)?;
    let made_at = from_sql(row.get(3)?);
    Ok(Token { name: row.get(0)?, grant: grant(row, 1)?, made_at, ends_at: ends_at.map(from_sql) })
}

/// Role and accounts, in this column and the next.
fn grant(row: &Row, column: usize) -> rusqlite::Result<Grant> {
    let (role, accounts): (String, Option<String>) = (row.get(column)?, row.get(column + 1)?);
    let unreadable = |error: String| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(std::io::Error::other(error)))
    };
    let accounts = match accounts {
        None => Accounts::All,
        Some(ids) => Accounts::Only(serde_json::from_str(&ids).map_err(|error| unreadable(error.to_string()))?),
    };
    Ok(Grant { role: role.parse::<Role>().map_err(unreadable)?, accounts })
}

fn accounts_to_sql(accounts: &Accounts) -> Option<String> {
    match accounts {
        Accounts::All => None,
        Accounts::Only(ids) => Some(serde_json::to_string(ids).expect("ids are text")),
    }
}
