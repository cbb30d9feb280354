//! `dialguard users …` and `dialguard tokens …`: who may use the page and the API.

use super::output::table;
use super::{CommandContext, Done};
use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand};
use dialguard::calendar::rfc3339;
use dialguard_dialer::access::{Accounts, Grant, Role, add_user, make_token};
use dialguard_dialer::ledger::Ledger;
use serde_json::json;
use std::io::{BufRead, IsTerminal};

const DAY: u64 = 24 * 60 * 60;

#[derive(Subcommand)]
pub enum UsersCommand {
    /// Add somebody who may sign in at the page; asks for the password, or reads a line of stdin where that is no terminal
    Add {
        /// By which the user signs in
        name: String,
        #[command(flatten)]
        grant: GrantOptions,
    },
    /// Take somebody away, and end that user's sessions
    Remove {
        /// The user
        name: String,
    },
    /// List who may sign in
    List,
}

#[derive(Subcommand)]
pub enum TokensCommand {
    /// Make a token for a program, and show it this once
    Make {
        /// By which it is told from others
        name: String,
        #[command(flatten)]
        grant: GrantOptions,
        /// It ends by itself after as many days
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u64).range(1..=3_650))]
        days: Option<u64>,
    },
    /// Withdraw a token: it opens nothing from now on
    Withdraw {
        /// The token's name
        name: String,
    },
    /// List the tokens, without their secrets
    List,
}

#[derive(Args)]
pub struct GrantOptions {
    /// `read`; `operate`, which changes numbers too; or `administer`, which changes settings and money too
    #[arg(long, value_name = "ROLE", default_value = "read")]
    role: Role,
    /// Only of these accounts; else of all
    #[arg(long = "account", value_name = "ID")]
    accounts: Vec<String>,
}

impl GrantOptions {
    /// Accounts have to be there: a misspelt one would be found out too late.
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
            Ok(Done::say(format!("{name} may sign in at the page that `dialguard serve` serves.")))
        }
        UsersCommand::Remove { name } => {
            ledger.remove_user(&name)?;
            Ok(Done::say(format!("{name} is signed out and may not sign in any more.")))
        }
        UsersCommand::List => {
            let users = ledger.users()?;
            let rows = users.iter().map(|user| [user.name.clone(), in_words(&user.grant), rfc3339(user.added_at)]);
            let value = || {
                let user = |user: &dialguard_dialer::ledger::User| {
                    json!({"name": user.name, "role": user.grant.role, "accounts": ids(&user.grant),
                           "added-at": rfc3339(user.added_at)})
                };
                users.iter().map(user).collect()
            };
            Ok(Done::show(context.json, value, || table(["NAME", "MAY", "ADDED AT"].map(str::to_owned), rows)))
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
            let text = || format!("{token}\nIt is shown this once; send it as `Authorization: Bearer …`.");
            Ok(Done::show(context.json, || json!({"name": name, "token": token}), text))
        }
        TokensCommand::Withdraw { name } => {
            ledger.withdraw_token(&name)?;
            Ok(Done::say(format!("{name} opens nothing any more.")))
        }
        TokensCommand::List => {
            let tokens = ledger.tokens()?;
            let rows = tokens.iter().map(|token| {
                let ends_at = token.ends_at.map_or("never".into(), rfc3339);
                [token.name.clone(), in_words(&token.grant), rfc3339(token.made_at), ends_at]
            });
            let value = || {
                let token = |token: &dialguard_dialer::ledger::Token| {
                    json!({"name": token.name, "role": token.grant.role, "accounts": ids(&token.grant),
                           "made-at": rfc3339(token.made_at), "ends-at": token.ends_at.map(rfc3339)})
                };
                tokens.iter().map(token).collect()
            };
            Ok(Done::show(context.json, value, || {
                table(["NAME", "MAY", "MADE AT", "ENDS AT"].map(str::to_owned), rows)
            }))
        }
    }
}

/// Typed unseen at a terminal; else a line of stdin.
fn password() -> Result<String> {
    if std::io::stdin().is_terminal() {
        let password = rpassword::prompt_password("Password (15 characters or more): ")?;
        ensure!(password == rpassword::prompt_password("Once more: ")?, "the two differ; nobody was added");
        return Ok(password);
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("no password could be read from stdin")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn ids(grant: &Grant) -> Option<Vec<&String>> {
    match &grant.accounts {
        Accounts::All => None,
        Accounts::Only(ids) => Some(ids.iter().collect()),
    }
}

fn in_words(grant: &Grant) -> String {
    match ids(grant) {
        None => format!("{}, every account", grant.role),
        Some(ids) => format!("{}: {}", grant.role, ids.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ")),
    }
}
