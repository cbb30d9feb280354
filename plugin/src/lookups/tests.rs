//! Lookups as scenarios: numbers, sources and limits, and which source is asked about which number.

use super::*;
use crate::model::{AccountModel, DAY};
use alloc::vec;

const CLEAN: &[Option<u8>] = &[Some(0), Some(0), Some(0)];
const SPAM: &[Option<u8>] = &[Some(90), Some(90), Some(90)];
const AT_RISK: &[Option<u8>] = &[Some(90), Some(0), Some(0)];

/// An account with numbers 1 to 9 that were rated on the last four days: 1 and 2 four days ago, and so on. Number 4 is
/// flagged, 6 at risk, and 7 suspect; 9 was never rated.
fn account() -> AccountModel {
    let mut dialer = AccountModel::new(1);
    dialer.set("observation-age-max-hours", 240);
    dialer.own_and_monitor(&(1..=9).collect::<Vec<_>>());
    for day in 0..4 {
        for number in [2 * day + 1, 2 * day + 2] {
            dialer.observe(number, if number == 4 { SPAM } else { CLEAN });
        }
        dialer.observe(6, if day < 2 { &[] } else { AT_RISK });
        dialer.review();
        for number in 1..=8 {
            dialer.observe(number, &[]);
        }
        dialer.pass(DAY);
    }
    for number in 1..=9 {
        dialer.observe(number, CLEAN);
    }
    dialer.call(7, 100, 0, 0);
    dialer.call(1, 900, 300, 0);
    dialer.take_look_ups();
    dialer
}

/// The order of urgency of the account above: never rated, suspect, at risk or flagged, and then the longest unrated.
const ORDER: [PhoneNumber; 9] = [9, 7, 4, 6, 1, 2, 3, 5, 8];

fn sorted(numbers: &[PhoneNumber]) -> Vec<PhoneNumber> {
    each_once(numbers.to_vec())
}

#[test]
fn the_most_urgent_numbers_are_looked_up_within_the_days_limit() {
    for limit in 1..=9 {
        let mut dialer = account();
        dialer.set("look-ups-per-day-max", limit as i64);
        let plan = dialer.review();
        assert_eq!(dialer.take_look_ups(), sorted(&ORDER[..limit]), "{limit} a day");
        let deferred: Vec<_> = plan.notices.iter().filter(|notice| notice.kind == "look-ups-deferred").collect();
        match &deferred[..] {
            [] => assert_eq!(limit, 9),
            [notice] => {
                let left_out = crate::text::count(9 - limit as u64, "number");
                assert!(notice.text.starts_with(&left_out), "{}", notice.text);
            }
            several => panic!("one notice for all: {several:?}"),
        }
        let again = dialer.review();
        assert!(dialer.take_look_ups().is_empty() && again.reviews.is_empty(), "the day's lookups are used up");
    }
}

#[test]
fn a_limit_spreads_an_account_over_days() {
    let mut dialer = AccountModel::new(1);
    dialer.set("look-ups-per-day-max", 4);
    dialer.own_and_monitor(&(1..=10).collect::<Vec<_>>());
    for (day, expected) in [[1, 2, 3, 4], [5, 6, 7, 8], [1, 2, 9, 10], [3, 4, 5, 6]].into_iter().enumerate() {
        for number in 1..=10 {
            dialer.observe(number, CLEAN);
        }
        dialer.review();
        assert_eq!(dialer.take_look_ups(), expected, "on day {day}");
        dialer.pass(DAY);
    }
}

#[test]
fn what_was_looked_up_earlier_today_counts() {
    let mut dialer = account();
    dialer.set("look-ups-per-day-max", 5);
    dialer.account.look_ups_today = 3;
    dialer.review();
    assert_eq!(dialer.take_look_ups(), sorted(&ORDER[..2]));
    dialer.account.look_ups_today = 7;
    assert!(dialer.review().reviews.is_empty());
}

/// What sources have left, the day's limit, and how many numbers each source is asked about.
#[test]
fn a_source_with_few_lookups_left_is_asked_about_the_most_urgent_numbers() {
    type Left = &'static [Option<u32>];
    let scenarios: [(&str, Left, i64, &[u32]); 8] = [
        ("no limits", &[None, None], 0, &[9, 9]),
        ("enough left", &[Some(9), None], 0, &[9, 9]),
        ("one is short", &[Some(2), None], 0, &[2, 9]),
        ("both are short", &[Some(2), Some(5)], 0, &[2, 5]),
        ("one has none left", &[Some(0), Some(5)], 0, &[0, 5]),
        ("neither has any left", &[Some(0), Some(0)], 0, &[0, 0]),
        ("the day's limit is lower", &[Some(2), None], 4, &[2, 4]),
        ("both have the same left", &[Some(3), Some(3), None], 0, &[3, 3, 9]),
    ];
    for (what, left, limit, expected) in scenarios {
        let mut dialer = account();
        dialer.set("look-ups-per-day-max", limit);
        for look_ups_left in left {
            dialer.add_source(0, *look_ups_left, &[0, 1, 2]);
        }
        let plan = dialer.review();
        assert_eq!(dialer.asked_of_sources(), expected, "{what}");
        let most = expected.iter().copied().max().unwrap_or_default() as usize;
        assert_eq!(dialer.take_look_ups().len(), most, "{what}: a number is looked up once");
        let reviews = plan.reviews.rows().unwrap();
        let rated: Vec<_> = reviews.filter(|review| review.answering > 0).map(|review| review.number).collect();
        assert_eq!(rated, sorted(&ORDER[..most]), "{what}");
    }
}

/// Price of each source, the carriers it speaks for, the scores of carriers 0, 1, 2, …, and how many sources are asked,
/// from the cheapest on.
#[test]
fn a_dearer_source_is_asked_only_while_its_answer_matters() {
    type Sources = &'static [(u32, &'static [CarrierId])];
    let scores = |scores: &[u8]| scores.iter().map(|score| Some(*score)).collect::<Vec<_>>();
    type Scores = Vec<Option<u8>>;
    let scenarios: [(&str, Sources, Scores, &[u32]); 14] = [
        ("all free", &[(0, &[0]), (0, &[1]), (0, &[2])], scores(&[0, 0, 0]), &[1, 1, 1]),
        ("two clean, one to ask", &[(0, &[0, 1]), (5, &[2])], scores(&[0, 0, 0]), &[1, 0]),
        ("two of two flag it", &[(0, &[0, 1]), (5, &[2])], scores(&[90, 90, 0]), &[1, 0]),
        ("one of two, and the third decides", &[(0, &[0, 1]), (5, &[2])], scores(&[90, 0, 0]), &[1, 1]),
        ("two of two, and two could make a tie", &[(0, &[0, 1]), (5, &[2, 3])], scores(&[90, 90, 0, 0]), &[1, 1]),
        ("none of two, and two make no majority", &[(0, &[0, 1]), (5, &[2, 3])], scores(&[0, 0, 90, 90]), &[1, 0]),
        ("none of two, and three would", &[(0, &[0, 1]), (5, &[2, 3, 4])], scores(&[0, 0, 9, 9, 9]), &[1, 1]),
        ("one opinion is no rating", &[(0, &[0]), (5, &[1])], scores(&[0, 0]), &[1, 1]),
        ("the cheaper of two is enough", &[(9, &[2]), (5, &[0, 1])], scores(&[0, 0, 0]), &[0, 1]),
        ("one after the other", &[(9, &[2]), (5, &[1]), (0, &[0])], scores(&[0, 0, 0]), &[0, 1, 1]),
        ("the same price, the lower id first", &[(5, &[0, 1]), (5, &[2])], scores(&[0, 0, 0]), &[1, 0]),
        ("nothing free", &[(5, &[0]), (6, &[1]), (7, &[2])], scores(&[90, 90, 0]), &[1, 1, 0]),
        ("it is not known what carriers one speaks for", &[(0, &[0, 1]), (5, &[])], scores(&[0, 0]), &[1, 1]),
        ("the same carrier may say otherwise", &[(0, &[0, 1]), (5, &[0, 1])], scores(&[90, 90]), &[1, 1]),
    ];
    for (what, sources, said, expected) in scenarios {
        let mut dialer = AccountModel::new(1);
        dialer.set("cheapest-first", 1);
        dialer.own_and_monitor(&[7]);
        dialer.observe(7, &said);
        for (price, carriers) in sources {
            dialer.add_source(*price, None, carriers);
        }
        dialer.review();
        assert_eq!(dialer.asked_of_sources(), expected, "{what}");
    }
}

#[test]
fn what_sources_said_one_after_the_other_counts_together() {
    let mut dialer = AccountModel::new(1);
    dialer.set("cheapest-first", 1);
    dialer.own_and_monitor(&[1, 2, 3]);
    dialer.observe(1, &[Some(90), Some(0), Some(90)]);
    dialer.observe(2, &[Some(0), Some(0), Some(90)]);
    dialer.observe(3, &[None, Some(90), Some(90)]);
    dialer.add_source(9, None, &[0]);
    dialer.add_source(5, None, &[2]);
    dialer.add_source(0, None, &[1]);
    let plan = dialer.review();
    assert_eq!(dialer.asked_of_sources(), [2, 3, 3], "number 3 is settled by two that flag it");
    assert_eq!((plan.reviews.flagging, plan.reviews.answering), (vec![2, 1, 2], vec![3, 3, 2]));
}

#[test]
fn each_source_is_asked_at_once_unless_the_setting_is_on() {
    let mut dialer = AccountModel::new(1);
    dialer.own_and_monitor(&[7]);
    dialer.observe(7, CLEAN);
    dialer.add_source(0, None, &[0, 1]);
    dialer.add_source(5, None, &[2]);
    dialer.review();
    assert_eq!(dialer.asked_of_sources(), [1, 1]);
}

/// Of two opinions of one carrier the newest counts, and no answer takes nothing away.
#[test]
fn the_newest_opinion_of_a_carrier_counts() {
    let scenarios = [
        ((0, 5), (90, 6), (90, 6)),
        ((90, 6), (0, 5), (90, 6)),
        ((NO_ANSWER, 0), (0, 5), (0, 5)),
        ((0, 5), (NO_ANSWER, 0), (0, 5)),
        ((0, 5), (254, 0), (0, 5)),
        ((254, 0), (0, 5), (0, 5)),
        ((NO_ANSWER, 0), (254, 0), (254, 0)),
    ];
    for (one, other, expected) in scenarios {
        assert_eq!(newest(one, other), expected, "{one:?} and {other:?}");
    }
}
