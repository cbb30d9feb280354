//! What one run of a policy may use, and what ends a run that wants more.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What one run of a policy may use. A policy that wants more loses the run, and nobody else anything.
///
/// A count of 0 allows none. All fields are public and stay so: to set a few, write the rest as `..Limits::default()`.
///
/// ```
/// use dialguard::policy::{Limits, Policy};
/// use std::time::Duration;
///
/// let hurried = Limits { compute_time_max: Duration::from_millis(200), lookups_max: 1_000, ..Limits::default() };
/// let policy = Policy::reference(hurried);
/// assert_eq!(policy.limits().memory_bytes_max, 128 << 20);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Time that the policy itself computes, waiting for the dialer not counted. Measured in ticks of 10 ms, to which it
    /// is rounded up. 5 seconds by default.
    pub compute_time_max: Duration,
    /// Bytes of its memory; of all its memories together, where it is composed of several policies. No policy gets more
    /// than 256 MiB, for which address space is set aside, whatever this says. 128 MiB by default.
    pub memory_bytes_max: usize,
    /// Bytes that one call hands to the host, as parameters or as its answer. 64 MiB by default.
    pub answer_bytes_max: usize,
    /// Numbers that it looks up with the carriers; past that it hears `over-budget`. 2,000,000 by default.
    pub lookups_max: u32,
    /// Calls to its imports: a request to replace 10,000 numbers asks for candidates as often. 30,000 by default.
    pub import_calls_max: u32,
    /// Items (numbers, observations, events) that its imports answer in all. They are kept until the run ends.
    /// 16,000,000 by default.
    pub answer_items_max: u64,
    /// Time that the dialer may take for one import call before the policy hears `unavailable`. 2 minutes by default.
    pub import_time_max: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            compute_time_max: Duration::from_secs(5),
            memory_bytes_max: 128 << 20,
            answer_bytes_max: 64 << 20,
            lookups_max: 2_000_000,
            import_calls_max: 30_000,
            answer_items_max: 16_000_000,
            import_time_max: Duration::from_secs(120),
        }
    }
}

/// What a policy did that ended its run. Where it has a figure, that is the limit, which the policy went beyond.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyFault {
    /// It computed longer than [`Limits::compute_time_max`].
    #[error("it computed for more than {0:?}")]
    OutOfTime(Duration),
    /// It wanted more memory than [`Limits::memory_bytes_max`], in bytes.
    #[error("it wanted more than {} MiB of memory", .0 >> 20)]
    OutOfMemory(usize),
    /// It called its imports more often than [`Limits::import_calls_max`].
    #[error("it called its imports more than {0} times")]
    TooManyCalls(u32),
    /// It was answered more items than [`Limits::answer_items_max`].
    #[error("its imports answered more than {0} items")]
    TooManyAnswers(u64),
    /// It called an import where the contract says it has none to call.
    #[error("it called an import in a function that may call none")]
    UnexpectedImport,
    /// It handed more bytes to the host in one call than [`Limits::answer_bytes_max`], or more than 2,000 in the
    /// message of an error.
    #[error("it handed over more than {0} bytes at once")]
    TooLarge(usize),
    /// It trapped, or what it handed over was not of the contract's form; says which, in words.
    #[error("{0}")]
    Trapped(String),
}

/// Memory that no policy gets more of, whatever its limits say: the address space that a place for a run has.
pub(crate) const MEMORY_BYTES_MAX: usize = 256 << 20;

/// How often a computing policy is looked at: the unit of its time.
pub(crate) const TICK: Duration = Duration::from_millis(10);
