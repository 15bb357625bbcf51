//! A server in a process of its own, and the moment when it has nothing left to do.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tempfile::TempDir;
use vineyard_core::protocol::frame::encode;

use super::Step;

/// Bounds hangs; no test waits that long.
pub const WATCHDOG: Duration = Duration::from_secs(120);

/// A server that was started for one replay. Killed when dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    directory: TempDir,
    socket: PathBuf,
    endpoint: String,
}

impl Process {
    /// Starts a server and waits until it listens. `command` gets the directory of this run and the path of the socket,
    /// which has the name of the recording.
    ///
    /// # Errors
    ///
    /// If it ends instead, or does not answer a registration.
    pub fn start(name: &str, command: impl FnOnce(&Path, &Path) -> Command) -> Step<Self> {
        let directory = tempfile::tempdir().map_err(|error| format!("no temporary directory: {error}"))?;
        let socket = directory.path().join(name).with_extension("sock");
        let child = command(directory.path(), &socket)
            .stdin(Stdio::null())
            .spawn()
            .map_err(|error| format!("the server does not start: {error}"))?;
        let mut process = Self { child, directory, socket, endpoint: String::new() };
        let deadline = Instant::now() + WATCHDOG;
        let stream = loop {
            match UnixStream::connect(&process.socket) {
                Ok(stream) => break stream,
                Err(error) => {
                    let ended = process.child.try_wait().map_err(|error| error.to_string())?;
                    if ended.is_some() || Instant::now() > deadline {
                        return Err(format!("the server does not listen: {error}, {ended:?}"));
                    }
                }
            }
            std::thread::yield_now();
        };
        process.endpoint = endpoint(stream).map_err(|error| format!("the server does not register: {error}"))?;
        process.wait_until_idle()?;
        Ok(process)
    }

    /// The directory of this run.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The UNIX socket of the root session.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Where it listens for TCP, as it says itself; empty if it does not say that without a password.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Waits until the server has dealt with everything that was sent to it and closed.
    ///
    /// Sending wakes the thread that receives, and a thread that has work for another wakes that one before it sleeps.
    /// So there is nothing left to do when all threads sleep, and have not run since they were last seen asleep.
    ///
    /// # Errors
    ///
    /// If the server has ended, or never rests.
    pub fn wait_until_idle(&self) -> Step {
        let deadline = Instant::now() + WATCHDOG;
        let mut before = None;
        loop {
            let now = self.sleeping()?;
            if now.is_some() && now == before {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err("the server never rests".to_owned());
            }
            before = now;
            std::thread::yield_now();
        }
    }

    /// The threads with how often each has been switched, if all of them sleep.
    fn sleeping(&self) -> Step<Option<Vec<(String, String)>>> {
        let tasks = format!("/proc/{}/task", self.child.id());
        let gone = |error: std::io::Error| format!("the server has ended: {error}");
        let mut threads = Vec::new();
        for task in std::fs::read_dir(&tasks).map_err(gone)? {
            let task = task.map_err(gone)?;
            // Threads come and go; one that is gone has done its work.
            let Ok(status) = std::fs::read_to_string(task.path().join("status")) else { return Ok(None) };
            let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim();
            match field("State:").chars().next() {
                Some('S') => {}
                Some('Z') | None => return Err("the server has ended".to_owned()),
                Some(_) => return Ok(None),
            }
            let switches = format!("{} {}", field("voluntary_ctxt_switches:"), field("nonvoluntary_ctxt_switches:"));
            threads.push((task.file_name().to_string_lossy().into_owned(), switches));
        }
        threads.sort();
        Ok(Some(threads))
    }

    /// Asks the server to end, and waits for it.
    ///
    /// # Errors
    ///
    /// If it cannot be told so, or does not end.
    pub fn stop(mut self) -> Step<ExitStatus> {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).map_err(|error| error.to_string())?);
        kill(pid, Signal::SIGTERM).map_err(|error| format!("the server has ended before: {error}"))?;
        let deadline = Instant::now() + WATCHDOG;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Ok(status),
                Ok(None) if Instant::now() < deadline => std::thread::yield_now(),
                other => return Err(format!("the server does not end: {other:?}")),
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        if self.child.kill().is_ok() {
            let _ended = self.child.wait();
        }
    }
}

/// A TCP port that nobody uses at the moment.
///
/// # Errors
///
/// What the system says.
pub fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Registers once, to learn where the server listens for TCP. Nothing is learned from a server that wants a password.
fn endpoint(mut stream: UnixStream) -> std::io::Result<String> {
    let mut frame = Vec::new();
    let register = json!({"type": "register_request", "version": "0.24.2", "store_type": 1});
    encode(&mut frame, &register).map_err(std::io::Error::other)?;
    stream.set_read_timeout(Some(WATCHDOG))?;
    stream.write_all(&frame)?;
    let mut length = [0; 8];
    stream.read_exact(&mut length)?;
    let mut body = vec![0; usize::try_from(u64::from_le_bytes(length)).map_err(std::io::Error::other)?];
    stream.read_exact(&mut body)?;
    let reply: Value = serde_json::from_slice(&body)?;
    Ok(reply.get("rpc_endpoint").and_then(Value::as_str).unwrap_or_default().to_owned())
}
