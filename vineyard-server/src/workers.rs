//! The threads that serve connections: one single-threaded runtime each.
//!
//! A connection stays on its thread, so that a request wakes exactly the thread that answers it. One runtime with
//! several threads was measured as well: about as fast for one client, but with four clients on two processors it did
//! 11 to 13 thousand gets per second where this does 15 to 21, because its threads wake each other to share work that
//! is done in less time than waking takes.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio_util::sync::CancellationToken;

/// Threads that run tasks until they are told to end.
#[derive(Debug)]
pub(crate) struct Workers {
    handles: Vec<Worker>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    end: CancellationToken,
}

#[derive(Debug)]
struct Worker {
    handle: Handle,
    /// One reference more for each connection it serves.
    load: Arc<()>,
}

/// Counts a connection on its worker.
#[derive(Debug)]
pub(crate) struct Seat(#[expect(dead_code, reason = "its reference count is what counts")] Arc<()>);

/// A runtime for one thread.
pub(crate) fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

impl Workers {
    /// Starts `count` threads.
    ///
    /// # Errors
    ///
    /// What the system says when it gives no thread or no descriptor.
    pub(crate) fn start(count: usize) -> io::Result<Self> {
        let mut workers = Self { handles: Vec::new(), threads: Mutex::default(), end: CancellationToken::new() };
        for number in 0..count {
            if let Err(error) = workers.add(number) {
                workers.finish();
                return Err(error);
            }
        }
        Ok(workers)
    }

    fn add(&mut self, number: usize) -> io::Result<()> {
        let runtime = runtime()?;
        let worker = Worker { handle: runtime.handle().clone(), load: Arc::new(()) };
        let end = self.end.clone();
        let name = format!("vineyard-{number}");
        let thread = thread::Builder::new().name(name).spawn(move || runtime.block_on(end.cancelled()))?;
        self.handles.push(worker);
        self.threads.get_mut().unwrap_or_else(PoisonError::into_inner).push(thread);
        Ok(())
    }

    /// The thread with the fewest connections, and a seat on it.
    pub(crate) fn least_busy(&self) -> Option<(&Handle, Seat)> {
        let worker = self.handles.iter().min_by_key(|worker| Arc::strong_count(&worker.load))?;
        Some((&worker.handle, Seat(Arc::clone(&worker.load))))
    }

    /// Ends the threads and waits for them.
    pub(crate) fn finish(&self) {
        self.end.cancel();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a thread of the server panicked");
            }
        }
    }
}
