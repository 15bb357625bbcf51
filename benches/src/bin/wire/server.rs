//! The three servers of a measurement, each a process: an echo, ours and the published daemon.

use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use vineyard_benches::{Done, pin};

use crate::placement::Where;

/// How long a server may take to listen.
const PATIENCE: Duration = Duration::from_secs(60);

/// Room for the largest payload twice, and for a million small ones.
const STORE: &str = "2Gi";

/// Which server it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Echo,
    Ours,
    Stock,
}

/// A kind of server and the program that is it.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) kind: Kind,
    pub(crate) path: PathBuf,
}

/// A server that runs; ended when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) socket: PathBuf,
    _directory: TempDir,
}

impl Server {
    /// Starts a program on its processor and waits until it listens.
    pub(crate) fn start(program: &Program, place: Where) -> Done<Self> {
        let directory = tempfile::tempdir()?;
        let socket = directory.path().join("wire.sock");
        let mut command = Command::new(&program.path);
        match program.kind {
            Kind::Echo => command.arg("echo").arg(&socket),
            Kind::Ours => command.args(["--size", STORE, "--rpc-port", "0", "--socket"]).arg(&socket),
            Kind::Stock => {
                let port = free_port()?.to_string();
                let local = ["--size", STORE, "--meta", "local", "--rpc_socket_port", &port, "--socket"];
                command.args(local).arg(&socket)
            }
        };
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).current_dir(directory.path());
        // A child runs where its parent did when it started it.
        if let Where::On(placement) = place {
            pin(placement.peer)?;
        }
        let child = command.spawn().map_err(|error| format!("{}: {error}", program.path.display()));
        if let Where::On(placement) = place {
            pin(placement.client)?;
        }
        let mut server = Self { child: child?, socket, _directory: directory };
        server.wait_until_it_listens(&program.path)?;
        Ok(server)
    }

    fn wait_until_it_listens(&mut self, program: &Path) -> Done {
        let start = Instant::now();
        while UnixStream::connect(&self.socket).is_err() {
            let ended = self.child.try_wait()?;
            if ended.is_some() || start.elapsed() > PATIENCE {
                return Err(format!("{} does not listen: {ended:?}", program.display()).into());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Bytes of memory that are the server's own, without what it shares with clients.
    pub(crate) fn private_bytes(&self) -> Done<u64> {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:")).ok_or("no RssAnon")?;
        let kib: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kib * 1024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait()) {
            eprintln!("a server of a measurement did not end: {error}");
        }
    }
}

/// A port that was free a moment ago: the published daemon does not say which one it took.
fn free_port() -> Done<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
