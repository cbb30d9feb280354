//! Connections that read, shared by all threads. Each has a cache of its own, so their number is limited.

use crate::ledger::processors;
use parking_lot::{Condvar, Mutex};
use rusqlite::Connection;
use std::cell::Cell;
use std::ops::{Deref, DerefMut};

/// Connections open at a time for each processor. Reads are short and keep a processor busy, so more of them at once would
/// not be done sooner. Policies' questions use a quarter of them; each has a cache of 16 MiB.
const READERS_PER_PROCESSOR: usize = 4;

pub(super) struct Readers {
    connections: Mutex<Connections>,
    returned: Condvar,
    connections_max: usize,
}

#[derive(Default)]
struct Connections {
    idle: Vec<Connection>,
    in_use: usize,
}

impl Default for Readers {
    fn default() -> Self {
        let connections_max = processors() * READERS_PER_PROCESSOR;
        Readers { connections: Mutex::default(), returned: Condvar::new(), connections_max }
    }
}

impl Readers {
    /// A connection that is idle, or else a new one; waits while all are in use.
    pub fn take(&self, connect: impl FnOnce() -> rusqlite::Result<Connection>) -> rusqlite::Result<Reader<'_>> {
        assert!(!IS_READING.get(), "a read within a read would wait for itself");
        let mut connections = self.connections.lock();
        self.returned.wait_while(&mut connections, |connections| connections.in_use == self.connections_max);
        connections.in_use += 1;
        let idle = connections.idle.pop();
        drop(connections);
        IS_READING.set(true);
        let mut reader = Reader { readers: self, connection: idle };
        if reader.connection.is_none() {
            reader.connection = Some(connect()?);
        }
        Ok(reader)
    }

    /// Closes them all.
    pub fn close(&mut self) {
        self.connections.get_mut().idle.clear();
    }
}

thread_local! {
    static IS_READING: Cell<bool> = const { Cell::new(false) };
}

/// A connection for one read, which goes back when it is dropped.
pub(super) struct Reader<'readers> {
    readers: &'readers Readers,
    connection: Option<Connection>,
}

impl Deref for Reader<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("it is connected")
    }
}

impl DerefMut for Reader<'_> {
    fn deref_mut(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("it is connected")
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        IS_READING.set(false);
        let mut connections = self.readers.connections.lock();
        connections.in_use -= 1;
        connections.idle.extend(self.connection.take());
        self.readers.returned.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    #[test]
    fn many_threads_share_a_few_connections() {
        let (readers, opened) = (Readers::default(), AtomicUsize::new(0));
        let open = || {
            opened.fetch_add(1, SeqCst);
            Connection::open_in_memory()
        };
        let read = || {
            for _ in 0..50 {
                let reader = readers.take(open).expect("a connection");
                std::thread::yield_now();
                assert!(reader.is_autocommit());
            }
        };
        std::thread::scope(|scope| (0..4 * readers.connections_max).for_each(|_| drop(scope.spawn(read))));
        assert!((1..=readers.connections_max).contains(&opened.load(SeqCst)), "{opened:?} connections");
    }
}
