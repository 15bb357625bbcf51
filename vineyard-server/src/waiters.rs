//! Who waits for an object, a blob or a name that is not there yet. Each waits for one at a time, so that a change wakes
//! those alone whom it concerns, and there are no more of them than connections.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use vineyard_core::ObjectId;

/// What is waited for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Awaited {
    /// An object or a blob.
    Id(ObjectId),
    /// A name.
    Name(String),
}

/// Those who wait in one session.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    /// One for each thing that is waited for, by however many.
    waiting: Mutex<HashMap<Awaited, Arc<Notify>>>,
    /// How many things are waited for: mostly none, and nobody has to be looked up then.
    count: AtomicUsize,
}

impl Waiters {
    fn waiting(&self) -> MutexGuard<'_, HashMap<Awaited, Arc<Notify>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for something. Whoever does so looks for it once more before it sleeps: what came before is not told.
    pub(crate) fn enter(&self, awaited: Awaited) -> Waiter<'_> {
        let mut waiting = self.waiting();
        let notify = Arc::clone(waiting.entry(awaited.clone()).or_default());
        self.count.store(waiting.len(), Ordering::Release);
        drop(waiting);
        Waiter { waiters: self, awaited, notify }
    }

    /// Something has come.
    pub(crate) fn tell(&self, come: &Awaited) {
        if self.any()
            && let Some(notify) = self.waiting().get(come)
        {
            notify.notify_waiters();
        }
    }

    /// Objects or blobs have come.
    pub(crate) fn tell_ids(&self, come: impl IntoIterator<Item = ObjectId>) {
        if self.any() {
            let waiting = self.waiting();
            come.into_iter().filter_map(|id| waiting.get(&Awaited::Id(id))).for_each(|notify| notify.notify_waiters());
        }
    }

    /// Whether anybody waits for anything. Who has entered before looking is seen by who changes something and then
    /// asks: the lock under which both look at the same things is between them.
    pub(crate) fn any(&self) -> bool {
        self.count.load(Ordering::Acquire) > 0
    }
}

/// One who waits, until it is dropped.
#[derive(Debug)]
pub(crate) struct Waiter<'a> {
    waiters: &'a Waiters,
    awaited: Awaited,
    notify: Arc<Notify>,
}

impl Waiter<'_> {
    /// Ends when it has come; to be enabled before the last look.
    pub(crate) fn told(&self) -> Notified<'_> {
        self.notify.notified()
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        let mut waiting = self.waiters.waiting();
        // Two are left: this one's and the table's.
        if Arc::strong_count(&self.notify) == 2 {
            waiting.remove(&self.awaited);
            self.waiters.count.store(waiting.len(), Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn is_told(notified: std::pin::Pin<&mut Notified<'_>>) -> bool {
        notified.poll(&mut Context::from_waker(Waker::noop())) == Poll::Ready(())
    }

    #[test]
    fn only_those_are_told_who_wait_for_what_has_come() {
        let (waiters, seven) = (Waiters::default(), ObjectId::from_raw(7));
        waiters.tell_ids([seven]);
        assert!(!waiters.any());
        let (one, two) = (waiters.enter(Awaited::Id(seven)), waiters.enter(Awaited::Id(seven)));
        let (other, named) =
            (waiters.enter(Awaited::Id(ObjectId::from_raw(8))), waiters.enter(Awaited::Name("7".into())));
        {
            let (mut first, mut second) = (pin!(one.told()), pin!(two.told()));
            let (mut third, mut fourth) = (pin!(other.told()), pin!(named.told()));
            for told in [&mut first, &mut second, &mut third, &mut fourth] {
                assert!(!is_told(told.as_mut()));
            }
            waiters.tell_ids([ObjectId::from_raw(6), seven]);
            assert!(is_told(first) && is_told(second) && !is_told(third) && !is_told(fourth.as_mut()));
            waiters.tell(&Awaited::Name("7".to_owned()));
            assert!(is_told(fourth));
        }
        drop((one, other, named));
        assert!(waiters.any(), "one is left");
        drop(two);
        assert!(!waiters.any() && waiters.waiting().is_empty());
    }
}
