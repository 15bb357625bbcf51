//! The published state of the metadata, and where it is kept.
//!
//! What is persistent is published: objects, the signatures that links go by, and names. Published state is a set of
//! keys with what they hold ([`Entry`]), and it changes by [`Batch`]es, each of which makes one [`Revision`]. A
//! [`Backend`] keeps it. The tree of a server that stands alone is one, see [`Local`]; servers of a cluster share
//! another.
//!
//! ```text
//! an operation on the tree ──> Batch ──> commit ──> revision n ──> watch ──> trees of the other servers
//!                                                      └─────────> snapshot (a tree that starts, or that lagged)
//! ```
//!
//! To follow a backend: watch from its head, take a snapshot, then apply what the watch gives beyond the snapshot's
//! revision. In the other order, what was committed in between may be forgotten already.

mod batch;
mod entry;
mod feed;
mod form;
mod local;

use std::fmt;
use std::sync::Arc;

pub use batch::{Batch, Op};
pub use entry::{Entry, FieldValue, Fields, Key, Link, Target};
pub use feed::LocalWatch;
pub(super) use feed::Log;
pub use local::Local;

/// Counts the batches of a backend. The first one makes revision 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(u64);

impl Revision {
    /// Wraps the number of a revision.
    pub const fn from_raw(raw: u64) -> Self {
        Self(raw)
    }

    /// The number of this revision.
    pub const fn as_raw(self) -> u64 {
        self.0
    }

    /// The revision after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Everything that was published up to a revision.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// The last revision that is contained.
    pub revision: Revision,
    /// In an order that [`Batch`] could apply them in.
    pub entries: Vec<Entry>,
}

/// What one revision changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The revision that the batch made.
    pub revision: Revision,
    /// Shared by all who watch.
    pub batch: Arc<Batch>,
}

/// Why a backend does not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// A batch that cannot be applied as a whole; nothing of it was.
    #[error("the batch cannot be committed: {key} {reason}")]
    Refused {
        /// The key in question, as text; long ones are cut.
        key: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The batches after a revision are not remembered any more; what was missed is in a snapshot.
    #[error("the batches after revision {after} are forgotten, the head is {head}")]
    Lagged {
        /// The revision that was seen last.
        after: Revision,
        /// The newest revision.
        head: Revision,
    },
    /// The backend has ended, and no more revisions will come.
    #[error("the backend has ended")]
    Ended,
}

/// Keeps the published state.
///
/// Every method may wait for the backend, but for nobody else.
pub trait Backend: Send + Sync {
    /// What follows the batches.
    type Watch: Watch;

    /// The newest revision.
    fn revision(&self) -> impl Future<Output = Result<Revision, BackendError>> + Send;

    /// Applies a batch, all of it or nothing, and gives the revision that it made. An empty batch makes none.
    ///
    /// # Errors
    ///
    /// [`BackendError::Refused`] if the batch breaks the rules of [`Batch::check`].
    fn commit(&self, batch: Batch) -> impl Future<Output = Result<Revision, BackendError>> + Send;

    /// Everything that is published now.
    fn snapshot(&self) -> impl Future<Output = Result<Snapshot, BackendError>> + Send;

    /// Follows the batches after a revision, which should be the head or a recent one.
    ///
    /// # Errors
    ///
    /// [`BackendError::Lagged`] if they are not remembered any more, or if there never was such a revision.
    fn watch(&self, after: Revision) -> impl Future<Output = Result<Self::Watch, BackendError>> + Send;
}

/// Follows the batches of a backend.
pub trait Watch: Send {
    /// Waits for the next batch: every one in turn, none twice. Cancel-safe: what was not given yet is given later.
    ///
    /// # Errors
    ///
    /// [`BackendError::Lagged`] if the batch is forgotten because this watch came too late, then and ever after;
    /// [`BackendError::Ended`] if there will be no more.
    fn next(&mut self) -> impl Future<Output = Result<Event, BackendError>> + Send;
}
