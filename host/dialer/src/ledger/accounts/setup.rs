//! How far an account has come since it was added.

use crate::ledger::accounts::profile;
use crate::ledger::events::EventKind;
use crate::ledger::{Ledger, Result};
use rusqlite::params;

/// What an account has had so far. One that has come further is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SetupState {
    /// It owns numbers.
    pub has_numbers: bool,
    /// Some are monitored.
    pub has_monitored: bool,
    /// A number has been rated at some time.
    pub has_ratings: bool,
}

impl Ledger {
    /// How far an account has come. Once a number is rated, it takes the same time for any number of numbers.
    pub fn setup_state(&self, account: &str) -> Result<SetupState> {
        self.read(|transaction| {
            let key = profile(transaction, account)?.key;
            let exists = |query: &str| {
                let mut statement = transaction.prepare_cached(query)?;
                statement.query_row([key], |row| row.get(0))
            };
            let rated =
                [EventKind::TurnedClean, EventKind::TurnedAtRisk, EventKind::TurnedFlagged].map(EventKind::name);
            // A first check that finds nothing leaves no event, and a number that is no longer monitored no rating.
            let mut ratings = transaction.prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM monitored WHERE account = ?1 AND last_rated_at IS NOT NULL)
                     OR EXISTS (SELECT 1 FROM events WHERE account = ?1 AND kind IN (?2, ?3, ?4))",
            )?;
            Ok(SetupState {
                has_numbers: exists("SELECT EXISTS (SELECT 1 FROM numbers WHERE account = ?1 AND state = 'owned')")?,
                has_monitored: exists("SELECT EXISTS (SELECT 1 FROM monitored WHERE account = ?1)")?,
                has_ratings: ratings.query_row(params![key, rated[0], rated[1], rated[2]], |row| row.get(0))?,
            })
        })
    }
}
