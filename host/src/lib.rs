//! Dialguard keeps a dialer's phone numbers clean.
//!
//! Carriers show a number as 'Spam Likely' when enough people complain. Dialguard rates an account's numbers every day by
//! what carriers say of them, and plans which to replace. The decisions are a WebAssembly component, the *policy*: it
//! reads through three imports, answers with a plan, and can change nothing itself. This library runs it in a sandbox,
//! holds its plan against the invariants of an account's ledger, and is a complete dialer around it besides.
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialer/example.rs"));
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dialguard::check::{Asked, check};
//! use dialguard::contract::Action;
//! use dialguard::policy::{Limits, Policy};
//! use dialguard::settings::default_settings;
//!
//! let policy = Policy::reference(Limits::default());
//! let mut settings = default_settings();
//! settings.auto_replace = true;
//! let dialer = small_dialer(settings); // your clock, carriers and numbers: `dialguard::dialer` shows this one
//!
//! let reviewed = policy.review_account(&dialer, "acme").await?;
//! check("acme", Asked::Review, &reviewed.answer, &reviewed.shown)?;
//! let Action::ReplaceNumber(replacement) = &reviewed.answer.actions[0] else { panic!("one number is flagged") };
//! assert_eq!((replacement.number, replacement.replacement), (13_105_550_123, 13_105_550_199));
//! # Ok(())
//! # }
//! ```
//!
//! # Where to begin
//!
//! - **To embed a policy** in a dialer of your own, the example above is all there is to it: [`dialer`] has the three
//!   traits that your dialer implements, [`policy`] the calls, [`check`] what to hold a plan against before you apply it.
//! - **To choose a policy or write one**: [`inspection`] says what a component is, [`scenarios`] whether it keeps the
//!   contract, [`mod@bench`] what it costs, and [`recording`] makes a run again.
//! - [`contract`] has the types, whose comments are the manual; [`settings`], [`calendar`] and [`clock`] help to fill
//!   them in.
#![cfg_attr(
    feature = "ledger",
    doc = "- **To use the reference dialer**, with its ledger, sources of verdicts and schedule: [`Dialguard`] on a\n  \
           [`ledger`], driven by [`schedule`]; [`policies`] come and go in it."
)]
//!
//! # Features
//!
//! | feature | what it adds | what it brings |
//! |---|---|---|
//! | none (`default-features = false`) | everything above: the sandbox and its checks | wasmtime; no database, no HTTP client |
//! | `ledger` | the reference dialer: ledger, sources of verdicts, schedule, the life of policies | an embedded SQLite and its C compiler |
//! | `vendors` | vendors' services on it, as sources of verdicts | an HTTP client |
//! | `web` | the page and the API on it | an HTTP server and client |
//! | `program` (the default) | the program `dialguard` on it; nothing more in the library | a command line |
//!
//! It builds with Rust 1.95 (edition 2024) and the target `wasm32-wasip2`, for the built-in policy is compiled with it. A
//! newer Rust is asked for in a new minor version only. It runs on a Tokio runtime whose timers are enabled.
//!
//! # What stays
//!
//! Versions follow SemVer: before 1.0 a new minor version may break what is public, a patch never does. In particular
//!
//! - the types of [`contract`] are those of its newest version. A new version of the contract changes them, which is a new
//!   minor version of this library; policies made for older versions of the contract keep running.
//! - what you make yourself (a [`Dialer`](dialer::Dialer), [`Limits`](policy::Limits), the contract's records) gets no new
//!   field in a patch. What you are given (errors, reports, recordings, what a policy was shown) may: it is
//!   `#[non_exhaustive]`, so leave room for cases and fields that you do not know.
//! - words for people, in errors and reports, may change at any time; so may what the reference policy decides, within
//!   its contract and the cases in [`scenarios`].
//! - of other libraries only these are part of the interface: [`macro@async_trait`], which is exported here; chrono's and
//!   chrono-tz's dates and zones, exported from [`calendar`]; serde's traits; `serde_json` in [`settings`] and in the error
//!   of [`scenarios::CaseFile::read`]; `anyhow::Error` in [`mod@bench`]. wasmtime is not, nor is any database.
#![warn(missing_docs)]

#[cfg(feature = "web")]
pub mod access;
#[cfg(feature = "web")]
pub mod alerts;
pub mod bench;
pub mod calendar;
#[cfg(feature = "ledger")]
pub mod carriers;
#[cfg(any(feature = "vendors", feature = "web"))]
mod causes;
pub mod check;
pub mod clock;
#[cfg(feature = "ledger")]
pub mod comparison;
pub mod contract;
pub mod dialer;
#[cfg(feature = "ledger")]
pub mod dialguard;
#[cfg(feature = "ledger")]
mod digest;
#[cfg(feature = "ledger")]
pub mod effect;
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
mod metrics;
#[cfg(feature = "ledger")]
pub mod number_file;
#[cfg(any(feature = "vendors", feature = "web"))]
mod outgoing;
#[cfg(feature = "ledger")]
pub mod phone;
#[cfg(feature = "ledger")]
pub mod policies;
pub mod policy;
#[cfg(feature = "ledger")]
pub mod reconciliation;
pub mod recording;
mod run;
pub mod scenarios;
#[cfg(feature = "ledger")]
pub mod schedule;
#[cfg(feature = "vendors")]
pub mod secret;
pub mod settings;
#[cfg(feature = "ledger")]
pub mod signature;
#[cfg(feature = "ledger")]
pub mod sources;
#[cfg(feature = "ledger")]
pub mod suppliers;
#[cfg(feature = "vendors")]
pub mod vendor;
#[cfg(feature = "web")]
pub mod web;

pub use async_trait::async_trait;
#[cfg(feature = "ledger")]
pub use dialguard::Dialguard;
pub use run::Shown;

/// The README's example is compiled and run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
