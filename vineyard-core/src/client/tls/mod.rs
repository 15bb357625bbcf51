//! TLS over a TCP socket: how the server is checked and we show who we are, and the bytes of one connection.

#[cfg(feature = "tls")]
mod options;
#[cfg(feature = "tls")]
mod stream;
#[cfg(not(feature = "tls"))]
mod without;

#[cfg(feature = "tls")]
pub use options::TlsOptions;
#[cfg(feature = "tls")]
pub(super) use stream::{Connector, TlsStream};
#[cfg(not(feature = "tls"))]
pub(super) use without::{Connector, TlsStream};
