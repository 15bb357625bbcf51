//! TLS on the TCP endpoint. A connection that begins with a handshake is decrypted here; what serves it sees a socket
//! as any other.
//!
//! ```text
//! listen ── accept ─┬─ plain ─────────────────────────────── conn
//!                   └─ handshake ── relay ── socket pair ─── conn
//! config   files to a configuration         names   what a certificate calls its owner
//! ```

#[cfg(feature = "tls")]
mod accept;
#[cfg(feature = "tls")]
mod config;
#[cfg(feature = "tls")]
mod names;
#[cfg(feature = "tls")]
mod relay;
#[cfg(not(feature = "tls"))]
mod without;

#[cfg(feature = "tls")]
pub(crate) use config::Tls;
#[cfg(not(feature = "tls"))]
pub(crate) use without::Tls;
