//! The dashboard in a real browser: what users do and the expected results.
//!
//! Needs node, Chromium and the scripts' packages (`npm ci --prefix tests/dashboard`); without them the tests print that
//! they were skipped. The steps are in `tests/dashboard/steps/`.

use crate::harness::acme::DAY;
use crate::harness::dialer::{Dialer, e164};
use crate::harness::host_tools::{are_installed, chromium};
use crate::harness::repository::repository;
use crate::harness::server::Server;
use dialguard_dialer::access::Role;
use serde_json::json;
use std::process::Command;

/// Runs `tests/dashboard/steps/NAME.js` as a user with this role and fails if it does. False if it was skipped. Several
/// names share a browser.
pub fn step(server: &Server, role: Role, name: &str) -> bool {
    let session = server.session(role, &[]);
    Step { address: &server.address, session: &session, others: &[] }.run(&server.dialer, name)
}

/// Where a step begins.
pub struct Step<'a> {
    pub address: &'a str,
    /// Of nobody if it is empty.
    pub session: &'a str,
    /// Further variables.
    pub others: &'a [(&'a str, &'a str)],
}

impl Step<'_> {
    /// Runs `tests/dashboard/steps/NAME.js` and fails if it does. False if it was skipped.
    pub fn run(&self, dialer: &Dialer, name: &str) -> bool {
        let folder = repository("tests/dashboard");
        let (true, Some(chromium)) = (are_installed(&folder, "tests/dashboard"), chromium()) else { return false };
        let mut node = Command::new("node");
        node.arg("step.js").args(name.split_whitespace()).current_dir(&folder).env("CHROMIUM", chromium);
        // The program itself, for steps in which another process changes something.
        node.env("DIALGUARD", env!("CARGO_BIN_EXE_dialguard")).env("DIALGUARD_DATA", dialer.path("ledger"));
        node.env("DIALGUARD_AT", dialguard::calendar::rfc3339(dialer.now()));
        node.env("DIALGUARD_PAGE", self.address).env("DIALGUARD_SESSION", self.session);
        node.envs(self.others.iter().copied());
        let done = tokio::task::block_in_place(|| node.output()).expect("node starts");
        let [output, errors] = [&done.stdout, &done.stderr].map(|text| String::from_utf8_lossy(text));
        assert!(done.status.success(), "steps/{name}.js:\n{output}{errors}");
        true
    }
}

/// Thirteen numbers monitored in fifteen slots. The first became flagged today, by A and C; C last answered yesterday.
/// Three more are owned, and one candidate is clean.
async fn one_flagged() -> Server {
    let dialer = Dialer::with_account("--checks-to-clear 2");
    dialer.import(100..116, "");
    dialer.import([190], "--candidates");
    let monitored: Vec<String> = (100..113).map(e164).collect();
    dialer.run(&format!("monitor acme {}", monitored.join(" "))).exits(0);
    let say = |first| {
        let others = (101..113).chain([190]).map(|number| (number, "ooo"));
        dialer.carriers_say(&others.chain([(100, first)]).collect::<Vec<_>>());
    };
    say("xox");
    dialer.run("review acme").exits(0);
    dialer.pass(DAY);
    say("xo.");
    dialer.run("review acme").exits(0);
    Server::new(dialer).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_accessible_and_everything_can_be_done_by_keyboard() {
    let server = one_flagged().await;
    let [session, reader] = [Role::Administer, Role::Read].map(|role| server.session(role, &[]));
    let others = [("DIALGUARD_READER", reader.as_str())];
    Step { address: &server.address, session: &session, others: &others }.run(&server.dialer, "accessible keys");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_price_is_shown_before_the_add_on_is_switched_on() {
    let dialer = Dialer::with_ledger();
    dialer.run("account add acme --blocks 0 --time-zone UTC").exits(0);
    let server = Server::new(dialer).await;
    server.dialer.run("account set acme --blocks 2").exits(0);
    server.dialer.run("account set acme --add-on off").exits(0);
    server.pass(31 * DAY);
    if step(&server, Role::Administer, "add-on") {
        let charged: Vec<_> = server.dialer.events("charged").iter().map(|event| event["cents"].clone()).collect();
        assert_eq!(charged, [json!(9_800), json!(9_800), json!(4_900)]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_monitored_in_bulk_and_replaced_rather_than_deleted() {
    let server = one_flagged().await;
    if step(&server, Role::Operate, "numbers") {
        assert_eq!(server.dialer.standing(113), "14 pending");
        assert_eq!(server.dialer.standing(115), "–");
        assert_eq!(server.dialer.standing(190), "1 clean");
        assert_eq!(server.dialer.standing(100), "gone");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_imported_and_exported_as_files() {
    let server = Server::new(Dialer::monitoring(3, "")).await;
    if step(&server, Role::Operate, "files") {
        assert_eq!(server.dialer.standing(150), "–");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_work_without_scripts() {
    let server = Server::new(Dialer::monitoring(4, "")).await;
    if step(&server, Role::Operate, "without-script") {
        assert_eq!(server.dialer.standing(101), "–");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_effect_of_a_setting_is_previewed_before_it_is_saved() {
    let dialer = Dialer::monitoring(2, "");
    for _ in 0..2 {
        dialer.pass(DAY);
        dialer.carriers_say(&[(100, "ooo"), (101, "xxo")]);
        dialer.run("review acme").exits(0);
    }
    let server = Server::new(dialer).await;
    if step(&server, Role::Administer, "settings") {
        let settings = server.dialguard.ledger().account("acme").expect("the account").settings;
        assert_eq!(settings.values.get("checks-to-flag"), Some("2"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_activity_tells_a_story_that_opens() {
    let dialer = Dialer::monitoring(3, "--auto-replace on");
    dialer.import([190], "--candidates");
    for _ in 0..2 {
        dialer.pass(DAY);
        dialer.carriers_say(&[(100, "ooo"), (101, "xxo"), (102, "ooo"), (190, "ooo")]);
        dialer.run("serve --once").exits(0);
    }
    step(&Server::new(dialer).await, Role::Read, "story");
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_by_another_process_show_without_a_reload() {
    let dialer = Dialer::monitoring(3, "");
    dialer.pass(DAY);
    dialer.carriers_say(&[(100, "ooo"), (101, "xoo"), (102, "ooo")]);
    step(&Server::new(dialer).await, Role::Operate, "live");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_a_person_is_on_top_until_it_is_seen_to() {
    let dialer = Dialer::monitoring(3, "");
    dialer.pass(DAY);
    dialer.carriers_say(&[(100, "xxx"), (101, "ooo"), (102, "ooo")]);
    dialer.run("review acme").exits(0);
    step(&Server::new(dialer).await, Role::Operate, "attention");
}

/// Four numbers were rated on the first of March, one of them flagged. Since then the verdict file is gone.
#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_told_marks_are_explained_and_first_verdicts_show_at_once() {
    let dialer = Dialer::monitoring(4, "");
    dialer.import([104, 105], "");
    dialer.import([190, 191], "--candidates");
    dialer.carriers_say(&[(100, "xxx"), (101, "ooo"), (102, "ooo"), (103, "ooo")]);
    dialer.run("review acme").exits(0);
    std::fs::remove_file(dialer.path("verdicts.csv")).expect("the file was there");
    for _ in 0..3 {
        dialer.pass(DAY);
        dialer.run("review acme").exits(0);
    }
    step(&Server::new(dialer).await, Role::Operate, "truth");
}

/// 52 monitored numbers, of which one is flagged for the second day; the only candidate is in another area.
#[tokio::test(flavor = "multi_thread")]
async fn large_acts_take_a_typed_count_and_a_check_asks_before_it_replaces() {
    let dialer = Dialer::with_account("--auto-replace on");
    dialer.run("account set acme --blocks 4").exits(0);
    dialer.import(100..152, "");
    dialer.file("far.csv", "number\n+12135550191\n");
    dialer.run("numbers import acme far.csv --candidates").exits(0);
    dialer.run("monitor acme --all --no-check").exits(0);
    let say = || {
        let others = (101..152).map(|last_digits| (last_digits, "ooo"));
        dialer.carriers_say(&others.chain([(100, "xxx")]).collect::<Vec<_>>());
        let now = dialguard::calendar::rfc3339(dialer.now());
        let candidate: String = ["A", "B", "C"].map(|carrier| format!("+12135550191,{carrier},5,,{now}\n")).concat();
        let verdicts = std::fs::read_to_string(dialer.path("verdicts.csv")).expect("the file");
        dialer.file("verdicts.csv", verdicts + &candidate);
    };
    say();
    dialer.run("review acme").exits(0);
    dialer.pass(DAY);
    say();
    let server = Server::new(dialer).await;
    if step(&server, Role::Operate, "asking") {
        assert!(server.dialer.events("replacement-charged").is_empty(), "nobody agreed to it");
        assert_eq!(server.dialer.json("usage acme")["locked"], 52);
    }
}
