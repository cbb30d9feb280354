//! What a user may start, stop, delete, replace and buy, and the effect on the account's slots.

use crate::contract::*;
use crate::dialer::{Dialer, Run, check_numbers, invalid_request};
use crate::numbers::each_once;
use crate::replacement::CandidateSearch;
use crate::text::text;
use alloc::vec::Vec;

/// The most blocks that an account may have.
pub const BLOCKS_MAX: u32 = 100_000;

/// Answers a user's request: an outcome for every number, and a plan for what is accepted.
pub fn decide(dialer: &impl Dialer, id: &str, request: Request) -> Result<Decision, Error> {
    let numbers = numbers_of(&request);
    check_numbers(numbers)?;
    let run = Run::new(dialer, id)?;
    let mut decision = Decision { plan: run.empty_plan(), outcomes: Vec::with_capacity(numbers.len()) };
    match &request {
        Request::SetBlocks(blocks) => set_blocks(&run, *blocks, &mut decision)?,
        _ => answer(&mut Holdings::gather(&run, numbers)?, &request, numbers, &mut decision)?,
    }
    Ok(decision)
}

fn numbers_of(request: &Request) -> &[PhoneNumber] {
    match request {
        Request::StartMonitoring(numbers) | Request::StopMonitoring(numbers) | Request::ReplaceNumbers(numbers) => {
            numbers
        }
        Request::DeleteNumbers(deletion) => &deletion.numbers,
        Request::SetBlocks(_) => &[],
    }
}

/// Carries out the accepted part of a request in the holdings, and notes the actions and an outcome for each number.
fn answer(
    holdings: &mut Holdings<impl Dialer>,
    request: &Request,
    numbers: &[PhoneNumber],
    decision: &mut Decision,
) -> Result<(), Error> {
    let run = holdings.run;
    let mut search = CandidateSearch::new(run);
    let mut free_slots = match request {
        Request::StartMonitoring(_) => holdings.free_slots(numbers.len()).into_iter(),
        _ => Vec::new().into_iter(),
    };
    for number in numbers {
        let actions = &mut decision.plan.actions;
        let outcome = match request {
            Request::StartMonitoring(_) => start(holdings, *number, &mut free_slots, actions),
            Request::StopMonitoring(_) => stop(holdings, *number, actions),
            Request::DeleteNumbers(deletion) => delete(holdings, *number, deletion.accept_slot_loss, actions),
            _ => replace(holdings, *number, &mut search, actions)?,
        };
        decision.outcomes.push(outcome);
    }
    Ok(())
}

/// Numbers fill the account's free slots in the order given, the lowest slot first.
fn start(
    holdings: &mut Holdings<impl Dialer>,
    number: PhoneNumber,
    free_slots: &mut impl Iterator<Item = SlotId>,
    actions: &mut Vec<Action>,
) -> Outcome {
    match holdings.state(number) {
        _ if !holdings.run.account.enabled => refused(Answer::AddOnOff),
        NumberState::Foreign => refused(Answer::NotOwned),
        NumberState::Monitored { .. } => refused(Answer::AlreadyMonitored),
        NumberState::Unmonitored => match free_slots.next() {
            None => holdings.no_free_slot(),
            Some(slot) => {
                holdings.set(number, NumberState::Monitored { slot, replacement_pending: false });
                actions.push(Action::OccupySlot(Occupancy { number, slot }));
                ACCEPTED
            }
        },
    }
}

fn stop(holdings: &mut Holdings<impl Dialer>, number: PhoneNumber, actions: &mut Vec<Action>) -> Outcome {
    match holdings.state(number) {
        NumberState::Foreign => refused(Answer::NotOwned),
        NumberState::Unmonitored => refused(Answer::NotMonitored),
        NumberState::Monitored { replacement_pending: true, .. } => refused(Answer::ReplacementPending),
        NumberState::Monitored { slot, .. } => {
            holdings.set(number, NumberState::Unmonitored);
            actions.push(holdings.lock(number, slot, ClosingReason::MonitoringStopped));
            ACCEPTED
        }
    }
}

fn delete(
    holdings: &mut Holdings<impl Dialer>,
    number: PhoneNumber,
    accept_slot_loss: bool,
    actions: &mut Vec<Action>,
) -> Outcome {
    match holdings.state(number) {
        NumberState::Foreign => refused(Answer::NotOwned),
        NumberState::Monitored { replacement_pending: true, .. } => refused(Answer::ReplacementPending),
        NumberState::Monitored { .. } if !accept_slot_loss => {
            Outcome { answer: Answer::SlotWouldLock, until: Some(holdings.run.account.cycle_ends_at) }
        }
        state => {
            if let NumberState::Monitored { slot, .. } = state {
                actions.push(holdings.lock(number, slot, ClosingReason::NumberDeleted));
            }
            holdings.set(number, NumberState::Foreign);
            actions.push(Action::ReleaseNumber(number));
            ACCEPTED
        }
    }
}

fn replace<D: Dialer>(
    holdings: &mut Holdings<D>,
    number: PhoneNumber,
    search: &mut CandidateSearch<D>,
    actions: &mut Vec<Action>,
) -> Result<Outcome, Error> {
    Ok(match holdings.state(number) {
        _ if !holdings.run.account.enabled => refused(Answer::AddOnOff),
        NumberState::Foreign => refused(Answer::NotOwned),
        NumberState::Unmonitored => refused(Answer::NotMonitored),
        NumberState::Monitored { replacement_pending: true, .. } => refused(Answer::ReplacementPending),
        NumberState::Monitored { slot, .. } => match search.closest_clean(number)? {
            None => refused(Answer::NoCleanCandidate),
            Some(successor) => {
                holdings.set(number, NumberState::Monitored { slot, replacement_pending: true });
                actions.push(successor.replaces(number, slot, ReplacementReason::Requested, "Requested by a user"));
                ACCEPTED
            }
        },
    })
}

/// More blocks take effect at once, fewer at the next cycle, but never fewer than the monitored numbers need.
fn set_blocks(run: &Run<impl Dialer>, blocks: u32, decision: &mut Decision) -> Result<(), Error> {
    if blocks > BLOCKS_MAX {
        return Err(invalid_request(text![blocks, " blocks are too many; ask for 0 to ", BLOCKS_MAX, "."]));
    }
    let account = &run.account;
    let slots = u64::from(blocks) * u64::from(account.slots_per_block);
    let more_than_now = slots > u64::from(account.slot_count);
    let outcome = match () {
        () if !account.enabled => refused(Answer::AddOnOff),
        () if slots < u64::from(account.monitored_count) => refused(Answer::SlotsInUse),
        () => ACCEPTED,
    };
    if outcome == ACCEPTED && (more_than_now || slots != u64::from(account.slot_count_next)) {
        let starting = if more_than_now { run.now } else { account.cycle_ends_at };
        decision.plan.actions.push(Action::SetBlocks(BlockChange { blocks, starting }));
    }
    decision.outcomes.push(outcome);
    Ok(())
}

const ACCEPTED: Outcome = Outcome { answer: Answer::Accepted, until: None };

fn refused(answer: Answer) -> Outcome {
    Outcome { answer, until: None }
}

/// The state of the requested numbers in the account, and its taken slots. Updated while a request is answered, so that a
/// repeated number is answered as if the first answer had been carried out.
struct Holdings<'a, D> {
    run: &'a Run<'a, D>,
    /// In ascending order, each once.
    numbers: Vec<PhoneNumber>,
    /// The state of each of `numbers`.
    states: Vec<NumberState>,
    /// In ascending order.
    taken_slots: Vec<u64>,
    occupied_count: u32,
}

/// The state of a number in an account.
#[derive(Clone, Copy)]
enum NumberState {
    Foreign,
    Unmonitored,
    Monitored { slot: SlotId, replacement_pending: bool },
}

impl<'a, D: Dialer> Holdings<'a, D> {
    fn gather(run: &'a Run<'a, D>, numbers: &[PhoneNumber]) -> Result<Self, Error> {
        let mut holdings = Holdings {
            run,
            states: alloc::vec![NumberState::Foreign; numbers.len()],
            numbers: each_once(numbers.to_vec()),
            taken_slots: Vec::new(),
            occupied_count: 0,
        };
        for number in run.dialer.owned(&run.account.id, numbers)? {
            holdings.set(number, NumberState::Unmonitored);
        }
        for lock in run.locks_in_force() {
            holdings.taken_slots.push(lock.slot.into());
        }
        let mut pages = run.pages();
        while let Some(page) = pages.next_page()? {
            holdings.occupied_count += page.numbers.len() as u32;
            for ((number, slot), pending) in page.numbers.iter().zip(&page.slots).zip(&page.replacement_pending) {
                holdings.taken_slots.push(u64::from(*slot));
                holdings.set(*number, NumberState::Monitored { slot: *slot, replacement_pending: *pending != 0 });
            }
        }
        holdings.taken_slots = each_once(holdings.taken_slots);
        Ok(holdings)
    }

    fn state(&self, number: PhoneNumber) -> NumberState {
        let place = self.numbers.binary_search(&number).ok();
        place.and_then(|place| self.states.get(place)).copied().unwrap_or(NumberState::Foreign)
    }

    /// Sets the state of a number, if it is one of those asked about.
    fn set(&mut self, number: PhoneNumber, state: NumberState) {
        let place = self.numbers.binary_search(&number).ok();
        if let Some(before) = place.and_then(|place| self.states.get_mut(place)) {
            *before = state;
        }
    }

    /// The first `wanted` slots that a number may take, limited to those free both now and in the next cycle.
    fn free_slots(&self, wanted: usize) -> Vec<SlotId> {
        let account = &self.run.account;
        let in_use = self.taken_slots.len() as u32;
        let free_now = account.slot_count.saturating_sub(in_use);
        let free_next_cycle = account.slot_count_next.saturating_sub(self.occupied_count);
        let wanted = wanted.min(free_now.min(free_next_cycle) as usize);
        let mut free = Vec::with_capacity(wanted);
        for slot in 1..=account.slot_count {
            if free.len() == wanted {
                break;
            }
            if self.taken_slots.binary_search(&u64::from(slot)).is_err() {
                free.push(slot);
            }
        }
        free
    }

    /// The refusal, with the time at which the next lock ends.
    fn no_free_slot(&self) -> Outcome {
        let until = self.run.locks_in_force().map(|lock| lock.until).min();
        Outcome { answer: Answer::NoFreeSlot, until }
    }

    fn lock(&self, number: PhoneNumber, slot: SlotId, why: ClosingReason) -> Action {
        Action::LockSlot(SlotClosing { number, slot, until: self.run.account.cycle_ends_at, why })
    }
}

#[cfg(test)]
mod tests;
