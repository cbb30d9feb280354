//! The effect of other settings, from scenarios written by hand.
//!
//! The letters are the verdicts of carriers A, B and C on a number on one day: `x` is spam (score 95), `o` is not.

use crate::harness::acme::DAY;
use crate::harness::dialer::{Dialer, e164};
use serde_json::{Value, json};

/// Reviews the account once a day with these verdicts on the numbers ending in 100, 101, and so on.
fn review_days(dialer: &Dialer, days: &[&[&str]]) {
    for day in days {
        dialer.pass(DAY);
        let verdicts: Vec<(u64, &str)> = (100..).zip(day.iter().copied()).collect();
        dialer.carriers_say(&verdicts);
        dialer.run("review acme").exits(0);
    }
}

fn tally(effect: &Value, what: &str) -> [u64; 4] {
    ["as-it-was", "with-these", "sooner", "later"].map(|field| effect[what][field].as_u64().expect("a figure"))
}

/// The days of March 2026 on which something happened to a number, actually and in the preview.
fn days(effect: &Value, last_digits: u64, what: &str) -> [Option<u32>; 2] {
    let differences = effect["differences"].as_array().expect("a list");
    let difference =
        differences.iter().find(|difference| difference["number"] == e164(last_digits)).expect("its outcome differs");
    ["as-it-was", "with-these"].map(|side| difference[side][what].as_str().map(|at| at[8..10].parse().expect("a day")))
}

#[test]
fn the_preview_carries_each_numbers_status_from_day_to_day() {
    let dialer = Dialer::monitoring(4, "--checks-to-flag 2 --checks-to-clear 2");
    review_days(
        &dialer,
        &[
            &["ooo", "xxo", "xoo", "xxo"], // 2 March
            &["ooo", "xxo", "xoo", "ooo"],
            &["ooo", "xxo", "xoo", "xxo"],
            &["ooo", "ooo", "xoo", "xxo"],
            &["ooo", "ooo", "xoo", "ooo"], // 6 March
            &["ooo", "ooo", "xoo", "ooo"],
        ],
    );
    // 101 was flagged on the 3rd and clear on the 6th; 103 flagged on the 5th and clear on the 7th.
    let one_check = dialer.json("account set acme --dry-run --checks-to-flag 1");
    assert_eq!((one_check["reviews"].as_u64(), one_check["numbers"].as_u64()), (Some(6), Some(4)));
    assert_eq!(tally(&one_check, "flagged"), [2, 2, 2, 0]);
    assert_eq!(days(&one_check, 101, "flagged-at"), [Some(3), Some(2)]);
    assert_eq!(days(&one_check, 103, "flagged-at"), [Some(5), Some(2)]);
    assert_eq!(one_check["unknown"], 0);

    let three_checks = dialer.json("account set acme --dry-run --checks-to-flag 3");
    assert_eq!(tally(&three_checks, "flagged"), [2, 1, 0, 1]);
    assert_eq!(days(&three_checks, 101, "flagged-at"), [Some(3), Some(4)]);
    assert_eq!(days(&three_checks, 103, "flagged-at"), [Some(5), None]);

    let three_to_clear = dialer.json("account set acme --dry-run --checks-to-clear 3");
    assert_eq!(tally(&three_to_clear, "cleared"), [2, 1, 0, 1]);
    assert_eq!(days(&three_to_clear, 101, "cleared-at"), [Some(6), Some(7)]);

    let as_it_is = dialer.json("account set acme --dry-run");
    assert_eq!((as_it_is["differences"].clone(), as_it_is["cents"].clone()), (json!([]), json!(0)));
}

/// A lower threshold flags a number that no recorded day shows as at risk.
#[test]
fn a_lower_threshold_flags_numbers_that_were_never_at_risk() {
    let dialer = Dialer::monitoring(2, "--spam-score-min 96 --checks-to-flag 2");
    review_days(&dialer, &[&["ooo", "xxx"], &["ooo", "xxx"], &["ooo", "xxx"]]);
    let effect = dialer.json("account set acme --dry-run --spam-score-min 95");
    assert_eq!(tally(&effect, "flagged"), [0, 1, 0, 0]);
    assert_eq!(days(&effect, 101, "flagged-at"), [None, Some(3)]);
    let nothing = dialer.json("account set acme --dry-run --spam-score-min 97");
    assert_eq!(tally(&nothing, "flagged"), [0, 0, 0, 0]);
}

/// Automatic replacement would have cost $4.00 once per number, up to the daily cap, and nothing on a day on which most
/// numbers turn flagged at once.
#[test]
fn automatic_replacement_is_counted_once_a_number_within_its_cap() {
    let dialer = Dialer::monitoring(12, "--checks-to-flag 2");
    let clean = ["ooo"; 12];
    let three_spam: Vec<&str> = [&["xxx"; 3][..], &["ooo"; 9][..]].concat();
    review_days(&dialer, &[&clean, &three_spam, &three_spam, &three_spam, &three_spam]);
    let effect = dialer.json("account set acme --dry-run --auto-replace on --replacements-per-day-max 2");
    assert_eq!(tally(&effect, "flagged"), [3, 3, 0, 0]);
    assert_eq!(tally(&effect, "replaced"), [0, 3, 0, 0]);
    assert_eq!(effect["cents"], 1_200);
    assert_eq!(effect["failures"], json!([]));
    let replaced_on = [100, 101, 102].map(|last| days(&effect, last, "replaced-at")[1].expect("replaced"));
    assert_eq!(replaced_on, [4, 4, 5], "two on the day that flags them, the third on the next");

    let held = dialer.json("account set acme --dry-run --auto-replace on --mass-flag-percent 25");
    assert_eq!(
        days(&held, 100, "replaced-at"),
        [None, Some(5)],
        "3 of 12 turned on the 4th, and none is replaced then"
    );
}

#[test]
fn the_preview_subtracts_replacements_that_would_not_have_happened() {
    let dialer = Dialer::monitoring(2, "--auto-replace on");
    dialer.import([150], "--candidates");
    let say = |day: &[(u64, &str)]| {
        dialer.pass(DAY);
        dialer.carriers_say(day);
        dialer.run("review acme").exits(0);
    };
    say(&[(100, "ooo"), (101, "xxx"), (150, "ooo")]);
    say(&[(100, "ooo"), (101, "xxx"), (150, "ooo")]);
    say(&[(100, "ooo"), (150, "ooo")]);
    assert_eq!(dialer.standing(101), "gone");
    let off = dialer.json("account set acme --dry-run --auto-replace off");
    assert_eq!(tally(&off, "replaced"), [1, 0, 0, 0]);
    assert_eq!(off["cents"], -400);
    assert_eq!(tally(&off, "flagged"), [1, 1, 0, 0]);
}

#[test]
fn refused_settings_and_times_without_reviews_are_reported() {
    let dialer = Dialer::monitoring(1, "--checks-to-flag 2");
    dialer
        .run("account set acme --dry-run --checks-to-flag 0")
        .exits(1)
        .says(&["checks-to-flag: give a whole number from 1 to 30"]);
    dialer.run("account set acme --dry-run --checks-to-flag 1").exits(0).says(&["No review of the past 30 days"]);
    dialer.run("account set acme --dry-run --blocks 2").exits(0).says(&["$49.00 would be charged now"]);
    review_days(&dialer, &[&["xxx"]]);
    dialer.run("account set acme --dry-run --checks-to-flag 1").exits(0).says(&["flagged 0 1", "nothing was changed"]);
    assert_eq!(dialer.standing(100), "1 at-risk", "and it was not");
    let checks_to_flag = dialer.json("account list")[0]["settings"]["checks-to-flag"].clone();
    assert_eq!(checks_to_flag, 2);
}
