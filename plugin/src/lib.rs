//! The policy `dialguard-reference`: which number is monitored in which slot, when a number counts as spam, and what happens
//! then.
//!
//! Each module below has one kind of rule and reads through [`Dialer`], so it can be tested natively. The tests are
//! scenarios, most of them tables.
//!
//! - [`review`]: the daily review; start reading here
//! - [`lookups`]: which numbers a review looks up, and with which sources
//! - [`calls`]: which numbers are suspect, because their calls fare badly
//! - [`rating`]: the rating of a check, and how a number's status follows from its checks
//! - [`replacing`] and [`replacement`]: which numbers a review replaces, and by which
//! - [`rest`]: what becomes of numbers that were replaced
//! - [`request`]: what a user may start, stop, delete, replace and buy
//! - [`screening`] and [`usage`]: answers that change nothing
//! - [`settings`]: what an account can set
//! - [`table`]: the rows of the contract's tables
#![cfg_attr(target_family = "wasm", no_std)]

extern crate alloc;

pub mod calls;
mod component;
pub mod dialer;
pub mod lookups;
#[cfg(any(test, feature = "model"))]
pub mod model;
mod notices;
pub mod numbers;
pub mod rating;
pub mod replacement;
pub mod replacing;
pub mod request;
pub mod rest;
pub mod review;
pub mod screening;
pub mod settings;
pub mod table;
mod text;
pub mod usage;

pub use dialer::Dialer;

/// The contract's types, generated from `wit/0.3.0/`, and the rows of its tables.
pub mod contract {
    pub use crate::component::bindings::dialguard::reputation::carrier_lookup::Source;
    pub use crate::component::bindings::dialguard::reputation::number_inventory::{CallTotals, FlagTable};
    pub use crate::component::bindings::dialguard::reputation::types::*;
    pub use crate::component::bindings::exports::dialguard::reputation::policy::{
        Answer, Decision, Deletion, Description, Outcome, Request, Screening, Usage,
    };
    pub use crate::table::{
        Candidate, CarrierVerdict, FlagEvent, MonitoredNumber, NumberCalls, RestedNumber, Review, Suspect,
    };
}

use contract::Description;

/// This policy's description of itself.
pub fn describe() -> Description {
    Description {
        name: NAME.into(),
        version: VERSION.into(),
        summary: SUMMARY.into(),
        settings: settings::declaration(),
    }
}

const NAME: &str = "dialguard-reference";

const VERSION: &str = env!("CARGO_PKG_VERSION");

const SUMMARY: &str = "Flags a number that most carriers rate as spam, and replaces it with the closest clean one once a \
                       further check agrees, if the account has automatic replacement on.";
