//! A server of one round, and what it has taken of the machine before anybody asked for anything.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use vineyard_benches::Done;

/// How long a server may take to listen, or to be ready.
const PATIENCE: Duration = Duration::from_secs(120);

/// Room for the payload and what is prepared beside it.
const STORE: &str = "2Gi";

/// What our server logs when it has prepared memory.
const READY: &str = "memory is ready";

/// Which server, and how it is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Ours, without memory that is ready.
    Cold,
    /// Ours as it is by default, once it says that memory is ready.
    Ready,
    /// The published daemon.
    Stock,
}

/// A server that runs; ended when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) socket: PathBuf,
    /// How long it took from the start until clients were to come.
    pub(crate) start: Duration,
    _directory: TempDir,
}

impl Server {
    /// Starts a server and waits until it listens, and is ready if it makes memory ready.
    pub(crate) fn start(program: &Path, kind: Kind) -> Done<Self> {
        let directory = tempfile::tempdir()?;
        let socket = directory.path().join("cold.sock");
        let mut command = Command::new(program);
        command.args(["--size", STORE, "--socket"]).arg(&socket);
        match kind {
            Kind::Cold => command.args(["--prefault", "off"]),
            Kind::Ready => &mut command,
            Kind::Stock => {
                let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port().to_string();
                command.args(["--meta", "local", "--rpc_socket_port", &port])
            }
        };
        let logs = if kind == Kind::Ready { Stdio::piped() } else { Stdio::null() };
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(logs).current_dir(directory.path());
        let begin = Instant::now();
        let child = command.spawn().map_err(|error| format!("{}: {error}", program.display()))?;
        let mut server = Self { child, socket, start: Duration::ZERO, _directory: directory };
        if kind == Kind::Ready {
            let ready = server.lines_that_say_ready().ok_or("no log")?;
            ready.recv_timeout(PATIENCE).map_err(|_| format!("{} is never ready", program.display()))?;
        }
        while UnixStream::connect(&server.socket).is_err() {
            let ended = server.child.try_wait()?;
            if ended.is_some() || begin.elapsed() > PATIENCE {
                return Err(format!("{} does not listen: {ended:?}", program.display()).into());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        server.start = begin.elapsed();
        Ok(server)
    }

    /// Reads the log to its end, whatever it says, and tells when memory is ready.
    fn lines_that_say_ready(&mut self) -> Option<Receiver<()>> {
        let log = self.child.stderr.take()?;
        let (sender, receiver) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(log).lines().map_while(Result::ok) {
                if line.contains(READY) {
                    // If nobody waits any more, the log is read on, so that it never holds the server up.
                    let _ = sender.send(());
                }
            }
        });
        Some(receiver)
    }

    /// Bytes of memory it takes: its own, and pages of the files without a name that it shares with clients.
    pub(crate) fn memory(&self) -> Done<u64> {
        let process = PathBuf::from(format!("/proc/{}", self.child.id()));
        let text = fs::read_to_string(process.join("status"))?;
        let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:")).ok_or("no RssAnon")?;
        let own: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
        let mut bytes = own * 1024;
        for entry in fs::read_dir(process.join("fd"))? {
            // Descriptors come and go.
            if let Ok(file) = fs::metadata(entry?.path())
                && file.is_file()
                && file.nlink() == 0
            {
                bytes += file.blocks() * 512;
            }
        }
        Ok(bytes)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait()) {
            eprintln!("a server of a measurement did not end: {error}");
        }
    }
}
