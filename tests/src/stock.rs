//! The published daemon, for one test.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use vineyard_core::protocol::frame::{FrameBuffer, encode};
use vineyard_core::protocol::{RegisterReply, RegisterRequest, StoreType, decode_reply};

/// The environment variable with the path of the daemon, which `tests/run.sh` sets.
const DAEMON_VARIABLE: &str = "VINEYARD_TEST_DAEMON";

/// Ends a test whose daemon never listens.
const WATCHDOG: Duration = Duration::from_secs(120);

/// The published daemon in a temporary directory. Killed when dropped.
#[derive(Debug)]
pub struct StockDaemon {
    child: Child,
    socket: PathBuf,
    endpoint: SocketAddr,
    _directory: TempDir,
}

impl StockDaemon {
    /// Starts it with so many bytes, listening on a socket and on a free port, with more arguments.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    pub fn start(size: u64, arguments: &[&str]) -> Self {
        loop {
            match Self::try_start(size, arguments) {
                Ok(Some(daemon)) => return daemon,
                // Somebody else has got the port meanwhile.
                Ok(None) => {}
                Err(error) => panic!("the published daemon does not start: {error}"),
            }
        }
    }

    fn try_start(size: u64, arguments: &[&str]) -> io::Result<Option<Self>> {
        let program = std::env::var(DAEMON_VARIABLE)
            .map_err(|_| io::Error::other(format!("{DAEMON_VARIABLE} is not set: run tests/run.sh")))?;
        let directory = tempfile::tempdir()?;
        let socket = directory.path().join("stock.sock");
        let endpoint = free_port()?;
        let child = Command::new(program)
            .args(["--socket", &socket.display().to_string(), "--size", &size.to_string(), "--meta", "local"])
            .args(["--rpc_socket_port", &endpoint.port().to_string()])
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut daemon = Self { child, socket, endpoint, _directory: directory };
        Ok(daemon.wait()?.then_some(daemon))
    }

    /// Waits until it listens: it says so nowhere but by taking connections. False if it has ended, or if another one
    /// answers at its port.
    fn wait(&mut self) -> io::Result<bool> {
        let deadline = Instant::now() + WATCHDOG;
        loop {
            let over_socket = UnixStream::connect(&self.socket).and_then(register);
            let over_tcp = over_socket.and_then(|_| TcpStream::connect(self.endpoint)).and_then(register);
            match over_tcp {
                Ok(reply) => return Ok(Path::new(&reply.ipc_socket) == self.socket),
                Err(_) if self.child.try_wait()?.is_some() => return Ok(false),
                Err(error) if Instant::now() > deadline => return Err(error),
                Err(_) => std::thread::yield_now(),
            }
        }
    }

    /// The path of its socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Where it listens for TCP connections.
    pub fn endpoint(&self) -> String {
        self.endpoint.to_string()
    }
}

impl Drop for StockDaemon {
    fn drop(&mut self) {
        if self.child.kill().is_ok() {
            let _ended = self.child.wait();
        }
    }
}

/// A port that was free a moment ago: the daemon cannot choose one by itself.
fn free_port() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

fn register(mut stream: impl Read + Write) -> io::Result<RegisterReply> {
    let request = RegisterRequest {
        version: vineyard_core::protocol::PROTOCOL_VERSION.to_owned(),
        store_type: StoreType::NORMAL,
        session_id: 0,
        username: String::new(),
        password: String::new(),
        native: None,
    };
    let mut wire = Vec::new();
    encode(&mut wire, &request).map_err(io::Error::other)?;
    stream.write_all(&wire)?;
    let mut frames = FrameBuffer::new();
    let mut chunk = [0; 4096];
    loop {
        if let Some(body) = frames.next_frame().map_err(io::Error::other)? {
            return decode_reply::<RegisterRequest>(body).map_err(io::Error::other);
        }
        match stream.read(&mut chunk)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => frames.extend(chunk.get(..count).unwrap_or_default()),
        }
    }
}
