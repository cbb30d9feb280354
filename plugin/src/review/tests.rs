//! The daily review as scenarios: numbers, carriers' scores, and the expected plan.

use super::*;
use crate::model::{AccountModel, DAY};
use alloc::vec;
use std::println;

const SPAM: [Option<u8>; 3] = [Some(90), Some(90), Some(0)];
const CLEAN: [Option<u8>; 3] = [Some(0), Some(0), Some(0)];

/// An account that monitors numbers 1 to `numbers` and has a hundred clean candidates from 1001.
fn account(numbers: u64) -> AccountModel {
    let mut dialer = AccountModel::new(4);
    dialer.set("checks-to-replace", 1);
    dialer.account.guard_rails.auto_replace = true;
    dialer.own_and_monitor(&(1..=numbers).collect::<Vec<_>>());
    for number in 1..=numbers {
        dialer.observe(number, &CLEAN);
    }
    for number in 1_001..=1_100 {
        dialer.offer(number);
        dialer.observe(number, &CLEAN);
    }
    dialer
}

fn replaced(plan: &Plan) -> Vec<PhoneNumber> {
    let numbers = plan.actions.iter().map(|action| match action {
        Action::ReplaceNumber(Replacement { number, why: ReplacementReason::Flagged, .. }) => *number,
        other => panic!("a review only replaces: {other:?}"),
    });
    numbers.collect()
}

fn kinds(plan: &Plan) -> Vec<&str> {
    plan.notices.iter().map(|notice| notice.kind.as_str()).collect()
}

/// Name, numbers monitored, numbers that become flagged, changes of settings, numbers replaced, and notices.
#[test]
fn flagged_numbers_are_replaced_within_the_caps() {
    type Change = fn(&mut AccountModel);
    type Kinds = &'static [&'static str];
    let scenarios: [(&str, u64, u64, Change, usize, Kinds); 13] = [
        ("none flagged", 9, 0, |_| {}, 0, &[]),
        ("one flagged", 9, 1, |_| {}, 1, &["newly-flagged"]),
        ("off by default", 9, 1, |d| d.account.guard_rails.auto_replace = false, 0, &["newly-flagged"]),
        ("three per day", 9, 5, |_| {}, 3, &["newly-flagged", "replacement-deferred"]),
        ("the cap is a setting", 9, 5, |d| d.account.guard_rails.replacements_per_day_max = 5, 5, &["newly-flagged"]),
        (
            "a cap of none",
            9,
            1,
            |d| d.account.guard_rails.replacements_per_day_max = 0,
            0,
            &["newly-flagged", "replacement-deferred"],
        ),
        (
            "two made earlier today leave one",
            9,
            5,
            |d| d.account.replacements_today = 2,
            1,
            &["newly-flagged", "replacement-deferred"],
        ),
        (
            "numbers within the grace days wait",
            9,
            1,
            |d| d.set("new-number-grace-days", 1),
            0,
            &["newly-flagged", "replacement-deferred"],
        ),
        ("no candidates", 9, 2, |d| d.offered.clear(), 0, &["newly-flagged", "no-clean-candidate"]),
        ("nine numbers are too few for a mass flag", 9, 3, |_| {}, 3, &["newly-flagged"]),
        ("29 % is not a mass flag", 31, 9, |_| {}, 3, &["newly-flagged", "replacement-deferred"]),
        ("30 % of ten is a mass flag", 10, 3, |_| {}, 0, &["newly-flagged", "mass-flag-held"]),
        ("unless the setting is higher", 10, 3, |d| d.set("mass-flag-percent", 31), 3, &["newly-flagged"]),
    ];
    for (what, numbers, flagged, change, replaced_count, notices) in scenarios {
        let mut dialer = account(numbers);
        change(&mut dialer);
        for number in 1..=flagged {
            dialer.observe(number, &SPAM);
        }
        let plan = dialer.review();
        assert_eq!(plan.reviews.len() as u64, numbers, "{what}");
        assert_eq!(replaced(&plan), (1..=replaced_count as u64).collect::<Vec<_>>(), "{what}");
        assert_eq!(kinds(&plan), notices, "{what}");
    }
}

#[test]
fn numbers_flagged_longest_are_replaced_first() {
    let mut dialer = account(5);
    dialer.set("observation-age-max-hours", 240);
    dialer.account.guard_rails.replacements_per_day_max = 1;
    dialer.account.guard_rails.auto_replace = false;
    dialer.observe(4, &SPAM);
    dialer.review();
    dialer.pass(DAY);
    dialer.observe(2, &SPAM);
    dialer.observe(3, &SPAM);
    dialer.review();
    dialer.account.guard_rails.auto_replace = true;
    let mut order = Vec::new();
    for _ in 0..3 {
        dialer.pass(DAY);
        order.extend(replaced(&dialer.review()));
    }
    assert_eq!(order, [4, 2, 3]);
}

#[test]
fn the_replacement_takes_the_slot_as_pending_and_the_old_number_is_not_offered_again() {
    let mut dialer = account(9);
    dialer.observe(5, &SPAM);
    let slot = dialer.monitored[&5].slot;
    let plan = dialer.review();
    let expected = Replacement {
        number: 5,
        replacement: 1_001,
        slot,
        why: ReplacementReason::Flagged,
        because: "Flagged by 2 of 3 carriers; +1001 is the closest candidate that none of 3 carriers flags.".into(),
    };
    assert_eq!(plan.actions, [Action::ReplaceNumber(expected)]);
    assert_eq!((dialer.monitored[&1_001].slot, dialer.monitored[&1_001].status), (slot, Status::Pending));
    assert!(!dialer.owned.contains(&5) && !dialer.offered.contains(&5));
    assert!(dialer.account.locked_slots.is_empty());
}

/// The scores of a number on the day it becomes flagged and on the next, when automatic replacement is turned on; the
/// candidate's scores; and the reason given.
#[test]
fn a_replacement_gives_its_reason_with_correct_figures() {
    type Said = &'static [Option<u8>];
    let scenarios: [(Said, Said, Said, &str); 4] = [
        (&SPAM, &SPAM, &CLEAN, "Flagged by 2 of 3 carriers; +1001 is the closest candidate that none of 3"),
        (
            &SPAM,
            &[Some(99), Some(80)],
            &CLEAN,
            "Flagged by 2 of 2 carriers; +1001 is the closest candidate that none of 3",
        ),
        (
            &SPAM,
            &SPAM,
            &[Some(0), None, Some(0)],
            "Flagged by 2 of 3 carriers; +1001 is the closest candidate that none of 2",
        ),
        (&SPAM, &[Some(90)], &CLEAN, "Flagged since an earlier review; +1001 is the closest candidate that none of 3"),
    ];
    for (first_day, next_day, candidate, expected) in scenarios {
        let mut dialer = account(9);
        dialer.account.guard_rails.auto_replace = false;
        dialer.observe(5, first_day);
        dialer.review();
        dialer.pass(DAY);
        dialer.account.guard_rails.auto_replace = true;
        dialer.observe(5, next_day);
        dialer.observe(1_001, candidate);
        match dialer.review().actions.as_slice() {
            [Action::ReplaceNumber(Replacement { number: 5, because, .. })] => {
                assert_eq!(*because, format!("{expected} carriers flags."));
            }
            other => panic!("{expected}: {other:?}"),
        }
    }
}

#[test]
fn a_number_with_a_pending_replacement_is_not_replaced_again() {
    let mut dialer = account(9);
    dialer.delivers_at_once = false;
    dialer.observe(5, &SPAM);
    assert_eq!(replaced(&dialer.review()), [5]);
    dialer.pass(DAY);
    let plan = dialer.review();
    assert!(replaced(&plan).is_empty());
    assert_eq!(plan.reviews.len(), 9, "it is still rated");
}

#[test]
fn a_second_check_on_the_same_date_changes_nothing() {
    let mut dialer = account(9);
    dialer.observe(1, &SPAM);
    dialer.observe(2, &[Some(90)]);
    let first = dialer.review();
    assert_eq!((first.reviews.len(), replaced(&first)), (8, vec![1]));
    // The replacement has been added and gets its first check; number 2 still cannot be rated.
    let second = dialer.review();
    assert_eq!(second.reviews.numbers, [1_001]);
    let asked_before = dialer.numbers_looked_up();
    let third = dialer.review();
    assert_eq!((third.reviews.len(), third.actions.len(), kinds(&third)), (0, 0, vec!["unrated"]));
    assert_eq!(dialer.numbers_looked_up() - asked_before, 1, "a rated number is not paid for twice");
}

#[test]
fn an_outage_changes_no_status_and_gives_one_notice() {
    let mut dialer = account(9);
    dialer.set("checks-to-flag", 2);
    dialer.observe(1, &SPAM);
    dialer.review();
    let before = dialer.monitored.clone();
    dialer.pass(DAY);
    dialer.forget_opinions();
    let plan = dialer.review();
    assert_eq!(dialer.monitored, before);
    assert_eq!(kinds(&plan), ["unrated"]);
    assert!(plan.notices[0].text.starts_with("9 numbers"), "{}", plan.notices[0].text);
    dialer.pass(DAY);
    dialer.observe(1, &SPAM);
    dialer.review();
    assert_eq!(dialer.flag_events.len(), 1, "the check after the outage is the second in a row");
}

#[test]
fn a_mass_flag_holds_replacements_for_the_rest_of_the_date() {
    let mut dialer = account(20);
    for number in 1..=6 {
        dialer.observe(number, &SPAM);
    }
    assert_eq!(kinds(&dialer.review()), ["newly-flagged", "mass-flag-held"]);
    assert_eq!(kinds(&dialer.review()), ["mass-flag-held"], "still the same date");
    dialer.pass(DAY);
    let next_day = dialer.review();
    assert_eq!((replaced(&next_day), kinds(&next_day)), (vec![1, 2, 3], vec!["replacement-deferred"]));
}

#[test]
fn nothing_is_checked_while_the_add_on_is_off() {
    let mut dialer = account(9);
    dialer.observe(1, &SPAM);
    dialer.account.enabled = false;
    let plan = dialer.review();
    assert_eq!((plan.reviews.len(), plan.actions.len(), plan.notices.len()), (0, 0, 0));
    assert_eq!(dialer.numbers_looked_up(), 0);
}

#[test]
fn an_account_without_numbers_has_an_empty_review_and_an_unknown_one_an_error() {
    let mut dialer = AccountModel::new(1);
    assert!(dialer.review().reviews.is_empty());
    assert_eq!(review_account(&dialer, "unknown").unwrap_err().code, ErrorCode::NoSuchAccount);
    dialer.set("spam-score-min", 0);
    assert_eq!(review_account(&dialer, "acme").unwrap_err().code, ErrorCode::InvalidSettings);
}

#[test]
fn accounts_larger_than_a_page_are_reviewed_whole_and_in_order() {
    let mut dialer = AccountModel::new(1_400);
    let numbers: Vec<_> = (1..=20_500).collect();
    for some in numbers.chunks(10_000) {
        dialer.own_and_monitor(some);
    }
    for number in &numbers {
        dialer.observe(*number, &CLEAN);
    }
    let plan = dialer.review();
    assert_eq!(plan.reviews.numbers, numbers);
    println!("{} numbers in three pages", plan.reviews.len());
}
