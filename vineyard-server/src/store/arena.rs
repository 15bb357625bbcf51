//! Arenas: sealed memfds that many blobs share. The server hands them out and never maps them.

use std::ffi::CStr;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::stat::{Mode, fchmod};

/// What stock clients subtract from `map_size` before they map.
const MAP_EXTRA: u64 = 8;

const NAME: &CStr = c"vineyard-arena";

/// What a client may do with an arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Map it read-only; the descriptor allows no more.
    Read,
    /// Map it read-write.
    Write,
}

/// The file behind an arena, of fixed size, with one descriptor for each kind of access.
///
/// It is sealed against shrinking (a client's mapping can never end in the middle), against growing (nobody can
/// fill the machine through it), and against further seals (no client can forbid the others to write).
#[derive(Debug)]
pub struct ArenaFile {
    writable: OwnedFd,
    readable: File,
    map_size: u64,
}

impl ArenaFile {
    /// Makes an arena of `capacity` bytes. Pages appear when they are touched.
    ///
    /// # Errors
    ///
    /// What the system says: no descriptors left, no `/proc`, a size that it does not support.
    pub fn create(capacity: u64) -> io::Result<Self> {
        let map_size = capacity.checked_add(MAP_EXTRA).ok_or(io::ErrorKind::InvalidInput)?;
        let writable = File::from(memfd_create(NAME, MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING)?);
        writable.set_len(map_size)?;
        fchmod(&writable, Mode::S_IRUSR | Mode::S_IWUSR)?;
        let seals = SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_SEAL;
        fcntl(&writable, FcntlArg::F_ADD_SEALS(seals))?;
        let readable = OpenOptions::new().read(true).open(format!("/proc/self/fd/{}", writable.as_raw_fd()))?;
        Ok(Self { writable: writable.into(), readable, map_size })
    }

    /// The size that clients are told.
    pub fn map_size(&self) -> u64 {
        self.map_size
    }

    /// The descriptor to send for `access`.
    pub fn descriptor(&self, access: Access) -> BorrowedFd<'_> {
        match access {
            Access::Read => self.readable.as_fd(),
            Access::Write => self.writable.as_fd(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::stat::fstat;
    use nix::unistd::{ftruncate, write};

    #[test]
    fn an_arena_has_a_fixed_size_and_two_kinds_of_descriptors() {
        let arena = ArenaFile::create(4096).expect("memfd");
        assert_eq!(arena.map_size(), 4104);
        let stat = fstat(arena.descriptor(Access::Read)).expect("fstat");
        assert_eq!(stat.st_size, 4104);
        assert_eq!(stat.st_mode & 0o777, 0o600);
        assert!(ftruncate(arena.descriptor(Access::Write), 10).is_err(), "it was shrunk");
        assert!(ftruncate(arena.descriptor(Access::Write), 10_000).is_err(), "it grew");
        let seal = FcntlArg::F_ADD_SEALS(SealFlag::F_SEAL_WRITE);
        assert!(fcntl(arena.descriptor(Access::Write), seal).is_err(), "it was sealed against writing");
        assert!(write(arena.descriptor(Access::Read), b"x").is_err(), "it was written through the wrong descriptor");
        assert_eq!(write(arena.descriptor(Access::Write), b"x"), Ok(1));
    }

    #[test]
    fn an_arena_may_be_larger_than_what_is_there() {
        assert!(ArenaFile::create(1 << 45).is_ok(), "pages appear when they are touched");
        assert!(ArenaFile::create(u64::MAX).is_err());
    }
}
