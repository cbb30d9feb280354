//! The reference policy, compiled once for all tests of a suite.

use dialguard::policy::{Limits, Policy};
use std::sync::OnceLock;

pub fn reference() -> Policy {
    static REFERENCE: OnceLock<Policy> = OnceLock::new();
    REFERENCE.get_or_init(|| Policy::reference(Limits::default())).clone()
}
