//! A server for one test.

use std::path::Path;

use vineyard_core::{Client, Error};
use vineyard_server::{Server, ServerHandle};

/// A private server that checks, when it is stopped, that nobody left anything behind.
#[derive(Debug)]
pub struct TestServer {
    handle: Option<ServerHandle>,
}

impl TestServer {
    /// A server with 256 MiB, instance number 7: nothing may assume that it is 0.
    ///
    /// # Panics
    ///
    /// If it cannot start.
    pub fn start() -> Self {
        Self::with_size(256 << 20)
    }

    /// A server with so many bytes.
    ///
    /// # Panics
    ///
    /// If it cannot start.
    pub fn with_size(size: u64) -> Self {
        let server = Server::builder().size(size).instance_id(7).spawn();
        Self { handle: Some(server.unwrap_or_else(|error| panic!("the server does not start: {error}"))) }
    }

    /// Where it listens.
    ///
    /// # Panics
    ///
    /// Never: the handle is there until the server is stopped.
    pub fn socket(&self) -> &Path {
        match &self.handle {
            Some(handle) => handle.socket(),
            None => unreachable!("the server runs until it is stopped"),
        }
    }

    /// A new client.
    ///
    /// # Errors
    ///
    /// If it cannot connect.
    pub fn client(&self) -> Result<Client, Error> {
        Client::connect(self.socket())
    }

    /// Stops the server and checks that all connections and leases have ended.
    ///
    /// # Panics
    ///
    /// If something is left.
    pub fn stop(mut self) {
        if let Some(handle) = self.handle.take() {
            let socket = handle.socket().to_owned();
            let report = handle.stop();
            assert_eq!(report.connections, 0, "connections are left: {report:?}");
            assert_eq!(report.leases, 0, "leases are left: {report:?}");
            assert!(!socket.exists(), "the socket file is left");
        }
    }
}
