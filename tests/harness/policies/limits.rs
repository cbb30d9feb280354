//! Limits so small that a policy reaches each of them at once.

use super::hostile::Hostile;
use dialguard::policy::{Limits, Policy, PolicyFault};
use std::time::Duration;

/// Small, so that each is reached at once, but for the time that a dialer may take.
pub const LIMITS: Limits = Limits {
    compute_time_max: Duration::from_millis(100),
    run_time_max: Duration::from_secs(60),
    memory_bytes_max: 4 << 20,
    answer_bytes_max: 1 << 20,
    lookups_max: 1_000,
    import_calls_max: 100,
    held_bytes_max: 1 << 20,
    import_time_max: Duration::from_secs(60),
};

/// Large enough for a large plan.
pub const ROOMY: Limits = Limits {
    memory_bytes_max: 64 << 20,
    answer_bytes_max: 64 << 20,
    compute_time_max: Duration::from_secs(5),
    ..LIMITS
};

pub const SPIN: &str = "(loop $again (br $again))";

pub const OUT_OF_TIME: PolicyFault = PolicyFault::OutOfTime(LIMITS.compute_time_max);

pub fn compiled(policy: Hostile, limits: Limits) -> Policy {
    Policy::compile(&policy.component(), limits).expect("it looks like a policy")
}
