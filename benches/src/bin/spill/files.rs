//! The same bytes in plain files, one for each payload.

use std::fs::{self, File};
use std::hash::Hasher;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};
use twox_hash::XxHash3_64;
use vineyard_benches::Done;

use crate::payloads::{Payloads, look_at};

/// Bytes that are read or written at a time, as the server does.
const STEP_BYTES: usize = 1 << 20;

/// Files in a directory, with the checksums of what was written if there are to be any.
#[derive(Debug)]
pub(crate) struct Files {
    directory: PathBuf,
    checksums: Option<Vec<u64>>,
    buffer: Vec<u8>,
}

impl Files {
    /// Files in a directory that is empty.
    pub(crate) fn new(directory: &Path, with_checksums: bool) -> Self {
        let checksums = with_checksums.then(Vec::new);
        Self { directory: directory.to_owned(), checksums, buffer: vec![0; STEP_BYTES] }
    }

    fn path(&self, number: usize) -> PathBuf {
        self.directory.join(number.to_string())
    }

    /// Writes all payloads.
    pub(crate) fn put(&mut self, payloads: &Payloads) -> Done {
        for number in 0..payloads.count {
            let (mut file, mut hasher) = (File::create_new(self.path(number))?, XxHash3_64::new());
            for step in payloads.bytes(number).chunks(STEP_BYTES) {
                if self.checksums.is_some() {
                    hasher.write(step);
                }
                file.write_all(step)?;
            }
            if let Some(checksums) = &mut self.checksums {
                checksums.push(hasher.finish());
            }
        }
        Ok(())
    }

    /// Reads all payloads.
    pub(crate) fn get(&mut self, payloads: &Payloads) -> Done {
        for number in 0..payloads.count {
            let (mut file, mut hasher) = (File::open(self.path(number))?, XxHash3_64::new());
            for step in payloads.bytes(number).chunks(STEP_BYTES) {
                let buffer = self.buffer.get_mut(..step.len()).unwrap_or_default();
                file.read_exact(buffer)?;
                if self.checksums.is_some() {
                    hasher.write(buffer);
                }
                look_at(buffer, step)?;
            }
            let expected = self.checksums.as_ref().and_then(|checksums| checksums.get(number));
            if expected.is_some_and(|expected| *expected != hasher.finish()) {
                return Err(format!("file {number} has another checksum").into());
            }
        }
        Ok(())
    }
}

/// Writes all files below a directory to the disk, and takes them out of the page cache.
pub(crate) fn leave_cache(directory: &Path) -> Done {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            leave_cache(&path)?;
        } else if let Ok(file) = File::open(&path) {
            // One that is gone by now was on its way to be removed.
            file.sync_data()?;
            posix_fadvise(&file, 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED)?;
        }
    }
    Ok(())
}
