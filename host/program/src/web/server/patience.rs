//! How long a peer may keep the server waiting.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// A peer that is slower has stopped: 32 kbit/s, a telephone line.
const BYTES_PER_SECOND_MIN: u64 = 4 << 10;

/// What a quick peer may save up for later, in stalls.
const SAVED_STALLS_MAX: u32 = 4;

/// Waiting for bytes to arrive or to leave: `stall` at a time, and altogether `stall` and the time that the bytes take at
/// [`BYTES_PER_SECOND_MIN`], so that nobody sends a byte now and then. Only the time counts in which the server waits.
pub struct Patience {
    stall: Duration,
    left: Duration,
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Patience {
    pub fn new(stall: Duration) -> Self {
        Patience { stall, left: stall, waiting: None }
    }

    /// Nothing has moved. Ready once the peer has had its time.
    pub fn poll_exhausted(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let wait = self.stall.min(self.left);
        let (_, end) = self.waiting.get_or_insert_with(|| {
            let now = Instant::now();
            (now, Box::pin(sleep_until(now + wait)))
        });
        end.as_mut().poll(cx)
    }

    /// This many bytes have moved.
    pub fn moved(&mut self, bytes: usize) {
        if let Some((since, _)) = self.waiting.take() {
            self.left = self.left.saturating_sub(since.elapsed());
        }
        let earned = Duration::from_millis(bytes as u64 * 1_000 / BYTES_PER_SECOND_MIN);
        self.left = self.left.saturating_add(earned).min(self.stall * SAVED_STALLS_MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use tokio::time::{advance, timeout};

    const STALL: Duration = Duration::from_secs(20);

    /// Whether nothing moves for this long without the end of patience.
    async fn bears(patience: &mut Patience, wait: Duration) -> bool {
        timeout(wait, poll_fn(|cx| patience.poll_exhausted(cx))).await.is_err()
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_stops_has_one_stall() {
        let mut patience = Patience::new(STALL);
        patience.moved(1 << 20);
        assert!(bears(&mut patience, STALL - Duration::from_secs(1)).await);
        assert!(!bears(&mut patience, Duration::from_secs(2)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_byte_now_and_then_does_not_go_on_without_end() {
        let mut patience = Patience::new(STALL);
        let mut waits = 0;
        while bears(&mut patience, STALL / 2).await {
            patience.moved(1);
            waits += 1;
        }
        assert!(waits <= 2, "{waits}");
        let mut patience = Patience::new(STALL);
        for _ in 0..100 {
            assert!(bears(&mut patience, STALL / 2).await, "at 32 kbit/s it goes on");
            patience.moved(10 * BYTES_PER_SECOND_MIN as usize);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn time_in_which_the_server_does_not_wait_does_not_count() {
        let mut patience = Patience::new(STALL);
        patience.moved(1);
        advance(STALL * 10).await;
        assert!(bears(&mut patience, STALL / 2).await);
    }
}
