//! Connecting and calling.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::address::Address;
use crate::protocol::DecodeError;
use crate::protocol::frame::FrameError;
use crate::shm::{ShmError, ViewError};
use crate::status::{ServerError, StatusCode};

/// Connecting to a server did not work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// No socket was given, and none was found.
    #[error("no socket to connect to: give a path or set VINEYARD_IPC_SOCKET (looked for {})", list(tried))]
    NoSocket {
        /// Default paths at which there was no socket.
        tried: Vec<PathBuf>,
    },
    /// No TCP endpoint was given.
    #[error("no endpoint to connect to: give host:port or set VINEYARD_RPC_ENDPOINT")]
    NoEndpoint,
    /// Nobody listens.
    #[error("cannot connect to {address}: {cause}")]
    Unreachable {
        /// Where a server was looked for.
        address: Address,
        /// Why.
        cause: io::Error,
    },
    /// What TLS was told to use cannot be used.
    #[cfg(feature = "tls")]
    #[error(transparent)]
    Tls(#[from] super::TlsError),
    /// The session keeps another kind of store.
    #[error("{address} leads to another kind of store")]
    StoreMismatch {
        /// The server.
        address: Address,
    },
    /// The server refused.
    #[error("{address} refused the connection: {cause}")]
    Refused {
        /// The server.
        address: Address,
        /// Why.
        cause: CallError,
    },
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// One request to a server did not work.
#[derive(Debug, thiserror::Error)]
#[error("{call}: {reason}")]
#[non_exhaustive]
pub struct CallError {
    /// The `type` of the request.
    pub call: &'static str,
    /// What happened.
    pub reason: CallReason,
}

/// Why a request did not work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallReason {
    /// The server answered with an error.
    #[error(transparent)]
    Server(ServerError),
    /// The connection has ended, now or earlier. Views stay valid; reconnecting is up to the caller.
    #[error("the connection to the server has ended{}", .0.as_ref().map(|cause| format!(": {cause}")).unwrap_or_default())]
    Disconnected(Option<io::Error>),
    /// The connection was opened before this process was forked off; it is the parent's.
    #[error("the connection belongs to the process that this one was forked from: reconnect")]
    Forked,
    /// No reply came in time; the connection is given up, because a late reply could not be told from the next one.
    #[error("no reply within {timeout:?}; the connection is given up")]
    Timeout {
        /// The time-out of the connection.
        timeout: Duration,
    },
    /// The request was not sent, because nothing good would come of it.
    #[error("not sent: {0}")]
    NotSent(&'static str),
    /// The request is too large, or cannot be written.
    #[error(transparent)]
    Encode(FrameError),
    /// The server answered something that is not in the protocol.
    #[error("the reply breaks the protocol: {0}")]
    Protocol(String),
    /// The reply cannot be read.
    #[error("the reply breaks the protocol: {0}")]
    Decode(DecodeError),
    /// Memory that the server gave out cannot be used.
    #[error(transparent)]
    Memory(ShmError),
    /// Memory that the server gave out does not fit what was asked for.
    #[error(transparent)]
    View(ViewError),
}

impl CallError {
    pub(crate) fn new(call: &'static str, reason: CallReason) -> Self {
        Self { call, reason }
    }

    pub(crate) fn view(call: &'static str, error: ViewError) -> Self {
        Self::new(call, CallReason::View(error))
    }

    /// The status code, if the server answered with an error.
    pub fn code(&self) -> Option<StatusCode> {
        match &self.reason {
            CallReason::Server(error) => Some(error.code),
            _ => None,
        }
    }
}
