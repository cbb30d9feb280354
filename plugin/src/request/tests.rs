//! Users' requests as scenarios: the account before, the request, the answers, and the slots after.

use super::*;
use crate::model::{AccountModel, CYCLE, DAY};
use Answer::*;
use alloc::collections::BTreeSet;
use alloc::vec;

fn answers(decision: &Decision) -> Vec<Answer> {
    decision.outcomes.iter().map(|outcome| outcome.answer).collect()
}

fn deletion(numbers: &[PhoneNumber], accept_slot_loss: bool) -> Request {
    Request::DeleteNumbers(Deletion { numbers: numbers.to_vec(), accept_slot_loss })
}

fn slots(dialer: &AccountModel) -> Vec<(PhoneNumber, SlotId)> {
    dialer.monitored.values().map(|number| (number.number, number.slot)).collect()
}

fn locked(dialer: &AccountModel) -> Vec<SlotId> {
    dialer.account.locked_slots.iter().map(|lock| lock.slot).collect()
}

/// Numbers 1 and 2 are monitored in slots 1 and 2, numbers 3 to 20 are owned, and 1001 is a clean candidate.
fn account() -> AccountModel {
    let mut dialer = AccountModel::new(1);
    dialer.own(&(1..=20).collect::<Vec<_>>());
    dialer.own_and_monitor(&[1, 2]);
    dialer.offer(1_001);
    dialer.observe(1_001, &[Some(0), Some(0)]);
    dialer
}

/// Every answer of the contract, with the account above.
#[test]
fn each_number_has_its_answer() {
    type Change = fn(&mut AccountModel);
    let same: Change = |_| {};
    let off: Change = |dialer| dialer.account.enabled = false;
    let pending: Change = |dialer| {
        dialer.delivers_at_once = false;
        dialer.request(Request::ReplaceNumbers(vec![1]));
    };
    let none_clean: Change = |dialer| dialer.observe(1_001, &[Some(90), Some(0)]);
    let full: Change = |dialer| dialer.own_and_monitor(&(3..=15).collect::<Vec<_>>());
    let start = |numbers: &[u64]| Request::StartMonitoring(numbers.to_vec());
    let stop = |numbers: &[u64]| Request::StopMonitoring(numbers.to_vec());
    let replace = |numbers: &[u64]| Request::ReplaceNumbers(numbers.to_vec());
    let scenarios: Vec<(&str, Change, Request, Vec<Answer>)> = vec![
        ("start", same, start(&[3, 1, 99]), vec![Accepted, AlreadyMonitored, NotOwned]),
        ("start twice", same, start(&[3, 3]), vec![Accepted, AlreadyMonitored]),
        ("start while off", off, start(&[3]), vec![AddOnOff]),
        ("start with no free slot", full, start(&[16, 17]), vec![NoFreeSlot, NoFreeSlot]),
        ("start no numbers", same, start(&[]), vec![]),
        ("stop", same, stop(&[1, 3, 99]), vec![Accepted, NotMonitored, NotOwned]),
        ("stop twice", same, stop(&[1, 1]), vec![Accepted, NotMonitored]),
        ("stop while off", off, stop(&[1]), vec![Accepted]),
        ("stop while being replaced", pending, stop(&[1, 2]), vec![ReplacementPending, Accepted]),
        ("delete", same, deletion(&[3, 1, 99], false), vec![Accepted, SlotWouldLock, NotOwned]),
        ("delete and accept the loss", same, deletion(&[3, 1, 99], true), vec![Accepted, Accepted, NotOwned]),
        ("delete twice", same, deletion(&[1, 1], true), vec![Accepted, NotOwned]),
        ("delete while off", off, deletion(&[1], true), vec![Accepted]),
        ("delete while being replaced", pending, deletion(&[1], true), vec![ReplacementPending]),
        ("replace", same, replace(&[1, 3, 99]), vec![Accepted, NotMonitored, NotOwned]),
        ("replace two with one candidate", same, replace(&[1, 2]), vec![Accepted, NoCleanCandidate]),
        ("replace twice", same, replace(&[1, 1]), vec![Accepted, ReplacementPending]),
        ("replace while off", off, replace(&[1]), vec![AddOnOff]),
        ("replace while being replaced", pending, replace(&[1]), vec![ReplacementPending]),
        ("replace without a clean candidate", none_clean, replace(&[1]), vec![NoCleanCandidate]),
        ("more blocks", same, Request::SetBlocks(2), vec![Accepted]),
        ("the same number of blocks", same, Request::SetBlocks(1), vec![Accepted]),
        ("fewer blocks than numbers need", same, Request::SetBlocks(0), vec![SlotsInUse]),
        ("blocks while off", off, Request::SetBlocks(2), vec![AddOnOff]),
    ];
    for (what, change, request, expected) in scenarios {
        let mut dialer = account();
        change(&mut dialer);
        assert_eq!(answers(&dialer.request(request)), expected, "{what}");
    }
}

#[test]
fn numbers_fill_slots_in_the_order_given_and_the_rest_is_refused() {
    let mut dialer = account();
    dialer.request(Request::StopMonitoring(vec![1]));
    let decision = dialer.request(Request::StartMonitoring((3..=20).rev().collect()));
    // Slot 1 is locked and slot 2 occupied, so 13 are free.
    assert_eq!(answers(&decision), [[Accepted; 13].as_slice(), &[NoFreeSlot; 5]].concat());
    assert!(decision.outcomes[13..].iter().all(|outcome| outcome.until == Some(dialer.account.cycle_ends_at)));
    let expected: Vec<_> = (8..=20).rev().zip(3..=15).chain([(2, 2)]).collect();
    let mut occupied = slots(&dialer);
    occupied.sort_by_key(|(_, slot)| *slot);
    assert_eq!(occupied, {
        let mut by_slot = expected;
        by_slot.sort_by_key(|(_, slot)| *slot);
        by_slot
    });
}

#[test]
fn a_full_account_without_locks_gives_no_time_to_wait_for() {
    let mut dialer = account();
    dialer.own_and_monitor(&(3..=15).collect::<Vec<_>>());
    let decision = dialer.request(Request::StartMonitoring(vec![16]));
    assert_eq!(decision.outcomes, [Outcome { answer: NoFreeSlot, until: None }]);
}

#[test]
fn a_stopped_numbers_slot_is_free_at_the_second_the_cycle_ends() {
    let mut dialer = account();
    dialer.own_and_monitor(&(3..=15).collect::<Vec<_>>());
    dialer.request(Request::StopMonitoring(vec![7]));
    assert_eq!(locked(&dialer), [7]);
    dialer.pass(dialer.account.cycle_ends_at - dialer.now - 1);
    let too_early = dialer.request(Request::StartMonitoring(vec![16]));
    assert_eq!(too_early.outcomes, [Outcome { answer: NoFreeSlot, until: Some(dialer.now + 1) }]);
    dialer.pass(1);
    assert_eq!(answers(&dialer.request(Request::StartMonitoring(vec![16]))), [Accepted]);
    assert_eq!(dialer.monitored[&16].slot, 7);
}

/// A host may still list a lock that has expired.
#[test]
fn an_expired_lock_counts_as_free() {
    let mut dialer = account();
    dialer.own_and_monitor(&(3..=14).collect::<Vec<_>>());
    dialer.account.locked_slots = vec![SlotLock { slot: 15, until: dialer.now }];
    let decision = dialer.request(Request::StartMonitoring(vec![16]));
    assert_eq!(answers(&decision), [Accepted]);
    assert_eq!(dialer.monitored[&16].slot, 15);
}

#[test]
fn a_refused_deletion_says_until_when_the_slot_would_be_locked() {
    let mut dialer = account();
    let refused = dialer.request(deletion(&[1], false));
    let until = Some(dialer.account.cycle_ends_at);
    assert_eq!(refused.outcomes, [Outcome { answer: SlotWouldLock, until }]);
    assert!(refused.plan.actions.is_empty() && dialer.owned.contains(&1));

    let accepted = dialer.request(deletion(&[1], true));
    let closing =
        SlotClosing { number: 1, slot: 1, until: dialer.account.cycle_ends_at, why: ClosingReason::NumberDeleted };
    assert_eq!(accepted.plan.actions, [Action::LockSlot(closing), Action::ReleaseNumber(1)]);
    assert_eq!(locked(&dialer), [1]);
}

#[test]
fn a_requested_replacement_keeps_the_slot_and_ignores_the_daily_cap() {
    let mut dialer = account();
    dialer.account.guard_rails.replacements_per_day_max = 0;
    let decision = dialer.request(Request::ReplaceNumbers(vec![2]));
    let because = "Requested by a user; +1001 is the closest candidate that none of 2 carriers flags.".into();
    let why = ReplacementReason::Requested;
    let replacement = Replacement { number: 2, replacement: 1_001, slot: 2, why, because };
    assert_eq!(decision.plan.actions, [Action::ReplaceNumber(replacement)]);
    assert_eq!(slots(&dialer), [(1, 1), (1_001, 2)]);
    assert!(locked(&dialer).is_empty());
}

#[test]
fn more_blocks_take_effect_at_once_and_fewer_at_the_next_cycle() {
    let mut dialer = account();
    let more = dialer.request(Request::SetBlocks(3));
    assert_eq!(more.plan.actions, [Action::SetBlocks(BlockChange { blocks: 3, starting: dialer.now })]);
    assert_eq!(dialer.account.slot_count, 45);

    let fewer = dialer.request(Request::SetBlocks(1));
    let change = BlockChange { blocks: 1, starting: dialer.account.cycle_ends_at };
    assert_eq!(fewer.plan.actions, [Action::SetBlocks(change)]);
    assert_eq!((dialer.account.slot_count, dialer.account.slot_count_next), (45, 15));
    assert_eq!(dialer.request(Request::SetBlocks(1)).plan.actions, [], "already set");

    // Slots that end with this cycle cannot be filled now, because their numbers would lose them at the next.
    let decision = dialer.request(Request::StartMonitoring((3..=20).collect()));
    assert_eq!(answers(&decision), [[Accepted; 13].as_slice(), &[NoFreeSlot; 5]].concat());
    dialer.pass(CYCLE);
    assert_eq!(dialer.account.slot_count, 15);
}

#[test]
fn blocks_set_back_are_kept() {
    let mut dialer = account();
    dialer.request(Request::SetBlocks(2));
    dialer.request(Request::SetBlocks(1));
    let kept = dialer.request(Request::SetBlocks(2));
    let change = BlockChange { blocks: 2, starting: dialer.account.cycle_ends_at };
    assert_eq!(kept.plan.actions, [Action::SetBlocks(change)]);
    dialer.pass(CYCLE);
    assert_eq!(dialer.account.slot_count, 30);
}

#[test]
fn blocks_can_shrink_to_the_monitored_count_whichever_slots_are_occupied() {
    let mut dialer = AccountModel::new(2);
    dialer.own_and_monitor(&(1..=20).collect::<Vec<_>>());
    dialer.request(Request::StopMonitoring((1..=10).collect()));
    assert_eq!(answers(&dialer.request(Request::SetBlocks(1))), [Accepted]);
    dialer.pass(CYCLE);
    // Ten numbers stay in slots 11 to 20 although there are now 15 slots; five more fit.
    let decision = dialer.request(Request::StartMonitoring((1..=6).collect()));
    assert_eq!(answers(&decision), [[Accepted; 5].as_slice(), &[NoFreeSlot]].concat());
    assert_eq!(dialer.monitored[&5].slot, 5);
}

#[test]
fn invalid_requests_are_refused_as_a_whole() {
    let dialer = account();
    for request in [
        Request::StartMonitoring(vec![0]),
        Request::StopMonitoring(vec![1_000_000_000_000_000]),
        Request::ReplaceNumbers(vec![1; 10_001]),
        deletion(&[1, 0], true),
        Request::SetBlocks(100_001),
    ] {
        assert_eq!(decide(&dialer, "acme", request).unwrap_err().code, ErrorCode::InvalidRequest);
    }
    let error = decide(&dialer, "unknown", Request::SetBlocks(1)).unwrap_err();
    assert_eq!(error.code, ErrorCode::NoSuchAccount);
}

mod histories;
