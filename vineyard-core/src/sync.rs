//! The locks that the threads of a client meet at: those of the standard library, or of loom, which tries every order of
//! the threads of a test (`tests/loom.sh`).

use std::sync::PoisonError;

#[cfg(not(all(test, vineyard_loom)))]
pub(crate) use std::sync::{Mutex, MutexGuard};

#[cfg(all(test, vineyard_loom))]
mod watched;
#[cfg(all(test, vineyard_loom))]
pub(crate) use watched::{Mutex, MutexGuard};

/// Locks a mutex, also one whose holder panicked: what would be left half changed by that says so itself.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
