//! A circuit breaker: a service that failed several times in a row is left alone for a while.
use parking_lot::Mutex;
use std::time::Duration;
use tokio::time::Instant;

/// Crates for this count failures in a ring and do not say until when they refuse; what is needed here is this little.
pub struct Breaker {
    failures_max: u32,
    rest: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    failures_in_a_row: u32,
    rests_until: Option<Instant>,
}

impl Breaker {
    pub fn new(failures_max: u32, rest: Duration) -> Self {
        Breaker { failures_max, rest, state: Mutex::default() }
    }

    /// Lets a request through, or says how long none is. After the rest it lets one through, and the others when that
    /// one succeeded; should it never be heard of again, the next one a rest later.
    pub fn admit(&self) -> Result<(), Duration> {
        let mut state = self.state.lock();
        let Some(until) = state.rests_until else { return Ok(()) };
        let now = Instant::now();
        if now < until {
            return Err(until - now);
        }
        state.rests_until = Some(now + self.rest);
        Ok(())
    }

    /// Notes how a request went that was let through.
    pub fn note(&self, has_failed: bool) {
        let mut state = self.state.lock();
        if !has_failed {
            *state = State::default();
            return;
        }
        state.failures_in_a_row += 1;
        if state.failures_in_a_row >= self.failures_max {
            state.rests_until = Some(Instant::now() + self.rest);
        }
    }

    /// How long no request is let through; none where they are.
    pub fn resting(&self) -> Option<Duration> {
        let until = self.state.lock().rests_until?;
        until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REST: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn it_opens_after_failures_in_a_row_and_lets_one_request_try_after_the_rest() {
        let breaker = Breaker::new(3, REST);
        for has_failed in [true, true, false, true, true] {
            assert_eq!(breaker.admit(), Ok(()));
            breaker.note(has_failed);
        }
        assert_eq!(breaker.resting(), None);
        breaker.note(true);
        assert_eq!((breaker.admit(), breaker.resting()), (Err(REST), Some(REST)));
        tokio::time::advance(REST).await;
        assert_eq!((breaker.admit(), breaker.admit()), (Ok(()), Err(REST)));
        breaker.note(true);
        assert_eq!(breaker.admit(), Err(REST));
        tokio::time::advance(REST).await;
        assert_eq!(breaker.admit(), Ok(()));
        breaker.note(false);
        assert_eq!((breaker.admit(), breaker.admit(), breaker.resting()), (Ok(()), Ok(()), None));
    }
}
