//! How far a load is.

use std::ops::ControlFlow;

use super::LoadError;

/// Bytes between two reports.
const STEP_BYTES: u64 = 1 << 20;
/// Edges between two reports.
const STEP_EDGES: u64 = 1 << 16;

/// How far a load is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Progress {
    /// How many edges have been read.
    pub edges: u64,
    /// How many there are, if the file says.
    pub total_edges: Option<u64>,
    /// How many bytes of the file have been read. 0 where edges are counted instead.
    pub bytes: u64,
    /// How many bytes the file has, if it is one.
    pub total_bytes: Option<u64>,
}

impl Progress {
    /// How much of the whole is done, 0 to 1, if the whole is known.
    ///
    /// ```
    /// use vineyard_types::graph::load::Progress;
    /// assert_eq!(Progress::default().fraction(), None);
    /// ```
    pub fn fraction(&self) -> Option<f64> {
        let part = |done: u64, total: u64| if total == 0 { 1.0 } else { (done as f64 / total as f64).min(1.0) };
        let edges = self.total_edges.map(|total| part(self.edges, total));
        edges.or_else(|| self.total_bytes.map(|total| part(self.bytes, total)))
    }
}

/// What is told the progress, and does nothing with it.
pub fn silent(_: &Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Tells the progress every now and then: each MiB or each 65,536 edges, and at the end.
pub(super) struct Reporter<F> {
    progress: Progress,
    told: Progress,
    tell: F,
}

impl<F: FnMut(&Progress) -> ControlFlow<()>> Reporter<F> {
    pub(super) fn new(total_edges: Option<u64>, total_bytes: Option<u64>, tell: F) -> Self {
        let progress = Progress { total_edges, total_bytes, ..Progress::default() };
        Self { progress, told: progress, tell }
    }

    /// There is one more edge, so many bytes into the file.
    pub(super) fn edge(&mut self, bytes: u64) -> Result<(), LoadError> {
        self.edges(1, bytes)
    }

    /// There are so many more edges, so many bytes into the file.
    pub(super) fn edges(&mut self, count: u64, bytes: u64) -> Result<(), LoadError> {
        self.progress.edges = self.progress.edges.saturating_add(count);
        self.progress.bytes = bytes;
        let more = self.progress.edges.saturating_sub(self.told.edges);
        if more < STEP_EDGES && bytes.saturating_sub(self.told.bytes) < STEP_BYTES { Ok(()) } else { self.tell() }
    }

    /// All has been read. Of files that grow meanwhile, more than there was.
    pub(super) fn end(mut self, bytes: u64) -> Result<(), LoadError> {
        self.progress.bytes = bytes;
        self.tell()
    }

    fn tell(&mut self) -> Result<(), LoadError> {
        self.told = self.progress;
        match (self.tell)(&self.progress) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(LoadError::Cancelled { edges: self.progress.edges }),
        }
    }
}
