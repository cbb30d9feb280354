//! The component answers like the native policy on thousands of random accounts and requests, and replaying a recording
//! gives the same result.
//!
//! Both sides read the same model through their own imports. Their types are generated separately from the same
//! contract, and print alike, so answers are compared as they print.

use crate::harness::model_dialer::{self, ModelDialer};
use crate::harness::policies::reference::reference;
use dialguard::policy::{Policy, PolicyAnswer, PolicyError};
use dialguard::recording::Replay;
use dialguard_policy::contract::*;
use dialguard_policy::model::{AccountModel, DAY, HOUR};
use dialguard_policy::settings::{declaration, defaults};
use dialguard_policy::{request, review, screening, usage};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::fmt::Debug;

const CASES: u32 = 2_500;

/// The verdicts of three carriers on a number, and how many hours ago they were given.
type Said = (PhoneNumber, [Option<u8>; 3], u64);

/// Calls from a number: attempts, and of those the answered and the blocked ones.
type Called = (PhoneNumber, u32, u32, u32);

/// A source's price, what is left of it, and the carriers that it speaks for.
type SourceFacts = (u32, Option<u32>, Vec<CarrierId>);

/// An account, and a request.
#[derive(Debug, Clone)]
struct Scenario {
    settings: Vec<i64>,
    guard_rails: GuardRails,
    sources: Vec<SourceFacts>,
    enabled: bool,
    blocks: u32,
    monitored: Vec<PhoneNumber>,
    offered: Vec<PhoneNumber>,
    /// The account's own numbers that rest, since how many days, and the rests that each has ended.
    rested: Vec<(PhoneNumber, u64, u8)>,
    days: Vec<(Vec<Said>, Vec<Called>)>,
    stopped: Vec<PhoneNumber>,
    id: String,
    request: Request,
}

#[test]
fn the_component_plans_what_the_native_policy_plans() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime can be built");
    let component = reference();
    let mut runner = TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&scenario(), |scenario| {
        let dialer = live(&scenario);
        runtime.block_on(compare(&component, &dialer, &scenario));
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

/// Runs the scenario's days on the model, up to the moment of the comparison.
fn live(scenario: &Scenario) -> ModelDialer {
    let mut model = AccountModel::new(scenario.blocks);
    model.own(&(1..=60).collect::<Vec<_>>());
    model.request(Request::StartMonitoring(scenario.monitored.clone()));
    model.account.settings = scenario.settings.clone();
    model.account.guard_rails = scenario.guard_rails;
    for number in &scenario.offered {
        model.offer(*number);
        let score = if number.is_multiple_of(3) { 90 } else { 0 };
        (0..3).for_each(|carrier| model.observe_at(carrier, *number, Some(score), model.now + 5 * DAY));
        model.prices.insert(*number, *number as u32 % 3 * 100);
    }
    for (price, left, carriers) in &scenario.sources {
        model.add_source(*price, *left, carriers);
    }
    for (number, days, rests) in &scenario.rested {
        model.rest(*number, model.now - days * DAY, *rests);
    }
    for (day, (answers, calls)) in scenario.days.iter().enumerate() {
        for (number, scores, age_hours) in answers {
            let observed_at = model.now - age_hours * HOUR;
            for (carrier, score) in scores.iter().enumerate() {
                model.observe_at(carrier as u16, *number, *score, observed_at);
            }
        }
        for (number, attempts, answered, blocked) in calls {
            model.call(*number, *attempts, *answered, *blocked);
        }
        // The last day's review is the one compared.
        if day + 1 < scenario.days.len() {
            model.review();
            model.pass(DAY);
        }
    }
    model.request(Request::StopMonitoring(scenario.stopped.clone()));
    model.account.enabled = scenario.enabled;
    ModelDialer::new(model)
}

async fn compare(component: &Policy, dialer: &ModelDialer, scenario: &Scenario) {
    let native = dialer.model().clone();
    let (id, host_dialer) = (scenario.id.as_str(), dialer.dialer());

    let reviewed = component.review_account(&host_dialer, id).await;
    if let Ok(PolicyAnswer { answer, recording, .. }) = &reviewed {
        let record = Replay::new(recording.clone(), native.now);
        let again = component.review_account(&record.dialer(), id).await.expect("the same run again");
        assert_eq!((&again.answer, &again.recording, record.unknown()), (answer, recording, 0));
    }
    assert_alike(review::review_account(&native, id), reviewed.map(|answered| answered.answer));

    let request = model_dialer::request(&scenario.request);
    let decided = component.decide(&host_dialer, id, &request).await;
    if let Ok(PolicyAnswer { answer, recording, .. }) = &decided {
        let record = Replay::new(recording.clone(), native.now);
        let again = component.decide(&record.dialer(), id, &request).await.expect("the same run again");
        assert_eq!((&again.answer, &again.recording, record.unknown()), (answer, recording, 0));
    }
    assert_alike(request::decide(&native, id, scenario.request.clone()), decided.map(|answered| answered.answer));

    let numbers = [&scenario.offered[..], &scenario.monitored[..]].concat();
    let screened = component.screen(&host_dialer, id, &numbers).await;
    assert_alike(screening::screen(&native, id, &numbers), screened);

    assert_alike(usage::usage(&native, id), component.usage(&host_dialer, id).await);
}

fn assert_alike<N: Debug, C: Debug>(native: Result<N, Error>, component: Result<C, PolicyError>) {
    match (native, component) {
        (Ok(native), Ok(component)) => assert_eq!(format!("{native:?}"), format!("{component:?}")),
        (Err(native), Err(PolicyError::Answered(component))) => {
            assert_eq!(native.message, component.message);
            assert_eq!(format!("{:?}", native.code), format!("{:?}", component.code));
        }
        (native, component) => panic!("native answers {native:?}, the component {component:?}"),
    }
}

fn scenario() -> impl Strategy<Value = Scenario> {
    let number = || 1..80_u64;
    let numbers = |range| prop::collection::vec(1..80_u64, range);
    let rules = (settings(), guard_rails(), sources(), prop::bool::weighted(0.9), 0..4_u32);
    let facts = (
        prop::collection::btree_set(1..=60_u64, 0..50),
        prop::collection::btree_set(100..140_u64, 0..12),
        prop::collection::btree_map(140..150_u64, (0..90_u64, 0..4_u8), 0..5),
        prop::collection::vec(day(), 1..6),
        numbers(0..4),
    );
    (rules, facts, prop_oneof![20 => Just("acme"), 1 => Just("nobody")], request_of(number())).prop_map(
        |((settings, guard_rails, sources, enabled, blocks), facts, id, request)| {
            let (monitored, offered, rested, days, stopped) = facts;
            Scenario {
                settings,
                guard_rails,
                sources,
                enabled,
                blocks,
                monitored: monitored.into_iter().collect(),
                offered: offered.into_iter().collect(),
                rested: rested.into_iter().map(|(number, (days, rests))| (number, days, rests)).collect(),
                days,
                stopped,
                id: id.to_owned(),
                request,
            }
        },
    )
}

/// What carriers said on a day, and how calls went.
fn day() -> impl Strategy<Value = (Vec<Said>, Vec<Called>)> {
    let score = || prop::option::of(prop_oneof![0..80_u8, 80..=100_u8]);
    let scores = prop_oneof![
        Just([Some(90), Some(100), Some(0)]),
        Just([Some(0), Some(79), Some(0)]),
        [score(), score(), score()],
    ];
    let number = prop_oneof![9 => 1..=60_u64, 1 => 140..150_u64];
    let said = (number, scores, 0..50_u64);
    let called = (1..60_u64, 0..200_u32, 0..40_u32, 0..20_u32);
    let called = called.prop_map(|(number, others, answered, blocked)| (number, others + answered, answered, blocked));
    let calls = prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(called, 0..60).boxed()];
    (prop::collection::vec(said, 0..120), calls)
}

/// Switches are on or off, and integers mostly have their default, and sometimes another value in their range.
fn settings() -> impl Strategy<Value = Vec<i64>> {
    let values = declaration().into_iter().zip(defaults()).map(|(setting, default)| match setting.kind {
        SettingKind::Integer(IntegerSetting { min, max, .. }) => {
            let (low, high) = (max.min(min + 4), max.min(min + 100));
            prop_oneof![8 => Just(default), 1 => min..=low, 1 => min..=high].boxed()
        }
        _ => (0..=1_i64).boxed(),
    });
    values.collect::<Vec<_>>()
}

fn guard_rails() -> impl Strategy<Value = GuardRails> {
    (prop::bool::weighted(0.8), 0..6_u16)
        .prop_map(|(auto_replace, replacements_per_day_max)| GuardRails { auto_replace, replacements_per_day_max })
}

fn sources() -> impl Strategy<Value = Vec<SourceFacts>> {
    let carriers = prop::collection::btree_set(0..3_u16, 0..3).prop_map(|carriers| carriers.into_iter().collect());
    prop::collection::vec((0..3_u32, prop::option::of(0..40_u32), carriers), 0..4)
}

fn request_of(number: impl Strategy<Value = PhoneNumber> + Clone + 'static) -> impl Strategy<Value = Request> {
    let with_impossible = prop_oneof![60 => number, 1 => Just(0), 1 => Just(u64::MAX)].boxed();
    let numbers = move || prop::collection::vec(with_impossible.clone(), 0..30);
    let deletion = (numbers(), any::<bool>())
        .prop_map(|(numbers, accept_slot_loss)| Request::DeleteNumbers(Deletion { numbers, accept_slot_loss }));
    prop_oneof![
        numbers().prop_map(Request::StartMonitoring),
        numbers().prop_map(Request::StopMonitoring),
        deletion,
        numbers().prop_map(Request::ReplaceNumbers),
        prop_oneof![0..5_u32, Just(100_001)].prop_map(Request::SetBlocks),
    ]
}
