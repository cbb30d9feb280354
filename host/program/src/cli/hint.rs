//! What to do next after an error, as a command.

use crate::hints::Hint;
use dialguard::policy::{InvalidPolicy, PolicyError};
use dialguard_dialer::access::AccessError;
use dialguard_dialer::alerts::AlertsError;
use dialguard_dialer::call_file::CallFileError;
use dialguard_dialer::dialguard::DialguardError;
use dialguard_dialer::fulfilment::FulfilmentError;
use dialguard_dialer::ledger::LedgerError;
use dialguard_dialer::number_file::NumberFileError;
use dialguard_dialer::policies::PoliciesError;
use dialguard_dialer::providers::ProviderError;
use dialguard_dialer::settings::SettingError;
use dialguard_dialer::sources::SourceError;
use std::error::Error;

/// The next step after an error, if there is one.
pub fn hint(error: &anyhow::Error) -> Option<&'static str> {
    error.chain().find_map(|cause| {
        of::<DialguardError>(cause)
            .or_else(|| of::<LedgerError>(cause))
            .or_else(|| of::<PoliciesError>(cause))
            .or_else(|| of::<PolicyError>(cause))
            .or_else(|| of::<FulfilmentError>(cause))
            .or_else(|| of::<AccessError>(cause))
            .or_else(|| of::<AlertsError>(cause))
            .or_else(|| of::<SourceError>(cause))
            .or_else(|| of::<ProviderError>(cause))
            .or_else(|| of::<SettingError>(cause))
            .or_else(|| of::<InvalidPolicy>(cause))
            .or_else(|| of::<NumberFileError>(cause))
            .or_else(|| of::<CallFileError>(cause))
            .or_else(|| disk_full(cause))
    })
}

fn of<E: Error + Hint + 'static>(cause: &(dyn Error + 'static)) -> Option<&'static str> {
    cause.downcast_ref::<E>()?.steps().command
}

/// Of a file other than the ledger.
fn disk_full(cause: &(dyn Error + 'static)) -> Option<&'static str> {
    let is_full = cause.downcast_ref::<std::io::Error>()?.kind() == std::io::ErrorKind::StorageFull;
    is_full.then_some("the disk is full: free some space on it, and run the command again")
}
