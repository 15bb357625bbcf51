//! A peer in the middle that counts requests.

use std::collections::{BTreeMap, VecDeque};
use std::io::{IoSlice, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
use vineyard_core::protocol::frame::{FrameBuffer, encode};
use vineyard_core::protocol::{RegisterRequest, Request};
use vineyard_core::shm::Receiver;

/// What every function here may fail with.
type Done<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Forwards one connection to a server, and counts the requests by type.
#[derive(Debug)]
pub struct Proxy {
    directory: tempfile::TempDir,
    counts: Arc<Mutex<BTreeMap<String, usize>>>,
    threads: Vec<JoinHandle<()>>,
}

impl Proxy {
    /// Listens for one connection. As a `stock` peer it keeps from the server that the client is native.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn start(server: &Path, stock: bool) -> Done<Self> {
        let directory = tempfile::tempdir()?;
        let listener = UnixListener::bind(directory.path().join("proxy.sock"))?;
        let counts = Arc::new(Mutex::new(BTreeMap::new()));
        let (seen, server) = (Arc::clone(&counts), server.to_owned());
        let accept = thread::spawn(move || {
            if let Err(error) = forward(&listener, &server, stock, &seen) {
                eprintln!("the proxy ended: {error}");
            }
        });
        Ok(Self { directory, counts, threads: vec![accept] })
    }

    /// Where it listens.
    pub fn socket(&self) -> PathBuf {
        self.directory.path().join("proxy.sock")
    }

    /// The requests since the last call, by type.
    pub fn take_counts(&self) -> BTreeMap<String, usize> {
        std::mem::take(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                eprintln!("the proxy panicked");
            }
        }
    }
}

fn forward(listener: &UnixListener, server: &Path, stock: bool, counts: &Mutex<BTreeMap<String, usize>>) -> Done {
    let (client, _) = listener.accept()?;
    let server = UnixStream::connect(server)?;
    let (from, to) = (server.try_clone()?, client.try_clone()?);
    let replies = thread::spawn(move || replies(&from, &to));
    let forwarded = requests(client, &server, stock, counts);
    server.shutdown(std::net::Shutdown::Both)?;
    // Replies end with an error when both sides are gone, which is how every test ends.
    let _ = replies.join();
    forwarded
}

fn requests(
    mut client: UnixStream,
    mut server: &UnixStream,
    stock: bool,
    counts: &Mutex<BTreeMap<String, usize>>,
) -> Done {
    let mut frames = FrameBuffer::new();
    let mut chunk = vec![0; 64 << 10];
    loop {
        while let Some(body) = frames.next_frame()? {
            let request = Request::decode(body).map_err(|error| format!("a malformed request: {error}"))?;
            let kind = request.message_type().to_owned();
            *counts.lock().unwrap_or_else(PoisonError::into_inner).entry(kind).or_default() += 1;
            let mut wire = Vec::new();
            match request {
                Request::Register(request) if stock => encode(&mut wire, &RegisterRequest { native: None, ..request })?,
                other => other.encode(&mut wire)?,
            }
            server.write_all(&wire)?;
        }
        match client.read(&mut chunk)? {
            0 => return Ok(()),
            count => frames.extend(chunk.get(..count).unwrap_or_default()),
        }
    }
}

fn replies(server: &UnixStream, client: &UnixStream) -> Done {
    let mut receiver = Receiver::new();
    let mut descriptors: VecDeque<OwnedFd> = VecDeque::new();
    loop {
        let received = receiver.receive(server, &mut descriptors)?;
        if received.bytes.is_empty() {
            client.shutdown(std::net::Shutdown::Both)?;
            return Ok(());
        }
        let raw: Vec<RawFd> = descriptors.iter().map(AsRawFd::as_raw_fd).collect();
        let rights = [ControlMessage::ScmRights(&raw)];
        let control = if raw.is_empty() { &[][..] } else { &rights[..] };
        let parts = [IoSlice::new(received.bytes)];
        let sent = sendmsg::<()>(client.as_raw_fd(), &parts, control, MsgFlags::MSG_NOSIGNAL, None)?;
        let mut rest = client;
        rest.write_all(received.bytes.get(sent..).unwrap_or_default())?;
        descriptors.clear();
    }
}
