//! How often anyone may try to sign in.

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::net::IpAddr;
use std::num::NonZeroU32;

/// Limits attempts per user name and per address: ten at once, then one every 30 seconds.
pub struct SignInAttempts {
    by_name: DefaultKeyedRateLimiter<String>,
    by_address: DefaultKeyedRateLimiter<IpAddr>,
}

impl Default for SignInAttempts {
    fn default() -> Self {
        let quota = Quota::per_minute(const { NonZeroU32::new(2).unwrap() })
            .allow_burst(const { NonZeroU32::new(10).unwrap() });
        SignInAttempts { by_name: RateLimiter::keyed(quota), by_address: RateLimiter::keyed(quota) }
    }
}

impl SignInAttempts {
    /// Counts an attempt. False if this name or this address has made too many.
    pub fn allow(&self, name: &str, address: IpAddr) -> bool {
        // Keys whose quota has recovered carry no information: drop them, so that the maps cannot grow without bound.
        if self.by_name.len() + self.by_address.len() > 10_000 {
            self.by_name.retain_recent();
            self.by_address.retain_recent();
        }
        self.by_address.check_key(&address).is_ok() && self.by_name.check_key(&name.to_lowercase()).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_limited_per_name_and_per_address() {
        let attempts = SignInAttempts::default();
        let here: IpAddr = [127, 0, 0, 1].into();
        assert!((0..10).all(|_| attempts.allow("ann", here)));
        assert!(!attempts.allow("ben", here), "the address has used its attempts");
        assert!(!attempts.allow("Ann", [127, 0, 0, 2].into()), "and so has the name");
    }
}
