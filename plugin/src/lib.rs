//! The policy `dialguard-reference`: who is monitored in which slot, when a number counts as spam, and what is done
//! about it.
//!
//! Each module below holds one kind of rule, reads what it needs through [`Dialer`], and can be tested natively. Its
//! tests are scenarios, most of them as tables.
//!
//! - [`review`]: the daily review, which is where to start reading
//! - [`rating`]: what a check says, and how a number's status follows from its checks
//! - [`replacement`]: which number takes another's place
//! - [`request`]: what a person may start, stop, delete, replace and buy
//! - [`screening`] and [`usage`]: answers that change nothing
//! - [`settings`]: the ranges of an account's settings
#![cfg_attr(target_family = "wasm", no_std)]

extern crate alloc;

mod component;
pub mod dialer;
#[cfg(any(test, feature = "model"))]
pub mod model;
pub mod rating;
pub mod replacement;
pub mod request;
pub mod review;
pub mod screening;
pub mod settings;
pub mod usage;

pub use dialer::Dialer;

/// The contract's types, as generated from `wit/0.2.0/`.
pub mod contract {
    pub use crate::component::bindings::dialguard::reputation::number_inventory::FlagEvent;
    pub use crate::component::bindings::dialguard::reputation::types::*;
    pub use crate::component::bindings::exports::dialguard::reputation::policy::{
        Answer, Decision, Deletion, Description, Outcome, Request, Screening, Usage,
    };
}

use contract::Description;

/// Who this policy is.
pub fn describe() -> Description {
    Description { name: NAME.into(), version: VERSION.into(), summary: SUMMARY.into() }
}

const NAME: &str = "dialguard-reference";

const VERSION: &str = env!("CARGO_PKG_VERSION");

const SUMMARY: &str = "Flags a number once most carriers have called it spam on consecutive days, and replaces it by \
                       the closest clean one where the account turned that on.";
