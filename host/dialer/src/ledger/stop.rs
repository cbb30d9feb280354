//! Work whose result nobody waits for any more ends soon, in the middle of a query too.

use crate::ledger::{LedgerError, Result};
use rusqlite::Connection;
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

/// Steps of SQLite's machine between two looks at the flag: well below a millisecond.
const STEPS: i32 = 10_000;

/// A flag that says that work is no longer wanted. Cheap to clone; all clones are one flag.
///
/// ```
/// use dialguard_dialer::ledger::Stop;
///
/// let stop = Stop::default();
/// let rows = (0..1_000_000).take_while(|row| {
///     if *row == 10 {
///         stop.set(); // as another thread would
///     }
///     !stop.is_set()
/// });
/// assert_eq!(rows.count(), 10);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

thread_local! {
    /// The flag of the work that this thread does.
    static CURRENT: RefCell<Option<Stop>> = const { RefCell::new(None) };
}

impl Stop {
    /// Ends the work, for good.
    pub fn set(&self) {
        self.0.store(true, SeqCst);
    }

    /// Whether the work is no longer wanted.
    pub fn is_set(&self) -> bool {
        self.0.load(SeqCst)
    }

    /// Does work on this thread. What it reads from a ledger, or only tries, ends with [`LedgerError::NotWanted`] once the
    /// flag is set. A change is made whole.
    pub fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        let _before = Before(CURRENT.replace(Some(self.clone())));
        work()
    }
}

/// The flag that this thread had before, which it has again after the work, even if that panics.
struct Before(Option<Stop>);

impl Drop for Before {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

fn current() -> Option<Stop> {
    CURRENT.with_borrow(Clone::clone)
}

/// [`LedgerError::NotWanted`] if this thread's work is no longer wanted; for loops between queries.
pub(super) fn check() -> Result<()> {
    if current().is_some_and(|stop| stop.is_set()) { Err(LedgerError::NotWanted) } else { Ok(()) }
}

/// Lets this thread's flag end the queries of a connection until the returned guard is dropped.
pub(super) fn watch(connection: &Connection) -> Result<Watched<'_>> {
    if let Some(stop) = current() {
        connection.progress_handler(STEPS, Some(move || stop.is_set()))?;
    }
    Ok(Watched(connection))
}

pub(super) struct Watched<'connection>(&'connection Connection);

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        // It fails only for connections that this process does not own.
        let _ = self.0.progress_handler(0, None::<fn() -> bool>);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Ledger;

    #[test]
    fn an_endless_query_ends_when_it_is_no_longer_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open_or_create(folder.path()).unwrap();
        let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
        let stop = Stop::default();
        let (begun, wait) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            let work = || {
                stop.during(|| {
                    ledger.read(|transaction| {
                        begun.send(()).unwrap();
                        Ok(transaction.query_row(endless, [], |row| row.get::<_, i64>(0))?)
                    })
                })
            };
            let counted = scope.spawn(work);
            wait.recv().unwrap();
            stop.set();
            assert!(matches!(counted.join().unwrap(), Err(LedgerError::NotWanted)));
        });
        // The connection is as before for what follows.
        assert_eq!(
            ledger.read(|transaction| Ok(transaction.query_row("SELECT 1", [], |row| row.get::<_, i64>(0))?)).unwrap(),
            1
        );
        assert!(stop.during(check).is_err() && check().is_ok());
    }
}
