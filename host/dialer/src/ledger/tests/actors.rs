//! Every event names its actor, whatever becomes of the actor later.

use super::*;
use crate::access::{Accounts, Grant, Role};

const NOON: &str = "2026-01-15T12:00:00Z";

fn newest(ledger: &Ledger) -> Event {
    ledger.event_page(ACME, &EventQuery::default(), 1).unwrap().events.remove(0)
}

#[test]
fn an_actor_is_kept_by_value() {
    let fixture = Fixture::new(NOON);
    let grant = Grant { role: Role::Operate, accounts: Accounts::All };
    let user = User { name: "ann".into(), grant, added_at: fixture.now };
    fixture.ledger.add_user(&user, "hash").unwrap();
    let ann = Actor::user(&user.name, user.added_at);
    let by_ann = fixture.ledger.acting_as(ann.clone());
    by_ann.withdraw_candidates(ACME, &[NUMBER + 50], fixture.now).unwrap();
    fixture.ledger.remove_user("ann", 0).unwrap();
    assert_eq!(newest(&fixture.ledger).actor, Some(ann.clone()));
    // Another user of that name is another actor.
    let later = Actor::user("ann", fixture.now + 1);
    fixture.ledger.acting_as(later.clone()).withdraw_candidates(ACME, &[NUMBER + 51], fixture.now).unwrap();
    assert_eq!(newest(&fixture.ledger).actor, Some(later));
    for sql in ["UPDATE actors SET name = 'bob'", "DELETE FROM actors"] {
        assert!(error(fixture.execute(sql)).contains("only appended"), "{sql}");
    }
}

#[test]
fn a_ledger_acts_as_the_systems_user_unless_another_is_named() {
    let fixture = Fixture::new(NOON);
    assert_eq!(fixture.ledger.actor(), Some(&Actor::system_user()));
    let events = fixture.ledger.events(ACME, EventFilter { number: None, last: 100 }).unwrap();
    assert!(events.iter().all(|event| event.actor == Some(Actor::system_user())), "{events:?}");
}

/// Events outside accounts stay when what they are about is gone, and none is recorded without its actor.
#[test]
fn what_happens_outside_accounts_names_its_actor() {
    let Fixture { ledger, now, .. } = &Fixture::new(NOON);
    let grant = Grant { role: Role::Read, accounts: Accounts::Only(["acme".to_owned()].into()) };
    let ann = Actor::user("ann", *now);
    let by_ann = ledger.acting_as(ann.clone());
    by_ann.add_user(&User { name: "ben".into(), grant, added_at: *now }, "hash").unwrap();
    by_ann.change_grant("ben", &Grant { role: Role::Administer, accounts: Accounts::All }, *now).unwrap();
    by_ann.remove_user("ben", now + 1).unwrap();
    assert!(by_ann.remove_user("ben", now + 2).is_err());
    let of_ben = ProgramEventQuery { name: Some("ben".into()), ..ProgramEventQuery::default() };
    let told = ledger.program_events(&of_ben, 100).unwrap().events;
    let kinds: Vec<_> = told.iter().map(|event| (event.kind.as_str(), event.subject, event.actor.clone())).collect();
    let by_her = |kind| (kind, ProgramSubject::User, Some(ann.clone()));
    assert_eq!(kinds, [by_her("user-removed"), by_her("user-changed"), by_her("user-added")]);
    assert_eq!(told[2].text, "ben was added as a user: read, acme.");

    let nobody = ledger.acting_as(None);
    assert!(matches!(
        nobody.set_carrier_alias(&CarrierAlias { alias: "a".into(), carrier: "b".into() }, *now),
        Err(LedgerError::NoActor)
    ));
    assert!(ledger.carrier_aliases().unwrap().iter().all(|alias| alias.alias != "a"), "and nothing is changed");
    let page = ledger.program_events(&ProgramEventQuery { before: Some(told[0].id), ..of_ben.clone() }, 1).unwrap();
    assert_eq!((page.events[0].id, page.next), (told[1].id, Some(told[1].id)));
}

#[test]
fn nobody_changes_nothing_and_may_ask() {
    let fixture = Fixture::new(NOON);
    let reader = fixture.ledger.acting_as(None);
    let before = fixture.ledger.account(ACME).unwrap().revision;
    let refused = reader.withdraw_candidates(ACME, &[NUMBER + 50], fixture.now);
    assert!(matches!(refused, Err(LedgerError::NoActor)), "{refused:?}");
    assert_eq!(fixture.ledger.account(ACME).unwrap().revision, before);
    assert_eq!(reader.try_close_account(ACME, fixture.now).unwrap().candidates, 2);
}

#[test]
fn no_event_of_any_kind_is_without_an_actor() {
    let fixture = Fixture::new(NOON);
    for kind in EventKind::NAMES.into_iter().chain(["a-policys-notice"]) {
        let by_hand = format!("INSERT INTO events (account, at, kind, text) VALUES (1, 0, '{kind}', '')");
        assert!(fixture.execute(&by_hand).is_err(), "{kind}");
    }
    let by_hand = "INSERT INTO events (account, at, kind, text) VALUES (1, 0, 'numbers-imported', '')";
    assert!(error(fixture.execute(by_hand)).contains("an event names its actor"));
}

/// What is due is due whoever comes first: a cycle is not charged by the user whose click finds that it has begun.
#[test]
fn the_calendar_charges_and_not_the_user_who_comes_first() {
    let fixture = Fixture::new(NOON);
    let ann = Actor::user("ann", fixture.now);
    let next_cycle = fixture.now + 32 * 86_400;
    let by_ann = fixture.ledger.acting_as(ann.clone());
    by_ann.withdraw_candidates(ACME, &[NUMBER + 50], next_cycle).unwrap();
    let last = EventFilter { number: None, last: 2 };
    let found: Vec<_> = fixture.ledger.events(ACME, last).unwrap().into_iter().map(|it| (it.kind, it.actor)).collect();
    assert_eq!(found, [("charged".into(), Some(Actor::schedule())), ("candidates-withdrawn".into(), Some(ann))]);
}

/// The user asked for it; the schedule goes on with it.
#[tokio::test]
async fn the_schedule_carries_a_replacement_out_for_the_user_who_asked_for_it() {
    let fixture = Fixture::new(NOON);
    fixture.occupy(NUMBER + 1, 1).unwrap();
    let ann = Actor::user("ann", fixture.now);
    let by_ann = Fixture {
        ledger: Arc::new(fixture.ledger.acting_as(ann.clone())),
        now: fixture.now,
        _folder: tempfile::tempdir().unwrap(),
    };
    let request = Request::ReplaceNumbers(vec![NUMBER + 1]);
    by_ann.apply(&request, replace(NUMBER + 1, NUMBER + 50, 1)).await.unwrap();
    assert_eq!(newest(&fixture.ledger).actor, Some(ann.clone()));
    let order = fixture.ledger.open_orders(ACME).unwrap().remove(0);
    assert_eq!(order.asked_by, Some(ann.clone()));

    let schedule = fixture.ledger.acting_as(Actor::schedule());
    let claimed = schedule.claim(order.id, fixture.now).unwrap().unwrap();
    schedule.abandon_order(&claimed, &Abandonment::of_candidate("it is gone".into()), fixture.now).unwrap();
    let abandoned = newest(&fixture.ledger);
    assert_eq!((abandoned.kind.as_str(), abandoned.order), ("order-abandoned", Some(order.id)));
    assert_eq!(abandoned.actor, Some(Actor::schedule().acting_for(&ann)));
}

#[test]
fn events_before_actors_have_none() {
    let (folder, before) = ledger_of_schema(22);
    before.execute("INSERT INTO events (account, at, kind, text) VALUES (1, 100, 'account-added', '')", []).unwrap();
    drop(before);
    let ledger = Ledger::open(folder.path()).unwrap();
    assert_eq!(newest(&ledger).actor, None);
}
