//! The other process of a measurement.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::Done;

/// A process that serves a socket until this is dropped.
#[derive(Debug)]
pub struct Peer {
    child: Child,
    /// The process ends when this is closed, also when this process dies.
    input: Option<ChildStdin>,
}

impl Peer {
    /// Starts `program` in a role (`echo` or `serve`) on one processor, and waits until it listens.
    ///
    /// # Errors
    ///
    /// What the system says, or that the process ended instead.
    pub fn start(program: &str, role: &str, socket: &Path, core: usize, size: u64) -> Done<Self> {
        let mut command = Command::new(program);
        command.arg(role).arg(socket).arg(core.to_string()).arg(size.to_string());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let output = child.stdout.take();
        let peer = Self { input: child.stdin.take(), child };
        let mut line = String::new();
        BufReader::new(output.ok_or("no output")?).read_line(&mut line)?;
        if line == "ready\n" { Ok(peer) } else { Err(format!("{program} {role} did not start").into()) }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.input.take());
        if let Err(error) = self.child.wait() {
            eprintln!("a peer of a benchmark did not end: {error}");
        }
    }
}
