//! What happens often and is logged seldom.

use parking_lot::Mutex;
use std::fmt::Display;
use std::time::Duration;
use tokio::time::Instant;

/// How often the log has a line of a kind, at most.
const LOGGED_EVERY: Duration = Duration::from_secs(60);

/// Counts events of a kind, and logs how many there were once a minute at most: strangers cause them.
pub struct Tally {
    what: &'static str,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    unlogged: u64,
    logged_at: Option<Instant>,
}

impl Tally {
    /// `what` says what happened, in the plural.
    pub fn new(what: &'static str) -> Self {
        Tally { what, state: Mutex::default() }
    }

    /// Counts one, with what is known about it.
    pub fn note(&self, about: &dyn Display) {
        if let Some(count) = self.state.lock().note(Instant::now()) {
            tracing::warn!(count, "{} (the last one: {about})", self.what);
        }
    }
}

impl State {
    /// How many there were since the log had a line; none if it had one just now.
    fn note(&mut self, now: Instant) -> Option<u64> {
        self.unlogged += 1;
        if self.logged_at.is_some_and(|at| now < at + LOGGED_EVERY) {
            return None;
        }
        self.logged_at = Some(now);
        Some(std::mem::take(&mut self.unlogged))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_events_are_one_line_a_minute() {
        let (mut state, begun) = (State::default(), Instant::now());
        assert_eq!(state.note(begun), Some(1));
        assert!((0..1_000).all(|_| state.note(begun).is_none()));
        assert_eq!(state.note(begun + LOGGED_EVERY), Some(1_001));
    }
}
