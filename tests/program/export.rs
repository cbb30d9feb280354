//! Exporting an account: every number, event and charge once, the same in both formats and on every surface.

use crate::harness::acme::DAY;
use crate::harness::buying::buying_dialer;
use crate::harness::dialer::{Dialer, e164, each};
use crate::harness::server::Server;
use crate::harness::services::provider::FakeProvider;
use dialguard_dialer::access::Role;
use dialguard_dialer::ledger::AccountChange;
use dialguard_dialer::ledger::ProviderKind::Twilio;
use dialguard_dialer::table_file::{csv_of, inert};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const TABLES: [&str; 8] = ["account", "numbers", "events", "money", "orders", "runs", "ratings", "answers"];

/// An account with rows in each table: reviews on two days, a bought replacement, candidates, charges and a credit.
async fn busy_account() -> (Dialer, FakeProvider) {
    let (dialer, fake) = buying_dialer(Twilio, 3, "--rest-days 30").await;
    dialer.import([160, 161], "--candidates");
    dialer.run("numbers withdraw acme +13105550161").exits(0);
    for _ in 0..2 {
        dialer.pass(DAY);
        dialer.carriers_say(&[(100, "xxo"), (101, "ooo"), (102, "o-."), (150, "ooo")]);
        dialer.run("review acme").exits(0);
    }
    dialer.run(&format!("replace acme {}", e164(101))).exits(0);
    dialer.run(&format!("delete acme {} --accept-slot-loss", e164(102))).exits(0);
    // From a policy that took any text.
    let mut settings = dialer.ledger().account("acme").expect("the account").settings;
    settings.values.set("note", "=1+1");
    let change = AccountChange { settings: Some(settings), ..AccountChange::default() };
    dialer.ledger().change_account("acme", &change, dialer.now()).expect("it is stored");
    dialer.run("account set acme --blocks 2").exits(0);
    let credit = ["account", "credit", "acme", "--dollars", "1", "--reason", "=HYPERLINK(\"http://evil.example\")"];
    dialer.run_arguments(&credit).exits(0);
    (dialer, fake)
}

fn exported(dialer: &Dialer, table: &str, format: &str) -> String {
    dialer.run(&format!("account export acme {table} --format {format}")).exits(0).stdout
}

/// The rows of a table, from its JSON lines.
fn rows(dialer: &Dialer, table: &str) -> Vec<Value> {
    let lines = exported(dialer, table, "jsonl");
    lines.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

/// The CSV file of these rows, by its rules: one column for each field, no text a formula.
fn as_csv(rows: &[Value]) -> String {
    fn cells(row: &Value, within: &str) -> Vec<(String, String)> {
        let fields = row.as_object().expect("an object").iter();
        let cells = fields.flat_map(|(name, value)| match value {
            Value::Object(_) => cells(value, &format!("{within}{name}.")),
            Value::Null => vec![(format!("{within}{name}"), String::new())],
            Value::String(text) if text.len() > 1 && text[1..].bytes().all(|byte| byte.is_ascii_digit()) => {
                vec![(format!("{within}{name}"), text.clone())]
            }
            Value::String(text) => vec![(format!("{within}{name}"), inert(text).into_owned())],
            other => vec![(format!("{within}{name}"), other.to_string())],
        });
        cells.collect()
    }
    let rows: Vec<Vec<(String, String)>> = rows.iter().map(|row| cells(row, "")).collect();
    let header = rows[0].iter().map(|(name, _)| name.clone()).collect();
    let rows = rows.into_iter().map(|row| row.into_iter().map(|(_, cell)| cell).collect::<Vec<String>>());
    String::from_utf8(csv_of(std::iter::once(header).chain(rows))).expect("text")
}

#[tokio::test(flavor = "multi_thread")]
async fn csv_and_json_lines_have_the_same_rows() {
    let (dialer, _fake) = busy_account().await;
    let empty = Dialer::with_ledger();
    empty.run("account add acme --blocks 0 --time-zone UTC").exits(0);
    for table in TABLES {
        let rows = rows(&dialer, table);
        assert!(!rows.is_empty(), "{table} has rows");
        let csv = exported(&dialer, table, "csv");
        assert_eq!(csv, as_csv(&rows), "{table}");
        if !["account", "events"].contains(&table) {
            assert_eq!(exported(&empty, table, "jsonl"), "", "{table}");
            let header = csv.lines().next().expect("a header");
            assert_eq!(exported(&empty, table, "csv").trim_end(), header, "an empty {table} has its header");
        }
    }
    // A formula in what a user or a provider wrote is a text.
    let money = exported(&dialer, "money", "csv");
    assert!(money.contains("$1.00 credited: =HYPERLINK") && !money.contains(",=HYPERLINK"), "{money}");
    assert!(exported(&dialer, "account", "csv").contains("'=1+1"), "a setting");
    assert!(exported(&dialer, "events", "csv").contains("'+13105550101 "), "a text that begins with a number");
    assert!(exported(&dialer, "numbers", "csv").contains("\n+13105550150,"), "a number is one");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_number_event_and_charge_is_exported_once_and_the_money_adds_up() {
    let (dialer, _fake) = busy_account().await;
    let events = rows(&dialer, "events");
    assert_eq!(json!(events), dialer.json("events acme --last 100000"));
    let money = rows(&dialer, "money");
    assert_eq!(money, events.iter().filter(|event| !event["cents"].is_null()).cloned().collect::<Vec<_>>());
    let balance: i64 = money.iter().filter_map(|row| row["cents"].as_i64()).sum();
    assert_eq!(balance, 4_900 + 4_900 + 400 - 100, "two blocks, a replacement, a credit");
    assert_eq!(dialer.json("account show acme")["balance-in-cycle-cents"], balance);
    assert_eq!(rows(&dialer, "account")[0], dialer.json("account show acme"));

    let state = |last: u64| {
        let numbers = rows(&dialer, "numbers");
        let found: Vec<_> = numbers.into_iter().filter(|row| row["number"] == e164(last)).collect();
        assert_eq!(found.len(), 1, "{last} is there once");
        let of = &found[0];
        (of["state"].clone(), of["slot"].clone(), of["bought-from"].clone())
    };
    assert_eq!(state(100), (json!("owned"), json!(1), Value::Null));
    assert_eq!(state(101), (json!("released"), Value::Null, Value::Null), "it rests");
    assert_eq!(state(102), (json!("released"), Value::Null, Value::Null), "it was deleted");
    assert_eq!(state(150), (json!("owned"), json!(2), json!("shop")));
    assert_eq!(state(160), (json!("candidate"), Value::Null, Value::Null));
    assert_eq!(rows(&dialer, "numbers").len(), 5, "the withdrawn one is not the account's");

    let order = &rows(&dialer, "orders")[0];
    assert_eq!(
        [&order["state"], &order["spent-cents"], &order["price-cents"]],
        [&json!("swapped"), &json!(115), &json!(115)]
    );
    let runs = rows(&dialer, "runs");
    assert_eq!(each(&json!(runs), "kind").iter().filter(|kind| *kind == "daily-review").count(), 2);
    let rating = |of: &Value| (of["run"].clone(), of["number"].clone(), of["status"].clone());
    let ratings: Vec<_> = rows(&dialer, "ratings").iter().map(rating).collect();
    assert_eq!(ratings.iter().filter(|(_, number, _)| *number == e164(100)).count(), 2, "{ratings:?}");
    assert!(ratings.iter().any(|(_, number, status)| *number == e164(100) && status == "flagged"), "{ratings:?}");
    let answers = rows(&dialer, "answers");
    let is_of = |answer: &&Value| answer["number"] == e164(102) && answer["carrier"] == "B";
    let of_102: Vec<_> = answers.iter().filter(is_of).map(|answer| answer["score"].clone()).collect();
    assert_eq!(of_102, [const { Value::Null }; 3], "no data, on each day and in the first check of a replacement");
}

/// More rows than a page has.
#[test]
fn pages_follow_each_other_without_a_gap() {
    const NUMBERS: u64 = 2_050;
    let dialer = Dialer::with_ledger();
    dialer.run("account add acme --blocks 140 --time-zone UTC").exits(0);
    dialer.import(0..NUMBERS, "");
    dialer.run("monitor acme --all --no-check").exits(0);
    let once = |table: &str, field: &str| {
        let rows = rows(&dialer, table);
        let distinct: BTreeSet<String> = rows.iter().map(|row| row[field].to_string()).collect();
        assert_eq!(distinct.len(), rows.len(), "{table}");
        rows.len() as u64
    };
    assert_eq!(once("numbers", "number"), NUMBERS);
    assert_eq!(once("events", "id"), NUMBERS + 3, "added, charged, imported, and each number monitored");
    assert_eq!(exported(&dialer, "numbers", "csv").lines().count() as u64, NUMBERS + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_has_every_table_and_nothing_is_overwritten() {
    let (dialer, _fake) = busy_account().await;
    dialer.run("account export acme --to out").exits(0).says(&["16 files of account acme written to out"]);
    for table in TABLES {
        for format in ["csv", "jsonl"] {
            let file =
                std::fs::read_to_string(dialer.path(&format!("out/{table}.{format}"))).expect("the file is there");
            assert_eq!(file, exported(&dialer, table, format), "{table}.{format}");
        }
    }
    dialer.run("account export acme --to out").exits(1).says(&["cannot write out/account.csv"]);
    let files = dialer.json("account export acme --to half --format jsonl");
    assert_eq!((files["files"].as_array().map(Vec::len), &files["files"][2]), (Some(8), &json!("events.jsonl")));
    dialer.run("account export nobody --to nowhere").exits(1).says(&["no account"]);
    assert!(!dialer.path("nowhere").exists());
    dialer.run("account export acme").exits(2);
    dialer.run("account export acme events --to out2").exits(2);
    dialer.run("account export acme sums").exits(2).says(&["money"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_and_the_dashboard_export_what_the_command_does() {
    let (dialer, _fake) = busy_account().await;
    let server = Server::new(dialer).await;
    let (program, user) = (server.program(Role::Read, &["acme"]), server.user(Role::Read, &["acme"]));
    let settings = user.page("/accounts/acme/settings").await;
    for table in TABLES {
        for (format, media) in [("csv", "text/csv; charset=utf-8"), ("jsonl", "application/x-ndjson")] {
            let expected = exported(&server.dialer, table, format);
            let answer = program.get(&format!("/api/v1/accounts/acme/export/{table}.{format}")).await;
            assert_eq!(answer.headers()["content-type"], media);
            let disposition = format!("attachment; filename=\"acme-{table}.{format}\"");
            assert_eq!(answer.headers()["content-disposition"], disposition.as_str());
            assert_eq!(answer.text().await.expect("a body"), expected, "{table}.{format}");
            let path = format!("/accounts/acme/export/{table}.{format}");
            assert!(settings.contains(&format!("href=\"{path}\"")), "{path}");
            assert_eq!(user.page(&path).await, expected, "{path}");
        }
    }
    for unknown in ["events", "events.xml", "sums.csv"] {
        let refused = program.get(&format!("/api/v1/accounts/acme/export/{unknown}")).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{unknown}");
    }
    assert_eq!(program.get("/api/v1/accounts/other/export/events.csv").await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_account_is_exported_whole() {
    let (dialer, _fake) = busy_account().await;
    let before = TABLES.map(|table| rows(&dialer, table).len());
    dialer.run("account close acme --yes").exits(0);
    dialer.pass(60 * DAY);
    for (table, before) in TABLES.into_iter().zip(before) {
        let after = rows(&dialer, table);
        assert!(after.len() >= before, "{table}: {} of {before}", after.len());
    }
    assert_eq!(each(&json!(rows(&dialer, "numbers")), "state"), ["released"; 5]);
    assert_eq!(rows(&dialer, "account")[0]["closed-at"], "2026-03-03T09:00:00Z");
}
