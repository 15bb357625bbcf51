//! Arenas: files that clients map. The server hands them out and never maps them.

use std::ffi::CStr;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicU64, Ordering};

use nix::fcntl::{FallocateFlags, FcntlArg, SealFlag, fallocate, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::stat::{Mode, fchmod};
use tokio::sync::OwnedSemaphorePermit;

/// What stock clients subtract from `map_size` before they map.
const MAP_EXTRA: u64 = 8;

const NAME: &CStr = c"vineyard-arena";

/// Numbers arenas over the life of the process.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// What a client may do with an arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Map it read-only; the descriptor allows no more.
    Read,
    /// Map it read-write.
    Write,
}

/// The file behind an arena, with one descriptor for each kind of access.
#[derive(Debug)]
pub struct ArenaFile {
    number: u64,
    writable: File,
    readable: File,
    /// What clients are told, for reading and for writing.
    map_sizes: (u64, u64),
    /// Counts the file for as long as it is open.
    #[expect(dead_code, reason = "its being there is what counts")]
    permit: Option<OwnedSemaphorePermit>,
}

impl ArenaFile {
    /// Makes an arena of `capacity` bytes. Pages appear when they are touched.
    ///
    /// It is sealed against shrinking (a client's mapping can never end in the middle), against growing (nobody can
    /// fill the machine through it), and against further seals (no client can forbid the others to write).
    ///
    /// # Errors
    ///
    /// What the system says: no descriptors left, no `/proc`, a size that it does not support.
    pub fn create(capacity: u64) -> io::Result<Self> {
        let map_size = capacity.checked_add(MAP_EXTRA).ok_or(io::ErrorKind::InvalidInput)?;
        Self::new(memory(map_size)?, (map_size, map_size))
    }

    /// Makes an arena of exactly `size` bytes, all of which clients may map.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create).
    pub fn bare(size: u64) -> io::Result<Self> {
        Self::new(memory(size)?, (size, size))
    }

    /// Takes a file of `size` bytes at least as an arena. Nothing keeps others from truncating it.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create).
    pub fn from_file(file: File, size: u64) -> io::Result<Self> {
        // Who made a file blob maps what it is told, who gets it maps eight bytes less.
        let for_reading = size.checked_add(MAP_EXTRA).ok_or(io::ErrorKind::InvalidInput)?;
        Self::new(file, (for_reading, size))
    }

    fn new(writable: File, map_sizes: (u64, u64)) -> io::Result<Self> {
        let readable = OpenOptions::new().read(true).open(format!("/proc/self/fd/{}", writable.as_raw_fd()))?;
        Ok(Self { number: NEXT.fetch_add(1, Ordering::Relaxed), writable, readable, map_sizes, permit: None })
    }

    /// Keeps a permit for as long as the file is open.
    #[must_use]
    pub fn keeping(self, permit: OwnedSemaphorePermit) -> Self {
        Self { permit: Some(permit), ..self }
    }

    /// Differs from every other arena's of this process.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The size that clients are told.
    pub fn map_size(&self, access: Access) -> u64 {
        match access {
            Access::Read => self.map_sizes.0,
            Access::Write => self.map_sizes.1,
        }
    }

    /// The descriptor to send for `access`.
    pub fn descriptor(&self, access: Access) -> BorrowedFd<'_> {
        self.file(access).as_fd()
    }

    /// The file, for bytes that travel through a connection.
    pub fn file(&self, access: Access) -> &File {
        match access {
            Access::Read => &self.readable,
            Access::Write => &self.writable,
        }
    }

    /// Gives the pages of a range back to the system; what is there reads as zero afterwards.
    ///
    /// # Errors
    ///
    /// What the system says; files on some file systems have no holes.
    pub fn punch(&self, offset: u64, length: u64) -> io::Result<()> {
        let signed = |value: u64| i64::try_from(value).map_err(|_| io::ErrorKind::InvalidInput);
        let flags = FallocateFlags::FALLOC_FL_PUNCH_HOLE | FallocateFlags::FALLOC_FL_KEEP_SIZE;
        fallocate(&self.writable, flags, signed(offset)?, signed(length)?).map_err(io::Error::from)
    }

    /// Makes the pages of a range, which read as zero unless they are there already.
    ///
    /// # Errors
    ///
    /// What the system says; it may have no more pages.
    pub fn populate(&self, offset: u64, length: u64) -> io::Result<()> {
        let signed = |value: u64| i64::try_from(value).map_err(|_| io::ErrorKind::InvalidInput);
        fallocate(&self.writable, FallocateFlags::empty(), signed(offset)?, signed(length)?).map_err(io::Error::from)
    }

    /// Bytes of pages that are there.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn resident_bytes(&self) -> io::Result<u64> {
        use std::os::unix::fs::MetadataExt;
        Ok(self.readable.metadata()?.blocks().saturating_mul(512))
    }
}

/// A file in memory, sealed at its size, that no other user can open.
fn memory(size: u64) -> io::Result<File> {
    let file = File::from(memfd_create(NAME, MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING)?);
    file.set_len(size)?;
    fchmod(&file, Mode::S_IRUSR | Mode::S_IWUSR)?;
    let seals = SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_SEAL;
    fcntl(&file, FcntlArg::F_ADD_SEALS(seals))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::stat::fstat;
    use nix::unistd::{ftruncate, write};

    #[test]
    fn an_arena_has_a_fixed_size_and_two_kinds_of_descriptors() {
        let arena = ArenaFile::create(4096).expect("memfd");
        assert_eq!(arena.map_size(Access::Read), 4104);
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

    #[test]
    fn a_bare_arena_is_mapped_as_it_is_and_a_file_in_both_ways() {
        assert_eq!(ArenaFile::bare(4096).expect("memfd").map_size(Access::Write), 4096);
        let file = tempfile::tempfile().expect("a file");
        file.set_len(100).expect("grows");
        let arena = ArenaFile::from_file(file, 100).expect("opens again");
        assert_eq!((arena.map_size(Access::Read), arena.map_size(Access::Write)), (108, 100));
    }

    #[test]
    fn punched_pages_are_given_back() {
        use std::os::unix::fs::FileExt;
        let arena = ArenaFile::create(1 << 20).expect("memfd");
        arena.file(Access::Write).write_all_at(&[7; 1 << 16], 4096).expect("written");
        let before = arena.resident_bytes().expect("known");
        arena.punch(4096, 1 << 16).expect("punched");
        assert_eq!(before - arena.resident_bytes().expect("known"), 1 << 16);
        let mut bytes = [1; 16];
        arena.file(Access::Read).read_exact_at(&mut bytes, 4096).expect("read");
        assert_eq!(bytes, [0; 16]);
    }
}
