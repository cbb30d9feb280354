//! A ledger of the program before contract 0.3.0: everything in it goes on as it was.

use crate::harness::dialer::Dialer;
use crate::harness::policies::second_contract::SECOND_CONTRACT;
use rusqlite::Connection;

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
    for (run, made) in [(1, "0 reviews, 6 actions"), (2, "6 reviews, 0 actions"), (3, "6 reviews, 1 actions")] {
        let replayed = dialer.run(&format!("replay {run}")).exits(0).stdout;
        assert!(replayed.contains("revision 1 (contract 0.2.0"), "{replayed}");
        assert!(replayed.contains(made) && replayed.contains("the plan is the same, byte for byte"), "{replayed}");
    }
}

/// The first vote makes the number red now, and the second replaces it, as before.
#[test]
fn another_policy_can_be_asked_what_it_would_have_done_in_a_run_of_contract_0_2() {
    let dialer = dialer();
    dialer.run("component --output newest.wasm").exits(0);
    let newest = dialer.json("policy install newest.wasm");
    assert_eq!((&newest["revision"], &newest["contract"]), (&2.into(), &"0.3.0".into()));
    let first = dialer.run("replay 2 --revision 2").stdout;
    assert!(first.contains("+13105550100") && first.contains("flagged"), "{first}");
    let second = dialer.run("replay 3 --revision 2").stdout;
    assert!(second.contains("+13105550190"), "the same replacement: {second}");
}

#[test]
fn settings_that_were_set_stay_and_those_that_were_not_follow_the_policy() {
    let dialer = dialer();
    let account = &dialer.json("account list")[0];
    let settings = &account["settings"];
    assert_eq!((&settings["auto-replace"], &settings["spam-score-min"]), (&true.into(), &75.into()));
    assert_eq!(settings["checks-to-replace"], 2);
    dialer.run("ledger check").exits(0);
    // It can be changed, and the closed account still cannot.
    dialer.run("account set acme --spam-score-min 70").exits(0);
    let refused = dialer.run("account set zed --spam-score-min 70").exits(1).stderr;
    assert!(refused.contains("closed"), "{refused}");
}
