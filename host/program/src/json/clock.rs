//! The time, and what a leap would charge.

use super::Time;
use dialguard_dialer::ledger;
use dialguard_dialer::zones::{self, Database};
use serde::Serialize;
use utoipa::ToSchema;

/// The time, and how far it has come in the ledger.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Clock {
    /// The time of the server, or of the command.
    now: Time,
    /// The newest time in the ledger; null before the first account was added.
    newest: Option<Time>,
    /// Now is more than 45 days past the newest time, and nothing can be changed until a user confirms it; null otherwise.
    leap: Option<Leap>,
    /// The time zone data that local times are computed with.
    time_zone_data: TimeZoneData,
}

/// A release of the tz database. The system's is used if it is newer than the one included in the program.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct TimeZoneData {
    /// The release.
    #[schema(example = "2026b")]
    version: String,
    /// The system's folder; null if the release included in the program is used.
    folder: Option<String>,
}

/// What a leap would charge.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Leap {
    /// Accounts that would be charged.
    accounts: u64,
    /// Billing cycles that would be charged, of all accounts.
    charges: u64,
    /// What they cost, in US cents.
    cents: u64,
}

impl From<&ledger::LedgerTime> for Clock {
    fn from(time: &ledger::LedgerTime) -> Self {
        let leap = time.leap.as_ref();
        let Database { version, folder } = zones::database();
        Clock {
            now: Time(time.now),
            newest: time.newest_at.map(Time),
            leap: leap.map(|leap| Leap { accounts: leap.accounts, charges: leap.charges, cents: leap.cents }),
            time_zone_data: TimeZoneData { version, folder: folder.map(|folder| folder.display().to_string()) },
        }
    }
}
