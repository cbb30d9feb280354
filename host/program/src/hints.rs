//! What to do next after an error. The libraries state facts; this table has a next step for each surface.

use crate::words::Surface;
use dialguard::contract::ErrorCode;
use dialguard::policy::PolicyError;
use dialguard_dialer::access::AccessError;
use dialguard_dialer::alerts::AlertsError;
use dialguard_dialer::dialguard::DialguardError;
use dialguard_dialer::ledger::LedgerError;
use dialguard_dialer::policies::PoliciesError;

/// An error that may have a next step.
pub trait Hint {
    /// What to do next on this surface.
    fn hint(&self, surface: Surface) -> Option<&'static str>;
}

/// The same step as a command, on the dashboard and as a request.
type Steps = (Option<&'static str>, Option<&'static str>, Option<&'static str>);

fn on(surface: Surface, (command, dashboard, request): Steps) -> Option<&'static str> {
    match surface {
        Surface::CommandLine => command,
        Surface::Dashboard { .. } => dashboard,
        Surface::Api => request,
    }
}

impl Hint for LedgerError {
    fn hint(&self, surface: Surface) -> Option<&'static str> {
        let steps: Steps = match self {
            LedgerError::NoSuchAccount(_) => (
                Some("`dialguard account list` lists the accounts, `dialguard account add` adds one"),
                Some("choose an account from the list of accounts"),
                Some("`GET /api/v1/accounts` lists the accounts you may see"),
            ),
            LedgerError::NoSuchWebhook(_) => (
                Some("`dialguard alerts list` lists the webhooks"),
                Some("see the webhooks in Settings"),
                Some("`GET /api/v1/webhooks` lists the webhooks"),
            ),
            LedgerError::NoSuchOrder(_) => (
                Some("`dialguard orders` lists the orders in progress"),
                Some("see the orders in Replacements"),
                Some("`GET /api/v1/accounts/{account}/orders` lists the orders in progress"),
            ),
            LedgerError::Stale(_) => (Some("try again"), Some("try again"), Some("send the request again")),
            LedgerError::ClockWentBack { .. } => (
                Some("give a later time with --at, or correct the system clock"),
                Some("correct the clock of the server"),
                Some("correct the clock of the server"),
            ),
            _ => (None, None, None),
        };
        on(surface, steps)
    }
}

impl Hint for DialguardError {
    fn hint(&self, surface: Surface) -> Option<&'static str> {
        match self {
            DialguardError::Ledger(error) => error.hint(surface),
            DialguardError::Policy(error) => error.hint(surface),
            DialguardError::Policies(error) => error.hint(surface),
            #[allow(unreachable_patterns)]
            _ => None,
        }
    }
}

impl Hint for PolicyError {
    fn hint(&self, surface: Surface) -> Option<&'static str> {
        let PolicyError::Answered(error) = self else { return None };
        let steps: Steps = match error.code {
            ErrorCode::NoSuchAccount => return LedgerError::NoSuchAccount(String::new()).hint(surface),
            ErrorCode::InvalidSettings => (
                Some("`dialguard account set --help` shows the range of each setting"),
                None,
                Some("`/api/openapi.json` has the range of each setting"),
            ),
            ErrorCode::Unavailable => (
                Some("try again in a minute"),
                Some("try again in a minute"),
                Some("send the request again in a minute"),
            ),
            ErrorCode::OverBudget => (
                Some("raise the limit with `dialguard policy limits --lookups-max`, or ask about fewer numbers"),
                Some("ask about fewer numbers at a time"),
                Some("ask about fewer numbers at a time"),
            ),
            ErrorCode::InvalidRequest => (None, None, None),
        };
        on(surface, steps)
    }
}

impl Hint for PoliciesError {
    fn hint(&self, surface: Surface) -> Option<&'static str> {
        let steps: Steps = match self {
            PoliciesError::Ledger(error) => return error.hint(surface),
            PoliciesError::Signature(_) => {
                (Some("`dialguard policy keys` lists the trusted keys, `dialguard policy trust` adds one"), None, None)
            }
            PoliciesError::SmokeCheck(_) => (Some("`dialguard policy check` shows the full report"), None, None),
            _ => (None, None, None),
        };
        on(surface, steps)
    }
}

impl Hint for AccessError {
    fn hint(&self, surface: Surface) -> Option<&'static str> {
        match self {
            AccessError::Ledger(error) => error.hint(surface),
            _ => None,
        }
    }
}

impl Hint for AlertsError {
    fn hint(&self, surface: Surface) -> Option<&'static str> {
        match self {
            AlertsError::Ledger(error) => error.hint(surface),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_a_command_on_the_command_line_and_a_request_in_the_api() {
        let error = DialguardError::Ledger(LedgerError::NoSuchAccount("acme".into()));
        assert!(error.hint(Surface::CommandLine).is_some_and(|hint| hint.contains("dialguard account list")));
        assert!(error.hint(Surface::Api).is_some_and(|hint| hint.contains("GET /api/v1/accounts")));
        let dashboard = Surface::Dashboard { zone: chrono_tz::UTC, now: 0 };
        assert!(error.hint(dashboard).is_some_and(|hint| !hint.contains("dialguard ") && !hint.contains("/api/")));
        assert_eq!(LedgerError::Refused("no".into()).hint(Surface::CommandLine), None);
    }
}
