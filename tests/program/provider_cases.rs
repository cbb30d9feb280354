//! What Twilio and Telnyx answer in the wild: refusals, orders that come to nothing, numbers that others of the same
//! provider account have. Each case has the id that it has in the collection of real-world cases.

use crate::harness::acme::{DAY, NOW, number};
use crate::harness::buying::buying_dialer;
use crate::harness::dialer::{Dialer, Outcome, e164, each};
use crate::harness::services::fault::Fault;
use crate::harness::services::provider::Deed::{Order, Orders, Search};
use crate::harness::services::provider::When::{After, Before};
use crate::harness::services::provider::{FakeProvider, TOKEN};
use crate::harness::services::source::FakeSource;
use dialguard::calendar::rfc3339;
use dialguard_dialer::ledger::ProviderKind::{self, Telnyx, Twilio};
use serde_json::{Value, json};
use std::fmt::Write;
use std::pin::Pin;
use std::process::Stdio;

/// A case of the collection.
pub struct Case {
    pub id: &'static str,
    pub situation: &'static str,
    pub check: fn() -> Pin<Box<dyn Future<Output = ()>>>,
}

/// A row of the table, whose check is the body.
macro_rules! case {
    ($id:literal, $situation:literal, $check:expr) => {
        Case { id: $id, situation: $situation, check: || Box::pin($check) }
    };
}

pub const CASES: &[Case] = &[
    case!("T00", "one number is replaced", replaced_once()),
    case!("T01a", "Twilio buys, and the answer is lost", bought_though_unanswered(Twilio, Fault::Reset)),
    case!("T01b", "Telnyx buys, and the answer is lost", bought_though_unanswered(Telnyx, Fault::Reset)),
    case!(
        "T01c",
        "Twilio buys, and the answer is 503 in HTML",
        bought_though_unanswered(Twilio, Fault::HtmlUnavailable)
    ),
    case!("T01d", "Twilio buys, and the answer is 504 in JSON", bought_though_unanswered(Twilio, Fault::Status(504))),
    case!("T03", "Twilio refuses a candidate with 21631: it needs an address", passed_over(Twilio, 400, "21631")),
    case!("T04a", "Twilio refuses a candidate with 21649: it needs a bundle", passed_over(Twilio, 400, "21649")),
    case!(
        "T04b",
        "Twilio refuses a candidate with 21650: the bundle is of another kind",
        passed_over(Twilio, 400, "21650")
    ),
    case!("T04c", "Twilio refuses a candidate with 21613: it needs a special setup", passed_over(Twilio, 400, "21613")),
    case!("T04d", "Twilio refuses a candidate with 21615: no address in its area", passed_over(Twilio, 400, "21615")),
    case!("T04e", "Twilio refuses a candidate with 21632: a beta number", passed_over(Twilio, 400, "21632")),
    case!("T04f", "Twilio refuses a candidate with an unknown code", passed_over(Twilio, 400, "21999")),
    case!("T04g", "Telnyx refuses a candidate with an unknown code", passed_over(Telnyx, 422, "10027")),
    case!(
        "T04h",
        "Twilio refuses every candidate with an unknown code",
        stuck_once_all_are_refused("21999", "in a row")
    ),
    case!("T04i", "Twilio refuses every candidate: no address", stuck_once_all_are_refused("21631", "add an address")),
    case!("T04j", "Twilio refuses: a trial account has its one number", stuck_at_once("21404", "upgrade the account")),
    case!("T04k", "Twilio refuses: the account is suspended", stuck_at_once("20005", "suspended, closed or blocked")),
    case!("T05", "the key of the main account with a subaccount: `providers test`", wrong_key_tested()),
    case!("T05b", "the same while a number is replaced", wrong_key_used()),
    case!("T06a", "`providers test` with a suspended account", tested_account("status", "suspended", 1, "suspended")),
    case!("T06b", "`providers test` with a trial account", tested_account("type", "Trial", 0, "trial account")),
    case!("T06c", "`providers test` with a closed account", tested_account("status", "closed", 1, "closed")),
    case!("T06d", "`providers test` without an address, a bundle and funds", tested_without_anything()),
    case!("T07", "the search answers with numbers of another area code", other_areas_not_bought(Twilio)),
    case!("T08", "Telnyx answers with a best effort though none was asked for", other_areas_not_bought(Telnyx)),
    case!("T10a", "order success, number failure", over("success", json!({"status": "failure"}))),
    case!("T10b", "order pending, number failure", over("pending", json!({"status": "failure"}))),
    case!("T10c", "order failure, number failure", over("failure", json!({"status": "failure"}))),
    case!("T10d", "order success, number requirement-info-pending", waits_for_a_user("success")),
    case!("T10e", "order pending, number requirement-info-pending", waits_for_a_user("pending")),
    case!("T10f", "order failed, number failed", over("failed", json!({"status": "failed"}))),
    case!("T10g", "order pending, number declined", over("pending", json!({"status": "declined"}))),
    case!(
        "T10h",
        "order pending, number state under another name",
        over("pending", json!({"phone_number_status": "Purchase_Failed"}))
    ),
    case!(
        "T10i",
        "order pending, requirements cancelled",
        over("pending", json!({"status": "pending", "requirements_status": "cancelled"}))
    ),
    case!(
        "T10x",
        "an order stays pending though its number has failed; a user ends it after 60 days",
        ended_after_sixty_days()
    ),
    case!("T10y", "a pending order is cancelled at the provider", over("cancelled", json!({"status": "pending"}))),
    case!("T10y2", "a pending order is deleted at the provider", over("deleted", json!({}))),
    case!("T10y3", "a pending order is no longer known to the provider", forgotten()),
    case!("T10y4", "a pending order is ended by a user five days later", ended_after_five_days()),
    case!("T10z", "an order comes with another number", another_number()),
    case!("T10z2", "Twilio sells another number than the one ordered", another_number_sold()),
    case!("T11a", "the search offers a number that the provider account has", already_owned(Twilio)),
    case!("T11a2", "the same at Telnyx", already_owned(Telnyx)),
    case!("T11b", "another system of the Twilio account buys the number first", snatched(Twilio)),
    case!("T11c", "another system of the Telnyx account buys the number first", snatched(Telnyx)),
    case!("T11d", "the same, and the answer of Twilio is lost", snatched_unanswered(Twilio)),
    case!("T11e", "the same, and the answer of Telnyx is lost", snatched_unanswered(Telnyx)),
    case!("T12b", "the number's own area code is not known to the provider", own_area_unknown()),
    case!(
        "T13a",
        "Nomorobo's add-on failed",
        no_opinion(NOMOROBO, 200, failed_add_on(), "Nomorobo Spam Score is installed")
    ),
    case!(
        "T13c",
        "Nomorobo's add-on is not turned on",
        no_opinion(NOMOROBO, 200, json!({"add_ons": null}), "Nomorobo Spam Score is installed")
    ),
    case!("T14a", "Telnyx does not know the number", no_opinion(TELNYX, 404, not_found(), "it has no opinion about")),
    case!("T15", "429 on the purchase", bought_later()),
    case!("T16a", "two installs share a Twilio account and choose the last number", two_installs(Twilio)),
    case!("T16b", "two installs share a Telnyx account and choose the last number", two_installs(Telnyx)),
    case!("T17", "two accounts of one install replace at the same moment", two_accounts()),
];

/// Prints the table. The cases mostly wait, so several are tried at the same time.
#[test]
fn every_case_comes_out_right() {
    let mut failed = Vec::new();
    for some in CASES.chunks(CASES_AT_ONCE) {
        let tried: Vec<_> = some.iter().map(|case| std::thread::spawn(|| case.is_tried())).collect();
        for (Case { id, situation, .. }, outcome) in some.iter().zip(tried) {
            let is_right = outcome.join().is_ok();
            println!("{id:6} {} {situation}", if is_right { "ok    " } else { "FAILED" });
            if !is_right {
                failed.push(*id);
            }
        }
    }
    assert!(failed.is_empty(), "{failed:?}");
}

const CASES_AT_ONCE: usize = 6;

impl Case {
    /// The fakes answer on the runtime's own threads, while the case waits for the program on this one.
    fn is_tried(&self) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        runtime.expect("a runtime").block_on((self.check)());
    }
}

const HOUR: u64 = 3_600;

/// Settings of a number that another system of the provider account uses.
fn theirs() -> Value {
    json!({"friendly_name": "Front desk", "customer_reference": "Front desk", "voice_url": "https://theirs.example/"})
}

/// Some days, with `serve --once` twice a day.
fn serve_for(dialer: &Dialer, days: u64) {
    (0..days * 2).for_each(|_| serve_once(dialer, DAY / 2));
}

fn serve_once(dialer: &Dialer, after: u64) {
    dialer.pass(after);
    dialer.run("serve --once").exits(0);
}

fn replace(dialer: &Dialer, last_digits: &[u64]) -> Outcome {
    let numbers: String = last_digits.iter().map(|last| format!(" {}", e164(*last))).collect();
    dialer.run(&format!("replace acme{numbers}"))
}

/// The number has left the account, replaced by this one, for one purchase and one charge.
#[track_caller]
fn assert_replaced(dialer: &Dialer, fake: &FakeProvider, gone: &[u64], by: &[u64]) {
    for last in gone {
        assert_eq!(dialer.standing(*last), "gone", "+{last} is replaced: {:?}", texts(dialer, "order-stuck"));
    }
    assert_eq!(fake.purchases(), by.iter().map(|last| number(*last)).collect::<Vec<_>>());
    let charged = dialer.events("replacement-charged");
    assert_eq!(each(&Value::Array(charged), "cents"), vec![json!(400); gone.len()]);
}

fn texts(dialer: &Dialer, kind: &str) -> Vec<String> {
    each(&Value::Array(dialer.events(kind)), "text").iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

async fn replaced_once() {
    for kind in [Twilio, Telnyx] {
        let (dialer, fake) = buying_dialer(kind, 1, "").await;
        replace(&dialer, &[100]).exits(0);
        assert_replaced(&dialer, &fake, &[100], &[150]);
        // The mark of the purchase does not stay.
        let name = if kind == Twilio { "friendly_name" } else { "customer_reference" };
        assert_eq!(fake.settings(number(150))[name], "Sales");
    }
    // A number without a name passes none on, and its successor is not named after an order.
    let (dialer, fake) = buying_dialer(Twilio, 1, "").await;
    fake.has(number(100), json!({"friendly_name": "(310) 555-0100"}));
    replace(&dialer, &[100]).exits(0);
    assert_eq!(fake.settings(number(150))["friendly_name"], "(310) 555-0150");
}

async fn bought_though_unanswered(kind: ProviderKind, fault: Fault) {
    let (dialer, fake) = buying_dialer(kind, 1, "").await;
    fake.fails_once(Order, fault, After);
    replace(&dialer, &[100]);
    (0..3).for_each(|_| serve_once(&dialer, HOUR));
    assert_replaced(&dialer, &fake, &[100], &[150]);
}

async fn passed_over(kind: ProviderKind, status: u16, code: &str) {
    let (dialer, fake) = buying_dialer(kind, 2, "").await;
    fake.refuses(number(150), status, code);
    replace(&dialer, &[100, 101]);
    serve_for(&dialer, 1);
    let mut by = fake.purchases();
    by.sort_unstable();
    assert_eq!(by, [number(151), number(152)], "{code}");
    assert!([100, 101].iter().all(|last| dialer.standing(*last) == "gone"), "{code}: both are replaced");
    assert!(texts(&dialer, "order-abandoned")[0].contains(code), "the refusal is told");
    assert!(dialer.events("order-stuck").is_empty(), "nothing needs a user");
}

/// After a few candidates it is the account's fault. Once that is put right, the order goes on.
async fn stuck_once_all_are_refused(code: &str, words: &str) {
    let (dialer, fake) = buying_dialer(Twilio, 1, "").await;
    (150..190).for_each(|last| fake.refuses(number(last), 400, code));
    replace(&dialer, &[100]);
    serve_once(&dialer, HOUR);
    let stuck = texts(&dialer, "order-stuck");
    assert!(stuck.len() == 1 && stuck[0].contains(code) && stuck[0].contains(words), "{stuck:?}");
    assert_eq!(dialer.events("order-abandoned").len(), 4, "a few candidates were tried");
    dialer.run("orders").exits(0).says(&["stuck", "orders retry", "orders abandon"]);
    serve_once(&dialer, HOUR);
    assert_eq!(texts(&dialer, "order-stuck"), stuck, "it is told once");
    fake.refuses_nothing();
    serve_for(&dialer, 1);
    assert_replaced(&dialer, &fake, &[100], &[154]);
}

/// No other candidate is tried, and it is told once with what to do.
async fn stuck_at_once(code: &str, words: &str) {
    let (dialer, fake) = buying_dialer(Twilio, 1, "").await;
    (150..190).for_each(|last| fake.refuses(number(last), 400, code));
    replace(&dialer, &[100]).exits(4);
    serve_for(&dialer, 1);
    let stuck = texts(&dialer, "order-stuck");
    assert!(stuck.len() == 1 && stuck[0].contains(code) && stuck[0].contains(words), "{stuck:?}");
    assert!(dialer.events("order-abandoned").is_empty());
    dialer.run("orders abandon 1").exits(0).says(&["nothing was bought"]);
}

async fn wrong_key_tested() {
    let (dialer, _fake) = buying_dialer(Twilio, 1, "").await;
    dialer.file("auth-token", "letmein");
    let tested = dialer.run("providers test shop").exits(1).says(&["account sid (file:", "auth token (file:", "20003"]);
    assert!(!format!("{}{}", tested.stdout, tested.stderr).contains(TOKEN));
}

async fn wrong_key_used() {
    let (dialer, fake) = buying_dialer(Twilio, 1, "").await;
    dialer.file("auth-token", "letmein");
    replace(&dialer, &[100]).says(&["authentication failed"]);
    assert!(fake.purchases().is_empty());
}

async fn tested_account(field: &str, value: &str, code: i32, words: &str) {
    let (dialer, fake) = buying_dialer(Twilio, 1, "").await;
    fake.account_is(field, value);
    dialer.run("providers test shop").exits(code).says(&[words]);
    if code == 0 {
        let limits = each(&json!([dialer.json("providers test shop")]), "limits");
        assert!(limits[0][0].as_str().unwrap().contains(words), "{limits:?}");
    }
}

async fn tested_without_anything() {
    let (dialer, fake) = buying_dialer(Twilio, 1, "").await;
    assert_eq!(dialer.json("providers test shop")["limits"], Value::Null);
    fake.has_no_address();
    fake.has_no_bundle();
    fake.has_credit(0.0);
    let limits = ["works", "it has no address", "no approved regulatory bundle", "its balance is 0.00", "add funds"];
    dialer.run("providers test shop").exits(0).says(&limits);
}

async fn other_areas_not_bought(kind: ProviderKind) {
    let (dialer, fake) = buying_dialer(kind, 1, "--areas none").await;
    (150..190).for_each(|last| fake.sells_elsewhere(number(last)));
    fake.offers_as_best_efforts([12_135_550_150]);
    replace(&dialer, &[100]).says(&["no candidate"]);
    serve_once(&dialer, HOUR);
    assert!(fake.purchases().is_empty());
    assert!(dialer.standing(100).starts_with("1 "));
}

/// A dialer whose order at Telnyx is pending and never delivered.
async fn with_a_pending_order() -> (Dialer, FakeProvider) {
    let (dialer, fake) = buying_dialer(Telnyx, 1, "").await;
    fake.delivers_after(u32::MAX);
    replace(&dialer, &[100]).exits(4);
    assert_eq!(fake.purchases(), [number(150)]);
    fake.delivers_after(0);
    (dialer, fake)
}

/// The order is over, and another candidate is bought.
async fn over(status: &str, number_status: Value) {
    let (dialer, fake) = with_a_pending_order().await;
    fake.orders_are(status, number_status);
    serve_for(&dialer, 3);
    assert_replaced(&dialer, &fake, &[100], &[150, 151]);
    assert_eq!(fake.owned(), [number(100), number(151)]);
}

/// It is told with what to do, and a user can end it.
async fn waits_for_a_user(status: &str) {
    let (dialer, fake) = with_a_pending_order().await;
    fake.orders_are(status, json!({"status": "requirement-info-pending"}));
    serve_for(&dialer, 3);
    let stuck = texts(&dialer, "order-stuck");
    assert!(stuck.len() == 1 && stuck[0].contains("Telnyx wants information"), "{stuck:?}");
    dialer.run("orders abandon 1").exits(0);
    all_are_clean(&dialer);
    replace(&dialer, &[100]).exits(0);
    assert_replaced(&dialer, &fake, &[100], &[150, 151]);
}

/// The carriers call the candidates clean now.
fn all_are_clean(dialer: &Dialer) {
    dialer.carriers_say(&(150..190).map(|last| (last, "ooo")).collect::<Vec<_>>());
}

async fn ended_after_sixty_days() {
    let (dialer, fake) = with_a_pending_order().await;
    fake.orders_are("pending", json!({"status": "failure"}));
    dialer.pass(60 * DAY);
    dialer.run("clock accept").exits(0);
    dialer.run("orders abandon 1").exits(0);
    all_are_clean(&dialer);
    replace(&dialer, &[100]).exits(0);
    assert_eq!(dialer.standing(100), "gone");
    assert_eq!(fake.purchases().len(), 2);
}

async fn forgotten() {
    let (dialer, fake) = with_a_pending_order().await;
    fake.forgets_orders();
    serve_for(&dialer, 1);
    assert_replaced(&dialer, &fake, &[100], &[150, 151]);
    assert!(texts(&dialer, "order-abandoned")[0].contains("deleted at the provider"));
}

/// A pending order may still come for a day. After that, a user may end it though the provider says nothing else.
async fn ended_after_five_days() {
    for status in ["pending", "cancelled", "on-its-way"] {
        let (dialer, fake) = with_a_pending_order().await;
        dialer.run("orders abandon 1").exits(1).says(&["not certain yet"]);
        fake.orders_are(status, json!({"status": status}));
        dialer.pass(5 * DAY);
        dialer.run("orders abandon 1").exits(0);
        assert_eq!(fake.purchases(), [number(150)], "{status}");
    }
    let (dialer, fake) = with_a_pending_order().await;
    fake.fails(Orders, Fault::Status(401), Before);
    dialer.pass(5 * DAY);
    dialer.run("orders abandon 1").exits(0);
}

async fn another_number() {
    let (dialer, fake) = with_a_pending_order().await;
    fake.mixes_up_orders(number(180));
    serve_for(&dialer, 1);
    assert_replaced(&dialer, &fake, &[100], &[150, 151]);
    assert!(texts(&dialer, "order-abandoned")[0].contains("for another number"));
}

/// The wrong number is bought once, and left alone.
async fn another_number_sold() {
    let (dialer, fake) = buying_dialer(Twilio, 1, "").await;
    fake.sells_instead(Some(number(180)));
    replace(&dialer, &[100]);
    fake.sells_instead(None);
    serve_for(&dialer, 1);
    assert_eq!((dialer.standing(100), fake.purchases()[0], fake.purchases().len()), ("gone".into(), number(180), 2));
    assert!(texts(&dialer, "order-abandoned")[0].contains("+13105550180 instead"));
    assert!(fake.releases().is_empty());
}

async fn already_owned(kind: ProviderKind) {
    let (dialer, fake) = buying_dialer(kind, 1, "").await;
    fake.buys_again();
    fake.has(number(150), theirs());
    replace(&dialer, &[100]);
    serve_for(&dialer, 1);
    assert_replaced(&dialer, &fake, &[100], &[151]);
    assert_left_alone(&fake);
}

async fn snatched(kind: ProviderKind) {
    let (dialer, fake) = buying_dialer(kind, 1, "").await;
    fake.is_snatched(number(150), theirs());
    replace(&dialer, &[100]);
    serve_for(&dialer, 1);
    assert_replaced(&dialer, &fake, &[100], &[151]);
    assert_left_alone(&fake);
}

async fn snatched_unanswered(kind: ProviderKind) {
    for (fault, when) in [(Fault::Reset, After), (Fault::Reset, Before), (Fault::Status(504), After)] {
        let (dialer, fake) = buying_dialer(kind, 1, "").await;
        fake.is_snatched(number(150), theirs());
        fake.fails_once(Order, fault, when);
        replace(&dialer, &[100]);
        if when == Before {
            fake.sells_elsewhere(number(150));
            fake.has(number(150), theirs());
        }
        serve_for(&dialer, 1);
        assert_replaced(&dialer, &fake, &[100], &[151]);
        assert_left_alone(&fake);
    }
}

fn assert_left_alone(fake: &FakeProvider) {
    assert_eq!(fake.settings(number(150)), theirs());
    assert!(fake.releases().is_empty());
}

async fn own_area_unknown() {
    let (dialer, fake) = buying_dialer(Twilio, 1, "--areas 213").await;
    (150..190).for_each(|last| fake.sells_elsewhere(number(last)));
    fake.offers([12_135_550_150]);
    let mut rows = "number,carrier,score,label,observed_at\n".to_owned();
    for carrier in ["A", "B", "C"] {
        writeln!(rows, "+12135550150,{carrier},5,,{}", rfc3339(dialer.now())).unwrap();
    }
    dialer.file("verdicts.csv", rows);
    fake.fails_once(Search, Fault::Status(400), Before);
    replace(&dialer, &[100]).exits(0);
    assert_eq!(fake.purchases(), [12_135_550_150]);
}

async fn bought_later() {
    let (dialer, fake) = buying_dialer(Twilio, 1, "").await;
    fake.fails(Order, Fault::TooManyFor(600), Before);
    replace(&dialer, &[100]).exits(4);
    assert!(fake.purchases().is_empty());
    fake.works();
    serve_once(&dialer, HOUR);
    assert_replaced(&dialer, &fake, &[100], &[150]);
}

/// Each ends with a number of its own.
async fn two_installs(kind: ProviderKind) {
    let (first, fake) = buying_dialer(kind, 1, "").await;
    (151..190).for_each(|last| fake.sells_elsewhere(number(last)));
    let second = Dialer::with_account("");
    second.import(120..121, "");
    second.run("monitor acme --all --no-check").exits(0);
    all_are_clean(&second);
    fake.has(number(120), json!({"friendly_name": "Support", "customer_reference": "Support"}));
    let folder = second.path("");
    second.run(&format!("providers add shop {}", fake.options(kind, &folder))).exits(0);
    second.run("account set acme --provider shop --day-cap 100 --cycle-cap 100").exits(0);
    let spawn = |dialer: &Dialer, last| {
        let (number, now) = (e164(last), rfc3339(NOW));
        let mut command = dialer.command(&["replace", "acme", &number, "--at", &now]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts")
    };
    let mut both = [spawn(&first, 100), spawn(&second, 120)];
    for process in &mut both {
        process.wait().expect("it ends");
    }
    fake.offers([number(151)]);
    // The install that was too late tries again.
    for (dialer, last) in [(&first, 100), (&second, 120)] {
        serve_once(dialer, HOUR);
        if dialer.standing(last) != "gone" {
            replace(dialer, &[last]);
        }
        serve_once(dialer, HOUR);
        assert_eq!(dialer.standing(last), "gone");
    }
    let has = |dialer: &Dialer, last| dialer.standing(last) != "gone";
    let each_has = [150, 151].map(|last| (has(&first, last), has(&second, last)));
    assert!(each_has == [(true, false), (false, true)] || each_has == [(false, true), (true, false)], "{each_has:?}");
    assert_eq!(fake.purchases(), [number(150), number(151)]);
}

async fn two_accounts() {
    let (dialer, fake) = buying_dialer(Twilio, 1, "").await;
    dialer.run("account add beta --blocks 1 --time-zone UTC").exits(0);
    dialer.file("beta.csv", format!("number\n{}\n", e164(120)));
    dialer.run("numbers import beta beta.csv").exits(0);
    dialer.run("monitor beta --all --no-check").exits(0);
    dialer.run("account set beta --provider shop --day-cap 100 --cycle-cap 100").exits(0);
    fake.has(number(120), json!({"friendly_name": "Support"}));
    let spawn = |account: &str, last| {
        let (number, now) = (e164(last), rfc3339(NOW));
        let mut command = dialer.command(&["replace", account, &number, "--at", &now]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts")
    };
    let mut both = [spawn("acme", 100), spawn("beta", 120)];
    for process in &mut both {
        process.wait().expect("it ends");
    }
    serve_once(&dialer, HOUR);
    assert_eq!(dialer.standing(100), "gone");
    let betas = each(&dialer.json("numbers list beta"), "number");
    assert!(!betas.contains(&json!(e164(120))), "{betas:?}");
    let mut bought = fake.purchases();
    bought.sort_unstable();
    assert_eq!(bought, [number(150), number(151)]);
}

const NOMOROBO: &str = "--nomorobo --account-sid env:THEIR_SECRET --auth-token env:THEIR_SECRET";
const TELNYX: &str = "--telnyx --api-key env:THEIR_SECRET";

fn failed_add_on() -> Value {
    json!({"add_ons": {"status": "successful", "results": {"nomorobo_spamscore": {"status": "failed", "code": 61_003}}}})
}

fn not_found() -> Value {
    json!({"errors": [{"code": "10005", "title": "Resource not found"}]})
}

/// The number stays as it is, and `sources test` says what to do.
async fn no_opinion(options: &str, status: u16, body: Value, words: &str) {
    let fake = FakeSource::new().await;
    fake.says(status, body);
    let dialer = Dialer::with_ledger();
    let run = |line: &str| {
        let line = format!("{line} --at {}", rfc3339(dialer.now()));
        let mut command = dialer.command(&line.split_whitespace().collect::<Vec<_>>());
        let output = command.env("THEIR_SECRET", "hunter2hunter2").output().expect("the program starts");
        Outcome::new(line, output)
    };
    run("account add acme --blocks 1 --time-zone UTC").exits(0);
    let price = "--price-cents 1 --budget-cents 1000";
    run(&format!("sources add them {options} {price} --base-url {}", fake.address)).exits(0);
    dialer.import(100..101, "");
    run("monitor acme --all --no-check").exits(0);
    run(&format!("sources test them {}", e164(100))).says(&[words]);
    run("review acme").exits(0);
    assert_eq!(dialer.standing(100), "1 pending", "no opinion is not clean");
}
