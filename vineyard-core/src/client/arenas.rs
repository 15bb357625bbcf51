//! The arenas that one connection was given.

use std::collections::HashMap;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use super::written::Written;
use crate::error::{CallError, CallReason};
use crate::protocol::Payload;
use crate::shm::{Before, Mapping, ShmError};

/// Arenas by label. Labels are never reused within a connection, so nothing is ever replaced.
#[derive(Debug, Default)]
pub(super) struct Arenas {
    known: HashMap<i64, Arena>,
}

#[derive(Debug)]
struct Arena {
    file: Arc<File>,
    nbytes: u64,
    readable: Option<Arc<Mapping>>,
    writable: Option<Arc<Mapping>>,
    written: Written,
    written_again: Written,
}

/// What a mapping is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

impl Arenas {
    /// Keeps a descriptor that came with the label of one of `payloads`.
    pub(super) fn add(&mut self, label: i64, descriptor: OwnedFd, payloads: &[Payload]) -> Result<(), String> {
        if self.known.contains_key(&label) {
            return Err(format!("the descriptor of arena {label} came twice"));
        }
        let inside = payloads.iter().filter(|payload| payload.store_fd == label);
        // Servers announce eight bytes more than clients may map, but not of files, which are whole arenas.
        let nbytes = inside.map(|payload| {
            let end = payload.data_offset.saturating_add(payload.data_size);
            end.min(payload.map_size).max(payload.map_size.saturating_sub(8))
        });
        let nbytes = nbytes.max();
        let nbytes = nbytes.ok_or_else(|| format!("a descriptor came for arena {label}, in which nothing lies"))?;
        let file = Arc::new(File::from(descriptor));
        self.known.insert(
            label,
            Arena {
                file,
                nbytes,
                readable: None,
                writable: None,
                written: Written::default(),
                written_again: Written::default(),
            },
        );
        Ok(())
    }

    /// Closes the file that came with a label and lets its mappings go, but for those that views hold. The server has to
    /// give no payload with this label any more.
    pub(super) fn forget(&mut self, label: i64) {
        self.known.remove(&label);
    }

    /// [Forgets](Self::forget) those of some labels whose files the kernel has sealed.
    pub(super) fn forget_sealed(&mut self, labels: &[i64]) {
        for label in labels {
            let readable = self.known.get(label).and_then(|arena| arena.readable.as_ref());
            if readable.is_some_and(|mapping| mapping.is_sealed()) {
                self.forget(*label);
            }
        }
    }

    /// The mapping of an arena; made at its first use and kept.
    pub(super) fn mapping(
        &mut self,
        call: &'static str,
        label: i64,
        access: Access,
    ) -> Result<Arc<Mapping>, CallError> {
        let arena = self
            .known
            .get_mut(&label)
            .ok_or_else(|| CallError::new(call, CallReason::Protocol(format!("arena {label} was never described"))))?;
        let memory = |error: ShmError| CallError::new(call, CallReason::Memory(error));
        let slot = match access {
            Access::Read => &mut arena.readable,
            Access::Write => &mut arena.writable,
        };
        if let Some(mapping) = slot {
            return Ok(Arc::clone(mapping));
        }
        let mapping = match access {
            Access::Read => Mapping::read_only(&arena.file, arena.nbytes),
            Access::Write => Mapping::read_write(&arena.file, arena.nbytes),
        };
        let mapping = Arc::new(mapping.map_err(memory)?);
        *slot = Some(Arc::clone(&mapping));
        Ok(mapping)
    }

    /// Notes that a part of an arena is about to be written. How often this process has written all of it before.
    pub(super) fn begin_write(&mut self, label: i64, offset: u64, nbytes: u64) -> Before {
        let Some(arena) = self.known.get_mut(&label) else { return Before::WrittenAgain };
        if !arena.written.add(offset, nbytes) {
            Before::Unwritten(Arc::clone(&arena.file))
        } else if !arena.written_again.add(offset, nbytes) {
            Before::Written
        } else {
            Before::WrittenAgain
        }
    }
}
