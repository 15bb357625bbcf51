//! Arena labels: the numbers by which a connection knows the arenas whose descriptors it was sent.
//!
//! Clients keep mappings by label and never forget one, so a label is given for one (arena, connection, access) and
//! never again in the life of the server.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Weak};

use vineyard_core::{ServerError, StatusCode};

use super::arena::{Access, ArenaFile};

/// Gives every label once.
#[derive(Debug)]
pub struct LabelCounter {
    next: AtomicI32,
}

impl LabelCounter {
    /// Starts above the standard descriptors, which old clients would take for something else.
    pub fn new() -> Self {
        Self::starting_at(3)
    }

    fn starting_at(first: i32) -> Self {
        Self { next: AtomicI32::new(first) }
    }

    /// The next label.
    ///
    /// # Errors
    ///
    /// [`StatusCode::NotEnoughMemory`] when all were given: clients hold them in 31 bits.
    pub fn next(&self) -> Result<i32, ServerError> {
        self.next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |label| label.checked_add(1)).map_err(|_| {
            ServerError::new(StatusCode::NotEnoughMemory, "all arena labels are used up, restart the server")
        })
    }
}

/// A descriptor that has to follow a reply.
#[derive(Debug, Clone)]
pub struct Descriptor {
    /// The arena.
    pub file: Arc<ArenaFile>,
    /// Which of its descriptors.
    pub access: Access,
}

/// Labels that a connection may have before those of closed files are looked for.
const SWEPT: usize = 64;

/// A label, and the file for as long as it is open. One that is closed is never described again.
#[derive(Debug)]
struct Known {
    label: i32,
    file: Weak<ArenaFile>,
}

/// The labels that one connection was given.
#[derive(Debug, Default)]
pub struct Labels {
    known: HashMap<(u64, Access), Known>,
    /// How many there were when those of closed files were last forgotten.
    after_sweep: usize,
    /// Labels of the reply being made, whose descriptors are not sent yet.
    pending: Vec<(u64, Access, i32)>,
    descriptors: Vec<Descriptor>,
    /// Whether the connection may have arenas that it can write to.
    writable: bool,
    /// Whether the peer closes files that hold one blob when it is done with them.
    closes_files: bool,
}

impl Labels {
    /// Whether labels for writing are given from now on; at first they are not. Those that were given stay.
    pub fn set_writable(&mut self, writable: bool) {
        self.writable = writable;
    }

    /// Whether the peer closes the files of single blobs when it is done with them: they are sent anew, under new labels,
    /// with each reply that names them.
    pub fn set_closes_files(&mut self, closes: bool) {
        self.closes_files = closes;
    }

    /// The label for an arena; a new one is pending until [`commit`](Self::commit).
    ///
    /// # Errors
    ///
    /// As [`LabelCounter::next`]; [`StatusCode::Invalid`] if the connection is not to write.
    pub fn label(&mut self, file: &Arc<ArenaFile>, access: Access, counter: &LabelCounter) -> Result<i32, ServerError> {
        if access == Access::Write && !self.writable {
            return Err(ServerError::new(StatusCode::Invalid, "this connection may not write to memory"));
        }
        self.sweep();
        let vacant = match self.known.entry((file.number(), access)) {
            Entry::Occupied(known) => return Ok(known.get().label),
            Entry::Vacant(vacant) => vacant,
        };
        let label = counter.next()?;
        vacant.insert(Known { label, file: Arc::downgrade(file) });
        self.pending.push((file.number(), access, label));
        self.descriptors.push(Descriptor { file: Arc::clone(file), access });
        Ok(label)
    }

    /// Forgets the labels of closed files, whenever there are twice as many as the last time were left.
    fn sweep(&mut self) {
        if self.known.len() >= self.after_sweep.saturating_mul(2).max(SWEPT) {
            self.known.retain(|_, known| known.file.strong_count() > 0);
            self.after_sweep = self.known.len();
        }
    }

    /// The pending labels in order of first appearance: they grow, because the counter does.
    pub fn pending(&self) -> impl Iterator<Item = i32> + '_ {
        self.pending.iter().map(|(_, _, label)| *label)
    }

    /// The reply is complete: its labels are known from now on, and these descriptors follow it.
    pub fn commit(&mut self) -> Vec<Descriptor> {
        self.pending.clear();
        let descriptors = std::mem::take(&mut self.descriptors);
        for Descriptor { file, access } in
            descriptors.iter().filter(|sent| self.closes_files && sent.file.is_sealable())
        {
            self.known.remove(&(file.number(), *access));
        }
        descriptors
    }

    /// The reply is not sent: its labels are lost, never to be used again.
    pub fn discard(&mut self) {
        for (arena, access, _) in self.pending.drain(..) {
            self.known.remove(&(arena, access));
        }
        self.descriptors.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_stays_and_its_descriptor_follows_once() {
        let counter = LabelCounter::new();
        let file = Arc::new(ArenaFile::create(4096).expect("memfd"));
        let mut labels = Labels::default();
        labels.set_writable(true);
        let read = labels.label(&file, Access::Read, &counter).expect("label");
        let write = labels.label(&file, Access::Write, &counter).expect("label");
        assert!(read < write);
        assert_eq!(labels.label(&file, Access::Read, &counter), Ok(read));
        assert_eq!(labels.pending().collect::<Vec<_>>(), [read, write]);
        assert_eq!(labels.commit().iter().map(|d| d.access).collect::<Vec<_>>(), [Access::Read, Access::Write]);
        assert_eq!(labels.label(&file, Access::Write, &counter), Ok(write));
        assert!(labels.commit().is_empty());
    }

    #[test]
    fn labels_of_closed_files_are_forgotten() {
        let counter = LabelCounter::new();
        let kept = Arc::new(ArenaFile::create(4096).expect("memfd"));
        let mut labels = Labels::default();
        let label = labels.label(&kept, Access::Read, &counter).expect("label");
        for _ in 0..1000 {
            let file = Arc::new(ArenaFile::create(4096).expect("memfd"));
            labels.label(&file, Access::Read, &counter).expect("label");
            labels.commit();
        }
        assert!(labels.known.len() <= SWEPT, "{} are known", labels.known.len());
        assert_eq!(labels.label(&kept, Access::Read, &counter), Ok(label));
    }

    #[test]
    fn who_may_not_write_gets_no_writable_arena() {
        let counter = LabelCounter::new();
        let file = Arc::new(ArenaFile::create(4096).expect("memfd"));
        let mut labels = Labels::default();
        let refused = labels.label(&file, Access::Write, &counter).expect_err("not writable");
        assert_eq!(refused.code, StatusCode::Invalid);
        labels.label(&file, Access::Read, &counter).expect("label");
        labels.set_writable(true);
        labels.label(&file, Access::Write, &counter).expect("label");
        labels.set_writable(false);
        labels.label(&file, Access::Write, &counter).expect_err("not writable any more");
        assert_eq!(labels.commit().len(), 2);
    }

    #[test]
    fn labels_of_a_reply_that_was_not_sent_are_never_given_again() {
        let counter = LabelCounter::new();
        let file = Arc::new(ArenaFile::create(4096).expect("memfd"));
        let mut labels = Labels::default();
        let lost = labels.label(&file, Access::Read, &counter).expect("label");
        labels.discard();
        assert_ne!(labels.label(&file, Access::Read, &counter), Ok(lost));
        assert_eq!(labels.commit().len(), 1);
    }

    #[test]
    fn an_exhausted_counter_is_an_error_and_stays_one() {
        let counter = LabelCounter::starting_at(i32::MAX - 1);
        assert_eq!(counter.next(), Ok(i32::MAX - 1));
        assert_eq!(counter.next().map_err(|e| e.code), Err(StatusCode::NotEnoughMemory));
        assert_eq!(counter.next().map_err(|e| e.code), Err(StatusCode::NotEnoughMemory));
    }
}
