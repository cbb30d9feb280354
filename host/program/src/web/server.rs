//! Accepts connections and serves requests on them, so that no client is in another's way.
//!
//! Connections are limited in number, so that descriptors are left for the ledger and for the services that the dialer
//! asks; one client has a part of them, so that it cannot take all; and none is kept whose client has stopped.

mod connection;
pub mod patience;
mod tally;

use super::Site;
use super::client::Network;
use connection::Connection;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tally::Tally;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// How many connections the server has, and how long it waits for their clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Connections at the same time, at least 1. Further ones wait until one ends.
    pub connections_max: usize,
    /// Connections of one client at the same time, at least 1; further ones are closed at once. A trusted proxy has no such
    /// limit.
    pub connections_of_client_max: usize,
    /// How long the first line and the headers of a request may take.
    pub header_time: Duration,
    /// How long a body may stop arriving, or an answer may not be taken. Altogether a sender has this and the time that the
    /// body takes at 4 KiB a second. A client whose request is refused before its body was read has this time, and
    /// `header_time` at most, to notice it.
    pub stall_time: Duration,
    /// How long a connection is kept between two requests. If others wait for one, it is not kept.
    pub idle_time: Duration,
    /// How long requests in progress may take once the server stops.
    pub stopping_time: Duration,
}

/// Descriptors for everything but connections: the ledger has a few dozen, and each source and provider asked as many as
/// it has requests in flight.
const OTHER_DESCRIPTORS: usize = 256;

/// Connections that a large machine has, at most: each may take 64 KiB for what it reads and 64 KiB for what it writes.
const CONNECTIONS_MAX: usize = 4_096;

impl Default for ConnectionLimits {
    fn default() -> Self {
        ConnectionLimits::with_descriptors(descriptors_max())
    }
}

impl ConnectionLimits {
    fn with_descriptors(descriptors: usize) -> Self {
        let connections = descriptors.saturating_sub(OTHER_DESCRIPTORS).max(descriptors / 2).clamp(1, CONNECTIONS_MAX);
        ConnectionLimits {
            connections_max: connections,
            // An office behind one address: a browser has up to six connections.
            connections_of_client_max: connections.div_ceil(4),
            header_time: Duration::from_secs(10),
            stall_time: Duration::from_secs(20),
            // Proxies keep theirs for 60 seconds.
            idle_time: Duration::from_secs(75),
            // Service managers wait for 90 seconds.
            stopping_time: Duration::from_secs(60),
        }
    }
}

/// Files and sockets that this process may have open.
fn descriptors_max() -> usize {
    #[cfg(unix)]
    let most = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    #[cfg(not(unix))]
    let most = Some(1_024);
    most.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX)
}

/// Serves until `stop` is ready, then finishes requests in progress, for [`ConnectionLimits::stopping_time`] at most.
///
/// Never fails: what cannot be accepted is tried again.
pub async fn serve(
    listener: TcpListener,
    site: Site,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (stopping, has_stopped) = watch::channel(false);
    let server = Server::new(site, has_stopped);
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            biased;
            () = &mut stop => break,
            connection = server.next(&listener) => {
                connections.spawn(connection.serve());
                while connections.try_join_next().is_some() {}
            }
        }
    }
    drop(listener);
    server.site.0.live.close();
    stopping.send_replace(true);
    let finished = async { while connections.join_next().await.is_some() {} };
    if timeout(server.site.0.settings.connections.stopping_time, finished).await.is_err() {
        // They end when the set is dropped.
        tracing::warn!("{} connections are cut off, because their requests did not end", connections.len());
    }
    Ok(())
}

struct Server {
    site: Site,
    router: axum::Router,
    places: Arc<Semaphore>,
    of_clients: Arc<Mutex<HashMap<Network, usize>>>,
    has_stopped: watch::Receiver<bool>,
    full: Tally,
    greedy: Tally,
    unaccepted: Tally,
    /// Of all connections.
    slow: Arc<Tally>,
}

/// A place among a client's connections, until it is dropped.
struct Place {
    client: Network,
    of_clients: Arc<Mutex<HashMap<Network, usize>>>,
}

/// What a connection takes of the limits.
struct Places {
    _of_all: OwnedSemaphorePermit,
    _of_client: Option<Place>,
}

impl Server {
    fn new(site: Site, has_stopped: watch::Receiver<bool>) -> Self {
        let places = Arc::new(Semaphore::new(site.0.settings.connections.connections_max));
        Server {
            router: super::router(site.clone()),
            site,
            places,
            of_clients: Arc::default(),
            has_stopped,
            full: Tally::new("as many connections are open as the server has, and new ones wait"),
            greedy: Tally::new("connections were closed, because their client had too many"),
            unaccepted: Tally::new("connections could not be accepted"),
            slow: Arc::new(Tally::new("connections were closed, because their clients were too slow")),
        }
    }

    /// The next connection.
    async fn next(&self, listener: &TcpListener) -> Connection {
        loop {
            let of_all = self.place().await;
            let (stream, peer) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    self.unaccepted.note(&error);
                    if !is_of_one_connection(&error) {
                        // Most likely there are no descriptors. Connections and files that end give theirs back.
                        sleep(Duration::from_secs(1)).await;
                    }
                    continue;
                }
            };
            match self.place_of(peer) {
                Ok(of_client) => {
                    return self.connection(stream, peer, Places { _of_all: of_all, _of_client: of_client });
                }
                Err(client) => self.greedy.note(&client),
            }
        }
    }

    async fn place(&self) -> OwnedSemaphorePermit {
        if self.places.available_permits() == 0 {
            self.full.note(&format_args!("{} connections", self.site.0.settings.connections.connections_max));
        }
        self.places.clone().acquire_owned().await.expect("it is never closed")
    }

    /// None for a trusted proxy, whose clients are many. An error if the client has too many connections.
    fn place_of(&self, peer: SocketAddr) -> Result<Option<Place>, Network> {
        let settings = &self.site.0.settings;
        if settings.trusted_proxies.trusts(peer.ip()) {
            return Ok(None);
        }
        let client = Network::from(peer.ip());
        let mut of_clients = self.of_clients.lock();
        let count = of_clients.entry(client).or_default();
        if *count >= settings.connections.connections_of_client_max {
            return Err(client);
        }
        *count += 1;
        Ok(Some(Place { client, of_clients: self.of_clients.clone() }))
    }

    fn connection(&self, stream: TcpStream, peer: SocketAddr, places: Places) -> Connection {
        // Answers are written whole.
        let _ = stream.set_nodelay(true);
        Connection {
            stream,
            peer,
            router: self.router.clone(),
            all_places: self.places.clone(),
            limits: self.site.0.settings.connections.clone(),
            has_stopped: self.has_stopped.clone(),
            slow: self.slow.clone(),
            _places: places,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut of_clients = self.of_clients.lock();
        if let Some(count) = of_clients.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                of_clients.remove(&self.client);
            }
        }
    }
}

/// Whether the client left before its connection was accepted.
fn is_of_one_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_descriptors_for_the_rest() {
        for (descriptors, connections) in [(1_024, 768), (512, 256), (64, 32), (1, 1), (1 << 20, 4_096)] {
            let limits = ConnectionLimits::with_descriptors(descriptors);
            assert_eq!(limits.connections_max, connections, "{descriptors} descriptors");
            assert!((1..=connections).contains(&limits.connections_of_client_max));
        }
    }
}
