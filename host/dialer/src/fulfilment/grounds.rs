//! Whether an account's orders are still right. The policy is asked about all of them at once.

use super::{Fulfilment, on_disk};
use crate::ledger::{Basis, Ledger, LedgerError, Order, UnderWay};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Says whether orders are still right. The host asks; the policy decides.
#[async_trait::async_trait]
pub trait Grounds: Send + Sync {
    /// One finding for each order, in their order: all of the account's orders whose slot may still move. `revision` is
    /// the account's when these orders were read.
    async fn check(&self, account: &str, revision: u64, orders: &[Order]) -> Vec<Finding>;
}

/// Whether an order is still right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It is.
    Holds,
    /// The number is no longer to be replaced; says why.
    Gone(String),
    /// The number is still to be replaced, but not by this candidate; says why.
    CandidateRefused(String),
    /// An outage prevents an answer for now; says which.
    Unknown(String),
}

/// The findings about an account's orders, as long as their basis holds.
pub(super) struct Findings {
    ledger: Arc<Ledger>,
    grounds: Arc<dyn Grounds>,
    account: String,
    latest: Mutex<Option<(Basis, HashMap<u64, Finding>)>>,
}

impl Findings {
    pub fn new(fulfilment: &Fulfilment, account: &str) -> Self {
        let Fulfilment { ledger, grounds, .. } = fulfilment;
        Findings { ledger: ledger.clone(), grounds: grounds.clone(), account: account.into(), latest: Mutex::default() }
    }

    /// The finding about an order, and the basis that it rests on.
    pub async fn of(&self, order: &Order) -> Result<(Basis, Finding), LedgerError> {
        let mut latest = self.latest.lock().await;
        let basis = on_disk(|| self.ledger.basis(&self.account))?;
        let known = latest.as_ref().filter(|(known, _)| *known == basis).and_then(|(_, of)| of.get(&order.id));
        if let Some(finding) = known {
            return Ok((basis, finding.clone()));
        }
        let UnderWay { account, basis, orders } = on_disk(|| self.ledger.orders_under_way(&self.account))?;
        let findings = self.grounds.check(&self.account, account.revision, &orders).await;
        let findings: HashMap<_, _> = orders.iter().map(|order| order.id).zip(findings).collect();
        let finding = findings.get(&order.id).cloned();
        *latest = Some((basis, findings));
        let missing = || Finding::Unknown("the order has changed meanwhile".into());
        Ok((basis, finding.unwrap_or_else(missing)))
    }
}
