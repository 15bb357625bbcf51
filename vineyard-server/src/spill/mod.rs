//! Blobs on disk: where they go when memory is short, and how they come back unchanged or not at all.
//!
//! ```text
//! Spill              what a server keeps of it: marks, turns, figures
//!   SpillDirectory   one for each server; what servers before it have left there is removed
//!     SpilledBlob    one file for each blob: a header, then the bytes; removed when it is dropped
//! ```
//!
//! Files are written and read through the descriptors of arenas, without mapping them. What a file should hold is known
//! from memory as well, so a torn or changed one is found out; none is read by a server that did not write it.

mod directory;
mod file;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Semaphore;

pub use directory::SpillDirectory;
pub use file::{SpillError, SpilledBlob};

/// What a server with a spill directory keeps of it.
#[derive(Debug)]
pub struct Spill {
    /// Where blobs go.
    pub directory: SpillDirectory,
    /// Bytes in use above which blobs go.
    pub upper: u64,
    /// Bytes in use down to which they go then.
    pub lower: u64,
    /// Lets one at a time write.
    pub turn: Arc<Semaphore>,
    /// What was written and read.
    pub figures: Figures,
}

/// What was written and read since the server has started.
#[derive(Debug, Default)]
pub struct Figures {
    /// Blobs that were written.
    pub written_blobs: AtomicU64,
    /// Their bytes.
    pub written_bytes: AtomicU64,
    /// Blobs that came back.
    pub read_blobs: AtomicU64,
    /// Their bytes.
    pub read_bytes: AtomicU64,
    /// Times that writing or reading failed.
    pub failures: AtomicU64,
}

impl Figures {
    /// One more blob of so many bytes.
    pub fn add(blobs: &AtomicU64, bytes: &AtomicU64, length: u64) {
        blobs.fetch_add(1, Ordering::Relaxed);
        bytes.fetch_add(length, Ordering::Relaxed);
    }
}

impl Spill {
    /// Makes the directory of a server whose memory has `size` bytes. The rates are parts of it.
    ///
    /// # Errors
    ///
    /// As [`SpillDirectory::create`].
    pub fn new(parent: &Path, size: u64, (upper, lower): (f64, f64)) -> io::Result<Self> {
        Ok(Self {
            directory: SpillDirectory::create(parent, getrandom::u64()?)?,
            upper: part(size, upper),
            lower: part(size, lower),
            turn: Arc::new(Semaphore::new(1)),
            figures: Figures::default(),
        })
    }
}

/// A part of some bytes, to a thousandth.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and 1000")]
fn part(size: u64, rate: f64) -> u64 {
    let thousandths = (rate.clamp(0.0, 1.0) * 1000.0) as u64;
    u64::try_from(u128::from(size).saturating_mul(u128::from(thousandths)) / 1000).unwrap_or(size)
}

#[cfg(test)]
mod tests {
    use super::part;

    #[test]
    fn parts_are_rounded_down() {
        assert_eq!((part(1000, 0.8), part(1 << 30, 0.3), part(7, 1.0)), (800, 322_122_547, 7));
        assert_eq!((part(10, -1.0), part(10, 2.0), part(10, f64::NAN), part(u64::MAX, 1.0)), (0, 10, 0, u64::MAX));
    }
}
