//! A connection that threads take turns at, and what is given back through it by threads that may not wait.
//!
//! Whoever drops the last view of a blob leaves its lease here. It goes with the next request, or at once when enough
//! have come together: then who left it sends it, or, if another thread has the connection, that thread does, right after
//! it has let go.

use std::sync::TryLockError;

use crate::error::{CallError, CallReason};
use crate::id::ObjectId;
use crate::sync::{Mutex, MutexGuard, lock};

/// Leases that are collected before they are given back without a request to go with.
const RELEASE_COUNT: usize = 64;
/// Leased bytes that are collected before they are given back.
const RELEASE_BYTES: u64 = 1 << 20;

/// What leases are given back through.
pub(super) trait Carrier {
    /// Whether it cannot be used any more.
    fn has_ended(&self) -> bool;

    /// Whether this process has inherited it from another one, which goes on using it.
    fn is_inherited(&self) -> bool;

    /// Gives it up.
    fn end(&mut self);

    /// Puts leases in front of what is sent next.
    fn queue_leases(&mut self, leases: &[ObjectId]) -> Result<(), CallError>;

    /// Sends what can be sent without waiting.
    fn flush_some(&mut self);
}

/// A connection, and what is to be given back through it.
#[derive(Debug)]
pub(super) struct Line<C> {
    turn: Mutex<Turn<C>>,
    returns: Mutex<Returns>,
}

#[derive(Debug)]
struct Turn<C> {
    conn: C,
    /// Set while a request is under way; found set, an earlier one panicked between request and reply.
    busy: bool,
}

/// What is to be given back at the next opportunity.
#[derive(Debug, Default)]
struct Returns {
    leases: Vec<ObjectId>,
    leased_bytes: u64,
    aborted: Vec<ObjectId>,
    /// Threads that are about to leave more.
    more_to_come: usize,
}

impl Returns {
    fn is_enough(&self) -> bool {
        self.more_to_come == 0 && (self.leases.len() >= RELEASE_COUNT || self.leased_bytes >= RELEASE_BYTES)
    }
}

impl<C: Carrier> Line<C> {
    pub(super) fn new(conn: C) -> Self {
        Self { turn: Mutex::new(Turn { conn, busy: false }), returns: Mutex::new(Returns::default()) }
    }

    /// Lets `talk` have the connection for itself, after the leases that are to be given back.
    pub(super) fn exchange<R>(
        &self,
        call: &'static str,
        talk: impl FnOnce(&mut C) -> Result<R, CallError>,
    ) -> Result<R, CallError> {
        let mut turn = lock(&self.turn);
        if std::mem::replace(&mut turn.busy, true) {
            turn.conn.end();
        }
        let result = if turn.conn.has_ended() {
            Err(CallError::new(call, CallReason::Disconnected(None)))
        } else {
            self.queue_leases(&mut turn.conn).and_then(|()| talk(&mut turn.conn))
        };
        turn.busy = false;
        drop(turn);
        self.give_back_enough();
        result
    }

    /// Gives one lease back, without blocking: with the next request, or at once when enough have come together.
    pub(super) fn release(&self, id: ObjectId, nbytes: u64) {
        let mut returns = lock(&self.returns);
        returns.leases.push(id);
        returns.leased_bytes = returns.leased_bytes.saturating_add(nbytes);
        drop(returns);
        self.give_back_enough();
    }

    /// Leaves several leases, which are given back together.
    pub(super) fn release_together(&self, leave: impl FnOnce()) {
        struct More<'a, C: Carrier>(&'a Line<C>);
        impl<C: Carrier> Drop for More<'_, C> {
            fn drop(&mut self) {
                let mut returns = lock(&self.0.returns);
                returns.more_to_come = returns.more_to_come.saturating_sub(1);
                drop(returns);
                self.0.give_back_enough();
            }
        }
        let mut returns = lock(&self.returns);
        returns.more_to_come = returns.more_to_come.saturating_add(1);
        drop(returns);
        let more = More(self);
        leave();
        drop(more);
    }

    /// Gives an unsealed blob up with the next request, without blocking.
    pub(super) fn abort(&self, id: ObjectId) {
        lock(&self.returns).aborted.push(id);
    }

    /// The blobs that were given up since the last call.
    pub(super) fn take_aborted(&self) -> Vec<ObjectId> {
        std::mem::take(&mut lock(&self.returns).aborted)
    }

    /// Gives back what has come together, if it is enough.
    ///
    /// Who finds the connection taken leaves that to the thread which has it. So every thread comes here *after* it has
    /// let go: if it looked before, what is left between its look and its letting go would stay until the next request.
    fn give_back_enough(&self) {
        while lock(&self.returns).is_enough() {
            let Some(mut turn) = self.try_turn() else { return };
            let useless = turn.busy || turn.conn.has_ended() || turn.conn.is_inherited();
            if useless || self.queue_leases(&mut turn.conn).is_err() {
                return;
            }
            turn.conn.flush_some();
        }
    }

    fn try_turn(&self) -> Option<MutexGuard<'_, Turn<C>>> {
        match self.turn.try_lock() {
            Ok(turn) => Some(turn),
            Err(TryLockError::Poisoned(turn)) => Some(turn.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn queue_leases(&self, conn: &mut C) -> Result<(), CallError> {
        let leases = {
            let mut returns = lock(&self.returns);
            returns.leased_bytes = 0;
            std::mem::take(&mut returns.leases)
        };
        conn.queue_leases(&leases)
    }
}

#[cfg(all(test, vineyard_loom))]
mod loom_tests;
