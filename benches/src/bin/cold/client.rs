//! The clients: processes of their own, so that none has mapped anything before it puts.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use vineyard_benches::server::{Kind, Server};
use vineyard_benches::{Done, Payload, Process};
use vineyard_core::Client;

/// Bytes of the payload.
const NBYTES: usize = 256 << 20;

/// Puts after the first.
const AGAIN: usize = 5;

/// How long a client may take for all of its puts.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the published client does; the same as [`put`].
const SCRIPT: &str = "\
import sys, time
import numpy, vineyard
client = vineyard.connect(sys.argv[1])
array = numpy.full(int(sys.argv[2]), 7, dtype='uint8')
for _ in range(int(sys.argv[3]) + 1):
    start = time.perf_counter()
    object = client.put(array)
    print(time.perf_counter() - start)
    client.delete(object)
";

/// Puts an array and deletes it, `again` times more than once; prints the seconds of each put.
pub(crate) fn put(socket: &str, nbytes: &str, again: &str) -> Done {
    let client = Client::connect(socket)?;
    let object = Payload { bytes: vec![7; nbytes.parse()?].into() };
    for _ in 0..=again.parse::<usize>()? {
        let start = Instant::now();
        let id = client.put(&object)?;
        println!("{}", start.elapsed().as_secs_f64());
        client.delete(id)?;
    }
    Ok(())
}

/// Starts the client that belongs to a server; the seconds of its first put, and of the others.
pub(crate) fn run(kind: Kind, python: &Path, server: &Server) -> Done<(f64, Vec<f64>)> {
    let mut command = match kind {
        Kind::Stock => Command::new(python),
        Kind::Cold | Kind::Ready => Command::new(std::env::current_exe()?),
    };
    match kind {
        Kind::Stock => command.args(["-c", SCRIPT]),
        Kind::Cold | Kind::Ready => command.arg("put"),
    };
    command.arg(&server.socket).arg(NBYTES.to_string()).arg(AGAIN.to_string());
    let mut process = Process::spawn(command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
    let mut output = process.output().ok_or("a client without a pipe")?;
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        // If nobody waits any more, the process was killed.
        let _ = sender.send(output.read_to_string(&mut text).map(|_| text));
    });
    let Ok(text) = receiver.recv_timeout(PATIENCE) else {
        let log = server.log()?;
        return Err(format!("the client of {kind:?} is not done after {PATIENCE:?}; the server's log: {log}").into());
    };
    let (text, status) = (text?, process.wait()?);
    let seconds = text.lines().map(str::parse).collect::<Result<Vec<f64>, _>>()?;
    match seconds.split_first() {
        Some((first, again)) if again.len() == AGAIN && status.success() => Ok((*first, again.to_vec())),
        _ => {
            let (found, log) = (seconds.len(), server.log()?);
            Err(format!(
                "the client of {kind:?} printed {found} times and ended with {status}; the server's log: {log}"
            )
            .into())
        }
    }
}
