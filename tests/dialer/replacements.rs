//! Replacements whose numbers are bought: what happens in the usual case, and what when anything fails at any moment.

mod provider;
use crate::harness::acme::{DAY, NOW, number};
use crate::harness::policies::reference::reference;
use dialguard::calendar::{NaiveTime, Tz, rfc3339};
use dialguard::clock::FixedClock;
use dialguard::contract::{Answer, PhoneNumber, Request};
use dialguard::settings::default_settings;
use dialguard_dialer::Dialguard;
use dialguard_dialer::dialguard::RequestOutcome;
use dialguard_dialer::fulfilment::Step;
use dialguard_dialer::ledger::{
    AccountChange, Areas, Buying, EventFilter, ImportedAs, Ledger, NewAccount, NewWebhook, Order, OrderState,
    ProviderKind, ProviderProfile, SourceKind, SourceProfile,
};
use dialguard_dialer::phone::Region;
use dialguard_dialer::providers::SearchArea;
use provider::{Fault, ProviderInMemory};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::Range;
use std::sync::Arc;
use tempfile::TempDir;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// What a number costs at the vendor.
const PRICE: u32 = 115;

/// An account in UTC that monitors numbers from +13105550100 on, and buys from a vendor in memory that has those.
struct Desk {
    folder: TempDir,
    now: u64,
    fake: ProviderInMemory,
    dialguard: Dialguard,
}

impl Desk {
    async fn new(monitored: u64, on_offer: impl IntoIterator<Item = u64>) -> Self {
        Self::with(monitored, on_offer.into_iter().map(number), |_| {}).await
    }

    async fn with(
        monitored: u64,
        on_offer: impl IntoIterator<Item = PhoneNumber>,
        change: impl FnOnce(&mut Buying),
    ) -> Self {
        // In memory where there is such a folder: a thousand sagas wait for the disk many thousand times.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a folder for the test");
        let fake = ProviderInMemory::new(on_offer);
        fake.it_is(NOW);
        let ledger = Arc::new(Ledger::open_or_create(folder.path()).unwrap());
        let dialguard = Dialguard::new(ledger.clone(), reference(), Arc::new(FixedClock(NOW)));
        let location = folder.path().join("verdicts.csv").to_string_lossy().into_owned();
        ledger.add_source(&SourceProfile { name: "carriers".into(), kind: SourceKind::Verdicts, location }).unwrap();
        let kind = ProviderKind::Telnyx;
        ledger
            .add_provider(&ProviderProfile { name: "them".into(), kind, price_cents: PRICE, settings: "{}".into() })
            .unwrap();
        let mut desk = Desk { folder, now: NOW, fake, dialguard };
        desk.reopen();
        desk.carriers_flag(&[]);
        let mut buying = Buying { provider: Some("them".into()), ..Buying::default() };
        change(&mut buying);
        desk.add_account("acme", 100..100 + monitored, buying).await;
        desk
    }

    /// Another account, which monitors these numbers and buys like this.
    async fn add_account(&self, id: &str, last_digits: Range<u64>, buying: Buying) {
        let mut settings = default_settings();
        // What carriers said once counts for the whole test.
        settings.observation_age_max_hours = 8_760;
        settings.checks_to_flag = 1;
        settings.mass_flag_percent = 100;
        let (blocks, review_at) = (1, NaiveTime::MIN);
        let new = NewAccount { id: id.into(), blocks, time_zone: Tz::UTC, region: Region::US, review_at, settings };
        self.dialguard.add_account(&new).await.unwrap();
        let numbers: Vec<_> = last_digits.map(number).collect();
        self.fake.has(numbers.iter().copied());
        self.ledger().import_numbers(id, &numbers, ImportedAs::Owned, NOW).unwrap();
        let change = AccountChange { buying: Some(buying), ..AccountChange::default() };
        self.ledger().change_account(id, &change, NOW).unwrap();
        self.dialguard.decide(id, &Request::StartMonitoring(numbers)).await.unwrap();
    }

    /// The program ends, whatever it was doing, and another one begins.
    fn reopen(&mut self) {
        self.fake.knows(None);
        self.dialguard = self.another();
        self.fake.knows(Some(self.dialguard.ledger().clone()));
    }

    /// Another process on the same ledger.
    fn another(&self) -> Dialguard {
        let ledger = Arc::new(Ledger::open(self.folder.path()).unwrap());
        let dialguard = Dialguard::new(ledger, reference(), Arc::new(FixedClock(self.now)));
        dialguard.with_provider("them", Arc::new(self.fake.clone()))
    }

    fn pass(&mut self, seconds: u64) {
        self.now += seconds;
        self.fake.it_is(self.now);
        self.dialguard = self.dialguard.at(self.now);
    }

    fn buys(&self, buying: Buying) {
        let change = AccountChange { buying: Some(buying), ..AccountChange::default() };
        self.ledger().change_account("acme", &change, self.now).unwrap();
    }

    fn buying(&self) -> Buying {
        self.ledger().account("acme").unwrap().buying
    }

    /// Three carriers flag these numbers, by their last digits, and call all others clean.
    fn carriers_flag(&self, flagged: &[u64]) {
        let mut rows = "number,carrier,score,label,observed_at\n".to_owned();
        let elsewhere = [213, 212].map(|code| 10_000_000_000 + code * 10_000_000 + 5_550_150);
        for number in (100..350).map(number).chain(elsewhere) {
            let score = if flagged.iter().any(|last| self::number(*last) == number) { 95 } else { 5 };
            for carrier in ["A", "B", "C"] {
                writeln!(rows, "+{number},{carrier},{score},,{}", rfc3339(NOW - HOUR)).unwrap();
            }
        }
        // Read anew where its time or size changes, so never rewritten in place within one tick.
        let file = self.folder.path().join("verdicts.csv");
        std::fs::write(file.with_extension("new"), rows).unwrap();
        std::fs::rename(file.with_extension("new"), file).unwrap();
    }

    fn ledger(&self) -> &Arc<Ledger> {
        self.dialguard.ledger()
    }

    async fn replace(&self, last_digits: &[u64]) -> RequestOutcome {
        let numbers = last_digits.iter().copied().map(number).collect();
        self.dialguard.decide("acme", &Request::ReplaceNumbers(numbers)).await.unwrap()
    }

    /// Intents on disk, and nothing done: the vendor is out of order.
    async fn intend(&mut self, last_digits: &[u64]) {
        last_digits.iter().for_each(|_| self.fake.fails_once("reserve", Fault::Later));
        self.replace(last_digits).await;
        self.pass(2 * MINUTE);
        assert!(self.orders().iter().all(|order| order.state == OrderState::Intended));
    }

    fn orders(&self) -> Vec<Order> {
        self.ledger().open_orders("acme").unwrap()
    }

    /// Which number has which slot.
    fn slots(&self) -> Vec<(u32, PhoneNumber)> {
        let numbers = self.ledger().numbers("acme").unwrap();
        let mut slots: Vec<_> = numbers.iter().filter_map(|known| Some((known.monitored?.0, known.number))).collect();
        slots.sort_unstable();
        slots
    }

    fn told(&self, kind: &str) -> Vec<String> {
        let events = self.ledger().events("acme", EventFilter { number: None, last: 100_000 }).unwrap();
        events.into_iter().filter(|event| event.kind == kind).map(|event| event.text).collect()
    }

    fn bought(&self) -> Vec<PhoneNumber> {
        self.fake.bought().into_iter().map(|bought| bought.number).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_replaced_by_one_that_is_bought_and_given_back_after_its_rest() {
    let mut desk = Desk::new(2, [150, 151]).await;
    desk.fake.cannot_carry("its emergency address");
    let decided = desk.replace(&[100]).await;
    assert_eq!(decided.replaced[0].replacement, number(150), "the closest");
    assert_eq!(desk.bought(), [number(150)]);
    assert_eq!(desk.slots(), [(1, number(150)), (2, number(101))]);
    assert_eq!(desk.fake.carried(), [(number(100), number(150))]);
    assert_eq!(desk.fake.searched(), [SearchArea::AreaCode(310)], "once a run");
    let left_out = desk.told("not-carried-over");
    assert!(left_out[0].contains("emergency address") && left_out.len() == 1, "{left_out:?}");
    assert_eq!(desk.told("number-bought"), ["+13105550150 was bought from them for $1.15."]);
    assert_eq!(desk.told("replacement-charged"), ["$4.00 for the replacement of +13105550100."]);
    assert_eq!(desk.ledger().charged_cents("acme", 0).unwrap(), 4_900 + 400);
    assert_eq!(desk.ledger().spending("acme", desk.now).unwrap().day_cents, 115);

    desk.pass(30 * DAY - 1);
    desk.dialguard.resume("acme").await.unwrap();
    assert!(desk.fake.released().is_empty());
    assert_eq!(desk.orders()[0].rests_until, Some(NOW + 30 * DAY));
    desk.pass(1);
    desk.dialguard.resume("acme").await.unwrap();
    assert_eq!(desk.fake.released(), [number(100)]);
    assert_eq!(desk.told("released"), ["+13105550100 was given back to them, replaced by +13105550150."]);
    assert_eq!(desk.orders(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_rest_the_old_number_is_given_back_at_once() {
    let desk = Desk::with(1, [number(150)], |buying| buying.rest_days = 0).await;
    desk.replace(&[100]).await;
    assert_eq!((desk.fake.released(), desk.orders()), (vec![number(100)], vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_is_imported_again_while_it_rests_is_kept() {
    let mut desk = Desk::new(1, [150]).await;
    desk.replace(&[100]).await;
    desk.ledger().import_numbers("acme", &[number(100)], ImportedAs::Owned, desk.now).unwrap();
    desk.pass(31 * DAY);
    desk.dialguard.resume("acme").await.unwrap();
    assert_eq!((desk.fake.released(), desk.orders()), (vec![], vec![]));
    assert_eq!(desk.told("number-kept").len(), 1);
}

/// The vendor's search is taken at its word only where the number can be bought.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_is_gone_is_abandoned_and_the_policy_is_asked_again() {
    for call in ["reserve", "order"] {
        let desk = Desk::new(1, [150, 151]).await;
        desk.fake.fails_once(call, Fault::Gone);
        let decided = desk.replace(&[100]).await;
        assert_eq!(decided.replaced[0].replacement, number(151), "{call}");
        assert_eq!(desk.bought(), [number(151)], "{call}");
        assert_eq!(desk.told("order-abandoned").len(), 1, "{call}");
        assert_eq!(desk.ledger().spending("acme", desk.now).unwrap().day_cents, 115, "the first one's price is free");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_could_not_be_had_is_not_offered_for_thirty_days() {
    let mut desk = Desk::new(1, [150]).await;
    desk.fake.fails_once("order", Fault::SlowAndInVain);
    desk.replace(&[100]).await;
    assert_eq!(desk.orders(), [], "given up by the vendor, and nothing else is on offer");
    assert!(desk.told("order-abandoned").iter().any(|text| text.contains("no other candidate is rated clean")));
    assert_eq!(desk.slots(), [(1, number(100))], "no slot is lost");
    // The vendor has it again.
    desk.fake.offers(number(150));
    desk.pass(30 * DAY - HOUR);
    assert_eq!(desk.replace(&[100]).await.decision.outcomes[0].answer, Answer::NoCleanCandidate);
    desk.pass(2 * HOUR);
    assert_eq!(desk.replace(&[100]).await.replaced[0].replacement, number(150));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_turned_bad_since_it_was_chosen_is_not_bought() {
    let mut desk = Desk::new(1, [150, 151]).await;
    desk.intend(&[100]).await;
    desk.carriers_flag(&[150]);
    desk.dialguard.resume("acme").await.unwrap();
    assert_eq!(desk.bought(), [number(151)]);
    assert!(desk.told("order-abandoned")[0].contains("3 of 3 carriers flag it"));
}

#[tokio::test(flavor = "multi_thread")]
async fn other_areas_only_as_the_account_allows() {
    let elsewhere = |code: u64| 10_000_000_000 + code * 10_000_000 + 5_550_150;
    let scenarios: [(Areas, &[u64], Option<u64>); 5] = [
        (Areas::Own, &[213, 212], None),
        (Areas::Also(vec![213]), &[213, 212], Some(213)),
        (Areas::Also(vec![646]), &[213, 212], None),
        (Areas::Anywhere, &[212], Some(212)),
        (Areas::Anywhere, &[310, 212], Some(310)),
    ];
    for (areas, on_offer, expected) in scenarios {
        let offers: Vec<_> = on_offer.iter().map(|code| elsewhere(*code)).collect();
        let desk = Desk::with(1, offers, |buying| buying.areas = areas.clone()).await;
        let replaced = desk.replace(&[100]).await.replaced;
        let by = replaced.first().map(|order| order.replacement / 10_000_000 % 1_000);
        assert_eq!(by, expected, "{areas} of {on_offer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_fails_costs_its_offers_and_nothing_else() {
    let desk = Desk::new(2, [150]).await;
    desk.ledger().import_numbers("acme", &[number(160)], ImportedAs::Candidate, desk.now).unwrap();
    desk.fake.fails_once("search", Fault::LostBefore);
    let decided = desk.replace(&[100]).await;
    assert_eq!(decided.replaced[0].replacement, number(160), "one on hand");
    assert!(decided.problems[0].contains("them: the search in area code 310 failed"), "{decided:?}");
    assert_eq!(desk.told("provider-problem").len(), 1);
    assert!(desk.bought().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_flagged_is_reviewed_again_and_costs_the_days_cap_once() {
    let desk = Desk::new(1, [150, 151, 152]).await;
    let mut settings = default_settings();
    settings.auto_replace = true;
    settings.checks_to_flag = 1;
    settings.replacements_per_day_max = 1;
    settings.mass_flag_percent = 100;
    let change = AccountChange { settings: Some(settings), ..AccountChange::default() };
    desk.dialguard.change_account("acme", &change).await.unwrap();
    desk.carriers_flag(&[100]);
    desk.fake.fails_once("reserve", Fault::Gone);
    desk.fake.fails_once("order", Fault::Gone);
    let reviewed = desk.dialguard.review("acme").await.unwrap();
    let replaced: Vec<_> = reviewed.replaced.iter().map(|order| order.replacement).collect();
    assert_eq!((replaced, desk.bought()), (vec![number(152)], vec![number(152)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_looked_up_before_anything_is_sent_again() {
    for (fault, sent) in [(Fault::LostAfter, 1), (Fault::LostBefore, 2)] {
        let mut desk = Desk::new(1, [150]).await;
        desk.fake.fails_once("order", fault);
        desk.replace(&[100]).await;
        desk.pass(2 * MINUTE);
        desk.dialguard.resume("acme").await.unwrap();
        assert_eq!((desk.fake.calls("order"), desk.bought()), (sent, vec![number(150)]), "{fault:?}");
        assert_eq!(desk.slots(), [(1, number(150))]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn caps_hold_and_what_waits_for_them_is_told_once() {
    let mut desk = Desk::with(3, (150..160).map(number), |buying| buying.day_cents_max = 2 * PRICE).await;
    let webhook = NewWebhook {
        account: Some("acme"),
        url: "https://dialer.example/alerts",
        key: &[7; 24],
        allow_private: false,
        page_address: None,
    };
    desk.ledger().add_webhook(&webhook, desk.now).unwrap();
    assert_eq!(desk.replace(&[100, 101, 102]).await.replaced.len(), 2);
    let stuck = desk.orders().into_iter().find(|order| order.hold.is_some()).expect("one is stuck");
    let hold = stuck.hold.unwrap();
    assert!(hold.is_stuck && hold.problem.contains("$3.45 would be spent") && hold.problem.contains("--day-cap"));
    for _ in 0..5 {
        desk.pass(HOUR);
        desk.dialguard.resume("acme").await.unwrap();
    }
    assert_eq!(desk.bought().len(), 2, "the day is not over");
    assert_eq!(desk.told("order-stuck").len(), 1);
    let messages = desk.ledger().deliveries(None, false, 10).unwrap();
    assert_eq!(messages.iter().filter(|message| message.kind == "order.stuck").count(), 1);
    desk.buys(Buying { day_cents_max: 3 * PRICE, ..desk.buying() });
    assert_eq!(desk.dialguard.resume("acme").await.unwrap().len(), 1, "a cap that is raised holds nobody up");
    assert_eq!(desk.ledger().spending("acme", desk.now).unwrap().day_cents, 345);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_bought_while_the_add_on_is_off() {
    let mut desk = Desk::new(1, [150]).await;
    desk.intend(&[100]).await;
    let switch = |enabled| AccountChange { enabled: Some(enabled), ..AccountChange::default() };
    desk.dialguard.change_account("acme", &switch(false)).await.unwrap();
    desk.dialguard.resume("acme").await.unwrap();
    assert!(desk.bought().is_empty());
    assert!(desk.told("order-stuck")[0].contains("--add-on on"));
    desk.dialguard.change_account("acme", &switch(true)).await.unwrap();
    desk.dialguard.resume("acme").await.unwrap();
    assert_eq!(desk.bought(), [number(150)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_cannot_be_left_while_it_is_being_bought_from() {
    let mut desk = Desk::new(1, [150]).await;
    desk.intend(&[100]).await;
    let none = AccountChange { buying: Some(Buying::default()), ..AccountChange::default() };
    let refused = desk.ledger().change_account("acme", &none, desk.now).unwrap_err().to_string();
    assert!(refused.contains("dialguard orders acme"), "{refused}");
    desk.dialguard.resume("acme").await.unwrap();
    desk.ledger().change_account("acme", &none, desk.now).unwrap();
    desk.pass(31 * DAY);
    desk.dialguard.resume("acme").await.unwrap();
    assert_eq!(desk.fake.released(), [number(100)], "what rests is given back all the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_abandoned_only_where_nothing_was_bought() {
    let mut desk = Desk::new(2, [150, 151]).await;
    desk.intend(&[100]).await;
    desk.dialguard.abandon_order(desk.orders()[0].id).await.unwrap();
    assert_eq!((desk.orders(), desk.bought()), (vec![], vec![]));

    desk.fake.fails_once("order", Fault::DiesAfter);
    let cut = tokio::select! { _ = desk.replace(&[101]) => false, () = desk.fake.dies() => true };
    assert!(cut);
    desk.reopen();
    desk.pass(3 * MINUTE);
    let order = desk.orders()[0].clone();
    assert_eq!(order.state, OrderState::Ordering);
    let refused = desk.dialguard.abandon_order(order.id).await.unwrap_err().to_string();
    assert!(refused.contains("was bought"), "{refused}");
    desk.dialguard.resume("acme").await.unwrap();
    assert_eq!(desk.slots()[1], (2, order.replacement));
}

/// Several processes on one ledger, each with every order: none is sent twice, and no cap is passed.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_that_race_send_nothing_twice_and_keep_to_the_caps() {
    let mut desk = Desk::with(10, (150..190).map(number), |buying| buying.day_cents_max = 4 * PRICE).await;
    desk.intend(&[100, 101, 102, 103, 104, 105, 106, 107, 108, 109]).await;
    for day in 1..=3 {
        let racing: Vec<_> = (0..6)
            .map(|_| {
                let dialguard = desk.another();
                tokio::spawn(async move {
                    for _ in 0..3 {
                        dialguard.resume("acme").await.unwrap();
                    }
                })
            })
            .collect();
        for process in racing {
            process.await.unwrap();
        }
        let bought = desk.bought();
        assert_eq!(bought.len(), (4 * day).min(10), "a day's cap is four numbers");
        desk.pass(DAY);
    }
    assert_eq!(desk.told("replacement-charged").len(), 10);
    assert_eq!(desk.slots().len(), 10);
}

/// Two accounts to which the same number is the closest, and who ask at the same time: each gets one of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn accounts_that_want_the_same_number_get_one_each() {
    let desk = Desk::with(10, (150..170).map(number), |buying| buying.day_cents_max = 10 * PRICE).await;
    desk.add_account("other", 110..120, desk.buying()).await;
    let mut wanted = BTreeMap::new();
    for round in 0..10 {
        let asked = [("acme", 100 + round), ("other", 110 + round)].map(|(account, last_digits)| {
            let dialguard = desk.another();
            let replace = Request::ReplaceNumbers(vec![number(last_digits)]);
            tokio::spawn(async move { dialguard.decide(account, &replace).await.unwrap() })
        });
        for decided in asked {
            let decided = decided.await.unwrap();
            assert_eq!(decided.decision.outcomes[0].answer, Answer::Accepted);
            assert_eq!(decided.replaced.len(), 1, "{:?}", decided.problems);
            *wanted.entry(decided.replaced[0].replacement).or_insert(0) += 1;
        }
    }
    assert_eq!(wanted, (150..170).map(|last| (number(last), 1)).collect(), "the twenty on offer, once each");
    assert_eq!(desk.bought().len(), 20);
    assert_eq!(["acme", "other"].map(|id| desk.ledger().account(id).unwrap().occupied), [10, 10]);
}

/// A thousand replacements, in accounts of fifteen numbers: the vendor fails in every way at random, the program dies
/// between any two steps and in the middle of any, and time passes.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_random_sagas_lose_nothing_and_pay_nothing_twice() {
    const ACCOUNTS: u64 = 67;
    let mut under_way = tokio::task::JoinSet::new();
    let (mut seeds, mut replaced, mut died, mut abandoned) = (1..=ACCOUNTS, 0, 0, 0);
    loop {
        while under_way.len() < 12
            && let Some(seed) = seeds.next()
        {
            under_way.spawn(Chaos::play(seed));
        }
        let Some(played) = under_way.join_next().await else { break };
        let played = played.expect("an account's sagas hold");
        (replaced, died, abandoned) = (replaced + played.replaced, died + played.died, abandoned + played.abandoned);
    }
    eprintln!("{replaced} replaced, {abandoned} numbers given up, the program died {died} times");
    assert!(
        replaced > 900 && died > 200 && abandoned > 100,
        "{replaced} {died} {abandoned}: there was something to see"
    );
}

const NUMBERS: u64 = 15;

struct History {
    replaced: usize,
    died: u32,
    abandoned: usize,
}

struct Chaos {
    desk: Desk,
    random: u64,
    died: u32,
}

impl Chaos {
    async fn play(seed: u64) -> History {
        let on_offer = (150..350).map(number);
        let desk = Desk::with(NUMBERS, on_offer, |buying| {
            buying.day_cents_max = 6 * PRICE;
            buying.cycle_cents_max = 40 * PRICE;
            buying.rest_days = (seed % 3) as u16 * 15;
        })
        .await;
        let mut chaos = Chaos { desk, random: seed * 0x9E37_79B9 + 1, died: 0 };
        let all: Vec<_> = (100..100 + NUMBERS).collect();
        chaos.desk.intend(&all).await;
        chaos.desk.fake.fails_at_random(30, seed);
        for _ in 0..150 {
            chaos.something_happens().await;
            chaos.assert_invariants();
        }
        chaos.desk.fake.fails_at_random(0, seed);
        chaos.settle().await
    }

    fn random(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % below
    }

    async fn something_happens(&mut self) {
        match self.random(20) {
            0 => self.desk.reopen(),
            1 => self.desk.pass(DAY),
            2 => self.desk.pass(HOUR),
            3..=6 => self.desk.pass(3 * MINUTE),
            7 => self.resume().await,
            _ => self.take_a_step().await,
        }
    }

    async fn take_a_step(&mut self) {
        let orders = self.desk.orders();
        if orders.is_empty() {
            return;
        }
        let order = orders[self.random(orders.len() as u64) as usize].id;
        let died = {
            let (fulfilment, fake) = (self.desk.dialguard.fulfilment(), &self.desk.fake);
            tokio::select! { taken = fulfilment.step(order) => { taken.unwrap(); false }, () = fake.dies() => true }
        };
        self.go_on(died);
    }

    async fn resume(&mut self) {
        let died = {
            let (dialguard, fake) = (&self.desk.dialguard, &self.desk.fake);
            tokio::select! { taken = dialguard.resume("acme") => { taken.unwrap(); false }, () = fake.dies() => true }
        };
        self.go_on(died);
    }

    fn go_on(&mut self, died: bool) {
        if died {
            self.died += 1;
            self.desk.reopen();
        }
    }

    fn assert_invariants(&self) {
        let desk = &self.desk;
        let slots = desk.slots();
        assert_eq!(slots.len() as u64, NUMBERS, "no slot is lost: {slots:?}");
        assert!(slots.windows(2).all(|pair| pair[0].0 < pair[1].0), "a slot has one number: {slots:?}");
        let (mut by_reference, mut by_day) = (BTreeMap::new(), BTreeMap::new());
        for bought in desk.fake.bought() {
            *by_reference.entry(bought.reference).or_insert(0) += 1;
            *by_day.entry(bought.at / DAY).or_insert(0) += 1;
        }
        assert!(by_reference.values().all(|times| *times == 1), "one purchase an intent: {by_reference:?}");
        // What a slow vendor carries out later was ordered on an earlier day.
        let ordered = desk.ledger().spending("acme", desk.now).unwrap();
        assert!(ordered.day_cents <= u64::from(6 * PRICE) && ordered.cycle_cents <= u64::from(40 * PRICE));
        // Whatever is not replaced yet is under way, or it is told that it is not.
        let orders = desk.orders();
        let told = desk.told("order-abandoned");
        for (_, number) in slots.iter().filter(|(_, number)| *number < self::number(150)) {
            let is_told = told.iter().any(|text| text.starts_with(&format!("+{number} ")));
            assert!(orders.iter().any(|order| order.number == *number) || is_told, "+{number} was forgotten");
        }
    }

    /// The vendor works again: everything comes to its end.
    async fn settle(mut self) -> History {
        for _ in 0..40 {
            self.desk.pass(7 * HOUR);
            self.resume().await;
            self.assert_invariants();
        }
        self.desk.pass(31 * DAY);
        self.resume().await;
        let desk = &self.desk;
        assert_eq!(desk.orders(), [], "everything came to its end");
        let owned: Vec<_> = desk.ledger().numbers("acme").unwrap().iter().map(|known| known.number).collect();
        assert_eq!(desk.fake.owns().into_iter().collect::<Vec<_>>(), owned, "vendor and ledger agree");
        let replaced = desk.told("replaced").len();
        assert_eq!(desk.told("replacement-charged").len(), replaced);
        assert_eq!(desk.fake.released().len(), replaced);
        History { replaced, died: self.died, abandoned: desk.told("order-abandoned").len() }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_says_what_came_of_it() {
    let mut desk = Desk::new(1, [150]).await;
    desk.intend(&[100]).await;
    let order = desk.orders()[0].id;
    use OrderState::{Acquired, CarriedOver, Ordering, Reserved, Screened, Swapped};
    for state in [Reserved, Screened, Ordering, Acquired, CarriedOver, Swapped] {
        assert_eq!(desk.dialguard.fulfilment().step(order).await.unwrap(), Step::MovedOn(state));
    }
    assert_eq!(desk.dialguard.fulfilment().step(order).await.unwrap(), Step::Waits(desk.now + 30 * DAY));
    desk.pass(30 * DAY);
    assert_eq!(desk.dialguard.fulfilment().step(order).await.unwrap(), Step::MovedOn(OrderState::Done));
    assert_eq!(desk.dialguard.fulfilment().step(order).await.unwrap(), Step::Over);
    assert!(desk.dialguard.fulfilment().step(99).await.is_err());
}
