//! A server as a whole: start, accept, stop.

use std::net::{IpAddr, SocketAddr, TcpListener};
use std::os::unix::net;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio_util::sync::CancellationToken;

use crate::auth::{Door, Htpasswd, Proofs, Rules};
use crate::builder::ServerBuilder;
use crate::config::{Config, RpcConfig};
use crate::error::StartError;
use crate::http;
use crate::keeper::keep;
use crate::listen::{Listener, accept};
use crate::rights::Rights;
use crate::service::{NO_ENDPOINT, hostname};
use crate::size::Bytes;
use crate::socket::{Claim, SocketFile};
use crate::spill::Spill;
use crate::state::{Settings, State};
use crate::store::MemoryReport;
use crate::tls::Tls;
use crate::workers::{Workers, runtime};

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
    let size = config.checked_size()?;
    let private = if config.socket.is_none() { Some(PrivateDirectory::new()?) } else { None };
    let path = match (&config.socket, &private) {
        (Some(path), _) => path.clone(),
        (None, Some(directory)) => directory.0.join("vineyard.sock"),
        (None, None) => return Err(StartError::NoSocketPath),
    };
    let rights = Rights::new(config)?;
    let door = door(config)?;
    let load = |identity| Tls::load(identity, &config.tls).map(Arc::new);
    let tls = config.tls.identity.as_ref().map(load).transpose()?;
    if tls.is_some() && config.rpc.is_none() {
        tracing::warn!("a certificate is of no use without the TCP endpoint");
    }
    let is_guarded = tls.as_ref().is_some_and(|tls| tls.lets_only_known_in());
    let rpc = config.rpc.as_ref().map(|rpc| Rpc::bind(rpc, tls)).transpose()?;
    let address = rpc.as_ref().map(|rpc| rpc.address);
    let insight = config.http.as_deref().map(http::Endpoint::bind).transpose()?;
    if let Some(address) = address.filter(|address| !address.ip().is_loopback() && !is_guarded && door.is_open_to_tcp())
    {
        tracing::warn!(
            "who reaches {address} from another machine can connect: --htpasswd, --rules or --tls-client-ca say who may"
        );
    }
    let claim = Claim::new(&path, rights)?;
    let socket = claim.file.path().to_owned();
    match launch(config, size, rights, door, &socket, claim.listener, rpc) {
        Ok((state, thread)) => {
            let (size, workers) = (Bytes(size), config.checked_workers()?);
            let running = Running { thread, _insight: None, file: claim.file, _private: private };
            let mut server = ServerHandle { state, socket, rpc: address, http: None, running: Some(running) };
            server.open(insight)?;
            let (socket, http) = (server.socket.display(), server.http);
            tracing::info!(%socket, rpc = ?address, ?http, %size, workers, "listening");
            Ok(server)
        }
        Err(error) => {
            claim.file.remove();
            Err(error)
        }
    }
}

/// What peers have to get past.
fn door(config: &Config) -> Result<Door, StartError> {
    let htpasswd = config.htpasswd.as_ref().map(Htpasswd::new);
    if let Some(htpasswd) = &htpasswd {
        htpasswd.warn_if_unreadable();
    }
    let certificates = config.tls.client_ca.is_some();
    let proofs = Proofs { passwords: htpasswd.is_some(), certificates };
    let read =
        |path: &PathBuf| Rules::read(path, proofs).map_err(|source| StartError::Rules { path: path.clone(), source });
    let rules = config.rules.as_ref().map(read).transpose()?;
    Ok(Door { htpasswd, rules })
}

/// The TCP endpoint, before it is served.
struct Rpc {
    listener: TcpListener,
    address: SocketAddr,
    /// What clients are told.
    endpoint: String,
    tls: Option<Arc<Tls>>,
}

impl Rpc {
    fn bind(rpc: &RpcConfig, tls: Option<Arc<Tls>>) -> Result<Self, StartError> {
        let refused = |source| StartError::Rpc { address: format!("{}:{}", rpc.host, rpc.port), source };
        let listener = TcpListener::bind((rpc.host.as_str(), rpc.port)).map_err(refused)?;
        listener.set_nonblocking(true).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        // Who listens everywhere is found by its name; who listens at one address is found only there.
        let host = match address.ip() {
            ip if ip.is_unspecified() => hostname(),
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        Ok(Self { listener, address, endpoint: format!("{host}:{}", address.port()), tls })
    }
}

fn launch(
    config: &Config,
    size: u64,
    rights: Rights,
    door: Door,
    socket: &Path,
    listener: net::UnixListener,
    rpc: Option<Rpc>,
) -> Result<(Arc<State>, JoinHandle<()>), StartError> {
    let accepting = runtime().map_err(StartError::system("event loop"))?;
    let (listeners, rpc_endpoint) = {
        let _entered = accepting.enter();
        let unix = tokio::net::UnixListener::from_std(listener).map_err(StartError::system("event loop"))?;
        let mut listeners = vec![Listener::Unix(unix)];
        let mut endpoint = NO_ENDPOINT.to_owned();
        if let Some(rpc) = rpc {
            let tcp = tokio::net::TcpListener::from_std(rpc.listener).map_err(StartError::system("event loop"))?;
            listeners.push(Listener::Tcp(tcp, rpc.tls));
            endpoint = rpc.endpoint;
        }
        (listeners, endpoint)
    };
    let workers = Arc::new(Workers::start(config.checked_workers()?).map_err(StartError::system("threads"))?);
    let settings = Settings::new(config, size, rights, rpc_endpoint);
    let name = socket.to_string_lossy().into_owned();
    let spill = config.spill.as_ref().map(|path| {
        let made = Spill::new(path, size, config.spill_rates);
        made.map_err(|source| StartError::Spill { path: path.clone(), source })
    });
    let made = spill.transpose().and_then(|spill| {
        let state = State::new(settings, door, size, name, Arc::clone(&workers), spill);
        state.map_err(StartError::system("memory for an arena"))
    });
    let state = match made {
        Ok(state) => Arc::new(state),
        Err(error) => {
            workers.finish();
            return Err(error);
        }
    };
    if config.reserve {
        let progress = |done| tracing::info!("{} of {} are reserved", Bytes(done), Bytes(size));
        if let Err(error) = state.pool.reserve_all(progress) {
            workers.finish();
            return Err(StartError::system("memory to reserve")(error));
        }
        tracing::info!("all of {} is reserved", Bytes(size));
    }
    let shared = Arc::clone(&state);
    let thread = std::thread::Builder::new().name("vineyard-accept".to_owned()).spawn(move || {
        accepting.block_on(run(&shared, listeners, &workers));
        workers.finish();
    });
    Ok((state, thread.map_err(StartError::system("thread"))?))
}

/// Accepts until the server is to stop, then waits until every connection has finished the request in hand.
async fn run(state: &Arc<State>, listeners: Vec<Listener>, workers: &Arc<Workers>) {
    for listener in listeners {
        let accepting = accept(Arc::clone(state), Arc::clone(&state.root), listener, Arc::clone(workers));
        state.tasks.spawn(accepting);
    }
    state.tasks.spawn(keep(Arc::clone(state)));
    state.stop.cancelled().await;
    state.tasks.close();
    state.tasks.wait().await;
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
    _insight: Option<http::Running>,
    file: SocketFile,
    _private: Option<PrivateDirectory>,
}

/// A server that runs. Dropping it stops it.
#[derive(Debug)]
pub struct ServerHandle {
    state: Arc<State>,
    socket: PathBuf,
    rpc: Option<SocketAddr>,
    http: Option<SocketAddr>,
    running: Option<Running>,
}

/// What a server held, in all sessions, after its last connection had ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct StopReport {
    /// Bytes of the arenas that were taken, with what alignment costs.
    pub allocated_bytes: u64,
    /// Bytes that clients had asked for.
    pub used_bytes: u64,
    /// Bytes of the server's own memory that were taken, as it weighs them: by objects, names, streams, chosen ids and the
    /// records of blobs. Connections that have ended take none.
    pub metadata_bytes: u64,
    /// What names and streams take, which stay when everything is deleted. As many as `metadata_bytes` if everything was,
    /// unless the server has a bug.
    pub lasting_bytes: u64,
    /// Leases that were not given back, and what is like them for clients that hold none; 0 unless the server has a bug.
    pub leases: u64,
    /// Sessions besides the root that were not ended; 0 unless the server has a bug.
    pub sessions: usize,
    /// Connections that were not ended; 0 unless the server has a bug.
    pub connections: u64,
}

impl ServerHandle {
    /// Where it listens.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Where it listens for TCP clients, if it does; with the port that was chosen if none was given.
    pub fn rpc_address(&self) -> Option<SocketAddr> {
        self.rpc
    }

    /// Where it tells how it is doing, if it does; with the port that was chosen if none was given.
    pub fn http_address(&self) -> Option<SocketAddr> {
        self.http
    }

    /// Lets others look.
    fn open(&mut self, endpoint: Option<http::Endpoint>) -> Result<(), StartError> {
        if let (Some(endpoint), Some(running)) = (endpoint, &mut self.running) {
            self.http = Some(endpoint.address());
            running._insight = Some(endpoint.serve(&self.state)?);
        }
        Ok(())
    }

    /// What it holds, in numbers.
    pub fn memory(&self) -> MemoryReport {
        self.state.pool.lock().report()
    }

    /// Ends the server when cancelled, as [`stop`](Self::stop) does, without waiting for it.
    pub(crate) fn stop_token(&self) -> &CancellationToken {
        &self.state.stop
    }

    /// Stops the server: no connection is accepted any more, requests in hand are answered, waiting ones refused, the
    /// socket is removed. Blocks until that is done; a peer that does not read its last reply, or has much to be sent,
    /// delays it by 5 seconds at most.
    pub fn stop(mut self) -> StopReport {
        self.end();
        let (leases, sessions) = (self.state.num_holds(), self.state.num_children());
        let (metadata_bytes, lasting_bytes) = (self.state.budget.used(), self.state.lasting_bytes());
        let pool = self.state.pool.lock();
        StopReport {
            allocated_bytes: pool.allocated(),
            used_bytes: pool.used(),
            metadata_bytes,
            lasting_bytes,
            leases,
            sessions,
            connections: self.state.connections.count(),
        }
    }

    fn end(&mut self) {
        // The endpoint goes last: to the end it says that the server stops.
        if let Some(Running { thread, _insight, file, _private }) = self.running.take() {
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
