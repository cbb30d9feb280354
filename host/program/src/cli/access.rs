//! `dialguard users …` and `dialguard tokens …`: access to the dashboard and the API.

use super::output::table;
use super::serve::LISTEN;
use super::{CommandContext, Done};
use crate::json::{Invite, NewInvite, NewToken, Session, Token, User};
use crate::words::{grant_in_words, inviter_in_words};
use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand};
use dialguard::calendar::rfc3339;
use dialguard_dialer::access::{Accounts, Grant, Inviter, Role, add_user, change_password, invite, make_token};
use dialguard_dialer::ledger::{Ledger, LedgerError};
use std::io::{BufRead, IsTerminal};

const DAY: u64 = 24 * 60 * 60;

#[derive(Subcommand)]
pub enum UsersCommand {
    /// Add a dashboard user; prompts for the password, or reads it from stdin if stdin is not a terminal
    Add {
        /// The name to sign in with
        name: String,
        #[command(flatten)]
        grant: GrantOptions,
    },
    /// Make a link by which one person becomes a user within 7 days, with a name and password of their choice
    Invite {
        #[command(flatten)]
        grant: GrantOptions,
        /// Where users reach the dashboard
        #[arg(long, value_name = "URL", default_value_t = format!("http://{LISTEN}"))]
        dashboard: String,
    },
    /// List the invites that nobody has accepted yet
    Invites,
    /// Revoke an invite, whose link then opens nothing
    RevokeInvite {
        /// Its id, as `dialguard users invites` lists it
        id: u64,
    },
    /// Change what a user may see and do, from the next request on
    Change {
        /// The user
        name: String,
        #[command(flatten)]
        grant: GrantOptions,
    },
    /// Give a user another password and end the user's sessions; prompts for it, or reads it from stdin
    Password {
        /// The user
        name: String,
    },
    /// List a user's sessions
    Sessions {
        /// The user
        name: String,
    },
    /// End a user's sessions
    SignOut {
        /// The user
        name: String,
        /// Only this one, as `dialguard users sessions` lists it
        #[arg(long, value_name = "ID")]
        session: Option<String>,
    },
    /// Remove a user and end the user's sessions
    Remove {
        /// The user
        name: String,
    },
    /// List the dashboard users
    List,
}

#[derive(Subcommand)]
pub enum TokensCommand {
    /// Make a token for a program and show it once
    Make {
        /// A unique name
        name: String,
        #[command(flatten)]
        grant: GrantOptions,
        /// Days after which it expires; by default it does not
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u64).range(1..=3_650))]
        days: Option<u64>,
    },
    /// Withdraw a token, which ends its access
    Withdraw {
        /// The token's name
        name: String,
    },
    /// List the tokens, without their secrets
    List,
}

#[derive(Args)]
pub struct GrantOptions {
    /// `read`; `operate`, to change numbers; or `administer`, to change settings and spend money
    #[arg(long, value_name = "ROLE", default_value = "read")]
    role: Role,
    /// Only for this account; may be repeated [default: every account]
    #[arg(long = "account", value_name = "ID")]
    accounts: Vec<String>,
}

impl GrantOptions {
    /// The accounts must exist: a typo would be noticed too late.
    fn grant(self, ledger: &Ledger) -> Result<Grant> {
        self.accounts.iter().try_for_each(|id| ledger.account(id).map(|_| ()))?;
        let accounts =
            if self.accounts.is_empty() { Accounts::All } else { Accounts::Only(self.accounts.into_iter().collect()) };
        Ok(Grant { role: self.role, accounts })
    }
}

pub fn users(context: &CommandContext, command: UsersCommand) -> Result<Done> {
    let ledger = context.ledger()?;
    match command {
        UsersCommand::Add { name, grant } => {
            let grant = grant.grant(&ledger)?;
            add_user(&ledger, &name, &password()?, grant, context.now())?;
            Ok(Done::say(format!("{name} can sign in on the dashboard that `dialguard serve` serves.")))
        }
        UsersCommand::Invite { grant, dashboard } => {
            let grant = grant.grant(&ledger)?;
            let (invite, secret) = invite(&ledger, grant, Inviter::CommandLine, context.now())?;
            let path = format!("/join?invite={secret}");
            let text = || {
                format!(
                    "{}{path}\nThis link is shown only once. It makes one person a user ({}), until {}.",
                    dashboard.trim_end_matches('/'),
                    grant_in_words(&invite.grant),
                    rfc3339(invite.ends_at)
                )
            };
            Ok(Done::show(context.json, || NewInvite { invite: Invite::from(&invite), path: path.clone() }, text))
        }
        UsersCommand::Invites => {
            let invites = ledger.invites(context.now())?;
            let rows = invites.iter().map(|invite| {
                [
                    invite.id.to_string(),
                    grant_in_words(&invite.grant),
                    inviter_in_words(&invite.inviter),
                    rfc3339(invite.ends_at),
                ]
            });
            let value = || invites.iter().map(Invite::from).collect::<Vec<_>>();
            Ok(Done::show(context.json, value, || {
                table(["INVITE", "ROLE", "INVITED BY", "EXPIRES AT"].map(str::to_owned), rows)
            }))
        }
        UsersCommand::RevokeInvite { id } => {
            ledger.revoke_invite(id, context.now())?;
            Ok(Done::say(format!("Invite {id} is revoked.")))
        }
        UsersCommand::Change { name, grant } => {
            let grant = grant.grant(&ledger)?;
            ledger.change_grant(&name, &grant, context.now())?;
            Ok(Done::say(format!("{name} is changed: {}.", grant_in_words(&grant))))
        }
        UsersCommand::Password { name } => {
            ledger.user(&name)?.ok_or_else(|| LedgerError::NoSuchUser(name.clone()))?;
            change_password(&ledger, &name, &password()?, None, context.now())?;
            Ok(Done::say(format!("{name} has another password, and is signed out.")))
        }
        UsersCommand::Sessions { name } => {
            ledger.user(&name)?.ok_or_else(|| LedgerError::NoSuchUser(name.clone()))?;
            let sessions = ledger.sessions_of(&name, context.now())?;
            let rows = sessions.iter().map(|session| {
                [session.id.clone(), rfc3339(session.began_at), rfc3339(session.ends_at), session.browser.clone()]
            });
            let value = || sessions.iter().map(Session::from).collect::<Vec<_>>();
            Ok(Done::show(context.json, value, || {
                table(["SESSION", "BEGAN AT", "ENDS AT", "BROWSER"].map(str::to_owned), rows)
            }))
        }
        UsersCommand::SignOut { name, session } => {
            ledger.user(&name)?.ok_or_else(|| LedgerError::NoSuchUser(name.clone()))?;
            match session {
                Some(id) => ledger.end_session_of(&name, &id, context.now())?,
                None => drop(ledger.end_sessions_of(&name, None, context.now())?),
            }
            Ok(Done::say(format!("{name} is signed out.")))
        }
        UsersCommand::Remove { name } => {
            ledger.remove_user(&name, context.now())?;
            Ok(Done::say(format!("{name} is removed and signed out.")))
        }
        UsersCommand::List => {
            let users = ledger.users()?;
            let rows =
                users.iter().map(|user| [user.name.clone(), grant_in_words(&user.grant), rfc3339(user.added_at)]);
            let value = || users.iter().map(User::from).collect::<Vec<_>>();
            Ok(Done::show(context.json, value, || table(["NAME", "ROLE", "ADDED AT"].map(str::to_owned), rows)))
        }
    }
}

pub fn tokens(context: &CommandContext, command: TokensCommand) -> Result<Done> {
    let ledger = context.ledger()?;
    match command {
        TokensCommand::Make { name, grant, days } => {
            let grant = grant.grant(&ledger)?;
            let ends_at = days.map(|days| context.now() + days * DAY);
            let token = make_token(&ledger, &name, grant, context.now(), ends_at)?;
            let text = || format!("{token}\nThis token is shown only once. Send it as `Authorization: Bearer …`.");
            Ok(Done::show(context.json, || NewToken { name: name.clone(), token: token.clone() }, text))
        }
        TokensCommand::Withdraw { name } => {
            ledger.withdraw_token(&name, context.now())?;
            Ok(Done::say(format!("{name} is withdrawn.")))
        }
        TokensCommand::List => {
            let tokens = ledger.tokens()?;
            let rows = tokens.iter().map(|token| {
                let ends_at = token.ends_at.map_or("never".into(), rfc3339);
                [token.name.clone(), grant_in_words(&token.grant), rfc3339(token.made_at), ends_at]
            });
            let value = || tokens.iter().map(Token::from).collect::<Vec<_>>();
            Ok(Done::show(context.json, value, || {
                table(["NAME", "ROLE", "MADE AT", "EXPIRES AT"].map(str::to_owned), rows)
            }))
        }
    }
}

/// Typed without echo at a terminal, otherwise a line of stdin.
fn password() -> Result<String> {
    if std::io::stdin().is_terminal() {
        let password = rpassword::prompt_password("Password (15 characters or more): ")?;
        ensure!(
            password == rpassword::prompt_password("Repeat the password: ")?,
            "the passwords differ; nothing was changed"
        );
        return Ok(password);
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("cannot read a password from stdin")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
