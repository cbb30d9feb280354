//! The page in a real browser: what a person does, and what has to come of it.
//!
//! It is tried where node, Chromium and the scripts' packages are installed (`npm ci --prefix tests/page`); elsewhere
//! the tests say on standard output that they tried nothing. What the person does stands in `tests/page/steps/`.

mod harness;

use dialguard::access::Role;
use harness::Dialer;
use harness::site::Served;
use std::path::Path;
use std::process::Command;

/// Does `tests/page/steps/NAME.js` as somebody with this role, and fails where that does. False where nothing was tried.
fn step(site: &Served, role: Role, name: &str) -> bool {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/page");
    let chromium = std::env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".into());
    if !folder.join("node_modules").exists() || !Path::new(&chromium).exists() {
        println!("not tried: npm ci --prefix tests/page, and Chromium at {chromium} or where CHROMIUM says");
        return false;
    }
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

#[tokio::test(flavor = "multi_thread")]
async fn everybody_can_use_every_page() {
    let site = Served::new(Dialer::monitoring(3, "")).await;
    step(&site, Role::Administer, "accessible");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_threshold_is_changed_and_its_effect_is_seen_before() {
    let desk = Dialer::monitoring(2, "");
    for _ in 0..2 {
        desk.pass(harness::DAY);
        desk.carriers_say(&[(100, "ooo"), (101, "xxo")]);
        desk.run("review acme").exits(0);
    }
    let site = Served::new(desk).await;
    if step(&site, Role::Administer, "settings") {
        assert_eq!(site.dialguard.ledger().account("acme").expect("the account").settings.checks_to_flag, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_process_does_shows_without_a_reload() {
    let desk = Dialer::monitoring(3, "");
    desk.pass(harness::DAY);
    desk.carriers_say(&[(100, "ooo"), (101, "xxo"), (102, "ooo")]);
    step(&Served::new(desk).await, Role::Operate, "live");
}
