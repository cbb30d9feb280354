//! The settings table against the reference policy, which has its own ranges and defaults.

use crate::harness::policies::reference::reference;
use dialguard::contract::{ErrorCode, Settings};
use dialguard::policy::{Policy, PolicyError};
use dialguard::settings::{SETTINGS, SettingKind, SettingValue, default_settings};

#[tokio::test(flavor = "current_thread")]
async fn the_policy_accepts_both_ends_of_each_range_and_refuses_what_is_beyond() {
    let policy = reference();
    for setting in &SETTINGS {
        let with = |value| {
            let mut settings = default_settings();
            setting.set(&mut settings, value);
            settings
        };
        let SettingKind::Integer { min, max, type_max, .. } = setting.kind else {
            for on in [false, true] {
                policy.check_settings(&with(SettingValue::Switch(on))).await.expect(setting.name);
            }
            continue;
        };
        for end in [min, max] {
            policy.check_settings(&with(SettingValue::Integer(end))).await.expect(setting.name);
        }
        let beyond = [min.checked_sub(1), max.checked_add(1).filter(|above| *above <= type_max)];
        for value in beyond.into_iter().flatten() {
            let message = refusal(&policy, &with(SettingValue::Integer(value))).await;
            let expected = [setting.name.to_owned(), format!("{min} to {max}")];
            assert!(expected.iter().all(|part| message.contains(part)), "{} = {value}: {message}", setting.name);
        }
    }
}

async fn refusal(policy: &Policy, settings: &Settings) -> String {
    match policy.check_settings(settings).await {
        Err(PolicyError::Answered(error)) if error.code == ErrorCode::InvalidSettings => error.message,
        other => panic!("not refused as invalid settings: {other:?}"),
    }
}

/// The two records are of different types, one on each side of the contract.
#[test]
fn the_defaults_are_those_of_the_policys_model() {
    assert_eq!(format!("{:?}", default_settings()), format!("{:?}", dialguard_policy::model::default_settings()));
}
