//! Runs reputation policies in a sandbox and checks their plans.
//!
//! Carriers label a number 'Spam Likely' when enough people complain about it. A Dialguard policy rates an account's numbers
//! every day by what carriers say, and plans which ones to replace. It is a WebAssembly component that reads through three
//! imports, returns a plan, and cannot change anything itself. This crate runs it, limits it, and checks its plan against
//! the invariants of an account's ledger before your dialer applies it. It has no database, network client or command line.
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialer/example.rs"));
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dialguard::check::{Purpose, check};
//! use dialguard::policy::{Limits, Policy};
//!
//! let policy = Policy::reference(Limits::default());
//! let dialer = small_dialer(AUTO_REPLACE); // your clock, carriers and numbers; `dialguard::dialer` shows this dialer
//!
//! let reviewed = policy.review_account(&dialer, "acme").await?;
//! check("acme", Purpose::Review, &reviewed.answer, &reviewed.inputs, &[])?;
//! let Action::ReplaceNumber(replacement) = &reviewed.answer.actions[0] else { panic!("one number is flagged") };
//! assert_eq!((replacement.number, replacement.replacement), (13_105_550_123, 13_105_550_199));
//! # Ok(())
//! # }
//! ```
//!
//! # Where to begin
//!
//! - **To embed a policy** in your dialer, start with the example above: [`dialer`] has the three traits that your dialer
//!   implements, [`policy`] the calls, and [`check`] the check of a plan before you apply it.
//! - **To choose or write a policy**: [`inspection`] shows what a component is, [`scenarios`] whether it keeps the contract,
//!   [`mod@bench`] what it costs, and [`recording`] repeats a run.
//! - [`contract`] has the types, whose comments are the manual; [`settings`], [`calendar`] and [`clock`] help to fill them
//!   in.
//!
//! The guide [Embedding] shows a whole dialer, and dialers in other languages; [Architecture] shows where everything is.
//!
//! [Embedding]: https://github.com/dialguard/dialguard/blob/main/host/docs/embedding.md
//! [Architecture]: https://github.com/dialguard/dialguard/blob/main/host/ARCHITECTURE.md
//!
//! The crate builds with Rust 1.95 (edition 2024) and the target `wasm32-wasip2`, because it compiles the built-in policy.
//! Only a new minor version raises the required Rust version. It runs on a Tokio runtime with timers enabled.
//!
//! # Stability
//!
//! Versions follow SemVer: before 1.0 a new minor version may break the public interface, a patch never does. In particular:
//!
//! - The types of [`contract`] are those of its newest version. A new version of the contract changes them in a new minor
//!   version of this crate; policies made for older versions of the contract keep running.
//! - Types that you create (a [`Dialer`](dialer::Dialer), [`Limits`](policy::Limits), the contract's records) get no new
//!   fields in a patch. Types that you receive (errors, reports, recordings, [`Inputs`](policy::Inputs)) may; they are
//!   `#[non_exhaustive]`, so allow for unknown cases and fields.
//! - The wording of errors and reports may change at any time, and so may the decisions of the reference policy, within the
//!   contract and the cases in [`scenarios`].
//! - Of other crates only these are part of the interface: [`macro@async_trait`], exported here; chrono's dates and
//!   its trait of time zones, exported from [`calendar`]; serde's traits; `serde_json` in [`settings`] and in the error of
//!   [`scenarios::CaseFile::read`]; `anyhow::Error` in [`mod@bench`]. wasmtime is not part of it.
#![warn(missing_docs)]

extern crate alloc;

pub mod bench;
pub mod calendar;
pub mod check;
pub mod clock;
pub mod contract;
pub mod dialer;
pub mod inspection;
pub mod policy;
pub mod recording;
pub mod scenarios;
pub mod settings;
mod sha256;

pub use async_trait::async_trait;
pub use sha256::sha256;

/// The example in the guide runs as a documentation test.
#[cfg(doctest)]
#[doc = include_str!("../docs/embedding.md")]
struct Embedding;
