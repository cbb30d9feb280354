//! A number's calls fare badly before any carrier says why: the whole story, from the imported file to the number's return.

use crate::browser::dashboard::step;
use crate::harness::acme::DAY;
use crate::harness::buying::buying_dialer;
use crate::harness::dialer::{Dialer, e164, each};
use crate::harness::server::Server;
use crate::harness::services::provider::FakeProvider;
use dialguard_dialer::access::Role;
use dialguard_dialer::ledger::ProviderKind;
use serde_json::json;
use std::fmt::Write;

/// 0100 to 0112 are monitored. 0100 was flagged for two days and replaced by 0150, which was bought; it has rested for
/// thirty days, and is ready to replace others. From now on reviews look up one number a day.
async fn one_has_rested() -> (Dialer, FakeProvider) {
    let (dialer, provider) = buying_dialer(ProviderKind::Twilio, 13, "--auto-replace on").await;
    for _ in 0..2 {
        carriers_flag(&dialer, &[100]);
        dialer.run("review acme").exits(0);
        dialer.pass(DAY);
    }
    assert_eq!((dialer.standing(100), dialer.standing(150)), ("gone".into(), "1 clean".into()));
    dialer.pass(30 * DAY);
    carriers_flag(&dialer, &[]);
    dialer.run("review acme").exits(0);
    dialer.run("account set acme --look-ups-per-day-max 1").exits(0);
    dialer.pass(DAY);
    (dialer, provider)
}

/// Fresh opinions of all three carriers about every number of the story.
fn carriers_flag(dialer: &Dialer, flagged: &[u64]) {
    let says = |last| (last, if flagged.contains(&last) { "xxx" } else { "ooo" });
    dialer.carriers_say(&(100..113).chain(150..190).map(says).collect::<Vec<_>>());
}

/// A report by the hour of the past two days: one call in five is answered, and one in fifty from 0105.
fn report(dialer: &Dialer) -> String {
    let mut rows = "number,hour,attempts,answered\n".to_owned();
    for last in (101..113).chain([150]) {
        for hours_ago in [20, 30] {
            let hour = dialguard::calendar::rfc3339(dialer.now() - hours_ago * 3_600);
            let answered = if last == 105 { 1 } else { 10 };
            writeln!(rows, "{},{hour},50,{answered}", e164(last)).expect("text grows");
        }
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspect_number_is_replaced_by_one_that_has_rested_and_comes_back_itself() {
    let (dialer, provider) = one_has_rested().await;
    dialer.file("calls.csv", report(&dialer));
    let server = Server::new(dialer).await;
    if !step(&server, Role::Operate, "calls-imported") {
        return;
    }

    // Its calls alone make it suspect, and so it is the one that is looked up. Most carriers flag it.
    carriers_flag(&server.dialer, &[105]);
    let review = &server.dialer.json("review acme")[0];
    assert_eq!(each(&review["reviews"], "number"), [e164(105)], "{review:#}");
    assert!(step(&server, Role::Operate, "suspect-and-flagged"));

    // A second vote on newer opinions replaces it, by the account's own number.
    server.pass(DAY);
    carriers_flag(&server.dialer, &[105]);
    server.dialer.run("review acme").exits(0);
    assert_eq!((server.dialer.standing(105), server.dialer.standing(100)), ("gone".into(), "6 pending".into()));
    let swap = &server.dialer.events("replaced")[1];
    assert!(swap["text"].as_str().expect("a text").contains(&e164(100)), "{swap}");
    assert_eq!((swap["number"].clone(), provider.purchases().len()), (json!(e164(105)), 1), "only 0150 was bought");

    server.pass(30 * DAY);
    carriers_flag(&server.dialer, &[]);
    server.dialer.run("review acme").exits(0);
    assert!(step(&server, Role::Read, "rested"));
}
