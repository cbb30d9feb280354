//! The part of a form that says what a user or a program may do, and in which accounts.

use crate::parse::{self, FieldError, List};
use crate::words::capital;
use dialguard_dialer::access::{Accounts, Grant, Role};
use dialguard_dialer::ledger::{GRANTED_ACCOUNTS_MAX, Ledger};
use maud::{Markup, html};

/// What was chosen.
#[derive(Debug, Default)]
pub struct ChosenGrant {
    pub role: String,
    /// `all` or `only`.
    pub covers: String,
    pub accounts: Vec<String>,
}

impl ChosenGrant {
    pub fn new(role: String, covers: String, accounts: List<String, GRANTED_ACCOUNTS_MAX>) -> Self {
        ChosenGrant { role, covers, accounts: accounts.0 }
    }

    pub fn of(grant: &Grant) -> Self {
        let (covers, accounts) = match &grant.accounts {
            Accounts::All => ("all", Vec::new()),
            Accounts::Only(ids) => ("only", ids.iter().cloned().collect()),
        };
        ChosenGrant { role: grant.role.name().into(), covers: covers.into(), accounts }
    }

    pub fn read(&self, ledger: &Ledger) -> Result<Grant, FieldError> {
        let role = self.role.parse::<Role>().map_err(|why| FieldError { field: "role", why })?;
        let only = (self.covers != "all").then(|| self.accounts.clone());
        parse::grant(ledger, role, only)
    }

    /// The fields, in a form that names what they are for.
    pub fn fields(&self, accounts: &[String], error: Option<&FieldError>) -> Markup {
        let is_wrong = |field| error.filter(|error| error.field == field);
        let role = if self.role.is_empty() { "operate" } else { &self.role };
        html! {
            fieldset.plain.choices-of {
                legend { "May" }
                @for (each, meaning) in MEANINGS {
                    label.tick {
                        input type="radio" name="role" value=(each.name()) required checked[each.name() == role];
                        span { strong { (capital(each.name())) } ": " (meaning) }
                    }
                }
            }
            fieldset.plain.choices-of #accounts {
                legend { "In" }
                @if let Some(error) = is_wrong("accounts") { p.failed { (capital(&error.why)) "." } }
                label.tick { input type="radio" name="covers" value="all" required checked[self.covers == "all"]; span { "every account, also those added later" } }
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
