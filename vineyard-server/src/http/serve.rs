//! The listener: one thread, a bounded number of connections, one request on each, and little patience.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::respond::respond;
use crate::error::StartError;
use crate::state::State;
use crate::workers::runtime;

/// Bytes and lines of a request's head.
const MOST_HEAD_BYTES: usize = 16 << 10;
const MOST_HEADERS: usize = 64;

/// What the listener waits when the system gives no connection, so that a lack of descriptors is no busy loop.
const BACKOFF: Duration = Duration::from_millis(100);

/// What peers may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Connections at a time; more wait until one ends.
    pub(super) connections: usize,
    /// How long a request's head may take to arrive.
    pub(super) head: Duration,
    /// How long a connection may last.
    pub(super) whole: Duration,
}

impl Limits {
    /// Those of a server.
    const USUAL: Self = Self { connections: 64, head: Duration::from_secs(5), whole: Duration::from_secs(30) };
}

/// A socket that listens and is not served yet.
#[derive(Debug)]
pub(crate) struct Endpoint {
    listener: TcpListener,
    address: SocketAddr,
}

impl Endpoint {
    /// Listens at `host:port`.
    ///
    /// # Errors
    ///
    /// [`StartError::Http`] if that is no address, or it cannot be had.
    pub(crate) fn bind(address: &str) -> Result<Self, StartError> {
        let refused = |source| StartError::Http { address: address.to_owned(), source };
        let listener = TcpListener::bind(address).map_err(refused)?;
        listener.set_nonblocking(true).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        if !address.ip().is_loopback() {
            tracing::warn!(%address, "whoever reaches this address can read the metrics and the status");
        }
        Ok(Self { listener, address })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves on a thread of its own, until what is returned is dropped.
    ///
    /// # Errors
    ///
    /// [`StartError::System`] if the system gives no thread or no descriptor.
    pub(crate) fn serve(self, state: &Arc<State>) -> Result<Running, StartError> {
        self.serve_within(state, Limits::USUAL)
    }

    /// As [`serve`](Self::serve), within other limits.
    ///
    /// # Errors
    ///
    /// As [`serve`](Self::serve).
    pub(super) fn serve_within(self, state: &Arc<State>, limits: Limits) -> Result<Running, StartError> {
        let runtime = runtime().map_err(StartError::system("event loop"))?;
        let listener = {
            let _entered = runtime.enter();
            tokio::net::TcpListener::from_std(self.listener).map_err(StartError::system("event loop"))?
        };
        let end = CancellationToken::new();
        let (state, ended) = (Arc::clone(state), end.clone());
        let thread = thread::Builder::new().name("vineyard-http".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = accept(&state, &listener, limits) => {}
                    () = ended.cancelled() => {}
                }
            });
        });
        Ok(Running { end, thread: Some(thread.map_err(StartError::system("thread"))?) })
    }
}

/// The thread that serves. Dropping it ends it, with whatever it has in hand.
#[derive(Debug)]
pub(crate) struct Running {
    end: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end.cancel();
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that serves HTTP panicked");
        }
    }
}

async fn accept(state: &Arc<State>, listener: &tokio::net::TcpListener, limits: Limits) {
    let permits = Arc::new(Semaphore::new(limits.connections));
    while let Ok(permit) = Arc::clone(&permits).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                let state = Arc::clone(state);
                tokio::spawn(async move {
                    converse(state, stream, limits).await;
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "an HTTP connection cannot be accepted");
                tokio::time::sleep(BACKOFF).await;
            }
        }
    }
}

/// Answers one request. What is no HTTP is told so, and whoever takes too long is dropped.
async fn converse(state: Arc<State>, stream: TcpStream, limits: Limits) {
    let service = service_fn(|request| {
        let state = Arc::clone(&state);
        async move { Ok::<_, Infallible>(respond(&state, &request).await) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(limits.head).keep_alive(false);
    builder.max_headers(MOST_HEADERS).max_buf_size(MOST_HEAD_BYTES);
    match timeout(limits.whole, builder.serve_connection(TokioIo::new(stream), service)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "an HTTP request is not answered"),
        Err(_) => tracing::debug!("an HTTP connection lasts too long"),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net;

    use super::*;
    use crate::auth::Door;
    use crate::config::Config;
    use crate::rights::Rights;
    use crate::state::Settings;
    use crate::workers::Workers;

    fn served(limits: Limits) -> (Running, SocketAddr, Arc<Workers>) {
        let workers = Arc::new(Workers::start(1).expect("a thread"));
        let settings = Settings::new(&Config::default(), 1 << 20, Rights::of_mode(0o600), String::new());
        let state = State::new(settings, Door::default(), 1 << 20, String::new(), Arc::clone(&workers), None)
            .expect("a server");
        let endpoint = Endpoint::bind("127.0.0.1:0").expect("a port");
        let address = endpoint.address();
        (endpoint.serve_within(&Arc::new(state), limits).expect("a thread"), address, workers)
    }

    fn connect(address: SocketAddr) -> net::TcpStream {
        let stream = net::TcpStream::connect(address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout that bounds a hang");
        stream
    }

    fn rest(mut stream: net::TcpStream) -> String {
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).expect("it ends");
        String::from_utf8(rest).expect("text")
    }

    #[test]
    fn who_takes_too_long_is_dropped_and_others_get_their_turn() {
        let (short, long) = (Duration::from_millis(50), Duration::from_secs(3600));
        for (head, whole) in [(short, long), (long, short)] {
            let (running, address, workers) = served(Limits { connections: 2, head, whole });
            let mute: Vec<_> = (0..5).map(|_| connect(address)).collect();
            let mut slow = connect(address);
            slow.write_all(b"GET /healthz HTTP/1.1\r\nx: ").expect("written");
            let mut quick = connect(address);
            quick.write_all(b"GET /healthz HTTP/1.1\r\n\r\n").expect("written");
            assert!(rest(quick).ends_with("ok\n"));
            assert!(!rest(slow).contains(" 200 "));
            assert!(mute.into_iter().all(|stream| rest(stream).is_empty()));
            drop(running);
            assert!(net::TcpStream::connect(address).is_err(), "nobody listens any more");
            workers.finish();
        }
    }
}
