//! How to connect.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Client;
use super::endpoint::Endpoint;
use super::inner::Inner;
use crate::address::Address;
use crate::error::ConnectError;
use crate::id::SessionId;

/// The environment variable that names the socket.
const SOCKET_VARIABLE: &str = "VINEYARD_IPC_SOCKET";

/// How to connect, for when [`Client::connect`] is not enough.
///
/// ```no_run
/// use std::time::Duration;
/// use vineyard_core::ConnectOptions;
/// let client = ConnectOptions::new().socket("/run/vineyard.sock").timeout(Duration::from_secs(5)).connect()?;
/// # Ok::<(), vineyard_core::Error>(())
/// ```
#[derive(Clone)]
pub struct ConnectOptions {
    socket: Option<PathBuf>,
    timeout: Duration,
    username: String,
    password: String,
    seal_above: Option<u64>,
}

impl fmt::Debug for ConnectOptions {
    /// Leaves the password out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("ConnectOptions");
        out.field("socket", &self.socket).field("timeout", &self.timeout).field("username", &self.username);
        out.field("seal_above", &self.seal_above);
        out.finish_non_exhaustive()
    }
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl ConnectOptions {
    /// No socket, a time-out of 60 s, no user.
    pub fn new() -> Self {
        let (username, password) = (String::new(), String::new());
        Self { socket: None, timeout: Duration::from_secs(60), username, password, seal_above: None }
    }

    /// The socket's path. Without it, `VINEYARD_IPC_SOCKET` and then the default paths of servers are looked at.
    #[must_use]
    pub fn socket(mut self, path: impl Into<PathBuf>) -> Self {
        self.socket = Some(path.into());
        self
    }

    /// How long one request may take before the connection is given up. Calls that wait for something have their own.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// For servers that authenticate.
    #[must_use]
    pub fn user(mut self, name: impl Into<String>, password: impl Into<String>) -> Self {
        self.username = name.into();
        self.password = password.into();
        self
    }

    /// Puts blobs with more than `nbytes` bytes into files of their own, which the kernel seals: nobody can change them any
    /// more, neither their writer nor who runs as the server's user. Without it, blobs are sealed so above what the server
    /// was told (`--seal-above`), which is none by default.
    ///
    /// Each takes a file of the server's, and one request more; putting into pages that were used before is faster. Puts
    /// fail if the server cannot do so. [`Blob::is_kernel_sealed`](crate::Blob::is_kernel_sealed) tells readers.
    #[must_use]
    pub fn kernel_sealed_above(mut self, nbytes: u64) -> Self {
        self.seal_above = Some(nbytes);
        self
    }

    /// Connects and registers. Two system calls and one round trip.
    ///
    /// # Errors
    ///
    /// [`ConnectError::NoSocket`] if no socket is given or found, [`ConnectError::Unreachable`] if nobody listens,
    /// [`ConnectError::Refused`] if the server does not want us.
    pub fn connect(&self) -> Result<Client, ConnectError> {
        let socket = match &self.socket {
            Some(socket) => socket.clone(),
            None => find_socket()?,
        };
        let endpoint = Endpoint {
            address: Address::Socket(socket),
            timeout: self.timeout,
            username: self.username.clone(),
            password: self.password.clone(),
            session: SessionId::ROOT,
            compression: false,
            seal_above: self.seal_above,
            tls: None,
        };
        Ok(Client { inner: Inner::open(endpoint)? })
    }
}

/// The socket that the environment names, or that lies where servers put it by default.
fn find_socket() -> Result<PathBuf, ConnectError> {
    if let Some(path) = std::env::var_os(SOCKET_VARIABLE).filter(|path| !path.is_empty()) {
        return Ok(path.into());
    }
    let below = |variable: &str, path: &str| std::env::var_os(variable).map(|base| Path::new(&base).join(path));
    let tried: Vec<PathBuf> = [
        Some(PathBuf::from("/var/run/vineyard.sock")),
        below("XDG_RUNTIME_DIR", "vineyard.sock"),
        below("HOME", ".local/vineyard/vineyard.sock"),
    ]
    .into_iter()
    .flatten()
    .collect();
    match tried.iter().find(|path| path.exists()) {
        Some(path) => Ok(path.clone()),
        None => Err(ConnectError::NoSocket { tried }),
    }
}
