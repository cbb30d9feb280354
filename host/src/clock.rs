//! The time of a run. Nothing else in Dialguard reads the system's time.
//!
//! A dialer runs on [`SystemClock`]. [`FixedClock`] always shows the same time, and your own clock can run as fast as you
//! like: simulating two weeks of reviews takes only fourteen calls.
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

/// The time, read once per run. With your own clock you can simulate years of reviews in seconds.
pub trait Clock: Send + Sync {
    /// Whole seconds since 1970-01-01T00:00:00Z.
    fn now(&self) -> Timestamp;
}

/// The system's clock. Before 1970 it shows 0.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        chrono::Utc::now().timestamp().max(0) as Timestamp
    }
}

/// A clock that always shows the same time, for commands run as of a given time and for simulations.
#[derive(Debug, Clone, Copy)]
pub struct FixedClock(pub Timestamp);

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// The system's clock shifted to another time, for a demonstration that starts on a day of its choice.
#[derive(Debug, Clone, Copy)]
pub struct ShiftedClock {
    began_at: Timestamp,
    reading: Timestamp,
}

impl ShiftedClock {
    /// A clock that shows `reading` now and runs on from there.
    pub fn reading(reading: Timestamp) -> Self {
        ShiftedClock { began_at: SystemClock.now(), reading }
    }
}

impl Clock for ShiftedClock {
    fn now(&self) -> Timestamp {
        self.reading + SystemClock.now().saturating_sub(self.began_at)
    }
}
