//! Calls as scenarios: how those of a number and of its account went, and whether it is suspect.

use super::*;
use crate::model::{AccountModel, DAY, HOUR};
use alloc::vec;

const NUMBER: PhoneNumber = 13_105_550_100;
const CLEAN: [Option<u8>; 2] = [Some(0), Some(0)];
const SPAM: [Option<u8>; 2] = [Some(90), Some(90)];

/// An account with two monitored numbers, whose 1,000 calls in 3 days `answered` people answered: `calls` of the first
/// number (attempts, answered, blocked), and the others of the second.
fn account(calls: (u32, u32, u32), answered: u32) -> AccountModel {
    let mut dialer = AccountModel::new(1);
    dialer.pass(10 * DAY);
    dialer.own_and_monitor(&[NUMBER, NUMBER + 1]);
    dialer.observe(NUMBER, &CLEAN);
    dialer.observe(NUMBER + 1, &CLEAN);
    dialer.call(NUMBER, calls.0, calls.1, calls.2);
    dialer.call(NUMBER + 1, 1_000 - calls.0, answered - calls.1, 0);
    dialer
}

fn suspects(plan: &Plan) -> Vec<PhoneNumber> {
    plan.suspects.as_ref().expect("the review looks at calls").numbers.clone()
}

/// The number's attempts, answered and blocked calls in 3 days, how many of the account's 1,000 were answered, a setting
/// that is not the default, and whether the number is suspect.
#[test]
fn few_answered_or_many_blocked_calls_make_a_number_suspect() {
    type Figures = (u32, u32, u32);
    type Setting = Option<(&'static str, i64)>;
    let scenarios: [(&str, Figures, u32, Setting, bool); 16] = [
        ("as often answered as the account's", (100, 20, 0), 200, None, false),
        ("12 % where the account has 20 %", (50, 6, 0), 200, None, true),
        ("14 % where the account has 20 %", (50, 7, 0), 200, None, false),
        ("13 % where the account has 20 %", (100, 13, 0), 200, None, false),
        ("nothing where the account has 1 %", (100, 0, 0), 10, None, true),
        ("49 calls are too few", (49, 0, 49), 200, None, false),
        ("unless the setting says otherwise", (49, 0, 0), 200, Some(("calls-min", 49)), true),
        ("5 % blocked", (100, 20, 5), 200, None, true),
        ("4 % blocked", (100, 20, 4), 200, None, false),
        ("4 % blocked is enough by the setting", (100, 20, 4), 200, Some(("blocked-percent", 4)), true),
        ("10 % lower is enough by the setting", (100, 18, 0), 200, Some(("answer-rate-drop-percent", 10)), true),
        ("just above 10 % lower is not", (100, 19, 0), 200, Some(("answer-rate-drop-percent", 10)), false),
        ("100 % lower means that nobody answers", (100, 1, 0), 200, Some(("answer-rate-drop-percent", 100)), false),
        ("and nobody does", (100, 0, 0), 200, Some(("answer-rate-drop-percent", 100)), true),
        ("if nobody answers the account, numbers do not differ", (100, 0, 0), 0, None, false),
        ("unless calls are blocked", (100, 0, 50), 0, None, true),
    ];
    for (what, calls, answered, setting, is_suspect) in scenarios {
        let mut dialer = account(calls, answered);
        if let Some((name, value)) = setting {
            dialer.set(name, value);
        }
        let expected = if is_suspect { vec![NUMBER] } else { vec![] };
        assert_eq!(suspects(&dialer.review()), expected, "{what}");
        assert_eq!(dialer.monitored[&NUMBER].suspect_since, is_suspect.then_some(dialer.now), "{what}");
    }
}

#[test]
fn the_plan_has_the_figures_and_the_notice_says_them() {
    let mut dialer = account((120, 10, 2), 210);
    let plan = dialer.review();
    let expected = SuspectTable { numbers: vec![NUMBER], attempts: vec![120], answered: vec![10], blocked: vec![2] };
    assert_eq!(plan.suspects, Some(expected));
    let [notice] = &plan.notices[..] else { panic!("one notice: {:?}", plan.notices) };
    assert_eq!((notice.kind.as_str(), notice.number), ("newly-suspect", Some(NUMBER)));
    let text = "+13105550100 is now suspect: answer rate 8 % of 120 calls in 3 days; the account has 21 %.";
    assert_eq!(notice.text, text);

    let mut dialer = account((50, 10, 4), 200);
    let text = "+13105550100 is now suspect: 8 % of 50 calls in 3 days were blocked.";
    assert_eq!(dialer.review().notices[0].text, text);
}

/// What carriers say about a suspect number (none: too few of them), its status before the review, and after.
#[test]
fn a_suspect_number_is_at_risk_at_least() {
    let at_risk = [Some(90), Some(0)];
    type Said<'a> = Option<&'a [Option<u8>]>;
    let scenarios: [(&str, Said, Said, Status); 6] = [
        ("clean", Some(&CLEAN), Some(&CLEAN), Status::AtRisk),
        ("at risk anyway", Some(&CLEAN), Some(&at_risk), Status::AtRisk),
        ("flagged", Some(&CLEAN), Some(&SPAM), Status::Flagged),
        ("clean, and not rated today", Some(&CLEAN), None, Status::AtRisk),
        ("flagged, and not rated today", Some(&SPAM), None, Status::Flagged),
        ("never rated", None, None, Status::AtRisk),
    ];
    for (what, yesterday, today, expected) in scenarios {
        let mut dialer = account((0, 0, 0), 200);
        for said in [yesterday, today] {
            dialer.pass(DAY);
            dialer.observe(NUMBER, said.unwrap_or(&[]));
            dialer.observe(NUMBER + 1, &CLEAN);
            if said == today {
                dialer.call(NUMBER, 100, 0, 0);
            }
            dialer.review();
        }
        assert_eq!(dialer.monitored[&NUMBER].status, expected, "{what}");
        let again = dialer.review();
        assert_eq!((again.reviews.len(), suspects(&again)), (0, vec![NUMBER]), "{what}");
    }
}

#[test]
fn a_number_that_turns_suspect_after_its_rating_is_not_rated_twice() {
    let mut dialer = account((0, 0, 0), 200);
    assert_eq!(dialer.review().reviews.statuses, [1, 1]);
    dialer.call(NUMBER, 100, 0, 0);
    let plan = dialer.review();
    assert_eq!((&plan.reviews.numbers[..], &plan.reviews.statuses[..]), (&[NUMBER][..], &[2][..]));
    assert_eq!(plan.reviews.answering, [0]);
    assert_eq!(dialer.monitored[&NUMBER].clearing_checks, 1, "it was rated once");
}

#[test]
fn calls_older_than_3_days_no_longer_count_and_the_next_rating_clears_the_number() {
    let mut dialer = account((100, 0, 0), 200);
    dialer.review();
    dialer.set("observation-age-max-hours", 240);
    dialer.pass(3 * DAY);
    assert_eq!(suspects(&dialer.review()), [NUMBER], "exactly 3 days ago counts");
    assert_eq!(dialer.monitored[&NUMBER].status, Status::AtRisk);
    dialer.pass(DAY);
    let plan = dialer.review();
    assert!(suspects(&plan).is_empty());
    assert_eq!((dialer.monitored[&NUMBER].suspect_since, dialer.monitored[&NUMBER].status), (None, Status::Clean));
}

#[test]
fn the_notice_comes_once_and_counts_several() {
    let mut dialer = account((100, 0, 0), 200);
    let kinds = |plan: &Plan| plan.notices.iter().map(|notice| notice.kind.clone()).collect::<Vec<_>>();
    assert_eq!(kinds(&dialer.review()), ["newly-suspect"]);
    dialer.pass(HOUR);
    assert!(kinds(&dialer.review()).is_empty());
    dialer.own_and_monitor(&[1, 2]);
    dialer.call(1, 100, 0, 0);
    dialer.call(2, 100, 0, 0);
    let plan = dialer.review();
    let text = "2 numbers are now suspect: fewer of their calls in 3 days were answered than the account's 17 %, or more \
                were blocked.";
    assert_eq!((plan.notices[0].number, plan.notices[0].text.as_str()), (None, text));
    assert_eq!(suspects(&plan), [1, 2, NUMBER]);
}

#[test]
fn huge_figures_do_not_overflow() {
    let mut dialer = account((0, 0, 0), 0);
    dialer.call(NUMBER, u32::MAX, u32::MAX, u32::MAX);
    assert_eq!(suspects(&dialer.review()), [NUMBER, NUMBER + 1], "one is blocked, the other not answered");
    let run = Run::new(&dialer, "acme").unwrap();
    let totals = CallTotals { attempts: u64::MAX, answered: u64::MAX, short: 0, blocked: 0 };
    let calls = Calls { run: &run, since: 0, totals };
    assert!(calls.is_answered_rarely(1, u32::MAX) && !calls.is_answered_rarely(u32::MAX, u32::MAX));
    assert!(calls.answer_percent() > 0);
}
