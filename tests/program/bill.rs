//! An account's bill: what its cycle costs, what is credited, and the price of a change before it is made.

use crate::harness::acme::{DAY, NOW};
use crate::harness::buying::buying_dialer;
use crate::harness::dialer::{Dialer, e164, each};
use crate::harness::server::Server;
use dialguard::calendar::rfc3339;
use dialguard_dialer::access::Role;
use dialguard_dialer::ledger::ProviderKind::Twilio;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// Charged, of that due, credited, and the balance.
fn bill(account: &Value) -> [i64; 4] {
    ["charged", "due", "credited", "balance"]
        .map(|what| account[format!("{what}-in-cycle-cents")].as_i64().unwrap_or_else(|| panic!("{what}: {account}")))
}

// The cycle of now

/// A cycle begins at midnight, and its first change, the review at six, records its charge.
#[tokio::test(flavor = "multi_thread")]
async fn a_cycle_that_has_begun_costs_its_blocks_before_anything_has_changed() {
    let server = Server::new(Dialer::monitoring(2, "")).await;
    server.dialer.run("unmonitor acme +13105550101").exits(0);
    let program = server.program(Role::Read, &[]);
    assert_eq!(bill(&program.json("/api/v1/accounts/acme").await), [4_900, 0, 0, 4_900]);

    server.pass(31 * DAY);
    let user = server.user(Role::Read, &[]);
    for path in ["/api/v1/accounts/acme", "/api/v1/accounts/acme/spending"] {
        assert_eq!(bill(&program.json(path).await), [4_900, 4_900, 0, 4_900], "{path}");
    }
    assert_eq!(program.json("/api/v1/accounts").await["items"][0]["due-in-cycle-cents"], 4_900);
    assert_eq!(bill(&server.dialer.json("account show acme")), [4_900, 4_900, 0, 4_900]);
    assert_eq!(server.dialer.json("account list")[0]["due-in-cycle-cents"], 4_900);
    server.dialer.run("account show acme").exits(0).says(&["$49.00 ($49.00 of it is recorded with the account's next"]);
    assert!(user.page("/accounts/acme").await.contains("Charged in this cycle: $49.00 ($49.00 of it is recorded"));
    // Locks of the cycle before have ended, everywhere.
    assert_eq!(program.json("/api/v1/accounts/acme/usage").await["locked"], 0);
    assert_eq!(server.dialer.json("usage acme")["locked"], 0);
    assert_eq!(server.dialer.events("charged").len(), 1);

    server.dialguard.review("acme").await.expect("a review");
    assert_eq!(bill(&program.json("/api/v1/accounts/acme").await), [4_900, 0, 0, 4_900]);
    assert_eq!(server.dialer.events("charged").len(), 2);
}

#[test]
fn an_account_that_is_off_owes_nothing_for_a_new_cycle() {
    let dialer = Dialer::with_account("");
    dialer.run("account set acme --add-on off").exits(0);
    dialer.pass(31 * DAY);
    assert_eq!(bill(&dialer.json("account show acme")), [0, 0, 0, 0]);
}

// Credits

#[test]
fn a_wrong_charge_is_credited_with_its_reason_and_stays_in_the_history() {
    let dialer = Dialer::with_account("");
    let credit = |dollars: &str, reason: &str| {
        dialer.run_arguments(&["account", "credit", "acme", "--dollars", dollars, "--reason", reason])
    };
    dialer.run("account set acme --blocks 3").exits(0);
    credit("98", "Two blocks were added by mistake").exits(0).says(&["$98.00 credited", "$147.00", "$49.00"]);
    assert_eq!(bill(&dialer.json("account show acme")), [14_700, 0, 9_800, 4_900]);
    dialer.run("account show acme").exits(0).says(&["$147.00, less $98.00 credited: $49.00"]);
    let credits = dialer.events("credited");
    assert_eq!([&credits[0]["cents"]], [-9_800]);
    assert_eq!(credits[0]["text"], "$98.00 credited: Two blocks were added by mistake");
    assert_eq!(dialer.events("charged").len(), 2, "the charges stay");

    // A credit puts charges right; it is not a payment.
    credit("49.01", "Too much").exits(1).says(&["$49.01", "$49.00"]);
    for (dollars, reason, code) in [("0", "Nothing", 1), ("1", " ", 1), ("1", "two\nlines", 1), ("-1", "Less", 2)] {
        credit(dollars, reason).exits(code);
    }
    credit("49.00", "The rest").exits(0);
    credit("0.01", "No more").exits(1).says(&["$0.00"]);

    // The next cycle's bill may be negative, if a credit is for an earlier one.
    dialer.pass(31 * DAY);
    dialer.run("account set acme --blocks 0").exits(0);
    dialer.pass(30 * DAY);
    credit("147", "April was not used").exits(0).says(&["-$147.00"]);
    assert_eq!(bill(&dialer.json("account show acme")), [0, 0, 14_700, -14_700]);
}

/// A clock was a month ahead for one change. Now it is right again, and the account's latest change is in the future.
#[test]
fn a_charge_of_a_wrong_clock_is_credited_at_once() {
    let dialer = Dialer::with_account("");
    dialer.it_is(&rfc3339(NOW + 40 * DAY));
    dialer.run("account set acme --review-at 07:00").exits(0);
    dialer.it_is(&rfc3339(NOW + DAY));
    dialer.run("account set acme --review-at 08:00").exits(1).says(&["was last changed at"]);
    let reason = "The clock was wrong";
    dialer.run_arguments(&["account", "credit", "acme", "--dollars", "49", "--reason", reason]).exits(0);
    assert_eq!(bill(&dialer.json("account show acme")), [4_900, 0, 4_900, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credit_is_given_by_the_api_and_on_the_page() {
    let server = Server::new(Dialer::with_account("")).await;
    let program = server.program(Role::Administer, &["acme"]);
    let credit =
        |cents: u64| program.post("/api/v1/accounts/acme/credits", json!({"cents": cents, "reason": "A mistake"}));
    let answer = credit(900).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(bill(&answer.json().await.expect("the figures")), [4_900, 0, 900, 4_000]);
    assert_eq!(credit(4_001).await.status(), StatusCode::CONFLICT);
    assert_eq!(credit(u64::MAX).await.status(), StatusCode::CONFLICT);
    let operator = server.program(Role::Operate, &["acme"]);
    let refused = operator.post("/api/v1/accounts/acme/credits", json!({"cents": 1, "reason": "Mine"})).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);

    let user = server.user(Role::Administer, &["acme"]);
    assert!(user.page("/accounts/acme/credit").await.contains("$49.00, less $9.00 credited: $40.00"));
    let sent = user.send("/accounts/acme/credit", &[("dollars", "40.00"), ("reason", "The rest")]).await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    let page = user.page("/accounts/acme").await;
    assert!(page.contains("$49.00, less $49.00 credited: $0.00"), "{page}");
    let activity = user.page("/accounts/acme/activity").await;
    assert!(activity.contains("-$40.00") && activity.contains("$40.00 credited: The rest"), "{activity}");
}

// The price of a change

/// Ten blocks, off since the second cycle: $490 a month.
fn back_from_a_pause() -> Dialer {
    let dialer = Dialer::with_account("");
    dialer.run("account set acme --blocks 10").exits(0);
    dialer.run("account set acme --add-on off").exits(0);
    dialer.pass(40 * DAY);
    dialer
}

#[test]
fn one_block_after_a_pause_costs_one_block_and_the_price_is_told_before() {
    let dialer = back_from_a_pause();
    dialer.run("account set acme --blocks 1").exits(1).says(&["add-on is off", "--add-on on"]);
    let before = dialer.everything();
    let on = "account set acme --add-on on --dry-run";
    dialer.run(on).exits(0).says(&["$490.00 would be charged now, and $490.00 a month from 2026-05-01T00:00:00Z on"]);
    let one = "account set acme --add-on on --blocks 1";
    dialer.run(&format!("{one} --dry-run")).exits(0).says(&["$49.00 would be charged now, and $49.00 a month"]);
    let price = dialer.json(&format!("{one} --review-at 07:00 --dry-run"));
    assert_eq!([&price["charged-now-cents"], &price["charged-per-cycle-cents"]], [4_900, 4_900]);
    assert_eq!([&price["blocks"], &price["blocks-next"]], [1, 1]);
    assert_eq!(dialer.everything(), before, "a preview changes nothing");

    let account = dialer.json(&format!("{one} --review-at 07:00"));
    assert_eq!(bill(&account), [4_900, 0, 0, 4_900]);
    assert_eq!([&account["slot-count"], &account["slot-count-next"]], [15, 15]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_and_the_page_tell_the_price_of_fewer_blocks_after_a_pause() {
    let server = Server::new(back_from_a_pause()).await;
    let program = server.program(Role::Administer, &["acme"]);
    let patch = json!({"enabled": true, "blocks": 1});
    let price = program.post("/api/v1/accounts/acme/try", patch.clone()).await;
    assert_eq!(price.status(), StatusCode::OK);
    assert_eq!(price.json::<Value>().await.expect("a price")["charged-now-cents"], 4_900);
    let refused = program.post("/api/v1/accounts/acme/try", json!({"blocks": 1})).await;
    assert_eq!(refused.status(), StatusCode::CONFLICT);

    let user = server.user(Role::Administer, &["acme"]);
    let all = user.page("/accounts/acme/add-on?change=on").await;
    assert!(all.contains("$490.00") && all.contains("name=\"blocks\""), "{all}");
    let one = user.page("/accounts/acme/add-on?change=on&blocks=1").await;
    assert!(one.contains("$49.00") && !one.contains("$490.00"), "{one}");
    assert!(user.page("/accounts/acme/add-on?change=blocks&blocks=1").await.contains("switch it on with this number"));
    assert_eq!(server.dialer.events("charged").len(), 2);

    let changed = program.request(Method::PATCH, "/api/v1/accounts/acme").json(&patch).send().await.expect("an answer");
    assert_eq!(changed.status(), StatusCode::OK);
    assert_eq!(bill(&changed.json().await.expect("the account")), [4_900, 0, 0, 4_900]);
}

// Cycles, present and past

/// The same bill by command and API, its lines as a list and as a file, and the page.
#[tokio::test(flavor = "multi_thread")]
async fn a_cycle_adds_up_blocks_replacements_numbers_and_credits() {
    let (dialer, _fake) = buying_dialer(Twilio, 3, "--rest-days 30").await;
    dialer.run(&format!("replace acme {}", e164(100))).exits(0);
    let credit = ["account", "credit", "acme", "--dollars", "1.50", "--reason", "=A mistake"];
    dialer.run_arguments(&credit).exits(0);
    dialer.pass(31 * DAY);
    let server = Server::new(dialer).await;
    let api = server.program(Role::Read, &["acme"]);
    let bill = server.dialer.json("account bill acme --cycle 0");
    assert_eq!(bill, api.json("/api/v1/accounts/acme/billing?cycle=0").await);
    let sums = ["blocks", "replacements", "charged", "credited", "balance", "numbers", "total", "due"];
    let sums = sums.map(|what| bill[format!("{what}-cents")].as_i64().expect("cents"));
    assert_eq!(sums, [4_900, 400, 5_300, 150, 5_150, 115, 5_265, 0]);
    let present = server.dialer.json("account bill acme");
    assert_eq!(present, api.json("/api/v1/accounts/acme/billing").await);
    assert_eq!([&present["cycle"], &present["before"], &present["due-cents"]], [1, 0, 4_900]);
    assert_eq!(each(&server.dialer.json("account bill acme --cycles"), "cycle"), [0, 1]);
    server.dialer.run("account bill acme --cycle 2").exits(1).says(&["no billing cycle 2", "--cycles"]);
    assert_eq!(api.get("/api/v1/accounts/acme/billing?cycle=2").await.status(), StatusCode::NOT_FOUND);

    let lines = server.dialer.json("account bill acme --cycle 0 --lines");
    assert_eq!(lines, api.json("/api/v1/accounts/acme/billing/lines?cycle=0").await["items"]);
    let kinds = each(&lines, "kind");
    assert_eq!(kinds.len(), 4, "{lines:#}");
    let total: i64 = each(&lines, "cents").iter().filter_map(Value::as_i64).sum();
    assert_eq!(total, 5_265);
    let part = api.json("/api/v1/accounts/acme/billing/lines?cycle=0&limit=3").await;
    let rest = format!("/api/v1/accounts/acme/billing/lines?cycle=0&after={}", part["next"].as_str().expect("more"));
    assert_eq!(api.json(&rest).await["items"][0], lines[3]);
    assert_eq!(api.get("/api/v1/accounts/acme/billing/lines?after=x").await.status(), StatusCode::BAD_REQUEST);

    let csv = server.dialer.run("account bill acme --cycle 0 --csv").exits(0).stdout;
    let user = server.user(Role::Read, &["acme"]);
    assert_eq!(user.page("/accounts/acme/billing.csv?cycle=0").await.trim_end(), csv.trim_end());
    assert_eq!(csv.lines().next(), Some("cycle,at,kind,number,cents,text,order"));
    assert_eq!(csv.lines().count(), 1 + 4);
    let page = user.page("/accounts/acme/billing?cycle=0").await;
    for words in ["$49.00", "$4.00", "-$1.50", "$51.50", "$1.15", "$52.65", "1 March to 1 April", "billing.csv?cycle=0"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(user.page("/accounts/acme/billing").await.contains("is recorded with the account's next change"));
}
