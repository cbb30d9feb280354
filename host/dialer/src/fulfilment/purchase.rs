//! One step of a replacement: what is asked of its provider, and what its answer comes to.
//!
//! A provider's answer is one of three: it did it, it certainly did not, or nobody knows. Where it did not, the order begins
//! anew later, and its price is free meanwhile. Where nobody knows, the order stays where it is, price set aside, and the
//! next step is a look.

use super::{Screen, on_disk};
use crate::ledger::{ClaimedOrder, Earmark, Ledger, LedgerError, Obstacle, Order, OrderState};
use crate::phone::e164;
use crate::providers::{Provider, ProviderError, Providers, PurchaseStatus};
use dialguard::calendar::rfc3339;
use dialguard::contract::{Status, Timestamp};
use std::sync::Arc;
use std::time::Duration;

/// How long a provider has for one answer. A step asks twice at most and has to end before its lease does.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(45);

/// How long after an order was sent a provider that knows of none is asked again before it is sent once more, in seconds:
/// longer than the first sending can be under way.
const SETTLES_SECONDS: u64 = 60;

/// How long an order whose first answer was lost is looked for before 'no longer available' is believed, in seconds.
const LOOKED_FOR_SECONDS: u64 = 15 * 60;

/// How long after an order was sent a provider that knows of none is believed, in seconds.
const BELIEVED_SECONDS: u64 = 60 * 60;

/// A provider that works on an order for longer is told of.
const PENDING_SECONDS_MAX: u64 = 60 * 60;

/// Tries in vain after which a person is told.
const TRIES_UNTOLD: u32 = 5;

/// Pauses between tries double from a minute up to this.
const PAUSE_SECONDS_MAX: u64 = 6 * 60 * 60;

/// An order that is this process's for one step.
pub(super) struct Purchase<'a> {
    pub ledger: &'a Ledger,
    pub providers: &'a Providers,
    pub screen: &'a dyn Screen,
    pub claimed: &'a ClaimedOrder,
    pub now: Timestamp,
}

type Result<T> = std::result::Result<T, LedgerError>;

impl Purchase<'_> {
    pub async fn take_step(&self) -> Result<()> {
        let order = self.order();
        match order.state {
            OrderState::Intended if order.is_bought() => self.reserve().await,
            OrderState::Intended => self.record(|ledger| ledger.acquired(self.claimed, self.now)),
            OrderState::Reserved => self.screen().await,
            OrderState::Screened => self.send().await,
            OrderState::Ordering => self.look().await,
            // What was on hand was set up by whoever brought it.
            OrderState::Acquired if order.is_bought() => self.carry_over().await,
            OrderState::Acquired | OrderState::CarriedOver => self.record(|ledger| ledger.swap(self.claimed, self.now)),
            OrderState::Swapped => self.give_back().await,
            OrderState::Done | OrderState::Abandoned => Ok(()),
        }
    }

    /// Nothing is reserved that could not be bought then.
    async fn reserve(&self) -> Result<()> {
        if let Some(words) = self.ledger.spending_forbidden(self.order(), self.now)? {
            return self.hold(self.stuck(words));
        }
        let number = self.order().replacement;
        match in_time(async { self.provider()?.reserve(number).await }).await {
            Ok(_) => self.record(|ledger| ledger.reserved(self.claimed, self.now)),
            Err(ProviderError::NoLongerAvailable(_)) => self.abandon("it is no longer available"),
            Err(error) => self.hold(self.after(&error).anew()),
        }
    }

    /// The number may have been flagged since it was chosen.
    async fn screen(&self) -> Result<()> {
        let order = self.order();
        match self.screen.screen(&order.account, order.replacement).await {
            Ok(screening) if screening.status == Status::Clean => {
                self.record(|ledger| ledger.screened(self.claimed, self.now))
            }
            Ok(screening) if screening.answering > 0 => self.abandon(&format!(
                "{} of {} carriers flag it, which is {}",
                screening.flagging,
                screening.answering,
                screening.status.name()
            )),
            Ok(_) => self.abandon("no carrier rates it"),
            Err(error) => self.hold(self.later(format!("it could not be screened: {error}"))),
        }
    }

    /// Sends the order, for the first time.
    async fn send(&self) -> Result<()> {
        match on_disk(|| self.ledger.set_aside(self.claimed, self.now))? {
            Earmark::Done => self.order_now(false).await,
            Earmark::Forbidden(words) => self.hold(self.stuck(words).anew()),
            Earmark::Lost => Ok(()),
        }
    }

    /// It is on disk that the order is sent. `maybe_ours` where an earlier sending may have had its effect.
    async fn order_now(&self, maybe_ours: bool) -> Result<()> {
        let Order { replacement, reference, .. } = self.order();
        match in_time(async { self.provider()?.order(*replacement, reference).await }).await {
            // Believed when it is seen: the next step looks.
            Ok(_) => on_disk(|| self.ledger.let_go(self.claimed)),
            Err(ProviderError::NoLongerAvailable(_)) => self.look_who_has_it(maybe_ours).await,
            Err(error) if error.is_without_effect() && !maybe_ours => self.hold(self.after(&error).anew()),
            Err(error @ ProviderError::Lost(_)) => self.hold(Obstacle { pause: 0, ..self.after(&error) }),
            Err(error) => self.hold(self.after(&error)),
        }
    }

    /// Sees what became of the order. Where the provider knows of none though it was sent a while ago, it is sent again.
    async fn look(&self) -> Result<()> {
        match self.purchase_status().await {
            Ok(PurchaseStatus::Owned) => self.record(|ledger| ledger.acquired(self.claimed, self.now)),
            Ok(PurchaseStatus::Failed) => self.abandon("the provider gave the order up"),
            Ok(PurchaseStatus::Pending) => self.hold(self.pending()),
            Ok(PurchaseStatus::Unknown) => {
                let settled_at = self.order().sent_at.unwrap_or_default() + SETTLES_SECONDS;
                if settled_at > self.now {
                    let words = "what became of the order is not known yet".to_owned();
                    return self.hold(Obstacle { pause: settled_at - self.now, ..self.later(words) });
                }
                match on_disk(|| self.ledger.set_aside(self.claimed, self.now))? {
                    Earmark::Done => self.order_now(true).await,
                    Earmark::Forbidden(words) => self.hold(self.stuck(words)),
                    Earmark::Lost => Ok(()),
                }
            }
            Err(error) => self.hold(self.after(&error)),
        }
    }

    /// 'No longer available' may mean that an earlier sending was quicker.
    async fn look_who_has_it(&self, maybe_ours: bool) -> Result<()> {
        let is_looked_for = maybe_ours && self.now < self.order().state_since + LOOKED_FOR_SECONDS;
        match self.purchase_status().await {
            Ok(PurchaseStatus::Owned) => self.record(|ledger| ledger.acquired(self.claimed, self.now)),
            Ok(PurchaseStatus::Pending) => self.hold(self.pending()),
            Ok(PurchaseStatus::Unknown | PurchaseStatus::Failed) if is_looked_for => {
                self.hold(self.later("the number is taken, perhaps by the first order, which is looked for".into()))
            }
            Ok(PurchaseStatus::Unknown | PurchaseStatus::Failed) => self.abandon("it is no longer available"),
            Err(error) => self.hold(self.after(&error)),
        }
    }

    /// Keeps nobody waiting for long: a number without its settings is better than one that carriers flag.
    async fn carry_over(&self) -> Result<()> {
        let Order { number, replacement, tries, .. } = self.order();
        let left_out = match in_time(async { self.provider()?.carry_over(*number, *replacement).await }).await {
            Ok(left_out) => left_out,
            Err(error @ (ProviderError::Later { .. } | ProviderError::Lost(_))) if tries + 1 < TRIES_UNTOLD => {
                return self.hold(self.after(&error));
            }
            Err(error) => vec![format!("name, voice and messages ({error})")],
        };
        self.record(|ledger| ledger.carried_over(self.claimed, &left_out, self.now))
    }

    /// The rest is over. One that was taken into an account again stays; one that the provider never had is no error there.
    async fn give_back(&self) -> Result<()> {
        let number = self.order().number;
        if self.ledger.is_taken_back(self.order())? {
            return self.record(|ledger| ledger.released(self.claimed, true, self.now));
        }
        match in_time(async { self.provider()?.release(number).await }).await {
            Ok(()) => self.record(|ledger| ledger.released(self.claimed, false, self.now)),
            Err(error) => self.hold(self.after(&error)),
        }
    }

    /// Why it cannot be said that nothing was bought, and what to do; none where it can.
    pub async fn may_have_bought(&self) -> Option<String> {
        let order = self.order();
        let number = e164(order.replacement);
        match order.state {
            OrderState::Intended | OrderState::Reserved | OrderState::Screened => return None,
            OrderState::Ordering => {}
            _ => return Some(format!("{number} is the account's already, and the replacement goes on")),
        }
        let believed_at = order.sent_at.unwrap_or_default() + BELIEVED_SECONDS;
        match self.purchase_status().await {
            Ok(PurchaseStatus::Failed) => None,
            Ok(PurchaseStatus::Unknown) if believed_at <= self.now => None,
            Ok(PurchaseStatus::Owned) => Some(format!("{number} was bought, and the replacement goes on")),
            Ok(PurchaseStatus::Unknown | PurchaseStatus::Pending) => Some(format!(
                "whether {number} was bought is not certain yet; try again after {}",
                rfc3339(believed_at.max(self.now + SETTLES_SECONDS))
            )),
            Err(error) => {
                Some(format!("the provider does not say whether {number} was bought ({error}); try again later"))
            }
        }
    }

    async fn purchase_status(&self) -> std::result::Result<PurchaseStatus, ProviderError> {
        let Order { replacement, reference, .. } = self.order();
        in_time(async { self.provider()?.purchase_status(*replacement, reference).await }).await
    }

    fn provider(&self) -> std::result::Result<Arc<dyn Provider>, ProviderError> {
        self.providers.named(self.order().provider.as_deref().unwrap_or_default())
    }

    fn abandon(&self, why: &str) -> Result<()> {
        self.record(|ledger| ledger.abandon_order(self.claimed, why, true, self.now))
    }

    fn hold(&self, obstacle: Obstacle) -> Result<()> {
        on_disk(|| self.ledger.hold(self.claimed, &obstacle, self.now))
    }

    /// Where another process has taken over meanwhile, what this one has to say is not needed any more.
    fn record(&self, change: impl FnOnce(&Ledger) -> Result<bool>) -> Result<()> {
        on_disk(|| change(self.ledger))?;
        Ok(())
    }

    /// What is to be done after such an error.
    fn after(&self, error: &ProviderError) -> Obstacle {
        let words = format!("{}: {error}", self.order().provider.as_deref().unwrap_or_default());
        match error {
            error if error.needs_operator() => self.stuck(words),
            ProviderError::Later { wait: Some(wait), .. } => {
                let obstacle = self.later(words);
                Obstacle { pause: obstacle.pause.max(wait.as_secs()), ..obstacle }
            }
            _ => self.later(words),
        }
    }

    fn stuck(&self, problem: String) -> Obstacle {
        Obstacle { is_stuck: true, ..self.later(problem) }
    }

    /// It may go well by itself; if it does not, a person is told.
    fn later(&self, problem: String) -> Obstacle {
        let tries = self.order().tries;
        let pause = PAUSE_SECONDS_MAX.min(60 << tries.min(16));
        Obstacle { problem, pause, is_stuck: tries + 1 >= TRIES_UNTOLD, from_the_start: false }
    }

    fn pending(&self) -> Obstacle {
        let Order { looks, sent_at, provider, .. } = self.order();
        let pause = match looks.checked_sub(super::LOOKS_IN_ONE_GO) {
            None => 0,
            Some(more) => PAUSE_SECONDS_MAX.min(20 << more.min(16)),
        };
        let problem = format!("{} is still working on the order", provider.as_deref().unwrap_or_default());
        let is_stuck = self.now >= sent_at.unwrap_or(self.now) + PENDING_SECONDS_MAX;
        Obstacle { problem, pause, is_stuck, from_the_start: false }
    }

    fn order(&self) -> &Order {
        &self.claimed.order
    }
}

/// What the provider answers in time. What comes too late may have been done.
async fn in_time<T>(
    answer: impl Future<Output = std::result::Result<T, ProviderError>>,
) -> std::result::Result<T, ProviderError> {
    let too_late = |_| Err(ProviderError::Lost(format!("no answer within {} seconds", ANSWER_TIME_MAX.as_secs())));
    tokio::time::timeout(ANSWER_TIME_MAX, answer).await.unwrap_or_else(too_late)
}

impl Obstacle {
    /// Nothing was bought: the order begins anew, and its price is free meanwhile.
    fn anew(self) -> Self {
        Obstacle { from_the_start: true, ..self }
    }
}
