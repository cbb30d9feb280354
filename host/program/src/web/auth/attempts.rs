//! How often anyone may try to sign in.
//!
//! Only failures count, and only against whoever made them: ten for a name from one network, then one every 30 seconds, and
//! a hundred for all names from one network, then one every three seconds. So:
//!
//! - Guessing one user's password, or a few passwords of many users, soon becomes slow.
//! - Nobody locks a user out from somewhere else. A name has no limit over all networks, because it would be one that
//!   strangers use up. A password has 15 characters or more, so guessing from many networks does not get far either.
//! - A right password takes its attempt back, so a user may sign in as often as they like.
//!
//! Beyond a limit, passwords are not compared, or the limit would not slow down anybody: a guesser would go on until the
//! answer changes. Users behind one address cannot be told apart; a server behind a proxy has to trust it, or all of its
//! users are behind one address (see [`TrustedProxies`](crate::web::client::TrustedProxies)).
//!
//! An attempt is counted before its password is compared, so that many at once are no way around the limit.

use crate::web::client::Network;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::time::Duration;
use tokio::time::Instant;

/// Failures for one name from one network.
const OF_NAME: Limit = Limit { burst: 10, every: Duration::from_secs(30) };

/// Failures from one network: an office of users who mistype, behind one address.
const OF_NETWORK: Limit = Limit { burst: 100, every: Duration::from_secs(3) };

/// Keys remembered, at most, which takes 2 MB. Each failure takes the time of hashing a password, and is forgotten after
/// five minutes, so there are fewer on all but the largest machines. Beyond it all are forgotten, which gives everybody a
/// burst.
const KEYS_MAX: usize = 1 << 16;

/// A burst at once, then one every so often.
#[derive(Clone, Copy)]
struct Limit {
    burst: u32,
    every: Duration,
}

/// Attempts to sign in, of all clients.
pub struct SignInAttempts {
    /// Its key is secret, so that nobody chooses two names with one hash.
    hasher: RandomState,
    failures: Mutex<[Failures; 2]>,
}

/// The failures under one limit, by the hash of what they count against.
struct Failures {
    limit: Limit,
    /// When the last of them is forgotten.
    forgotten_at: HashMap<u64, Instant>,
    swept_at: Instant,
}

/// An attempt that counts as a failure.
#[must_use]
pub struct Attempt([u64; 2]);

impl Default for SignInAttempts {
    fn default() -> Self {
        let failures = Mutex::new([OF_NAME, OF_NETWORK].map(Failures::new));
        SignInAttempts { hasher: RandomState::new(), failures }
    }
}

impl SignInAttempts {
    /// Counts an attempt as failed. None if there were too many.
    pub fn begin(&self, name: &str, address: IpAddr) -> Option<Attempt> {
        let network = Network::from(address);
        // Names are ASCII.
        let of_name = self.hasher.hash_one((network, name.to_ascii_lowercase()));
        let keys = [of_name, self.hasher.hash_one(network)];
        let mut failures = self.failures.lock();
        let now = Instant::now();
        let is_allowed = failures.iter().zip(keys).all(|(failures, key)| failures.allow(key, now));
        is_allowed.then(|| {
            failures.iter_mut().zip(keys).for_each(|(failures, key)| failures.count(key, now));
            Attempt(keys)
        })
    }

    /// The attempt did not fail.
    pub fn take_back(&self, Attempt(keys): Attempt) {
        self.failures.lock().iter_mut().zip(keys).for_each(|(failures, key)| failures.take_back(key));
    }
}

impl Failures {
    fn new(limit: Limit) -> Self {
        Failures { limit, forgotten_at: HashMap::new(), swept_at: Instant::now() }
    }

    fn allow(&self, key: u64, now: Instant) -> bool {
        let full = now + self.limit.every * (self.limit.burst - 1);
        self.forgotten_at.get(&key).is_none_or(|at| *at <= full)
    }

    fn count(&mut self, key: u64, now: Instant) {
        self.sweep(now);
        let at = self.forgotten_at.entry(key).or_insert(now);
        *at = (*at).max(now) + self.limit.every;
    }

    fn take_back(&mut self, key: u64) {
        if let Some(at) = self.forgotten_at.get_mut(&key) {
            *at -= self.limit.every;
        }
    }

    /// Forgets what has passed, each time that all of it could have.
    fn sweep(&mut self, now: Instant) {
        if now >= self.swept_at + self.limit.every * self.limit.burst {
            self.forgotten_at.retain(|_, at| *at > now);
            self.forgotten_at.shrink_to_fit();
            self.swept_at = now;
        }
        if self.forgotten_at.len() >= KEYS_MAX {
            self.forgotten_at.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    const ANNS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn others(count: u32) -> impl Iterator<Item = IpAddr> {
        (0..count).map(|other| IpAddr::from((0x0a00_0000 + other).to_be_bytes()))
    }

    fn fails(attempts: &SignInAttempts, name: &str, address: IpAddr) -> bool {
        attempts.begin(name, address).is_some()
    }

    #[tokio::test(start_paused = true)]
    async fn guesses_for_a_name_become_slow() {
        let attempts = SignInAttempts::default();
        assert!((0..10).all(|_| fails(&attempts, "ann", ANNS)));
        assert!(!fails(&attempts, "ann", ANNS) && !fails(&attempts, "Ann", ANNS));
        assert!(fails(&attempts, "ben", ANNS), "another user of the same office");
        advance(Duration::from_secs(30)).await;
        assert!(fails(&attempts, "ann", ANNS) && !fails(&attempts, "ann", ANNS));
    }

    #[tokio::test(start_paused = true)]
    async fn guesses_for_many_names_become_slow() {
        let attempts = SignInAttempts::default();
        assert!((0..100).all(|name| fails(&attempts, &name.to_string(), ANNS)));
        assert!(!fails(&attempts, "ann", ANNS));
        let neighbour = ["2001:db8::1", "2001:db8::2"].map(|address| address.parse().unwrap());
        assert!((0..100).all(|name| fails(&attempts, &name.to_string(), neighbour[0])));
        assert!(!fails(&attempts, "ann", neighbour[1]), "one customer has all addresses of a /64");
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_locks_a_user_out_from_elsewhere() {
        let attempts = SignInAttempts::default();
        for other in others(1_000) {
            assert!((0..10).all(|_| fails(&attempts, "ann", other)) && !fails(&attempts, "ann", other));
        }
        assert!(fails(&attempts, "ann", ANNS));
    }

    #[tokio::test(start_paused = true)]
    async fn a_right_password_does_not_count() {
        let attempts = SignInAttempts::default();
        for _ in 0..1_000 {
            attempts.take_back(attempts.begin("ann", ANNS).expect("it is allowed"));
        }
        assert!((0..10).all(|_| fails(&attempts, "ann", ANNS)) && !fails(&attempts, "ann", ANNS));
    }

    /// A key is a hash and a time, however long the name was.
    #[tokio::test(start_paused = true)]
    async fn what_is_remembered_is_small_and_forgotten() {
        let attempts = SignInAttempts::default();
        let long = "a".repeat(8 << 20);
        let remembered = || attempts.failures.lock().iter().map(|failures| failures.forgotten_at.len()).sum::<usize>();
        assert!((0..10).all(|name| fails(&attempts, &format!("{name}{long}"), ANNS)));
        assert_eq!(remembered(), 11);
        assert_eq!(size_of::<(u64, Instant)>(), 24);
        advance(OF_NAME.every * OF_NAME.burst).await;
        assert!(fails(&attempts, "ben", ANNS));
        assert_eq!(remembered(), 2);
        for other in others(KEYS_MAX as u32 + 1) {
            assert!(fails(&attempts, "ben", other));
        }
        assert!(remembered() <= 2 * KEYS_MAX);
    }
}
