//! An order lives only as long as its reason: what is planned now and done later is looked at again.

use super::*;
use crate::harness::policies::first_contract::first_contract_with;
use dialguard::contract::{Deletion, Status};
use dialguard::dialer::Dialer;
use dialguard_dialer::ledger::{AccountView, Event, RecordLimits, RunOutcome, RunRecord};
use dialguard_dialer::sources::inquiry::Sources;

/// What an account was charged, without its block.
fn replacement_charges(fixture: &Fixture) -> u64 {
    fixture.ledger().charged_cents("acme", 0).unwrap() - 4_900
}

/// Automatic replacement is on, and one check flags or clears.
async fn automatic(monitored: u64, cap_cents: u32) -> Fixture {
    let fixture = Fixture::with(monitored, (150..200).map(number), |buying| buying.day_cents_max = cap_cents).await;
    fixture
        .set(|settings| {
            settings.guard_rails.auto_replace = true;
            settings.values.set("checks-to-clear", "1");
            settings.values.set("new-number-grace-days", "0");
        })
        .await;
    fixture
}

fn raise_cap(fixture: &Fixture) {
    fixture.buys(Buying { day_cents_max: 10_000, cycle_cents_max: 10_000, ..fixture.buying() });
}

async fn review(fixture: &Fixture) {
    fixture.dialguard.review("acme").await.unwrap();
}

async fn resume(fixture: &Fixture) -> usize {
    fixture.dialguard.resume("acme").await.unwrap().len()
}

/// A user's request is planned, and the program is killed before anything of it is done.
pub async fn plan_and_die(fixture: &mut Fixture, request: Request) {
    let ledger = fixture.ledger().clone();
    let dialer = Dialer {
        clock: Arc::new(FixedClock(fixture.now)),
        carriers: Sources::new(ledger.clone()).inquiry(fixture.now),
        inventory: Arc::new(AccountView::new(ledger.clone(), ledger.account("acme").unwrap(), fixture.now)),
    };
    let decided = fixture.policy.decide(&dialer, "acme", &request).await.unwrap();
    let record = RunRecord {
        policy: fixture.policy.sha256(),
        revision: None,
        contract: fixture.policy.contract_version(),
        limits: fixture.policy.limits(),
        kept: RecordLimits::default(),
        outcome: &RunOutcome::Request(request, decided.answer),
        inputs: &decided.inputs,
        recording: &decided.recording,
        answers: &[],
        by_source: &[],
        problems: &[],
        counted_before: 0,
        provider_problems: &[],
    };
    ledger.apply("acme", record).unwrap();
    fixture.reopen();
}

/// The cap is raised three days after the number turned clean and automatic replacement was turned off.
#[tokio::test(flavor = "multi_thread")]
async fn a_clean_number_is_not_replaced_when_a_cap_is_raised_later() {
    let mut fixture = automatic(2, 0).await;
    fixture.carriers_flag(&[100]);
    review(&fixture).await;
    assert!(fixture.orders()[0].hold.as_ref().unwrap().problem.contains("above the cap"), "it waits");

    fixture.pass(DAY);
    fixture.carriers_flag(&[]);
    review(&fixture).await;
    assert_eq!(fixture.orders(), [], "its reason is gone");
    let abandoned = fixture.texts("order-abandoned");
    let words = "+13105550100 was not replaced by +13105550150, and nothing was spent: its status is clean";
    assert!(abandoned.len() == 1 && abandoned[0].starts_with(words), "{abandoned:?}");

    fixture.set(|settings| settings.guard_rails.auto_replace = false).await;
    fixture.pass(3 * DAY);
    raise_cap(&fixture);
    assert_eq!((resume(&fixture).await, fixture.bought()), (0, vec![]));
    assert_eq!(fixture.slots(), [(1, number(100)), (2, number(101))]);
    assert_eq!(replacement_charges(&fixture), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_ends_when_automatic_replacement_is_turned_off() {
    let mut fixture = automatic(1, 0).await;
    fixture.carriers_flag(&[100]);
    review(&fixture).await;
    fixture.set(|settings| settings.guard_rails.auto_replace = false).await;
    resume(&fixture).await;
    assert!(fixture.texts("order-abandoned")[0].ends_with("nothing was spent: automatic replacement is off."));
    // Nothing was wrong with the candidate: it is offered again at once.
    raise_cap(&fixture);
    fixture.set(|settings| settings.guard_rails.auto_replace = true).await;
    fixture.pass(DAY);
    review(&fixture).await;
    assert_eq!(fixture.slots(), [(1, number(150))]);
}

/// Three numbers turn flagged on each of five days under a cap. When it is raised, the day's limit holds on that day.
#[tokio::test(flavor = "multi_thread")]
async fn the_days_limit_counts_on_the_day_of_the_swap() {
    let mut fixture = automatic(15, 0).await;
    fixture.set(|settings| settings.guard_rails.replacements_per_day_max = 3).await;
    for day in 1..=5 {
        let flagged: Vec<_> = (100..100 + 3 * day).collect();
        fixture.carriers_flag(&flagged);
        review(&fixture).await;
        fixture.pass(DAY);
    }
    raise_cap(&fixture);
    assert_eq!(resume(&fixture).await, 3);
    assert_eq!(replacement_charges(&fixture), 1_200, "three at $4.00, not fifteen");
    for day in 2..=5 {
        review(&fixture).await;
        assert_eq!(fixture.texts("replaced").len(), 3 * (day - 1), "the day's limit is reached");
        fixture.pass(DAY);
        review(&fixture).await;
        assert_eq!(fixture.texts("replaced").len(), 3 * day, "three on each day that follows");
    }
}

/// Orders that were planned under a higher limit: the policy says which of them are made today.
#[tokio::test(flavor = "multi_thread")]
async fn orders_beyond_a_lowered_limit_are_abandoned() {
    let mut fixture = automatic(10, 0).await;
    fixture.set(|settings| settings.guard_rails.replacements_per_day_max = 50).await;
    fixture.carriers_flag(&[100, 101, 102, 103, 104]);
    review(&fixture).await;
    assert_eq!(fixture.orders().len(), 5);
    fixture.set(|settings| settings.guard_rails.replacements_per_day_max = 2).await;
    raise_cap(&fixture);
    assert_eq!(resume(&fixture).await, 2);
    let abandoned = fixture.texts("order-abandoned");
    assert!(abandoned.len() == 3 && abandoned[0].contains("replacements-per-day-max is 2"), "{abandoned:?}");
    assert_eq!(fixture.texts("order-stuck").len(), 5, "while the cap held them up");
    fixture.pass(DAY);
    review(&fixture).await;
    assert_eq!(fixture.texts("replaced").len(), 4, "the others follow");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mass_flag_hold_ends_orders_that_wait() {
    let mut fixture = automatic(12, 0).await;
    fixture.set(|settings| settings.values.set("mass-flag-percent", "50")).await;
    fixture.carriers_flag(&[100]);
    review(&fixture).await;
    assert_eq!(fixture.orders().len(), 1);
    fixture.pass(DAY);
    fixture.carriers_flag(&(100..110).collect::<Vec<_>>());
    review(&fixture).await;
    let abandoned = fixture.texts("order-abandoned");
    assert!(abandoned[0].contains("a carrier's error is more likely"), "{abandoned:?}");
    raise_cap(&fixture);
    assert_eq!((resume(&fixture).await, fixture.bought()), (0, vec![]));
    // The next day is another: the policy plans again.
    fixture.pass(DAY);
    review(&fixture).await;
    assert!(fixture.texts("replaced").iter().any(|text| text.starts_with("+13105550100 ")));
}

/// A kill interrupts an order on hand; a week later the add-on is off.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_on_hand_ends_when_the_add_on_is_off() {
    let mut fixture = Fixture::with(1, [], |buying| buying.provider = None).await;
    fixture.ledger().import_numbers("acme", &[number(160)], ImportedAs::Candidate, fixture.now).unwrap();
    plan_and_die(&mut fixture, Request::ReplaceNumbers(vec![number(100)])).await;
    fixture.switch(false).await;
    fixture.pass(7 * DAY);
    assert_eq!(resume(&fixture).await, 0);
    assert_eq!((fixture.slots(), fixture.orders()), (vec![(1, number(100))], vec![]));
    assert_eq!(replacement_charges(&fixture), 0);
    let words = "+13105550100 was not replaced by +13105550160, and nothing was spent: the add-on is off.";
    assert_eq!(fixture.texts("order-abandoned"), [words]);
    assert_eq!(fixture.ledger().candidate_count("acme").unwrap(), 1, "its candidate is one again");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_bought_for_a_request_while_the_add_on_is_off() {
    let mut fixture = Fixture::new(1, [150]).await;
    fixture.intend(&[100]).await;
    fixture.switch(false).await;
    resume(&fixture).await;
    assert_eq!((fixture.bought(), fixture.orders()), (vec![], vec![]));
    assert!(fixture.texts("order-abandoned")[0].ends_with("the add-on is off."));
    fixture.switch(true).await;
    assert_eq!(fixture.replace(&[100]).await.replaced.len(), 1, "the same candidate, when asked again");
}

/// The grounds go after the number was bought: it is not lost, and its price stays counted.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_bought_for_an_order_that_ends_stays_as_a_candidate() {
    let fixture = automatic(1, 115).await;
    fixture.carriers_flag(&[100]);
    fixture.fake.fails_once("carry_over", Fault::Later);
    review(&fixture).await;
    assert_eq!(fixture.orders()[0].state, OrderState::Acquired);
    fixture.set(|settings| settings.guard_rails.auto_replace = false).await;
    resume(&fixture).await;
    let words = "+13105550100 was not replaced by +13105550150: automatic replacement is off. +13105550150 was bought for \
                 $1.15 and stays in the account as a candidate.";
    assert_eq!(fixture.texts("order-abandoned"), [words]);
    assert_eq!((fixture.slots(), replacement_charges(&fixture)), (vec![(1, number(100))], 0));
    assert_eq!(fixture.ledger().spending("acme", fixture.now).unwrap().day_cents, 115);
    assert!(fixture.fake.owns().contains(&number(150)));

    let replaced = fixture.replace(&[100]).await.replaced;
    assert_eq!((replaced[0].replacement, replaced[0].price_cents), (number(150), None), "it is on hand");
    assert_eq!((fixture.bought().len(), fixture.orders().len()), (1, 1), "and the old number rests");
}

/// Until its slot has moved, a number that was bought is its order's, and no request takes it.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_bought_for_an_order_is_not_taken_by_another_request() {
    let fixture = Fixture::new(1, [150]).await;
    fixture.fake.fails_once("carry_over", Fault::Later);
    fixture.replace(&[100]).await;
    assert_eq!(fixture.orders()[0].state, OrderState::Acquired);
    let deletion = Deletion { numbers: vec![number(150)], accept_slot_loss: true };
    for request in [Request::StartMonitoring(vec![number(150)]), Request::DeleteNumbers(deletion)] {
        let decided = fixture.dialguard.decide("acme", &request).await.unwrap().decision;
        assert_eq!(decided.outcomes[0].answer, Answer::NotOwned, "{request:?}");
    }
    fixture.dialguard.retry_order(1).await.unwrap();
    assert_eq!(fixture.slots(), [(1, number(150))]);
}

/// A purchase that may have been made is looked up before its order ends, and is not repeated.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_may_have_been_sent_ends_only_when_its_purchase_is_known() {
    for (fault, is_bought) in [(Fault::LostAfter, true), (Fault::LostBefore, false)] {
        let mut fixture = automatic(1, 1_000).await;
        fixture.carriers_flag(&[100]);
        fixture.fake.fails_once("order", fault);
        fixture.fake.fails_once("standing", Fault::Later);
        review(&fixture).await;
        assert_eq!(fixture.orders()[0].state, OrderState::Ordering, "{fault:?}");
        fixture.set(|settings| settings.guard_rails.auto_replace = false).await;
        fixture.pass(2 * MINUTE);
        resume(&fixture).await;
        assert_eq!(fixture.orders().is_empty(), is_bought, "{fault:?}: an unknown order may still arrive");
        fixture.pass(2 * HOUR);
        resume(&fixture).await;
        assert_eq!((fixture.orders(), fixture.fake.calls("order")), (vec![], 1), "{fault:?}");
        assert_eq!(fixture.slots(), [(1, number(100))], "{fault:?}");
        let spent = fixture.ledger().spending("acme", fixture.now).unwrap().day_cents;
        assert_eq!(
            (spent, fixture.ledger().candidate_count("acme").unwrap()),
            if is_bought { (115, 1) } else { (0, 0) }
        );
    }
}

/// No answer is not a verdict: the order waits, and the same number is bought when the carriers answer again.
#[tokio::test(flavor = "multi_thread")]
async fn an_outage_while_an_order_is_screened_is_waited_for() {
    let mut fixture = Fixture::new(1, [150, 151]).await;
    fixture.intend(&[100]).await;
    let file = fixture.folder.path().join("verdicts.csv");
    std::fs::rename(&file, file.with_extension("away")).unwrap();
    for _ in 0..3 {
        resume(&fixture).await;
        let hold = fixture.orders()[0].hold.clone().expect("it waits");
        assert!(hold.problem.starts_with("+13105550150 could not be screened: carriers: "), "{hold:?}");
        fixture.pass(10 * MINUTE);
    }
    assert_eq!(fixture.texts("order-abandoned"), [""; 0]);
    std::fs::rename(file.with_extension("away"), &file).unwrap();
    assert_eq!((resume(&fixture).await, fixture.bought()), (1, vec![number(150)]));
}

/// A number on hand was flagged while its order waited.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_on_hand_is_screened_before_it_is_used() {
    let mut fixture = Fixture::with(1, [], |buying| buying.provider = None).await;
    fixture.ledger().import_numbers("acme", &[number(160), number(170)], ImportedAs::Candidate, fixture.now).unwrap();
    plan_and_die(&mut fixture, Request::ReplaceNumbers(vec![number(100)])).await;
    assert_eq!(fixture.orders()[0].replacement, number(160));
    fixture.carriers_flag(&[160]);
    fixture.pass(HOUR);
    assert_eq!(resume(&fixture).await, 1);
    assert_eq!(fixture.slots(), [(1, number(170))]);
    assert!(fixture.texts("order-abandoned")[0].contains("no longer chooses +13105550160, which 3 of 3 carriers flag"));
}

/// A policy that accepts candidates at risk gets them: the host has no rule of its own about what is clean.
#[tokio::test(flavor = "multi_thread")]
async fn the_policys_own_acceptance_decides_what_is_bought() {
    let takes_any_rated = first_contract_with(
        "(if (i32.ne (call $rate (local.get $candidate)) (i32.const 1)) (then (return (i32.const 0))))",
        "(if (i32.eqz (call $rate (local.get $candidate))) (then (return (i32.const 0))))",
    );
    for (policy, expected) in [(Policy::compile(&takes_any_rated, Limits::default()).unwrap(), 150), (reference(), 151)]
    {
        let mut fixture = Fixture::new(1, [150, 151]).await;
        fixture.policy = policy;
        fixture.reopen();
        fixture.intend(&[100]).await;
        fixture.carriers_say(|last_digits, carrier| last_digits == 150 && carrier == 0);
        resume(&fixture).await;
        let (screened, _) = fixture.dialguard.screen("acme", &[number(150)]).await.unwrap();
        assert_eq!(screened[0].status, Status::AtRisk);
        assert_eq!(fixture.bought(), [number(expected)]);
    }
}

/// Each obstacle of an order is reported once, also the second one.
#[tokio::test(flavor = "multi_thread")]
async fn each_new_obstacle_is_reported_once() {
    let mut fixture = Fixture::with(1, [150].map(number), |buying| buying.day_cents_max = 0).await;
    fixture.add_webhook();
    fixture.replace(&[100]).await;
    for cap in [10, 20] {
        fixture.buys(Buying { day_cents_max: cap, ..fixture.buying() });
        fixture.pass(HOUR);
        resume(&fixture).await;
    }
    raise_cap(&fixture);
    for _ in 0..3 {
        fixture.fake.fails_once("reserve", Fault::Refused);
        resume(&fixture).await;
        fixture.pass(DAY);
    }
    let stuck = fixture.texts("order-stuck");
    assert!(stuck.len() == 2 && stuck[0].contains("the cap of $0.00") && stuck[1].contains("no funds"), "{stuck:?}");
    assert_eq!(fixture.messages("order.stuck").len(), 2);
    resume(&fixture).await;
    assert_eq!(fixture.slots(), [(1, number(150))]);
}

/// A dialer that follows the messages dials only from numbers that it owns.
#[tokio::test(flavor = "multi_thread")]
async fn messages_say_when_a_slot_has_moved_and_when_it_will_not() {
    let mut fixture = automatic(2, 0).await;
    fixture.add_webhook();
    fixture.carriers_flag(&[100, 101]);
    review(&fixture).await;
    assert_eq!(fixture.messages("number.replaced").len(), 0, "only planned");
    let planned = &fixture.messages("review.completed")[0]["planned-replacements"];
    assert_eq!((&planned["count"], &planned["first"][0]["replacement"]), (&json!(2), &json!("+13105550150")));

    fixture.pass(DAY);
    fixture.carriers_flag(&[101]);
    review(&fixture).await;
    let abandoned = fixture.messages("order.abandoned");
    assert_eq!(abandoned.len(), 1);
    assert_eq!((&abandoned[0]["order"], &abandoned[0]["number"]), (&json!(1), &json!("+13105550100")));
    assert_eq!((&abandoned[0]["slot"], &abandoned[0]["asked-again"]), (&json!(1), &json!(false)));

    raise_cap(&fixture);
    resume(&fixture).await;
    let replaced = fixture.messages("number.replaced");
    assert_eq!(replaced.len(), 1);
    let said = ["order", "number", "replacement", "slot", "why", "number-stops-at"].map(|name| &replaced[0][name]);
    let stops_at = rfc3339(fixture.now + 30 * DAY);
    assert_eq!(json!(said), json!([2, "+13105550101", "+13105550151", 2, "flagged", stops_at]));
}

/// What was committed is not reported as 'nothing changed', even if the ledger fails right after.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_planned_and_not_carried_out_is_under_way() {
    let fixture = Fixture::new(1, [150]).await;
    let database = rusqlite::Connection::open(fixture.folder.path().join("dialguard.db")).unwrap();
    let fails = "CREATE TRIGGER fails BEFORE UPDATE OF lease ON orders BEGIN SELECT RAISE(ABORT, 'disk full'); END";
    database.execute_batch(fails).unwrap();
    let decided = fixture.replace(&[100]).await;
    assert_eq!(decided.completions(&[number(100)]), [Completion::UnderWay(1)]);
    assert!(decided.problems[0].contains("could not be carried out yet"), "{:?}", decided.problems);
    database.execute_batch("DROP TRIGGER fails").unwrap();
    assert_eq!(resume(&fixture).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_is_done_not_done_or_under_way() {
    let fixture = Fixture::new(4, [150, 151, 152]).await;
    let completions = async |last_digits: u64| {
        let decided = fixture.replace(&[last_digits]).await;
        decided.completions(&[number(last_digits)])[0]
    };
    assert_eq!(completions(100).await, Completion::Done);
    assert_eq!(completions(100).await, Completion::NotDone, "it has left");
    fixture.fake.fails_once("reserve", Fault::Later);
    assert_eq!(completions(101).await, Completion::UnderWay(2));
    fixture.fake.fails_once("order", Fault::Gone);
    assert_eq!(completions(102).await, Completion::NotDone, "accepted, and no candidate could be bought");
}

/// Random histories: outages, caps, switches, limits and verdicts change while orders wait.
mod histories {
    use super::*;

    const NUMBERS: u64 = 15;
    const HISTORIES: u64 = 24;
    const ACTIONS: usize = 60;

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn nothing_is_bought_moved_or_charged_without_grounds() {
        let mut under_way = tokio::task::JoinSet::new();
        (1..=HISTORIES).for_each(|seed| drop(under_way.spawn(History::play(seed))));
        let (mut replaced, mut abandoned) = (0, 0);
        while let Some(played) = under_way.join_next().await {
            let played = played.expect("a history holds");
            (replaced, abandoned) = (replaced + played.0, abandoned + played.1);
        }
        assert!(replaced > 40 && abandoned > 20, "{replaced} {abandoned}: there was something to see");
    }

    struct History {
        fixture: Fixture,
        random: u64,
    }

    impl History {
        async fn play(seed: u64) -> (usize, usize) {
            let fixture = automatic(NUMBERS, 300).await;
            let mut history = History { fixture, random: seed * 0x9E37_79B9 + 1 };
            for _ in 0..ACTIONS {
                let before = history.seen();
                history.take_random_action().await;
                history.assert_grounds(&before);
            }
            let fixture = &history.fixture;
            (fixture.texts("replaced").len(), fixture.texts("order-abandoned").len())
        }

        fn random(&mut self, below: u64) -> u64 {
            self.random ^= self.random << 13;
            self.random ^= self.random >> 7;
            self.random ^= self.random << 17;
            self.random % below
        }

        async fn take_random_action(&mut self) {
            let value = self.random(1 << 32);
            let fixture = &mut self.fixture;
            match value % 16 {
                0 => fixture.set(|settings| settings.guard_rails.auto_replace = value & 16 != 0).await,
                1 => fixture.switch(value & 48 != 0).await,
                2 => {
                    fixture
                        .set(|settings| settings.guard_rails.replacements_per_day_max = (value >> 4) as u16 % 4)
                        .await
                }
                3 => fixture.buys(Buying { day_cents_max: (value >> 4) as u32 % 5 * PRICE, ..fixture.buying() }),
                4 => fixture.fake.fails_at_random(value >> 4 & 31, value),
                5 => {
                    let file = fixture.folder.path().join("verdicts.csv");
                    std::fs::remove_file(file).ok();
                }
                6..=8 => {
                    fixture.carriers_say(|last, _| (value >> 4) & (1 << (last % 23)) != 0 && value & (last | 3) != 0);
                }
                9 | 10 => fixture.pass(10 * MINUTE),
                11 => fixture.pass(DAY),
                12 => {
                    let last_digits = 100 + (value >> 4) % NUMBERS;
                    let requested = Request::ReplaceNumbers(vec![number(last_digits)]);
                    self.until_death(async |dialguard| drop(dialguard.decide("acme", &requested).await)).await;
                }
                13 | 14 => self.until_death(async |dialguard| drop(dialguard.review("acme").await)).await,
                _ => self.until_death(async |dialguard| drop(dialguard.resume("acme").await)).await,
            }
        }

        async fn until_death(&mut self, action: impl AsyncFnOnce(&Dialguard)) {
            let died = {
                let (dialguard, fake) = (&self.fixture.dialguard, &self.fixture.fake);
                tokio::select! { () = action(dialguard) => false, () = fake.dies() => true }
            };
            if died {
                self.fixture.reopen();
                self.fixture.pass(3 * MINUTE);
            }
        }

        fn seen(&self) -> Seen {
            Seen { replaced: self.fixture.texts("replaced").len(), sent: self.fixture.fake.calls("order") }
        }

        /// An action changes the switches or carries orders out, never both: so the switches are now what they were.
        fn assert_grounds(&self, before: &Seen) {
            let fixture = &self.fixture;
            let account = fixture.ledger().account("acme").unwrap();
            let events = fixture.ledger().events("acme", EventFilter { number: None, last: 100_000 }).unwrap();
            let moved: Vec<_> = events.iter().filter(|event| event.kind == "replaced").skip(before.replaced).collect();
            assert!(account.enabled || (moved.is_empty() && fixture.fake.calls("order") == before.sent));
            for event in moved.iter().filter(|event| !event.text.contains("Requested by a user")) {
                assert!(account.settings.guard_rails.auto_replace, "{event:?}");
                let latest = events.iter().rfind(|other| {
                    other.number == event.number && other.id < event.id && other.kind.starts_with("turned-")
                });
                assert!(latest.is_some_and(|latest| latest.kind == "turned-flagged"), "{event:?} after {latest:?}");
            }
            let is_automatic = |event: &&Event| event.kind == "replaced" && !event.text.contains("Requested by a user");
            let automatic =
                events.iter().filter(is_automatic).filter(|event| event.at / DAY == fixture.now / DAY).count();
            let limit = usize::from(account.settings.guard_rails.replacements_per_day_max);
            assert!(!moved.iter().any(is_automatic) || automatic <= limit, "{automatic} of {limit} today");
            self.assert_money(&events);
        }

        fn assert_money(&self, events: &[Event]) {
            let fixture = &self.fixture;
            assert_eq!(fixture.slots().len() as u64, NUMBERS, "no slot is lost");
            let count = |kind: &str| events.iter().filter(|event| event.kind == kind).count();
            assert_eq!(count("replacement-charged"), count("replaced"));
            // What was bought is in the account, has left it after a swap, or is about to be confirmed.
            let known: Vec<_> = fixture.ledger().numbers("acme").unwrap().iter().map(|known| known.number).collect();
            let replaced = |number| events.iter().any(|event| event.kind == "replaced" && event.number == Some(number));
            let candidates = fixture.ledger().candidate_count("acme").unwrap() as usize;
            let elsewhere = fixture.bought().into_iter().filter(|number| !known.contains(number) && !replaced(*number));
            let open = fixture.orders().iter().filter(|order| order.state < OrderState::Swapped).count();
            assert!(elsewhere.count() <= candidates + open, "a number that was bought is lost");
        }
    }

    struct Seen {
        replaced: usize,
        sent: usize,
    }
}
