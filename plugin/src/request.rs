//! What a person may start, stop, delete, replace and buy, and what it does to the account's slots.

use crate::contract::*;
use crate::dialer::{self, Dialer, check_numbers, empty_plan, for_each_page, invalid_request, locks_in_force};
use crate::replacement::CandidateSearch;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec::Vec;

/// Blocks that an account may have, at most.
pub const BLOCKS_MAX: u32 = 100_000;

/// Answers a person's request: what is accepted is in the plan, and every number has its answer.
pub fn decide(dialer: &impl Dialer, id: &str, request: Request) -> Result<Decision, Error> {
    if let Some(numbers) = numbers_of(&request) {
        check_numbers(numbers)?;
    }
    let account = dialer::account(dialer, id)?;
    let now = dialer.now();
    let (actions, outcomes) = match &request {
        Request::SetBlocks(blocks) => set_blocks(&account, now, *blocks)?,
        Request::StartMonitoring(numbers) => start(&mut Holdings::gather(dialer, &account, now, numbers)?, numbers),
        Request::StopMonitoring(numbers) => stop(&mut Holdings::gather(dialer, &account, now, numbers)?, numbers),
        Request::DeleteNumbers(deletion) => {
            delete(&mut Holdings::gather(dialer, &account, now, &deletion.numbers)?, deletion)
        }
        Request::ReplaceNumbers(numbers) => {
            let mut search = CandidateSearch::new(dialer, &account, now);
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

type Answered = (Vec<Action>, Vec<Outcome>);

/// Numbers fill the account's free slots in the order asked, the lowest slot first.
fn start(holdings: &mut Holdings, numbers: &[PhoneNumber]) -> Answered {
    let mut free_slots = holdings.free_slots(numbers.len()).into_iter();
    let no_free_slot = holdings.no_free_slot();
    let enabled = holdings.account.enabled;
    answer_each(numbers, |number, actions| match holdings.standing(number) {
        _ if !enabled => refused(Answer::AddOnOff),
        Standing::Foreign => refused(Answer::NotOwned),
        Standing::Monitored { .. } => refused(Answer::AlreadyMonitored),
        Standing::Unmonitored => match free_slots.next() {
            None => no_free_slot,
            Some(slot) => {
                holdings.stands(number, Standing::Monitored { slot, replacement_pending: false });
                actions.push(Action::OccupySlot(Occupancy { number, slot }));
                ACCEPTED
            }
        },
    })
}

fn stop(holdings: &mut Holdings, numbers: &[PhoneNumber]) -> Answered {
    answer_each(numbers, |number, actions| match holdings.standing(number) {
        Standing::Foreign => refused(Answer::NotOwned),
        Standing::Unmonitored => refused(Answer::NotMonitored),
        Standing::Monitored { replacement_pending: true, .. } => refused(Answer::ReplacementPending),
        Standing::Monitored { slot, .. } => {
            holdings.stands(number, Standing::Unmonitored);
            actions.push(holdings.lock(number, slot, ClosingReason::MonitoringStopped));
            ACCEPTED
        }
    })
}

fn delete(holdings: &mut Holdings, deletion: &Deletion) -> Answered {
    let cycle_ends_at = holdings.account.cycle_ends_at;
    answer_each(&deletion.numbers, |number, actions| match holdings.standing(number) {
        Standing::Foreign => refused(Answer::NotOwned),
        Standing::Monitored { replacement_pending: true, .. } => refused(Answer::ReplacementPending),
        Standing::Monitored { .. } if !deletion.accept_slot_loss => {
            Outcome { answer: Answer::SlotWouldLock, until: Some(cycle_ends_at) }
        }
        standing => {
            if let Standing::Monitored { slot, .. } = standing {
                actions.push(holdings.lock(number, slot, ClosingReason::NumberDeleted));
            }
            holdings.stands(number, Standing::Foreign);
            actions.push(Action::ReleaseNumber(number));
            ACCEPTED
        }
    })
}

fn replace<D: Dialer>(
    holdings: &mut Holdings,
    numbers: &[PhoneNumber],
    search: &mut CandidateSearch<D>,
) -> Result<Answered, Error> {
    let enabled = holdings.account.enabled;
    let mut failure = None;
    let answered = answer_each(numbers, |number, actions| match holdings.standing(number) {
        _ if !enabled => refused(Answer::AddOnOff),
        Standing::Foreign => refused(Answer::NotOwned),
        Standing::Unmonitored => refused(Answer::NotMonitored),
        Standing::Monitored { replacement_pending: true, .. } => refused(Answer::ReplacementPending),
        Standing::Monitored { slot, .. } => match search.closest_clean(number) {
            Ok(Some(successor)) => {
                holdings.stands(number, Standing::Monitored { slot, replacement_pending: true });
                actions.push(Action::ReplaceNumber(Replacement {
                    number,
                    replacement: successor.number,
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
    failure.map_or(Ok(answered), Err)
}

/// More blocks count at once, fewer from the next cycle on, and never fewer than the monitored numbers need.
fn set_blocks(account: &Account, now: Timestamp, blocks: u32) -> Result<Answered, Error> {
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

fn answer_each(numbers: &[PhoneNumber], mut answer: impl FnMut(PhoneNumber, &mut Vec<Action>) -> Outcome) -> Answered {
    let mut actions = Vec::new();
    let outcomes = numbers.iter().map(|number| answer(*number, &mut actions)).collect();
    (actions, outcomes)
}

/// How the account stands to the numbers asked about, and which of its slots are taken. Kept up to date while a
/// request is answered, so that a number asked for twice is answered as if the first had been done.
struct Holdings<'a> {
    account: &'a Account,
    now: Timestamp,
    numbers: BTreeMap<PhoneNumber, Standing>,
    /// In ascending order.
    taken_slots: Vec<u64>,
    occupied_count: u32,
}

/// How an account stands to a number.
#[derive(Clone, Copy)]
enum Standing {
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
            holdings.stands(*number, Standing::Foreign);
        }
        for number in dialer.owned(&account.id, numbers)? {
            holdings.stands(number, Standing::Unmonitored);
        }
        for_each_page(dialer, &account.id, |page| {
            holdings.occupied_count += page.len() as u32;
            holdings.taken_slots.extend(page.iter().map(|number| u64::from(number.slot)));
            for &MonitoredNumber { number, slot, replacement_pending, .. } in page {
                if let Some(standing) = holdings.numbers.get_mut(&number) {
                    *standing = Standing::Monitored { slot, replacement_pending };
                }
            }
            Ok(())
        })?;
        holdings.taken_slots.sort_unstable();
        Ok(holdings)
    }

    fn standing(&self, number: PhoneNumber) -> Standing {
        self.numbers.get(&number).copied().unwrap_or(Standing::Foreign)
    }

    fn stands(&mut self, number: PhoneNumber, standing: Standing) {
        self.numbers.insert(number, standing);
    }

    /// The first `wanted` slots that a number may take: no more than stay free now and in the next cycle.
    fn free_slots(&self, wanted: usize) -> Vec<SlotId> {
        let in_use = self.taken_slots.len() as u32;
        let free_now = self.account.slot_count.saturating_sub(in_use);
        let free_next_cycle = self.account.slot_count_next.saturating_sub(self.occupied_count);
        (1..=self.account.slot_count)
            .filter(|slot| self.taken_slots.binary_search(&u64::from(*slot)).is_err())
            .take(wanted.min(free_now.min(free_next_cycle) as usize))
            .collect()
    }

    /// The refusal, with the time at which waiting helps.
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
