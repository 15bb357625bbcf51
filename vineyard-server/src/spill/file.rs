//! One blob in a file.
//!
//! ```text
//! offset  bytes
//!      0      8  `VYSPILL1`
//!      8      8  id of the blob, little-endian as the numbers below
//!     16      8  length of the blob
//!     24      8  XXH3 (64 bits) of its bytes
//!     64  length its bytes
//! ```

use std::fs::{self, File};
use std::hash::Hasher;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;

use twox_hash::XxHash3_64;
use vineyard_core::ObjectId;

const MAGIC: [u8; 8] = *b"VYSPILL1";
const HEADER_BYTES: usize = 32;

/// Where the blob starts.
const PAYLOAD_OFFSET: u64 = 64;

/// Bytes that are copied at a time.
const STEP_BYTES: usize = 1 << 20;

/// Why a blob could not go to disk or come back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpillError {
    /// The file could not be written; it is removed.
    #[error("blob {id} cannot be written to `{}`: {source}", path.display())]
    Write {
        /// The blob.
        id: ObjectId,
        /// Its file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file could not be read.
    #[error("blob {id} cannot be read from `{}`: {source}", path.display())]
    Read {
        /// The blob.
        id: ObjectId,
        /// Its file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file does not hold what was written.
    #[error("blob {id} is damaged: `{}` has {what} {found:#x}, expected {expected:#x}", path.display())]
    Damaged {
        /// The blob.
        id: ObjectId,
        /// Its file.
        path: PathBuf,
        /// What differs.
        what: &'static str,
        /// What the file has.
        found: u64,
        /// What was written.
        expected: u64,
    },
}

/// A blob in a file, which is removed soon after this is dropped.
#[derive(Debug)]
pub struct SpilledBlob {
    path: PathBuf,
    /// Takes the paths of files that are to be removed.
    remover: Sender<PathBuf>,
    id: ObjectId,
    length: u64,
    checksum: u64,
}

impl SpilledBlob {
    pub(super) fn write(
        path: PathBuf,
        remover: Sender<PathBuf>,
        id: ObjectId,
        from: &File,
        offset: u64,
        length: u64,
    ) -> Result<Self, SpillError> {
        // From here on the file is removed whatever happens.
        let mut spilled = Self { path, remover, id, length, checksum: 0 };
        let written = spilled.fill(from, offset);
        written.map_err(|source| SpillError::Write { id, path: spilled.path.clone(), source })?;
        Ok(spilled)
    }

    /// The header comes last, so that a file without one is not complete.
    fn fill(&mut self, from: &File, offset: u64) -> io::Result<()> {
        let file = File::create_new(&self.path)?;
        self.checksum = copy((from, offset), (&file, PAYLOAD_OFFSET), self.length)?;
        file.write_all_at(&self.header(), 0)
    }

    fn header(&self) -> [u8; HEADER_BYTES] {
        let mut header = [0; HEADER_BYTES];
        let fields = [MAGIC, self.id.as_raw().to_le_bytes(), self.length.to_le_bytes(), self.checksum.to_le_bytes()];
        for (to, field) in header.chunks_exact_mut(8).zip(fields) {
            to.copy_from_slice(&field);
        }
        header
    }

    /// Bytes of the blob.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Its file.
    #[cfg(test)]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the bytes to a file, from `offset`. Takes time with their number.
    ///
    /// # Errors
    ///
    /// [`SpillError::Read`] if the system does not give or take them, [`SpillError::Damaged`] if they are not those that
    /// were written, or not all. What was written to the target before that is nothing to be shown.
    pub fn read(&self, to: &File, offset: u64) -> Result<(), SpillError> {
        let (id, path) = (self.id, &self.path);
        let failed = |source| SpillError::Read { id, path: path.clone(), source };
        let damaged =
            |what, found, expected| Err(SpillError::Damaged { id, path: path.clone(), what, found, expected });
        let file = File::open(path).map_err(failed)?;
        let (found, expected) = (file.metadata().map_err(failed)?.len(), PAYLOAD_OFFSET.saturating_add(self.length));
        if found != expected {
            return damaged("length", found, expected);
        }
        let mut header = [0; HEADER_BYTES];
        file.read_exact_at(&mut header, 0).map_err(failed)?;
        let names = ["format", "id", "blob length", "recorded checksum"];
        for ((what, found), expected) in names.iter().zip(header.chunks_exact(8)).zip(self.header().chunks_exact(8)) {
            if found != expected {
                return damaged(what, number(found), number(expected));
            }
        }
        let found = copy((&file, PAYLOAD_OFFSET), (to, offset), self.length).map_err(failed)?;
        if found == self.checksum { Ok(()) } else { damaged("checksum", found, self.checksum) }
    }
}

impl Drop for SpilledBlob {
    fn drop(&mut self) {
        // Blobs are dropped under locks, and to remove a large file takes time. Without a remover the directory is gone.
        let _ = self.remover.send(std::mem::take(&mut self.path));
    }
}

/// Removes the file of a blob, if it is there.
pub(super) fn remove(path: &Path) {
    match fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => tracing::warn!(path = %path.display(), %error, "the file of a blob cannot be removed"),
    }
}

fn number(bytes: &[u8]) -> u64 {
    bytes.try_into().map_or(0, u64::from_le_bytes)
}

/// Copies bytes from one file to another; their checksum.
fn copy((from, start): (&File, u64), (to, target): (&File, u64), length: u64) -> io::Result<u64> {
    let mut buffer = vec![0; usize::try_from(length).unwrap_or(usize::MAX).min(STEP_BYTES)];
    let mut hasher = XxHash3_64::new();
    let mut done = 0;
    while done < length {
        let step = usize::try_from(length.saturating_sub(done)).unwrap_or(usize::MAX).min(buffer.len());
        let bytes = buffer.get_mut(..step).unwrap_or_default();
        from.read_exact_at(bytes, start.saturating_add(done))?;
        hasher.write(bytes);
        to.write_all_at(bytes, target.saturating_add(done))?;
        done = done.saturating_add(step as u64);
    }
    Ok(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::super::SpillDirectory;
    use super::*;
    use proptest::prelude::*;

    fn file(bytes: &[u8]) -> File {
        let file = tempfile::tempfile().expect("a file");
        file.write_all_at(bytes, 0).expect("written");
        file
    }

    fn blob(bytes: &[u8], offset: u64, length: u64) -> (tempfile::TempDir, SpillDirectory, SpilledBlob) {
        let parent = tempfile::tempdir().expect("a directory");
        let directory = SpillDirectory::create(parent.path(), 1).expect("created");
        let spilled = directory.write(ObjectId::blob(1, 1), &file(bytes), offset, length).expect("written");
        (parent, directory, spilled)
    }

    #[test]
    fn what_goes_to_disk_comes_back() {
        for length in [1usize, 31, 4096, STEP_BYTES - 1, STEP_BYTES, 2 * STEP_BYTES + 77] {
            let bytes: Vec<u8> = (0..length + 200).map(|i| (i * 31 % 251) as u8).collect();
            let (_parent, directory, spilled) = blob(&bytes, 100, length as u64);
            let target = file(&[0xEE; 64]);
            spilled.read(&target, 10).expect("unchanged");
            let mut back = vec![0; length];
            target.read_exact_at(&mut back, 10).expect("there");
            assert!(back == bytes[100..100 + length]);
            let mut before = [0; 10];
            target.read_exact_at(&mut before, 0).expect("there");
            assert_eq!(before, [0xEE; 10]);
            let path = spilled.path().to_owned();
            drop(spilled);
            while path.exists() {
                std::thread::yield_now();
            }
            drop(directory);
        }
    }

    #[test]
    fn a_file_that_is_short_long_or_gone_is_not_read() {
        let (_parent, _directory, spilled) = blob(&[7; 5000], 0, 5000);
        let target = tempfile::tempfile().expect("a file");
        let open = || File::options().write(true).open(spilled.path()).expect("there");
        for length in [0, 31, 64, 5063, 5065] {
            open().set_len(length).expect("set");
            let error = spilled.read(&target, 0).expect_err("it was cut or grew");
            assert!(error.to_string().contains("expected 0x13c8"), "{error}");
        }
        fs::remove_file(spilled.path()).expect("removed");
        assert!(matches!(spilled.read(&target, 0), Err(SpillError::Read { .. })));
    }

    #[test]
    fn what_cannot_be_written_leaves_nothing() {
        let parent = tempfile::tempdir().expect("a directory");
        let directory = SpillDirectory::create(parent.path(), 1).expect("created");
        let error = directory.write(ObjectId::blob(1, 1), &file(&[1; 10]), 0, 11).expect_err("the source is short");
        assert!(matches!(error, SpillError::Write { .. }), "{error}");
        while fs::read_dir(directory.path()).expect("there").count() > 1 {
            std::thread::yield_now();
        }
    }

    proptest! {
        #[test]
        fn a_changed_bit_is_found(at in 0usize..(HEADER_BYTES + 5000), bit in 0u8..8) {
            let (_parent, _directory, spilled) = blob(&[0x5A; 5000], 0, 5000);
            let at = if at < HEADER_BYTES { at as u64 } else { PAYLOAD_OFFSET + (at - HEADER_BYTES) as u64 };
            let file = File::options().read(true).write(true).open(spilled.path()).expect("there");
            let mut byte = [0];
            file.read_exact_at(&mut byte, at).expect("there");
            file.write_all_at(&[byte[0] ^ (1 << bit)], at).expect("written");
            let target = tempfile::tempfile().expect("a file");
            let is_found = matches!(spilled.read(&target, 0), Err(SpillError::Damaged { .. }));
            prop_assert!(is_found);
        }
    }
}
