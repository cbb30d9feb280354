//! What a dialer gives a policy to read: its clock, its carriers and its numbers.
//!
//! A dialer of your own implements [`CarrierLookup`] and [`NumberInventory`] on what it has already: its database, its
//! clients of carriers' services. The clock is [`SystemClock`], or in tests one that stands still. Here is a whole one
//! in memory, whose `small_dialer` is also what the other examples of this documentation go on from:
//!
//! ```
#![doc = include_str!("dialer/example.rs")]
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     use dialguard::policy::{Limits, Policy};
//!     use dialguard::settings::default_settings;
//!
//!     let dialer = small_dialer(default_settings());
//!     let usage = Policy::reference(Limits::default()).usage(&dialer, "acme").await?;
//!     assert_eq!((usage.slots, usage.occupied, usage.clean, usage.at_risk), (15, 2, 1, 1));
//!     Ok(())
//! }
//! ```
//!
//! [`SystemClock`]: crate::clock::SystemClock

use crate::clock::Clock;
use crate::contract::*;
use std::sync::Arc;

/// A dialer as a policy sees it. Cheap to clone; whoever serves many accounts may keep one for all of them.
#[derive(Clone)]
pub struct Dialer {
    /// The time of the run, asked once a run.
    pub clock: Arc<dyn Clock>,
    /// What carriers say about numbers.
    pub carriers: Arc<dyn CarrierLookup>,
    /// Accounts, numbers and slots.
    pub inventory: Arc<dyn NumberInventory>,
}

/// What carriers and analytics engines say about numbers: the contract's `carrier-lookup`.
///
/// The policy computes while nothing here is asked, and waits while something is: take the time that the network takes,
/// up to [`Limits::import_time_max`](crate::policy::Limits::import_time_max) a call, and do not block the thread.
#[async_trait::async_trait]
pub trait CarrierLookup: Send + Sync {
    /// Everyone whom `look_up` may quote, in ascending order of id; empty where there is nobody to ask.
    async fn carriers(&self) -> Vec<Carrier>;

    /// Asks every carrier about every number, at most 10,000, each once. Answers come grouped by number, in the order
    /// asked, at most one a number and carrier; a carrier that failed for a number is missing. Numbers are from 1 to
    /// [`NUMBER_MAX`]: what a policy asks beyond that, or beyond its limit, is refused before it comes here.
    ///
    /// Errors: `unavailable` where nobody could be asked at all, `over-budget` where the dialer has an allowance of its
    /// own. One carrier failing is no error.
    async fn look_up(&self, numbers: Vec<PhoneNumber>) -> Result<Vec<Observation>, Error>;
}

/// The dialer's accounts, numbers and slots, to read: the contract's `number-inventory`.
///
/// All reads of one run have to see the same revision of the account: where it has changed meanwhile, answer
/// [`Error::unavailable`], and make the run again. `id` is always the account that the run is about.
#[async_trait::async_trait]
pub trait NumberInventory: Send + Sync {
    /// The account as of now. Errors: `no-such-account`, `unavailable`.
    async fn account(&self, id: &str) -> Result<Account, Error>;

    /// Monitored numbers above `after` (0: from the start), in ascending order, at most `limit` (1 to 10,000); fewer are
    /// the last. Errors: `unavailable`.
    async fn monitored(&self, id: &str, after: PhoneNumber, limit: u32) -> Result<Vec<MonitoredNumber>, Error>;

    /// Of `numbers` (at most 10,000, any order), those that the account owns, in ascending order, each once. Errors:
    /// `unavailable`.
    async fn owned(&self, id: &str, numbers: Vec<PhoneNumber>) -> Result<Vec<PhoneNumber>, Error>;

    /// At most `limit` (1 to 10,000) numbers that could be bought in place of `like`, closest first: most leading digits
    /// shared, then the lower number. None that the account owns, has released or has on order. Errors: `unavailable`.
    async fn candidates(&self, id: &str, like: PhoneNumber, limit: u32) -> Result<Vec<PhoneNumber>, Error>;

    /// When the account's numbers turned flagged, at `since` or later, oldest first, those included that have left since.
    /// Errors: `unavailable`.
    async fn flag_events(&self, id: &str, since: Timestamp) -> Result<Vec<FlagEvent>, Error>;
}
