//! Sources of verdicts on numbers. Each kind of source is one file.
//!
//! A run asks all sources at once, in an [`inquiry`]. A source that fails costs its own answers and no others.
//!
//! ```
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dialguard_dialer::sources::Source;
//! use dialguard_dialer::sources::simulated::SimulatedCarrier;
//!
//! let carrier = SimulatedCarrier::new("AT&T".into(), 7);
//! let report = carrier.look_up(&[13_105_550_100, 13_105_550_123], 1_768_467_600).await?;
//! assert_eq!(report.carriers, ["AT&T".into()]);
//! assert!(report.answers.iter().all(|answer| answer.carrier == 0 && answer.score.is_none_or(|score| score <= 100)));
//! # Ok(())
//! # }
//! ```

pub mod costs;
pub(crate) mod evidence;
pub mod ftc;
pub mod inquiry;
pub mod lookups;
pub mod nomorobo;
#[cfg(test)]
mod random_files;
pub mod simulated;
pub mod telnyx;
pub mod trustcall;
pub mod verdicts;

use crate::ledger::LedgerError;
use dialguard::contract::{PhoneNumber, Timestamp};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How many seconds an observation may be ahead of the lookup, because clocks differ. One that is further ahead would stay
/// fresh for ever, and is refused.
pub const AHEAD_SECONDS_MAX: u64 = 5 * 60;

/// Whether an observation of this time is refused at the time `now`.
pub(crate) fn is_ahead(observed_at: Timestamp, now: Timestamp) -> bool {
    observed_at > now.saturating_add(AHEAD_SECONDS_MAX)
}

/// A source of verdicts.
#[async_trait::async_trait]
pub trait Source: Send + Sync {
    /// Looks up `numbers` (each once, any order) at the time `now`, in seconds since 1970.
    ///
    /// A number on which a carrier has no verdict has no answer from it. An error means that no number could be looked
    /// up.
    async fn look_up(&self, numbers: &[PhoneNumber], now: Timestamp) -> Result<Report, SourceError>;

    /// How long a lookup may take before the run continues without it; below two minutes.
    fn time_max(&self) -> Duration {
        Duration::from_secs(30)
    }

    /// Looks up one number even if a fresh answer is known, so that an operator can see whether the source works.
    async fn test(&self, number: PhoneNumber, now: Timestamp) -> Result<Report, SourceError> {
        self.look_up(&[number], now).await
    }
}

/// A source's answers to one lookup.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The names of the carriers that this source speaks for, each once.
    pub carriers: Vec<Arc<str>>,
    /// At most one a number and carrier, in any order.
    pub answers: Vec<Answer>,
    /// What could not be used, as sentences for the operator, such as a malformed row.
    pub problems: Vec<String>,
}

/// One carrier's verdict on one number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The number.
    pub number: PhoneNumber,
    /// Index into [`Report::carriers`].
    pub carrier: u16,
    /// 0 (clean) to 100 (certain spam); none is 'no data'.
    pub score: Option<u8>,
    /// The call label on handsets, such as "Scam Likely".
    pub label: Option<Arc<str>>,
    /// When the carrier formed this opinion. One more than [`AHEAD_SECONDS_MAX`] after the lookup is refused.
    pub observed_at: Timestamp,
}

/// Why a source could not be used. The variant determines what an operator can do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// There is no source of this name.
    #[error("no source is named {0:?}")]
    Unknown(String),
    /// Its settings in the ledger cannot be used. It must be removed and added again.
    #[error("{0}")]
    Settings(String),
    /// A secret cannot be read, or the service does not accept it. A running program reads secrets when it starts.
    #[error("{0}")]
    Credentials(String),
    /// Its file or folder is missing or unreadable. It must be provided, or the source removed.
    #[error("{} {problem}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// It could not be used for another reason, such as a failing service.
    #[error("{0}")]
    Unavailable(String),
}

impl From<LedgerError> for SourceError {
    fn from(error: LedgerError) -> Self {
        SourceError::Unavailable(error.to_string())
    }
}
