//! The summary of an account's slots and numbers.

use crate::contract::*;
use crate::dialer::{self, Dialer, for_each_page, locks_in_force};
use alloc::vec::Vec;

const SECONDS_PER_DAY: u64 = 86_400;

/// Counts the account's slots and numbers.
pub fn usage(dialer: &impl Dialer, id: &str) -> Result<Usage, Error> {
    let (account, _) = dialer::account(dialer, id)?;
    let now = dialer.now();
    let mut usage = Usage {
        slots: account.slot_count,
        occupied: 0,
        locked: locks_in_force(&account, now).count() as u32,
        pending: 0,
        clean: 0,
        at_risk: 0,
        flagged: 0,
        suspect: 0,
        resting: 0,
        flagged_past_day: 0,
        flagged_past_week: 0,
    };
    for_each_page(dialer, id, |page| {
        usage.occupied += page.len() as u32;
        for number in page.rows()? {
            usage.suspect += u32::from(number.suspect_since.is_some());
            usage.resting += u32::from(number.resting_since.is_some());
            *match number.status {
                Status::Pending => &mut usage.pending,
                Status::Clean => &mut usage.clean,
                Status::AtRisk => &mut usage.at_risk,
                Status::Flagged => &mut usage.flagged,
            } += 1;
        }
        Ok(())
    })?;
    let day_ago = now.saturating_sub(SECONDS_PER_DAY);
    let week_ago = now.saturating_sub(7 * SECONDS_PER_DAY);
    let events = dialer.flag_events(id, week_ago)?;
    let events = events.rows()?;
    let numbers_since = |since| {
        let mut numbers: Vec<_> = events.clone().filter(|event| event.at >= since).map(|event| event.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers.len() as u32
    };
    usage.flagged_past_day = numbers_since(day_ago);
    usage.flagged_past_week = numbers_since(week_ago);
    Ok(usage)
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
