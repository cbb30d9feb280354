//! Every command of the program, as a user types it: each scenario has its own ledger, and sets the clock with `--at`.
//!
//! Expectations follow from the product's rules (README and `wit/`), never from what the program once printed.

use crate::harness::acme::DAY;
use crate::harness::dialer::{Dialer, Outcome, e164, each};
use crate::harness::repository::repository;
use serde_json::{Value, json};
use std::path::Path;

const APRIL: &str = "2026-04-01T00:00:00Z";

// Accounts

/// The settings that are whole numbers: name, default, minimum and maximum.
const SETTINGS: [(&str, u64, u64, u64); 15] = [
    ("replacements-per-day-max", 3, 0, 1_000),
    ("spam-score-min", 80, 1, 100),
    ("rating-carriers-min", 2, 1, 255),
    ("checks-to-flag", 1, 1, 30),
    ("checks-to-clear", 1, 1, 30),
    ("checks-to-replace", 2, 1, 30),
    ("observation-age-max-hours", 48, 1, 8_760),
    ("new-number-grace-days", 0, 0, 365),
    ("mass-flag-percent", 30, 1, 100),
    ("calls-min", 50, 1, 1_000_000),
    ("answer-rate-drop-percent", 40, 1, 100),
    ("blocked-percent", 5, 1, 100),
    ("look-ups-per-day-max", 0, 0, 1_000_000),
    ("rest-days", 30, 0, 365),
    ("rests-max", 2, 0, 250),
];

const SWITCHES: [&str; 4] = ["auto-replace", "replace-on-calls", "cheapest-first", "rest-when-none"];

#[test]
fn every_setting_has_an_option_of_its_name() {
    let dialer = Dialer::with_ledger();
    let options = |pick: fn(&(&str, u64, u64, u64)) -> u64| -> String {
        let switches = SWITCHES.iter().map(|name| format!("--{name} on "));
        SETTINGS.iter().map(|setting| format!("--{} {} ", setting.0, pick(setting))).chain(switches).collect()
    };
    let add = "--blocks 1 --time-zone UTC";
    dialer.run(&format!("account add plain {add}")).exits(0);
    dialer.run(&format!("account add least {add} {}", options(|s| s.2))).exits(0);
    dialer.run(&format!("account add most {add}")).exits(0);
    dialer.run(&format!("account set most {}", options(|s| s.3))).exits(0);

    let accounts = dialer.json("account list");
    let [least, most, plain] = [0, 1, 2].map(|place| &accounts[place]["settings"]);
    for (name, default, min, max) in SETTINGS {
        let ranges = [&plain[name], &least[name], &most[name]].map(Value::as_u64);
        assert_eq!(ranges, [Some(default), Some(min), Some(max)], "{name}");
    }
    for name in SWITCHES {
        let switches = [plain, least, most].map(|settings| settings[name].as_bool());
        assert_eq!(switches, [Some(false), Some(true), Some(true)], "{name} is off by default");
    }
    let count = most.as_object().map(serde_json::Map::len);
    assert_eq!(count, Some(SETTINGS.len() + SWITCHES.len()), "there are no others");
}

#[test]
fn an_account_is_listed_as_it_was_added_and_set() {
    let dialer = Dialer::new();
    let add = "account add acme --blocks 2 --time-zone Europe/London --region gb --review-at 07:30";
    dialer.run(add).exits(0).says(&["acme", "30 slots", "$98.00"]);
    let set = "account set acme --time-zone Asia/Tokyo --region JP --review-at 23:59 --add-on off";
    let before = dialer.json("account list")[0].clone();
    let after = dialer.json(set);
    for (field, was, is) in [
        ("id", json!("acme"), json!("acme")),
        ("enabled", json!(true), json!(false)),
        ("time-zone", json!("Europe/London"), json!("Asia/Tokyo")),
        ("region", json!("GB"), json!("JP")),
        ("review-at", json!("07:30"), json!("23:59")),
        ("slot-count", json!(30), json!(30)),
        ("slots-per-block", json!(15), json!(15)),
        ("block-price-cents", json!(4_900), json!(4_900)),
    ] {
        assert_eq!([&before[field], &after[field]], [&was, &is], "{field}");
    }
    assert_eq!(dialer.json("account list"), json!([after]));
    dialer.run("account list").exits(0).says(&["acme", "off", "0 of 30", "Asia/Tokyo", "23:59"]);
}

/// The day of the month is kept, and every cycle begins at the account's own midnight.
#[test]
fn a_billing_cycle_is_a_month_from_the_local_midnight_on_which_the_account_was_added() {
    let scenarios: [(&str, &str, &[&str]); 3] = [
        // New York is at -05:00, and from 8 March on at -04:00.
        (
            "America/New_York",
            "2026-01-31T23:30:00-05:00",
            &["2026-01-31T05:00:00Z", "2026-02-28T05:00:00Z", "2026-03-31T04:00:00Z", "2026-04-30T04:00:00Z"],
        ),
        ("Asia/Tokyo", "2026-01-31T23:30:00Z", &["2026-01-31T15:00:00Z", "2026-02-28T15:00:00Z"]),
        ("UTC", "2028-01-31T00:00:00Z", &["2028-01-31T00:00:00Z", "2028-02-29T00:00:00Z", "2028-03-31T00:00:00Z"]),
    ];
    for (zone, added_at, starts) in scenarios {
        let dialer = Dialer::with_ledger();
        dialer.it_is(added_at);
        dialer.run(&format!("account add acme --blocks 1 --time-zone {zone}")).exits(0);
        for cycle in starts.windows(2) {
            dialer.json("usage acme");
            let account = &dialer.json("account list")[0];
            assert_eq!([&account["cycle-starts-at"], &account["cycle-ends-at"]], [cycle[0], cycle[1]], "{zone}");
            dialer.it_is(cycle[1]);
        }
    }
}

/// A command at each time, and the charges by then: $49.00 per block.
#[test]
fn more_blocks_are_charged_at_once_and_fewer_from_the_next_cycle() {
    let dialer = Dialer::with_ledger();
    type Step = (&'static str, &'static str, &'static [u64], (u64, u64));
    let steps: [Step; 10] = [
        ("2026-03-01T09:00:00Z", "account add acme --blocks 1 --time-zone UTC", &[4_900], (15, 15)),
        ("2026-03-02T09:00:00Z", "account set acme --blocks 3", &[4_900, 9_800], (45, 45)),
        ("2026-03-03T09:00:00Z", "account set acme --blocks 3", &[4_900, 9_800], (45, 45)),
        ("2026-03-04T09:00:00Z", "account set acme --blocks 1", &[4_900, 9_800], (45, 15)),
        ("2026-03-05T09:00:00Z", "account set acme --blocks 2", &[4_900, 9_800], (45, 30)),
        ("2026-03-31T23:59:59Z", "usage acme", &[4_900, 9_800], (45, 30)),
        // Reading is free; the new cycle is charged with its first change.
        ("2026-04-01T00:00:00Z", "usage acme", &[4_900, 9_800], (30, 30)),
        ("2026-04-01T00:00:00Z", "review acme", &[4_900, 9_800, 9_800], (30, 30)),
        ("2026-04-02T00:00:00Z", "account set acme --blocks 0", &[4_900, 9_800, 9_800], (30, 0)),
        ("2026-06-01T00:00:00Z", "usage acme", &[4_900, 9_800, 9_800], (0, 0)),
    ];
    for (time, line, charged, (slots, slots_next)) in steps {
        dialer.it_is(time);
        dialer.run(line).exits(0);
        let cents: Vec<_> = dialer.events("charged").iter().filter_map(|event| event["cents"].as_u64()).collect();
        assert_eq!(cents, charged, "{time} {line}");
        let account = &dialer.json("account list")[0];
        assert_eq!([&account["slot-count"], &account["slot-count-next"]], [slots, slots_next], "{time} {line}");
    }
}

#[test]
fn every_missed_cycle_is_charged_at_its_own_start() {
    let dialer = Dialer::with_account("");
    dialer.it_is("2026-05-20T00:00:00Z");
    dialer.run("clock accept").exits(0);
    dialer.run("review acme").exits(0);
    let times = each(&Value::Array(dialer.events("charged")), "at");
    assert_eq!(times, ["2026-03-01T09:00:00Z", APRIL, "2026-05-01T00:00:00Z"]);
}

#[test]
fn a_switched_off_add_on_is_not_charged_and_switched_on_again_is_charged_once_a_cycle() {
    let dialer = Dialer::with_account("");
    let steps = [
        ("2026-03-10T00:00:00Z", "account set acme --add-on off", 1),
        ("2026-03-11T00:00:00Z", "account set acme --add-on on", 1),
        ("2026-03-12T00:00:00Z", "account set acme --add-on off", 1),
        ("2026-04-10T00:00:00Z", "usage acme", 1),
        ("2026-04-11T00:00:00Z", "account set acme --add-on on", 2),
        ("2026-04-12T00:00:00Z", "account set acme --add-on off", 2),
        ("2026-04-13T00:00:00Z", "account set acme --add-on on", 2),
    ];
    for (time, line, charges) in steps {
        dialer.it_is(time);
        dialer.run(line).exits(0);
        assert_eq!(dialer.events("charged").len(), charges, "{time} {line}");
    }
}

// Carriers

#[test]
fn sources_are_added_listed_and_removed_by_name() {
    let dialer = Dialer::with_account("");
    dialer.run("sources add made-up --simulated 7").exits(0);
    dialer.run("sources add made-up --simulated 8").exits(1).says(&["made-up", "already", "sources remove"]);
    let sources = dialer.json("sources list")["sources"].clone();
    assert_eq!(each(&sources, "name"), ["carriers", "made-up"]);
    assert_eq!(each(&sources, "kind"), ["verdicts", "simulated"]);
    assert_eq!(sources[1]["location"], "7");
    assert!(Path::new(sources[0]["location"].as_str().expect("a path")).is_absolute(), "commands come from any folder");

    dialer.run("sources remove made-up").exits(0);
    dialer.run("sources remove made-up").exits(1).says(&["made-up", "sources list"]);
    assert_eq!(each(&dialer.json("sources list")["sources"], "name"), ["carriers"]);
}

const FTC_HEADER: &str = "Company_Phone_Number,Created_Date,Violation_Date,Consumer_City,Consumer_State,\
                          Consumer_Area_Code,Subject,Recorded_Message_Or_Robocall\n";

/// The real file of 8 July 2021 if it is available, otherwise an excerpt just as messy.
fn ftc_folder(dialer: &Dialer) -> std::path::PathBuf {
    let real = repository("../shared/data/ftc");
    if real.is_dir() {
        return real;
    }
    let complaint = |number: &str| format!("{number},2021-07-07 00:01:15,,\"Clinton, or near\",Iowa,563,Other,Y\n");
    let mut rows = FTC_HEADER.to_owned();
    (0..42).for_each(|_| rows.push_str(&complaint("3152328257")));
    ["4703352559", "", "7", "1234567890123456789"].iter().for_each(|number| rows.push_str(&complaint(number)));
    dialer.file("ftc/DNC_Complaint_Numbers_2021-07-08.csv", rows);
    dialer.path("ftc")
}

/// 42 complaints in one file make a certain score, one makes 40; none is no opinion, and foreign numbers have none.
#[test]
fn the_ftcs_complaints_are_a_source() {
    let dialer = Dialer::with_ledger();
    dialer.it_is("2021-07-08T12:00:00Z");
    dialer.run("account add acme --blocks 1 --time-zone UTC --rating-carriers-min 1 --spam-score-min 40").exits(0);
    let folder = ftc_folder(&dialer);
    let added = dialer.run_arguments(&["sources", "add", "FTC", "--ftc", folder.to_str().expect("a path"), "--json"]);
    let holds = added.exits(0).json()["holds"].as_str().expect("what it holds").to_owned();
    let figures: Vec<u64> =
        holds.replace(',', "").split(|c: char| !c.is_ascii_digit()).filter_map(|text| text.parse().ok()).collect();
    if !folder.starts_with(dialer.path("")) {
        // Files, complaints, the newest date, rows without a number and with an invalid one: 14,034 rows in all.
        assert_eq!((figures[0], &figures[2..5], figures[5]), (1, &[2021, 7, 8][..], 669), "{holds}");
        assert_eq!(figures[1] + figures[5] + figures[6], 14_034, "{holds}");
    }

    let screened = dialer.json("screen acme +13152328257 +14703352559 +13105550100 +442079460958");
    assert_eq!(each(&screened["screenings"], "status"), ["flagged", "flagged", "pending", "pending"]);
    assert_eq!(each(&screened["screenings"], "answering"), [1, 1, 0, 0]);
    dialer.run("account set acme --spam-score-min 80").exits(0);
    let screened = dialer.json("screen acme +13152328257 +14703352559");
    assert_eq!(
        each(&screened["screenings"], "status"),
        ["flagged", "clean"],
        "one complaint is a hint and not a verdict"
    );
}

/// Three spellings of one carrier flag a number, and another carrier does not: a tie. Then what one of them says later.
#[test]
fn one_carrier_is_one_vote() {
    let dialer = Dialer::monitoring(1, "");
    let header = "number,carrier,score,label,observed_at\n";
    let row =
        |carrier: &str, score: u8, hour: u8| format!("+13105550100,{carrier},{score},,2026-03-01T0{hour}:00:00Z\n");
    let first = [row("AT&T", 95, 5), row("at&t", 95, 6), row("ATT", 95, 7), row("Verizon", 5, 7)].concat();
    dialer.file("verdicts.csv", format!("{header}{first}"));
    let vote = || {
        let screened = &dialer.json(&format!("screen acme {}", e164(100)))["screenings"][0];
        ["status", "flagging", "answering"].map(|field| screened[field].clone())
    };
    assert_eq!(vote(), [json!("at-risk"), json!(1), json!(2)]);
    dialer.file("second.csv", format!("{header}{}", row("A.T.T.", 5, 8)));
    dialer.run("sources add second --verdicts second.csv").exits(0);
    assert_eq!(vote(), [json!("clean"), json!(0), json!(2)], "the newest opinion is the carrier's");

    dialer.file("second.csv", format!("{header}{}{}", row("Hiya", 95, 8), row("Verizon Wireless", 5, 8)));
    assert_eq!(vote(), [json!("flagged"), json!(2), json!(3)]);
    dialer.run_arguments(&["sources", "alias", "Hiya", "AT&T"]).exits(0).says(&["Hiya means AT&T"]);
    assert_eq!(vote(), [json!("at-risk"), json!(1), json!(2)], "Hiya and AT&T are one carrier");
    dialer.run("review acme").exits(0);
    let shown = dialer.json("numbers list acme")[0]["carriers"].clone();
    assert_eq!(each(&shown, "carrier"), ["AT&T", "Verizon"]);
    dialer.run("sources list").exits(0).says(&["Carriers: AT&T, Verizon", "Hiya = AT&T", "Verizon Wireless = Verizon"]);
    dialer.run("sources unalias hiya").exits(0);
    assert_eq!(vote(), [json!("flagged"), json!(2), json!(3)]);
    dialer.run("sources unalias hiya").exits(1).says(&["no alias", "sources list"]);
}

/// Two of three carriers flag a number about which nobody has complained.
#[test]
fn the_ftc_has_no_vote_on_a_number_without_complaints() {
    let dialer = Dialer::with_account("");
    dialer.it_is("2026-03-02T09:00:00Z");
    dialer.carriers_say(&[(100, "xxo")]);
    dialer.file("ftc/DNC_Complaint_Numbers_2026-03-01.csv", FTC_HEADER);
    dialer.run("sources add FTC --ftc ftc").exits(0);
    let screened = &dialer.json(&format!("screen acme {}", e164(100)))["screenings"][0];
    let seen = ["status", "flagging", "answering"].map(|field| screened[field].clone());
    assert_eq!(seen, [json!("flagged"), json!(2), json!(3)]);
}

/// One complaint, by the default scores and by those of the source.
#[test]
fn what_complaints_score_is_a_setting_of_the_source() {
    let dialer = Dialer::with_ledger();
    dialer.it_is("2026-03-02T09:00:00Z");
    dialer.run("account add acme --blocks 1 --time-zone UTC --rating-carriers-min 1").exits(0);
    let row = "3105550100,2026-03-01 08:00:00,,,,,,\n";
    dialer.file("ftc/DNC_Complaint_Numbers_2026-03-01.csv", format!("{FTC_HEADER}{row}"));
    for (option, scores, status) in [
        ("", json!([40, 60, 80, 90, 100]), "clean"),
        ("--complaint-scores 40,60,80,90,100", json!([40, 60, 80, 90, 100]), "clean"),
        ("--complaint-scores 85,100", json!([85, 100]), "flagged"),
    ] {
        dialer.run(&format!("sources add FTC --ftc ftc {option}")).exits(0);
        let source = &dialer.json("sources list")["sources"][0];
        assert_eq!(source["complaint-scores"], scores, "{option}");
        assert!(source["location"].as_str().expect("a folder").ends_with("/ftc"), "{source}");
        let text = scores.to_string();
        dialer.run("sources list").exits(0).says(&["/ftc, scores ", text.trim_matches(['[', ']'])]);
        let screened = dialer.json(&format!("screen acme {}", e164(100)));
        assert_eq!(screened["screenings"][0]["status"], status, "{option}");
        dialer.run("sources remove FTC").exits(0);
    }
    dialer.run("sources add FTC --ftc ftc --complaint-scores 60,40").exits(2).says(&["that never fall"]);
    dialer.run("sources add x --simulated 1 --complaint-scores 60").exits(1).says(&["--complaint-scores", "FTC"]);
}

/// A row of 2096 is named, and the carrier's row of today counts.
#[test]
fn an_observation_in_the_future_is_refused_by_row() {
    let dialer = Dialer::monitoring(1, "");
    let rows = "+13105550100,A,95,,2026-03-01T08:00:00Z\n+13105550100,B,95,,2026-03-01T09:05:00Z\n\
                +13105550100,A,5,,2096-03-01T08:00:00Z\n+13105550100,C,5,,2026-03-01T09:05:01Z\n";
    dialer.carriers_say(&[(101, "o")]);
    dialer.file("late.csv", format!("number,carrier,score,label,observed_at\n{rows}"));
    let named = "late.csv row 4, column observed_at: 2096-03-01T08:00:00Z is in the future; the time is 2026-03-01T09";
    dialer.run("sources add late --verdicts late.csv").exits(0).says(&["2 verdicts of 2 carriers", named]);
    let review = dialer.json("review acme")[0].clone();
    assert_eq!([&review["reviews"][0]["flagging"], &review["reviews"][0]["answering"]], [2, 2]);
    let events = dialer.events("carrier-problem");
    assert_eq!(events.len(), 1, "one event of the review has all of its problems: {events:?}");
    let problems: Vec<_> = events[0]["text"].as_str().expect("words").lines().collect();
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].contains(named) && problems[1].contains("late.csv row 5"), "{problems:?}");
    dialer.run("events acme").exits(0).says(&["2 source problems"]);
}

#[test]
fn verdicts_come_as_csv_or_as_json_lines() {
    let csv = "carrier,label,number,score,observed_at,ours\n\
               A,\"Spam, likely\",(310) 555-0100,90,2026-03-01T08:00:00Z,x\n\
               B,,+1 310-555-0100,80,2026-03-01T03:00:00-05:00,x\n\
               A,,3105550101,,2026-03-01T08:00:00Z,x\n";
    let json_lines = r#"
        {"number": "+13105550100", "carrier": "A", "score": 90, "label": "Spam, likely", "observed_at": "TIME"}
        {"number": "+13105550100", "carrier": "B", "score": 80, "label": null, "observed_at": "TIME"}
        {"number": "+13105550101", "carrier": "A", "score": null, "observed_at": "TIME"}"#;
    let json_lines = &json_lines.replace("TIME", "2026-03-01T08:00:00Z");
    for (name, content) in [("v.csv", csv), ("v.jsonl", json_lines)] {
        let dialer = Dialer::with_ledger();
        dialer.run("account add acme --blocks 1 --time-zone UTC").exits(0);
        dialer.file(name, content);
        dialer.run(&format!("sources add both --verdicts {name}")).exits(0).says(&["3 verdicts of 2 carriers"]);
        let screened = dialer.json("screen acme +13105550100 +13105550101");
        assert_eq!(each(&screened["screenings"], "flagging"), [2, 0], "{name}");
        assert_eq!(each(&screened["screenings"], "answering"), [2, 0], "{name}: no data means no opinion");

        dialer.import([100], "");
        dialer.run("monitor acme --all").exits(0);
        dialer.run("review acme").exits(0);
        let marks = dialer.json("numbers list acme")[0]["carriers"].clone();
        let observed_at = "2026-03-01T08:00:00Z";
        assert_eq!(
            marks,
            json!([
                {"carrier": "A", "answer": "scored", "score": 90, "label": "Spam, likely", "observed-at": observed_at},
                {"carrier": "B", "answer": "scored", "score": 80, "label": null, "observed-at": observed_at},
            ]),
            "{name}"
        );
    }
}

#[test]
fn simulated_carriers_say_the_same_on_every_machine() {
    let screen = |seeds: [u32; 2]| {
        let dialer = Dialer::with_ledger();
        dialer.run("account add acme --blocks 1 --time-zone UTC").exits(0);
        for (name, seed) in ["Hiya", "TNS"].iter().zip(seeds) {
            dialer.run(&format!("sources add {name} --simulated {seed}")).exits(0);
        }
        let numbers: String = (0..200).map(|last| e164(last) + " ").collect();
        dialer.json(&format!("screen acme {numbers}"))
    };
    let screened = screen([1, 2]);
    assert_eq!(screened, screen([1, 2]));
    assert_ne!(screened, screen([3, 4]));
    let statuses = each(&screened["screenings"], "status");
    assert!(statuses.iter().filter(|status| *status == "clean").count() > 100, "most numbers are clean: {statuses:?}");
    assert!(statuses.iter().any(|status| status == "at-risk"), "carriers err at times: {statuses:?}");
}

// Numbers

/// The file's format, the account's region, the file, and the imported numbers.
#[test]
fn numbers_are_imported_from_csv_in_common_formats() {
    let scenarios: [(&str, &str, &str, &[&str]); 7] = [
        ("a header", "US", "name,Number\nLee,+13105550100\nKim,+13105550101\n", &["+13105550100", "+13105550101"]),
        ("another header", "US", "PHONE,name\n+13105550100,Lee\n", &["+13105550100"]),
        ("no header", "US", "+13105550100,Lee\n+13105550101,Kim", &["+13105550100", "+13105550101"]),
        ("national format", "US", "number\n(310) 555-0100\n 310.555.0101 \n", &["+13105550100", "+13105550101"]),
        ("national of a region", "GB", "number\n020 7946 0958\n+1 310 555 0100\n", &["+13105550100", "+442079460958"]),
        ("a byte-order mark", "US", "\u{feff}number\r\n+13105550100\r\n", &["+13105550100"]),
        ("the same twice", "US", "number\n+13105550100\n310-555-0100\n", &["+13105550100"]),
    ];
    for (what, region, content, expected) in scenarios {
        let dialer = Dialer::with_ledger();
        dialer.run(&format!("account add acme --blocks 1 --time-zone UTC --region {region}")).exits(0);
        dialer.file("numbers.csv", content);
        let imported = dialer.json("numbers import acme numbers.csv");
        assert_eq!((&imported["imported"], &imported["refused"]), (&json!(expected.len()), &json!([])), "{what}");
        assert_eq!(dialer.field_of_each("numbers list acme", "number"), expected, "{what}");
    }
}

#[test]
fn candidates_are_not_listed_as_owned_numbers() {
    let dialer = Dialer::with_account("");
    dialer.import([140, 141], "--candidates");
    dialer.import([100], "");
    assert_eq!(dialer.field_of_each("numbers list acme", "number"), [e164(100)]);
    assert_eq!(dialer.ledger().candidate_count("acme").expect("the ledger counts"), 2);

    dialer.file("again.csv", format!("{}\n{}\n{}\n", e164(140), e164(100), e164(142)));
    let again = dialer.run("numbers import acme again.csv --candidates --json").exits(3).json();
    assert_eq!((&again["imported"], &again["known-before"]), (&json!(1), &json!(1)));
    assert_eq!(each(&again["refused"], "row"), [2], "an account's own number cannot be a candidate");

    dialer.run("account add other --blocks 1 --time-zone UTC").exits(0);
    let foreign = dialer.run("numbers import other again.csv --json").exits(3).json();
    assert_eq!(each(&foreign["refused"], "row"), [1, 2, 3], "a number is one account's");
}

#[test]
fn the_list_shows_slot_status_and_each_carriers_verdict() {
    let dialer = Dialer::monitoring(1, "");
    dialer.import([101], "");
    dialer.carriers_say(&[(100, "x-o"), (101, "xxx")]);
    dialer.run("review acme").exits(0);
    let [monitored, other] = [0, 1].map(|place| dialer.json("numbers list acme")[place].clone());
    assert_eq!((&monitored["slot"], &monitored["status"]), (&json!(1), &json!("at-risk")));
    assert_eq!(each(&monitored["carriers"], "carrier"), ["A", "B", "C"]);
    assert_eq!(each(&monitored["carriers"], "score"), [json!(95), Value::Null, json!(5)]);
    assert_eq!(each(&monitored["carriers"], "label"), [json!("Scam Likely"), Value::Null, Value::Null]);
    assert_eq!((&other["slot"], &other["status"]), (&Value::Null, &Value::Null));
    assert_eq!(each(&other["carriers"], "answer"), ["no-answer"; 3], "it is not monitored, so no carrier was asked");
    let text = dialer.run("numbers list acme").exits(0);
    text.says(&["▲ at-risk", "✖ 95 Scam Likely", "no data", &format!("{} – –", e164(101))]);
}

// Requests of users

/// Runs a command in which 0100 means +13105550100. Checks the order of the answers and the exit code, and returns each
/// number's answer, as `no-free-slot until 2026-04-01T00:00:00Z`.
fn answers(dialer: &Dialer, line: &str) -> Vec<String> {
    let is_short = |word: &str| word.len() == 4 && word.chars().all(|c| c.is_ascii_digit());
    let long = |word: &str| if is_short(word) { format!("+1310555{word}") } else { word.to_owned() };
    let words: Vec<String> = line.split(' ').map(long).collect();
    let ran = dialer.run(&format!("{} --json", words.join(" ")));
    let outcomes = ran.json()["outcomes"].clone();
    let asked: Vec<Value> = words.iter().filter(|word| word.starts_with('+')).map(|word| json!(word)).collect();
    assert_eq!(each(&outcomes, "number"), asked, "{line}: in the order given");
    let answers: Vec<String> = outcomes.as_array().expect("a list").iter().map(answer).collect();
    let refused = answers.iter().any(|answer| answer != "accepted");
    ran.exits(if refused { 3 } else { 0 });
    answers
}

fn answer(outcome: &Value) -> String {
    let fields: Vec<_> = outcome.as_object().expect("an object a number").keys().collect();
    assert_eq!(fields, ["number", "answer", "result", "order", "until"]);
    let is_done = outcome["answer"] == "accepted";
    assert_eq!(outcome["result"], if is_done { "done" } else { "not-done" });
    let answer = outcome["answer"].as_str().expect("an answer");
    outcome["until"].as_str().map_or(answer.into(), |until| format!("{answer} until {until}"))
}

#[test]
fn monitor_checks_numbers_at_once_and_says_how_they_rate() {
    let dialer = Dialer::with_account("");
    dialer.import(100..104, "");
    dialer.carriers_say(&[(100, "ooo"), (101, "xxo"), (103, "ooo")]);
    let line = ["monitor acme".to_owned(), e164(100), e164(101), e164(102)].join(" ");
    let said = dialer.run(&line).exits(0).stdout;
    let results: Vec<_> =
        said.lines().skip(1).filter_map(|line| line.split_once("  ")).map(|(_, it)| it.trim()).collect();
    assert_eq!(results, ["done, ● clean", "done, ✖ flagged", "done"], "no carrier knows the third");
    dialer.run(&format!("monitor acme {} --no-check", e164(103))).exits(0);
    assert_eq!(dialer.standing(103), "4 pending");
    dialer.run("serve --once").exits(0).says(&["1 account reviewed"]);
    assert_eq!((dialer.standing(102), dialer.standing(103)), ("3 pending".into(), "4 clean".into()));
}

/// An account with 0100 to 0112 in slots 1 to 13 of 15, which also owns 0113 to 0116. One command after another, its
/// answer for each number, and the slots and statuses of some numbers afterwards.
#[test]
fn every_number_is_answered_and_a_refusal_stops_no_other() {
    let dialer = Dialer::monitoring(13, "");
    dialer.import(113..117, "");
    dialer.import([140], "--candidates");
    let taken = "monitor acme 0115 0100 0999 0114 0113 0115";
    let no_slot = format!("no-free-slot until {APRIL}");
    let would_lock = format!("slot-would-lock until {APRIL}");
    type Standings = &'static [(u64, &'static str)];
    let steps: [(&str, &[&str], Standings); 17] = [
        (
            taken,
            &["accepted", "already-monitored", "not-owned", "accepted", "no-free-slot", "already-monitored"],
            &[(115, "14 pending"), (114, "15 pending"), (113, "–")],
        ),
        (
            "unmonitor acme 0101 0116 0999 0101",
            &["accepted", "not-monitored", "not-owned", "not-monitored"],
            &[(101, "–")],
        ),
        ("monitor acme 0113", &[&no_slot], &[(113, "–")]),
        ("monitor acme 0101", &[&no_slot], &[(101, "–")]),
        ("delete acme 0102 0101 0999", &[&would_lock, "accepted", "not-owned"], &[(102, "3 pending"), (101, "gone")]),
        ("delete acme 0102 0103 --accept-slot-loss", &["accepted", "accepted"], &[(102, "gone"), (103, "gone")]),
        ("monitor acme 0101 0113", &["not-owned", &no_slot], &[]),
        // No carrier has an opinion of the candidate yet.
        ("replace acme 0104 0113 0999", &["no-clean-candidate", "not-monitored", "not-owned"], &[(104, "5 pending")]),
        ("carriers_say", &[], &[]),
        ("replace acme 0105 0104", &["accepted", "no-clean-candidate"], &[(105, "gone"), (140, "6 clean")]),
        ("delete acme 0113", &["accepted"], &[(113, "gone")]),
        ("account set acme --add-on off", &[], &[]),
        ("monitor acme 0116", &["add-on-off"], &[(116, "–")]),
        ("replace acme 0100", &["add-on-off"], &[(100, "1 pending")]),
        // Fewer is always possible.
        ("unmonitor acme 0100", &["accepted"], &[(100, "–")]),
        ("delete acme 0106", &[&would_lock], &[(106, "7 pending")]),
        ("delete acme 0106 --accept-slot-loss", &["accepted"], &[(106, "gone")]),
    ];
    for (line, expected, standings) in steps {
        match expected {
            [] if line == "carriers_say" => dialer.carriers_say(&[(140, "ooo")]),
            [] => drop(dialer.run(line).exits(0)),
            expected => assert_eq!(answers(&dialer, line), expected, "{line}"),
        }
        for (last_digits, standing) in standings {
            assert_eq!(dialer.standing(*last_digits), *standing, "{last_digits:04} after {line}");
        }
    }
}

#[test]
fn fewer_blocks_than_the_monitored_numbers_need_are_refused() {
    let dialer = Dialer::monitoring(15, "");
    dialer.run("account set acme --blocks 2").exits(0);
    dialer.import(115..117, "");
    dialer.run("monitor acme --all").exits(0);
    dialer.run("account set acme --blocks 1 --checks-to-flag 5").exits(1).says(&["1 block: refused: more numbers"]);
    let account = &dialer.json("account list")[0];
    assert_eq!(account["settings"]["checks-to-flag"], 1, "a command is done as a whole or not at all");
    assert_eq!(answers(&dialer, "unmonitor acme 0100 0101"), ["accepted", "accepted"]);
    dialer.run("account set acme --blocks 1").exits(0);
    assert_eq!(
        answers(&dialer, "monitor acme 0100"),
        [format!("no-free-slot until {APRIL}")],
        "given up from April on"
    );

    dialer.it_is(APRIL);
    assert_eq!(
        answers(&dialer, "monitor acme 0100"),
        ["no-free-slot"],
        "15 numbers in 15 slots, and no lock to wait for"
    );
    assert_eq!([dialer.standing(102), dialer.standing(116)], ["3 pending", "17 pending"], "numbers keep their slots");
}

#[test]
fn a_locked_slot_frees_at_the_very_second_the_cycle_ends() {
    let dialer = Dialer::monitoring(15, "");
    dialer.import([115], "");
    assert_eq!(answers(&dialer, "unmonitor acme 0106"), ["accepted"]);
    let steps = [
        ("2026-03-31T23:59:59Z", (14, 1), "no-free-slot until 2026-04-01T00:00:00Z"),
        ("2026-04-01T00:00:00Z", (14, 0), "accepted"),
    ];
    for (time, (occupied, locked), expected) in steps {
        dialer.it_is(time);
        let usage = dialer.json("usage acme");
        assert_eq!([&usage["occupied"], &usage["locked"]], [occupied, locked], "{time}");
        assert_eq!(answers(&dialer, "monitor acme 0115"), [expected], "{time}");
    }
    assert_eq!(dialer.standing(115), "7 pending", "it took the slot that was locked");
}

#[test]
fn the_command_line_accepts_numbers_in_common_formats() {
    let dialer = Dialer::monitoring(0, "");
    dialer.import(100..103, "");
    let line = ["monitor", "acme", "(310) 555-0102", "+1 310-555-0100", "3105550101", "--json"];
    let outcomes = dialer.run_arguments(&line).exits(0).json()["outcomes"].clone();
    assert_eq!(each(&outcomes, "number"), [e164(102), e164(100), e164(101)]);
    assert_eq!([102, 100, 101].map(|last| dialer.standing(last)), ["1 pending", "2 pending", "3 pending"]);
    dialer.run("monitor acme --all").exits(0).says(&["No numbers"]);
}

/// The carriers' verdicts on a number, the account's or not, and its screening.
#[test]
fn screening_rates_numbers_now_and_changes_nothing() {
    let dialer = Dialer::with_account("");
    let scenarios = [
        ("ooo", "clean", 0, 3),
        ("xoo", "at-risk", 1, 3),
        ("xxo", "flagged", 2, 3),
        ("x-.", "pending", 1, 1),
        ("...", "pending", 0, 0),
    ];
    let verdicts: Vec<_> = (300..).zip(scenarios).map(|(last, (marks, ..))| (last, marks)).collect();
    dialer.carriers_say(&verdicts);
    let before = dialer.everything();
    let numbers: String = verdicts.iter().map(|(last, _)| e164(*last) + " ").collect();
    let screened = dialer.json(&format!("screen acme {numbers}"));
    for (number, (marks, status, flagging, answering)) in
        screened["screenings"].as_array().expect("a list").iter().zip(scenarios)
    {
        let rated = [&number["status"], &number["flagging"], &number["answering"]];
        assert_eq!(rated, [&json!(status), &json!(flagging), &json!(answering)], "{marks}");
        let scored = each(&number["verdicts"], "answer").into_iter().filter(|answer| *answer == "scored");
        assert_eq!(scored.count(), answering, "{marks}");
    }
    // Screening updates the figures of the sources, and nothing else.
    let after = dialer.everything();
    assert_eq!([&before[0], &before[2]], [&after[0], &after[2]]);
    dialer.run(&format!("screen acme {numbers}")).exits(0).says(&["✖ flagged", "2 of 3 flag it"]);
}

// The daily review

/// The verdicts of A, B and C on a number day by day (`x` flags, `o` does not, `-` no data, `.` no answer), and its
/// status after each day's review.
#[test]
fn a_status_follows_from_rated_checks_on_distinct_days() {
    let scenarios: [(&str, [&str; 6], [&str; 6]); 10] = [
        (
            "flagged after two days, cleared after two",
            ["xxo", "xxo", "xxx", "ooo", "ooo", "ooo"],
            ["at-risk", "flagged", "flagged", "flagged", "clean", "clean"],
        ),
        (
            "one bad day is none",
            ["ooo", "xxx", "ooo", "xxx", "ooo", "xxx"],
            ["clean", "at-risk", "clean", "at-risk", "clean", "at-risk"],
        ),
        (
            "one good day does not clear",
            ["xxx", "xxx", "ooo", "xxx", "ooo", "ooo"],
            ["at-risk", "flagged", "flagged", "flagged", "flagged", "clean"],
        ),
        (
            "cleared, though one carrier still flags it",
            ["xxx", "xxx", "xoo", "xoo", "xoo", "ooo"],
            ["at-risk", "flagged", "flagged", "at-risk", "at-risk", "clean"],
        ),
        (
            "a tie is not a majority",
            ["xo-", "xo-", "xo-", "x.o", "ooo", "ooo"],
            ["at-risk", "at-risk", "at-risk", "at-risk", "clean", "clean"],
        ),
        (
            "no data does not water a majority down",
            ["xx-", "xx.", "xx-", "oo-", "oo.", "ooo"],
            ["at-risk", "flagged", "flagged", "flagged", "clean", "clean"],
        ),
        (
            "an outage stops no count",
            ["xxx", "...", "x..", "xxx", "...", "..."],
            ["at-risk", "at-risk", "at-risk", "flagged", "flagged", "flagged"],
        ),
        (
            "an outage clears no number",
            ["xxx", "xxx", "...", "ooo", "...", "ooo"],
            ["at-risk", "flagged", "flagged", "flagged", "flagged", "clean"],
        ),
        ("one opinion rates no number", ["x..", "x--", "o..", ".o.", "...", "---"], ["pending"; 6]),
        (
            "late to be rated",
            ["...", "x..", "oo.", "...", "xx.", "xx."],
            ["pending", "pending", "clean", "clean", "at-risk", "flagged"],
        ),
    ];
    let dialer = Dialer::monitoring(scenarios.len() as u64, "--checks-to-flag 2 --checks-to-clear 2");
    for day in 0..6 {
        let verdicts: Vec<_> = (100..).zip(scenarios).map(|(last, (_, marks, _))| (last, marks[day])).collect();
        dialer.carriers_say(&verdicts);
        dialer.run("review acme").exits(0);
        let numbers = dialer.json("numbers list acme");
        let expected = scenarios.map(|(what, _, statuses)| (what, json!(statuses[day])));
        assert_eq!(
            scenarios.map(|(what, ..)| what).into_iter().zip(each(&numbers, "status")).collect::<Vec<_>>(),
            expected,
            "day {day}"
        );
        // Yesterday's verdict would stay fresh for 48 hours; here only today's counts.
        dialer.file("verdicts.csv", "number,carrier,score,label,observed_at\n");
        dialer.pass(DAY);
    }
}

#[test]
fn a_second_review_on_the_same_local_date_rates_no_number_again() {
    let dialer = Dialer::monitoring(2, "--checks-to-flag 2");
    dialer.carriers_say(&[(100, "xxx")]);
    assert_eq!(each(&dialer.json("review acme")[0]["reviews"], "number"), [e164(100)]);
    dialer.pass(3_600);
    dialer.carriers_say(&[(100, "xxx"), (101, "ooo")]);
    let later = &dialer.json("review acme")[0];
    assert_eq!(each(&later["reviews"], "number"), [e164(101)], "only the number that could not be rated before");
    assert_eq!(dialer.standing(100), "1 at-risk", "two checks on one date are one");
    dialer.it_is("2026-03-02T00:00:00Z");
    dialer.run("review acme").exits(0);
    assert_eq!(dialer.standing(100), "1 flagged", "the next local date has begun");
}

/// The observations at each review, the number's status after it, and how many numbers were not rated because their
/// observations had been counted. Two checks flag a number.
#[test]
fn an_observation_counts_in_one_check() {
    type Step = (&'static str, &'static str, &'static str, &'static str, u64);
    let histories: [(&str, &[Step]); 6] = [
        (
            "five in the morning of the 2nd, and 25 hours old on the 3rd",
            &[
                ("2026-03-02T06:00:00Z", "2026-03-02T05:00:00Z", "xxx", "1 at-risk", 0),
                ("2026-03-03T06:00:00Z", "2026-03-02T05:00:00Z", "xxx", "1 at-risk", 1),
                ("2026-03-03T07:00:00Z", "2026-03-03T06:30:00Z", "xxx", "1 flagged", 0),
            ],
        ),
        (
            "a minute before midnight and a minute after",
            &[
                ("2026-03-02T23:59:00Z", "2026-03-02T23:50:00Z", "xxx", "1 at-risk", 0),
                ("2026-03-03T00:01:00Z", "2026-03-02T23:50:00Z", "xxx", "1 at-risk", 1),
                ("2026-03-04T00:01:00Z", "2026-03-03T23:50:00Z", "xxx", "1 flagged", 0),
            ],
        ),
        (
            "carriers that are always a day late",
            &[
                ("2026-03-03T06:00:00Z", "2026-03-02T05:00:00Z", "xxx", "1 at-risk", 0),
                ("2026-03-04T06:00:00Z", "2026-03-03T05:00:00Z", "xxx", "1 flagged", 0),
            ],
        ),
        (
            "one good day does not clear a number twice",
            &[
                ("2026-03-02T06:00:00Z", "2026-03-02T05:00:00Z", "xxx", "1 at-risk", 0),
                ("2026-03-03T06:00:00Z", "2026-03-03T05:00:00Z", "xxx", "1 flagged", 0),
                ("2026-03-04T06:00:00Z", "2026-03-04T05:00:00Z", "ooo", "1 flagged", 0),
                ("2026-03-05T06:00:00Z", "2026-03-04T05:00:00Z", "ooo", "1 flagged", 1),
                ("2026-03-06T06:00:00Z", "2026-03-06T05:00:00Z", "ooo", "1 clean", 0),
            ],
        ),
        (
            "no data is not evidence, and not counted before",
            &[
                ("2026-03-02T06:00:00Z", "2026-03-02T05:00:00Z", "xxx", "1 at-risk", 0),
                ("2026-03-03T06:00:00Z", "2026-03-03T05:00:00Z", "---", "1 at-risk", 0),
                ("2026-03-04T06:00:00Z", "2026-03-04T05:00:00Z", "xxx", "1 flagged", 0),
            ],
        ),
        (
            "what could not rate a number was not counted",
            &[
                ("2026-03-02T06:00:00Z", "2026-03-02T05:00:00Z", "x..", "1 pending", 0),
                ("2026-03-03T06:00:00Z", "2026-03-02T05:00:00Z", "xxx", "1 at-risk", 0),
            ],
        ),
    ];
    for (what, steps) in histories {
        let dialer = Dialer::monitoring(1, "--checks-to-flag 2 --checks-to-clear 2");
        for (now, observed_at, marks, standing, counted_before) in steps {
            dialer.it_is(now);
            dialer.carriers_said(observed_at, &[(100, marks)]);
            let review = dialer.json("review acme")[0].clone();
            assert_eq!(dialer.standing(100), *standing, "{what}: {now}");
            assert_eq!(review["counted-before"], *counted_before, "{what}: {now}");
            assert_eq!(review["problems"], json!([]), "{what}: no source failed");
        }
        let told = steps.iter().filter(|step| step.4 > 0).count();
        assert_eq!(dialer.events("no-new-observations").len(), told, "{what}");
        assert!(dialer.events("carrier-problem").is_empty(), "{what}");
    }
}

/// Two carriers' opinions of five in the morning flag a number at once, and replace it for $4.00 only after a second opinion.
#[test]
fn one_observation_replaces_no_number() {
    let dialer = Dialer::monitoring(1, "--auto-replace on");
    dialer.import([140], "--candidates");
    let verdicts = [(100, "xxo"), (140, "ooo")];
    for (now, observed_at) in [("2026-03-02", "2026-03-02"), ("2026-03-03", "2026-03-02")] {
        dialer.it_is(&format!("{now}T06:00:00Z"));
        dialer.carriers_said(&format!("{observed_at}T05:00:00Z"), &verdicts);
        dialer.run("review acme").exits(0);
    }
    let again = dialer.run("review acme").exits(0);
    again.says(&["1 number was not rated: its observations were counted in an earlier check."]);
    assert_eq!(dialer.standing(100), "1 flagged");
    assert!(dialer.events("replacement-charged").is_empty());
    assert_eq!(dialer.events("no-new-observations").len(), 1, "it is said once a date");
    // The candidate's observations are those of yesterday too, and count in each screening.
    assert_eq!(dialer.json(&format!("screen acme {}", e164(140)))["screenings"][0]["status"], "clean");
}

#[test]
fn without_auto_replacement_a_flagged_number_stays() {
    let dialer = Dialer::monitoring(2, "--checks-to-flag 1");
    dialer.import([140], "--candidates");
    for _ in 0..3 {
        dialer.carriers_say(&[(100, "xxx"), (101, "ooo"), (140, "ooo")]);
        assert_eq!(dialer.json("review acme")[0]["actions"], json!([]));
        assert_eq!([100, 140].map(|last| dialer.standing(last)), ["1 flagged", "gone"]);
        dialer.pass(DAY);
    }
}

/// One carrier flags 0140, too few rate 0141, and 10000 is further away; so 0199 takes the slot.
#[test]
fn with_auto_replacement_the_closest_clean_candidate_takes_the_slot() {
    let dialer = Dialer::monitoring(2, "--auto-replace on");
    dialer.import([140, 141, 199, 10_000], "--candidates");
    let verdicts = [(100, "xxo"), (101, "ooo"), (140, "oox"), (141, "o--"), (199, "ooo"), (10_000, "ooo")];
    dialer.carriers_say(&verdicts);
    assert_eq!(dialer.json("review acme")[0]["actions"], json!([]), "one day is not enough");
    dialer.pass(DAY);
    dialer.carriers_say(&verdicts);
    let review = dialer.json("review acme")[0].clone();
    let (old, new) = (e164(100), e164(199));
    let because = format!("Flagged by 2 of 3 carriers; {new} is the closest candidate that none of 3 carriers flags.");
    let replaced = json!({
        "action": "replace-number", "number": old, "replacement": new, "slot": 1, "why": "flagged", "because": because,
    });
    assert_eq!(review["actions"], json!([replaced]));
    for event in ["replacement-intended", "replaced"].map(|kind| dialer.events(kind)[0].clone()) {
        let text = event["text"].as_str().expect("words");
        assert!(text.ends_with(&because), "{text}");
        assert_eq!((&event["run"], &event["revision"]), (&json!(3), &json!(1)), "{text}");
    }
    assert_eq!([100, 199, 101].map(|last| dialer.standing(last)), ["gone", "1 clean", "2 clean"]);
    assert_eq!(dialer.json("usage acme")["locked"], 0, "replacing keeps the slot");

    dialer.file("back.csv", e164(100));
    dialer.run("numbers import acme back.csv --candidates").exits(3).says(&[&e164(100), "was replaced, and rests"]);
}

#[test]
fn numbers_flagged_longest_are_replaced_first_up_to_the_daily_cap() {
    let dialer = Dialer::monitoring(5, "--auto-replace on --checks-to-replace 1 --replacements-per-day-max 0");
    dialer.import(140..150, "--candidates");
    let candidates: Vec<_> = (140..150).map(|last| (last, "ooo")).collect();
    // 0104 turns flagged a day before the others.
    let flagged = |day: u64| (100..105).map(move |last| (last, if day > 0 || last == 104 { "xxx" } else { "ooo" }));
    let days: [(&str, &[u64]); 5] = [("0", &[]), ("0", &[]), ("1", &[104]), ("3", &[100, 101, 102]), ("3", &[103])];
    for (day, (cap, expected)) in (0..).zip(days) {
        dialer.carriers_say(&flagged(day).chain(candidates.iter().copied()).collect::<Vec<_>>());
        dialer.run(&format!("account set acme --replacements-per-day-max {cap}")).exits(0);
        let review = dialer.json("review acme")[0].clone();
        let expected: Vec<_> = expected.iter().map(|last| e164(*last)).collect();
        assert_eq!(each(&review["actions"], "number"), expected, "day {day}");
        if day == 3 {
            assert_eq!(
                dialer.json("review acme")[0]["actions"],
                json!([]),
                "the cap is a local date's, not a review's"
            );
        }
        dialer.pass(DAY);
    }
    assert_eq!(dialer.events("replaced").len(), 5);
}

/// Monitored numbers, how many turn flagged on one date, the account's threshold, and whether replacement is held.
#[test]
fn when_many_numbers_turn_flagged_on_one_date_none_is_replaced() {
    let scenarios = [(10, 3, 30, true), (10, 3, 31, false), (9, 9, 30, false)];
    for (count, turned, percent, held) in scenarios {
        let dialer = Dialer::monitoring(
            count,
            &format!("--auto-replace on --checks-to-replace 1 --mass-flag-percent {percent}"),
        );
        dialer.import(140..160, "--candidates");
        let say = || {
            let monitored = (100..100 + count).map(|last| (last, if last < 100 + turned { "xxx" } else { "ooo" }));
            dialer.carriers_say(&monitored.chain((140..160).map(|last| (last, "ooo"))).collect::<Vec<_>>());
        };
        say();
        let review = dialer.json("review acme")[0].clone();
        let actions = review["actions"].as_array().expect("a list").len() as u64;
        let what = format!("{turned} of {count} at {percent} %");
        assert_eq!(each(&review["notices"], "kind").contains(&json!("mass-flag-held")), held, "{what}");
        assert_eq!(actions, if held { 0 } else { turned.min(3) }, "{what}: {review:#}");
        if held {
            dialer.pass(DAY);
            say();
            let next_day = dialer.json("review acme")[0]["actions"].as_array().expect("a list").len() as u64;
            assert_eq!(next_day, turned.min(3), "{what}: the hold is for that date");
        }
    }
}

#[test]
fn a_number_in_its_grace_days_is_not_replaced() {
    let dialer = Dialer::monitoring(1, "--auto-replace on --checks-to-replace 1 --new-number-grace-days 2");
    dialer.import([140], "--candidates");
    for expected in [0, 0, 1] {
        dialer.carriers_say(&[(100, "xxx"), (140, "ooo")]);
        let review = dialer.json("review acme")[0].clone();
        assert_eq!(review["actions"].as_array().map(Vec::len), Some(expected), "{review:#}");
        dialer.pass(DAY);
    }
}

#[test]
fn an_outage_changes_no_status_and_is_reported_by_name() {
    let dialer = Dialer::monitoring(3, "--checks-to-replace 1 --auto-replace on");
    dialer.carriers_say(&[(100, "xxx"), (101, "xoo"), (102, "ooo")]);
    dialer.run("review acme").exits(0);
    let statuses = dialer.field_of_each("numbers list acme", "status");
    assert_eq!(statuses, ["flagged", "at-risk", "clean"]);
    std::fs::remove_file(dialer.path("verdicts.csv")).expect("the file goes");
    for _ in 0..3 {
        dialer.pass(DAY);
        let review = dialer.json("review acme")[0].clone();
        assert_eq!(review["reviews"], json!([]));
        let problem = review["problems"][0].as_str().expect("a problem");
        assert!(problem.starts_with("carriers: ") && problem.contains("verdicts.csv"), "{problem}");
        assert_eq!(dialer.field_of_each("numbers list acme", "status"), statuses);
    }
    assert_eq!(dialer.events("carrier-problem").len(), 3);
    let unrated = dialer.events("unrated");
    assert!(unrated[0]["text"].as_str().is_some_and(|text| text.starts_with("3 numbers")), "{unrated:?}");
}

#[test]
fn a_dry_run_shows_the_review_and_changes_nothing() {
    let dialer = Dialer::monitoring(2, "--auto-replace on --checks-to-replace 1");
    dialer.import([140], "--candidates");
    dialer.carriers_say(&[(100, "xxx"), (101, "ooo"), (140, "ooo")]);
    dialer.run("screen acme +13105550100").exits(0);
    let before = dialer.everything();
    let tried = dialer.json("review acme --dry-run")[0].clone();
    dialer.run("review acme --dry-run").exits(0).says(&["nothing was changed", "would be replaced by +13105550140"]);
    assert_eq!(dialer.everything(), before);
    assert_eq!((&tried["applied"], &tried["run"]), (&json!(false), &Value::Null));

    let made = dialer.json("review acme")[0].clone();
    assert_eq!(made["applied"], true);
    for same in ["reviews", "actions", "notices"] {
        assert_eq!(made[same], tried[same], "{same}");
    }
}

#[test]
fn a_review_without_an_account_covers_all_with_the_add_on() {
    let dialer = Dialer::with_account("");
    for id in ["beta", "gamma"] {
        dialer.run(&format!("account add {id} --blocks 1 --time-zone UTC")).exits(0);
    }
    dialer.run("account set beta --add-on off").exits(0);
    assert_eq!(each(&dialer.json("review"), "account"), ["acme", "gamma"]);
    assert_eq!(each(&dialer.json("review gamma acme"), "account"), ["gamma", "acme"]);
}

// Usage and events

#[test]
fn usage_has_the_contracts_figures() {
    let dialer = Dialer::monitoring(6, "--checks-to-replace 1 --auto-replace on");
    dialer.import([140], "--candidates");
    dialer.carriers_say(&[(100, "xxx"), (101, "xxo"), (102, "xoo"), (103, "ooo"), (104, "ooo"), (140, "ooo")]);
    dialer.run("review acme").exits(0);
    dialer.run("unmonitor acme +13105550104").exits(0);
    let usage = dialer.json("usage acme");
    // 0100 was replaced by a clean number; for 0101 there was no candidate left.
    let expected = json!({
        "slots": 15, "occupied": 5, "locked": 1, "pending": 1, "clean": 2, "stale-clean": 0, "at-risk": 1, "flagged": 1,
        "stale": 0, "suspect": 0, "resting": 0, "flagged-past-day": 2, "flagged-past-week": 2,
    });
    assert_eq!(usage, expected);
    let fields = |usage: &Value| usage.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    assert_eq!(fields(&usage), fields(&expected), "in the contract's order");
    dialer.run("usage acme").exits(0).says(&["5 of 15 slots used, 1 locked until 2026-04-01T00:00:00Z", "$49.00"]);
    for (seconds, past_day, past_week) in [(DAY, 2, 2), (1, 0, 2), (6 * DAY - 1, 0, 2), (1, 0, 0)] {
        dialer.pass(seconds);
        let usage = dialer.json("usage acme");
        assert_eq!([&usage["flagged-past-day"], &usage["flagged-past-week"]], [past_day, past_week]);
    }
}

#[test]
fn events_name_the_run_and_the_policy_that_caused_them() {
    let dialer = Dialer::monitoring(2, "--checks-to-replace 1 --auto-replace on");
    dialer.import([140], "--candidates");
    dialer.carriers_say(&[(100, "xxx"), (140, "ooo")]);
    let run = dialer.json("review acme")[0]["run"].clone();
    assert!(run.is_u64(), "a review that was applied is a run: {run}");
    for kind in ["turned-flagged", "newly-flagged", "replacement-intended", "replaced", "resting", "unrated"] {
        let events = dialer.events(kind);
        assert_eq!(events[0]["run"], run, "{kind}");
        // The replacement's first check asks about the unrated number again.
        assert_eq!(events.len(), if kind == "unrated" { 2 } else { 1 }, "{kind}");
        let policy = events[0]["policy"].as_str().expect("a policy's SHA-256");
        assert!(policy.len() == 64 && policy.chars().all(|c| c.is_ascii_hexdigit()), "{kind}: {policy}");
    }
    for (kind, count) in [("account-added", 1), ("charged", 1), ("numbers-imported", 2), ("monitoring-started", 2)] {
        assert_eq!(dialer.events(kind).len(), count, "{kind}");
    }
    assert_eq!(dialer.events("account-added")[0]["policy"], Value::Null, "a user did that");
    let of_one = dialer.json("events acme --number +13105550100");
    assert!(each(&of_one, "number").iter().all(|number| *number == e164(100)));
    assert_eq!(dialer.json("events acme --last 1").as_array().map(Vec::len), Some(1));
    let times = dialer.field_of_each("events acme", "id");
    assert!(times.is_sorted_by_key(Value::as_u64), "oldest first");
}

// The demo

/// Twelve numbers monitored in fifteen slots; one is deleted, and every replacement keeps its slot.
#[test]
fn the_demo_needs_no_setup_and_leaves_no_files() {
    let dialer = Dialer::new();
    std::fs::create_dir(dialer.path("tmp")).expect("a temporary folder");
    let demo = |arguments: &[&str]| {
        let mut command = dialer.command(arguments);
        let output = command.env_remove("DIALGUARD_DATA").env("TMPDIR", dialer.path("tmp")).output();
        Outcome::new(arguments.join(" "), output.expect("the program starts")).exits(0)
    };
    let output =
        demo(&["demo"]).says(&["11 of 15 slots used, 1 locked", "$49.00", "clean", "flagged", "in the past 7 days"]);
    let carriers = ["AT&T", "T-Mobile", "Verizon", "Scam Likely", "Suspected Spam", "✖", "●", "▲"];
    output.says(&carriers).says(&[
        "replaced by +1",
        "Flagged by 3 of 3 carriers; +13105550141 is the closest candidate that none of 3 carriers flags.",
        "dialguard account add",
        "dialguard monitor",
        "dialguard review",
        "cargo run -- demo --serve",
    ]);

    let inputs = demo(&["demo", "--json"]).json();
    let usage = &inputs["usage"];
    assert_eq!([&usage["slots"], &usage["occupied"], &usage["locked"]], [15, 11, 1]);
    assert_eq!(inputs["numbers"].as_array().map(Vec::len), Some(11));
    let entries = |name: &str| std::fs::read_dir(dialer.path(name)).expect("the folder is there").count();
    assert_eq!((entries("tmp"), entries(".")), (0, 1), "the folder of this test has tmp/ in it and nothing else");
}
