//! A provider of numbers in memory, which can fail in every way.

use dialguard::async_trait;
use dialguard::contract::PhoneNumber;
use dialguard_dialer::ledger::{Ledger, OrderState};
use dialguard_dialer::providers::{
    Offer, OfferPrice, Provider, ProviderError, PurchaseStatus, Reservation, SearchArea,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::Notify;

/// A fault of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The request never arrives.
    LostBefore,
    /// The call is carried out, and the answer never arrives.
    LostAfter,
    /// The program dies during the call, before or after it is carried out.
    DiesBefore,
    DiesAfter,
    Refused,
    Later,
    /// Another buyer was quicker.
    Gone,
    /// The order takes a while, and is then carried out or not.
    Slow,
    SlowAndInVain,
}

impl Fault {
    pub const ALL: [Fault; 9] = [
        Fault::LostBefore,
        Fault::LostAfter,
        Fault::DiesBefore,
        Fault::DiesAfter,
        Fault::Refused,
        Fault::Later,
        Fault::Gone,
        Fault::Slow,
        Fault::SlowAndInVain,
    ];
}

/// A purchase, and when it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bought {
    pub number: PhoneNumber,
    pub reference: String,
    pub at: u64,
}

#[derive(Default)]
struct World {
    now: u64,
    on_offer: BTreeSet<PhoneNumber>,
    /// What numbers cost that do not cost the price in the profile: when they are searched for, and from then on.
    prices: BTreeMap<PhoneNumber, (OfferPrice, OfferPrice)>,
    owned: BTreeSet<PhoneNumber>,
    /// Pending orders: how often they are read until they are decided, and whether they succeed.
    slow: BTreeMap<String, (PhoneNumber, u32, bool)>,
    failed: BTreeSet<String>,
    bought: Vec<Bought>,
    released: Vec<PhoneNumber>,
    searched: Vec<SearchArea>,
    carried: Vec<(PhoneNumber, PhoneNumber)>,
    left_out: Vec<String>,
    calls: Vec<&'static str>,
    next_faults: Vec<(&'static str, Fault)>,
    /// How many of a hundred calls fail at random.
    faults_percent: u64,
    random: u64,
    ledger: Option<Arc<Ledger>>,
}

#[derive(Clone, Default)]
pub struct ProviderInMemory {
    world: Arc<Mutex<World>>,
    died: Arc<Notify>,
}

impl ProviderInMemory {
    pub fn new(on_offer: impl IntoIterator<Item = PhoneNumber>) -> Self {
        let fake = ProviderInMemory::default();
        fake.world().on_offer = on_offer.into_iter().collect();
        fake
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// The next call of this kind fails with this fault.
    pub fn fails_once(&self, call: &'static str, fault: Fault) {
        self.world().next_faults.push((call, fault));
    }

    /// From now on this many calls of a hundred fail at random; the seed picks which.
    pub fn fails_at_random(&self, percent: u64, seed: u64) {
        let mut world = self.world();
        (world.faults_percent, world.random) = (percent, seed * 2 + 1);
    }

    pub fn it_is(&self, now: u64) {
        self.world().now = now;
    }

    pub fn has(&self, numbers: impl IntoIterator<Item = PhoneNumber>) {
        self.world().owned.extend(numbers);
    }

    pub fn cannot_carry(&self, what: &str) {
        self.world().left_out = vec![what.to_owned()];
    }

    pub fn offers(&self, number: PhoneNumber) {
        self.world().on_offer.insert(number);
    }

    /// The provider states the price of a number.
    pub fn states(&self, number: PhoneNumber, price: OfferPrice) {
        self.world().prices.insert(number, (price.clone(), price));
    }

    /// The provider states a price in its search, and another one whenever it is asked again.
    pub fn changes_its_price(&self, number: PhoneNumber, from: OfferPrice, to: OfferPrice) {
        self.world().prices.insert(number, (from, to));
    }

    /// Checked before a number is released.
    pub fn knows(&self, ledger: Option<Arc<Ledger>>) {
        self.world().ledger = ledger;
    }

    pub fn bought(&self) -> Vec<Bought> {
        self.world().bought.clone()
    }

    pub fn released(&self) -> Vec<PhoneNumber> {
        self.world().released.clone()
    }

    pub fn searched(&self) -> Vec<SearchArea> {
        self.world().searched.clone()
    }

    pub fn carried(&self) -> Vec<(PhoneNumber, PhoneNumber)> {
        self.world().carried.clone()
    }

    pub fn calls(&self, kind: &str) -> usize {
        self.world().calls.iter().filter(|call| **call == kind).count()
    }

    pub fn owns(&self) -> BTreeSet<PhoneNumber> {
        self.world().owned.clone()
    }

    /// Ready when the program is to die.
    pub async fn dies(&self) {
        self.died.notified().await;
    }

    /// One call: its fault, and its effect.
    async fn call<T>(
        &self,
        kind: &'static str,
        effect: impl FnOnce(&mut World, Option<Fault>) -> Result<T, ProviderError>,
    ) -> Result<T, ProviderError> {
        // Yield, so that racing processes interleave.
        tokio::task::yield_now().await;
        let lost = || Err(ProviderError::Lost("no answer within 10 seconds".into()));
        let (fault, answer) = {
            let mut world = self.world();
            world.calls.push(kind);
            let fault = world.fault(kind);
            match fault {
                Some(Fault::LostBefore) => return lost(),
                Some(Fault::Refused) => return Err(ProviderError::Refused("no funds; add some at the vendor".into())),
                Some(Fault::Later) => return Err(ProviderError::Later { words: "out of order".into(), wait: None }),
                Some(Fault::DiesBefore) => (fault, None),
                fault => (fault, Some(effect(&mut world, fault))),
            }
        };
        match (fault, answer) {
            (Some(Fault::LostAfter), _) => lost(),
            (Some(Fault::DiesBefore | Fault::DiesAfter), _) | (_, None) => {
                self.died.notify_one();
                std::future::pending().await
            }
            (_, Some(answer)) => answer,
        }
    }
}

impl World {
    fn fault(&mut self, kind: &'static str) -> Option<Fault> {
        if let Some(place) = self.next_faults.iter().position(|(call, _)| *call == kind) {
            return Some(self.next_faults.remove(place).1);
        }
        let percent = self.faults_percent;
        (self.random(100) < percent).then(|| Fault::ALL[self.random(Fault::ALL.len() as u64) as usize])
    }

    fn random(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % below
    }

    fn buy(&mut self, number: PhoneNumber, reference: &str) {
        self.on_offer.remove(&number);
        self.owned.insert(number);
        self.bought.push(Bought { number, reference: reference.into(), at: self.now });
    }

    fn status(&mut self, number: PhoneNumber, reference: &str) -> PurchaseStatus {
        if let Some((_, looks, _)) = self.slow.get_mut(reference) {
            if *looks > 0 {
                *looks -= 1;
                return PurchaseStatus::Pending;
            }
            let (number, _, is_carried_out) = self.slow.remove(reference).expect("it is there");
            match is_carried_out {
                true => self.buy(number, reference),
                false => drop(self.failed.insert(reference.into())),
            }
        }
        let is_bought = self.bought.iter().any(|bought| bought.number == number && bought.reference == reference);
        match (self.owned.contains(&number), self.failed.contains(reference)) {
            (true, _) if is_bought => PurchaseStatus::Owned,
            (_, true) => PurchaseStatus::Failed("the order failed".into()),
            (true, _) => PurchaseStatus::OwnedOtherwise,
            _ => PurchaseStatus::Unknown,
        }
    }
}

fn gone() -> ProviderError {
    ProviderError::NoLongerAvailable("error 21422".into())
}

#[async_trait]
impl Provider for ProviderInMemory {
    async fn search(&self, area: SearchArea, limit: u32) -> Result<Vec<Offer>, ProviderError> {
        self.call("search", |world, _| {
            world.searched.push(area);
            let fits = |number: &&PhoneNumber| match area {
                SearchArea::AreaCode(code) => **number / 10_000_000 % 1_000 == u64::from(code),
                SearchArea::Anywhere => true,
            };
            let price = |number: &PhoneNumber| {
                world.prices.get(number).map_or(OfferPrice::Flat, |(searched, _)| searched.clone())
            };
            let offer = |number: &PhoneNumber| Offer { number: *number, price: price(number) };
            Ok(world.on_offer.iter().filter(fits).map(offer).take(limit as usize).collect())
        })
        .await
    }

    async fn price(&self, number: PhoneNumber) -> Result<Option<OfferPrice>, ProviderError> {
        self.call("price", |world, _| {
            let price = world.prices.get(&number).map_or(OfferPrice::Flat, |(_, now)| now.clone());
            Ok(world.on_offer.contains(&number).then_some(price))
        })
        .await
    }

    async fn reserve(&self, number: PhoneNumber) -> Result<Reservation, ProviderError> {
        self.call("reserve", |world, fault| {
            if fault == Some(Fault::Gone) {
                world.on_offer.remove(&number);
            }
            if world.on_offer.contains(&number) { Ok(Reservation::Reserved) } else { Err(gone()) }
        })
        .await
    }

    async fn has(&self, number: PhoneNumber) -> Result<bool, ProviderError> {
        self.call("has", |world, _| Ok(world.owned.contains(&number))).await
    }

    async fn order(&self, number: PhoneNumber, reference: &str) -> Result<PurchaseStatus, ProviderError> {
        self.call("order", |world, fault| {
            // A provider sells a number once; a second order is the buyer's mistake anyway.
            let known =
                world.bought.iter().any(|bought| bought.reference == reference) || world.slow.contains_key(reference);
            assert!(!known, "{reference} for +{number} was sent again though it had been carried out");
            if fault == Some(Fault::Gone) {
                world.on_offer.remove(&number);
            }
            if !world.on_offer.contains(&number) {
                return Err(gone());
            }
            if let Some(Fault::Slow | Fault::SlowAndInVain) = fault {
                world.on_offer.remove(&number);
                let looks = world.random(4) as u32;
                world.slow.insert(reference.into(), (number, looks, fault == Some(Fault::Slow)));
                return Ok(PurchaseStatus::Pending);
            }
            world.buy(number, reference);
            Ok(PurchaseStatus::Owned)
        })
        .await
    }

    async fn purchase_status(&self, number: PhoneNumber, reference: &str) -> Result<PurchaseStatus, ProviderError> {
        self.call("standing", |world, _| Ok(world.status(number, reference))).await
    }

    async fn carry_over(&self, from: PhoneNumber, to: PhoneNumber) -> Result<Vec<String>, ProviderError> {
        self.call("carry_over", |world, _| {
            assert!(world.owned.contains(&to), "settings go to a number that is owned");
            world.carried.push((from, to));
            Ok(world.left_out.clone())
        })
        .await
    }

    async fn release(&self, number: PhoneNumber) -> Result<(), ProviderError> {
        self.call("release", |world, _| {
            if let Some(ledger) = &world.ledger {
                assert_successor_has_the_slot(ledger, number, world);
            }
            if world.owned.remove(&number) {
                world.released.push(number);
            }
            Ok(())
        })
        .await
    }

    async fn owned(&self) -> Result<Vec<PhoneNumber>, ProviderError> {
        self.call("owned", |world, _| Ok(world.owned.iter().copied().collect())).await
    }

    async fn test(&self) -> Result<Vec<String>, ProviderError> {
        Ok(Vec::new())
    }
}

/// A number is released only after its successor was owned and had its slot. The successor may have been replaced since.
fn assert_successor_has_the_slot(ledger: &Ledger, number: PhoneNumber, world: &World) {
    let orders = ledger.open_orders("acme").expect("the orders are read");
    let order = orders.iter().find(|order| order.number == number).expect("only what was replaced is released");
    assert_eq!(order.state, OrderState::Swapped, "+{number} is released too early");
    let successor = order.replacement;
    let was_owned = world.owned.contains(&successor) || world.released.contains(&successor);
    assert!(successor != number && was_owned, "its successor was owned");
    let numbers = ledger.numbers("acme").expect("the numbers are read");
    let has_slot = numbers.iter().any(|known| known.monitored.is_some_and(|(slot, ..)| slot == order.slot));
    assert!(has_slot, "slot {} is in use", order.slot);
}
