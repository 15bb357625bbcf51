//! Receiving bytes and the descriptors that come with them.

use std::collections::VecDeque;
use std::io::{self, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

use nix::cmsg_space;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, UnixAddr, recvmsg};

use super::ShmError;

const CHUNK_BYTES: usize = 64 << 10;

/// Receives from a UNIX socket, with room for descriptors.
#[derive(Debug)]
pub struct Receiver {
    chunk: Box<[u8]>,
    control: Vec<u8>,
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
        Self { chunk: vec![0; CHUNK_BYTES].into(), control: cmsg_space!([std::os::fd::RawFd; 16]) }
    }

    /// Receives once: what is there, up to 64 KiB. Descriptors are appended to `descriptors`, close-on-exec.
    ///
    /// # Errors
    ///
    /// [`ShmError::System`] with the kernel's error (`WouldBlock` when the socket's time-out passed),
    /// [`ShmError::LostDescriptors`] if more than 16 descriptors came at once.
    pub fn receive(
        &mut self,
        socket: impl AsFd,
        descriptors: &mut VecDeque<OwnedFd>,
    ) -> Result<Received<'_>, ShmError> {
        let system = |source: io::Error| ShmError::System { action: "receiving from the server failed", source };
        let (count, lost) = {
            let mut parts = [IoSliceMut::new(&mut self.chunk)];
            let message = loop {
                let flags = MsgFlags::MSG_CMSG_CLOEXEC;
                match recvmsg::<UnixAddr>(socket.as_fd().as_raw_fd(), &mut parts, Some(&mut self.control), flags) {
                    Err(nix::Error::EINTR) => {}
                    other => break other.map_err(|errno| system(errno.into()))?,
                }
            };
            let lost = message.flags.contains(MsgFlags::MSG_CTRUNC);
            for control in message.cmsgs().map_err(|errno| system(errno.into()))? {
                if let ControlMessageOwned::ScmRights(raw) = control {
                    for fd in raw {
                        // SAFETY: the kernel has just made this descriptor for us, and nobody else owns it.
                        descriptors.push_back(unsafe { OwnedFd::from_raw_fd(fd) });
                    }
                }
            }
            (message.bytes, lost)
        };
        if lost {
            return Err(ShmError::LostDescriptors);
        }
        Ok(Received { bytes: self.chunk.get(..count).unwrap_or_default() })
    }
}
