//! What becomes of replaced numbers: they rest, replace others again, or go back; and numbers that are not used for now.

mod on_hand;

use super::*;
use dialguard::contract::Deletion;
use dialguard_dialer::ledger::{MonitoringFilter, NumberQuery, Pool, PoolStanding, Saving};

/// No number rests, is given back, or is ready.
const NOBODY: [Vec<u64>; 3] = [Vec::new(), Vec::new(), Vec::new()];

impl Fixture {
    async fn review(&self) {
        self.dialguard.review("acme").await.unwrap();
        self.assert_sound();
    }

    fn pool(&self) -> Pool {
        self.ledger().pool("acme", self.now).unwrap()
    }

    /// The last digits of the numbers that rest, that are given back, and that are ready.
    fn pooled(&self) -> [Vec<u64>; 3] {
        let mut pooled = NOBODY;
        for one in self.ledger().pooled_numbers("acme", 0, 1_000).unwrap() {
            let place = match one.standing {
                PoolStanding::Resting { .. } => 0,
                PoolStanding::GivenBack => 1,
                PoolStanding::Ready => 2,
            };
            pooled[place].push(one.number - number(0));
        }
        pooled
    }

    /// The last digits of the monitored numbers that the dialer does not use for now.
    fn out_of_use(&self) -> Vec<u64> {
        let standing = Some(MonitoringFilter::OutOfUse);
        let query = NumberQuery { standing, limit: 100, ..NumberQuery::default() };
        let page = self.ledger().number_page("acme", &query).unwrap();
        page.numbers.iter().map(|known| known.number - number(0)).collect()
    }

    /// One number was replaced, has rested for 30 days, and is ready.
    async fn with_a_ready_number(monitored: u64, on_offer: impl IntoIterator<Item = u64>) -> Self {
        let mut fixture = Fixture::new(monitored, on_offer).await;
        fixture.replace(&[100]).await;
        fixture.pass(30 * DAY);
        fixture.review().await;
        assert_eq!(fixture.pooled(), [vec![], vec![], vec![100]]);
        fixture
    }
}

/// 0100 is replaced by 0150, which is bought. It comes back after 30 days and replaces 0101 for nothing at the provider.
#[tokio::test(flavor = "multi_thread")]
async fn a_clean_number_is_offered_again_after_its_rest_and_replaces_another_without_a_purchase() {
    let mut fixture = Fixture::new(2, [150, 151]).await;
    fixture.replace(&[100]).await;
    assert_eq!(fixture.pooled(), [vec![100], vec![], vec![]]);
    fixture.pass(30 * DAY - 1);
    fixture.review().await;
    assert_eq!(fixture.pooled(), [vec![100], vec![], vec![]], "its rest is not over");
    fixture.pass(1);
    fixture.dialguard.resume("acme").await.unwrap();
    assert_eq!(fixture.pooled(), [vec![100], vec![], vec![]], "the policy decides, in the next review");
    fixture.pass(DAY);
    fixture.review().await;
    assert_eq!(fixture.pooled(), [vec![], vec![], vec![100]]);
    assert_eq!(fixture.texts("offered-again"), ["+13105550100 has rested 31 days, and may replace another number."]);

    let replaced = fixture.replace(&[101]).await.replaced;
    assert_eq!(replaced[0].replacement, number(100), "at the same closeness the account's own comes first");
    assert_eq!((replaced[0].price_cents, replaced[0].has_rested), (None, true));
    assert_eq!(fixture.bought(), [number(150)]);
    assert_eq!(fixture.slots(), [(1, number(150)), (2, number(100))]);
    assert_eq!(fixture.texts("replacement-charged").len(), 2, "$4.00 for each replacement");
    assert_eq!(fixture.pooled(), [vec![101], vec![], vec![]]);
    let saving = Saving { by_own: 1, by_bought: 1, bought_cents: PRICE.into() };
    assert_eq!(fixture.pool(), Pool { in_use: 2, out_of_use: 0, resting: 1, ready: 0, saving });
    assert_eq!(saving.cents(), u64::from(PRICE));
    fixture.pass(40 * DAY);
    fixture.assert_sound();
}

/// Carriers still flag it after each rest. `rests-max` is 2, so it rests three times.
#[tokio::test(flavor = "multi_thread")]
async fn a_flagged_number_rests_on_and_is_given_back_at_last() {
    let mut fixture = Fixture::new(1, [150]).await;
    fixture.replace(&[100]).await;
    fixture.carriers_flag(&[100]);
    for rests in 1..=2 {
        fixture.pass(30 * DAY);
        fixture.review().await;
        assert_eq!((fixture.orders()[0].rests, fixture.orders()[0].resting_since), (rests, Some(fixture.now)));
        assert_eq!(fixture.fake.released(), Vec::<u64>::new());
    }
    assert_eq!(fixture.texts("rest-continued").len(), 2);
    fixture.pass(30 * DAY);
    fixture.fake.fails_once("release", Fault::Later);
    fixture.review().await;
    assert_eq!(fixture.pooled(), [vec![], vec![100], vec![]], "the provider is down");
    fixture.pass(HOUR);
    fixture.dialguard.resume("acme").await.unwrap();
    assert_eq!(fixture.fake.released(), [number(100)]);
    assert_eq!(fixture.texts("rest-ended"), ["+13105550100 has rested 30 days, and is given back to them."]);
    assert_eq!(fixture.texts("released"), ["+13105550100 was given back to them, replaced by +13105550150."]);
    assert_eq!((fixture.orders(), fixture.pooled()), (vec![], NOBODY));
    fixture.assert_sound();
}

/// No carrier answers about it: it is neither offered again nor given back.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_cannot_be_rated_goes_on_resting() {
    let mut fixture = Fixture::new(1, [150]).await;
    fixture.replace(&[100]).await;
    fixture.set(|settings| settings.values.set("rating-carriers-min", "4")).await;
    fixture.pass(31 * DAY);
    fixture.review().await;
    assert_eq!(fixture.pooled(), [vec![100], vec![], vec![]]);
    assert!(fixture.texts("rest-continued").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_given_back_after_its_rest_under_a_policy_that_knows_no_rests() {
    for (set, days) in [(None, 30), (Some("7"), 7), (Some("0"), 0)] {
        let mut fixture = Fixture::new(1, [150]).await;
        fixture.of_the_second_contract();
        if let Some(days) = set {
            fixture.set(|settings| settings.values.set("rest-days", days)).await;
        }
        fixture.replace(&[100]).await;
        if days > 0 {
            fixture.pass(days * DAY - 1);
            fixture.dialguard.resume("acme").await.unwrap();
            assert_eq!(fixture.dialguard.accounts_with_due_orders().unwrap(), Vec::<String>::new());
            assert_eq!(fixture.fake.released(), Vec::<u64>::new(), "{set:?}");
            fixture.pass(1);
            assert_eq!(fixture.dialguard.accounts_with_due_orders().unwrap(), ["acme"]);
            fixture.dialguard.resume("acme").await.unwrap();
        }
        assert_eq!(fixture.fake.released(), [number(100)], "{set:?}");
        fixture.assert_sound();
    }
}

/// A number that rests under one policy is decided about by the one that is live when its rest is over.
#[tokio::test(flavor = "multi_thread")]
async fn the_live_policy_decides_whatever_was_live_when_the_rest_began() {
    let mut fixture = Fixture::new(1, [150]).await;
    fixture.of_the_second_contract();
    fixture.replace(&[100]).await;
    fixture.policy = reference();
    fixture.reopen();
    fixture.pass(31 * DAY);
    fixture.dialguard.resume("acme").await.unwrap();
    assert_eq!(fixture.fake.released(), Vec::<u64>::new());
    fixture.review().await;
    assert_eq!(fixture.pooled(), [vec![], vec![], vec![100]]);
    // Back to the older policy, whose contract promises that no candidate is owned: it stays ready, and is the user's.
    fixture.of_the_second_contract();
    let refused = fixture.replace(&[150]).await;
    assert_eq!(refused.decision.outcomes[0].answer, Answer::NoCleanCandidate);
    assert_eq!(fixture.pooled(), [vec![], vec![], vec![100]]);
    let started = fixture.dialguard.decide("acme", &Request::StartMonitoring(vec![number(100)])).await.unwrap();
    assert_eq!(started.decision.outcomes[0].answer, Answer::Accepted, "it owns the number");
    fixture.assert_sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ready_number_that_is_monitored_or_deleted_is_ready_no_longer() {
    let mut fixture = Fixture::with_a_ready_number(1, [150]).await;
    fixture.dialguard.decide("acme", &Request::StartMonitoring(vec![number(100)])).await.unwrap();
    assert_eq!(fixture.slots(), [(1, number(150)), (2, number(100))]);
    assert_eq!(fixture.pooled(), NOBODY);
    fixture.assert_sound();

    fixture = Fixture::with_a_ready_number(1, [150]).await;
    let deletion = Deletion { numbers: vec![number(100)], accept_slot_loss: false };
    fixture.dialguard.decide("acme", &Request::DeleteNumbers(deletion)).await.unwrap();
    assert_eq!(fixture.pooled(), NOBODY);
    assert!(fixture.ledger().numbers("acme").unwrap().iter().all(|known| known.number != number(100)));
    fixture.assert_sound();
}

/// The order for it ends before the slot moves: nothing is lost and nothing is bought.
#[tokio::test(flavor = "multi_thread")]
async fn a_ready_number_whose_order_is_abandoned_is_ready_again() {
    let mut fixture = Fixture::with_a_ready_number(2, [150]).await;
    fixture.switch(true).await;
    let request = Request::ReplaceNumbers(vec![number(101)]);
    grounds::plan_and_die(&mut fixture, request).await;
    assert_eq!(fixture.pooled(), NOBODY, "it is on order");
    let order = fixture.orders()[0].clone();
    assert_eq!((order.replacement, order.has_rested), (number(100), true));
    fixture.switch(false).await;
    fixture.dialguard.resume("acme").await.unwrap();
    assert_eq!(fixture.texts("order-abandoned").len(), 1);
    assert_eq!(fixture.pooled(), [vec![], vec![], vec![100]]);
    fixture.assert_sound();
}

/// Another process plans and dies; this one finds that the policy makes the same replacement with the same own number.
#[tokio::test(flavor = "multi_thread")]
async fn the_grounds_of_a_replacement_by_an_own_number_hold_on_a_second_look() {
    let mut fixture = Fixture::with_a_ready_number(2, [150]).await;
    grounds::plan_and_die(&mut fixture, Request::ReplaceNumbers(vec![number(101)])).await;
    fixture.dialguard.resume("acme").await.unwrap();
    assert_eq!(fixture.slots(), [(1, number(150)), (2, number(100))]);
    assert_eq!(fixture.bought(), [number(150)]);
    fixture.assert_sound();
}

/// An account is closed while one number rests and one is ready: the provider keeps both.
#[tokio::test(flavor = "multi_thread")]
async fn closing_an_account_ends_rests_and_readiness() {
    let mut fixture = Fixture::with_a_ready_number(2, [150, 151]).await;
    fixture.fake.fails_once("reserve", Fault::Later);
    fixture.replace(&[101]).await;
    fixture.ledger().close_account("acme", fixture.now).unwrap().expect("it was open");
    assert_eq!(fixture.pooled(), NOBODY);
    assert_eq!(fixture.fake.released(), Vec::<u64>::new());
    fixture.pass(HOUR);
    fixture.assert_sound();
}

/// No clean number is to be had, and the account allows that numbers are not used meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_flagged_number_is_not_used_until_it_is_clean_or_replaced() {
    let mut fixture = Fixture::new(2, []).await;
    fixture
        .set(|settings| {
            settings.guard_rails.auto_replace = true;
            settings.values.set("rest-when-none", "on");
        })
        .await;
    fixture.add_webhook();
    fixture.carriers_flag(&[100, 101]);
    fixture.review().await;
    assert_eq!(fixture.out_of_use(), [100, 101]);
    let pool = fixture.pool();
    assert_eq!((pool.in_use, pool.out_of_use), (0, 2));
    assert_eq!(fixture.slots(), [(1, number(100)), (2, number(101))], "they keep their slots");
    let text = "+13105550100 is out of use: no clean number can take its place.";
    assert_eq!(
        fixture.messages("number.resting")[0],
        json!({
            "account": "acme", "number": "+13105550100", "slot": 1, "text": text,
        })
    );

    // 0100 is clean again, and 0101 is replaced as soon as there is a number for it.
    fixture.pass(DAY);
    fixture.carriers_flag(&[101]);
    fixture.review().await;
    assert_eq!(fixture.out_of_use(), [101]);
    assert_eq!(fixture.texts("number-in-use"), ["+13105550100 is used again."]);
    fixture.fake.offers(number(150));
    fixture.pass(DAY);
    fixture.carriers_flag(&[101]);
    fixture.review().await;
    assert_eq!(fixture.slots(), [(1, number(100)), (2, number(150))]);
    assert_eq!(fixture.out_of_use(), Vec::<u64>::new());
    assert_eq!(fixture.pooled(), [vec![101], vec![], vec![]]);
}

/// The average of what was bought counts, of the past 365 days, and nothing where none was bought.
#[tokio::test(flavor = "multi_thread")]
async fn the_saving_is_what_buying_each_time_would_have_cost() {
    let mut fixture = Fixture::with_a_ready_number(3, [150, 151]).await;
    fixture.replace(&[101]).await;
    fixture.replace(&[102]).await;
    let saving = Saving { by_own: 1, by_bought: 2, bought_cents: 2 * u64::from(PRICE) };
    assert_eq!((fixture.pool().saving, saving.cents()), (saving, PRICE.into()));
    // A year after the purchases, the own number's replacement has left the year too.
    for _ in 0..9 {
        fixture.pass(40 * DAY);
    }
    assert_eq!(fixture.pool().saving, Saving { by_bought: 1, by_own: 1, bought_cents: PRICE.into() });
    fixture.pass(10 * DAY);
    assert_eq!(fixture.pool().saving, Saving::default());
    assert_eq!(Saving { by_own: 5, ..Saving::default() }.cents(), 0);
}

/// Numbers turn, are replaced, rest, come back, are imported, monitored and deleted, while the provider fails and the
/// policy changes. The ledger stays sound, no number is lost, and what the provider's account has is what the ledger says.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn random_histories_of_rests_lose_no_number_and_buy_none_that_is_ready() {
    let (mut by_own, mut released) = (0, 0);
    for seed in 1..=6 {
        let fixture = Fixture::with(4, (150..200).map(number), |buying| {
            buying.day_cents_max = 100_000;
            buying.cycle_cents_max = 100_000;
        });
        let mut history = History { fixture: fixture.await, random: seed * 0x9E37_79B9 + 1 };
        history
            .fixture
            .set(|settings| {
                settings.guard_rails.auto_replace = true;
                settings.guard_rails.replacements_per_day_max = 100;
                settings.values.set("rest-days", "2");
                settings.values.set("rests-max", "1");
                settings.values.set("rest-when-none", if seed % 2 == 0 { "on" } else { "off" });
            })
            .await;
        for _ in 0..10 {
            for _ in 0..6 {
                history.take_random_action().await;
            }
            history.fixture.assert_sound();
        }
        history.fixture.fake.fails_at_random(0, seed);
        history.fixture.pass(7 * HOUR);
        history.fixture.dialguard.resume("acme").await.unwrap();
        history.assert_nothing_is_lost();
        by_own += history.fixture.pool().saving.by_own;
        released += history.fixture.fake.released().len();
    }
    assert!(by_own > 3 && released > 3, "{by_own} {released}: there was something to see");
}

struct History {
    fixture: Fixture,
    random: u64,
}

impl History {
    fn random(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % below
    }

    async fn take_random_action(&mut self) {
        let [resting, _, ready] = self.fixture.pooled();
        match self.random(12) {
            0 => self.fixture.reopen(),
            1 => {
                let old = self.random(4) == 0;
                self.fixture.policy = if old { second_contract() } else { reference() };
                self.fixture.reopen();
            }
            2 => {
                let (percent, seed) = (self.random(2) * 20, self.random(1_000));
                self.fixture.fake.fails_at_random(percent, seed);
            }
            3 if !resting.is_empty() => {
                let number = number(resting[self.random(resting.len() as u64) as usize]);
                self.fixture.ledger().import_numbers("acme", &[number], ImportedAs::Owned, self.fixture.now).unwrap();
            }
            4 if !ready.is_empty() => {
                let number = number(ready[self.random(ready.len() as u64) as usize]);
                let request = match self.random(2) {
                    0 => Request::StartMonitoring(vec![number]),
                    _ => Request::DeleteNumbers(Deletion { numbers: vec![number], accept_slot_loss: true }),
                };
                self.unless_it_dies(async |dialguard| drop(dialguard.decide("acme", &request).await.unwrap())).await;
            }
            5 | 6 => {
                let slots = self.fixture.slots();
                let number = slots[self.random(slots.len() as u64) as usize].1;
                let request = Request::ReplaceNumbers(vec![number]);
                self.unless_it_dies(async |dialguard| drop(dialguard.decide("acme", &request).await.unwrap())).await;
            }
            _ => {
                self.fixture.pass(DAY);
                let flagged = [self.random(100), self.random(100), self.random(5), 50 + self.random(10)];
                self.fixture.carriers_flag(&flagged.map(|last| 100 + last));
                self.unless_it_dies(async |dialguard| drop(dialguard.review("acme").await.unwrap())).await;
            }
        }
    }

    async fn unless_it_dies(&mut self, act: impl AsyncFn(&Dialguard)) {
        let died = {
            let (dialguard, fake) = (&self.fixture.dialguard, &self.fixture.fake);
            tokio::select! { () = act(dialguard) => false, () = fake.dies() => true }
        };
        if died {
            self.fixture.reopen();
            self.fixture.pass(3 * MINUTE);
        }
    }

    /// Whatever the ledger owns, has resting or has ordered and bought is the provider's to keep; nothing else but numbers
    /// that users deleted.
    fn assert_nothing_is_lost(&self) {
        let fixture = &self.fixture;
        let [resting, given_back, _] = fixture.pooled();
        let held: Vec<_> = fixture.ledger().numbers("acme").unwrap().iter().map(|known| known.number).collect();
        let rests = resting.into_iter().chain(given_back).map(number);
        let there = fixture.fake.owns();
        for number in held.into_iter().chain(rests) {
            assert!(there.contains(&number), "+{number} is here and not at the provider");
        }
        let bought = fixture.bought();
        let each_once: std::collections::BTreeSet<_> = bought.iter().collect();
        assert_eq!(each_once.len(), bought.len(), "what the account has already is not bought again: {bought:?}");
    }
}
