//! What takes part: each is one way to keep a frame and to have it back.

use std::path::Path;
use std::time::Instant;

use vineyard_benches::Done;
use vineyard_benches::server::Kind;

/// What a peer needs anew in every round, so that it starts with memory that nobody has used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    Nothing,
    /// A server to connect to.
    Server(Kind),
    /// A directory for files in memory.
    Tmpfs,
    /// A directory for what it does not keep in memory.
    Directory,
}

/// One way to keep a frame. Times are nanoseconds.
pub(crate) trait Peer {
    /// How it is called in the tables.
    fn name(&self) -> &str;

    fn needs(&self) -> Needs;

    /// Why it cannot take part, if it cannot.
    fn missing(&self) -> Option<&str> {
        None
    }

    /// How many gets of each kind a round has; 0 if what was put cannot be got.
    fn gets(&self) -> usize;

    /// Begins a round at a socket or in a directory, whatever it needs.
    fn open(&mut self, at: &Path) -> Done;

    /// Puts the frame, into memory that was deleted before if there is any.
    fn put(&mut self) -> Done<f64>;

    /// Gets the frame. To let it go is not in the time.
    fn get(&mut self) -> Done<f64>;

    /// Gets the frame, looks at one value of each column, and lets it go.
    fn touch(&mut self) -> Done<f64>;

    /// The sum of all values of the frame that was put.
    fn sum(&mut self) -> Done<f64>;

    /// Deletes what was put, or lets the next put replace it.
    fn delete(&mut self) -> Done;

    /// Ends a round.
    fn close(&mut self) -> Done;
}

/// What some work gives, and the nanoseconds it took.
pub(crate) fn timed<T>(work: impl FnOnce() -> Done<T>) -> Done<(T, f64)> {
    let start = Instant::now();
    let result = work()?;
    Ok((result, start.elapsed().as_secs_f64() * 1e9))
}
