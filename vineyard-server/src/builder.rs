//! What a server shall be like, chosen step by step.

use std::path::PathBuf;
use std::time::Duration;

use vineyard_core::InstanceId;

use crate::config::{AboveMemory, Config, Plaintext, RpcConfig, ServerIdentity};
use crate::error::StartError;
use crate::server::{ServerHandle, start};

/// What a server shall be like. [`Server::builder`](crate::Server::builder) makes one.
#[derive(Debug, Clone)]
#[must_use = "nothing runs until `spawn`"]
pub struct ServerBuilder {
    config: Config,
}

impl ServerBuilder {
    pub(crate) fn new() -> Self {
        Self { config: Config::default() }
    }

    /// Listens at this path instead of a private one. Its directories are made; the stale socket of a server that
    /// died is replaced.
    pub fn socket(mut self, path: impl Into<PathBuf>) -> Self {
        self.config.socket = Some(path.into());
        self
    }

    /// Lets blobs take so many bytes; half of the usable memory by default. Memory is taken when it is written to.
    pub fn size(mut self, bytes: u64) -> Self {
        self.config.size = Some(bytes);
        self
    }

    /// Warns about a size above the memory instead of refusing it.
    pub(crate) fn above_memory(mut self, what: AboveMemory) -> Self {
        self.config.above_memory = what;
        self
    }

    /// The number of this server in its cluster, 0 by default.
    pub fn instance_id(mut self, instance: u64) -> Self {
        self.config.instance = InstanceId::from_raw(instance);
        self
    }

    /// Permissions of the socket, `0o660` by default: who may connect may read and write everything.
    pub fn socket_mode(mut self, mode: u32) -> Self {
        self.config.socket_mode = mode;
        self
    }

    /// Gives the socket, and those of further sessions, to this user, by name or number; by default they are the server's
    /// own. Only root may give files away.
    pub fn socket_owner(mut self, user: impl Into<String>) -> Self {
        self.config.socket_owner = Some(user.into());
        self
    }

    /// Gives the socket, and those of further sessions, to this group, by name or number. Who is not root may choose
    /// among the groups it is a member of.
    pub fn socket_group(mut self, group: impl Into<String>) -> Self {
        self.config.socket_group = Some(group.into());
        self
    }

    /// Listens for clients of other machines as well, at this TCP address; by default there is no such endpoint.
    ///
    /// `host` is an address or a name of this machine: `127.0.0.1` for this machine alone, `0.0.0.0` for all its
    /// addresses. Port 0 lets the system choose one. Unless there is a [password file](Self::htpasswd) or there are
    /// [rules](Self::rules), who reaches the address may read and write everything; nothing is encrypted without
    /// [`tls`](Self::tls).
    pub fn rpc(mut self, host: impl ToString, port: u16) -> Self {
        self.config.rpc = Some(RpcConfig { host: host.to_string(), port });
        self
    }

    /// Encrypts what travels over TCP, with this certificate (and those between it and a root) and its private key, both
    /// files in PEM. Peers that do not begin with a TLS handshake are told so and dropped. TLS 1.3; files are read when the
    /// server starts. Needs the feature `tls`, which is on by default.
    pub fn tls(mut self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.config.tls.identity = Some(ServerIdentity { certificate: certificate.into(), key: key.into() });
        self
    }

    /// Lets only TLS clients in that show a certificate which is signed by one of this file, in PEM. By default they need
    /// none.
    pub fn tls_client_ca(mut self, file: impl Into<PathBuf>) -> Self {
        self.config.tls.client_ca = Some(file.into());
        self
    }

    /// Whether TCP clients without TLS are served beside those with, as stock clients need it. By default they are not, if
    /// there is a [certificate](Self::tls).
    pub fn tls_optional(mut self, optional: bool) -> Self {
        self.config.tls.plaintext = if optional { Plaintext::Allowed } else { Plaintext::Refused };
        self
    }

    /// Threads that serve connections; by default one for each processor, 8 at most.
    pub fn workers(mut self, workers: usize) -> Self {
        self.config.workers = Some(workers);
        self
    }

    /// Connections that are served at a time, at each endpoint; 4096 by default. More wait until one ends.
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.config.max_connections = connections;
        self
    }

    /// The longest message that is read, in bytes: 4 KiB to 256 MiB, the latter by default. Payloads are no messages.
    ///
    /// A peer that announces more is told so and dropped.
    pub fn max_message_size(mut self, bytes: usize) -> Self {
        self.config.max_message_bytes = bytes;
        self
    }

    /// How long a TCP peer may stall in the middle of a message, a payload or a reply, or be unreachable, before it is
    /// dropped: a second to a day, 300 seconds by default. Peers that are idle between messages stay.
    pub fn peer_timeout(mut self, timeout: Duration) -> Self {
        self.config.peer_timeout = timeout;
        self
    }

    /// How full of streams the server may become, as 1 to 100 percent of its [size](Self::size); 80 by default. A
    /// stream's writer waits for its reader above that.
    pub fn stream_threshold(mut self, percent: u32) -> Self {
        self.config.stream_threshold = percent;
        self
    }

    /// Whether TCP clients are offered to have payloads compressed on their way; they are by default.
    pub fn compression(mut self, offered: bool) -> Self {
        self.config.compression = offered;
        self
    }

    /// Lets only clients in that give a user and a password of this file, which the program `htpasswd` writes. By
    /// default all are let in.
    pub fn htpasswd(mut self, file: impl Into<PathBuf>) -> Self {
        self.config.htpasswd = Some(file.into());
        self
    }

    /// Gives peers roles by this file of rules: what each may do depends on its user and groups on this host, on the
    /// user whose password it knew, and on the names in its certificate. By default everybody may do everything.
    ///
    /// The file is read when the server starts. Whoever it lets in as nobody is refused when it registers.
    pub fn rules(mut self, file: impl Into<PathBuf>) -> Self {
        self.config.rules = Some(file.into());
        self
    }

    /// What the status of the server says about where it runs, `local` by default. It changes nothing else.
    pub fn deployment(mut self, text: impl Into<String>) -> Self {
        self.config.deployment = text.into();
        self
    }

    /// Starts the server on threads of its own. When this returns, it listens.
    ///
    /// # Errors
    ///
    /// [`StartError`] says in one sentence why not.
    pub fn spawn(self) -> Result<ServerHandle, StartError> {
        start(&self.config)
    }
}
