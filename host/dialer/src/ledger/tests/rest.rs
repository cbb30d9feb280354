//! Rests, ready numbers and days of rest: what the database refuses, and how older ledgers are upgraded.

use super::*;

/// Days of rest become a policy's setting where they were not 30; numbers that rest go on resting.
#[test]
fn a_ledger_whose_accounts_had_days_of_rest_is_upgraded() {
    let (folder, before) = ledger_of_schema(23);
    before
        .execute_batch(
            "UPDATE accounts SET settings = '{\"auto_replace\":false,\"replacements_per_day_max\":3,\"values\":{}}';
             INSERT INTO accounts (key, id, time_zone, region, review_at, added_on, enabled, settings, revision, changed_at,
                 slot_count, slot_count_next, cycle_index, cycle_starts_at, cycle_ends_at, rest_days, closed_at)
             SELECT 2, 'week', time_zone, region, review_at, added_on, enabled, settings, 0, 100, 15, 15, 0, 0, 1771113600, 7, NULL
               FROM accounts
             UNION ALL
             SELECT 3, 'closed', time_zone, region, review_at, added_on, 0, settings, 0, 100, 0, 0, 0, 0, 1771113600, 7, 200
               FROM accounts;
             INSERT INTO runs (id, account, kind, daily, local_date, decided_at, based_on, policy, day)
             VALUES (5, 2, 'review', 1, '2026-01-15', 100, 0, 'abc', 0);
             INSERT INTO providers VALUES ('them', 'twilio', 115, '{}');
             INSERT INTO sources VALUES ('b', 'simulated', '1'), ('a', 'simulated', '2');
             INSERT INTO numbers (number, account, state, since) VALUES
                 (101, 2, 'released', 100), (102, 2, 'released', 100), (103, 2, 'owned', 100), (104, 2, 'released', 100),
                 (201, 2, 'owned', 100), (202, 2, 'owned', 100), (203, 2, 'owned', 100), (204, 2, 'owned', 100);
             INSERT INTO monitored (account, number, slot, status, status_since, monitored_since, flagging_checks, clearing_checks)
             VALUES (2, 201, 1, 1, 100, 100, 0, 0), (2, 202, 2, 1, 100, 100, 0, 0), (2, 203, 3, 1, 100, 100, 0, 0),
                    (2, 204, 4, 1, 100, 100, 0, 0);
             INSERT INTO orders (id, account, run, number, replacement, slot, why, state, intended_at, state_since, provider)
             VALUES (1, 2, 5, 101, 201, 1, 'requested', 'intended', 100, 100, 'them'),
                    (2, 2, 5, 102, 202, 2, 'requested', 'intended', 100, 100, 'them'),
                    (3, 2, 5, 103, 203, 3, 'requested', 'intended', 100, 100, 'them'),
                    (4, 2, 5, 104, 204, 4, 'requested', 'intended', 100, 100, 'them');
             UPDATE orders SET state = 'swapped', swapped_at = 1000, swap_day_starts_at = 0, rests_until = 605800;
             -- The provider did not take back 102; an older version left 103 resting though it was imported again.
             UPDATE orders SET problem = 'it is down', held_since = 700000 WHERE id = 2;
             UPDATE orders SET state = 'done' WHERE id = 4;",
        )
        .unwrap();
    drop(before);

    let ledger = Ledger::open(folder.path()).unwrap();
    let rest_days = |id: &str| ledger.account(id).unwrap().settings.values.get("rest-days").map(str::to_owned);
    assert_eq!([ACME, "week", "closed"].map(rest_days), [None, Some("7".into()), None]);
    let orders = ledger.open_orders("week").unwrap();
    let rests = orders.iter().map(|order| (order.id, order.rests_until, order.rests, order.gives_back));
    let until = Some(1_000 + 7 * 86_400);
    assert_eq!(rests.collect::<Vec<_>>(), [(1, until, 0, false), (2, until, 0, true)]);
    let ids: Vec<_> = ledger.numbered_sources().unwrap().into_iter().map(|it| (it.id, it.profile.name)).collect();
    assert_eq!(ids, [(1, "a".into()), (2, "b".into())]);
}

/// The last guards, whatever the program does.
#[tokio::test]
async fn the_database_refuses_rests_and_readiness_that_cannot_be() {
    let fixture = Fixture::new("2026-01-15T12:00:00Z");
    let ready = format!("UPDATE numbers SET ready_since = 1 WHERE number = {NUMBER}");
    fixture.execute(&ready).unwrap();
    for state in ["ordered", "released", "candidate"] {
        let sql = format!("UPDATE numbers SET state = '{state}' WHERE number = {NUMBER}");
        assert!(error(fixture.execute(&sql)).contains("CHECK"), "{state}");
    }
    fixture.occupy(NUMBER, 7).unwrap();
    assert!(error(fixture.execute(&ready)).contains("CHECK"), "a monitored number is not ready");

    fixture.apply(&Request::ReplaceNumbers(vec![NUMBER]), replace(NUMBER, NUMBER + 50, 7)).await.unwrap();
    let swap = "UPDATE orders SET state = 'swapped', swapped_at = 1, swap_day_starts_at = 0";
    fixture.execute("UPDATE numbers SET state = 'owned' WHERE state = 'ordered'").unwrap();
    fixture
        .execute(
            "INSERT INTO monitored (account, number, slot, status, status_since, monitored_since, flagging_checks,
                         clearing_checks) SELECT account, replacement, 8, 0, 0, 0, 0, 0 FROM orders",
        )
        .unwrap();
    fixture.execute("UPDATE orders SET slot = 8, state = 'acquired'").unwrap();
    assert!(error(fixture.execute(swap)).contains("the number still has a slot"));
    fixture.execute(&format!("DELETE FROM monitored WHERE number = {NUMBER}")).unwrap();
    fixture.execute(swap).unwrap();
    assert!(error(fixture.occupy(NUMBER, 7)).contains("the number rests"));
    let again =
        "INSERT INTO orders (account, run, number, replacement, slot, why, state, intended_at, has_rested, provider,
                     price_cents) SELECT account, run, 1, 2, 9, why, 'intended', 0, 1, 'them', 115 FROM orders";
    assert!(error(fixture.execute(again)).contains("the account has the number already"));
}
