//! What a run leaves behind for good, at its worst: bounded in bytes, whatever the policy does and however often it is asked.

use super::scene::{ACME, Scene};
use crate::harness::acme::NOW;
use crate::harness::policies::hostile::Hostile;
use crate::harness::policies::limits::{ROOMY, compiled};
use crate::harness::policies::reference::reference;
use dialguard::contract::Request;
use dialguard::policy::Policy;
use dialguard_dialer::ledger::{EventFilter, NewWebhook};

/// In WAT: makes so many notices, whose kinds and texts have so many bytes.
fn notices(count: usize, kind_bytes: usize, text_bytes: usize) -> String {
    "(drop (memory.grow (i32.const 40)))
     (memory.fill (global.get $large) (i32.const 0x78) (i32.const 4000))
     (local.set $id (i32.add (global.get $large) (i32.const 4096)))
     (local.set $id-len (i32.const COUNT))
     (i32.store (global.get $plan.notices) (local.get $id))
     (i32.store offset=4 (global.get $plan.notices) (local.get $id-len))
     (loop $again
       (i32.store offset=4 (local.get $id) (global.get $large))
       (i32.store offset=8 (local.get $id) (i32.const KIND))
       (i32.store offset=32 (local.get $id) (global.get $large))
       (i32.store offset=36 (local.get $id) (i32.const TEXT))
       (local.set $id (i32.add (local.get $id) (i32.const 40)))
       (local.set $id-len (i32.sub (local.get $id-len) (i32.const 1)))
       (br_if $again (local.get $id-len)))"
        .replace("COUNT", &count.to_string())
        .replace("KIND", &kind_bytes.to_string())
        .replace("TEXT", &text_bytes.to_string())
}

fn loud(count: usize, kind_bytes: usize, text_bytes: usize) -> Policy {
    compiled(Hostile::review(notices(count, kind_bytes, text_bytes).leak()), ROOMY)
}

/// 10,000 notices of 4 kB left 87 MB, a review.
#[tokio::test(flavor = "multi_thread")]
async fn notices_beyond_a_quarter_of_a_megabyte_are_a_fault() {
    let scene = Scene::new().await;
    let before = scene.ledger_bytes();
    for (count, refusal) in [(10_000, "it has 10000 notices, more than 2000"), (66, "its notices have 264000 bytes")] {
        let refused = scene.dialguard(loud(count, 2_000, 2_000)).review("acme").await.expect_err("a fault").to_string();
        assert!(refused.contains(refusal), "{refused}");
    }
    let left = scene.ledger_bytes() - before;
    assert!(left < 100_000, "two faults left {left} bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worst_notices_leave_less_than_a_megabyte() {
    for (count, kind_bytes, text_bytes) in [(65, 2_000, 2_000), (131, 1, 2_000), (131, 2_000, 1), (2_000, 65, 66)] {
        let scene = Scene::new().await;
        let before = scene.ledger_bytes();
        scene.dialguard(loud(count, kind_bytes, text_bytes)).review("acme").await.expect("a review");
        let left = scene.ledger_bytes() - before;
        assert!(left < 1_000_000, "{count} notices of {kind_bytes} and {text_bytes} bytes left {left} bytes");
    }
}

/// A message waits for three days if its receiver is down.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_quotes_little_of_a_review() {
    let scene = Scene::new().await;
    let webhook = NewWebhook {
        account: Some("acme"),
        url: "https://receiver.example/",
        key: &[7; 32],
        allow_private: false,
        page_address: None,
    };
    scene.dialguard(reference()).ledger().add_webhook(&webhook, NOW).expect("a webhook");
    // Of severity `alert`, so that a message quotes them.
    let alerts =
        notices(65, 2_000, 2_000).replace("(loop $again", "(loop $again (i32.store8 (local.get $id) (i32.const 2))");
    let policy = compiled(Hostile::review(alerts.leak()), ROOMY);
    scene.dialguard(policy).review("acme").await.expect("a review");
    let longest = scene.figure("SELECT max(length(body)) FROM deliveries");
    assert!((10_000..50_000).contains(&longest), "a message of {longest} bytes");
}

/// A user may ask any number of times, and each answer may have notices.
#[tokio::test(flavor = "multi_thread")]
async fn the_notices_of_a_day_have_room_for_a_megabyte() {
    let scene = Scene::new().await;
    let decide = format!("(call $refuse) {}", notices(65, 2_000, 2_000));
    let dialguard = scene.dialguard(compiled(Hostile::decide(decide.leak()), ROOMY));
    let before = scene.ledger_bytes();
    for _ in 0..20 {
        dialguard.decide("acme", &Request::StopMonitoring(vec![ACME])).await.expect("an answer");
    }
    let events = dialguard.ledger().events("acme", EventFilter { number: None, last: u32::MAX }).expect("events");
    let noticed: usize = events.iter().filter(|event| event.kind.starts_with("xx")).map(|event| event.text.len()).sum();
    assert!((400_000..=1 << 20).contains(&noticed), "{noticed} bytes of texts");
    let dropped: Vec<_> = events.iter().filter(|event| event.kind == "notices-dropped").collect();
    assert_eq!(dropped.len(), 1, "said once");
    assert!(dropped[0].text.contains("are not recorded: a day has room for 1 MiB"), "{}", dropped[0].text);
    let left = scene.ledger_bytes() - before;
    assert!(left < 4_000_000, "twenty requests left {left} bytes");
}

/// Each left a run, a recording, and an event about each number without a new observation.
#[tokio::test(flavor = "multi_thread")]
async fn reviews_by_hand_that_find_nothing_new_leave_nothing() {
    let scene = Scene::new().await;
    let dialguard = scene.dialguard(reference());
    let runs = || dialguard.ledger().runs("acme", 0, 1_000).expect("runs").len();
    // The second one rates the replacement that the first one brought.
    for _ in 0..2 {
        dialguard.review("acme").await.expect("a review");
    }
    let (runs_before, bytes_before) = (runs(), scene.ledger_bytes());
    for _ in 0..50 {
        let reviewed = dialguard.review("acme").await.expect("a review");
        assert!(reviewed.applied.is_none() && reviewed.plan.reviews.is_empty());
    }
    assert_eq!((runs(), scene.ledger_bytes()), (runs_before, bytes_before));
}
