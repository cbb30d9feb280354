//! What a user or a program may do.

use super::FieldError;
use dialguard_dialer::access::{Accounts, Grant, Role};
use dialguard_dialer::ledger::Ledger;

/// The role in these accounts, or in every account if there is no list. They must exist: a typo would be noticed too late.
pub fn grant(ledger: &Ledger, role: Role, only: Option<Vec<String>>) -> Result<Grant, FieldError> {
    let refused = |why: String| FieldError::new("accounts", why);
    let Some(ids) = only else { return Ok(Grant { role, accounts: Accounts::All }) };
    if ids.is_empty() {
        return Err(refused("give at least one account, or every account".into()));
    }
    match ids.iter().find(|id| ledger.account(id).is_err()) {
        Some(id) => Err(refused(format!("there is no account {id:?}"))),
        None => Ok(Grant { role, accounts: Accounts::Only(ids.into_iter().collect()) }),
    }
}
