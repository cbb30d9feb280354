//! Carrying out replacements: each open order is taken through the steps it still needs.
//!
//! The intent is on disk before this begins, and every step is a transaction of its own; so whoever comes next after a
//! crash, another process included, goes on where it stopped. Candidates are numbers on hand: there is nobody to buy
//! from, and acquiring one is a note in the ledger.
//!
//! [`Dialguard`](crate::Dialguard) does this after every run, and [`Dialguard::resume`](crate::Dialguard::resume) after a
//! crash; whoever applies plans to the ledger by himself calls it himself:
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialguard/example.rs"));
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dialguard::carriers::Carriers;
//! use dialguard::dialer::Dialer;
//! use dialguard::fulfilment::fulfil;
//! use dialguard::ledger::{AccountView, Made, OrderState, RunRecord};
//!
//! let folder = tempfile::tempdir()?;
//! let dialguard = small_dialguard(folder.path()).await?;
//! let (ledger, policy) = (dialguard.ledger(), dialguard.policies().policy(1)?);
//! let dialer = Dialer {
//!     clock: Arc::new(FixedClock(NOW)),
//!     carriers: Carriers::new(ledger.clone()).ask(NOW),
//!     inventory: Arc::new(AccountView::new(ledger.clone(), ledger.account("acme")?, NOW)),
//! };
//! let request = Request::ReplaceNumbers(vec![13_105_550_100]);
//! let decided = policy.decide(&dialer, "acme", &request).await?;
//! let run = RunRecord {
//!     policy: policy.digest(),
//!     revision: Some(1),
//!     contract: policy.contract_version(),
//!     limits: policy.limits(),
//!     kept_days: 35,
//!     made: &Made::Request(request, decided.answer),
//!     shown: &decided.shown,
//!     recording: &decided.recording,
//!     answers: &[],
//!     problems: &[],
//! };
//! ledger.apply("acme", run)?;
//! assert_eq!(ledger.open_orders("acme")?[0].state, OrderState::Intended);
//!
//! assert_eq!(fulfil(ledger, "acme", NOW)?.len(), 1);
//! assert!(ledger.open_orders("acme")?.is_empty());
//! # Ok(())
//! # }
//! ```

use crate::contract::Timestamp;
use crate::ledger::{Ledger, LedgerError, Order, OrderState};

/// Takes every open order of the account as far as it goes; answers those that were finished.
pub fn fulfil(ledger: &Ledger, id: &str, now: Timestamp) -> Result<Vec<Order>, LedgerError> {
    let orders = ledger.open_orders(id)?;
    for order in &orders {
        finish(ledger, id, order, now)?;
    }
    Ok(orders)
}

fn finish(ledger: &Ledger, id: &str, order: &Order, now: Timestamp) -> Result<(), LedgerError> {
    if order.state == OrderState::Intended {
        ledger.acquired(id, order, now)?;
    }
    if order.state != OrderState::Swapped {
        ledger.swap(id, order, now)?;
    }
    ledger.released(id, order, now)
}
