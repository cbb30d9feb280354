//! Which numbers are suspect, because their calls fare badly. Answer rates fall hours to days before a lookup shows a
//! label.

use crate::contract::*;
use crate::dialer::{Dialer, Run, SECONDS_PER_DAY, unavailable};
use crate::text::{count, text};
use alloc::string::String;
use alloc::vec::Vec;

/// The days that are looked at.
const DAYS: u64 = 3;

/// How the account's calls went of late.
pub struct Calls<'a, D> {
    run: &'a Run<'a, D>,
    since: Timestamp,
    totals: CallTotals,
}

impl<'a, D: Dialer> Calls<'a, D> {
    /// Reads how the account's calls went altogether.
    pub fn new(run: &'a Run<'a, D>) -> Result<Self, Error> {
        let since = run.now.saturating_sub(DAYS * SECONDS_PER_DAY);
        let totals = run.dialer.calls_in_all(&run.account.id, since)?;
        Ok(Calls { run, since, totals })
    }

    /// The suspects among these numbers, in their order.
    pub fn suspects(&self, numbers: &[PhoneNumber]) -> Result<Vec<Suspect>, Error> {
        let mut suspects = Vec::new();
        if self.totals.attempts == 0 {
            return Ok(suspects);
        }
        let table = self.run.dialer.calls(&self.run.account.id, numbers, self.since)?;
        table.check()?;
        // A host that does not know how calls went answers no rows.
        if table.len() != numbers.len() && !table.is_empty() {
            return Err(unavailable("The host's `calls` has a row too few or too many; fix the host.".into()));
        }
        for (place, number) in numbers.iter().enumerate() {
            let calls = table.row(place);
            if self.is_suspect(&calls) {
                let NumberCalls { attempts, answered, blocked, .. } = calls;
                suspects.push(Suspect { number: *number, attempts, answered, blocked });
            }
        }
        Ok(suspects)
    }

    fn is_suspect(&self, calls: &NumberCalls) -> bool {
        let settings = &self.run.settings;
        calls.attempts >= settings.calls_min
            && (self.is_answered_rarely(calls.answered, calls.attempts)
                || u64::from(calls.blocked) * 100 >= u64::from(calls.attempts) * u64::from(settings.blocked_percent))
    }

    /// Whether the share of calls answered lies so far below the account's own. If nobody answers the account at all, that
    /// says nothing about its numbers.
    fn is_answered_rarely(&self, answered: u32, attempts: u32) -> bool {
        let CallTotals { attempts: all, answered: all_answered, .. } = self.totals;
        let percent_left = u128::from(100 - self.run.settings.answer_rate_drop_percent);
        let expected = u128::from(all_answered) * percent_left * u128::from(attempts);
        all_answered > 0 && u128::from(answered) * 100 * u128::from(all) <= expected
    }

    /// Why a number is suspect, with the figures.
    pub fn reason(&self, suspect: &Suspect) -> String {
        let Suspect { attempts, answered, blocked, .. } = *suspect;
        let calls = count(attempts.into(), "call");
        if self.is_answered_rarely(answered, attempts) {
            text![
                "answer rate ",
                percent(answered.into(), attempts.into()),
                " % of ",
                calls,
                " in 3 days; the account has ",
                self.answer_percent(),
                " %",
            ]
        } else {
            text![percent(blocked.into(), attempts.into()), " % of ", calls, " in 3 days were blocked"]
        }
    }

    /// The account's answer rate.
    pub fn answer_percent(&self) -> u64 {
        percent(self.totals.answered, self.totals.attempts)
    }
}

/// The suspect of this number. Suspects are in ascending order.
#[inline]
pub fn find(suspects: &[Suspect], number: PhoneNumber) -> Option<Suspect> {
    if suspects.is_empty() {
        return None;
    }
    let place = suspects.partition_point(|suspect| suspect.number < number);
    suspects.get(place).filter(|suspect| suspect.number == number).copied()
}

/// Rounded to the nearest whole number.
fn percent(part: u64, whole: u64) -> u64 {
    (part.saturating_mul(100).saturating_add(whole / 2)).checked_div(whole).unwrap_or_default()
}

#[cfg(test)]
mod tests;
