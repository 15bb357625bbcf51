//! Our server with less memory than is put, and our client.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use vineyard_benches::{Done, Payload};
use vineyard_core::{Client, ObjectId};

use crate::payloads::{Payloads, look_at};

/// A server that runs, and a client of it with what that has put.
#[derive(Debug)]
pub(crate) struct Ours {
    client: Client,
    ids: Vec<ObjectId>,
    _server: Server,
}

/// Killed when this is dropped.
#[derive(Debug)]
struct Server {
    child: Child,
    socket: PathBuf,
    _directory: TempDir,
}

impl Server {
    /// Starts `program` and waits until it listens.
    fn start(program: &Path, memory: u64, spill: &Path) -> Done<Self> {
        let directory = tempfile::tempdir()?;
        let socket = directory.path().join("spill.sock");
        let mut command = Command::new(program);
        command.args(["--no-rpc", "--log-level", "info", "--size", &memory.to_string(), "--socket"]).arg(&socket);
        command.arg("--spill-path").arg(spill).stdin(Stdio::null()).stderr(Stdio::piped());
        let child = command.spawn().map_err(|error| format!("{}: {error}", program.display()))?;
        let mut server = Self { child, socket, _directory: directory };
        let mut log = BufReader::new(server.child.stderr.take().ok_or("no log")?);
        let mut lines = String::new();
        while !lines.contains("listening") {
            if log.read_line(&mut lines)? == 0 {
                return Err(format!("{} does not listen: {lines}", program.display()).into());
            }
        }
        // Read on, so that it never holds the server up.
        std::thread::spawn(move || log.lines().map_while(Result::ok).for_each(drop));
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait()) {
            eprintln!("a server of a measurement did not end: {error}");
        }
    }
}

impl Ours {
    /// Starts a server with so many bytes of memory, which writes to a directory.
    pub(crate) fn start(program: &Path, memory: u64, spill: &Path) -> Done<Self> {
        let server = Server::start(program, memory, spill)?;
        Ok(Self { client: Client::connect(&server.socket)?, ids: Vec::new(), _server: server })
    }

    /// Puts all payloads.
    pub(crate) fn put(&mut self, payloads: &Payloads) -> Done {
        for number in 0..payloads.count {
            self.ids.push(self.client.put(payloads.object(number))?);
        }
        Ok(())
    }

    /// Gets all payloads, in the order in which they were put.
    pub(crate) fn get(&self, payloads: &Payloads) -> Done {
        for (number, id) in self.ids.iter().enumerate() {
            look_at(&self.client.get::<Payload>(*id)?.bytes, payloads.bytes(number))?;
        }
        Ok(())
    }

    /// Lets everything go to disk.
    pub(crate) fn evict(&self) -> Done {
        Ok(self.client.evict(&self.ids)?)
    }
}
