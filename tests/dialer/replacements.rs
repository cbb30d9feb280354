//! Replacements whose numbers are bought: the usual case, and a failure at any moment.

mod closing;
mod grounds;
mod prices;
mod provider;
mod rest;
use crate::harness::acme::{DAY, NOW, number};
use crate::harness::policies::reference::reference;
use crate::harness::policies::second_contract::SECOND_CONTRACT;
use dialguard::calendar::{NaiveTime, rfc3339};
use dialguard::clock::FixedClock;
use dialguard::contract::{Answer, PhoneNumber, Request};
use dialguard::policy::{Limits, Policy};
use dialguard_dialer::Dialguard;
use dialguard_dialer::dialguard::{Completion, RequestOutcome};
use dialguard_dialer::fulfilment::Step;
use dialguard_dialer::ledger::{
    AccountChange, AccountSettings, Areas, Buying, EventFilter, ImportedAs, Ledger, NewAccount, NewWebhook, Order,
    OrderState, ProviderKind, ProviderProfile, SourceKind, SourceProfile,
};
use dialguard_dialer::phone::Region;
use dialguard_dialer::providers::SearchArea;
use dialguard_dialer::zones::Zone;
use provider::{Fault, ProviderInMemory};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use tempfile::TempDir;

/// A policy that knows no rests.
fn second_contract() -> Policy {
    static COMPILED: OnceLock<Policy> = OnceLock::new();
    let compile = || Policy::compile(SECOND_CONTRACT, Limits::default()).expect("the policy compiles");
    COMPILED.get_or_init(compile).clone()
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// The price of a number at the provider, in US cents.
const PRICE: u32 = 115;

/// An account in UTC that monitors numbers from +13105550100 on, and buys from a provider in memory that owns those.
struct Fixture {
    folder: TempDir,
    now: u64,
    fake: ProviderInMemory,
    policy: Policy,
    dialguard: Dialguard,
}

impl Fixture {
    async fn new(monitored: u64, on_offer: impl IntoIterator<Item = u64>) -> Self {
        Self::with(monitored, on_offer.into_iter().map(number), |_| {}).await
    }

    async fn with(
        monitored: u64,
        on_offer: impl IntoIterator<Item = PhoneNumber>,
        change: impl FnOnce(&mut Buying),
    ) -> Self {
        // In memory if there is such a folder: a thousand sagas wait for the disk many thousand times.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a folder for the test");
        let fake = ProviderInMemory::new(on_offer);
        fake.it_is(NOW);
        let ledger = Arc::new(Ledger::open_or_create(folder.path()).unwrap());
        let dialguard = Dialguard::new(ledger.clone(), reference(), Arc::new(FixedClock(NOW)));
        let location = folder.path().join("verdicts.csv").to_string_lossy().into_owned();
        ledger.add_source(&SourceProfile { name: "carriers".into(), kind: SourceKind::Verdicts, location }, 0).unwrap();
        let kind = ProviderKind::Telnyx;
        ledger
            .add_provider(&ProviderProfile { name: "them".into(), kind, price_cents: PRICE, settings: "{}".into() }, 0)
            .unwrap();
        let mut fixture = Fixture { folder, now: NOW, fake, policy: reference(), dialguard };
        fixture.reopen();
        fixture.carriers_flag(&[]);
        let mut buying = Buying { provider: Some("them".into()), ..Buying::default() };
        change(&mut buying);
        fixture.add_account("acme", 100..100 + monitored, buying).await;
        fixture
    }

    /// Another account, which monitors these numbers and buys like this.
    async fn add_account(&self, id: &str, last_digits: Range<u64>, buying: Buying) {
        let mut settings = AccountSettings::default();
        // One verdict counts for the whole test.
        settings.values.set("observation-age-max-hours", "8760");
        settings.values.set("checks-to-replace", "1");
        settings.values.set("mass-flag-percent", "100");
        let (blocks, review_at) = (1, NaiveTime::MIN);
        let new = NewAccount { id: id.into(), blocks, time_zone: Zone::utc(), region: Region::US, review_at, settings };
        self.dialguard.add_account(&new).await.unwrap();
        let numbers: Vec<_> = last_digits.map(number).collect();
        self.fake.has(numbers.iter().copied());
        self.ledger().import_numbers(id, &numbers, ImportedAs::Owned, NOW).unwrap();
        let change = AccountChange { buying: Some(buying), ..AccountChange::default() };
        self.ledger().change_account(id, &change, NOW).unwrap();
        self.dialguard.decide(id, &Request::StartMonitoring(numbers)).await.unwrap();
    }

    /// The program exits at any moment, and another one starts.
    fn reopen(&mut self) {
        self.fake.knows(None);
        self.dialguard = self.another();
        self.fake.knows(Some(self.dialguard.ledger().clone()));
    }

    /// From now on the reference policy of contract 0.2.0 decides, which knows no rests.
    fn of_the_second_contract(&mut self) {
        self.policy = second_contract();
        self.reopen();
    }

    /// Another process on the same ledger.
    fn another(&self) -> Dialguard {
        let ledger = Arc::new(Ledger::open(self.folder.path()).unwrap());
        let dialguard = Dialguard::new(ledger, self.policy.clone(), Arc::new(FixedClock(self.now)));
        dialguard.with_provider("them", Arc::new(self.fake.clone()))
    }

    /// Time passes while a server runs.
    fn pass(&mut self, seconds: u64) {
        self.now += seconds;
        self.ledger().pass_time(self.now).expect("the ledger notes the time");
        self.fake.it_is(self.now);
        self.dialguard = self.dialguard.at(self.now);
    }

    /// Changes the account's settings.
    async fn set(&self, change: impl FnOnce(&mut AccountSettings)) {
        let mut settings = self.ledger().account("acme").unwrap().settings;
        change(&mut settings);
        let change = AccountChange { settings: Some(settings), ..AccountChange::default() };
        self.dialguard.change_account("acme", &change).await.unwrap();
    }

    async fn switch(&self, enabled: bool) {
        let change = AccountChange { enabled: Some(enabled), ..AccountChange::default() };
        self.dialguard.change_account("acme", &change).await.unwrap();
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
        self.carriers_say(|last_digits, _| flagged.contains(&last_digits));
    }

    /// Whether each of the three carriers flags a number.
    fn carriers_say(&self, flags: impl Fn(u64, usize) -> bool) {
        let mut rows = "number,carrier,score,label,observed_at\n".to_owned();
        let elsewhere = [213, 212].map(|code| 10_000_000_000 + code * 10_000_000 + 5_550_150);
        for number in (100..350).map(number).chain(elsewhere) {
            for (place, carrier) in ["A", "B", "C"].iter().enumerate() {
                let score = if flags(number.wrapping_sub(self::number(0)), place) { 95 } else { 5 };
                writeln!(rows, "+{number},{carrier},{score},,{}", rfc3339(self.now - HOUR)).unwrap();
            }
        }
        // Read again when its time or size changes, so never rewritten in place within one tick.
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

    /// Planned replacements, none carried out because the provider is down.
    async fn intend(&mut self, last_digits: &[u64]) {
        last_digits.iter().for_each(|_| self.fake.fails_once("reserve", Fault::Later));
        self.replace(last_digits).await;
        self.pass(2 * MINUTE);
        assert!(self.orders().iter().all(|order| order.state == OrderState::Intended));
    }

    fn orders(&self) -> Vec<Order> {
        self.ledger().open_orders("acme").unwrap()
    }

    /// Each number with its slot.
    fn slots(&self) -> Vec<(u32, PhoneNumber)> {
        let numbers = self.ledger().numbers("acme").unwrap();
        let mut slots: Vec<_> = numbers.iter().filter_map(|known| Some((known.monitored?.0, known.number))).collect();
        slots.sort_unstable();
        slots
    }

    fn texts(&self, kind: &str) -> Vec<String> {
        let events = self.ledger().events("acme", EventFilter { number: None, last: 100_000 }).unwrap();
        events.into_iter().filter(|event| event.kind == kind).map(|event| event.text).collect()
    }

    fn add_webhook(&self) {
        let webhook = NewWebhook {
            account: Some("acme"),
            url: "https://dialer.example/alerts",
            key: &[7; 24],
            allow_private: false,
            page_address: None,
        };
        self.ledger().add_webhook(&webhook, self.now).unwrap();
    }

    /// The data of the messages of that type, oldest first.
    fn messages(&self, kind: &str) -> Vec<Value> {
        let database = rusqlite::Connection::open(self.folder.path().join("dialguard.db")).unwrap();
        let mut statement = database.prepare("SELECT body FROM deliveries WHERE kind = ?1 ORDER BY ordinal").unwrap();
        let bodies = statement.query_map([kind], |row| row.get::<_, String>(0)).unwrap();
        bodies.map(|body| serde_json::from_str::<Value>(&body.unwrap()).unwrap()["data"].clone()).collect()
    }

    fn replaced_by_own(&self) -> usize {
        self.ledger().pool("acme", self.now).unwrap().saving.by_own as usize
    }

    #[track_caller]
    fn assert_sound(&self) {
        let report = Ledger::check(self.folder.path()).expect("the ledger is checked");
        assert!(report.is_sound(), "{:?}", report.broken().collect::<Vec<_>>());
    }

    fn bought(&self) -> Vec<PhoneNumber> {
        self.fake.bought().into_iter().map(|bought| bought.number).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_replaced_by_a_bought_one_and_rests() {
    let fixture = Fixture::new(2, [150, 151]).await;
    fixture.fake.cannot_carry("its emergency address");
    let decided = fixture.replace(&[100]).await;
    assert_eq!(decided.replaced[0].replacement, number(150), "the closest");
    assert_eq!(fixture.bought(), [number(150)]);
    assert_eq!(fixture.slots(), [(1, number(150)), (2, number(101))]);
    assert_eq!(fixture.fake.carried(), [(number(100), number(150))]);
    assert_eq!(fixture.fake.searched(), [SearchArea::AreaCode(310)], "once a run");
    let left_out = fixture.texts("not-carried-over");
    assert!(left_out[0].contains("emergency address") && left_out.len() == 1, "{left_out:?}");
    assert_eq!(fixture.texts("number-bought"), ["+13105550150 was bought from them for $1.15."]);
    assert_eq!(fixture.texts("replacement-charged"), ["$4.00 for the replacement of +13105550100."]);
    assert_eq!(fixture.ledger().charged_cents("acme", 0).unwrap(), 4_900 + 400);
    assert_eq!(fixture.ledger().spending("acme", fixture.now).unwrap().day_cents, 115);

    assert_eq!(fixture.orders()[0].rests_until, Some(NOW + 30 * DAY));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resting_number_that_is_imported_again_is_kept() {
    let mut fixture = Fixture::new(1, [150]).await;
    fixture.replace(&[100]).await;
    fixture.ledger().import_numbers("acme", &[number(100)], ImportedAs::Owned, fixture.now).unwrap();
    fixture.pass(31 * DAY);
    fixture.dialguard.resume("acme").await.unwrap();
    assert_eq!((fixture.fake.released(), fixture.orders()), (vec![], vec![]));
    assert_eq!(fixture.texts("number-kept").len(), 1);
}

/// It was replaced on day 0, is imported again on day 20 and replaced again on day 25, so it rests until day 55.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_is_imported_again_begins_its_own_rest() {
    let mut fixture = Fixture::new(1, [150, 151]).await;
    fixture.of_the_second_contract();
    fixture.replace(&[100]).await;
    fixture.pass(20 * DAY);
    fixture.ledger().import_numbers("acme", &[number(100)], ImportedAs::Owned, fixture.now).unwrap();
    assert_eq!(fixture.orders(), [], "its rest has ended");
    fixture.pass(5 * DAY);
    fixture.dialguard.decide("acme", &Request::StartMonitoring(vec![number(100)])).await.unwrap();
    assert_eq!(fixture.replace(&[100]).await.replaced[0].replacement, number(151));
    fixture.pass(7 * DAY);
    fixture.dialguard.resume("acme").await.unwrap();
    assert_eq!(fixture.fake.released(), Vec::<u64>::new(), "the first rest would have ended on day 30");
    fixture.pass(23 * DAY);
    fixture.dialguard.resume("acme").await.unwrap();
    assert_eq!(fixture.fake.released(), [number(100)]);
}

/// 0100 is given back after its rest, and the provider sells it again: to another account, not to the same one.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_was_given_back_can_replace_another_accounts_number() {
    let mut fixture = Fixture::new(1, [150]).await;
    fixture.of_the_second_contract();
    fixture.add_account("other", 200..201, fixture.buying()).await;
    fixture.replace(&[100]).await;
    fixture.pass(30 * DAY);
    fixture.dialguard.resume("acme").await.unwrap();
    fixture.fake.offers(number(100));
    let own = fixture.dialguard.decide("acme", &Request::ReplaceNumbers(vec![number(150)])).await.unwrap();
    assert_eq!(own.decision.outcomes[0].answer, Answer::NoCleanCandidate);
    let others = fixture.dialguard.decide("other", &Request::ReplaceNumbers(vec![number(200)])).await.unwrap();
    assert_eq!(others.replaced[0].replacement, number(100));
    assert!(fixture.ledger().numbers("acme").unwrap().iter().all(|known| known.number != number(100)));
}

/// The provider's search result counts only if the number can be bought.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_for_an_unavailable_number_is_abandoned_and_the_policy_decides_again() {
    for call in ["reserve", "order"] {
        let fixture = Fixture::new(1, [150, 151]).await;
        fixture.fake.fails_once(call, Fault::Gone);
        let decided = fixture.replace(&[100]).await;
        assert_eq!(decided.replaced[0].replacement, number(151), "{call}");
        assert_eq!(fixture.bought(), [number(151)], "{call}");
        assert_eq!(fixture.texts("order-abandoned").len(), 1, "{call}");
        assert_eq!(
            fixture.ledger().spending("acme", fixture.now).unwrap().day_cents,
            115,
            "the first one's price is free"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unavailable_number_is_not_offered_for_thirty_days() {
    let mut fixture = Fixture::new(1, [150]).await;
    fixture.fake.fails_once("order", Fault::SlowAndInVain);
    fixture.replace(&[100]).await;
    assert_eq!(fixture.orders(), [], "abandoned by the provider, and nothing else is on offer");
    assert!(fixture.texts("order-abandoned").iter().any(|text| text.contains("no other candidate is rated clean")));
    assert_eq!(fixture.slots(), [(1, number(100))], "no slot is lost");
    // The provider has it again.
    fixture.fake.offers(number(150));
    fixture.pass(30 * DAY - HOUR);
    assert_eq!(fixture.replace(&[100]).await.decision.outcomes[0].answer, Answer::NoCleanCandidate);
    fixture.pass(2 * HOUR);
    assert_eq!(fixture.replace(&[100]).await.replaced[0].replacement, number(150));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_was_flagged_since_it_was_chosen_is_not_bought() {
    let mut fixture = Fixture::new(1, [150, 151]).await;
    fixture.intend(&[100]).await;
    fixture.carriers_flag(&[150]);
    fixture.dialguard.resume("acme").await.unwrap();
    assert_eq!(fixture.bought(), [number(151)]);
    assert!(fixture.texts("order-abandoned")[0].contains("which 3 of 3 carriers flag"));
}

#[tokio::test(flavor = "multi_thread")]
async fn other_areas_are_searched_only_as_the_account_allows() {
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
        let fixture = Fixture::with(1, offers, |buying| buying.areas = areas.clone()).await;
        let replaced = fixture.replace(&[100]).await.replaced;
        let by = replaced.first().map(|order| order.replacement / 10_000_000 % 1_000);
        assert_eq!(by, expected, "{areas} of {on_offer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_search_costs_only_its_offers() {
    let fixture = Fixture::new(2, [150]).await;
    fixture.ledger().import_numbers("acme", &[number(160)], ImportedAs::Candidate, fixture.now).unwrap();
    fixture.fake.fails_once("search", Fault::LostBefore);
    let decided = fixture.replace(&[100]).await;
    assert_eq!(decided.replaced[0].replacement, number(160), "an imported candidate");
    assert!(decided.problems[0].contains("them: the search in area code 310 failed"), "{decided:?}");
    assert_eq!(fixture.texts("provider-problem").len(), 1);
    assert!(fixture.bought().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flagged_number_is_reviewed_again_and_counts_once_in_the_days_cap() {
    let fixture = Fixture::new(1, [150, 151, 152]).await;
    let mut settings = AccountSettings::default();
    settings.guard_rails.auto_replace = true;
    settings.values.set("checks-to-replace", "1");
    settings.guard_rails.replacements_per_day_max = 1;
    settings.values.set("mass-flag-percent", "100");
    let change = AccountChange { settings: Some(settings), ..AccountChange::default() };
    fixture.dialguard.change_account("acme", &change).await.unwrap();
    fixture.carriers_flag(&[100]);
    fixture.fake.fails_once("reserve", Fault::Gone);
    fixture.fake.fails_once("order", Fault::Gone);
    let reviewed = fixture.dialguard.review("acme").await.unwrap();
    let replaced: Vec<_> = reviewed.replaced.iter().map(|order| order.replacement).collect();
    assert_eq!((replaced, fixture.bought()), (vec![number(152)], vec![number(152)]));
}

/// At ten past midnight the policy is asked for another candidate, and rates nothing: the review at six does.
#[tokio::test(flavor = "multi_thread")]
async fn asking_again_before_the_review_time_is_not_the_daily_review() {
    let mut fixture = Fixture::new(2, [150, 151]).await;
    let mut settings = fixture.ledger().account("acme").unwrap().settings;
    settings.guard_rails.auto_replace = true;
    settings.values.set("new-number-grace-days", "0");
    let review_at = NaiveTime::from_hms_opt(6, 0, 0);
    let change = AccountChange { settings: Some(settings), review_at, ..AccountChange::default() };
    fixture.dialguard.change_account("acme", &change).await.unwrap();
    fixture.carriers_flag(&[100]);
    fixture.fake.fails_once("reserve", Fault::Later);
    let reviewed = fixture.dialguard.review_once("acme").await.unwrap().expect("it is nine o'clock");
    assert_eq!((reviewed.plan.reviews.len(), reviewed.replaced.len()), (2, 0));

    fixture.pass(15 * HOUR + 10 * MINUTE);
    fixture.fake.fails_once("reserve", Fault::Gone);
    let replaced = fixture.dialguard.resume("acme").await.unwrap();
    assert_eq!(replaced.iter().map(|order| order.replacement).collect::<Vec<_>>(), [number(151)]);
    fixture.pass(6 * HOUR - 10 * MINUTE);
    fixture.carriers_flag(&[]);
    let reviewed = fixture.dialguard.review_once("acme").await.unwrap().expect("it is six o'clock");
    assert_eq!((reviewed.plan.reviews.len(), reviewed.applied.unwrap().daily), (2, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_answer_was_lost_is_looked_up_before_it_is_sent_again() {
    for (fault, sent) in [(Fault::LostAfter, 1), (Fault::LostBefore, 2)] {
        let mut fixture = Fixture::new(1, [150]).await;
        fixture.fake.fails_once("order", fault);
        fixture.replace(&[100]).await;
        fixture.pass(2 * MINUTE);
        fixture.dialguard.resume("acme").await.unwrap();
        assert_eq!((fixture.fake.calls("order"), fixture.bought()), (sent, vec![number(150)]), "{fault:?}");
        assert_eq!(fixture.slots(), [(1, number(150))]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn caps_hold_and_a_waiting_order_is_reported_once() {
    let mut fixture = Fixture::with(3, (150..160).map(number), |buying| buying.day_cents_max = 2 * PRICE).await;
    fixture.add_webhook();
    assert_eq!(fixture.replace(&[100, 101, 102]).await.replaced.len(), 2);
    let stuck = fixture.orders().into_iter().find(|order| order.hold.is_some()).expect("one is stuck");
    let hold = stuck.hold.unwrap();
    assert!(hold.is_stuck && hold.problem.contains("$3.45 would be spent on numbers in a day"));
    for _ in 0..5 {
        fixture.pass(HOUR);
        fixture.dialguard.resume("acme").await.unwrap();
    }
    assert_eq!(fixture.bought().len(), 2, "the day is not over");
    assert_eq!(fixture.texts("order-stuck").len(), 1);
    assert_eq!(fixture.messages("order.stuck").len(), 1);
    fixture.buys(Buying { day_cents_max: 3 * PRICE, ..fixture.buying() });
    assert_eq!(fixture.dialguard.resume("acme").await.unwrap().len(), 1, "a raised cap holds no order up");
    assert_eq!(fixture.ledger().spending("acme", fixture.now).unwrap().day_cents, 345);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_cannot_be_changed_while_orders_are_in_progress() {
    let mut fixture = Fixture::new(1, [150]).await;
    fixture.of_the_second_contract();
    fixture.intend(&[100]).await;
    let none = AccountChange { buying: Some(Buying::default()), ..AccountChange::default() };
    let refused = fixture.ledger().change_account("acme", &none, fixture.now).unwrap_err().to_string();
    assert!(refused.contains("replacements from them are in progress"), "{refused}");
    fixture.dialguard.resume("acme").await.unwrap();
    fixture.ledger().change_account("acme", &none, fixture.now).unwrap();
    fixture.pass(31 * DAY);
    fixture.dialguard.resume("acme").await.unwrap();
    assert_eq!(fixture.fake.released(), [number(100)], "a resting number is given back anyway");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_abandoned_only_if_nothing_was_bought() {
    let mut fixture = Fixture::new(2, [150, 151]).await;
    fixture.intend(&[100]).await;
    fixture.dialguard.abandon_order(fixture.orders()[0].id).await.unwrap();
    assert_eq!((fixture.orders(), fixture.bought()), (vec![], vec![]));

    fixture.fake.fails_once("order", Fault::DiesAfter);
    let cut = tokio::select! { _ = fixture.replace(&[101]) => false, () = fixture.fake.dies() => true };
    assert!(cut);
    fixture.reopen();
    fixture.pass(3 * MINUTE);
    let order = fixture.orders()[0].clone();
    assert_eq!(order.state, OrderState::Ordering);
    let refused = fixture.dialguard.abandon_order(order.id).await.unwrap_err().to_string();
    assert!(refused.contains("was bought"), "{refused}");
    fixture.dialguard.resume("acme").await.unwrap();
    assert_eq!(fixture.slots()[1], (2, order.replacement));
}

/// Several processes on one ledger, each with every order: no order is sent twice, and no cap is exceeded.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn racing_processes_send_nothing_twice_and_keep_to_the_caps() {
    let mut fixture = Fixture::with(10, (150..190).map(number), |buying| buying.day_cents_max = 4 * PRICE).await;
    fixture.intend(&[100, 101, 102, 103, 104, 105, 106, 107, 108, 109]).await;
    for day in 1..=3 {
        let racing: Vec<_> = (0..6)
            .map(|_| {
                let dialguard = fixture.another();
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
        let bought = fixture.bought();
        assert_eq!(bought.len(), (4 * day).min(10), "a day's cap is four numbers");
        fixture.pass(DAY);
    }
    assert_eq!(fixture.texts("replacement-charged").len(), 10);
    assert_eq!(fixture.slots().len(), 10);
}

/// Two accounts with the same closest candidates ask at the same time: each gets its own number.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn accounts_that_want_the_same_number_get_one_each() {
    let fixture = Fixture::with(10, (150..170).map(number), |buying| buying.day_cents_max = 10 * PRICE).await;
    fixture.add_account("other", 110..120, fixture.buying()).await;
    let mut wanted = BTreeMap::new();
    for round in 0..10 {
        let asked = [("acme", 100 + round), ("other", 110 + round)].map(|(account, last_digits)| {
            let dialguard = fixture.another();
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
    assert_eq!(fixture.bought().len(), 20);
    assert_eq!(["acme", "other"].map(|id| fixture.ledger().account(id).unwrap().occupied), [10, 10]);
}

/// A thousand replacements, in accounts of fifteen numbers: the provider fails in every way at random, the program dies
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
    eprintln!("{replaced} replaced, {abandoned} orders abandoned, the program died {died} times");
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
    fixture: Fixture,
    random: u64,
    died: u32,
}

impl Chaos {
    async fn play(seed: u64) -> History {
        let on_offer = (150..350).map(number);
        let fixture = Fixture::with(NUMBERS, on_offer, |buying| {
            buying.day_cents_max = 6 * PRICE;
            buying.cycle_cents_max = 40 * PRICE;
        })
        .await;
        fixture.set(|settings| settings.values.set("rest-days", (seed % 3 * 15).to_string())).await;
        let mut chaos = Chaos { fixture, random: seed * 0x9E37_79B9 + 1, died: 0 };
        let all: Vec<_> = (100..100 + NUMBERS).collect();
        chaos.fixture.intend(&all).await;
        chaos.fixture.fake.fails_at_random(30, seed);
        for _ in 0..150 {
            chaos.take_random_action().await;
            chaos.assert_invariants();
        }
        chaos.fixture.fake.fails_at_random(0, seed);
        chaos.settle().await
    }

    fn random(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % below
    }

    async fn take_random_action(&mut self) {
        match self.random(20) {
            0 => self.fixture.reopen(),
            1 => self.fixture.pass(DAY),
            2 => self.fixture.pass(HOUR),
            3..=6 => self.fixture.pass(3 * MINUTE),
            7 => self.resume().await,
            8 if self.random(3) == 0 => self.review().await,
            _ => self.take_a_step().await,
        }
    }

    async fn take_a_step(&mut self) {
        let orders = self.fixture.orders();
        if orders.is_empty() {
            return;
        }
        let order = orders[self.random(orders.len() as u64) as usize].id;
        let died = {
            let (fulfilment, fake) = (self.fixture.dialguard.fulfilment(), &self.fixture.fake);
            tokio::select! { taken = fulfilment.step(order) => { taken.unwrap(); false }, () = fake.dies() => true }
        };
        self.go_on(died);
    }

    async fn resume(&mut self) {
        let died = {
            let (dialguard, fake) = (&self.fixture.dialguard, &self.fixture.fake);
            tokio::select! { taken = dialguard.resume("acme") => { taken.unwrap(); false }, () = fake.dies() => true }
        };
        self.go_on(died);
    }

    async fn review(&mut self) {
        let died = {
            let (dialguard, fake) = (&self.fixture.dialguard, &self.fixture.fake);
            tokio::select! { made = dialguard.review("acme") => { made.unwrap(); false }, () = fake.dies() => true }
        };
        self.go_on(died);
    }

    fn go_on(&mut self, died: bool) {
        if died {
            self.died += 1;
            self.fixture.reopen();
        }
    }

    fn assert_invariants(&self) {
        let fixture = &self.fixture;
        let slots = fixture.slots();
        assert_eq!(slots.len() as u64, NUMBERS, "no slot is lost: {slots:?}");
        assert!(slots.windows(2).all(|pair| pair[0].0 < pair[1].0), "a slot has one number: {slots:?}");
        let (mut by_reference, mut by_day) = (BTreeMap::new(), BTreeMap::new());
        for bought in fixture.fake.bought() {
            *by_reference.entry(bought.reference).or_insert(0) += 1;
            *by_day.entry(bought.at / DAY).or_insert(0) += 1;
        }
        assert!(by_reference.values().all(|times| *times == 1), "one purchase an intent: {by_reference:?}");
        // A slow provider may carry out an order of an earlier day.
        let ordered = fixture.ledger().spending("acme", fixture.now).unwrap();
        assert!(ordered.day_cents <= u64::from(6 * PRICE) && ordered.cycle_cents <= u64::from(40 * PRICE));
        // A number that is not replaced has an open order, or an event that says why not.
        let orders = fixture.orders();
        let (abandoned, replaced) = (fixture.texts("order-abandoned"), fixture.texts("replaced"));
        let is_back = |number: u64| replaced.iter().any(|text| text.starts_with(&format!("+{number} ")));
        for (_, number) in slots.iter().filter(|(_, number)| *number < self::number(150) && !is_back(*number)) {
            let is_recorded = abandoned.iter().any(|text| text.starts_with(&format!("+{number} ")));
            assert!(orders.iter().any(|order| order.number == *number) || is_recorded, "+{number} was forgotten");
        }
    }

    /// The provider works again: every order ends.
    async fn settle(mut self) -> History {
        for _ in 0..40 {
            self.fixture.pass(7 * HOUR);
            self.resume().await;
            self.assert_invariants();
        }
        self.fixture.pass(31 * DAY);
        self.review().await;
        let fixture = &self.fixture;
        assert_eq!(fixture.orders(), [], "every order ended");
        let owned: Vec<_> = fixture.ledger().numbers("acme").unwrap().iter().map(|known| known.number).collect();
        assert_eq!(fixture.fake.owns().into_iter().collect::<Vec<_>>(), owned, "provider and ledger agree");
        let replaced = fixture.texts("replaced").len();
        assert_eq!(fixture.texts("replacement-charged").len(), replaced);
        let ready = fixture.ledger().pool("acme", fixture.now).unwrap().ready as usize;
        let reused = fixture.replaced_by_own();
        assert_eq!(ready + reused, replaced, "every carrier calls every number clean: each is offered again");
        assert_eq!(fixture.fake.released(), Vec::<u64>::new());
        History { replaced, died: self.died, abandoned: fixture.texts("order-abandoned").len() }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_returns_the_new_state() {
    let mut fixture = Fixture::new(1, [150]).await;
    fixture.of_the_second_contract();
    fixture.intend(&[100]).await;
    let order = fixture.orders()[0].id;
    use OrderState::{Acquired, CarriedOver, Reserved, Screened, Swapped};
    for state in [Reserved, Screened, Acquired, CarriedOver, Swapped] {
        assert_eq!(fixture.dialguard.fulfilment().step(order).await.unwrap(), Step::MovedOn(state));
    }
    assert_eq!(fixture.dialguard.fulfilment().step(order).await.unwrap(), Step::Waits(fixture.now + 30 * DAY));
    fixture.pass(30 * DAY);
    assert_eq!(fixture.dialguard.fulfilment().step(order).await.unwrap(), Step::MovedOn(OrderState::Done));
    assert_eq!(fixture.dialguard.fulfilment().step(order).await.unwrap(), Step::Over);
    assert!(fixture.dialguard.fulfilment().step(99).await.is_err());
}
