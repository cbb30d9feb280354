//! The settings that the reference policy declares: it accepts both ends of each range, and one beyond is refused.

use crate::harness::policies::reference::reference;
use dialguard::contract::{ErrorCode, GuardRails, SettingKind};
use dialguard::policy::{Policy, PolicyError};
use dialguard::settings::Settings;

#[tokio::test(flavor = "current_thread")]
async fn the_policy_accepts_both_ends_of_each_range_and_refuses_what_is_beyond() {
    let policy = reference();
    for setting in policy.settings() {
        let name = &setting.name;
        let (accepted, refused) = match &setting.kind {
            SettingKind::Switch(_) => (vec!["on".into(), "off".into()], vec!["2".to_owned()]),
            SettingKind::Integer(range) => (
                vec![range.min.to_string(), range.max.to_string()],
                vec![(range.min - 1).to_string(), (range.max + 1).to_string()],
            ),
            SettingKind::Choice(choice) => (choice.names.clone(), vec!["none-of-these".into()]),
        };
        for text in accepted {
            policy.check_settings(GuardRails::default(), &with(name, &text)).await.expect(name);
        }
        for text in refused {
            let message = refusal(&policy, &with(name, &text)).await;
            let expected = [name.clone(), setting.values_in_words()];
            assert!(expected.iter().all(|part| message.contains(part)), "{name} = {text}: {message}");
        }
    }
}

fn with(name: &str, text: &str) -> Settings {
    [(name, text)].into_iter().collect()
}

async fn refusal(policy: &Policy, settings: &Settings) -> String {
    match policy.check_settings(GuardRails::default(), settings).await {
        Err(PolicyError::Answered(error)) if error.code == ErrorCode::InvalidSettings => error.message,
        other => panic!("not refused as invalid settings: {other:?}"),
    }
}
