//! Names and passwords, compared a few at a time.

use dialguard_dialer::access::{AccessError, NAME_BYTES_MAX, PASSWORD_BYTES_MAX, user_with_password};
use dialguard_dialer::ledger::Ledger;
use std::sync::Arc;
use std::thread::available_parallelism;
use tokio::sync::Semaphore;

/// Passwords hashed at the same time, at most: each takes 19 MiB and a processor for a while.
const HASHES_MAX: usize = 4;

/// A name and a password that a user may have. Longer ones are nobody's.
pub struct Credentials {
    name: String,
    password: String,
}

impl Credentials {
    pub fn new(name: String, password: String) -> Option<Self> {
        let fit = name.len() <= NAME_BYTES_MAX && password.len() <= PASSWORD_BYTES_MAX;
        fit.then_some(Credentials { name, password })
    }
}

/// Compares passwords, the one that came first before others: all who wait have the same chance. How many wait for one
/// client is limited by its [attempts](super::SignInAttempts).
pub struct Passwords(Arc<Semaphore>);

impl Default for Passwords {
    fn default() -> Self {
        let processors = available_parallelism().map_or(1, usize::from);
        Passwords(Arc::new(Semaphore::new(processors.min(HASHES_MAX))))
    }
}

impl Passwords {
    /// Whether a name and a password are right.
    pub async fn are_right(
        &self,
        ledger: Arc<Ledger>,
        Credentials { name, password }: Credentials,
    ) -> Result<bool, AccessError> {
        self.hash(move || user_with_password(&ledger, &name, &password)).await.map(|user| user.is_some())
    }

    /// Does what hashes a password.
    pub async fn hash<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, AccessError> + Send + 'static,
    ) -> Result<T, AccessError> {
        let place = self.0.clone().acquire_owned().await.expect("it is never closed");
        // Goes on if the client leaves, and keeps its place until then.
        let compared = tokio::task::spawn_blocking(move || {
            let _place = place;
            work()
        });
        compared.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
    }
}
