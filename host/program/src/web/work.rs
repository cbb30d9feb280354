//! Heavy work of requests: on threads of its own, a few at a time, and ended when its client is gone.
//!
//! A worker of the server must never compute for long: others wait for it, `/healthz` among them. The work of a caller
//! waits for other work of the same caller, so that no one takes every place.

use super::auth::Caller;
use super::problem::Problem;
use super::uploads::caller_name;
use axum::http::StatusCode;
use dialguard_dialer::ledger::Stop;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::{JoinError, spawn_blocking};
use tokio::time::timeout;

/// Work at the same time, at most: enough that slow disks are busy, and too little to starve the server's own threads.
const AT_ONCE_MAX: usize = 8;

/// Of that, work of one caller.
const AT_ONCE_OF_CALLER_MAX: usize = 2;

/// Requests of one caller that wait for their turn, at most. Each may hold a file in memory.
const WAITING_OF_CALLER_MAX: usize = 8;

/// The same where requests are short and hold little.
const SHORT_AT_ONCE_MAX: usize = 16;
const SHORT_AT_ONCE_OF_CALLER_MAX: usize = 4;
const SHORT_WAITING_OF_CALLER_MAX: usize = 100;

/// How long a request waits for its turn.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// Places for heavy work.
pub struct Work {
    all: Arc<Semaphore>,
    of_caller_max: usize,
    waiting_of_caller_max: usize,
    of_callers: Mutex<HashMap<String, Weak<Places>>>,
}

/// The places of one caller, as long as a request has one or waits for one.
struct Places {
    work: Arc<Semaphore>,
    waiting: Semaphore,
}

/// A place among all, and among those of the caller.
struct Place {
    _of_caller: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
    _places: Arc<Places>,
}

impl Work {
    /// For work that takes seconds or minutes.
    pub fn long() -> Self {
        Work::with(AT_ONCE_MAX, AT_ONCE_OF_CALLER_MAX, WAITING_OF_CALLER_MAX)
    }

    /// For work that computes without a pause and would leave no CPU time for the daily reviews.
    pub fn computing() -> Self {
        Work::with(2, 1, WAITING_OF_CALLER_MAX)
    }

    /// For work that mostly takes a moment.
    pub fn short() -> Self {
        Work::with(SHORT_AT_ONCE_MAX, SHORT_AT_ONCE_OF_CALLER_MAX, SHORT_WAITING_OF_CALLER_MAX)
    }

    fn with(at_once_max: usize, of_caller_max: usize, waiting_of_caller_max: usize) -> Self {
        let all = Arc::new(Semaphore::new(at_once_max));
        Work { all, of_caller_max, waiting_of_caller_max, of_callers: Mutex::default() }
    }

    /// Does work for a caller when it is its turn: 503 if that does not come soon. The flag is set when the request no
    /// longer waits, as when the client has hung up: long loops look at it, and what the ledger reads ends by itself.
    pub async fn run<T: Send + 'static>(
        &self,
        caller: &Caller,
        work: impl FnOnce(&Stop) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let place = self.enter_soon(caller).await?;
        Ok(done_at(place, stoppable(work)).await)
    }

    /// The same, however long its turn takes to come; for the next part of an answer that has begun.
    pub async fn run_in_turn<T: Send + 'static>(
        &self,
        caller: &Caller,
        work: impl FnOnce(&Stop) -> T + Send + 'static,
    ) -> T {
        let place = self.enter(self.places_of(caller)).await;
        done_at(place, stoppable(work)).await
    }

    /// The same as [`Work::run`] for a future that computes between its pauses, as one that runs a policy does. It is
    /// dropped at its next pause when the request no longer waits.
    pub async fn run_future<T, F>(&self, caller: &Caller, work: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let place = self.enter_soon(caller).await?;
        let (_gone, gone) = oneshot::channel::<()>();
        // Nothing that it reads fails: a policy could be blamed for that.
        let done = done_at(place, move |_| {
            Handle::current().block_on(async {
                tokio::select! {
                    done = work => Some(done),
                    _ = gone => None,
                }
            })
        });
        Ok(done.await.expect("the request waits"))
    }

    async fn enter_soon(&self, caller: &Caller) -> Result<Place, Problem> {
        let places = self.places_of(caller);
        let _waits = places.waiting.try_acquire().map_err(|_| busy())?;
        timeout(WAIT_MAX, self.enter(places.clone())).await.map_err(|_| busy())
    }

    async fn enter(&self, places: Arc<Places>) -> Place {
        let of_caller = places.work.clone().acquire_owned().await.expect("never closed");
        let of_all = self.all.clone().acquire_owned().await.expect("never closed");
        Place { _of_caller: of_caller, _of_all: of_all, _places: places }
    }

    fn places_of(&self, caller: &Caller) -> Arc<Places> {
        let mut all = self.of_callers.lock();
        let name = caller_name(caller);
        if let Some(places) = all.get(&name).and_then(Weak::upgrade) {
            return places;
        }
        // Those of no request are gone.
        all.retain(|_, places| places.strong_count() > 0);
        let places = Arc::new(Places {
            work: Arc::new(Semaphore::new(self.of_caller_max)),
            waiting: Semaphore::new(self.waiting_of_caller_max),
        });
        all.insert(name, Arc::downgrade(&places));
        places
    }
}

/// Work whose reading of the ledger ends with it.
fn stoppable<T>(work: impl FnOnce(&Stop) -> T) -> impl FnOnce(&Stop) -> T {
    move |stop| stop.during(|| work(stop))
}

async fn done_at<T: Send + 'static>(place: Place, work: impl FnOnce(&Stop) -> T + Send + 'static) -> T {
    let stop = Stop::default();
    let _gone = SetOnDrop(stop.clone());
    let working = spawn_blocking(move || {
        let _place = place;
        work(&stop)
    });
    working.await.unwrap_or_else(panic_again)
}

/// A future that waits for work is dropped when its client hangs up.
struct SetOnDrop(Stop);

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        self.0.set();
    }
}

fn panic_again<T>(error: JoinError) -> T {
    std::panic::resume_unwind(error.into_panic())
}

fn busy() -> Problem {
    let detail = "other requests of yours are in progress; try again in a minute";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::routing::get;
    use dialguard_dialer::access::{Accounts, Grant, Role};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::mpsc;

    fn caller(name: &str) -> Caller {
        let actor = dialguard_dialer::ledger::Actor::user(name, 0);
        Caller {
            name: name.into(),
            actor,
            grant: Grant { role: Role::Operate, accounts: Accounts::All },
            is_program: false,
        }
    }

    /// Serves endless work, which tells when it begins and when it ends, and `/healthz`.
    async fn server(work: Arc<Work>) -> (std::net::SocketAddr, mpsc::UnboundedReceiver<&'static str>) {
        let (tell, told) = mpsc::unbounded_channel();
        let (of_loop, of_future) = ((work.clone(), tell.clone()), (work, tell));
        let endless_loop = async move || {
            let (work, tell) = of_loop;
            let endless = move |stop: &Stop| {
                tell.send("loop begun").unwrap();
                while !stop.is_set() {
                    std::thread::yield_now();
                }
                tell.send("loop ended").unwrap();
            };
            work.run(&caller("ann"), endless).await
        };
        let endless_future = async move || {
            let (work, tell) = of_future;
            let endless = async move {
                let _ended = TellOnDrop(tell.clone());
                tell.send("future begun").unwrap();
                loop {
                    tokio::task::yield_now().await;
                }
            };
            work.run_future::<(), _>(&caller("ann"), endless).await
        };
        let routes = Router::new()
            .route("/loop", get(endless_loop))
            .route("/future", get(endless_future))
            .route("/healthz", get(async || "ok"));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, routes).await });
        (address, told)
    }

    struct TellOnDrop(mpsc::UnboundedSender<&'static str>);

    impl Drop for TellOnDrop {
        fn drop(&mut self) {
            let _ = self.0.send("future ended");
        }
    }

    async fn ask(address: std::net::SocketAddr, path: &str) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    /// One worker: if work took it, nothing else would be answered.
    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn work_ends_when_its_client_hangs_up_and_others_are_served_meanwhile() {
        let (address, mut told) = server(Arc::new(Work::long())).await;
        for (path, begun, ended) in [("/loop", "loop begun", "loop ended"), ("/future", "future begun", "future ended")]
        {
            let client = ask(address, path).await;
            assert_eq!(told.recv().await, Some(begun));
            let mut answer = String::new();
            ask(address, "/healthz").await.read_to_string(&mut answer).await.unwrap();
            assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("ok"), "{answer}");
            drop(client);
            assert_eq!(told.recv().await, Some(ended));
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn no_caller_takes_every_place_and_a_queue_has_an_end() {
        let work = Arc::new(Work::long());
        let (begun, mut waits) = mpsc::unbounded_channel();
        let begin = |name: &'static str| {
            let (work, begun) = (work.clone(), begun.clone());
            tokio::spawn(async move {
                let endless = async move {
                    begun.send(name).unwrap();
                    std::future::pending::<()>().await;
                };
                work.run_future(&caller(name), endless).await
            })
        };
        let of_ann: Vec<_> = (0..AT_ONCE_OF_CALLER_MAX).map(|_| begin("ann")).collect();
        for _ in 0..AT_ONCE_OF_CALLER_MAX {
            assert_eq!(waits.recv().await, Some("ann"));
        }
        let waiting: Vec<_> = (0..WAITING_OF_CALLER_MAX).map(|_| begin("ann")).collect();
        while work.places_of(&caller("ann")).waiting.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let refused = begin("ann").await.unwrap().unwrap_err();
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        let _other = begin("ben");
        assert_eq!(waits.recv().await, Some("ben"));
        of_ann.iter().chain(&waiting).for_each(tokio::task::JoinHandle::abort);
        // Those that are gone have left their places.
        let _ann = begin("ann");
        assert_eq!(waits.recv().await, Some("ann"));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_panic_is_the_requests_own() {
        let work = Arc::new(Work::long());
        let panicking = tokio::spawn(async move {
            let _: Result<(), Problem> = work.run(&caller("ann"), |_| panic!("a test's own")).await;
        });
        assert!(panicking.await.unwrap_err().is_panic());
    }
}
