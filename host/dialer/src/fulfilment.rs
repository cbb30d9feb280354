//! Carrying out replacements: each order is taken through the steps it still needs.
//!
//! The intent is on disk before this begins, and every step is a transaction of its own that stands before what comes of
//! it is begun; so whoever comes next after a crash, another process included, goes on where it stopped. Nothing that may
//! have been done is done again before the provider was asked how it stands. A number on hand is acquired by a note in the
//! ledger; the old number is given back after its rest where the account has a provider, and leaves at once where not.
//!
//! [`Dialguard`] does this after every run, and [`Dialguard::resume`] after a crash; whoever applies plans to the ledger by
//! himself calls [`fulfil`] himself. [`step`] takes one step of one order:
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialguard/example.rs"));
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dialguard_dialer::sources::inquiry::Sources;
//! use dialguard::dialer::Dialer;
//! use dialguard_dialer::fulfilment::{Step, fulfil, step};
//! use dialguard_dialer::ledger::{AccountView, Made, OrderState, RunRecord};
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
//!     kept_days: 35,
//!     made: &Made::Request(request, decided.answer),
//!     inputs: &decided.inputs,
//!     recording: &decided.recording,
//!     answers: &[],
//!     problems: &[],
//!     provider_problems: &[],
//! };
//! ledger.apply("acme", run)?;
//! let order = ledger.open_orders("acme")?.remove(0);
//! assert_eq!(order.state, OrderState::Intended);
//!
//! assert_eq!(step(&dialguard, order.id).await?, Step::MovedOn(OrderState::Acquired));
//! assert_eq!(fulfil(&dialguard, "acme").await?.len(), 1);
//! assert!(ledger.open_orders("acme")?.is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! The states of an order:
//!
//! ```text
//! intended → reserved → screened → ordering → acquired → carried over → swapped → done
//!     └──────────┴──────────┴──────────┴→ given up: the policy is asked again
//! ```

mod purchase;

use crate::dialguard::{Dialguard, DialguardError};
use crate::ledger::{LedgerError, Order, OrderState, no_open_order};
use dialguard::contract::Timestamp;
use purchase::Purchase;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Orders of one account that providers are asked about at the same time.
const ORDERS_AT_ONCE: usize = 8;

/// After this time no further step is begun; who comes next goes on.
const TIME_MAX: Duration = Duration::from_secs(60);

/// How often an order that a provider works on is looked at in one go, after a fifth of a second, two fifths, and so on.
const LOOKS_IN_ONE_GO: u32 = 4;

/// What came of taking one step of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It is this far now.
    MovedOn(OrderState),
    /// Nothing can be done before this time; now, where the provider is still working on it.
    Waits(Timestamp),
    /// Another process is at it.
    TakenElsewhere,
    /// It is over.
    Over,
}

/// Takes one step of an order: at most one thing is done at the provider, and it is on disk before. Not being able to is no
/// error but stands with the order. Errors: there is no such order; the ledger fails; a clock that went back.
pub async fn step(dialguard: &Dialguard, order: u64) -> Result<Step, DialguardError> {
    let ledger = dialguard.ledger();
    let before = find(dialguard, order)?;
    let (_, now) = ledger.account_at(&before.account, dialguard.now())?;
    if let Some(step) = nothing_to_do(&before, now) {
        return Ok(step);
    }
    let Some(claimed) = on_disk(|| ledger.claim(order, now))? else { return Ok(Step::TakenElsewhere) };
    if let Some(step) = nothing_to_do(&claimed.order, now) {
        on_disk(|| ledger.let_go(&claimed))?;
        return Ok(step);
    }
    Purchase { dialguard, claimed: &claimed, now }.take_step().await?;
    let after = find(dialguard, order)?;
    Ok(match after.state == claimed.order.state {
        true => Step::Waits(after.next_try_at.max(now)),
        false => Step::MovedOn(after.state),
    })
}

fn nothing_to_do(order: &Order, now: Timestamp) -> Option<Step> {
    if matches!(order.state, OrderState::Done | OrderState::Abandoned) {
        return Some(Step::Over);
    }
    let due = order.next_try_at.max(order.rests_until.unwrap_or_default());
    (due > now).then_some(Step::Waits(due))
}

/// Takes every open order of the account as far as it goes, for a minute; answers those whose slot has moved.
pub async fn fulfil(dialguard: &Dialguard, id: &str) -> Result<Vec<Order>, DialguardError> {
    let begun = Instant::now();
    let mut replaced = Vec::new();
    let (bought, on_hand): (Vec<_>, Vec<_>) =
        dialguard.ledger().open_orders(id)?.into_iter().partition(|order| order.provider.is_some());
    for order in on_hand {
        replaced.extend(take_further(dialguard, order, begun).await?);
    }
    let (mut bought, mut under_way) = (bought.into_iter(), JoinSet::new());
    loop {
        while under_way.len() < ORDERS_AT_ONCE
            && let Some(order) = bought.next()
        {
            let dialguard = dialguard.clone();
            under_way.spawn(async move { take_further(&dialguard, order, begun).await });
        }
        let Some(taken) = under_way.join_next().await else { break };
        replaced.extend(taken.map_err(|error| DialguardError::Inside(error.to_string()))??);
    }
    replaced.sort_by_key(|order| order.id);
    Ok(replaced)
}

/// Takes an order as far as it goes; answers it where its slot has moved.
async fn take_further(dialguard: &Dialguard, order: Order, begun: Instant) -> Result<Option<Order>, DialguardError> {
    let mut looks = 0;
    while begun.elapsed() < TIME_MAX {
        match step(dialguard, order.id).await? {
            Step::MovedOn(_) => {}
            Step::Waits(until) if until <= dialguard.now() && looks < LOOKS_IN_ONE_GO => {
                looks += 1;
                tokio::time::sleep(Duration::from_millis(200) * looks).await;
            }
            Step::Waits(_) | Step::TakenElsewhere | Step::Over => break,
        }
    }
    let has_slot = |order: &Order| matches!(order.state, OrderState::Swapped | OrderState::Done);
    Ok(dialguard.ledger().order(order.id)?.filter(|now| has_slot(now) && !has_slot(&order)))
}

/// Tries an order now because a person wants to, whatever holds it up; answers how it stands after that. Errors: there is
/// no such order under way; the ledger fails; a clock that went back.
pub async fn retry(dialguard: &Dialguard, order: u64) -> Result<Order, DialguardError> {
    let account = dialguard.ledger().retry_order(order, dialguard.now())?.account;
    dialguard.resume(&account).await?;
    Ok(find(dialguard, order)?)
}

/// Ends an order because a person wants to, and has the policy not asked again. Only where certainly nothing was bought:
/// otherwise [`LedgerError::Refused`] says what is the matter, and nothing is changed.
pub async fn abandon(dialguard: &Dialguard, order: u64) -> Result<(), DialguardError> {
    let ledger = dialguard.ledger();
    let before = find(dialguard, order)?;
    let (_, now) = ledger.account_at(&before.account, dialguard.now())?;
    let Some(claimed) = on_disk(|| ledger.claim(order, now))? else {
        let words =
            format!("order {order} is over, or somebody is at it right now; see `dialguard orders` in two minutes");
        return Err(LedgerError::Refused(words).into());
    };
    match (Purchase { dialguard, claimed: &claimed, now }).may_have_bought().await {
        None => {
            on_disk(|| ledger.abandon_order(&claimed, "a person gave it up", false, now))?;
            Ok(())
        }
        Some(words) => {
            on_disk(|| ledger.let_go(&claimed))?;
            Err(LedgerError::Refused(format!("order {order} cannot be given up: {words}")).into())
        }
    }
}

fn find(dialguard: &Dialguard, order: u64) -> Result<Order, LedgerError> {
    dialguard.ledger().order(order)?.ok_or_else(|| no_open_order(order))
}

/// What blocks the thread for the ledger's disk.
fn on_disk<T>(change: impl FnOnce() -> Result<T, LedgerError>) -> Result<T, LedgerError> {
    tokio::task::block_in_place(change)
}
