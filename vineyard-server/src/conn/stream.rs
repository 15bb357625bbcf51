//! One connected socket: reading, writing, descriptors. Tries first and waits only when the kernel says so.

use std::io::{self, IoSlice};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::socket::{ControlMessage, MsgFlags, recv, send, sendmsg};
use rustix::net::sockopt::set_tcp_quickack;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio_util::sync::CancellationToken;

use crate::service::Entrance;

/// Bytes that are asked for at first, and the most after reads that filled what was asked for.
const SMALL_READ: usize = 4 << 10;
const LARGE_READ: usize = 256 << 10;

/// Bytes that are written before the other connections of the thread have their turn.
const WRITE_STEP: usize = 1 << 20;

/// How long a thread looks for the next request of a peer that it just served, before it sleeps. A peer that does one
/// request after the other is woken by the reply and sends the next within some tens of microseconds, while to sleep
/// and to be woken on another processor takes 10 on a good day and 60 on a virtual machine whose idle processors halt.
const LINGER: Duration = Duration::from_micros(50);

/// How long a request in hand may take when the server stops.
const GRACE: Duration = Duration::from_secs(5);

/// The byte that carries a descriptor; clients ignore its value.
const CARRIER: [u8; 1] = [0x14];

/// A connected socket.
///
/// It is registered for reading only: with writing, the kernel would wake the thread each time the peer takes a reply
/// out of the socket, which is once per request. Who must wait to write registers a second descriptor meanwhile.
///
/// For the same reason small reads of a UNIX socket leave the bytes in it until the reply is sent: taking them out would
/// wake the peer, which waits for the reply and finds nothing yet. Between two processors that is 11 of 29 microseconds.
#[derive(Debug)]
pub(crate) struct Stream {
    socket: AsyncFd<OwnedFd>,
    entrance: Entrance,
    /// How long the peer may keep us waiting in the middle of something.
    patience: Duration,
    stop: CancellationToken,
    /// When this connection noticed that the server stops.
    stopping: OnceLock<Instant>,
    /// Bytes that were read and are still in the socket; less than [`SMALL_READ`].
    owed: usize,
    /// The last read found nothing more.
    drained: bool,
    chunk: usize,
    scratch: Box<[u8; SMALL_READ]>,
}

impl Stream {
    /// Registers the socket with the runtime of the calling task.
    pub(crate) fn new(
        socket: OwnedFd,
        entrance: Entrance,
        patience: Duration,
        stop: CancellationToken,
    ) -> io::Result<Self> {
        let socket = register(socket, Interest::READABLE)?;
        Ok(Self {
            socket,
            entrance,
            patience,
            stop,
            stopping: OnceLock::new(),
            owed: 0,
            drained: true,
            chunk: SMALL_READ,
            scratch: Box::new([0; SMALL_READ]),
        })
    }

    /// Appends what has arrived; `None` if there is nothing, 0 bytes if the peer has ended.
    pub(crate) fn try_read(&mut self, into: &mut Vec<u8>) -> io::Result<Option<usize>> {
        self.settle()?;
        let small = self.chunk == SMALL_READ;
        let peek = small && self.entrance.is_unix();
        let flags = MsgFlags::MSG_DONTWAIT | if peek { MsgFlags::MSG_PEEK } else { MsgFlags::empty() };
        let socket = self.socket.get_ref().as_raw_fd();
        let result = if small {
            // By way of a buffer that is there: most looks find nothing, and room would be cleared for each.
            let result = recv(socket, &mut *self.scratch, flags);
            into.extend_from_slice(self.scratch.get(..result.unwrap_or(0)).unwrap_or_default());
            result
        } else {
            let start = into.len();
            into.resize(start.saturating_add(self.chunk), 0);
            let result = recv(socket, into.get_mut(start..).unwrap_or_default(), flags);
            into.truncate(start.saturating_add(result.unwrap_or(0)));
            result
        };
        let result = result.map_err(io::Error::from);
        let count = *result.as_ref().unwrap_or(&0);
        self.drained = count < self.chunk;
        if peek {
            self.owed = count;
        }
        self.chunk = if self.drained { SMALL_READ } else { self.chunk.saturating_mul(2).min(LARGE_READ) };
        match result {
            Ok(count) => Ok(Some(count)),
            Err(error) if is_transient(&error) => {
                // An interrupted read says nothing about what there is.
                self.drained = error.kind() == io::ErrorKind::WouldBlock;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Takes out of the socket what was read and left there.
    pub(crate) fn settle(&mut self) -> io::Result<()> {
        while self.owed > 0 {
            let rest = self.scratch.get_mut(..self.owed).unwrap_or_default();
            match recv(self.socket.get_ref().as_raw_fd(), rest, MsgFlags::MSG_DONTWAIT) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => self.owed = self.owed.saturating_sub(count),
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Waits until something has arrived and appends it; 0 bytes if the peer has ended. Cancel-safe: what was taken
    /// out of the socket is in `into`.
    ///
    /// With `linger`, the thread stays with this peer for [`LINGER`] before it turns to others.
    pub(crate) async fn read(&mut self, into: &mut Vec<u8>, linger: bool) -> io::Result<usize> {
        // Who decrypts for this connection needs the thread itself.
        if linger && self.entrance.is_direct() {
            let start = Instant::now();
            while start.elapsed() < LINGER {
                if let Some(count) = self.try_read(into)? {
                    return Ok(count);
                }
                // The peer may need this very processor.
                std::thread::yield_now();
            }
        }
        loop {
            if self.drained {
                // Readiness is forgotten before the read that uses it up, so none that comes later is lost.
                self.socket.readable().await?.clear_ready();
            }
            if let Some(count) = self.try_read(into)? {
                return Ok(count);
            }
        }
    }

    /// Waits until the peer has gone, and leaves what it sent before in the socket. Cancel-safe.
    ///
    /// A peer that only sends no more still gets its reply through a UNIX socket. Over TCP that looks the same as one
    /// that has gone.
    pub(crate) async fn closed(&mut self) {
        // The kernel tells of an end of both directions whatever was asked for, and nothing else of this kind.
        let end = if self.entrance.is_unix() { Interest::WRITABLE } else { Interest::READABLE };
        // The next read must look into the socket: the readiness for what is there is forgotten here.
        self.drained = false;
        while let Ok(mut guard) = self.socket.ready(end).await {
            if guard.ready().is_read_closed() || guard.ready().is_write_closed() {
                return;
            }
            guard.clear_ready();
        }
    }

    /// As [`read`](Self::read), for who is in the middle of something.
    ///
    /// # Errors
    ///
    /// What the system says; [`io::ErrorKind::UnexpectedEof`] if the peer has ended, [`io::ErrorKind::TimedOut`] if it
    /// stalls or the server stops.
    pub(crate) async fn read_more(&mut self, into: &mut Vec<u8>) -> io::Result<()> {
        self.check_time()?;
        if self.try_read(into)?.is_some_and(|count| count > 0) {
            if !self.drained {
                // A peer that is faster than this thread would keep it to itself.
                tokio::task::yield_now().await;
            }
            return Ok(());
        }
        if self.entrance == Entrance::Tcp {
            // The published client writes the length and the rest of a message separately, and its kernel holds the
            // rest back until ours has acknowledged the length, which it would put off by 40 ms.
            set_tcp_quickack(self.socket.get_ref(), true)?;
        }
        let (patience, stop) = (self.patience, self.stop.clone());
        tokio::select! {
            count = self.read(into, false) => match count? {
                0 => Err(io::ErrorKind::UnexpectedEof.into()),
                _ => Ok(()),
            },
            () = tokio::time::sleep(patience) => Err(stalled(patience)),
            () = stop.cancelled() => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    /// Ends what goes on although the server stops.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::TimedOut`] once it has gone on for [`GRACE`].
    pub(crate) fn check_time(&self) -> io::Result<()> {
        let is_over = self.stop.is_cancelled() && self.deadline() <= Instant::now();
        if is_over { Err(io::ErrorKind::TimedOut.into()) } else { Ok(()) }
    }

    /// When a request in hand has to end; to be asked once the server stops.
    fn deadline(&self) -> Instant {
        let noticed = *self.stopping.get_or_init(Instant::now);
        noticed.checked_add(GRACE).unwrap_or(noticed)
    }

    /// Writes all of `bytes`.
    ///
    /// # Errors
    ///
    /// What the system says; [`io::ErrorKind::TimedOut`] if the peer does not read.
    pub(crate) async fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        for (number, step) in bytes.chunks(WRITE_STEP).enumerate() {
            if number > 0 {
                // A peer that reads as fast as this thread writes would keep it to itself.
                tokio::task::yield_now().await;
            }
            let mut rest = step;
            self.patiently(|socket| {
                let count = send(socket.as_raw_fd(), rest, MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT)?;
                rest = rest.get(count..).unwrap_or_default();
                Ok(rest.is_empty())
            })
            .await?;
        }
        Ok(())
    }

    /// Sends one byte that carries a descriptor, as a message of its own.
    ///
    /// # Errors
    ///
    /// As [`write_all`](Self::write_all).
    pub(crate) async fn send_descriptor(&self, fd: BorrowedFd<'_>) -> io::Result<()> {
        let carried = [fd.as_raw_fd()];
        self.patiently(|socket| {
            let rights = [ControlMessage::ScmRights(&carried)];
            let flags = MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT;
            sendmsg::<()>(socket.as_raw_fd(), &[IoSlice::new(&CARRIER)], &rights, flags, None).map(|_| true)
        })
        .await
    }

    /// Does `write` at once as far as it does not block, which is nearly always all of it; otherwise whenever the
    /// socket allows it. It says whether all is done.
    async fn patiently(&self, mut write: impl FnMut(&OwnedFd) -> Result<bool, Errno>) -> io::Result<()> {
        let mut attempt = |socket: &OwnedFd| loop {
            match write(socket) {
                Ok(true) => return Ok(()),
                Ok(false) | Err(Errno::EINTR) => {}
                Err(error) => return Err(io::Error::from(error)),
            }
        };
        match attempt(self.socket.get_ref()) {
            Err(error) if is_transient(&error) => {}
            done => return done,
        }
        let waiting = register(self.socket.get_ref().try_clone()?, Interest::WRITABLE)?;
        let given_up = async {
            self.stop.cancelled().await;
            tokio::time::sleep_until(self.deadline().into()).await;
        };
        let mut given_up = std::pin::pin!(given_up);
        loop {
            // The time is the peer's for each step, so that a slow one is served and a stuck one is not.
            tokio::select! {
                ready = waiting.writable() => ready?.clear_ready(),
                () = tokio::time::sleep(self.patience) => return Err(stalled(self.patience)),
                () = &mut given_up => return Err(io::ErrorKind::TimedOut.into()),
            }
            match attempt(waiting.get_ref()) {
                Err(error) if is_transient(&error) => {}
                done => return done,
            }
        }
    }
}

fn stalled(patience: Duration) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("the peer stalled for {} s", patience.as_secs_f32()))
}

impl Drop for Stream {
    fn drop(&mut self) {
        // A socket that is closed with bytes in it is reset for the peer, who may not have read the last reply. The
        // peer may be gone itself, which is no concern here.
        let _ = self.settle();
    }
}

#[allow(deprecated, reason = "the successor is unsafe, for types that lie about their descriptor; an OwnedFd does not")]
fn register(socket: OwnedFd, interest: Interest) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(socket, interest)
}

fn is_transient(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
