//! Requests with more numbers than a policy accepts at once, carried out and previewed.

use super::scene::{ACME, Scene};
use crate::harness::acme::NOW;
use crate::harness::policies::reference::reference;
use dialguard::contract::*;
use dialguard_dialer::Dialguard;
use dialguard_dialer::dialguard::BulkOutcome;
use dialguard_dialer::ledger::{AccountChange, ImportedAs};
use std::collections::BTreeSet;

/// Numbers of a request: more than one batch, with the last of it in the second.
const COUNT: usize = NUMBERS_PER_CALL_MAX + 50;

/// A dialer whose account `acme` owns `COUNT` more numbers, and has `blocks` blocks.
async fn dialguard_with_numbers(scene: &Scene, blocks: u32) -> (Dialguard, Vec<PhoneNumber>) {
    let dialguard = scene.dialguard(reference());
    let change = AccountChange { blocks: Some(blocks), ..AccountChange::default() };
    dialguard.change_account("acme", &change).await.expect("blocks");
    let numbers: Vec<PhoneNumber> = (13_105_600_000..).take(COUNT).collect();
    dialguard.ledger().import_numbers("acme", &numbers, ImportedAs::Owned, NOW).expect("numbers");
    (dialguard, numbers)
}

fn slots(bulk: &BulkOutcome) -> BTreeSet<SlotId> {
    let slots = bulk.actions.iter().filter_map(|action| match action {
        Action::OccupySlot(occupancy) => Some(occupancy.slot),
        Action::LockSlot(closing) => Some(closing.slot),
        _ => None,
    });
    slots.collect()
}

fn accepted(bulk: &BulkOutcome) -> usize {
    bulk.outcomes.iter().filter(|outcome| outcome.answer == Answer::Accepted).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_promises_each_free_slot_once() {
    let scene = Scene::new().await;
    let (dialguard, numbers) = dialguard_with_numbers(&scene, 2).await;
    // Four of thirty slots are in use.
    let request = Request::StartMonitoring(numbers);
    let before = scene.snapshot();
    let preview = dialguard.try_decide_all("acme", &request).await.expect("an answer");
    assert_eq!(scene.snapshot(), before);
    assert_eq!((preview.outcomes.len(), accepted(&preview)), (COUNT, 26));
    assert_eq!((preview.actions.len(), slots(&preview)), (26, (5..=30).collect()));

    let done = dialguard.decide_all("acme", &request).await.expect("an answer");
    assert_eq!((done.outcomes, done.actions), (preview.outcomes, preview.actions));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_offers_each_candidate_and_counts_each_monitored_number_once() {
    let scene = Scene::new().await;
    let blocks = (COUNT as u32).div_ceil(15) + 1;
    let (dialguard, numbers) = dialguard_with_numbers(&scene, blocks).await;
    let start = Request::StartMonitoring(numbers.clone());
    let preview = dialguard.try_decide_all("acme", &start).await.expect("an answer");
    assert_eq!((accepted(&preview), slots(&preview).len()), (COUNT, COUNT));
    let started = dialguard.decide_all("acme", &start).await.expect("an answer");
    assert_eq!(started.actions, preview.actions);

    // The first number of the request and its last three, for which there are two candidates.
    let mut asked = vec![ACME + 900; COUNT - 4];
    asked.insert(0, ACME + 1);
    asked.extend([ACME + 2, ACME + 3, ACME]);
    let replace = Request::ReplaceNumbers(asked);
    let preview = dialguard.try_decide_all("acme", &replace).await.expect("an answer");
    let promised = preview.actions.iter().filter_map(|action| match action {
        Action::ReplaceNumber(replacement) => Some((replacement.number, replacement.replacement)),
        _ => None,
    });
    let expected = [(ACME + 1, ACME + 90), (ACME + 2, ACME + 91)];
    assert_eq!(promised.collect::<Vec<_>>(), expected);
    assert_eq!(preview.outcomes[COUNT - 1].answer, Answer::NoCleanCandidate);

    // A number named in two batches: its second answer assumes that the first was carried out.
    let twice: Vec<_> = numbers.iter().chain(&numbers[..1]).copied().collect();
    let stopped = dialguard.try_decide_all("acme", &Request::StopMonitoring(twice)).await.expect("an answer");
    assert_eq!((accepted(&stopped), slots(&stopped).len()), (COUNT, COUNT));
    assert_eq!(stopped.outcomes[COUNT].answer, Answer::NotMonitored);
    let deletion = Deletion { numbers: [&numbers[..], &numbers[..1]].concat(), accept_slot_loss: true };
    let deleted = dialguard.try_decide_all("acme", &Request::DeleteNumbers(deletion)).await.expect("an answer");
    assert_eq!((accepted(&deleted), deleted.outcomes[COUNT].answer), (COUNT, Answer::NotOwned));
}
