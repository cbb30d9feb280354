//! Where verdicts come from: each kind of source is one file, and several are asked at a time.
//!
//! A source that fails costs its own answers and nobody else's.
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

pub mod inquiry;

pub mod ftc;
pub mod lookups;
pub mod nomorobo;
pub mod simulated;
pub mod telnyx;
pub mod trustcall;
pub mod verdicts;

use dialguard::contract::{PhoneNumber, Timestamp};
use std::sync::Arc;
use std::time::Duration;

/// Something that can be asked what carriers show for numbers.
#[async_trait::async_trait]
pub trait Source: Send + Sync {
    /// Asks about `numbers` (each once, any order) at the time `now`, in seconds since 1970.
    ///
    /// A number about which a carrier says nothing has no answer from it. An error means that nothing could be asked.
    async fn look_up(&self, numbers: &[PhoneNumber], now: Timestamp) -> Result<Report, SourceError>;

    /// How long it may take over `numbers` before the others go on without it; below two minutes.
    fn time_max(&self) -> Duration {
        Duration::from_secs(30)
    }

    /// Asks about one number for an operator who wants to see whether it works, though an answer may be known. An error
    /// says what to mend.
    async fn test(&self, number: PhoneNumber, now: Timestamp) -> Result<Report, SourceError> {
        self.look_up(&[number], now).await
    }
}

/// What a source answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The names of the carriers that this source speaks for, each once.
    pub carriers: Vec<Arc<str>>,
    /// At most one a number and carrier, in any order.
    pub answers: Vec<Answer>,
    /// What could not be used, in words for the operator, such as a malformed row.
    pub problems: Vec<String>,
}

/// What one carrier said about one number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The number asked about.
    pub number: PhoneNumber,
    /// Index into [`Report::carriers`].
    pub carrier: u16,
    /// 0 (clean) to 100 (certain spam); none is 'no data'.
    pub score: Option<u8>,
    /// What a handset shows, such as "Scam Likely".
    pub label: Option<Arc<str>>,
    /// When the carrier formed this opinion.
    pub observed_at: Timestamp,
}

/// Why nothing could be asked; says what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SourceError(pub String);
