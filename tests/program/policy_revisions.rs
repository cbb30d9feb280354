//! The life of policies: installed, signed, compared, activated, rolled back; and replayed runs.

use crate::harness::acme::DAY;
use crate::harness::dialer::{Dialer, Outcome, e164, each};
use crate::harness::policies::hostile::Hostile;
use crate::harness::policies::reference::reference;
use crate::harness::policies::renamed::renamed;
use dialguard::calendar::rfc3339;
use dialguard::clock::FixedClock;
use dialguard::policy::{REFERENCE_POLICY, Wasi};
use dialguard_dialer::Dialguard;
use dialguard_dialer::ledger::{EventFilter, Ledger, NewPolicy};
use dialguard_dialer::policies::{Candidate, Policies, PoliciesError, PolicySettings};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

fn reference_with(before: &str, after: &str) -> Vec<u8> {
    renamed(REFERENCE_POLICY, before, after)
}

/// The reference policy under another name.
fn lookalike() -> Vec<u8> {
    reference_with("dialguard-reference", "dialguard-lookalike")
}

/// Rates every monitored number flagged, whatever carriers say.
fn eager() -> Vec<u8> {
    let review = "(call $look-around (local.get $id) (local.get $id-len))
        (local.set $id (i32.load offset=4 (global.get $numbers)))
        (local.set $id-len (i32.load offset=8 (global.get $numbers)))
        (block $done (loop $next
          (br_if $done (i32.eqz (local.get $id-len)))
          (call $rate (i64.load (local.get $id)) (i32.const 3))
          (local.set $id (i32.add (local.get $id) (i32.const 64)))
          (local.set $id-len (i32.sub (local.get $id-len) (i32.const 1)))
          (br $next)))";
    Hostile::review(review).component()
}

/// Traps in every review.
fn trapping() -> Vec<u8> {
    Hostile::review("(unreachable)").component()
}

/// Writes the component next to the ledger as `NAME.wasm`.
fn with_file(dialer: &Dialer, name: &str, component: &[u8]) {
    dialer.file(&format!("{name}.wasm"), component);
}

/// Installs it from a file; returns its revision.
fn install(dialer: &Dialer, name: &str, component: &[u8]) -> u64 {
    with_file(dialer, name, component);
    dialer.json(&format!("policy install {name}.wasm"))["revision"].as_u64().expect("a revision")
}

/// Puts a policy into the ledger without the smoke check, like one that fails on real numbers only.
fn install_untried(dialer: &Dialer, component: &[u8]) -> u64 {
    let policy = NewPolicy {
        sha256: &dialguard::sha256(component),
        component,
        signature: None,
        name: "hostile",
        version: "1.0.0",
        summary: "Means harm.",
        contract: "0.2.0",
        built_in: false,
        wasi: Wasi::None,
    };
    dialer.json("policy list");
    dialer.ledger().install_policy(&policy, dialer.now()).expect("a revision")
}

fn live(dialer: &Dialer) -> Value {
    let revisions = dialer.json("policy list");
    let live: Vec<&Value> =
        revisions.as_array().expect("a list").iter().filter(|revision| revision["live"] == true).collect();
    assert_eq!(live.len(), 1, "exactly one policy is live: {revisions}");
    live[0].clone()
}

#[test]
fn a_policy_is_inspected_without_running_any_of_it() {
    let dialer = Dialer::new();
    // Neither its start function nor its code can run.
    let looping = Hostile { items: "(start $spin) (func $spin (loop $again (br $again)))", ..Hostile::default() };
    with_file(&dialer, "looping", &looping.component());
    with_file(&dialer, "reference", REFERENCE_POLICY);
    with_file(
        &dialer,
        "network",
        &reference_with("dialguard:reputation/clock@0.3.0", "wasi:http/outgoing-handler@0.2.0"),
    );
    with_file(&dialer, "newer", &reference_with("@0.3.0", "@0.9.0"));
    let inspected = dialer.json("policy inspect reference.wasm");
    let fields = ["contract", "bytes", "sha256", "version", "description"].map(|name| inspected[name].clone());
    let sha256 = dialguard::sha256(REFERENCE_POLICY);
    let description = "Flags a number that most carriers rate as spam, and replaces it with the closest clean one once a \
                       further check agrees, if the account has automatic replacement on.";
    assert_eq!(
        fields,
        [json!("0.3.0"), json!(REFERENCE_POLICY.len()), json!(sha256), json!("0.1.0"), json!(description)]
    );
    assert_eq!(inspected["beyond-the-contract"], json!([]));
    dialer.run("policy inspect looping.wasm").exits(0).says(&["this host can run it", "none (no trusted keys here)"]);
    dialer.run("policy inspect network.wasm").exits(0).says(&["beyond the contract: wasi:http/outgoing-handler@0.2.0"]);
    dialer
        .run("policy inspect newer.wasm")
        .exits(0)
        .says(&["it is for version 0.9.0", "dialguard:reputation 0.1.0, 0.2.0 or 0.3.0"]);
    assert_eq!(dialer.everything(), Value::Null, "an inspection leaves no files");
}

#[test]
fn once_a_key_is_trusted_only_signed_policies_are_accepted() {
    let dialer = Dialer::monitoring(1, "");
    for name in ["anna", "ben", "carl"] {
        dialer.run(&format!("policy keygen {name}.key")).exits(0).says(&["keep", "secret"]);
    }
    dialer.run("policy keygen anna.key").exits(1).says(&["already exists"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(dialer.path("anna.key")).expect("the key").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "a secret key is for its owner's eyes");
    }
    let unsigned = install_untried(&dialer, &eager());
    dialer
        .run("policy trust anna.key.pub --name anna")
        .exits(0)
        .says(&["anna", "Policies not signed by a trusted key"]);
    dialer.run("policy trust ben.key.pub --name ben").exits(0);
    dialer.run("policy trust ben.key.pub --name benjamin").exits(1).says(&["already trusted as \"ben\""]);

    with_file(&dialer, "new", &lookalike());
    let sign = |key: &str| dialer.run(&format!("policy sign new.wasm --key {key}.key")).exits(0);
    let refused = |words: &[&str]| {
        dialer.run("policy install new.wasm").exits(1).says(words);
        assert_eq!(dialer.json("policy list").as_array().map(Vec::len), Some(2), "nothing was installed");
    };
    refused(&["cannot install new.wasm", "not signed", "anna, ben are trusted", "policy sign"]);
    sign("carl");
    refused(&["of none of the trusted keys"]);
    sign("anna");
    let signature = std::fs::read(dialer.path("new.wasm.sig")).expect("a signature");
    dialer.file("new.wasm.sig", &signature[..40]);
    refused(&["the signature is damaged", "40 bytes instead of 64"]);
    dialer.file("new.wasm.sig", "");
    refused(&["the signature is damaged"]);
    dialer.file("new.wasm.sig", [0; 64]);
    refused(&["of none of the trusted keys"]);
    dialer.file("new.wasm.sig", &signature);
    with_file(&dialer, "new", &reference_with("dialguard-reference", "dialguard-lookalik3"));
    refused(&["the file was changed since"]);
    with_file(&dialer, "new", &lookalike());
    dialer.run("policy inspect new.wasm").exits(0).says(&["by the trusted key anna"]);
    dialer.run("policy install new.wasm").exits(0).says(&["Revision 3", "dialguard-lookalike"]);

    // A policy installed before the first trusted key needs a signature too.
    dialer.run(&format!("policy activate {unsigned}")).exits(1).says(&["not signed"]);
    dialer.run(&format!("policy shadow {unsigned}")).exits(1).says(&["not signed"]);
    dialer.run(&format!("policy backtest {unsigned} --since 2026-03-01")).exits(1).says(&["not signed"]);
    dialer.run("policy activate 3").exits(0);
    dialer.run("policy rollback").exits(0).says(&["the policy of revision 1 again"]);
    dialer.run("policy distrust anna").exits(0);
    dialer.run("policy activate 3").exits(1).says(&["of none of the trusted keys", "ben"]);
    dialer.run("policy distrust ben").exits(0).says(&["unsigned policies are accepted again"]);
    dialer.run(&format!("policy activate {unsigned}")).exits(0);
}

#[test]
fn an_unsupported_component_is_not_installed() {
    let dialer = Dialer::monitoring(1, "");
    let looping = Hostile { items: "(start $spin) (func $spin (loop $again (br $again)))", ..Hostile::default() };
    let refusals: [(&str, Vec<u8>, &[&str]); 6] = [
        ("eager", eager(), &["the policy breaks the contract in the case", "The rule:", "policy check"]),
        ("newer", reference_with("@0.3.0", "@0.9.0"), &["version 0.9.0", "0.2.0 or 0.3.0"]),
        (
            "network",
            reference_with("dialguard:reputation/clock@0.3.0", "wasi:http/outgoing-handler@0.2.0"),
            &["imports wasi:http/outgoing-handler@0.2.0, beyond the contract"],
        ),
        ("looping", looping.component(), &["it used more than"]),
        ("module", Hostile::default().core_module(), &["core module", "wasm-tools component new"]),
        ("half", REFERENCE_POLICY[..9_999].to_vec(), &["cannot install half.wasm"]),
    ];
    dialer.run("policy limits --compute-ms-max 100").exits(0).says(&["--compute-ms-max 100"]);
    for (name, component, words) in refusals {
        with_file(&dialer, name, &component);
        dialer.run(&format!("policy install {name}.wasm")).exits(1).says(words);
    }
    let mut large = b"\0asm\x0d\0\x01\0".to_vec();
    large.resize(1_100_000, 0);
    with_file(&dialer, "large", &large);
    dialer.run("policy limits --component-mib-max 1").exits(0);
    dialer.run("policy install large.wasm").exits(1).says(&["1100000 bytes", "may have 1048576"]);
    assert_eq!(dialer.json("policy list").as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn compiling_is_limited_in_time() {
    let dialer = Dialer::monitoring(1, "");
    let (ledger, policies) = open(&dialer);
    let settings = PolicySettings { compile_time_max: Duration::ZERO, ..PolicySettings::default() };
    ledger.set_policy_settings(&settings, dialer.now()).expect("settings");
    let refused = policies.install(candidate(lookalike()), dialer.now()).await.expect_err("no time");
    assert!(refused.to_string().contains("compiling it takes longer than 0ns"), "{refused}");
    assert_eq!(ledger.revisions().expect("revisions").len(), 1);

    // The next one waits for the compiler, which cannot be interrupted.
    ledger.set_policy_settings(&PolicySettings::default(), dialer.now()).expect("settings");
    policies.install(candidate(lookalike()), dialer.now()).await.expect("enough time");
}

#[test]
fn revisions_only_rise_and_going_back_is_a_new_one() {
    let dialer = Dialer::monitoring(2, "--checks-to-clear 2");
    let review = |says: &str| {
        dialer.pass(DAY);
        dialer.carriers_say(&[(100, "ooo"), (101, "ooo")]);
        dialer.run("review acme").exits(0);
        assert_eq!(dialer.standing(100), says);
    };
    review("1 clean");
    assert_eq!(install_untried(&dialer, &eager()), 2);
    assert_eq!(install_untried(&dialer, &eager()), 2, "the same policy is the same revision");
    review("1 clean");
    dialer.run("policy activate 2").exits(0).says(&["Revision 2 is active"]);
    review("1 flagged");
    dialer.run("policy rollback").exits(0).says(&["Revision 3 is active", "revision 1 again"]);
    review("1 flagged");
    review("1 clean");
    dialer.run("policy activate 2").exits(0).says(&["Revision 4 is active", "revision 2 again"]);
    review("1 flagged");
    assert_eq!(install(&dialer, "lookalike", &lookalike()), 5);
    assert_eq!((&live(&dialer)["revision"], &live(&dialer)["restores"]), (&json!(4), &json!(2)));

    // Every event names the run and the policy that caused it.
    let caused: Vec<_> = dialer.events("turned-flagged").iter().map(|event| event["revision"].clone()).collect();
    assert_eq!(caused, [json!(2), json!(2), json!(4), json!(4)]);
    let kinds = each(&dialer.json("policy history"), "kind");
    let expected = ["installed", "activated", "installed", "activated", "rolled-back", "activated", "installed"]
        .map(|kind| json!(kind));
    assert_eq!(kinds, expected);
}

#[test]
fn a_new_policy_that_keeps_failing_is_abandoned() {
    let dialer = Dialer::monitoring(2, "");
    dialer.run("review acme").exits(0);
    let bad = install_untried(&dialer, &trapping());
    dialer.run(&format!("policy activate {bad}")).exits(0);
    dialer.pass(DAY);
    dialer.carriers_say(&[(100, "ooo"), (101, "ooo")]);
    let before = dialer.json("numbers list acme");
    for time in 1..=3 {
        assert_eq!(live(&dialer)["revision"], bad, "{time} times is not enough");
        dialer.run("review acme").exits(1).says(&["the policy failed", "`unreachable` instruction"]);
    }
    assert_eq!(dialer.json("numbers list acme"), before, "a run that was lost changed nothing");
    assert_eq!((&live(&dialer)["revision"], &live(&dialer)["restores"]), (&json!(3), &json!(1)));
    dialer.run("review acme").exits(0);
    assert_eq!(dialer.standing(100), "1 clean");

    let failed = dialer.events("policy-failed");
    assert_eq!(failed.len(), 3);
    assert_eq!((&failed[0]["revision"], &failed[0]["run"]), (&json!(bad), &Value::Null));
    assert_eq!(failed[0]["policy"], dialguard::sha256(&trapping()));
    let history = dialer.json("policy history");
    let last = history.as_array().and_then(|events| events.last()).expect("an event").clone();
    assert_eq!((&last["severity"], &last["kind"]), (&json!("alert"), &json!("rolled-back")));
    assert!(last["text"].as_str().is_some_and(|text| text.contains("Revision 2 failed 3 times in a row")), "{last}");

    // An operator may activate it again; it is rolled back again, never to a policy that failed before.
    dialer.run("policy limits --faults-in-a-row-max 1").exits(0);
    dialer.run(&format!("policy activate {bad}")).exits(0);
    dialer.pass(DAY);
    dialer.run("review acme").exits(1);
    assert_eq!(live(&dialer)["restores"], 3);
    dialer.run("review acme").exits(0);
    dialer.run("policy rollback").exits(1).says(&["no other policy was live before"]);
}

/// Traps in every review of `acme`, and of no other account.
fn trapping_for_acme() -> Vec<u8> {
    let review = "(if (i64.eq (i64.load32_u (local.get $id)) (i64.const 0x656d6361)) (then (unreachable)))";
    Hostile::review(review).component()
}

#[test]
fn a_single_account_among_several_does_not_have_a_policy_rolled_back() {
    let acme = |times| vec!["acme"; times];
    // Which accounts are reviewed, one after the other, and whether the policy is rolled back at the end.
    let scenarios = [
        ("it fails for one account only", trapping_for_acme(), "", acme(5), false),
        (
            "it fails for one account while it works for the other",
            trapping_for_acme(),
            "",
            vec!["acme", "other", "acme", "acme", "acme", "other", "acme"],
            false,
        ),
        ("it was only tried with one account", trapping(), "", acme(5), false),
        ("it fails for both accounts", trapping(), "", vec!["acme", "acme", "other"], true),
        (
            "it fails for both, and for one of them first",
            trapping(),
            "",
            vec!["acme", "acme", "acme", "acme", "other"],
            true,
        ),
        ("the other account has the add-on off", trapping_for_acme(), "account set other --add-on off", acme(3), true),
        ("the other account is closed", trapping_for_acme(), "account close other --yes", acme(3), true),
    ];
    for (what, component, before, reviews, is_rolled_back) in scenarios {
        let dialer = Dialer::monitoring(1, "");
        dialer.run("account add other --blocks 1 --time-zone UTC").exits(0);
        if !before.is_empty() {
            dialer.run(before).exits(0);
        }
        let bad = install_untried(&dialer, &component);
        dialer.run(&format!("policy activate {bad}")).exits(0);
        for (place, account) in reviews.iter().enumerate() {
            assert_eq!(live(&dialer)["revision"], bad, "{what}: before review {place}");
            dialer.run(&format!("review {account}"));
        }
        assert_eq!(live(&dialer)["revision"] != bad, is_rolled_back, "{what}");
        let failed = reviews.iter().filter(|account| **account == "acme").count();
        assert_eq!(dialer.events("policy-failed").len(), failed, "{what}: each failure is an event");
    }
}

#[test]
fn faults_in_a_row_are_not_those_with_good_runs_between() {
    let dialer = Dialer::monitoring(2, "");
    // Fails at requests, and reviews correctly.
    let component = Hostile { decide: "(unreachable)", ..Hostile::default() }.component();
    let revision = install_untried(&dialer, &component);
    dialer.run(&format!("policy activate {revision}")).exits(0);
    for _ in 0..3 {
        dialer.run("unmonitor acme +13105550100").exits(1).says(&["the policy failed"]);
        dialer.run("unmonitor acme +13105550100").exits(1);
        // A second review on one date that finds nothing new is no run.
        dialer.pass(DAY);
        dialer.run("review acme").exits(0);
    }
    assert_eq!(live(&dialer)["revision"], revision);
    assert_eq!(dialer.events("policy-failed").len(), 6);
}

/// A shadow's outcome is recorded for each number, and never applied.
#[test]
fn a_candidate_is_compared_with_every_review_and_changes_nothing() {
    let dialer = Dialer::monitoring(3, "--checks-to-replace 1 --auto-replace on");
    let candidate = install_untried(&dialer, &eager());
    let review = |marks: [&str; 3]| {
        dialer.pass(DAY);
        dialer.carriers_say(&[(100, marks[0]), (101, marks[1]), (102, marks[2])]);
        dialer.run("review acme").exits(0);
    };
    review(["ooo", "ooo", "ooo"]);
    dialer.run(&format!("policy shadow {candidate}")).exits(0).says(&["policy diff"]);
    review(["ooo", "ooo", "xxx"]);
    review(["ooo", "ooo", "xxx"]);
    assert_eq!([100, 101, 102].map(|last| dialer.standing(last)), ["1 clean", "2 clean", "3 flagged"]);
    assert_eq!(dialer.events("turned-flagged").len(), 1, "the shadow flagged nobody");

    let diff = dialer.json("policy diff --each");
    let sums = ["reviews", "reviews-alike", "flagged-sooner", "flagged-later", "replaced-more", "cents"];
    assert_eq!(sums.map(|name| diff[name].as_i64()), [2, 0, 2, 0, 0, 0].map(Some), "{diff}");
    let runs = diff["runs"].as_array().expect("a list");
    let differences: Vec<_> = runs.iter().flat_map(|run| run["differences"].as_array().expect("a list")).collect();
    assert_eq!(differences.len(), 4, "two numbers in each of two reviews");
    assert_eq!(differences[0]["number"], e164(100));
    assert_eq!(differences[0]["live"], json!({"status": "clean", "replaced": false, "by": null}));
    assert_eq!(differences[0]["candidate"], json!({"status": "flagged", "replaced": false, "by": null}));

    // A backtest also covers the time before the shadow.
    let backtest = dialer.json(&format!("policy backtest {candidate} --since 2026-03-01"));
    assert_eq!(sums.map(|name| backtest[name].as_i64()), [3, 0, 3, 0, 0, 0].map(Some), "{backtest}");
    let since = dialer.json(&format!("policy backtest {candidate} --since 2026-03-04"));
    assert_eq!(since["reviews"], 1);

    dialer.run("policy shadow --off").exits(0);
    review(["ooo", "ooo", "ooo"]);
    assert_eq!(dialer.json(&format!("policy diff {candidate}"))["reviews"], 3, "no longer compared");
    dialer.run(&format!("policy shadow {candidate}")).exits(0);
    dialer.run(&format!("policy activate {candidate}")).exits(0);
    dialer.run("policy diff").exits(1).says(&["there is no shadow revision"]);
}

/// A candidate that replaces at other times: its cost is known from the record, without new lookups.
#[test]
fn a_backtest_gives_the_cost_in_dollars() {
    let dialer = Dialer::monitoring(3, "--checks-to-replace 1 --auto-replace on");
    let review = "(call $look-around (local.get $id) (local.get $id-len))
        (call $rate (i64.const 13105550100) (i32.const 3))
        (call $replace (i64.const 13105550100) (i64.load (i32.load offset=4 (global.get $asked))) (i32.const 1))";
    let spendthrift = install_untried(&dialer, &Hostile::review(review).component());
    dialer.run(&format!("policy shadow {spendthrift}")).exits(0);
    for _ in 0..2 {
        dialer.pass(DAY);
        dialer.carriers_say(&[(100, "ooo"), (101, "ooo"), (102, "ooo")]);
        dialer.run("review acme").exits(0);
    }
    let diff = dialer.json("policy diff --each");
    assert_eq!((&diff["replaced-more"], &diff["cents"]), (&json!(1), &json!(400)), "once, not each day: {diff}");
    let candidate = &diff["runs"][0]["differences"][0]["candidate"];
    assert_eq!(candidate, &json!({"status": "flagged", "replaced": true, "by": null}), "the requester is not recorded");
    assert_eq!(diff["unknown"], 2);
    dialer.run("policy diff --replacement-cents 115").exits(0).says(&["$1.15 more, $0.00 less"]);
    assert_eq!(dialer.standing(100), "1 clean");
}

#[test]
fn a_failing_candidate_does_not_affect_reviews() {
    let dialer = Dialer::monitoring(2, "");
    let bad = install_untried(&dialer, &trapping());
    let breaking = "(call $release (i64.const 13105550100))";
    let worse = install_untried(&dialer, &Hostile::review(breaking).component());
    dialer.carriers_say(&[(100, "ooo"), (101, "ooo")]);
    dialer.run(&format!("policy shadow {bad}")).exits(0);
    dialer.run("review acme").exits(0);
    dialer.run("policy diff").exits(0).says(&["would have failed", "`unreachable` instruction"]);
    let output = dialer.run(&format!("policy backtest {worse} --since 2026-03-01")).exits(0);
    output.says(&["would have failed", "breaks the ledger's rules"]);
    assert_eq!(dialer.events("policy-failed"), Vec::<Value>::new(), "no run was lost");
    assert_eq!(live(&dialer)["revision"], 1);
}

#[test]
fn every_run_can_be_replayed() {
    let dialer = Dialer::monitoring(5, "--checks-to-replace 1 --auto-replace on");
    dialer.import([140, 141], "--candidates");
    for flagged in [0, 1] {
        dialer.pass(DAY);
        let verdicts = (100..105).map(|last| (last, if last < 100 + flagged { "xxx" } else { "ooo" }));
        dialer.carriers_say(&verdicts.chain([(140, "ooo"), (141, "ooo")]).collect::<Vec<_>>());
        dialer.run("review acme").exits(0);
    }
    dialer.run("delete acme +13105550101 --accept-slot-loss").exits(0);
    dialer.run("replace acme +13105550102").exits(0);
    dialer.run("account set acme --blocks 2").exits(0);
    // The account has changed since; the inputs of each run have not.
    let eager = install_untried(&dialer, &eager());
    dialer.run(&format!("policy activate {eager}")).exits(0);
    dialer.file("verdicts.csv", "number,carrier,score,label,observed_at\n");
    let runs = dialer.json("events acme --last 100000");
    let last = each(&runs, "run").iter().filter_map(Value::as_u64).max().expect("runs");
    assert_eq!(last, 8, "the first checks of two replacements are runs too");
    for run in 1..=last {
        let replayed = dialer.json(&format!("replay {run}"));
        assert_eq!(
            (&replayed["same"], &replayed["revision"], &replayed["contract"]),
            (&json!(true), &json!(1), &json!("0.3.0"))
        );
    }
    dialer.run("replay 3").exits(0).says(&["the plan is the same, byte for byte", "5 reviews, 1 action"]);
    // The outcome with another revision.
    let other = dialer.json(&format!("replay 3 --revision {eager}"));
    assert_eq!((&other["flagged-sooner"], &other["replaced-less"]), (&json!(4), &json!(1)), "{other}");
    let same = dialer.json("replay 3 --revision 1");
    assert_eq!((&same["reviews"], &same["reviews-alike"]), (&json!(1), &json!(1)));
}

#[test]
fn runs_are_kept_as_long_as_set() {
    let dialer = Dialer::monitoring(1, "");
    let review = || {
        dialer.carriers_say(&[(100, "ooo")]);
        dialer.run("review acme").exits(0);
    };
    dialer.run("policy limits --recordings-kept-days 2").exits(0);
    for _ in 0..4 {
        review();
        dialer.pass(DAY);
    }
    let outcome = |run: u64| dialer.run(&format!("replay {run}")).code;
    assert_eq!([2, 3, 4, 5].map(outcome), [Some(1), Some(0), Some(0), Some(0)]);
    dialer.run("replay 2").exits(1).says(&["the recording of run 2 is no longer kept", "--recordings-kept-days"]);
    assert_eq!(dialer.json("policy backtest 1 --since 2026-03-01")["reviews"], 3);
}

/// The review itself is good: it is applied, and every surface says why it cannot be replayed.
#[test]
fn a_recording_that_is_too_large_is_not_kept() {
    let dialer = Dialer::monitoring(1, "");
    let review = || {
        dialer.pass(DAY);
        dialer.carriers_say(&[(100, "ooo")]);
        dialer.run("review acme").exits(0);
    };
    dialer.run("policy limits --recording-mib-max 0").exits(0).says(&["--recording-mib-max 0"]);
    review();
    assert_eq!(dialer.standing(100), "1 clean");
    dialer.run("replay 2").exits(1).says(&["the recording of run 2 was too large to keep", "--recording-mib-max"]);
    dialer.run("review acme").exits(0).says(&["0 numbers rated", "nothing new since the last review"]);
    dialer.run("policy limits --recording-mib-max 8").exits(0);
    review();
    dialer.run("replay 3").exits(0);
    let backtest = dialer.run("policy backtest 1 --since 2026-03-01").exits(0);
    backtest.says(&["on 1 review", "not compared 1 review, whose recordings were too large"]);
    assert_eq!(dialer.json("policy diff 1")["not-recorded"], 1);
    let runs = dialer.run("account export acme runs --format jsonl").exits(0).stdout;
    let recordings: Vec<serde_json::Value> = runs
        .lines()
        .map(|run| serde_json::from_str::<serde_json::Value>(run).expect("a run a line")["recording"].clone())
        .collect();
    assert_eq!(recordings, ["kept", "too-large", "kept"]);
}

fn open(dialer: &Dialer) -> (Arc<Ledger>, Policies) {
    let ledger = Arc::new(dialer.ledger());
    let policies = Policies::open(ledger.clone(), dialer.now()).expect("policies");
    (ledger, policies)
}

fn candidate(component: Vec<u8>) -> Candidate {
    Candidate { component, signature: None, wasi: Wasi::None }
}

fn dialguard(dialer: &Dialer) -> Dialguard {
    let (ledger, policies) = open(dialer);
    Dialguard::new(ledger, policies, Arc::new(FixedClock(dialer.now())))
}

/// One process serves, another activates: the first uses the new policy from its next run on, not in a started one.
#[tokio::test(flavor = "multi_thread")]
async fn a_policy_activated_by_another_process_decides_the_next_run() {
    let dialer = Dialer::monitoring(2, "");
    dialer.carriers_say(&[(100, "ooo"), (101, "ooo")]);
    let serving = dialguard(&dialer);
    let eager = install_untried(&dialer, &eager());
    let under_way = serving.policies().live().expect("a policy");
    dialer.run(&format!("policy activate {eager}")).exits(0);
    let reviewed = serving.review("acme").await.expect("a review");
    assert_eq!(reviewed.plan.reviews.len(), 2);
    let latest = serving.ledger().events("acme", EventFilter { number: None, last: 1 }).expect("events");
    assert_eq!(latest[0].revision, Some(eager));
    assert_eq!(under_way.revision, Some(1));
    let description = under_way.policy.describe().await.expect("a run that began before finishes on its policy");
    assert_eq!(description.name, "dialguard-reference");
}

/// The folder of compiled code, and the files in it.
fn code_files(dialer: &Dialer) -> Vec<PathBuf> {
    let folder = dialer.path("ledger/compiled");
    let files = std::fs::read_dir(folder).expect("the folder of compiled code");
    let mut files: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
    files.sort();
    files
}

#[test]
fn bench_and_test_report_what_a_policy_does_and_costs() {
    let dialer = Dialer::new();
    with_file(&dialer, "reference", REFERENCE_POLICY);
    with_file(&dialer, "eager", &eager());
    dialer.run("policy check reference.wasm").exits(0).says(&["✓", "0 failed", "This policy conforms to the contract"]);
    dialer.run("policy check eager.wasm").exits(1).says(&["✗", "the policy breaks the contract"]);
    let report = dialer.json("policy bench reference.wasm");
    let reviews = report["reviews"].as_array().expect("a list");
    assert_eq!(each(&report["reviews"], "numbers"), [15, 1_000, 10_000].map(|numbers| json!(numbers)));
    assert!(reviews.iter().all(|review| review["fuel"].as_u64() > Some(10_000)), "{report}");
    assert_eq!(dialer.everything(), Value::Null, "a trial leaves no files");
}

#[test]
fn the_built_in_policy_can_be_exported() {
    let dialer = Dialer::new();
    let written = dialer.json("component -o policy.wasm");
    assert_eq!((&written["contract"], &written["bytes"]), (&json!("0.3.0"), &json!(REFERENCE_POLICY.len())));
    assert!(std::fs::read(dialer.path("policy.wasm")).expect("the component") == REFERENCE_POLICY);
    dialer.run("component -o policy.wasm").exits(1).says(&["cannot write policy.wasm"]);
}

/// Machine code is loaded only if this host wrote it for this policy.
#[test]
fn foreign_compiled_code_is_never_loaded() {
    let dialer = Dialer::monitoring(1, "");
    dialer.carriers_say(&[(100, "ooo")]);
    let eager = install_untried(&dialer, &eager());
    // Compiled for the comparison, and kept.
    dialer.run(&format!("policy shadow {eager}")).exits(0);
    dialer.run("policy shadow --off").exits(0);
    let (mine, others): (Vec<_>, Vec<_>) = code_files(&dialer).into_iter().partition(|file| {
        let sha256 = dialguard::sha256(REFERENCE_POLICY);
        file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&sha256))
    });
    let good = std::fs::read(&mine[0]).expect("compiled code");
    let others = std::fs::read(&others[0]).expect("compiled code");
    let review = || {
        dialer.pass(DAY);
        dialer.carriers_say(&[(100, "ooo")]);
        dialer.run("review acme").exits(0);
        assert_eq!(dialer.standing(100), "1 clean", "the live policy is the one that was activated");
        assert!(std::fs::read(&mine[0]).expect("compiled code") == good, "compiled and written again");
    };
    let mut damaged = good.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    // Another policy's code, which would rate every number flagged; damaged code; half of it; none.
    for file in [&others[..], &damaged, &good[..good.len() / 2], b"", b"#!/bin/sh"] {
        std::fs::write(&mine[0], file).expect("the file is written");
        review();
    }
    std::fs::remove_file(&mine[0]).expect("the file goes");
    review();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_brings_its_policy_along_installs_none() {
    let policies = Policies::from(reference());
    let refused = policies.install(candidate(lookalike()), 0).await.expect_err("no ledger");
    assert!(matches!(refused, PoliciesError::Refused(_)), "{refused}");
    assert_eq!(policies.live().expect("its policy").revision, None);
}

/// The daily schedule in its own process uses another policy without a restart, and compares candidates while it serves.
#[test]
fn serve_notices_a_change_without_a_restart() {
    let dialer = Dialer::monitoring(2, "");
    dialer.carriers_say(&[(100, "ooo"), (101, "ooo")]);
    let eager = install_untried(&dialer, &eager());
    dialer.run(&format!("policy activate {eager}")).exits(0);
    dialer.run("serve --once").exits(0).says(&["1 account reviewed"]);
    assert_eq!(dialer.standing(100), "1 flagged");
    dialer.run("policy shadow 1").exits(0);
    dialer.pass(DAY);
    dialer.carriers_say(&[(100, "ooo"), (101, "ooo")]);
    let Outcome { stdout, .. } = dialer.run("serve --once").exits(0);
    assert_eq!(stdout.trim(), "1 account reviewed.", "at {}", rfc3339(dialer.now()));
    assert_eq!(dialer.json("policy diff")["reviews"], 1);
}
