//! A service's rate limits, as its response headers state them.

use chrono::DateTime;
use parking_lot::Mutex;
use reqwest::header::{self, HeaderMap};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// The longest wait that a header can ask for.
const WAIT_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// The time before which no request is sent.
#[derive(Default)]
pub struct Pace {
    not_before: Mutex<Option<Instant>>,
}

impl Pace {
    /// Notes the wait that a response's headers ask for, and returns it.
    pub fn note(&self, headers: &HeaderMap) -> Option<Duration> {
        let wait = wait_of(headers)?.min(WAIT_MAX);
        let mut not_before = self.not_before.lock();
        *not_before = (*not_before).max(Some(Instant::now() + wait));
        Some(wait)
    }

    /// Waits until a request may be sent. An error is the wait, if it is longer than `wait_max`.
    pub async fn wait_for_turn(&self, wait_max: Duration) -> Result<(), Duration> {
        let latest = Instant::now() + wait_max;
        loop {
            let not_before = self.not_before.lock().unwrap_or_else(Instant::now);
            if not_before > latest {
                return Err(not_before - Instant::now());
            }
            if not_before <= Instant::now() {
                return Ok(());
            }
            sleep_until(not_before).await;
        }
    }
}

/// `Retry-After` in seconds or as a date; otherwise `x-ratelimit-reset` in seconds, if `x-ratelimit-remaining` is 0.
fn wait_of(headers: &HeaderMap) -> Option<Duration> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
    let date = |name| DateTime::parse_from_rfc2822(headers.get(name)?.to_str().ok()?).ok();
    // By the service's clock, which may differ from this machine's.
    let by_date = || (date(header::RETRY_AFTER)? - date(header::DATE)?).to_std().ok();
    let reset = || number("x-ratelimit-reset").filter(|_| number("x-ratelimit-remaining") == Some(0));
    number("retry-after").map(Duration::from_secs).or_else(by_date).or_else(|| reset().map(Duration::from_secs))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Headers = &'static [(&'static str, &'static str)];

    /// Headers, and the wait they ask for in seconds.
    #[test]
    fn headers_state_the_wait() {
        let scenarios: [(Headers, Option<u64>); 9] = [
            (&[], None),
            (&[("retry-after", "7")], Some(7)),
            (&[("retry-after", "Wed, 21 Oct 2026 07:28:30 GMT"), ("date", "Wed, 21 Oct 2026 07:28:00 GMT")], Some(30)),
            (&[("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT"), ("date", "Wed, 21 Oct 2026 07:28:30 GMT")], None),
            (&[("retry-after", "Wed, 21 Oct 2026 07:28:30 GMT")], None),
            (&[("retry-after", "soon")], None),
            (&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "3")], Some(3)),
            (&[("x-ratelimit-remaining", "5"), ("x-ratelimit-reset", "3")], None),
            (&[("retry-after", "9"), ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "3")], Some(9)),
        ];
        for (headers, seconds) in scenarios {
            let map = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
            assert_eq!(wait_of(&map), seconds.map(Duration::from_secs), "{headers:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_short_wait_passes_and_a_long_one_is_an_error() {
        let pace = Pace::default();
        let began = Instant::now();
        let headers = |seconds: &str| HeaderMap::from_iter([(header::RETRY_AFTER, seconds.parse().unwrap())]);
        pace.note(&headers("5"));
        assert_eq!(pace.wait_for_turn(Duration::from_secs(10)).await, Ok(()));
        assert_eq!(began.elapsed(), Duration::from_secs(5));
        pace.note(&headers("600"));
        assert_eq!(pace.wait_for_turn(Duration::from_secs(10)).await, Err(Duration::from_secs(600)));
        pace.note(&headers("99999999999"));
        assert_eq!(pace.wait_for_turn(Duration::from_secs(10)).await, Err(WAIT_MAX));
    }
}
