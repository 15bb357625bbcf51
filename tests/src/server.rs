//! A server for one test: ours, or the published daemon.

use std::path::Path;

use vineyard_core::{Client, Error, RpcClient};
use vineyard_server::{Server, ServerHandle};

use crate::StockDaemon;

/// The environment variable that says which server tests run on: `stock` is the published daemon, nothing is ours.
const SERVER_VARIABLE: &str = "VINEYARD_TEST_SERVER";

/// Whether tests run on the published daemon.
///
/// # Panics
///
/// If `VINEYARD_TEST_SERVER` is something else than `stock`.
pub fn on_stock() -> bool {
    match std::env::var(SERVER_VARIABLE).as_deref() {
        Err(_) | Ok("") => false,
        Ok("stock") => true,
        Ok(other) => panic!("{SERVER_VARIABLE} is `{other}`, expected `stock` or nothing"),
    }
}

/// A private server. Ours checks, when it is stopped, that nobody left anything behind.
#[derive(Debug)]
pub struct TestServer {
    running: Running,
}

#[derive(Debug)]
enum Running {
    Ours(ServerHandle),
    Stock(StockDaemon),
}

impl TestServer {
    /// A server with 256 MiB. Ours has the instance number 7: nothing may assume that it is 0.
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
        if on_stock() {
            return Self { running: Running::Stock(StockDaemon::start(size, &[])) };
        }
        let server = Server::builder().size(size).instance_id(7).rpc("127.0.0.1", 0).spawn();
        Self { running: Running::Ours(server.unwrap_or_else(|error| panic!("the server does not start: {error}"))) }
    }

    /// A server with so many bytes of memory, and a directory for what does not fit.
    ///
    /// # Panics
    ///
    /// If it cannot start.
    pub fn spilling(size: u64, directory: &Path) -> Self {
        if on_stock() {
            return Self::published(size, Some(directory));
        }
        let server = Server::builder().size(size).instance_id(7).rpc("127.0.0.1", 0).spill(directory).spawn();
        Self { running: Running::Ours(server.unwrap_or_else(|error| panic!("the server does not start: {error}"))) }
    }

    /// The published daemon, on whatever tests run, perhaps with a directory for what does not fit.
    ///
    /// # Panics
    ///
    /// If it cannot start.
    pub fn published(size: u64, directory: Option<&Path>) -> Self {
        let spill = directory.map(|directory| directory.display().to_string());
        let arguments: Vec<&str> = spill.iter().flat_map(|path| ["--spill_path", path]).collect();
        Self { running: Running::Stock(StockDaemon::start(size, &arguments)) }
    }

    /// Where it listens.
    pub fn socket(&self) -> &Path {
        match &self.running {
            Running::Ours(handle) => handle.socket(),
            Running::Stock(daemon) => daemon.socket(),
        }
    }

    /// Where it listens for TCP connections.
    ///
    /// # Panics
    ///
    /// Never: servers of tests do.
    pub fn endpoint(&self) -> String {
        match &self.running {
            Running::Ours(handle) => match handle.rpc_address() {
                Some(address) => address.to_string(),
                None => unreachable!("the server was told to listen"),
            },
            Running::Stock(daemon) => daemon.endpoint(),
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

    /// A new client over TCP.
    ///
    /// # Errors
    ///
    /// If it cannot connect.
    pub fn rpc_client(&self) -> Result<RpcClient, Error> {
        RpcClient::connect(self.endpoint())
    }

    /// Stops the server and, if it is ours, checks that all connections, leases and sessions have ended, and that no memory
    /// is counted as taken when everything is deleted: none for payloads, and for metadata what the names and streams take
    /// that are left, as on a server that never had anything else.
    ///
    /// # Panics
    ///
    /// If something is left.
    pub fn stop(self) {
        if let Running::Ours(handle) = self.running {
            let socket = handle.socket().to_owned();
            let cleared = Client::connect(&socket).and_then(|client| client.clear());
            assert!(cleared.is_ok(), "the server cannot be cleared: {cleared:?}");
            let report = handle.stop();
            assert_eq!((report.used_bytes, report.allocated_bytes), (0, 0), "memory is left: {report:?}");
            assert_eq!(report.connections, 0, "connections are left: {report:?}");
            assert_eq!((report.leases, report.sessions), (0, 0), "leases or sessions are left: {report:?}");
            assert_eq!(report.metadata_bytes, report.lasting_bytes, "metadata is left: {report:?}");
            assert!(!socket.exists(), "the socket file is left");
        }
    }
}
