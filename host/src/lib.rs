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
//! use dialguard::check::{Purpose, check};
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
//! check("acme", Purpose::Review, &reviewed.answer, &reviewed.inputs, &[])?;
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
//!
//! The guide [Embedding] shows a whole dialer, and dialers in other languages; [Architecture] shows where everything is.
//!
//! [Embedding]: https://github.com/dialguard/dialguard/blob/main/host/docs/embedding.md
//! [Architecture]: https://github.com/dialguard/dialguard/blob/main/host/ARCHITECTURE.md
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
