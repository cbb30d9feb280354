//! Carrying out replacements: each order is taken through the steps it still needs.
//!
//! The intent is on disk before this begins, and every step is its own transaction, committed before anything that
//! depends on it starts. After a crash, any process can continue where this one stopped. A request that may have been
//! carried out is repeated only after the provider was asked about it. An imported candidate is acquired by a note in
//! the ledger. The old number rests. When the policy decides that it goes back to its provider, that is one more step of
//! its order; without a provider, it leaves the account.
//!
//! An order lives only as long as its reason. Before each step that spends money or moves a slot, [`Grounds`] says
//! whether the order is still right: the switches are on, and the policy would still make this replacement with this
//! candidate. Otherwise the order is abandoned, and an event says why.
//!
//! Fulfilment makes no choices: it returns the numbers that it could not buy, and [`Dialguard`](crate::Dialguard),
//! which calls it after every run, asks the policy again. [`Fulfilment::step`] takes one step of one order:
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialguard/example.rs"));
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dialguard_dialer::sources::inquiry::Sources;
//! use dialguard::dialer::Dialer;
//! use dialguard_dialer::fulfilment::Step;
//! use dialguard_dialer::ledger::{AccountView, OrderState, RecordLimits, RunOutcome, RunRecord};
//!
//! let folder = tempfile::tempdir()?;
//! let dialguard = small_dialguard(folder.path()).await?;
//! let (ledger, policy) = (dialguard.ledger(), dialguard.policies().policy(1)?);
//! let dialer = Dialer {
//!     clock: Arc::new(FixedClock(NOW)),
//!     carriers: Sources::new(ledger.clone()).inquiry(NOW),
//!     inventory: Arc::new(AccountView::new(ledger.clone(), ledger.account("acme")?, NOW)),
//! };
//! let request = Request::ReplaceNumbers(vec![13_105_550_100]);
//! let decided = policy.decide(&dialer, "acme", &request).await?;
//! let run = RunRecord {
//!     policy: policy.sha256(),
//!     revision: Some(1),
//!     contract: policy.contract_version(),
//!     limits: policy.limits(),
//!     kept: RecordLimits::default(),
//!     outcome: &RunOutcome::Request(request, decided.answer),
//!     inputs: &decided.inputs,
//!     recording: &decided.recording,
//!     answers: &[],
//!     by_source: &[],
//!     problems: &[],
//!     provider_problems: &[],
//!     counted_before: 0,
//! };
//! ledger.apply("acme", run)?;
//! let order = ledger.open_orders("acme")?.remove(0);
//! assert_eq!(order.state, OrderState::Intended);
//!
//! let fulfilment = dialguard.fulfilment();
//! assert_eq!(fulfilment.step(order.id).await?, Step::MovedOn(OrderState::Acquired));
//! assert_eq!(fulfilment.carry_out("acme").await?.replaced.len(), 1);
//! assert!(ledger.open_orders("acme")?[0].is_resting(), "the old number rests");
//! # Ok(())
//! # }
//! ```
//!
//! The states of an order:
//!
//! ```text
//! intended → reserved → screened → ordering → acquired → carried over → swapped → done
//!     └──────────┴──────────┴──────────┴─────────┴────────────┴→ abandoned: the slot stays with its number
//! ```

mod grounds;
mod purchase;

use crate::ledger::{Abandonment, ClaimedOrder, Ledger, LedgerError, Order, OrderState};
use crate::providers::Providers;
use dialguard::clock::Clock;
use dialguard::contract::Timestamp;
use grounds::Findings;
pub use grounds::{Finding, Grounds};
use purchase::Purchase;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Orders of one account that providers are asked about at the same time.
const ORDERS_AT_ONCE: usize = 8;

/// No step starts after this time; the next call continues.
const TIME_MAX: Duration = Duration::from_secs(60);

/// How often an order that a provider works on is looked at in one go, after a fifth of a second, two fifths, and so
/// on.
const LOOKS_IN_ONE_GO: u32 = 4;

/// Carries out the orders of a ledger. Cheap to clone.
#[derive(Clone)]
pub struct Fulfilment {
    ledger: Arc<Ledger>,
    providers: Providers,
    clock: Arc<dyn Clock>,
    grounds: Arc<dyn Grounds>,
    gives_back_rested: bool,
    stop: watch::Receiver<bool>,
}

/// What came of carrying out an account's orders.
#[derive(Debug, Default)]
pub struct FulfilmentOutcome {
    /// Orders whose slot has moved to the replacement.
    pub replaced: Vec<Order>,
    /// Orders that were abandoned because their number could not be bought, and about which the policy has not been
    /// asked again.
    pub abandoned: Vec<Order>,
}

/// What came of taking one step of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It is this far now.
    MovedOn(OrderState),
    /// Nothing can be done before this time; now, if the provider is still working on it.
    Waits(Timestamp),
    /// Its old number has rested, and the policy has not decided about it.
    HasRested,
    /// Another process is taking a step of it.
    TakenElsewhere,
    /// It is finished or abandoned.
    Over,
}

/// Why an order was not carried out or abandoned.
#[derive(Debug, thiserror::Error)]
pub enum FulfilmentError {
    /// The ledger refused or failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The order is finished, or a process is taking a step of it, for two minutes at most.
    #[error("order {0} is already finished or being processed")]
    Busy(u64),
    /// The number may have been bought, so the order cannot be abandoned.
    #[error("order {order} cannot be abandoned: {why}")]
    MayHaveBought {
        /// The order.
        order: u64,
        /// What is known about the purchase, in words.
        why: String,
    },
    /// An invariant was broken. Orders stay as they are on disk, and can be taken further.
    #[error("internal error while an order was carried out; please report this: {0}")]
    Internal(String),
}

type Result<T> = std::result::Result<T, FulfilmentError>;

impl Fulfilment {
    /// Carries out the orders of this ledger at these providers, as long as their grounds hold.
    pub fn new(ledger: Arc<Ledger>, providers: Providers, clock: Arc<dyn Clock>, grounds: Arc<dyn Grounds>) -> Self {
        Fulfilment { ledger, providers, clock, grounds, gives_back_rested: false, stop: watch::channel(false).1 }
    }

    /// The same for a policy that does not decide what becomes of numbers that have rested: they are given back.
    pub fn giving_back_rested(self, gives_back_rested: bool) -> Self {
        Fulfilment { gives_back_rested, ..self }
    }

    /// The same until `stop` is true: then no further step is taken.
    pub(crate) fn until(self, stop: watch::Receiver<bool>) -> Self {
        Fulfilment { stop, ..self }
    }

    fn is_stopped(&self) -> bool {
        *self.stop.borrow()
    }

    /// Takes every open order of the account as far as it goes, for a minute.
    pub async fn carry_out(&self, account: &str) -> Result<FulfilmentOutcome> {
        let begun = Instant::now();
        let mut replaced = Vec::new();
        let findings = Arc::new(Findings::new(self, account));
        let (bought, on_hand): (Vec<_>, Vec<_>) =
            self.ledger.open_orders(account)?.into_iter().partition(|order| order.provider.is_some());
        for order in on_hand {
            replaced.extend(self.take_further(order, &findings, begun).await?);
        }
        let (mut bought, mut under_way) = (bought.into_iter(), JoinSet::new());
        loop {
            while under_way.len() < ORDERS_AT_ONCE
                && let Some(order) = bought.next()
            {
                let (fulfilment, findings) = (self.clone(), findings.clone());
                under_way.spawn(async move { fulfilment.take_further(order, &findings, begun).await });
            }
            let Some(taken) = under_way.join_next().await else { break };
            replaced.extend(taken.map_err(|error| FulfilmentError::Internal(error.to_string()))??);
        }
        replaced.sort_by_key(|order| order.id);
        Ok(FulfilmentOutcome { replaced, abandoned: self.ledger.orders_to_ask_again(account)? })
    }

    /// Takes an order as far as it goes; returns it if its slot has moved.
    async fn take_further(&self, order: Order, findings: &Findings, begun: Instant) -> Result<Option<Order>> {
        let mut looks = 0;
        while begun.elapsed() < TIME_MAX && !self.is_stopped() {
            match self.step_by(order.id, findings).await? {
                Step::MovedOn(_) => {}
                Step::Waits(until) if until <= self.clock.now() && looks < LOOKS_IN_ONE_GO => {
                    looks += 1;
                    tokio::time::sleep(Duration::from_millis(200) * looks).await;
                }
                Step::Waits(_) | Step::HasRested | Step::TakenElsewhere | Step::Over => break,
            }
        }
        Ok(self.ledger.order(order.id)?.filter(|now| now.has_slot() && !order.has_slot()))
    }

    /// Takes one step of an order. At most one thing is done at the provider, and it is on disk before. A step that
    /// cannot be taken is not an error: the order says what holds it up. Errors: no such order; the ledger fails; a
    /// clock that went back.
    pub async fn step(&self, order: u64) -> Result<Step> {
        let findings = Findings::new(self, &self.find(order)?.account);
        self.step_by(order, &findings).await
    }

    async fn step_by(&self, order: u64, findings: &Findings) -> Result<Step> {
        let before = self.find(order)?;
        if let Some(step) = self.nothing_to_do(&before, self.now(&before)?) {
            return Ok(step);
        }
        // Before the order is claimed: the policy may take longer than a lease.
        let finding = match needs_grounds(&before, self.now(&before)?) {
            true => Some(findings.of(&before).await?),
            false => None,
        };
        let now = self.now(&before)?;
        if self.is_stopped() {
            return Ok(Step::Waits(now));
        }
        let Some(claimed) = on_disk(|| self.ledger.claim(order, now))? else { return Ok(Step::TakenElsewhere) };
        let step = self
            .nothing_to_do(&claimed.order, now)
            .or((claimed.order.state != before.state).then_some(Step::Waits(now)));
        if let Some(step) = step {
            on_disk(|| self.ledger.let_go(&claimed))?;
            return Ok(step);
        }
        self.purchase(&claimed, now).take_step(finding).await?;
        let after = self.find(order)?;
        Ok(match after.state == claimed.order.state {
            true => Step::Waits(after.next_try_at.max(now)),
            false => Step::MovedOn(after.state),
        })
    }

    /// Abandons an order at a user's request; the policy is not asked again. Only if it is certain that nothing was
    /// bought: otherwise [`FulfilmentError::MayHaveBought`] says what is known, and nothing is changed.
    pub async fn abandon(&self, order: u64) -> Result<()> {
        let now = self.now(&self.find(order)?)?;
        let claimed = on_disk(|| self.ledger.claim(order, now))?.ok_or(FulfilmentError::Busy(order))?;
        match self.purchase(&claimed, now).may_have_bought().await {
            None => {
                on_disk(|| self.ledger.abandon_order(&claimed, &Abandonment::by_user(), now))?;
                Ok(())
            }
            Some(why) => {
                on_disk(|| self.ledger.let_go(&claimed))?;
                Err(FulfilmentError::MayHaveBought { order, why })
            }
        }
    }

    fn nothing_to_do(&self, order: &Order, now: Timestamp) -> Option<Step> {
        if matches!(order.state, OrderState::Done | OrderState::Abandoned) {
            return Some(Step::Over);
        }
        let rests_until = order.rests_until.filter(|_| order.is_resting()).unwrap_or_default();
        let due = order.next_try_at.max(rests_until);
        match order.is_resting() && !self.gives_back_rested {
            _ if due > now => Some(Step::Waits(due)),
            true => Some(Step::HasRested),
            false => None,
        }
    }

    fn purchase<'a>(&'a self, claimed: &'a ClaimedOrder, now: Timestamp) -> Purchase<'a> {
        Purchase { ledger: &self.ledger, providers: &self.providers, claimed, now }
    }

    fn now(&self, order: &Order) -> std::result::Result<Timestamp, LedgerError> {
        Ok(self.ledger.account_at(&order.account, self.clock.now())?.1)
    }

    fn find(&self, order: u64) -> std::result::Result<Order, LedgerError> {
        self.ledger.order(order)?.ok_or(LedgerError::NoOpenOrder(order))
    }
}

/// Whether the next step may spend money or move a slot. An order that was just sent is only looked up.
fn needs_grounds(order: &Order, now: Timestamp) -> bool {
    order.is_under_way() && (order.state != OrderState::Ordering || purchase::is_settled(order, now))
}

/// What blocks the thread for the ledger's disk.
fn on_disk<T>(change: impl FnOnce() -> std::result::Result<T, LedgerError>) -> std::result::Result<T, LedgerError> {
    tokio::task::block_in_place(change)
}
