//! Random histories. The model asserts the ledger's invariants at every step; the rest is asserted here.

use super::*;
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Step {
    Start(Vec<PhoneNumber>),
    Stop(Vec<PhoneNumber>),
    Delete(Vec<PhoneNumber>, bool),
    Replace(Vec<PhoneNumber>),
    SetBlocks(u32),
    Say(PhoneNumber, Option<u8>, Option<u8>, Option<u8>),
    Call(PhoneNumber, u32, u32, u32),
    Set(&'static str, i64),
    AutoReplace(bool),
    Outage,
    Pass(u64),
    Deliver,
    Review,
}

fn numbers() -> impl Strategy<Value = Vec<PhoneNumber>> {
    prop::collection::vec(1..60_u64, 0..20)
}

/// Settings that change what a review does, with the values tried.
const SETTINGS: [(&str, i64, i64); 11] = [
    ("checks-to-flag", 1, 2),
    ("checks-to-clear", 1, 2),
    ("checks-to-replace", 1, 3),
    ("calls-min", 1, 60),
    ("replace-on-calls", 0, 1),
    ("look-ups-per-day-max", 0, 30),
    ("cheapest-first", 0, 1),
    ("rest-days", 1, 3),
    ("rests-max", 0, 2),
    ("rest-when-none", 0, 1),
    ("observation-age-max-hours", 24, 100),
];

fn step() -> impl Strategy<Value = Step> {
    let score = || prop::option::of(prop_oneof![0..80_u8, 80..=100_u8]);
    let setting = prop::sample::select(&SETTINGS[..]);
    let setting = setting.prop_flat_map(|(name, min, max)| (min..=max).prop_map(move |value| Step::Set(name, value)));
    prop_oneof![
        4 => numbers().prop_map(Step::Start),
        1 => numbers().prop_map(Step::Stop),
        1 => (numbers(), any::<bool>()).prop_map(|(numbers, accept)| Step::Delete(numbers, accept)),
        1 => numbers().prop_map(Step::Replace),
        1 => (0..5_u32).prop_map(Step::SetBlocks),
        20 => (1..120_u64, score(), score(), score()).prop_map(|(n, a, b, c)| Step::Say(n, a, b, c)),
        8 => (1..60_u64, 0..100_u32, 0..40_u32, 0..4_u32).prop_map(|(n, a, b, c)| Step::Call(n, a + b, b, c.min(a))),
        3 => setting,
        1 => any::<bool>().prop_map(Step::AutoReplace),
        1 => Just(Step::Outage),
        3 => (1..3 * DAY).prop_map(Step::Pass),
        1 => Just(Step::Pass(CYCLE)),
        2 => Just(Step::Deliver),
        6 => Just(Step::Review),
    ]
}

/// Sources of an account: none named, one for each carrier, or two with limits and a carrier that both speak for.
fn add_sources(dialer: &mut AccountModel, kind: u8) {
    match kind {
        0 => {}
        1 => (0..3).for_each(|carrier| dialer.add_source(u32::from(carrier), None, &[carrier])),
        _ => {
            dialer.add_source(3, Some(10), &[0, 1]);
            dialer.add_source(0, Some(25), &[1, 2]);
        }
    }
}

proptest! {
    #[test]
    fn the_ledgers_invariants_hold(
        auto_replace: bool,
        delivers_at_once: bool,
        sources in 0..3_u8,
        candidates in prop_oneof![Just(0..60_u64), Just(0..3), Just(0..0)],
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let mut dialer = AccountModel::new(2);
        dialer.account.guard_rails.auto_replace = auto_replace;
        dialer.delivers_at_once = delivers_at_once;
        dialer.own(&(1..50).collect::<Vec<_>>());
        add_sources(&mut dialer, sources);
        for number in candidates {
            dialer.offer(60 + number);
            dialer.prices.insert(60 + number, number as u32 % 3);
        }
        let mut chosen = BTreeSet::new();
        for step in steps {
            take(&mut dialer, step, &mut chosen);
        }
    }
}

fn take(dialer: &mut AccountModel, step: Step, chosen: &mut BTreeSet<PhoneNumber>) {
    let before = dialer.clone();
    match step {
        Step::Start(numbers) => {
            chosen.extend(&numbers);
            ask(dialer, Request::StartMonitoring(numbers.clone()), numbers.len());
        }
        Step::Stop(numbers) => {
            ask(dialer, Request::StopMonitoring(numbers.clone()), numbers.len());
            assert_eq!(in_use(&before), in_use(dialer), "a slot stays in use when its number is stopped");
        }
        Step::Delete(numbers, accept) => {
            ask(dialer, deletion(&numbers, accept), numbers.len());
            assert_eq!(in_use(&before), in_use(dialer), "a slot stays in use when its number is deleted");
        }
        Step::Replace(numbers) => {
            ask(dialer, Request::ReplaceNumbers(numbers.clone()), numbers.len());
            assert_eq!(in_use(&before), in_use(dialer), "a slot stays in use when its number is replaced");
        }
        Step::SetBlocks(blocks) => ask(dialer, Request::SetBlocks(blocks), 1),
        Step::Say(number, a, b, c) => dialer.observe(number, &[a, b, c]),
        Step::Call(number, attempts, answered, blocked) => dialer.call(number, attempts, answered, blocked),
        Step::Set(setting, value) => dialer.set(setting, value),
        Step::AutoReplace(is_on) => dialer.account.guard_rails.auto_replace = is_on,
        Step::Outage => dialer.forget_opinions(),
        Step::Pass(seconds) => dialer.pass(seconds),
        Step::Deliver => dialer.deliver(),
        Step::Review => review_twice(dialer),
    }
    chosen.extend(before.offered.difference(&dialer.offered));
    chosen.extend(before.offered_again.difference(&dialer.offered_again));
    assert!(dialer.monitored.keys().all(|number| chosen.contains(number)), "monitored without being chosen");
    assert_eq!(all_numbers(&before), all_numbers(dialer), "no number is lost, and none comes from nowhere");
}

fn ask(dialer: &mut AccountModel, request: Request, answers: usize) {
    assert_eq!(dialer.request(request).outcomes.len(), answers, "one answer for each number");
}

fn in_use(dialer: &AccountModel) -> usize {
    dialer.monitored.len() + Run::new(dialer, "acme").unwrap().locks_in_force().count()
}

/// Every number, wherever it is: owned, a candidate, ordered, resting, or given back.
fn all_numbers(dialer: &AccountModel) -> BTreeSet<PhoneNumber> {
    let ordered = dialer.orders.iter().map(|order| order.replacement);
    let resting = dialer.rested.keys().chain(&dialer.offered_again).copied();
    let others = [&dialer.owned, &dialer.offered, &dialer.released].into_iter().flatten().copied();
    ordered.chain(resting).chain(others).collect()
}

/// Planning again after applying changes nothing, but for numbers that could not be rated or were just added, and
/// replacements by numbers that have just rested.
fn review_twice(dialer: &mut AccountModel) {
    let first = dialer.review();
    let rated_today = |number: &&MonitoredNumber| number.last_rated_at >= Some(dialer.account.day_starts_at);
    let unrated = dialer.monitored.values().filter(|number| !rated_today(number));
    let unrated: BTreeSet<_> = unrated.map(|number| number.number).collect();
    let again = crate::review::review_account(dialer, "acme").unwrap();
    assert!(again.reviews.numbers.iter().all(|number| unrated.contains(number)), "{first:?} then {again:?}");
    let suspects = |plan: &Plan| plan.suspects.as_ref().expect("calls were looked at").numbers.clone();
    let before = suspects(&first).into_iter().filter(|number| !is_new(dialer, *number));
    let before = before.filter(|number| dialer.monitored.contains_key(number));
    let after = suspects(&again).into_iter().filter(|number| !is_new(dialer, *number));
    assert!(before.eq(after), "the same numbers are suspect: {first:?} then {again:?}");
    let has_rested = first.actions.iter().any(|action| matches!(action, Action::OfferAgain(_)));
    for action in &again.actions {
        match action {
            Action::ReplaceNumber(replacement) => {
                assert!(has_rested || unrated.contains(&replacement.number), "{first:?} then {again:?}");
            }
            Action::StopUsing(number) | Action::UseAgain(number) => {
                assert!(unrated.contains(number), "{first:?} then {again:?}");
            }
            other => panic!("{other:?} twice: {first:?} then {again:?}"),
        }
    }
}

fn is_new(dialer: &AccountModel, number: PhoneNumber) -> bool {
    dialer.monitored.get(&number).is_some_and(|number| number.monitored_since == dialer.now)
}
