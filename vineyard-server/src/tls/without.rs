//! The news that this build has no TLS.

use std::convert::Infallible;
use std::net::TcpStream;
use std::sync::Arc;

use crate::config::{ServerIdentity, TlsConfig};
use crate::error::StartError;
use crate::session::Session;
use crate::state::State;

/// There is none.
#[derive(Debug)]
pub(crate) struct Tls(Infallible);

impl Tls {
    pub(crate) fn load(identity: &ServerIdentity, _: &TlsConfig) -> Result<Self, StartError> {
        let path = identity.certificate.clone();
        Err(StartError::Tls { path, what: "certificate", source: "this program is built without TLS".into() })
    }

    pub(crate) fn lets_only_known_in(&self) -> bool {
        match self.0 {}
    }

    pub(crate) async fn serve(&self, _: Arc<State>, _: Arc<Session>, _: TcpStream) {
        match self.0 {}
    }
}
