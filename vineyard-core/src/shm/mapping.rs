//! One arena mapped into this process.

use std::io;
use std::os::fd::{AsFd, AsRawFd};

use memmap2::{Advice, MmapOptions, MmapRaw};
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::stat::fstat;
use nix::sys::statfs::{TMPFS_MAGIC, fstatfs};

use super::ShmError;

/// A mapped arena; unmapped when the last view of it is gone.
#[derive(Debug)]
pub(crate) struct Mapping {
    map: MmapRaw,
    writable: bool,
    /// Whether the kernel had sealed the file against writing when it was mapped. Seals are never taken off.
    sealed: bool,
    /// How pages are mapped ahead of writing.
    ahead: Advice,
}

impl Mapping {
    /// Maps the first `len` bytes for reading only. Costs three system calls, whatever the length.
    ///
    /// # Errors
    ///
    /// [`ShmError::ShortFile`] if the file is shorter than `len`, [`ShmError::System`] if the kernel refuses.
    pub(crate) fn read_only(fd: impl AsFd, len: u64) -> Result<Self, ShmError> {
        let len = Self::checked_len(&fd, len)?;
        let map = MmapOptions::new().len(len).map_raw_read_only(fd.as_fd().as_raw_fd());
        // Files that are not in memory have no seals, and say so by an error.
        let seals = fcntl(&fd, FcntlArg::F_GET_SEALS).map_or(SealFlag::empty(), SealFlag::from_bits_truncate);
        let sealed = seals.contains(SealFlag::F_SEAL_WRITE);
        Ok(Self { map: map.map_err(system)?, writable: false, sealed, ahead: Advice::PopulateRead })
    }

    /// Maps the first `len` bytes for reading and writing. Costs three system calls, whatever the length.
    ///
    /// # Errors
    ///
    /// As [`read_only`](Self::read_only).
    pub(crate) fn read_write(fd: impl AsFd, len: u64) -> Result<Self, ShmError> {
        let len = Self::checked_len(&fd, len)?;
        let map = MmapOptions::new().len(len).map_raw(fd.as_fd().as_raw_fd());
        // A page of memory that is mapped by reading can be written as it is, and those that are there are mapped many at
        // a time. Files on a disk want to know of writers first, and may have no room for what was never written.
        let in_memory = fstatfs(&fd).is_ok_and(|system| system.filesystem_type() == TMPFS_MAGIC);
        let ahead = if in_memory { Advice::PopulateRead } else { Advice::PopulateWrite };
        Ok(Self { map: map.map_err(system)?, writable: true, sealed: false, ahead })
    }

    /// Length in bytes.
    pub(crate) fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether an address lies inside this mapping. For showing that a view is not a copy.
    pub(crate) fn contains(&self, address: usize) -> bool {
        address.checked_sub(self.map.as_ptr().addr()).is_some_and(|offset| offset < self.map.len())
    }

    /// Whether the kernel lets nobody write to the file.
    pub(crate) fn is_sealed(&self) -> bool {
        self.sealed
    }

    /// Makes the pages of a part and maps them for writing, without changing what they hold. False if the system cannot,
    /// has no pages, or the part does not lie inside the mapping.
    pub(super) fn populate(&self, offset: u64, len: usize) -> bool {
        let offset =
            usize::try_from(offset).ok().filter(|offset| offset.checked_add(len).is_some_and(|end| end <= self.len()));
        offset.is_some_and(|offset| self.map.advise_range(self.ahead, offset, len).is_ok())
    }

    pub(super) fn base(&self) -> *mut u8 {
        self.map.as_mut_ptr()
    }

    pub(super) fn is_writable(&self) -> bool {
        self.writable
    }

    fn checked_len(fd: &impl AsFd, announced: u64) -> Result<usize, ShmError> {
        let stat = fstat(fd).map_err(|errno| system(errno.into()))?;
        let found = u64::try_from(stat.st_size).unwrap_or(0);
        let len = usize::try_from(announced).unwrap_or(usize::MAX);
        if announced > found || announced == 0 || isize::try_from(len).is_err() {
            return Err(ShmError::ShortFile { announced, found });
        }
        Ok(len)
    }
}

fn system(cause: io::Error) -> ShmError {
    ShmError::System { action: "an arena could not be mapped", cause }
}
