//! What a policy reads from a dialer: its clock, its carriers and its numbers.
//!
//! Your dialer implements [`CarrierLookup`] and [`NumberInventory`] on top of its database and its clients for carriers'
//! services. The clock is [`SystemClock`], or a fixed one in tests. Here is a complete dialer in memory; the other examples
//! in this documentation use its `small_dialer` too:
//!
//! ```
#![doc = include_str!("dialer/example.rs")]
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     use dialguard::policy::{Limits, Policy};
//!
//!     let dialer = small_dialer(GuardRails::default());
//!     let usage = Policy::reference(Limits::default()).usage(&dialer, "acme").await?;
//!     assert_eq!((usage.slots, usage.occupied, usage.clean, usage.flagged), (15, 2, 1, 1));
//!     Ok(())
//! }
//! ```
//!
//! [`SystemClock`]: crate::clock::SystemClock

use crate::clock::Clock;
use crate::contract::*;
use std::sync::Arc;

/// A dialer as a policy sees it. Cheap to clone; one can serve many accounts.
#[derive(Clone)]
pub struct Dialer {
    /// The time of the run, read once per run.
    pub clock: Arc<dyn Clock>,
    /// What carriers say about numbers.
    pub carriers: Arc<dyn CarrierLookup>,
    /// Accounts, numbers and slots.
    pub inventory: Arc<dyn NumberInventory>,
}

/// What carriers and analytics engines say about numbers: the contract's `carrier-lookup`.
///
/// The policy waits while a call is in progress. A call may take up to
/// [`Limits::import_time_max`](crate::policy::Limits::import_time_max); do not block the thread meanwhile.
#[async_trait::async_trait]
pub trait CarrierLookup: Send + Sync {
    /// All carriers that `look_up` may quote, in ascending order of id; empty if there are none.
    async fn carriers(&self) -> Vec<Carrier>;

    /// All sources, in ascending order of id, with their prices and what is left of them.
    async fn sources(&self) -> Vec<Source>;

    /// Asks these sources, or every source if none is named, about every number, at most 10,000, each once. Returns a row
    /// for each number, in the order given; see [`VerdictTable::push`]. Numbers are 1 to [`NUMBER_MAX`] and sources are among
    /// [`CarrierLookup::sources`]; the sandbox refuses anything beyond that or beyond the policy's limits before calling
    /// this.
    ///
    /// Errors: `unavailable` if no source could be asked, `over-budget` if the dialer's own budget is used up. One source
    /// failing is not an error.
    async fn look_up(&self, numbers: Vec<PhoneNumber>, sources: Vec<SourceId>) -> Result<VerdictTable, Error>;
}

/// Reads the dialer's accounts, numbers and slots: the contract's `number-inventory`.
///
/// All reads of one run must see the same revision of the account. If the account has changed, return
/// [`Error::unavailable`] and repeat the run. `id` is always the account of the run.
#[async_trait::async_trait]
pub trait NumberInventory: Send + Sync {
    /// The account's current state. Errors: `no-such-account`, `unavailable`.
    async fn account(&self, id: &str) -> Result<Account, Error>;

    /// Monitored numbers above `after` (0: from the start), in ascending order, at most `limit` (1 to 10,000); fewer means
    /// the last page. Errors: `unavailable`.
    async fn monitored(&self, id: &str, after: PhoneNumber, limit: u32) -> Result<MonitoredTable, Error>;

    /// Those of `numbers` (at most 10,000, in any order) that the account owns, in ascending order, each once. Errors:
    /// `unavailable`.
    async fn owned(&self, id: &str, numbers: Vec<PhoneNumber>) -> Result<Vec<PhoneNumber>, Error>;

    /// At most `limit` (1 to 10,000) numbers that could take the place of `like`, closest first: by most shared leading
    /// digits, then the account's own, then the lower price, then the lower number. Of the account's own numbers only those
    /// that are offered again after a rest; none that it has given back or has on order. Errors: `unavailable`.
    async fn candidates(&self, id: &str, like: PhoneNumber, limit: u32) -> Result<CandidateTable, Error>;

    /// When the account's numbers became flagged, at `since` or later, oldest first, including numbers it no longer has.
    /// Errors: `unavailable`.
    async fn flag_events(&self, id: &str, since: Timestamp) -> Result<FlagTable, Error>;

    /// How calls from each of `numbers` (at most 10,000, each once) went at `since` or later; counting from the beginning of
    /// that hour is as good. A dialer that does not know returns empty columns. Errors: `unavailable`.
    async fn calls(&self, _id: &str, _numbers: Vec<PhoneNumber>, _since: Timestamp) -> Result<CallTable, Error> {
        Ok(CallTable::new())
    }

    /// How the account's calls went altogether, at `since` or later. A dialer that does not know returns zeros. Errors:
    /// `unavailable`.
    async fn calls_in_all(&self, _id: &str, _since: Timestamp) -> Result<CallTotals, Error> {
        Ok(CallTotals { attempts: 0, answered: 0, short: 0, blocked: 0 })
    }

    /// The account's numbers that rest, longest first, at most 10,000. A dialer whose numbers never rest returns none.
    /// Errors: `unavailable`.
    async fn rested(&self, _id: &str) -> Result<RestedTable, Error> {
        Ok(RestedTable::new())
    }
}
