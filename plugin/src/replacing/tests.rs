//! Automatic replacement as scenarios: numbers, what carriers and calls say, days, and what is replaced by what.

use super::*;
use crate::model::{AccountModel, DAY, HOUR};
use alloc::vec;
use alloc::vec::Vec;

const SPAM: &[Option<u8>] = &[Some(90), Some(90), Some(0)];
const CLEAN: &[Option<u8>] = &[Some(0), Some(0), Some(0)];

/// An account with automatic replacement, whose numbers 1 to 9 are clean, and a clean candidate, 1001.
fn account() -> AccountModel {
    let mut dialer = AccountModel::new(1);
    dialer.account.guard_rails.auto_replace = true;
    dialer.own_and_monitor(&(1..=9).collect::<Vec<_>>());
    for number in 1..=9 {
        dialer.observe(number, CLEAN);
    }
    dialer.offer(1_001);
    dialer.observe(1_001, CLEAN);
    dialer.set("observation-age-max-hours", 8_760);
    dialer
}

fn replaced(plan: &Plan) -> Vec<(PhoneNumber, PhoneNumber)> {
    let replacements = plan.actions.iter().filter_map(|action| match action {
        Action::ReplaceNumber(replacement) => Some((replacement.number, replacement.replacement)),
        _ => None,
    });
    replacements.collect()
}

fn because(plan: &Plan) -> &str {
    match &plan.actions[..] {
        [Action::ReplaceNumber(replacement)] => &replacement.because,
        other => panic!("one replacement: {other:?}"),
    }
}

fn kinds(plan: &Plan) -> Vec<&str> {
    plan.notices.iter().map(|notice| notice.kind.as_str()).collect()
}

/// Red means red at once; money waits. What most carriers say about number 5 on consecutive days (`s` spam, `=` the same
/// opinions as the day before, `c` not spam, `-` nothing), its status after each day (C clean, F flagged), and the days on
/// which it is replaced.
#[test]
fn a_flagged_number_is_replaced_after_consecutive_spam_votes_on_distinct_evidence() {
    let scenarios = [
        // checks to replace, days, status after each, replaced on
        (2, "s", "F", ""),
        (2, "ss", "FF", "2"),
        (2, "s=", "FF", ""),
        (2, "s==s", "FFFF", "4"),
        (2, "scs", "FCF", ""),
        (2, "scss", "FCFF", "4"),
        (2, "s-s", "FFF", "3"),
        (2, "s-", "FF", ""),
        (2, "s=c=", "FFCC", ""),
        (1, "s", "F", "1"),
        (3, "ss=s", "FFFF", "4"),
    ];
    for (checks, days, statuses, expected) in scenarios {
        let mut dialer = account();
        dialer.set("checks-to-replace", checks);
        let (mut seen, mut replaced_on) = (String::new(), String::new());
        for (day, said) in (1..).zip(days.chars()) {
            match said {
                's' => dialer.observe(5, SPAM),
                'c' => dialer.observe(5, CLEAN),
                '-' => dialer.observe(5, &[]),
                _ => {}
            }
            dialer.delivers_at_once = false;
            let plan = dialer.review();
            seen.push(if dialer.monitored[&5].status == Status::Flagged { 'F' } else { 'C' });
            if !replaced(&plan).is_empty() {
                replaced_on += &day.to_string();
            }
            dialer.pass(DAY);
        }
        assert_eq!((seen.as_str(), replaced_on.as_str()), (statuses, expected), "{days} with {checks} to replace");
    }
}

#[test]
fn a_number_that_waits_for_a_second_check_is_counted() {
    let mut dialer = account();
    dialer.observe(5, SPAM);
    let plan = dialer.review();
    assert_eq!(kinds(&plan), ["newly-flagged", "replacement-deferred"]);
    assert_eq!(plan.notices[1].text, "1 number not replaced today: checks-to-replace is 2.");
}

/// Whether suspect numbers are replaced, what carriers say about one, and what the review does about it.
#[test]
fn a_suspect_number_is_replaced_only_if_the_account_wants_that() {
    let scenarios = [
        (false, CLEAN, None),
        (false, SPAM, None),
        (true, CLEAN, Some("Suspect: answer rate 8 % of 120 calls in 3 days; the account has 21 %")),
        (true, SPAM, Some("Suspect: answer rate 8 % of 120 calls in 3 days; the account has 21 %")),
    ];
    for (is_on, said, reason) in scenarios {
        let mut dialer = account();
        dialer.set("replace-on-calls", is_on.into());
        dialer.observe(5, said);
        dialer.call(5, 120, 10, 0);
        dialer.call(6, 880, 200, 0);
        let plan = dialer.review();
        match reason {
            None => assert!(replaced(&plan).is_empty()),
            Some(reason) => {
                let candidate = "; +1001 is the closest candidate that none of 3 carriers flags.";
                assert_eq!(because(&plan), text![reason, candidate]);
            }
        }
    }
}

/// Grace days, the cap and the mass hold apply to suspect numbers as to flagged ones.
#[test]
fn a_suspect_number_waits_as_a_flagged_one_does() {
    type Change = fn(&mut AccountModel);
    let scenarios: [(&str, Change, &[&str]); 5] = [
        ("off", |dialer| dialer.account.guard_rails.auto_replace = false, &["newly-suspect"]),
        ("cap", |d| d.account.guard_rails.replacements_per_day_max = 0, &["newly-suspect", "replacement-deferred"]),
        ("grace", |d| d.set("new-number-grace-days", 1), &["newly-suspect", "replacement-deferred"]),
        ("no candidate", |dialer| dialer.offered.clear(), &["newly-suspect", "no-clean-candidate"]),
        (
            "mass",
            |dialer| {
                dialer.own_and_monitor(&[10]);
                dialer.observe(10, CLEAN);
                (6..=7).for_each(|number| dialer.call(number, 100, 0, 0));
            },
            &["newly-suspect", "mass-flag-held"],
        ),
    ];
    for (what, change, notices) in scenarios {
        let mut dialer = account();
        dialer.set("replace-on-calls", 1);
        dialer.call(5, 100, 0, 0);
        dialer.call(1, 900, 300, 0);
        change(&mut dialer);
        let plan = dialer.review();
        assert!(plan.actions.is_empty(), "{what}: {:?}", plan.actions);
        assert_eq!(kinds(&plan), notices, "{what}");
    }
}

#[test]
fn flagged_numbers_come_before_suspect_ones() {
    let mut dialer = account();
    dialer.set("replace-on-calls", 1);
    dialer.set("checks-to-replace", 1);
    dialer.account.guard_rails.replacements_per_day_max = 1;
    dialer.call(5, 100, 0, 0);
    dialer.call(1, 900, 300, 0);
    dialer.observe(6, SPAM);
    assert_eq!(replaced(&dialer.review()), [(6, 1_001)]);
}

/// Candidates with what they cost in cents (none: the account's own, rested), and the one that replaces +13105550100.
#[test]
fn at_equal_closeness_the_accounts_own_comes_first_and_then_the_cheaper() {
    type Candidates = &'static [(PhoneNumber, Option<u32>)];
    let scenarios: [(Candidates, PhoneNumber, &str); 5] = [
        (&[(13_105_550_101, Some(200)), (13_105_550_102, Some(115))], 13_105_550_102, "flags, for $1.15."),
        (
            &[(13_105_550_101, Some(0)), (13_105_550_102, None)],
            13_105_550_102,
            "flags, and the account's own after a rest.",
        ),
        (&[(13_105_550_101, Some(0)), (13_105_550_102, Some(100))], 13_105_550_101, "flags."),
        (&[(13_105_560_000, None), (13_105_550_102, Some(100))], 13_105_550_102, "flags, for $1.00."),
        (&[(13_105_550_103, Some(100)), (13_105_550_102, Some(100))], 13_105_550_102, "flags, for $1.00."),
    ];
    for (candidates, expected, ending) in scenarios {
        let mut dialer = account();
        dialer.set("checks-to-replace", 1);
        dialer.offered.clear();
        dialer.own_and_monitor(&[13_105_550_100]);
        dialer.observe(13_105_550_100, SPAM);
        for (number, price_cents) in candidates {
            dialer.observe(*number, CLEAN);
            match price_cents {
                Some(price_cents) => {
                    dialer.offer(*number);
                    dialer.prices.insert(*number, *price_cents);
                }
                None => drop(dialer.offered_again.insert(*number)),
            }
        }
        let plan = dialer.review();
        assert_eq!(replaced(&plan), [(13_105_550_100, expected)], "{candidates:?}");
        assert!(because(&plan).ends_with(ending), "{}", because(&plan));
    }
}

/// A flagged number without a clean candidate, day by day: what happens, and what the review does then.
#[test]
fn a_flagged_number_is_not_used_until_there_is_a_clean_one() {
    type Change = fn(&mut AccountModel);
    let nothing: Change = |_| {};
    let days: [(&str, Change, Vec<Action>); 7] = [
        ("no candidate", nothing, vec![Action::StopUsing(5)]),
        ("still none", nothing, vec![]),
        ("carriers clear it", |dialer| dialer.observe(5, CLEAN), vec![Action::UseAgain(5)]),
        ("they flag it again", |dialer| dialer.observe(5, SPAM), vec![]),
        ("and once more", |dialer| dialer.observe(5, SPAM), vec![Action::StopUsing(5)]),
        ("the setting is turned off", |dialer| dialer.set("rest-when-none", 0), vec![Action::UseAgain(5)]),
        ("and on again", |dialer| dialer.set("rest-when-none", 1), vec![Action::StopUsing(5)]),
    ];
    let mut dialer = account();
    dialer.set("rest-when-none", 1);
    dialer.offered.clear();
    dialer.observe(5, SPAM);
    assert!(dialer.review().actions.is_empty(), "it waits for a second check");
    dialer.pass(DAY);
    dialer.observe(5, SPAM);
    for (what, change, expected) in days {
        change(&mut dialer);
        assert_eq!(dialer.review().actions, expected, "{what}");
        assert!(dialer.review().actions.is_empty(), "{what}, a second time on that date");
        dialer.pass(DAY);
    }
    dialer.account.guard_rails.auto_replace = false;
    assert_eq!(dialer.review().actions, [Action::UseAgain(5)], "automatic replacement is turned off");
    dialer.account.guard_rails.auto_replace = true;
    dialer.pass(HOUR);
    assert_eq!(dialer.review().actions, [Action::StopUsing(5)]);
    dialer.offer(1_001);
    let slot = dialer.monitored[&5].slot;
    assert_eq!(replaced(&dialer.review()), [(5, 1_001)], "a candidate comes");
    assert_eq!((dialer.monitored[&1_001].slot, dialer.monitored[&1_001].resting_since), (slot, None));
}

#[test]
fn all_flagged_numbers_are_taken_out_of_use_though_only_some_could_be_replaced_today() {
    let mut dialer = account();
    dialer.set("rest-when-none", 1);
    dialer.set("checks-to-replace", 1);
    for number in 1..=5 {
        dialer.observe(number, SPAM);
    }
    let plan = dialer.review();
    assert_eq!(replaced(&plan), [(1, 1_001)]);
    assert_eq!(plan.actions[1..], [2, 3, 4, 5].map(Action::StopUsing));
    assert_eq!(
        kinds(&plan),
        ["newly-flagged", "no-clean-candidate"],
        "all four wait for a candidate, not for tomorrow"
    );
}

/// How many numbers are flagged, suspect, and on offer, the day's cap, and what is said of those that find no candidate.
#[test]
fn numbers_without_a_candidate_are_one_notice_however_many_they_are() {
    let scenarios = [
        (1, 0, 0, 3, "+1 is flagged but was not replaced"),
        (3, 0, 0, 3, "3 flagged numbers were not replaced"),
        (5, 0, 0, 3, "5 flagged numbers were not replaced"),
        (5, 0, 2, 9, "3 flagged numbers were not replaced"),
        (0, 2, 0, 3, "2 suspect numbers were not replaced"),
        (2, 1, 0, 3, "3 flagged or suspect numbers were not replaced"),
        (2, 1, 0, 0, ""),
    ];
    for (flagged, suspect, offered, cap, expected) in scenarios {
        let mut dialer = account();
        dialer.set("replace-on-calls", 1);
        dialer.set("checks-to-replace", 1);
        dialer.account.guard_rails.replacements_per_day_max = cap;
        dialer.offered.clear();
        (1..=flagged).for_each(|number| dialer.observe(number, SPAM));
        (6..6 + suspect).for_each(|number| dialer.call(number, 100, 0, 0));
        dialer.call(9, 900, 300, 0);
        for number in 1_001..1_001 + offered {
            dialer.offer(number);
            dialer.observe(number, CLEAN);
        }
        let plan = dialer.review();
        let said: Vec<_> = plan.notices.iter().filter(|notice| notice.kind == "no-clean-candidate").collect();
        let texts: Vec<_> = said.iter().map(|notice| notice.text.split(':').next().unwrap_or_default()).collect();
        let expected: Vec<_> = Some(expected).filter(|text| !text.is_empty()).into_iter().collect();
        assert_eq!(texts, expected, "{flagged} flagged, {suspect} suspect, {offered} on offer, {cap} a day");
    }
}

#[test]
fn nothing_is_taken_out_of_use_unless_the_account_wants_that() {
    let mut dialer = account();
    dialer.set("checks-to-replace", 1);
    dialer.offered.clear();
    dialer.observe(5, SPAM);
    let plan = dialer.review();
    assert_eq!((plan.actions, plan.notices.len()), (vec![], 2));
}
