//! Rests as scenarios: how a number stands when its rest is over, and what becomes of it.

use crate::contract::*;
use crate::model::{AccountModel, DAY};
use alloc::vec;

const CLEAN: &[Option<u8>] = &[Some(0), Some(0)];
const AT_RISK: &[Option<u8>] = &[Some(90), Some(0)];
const SPAM: &[Option<u8>] = &[Some(90), Some(90)];

/// Days of rest, rests ended before, what carriers say, a setting that is not the default, and what becomes of number 7.
#[test]
fn a_rested_number_is_offered_again_rests_on_or_is_given_back() {
    type Said = &'static [Option<u8>];
    type Setting = (&'static str, i64);
    type Becomes = Option<Action>;
    let scenarios: [(&str, u64, u8, Said, Setting, Becomes); 14] = [
        ("29 days are too few", 29, 0, CLEAN, ("rest-days", 30), None),
        ("clean", 30, 0, CLEAN, ("rest-days", 30), Some(Action::OfferAgain(7))),
        ("clean after several rests", 90, 9, CLEAN, ("rest-days", 30), Some(Action::OfferAgain(7))),
        ("flagged after its first rest", 30, 0, SPAM, ("rest-days", 30), Some(Action::RestOn(7))),
        ("flagged by one carrier", 30, 0, AT_RISK, ("rest-days", 30), Some(Action::RestOn(7))),
        ("flagged after its second rest", 30, 1, SPAM, ("rest-days", 30), Some(Action::RestOn(7))),
        ("flagged after its third rest", 30, 2, SPAM, ("rest-days", 30), Some(Action::GiveBack(7))),
        ("flagged by one carrier after its third", 30, 2, AT_RISK, ("rest-days", 30), Some(Action::GiveBack(7))),
        ("no rest more than the first", 30, 0, SPAM, ("rests-max", 0), Some(Action::GiveBack(7))),
        ("as many as wished", 30, 249, SPAM, ("rests-max", 250), Some(Action::RestOn(7))),
        ("too few opinions", 30, 9, &[Some(0)], ("rest-days", 30), None),
        ("no opinions", 300, 9, &[], ("rest-days", 30), None),
        ("a shorter rest", 7, 0, CLEAN, ("rest-days", 7), Some(Action::OfferAgain(7))),
        ("no rest", 0, 0, CLEAN, ("rest-days", 0), Some(Action::OfferAgain(7))),
    ];
    for (what, days, rests, said, (setting, value), expected) in scenarios {
        let mut dialer = AccountModel::new(1);
        dialer.set(setting, value);
        dialer.rest(7, dialer.now, rests);
        dialer.pass(days * DAY);
        dialer.observe(7, said);
        assert_eq!(dialer.review().actions, Vec::from_iter(expected), "{what}");
        let again = dialer.review().actions;
        assert!(again.is_empty() || value == 0, "{what}: then {again:?}");
    }
}

#[test]
fn all_numbers_whose_rest_is_over_are_screened_in_one_lookup_the_longest_rest_first() {
    let mut dialer = AccountModel::new(1);
    for (number, days) in [(1, 40), (2, 50), (3, 10), (4, 30)] {
        dialer.rest(number, dialer.now - days * DAY, 0);
        dialer.observe(number, CLEAN);
    }
    let plan = dialer.review();
    assert_eq!(plan.actions, [2, 1, 4].map(Action::OfferAgain));
    assert_eq!(dialer.take_look_ups(), [2, 1, 4]);
}

#[test]
fn a_number_comes_back_30_days_after_it_was_replaced() {
    let mut dialer = AccountModel::new(1);
    dialer.set("observation-age-max-hours", 8_760);
    dialer.own_and_monitor(&[1]);
    dialer.offer(2);
    dialer.observe(2, CLEAN);
    dialer.request(Request::ReplaceNumbers(vec![1]));
    assert_eq!((dialer.rested[&1].rests, dialer.monitored.contains_key(&2)), (0, true));
    dialer.observe(1, SPAM);
    dialer.pass(30 * DAY);
    dialer.review();
    assert_eq!((dialer.rested[&1].rests, dialer.rested[&1].resting_since), (1, dialer.now));
    dialer.observe(1, CLEAN);
    dialer.pass(30 * DAY);
    dialer.review();
    dialer.request(Request::ReplaceNumbers(vec![2]));
    assert!(dialer.monitored.contains_key(&1) && dialer.rested.contains_key(&2));
}

#[test]
fn numbers_rest_on_while_the_add_on_is_off() {
    let mut dialer = AccountModel::new(1);
    dialer.rest(7, 0, 0);
    dialer.observe(7, CLEAN);
    dialer.account.enabled = false;
    let plan = dialer.review();
    assert!(plan.actions.is_empty() && plan.suspects.is_none());
}
