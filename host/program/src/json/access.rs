//! Users of the dashboard and tokens of programs.

use super::Time;
use dialguard_dialer::access::{self, Accounts, Grant};
use dialguard_dialer::ledger;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a user or a program may do; each role includes those before it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// See everything of an account.
    Read,
    /// Also monitor, stop, replace, delete and screen numbers, and have an account reviewed.
    Operate,
    /// Also change the add-on, blocks and settings of an account. Over every account also accounts, sources, policies,
    /// webhooks and tokens.
    Administer,
}

impl From<access::Role> for Role {
    fn from(role: access::Role) -> Self {
        match role {
            access::Role::Read => Role::Read,
            access::Role::Operate => Role::Operate,
            access::Role::Administer => Role::Administer,
        }
    }
}

impl From<Role> for access::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Read => access::Role::Read,
            Role::Operate => access::Role::Operate,
            Role::Administer => access::Role::Administer,
        }
    }
}

fn accounts(grant: &Grant) -> Option<Vec<String>> {
    match &grant.accounts {
        Accounts::All => None,
        Accounts::Only(ids) => Some(ids.iter().cloned().collect()),
    }
}

/// A user of the dashboard.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct User {
    /// Unique; the user signs in with it.
    #[schema(example = "kim")]
    name: String,
    role: Role,
    /// The accounts the role covers; null is every account.
    accounts: Option<Vec<String>>,
    added_at: Time,
}

impl From<&ledger::User> for User {
    fn from(user: &ledger::User) -> Self {
        User {
            name: user.name.clone(),
            role: user.grant.role.into(),
            accounts: accounts(&user.grant),
            added_at: Time(user.added_at),
        }
    }
}

/// A session of a user of the dashboard.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Session {
    /// Names the session among the user's.
    #[schema(example = "8e03978e4f6c1d2a")]
    pub id: String,
    began_at: Time,
    /// When it ends by itself.
    ends_at: Time,
    /// What the browser said of itself; empty if nothing.
    browser: String,
}

impl From<&ledger::Session> for Session {
    fn from(session: &ledger::Session) -> Self {
        Session {
            id: session.id.clone(),
            began_at: Time(session.began_at),
            ends_at: Time(session.ends_at),
            browser: session.browser.clone(),
        }
    }
}

/// A link by which a person becomes a user, without its secret.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Invite {
    /// Names it when it is revoked.
    #[schema(value_type = i64, minimum = 1)]
    pub id: u64,
    role: Role,
    /// The accounts the role will cover; null is every account.
    accounts: Option<Vec<String>>,
    /// The user or the token that made it, and ends it when it is removed; null for the command line.
    #[schema(example = "kim")]
    invited_by: Option<String>,
    made_at: Time,
    /// When it expires.
    ends_at: Time,
}

impl From<&ledger::Invite> for Invite {
    fn from(invite: &ledger::Invite) -> Self {
        let invited_by = match &invite.inviter {
            ledger::Inviter::User(name) | ledger::Inviter::Token(name) => Some(name.clone()),
            ledger::Inviter::CommandLine => None,
        };
        Invite {
            id: invite.id,
            role: invite.grant.role.into(),
            accounts: accounts(&invite.grant),
            invited_by,
            made_at: Time(invite.made_at),
            ends_at: Time(invite.ends_at),
        }
    }
}

/// An invite that was just made, with the path of its link.
#[derive(Serialize, ToSchema)]
pub struct NewInvite {
    #[serde(flatten)]
    pub invite: Invite,
    /// To open on the dashboard. It is shown only once and not stored.
    #[schema(example = "/join?invite=5f2b…")]
    pub path: String,
}

/// A program's token, without its secret.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Token {
    /// Unique.
    #[schema(example = "dialer")]
    name: String,
    role: Role,
    /// The accounts the role covers; null is every account.
    accounts: Option<Vec<String>>,
    made_at: Time,
    /// When it expires; null if it does not.
    ends_at: Option<Time>,
}

impl From<&ledger::Token> for Token {
    fn from(token: &ledger::Token) -> Self {
        Token {
            name: token.name.clone(),
            role: token.grant.role.into(),
            accounts: accounts(&token.grant),
            made_at: Time(token.made_at),
            ends_at: token.ends_at.map(Time),
        }
    }
}

/// A token that was just made, with its secret.
#[derive(Serialize, ToSchema)]
pub struct NewToken {
    /// Its name.
    #[schema(example = "dialer")]
    pub name: String,
    /// To send as `Authorization: Bearer …`. It is shown only once and not stored.
    pub token: String,
}
