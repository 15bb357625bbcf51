//! Bytes that other libraries hold for us, found again by where they lie.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::{Blob, Inner};

/// What is lent, by where it starts and by ticket.
static LENT: Mutex<BTreeMap<(usize, u64), Weak<Inner>>> = Mutex::new(BTreeMap::new());

/// Tickets tell apart what starts at the same place.
static TICKETS: AtomicU64 = AtomicU64::new(0);

/// How many ranges that start before some bytes are looked at: more than one only if they lie within each other.
const NESTED: usize = 8;

/// A blob's bytes, as an owner for other libraries' buffers; see [`Blob::lend`].
#[derive(Debug)]
pub struct Lent {
    blob: Blob,
    key: (usize, u64),
}

fn lent() -> MutexGuard<'static, BTreeMap<(usize, u64), Weak<Inner>>> {
    LENT.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Lent {
    pub(super) fn new(blob: Blob) -> Self {
        let key = (blob.as_bytes().as_ptr().addr(), TICKETS.fetch_add(1, Ordering::Relaxed));
        lent().insert(key, Arc::downgrade(&blob.inner));
        Self { blob, key }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        lent().remove(&self.key);
    }
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        self.blob.as_bytes()
    }
}

/// The blob, or the part of one, that has just these bytes, if it is lent.
pub(super) fn find(bytes: &[u8]) -> Option<Blob> {
    let start = bytes.as_ptr().addr();
    // A blob that is let go here may be the last of its kind, and its end asks for locks of its own.
    let before: Vec<Blob> = {
        let lent = lent();
        let before = lent.range(..=(start, u64::MAX)).rev().take(NESTED);
        before.filter_map(|(_, inner)| Some(Blob { inner: inner.upgrade()? })).collect()
    };
    before.iter().find_map(|blob| {
        let offset = start.checked_sub(blob.as_bytes().as_ptr().addr())?;
        blob.slice(offset..offset.checked_add(bytes.len())?).ok()
    })
}
