//! The locks and counters that connections meet at: those of the standard library, or of loom, which tries every order
//! of the threads of a test (`tests/loom.sh`).

#[cfg(not(all(test, vineyard_loom)))]
pub(crate) use std::{
    sync::atomic::{AtomicU64, AtomicUsize},
    sync::{Mutex, MutexGuard},
    thread::yield_now,
};

#[cfg(all(test, vineyard_loom))]
pub(crate) use loom::{
    sync::atomic::{AtomicU64, AtomicUsize},
    sync::{Mutex, MutexGuard},
    thread::yield_now,
};
