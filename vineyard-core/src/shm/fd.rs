//! Receiving bytes and the descriptors that come with them.

use std::collections::VecDeque;
use std::io::IoSliceMut;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};

use rustix::cmsg_space;
use rustix::io::Errno;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, recvmsg};

use super::ShmError;

const CHUNK_BYTES: usize = 64 << 10;

/// Room for as many descriptors as Linux lets one message carry (`SCM_MAX_FD`).
const CONTROL_BYTES: usize = cmsg_space!(ScmRights(253));

/// Receives from a UNIX socket, with room for descriptors.
#[derive(Debug)]
pub struct Receiver {
    chunk: Box<[u8]>,
    control: Box<[MaybeUninit<u8>]>,
}

/// What one receive brought.
#[derive(Debug)]
pub struct Received<'a> {
    /// Bytes; empty when the peer has closed.
    pub bytes: &'a [u8],
}

impl Default for Receiver {
    fn default() -> Self {
        Self::new()
    }
}

impl Receiver {
    /// Allocates the buffers once.
    pub fn new() -> Self {
        Self { chunk: vec![0; CHUNK_BYTES].into(), control: vec![MaybeUninit::uninit(); CONTROL_BYTES].into() }
    }

    /// Receives once: what is there, up to 64 KiB. Descriptors are appended to `descriptors`, close-on-exec.
    ///
    /// # Errors
    ///
    /// [`ShmError::System`] with the kernel's error (`WouldBlock` when the socket's time-out passed),
    /// [`ShmError::LostDescriptors`] if some could not be taken over; those that could are closed then.
    pub fn receive(
        &mut self,
        socket: impl AsFd,
        descriptors: &mut VecDeque<OwnedFd>,
    ) -> Result<Received<'_>, ShmError> {
        // Descriptors that stay in here are closed with it.
        let mut control = RecvAncillaryBuffer::new(&mut self.control);
        let message = loop {
            let mut parts = [IoSliceMut::new(&mut self.chunk)];
            match recvmsg(socket.as_fd(), &mut parts, &mut control, RecvFlags::CMSG_CLOEXEC) {
                Err(Errno::INTR) => {}
                other => {
                    let action = "receiving from the server failed";
                    break other.map_err(|errno| ShmError::System { action, cause: errno.into() })?;
                }
            }
        };
        if message.flags.contains(ReturnFlags::CTRUNC) {
            return Err(ShmError::LostDescriptors);
        }
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(received) = message {
                descriptors.extend(received);
            }
        }
        Ok(Received { bytes: self.chunk.get(..message.bytes).unwrap_or_default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::io::{IoSlice, Write};
    use std::os::fd::{AsRawFd, RawFd};
    use std::os::unix::net::UnixStream;

    use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};

    fn send(socket: &UnixStream, descriptors: &[RawFd]) {
        let rights = [ControlMessage::ScmRights(descriptors)];
        let sent = sendmsg::<()>(socket.as_raw_fd(), &[IoSlice::new(b"x")], &rights, MsgFlags::empty(), None);
        assert_eq!(sent, Ok(1));
    }

    #[test]
    fn descriptors_arrive_in_order_with_their_bytes() {
        let (ours, theirs) = UnixStream::pair().expect("a pair");
        let files: Vec<_> = (0..200).map(|_| tempfile::tempfile().expect("a file")).collect();
        for (file, len) in files.iter().zip(0..) {
            file.set_len(len).expect("room");
        }
        send(&theirs, &files.iter().map(AsRawFd::as_raw_fd).collect::<Vec<_>>());
        (&theirs).write_all(b"yz").expect("sent");
        drop(theirs);
        let mut receiver = Receiver::new();
        let mut descriptors = VecDeque::new();
        let mut bytes = Vec::new();
        loop {
            let received = receiver.receive(&ours, &mut descriptors).expect("received");
            if received.bytes.is_empty() {
                break;
            }
            bytes.extend_from_slice(received.bytes);
        }
        assert_eq!(bytes, b"xyz");
        let lengths = descriptors.into_iter().map(|fd| std::fs::File::from(fd).metadata().expect("a file").len());
        assert!(lengths.eq(0..200));
    }

    #[test]
    fn descriptors_that_do_not_fit_are_reported_and_closed() {
        let (ours, theirs) = UnixStream::pair().expect("a pair");
        let (reader, writer) = std::io::pipe().expect("a pipe");
        send(&theirs, &[writer.as_raw_fd(); 20]);
        let mut receiver =
            Receiver { control: vec![MaybeUninit::uninit(); cmsg_space!(ScmRights(1))].into(), ..Receiver::new() };
        let mut descriptors = VecDeque::new();
        let received = receiver.receive(&ours, &mut descriptors);
        assert!(matches!(received, Err(ShmError::LostDescriptors)), "{received:?}");
        assert!(descriptors.is_empty());
        drop((writer, theirs));
        let mut rest = Vec::new();
        // Ends only if no copy of the writing end is left.
        std::io::Read::read_to_end(&mut { reader }, &mut rest).expect("reads");
        assert!(rest.is_empty());
    }
}
