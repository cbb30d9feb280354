//! The limits of one run of a policy, and the faults that end a run.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The limits of one run of a policy. Exceeding one ends that run and affects no other.
///
/// A count of 0 allows none. All fields are public and stay so: set some and write the rest as `..Limits::default()`.
///
/// ```
/// use dialguard::policy::{Limits, Policy};
/// use std::time::Duration;
///
/// let short = Limits { compute_time_max: Duration::from_millis(200), lookups_max: 1_000, ..Limits::default() };
/// let policy = Policy::reference(short);
/// assert_eq!(policy.limits().memory_bytes_max, 128 << 20);
/// ```
///
/// Limits that were stored by an older version lack the newer ones, which get their defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// CPU time of the policy; waiting for the dialer does not count. A loop is interrupted within 10 ms of exceeding it.
    /// Default: 5 seconds.
    pub compute_time_max: Duration,
    /// Time from the beginning of a run to its end, everything included. A run that takes longer is the policy's fault,
    /// unless more than half of the time was spent waiting for sources: see [`PolicyError::SourcesTooSlow`]. Default: 10
    /// minutes.
    ///
    /// [`PolicyError::SourcesTooSlow`]: super::PolicyError::SourcesTooSlow
    pub run_time_max: Duration,
    /// Bytes of memory, in total if the policy is composed of several. Never more than 256 MiB, for which address space is
    /// reserved, whatever this says. Default: 128 MiB.
    pub memory_bytes_max: usize,
    /// Bytes that the policy passes to the host in one call, as parameters or as its answer. Default: 64 MiB.
    pub answer_bytes_max: usize,
    /// Numbers that the policy looks up with carriers; beyond that it gets `over-budget`. Default: 2,000,000.
    pub lookups_max: u32,
    /// Calls of imports; a request to replace 10,000 numbers makes 10,000 calls for candidates. Default: 30,000.
    pub import_calls_max: u32,
    /// Bytes of memory that the host holds until the run ends: what the policy asked its imports, and all that they
    /// returned, texts included. Default: 256 MiB; a million monitored numbers with three carriers take 170 MiB.
    pub held_bytes_max: u64,
    /// Time that the dialer may take for one import call before the policy gets `unavailable`. Default: 2 minutes.
    pub import_time_max: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            compute_time_max: Duration::from_secs(5),
            // A review of 10,000 numbers takes seconds with quick sources, and minutes with slow ones.
            run_time_max: Duration::from_secs(600),
            memory_bytes_max: 128 << 20,
            answer_bytes_max: 64 << 20,
            lookups_max: 2_000_000,
            import_calls_max: 30_000,
            held_bytes_max: 256 << 20,
            import_time_max: Duration::from_secs(120),
        }
    }
}

/// Why a policy's run was ended. A figure is the limit that the policy exceeded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyFault {
    /// It used more CPU time than [`Limits::compute_time_max`].
    #[error("it used more than {0:?} of CPU time")]
    OutOfTime(Duration),
    /// Its run took longer than [`Limits::run_time_max`], and the sources are not to blame.
    #[error("it did not finish within {0:?}")]
    TooSlow(Duration),
    /// It asked for more memory than [`Limits::memory_bytes_max`], in bytes.
    #[error("it asked for more than {} MiB of memory", .0 >> 20)]
    OutOfMemory(usize),
    /// It called its imports more often than [`Limits::import_calls_max`].
    #[error("it called its imports more than {0} times")]
    TooManyCalls(u32),
    /// What it asked its imports and what they returned takes more memory than [`Limits::held_bytes_max`], in bytes.
    #[error("its imports returned more than {} MiB", .0 >> 20)]
    HoldsTooMuch(u64),
    /// It called an import in a function for which the contract allows none.
    #[error("it called an import in a function that must not call any")]
    UnexpectedImport,
    /// It passed more bytes to the host in one call than [`Limits::answer_bytes_max`], or more than 2,000 in the message
    /// of an error.
    #[error("it passed more than {0} bytes in one call")]
    TooLarge(usize),
    /// It trapped, or it passed data that does not match the contract; the text says which.
    #[error("{0}")]
    Trapped(String),
}

/// The most memory any policy gets, whatever its limits: the address space reserved for each run.
pub(crate) const MEMORY_BYTES_MAX: usize = 256 << 20;

/// How often a running policy is interrupted.
pub(crate) const TICK: Duration = Duration::from_millis(10);
