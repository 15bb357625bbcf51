//! A server of one round, and what it has taken of the machine before anybody asked for anything.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::{Done, Process};

/// How long a server may take to listen and to be ready.
const PATIENCE: Duration = Duration::from_secs(60);

/// Room for the payload and what is prepared beside it.
const STORE: &str = "2Gi";

/// What our server logs at the level `info` when it has prepared memory.
const READY: &str = "memory is ready";

/// Which server, and how it is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Ours, without memory that is ready.
    Cold,
    /// Ours as it is by default, once it says that memory is ready.
    Ready,
    /// The published daemon.
    Stock,
}

/// A server that runs; ended when this is dropped.
#[derive(Debug)]
pub struct Server {
    process: Process,
    /// Where it listens.
    pub socket: PathBuf,
    /// How long it took from the start until clients were to come.
    pub start: Duration,
    log: PathBuf,
    _directory: TempDir,
}

impl Server {
    /// Starts a server and waits until it listens, and is ready if it makes memory ready.
    ///
    /// # Errors
    ///
    /// What the system says, or that the server is not there, with its log.
    pub fn start(program: &Path, kind: Kind) -> Done<Self> {
        Self::start_sized(program, kind, STORE)
    }

    /// As [`start`](Self::start), with a store of another size, as servers are told of it.
    ///
    /// # Errors
    ///
    /// Those of [`start`](Self::start).
    pub fn start_sized(program: &Path, kind: Kind, size: &str) -> Done<Self> {
        let directory = tempfile::tempdir()?;
        let (socket, log) = (directory.path().join("bench.sock"), directory.path().join("bench.log"));
        let mut command = Command::new(program);
        command.args(["--size", size, "--socket"]).arg(&socket);
        match kind {
            Kind::Cold => command.args(["--no-rpc", "--prefault", "off"]),
            Kind::Ready => command.args(["--no-rpc", "--log-level", "info"]),
            Kind::Stock => {
                let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port().to_string();
                command.args(["--meta", "local", "--rpc_socket_port", &port])
            }
        };
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&log)?).current_dir(directory.path());
        let begin = Instant::now();
        let process = Process::spawn(&mut command)?;
        let mut server = Self { process, socket, start: Duration::ZERO, log, _directory: directory };
        while !server.is_there(kind)? {
            let ended = server.process.ended()?;
            if ended.is_some() || begin.elapsed() > PATIENCE {
                let (waited, log) = (begin.elapsed(), server.log()?);
                let state = ended.map_or_else(|| "is not there".to_owned(), |status| format!("ended with {status}"));
                return Err(format!("{} {state} after {waited:?}; its log: {log}", program.display()).into());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        server.start = begin.elapsed();
        Ok(server)
    }

    fn is_there(&self, kind: Kind) -> Done<bool> {
        Ok((kind != Kind::Ready || self.log()?.contains(READY)) && UnixStream::connect(&self.socket).is_ok())
    }

    /// What it has logged.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn log(&self) -> Done<String> {
        Ok(String::from_utf8_lossy(&fs::read(&self.log)?).into_owned())
    }

    /// Bytes of memory it takes: its own, and pages of the files without a name that it shares with clients.
    ///
    /// # Errors
    ///
    /// What the system says, which lists the process's files only to its user.
    pub fn memory(&self) -> Done<u64> {
        let process = PathBuf::from(format!("/proc/{}", self.process.id()));
        let text = fs::read_to_string(process.join("status"))?;
        let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:")).ok_or("no RssAnon")?;
        let own: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
        let mut bytes = own * 1024;
        // A file may have several descriptors.
        let mut seen = BTreeSet::new();
        for entry in fs::read_dir(process.join("fd"))? {
            // Descriptors come and go.
            if let Ok(file) = fs::metadata(entry?.path())
                && file.is_file()
                && file.nlink() == 0
                && seen.insert((file.dev(), file.ino()))
            {
                bytes += file.blocks() * 512;
            }
        }
        Ok(bytes)
    }
}
