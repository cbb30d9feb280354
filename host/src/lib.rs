//! Dialguard keeps a dialer's phone numbers clean.
#![warn(missing_docs)]

pub mod calendar;
pub mod carriers;
pub mod check;
pub mod clock;
pub mod contract;
pub mod dialer;
pub mod dialguard;
pub mod fulfilment;
pub mod ledger;
pub mod phone;
pub mod policy;
mod run;
pub mod schedule;
pub mod settings;
pub mod sources;

pub use dialguard::Dialguard;
pub use run::Shown;
