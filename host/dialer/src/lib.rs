//! The reference dialer: a ledger, sources of verdicts, providers of numbers, and the policy that decides between them.
//!
//! [`Dialguard`] gathers what a policy needs, lets it decide in the [sandbox](dialguard), checks the plan and applies it to
//! the [`ledger`]. [`fulfilment`] then carries out what costs money, one step at a time.
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialguard/example.rs"));
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let dialguard = small_dialguard(folder.path()).await?;
//! let reviewed = dialguard.review("acme").await?;
//! assert_eq!(reviewed.plan.reviews.len(), 2);
//! # Ok(())
//! # }
//! ```
//!
//! [Architecture] shows where everything is and what must always hold.
//!
//! [Architecture]: https://github.com/dialguard/dialguard/blob/main/host/ARCHITECTURE.md
#![warn(missing_docs)]

pub mod access;
pub mod alerts;
mod aside;
pub mod attention;
pub mod call_file;
pub mod dialguard;
pub mod figures;
pub mod fulfilment;
pub mod http;
pub mod ledger;
pub mod metrics;
pub mod number_file;
pub mod phone;
pub mod policies;
pub mod prices;
pub mod providers;
pub mod settings;
pub mod sources;
mod system_user;
pub mod table_file;
mod written_time;
pub mod zones;

pub use crate::dialguard::Dialguard;
