//! The program, run until it ends or until it listens.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Bounds a hang; nothing is asserted about time.
pub(crate) const WATCHDOG: Duration = Duration::from_secs(60);

/// The program, without the TCP port that tests running at the same time would contend for.
pub(crate) fn command() -> Command {
    let mut command = program(env!("CARGO_BIN_EXE_vineyard-server"));
    command.arg("--no-rpc");
    command
}

pub(crate) fn program(path: &str) -> Command {
    let mut command = Command::new(path);
    command.env_remove("VINEYARD_LOG").env_remove("GLOG_v").env_remove("VINEYARD_SYNC_CRDS");
    command
}

/// Runs the program until it ends by itself.
pub(crate) fn run(args: &[&str]) -> Output {
    command().args(args).stdin(Stdio::null()).output().expect("the program runs")
}

/// The one sentence with which the program refuses to start.
pub(crate) fn refusal(args: &[&str]) -> String {
    let output = run(args);
    assert_eq!(output.status.code(), Some(1), "{args:?}: {output:?}");
    assert!(output.stdout.is_empty(), "{args:?}: {output:?}");
    let message = String::from_utf8(output.stderr).expect("text");
    assert_eq!(message.lines().count(), 1, "{args:?}: {message}");
    assert!(message.starts_with("vineyard-server: "), "{args:?}: {message}");
    message
}

/// A server that listens, killed when the test ends.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) socket: PathBuf,
    /// What it had logged when it listened.
    pub(crate) start: String,
    pub(crate) log: BufReader<std::process::ChildStderr>,
}

impl Running {
    pub(crate) fn start(socket: &Path, args: &[&str]) -> Self {
        let mut command = command();
        command.arg("--socket").arg(socket).args(["--size", "64Mi", "--log-level", "info"]).args(args);
        Self::wait_for(command, socket)
    }

    pub(crate) fn wait_for(mut command: Command, socket: &Path) -> Self {
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program runs");
        let mut log = BufReader::new(child.stderr.take().expect("piped"));
        let mut seen = String::new();
        while !seen.contains("listening") {
            let count = log.read_line(&mut seen).expect("the log");
            assert_ne!(count, 0, "the server ended: {seen}");
        }
        Self { child, socket: socket.to_owned(), start: seen, log }
    }

    pub(crate) fn connect(&self) -> Client {
        let stream = UnixStream::connect(&self.socket).expect("it listens");
        stream.set_read_timeout(Some(WATCHDOG)).expect("a timeout");
        stream.set_write_timeout(Some(WATCHDOG)).expect("a timeout");
        let mut client = Client(stream);
        assert_eq!(client.call(&json!({"type": "register_request"}))["type"], "register_reply");
        client
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).expect("a process id");
        kill(Pid::from_raw(pid), signal).expect("it runs");
    }

    /// Waits for a clean end and says what was logged after the start.
    pub(crate) fn end(mut self) -> String {
        let mut log = String::new();
        self.log.read_to_string(&mut log).expect("the log");
        let status = self.child.wait().expect("it was started");
        assert_eq!(status.code(), Some(0), "{log}");
        assert!(!self.socket.exists(), "the socket was left behind");
        log
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) struct Client(pub(crate) UnixStream);

impl Client {
    pub(crate) fn send(&mut self, message: &Value) {
        let body = message.to_string();
        self.0.write_all(&(body.len() as u64).to_le_bytes()).expect("written");
        self.0.write_all(body.as_bytes()).expect("written");
    }

    pub(crate) fn length(&mut self) -> usize {
        let mut header = [0; 8];
        self.0.read_exact(&mut header).expect("a header");
        usize::try_from(u64::from_le_bytes(header)).expect("a length")
    }

    pub(crate) fn body(&mut self, length: usize) -> Value {
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).expect("a body");
        serde_json::from_slice(&body).expect("JSON")
    }

    pub(crate) fn call(&mut self, message: &Value) -> Value {
        self.send(message);
        let length = self.length();
        self.body(length)
    }

    pub(crate) fn ended(&mut self) -> bool {
        matches!(self.0.read(&mut [0; 1]), Ok(0))
    }
}

/// Looks again and again until it is so; the server makes it so.
pub(crate) fn until(mut it_is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !it_is_so() {
        assert!(start.elapsed() < WATCHDOG, "it never happened");
        std::thread::yield_now();
    }
}

pub(crate) fn directory() -> TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("text")
}
