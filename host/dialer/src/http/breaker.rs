//! A circuit breaker: after several failures in a row, requests are not sent for a while.

use parking_lot::Mutex;
use std::time::Duration;
use tokio::time::Instant;

/// Written here because the crates for it do not say how long the circuit stays open.
pub struct CircuitBreaker {
    failures_max: u32,
    open_time: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    failures_in_a_row: u32,
    open_until: Option<Instant>,
}

impl CircuitBreaker {
    pub fn new(failures_max: u32, open_time: Duration) -> Self {
        CircuitBreaker { failures_max, open_time, state: Mutex::default() }
    }

    /// Lets a request through, or returns how long the circuit stays open. After that time one request is let through, and
    /// the others once it has succeeded. If its outcome is never noted, the next one is let through after the same time.
    pub fn admit(&self) -> Result<(), Duration> {
        let mut state = self.state.lock();
        let Some(until) = state.open_until else { return Ok(()) };
        let now = Instant::now();
        if now < until {
            return Err(until - now);
        }
        state.open_until = Some(now + self.open_time);
        Ok(())
    }

    /// Notes the outcome of a request that was let through.
    pub fn note(&self, has_failed: bool) {
        let mut state = self.state.lock();
        if !has_failed {
            *state = State::default();
            return;
        }
        state.failures_in_a_row += 1;
        if state.failures_in_a_row >= self.failures_max {
            state.open_until = Some(Instant::now() + self.open_time);
        }
    }

    /// How long the circuit stays open; none if it is closed.
    pub fn open_for(&self) -> Option<Duration> {
        let until = self.state.lock().open_until?;
        until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN_TIME: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn the_circuit_opens_after_failures_in_a_row_and_then_lets_one_request_through() {
        let breaker = CircuitBreaker::new(3, OPEN_TIME);
        for has_failed in [true, true, false, true, true] {
            assert_eq!(breaker.admit(), Ok(()));
            breaker.note(has_failed);
        }
        assert_eq!(breaker.open_for(), None);
        breaker.note(true);
        assert_eq!((breaker.admit(), breaker.open_for()), (Err(OPEN_TIME), Some(OPEN_TIME)));
        tokio::time::advance(OPEN_TIME).await;
        assert_eq!((breaker.admit(), breaker.admit()), (Ok(()), Err(OPEN_TIME)));
        breaker.note(true);
        assert_eq!(breaker.admit(), Err(OPEN_TIME));
        tokio::time::advance(OPEN_TIME).await;
        assert_eq!(breaker.admit(), Ok(()));
        breaker.note(false);
        assert_eq!((breaker.admit(), breaker.admit(), breaker.open_for()), (Ok(()), Ok(()), None));
    }
}
