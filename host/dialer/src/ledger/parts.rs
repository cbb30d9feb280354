//! Long changes, cut into transactions that others can pass between.

use crate::ledger::actors::Change;
use crate::ledger::file::BUSY_LOOK_EVERY;
use crate::ledger::{Ledger, LedgerError, Result};
use std::time::{Duration, Instant};

/// How long a part takes new items. Others wait for ten seconds.
const PART_TIME_MAX: Duration = Duration::from_millis(400);

/// Between parts, so that every process that waits finds the ledger free.
const PAUSE: Duration = Duration::from_millis(4 * BUSY_LOOK_EVERY.as_millis() as u64);

/// One transaction of a long change.
pub(super) struct Part<'a, I> {
    /// Those that no part before has taken.
    items: &'a [I],
    is_first: bool,
    until: Instant,
}

impl<'a, I> Part<'a, I> {
    /// Whether no part has been made before.
    pub fn is_first(&self) -> bool {
        self.is_first
    }

    /// The part's items: as many as there is time for, but at least one.
    pub fn items(&self) -> impl Iterator<Item = &'a I> {
        let mut taken = 0;
        self.items.iter().take_while(move |_| {
            taken += 1;
            taken == 1 || Instant::now() < self.until
        })
    }
}

impl Ledger {
    /// Makes a change of many items in parts, as long as `go_on` returns true, which is called with the number of items
    /// done. Each part returns an outcome for each of its items.
    pub(super) fn change_in_parts<I, O>(
        &self,
        items: &[I],
        change: impl Fn(&Change, &Part<I>) -> Result<Vec<O>>,
        go_on: &mut dyn FnMut(usize) -> bool,
    ) -> Result<Vec<O>> {
        let mut outcomes = Vec::with_capacity(items.len());
        loop {
            let done = outcomes.len();
            let part = self.change(|transaction| {
                // The time begins when the ledger is free.
                let until = Instant::now() + PART_TIME_MAX;
                change(transaction, &Part { items: &items[done..], is_first: done == 0, until })
            });
            match part {
                Ok(part) => outcomes.extend(part),
                Err(error) if done == 0 => return Err(error),
                Err(error) => return Err(LedgerError::Stopped { done, all: items.len(), why: Box::new(error) }),
            }
            if outcomes.len() == items.len() || !go_on(outcomes.len()) {
                return Ok(outcomes);
            }
            std::thread::sleep(PAUSE);
        }
    }
}
