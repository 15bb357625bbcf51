//! What a server shall be like, chosen step by step.

use std::path::PathBuf;
use std::time::Duration;

use vineyard_core::InstanceId;

use crate::config::{AboveMemory, Config, Plaintext, Prefault, RpcConfig, ServerIdentity, StockLeases};
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

    /// Makes pages for so many bytes ahead, in the background, for the next connection that writes a megabyte or more at
    /// once; none by default. Putting into pages that are there is several times as fast as into new ones.
    pub fn prefault(mut self, bytes: u64) -> Self {
        self.config.prefault = Prefault::Bytes(bytes);
        self
    }

    /// Makes pages ahead for a part of the size.
    pub(crate) fn prefault_share(mut self) -> Self {
        self.config.prefault = Prefault::Share;
        self
    }

    /// Whether the pages of all of the [size](Self::size) are made before the server listens, and kept; they are not by
    /// default. [`spawn`](Self::spawn) takes about a second for each 5 GB then.
    pub fn reserve(mut self, all: bool) -> Self {
        self.config.reserve = all;
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

    /// Tells over HTTP how the server is doing, at this address, as `127.0.0.1:9601`; by default there is no such
    /// endpoint. Port 0 lets the system choose one.
    ///
    /// `/metrics` is for Prometheus, `/status` is JSON, `/healthz` says whether it serves. Nothing can be changed there,
    /// but whoever reaches the address may read it. Needs the feature `http`.
    pub fn http(mut self, address: impl Into<String>) -> Self {
        self.config.http = Some(address.into());
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

    /// What messages of more than 256 KiB may take of all connections together, in bytes, and as much again what replies
    /// of that length may: the longest message at least, 1 GiB by default. A peer waits for its share before more of its
    /// message is read, and before a long reply is written. A reply that is longer than all of it is refused.
    pub fn message_memory(mut self, bytes: u64) -> Self {
        self.config.message_memory = bytes;
        self
    }

    /// What the server may take of its own memory for objects, names, streams, the records of blobs, and what
    /// connections hold of these, in bytes: a quarter of the usable memory by default. What needs more is refused; the
    /// last eighth is for what connections hold, so that a full server can still be read.
    pub fn max_metadata(mut self, bytes: u64) -> Self {
        self.config.max_metadata = Some(bytes);
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

    /// A directory for blobs that nobody views, when memory is short; they come back when somebody wants to view them. It
    /// is made if it is not there. Without it, memory that is full is refused.
    pub fn spill(mut self, directory: impl Into<PathBuf>) -> Self {
        self.config.spill = Some(directory.into());
        self
    }

    /// How full the memory is when blobs begin to go to [disk](Self::spill), and down to where they go then, as parts of
    /// the [size](Self::size): 0.8 and 0.3 by default.
    pub fn spill_rates(mut self, upper: f64, lower: f64) -> Self {
        self.config.spill_rates = (upper, lower);
        self
    }

    /// What becomes of deleted blobs that published clients may still look at, when memory is short;
    /// [`StockLeases::Reclaim`] by default.
    pub fn stock_leases(mut self, leases: StockLeases) -> Self {
        self.config.stock_leases = leases;
        self
    }

    /// Lets our own clients of this host put blobs above so many bytes into files of their own, which the kernel seals:
    /// nobody can change them any more, their writer neither. By default none are, unless a client wants it.
    pub fn seal_above(mut self, bytes: u64) -> Self {
        self.config.seal_above = Some(bytes);
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
