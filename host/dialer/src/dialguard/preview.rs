//! What a request would do, cost and lose, at any size, before it is made. The dashboard, the command line and the API show
//! the same preview.

use super::{BulkOutcome, Dialguard, Result};
use crate::ledger::{AccountProfile, Ledger, ProviderProfile, SLOTS_PER_BLOCK};
use crate::phone::is_other_area;
use crate::prices::{BLOCK_PRICE_CENTS, REPLACEMENT_PRICE_CENTS};
use dialguard::contract::{Action, Answer, Outcome, PhoneNumber, Replacement, Request, SlotClosing, SlotId, Timestamp};
use std::collections::BTreeMap;
use std::collections::HashMap;

/// Numbers that a user may act on at once without typing how many they are.
pub const UNTYPED_NUMBERS_MAX: usize = 50;

/// What a user may spend at once without typing how much of it, in US cents: $100.00.
pub const UNTYPED_CENTS_MAX: u64 = 10_000;

/// The count that a user types before an act on so many numbers, or blocks, that costs so much; none if it needs none.
///
/// ```
/// use dialguard_dialer::dialguard::count_to_type;
/// assert_eq!((count_to_type(25, 10_000), count_to_type(26, 10_400)), (None, Some(26)));
/// assert_eq!((count_to_type(50, 0), count_to_type(51, 0)), (None, Some(51)));
/// ```
pub fn count_to_type(count: usize, cents: u64) -> Option<usize> {
    (count > UNTYPED_NUMBERS_MAX || cents > UNTYPED_CENTS_MAX).then_some(count)
}

/// A replacement that was planned and not made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedReplacement {
    /// What is replaced by what, and why.
    pub replacement: Replacement,
    /// What the provider charges for the new number, in US cents; none if it is on hand.
    pub number_cents: Option<u32>,
}

impl PlannedReplacement {
    /// Whether callers see another area code than before.
    pub fn is_other_area(&self) -> bool {
        is_other_area(self.replacement.number, self.replacement.replacement)
    }

    /// The replacements with the prices of the numbers that must be bought: as offered, or else what the provider's
    /// profile says.
    pub(super) fn priced(
        ledger: &Ledger,
        account: &AccountProfile,
        planned: Vec<Replacement>,
        offered_cents: &HashMap<PhoneNumber, u32>,
    ) -> Result<Vec<PlannedReplacement>> {
        let flat_cents = match &account.buying.provider {
            Some(name) if !planned.is_empty() => Some(ledger.provider(name)?.price_cents),
            _ => None,
        };
        let successors: Vec<_> = planned.iter().map(|it| it.replacement).collect();
        let bought = ledger.to_be_bought(account, &successors)?;
        let priced = planned.into_iter().map(|replacement| {
            let is_bought = bought.binary_search(&replacement.replacement).is_ok();
            let cents = offered_cents.get(&replacement.replacement).copied().or(flat_cents);
            PlannedReplacement { replacement, number_cents: cents.filter(|_| is_bought) }
        });
        Ok(priced.collect())
    }
}

/// What replacements cost: the fee of each, and the numbers that are bought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReplacementCost {
    /// How many there are.
    pub replacements: usize,
    /// How many put another area code in the slot.
    pub other_areas: usize,
    /// The fees, in US cents.
    pub fee_cents: u64,
    /// Numbers that are bought.
    pub bought: usize,
    /// What the provider charges for them, in US cents.
    pub number_cents: u64,
}

impl ReplacementCost {
    /// What these replacements cost.
    pub fn of(planned: &[PlannedReplacement]) -> Self {
        let bought = planned.iter().filter_map(|it| it.number_cents);
        ReplacementCost {
            replacements: planned.len(),
            other_areas: planned.iter().filter(|it| it.is_other_area()).count(),
            fee_cents: planned.len() as u64 * REPLACEMENT_PRICE_CENTS,
            bought: bought.clone().count(),
            number_cents: bought.map(u64::from).sum(),
        }
    }

    /// Fees and numbers, in US cents.
    pub fn total_cents(&self) -> u64 {
        self.fee_cents + self.number_cents
    }
}

/// What so many slots cost in a billing cycle, in US cents, to the nearest one.
///
/// ```
/// use dialguard_dialer::dialguard::slots_cents;
/// assert_eq!([1, 15, 16, 5_000].map(slots_cents), [327, 4_900, 5_227, 1_633_333]);
/// ```
pub fn slots_cents(slots: usize) -> u64 {
    let (cents, per_block) = (slots as u64 * u64::from(BLOCK_PRICE_CENTS), u64::from(SLOTS_PER_BLOCK));
    (cents + per_block / 2) / per_block
}

/// What a request would do, cost and lose.
#[derive(Debug)]
pub struct Preview {
    /// The request.
    pub request: Request,
    /// The account as it is.
    pub account: AccountProfile,
    /// When it was decided.
    pub at: Timestamp,
    /// Where the account's numbers are bought; none if only numbers on hand replace others.
    pub provider: Option<ProviderProfile>,
    /// What the policy answers, and what it plans.
    pub outcome: BulkOutcome,
    /// What is replaced by what.
    pub replacements: Vec<PlannedReplacement>,
    /// Slots that numbers take, in the order of the request.
    pub taken: Vec<SlotId>,
    /// Slots that are locked, by whose number and until when.
    pub locked: Vec<SlotClosing>,
    /// Numbers that leave the account for good.
    pub leaving: Vec<PhoneNumber>,
    /// How many of those were bought for the account, by the provider that goes on billing them.
    pub billed_on: BTreeMap<String, usize>,
}

impl Preview {
    /// The numbers of the request, in its order.
    pub fn numbers(&self) -> &[PhoneNumber] {
        numbers_of(&self.request)
    }

    /// Numbers that would be refused, and why.
    pub fn refused(&self) -> impl Iterator<Item = (PhoneNumber, &Outcome)> {
        let outcomes = self.numbers().iter().copied().zip(&self.outcome.outcomes);
        outcomes.filter(|(_, outcome)| outcome.answer != Answer::Accepted)
    }

    /// What its replacements cost.
    pub fn cost(&self) -> ReplacementCost {
        ReplacementCost::of(&self.replacements)
    }

    /// Whether it would do nothing.
    pub fn is_idle(&self) -> bool {
        self.outcome.actions.is_empty()
    }
}

fn numbers_of(request: &Request) -> &[PhoneNumber] {
    match request {
        Request::StartMonitoring(numbers) | Request::StopMonitoring(numbers) | Request::ReplaceNumbers(numbers) => {
            numbers
        }
        Request::DeleteNumbers(deletion) => &deletion.numbers,
        Request::SetBlocks(_) => &[],
    }
}

impl Dialguard {
    /// What a request of any number of numbers would do, cost and lose, decided as [`Dialguard::try_decide_all`] decides it.
    /// Errors are the same.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialguard/example.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use dialguard::contract::Deletion;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let dialguard = small_dialguard(folder.path()).await?;
    /// let numbers = vec![13_105_550_100, 13_105_550_123];
    /// let replacing = dialguard.preview("acme", Request::ReplaceNumbers(numbers.clone())).await?;
    /// assert_eq!((replacing.cost().total_cents(), replacing.refused().count()), (400, 1)); // one candidate
    ///
    /// let deletion = Deletion { numbers, accept_slot_loss: true };
    /// let deleting = dialguard.preview("acme", Request::DeleteNumbers(deletion)).await?;
    /// assert_eq!((deleting.leaving.len(), deleting.locked.len()), (2, 2));
    /// assert_eq!(dialguard.ledger().account("acme")?.locked, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn preview(&self, id: &str, request: Request) -> Result<Preview> {
        let outcome = self.try_decide_all(id, &request).await?;
        let (account, at) = self.ledger.account_at(id, self.clock.now())?;
        let provider = account.buying.provider.as_ref().map(|name| self.ledger.provider(name)).transpose()?;
        let (mut planned, mut taken, mut locked, mut leaving) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for action in &outcome.actions {
            match action {
                Action::ReplaceNumber(replacement) => planned.push(replacement.clone()),
                Action::OccupySlot(occupancy) => taken.push(occupancy.slot),
                Action::LockSlot(closing) => locked.push(*closing),
                Action::ReleaseNumber(number) => leaving.push(*number),
                _ => {}
            }
        }
        let replacements = PlannedReplacement::priced(&self.ledger, &account, planned, &outcome.offered_cents)?;
        let billed_on = self.ledger.bought_at(&account, &leaving)?;
        Ok(Preview { request, account, at, provider, outcome, replacements, taken, locked, leaving, billed_on })
    }

    /// What replacing numbers would do instead of a request that locks their slots; none if it locks none.
    pub async fn preview_instead(&self, preview: &Preview) -> Result<Option<Preview>> {
        let numbers: Vec<_> = preview.locked.iter().map(|closing| closing.number).collect();
        match numbers.is_empty() {
            true => Ok(None),
            false => Ok(Some(self.preview(&preview.account.id, Request::ReplaceNumbers(numbers)).await?)),
        }
    }

    /// The count that a user types before this request, by the most that it can cost; none if it needs none. It asks
    /// nobody, so that a server can check what was typed.
    pub fn count_to_type(&self, account: &AccountProfile, request: &Request) -> Result<Option<usize>> {
        let count = numbers_of(request).len();
        let cents = match request {
            Request::ReplaceNumbers(_) => {
                let provider = account.buying.provider.as_ref().map(|name| self.ledger.provider(name)).transpose()?;
                let price = provider.map_or(0, |provider| u64::from(provider.price_cents));
                count as u64 * (REPLACEMENT_PRICE_CENTS + price)
            }
            _ => 0,
        };
        Ok(count_to_type(count, cents))
    }
}
