//! How calls went: imported from files, reported by programs, and shown, in all three surfaces.

use crate::harness::acme::NOW;
use crate::harness::dialer::{Dialer, e164, each};
use crate::harness::repository::repository;
use crate::harness::server::Server;
use crate::harness::services::provider::{Ended, FakeCall, FakeProvider};
use crate::program::number_files::previewed;
use dialguard_dialer::access::Role;
use dialguard_dialer::ledger::ProviderKind;
use reqwest::StatusCode;
use serde_json::{Value, json};

/// `acme` in UTC monitors 0100 and 0101. The clock is at 9:00 of 1 March 2026.
fn two_numbers() -> Dialer {
    Dialer::monitoring(2, "")
}

/// One hour of 0100 in two calls, a call of 0101, one that came in, another account's number, and two in doubt.
const RECORDS: &str = "calldate,src,dst,direction,disposition,billsec\n\
    2026-03-01 07:05:00,13105550100,12125550100,outbound,ANSWERED,5\n\
    2026-03-01 07:25:00,13105550100,12125550101,outbound,NO ANSWER,0\n\
    2026-02-28 23:59:59,13105550101,12125550102,outbound,603+,0\n\
    2026-03-01 07:26:00,12125550102,13105550100,inbound,ANSWERED,50\n\
    2026-03-01 07:27:00,13105550199,12125550103,outbound,ANSWERED,50\n\
    2026-03-01 07:28:00,13105550100,12125550103,outbound,ringing,\n\
    soon,13105550100,12125550103,outbound,ANSWERED,50\n";

// The command line

#[test]
fn a_dry_run_says_how_calls_are_read_and_changes_nothing() {
    let dialer = two_numbers();
    dialer.file("records.csv", RECORDS);
    dialer.run("calls import acme records.csv --dry-run").exits(3).says(&[
        "records.csv: UTF-8, separated by commas; single calls, summed to hours; number in column \"src\", time in column \
         \"calldate\", direction in column \"direction\", outcome in column \"disposition\", seconds in column \"billsec\"",
        "+13105550100 2026-03-01 07:00 1 call, 100.0 % answered, 1 short, 0 blocked",
        "each hour of a number in the file replaces what was known of it",
        "dry run; nothing was changed",
        "2 new hours would be imported, 0 changed, 0 already known; 3 rows refused",
        "row 6: +13105550199 is not a number of this account",
        "row 7: the call is \"ringing\"; import it when it is over",
        "row 8: \"soon\" is not a time from 1970 to 9999",
        "1 row of incoming calls is not counted",
        "hint: --refused FILE",
    ]);
    assert_eq!(dialer.json("calls list acme"), json!([]));
}

#[test]
fn importing_a_file_twice_changes_nothing() {
    let dialer = two_numbers();
    dialer.file("records.csv", RECORDS);
    let counts = |new: u64, changed: u64, known: u64| {
        let imported = dialer.run("calls import acme records.csv --json").exits(3).json();
        let counted = ["new", "changed", "known", "refused-count"].map(|field| imported[field].clone());
        assert_eq!(counted, [new, changed, known, 3].map(Value::from), "{imported:#}");
    };
    let called = json!([
        {"number": e164(100), "attempts": 2, "answered": 1, "short": 1, "blocked": 0},
        {"number": e164(101), "attempts": 1, "answered": 0, "short": 0, "blocked": 1},
    ]);
    counts(2, 0, 0);
    assert_eq!(dialer.json("calls list acme"), called);
    counts(0, 0, 2);
    assert_eq!(dialer.json("calls list acme"), called);
    let more = RECORDS.replace("07:26:00,12125550102,13105550100,inbound", "07:26:00,13105550100,12125550102,outbound");
    dialer.file("records.csv", more);
    counts(0, 1, 1);
    assert_eq!(dialer.json("calls list acme")[0]["attempts"], 3);
    dialer.run("calls list acme --days 1").says(&[
        "NUMBER CALLS ANSWERED RATE SHORT BLOCKED",
        "+13105550100 3 2 66.7 % 1 0",
        "all 4 2 50.0 % 1 1",
    ]);
    let days = json!([{"date": "2026-03-01", "attempts": 3, "answered": 2, "short": 1, "blocked": 0}]);
    assert_eq!(dialer.json("calls show acme 310-555-0100"), json!({"number": e164(100), "days": days}));
    dialer.run("calls show acme +13105550100").says(&["2026-03-01 3 2 66.7 % 1 0"]);
}

#[test]
fn times_without_a_zone_are_the_account_s_unless_another_is_named() {
    for (option, date) in [("", "2026-02-28"), ("--time-zone America/New_York", "2026-03-01")] {
        let dialer = two_numbers();
        dialer.file("report.csv", "number,hour,attempts,answered\n3105550100,2026-02-28 23:00,7,2\n");
        dialer.run(&format!("calls import acme report.csv {option}")).exits(0).says(&["1 new hour imported"]);
        assert_eq!(dialer.json("calls show acme +13105550100")["days"][0]["date"], date);
    }
}

#[test]
fn refused_rows_of_calls_are_corrected_and_imported() {
    let dialer = two_numbers();
    dialer.file("records.csv", RECORDS);
    dialer.run("calls import acme records.csv --refused rest.csv").exits(3).says(&["the refused rows are in rest.csv"]);
    let rest = std::fs::read_to_string(dialer.path("rest.csv")).expect("the refused rows");
    assert_eq!(rest.lines().next(), Some("calldate,src,dst,direction,disposition,billsec,reason"));
    let corrected =
        rest.replace("13105550199", "13105550101").replace("ringing", "BUSY").replace("soon", "2026-03-01 08:00");
    dialer.file("corrected.csv", corrected);
    dialer
        .run("calls import acme corrected.csv --refused none.csv")
        .exits(0)
        .says(&["2 new hours imported, 1 changed"]);
    dialer.run("calls import acme records.csv --refused rest.csv").exits(1).says(&["rest.csv exists already"]);
    dialer.file("numbers.csv", "number\n+13105550100\n");
    dialer.run("calls import acme numbers.csv").exits(1).says(&[
        "the file has no column of when a call began",
        "hint: give the column that name in the first row of the file",
    ]);
}

#[test]
fn calls_more_than_sixty_days_old_or_of_a_closed_account_are_refused() {
    let dialer = two_numbers();
    dialer.file(
        "report.csv",
        "number,hour,attempts,answered\n3105550100,2025-12-31 08:00,7,2\n3105550100,2026-03-01 10:00,7,2\n",
    );
    dialer.run("calls import acme report.csv").exits(3).says(&[
        "0 new hours imported, 0 changed, 0 already known; 2 rows refused",
        "row 2: +13105550100 has calls more than 60 days old, which are not kept",
        "row 3: +13105550100 has calls in the future",
    ]);
    dialer.run("account close acme --yes").exits(0);
    dialer.run("calls import acme report.csv").exits(1).says(&["account acme was closed"]);
}

// The API

const HOUR: &str = "2026-03-01T07:00:00Z";

#[tokio::test(flavor = "multi_thread")]
async fn a_program_reports_calls_and_repeating_a_report_changes_nothing() {
    let server = Server::new(two_numbers()).await;
    let program = server.program(Role::Operate, &["acme"]);
    let report = json!({"calls": [
        {"number": e164(100), "hour": HOUR, "attempts": 40, "answered": 12, "short": 3, "blocked": 1},
        {"number": "(310) 555-0101", "hour": "2026-03-01T08:00:00+01:00", "attempts": 9, "answered": 0},
        {"number": e164(100), "hour": HOUR, "attempts": 41, "answered": 12},
        {"number": e164(199), "hour": HOUR, "attempts": 1, "answered": 0},
        {"number": e164(100), "hour": "2026-03-01T07:30:00Z", "attempts": 1, "answered": 0},
        {"number": e164(100), "hour": HOUR, "attempts": 1, "answered": 2},
        {"number": "310-555-O100", "hour": HOUR, "attempts": 1, "answered": 0},
    ]});
    let send = async || -> Value {
        let answer = program.post("/api/v1/accounts/acme/calls", report.clone()).await;
        assert_eq!(answer.status(), StatusCode::OK);
        answer.json().await.expect("JSON")
    };
    let first = send().await;
    assert_eq!(["new", "changed", "known", "refused-count"].map(|count| &first[count]), [2, 0, 0, 4], "{first:#}");
    let whys = each(&first["refused"], "why");
    for why in [
        "more calls are answered than made",
        "\"310-555-O100\" is not a possible phone number",
        "+13105550199 is not a number of this account",
        "+13105550100 has calls of an hour that does not begin on the hour of the account's clock",
    ] {
        assert!(whys.iter().any(|given| given.as_str().is_some_and(|given| given.contains(why))), "{why}: {whys:?}");
    }
    let again = send().await;
    assert_eq!(["new", "changed", "known"].map(|count| &again[count]), [0, 0, 2], "{again:#}");

    let get = async |path: &str| {
        program.get(&format!("/api/v1/accounts/acme/{path}")).await.json::<Value>().await.expect("JSON")
    };
    let called = json!({"number": e164(100), "attempts": 41, "answered": 12, "short": 0, "blocked": 0});
    let page = get("calls?limit=1").await;
    assert_eq!((&page["items"], &page["next"]), (&json!([called]), &json!("13105550100")));
    let page = get("calls?limit=1&after=13105550100&days=60").await;
    assert_eq!((&page["items"][0]["number"], &page["next"]), (&json!(e164(101)), &Value::Null));
    let days = get("numbers/+13105550100/calls").await;
    assert_eq!(days, server.dialer.json("calls show acme +13105550100"), "the API and the command line");
    assert_eq!(days["days"][0]["date"], "2026-03-01");
    assert_eq!(get("numbers/+13105550199/calls").await["days"], json!([]));
    for query in ["days=0", "days=61", "limit=0", "after=x"] {
        let answer = program.get(&format!("/api/v1/accounts/acme/calls?{query}")).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{query}");
    }
    let reader = server.program(Role::Read, &["acme"]);
    let refused = reader.post("/api/v1/accounts/acme/calls", report.clone()).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
}

// The dashboard

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_uploaded_previewed_and_drawn_on_the_number_s_page() {
    let server = Server::new(two_numbers()).await;
    let user = server.user(Role::Operate, &["acme"]);
    let number = async || user.get("/accounts/acme/numbers/+13105550100").await.text().await.expect("a page");
    assert!(number().await.contains("Nothing is known of its calls."));
    let file = ("file\"; filename=\"records.csv", RECORDS.as_bytes());
    let preview =
        previewed(&user, user.submit_to("/accounts/acme/calls", file, &[("time-zone", "Europe/Berlin")]).await).await;
    for words in [
        "records.csv",
        "single calls, summed to hours",
        "2026-03-01 06:00",
        "2 new hours would be imported, 0 changed, 0 already known; 3 rows refused",
        "Each hour of a number in the file replaces what was known of it",
        "1 row of incoming calls is not counted",
        "Import 2 hours",
    ] {
        assert!(preview.page.contains(words), "{words}: {}", preview.page);
    }
    assert!(preview.refused().await.starts_with("calldate,src,dst,direction,disposition,billsec,reason\n"));
    assert!(server.dialer.json("calls list acme").as_array().is_some_and(Vec::is_empty), "a preview changes nothing");
    let imported = preview.import().await;
    assert!(imported.contains("2 new hours imported, 0 changed, 0 already known; 3 rows refused"), "{imported}");
    let page = number().await;
    for words in [
        "Past 3 days: 2 calls, 50.0 % answered, 1 short, 0 blocked. The account: 33.3 % answered.",
        "<td>2026-03-01</td><td class=\"figure\">2</td><td class=\"figure\">1</td><td class=\"figure\">50.0 %</td>",
        "the calls of each day, at most 2, and how many were answered. The tables have the same data.",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_file_of_calls_is_refused_on_the_page_with_what_it_lacks() {
    let server = Server::new(two_numbers()).await;
    let user = server.user(Role::Operate, &["acme"]);
    let submit = async |text: &str, zone: &str| {
        user.submit_to("/accounts/acme/calls", ("text", text.as_bytes()), &[("time-zone", zone)]).await
    };
    let empty = submit("", "").await;
    assert_eq!(empty.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let lacking = previewed(&user, submit("src,dst\n1,2\n", "").await).await;
    assert!(lacking.page.contains("the file has no column of when a call began"), "{}", lacking.page);
    assert!(lacking.page.contains("Give the column that name in the first row of the file."), "{}", lacking.page);
    let zone = previewed(&user, submit(RECORDS, "Mars").await).await;
    assert!(zone.page.contains("Time zone:"), "{}", zone.page);
}

/// Exports of telephony systems are read in every surface as they are.
#[test]
fn a_page_of_twilios_api_is_imported() {
    let dialer = two_numbers();
    let twilio = std::fs::read(repository("tests/inputs/C05-twilio-calls.json")).expect("a file");
    dialer.file("calls.json", twilio);
    dialer.run("calls import acme calls.json").exits(0).says(&[
        "calls.json: UTF-8, JSON; single calls, summed to hours; number in column \"from\"",
        "1 new hour imported, 0 changed, 0 already known; 0 rows refused",
    ]);
}

/// The log of the provider, read by the command line, the API and the dashboard.
#[tokio::test(flavor = "multi_thread")]
async fn calls_are_read_from_the_providers_log_in_every_surface() {
    let (fake, dialer) = (FakeProvider::new().await, two_numbers());
    dialer.run("calls read acme").exits(1).says(&[
        "the account has no provider whose log of calls could be read",
        "hint: `dialguard account set ACCOUNT --provider NAME` gives it one",
    ]);
    let options = fake.options(ProviderKind::Telnyx, &dialer.path("."));
    dialer.run(&format!("providers add shop {options}")).exits(0);
    dialer.run("account set acme --provider shop").exits(0);
    dialer.run("calls read acme").exits(1).says(&["calls are not read from shop", "hint: `dialguard providers change"]);
    dialer.run("providers change shop --calls on").exits(0);
    dialer.run("providers test shop").exits(0).says(&["shop works"]);
    let logged = |from, began_at, ended| FakeCall { from, began_at, ended };
    fake.logs([
        logged("+13105550100", NOW - 3_600, Ended::Answered(3)),
        logged("+12125550177", NOW - 3_600, Ended::Answered(3)),
        logged("+13105550101", NOW - 3_600, Ended::Garbled),
    ]);
    dialer.run("calls read acme --days 1").exits(0).says(&[
        "1 new hour read from shop, 0 changed, 0 already known",
        "calls are known until 2026-03-01T09:00:00Z",
        "1 call from numbers of no account is not counted",
        "1 call whose time or ending shop does not tell is not counted",
    ]);
    dialer.run("calls list acme").exits(0).says(&["+13105550100 1 1 100.0 % 1 0"]);

    let server = Server::new(dialer).await;
    let program = server.program(Role::Operate, &["acme"]);
    let read = program.post("/api/v1/accounts/acme/calls/read?days=2", json!(null)).await;
    assert_eq!(read.status(), StatusCode::OK);
    let read: Value = read.json().await.expect("JSON");
    assert_eq!(
        read,
        json!({
            "provider": "shop", "new": 0, "changed": 0, "known": 1, "others": 1, "unreadable": 1,
            "read-until": "2026-03-01T09:00:00Z", "problem": null,
        })
    );
    assert_eq!(read, server.dialer.json("calls read acme"), "the API and the command line");
    let too_far = program.post("/api/v1/accounts/acme/calls/read?days=61", json!(null)).await;
    assert_eq!(too_far.status(), StatusCode::BAD_REQUEST);
    let reader = server.program(Role::Read, &["acme"]);
    let refused = reader.post("/api/v1/accounts/acme/calls/read", json!(null)).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);

    let user = server.user(Role::Operate, &["acme"]);
    let form = user.page("/accounts/acme/calls").await;
    assert!(form.contains("Calls are read from shop before each daily review; they are known until 2026-03-01 09:00."));
    let page = user.send("/accounts/acme/read-calls", &[]).await.text().await.expect("a page");
    assert!(page.contains("0 new hours read from shop, 0 changed, 1 already known."), "{page}");
}
