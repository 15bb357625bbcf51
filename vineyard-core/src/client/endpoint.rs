//! Where to connect to and as whom: what a client keeps for connecting again.

use std::fmt;
use std::time::Duration;

use super::conn::Conn;
use super::tls::Connector;
use crate::address::Address;
use crate::error::ConnectError;
use crate::id::SessionId;
use crate::protocol::{PROTOCOL_VERSION, RegisterReply, RegisterRequest, StoreType};

/// A server, and what to say to it.
#[derive(Clone)]
pub(super) struct Endpoint {
    pub(super) address: Address,
    pub(super) timeout: Duration,
    pub(super) username: String,
    pub(super) password: String,
    /// The session wanted; sockets lead to one, TCP endpoints to any.
    pub(super) session: SessionId,
    /// Whether payloads shall travel compressed if the server offers it.
    pub(super) compression: bool,
    /// Above how many bytes blobs are to be sealed by the kernel, whatever the server says.
    pub(super) seal_above: Option<u64>,
    /// What connections over TCP are encrypted by.
    pub(super) tls: Option<Connector>,
}

impl fmt::Debug for Endpoint {
    /// Leaves the password out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Endpoint");
        out.field("address", &self.address).field("timeout", &self.timeout).field("username", &self.username);
        out.field("session", &self.session)
            .field("compression", &self.compression)
            .field("seal_above", &self.seal_above);
        out.field("tls", &self.tls).finish_non_exhaustive()
    }
}

impl Endpoint {
    /// The same client at another place.
    pub(super) fn at(&self, address: Address) -> Self {
        Self { address, ..self.clone() }
    }

    /// Opens a connection and registers it. `native` is the version of our extension to ask for.
    pub(super) fn register(&self, native: Option<u32>) -> Result<(Conn, RegisterReply), ConnectError> {
        let address = || self.address.clone();
        let unreachable = |cause| ConnectError::Unreachable { address: address(), cause };
        let mut conn = Conn::open(&self.address, self.timeout, self.tls.as_ref()).map_err(unreachable)?;
        let request = RegisterRequest {
            version: PROTOCOL_VERSION.to_owned(),
            store_type: StoreType::NORMAL,
            session_id: self.session.as_raw(),
            username: self.username.clone(),
            password: self.password.clone(),
            native,
        };
        let reply = conn.call(&request).map_err(|cause| ConnectError::Refused { address: address(), cause })?;
        if !reply.store_match {
            return Err(ConnectError::StoreMismatch { address: address() });
        }
        Ok((conn, reply))
    }
}
