//! Random decisions about random accounts: whatever passes the check keeps the books.
//!
//! Each begins as the decision of an honest policy, and up to three faults are put into it. The books are kept here without
//! the check's help, by the rules of the contract.

use super::*;
use proptest::prelude::*;
use proptest::sample::Index;
use std::collections::BTreeMap;

const SLOTS_PER_BLOCK: u32 = 4;

/// Numbers that the account owns, up to 7, and candidates above.
const OWNED: std::ops::RangeInclusive<u64> = 1..=7;
const OFFERED: std::ops::RangeInclusive<u64> = 11..=14;

/// What may be wrong with a decision.
#[derive(Debug, Clone)]
enum Fault {
    Drop(Index),
    Double(Index),
    Swap(Index, Index),
    /// Another number, slot or count, by as much.
    Shift(Index, u8),
    /// Another action in its place.
    Exchange(Index, Action),
    Answer(Index, Answer),
}

fn any_action() -> impl Strategy<Value = Action> {
    let number = 1..=14_u64;
    prop_oneof![
        (number.clone(), 0..10_u32).prop_map(|(number, slot)| occupy(number, slot)),
        (number.clone(), 0..10_u32, any::<bool>()).prop_map(|(number, slot, deleted)| {
            lock(
                number,
                slot,
                CYCLE_ENDS_AT,
                if deleted { ClosingReason::NumberDeleted } else { ClosingReason::MonitoringStopped },
            )
        }),
        number.clone().prop_map(Action::ReleaseNumber),
        (number, OFFERED, 0..10_u32).prop_map(|(number, successor, slot)| requested(number, successor, slot)),
        (0..5_u32).prop_map(|blocks| Action::SetBlocks(BlockChange { blocks, starting: NOW })),
    ]
}

fn any_fault() -> impl Strategy<Value = Fault> {
    let index = any::<Index>;
    let answer = prop::sample::select(vec![Answer::Accepted, Answer::NotOwned, Answer::NoFreeSlot]);
    prop_oneof![
        index().prop_map(Fault::Drop),
        index().prop_map(Fault::Double),
        (index(), index()).prop_map(|(one, other)| Fault::Swap(one, other)),
        (index(), 1..4_u8).prop_map(|(index, by)| Fault::Shift(index, by)),
        (index(), any_action()).prop_map(|(index, action)| Fault::Exchange(index, action)),
        (index(), answer).prop_map(|(index, answer)| Fault::Answer(index, answer)),
    ]
}

fn requested(number: PhoneNumber, successor: PhoneNumber, slot: SlotId) -> Action {
    replace_because(number, successor, slot, ReplacementReason::Requested, "Requested by a user.")
}

/// An account with up to 3 blocks, some of its numbers in slots, and some slots locked.
fn any_inputs() -> impl Strategy<Value = Inputs> {
    let slots = prop::collection::btree_map(1..=12_u32, prop::option::of(OWNED), 0..8);
    (slots, 2..=3_u32, 1..=3_u32, any::<bool>()).prop_map(|(slots, blocks, blocks_next, enabled)| {
        let mut inputs = inputs();
        inputs.monitored.clear();
        let account = inputs.account.as_mut().unwrap();
        (account.slots_per_block, account.enabled) = (SLOTS_PER_BLOCK, enabled);
        account.slot_count = blocks * SLOTS_PER_BLOCK;
        account.slot_count_next = blocks_next.min(blocks) * SLOTS_PER_BLOCK;
        account.locked_slots.clear();
        let mut taken = BTreeMap::new();
        for (slot, number) in slots.into_iter().filter(|(slot, _)| *slot <= account.slot_count) {
            match number {
                None => account.locked_slots.push(SlotLock { slot, until: CYCLE_ENDS_AT }),
                Some(number) => drop(taken.entry(number).or_insert(slot)),
            }
        }
        account.monitored_count = taken.len() as u32;
        let flagged = |(number, slot): (&u64, &u32)| monitored(*number, *slot, Status::Flagged);
        inputs.monitored = pages(&taken.iter().map(flagged).collect::<Vec<_>>());
        inputs.owned = OWNED.filter(|number| !taken.contains_key(number)).collect();
        inputs.offered = OFFERED.map(|number| (number, false)).collect();
        inputs
    })
}

fn any_request() -> impl Strategy<Value = Request> {
    let numbers = prop::collection::vec(1..=9_u64, 1..5);
    prop_oneof![
        numbers.clone().prop_map(Request::StartMonitoring),
        numbers.clone().prop_map(Request::StopMonitoring),
        (numbers.clone(), any::<bool>())
            .prop_map(|(numbers, accept_slot_loss)| Request::DeleteNumbers(Deletion { numbers, accept_slot_loss })),
        numbers.prop_map(Request::ReplaceNumbers),
        (0..=5_u32).prop_map(Request::SetBlocks),
    ]
}

/// The books: what is in which slot, what is owned, and what was bought.
#[derive(Debug, Clone, PartialEq)]
struct Books {
    slots: BTreeMap<SlotId, Option<PhoneNumber>>,
    owned: BTreeSet<PhoneNumber>,
    offered: BTreeSet<PhoneNumber>,
    replaced: BTreeSet<PhoneNumber>,
    blocks_before: u32,
    blocks: u32,
    blocks_next: u32,
    blocks_charged: u32,
}

impl Books {
    fn of(inputs: &Inputs) -> Self {
        let account = inputs.account.as_ref().unwrap();
        let locked = account.locked_slots.iter().map(|lock| (lock.slot, None));
        let occupied = inputs.monitored().map(|number| (number.slot, Some(number.number)));
        Books {
            slots: locked.chain(occupied).collect(),
            owned: OWNED.collect(),
            offered: inputs.offered.keys().copied().collect(),
            replaced: BTreeSet::new(),
            blocks_before: account.slot_count / SLOTS_PER_BLOCK,
            blocks: account.slot_count / SLOTS_PER_BLOCK,
            blocks_next: account.slot_count_next / SLOTS_PER_BLOCK,
            blocks_charged: 0,
        }
    }

    fn slot_of(&self, number: PhoneNumber) -> Option<SlotId> {
        self.slots.iter().find(|(_, held)| **held == Some(number)).map(|(slot, _)| *slot)
    }

    fn in_use(&self) -> u32 {
        self.slots.values().flatten().count() as u32
    }

    /// Does what a user asked about one number; whether that was possible.
    fn carry_out(&mut self, request: &Request, number: PhoneNumber) -> bool {
        let (slot, owned) = (self.slot_of(number), self.owned.contains(&number));
        match (request, slot) {
            (Request::StartMonitoring(_), None) if owned => {
                let is_free = |slot: &SlotId| !self.slots.contains_key(slot);
                let is_room = self.in_use() < self.blocks_next * SLOTS_PER_BLOCK;
                let free = (1..=self.blocks * SLOTS_PER_BLOCK).find(is_free).filter(|_| is_room);
                free.map(|slot| self.slots.insert(slot, Some(number))).is_some()
            }
            (Request::StopMonitoring(_), Some(slot)) => self.slots.insert(slot, None).is_some(),
            (Request::DeleteNumbers(_), None) => self.owned.remove(&number),
            (Request::DeleteNumbers(Deletion { accept_slot_loss: true, .. }), Some(slot)) => {
                self.slots.insert(slot, None);
                self.owned.remove(&number)
            }
            (Request::ReplaceNumbers(_), Some(_)) => {
                !self.replaced.contains(&number) && self.offered.pop_first().is_some() && self.replaced.insert(number)
            }
            _ => false,
        }
    }

    /// Does what an action says, as a ledger without rules would.
    fn take(&mut self, action: &Action) {
        match action {
            Action::OccupySlot(occupancy) => {
                assert_eq!(self.slot_of(occupancy.number), None, "a number has one slot");
                assert!(self.owned.contains(&occupancy.number), "a number in a slot is owned");
                let before = self.slots.insert(occupancy.slot, Some(occupancy.number));
                assert_eq!(before, None, "a slot that is occupied or locked is not free");
            }
            Action::LockSlot(closing) => {
                let before = self.slots.insert(closing.slot, None);
                assert_eq!(before, Some(Some(closing.number)), "a number leaves the slot that it has");
                assert_eq!(closing.until, CYCLE_ENDS_AT);
            }
            Action::ReleaseNumber(number) => {
                assert_eq!(self.slot_of(*number), None, "a number leaves its slot first");
                assert!(self.owned.remove(number), "a number leaves once");
            }
            Action::ReplaceNumber(replacement) => {
                assert_eq!(self.slot_of(replacement.number), Some(replacement.slot), "the slot moves");
                assert!(self.replaced.insert(replacement.number), "a number is replaced once");
                assert!(self.offered.remove(&replacement.replacement), "a candidate replaces one number");
            }
            Action::SetBlocks(change) => {
                // Once an action, as a ledger would that trusts its plans.
                self.blocks_charged += change.blocks.saturating_sub(self.blocks_before);
                self.blocks = self.blocks.max(change.blocks);
                self.blocks_next = change.blocks;
            }
            other => unreachable!("a request comes to no {other:?}"),
        }
    }
}

/// What an honest policy decides.
fn honest(inputs: &Inputs, request: &Request) -> Decision {
    let account = inputs.account.as_ref().unwrap();
    let mut books = Books::of(inputs);
    let needs_add_on = !matches!(request, Request::StopMonitoring(_) | Request::DeleteNumbers(_));
    let is_allowed = account.enabled || !needs_add_on;
    let (mut actions, mut outcomes) = (Vec::new(), Vec::new());
    let mut answer = |is_accepted| {
        let answer = if is_accepted { Answer::Accepted } else { Answer::NotOwned };
        outcomes.push(Outcome { answer, until: None });
    };
    if let Request::SetBlocks(blocks) = request {
        let is_accepted = is_allowed && blocks * SLOTS_PER_BLOCK >= books.in_use();
        if is_accepted && *blocks != books.blocks_next {
            let starting = if *blocks > books.blocks { NOW } else { CYCLE_ENDS_AT };
            actions.push(Action::SetBlocks(BlockChange { blocks: *blocks, starting }));
        }
        answer(is_accepted);
    }
    for number in requested_numbers(request).unwrap_or_default() {
        let (slot, successor) = (books.slot_of(*number), books.offered.first().copied());
        let is_accepted = is_allowed && books.carry_out(request, *number);
        answer(is_accepted);
        match request {
            _ if !is_accepted => {}
            Request::StartMonitoring(_) => actions.push(occupy(*number, books.slot_of(*number).unwrap())),
            Request::StopMonitoring(_) => {
                actions.push(lock(*number, slot.unwrap(), CYCLE_ENDS_AT, ClosingReason::MonitoringStopped))
            }
            Request::DeleteNumbers(_) => {
                actions.extend(slot.map(|slot| lock(*number, slot, CYCLE_ENDS_AT, ClosingReason::NumberDeleted)));
                actions.push(Action::ReleaseNumber(*number));
            }
            _ => actions.push(requested(*number, successor.unwrap(), slot.unwrap())),
        }
    }
    Decision { plan: plan(vec![], actions), outcomes }
}

fn put_into(decision: &mut Decision, fault: Fault) {
    let actions = &mut decision.plan.actions;
    match fault {
        Fault::Answer(index, answer) => index.get_mut(&mut decision.outcomes).answer = answer,
        Fault::Exchange(index, action) if actions.is_empty() => drop((index, actions.push(action))),
        _ if actions.is_empty() => {}
        Fault::Exchange(index, action) => *index.get_mut(actions) = action,
        Fault::Drop(index) => drop(actions.remove(index.index(actions.len()))),
        Fault::Double(index) => actions.push(index.get(actions).clone()),
        Fault::Swap(one, other) => {
            let count = actions.len();
            actions.swap(one.index(count), other.index(count));
        }
        Fault::Shift(index, by) => match index.get_mut(actions) {
            Action::OccupySlot(occupancy) => occupancy.slot += u32::from(by),
            Action::LockSlot(closing) => closing.slot += u32::from(by),
            Action::ReleaseNumber(number) => *number += u64::from(by),
            Action::ReplaceNumber(replacement) => replacement.replacement += u64::from(by),
            Action::SetBlocks(change) => change.blocks += u32::from(by),
            other => unreachable!("a request comes to no {other:?}"),
        },
    }
}

/// What the decision's accepted answers come to, whichever slots and candidates it chose.
fn as_accepted(inputs: &Inputs, request: &Request, decision: &Decision) -> Books {
    let mut books = Books::of(inputs);
    let is_accepted = |outcome: &Outcome| outcome.answer == Answer::Accepted;
    if let (Request::SetBlocks(blocks), true) = (request, decision.outcomes.iter().all(is_accepted)) {
        books.blocks_charged = blocks.saturating_sub(books.blocks);
        books.blocks = books.blocks.max(*blocks);
        books.blocks_next = *blocks;
    }
    for (number, outcome) in requested_numbers(request).unwrap_or_default().iter().zip(&decision.outcomes) {
        if is_accepted(outcome) {
            assert!(books.carry_out(request, *number), "+{number} was accepted, and could not be");
        }
    }
    books
}

/// Sizes that do not depend on which free slot or which candidate was taken.
fn figures(books: &Books) -> (usize, u32, &BTreeSet<PhoneNumber>, usize, &BTreeSet<PhoneNumber>, [u32; 3]) {
    let blocks = [books.blocks, books.blocks_next, books.blocks_charged];
    (books.slots.len(), books.in_use(), &books.owned, books.offered.len(), &books.replaced, blocks)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_passes_the_check_keeps_the_books(
        inputs in any_inputs(), request in any_request(), faults in prop::collection::vec(any_fault(), 0..=3)
    ) {
        let is_honest = faults.is_empty();
        let mut decision = honest(&inputs, &request);
        faults.into_iter().for_each(|fault| put_into(&mut decision, fault));
        let checked = check_decision("acme", &request, &decision, &inputs, &[]);
        prop_assert!(!is_honest || checked.is_ok(), "an honest decision is refused: {checked:?}");
        if checked.is_ok() {
            let mut books = Books::of(&inputs);
            decision.plan.actions.iter().for_each(|action| books.take(action));
            let accepted = as_accepted(&inputs, &request, &decision);
            prop_assert_eq!(figures(&books), figures(&accepted), "what was done is what was accepted");
            let room = books.blocks * SLOTS_PER_BLOCK;
            prop_assert!(books.slots.len() as u32 <= room, "slots in use are never more than those bought");
            prop_assert!(books.slots.keys().all(|slot| (1..=room).contains(slot)), "each slot is one of the account's");
        }
    }
}
