//! Carrying out replacements: each open order is taken through the steps it still needs.
//!
//! The intent is on disk before this begins, and every step is a transaction of its own; so whoever comes next after a
//! crash, another process included, goes on where it stopped. Candidates are numbers on hand: there is nobody to buy
//! from, and acquiring one is a note in the ledger.

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
