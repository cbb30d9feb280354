//! What needs a person, and what to do about it.

use super::{Steps, count};
use dialguard_dialer::attention::Concern;

/// What is wrong, as a sentence.
pub fn concern_in_words(concern: &Concern) -> String {
    match concern {
        Concern::FlaggedWithoutCandidate { numbers } => {
            let waits = if *numbers == 1 { "waits" } else { "wait" };
            format!("{} {waits} for a candidate: none is known to be clean.", flagged(*numbers))
        }
        Concern::FlaggedNotReplaced { numbers } => {
            let is = if *numbers == 1 { "is" } else { "are" };
            format!("{} {is} not replaced: automatic replacement is off.", flagged(*numbers))
        }
        Concern::OrdersStuck { orders: 1 } => "1 replacement is stuck.".into(),
        Concern::OrdersStuck { orders } => format!("{} are stuck.", count((*orders).into(), "replacement")),
        Concern::SourcesFailing { sources, problem } => match &sources[..] {
            [_] => format!("A source does not answer: {}.", problem.trim_end_matches('.')),
            several => {
                let sources = count(several.len() as u64, "source");
                format!("{sources} do not answer, such as {}.", problem.trim_end_matches('.'))
            }
        },
        Concern::NoSource => "Numbers are monitored, but there is no source that says how they stand.".into(),
        Concern::WebhooksPaused { webhooks: 1 } => "1 webhook is paused: its receiver wants no more messages.".into(),
        Concern::WebhooksPaused { webhooks } => {
            format!("{} are paused: their receivers want no more messages.", count((*webhooks).into(), "webhook"))
        }
        Concern::MessagesUndelivered { messages } => {
            let was = if *messages == 1 { "was" } else { "were" };
            format!("{} {was} tried and not delivered yet.", count((*messages).into(), "message"))
        }
        Concern::ClockLeap(leap) => format!("Reviews and changes are on hold: {leap}."),
        Concern::PolicyRolledBack { failed, live } => {
            format!("Revision {failed} of the policy kept failing and was rolled back; revision {live} decides.")
        }
        Concern::PolicyFailing { live, faults: 1 } => {
            format!("Revision {live} of the policy failed in its latest run.")
        }
        Concern::PolicyFailing { live, faults } => {
            format!("Revision {live} of the policy failed {faults} times in a row.")
        }
        Concern::LedgerOpenToOthers(path) => {
            format!("Other users of the server can read or change {}.", path.display())
        }
        Concern::LedgerOnNetwork(kind) => {
            format!("The ledger is on a network file system ({kind}), where its write-ahead log is not safe.")
        }
    }
}

fn flagged(numbers: u32) -> String {
    count(numbers.into(), "flagged number")
}

/// What to do about it.
pub fn remedy(concern: &Concern) -> Steps {
    let (command, dashboard, request) = match concern {
        Concern::FlaggedWithoutCandidate { .. } => (
            "add candidates with `dialguard numbers import ID FILE --candidates`, or a provider with `dialguard account set \
             ID --provider NAME`",
            "add candidates, or choose a provider",
            "add candidates with `POST /api/v1/accounts/{account}/numbers` as `candidate`, or a provider with `PATCH \
             /api/v1/accounts/{account}`",
        ),
        Concern::FlaggedNotReplaced { .. } => (
            "replace them with `dialguard replace ID NUMBER…`, or turn it on with `dialguard account set ID --auto-replace \
             on`",
            "replace them, or turn it on in Settings",
            "replace them with `POST /api/v1/accounts/{account}/requests`, or turn `auto-replace` on",
        ),
        Concern::OrdersStuck { .. } => (
            "`dialguard orders ID` says what holds them up",
            "Replacements says what holds them up",
            "`GET /api/v1/accounts/{account}/orders` says what holds them up",
        ),
        Concern::SourcesFailing { .. } => (
            "test it with `dialguard sources test NAME NUMBER`",
            "Activity has all problems of the review",
            "`GET /api/v1/accounts/{account}/events?kind=carrier-problem` lists the problems",
        ),
        Concern::NoSource => (
            "add one with `dialguard sources add`",
            "an administrator adds one under Sources",
            "an administrator adds one with `POST /api/v1/sources`",
        ),
        Concern::WebhooksPaused { .. } => (
            "`dialguard alerts list` says why, and `dialguard alerts test ID` resumes it",
            "test it under Alerts, which resumes it",
            "`POST /api/v1/webhooks/{webhook}/test` resumes it",
        ),
        Concern::MessagesUndelivered { .. } => (
            "`dialguard alerts deliveries` says why",
            "Alerts says why",
            "`GET /api/v1/webhooks/{webhook}/deliveries` says why",
        ),
        Concern::ClockLeap(_) => (
            "correct the clock or, if it is right, confirm it with `dialguard clock accept`",
            "correct the clock or, if it is right, confirm it",
            "correct the clock or, if it is right, confirm it with `POST /api/v1/clock/accept`",
        ),
        Concern::PolicyRolledBack { .. } => (
            "correct the policy and install it, or keep this one with `dialguard policy activate REVISION`",
            "Policy says why; activating any revision there ends this",
            "`GET /api/v1/policies` says why; `POST /api/v1/policies/{revision}/activate` ends this",
        ),
        Concern::PolicyFailing { .. } => (
            "`dialguard policy history` says why, and `dialguard policy rollback` goes back",
            "Policy says why, and can go back",
            "`POST /api/v1/policies/roll-back` goes back to an earlier policy",
        ),
        Concern::LedgerOpenToOthers(_) => (
            "`chmod -R go= FOLDER` keeps the ledger's folder private",
            "an operator keeps the folder private with `chmod -R go= FOLDER`",
            "an operator keeps the folder private with `chmod -R go= FOLDER`",
        ),
        Concern::LedgerOnNetwork(_) => (
            "keep it on a local disk, and copy it with `dialguard ledger backup`",
            "an operator moves it to a local disk",
            "an operator moves it to a local disk",
        ),
    };
    Steps { command: Some(command), dashboard: Some(dashboard), request: Some(request) }
}
