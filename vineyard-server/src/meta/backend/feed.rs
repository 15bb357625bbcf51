//! The batches of a tree, for those who watch it.
//!
//! While nobody watches, nothing is kept but the number of the head. The first watch makes a feed, which remembers
//! recent batches within bounds, and the last one takes it away.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::Notify;

use super::{BackendError, Batch, Event, Revision, Watch};

/// Bytes of batches that a feed remembers, about. Who is further behind has lagged.
const FEED_BYTES: u64 = 16 << 20;

/// The revisions of a tree.
#[derive(Debug, Default)]
pub(in crate::meta) struct Log {
    head: Revision,
    feed: Weak<Feed>,
}

/// What a tree and its watches share.
#[derive(Debug)]
struct Feed {
    recent: Mutex<Recent>,
    changed: Notify,
}

/// The batches that are remembered: those of all revisions up to the head, beginning with some.
#[derive(Debug)]
struct Recent {
    head: Revision,
    /// With their weights, oldest first.
    events: VecDeque<(Event, u64)>,
    bytes: u64,
    ended: bool,
}

/// Follows the batches of a tree.
#[derive(Debug)]
pub struct LocalWatch {
    feed: Arc<Feed>,
    after: Revision,
}

impl Log {
    /// The newest revision.
    pub fn head(&self) -> Revision {
        self.head
    }

    /// Whether anybody wants to see batches.
    pub fn is_watched(&self) -> bool {
        self.feed.strong_count() > 0
    }

    /// Makes a revision of a batch. If nobody [watches](Self::is_watched), the batch is not looked at.
    pub fn advance(&mut self, batch: Batch) -> Revision {
        self.head = self.head.next();
        if let Some(feed) = self.feed.upgrade() {
            feed.recent().push(self.head, batch);
            feed.changed.notify_waiters();
        }
        self.head
    }

    /// Follows the batches after a revision.
    ///
    /// # Errors
    ///
    /// [`BackendError::Lagged`] if they are not remembered.
    pub fn watch(&mut self, after: Revision) -> Result<LocalWatch, BackendError> {
        let feed = self.feed.upgrade().unwrap_or_else(|| {
            let recent = Recent { head: self.head, events: VecDeque::new(), bytes: 0, ended: false };
            Arc::new(Feed { recent: Mutex::new(recent), changed: Notify::new() })
        });
        if !feed.recent().remembers(after) {
            return Err(BackendError::Lagged { after, head: self.head });
        }
        self.feed = Arc::downgrade(&feed);
        Ok(LocalWatch { feed, after })
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        if let Some(feed) = self.feed.upgrade() {
            feed.recent().ended = true;
            feed.changed.notify_waiters();
        }
    }
}

impl Feed {
    fn recent(&self) -> MutexGuard<'_, Recent> {
        // Nothing panics under this lock; if it did, the batches would still be in order.
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recent {
    fn push(&mut self, revision: Revision, batch: Batch) {
        self.head = revision;
        let weight = batch.weight();
        self.events.push_back((Event { revision, batch: Arc::new(batch) }, weight));
        self.bytes = self.bytes.saturating_add(weight);
        while self.bytes > FEED_BYTES {
            let Some((_, weight)) = self.events.pop_front() else { break };
            self.bytes = self.bytes.saturating_sub(weight);
        }
    }

    /// The revision before the oldest batch that is remembered.
    fn begin(&self) -> Revision {
        let oldest = self.events.front().map(|(event, _)| event.revision.as_raw());
        oldest.map_or(self.head, |oldest| Revision::from_raw(oldest.saturating_sub(1)))
    }

    /// Whether all batches after a revision are remembered.
    fn remembers(&self, after: Revision) -> bool {
        (self.begin()..=self.head).contains(&after)
    }

    /// The batch after a revision; `None` if it is still to come.
    fn after(&self, after: Revision) -> Result<Option<Event>, BackendError> {
        if !self.remembers(after) {
            return Err(BackendError::Lagged { after, head: self.head });
        }
        let skip = after.as_raw().saturating_sub(self.begin().as_raw());
        let event = usize::try_from(skip).ok().and_then(|skip| self.events.get(skip));
        match event {
            Some((event, _)) => Ok(Some(event.clone())),
            None if self.ended => Err(BackendError::Ended),
            None => Ok(None),
        }
    }
}

impl Watch for LocalWatch {
    async fn next(&mut self) -> Result<Event, BackendError> {
        loop {
            // Made before the look, so that no batch comes in between unnoticed.
            let changed = self.feed.changed.notified();
            let event = self.feed.recent().after(self.after)?;
            if let Some(event) = event {
                self.after = event.revision;
                return Ok(event);
            }
            changed.await;
        }
    }
}
