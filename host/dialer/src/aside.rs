//! Work that blocks its thread, such as reading the ledger for a policy or a file of verdicts, away from the threads
//! that serve everybody.

use std::sync::Arc;
use tokio::sync::Semaphore;

/// Threads for work of one kind, no more of it at a time than it has places. Who comes first is served first. Needs a
/// Tokio runtime.
#[derive(Debug, Clone)]
pub(crate) struct Aside(Arc<Semaphore>);

impl Aside {
    pub fn new(places: usize) -> Self {
        Aside(Arc::new(Semaphore::new(places)))
    }

    /// Does the work. Once it has begun it goes on to its end, and keeps its place until then, even if nobody waits for it
    /// any more.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let place = self.0.clone().acquire_owned().await.expect("the semaphore is never closed");
        let work = move || {
            let _place = place;
            work()
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(done) => done,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The runtime is shutting down, and drops the one who waits as well.
            Err(_) => std::future::pending().await,
        }
    }
}
