//! What to do next after an error. The libraries state facts; this table has a next step for each surface.

use crate::words::Steps;
use dialguard::contract::{Error, ErrorCode};
use dialguard::policy::{InvalidPolicy, PolicyError};
use dialguard_dialer::access::AccessError;
use dialguard_dialer::alerts::AlertsError;
use dialguard_dialer::call_file::CallFileError;
use dialguard_dialer::dialguard::DialguardError;
use dialguard_dialer::fulfilment::FulfilmentError;
use dialguard_dialer::ledger::LedgerError;
use dialguard_dialer::number_file::{NumberFile, NumberFileError};
use dialguard_dialer::policies::PoliciesError;
use dialguard_dialer::providers::ProviderError;
use dialguard_dialer::settings::SettingError;
use dialguard_dialer::sources::SourceError;

/// An error that may have a next step.
pub trait Hint {
    /// What to do next.
    fn steps(&self) -> Steps;
}

impl Hint for LedgerError {
    fn steps(&self) -> Steps {
        let command = |step| (Some(step), None, None);
        let steps = match self {
            LedgerError::NoSuchAccount(_) => (
                Some("`dialguard account list` lists the accounts, `dialguard account add` adds one"),
                Some("choose an account from the list of accounts"),
                Some("`GET /api/v1/accounts` lists the accounts you have access to"),
            ),
            LedgerError::NoSuchWebhook(_) => (
                Some("`dialguard alerts list` lists the webhooks"),
                Some("the webhooks are listed in Settings"),
                Some("`GET /api/v1/webhooks` lists the webhooks"),
            ),
            LedgerError::NoSuchOrder(_) | LedgerError::NoOpenOrder(_) => (
                Some("`dialguard orders` lists the orders in progress"),
                Some("the orders in progress are listed in Replacements"),
                Some("`GET /api/v1/accounts/{account}/orders` lists the orders in progress"),
            ),
            LedgerError::NoSuchCycle { .. } => (
                Some("`dialguard account bill ID --cycles` lists the cycles"),
                Some("choose one of the cycles in Billing"),
                Some("`before` in the bill of a cycle is the cycle before it"),
            ),
            LedgerError::NoSuchProvider(_) => (
                Some("`dialguard providers list` lists the providers, `dialguard providers add` adds one"),
                Some("the providers are listed in Providers, where an administrator adds them"),
                Some("`GET /api/v1/providers` lists the providers"),
            ),
            LedgerError::NoSuchSource(_) => (
                Some("`dialguard sources list` lists the sources, `dialguard sources add` adds one"),
                Some("the sources are listed in Sources"),
                Some("`GET /api/v1/sources` lists the sources"),
            ),
            LedgerError::CallsNotRead(Some(_)) => (
                Some("`dialguard providers change NAME --calls on` reads them from now on"),
                Some("an administrator switches it on with `--calls on` of the provider"),
                Some("an administrator switches it on with `dialguard providers change NAME --calls on`"),
            ),
            LedgerError::CallsNotRead(None) => (
                Some("`dialguard account set ACCOUNT --provider NAME` gives it one; `calls import` takes files"),
                Some("choose a provider in Settings, or import a file"),
                Some("report calls with `POST /api/v1/accounts/{account}/calls`"),
            ),
            LedgerError::NoSuchAlias(_) => (
                Some("`dialguard sources list` lists other names of carriers"),
                None,
                Some("`GET /api/v1/carrier-aliases` lists other names of carriers"),
            ),
            LedgerError::NoSuchUser(_) => (
                Some("`dialguard users list` lists the users"),
                Some("the users are listed in Users"),
                Some("`GET /api/v1/users` lists the users"),
            ),
            LedgerError::NoSuchSession(_) => (
                Some("`dialguard users sessions NAME` lists the sessions"),
                Some("the sessions are listed beside it; one may have ended meanwhile"),
                Some("`GET /api/v1/users/{user}/sessions` lists the sessions"),
            ),
            LedgerError::NoSuchInvite(_) => (
                Some("`dialguard users invites` lists the invites"),
                Some("the invites are listed in Users; one may have been accepted meanwhile"),
                Some("`GET /api/v1/invites` lists the invites"),
            ),
            LedgerError::LinkGone => (
                Some("restart `dialguard serve` for a new link, or make an invite with `dialguard users invite`"),
                Some("sign in, or ask an administrator for another link"),
                None,
            ),
            LedgerError::NoSuchToken(_) => {
                (Some("`dialguard tokens list` lists the tokens"), None, Some("`GET /api/v1/tokens` lists the tokens"))
            }
            LedgerError::NoSuchKey(_) => command("`dialguard policy keys` lists the trusted keys"),
            LedgerError::NoSuchRevision(_) => (
                Some("`dialguard policy list` lists the revisions"),
                Some("the revisions are listed in Policy"),
                Some("`GET /api/v1/policies` lists the revisions"),
            ),
            LedgerError::NoSuchRun(_) => (
                Some("`dialguard events ID --json` names the run of each event"),
                None,
                Some("`GET /api/v1/accounts/{account}/runs` lists the runs"),
            ),
            LedgerError::RunExpired(_) => {
                command("`dialguard policy limits --recordings-kept-days` keeps recordings for longer")
            }
            LedgerError::RecordingTooLarge(_) => {
                command("`dialguard policy limits --recording-mib-max` keeps larger recordings")
            }
            LedgerError::RecordingMadeRoom(_) => {
                command("`dialguard policy limits --recordings-mib-max` keeps more of each account's recordings")
            }
            LedgerError::AccountClosed { .. } => (
                Some(
                    "it can only be read, such as with `dialguard account export`; its numbers can be imported into another \
                     account, and its id is not used again",
                ),
                Some("it can only be read; its numbers can be imported into another account"),
                Some(
                    "it can only be read; its numbers can be imported into another account, and its id is not used again",
                ),
            ),
            LedgerError::ClosingHeldUp { .. } => (
                Some("`dialguard orders retry` finds out and goes on; close the account when they are over"),
                Some("retry them in Replacements, which finds out and goes on; close the account when they are over"),
                Some(
                    "`POST /api/v1/accounts/{account}/orders/{order}/retry` finds out and goes on; close the account when \
                     they are over",
                ),
            ),
            LedgerError::AccountExists(_) => (
                Some("`dialguard account set` changes an account"),
                None,
                Some("`PATCH /api/v1/accounts/{account}` changes an account"),
            ),
            LedgerError::ProviderExists(_) => (
                Some("`dialguard providers change` changes a provider"),
                Some("choose another name, or change that provider"),
                Some("choose another name, or change it with `PATCH /api/v1/providers/{provider}`"),
            ),
            LedgerError::SourceExists(_) => (
                Some("choose another name, or remove the source first with `dialguard sources remove`"),
                Some("choose another name, or change that source"),
                Some("choose another name, or change it with `PATCH /api/v1/sources/{source}`"),
            ),
            LedgerError::UserExists(_) => (
                Some("choose another name, or remove the user first with `dialguard users remove`"),
                Some("choose another name"),
                Some("choose another name, or remove the user first with `DELETE /api/v1/users/{user}`"),
            ),
            LedgerError::TokenExists(_) => (
                Some("choose another name, or withdraw the token first with `dialguard tokens withdraw`"),
                None,
                Some("choose another name, or withdraw the token first with `DELETE /api/v1/tokens/{token}`"),
            ),
            LedgerError::KeyExists(_) => {
                command("choose another name, or remove the key first with `dialguard policy distrust`")
            }
            LedgerError::ProviderInUse(_) => command(
                "point the accounts at another provider with `dialguard account set ID --provider`, and wait until the \
                 numbers have been returned",
            ),
            LedgerError::ReplacementsInProgress { .. } => (
                Some("wait until they are complete; `dialguard orders` shows their progress"),
                Some("wait until they are complete; Replacements shows their progress"),
                Some("wait until they are complete; `GET /api/v1/accounts/{account}/orders` shows their progress"),
            ),
            LedgerError::Stale(_) => (Some("try again"), Some("try again"), Some("send the request again")),
            LedgerError::ClockWentBack { .. } => (
                Some("give a later time with --at, or correct the system clock"),
                Some("correct the clock of the server"),
                Some("correct the clock of the server"),
            ),
            LedgerError::TimeLeap(_) => (
                Some(
                    "correct --at or the system clock; if the time is meant, confirm it with `dialguard clock accept`",
                ),
                Some("correct the clock of the server; if the time is meant, an administrator confirms it in Clock"),
                Some(
                    "correct the clock of the server; if the time is meant, confirm it with `POST /api/v1/clock/accept`",
                ),
            ),
            LedgerError::NoLedger(_) => {
                command("`dialguard account add` creates one; --data or DIALGUARD_DATA gives another folder")
            }
            LedgerError::LedgerExists(_) => {
                command("`--replace` sets it aside under another name and puts the copy in its place")
            }
            LedgerError::InUse(_) => command("stop `dialguard serve` and every other command that uses it"),
            LedgerError::NewerLedger(_) => command("upgrade Dialguard"),
            LedgerError::Damaged { .. } => command(
                "`dialguard ledger check` shows what is damaged, also in a copy, and `dialguard ledger restore` puts a sound \
                 backup in place",
            ),
            LedgerError::Incomplete(_) => command(
                "put the -wal file beside it, or accept that changes are missing with \
                 `dialguard ledger restore FILE --without-wal`",
            ),
            LedgerError::ReadOnly(_) => (
                Some("run the command as a user who may write there, or on a disk that is not mounted read-only"),
                Some("an operator can make the folder writable"),
                Some("an operator can make the folder writable"),
            ),
            LedgerError::DiskFull(_) => (
                Some("free some space on that disk, and run the command again"),
                Some("an operator can free some space on the server's disk"),
                Some("an operator can free some space on the server's disk"),
            ),
            LedgerError::Stopped { why, .. } => return why.steps(),
            LedgerError::Locked(_) => {
                (Some("try again when it is done"), Some("try again in a minute"), Some("try again in a minute"))
            }
            LedgerError::NotACopy(_) => command("give a file that `dialguard ledger backup` wrote"),
            LedgerError::NotALedger(_) => command("give another folder with --data or DIALGUARD_DATA"),
            LedgerError::NotWritable(_) => command("check the permissions of the file and of its folder"),
            LedgerError::BlocksWithoutPlan
            | LedgerError::Plan(_)
            | LedgerError::Refused(_)
            | LedgerError::SettingsTooLarge
            | LedgerError::NotWanted
            | LedgerError::NoActor
            | LedgerError::Unusable(_)
            | LedgerError::Database(_) => (None, None, None),
        };
        steps.into()
    }
}

impl Hint for NumberFileError {
    fn steps(&self) -> Steps {
        let steps = match self {
            NumberFileError::NoColumn(_) | NumberFileError::NoSuchColumn { .. } => (
                Some("name the column with --column, or give its place: --column 2"),
                Some("name the column, or give its place, such as 2"),
                Some("name the column with the query parameter `column`, or give its place: `column=2`"),
            ),
            NumberFileError::Empty => (
                None,
                Some("choose a file, or paste the numbers"),
                Some("send the file itself as the body: `curl --data-binary @numbers.csv`"),
            ),
            NumberFileError::TooLarge => return everywhere("divide the file"),
            NumberFileError::NotATable(_) | NumberFileError::Json | NumberFileError::Stopped => (None, None, None),
        };
        steps.into()
    }
}

impl Hint for CallFileError {
    fn steps(&self) -> Steps {
        match self {
            CallFileError::NoColumn { .. } => everywhere("give the column that name in the first row of the file"),
            CallFileError::TooLarge => everywhere("divide the file"),
            CallFileError::Empty => (None, Some("choose a file, or paste its rows"), None).into(),
            CallFileError::NotATable(_) | CallFileError::Stopped => Steps::default(),
        }
    }
}

fn everywhere(step: &'static str) -> Steps {
    (Some(step), Some(step), Some(step)).into()
}

/// What to do about rows of a file of calls that were refused and that the user has no file of yet.
pub fn call_import_steps(refused: usize) -> Option<Steps> {
    (refused > 0).then(|| REFUSED_FILE.into())
}

/// What to do about a file that was read, but perhaps not as it was meant, and about refused rows that the user has no
/// file of yet.
pub fn import_steps(file: &NumberFile, refused: usize) -> Vec<Steps> {
    let other_column: Steps = (
        Some("--column reads another column"),
        Some("choose another column below"),
        Some("the query parameter `column` reads another column"),
    )
        .into();
    let (command, dashboard, _) = REFUSED_FILE;
    let request = "`POST /api/v1/accounts/{account}/numbers/import/refused` returns the refused rows as a file";
    let refused_file = (command, dashboard, Some(request)).into();
    let steps = [
        (!file.other_columns.is_empty(), other_column),
        (file.vanity_rows > 0, vanity_steps()),
        (refused > 0, refused_file),
    ];
    steps.into_iter().filter(|(applies, _)| *applies).map(|(_, steps)| steps).collect()
}

const REFUSED_FILE: (Option<&str>, Option<&str>, Option<&str>) = (
    Some("--refused FILE writes the refused rows into a file, to be corrected and imported again"),
    Some("download the refused rows, correct them and import them again"),
    None,
);

/// What to do about a vanity number that is to be imported.
pub fn vanity_steps() -> Steps {
    let steps = (
        Some("--vanity reads vanity numbers such as 1-800-FLOWERS"),
        Some("tick Vanity numbers to read numbers such as 1-800-FLOWERS"),
        Some("`vanity` reads vanity numbers such as 1-800-FLOWERS"),
    );
    steps.into()
}

impl Hint for FulfilmentError {
    fn steps(&self) -> Steps {
        let steps = match self {
            FulfilmentError::Ledger(error) => return error.steps(),
            FulfilmentError::Busy(_) => (
                Some("check `dialguard orders` in two minutes"),
                Some("reload the page in two minutes"),
                Some("read the order again in two minutes"),
            ),
            FulfilmentError::MayHaveBought { .. } => (
                Some("`dialguard orders retry` finds out and goes on"),
                Some("retry the order: that finds out and goes on"),
                Some("`POST /api/v1/accounts/{account}/orders/{order}/retry` finds out and goes on"),
            ),
            FulfilmentError::Internal(_) => (None, None, None),
        };
        steps.into()
    }
}

impl Hint for SourceError {
    fn steps(&self) -> Steps {
        let command = match self {
            SourceError::Unknown(_) => "`dialguard sources list` lists the sources",
            SourceError::Settings(_) => "remove the source with `dialguard sources remove` and add it again",
            SourceError::Credentials(_) => "correct the secret, then restart `dialguard serve`",
            SourceError::File { .. } => "provide it, or remove the source with `dialguard sources remove`",
            SourceError::Unavailable(_) => return Steps::default(),
        };
        Steps::command(command)
    }
}

impl Hint for ProviderError {
    fn steps(&self) -> Steps {
        let command = match self {
            ProviderError::Settings(_) => "change them with `dialguard providers change`",
            ProviderError::Credentials(_) => {
                "correct the secret or give another with `dialguard providers change`, then restart `dialguard serve`"
            }
            ProviderError::Lost(_) => "check the provider with `dialguard reconcile` before you try again",
            ProviderError::NoLongerAvailable(_)
            | ProviderError::NumberRefused(_)
            | ProviderError::Refused(_)
            | ProviderError::Later { .. } => return Steps::default(),
        };
        Steps::command(command)
    }
}

impl Hint for DialguardError {
    fn steps(&self) -> Steps {
        match self {
            DialguardError::Ledger(error) => error.steps(),
            DialguardError::Policy(error) => error.steps(),
            DialguardError::Policies(error) => error.steps(),
            DialguardError::Fulfilment(error) => error.steps(),
            DialguardError::Stopped => PolicyError::Answered(Error::unavailable(String::new())).steps(),
            DialguardError::Internal(_) => Steps::default(),
        }
    }
}

impl Hint for PolicyError {
    fn steps(&self) -> Steps {
        let code = match self {
            PolicyError::Answered(error) => error.code,
            PolicyError::SourcesTooSlow(_) => ErrorCode::Unavailable,
            _ => return Steps::default(),
        };
        let steps = match code {
            ErrorCode::NoSuchAccount => return LedgerError::NoSuchAccount(String::new()).steps(),
            ErrorCode::InvalidSettings => (
                Some("`dialguard account settings` lists the settings"),
                None,
                Some("`GET /api/v1/settings` lists the settings"),
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
        steps.into()
    }
}

impl Hint for SettingError {
    fn steps(&self) -> Steps {
        let (command, request) = match self {
            SettingError::Unused { .. } => {
                ("`dialguard account set ID --unset NAME` removes it", "set it to null to remove it")
            }
            SettingError::Invalid { .. } | SettingError::Unknown { .. } => {
                ("`dialguard account settings` lists the settings", "`GET /api/v1/settings` lists the settings")
            }
        };
        Steps { command: Some(command), dashboard: None, request: Some(request) }
    }
}

impl Hint for PoliciesError {
    fn steps(&self) -> Steps {
        let steps = match self {
            PoliciesError::Ledger(error) => return error.steps(),
            PoliciesError::Signature(_) => {
                (Some("`dialguard policy keys` lists the trusted keys, `dialguard policy trust` adds one"), None, None)
            }
            PoliciesError::InvalidPolicy(error) => return error.steps(),
            PoliciesError::SmokeCheck(_) => (Some("`dialguard policy check` shows the full report"), None, None),
            PoliciesError::TooLarge { .. } => {
                (Some("`dialguard policy limits --component-mib-max` raises the limit"), None, None)
            }
            PoliciesError::CompileTimeout(_) => {
                (Some("`dialguard policy limits --compile-seconds-max` raises the limit"), None, None)
            }
            _ => (None, None, None),
        };
        steps.into()
    }
}

impl Hint for InvalidPolicy {
    fn steps(&self) -> Steps {
        let allow = "allow it with --allow-stubbed-wasi if you trust this policy with stubbed WASI";
        Steps { command: self.needs_stubbed_wasi().then_some(allow), ..Steps::default() }
    }
}

impl Hint for AccessError {
    fn steps(&self) -> Steps {
        match self {
            AccessError::Ledger(error) => error.steps(),
            _ => Steps::default(),
        }
    }
}

impl Hint for AlertsError {
    fn steps(&self) -> Steps {
        match self {
            AlertsError::Ledger(error) => error.steps(),
            AlertsError::NotPublic(_) => Steps {
                command: Some("add it with --allow-private if the address is meant"),
                dashboard: Some("an operator can add it with `dialguard alerts add --allow-private`"),
                request: Some("an operator can add it with `dialguard alerts add --allow-private`"),
            },
            _ => Steps::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_a_command_on_the_command_line_and_a_request_in_the_api() {
        let steps = DialguardError::Ledger(LedgerError::NoSuchAccount("acme".into())).steps();
        assert!(steps.command.is_some_and(|step| step.contains("dialguard account list")));
        assert!(steps.request.is_some_and(|step| step.contains("GET /api/v1/accounts")));
        assert!(steps.dashboard.is_some_and(|step| !step.contains("dialguard ") && !step.contains("/api/")));
        assert_eq!(LedgerError::Refused("no".into()).steps(), Steps::default());
    }
}
