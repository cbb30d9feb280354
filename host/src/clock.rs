//! The time of a run. Nothing else in Dialguard asks the system what time it is.
//!
//! [`SystemClock`] is what a dialer runs on. [`FixedClock`] stands still, and a clock of your own may go as it likes: two
//! weeks of reviews take no longer than fourteen calls.
//!
//! ```
//! use dialguard::clock::{Clock, FixedClock};
//! use dialguard::contract::Timestamp;
//! use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
//!
//! /// A clock that a test sets.
//! struct TestClock(AtomicU64);
//!
//! impl Clock for TestClock {
//!     fn now(&self) -> Timestamp {
//!         self.0.load(SeqCst)
//!     }
//! }
//!
//! let clock = TestClock(AtomicU64::new(1_768_467_600));
//! clock.0.fetch_add(24 * 60 * 60, SeqCst); // a day later
//! assert_eq!(clock.now(), 1_768_554_000);
//! assert_eq!(FixedClock(1_768_467_600).now(), 1_768_467_600);
//! ```

use crate::contract::Timestamp;

/// Tells the time, asked once a run. The one thing that years of reviews need to be simulated in seconds.
pub trait Clock: Send + Sync {
    /// Whole seconds since 1970-01-01T00:00:00Z.
    fn now(&self) -> Timestamp;
}

/// The system's clock. Before 1970 it stands at 0.
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

/// The system's clock, set to another time: for a demonstration that goes on from a day of its own.
#[derive(Debug, Clone, Copy)]
pub struct ShiftedClock {
    began_at: Timestamp,
    reading: Timestamp,
}

impl ShiftedClock {
    /// A clock that says `reading` now, and goes on from there.
    pub fn reading(reading: Timestamp) -> Self {
        ShiftedClock { began_at: SystemClock.now(), reading }
    }
}

impl Clock for ShiftedClock {
    fn now(&self) -> Timestamp {
        self.reading + SystemClock.now().saturating_sub(self.began_at)
    }
}
