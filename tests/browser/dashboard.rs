//! The dashboard in a real browser: what a user does, and what has to come of it.
//!
//! It is tried where node, Chromium and the scripts' packages are installed (`npm ci --prefix tests/dashboard`); elsewhere
//! the tests say on standard output that they tried nothing. What the user does stands in `tests/dashboard/steps/`.

use crate::harness::acme::DAY;
use crate::harness::desk::{Dialer, e164};
use crate::harness::host_tools::{are_installed, chromium};
use crate::harness::repository::repository;
use crate::harness::server::Server;
use dialguard_dialer::access::Role;
use serde_json::json;
use std::process::Command;

/// Does `tests/dashboard/steps/NAME.js` as somebody with this role, and fails where that does. False where nothing was tried.
fn step(site: &Server, role: Role, name: &str) -> bool {
    let folder = repository("tests/dashboard");
    let (true, Some(chromium)) = (are_installed(&folder, "tests/dashboard"), chromium()) else { return false };
    let mut node = Command::new("node");
    node.args(["step.js", name]).current_dir(&folder).env("CHROMIUM", chromium);
    // The program itself, for steps in which another process does something.
    node.env("DIALGUARD", env!("CARGO_BIN_EXE_dialguard")).env("DIALGUARD_DATA", site.desk.path("ledger"));
    node.env("DIALGUARD_AT", dialguard::calendar::rfc3339(site.desk.now()));
    node.env("DIALGUARD_PAGE", &site.address).env("DIALGUARD_SESSION", site.session(role, &[]));
    let done = tokio::task::block_in_place(|| node.output()).expect("node starts");
    let [told, wrong] = [&done.stdout, &done.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(done.status.success(), "steps/{name}.js:\n{told}{wrong}");
    true
}

/// Twelve numbers monitored in fifteen slots, of which the first turned flagged today: A and C say so, C for the last
/// time yesterday. Three more are owned, and one candidate is clean.
async fn a_flagged_one() -> Server {
    let desk = Dialer::with_account("--checks-to-flag 1");
    desk.import(100..116, "");
    desk.import([190], "--candidates");
    let monitored: Vec<String> = (100..113).map(e164).collect();
    desk.run(&format!("monitor acme {}", monitored.join(" "))).exits(0);
    let say = |of_the_first| {
        let others = (101..113).chain([190]).map(|number| (number, "ooo"));
        desk.carriers_say(&others.chain([(100, of_the_first)]).collect::<Vec<_>>());
    };
    say("xox");
    desk.run("review acme").exits(0);
    desk.pass(DAY);
    say("xo.");
    desk.run("review acme").exits(0);
    Server::new(desk).await
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_can_use_every_page() {
    let site = a_flagged_one().await;
    step(&site, Role::Administer, "accessible");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_add_on_is_switched_on_by_whoever_has_seen_the_price() {
    let desk = Dialer::with_ledger();
    desk.run("account add acme --blocks 0 --time-zone UTC").exits(0);
    let site = Server::new(desk).await;
    site.desk.run("account set acme --blocks 2").exits(0);
    site.desk.run("account set acme --add-on off").exits(0);
    site.pass(31 * DAY);
    if step(&site, Role::Administer, "add-on") {
        let charged: Vec<_> = site.desk.events("charged").iter().map(|event| event["cents"].clone()).collect();
        assert_eq!(charged, [json!(9_800), json!(9_800), json!(4_900)]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_monitored_in_bulk_and_replaced_rather_than_deleted() {
    let site = a_flagged_one().await;
    if step(&site, Role::Operate, "numbers") {
        assert_eq!(site.desk.standing(113), "14 pending");
        assert_eq!(site.desk.standing(115), "–");
        assert_eq!(site.desk.standing(190), "1 pending");
        assert_eq!(site.desk.standing(100), "gone");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_come_and_go_as_files() {
    let site = Server::new(Dialer::monitoring(3, "")).await;
    if step(&site, Role::Operate, "files") {
        assert_eq!(site.desk.standing(150), "–");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_needs_no_script() {
    let site = Server::new(Dialer::monitoring(4, "")).await;
    if step(&site, Role::Operate, "without-script") {
        assert_eq!(site.desk.standing(101), "–");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_threshold_is_changed_and_its_effect_is_seen_before() {
    let desk = Dialer::monitoring(2, "");
    for _ in 0..2 {
        desk.pass(DAY);
        desk.carriers_say(&[(100, "ooo"), (101, "xxo")]);
        desk.run("review acme").exits(0);
    }
    let site = Server::new(desk).await;
    if step(&site, Role::Administer, "settings") {
        assert_eq!(site.dialguard.ledger().account("acme").expect("the account").settings.checks_to_flag, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_process_does_shows_without_a_reload() {
    let desk = Dialer::monitoring(3, "");
    desk.pass(DAY);
    desk.carriers_say(&[(100, "ooo"), (101, "xxo"), (102, "ooo")]);
    step(&Server::new(desk).await, Role::Operate, "live");
}
