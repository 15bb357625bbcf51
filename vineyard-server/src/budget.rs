//! What clients can make the server keep in its own memory: one budget for all sessions.
//!
//! Payloads lie in shared memory and count against the size of the store. What describes them (objects, names, the
//! records of blobs, streams) and what connections hold (leases, dependencies, waiting requests) is weighed about as
//! heavy as it is, and counts here. Pure.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use vineyard_core::{ServerError, StatusCode};

use crate::size::Bytes;

/// The part of the limit that is only for what goes with its connection, so that a server that is full of objects can
/// still be read.
const KEPT_FOR_CONNECTIONS: u64 = 8;

/// What all sessions together may make the server keep.
#[derive(Debug)]
pub struct Budget {
    limit: u64,
    used: AtomicU64,
}

/// How long something stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stay {
    /// Until somebody deletes it.
    Stored,
    /// As long as its connection.
    Held,
}

impl Budget {
    /// A budget of `limit` bytes.
    pub fn new(limit: u64) -> Arc<Self> {
        Arc::new(Self { limit, used: AtomicU64::new(0) })
    }

    /// Bytes that are taken.
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::Acquire)
    }

    fn take(&self, bytes: u64, stay: Stay) -> Result<(), ServerError> {
        let limit = match stay {
            Stay::Held => self.limit,
            Stay::Stored => self.limit.saturating_sub(self.limit / KEPT_FOR_CONNECTIONS),
        };
        let more = |used: u64| used.checked_add(bytes).filter(|sum| *sum <= limit);
        match self.used.fetch_update(Ordering::AcqRel, Ordering::Acquire, more) {
            Ok(_) => Ok(()),
            Err(used) => {
                let (used, bytes, limit) = (Bytes(used), Bytes(bytes), Bytes(limit));
                let message = format!("metadata takes {used}, {bytes} more would be above the {limit} it may take");
                Err(ServerError::new(StatusCode::NotEnoughMemory, message))
            }
        }
    }
}

/// What one part of the server has taken of a budget; given back when it is dropped.
#[derive(Debug)]
pub struct Share {
    budget: Arc<Budget>,
    held: u64,
}

impl Share {
    /// Nothing taken yet.
    pub fn of(budget: &Arc<Budget>) -> Self {
        Self { budget: Arc::clone(budget), held: 0 }
    }

    /// A share of a budget without end.
    pub fn unbounded() -> Self {
        Self::of(&Budget::new(u64::MAX))
    }

    /// The budget.
    pub fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    /// Bytes that are taken.
    #[cfg(test)]
    pub fn held(&self) -> u64 {
        self.held
    }

    /// Takes so many bytes more.
    ///
    /// # Errors
    ///
    /// [`StatusCode::NotEnoughMemory`] if the budget is used up; nothing is taken then.
    pub fn take(&mut self, bytes: u64, stay: Stay) -> Result<(), ServerError> {
        self.budget.take(bytes, stay)?;
        self.held = self.held.saturating_add(bytes);
        Ok(())
    }

    /// Gives so many bytes back, all that are held at most.
    pub fn give(&mut self, bytes: u64) {
        let bytes = bytes.min(self.held);
        self.held = self.held.saturating_sub(bytes);
        self.budget.used.fetch_sub(bytes, Ordering::AcqRel);
    }

    /// Lets another share hold so many of these bytes, all that are held at most.
    #[must_use = "to drop it gives the bytes back"]
    pub fn part_with(&mut self, bytes: u64) -> Self {
        let held = bytes.min(self.held);
        self.held = self.held.saturating_sub(held);
        Self { budget: Arc::clone(&self.budget), held }
    }

    /// Holds exactly so many bytes from now on, whatever the budget: for who took enough before, or needs less.
    pub fn settle(&mut self, bytes: u64) {
        match bytes.checked_sub(self.held) {
            Some(0) => {}
            Some(more) => {
                self.budget.used.fetch_add(more, Ordering::AcqRel);
                self.held = bytes;
            }
            None => self.give(self.held.saturating_sub(bytes)),
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.give(self.held);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_by_one_is_missing_for_the_others() {
        let budget = Budget::new(800);
        let (mut one, mut two) = (Share::of(&budget), Share::of(&budget));
        assert_eq!(one.take(500, Stay::Stored), Ok(()));
        let refused = two.take(300, Stay::Stored).expect_err("100 are for connections");
        assert_eq!(refused.code, StatusCode::NotEnoughMemory);
        assert_eq!((two.take(200, Stay::Stored), two.take(100, Stay::Held)), (Ok(()), Ok(())));
        assert!(two.take(1, Stay::Held).is_err() && two.take(u64::MAX, Stay::Held).is_err());
        one.give(1000);
        assert_eq!((one.held, budget.used()), (0, 300), "no more than it held");
        two.settle(50);
        one.settle(1000);
        assert_eq!(budget.used(), 1050);
        let (most, rest) = (one.part_with(900), one.part_with(900));
        assert_eq!((one.held, most.held, rest.held, budget.used()), (0, 900, 100, 1050));
        drop((one, two, rest));
        assert_eq!(budget.used(), 900);
        drop(most);
        assert_eq!(budget.used(), 0);
    }
}
