//! A server as a whole: start, accept, stop.

use std::os::unix::net;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::UnixListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::builder::ServerBuilder;
use crate::config::Config;
use crate::conn;
use crate::error::StartError;
use crate::size::Bytes;
use crate::socket::{Claim, SocketFile};
use crate::state::State;
use crate::workers::{Workers, runtime};

/// What the accept loop waits after the first failure; doubled up to the last value, so that a lack of descriptors
/// does not become a busy loop.
const FIRST_BACKOFF: Duration = Duration::from_millis(1);
const LAST_BACKOFF: Duration = Duration::from_secs(1);

/// The front door of the library: [`Server::builder`].
#[derive(Debug)]
pub struct Server;

impl Server {
    /// Describes a server; [`ServerBuilder::spawn`] starts it.
    ///
    /// Without any choice it is private: it listens in a temporary directory of its own, which is gone when it stops.
    ///
    /// ```
    /// use vineyard_server::Server;
    ///
    /// let server = Server::builder().size(64 << 20).spawn()?;
    /// let _client = std::os::unix::net::UnixStream::connect(server.socket())?;
    /// let report = server.stop();
    /// assert_eq!((report.used_bytes, report.leases, report.connections), (0, 0, 0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn builder() -> ServerBuilder {
        ServerBuilder::new()
    }
}

/// Starts a server on threads of its own. When this returns, it listens.
pub(crate) fn start(config: &Config) -> Result<ServerHandle, StartError> {
    config.check_options()?;
    let (size, workers) = (config.checked_size()?, config.checked_workers()?);
    let private = if config.socket.is_none() { Some(PrivateDirectory::new()?) } else { None };
    let path = match (&config.socket, &private) {
        (Some(path), _) => path.clone(),
        (None, Some(directory)) => directory.0.join("vineyard.sock"),
        (None, None) => return Err(StartError::NoSocketPath),
    };
    let claim = Claim::new(&path, config.socket_mode)?;
    let socket = claim.file.path().to_owned();
    match launch(config, size, workers, &socket, claim.listener) {
        Ok((state, thread)) => {
            tracing::info!(socket = %socket.display(), size = %Bytes(size), workers, "listening");
            let running = Running { thread, file: claim.file, _private: private };
            Ok(ServerHandle { state, socket, running: Some(running) })
        }
        Err(error) => {
            claim.file.remove();
            Err(error)
        }
    }
}

fn launch(
    config: &Config,
    size: u64,
    workers: usize,
    socket: &Path,
    listener: net::UnixListener,
) -> Result<(Arc<State>, JoinHandle<()>), StartError> {
    let name = socket.to_string_lossy().into_owned();
    let state = Arc::new(State::new(config.instance, size, name).map_err(StartError::system("memory for an arena"))?);
    let accepting = runtime().map_err(StartError::system("event loop"))?;
    let listener = {
        let _entered = accepting.enter();
        UnixListener::from_std(listener).map_err(StartError::system("event loop"))?
    };
    let workers = Workers::start(workers).map_err(StartError::system("threads"))?;
    let (shared, permits) = (Arc::clone(&state), Arc::new(Semaphore::new(config.max_connections)));
    let thread = std::thread::Builder::new().name("vineyard-accept".to_owned()).spawn(move || {
        accepting.block_on(run(&shared, listener, permits, &workers));
        workers.finish();
    });
    Ok((state, thread.map_err(StartError::system("thread"))?))
}

/// Accepts until the server is to stop, then waits until every connection has finished the request in hand.
async fn run(state: &Arc<State>, listener: UnixListener, permits: Arc<Semaphore>, workers: &Workers) {
    let tracker = TaskTracker::new();
    let accepting = async {
        let mut backoff = FIRST_BACKOFF;
        while let Ok(permit) = Arc::clone(&permits).acquire_owned().await {
            match listener.accept().await.and_then(|(socket, _)| socket.into_std()) {
                Ok(socket) => {
                    backoff = FIRST_BACKOFF;
                    let Some((handle, seat)) = workers.least_busy() else { break };
                    let state = Arc::clone(state);
                    let connection = async move {
                        conn::serve(state, socket).await;
                        drop((permit, seat));
                    };
                    tracker.spawn_on(connection, handle);
                }
                Err(error) => {
                    tracing::error!(%error, "a connection cannot be accepted");
                    tokio::time::sleep(backoff).await;
                    backoff = backoff.saturating_mul(2).min(LAST_BACKOFF);
                }
            }
        }
    };
    // Cancel-safe enough: a connection that is accepted is spawned in the same poll.
    tokio::select! {
        () = state.stop.cancelled() => {}
        () = accepting => {}
    }
    drop(listener);
    tracker.close();
    tracker.wait().await;
}

/// A directory of this server alone; removed when it is dropped.
#[derive(Debug)]
struct PrivateDirectory(PathBuf);

impl PrivateDirectory {
    fn new() -> Result<Self, StartError> {
        let parent = std::env::temp_dir();
        nix::unistd::mkdtemp(&parent.join("vineyard-XXXXXX"))
            .map(Self)
            .map_err(|errno| StartError::Directory { path: parent, source: errno.into() })
    }
}

impl Drop for PrivateDirectory {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(path = %self.0.display(), %error, "the private directory cannot be removed");
        }
    }
}

#[derive(Debug)]
struct Running {
    thread: JoinHandle<()>,
    file: SocketFile,
    _private: Option<PrivateDirectory>,
}

/// A server that runs. Dropping it stops it.
#[derive(Debug)]
pub struct ServerHandle {
    state: Arc<State>,
    socket: PathBuf,
    running: Option<Running>,
}

/// What a server held after its last connection had ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct StopReport {
    /// Bytes of the arenas that were taken, with what alignment costs.
    pub allocated_bytes: u64,
    /// Bytes that clients had asked for.
    pub used_bytes: u64,
    /// Leases that were not given back; 0 unless the server has a bug.
    pub leases: u64,
    /// Connections that were not ended; 0 unless the server has a bug.
    pub connections: u64,
}

impl ServerHandle {
    /// Where it listens.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Ends the server when cancelled, as [`stop`](Self::stop) does, without waiting for it.
    pub(crate) fn stop_token(&self) -> &CancellationToken {
        &self.state.stop
    }

    /// Stops the server: no connection is accepted any more, requests in hand are answered, waiting ones refused, the
    /// socket is removed. Blocks until that is done; a peer that does not read its last reply delays it by 5 seconds
    /// at most.
    pub fn stop(mut self) -> StopReport {
        self.end();
        let blobs = self.state.blobs();
        StopReport {
            allocated_bytes: blobs.allocated_bytes(),
            used_bytes: blobs.used_bytes(),
            leases: blobs.num_leases(),
            connections: self.state.connections.count(),
        }
    }

    fn end(&mut self) {
        if let Some(Running { thread, file, _private }) = self.running.take() {
            self.state.stop.cancel();
            if thread.join().is_err() {
                tracing::error!("the server's thread panicked");
            }
            file.remove();
        }
    }
}

impl Drop for ServerHandle {
    fn drop(&mut self) {
        self.end();
    }
}
