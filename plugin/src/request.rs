//! What a user may start, stop, delete, replace and buy, and the effect on the account's slots.

use crate::contract::*;
use crate::dialer::{self, Dialer, check_numbers, empty_plan, for_each_page, invalid_request, locks_in_force};
use crate::replacement::CandidateSearch;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec::Vec;

/// The most blocks that an account may have.
pub const BLOCKS_MAX: u32 = 100_000;

/// Answers a user's request: an outcome for every number, and a plan for what is accepted.
pub fn decide(dialer: &impl Dialer, id: &str, request: Request) -> Result<Decision, Error> {
    if let Some(numbers) = numbers_of(&request) {
        check_numbers(numbers)?;
    }
    let (account, settings) = dialer::account(dialer, id)?;
    let now = dialer.now();
    let (actions, outcomes) = match &request {
        Request::SetBlocks(blocks) => set_blocks(&account, now, *blocks)?,
        Request::StartMonitoring(numbers) => start(&mut Holdings::gather(dialer, &account, now, numbers)?, numbers),
        Request::StopMonitoring(numbers) => stop(&mut Holdings::gather(dialer, &account, now, numbers)?, numbers),
        Request::DeleteNumbers(deletion) => {
            delete(&mut Holdings::gather(dialer, &account, now, &deletion.numbers)?, deletion)
        }
        Request::ReplaceNumbers(numbers) => {
            let mut search = CandidateSearch::new(dialer, &account, &settings, now);
            replace(&mut Holdings::gather(dialer, &account, now, numbers)?, numbers, &mut search)?
        }
    };
    Ok(Decision { plan: Plan { actions, ..empty_plan(&account, now) }, outcomes })
}

fn numbers_of(request: &Request) -> Option<&[PhoneNumber]> {
    match request {
        Request::StartMonitoring(numbers) | Request::StopMonitoring(numbers) | Request::ReplaceNumbers(numbers) => {
            Some(numbers)
        }
        Request::DeleteNumbers(deletion) => Some(&deletion.numbers),
        Request::SetBlocks(_) => None,
    }
}

type ActionsAndOutcomes = (Vec<Action>, Vec<Outcome>);

/// Numbers fill the account's free slots in the order given, the lowest slot first.
fn start(holdings: &mut Holdings, numbers: &[PhoneNumber]) -> ActionsAndOutcomes {
    let mut free_slots = holdings.free_slots(numbers.len()).into_iter();
    let no_free_slot = holdings.no_free_slot();
    let enabled = holdings.account.enabled;
    answer_each(numbers, |number, actions| match holdings.state(number) {
        _ if !enabled => refused(Answer::AddOnOff),
        NumberState::Foreign => refused(Answer::NotOwned),
        NumberState::Monitored { .. } => refused(Answer::AlreadyMonitored),
        NumberState::Unmonitored => match free_slots.next() {
            None => no_free_slot,
            Some(slot) => {
                holdings.set(number, NumberState::Monitored { slot, replacement_pending: false });
                actions.push(Action::OccupySlot(Occupancy { number, slot }));
                ACCEPTED
            }
        },
    })
}

fn stop(holdings: &mut Holdings, numbers: &[PhoneNumber]) -> ActionsAndOutcomes {
    answer_each(numbers, |number, actions| match holdings.state(number) {
        NumberState::Foreign => refused(Answer::NotOwned),
        NumberState::Unmonitored => refused(Answer::NotMonitored),
        NumberState::Monitored { replacement_pending: true, .. } => refused(Answer::ReplacementPending),
        NumberState::Monitored { slot, .. } => {
            holdings.set(number, NumberState::Unmonitored);
            actions.push(holdings.lock(number, slot, ClosingReason::MonitoringStopped));
            ACCEPTED
        }
    })
}

fn delete(holdings: &mut Holdings, deletion: &Deletion) -> ActionsAndOutcomes {
    let cycle_ends_at = holdings.account.cycle_ends_at;
    answer_each(&deletion.numbers, |number, actions| match holdings.state(number) {
        NumberState::Foreign => refused(Answer::NotOwned),
        NumberState::Monitored { replacement_pending: true, .. } => refused(Answer::ReplacementPending),
        NumberState::Monitored { .. } if !deletion.accept_slot_loss => {
            Outcome { answer: Answer::SlotWouldLock, until: Some(cycle_ends_at) }
        }
        state => {
            if let NumberState::Monitored { slot, .. } = state {
                actions.push(holdings.lock(number, slot, ClosingReason::NumberDeleted));
            }
            holdings.set(number, NumberState::Foreign);
            actions.push(Action::ReleaseNumber(number));
            ACCEPTED
        }
    })
}

fn replace<D: Dialer>(
    holdings: &mut Holdings,
    numbers: &[PhoneNumber],
    search: &mut CandidateSearch<D>,
) -> Result<ActionsAndOutcomes, Error> {
    let enabled = holdings.account.enabled;
    let mut failure = None;
    let answers = answer_each(numbers, |number, actions| match holdings.state(number) {
        _ if !enabled => refused(Answer::AddOnOff),
        NumberState::Foreign => refused(Answer::NotOwned),
        NumberState::Unmonitored => refused(Answer::NotMonitored),
        NumberState::Monitored { replacement_pending: true, .. } => refused(Answer::ReplacementPending),
        NumberState::Monitored { slot, .. } => match search.closest_clean(number) {
            Ok(Some(successor)) => {
                holdings.set(number, NumberState::Monitored { slot, replacement_pending: true });
                actions.push(Action::ReplaceNumber(Replacement {
                    number,
                    replacement: successor.candidate.number,
                    slot,
                    why: ReplacementReason::Requested,
                    because: successor.because("Requested by a user"),
                }));
                ACCEPTED
            }
            Ok(None) => refused(Answer::NoCleanCandidate),
            Err(error) => {
                failure.get_or_insert(error);
                refused(Answer::NoCleanCandidate)
            }
        },
    });
    failure.map_or(Ok(answers), Err)
}

/// More blocks take effect at once, fewer at the next cycle, but never fewer than the monitored numbers need.
fn set_blocks(account: &Account, now: Timestamp, blocks: u32) -> Result<ActionsAndOutcomes, Error> {
    if blocks > BLOCKS_MAX {
        return Err(invalid_request(format!("{blocks} blocks are too many; ask for 0 to {BLOCKS_MAX}.")));
    }
    let slots = u64::from(blocks) * u64::from(account.slots_per_block);
    let more_than_now = slots > u64::from(account.slot_count);
    let outcome = match () {
        () if !account.enabled => refused(Answer::AddOnOff),
        () if slots < u64::from(account.monitored_count) => refused(Answer::SlotsInUse),
        () => ACCEPTED,
    };
    let changes = more_than_now || slots != u64::from(account.slot_count_next);
    let starting = if more_than_now { now } else { account.cycle_ends_at };
    let action = Action::SetBlocks(BlockChange { blocks, starting });
    let actions = (outcome == ACCEPTED && changes).then_some(action).into_iter().collect();
    Ok((actions, alloc::vec![outcome]))
}

const ACCEPTED: Outcome = Outcome { answer: Answer::Accepted, until: None };

fn refused(answer: Answer) -> Outcome {
    Outcome { answer, until: None }
}

fn answer_each(
    numbers: &[PhoneNumber],
    mut answer: impl FnMut(PhoneNumber, &mut Vec<Action>) -> Outcome,
) -> ActionsAndOutcomes {
    let mut actions = Vec::new();
    let outcomes = numbers.iter().map(|number| answer(*number, &mut actions)).collect();
    (actions, outcomes)
}

/// The state of the requested numbers in the account, and its taken slots. Updated while a request is answered, so that a
/// repeated number is answered as if the first answer had been carried out.
struct Holdings<'a> {
    account: &'a Account,
    now: Timestamp,
    numbers: BTreeMap<PhoneNumber, NumberState>,
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

impl<'a> Holdings<'a> {
    fn gather(
        dialer: &impl Dialer,
        account: &'a Account,
        now: Timestamp,
        numbers: &[PhoneNumber],
    ) -> Result<Self, Error> {
        let mut holdings = Holdings {
            account,
            now,
            numbers: BTreeMap::new(),
            taken_slots: locks_in_force(account, now).map(|lock| lock.slot.into()).collect(),
            occupied_count: 0,
        };
        for number in numbers {
            holdings.set(*number, NumberState::Foreign);
        }
        for number in dialer.owned(&account.id, numbers)? {
            holdings.set(number, NumberState::Unmonitored);
        }
        for_each_page(dialer, &account.id, |page| {
            holdings.occupied_count += page.len() as u32;
            holdings.taken_slots.extend(page.slots.iter().map(|slot| u64::from(*slot)));
            for MonitoredNumber { number, slot, replacement_pending, .. } in page.rows()? {
                if let Some(state) = holdings.numbers.get_mut(&number) {
                    *state = NumberState::Monitored { slot, replacement_pending };
                }
            }
            Ok(())
        })?;
        holdings.taken_slots.sort_unstable();
        Ok(holdings)
    }

    fn state(&self, number: PhoneNumber) -> NumberState {
        self.numbers.get(&number).copied().unwrap_or(NumberState::Foreign)
    }

    fn set(&mut self, number: PhoneNumber, state: NumberState) {
        self.numbers.insert(number, state);
    }

    /// The first `wanted` slots that a number may take, limited to those free both now and in the next cycle.
    fn free_slots(&self, wanted: usize) -> Vec<SlotId> {
        let in_use = self.taken_slots.len() as u32;
        let free_now = self.account.slot_count.saturating_sub(in_use);
        let free_next_cycle = self.account.slot_count_next.saturating_sub(self.occupied_count);
        (1..=self.account.slot_count)
            .filter(|slot| self.taken_slots.binary_search(&u64::from(*slot)).is_err())
            .take(wanted.min(free_now.min(free_next_cycle) as usize))
            .collect()
    }

    /// The refusal, with the time at which the next lock ends.
    fn no_free_slot(&self) -> Outcome {
        let until = locks_in_force(self.account, self.now).map(|lock| lock.until).min();
        Outcome { answer: Answer::NoFreeSlot, until }
    }

    fn lock(&self, number: PhoneNumber, slot: SlotId, why: ClosingReason) -> Action {
        Action::LockSlot(SlotClosing { number, slot, until: self.account.cycle_ends_at, why })
    }
}

#[cfg(test)]
mod tests;
