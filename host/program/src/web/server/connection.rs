//! One connection, from its first request to its last.

use super::patience::Patience;
use super::tally::Tally;
use super::{ConnectionLimits, Places};
use crate::web::limits::{HEADER_BYTES_MAX, HEADERS_MAX};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, Request, Response, header};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, Sleep, sleep};
use tower::ServiceExt;

/// What is read ahead and what waits to be written, each, at most.
const BUFFER_BYTES_MAX: usize = 64 << 10;

/// An accepted connection.
pub struct Connection {
    pub stream: TcpStream,
    pub peer: SocketAddr,
    pub router: Router,
    pub all_places: Arc<Semaphore>,
    pub limits: ConnectionLimits,
    pub has_stopped: watch::Receiver<bool>,
    pub slow: Arc<Tally>,
    pub _places: Places,
}

impl Connection {
    /// Answers requests until the client leaves or is too slow, or the server stops.
    pub async fn serve(self) {
        let Connection { stream, peer, router, all_places, limits, mut has_stopped, slow, _places } = self;
        let requests = Arc::<Requests>::default();
        let stream = TimedStream::new(stream, &limits, requests.clone(), slow, peer);
        let answerer = Answerer { router, peer, requests, all_places };
        let mut connection = pin!(
            http1::Builder::new()
                .timer(TokioTimer::new())
                // The stream has tighter ones.
                .header_read_timeout(limits.idle_time + limits.header_time)
                .max_headers(HEADERS_MAX)
                .max_header_size(HEADER_BYTES_MAX)
                .max_buf_size(BUFFER_BYTES_MAX)
                .serve_connection(TokioIo::new(stream), answerer)
        );
        tokio::select! {
            // An error is the client's: it has left, was too slow or does not speak HTTP.
            _ = connection.as_mut() => return,
            _ = has_stopped.wait_for(|has_stopped| *has_stopped) => connection.as_mut().graceful_shutdown(),
        }
        let _ = connection.await;
    }
}

/// How many requests of a connection have begun, and how many answers have ended.
#[derive(Default)]
struct Requests {
    begun: AtomicU64,
    ended: AtomicU64,
    /// A request was answered before its body had been read, so its client may still be sending.
    has_unread_body: AtomicBool,
}

impl Requests {
    fn begin(self: &Arc<Self>) -> UnderWay {
        self.begun.fetch_add(1, Relaxed);
        UnderWay(self.clone())
    }

    fn is_one_under_way(&self) -> bool {
        self.begun.load(Relaxed) != self.ended.load(Relaxed)
    }
}

/// A request, until its answer has ended.
struct UnderWay(Arc<Requests>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Relaxed);
    }
}

/// Answers the requests of one connection.
struct Answerer {
    router: Router,
    peer: SocketAddr,
    requests: Arc<Requests>,
    all_places: Arc<Semaphore>,
}

impl Service<Request<Incoming>> for Answerer {
    type Response = Response<Answer>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Answer>, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let under_way = self.requests.begin();
        let requests = self.requests.clone();
        let mut request = request.map(|body| Body::new(Asked { has_ended: body.is_end_stream(), body, requests }));
        request.extensions_mut().insert(ConnectInfo(self.peer));
        let answered = self.router.clone().oneshot(request);
        let all_places = self.all_places.clone();
        Box::pin(async move {
            let mut response = answered.await?;
            if all_places.available_permits() == 0 {
                // Another client has the place.
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(response.map(|body| Answer { body, _under_way: under_way }))
        })
    }
}

/// The body of a request.
struct Asked {
    body: Incoming,
    has_ended: bool,
    requests: Arc<Requests>,
}

impl HttpBody for Asked {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        self.has_ended = frame.is_none() || self.body.is_end_stream();
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if !self.has_ended {
            self.requests.has_unread_body.store(true, Relaxed);
        }
    }
}

/// The body of an answer, whose request is under way until it has been sent.
struct Answer {
    body: Body,
    _under_way: UnderWay,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A stream that fails if its client keeps the server waiting: for a request, or for taking what is written. While a
/// request is under way, its body has a time of its own, and the client waits for the server.
struct TimedStream {
    stream: TcpStream,
    limits: ConnectionLimits,
    requests: Arc<Requests>,
    waiting: Option<Waiting>,
    writing: Patience,
    lingering: Option<Pin<Box<Sleep>>>,
    slow: Arc<Tally>,
    peer: SocketAddr,
}

/// Waiting for a request.
struct Waiting {
    /// How many have begun before it.
    after: u64,
    /// Whether a part of it has arrived.
    has_begun: bool,
    end: Pin<Box<Sleep>>,
}

impl TimedStream {
    /// The first request is expected at once.
    fn new(
        stream: TcpStream,
        limits: &ConnectionLimits,
        requests: Arc<Requests>,
        slow: Arc<Tally>,
        peer: SocketAddr,
    ) -> Self {
        let first = Waiting { after: 0, has_begun: true, end: Box::pin(sleep(limits.header_time)) };
        let (limits, writing) = (limits.clone(), Patience::new(limits.stall_time));
        TimedStream { stream, limits, requests, waiting: Some(first), writing, lingering: None, slow, peer }
    }

    /// The wait for the next request; none while one is under way.
    fn waiting(&mut self) -> Option<&mut Waiting> {
        let begun = self.requests.begun.load(Relaxed);
        if self.requests.is_one_under_way() {
            self.waiting = None;
        } else if self.waiting.as_ref().is_none_or(|waiting| waiting.after != begun) {
            let end = Box::pin(sleep(self.limits.idle_time));
            self.waiting = Some(Waiting { after: begun, has_begun: false, end });
        }
        self.waiting.as_mut()
    }

    fn too_slow(&self) -> io::Error {
        self.slow.note(&self.peer.ip());
        io::ErrorKind::TimedOut.into()
    }

    /// Takes what the client is still sending and drops it, until the client has read the answer and closes, or has had its
    /// time. A connection that is closed with unread data is reset, and a client that is sending then loses the answer.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let time = self.limits.header_time.min(self.limits.stall_time);
        let end = self.lingering.get_or_insert_with(|| Box::pin(sleep(time)));
        let mut dropped = [0; 8 << 10];
        while end.as_mut().poll(cx).is_pending() {
            let mut buffer = ReadBuf::new(&mut dropped);
            let read = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                break;
            }
        }
        Poll::Ready(())
    }

    /// What came of writing, or an error if nothing has been taken for too long.
    fn written(&mut self, written: Poll<io::Result<usize>>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(outcome) => {
                self.writing.moved(*outcome.as_ref().unwrap_or(&0));
                Poll::Ready(outcome)
            }
            Poll::Pending => self.writing.poll_exhausted(cx).map(|()| Err(self.too_slow())),
        }
    }
}

impl AsyncRead for TimedStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let header_time = self.limits.header_time;
        let Some(waiting) = self.waiting() else { return read };
        if read.is_ready() {
            if buffer.filled().len() > before && !waiting.has_begun {
                waiting.has_begun = true;
                waiting.end.as_mut().reset(Instant::now() + header_time);
            }
            return read;
        }
        ready!(waiting.end.as_mut().poll(cx));
        // A client that asks nothing more is not slow.
        Poll::Ready(if waiting.has_begun { Err(self.too_slow()) } else { Ok(()) })
    }
}

impl AsyncWrite for TimedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.written(written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.written(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        if self.requests.has_unread_body.load(Relaxed) {
            ready!(self.poll_linger(cx));
        }
        Poll::Ready(Ok(()))
    }
}
