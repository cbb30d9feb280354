//! The part of a form that says what a user or a program may do, and in which accounts.

use crate::parse::{self, FieldError, List};
use crate::web::pages::form::{beside, wrong};
use crate::words::capital;
use dialguard_dialer::access::{Accounts, Grant, Role};
use dialguard_dialer::ledger::{GRANTED_ACCOUNTS_MAX, Ledger};
use maud::{Markup, html};
use serde::Deserialize;

/// What the forms of users, invites and tokens send. Each has the grant's fields, and some of the others.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantForm {
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub password: String,
    #[serde(default)]
    pub again: String,
    #[serde(default)]
    pub days: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    covers: String,
    #[serde(default)]
    account: List<String, GRANTED_ACCOUNTS_MAX>,
}

impl GrantForm {
    /// Takes what was chosen out of the form.
    pub fn take_grant(&mut self) -> ChosenGrant {
        let GrantForm { role, covers, account, .. } = self;
        let (role, covers, List(accounts)) = (std::mem::take(role), std::mem::take(covers), std::mem::take(account));
        ChosenGrant { role, covers, accounts }
    }
}

/// What was chosen.
#[derive(Debug, Default)]
pub struct ChosenGrant {
    pub role: String,
    /// `all` or `only`.
    pub covers: String,
    pub accounts: Vec<String>,
}

impl ChosenGrant {
    pub fn of(grant: &Grant) -> Self {
        let (covers, accounts) = match &grant.accounts {
            Accounts::All => ("all", Vec::new()),
            Accounts::Only(ids) => ("only", ids.iter().cloned().collect()),
        };
        ChosenGrant { role: grant.role.name().into(), covers: covers.into(), accounts }
    }

    pub fn read(&self, ledger: &Ledger) -> Result<Grant, FieldError> {
        let role = self.role.parse::<Role>().map_err(|why| FieldError::new("role", why))?;
        let only = (self.covers != "all").then(|| self.accounts.clone());
        parse::grant(ledger, role, only)
    }

    /// The fields, in a form that names what they are for. Only the form that is wrong has the ids to which its error leads:
    /// a page may have several.
    pub fn fields(&self, accounts: &[String], error: Option<&FieldError>) -> Markup {
        let [wrong_role, wrong_accounts] = ["role", "accounts"].map(|field| wrong(error, field));
        let role = if self.role.is_empty() { "operate" } else { &self.role };
        html! {
            fieldset.plain.choices-of id=[wrong_role.map(|_| "role")] role="radiogroup" aria-invalid=[wrong_role.map(|_| "true")] {
                legend { "May" }
                (beside(wrong_role))
                @for (each, meaning) in MEANINGS {
                    label.tick {
                        input type="radio" name="role" value=(each.name()) required checked[each.name() == role];
                        span { strong { (capital(each.name())) } ": " (meaning) }
                    }
                }
            }
            fieldset.plain.choices-of id=[wrong_accounts.map(|_| "accounts")] role="radiogroup"
                aria-describedby=[wrong_accounts.map(|_| "accounts-means")] aria-invalid=[wrong_accounts.map(|_| "true")] {
                legend { "In" }
                @if let Some(why) = wrong_accounts { p.failed #accounts-means { (capital(why)) "." } }
                label.tick { input type="radio" name="covers" value="all" required checked[self.covers == "all"] autofocus[wrong_accounts.is_some()]; span { "every account, also those added later" } }
                @if !accounts.is_empty() {
                    label.tick { input type="radio" name="covers" value="only" checked[self.covers == "only"]; span { "only these:" } }
                    div.ids {
                        @for id in accounts.iter().take(GRANTED_ACCOUNTS_MAX) {
                            label.tick { input type="checkbox" name="account" value=(id) checked[self.accounts.contains(id)]; span { (id) } }
                        }
                    }
                }
            }
        }
    }
}

const MEANINGS: [(Role, &str); 3] = [
    (Role::Read, "see everything of an account"),
    (Role::Operate, "also monitor, stop, replace and delete numbers, and review"),
    (
        Role::Administer,
        "also change settings and spend money; in every account also sources, providers, users and tokens",
    ),
];
