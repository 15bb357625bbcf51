//! The one writable view of a blob, before it is sealed.

use std::ptr::NonNull;
use std::sync::Arc;

use super::region::window;
use super::{Mapping, ShmError};

/// Writable bytes of a blob that is not sealed yet: ours alone, so neither cloneable nor shared.
///
/// The contents are unspecified until written: memory of deleted blobs is handed out again.
#[derive(Debug)]
pub(crate) struct WindowMut {
    start: NonNull<u8>,
    len: usize,
    mapping: Arc<Mapping>,
}

// SAFETY: the window is exclusive and its mapping is Send; moving it to another thread moves the exclusivity.
unsafe impl Send for WindowMut {}
// SAFETY: through a shared reference only the length can be read.
unsafe impl Sync for WindowMut {}

impl WindowMut {
    /// A window of a writable mapping.
    ///
    /// The caller got the window from a server as a new blob of its own, and makes one `WindowMut` of it (I2).
    ///
    /// # Errors
    ///
    /// [`ShmError::OutOfBounds`] if the window is not inside the mapping, [`ShmError::Access`] if the mapping is
    /// read-only.
    pub(crate) fn new(mapping: Arc<Mapping>, offset: u64, len: u64) -> Result<Self, ShmError> {
        if !mapping.is_writable() {
            return Err(ShmError::Access { found: "read-only", needed: "a writable mapping" });
        }
        let (start, len) = window(&mapping, offset, len)?;
        Ok(Self { start, len, mapping })
    }

    /// Length in bytes.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Keeps the first `len` bytes, if there are more.
    pub(crate) fn truncate(&mut self, len: u64) {
        self.len = usize::try_from(len).map_or(self.len, |len| len.min(self.len));
    }

    /// Where the window starts in its arena.
    pub(super) fn offset(&self) -> u64 {
        self.start.as_ptr().addr().saturating_sub(self.mapping.base().addr()) as u64
    }

    pub(super) fn mapping(&self) -> &Arc<Mapping> {
        &self.mapping
    }

    /// The bytes, for writing.
    pub(crate) fn as_mut_bytes(&mut self) -> &mut [u8] {
        // SAFETY: in bounds (I6), the mapping is held (I4), the blob is unsealed and ours alone (I1, I2), and
        // `&mut self` makes this the only reference.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shm::Region;
    use std::fs::File;
    use std::os::fd::AsFd;

    fn arena(len: u64) -> File {
        let file = tempfile::tempfile().expect("a temporary file");
        file.set_len(len).expect("room");
        file
    }

    #[test]
    fn what_is_written_is_read_through_another_mapping() {
        let file = arena(8192);
        let writable = Arc::new(Mapping::read_write(file.as_fd(), 8192).expect("maps"));
        let readable = Arc::new(Mapping::read_only(file.as_fd(), 8192).expect("maps"));
        let mut window = WindowMut::new(writable, 64, 8).expect("inside");
        window.as_mut_bytes().copy_from_slice(b"vineyard");
        drop(window);
        let region = Region::mapped(Arc::clone(&readable), 64, 8, Arc::new(())).expect("inside");
        assert_eq!(region.as_bytes(), b"vineyard");
        assert!(readable.contains(region.as_bytes().as_ptr().addr()));
        assert!(!readable.contains((&raw const readable).addr()));
    }

    #[test]
    fn windows_outside_the_mapping_are_refused() {
        let file = arena(4096);
        let readable = Arc::new(Mapping::read_only(file.as_fd(), 4096).expect("maps"));
        for (offset, len) in [(4096, 1), (0, 4097), (u64::MAX, 1), (1, u64::MAX), (4000, 97)] {
            let region = Region::mapped(Arc::clone(&readable), offset, len, Arc::new(()));
            assert!(matches!(region, Err(ShmError::OutOfBounds { .. })), "{offset}+{len} was accepted");
        }
        assert!(Region::mapped(readable, 4096, 0, Arc::new(())).is_ok());
    }

    #[test]
    fn a_mapping_is_never_longer_than_its_file() {
        let file = arena(4096);
        let error = Mapping::read_only(file.as_fd(), 4097).err();
        assert!(matches!(error, Some(ShmError::ShortFile { announced: 4097, found: 4096 })));
        assert!(Mapping::read_write(file.as_fd(), u64::MAX).is_err());
        assert!(Mapping::read_write(file.as_fd(), 0).is_err());
    }

    #[test]
    fn access_is_kept_apart() {
        let file = arena(4096);
        let writable = Arc::new(Mapping::read_write(file.as_fd(), 4096).expect("maps"));
        let readable = Arc::new(Mapping::read_only(file.as_fd(), 4096).expect("maps"));
        assert!(matches!(WindowMut::new(readable, 0, 1), Err(ShmError::Access { .. })));
        assert!(matches!(Region::mapped(writable, 0, 1, Arc::new(())), Err(ShmError::Access { .. })));
    }
}
