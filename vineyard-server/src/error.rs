//! Why a server does not start.

use std::io;
use std::path::PathBuf;

use crate::auth::RulesError;
use crate::size::{Bytes, SizeError};

/// Why a server does not start. Each message is one sentence for the person who started it; the cause, if the system
/// gave one, is the [`source`](std::error::Error::source).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The size cannot be read.
    #[error(transparent)]
    Size(#[from] SizeError),
    /// The size is above what the machine or its control group allows.
    #[error("the size {size} is above the {memory} of memory this machine and its control group allow", size = Bytes(*size), memory = Bytes(*memory))]
    AboveMemory {
        /// What was asked for, in bytes.
        size: u64,
        /// What there is, in bytes.
        memory: u64,
    },
    /// All of the size is to be reserved, and less is free.
    #[error("the size {size} cannot be reserved, {free} of memory are free", size = Bytes(*size), free = Bytes(*free))]
    AboveFree {
        /// What was asked for, in bytes.
        size: u64,
        /// What is free, in bytes.
        free: u64,
    },
    /// An option has a value that makes no sense.
    #[error("`{value}` is not a valid {option}: expected {expected}")]
    Option {
        /// The option.
        option: &'static str,
        /// What was given.
        value: String,
        /// What is possible.
        expected: &'static str,
    },
    /// The metadata is to be kept in a service that many servers share.
    #[error("metadata in etcd is not available in this version: start with --meta local, or without --meta")]
    NoCluster,
    /// No place for the socket was given and none can be guessed.
    #[error(
        "there is no place for the socket: /var/run cannot be written, XDG_RUNTIME_DIR and HOME are not set; give one with --socket"
    )]
    NoSocketPath,
    /// Somebody listens there already.
    #[error("the socket {} is in use by a live server", path.display())]
    InUse {
        /// The socket.
        path: PathBuf,
    },
    /// Something else is at that path.
    #[error("{} exists and is not a socket of a server that ended", path.display())]
    Occupied {
        /// The path.
        path: PathBuf,
        /// What the attempt to connect said, if it is a socket.
        source: Option<io::Error>,
    },
    /// The path is longer than the system allows for sockets, or has no directory.
    #[error("{} cannot be the path of a socket", path.display())]
    Path {
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The directory is not there and cannot be made, or nothing can be put into it.
    #[error("the socket's directory {} cannot be written", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The socket cannot be given its owner, group or permissions.
    #[error("the socket {} cannot be given the {right}", path.display())]
    Rights {
        /// The socket.
        path: PathBuf,
        /// What it was to have: `owner 1000`, `group 100`, `mode 660`.
        right: String,
        /// What the system said.
        source: io::Error,
    },
    /// A file that TLS needs cannot be used.
    #[error("the {what} in {} is not usable", path.display())]
    Tls {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file of rules cannot be used.
    #[error("the rules in {} are not usable", path.display())]
    Rules {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: RulesError,
    },
    /// The TCP address is taken, is not this machine's, or names no address.
    #[error(
        "the TCP address {address} cannot be listened on (--rpc-port and --rpc-host choose another, --no-rpc none)"
    )]
    Rpc {
        /// The address, as `host:port`.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// The address for HTTP is taken, is not this machine's, or is no address.
    #[error("the HTTP address {address} cannot be listened on (--http wants one like 127.0.0.1:9601)")]
    Http {
        /// What was given.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// Nothing can be written where blobs are to go.
    #[error("the spill directory {} cannot be used (--spill-path)", path.display())]
    Spill {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The server was built without the feature `http`.
    #[error("this server was built without HTTP: start without --http")]
    NoHttp,
    /// The system refuses memory, threads or signal handlers.
    #[error("the system gives no {what}")]
    System {
        /// What was wanted.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl StartError {
    /// Names what the system refused.
    pub(crate) fn system(what: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::System { what, source }
    }
}
