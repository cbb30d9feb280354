//! How often anyone may try to sign in.
//!
//! Only failures count, and only against the network that they come from: ten for a name, then one every five seconds,
//! and a hundred for all names, then one every three seconds. An attempt beyond that waits for its turn, and is refused
//! only if that is more than 20 seconds away. So:
//!
//! - Guessing one user's password, or a few passwords of many users, soon becomes slow.
//! - A right password is not refused because others tried wrong ones: it waits as they do. Only a flood of attempts for one
//!   name from the user's own network can keep it out, and only as long as the flood lasts.
//! - Nobody slows a user down from somewhere else. A name has no limit over all networks, because it would be one that
//!   strangers use up. A password has 15 characters or more, so guessing from many networks does not get far either.
//! - A right password takes its attempt back, so a user may sign in as often as they like.
//!
//! An attempt waits before its password is compared, and whether it is right or not: a guesser who learned which it is at
//! once would not be slowed down. Users behind one address cannot be told apart; a server behind a proxy has to trust it,
//! or all of its users are behind one address (see [`TrustedProxies`](crate::web::client::TrustedProxies)).
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
const OF_NAME: Limit = Limit { burst: 10, every: Duration::from_secs(5) };

/// Failures from one network: an office of users who mistype, behind one address.
const OF_NETWORK: Limit = Limit { burst: 100, every: Duration::from_secs(3) };

/// Keys remembered, at most, which takes 2 MB. Each failure takes the time of hashing a password, and is forgotten after
/// five minutes, so there are fewer on all but the largest machines. Beyond it all are forgotten, which gives everybody a
/// burst.
const KEYS_MAX: usize = 1 << 16;

/// How long an attempt waits for its turn, at most: a browser and a user still wait for that.
const WAIT_MAX: Duration = Duration::from_secs(20);

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
pub struct Attempt {
    keys: [u64; 2],
    /// When its password may be compared.
    pub turn: Instant,
}

impl Default for SignInAttempts {
    fn default() -> Self {
        let failures = Mutex::new([OF_NAME, OF_NETWORK].map(Failures::new));
        SignInAttempts { hasher: RandomState::new(), failures }
    }
}

impl SignInAttempts {
    /// Counts an attempt as failed. None if too many wait for their turn already.
    pub fn begin(&self, name: &str, address: IpAddr) -> Option<Attempt> {
        let network = Network::from(address);
        // Names are ASCII.
        let of_name = self.hasher.hash_one((network, name.to_ascii_lowercase()));
        let keys = [of_name, self.hasher.hash_one(network)];
        let mut failures = self.failures.lock();
        let now = Instant::now();
        let turns = failures.iter().zip(keys).map(|(failures, key)| failures.turn(key, now));
        let turn = turns.max().expect("there are two limits");
        (turn <= now + WAIT_MAX).then(|| {
            failures.iter_mut().zip(keys).for_each(|(failures, key)| failures.count(key, now));
            Attempt { keys, turn }
        })
    }

    /// The attempt did not fail.
    pub fn take_back(&self, Attempt { keys, .. }: Attempt) {
        self.failures.lock().iter_mut().zip(keys).for_each(|(failures, key)| failures.take_back(key));
    }
}

impl Failures {
    fn new(limit: Limit) -> Self {
        Failures { limit, forgotten_at: HashMap::new(), swept_at: Instant::now() }
    }

    /// When so many are forgotten that there is room for one more.
    fn turn(&self, key: u64, now: Instant) -> Instant {
        let full = self.limit.every * (self.limit.burst - 1);
        self.forgotten_at.get(&key).and_then(|at| at.checked_sub(full)).map_or(now, |turn| turn.max(now))
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

    /// An attempt that fails: how many seconds it waits; none if it is refused.
    fn fails(attempts: &SignInAttempts, name: &str, address: IpAddr) -> Option<u64> {
        attempts.begin(name, address).map(|attempt| attempt.turn.duration_since(Instant::now()).as_secs())
    }

    fn all_at_once(attempts: &SignInAttempts, name: &str, address: IpAddr, count: u32) -> bool {
        (0..count).all(|_| fails(attempts, name, address) == Some(0))
    }

    #[tokio::test(start_paused = true)]
    async fn guesses_for_a_name_become_slow() {
        let attempts = SignInAttempts::default();
        assert!(all_at_once(&attempts, "ann", ANNS, 10));
        let further = ["ann", "Ann", "ann", "ann", "ann"].map(|name| fails(&attempts, name, ANNS));
        assert_eq!(further, [Some(5), Some(10), Some(15), Some(20), None]);
        assert_eq!(fails(&attempts, "ben", ANNS), Some(0), "another user of the same office");
        advance(Duration::from_secs(25)).await;
        assert_eq!(fails(&attempts, "ann", ANNS), Some(0));
        assert_eq!(fails(&attempts, "ann", ANNS), Some(5));
    }

    #[tokio::test(start_paused = true)]
    async fn guesses_for_many_names_become_slow() {
        let attempts = SignInAttempts::default();
        let hundred_fail = |address| (0..100).all(|name| fails(&attempts, &name.to_string(), address) == Some(0));
        assert!(hundred_fail(ANNS));
        assert_eq!(fails(&attempts, "ann", ANNS), Some(3));
        let neighbour = ["2001:db8::1", "2001:db8::2"].map(|address| address.parse().unwrap());
        assert!(hundred_fail(neighbour[0]));
        assert_eq!(fails(&attempts, "ann", neighbour[1]), Some(3), "one customer has all addresses of a /64");
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_locks_a_user_out_from_elsewhere() {
        let attempts = SignInAttempts::default();
        for other in others(1_000) {
            while fails(&attempts, "ann", other).is_some() {}
        }
        assert_eq!(fails(&attempts, "ann", ANNS), Some(0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_right_password_does_not_count() {
        let attempts = SignInAttempts::default();
        for _ in 0..1_000 {
            attempts.take_back(attempts.begin("ann", ANNS).expect("it is allowed"));
        }
        assert!(all_at_once(&attempts, "ann", ANNS, 10));
        assert_eq!(fails(&attempts, "ann", ANNS), Some(5));
    }

    /// A key is a hash and a time, however long the name was.
    #[tokio::test(start_paused = true)]
    async fn what_is_remembered_is_small_and_forgotten() {
        let attempts = SignInAttempts::default();
        let long = "a".repeat(8 << 20);
        let remembered = || attempts.failures.lock().iter().map(|failures| failures.forgotten_at.len()).sum::<usize>();
        assert!((0..10).all(|name| fails(&attempts, &format!("{name}{long}"), ANNS) == Some(0)));
        assert_eq!(remembered(), 11);
        assert_eq!(size_of::<(u64, Instant)>(), 24);
        advance(OF_NAME.every * OF_NAME.burst).await;
        assert_eq!(fails(&attempts, "ben", ANNS), Some(0));
        assert_eq!(remembered(), 2);
        for other in others(KEYS_MAX as u32 + 1) {
            assert_eq!(fails(&attempts, "ben", other), Some(0));
        }
        assert!(remembered() <= 2 * KEYS_MAX);
    }
}
