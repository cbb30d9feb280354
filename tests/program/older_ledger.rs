//! A ledger of the program before contract 0.3.0: everything in it goes on as it was.

use crate::harness::dialer::Dialer;
use crate::harness::policies::second_contract::SECOND_CONTRACT;
use rusqlite::Connection;
use serde_json::json;

/// Account `acme` replaced a number on 2 March 2026 after two days of spam; its runs are 1 to 3. Account `zed` is closed.
const LEDGER: &str = include_str!("../policies/second-contract/ledger.sql");

/// The dialer with that ledger, an hour after its last change.
fn dialer() -> Dialer {
    let dialer = Dialer::new();
    dialer.it_is("2026-03-02T11:00:00Z");
    dialer.file("ledger/dialguard.lock", "");
    let component: String = SECOND_CONTRACT.iter().map(|byte| format!("{byte:02x}")).collect();
    let database = Connection::open(dialer.path("ledger/dialguard.db")).expect("a database");
    database.execute_batch(&LEDGER.replace("{policy}", &format!("x'{component}'"))).expect("the ledger of then");
    dialer
}

#[test]
fn runs_of_contract_0_2_are_repeated_byte_for_byte_by_their_policy() {
    let dialer = dialer();
    for (run, made) in [(1, "0 reviews, 6 actions"), (2, "6 reviews, 0 actions"), (3, "6 reviews, 1 action, ")] {
        let replayed = dialer.run(&format!("replay {run}")).exits(0).stdout;
        assert!(replayed.contains("revision 1 (contract 0.2.0"), "{replayed}");
        assert!(replayed.contains(made) && replayed.contains("the plan is the same, byte for byte"), "{replayed}");
    }
}

/// The account's settings of then count in it, so that a number is flagged after two votes, as it was.
#[test]
fn another_policy_can_be_asked_what_it_would_have_done_in_a_run_of_contract_0_2() {
    let dialer = dialer();
    dialer.run("component --output newest.wasm").exits(0);
    let newest = dialer.json("policy install newest.wasm");
    assert_eq!((&newest["revision"], &newest["contract"]), (&2.into(), &"0.3.0".into()));
    for run in [2, 3] {
        let compared = dialer.run(&format!("replay {run} --revision 2")).exits(0).stdout;
        assert!(compared.contains("1 of them identical"), "run {run}: {compared}");
    }
}

#[test]
fn settings_that_were_set_stay_and_those_that_were_not_follow_the_policy() {
    let dialer = dialer();
    let settings = |names: [&str; 4]| {
        let account = &dialer.json("account list")[0];
        names.map(|name| account["settings"][name].clone())
    };
    let names = ["auto-replace", "spam-score-min", "checks-to-flag", "checks-to-replace"];
    assert_eq!(json!(settings(names)), json!([true, 75, 2, null]), "the policy of then is still the active one");
    dialer.run("ledger check").exits(0);
    dialer.run("component --output newest.wasm").exits(0);
    dialer.run("policy install newest.wasm").exits(0);
    dialer.run("policy activate 2").exits(0);
    assert_eq!(json!(settings(names)), json!([true, 75, 1, 2]));
    // Who did what was not recorded, and is from now on.
    let kinds = |events: serde_json::Value| {
        events.as_array().expect("a list").iter().map(|it| it["actor"]["kind"].clone()).collect::<Vec<_>>()
    };
    let before = kinds(dialer.json("events acme"));
    assert!(before.iter().all(|kind| kind == "unknown"), "{before:?}");
    dialer.run("events acme").exits(0).says(&["actor not recorded"]);
    // The account can be changed, and the closed one still cannot.
    dialer.run("account set acme --spam-score-min 70").exits(0);
    assert_eq!(kinds(dialer.json("events acme --last 1")), [json!("system-user")]);
    let refused = dialer.run("account set zed --spam-score-min 70").exits(1).stderr;
    assert!(refused.contains("closed"), "{refused}");
}

/// Days were not counted then. What its runs on record say of them is filled in.
#[test]
fn days_of_then_are_known_from_the_runs_on_record() {
    let dialer = dialer();
    let days = dialer.json("days acme")["days"].clone();
    let rated = |date: &str| {
        let day = days.as_array().expect("days").iter().find(|day| day["date"] == date).expect("the day");
        ["clean", "at-risk", "flagged", "not-rated"].map(|status| day[status].clone())
    };
    assert_eq!(json!(rated("2026-02-28")), json!([0, 0, 0, 0]));
    assert_eq!(json!(rated("2026-03-01")), json!([5, 1, 0, 0]));
    assert_eq!(json!(rated("2026-03-02")), json!([5, 0, 1, 0]));
}
