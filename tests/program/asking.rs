//! What costs or loses something is told in figures first, at any size, and asked; a check spends nothing.

use crate::harness::acme::DAY;
use crate::harness::dialer::{Dialer, e164};
use crate::harness::server::{Server, Visitor};
use dialguard_dialer::access::Role;
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::io::Write;
use std::ops::Range;
use std::process::Stdio;

/// Numbers, the price of their slots a cycle, and what replacing them instead costs.
const SIZES: [(u64, &str, &str); 5] = [
    (1, "locks slot 1 until 1 April: 31 days of a slot that costs $3.27 per", "keeps the slot and costs $4.00."),
    (15, "locks 15 slots until 1 April: 31 days of slots that cost $49.00 per", "keeps the slots and costs $60.00."),
    (16, "locks 16 slots until 1 April: 31 days of slots that cost $52.27 per", "keeps the slots and costs $64.00."),
    (
        134,
        "locks 134 slots until 1 April: 31 days of slots that cost $437.73 per",
        "keeps the slots and costs $536.00.",
    ),
    (
        5_000,
        "locks 5,000 slots until 1 April: 31 days of slots that cost $16,333.33 per",
        "keeps 134 of 5,000 slots and costs $536.00; for the others there is no clean candidate.",
    ),
];

/// 5,000 monitored numbers, and 134 clean candidates.
fn large_account() -> Dialer {
    let dialer = Dialer::with_account("");
    dialer.run("account set acme --blocks 334").exits(0);
    dialer.import(100..5_100, "");
    dialer.import(6_000..6_134, "--candidates");
    dialer.carriers_say(&(6_000..6_134).map(|candidate| (candidate, "ooo")).collect::<Vec<_>>());
    dialer.run("monitor acme --all --no-check").exits(0);
    dialer
}

/// A form of the page about these numbers.
async fn form(user: &Visitor<'_>, path: &str, action: &str, numbers: Range<u64>, typed: &str) -> (StatusCode, String) {
    let mut fields = vec![("action", action.to_owned())];
    if !typed.is_empty() {
        fields.push(("confirm", typed.to_owned()));
    }
    fields.extend(numbers.map(|last_digits| ("number", e164(last_digits))));
    let request = user.request(reqwest::Method::POST, &format!("/accounts/acme/{path}"));
    let answer = request.form(&fields).send().await.expect("an answer");
    (answer.status(), answer.text().await.expect("a page"))
}

/// What a user reads: without markup, and with single blanks.
fn text(page: &str) -> String {
    let main = page.split_once("<main").map_or(page, |(_, main)| main);
    let words = main.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
    words.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn fees(dialer: &Dialer) -> Vec<Value> {
    dialer.events("replacement-charged").iter().map(|event| event["cents"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn costs_and_losses_are_right_at_any_size_and_large_acts_take_a_typed_count() {
    let server = Server::new(large_account()).await;
    let operator = server.user(Role::Operate, &["acme"]);
    for (count, loss, instead) in SIZES {
        let numbers = 100..100 + count;
        let (_, deletion) = form(&operator, "ask", "delete", numbers.clone(), "").await;
        let told = text(&deletion);
        let gone = match count {
            1 => "(310) 555-0100 leaves the account for good".into(),
            _ => format!("{} numbers leave the account for good", dialguard_dialer::figures::grouped(count)),
        };
        let instead = format!("Replacing instead {instead}");
        for words in [&format!("Deleting {loss} billing cycle. Nothing is refunded."), &gone, &instead] {
            assert!(told.contains(words.as_str()), "{count}: {words}\n{told}");
        }
        assert!(told.contains("Deleting ends nothing at a provider: "), "{count}: {told}");
        assert!(told.contains("Keep and only stop monitoring"), "{count}: {told}");
        assert_eq!(deletion.contains("name=\"confirm\""), count > 50, "{count}");
        // The safe choice has the focus, and Enter presses a button that is off.
        assert_eq!(deletion.matches(" autofocus").count(), 1, "{count}");
        assert!(deletion.contains("data-close autofocus>Cancel<"), "{count}");
        assert!(deletion.contains("data-do><button disabled hidden>"), "{count}");
    }
    let (_, stop) = form(&operator, "ask", "stop", 100..116, "").await;
    assert!(text(&stop).contains("Stopping locks 16 slots until 1 April: 31 days of slots that cost $52.27"), "{stop}");

    // 134 numbers for $536.00: one click did that.
    let (_, replace) = form(&operator, "ask", "replace", 100..234, "").await;
    let told = text(&replace);
    for words in ["$536.00 will be charged, $4.00 for each of 134 replacements", "Replace: 134 for $536.00", "Type 134"]
    {
        assert!(told.contains(words), "{words}\n{told}");
    }
    assert!(!form(&operator, "ask", "replace", 100..125, "").await.1.contains("name=\"confirm\""), "$100.00");
    assert!(form(&operator, "ask", "replace", 100..126, "").await.1.contains("name=\"confirm\""), "$104.00");

    for (action, numbers) in [("replace", 100..234), ("delete", 100..234), ("stop", 100..151), ("replace", 100..126)] {
        for typed in ["", "133", "yes"] {
            let (status, page) = form(&operator, "act", action, numbers.clone(), typed).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{action} {typed:?}");
            assert!(text(&page).contains(&format!("type {} to", numbers.clone().count())), "{page}");
        }
    }
    assert_eq!((fees(&server.dialer), server.dialer.json("usage acme")["locked"].clone()), (vec![], json!(0)));
    assert_eq!(form(&operator, "act", "replace", 100..234, "134").await.0, StatusCode::OK);
    assert_eq!(fees(&server.dialer).len(), 134);
}

/// The API and the command line show the same figures.
#[tokio::test(flavor = "multi_thread")]
async fn every_surface_shows_the_same_preview() {
    let dialer = Dialer::monitoring(3, "");
    dialer.import([190], "--candidates");
    dialer.file("far.csv", "number\n+12135550191\n");
    dialer.run("numbers import acme far.csv --candidates").exits(0);
    let rows = [e164(190), "+12135550191".into()];
    let rows = rows
        .iter()
        .flat_map(|number| ["A", "B", "C"].map(|carrier| format!("{number},{carrier},5,,2026-03-01T08:00:00Z\n")));
    dialer.file("verdicts.csv", format!("number,carrier,score,label,observed_at\n{}", rows.collect::<String>()));
    let server = Server::new(dialer).await;
    let program = server.program(Role::Operate, &["acme"]);
    let numbers: Vec<String> = (100..103).map(e164).collect();
    let line = numbers.join(" ");

    let asked = json!({"request": "replace-numbers", "numbers": numbers});
    let tried: Value = program.post("/api/v1/accounts/acme/requests/try", asked).await.json().await.expect("JSON");
    let preview = &tried["preview"];
    assert_eq!(
        (&preview["fee-cents"], &preview["number-cents"], &preview["locked"]),
        (&json!(800), &json!(0), &json!(0))
    );
    let areas: Vec<_> =
        preview["replacements"].as_array().expect("a list").iter().map(|it| &it["other-area"]).collect();
    assert_eq!(areas, [&json!(false), &json!(true)], "the closest is in the same area");
    let replace = server.dialer.run(&format!("replace acme {line} --dry-run --json")).exits(3);
    assert_eq!(replace.json(), tried);
    server.dialer.run(&format!("replace acme {line} --dry-run")).exits(3).says(&[
        "+12135550191 will replace +13105550101 in slot 2 (another area code)",
        "$8.00 will be charged, $4.00 for each of 2 replacements.",
        "1 of the new numbers has another area code.",
        "The old numbers rest, at no fee.",
        "would be refused: +13105550102: no candidate is rated clean",
        "Nothing was changed.",
    ]);
    server.dialer.run(&format!("unmonitor acme {line} --dry-run")).exits(0).says(&[
        "Stopping locks slots 1, 2 and 3 until 2026-04-01T00:00:00Z: 31 days of slots that cost $9.80 per billing cycle.",
        "Replacing instead keeps 2 of 3 slots and costs $8.00",
    ]);
    let delete = format!("delete acme {line} --accept-slot-loss --dry-run");
    server.dialer.run(&delete).exits(0).says(&["3 numbers leave the account for good", "go on billing them"]);
    server.dialer.run("account set acme --blocks 3 --dry-run").exits(0).says(&["$98.00 would be charged now"]);
    server.dialer.run("account set acme --add-on off --dry-run").exits(0).says(&["3 monitored numbers are no longer"]);
    let credit = ["account", "credit", "acme", "--dollars", "9", "--reason", "a typo", "--dry-run"];
    server.dialer.run_arguments(&credit).exits(0).says(&["$9.00 credited leaves $49.00, less $9.00 credited: $40.00"]);
    server.dialer.run("account add other --blocks 3 --time-zone UTC --dry-run").exits(0).says(&["$147.00 is charged"]);
    server.dialer.run("account show other").exits(1);
    let usage = server.dialer.json("usage acme");
    assert_eq!((&usage["occupied"], &usage["locked"]), (&json!(3), &json!(0)), "nothing was changed");

    let page = form(&server.user(Role::Operate, &["acme"]), "ask", "replace", 100..102, "").await.1;
    assert!(text(&page).contains("(213) 555-0191 will replace (310) 555-0101 in slot 2, another area code."), "{page}");
}

/// One of two numbers is flagged by every carrier for the second day, at five in the morning: automatic replacement is
/// on, and the daily review is due at six.
fn flagged_again() -> Dialer {
    let dialer = Dialer::monitoring(2, "--auto-replace on");
    dialer.import([190], "--candidates");
    let say = || dialer.carriers_say(&[(100, "xxx"), (101, "ooo"), (190, "ooo")]);
    say();
    dialer.run("review acme").exits(0);
    dialer.pass(DAY - 4 * 60 * 60);
    say();
    dialer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_by_a_user_spends_nothing_and_the_daily_review_does() {
    for by in ["page", "API", "command"] {
        let server = Server::new(flagged_again()).await;
        match by {
            "page" => {
                let checked = server.user(Role::Operate, &["acme"]).send("/accounts/acme/review", &[]).await;
                let page = checked.text().await.expect("a page");
                let told = text(&page);
                for words in
                    ["2 of 2 numbers rated.", "Replace (310) 555-0100?", "$4.00 will be charged", "Replace for $4.00"]
                {
                    assert!(told.contains(words), "{words}\n{told}");
                }
            }
            "API" => {
                let program = server.program(Role::Operate, &["acme"]);
                let checked = program.post("/api/v1/accounts/acme/reviews", Value::Null).await;
                let checked: Value = checked.json().await.expect("JSON");
                assert_eq!(checked["proposed"][0]["replacement"], e164(190));
                assert_eq!((&checked["proposed-cents"], &checked["replaced"]), (&json!(400), &json!([])));
                assert_eq!((&checked["due"], &checked["summary"]), (&json!(2), &json!("2 of 2 numbers rated.")));
            }
            _ => drop(server.dialer.run("review acme --check").exits(0).says(&["1 replacement for $4.00"])),
        }
        assert_eq!(fees(&server.dialer), Vec::<Value>::new(), "{by}");
        assert_eq!(server.dialer.json("orders acme"), json!([]), "{by}");
        assert_eq!(server.dialer.events("replacements-proposed").len(), 1, "{by}");
        assert_eq!(server.dialer.standing(100), "1 flagged", "{by}");
        // Another check proposes the same and leaves nothing behind.
        server.dialer.run("review acme --check").exits(0).says(&["1 replacement for $4.00"]);
        assert_eq!(server.dialer.events("replacements-proposed").len(), 1, "{by}");

        server.dialer.run("serve --once").exits(0);
        assert_eq!(fees(&server.dialer), Vec::<Value>::new(), "{by}: the daily review is not due");
        server.pass(60 * 60);
        server.dialer.run("serve --once").exits(0);
        assert_eq!(fees(&server.dialer), [json!(400)], "{by}: the daily review replaces it");
        assert_eq!(server.dialer.standing(100), "gone", "{by}");
    }
}

/// A number that is just selected is checked at once, and that replaces no other.
#[test]
fn a_first_check_spends_nothing() {
    let dialer = flagged_again();
    dialer.run("review acme --check").exits(0);
    dialer.import([110], "");
    dialer.carriers_say(&[(100, "xxx"), (110, "ooo"), (190, "ooo")]);
    dialer.run(&format!("monitor acme {}", e164(110))).exits(0).says(&["done, ● clean"]);
    assert_eq!((fees(&dialer), dialer.standing(110)), (vec![], "3 clean".into()));
}

#[test]
fn a_check_says_what_it_found_or_why_it_found_nothing() {
    let dialer = Dialer::monitoring(3, "");
    dialer.carriers_say(&[(100, "ooo"), (101, "xxx"), (102, "ooo")]);
    dialer.run("review acme --check").exits(0).says(&["3 of 3 numbers rated, 1 turned flagged."]);
    dialer.run("review acme --check").exits(0).says(&["No number was due for a check: each is rated for today."]);
    dialer.pass(DAY);
    std::fs::remove_file(dialer.path("verdicts.csv")).expect("the file is removed");
    dialer.run("review acme --check").exits(0).says(&["0 of 3 numbers rated: carriers: "]);
}

// Questions on a terminal

/// Runs a command line on a terminal at which a user types this.
fn on_a_terminal(dialer: &Dialer, line: &str, typed: &str) -> (i32, String) {
    let program = env!("CARGO_BIN_EXE_dialguard");
    let now = dialguard::calendar::rfc3339(dialer.now());
    let mut script = std::process::Command::new("script");
    script.args(["-qec", &format!("{program} {line} --at {now}"), "/dev/null"]).current_dir(dialer.path(""));
    script.env("DIALGUARD_DATA", dialer.path("ledger")).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = script.spawn().expect("`script` is part of every Linux");
    child.stdin.take().expect("a pipe").write_all(format!("{typed}\n").as_bytes()).expect("it is typed");
    let output = child.wait_with_output().expect("it ends");
    let shown = String::from_utf8_lossy(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    (output.status.code().expect("it was not killed"), shown)
}

#[cfg(target_os = "linux")]
#[test]
fn on_a_terminal_commands_ask_before_they_spend_or_lose() {
    let dialer = Dialer::monitoring(2, "--auto-replace on");
    dialer.run("account set acme --blocks 4").exits(0);
    dialer.import([190, 191], "--candidates");
    dialer.import(200..260, "");
    dialer.carriers_say(&[(190, "ooo"), (191, "ooo")]);
    let questions = [
        ("unmonitor acme +13105550100", "Stopping locks slot 1", "Stop monitoring +13105550100? [y/N]"),
        ("replace acme +13105550100", "$4.00 will be charged.", "Replace +13105550100? [y/N]"),
        ("delete acme +13105550100 --accept-slot-loss", "leaves the account for good", "Delete +13105550100? [y/N]"),
        ("account set acme --blocks 5", "$49.00 would be charged now", "Change account acme? [y/N]"),
        ("account set acme --blocks 7", "$147.00 would be charged now", "Type 7 to change account acme:"),
        ("account set acme --add-on off", "2 monitored numbers are no longer checked", "Change account acme? [y/N]"),
        ("account credit acme --dollars 4 --reason typo", "$4.00 credited leaves", "Credit $4.00? [y/N]"),
        ("account close acme", "Nothing is released", "Type acme to close the account:"),
        ("account add other --blocks 1 --time-zone UTC", "$49.00 is charged now", "Add account other? [y/N]"),
        ("monitor acme --all", "58 numbers will use 58 slots", "Type 60 to monitor 60 numbers:"),
    ];
    // An account's revision rises with every change.
    let before = dialer.json("account list");
    for (line, told, question) in questions {
        for no in ["", "n", "59"] {
            let (code, shown) = on_a_terminal(&dialer, line, no);
            assert!(code == 1 && shown.contains(told) && shown.contains(question), "{line}, {no:?}: {shown}");
        }
        assert_eq!(dialer.json("account list"), before, "{line}");
    }
    // A yes, `--yes`, and a script, which is not asked.
    assert_eq!(on_a_terminal(&dialer, "replace acme +13105550100", "y").0, 0);
    let (code, shown) = on_a_terminal(&dialer, "replace acme +13105550101 --yes", "");
    assert!(code == 0 && !shown.contains("[y/N]"), "{shown}");
    assert_eq!(fees(&dialer).len(), 2);
    dialer.run(&format!("unmonitor acme {}", e164(190))).exits(0);
    assert_eq!(dialer.json("usage acme")["locked"], 1);
}

#[cfg(target_os = "linux")]
#[test]
fn on_a_terminal_a_review_asks_before_it_replaces() {
    let dialer = flagged_again();
    let (code, shown) = on_a_terminal(&dialer, "review acme", "n");
    let told = "+13105550190 will replace +13105550100 in slot 1 Automatic replacement: 1 replacement for $4.00";
    assert!(code == 0 && shown.contains(told) && shown.contains("Replace 1 number? [y/N]"), "{shown}");
    assert_eq!(fees(&dialer), Vec::<Value>::new());
    let (code, shown) = on_a_terminal(&dialer, "review acme", "y");
    assert!(code == 0 && shown.contains("+13105550100 replaced by +13105550190 in slot 1"), "{shown}");
    assert_eq!(fees(&dialer), [json!(400)]);
}
