//! The time of a run. Nothing else in Dialguard asks the system what time it is.

use crate::contract::Timestamp;

/// Tells the time. The one thing that years of reviews need to be simulated in seconds.
pub trait Clock: Send + Sync {
    /// Whole seconds since 1970-01-01T00:00:00Z.
    fn now(&self) -> Timestamp;
}

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        chrono::Utc::now().timestamp().max(0) as Timestamp
    }
}

/// A clock that stands still, for one command at a given time and for simulations.
#[derive(Debug, Clone, Copy)]
pub struct FixedClock(pub Timestamp);

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        self.0
    }
}
