//! What becomes of a number that was replaced: it rests, and is then offered again, rests once more, or is given back.

use crate::contract::*;
use crate::dialer::{Dialer, Run, SECONDS_PER_DAY};
use crate::rating::rate;
use alloc::vec::Vec;

/// Decides about the numbers whose rest is over. One that too few carriers rate stays as it is.
pub fn decide(run: &Run<impl Dialer>, actions: &mut Vec<Action>) -> Result<(), Error> {
    let rest_seconds = u64::from(run.settings.rest_days) * SECONDS_PER_DAY;
    let mut numbers = Vec::new();
    let mut rests = Vec::new();
    let table = run.dialer.rested(&run.account.id)?;
    table.check()?;
    for place in 0..table.len() {
        let rested = table.row(place);
        if run.now.saturating_sub(rested.resting_since) >= rest_seconds {
            numbers.push(rested.number);
            rests.push(rested.rests);
        }
    }
    for ((number, rests), rating) in numbers.iter().zip(rests).zip(rate(run, &numbers)?) {
        match rating.status(&run.settings) {
            Status::Pending => {}
            Status::Clean => actions.push(Action::OfferAgain(*number)),
            _ if u32::from(rests) < run.settings.rests_max => actions.push(Action::RestOn(*number)),
            _ => actions.push(Action::GiveBack(*number)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
