//! Our server in a process of its own.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};

/// The `serve` program, which listens. Killed when dropped.
#[derive(Debug)]
pub struct Program {
    child: Child,
    socket: PathBuf,
    start: String,
    log: BufReader<ChildStderr>,
}

impl Program {
    /// Starts `program` (the path of the `serve` binary) at a socket with more arguments, and waits until it listens.
    ///
    /// # Panics
    ///
    /// If it does not.
    pub fn start(program: &str, socket: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(program)
            .arg("--socket")
            .arg(socket)
            .args(["--no-rpc", "--log-level", "info"])
            .args(arguments)
            .env_remove("VINEYARD_LOG")
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{program} does not start: {error}"));
        let log = child.stderr.take().unwrap_or_else(|| unreachable!("standard error is piped"));
        let (mut log, mut start) = (BufReader::new(log), String::new());
        while !start.contains("listening") {
            let count = log.read_line(&mut start);
            assert!(matches!(count, Ok(1..)), "the server ended: {start}");
        }
        Self { child, socket: socket.to_owned(), start, log }
    }

    /// Where it listens.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// What it had logged when it listened.
    pub fn start_log(&self) -> &str {
        &self.start
    }

    /// Kills it as `kill -9` does, and waits until it is gone; what it has logged since it listened.
    ///
    /// # Panics
    ///
    /// If it is gone already.
    pub fn kill(mut self) -> String {
        let mut log = String::new();
        assert!(matches!(self.child.try_wait(), Ok(None)), "the server has ended by itself");
        let killed = self.child.kill().and_then(|()| self.child.wait());
        assert!(killed.is_ok(), "the server cannot be killed: {killed:?}");
        let _end = self.log.read_to_string(&mut log);
        log
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if self.child.kill().is_ok() {
            let _ended = self.child.wait();
        }
    }
}
