//! A policy composed of several, in use.

use crate::harness::dialer::{Dialer, each};
use crate::harness::policies::no_friday::wrapped;
use serde_json::{Value, json};

/// Installed, activated, and run through the days of a week.
#[test]
fn on_a_friday_nothing_is_replaced_unless_a_user_requests_it() {
    let dialer = Dialer::monitoring(4, "--checks-to-replace 1 --auto-replace on");
    dialer.import(140..144, "--candidates");
    dialer.file("policy.wasm", wrapped());
    dialer.run("policy install policy.wasm").exits(0).says(&["dialguard-reference-no-friday"]);
    dialer.run("policy activate 2").exits(0);
    let review = |time: &str, marks: &[(u64, &str)]| {
        dialer.it_is(time);
        let clean = (140..144).map(|candidate| (candidate, "ooo"));
        dialer.carriers_say(&marks.iter().copied().chain(clean).collect::<Vec<_>>());
        dialer.run("review acme").exits(0);
    };
    let replaced = || dialer.events("replaced").len();
    let put_off =
        || dialer.events("replacement-deferred").iter().map(|event| event["text"].clone()).collect::<Vec<_>>();

    review("2026-03-05T09:00:00Z", &[(100, "xxx"), (101, "ooo"), (102, "ooo"), (103, "ooo")]);
    assert_eq!((replaced(), put_off()), (1, vec![]), "a Thursday like any other");

    review("2026-03-06T09:00:00Z", &[(101, "xxx"), (102, "xxx"), (103, "ooo")]);
    assert_eq!((replaced(), dialer.standing(101)), (1, "2 flagged".into()));
    assert_eq!(put_off(), [json!("2 flagged numbers not replaced today: it is Friday.")]);
    dialer.run("replace acme +13105550103").exits(0);
    assert_eq!((replaced(), dialer.standing(103)), (2, "gone".into()), "a user requested it");

    review("2026-03-07T09:00:00Z", &[(101, "xxx"), (102, "xxx")]);
    // On Friday it was said twice: the first check of 0103's replacement was a review too.
    assert_eq!((replaced(), put_off().len()), (4, 2), "what waited is replaced");
    assert_eq!([101, 102].map(|last| dialer.standing(last)), ["gone", "gone"]);
    let runs = dialer.json("events acme --last 100000");
    let last = each(&runs, "run").iter().filter_map(Value::as_u64).max().expect("runs");
    assert_eq!(dialer.json(&format!("replay {last}"))["same"], true);
}
