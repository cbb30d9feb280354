//! The time of one run: what the policy uses itself, and how long the run has lasted.
//!
//! The policy's own time is what passes between two imports, and between an import and an interruption. So it does not
//! matter whether a policy computes for long at a time or calls a cheap import again and again.

use super::PolicyError;
use super::limits::{Limits, PolicyFault, TICK};
use std::time::Duration;
use tokio::time::Instant;

/// How long a source may take before the run waits for it. What is quicker is the policy's to answer for, which decides
/// how often it asks: a thousand quick calls where one would do are not a slow source.
const QUICK_ANSWER: Duration = Duration::from_millis(100);

/// A limit that is too far off for a clock ends a run after a year.
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// What an import asks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Sources,
    Inventory,
}

pub(super) struct RunTime {
    compute_time_max: Duration,
    import_time_max: Duration,
    run_time_max: Duration,
    begun: Instant,
    /// Since when the policy has been running.
    running_since: Instant,
    computed: Duration,
    waited_for_sources: Duration,
}

impl RunTime {
    pub fn new(limits: &Limits) -> Self {
        let now = Instant::now();
        RunTime {
            compute_time_max: limits.compute_time_max,
            import_time_max: limits.import_time_max,
            run_time_max: limits.run_time_max,
            begun: now,
            running_since: now,
            computed: Duration::ZERO,
            waited_for_sources: Duration::ZERO,
        }
    }

    /// The policy has been interrupted, or calls an import: what it has computed counts. Returns the time.
    ///
    /// Nothing interrupts it later than a tick, but others may have had the processor meanwhile: so more than a tick
    /// counts as one.
    pub fn pause(&mut self) -> wasmtime::Result<Instant> {
        let now = Instant::now();
        self.computed += now.duration_since(self.running_since).min(TICK);
        self.running_since = now;
        if self.computed > self.compute_time_max {
            return Err(PolicyFault::OutOfTime(self.compute_time_max).into());
        }
        self.ensure_in_time(now)?;
        Ok(now)
    }

    /// An import that was called at `begun` has returned.
    pub fn go_on(&mut self, asked: Asked, begun: Instant) -> wasmtime::Result<()> {
        let now = Instant::now();
        self.running_since = now;
        if asked == Asked::Sources {
            self.waited_for_sources += now.duration_since(begun).saturating_sub(QUICK_ANSWER);
        }
        self.ensure_in_time(now)
    }

    /// When the answer to an import that is called now is too late.
    pub fn answer_due(&self, now: Instant) -> Instant {
        later(now, self.import_time_max).min(later(self.begun, self.run_time_max))
    }

    fn ensure_in_time(&self, now: Instant) -> wasmtime::Result<()> {
        let elapsed = now.duration_since(self.begun);
        if elapsed < self.run_time_max {
            return Ok(());
        }
        Err(match self.waited_for_sources > elapsed / 2 {
            true => PolicyError::SourcesTooSlow(self.run_time_max).into(),
            false => PolicyFault::TooSlow(self.run_time_max).into(),
        })
    }
}

fn later(now: Instant, time: Duration) -> Instant {
    now.checked_add(time).unwrap_or(now + YEAR)
}
