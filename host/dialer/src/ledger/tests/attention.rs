//! What needs a person, as the tables tell.

use super::*;

fn figures(fixture: &Fixture) -> AccountFigures {
    fixture.ledger.account_figures(ACME).unwrap()
}

/// The counts follow the numbers as they come, turn and go.
#[test]
fn numbers_are_counted_by_status_without_being_read() {
    let fixture = Fixture::new("2026-01-15T12:00:00Z");
    assert_eq!(figures(&fixture), AccountFigures { has_candidates: true, ..AccountFigures::default() });
    for slot in 1..=4 {
        fixture.occupy(NUMBER + u64::from(slot), slot).unwrap();
    }
    let by_status = |figures: AccountFigures| [figures.pending, figures.clean, figures.at_risk, figures.flagged];
    let turn = |number: u64, status: u8| {
        fixture.execute(&format!("UPDATE monitored SET status = {status} WHERE number = {}", NUMBER + number)).unwrap();
    };
    let leave = || {
        fixture.execute("DELETE FROM monitored WHERE status = 3").unwrap();
    };
    let steps: [(&dyn Fn(), [u32; 4]); 5] = [
        (&|| (), [4, 0, 0, 0]),
        (&|| turn(1, 1), [3, 1, 0, 0]),
        (&|| (turn(2, 3), turn(3, 2)).0, [1, 1, 1, 1]),
        (&|| (turn(1, 1), turn(3, 3)).0, [1, 1, 0, 2]),
        (&leave, [1, 1, 0, 0]),
    ];
    for (step, expected) in steps {
        step();
        assert_eq!(by_status(figures(&fixture)), expected);
    }
    let report = Ledger::check(fixture._folder.path()).unwrap();
    assert!(report.broken().all(|rule| rule.name != "statuses-counted"));
}

/// Alerts since a user last looked, for each user and account; a new user has nothing to catch up with.
#[test]
fn each_user_reads_alerts_for_themselves() {
    let fixture = Fixture::new("2026-01-15T12:00:00Z");
    let ledger = &fixture.ledger;
    let user = |name: &str| {
        let grant = Grant { role: Role::Read, accounts: Accounts::All };
        ledger.add_user(&User { name: name.into(), grant, added_at: fixture.now }, "hash").unwrap();
    };
    let happens = |kind: &str| {
        fixture
            .execute(&format!("INSERT INTO events (account, at, kind, text, actor) VALUES (1, 100, '{kind}', '', 1)"))
            .unwrap();
    };
    let unread = || ["ann", "ben"].map(|name| ledger.unread_alerts(name, ACME).unwrap());
    happens("order-stuck");
    user("ann");
    assert_eq!(unread(), [0, 0], "ben is not there yet");
    happens("newly-flagged");
    happens("turned-clean");
    happens("charged-not");
    user("ben");
    assert_eq!(unread(), [1, 0]);
    happens("order-stuck");
    assert_eq!(unread(), [2, 1]);
    ledger.read_alerts("ann", ACME).unwrap();
    assert_eq!(unread(), [0, 1]);
    (0..200).for_each(|_| happens("policy-failed"));
    assert_eq!(unread(), [UNREAD_COUNTED_MAX; 2]);
    ledger.read_alerts("nobody", ACME).unwrap();
    ledger.remove_user("ann", 0).unwrap();
    assert_eq!(unread(), [0, UNREAD_COUNTED_MAX]);
    assert!(ledger.unread_alerts("ben", "other").is_err());
}
