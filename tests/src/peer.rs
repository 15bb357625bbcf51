//! Another process.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};

/// The `peer` program in a process of its own, which says on its standard output how far it is. Killed when dropped.
#[derive(Debug)]
pub struct Peer {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts `program` (the path of the `peer` binary) with a command, a socket and more arguments.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    pub fn start(program: &str, command: &str, socket: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(program)
            .arg(command)
            .arg(socket)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{program} does not start: {error}"));
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().map(BufReader::new);
        let stdout = stdout.unwrap_or_else(|| unreachable!("standard output is piped"));
        Self { child, stdin, stdout }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The next line it prints; waits for it.
    ///
    /// # Panics
    ///
    /// If it ends instead.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        match self.stdout.read_line(&mut line) {
            Ok(1..) => line.trim_end().to_owned(),
            end => panic!("the peer printed nothing more ({end:?}), and ended with {:?}", self.child.wait()),
        }
    }

    /// Tells it to go on.
    ///
    /// # Panics
    ///
    /// If it does not listen.
    pub fn go_on(&mut self) {
        self.tell("go on");
    }

    /// Tells it a line.
    ///
    /// # Panics
    ///
    /// If it does not listen.
    pub fn tell(&mut self, line: &str) {
        let told = self.stdin.as_mut().map(|stdin| writeln!(stdin, "{line}"));
        assert!(matches!(told, Some(Ok(()))), "the peer does not listen: {told:?}");
    }

    /// Kills it as `kill -9` does, and waits until it is gone.
    ///
    /// # Panics
    ///
    /// If it is gone already.
    pub fn kill(mut self) {
        let killed = self.child.kill().and_then(|()| self.child.wait());
        assert!(killed.is_ok(), "the peer cannot be killed: {killed:?}");
    }

    /// Waits for its end.
    ///
    /// # Panics
    ///
    /// If that cannot be waited for.
    pub fn end(mut self) -> ExitStatus {
        drop(self.stdin.take());
        self.child.wait().unwrap_or_else(|error| panic!("the peer cannot be waited for: {error}"))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        if self.child.kill().is_ok() {
            let _ended = self.child.wait();
        }
    }
}
