//! The summary of an account's slots and numbers.

use crate::contract::*;
use crate::dialer::{Dialer, Run, SECONDS_PER_DAY};
use crate::numbers::each_once;
use alloc::vec::Vec;

/// Counts the account's slots and numbers.
pub fn usage(dialer: &impl Dialer, id: &str) -> Result<Usage, Error> {
    let run = Run::new(dialer, id)?;
    let mut occupied = 0;
    let mut of_status = [0; 4];
    let (mut suspect, mut resting) = (0, 0);
    let mut pages = run.pages();
    while let Some(page) = pages.next_page()? {
        occupied += page.numbers.len() as u32;
        for code in &page.statuses {
            of_status[usize::from(*code) & 3] += 1;
        }
        suspect += times(&page.suspect_since);
        resting += times(&page.resting_since);
    }
    let [pending, clean, at_risk, flagged] = of_status;
    let week_ago = run.now.saturating_sub(7 * SECONDS_PER_DAY);
    let events = dialer.flag_events(id, week_ago)?;
    events.check()?;
    Ok(Usage {
        slots: run.account.slot_count,
        occupied,
        locked: run.locks_in_force().count() as u32,
        pending,
        clean,
        at_risk,
        flagged,
        suspect,
        resting,
        flagged_past_day: numbers_since(&events, run.now.saturating_sub(SECONDS_PER_DAY)),
        flagged_past_week: numbers_since(&events, week_ago),
    })
}

/// How many of these times are not 0, which stands for none.
fn times(times: &[Timestamp]) -> u32 {
    times.iter().filter(|time| **time != 0).count() as u32
}

fn numbers_since(events: &FlagTable, since: Timestamp) -> u32 {
    let mut numbers = Vec::new();
    for (number, at) in events.numbers.iter().zip(&events.at) {
        if *at >= since {
            numbers.push(*number);
        }
    }
    each_once(numbers).len() as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AccountModel, DAY};

    #[test]
    fn usage_counts_slots_statuses_and_recently_flagged_numbers() {
        let mut dialer = AccountModel::new(1);
        dialer.own_and_monitor(&[1, 2, 3, 4, 5, 6]);
        let spam = [Some(90), Some(90), Some(90)];
        let divided = [Some(90), Some(0), Some(0)];
        let clean = [Some(0), Some(0), Some(0)];
        for (number, scores) in [(1, spam), (2, divided), (3, clean), (4, clean), (5, spam)] {
            dialer.observe(number, &scores);
        }
        dialer.review();
        dialer.request(Request::StopMonitoring(alloc::vec![4]));
        dialer.request(Request::DeleteNumbers(Deletion { numbers: alloc::vec![5], accept_slot_loss: true }));
        let first_day = Usage {
            slots: 15,
            occupied: 4,
            locked: 2,
            pending: 1,
            clean: 1,
            at_risk: 1,
            flagged: 1,
            suspect: 0,
            resting: 0,
            // Number 5 became flagged before it was deleted.
            flagged_past_day: 2,
            flagged_past_week: 2,
        };
        assert_eq!(usage(&dialer, "acme").unwrap(), first_day);
        dialer.pass(DAY);
        assert_eq!(usage(&dialer, "acme").unwrap().flagged_past_day, 2, "exactly 24 hours ago counts");
        dialer.pass(1);
        assert_eq!(usage(&dialer, "acme").unwrap().flagged_past_day, 0);
        dialer.pass(6 * DAY);
        assert_eq!(usage(&dialer, "acme").unwrap().flagged_past_week, 0);
    }
}
