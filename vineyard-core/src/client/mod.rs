//! The blocking clients.
//!
//! [`Client`] is the door for programs of the same host, [`RpcClient`] for those of others. Behind them: `socket` and
//! `conn` move frames, descriptors and raw bytes (`tls` encrypts them), `link` is one registered connection. `transport` says what putting
//! and getting need of one: `shared` has payloads in arenas (`arenas`, `new_blob`), `remote` lets them travel
//! (`transfer`); `lease` is what a client holds at the server. `plan` works out what a put consists of, `put` and `get`
//! carry out. What both clients offer is written once, in `objects`, `references`, `records`, `names`, `listing`,
//! `instance` and `streams`.

mod arenas;
mod conn;
mod endpoint;
mod get;
mod inner;
mod instance;
mod lease;
mod link;
mod listing;
mod lookout;
mod names;
mod new_blob;
mod objects;
mod options;
mod pattern;
mod plan;
mod put;
mod records;
mod references;
mod remote;
mod returns;
mod rpc;
mod schemas;
mod sessions;
mod shared;
mod socket;
mod streams;
mod tls;
mod transfer;
mod transport;
mod writing;
mod written;

use std::path::PathBuf;
use std::sync::Arc;

pub use options::ConnectOptions;
pub use pattern::Pattern;
pub use records::DeleteOptions;
pub use references::Fetch;
pub use rpc::{RpcClient, RpcOptions};
pub use streams::{StreamChunk, StreamReader, StreamWriter};
#[cfg(feature = "tls")]
pub use tls::TlsOptions;

use self::inner::Inner;
use self::shared::SharedLink;
use self::transport::Transport;
use crate::error::Error;
use crate::id::{InstanceId, SessionId};

/// A blocking client of one server on the same host.
///
/// Cheap to clone, and usable from many threads at once: requests of all clones go through one connection, one after
/// the other, while payloads are copied outside of it; calls that wait for something have connections of their own.
///
/// When the server goes away, every call ends with an error in bounded time; views stay valid; [`reconnect`] is
/// explicit.
///
/// [`reconnect`]: Self::reconnect
///
/// ```no_run
/// use vineyard_core::{Array, Client, Object};
///
/// #[derive(Object)]
/// #[object(typename = "example::Samples")]
/// struct Samples {
///     rate: f64,
///     values: Array<f32>,
/// }
///
/// let client = Client::connect("/var/run/vineyard.sock")?;
/// let id = client.put(&Samples { rate: 44.1, values: vec![0.5, 0.25].into() })?;
/// let samples = client.get::<Samples>(id)?; // no copy: `values` lies in shared memory
/// assert_eq!(samples.values[1], 0.25);
/// # Ok::<(), vineyard_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Client {
    inner: Arc<Inner<SharedLink>>,
}

impl Client {
    /// Connects to the server that listens at `path`.
    ///
    /// # Errors
    ///
    /// [`ConnectError::Unreachable`] if nobody listens, [`ConnectError::Refused`] if the server does not want us.
    ///
    /// [`ConnectError::Unreachable`]: crate::ConnectError::Unreachable
    /// [`ConnectError::Refused`]: crate::ConnectError::Refused
    pub fn connect(path: impl Into<PathBuf>) -> Result<Self, Error> {
        Ok(ConnectOptions::new().socket(path).connect()?)
    }

    /// Connects to the server that `VINEYARD_IPC_SOCKET` names, or that listens where servers do by default.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect), and [`ConnectError::NoSocket`](crate::ConnectError::NoSocket) if there is none.
    pub fn from_env() -> Result<Self, Error> {
        Ok(ConnectOptions::new().connect()?)
    }

    /// Connects anew, for all clones of this client. Views of the old connection stay valid and keep it open.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect); the old connection is kept then.
    pub fn reconnect(&self) -> Result<(), Error> {
        Ok(self.inner.reconnect()?)
    }

    /// The number of the instance this client talks to.
    pub fn instance(&self) -> InstanceId {
        self.inner.transport().link().instance()
    }

    /// The session this client is in.
    pub fn session(&self) -> SessionId {
        self.inner.transport().link().session()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_cross_threads() {
        fn check<T: Send + Sync + Clone + 'static>() {}
        check::<Client>();
        check::<RpcClient>();
    }
}
