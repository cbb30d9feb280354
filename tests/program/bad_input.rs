//! Mistakes of users, files and the system: each ends in a clear error and an exit code other than 0, and changes nothing.

use crate::harness::acme::{DAY, NOW};
use crate::harness::dialer::{Dialer, Outcome, e164, each};
use serde_json::Value;
use std::time::{Duration, Instant};

/// A command line, its exit code, and words that the error must contain.
type Mistake<'a> = (&'a str, i32, &'a [&'a str]);

/// Makes one mistake after another; none may change anything.
#[track_caller]
fn each_refusal_changes_nothing(dialer: &Dialer, mistakes: &[Mistake]) {
    let before = dialer.everything();
    for (line, code, words) in mistakes {
        dialer.run(line).exits(*code).says(words);
        assert_eq!(dialer.everything(), before, "after `dialguard {line}`");
    }
}

#[test]
fn invalid_command_lines_are_refused() {
    let dialer = Dialer::monitoring(2, "");
    let zone_hint = "a name from the tz database, such as America/New_York";
    let id_hint = "give 1 to 64 letters, digits";
    each_refusal_changes_nothing(
        &dialer,
        &[
            ("frobnicate", 2, &["frobnicate"]),
            ("account", 2, &["add", "set", "list"]),
            ("account add new --time-zone UTC", 2, &["--blocks"]),
            ("account add new --blocks 1", 2, &["--time-zone"]),
            ("account add new --blocks two --time-zone UTC", 2, &["two", "--blocks"]),
            ("account add new --blocks -1 --time-zone UTC", 2, &["-1"]),
            ("account add new --blocks 100001 --time-zone UTC", 2, &["100001", "100000"]),
            ("account add new --blocks 1 --time-zone Mars/Base", 2, &["Mars/Base", zone_hint]),
            ("account add new --blocks 1 --time-zone EST5PDT", 2, &["did you mean EST5EDT?"]),
            ("account add new --blocks 1 --time-zone UTC --region Texas", 2, &["Texas", "two letters"]),
            ("account add new --blocks 1 --time-zone UTC --review-at 24:00", 2, &["24:00", "00:00 to 23:59"]),
            ("account add new --blocks 1 --time-zone UTC --auto-replace maybe", 2, &["maybe", "on", "off"]),
            ("account add a/b --blocks 1 --time-zone UTC", 2, &["a/b", id_hint]),
            ("account add .hidden --blocks 1 --time-zone UTC", 2, &[".hidden", id_hint]),
            ("account set acme --setting nameless", 2, &["nameless", "NAME=VALUE"]),
            ("account set acme --checks-to-flag -1", 2, &["-1"]),
            ("account set acme --replacements-per-day-max 1001", 2, &["1001", "0 to 1000"]),
            ("monitor acme", 2, &["NUMBER"]),
            ("monitor acme +13105550100 --all", 2, &["--all"]),
            ("unmonitor acme", 2, &["NUMBER"]),
            ("sources add x", 2, &["--ftc", "--verdicts", "--simulated"]),
            ("sources add x --simulated 1 --ftc .", 2, &["--simulated", "--ftc"]),
            ("sources add x --simulated few", 2, &["few"]),
            ("numbers import acme", 2, &["FILE"]),
            ("events acme --last many", 2, &["many"]),
            ("serve", 1, &["--once"]),
            ("serve --trusted-proxy localhost", 2, &["--trusted-proxy", "10.0.0.0/8"]),
        ],
    );
}

#[test]
fn files_that_are_not_a_policy_are_refused() {
    let dialer = Dialer::monitoring(1, "");
    dialer.file("notes.wasm", "not a component");
    dialer.file("empty.wasm", "");
    each_refusal_changes_nothing(
        &dialer,
        &[
            (
                "policy install notes.wasm",
                1,
                &["cannot install notes.wasm", "not a policy component", "not WebAssembly"],
            ),
            ("policy install empty.wasm", 1, &["cannot install empty.wasm", "the file is empty"]),
            ("policy install missing.wasm", 1, &["cannot read missing.wasm"]),
            ("policy inspect notes.wasm", 1, &["notes.wasm is not a policy"]),
            ("policy activate 7", 1, &["no revision 7 of the policy", "policy list"]),
            ("policy activate 1", 1, &["revision 1 is already active"]),
            ("policy rollback", 1, &["no other policy was live before"]),
            ("policy shadow 1", 1, &["nothing to compare"]),
            ("policy shadow", 2, &["REVISION"]),
            ("policy diff", 1, &["there is no shadow revision"]),
            ("policy backtest 1 --since yesterday", 2, &["yesterday"]),
            ("policy backtest 1 --since 2030-01-01", 1, &["no review since 2030-01-01 is on record"]),
            ("policy trust notes.wasm", 1, &["cannot read notes.wasm", "not a public key"]),
            ("policy distrust anna", 1, &["no trusted key \"anna\""]),
            ("policy sign notes.wasm --key notes.wasm", 1, &["cannot read notes.wasm", "not a secret key"]),
            ("policy limits --memory-mib-max 0", 2, &["1..=256"]),
            ("replay 99", 1, &["no run 99"]),
        ],
    );
}

#[test]
fn invalid_times_are_refused() {
    let dialer = Dialer::monitoring(1, "");
    let before = dialer.everything();
    for time in ["yesterday", "2026-03-31", "2026-03-31T09:00:00", "2026-02-30T09:00:00Z", "1969-12-31T23:59:59Z"] {
        let output = dialer.command(&["review", "acme", "--at", time]).output().expect("the program starts");
        Outcome::new(format!("review acme --at {time}"), output).exits(2).says(&[time, "--at", "give a time"]);
    }
    assert_eq!(dialer.everything(), before);
}

#[test]
fn invalid_accounts_and_settings_are_refused() {
    let dialer = Dialer::monitoring(2, "");
    dialer.file("numbers.csv", e164(105));
    let nobody = &["no account \"nobody\"", "dialguard account list"];
    each_refusal_changes_nothing(
        &dialer,
        &[
            ("account add acme --blocks 1 --time-zone UTC", 1, &["\"acme\" already exists"]),
            ("account set nobody --blocks 1", 1, nobody),
            ("numbers import nobody numbers.csv", 1, nobody),
            ("numbers list nobody", 1, nobody),
            ("monitor nobody --all", 1, nobody),
            ("monitor nobody +13105550100", 1, nobody),
            ("unmonitor nobody +13105550100", 1, nobody),
            ("delete nobody +13105550100", 1, nobody),
            ("replace nobody +13105550100", 1, nobody),
            ("screen nobody +13105550100", 1, nobody),
            ("review nobody", 1, nobody),
            ("review acme nobody", 1, nobody),
            ("usage nobody", 1, nobody),
            ("events nobody", 1, nobody),
            ("account set acme --blocks 100001", 1, &["100001 blocks are too many", "0 to 100000"]),
            ("account set acme --blocks 4294967295", 1, &["too many", "0 to 100000"]),
            ("account set acme --blocks 0", 1, &["0 blocks", "more numbers are monitored"]),
            ("account set acme --spam-score-min 0", 1, &["spam-score-min: give a whole number from 1 to 100"]),
            ("account set acme --spam-score-min 101", 1, &["spam-score-min: give a whole number from 1 to 100"]),
            (
                "account set acme --rating-carriers-min 0",
                1,
                &["rating-carriers-min: give a whole number from 1 to 255"],
            ),
            ("account set acme --checks-to-flag 31", 1, &["checks-to-flag: give a whole number from 1 to 30"]),
            ("account set acme --checks-to-clear 0", 1, &["checks-to-clear: give a whole number from 1 to 30"]),
            ("account set acme --observation-age-max-hours 8761", 1, &["observation-age-max-hours", "1 to 8760"]),
            ("account set acme --new-number-grace-days 1.5", 1, &["new-number-grace-days", "whole number"]),
            ("account set acme --new-number-grace-days 366", 1, &["new-number-grace-days", "0 to 365"]),
            ("account set acme --mass-flag-percent 0", 1, &["mass-flag-percent: give a whole number from 1 to 100"]),
            // One step after the other would buy a block before the setting is refused.
            (
                "account set acme --blocks 2 --mass-flag-percent 101",
                1,
                &["mass-flag-percent: give a whole number from 1 to 100"],
            ),
            (
                "account add new --blocks 1 --time-zone UTC --checks-to-flag 0",
                1,
                &["checks-to-flag: give a whole number from 1 to 30"],
            ),
        ],
    );
}

#[test]
fn invalid_numbers_are_refused() {
    let dialer = Dialer::monitoring(2, "");
    dialer.import([102], "");
    let hint = "write it like +13105550123";
    each_refusal_changes_nothing(
        &dialer,
        &[
            ("monitor acme 555-0123", 1, &["\"555-0123\"", hint]),
            // The valid number is not changed either: a command line is short enough to type again.
            ("monitor acme +13105550102 12", 1, &["\"12\"", hint]),
            ("unmonitor acme +13105550100 +1310555010", 1, &["\"+1310555010\"", hint]),
            ("delete acme +131055501000 --accept-slot-loss", 1, &["\"+131055501000\"", hint]),
            ("replace acme abc", 1, &["\"abc\"", "it has letters, which are never read as digits"]),
            ("screen acme +999123456789", 1, &["\"+999123456789\"", hint]),
            ("events acme --number 1", 1, &["\"1\"", hint]),
        ],
    );
}

#[test]
fn unusable_files_are_refused() {
    let dialer = Dialer::monitoring(2, "");
    dialer.file("empty.csv", "");
    dialer.file("names.csv", "name,city\nLee,Clinton\n");
    dialer.file("folder/file.csv", "");
    dialer.file("binary.csv", [0, 159, 146, 150, 10, 0]);
    dialer.file("no-score.csv", "number,carrier,label,observed_at\n");
    dialer.file("twice.csv", "number,number,carrier,score,label,observed_at\n");
    let long_name =
        concat!("sources add ", "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn --simulated 1");
    each_refusal_changes_nothing(
        &dialer,
        &[
            ("numbers import acme missing.csv", 1, &["cannot read missing.csv"]),
            ("numbers import acme folder", 1, &["cannot read folder"]),
            ("numbers import acme empty.csv", 1, &["empty.csv: the file is empty"]),
            (
                "numbers import acme names.csv",
                1,
                &["names.csv: row 1 and those after it have no column of phone numbers", "--column"],
            ),
            ("numbers import acme binary.csv", 1, &["binary.csv: the file is not text"]),
            ("sources add x --verdicts missing.csv", 1, &["cannot read missing.csv"]),
            ("sources add x --verdicts folder", 1, &["x was not added", "folder"]),
            ("sources add x --verdicts empty.csv", 1, &["x was not added", "number,carrier,score,label,observed_at"]),
            ("sources add x --verdicts binary.csv", 1, &["x was not added", "binary.csv is not text"]),
            ("sources add x --verdicts no-score.csv", 1, &["no-score.csv has no column score"]),
            ("sources add x --verdicts twice.csv", 1, &["twice.csv has more than one column number"]),
            ("sources add x --ftc missing", 1, &["cannot read missing"]),
            ("sources add x --ftc names.csv", 1, &["x was not added", "names.csv cannot be read"]),
            ("sources add carriers --simulated 1", 1, &["\"carriers\" already exists", "sources remove"]),
            ("sources remove nobody", 1, &["\"nobody\"", "sources list"]),
            (long_name, 1, &["1 to 64 characters"]),
        ],
    );
}

/// Each line of a file, and why it is refused; none if its number is imported.
#[test]
fn bad_rows_are_listed_by_row_and_good_ones_imported() {
    let rows: [(&[u8], Option<&str>); 13] = [
        (b"name,number", None),
        (b"Lee,+13105550100", None),
        (b"Kim,12", Some("\"12\" is not a possible phone number")),
        (b"Ann,", Some("it has no digits")),
        (b"Bob", Some("it has no number")),
        (b"\"Lee, or Kim\",\"+1 310 555 0101\"", None),
        (b"Eve,\xff\xfe", Some("is not a possible phone number")),
        (b"\xff,+13105550102", None),
        // An unclosed quote invalidates its own row but none after it.
        (b"\"Zoe,+13105550103", Some("a quote is opened and not closed")),
        (b"Jim,+13105550104,too,many,fields", None),
        (b"", None),
        (b"Max,\"+13105550105", Some("a quote is opened and not closed")),
        (b"Moe,+13105550106 ext. 9", Some("it has an extension")),
    ];
    let dialer = Dialer::with_account("");
    dialer.file("numbers.csv", rows.map(|(row, _)| row).join(&b'\n'));
    let imported = dialer.run("numbers import acme numbers.csv --json").exits(3).json();
    let expected = (1_u64..).zip(rows).filter_map(|(row, (_, why))| Some((row, why?)));
    let refused = imported["refused"].as_array().expect("a list");
    let refused_rows: Vec<_> = refused.iter().map(|bad| bad["row"].as_u64().expect("a row")).collect();
    assert_eq!(refused_rows, expected.clone().map(|(row, _)| row).collect::<Vec<_>>(), "{imported:#}");
    for (bad, (row, why)) in refused.iter().zip(expected) {
        let text = bad["why"].as_str().expect("why");
        assert!(text.contains(why), "row {row}: {text}");
    }
    let taken = [100, 101, 102, 104].map(e164);
    assert_eq!(dialer.field_of_each("numbers list acme", "number"), taken);

    let again = dialer.run("numbers import acme numbers.csv").exits(3);
    again.says(&[
        "0 numbers imported, 4 already known, 7 refused",
        "row 3: \"12\" is not a possible phone number",
        "write it like +13105550123",
    ]);
}

/// Without a ledger, commands say how to begin, and none creates one.
#[test]
fn commands_before_the_first_account() {
    let dialer = Dialer::new();
    dialer.file("numbers.csv", e164(100));
    for line in [
        "account list",
        "account set acme --blocks 2",
        "sources list",
        "sources remove x",
        "numbers import acme numbers.csv",
        "numbers list acme",
        "monitor acme --all",
        "unmonitor acme +13105550100",
        "delete acme +13105550100",
        "replace acme +13105550100",
        "screen acme +13105550100",
        "review",
        "usage acme",
        "events acme",
        "serve --once",
    ] {
        dialer.run(line).exits(1).says(&["no ledger in", "dialguard account add", "--data"]);
        assert!(!dialer.path("ledger").exists(), "`dialguard {line}` made a folder");
    }
}

#[test]
fn a_clock_that_goes_back() {
    let dialer = Dialer::monitoring(2, "");
    dialer.import([102], "");
    let latest = dialer.now();
    dialer.it_is("2026-03-01T08:54:59Z");
    let back: &[&str] =
        &["the time is 2026-03-01T08:54:59Z", "last changed at 2026-03-01T09:00:00Z", "a later time with --at"];
    dialer.file("numbers.csv", e164(103));
    each_refusal_changes_nothing(
        &dialer,
        &[
            ("monitor acme --all", 1, back),
            ("unmonitor acme +13105550100", 1, back),
            ("review acme", 1, back),
            ("usage acme", 1, back),
            ("numbers import acme numbers.csv", 1, back),
            ("account set acme --checks-to-flag 3", 1, back),
        ],
    );
    // Clocks are often adjusted by a few seconds.
    dialer.it_is("2026-03-01T08:55:00Z");
    dialer.run("monitor acme --all").exits(0);
    let times: Vec<_> = dialer.events("monitoring-started").iter().map(|event| event["at"].clone()).collect();
    assert_eq!(times, ["2026-03-01T09:00:00Z"; 3], "and the ledger's order stands");
    assert_eq!(latest, NOW);
}

// The ledger's file

/// The fault of the file, and words of the error; the file must stay unchanged.
#[test]
fn a_database_that_is_invalid_or_newer() {
    let dialer = Dialer::monitoring(2, "");
    let file = dialer.path("ledger/dialguard.db");
    let database = rusqlite::Connection::open(&file).expect("the database opens");
    database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("all is in the one file");
    drop(database);
    let good = std::fs::read(&file).expect("the file is read");
    let newer = {
        let mut newer = good.clone();
        // SQLite keeps `user_version` in these four bytes of its header.
        newer[60..64].copy_from_slice(&99_u32.to_be_bytes());
        newer
    };
    let scenarios: [(&str, &[u8], &[&str]); 4] = [
        ("garbage", &[b'x'; 10_000], &["dialguard.db is not a Dialguard database", "--data"]),
        ("a text", b"number\n+13105550100\n", &["dialguard.db is not a Dialguard database", "--data"]),
        ("newer", &newer, &["written by a newer version of Dialguard", "upgrade Dialguard"]),
        ("cut off", &good[..good.len() / 2], &["database"]),
    ];
    for (what, content, words) in scenarios {
        std::fs::write(&file, content).expect("the file is written");
        for line in ["account list", "review acme", "account add new --blocks 1 --time-zone UTC", "serve --once"] {
            let ran = dialer.run(line);
            assert_eq!(ran.code, Some(1), "{what}: {line}\n{}{}", ran.stdout, ran.stderr);
            ran.says(words);
        }
        if what != "cut off" {
            assert!(std::fs::read(&file).expect("the file is read") == content, "{what} was changed");
        }
    }
    std::fs::write(&file, good).expect("the file is written");
    assert_eq!(dialer.field_of_each("numbers list acme", "slot"), [1, 2]);
}

#[test]
fn a_data_folder_or_database_of_the_wrong_kind_is_refused() {
    let dialer = Dialer::new();
    dialer.file("ledger", "a file where the folder should be");
    dialer.run("account add acme --blocks 1 --time-zone UTC").exits(1).says(&["ledger cannot be created"]);
    dialer.run("review").exits(1).says(&["no ledger in"]);
    std::fs::remove_file(dialer.path("ledger")).expect("the file goes");
    std::fs::create_dir_all(dialer.path("ledger/dialguard.db")).expect("a folder where the file should be");
    let add = "account add acme --blocks 1 --time-zone UTC";
    dialer.run(add).exits(1).says(&["dialguard.db is not a Dialguard database"]);
}

/// Reads still work meanwhile, and a change fails after ten seconds.
#[test]
fn a_database_that_another_program_keeps_locked() {
    let dialer = Dialer::monitoring(2, "");
    let mut other = rusqlite::Connection::open(dialer.path("ledger/dialguard.db")).expect("the database opens");
    let before = dialer.everything();
    let lock = other.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).expect("the lock");
    let begun = Instant::now();
    dialer.run("unmonitor acme +13105550100").exits(1).says(&["has been locked by another program", "try again"]);
    let waited = begun.elapsed();
    assert!(waited >= Duration::from_secs(9), "it waited for {waited:?}");
    assert_eq!(dialer.everything(), before);
    drop(lock);
    dialer.run("unmonitor acme +13105550100").exits(0);
}

// Source files that break later

/// One source's file day by day, the problem the review reports, how many carriers have an opinion of each of the two
/// numbers, and their statuses. The other source's answers always count.
#[test]
fn a_source_that_fails_in_a_review_does_not_affect_the_others() {
    let header = "number,carrier,score,label,observed_at\n";
    let dialer = Dialer::monitoring(2, "");
    dialer.file("late.csv", header);
    dialer.run("sources add late --verdicts late.csv").exits(0);
    let a_bad_row =
        format!("{header}+13105550101,D,99,,2026-03-05T08:00:00Z\n+13105550100,D,ninety,,2026-03-05T08:00:00Z\n");
    type Day = (&'static str, Option<String>, &'static str, [u64; 2], [&'static str; 2]);
    let days: [Day; 5] = [
        ("missing", None, "late: * late.csv does not exist", [3, 3], ["at-risk", "clean"]),
        (
            "garbage",
            Some("\u{1}\u{2}".repeat(5_000)),
            "late: * late.csv has no column number",
            [3, 3],
            ["at-risk", "clean"],
        ),
        ("empty", Some(String::new()), "late: * late.csv is empty", [3, 3], ["at-risk", "clean"]),
        (
            "a bad row",
            Some(a_bad_row),
            "late: * late.csv row 3, column score: \"ninety\"",
            [3, 4],
            ["at-risk", "at-risk"],
        ),
        ("a header alone", Some(header.to_owned()), "late: * late.csv has no verdict", [3, 3], ["at-risk", "clean"]),
    ];
    for (what, content, problem, answering, statuses) in days {
        dialer.pass(DAY);
        dialer.carriers_say(&[(100, "xoo"), (101, "ooo")]);
        match content {
            None => std::fs::remove_file(dialer.path("late.csv")).expect("the file goes"),
            Some(content) => dialer.file("late.csv", content),
        }
        let review = dialer.json("review acme")[0].clone();
        assert_eq!(each(&review["reviews"], "answering"), answering, "{what}: {review:#}");
        assert_eq!(dialer.field_of_each("numbers list acme", "status"), statuses, "{what}");
        let problems: Vec<_> =
            review["problems"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        assert_eq!(problems.len(), usize::from(!problem.is_empty()), "{what}: {problems:?}");
        for words in problem.split(" * ").filter(|words| !words.is_empty()) {
            assert!(problems[0].contains(words), "{what}: {problems:?}");
        }
    }
}

#[test]
fn an_invalid_ftc_file_does_not_affect_the_others() {
    let dialer = Dialer::with_ledger();
    dialer.it_is("2021-07-08T12:00:00Z");
    dialer.run("account add acme --blocks 1 --time-zone UTC --rating-carriers-min 1 --checks-to-flag 1").exits(0);
    dialer.import([100, 101], "");
    dialer.run("monitor acme --all").exits(0);
    let complaints = "3105550100,2021-07-07 00:01:15\n".repeat(3);
    let good = format!("Company_Phone_Number,Created_Date\n{complaints},2021-07-07 00:01:15\n7,2021-07-07 00:01:15\n");
    dialer.file("ftc/DNC_Complaint_Numbers_2021-07-08.csv", good);
    dialer.file("ftc/DNC_Complaint_Numbers_2021-07-07.csv", [0xff_u8; 3_000]);
    dialer.file("ftc/notes.txt", "not a daily file");
    let added = dialer.run("sources add FTC --ftc ftc").exits(0);
    added.says(&[
        "1 file, 3 complaints",
        "1 row without a number and 1",
        "DNC_Complaint_Numbers_2021-07-07.csv has no",
    ]);
    let review = dialer.json("review acme")[0].clone();
    assert_eq!(each(&review["reviews"], "status"), ["flagged"], "nobody has complained about the other: {review:#}");
    let problems = review["problems"].to_string();
    for name in ["DNC_Complaint_Numbers_2021-07-07.csv", "notes.txt"] {
        assert!(problems.contains(name), "{name}: {problems}");
    }
}
