//! Copying a large payload into its blob, by the way that costs the fewest page faults.
//!
//! A page that this process has not mapped yet costs a fault at its first byte, and a fault clears a page that nobody
//! has written. Writing through the descriptor does neither, but takes a system call and leaves the page unmapped; it is
//! the faster way the first time, and the slower one from then on. The system lets one thread at a time write a file by
//! it, so a second thread maps pages, many with one call, and copies as well. The second time, what the first left
//! unmapped is mapped in the same way.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::{ShmError, WindowMut};

/// What a thread takes at a time. Pieces end at multiples of it, so that threads share no page.
const PIECE_BYTES: usize = 1 << 20;

/// From this length on, a second thread is worth starting.
const SHARED_BYTES: usize = 16 << 20;

/// What this process did with a part of an arena before.
#[derive(Debug, Clone)]
pub(crate) enum Before {
    /// It has not written all of it. With the file of the arena.
    Unwritten(Arc<File>),
    /// It has written all of it, some perhaps only through the descriptor.
    Written,
    /// It has written all of it more than once: whatever can be mapped is.
    WrittenAgain,
}

/// A part of the bytes and its place.
struct Piece<'a> {
    /// Where it lies in the window.
    at: usize,
    from: &'a [u8],
    to: &'a mut [u8],
}

/// Cuts bytes and the window they go to, of the same length, at multiples of [`PIECE_BYTES`] in the arena.
fn pieces<'a>(offset: u64, bytes: &'a [u8], window: &'a mut [u8]) -> impl Iterator<Item = Piece<'a>> {
    let into_piece = usize::try_from(offset % PIECE_BYTES as u64).unwrap_or(0);
    let head = PIECE_BYTES.saturating_sub(into_piece).min(bytes.len());
    let (first, rest) = bytes.split_at(head);
    let (first_to, rest_to) = window.split_at_mut(head);
    let others = rest.chunks(PIECE_BYTES).zip(rest_to.chunks_mut(PIECE_BYTES));
    let mut at = 0usize;
    std::iter::once((first, first_to)).chain(others).map(move |(from, to)| {
        let piece = Piece { at, from, to };
        at = at.saturating_add(from.len());
        piece
    })
}

impl WindowMut {
    /// Copies `bytes` to the start of the window; blocks, for as long as that takes. `before` tells what
    /// this process has done with this part of the arena.
    ///
    /// # Errors
    ///
    /// [`ShmError::OutOfBounds`] if there are more bytes than the window has, [`ShmError::System`] if the system has no
    /// pages for them; some may have been copied then.
    pub(crate) fn fill(&mut self, bytes: &[u8], before: &Before) -> Result<(), ShmError> {
        let (offset, mapping) = (self.offset(), Arc::clone(self.mapping()));
        let len = bytes.len();
        let outside = ShmError::OutOfBounds { offset, len: len as u64, mapped: mapping.len() };
        let window = self.as_mut_bytes().get_mut(..len).ok_or(outside)?;
        if matches!(before, Before::WrittenAgain) && len < SHARED_BYTES {
            window.copy_from_slice(bytes);
            return Ok(());
        }
        let queue = Mutex::new(pieces(offset, bytes, window));
        let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
        let write = |file: &File, at: usize, from: &[u8]| {
            let written = file.write_all_at(from, offset.saturating_add(at as u64));
            written.map_err(|cause| ShmError::System { action: "writing to an arena failed", cause })
        };
        let through_the_file = |file: &File| {
            // Without the place: no reference to these bytes is there while the kernel writes them (I2).
            while let Some((at, from)) = next().map(|piece| (piece.at, piece.from)) {
                write(file, at, from)?;
            }
            Ok(())
        };
        let through_the_mapping = || {
            while let Some(Piece { at, from, to }) = next() {
                let place = offset.saturating_add(at as u64);
                let ready = matches!(before, Before::WrittenAgain) || mapping.populate(place, to.len());
                match before {
                    // A system that has no pages says so by this, one that cannot do this as well; touching them would
                    // end the process.
                    Before::Unwritten(file) if !ready => write(file, at, from)?,
                    // Pages that are there and not mapped cost a fault each.
                    Before::Unwritten(_) | Before::Written | Before::WrittenAgain => to.copy_from_slice(from),
                }
            }
            Ok(())
        };
        thread::scope(|scope| {
            let pays =
                len >= SHARED_BYTES && thread::available_parallelism().is_ok_and(|processors| processors.get() > 1);
            let helper = pays.then(|| thread::Builder::new().spawn_scoped(scope, through_the_mapping));
            let own = match before {
                Before::Unwritten(file) => through_the_file(file),
                Before::Written | Before::WrittenAgain => through_the_mapping(),
            };
            let helped = match helper {
                Some(Ok(helper)) => helper.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                // Without a second thread the first has done all.
                Some(Err(_)) | None => Ok(()),
            };
            own.and(helped)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shm::Mapping;

    fn pattern(len: usize) -> Vec<u8> {
        let period: Vec<u8> = (0..251).collect();
        let mut bytes = period.repeat(len / period.len() + 1);
        bytes.truncate(len);
        bytes
    }

    /// Fills a window of an arena, and returns the bytes before, in and behind it.
    fn filled(offset: u64, bytes: &[u8], before: fn(Arc<File>) -> Before) -> [Vec<u8>; 3] {
        let len = offset + bytes.len() as u64 + 100;
        let file = Arc::new(tempfile::tempfile().expect("a temporary file"));
        file.set_len(len).expect("room");
        let mapping = Arc::new(Mapping::read_write(&*file, len).expect("maps"));
        let mut window = WindowMut::new(mapping, offset, bytes.len() as u64).expect("inside");
        window.fill(bytes, &before(Arc::clone(&file))).expect("room");
        drop(window);
        let mut parts = [vec![1; offset as usize], vec![1; bytes.len()], vec![1; 100]];
        let mut at = 0;
        for part in &mut parts {
            file.read_exact_at(part, at).expect("there");
            at += part.len() as u64;
        }
        parts
    }

    #[test]
    fn bytes_of_any_length_arrive_at_their_place_by_each_way() {
        let piece = PIECE_BYTES;
        let befores: [fn(_) -> _; 3] = [Before::Unwritten, |_| Before::Written, |_| Before::WrittenAgain];
        for (number, before) in befores.into_iter().enumerate() {
            for offset in [0, 64, piece - 64, piece, 3 * piece + 4096 + 192] {
                for len in [0, 1, 63, piece - 64, piece, 2 * piece + 1, SHARED_BYTES + 4097] {
                    let bytes = pattern(len);
                    let [front, inside, behind] = filled(offset as u64, &bytes, before);
                    assert!(inside == bytes, "{len} bytes at {offset}, way {number}");
                    assert!(front == vec![0; offset] && behind == [0; 100], "{len} bytes at {offset} spilled");
                }
            }
        }
    }

    #[test]
    fn pieces_end_at_the_same_places_of_the_arena() {
        let bytes = pattern(3 * PIECE_BYTES);
        let mut window = vec![0; bytes.len()];
        let cut = pieces(64, &bytes, &mut window).map(|piece| (piece.at, piece.from.len(), piece.to.len()));
        let first = PIECE_BYTES - 64;
        let all = [(0, first), (first, PIECE_BYTES), (first + PIECE_BYTES, PIECE_BYTES), (first + 2 * PIECE_BYTES, 64)];
        assert_eq!(cut.collect::<Vec<_>>(), all.map(|(at, len)| (at, len, len)));
    }

    #[test]
    fn a_file_without_room_is_an_error() {
        let arena = tempfile::tempfile().expect("a temporary file");
        arena.set_len(2 * SHARED_BYTES as u64).expect("room");
        let mapping = Arc::new(Mapping::read_write(&arena, 2 * SHARED_BYTES as u64).expect("maps"));
        let full = File::options().write(true).open("/dev/full").expect("Linux has it");
        let before = Before::Unwritten(Arc::new(full));
        for len in [PIECE_BYTES, SHARED_BYTES] {
            let mut window = WindowMut::new(Arc::clone(&mapping), 0, len as u64).expect("inside");
            match window.fill(&pattern(len), &before) {
                Err(ShmError::System { cause, .. }) => assert_eq!(cause.kind(), std::io::ErrorKind::StorageFull),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn more_bytes_than_the_window_has_are_refused() {
        let arena = tempfile::tempfile().expect("a temporary file");
        arena.set_len(4096).expect("room");
        let mapping = Arc::new(Mapping::read_write(&arena, 4096).expect("maps"));
        let mut window = WindowMut::new(mapping, 0, 8).expect("inside");
        assert!(matches!(window.fill(&[0; 9], &Before::WrittenAgain), Err(ShmError::OutOfBounds { .. })));
        let unwritten = Before::Unwritten(Arc::new(arena));
        assert!(matches!(window.fill(&[0; 9], &unwritten), Err(ShmError::OutOfBounds { .. })));
    }
}
