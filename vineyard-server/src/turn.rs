//! Doing much without holding others up: in steps, between which they have their turn.

use std::sync::atomic::Ordering;
use std::sync::{PoisonError, TryLockError};

use crate::sync::{AtomicUsize, Mutex, MutexGuard, yield_now};

/// Ids of a request that are looked at, or blobs and objects that are deleted, with one hold of a lock: less than a
/// millisecond's work.
pub(crate) const STEP: usize = 512;

/// Bytes of a message or of a reply that are read or written by a thread of its own: more takes milliseconds.
pub(crate) const LARGE_BYTES: usize = 1 << 20;

/// How often a step looks for others who still wait. Who waits for a lock is woken when it is free, which takes some
/// ten microseconds; who does the next step at once would have it again by then.
const MOST_LOOKS: usize = 1000;

/// Counts who waits for one of some locks.
#[derive(Debug, Default)]
pub(crate) struct Queue(AtomicUsize);

impl Queue {
    /// Locks one of the mutexes that this queue is for.
    pub(crate) fn lock<'a, T>(&self, mutex: &'a Mutex<T>) -> MutexGuard<'a, T> {
        // A panic under the lock is a bug of one request; the others are better served than refused.
        match mutex.try_lock() {
            Ok(guard) => return guard,
            Err(TryLockError::Poisoned(error)) => return error.into_inner(),
            Err(TryLockError::WouldBlock) => {}
        }
        self.0.fetch_add(1, Ordering::AcqRel);
        let guard = mutex.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.fetch_sub(1, Ordering::AcqRel);
        guard
    }

    fn is_empty(&self) -> bool {
        self.0.load(Ordering::Acquire) == 0
    }

    /// Lets the other connections of this thread have their turn, and who waits for a lock have it.
    pub(crate) async fn give_way(&self) {
        for _ in 0..MOST_LOOKS {
            tokio::task::yield_now().await;
            if self.is_empty() {
                return;
            }
        }
    }

    /// As [`give_way`](Self::give_way), for who cannot let the other connections of this thread have their turn.
    pub(crate) fn give_locks_away(&self) {
        for _ in 0..MOST_LOOKS {
            if self.is_empty() {
                return;
            }
            yield_now();
        }
    }
}

/// Does what takes its time on a thread of its own, and does it to the end whoever still waits for it. `None` if the
/// server is about to end, or if it panicked.
pub(crate) async fn elsewhere<R: Send + 'static>(job: impl FnOnce() -> R + Send + 'static) -> Option<R> {
    tokio::task::spawn_blocking(job).await.ok()
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, mpsc};

    use super::*;

    #[test]
    fn who_waits_for_a_lock_gets_it_before_the_next_step() {
        let shared = Arc::new((Queue::default(), Mutex::new(0)));
        let held = shared.0.lock(&shared.1);
        let (done, is_done) = mpsc::channel();
        let other = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                *shared.0.lock(&shared.1) += 1;
                done.send(()).expect("the test waits");
            }
        });
        while shared.0.is_empty() {
            std::thread::yield_now();
        }
        drop(held);
        is_done.recv().expect("it got the lock");
        shared.0.give_locks_away();
        assert_eq!((*shared.0.lock(&shared.1), shared.0.is_empty()), (1, true));
        other.join().expect("no panic");
    }
}
