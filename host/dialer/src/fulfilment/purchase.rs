//! One step of a replacement: the call to the provider, and what follows from its answer.
//!
//! A provider's answer is one of three: done, certainly not done, or unknown. If it was not done, the order starts
//! again later, and its price is available meanwhile. If it is unknown, the order stays in its state with its price set
//! aside, and the next step looks it up at the provider.
//!
//! Every step before the slot moves is taken only if the order's grounds hold. An order that may have been sent is looked
//! up first: whether its number was bought decides what becomes of it.
//!
//! What the provider's account had before is never taken for a purchase. The number is looked for just before the order is
//! sent, and after a lost answer it counts as bought only if the provider names this order as its buyer.
//!
//! A refusal of the number leads to another candidate, and a refusal of the account to an operator. If the provider
//! refuses several candidates in a row and sells none, the account counts as the reason.

use super::grounds::Finding;
use super::on_disk;
use crate::ledger::{Abandonment, Basis, ClaimedOrder, Earmark, Ledger, LedgerError, Obstacle, Order, OrderState};
use crate::phone::e164;
use crate::prices::dollars;
use crate::providers::{OfferPrice, Provider, ProviderError, Providers, PurchaseStatus};
use dialguard::calendar::rfc3339;
use dialguard::contract::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// How long a provider has for one answer. A step makes three calls at most and must end before its lease does.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(38);

/// How long after an order was sent it is sent again if the provider does not know it, in seconds: longer than the
/// first call can take.
const SETTLES_SECONDS: u64 = 60;

/// How long an order whose first answer was lost is looked up before 'no longer available' is believed, in seconds.
const LOOKED_FOR_SECONDS: u64 = 15 * 60;

/// How long after an order was sent a provider that does not know it is believed, in seconds.
const BELIEVED_SECONDS: u64 = 60 * 60;

/// An order that a provider works on for longer is reported, in seconds.
const PENDING_SECONDS_MAX: u64 = 60 * 60;

/// How long after an order was sent a user may abandon it though the provider has not decided it, in seconds.
const UNDECIDED_SECONDS_MAX: u64 = 24 * 60 * 60;

/// Candidates in a row that a provider may refuse in a day before the account counts as the reason.
const REFUSALS_IN_A_ROW_MAX: u32 = 4;

/// Failed tries after which an order is reported.
const TRIES_UNREPORTED: u32 = 5;

/// Pauses between tries double from a minute up to this.
const PAUSE_SECONDS_MAX: u64 = 6 * 60 * 60;

/// An order that is this process's for one step.
pub(super) struct Purchase<'a> {
    pub ledger: &'a Ledger,
    pub providers: &'a Providers,
    pub claimed: &'a ClaimedOrder,
    pub now: Timestamp,
}

type Result<T> = std::result::Result<T, LedgerError>;

impl Purchase<'_> {
    /// `finding` is none if the step needs no grounds.
    pub async fn take_step(&self, finding: Option<(Basis, Finding)>) -> Result<()> {
        match (self.order().state, finding) {
            (OrderState::Ordering, finding) => self.look(finding).await,
            (OrderState::Swapped, _) => self.give_back().await,
            (_, Some((basis, Finding::Holds))) => self.go_on(basis).await,
            (_, Some((_, Finding::Unknown(why)))) => self.hold(self.later(why)),
            (_, Some((_, Finding::Gone(why)))) => self.end(Abandonment::without_grounds(why)),
            (_, Some((_, Finding::CandidateRefused(why)))) => self.end(Abandonment::of_candidate(why)),
            (_, None) => on_disk(|| self.ledger.let_go(self.claimed)),
        }
    }

    /// The order's grounds hold.
    async fn go_on(&self, basis: Basis) -> Result<()> {
        let order = self.order();
        match order.state {
            OrderState::Intended if order.is_bought() => self.reserve().await,
            OrderState::Intended => self.record(|ledger| ledger.acquired(self.claimed, self.now)),
            OrderState::Reserved => self.record(|ledger| ledger.screened(self.claimed, self.now)),
            OrderState::Screened => self.send(basis).await,
            // A number on hand was set up when it was imported.
            OrderState::Acquired if order.is_bought() => self.carry_over().await,
            OrderState::Acquired | OrderState::CarriedOver => {
                self.record(|ledger| ledger.swap(self.claimed, basis, self.now))
            }
            OrderState::Ordering | OrderState::Swapped | OrderState::Done | OrderState::Abandoned => Ok(()),
        }
    }

    /// A number that could not be bought is not reserved.
    async fn reserve(&self) -> Result<()> {
        if let Some(words) = self.ledger.spending_forbidden(self.order(), self.now)? {
            return self.hold(self.stuck(words));
        }
        match self.price_objection().await {
            Ok(None) => {}
            Ok(Some(why)) => return self.abandon(&why),
            Err(error) => return self.hold(self.after(&error).starting_over()),
        }
        let number = self.order().replacement;
        match in_time(async { self.provider()?.reserve(number).await }).await {
            Ok(_) => self.record(|ledger| ledger.reserved(self.claimed, self.now)),
            Err(error) => self.without_effect(&error),
        }
    }

    /// Sends the order, for the first time, unless the provider's account has the number already: another system may use
    /// it.
    async fn send(&self, basis: Basis) -> Result<()> {
        let number = self.order().replacement;
        match in_time(async { self.provider()?.has(number).await }).await {
            Ok(true) => return self.abandon("it is already a number of the provider account"),
            Ok(false) => {}
            Err(error) => return self.hold(self.after(&error).starting_over()),
        }
        match self.price_objection().await {
            Ok(None) => {}
            Ok(Some(why)) => return self.abandon(&why),
            Err(error) => return self.hold(self.after(&error).starting_over()),
        }
        match on_disk(|| self.ledger.set_aside(self.claimed, basis, self.now))? {
            Earmark::Done => self.order_now(false).await,
            Earmark::Forbidden(words) => self.hold(self.stuck(words).starting_over()),
            Earmark::Lost => Ok(()),
        }
    }

    /// The ledger has recorded that the order is sent. `maybe_ours` if an earlier call may have had an effect.
    async fn order_now(&self, maybe_ours: bool) -> Result<()> {
        let Order { replacement, reference, .. } = self.order();
        match in_time(async { self.provider()?.order(*replacement, reference).await }).await {
            Ok(PurchaseStatus::Owned) => self.record(|ledger| ledger.acquired(self.claimed, self.now)),
            // The next step looks it up.
            Ok(_) => {
                on_disk(|| self.ledger.confirmed(self.claimed, self.now))?;
                on_disk(|| self.ledger.let_go(self.claimed))
            }
            Err(error @ ProviderError::Lost(_)) => self.hold(Obstacle { pause: 0, ..self.after(&error) }),
            Err(error) if !maybe_ours => self.without_effect(&error),
            // An earlier call may have bought it, and is looked up for a while.
            Err(error) if error.is_of_number() && self.now >= self.order().state_since + LOOKED_FOR_SECONDS => {
                self.without_effect(&error)
            }
            Err(error) => self.hold(self.after(&error)),
        }
    }

    /// The provider has certainly done nothing, now or earlier.
    fn without_effect(&self, error: &ProviderError) -> Result<()> {
        match error {
            ProviderError::NoLongerAvailable(_) => self.abandon("it is no longer available"),
            ProviderError::NumberRefused(words) => {
                let provider = self.order().provider.as_deref().unwrap_or_default();
                let day_ago = self.now.saturating_sub(24 * 60 * 60);
                match self.ledger.refusals_in_a_row(self.order(), day_ago)? {
                    refusals if refusals < REFUSALS_IN_A_ROW_MAX => self.abandon(&format!("{provider}: {words}")),
                    refusals => {
                        let words = format!("{provider}: {words} ({} candidates in a row were refused)", refusals + 1);
                        self.hold(self.stuck(words).starting_over())
                    }
                }
            }
            error => self.hold(self.after(error).starting_over()),
        }
    }

    /// Looks up the order. If the provider does not know it though it was sent a while ago, it is sent again.
    async fn look(&self, finding: Option<(Basis, Finding)>) -> Result<()> {
        match self.purchase_status().await {
            Ok(PurchaseStatus::Owned) => self.record(|ledger| ledger.acquired(self.claimed, self.now)),
            Ok(PurchaseStatus::Failed(why)) => self.abandon(&why),
            Ok(PurchaseStatus::Pending) => self.confirm_and_hold(self.pending()),
            Ok(PurchaseStatus::NeedsUser(what)) => self.confirm_and_hold(self.stuck(what)),
            Ok(PurchaseStatus::Unknown | PurchaseStatus::OwnedOtherwise) if !is_settled(self.order(), self.now) => {
                let words = "the provider has not confirmed the order yet".to_owned();
                let settled_at = self.order().sent_at.unwrap_or_default() + SETTLES_SECONDS;
                self.hold(Obstacle { pause: settled_at - self.now, ..self.later(words) })
            }
            Ok(PurchaseStatus::OwnedOtherwise) => {
                self.abandon("the provider account has it, but not from this order, so it is left alone")
            }
            Ok(PurchaseStatus::Unknown) if self.order().confirmed_at.is_some() => self.deleted_there(),
            Ok(PurchaseStatus::Unknown) => self.send_again(finding).await,
            Err(error) => self.hold(self.after(&error)),
        }
    }

    /// The provider had the order and no longer knows it. Sending it again would undo what a person did there.
    fn deleted_there(&self) -> Result<()> {
        if self.deleted_at() > self.now {
            let words = "the provider no longer knows the order, which is being looked up".to_owned();
            return self.hold(Obstacle { pause: self.deleted_at() - self.now, ..self.later(words) });
        }
        self.abandon("the order was deleted at the provider")
    }

    /// From when on an order that the provider no longer knows counts as deleted.
    fn deleted_at(&self) -> Timestamp {
        self.order().sent_at.unwrap_or_default() + LOOKED_FOR_SECONDS
    }

    fn confirm_and_hold(&self, obstacle: Obstacle) -> Result<()> {
        on_disk(|| self.ledger.confirmed(self.claimed, self.now))?;
        self.hold(obstacle)
    }

    /// The provider does not know the order.
    async fn send_again(&self, finding: Option<(Basis, Finding)>) -> Result<()> {
        let finding = match finding {
            Some((basis, Finding::Holds)) => match self.price_objection().await {
                Ok(None) => Some((basis, Finding::Holds)),
                Ok(Some(why)) => Some((basis, Finding::CandidateRefused(why))),
                Err(error) => return self.hold(self.after(&error)),
            },
            finding => finding,
        };
        match finding {
            None => on_disk(|| self.ledger.let_go(self.claimed)),
            Some((basis, Finding::Holds)) => match on_disk(|| self.ledger.set_aside(self.claimed, basis, self.now))? {
                Earmark::Done => self.order_now(true).await,
                Earmark::Forbidden(words) => self.hold(self.stuck(words)),
                Earmark::Lost => Ok(()),
            },
            Some((_, Finding::Unknown(why))) => self.hold(self.later(why)),
            Some((_, Finding::Gone(why) | Finding::CandidateRefused(why))) if self.believed_at() > self.now => {
                let words = format!("{why}; whether the number was bought is not certain yet");
                self.hold(Obstacle { pause: self.believed_at() - self.now, ..self.later(words) })
            }
            Some((_, Finding::Gone(why))) => self.end(Abandonment::without_grounds(why)),
            Some((_, Finding::CandidateRefused(why))) => self.end(Abandonment::of_candidate(why)),
        }
    }

    /// From when on a provider that does not know the order is believed.
    fn believed_at(&self) -> Timestamp {
        self.order().sent_at.unwrap_or_default() + BELIEVED_SECONDS
    }

    /// It is not tried for long: a number without its settings is better than one that carriers flag.
    async fn carry_over(&self) -> Result<()> {
        let Order { number, replacement, tries, .. } = self.order();
        let left_out = match in_time(async { self.provider()?.carry_over(*number, *replacement).await }).await {
            Ok(left_out) => left_out,
            Err(error @ (ProviderError::Later { .. } | ProviderError::Lost(_))) if tries + 1 < TRIES_UNREPORTED => {
                return self.hold(self.after(&error));
            }
            Err(error) => vec![format!("name, voice and messages ({error})")],
        };
        self.record(|ledger| ledger.carried_over(self.claimed, &left_out, self.now))
    }

    /// The rest is over. A number that was imported again stays; one that the provider never had is not an error there.
    /// One without a provider is released by a person.
    async fn give_back(&self) -> Result<()> {
        let number = self.order().number;
        let is_kept = self.ledger.is_taken_back(self.order())?;
        if is_kept || self.order().provider.is_none() {
            return self.record(|ledger| ledger.released(self.claimed, is_kept, self.now));
        }
        match in_time(async { self.provider()?.release(number).await }).await {
            Ok(()) => self.record(|ledger| ledger.released(self.claimed, false, self.now)),
            Err(error) => self.hold(self.after(&error)),
        }
    }

    /// Why something may have been bought, and when to try again; none if certainly nothing was, if the provider waits for
    /// a user, or if it has not decided for a day.
    pub async fn may_have_bought(&self) -> Option<String> {
        let order = self.order();
        let number = e164(order.replacement);
        match order.state {
            OrderState::Intended | OrderState::Reserved | OrderState::Screened => return None,
            OrderState::Ordering => {}
            _ => return Some(format!("{number} already belongs to the account, and the replacement continues")),
        }
        let ended_at = order.sent_at.unwrap_or_default() + UNDECIDED_SECONDS_MAX;
        let believed_at = if order.confirmed_at.is_some() { self.deleted_at() } else { self.believed_at() };
        let uncertain_until = |time: Timestamp| {
            let time = rfc3339(time.max(self.now + SETTLES_SECONDS));
            Some(format!("it is not certain yet whether {number} was bought; try again after {time}"))
        };
        match self.purchase_status().await {
            Ok(PurchaseStatus::Owned) => Some(format!("{number} was bought, and the replacement continues")),
            Ok(PurchaseStatus::Failed(_) | PurchaseStatus::NeedsUser(_)) => None,
            _ if ended_at <= self.now => None,
            Ok(PurchaseStatus::OwnedOtherwise) if is_settled(order, self.now) => None,
            Ok(PurchaseStatus::OwnedOtherwise) => uncertain_until(self.now),
            Ok(PurchaseStatus::Unknown) if believed_at <= self.now => None,
            Ok(PurchaseStatus::Unknown) => uncertain_until(believed_at),
            Ok(PurchaseStatus::Pending) => uncertain_until(ended_at),
            Err(error) => Some(format!(
                "the provider did not say whether {number} was bought ({error}); try again later, at the latest after {}",
                rfc3339(ended_at)
            )),
        }
    }

    /// Why the number is not bought at its present price; none if it costs what was planned or less, or is not on offer,
    /// which the next request shows.
    async fn price_objection(&self) -> std::result::Result<Option<String>, ProviderError> {
        let Order { replacement, price_cents, provider, .. } = self.order();
        let planned = price_cents.unwrap_or_default();
        let now = match in_time(async { self.provider()?.price(*replacement).await }).await? {
            None => return Ok(None),
            Some(OfferPrice::Refused(why)) => return Ok(Some(why)),
            Some(OfferPrice::Cents(cents)) => cents,
            Some(OfferPrice::Flat) => {
                let profile = self.ledger.provider(provider.as_deref().unwrap_or_default());
                profile.map_err(|error| ProviderError::Settings(error.to_string()))?.price_cents
            }
        };
        let words = || format!("its price rose from {} to {}", dollars(planned.into()), dollars(now.into()));
        Ok((now > planned).then(words))
    }

    async fn purchase_status(&self) -> std::result::Result<PurchaseStatus, ProviderError> {
        let Order { replacement, reference, .. } = self.order();
        in_time(async { self.provider()?.purchase_status(*replacement, reference).await }).await
    }

    fn provider(&self) -> std::result::Result<Arc<dyn Provider>, ProviderError> {
        self.providers.named(self.order().provider.as_deref().unwrap_or_default())
    }

    /// The candidate is unavailable.
    fn abandon(&self, why: &str) -> Result<()> {
        self.end(Abandonment::of_candidate(why.to_owned()))
    }

    fn end(&self, abandonment: Abandonment) -> Result<()> {
        self.record(|ledger| ledger.abandon_order(self.claimed, &abandonment, self.now))
    }

    fn hold(&self, obstacle: Obstacle) -> Result<()> {
        on_disk(|| self.ledger.hold(self.claimed, &obstacle, self.now))
    }

    /// If another process has taken over meanwhile, this one's result is dropped.
    fn record(&self, change: impl FnOnce(&Ledger) -> Result<bool>) -> Result<()> {
        on_disk(|| change(self.ledger))?;
        Ok(())
    }

    /// What follows from such an error.
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

    /// It may work later; if it does not, it is reported.
    fn later(&self, problem: String) -> Obstacle {
        let tries = self.order().tries;
        let pause = PAUSE_SECONDS_MAX.min(60 << tries.min(16));
        Obstacle { problem, pause, is_stuck: tries + 1 >= TRIES_UNREPORTED, from_the_start: false }
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

/// Whether a provider that does not know the order is asked to carry it out again.
pub(super) fn is_settled(order: &Order, now: Timestamp) -> bool {
    order.sent_at.unwrap_or_default() + SETTLES_SECONDS <= now
}

/// The provider's answer within the time. A call that takes longer may have had an effect.
async fn in_time<T>(
    answer: impl Future<Output = std::result::Result<T, ProviderError>>,
) -> std::result::Result<T, ProviderError> {
    let too_late = |_| Err(ProviderError::Lost(format!("no answer within {} seconds", ANSWER_TIME_MAX.as_secs())));
    tokio::time::timeout(ANSWER_TIME_MAX, answer).await.unwrap_or_else(too_late)
}

impl Obstacle {
    /// Nothing was bought: the order starts again, and its price is available meanwhile.
    fn starting_over(self) -> Self {
        Obstacle { from_the_start: true, ..self }
    }
}
