//! Arenas: files that clients map. The server hands them out and never maps them.

use std::ffi::CStr;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use nix::errno::Errno;
use nix::fcntl::{FallocateFlags, FcntlArg, SealFlag, fallocate, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::stat::{Mode, fchmod};
use tokio::sync::OwnedSemaphorePermit;

use super::pool::FileCharge;

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
    /// For a file that holds one blob and that the kernel seals.
    sealable: Option<Sealable>,
}

/// What there is to know of a file that the kernel seals.
#[derive(Debug)]
struct Sealable {
    /// Counts its memory for as long as it is open.
    charge: FileCharge,
    /// Whether the kernel has sealed it against writing.
    sealed: AtomicBool,
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
        Self::new(memory(map_size, fixed() | SealFlag::F_SEAL_SEAL)?, (map_size, map_size))
    }

    /// Makes an arena of exactly `size` bytes, all of which clients may map.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create).
    pub fn bare(size: u64) -> io::Result<Self> {
        Self::new(memory(size, fixed() | SealFlag::F_SEAL_SEAL)?, (size, size))
    }

    /// Makes a file for one blob of `size` bytes, whose memory is counted already. Its size is fixed; once it is written
    /// it can be [sealed](Self::seal_against_writing).
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create).
    pub fn sealable(size: u64, charge: FileCharge) -> io::Result<Self> {
        let file = Self::from_file(memory(size, fixed())?, size)?;
        Ok(Self { sealable: Some(Sealable { charge, sealed: AtomicBool::new(false) }), ..file })
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
        Ok(Self {
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            writable,
            readable,
            map_sizes,
            permit: None,
            sealable: None,
        })
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

    /// Whether it holds one blob and is for the kernel to seal.
    pub fn is_sealable(&self) -> bool {
        self.sealable.is_some()
    }

    /// Whether the kernel has still to seal it before its blob can be read.
    pub fn is_to_be_sealed(&self) -> bool {
        self.sealable.as_ref().is_some_and(|sealable| !sealable.sealed.load(Ordering::Acquire))
    }

    /// Bytes that count for it, beside any range of it that is counted.
    pub fn counted(&self) -> u64 {
        self.sealable.as_ref().map_or(0, |sealable| sealable.charge.bytes())
    }

    /// Lets the kernel refuse all writing from now on, through whatever descriptor or mapping, whoever's. Once more is no
    /// error. Takes time with the number of pages.
    ///
    /// # Errors
    ///
    /// `EBUSY` while it is mapped for writing, or the kernel has pages of it in use; `EPERM` if it is no
    /// [sealable](Self::sealable) file, or who can write to it has forbidden further seals.
    pub fn seal_against_writing(&self) -> io::Result<()> {
        let Some(Sealable { sealed, .. }) = &self.sealable else { return Err(Errno::EPERM.into()) };
        if !sealed.load(Ordering::Acquire) {
            fcntl(&self.writable, FcntlArg::F_ADD_SEALS(SealFlag::F_SEAL_WRITE | SealFlag::F_SEAL_SEAL))?;
            sealed.store(true, Ordering::Release);
        }
        Ok(())
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

/// The seals that fix the size of a file.
fn fixed() -> SealFlag {
    SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW
}

/// A file in memory with some seals that no other user can open.
fn memory(size: u64, seals: SealFlag) -> io::Result<File> {
    let file = File::from(memfd_create(NAME, MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING)?);
    file.set_len(size)?;
    fchmod(&file, Mode::S_IRUSR | Mode::S_IWUSR)?;
    fcntl(&file, FcntlArg::F_ADD_SEALS(seals))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::super::SharedPool;
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

    #[test]
    fn a_file_of_its_own_is_sealed_once_nobody_has_it_mapped_for_writing() {
        let pool = SharedPool::new(1 << 20).expect("memfd");
        let file = ArenaFile::sealable(5000, pool.charge_file(5000).expect("fits")).expect("memfd");
        assert_eq!((file.map_size(Access::Read), file.map_size(Access::Write)), (5008, 5000));
        assert!(file.is_to_be_sealed());
        assert_eq!(write(file.descriptor(Access::Write), b"x"), Ok(1));
        assert!(ftruncate(file.descriptor(Access::Write), 10).is_err(), "it was shrunk");
        for _ in 0..2 {
            file.seal_against_writing().expect("nobody maps it");
        }
        assert!(!file.is_to_be_sealed());
        assert!(write(file.descriptor(Access::Write), b"x").is_err(), "it was written");
        assert!(ArenaFile::create(4096).expect("memfd").seal_against_writing().is_err(), "arenas are never sealed");
        assert_eq!((file.counted(), pool.lock().used()), (5000, 5000));
        drop(file);
        assert_eq!(pool.lock().used(), 0);
    }
}
