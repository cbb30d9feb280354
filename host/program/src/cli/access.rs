//! `dialguard users …` and `dialguard tokens …`: access to the dashboard and the API.

use super::output::table;
use super::{CommandContext, Done};
use crate::json::{NewToken, Token, User};
use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand};
use dialguard::calendar::rfc3339;
use dialguard_dialer::access::{Accounts, Grant, Role, add_user, make_token};
use dialguard_dialer::ledger::Ledger;
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
        UsersCommand::Remove { name } => {
            ledger.remove_user(&name)?;
            Ok(Done::say(format!("{name} is removed and signed out.")))
        }
        UsersCommand::List => {
            let users = ledger.users()?;
            let rows = users.iter().map(|user| [user.name.clone(), in_words(&user.grant), rfc3339(user.added_at)]);
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
            ledger.withdraw_token(&name)?;
            Ok(Done::say(format!("{name} is withdrawn.")))
        }
        TokensCommand::List => {
            let tokens = ledger.tokens()?;
            let rows = tokens.iter().map(|token| {
                let ends_at = token.ends_at.map_or("never".into(), rfc3339);
                [token.name.clone(), in_words(&token.grant), rfc3339(token.made_at), ends_at]
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
            "the passwords differ; no user was added"
        );
        return Ok(password);
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("cannot read a password from stdin")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn in_words(grant: &Grant) -> String {
    match &grant.accounts {
        Accounts::All => format!("{}, every account", grant.role),
        Accounts::Only(ids) => {
            format!("{}: {}", grant.role, ids.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
        }
    }
}
