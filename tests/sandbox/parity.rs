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
use dialguard_policy::{request, review, screening, usage};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::fmt::Debug;

const CASES: u32 = 2_500;

/// The verdicts of three carriers on a number, and how many hours ago they were given.
type Said = (PhoneNumber, [Option<u8>; 3], u64);

/// An account, and a request.
#[derive(Debug, Clone)]
struct Scenario {
    settings: Settings,
    enabled: bool,
    blocks: u32,
    monitored: Vec<PhoneNumber>,
    offered: Vec<PhoneNumber>,
    days: Vec<Vec<Said>>,
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
    scenario.offered.iter().for_each(|number| model.offer(*number));
    for (day, answers) in scenario.days.iter().enumerate() {
        for (number, scores, age_hours) in answers {
            let observed_at = model.now - age_hours * HOUR;
            for (carrier, score) in scores.iter().enumerate() {
                model.observe_at(carrier as u16, *number, *score, observed_at);
            }
        }
        // The last day's review is the one compared.
        if day + 1 < scenario.days.len() && dialguard_policy::settings::check(&model.account.settings).is_ok() {
            model.review();
            model.pass(DAY);
        }
    }
    if dialguard_policy::settings::check(&model.account.settings).is_ok() {
        model.request(Request::StopMonitoring(scenario.stopped.clone()));
    }
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
    let score = || prop::option::of(prop_oneof![0..80_u8, 80..=100_u8]);
    let scores = [score(), score(), score()];
    let day = prop::collection::vec((number(), scores, 0..60_u64), 0..60);
    let facts = (
        settings(),
        prop::bool::weighted(0.9),
        0..4_u32,
        prop::collection::btree_set(1..=60_u64, 0..50),
        prop::collection::btree_set(100..140_u64, 0..12),
        prop::collection::vec(day, 1..4),
        numbers(0..4),
    );
    (facts, prop_oneof![20 => Just("acme"), 1 => Just("nobody")], request_of(number())).prop_map(
        |((settings, enabled, blocks, monitored, offered, days, stopped), id, request)| Scenario {
            settings,
            enabled,
            blocks,
            monitored: monitored.into_iter().collect(),
            offered: offered.into_iter().collect(),
            days,
            stopped,
            id: id.to_owned(),
            request,
        },
    )
}

/// Mostly in range, sometimes not.
fn settings() -> impl Strategy<Value = Settings> {
    let rating = (prop_oneof![20 => Just(80_u8), 5 => 1..=100_u8, 1 => 101..=255_u8], 1..4_u8, 1..4_u8, 1..4_u8);
    (rating, 1..72_u16, any::<bool>(), 0..6_u16, 0..3_u16, 1..=100_u8).prop_map(
        |((spam_score_min, rating_carriers_min, checks_to_flag, checks_to_clear), age, replace, max, grace, mass)| {
            Settings {
                spam_score_min,
                rating_carriers_min,
                checks_to_flag,
                checks_to_clear,
                observation_age_max_hours: age,
                auto_replace: replace,
                replacements_per_day_max: max,
                new_number_grace_days: grace,
                mass_flag_percent: mass,
                other: vec![("unknown".into(), "ignored".into())],
            }
        },
    )
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
