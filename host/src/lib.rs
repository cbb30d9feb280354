//! Dialguard keeps a dialer's phone numbers clean.
//!
//! The decisions are a WebAssembly component, the *policy*; this library runs it, checks its plans, and is a complete
//! dialer around it besides.
//!
//! - **To embed a policy** in a dialer of your own: give [`dialer::Dialer`] your clock, carriers and numbers, and call
//!   [`policy::Policy`]. Hold what it plans against [`check`] before you apply it. The README shows all of it.
//! - **To use the reference dialer**, with its ledger, carrier sources and schedule: [`Dialguard`] and [`schedule`].
//! - [`contract`] has the types of `wit/`, whose comments are the manual.
//!
//! Without default features there is no reference dialer: no database, and nothing but the sandbox and its checks. The
//! feature `ledger` adds the dialer, `program` (the default) the command line on it.
#![warn(missing_docs)]

pub mod bench;
pub mod calendar;
#[cfg(feature = "ledger")]
pub mod carriers;
pub mod check;
pub mod clock;
#[cfg(feature = "ledger")]
pub mod comparison;
pub mod contract;
pub mod dialer;
#[cfg(feature = "ledger")]
pub mod dialguard;
mod empty_wasi;
mod engine;
#[cfg(feature = "ledger")]
pub mod fulfilment;
pub mod inspection;
#[cfg(feature = "ledger")]
pub mod ledger;
mod limits;
mod lock;
#[cfg(feature = "ledger")]
pub mod phone;
#[cfg(feature = "ledger")]
pub mod policies;
pub mod policy;
pub mod recording;
mod run;
pub mod scenarios;
#[cfg(feature = "ledger")]
pub mod schedule;
pub mod settings;
#[cfg(feature = "ledger")]
pub mod signature;
#[cfg(feature = "ledger")]
pub mod sources;

pub use async_trait::async_trait;
#[cfg(feature = "ledger")]
pub use dialguard::Dialguard;
pub use run::Shown;

/// The README's example is compiled and run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
