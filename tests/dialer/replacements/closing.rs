//! Closing an account: what becomes of its orders and its money, and that nothing of it changes afterwards.

use super::*;
use dialguard_dialer::dialguard::DialguardError;
use dialguard_dialer::ledger::{Closing, EventQuery, ImportOutcome, LedgerError};
use proptest::prelude::*;

impl Fixture {
    fn preview(&self) -> Closing {
        self.ledger().try_close_account("acme", self.now).expect("a preview")
    }

    fn close(&self) -> Closing {
        self.ledger().close_account("acme", self.now).expect("it is closed").expect("it was open")
    }

    #[track_caller]
    fn assert_closed(&self) {
        let account = self.ledger().account("acme").unwrap();
        assert_eq!(
            (account.closed_at.is_some(), account.enabled, account.occupied, account.locked),
            (true, false, 0, 0)
        );
        assert_eq!(self.orders(), []);
        assert_eq!(self.ledger().numbers("acme").unwrap(), []);
        self.assert_sound();
    }

    fn execute(&self, sql: &str) -> rusqlite::Result<usize> {
        rusqlite::Connection::open(self.folder.path().join("dialguard.db")).unwrap().execute(sql, [])
    }
}

// Orders

#[tokio::test(flavor = "multi_thread")]
async fn replacements_that_have_bought_nothing_are_abandoned_and_cost_nothing() {
    let mut fixture = Fixture::new(3, [150, 151]).await;
    fixture.add_webhook();
    fixture.intend(&[100, 101]).await;
    let preview = fixture.preview();
    assert_eq!((preview.abandoned.len(), preview.unspent_cents()), (2, 230));
    assert_eq!((preview.monitored, preview.owned, preview.next_cents), (3, 3, 4_900));
    assert_eq!(fixture.orders().len(), 2, "a preview changes nothing");

    fixture.close();
    fixture.assert_closed();
    assert!(fixture.texts("order-abandoned")[0].contains("nothing was spent: the account was closed"));
    let messages = fixture.messages("order.abandoned");
    assert_eq!(messages.iter().map(|message| &message["asked-again"]).collect::<Vec<_>>(), [false, false]);
    assert_eq!(fixture.messages("account.closed")[0]["numbers"], 3);
    assert_eq!(fixture.dialguard.resume("acme").await.unwrap(), []);
    fixture.pass(40 * DAY);
    assert_eq!(fixture.dialguard.resume("acme").await.unwrap(), []);
    assert_eq!((fixture.bought(), fixture.ledger().charged_cents("acme", 0).unwrap()), (vec![], 4_900));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_not_closed_while_a_number_may_have_been_bought() {
    let mut fixture = Fixture::new(2, [150]).await;
    fixture.fake.fails_once("order", Fault::LostAfter);
    fixture.fake.fails_once("standing", Fault::Later);
    fixture.replace(&[100]).await;
    let order = fixture.orders().remove(0);
    assert_eq!(order.state, OrderState::Ordering);
    let preview = fixture.preview();
    assert_eq!((preview.held_up_by, preview.abandoned), (vec![order.clone()], vec![]));
    assert_eq!(fixture.preview().set_aside_cents(), 115);
    let refused = fixture.ledger().close_account("acme", fixture.now).unwrap_err();
    assert!(matches!(&refused, LedgerError::ClosingHeldUp { orders, .. } if *orders == [order.id]), "{refused}");
    assert_eq!(fixture.ledger().account("acme").unwrap().closed_at, None);

    fixture.pass(5 * MINUTE);
    fixture.dialguard.retry_order(order.id).await.unwrap();
    assert_eq!(fixture.bought(), [number(150)], "it is looked up, and goes on");
    let closing = fixture.close();
    assert_eq!((closing.owned, closing.resting, closing.bill.charged_cents), (2, 1, 4_900 + 400));
    fixture.assert_closed();
}

/// While another process gives a number back or reserves one, its outcome is open.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_not_closed_while_a_process_works_on_an_order() {
    let mut fixture = Fixture::new(1, [150]).await;
    fixture.replace(&[100]).await;
    fixture.execute(&format!("UPDATE orders SET lease = 'another', leased_until = {}", fixture.now + 120)).unwrap();
    let refused = fixture.ledger().close_account("acme", fixture.now).unwrap_err();
    assert!(matches!(refused, LedgerError::ClosingHeldUp { .. }), "{refused}");
    fixture.pass(120);
    fixture.close();
    fixture.assert_closed();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_was_bought_or_rests_stays_with_its_provider() {
    let mut fixture = Fixture::new(2, [150, 151]).await;
    fixture.replace(&[100]).await;
    // The second one is bought, and its settings cannot be carried over yet.
    fixture.fake.fails_once("carry_over", Fault::Later);
    fixture.replace(&[101]).await;
    fixture.pass(2 * MINUTE);
    let closing = fixture.preview();
    assert_eq!((closing.owned, closing.resting, closing.abandoned.len(), closing.unspent_cents()), (3, 1, 1, 0));
    fixture.close();
    fixture.assert_closed();
    assert!(fixture.texts("order-abandoned")[0].contains("which was bought for $1.15: the account was closed"));
    assert_eq!(fixture.texts("number-kept"), ["+13105550100 is not given back to them: the account was closed."]);

    fixture.pass(31 * DAY);
    fixture.dialguard.resume("acme").await.unwrap();
    assert_eq!(fixture.fake.released(), Vec::<u64>::new(), "closing releases nothing at a provider");
    assert_eq!(fixture.fake.owns().len(), 4);
}

// Numbers

#[tokio::test(flavor = "multi_thread")]
async fn the_numbers_of_a_closed_account_are_free_for_another() {
    let fixture = Fixture::new(2, [150]).await;
    fixture.add_account("other", 200..201, Buying::default()).await;
    fixture.ledger().import_numbers("acme", &[160, 161].map(number), ImportedAs::Candidate, fixture.now).unwrap();
    assert_eq!(fixture.replace(&[100]).await.replaced[0].replacement, number(160), "on hand is cheaper than on offer");
    let numbers = [100, 101, 161].map(number);
    let import = || fixture.ledger().import_numbers("other", &numbers, ImportedAs::Owned, fixture.now).unwrap();
    assert!(import().iter().all(|outcome| *outcome != ImportOutcome::Imported));
    assert_eq!((fixture.preview().candidates, fixture.preview().resting), (1, 1));
    fixture.close();
    assert_eq!(import(), [ImportOutcome::Imported; 3]);
    fixture.dialguard.decide("other", &Request::StartMonitoring(numbers.to_vec())).await.unwrap();
    fixture.assert_sound();
    assert!(fixture.texts("released").contains(&"+13105550101 left slot 2 and the account, which was closed.".into()));
}

// Afterwards

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_account_can_be_read_and_credited_and_nothing_else() {
    let mut fixture = Fixture::new(2, [150]).await;
    fixture.close();
    let before = fixture.ledger().event_page("acme", &EventQuery::default(), 1_000).unwrap().events;
    assert!(fixture.ledger().close_account("acme", fixture.now).unwrap().is_none(), "it is closed already");
    fixture.pass(40 * DAY);
    let (ledger, dialguard, now) = (fixture.ledger(), &fixture.dialguard, fixture.now);
    let on = AccountChange { enabled: Some(true), ..AccountChange::default() };
    let blocks = AccountChange { blocks: Some(2), ..on.clone() };
    let numbers = vec![number(100)];
    let webhook = NewWebhook {
        account: Some("acme"),
        url: "https://a.example",
        key: &[7; 24],
        allow_private: false,
        page_address: None,
    };
    let again = NewAccount {
        id: "acme".into(),
        blocks: 1,
        time_zone: Zone::utc(),
        region: Region::US,
        review_at: NaiveTime::MIN,
        settings: AccountSettings::default(),
    };
    let of_ledger: [(&str, Result<(), LedgerError>); 7] = [
        ("change", ledger.change_account("acme", &on, now)),
        ("import", ledger.import_numbers("acme", &numbers, ImportedAs::Owned, now).map(drop)),
        ("import candidates", ledger.import_numbers("acme", &numbers, ImportedAs::Candidate, now).map(drop)),
        ("withdraw", ledger.withdraw_candidates("acme", &numbers, now).map(drop)),
        ("add a webhook", ledger.add_webhook(&webhook, now).map(drop)),
        ("preview closing", ledger.try_close_account("acme", now).map(drop)),
        ("add again", ledger.add_account(&again, now)),
    ];
    let replace = Request::ReplaceNumbers(numbers.clone());
    let of_dialguard: [(&str, Result<(), DialguardError>); 9] = [
        ("switch and blocks", dialguard.change_account("acme", &blocks).await.map(drop)),
        ("preview a change", dialguard.try_change_account("acme", &on).await.map(drop)),
        ("request", dialguard.decide("acme", &replace).await.map(drop)),
        ("preview a request", dialguard.try_decide("acme", &replace).await.map(drop)),
        ("screen", dialguard.screen("acme", &numbers).await.map(drop)),
        ("review", dialguard.review("acme").await.map(drop)),
        ("preview a review", dialguard.try_review("acme").await.map(drop)),
        ("scheduled review", dialguard.review_once("acme").await.map(drop)),
        ("effect of settings", dialguard.effect_of_settings("acme", &AccountSettings::default(), 0).await.map(drop)),
    ];
    let of_dialguard = of_dialguard.map(|(what, refused)| {
        (
            what,
            refused.map_err(|error| match error {
                DialguardError::Ledger(error) => error,
                other => panic!("{what}: {other}"),
            }),
        )
    });
    for (what, refused) in of_ledger.into_iter().chain(of_dialguard) {
        let refused = refused.expect_err(what);
        assert!(matches!(refused, LedgerError::AccountClosed { .. }), "{what}: {refused}");
        assert_eq!(refused.to_string(), "account acme was closed on 2026-03-01", "{what}");
    }
    assert_eq!(ledger.event_page("acme", &EventQuery::default(), 1_000).unwrap().events, before);
    assert!(!ledger.is_check_due(&ledger.account("acme").unwrap(), now).unwrap());
    assert_eq!(dialguard.usage("acme").await.unwrap().occupied, 0);

    ledger.remove_provider("them", 0).expect("no account buys from it any more");
    ledger.credit("acme", 4_900, "It was not used", now).unwrap();
    assert_eq!(ledger.bill("acme", now).unwrap().balance_cents(), -4_900);
    fixture.assert_sound();
}

/// The last guard: a program with a bug is refused by the database.
#[tokio::test(flavor = "multi_thread")]
async fn the_database_refuses_what_would_follow_closing() {
    let fixture = Fixture::new(1, []).await;
    fixture.execute("UPDATE accounts SET closed_at = 1").expect_err("it still has a number");
    fixture.close();
    for sql in [
        "INSERT INTO events (account, at, kind, cents, text, cause, actor)
         VALUES (1, 1, 'charged', 4900, '', 'cycle 9', 1)",
        "INSERT INTO orders (account, run, number, replacement, slot, why, state, intended_at)
         VALUES (1, 1, 1, 2, 1, 'requested', 'intended', 1)",
        "INSERT INTO runs (account, kind, daily, local_date, decided_at, based_on, policy)
         VALUES (1, 'review', 0, '2026-03-01', 1, 99, '')",
        "INSERT INTO numbers (number, account, state, since) VALUES (7, 1, 'owned', 1)",
        "UPDATE numbers SET state = 'owned' WHERE account = 1",
        "UPDATE accounts SET closed_at = NULL",
        "UPDATE accounts SET enabled = 1",
        "UPDATE accounts SET slot_count_next = 15",
        "UPDATE accounts SET id = 'acme2'",
    ] {
        let refused = fixture.execute(sql).expect_err(sql).to_string();
        assert!(refused.contains("the account is closed"), "{sql}: {refused}");
    }
}

// Money

/// What a user does with an account before and after it is closed.
#[derive(Debug, Clone)]
enum Deed {
    Pass(u64),
    Switch(bool),
    Blocks(u32),
    Both(bool, u32),
    Review,
    Credit(u64),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        (1..44_u64).prop_map(Deed::Pass),
        (20..44_u64).prop_map(Deed::Pass),
        any::<bool>().prop_map(Deed::Switch),
        (0..4_u32).prop_map(Deed::Blocks),
        (any::<bool>(), 0..4_u32).prop_map(|(on, blocks)| Deed::Both(on, blocks)),
        Just(Deed::Review),
        (1..9_000_u64).prop_map(Deed::Credit),
    ]
}

impl Fixture {
    async fn does(&mut self, deed: &Deed) {
        let change = |enabled, blocks| AccountChange { enabled, blocks, ..AccountChange::default() };
        match *deed {
            Deed::Pass(days) => self.pass(days * DAY),
            Deed::Switch(on) => drop(self.dialguard.change_account("acme", &change(Some(on), None)).await),
            Deed::Blocks(blocks) => drop(self.dialguard.change_account("acme", &change(None, Some(blocks))).await),
            Deed::Both(on, blocks) => {
                drop(self.dialguard.change_account("acme", &change(Some(on), Some(blocks))).await)
            }
            Deed::Review => drop(self.dialguard.review("acme").await),
            Deed::Credit(cents) => drop(self.ledger().credit("acme", cents, "It was wrong", self.now)),
        }
    }

    fn charges(&self) -> Vec<i64> {
        let money = EventQuery { money: true, ..EventQuery::default() };
        let events = self.ledger().event_page("acme", &money, 1_000).unwrap().events;
        events.into_iter().filter_map(|event| event.cents).filter(|cents| *cents > 0).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]
    /// Whatever was switched before and is tried after, over many cycles: closing charges what its preview says, and
    /// nothing is charged after it.
    #[test]
    fn nothing_is_charged_after_closing(
        before in prop::collection::vec(deed(), 0..8),
        after in prop::collection::vec(deed(), 1..8),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let mut fixture = Fixture::new(2, []).await;
            for deed in &before {
                fixture.does(deed).await;
            }
            let charged: i64 = fixture.charges().iter().sum();
            let preview = fixture.preview();
            let closing = fixture.close();
            let at_closing = fixture.charges();
            assert_eq!(preview.charged_now_cents, closing.charged_now_cents);
            assert_eq!(at_closing.iter().sum::<i64>() - charged, closing.charged_now_cents as i64);
            for deed in &after {
                fixture.does(deed).await;
                assert_eq!(fixture.charges(), at_closing, "{deed:?}");
                assert_eq!(fixture.ledger().bill("acme", fixture.now).unwrap().due_cents, 0);
                assert_eq!(fixture.ledger().time_at(fixture.now + 400 * DAY).unwrap().leap.map(|leap| leap.cents), Some(0));
            }
            fixture.assert_closed();
        });
    }
}
